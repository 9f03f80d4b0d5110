"""`flow_test_case`: a flow is called at random, as an ordinary test case."""

from __future__ import annotations

import os
import sys
import unittest
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from statechart_ivr.checker.notation import Step, parse_call, written
from statechart_ivr.checker.playing import Flows
from statechart_ivr.checker.settings import Limits
from statechart_ivr.errors import CallFailedError, MissingExtraError
from statechart_ivr.testing.crashes import FOLDER, CrashFolder
from statechart_ivr.testing.guiding import Guide, Options, guide_for, options_for
from statechart_ivr.testing.printing import printed
from statechart_ivr.testing.properties import always, eventually, never, properties_of
from statechart_ivr.testing.strategies import goals_of, next_steps
from statechart_ivr.testing.trial import CallWrongError, Failure, Trial, shortest, tried

try:
    import hypothesis
    from hypothesis import stateful
    from hypothesis import strategies as st
except ImportError as error:
    raise MissingExtraError("flow_test_case()", "testing") from error

__all__ = ["always", "eventually", "flow_test_case", "never"]

#: How many moves a call has beyond its goal, at most.
MOST_MOVES = 25


class FlowTestCase(unittest.TestCase):
    """Calls a flow at random, and looks at everything after each move; see `flow_test_case`.

    Attributes:
        options: what calls are made, and of what.
        limits: after how many turns a caller who falls silent has to be let go.
        crash_folder: where calls are kept that went wrong.
        settings: Hypothesis's; without a deadline, whatever it says.
    """

    options: ClassVar[Options]
    limits: ClassVar[Limits]
    crash_folder: ClassVar[Path]
    settings: ClassVar[hypothesis.settings | None]
    is_generated: ClassVar[bool] = True
    _guide: ClassVar[Guide | None] = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.is_generated = "_guide" in vars(cls)

    def check(self, call: str) -> None:
        """Make one call, let the caller fall silent at its end, and look at everything.

        Args:
            call: in the notation: ``dial 2 . hangup``.

        Raises:
            CallFailedError: it does not go as it has to.
        """
        failure = self._tried(tuple(parse_call(call)))
        if failure is not None:
            raise self._told(failure)

    def test_calls(self) -> None:
        """No call goes wrong: first those that did, then others, at random."""
        self._try_kept()
        # Older releases of Hypothesis do not say what it takes.
        run: Callable[..., None] = stateful.run_state_machine_as_test
        try:
            run(self._machine(), settings=self._settings())
        except CallWrongError as wrong:
            found = wrong.failure
        else:
            return
        failure = shortest(self.guide, self._properties, self.limits.turns, found)
        raise self._told(failure, self._keep(failure)) from _cause(failure)

    @property
    def guide(self) -> Guide:
        """What there is to reach; found out once for all that is made of a flow."""
        home = next(one for one in type(self).__mro__ if "options" in vars(one))
        assert issubclass(home, FlowTestCase)  # noqa: S101 - for the types
        if home._guide is None:
            home._guide = guide_for(self.options)
        return home._guide

    @cached_property
    def _properties(self) -> list[Any]:
        return list(properties_of(self))

    @cached_property
    def _crashes(self) -> CrashFolder:
        flow = self.options.flows[0]
        return CrashFolder(Path(self.crash_folder), f"{flow.__module__}:{flow.__name__}")

    def _settings(self) -> hypothesis.settings:
        usual = self.settings or hypothesis.settings()
        # What differs between calls is said better by the shortest one, and sooner.
        phases = [phase for phase in usual.phases if phase is not hypothesis.Phase.explain]
        return hypothesis.settings(
            usual,
            phases=phases,
            deadline=None,
            report_multiple_bugs=False,
            stateful_step_count=MOST_MOVES,
            suppress_health_check=list(hypothesis.HealthCheck),
        )

    def _machine(self) -> type[stateful.RuleBasedStateMachine]:
        # Hypothesis knows what it has found before by this name.
        name = f"{type(self).__module__}.{type(self).__qualname__}.{self.options.flows[0].__name__}"
        return type(name, (_Machine,), {"case": self})

    def trial(self) -> Trial:
        """Return a call in which everything is looked at."""
        return Trial(self.guide, self._properties, self.limits.turns)

    def _tried(self, steps: tuple[Step, ...]) -> Failure | None:
        return tried(self.guide, self._properties, self.limits.turns, steps)

    def _try_kept(self) -> None:
        """Make the calls again that went wrong; those that go well now are kept no longer."""
        for one in self._crashes.kept():
            failure = self._tried(one.steps)
            if failure is not None:
                raise self._told(failure, f"FAILED again: {one.file}") from _cause(failure)
            one.file.unlink()
            print(f"FIXED: {written(one.steps)}")  # noqa: T201 - pytest -s and -rP show it

    def _keep(self, failure: Failure) -> str:
        try:
            return f"kept in {self._crashes.keep(failure.steps, failure.message)}"
        except OSError as error:
            return f"not kept: {error}"

    def _told(self, failure: Failure, kept: str = "") -> CallFailedError:
        text = printed(failure, self.options, type(self))
        return CallFailedError(f"{text}\n({kept})" if kept else text, written(failure.steps))


