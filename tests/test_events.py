"""The event alphabet: the table, ``key()`` and ``said()``, and what Twilio's parameters mean."""

from __future__ import annotations

import inspect
import math
import unicodedata
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statemachine import Event, State, StateMachine

from statechart_ivr.call import INPUT_PARAMETERS, CallerInput
from statechart_ivr.events import (
    EVENTS,
    REFUSED_NAMES,
    Kind,
    Occurrence,
    PromptedEvent,
    hang_up,
    key,
    keyword,
    keywords,
    kind_of,
    occurrence_in,
    occurs,
    phrase_of,
    said,
    words_of,
)
from statechart_ivr.events.occurrence import _READERS

ROWS = {row.id: row for row in EVENTS}

RECORDING = {
    "RecordingUrl": "https://api.twilio.com/RE1",
    "RecordingSid": "RE1",
    "RecordingDuration": "7",
}
DIAL = {"DialCallSid": "CA2", "DialCallDuration": "12", "DialBridged": "true"}
QUEUE = {"QueueSid": "QU1", "QueueTime": "34"}

# What Twilio sends for each row of the table; None where the event is this package's own.
SENT: dict[str, dict[str, str] | None] = {
    **{f"key.{digit}": {"Digits": digit, "FinishedOnKey": ""} for digit in "0123456789"},
    "key.star": {"Digits": "*", "FinishedOnKey": ""},
    "key.pound": {"Digits": "#", "FinishedOnKey": ""},
    "digits": {"Digits": "4711", "FinishedOnKey": "#"},
    "speech": {"SpeechResult": "Billing, please.", "Confidence": "0.8754"},
    "speech.<phrase>": {"SpeechResult": "Billing, please."},
    "no_input": {"msg": "Gather End"},
    "no_input.<reason>": None,
    "no_match": None,
    "no_match.<reason>": None,
    "give_up": None,
    "recorded": {**RECORDING, "Digits": "hangup"},
    "dial.completed": {**DIAL, **RECORDING, "DialCallStatus": "completed"},
    "dial.answered": {**DIAL, "DialCallStatus": "answered"},
    "dial.busy": {**DIAL, "DialCallStatus": "busy"},
    "dial.no_answer": {**DIAL, "DialCallStatus": "no-answer"},
    "dial.failed": {**DIAL, "DialCallStatus": "failed"},
    "dial.canceled": {**DIAL, "DialCallStatus": "canceled"},
    "queue.bridged": {**QUEUE, "QueueResult": "bridged"},
    "queue.bridging_in_process": {**QUEUE, "QueueResult": "bridging-in-process"},
    "queue.error": {**QUEUE, "QueueResult": "error"},
    "queue.hangup": {**QUEUE, "QueueResult": "hangup"},
    "queue.leave": {**QUEUE, "QueueResult": "leave"},
    "queue.redirected": {**QUEUE, "QueueResult": "redirected"},
    "queue.redirected_from_bridged": {**QUEUE, "QueueResult": "redirected-from-bridged"},
    "queue.queue_full": {**QUEUE, "QueueResult": "queue-full"},
    "queue.system_error": {**QUEUE, "QueueResult": "system-error"},
    "pay.<result>": {"Result": "too-many-failed-attempts", "PaymentCardType": "visa"},
    "connect": {"SessionStatus": "ended", "HandoffData": "{}", "SessionDuration": "3"},
    "refer.<status>": {"ReferCallStatus": "completed", "ReferSipResponseCode": "202"},
    **{f"hang_up.{status}": None for status in "completed busy no_answer failed canceled".split()},
    "background_failed": None,
}
FROM_TWILIO = {row: sent for row, sent in SENT.items() if sent is not None}

words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)


