"""What a store does while somebody goes through its calls."""

# ruff: noqa: S101 - assertions are what tests are made of

from __future__ import annotations

from itertools import islice

from statechart_ivr.testing.store_contract.hooks import StoreHooks

# Changes come in bursts while the list is read, so that some are just behind and some just
# ahead of wherever the store is, and any page of it has lost some when the next one is read.
EVERY = 100
BURST = 20


class Listing(StoreHooks):
    """What a store does while somebody goes through its calls."""

    def test_listing(self) -> None:
        """All calls are listed, each once, however many they are."""
        assert sorted(self.save_many("there")) == sorted(self.store.calls())

    def test_saving_while_listing(self) -> None:
        """Every call is listed once, though each is saved, and others come, meanwhile."""
        there = set(self.save_many("there"))
        listed = []
        for call_sid in self.store.calls():
            if call_sid in there:
                listed.append(call_sid)
                self.store.save(call_sid, b"again", expected=1, ttl=60)
                if len(listed) % EVERY == 0:
                    self.store.save(f"new-{call_sid}", b"x", expected=None, ttl=60)
        assert sorted(listed) == sorted(there)

    def test_deleting_while_listing(self) -> None:
        """Whoever deletes each call as it is listed has deleted all."""
        self.save_many("there")
        for call_sid in self.store.calls():
            self.store.delete(call_sid)
        assert list(self.store.calls()) == []

    def test_others_writing_while_listing(self) -> None:
        """What is there all the time is listed once, whatever another handle does meanwhile."""
        sids = self.save_many("there")
        staying, going = set(sids[1::2]), sids[::2]
        leaving = iter([*zip(going, reversed(going), strict=True)])
        listed = []
        for place, call_sid in enumerate(self.store.calls()):
            listed.append(call_sid)
            if place % EVERY == 0:
                for behind, ahead in islice(leaving, BURST):
                    self.second.delete(behind)
                    self.second.delete(ahead)
                    self.second.save(f"new-{behind}", b"x", expected=None, ttl=60)
        assert staying <= set(listed)
        assert len(listed) == len(set(listed))

    def test_two_lists_at_a_time(self) -> None:
        """Two who go through the calls at the same time do not share their place."""
        sids = self.save_many("there")
        pairs = list(zip(self.store.calls(), self.store.calls(), strict=True))
        assert sorted(first for first, _ in pairs) == sorted(sids)
        assert sorted(second for _, second in pairs) == sorted(sids)
