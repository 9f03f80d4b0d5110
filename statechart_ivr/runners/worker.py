"""What Dramatiq's workers import: carries out the jobs of the application in ``IVR_APP``.

::

    IVR_APP=package.module:app dramatiq statechart_ivr.runners.worker

Whatever else the program ``dramatiq`` can be told may be added: ``--processes 2 --threads 8``.
"""

from __future__ import annotations

import os

import dramatiq

from statechart_ivr.errors import ConfigurationError
from statechart_ivr.runners.dramatiq import DramatiqRunner
from statechart_ivr.runners.loading import VARIABLE, load_switchboard


def serve(environ: dict[str, str]) -> None:
    """Make this process a worker for the application that the environment names.

    Raises:
        ImportError: there is none, or its work is not for Dramatiq. That is the error for which
            the program has an exit code (2), and which it does not call a crash.
    """
    try:
        switchboard = load_switchboard(environ)
        runner = switchboard.runner
        if not isinstance(runner, DramatiqRunner):
            raise ConfigurationError(
                f"{VARIABLE}: the application's runner is a {type(runner).__name__}, which needs "
                "no workers; write runner=DramatiqRunner('redis://host') where it is made"
            )
    except ConfigurationError as error:
        raise ImportError(str(error)) from error
    runner.serve(switchboard.perform)
    dramatiq.set_broker(runner.broker)  # where the program looks for it


serve(dict(os.environ))
