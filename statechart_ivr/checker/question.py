"""A node at which a Gather waits: what it takes, what was heard, what the states wait for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from statemachine.transition import Transition

from statechart_ivr.checker.graph import Edge, Exploration, Node
from statechart_ivr.checker.notation import Step
from statechart_ivr.checker.spoken import Prompts, prompts_in
from statechart_ivr.events import KEYS, phrase_of
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.testing.listening import Gathering
from statechart_ivr.testing.rules import value_of

_KEYS = {f"key.{name}": key for key, name in KEYS.items()}


class Choice(NamedTuple):
    """One transition that keys or words lead to.

    Attributes:
        state: id of the state that declares it.
        transition: the engine's own.
        keys: that it names.
        phrases: that it names.
        takes_keys: whether it waits for any keys.
        takes_words: whether it waits for any words.
    """

    state: str
    transition: Transition
    keys: tuple[str, ...]
    phrases: tuple[str, ...]
    takes_keys: bool
    takes_words: bool


def choices_of(flow: type[CallFlow], state: str) -> Iterator[Choice]:
    """Go through the transitions of a state that keys or words lead to."""
    for transition in spec_of(flow).chart.transitions(state):
        events = [str(event) for event in transition.events]
        families = {event.partition(".")[0] for event in events}
        keys = tuple(_KEYS[event] for event in events if event in _KEYS)
        phrases = tuple(phrase for phrase in map(phrase_of, events) if phrase)
        takes_keys, takes_words = bool(families & {"key", "digits"}), "speech" in families
        if takes_keys or takes_words:
            yield Choice(state, transition, keys, phrases, takes_keys, takes_words)


class Question:
    """A node at which a Gather waits.

    Args:
        found: the exploration.
        node: of it.
        before: the one that was answered last, if there is one.

    Attributes:
        node: as given.
        gathering: the Gather.
        prompts: what was heard since anybody last did something.
        visit: what was heard since the call came to these states, by the shortest way.
    """

    def __init__(self, found: Exploration, node: Node, before: Question | None) -> None:
        self._found, self.node = found, node
        self.gathering = Gathering(node.script.verbs[node.position - 1], 0.0)
        self.prompts = self.visit = self._heard()
        if before is not None and before.node.conf == node.conf:
            texts = dict.fromkeys([*before.visit.texts, *self.prompts.texts])
            is_readable = before.visit.is_readable and self.prompts.is_readable
            self.visit = Prompts(tuple(texts), is_readable)

    @property
    def limit(self) -> int | None:
        """How many keys the Gather takes at most."""
        wanted = value_of(self.gathering.element, "numDigits")
        return int(wanted) if wanted else None

    @property
    def finish_key(self) -> str:
        """The key that ends the input; nothing for none."""
        return value_of(self.gathering.element, "finishOnKey", "#")

    @property
    def is_final(self) -> bool:
        """Whether the chart has ended, so that nothing leads anywhere."""
        return spec_of(self.node.flow).chart.is_final(self.node.conf)

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """What the active states declare, inner states first."""
        outwards = spec_of(self.node.flow).chart.outwards(self.node.conf)
        return tuple(one for state in outwards for one in choices_of(self.node.flow, state))

    def has_transition_for(self, event: str) -> bool:
        """Return whether an active state declares a transition that an event matches."""
        chart = spec_of(self.node.flow).chart
        transitions = (one for state in self.node.conf for one in chart.transitions(state))
        return any(one.match(event) for one in transitions if not one.is_eventless)

    def _heard(self) -> Prompts:
        before = [one.verbs for one in self.node.played if one is not self.node.script]
        own = self.node.script.verbs[: self.node.position]
        elements = [element for verbs in [*before, own] for element in verbs]
        return prompts_in(elements, self.gathering.element.get("language"))

    @property
    def edges(self) -> Sequence[Edge]:
        """What was tried here."""
        return self._found.out.get(self.node.index, ())

    def target_of(self, edge: Edge) -> Node | None:
        """Return what an edge leads to; None where an error ends it."""
        return None if edge.target is None else self._found.nodes[edge.target]

    def edge_of(self, verb: str, what: str) -> Edge | None:
        """Return what keys or words lead to, if they were tried."""
        return next((edge for edge in self.edges if edge.move.step == Step(verb, what)), None)


def questions_of(found: Exploration) -> list[Question]:
    """Return all nodes at which a Gather waits."""
    questions: dict[int, Question] = {}
    for node in found.questions():  # shortest calls first: what was asked before is known
        questions[node.index] = Question(found, node, questions.get(node.arrived.source))
    return list(questions.values())
