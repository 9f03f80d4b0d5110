"""What ``sessions show`` prints: all that is known of one call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any
from xml.etree import ElementTree

from statechart_ivr.cli.tables import add_row, print_line, print_table, table
from statechart_ivr.record import Record

#: What JSON calls the types of its values.
_JSON_TYPES = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}


def print_session(record: Record, *, revision: int, values: bool) -> None:
    """Print what a record says.

    Args:
        record: of the call.
        revision: how often it was saved.
        values: whether to show the values of the session too.
    """
    facts = table("", "")
    facts.show_header = False
    for name, fact in _facts(record, revision):
        add_row(facts, name, fact)
    print_table(facts)
    _print_data(record.data, values)
    for job in record.jobs:
        until = datetime.fromtimestamp(job.deadline, timezone.utc).isoformat(timespec="seconds")
        print_line(f"job {job.id}: {job.method} on {job.on}, until {until}")
    for state_id, xml in record.unheard:
        print_line(f"unheard, of {state_id}", style="bold")
        _print_xml(xml)
    if record.answer is not None:
        print_line("last answer", style="bold")
        _print_xml(record.answer.body)


def _facts(record: Record, revision: int) -> Iterator[tuple[str, str]]:
    for name, value in record.call.items():
        if value:
            yield "call SID" if name == "sid" else name.replace("_", " "), value
    yield "flow", record.flow
    yield "entry", record.entry
    yield "active states", ", ".join(record.conf)
    yield "asking", ", ".join(record.asking) or "nothing"
    yield "attempts", str(record.attempts)
    for history, states in record.hist.items():
        yield f"history {history}", ", ".join(states)
    yield "language", record.lang or "the flow's own"
    yield "turns", f"{record.turns}, seq {record.seq}, revision {revision}"
    yield "ended", "yes" if record.ended else "no"


def _print_data(data: Mapping[str, Any], values: bool) -> None:
    if not data:
        print_line("the session is empty")
        return
    content = table("session", "type", "bytes", *["value"] * values, numbers=["bytes"])
    for name, value in data.items():
        text = json.dumps(value)
        add_row(content, name, _JSON_TYPES[type(value)], len(text), *[text] * values)
    print_table(content)


def _print_xml(xml: str) -> None:
    try:
        document = ElementTree.fromstring(xml)  # noqa: S314 - this package wrote it
    except ElementTree.ParseError:
        print_line(xml)
        return
    ElementTree.indent(document)
    for line in ElementTree.tostring(document, encoding="unicode").splitlines():
        print_line(f"  {line}")
