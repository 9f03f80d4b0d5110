"""The application whose processes are halted, and how each of them comes to it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from statechart_ivr.runners import Job, Runner, ThreadRunner
from statechart_ivr.stores import open_store
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.turn import work
from tests.durability.calls import BASE_URL
from tests.durability.jobs.lookups import Lookups
from tests.durability.jobs.places import PATIENCE, FileClock, HaltingStore, Places

#: Names the folder, the store, the broker and its queue for a worker of Dramatiq's.
VARIABLE = "JOBS_EXPERIMENT"
#: Real seconds between two renewals of a lease; that is not a matter of the clock.
RENEWED_EVERY = 0.1


class Setting(NamedTuple):
    """What the processes of an experiment have in common.

    Attributes:
        folder: with plan, trace, clock and effects.
        store: URL of the store.
        broker: URL of Dramatiq's Redis; nothing where threads do the work.
        queue: name of Dramatiq's queue.
        bug: called at the start of a process that answers calls, to put a bug into it.
    """

    folder: Path
    store: str
    broker: str = ""
    queue: str = ""
    bug: Callable[[], None] | None = None

    @property
    def effects(self) -> Path:
        """The file that work writes a line into."""
        return self.folder / "effects"

    @property
    def clock(self) -> FileClock:
        """The clock of all processes."""
        return FileClock(self.folder / "now")


class HaltingThreads(ThreadRunner):
    """Threads of a process that may be halted when it submits."""

    def __init__(self, places: Places) -> None:
        super().__init__()
        self._places = places

    def submit(self, job: Job) -> None:
        """Take a job on."""
        with self._places.passing(job.call_sid, "submit"):
            super().submit(job)


class HaltingSwitchboard(Switchboard):
    """A switchboard of a process that may be halted before and after work.

    Args:
        setting: of the experiment.
    """

    def __init__(self, setting: Setting) -> None:
        work.LEASE = 3 * RENEWED_EVERY
        self._places = Places(setting.folder)
        super().__init__(
            Lookups,
            store=HaltingStore(open_store(setting.store), self._places),
            runner=_runner(setting, self._places),
            clock=setting.clock,
            base_url=BASE_URL,
            services={"places": self._places, "effects": setting.effects},
        )

    def perform(self, call_sid: str, job_id: str) -> None:
        """Do one piece of work."""
        with self._places.passing(call_sid, "perform"):
            super().perform(call_sid, job_id)

    def finish_sweep(self) -> None:
        """Wait for the sweep that is under way, so that none goes on beside the next turn."""
        self._sweeper.wait(PATIENCE)


def _runner(setting: Setting, places: Places) -> Runner:
    if not setting.broker:
        return HaltingThreads(places)
    from tests.durability.jobs.messages import HaltingMessages  # Dramatiq is an extra

    return HaltingMessages(setting.broker, queue_name=setting.queue, places=places)


def setting_for_worker(setting: Setting) -> dict[str, str]:
    """Return the environment of a worker for an experiment."""
    told = str(setting.folder), setting.store, setting.broker, setting.queue
    return {"IVR_APP": f"{__name__}:board", VARIABLE: " ".join(told)}


def __getattr__(name: str) -> Switchboard:
    # Only a worker has an experiment in its environment.
    if name == "board":
        folder, *told = os.environ[VARIABLE].split(" ")
        return HaltingSwitchboard(Setting(Path(folder), *told))
    raise AttributeError(name)
