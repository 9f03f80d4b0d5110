"""Races: two webhooks of one call at the same moment, on two processes.

Whatever comes out must be what the same two webhooks come to one after the other, in one order
or in the other: both answers, the record byte for byte, and what the next key leads to.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.durability.backends import started
from tests.durability.figures import Figures
from tests.durability.races.racing import run_races

#: Of each kind: races in which the two are made to meet, and in which they are only sent at once.
SIZES = {False: (6, 4), True: (30, 10)}


def run(store: str, *, full: bool) -> Figures:
    """Run races of all kinds on two processes that share a store."""
    with TemporaryDirectory() as folder, started(store) as backend:
        return run_races(Path(folder), backend.url, SIZES[full])
