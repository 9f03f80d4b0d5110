"""Mistakes in methods: marks, guards, and what handlers and background work return."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from tests.mutations.chart import Made, Operator
from tests.mutations.source import Edit, Source, without


def drop_mark(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Forget one of the marks of a method."""
    for method in source.methods(flow):
        for mark in method.decorator_list:
            if ast.unparse(mark) != "property":
                # What is behind the "@" of a mark may be any function, so this one changes nothing.
                what = f"no @{ast.unparse(mark)}"
                yield method.name, what, [Edit(mark, "(lambda function: function)")]


def drop_option(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Forget ``person=``, ``waiting=``, or another option of a mark."""
    for method in source.methods(flow):
        for mark in method.decorator_list:
            for option in mark.keywords if isinstance(mark, ast.Call) else ():
                if option.arg != "timeout":
                    what = f"no {ast.unparse(option)}"
                    yield method.name, what, [Edit(mark, without(mark, option))]


def drop_place(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Forget one of the states or events that a method is for."""
    for method in source.methods(flow):
        for mark in method.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) != "routable":
                for place in mark.args if len(mark.args) > 1 else ():
                    what = f"not for {ast.unparse(place)}"
                    yield method.name, what, [Edit(mark, without(mark, place))]


def forget_pass(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Return nothing for what a handler wants to leave to others."""
    for method, value in _returned(source, flow):
        if ast.unparse(value) == "PASS":
            yield method.name, "PASS is forgotten", [Edit(value, "None")]


def forget_event(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Return nothing where a handler or background work wants to return an event."""
    marked = {"on_input", "background"}
    for method, value in _returned(source, flow):
        marks = {ast.unparse(one).partition("(")[0] for one in method.decorator_list}
        if marks & marked and ast.unparse(value) != "PASS":
            yield method.name, f"{ast.unparse(value)} is forgotten", [Edit(value, "None")]


def _returned(source: Source, flow: ast.ClassDef) -> Iterator[tuple[ast.FunctionDef, ast.expr]]:
    for method in source.methods(flow):
        for one in ast.walk(method):
            if isinstance(one, ast.Return) and one.value is not None:
                yield method, one.value


def negate_guard(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Have a guard say the opposite."""
    for method, value in _returned(source, flow):
        if method.name in _guards(source, flow):
            yield method.name, "negated", [Edit(value, f"not ({ast.unparse(value)})")]


def drop_guard(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Forget the guard of a transition."""
    for one in source.transitions(flow):
        if guard := one.keyword("cond"):
            edit = Edit(one.call, without(one.call, guard))
            yield one.source, f"no {ast.unparse(guard)}", [edit]


def shift_bound(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Be off by one in a guard or handler."""
    for method in source.methods(flow):
        compared = (one for one in ast.walk(method) if isinstance(one, ast.Compare))
        for one in compared:
            for number in [one.left, *one.comparators]:
                if isinstance(number, ast.Constant) and isinstance(number.value, int):
                    for other in (number.value - 1, number.value + 1):
                        what = f"{ast.unparse(one)}, with {other}"
                        yield method.name, what, [Edit(number, str(other))]


def _guards(source: Source, flow: ast.ClassDef) -> set[str]:
    conditions = (one.keyword("cond") for one in source.transitions(flow))
    return {str(ast.literal_eval(one.value)) for one in conditions if one}


OPERATORS: Mapping[str, Operator] = {
    "remove a mark": drop_mark,
    "remove an option of a mark": drop_option,
    "mark for less": drop_place,
    "forget PASS": forget_pass,
    "forget an event": forget_event,
    "negate a guard": negate_guard,
    "drop a guard": drop_guard,
    "off by one": shift_bound,
}
