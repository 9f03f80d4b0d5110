"""States, transitions and guards that no call comes to: what is told, and what is not."""

from __future__ import annotations

import re

from statemachine import HistoryState, State
from twilio.twiml.voice_response import Dial, Hangup

from statechart_ivr import CallFlow, background, gather, key, on_input, renders, routable
from statechart_ivr.checker import Entry, Finding, check_flow
from statechart_ivr.checker.findings import place_of


class Shop(CallFlow):
    """Two routes, one of them to a state that nothing else leads to."""

    class line(State.Compound):
        menu = State(initial=True)
        done = State(final=True)

        menu.to(done, event=key("1", say="To go on, press 1."))

    goodbye = State(final=True)
    broken = State(final=True)

    line.to(goodbye, event="done.state.line")

    @routable("/shop")
    @renders(line)
    def say_line(self):
        return "Welcome."

    @renders(line.menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]

    @routable("/broken")
    @renders(broken)
    def say_broken(self):
        return ["Something is broken.", Hangup()]


class Branch(Shop):
    """Another flow with the same states."""

    def say_goodbye(self):
        return ["Goodbye from the branch.", Hangup()]


class Other(CallFlow):
    """Of the same application."""

    ringing = State(initial=True)
    goodbye = State(final=True)

    ringing.to(goodbye, event="dial")

    @routable("/other")
    @renders(ringing)
    def ring(self):
        return Dial("+12345678900")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


def test_everything_is_reached() -> None:
    """Events of the engine's own count, each route is an entry, and states may be inherited."""
    assert not check_flow(Shop).findings
    assert not check_flow(Branch).findings


def test_a_flow_that_nobody_calls() -> None:
    """It is told of once, and not state by state."""
    report = check_flow(Shop, Other, entries=[Entry("/shop"), Entry("/broken")])
    (finding,) = report.findings
    assert (finding.code, finding.flow, finding.state) == ("unreached-state", "Other", "")
    assert finding.advice == 'add Entry("/other") to entries='
    assert finding.checks == ('assert not report.having("unreached-state", "")',)
    assert not check_flow(Shop, Other).findings


def test_an_entry_that_is_not_tried() -> None:
    """A state with a route of its own needs nothing but a call to it."""
    (finding,) = check_flow(Shop, entries=[Entry("/shop")]).findings
    assert (finding.state, finding.message) == ("broken", "no call reaches it")
    assert finding.advice == 'add Entry("/broken") to entries='


def test_states_inside_are_not_told_of_one_by_one() -> None:
    """Of a state with others inside, only the outer one is told of; nor of its transitions."""
    (finding,) = check_flow(Shop, entries=[Entry("/broken")]).having("unreached-state", "line")
    assert finding.message == "no call reaches it, nor any state inside it"
    report = check_flow(Shop, entries=[Entry("/broken")])
    assert [one.state for one in report.findings] == ["line"]


class Locked(CallFlow):
    """Nobody can get through the door, whose code is too long; several rooms lie behind it."""

    door = State(initial=True)
    bye = State(final=True)

    class hall(State.Compound):
        inside = State(initial=True)
        upstairs = State()
        back = HistoryState()

        inside.to(upstairs, event=key("1", say="To go upstairs, press 1."))
        upstairs.to(inside, event=key("2", say="To go downstairs, press 2."))
        back.to(upstairs)

    porch = State()

    door.to(porch, event="code")
    door.to(bye, event="give_up")
    porch.to(hall.back)
    hall.to(bye, event="give_up")

    @routable("/locked")
    @renders(door)
    def ask_code(self):
        return gather("Enter the code.", num_digits=2)

    @on_input(door, examples=["12"])
    def take_code(self, caller_input):
        return "code" if caller_input.digits == "123" else "no_match"

    @renders(hall)
    def say_hall(self):
        return gather(*self.choices())

    @renders(bye)
    def say_bye(self):
        return ["Goodbye.", Hangup()]


def test_what_lies_behind_an_unreached_state_is_not_told_of() -> None:
    """One cause is one finding, however much is behind it."""
    unreached = check_flow(Locked).having("unreached-state")
    assert [one.state for one in unreached] == ["porch"]


def test_nothing_is_claimed_of_an_unfinished_walk() -> None:
    """What was not reached yet may still be reached."""
    report = check_flow(Shop, max_records=1)
    assert not report.is_exhausted
    assert not report.findings


class Raising(CallFlow):
    """Raises before it comes to its second state."""

    menu = State(initial=True)
    hours = State(final=True)

    menu.to(hours, event="no_input", cond="is_open")

    def is_open(self) -> bool:
        raise RuntimeError("nobody knows")

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather("Hello?")

    @renders(hours)
    def say_hours(self):
        return ["We are open.", Hangup()]


