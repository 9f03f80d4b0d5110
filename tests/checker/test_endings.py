"""How calls end: what is told of circles, of endless and early ends, and of persons."""

from __future__ import annotations

import pytest
from statemachine import State
from twilio.twiml.voice_response import Dial, Enqueue, Hangup, Record, Say

from statechart_ivr import CallFlow, background, gather, key, renders, routable, said
from statechart_ivr.checker import Entry, Limits, check_flow
from statechart_ivr.checker.pasteable import as_test


class Again(CallFlow):
    """Says its menu as often as somebody presses the star."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=key("1", say="To hang up, press 1."))
    menu.to.itself(event=key("*", say="To hear this again, press star."))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


def test_how_long_is_too_long_is_for_the_author_to_say() -> None:
    """`Limits.turns` is compared with what ends every call anyway."""
    (finding,) = check_flow(Again).findings
    assert finding.message == "a caller who mashes * here is let go only after 1,000 turns"
    assert finding.advice == "set max_turns = 100, or let one of these keys not lead back"
    (finding,) = check_flow(Again, limits=Limits(turns=50)).findings
    assert finding.advice.startswith("set max_turns = 50,")
    assert not check_flow(Again, limits=Limits(turns=1000)).findings


def test_the_test_goes_round_and_round() -> None:
    """It makes the beginning of the call once, and the circle over and over."""
    (finding,) = check_flow(Again).findings
    assert as_test(finding).splitlines()[2:] == [
        "    call = Phone(Again)",
        "    call.dial()",
        "    for _ in range(200):",
        '        if call.waiting_for == "gather":',
        '            call.press("*")',
        '    assert call.waiting_for != "gather"',
    ]


class Work(CallFlow):
    """Goes in circles that lead through work, a Dial and a message."""

    number = State(initial=True)
    looking_up = State()
    ringing = State()
    message = State()
    goodbye = State(final=True)

    number.to(looking_up, event="no_input")
    looking_up.to(ringing, event=["found", "background_failed"])
    looking_up.to(message, event="not_found")
    ringing.to(number, event="dial")
    message.to(number, event=["recorded", "no_input"])
    number.to(goodbye, event="give_up")

    @routable("/incoming-call")
    @renders(number)
    def ask_number(self):
        return gather("Enter a number.")

    @renders(looking_up)
    def say_wait(self):
        return "One moment."

    @background(looking_up, events=["found", "not_found"])
    def look_up(self):
        return "found"

    @renders(ringing)
    def ring(self):
        return Dial("+12345678900")

    @renders(message)
    def take_message(self):
        return Record()

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


def test_a_circle_through_what_others_do() -> None:
    """How work and verbs end is anybody's guess, so the shortest way round is what may happen."""
    (finding,) = check_flow(Work).having("never-let-go")
    assert finding.call == "dial . work found dial.completed"
    assert finding.message == "a caller who is silent here is let go only after 1,000 turns"
    assert finding.advice == (
        "let no_input not lead to another question, where attempts begin anew; "
        "or set max_turns = 100"
    )
    assert as_test(finding).splitlines()[2:] == [
        "    call = Phone(Work, by_hand=True)",
        "    call.dial()",
        "    for _ in range(66):",
        '        if call.waiting_for == "gather":',
        "            call.wait()",
        '        if call.waiting_for == "redirect":',
        '            call.work("found")',
        '        if call.waiting_for == "dial":',
        '            call.dial_result("completed")',
        '    assert call.waiting_for != "gather"',
    ]


class Messages(CallFlow):
    """Takes messages, one after the other, from whoever presses keys."""

    menu = State(initial=True)
    message = State()
    goodbye = State(final=True)

    menu.to(message, event=[key("*", say="To leave a message, press star."), "no_match"])
    message.to(menu, event="recorded")
    message.to(goodbye, event="no_input")

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(message)
    def take_message(self):
        return Record()

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


def test_whoever_presses_keys_leaves_messages() -> None:
    """Any key ends a recording; whoever is silent leaves none."""
    mashing, wrong, typing = check_flow(Messages).having("never-let-go")
    assert (wrong.call, mashing.call) == ("dial 9 record", "dial * record")
    assert typing.call == "dial 9 record 9 record 9 record 9 record 9 record * record"


