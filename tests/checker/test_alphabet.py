"""What can happen in a call: a table of what is tried where."""

from __future__ import annotations

from typing import Any

import pytest
from statemachine import State
from twilio.twiml.voice_response import (
    Connect,
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    Refer,
)

from statechart_ivr import (
    PASS,
    CallFlow,
    background,
    document,
    gather,
    key,
    on_input,
    renders,
    routable,
    said,
)
from statechart_ivr.checker.alphabet import Situation, moves
from statechart_ivr.testing import Phone
from tests.checker.flows import edges_from, explored, moves_at

QUEUE = "queue.bridged queue.bridging_in_process queue.error queue.leave"
QUEUE += " queue.queue_full queue.system_error"
DIAL = "dial.completed dial.unbridged dial.answered dial.busy dial.no_answer dial.failed "
DIAL += "dial.canceled"
PAY = document("<Response><Pay/></Response>")


class Base(CallFlow):
    """Says one thing, ``SAYS``, and takes whatever comes of it."""

    SAYS: Any = None

    def say(self) -> Any:
        return self.SAYS


def saying(what: Any, *events: Any) -> type[CallFlow]:
    """Return a flow that says one thing; some events end it, and everything else does, too."""

    class Saying(Base):
        SAYS = what
        asking = State(initial=True)
        over = State(final=True)
        for one in (*events, "give_up", "dial", "queue", "recorded", "pay", "connect", "refer"):
            asking.to(over, event=one)

        @routable("/in")
        @renders(asking)
        def ask(self):
            return self.say()

        @renders(over)
        def end(self):
            return Hangup()

    return Saying


MENU = gather("For one, press 1.")
TABLE = {
    "a Gather of one key": (MENU, [key("1")], "1 9 * ."),
    "with * declared": (MENU, [*key("1", "*")], "1 * 9 ."),
    "with every key declared": (MENU, [*key(*"0123456789")], "0 1 2 3 4 5 6 7 8 9 * ."),
    "a Gather of four keys": (gather("Code.", num_digits=4), ["digits"], "9 9999 * ."),
    "a Gather up to #": (
        gather("Number.", num_digits=None, finish_on_key="#"),
        ["digits"],
        "9 9999# * .",
    ),
    "a Gather that nothing but silence ends": (
        Gather(finish_on_key=""),
        ["digits"],
        "9 9999 * .",
    ),
    "words alone": (Gather(input="speech"), [said("yes")], "say yes|say 'mumble mumble'|."),
    "keys and words": (
        Gather(input="dtmf speech", num_digits=1),
        [key("1"), said("opening hours")],
        "1|9|*|say 'opening hours'|say 'mumble mumble'|.",
    ),
    "a Record": (Record(), [], "record ."),
    "a Dial": (
        Dial("+12025550123"),
        [],
        DIAL,
    ),
    "an Enqueue": (Enqueue("support"), [], QUEUE),
    "a Pay": (PAY, ["pay.payment_connector_error"], "pay.success pay.payment_connector_error"),
    "a Connect": (Connect(), [], "connect"),
    "a Refer": (Refer(), [], "refer.completed refer.failed"),
    "music without an end": (Play("https://example.com/a.mp3", loop=0), [], ""),
}


@pytest.mark.parametrize("where", TABLE)
def test_what_is_tried(where: str) -> None:
    """What the caller does, then what others do; and hanging up and a takeover everywhere."""
    what, events, tried = TABLE[where]
    found = explored(saying(what, *events))
    split = tried.split("|" if "|" in tried else None)
    assert moves_at(found, "dial") == [*split, "hangup", "go /in"]


def test_a_claim_on_every_key_leaves_no_wrong_ones() -> None:
    """``key`` takes whatever is pressed; a menu of one key takes that one."""
    for events, wrong in ([key()], []), ([key("1")], ["9", "*"]):
        edges = edges_from(explored(saying(MENU, *events)), "dial")
        assert [text for text, edge in edges.items() if edge.move.is_wrong] == wrong


def test_a_claim_on_every_word_leaves_no_wrong_ones() -> None:
    """``speech`` takes whatever is said."""
    for event, wrong in ("speech", []), (said("yes"), ["say 'mumble mumble'"]):
        edges = edges_from(explored(saying(Gather(input="speech"), event)), "dial")
        assert [text for text, edge in edges.items() if edge.move.is_wrong] == wrong


