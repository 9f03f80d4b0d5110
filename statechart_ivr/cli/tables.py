"""Tables for people: as wide as a terminal, and never folded where a program reads them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

#: Wider than any line; what is piped is as wide as its content.
_ENDLESS = 1_000_000
#: Words up to this length are never cut: call SIDs are so long, and are there to be copied.
_LONGEST_WORD = 34


def shown(text: str) -> str:
    r"""Return text as it may be sent to a terminal, whoever wrote it.

    >>> shown("Café\x1b[2J")
    'Café\\x1b[2J'
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def table(*columns: str, numbers: Iterable[str] = ()) -> Table:
    """Return an empty table.

    Args:
        *columns: the headings.
        numbers: those of the columns with numbers, which go to the right.
    """
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        side: Literal["left", "right"] = "right" if name in numbers else "left"
        made.add_column(name, justify=side, overflow="fold", min_width=_longest_word(name))
    return made


def add_row(to: Table, *cells: object, style: str = "") -> None:
    """Add a row of plain text."""
    texts = [shown(str(cell)) for cell in cells]
    for column, text in zip(to.columns, texts, strict=True):
        column.min_width = max(column.min_width or 0, _longest_word(text))
    to.add_row(*map(Text, texts), style=style or None)


def _longest_word(text: str) -> int:
    return min(max(map(len, text.split()), default=0), _LONGEST_WORD)


def print_table(content: RenderableType) -> None:
    """Print a table; a terminal that is too narrow for its words folds the lines itself."""
    console = Console(highlight=False)
    size = console.measure(content, options=console.options.update(width=_ENDLESS))
    console.width = max(console.width, size.minimum) if console.is_terminal else size.maximum
    console.print(content, crop=False)


def print_line(text: str, style: str = "") -> None:
    """Print one line of plain text, however long."""
    Console(highlight=False).print(Text(shown(text), style=style), soft_wrap=True)
