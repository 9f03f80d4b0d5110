"""``diff``: two files, revisions of one, and what the shell gets to know."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from statechart_ivr.cli.diff import DIFFERENCES
from statechart_ivr.cli.main import FAILURE, OK, USAGE, main
from statechart_ivr.cli.revisions import split_revision

FLOW = """
from statemachine import State
from twilio.twiml.voice_response import Hangup
from statechart_ivr import CallFlow, gather, key, renders, routable
from texts import HOURS

print("loaded")  # not among what the command prints

class Shop(CallFlow):
    apology = "Bye."

    menu = State(initial=True)
    hours = State(final=True)

    menu.to(hours, event=key("1", say="For our hours, press 1."))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return [self.services.get("hours", HOURS), Hangup()]
"""
NINE, TEN = 'HOURS = "Nine to five."\n', 'HOURS = "Ten to five."\n'


def git(*words: str) -> None:
    """Run git in the present folder."""
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    subprocess.run(["git", *who, *words], check=True, capture_output=True)


def write(folder: Path, **files: str) -> None:
    """Write Python files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, "utf-8")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository: a module that the flow imports has changed since the last commit."""
    git("init", "-q")
    write(tmp_path, flow=FLOW, texts=NINE)
    git("add", ".")
    git("commit", "-qm", "Nine")
    write(tmp_path, texts=TEN)
    return tmp_path


def changes(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, str, str]]:
    """Return what ``diff`` tells a program: call, and both sides."""
    code = main(["diff", *arguments, "--format", "json"])
    content = json.loads(capsys.readouterr().out)
    assert code == (DIFFERENCES if content["differences"] else OK)
    return [(one["call"], one["old"], one["new"]) for one in content["differences"]]


CHANGED = [("dial 1", "Nine to five.", "Ten to five.")]


def test_the_working_tree(
    repository: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One TARGET is compared with HEAD; what it imports is each version's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(repository))
    index = (repository / ".git/index").read_bytes()
    assert main(["diff", "flow.py"]) == DIFFERENCES
    out, error = capfd.readouterr()
    assert out.splitlines()[:3] == [
        "callers who press 1 now hear “Ten to five.” instead of “Nine to five.”",
        "    call: dial 1",
        "    statechart-ivr replay flow.py 'dial 1'",
    ]
    assert out.splitlines()[-1].startswith("1 difference for callers; compared ")
    assert error == "loaded\nloaded\n"
    assert (repository / ".git/index").read_bytes() == index
    assert not list(repository.glob("statechart-ivr-*"))


def test_revisions(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """OLD and NEW may be revisions, in either order, of files and of modules."""
    git("commit", "-qam", "Ten")
    assert changes(capsys, "HEAD~1:flow.py") == CHANGED
    assert main(["diff", "HEAD:flow.py:Shop", f"HEAD~1:{repository}/flow.py"]) == DIFFERENCES
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "callers who press 1 now hear “Nine to five.” instead of “Ten to five.”",
        "    call: dial 1",
        "",
    ]


def test_modules_below_a_folder(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A revision is seen from the present folder, and sys.path is that of the revision."""
    write(repository / "src/phones", __init__="", flow=FLOW.replace("texts", "phones.texts"))
    write(repository / "src/phones", texts=NINE)
    (repository / "calls").mkdir()
    git("add", ".")
    git("commit", "-qm", "Phones")
    write(repository / "src/phones", texts=TEN)
    monkeypatch.syspath_prepend(repository / "src")
    monkeypatch.chdir(repository / "calls")
    assert changes(capsys, "HEAD:phones.flow:Shop", "../src/phones/flow.py") == CHANGED


def test_two_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two files of one name, which import modules of one name, do not get mixed up."""
    write(tmp_path / "old", flow=FLOW, texts=NINE)
    write(tmp_path / "new", flow=FLOW, texts=TEN)
    assert changes(capsys, "old/flow.py", "new/flow.py") == CHANGED


def test_services_and_sounds(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Doubles and sounds are those of the revision, or else those there are."""
    write(repository, doubles="SERVICES = {'hours': 'Never.'}\n")
    (repository / "sounds").mkdir()
    options = ["--services", "doubles.py:SERVICES", "--folder", "sounds"]
    assert changes(capsys, "flow.py", *options) == []
    git("add", ".")
    git("commit", "-qm", "Doubles")
    write(repository, doubles="SERVICES = {'hours': 'Always.'}\n")
    assert main(["diff", "flow.py", *options]) == DIFFERENCES
    out = capsys.readouterr().out
    assert "now hear “Always.” instead of “Never.”" in out
    assert "replay flow.py 'dial 1' --services doubles.py:SERVICES" in out


