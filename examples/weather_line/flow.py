"""Tomorrow's weather by zip code, from a service that takes its time.

::

    statechart-ivr serve examples/weather_line/flow.py --no-validate
"""

from __future__ import annotations

from typing import Protocol

from statemachine import State
from twilio.twiml.voice_response import Hangup, Pause

from statechart_ivr import (
    PASS,
    CallerInput,
    CallFlow,
    background,
    gather,
    key,
    on_input,
    renders,
    routable,
)


class Weather(Protocol):
    """Whoever knows the weather."""

    def forecast(self, zip_code: str) -> str | None:
        """Return tomorrow's weather as a sentence; None for a place that is not known."""
        ...


class DemoWeather:
    """Knows two places by heart; stands in when the application passes no weather."""

    def forecast(self, zip_code: str) -> str | None:
        """Return tomorrow's weather."""
        known = {"94103": "Fog, then sun, 17 degrees.", "60614": "Wind, and 3 degrees."}
        return known.get(zip_code)


class WeatherLine(CallFlow):
    """Asks for a zip code, looks it up while the caller waits, and says what it found.

    The application may pass a `Weather` as ``services={"weather": …}``. It may take its time, or
    break: the caller is held meanwhile, and hears that it broke.
    """

    zip_code = State(initial=True)
    looking_up = State()
    forecast = State()
    out_of_order = State(final=True)
    goodbye = State(final=True)

    zip_code.to(looking_up, event="zip_entered")
    zip_code.to(goodbye, event="give_up")
    looking_up.to(forecast, event="forecast_found")
    looking_up.to(zip_code, event="no_match.unknown_zip")
    looking_up.to(goodbye, event="give_up")  # the third unknown zip code in a row
    looking_up.to(out_of_order, event="background_failed")  # it raised, or took too long
    forecast.to(zip_code, event=key("1", say="For another place, press 1."))
    forecast.to(goodbye, event=[key(say="To hang up, press any other key."), "no_input"])

    @routable("/weather")
    @renders(zip_code)
    def ask_zip_code(self):
        return gather("For tomorrow's weather, enter a zip code.", num_digits=5)

    @on_input(zip_code, examples=["94103"])
    def take_zip_code(self, caller_input: CallerInput):
        """Take five digits, and pass on everything else."""
        if len(caller_input.digits) != 5 or not caller_input.digits.isdecimal():
            return PASS
        self.session["zip_code"] = caller_input.digits
        return "zip_entered"

    @renders("no_match")
    def sorry(self):
        return "A zip code has five digits."

    @renders("no_match.unknown_zip")
    def say_unknown(self):
        return "We do not know that zip code."

    @renders(looking_up)
    def say_one_moment(self):
        return "One moment, please."

    @renders(looking_up, waiting=True)
    def say_patience(self):
        return [Pause(length=2), "We are still looking."]

    @background(
        looking_up,
        timeout=20.0,
        events={"forecast_found": {"text": "Sun."}, "no_match.unknown_zip": {}},
    )
    def look_up(self):
        """Ask for the weather; nothing changes by that, so it does no harm to ask twice."""
        found = self.services.get("weather", DemoWeather()).forecast(self.session["zip_code"])
        return ("forecast_found", {"text": found}) if found else "no_match.unknown_zip"

    def on_forecast_found(self, text):
        self.session["forecast"] = text

    @renders(forecast)
    def say_forecast(self):
        return gather(self.session["forecast"], *self.choices())

    @routable("/unknown-error")
    @renders(out_of_order)
    def say_out_of_order(self):
        """Say so and hang up; whoever notices a failure first can point live calls here."""
        return ["We cannot see the weather just now. Please call again later.", Hangup()]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]
