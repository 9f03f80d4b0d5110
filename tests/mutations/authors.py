"""What the authors of the examples expect, example by example."""

# ruff: noqa: E501 - what is heard stands in one piece

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.mutations.expectations import Expected

_DESK_MENU = (
    "For our opening hours, press 1. To ask about an order, press 2. For a person, press 0."
)
FRONT_DESK = [
    Expected("dial", "gather", _DESK_MENU),
    Expected("dial 1", "gather", "We are open from nine to five. For the menu, press star."),
    Expected("dial 1 0", "dial", has='timeout="20"'),
    Expected("dial 1 *", "gather", _DESK_MENU),
    Expected("dial 2", "gather", "Enter your order number, then pound."),
    Expected("dial 2 123456#", "gather", "Your order is packed. For the menu, press star."),
    Expected("dial 2 123456# 0", "dial", has='timeout="20"'),
    Expected("dial 2 123456# *", "gather", _DESK_MENU),
    Expected(
        "dial 2 000000#",
        "gather",
        "Sorry, we do not know this order. Enter your order number, then pound.",
    ),
    Expected(
        "dial 2 12345#", "gather", "Sorry, that did not work. Enter your order number, then pound."
    ),
    Expected("dial 2 *", "gather", _DESK_MENU),
    Expected("dial 2 0", "dial", has='timeout="20"'),
    Expected("dial 7", "gather", f"Sorry, that did not work. {_DESK_MENU}"),
    Expected("dial 7 . .", "dial", has='timeout="20"'),
    Expected("dial 0", "dial", has='timeout="20"'),
    Expected(
        "dial 0 dial.completed",
        "record",
        "Please leave a message after the tone.",
        has='maxLength="120"',
    ),
    Expected(
        "at 2026-01-05T08:59 dial",
        "record",
        "Please leave a message after the tone.",
        has='maxLength="120"',
    ),
    Expected("at 2026-01-05T16:59 dial", "gather", _DESK_MENU),
    Expected(
        "at 2026-01-05T17:00 dial",
        "record",
        "Please leave a message after the tone.",
        has='maxLength="120"',
    ),
    Expected("at 2026-01-05T09:00 dial", "gather", _DESK_MENU),
    Expected("at 2026-01-05T16:59 dial at 2026-01-05T17:00 *", "gather", _DESK_MENU),
    Expected("at 2026-01-05T17:00 dial record", "over"),
]

_WELCOME = "Welcome to the Blue Plate diner. To hear our lunch specials, press 1. For our hours, press 2. To talk to us, press 0."
LUNCH_LINE = [
    Expected("dial", "gather", _WELCOME),
    Expected(
        "dial 1",
        "gather",
        "Today we serve onion soup, and apple pie. For our hours, press 1. To hang up, press any other key.",
    ),
    Expected(
        "dial 1 1",
        "over",
        "We are open every day from seven to three. Thank you for calling. Goodbye.",
    ),
    Expected("dial 1 5", "over", "Thank you for calling. Goodbye."),
    Expected("dial 1 .", "over", "Thank you for calling. Goodbye."),
    Expected(
        "dial 2",
        "over",
        "We are open every day from seven to three. Thank you for calling. Goodbye.",
    ),
    Expected("dial 9", "gather", f"That key leads nowhere. {_WELCOME}"),
    Expected("dial . . .", "over", "Thank you for calling. Goodbye."),
    Expected("dial 0 dial.completed", "over", "Thank you for calling. Goodbye."),
    Expected("dial 0 dial.answered", "over", "Thank you for calling. Goodbye."),
    Expected(
        "dial 0 dial.busy",
        "record",
        "The kitchen is busy. Tell us your number after the tone.",
        has='maxLength="120"',
    ),
    Expected("at 2026-01-05T17:59 dial 0", "dial", has='timeout="20"'),
    Expected(
        "at 2026-01-05T18:00 dial 0",
        "record",
        "The kitchen is busy. Tell us your number after the tone.",
        has='maxLength="120"',
    ),
    Expected(
        "dial go /unknown-error",
        "record",
        "Something broke on our side. Leave us a message.",
        has='maxLength="120"',
    ),
]

