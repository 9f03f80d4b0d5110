"""Messages to workers of Dramatiq's, from a process that may be halted when it sends one."""

from __future__ import annotations

from statechart_ivr.runners import Job
from statechart_ivr.runners.dramatiq import DramatiqRunner
from tests.durability.jobs.places import Places


class HaltingMessages(DramatiqRunner):
    """Sends jobs to workers.

    Args:
        broker: URL of a Redis.
        queue_name: of the experiment alone.
        places: of the process.
    """

    def __init__(self, broker: str, *, queue_name: str, places: Places) -> None:
        super().__init__(broker, queue_name=queue_name, timeout=10.0)
        self._places = places

    def submit(self, job: Job) -> None:
        """Send a job."""
        with self._places.passing(job.call_sid, "submit"):
            super().submit(job)
