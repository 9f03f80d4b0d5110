"""Small flows, each with one bug, and with a twin in which it is mended.

A module has the classes ``Bad`` and ``Fixed`` and the list ``SEEN``: everything that the checker
says of the first one, and in what words the shortest call is written. Of the second one it says
nothing. ``OPTIONS``, if there, are more arguments of `check_flow`, and ``OPTIONS_CODE`` the same as
Python code, for the tests that are pasted.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import NamedTuple


class Seen(NamedTuple):
    """What a finding is to say.

    Attributes:
        code: of the rule.
        state: the state it is about, or nothing.
        call: the shortest call, or nothing.
    """

    code: str
    state: str
    call: str


def bad_flows() -> dict[str, ModuleType]:
    """Return the modules of this folder, by name."""
    names = [found.name for found in pkgutil.iter_modules(__path__)]
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}
