"""Mistakes in limits: attempts, turns, digits, seconds."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from tests.mutations.chart import Made, Operator
from tests.mutations.source import Edit, Source

_SECONDS = {"timeout", "max_length"}


def no_attempts(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Let callers be wrong as often as they like."""
    first = flow.body[0]
    assert isinstance(first, ast.Expr)  # the docstring
    written = f"{ast.get_source_segment(source.text, first)}\n    max_attempts = None\n"
    yield flow.name, "max_attempts = None", [Edit(first, written)]


def more_turns(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Let a call go on for more turns, or for ever."""
    for one in flow.body:
        if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "max_turns":
            for turns in ("1000", "None"):
                yield flow.name, f"max_turns = {turns}", [Edit(one.value, turns)]


def other_digits(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Ask for one digit more, or less; for one, where any number may come."""
    for method, call, option in _options(source, flow):
        if option.arg == "num_digits":
            number = ast.literal_eval(option.value)
            for other in ("1",) if number is None else (str(number - 1), str(number + 1)):
                what = f"{ast.unparse(call.func)} with num_digits={other}"
                yield method, what, [Edit(option.value, other)]


def longer(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Wait ten times as long."""
    for method, call, option in _options(source, flow):
        if option.arg in _SECONDS:
            other = str(ast.literal_eval(option.value) * 10)
            what = f"{ast.unparse(call.func)} with {option.arg}={other}"
            yield method, what, [Edit(option.value, other)]


def _options(source: Source, flow: ast.ClassDef) -> Iterator[tuple[str, ast.Call, ast.keyword]]:
    for method in source.methods(flow):
        calls = (one for one in ast.walk(method) if isinstance(one, ast.Call))
        yield from ((method.name, call, option) for call in calls for option in call.keywords)


OPERATORS: Mapping[str, Operator] = {
    "no limit of attempts": no_attempts,
    "raise max_turns": more_turns,
    "change num_digits": other_digits,
    "raise a time": longer,
}
