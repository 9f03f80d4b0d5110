"""Outages: the store goes away under load, and comes back.

Every call goes on with the key that was pressed meanwhile, and sounds as it would have without
the outage, but for being asked for patience.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.durability.backends import BACKENDS, started
from tests.durability.figures import Figures, joined
from tests.durability.outages.load import Load, meet

SIZES = {False: Load(calls=14, think=0.8), True: Load(calls=300, think=3.0, before=8.0)}


def run(store: str, *, full: bool) -> Figures:
    """Let calls meet each outage that a store may have."""

    def met(outage: str) -> Figures:
        with TemporaryDirectory() as folder, started(store) as backend:
            return meet(backend, outage, SIZES[full], Path(folder))

    with ThreadPoolExecutor() as pool:
        several = map if full else pool.map  # the small ones find room beside each other
        return joined("outages", list(several(met, BACKENDS[store].outages)))