_TREE_MENU = "For sales, press 1. For support, press 2. For our hours, press 3. To hear these options again, press 9. For the receptionist, press 0. Or say sales, support, or hours."
_HOURS = "We are here Monday to Friday, from nine to six. To hear this again, press 1. For the receptionist, press 0. For the menu, press star, or any other key."
PHONE_TREE = [
    Expected("dial", "gather", f"Welcome to Acme. {_TREE_MENU}"),
    Expected(
        "dial 1",
        "record",
        "Everybody in sales is on the phone. Leave a message, and we will call you back.",
        has='maxLength="120"',
    ),
    Expected(
        "dial say sales",
        "record",
        "Everybody in sales is on the phone. Leave a message, and we will call you back.",
        has='maxLength="120"',
    ),
    Expected("dial 2", "enqueue", "We are putting you through to support."),
    Expected("dial say support", "enqueue", "We are putting you through to support."),
    Expected("dial 3", "gather", _HOURS),
    Expected("dial say hours", "gather", _HOURS),
    Expected("dial 9", "gather", _TREE_MENU),
    Expected("dial 5", "gather", f"That is not one of the options. {_TREE_MENU}"),
    Expected("dial say pizza", "gather", f"That is not one of the options. {_TREE_MENU}"),
    Expected("dial 3 1", "gather", _HOURS),
    Expected("dial 3 9", "gather", _TREE_MENU),
    Expected("dial 3 *", "gather", _TREE_MENU),
    Expected("dial 3 .", "gather", _HOURS),
    Expected("dial *", "gather", _TREE_MENU),
    Expected("dial 0", "dial", has='timeout="20"'),
    Expected("dial 3 0", "dial", has='timeout="20"'),
    Expected("dial . . .", "over", "Thank you for calling. Goodbye."),
    Expected("dial 2 queue.queue_full", "gather", f"Nobody is free just now. {_TREE_MENU}"),
    Expected("dial 2 queue.error", "gather", f"Nobody is free just now. {_TREE_MENU}"),
    Expected("dial 2 queue.system_error", "gather", f"Nobody is free just now. {_TREE_MENU}"),
    Expected("dial 2 queue.bridged", "over", "Thank you for calling. Goodbye."),
    Expected("dial 2 queue.bridging_in_process", "over", "Thank you for calling. Goodbye."),
    Expected("dial 2 queue.leave", "over", "Thank you for calling. Goodbye."),
    Expected("dial 2 hangup", "over"),
    Expected("dial 0 dial.completed", "over", "Thank you for calling. Goodbye."),
    Expected("dial 0 dial.answered", "over", "Thank you for calling. Goodbye."),
    Expected("dial 0 dial.busy", "gather", f"Nobody is free just now. {_TREE_MENU}"),
    Expected("dial 3 0 dial.busy 5", "gather", _TREE_MENU),
    Expected("dial 3 0 dial.busy 5 9", "gather", _TREE_MENU),
    Expected("dial 3 0 dial.busy 5 7", "gather", f"That is not one of the options. {_TREE_MENU}"),
    Expected("dial 3 0 dial.busy", "gather", f"Nobody is free just now. {_HOURS}"),
]

