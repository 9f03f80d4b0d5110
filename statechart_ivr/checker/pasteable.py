"""A finding as a test that can be pasted: it fails as long as the finding is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from statechart_ivr.checker.findings import Finding
from statechart_ivr.checker.notation import Step


def as_test(finding: Finding, *, options: str = "", first_route: str = "") -> str:
    """Return a test function in Python.

    It uses the name of the flow's class, `Phone`, and, where no call shows the finding,
    `check_flow`; `imports_of` returns the lines that import them.

    Args:
        finding: what it is to fail for.
        options: more arguments, as Python, for ``Phone`` and ``check_flow``:
            ``services=SERVICES``.
        first_route: path of the route that ``dial`` without a path stands for.
    """
    lines = [f"def test_{_name(finding)}():", f'    """{_title(finding)}"""']
    body = list(_body(finding, options, first_route))
    return "\n".join([*lines, *(f"    {line}" for line in body)]) + "\n"


def _name(finding: Finding) -> str:
    steps = ["wait" if step.verb == "wait" else str(step) for step in finding.steps[1:]]
    spelt = " ".join([finding.code, finding.state, *steps])
    spelt = spelt.replace("*", " star ").replace("#", " pound ")
    return re.sub(r"\W+", "_", spelt.lower()).strip("_")[:80].rstrip("_")


def _title(finding: Finding) -> str:
    return finding.message.replace("\\", "/").replace('"""', "'''").splitlines()[0]


def _body(finding: Finding, options: str, first_route: str) -> Iterator[str]:
    more = f", {options}" if options else ""
    if any("report" in check for check in finding.checks) or not finding.steps:
        yield f"report = check_flow({finding.flow}{more})"
    else:
        steps = list(finding.steps[: finding.lead])
        at = f", at={steps.pop(0).what!r}" if steps[0].verb == "at" else ""
        is_by_hand = finding.has_work or any(step.verb == "work" for step in finding.steps)
        by_hand = ", by_hand=True" if is_by_hand else ""
        yield f"call = Phone({finding.flow}{more}{at}{by_hand})"
        dial = steps.pop(0)
        yield f"call.{Step(dial.verb, dial.what or first_route, dial.data).code()}"
        yield from (f"call.{step.code()}" for step in steps)
    yield from finding.checks


def imports_of(finding: Finding, module: str) -> str:
    """Return the import lines that `as_test` needs."""
    what = "check_flow" if "check_flow(" in as_test(finding) else "Phone"
    source = "checker" if what == "check_flow" else "testing"
    return f"from {module} import {finding.flow}\nfrom statechart_ivr.{source} import {what}\n"
