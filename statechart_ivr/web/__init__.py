"""The application over HTTP, and its Bottle plugins."""

from statechart_ivr.web.app import IvrApp
from statechart_ivr.web.signature import SignaturePlugin

__all__ = ["IvrApp", "SignaturePlugin"]
