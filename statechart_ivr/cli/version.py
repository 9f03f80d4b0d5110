"""One of two versions, in a process of its own: neither sees a module of the other."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

from statechart_ivr.checker import Entry
from statechart_ivr.checker.line import silenced
from statechart_ivr.checker.settings import Settings
from statechart_ivr.checker.side import Side
from statechart_ivr.checker.sounds import board_with_sounds
from statechart_ivr.cli.exploring import check_entries, load_explored, services_named
from statechart_ivr.cli.revisions import Tree
from statechart_ivr.cli.target import split_target
from statechart_ivr.clock import as_moment
from statechart_ivr.errors import IvrError, TargetError

_PACKAGE = Path(__file__).resolve().parents[1]
_PROGRAM = "import sys; sys.path[:] = {path!r}; from statechart_ivr.cli.version import main; main()"
_OK, _USAGE, _FAILED = "ok", "usage", "failed"


@dataclass(frozen=True)
class Order:
    """What a process is to load.

    Attributes:
        target: a TARGET.
        tree: the revision that it is of; None for the files as they are.
        at: when calls come in.
        services: module or file, and name; or nothing.
        folder: of the sounds, or None.
        mount_path: below which they are served.
        entries: how calls come in.
        event_data: what comes with events.
        max_records: how many records there may be.
        max_seconds: how long it may take.
    """

    target: str
    tree: Tree | None
    at: str
    services: str
    folder: str | None
    mount_path: str
    entries: tuple[Entry, ...]
    event_data: Mapping[str, Mapping[str, Any]]
    max_records: int
    max_seconds: float

    @property
    def name(self) -> str:
        """The version, as it was typed."""
        return f"{self.tree.revision}:{self.target}" if self.tree else self.target


class Version:
    """A `Side` in another process.

    Args:
        order: what it loads.
    """

    def __init__(self, order: Order) -> None:
        self._name = order.name
        self._process = subprocess.Popen(  # noqa: S603 - Python itself
            [sys.executable, "-c", _PROGRAM.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._ready = self._send(order)

    def wait(self) -> None:
        """Wait until it is loaded.

        Raises:
            TargetError: it leads to nothing of use.
            IvrError: it is defined wrongly, or the process has ended.
        """
        self._ready()

    def ask(self, method: str, *arguments: Any) -> Callable[[], Any]:
        """Have a method called, and return what waits for its result."""
        return self._send((method, arguments))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _send(self, message: object) -> Callable[[], Any]:
        with suppress(BrokenPipeError):  # what reads the answer says so
            _write(self._process.stdin, message)
        return self._read

    def _read(self) -> Any:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            outcome, value = pickle.load(self._process.stdout)  # noqa: S301 - our own process
        except EOFError:
            raise IvrError(f"{self._name}: the process that had it has ended") from None
        if outcome == _OK:
            return value
        raise (TargetError if outcome == _USAGE else IvrError)(f"{self._name}: {value}")


def _write(stream: IO[bytes] | None, message: object) -> None:
    assert stream is not None  # noqa: S101 - it is a pipe
    pickle.dump(message, stream)
    stream.flush()


def main() -> None:
    """Load what is ordered on standard input, and answer what is asked there."""
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what flows print is not among the answers
    order: Order = pickle.load(sys.stdin.buffer)  # noqa: S301 - who started this wrote it
    with silenced():
        try:
            side = _loaded(order)
        except (TargetError, click.UsageError) as error:
            text = error.format_message() if isinstance(error, click.UsageError) else str(error)
            _write(channel, (_USAGE, _shown(text, order)))
        except IvrError as error:
            _write(channel, (_FAILED, _shown(str(error), order)))
        else:
            _write(channel, (_OK, None))
            _serve(side, channel)


def _serve(side: Side, channel: IO[bytes]) -> None:
    while True:
        try:
            method, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 - as above
        except (EOFError, KeyboardInterrupt):
            return
        try:
            answer = _OK, getattr(side, method)(*arguments)
        except IvrError as error:
            answer = _FAILED, str(error)
        _write(channel, answer)


def _shown(text: str, order: Order) -> str:
    """Return a message with the paths that are known outside of the revision."""
    return text.replace(str(order.tree.folder), str(order.tree.top)) if order.tree else text


def _loaded(order: Order) -> Side:
    target, folder, services = order.target, order.folder, order.services
    if order.tree is not None:
        target = _moved(target, order.tree, must_exist=False)
        services = services and _moved(services, order.tree, must_exist=True)
        folder = folder and str(_if_there(order.tree, Path(folder)))
        _enter(order.tree)
    explored = load_explored(target, folder)
    check_entries([*order.entries], explored)
    settings = Settings(
        services=services_named(services).value if services else None,
        entries=order.entries,
        at=as_moment(order.at),
        event_data=order.event_data,
        max_records=order.max_records,
        max_seconds=order.max_seconds,
    )
    if order.tree is not None:
        _check_apart(order.tree)
    if folder:
        board = board_with_sounds(explored.flows, folder, order.mount_path)
        return Side(explored.flows, settings, board)
    return Side(explored.flows, settings, explored.app)


def _moved(text: str, tree: Tree, *, must_exist: bool) -> str:
    """Return a TARGET that is a file as the revision has it."""
    place, name = split_target(text)
    if not place.endswith(".py"):
        return text
    path = _if_there(tree, Path(place)) if must_exist else tree.at(Path(place))
    return f"{path}:{name}" if name else str(path)


def _if_there(tree: Tree, path: Path) -> Path:
    moved = tree.at(path)
    return moved if moved.exists() else path.resolve()


def _enter(tree: Tree) -> None:
    """Look for modules in the revision wherever they would be looked for in the repository."""
    here = tree.at(Path.cwd())
    here.mkdir(parents=True, exist_ok=True)
    sys.path[:] = [str(_if_there(tree, Path(one))) for one in sys.path]
    os.chdir(here)


def _check_apart(tree: Tree) -> None:
    """Refuse to compare what shares modules with the files as they are.

    Raises:
        TargetError: it names the module.
    """
    for name, module in sorted(sys.modules.items()):
        file = Path(getattr(module, "__file__", None) or os.devnull).resolve()
        if file.is_relative_to(_PACKAGE) or not file.is_relative_to(tree.top):
            continue
        if tree.at(file).exists():
            raise TargetError(
                f"{name} was imported from {file}, not from {tree.revision}; "
                "take what adds its folder to sys.path out of the flow's modules"
            )