_PLACED = 'dial /reminder \'{"session": {"appointment": "A17", "when": "Tuesday at ten"}, "AnsweredBy": "human"}\''
REMINDER = [
    Expected(
        _PLACED,
        "gather",
        "This is Doctor Miller's practice. You have an appointment on Tuesday at ten. If you come, press 1, or say yes. For another day, press 2, or say another day.",
    ),
    Expected(f"{_PLACED} 1", "over", "Thank you. See you then.", did=("confirm",)),
    Expected(f"{_PLACED} say yes", "over", "Thank you. See you then.", did=("confirm",)),
    Expected(
        f"{_PLACED} 2",
        "over",
        "Thank you. We will call you to find another day.",
        did=("reschedule",),
    ),
    Expected(
        f"{_PLACED} say 'another day'",
        "over",
        "Thank you. We will call you to find another day.",
        did=("reschedule",),
    ),
    Expected(f"{_PLACED} . . .", "over", "We will try again later. Goodbye.", did=("try_again",)),
    Expected(f"{_PLACED} hangup", "over"),
    Expected(
        'dial /reminder \'{"session": {"appointment": "A17", "when": "Tuesday at ten"}, "AnsweredBy": "machine_start"}\'',
        "over",
        "This is Doctor Miller's practice. Please remember your appointment on Tuesday at ten. To change it, call us. Goodbye.",
    ),
    Expected(f"{_PLACED} deliver hang_up.busy", "gather", did=("try_again",)),
    Expected(f"{_PLACED} deliver hang_up.no_answer", "gather", did=("try_again",)),
]

_CALLED_BACK = 'dial /call-back \'{"session": {"agent": "+14155550111", "message": "https://phone.example/message"}}\''
_WHISPER = "dial /whisper?message=https%3A%2F%2Fphone.example%2Fmessage"
_QUEUED = "You are number 1 in the queue. The average wait is less than 1 minute. To be called back instead, press 1."
_AGENTS_MENU = "For the next caller, press 1. To call somebody back, press 2."
SUPPORT_QUEUE = [
    Expected("dial", "gather", f"Welcome to support. {_QUEUED}"),
    Expected("dial 1", "record", "Tell us after the tone what it is about.", has='maxLength="120"'),
    Expected("dial 1 record", "over", "Thank you. We will call you back.", did=("add",)),
    Expected(
        "dial 1 .",
        "record",
        "We have heard nothing. Tell us after the tone what it is about.",
        has='maxLength="120"',
    ),
    Expected("dial 1 . . .", "over", "Thank you for calling. Goodbye."),
    Expected("dial .", "gather", _QUEUED, has='<Pause length="20" />'),
    Expected("dial queue.bridged", "over", "Thank you for calling. Goodbye."),
    Expected("dial queue.bridging_in_process", "over", "Thank you for calling. Goodbye."),
    Expected("dial hangup", "over"),
    Expected(
        "dial queue.queue_full",
        "record",
        "Tell us after the tone what it is about.",
        has='maxLength="120"',
    ),
    Expected(
        _CALLED_BACK,
        "dial",
        "This is support, calling you back. One moment, please.",
        has='timeout="20"',
    ),
    Expected(f"{_CALLED_BACK} dial.completed", "over", "Thank you for calling. Goodbye."),
    Expected(
        f"{_CALLED_BACK} dial.unbridged",
        "over",
        "We have missed each other. We will try again.",
        did=("add",),
    ),
    Expected(
        f"{_CALLED_BACK} dial.busy",
        "over",
        "We have missed each other. We will try again.",
        did=("add",),
    ),
    Expected(f"{_CALLED_BACK} deliver hang_up.busy", "dial", did=("add",), has='timeout="20"'),
    Expected(f"{_CALLED_BACK} deliver hang_up.no_answer", "dial", did=("add",), has='timeout="20"'),
    Expected(f"{_CALLED_BACK} deliver hang_up.failed", "dial", did=("add",), has='timeout="20"'),
    Expected("dial /agent", "dial", "Here is the next caller."),
    Expected("dial /agent dial.completed", "gather", _AGENTS_MENU),
    Expected("dial /agent dial.completed 1", "dial", "Here is the next caller."),
    Expected(
        "dial /agent dial.completed 2 work call_placed",
        "over",
        "We are calling the customer. Hang up, and your phone will ring.",
    ),
    Expected(
        "dial /agent dial.completed 2",
        "gather",
        f"One moment, please. There is nobody to call back just now. {_AGENTS_MENU}",
        did=("take",),
    ),
    Expected(
        "dial /agent dial.completed 2 work list_empty",
        "gather",
        f"There is nobody to call back just now. {_AGENTS_MENU}",
    ),
    Expected(
        "dial /agent dial.completed 2 work background_failed",
        "gather",
        f"There is nobody to call back just now. {_AGENTS_MENU}",
    ),
    Expected("dial /agent dial.completed . . .", "over", "Goodbye."),
    Expected(
        _WHISPER,
        "gather",
        "A customer who wanted to be called back said: <Play https://phone.example/message> To be put through, press 1.",
    ),
    Expected(f"{_WHISPER} 1", "over", has="<Response />"),
    Expected(f"{_WHISPER} 2", "over"),
    Expected(f"{_WHISPER} .", "over"),
]

