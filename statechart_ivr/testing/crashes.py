"""Calls that went wrong, kept in a folder until they go well again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from statechart_ivr.checker.notation import Step, parse_call, written
from statechart_ivr.errors import NotationError

#: Where they are kept, below the current folder.
FOLDER = ".statechart-ivr/crashes"


@dataclass(frozen=True)
class Kept:
    """A call that went wrong once.

    Attributes:
        file: where it is written down.
        steps: of the call.
    """

    file: Path
    steps: tuple[Step, ...]


class CrashFolder:
    """A folder with one small file for each call.

    Args:
        path: of the folder; it is made when there is something to be kept.
        flow: module and name of the flow whose calls these are.
    """

    def __init__(self, path: Path, flow: str) -> None:
        self._path, self._flow = path, flow

    def kept(self) -> Iterator[Kept]:
        """Go through the calls of the flow; what cannot be read is none."""
        for file in sorted(self._path.glob("*.txt")):
            told = dict(
                line.split(": ", 1) for line in file.read_text("utf-8").splitlines() if ": " in line
            )
            if told.get("flow") != self._flow:
                continue
            try:
                yield Kept(file, tuple(parse_call(told.get("call", ""))))
            except NotationError:
                continue

    def keep(self, steps: Sequence[Step], why: str) -> Path:
        """Write a call down.

        Raises:
            OSError: it cannot be written there.
        """
        call = written(steps)
        digest = sha256(f"{self._flow} {call}".encode()).hexdigest()[:12]
        file = self._path / f"{self._flow.rpartition(':')[2]}-{digest}.txt"
        self._path.mkdir(parents=True, exist_ok=True)
        text = f"flow: {self._flow}\ncall: {call}\nwhy: {why.splitlines()[0]}\n"
        file.write_text(text, "utf-8")
        return file
