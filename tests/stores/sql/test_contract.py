"""`SqlStore` keeps the contract of all stores."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from statechart_ivr.clock import Clock, SimulatedClock
from statechart_ivr.stores import SessionStore, SqlStore, open_store
from statechart_ivr.testing.store_contract import OutageContract, StoreContract
from tests.services.postgres import PostgresServer

pytestmark = [pytest.mark.service, pytest.mark.slow]


class OnPostgres:
    """Makes stores on a database of their own."""

    @pytest.fixture(autouse=True)
    def _database(self, postgres_server: PostgresServer) -> None:
        self.server = postgres_server
        self.url = postgres_server.fresh_url()

    def make_store(self, clock: Clock) -> SessionStore:
        """Return a store in that database."""
        return SqlStore(self.url, clock=clock, timeout=1)

    def make_second(self, store: SessionStore) -> SessionStore:
        """Return another one in the same."""
        return SqlStore(self.url, clock=self.clock, timeout=1)

    clock: SimulatedClock


class TestSqlStore(OnPostgres, StoreContract):
    """`SqlStore` keeps the contract; it is away while its server is dead."""

    def make_opener(self, store: SessionStore) -> Callable[[], SessionStore]:
        """Return what opens the same database elsewhere."""
        return partial(open_store, f"{self.url}?timeout=10")

    def take_away(self) -> None:
        """Kill the server and all its processes."""
        self.server.kill()

    def bring_back(self) -> None:
        """Start it again, on what it had."""
        self.server.start()


class TestPaused(OnPostgres, OutageContract):
    """A server that stands still takes connections and statements, and says nothing."""

    def take_away(self) -> None:
        """Stop the server and all its processes."""
        self.server.pause()

    def bring_back(self) -> None:
        """Have them go on."""
        self.server.resume()
