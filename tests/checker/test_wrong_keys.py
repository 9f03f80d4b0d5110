"""Prompts of keys that name other keys."""

from __future__ import annotations

from typing import Any

import pytest
from statemachine import State

from statechart_ivr import CallFlow, gather, key, renders, routable, said
from statechart_ivr.checker import check_flow


def menu_with(first: list[Any], second: list[Any]) -> type[CallFlow]:
    """Return a flow with two choices."""

    class Menu(CallFlow):
        menu = State(initial=True)
        sales = State(final=True)
        goodbye = State(final=True)

        menu.to(sales, event=first)
        menu.to(goodbye, event=[*second, "give_up"])

        @routable("/incoming-call")
        @renders(menu)
        def ask(self):
            return gather(*self.choices(), input="dtmf speech")

        @renders(sales)
        def say_sales(self):
            return "Sales."

        @renders(goodbye)
        def say_goodbye(self):
            return "Goodbye."

    return Menu


ONE, TWO = "For sales, press 1.", "To leave, press 2."


@pytest.mark.parametrize(
    ("first", "second", "calls"),
    [
        ([key("1", say=ONE)], [key("2", say=TWO)], []),
        ([key("2", say=ONE)], [key("1", say=TWO)], ["dial 1", "dial 2"]),
        ([key("3", say=ONE)], [key("1", say="To leave, press 1.")], ["dial 1"]),
        ([key("3", say=ONE)], [key("2", say=TWO)], []),  # 1 is dead, as another finding says
        ([key("1", say="For sales, press 1; or 2 to leave.")], [key("2")], []),
        ([key("3", say="For sales, press any key.")], [key("2", say=TWO)], []),
        ([key("3", say="For sales, press 2 or any other key.")], [key("2", say=TWO)], []),
        ([*key("3", "1", say=ONE)], [key("2", say=TWO)], []),  # one of its keys is enough
        ([key("1", say=ONE)], [key("3", say=ONE)], []),  # they share it, and it is heard once
        ([key("1"), said("sales", say="Press 1, or say sales.")], [key("2", say=TWO)], []),
        ([key("3"), said("sales", say="Press 2, or say sales.")], [key("2", say=TWO)], ["dial 2"]),
        ([said("sales", say="Press 2, or say sales.")], [key("2", say=TWO)], []),  # no key's prompt
        ([key("3", say="Sales.")], [key("2", say=TWO)], []),  # names none
    ],
)
def test_whose_key_a_prompt_names(first: list[Any], second: list[Any], calls: list[str]) -> None:
    """A key that leads elsewhere, and none of its own, is a mistake; told once."""
    found = check_flow(menu_with(first, second)).having("wrong-key-said")
    assert [one.call for one in found] == calls


def test_the_message_says_which() -> None:
    """With the key it is for, the key it names, and the prompt."""
    found = check_flow(menu_with([key("3", say=ONE)], [key("1", say="To leave, press 1.")]))
    (finding,) = found.having("wrong-key-said", "menu")
    assert finding.message == (
        'the prompt of key 3 names 1, which leads elsewhere: "For sales, press 1."'
    )
