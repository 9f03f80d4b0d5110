"""When two records are one: each field of the record, and what the caller hears just then."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from statemachine import State
from twilio.twiml.voice_response import Enqueue, Hangup

from statechart_ivr import CallFlow, background, gather, key, renders, routable
from statechart_ivr.checker.identity import identity, plain
from statechart_ivr.record import Job, LastAnswer, Record
from statechart_ivr.testing import Phone
from statechart_ivr.testing.playback import Playback

CALL = {"sid": "CA1", "answered_by": "human"}
JOB = Job("1", "look_up", "looking", {"order": "1"}, 60.0, 30.0)
UNHEARD = ("menu", '<Say url="/ivr/turn?seq=1">Hello.</Say>')
RECORD = Record("Shop", "/in", CALL, conf=["menu"], jobs=[JOB], unheard=[UNHEARD])

#: Each field of a record: another value that makes another call of it.
COUNTS: dict[str, Any] = {
    "flow": "Other",
    "entry": "/other",
    "call": {**CALL, "answered_by": "machine_start"},
    "conf": ["hours"],
    "hist": {"back": ["menu"]},
    "data": {"order": "1"},
    "lang": "de",
    "attempts": 1,
    "asking": ["menu"],
    "unheard": [("menu", "<Say>Goodbye.</Say>")],
    "jobs": [replace(JOB, data={"order": "2"})],
    "ended": True,
}
#: … and another one that does not.
COUNTS_NOT: dict[str, Any] = {
    "seq": 5,
    "turns": 7,
    "entry_keys": ["a"],
    "answer": LastAnswer("token", "key", "<Response/>"),
    "seen": ["b"],
}


class Caller(CallFlow):
    """A menu, a queue, and a look-up."""

    menu = State(initial=True)
    queueing = State()
    looking = State()
    over = State(final=True)
    menu.to(queueing, event=key("1"))
    menu.to(looking, event=key("2"))
    menu.to(over, event="give_up")
    queueing.to(over, event=["queue.leave", "queue.bridged", "later"])
    looking.to(over, event=["found", "background_failed"])

    @routable("/in")
    @renders(menu)
    def say_menu(self):
        return gather("To wait, press 1.")

    @renders(queueing)
    def enqueue(self):
        return Enqueue("support")

    @renders(queueing, waiting=True)
    def wait(self):
        return "Please wait."

    @renders(looking)
    def say_one_moment(self):
        return "One moment."

    @background(looking, events=["found"])
    def look(self):
        return "found"

    @renders(over)
    def end(self):
        return Hangup()


def calling(*steps: str) -> Phone:
    """Return a call in which some keys were pressed, or nothing was done."""
    call = Phone(Caller, by_hand=True).dial()
    for one in steps:
        call = call.wait() if one == "." else call.press(one)
    return call


def playback_of(call: Phone) -> Playback:
    """Return what is played."""
    return call.snapshot().caller.playback


def of(record: Record = RECORD, *, call: Phone | None = None, said: object = ()) -> object:
    """Return the identity of a record in a call."""
    return identity(record, playback_of(call or calling()), said, lambda session: session)


def test_every_field_of_a_record_is_decided_about() -> None:
    """A new one has to be, too."""
    assert {one.name for one in fields(Record)} == {*COUNTS, *COUNTS_NOT}


@pytest.mark.parametrize("name", COUNTS)
def test_what_counts(name: str) -> None:
    """Whatever flow code can see, and whatever the next answer depends on."""
    assert of(replace(RECORD, **{name: COUNTS[name]})) != of()


@pytest.mark.parametrize("name", COUNTS_NOT)
def test_what_does_not_count(name: str) -> None:
    """How the call came here, and by what requests are known that come twice."""
    call = calling()
    other = replace(RECORD, **{name: COUNTS_NOT[name]})
    assert of(replace(other, seq=1), call=call) == of(replace(RECORD, seq=1), call=call)


def test_ids_and_times_of_jobs_do_not_count() -> None:
    """Two calls that wait for the same are the same, whenever they began to."""
    other = replace(JOB, id="2", deadline=90.0, lease=60.0)
    assert of(replace(RECORD, jobs=[other])) == of()


def test_the_order_of_jobs_does_not_count() -> None:
    """They go on side by side."""
    other = replace(JOB, method="other")
    assert of(replace(RECORD, jobs=[JOB, other])) == of(replace(RECORD, jobs=[other, JOB]))


def test_numbers_in_what_is_unheard_do_not_count() -> None:
    """Its URLs are made when it is said."""
    later = ("menu", UNHEARD[1].replace("seq=1", "seq=7"))
    assert of(replace(RECORD, unheard=[later])) == of()


def test_what_guards_say_counts() -> None:
    """The same record at another time of the day goes on in another way."""
    assert of(said=(True,)) != of(said=(False,))


def test_the_author_says_what_counts_of_a_session() -> None:
    """A counter can be left out."""
    playback = playback_of(calling())

    def named(session: dict[str, Any]) -> object:
        return session.get("name")

    one, two, other = (
        identity(replace(RECORD, data=data), playback, (), named)
        for data in ({"name": "a", "n": 1}, {"name": "a", "n": 2}, {"name": "b", "n": 1})
    )
    assert one == two != other


def test_what_is_played_counts() -> None:
    """Two records alike, one caller at the menu, and one in a queue."""
    assert of(call=calling()) != of(call=calling("1"))
    assert of(call=calling("1")) == of(call=calling("1", "."))


def test_a_document_that_is_not_the_present_one_counts() -> None:
    """What answers it comes late."""
    call = calling()
    now, later = (of(replace(RECORD, seq=seq), call=call) for seq in (1, 2))
    assert now != later
    assert later == of(replace(RECORD, seq=3), call=call)


def test_how_the_call_ended_counts() -> None:
    """A caller who hangs up is told from one who is hung up on."""
    one = calling().hang_up()
    other = calling(*"99").press("9")
    assert of(call=one) != of(call=other)


def test_a_held_caller_is_told_from_one_who_hears_the_same() -> None:
    """The next wait document is another one while pauses grow longer."""
    held = [calling("2", *["."] * count) for count in range(7)]
    found = [of(call=call) for call in held]
    assert found[0] != found[1]
    assert found[-1] == found[-2]


@pytest.mark.parametrize(
    ("text", "seq", "shown"),
    [
        ("/ivr/turn?at=%2Fin&amp;seq=3", 3, "/ivr/turn?at=%2Fin&amp;seq="),
        ("/ivr/turn?at=%2Fin&amp;seq=3", 4, "/ivr/turn?at=%2Fin&amp;seq=late"),
        ("/ivr/wait?seq=3&wait=17&again=2", 3, "/ivr/wait?seq=&wait=&again="),
        ("Your order is 17.", 3, "Your order is 17."),
    ],
)
def test_numbers_of_documents_are_left_out(text: str, seq: int, shown: str) -> None:
    """What the caller hears stays as it is."""
    assert plain(text, seq) == shown
