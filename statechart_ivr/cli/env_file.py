"""``--env-file``: settings from a file, as python-dotenv reads it, but without guessing."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import click
from dotenv import load_dotenv
from dotenv.parser import Binding, parse_stream


def load_env_file(path: str) -> None:
    """Set the environment variables of a file that are not set yet.

    Raises:
        click.UsageError: it cannot be read as a whole; nothing was set.
    """
    text = _read(path)
    for binding in parse_stream(StringIO(text)):
        if _is_wrong(binding):
            raise click.UsageError(
                f"--env-file {path}, line {_line_of(binding)}: this sets nothing; write NAME=value"
            )
    load_dotenv(stream=StringIO(text))


def _read(path: str) -> str:
    data = Path(path).read_bytes()
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise click.UsageError(
            f"--env-file {path}, line {line}: byte 0x{data[error.start]:02x} is no UTF-8; "
            "save the file as UTF-8"
        ) from None


def _is_wrong(binding: Binding) -> bool:
    has_no_value = binding.key is not None and binding.value is None
    return binding.error or has_no_value or "\0" in binding.original.string


def _line_of(binding: Binding) -> int:
    # What is parsed begins with the empty lines above it.
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
