"""From what is called, to a line that the phone can use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from statechart_ivr.call import Call
from statechart_ivr.clock import SimulatedClock, as_moment
from statechart_ivr.errors import PhoneError
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.record import Record
from statechart_ivr.runners.base import Job
from statechart_ivr.runners.inline import InlineRunner
from statechart_ivr.stores import open_store
from statechart_ivr.stores.base import SessionStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.holding import Holding
from statechart_ivr.testing.outage import PhoneStore
from statechart_ivr.testing.transport import (
    SwitchboardTransport,
    Transport,
    UrlTransport,
    WsgiApp,
    WsgiTransport,
)

DEFAULT_MOMENT = "2026-01-05T10:00"
DEFAULT_BASE_URL = "https://phone.example"
DEFAULT_PREFIX = "/ivr"

Target = type[CallFlow] | Switchboard | WsgiApp | str


class Options(NamedTuple):
    """What the programmer said about the line; None is for whatever is usual.

    Attributes:
        at: the moment at which the calls begin.
        services: for the flow.
        auth_token: what to sign with.
        store: where the sessions are.
        base_url: public URL of the application's root.
        by_hand: whether background work is left to the test.
    """

    at: datetime | str | None = None
    services: Mapping[str, Any] | None = None
    auth_token: str | None = None
    store: SessionStore | str | None = None
    base_url: str | None = None
    by_hand: bool = False


class HeldRunner(InlineRunner):
    """Takes background work on, and does none of it: a test says what it comes to."""

    def submit(self, job: Job) -> None:
        """Leave a job where it is, in the call's record."""


class Inside(NamedTuple):
    """What can be seen of a call from inside the application.

    Attributes:
        states: ids of all active states, outer before inner; in the chart's order, if known.
        innermost: ids of those without active states inside, as far as the phone can tell.
        session: a copy of the call's data.
    """

    states: list[str]
    innermost: list[str]
    session: dict[str, Any]


@dataclass(frozen=True)
class Line:
    """A way to an application.

    Attributes:
        transport: brings webhooks there.
        clock: the application's, where it can be moved; otherwise the phone's own.
        prefix: path of the application's own URLs; None if the phone does not know.
        peek: returns the record of a call, or None if there is none.
        flows: the flows that are served, as far as they are known.
        entries: paths at which calls come in, as far as they are known.
        takes_real_time: whether background work goes on by itself, while the phone's clock stands.
        switchboard: the application's, where it is in this process.
        opened: the store that was opened for this line, and that `close` closes.
    """

    transport: Transport
    clock: SimulatedClock
    peek: Callable[[str], Record | None]
    prefix: str | None = None
    flows: tuple[type[CallFlow], ...] = ()
    entries: tuple[str, ...] = ()
    takes_real_time: bool = True
    switchboard: Switchboard | None = None
    opened: SessionStore | None = None

    @property
    def by_hand(self) -> bool:
        """Whether background work is left to the test."""
        return self.switchboard is not None and isinstance(self.switchboard.runner, HeldRunner)

    def holding(self) -> Holding:
        """Return how the caller of a new call is held while background work goes on."""
        return Holding(takes_real_time=self.takes_real_time, by_hand=self.by_hand)

    def absolute(self, path: str) -> str:
        """Return the URL of a path below the application's root; a URL as it is.

        Raises:
            PhoneError: it is neither.
        """
        if "://" in path.partition("?")[0]:
            return path
        if not path.startswith("/"):
            raise PhoneError(f"{path!r} is no path; write {'/' + path!r}")
        return self.transport.base_url + path

    def place(self, call_sid: str, path: str, session: Mapping[str, Any]) -> None:
        """Store the session of a call that has not come in yet, as ``place_call`` does.

        Raises:
            PhoneError: the application is out of sight, or has no such route.
        """
        board = self.switchboard
        flow = None if board is None else board.environment.flow_at(path)
        if board is None or flow is None:
            raise PhoneError(f"dial({path!r}, session=…): no route of a flow in this process")
        call = Call(sid=call_sid, direction="outbound-api")
        record = Record(flow.__name__, path, call.to_json(), data=dict(session), lang=flow.language)
        ttl = board.environment.session_ttl
        board.store.save(call_sid, record.to_bytes(), expected=None, ttl=ttl)

    def close(self) -> None:
        """Close what was opened for this line, and nothing that was passed."""
        if self.opened is not None:
            self.opened.close()

    def inside(self, call_sid: str) -> Inside:
        """Look at a call from inside.

        Raises:
            PhoneError: the application does not let the phone look, or knows no such call.
        """
        record = self.peek(call_sid)
        if record is None:
            raise PhoneError(f"there is no session of {call_sid}; it was never saved, or expired")
        flow = next((flow for flow in self.flows if spec_of(flow).name == record.flow), None)
        if flow is None:
            # Without the chart, the state entered last is the best guess.
            return Inside(list(record.conf), record.conf[-1:], dict(record.data))
        chart = spec_of(flow).chart
        states = [state_id for state_id in chart.states if state_id in record.conf]
        return Inside(states, chart.leaves(states), dict(record.data))


