"""`Switchboard`: the application without HTTP."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from statechart_ivr.call import Answer, Request, without_secrets
from statechart_ivr.clock import Clock, SystemClock
from statechart_ivr.errors import RunnerError, StoreUnavailableError
from statechart_ivr.events import REFUSED_NAMES, hang_up, keywords
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.record import Record
from statechart_ivr.rest import RestClient
from statechart_ivr.routing import by_name, by_path, check_prefix
from statechart_ivr.runners.base import Job, Runner, checked_runner
from statechart_ivr.runners.inline import InlineRunner
from statechart_ivr.runners.thread import ThreadRunner
from statechart_ivr.stores.base import SessionStore
from statechart_ivr.stores.breaker import CircuitBreaker
from statechart_ivr.stores.health import Health
from statechart_ivr.stores.purging import Purger
from statechart_ivr.turn import (
    Delivery,
    Environment,
    Sweeper,
    TurnRequest,
    apology,
    deliver,
    outbound,
    perform,
    turn,
)
from statechart_ivr.turn.compose import hang_up as hang_up_document
from statechart_ivr.urls import Fingerprinter

logger = logging.getLogger("statechart_ivr.switchboard")


class Switchboard:
    """Flows, store, runner and client: answers webhooks, takes events from outside, calls out.

    It lives as long as the application, and may be used from any thread. `IvrApp` and `Phone`
    wrap one; workers load one. Several processes may have one each, over the same store.

    Example:
        >>> from statemachine import State
        >>> from statechart_ivr import CallFlow, renders, routable
        >>> from statechart_ivr.call import Request
        >>> from statechart_ivr.stores import MemoryStore
        >>> class Hello(CallFlow):
        ...     greeting = State(initial=True, final=True)
        ...
        ...     @routable("/incoming-call")
        ...     @renders(greeting)
        ...     def say_hello(self):
        ...         return "Hello."
        >>> board = Switchboard(Hello, store=MemoryStore())
        >>> board.answer(Request(path="/incoming-call", form=(("CallSid", "CA1"),))).body[38:]
        b'<Response><Say>Hello.</Say></Response>'

    Args:
        *flows: classes of flows; no two may share a path or a name.
        store: where sessions are kept; closed with the switchboard.
        runner: does background work; threads of this process if left out. Closed with the
            switchboard.
        client: asks things of Twilio: a `~statechart_ivr.rest.RestClient`, or a
            `twilio.rest.Client` of your own. Without one, live calls come for what they have not
            heard themselves, some seconds later.
        clock: tells the time; the system's if left out.
        base_url: public URL of the application's root; requests may bring another.
        services: what the flows find in ``self.services``.
        session_ttl: seconds a session is kept after its last turn.
        prefix: of the application's own URLs.
        digest_key: a secret of up to 64 bytes, the same in all processes; keeps the digests by
            which a request come twice is known from telling what the caller pressed.

    Raises:
        ConfigurationError: no flow, two flows with one path or name, a prefix that is no path, a
            runner or a client that is none.
    """

    def __init__(
        self,
        *flows: type[CallFlow],
        store: SessionStore,
        runner: Runner | None = None,
        client: Any = None,
        clock: Clock | None = None,
        base_url: str = "",
        services: Mapping[str, Any] | None = None,
        session_ttl: float = 86400.0,
        prefix: str = "/ivr",
        digest_key: bytes = b"",
    ) -> None:
        check_prefix(prefix)
        self.flows = flows
        self.store = store
        self.runner = ThreadRunner() if runner is None else checked_runner(runner)
        # Twilio is asked by others than those that webhooks and work wait for; in tests, at once.
        at_once = isinstance(self.runner, InlineRunner)
        self._errands = InlineRunner(re_raise=False) if at_once else ThreadRunner(threads=2)
        self.clock = clock or SystemClock()
        self.prefix = prefix
        self.environment = Environment(
            flows=by_name(flows),
            routes=by_path(flows, prefix),
            store=CircuitBreaker(store),
            clock=self.clock,
            services={} if services is None else services,
            base_url=base_url.rstrip("/"),
            session_ttl=session_ttl,
            prefix=prefix,
            digest_key=digest_key,
            runner=self.runner,
            perform=self.perform,
            client=None if client is None else RestClient.of(client),
            outside=self,
            call_back=self._call_back,
        )
        self._health = Health(self.environment.store)
        # Past the breaker: it may take its time, and says nothing of the callers' next save.
        self._purger = Purger(store, self.clock)
        self._sweeper = Sweeper(lambda: self.environment)
        self._has_work = any(spec_of(flow).work for flow in flows)
        self._own: Mapping[str, Callable[[Request], Answer]] = {
            f"{prefix}/turn": self._answer_turn,
            f"{prefix}/wait": self._answer_turn,
            f"{prefix}/status": self._answer_status,
            f"{prefix}/fallback": self._answer_fallback,
        }

    @property
    def entries(self) -> tuple[str, ...]:
        """The paths of all routes, in the order they are declared."""
        return tuple(self.environment.routes)

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths that get webhooks; the last one stands for whatever begins with it."""
        return (*self.entries, *self._own, f"{self.prefix}/event/")

    def name_path(self, name: str, path: str) -> None:
        """Let flows ask for a path below the root by a name; a route of theirs with it wins."""
        paths = {**self.environment.paths, name: path}
        self.environment = replace(self.environment, paths=paths)

    def use_hold_music(self, url_for_root: Callable[[str], str]) -> None:
        """Let held callers hear a sound, whose URL is made from that of the application's root."""
        self.environment = replace(self.environment, hold_music=url_for_root)

    def use_fingerprinter(self, fingerprinter: Fingerprinter) -> None:
        """Let flows ask for what a plugin serves: ``self.url_for("/static/intro.mp3")``."""
        self.environment = replace(self.environment, fingerprinter=fingerprinter)

    def answer(self, request: Request) -> Answer:
        """Answer one webhook.

        Args:
            request: after its signature was checked.

        Returns:
            200 with TwiML; 204; 404 for a path that is none of `paths`; 503 for an event that
            cannot be delivered because the store is away.
        """
        self.look_after_work()
        if request.path in self.environment.routes:
            self._purger.now_and_then()
            return self._answer_turn(request)
        event = request.path.removeprefix(f"{self.prefix}/event/")
        if event and event != request.path:
            return self._answer_event(request, event)
        own = self._own.get(request.path)
        return own(request) if own else Answer(404)

    def turn(self, request: Request) -> bytes:
        """Answer a request to a route, a turn URL or a wait URL with TwiML."""
        wanted = TurnRequest.read(request, self.prefix)
        if not wanted.call_sid:
            logger.warning("a webhook without CallSid at %s; the apology", request.path)
            return hang_up_document([self._apology(request.path)])
        return turn(self.environment, wanted)

    def deliver(self, call_sid: str, event: str, /, **data: Any) -> bool:
        """Tell a call that something has happened.

        The chart moves at once. What the states say that were entered is heard at once where
        there is a client, and at the call's next request where there is none.

        Args:
            call_sid: the call.
            event: an event id of its flow; a ``@background`` method of that name is started, too,
                whether the chart moves or not.
            **data: keyword arguments for the flow's callbacks.

        Returns:
            Whether the call's chart moved; not when the call is not known, has ended, or has no
            transition for the event.

        Raises:
            ValueError: a name in ``data`` is one the engine needs for itself.
            StoreUnavailableError: the store is away. Where only its answer was lost, the event has
                been delivered.
        """
        refused = sorted(REFUSED_NAMES.intersection(data))
        if refused:
            raise ValueError(
                f"deliver(…, {refused[0]}=…): the engine uses this name itself; "
                f"write {refused[0]}_=…"
            )
        return deliver(self.environment, Delivery(call_sid, event, data))

    def place_call(
        self,
        route: str,
        *,
        to: str,
        from_: str,
        session: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> str:
        """Call somebody, and have the call come in at a route.

        What becomes of a call that nobody answers reaches its flow, too: as ``hang_up.busy``,
        ``hang_up.no_answer``, ``hang_up.failed`` or ``hang_up.canceled``, for which a
        ``@background`` method can be declared.

        Args:
            route: name or path.
            to: a phone number in E.164, ``sip:…`` or ``client:…``.
            from_: a number of the account.
            session: what the call is to know from the beginning, as JSON values by name.
            **options: ``machine_detection="Enable"`` to be told who has answered, as
                ``self.call.answered_by``; ``record=True``; and what else twilio-python takes.

        Returns:
            The SID of the call.

        Raises:
            ConfigurationError: there is no client, no such route, or no base URL.
            SessionValueError: the session is not JSON.
            TypeError: there is no such option.
            ValueError: there is no such machine detection.
            RestError: Twilio refuses, or does not answer. If its ``maybe_done`` is true, the phone
                may be ringing.
            StoreUnavailableError: the store is away; nobody was called.
        """
        return outbound.place_call(
            self.environment, route, to=to, from_=from_, session=session, **options
        )

    def redirect(self, call_sid: str, route: str) -> bool:
        """Point a live call at a route: its chart starts again there, with its session.

        Args:
            call_sid: the call.
            route: name or path.

        Returns:
            False if the call is over, or not known to Twilio.

        Raises:
            ConfigurationError: there is no client, no such route, or no base URL.
            RestError: Twilio refuses, or does not answer.
        """
        return outbound.redirect(self.environment, call_sid, route)

    def send_sms(self, body: str, *, to: str, from_: str, **options: Any) -> str:
        """Send a text message.

        Args:
            body: what it says.
            to: a phone number in E.164.
            from_: a number of the account that can send messages.
            **options: as ``client.messages.create`` of twilio-python takes them.

        Returns:
            The SID of the message.

        Raises:
            ConfigurationError: there is no client.
            RestError: Twilio refuses, or does not answer.
        """
        return outbound.client_of(self.environment).send_sms(body, to=to, from_=from_, **options)

    @property
    def client(self) -> Any:
        """The `twilio.rest.Client`, for everything else.

        Raises:
            ConfigurationError: there is no client.
        """
        return outbound.client_of(self.environment).client

    def _call_back(self, redirect: Callable[[], object], call_sid: str) -> None:
        """Have Twilio asked for something, while nobody waits for it."""
        try:
            self._errands.submit(Job(call_sid, uuid4().hex, redirect))
        except RunnerError as error:
            logger.warning("the call is not redirected: %s", error, extra={"call_sid": call_sid})

    def perform(self, call_sid: str, job_id: str) -> None:
        """Do one piece of background work in this process, and deliver what it comes to.

        Runners call this; nothing happens where the work is done already.

        Args:
            call_sid: the call.
            job_id: as it stands in the call's record.

        Raises:
            StoreUnavailableError: the store is away; the work will be found again.
        """
        perform(self.environment, call_sid, job_id)

    def look_after_work(self) -> None:
        """Look for work that nobody does any more, if it is time, and do not wait for it.

        Webhooks and health checks do so, and ``statechart-ivr serve`` while nobody calls.
        """
        if self._has_work:
            self._sweeper.now_and_then()

    def peek(self, call_sid: str) -> Record | None:
        """Return what is stored of a call, for tests and tools; changing it changes nothing.

        Raises:
            DamagedRecordError: what is stored is no record.
        """
        stored = self.store.load(call_sid)
        return Record.from_bytes(stored.data) if stored else None

    def is_healthy(self) -> bool:
        """Return whether the store takes what is saved and gives it back, or did a second ago.

        Whoever asks regularly does so at night, too: work that was left is looked for then.
        """
        self.look_after_work()
        return self._health.is_healthy()

    def close(self) -> None:
        """Let the work that is under way come to its end, and close the store."""
        self.runner.close()
        for errand in self._errands.close():
            logger.warning(
                "the call is not redirected any more", extra={"call_sid": errand.call_sid}
            )
        self._sweeper.wait()
        self._purger.wait()
        self.store.close()

    def _answer_turn(self, request: Request) -> Answer:
        return Answer(200, self.turn(request))

    def _answer_status(self, request: Request) -> Answer:
        parameters = request.parameters
        over = hang_up(parameters)
        if over is None:
            return Answer(204)
        return self._deliver(request, parameters.get("CallSid", ""), over.event, over.data, True)

    def _answer_event(self, request: Request, event: str) -> Answer:
        data = {k: v for k, v in keywords(request.parameters).items() if k != "call"}
        # The URL of a call that is being placed was made before anybody knew its SID.
        call_sid = dict(request.query).get("call") or request.parameters.get("CallSid", "")
        return self._deliver(request, call_sid, event, data, False)

    def _deliver(
        self, request: Request, call_sid: str, event: str, data: Mapping[str, Any], ends: bool
    ) -> Answer:
        if not call_sid:
            logger.warning("%s for no call: the URL was made by hand?", event)
            return Answer(204)
        call_sid = call_sid.encode(errors="replace").decode()  # a store keeps text, not halves
        # Not by Twilio's token: whether each retry has the same one is not documented, and two
        # events of one kind differ in a SID, a sequence number or a time stamp.
        key = self.environment.digest(event, sorted(request.parameters.items()))
        try:
            deliver(self.environment, Delivery(call_sid, event, data, key, request, ends))
        except StoreUnavailableError as error:
            logger.warning("%s is not delivered: %s", event, error, extra={"call_sid": call_sid})
            return Answer(503)
        return Answer(204)

    def _answer_fallback(self, request: Request) -> Answer:
        parameters = request.parameters
        logger.error(
            "Twilio fell back: error %s at %s",
            parameters.get("ErrorCode", "?"),
            without_secrets(parameters.get("ErrorUrl", "?")),
            extra={"call_sid": parameters.get("CallSid", "")},
        )
        return Answer(200, hang_up_document([self._apology(request.path)]))

    def _apology(self, path: str) -> Any:
        flow = self.environment.flow_at(path) or self.flows[0]
        return apology(flow, flow.language)
