"""TARGET: which flow or application a command is about, and what it says when there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from statechart_ivr.cli.target import ivr_apps, load_target
from statechart_ivr.errors import FlowDefinitionError, TargetError

FLOW = """
from statemachine import State
from statechart_ivr import CallFlow, renders, routable

class Base(CallFlow):
    '''Brings no states.'''

class {name}(Base):
    hello = State(initial=True, final=True)

    @routable("/{path}")
    @renders(hello)
    def say_hello(self):
        return "Hello."
"""
ONE = FLOW.format(name="One", path="one")
TWO = ONE + FLOW.format(name="Two", path="two")
APP = """
from bottle import Bottle
from statechart_ivr.stores.memory import MemoryStore
from statechart_ivr.web import IvrApp

def build(*flows):
    return IvrApp(*flows, validate=False, store=MemoryStore())
"""


def write(path: str, text: str) -> None:
    """Write a file below the working folder."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def names(target: str) -> list[str]:
    """Return the names of the flows a TARGET leads to."""
    return [flow.__name__ for flow in load_target(target).flows]


@pytest.mark.parametrize("target", ["phones/flow.py:Two", "phones.flow:Two"])
def test_a_flow_by_name(target: str) -> None:
    """A flow is found in a file, and in a module below the working folder."""
    write("phones/flow.py", TWO)
    assert names(target) == ["Two"]


@pytest.mark.parametrize("target", ["flow.py", "flow"])
def test_all_flows_of_a_module(target: str) -> None:
    """Without a name all flows defined there are meant, not bases without states or imports."""
    write("other.py", FLOW.format(name="Imported", path="imported"))
    write("flow.py", f"from other import Imported\n{TWO}\nAgain = One")
    assert names(target) == ["One", "Two"]


def test_an_application_by_name() -> None:
    """An application is taken as it is."""
    write("wsgi.py", f"{ONE}{APP}\nserved = build(One)")
    target = load_target("wsgi:served")
    assert target.flows == ()
    assert ivr_apps(target.app) == (target.app,)


def test_the_only_application() -> None:
    """Without a name an application wins over the flows it serves."""
    write("wsgi.py", f"{ONE}{APP}\nserved = also = build(One)\nplain = Bottle()")
    assert ivr_apps(load_target("wsgi.py").app)


def test_the_application_named_app() -> None:
    """Of several applications the one named app is meant; one may be mounted in it."""
    write("wsgi.py", f"{ONE}{APP}\nivr = build(One)\napp = Bottle()\napp.mount('/ivr/', ivr)")
    target = load_target("wsgi.py")
    module = sys.modules["wsgi"]
    assert target.app is module.app
    assert ivr_apps(target.app) == (module.ivr,)


def test_the_outermost_application() -> None:
    """An application that is mounted in another one there is served by way of that."""
    mounting = "ivr = build(One)\nouter = Bottle()\nouter.mount('/ivr/', ivr)"
    write("wsgi.py", f"{ONE}{APP}\n{mounting}\nmore = Bottle()\nmore.mount('/more/', outer)")
    target = load_target("wsgi.py")
    module = sys.modules["wsgi"]
    assert target.app is module.more
    assert ivr_apps(target.app) == (module.ivr,)


def test_two_files_of_one_name() -> None:
    """Files of the same name in different folders are different modules, each imported once."""
    write("a/flow.py", ONE)
    write("b/flow.py", FLOW.format(name="Other", path="other"))
    assert (names("a/flow.py"), names("b/flow.py")) == (["One"], ["Other"])
    assert load_target("b/flow.py") == load_target("b/flow.py")


def test_two_files_of_one_folder() -> None:
    """The folder is searched once for both."""
    write("a/one.py", ONE)
    write("a/two.py", FLOW.format(name="Other", path="other"))
    assert (names("a/one.py"), names("a/two.py")) == (["One"], ["Other"])
    assert sys.path.count(str(Path("a").resolve())) == 1


def test_neighbours_can_be_imported() -> None:
    """A file may import what lies beside it."""
    write("phones/words.py", "GREETING = 'Hello.'")
    write("phones/flow.py", f"from words import GREETING\n{ONE}")
    assert names("phones/flow.py") == ["One"]


@pytest.mark.parametrize(
    ("target", "text", "complaint"),
    [
        ("missing.py", "", "there is no file .*missing.py"),
        ("missing", "", "no module 'missing' below .*; a file is written with .py"),
        ("missing.flow:One", "", "no module 'missing' below"),
        ("flow.py:Tow", TWO, "named Tow in flow.py: no Tow; found there: One, Two"),
        ("flow.py:State", ONE, "named State in flow.py: State is <class .*; found there: One"),
        ("flow.py", "x = 1", "a CallFlow or an IvrApp in flow.py; found there: neither"),
        (
            "flow.py",
            f"{ONE}{APP}\na = build(One)\nb = build(One)",
            "there are several; write which: flow.py:a; found there: a, b, One",
        ),
        ("flow.py", "def f(:", r"importing flow.py failed at .*flow.py:1: SyntaxError"),
        ("flow", "x = 1\ny = z", r"importing flow failed at .*flow.py:2: NameError: name 'z'"),
        ("flow", "import nowhere", r"importing flow failed at .*flow.py:1: ModuleNotFound"),
        ("flow.py", "import nowhere", r"importing flow.py failed at .*:1: ModuleNotFound"),
    ],
)
def test_nothing_of_use(target: str, text: str, complaint: str) -> None:
    """The error says what was looked for, where, and what was found instead."""
    if text:
        write("flow.py", text)
    with pytest.raises(TargetError, match=complaint):
        load_target(target)


@pytest.mark.parametrize("name", ["One", "Dentist"])
def test_a_flow_that_is_only_imported(name: str) -> None:
    """What is imported is taken by name only, and the error says how to write it."""
    write("other.py", ONE)
    write("none.py", f"from other import One as {name}, Base")
    complaint = f"found there: neither; {name} is imported there: write none.py:{name}"
    with pytest.raises(TargetError, match=complaint):
        load_target("none.py")
    assert names(f"none.py:{name}") == ["One"]


@pytest.mark.parametrize("target", ["flow", "flow.py"])
def test_a_flow_that_is_wrong(target: str) -> None:
    """Problems of a definition are shown as they are, and a mended file is read again."""
    write("flow.py", ONE.replace('"/one"', '"one"'))
    with pytest.raises(FlowDefinitionError):
        load_target(target)
    assert "flow" not in sys.modules
