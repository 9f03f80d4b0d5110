"""The machine that background work is done with: what it knows, can do, and refuses."""

from __future__ import annotations

import pytest
from statemachine import State

from statechart_ivr import CallFlow, background, gather, key, renders, routable
from statechart_ivr.errors import ConfigurationError, DetachedError, FlowError


def test_the_detached_machine_knows_its_call(looking):
    """And where it is, the time, its URLs, its services; and which work it does."""
    seen: dict[str, object] = {}

    def look(flow):
        seen.update(sid=flow.call.sid, at=flow.now().hour, url=flow.url_for("ask"))
        seen.update(event_url=flow.event_url("found"), name=flow.session["name"])
        seen.update(job=flow.job, state=[one.id for one in flow.configuration])
        seen.update(services=flow.services["work"], nothing=flow.call.parameters)

    call = looking(look, base_url="https://ivr.example.com")
    call.change(data={"name": "Ann"})
    job = call.job
    call.work()
    assert seen.pop("event_url") == "https://ivr.example.com/ivr/event/found?call=CA1"
    assert seen.pop("url").startswith("/call?nonce=")
    assert seen.pop("job") == job
    assert seen == {
        "sid": "CA1",
        "at": 10,
        "name": "Ann",
        "state": ["looking_up"],
        "services": look,
        "nothing": {},
    }


def set_session(flow):
    """Keep something."""
    flow.session["name"] = "Ann"


def delete_session(flow):
    """Forget something."""
    del flow.session["name"]


def set_language(flow):
    """Go on in German."""
    flow.language = "de-DE"


@pytest.mark.parametrize(
    ("change", "instead"),
    [
        (set_session, "return (event id, {name: value})"),
        (delete_session, "return (event id, {name: value})"),
        (lambda flow: flow.session.update(name="Ann"), "return (event id, {name: value})"),
        (lambda flow: flow.session.clear(), "return (event id, {name: value})"),
        (set_language, "return an event, and set it there"),
        (lambda flow: flow.send("found"), "return its id"),
        (lambda flow: flow.found(), "return its id"),
        (lambda flow: flow.raise_("found"), "return its id"),
    ],
)
def test_the_detached_machine_cannot_change_the_call(looking, change, instead):
    """The call goes on meanwhile; whoever tries is told what to write."""
    raised = []

    def work(flow):
        with pytest.raises(DetachedError) as caught:
            change(flow)
        raised.append(str(caught.value))

    call = looking(work)
    call.change(data={"name": "Eve"})
    call.work()
    assert "is not possible in a @background method; " in raised[0]
    assert instead in raised[0]
    assert call.record.data == {"name": "Eve"}
    assert call.record.conf == ["looking_up"]


def test_what_the_session_holds_cannot_be_changed_either(looking, caplog):
    """It would be lost without a word."""

    def work(flow):
        flow.session["cart"].append("tea")
        return "found"

    call = looking(work)
    call.change(data={"cart": ["milk"]})
    call.work()
    assert "changing what session['cart'] holds is not possible" in call.record.data["error"]
    assert call.record.data["cart"] == ["milk"]


@pytest.mark.parametrize(
    ("use", "complaint"),
    [
        (lambda flow: flow.job, "self.job is there in @background methods only"),
        (lambda flow: flow.client, "self.client has effects on the world"),
        (lambda flow: flow.place_call("ask", to="+1", from_="+2"), "self.place_call has effects"),
        (lambda flow: flow.redirect("ask"), "self.redirect has effects"),
        (lambda flow: flow.send_sms("Hello.", to="+1", from_="+2"), "self.send_sms has effects"),
    ],
)
def test_nothing_but_background_work_has_effects_on_the_world(line, use, complaint):
    """What callbacks and renderers do may be done again."""
    raised = []

    class Eager(CallFlow):
        menu = State(initial=True)
        menu.to(menu, event=key("1"))

        @routable("/call")
        @renders(menu)
        def ask(self):
            with pytest.raises(FlowError, match=complaint) as caught:
                use(self)
            raised.append(caught.value)
            return gather("Menu.")

    line(Eager).dial()
    assert len(raised) == 1


def test_background_work_asks_twilio(looking, twilio):
    """Through the application's client; of its own call unless it says of which."""
    results = []

    def work(flow):
        results.append(flow.client)
        results.append(flow.place_call("ask", to="+1", from_="+2", timeout=20))
        results.append(flow.redirect("ask"))
        results.append(flow.redirect("/call", call_sid="CA7"))
        results.append(flow.send_sms("Hello.", to="+1", from_="+2"))

    looking(work, client=twilio, base_url="https://ivr.example.com").work()
    assert results == [twilio.client, "CA9", True, True, "SM1"]
    assert [options["call_sid"] for what, options in twilio.asked if what == "redirect"] == [
        "CA1",
        "CA7",
    ]


def test_background_work_of_an_application_without_client_fails(looking, caplog):
    """And says what to pass."""
    call = looking(lambda flow: flow.client)
    call.work()
    assert call.record.conf == ["sorry"]
    assert ConfigurationError.__name__ in call.record.data["error"]
    assert "pass client=RestClient(" in caplog.text


def test_work_of_a_state_that_a_deploy_removed_is_done_nowhere_in_particular(line, deferred):
    """The machine knows its call; it is in no state."""
    seen = []

    class Filing(CallFlow):
        menu = State(initial=True)
        menu.to(menu, event=key("1"))

        @routable("/call")
        @renders(menu)
        def ask(self):
            return gather("Menu.")

        @background("filed")
        def file(self):
            seen.append(([one.id for one in self.configuration], self.url_for("ask")))

    call = line(Filing, runner=deferred)
    call.dial()
    call.board.deliver("CA1", "filed")
    call.change(conf=["gone"])
    call.work()
    assert seen == [([], "/call?nonce=1")]
