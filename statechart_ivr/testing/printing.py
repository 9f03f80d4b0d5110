"""A call that went wrong, as it is printed: in words, as a command, and as a test."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from typing import Any

from statechart_ivr.checker.notation import Step, written
from statechart_ivr.checker.playing import says_work
from statechart_ivr.clock import as_moment
from statechart_ivr.flow import spec_of
from statechart_ivr.testing.guiding import Options
from statechart_ivr.testing.line import DEFAULT_MOMENT
from statechart_ivr.testing.trial import Failure

_USUAL_MOMENT = as_moment(DEFAULT_MOMENT)
#: What can be shown by a phone alone.
_BY_PHONE = frozenset({"raises", "refused", "always", "never"})


def printed(failure: Failure, options: Options, case: type) -> str:
    """Return all there is to say of a failure.

    Args:
        failure: with the shortest call.
        options: what calls were made, and of what.
        case: the test class.
    """
    call = written(failure.steps)
    command = replay_line(failure, options)
    return (
        f"{failure.flow}: {failure.message}\n\n    {call}\n\n    {command}\n\n"
        f"{as_test(failure, options, case)}"
    )


def replay_line(failure: Failure, options: Options) -> str:
    """Return the command that makes the call, and prints what is heard."""
    flow = options.flows[0]
    name = f":{flow.__name__}" if len(options.flows) == 1 else ""
    words = ["statechart-ivr", "replay", f"{flow.__module__}{name}", written(failure.steps)]
    if options.settings.at != _USUAL_MOMENT:
        words += ["--at", _moment(options)]
    if options.settings.services is not None:
        words += ["--services", ":".join(_services_in(options))]
    if options.has_work and not says_work(failure.steps):
        words.append("--by-hand")
    return shlex.join(words)


def as_test(failure: Failure, options: Options, case: type) -> str:
    """Return a test function in Python, with the lines that import what it needs."""
    alone = len(options.flows) == 1 and options.like is None
    if failure.kind in _BY_PHONE and alone:
        body = list(_by_phone(failure, options, case))
    else:
        body = [f"{_case(options, case)}().check({written(failure.steps)!r})"]
    text = "\n".join(f"    {line}" for line in body)
    title = failure.message.splitlines()[0].replace("\\", "/").replace('"""', "'''")
    test = f'def test_{_name(failure)}():\n    """{title}"""\n{text}\n'
    return "\n".join([*_imports(test, options, case), "", "", test])


def _by_phone(failure: Failure, options: Options, case: type) -> Iterator[str]:
    flow, steps = options.flows[0], list(failure.steps)
    at = "" if options.settings.at == _USUAL_MOMENT else _moment(options)
    if steps[0].verb == "at":
        at = steps.pop(0).what
    told = [
        flow.__name__,
        *([f"at={at!r}"] if at else []),
        *([f"services={_services_in(options)[1]}"] if options.settings.services else []),
        *(["by_hand=True"] if options.has_work else []),
    ]
    yield f"call = Phone({', '.join(told)})"
    dial = steps.pop(0)
    route = spec_of(flow).routes[0].path
    yield f"call.{Step(dial.verb, dial.what or route, dial.data).code()}"
    yield from (f"call.{step.code()}" for step in steps)
    if failure.kind == "always":
        yield f"assert {_case(options, case)}().{failure.name}(call) is not False"
    elif failure.kind == "never":
        yield f"assert not {_case(options, case)}().{failure.name}(call)"


def _case(options: Options, case: type) -> str:
    """Return the test class, as Python: by its name, or as it was made."""
    if not getattr(case, "is_generated", False):
        return case.__name__
    names = [flow.__name__ for flow in options.flows]
    flows = names[0] if len(names) == 1 else f"({', '.join(names)})"
    return f"flow_test_case({flows})"


def _imports(test: str, options: Options, case: type) -> list[str]:
    lines = []
    for one in options.flows:
        if re.search(rf"\b{one.__name__}\b", test.partition("\n")[2]):
            lines.append(f"from {one.__module__} import {one.__name__}")
    if f"{case.__name__}()" in test:
        lines.append(f"from {case.__module__} import {case.__name__}")
    if "services=" in test:
        module, name = _services_in(options)
        lines.append(f"from {module} import {name}")
    names = [name for name in ("Phone", "flow_test_case") if f"{name}(" in test]
    if names:
        lines.append(f"from statechart_ivr.testing import {', '.join(names)}")
    return sorted(lines)


def _services_in(options: Options) -> tuple[str, str]:
    """Return where services are found, and by which name."""
    services: Any = options.settings.services
    for name, module in list(sys.modules.items()):
        for known, value in list(getattr(module, "__dict__", {}).items()):
            if value is services and not known.startswith("_"):
                return name, known
    return "doubles", "SERVICES"


def _moment(options: Options) -> str:
    return options.settings.at.isoformat().removesuffix("+00:00")


def _name(failure: Failure) -> str:
    steps = ["wait" if step.verb == "wait" else str(step) for step in failure.steps[1:]]
    spelt = " ".join([failure.flow, failure.name or failure.kind, *steps])
    spelt = spelt.replace("*", " star ").replace("#", " pound ")
    spelt = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", spelt)
    return re.sub(r"\W+", "_", spelt.lower()).strip("_")[:80].rstrip("_")
