"""A report for people: what is wrong, what was tried, and what that comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from rich.console import Console
from rich.text import Text

from statechart_ivr.checker import Coverage, Finding, Report, Severity, Verdict
from statechart_ivr.checker.coverage import percent
from statechart_ivr.cli.tables import shown

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_VERDICTS = {
    Verdict.PROVED: "bold green",
    Verdict.FINDINGS: "bold red",
    Verdict.NOT_EXHAUSTED: "bold yellow",
}
#: How much of a kind is shown of a long alphabet.
_SHOWN = 12


def print_report(
    report: Report,
    replay: Callable[[str], str],
    *,
    all_of_it: bool,
    coverage: Coverage | None = None,
) -> None:
    """Print findings, alphabet and verdict.

    Args:
        report: what a check came to.
        replay: returns the command that plays a call.
        all_of_it: whether long alphabets are printed as a whole.
        coverage: of calls from a list.
    """
    console = Console(highlight=False)
    for severity in Severity:
        findings = [one for one in report.findings if one.severity is severity]
        if findings:
            _say(console, f"{severity.value}s", f"bold {_STYLES[severity]}")
            for one in findings:
                _print_finding(console, one, replay)
    _print_alphabet(console, report, None if all_of_it else _SHOWN)
    if coverage is not None:
        _print_coverage(console, coverage)
    _say(console, report.summary, _VERDICTS[report.verdict])


def _print_finding(console: Console, finding: Finding, replay: Callable[[str], str]) -> None:
    place = ".".join(part for part in (finding.flow, finding.state) if part)
    head = Text("  ")
    head.append(finding.code, _STYLES[finding.severity])
    head.append(f"  {shown(place)}", "bold")
    head.append(f"  {shown(near(finding.place))}", "dim")
    console.print(head, soft_wrap=True)
    for line in (*finding.message.splitlines(), f"-> {finding.advice}"):
        _say(console, f"      {line}")
    if finding.call:
        _say(console, f"      call: {finding.call}", "bold")
        _say(console, f"      {replay(finding.call)}", "dim")
    console.print()


def near(place: str) -> str:
    """Return a place as seen from the current folder, where it is below it."""
    return place.removeprefix(f"{Path.cwd()}/")


def _print_alphabet(console: Console, report: Report, most: int | None) -> None:
    _say(console, "alphabet", "bold")
    for kind, steps in report.alphabet.items():
        _say(console, f"  {kind}: {_listed(steps, most)}")
    if len(report.found.moments) > 1:
        moments = [moment.isoformat() for moment in report.found.moments]
        _say(console, f"  moments: {_listed(moments, most)}")
    console.print()


def _print_coverage(console: Console, coverage: Coverage) -> None:
    _say(console, f"covered by {coverage.calls:,} call{'' if coverage.calls == 1 else 's'}", "bold")
    for what, (covered, total) in coverage.counts.items():
        style = "green" if covered == total else "yellow"
        line = f"  {what.value}: {covered:,} of {total:,}, {percent(covered, total):g} %"
        _say(console, line, style)
    for title, lines in (
        ("not covered", [f"{one.flow}: {one.name}: {one.way}" for one in coverage.uncovered]),
        ("not made as they stand", [f"{call}: {why}" for call, why in coverage.broken]),
    ):
        if lines:
            _say(console, title, "bold")
            for line in lines:
                _say(console, f"  {line}")
    console.print()


def _listed(items: Iterable[str], most: int | None) -> str:
    them = list(items)
    chosen = them[:most]
    more = f" … and {len(them) - len(chosen):,} more" if len(them) > len(chosen) else ""
    return ", ".join(chosen) + more


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(shown(text), style=style), soft_wrap=True)
