"""What finds a mistake, and what counts as one."""

from __future__ import annotations

import pytest

from tests.mutations.hunt import Fate, all_examples, judge
from tests.mutations.properties import broken
from tests.mutations.source import Mutant

WEATHER = all_examples()["weather_line"].source.text


def made(old: str, new: str, *, is_unseen: bool = False) -> Mutant:
    """Return the weather line with a mistake."""
    assert WEATHER.count(old) == 1
    return Mutant("weather_line", "by hand", old, WEATHER.replace(old, new), is_unseen)


@pytest.mark.parametrize(
    ("old", "new", "fate", "why"),
    [
        ('zip_code.to(goodbye, event="give_up")', "pass", Fate.EXPECTED, "dial . . .: heard"),
        ("num_digits=5", "num_digits=4", Fate.CHECKER, "unreached-state"),
        ('@routable("/weather")', '@routable("/rain")', Fate.SURVIVED, ""),
        ("forecast = State()", "forecast = State(final=True)", Fate.CLASS, "FlowDefinitionError"),
        ("forecast = State()", "forecast = Stat()", Fate.CLASS, "NameError"),
        ("zip_code = State(initial=True)", "zip_code = State('Z', initial=True)", Fate.SAME, ""),
        ('"A zip code has five digits."', '"No."', Fate.EXPECTED, 'dial 9410: heard "No. For'),
        ("timeout=20.0", "timeout=30.0", Fate.SURVIVED, ""),
    ],
)
def test_what_finds_it(old: str, new: str, fate: Fate, why: str) -> None:
    """The first that does, in its own words."""
    outcome = judge(made(old, new))
    assert (outcome.fate, outcome.why[: len(why)]) == (fate, why)


def test_where_the_checker_does_not_look_nothing_is_the_same() -> None:
    """That it sees no difference says nothing there."""
    mutant = made(
        "zip_code = State(initial=True)", "zip_code = State('Z', initial=True)", is_unseen=True
    )
    assert judge(mutant).fate is Fate.SURVIVED


def test_a_route_that_is_gone_is_found() -> None:
    """The checker is told of calls that cannot come in any more."""
    text = all_examples()["reminder"].source.text
    assert text.count('"/reminder"') == 1
    outcome = judge(Mutant("reminder", "by hand", "", text.replace('"/reminder"', '"/else"')))
    assert outcome.fate is Fate.CHECKER
    assert "Error: " in outcome.why


@pytest.mark.parametrize("name", [*all_examples()])
def test_the_examples_are_as_their_authors_expect(name: str) -> None:
    """Without a mistake nothing is found."""
    assert broken(name, all_examples()[name].proof.flows) == ""


def test_calls_that_break_are_found() -> None:
    """What raises in a call is not as expected, either."""
    outcome = judge(made('return "We do not know that zip code."', "return 1 / 0"))
    assert outcome.is_unexpected