def _cause(failure: Failure) -> BaseException | None:
    """Return what was raised, unless its text may hold a secret."""
    return None if failure.has_secret else failure.error


class _Machine(stateful.RuleBasedStateMachine):
    """One call, move by move."""

    case: ClassVar[FlowTestCase]

    def __init__(self) -> None:
        super().__init__()
        self._on_the_way = sys.exc_info()[1]
        self._open = ExitStack()
        self.trial = self._open.enter_context(self.case.trial())

    @property
    def goals(self) -> st.SearchStrategy[int]:
        """What to begin with; numbers, which tell no secrets."""
        return goals_of(self.case.guide)

    @property
    def steps(self) -> st.SearchStrategy[Step | None]:
        """What can happen now; when the call is over, nothing."""
        return st.none() if self.trial.is_over else next_steps(self.trial.call)

    @stateful.initialize(goal=st.runner().flatmap(lambda machine: machine.goals))
    def begin(self, goal: int) -> None:
        """Go where there is something to reach."""
        self.trial.follow(self.case.guide.goals[goal])

    @stateful.rule(step=st.runner().flatmap(lambda machine: machine.steps))
    def move(self, step: Step | None) -> None:
        """Have something happen."""
        if step is not None:
            self.trial.take(step)

    def teardown(self) -> None:
        """Let the caller fall silent, unless something has gone wrong before."""
        with self._open:
            if sys.exc_info()[1] is self._on_the_way:
                self.trial.fall_silent()


def flow_test_case(
    flow: Flows,
    *,
    limits: Limits | None = None,
    crash_folder: str | os.PathLike[str] = FOLDER,
    settings: hypothesis.settings | None = None,
    **options: Any,
) -> type[FlowTestCase]:
    """Return a test case that calls a flow at random: a class, to be used as it is or as a base.

    It holds in every call that nothing raises, that Twilio refuses no document, and that a caller
    who falls silent is let go; and whatever methods say that are marked with `always`, `never` or
    `eventually`. A call that goes wrong is made as short as possible, and printed as a command and
    as a test. It is kept in Hypothesis's database and in a folder, and made first the next time.

    >>> from hello import Hello  # doctest: +SKIP
    >>> class TestHello(flow_test_case(Hello)):  # doctest: +SKIP
    ...     @always
    ...     def is_polite(self, call):
    ...         return "sorry" not in call.heard.lower() or "please" in call.heard.lower()

    Args:
        flow: a flow, or several of one application.
        limits: of these, how many ``turns`` a caller who falls silent may take.
        crash_folder: where calls are kept that went wrong.
        settings: Hypothesis's, without those for deadlines and steps; the profile's if left out.
        **options: as for `calls`.
    """
    told = options_for(flow, **options)
    body = {
        "options": told,
        "limits": limits or Limits(),
        "crash_folder": Path(crash_folder),
        "settings": settings,
        "_guide": None,
        "__doc__": f"Calls {told.flows[0].__name__} at random.",
    }
    return type(f"{told.flows[0].__name__}Calls", (FlowTestCase,), body)
