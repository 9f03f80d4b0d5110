"""A finding as a test that can be pasted: it fails as long as the finding is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from statechart_ivr.checker.findings import Finding
from statechart_ivr.checker.notation import Step


@dataclass(frozen=True)
class Setting:
    """What a test has to say besides the call.

    Attributes:
        options: more arguments, as Python, for ``Phone`` and ``check_flow``: ``services=SERVICES``.
        check_options: more, for ``check_flow`` alone: ``limits=Limits(prompt_seconds=30)``.
        at: when calls come in, where it is not the usual moment.
        flows: names of all flows that are checked together, where there are several.
        app: name of the application that serves them, or nothing.
        first_route: path of the route that ``dial`` without a path stands for.
    """

    options: str = ""
    check_options: str = ""
    at: str = ""
    flows: tuple[str, ...] = ()
    app: str = ""
    first_route: str = ""


def as_test(
    finding: Finding,
    *,
    options: str = "",
    first_route: str = "",
    setting: Setting | None = None,
) -> str:
    """Return a test function in Python.

    It uses the name of the flow's class, `Phone`, and, where no call shows the finding,
    `check_flow`; `imports_of` returns the lines that import them.

    Args:
        finding: what it is to fail for.
        options: more arguments, as Python, for ``Phone`` and ``check_flow``:
            ``services=SERVICES``.
        first_route: path of the route that ``dial`` without a path stands for.
        setting: all of that, and more.
    """
    setting = setting or Setting(options, first_route=first_route)
    lines = [f"def test_{_name(finding)}():", f'    """{_title(finding)}"""']
    body = list(_body(finding, setting))
    return "\n".join([*lines, *(f"    {line}" for line in body)]) + "\n"


def _name(finding: Finding) -> str:
    steps = ["wait" if step.verb == "wait" else str(step) for step in finding.steps[1:]]
    spelt = " ".join([finding.code, finding.state, *steps])
    spelt = spelt.replace("*", " star ").replace("#", " pound ")
    return re.sub(r"\W+", "_", spelt.lower()).strip("_")[:80].rstrip("_")


def _title(finding: Finding) -> str:
    title = finding.message.replace("\\", "/").replace('"""', "'''").splitlines()[0]
    # A quotation mark at the end would be taken for the first of those that end the docstring.
    return f"{title} " if title.endswith('"') else title


def _body(finding: Finding, setting: Setting) -> Iterator[str]:
    if is_shown_by_call(finding, setting):
        yield from _making_the_call(finding, setting)
        yield from finding.checks
        return
    flows = ", ".join(setting.flows or (finding.flow,))
    what = f"*{setting.app}.switchboard.flows, like={setting.app}" if setting.app else flows
    at = f"at={setting.at!r}" if setting.at else ""
    yield f"report = check_flow({_joined(what, setting.options, at, setting.check_options)})"
    if any("report" in check for check in finding.checks):
        yield from finding.checks
    else:
        yield f'assert not report.having("{finding.code}", "{finding.state}")'


def is_shown_by_call(finding: Finding, setting: Setting) -> bool:
    """Return whether a call with ``Phone`` shows it; or else ``check_flow`` has to."""
    if not finding.steps or any("report" in check for check in finding.checks):
        return False
    # The phone has one flow, and work done by hand only with one.
    if setting.app:
        return not _is_by_hand(finding)
    return not setting.flows or all(step.verb != "redirect" for step in finding.steps)


def _is_by_hand(finding: Finding) -> bool:
    return finding.has_work or any(step.verb == "work" for step in finding.steps)


def _making_the_call(finding: Finding, setting: Setting) -> Iterator[str]:
    steps = list(finding.steps[: finding.lead])
    moment = steps.pop(0).what if steps[0].verb == "at" else setting.at
    at = f"at={moment!r}" if moment else ""
    by_hand = "by_hand=True" if _is_by_hand(finding) else ""
    options = "" if setting.app else setting.options
    yield f"call = Phone({_joined(setting.app or finding.flow, options, at, by_hand)})"
    dial = steps.pop(0)
    yield f"call.{Step(dial.verb, dial.what or setting.first_route, dial.data).code()}"
    yield from (f"call.{step.code()}" for step in steps)


def _joined(*arguments: str) -> str:
    return ", ".join(filter(None, arguments))


def imports_of(finding: Finding, module: str) -> str:
    """Return the import lines that `as_test` needs."""
    what = "check_flow" if "check_flow(" in as_test(finding) else "Phone"
    source = "checker" if what == "check_flow" else "testing"
    return f"from {module} import {finding.flow}\nfrom statechart_ivr.{source} import {what}\n"


def as_module(findings: Iterable[Finding], imports: Iterable[str], setting: Setting) -> str:
    """Return a file of tests, one for each finding.

    Args:
        findings: what they are to fail for.
        imports: lines that import what the application and the setting are made of.
        setting: what all of them have to say.
    """
    tests: dict[str, str] = {}
    for finding in findings:
        test = as_test(finding, setting=setting)
        name = again = re.findall(r"\Adef (\w+)", test)[0]
        count = 1
        while again in tests:
            count += 1
            again = f"{name}_{count}"
        tests[again] = test.replace(name, again, 1)
    text = "\n\n".join(tests.values())
    checker = [one for one in ("Entry", "Limits", "check_flow") if f"{one}(" in text]
    lines = [
        *imports,
        *([f"from statechart_ivr.checker import {', '.join(checker)}"] * bool(checker)),
    ]
    lines += ["from statechart_ivr.testing import Phone"] * ("Phone(" in text)
    return "\n".join(sorted(dict.fromkeys(lines))) + f"\n\n\n{text}"
