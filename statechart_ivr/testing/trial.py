"""One call, and everything that is looked at in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from statechart_ivr.checker.graph import Kind
from statechart_ivr.checker.line import silenced
from statechart_ivr.checker.notation import Step
from statechart_ivr.errors import EndlessRedirectsError, PhoneError, TwimlRefusedError
from statechart_ivr.flow import spec_of
from statechart_ivr.testing.guiding import Guide, LedCall
from statechart_ivr.testing.holding import is_poll
from statechart_ivr.testing.properties import Property
from statechart_ivr.testing.transcript import MASK

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True)
class Failure:
    """What is wrong with a call.

    Attributes:
        flow: name of the flow whose call it is, or of the first.
        steps: of the call; secrets are named as examples in them.
        kind: ``raises refused always never eventually endless``.
        message: what is wrong.
        name: of the property that does not hold, or of the error's class.
        error: what was raised, if anything; its text may hold a secret.
        has_secret: whether a secret was entered.
    """

    flow: str
    steps: tuple[Step, ...]
    kind: str
    message: str
    name: str = ""
    error: BaseException | None = None
    has_secret: bool = False

    def is_like(self, other: Failure | None) -> bool:
        """Return whether another call fails for the same reason."""
        return other is not None and (self.kind, self.name) == (other.kind, other.name)


class CallWrongError(AssertionError):
    """A call went wrong; not for users, who get it told better.

    Attributes:
        failure: what is wrong.
    """

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.message)


class Trial:
    """A call in which everything is looked at, after each move.

    Args:
        guide: of the flows.
        properties: what is to hold.
        turns: after how many moves a caller who has fallen silent has to be let go.
    """

    def __init__(self, guide: Guide, properties: Sequence[Property], turns: int) -> None:
        self.call = LedCall(guide)
        self._turns, self._properties = turns, properties
        self._awaited = {one.name for one in properties if one.mark.kind == "eventually"}
        self._is_stuck = False
        self._ends = -1
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.call.at_hand())
        self._stack.enter_context(silenced())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def is_over(self) -> bool:
        """Whether nothing more can happen, as far as it can be followed."""
        return self._is_stuck or self.call.is_over

    def follow(self, steps: Iterable[Step], *, is_known: bool = False) -> None:
        """Take some steps, as far as they can be taken.

        Args:
            steps: in their order.
            is_known: whether they need not be among what would be tried.

        Raises:
            CallWrongError: something is wrong.
        """
        for step in steps:
            if self._is_stuck or not (is_known or self.call.can_take(step)):
                return
            self.take(step)

    def take(self, step: Step) -> None:
        """Have something happen, and look at everything.

        Raises:
            CallWrongError: something is wrong.
        """
        error = self.call.take(step)
        if error is not None:
            self._judge(step, error)
        elif self.call.has_begun:
            self._look()

    def _judge(self, step: Step, error: Exception) -> None:
        name = type(error).__name__
        if isinstance(error, TwimlRefusedError | EndlessRedirectsError):
            self._fail("refused", str(error), name, error)
        is_guess = isinstance(error, TypeError) and self.call.workshop.is_guess(step)
        if isinstance(error, PhoneError) or is_guess:
            # It leads out of sight, or is not known well enough: no fault of the flow's.
            self._is_stuck = True
            self.call.steps.pop()
            return
        self._fail("raises", f"the flow raises {name}: {error}", name, error)

    def _look(self) -> None:
        turn = self.call.record.turns
        for one in self._properties:
            holds, error = self._ask(one)
            if one.mark.kind == "always" and not holds:
                self._fail("always", f"{one.name} does not hold", one.name, error)
            elif one.mark.kind == "never" and holds:
                self._fail("never", f"{one.name} holds, and never should", one.name, error)
            elif holds:
                self._awaited.discard(one.name)
            elif one.name in self._awaited and (turn >= one.mark.within or self.call.phone.ended):
                message = f"{one.name} does not hold within {one.mark.within} turns"
                self._fail("eventually", message, one.name, error)

    def _ask(self, one: Property) -> tuple[bool, Exception | None]:
        try:
            answer = one.ask(self.call.phone)
        except Exception as error:
            if one.mark.kind != "always" and not isinstance(error, AssertionError):
                raise
            return False, error
        # A method that asserts returns nothing; one that must not hold, or has to, says so.
        return (answer is not False if one.mark.kind == "always" else bool(answer)), None

    def fall_silent(self) -> None:
        """Have the caller do nothing more, until the call is over.

        Raises:
            CallWrongError: it never is, or something else is wrong.
        """
        before, has_secret = len(self.call.steps), self._has_secret
        left = self._turns
        while left and not (self._is_stuck or self.call.phone.ended):
            self.take(self._silence())
            left -= 1
        if self._is_stuck or self.call.phone.ended:
            return
        del self.call.steps[before:]
        message = f"a caller who falls silent is not let go in {self._turns} turns"
        self._fail("endless", message, "", None, has_secret=has_secret)

    def _silence(self) -> Step:
        """Return what happens while the caller does nothing; how verbs end takes turns."""
        moves = self.call.moves()
        others = [one.step for one in moves if one.kind in {Kind.OUTCOME, Kind.WORK}]
        waiting, playing = self.call.phone.waiting_for, self.call.playback.script.url
        is_asked = waiting in {"gather", "record"} and not is_poll(playing)
        if others and not is_asked:
            self._ends += 1
            return others[self._ends % len(others)]
        return next((one.step for one in moves if one.kind is Kind.SILENCE), Step("hang_up"))

    @property
    def _has_secret(self) -> bool:
        return any(step.verb == "example" for step in self.call.steps)

    def _fail(
        self,
        kind: str,
        message: str,
        name: str,
        error: BaseException | None,
        *,
        has_secret: bool = False,
    ) -> None:
        if error is not None and kind in {"always", "never", "eventually"} and str(error):
            message += f": {str(error).splitlines()[0]}"
        flow = next(iter(self.call.board.flows)).__name__
        if self.call.board.peek(self.call.phone.call_sid) is not None:
            flow = self.call.record.flow
        failure = Failure(
            flow,
            tuple(self.call.steps),
            kind,
            self._masked(message),
            name,
            error,
            has_secret or self._has_secret,
        )
        raise CallWrongError(failure) from (None if failure.has_secret else error)

    def _masked(self, message: str) -> str:
        for flow in self.call.board.flows:
            for handler in spec_of(flow).handlers.values():
                for example in handler.examples if handler.secret else ():
                    message = message.replace(example, MASK)
        return message


def tried(
    guide: Guide, properties: Sequence[Property], turns: int, steps: Sequence[Step]
) -> Failure | None:
    """Make a call that is known, let the caller fall silent at its end, and return what is wrong.

    What cannot be made any more is left out, with all that comes behind it.
    """
    try:
        with Trial(guide, properties, turns) as trial:
            for step in steps:
                trial.take(step)
                if trial.is_over:
                    break
            trial.fall_silent()
    except CallWrongError as wrong:
        return wrong.failure
    return None


def shortest(guide: Guide, properties: Sequence[Property], turns: int, failure: Failure) -> Failure:
    """Return a failure for the same reason from which no part can be left out."""
    size = len(failure.steps) - 1
    while size:
        for start in range(len(failure.steps) - size + 1):
            steps = failure.steps[:start] + failure.steps[start + size :]
            found = tried(guide, properties, turns, steps) if _has_dial(steps) else None
            if failure.is_like(found) and found and len(found.steps) < len(failure.steps):
                failure, size = found, len(found.steps)
                break
        size = min(size, len(failure.steps)) - 1
    for end in range(1, len(failure.steps) - 1):
        # Hanging up is what any call can do.
        steps = (*failure.steps[:end], Step("hang_up"))
        found = tried(guide, properties, turns, steps) if _has_dial(steps) else None
        if failure.is_like(found) and found:
            return found
    return failure


def _has_dial(steps: Sequence[Step]) -> bool:
    return any(step.verb == "dial" for step in steps)
