"""`Phone` at the verbs that somebody else ends: Record, Dial, Enqueue, Pay and the like."""

from __future__ import annotations

from typing import Any

import pytest

from statechart_ivr.errors import PhoneError
from statechart_ivr.testing import Phone

AFTER = "<Say>Afterwards.</Say>"
DONE = "<Say>Done.</Say>"


@pytest.fixture
def app(canned: Any) -> Any:
    """Return a function: a verb → an application with it, and an action at /done."""

    def made(verb: str, **pages: Any) -> Any:
        more = {f"/{name}": page for name, page in pages.items()}
        return canned({"/in": verb + AFTER, "/done": DONE, **more})

    return made


# Record


@pytest.mark.parametrize(
    ("attributes", "seconds", "digits", "told"),
    [
        ("", 8, None, ("8", "#")),
        ("finishOnKey='1*'", 8, None, ("8", "1")),
        ("finishOnKey=''", 8, None, ("8", "")),
        ("", 8, "5", ("8", "5")),
        ("", 8, "", ("8", "")),
        ("maxLength='20'", 60, None, ("20", "")),
    ],
)
def test_record(
    app: Any, attributes: str, seconds: float, digits: str | None, told: tuple[str, str]
) -> None:
    """A message ends with a key, with silence, or because it is too long."""
    served = app(f"<Record action='/done' {attributes}/>")
    call = Phone(served).dial("/in")
    assert call.waiting_for == "record"
    assert call.record(seconds, digits=digits).heard == "Done."
    form = served.last("/done").form
    assert (form["RecordingDuration"], form["Digits"]) == told
    assert form["RecordingUrl"].endswith(form["RecordingSid"])


def test_record_and_keys(app: Any) -> None:
    """A finish key ends a message; any other key is part of it."""
    served = app("<Record action='/done' finishOnKey='#'/>")
    call = Phone(served).dial("/in").press("1")
    assert call.waiting_for == "record"
    assert call.press("#").heard == "Done."
    with pytest.raises(PhoneError, match=r"'5' does not end this recording; these do: #"):
        Phone(served).dial("/in").record(digits="5")


@pytest.mark.parametrize("act", ["wait", "record(0)"])
def test_an_empty_recording_falls_through(app: Any, act: str) -> None:
    """A caller who says nothing has recorded nothing: the next verb follows."""
    served = app("<Record action='/done' timeout='3'/>")
    call = Phone(served).dial("/in")
    assert (call.wait() if act == "wait" else call.record(0, digits="")).heard == "Afterwards."
    assert "0:03 hears" in call.transcript
    assert served.count("/done") == 0


def test_hanging_up_ends_a_recording(app: Any) -> None:
    """The message of a caller who hangs up is told, and the answer not heard."""
    served = app("<Record action='/done'/>")
    call = Phone(served).dial("/in").wait(4).hang_up()
    form = served.last("/done").form
    told = (form["Digits"], form["CallStatus"], form["RecordingDuration"])
    assert told == ("hangup", "completed", "4")
    assert (call.heard, call.ended) == ("", True)
    assert "Done." in call.twiml


def test_record_without_action(canned: Any) -> None:
    """The document's own URL is asked again."""
    served = canned({"/in": ["<Record/>", DONE]})
    assert Phone(served).dial("/in").record().heard == "Done."


def test_record_where_nothing_is_recorded(app: Any) -> None:
    """Nobody can leave a message where nothing records it."""
    with pytest.raises(PhoneError, match=r"record\(\) is not possible: a Gather listens"):
        Phone(app("<Gather/>")).dial("/in").record()


