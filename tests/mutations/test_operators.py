"""Each kind of mistake, made in a small flow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutations.hunt import all_mutants
from tests.mutations.operators import OPERATORS, mutants_of
from tests.mutations.source import Mutant, Source

FLOW = '''"""A line — with a dash."""
class Line(CallFlow):
    """It has a bit of everything."""
    max_turns = 50
    class inside(State.Compound):
        menu = State(initial=True)
        room = State()
        back = HistoryState()
        back.to(menu)
    start = State(initial=True)
    end = State(final=True)
    start.to(inside, cond="is_open")
    start.to(end)
    inside.menu.to(end, event=[key("1", say="To end it, press 1."), "give_up"])
    inside.menu.to(inside.room, event=key("2", say="For a room, press star."))
    def is_open(self):
        return self.now().hour < 17
    @on_input(inside.room, examples=["12"])
    def take(self, caller_input):
        if not caller_input.digits:
            return PASS
        return "give_up"
    @routable("/call")
    @renders(inside.menu)
    def ask(self):
        return gather("Hello.", *self.choices(), num_digits=2)
    @renders(end)
    def bye(self):
        return ["Bye.", Dial("+1", timeout=20), Hangup()]
    @background(end, "hang_up.busy", timeout=5.0)
    def file(self):
        return "filed"
'''


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Return the small flow."""
    path = tmp_path / "flow.py"
    path.write_text(FLOW, "utf-8")
    return Source("line", path)


def changed(mutant: Mutant) -> dict[str, str]:
    """Return the lines that are otherwise, each with what stands there now."""
    pairs = zip(FLOW.splitlines(), mutant.text.splitlines(), strict=False)
    return {old.strip(): new.strip() for old, new in pairs if old != new}


START, OPEN = "start.to(end)", 'start.to(inside, cond="is_open")'
ONE = 'inside.menu.to(end, event=[key("1", say="To end it, press 1."), "give_up"])'
TWO = 'inside.menu.to(inside.room, event=key("2", say="For a room, press star."))'
ASK = 'return gather("Hello.", *self.choices(), num_digits=2)'
ROOM = "For a room, press star."
TAKES, FILES = (
    'on_input(inside.room, examples=["12"])',
    'background(end, "hang_up.busy", timeout=5.0)',
)
BYE = 'return ["Bye.", Dial("+1", timeout=20), Hangup()]'


@pytest.mark.parametrize(
    ("operator", "lines"),
    [
        ("drop a transition", {START: "pass"}),
        ("drop an event", {ONE: "inside.menu.to(end, event=['give_up'])"}),
        ("drop a history default", {"back.to(menu)": "pass"}),
        (
            "swap two keys",
            {ONE: ONE.replace('"1"', "'2'"), TWO: TWO.replace('"2"', "'1'")},
        ),
        ("retarget", {START: "start.to(inside)"}),
        ("swap the order", {OPEN: START, START: OPEN.replace('"', "'")}),
        ("not final", {"end = State(final=True)": "end = State()"}),
        ("remove a mark", {"@renders(end)": "@(lambda function: function)"}),
        ("remove an option of a mark", {f"@{TAKES}": "@on_input(inside.room)"}),
        ("mark for less", {f"@{FILES}": "@background(end, timeout=5.0)"}),
        ("forget PASS", {"return PASS": "return None"}),
        ("forget an event", {'return "filed"': "return None"}),
        ("negate a guard", {"return self.now().hour < 17": "return not (self.now().hour < 17)"}),
        ("drop a guard", {OPEN: "start.to(inside)"}),
        ("off by one", {"return self.now().hour < 17": "return self.now().hour < 18"}),
        ("raise max_turns", {"max_turns = 50": "max_turns = None"}),
        ("change num_digits", {ASK: ASK.replace("=2", "=3")}),
        ("raise a time", {BYE: BYE.replace("20", "200")}),
        ("drop a say=", {TWO: "inside.menu.to(inside.room, event=key('2'))"}),
        ("say another key", {TWO: TWO.replace(f'"{ROOM}"', f"'{ROOM}'").replace("star", "pound")}),
        ("say less", {ASK: "return gather(*self.choices(), num_digits=2)"}),
        ("drop a Hangup", {BYE: "return ['Bye.', Dial('+1', timeout=20)]"}),
    ],
)  # fmt: skip
def test_a_mistake(source: Source, operator: str, lines: dict[str, str]) -> None:
    """Nothing else in the source is changed."""
    made = [changed(one) for one in mutants_of(source) if one.operator == operator]
    assert lines in made


def test_no_limit_of_attempts(source: Source) -> None:
    """It stands below the docstring."""
    (mutant,) = (one for one in mutants_of(source) if one.operator == "no limit of attempts")
    assert mutant.text.splitlines()[2:5] == [
        '    """It has a bit of everything."""',
        "    max_attempts = None",
        "",
    ]


def test_where_the_checker_does_not_look(source: Source) -> None:
    """Mistakes in background work and its mark are told from others."""
    unseen = {one.what.partition(":")[0] for one in mutants_of(source) if one.is_unseen}
    assert unseen == {"Line.file"}


def test_all_of_them_in_the_examples() -> None:
    """Each kind can be made somewhere, each mistake has a name of its own, and is Python."""
    mutants = all_mutants()
    assert {one.operator for one in mutants} == {*OPERATORS}
    assert len({one.name for one in mutants}) == len(mutants)
    for mutant in mutants:
        compile(mutant.text, mutant.name, "exec")
