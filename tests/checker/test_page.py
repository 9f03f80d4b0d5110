"""The report as one file: what it says, what it keeps to itself, and what a browser makes of it."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, on_input, renders, routable
from statechart_ivr.checker import Coverage, Entry, Report, Verdict, check_flow, coverage_of_calls
from statechart_ivr.checker.drawing import degree, label
from statechart_ivr.checker.page import as_page, mermaid
from statechart_ivr.checker.pasteable import Setting, as_module
from statechart_ivr.checker.veil import HIDDEN, Veil

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PIN = "471100"
TYPED = "990088"


class Bank(CallFlow):
    """Asks for a PIN, has markup in its prompts, and raises with what was keyed in."""

    class line(State.Compound):
        menu = State(initial=True)
        pin = State()

        menu.to(pin, event=key("1", say="<script>alert(1)</script> press 1."))

    goodbye = State(final=True)

    line.to(goodbye, event=[key("*"), "give_up"])
    line.to(goodbye, event="left", cond="is_long")
    line.pin.to(goodbye, event="entered")

    @routable("/bank")
    @renders(line.menu)
    def say_menu(self):
        return gather(*self.choices(), "To end the call, press star.")

    @renders(line.pin)
    def ask_pin(self):
        return gather("Your PIN?", num_digits=6)

    @on_input(line.pin, secret=True, examples=[PIN])
    def take_pin(self, caller_input):
        if caller_input.digits == PIN:
            raise ValueError(f"<b>no</b> account {PIN}")
        return "entered"

    def is_long(self) -> bool:
        return True

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


REPORT = check_flow(Bank)


def page_of(report: Report, coverage: Coverage | None = None) -> str:
    """Return the page of a report."""
    return as_page(
        report,
        coverage=coverage,
        test=lambda one: as_module([one], ["from bank import Bank"], Setting()),
        replay=lambda call: f"statechart-ivr replay bank.py '{call}'",
    )


def test_what_the_page_says() -> None:
    """Verdict, findings with call, command and test, states, transitions, and the alphabet."""
    page = page_of(REPORT)
    text = unescape(page)
    assert '<span class="pill findings">findings</span>' in page
    for one in REPORT.findings:
        assert f'<span class="code">{one.code}</span>' in page
        assert unescape(Veil([Bank])(one.message)) in text
    assert 'id="Bank.line"' in page
    assert 'href="#Bank.pin"' in page
    assert (
        "from bank import Bank\nfrom statechart_ivr.testing import Phone\n\n\ndef test_raises_"
        in text
    )
    assert f"statechart-ivr replay bank.py 'dial 1 {HIDDEN}'" in text
    assert "By all calls there can be." in page
    assert f"<code>{HIDDEN}</code>" in page


def test_no_markup_comes_through() -> None:
    """Prompts and messages are text, whatever is in them."""
    page = page_of(REPORT)
    assert "<script" not in page
    assert "<b>no</b>" not in page
    assert "&lt;b&gt;no&lt;/b&gt; account" in page


def test_no_secret_is_in_it() -> None:
    """Neither the examples of secret handlers nor what a list of calls enters there."""
    assert PIN in str(REPORT)
    calls = [f"dial 1 {TYPED}", f"dial 1 {TYPED} 5", f"dial 1 {PIN}", "dial hangup . 808080"]
    coverage = coverage_of_calls(Bank, calls, known=REPORT.found)
    assert coverage.secrets == {PIN, TYPED, "5", "808080"}
    page = page_of(REPORT, coverage)
    assert PIN not in page
    assert TYPED not in page
    assert f"<code>dial hangup . {HIDDEN}</code>" in page
    assert "By 4 calls from a list." in page
    assert "Not made as they stand" in page
    assert f"<code>dial 1 {HIDDEN} 5</code>" in page


def test_what_is_left_out_stands_in_the_page() -> None:
    """With the nearest call, and in the colours of the chart."""
    page = page_of(REPORT, coverage_of_calls(Bank, ["dial ."], known=REPORT.found))
    assert "<td>hang-up in menu</td>" in page
    assert '<code class="call">dial</code> then hang up' in page
    assert '<section class="state none" id="Bank.goodbye">' in page
    assert '<section class="state part nest" id="Bank.line">' in page
    assert '<span class="guard no" title="is_long: so' in page
    whole = Bank.__name__
    nothing = coverage_of_calls(Bank, [], known=REPORT.found)
    assert "<td>menu</td><td>call</td>" in page_of(REPORT, nothing)
    assert degree(nothing.of(whole, "menu")) == "none"


class Plain(CallFlow):
    """Says one thing, and is proved."""

    telling = State(initial=True, final=True)

    @routable("/plain")
    @renders(telling)
    def tell(self):
        return ["It is ten.", Hangup()]


def test_a_flow_that_is_proved() -> None:
    """There are no findings, nothing is left out, and what was not tried is not claimed."""
    report = check_flow(Plain)
    assert report.verdict is Verdict.PROVED
    page = page_of(report)
    assert "Nothing is wrong." in page
    assert "Nothing is left out." in page
    assert '<section class="state full" id="Plain.telling">' in page
    cut_off = page_of(check_flow(Bank, max_records=2))
    assert "By the calls that were tried." in cut_off


def test_findings_without_a_call() -> None:
    """What no call shows has a test that asks the checker."""
    report = check_flow(Plain, Bank, entries=[Entry("/plain")])
    (finding,) = report.findings
    assert (finding.code, finding.state, finding.call) == ("unreached-state", "", "")
    page = page_of(report)
    assert "<span>Bank</span>" in page
    assert "report = check_flow(Bank)" in page
    assert "replay bank.py" not in page


def test_moments_are_named() -> None:
    """Where guards ask for the time, it is said when calls come in."""
    from examples.front_desk.flow import FrontDesk

    page = page_of(check_flow(FrontDesk, max_records=3))
    assert "Calls come in at 2026-01-05T10:00:00+00:00, 2026-01-05T17:00:00+00:00." in page


def test_the_mermaid_text() -> None:
    """It is the engine's, with the states in it that are covered, and those that are not."""
    text = mermaid(Bank, coverage_of_calls(Bank, ["dial"], known=REPORT.found))
    assert text.startswith("stateDiagram-v2\n")
    assert "    class menu covered\n    class pin, goodbye uncovered" in text
    assert "_on_marked" not in text
    assert "uncovered\n" not in mermaid(Plain, check_flow(Plain).coverage).partition("class ")[2]


