"""A module imports only from lower floors, so that every part can be read without those above."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import statechart_ivr

# Who lives where; docs/explanation/architecture.md shows the same table. The name of a package
# whose modules are not listed stands for all of them: they may import each other.
FLOORS = {
    "errors": 0,
    "clock": 0,
    "call": 1,
    "decorators": 1,
    "engine": 1,
    "events": 1,
    "record": 1,
    "redis_access": 1,
    "signing": 1,
    "testing.holding": 1,
    "testing.outage": 4,
    "testing.parameters": 1,
    "testing.transcript": 1,
    "twiml": 1,
    "urls": 1,
    "runners.base": 2,
    "spec": 2,
    "stores.base": 2,
    "testing.rules": 2,
    "flow": 3,
    "runners.dramatiq": 3,
    "runners.inline": 3,
    "runners.loading": 3,
    "runners.thread": 3,
    "rest": 3,
    "stores.breaker": 3,
    "stores.encrypted": 3,
    "stores.health": 3,
    "stores.memory": 3,
    "stores.purging": 3,
    "stores.redis": 3,
    "stores.sql": 3,
    "stores.sqlite": 3,
    "testing.script": 3,
    "routing": 4,
    "runners": 4,
    "runners.worker": 4,
    "stores": 4,
    "testing.listening": 4,
    "testing.runner_contract": 4,
    "testing.store_contract": 4,
    "turn": 4,
    "switchboard": 5,
    "testing.playback": 5,
    "testing.transport": 5,
    "web.body": 5,
    "web.mounting": 5,
    "sessions": 6,
    "testing.exchange": 6,
    "testing.line": 6,
    "web.hold_music": 6,
    "web.signature": 6,
    "web.static": 6,
    "testing.caller": 7,
    "testing.mishaps": 8,
    "testing.snapshot": 8,
    "testing.view": 8,
    "testing.working": 7,
    "web.app": 7,
    "testing.phone": 9,
    "web": 8,
    "checker": 10,
    "testing.crashes": 11,
    "testing.guiding": 11,
    "testing.properties": 1,
    "testing.strategies": 12,
    "testing.trial": 12,
    "testing.printing": 13,
    "testing.case": 14,
    "testing": 15,
    "cli": 16,
    "testing.call_files": 16,
    "testing.flow_targets": 17,
    "testing.flow_items": 18,
    "testing.pytest_plugin": 19,
    "statechart_ivr": 20,
}

PACKAGE = "statechart_ivr"
FOLDER = Path(statechart_ivr.__file__).parent


def dotted(file: Path) -> str:
    """Return a module's full name."""
    parts = [PACKAGE, *file.relative_to(FOLDER).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(file): file for file in sorted(FOLDER.rglob("*.py"))}


def unit(module: str) -> str | None:
    """Return the name under which the table has a module; None if it has none."""
    name = module.removeprefix(f"{PACKAGE}.")
    if name in FLOORS:
        return name
    package = name.rpartition(".")[0]
    is_one_unit = not any(other.startswith(f"{package}.") for other in FLOORS)
    return package if package in FLOORS and is_one_unit else None


def imports(file: Path) -> Iterator[str]:
    """Go through the modules a file imports anywhere in it; ours resolved to modules."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = file.relative_to(FOLDER.parent).parts[: -node.level]
                base = ".".join([*parents, base]).rstrip(".")
            names = (f"{base}.{alias.name}" for alias in node.names)
            yield from (name if name in MODULES else base for name in names)


def own_imports(module: str) -> list[str]:
    """Return the modules of this package that a module imports."""
    return [name for name in imports(MODULES[module]) if name.split(".")[0] == PACKAGE]


def in_prose(modules: Iterable[str]) -> str:
    """Return complaints one below the other, for an assertion's message."""
    return "\n".join(modules)


def test_every_module_has_a_floor() -> None:
    """A new module is entered in the table; one that is gone is taken out."""
    units = {module: unit(module) for module in MODULES}
    homeless = [module for module, found in units.items() if found is None]
    assert not homeless, f"give these a floor: {homeless}"
    assert set(FLOORS) - set(units.values()) == set()


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module: str) -> None:
    """No module imports from its own floor, from above, or from the package's root."""
    home = unit(module)
    if home is None:
        pytest.fail(f"{module} has no floor")
    wrong = []
    for name in own_imports(module):
        target = unit(name)
        if target != home and (target is None or FLOORS[target] >= FLOORS[home]):
            wrong.append(f"{home} on floor {FLOORS[home]} imports {name}")
    assert not wrong, in_prose(wrong)


def test_no_rings() -> None:
    """No module imports itself by way of others, inside packages that count as one either."""
    graph = {module: set(own_imports(module)) for module in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


# Python's manual documents these, underscore and all.
DOCUMENTED = {"_exit", "_getframe", "_replace"}


def own_names(tree: ast.AST) -> Iterator[str]:
    """Go through the names that a module defines: functions, classes, variables, attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr


def private_names(tree: ast.AST) -> Iterator[str]:
    """Go through the private names that a module reads from elsewhere."""
    for node in ast.walk(tree):
        names = [node.attr] if isinstance(node, ast.Attribute) else []
        if isinstance(node, ast.ImportFrom):
            names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        yield from (name for name in names if re.match("_[^_]", name))


def test_only_engine_touches_private_details_of_others() -> None:
    """A private name of another package, python-statemachine's above all, is read in one place."""
    trees = {module: ast.parse(file.read_text("utf-8")) for module, file in MODULES.items()}
    ours = DOCUMENTED | {name for tree in trees.values() for name in own_names(tree)}
    found = {module: set(private_names(tree)) - ours for module, tree in trees.items()}
    assert found.pop(f"{PACKAGE}.engine")
    assert {module: names for module, names in found.items() if names} == {}


def test_the_docs_show_this_table(project: Path) -> None:
    """The table in the explanation is the one the modules are held to."""
    page = (project / "docs/explanation/architecture.md").read_text("utf-8")
    shown = {
        module: int(floor)
        for floor, modules in re.findall(r"^\| (\d+) \| ([^|]+) \|", page, re.MULTILINE)
        for module in re.findall(r"`([\w.]+)`", modules)
    }
    assert shown == FLOORS
