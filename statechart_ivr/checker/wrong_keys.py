"""Prompts of a key that name another key: callers press what they are told, and are elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from statechart_ivr.checker.findings import Finding, place_of
from statechart_ivr.checker.graph import Exploration
from statechart_ivr.checker.notation import Step
from statechart_ivr.checker.question import Choice, Question, questions_of
from statechart_ivr.checker.spoken import Text
from statechart_ivr.events import PromptedEvent
from statechart_ivr.flow import CallFlow

_ADVICE = "name in say= the key that it is the prompt of"


def wrong_keys(found: Exploration) -> Iterator[Finding]:
    """Return the prompts of ``key(…, say=…)`` that name only keys which lead elsewhere.

    Of a key that leads nowhere at all, another finding tells.
    """
    seen: set[tuple[type[CallFlow], str, str]] = set()
    for question in questions_of(found):
        node = question.node
        for choice, text in _prompted(question):
            one = (node.flow, choice.state, text.text)
            said = _elsewhere(question, text)
            if said is None or one in seen:
                continue
            seen.add(one)
            own = " or ".join(dict.fromkeys(_own_keys(question, text.text)))
            yield Finding(
                "wrong-key-said",
                node.flow.__name__,
                choice.state,
                f'the prompt of key {own} names {said}, which leads elsewhere: "{text.text}"',
                _ADVICE,
                (*found.steps_to(node.index), Step("press", said)),
                place_of(node.flow, state=choice.state),
                (f'assert not report.having("wrong-key-said", "{choice.state}")',),
            )


def _prompted(question: Question) -> Iterator[tuple[Choice, Text]]:
    """Go through what was heard just now that is the prompt of a transition."""
    for text in question.prompts.texts:
        for choice in question.choices:
            if choice.keys and text.text in _prompts_of(choice):
                yield choice, text


def _prompts_of(choice: Choice) -> set[str]:
    events = choice.transition.events
    return {one.name for one in events if isinstance(one, PromptedEvent)}


def _elsewhere(question: Question, text: Text) -> str | None:
    """Return a key that a prompt names and is not its own, if it names none of its own."""
    offers = text.offers
    if offers.any_key or offers.any_other or {*offers.keys} & {*_own_keys(question, text.text)}:
        return None
    edges = ((key, question.edge_of("press", key)) for key in offers.keys)
    return next((key for key, edge in edges if edge and edge.claimed_by is not None), None)


def _own_keys(question: Question, prompt: str) -> Iterator[str]:
    """Go through the keys of all transitions that share a prompt: it is heard once."""
    for choice in question.choices:
        if prompt in _prompts_of(choice):
            yield from choice.keys