def test_labels() -> None:
    """Keys look like keys; other events are named as they are declared."""
    assert [label(one) for one in ("key.1", "key.pound", "key", "key.*", "dial.busy", "")] == [
        "1", "#", "key", "key.*", "dial.busy", "at once",
    ]  # fmt: skip


def test_the_veil() -> None:
    """Whole words are hidden, with and without the key that ends them; short ones never."""
    veil = Veil([Bank], ["123#", "7"])
    assert veil("dial 123# 1234 7 a123 123") == f"dial {HIDDEN} 1234 7 a123 {HIDDEN}"
    assert veil("def test_raises_pin_1_123():") == "def test_raises_pin_1_secret():"
    assert Veil([Plain])("123") == "123"


@pytest.mark.service
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_it(tmp_path: Path, browser: Browser, width: int, scheme: str) -> None:
    """Without a complaint, a request to anybody, or anything that is cut off at the side."""
    file = tmp_path / "report.html"
    coverage = coverage_of_calls(Bank, ["dial 1 again"], known=REPORT.found)
    file.write_text(page_of(REPORT, coverage), "utf-8")
    complaints: list[str] = []
    asked: list[str] = []
    with browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    ) as context:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        assert page.locator(".finding").count() == len(REPORT.findings)
        assert page.locator("#Bank\\.line #Bank\\.pin").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        colours = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert colours == {"light": "rgb(246, 247, 249)", "dark": "rgb(17, 21, 27)"}[scheme]
        page.locator("summary").first.click()
        assert page.get_by_text("def test_raises_").first.is_visible()
    assert complaints == []
    assert [one for one in asked if one not in {file.as_uri(), "data:,"}] == []
