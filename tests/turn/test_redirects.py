"""Callers who wait where somebody can ask Twilio to redirect them: they hear a result at once."""

from __future__ import annotations

import logging
import re
from dataclasses import replace

import pytest
from statemachine import State

from statechart_ivr import CallFlow, background, gather, key, on_input, renders, routable
from statechart_ivr.errors import RestError, StoreUnavailableError
from statechart_ivr.runners import InlineRunner

BASE = "https://ivr.example.com"


class Music(CallFlow):
    """Holds without a word of its own; one state has a rendering that says nothing."""

    looking_up = State(initial=True)
    told = State()
    looking_up.to(told, event="found")
    told.to(looking_up, event=key())

    @routable("/call")
    @renders(looking_up)
    def say_wait(self):
        return "One moment."

    @renders(looking_up, waiting=True)
    def say_nothing(self):
        return None

    @background(looking_up)
    def look_up(self):
        return "found"

    @renders(told)
    def tell(self):
        return gather("Found.")


@pytest.mark.parametrize("has_client", [True, False])
@pytest.mark.parametrize("has_music", [True, False])
def test_hold_music_needs_somebody_who_can_end_it(line, deferred, twilio, has_client, has_music):
    """Both the plugin, which knows the sound, and a client, which redirects the call."""
    call = line(Music, runner=deferred, client=twilio if has_client else None, base_url=BASE)
    if has_music:
        call.board.use_hold_music(lambda root: f"{root}/hold.mp3")
    call.dial()
    is_heard = f"<Play>{BASE}/hold.mp3</Play>" in call.xml
    assert is_heard == (has_client and has_music)
    assert ('<Pause length="1" />' in call.xml) == (not is_heard)
    call.poll()
    assert (f"<Play>{BASE}/hold.mp3</Play>" in call.xml) == is_heard


def test_with_a_client_the_call_is_told_at_once(looking, twilio):
    """At its wait URL, by the account it belongs to."""
    call = looking(client=twilio, base_url=BASE)
    call.poll(AccountSid="AC7")  # which is not kept, for a poll writes nothing
    call.change(call={**call.record.call, "account_sid": "AC7"})
    call.work()
    url = f"{BASE}/ivr/wait?at=%2Fcall&seq=3&wait=1"
    assert twilio.asked == [
        ("redirect", {"call_sid": "CA1", "url": url, "account_sid": "AC7"}),
    ]
    call.post(url)
    assert call.heard == ["Found nothing."]


@pytest.mark.parametrize("knows_call", [True, False])
def test_a_call_that_is_gone_is_nothing_to_complain_about(looking, twilio, caplog, knows_call):
    """It ended while its work was done."""
    twilio.knows_call = knows_call
    looking(client=twilio, base_url=BASE).work()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_redirect_that_fails_is_made_up_for_by_the_next_poll(looking, twilio, caplog):
    """The caller hears it some seconds later."""
    twilio.error = RestError("redirecting CA1 failed")
    call = looking(client=twilio, base_url=BASE)
    call.work()
    assert "the call is not redirected: redirecting CA1 failed" in caplog.text
    call.poll()
    assert call.heard == ["Found nothing."]


def test_a_redirect_needs_the_public_url(looking, twilio, caplog):
    """Without it the caller hears it at the next poll."""
    call = looking(client=twilio)
    call.work()
    assert "the call is not redirected: an absolute URL" in caplog.text
    assert twilio.asked == []


@pytest.mark.parametrize("meanwhile", ["heard", "ended", "lost"])
def test_a_redirect_that_comes_too_late_is_none(looking, twilio, meanwhile):
    """It would interrupt what the caller hears by now, a conversation maybe."""
    waiting = []
    call = looking(client=twilio, base_url=BASE)
    call.board.environment = replace(
        call.board.environment, call_back=lambda redirect, sid: waiting.append(redirect)
    )
    call.work()
    (redirect,) = waiting
    if meanwhile == "heard":
        call.poll()
    elif meanwhile == "ended":
        call.post("/ivr/status", CallStatus="completed")
    else:
        call.board.store.delete("CA1")
    redirect()
    assert twilio.asked == []


def test_a_redirect_that_cannot_look_first_is_none(looking, twilio, caplog):
    """The store went away meanwhile; the next poll will say it."""
    waiting = []
    call = looking(client=twilio, base_url=BASE)
    call.board.environment = replace(
        call.board.environment, call_back=lambda redirect, sid: waiting.append(redirect)
    )
    call.work()

    def refuse(call_sid):
        raise StoreUnavailableError("switched off")

    vars(call.board.store)["load"] = refuse
    waiting.pop()()
    assert "the call is not redirected: switched off" in caplog.text
    assert twilio.asked == []


def test_what_moves_and_says_nothing_redirects_nobody(looking, twilio):
    """There is nothing to come for."""
    call = looking(client=twilio, base_url=BASE)
    call.board.deliver("CA1", "no_match")
    assert twilio.asked == []


def test_a_redirect_says_that_a_secret_may_come(line, deferred, twilio):
    """It leads back to a question for one."""

    class Safe(CallFlow):
        pin = State(initial=True)
        pin.to(pin, event=["digits", "again"])

        @routable("/call")
        @renders(pin)
        def ask(self):
            return gather("Your PIN.")

        @on_input(pin, secret=True)
        def understand(self, caller_input):
            return "digits"

    call = line(Safe, runner=deferred, client=twilio, base_url=BASE)
    call.dial()
    call.board.deliver("CA1", "again")
    assert twilio.asked[0][1]["url"].endswith("/ivr/wait?at=%2Fcall&seq=2&wait=1&s=1")


def test_a_result_and_what_it_leads_to_redirect_in_that_order(line, twilio):
    """The call is pointed at the newest document last."""

    class Steps(CallFlow):
        menu = State(initial=True)
        first = State()
        second = State()
        menu.to(first, event="begin")
        first.to(second, event="one_done")
        second.to(menu, event=key())

        @routable("/call")
        @renders(menu)
        def ask(self):
            return gather("Menu.")

        @renders(first)
        def say_wait(self):
            return "One moment."

        @background(first)
        def one(self):
            return "one_done"

        @renders(second)
        def tell(self):
            return gather("Done.")

    call = line(Steps, runner=InlineRunner(), client=twilio, base_url=BASE)
    call.dial()
    call.board.deliver("CA1", "begin")
    urls = [options["url"] for _, options in twilio.asked]
    assert [re.findall(r"seq=(\d+)", url) for url in urls] == [["2"], ["3"]]


@pytest.mark.parametrize("returned", [None, "nothing"])
def test_work_that_leads_nowhere_is_told_at_once_too(line, deferred, twilio, returned):
    """Whoever hears music would hear it to its end, for nothing."""

    class InVain(Music):
        def look_up(self):
            return returned

    call = line(InVain, runner=deferred, client=twilio, base_url=BASE)
    call.dial()
    call.work()
    ((what, options),) = twilio.asked
    assert (what, options["call_sid"]) == ("redirect", "CA1")
    call.post(options["url"].removeprefix(BASE))
    assert call.heard == [CallFlow.apology]


def test_work_beside_a_question_interrupts_nobody(line, deferred, twilio):
    """The caller is not waiting for it."""

    class Asking(CallFlow):
        menu = State(initial=True)
        menu.to(menu, event=key())

        @routable("/call")
        @renders(menu)
        def ask(self):
            return gather("Menu.")

        @background(menu)
        def fetch(self):
            return None

    call = line(Asking, runner=deferred, client=twilio, base_url=BASE)
    call.dial()
    call.work()
    assert twilio.asked == []
