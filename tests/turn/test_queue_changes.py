"""Queues while something changes: another region, the flow's next version, the store."""

from __future__ import annotations

import html
import re

import pytest
from statemachine import State
from twilio.twiml.voice_response import Enqueue, Hangup, Pause

from statechart_ivr import CallFlow, gather, key, on_input, renders, routable
from statechart_ivr.stores import MemoryStore

LEAVE = "<Response><Leave /></Response>"


class Regions(CallFlow):
    """Waits in one region, while another one has news."""

    class both(State.Parallel):
        class line(State.Compound):
            in_line = State(initial=True)
            helped = State()
            in_line.to(helped, event="queue")
            helped.to(in_line, event="again")

        class news(State.Compound):
            quiet = State(initial=True)
            told = State()
            closed = State()
            quiet.to(told, event=["tell", *key("1", "2")])
            told.to(quiet, event="hush")
            quiet.to(closed, event=["close", key("9")])
            closed.to(quiet, event="open_again")

    @routable("/call", both)
    @renders(both.line.in_line)
    def enqueue(self):
        return Enqueue("support")

    @renders(both.line.in_line, waiting=True)
    def announce(self):
        return gather("Wait.")

    @renders(both.line.helped)
    def ask(self):
        return gather("Anything else?")

    @renders(both.news.told)
    def say_news(self):
        return "News."

    @renders(both.news.closed)
    def say_closed(self):
        return "We close.", Hangup()


@pytest.fixture
def call(line):
    """A call in the queue of one region, its Enqueue's action kept as ``left``."""
    return enqueued(line(Regions))


def enqueued(call):
    """Have a call wait in its queue."""
    call.dial()
    call.left = call.action
    found = re.search(r'waitUrl="([^"]+)"', call.xml)
    assert found
    call.post(html.unescape(found[1]))
    return call


def test_what_another_region_says_is_heard_in_the_queue(call, twilio):
    """Once, in front of the wait document; nobody loses a place for it."""
    call.board.deliver("CA1", "tell")
    call.poll()
    assert call.heard == ["News.", "Wait."]
    first = call.xml
    assert call.record.unheard == []
    call.post("/ivr/wait?at=%2Fcall&seq=1&wait=2&q=1")
    assert call.xml == first
    call.poll()
    assert call.heard == ["Wait."]


def test_what_another_region_says_redirects_nobody(line, deferred, twilio):
    """Not out of a queue, where the next document says it."""
    base_url = "https://ivr.example.com"
    call = enqueued(line(Regions, runner=deferred, client=twilio, base_url=base_url))
    call.board.deliver("CA1", "tell")
    assert twilio.asked == []
    call.board.deliver("CA1", "hush")
    call.board.deliver("CA1", "close")
    assert len(twilio.asked) == 1


def test_a_key_for_another_region_is_heard_in_the_queue(call):
    """The caller stays; the same key press again gets the same bytes."""
    action = call.action
    call.press("1")
    assert call.heard == ["News.", "Wait."]
    first = call.xml
    assert call.post(action, Digits="1") == first
    assert call.record.seq == 1
    call.poll()
    assert call.heard == ["Wait."]


def test_a_key_by_which_another_region_ends_the_call_leaves_the_queue(call):
    """What leads on has to be heard outside."""
    call.press("9")
    assert call.xml.endswith(LEAVE)
    call.post(call.left, QueueResult="leave")
    assert call.heard == ["We close."]
    assert call.record.ended


class Before(CallFlow):
    """Has a queue; the next version may not."""

    in_line = State(initial=True)
    in_line.to(in_line, event=key("1"))

    @routable("/call")
    @renders(in_line)
    def enqueue(self):
        return Enqueue("support")

    @renders(in_line, waiting=True)
    def announce(self):
        return "Wait.", Pause(length=20)


class Moved(CallFlow):
    """Has a menu where there was a queue."""

    menu = State(initial=True)
    menu.to(menu, event=key("1"))

    @routable("/call")
    @renders(menu)
    def ask(self):
        return gather("Menu.")


class Silent(CallFlow):
    """Has the queue, and says nothing in it."""

    in_line = State(initial=True)
    in_line.to(in_line, event=key("1"))

    @routable("/call")
    @renders(in_line)
    def enqueue(self):
        return Enqueue("support")


def deploy(line, flow):
    """Return a call in its queue, answered by another version of its flow from now on."""
    store = MemoryStore()
    old = enqueued(line(Before, store=store))
    new = line(type("Before", (flow,), {}), store=store)
    new.left, new.xml = old.left, old.xml
    return new


def test_a_queue_that_a_deploy_removed_is_left(line, caplog):
    """Where its documents are played there is no menu; it is heard outside."""
    call = deploy(line, Moved)
    call.poll()
    assert call.xml.endswith(LEAVE)
    assert "the call leaves its queue" in caplog.text
    call.post(call.left, QueueResult="leave")
    assert call.heard == ["Menu."]


def test_a_queue_whose_words_a_deploy_removed_goes_on(line):
    """In silence: callers keep their places."""
    call = deploy(line, Silent)
    call.poll()
    assert '<Pause length="10" />' in call.xml
    call.poll()
    assert "wait=4" in call.xml


def test_a_queue_whose_session_is_lost_is_left(line):
    """The call starts again outside."""
    store = MemoryStore()
    call = enqueued(line(Before, store=store))
    store.delete("CA1")
    call.poll()
    assert call.xml.endswith(LEAVE)
    assert store.load("CA1") is None
    call.post(call.left, QueueResult="leave")
    assert "<Enqueue" in call.xml


def test_urls_of_a_queue_say_that_a_secret_may_come(line):
    """What is pressed there is kept out of URLs and logs like anywhere else."""

    class Line(CallFlow):
        in_line = State(initial=True)
        in_line.to(in_line, event="digits")

        @routable("/call")
        @renders(in_line)
        def enqueue(self):
            return Enqueue("support")

        @on_input(in_line, secret=True)
        def understand(self, caller_input):
            return "digits"

        @renders(in_line, waiting=True)
        def announce(self):
            return gather("Your PIN.")

    call = enqueued(line(Line))
    assert call.action == "/ivr/wait?at=%2Fcall&seq=1&wait=2&q=1&s=1"
