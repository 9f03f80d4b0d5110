"""The commands that docs and README tell people to type do what it says there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import statechart_ivr

ADDRESS = "127.0.0.1:8080"
SERVE = "statechart-ivr serve "
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(statechart_ivr.__file__).parents[1])}

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    # Missing at home it is a pity, missing in CI a fault.
    pytest.mark.skipif(
        shutil.which("curl") is None and os.environ.get("CI") != "true",
        reason="the commands need curl",
    ),
]


def tutorial(project: Path) -> str:
    """Return the tutorial's text."""
    return (project / "docs/tutorial.md").read_text("utf-8")


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Go through the console blocks of a page: the command typed, and what is shown below it."""
    for block in re.findall(r"^```console\n\$ (.*?)^```$", text, re.MULTILINE | re.DOTALL):
        command, _, output = block.partition("\n")
        yield command, output


def without_breaks(xml: str) -> str:
    """Return XML without line breaks between its tags."""
    return re.sub(r">\n", ">", xml)


@contextmanager
def serving(command: str, folder: Path) -> Iterator[str]:
    """Serve on a free port as a command of the docs says, and give the address."""
    arguments = shlex.split(command.removeprefix(SERVE).replace(ADDRESS, "127.0.0.1:0"))
    server = subprocess.Popen(
        [sys.executable, "-m", "statechart_ivr.cli", "serve", *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    lines: list[str] = []
    try:
        for line in server.stdout:
            lines.append(line)
            if match := re.match(r"Listening on http://(\S+)", line):
                yield match[1]
                break
    finally:
        server.terminate()
        _, errors = server.communicate(timeout=30)
    assert (server.returncode, len(lines) > 1) == (0, True), errors


def shell(command: str) -> str:
    """Return what a command prints."""
    run = subprocess.run(["bash", "-c", command], capture_output=True, check=True, text=True)
    return run.stdout


def test_the_tutorials_call(project: Path, tmp_path: Path) -> None:
    """The tutorial's curl lines get the answers shown, before and after its restart."""
    text = tutorial(project)
    flow = re.search(r"^```python\n(# hello.py\n.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert flow is not None
    (tmp_path / "hello.py").write_text(flow[1], "utf-8")
    steps = list(commands(text))
    starts = [n for n, (command, _) in enumerate(steps) if command.startswith(SERVE)]
    assert len(starts) == 2
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        with serving(steps[start][0], tmp_path) as address:
            for command, shown in steps[start + 1 : end]:
                for _ in range(2):  # the second time as Twilio sends a request again
                    answer = shell(command.replace(ADDRESS, address))
                    assert answer == without_breaks(shown).rstrip()


def test_the_demos_walk(project: Path) -> None:
    """The curl lines that the demo prints walk the call that it says they do."""
    demo = (project / "scripts/demo").read_text("utf-8")
    printing = re.search(r"^turn=.*?^END$", demo, re.MULTILINE | re.DOTALL)
    target = re.search(r"statechart-ivr serve (\S+)", demo)
    assert printing is not None
    assert target is not None
    command = f"{SERVE}{target[1]} --no-validate --listen {ADDRESS} --store memory:"
    with serving(command, project) as address:
        walk = shell(f"address={address}\n{printing[0]}")
        answers = [shell(line) for line in walk.splitlines() if line.startswith("  curl ")]
    expected = ["press 2", "order number", "packed", "packed", "press 1", "Sorry", ""]
    for answer, phrase in zip(answers, expected, strict=True):
        assert phrase in answer
    assert answers[2] == answers[3]
