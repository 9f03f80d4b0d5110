"""What takes a caller too long is measured on the quickest call, by the phone's clock."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from statemachine import State
from twilio.twiml.voice_response import Dial, Enqueue, Gather, Pause, Play

from statechart_ivr import CallFlow, background, gather, key, renders, routable
from statechart_ivr.checker import Finding, Limits, check_flow
from statechart_ivr.errors import ConfigurationError

ALL = Limits(seconds_to_choice=0, seconds_to_person=0, prompt_seconds=0)


class Line(CallFlow):
    """Looks something up first; a person can be reached in two ways, one of them quicker."""

    looking_up = State(initial=True)
    menu = State()
    detour = State()
    person = State()
    in_queue = State()
    goodbye = State(final=True)

    looking_up.to(menu, event=["found", "background_failed"])
    menu.to(detour, event=key("1", say="For nothing, press 1."))
    detour.to(person, event=key("2", say="For a person, press 2."))
    detour.to(in_queue, event=key("3", say="For the queue, press 3."))
    menu.to(person, event="no_input")
    person.to(goodbye, event="dial")
    in_queue.to(goodbye, event="queue")

    @routable("/incoming-call", looking_up)
    def incoming_call(self):
        """Do nothing else."""

    @routable("/later", detour)
    def later(self):
        """Do nothing else."""

    @routable("/now", person)
    def now_at_once(self):
        """Do nothing else."""

    @renders(looking_up)
    def wait_a_moment(self):
        return ["One moment.", Pause(length=4)]

    @background(looking_up, events=["found"])
    def look_up(self):
        return "found"

    @renders(menu)
    def say_menu(self):
        return gather(Pause(length=10), *self.choices(), timeout=1)

    @renders(detour)
    def say_detour(self):
        return gather(Pause(length=30), *self.choices())

    @renders(person, person=True)
    def call_person(self):
        return [Pause(length=2), Dial("+12345678900")]

    @renders(in_queue)
    def join(self):
        return [Pause(length=7), Enqueue("support")]

    @renders(in_queue, waiting=True)
    def hold(self):
        return Pause(length=50)

    @renders(goodbye)
    def say_goodbye(self):
        return Pause(length=3)


class Endless(CallFlow):
    """Rings for ever below the question, and asks by a tone alone."""

    menu = State(initial=True)
    silent = State()
    goodbye = State(final=True)

    menu.to(silent, event=key("1"))
    silent.to(goodbye, event=key("1"))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(Play("https://sounds.example/ring.mp3", loop=0))

    @renders(silent)
    def listen(self):
        return Gather(num_digits=1, timeout=2)

    @routable("/silent", silent)
    def begin_silently(self):
        """Do nothing else."""

    @renders(goodbye)
    def say_goodbye(self):
        return "Goodbye."


class Unmanned(CallFlow):
    """Has a person that no call from its entry reaches, since it ends at once."""

    goodbye = State(initial=True, final=True)

    @routable("/incoming-call")
    @renders(goodbye)
    def say_goodbye(self):
        return "Goodbye."


def seen(findings: Sequence[Finding]) -> list[tuple[str, str, str]]:
    """Return state, call and measure of findings."""
    return [(one.state, one.call, one.message.split(" after ")[-1]) for one in findings]


def measured(flow: type[CallFlow], code: str) -> list[tuple[str, str, str]]:
    """Return what is found with a code when nothing is short enough."""
    return seen(check_flow(flow, limits=ALL).having(code))


def test_the_first_choice_from_each_entry() -> None:
    """From where it takes longest, by the quickest way there; work takes no time of its own."""
    assert measured(Line, "late-choice") == [
        ("detour", "dial /later", "30.0 s > 0 s"),
        ("menu", "dial work found", "15.7 s > 0 s"),
    ]


def test_the_quickest_caller_reaches_a_person() -> None:
    """The entry counts from which it takes longest."""
    assert measured(Line, "late-person") == [("person", "dial /later 2", "35.0 s > 0 s")]


def test_the_longest_stretch() -> None:
    """Each state's longest document counts, up to whose turn it is; nobody is held by a prompt."""
    found = {one.state: one.message for one in check_flow(Line, limits=ALL).having("long-prompt")}
    assert found == {
        "menu": "the caller listens without a break for 11.4 s > 0 s",
        "detour": "the caller listens without a break for 33.0 s > 0 s",
        "person": "the caller listens without a break for 2.0 s > 0 s",
        "goodbye": "the caller listens without a break for 3.0 s > 0 s",
    }


def test_endless_prompts_do_not_count() -> None:
    """What is repeated for ever has no length; a question without words has been said at once."""
    assert measured(Endless, "late-choice") == []
    found = {one.state: one.call for one in check_flow(Endless, limits=ALL).having("long-prompt")}
    # What callers hear in the end who are let go.
    assert found == {
        "goodbye": "dial /silent 1",
        "menu": "dial 9 9 9",
        "silent": "dial /silent 9 9 9",
    }


@pytest.mark.parametrize("code", ["late-choice", "late-person"])
def test_nothing_to_reach(code: str) -> None:
    """A flow that asks nothing, and has no person, is not late with either."""
    assert measured(Unmanned, code) == []


def test_without_a_flow() -> None:
    """There is nothing to be checked."""
    with pytest.raises(ConfigurationError, match="write check_flow"):
        check_flow()


def test_without_limits() -> None:
    """Nothing is measured that the author did not ask for."""
    codes = {one.code for one in check_flow(Line).findings}
    assert not codes & {"late-choice", "late-person", "long-prompt"}