class Asking(CallFlow):
    """Has a handler with examples of all kinds."""

    asking = State(initial=True)
    over = State(final=True)
    asking.to(over, event=["order_entered", "give_up"])

    @routable("/in")
    @renders(asking)
    def ask(self):
        return Gather(input="dtmf speech", num_digits=4, finish_on_key="#")

    @on_input(asking, examples=["123456", "12", "9#9", "my order", ""])
    def take(self, caller_input):
        return "order_entered" if caller_input.digits else PASS

    @renders(over)
    def end(self):
        return Hangup()


def test_examples_are_tried_as_far_as_the_gather_takes_them() -> None:
    """Keys behind the end of an input would go to the next question; words are said."""
    assert moves_at(explored(Asking), "dial") == [
        "1234", "12#", "9#", "8", "8888", "*", "say 'my order'", "say 'mumble mumble'", ".",
        "hangup", "go /in",
    ]  # fmt: skip


class Waiting(CallFlow):
    """A queue that callers can leave with a key, and a look-up during which keys count."""

    queueing = State(initial=True)
    looking = State()
    over = State(final=True)
    queueing.to(looking, event=key("1"))
    queueing.to(over, event="queue")
    looking.to(over, event=[key("2"), "found", "background_failed"])

    @routable("/in")
    @renders(queueing)
    def enqueue(self):
        return Enqueue("support")

    @renders(queueing, waiting=True)
    def wait_in_queue(self):
        return [gather("To have it looked up, press 1."), Pause(length=20)]

    @renders(looking)
    def say_one_moment(self):
        return "One moment."

    @renders(looking, waiting=True)
    def wait_for_result(self):
        return gather("To give up, press 2.")

    @background(looking, events={"found": {}})
    def look(self):
        return "found"

    @renders(over)
    def end(self):
        return Hangup()


def test_keys_are_tried_in_wait_documents_and_so_is_how_the_queue_ends() -> None:
    """Somebody may take the caller out while a prompt asks for a key."""
    found = explored(Waiting)
    assert moves_at(found, "dial") == ["1", "9", "*", ".", *QUEUE.split(), "hangup", "go /in"]


def test_a_caller_in_a_queue_hears_one_document_after_the_other() -> None:
    """Nobody knows by the next one how long it took."""
    edge = edges_from(explored(Waiting), "dial")["."]
    assert edge.target == edge.source


def test_a_caller_who_is_held_waits_or_hears_what_work_comes_to() -> None:
    """Background work comes to what it declares, or fails; and keys count meanwhile."""
    found = explored(Waiting)
    work = ["work found", "work background_failed"]
    assert moves_at(found, "dial 1") == [*work, "2", "9", "*", ".", "hangup", "go /in"]
    assert found.is_exhausted


def test_events_from_outside_are_tried_with_their_data() -> None:
    """Those that the author names; what background work ends with is its own affair."""
    found = explored(Waiting, event_data={"agent_ready": {"name": "Ann"}, "found": {"what": 1}})
    assert 'deliver agent_ready \'{"name": "Ann"}\'' in moves_at(found, "dial")
    assert moves_at(found, "dial 1")[0] == "work found '{\"what\": 1}'"
    assert not any("deliver found" in move for move in moves_at(found, "dial 1"))


def test_nobody_does_anything_before_the_call_and_after_it() -> None:
    """There is nothing that a caller could do, and nobody who could take the call over."""
    call = Phone(Waiting, by_hand=True)
    before = call.snapshot().caller.playback
    record = explored(Waiting).nodes[0].record
    after = call.dial().hang_up().snapshot().caller.playback
    for playback in (before, after):
        assert moves(Situation(Waiting, record, playback, ("/in",), {"news": {}})) == []


def test_when_the_call_is_over_work_ends() -> None:
    """There is nobody to do anything; only background work goes on to its end."""
    found = explored(Waiting)
    over = [
        str(edge.move.step)
        for node in found.nodes
        if node.is_over
        for edge in found.out.get(node.index, ())
    ]
    assert over == ["work found", "work background_failed"]
