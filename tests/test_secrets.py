"""What a caller enters at a secret question is found nowhere afterwards.

A table of everything that can happen to such an input, times the ways it can come in: as keys or
as words, by POST or by GET. Each time all that is left behind is searched: the log as it is
written, what is stored, the documents, the errors of the library's own, and what the command
line shows of the call.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from urllib.parse import unquote

import pytest

from statechart_ivr.cli.logs import JsonFormatter, TextFormatter
from statechart_ivr.cli.main import main
from statechart_ivr.errors import FlowError, IvrError
from statechart_ivr.stores import MemoryStore, SqliteStore
from tests.secrets.line import PIN, WAYS, WRONG_PIN, Line, Vault, Way
from tests.secrets.paths import PATHS, told_of


class Handler(logging.Handler):
    """Writes every record in both formats, and with all that was passed along."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [formatter.format(record) for formatter in (TextFormatter(), JsonFormatter())]
        self.lines.append(str(vars(record)))


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Collect what all loggers of this process write, down to DEBUG: the engine's too."""
    handler, root = Handler(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.lines
    root.setLevel(level)
    root.removeHandler(handler)


def own_errors(errors: list[BaseException]) -> list[str]:
    """Return all that errors of the library say; what a flow raises is its author's to word."""
    own = [error for error in errors if isinstance(error, IvrError)]
    return [f"{error!r} {vars(error)} {error.__cause__!r} {error.__context__!r}" for error in own]


def shown(line: Line, file: Path) -> list[str]:
    """Return what the command line shows of the calls in a line's store, values included."""
    with closing(SqliteStore(str(file))) as store:
        for call_sid in line.store.calls():
            # The line's own store may be away for good.
            if stored := MemoryStore.load(line.store, call_sid):
                store.save(call_sid, stored.data, expected=None, ttl=60)
    commands = ("list --all", "list --all --json", "show CA1 --values")
    with redirect_stdout(StringIO()) as output, redirect_stderr(output):
        for command in commands:
            main(["sessions", *command.split(), "--store", f"sqlite:///{file}"])
    return [output.getvalue()]


def leaks(line: Line, log: list[str], tmp_path: Path) -> dict[str, str]:
    """Return where the input is found, with the first text it is found in."""
    left = {
        "log": log,
        "store": line.store.saved,
        "documents": line.answers,
        "errors": own_errors(line.errors),
        "tools": shown(line, tmp_path / "calls.db"),
    }
    return {
        place: text
        for place, texts in left.items()
        for text in texts
        if any(needle in form for needle in (PIN, WRONG_PIN) for form in (text, unquote(text)))
    }


@pytest.mark.parametrize("way", WAYS, ids="-".join)
@pytest.mark.parametrize("path", PATHS)
def test_nowhere(path: str, way: Way, log: list[str], tmp_path: Path) -> None:
    """Whatever happens to a secret, and however it came in, it is found nowhere afterwards."""
    line = Line(way)
    PATHS[path](line)
    assert leaks(line, log, tmp_path) == {}


class Noting(Vault):
    """Writes the input into the log."""

    def let_in(self):
        logging.getLogger("statechart_ivr.bank").info("let in", extra={"by": self.call.parameters})


class Storing(Vault):
    """Keeps the input in the session."""

    def let_in(self):
        self.session["by"] = dict(self.call.parameters)


class Repeating(Vault):
    """Says the input back."""

    def welcome(self):
        return f"You entered {sorted(self.call.parameters.items())}."


class Complaining(Vault):
    """Raises an error of the library's with the input."""

    def let_in(self):
        raise FlowError(str(self.call.parameters))


@pytest.mark.parametrize("way", WAYS, ids="-".join)
@pytest.mark.parametrize(
    ("flow", "place"),
    [
        (Noting, "log"),
        (Storing, "store"),
        (Repeating, "documents"),
        (Complaining, "errors"),
        (Storing, "tools"),
    ],
)
def test_a_leak_is_found(
    flow: type[Vault], place: str, way: Way, log: list[str], tmp_path: Path
) -> None:
    """What a careless flow lets out is found where it was let out, however it came in."""
    line = Line(way)
    told_of(flow)(line)
    assert place in leaks(line, log, tmp_path)


@pytest.mark.parametrize("key", "48*")
def test_not_even_one_key(key: str, log: list[str]) -> None:
    """The log says that a key came, and not which: an event's id would give it away."""
    line = Line(WAYS[0])
    told_of(Vault, key)(line)
    assert "key" in " ".join(log)
    assert not [line for line in log if f"key.{key}" in line or "key.star" in line]
