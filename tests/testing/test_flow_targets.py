"""What ``pytest --flow`` is told: targets, their options, and the calls that are made of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from statechart_ivr.checker import Finding
from statechart_ivr.errors import ConfigurationError
from statechart_ivr.testing.call_files import parse_calls
from statechart_ivr.testing.flow_targets import WRONG, FlowTarget, target_of
from statechart_ivr.testing.transcript import MASK
from tests.testing.test_pytest_plugin import FLOW, NOTED, SECRET

APP = """
from statechart_ivr.web import IvrApp
app = IvrApp(Search, auth_token="1", base_url="https://ivr.example.com", store="memory:")
"""


@pytest.fixture(autouse=True)
def _forget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in a folder of one's own, and forget the modules that were found there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", None)):
            del sys.modules[name]


def write(folder: Path, name: str, text: str) -> None:
    """Write a file, and the folder it is in."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("'flow.py", "No closing quotation; write TARGET --option value"),
        ("--entry /a", "TARGET stands first; write flow.py --entry /a"),
        ("", "TARGET stands first"),
    ],
)
def test_what_is_no_target(text: str, complaint: str, tmp_path: Path) -> None:
    """It is refused at once."""
    with pytest.raises(ConfigurationError) as caught:
        FlowTarget(text, tmp_path)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("--tests", "--tests has no use in tests"),
        ("--alphabet", "--alphabet has no use in tests"),
        ("--format json", "--format has no use in tests"),
        ("--help", "options for tests are wanted"),
        ("--nonsense", "No such option"),
        ("--entry /nowhere", "there is no route /nowhere; write --entry /incoming-call"),
    ],
)
def test_options_that_make_no_sense(
    options: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The complaint says what to write instead."""
    write(tmp_path, "flow.py", FLOW)
    with pytest.raises(WRONG) as caught:
        _ = FlowTarget(f"flow.py {options}", tmp_path).loaded
    assert complaint in getattr(caught.value, "message", "")
    capsys.readouterr()


def test_the_folder_counts(tmp_path: Path) -> None:
    """Everything is seen from the folder where a target is written, and the current one stays."""
    write(tmp_path, "phones/flow.py", FLOW.replace('"Goodbye."', 'self.services["word"]'))
    write(tmp_path, "phones/doubles.py", "SERVICES = {'word': 'Ciao.'}\n")
    (tmp_path / "phones/sounds").mkdir()
    options = "--services doubles.py:SERVICES --folder sounds --at 2026-02-01T09:00"
    target = FlowTarget(f"flow.py {options}", tmp_path / "phones")
    assert not target.report.findings
    (call,) = parse_calls("dial 1 dial.busy -> hears Ciao.")
    assert target.made(call)[0] == ""
    assert target.replay_line("dial 1").endswith("'dial 1' --at 2026-02-01T09:00 "
        "--services doubles.py:SERVICES --folder sounds --mount-path /static")  # fmt: skip
    assert Path.cwd().samefile(tmp_path)


def test_moments(tmp_path: Path) -> None:
    """A call comes in when its line says, or else the target's options."""
    write(tmp_path, "flow.py", FLOW.replace('"Goodbye."', 'f"It is {self.now():%H:%M}."'))
    target = FlowTarget("flow.py --at 2026-02-01T09:00", tmp_path)
    first, second = parse_calls(
        "dial 1 dial.busy -> hears 09:00\nat 2026-02-01T23:00 dial 1 dial.busy -> hears 23:00"
    )
    assert target.made(first)[0] == target.made(second)[0] == ""


def test_work(tmp_path: Path) -> None:
    """Background work is done at once, unless a call says what it comes to."""
    write(tmp_path, "flow.py", NOTED + APP)
    at_once, by_hand = parse_calls(
        'dial -> state told\ndial work found \'{"what": "x"}\' -> state told'
    )
    for name, wrong in (("flow.py:Search", ""), ("flow.py", "is in looking, not in told")):
        target = FlowTarget(name, tmp_path)
        assert target.made(at_once)[0] == wrong
        assert target.made(by_hand)[0] == ""


def test_whose_call_it_is(tmp_path: Path) -> None:
    """A file's own folder comes first, then its name; the only flow has all the rest."""
    for name in ("a/shop.py", "a/store.py", "b/other.py"):
        write(tmp_path, name, FLOW)
    targets = [FlowTarget(name, tmp_path) for name in ("a/shop.py", "a/store.py", "b/other.py")]
    shop, store, other = targets
    root = tmp_path.resolve()
    assert target_of(root / "a/shop.call", targets) is shop
    assert target_of(root / "a/store.at_night.call", targets) is store
    assert target_of(root / "b/anything.call", targets) is other
    assert target_of(root / "c/store.call", targets) is store
    assert target_of(root / "c/anything.call", [shop, FlowTarget("a/shop.py", tmp_path)]) is shop
    with pytest.raises(ConfigurationError) as caught:
        target_of(root / "a/anything.call", targets)
    assert "name it shop.call or store.call" in str(caught.value)
    assert target_of(root / "c/phones.call", [FlowTarget("os.path", tmp_path)]).place == "os.path"


def test_secrets_of_a_finding(tmp_path: Path) -> None:
    """An example of a secret is hidden where it stands, whole or as far as a Gather takes it."""
    write(
        tmp_path,
        "flow.py",
        SECRET.replace('"4711"', '"471199"').replace('== "471199"', '== "4711"'),
    )
    target = FlowTarget("flow.py", tmp_path)
    (finding,) = target.report.having("raises")
    assert "4711" in finding.call
    shown = target.shown(finding)
    assert "4711" not in shown
    assert f"call: dial {MASK}\n" in shown
    assert shown.endswith("`statechart-ivr check flow.py` prints a call in full.")


def test_a_finding_without_a_call(tmp_path: Path) -> None:
    """Where no call shows it, there is none to be replayed; the test asks the checker."""
    write(tmp_path, "flow.py", FLOW)
    found = Finding(
        "unreached-state", "Shop", "", "no call", "mend it", (), f"{tmp_path}/flow.py:7"
    )
    shown = FlowTarget("flow.py", tmp_path).shown(found)
    assert shown.startswith("error unreached-state: Shop (flow.py:7)\nno call\n-> mend it\n\nfrom")
    assert "replay" not in shown
    assert "report = check_flow(Shop)" in shown
