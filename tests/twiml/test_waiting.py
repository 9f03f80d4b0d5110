"""Documents for those who wait, and those that are played as they are."""

from __future__ import annotations

from typing import Any

import pytest
from twilio.twiml.voice_response import Dial, Enqueue, Gather, Pause, Redirect, Say

from statechart_ivr.errors import DocumentTooLargeError, RenderingError
from statechart_ivr.twiml import (
    LIMIT_BYTES,
    Rendering,
    Waiting,
    assemble,
    document,
    gather,
    leave,
    plain,
    to_elements,
    wait_document,
)

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
NEXT = "/ivr/wait?seq=1&wait=2"
ESCAPED = NEXT.replace("&", "&amp;")
GOES_ON = f"<Redirect>{ESCAPED}</Redirect></Response>"


def waiting(*content: Any) -> Waiting:
    """Return what somebody is given to wait with."""
    return Waiting(NEXT, tuple(to_elements(list(content))))


def xml(body: bytes) -> str:
    """Return a document without its declaration."""
    text = body.decode()
    assert text.startswith(DECLARATION)
    return text[len(DECLARATION) :]


def test_a_wait_document_leads_to_the_next():
    """Whatever is heard in it."""
    twiml = wait_document(waiting("Wait.", Pause(length=5)))
    assert xml(twiml.body) == f'<Response><Say>Wait.</Say><Pause length="5" />{GOES_ON}'
    assert twiml.goes_on
    assert twiml.asking == ()


def test_an_empty_wait_leads_on_at_once():
    """It is up to others to have it last."""
    assert xml(wait_document(waiting()).body) == f"<Response>{GOES_ON}"


def test_keys_in_a_wait_document_go_to_the_next():
    """Silence falls through to it."""
    twiml = wait_document(waiting(gather("Press 1 to leave.")))
    assert f'action="{ESCAPED}"' in xml(twiml.body)
    assert "actionOnEmptyResult" not in xml(twiml.body)


def test_an_action_of_its_own_stays():
    """The flow has said where."""
    twiml = wait_document(waiting(Gather(action="/own")))
    assert xml(twiml.body) == f'<Response><Gather action="/own" />{GOES_ON}'


def test_what_was_not_heard_comes_first_without_its_questions():
    """Only prompts: a queue takes nothing else, and the wait goes on."""
    news = Rendering("news", tuple(to_elements(["News.", gather("More?"), Redirect("/x")])))
    twiml = wait_document(waiting("Wait."), [news])
    assert xml(twiml.body) == (
        f"<Response><Say>News.</Say><Say>More?</Say><Say>Wait.</Say>{GOES_ON}"
    )


def test_a_wait_document_leaves_what_it_is_made_of_as_it_was():
    """It is made of it many times."""
    given = waiting(gather("Press 1."))
    first = wait_document(given).body
    assert "action" not in given.elements[0].attrib
    assert wait_document(given).body == first


@pytest.mark.parametrize(
    "make", [lambda c: wait_document(Waiting(NEXT, tuple(c))), lambda c: plain("x", c)]
)
def test_documents_that_twilio_cannot_read_are_refused(make):
    """Too long, or no XML."""
    with pytest.raises(DocumentTooLargeError, match=f"> {LIMIT_BYTES} bytes"):
        make(to_elements(document(f"<Response><Say>{'x' * LIMIT_BYTES}</Say></Response>")))
    element = to_elements(Say("x"))[0]
    element.set("not a name", "1")
    with pytest.raises(RenderingError, match="a name that is not XML"):
        make([element])


def test_remarks_are_made_of_waits_too():
    """What Twilio would warn about."""
    odd = to_elements(document("<Response><Say loud='yes'>Wait.</Say></Response>"))
    assert wait_document(Waiting(NEXT, tuple(odd))).remarks
    assert plain("music", odd).remarks


def test_plain_verbs_are_played_as_they_are():
    """No action is set, nothing is added."""
    twiml = plain("music", to_elements([Say("Wait."), Dial("+1")]))
    assert xml(twiml.body) == "<Response><Say>Wait.</Say><Dial>+1</Dial></Response>"
    assert not plain("music", []).body.endswith(b"</Response>")


def test_leave_is_a_verb_of_its_own():
    """The only one there."""
    assert xml(leave()) == "<Response><Leave /></Response>"


def assembled(*content: Any, **options: Any) -> str:
    """Return the document of one active state."""
    rendering = Rendering("s", tuple(to_elements(list(content))))
    return xml(assemble([rendering], active={"s"}, turn_url="/turn", **options).body)


def test_a_hold_follows_where_nothing_else_does():
    """And not behind what asks, or leads on."""
    hold = waiting("Hold.")
    assert assembled("Hello.", hold=hold) == (
        f"<Response><Say>Hello.</Say><Say>Hold.</Say>{GOES_ON}"
    )
    for verb in (gather("More?"), Redirect("/x"), Enqueue("q")):
        assert "Hold." not in assembled("Hello.", verb, hold=hold)


def test_an_enqueue_gets_the_wait_url_of_its_state():
    """Unless it has one, or is another state's."""
    queueing = {"s": "/wait"}
    assert 'waitUrl="/wait"' in assembled(Enqueue("q"), queueing=queueing)
    assert 'waitUrl="/own"' in assembled(Enqueue("q", wait_url="/own"), queueing=queueing)
    assert "waitUrl" not in assembled(Enqueue("q"), queueing={"other": "/wait"})
    assert "waitUrl" not in assembled(gather("x"), queueing=queueing)
