"""Keys and calls that are drawn: all of them can be made, and they reach what there is to reach."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from statemachine import State
from twilio.twiml.voice_response import Dial, Record

from examples.front_desk.flow import FrontDesk
from examples.proofs import PROOFS, Proof
from examples.weather_line.flow import WeatherLine
from statechart_ivr import CallFlow, gather, key, on_input, renders, routable, testing
from statechart_ivr.checker import Entry
from statechart_ivr.checker.notation import parse_call
from statechart_ivr.checker.playing import board_to_play
from statechart_ivr.checker.settings import Settings
from statechart_ivr.errors import ConfigurationError, MissingExtraError, PhoneError
from statechart_ivr.spec import CallFlowMeta
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing import Phone, calls, keypad_sequences, play, strategies
from statechart_ivr.testing.guiding import guide_for, options_for


def drawn(strategy: st.SearchStrategy[str], many: int = 40) -> list[str]:
    """Return what a strategy draws, the same every time."""
    found: list[str] = []

    @settings(max_examples=many, derandomize=True, deadline=None, database=None)
    @given(strategy)
    def draw(one: str) -> None:
        found.append(one)

    draw()
    return found


@pytest.mark.parametrize("proof", [one for one in PROOFS if str(one) != "Voicemail"], ids=str)
def test_all_keys_can_be_pressed(proof: Proof) -> None:
    """In one go, one after the other, on a phone that calls the same flow."""
    entry = proof.entries[0] if proof.entries else Entry("")
    for keys in drawn(keypad_sequences(proof.flows, entries=proof.entries), 15):
        call = Phone(proof.flows[0], strict=False)
        call.dial(entry.path, session=entry.session, **entry.parameters).press(keys)


def test_a_line_on_which_nobody_hears_keys_has_no_sequences() -> None:
    """There is nothing to be drawn."""

    class Ringing(CallFlow):
        ringing = State(initial=True, final=True)

        @routable("/in")
        @renders(ringing)
        def ring(self):
            return Dial("+12025550123")

    with pytest.raises(Unsatisfiable):
        drawn(keypad_sequences(Ringing))


class Message(CallFlow):
    """Takes a message, which any key may end; then somebody is called, and * hangs up on them."""

    speaking = State(initial=True)
    ringing = State()
    done = State(final=True)
    speaking.to(ringing, event="recorded")
    ringing.to(done, event="dial")

    @routable("/in")
    @renders(speaking)
    def record(self):
        return Record(finish_on_key="1*")

    @renders(ringing)
    def ring(self):
        return Dial("+12025550123", hangup_on_star=True)


def test_keys_end_messages_and_dials() -> None:
    """Where a key ends a Record, or * a Dial, it is pressed there."""
    found = drawn(keypad_sequences(Message))
    for keys in found:
        Phone(Message).dial().press(keys)
    assert any(keys.rstrip("*") != keys and len(keys) > 1 for keys in found)


def test_a_sequence_has_an_end() -> None:
    """Where keys could be pressed for ever, there are thirty and a few."""

    class Endless(CallFlow):
        max_turns = 1_000
        menu = State(initial=True)
        menu.to.itself(event=key())

        @routable("/in")
        @renders(menu)
        def ask(self):
            return gather("Press any key.")

    Endless.__name__ = "Endless"
    assert max(map(len, drawn(keypad_sequences(Endless), 60))) <= 36


PIN = "4711"


class Account(CallFlow):
    """Asks for a PIN, of four keys or in words."""

    menu = State(initial=True)
    pin = State()
    word = State()
    inside = State(final=True)
    menu.to(pin, event=key("1", say="For your account, press 1."))
    menu.to(word, event=key("2", say="To say it, press 2."))
    pin.to(inside, event="let_in")
    word.to(inside, event="let_in")

    @routable("/in")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(pin)
    def ask(self):
        return gather("Your PIN, then pound.", num_digits=None)

    @renders(word)
    def ask_word(self):
        return gather("Your word.", input="speech")

    @on_input(pin, secret=True, examples=["0000", PIN])
    def take(self, caller_input):
        return "let_in" if caller_input.digits == PIN else "no_match"

    @on_input(word, secret=True, examples=["open sesame"])
    def take_word(self, caller_input):
        return "let_in"


def test_secrets_are_not_written_down() -> None:
    """A call names the example; keys are shown up to where one may be a secret."""
    lines = drawn(calls(Account))
    assert "dial 1 example pin.2" in lines
    assert "dial 2 example word.1" in lines
    assert not any(PIN in line or "sesame" in line for line in lines)
    sequences = [keys for keys in drawn(keypad_sequences(Account)) if PIN in keys]
    assert sequences
    assert {repr(keys)[:2] for keys in sequences} <= {"'1", "'2", *[f"'{n}" for n in "0345689*#7"]}
    assert not any(PIN in repr(keys) for keys in sequences)


def test_examples_are_entered_by_number() -> None:
    """Keys are pressed with the one that ends them, words are said; there is no third."""
    assert play(Account, "dial 1 example pin.2").ended
    assert play(Account, "dial 2 example word.1").ended
    with pytest.raises(PhoneError, match="no example 3 of a handler in pin"):
        play(Account, "dial 1 example pin.3")
    with pytest.raises(PhoneError, match="the call is over"):
        play(Account, "dial 1 hangup example pin.1")


def test_an_outage_is_over_soon() -> None:
    """The caller hears one moment, and what was pressed counts."""
    call = play(FrontDesk, "dial outage 1")
    assert "One moment, please." in call.heard
    assert call.state == "opening_hours"
    same = Phone(FrontDesk).dial().outage().press("1")
    assert same.heard == call.heard


def test_an_outage_spares_status_callbacks() -> None:
    """Who hangs up meanwhile asks for no document."""
    assert play(FrontDesk, "dial outage hangup").ended


def test_a_store_of_somebody_else_has_no_outage() -> None:
    """Only those take part that the phone, or the explorer, has opened."""
    board = Switchboard(FrontDesk, store=MemoryStore(), base_url="https://phone.example")
    with pytest.raises(PhoneError, match="a store of its own"):
        Phone(board).dial().outage()


def test_work_is_told_where_it_is_pending() -> None:
    """So a call is the same when it is played: nothing does itself that is left to the call."""
    lines = drawn(calls(WeatherLine))
    assert any(" work " in line for line in lines)
    for line in lines:
        record = None if "work" in line else play(WeatherLine, line, by_hand=True, strict=False)
        assert record is None or record.state != "looking_up"


def test_a_flow_too_large_is_led_to_where_the_walk_has_come() -> None:
    """Calls go on from the frontier."""
    few = drawn(calls(FrontDesk, max_records=10), 100)
    assert max(len(parse_call(line)) for line in few) > 4


def test_a_call_needs_a_flow() -> None:
    """None is no flow."""
    with pytest.raises(ConfigurationError, match="needs a flow"):
        play((), "dial")


def test_a_call_says_when_it_comes_in() -> None:
    """At night the line is closed."""
    assert play(FrontDesk, "at 2026-01-05T22:00 dial").states == ["voicemail"]


TURNS = {"": "36", "3": "14", "6": "79", "31": "25", "34": "80", "67": "19", "69": "53"}


def tree() -> type[CallFlow]:
    """Return fifteen states in four levels; each question has two keys, and paying is a leaf."""
    states = {
        way: State(initial=not way, final=way not in TURNS)
        for way in [*TURNS, *(way + one for way in TURNS for one in TURNS[way] if len(way) == 2)]
    }
    for way, keys in TURNS.items():
        for one in keys:
            states[way].to(states[way + one], event=key(one, say=f"Press {one}."))
    names = {way: "paying" if way == "695" else f"at_{way or 'root'}" for way in states}
    body: dict[str, Any] = {names[way]: state for way, state in states.items()}
    for way, state in states.items():
        asks = way in TURNS
        body[f"say_{names[way]}"] = renders(state)(
            (lambda self: gather(*self.choices())) if asks else (lambda self: "Thanks.")
        )
    body["come_in"] = routable("/in", states[""])(lambda self: None)
    return cast("type[CallFlow]", CallFlowMeta("Tree", (CallFlow,), body))


def pays(flow: type[CallFlow], keys: str) -> bool:
    """Return whether keys lead to the paying state, as far as somebody listens."""
    call = Phone(flow).dial()
    for one in keys:
        if call.ended:
            break
        call.press(one)
    return call.states == ["paying"]


def test_guided_keys_reach_what_uniform_ones_do_not() -> None:
    """In fifteen states, where three wrong keys end the call."""
    flow = tree()
    assert len(flow.states_map) == 15
    uniform = st.text("0123456789*#", min_size=3, max_size=30)
    by_chance = sum(pays(flow, keys) for keys in drawn(uniform, 100))
    guided = sum(pays(flow, keys) for keys in drawn(keypad_sequences(flow), 100))
    led = sum("6 9 5" in line for line in drawn(calls(flow), 100))
    assert by_chance <= 2
    assert guided >= 8
    assert led  # a call that is over when it comes there is drawn once


@pytest.mark.parametrize("name", ["strategies", "case"])
def test_hypothesis_is_an_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is not installed, the error says what to type."""
    module = f"statechart_ivr.testing.{name}"
    importlib.import_module(module)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, module)
    wanted = {"strategies": "calls", "case": "flow_test_case"}[name]
    with pytest.raises(MissingExtraError, match=r"pip install 'statechart-ivr\[testing\]'"):
        getattr(testing, wanted)


