"""The stores that experiments are done with."""

from __future__ import annotations

import os

import pytest

from tests.durability.backends import BACKENDS, missing


def _with_its_mark(name: str) -> object:
    return pytest.param(name, marks=[] if name == "sqlite" else pytest.mark.service)


@pytest.fixture(params=map(_with_its_mark, BACKENDS))
def store(request: pytest.FixtureRequest) -> str:
    """Return the name of a store; one that is not installed is skipped at home."""
    name: str = request.param
    if why := missing(name):
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up(why)
    return name
