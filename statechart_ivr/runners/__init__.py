"""Who carries out background work, once a turn is saved and answered."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from statechart_ivr.runners.base import Job, Runner
from statechart_ivr.runners.inline import InlineRunner
from statechart_ivr.runners.thread import ThreadRunner

if TYPE_CHECKING:
    from statechart_ivr.runners.dramatiq import DramatiqRunner

__all__ = ["DramatiqRunner", "InlineRunner", "Job", "Runner", "ThreadRunner"]


def __getattr__(name: str) -> Any:
    # Loaded when somebody asks for it: what it needs is an extra.
    if name != "DramatiqRunner":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.dramatiq"), name)
