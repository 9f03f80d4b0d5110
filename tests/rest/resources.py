"""What an account at Twilio has: calls, messages, phone numbers; in JSON as Twilio shows them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

Form = Mapping[str, str]
Resource = dict[str, Any]

_VERSION = "2010-04-01"
_SOME_DAY = "Mon, 05 Jan 2026 10:00:00 +0000"
#: What is set of a number that was just bought; some of it is empty, and some null.
_BOUGHT: Resource = {
    "voice_url": None,
    "voice_method": "POST",
    "voice_fallback_url": None,
    "voice_fallback_method": "POST",
    "voice_application_sid": "",
    "status_callback": "",
    "status_callback_method": "POST",
    "trunk_sid": None,
}


class RefusedError(Exception):
    """Twilio refuses a request.

    Attributes:
        status: of the answer.
        code: Twilio's number of the error; None for an answer that is not Twilio's at all.
        message: what is wrong.
    """

    def __init__(self, status: int, code: int | None, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    @classmethod
    def no_such(cls, path: str) -> RefusedError:
        """Return what Twilio says of a thing that is not there."""
        return cls(404, 20404, f"The requested resource {path} was not found")

    def body(self) -> bytes:
        """Return the body of the answer."""
        if self.code is None:
            return f"<html><body>{self.message}</body></html>".encode()
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        content = {"code": self.code, "message": self.message, "more_info": more}
        return json.dumps({**content, "status": self.status}).encode()


@dataclass
class Account:
    """An account and what it has, by SID."""

    sid: str
    calls: dict[str, Resource] = field(default_factory=dict)
    messages: dict[str, Resource] = field(default_factory=dict)
    numbers: dict[str, Resource] = field(default_factory=dict)

    def add_call(self, sid: str = "", *, status: str = "in-progress", **shown: Any) -> str:
        """Add a call; returns its SID."""
        call = self._resource("CA", "Calls", sid)
        nothing = dict.fromkeys(("answered_by", "duration", "end_time", "parent_call_sid", "price"))
        self.calls[call["sid"]] = {
            **call,
            **nothing,
            "direction": "inbound",
            "from": "+14158675309",
            "to": "+18005551212",
            "status": status,
            **shown,
        }
        return str(call["sid"])

    def add_number(self, number: str, **settings: str) -> str:
        """Add a phone number with settings named as in forms; returns its SID."""
        shown = {**_BOUGHT, **{_snake(name): value for name, value in settings.items()}}
        capabilities = {"voice": True, "sms": True, "mms": False, "fax": False}
        resource = self._resource("PN", "IncomingPhoneNumbers")
        self.numbers[resource["sid"]] = {
            **resource,
            "phone_number": number,
            "friendly_name": number,
            "capabilities": capabilities,
            **shown,
        }
        return str(resource["sid"])

    def carry_out(self, method: str, place: str, form: Form) -> tuple[int, Resource]:
        """Do what is asked for: a status, and what is shown.

        Raises:
            RefusedError: it cannot be done.
        """
        kind, _, sid = place.removesuffix(".json").partition("/")
        match method, kind, bool(sid):
            case "POST", "Calls", False:
                return 201, self._create_call(form)
            case "POST", "Calls", True:
                return 200, self._update_call(self._find(self.calls, sid, place), form)
            case "GET", "Calls", True:
                return 200, self._find(self.calls, sid, place)
            case "POST", "Messages", False:
                return 201, self._create_message(form)
            case "GET", "IncomingPhoneNumbers", False:
                return 200, self._list_numbers(form)
            case "POST", "IncomingPhoneNumbers", True:
                return 200, self._update_number(self._find(self.numbers, sid, place), form)
        raise RefusedError.no_such(place)

    def _find(self, resources: Mapping[str, Resource], sid: str, place: str) -> Resource:
        if sid not in resources:
            raise RefusedError.no_such(f"/{_VERSION}/Accounts/{self.sid}/{place}")
        return resources[sid]

    def _create_call(self, form: Form) -> Resource:
        _check_recipient(form["To"])
        shown = {"direction": "outbound-api", "from": form["From"], "to": form["To"]}
        return self.calls[self.add_call(status="queued", **shown)]

    def _update_call(self, call: Resource, form: Form) -> Resource:
        if call["status"] != "in-progress":
            raise RefusedError(400, 21220, "Call is not in-progress. Cannot redirect.")
        call["status"] = form.get("Status", call["status"])
        return call

    def _create_message(self, form: Form) -> Resource:
        _check_recipient(form["To"])
        message = self._resource("SM", "Messages")
        shown = {"from": form["From"], "to": form["To"], "body": form["Body"], "status": "queued"}
        self.messages[message["sid"]] = {**message, **shown, "direction": "outbound-api"}
        return self.messages[message["sid"]]

    def _list_numbers(self, form: Form) -> Resource:
        """Show a page of the numbers in which the wanted digits occur."""
        wanted = form.get("PhoneNumber", "").replace("*", ".").replace("+", r"\+")
        found = [one for one in self.numbers.values() if re.search(wanted, one["phone_number"])]
        size, page = int(form.get("PageSize", 50)), int(form.get("Page", 0))
        is_last = len(found) <= size * (page + 1)
        following = urlencode({**form, "PageSize": size, "Page": page + 1})
        uri = f"/{_VERSION}/Accounts/{self.sid}/IncomingPhoneNumbers.json"
        return {
            "incoming_phone_numbers": found[size * page : size * (page + 1)],
            "page": page,
            "page_size": size,
            "next_page_uri": None if is_last else f"{uri}?{following}",
            "uri": uri,
        }

    def _update_number(self, number: Resource, form: Form) -> Resource:
        asked = {_snake(name): value for name, value in form.items()}
        number.update({name: asked[name] for name in _BOUGHT if name in asked})
        return number

    def _resource(self, prefix: str, kind: str, sid: str = "") -> Resource:
        sid = sid or prefix + uuid.uuid4().hex
        return {
            "sid": sid,
            "account_sid": self.sid,
            "api_version": _VERSION,
            "date_created": _SOME_DAY,
            "date_updated": _SOME_DAY,
            "uri": f"/{_VERSION}/Accounts/{self.sid}/{kind}/{sid}.json",
        }


def _check_recipient(number: str) -> None:
    if not re.fullmatch(r"\+[1-9]\d{6,14}|(sip|client):.+", number):
        message = f"The 'To' number {number} is not a valid phone number."
        raise RefusedError(400, 21211, message)


def _snake(name: str) -> str:
    return re.sub("(?<!^)([A-Z])", r"_\1", name).lower()
