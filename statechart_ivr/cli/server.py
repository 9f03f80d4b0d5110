"""Waitress, stopped without dropping a call."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import waitress
from waitress import wasyncore

from statechart_ivr.errors import ConfigurationError

#: The largest body read, in bytes; the application answers 413 long before.
MAX_BODY_BYTES = 1024 * 1024

#: Seconds that running requests get to finish; Twilio waits no longer than that.
DRAIN_SECONDS = 15.0

#: Seconds of quiet after which the server looks up: whether there is something to be done, and
#: whether it was told to stop. The system may tell another thread, which wakes nobody.
QUIET_SECONDS = 1.0

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def open_listener(host: str, port: int) -> socket.socket:
    """Listen on a port.

    Args:
        host: a name or an address, without brackets.
        port: 0 for any that is free.

    Raises:
        ConfigurationError: the port is in use, or the host is not this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror}") from error


def listening_url(listener: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server:
    """Serves an application until it is told to stop.

    SIGTERM and SIGINT, or `stop`, close the door: nobody else is let in, requests that have
    begun are answered for at most `DRAIN_SECONDS`. A second signal does not wait for them.

    Args:
        app: a WSGI application.
        listener: where to listen; it is closed in the end.
        threads: how many requests may run at a time.
    """

    def __init__(self, app: Any, listener: socket.socket, *, threads: int) -> None:
        self._sockets: dict[int, Any] = {}
        self._stops = 0
        self._server = waitress.create_server(
            app,
            map=self._sockets,
            sockets=[listener],
            threads=threads,
            max_request_body_size=MAX_BODY_BYTES,
        )

    def run(self, on_ready: Callable[[], None], on_turn: Callable[[], None]) -> None:
        """Serve until told to stop; to be called in the main thread.

        Args:
            on_ready: called once signals are heeded.
            on_turn: called now and then, also while nobody calls: every `QUIET_SECONDS` at least.
        """
        with self._heeding_signals():
            on_ready()
            while not self._stops:
                on_turn()
                self._turn(timeout=QUIET_SECONDS)
            self._turn(timeout=0.0)  # a request that has arrived by now has begun
            self._close_door()
            self._finish_requests()
        self._server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._sockets)

    def stop(self) -> None:
        """Stop soon; called again, at once. Safe in signal handlers and other threads."""
        self._stops += 1
        self._server.pull_trigger()

    @contextmanager
    def _heeding_signals(self) -> Iterator[None]:
        previous = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _on_signal(self, *_: object) -> None:
        self.stop()

    def _turn(self, timeout: float) -> None:
        wasyncore.loop(timeout=timeout, use_poll=True, map=self._sockets, count=1)

    def _close_door(self) -> None:
        # The server's own close() would take the trigger away that answers are woken by.
        wasyncore.dispatcher.close(self._server)

    def _finish_requests(self) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._stops == 1 and self._is_busy() and time.monotonic() < deadline:
            self._turn(timeout=0.1)

    def _is_busy(self) -> bool:
        return any(
            channel.request or channel.requests or channel.total_outbufs_len
            for channel in self._server.active_channels.values()
        )
