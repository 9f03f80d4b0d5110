"""The application over HTTP, and its Bottle plugins."""

from statechart_ivr.web.app import IvrApp
from statechart_ivr.web.hold_music import HoldMusicPlugin
from statechart_ivr.web.signature import SignaturePlugin
from statechart_ivr.web.static import FingerprintPlugin

__all__ = ["FingerprintPlugin", "HoldMusicPlugin", "IvrApp", "SignaturePlugin"]
