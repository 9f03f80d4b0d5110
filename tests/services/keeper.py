"""A process that keeps a server, and whose end is the server's end.

::

    python -IS keeper.py '{"command": ["redis-server", …], "folder": "/tmp/…", "user": null,
                           "end": "SIGTERM", "remove": null}'

Each line of its standard input is an order to all of the server's processes: ``pause``,
``resume``, ``kill``; it answers with ``done``, or to the last with its own end. When its input
ends, because whoever started it closed it or is dead, however that came, the server is ended, too,
and the folder to remove is removed. When the server ends first, so does the keeper.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

#: Seconds a server has to end when it is asked.
PATIENCE = 10.0

_ORDERS = {"pause": signal.SIGSTOP, "resume": signal.SIGCONT, "kill": signal.SIGKILL}


def main() -> None:
    """Keep a server until the input ends."""
    told: dict[str, Any] = json.loads(sys.argv[1])
    server = _started(told["command"], told["folder"], told["user"])
    is_ending = Event()
    Thread(target=_follow, args=(server, is_ending), daemon=True).start()
    for line in sys.stdin:
        _signal_all(server.pid, _ORDERS[line.strip()])
        if line == "kill\n":
            server.wait()
            return
        sys.stdout.write("done\n")
        sys.stdout.flush()
    is_ending.set()
    _end(server, signal.Signals[told["end"]])
    if told["remove"]:
        shutil.rmtree(told["remove"])


def _end(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """End a server in good order, or else without.

    The processes it has made are killed, for a server waits for those that wait for a client.
    """
    deadline = time.monotonic() + PATIENCE
    _signal_all(server.pid, signal.SIGCONT)
    server.send_signal(number)
    while server.poll() is None:
        for child in _children(server.pid):
            _send(child, signal.SIGKILL)
        if time.monotonic() > deadline:
            server.kill()
        time.sleep(0.01)  # between two looks at its children


def _started(command: list[str], folder: str, user: list[int] | None) -> subprocess.Popen[bytes]:
    if user is None:
        return subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    uid, gid = user
    return subprocess.Popen(
        command,
        cwd=folder,
        user=uid,
        group=gid,
        extra_groups=[],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
    )


def _follow(server: subprocess.Popen[bytes], is_ending: Event) -> None:
    """End with the server, not waiting for the input's end."""
    server.wait()
    if not is_ending.is_set():
        os._exit(1)


def _signal_all(pid: int, number: signal.Signals) -> None:
    """Send a signal to a server and to the processes it has made, and wait for those to be gone.

    They are not of its process group: those of PostgreSQL have one each.
    """
    os.kill(pid, signal.SIGSTOP)  # it makes no more of them
    children = _children(pid)
    for child in children:
        _send(child, number)
    if number is signal.SIGKILL:
        while not set(children).isdisjoint(_children(pid)):
            time.sleep(0.001)  # only a parent is told of an end
    _send(pid, number)


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it has ended
        os.kill(pid, number)


def _children(parent: int) -> list[int]:
    """Return the processes that a process has made, but those that have ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, ppid = path.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(ppid) == parent and state not in "ZX":
            found.append(int(path.parent.name))
    return found


if __name__ == "__main__":
    main()