class TestTable:
    """The one table, and everything that reads it."""

    def test_rows_are_unique(self) -> None:
        """An id stands in the table once."""
        assert len(ROWS) == len(EVENTS)

    def test_every_row_is_tried_here(self) -> None:
        """A row added to the table needs an example of what Twilio sends."""
        assert SENT.keys() == ROWS.keys()

    @pytest.mark.parametrize("row", FROM_TWILIO)
    def test_occurrence_is_what_the_table_says(self, row: str) -> None:
        """Twilio's parameters become the row's event, kind and keyword arguments."""
        occurrence = occurrence_in(FROM_TWILIO[row])
        family, _, rest = row.partition(".")
        if row == "speech.<phrase>":
            assert occurs("speech.billing_please", occurrence.data["speech"])
        elif rest.startswith("<"):
            assert occurrence.event.startswith(f"{family}.")
        else:
            assert occurrence.event == row
        assert occurrence.kind is ROWS[row].kind
        assert set(ROWS[row].keywords) <= set(occurrence.data)

    @pytest.mark.parametrize("row", EVENTS)
    def test_kind_of_each_row(self, row: Any) -> None:
        """The kind is found by the id, also of an id below it."""
        assert kind_of(row.id) is row.kind
        assert kind_of(f"{row.id}.more") is row.kind

    @pytest.mark.parametrize("event", ["order_found", "keypad", "dialled.busy", "", "."])
    def test_other_ids_are_signals(self, event: str) -> None:
        """Whatever the table does not have is the flow's own."""
        assert kind_of(event) is Kind.SIGNAL

    @pytest.mark.parametrize("row", EVENTS)
    def test_keywords_can_be_asked_for(self, row: Any) -> None:
        """No keyword argument collides with a name the engine uses."""
        assert not REFUSED_NAMES & set(row.keywords)

    def test_parameters_that_say_what_happened_make_requests_differ(self) -> None:
        """What is read as an event also tells two requests apart."""
        assert set(_READERS) <= set(INPUT_PARAMETERS)


class TestRefusedNames:
    """Names that an event's data cannot have."""

    class Probe(StateMachine):
        a = State(initial=True)
        go = a.to.itself(on="note")
        injected: frozenset[str] = frozenset()

        def note(self, **kwargs: Any) -> None:
            type(self).injected = frozenset(kwargs)

    def test_injected_names_are_refused(self) -> None:
        """Whatever the engine passes to callbacks by itself, data cannot pass."""
        self.Probe().send("go")
        assert {"event", "state"} <= self.Probe.injected <= REFUSED_NAMES

    def test_names_that_send_takes_are_refused(self) -> None:
        """Data cannot be taken for an option of ``send()``."""
        assert set(inspect.signature(StateMachine.send).parameters) <= REFUSED_NAMES

    @given(st.dictionaries(st.text(max_size=12), st.text(max_size=5), max_size=5))
    def test_any_parameters_can_be_sent(self, parameters: dict[str, str]) -> None:
        """Whatever Twilio names its parameters, the engine takes them as data."""
        machine = self.Probe()
        machine.send("go", **keywords(parameters))
        assert set(keywords(parameters)) <= type(machine).injected


class TestKey:
    """``key()``: the keypad as event ids."""

    @pytest.mark.parametrize(
        ("keys", "event"),
        [
            (["1"], "key.1"),
            (["*"], "key.star"),
            (["#"], "key.pound"),
            ([], "key"),
            (["0", "*"], ["key.0", "key.star"]),
        ],
    )
    def test_ids(self, keys: list[str], event: object) -> None:
        """One key is an id, several a list, none means any."""
        assert key(*keys) == event

    def test_prompt_makes_an_event(self) -> None:
        """With ``say`` it is an event of the engine's whose name is the prompt."""
        event = key("1", say="Press 1.")
        assert isinstance(event, PromptedEvent)
        assert isinstance(event, Event)
        assert (event.id, str(event), event.name) == ("key.1", "key.1", "Press 1.")

    def test_several_keys_share_a_prompt(self) -> None:
        """One prompt for a list of keys."""
        assert [(e.id, e.name) for e in key("1", "2", say="x")] == [("key.1", "x"), ("key.2", "x")]

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ("12", r"write key\('1', '2'\)"),
            ("", r"write key\(\)"),
            ("a", "a key is one of '0'-'9'"),
            ("star", "a key is one of"),
            (1, r"write key\('1'\)"),
            (["1", "2"], "a key is one of"),
            (None, r"key\(None\)"),
            ("²", "a key is one of"),
        ],
    )
    def test_refuses_what_is_no_key(self, wrong: Any, message: str) -> None:
        """The error says what to write instead."""
        with pytest.raises(ValueError, match=message):
            key(wrong)

    @pytest.mark.parametrize("say", ["", "  ", 5])
    @pytest.mark.parametrize(
        "make", [lambda say: key("1", say=say), lambda say: said("a", say=say)]
    )
    def test_refuses_empty_prompts(self, make: Any, say: Any) -> None:
        """A menu cannot say nothing, or something that is no text."""
        with pytest.raises(ValueError, match="a prompt is text"):
            make(say)


