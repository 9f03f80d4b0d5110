"""The browser: tests rely on it to see nothing but this machine, and to leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.service, pytest.mark.slow]

OWNER = """
    import time
    from tests.services import browser

    with browser.running():
        print("running", flush=True)
        time.sleep(600)
"""


@pytest.mark.parametrize("host", ["example.com", "192.0.2.1", "[2001:db8::1]"])
def test_no_other_machine(browser: Browser, host: str) -> None:
    """Neither a name nor an address of another machine is looked for."""
    with browser.new_context() as context:
        page = context.new_page()
        with pytest.raises(Exception, match="ERR_PROXY_CONNECTION_FAILED"):
            page.goto(f"http://{host}/")


@pytest.mark.usefixtures("browser")
def test_ends_with_its_owner() -> None:
    """When the tests' process is killed, the browser ends as well."""
    owner = subprocess.Popen(
        [sys.executable, "-c", dedent(OWNER)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "running\n"
    family = descendants(owner.pid)
    assert any("chromium" in command for command in family.values())
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    while any(command_of(pid) == command for pid, command in family.items()):
        time.sleep(0.02)


def descendants(ancestor: int) -> dict[int, str]:
    """Return the processes that a process has made, and those that they have: their commands."""
    family = {ancestor}
    for _ in range(8):
        family |= {pid for pid, parent in parents().items() if parent in family}
    return {pid: command_of(pid) for pid in family - {ancestor}}


def parents() -> dict[int, int]:
    """Return all processes, and which one has made each."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def command_of(pid: int) -> str:
    """Return how a process was called; nothing for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
