"""The mistakes that nothing finds, each with the reason; a run fails for any other."""

from __future__ import annotations

from collections.abc import Mapping

_SILENCE = "the same is heard, with less silence before it; nobody has said how much there is to be"

#: By the mutant's name.
EXPLAINED: Mapping[str, str] = {
    "phone_tree: say less: PhoneTree.say_hours: without Pause(length=1)": _SILENCE,
    "weather_line: say less: WeatherLine.say_patience: without Pause(length=2)": _SILENCE,
    "weather_line: remove an option of a mark: WeatherLine.take_zip_code: no examples=['94103']": (
        "examples are for the checker: callers hear the same, and five other digits are tried"
    ),
    "weather_line: raise a time: WeatherLine.look_up: background with timeout=200.0": (
        "what work comes to is tried, not when: its time is of the runner, and is none in a call "
        "of the checker; a test of the example has work that never ends"
    ),
    "support_queue: forget an event: AgentLine.call_back: 'call_placed' is forgotten": (
        "behind it stands a call that Twilio places: the checker tries what the work declares, and "
        "does none; a test of the example has a server that plays Twilio"
    ),
    "support_queue: off by one: SupportLine.how_long: minutes > 1, with 2": (
        "told to callers whose wait is two minutes, and in the notation the wait is always short; "
        "a test of the example passes other waits to the phone"
    ),
}
