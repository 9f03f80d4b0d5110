"""What the explorer is told while a flow answers: states, transitions, guards, the time."""

from __future__ import annotations

from collections.abc import Callable

from statemachine import State
from statemachine.transition import Transition

from statechart_ivr.checker.graph import Kind, Move
from statechart_ivr.checker.moments import Calendar, StandingClock


class Observer:
    """Takes down what happens in one move after the other.

    Args:
        calendar: learns when guards change their answers.
        clock: the application's.

    Attributes:
        entered: states entered since `begin`.
        taken: transitions taken since, each with the event; nothing where it moves on by itself.
        guards: what guards have said since, by transition.
        unclaimed: events that the chart had no use for.
        is_no_match: whether a caller's keys or words were claimed by nothing.
        learned: whether a guard was found to change at times that were not known.
    """

    def __init__(self, calendar: Calendar, clock: StandingClock) -> None:
        self._calendar = calendar
        self._clock = clock
        self._reads = 0
        self.learned = False
        self.begin()

    def begin(self) -> None:
        """Forget what happened in the move before."""
        self.entered: list[State] = []
        self.taken: list[tuple[Transition, str]] = []
        self.guards: list[tuple[Transition, bool]] = []
        self.unclaimed: list[str] = []
        self.is_no_match = False

    def on_entered(self, state: State) -> None:
        """Take note that a state is entered."""
        self.entered.append(state)

    def on_taken(self, transition: Transition, event: str) -> None:
        """Take note that an event, or nothing, has a transition taken."""
        self.taken.append((transition, event))

    def on_guard(self, transition: Transition, ask: Callable[[], bool]) -> bool:
        """Take note of what a guard says, and of whether it asked for the time."""
        before = self._reads
        answer = ask()
        if self._reads > before and self._calendar.learn(id(transition), ask, self._clock):
            self.learned = True
        self.guards.append((transition, answer))
        return answer

    def on_time_read(self) -> None:
        """Take note that flow code asks for the time."""
        self._reads += 1

    def on_unclaimed(self, event: str) -> None:
        """Take note that the chart has no use for an event."""
        self.unclaimed.append(event)

    def on_no_match(self) -> None:
        """Take note that nothing claims the keys or words of a caller."""
        self.is_no_match = True

    def claimed_by(self, move: Move) -> str | None:
        """Return the state that claimed what a caller did, as `Edge` has it."""
        if self.is_no_match or move.kind not in {Kind.KEYS, Kind.WORDS}:
            return None
        sources = (one.source.id for one, _ in self.taken if not (one.is_eventless or one.initial))
        return next(sources, "")
