"""The front desk: where everything leads that callers can do, by day and by night."""

from __future__ import annotations

from examples.walks import Table

DAY, NIGHT = "2026-01-05T09:00", "2026-01-05T17:00"

MENU = {"*": "menu", "0": "reception"}
BY_DAY: Table = {
    "menu": ("", {"1": "opening_hours", "2": "order_number", **MENU, "else": "menu"}),
    "hours": ("1", {**MENU, "else": "opening_hours"}),
    "order number": (
        "2",
        {
            "123456#": "order_status",
            "654321": "order_status",  # without pound, after a silence
            "111111#": "order_number",
            "12345#": "order_number",
            "1234567#": "order_number",
            **MENU,
            "else": "order_number",
        },
    ),
    "order status": ("2, 123456#", {**MENU, "else": "order_status"}),
    "menu, after two mistakes": (
        "7, silence",
        {"1": "opening_hours", "2": "order_number", "*": "menu", "else": "reception"},
    ),
    "order number, after two mistakes": (
        "2, 111111#, 7",
        {"123456#": "order_status", "111111#": "reception", "*": "menu", "else": "reception"},
    ),
    "reception": ("0", {"else": "voicemail"}),
    "voicemail": ("0, dial busy", {"else": "voicemail, over"}),
}
BY_NIGHT: Table = {"voicemail": ("", {"else": "voicemail, over"})}
TABLES = {DAY: BY_DAY, NIGHT: BY_NIGHT}
