"""Applications for ``statechart-ivr serve``; to be imported by processes that races start.

The environment names the store (``IVR_STORE``), and where to meet (`MEETING_POINT`).
"""

from __future__ import annotations

import os

from statechart_ivr.stores import open_store
from statechart_ivr.web import IvrApp
from tests.durability.errands import Errands
from tests.durability.races.meeting import CarelessStore, MeetingStore


def _app(kind: type[MeetingStore]) -> IvrApp:
    store = kind(open_store(os.environ["IVR_STORE"]), os.environ["MEETING_POINT"])
    return IvrApp.from_env(Errands, store=store)


app = _app(MeetingStore)
careless_app = _app(CarelessStore)
