"""What a check comes to: a verdict, the findings, and what was tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from statechart_ivr.checker.coverage import Coverage, coverage_of
from statechart_ivr.checker.findings import Finding, Severity
from statechart_ivr.checker.graph import Exploration


class Verdict(str, Enum):
    """What can be said of a flow."""

    PROVED = "proved"
    """Everything in the alphabet was tried, at every record, and nothing is wrong."""
    FINDINGS = "findings"
    """Something is wrong."""
    NOT_EXHAUSTED = "not exhausted"
    """Nothing was found to be wrong, and not everything was tried."""


@dataclass(frozen=True)
class Report:
    """What a check comes to.

    Attributes:
        findings: the worst first; each with the shortest call that shows it.
        found: everything that was explored.
    """

    findings: tuple[Finding, ...]
    found: Exploration

    @property
    def verdict(self) -> Verdict:
        """What can be said of the flow."""
        if any(one.severity is not Severity.NOTE for one in self.findings):
            return Verdict.FINDINGS
        return Verdict.PROVED if self.found.is_exhausted else Verdict.NOT_EXHAUSTED

    @property
    def is_exhausted(self) -> bool:
        """Whether everything in the alphabet was tried."""
        return self.found.is_exhausted

    @property
    def alphabet(self) -> Mapping[str, tuple[str, ...]]:
        """What was tried, by kind, in the notation; each as often as it was possible."""
        tried: dict[str, dict[str, None]] = {}
        for edge in self.found.edges:
            tried.setdefault(edge.move.kind.value, {})[edge.move.letter] = None
        return {kind: tuple(steps) for kind, steps in tried.items()}

    @cached_property
    def coverage(self) -> Coverage:
        """What the calls cover that were made, and what they leave out."""
        return coverage_of(self.found)

    @property
    def reached(self) -> frozenset[str]:
        """Ids of all states that some call enters."""
        return frozenset(state for _, state in self.found.entered)

    def having(self, code: str, state: str | None = None) -> tuple[Finding, ...]:
        """Return the findings with a code, of one state or of all."""
        return tuple(
            one for one in self.findings if one.code == code and state in {None, one.state}
        )

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON values, for tools."""
        return {
            "verdict": self.verdict.value,
            "records": len(self.found.nodes),
            "moves": len(self.found.edges),
            "seconds": round(self.found.seconds, 3),
            "unfinished": list(self.found.unfinished),
            "moments": [moment.isoformat() for moment in self.found.moments],
            "alphabet": {kind: list(steps) for kind, steps in self.alphabet.items()},
            "findings": [
                {
                    "code": one.code,
                    "severity": one.severity.value,
                    "flow": one.flow,
                    "state": one.state,
                    "call": one.call,
                    "message": one.message,
                    "advice": one.advice,
                    "place": one.place,
                }
                for one in self.findings
            ],
            "coverage": self.coverage.to_json(),
        }

    def __str__(self) -> str:
        lines = [self.summary]
        for one in self.findings:
            where = ".".join(part for part in (one.flow, one.state) if part)
            lines.append(f"{one.severity.value} {one.code}: {where} ({one.place}): {one.message}")
            lines += [f"    {one.call}"] if one.steps else []
        return "\n".join(lines)

    @property
    def summary(self) -> str:
        """The verdict in one line, which never says more than is known."""
        found = self.found
        explored = f"{len(found.nodes):,} records, {len(found.edges):,} moves"
        if not self.is_exhausted:
            why = "; ".join(found.unfinished)
            said = f"explored {explored}, not exhausted: {why}"
        elif self.verdict is Verdict.PROVED:
            said = f"proved, for this alphabet: {explored}"
        else:
            said = f"explored {explored}, exhausted for this alphabet"
        names = ", ".join(flow.__name__ for flow in found.flows)
        count = sum(one.severity is not Severity.NOTE for one in self.findings)
        return f"{names}: {said}; {count} finding{'' if count == 1 else 's'}"
