"""`check_flow`: explore a flow, and say what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from statechart_ivr.checker.budgets import budgets
from statechart_ivr.checker.documents import documents
from statechart_ivr.checker.endings import endings
from statechart_ivr.checker.explore import explore
from statechart_ivr.checker.faults import faults
from statechart_ivr.checker.findings import Finding, in_order
from statechart_ivr.checker.graph import Exploration
from statechart_ivr.checker.inputs import inputs
from statechart_ivr.checker.prompts import prompts
from statechart_ivr.checker.reach import unreached
from statechart_ivr.checker.report import Report
from statechart_ivr.checker.settings import Entry, Limits, Progress, Settings
from statechart_ivr.checker.sounds import board_with_sounds, measured_by, missing_sounds, shelf_of
from statechart_ivr.checker.wrong_keys import wrong_keys
from statechart_ivr.clock import as_moment
from statechart_ivr.errors import ConfigurationError
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.line import DEFAULT_MOMENT
from statechart_ivr.web import IvrApp

Detector = Callable[[Exploration, Limits], Iterator[Finding]]

#: What looks at an exploration, each for something else.
DETECTORS: tuple[Detector, ...] = (
    lambda found, _: faults(found),
    lambda found, _: documents(found),
    lambda found, _: inputs(found),
    lambda found, _: prompts(found),
    lambda found, _: wrong_keys(found),
    budgets,
    endings,
    unreached,
)


def check_flow(
    *flows: type[CallFlow],
    services: Mapping[str, Any] | None = None,
    entries: Sequence[Entry] = (),
    at: datetime | str = DEFAULT_MOMENT,
    event_data: Mapping[str, Mapping[str, Any]] | None = None,
    canonical: Callable[[dict[str, Any]], Any] = lambda session: session,
    like: Switchboard | IvrApp | None = None,
    sounds: str | os.PathLike[str] | None = None,
    mount_path: str = "/static",
    max_takeovers: int | None = None,
    max_records: int = 20_000,
    max_seconds: float = 60.0,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Report:
    """Make every call there can be, and say what is wrong.

    A flow whose sessions are finite is decided: the report says that it is proved, for the
    alphabet it lists. Past the budget it says how much was explored, and that there is more.

    Args:
        *flows: of one application.
        services: what they find in ``self.services``: doubles, which give the same answers every
            time and have no effects. Only with these is background work done; otherwise what it
            declares in ``events=`` is tried.
        entries: how calls come in, where that takes more than a route's path.
        at: when calls come in, unless a guard asks for the time; then they come in at all times
            that make a difference.
        event_data: what comes with events of background work; events that only come from outside
            are tried if they are named here.
        canonical: returns what counts of a session; leaves out counters that would never end.
        like: the application that serves the flows, for its URLs, its sounds and its services; an
            `~statechart_ivr.web.IvrApp` also for what it has besides flows: hold music.
        sounds: folder of the files that flows play, where there is no application to ask. Lengths
            are read from the files with the extra ``sounds``.
        mount_path: below which the files are served.
        max_takeovers: how often one call is taken over at most; where a session keeps what was
            said before a takeover, there is otherwise no end to it. None for no limit.
        max_records: how many records there may be.
        max_seconds: how long it may take, in seconds.
        limits: what counts as too long.
        progress: is told how many records are found, and how many are left to be looked at.

    Raises:
        ConfigurationError: there is no flow; no such folder; or both it and an application.
    """
    if not flows:
        raise ConfigurationError("check_flow() needs a flow; write check_flow(FrontDesk)")
    real = like.switchboard if isinstance(like, IvrApp) else like
    if sounds is not None:
        if real is not None:
            raise ConfigurationError("like= brings its own sounds; leave sounds= out")
        like = real = board_with_sounds(flows, sounds, mount_path)
    shelf = None if real is None else shelf_of(real)
    settings = Settings(
        services=services,
        entries=tuple(entries),
        at=as_moment(at),
        event_data=event_data or {},
        canonical=canonical,
        max_takeovers=max_takeovers,
        max_records=max_records,
        max_seconds=max_seconds,
    )
    wanted = limits or Limits()
    working = {flow.__name__ for flow in flows if spec_of(flow).work}
    with measured_by(shelf):
        found = explore(flows, settings, like=like, progress=progress)
        findings = [
            replace(one, has_work=one.flow in working)
            for detector in DETECTORS
            for one in detector(found, wanted)
        ]
    if shelf is not None:
        findings += missing_sounds(found, shelf)
    return Report(in_order(findings), found)
