"""What prompts offer, and what leads somewhere."""

from __future__ import annotations

from typing import Any

import pytest
from statemachine import State
from twilio.twiml.voice_response import Play, Say

from statechart_ivr import PASS, CallFlow, document, gather, key, on_input, renders, routable, said
from statechart_ivr.checker import check_flow


def menu_with(question: Any, events: list[Any], *, handles: bool = False) -> type[CallFlow]:
    """Return a flow that asks one question, with or without a handler for 7 and for "more"."""

    class Handled(CallFlow):
        menu = State(initial=True)
        goodbye = State(final=True)

        menu.to(goodbye, event=[*events, "give_up"])

        @routable("/incoming-call")
        @renders(menu)
        def ask(self):
            return question

        @renders(goodbye)
        def say_goodbye(self):
            return "Goodbye."

        if handles:

            @on_input(menu)
            def take(self, caller_input):
                is_mine = "7" in (caller_input.digits, caller_input.speech)
                return "give_up" if is_mine else PASS

    return Handled


def seen(flow: type[CallFlow], **options: Any) -> list[str]:
    """Return what is said of the prompts of a flow."""
    report = check_flow(flow, **options)
    found = [*report.having("dead-key-said"), *report.having("unsaid-key")]
    return [f"{one.code} {one.state}: {one.call}" for one in found]


@pytest.mark.parametrize(
    ("question", "events", "calls"),
    [
        (gather("Press 1."), [key("1")], []),
        (gather("Press 1 or 3."), [key("1")], ["dial 3"]),
        (gather("Press star."), [key("*")], []),
        (gather("Press star."), [], ["dial *"]),
        (gather("Press 12.", num_digits=None), [], ["dial 12#"]),
        (gather("Press 12."), [], ["dial"]),  # the Gather takes one key
        (gather("Press pound.", num_digits=None), [], []),  # which ends the input
        (gather("Press 3."), [key()], []),
        (gather("Press 3."), ["digits"], []),
        (gather("Press 3 or say no.", input="speech"), [said("no")], ["dial"]),
        (gather("Press 3.", input="speech"), [key("3")], []),  # which never comes: said elsewhere
        (gather("Press any key."), [key("1")], ["dial 9"]),
        (gather("Press any key."), [key()], []),
        (gather("Press 1, or any other key to leave."), [key("1")], ["dial 9"]),
        (gather("Press 1, or any other key to leave."), [key("1"), "no_match"], []),
        (gather("Press any other key."), [*key("0", *"123456789", "*", "#")], ["unsaid"]),
        (gather("Say yes or no."), [said("yes")], ["dial"]),
        (gather("Say yes or no."), [said("yes", "no")], []),
        (gather("Say yes, please."), [said()], []),
        (gather(Say("Press 3.", language="de-DE")), [], []),
        (gather("Press 1.", Say("Press 3.", language="en-GB")), [key("1")], ["dial 3"]),
    ],
)
def test_what_is_offered_and_leads_nowhere(
    question: Any, events: list[Any], calls: list[str]
) -> None:
    """Whatever a prompt offers is tried; nothing may come of it only where that is meant."""
    found = seen(menu_with(question, events))
    dead = [one.partition(": ")[2] for one in found if one.startswith("dead")]
    assert dead == [call for call in calls if call != "unsaid"]


@pytest.mark.parametrize(
    ("question", "events", "calls"),
    [
        (gather("Hello."), [key("1")], ["dial 1"]),
        (gather("Hello."), [*key("1", "2")], ["dial 1", "dial 2"]),
        (gather("Hello."), [key()], []),  # catches what is wrong, and is no choice
        (gather("Press any key."), [key("1"), key()], []),
        (gather(Play("/menu.mp3")), [key("1")], []),
        (gather(Say("Bonjour.", language="fr-FR")), [key("1")], []),
        (gather("For sales, press 1."), [key("1"), said("sales")], []),
        (gather("Hello."), [said("sales")], ["dial say sales"]),
        (gather("Sales, please."), [said("buy something", "sales")], []),
        (gather("Hello.", input="dtmf"), [said("sales")], []),  # which never comes
    ],
)
def test_what_leads_somewhere_and_is_not_said(
    question: Any, events: list[Any], calls: list[str]
) -> None:
    """Keys, and one wording of each choice, have to be said, where it can be known what is said."""
    found = seen(menu_with(question, events))
    assert [one.partition(": ")[2] for one in found if one.startswith("unsaid")] == calls


def test_handlers_may_take_what_is_offered() -> None:
    """A key is tried with the handler; of words, it is not known what it understands."""
    flow = menu_with(gather("Press 7 or 8, or say more.", input="dtmf speech"), [], handles=True)
    assert seen(flow) == ["dead-key-said menu: dial 8"]


def test_what_was_heard_before_counts() -> None:
    """A question that is only repeated in short has been asked in full; in another state, not."""

    class Short(CallFlow):
        menu = State(initial=True)
        other = State()
        goodbye = State(final=True)

        menu.to(other, event=[key("1")])
        other.to(goodbye, event=[key("1"), "give_up"])
        menu.to(goodbye, event="give_up")

        @routable("/incoming-call")
        @renders(menu)
        def ask(self):
            return gather("What now?" if self.attempts else "Press 1.")

        @renders(other)
        def ask_more(self):
            return gather("And now?")

        @renders(goodbye)
        def say_goodbye(self):
            return "Goodbye."

    assert seen(Short) == ["unsaid-key other: dial 1 1"]


def test_documents_that_lead_on_are_heard() -> None:
    """What is said before a redirect is said, too."""

    class Greeting(CallFlow):
        hello = State(initial=True)
        menu = State()
        goodbye = State(final=True)

        hello.to(menu, event=[key("2"), "give_up"])
        menu.to(goodbye, event=[key("1"), "give_up"])

        @routable("/incoming-call")
        @renders(hello)
        def greet(self):
            return document("<Response><Say>Press 1.</Say><Redirect>/menu</Redirect></Response>")

        @routable("/menu")
        @renders(menu)
        def ask(self):
            return gather("Choose.")

        @renders(goodbye)
        def say_goodbye(self):
            return "Goodbye."

    report = check_flow(Greeting)
    assert [one.call for one in report.having("unsaid-key")] == ["dial /menu 1"]


def test_in_the_end_nothing_leads_anywhere() -> None:
    """A final state that asks something gets no answer."""

    class Over(CallFlow):
        menu = State(initial=True)
        goodbye = State(final=True)

        menu.to(goodbye, event=[key("1", say="To end, press 1."), "give_up"])

        @routable("/incoming-call")
        @renders(menu)
        def ask(self):
            return gather(*self.choices())

        @renders(goodbye)
        def say_goodbye(self):
            return gather("To go back, press 2.")

    assert seen(Over) == ["dead-key-said goodbye: dial 1 2"]


def test_a_key_that_raises_is_no_dead_key() -> None:
    """What raises is told as that."""

    class Raising(CallFlow):
        menu = State(initial=True)
        goodbye = State(final=True)

        menu.to(goodbye, event=["give_up", "more"])

        @routable("/incoming-call")
        @renders(menu)
        def ask(self):
            return gather("Press 3.")

        @on_input(menu)
        def take(self, caller_input):
            return {"3": 3}.get(caller_input.digits, PASS)

        @renders(goodbye)
        def say_goodbye(self):
            return "Goodbye."

    assert seen(Raising) == []
    assert check_flow(Raising).having("raises")
