"""What every session store must do, as tests for whoever writes one.

In a test module of pytest's, with a fresh file, database or key prefix for each store::

    from functools import partial

    from statechart_ivr.testing.store_contract import StoreContract


    class TestMyStore(StoreContract):
        def make_store(self, clock):
            self.prefix = f"test-{uuid4()}"
            return MyStore(SERVER, prefix=self.prefix, clock=clock)

        def make_second(self, store):
            return MyStore(SERVER, prefix=self.prefix, clock=self.clock)

        def make_opener(self, store):
            return partial(MyStore, SERVER, prefix=self.prefix)

        def take_away(self):
            SERVER.pause()

        def bring_back(self):
            SERVER.go_on()

Only `make_store` is needed; the tests that cannot run without one of the others are skipped, and
say which. In ``conftest.py``,
``pytest.register_assert_rewrite("statechart_ivr.testing.store_contract")`` makes pytest show the
values that an assertion compared.
"""

from __future__ import annotations

from statechart_ivr.testing.store_contract.hooks import StoreHooks
from statechart_ivr.testing.store_contract.listing import Listing
from statechart_ivr.testing.store_contract.one_writer import ODD_DATA, ODD_SIDS, OneWriter
from statechart_ivr.testing.store_contract.outages import OutageContract
from statechart_ivr.testing.store_contract.races import Races

__all__ = ["ODD_DATA", "ODD_SIDS", "OutageContract", "StoreContract", "StoreHooks"]


class StoreContract(OneWriter, Races, Listing, OutageContract):
    """The tests: what a store does for one writer, for two, while listing, and while away."""
