"""A caller who is silent, or always wrong, is let go."""

from __future__ import annotations

from statemachine import State

from statechart_ivr import CallFlow, gather, key, on_input, renders, routable


class Patient(CallFlow):
    """Lets the caller try three times; nothing claims ``give_up``."""

    menu = State(initial=True)
    other = State()
    goodbye = State(final=True)
    menu.to(other, event=key("1"))
    menu.to(menu, event=key("2"))
    other.to(menu, event=key("1"))
    other.to(goodbye, event="no_match", cond="attempts >= 2")
    menu.to(goodbye, event="done")

    @routable("/call", menu)
    def begin(self):
        """Start at the menu."""

    @renders(menu, other)
    def ask(self):
        return gather("menu" if self.menu.is_active else "other")

    @renders("no_match")
    def sorry(self):
        return "sorry"

    @renders(goodbye)
    def say_goodbye(self):
        return "goodbye"


class Helpful(Patient):
    """Says something of its own before it lets go."""

    max_attempts = 2
    apology = "We apologize."

    @renders("give_up")
    def last_try(self):
        return "Try again tomorrow."


class Careful(CallFlow):
    """Leads those who give up to a person."""

    menu = State(initial=True)
    person = State()
    goodbye = State(final=True)
    menu.to(person, event="give_up", on="note")
    menu.to(menu, event="no_match.short")
    person.to(goodbye, event=key("1"))
    person.to(goodbye, event="no_input")

    @routable("/call", menu)
    def begin(self):
        """Start at the menu."""

    @renders(menu, person)
    def ask(self):
        return gather("menu")

    @on_input(menu)
    def check(self, caller_input):
        return "no_match.short"

    def note(self, attempts):
        self.session["attempts"] = attempts


class Endless(Patient):
    """Never lets go by itself."""

    max_attempts = None
    max_turns = 6


def test_the_third_wrong_key_is_the_last(line):
    """``max_attempts`` is 3: two are told, the third is let go with the apology."""
    call = line(Patient)
    call.dial()
    call.press("9")
    assert call.heard == ["sorry", "menu"]
    call.press("9")
    assert call.heard == ["sorry", "menu"]
    call.press("9")
    assert call.heard == [Patient.apology]
    assert "<Hangup />" in call.xml
    assert call.record.ended


def test_silence_counts_as_much_as_a_wrong_key(line):
    """Two wrong keys and a silence are three attempts."""
    call = line(Patient)
    call.dial()
    call.press("9")
    call.wait()
    call.press("9")
    assert call.record.ended


def test_a_right_key_at_the_same_question_does_not_start_anew(line):
    """Attempts count since the call came to rest at another question."""
    call = line(Patient)
    call.dial()
    call.press("9")
    call.press("2")
    assert call.record.attempts == 1


def test_another_question_starts_anew(line):
    """Coming to rest where something else is asked sets attempts to 0."""
    call = line(Patient)
    call.dial()
    call.press("9")
    call.press("1")
    assert call.record.attempts == 0


def test_the_guard_of_the_event_itself_sees_the_attempt(line):
    """It is counted before the event is sent."""
    call = line(Patient)
    call.dial()
    call.press("1")
    call.press("9")
    assert call.heard == ["sorry", "other"]
    call.press("9")
    assert call.heard == ["sorry", "goodbye"]


def test_give_up_has_a_prompt_of_its_own(line):
    """It is said instead of the apology, before the hang-up; the base's prompts are inherited."""
    call = line(Helpful)
    call.dial()
    call.press("9")
    assert call.heard == ["sorry", "menu"]
    call.press("9")
    assert call.heard == ["Try again tomorrow."]
    assert "<Hangup />" in call.xml


def test_a_claimed_give_up_moves_the_chart_and_starts_anew(line):
    """Dotted reasons from handlers count too, and callbacks get the number."""
    call = line(Careful)
    call.dial()
    call.press("9")
    call.press("9")
    assert call.record.attempts == 2
    call.press("9")
    assert call.record.conf == ["person"]
    assert call.record.attempts == 0
    assert call.record.data == {"attempts": 3}


class Watchful(CallFlow):
    """Has guards on attempts and on the session, on eventless transitions."""

    menu = State(initial=True)
    agent = State()
    vip = State()
    done = State(final=True)
    menu.to(agent, cond="attempts >= 2")
    menu.to(vip, cond="is_vip")
    agent.to(done, event=key())
    vip.to(done, event=key())
    menu.to(menu, event="give_up")

    @routable("/call", menu)
    @renders(menu, agent, vip)
    def ask(self):
        return gather(f"attempts {self.attempts}")

    @on_input(menu)
    def take(self, caller_input):
        if caller_input.digits == "5":
            self.session["vip"] = True
            return None
        return "give_up" if caller_input.digits == "6" else "no_match"

    def is_vip(self):
        return self.session.get("vip", False)


def test_a_guard_that_becomes_true_by_the_input_is_obeyed_at_once(line):
    """Not at the next request, whose key would then be for the wrong question."""
    call = line(Watchful)
    call.dial()
    call.press("7")
    assert call.heard == ["attempts 1"]
    call.press("7")
    assert call.record.conf == ["agent"]
    other = line(Watchful)
    other.dial()
    other.press("5")
    assert other.record.conf == ["vip"]


def test_a_new_question_knows_of_no_attempts(line):
    """They are those since the call came to rest at another question; give_up starts anew."""
    call = line(Watchful)
    call.dial()
    call.press("7")
    call.press("7")
    assert call.heard == ["attempts 0"]
    other = line(Watchful)
    other.dial()
    other.press("7")
    other.press("6")
    assert other.heard == ["attempts 0"]


class Mumbling(Patient):
    """Its last words are a question, which nobody can answer any more."""

    max_attempts = 1

    @renders("give_up")
    def last_try(self):
        return gather("Goodbye then.", "Really.")


class Speechless(Patient):
    """Has nothing to say at the end."""

    max_attempts = 1

    @renders("give_up")
    def last_try(self):
        return None


def test_last_words_are_spoken_whatever_they_were_meant_to_be(line):
    """A question keeps its prompts; where nothing is left, the apology is heard."""
    call = line(Mumbling)
    call.dial()
    call.press("9")
    assert call.heard == ["Goodbye then.", "Really."]
    assert "<Gather" not in call.xml
    other = line(Speechless)
    other.dial()
    other.press("9")
    assert other.heard == [Patient.apology]


def test_max_turns_ends_every_call(line, caplog):
    """Without max_attempts the number of turns is still bounded."""
    call = line(Endless)
    call.dial()
    for _ in range(5):
        call.wait()
        assert call.heard == ["menu"]
    call.wait()
    assert call.heard == [Endless.apology]
    assert call.record.ended
    assert "max_turns = 6 reached" in caplog.text


def test_max_turns_counts_takeovers(line):
    """A document that leads to a route again and again is stopped too."""
    call = line(Endless)
    call.dial()
    for number in range(5):
        call.post(f"/call?nonce={number}")
    call.post("/call?nonce=last")
    assert call.heard == [Endless.apology]
