"""What README and docs show is run, and what they list is compared with the package.

Python blocks of a page share one namespace. A block that starts with ``# name.py`` is that file;
the tutorial's ``hello.py`` can be imported by all pages. Console blocks of the tutorial are run
against a server.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

import statechart_ivr
from statechart_ivr import checker, errors, events, rest, runners, stores, testing, web
from statechart_ivr.checker import notation
from statechart_ivr.cli import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> Iterator[tuple[int, str]]:
    """Go through a page's code in one language: number of its first line, and the code."""
    text = page.read_text("utf-8")
    for match in FENCE.finditer(text):
        if match[1] == language:
            yield text.count("\n", 0, match.start(2)) + 1, match[2]


def name_of(code: str) -> str | None:
    """Return the file name that a block starts with."""
    match = re.match(r"# (\w+\.py)\n", code)
    return match and match[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder, current and importable, with the tutorial's file in it."""
    for _, code in blocks(ROOT / "docs/tutorial.md", "python"):
        if name := name_of(code):
            (tmp_path / name).write_text(code, "utf-8")
            monkeypatch.delitem(sys.modules, name.removesuffix(".py"), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for variable in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "IVR_BASE_URL", "IVR_STORE"):
        monkeypatch.setenv(variable, "")  # so that what a page sets is taken back
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PAGES if any(blocks(page, "python"))],
                         ids=lambda page: str(page.relative_to(ROOT)))  # fmt: skip
@pytest.mark.usefixtures("folder")
def test_python_blocks_run(page: Path) -> None:
    """Every Python block runs as it stands, and the tests in it pass."""
    namespace: dict[str, object] = {"__name__": f"page_{page.stem.replace('-', '_')}"}
    for line, code in blocks(page, "python"):
        exec(compile("\n" * (line - 1) + code, str(page), "exec"), namespace)  # noqa: S102 - ours
    for name, thing in namespace.items():
        if name.startswith("test_") and callable(thing):
            thing()


@pytest.mark.slow
def test_flows_in_pytest(folder: Path) -> None:
    """The page on pytest: its commands, its settings and its calls, of the tutorial's flow."""
    page = ROOT / "docs/how-to/pytest.md"
    ((_, calls),) = blocks(page, "text")
    (folder / "hello.call").write_text(calls, "utf-8")
    (folder / "doubles.py").write_text("SERVICES = {}", "utf-8")
    kinds = len(checker.RULES) + 1
    for _, typed in blocks(page, "console"):
        assert f"{kinds + 1} passed" in pytest_on(shlex.split(typed.removeprefix("$ "))[1:])
    (folder / "hello.call").unlink()
    code = (folder / "hello.py").read_text("utf-8")
    (folder / "flow.py").write_text(code, "utf-8")
    (folder / "reminder.py").write_text(code.replace("/incoming-call", "/reminder"), "utf-8")
    (settings,) = (shown for _, shown in blocks(page, "ini") if "[tox]" not in shown)
    (folder / "pytest.ini").write_text(settings, "utf-8")
    assert f"{2 * kinds} passed" in pytest_on([])


def pytest_on(arguments: list[str]) -> str:
    """Return what pytest prints in the current folder."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_readme_and_tutorial_show_one_flow() -> None:
    """The flow on the first screen is the tutorial's, but for docstrings and comments."""
    readme, tutorial = (
        next(code for _, code in blocks(page, "python"))
        for page in (PAGES[0], ROOT / "docs/tutorial.md")
    )
    assert bare(readme) == bare(tutorial)


def bare(code: str) -> list[str]:
    """Return lines of code without comments, docstrings and empty lines."""
    lines = (re.sub(r"\s+# .*|^\s*\"\"\".*", "", line) for line in code.splitlines())
    return [line for line in lines if line.strip()]


def test_the_two_commands_are_on_the_first_screen() -> None:
    """README shows both commands early, and they can be run."""
    first_screen = PAGES[0].read_text("utf-8").splitlines()[:48]
    for command in ("scripts/demo", "scripts/test"):
        assert any(line.startswith(command) for line in first_screen)
        assert (ROOT / command).stat().st_mode & 0o111


