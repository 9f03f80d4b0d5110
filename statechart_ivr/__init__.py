"""Phone trees on Twilio, as statecharts."""

from __future__ import annotations

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
