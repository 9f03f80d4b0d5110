"""Log records as one line each: ``key=value`` for people, JSON for machines."""

from __future__ import annotations

import json
import logging
import re
from datetime import datetime, timezone
from typing import Any, TextIO

FORMATS = ("text", "json")

# What every record has; anything else was passed as ``extra=``.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PLAIN = re.compile(r"[^\s\"=\x00-\x1f\x7f\\]+")


class TextFormatter(logging.Formatter):
    """Writes ``key=value``; a value with a space or anything special is quoted as in JSON.

    Lists are written with commas. A traceback follows on lines of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for a record."""
        line = " ".join(f"{key}={_value(value)}" for key, value in fields(record).items())
        return f"{line}\n{trace}" if (trace := _traceback(self, record)) else line


class JsonFormatter(logging.Formatter):
    """Writes a JSON object; a traceback is its ``traceback``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for a record."""
        trace = _traceback(self, record)
        return json.dumps(
            {**fields(record), **({"traceback": trace} if trace else {})}, default=str
        )


def configure_logs(log_format: str, stream: TextIO | None = None) -> None:
    """Send the logs of all libraries to one place, from level INFO on.

    Args:
        log_format: one of `FORMATS`.
        stream: where to; standard error if left out.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # It warns of every request that waits for a thread, and a busy line is no trouble yet.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a record says: time in UTC, level, logger, message, then its extras."""
    time = datetime.fromtimestamp(record.created, timezone.utc)
    extras = {key: value for key, value in vars(record).items() if key not in _STANDARD}
    return {
        "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
        **extras,
    }


def _value(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info else ""