class Deaf(CallFlow):
    """Waits for a key while a phone rings."""

    ringing = State(initial=True)
    goodbye = State(final=True)

    ringing.to(goodbye, event=key("5"))
    ringing.to(goodbye, event="dial")

    @routable("/incoming-call")
    @renders(ringing)
    def ring(self):
        return Dial("+12345678900")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


def test_a_transition_for_what_cannot_come_is_told_once() -> None:
    """The input that never comes is the cause, and the transition that is not taken its effect."""
    assert {one.code for one in check_flow(Deaf).findings} == {"input-never-comes"}


def test_nothing_is_claimed_of_what_lies_behind_an_error() -> None:
    """The error is told, and not what it hides."""
    assert {one.code for one in check_flow(Raising).findings} == {"raises"}


class Outside(CallFlow):
    """Waits for events that do not come."""

    ringing = State(initial=True)
    menu = State()
    goodbye = State(final=True)

    ringing.to(menu, event="dial")
    ringing.to(goodbye, event=["agent_gone", "hang_up.failed"])
    menu.to(goodbye, event=["thought", "dial.busy"])
    menu.to(goodbye, event=["sent", "give_up"])
    menu.to(menu, event="dial.busy")
    menu.to(goodbye, event="queue")

    @routable("/incoming-call")
    @renders(ringing)
    def ring(self):
        return Dial("+12345678900")

    @renders(menu)
    def say_menu(self):
        return gather("Think of a number.")

    @on_input(menu)
    def think(self, caller_input):
        return "thought" if caller_input.digits in {"1", "sent"} else "no_match"

    @background("recorded", events=["agent_gone"])
    def look(self):
        """Find nobody."""

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


def told(finding: Finding) -> tuple[str, str]:
    """Return what a finding says, and what it advises up to its first comma or semicolon."""
    return finding.message, re.split("[,;]", finding.advice)[0]


def test_what_keeps_a_transition_from_being_taken() -> None:
    """Each is told with the most likely reason."""
    findings = check_flow(Outside).having("unreached-transition", "menu")
    assert [told(one) for one in findings] == [
        (
            "menu -> goodbye is never taken on sent",
            "add an input for which the handler returns it to its examples=",
        ),
        (
            "menu -> goodbye on queue is never taken",
            "let something bring it about",
        ),
        (
            "menu -> goodbye on thought dial.busy is never taken",
            "add an input for which the handler returns it to its examples=",
        ),
        ("menu -> menu on dial.busy is never taken", "let something bring it about"),
    ]


def test_an_event_from_outside_is_to_be_named() -> None:
    """What nothing is known to send may come from outside, with data that the author knows."""
    (finding,) = check_flow(Outside).having("unreached-transition", "ringing")
    assert told(finding) == (
        "ringing -> goodbye on agent_gone hang_up.failed is never taken",
        "if it comes from outside",
    )
    assert 'check_flow(event_data={"hang_up.failed": {}})' in finding.advice


def test_an_event_from_outside_that_is_named_is_tried() -> None:
    """Then it is the other one that never comes."""
    report = check_flow(Outside, event_data={"hang_up.failed": {}})
    (finding,) = report.having("unreached-transition", "ringing")
    assert finding.message == "ringing -> goodbye is never taken on agent_gone"


class Guarded(CallFlow):
    """Has guards of all kinds, and ways that other ways leave no room for."""

    checking = State(initial=True)
    menu = State()
    passing = State()
    goodbye = State(final=True)

    checking.to(menu, cond=lambda: True)
    checking.to(goodbye)
    menu.to(passing, event=key("1", say="To go on, press 1."), unless="is_closed")
    menu.to(goodbye, event="give_up")
    passing.to(menu, event="no_input")
    passing.to(goodbye)
    passing.to(menu)

    def is_closed(self) -> bool:
        return False

    @routable("/incoming-call", checking)
    def incoming_call(self):
        """Keep nothing."""

    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(passing)
    def say_passing(self):
        return "One moment."

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


def test_guards_of_all_kinds() -> None:
    """One given as a function has no method to point at; `unless` is a no that is always said."""
    findings = check_flow(Guarded).having("one-sided-guard")
    assert [one.message for one in findings] == [
        "<lambda>: is always so when checking -> menu is at issue",
        "!is_closed: is always so when menu -> passing on key.1 is at issue",
    ]
    assert findings[1].place == place_of(Guarded, method="is_closed")
    assert findings[0].place == place_of(Guarded)


def test_what_a_one_sided_guard_explains_is_not_told_again() -> None:
    """Nor is anything wrong with the way that is left when the guard is mended."""
    report = check_flow(Guarded)
    assert not report.having("unreached-transition", "checking")
    assert [told(one) for one in report.having("unreached-transition", "passing")] == [
        (
            "passing -> menu is never taken",
            "remove one of the two: passing -> goodbye is taken instead",
        ),
        (
            "passing -> menu on no_input is never taken",
            "remove one of the two: passing -> goodbye is taken instead",
        ),
    ]
