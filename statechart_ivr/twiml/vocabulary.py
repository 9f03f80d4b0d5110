"""Which verbs, attributes and nestings Twilio knows, as far as twilio-python knows them.

twilio-python accepts anything: ``gather(num_digit=1)`` and a Gather inside a Gather go out
without a word. Its classes still say what there is, so the vocabulary is read off them.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

from twilio.twiml import TwiML, voice_response

#: Twilio's warning for whatever its schema does not have (the document is still executed).
SCHEMA_WARNING = 12200
#: Its warnings for what a Gather and a Dial cannot hold.
INVALID_NESTING = {"Gather": 13320, "Dial": 13215}


class Remark(NamedTuple):
    """What Twilio's console would say about a document.

    Attributes:
        number: Twilio's error number.
        message: what is wrong; what to write.
    """

    number: int
    message: str


class Verb(NamedTuple):
    """What may stand on and in one element."""

    attributes: frozenset[str]
    children: frozenset[str]


@cache
def vocabulary() -> Mapping[str, Verb]:
    """Return all elements by name; elements of one name in several places are merged."""
    attributes: dict[str, set[str]] = {"Response": set()}
    children: dict[str, set[str]] = {}
    for kind in vars(voice_response).values():
        if not inspect.isclass(kind) or kind is TwiML or not issubclass(kind, TwiML):
            continue
        parent = _made(kind).name
        inside = children.setdefault(parent, set())
        for child in _nestable(kind):
            inside.add(child.name)
            attributes.setdefault(child.name, set()).update(child.attrs)
    # Response.prompt() is a slip of the generator: a Prompt stands in a Pay only.
    children["Response"].discard("Prompt")
    return MappingProxyType(
        {
            name: Verb(frozenset(known), frozenset(children.get(name, ())))
            for name, known in attributes.items()
        }
    )


def _made(kind: Callable[..., TwiML]) -> TwiML:
    return kind(*["x"] * _required(kind))


def _required(function: Callable[..., Any]) -> int:
    parameters = inspect.signature(function).parameters.values()
    return sum(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)


def _nestable(kind: type[TwiML]) -> Iterator[TwiML]:
    """Nest everything the class has a method for, with every attribute the method takes."""
    for name, method in vars(kind).items():
        if name.startswith("_") or not inspect.isfunction(method):
            continue
        parameters = list(inspect.signature(method).parameters.values())[1:]
        named = {p.name: "x" for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD}
        parent = _made(kind)
        method(parent, **named)
        yield from (child for child in parent.verbs if isinstance(child, TwiML))  # or mere text


def remarks(root: Element) -> list[Remark]:
    """Return what Twilio would warn about in a document: unknown names, nestings, attributes.

    Args:
        root: the ``Response`` element.
    """
    return list(_remarks(root))


def _remarks(element: Element) -> Iterator[Remark]:
    known = vocabulary()
    if element.tag not in known:
        hint = _near(element.tag, known)
        yield Remark(SCHEMA_WARNING, f"there is no verb <{element.tag}>{hint}")
        return
    for attribute in element.attrib:
        # ElementTree spells xml:lang out.
        plain = attribute.replace("{http://www.w3.org/XML/1998/namespace}", "xml:")
        if plain not in known[element.tag].attributes:
            hint = _near(plain, known[element.tag].attributes)
            yield Remark(SCHEMA_WARNING, f"<{element.tag}> has no attribute {plain!r}{hint}")
    for child in element:
        if child.tag in known and child.tag not in known[element.tag].children:
            number = INVALID_NESTING.get(element.tag, SCHEMA_WARNING)
            yield Remark(number, f"<{child.tag}> cannot stand in <{element.tag}>")
        yield from _remarks(child)


def _near(name: str, names: Iterable[str]) -> str:
    spelt = {one.lower(): one for one in names}
    close = difflib.get_close_matches(name.lower(), spelt, n=1)
    return f"; did you mean {spelt[close[0]]!r}?" if close else ""