class TestSaid:
    """``said()``: phrases as event ids, and where they occur."""

    @pytest.mark.parametrize(
        ("phrases", "event"),
        [
            (["Billing, please"], "speech.billing_please"),
            (["Übergabe"], "speech.übergabe"),
            (["GROSSE Straße"], "speech.grosse_strasse"),
            (["yes", "yeah"], ["speech.yes", "speech.yeah"]),
            ([], "speech"),
            (["agent_47"], "speech.agent_47"),
        ],
    )
    def test_ids(self, phrases: list[str], event: object) -> None:
        """Lower case, words joined by underscores."""
        assert said(*phrases) == event

    def test_prompt_makes_an_event(self) -> None:
        """As with keys."""
        event = said("yes", say="Say yes.")
        assert (event.id, event.name) == ("speech.yes", "Say yes.")

    @pytest.mark.parametrize("wrong", ["", "...", "_", "\u0301", 5, None])
    def test_refuses_what_holds_no_word(self, wrong: Any) -> None:
        """A phrase that would never be heard, or always."""
        with pytest.raises(ValueError, match="at least one word"):
            said(wrong)

    @pytest.mark.parametrize(
        ("phrase", "speech"),
        [
            ("billing", "Billing."),
            ("billing", "I've a question about my BILLING, please!"),
            ("opening hours", "what are your opening-hours?"),
            ("Übergabe", "die übergabe bitte"),
            ("Übergabe", unicodedata.normalize("NFD", "Übergabe")),
            ("strasse", "Straße"),
            ("don't", "I don’t know"),
            ("हिन्दी", "मुझे हिन्दी चाहिए"),
            ("1 2", "１ 2"),
        ],
    )
    def test_occurs(self, phrase: str, speech: str) -> None:
        """Case, punctuation and ways to write a character do not count."""
        assert occurs(said(phrase), speech)

    @pytest.mark.parametrize(
        ("phrase", "speech"),
        [
            ("bill", "billing"),
            ("ill", "billing"),
            ("opening hours", "opening the hours"),
            ("opening hours", "hours opening"),
            ("yes", ""),
            ("über", "uber"),
            ("हि", "हिन्दी"),
        ],
    )
    def test_does_not_occur(self, phrase: str, speech: str) -> None:
        """Whole words, all of them, in order and side by side."""
        assert not occurs(said(phrase), speech)

    @pytest.mark.parametrize("event", ["speech", "key.1", "speech."])
    def test_other_events_hold_no_phrase(self, event: str) -> None:
        """Only ids below ``speech`` wait for words."""
        assert phrase_of(event) is None
        assert not occurs(event, "speech key 1")

    @given(st.lists(words, min_size=1, max_size=4), st.sampled_from([" ", ", ", "-", "_", "…"]))
    def test_a_phrase_occurs_in_itself(self, parts: list[str], between: str) -> None:
        """Whatever a flow declares is found when exactly that is said, alone or within more."""
        phrase = between.join(parts)
        assume(words_of(phrase))
        event = said(phrase)
        assert len(event.split()) == 1
        assert occurs(event, phrase)
        assert occurs(event, f"Oh: {phrase}!")


