"""Charts at random: what tests of charts, and of whole flows, draw with Hypothesis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from statemachine import HistoryState, State

#: Nested in that many others, a state holds none itself.
DEPTH = 3
HISTORIES = frozenset({"shallow", "deep"})


@dataclass
class Plan:
    """A chart to be: a tree of ids, and what leads where.

    Attributes:
        kinds: by id, parents before children: leaf, final, compound, parallel, shallow, deep.
        inside: ids by parent; None for the outermost.
        arrows: source, target, event or None, guard or None.
    """

    kinds: dict[str, str] = field(default_factory=dict)
    inside: dict[str | None, list[str]] = field(default_factory=dict)
    arrows: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)

    @property
    def states(self) -> list[str]:
        """All states but history states."""
        return [one for one, kind in self.kinds.items() if kind not in HISTORIES]

    @property
    def sources(self) -> list[str]:
        """The states that transitions can leave."""
        return [one for one in self.states if self.kinds[one] != "final"]

    def children(self, parent: str | None) -> list[str]:
        """Return what is in a state, without its history state."""
        return [one for one in self.inside.get(parent, []) if self.kinds[one] not in HISTORIES]


@st.composite
def trees(draw: st.DrawFn, *, many: int = 1000) -> Plan:
    """Draw states without arrows: nesting to `DEPTH`, regions, both kinds of history.

    Args:
        draw: given by Hypothesis.
        many: states, from which on no more are nested.
    """
    plan = Plan()
    _draw_states(draw, plan, None, 0, many)
    return plan


def _draw_states(draw: st.DrawFn, plan: Plan, parent: str | None, depth: int, many: int) -> None:
    plan.inside[parent] = []
    is_parallel = parent is not None and plan.kinds[parent] == "parallel"
    for place in range(draw(st.integers(2 if depth == 0 or is_parallel else 1, 3))):
        may_nest = depth < DEPTH and len(plan.kinds) < many
        nests = ["compound", "compound", "parallel"] if may_nest else []
        if is_parallel:
            # Regions may hold states of their own, however deep: that is what they are for.
            kind = draw(st.sampled_from(["compound", "compound", "leaf"]))
        else:
            kind = draw(st.sampled_from(["leaf", "leaf", *nests, *(["final"] if place else [])]))
        state_id = f"s{len(plan.kinds)}"
        plan.kinds[state_id] = kind
        plan.inside[parent].append(state_id)
        if kind in {"compound", "parallel"}:
            _draw_states(draw, plan, state_id, depth + 1, many)
            if draw(st.booleans()):
                history_id = f"s{len(plan.kinds)}"
                plan.kinds[history_id] = draw(st.sampled_from(sorted(HISTORIES)))
                plan.inside[state_id].append(history_id)


def states_of(plan: Plan) -> tuple[dict[str, State], dict[str, Any]]:
    """Make the states of a plan, with the defaults of its history states, without its arrows.

    Returns:
        All of them by id, and what the body of the class needs: the outermost ones.
    """
    states: dict[str, State] = {}
    body = _body(plan, None, states)
    for parent, inner in plan.inside.items():
        for state_id in inner:
            if plan.kinds[state_id] in HISTORIES:
                states[state_id].to(states[plan.children(parent)[-1]])
    return states, body


def _body(plan: Plan, parent: str | None, made: dict[str, State]) -> dict[str, Any]:
    for place, state_id in enumerate(plan.inside[parent]):
        made[state_id] = _state(plan, state_id, made, is_first=place == 0)
    return {state_id: made[state_id] for state_id in plan.inside[parent]}


def _state(plan: Plan, state_id: str, made: dict[str, State], *, is_first: bool) -> State:
    kind = plan.kinds[state_id]
    if kind in HISTORIES:
        return HistoryState(type=kind)
    if kind in {"leaf", "final"}:
        return State(initial=is_first, final=kind == "final")
    base: Any = State.Parallel if kind == "parallel" else State.Compound
    return type(base)(state_id, (base,), _body(plan, state_id, made), initial=is_first)  # type: ignore[no-any-return]  # it is a state by now
