"""Calls are placed and messages sent: once, whatever happens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from statechart_ivr.errors import RestError
from statechart_ivr.rest import RestClient
from tests.rest.resources import Account
from tests.rest.server import TwilioApi

pytestmark = pytest.mark.server

URL = "https://ivr.example.com/reminder"
STATUS = "https://ivr.example.com/ivr/status"
ENDS = {"to": "+14158675309", "from_": "+18005551212"}


def place_call(rest: RestClient, **options: object) -> str:
    """Place a call."""
    return rest.place_call(**{**ENDS, "url": URL, "status_callback": STATUS, **options})


def send_sms(rest: RestClient, **options: object) -> str:
    """Send a message."""
    return rest.send_sms("Your parcel is here.", **{**ENDS, **options})


BOTH = pytest.mark.parametrize("create", [place_call, send_sms])
Create = Callable[..., str]


def test_placing_a_call(api: TwilioApi, rest: RestClient) -> None:
    """What Twilio is asked for, and the SID of what it makes of it."""
    told: list[dict[str, str]] = []
    api.on_create = told.append
    assert place_call(rest) in api.account.calls
    assert told == [
        {
            "To": "+14158675309",
            "From": "+18005551212",
            "Url": URL,
            "StatusCallback": STATUS,
            "StatusCallbackEvent": "completed",
        }
    ]


def test_everything_about_a_call(api: TwilioApi, rest: RestClient) -> None:
    """What is said of the call, and any option of twilio-python's, arrives under Twilio's names."""
    fallback = "https://ivr.example.com/ivr/fallback"
    place_call(rest, fallback_url=fallback, machine_detection="DetectMessageEnd", record=True,
               timeout=20, send_digits="w12", status_callback_event=["ringing"])  # fmt: skip
    expected = {
        "FallbackUrl": fallback,
        "MachineDetection": "DetectMessageEnd",
        "Record": "true",
        "Timeout": "20",
        "SendDigits": "w12",
    }
    assert api.asked[0].form.items() >= expected.items()
    assert api.asked[0].values("StatusCallbackEvent") == ["ringing", "completed"]


def test_sending_a_message(api: TwilioApi, rest: RestClient) -> None:
    """A message has a text, two ends, and any option of twilio-python's."""
    message = api.account.messages[send_sms(rest, validity_period=60)]
    assert (message["body"], message["to"]) == ("Your parcel is here.", "+14158675309")
    assert api.asked[0].form["ValidityPeriod"] == "60"


@BOTH
def test_for_a_subaccount(create: Create, api: TwilioApi, rest: RestClient) -> None:
    """A subaccount can call and write as well."""
    sub = api.subaccounts["AC1"] = Account("AC1")
    assert create(rest, account_sid="AC1") in {**sub.calls, **sub.messages}


@BOTH
def test_options_that_are_none(create: Create, rest: RestClient, api: TwilioApi) -> None:
    """A misspelt option is named, with what was meant, before anything is asked."""
    with pytest.raises(TypeError, match=rf"^{create.__name__}\(\) has no option statuscallback=; "
                                        r"did you mean status_callback=\?$"):  # fmt: skip
        create(rest, statuscallback=STATUS)
    with pytest.raises(TypeError, match=r"has no option x=; known are to, .*status_callback"):
        create(rest, x=1)
    assert api.asked == []


def test_machine_detection_that_is_none(api: TwilioApi, rest: RestClient) -> None:
    """Twilio has two ways to tell people from machines."""
    with pytest.raises(ValueError, match=r"machine_detection='Yes': write 'Enable' or 'Detect"):
        place_call(rest, machine_detection="Yes")
    assert api.asked == []


@BOTH
@pytest.mark.parametrize(
    "fault",
    [
        TwilioApi.cut_next,
        TwilioApi.garble_next,
        lambda api: api.garble_next("{}"),
        lambda api: api.refuse_next(500, 20500, "An internal server error has occurred"),
        lambda api: api.refuse_next(502),
    ],
    ids=["cut", "garbled", "empty", "500", "502 of a proxy"],
)
def test_what_may_have_been_done(
    fault: Callable[[TwilioApi], None],
    create: Create,
    api: TwilioApi,
    rest: RestClient,
    pauses: list[float],
) -> None:
    """Where Twilio may have done it, it is not asked again: nobody is rung twice."""
    fault(api)
    with pytest.raises(RestError, match=r"; it may have been done all the same$") as caught:
        create(rest)
    assert caught.value.maybe_done
    assert (len(api.asked), pauses) == (1, [])


@BOTH
def test_an_answer_that_does_not_come(
    create: Create, api: TwilioApi, hasty: RestClient, pauses: list[float]
) -> None:
    """The same if there is no answer in time."""
    api.hang_next(times=9)
    with pytest.raises(RestError, match=r"Twilio did not answer: .*timed out") as caught:
        create(hasty)
    assert caught.value.maybe_done
    assert pauses == []


@BOTH
def test_what_was_not_done(
    create: Create, api: TwilioApi, rest: RestClient, pauses: list[float]
) -> None:
    """Where Twilio had no time for it, it is asked again, and does it once."""
    api.refuse_next(429, 20429, "Too Many Requests", times=3)
    create(rest)
    assert len(api.account.calls) + len(api.account.messages) == 1
    assert pauses == [0.5, 1.0, 2.0]


@BOTH
def test_a_number_that_is_none(create: Create, rest: RestClient, pauses: list[float]) -> None:
    """What Twilio does not like is an error in its own words."""
    message = r"The 'To' number 12 is not a valid phone number\. \(error 21211\)$"
    with pytest.raises(RestError, match=message) as caught:
        create(rest, to="12")
    error = caught.value
    assert (error.status, error.code, error.maybe_done, pauses) == (400, 21211, False, [])
