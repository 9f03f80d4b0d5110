"""Phone trees on Twilio, as statecharts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statechart_ivr.call import Call, CallerInput
    from statechart_ivr.decorators import PASS, background, on_input, renders, routable
    from statechart_ivr.errors import FlowDefinitionError, IvrError
    from statechart_ivr.events import key, said
    from statechart_ivr.flow import CallFlow
    from statechart_ivr.twiml import document, gather

__all__ = [
    "PASS",
    "Call",
    "CallFlow",
    "CallerInput",
    "FlowDefinitionError",
    "IvrError",
    "background",
    "document",
    "gather",
    "key",
    "on_input",
    "renders",
    "routable",
    "said",
]

__version__ = "0.1.0"

#: Loaded when it is asked for: pytest imports this package for its plugin, whatever it tests.
_HOMES = {
    "Call": "call",
    "CallerInput": "call",
    "PASS": "decorators",
    "background": "decorators",
    "on_input": "decorators",
    "renders": "decorators",
    "routable": "decorators",
    "FlowDefinitionError": "errors",
    "IvrError": "errors",
    "key": "events",
    "said": "events",
    "CallFlow": "flow",
    "document": "twiml",
    "gather": "twiml",
}


def __getattr__(name: str) -> Any:
    """Load what is not there yet."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return all names, those that are not loaded yet, too."""
    return sorted({*globals(), *__all__})
