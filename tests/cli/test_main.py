"""The command line as a whole: help, and what the shell gets to know."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from statechart_ivr.cli import main as cli
from statechart_ivr.cli.main import FAILURE, OK, USAGE, main
from statechart_ivr.errors import ConfigurationError


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """The version is that of the installed package."""
    assert main(["--version"]) == OK
    assert capsys.readouterr().out.startswith("statechart-ivr, version ")


@pytest.mark.parametrize("command", [[], *([name] for name in cli.commands.commands)])
def test_every_help_has_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever asks for help sees how a command is typed."""
    assert main([*command, "--help"]) == OK
    assert "Example" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["serve"],
        ["serve", "flow.py", "--listen", "8080"],
        ["serve", "flow.py", "--listen", "localhost:99999"],
        ["serve", "flow.py", "--threads", "0"],
        ["serve", "no-such-file.py"],
    ],
)
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What makes no sense as typed has an exit code of its own, and a message."""
    assert main(arguments) == USAGE
    assert "Error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "message"),
    [(ConfigurationError("set this"), "Error: set this\n"), (click.Abort(), "Error: aborted\n")],
)
def test_failures(
    error: Exception,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An error of ours is one message, without a traceback."""

    @click.command()
    def fail() -> None:
        """Fail. Example: fail."""
        raise error

    monkeypatch.setitem(cli.commands.commands, "fail", fail)
    assert main(["fail"]) == FAILURE
    assert capsys.readouterr().err == message


@pytest.mark.server
def test_as_a_module() -> None:
    """``python -m statechart_ivr.cli`` is the same command, exit codes included."""
    program = [sys.executable, "-m", "statechart_ivr.cli"]
    run = subprocess.run([*program, "--help"], capture_output=True, check=True)
    assert b"Usage: statechart-ivr" in run.stdout
    run = subprocess.run([*program, "nonsense"], capture_output=True, check=False)
    assert run.returncode == USAGE
