"""The phone tree: where everything leads that callers can do."""

from __future__ import annotations

from examples.walks import Table

MENU = {
    "1": "sales",
    "2": "support",
    "3": "hours",
    "0": "reception",
    "say sales": "sales",
    "say technical support please": "support",
    "say what are your hours": "hours",
}
AT_ANY_TIME: Table = {
    "menu": ("", {**MENU, "say pizza": "menu", "else": "menu"}),
    "menu, after two mistakes": (
        "5, silence",
        {**MENU, "9": "menu", "*": "menu", "say pizza": "goodbye, over", "else": "goodbye, over"},
    ),
    "hours": ("3", {"1": "hours", "0": "reception", "silence": "hours", "else": "menu"}),
    "hours, after two silences": (
        "3, silence, silence",
        {"1": "hours", "0": "reception", "*": "menu", "else": "goodbye, over"},
    ),
    "sales": ("1", {"else": "sales, over"}),
    "support": (
        "2",
        {
            "queue queue-full": "menu",
            "queue error": "menu",
            "queue system-error": "menu",
            "else": "goodbye, over",
        },
    ),
    "reception": (
        "0",
        {"dial completed": "goodbye, over", "dial answered": "goodbye, over", "else": "menu"},
    ),
    "reception, from hours": (
        "3, 0",
        {"dial completed": "goodbye, over", "dial answered": "goodbye, over", "else": "hours"},
    ),
}
TABLES = {"2026-01-05T10:00": AT_ANY_TIME}
