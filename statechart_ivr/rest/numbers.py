"""Phone numbers of an account, and the URLs that Twilio calls for them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Webhooks:
    """Where Twilio turns to when a number is called. Fields are named as Twilio names them.

    Attributes:
        voice_url: asked for TwiML when a call comes in.
        status_callback: told that a call has ended.
        voice_fallback_url: asked for TwiML when ``voice_url`` fails.
        voice_method: GET or POST; so are the other two.
        status_callback_method: how ``status_callback`` is requested.
        voice_fallback_method: how ``voice_fallback_url`` is requested.
    """

    voice_url: str
    status_callback: str
    voice_fallback_url: str
    voice_method: str = "POST"
    status_callback_method: str = "POST"
    voice_fallback_method: str = "POST"

    def parameters(self) -> dict[str, str]:
        """Return them as twilio-python takes them."""
        return asdict(self)


@dataclass(frozen=True)
class PhoneNumber:
    """A phone number that an account has.

    Attributes:
        sid: ``PN…``.
        number: in E.164, such as ``+14158675309``.
        webhooks: where Twilio turns to now; an empty URL is none.
        handled_by: SID of a TwiML application or a SIP trunk, for whose sake Twilio ignores the
            URLs of the number; empty if it does not.
    """

    sid: str
    number: str
    webhooks: Webhooks
    handled_by: str = ""

    @classmethod
    def read(cls, found: Any) -> PhoneNumber:
        """Return what twilio-python found; Twilio has null and "" for what is not set."""
        set_now = {field.name: getattr(found, field.name) or "" for field in fields(Webhooks)}
        handled_by = found.trunk_sid or found.voice_application_sid or ""
        return cls(found.sid, found.phone_number, Webhooks(**set_now), handled_by)
