"""What the checker can find: one row for each code, and what a finding says."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from statechart_ivr.checker.notation import Step, written
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.spec.problems import location


class Severity(str, Enum):
    """How bad a finding is."""

    ERROR = "error"
    """Callers hear something wrong, or are stuck."""
    WARNING = "warning"
    """Something is not as it was meant to be, as far as can be told."""
    NOTE = "note"
    """Worth knowing; no reason to fail a build."""


class Rule(NamedTuple):
    """One kind of finding.

    Attributes:
        code: its name, which does not change.
        severity: how bad it is.
        title: what it says, in a few words.
    """

    code: str
    severity: Severity
    title: str


_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

#: All rules by code, in the order in which reports list their findings.
RULES = {
    rule.code: rule
    for rule in (
        Rule("raises", _ERROR, "the flow raises"),
        Rule("not-json", _ERROR, "the session is not JSON"),
        Rule("missing-sound", _ERROR, "a sound file does not exist"),
        Rule("twiml-refused", _ERROR, "Twilio refuses the document"),
        Rule("twiml-warning", _WARNING, "Twilio warns about the document"),
        Rule("document-too-long", _ERROR, "a document or prompt is over Twilio's limit"),
        Rule("endless-redirects", _ERROR, "documents lead to one another without an end"),
        Rule("asks-nothing", _ERROR, "says something and asks nothing: the call ends with it"),
        Rule("unclaimed-outcome", _ERROR, "nothing claims how a verb ended"),
        Rule("unclaimed-work", _ERROR, "nothing claims what background work came to"),
        Rule("no-end", _ERROR, "from here no call ever ends"),
        Rule("never-let-go", _ERROR, "a caller is never let go"),
        Rule("no-person", _ERROR, "there is no way to a person"),
        Rule("unstable", _ERROR, "the same record and input gave two results"),
        Rule("session-grows", _ERROR, "the session grows without bound"),
        Rule("unreached-state", _ERROR, "a state that no call reaches"),
        Rule("unreached-transition", _WARNING, "a transition that no call takes"),
        Rule("one-sided-guard", _WARNING, "a guard that always says the same"),
        Rule("input-never-comes", _ERROR, "the chart waits for an input that cannot come"),
        Rule("ambiguous-keys", _ERROR, "one choice is the beginning of another"),
        Rule("too-many-digits", _WARNING, "a Gather waits for more keys than any choice has"),
        Rule("dead-key-said", _ERROR, "a prompt offers a key or word that leads nowhere"),
        Rule("wrong-key-said", _ERROR, "the prompt of a key names another key"),
        Rule("unsaid-key", _WARNING, "a key or word leads somewhere and no prompt says so"),
        Rule("late-choice", _WARNING, "it takes too long until there is something to choose"),
        Rule("late-person", _WARNING, "it takes too long to reach a person"),
        Rule("long-prompt", _WARNING, "a prompt is too long"),
        Rule("work-raises", _WARNING, "background work raises"),
        Rule("needs-data", _NOTE, "an event cannot be tried, for its data is not known"),
    )
}


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a flow, and how to see it.

    Attributes:
        code: of its `Rule`.
        flow: name of the class.
        state: the state it is about; nothing where it is about the whole flow.
        message: what is wrong, with the names and numbers.
        advice: what to write instead.
        steps: the shortest call that shows it; nothing where no call does.
        place: ``file:line``.
        checks: lines of Python that fail on this flow, after ``call`` has made the call; where
            there is no call, after ``report = check_flow(…)``.
        lead: how many steps of the call are made before these lines, which make the others; None
            for all.
        has_work: whether the flow has background work, which a test has to do by hand.
    """

    code: str
    flow: str
    state: str
    message: str
    advice: str
    steps: tuple[Step, ...] = ()
    place: str = ""
    checks: tuple[str, ...] = ()
    lead: int | None = None
    has_work: bool = False

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return RULES[self.code].severity

    @property
    def call(self) -> str:
        """The shortest call that shows it, in the notation; or nothing."""
        return written(self.steps)


def place_of(flow: type[CallFlow], *, state: str = "", method: str = "") -> str:
    """Return ``file:line`` of a method, of what a state says, or else of the class."""
    spec = spec_of(flow)
    name = method or spec.renderers.get(state) or spec.waiting.get(state, "")
    if function := getattr(flow, name, None) if name else None:
        return location(function)
    try:
        file, (_, line) = inspect.getsourcefile(flow), inspect.getsourcelines(flow)
    except (OSError, TypeError):
        return "?:0"
    return f"{file}:{line}"


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings as a report lists them: by rule, then by the length of the call."""
    order = {code: place for place, code in enumerate(RULES)}
    once = {(one.code, one.flow, one.state, one.message): one for one in reversed(findings)}
    return tuple(
        sorted(
            once.values(),
            key=lambda one: (order[one.code], len(one.steps), one.call, one.state, one.message),
        )
    )