# Dial


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("completed", ("60", "true")),
        ("answered", ("60", "true")),
        ("no-answer", ("0", "false")),
        ("busy", ("0", "false")),
    ],
)
def test_dial(app: Any, status: str, told: tuple[str, str]) -> None:
    """Whatever becomes of a Dial is told to its action."""
    served = app("<Dial action='/done' timeout='20'>+14155550123</Dial>")
    call = Phone(served).dial("/in")
    assert call.waiting_for == "dial"
    assert call.dial_result(status).heard == "Done."
    form = served.last("/done").form
    assert (form["DialCallDuration"], form["DialBridged"]) == told
    assert form["DialCallStatus"] == status
    assert form["DialCallSid"] != form["CallSid"]


def test_dial_in_detail(app: Any) -> None:
    """A voicemail answers without being a bridge, and Twilio may say more."""
    served = app("<Dial action='/done'><Client>ann</Client></Dial>")
    call = Phone(served).dial("/in").dial_result(duration=7, bridged=False, RecordingSid="RE1")
    form = served.last("/done").form
    assert (form["DialCallDuration"], form["DialBridged"], form["RecordingSid"]) == (
        "7", "false", "RE1",
    )  # fmt: skip
    assert "0:07 POST /done" in call.transcript
    assert "<Dial ann>" in call.transcript


def test_an_unanswered_dial_rings(app: Any) -> None:
    """Nobody answers within the timeout."""
    call = Phone(app("<Dial timeout='20'>+14155550123</Dial>")).dial("/in")
    assert "0:20 hears: Afterwards." in call.dial_result("no-answer").transcript


def test_dial_without_action(app: Any) -> None:
    """The next verb follows, and nobody is told."""
    served = app("<Dial>+14155550123</Dial>")
    assert Phone(served).dial("/in").dial_result("busy").heard == "Afterwards."
    assert [asked.path for asked in served.asked] == ["/in", "/ivr/status"]


def test_star_ends_a_dial(app: Any) -> None:
    """With hangupOnStar the caller leaves the other one by a key; otherwise keys are lost."""
    served = app("<Dial action='/done' hangupOnStar='true'>+14155550123</Dial>")
    assert Phone(served).dial("/in").press("*").heard == "Done."
    assert served.last("/done").form["DialCallStatus"] == "completed"
    with pytest.raises(PhoneError, match=r"rings, or talks to the caller; use dial_result\(\)"):
        Phone(served).dial("/in").press("1")
    with pytest.raises(PhoneError, match="press"):
        Phone(app("<Dial>+14155550123</Dial>")).dial("/in").press("*")


def test_dial_results_twilio_does_not_have(app: Any) -> None:
    """Only Twilio's own words are taken, and only while dialling."""
    call = Phone(app("<Gather/>")).dial("/in")
    with pytest.raises(PhoneError, match=r"no_answer.*one of completed, answered, busy, no-answer"):
        call.dial_result("no_answer")
    with pytest.raises(PhoneError, match=r"dial_result\('busy'\) is not possible: a Gather"):
        call.dial_result("busy")


def test_nothing_happens_by_itself_in_a_dial(app: Any) -> None:
    """Waiting for the next thing has no end; waiting for some seconds has."""
    call = Phone(app("<Dial>+14155550123</Dial>")).dial("/in")
    with pytest.raises(PhoneError, match=r"wait\(\) is not possible.*use dial_result\(\)"):
        call.wait()
    assert call.wait(10).waiting_for == "dial"


# Enqueue

QUEUE = "<Enqueue action='/done' waitUrl='/wait'>support</Enqueue>"


def test_wait_documents(app: Any) -> None:
    """Each wait hears one more wait document, told the place in the queue."""
    redirect = "<Redirect method='GET'>/wait?n=2</Redirect>"
    served = app(QUEUE, wait=["<Say>You are next.</Say>" + redirect, "<Say>Soon.</Say>"])
    call = Phone(served).dial("/in")
    assert (call.heard, call.waiting_for) == ("You are next.", "enqueue")
    form = served.last("/wait").form
    assert (form["QueuePosition"], form["QueueTime"]) == ("1", "0")
    assert call.wait(30).wait().heard == "Soon."
    query = served.last("/wait").query
    assert (query["n"], query["QueueTime"], query["QueueSid"]) == ("2", "30", form["QueueSid"])
    assert call.wait().heard == "Soon."
    assert served.count("/wait") == 3


