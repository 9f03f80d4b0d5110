"""Log lines: one per record, for people and for machines."""

from __future__ import annotations

import io
import json
import logging

import pytest

from statechart_ivr.cli.logs import JsonFormatter, TextFormatter, configure_logs


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    """Return a record made at a known time."""
    made = logging.makeLogRecord(
        {"name": "statechart_ivr.turn", "levelname": "INFO", "msg": message, "args": arguments}
    )
    made.created = 1767607200.25
    vars(made).update(extra)
    return made


def failed() -> logging.LogRecord:
    """Return the record of an exception."""
    try:
        raise ValueError("it broke")
    except ValueError as error:
        made = record("a turn failed")
        made.exc_info = (ValueError, error, error.__traceback__)
        return made


def test_text() -> None:
    """A line is made of keys and values, the extras last, in their order."""
    line = TextFormatter().format(record("turn %d", 3, call_sid="CA1", state="menu", ms=1.5))
    assert line == (
        "time=2026-01-05T10:00:00.250Z level=info logger=statechart_ivr.turn "
        'message="turn 3" call_sid=CA1 state=menu ms=1.5'
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain-value/1", "plain-value/1"),
        ("", '""'),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ("a\nlevel=error", '"a\\nlevel=error"'),
        ("\x1b[31m", '"\\u001b[31m"'),
        ('say "hi"', '"say \\"hi\\""'),
        (None, "None"),
        (["main", "menu"], "main,menu"),
        (("main menu",), '"main menu"'),
        ([], '""'),
    ],
)
def test_values(value: object, written: str) -> None:
    """Nothing that a caller sends can end the line, or look like another key."""
    assert TextFormatter().format(record("x", key=value)).endswith(f" key={written}")


def test_text_with_a_traceback() -> None:
    """A traceback follows on lines of its own."""
    first, *trace = TextFormatter().format(failed()).splitlines()
    assert first.endswith('message="a turn failed"')
    assert (trace[0], trace[-1]) == ("Traceback (most recent call last):", "ValueError: it broke")


def test_json() -> None:
    """Each line is a JSON object; what JSON has no word for is written as text."""
    line = JsonFormatter().format(record("turn", seq=3, error=ValueError("no")))
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2026-01-05T10:00:00.250Z",
        "level": "info",
        "logger": "statechart_ivr.turn",
        "message": "turn",
        "seq": 3,
        "error": "no",
    }


def test_json_with_a_traceback() -> None:
    """A traceback is a value like any other, and the record still one line."""
    line = JsonFormatter().format(failed())
    assert json.loads(line)["traceback"].endswith("ValueError: it broke")
    assert "\n" not in line


@pytest.mark.parametrize(("log_format", "start"), [("text", "time="), ("json", '{"time": ')])
def test_configuring(log_format: str, start: str) -> None:
    """From INFO on, every library's records go to one stream in the format asked for."""
    stream = io.StringIO()
    configure_logs(log_format, stream)
    logging.getLogger("a.library").info("heard")
    logging.getLogger("a.library").debug("not heard")
    logging.getLogger("waitress.queue").warning("not heard: a request waits for a thread")
    assert stream.getvalue().startswith(start)
    assert stream.getvalue().count("\n") == 1
