"""Phone numbers of an account are found, and told which URLs to call."""

from __future__ import annotations

import pytest

from statechart_ivr.errors import RestError
from statechart_ivr.rest import PhoneNumber, RestClient, Webhooks
from tests.rest.server import TwilioApi

pytestmark = pytest.mark.server

NUMBER = "+14158675309"
NEW = Webhooks("https://a.example.com/in", "https://a.example.com/s", "https://a.example.com/f")


def test_a_number(api: TwilioApi, rest: RestClient) -> None:
    """A number has a SID, and URLs with methods; a URL that is not set is empty."""
    sid = api.account.add_number(NUMBER, VoiceUrl="https://b.example.com", VoiceMethod="GET")
    webhooks = Webhooks("https://b.example.com", "", "", "GET")
    assert rest.phone_number(NUMBER) == PhoneNumber(sid, NUMBER, webhooks)


def test_a_number_that_another_begins_with(api: TwilioApi, rest: RestClient) -> None:
    """Only the number itself counts; Twilio finds all in which the digits occur."""
    api.account.add_number(f"{NUMBER}11")
    assert rest.phone_number(NUMBER) is None
    sid = api.account.add_number(NUMBER)
    found = rest.phone_number(NUMBER)
    assert found is not None
    assert found.sid == sid


@pytest.mark.parametrize("setting", ["VoiceApplicationSid", "TrunkSid"])
def test_a_number_handled_elsewhere(setting: str, api: TwilioApi, rest: RestClient) -> None:
    """Where Twilio ignores the URLs of a number, it is said whose count."""
    api.account.add_number(NUMBER, **{setting: "XX1"})
    found = rest.phone_number(NUMBER)
    assert found is not None
    assert found.handled_by == "XX1"


def test_all_numbers(api: TwilioApi, rest: RestClient) -> None:
    """All numbers of an account can be listed."""
    numbers = [f"+1415867{n:04}" for n in range(60)]
    for number in numbers:
        api.account.add_number(number)
    assert rest.phone_numbers() == tuple(numbers)


def test_a_list_that_is_none(api: TwilioApi, rest: RestClient, pauses: list[float]) -> None:
    """An answer in which there is no list is not Twilio's; it may be the next time."""
    api.account.add_number(NUMBER)
    api.garble_next('{"rooms": [], "prices": []}')
    assert rest.phone_numbers() == (NUMBER,)
    assert pauses == [0.5]


def test_setting_urls(api: TwilioApi, rest: RestClient) -> None:
    """The URLs are set with their methods, and nothing else is."""
    api.account.add_number(NUMBER, VoiceMethod="GET")
    found = rest.phone_number(NUMBER)
    assert found is not None
    api.cut_next()
    rest.set_webhooks(found, NEW)
    assert len(api.asked) == 3
    assert set(api.asked[-1].form) == {
        "VoiceUrl", "VoiceMethod", "VoiceFallbackUrl", "VoiceFallbackMethod",
        "StatusCallback", "StatusCallbackMethod",
    }  # fmt: skip
    changed = rest.phone_number(NUMBER)
    assert changed is not None
    assert changed.webhooks == NEW


def test_wrong_credentials(api: TwilioApi) -> None:
    """A list that is refused is refused in Twilio's words, too."""
    rest = RestClient(api.client(token="wrong"))
    with pytest.raises(RestError, match=r"Authenticate \(error 20003\); compare") as caught:
        rest.phone_number(NUMBER)
    assert (caught.value.status, caught.value.code) == (401, 20003)
