"""The model checker: makes every call there can be, before anybody dials."""

from __future__ import annotations

from statechart_ivr.checker.check import check_flow
from statechart_ivr.checker.coverage import Coverage
from statechart_ivr.checker.diff import Comparison, diff_flows
from statechart_ivr.checker.difference import Change, Difference
from statechart_ivr.checker.findings import RULES, Finding, Severity
from statechart_ivr.checker.played import coverage_of_calls
from statechart_ivr.checker.report import Report, Verdict
from statechart_ivr.checker.settings import Entry, Limits

__all__ = [
    "RULES",
    "Change",
    "Comparison",
    "Coverage",
    "Difference",
    "Entry",
    "Finding",
    "Limits",
    "Report",
    "Severity",
    "Verdict",
    "check_flow",
    "coverage_of_calls",
    "diff_flows",
]
