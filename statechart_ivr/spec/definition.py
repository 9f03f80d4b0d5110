"""The class statement of a flow: the engine makes the class, then all of it is checked at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from statemachine import StateMachine
from statemachine.exceptions import InvalidDefinition
from statemachine.factory import StateMachineMetaclass

from statechart_ivr import engine
from statechart_ivr.errors import FlowDefinitionError
from statechart_ivr.spec.build import build_spec
from statechart_ivr.spec.inherited import Snapshot
from statechart_ivr.spec.methods import body_of
from statechart_ivr.spec.model import FlowSpec
from statechart_ivr.spec.names import Names, check_reserved, tops_in
from statechart_ivr.spec.problems import Problems, class_location
from statechart_ivr.spec.targets import check_targets


class CallFlowMeta(StateMachineMetaclass):
    """Makes the class, checks all of it at once, and freezes what the marks say.

    The first class it makes is `CallFlow`, whose names no other class may use for itself.
    """

    # The package's own checks go to every depth and list everything.
    validate_disconnected_states = False
    validate_trap_states = False
    validate_final_reachability = False

    _names: Names
    _flow_spec: FlowSpec | None
    _snapshot: Snapshot
    _trial: Callable[[], StateMachine]

    def __init__(
        cls,  # noqa: N805  # this is a metaclass, though ruff does not see it
        name: str,
        bases: tuple[type, ...],
        attributes: dict[str, Any],
    ) -> None:
        flows = [base for base in bases if isinstance(base, CallFlowMeta)]
        problems = Problems(name, class_location("statechart_ivr"))
        body = body_of(attributes)
        if flows:
            names = flows[0]._names
            check_reserved(_before(names.base, cls, attributes), names, problems)
        try:
            tops = {state.id: state for base in flows for state in base.states}
            if not check_targets(attributes, tops | tops_in(attributes), problems):
                raise FlowDefinitionError(problems)
            complaint = _let_engine_read(cls, name, bases, attributes, problems)
        finally:
            for base in flows:
                if base._flow_spec is not None:
                    base._snapshot.put_back(problems)
        if not flows:
            cls._names = Names.of(cls)
        cls._flow_spec = None  # as it stays for CallFlow itself, and for bases without states
        if cls.states or complaint:
            _read(cls, body, flows, complaint, problems)
        if problems:
            raise FlowDefinitionError(problems)


def _let_engine_read(
    cls: CallFlowMeta,
    name: str,
    bases: tuple[type, ...],
    attributes: dict[str, Any],
    problems: Problems,
) -> str | None:
    """Have the engine do its part of making the class, and return what it complains about."""
    try:
        StateMachineMetaclass.__init__(cls, name, bases, attributes)  # type: ignore[arg-type]  # the engine's: several bases, too
    except InvalidDefinition as error:
        return str(error)
    except Exception as error:
        problems.add(f"the engine stops at this class: {type(error).__name__}: {error}")
        raise FlowDefinitionError(problems) from error
    return None


def _read(
    cls: CallFlowMeta,
    body: Mapping[str, Any],
    flows: Sequence[CallFlowMeta],
    complaint: str | None,
    problems: Problems,
) -> None:
    inherited = [base._flow_spec for base in flows if base._flow_spec is not None]
    if len({tuple(map(id, spec.chart.tops)) for spec in inherited}) > 1:
        problems.add("inherits the states of two flows; inherit one")
    spec = build_spec(
        cls,
        body,
        flows[0]._names,
        problems,
        inherited=inherited[0] if inherited else None,
        complaint=complaint,
        build=cls._trial,
    )
    if not problems:
        _freeze(cls, spec)


def _freeze(cls: CallFlowMeta, spec: FlowSpec) -> None:
    for state_id in spec.renderers:
        engine.call_last_on_entry(spec.chart.states[state_id], "_on_rendered_state_entered")
    for transition in spec.chart.all_transitions():
        # The engine sends done.state.… itself, so these can go in a circle within a turn too.
        if transition.is_eventless or any(event.startswith("done.") for event in transition.events):
            engine.call_before(transition, "_on_eventless_transition")
    cls._flow_spec = spec
    cls._snapshot = Snapshot(cls.__name__, spec.chart)


def _before(base: type, cls: type, attributes: dict[str, Any]) -> dict[str, Any]:
    """Return what a class would put before the names of its base: its body, plain mixins."""
    names: dict[str, Any] = {}
    for one in reversed(cls.__mro__[1 : cls.__mro__.index(base)]):
        if not isinstance(one, CallFlowMeta):
            names |= vars(one)
    return names | attributes