def test_another_place_in_the_queue(app: Any) -> None:
    """A test says how things stand for the next wait document, and for no other."""
    served = app(QUEUE, wait="<Say>Soon.</Say><Redirect>/wait</Redirect>")
    call = Phone(served).dial("/in").wait(QueuePosition=3, AvgQueueTime=90)
    form = served.last("/wait").form
    assert (form["QueuePosition"], form["AvgQueueTime"]) == ("3", "90")
    call.wait()
    assert served.last("/wait").form["QueuePosition"] == "1"


def test_a_place_that_nobody_asks_for(app: Any) -> None:
    """Without a wait document to come there is nothing to be said about the queue."""
    call = Phone(app("<Gather action='/done'/>")).dial("/in")
    with pytest.raises(PhoneError, match=r"wait\(QueuePosition=…\) is not possible: a Gather"):
        call.wait(QueuePosition=3)
    with pytest.raises(PhoneError, match=r"wait\(5\) asks for no wait document"):
        call.wait(5, QueuePosition=3)
    with pytest.raises(PhoneError, match="position= is no option"):
        call.wait(position=3)


def test_queue_result(app: Any) -> None:
    """How the waiting ended is told to the Enqueue's action."""
    served = app(QUEUE, wait="<Play>/music.mp3</Play>")
    call = Phone(served).dial("/in").queue_result("bridged", duration=90, QueueSid="QU1")
    assert call.heard == "Done."
    form = served.last("/done").form
    assert (form["QueueResult"], form["QueueTime"], form["QueueSid"]) == ("bridged", "95", "QU1")


def test_an_enqueue_without_action_or_wait_url(app: Any) -> None:
    """Twilio plays its own music, and goes on with the next verb."""
    served = app("<Enqueue>support</Enqueue>")
    call = Phone(served).dial("/in")
    with pytest.raises(PhoneError, match=r"in the queue <Enqueue support>; use queue_result\(\)"):
        call.wait()
    assert call.queue_result("leave").heard == "Afterwards."


def test_hanging_up_in_a_queue(app: Any) -> None:
    """The action is told that the caller hung up, and its answer not heard."""
    for by_result in (True, False):
        served = app(QUEUE, wait="<Say>Wait.</Say>")
        call = Phone(served).dial("/in")
        call = call.queue_result("hangup") if by_result else call.hang_up()
        form = served.last("/done").form
        assert (form["QueueResult"], form["CallStatus"]) == ("hangup", "completed")
        assert (call.heard, call.ended) == ("", True)


def test_a_wait_document_can_hang_up(app: Any) -> None:
    """A Hangup in a wait document ends the call and the queue."""
    served = app(QUEUE, wait="<Hangup/>")
    assert Phone(served).dial("/in").ended
    assert served.last("/done").form["QueueResult"] == "hangup"


def test_keys_in_a_queue(app: Any) -> None:
    """A Gather of a wait document takes keys; Leave takes the caller out of the queue."""
    gather = "<Gather numDigits='1' action='/key'><Say>Press 1.</Say></Gather>"
    served = app(QUEUE, wait=gather, key="<Leave/>")
    call = Phone(served).dial("/in").press("1")
    assert call.heard == "Done."
    assert served.last("/done").form["QueueResult"] == "leave"


def test_silence_in_a_queue(app: Any) -> None:
    """A Gather of a wait document that hears nothing leads to the next wait document."""
    gather = "<Gather numDigits='1'><Say>Press 1.</Say></Gather><Redirect>/wait</Redirect>"
    served = app(QUEUE, wait=gather)
    assert Phone(served).dial("/in").wait().heard == "Press 1."
    assert served.count("/wait") == 2


