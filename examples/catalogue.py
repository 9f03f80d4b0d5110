"""The examples in which nothing happens but calls, each at the moments of its tables of inputs.

Those with background work are not among them: what is walked here is compared byte by byte with
what it was before a crash, and their records hold random ids and moments. `tests.slow_work` walks
them.
"""

from __future__ import annotations

from typing import NamedTuple

from examples.front_desk import table as front_desk
from examples.front_desk.flow import FrontDesk
from examples.lunch_line import table as lunch_line
from examples.lunch_line.flow import LunchLine
from examples.phone_tree import table as phone_tree
from examples.phone_tree.flow import PhoneTree
from examples.walks import Table
from statechart_ivr import CallFlow


class Example(NamedTuple):
    """An example at one moment.

    Attributes:
        flow: the class.
        at: when its calls come in.
        table: where everything leads that callers can do then.
    """

    flow: type[CallFlow]
    at: str
    table: Table

    def __str__(self) -> str:
        return f"{self.flow.__name__} at {self.at}"


_TABLES = {
    FrontDesk: front_desk.TABLES,
    LunchLine: lunch_line.TABLES,
    PhoneTree: phone_tree.TABLES,
}
EXAMPLES = [
    Example(flow, at, table) for flow, tables in _TABLES.items() for at, table in tables.items()
]
