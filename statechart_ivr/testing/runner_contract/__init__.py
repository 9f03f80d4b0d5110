"""What every runner of background work must do, as tests for whoever writes one.

In a test module of pytest's::

    from statechart_ivr.testing.runner_contract import RunnerContract


    class TestMyRunner(RunnerContract):
        def make_runner(self):
            return MyRunner(threads=4)

        def make_small(self, room):
            return MyRunner(threads=1, queue=room - 1)

Only `make_runner` is needed; the tests that cannot run without one of the others are skipped, and
say which. A runner that sends jobs elsewhere sends what it is told of a job; there, or in a thread
of the test's process that plays the worker, ``self.perform(call_sid, job_id)`` carries it out.
In ``conftest.py``, ``pytest.register_assert_rewrite("statechart_ivr.testing.runner_contract")``
makes pytest show the values that an assertion compared.
"""

from __future__ import annotations

from statechart_ivr.testing.runner_contract.closing import Closing
from statechart_ivr.testing.runner_contract.hooks import RunnerHooks
from statechart_ivr.testing.runner_contract.submitting import Submitting

__all__ = ["RunnerContract", "RunnerHooks"]


class RunnerContract(Submitting, Closing):
    """The tests: what a runner does with jobs, when it is full or cut off, and when closed."""
