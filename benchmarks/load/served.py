"""The examples in one application, each below a path of its own; for ``statechart-ivr serve``.

The environment names the store (``IVR_STORE``).
"""

from __future__ import annotations

import os

from bottle import Bottle

from examples.catalogue import EXAMPLES
from examples.servers import ROOT, TOKEN
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.stores import SessionStore, open_store
from statechart_ivr.web import IvrApp


def line(number: int, store: SessionStore) -> IvrApp:
    """Return the application of one example, where it is always the moment of its table.

    Args:
        number: of the example.
        store: where its sessions are kept.
    """
    example = EXAMPLES[number]
    return IvrApp(
        example.flow,
        auth_token=TOKEN,
        base_url=ROOT + path_of(number),
        store=store,
        clock=SimulatedClock(example.at),
    )


def path_of(number: int) -> str:
    """Return the path that an example is mounted at."""
    return f"/line-{number}"


def all_lines(store: SessionStore) -> Bottle:
    """Return all of them in one application."""
    app = Bottle()
    for number, _ in enumerate(EXAMPLES):
        app.mount(f"{path_of(number)}/", line(number, store))
    return app


def __getattr__(name: str) -> Bottle:
    # Only the process that serves it has a store in its environment.
    if name == "app":
        return all_lines(open_store(os.environ["IVR_STORE"]))
    raise AttributeError(name)