def test_silence_that_is_told_in_a_queue(app: Any) -> None:
    """A document that silence led to is heard before the next wait document is asked for."""
    gather = "<Gather actionOnEmptyResult='true' action='/key'/>"
    served = app(QUEUE, wait=gather, key="<Say>Nothing?</Say>")
    assert Phone(served).dial("/in").wait().heard == "Nothing?"
    assert served.count("/wait") == 1


def test_redirect_out_of_a_queue(app: Any) -> None:
    """The queue's action is told first, without effect; then the call is elsewhere."""
    served = app(QUEUE, wait="<Say>Wait.</Say>", there="<Say>There.</Say>")
    call = Phone(served).dial("/in")
    with pytest.raises(PhoneError, match=r"redirect\(path\) tells by itself"):
        call.queue_result("redirected")
    assert call.redirect("/there").heard == "There."
    assert served.last("/done").form["QueueResult"] == "redirected"


def test_queue_results_elsewhere(app: Any) -> None:
    """Only who is in a queue can leave it, and only as Twilio knows it."""
    call = Phone(app("<Gather/>")).dial("/in")
    with pytest.raises(PhoneError, match=r"queue_result\('bridged'\) is not possible: a Gather"):
        call.queue_result()
    with pytest.raises(PhoneError, match="one of bridged, bridging-in-process"):
        call.queue_result("queue_full")


def test_a_circle_of_queues(app: Any) -> None:
    """A queue that is left at once and joined again for ever is found."""
    served = app(QUEUE, wait="<Leave/>", done="<Redirect>/in</Redirect>")
    with pytest.raises(PhoneError, match="30 documents"):
        Phone(served).dial("/in")


def test_retry_in_a_queue(app: Any) -> None:
    """A wait document asked for again is heard in the queue; an Enqueue's starts it anew."""
    served = app(QUEUE, wait=["<Say>First.</Say>", "<Say>Again.</Say>", "<Leave/>"])
    call = Phone(served).dial("/in").retry()
    assert (call.heard, call.waiting_for) == ("Again.", "enqueue")
    assert call.wait().heard == "Done."


def test_an_endless_wait_document(app: Any) -> None:
    """Music that never ends is left by whoever takes the call."""
    call = Phone(app(QUEUE, wait="<Play loop='0'>/music.mp3</Play>")).dial("/in")
    assert call.queue_result("bridged").heard == "Done."


# Pay, Connect, Refer, Reject


def test_pay(app: Any) -> None:
    """What became of a payment is told to the action."""
    served = app("<Pay action='/done'/>")
    call = Phone(served).dial("/in")
    with pytest.raises(PhoneError, match=r"asks the caller for a payment; use pay_result\(\)"):
        call.wait()
    assert call.pay_result("success", PaymentToken="tok_1").heard == "Done."
    form = served.last("/done").form
    assert (form["Result"], form["PaymentToken"]) == ("success", "tok_1")


def test_connect(app: Any) -> None:
    """What a Connect says at its end is told to the action."""
    served = app("<Connect action='/done'><Stream url='wss://example.com'/></Connect>")
    assert Phone(served).dial("/in").connect_result(SessionStatus="ended").heard == "Done."
    assert served.last("/done").form["SessionStatus"] == "ended"


def test_refer(app: Any) -> None:
    """What became of a Refer is told to the action."""
    served = app("<Refer action='/done'><Sip>sip:ann@example.com</Sip></Refer>")
    assert Phone(served).dial("/in").refer_result().heard == "Done."
    assert served.last("/done").form["ReferCallStatus"] == "completed"


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_reject(app: Any, reason: str, status: str) -> None:
    """A call that is rejected is over without having been answered."""
    served = app(f"<Reject reason='{reason}'/>")
    assert Phone(served).dial("/in").ended
    assert served.last("/ivr/status").form["CallStatus"] == status