def test_there_is_nothing_else() -> None:
    """A name that is not there is an ordinary mistake."""
    with pytest.raises(AttributeError, match="no attribute 'cals'"):
        testing.cals  # noqa: B018


@pytest.mark.parametrize(
    ("flow", "goal", "begins"),
    [
        (FrontDesk, "dial 1 say nothing 2", "dial 1"),
        (Account, "dial 2 hangup 1", "dial 2 hangup"),
    ],
)
def test_a_goal_that_is_out_of_reach_is_given_up(
    flow: type[CallFlow], goal: str, begins: str
) -> None:
    """The call goes on from where it is."""
    guide = replace(guide_for(options_for(flow)), goals=(tuple(parse_call(goal)),), states=1)
    for line in drawn(strategies._calls(guide), 10):
        assert line.startswith(begins)
        assert "nothing" not in line


def test_keys_towards_a_goal_are_pressed_as_far_as_they_are_heard() -> None:
    """What comes after the end of a call is left out."""
    board = board_to_play(Account, Settings().at, None, None, by_hand=False)
    phone = Phone(board).dial()
    pressing = strategies._Pressing(lambda _: False, board, phone, "14711#99")
    phone.press(pressing.keys())
    assert ("".join(pressing.pressed), pressing.shown) == ("14711#", 1)