class TestOccurrence:
    """What the parameters of an action request mean."""

    def test_one_key_is_looked_for_before_digits(self) -> None:
        """A flow that declares no key gets the digits."""
        occurrence = occurrence_in({"Digits": "1", "FinishedOnKey": "#"})
        assert occurrence.candidates == ("key.1", "digits")
        assert occurrence.event == "key.1"
        assert occurrence.data == {"digits": "1", "finished_on_key": "#"}

    def test_several_keys_are_digits(self) -> None:
        """No single key claims them."""
        assert occurrence_in({"Digits": "12*#"}).candidates == ("digits",)

    def test_missing_finish_key_is_empty(self) -> None:
        """Twilio leaves it out, or empty, when the number of keys ended the input."""
        assert occurrence_in({"Digits": "12"}).data["finished_on_key"] == ""

    @pytest.mark.parametrize(
        "parameters",
        [
            {},
            {"Digits": ""},
            {"Digits": "", "FinishedOnKey": "#"},
            {"SpeechResult": "", "Digits": ""},
            {"Digits": "hangup", "CallStatus": "completed"},
        ],
    )
    def test_nothing_is_no_input(self, parameters: dict[str, str]) -> None:
        """Absent, empty, a finish key alone, or a Record that recorded nothing."""
        assert occurrence_in(parameters) == Occurrence(Kind.INPUT, ("no_input",))

    @pytest.mark.parametrize(
        ("parameters", "is_asked"),
        [({"Digits": "1"}, True), ({"SpeechResult": "a"}, True), ({}, False), (RECORDING, False)],
    )
    def test_handlers_are_asked_about_keys_and_words(
        self, parameters: dict[str, str], is_asked: bool
    ) -> None:
        """Silence and outcomes are not for ``@on_input``."""
        assert occurrence_in(parameters).is_keys_or_words is is_asked

    def test_handler_gets_what_the_event_carries(self) -> None:
        """The same data makes the handler's input."""
        occurrence = occurrence_in({"SpeechResult": "yes", "Confidence": "0.5"})
        assert CallerInput.from_data(occurrence.data) == CallerInput(speech="yes", confidence=0.5)

    @pytest.mark.parametrize(
        ("sent", "confidence"),
        [
            ("0.5", 0.5),
            ("0", 0.0),
            ("1.0", 1.0),
            ("", None),
            ("high", None),
            ("nan", None),
            ("inf", None),
            ("-1", None),
            ("7", None),
        ],
    )
    def test_confidence(self, sent: str, confidence: float | None) -> None:
        """From 0 to 1; None for whatever else Twilio may say."""
        parameters = {"SpeechResult": "yes", "Confidence": sent}
        assert occurrence_in(parameters).data["confidence"] == confidence

    def test_words_without_confidence(self) -> None:
        """It may be missing altogether."""
        assert occurrence_in({"SpeechResult": "yes"}).data["confidence"] is None

    @pytest.mark.parametrize(
        ("sent", "duration"),
        [
            ("7", 7),
            ("0", 0),
            ("007", 7),
            ("", 0),
            ("-5", 0),
            ("1.5", 0),
            ("²", 0),
            ("٣", 0),
            ("9" * 18, int("9" * 18)),
            ("9" * 5000, 0),
        ],
    )
    def test_duration(self, sent: str, duration: int) -> None:
        """Whole seconds; 0 for whatever is no such number."""
        assert occurrence_in({**RECORDING, "RecordingDuration": sent}).data["duration"] == duration

    @pytest.mark.parametrize(("sent", "bridged"), [("true", True), ("false", False), ("", False)])
    def test_bridged(self, sent: str, bridged: bool) -> None:
        """Only ``true`` proves that somebody talked to the caller."""
        parameters = {"DialCallStatus": "completed", "DialBridged": sent}
        assert occurrence_in(parameters).data["bridged"] is bridged

    def test_dial_goes_before_its_recording(self) -> None:
        """A Dial's action may carry the URL of a recording of the conversation."""
        parameters = {"DialCallStatus": "completed", **RECORDING}
        assert occurrence_in(parameters).event == "dial.completed"

    def test_recording_goes_before_the_key_that_ended_it(self) -> None:
        """A Record's action carries Digits."""
        assert occurrence_in({**RECORDING, "Digits": "1"}).event == "recorded"

    def test_recording_without_sid(self) -> None:
        """The URL alone says that something was recorded."""
        assert occurrence_in({"RecordingUrl": "x"}).event == "recorded"

    @pytest.mark.parametrize("parameter", ["SessionStatus", "StreamSid", "VirtualAgentStatus"])
    def test_connect(self, parameter: str) -> None:
        """Each kind of Connect says in its own way that it ended."""
        occurrence = occurrence_in({parameter: "x", "From": "+1"})
        assert (occurrence.kind, occurrence.event) == (Kind.OUTCOME, "connect")
        assert occurrence.data == {keyword(parameter): "x", "from_": "+1"}

    def test_pay_and_refer_carry_what_twilio_sends(self) -> None:
        """In snake_case, for there is no list of it."""
        assert occurrence_in({"Result": "success", "PaymentToken": "x"}).data == {
            "result": "success",
            "payment_token": "x",
        }
        assert occurrence_in({"ReferCallStatus": "no-answer"}).event == "refer.no_answer"

    @pytest.mark.parametrize(
        ("parameter", "family"),
        [
            ("DialCallStatus", "dial"),
            ("QueueResult", "queue"),
            ("Result", "pay"),
            ("ReferCallStatus", "refer"),
        ],
    )
    @pytest.mark.parametrize("value", ["---", "日本", "."])
    def test_unreadable_results_are_the_family(
        self, parameter: str, family: str, value: str
    ) -> None:
        """A transition on the family claims it; no id ends with a dot."""
        assert occurrence_in({parameter: value}).event == family

    @given(
        st.dictionaries(
            st.sampled_from([*INPUT_PARAMETERS, "From", "State", "CallStatus"]),
            st.one_of(st.text(), st.sampled_from(["1", "#", "nan", "-1", "9" * 5000, "no-answer"])),
        )
    )
    def test_any_parameters_mean_something(self, parameters: dict[str, str]) -> None:
        """Whatever stands in them: an event of the table, with data that a session can keep."""
        occurrence = occurrence_in(parameters)
        assert kind_of(occurrence.event) is occurrence.kind
        assert all(
            set(part) <= set("abcdefghijklmnopqrstuvwxyz_0123456789") and part
            for candidate in occurrence.candidates
            for part in candidate.split(".")
        )
        assert not REFUSED_NAMES & occurrence.data.keys()
        for value in occurrence.data.values():
            assert value is None or isinstance(value, str | bool | int) or math.isfinite(value)


