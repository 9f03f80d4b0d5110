"""Mistakes in what callers hear."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from tests.mutations.chart import Made, Operator
from tests.mutations.source import Edit, Source, without

_KEY = re.compile(r"(?<=press )(\d|star|pound)\b")
_NEXT = {"star": "pound", "pound": "star"}


def drop_say(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Forget to say what a key is for."""
    for one in source.transitions(flow):
        for event in one.events:
            options = event.keywords if isinstance(event, ast.Call) else []
            for option in options:
                edit = Edit(event, without(event, option))
                yield one.source, f"no {ast.unparse(option)}", [edit]


def wrong_key(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Say another key than the one that is meant."""
    for one in ast.walk(flow):
        is_text = isinstance(one, ast.Constant) and isinstance(one.value, str)
        if is_text and (found := _KEY.search(one.value)):
            key = found[1]
            other = _NEXT.get(key) or str((int(key) + 1) % 10)
            text = f"{one.value[: found.start()]}{other}{one.value[found.end() :]}"
            yield _around(one, flow), f"{one.value} says {other}", [Edit(one, repr(text))]


def _around(node: ast.AST, flow: ast.ClassDef) -> str:
    """Return the method or state that something stands in."""
    for method in (one for one in flow.body if isinstance(one, ast.FunctionDef)):
        if any(one is node for one in ast.walk(method)):
            return method.name
    return flow.name


def drop_part(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Leave out a text, a verb, or the choices, of what a state says."""
    for method in source.methods(flow):
        for whole in (one for one in ast.walk(method) if isinstance(one, ast.Return)):
            value = whole.value
            parts = _parts_of(value)
            for part in parts if len(parts) > 1 else ():
                assert value is not None
                written = _words(ast.unparse(part))
                yield method.name, f"without {written}", [Edit(value, without(value, part))]


def _parts_of(value: ast.expr | None) -> list[ast.expr]:
    if isinstance(value, ast.List):
        return [one for one in value.elts if not ast.unparse(one).startswith("Hangup")]
    is_gather = isinstance(value, ast.Call) and ast.unparse(value.func) == "gather"
    return value.args if is_gather and isinstance(value, ast.Call) else []


def _words(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def drop_hangup(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Leave out a Hangup."""
    for method in source.methods(flow):
        lists = (one for one in ast.walk(method) if isinstance(one, ast.List))
        for one in lists:
            for part in one.elts:
                if ast.unparse(part) == "Hangup()":
                    yield method.name, "no Hangup", [Edit(one, without(one, part))]


OPERATORS: Mapping[str, Operator] = {
    "drop a say=": drop_say,
    "say another key": wrong_key,
    "say less": drop_part,
    "drop a Hangup": drop_hangup,
}
