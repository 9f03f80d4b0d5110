"""Who claims what the caller did."""

from __future__ import annotations

import logging

import pytest
from statemachine import State

from statechart_ivr import PASS, CallFlow, gather, key, on_input, renders, routable, said


class Tree(CallFlow):
    """A menu within a menu, with every way of claiming an input."""

    class house(State.Compound):
        class floor(State.Compound):
            hall = State(initial=True)
            kitchen = State()
            cellar = State()

            hall.to(kitchen, event=key("1"))
            hall.to(cellar, event=key("2"), cond="has_key")
            hall.to(kitchen, event="digits", cond="likes_digits")
            kitchen.to(hall, event=key())
            cellar.to(hall, event=said("Up, please", "upstairs"))
            cellar.to(kitchen, event="speech")

        attic = State()
        floor.to(attic, event=[*key("1", "3"), "climb"])
        attic.to(floor, event=key("*"))
        attic.to(floor, event=key("#"))
        attic.to(attic, event="digits")

    over = State(final=True)
    house.to(over, event=[key("0"), "out"])

    @routable("/call", house)
    def begin(self):
        self.session["asked"] = []

    @routable("/cellar")
    @renders(house.floor.cellar)
    def say_cellar(self):
        return gather("cellar")

    @renders(house.floor.hall, house.floor.kitchen, house.attic)
    def say_where(self):
        return gather(" ".join(str(state.id) for state in self.configuration))

    def has_key(self) -> bool:
        return bool(self.session.get("key"))

    def likes_digits(self, digits):
        return digits == "55"

    @on_input(house.floor.hall)
    def ask_hall(self, caller_input):
        self.session["asked"] = [*self.session["asked"], f"hall:{caller_input.digits}"]
        answers = {"7": "out", "8": "climb", "9": None, "77": "no_match.odd", "78": "unheard_of"}
        return answers.get(caller_input.digits, PASS)

    @on_input(house)
    def ask_house(self, caller_input):
        said = caller_input.digits or caller_input.speech
        self.session["asked"] = [*self.session["asked"], f"house:{said}"]
        return {"4": "climb", "66": 5, "88": "give_up"}.get(said, PASS)

    @renders("no_match")
    def sorry(self):
        return "no match"

    @renders("no_match.odd")
    def sorry_odd(self):
        return "odd"

    @renders("no_input")
    def hello(self):
        return "no input"


def test_the_innermost_state_that_declares_the_key_wins(line):
    """Both the hall and the floor around it have a way for 1: the hall's is taken."""
    call = line(Tree)
    call.dial()
    call.press("1")
    assert call.record.conf == ["house", "floor", "kitchen"]


def test_an_outer_state_gets_what_inner_ones_do_not_declare(line):
    """The hall has no way for 3; the floor around it has."""
    call = line(Tree)
    call.dial()
    call.press("3")
    assert call.record.conf == ["house", "attic"]


def test_the_engine_looks_further_out_when_a_guard_says_no(line):
    """The hall's way for 2 is locked, and nothing around it knows 2: no match."""
    call = line(Tree)
    call.dial()
    call.press("2")
    assert call.heard == ["no match", "house floor hall"]


def test_an_outer_key_counts_where_a_guard_inside_refuses_digits(line):
    """The hall takes ``digits``, but only 55: 3 is still the floor's."""
    call = line(Tree)
    call.dial()
    call.press("3")
    assert call.record.data["asked"] == ["hall:3"]
    assert call.record.conf == ["house", "attic"]


def test_a_wildcard_takes_every_key(line):
    """``key()`` matches whatever key is pressed."""
    call = line(Tree)
    call.dial()
    call.press("1")
    call.press("6")
    assert call.record.conf == ["house", "floor", "hall"]


@pytest.mark.parametrize("pressed", ["*", "#"])
def test_star_and_pound_are_keys(line, pressed):
    """They have ids of their own."""
    call = line(Tree)
    call.dial()
    call.press("3")
    call.press(pressed)
    assert call.record.conf == ["house", "floor", "hall"]


def test_one_key_that_nothing_claims_is_tried_as_digits(line):
    """The attic has no way for 7, but one for digits."""
    call = line(Tree)
    call.dial()
    call.press("3")
    seq = call.record.seq
    call.press("7")
    assert call.record.conf == ["house", "attic"]
    assert call.record.attempts == 0
    assert call.record.seq == seq + 1


def test_several_keys_are_digits(line):
    """Keys in one go come as ``digits``, whose data guards can ask for."""
    call = line(Tree)
    call.dial()
    call.press("55")
    assert call.record.conf == ["house", "floor", "kitchen"]


def test_a_handler_is_asked_before_its_state_and_outer_ones_after(line):
    """From the leaf outwards; asking stops at the first state that declares the event."""
    call = line(Tree)
    call.dial()
    call.press("1")
    assert call.record.data["asked"] == ["hall:1"]


def test_an_outer_handler_is_asked_when_the_inner_one_passes(line):
    """4 is not declared anywhere: the house's handler turns it into an event."""
    call = line(Tree)
    call.dial()
    call.press("4")
    assert call.record.data["asked"] == ["hall:4", "house:4"]
    assert call.record.conf == ["house", "attic"]


def test_a_handler_may_choose_the_event(line):
    """What it returns is sent."""
    call = line(Tree)
    call.dial()
    call.press("8")
    assert call.record.conf == ["house", "attic"]


