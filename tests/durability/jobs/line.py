"""Processes that answer one call, one after the other, as they are halted."""

from __future__ import annotations

from statechart_ivr.call import Request
from statechart_ivr.testing.parameters import new_sid
from tests.durability.jobs.places import Places, wait_until
from tests.durability.jobs.processes import Web, Workers
from tests.durability.jobs.served import Setting
from tests.durability.webhooks import request


class Line:
    """The way from a caller to whichever process is there.

    Args:
        setting: of the experiment.
        sid: of the call.
        places: where the call's processes pass.
        workers: who does the work; None where the processes that answer have threads for it.
        absent: seconds for which nobody is there in place of the first one that is halted.
    """

    def __init__(
        self, setting: Setting, sid: str, places: Places, workers: Workers | None, absent: float
    ) -> None:
        self._setting, self._sid, self._places = setting, sid, places
        self._absent = absent
        self._workers = workers
        self._stopped: list[tuple[Web, int]] = []
        self._halts = 0
        self._lost = 0  # jobs that somebody has taken who is halted
        self._web = Web(setting)
        self.pass_by()

    def ask(self, url: str, **told: str) -> bytes:
        """Ask for a document, as often as processes are halted, and wait for what goes on then."""
        form = {"CallStatus": "in-progress", **told, "CallSid": self._sid}
        body = self._sent(request(url, form, token=new_sid("token")))
        wait_until(self._is_settled)
        return body

    def pass_by(self) -> None:
        """Let a webhook of another call come in, at which a process may sweep."""
        self._ping()
        wait_until(self._is_settled)

    def wake_all(self) -> None:
        """Let processes that stand still go on, and wait for what they do."""
        for web, jobs in self._stopped:
            web.go_on()
            self._lost -= jobs
        wait_until(self._is_settled)

    def close(self) -> None:
        """End all processes."""
        for web in (*(web for web, _ in self._stopped), self._web):
            web.close()

    def _ping(self) -> None:
        self._sent(request("/ivr/status", {"CallSid": new_sid("CA"), "CallStatus": "ringing"}))

    def _sent(self, sent: Request) -> bytes:
        while (answer := self._web.answer(sent)) is None:
            wait_until(self._finds_a_halt)
        return answer.body

    def _is_settled(self) -> bool:
        """Return whether all work that was submitted is done, or lost with a process."""
        return not self._finds_a_halt() and self._under_way() == self._lost

    def _under_way(self) -> int:
        trace = self._places.trace(self._sid)
        begun = sum(one.place.what == "submit" and one.moment == "begin" for one in trace)
        return begun - sum(one.place.what == "perform" and one.moment == "end" for one in trace)

    def _finds_a_halt(self) -> bool:
        """Look for a process that was halted; put another one in its place."""
        halts = [one for one in self._places.trace(self._sid) if one.is_halt]
        if len(halts) == self._halts:
            return False
        halt = halts[self._halts]
        self._halts += 1
        if halt.pid == self._web.pid:
            self._replace_web(is_stopped=halt.moment == "SIGSTOP")
        elif self._workers is not None:
            self._workers.close()
            self._lose_jobs()
            self._be_absent()
            self._workers.start()
            self._ping()
        return True

    def _replace_web(self, *, is_stopped: bool) -> None:
        if is_stopped:
            wait_until(self._web.stands_still)
        else:
            self._web.close()
        # Not before: its other threads may have gone on for a moment.
        jobs = 0 if self._workers else self._lose_jobs()
        if is_stopped:
            self._stopped.append((self._web, jobs))
        self._be_absent()
        self._web = Web(self._setting)
        self._ping()

    def _be_absent(self) -> None:
        self._setting.clock.advance(self._absent)
        self._absent = 0.0

    def _lose_jobs(self) -> int:
        """Count the jobs of a process that does nothing any more as lost; return how many."""
        jobs = self._under_way() - self._lost
        self._lost += jobs
        return jobs
