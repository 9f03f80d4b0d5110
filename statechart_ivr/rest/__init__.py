"""Twilio's REST API: what an application asks of Twilio, instead of being asked by it."""

from __future__ import annotations

from statechart_ivr.rest.client import RestClient
from statechart_ivr.rest.numbers import PhoneNumber, Webhooks

__all__ = ["PhoneNumber", "RestClient", "Webhooks"]
