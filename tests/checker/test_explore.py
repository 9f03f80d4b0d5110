"""The explorer: the same every time, honest about what is left, and never led astray."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timedelta, timezone

import pytest
from statemachine import State
from twilio.twiml.voice_response import Dial, Enqueue, Gather, Hangup, Pause, Record, Redirect

from statechart_ivr import CallFlow, background, document, gather, key, on_input, renders, routable
from statechart_ivr.call import Call
from statechart_ivr.checker import Entry, Finding, check_flow, explore, moments
from statechart_ivr.checker.graph import START, Exploration, Trouble
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.errors import PhoneError
from statechart_ivr.flow import Context, watching
from statechart_ivr.record import Session
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing import Phone
from statechart_ivr.urls import Links
from tests.checker.flows import calls_to, edges_from, explored, moves_at, troubles


class Menu(CallFlow):
    """A menu with one choice; ``SAYS`` is what comes before it."""

    menu = State(initial=True)
    hours = State(final=True)
    menu.to(hours, event=[key("1", say="For our hours, press 1."), "give_up"])

    @routable("/in", menu)
    def come_in(self):
        """Let calls come in."""

    def greeting(self) -> str:
        return "Hello."

    @renders(menu)
    def say_menu(self):
        return gather(self.greeting(), *self.choices())

    @renders(hours)
    def say_hours(self):
        return ["Nine to five.", Hangup()]


def outline(found: Exploration) -> list[tuple[int, str, int | None]]:
    """Return all edges."""
    return [(edge.source, str(edge.move.step), edge.target) for edge in found.edges]


class Moody(Menu):
    """Greets its callers in one way or another."""

    def greeting(self) -> str:
        return random.choice(["Hello.", "Welcome.", "Good day."])  # noqa: S311


def test_what_is_random_is_the_same_every_time() -> None:
    """It is found, as one call shows it, and random numbers elsewhere go on as they would have."""
    random.seed(7)
    expected = random.random()  # noqa: S311
    random.seed(7)
    first = explored(Moody)
    assert random.random() == expected  # noqa: S311
    assert outline(first) == outline(explored(Moody))
    assert Trouble.UNSTABLE in {trouble for trouble, _ in troubles(first)}


def test_the_same_is_found_every_time() -> None:
    """Node by node, edge by edge, and every document."""
    first, second = explored(Menu), explored(Menu)
    assert outline(first) == outline(second)
    assert [node.script.text for node in first.nodes] == [node.script.text for node in second.nodes]
    assert [node.seconds for node in first.nodes] == [node.seconds for node in second.nodes]
    assert first.is_exhausted


def test_seconds_are_those_of_the_shortest_call() -> None:
    """However far the clock went in the calls before: each node is as late as its own call."""
    found = explored(Menu)
    for node in found.nodes:
        dial, *steps = found.steps_to(node.index)
        call = Phone(Menu, strict=False)
        began = call.now
        dial.apply(call)
        for step in steps:
            step.apply(call)
        assert node.seconds == (call.now - began).total_seconds(), found.call_to(node.index)


def test_a_call_begins_at_no_node() -> None:
    """The first edge comes from nowhere, and says how the call came in."""
    edge = explored(Menu).edges[0]
    assert (edge.source, str(edge.move.step), edge.target) == (START, "dial", 0)


# Budgets


def test_past_the_records_that_may_be_it_says_so() -> None:
    """What was found so far is told, and that there is more."""
    found = explored(Menu, max_records=1)
    assert found.unfinished == ("there are more than 1 records",)
    assert not found.is_exhausted
    assert found.nodes


def test_past_the_seconds_that_may_be_it_says_so() -> None:
    """No time at all is enough for the first document only."""
    found = explored(Menu, max_seconds=0.0)
    assert found.unfinished == ("0 seconds are over",)
    assert len(found.nodes) == 1


def test_progress_is_told_of_what_is_found_and_what_is_left() -> None:
    """At the end nothing is left."""
    told: list[tuple[int, int]] = []
    report = check_flow(Menu, progress=lambda *how_many: told.append(how_many))
    assert told[0] == (1, 1)
    assert told[-1][0] <= len(report.found.nodes)
    assert told == sorted(told, key=lambda one: one[0])


# The time


class Hours(CallFlow):
    """Has somebody there from nine to five, UTC."""

    menu = State(initial=True)
    person = State(final=True)
    closed = State(final=True)
    menu.to(person, event=key("1"), cond="is_open")
    menu.to(closed, event=key("1"))
    menu.to(closed, event="give_up")

    def is_open(self) -> bool:
        return 9 <= self.now().hour < 17

    @routable("/in")
    @renders(menu)
    def say_menu(self):
        return gather("For a person, press 1.")

    @renders(person)
    def say_person(self):
        return ["Here I am.", Hangup()]

    @renders(closed)
    def say_closed(self):
        return ["Nobody is here.", Hangup()]


def test_a_guard_that_asks_for_the_time_has_calls_come_in_at_other_times() -> None:
    """It is found in the middle of a call, and the walk begins afresh."""
    found = explored(Hours)
    assert [f"{moment:%d %H:%M}" for moment in found.moments] == ["05 10:00", "05 17:00"]
    assert "at 2026-01-05T17:00:00 dial" in calls_to(found, "menu")
    assert calls_to(found, "closed")[0] == "at 2026-01-05T17:00:00 dial 1"
    assert outline(found) == outline(explored(Hours))


def test_the_time_may_come_in_the_middle_of_a_call() -> None:
    """The clock jumps, nothing else happens, and the record is the same."""
    found = explored(Hours)
    edge = edges_from(found, "dial")["at 2026-01-05T17:00:00"]
    assert edge.target is not None
    before, after = found.nodes[edge.source], found.nodes[edge.target]
    assert (before.conf, before.record.data) == (after.conf, after.record.data)
    assert after.moment - before.moment == timedelta(hours=7)


def test_a_walk_that_begins_afresh_keeps_within_its_seconds() -> None:
    """Where there is no time to begin afresh, what was found is told."""
    found = explored(Hours, max_seconds=0.0)
    assert found.unfinished == ("0 seconds are over",)


def test_the_clock_may_start_in_any_zone() -> None:
    """Calls are written down in UTC."""
    two = timezone(timedelta(hours=2))
    found = explored(Hours, at=datetime(2026, 1, 5, 12, tzinfo=two))
    assert calls_to(found, "person")[0] == "dial 1"
    assert not found.incidents


class Diary(CallFlow):
    """Has a guard for each of many days."""

    menu = State(initial=True)
    over = State(final=True)
    for day in range(1, 6):
        menu.to(over, event=key("1"), cond=f"is_{day}")
        vars()[f"is_{day}"] = lambda self, day=day: self.now().day == day
    menu.to(over, event=["key.1", "give_up"])
    del day

    @routable("/in")
    @renders(menu)
    def say_menu(self):
        return gather("Press 1.")

    @renders(over)
    def say_goodbye(self):
        return Hangup()


def test_too_many_moments_are_left_out_and_the_report_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is not proved."""
    monkeypatch.setattr(explore, "MOST_MOMENTS", 4)
    found = explored(Diary)
    assert len(found.moments) == 4
    assert "moments that make a difference to guards" in found.unfinished[0]


