"""The source of a flow, and copies of it with one mistake each."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

_numbers = count()


class Mutant(NamedTuple):
    """A copy of a flow's source with one mistake.

    Attributes:
        example: whose source it is: the example's folder.
        operator: what kind of mistake.
        what: the mistake, in words that tell it from all others of the example.
        text: the whole source.
        is_unseen: whether it is made where the checker does not look: in background work, which
            it does not do, and where Twilio's parameters are read, of which it tries one kind.
    """

    example: str
    operator: str
    what: str
    text: str
    is_unseen: bool = False

    @property
    def name(self) -> str:
        """What it is listed by."""
        return f"{self.example}: {self.operator}: {self.what}"


class Edit(NamedTuple):
    """Something else in the place of a node.

    Attributes:
        node: what stands there.
        text: what is to stand there.
    """

    node: ast.expr | ast.stmt
    text: str


@dataclass(frozen=True)
class Transition:
    """One call of ``.to()`` in the body of a flow, or of a state inside.

    Attributes:
        statement: all of it.
        call: the call.
        body: the statements it stands among.
    """

    statement: ast.Expr
    call: ast.Call
    body: list[ast.stmt]

    @property
    def source(self) -> str:
        """The state it leaves, as it is written."""
        assert isinstance(self.call.func, ast.Attribute)
        return ast.unparse(self.call.func.value)

    @property
    def target(self) -> ast.expr:
        """The state it leads to."""
        return self.call.args[0]

    def keyword(self, name: str) -> ast.keyword | None:
        """Return one of its arguments."""
        return next((one for one in self.call.keywords if one.arg == name), None)

    @property
    def events(self) -> list[ast.expr]:
        """What it waits for, one by one."""
        event = self.keyword("event")
        if event is None:
            return []
        return event.value.elts if isinstance(event.value, ast.List) else [event.value]


class Source:
    """The module of an example's flows.

    Args:
        example: its folder.
        path: of the module.

    Attributes:
        example: its folder.
        path: of the module.
        flows: the classes in it that are flows.
    """

    def __init__(self, example: str, path: Path) -> None:
        self.example, self.path = example, path
        self.text = path.read_text("utf-8")
        self._bytes = self.text.encode()
        lines = self._bytes.splitlines(keepends=True)
        self._starts = [sum(map(len, lines[:number])) for number in range(len(lines))]
        tree = ast.parse(self.text)
        self.flows = [
            node for node in tree.body if isinstance(node, ast.ClassDef) and _is_flow(node)
        ]
        methods = (one for flow in self.flows for one in self.methods(flow) if _is_unseen(one))
        self._unseen = {node for method in methods for node in ast.walk(method)}

    def mutant(self, operator: str, where: str, what: str, *edits: Edit) -> Mutant:
        """Return the source with some nodes replaced.

        Args:
            operator: what kind of mistake.
            where: state or method it is made in.
            what: the mistake, in words.
            *edits: in any order; none inside another.
        """
        made = self._bytes
        for node, text in sorted(edits, key=lambda edit: self._span(edit.node), reverse=True):
            start, end = self._span(node)
            made = made[:start] + text.encode() + made[end:]
        is_unseen = any(node in self._unseen for node, _ in edits)
        return Mutant(self.example, operator, f"{where}: {what}", made.decode(), is_unseen)

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset

    def transitions(self, flow: ast.ClassDef) -> Iterator[Transition]:
        """Go through the transitions that a flow declares, those of inner states too."""
        for owner in ast.walk(flow):
            if not isinstance(owner, ast.ClassDef):
                continue
            for statement in owner.body:
                call = statement.value if isinstance(statement, ast.Expr) else None
                if isinstance(call, ast.Call) and _called(call) == "to":
                    assert isinstance(statement, ast.Expr)
                    yield Transition(statement, call, owner.body)

    def methods(self, flow: ast.ClassDef) -> Iterator[ast.FunctionDef]:
        """Go through the methods of a flow."""
        yield from (one for one in flow.body if isinstance(one, ast.FunctionDef))


def _is_flow(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base) == "CallFlow" for base in node.bases)


def _is_unseen(method: ast.FunctionDef) -> bool:
    marks = [ast.unparse(mark) for mark in method.decorator_list]
    is_work = any(mark.startswith("background(") for mark in marks)
    return is_work or "self.call.parameters" in ast.unparse(method)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)


def without(node: ast.expr, part: ast.AST) -> str:
    """Return a node as text, without one of the elements or arguments it lists."""
    for _, parts in ast.iter_fields(node):
        if isinstance(parts, list) and any(one is part for one in parts):
            place = next(index for index, one in enumerate(parts) if one is part)
            parts.pop(place)
            text = ast.unparse(node)
            parts.insert(place, part)
            return text
    raise ValueError(f"{ast.unparse(part)} is no part of {ast.unparse(node)}")


@contextmanager
def loaded(text: str, path: Path) -> Iterator[ModuleType]:
    """Have the source of flows compiled and run, as a module of a name of its own.

    Args:
        text: of the module.
        path: where findings are to say that it stands.
    """
    module = ModuleType(f"mutant_{next(_numbers)}")
    sys.modules[module.__name__] = module
    try:
        exec(compile(text, str(path), "exec"), vars(module))  # noqa: S102 - that is what it is for
        yield module
    finally:
        del sys.modules[module.__name__]
