"""What the explorer has found: records as nodes, what a caller or Twilio does as edges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import cached_property

from statechart_ivr.checker.notation import Step, written
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.record import Record
from statechart_ivr.testing.script import Script
from statechart_ivr.twiml import Remark


class Kind(Enum):
    """Who does something in a call, and what."""

    KEYS = "keys"
    WORDS = "words"
    SILENCE = "silence"
    HANG_UP = "hang-up"
    OUTCOME = "how a verb ends"
    WORK = "what background work comes to"
    SIGNAL = "events from outside"
    TAKEOVER = "takeovers"
    CLOCK = "the time"
    ENTRY = "calls come in"


@dataclass(frozen=True)
class Move:
    """Something that can happen at a node.

    Attributes:
        step: what it is, in the notation.
        kind: of what it is.
        is_wrong: whether it is keys or words that no active state declares.
    """

    step: Step
    kind: Kind
    is_wrong: bool = False

    @property
    def is_input(self) -> bool:
        """Whether a caller who is asked something does it."""
        return self.kind in {Kind.KEYS, Kind.WORDS, Kind.SILENCE}

    @property
    def letter(self) -> str:
        """The move as the alphabet lists it: takeovers at one route are one."""
        if self.kind is Kind.TAKEOVER:
            return str(replace(self.step, what=self.step.what.partition("?")[0]))
        return str(self.step)


#: Where an edge begins by which a call comes in.
START = -1


@dataclass(frozen=True)
class Edge:
    """What a move leads to.

    Attributes:
        source: index of the node before; `START` where the call comes in.
        move: what happens.
        target: index of the node after; None where an error ends it.
        claimed_by: the state whose transition claims the keys or words; nothing where a handler
            deals with them alone; None where nothing claims them, and for all other moves.
        seconds: how long it takes on the phone's clock: prompts are heard out before a key is
            pressed, silence is waited for.
    """

    source: int
    move: Move
    target: int | None
    claimed_by: str | None = None
    seconds: float = 0.0


@dataclass
class Node:
    """One record, with what is played to the caller just then.

    Attributes:
        index: its place in the exploration; nodes with less to do come first.
        flow: whose call it is.
        record: as it was stored first; ids, `seq` and counts in it do not count.
        moment: where the application's clock stands.
        waiting_for: the verb that waits: ``gather record dial enqueue pay connect refer``;
            ``redirect`` for a caller who is held, ``play`` and ``say`` for one who hears music;
            None when the call is over.
        script: the document that is played.
        position: of the verb after the one that waits, in the document.
        heard: text since the last thing that the caller did.
        seconds: of the call, the way it came to be here.
        arrived: the edge by which it was found first.
        takeovers: how often the call was taken over, where there is a limit to that.
        played: the documents that began since anybody last did something.
    """

    index: int
    flow: type[CallFlow]
    record: Record
    moment: datetime
    waiting_for: str | None
    script: Script
    position: int
    heard: str
    seconds: float
    arrived: Edge
    played: tuple[Script, ...] = ()
    takeovers: int = 0

    @property
    def is_over(self) -> bool:
        """Whether the call is over."""
        return self.waiting_for is None

    @property
    def conf(self) -> tuple[str, ...]:
        """Ids of the active states."""
        return tuple(self.record.conf)

    @property
    def state(self) -> str:
        """Id of the innermost active state; nothing where there is none."""
        return innermost(self.flow, self.record.conf)


class Trouble(Enum):
    """Why a move leads nowhere, or not where it should."""

    RAISED = "flow code raised"
    REFUSED = "Twilio refuses the document"
    CIRCLE = "documents lead to one another without an end"
    UNCLAIMED = "nothing claims the event"
    UNSTABLE = "the same again gave another result"
    GROWS = "the session grows"
    NEEDS_DATA = "the event's data is not known"
    WORK_RAISED = "background work raised"


@dataclass(frozen=True)
class Incident:
    """Something that went wrong in a move.

    Attributes:
        trouble: what kind.
        source: index of the node before, or `START`.
        steps: the shortest call, with the move at its end.
        state: the innermost active state, or nothing.
        message: what happened.
        error: the exception, where there is one.
        event: the event's id, where it is about one.
    """

    trouble: Trouble
    source: int
    steps: tuple[Step, ...]
    state: str
    message: str
    error: BaseException | None = None
    event: str = ""


@dataclass
class Exploration:
    """Everything that was found.

    Attributes:
        flows: what was explored.
        nodes: in the order they were found: those with the shortest calls first.
        edges: in the order they were tried.
        incidents: what went wrong, each kind once a place.
        entered: how each state was entered first: the shortest call, by flow and state id.
        taken: how each event took a transition first, by flow and the transition's ``id()``; the
            event is nothing where the transition moves on by itself.
        guards: answers of guards, with the shortest call for each, by flow and the transition's
            ``id()``.
        complaints: what Twilio says about documents, by flow, innermost state and number, with the
            shortest call for each; also of documents that led on to another.
        played: the sounds that are played, each with the shortest call: by flow, state, and the URL
            as it stands in the document.
        repeated: a request that was sent twice in each state, with the shortest call, by flow and
            innermost state.
        moments: where the clock may stand when a call comes in; the usual one first.
        unfinished: why there is more to explore; nothing where there is not.
        seconds: how long it took.
    """

    flows: tuple[type[CallFlow], ...]
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    entered: dict[tuple[str, str], tuple[Step, ...]] = field(default_factory=dict)
    taken: dict[tuple[str, int], dict[str, tuple[Step, ...]]] = field(default_factory=dict)
    guards: dict[tuple[str, int], dict[bool, tuple[Step, ...]]] = field(default_factory=dict)
    complaints: dict[tuple[type[CallFlow], str, Remark], tuple[Step, ...]] = field(
        default_factory=dict
    )
    played: dict[tuple[str, str, str], tuple[Step, ...]] = field(default_factory=dict)
    repeated: dict[tuple[str, str], tuple[Step, ...]] = field(default_factory=dict)
    moments: tuple[datetime, ...] = ()
    unfinished: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def is_exhausted(self) -> bool:
        """Whether everything that can happen was tried."""
        return not self.unfinished

    @cached_property
    def out(self) -> Mapping[int, Sequence[Edge]]:
        """The edges from each node, by its index."""
        found: dict[int, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            found[edge.source].append(edge)
        return found

    def steps_to(self, index: int) -> tuple[Step, ...]:
        """Return the shortest call that comes to a node."""
        steps: list[Step] = []
        edge = self.nodes[index].arrived
        while edge.source != START:
            steps.append(edge.move.step)
            index = edge.source
            edge = self.nodes[index].arrived
        return (*self.beginning(self.nodes[index].moment, edge.move), *reversed(steps))

    def beginning(self, moment: datetime, dial: Move) -> tuple[Step, ...]:
        """Return how a call begins that comes in at a moment."""
        if moment == self.moments[0]:
            return (dial.step,)
        return Step("at", moment.isoformat().removesuffix("+00:00")), dial.step

    def call_to(self, index: int) -> str:
        """Return the shortest call that comes to a node, in the notation."""
        return written(self.steps_to(index))

    def reached_from(
        self, starts: Iterable[int], follows: Callable[[Edge], bool] = bool
    ) -> set[int]:
        """Return the nodes that some nodes lead to, themselves included."""
        found = set(starts)
        waiting = list(found)
        while waiting:
            for edge in self.out.get(waiting.pop(), ()):
                if edge.target is not None and edge.target not in found and follows(edge):
                    found.add(edge.target)
                    waiting.append(edge.target)
        return found

    def leading_to(self, ends: Iterable[int], follows: Callable[[Edge], bool] = bool) -> set[int]:
        """Return the nodes that lead to some nodes, these included."""
        back: dict[int, list[int]] = defaultdict(list)
        for edge in self.edges:
            if edge.source != START and edge.target is not None and follows(edge):
                back[edge.target].append(edge.source)
        found = set(ends)
        waiting = list(found)
        while waiting:
            for source in back[waiting.pop()]:
                if source not in found:
                    found.add(source)
                    waiting.append(source)
        return found

    def flow_of(self, incident: Incident) -> type[CallFlow]:
        """Return the flow whose call went wrong."""
        if incident.source != START:
            return self.nodes[incident.source].flow
        dial = next(step for step in incident.steps if step.verb == "dial")
        path = dial.what.partition("?")[0]
        routes = {route.path: flow for flow in self.flows for route in spec_of(flow).routes}
        return routes.get(path, self.flows[0])

    def questions(self) -> Iterator[Node]:
        """Go through the nodes at which a Gather waits."""
        return (node for node in self.nodes if node.waiting_for == "gather")


def innermost(flow: type[CallFlow], conf: Sequence[str]) -> str:
    """Return the innermost active state that was entered last; nothing where there is none."""
    leaves = spec_of(flow).chart.leaves(list(conf)) if conf else []
    return leaves[-1] if leaves else ""