class Streets(Hours):
    """Each of its shops opens at an hour of its own."""

    def say_menu(self):
        self.session["opens"] = (self.session.get("opens", 0) + 1) % 4
        return gather("For a person, press 1.")

    def is_open(self) -> bool:
        return bool(self.now().hour > self.session["opens"])


def test_too_many_kinds_of_calls_for_a_guard_on_the_time_are_no_proof(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is not asked for the whole year in each, and the report says so."""
    monkeypatch.setattr(moments, "MOST_SCANS", 2)
    found = explored(Streets)
    assert any("says something else in one call" in why for why in found.unfinished)


class Nervous(Hours):
    """Its guard raises at night."""

    def is_open(self) -> bool:
        return 1 / (self.now().hour // 22 - 1) < 0


def test_a_guard_that_raises_at_another_time_is_found_at_that_time() -> None:
    """Asking it for the whole year does not end the check."""
    found = explored(Nervous)
    assert (Trouble.RAISED, "at 2026-01-05T22:00:00 dial 1") in troubles(found)


class Remembering(Hours):
    """Keeps the present time in its session."""

    def say_menu(self):
        self.session["called"] = self.now().isoformat()
        return super().say_menu()


def test_sessions_may_hold_the_present_time() -> None:
    """The clock stands at few moments, so there are few sessions; past the budget it says so."""
    found = explored(Remembering, max_records=60)
    assert {node.record.data["called"] for node in found.nodes} >= {
        "2026-01-05T10:00:00+00:00",
        "2026-01-05T17:00:00+00:00",
    }
    assert explored(Remembering, canonical=lambda _: None).is_exhausted


class LookUp(CallFlow):
    """Looks something up while it is open; what comes of it may come when it has closed."""

    menu = State(initial=True)
    looking = State()
    told = State(final=True)
    too_late = State(final=True)
    menu.to(looking, event=key("1"), cond="is_open")
    menu.to(too_late, event=["key.1", "give_up"])
    looking.to(told, event="found", cond="is_open")
    looking.to(too_late, event=["found", "background_failed"])

    def is_open(self) -> bool:
        return 9 <= self.now().hour < 17

    @routable("/in")
    @renders(menu)
    def say_menu(self):
        return gather("Press 1.")

    @renders(looking)
    def say_one_moment(self):
        return "One moment."

    @background(looking, events={"found": {}})
    def look(self):
        return "found"

    @renders(told)
    def tell(self):
        return ["Found.", Hangup()]

    @renders(too_late)
    def say_too_late(self):
        return ["Too late.", Hangup()]


def test_the_time_may_come_while_work_is_going_on() -> None:
    """Its result arrives when the guards have changed their minds."""
    found = explored(LookUp)
    edge = edges_from(found, "dial 1 at 2026-01-05T17:00:00")["work found"]
    assert edge.target is not None
    assert found.nodes[edge.target].conf == ("too_late",)


# Takeovers


class TwoWays(CallFlow):
    """A queue, a look-up, and another route to be taken over at."""

    queueing = State(initial=True)
    looking = State()
    other = State()
    over = State(final=True)
    queueing.to(looking, event=key("1"))
    # Not all of the family: queue.redirected comes first when the call is taken over.
    queueing.to(over, event=["queue.bridged", "queue.leave", "queue.error", "queue.queue_full"])
    looking.to(over, event=["found", "background_failed"])
    other.to(over, event=[key("2"), "give_up"])

    @routable("/in")
    @renders(queueing)
    def enqueue(self):
        return Enqueue("support")

    @renders(queueing, waiting=True)
    def wait(self):
        told = self.call.parameters.get("QueueTime")
        return [f"You have waited for {told} seconds.", gather("Press 1."), Pause(length=30)]

    @renders(looking)
    def say_one_moment(self):
        return "One moment."

    @background(looking, events={"found": {}})
    def look(self):
        return "found"

    @routable("/other")
    @renders(other)
    def say_other(self):
        return gather("Press 2.")

    @renders(over)
    def end(self):
        return Hangup()


@pytest.mark.parametrize("call", ["dial", "dial 1", "dial 1 .", "dial /other"])
def test_a_call_is_taken_over_wherever_it_is(call: str) -> None:
    """In a queue, while it is held, and at a question."""
    found = explored(TwoWays)
    target = edges_from(found, call)["go /other"].target
    assert target is not None
    assert found.nodes[target].conf == ("other",)
    assert found.nodes[target].waiting_for == "gather"
    assert not found.nodes[target].record.jobs


def test_how_long_a_caller_waits_makes_no_new_records() -> None:
    """What is said of the seconds in a queue is always the same, so the walk ends."""
    found = explored(TwoWays)
    assert found.is_exhausted
    assert "You have waited for 0 seconds." in found.nodes[0].script.text


def test_calls_with_something_of_their_own_are_not_what_others_are_taken_over_at() -> None:
    """Entries with sessions or parameters are dialled; takeovers bring nothing along."""
    entries = (
        Entry("/in"),
        Entry("/other", session={"who": "Ann"}),
        Entry("/other?x=1"),
        Entry("/other", parameters={"AnsweredBy": "human"}),
    )
    found = explored(TwoWays, entries=entries)
    dialled = [str(edge.move.step) for edge in found.edges if edge.source == START]
    assert dialled == [
        "dial",
        'dial /other \'{"session": {"who": "Ann"}}\'',
        "dial /other?x=1",
        'dial /other \'{"AnsweredBy": "human"}\'',
    ]
    taken = {edge.move.letter for edge in found.edges if edge.move.step.verb == "redirect"}
    assert taken == {"go /in"}
    ann = next(node for node in found.nodes if node.record.data)
    assert ann.record.data == {"who": "Ann"}


class Arrivals(CallFlow):
    """Its menu is no longer said when a call comes there for the tenth time."""

    menu = State(initial=True)
    hours = State(final=True)
    menu.to(hours, event=[key("1", say="For our hours, press 1."), "give_up"])

    @routable("/in", menu)
    def come_in(self):
        self.session["times"] = self.session.get("times", 0) + 1
        if self.session["times"] == 10:
            raise ValueError("ten times")

    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return ["Nine to five.", Hangup()]


def test_a_call_is_taken_over_again_and_again() -> None:
    """Each takeover has a URL that the call does not remember, and the call shows it as written."""
    report = check_flow(Arrivals)
    (raised,) = report.having("raises")
    takeovers = ["go /in", *(f"go /in?nonce={n}" for n in (2, 3, 4, 5, 6, 7, 8, 9))]
    assert raised.call == " ".join(["dial", *takeovers])
    with pytest.raises(ValueError, match="ten times"):
        make(Phone(Arrivals), raised)
    assert report.alphabet["takeovers"] == ("go /in",)


def make(phone: Phone, finding: Finding) -> None:
    """Make the call that shows a finding."""
    for step in finding.steps:
        step.apply(phone)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (Entry("in"), "write '/in'"),
        (Entry("/none", session={}), "no route of a flow"),
        (Entry("/ivr/fallback"), "nothing was stored of it"),
    ],
)
def test_an_entry_that_is_none_is_an_error(entry: Entry, message: str) -> None:
    """It is the author's, and no finding about the flow."""
    with pytest.raises(PhoneError, match=message):
        check_flow(Menu, entries=[entry])


def test_a_route_that_is_none_is_refused_as_twilio_would() -> None:
    """Nobody could call there."""
    (one,) = check_flow(Menu, entries=[Entry("/none")]).findings
    assert (one.code, one.call) == ("twiml-refused", "dial /none")
    assert "calls come in at /in" in one.message


# What is not the same twice


class CountingGreeting(Menu):
    """Says something else each time, as a service tells it."""

    def greeting(self) -> str:
        return str(next(self.services["numbers"]))


class CountingArrival(Menu):
    """Writes something else into the session of each call."""

    def come_in(self):
        self.session["number"] = next(self.services["numbers"])


@pytest.mark.parametrize("flow", [CountingGreeting, CountingArrival])
def test_what_depends_on_more_than_session_and_input_is_found(flow: type[CallFlow]) -> None:
    """Also where the call has just come in."""
    found = explored(flow, services={"numbers": itertools.count()}, max_records=30)
    assert troubles(found)[0] == (Trouble.UNSTABLE, "dial")


class LuckyWork(CallFlow):
    """Its callback for the result of work counts."""

    looking = State(initial=True)
    found = State(final=True)
    looking.to(found, event=["done", "background_failed"])

    @routable("/in")
    @renders(looking)
    def say_one_moment(self):
        return "One moment."

    @background(looking, events={"done": {}})
    def look(self):
        return "done"

    def on_done(self):
        self.session["number"] = next(self.services["numbers"])

    @renders(found)
    def say_found(self):
        return ["Found.", Hangup()]


def test_what_work_comes_to_has_one_result_as_well() -> None:
    """It is no webhook that comes twice; it is delivered twice to the same record."""
    found = explored(LuckyWork, services={"numbers": itertools.count()})
    assert (Trouble.UNSTABLE, "dial work done") in troubles(found)


class ForgetfulRendering(CallFlow):
    """Raises when it is heard again by a request that does not bring what the first one brought."""

    menu = State(initial=True)
    other = State()
    over = State(final=True)
    menu.to(other, event=key("1"))
    other.to(over, event=["digits", "give_up"])
    menu.to(over, event="give_up")

    @routable("/in")
    @renders(menu)
    def say_menu(self):
        return gather("Press 1.")

    @renders(other)
    def say_other(self):
        return gather(f"You pressed {self.call.parameters['Digits']}.", num_digits=2)

    @renders(over)
    def end(self):
        return Hangup()


def test_a_flow_that_raises_for_a_late_request_only_is_found() -> None:
    """The check goes on, and the call ends with ``late``."""
    found = explored(ForgetfulRendering)
    assert (Trouble.RAISED, "dial 1 late") in troubles(found)
    assert calls_to(found, "over")


# Where calls lead


class Elsewhere(Menu):
    """Hands the call to another application."""

    def say_hours(self):
        return Redirect("https://elsewhere.example/voice")


class AtOnce(Menu):
    """Hands every call to another application."""

    def say_menu(self):
        return Redirect("https://elsewhere.example/voice")


@pytest.mark.parametrize(("flow", "call"), [(Elsewhere, "dial 1"), (AtOnce, "dial")])
def test_nobody_follows_a_call_out_of_the_application(flow: type[CallFlow], call: str) -> None:
    """It is no error of the flow; but not everything was explored."""
    found = explored(flow)
    assert not found.incidents
    assert found.unfinished[0].startswith(f"{call}: https://elsewhere.example/voice is not below")


class Circle(Menu):
    """Two documents that lead to one another."""

    def say_hours(self):
        return document("<Response><Redirect>/in</Redirect></Response>")

    def say_menu(self):
        if self.call.status == "ringing":
            return gather("Press 1.")
        return document("<Response><Redirect>/ivr/turn?at=/in&amp;seq=0</Redirect></Response>")


def test_documents_that_lead_to_one_another_are_found() -> None:
    """Nobody gets to do anything any more."""
    found = explored(Circle)
    assert any(trouble is Trouble.CIRCLE for trouble, _ in troubles(found))


class Short(Menu):
    """Lets callers go after two turns."""

    max_turns = 2


def test_a_flow_that_lets_go_after_few_turns_is_explored_to_its_end() -> None:
    """Nothing lies behind the last turn."""
    found = explored(Short)
    assert found.is_exhausted
    assert not found.incidents
    assert calls_to(found, "hours") == ["dial 1"]
    assert max(node.record.turns for node in found.nodes) <= 3


class Growing(Menu):
    """Notes every turn."""

    def greeting(self) -> str:
        self.session["notes"] = [*self.session.get("notes", []), "x"]
        return "Hello."

    max_attempts = None


class Counter(Menu):
    """Counts turns, up to ``LIMIT``."""

    max_attempts = None
    LIMIT = 12

    def greeting(self) -> str:
        self.session["count"] = min(self.session.get("count", 0) + 1, self.LIMIT)
        return "Hello."


class Unbounded(Counter):
    """Counts turns without an end."""

    LIMIT = 10**9


def test_a_session_that_grows_is_found() -> None:
    """After a few turns, and what lies behind is not explored."""
    found = explored(Growing)
    ((trouble, call),) = [one for one in troubles(found) if one[0] is Trouble.GROWS]
    assert trouble is Trouble.GROWS
    assert call == "dial " + " ".join(["9"] * 8)
    assert found.unfinished == ("a session grows without an end",)


def test_a_counter_without_an_end_is_found_and_one_with_an_end_is_not() -> None:
    """The finite one is explored to its end; so is the other with the counter left out."""
    assert [one[0] for one in troubles(explored(Unbounded))] == [Trouble.GROWS]
    bounded = explored(Counter)
    assert bounded.is_exhausted
    assert not bounded.incidents
    left_out = explored(Unbounded, canonical=lambda session: None)
    assert left_out.is_exhausted
    assert not left_out.incidents


class Changing(Counter):
    """Keeps one word after the other."""

    def greeting(self) -> str:
        words = ["a", "long", "one", "short"]
        number = words.index(self.session.get("word", "short")) + 1
        self.session["word"] = words[number % len(words)]
        return "Hello."


def test_a_session_that_only_changes_does_not_grow() -> None:
    """It becomes shorter, too."""
    found = explored(Changing)
    assert found.is_exhausted
    assert not found.incidents


class Patient(Menu):
    """Lets callers be wrong as often as they like."""

    max_attempts = None


def test_a_flow_that_never_gives_up_is_explored_to_its_end() -> None:
    """Attempts that nobody asks for and that lead nowhere are all the same."""
    found = explored(Patient)
    assert found.is_exhausted
    assert max(node.record.attempts for node in found.nodes) == 0


class LongSuffering(CallFlow):
    """Lets go whoever was silent twenty times, and whoever was wrong thirty times."""

    max_attempts = None

    menu = State(initial=True)
    bye = State(final=True)
    menu.to(bye, event="no_input", cond="attempts >= 20")
    menu.to(bye, event="no_match", cond="is_hopeless")

    PATIENCE = 30

    @property
    def is_wronged(self) -> bool:
        return any(self.attempts >= number for number in [self.PATIENCE])

    def is_hopeless(self) -> bool:
        return self.is_wronged

    @routable("/in")
    @renders(menu)
    def say_menu(self):
        return gather("What is the code?")

    @renders(bye)
    def say_bye(self):
        return ["Goodbye.", Hangup()]


def test_attempts_are_told_apart_up_to_the_numbers_they_are_compared_with() -> None:
    """In guards, in methods, and in what stands inside these."""
    report = check_flow(LongSuffering)
    assert report.is_exhausted
    assert not report.having("one-sided-guard")
    assert not report.having("unreached-transition")


class Dialling(CallFlow):
    """Has a machine or a person pick up; only the record of the call knows which."""

    asking = State(initial=True)
    machine = State(final=True)
    person = State(final=True)
    asking.to(machine, event=[key("1"), "give_up"], cond="is_machine")
    asking.to(person, event=[key("1"), "give_up"])

    def is_machine(self) -> bool:
        return self.call.answered_by == "machine_start"

    @routable("/in")
    @renders(asking)
    def ask(self):
        return gather("Press 1.")

    @renders(machine)
    def say_to_machine(self):
        return ["Machine.", Hangup()]

    @renders(person)
    def say_to_person(self):
        return ["Person.", Hangup()]


def test_two_calls_that_only_twilio_tells_apart_are_two() -> None:
    """Who has picked up is no part of the session, and makes all the difference later on."""
    parameters = ({"AnsweredBy": "human"}, {"AnsweredBy": "machine_start"})
    entries = tuple(Entry("/in", parameters=one) for one in parameters)
    found = explored(Dialling, entries=entries)
    assert calls_to(found, "machine")[0] == 'dial \'{"AnsweredBy": "machine_start"}\' 1'
    assert calls_to(found, "person")[0] == 'dial \'{"AnsweredBy": "human"}\' 1'


class News(CallFlow):
    """Something comes from outside, after which the caller's key comes too late."""

    menu = State(initial=True)
    over = State(final=True)
    menu.to.itself(event="news")
    menu.to(over, event=[key("1"), "give_up"])

    @routable("/in")
    @renders(menu)
    def say_menu(self):
        return gather("Press 1.")

    @renders(over)
    def end(self):
        return Hangup()


def test_a_caller_who_hears_an_old_document_is_another_one() -> None:
    """The key is pressed at a question that is gone, so it only brings the present one."""
    found = explored(News, event_data={"news": {}})
    assert "dial deliver news 1" not in calls_to(found, "over")
    edge = edges_from(found, "dial deliver news")["1"]
    assert edge.target is not None
    assert found.nodes[edge.target].conf == ("menu",)
    assert found.is_exhausted


# Whole applications


def test_the_application_itself_lends_its_urls_and_services() -> None:
    """Its own services are seen by the flow, but no work is done with them."""
    done: list[str] = []
    real = Switchboard(
        LuckyWork,
        store=MemoryStore(),
        clock=SimulatedClock("2026-01-05T10:00"),
        services={"numbers": itertools.repeat(7), "done": done},
        base_url="https://shop.example",
        prefix="/calls",
    )
    real.name_path("logo", "/logo.png")
    found = explored(LuckyWork, like=real)
    assert "https://shop.example" in found.nodes[0].script.url
    assert "/calls/wait" in found.nodes[0].script.text
    assert [node.record.data for node in found.nodes if node.record.data] == [{"number": 7}]
    assert not done


def test_a_message_is_asked_for_even_when_the_caller_hangs_up() -> None:
    """Hanging up is a way to leave one."""

    class Voicemail(CallFlow):
        """Takes messages."""

        message = State(initial=True)
        thanks = State(final=True)
        message.to(thanks, event=["recorded", "give_up"])

        @routable("/in")
        @renders(message)
        def take(self):
            return Record()

        @renders(thanks)
        def thank(self):
            return ["Thank you.", Hangup()]

    found = explored(Voicemail)
    assert calls_to(found, "thanks")[:2] == ["dial record", "dial hangup"]


def test_two_flows_are_told_apart() -> None:
    """A call that is taken over by another flow's route is that flow's."""

    class Person(CallFlow):
        """Somebody answers."""

        talking = State(initial=True)
        talking_ended = State(final=True)
        talking.to(talking_ended, event="dial")

        @routable("/person")
        @renders(talking)
        def ring(self):
            return Dial("+12025550123")

        @renders(talking_ended)
        def end(self):
            return Hangup()

    found = explored(Menu, Person)
    assert found.is_exhausted
    assert set(found.entered) >= {("Menu", "menu"), ("Person", "talking")}
    target = edges_from(found, "dial")["go /person"].target
    assert target is not None
    assert found.nodes[target].flow is Person


class Secretive(CallFlow):
    """Asks for a PIN."""

    asking = State(initial=True)
    over = State(final=True)
    asking.to(over, event=["right", "give_up"])

    @routable("/in")
    @renders(asking)
    def ask(self):
        return gather("Your PIN, please.", num_digits=4)

    @on_input(asking, secret=True, examples=["1234"])
    def take(self, caller_input):
        if caller_input.digits != "1234":
            raise ValueError(f"wrong: {caller_input.digits}")
        return "right"

    @renders(over)
    def end(self):
        return Hangup()


def test_examples_of_secrets_are_tried_and_are_nobody_s_secrets() -> None:
    """What stands in a report are the author's own examples, and keys nobody has thought of."""
    report = check_flow(Secretive)
    assert {step.what for one in report.findings for step in one.steps if step.what} <= {
        "9",
        "9999",
        "*",
    }
    assert "dial 1234" in calls_to(report.found, "over")


def test_gather_without_action_is_not_lost() -> None:
    """Hand-made verbs get the turn's URL, so the walk goes on."""
    found = explored(
        type(
            "Handmade",
            (Menu,),
            {"say_menu": lambda self: Gather(num_digits=1)},
        )
    )
    assert "1" in moves_at(found, "dial")


# What nobody watches


def test_without_a_checker_nothing_is_watched() -> None:
    """A machine of a call as it is served has its engine's own methods."""
    assert watching.get() is None
    explored(Menu)
    assert watching.get() is None
    engine = vars(Menu(Context(Call(sid="CA1"), Session({}), Links(call_sid="CA1")))._engine)
    assert not {"microstep", "_conditions_match", "_add_state_to_configuration"} & set(engine)


def test_what_happens_is_taken_down_with_its_shortest_call() -> None:
    """States entered, transitions taken, and both answers of a guard."""
    found = explored(Hours)
    text = {state: " ".join(map(str, steps)) for (_, state), steps in found.entered.items()}
    assert text == {"menu": "dial", "person": "dial 1", "closed": "at 2026-01-05T17:00:00 dial 1"}
    assert len(found.taken) >= 3
    assert any(set(answers) == {True, False} for answers in found.guards.values())


class Survey(CallFlow):
    """Keeps the answers of a call, also when it is taken over and begins again."""

    question = State(initial=True)
    thanks = State(final=True)
    question.to(thanks, event=[key("1"), "give_up"])

    def on_enter_question(self):
        self.session["asked"] = [*self.session.get("asked", []), "often"]

    @routable("/in")
    @renders(question)
    def ask(self):
        return gather("To go on, press 1.")

    @renders(thanks)
    def thank(self):
        return ["Thank you.", Hangup()]


def test_takeovers_of_one_call_can_be_limited() -> None:
    """What grows with each of them has an end then; up to there all of it is tried."""
    assert not explored(Survey, max_records=60).is_exhausted
    for most in range(3):
        found = explored(Survey, max_takeovers=most)
        assert found.is_exhausted
        assert max(len(node.record.data["asked"]) for node in found.nodes) == most + 1
        assert not found.incidents
