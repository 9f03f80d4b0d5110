"""A flow's chart as boxes in boxes, coloured by what calls cover of each state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape

from statemachine import State
from statemachine.transition import Transition

from statechart_ivr.checker.coverage import Coverage, Item
from statechart_ivr.checker.seen import What
from statechart_ivr.events import data_of
from statechart_ivr.flow import CallFlow, spec_of

#: Turns any text into HTML; it leaves out what is not to be read.
Shown = Callable[[str], str]

_MARKS = {"full": "✓", "part": "◐", "none": "✗"}
_TITLES = {
    "full": "everything is covered",
    "part": "something is not covered",
    "none": "no call comes here",
}


def anchor(flow: str, state: str) -> str:
    """Return the id of a state's box."""
    return escape(f"{flow}.{state}", quote=True)


def degree(items: Sequence[Item]) -> str:
    """Return how much of a state is covered: ``full``, ``part`` or ``none``."""
    if not any(one.is_covered for one in items if one.what is What.STATE):
        return "none"
    return "full" if all(one.is_covered for one in items) else "part"


def drawn(flow: type[CallFlow], coverage: Coverage, shown: Shown) -> str:
    """Return the chart as HTML."""
    drawing = _Drawing(flow, coverage, shown)
    boxes = "".join(drawing.box(state) for state in spec_of(flow).chart.tops)
    return f'<div class="chart">{boxes}</div>'


class _Drawing:
    def __init__(self, flow: type[CallFlow], coverage: Coverage, shown: Shown) -> None:
        self._name, self._chart = flow.__name__, spec_of(flow).chart
        self._coverage, self._shown = coverage, shown

    def box(self, state: State) -> str:
        """Return a state, with its transitions and the states inside it."""
        items = self._coverage.of(self._name, state.id)
        how = degree(items)
        covered = sum(one.is_covered for one in items)
        inner = "".join(self.box(child) for child in state.states)
        nested = " nest" if inner else ""
        return (
            f'<section class="state {how}{nested}" id="{anchor(self._name, state.id)}">'
            f'<header><span class="mark" title="{_TITLES[how]}">{_MARKS[how]}</span>'
            f"<h4>{self._shown(state.id)}</h4>{''.join(self._badges(state))}"
            f'<span class="count">{covered}/{len(items)}</span></header>'
            f"{self._transitions(state)}{self._others(items)}"
            + (f'<div class="inside">{inner}</div>' if inner else "")
            + "</section>"
        )

    def _badges(self, state: State) -> Iterator[str]:
        for name, is_so in (
            ("start", state.initial),
            ("end", state.final),
            ("parallel", state.parallel),
        ):
            if is_so:
                yield f'<span class="badge">{name}</span>'

    def _transitions(self, state: State) -> str:
        rows = "".join(self._row(one) for one in self._chart.transitions(state.id))
        return f'<ul class="ways">{rows}</ul>' if rows else ""

    def _row(self, transition: Transition) -> str:
        items = [
            one
            for one in self._coverage.of(self._name, transition.source.id)
            if one.key[2] == id(transition)
        ]
        keys = "".join(
            f'<kbd class="{_covered(one)}" title="{self._shown(_tip(one))}">'
            f"{self._shown(label(one.key[3]))}</kbd>"
            for one in items
            if one.what is What.TRANSITION
        )
        guards = "".join(
            f'<span class="guard {_covered(one)}" title="{self._shown(_tip(one))}">'
            f"{self._shown(', '.join(map(str, transition.cond)))} {_MARKS[_mark(one)]}"
            f" {self._shown(one.key[3])}</span>"
            for one in items
            if one.what is What.GUARD
        )
        targets = ", ".join(self._link(target.id) for target in transition.targets) or "stays"
        return f'<li>{keys}<span class="to">→ {targets}</span>{guards}</li>'

    def _link(self, state: str) -> str:
        return f'<a href="#{anchor(self._name, state)}">{self._shown(state)}</a>'

    def _others(self, items: Sequence[Item]) -> str:
        """Return what can be covered besides the state itself and its transitions."""
        known = {What.STATE, What.TRANSITION, What.GUARD}
        chips = "".join(
            f'<span class="{_covered(one)}" title="{self._shown(_tip(one))}">'
            f"{_MARKS[_mark(one)]} {self._shown(_short(one))}</span>"
            for one in items
            if one.what not in known
        )
        return f'<p class="chips">{chips}</p>' if chips else ""


def label(event: str) -> str:
    """Return an event as it stands on a key or in a list.

    >>> label("key.star"), label("dial.busy"), label("")
    ('*', 'dial.busy', 'at once')
    """
    if event.startswith("key.") and event[4:]:
        return str(data_of(event).get("digits", event))
    return event or "at once"


def _covered(item: Item) -> str:
    return "yes" if item.is_covered else "no"


def _mark(item: Item) -> str:
    return "full" if item.is_covered else "none"


def _tip(item: Item) -> str:
    return f"{item.name}: {item.call or item.way}"


def _short(item: Item) -> str:
    if item.what is What.TIME_OUT:
        return "silence" if item.name.startswith("silence") else item.name
    return {What.HANG_UP: "hang-up", What.RETRY: "sent twice"}[item.what]
