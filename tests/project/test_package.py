"""What is installed is whole, and is what the tests run on."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import re
import sysconfig
from configparser import ConfigParser
from importlib import metadata
from pathlib import Path

import pytest

import statechart_ivr

#: Imported by Dramatiq's program only, and for an application.
WORKER = "statechart_ivr.runners.worker"
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(statechart_ivr.__path__, "statechart_ivr.")
    if module.name != WORKER
)


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="only tox installs the wheel")
def test_the_wheel_is_tested() -> None:
    """Under tox the package comes from site-packages, never from the checkout."""
    installed = Path(sysconfig.get_path("purelib")).resolve()
    assert installed in Path(statechart_ivr.__file__).resolve().parents


def test_types_are_published() -> None:
    """The marker that lets type checkers read our annotations is part of the package."""
    assert Path(statechart_ivr.__file__).with_name("py.typed").is_file()


def test_no_test_is_left_out(project: Path) -> None:
    """What is left out where coverage is measured is what the sweeps' environment runs."""
    tox = ConfigParser(interpolation=None)
    tox.read(project / "tox.ini", encoding="utf-8")
    with_coverage, sweeps = (tox[f"testenv:{name}"]["commands"] for name in ("py311", "sweeps"))
    left_out = re.findall(r"--ignore=(\S+)", with_coverage)
    assert left_out == re.findall(r"\btests/\S+", sweeps)
    assert all((project / folder).is_dir() for folder in left_out)
    environments = tox["tox"]["env_list"].split(", ")
    assert {"py311", "sweeps"} <= set(environments)


def test_the_changelog_knows_the_version(project: Path) -> None:
    """The newest entry of the change log is the version of the package."""
    headings = [
        line.split()[1].strip("[]")
        for line in (project / "CHANGELOG.md").read_text("utf-8").splitlines()
        if line.startswith("## ")
    ]
    assert headings[0] == statechart_ivr.__version__


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="only tox installs the wheel")
def test_the_command_is_installed() -> None:
    """The console script of setup.cfg can be loaded."""
    (command,) = metadata.entry_points(group="console_scripts", name="statechart-ivr")
    assert callable(command.load())


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings(module: str) -> None:
    """What a docstring shows is what happens."""
    # Flows in docstrings are a user's, so they must not seem to be the module's own.
    name = {"__name__": f"docstrings_of_{module.replace('.', '_')}"}
    assert doctest.testmod(importlib.import_module(module), extraglobs=name).failed == 0


def test_every_public_name_is_there() -> None:
    """Everything the root promises can be imported from it."""
    assert [name for name in statechart_ivr.__all__ if not hasattr(statechart_ivr, name)] == []
    assert set(statechart_ivr.__all__) <= set(dir(statechart_ivr))
