"""What is said against what leads somewhere: keys and words that only one of the two knows of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from statechart_ivr.checker.findings import Finding, place_of
from statechart_ivr.checker.graph import Edge, Exploration, Kind
from statechart_ivr.checker.notation import Step
from statechart_ivr.checker.question import Choice, Question, questions_of
from statechart_ivr.events import KEYS, occurs, words_of
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.testing.listening import finished

_DEAD = "take it out of the prompt, or write a transition for it"
_UNSAID = "say it, as choices() does for key(…, say=…), or take the transition away"


def prompts(found: Exploration) -> Iterator[Finding]:
    """Return what is offered and leads nowhere, and what leads somewhere and is not offered."""
    questions = questions_of(found)
    yield from _dead(found, questions)
    yield from _unsaid(found, questions)


def _dead(found: Exploration, questions: list[Question]) -> Iterator[Finding]:
    seen: set[tuple[type[CallFlow], str, str]] = set()
    for question in questions:
        node = question.node
        for what, steps in [*_dead_keys(question), *_dead_words(question)]:
            if (node.flow, node.state, what) in seen:
                continue
            seen.add((node.flow, node.state, what))
            yield Finding(
                "dead-key-said",
                node.flow.__name__,
                node.state,
                f"a prompt offers {what}, and nothing claims it here",
                _DEAD,
                (*found.steps_to(node.index), *steps),
                place_of(node.flow, state=node.state),
                (f'assert not report.having("dead-key-said", "{node.state}")',),
            )


def _dead_keys(question: Question) -> Iterator[tuple[str, tuple[Step, ...]]]:
    declared = {key for choice in question.choices for key in choice.keys}
    for text in question.prompts.texts:
        offers = text.offers
        for keys in offers.keys:
            if question.finish_key and question.finish_key in keys:
                continue  # it ends the input, and that is what it is offered for
            if not question.gathering.takes_keys:
                if keys not in declared:
                    yield f"{keys}, where the Gather listens for words only", ()
            elif question.limit is not None and len(keys) > question.limit:
                yield f"{keys}, where the Gather takes {question.limit}", ()
            elif (edge := _edge_of_keys(question, keys)) and _is_dead(question, edge):
                yield keys, (edge.move.step,)
        if (offers.any_key or offers.any_other) and (edge := _dead_wrong_key(question)):
            yield "any key" if offers.any_key else "any other key", (edge.move.step,)


def _edge_of_keys(question: Question, keys: str) -> Edge | None:
    pressed = finished(keys, question.gathering) if len(keys) > 1 else keys
    return question.edge_of("press", pressed)


def _is_dead(question: Question, edge: Edge) -> bool:
    """Return whether what was pressed counts as wrong."""
    return edge.target is not None and (question.is_final or edge.claimed_by is None)


def _dead_wrong_key(question: Question) -> Edge | None:
    """Return what keys that nobody declares lead to, if they lead nowhere."""
    if question.has_transition_for("no_match"):
        return None
    wrong = [edge for edge in question.edges if edge.move.kind is Kind.KEYS and edge.move.is_wrong]
    targets = [question.target_of(edge) for edge in wrong]
    is_stuck = all(one is not None and one.conf == question.node.conf for one in targets)
    return wrong[0] if wrong and is_stuck else None


def _dead_words(question: Question) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """Go through words that are offered where nothing could claim them.

    Handlers and transitions for any words may take whatever is said; only the flow's own
    `said` phrases can be compared with it.
    """
    spec = spec_of(question.node.flow)
    takes_any = any(one.takes_words and not one.phrases for one in question.choices)
    if takes_any or any(state in spec.handlers for state in question.node.conf):
        return
    phrases = [phrase for choice in question.choices for phrase in choice.phrases]
    for text in question.prompts.texts:
        for words in text.offers.words:
            if not any(_occurs(phrase, words) for phrase in phrases):
                yield f'to say "{words}"', ()


def _occurs(phrase: str, text: str) -> bool:
    return occurs("speech." + "_".join(words_of(phrase)), text)


@dataclass
class _Silence:
    """A key or phrase that leads somewhere, and where it was not offered.

    Attributes:
        question: the first one at which it leads somewhere and is not offered.
        step: pressing or saying it.
        is_said: whether it is offered anywhere inside the state that declares it.
    """

    question: Question | None = None
    step: Step = field(default=Step("press"))
    is_said: bool = False


def _unsaid(found: Exploration, questions: list[Question]) -> Iterator[Finding]:
    """Compare what leads somewhere with what was heard.

    What a state without others inside declares has to be said wherever it leads somewhere; what
    an outer state declares, anywhere inside.
    """
    for (flow, state, what), silence in _silences(questions).items():
        is_leaf = spec_of(flow).chart.states[state].is_atomic
        if silence.question is None or (silence.is_said and not is_leaf):
            continue
        yield Finding(
            "unsaid-key",
            flow.__name__,
            state,
            f"{what} leads somewhere, and no prompt says so",
            _UNSAID,
            (*found.steps_to(silence.question.node.index), silence.step),
            place_of(flow, state=state),
            (f'assert not report.having("unsaid-key", "{state}")',),
        )


def _silences(questions: list[Question]) -> Mapping[tuple[type[CallFlow], str, str], _Silence]:
    """Return all that leads somewhere, by flow, state and what it is in words."""
    silences: dict[tuple[type[CallFlow], str, str], _Silence] = {}
    for question in questions:
        for choice in question.choices:
            for step, what in _enabled(question, choice):
                key = (question.node.flow, choice.state, what)
                silence = silences.setdefault(key, _Silence())
                if _is_said(question, choice, step):
                    silence.is_said = True
                elif silence.question is None:
                    silence.question, silence.step = question, step
    return silences


def _enabled(question: Question, choice: Choice) -> Iterator[tuple[Step, str]]:
    """Go through the keys, and the first phrase, with which a transition is taken here."""
    tried = [(Step("press", key), f"key {key}") for key in choice.keys if key in KEYS]
    tried += [(Step("say", phrase), f'"{phrase}"') for phrase in choice.phrases[:1]]
    for step, what in tried:
        edge = question.edge_of(step.verb, step.what)
        if edge is not None and edge.claimed_by == choice.state:
            yield step, what


def _is_said(question: Question, choice: Choice, step: Step) -> bool:
    heard = question.visit
    if not heard.is_readable:
        return True
    if step.verb == "say":
        # Of several wordings of one choice, one is enough.
        return any(_occurs(phrase, one.text) for phrase in choice.phrases for one in heard.texts)
    return any(one.offers.any_key or step.what in one.offers.keys for one in heard.texts)
