"""Hypothesis strategies: keys that callers press, and calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import Any

from statechart_ivr.checker.alphabet import Situation, moves
from statechart_ivr.checker.graph import Kind
from statechart_ivr.checker.line import silenced
from statechart_ivr.checker.notation import Step, written
from statechart_ivr.checker.playing import Flows, board_to_play
from statechart_ivr.errors import MissingExtraError
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.caller import Caller
from statechart_ivr.testing.guiding import Guide, LedCall, guide_for, options_for
from statechart_ivr.testing.listening import Gathering, finished
from statechart_ivr.testing.phone import Phone
from statechart_ivr.testing.rules import KEYS
from statechart_ivr.testing.transcript import MASK

try:
    from hypothesis import reject
    from hypothesis import strategies as st
except ImportError as error:
    raise MissingExtraError("statechart_ivr.testing.strategies", "testing") from error

#: How many moves a drawn call has beyond its goal, and how many keys are pressed, at most.
MOST_MOVES = 40
MOST_KEYS = 30

# The first is what examples shrink to; one in ten ends a call.
_GOES_ON = st.sampled_from([False] + [True] * 9)


class Keys(str):
    """Keys that are pressed one after the other, shown without those that may be a secret.

    Attributes:
        shown: how many of them, from the first on, may be shown.
    """

    __slots__ = ("shown",)
    shown: int

    def __repr__(self) -> str:
        is_all = self.shown >= len(self)
        return repr(str(self)) if is_all else repr(self[: self.shown] + MASK)


def keypad_sequences(flow: Flows, **options: Any) -> st.SearchStrategy[str]:
    """Return a strategy for keys that can all be pressed, one after the other, in one go.

    ``Phone(flow).dial().press(keys)`` never fails because nobody listens. They begin with those
    that lead to a goal, as in `calls`, and go on mostly with what the present state claims.

    Args:
        flow: a flow, or several of one application; the call comes in at the first of its entries.
        **options: as for `calls`.

    Returns:
        Text of at least one key; where no key can be pressed, nothing can be drawn.
    """
    told = options_for(flow, **options)
    return st.deferred(lambda: _keypad_sequences(guide_for(told)))


@st.composite
def _keypad_sequences(draw: st.DrawFn, guide: Guide) -> str:
    options, settings = guide.options, guide.options.settings
    board = board_to_play(
        options.flows, settings.at, settings.services, options.like, by_hand=False
    )
    entry = next(iter(settings.entries), None)
    with silenced():
        phone = Phone(board, strict=False)
        if entry is None:
            phone.dial()
        else:
            phone.dial(entry.path, session=entry.session, **entry.parameters)
        pressing = _Pressing(draw, board, phone, _leading_keys(guide, draw(goals_of(guide))))
        # What flow code raises is for whoever presses these keys in a test.
        with suppress(Exception):
            phone.press(pressing.keys())
    if not pressing.pressed:
        reject()
    keys = Keys("".join(pressing.pressed))
    keys.shown = pressing.shown
    return keys


def _leading_keys(guide: Guide, number: int) -> str:
    """Return the keys that lead towards a goal, as long as nothing but keys leads there."""
    steps = takewhile(lambda step: step.verb == "press", guide.goals[number][1:])
    return "".join(step.what for step in steps)


class _Pressing:
    """Draws keys while a phone asks for them.

    Attributes:
        pressed: so far.
        shown: how many of them may be shown.
    """

    def __init__(self, draw: st.DrawFn, board: Switchboard, phone: Phone, leading: str) -> None:
        self._leading = leading
        self._draw, self._board, self._phone = draw, board, phone
        self.pressed: list[str] = []
        self.shown = 0

    def keys(self) -> Iterator[str]:
        """Go through keys, each to be pressed before the next is asked for."""
        yield from self._pressing(self._leading)
        while heard := [key for key in KEYS if self._caller.is_heard(key)]:
            is_enough = len(self.pressed) >= MOST_KEYS
            if is_enough or (self.pressed and not self._draw(_GOES_ON)):
                return
            yield from self._pressing(self._draw(self._keys_for(heard)))

    def _pressing(self, keys: str) -> Iterator[str]:
        """Go through some keys, as far as they are heard, and take note of them."""
        for key in keys:
            if not self._caller.is_heard(key):
                return
            is_open = len(self.pressed) == self.shown
            if is_open and not self._caller.playback.asks_for_secret:
                self.shown += 1
            self.pressed.append(key)
            yield key

    @property
    def _caller(self) -> Caller:
        return self._phone.snapshot().caller

    def _keys_for(self, heard: Sequence[str]) -> st.SearchStrategy[str]:
        """Return a strategy for some keys: mostly those that mean something."""
        record, playback = self._board.peek(self._phone.call_sid), self._caller.playback
        some = st.sampled_from(heard)
        if record is None or not isinstance(playback.listening, Gathering):
            return some
        flow = self._board.environment.flows[record.flow]
        known = [
            move.step.what
            for move in moves(Situation(flow, record, playback))
            if move.kind is Kind.KEYS and not move.is_wrong
        ]
        return st.one_of(*[st.sampled_from(known)] * 3 * bool(known), some)


def calls(flow: Flows, **options: Any) -> st.SearchStrategy[str]:
    """Return a strategy for calls, in the notation: ``dial 2 . hangup``.

    A draw has a goal: a state, a transition, the answer of a guard, or where a short look round
    has come to. The call goes there by the shortest way, and on at random, mostly by what the
    present state claims; now and then by anything, or a request comes twice or late, or the store
    is away. Where background work is pending, the call says what it comes to.

    Args:
        flow: a flow, or several of one application.
        **options: ``services``, ``entries``, ``at``, ``event_data``, ``like``, ``max_records`` and
            ``max_seconds``, as for `~statechart_ivr.checker.check_flow`; the last two bound the
            look round.

    Returns:
        Text that `play` takes. A call that goes wrong ends with what it goes wrong at.
    """
    told = options_for(flow, **options)
    # Looking round takes a moment; it is done when the strategy is used first.
    return st.deferred(lambda: _calls(guide_for(told)))


@st.composite
def _calls(draw: st.DrawFn, guide: Guide) -> str:
    call = LedCall(guide)
    with call.at_hand(), silenced():
        error = None
        for step in guide.goals[draw(goals_of(guide))]:
            if error is not None or not call.can_take(step):
                break
            error = call.take(step)
        most = len(call.steps) + MOST_MOVES
        while error is None and len(call.steps) < most and not call.is_over and draw(_GOES_ON):
            error = call.take(draw(next_steps(call)))
        if error is None and call.leaves_work:
            call.take(draw(st.sampled_from(call.ordinary())))
    return written(call.steps)


def goals_of(guide: Guide) -> st.SearchStrategy[int]:
    """Return a strategy for the number of a goal: a state, every other time."""
    return st.one_of(
        st.integers(0, guide.states - 1),
        st.integers(0, len(guide.goals) - 1),
    )


def next_steps(call: LedCall) -> st.SearchStrategy[Step]:
    """Return a strategy for what happens next: mostly what the present state claims."""
    ordinary, everything = call.ordinary(), call.everything()
    ways = [st.sampled_from(ordinary)] * 6 * bool(ordinary)
    ways += [st.sampled_from(everything)] * bool(everything)
    ways += [st.sampled_from(call.mishaps())]
    if isinstance(listening := call.playback.listening, Gathering) and listening.takes_keys:
        ways.append(_anything(listening, is_secret=call.playback.asks_for_secret))
    return st.one_of(*ways)


def _anything(listening: Gathering, *, is_secret: bool) -> st.SearchStrategy[Step]:
    """Return a strategy for any keys; one, where several might be what is secret."""
    most = 1 if is_secret else 6
    some = st.text(KEYS, min_size=1, max_size=most)
    if not is_secret:
        some = some.map(lambda keys: finished(keys, listening) if len(keys) > 1 else keys)
    return some.map(lambda keys: Step("press", keys))
