"""What a list of calls covers: each is made, and watched as the explorer's own are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from statechart_ivr.checker.check import check_flow
from statechart_ivr.checker.coverage import Coverage, coverage_of
from statechart_ivr.checker.graph import Exploration
from statechart_ivr.checker.line import silenced
from statechart_ivr.checker.live import CALL_SID, LiveCall
from statechart_ivr.checker.moments import Calendar
from statechart_ivr.checker.notation import Step, parse_call
from statechart_ivr.checker.seen import (
    Seen,
    What,
    done_keys,
    guard_key,
    leaves_of,
    taken_keys,
)
from statechart_ivr.checker.settings import Settings
from statechart_ivr.checker.sounds import board_with_sounds
from statechart_ivr.checker.veil import is_secret
from statechart_ivr.clock import as_moment
from statechart_ivr.errors import PhoneError
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.line import DEFAULT_MOMENT
from statechart_ivr.web import IvrApp

#: How often background work may start again before anything else happens.
_MOST_WORK = 100
#: What a caller enters.
_INPUT = frozenset({"press", "say"})


def coverage_of_calls(
    flow: type[CallFlow] | Sequence[type[CallFlow]],
    calls: Iterable[str],
    *,
    known: Exploration | None = None,
    services: Mapping[str, Any] | None = None,
    at: datetime | str = DEFAULT_MOMENT,
    event_data: Mapping[str, Mapping[str, Any]] | None = None,
    like: Switchboard | IvrApp | None = None,
    sounds: str | os.PathLike[str] | None = None,
    mount_path: str = "/static",
    **options: Any,
) -> Coverage:
    """Make calls, and return what they cover.

    What there is to cover, and the call that comes nearest to what they leave out, is known from
    an exploration, which is made unless it is passed. Background work is done as
    `~statechart_ivr.checker.check_flow` does it: with services, unless a call says itself what it
    comes to.

    Args:
        flow: or several of one application.
        calls: in the notation.
        known: an exploration of the same flows: ``check_flow(Flow).found``.
        services: as for ``check_flow``.
        at: when calls come in that do not say so.
        event_data: as for ``check_flow``.
        like: as for ``check_flow``.
        sounds: as for ``check_flow``.
        mount_path: as for ``check_flow``.
        **options: more for ``check_flow``.

    Raises:
        NotationError: a call cannot be read.
    """
    flows = (flow,) if isinstance(flow, type) else tuple(flow)
    read = [(call, parse_call(call)) for call in calls]
    if sounds is not None and like is None:
        like = board_with_sounds(flows, sounds, mount_path)
    settings = Settings(services=services, at=as_moment(at), event_data=event_data or {})
    if known is None:
        known = check_flow(
            *flows, services=services, at=at, event_data=event_data, like=like, **options
        ).found
    with silenced():
        player = _Player(LiveCall(flows, settings, Calendar(settings.at), like), settings)
        with player.live.at_hand():
            for call, steps in read:
                player.play(call, steps)
    made = coverage_of(known, player.seen)
    return replace(
        made, broken=tuple(player.broken), calls=len(read), secrets=frozenset(player.secrets)
    )


class _Player:
    """Makes one call after the other.

    Args:
        live: the call under its hands.
        settings: what it is made with.

    Attributes:
        live: the same.
        seen: what the calls did.
        broken: calls that could not be made, and why.
        secrets: what was entered where a secret may be.
    """

    def __init__(self, live: LiveCall, settings: Settings) -> None:
        self.live, self._settings = live, settings
        self._nobody = live.nobody()
        flows = live.board.flows
        self._may_ask_for_secrets = any(is_secret(one, spec_of(one).handlers) for one in flows)
        self.seen: Seen = {}
        self.broken: list[tuple[str, str]] = []
        self.secrets: set[str] = set()

    def play(self, call: str, steps: Sequence[Step]) -> None:
        """Make a call, as far as it can be made."""
        self.live.go_to(self._settings.at, self._nobody)
        works = self._settings.services is not None and not any(
            step.verb == "work" for step in steps
        )
        for number, step in enumerate(steps, 1):
            error = self._do(step, tuple(steps[:number]))
            if error is not None:
                what = str(error) if isinstance(error, PhoneError) else _named(error)
                self.broken.append((call, f"step {number} of {len(steps)}: {what}"))
                if self._may_ask_for_secrets:  # nobody knows where the rest would have been entered
                    self.secrets |= {one.what for one in steps[number - 1 :] if one.verb in _INPUT}
                return
            if works and step.verb != "at":
                self._do_work(tuple(steps[:number]))

    def _do(self, step: Step, steps: tuple[Step, ...]) -> Exception | None:
        if self.live.board.peek(CALL_SID) is not None:
            live, waiting_for = self.live, self.live.phone.waiting_for
            keys = list(done_keys(live.flow, live.record, waiting_for, step))
            if step.verb in _INPUT and is_secret(live.flow, live.record.conf):
                self.secrets.add(step.what)
        else:
            keys = []
        self.live.observer.begin()
        error = self.live.apply(step)
        if step.verb == "retry" and error is None:
            leaves = leaves_of(self.live.flow, self.live.record)
            keys += [(What.RETRY, self.live.flow.__name__, leaf, "") for leaf in leaves]
        if type(error) is not PhoneError:
            self._take_down(keys, steps)
        return error

    def _take_down(self, keys: list[Any], steps: tuple[Step, ...]) -> None:
        """Keep what happened, with the call up to here."""
        if self.live.board.peek(CALL_SID) is not None:
            flow, observer = self.live.flow, self.live.observer
            keys += [(What.STATE, flow.__name__, one.id, "") for one in observer.entered]
            for transition, event in observer.taken:
                keys += taken_keys(flow, transition, event)
            for transition, answer in observer.guards:
                keys.append(guard_key(flow, transition, answer=answer))
        for key in keys:
            self.seen.setdefault(key, steps)

    def _do_work(self, steps: tuple[Step, ...]) -> None:
        """Do what waits in the background, as the services have it."""
        for _ in range(_MOST_WORK):
            moves = self.live.workshop.moves(self.live.flow, self.live.record)
            move = next(moves, None)
            if move is None:
                return
            self._do(move.step, steps)


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