VOICEMAIL = [
    Expected("dial", "dial", has='timeout="20"'),
    Expected("dial dial.completed", "over", "Thank you. Goodbye."),
    Expected("dial dial.answered", "over", "Thank you. Goodbye."),
    Expected(
        "dial dial.busy",
        "record",
        "Nobody can come to the phone. Please leave a message after the tone.",
        has='maxLength="120"',
    ),
    Expected("dial dial.busy record", "over", "Thank you. Goodbye.", did=("add",)),
    Expected(
        "dial dial.busy .",
        "record",
        "We have heard nothing. Nobody can come to the phone. Please leave a message after the tone.",
        has='maxLength="120"',
    ),
    Expected("dial dial.busy . . .", "over", "Thank you. Goodbye."),
    Expected(
        'dial dial.busy deliver stored \'{"recording_sid": "RE1", "recording_url": "https://phone.example/message"}\'',
        "record",
        did=("add",),
        has='maxLength="120"',
    ),
    Expected(
        'dial dial.busy deliver transcribed \'{"recording_sid": "RE1", "transcription_status": "completed"}\'',
        "record",
        did=("add",),
        has='maxLength="120"',
    ),
    Expected(
        'dial dial.busy deliver transcribed \'{"recording_sid": "RE1", "transcription_status": "failed"}\'',
        "record",
        has='maxLength="120"',
    ),
]

_FOUND = 'dial 94103 work forecast_found \'{"text": "Sun."}\''
_ASKED = "For tomorrow's weather, enter a zip code."
_FORECAST_MENU = "For another place, press 1. To hang up, press any other key."
WEATHER_LINE = [
    Expected("dial", "gather", _ASKED),
    Expected(
        "dial 94103",
        "gather",
        f"One moment, please. We are still looking. Fog, then sun, 17 degrees. {_FORECAST_MENU}",
    ),
    Expected(_FOUND, "gather", f"Sun. {_FORECAST_MENU}"),
    Expected(f"{_FOUND} 1", "gather", _ASKED),
    Expected(f"{_FOUND} 2", "over", "Goodbye."),
    Expected(f"{_FOUND} .", "over", "Goodbye."),
    Expected(
        "dial 94103 work no_match.unknown_zip", "gather", f"We do not know that zip code. {_ASKED}"
    ),
    Expected(
        "dial 94103 work no_match.unknown_zip 94103 work no_match.unknown_zip 94103 work no_match.unknown_zip",
        "over",
        "Goodbye.",
    ),
    Expected(
        "dial 94103 work background_failed",
        "over",
        "We cannot see the weather just now. Please call again later.",
    ),
    Expected(
        "dial 11111",
        "gather",
        f"One moment, please. We are still looking. We do not know that zip code. {_ASKED}",
    ),
    Expected("dial 9410", "gather", f"A zip code has five digits. {_ASKED}"),
    Expected("dial 9410*", "gather", f"A zip code has five digits. {_ASKED}"),
    Expected("dial .", "gather", _ASKED),
    Expected("dial . . .", "over", "Goodbye."),
    Expected(
        "dial go /unknown-error",
        "over",
        "We cannot see the weather just now. Please call again later.",
    ),
]

#: By the example's folder.
EXPECTATIONS: Mapping[str, Sequence[Expected]] = {
    "front_desk": FRONT_DESK,
    "lunch_line": LUNCH_LINE,
    "phone_tree": PHONE_TREE,
    "reminder": REMINDER,
    "support_queue": SUPPORT_QUEUE,
    "voicemail": VOICEMAIL,
    "weather_line": WEATHER_LINE,
}