def line_to(target: Target, options: Options) -> Line:
    """Open a line.

    Raises:
        PhoneError: the target is nothing that can be called, or an option does not go with it.
    """
    if isinstance(target, type) and issubclass(target, CallFlow):
        return _to_flow(target, options)
    if options.by_hand:
        raise PhoneError("by_hand=True goes with a flow; an application has its own runner")
    if options.services is not None:
        raise PhoneError("services= goes with a flow; give them to the application instead")
    if isinstance(target, Switchboard):
        return _to_switchboard(target, options)
    if isinstance(target, str):
        return _to_url(target, options)
    if callable(target):
        return _to_app(target, options)
    raise PhoneError(
        f"{target!r} cannot be called; pass a CallFlow class, a Switchboard, a WSGI application "
        "or a URL"
    )


def _to_flow(flow: type[CallFlow], options: Options) -> Line:
    clock = _own_clock(options)
    given = options.store
    store = PhoneStore(clock=clock) if given is None else open_store(given, clock=clock)
    switchboard = Switchboard(
        flow,
        store=store,
        runner=HeldRunner() if options.by_hand else InlineRunner(),
        clock=clock,
        base_url=_base_url(options),
        services=options.services,
    )
    return replace(_to_switchboard(switchboard, options), opened=_if_opened(store, options))


def _to_switchboard(switchboard: Switchboard, options: Options) -> Line:
    base_url = _base_url(options, switchboard.environment.base_url)
    return _line_with(switchboard, SwitchboardTransport(switchboard.answer, base_url), options)


def _to_app(app: WsgiApp, options: Options) -> Line:
    known = getattr(app, "base_url", None)
    base_url = _base_url(options, known if isinstance(known, str) else None)
    tokens = getattr(app, "auth_tokens", ())
    transport = WsgiTransport(app, base_url, options.auth_token or next(iter(tokens), None))
    switchboard = getattr(app, "switchboard", None)
    if isinstance(switchboard, Switchboard):
        return _line_with(switchboard, transport, options)
    return _line_without(transport, options)


def _to_url(url: str, options: Options) -> Line:
    address = url.rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise PhoneError(f"{url!r} is no URL that can be called; write http://127.0.0.1:8080")
    transport = UrlTransport(address, _base_url(options, address), options.auth_token)
    return _line_without(transport, options)


def _line_with(switchboard: Switchboard, transport: Transport, options: Options) -> Line:
    return Line(
        transport,
        _clock_of(switchboard, options),
        switchboard.peek,
        prefix=switchboard.prefix,
        flows=switchboard.flows,
        entries=switchboard.entries,
        takes_real_time=not isinstance(switchboard.runner, InlineRunner),
        switchboard=switchboard,
    )


def _line_without(transport: Transport, options: Options) -> Line:
    """Return a line to what is seen from outside only, and through its store if there is one."""
    clock = _own_clock(options)
    if options.store is None:
        return Line(transport, clock, _hidden)
    # Sessions out there expire by the system's clock, not by the phone's.
    store = open_store(options.store)

    def peek(call_sid: str) -> Record | None:
        stored = store.load(call_sid)
        return None if stored is None else Record.from_bytes(stored.data)

    return Line(transport, clock, peek, opened=_if_opened(store, options))


def _if_opened(store: SessionStore, options: Options) -> SessionStore | None:
    return None if store is options.store else store


def _own_clock(options: Options) -> SimulatedClock:
    return SimulatedClock(DEFAULT_MOMENT if options.at is None else _moment(options.at))


def path_of(url: str, base_url: str) -> str:
    """Return the path of a URL below an application's root."""
    return url.removeprefix(base_url).partition("?")[0]


def _moment(at: object) -> datetime:
    if isinstance(at, datetime | str):
        with suppress(ValueError):
            return as_moment(at)
    raise PhoneError(f"at={at!r} is no moment; write one like '2026-01-05T10:00', or a datetime")


def seconds_until(moment: datetime | str, now: datetime) -> float:
    """Return how far a moment is ahead.

    Raises:
        PhoneError: it is no moment, or is over.
    """
    ahead = (_moment(moment) - now).total_seconds()
    if ahead < 0:
        raise PhoneError(f"{moment!r} is over: it is {now.isoformat()}; a clock does not go back")
    return ahead


def _clock_of(switchboard: Switchboard, options: Options) -> SimulatedClock:
    clock = switchboard.clock
    if not isinstance(clock, SimulatedClock):
        return _own_clock(options)
    if options.at is not None:
        ahead = (_moment(options.at) - clock.now()).total_seconds()
        if ahead < 0:
            raise PhoneError(
                f"at={options.at!r} is before {clock.now().isoformat()}, where the application's "
                "clock stands; a clock does not go back"
            )
        clock.advance(ahead)
    return clock


def _base_url(options: Options, known: str | None = None) -> str:
    return (options.base_url or known or DEFAULT_BASE_URL).rstrip("/")


def _hidden(_call_sid: str) -> Record | None:
    raise PhoneError(
        "the phone only hears what a caller hears; pass store= to look at states and session"
    )
