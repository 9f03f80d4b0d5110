"""Where something is, and what is wrong with it, in one line."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any


class Problems(list[str]):
    """Collects what is wrong with one flow.

    Args:
        flow: name of the class.
        origin: ``file:line`` of the class statement.
    """

    def __init__(self, flow: str, origin: str) -> None:
        super().__init__()
        self._flow = flow
        self._origin = origin

    def add(
        self,
        message: str,
        *,
        state: str | None = None,
        method: Callable[..., Any] | None = None,
        name: str | None = None,
    ) -> None:
        """Note a problem.

        Args:
            message: what is wrong; what to write.
            state: the state it is about.
            method: the function it is about; gives file and line.
            name: what to call it, if not by the function's name.
        """
        name = name or getattr(method, "__name__", None)
        where = ".".join(part for part in (self._flow, state, name) if part)
        place = location(method) if method is not None else self._origin
        line = f"{where} ({place}): {message}"
        if line not in self:
            self.append(line)


def location(function: Callable[..., Any]) -> str:
    """Return ``file:line`` of a function."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else "?:0"


def class_location(package: str) -> str:
    """Return ``file:line`` of the statement outside a package that led here."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] == package:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
