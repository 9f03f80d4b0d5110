"""A report as one HTML file, which asks nobody for anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path

from statechart_ivr.checker.coverage import Coverage, Item, percent
from statechart_ivr.checker.drawing import anchor, drawn
from statechart_ivr.checker.findings import Finding
from statechart_ivr.checker.notation import written
from statechart_ivr.checker.page_style import STYLE
from statechart_ivr.checker.report import Report
from statechart_ivr.checker.seen import What
from statechart_ivr.checker.veil import HIDDEN, Veil
from statechart_ivr.flow import CallFlow, spec_of

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_LEGEND = (
    "✓ everything is covered",
    "◐ something is not",
    "✗ no call comes here",
    "dashed red: not covered",
    "point at a key to see the call",
)


def as_page(
    report: Report,
    *,
    coverage: Coverage | None = None,
    test: Callable[[Finding], str],
    replay: Callable[[str], str],
) -> str:
    """Return a report as HTML.

    Args:
        report: what a check came to.
        coverage: of other calls than those of the check.
        test: returns a finding as a test in Python, with what it imports.
        replay: returns the command that plays a call.
    """
    return _Page(report, coverage or report.coverage, test, replay).html()


class _Page:
    def __init__(
        self,
        report: Report,
        coverage: Coverage,
        test: Callable[[Finding], str],
        replay: Callable[[str], str],
    ) -> None:
        self._report, self._coverage = report, coverage
        self._test, self._replay = test, replay
        self._veil = Veil(report.found.flows, coverage.secrets)

    def _shown(self, text: str) -> str:
        """Return any text as HTML, without what may be a secret."""
        return escape(self._veil(text))

    def html(self) -> str:
        """Return the page."""
        names = ", ".join(flow.__name__ for flow in self._report.found.flows)
        parts = [self._head(names), self._findings(), self._totals()]
        parts += [self._chart(flow) for flow in self._report.found.flows]
        parts += [self._by_state(), self._left_out(), self._alphabet(), self._mermaid()]
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<link rel="icon" href="data:,">\n'
            f"<title>{self._shown(names)}: statechart-ivr check</title>\n"
            f"<style>{STYLE}</style></head>\n<body><main>\n" + "\n".join(parts) + "\n</main></body>"
            "</html>\n"
        )

    def _head(self, names: str) -> str:
        verdict = self._report.verdict.value
        name = verdict.replace(" ", "-")
        moments = [moment.isoformat() for moment in self._report.found.moments]
        when = f" Calls come in at {self._shown(', '.join(moments))}." if len(moments) > 1 else ""
        return (
            f'<h1>{self._shown(names)}</h1><p><span class="pill {name}">{verdict}</span></p>'
            f'<p class="summary">{self._shown(self._report.summary)}</p>'
            f'<p class="dim">{self._report.found.seconds:.1f} s.{when} What callers enter where it '
            f"may be a secret is shown as {HIDDEN}.</p>"
        )

    # Findings

    def _findings(self) -> str:
        them = "".join(map(self._finding, self._report.findings))
        return "<h2>Findings</h2>" + (them or '<p class="card">Nothing is wrong.</p>')

    def _finding(self, one: Finding) -> str:
        place = ".".join(part for part in (one.flow, one.state) if part)
        where = self._shown(place)
        if one.state:
            where = f'<a href="#{anchor(one.flow, one.state)}">{where}</a>'
        test = self._shown(self._test(one).strip())
        return (
            f'<article class="finding {one.severity.value}"><h3><span class="code">'
            f"{self._shown(one.code)}</span><span>{where}</span></h3>"
            f'<p class="text">{self._shown(one.message)}</p>'
            f'<p class="text">→ {self._shown(one.advice)}</p>{self._called(one)}'
            f'<p class="dim">{self._shown(one.place.removeprefix(f"{Path.cwd()}/"))}</p>'
            f"<details><summary>Test</summary><pre>{test}</pre></details></article>"
        )

    def _called(self, one: Finding) -> str:
        if not one.call:
            return ""
        return (
            f'<p>call: <code class="call">{self._shown(one.call)}</code></p>'
            f'<p><code class="call">{self._shown(self._replay(one.call))}</code></p>'
        )

    # Coverage

    def _totals(self) -> str:
        calls = self._coverage.calls
        whose = "all calls there can be" if calls is None else f"{calls:,} calls from a list"
        if calls is None and not self._report.is_exhausted:
            whose = "the calls that were tried"
        rows = "".join(
            f'<tr><td>{what.value}</td><td class="number">{covered:,} of {total:,}</td>'
            f'<td class="number">{percent(covered, total):g}\u202f%</td><td><span class="bar">'
            f'<i style="width:{percent(covered, total)}%"></i></span></td></tr>'
            for what, (covered, total) in self._coverage.counts.items()
        )
        broken = "".join(
            f"<li><code>{self._shown(call)}</code>: {self._shown(why)}</li>"
            for call, why in self._coverage.broken
        )
        more = f'<div class="card">Not made as they stand:<ul>{broken}</ul></div>' if broken else ""
        return (
            f'<h2>Coverage</h2><p class="dim">By {whose}.</p>'
            f'<div class="scroll"><table>{rows}</table></div>{more}'
        )

    def _chart(self, flow: type[CallFlow]) -> str:
        legend = "".join(f"<span>{one}</span>" for one in _LEGEND)
        return (
            f'<h3>{self._shown(flow.__name__)}</h3><p class="legend">{legend}</p>'
            f"{drawn(flow, self._coverage, self._shown)}"
        )

    def _by_state(self) -> str:
        kinds = list(self._coverage.counts)
        head = "".join(f'<th class="number">{what.value}</th>' for what in kinds)
        rows = "".join(self._rows(kinds, flow) for flow in self._report.found.flows)
        return (
            '<h2>By state</h2><div class="scroll"><table class="by-state">'
            f"<tr><th>state</th>{head}</tr>{rows}</table></div>"
        )

    def _rows(self, kinds: Sequence[What], flow: type[CallFlow]) -> str:
        name = flow.__name__
        head = f'<tr><th colspan="{len(kinds) + 1}">{self._shown(name)}</th></tr>'
        return head + "".join(
            f'<tr><td><a href="#{anchor(name, state)}">{self._shown(state)}</a></td>'
            f"{self._cells(kinds, self._coverage.of(name, state))}</tr>"
            for state in spec_of(flow).chart.states
        )

    def _cells(self, kinds: Iterable[What], items: Sequence[Item]) -> str:
        cells = ""
        for what in kinds:
            them = [one for one in items if one.what is what]
            covered = sum(one.is_covered for one in them)
            how = "full" if covered == len(them) else "part" if covered else "none"
            text = f"{covered}/{len(them)}" if them else ""
            cells += f'<td class="number {how}">{text}</td>'
        return cells

    def _left_out(self) -> str:
        rows = "".join(
            f"<tr><td>{self._shown(one.name)}</td><td>{self._way(one)}</td></tr>"
            for one in self._coverage.uncovered
        )
        head = "<tr><th>not covered</th><th>with the nearest call</th></tr>"
        if not rows:
            return '<h2>Not covered</h2><p class="card">Nothing is left out.</p>'
        return (
            '<h2>Not covered</h2><div class="scroll"><table class="left">'
            f"{head}{rows}</table></div>"
        )

    def _way(self, item: Item) -> str:
        """Return the nearest call, and what would have to happen next."""
        if not item.nearest:
            return self._shown(item.way)
        call, said = written(item.nearest), item.way
        rest = said.removeprefix(call).lstrip(",; ")
        return f'<code class="call">{self._shown(call)}</code> {self._shown(rest)}'

    # What was tried

    def _alphabet(self) -> str:
        words = "".join(
            f"<dt>{self._shown(kind)}</dt><dd>{self._chips(steps)}</dd>"
            for kind, steps in self._report.alphabet.items()
        )
        return f'<h2>Alphabet</h2><div class="card"><dl class="words">{words}</dl></div>'

    def _chips(self, steps: Iterable[str]) -> str:
        once = dict.fromkeys(map(self._shown, steps))
        return " ".join(f"<code>{one}</code>" for one in once)

    def _mermaid(self) -> str:
        diagrams = "".join(
            f"<h3>{self._shown(flow.__name__)}</h3>"
            f"<pre>{self._shown(mermaid(flow, self._coverage))}</pre>"
            for flow in self._report.found.flows
        )
        return (
            "<h2>Diagram</h2><details><summary>As Mermaid, to be pasted where that is drawn: "
            f"GitHub, mermaid.live</summary>{diagrams}</details>"
        )


def mermaid(flow: type[CallFlow], coverage: Coverage) -> str:
    """Return the engine's diagram, with the states coloured that calls enter, or do not."""
    entered: dict[bool, list[str]] = {True: [], False: []}
    for state, holder in spec_of(flow).chart.states.items():
        is_plain = not holder.states  # Mermaid cannot style composite states
        if is_plain and re.fullmatch(r"\w+", state):
            items = coverage.of(flow.__name__, state)
            is_entered = any(one.is_covered for one in items if one.what is What.STATE)
            entered[is_entered].append(state)
    # Each state has the callback by which the package renders it; it says nothing to anybody.
    own = (line for line in f"{flow:mermaid}".splitlines() if " : entry / _on_" not in line)
    lines = [
        *own,
        "    classDef covered fill:#e3f4e9,stroke:#17703b,color:#1c2430",
        "    classDef uncovered fill:#fde7e5,stroke:#b3261e,color:#1c2430",
    ]
    for is_entered, name in ((True, "covered"), (False, "uncovered")):
        lines += [f"    class {', '.join(entered[is_entered])} {name}"] * bool(entered[is_entered])
    return "\n".join(lines)