def test_a_finding_that_is_gone(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A call that shows what was wrong before is not replayed in what is there now."""
    also = "hours.to(menu, event='x'); menu.to(hours, event='dial'); menu.to("
    asks_nothing = FLOW.replace("final=True", "").replace("menu.to(", also, 1)
    write(repository, flow=asks_nothing.replace(", Hangup()]", "]"), texts=NINE)
    git("commit", "-qam", "Asks nothing")
    write(repository, flow=FLOW)
    assert main(["diff", "flow.py"]) == DIFFERENCES
    lines = capsys.readouterr().out.splitlines()
    place = next(
        i for i, line in enumerate(lines) if line.startswith("finding mended: asks-nothing ")
    )
    assert lines[place + 1 : place + 3] == ["    call: dial 1", ""]
    place = next(i for i, line in enumerate(lines) if "unreached-transition Shop.menu: " in line)
    assert lines[place + 1] == ""  # what no call shows has none


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["HEAD:gone.py", "flow.py"], "HEAD:gone.py: there is no file "),
        (["nowhere:flow.py", "flow.py"], "git rev-parse --verify "),
        (["flow.py", "--entry", "/gone"], "there is no route /gone; write --entry /incoming-call"),
    ],
)
@pytest.mark.usefixtures("repository")
def test_what_makes_no_sense(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file, revision or route that is not there is named, and paths are those of the project."""
    assert main(["diff", *arguments]) == USAGE
    error = capsys.readouterr().err
    assert message in error
    assert "/tree/" not in error


def test_no_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a repository, or git, a revision makes no sense."""
    write(tmp_path, flow=FLOW, texts=NINE)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert main(["diff", "flow.py"]) == USAGE
    assert "git rev-parse --show-toplevel: fatal: not a git repository" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["diff", "flow.py"]) == USAGE
    assert "there is no command git" in capsys.readouterr().err


def test_a_flow_that_is_defined_wrongly(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The version that cannot be made is named, with what is wrong."""
    write(repository, flow=FLOW.replace("menu.to(hours", "menu.to(menu"))
    assert main(["diff", "flow.py"]) == FAILURE
    assert "Error: flow.py: " in capsys.readouterr().err


def test_a_process_that_ends(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A flow that ends its process is told of as such."""
    write(repository, flow="import os\nos._exit(0)\n")
    assert main(["diff", "flow.py"]) == FAILURE
    assert "flow.py: the process that had it has ended" in capsys.readouterr().err


def test_what_is_refused_later(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An error of the package in the other process is said, with the version."""
    broken = "import statechart_ivr.checker.side as side\ndef check_flow(*_, **__):\n"
    broken += "    from statechart_ivr.errors import IvrError\n    raise IvrError('no way')\n"
    write(repository, flow=f"{FLOW}\n{broken}side.check_flow = check_flow\n")
    assert main(["diff", "flow.py"]) == FAILURE
    assert "Error: flow.py: no way" in capsys.readouterr().err


def test_modules_that_are_shared(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A revision that imports the working tree's modules is refused: it would compare nothing."""
    reach = f"import sys\nsys.path.insert(0, {str(repository)!r})\n"
    write(repository, flow=reach + FLOW)
    git("commit", "-qam", "Reach out")
    assert main(["diff", "flow.py"]) == USAGE
    error = capsys.readouterr().err
    assert f"HEAD:flow.py: texts was imported from {repository}/texts.py, not from HEAD" in error


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("flow.py", ("", "flow.py")),
        ("flow.py:Shop", ("", "flow.py:Shop")),
        ("phones.flow:Shop", ("", "phones.flow:Shop")),
        ("phones.flow", ("", "phones.flow")),
        ("HEAD:flow.py", ("HEAD", "flow.py")),
        ("v1.0:phones/flow.py:Shop", ("v1.0", "phones/flow.py:Shop")),
        ("main:phones.flow:Shop", ("main", "phones.flow:Shop")),
        ("main:phones.flow", ("main", "phones.flow")),
        ("odd:name.py", ("", "odd:name.py")),
    ],
)
def test_where_the_revision_ends(text: str, parts: tuple[str, str], tmp_path: Path) -> None:
    """A revision stands before a TARGET; what is one by itself has none, a file above all."""
    write(tmp_path, **{"odd:name": ""})
    assert split_revision(text) == parts