def test_none_means_handled_and_the_state_is_heard_again(line):
    """No attempt is counted, nothing else is asked."""
    call = line(Tree)
    call.dial()
    call.press("9")
    assert call.heard == ["house floor hall"]
    assert call.record.attempts == 0
    assert call.record.data["asked"] == ["hall:9"]


def test_a_handler_may_say_that_it_did_not_match(line):
    """The dotted prompt that fits best is heard first."""
    call = line(Tree)
    call.dial()
    call.press("77")
    assert call.heard == ["odd", "house floor hall"]
    assert call.record.attempts == 1


def test_a_handler_may_give_up(line):
    """``give_up`` from a handler is the give_up that max_attempts would send."""
    call = line(Tree)
    call.dial()
    call.press("88")
    assert call.heard == [Tree.apology]
    assert call.record.ended


@pytest.mark.parametrize(
    ("pressed", "complaint"),
    [("78", "'unheard_of', for which no transition is declared"), ("66", "returned 5")],
)
def test_a_handler_that_returns_nonsense_is_a_bug(line, caplog, pressed, complaint):
    """The caller hears the apology; the log says what to write; the session stays."""
    call = line(Tree)
    call.dial()
    before = call.record
    call.press(pressed)
    assert call.heard == [Tree.apology]
    assert complaint in caplog.text
    assert call.record == before


def test_an_event_that_is_refused_now_counts_as_no_match(line):
    """The attic knows no ``climb``."""
    call = line(Tree)
    call.dial()
    call.press("3")
    call.say("4")
    assert call.heard == ["no match", "house attic"]


def test_silence_asks_no_handler(line):
    """Handlers are for keys and words."""
    call = line(Tree)
    call.dial()
    call.wait()
    assert call.heard == ["no input", "house floor hall"]
    assert call.record.data["asked"] == []


@pytest.mark.parametrize("words", ["UP, please!", "take me upstairs now"])
def test_a_phrase_is_found_in_what_was_said(line, words):
    """Case and punctuation do not count, nor what stands around it."""
    call = line(Tree)
    call.dial("/call")
    call.post("/cellar")
    call.say(words)
    assert call.record.conf == ["house", "floor", "hall"]


def test_other_words_are_speech(line):
    """Words without a phrase are tried as ``speech``."""
    call = line(Tree)
    call.dial()
    call.post("/cellar")
    call.say("supper", confidence="")
    assert call.record.conf == ["house", "floor", "kitchen"]


def test_a_gather_where_words_lead_somewhere_listens_for_them(line):
    """Phrases are hints; what is derived from the chart is not written twice."""
    call = line(Tree)
    call.dial()
    call.post("/cellar")
    assert 'input="dtmf speech"' in call.xml
    assert 'hints="up please, upstairs"' in call.xml


class Regions(CallFlow):
    """Two regions, side by side."""

    class both(State.Parallel):
        class left(State.Compound):
            left_one = State(initial=True)
            left_two = State()
            left_one.to(left_two, event=key("1"))
            left_two.to(left_one, event=key("2"))

        class right(State.Compound):
            right_one = State(initial=True)
            right_two = State()
            right_one.to(right_two, event=[*key("1", "3")])
            right_two.to(right_one, event=key("2"))

    over = State(final=True)
    both.to(over, event=key("0"))

    @routable("/call")
    @renders(both)
    def say_both(self):
        return gather("both")

    @renders(both.left.left_two)
    def say_left_two(self):
        return "left two"

    @renders(both.right.right_two)
    def say_right_two(self):
        return "right two"

    @on_input(both)
    def count(self, caller_input):
        self.session["asked"] = self.session.get("asked", 0) + 1
        return PASS


def test_one_input_moves_all_regions_once(line):
    """Both regions have a way for 1, and both take it."""
    call = line(Regions)
    call.dial()
    call.press("1")
    assert {"left_two", "right_two"} < set(call.record.conf)


def test_the_handler_of_a_shared_ancestor_is_asked_once(line):
    """Both leaves lead outwards to it."""
    call = line(Regions)
    call.dial()
    call.press("9")
    assert call.record.data["asked"] == 1


def test_an_unclaimed_outcome_ends_the_call(line, caplog):
    """Nothing in the chart knows what becomes of a Dial."""
    call = line(Tree)
    call.dial()
    call.go_on(DialCallStatus="busy")
    assert "<Hangup />" in call.xml
    assert call.record.ended
    assert "nothing claims the outcome dial.busy" in caplog.text


def test_a_queue_left_by_redirect_is_ignored(line):
    """It may come just before a takeover of ours, and must not end the call."""
    call = line(Tree)
    call.dial()
    before = call.record
    call.go_on(QueueResult="redirected")
    assert call.xml.endswith("<Response />")
    assert call.record == before


def test_an_engine_error_of_the_flows_own_making_is_not_taken_for_no_match(line, caplog):
    """A callback that sends an event the chart refuses is a bug, and shows as one."""

    class Confused(CallFlow):
        menu = State(initial=True)
        other = State()
        menu.to(other, event=key("1"), on="send_nonsense")
        other.to(menu, event="back")

        @routable("/call", menu)
        @renders(menu, other)
        def say(self):
            return gather("menu")

        def send_nonsense(self):
            self.send("back")
            self.send("back")

    call = line(Confused)
    call.dial()
    with caplog.at_level(logging.ERROR):
        call.press("1")
    assert call.heard == [Confused.apology]
    assert "TransitionNotAllowed" in caplog.text
