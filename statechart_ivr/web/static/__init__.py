"""Static files whose URLs change with their content, as a Bottle plugin."""

from statechart_ivr.web.static.plugin import FingerprintPlugin

__all__ = ["FingerprintPlugin"]
