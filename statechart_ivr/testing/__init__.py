"""Help for tests of flows and of stores."""

from __future__ import annotations

from statechart_ivr.testing.phone import Phone

__all__ = ["Phone"]
