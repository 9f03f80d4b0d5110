"""How Sphinx builds these pages."""

from __future__ import annotations

from importlib.metadata import version as version_of
from typing import Any

project = "statechart_ivr"
author = "statechart_ivr contributors"
copyright = "2026, statechart_ivr contributors"
release = version = version_of("statechart-ivr")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"statechart_ivr {release}"

# Docstrings name parts of the package in single backquotes.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
# Attributes are listed with their class; on their own too, they would stand here twice.
napoleon_use_ivar = True
# Without it, from_ is read as a reference to something called "from".
strip_signature_backslash = True
myst_heading_anchors = 3

# The library makes these, or they are only a description: nobody calls them.
WITHOUT_SIGNATURE = {"CallFlow", "Call", "SessionStore"}

# A character that no docstring has.
COLON = "\ue000"


def hide_colons(
    _app: Any, what: str, _name: str, _thing: Any, _options: Any, lines: list[str]
) -> None:
    """Hide colons of an attribute's first paragraph: Napoleon reads "type: description" there."""
    if what in {"attribute", "property"}:
        end = lines.index("") if "" in lines else len(lines)
        lines[:end] = [line.replace(": ", f"{COLON} ") for line in lines[:end]]


def show_colons(
    _app: Any, _what: str, _name: str, _thing: Any, _options: Any, lines: list[str]
) -> None:
    """Undo `hide_colons`."""
    lines[:] = [line.replace(COLON, ":") for line in lines]


def hide_constructor(
    _app: Any, what: str, name: str, _thing: Any, _options: Any, _signature: str, _returns: str
) -> tuple[str, None] | None:
    """Show no constructor of a class that users do not call."""
    return ("", None) if what == "class" and name.rpartition(".")[2] in WITHOUT_SIGNATURE else None


def setup(app: Any) -> None:
    """Tell Sphinx what to call, and when: Napoleon comes at 500."""
    app.connect("autodoc-process-docstring", hide_colons, priority=400)
    app.connect("autodoc-process-docstring", show_colons, priority=600)
    app.connect("autodoc-process-signature", hide_constructor)
