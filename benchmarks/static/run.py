"""One run: the applications take turns, round after round."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from benchmarks.connection import Connection
from benchmarks.static.figures import Figures, Memory, Report, Spell
from benchmarks.static.files import SIZES, Case, Exchange, File, exchanges, make_files
from benchmarks.static.served import APPLICATIONS
from benchmarks.static.server import Server, running
from statechart_ivr.testing.transport import PATIENCE


class WrongAnswerError(Exception):
    """An answer is not what it has to be, so that nothing counts."""


@dataclass(frozen=True)
class Plan:
    """What is done.

    Attributes:
        seconds: how long an application is asked the same thing, in each round.
        rounds: how often its turn comes.
        connections: how many there are at a time; each asks again as soon as it has an answer.
        sizes: bytes of each file.
        settling: seconds between writing the files and serving them. The plugin trusts no file
            that was written within the last two: it would hash it again at every request.
    """

    seconds: float = 1.0
    rounds: int = 5
    connections: int = 8
    sizes: Mapping[str, int] = field(default_factory=lambda: SIZES)
    settling: float = 2.5


@dataclass(frozen=True)
class _Contender:
    name: str
    server: Server
    exchanges: Mapping[Case, Exchange]


def run(plan: Plan, applications: Mapping[str, str] = APPLICATIONS) -> Report:
    """Ask each application each thing, in turn.

    Args:
        plan: how much.
        applications: what serves them, by name: ``module:function``.

    Raises:
        WrongAnswerError: not every byte of every answer is right.
    """
    with TemporaryDirectory() as path, ExitStack() as stack:
        folder = Path(path)
        files = make_files(folder, plan.sizes)
        time.sleep(plan.settling)
        servers = {
            name: stack.enter_context(running(target, folder))
            for name, target in applications.items()
        }
        at_start = {name: server.peak_memory() for name, server in servers.items()}
        contenders = [
            _Contender(name, server, dict(_exchanges(name, server, files)))
            for name, server in servers.items()
        ]
        figures = _measured(contenders, plan)
        memory = {
            name: Memory(at_start[name], server.peak_memory()) for name, server in servers.items()
        }
    return Report(figures, memory)


def _exchanges(
    name: str, server: Server, files: Mapping[str, File]
) -> Iterator[tuple[Case, Exchange]]:
    for kind, file in files.items():
        path = server.paths[file.name]
        with urlopen(server.url + path, timeout=PATIENCE) as answer:  # noqa: S310 - it is http
            answer.read()
            tag, keep = answer.headers["ETag"], answer.headers["Cache-Control"]
        if "immutable" not in keep:
            raise WrongAnswerError(f"{name}: it keeps {file.name} {keep!r}, the others for ever")
        for request, exchange in exchanges(path, tag, file.content):
            yield Case(kind, request), exchange


def _measured(contenders: Sequence[_Contender], plan: Plan) -> Mapping[Case, Mapping[str, Figures]]:
    spells: dict[Case, dict[str, list[Spell]]] = defaultdict(lambda: defaultdict(list))
    for number in range(plan.rounds):
        # Nobody is always the first after something else was asked.
        first = number % len(contenders)
        for case in contenders[0].exchanges:
            for one in (*contenders[first:], *contenders[:first]):
                spells[case][one.name].append(_spell(one, case, plan))
    return {
        case: {one.name: Figures(by_name[one.name]) for one in contenders}
        for case, by_name in spells.items()
    }


def _spell(one: _Contender, case: Case, plan: Plan) -> Spell:
    exchange = one.exchanges[case]
    cpu, began = one.server.cpu_seconds(), time.perf_counter()
    try:
        latencies = asyncio.run(_ask(one.server.url, exchange, plan))
    except (WrongAnswerError, ConnectionError) as error:
        reason = str(error) or "no answer"
        raise WrongAnswerError(f"{one.name}, {case.file} file, {case.request}: {reason}") from None
    seconds = time.perf_counter() - began
    body_bytes = len(exchange.wanted.body) * len(latencies)
    return Spell(latencies, body_bytes, seconds, one.server.cpu_seconds() - cpu)


async def _ask(url: str, exchange: Exchange, plan: Plan) -> list[float]:
    """Ask over several connections; return how long each answer took, in seconds."""
    until = time.perf_counter() + plan.seconds
    asking = (_ask_over_and_over(url, exchange, until) for _ in range(plan.connections))
    return [one for latencies in await asyncio.gather(*asking) for one in latencies]


async def _ask_over_and_over(url: str, exchange: Exchange, until: float) -> list[float]:
    latencies: list[float] = []
    connection = await Connection.to(url)
    try:
        while not latencies or time.perf_counter() < until:
            began = time.perf_counter()
            if connection.is_ending:  # as waitress wants it after every 304
                connection.close()
                connection = await Connection.to(url)
            answer = await connection.ask(exchange.request)
            latencies.append(time.perf_counter() - began)
            if difference := exchange.difference(answer):
                raise WrongAnswerError(difference)
    finally:
        connection.close()
    return latencies
