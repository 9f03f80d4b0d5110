"""The chart of a flow: its states as a tree, and what can be active together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property

from statemachine import HistoryState, State
from statemachine.transition import Transition

from statechart_ivr.errors import SessionMismatchError


class Chart:
    """The states of one flow, by id and in document order.

    The engine's own objects are read and never changed.

    Attributes:
        tops: the states that are in no other.
        states: all states but history states, by id; parents before children.
        histories: history states, by id.
        paths: each state with those around it, innermost first.
        doubled: ids that more than one state has; of these only the first state counts.
    """

    def __init__(self, tops: Iterable[State]) -> None:
        self.tops = tuple(tops)
        self.states: dict[str, State] = {}
        self.histories: dict[str, HistoryState] = {}
        self.doubled: list[str] = []
        for state in walk(self.tops):
            if state.id in self.states or state.id in self.histories:
                self.doubled.append(state.id)
            elif isinstance(state, HistoryState):
                self.histories[state.id] = state
            else:
                self.states[state.id] = state
        self._own = {id(state) for state in walk(self.tops)}
        self._top_ids = frozenset(top.id for top in self.tops)
        self._inside = {
            state_id: frozenset(child.id for child in state.states)
            for state_id, state in self.states.items()
        }
        self._order = {state_id: index for index, state_id in enumerate(self.states)}
        self._ids: dict[object, str] = {}
        for state_id, state in self.states.items():
            self._ids.setdefault(state.value, state_id)
        self.paths = {
            state_id: (state_id, *(around.id for around in state.ancestors()))
            for state_id, state in self.states.items()
        }

    def __contains__(self, state: State) -> bool:
        # By identity: the engine's == takes states of two flows for one if they are named alike.
        return id(state) in self._own

    def id_of(self, value: object) -> str:
        """Return the id of the state that has a value, which is what the engine keeps."""
        return self._ids[value]

    def values(self, state_ids: Iterable[str]) -> list[object]:
        """Return the values of states."""
        return [self.states[state_id].value for state_id in state_ids]

    def holders(self) -> Iterator[State | Transition]:
        """Go through everything that carries callbacks: states, histories, transitions."""
        for state in walk(self.tops):
            yield state
            yield from state.transitions

    def transitions(self, state_id: str) -> list[Transition]:
        """Return what a state declares, without the transitions to its initial children."""
        return [t for t in self.states[state_id].transitions if not t.initial]

    def all_transitions(self) -> Iterator[Transition]:
        """Go through the transitions of all states."""
        for state_id in self.states:
            yield from self.transitions(state_id)

    def event_ids(self) -> list[str]:
        """Return the ids of all events that transitions are declared for."""
        ids = (str(event) for t in self.all_transitions() for event in t.events)
        return list(dict.fromkeys(ids))

    @cached_property
    def _descriptors(self) -> frozenset[str]:
        # SCXML reads "key", "key." and "key.*" as the same descriptor, and "*" as any event.
        return frozenset(one.removesuffix("*").removesuffix(".") for one in self.event_ids())

    def knows(self, event: str) -> bool:
        """Return whether any transition is declared for an event."""
        tokens = event.split(".")
        prefixes = (".".join(tokens[:count]) for count in range(len(tokens) + 1))
        return any(prefix in self._descriptors for prefix in prefixes)

    def children(self, state_id: str) -> list[str]:
        """Return the ids of a state's children."""
        return [child.id for child in self.states[state_id].states]

    def anywhere_inside(self, is_so: Callable[[Transition], bool]) -> dict[str, bool]:
        """Return for each state whether it, or a state inside it, has such a transition."""
        found: dict[str, bool] = {}
        for state_id in reversed(self.states):  # children before parents
            own = any(is_so(transition) for transition in self.transitions(state_id))
            found[state_id] = own or any(found[child] for child in self.children(state_id))
        return found

    def initial_children(self, state_id: str) -> list[str]:
        """Return the ids of the states that are entered with a compound or parallel state."""
        state = self.states[state_id]
        if state.parallel:
            return self.children(state_id)
        return [target.id for t in state.transitions if t.initial for target in t.targets]

    def is_complete(self) -> bool:
        """Return whether the engine came as far as to find what is entered first in each state."""
        return all(self.initial_children(one) for one in self.states if self.children(one))

    def leaves(self, conf: Collection[str]) -> list[str]:
        """Return the active states without children, regions in the order they are declared."""
        atomic = (state_id for state_id in conf if self.states[state_id].is_atomic)
        return sorted(atomic, key=self._order.__getitem__)

    def outwards(self, conf: Collection[str]) -> Iterator[str]:
        """Go outwards from each active leaf; a shared ancestor comes once, at its first place."""
        seen = (state_id for leaf in self.leaves(conf) for state_id in self.paths[leaf])
        yield from dict.fromkeys(seen)

    def is_final(self, conf: Collection[str]) -> bool:
        """Return whether the chart has ended: as the engine says it while it is running."""
        top = next((self.states[one] for one in conf if one in self._top_ids), None)
        return top is not None and (top.final or (top.parallel and self._is_done(top, conf)))

    def _is_done(self, state: State, conf: Collection[str]) -> bool:
        if state.parallel:
            return all(self._is_done(child, conf) for child in state.states)
        return any(child.final and child.id in conf for child in state.states)

    def legal(self, conf: Sequence[str]) -> list[str]:
        """Check a configuration that comes from a record.

        A version of the flow that has put its states into new parents finds them again: missing
        ancestors are added.

        Args:
            conf: ids of states.

        Returns:
            The whole configuration: as it was, where nothing is missing.

        Raises:
            SessionMismatchError: a state is gone, or these cannot be active together.
        """
        gone = [state_id for state_id in conf if state_id not in self.states]
        if gone:
            raise SessionMismatchError(f"this version has no state {', '.join(gone)}", gone)
        whole = {state_id for known in conf for state_id in self.paths[known]}
        if not self._is_legal(whole):
            raise SessionMismatchError(f"{', '.join(conf) or 'no state'}: cannot be active at once")
        in_order = sorted(whole, key=self._order.__getitem__)
        return list(conf) if sorted(conf) == sorted(whole) else in_order

    def may_remember(self, history: str, states: Collection[str]) -> bool:
        """Return whether a history state can bring states back, in this version of the flow.

        Args:
            history: id of a history state.
            states: ids of what it remembers: children of its parent, or all states inside.
        """
        parent = self.histories[history].parent if history in self.histories else None
        if parent is None or not all(parent.id in self.paths.get(one, ())[1:] for one in states):
            return False
        is_deep = self.histories[history].type.is_deep
        whole = {parent.id, *states}
        return all(self._is_whole(one, whole) for one in (whole if is_deep else [parent.id]))

    def _is_legal(self, conf: Collection[str]) -> bool:
        is_one_on_top = len(self._top_ids.intersection(conf)) == 1
        return is_one_on_top and all(self._is_whole(state_id, conf) for state_id in conf)

    def _is_whole(self, state_id: str, conf: Collection[str]) -> bool:
        """Return whether as many of a state's children are active as there should be."""
        children = self._inside[state_id]
        wanted = len(children) if self.states[state_id].parallel else min(len(children), 1)
        return len(children.intersection(conf)) == wanted


def walk(states: Iterable[State]) -> Iterator[State]:
    """Go through states, all states inside them, and their history states."""
    for state in states:
        yield state
        yield from walk(state.states)
        yield from state.history


def describe(transition: Transition) -> str:
    """Return a transition in a few words: ``menu -> hours on key.1``."""
    targets = ", ".join(_id(target) for target in transition.targets) or "itself"
    events = " ".join(map(str, transition.events))
    return f"{transition.source.id} -> {targets}" + (f" on {events}" if events else "")


def _id(target: object) -> str:
    return (target.id or "?") if isinstance(target, State) else repr(target)


def lost_state_hint(state: State) -> str:
    """Return what to write where a state is named that the flow does not have."""
    if state.id:
        return f"name one of its own instead of {state.id}"
    return (
        "it looks like a method or a second State() took its name "
        "(def voicemail replaces voicemail = State()); rename one of the two"
    )
