"""The lunch line: where everything leads that callers can do, before noon and after."""

from __future__ import annotations

from examples.walks import Table

# Moments in the diner's time zone.
MORNING, NOON = "2026-01-05T11:59-06:00", "2026-01-05T12:00-06:00"

IN_THE_MORNING: Table = {
    "welcome": (
        "",
        {
            "1": "specials",
            "2": "goodbye, over",
            "0": "counter",
            "go /unknown-error": "out_of_order",
            "go /incoming-call": "welcome",
            "else": "welcome",
        },
    ),
    "welcome, after two mistakes": (
        "9, silence",
        {"1": "specials", "2": "goodbye, over", "0": "counter", "else": "goodbye, over"},
    ),
    "specials": ("1", {"go /unknown-error": "out_of_order", "else": "goodbye, over"}),
    "counter": (
        "0",
        {
            "dial completed": "goodbye, over",
            "dial answered": "goodbye, over",
            "go /unknown-error": "out_of_order",
            "else": "voicemail",
        },
    ),
    "voicemail": (
        "0, dial no-answer",
        {"go /unknown-error": "out_of_order", "else": "voicemail, over"},
    ),
    "out of order": (
        "1, go /unknown-error",
        {"go /incoming-call": "welcome", "else": "out_of_order, over"},
    ),
}
IN_THE_AFTERNOON: Table = {"voicemail": ("0", {"else": "voicemail, over"})}
TABLES = {MORNING: IN_THE_MORNING, NOON: IN_THE_AFTERNOON}