def test_links_lead_somewhere() -> None:
    """README's links into the project have targets."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGES[0].read_text("utf-8"))
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def event_rows() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Go through the event table of the reference: id, kind, keyword arguments."""
    text = (ROOT / "docs/reference/events.md").read_text("utf-8")
    text = text.replace("`key.0` … `key.9`", ", ".join(f"`key.{digit}`" for digit in range(10)))
    for ids, kind, keywords in re.findall(
        r"^\| (`.*?) \| (\w+) \| .* \| (.*?) ?\|$", text, re.MULTILINE
    ):
        for event in re.findall(r"`(.+?)`", ids):
            yield event, kind, tuple(re.findall(r"`(\w+)`", keywords))


def test_the_event_table() -> None:
    """The reference lists the events there are, with kind and keyword arguments."""
    assert list(event_rows()) == [(row.id, row.kind.value, row.keywords) for row in events.EVENTS]


def test_the_findings() -> None:
    """The reference lists the rules there are, in their order, with severity and title."""
    page = (ROOT / "docs/reference/findings.md").read_text("utf-8")
    shown = re.findall(r"^\| `([a-z-]+)` \| (\w+) \| (.+?) \| .+ \|$", page, re.MULTILINE)
    rules = checker.RULES.values()
    assert shown == [(rule.code, rule.severity.value, rule.title) for rule in rules]


def notation_rows() -> Iterator[tuple[str, str]]:
    """Go through what the reference says can be written in a call, and the method for it."""
    page = (ROOT / "docs/reference/notation.md").read_text("utf-8")
    for forms, method in re.findall(r"^\| (`.+?`) \| .+ \| `(\w+)` \|$", page, re.MULTILINE):
        for form in re.findall(r"`(.+?)`", forms):
            yield form, method


@pytest.mark.parametrize(("form", "method"), [*notation_rows()])
def test_the_notation(form: str, method: str) -> None:
    """What the reference shows can be read, means what it says, and is written so again."""
    call = form if form.split(maxsplit=1)[0] == "dial" else f"dial {form}"
    step = notation.parse_call(call)[-1]
    assert step.code().startswith(f"{method}(")
    assert notation.parse_call(f"dial {step}" if step.verb != "dial" else str(step))[-1] == step


def test_all_of_the_notation_is_shown() -> None:
    """Every word that the parser knows is in the reference, and every result of a Dial."""
    shown = {form.split()[0] for form, _ in notation_rows()}
    words = {word.partition(".")[0] for word in shown}
    with pytest.raises(errors.NotationError) as caught:
        notation.parse_call("dial nonsense")
    known = str(caught.value).partition("there is ")[2].split()
    assert {one.partition(".")[0] for one in known} - {"KEYS"} <= words | {""}
    with pytest.raises(errors.NotationError) as caught:
        notation.parse_call("dial dial.nonsense")
    assert set(str(caught.value).partition("there is ")[2].split(", ")) <= shown


def subcommands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Go through the commands that can be typed, each with its words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from subcommands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def test_the_command_line() -> None:
    """The reference lists the options that each command has, in the order of its help."""
    page = (ROOT / "docs/reference/command-line.md").read_text("utf-8")
    sections = re.findall(r"^## `([a-z -]+).*`\n([^#]*)", page, re.MULTILINE)
    shown = {
        words.strip(): re.findall(r"^\| `(--[a-z-]+)[ `]", text, re.MULTILINE)
        for words, text in sections
    }
    assert shown == {
        words: [one for option in command.params for one in option.opts if one.startswith("--")]
        for words, command in subcommands(main.commands, "statechart-ivr")
    }


@pytest.mark.parametrize(
    "module",
    [statechart_ivr, checker, rest, runners, stores, testing, web],
    ids=lambda m: m.__name__,
)
def test_the_api(module: ModuleType) -> None:
    """The reference has an entry for every public name; it shows all errors by itself."""
    page = (ROOT / "docs/reference/api.md").read_text("utf-8")
    section = page.partition(f".. module:: {module.__name__}\n")[2].partition(".. module::")[0]
    shown = set(re.findall(r"^\.\. [\w:]+:: (\w+)$", section, re.MULTILINE))
    assert {name for name in module.__all__ if not hasattr(errors, name)} <= shown


def test_the_exit_codes() -> None:
    """The reference lists the codes that the command line returns."""
    page = (ROOT / "docs/reference/command-line.md").read_text("utf-8")
    shown = re.findall(r"^\| (\d) \|", page, re.MULTILINE)
    assert [int(code) for code in shown] == [main.OK, main.FAILURE, main.FOUND, main.USAGE]
