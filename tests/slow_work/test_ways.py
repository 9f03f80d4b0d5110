"""What is left of a transcript when it is compared."""

from __future__ import annotations

from tests.slow_work.ways import folded


class TestFolding:
    """What is left of a transcript."""

    HELD = "POST /ivr/wait?seq=2&wait={}\nhears: Still looking.\n"

    def test_polls(self) -> None:
        """However often one was held, it is one wait; the result stays, and so does the next."""
        often, once = (self.HELD.format(1) + self.HELD.format(2), self.HELD.format(1))
        end = "POST /ivr/wait?seq=2&wait={}\nhears: Sun.\n"
        found = folded(often + end.format(3))
        assert found == folded(once + end.format(2)) == folded(end.format(1))
        assert found == "POST /ivr/wait?seq=2&wait=n\nhears: Sun.\n"
        assert folded(found.replace("seq=2", "seq=4") + often).count("POST") == 2

    def test_what_differs_otherwise(self) -> None:
        """Nothing else is left out: another word, another place, another order."""
        assert folded("0:01 hears: Sun.") != folded("0:01 hears: Rain.")
        assert folded("0:01 POST /ivr/wait?seq=2&wait=1") != folded("0:01 POST /ivr/turn?seq=2")
        assert folded("0:01 a\n0:02 b") != folded("0:01 b\n0:02 a")

    def test_sids(self) -> None:
        """Calls have SIDs of their own, and placed calls a nonce."""
        sid, nonce = "CA" + "0" * 32, "placed." + "1" * 32
        assert folded(f"0:59 {sid} {nonce}") == "… placed.…"