class Patient(CallFlow):
    """Has two questions, and no bound on attempts, of which it knows the number."""

    max_attempts = None

    first = State(initial=True)
    second = State()
    goodbye = State(final=True)

    first.to(second, event=key("1", say="To go on, press 1."))
    second.to(goodbye, event=key("1", say="To hang up, press 1."))

    @routable("/incoming-call")
    @renders(first)
    def ask_first(self):
        return gather(*self.choices())

    @renders(second)
    def ask_second(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Insistent(Patient):
    """Says something else in the end."""

    def ask_first(self):
        return gather(*self.choices(), "Please." if self.attempts < 3 else "Pretty please.")


class Yielding(CallFlow):
    """Lets callers go after some attempts, by itself."""

    max_attempts = None

    first = State(initial=True)
    goodbye = State(final=True)

    first.to(goodbye, event=["no_match", "no_input"], cond="attempts >= 5")

    @routable("/incoming-call")
    @renders(first)
    def ask_first(self):
        return gather("What is it?")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


def test_one_bug_is_told_once_a_caller() -> None:
    """With the first question at which it shows, and the number of others."""
    report = check_flow(Patient)
    assert [one.call for one in report.findings] == ["dial .", "dial 9"]
    assert report.findings[0].message == (
        "a caller who is silent here, or at 1 more question, is let go only after 1,000 turns"
    )
    assert report.findings[0].advice == "set max_attempts = 3, or set max_turns = 100"


def test_attempts_without_a_bound_are_told_apart_as_far_as_somebody_asks() -> None:
    """So the walk has an end, and sees whatever depends on them."""
    assert len(check_flow(Patient).found.nodes) < 10
    report = check_flow(Insistent)
    assert report.is_exhausted
    assert any("Pretty please." in node.heard for node in report.found.nodes)
    assert not check_flow(Yielding).findings


class Spoken(CallFlow):
    """Listens for words alone, where callers who press keys are silent."""

    question = State(initial=True)
    again = State()
    goodbye = State(final=True)

    question.to(again, event=said("again", say="Say again."))
    again.to(question, event=[said("again", say="Say again."), "no_input"])
    question.to(goodbye, event="give_up")

    @routable("/incoming-call")
    @renders(question)
    def ask(self):
        return gather(*self.choices(), input="speech")

    @renders(again)
    def ask_again(self):
        return gather(*self.choices(), input="speech")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Keys(CallFlow):
    """Declares every key, at questions that lead to one another."""

    left = State(initial=True)
    right = State()

    left.to(right, event=key(*"0123456789*#", say="For the other side, press any key."))
    right.to(left, event=key(*"0123456789*#", say="For the other side, press any key."))

    @routable("/incoming-call", left)
    @renders(left, right)
    def say_choices(self):
        return gather(*self.choices())


def test_keys_that_nobody_hears() -> None:
    """Neither is a circle of theirs: who presses keys there is let go like everybody else."""
    assert not check_flow(Spoken).having("never-let-go")


def test_whoever_types_ahead_presses_what_there_is() -> None:
    """Once round is as many keys as there are, where each leads on."""
    mashing, typing = check_flow(Keys).having("never-let-go")
    assert mashing.call == "dial * *"
    assert typing.call == "dial 1 2 3 4 5 6 7 8 9 0 * #"


class Queue(CallFlow):
    """Keeps callers in a queue, in which they can press a key."""

    waiting = State(initial=True)
    goodbye = State(final=True)

    waiting.to(goodbye, event=[key("1", say="To leave, press 1."), "queue"])

    @routable("/incoming-call")
    @renders(waiting, person=True)
    def enqueue(self):
        return Enqueue("support")

    @renders(waiting, waiting=True)
    def say_choices(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


def test_a_queue_is_no_circle() -> None:
    """Whoever is silent there waits, as is meant."""
    assert not check_flow(Queue).findings


class Endless(CallFlow):
    """Has no end, and a way that raises."""

    max_attempts = None

    menu = State(initial=True)
    hours = State()

    menu.to(hours, event=key("1", say="For our hours, press 1."))
    hours.to(menu, event=key("1", say="For the menu, press 1."), on="fail")

    def fail(self):
        if self.services.get("is_broken"):
            raise RuntimeError("broken")

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return gather("From nine to five.", *self.choices())


def test_no_end_says_it_all() -> None:
    """Where no call ends, neither callers who are not let go nor what lies behind are told of."""
    assert [one.code for one in check_flow(Endless).findings] == ["no-end"]


@pytest.mark.parametrize("options", [{"services": {"is_broken": True}}, {"max_records": 1}])
def test_what_is_not_known_may_be_an_end(options) -> None:
    """An error ends a call, and so may whatever was not looked at."""
    assert not check_flow(Endless, **options).having("no-end")


class Desk(CallFlow):
    """Has a person by day, and three numbers."""

    checking = State(initial=True)
    menu = State()
    closed = State()
    desk = State()
    moved = State(final=True)
    goodbye = State(final=True)

    checking.to(menu, cond="is_open")
    checking.to(closed)
    menu.to(desk, event=key("0", say="For a person, press 0."))
    closed.to(goodbye, event=key("1", say="To hang up, press 1."))
    desk.to(goodbye, event="dial")

    def is_open(self) -> bool:
        return 9 <= self.now().hour < 17

    @routable("/incoming-call", checking)
    def incoming_call(self):
        """Keep nothing."""

    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @routable("/closed")
    @renders(closed)
    def say_closed(self):
        return gather("We are closed.", *self.choices())

    @renders(desk, person=True)
    def ring_desk(self):
        return Dial("+12345678900")

    @routable("/moved")
    @renders(moved)
    def say_moved(self):
        return ["We have another number now.", Hangup()]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


def test_a_person_by_day_is_a_person() -> None:
    """Who calls at night can call again; an announcement is no place for one; a third has none."""
    (finding,) = check_flow(Desk).findings
    assert (finding.code, finding.state, finding.call) == ("no-person", "closed", "dial /closed")
    assert finding.advice == "let a key, or give_up, lead to desk"


def test_persons_are_not_missed_before_everything_is_explored() -> None:
    """What was not looked at may lead to one."""
    assert not check_flow(Desk, max_records=2).having("no-person")


class Early(CallFlow):
    """Says something right away, and asks nothing."""

    hello = State(initial=True)
    menu = State()
    goodbye = State(final=True)

    hello.to(menu, event="no_input")
    menu.to(hello, event=key("1", say="To hear this again, press 1."))
    menu.to(goodbye, event=key("2", say="To hang up, press 2."))

    @routable("/hello")
    @renders(hello)
    def say_hello(self):
        return "Hello."

    @routable("/menu")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @background("hang_up")
    def file(self):
        """File the call, which is over by then."""

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


def test_a_call_that_ends_as_soon_as_it_comes_in() -> None:
    """It is told once a state, with the shortest call; what is done afterwards does not count."""
    report = check_flow(Early)
    (finding,) = report.having("asks-nothing")
    assert (finding.state, finding.call) == ("hello", "dial")
    assert {edge.move.kind.name for edge in report.found.edges} >= {"WORK"}


def test_an_entry_that_raises_has_no_way_to_anybody() -> None:
    """The error is told; there is nothing else to be said of it."""

    class Broken(Desk):
        def say_closed(self):
            raise RuntimeError("nobody knows")

    report = check_flow(Broken, entries=[Entry("/closed")])
    assert [one.code for one in report.findings] == ["raises"]


class Trap(CallFlow):
    """Has two ways into announcements that never end."""

    menu = State(initial=True)
    music = State()
    goodbye = State(final=True)

    menu.to(music, event=key("1", "2", say="To wait, press 1 or press 2."), on="remember")
    menu.to(goodbye, event="give_up")
    music.to(goodbye, event="dial")

    def remember(self, digits):
        self.session["pressed"] = digits

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(music)
    def say_music(self):
        return Say("Please wait.", loop=0)

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


def test_a_state_without_an_end_is_told_of_once() -> None:
    """However calls come to it."""
    (finding,) = check_flow(Trap).having("no-end")
    assert (finding.state, finding.call) == ("music", "dial 1")
    assert finding.advice == "let it be heard a few times, with loop=3, and not for ever"
