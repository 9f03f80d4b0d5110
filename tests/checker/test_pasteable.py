"""Findings as tests: what they say, and when the checker is asked in place of the phone."""

from __future__ import annotations

import pytest

from statechart_ivr.checker import Finding
from statechart_ivr.checker.notation import parse_call
from statechart_ivr.checker.pasteable import Setting, as_module, as_test, imports_of


def finding(call: str, *checks: str, flow: str = "Line", code: str = "raises") -> Finding:
    """Return a finding with a call."""
    steps = tuple(parse_call(call)) if call else ()
    return Finding(code, flow, "menu", 'It says """no""" \\ twice\nand more', "", steps, "", checks)


def body(test: str) -> list[str]:
    """Return the lines below the docstring."""
    return [line.strip() for line in test.splitlines()[2:]]


def test_a_call() -> None:
    """The phone makes the call, at the usual moment, and the checks follow."""
    test = as_test(finding("dial 1 .", "assert call.ended"), first_route="/first")
    assert test.splitlines()[:2] == [
        "def test_raises_menu_1_wait():",
        "    \"\"\"It says '''no''' / twice\"\"\"",
    ]
    assert body(test) == [
        "call = Phone(Line)",
        'call.dial("/first")',
        'call.press("1")',
        "call.wait()",
        "assert call.ended",
    ]


@pytest.mark.parametrize("message", ['It says "no"', '"', 'It says """no"""', "It's \\"])
def test_a_message_may_end_with_a_quotation_mark(message: str) -> None:
    """What is said stands in the docstring, whatever its last character is."""
    found = Finding("raises", "Line", "menu", message, "", tuple(parse_call("dial")))
    compile(as_test(found), "test", "exec")


def test_a_moment_and_work_by_hand() -> None:
    """The moment of the call wins over the usual one, and work is done by hand."""
    found = finding("at 2026-01-05T17:00 dial work -")
    test = as_test(found, setting=Setting("services=S", at="2026-02-01T10:00"))
    assert body(test)[0] == ("call = Phone(Line, services=S, at='2026-01-05T17:00', by_hand=True)")
    assert "at='2026-02-01T10:00'" in as_test(
        finding("dial"), setting=Setting(at="2026-02-01T10:00")
    )


@pytest.mark.parametrize(
    ("call", "setting", "first"),
    [
        ("", Setting("services=S", "limits=L"), "report = check_flow(Line, services=S, limits=L)"),
        ("dial go /b", Setting(flows=("Line", "B")), "report = check_flow(Line, B)"),
        (
            "dial work found",
            Setting(app="app"),
            "report = check_flow(*app.switchboard.flows, like=app)",
        ),
        ("dial go /b", Setting(app="app", options="services=S"), "call = Phone(app)"),
        ("dial work found", Setting(flows=("Line", "B")), "call = Phone(Line, by_hand=True)"),
    ],
)
def test_what_the_phone_cannot_do(call: str, setting: Setting, first: str) -> None:
    """It has one flow, and does work by hand only with one; else the checker is asked."""
    lines = body(as_test(finding(call), setting=setting))
    assert lines[0] == first
    if "report" in first:
        assert lines[1] == 'assert not report.having("raises", "menu")'


def test_a_report_that_is_checked_otherwise() -> None:
    """A finding that says itself how it is seen in a report is believed."""
    check = 'assert not report.having("unstable")'
    assert body(as_test(finding("dial", check))) == ["report = check_flow(Line)", check]


def test_imports() -> None:
    """The lines above the test import what it needs."""
    assert imports_of(finding("dial"), "flow") == (
        "from flow import Line\nfrom statechart_ivr.testing import Phone\n"
    )
    assert "from statechart_ivr.checker import check_flow" in imports_of(finding(""), "flow")


def test_a_file_of_tests() -> None:
    """Tests of one name are told apart, and each import stands there once."""
    same = [finding("dial 1"), finding("dial 1", flow="Other"), finding("dial 1", flow="Third")]
    imports = ["from flow import Line", "from flow import Line"]
    text = as_module(same, imports, Setting())
    assert [line for line in text.splitlines() if line.startswith("def ")] == [
        "def test_raises_menu_1():",
        "def test_raises_menu_1_2():",
        "def test_raises_menu_1_3():",
    ]
    assert text.count("import Line") == 1
    assert "statechart_ivr.checker" not in text
