"""A caller for tests: plays Twilio and the person who phones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from weakref import finalize

from statechart_ivr.call import without_secrets
from statechart_ivr.errors import PhoneError
from statechart_ivr.stores.base import SessionStore
from statechart_ivr.testing.caller import Caller
from statechart_ivr.testing.exchange import Exchange
from statechart_ivr.testing.line import (
    DEFAULT_PREFIX,
    Options,
    Target,
    line_to,
    path_of,
    seconds_until,
)
from statechart_ivr.testing.mishaps import Mishaps
from statechart_ivr.testing.parameters import Parameters, as_text, new_sid, standard
from statechart_ivr.testing.snapshot import Snapshot, back_to, snapshot_of
from statechart_ivr.testing.transcript import Transcript
from statechart_ivr.testing.transport import reraised
from statechart_ivr.testing.view import PhoneView
from statechart_ivr.testing.working import finish_work


class Phone(Mishaps, PhoneView, AbstractContextManager["Phone"]):
    """Calls an application as Twilio does, and is the person who hears and presses keys.

    It sends signed webhooks, follows actions and redirects, plays every verb on a clock of its own,
    and refuses what Twilio would refuse, naming Twilio's error number. Methods that do something
    return the phone, so that they chain. One phone makes one call at a time.

    A store that the phone opened is closed with it: by `close`, after a ``with`` block, or when the
    phone is forgotten.

    >>> from statemachine import State
    >>> from statechart_ivr import CallFlow, gather, key, renders, routable
    >>> class Hours(CallFlow):
    ...     menu = State(initial=True)
    ...     hours = State(final=True)
    ...     menu.to(hours, event=key("1", say="For our opening hours, press 1."))
    ...     menu.to(hours, event="give_up")
    ...     @routable("/incoming-call")
    ...     @renders(menu)
    ...     def say_menu(self):
    ...         return gather(*self.choices())
    ...     @renders(hours)
    ...     def say_hours(self):
    ...         return "Nine to five."
    >>> call = Phone(Hours).dial("/incoming-call")
    >>> call.heard, call.state
    ('For our opening hours, press 1.', 'menu')
    >>> call.press("1").heard, call.ended
    ('Nine to five.', True)

    Prompts of a Gather are listened to before a key is pressed; keys pressed in one go, or
    after ``wait(seconds)``, interrupt them where ``bargeIn`` lets them.

    A caller who is held for background work is held until it is done. A flow's own work is done
    at once; an application's runner is given real time for it, half a second and less between
    two looks.

    Args:
        target: a `CallFlow` class, a `Switchboard`, a WSGI application, or the URL of a running
            server.
        at: the moment at which the phone's clock starts, aware or in UTC; 2026-01-05T10:00 if
            left out. The application sees this clock if the target is a flow; an application
            that was given a `SimulatedClock` shares its own.
        services: what the flow finds in ``self.services``; only with a flow.
        auth_token: what to sign with; an `IvrApp`'s own if left out.
        from_: who calls.
        to: who is called.
        store: where the sessions are: a store or its URL. A flow gets a `MemoryStore` if left
            out; over a URL, `state` and `session` need it.
        base_url: the application's public URL, which is what is signed.
        prefix: path of the application's own URLs, for the status callback at the end; None
            for no status callback.
        strict: whether what Twilio would only warn about is an error too. If not, it stands in
            the transcript, and the attribute counts as left out.
        raise_errors: whether exceptions of flow code are raised here, in process; if not, the
            apology is heard.
        by_hand: whether background work waits until `work` says what it comes to; only with a
            flow. The caller is held meanwhile, one wait document for each `wait()`.
        **parameters: more of Twilio's request parameters, for every request:
            ``FromCity="Köln"``.

    Raises:
        PhoneError: the target cannot be called.
    """

    def __init__(
        self,
        target: Target,
        *,
        at: datetime | str | None = None,
        services: Mapping[str, Any] | None = None,
        auth_token: str | None = None,
        from_: str = "+14155550100",
        to: str = "+14155550199",
        store: SessionStore | str | None = None,
        base_url: str | None = None,
        prefix: str | None = DEFAULT_PREFIX,
        strict: bool = True,
        raise_errors: bool = True,
        by_hand: bool = False,
        **parameters: Any,
    ) -> None:
        options = Options(at, services, auth_token, store, base_url, by_hand)
        self._line = line_to(target, options)
        self._parties = from_, to
        self._prefix = prefix if prefix is None else self._line.prefix or prefix
        self._is_strict, self._raises_errors = strict, raise_errors
        self._closing = finalize(self, self._line.close)
        self._parameters = as_text(Phone, parameters)
        self._call = self._new_call({})

    def close(self) -> None:
        """Close the store, if the phone opened it; a second time does nothing.

        Neither an application that was passed nor a store object is closed. A call goes on.
        """
        self._closing()

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Phone {self._call_sid}: {self._call.playback.situation}>"

    def _new_call(self, parameters: Parameters) -> Caller:
        told = {**standard(new_sid("CA"), *self._parties), **self._parameters, **parameters}
        self._call_sid = told["CallSid"]
        transcript = Transcript(self._line.clock)
        exchange = Exchange(
            self._line.transport,
            told,
            transcript,
            entries=self._line.entries,
            strict=self._is_strict,
            raise_errors=self._raises_errors,
        )
        line = self._line
        status = None if self._prefix is None else line.absolute(f"{self._prefix}/status")
        return Caller(exchange, transcript, status, line.holding())

    # What the caller does

    def dial(
        self,
        path: str = "",
        *,
        method: str = "POST",
        session: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> Phone:
        """Make a new call, and listen until it is the caller's turn.

        Args:
            path: of a route, below the application's root, or a whole URL; the first route if
                left out.
            method: ``POST``, or ``GET`` as Twilio can be told to use.
            session: what a call that the application places itself knows from the beginning.
            **parameters: Twilio's parameters, for every request of this call:
                ``CallerName="Ann"``.
        """
        playback = self._call.playback
        if playback.waiting is not None:
            raise PhoneError(f"one call at a time: {playback.situation}; hang_up() first")
        url = self._line.absolute(path or next(iter(self._line.entries), ""))
        self._call = self._new_call(as_text(self.dial, parameters))
        if session is not None:
            self._line.place(self._call_sid, path_of(url, self._line.transport.base_url), session)
        self._call.dial(url, method)
        return self._settled()

    def press(self, keys: str | Iterator[str]) -> Phone:
        """Press keys one after the other.

        Each goes to whatever listens by then: when one completes an input, the next goes to what
        follows. Keys left incomplete are sent after the Gather's silence.

        Args:
            keys: of ``0123456789*#``; an iterator is asked for one at a time, when it is heard.

        Raises:
            PhoneError: something is no key, or nobody listens.
        """
        self._call.press(keys)
        return self._settled()

    def say(self, words: str, *, confidence: float | None = 0.9) -> Phone:
        """Say something to a Gather that listens for speech.

        Args:
            words: as Twilio understands them.
            confidence: 0.0 to 1.0; None if Twilio leaves it out.

        Raises:
            PhoneError: nobody listens for speech.
        """
        self._call.say(words, confidence)
        return self._settled()

    def wait(self, seconds: float | None = None, **parameters: Any) -> Phone:
        """Do nothing until the next thing happens, or for some time.

        A Gather or Record hears silence; in a queue, the next wait document is played.

        Args:
            seconds: how long, whatever happens in this time; until the next thing if left out.
            **parameters: more of Twilio's for the next wait document of a queue:
                ``QueuePosition=3, AvgQueueTime=90``.

        Raises:
            PhoneError: nothing ever would happen, or no wait document would be asked for.
        """
        told = as_text(self.wait, parameters)
        if seconds is None:
            self._call.wait(told)
        elif told:
            raise PhoneError(f"wait({seconds:g}) asks for no wait document; leave the seconds out")
        else:
            self._call.wait_for(seconds)
        return self._settled()

    def record(self, seconds: float = 8.0, *, digits: str | None = None) -> Phone:
        """Leave a message, and end it.

        Args:
            seconds: how long it is; Twilio drops an empty one.
            digits: the key that ends it; empty for a silence; if left out, a key that may.

        Raises:
            PhoneError: nothing is being recorded, or the key does not end it.
        """
        self._call.record(seconds, digits)
        return self._settled()

    def hang_up(self) -> Phone:
        """Hang up; Record and Enqueue hear of it, then the status callback."""
        self._call.hang_up()
        return self._settled()

    # What others do

    def dial_result(
        self,
        status: str = "completed",
        *,
        duration: float | None = None,
        bridged: bool | None = None,
        **parameters: Any,
    ) -> Phone:
        """Say what became of a Dial.

        Args:
            status: ``completed answered busy no-answer failed canceled``.
            duration: seconds they talked.
            bridged: whether the caller talked to somebody; a voicemail may answer too.
            **parameters: more of Twilio's parameters for the action.
        """
        told = as_text(self.dial_result, parameters)
        self._call.end_dial(status, told, duration=duration, bridged=bridged)
        return self._settled()

    def queue_result(
        self, result: str = "bridged", *, duration: float = 0.0, **parameters: Any
    ) -> Phone:
        """Say how an Enqueue ended.

        Args:
            result: ``bridged bridging-in-process error hangup leave queue-full system-error``.
            duration: seconds until then.
            **parameters: more of Twilio's parameters for the action.
        """
        told = as_text(self.queue_result, parameters)
        self._call.end_queue(result, told, duration=duration)
        return self._settled()

    def pay_result(self, result: str = "success", **parameters: Any) -> Phone:
        """Say how a Pay ended, with Twilio's parameters: ``PaymentToken="tok_1"``."""
        told = {"Result": result, **as_text(self.pay_result, parameters)}
        return self._finish("Pay", f"pay_result({result!r})", told)

    def connect_result(self, **parameters: Any) -> Phone:
        """Say how a Connect ended, with Twilio's parameters: ``SessionStatus="ended"``."""
        told = as_text(self.connect_result, parameters)
        return self._finish("Connect", "connect_result()", told)

    def refer_result(self, status: str = "completed", **parameters: Any) -> Phone:
        """Say how a Refer ended, with Twilio's parameters: ``ReferSipResponseCode="202"``."""
        told = {"ReferCallStatus": status, **as_text(self.refer_result, parameters)}
        return self._finish("Refer", f"refer_result({status!r})", told)

    def _finish(self, tag: str, what: str, told: Parameters) -> Phone:
        self._call.finish(tag, what, told)
        return self._settled()

    def redirect(self, path: str) -> Phone:
        """Point the live call elsewhere, as ``client.calls(sid).update(url=…)`` does.

        Args:
            path: of a route, below the application's root; or a whole URL.
        """
        url = self._line.absolute(path)
        self._call.does(f"redirect({without_secrets(path)!r})")
        self._call.playback.open(url)
        return self._settled()

    def work(self, event: str | None, /, **data: Any) -> Phone:
        """Say what the background work of the call comes to; only with ``by_hand=True``.

        Args:
            event: the id that the method returns, ``background_failed``, or None.
            **data: what it returns with it.

        Raises:
            PhoneError: there is no such work, or it does not return this.
        """
        with reraised(wanted=self._raises_errors):
            finish_work(self._line, self._call_sid, event, data)
        self._call.work_ends(f"work ends: {event}")
        return self._settled()

    def deliver(self, event: str, /, **data: Any) -> Phone:
        """Have the application tell the live call of an event, as `Switchboard.deliver` does.

        Raises:
            PhoneError: the application is not in this process.
        """
        if self._line.switchboard is None:
            raise PhoneError("deliver() reaches into the application, which is out of sight")
        self._call.does(f"delivered: {event}")
        with reraised(wanted=self._raises_errors):
            self._line.switchboard.deliver(self._call_sid, event, **data)
        return self._settled()

    def until(self, moment: datetime | str) -> Phone:
        """Let the clock stand at a later moment, as if nothing had happened since.

        Args:
            moment: aware or in UTC.

        Raises:
            PhoneError: it is no moment, or is over.
        """
        self._call.pass_time(seconds_until(moment, self.now))
        return self._settled()

    def snapshot(self) -> Snapshot:
        """Return all there is of the call at this moment, for `go_back`.

        Raises:
            PhoneError: the application is not in this process.
        """
        return snapshot_of(self._line, self._call, self._call_sid)

    def go_back(self, snapshot: Snapshot) -> Phone:
        """Be where the call was: its session, its clock, and what the caller hears.

        What was done to the world since stays done. It can be gone back to several times.
        """
        self._call_sid = snapshot.call_sid
        self._call = back_to(self._line, snapshot)
        return self

    def callback(self, url: str, **parameters: Any) -> Phone:
        """Send a callback about this call: of a recording, a transcription, an event.

        Args:
            url: a path below the application's root, or a whole URL.
            **parameters: Twilio's, besides the standard ones: ``RecordingStatus="completed"``.

        Raises:
            TwimlRefusedError: the answer is no success.
        """
        told = as_text(self.callback, parameters)
        self._call.exchange.callback(self._line.absolute(url), told)
        return self
