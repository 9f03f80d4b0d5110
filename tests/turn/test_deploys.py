"""Calls that were begun with one version of a flow and meet another, as was said before."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable

import pytest
from statemachine import HistoryState, State

from statechart_ivr import CallFlow, gather, key, renders, routable
from statechart_ivr.sessions import Prospect, Verdict, prospects


def count(flow):
    """Count in the session how often a call was begun."""
    flow.session["begun"] = flow.session.get("begun", 0) + 1


def as_it_was():
    """Return the version that the others were made from."""

    class Desk(CallFlow):
        menu = State(initial=True)
        hours = State()

        class service(State.Compound):
            topic = State(initial=True)
            waiting = State()
            back = HistoryState()
            topic.to(waiting, event=key("1"))
            back.to(topic)

        menu.to(hours, event=key("1"))
        menu.to(service, event=key("2"))
        menu.to(service.back, event=key("3"))
        hours.to(menu, event=key("9"))
        service.to(menu, event=key("9"))

        @routable("/desk", menu)
        def begin(self):
            count(self)

        @renders(menu, hours, service.topic, service.waiting)
        def ask(self):
            return gather("Go on.")

    return Desk


def nested():
    """Return a version that has put all menus into one state around them."""

    class Desk(CallFlow):
        class open_line(State.Compound):
            menu = State(initial=True)
            hours = State()

            class service(State.Compound):
                topic = State(initial=True)
                waiting = State()
                back = HistoryState()
                topic.to(waiting, event=key("1"))
                back.to(topic)

            menu.to(hours, event=key("1"))
            menu.to(service, event=key("2"))
            menu.to(service.back, event=key("3"))
            hours.to(menu, event=key("9"))
            service.to(menu, event=key("9"))

        @routable("/desk", open_line.menu)
        def begin(self):
            count(self)

        @renders(
            open_line.menu, open_line.hours, open_line.service.topic, open_line.service.waiting
        )
        def ask(self):
            return gather("Go on.")

    return Desk


def renamed():
    """Return a version in which two states have other names."""

    class Desk(CallFlow):
        menu = State(initial=True)
        opening = State()

        class service(State.Compound):
            topic = State(initial=True)
            on_hold = State()
            back = HistoryState()
            topic.to(on_hold, event=key("1"))
            back.to(topic)

        menu.to(opening, event=key("1"))
        menu.to(service, event=key("2"))
        menu.to(service.back, event=key("3"))
        opening.to(menu, event=key("9"))
        service.to(menu, event=key("9"))

        @routable("/desk", menu)
        def begin(self):
            count(self)

        @renders(menu, opening, service.topic, service.on_hold)
        def ask(self):
            return gather("Go on.")

    return Desk


def divided():
    """Return a version in which one state has become two, and the call ends in another."""

    class Desk(CallFlow):
        menu = State(initial=True)

        class hours(State.Compound):
            weekdays = State(initial=True)
            weekend = State()
            weekdays.to(weekend, event=key("1"))

        topic = State(final=True)
        menu.to(hours, event=key("1"))
        menu.to(topic, event=key("2"))
        hours.to(menu, event=key("9"))

        @routable("/desk", menu)
        def begin(self):
            count(self)

        @renders(menu, hours.weekdays, hours.weekend, topic)
        def ask(self):
            return gather("Go on.")

    return Desk


def forwarding():
    """Return a version in which a renamed state leads the calls in it to its successor."""

    class Desk(CallFlow):
        menu = State(initial=True)
        opening = State()
        hours = State()
        menu.to(opening, event=key("1"))
        menu.to(hours, event="retired", cond="never")
        hours.to(opening)
        opening.to(menu, event=key("9"))

        @routable("/desk", menu)
        def begin(self):
            count(self)

        @renders(menu, opening)
        def ask(self):
            return gather("Go on.")

        def never(self):
            return False

    return Desk


def elsewhere():
    """Return a version with another entry."""

    class Desk(CallFlow):
        menu = State(initial=True)
        hours = State()
        menu.to(hours, event=key("1"))
        hours.to(menu, event=key("9"))

        @routable("/reception", menu)
        def begin(self):
            count(self)

        @renders(menu, hours)
        def ask(self):
            return gather("Go on.")

    return Desk


def impatient():
    """Return a version that lets calls go after one turn."""

    class Desk(CallFlow):
        max_turns = 1
        menu = State(initial=True)
        menu.to.itself(event=key("1"))

        @routable("/desk", menu)
        def begin(self):
            count(self)

        @renders(menu)
        def ask(self):
            return gather("Go on.")

    return Desk


def successor(path: str):
    """Return another flow, which may have taken over the entry of the first."""

    class Lobby(CallFlow):
        max_attempts = None
        menu = State(initial=True)
        menu.to.itself(event=key("1"))

        @routable(path, menu)
        def begin(self):
            count(self)

        @renders(menu)
        def ask(self):
            return gather("Go on.")

    return Lobby


VERSIONS: dict[str, tuple[type[CallFlow], ...]] = {
    "as it was": (as_it_was(),),
    "nested": (nested(),),
    "renamed": (renamed(),),
    "divided": (divided(),),
    "forwarding": (forwarding(),),
    "elsewhere": (elsewhere(),),
    "impatient": (impatient(),),
    "succeeded": (successor("/desk"),),
    "gone": (successor("/lobby"),),
    "beside": (elsewhere(), successor("/desk")),
}
#: Keys that lead into every state of the first version, and, the last ones, out of it again.
WALKS = ["", "1", "2", "21", "219"]

LET_GO = "hears the apology and a hang-up:"
NOWHERE = ", and there is no route '/desk' to start again at"
TIRED = "max_turns = 1 reached"

Deploy = Callable[..., tuple[object, Prospect]]


@pytest.fixture
def deploy(line, caplog) -> Deploy:
    """Return what begins a call with one version, and goes on with another."""

    def begin_and_go_on(old: str, new: str, keys: str):
        begun = line(*VERSIONS[old])
        begun.dial(begun.board.entries[0])
        for pressed in keys:
            if begun.record.ended:
                break
            begun.press(pressed)
        call = line(*VERSIONS[new], store=begun.board.store)
        call.xml = begun.xml
        caplog.clear()
        return call, next(prospects(call.board.environment), None)

    return begin_and_go_on


def what_happens(call, log: pytest.LogCaptureFixture) -> Verdict:
    """Press a key that no state claims, and tell from the answer what has become of the call."""
    before = call.record.conf
    call.press("7")
    if "<Gather" not in call.xml:
        return Verdict.LET_GO if call.heard == [CallFlow.apology] else Verdict.ENDS
    if "starts again at" in log.text:
        return Verdict.STARTS_AGAIN
    is_there = call.record.conf in (before, ["opening"])  # which its predecessor leads to
    return Verdict.GOES_ON if is_there else Verdict.FOUND_AGAIN


@pytest.mark.parametrize(("old", "new"), list(itertools.product(VERSIONS, VERSIONS)))
def test_what_was_said_before_a_deploy_happens(deploy, caplog, old, new):
    """For every pair of versions, and every state: the check and the turn are of one mind."""
    for keys in WALKS:
        call, prospect = deploy(old, new, keys)
        if prospect is None:
            assert call.record.ended
            continue
        assert (keys, what_happens(call, caplog)) == (keys, prospect.verdict)
        if prospect.verdict is Verdict.STARTS_AGAIN:
            assert f"{prospect.why}; the call starts again at {prospect.entry}" in caplog.text
        assert all(reason in caplog.text for reason in prospect.why.split(", and "))
        assert all(name in prospect.why for name in prospect.missing)


@pytest.mark.parametrize(
    ("new", "keys", "outlook"),
    [
        ("nested", "21", "goes on: its states are found where they were put"),
        ("renamed", "", "goes on"),
        ("renamed", "1", "starts again at /desk: this version has no state hours"),
        ("renamed", "219", "goes on; back forgets where the caller was"),
        ("divided", "1", "starts again at /desk: hours: cannot be active at once"),
        ("forwarding", "1", "goes on"),
        ("elsewhere", "1", "goes on; its entry /desk is gone"),
        ("elsewhere", "2", f"{LET_GO} this version has no state service, topic{NOWHERE}"),
        ("impatient", "", f"{LET_GO} {TIRED}"),
        ("impatient", "1", f"{LET_GO} this version has no state hours, and {TIRED}"),
        ("succeeded", "", "starts again at /desk: there is no flow Desk"),
        ("gone", "", f"{LET_GO} there is no flow Desk{NOWHERE}"),
    ],
)
def test_outlooks(deploy, new, keys, outlook):
    """The check says in words what becomes of a call, and why."""
    _, prospect = deploy("as it was", new, keys)
    assert prospect.outlook == outlook


def test_a_state_that_is_final_now(deploy):
    """The call ends with what it is hearing, as calls in final states do."""
    call, prospect = deploy("divided", "divided", "2")
    assert prospect.outlook == "is in a final state: ends with what it is hearing"
    assert call.press("1").endswith("<Response><Hangup /></Response>")


def test_nested_anew(deploy):
    """A call goes on with its key, and the states around it are entered in its record."""
    call, _ = deploy("as it was", "nested", "21")
    call.press("9")
    assert call.record.conf == ["open_line", "menu"]
    assert call.record.data == {"begun": 1}


def test_renamed(deploy, caplog):
    """A call starts again at its entry, and keeps its session; the warning names call and state."""
    call, prospect = deploy("as it was", "renamed", "1")
    assert prospect.missing == ("hours",)
    call.press("9")
    assert (call.record.conf, call.record.data) == (["menu"], {"begun": 2})
    (warning,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert warning.getMessage() == "this version has no state hours; the call starts again at /desk"
    assert vars(warning)["call_sid"] == call.sid


@pytest.mark.parametrize(("new", "back"), [("nested", "waiting"), ("renamed", "topic")])
def test_history(deploy, new, back):
    """What a history state remembers is found again; what is gone gives way to the default."""
    call, _ = deploy("as it was", new, "219")
    call.press("3")
    assert call.record.conf[-1] == back


def test_a_flow_that_is_gone(deploy):
    """Another flow has its entry: the call starts again there, with its session."""
    call, _ = deploy("as it was", "succeeded", "21")
    call.press("1")
    assert (call.record.flow, call.record.conf) == ("Lobby", ["menu"])
    assert call.record.data == {"begun": 2}


def test_an_entry_that_is_gone(deploy):
    """A call whose state is there goes on all the same, again and again."""
    call, prospect = deploy("as it was", "elsewhere", "1")
    assert not prospect.has_entry
    call.press("9")
    call.press("1")
    assert call.record.conf == ["hours"]


def test_a_state_that_leads_to_its_successor(deploy):
    """A call in a renamed state moves on by itself; the key was for the question before."""
    call, _ = deploy("as it was", "forwarding", "1")
    call.press("9")
    assert call.record.conf == ["opening"]
    call.press("9")
    assert call.record.conf == ["menu"]


def test_a_late_request_of_a_state_that_leads_on(deploy):
    """It hears the successor, which the call has come to by that; the next key counts there."""
    call, _ = deploy("as it was", "forwarding", "1")
    call.post("/ivr/turn?at=%2Fdesk&seq=1", Digits="3")
    assert call.heard == ["Go on."]
    assert call.record.conf == ["opening"]
    call.press("9")
    assert call.record.conf == ["menu"]


def test_side_by_side(deploy, line):
    """A process of the old version does not know the states of the new one."""
    call, _ = deploy("as it was", "nested", "2")
    call.press("1")
    old = line(*VERSIONS["as it was"], store=call.board.store)
    old.xml = call.xml
    old.press("9")
    assert (old.record.conf, old.record.data) == (["menu"], {"begun": 2})
