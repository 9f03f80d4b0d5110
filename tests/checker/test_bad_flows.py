"""Each seeded bug is found, by its shortest call; nothing is said of the twin without it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from statechart_ivr.checker import Finding, check_flow
from statechart_ivr.checker.pasteable import as_test
from statechart_ivr.testing import Phone
from tests.checker.bad_flows import Seen, bad_flows

MODULES = bad_flows()


def options(module: ModuleType) -> dict[str, Any]:
    """Return what the module wants the checker to be told."""
    return dict(getattr(module, "OPTIONS", {}))


def run_test(finding: Finding, module: ModuleType, flow: type) -> None:
    """Run the test that a finding prints, with one of the module's two flows for its flow."""
    code = as_test(finding, options=getattr(module, "OPTIONS_CODE", ""))
    names: dict[str, Any] = {**vars(module), finding.flow: flow, "Phone": Phone}
    names["check_flow"] = check_flow
    exec(code, names)  # noqa: S102 - it is what a user pastes
    test = next(value for name, value in names.items() if name.startswith("test_"))
    test()


@pytest.mark.parametrize("name", MODULES)
def test_the_bug_is_found(name: str) -> None:
    """Code, state and shortest call, exactly, and nothing else."""
    module = MODULES[name]
    report = check_flow(module.Bad, **options(module))
    assert [Seen(one.code, one.state, one.call) for one in report.findings] == module.SEEN


@pytest.mark.parametrize("name", MODULES)
def test_nothing_is_said_of_the_twin(name: str) -> None:
    """Where the bug is mended, there is nothing to be found."""
    module = MODULES[name]
    report = check_flow(module.Fixed, **options(module))
    assert not report.findings, str(report)


@pytest.mark.parametrize("name", MODULES)
def test_the_printed_tests_tell_them_apart(name: str) -> None:
    """The test that a finding prints fails on the flow, and passes on its twin."""
    module = MODULES[name]
    for finding in check_flow(module.Bad, **options(module)).findings:
        with pytest.raises(BaseException):  # noqa: B017, PT011 - whatever the flow raises, too
            run_test(finding, module, module.Bad)
        run_test(finding, module, module.Fixed)


def test_there_are_enough() -> None:
    """At least thirty bugs are seeded."""
    assert len(MODULES) >= 30
