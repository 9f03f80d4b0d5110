"""From a class to its `FlowSpec`, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from statemachine import StateMachine

from statechart_ivr.spec.callbacks import CallbackCheck, check_coroutines, try_engine
from statechart_ivr.spec.chart import Chart
from statechart_ivr.spec.checks import check_chart, says_better
from statechart_ivr.spec.collect import Collector
from statechart_ivr.spec.inherited import check_inherited
from statechart_ivr.spec.methods import layers_of, read_methods
from statechart_ivr.spec.model import FlowSpec
from statechart_ivr.spec.names import Names, check_dotted, check_names
from statechart_ivr.spec.problems import Problems
from statechart_ivr.spec.settings import check_settings


def build_spec(
    cls: Any,
    body: Mapping[str, Any],
    names: Names,
    problems: Problems,
    *,
    inherited: FlowSpec | None,
    complaint: str | None,
    build: Callable[[], StateMachine],
) -> FlowSpec:
    """Read a class.

    Args:
        cls: the class, after the engine has done its part, as far as it came.
        body: of the class, with the methods in the bodies of its states.
        names: what the base class uses up.
        problems: where to note what is wrong.
        inherited: of the base class that brings the states, or None.
        complaint: what the engine said when it stopped, or None.
        build: makes a machine of the class, without entering a state.
    """
    chart = Chart(cls.states)
    is_sound = complaint is None and not problems
    if complaint is not None and not says_better(chart):
        problems.add(complaint)
    layers = layers_of(cls, body, names.base)
    methods = read_methods(layers, problems)
    spec = Collector(cls.__name__, chart, methods, problems).collect()
    if inherited is not None:
        check_inherited(spec, inherited, problems)
    check_names(chart, layers, problems)
    check_dotted(chart, methods.functions, problems)
    check_coroutines(chart, methods, problems)
    resolves = CallbackCheck(cls, layers, names.properties, problems).check(chart)
    if resolves and is_sound:
        try_engine(build, problems)
    check_chart(spec, methods.functions, problems)
    check_settings(cls, problems)
    return spec
