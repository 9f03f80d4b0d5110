"""``serve`` looks after work that another process has left, also while nobody calls."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from examples.servers import Server
from statechart_ivr.call import Request
from statechart_ivr.record import Record
from statechart_ivr.runners import InlineRunner
from statechart_ivr.stores import open_store
from statechart_ivr.switchboard import Switchboard

pytestmark = [pytest.mark.server]

FLOW = """
from pathlib import Path
from statemachine import State
from statechart_ivr import CallFlow, background, renders, routable


class Filing(CallFlow):
    goodbye = State(initial=True, final=True)

    @routable("/incoming-call")
    @renders(goodbye)
    def say_goodbye(self):
        return "Goodbye."

    @background(goodbye)
    def file_call(self):
        Path("filed").write_text(self.call.sid)
"""


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a flow that files each call, in a module of its own."""
    (tmp_path / "filing.py").write_text(FLOW, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "filing", raising=False)
    return import_module("filing").Filing


def test_work_that_was_left_is_done_without_a_request(flow, tmp_path: Path):
    """The process that had taken it was killed; nobody calls since."""
    with closing(open_store(f"sqlite:///{tmp_path}/calls.db")) as store:
        leave_work(Switchboard(flow, store=store, runner=closed()))
    with closing(Server("filing:Filing", tmp_path)):
        deadline = time.monotonic() + 60
        while not (filed := tmp_path / "filed").exists() or not filed.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)  # another process does it, in its own time
    assert (tmp_path / "filed").read_text() == "CA1"


def closed() -> InlineRunner:
    """Return a runner that takes nothing on, as in a process that ends."""
    runner = InlineRunner()
    runner.close()
    return runner


def leave_work(board: Switchboard) -> None:
    """Have a call come in whose work is left, and its lease run out."""
    board.answer(Request(path="/incoming-call", form=(("CallSid", "CA1"),)))
    stored = board.store.load("CA1")
    assert stored is not None
    record = Record.from_bytes(stored.data)
    left = replace(record, jobs=[replace(job, lease=0.0) for job in record.jobs])
    board.store.save("CA1", left.to_bytes(), expected=stored.revision, ttl=600)
