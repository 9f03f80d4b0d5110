"""Steps and events as a caller's deeds: press 2, say nothing, hang up."""

from __future__ import annotations

from statechart_ivr.checker.inputs import in_words
from statechart_ivr.checker.notation import Step, written
from statechart_ivr.testing.working import FAILED

_PLAIN = {
    "wait": "say nothing",
    "record": "leave a message",
    "hang_up": "hang up",
    "retry": "have the last request sent twice",
    "late": "have the request before it come late",
    "connect_result": "have the Connect end",
}
_VERBS = {
    "dial_result": "Dial",
    "queue_result": "Enqueue",
    "pay_result": "Pay",
    "refer_result": "Refer",
}
_WORDS = {"at": "wait until", "redirect": "be taken over at", "dial": "call at"}
_FAMILIES = {"dial": "Dial", "queue": "Enqueue", "pay": "Pay", "refer": "Refer"}
_EVENTS = {
    "": "have it move on by itself",
    "no_input": "say nothing",
    "no_match": "press what means nothing",
    "give_up": "be silent or wrong until the attempts are used up",
    "recorded": "leave a message",
    "connect": "have the Connect end",
    FAILED: "have the background work fail",
}


def step_in_words(step: Step) -> str:
    """Return what somebody does.

    >>> step_in_words(Step("press", "2"))
    'press 2'
    """
    if step.verb in _PLAIN:
        return _PLAIN[step.verb]
    if step.verb in _VERBS:
        return f"have the {_VERBS[step.verb]} end with {step.what}"
    if step.verb == "work":
        if step.what in {"-", FAILED}:
            return _EVENTS[FAILED] if step.what == FAILED else "have the background work end"
        return f"have the background work end with {step.what}"
    if step.verb == "deliver":
        return f"have {step.what} come from outside"
    word = _WORDS.get(step.verb, step.verb)
    return f"{word} {step.what}" if step.what else "call"


def event_in_words(event: str) -> str:
    """Return what has to happen for an event to come.

    >>> event_in_words("key.star"), event_in_words("dial.no_answer")
    ('press *', 'have the Dial end with no-answer')
    """
    family, _, which = event.partition(".")
    if event in _EVENTS or family in _EVENTS:
        return _EVENTS.get(event) or _EVENTS[family]
    if family in _FAMILIES:
        return f"have the {_FAMILIES[family]} end" + (
            f" with {which.replace('_', '-')}" if which and which != "*" else ""
        )
    wanted = in_words(event)
    if wanted.startswith("key "):
        return f"press {wanted.removeprefix('key ')}"
    if wanted:
        return {"keys": "press keys", "words": "say something"}.get(wanted, f"say {wanted}")
    return f"have {event} come"


def way(nearest: tuple[Step, ...] | None, then: str) -> str:
    """Return a call and what would have to happen next: ``dial 2, then say nothing``."""
    if nearest is None:
        return f"no known call comes near; {then}"
    call = written(nearest)
    joint = ";" if then.endswith("first") else " then" if call.endswith(".") else ", then"
    return f"{call}{joint} {then}" if call else then
