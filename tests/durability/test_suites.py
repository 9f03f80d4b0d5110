"""Suites are counted, and what fails in them is named."""

from __future__ import annotations

from tests.durability.figures import Figures
from tests.durability.suites import PROJECT, SUITES, counted

REPORT = b"""<testsuites><testsuite>
<testcase classname="tests.test_a" name="test_one" />
<testcase classname="tests.test_a" name="test_two"><skipped /></testcase>
<testcase classname="tests.test_a" name="test_three"><failure /></testcase>
<testcase classname="tests.test_b" name="test_four"><error /></testcase>
</testsuite></testsuites>"""


def test_what_is_counted():
    """Tests that were run, tests that were not, and the names of those that failed."""
    assert counted("a", REPORT) == Figures(
        "a",
        {"tests": 3, "tests that do not apply": 1},
        ["tests.test_a.test_three", "tests.test_b.test_four"],
    )


def test_the_suites_are_there():
    """A suite that was moved would count nothing."""
    assert all((PROJECT / path).exists() for paths in SUITES.values() for path in paths)