class TestHangUp:
    """What a status callback means."""

    @pytest.mark.parametrize("status", ["completed", "busy", "no-answer", "failed", "canceled"])
    def test_terminal_statuses(self, status: str) -> None:
        """The call is over, and how long it was."""
        occurrence = hang_up({"CallStatus": status, "CallDuration": "42"})
        event = f"hang_up.{status.replace('-', '_')}"
        assert occurrence == Occurrence(Kind.SIGNAL, (event,), {"duration": 42})
        assert ROWS[event].keywords == ("duration",)

    @pytest.mark.parametrize("status", ["ringing", "in-progress", "queued", "", "completed.x"])
    def test_others_are_nothing(self, status: str) -> None:
        """The call goes on."""
        assert hang_up({"CallStatus": status}) is None
        assert hang_up({}) is None

    def test_duration_may_be_missing(self) -> None:
        """Calls that nobody answered have none."""
        occurrence = hang_up({"CallStatus": "busy"})
        assert occurrence is not None
        assert occurrence.data == {"duration": 0}


class TestKeyword:
    """Twilio's names as keyword arguments."""

    @pytest.mark.parametrize(
        ("name", "snake"),
        [
            ("RecordingSid", "recording_sid"),
            ("ReferSipResponseCode", "refer_sip_response_code"),
            ("CallSID", "call_sid"),
            ("AvgQueueTime", "avg_queue_time"),
            ("ErrorCode3DS", "error_code3_ds"),
            ("already_snake", "already_snake"),
            ("SipHeader_X-My-Id", "sip_header_x_my_id"),
            ("State", "state_"),
            ("Event", "event_"),
            ("Key", "key_"),
            ("From", "from_"),
            ("Class", "class_"),
            ("a b", "a_b"),
        ],
    )
    def test_snake_case(self, name: str, snake: str) -> None:
        """Names of the engine's and of Python's get an underscore."""
        assert keyword(name) == snake

    def test_nameless_parameters_are_dropped(self) -> None:
        """A query such as ``?=1`` has one."""
        assert keywords({"": "x", "To": "+1"}) == {"to": "+1"}
