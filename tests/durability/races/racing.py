"""Two webhooks of one call at the same moment, on two processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path
from threading import Barrier
from typing import NamedTuple

from examples.servers import ROOT, TOKEN, Server
from statechart_ivr.record import Record
from statechart_ivr.stores import MemoryStore, SessionStore
from statechart_ivr.testing.parameters import new_sid
from statechart_ivr.testing.transport import Transport, UrlTransport, Webhook, WsgiTransport
from statechart_ivr.web import IvrApp
from tests.durability.documents import action, number
from tests.durability.errands import ENTRY, Errands
from tests.durability.figures import Figures
from tests.durability.races.meeting import MeetingPoint
from tests.durability.records import stored
from tests.durability.webhooks import webhook

TARGET = "tests.durability.races.served:app"

Pair = tuple[Webhook, Webhook]


@dataclass(frozen=True)
class Kind:
    """What races against what.

    Attributes:
        name: in words.
        pair: makes the two webhooks from a call's SID and the URL that its next key goes to.
        trails: what may have moved the call, afterwards.
        is_new: whether the call does not exist before.
    """

    name: str
    pair: Callable[[str, str], Pair]
    trails: frozenset[str]
    is_new: bool = False


def _same_key_twice(call_sid: str, url: str) -> Pair:
    key = webhook(call_sid, url, "a", Digits="2")
    return key, key


def _two_keys(call_sid: str, url: str) -> Pair:
    return webhook(call_sid, url, "a", Digits="2"), webhook(call_sid, url, "b", Digits="3")


def _key_and_end(call_sid: str, url: str) -> Pair:
    over = webhook(call_sid, "/ivr/status", "b", CallStatus="completed", CallDuration="9")
    return webhook(call_sid, url, "a", Digits="2"), over


def _entry_twice(call_sid: str, _: str) -> Pair:
    one, other = (webhook(call_sid, ENTRY, token, CallStatus="ringing") for token in "ab")
    return one, other


def _takeover_and_key(call_sid: str, url: str) -> Pair:
    return webhook(call_sid, ENTRY, "a"), webhook(call_sid, url, "b", Digits="2")


def _trails(*endings: str) -> frozenset[str]:
    return frozenset(f"entered key.1{ending}" for ending in endings)


KINDS = (
    Kind("the same key twice", _same_key_twice, _trails(" key.2")),
    Kind("two keys", _two_keys, _trails(" key.2", " key.3")),
    Kind("a key and the end", _key_and_end, _trails("", " key.2")),
    Kind("an entry twice", _entry_twice, frozenset({"entered"}), is_new=True),
    Kind("a takeover and a key", _takeover_and_key, _trails(" entered", " key.2 entered")),
)


class Outcome(NamedTuple):
    """What a race comes to.

    Attributes:
        answers: status and body of each of the two.
        record: what is stored then.
        following: what the next key is answered with.
        stored_then: what is stored after the next key.
    """

    answers: tuple[tuple[int, bytes], tuple[int, bytes]]
    record: bytes
    following: bytes
    stored_then: bytes

    @property
    def trail(self) -> str:
        """What has moved the call."""
        return _trail(self.record)

    @property
    def has_gone_on(self) -> bool:
        """Whether the next key has moved the call, or the call is over."""
        is_over = Record.from_bytes(self.record).ended
        return is_over or _trail(self.stored_then) == f"{self.trail} key.1"


Send = Callable[[Sequence[Webhook]], Sequence[tuple[int, bytes]]]


@dataclass(frozen=True)
class Track:
    """Where races are run.

    Attributes:
        lines: one to each process.
        store: the one behind them all.
    """

    lines: Sequence[Transport]
    store: SessionStore

    def race(self, kind: Kind, call_sid: str, send: Send) -> Outcome:
        """Make a call, send its two webhooks, and then one key more."""
        url = "" if kind.is_new else self._begin(call_sid)
        first, second = send(kind.pair(call_sid, url))
        record = self._stored(call_sid)
        urls = [action(first[1]), action(second[1]), url]
        now = Record.from_bytes(record).seq
        place = next((one for one in urls if number(one) == now), url)
        following = self.lines[0].send(webhook(call_sid, place, "next", Digits="1")).body
        return Outcome((first, second), record, following, self._stored(call_sid))

    def _begin(self, call_sid: str) -> str:
        menu = self.lines[0].send(webhook(call_sid, ENTRY, "dial", CallStatus="ringing")).body
        key = webhook(call_sid, action(menu), "key", Digits="1")
        return action(self.lines[0].send(key).body)

    def _stored(self, call_sid: str) -> bytes:
        return stored(self.store, call_sid) or b""


def at_once(lines: Sequence[Transport], *, meeting: Callable[[], None] | None = None) -> Send:
    """Return what sends two webhooks at the same moment, each on a line of its own.

    Args:
        lines: two of them.
        meeting: called before, to let the two meet when they have loaded the session.
    """

    def send(pair: Sequence[Webhook]) -> Sequence[tuple[int, bytes]]:
        gate = Barrier(2, action=meeting)

        def send_one(line: Transport, one: Webhook) -> tuple[int, bytes]:
            gate.wait()
            return _answer(line, one)

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(send_one, lines, pair))

    return send


def one_by_one(kind: Kind, call_sid: str, order: Sequence[int]) -> Outcome:
    """Send the two webhooks one after the other, to an application in this process."""
    app = IvrApp(Errands, auth_token=TOKEN, base_url=ROOT, store=MemoryStore())
    line = WsgiTransport(app, ROOT, TOKEN)

    def send(pair: Sequence[Webhook]) -> Sequence[tuple[int, bytes]]:
        answers = {i: _answer(line, pair[i]) for i in order}
        return answers[0], answers[1]

    with closing(app):
        return Track([line], app.switchboard.store).race(kind, call_sid, send)


def complaint(kind: Kind, call_sid: str, outcome: Outcome) -> str:
    """Say in which way a race has not come out as it should; nothing if it has."""
    if outcome.trail not in kind.trails:
        return f"it was moved by {outcome.trail}"
    if not outcome.has_gone_on:
        return "the next key moved nothing"
    if outcome not in [one_by_one(kind, call_sid, order) for order in permutations(range(2))]:
        return f"no order of the two comes to {outcome}"
    return ""


def run_races(folder: Path, store: str, sizes: tuple[int, int], *, target: str = TARGET) -> Figures:
    """Run races of all kinds on two processes.

    Args:
        folder: for their logs.
        store: URL of the store that they share.
        sizes: of each kind, how many are made to meet, and how many are only sent at once.
        target: what they serve.
    """
    counts: Counter[str] = Counter({"races": 0, "on one revision": 0, "saves that lost": 0})
    failures: list[str] = []
    with two_servers(folder, store, target) as (track, point):
        for kind, meets in product(KINDS, (True, False)):
            for _ in range(sizes[not meets]):
                call_sid = new_sid("CA")
                why = _race(track, point if meets else None, kind, call_sid)
                failures += [f"{kind.name}: {why}"] if why else []
                counts.update({"races": 1, kind.name: 1})
        counts.update({"on one revision": point.met, "saves that lost": point.lost.total()})
    return Figures("races", dict(counts), failures)


def _race(track: Track, point: MeetingPoint | None, kind: Kind, call_sid: str) -> str:
    """Run one race, and say what is wrong with it; nothing if nothing is."""
    if point is None:
        return complaint(kind, call_sid, track.race(kind, call_sid, at_once(track.lines)))
    send = at_once(track.lines, meeting=lambda: point.expect_two(call_sid))
    why = complaint(kind, call_sid, track.race(kind, call_sid, send))
    return why if point.lost[call_sid] else f"both were saved; {why or 'nothing else is wrong'}"


@contextmanager
def two_servers(folder: Path, store: str, target: str) -> Iterator[tuple[Track, MeetingPoint]]:
    """Start two processes that serve the same calls, and a place for them to meet."""
    with ExitStack() as stack:
        point = stack.enter_context(MeetingPoint())
        servers = []
        for name in ("one", "other"):
            (folder / name).mkdir()
            settings = {"MEETING_POINT": point.address}
            servers.append(Server(target, folder / name, store=store, settings=settings))
            stack.callback(servers[-1].close)
        lines = [UrlTransport(server.url, ROOT, TOKEN) for server in servers]
        yield Track(lines, servers[0].store), point


def _answer(line: Transport, one: Webhook) -> tuple[int, bytes]:
    reply = line.send(one)
    return reply.status, reply.body


def _trail(record: bytes) -> str:
    return " ".join(Record.from_bytes(record).data["trail"])
