"""Whether a Gather can bring what the chart and its handlers wait for, and tell it apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from statechart_ivr.checker.alphabet import takes_any_key
from statechart_ivr.checker.findings import Finding, place_of
from statechart_ivr.checker.graph import Exploration, Node
from statechart_ivr.checker.question import Question, choices_of, questions_of
from statechart_ivr.events import KEYS, data_of, phrase_of
from statechart_ivr.flow import CallFlow, spec_of

#: A state of a flow, and what it waits for, in words.
_Wanted = tuple[type[CallFlow], str, str]

_COMES = "ask for it in a way that lets it come, or wait for something else"
_APART = (
    "give all choices one length and say it in num_digits=, or name a finish key that callers are "
    "told of"
)
_ENDS = "mend num_digits=, or tell callers of a key that ends it; name all lengths in examples="


def inputs(found: Exploration) -> Iterator[Finding]:
    """Return what cannot come, and what cannot be told without a silence."""
    questions = questions_of(found)
    yield from _never_coming(found, {one.node.index: one for one in questions})
    yield from _ambiguous(found, questions)
    yield from _waiting_on(found, questions)


def _never_coming(found: Exploration, questions: Mapping[int, Question]) -> Iterator[Finding]:
    for (flow, state, what), (node, why) in _refused(found, questions).items():
        yield Finding(
            "input-never-comes",
            flow.__name__,
            state,
            f"{state} waits for {what}, which cannot come: {why}",
            _COMES,
            found.steps_to(node.index),
            place_of(flow, state=state),
            (f'assert not report.having("input-never-comes", "{state}")',),
        )


def refusals(found: Exploration) -> Collection[_Wanted]:
    """Return what cannot come: flow, state, and what it waits for, as `in_words` has it."""
    return _refused(found, {one.node.index: one for one in questions_of(found)}).keys()


def in_words(event: str) -> str:
    """Return an event that is waited for as `refusals` names it; nothing for what is no input."""
    family, _, which = event.partition(".")
    if family == "key" and which:
        return f"key {data_of(event).get('digits', which)}"
    if phrase := phrase_of(event):
        return repr(phrase)
    return {"key": "keys", "digits": "keys", "speech": "words"}.get(family, "")


def _refused(
    found: Exploration, questions: Mapping[int, Question]
) -> Mapping[_Wanted, tuple[Node, str]]:
    """Compare what each state waits for with all that is asked while it is active.

    What an outer state waits for has to come somewhere inside, not in every state inside.

    Returns:
        By what comes nowhere: the first node that it cannot come at, and why.
    """
    possible: set[_Wanted] = set()
    refused: dict[_Wanted, tuple[Node, str]] = {}
    for node in found.nodes:
        if node.is_over or spec_of(node.flow).chart.is_final(node.conf):
            continue
        question = questions.get(node.index)
        for state in node.conf:
            for what, needs in _waited_for(node.flow, state):
                wanted = (node.flow, state, what)
                why = "no Gather listens there" if question is None else _refusal(question, needs)
                if why:
                    refused.setdefault(wanted, (node, why))
                else:
                    possible.add(wanted)
    return {
        wanted: first
        for wanted, first in refused.items()
        # What was not explored may still ask for what an outer state waits for.
        if wanted not in possible
        and (found.is_exhausted or spec_of(wanted[0]).chart.states[wanted[1]].is_atomic)
    }


def _waited_for(flow: type[CallFlow], state: str) -> Iterator[tuple[str, str]]:
    """Go through what a state waits for, in words, and the keys or words that this takes.

    Any keys are told by ``"digits"``, any words by ``"speech"``.
    """
    for choice in choices_of(flow, state):
        yield from ((f"key {key}", key) for key in choice.keys)
        yield from ((f"{phrase!r}", "speech") for phrase in choice.phrases)
        if choice.takes_keys and not choice.keys:
            yield "keys", "digits"
        if choice.takes_words and not choice.phrases:
            yield "words", "speech"
    handler = spec_of(flow).handlers.get(state)
    for example in handler.examples if handler else ():
        yield f"the example {example!r}", example if _is_keys(example) else "speech"


def _is_keys(text: str) -> bool:
    return bool(text) and set(text) <= set(KEYS)


def _refusal(question: Question, needs: str) -> str:
    """Return why a Gather does not bring something; nothing if it does."""
    gathering = question.gathering
    if needs == "speech":
        return "" if gathering.takes_speech else "the Gather does not listen for words"
    if not gathering.takes_keys:
        return "the Gather does not listen for keys"
    if needs == "digits":
        return ""
    return _refusal_of_keys(question, needs)


def _refusal_of_keys(question: Question, keys: str) -> str:
    finish = question.finish_key
    # Keyed in behind the others, the finish key only ends the input.
    wanted = keys[:-1] if finish and keys.endswith(finish) and len(keys) > 1 else keys
    if finish and finish in wanted:
        return f"{finish} ends the input here and is not part of it: finishOnKey={finish!r}"
    if question.limit is not None and len(wanted) > question.limit:
        return f"the Gather ends after {question.limit}: numDigits={question.limit}"
    return ""


def _ambiguous(found: Exploration, questions: Iterable[Question]) -> Iterator[Finding]:
    seen: set[tuple[type[CallFlow], str, str, str]] = set()
    for question in questions:
        node = question.node
        for short, long in _beginnings(_choices(question)):
            one = (node.flow, node.state, short, long)
            if one in seen or _is_told_apart(question):
                continue
            seen.add(one)
            yield Finding(
                "ambiguous-keys",
                node.flow.__name__,
                node.state,
                f"{short} is the beginning of {long}: only a silence tells which is meant",
                _APART,
                found.steps_to(node.index),
                place_of(node.flow, state=node.state),
                (f'assert not report.having("ambiguous-keys", "{node.state}")',),
            )


def _waiting_on(found: Exploration, questions: Iterable[Question]) -> Iterator[Finding]:
    """Go through the Gathers that wait on after every choice there is."""
    seen: set[tuple[type[CallFlow], str]] = set()
    for question in questions:
        node, longest = question.node, max(map(len, _choices(question)), default=0)
        if (node.flow, node.state) in seen or _is_told_apart(question) or _takes_any(question):
            continue
        if question.limit is None or not 0 < longest < question.limit:
            continue
        seen.add((node.flow, node.state))
        yield Finding(
            "too-many-digits",
            node.flow.__name__,
            node.state,
            f"the Gather waits for {question.limit} keys, and no choice has more than {longest}: "
            "only a silence ends what callers key in",
            _ENDS,
            found.steps_to(node.index),
            place_of(node.flow, state=node.state),
            (f'assert not report.having("too-many-digits", "{node.state}")',),
        )


def _takes_any(question: Question) -> bool:
    """Return whether keys may be taken here of which nobody says how many they are."""
    handlers = spec_of(question.node.flow).handlers
    asked = [handlers[state] for state in question.node.conf if state in handlers]
    takes_all = takes_any_key(question.node.flow, question.node.record)
    return takes_all or not all(handler.examples for handler in asked)


def _choices(question: Question) -> set[str]:
    """Return the keys that mean something here, and can come."""
    handlers = spec_of(question.node.flow).handlers
    asked = [handlers[state] for state in question.node.conf if state in handlers]
    examples = [one for handler in asked for one in handler.examples if _is_keys(one)]
    keys = [key for choice in question.choices for key in choice.keys]
    possible = [one for one in [*keys, *examples] if not _refusal(question, one)]
    return {one.removesuffix(question.finish_key) for one in possible}


def _beginnings(choices: Iterable[str]) -> Iterator[tuple[str, str]]:
    ordered = sorted(choices)
    for short in ordered:
        for long in ordered:
            if short != long and long.startswith(short):
                yield short, long


def _is_told_apart(question: Question) -> bool:
    """Return whether callers end the shorter one with a key that they know of."""
    finish, heard = question.finish_key, question.visit
    return bool(finish) and (heard.names(finish) or not heard.is_readable)
