"""``sessions check``: what it says before a deploy."""

from __future__ import annotations

from pathlib import Path

import pytest

from statechart_ivr.cli.main import FOUND, OK, USAGE
from tests.cli.sessions.conftest import APP, FIRST, FLOW, SECOND, THIRD, Calls, lines


def test_check_finds_nothing(calls, run):
    """A version that knows all states strands nobody."""
    calls.begin(FIRST, "1")
    calls.begin(SECOND)
    calls.begin(THIRD)
    code, output, errors = run("check", "flow.py")
    assert (code, errors) == (OK, "")
    assert lines(output) == [
        "flow  states  calls  at the next input",
        "Desk  PIN         1  goes on",
        "Desk  menu        2  goes on",
        "3 live calls, none stranded",
    ]


def test_check_finds_lost_places(calls, run):
    """They come first, with the reason; the exit code stops a deploy."""
    calls.begin(FIRST, "1")
    calls.begin(SECOND)
    calls.end(SECOND)
    calls.begin(THIRD)
    code, output, errors = run("check", "next.py:Desk")
    assert code == FOUND
    assert lines(output) == [
        "flow  states          calls  at the next input",
        "Desk  open_line, PIN      1  starts again at /desk: this version has no state PIN",
        "Desk  menu                1  goes on",
    ]
    assert errors == "Error: 1 of 2 live calls would be stranded\n"


def test_check_without_calls(calls, run):
    """An empty line can be deployed to at any time; bytes put aside are no call."""
    calls.store.save("CA4.damaged", b"{", expected=None, ttl=60)
    code, output, _ = run("check", "next.py")
    assert (code, output) == (
        OK, "CA4.damaged, put aside: the record is not JSON\nno live calls\n"
    )  # fmt: skip


def test_check_counts_what_cannot_be_read(calls, run):
    """Another version of the package may have written it, and then all calls would be lost."""
    calls.begin(FIRST)
    calls.begin(SECOND)
    calls.rewrite(SECOND, v=2)
    code, output, errors = run("check", "flow.py")
    assert code == FOUND
    assert f"{SECOND}, damaged: the record is not of version 1\n" in output
    stranded = "0 of 1 live call would be stranded; 1 more cannot be read, and start again"
    assert errors.endswith(f"Error: {stranded}\n")


@pytest.mark.parametrize("store", ['"sqlite:///own.db"', 'SqliteStore("own.db")'])
def test_check_an_application(run, store):
    """Its own store is looked at, unless another one is named; the environment is not asked."""
    own = Calls("own.db")
    own.begin(FIRST)
    own.store.close()
    other = Calls("other.db")
    other.begin(FIRST)
    other.begin(SECOND)
    other.store.close()
    Path("wsgi.py").write_text(FLOW + APP.format(store=store), "utf-8")
    assert "1 live call, none stranded" in run("check", "wsgi.py")[1]
    assert "2 live calls" in run("check", "wsgi.py", "--store", "sqlite:///other.db")[1]


OTHER_STORE = """
class Other:
    def __init__(self, store):
        self._store = store
    load, save, delete, purge, calls, close = (
        property(lambda self, name=name: getattr(self._store, name))
        for name in "load save delete purge calls close".split()
    )
"""


def test_check_a_store_of_another_package(run):
    """Whatever keeps the contract can be looked into."""
    own = Calls("own.db")
    own.begin(FIRST)
    own.store.close()
    app = APP.format(store='Other(SqliteStore("own.db"))')
    Path("wsgi.py").write_text(FLOW + OTHER_STORE + app, "utf-8")
    assert "1 live call, none stranded" in run("check", "wsgi.py")[1]


def test_check_one_application_at_a_time(run):
    """Several have stores of their own."""
    mounts = "website = Bottle()\nfor one in (app, second):\n    website.mount(one.name, one)\n"
    second = APP.format(store='"memory:"').replace("app =", "second =")
    names = "app.name, second.name = '/one/', '/two/'\nfrom bottle import Bottle\n"
    text = FLOW + APP.format(store='"memory:"') + second + names + mounts
    Path("wsgi.py").write_text(text, "utf-8")
    code, _, errors = run("check", "wsgi.py:website")
    assert (code, errors) == (
        USAGE, "Error: several applications are mounted there; name one: module:name\n"
    )  # fmt: skip
