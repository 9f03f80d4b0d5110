"""An application in which callers wait; for ``statechart-ivr serve``.

Its work waits for a file to be there: ``IVR_GO`` says which one.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from statemachine import State
from twilio.twiml.voice_response import Enqueue, Pause

from statechart_ivr import CallFlow, background, renders, routable
from statechart_ivr.runners import ThreadRunner
from statechart_ivr.web import IvrApp

#: Threads for background work, in the application as it should be.
THREADS = 8


class Waiting(CallFlow):
    """Holds a caller while something is looked up, or puts them into a queue."""

    looking = State(initial=True)
    queueing = State()
    told = State(final=True)
    failed = State(final=True)
    served = State(final=True)

    looking.to(told, event="found")
    looking.to(failed, event="background_failed")
    looking.to(queueing, event="never")
    queueing.to(served, event="queue.bridged")
    queueing.to(failed, event="queue")

    @routable("/held")
    @renders(looking)
    def say_wait(self):
        return "One moment."

    @background(looking, timeout=600.0, events=["found"])
    def look_up(self):
        go = Path(os.environ["IVR_GO"])
        while not go.exists():
            time.sleep(0.05)
        return "found"

    @routable("/queued")
    @renders(queueing)
    def enqueue(self):
        return Enqueue("support")

    @renders(queueing, waiting=True)
    def say_place(self):
        return ["You are next but one.", Pause(length=10)]

    @renders(told)
    def say_found(self):
        return "Found."

    @renders(failed)
    def say_failed(self):
        return "Failed."

    @renders(served)
    def say_goodbye(self):
        return "Goodbye."


def __getattr__(name: str) -> IvrApp:
    # Only the process that serves it has its settings in its environment.
    if name == "app":
        return IvrApp.from_env(Waiting, runner=ThreadRunner(threads=THREADS))
    if name == "generous_app":  # with a bug: a thread for each caller who waits
        return IvrApp.from_env(Waiting, runner=ThreadRunner(threads=1000))
    raise AttributeError(name)
