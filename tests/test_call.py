"""Twilio's parameters: requests, calls, and what the caller did."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from statechart_ivr.call import (
    INPUT_PARAMETERS,
    Answer,
    Call,
    CallerInput,
    Request,
    caller_input_pairs,
)

PARAMETERS = {
    "CallSid": "CA1",
    "AccountSid": "AC1",
    "From": "+14155550100",
    "To": "+14155550199",
    "Direction": "inbound",
    "CallStatus": "ringing",
    "FromCity": "Köln",
}


class TestRequest:
    """What came, without HTTP."""

    def test_parameters_are_those_of_query_and_body(self) -> None:
        """Query and body are one; the body wins, and of one name the last value."""
        request = Request(
            path="/x",
            query=(("a", "query"), ("b", "query")),
            form=(("b", "first"), ("b", "last"), ("c", "")),
        )
        assert dict(request.parameters) == {"a": "query", "b": "last", "c": ""}

    def test_parameters_cannot_be_changed(self) -> None:
        """A flow that writes to them hits a wall."""
        with pytest.raises(TypeError):
            Request(path="/x").parameters["a"] = "b"  # type: ignore[index]  # what is tested

    def test_answer_has_no_body_unless_given(self) -> None:
        """204 is said with the status alone."""
        assert Answer(204).body == b""


class TestCall:
    """Who calls whom."""

    def test_from_parameters(self) -> None:
        """Twilio's names become ours; what it did not send is empty."""
        call = Call.from_parameters(PARAMETERS)
        assert (call.sid, call.account_sid) == ("CA1", "AC1")
        assert (call.from_, call.to) == ("+14155550100", "+14155550199")
        assert (call.direction, call.status) == ("inbound", "ringing")
        assert (call.forwarded_from, call.caller_name, call.answered_by) == ("", "", "")
        assert call.parameters["FromCity"] == "Köln"

    def test_is_frozen(self) -> None:
        """Neither the call nor its parameters can be changed by a flow."""
        call = Call.from_parameters(PARAMETERS)
        with pytest.raises(FrozenInstanceError):
            call.to = "+1"  # type: ignore[misc]  # what is tested
        with pytest.raises(TypeError):
            call.parameters["To"] = "+1"  # type: ignore[index]  # what is tested

    def test_later_parameters_do_not_reach_back(self) -> None:
        """The call keeps a copy of the parameters it was made from."""
        parameters = dict(PARAMETERS)
        call = Call.from_parameters(parameters)
        parameters["To"] = "someone else"
        assert call.parameters["To"] == "+14155550199"

    def test_updated_takes_what_is_new(self) -> None:
        """A later request brings a status; what it leaves out or empty stays as it was."""
        call = Call.from_parameters(PARAMETERS)
        later = call.updated({"CallSid": "CA1", "CallStatus": "in-progress", "To": ""})
        assert (later.status, later.to, later.from_) == ("in-progress", call.to, call.from_)
        assert dict(later.parameters) == {"CallSid": "CA1", "CallStatus": "in-progress", "To": ""}

    def test_updated_keeps_the_call_sid(self) -> None:
        """A request of another leg does not turn one call into another."""
        call = Call.from_parameters(PARAMETERS)
        assert call.updated({"CallSid": "CA2"}).sid == "CA1"

    def test_json_round_trip(self) -> None:
        """The record keeps all but the parameters."""
        call = Call.from_parameters(PARAMETERS)
        kept = call.to_json()
        assert list(kept) == [field.name.rstrip("_") for field in fields(Call)][:-1]
        assert Call.from_json(kept) == call
        assert not Call.from_json(kept).parameters

    def test_record_keeps_every_field(self) -> None:
        """A field added to the class is kept too, or stands here as one that is not."""
        names = {field.name.rstrip("_") for field in fields(Call)}
        assert names - Call("CA1").to_json().keys() == {"parameters"}

    def test_parameters_do_not_show(self) -> None:
        """What the caller did, which may be a secret, is not in the call's representation."""
        assert "Digits" not in repr(Call.from_parameters({**PARAMETERS, "Digits": "4711"}))


class TestCallerInput:
    """What a handler gets."""

    def test_from_digits(self) -> None:
        """Keys, without words."""
        data = {"digits": "12", "finished_on_key": "#"}
        assert CallerInput.from_data(data) == CallerInput("12", "#", "", None)

    def test_from_speech(self) -> None:
        """Words, without keys; what is no part of the input is left out."""
        data = {"speech": "yes", "confidence": 0.5, "other": 1}
        assert CallerInput.from_data(data) == CallerInput("", "", "yes", 0.5)


class TestCallerInputPairs:
    """What makes two requests the same."""

    def test_order_and_other_parameters_do_not_matter(self) -> None:
        """The same input gives the same pairs, however the request came."""
        one = caller_input_pairs({"Digits": "1", "FinishedOnKey": "#", "CallStatus": "ringing"})
        other = caller_input_pairs({"FinishedOnKey": "#", "Timestamp": "now", "Digits": "1"})
        assert one == other == [("Digits", "1"), ("FinishedOnKey", "#")]

    def test_empty_is_absent(self) -> None:
        """Twilio sends an empty value, or none, for the same thing."""
        assert caller_input_pairs({"Digits": "", "FinishedOnKey": ""}) == []

    def test_parameters_have_one_name_each(self) -> None:
        """No parameter counts twice."""
        assert len(set(INPUT_PARAMETERS)) == len(INPUT_PARAMETERS)
