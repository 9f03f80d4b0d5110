"""The command, and what it prints."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tests.mutations import __main__ as command
from tests.mutations.hunt import Fate, Outcome
from tests.mutations.source import Mutant
from tests.mutations.tally import Tally


def outcomes(*fates: Fate) -> list[Outcome]:
    """Return what became of some mistakes."""
    return [
        Outcome(Mutant("line", "drop", f"[{number}]", ""), fate)
        for number, fate in enumerate(fates)
    ]


@pytest.mark.slow
def test_the_mistakes_of_one_example():
    """A table, and the exit code 0."""
    done = CliRunner().invoke(command.main, ["voicemail", "--small"])
    assert done.exit_code == 0, done.output
    assert "| drop a transition | 1 |" in done.output
    assert "found: 100.0%" in done.output


def test_what_survives(monkeypatch: pytest.MonkeyPatch):
    """It is listed with its reason; without one the exit code is 1."""
    made = [*outcomes(*[Fate.CLASS] * 30, Fate.SURVIVED, Fate.SAME)]
    tally = Tally(made, {"line: drop: [30]": "for a reason"})
    monkeypatch.setattr(command, "run", lambda **_: tally)
    done = CliRunner().invoke(command.main, ["--same"])
    assert done.exit_code == 0, done.output
    assert "survived: line: drop: [30]: for a reason" in done.output
    assert "no difference: line: drop: [31]" in done.output
    tally.explained = {}
    done = CliRunner().invoke(command.main, [])
    assert done.exit_code == 1
    assert "survived, and nobody says why: line: drop: [30]" in done.output
    assert "no difference: " not in done.output
