"""Record: what a document said, as nested plain values.

A record of an element with children is a ``dict`` in document order:

* a child that may occur once: its name -> text, or -> a record;
* a child that may occur more often: its name -> list of texts or of records;
* a text that may carry attributes: ``{"#text": "6030", "@omschrijving": "..."}``, always of this
  shape; an attribute that is absent is None;
* an attribute of an element with children: ``"@key"`` -> its text, where it is there; ``"@xsi:type"`` -> the name
  of its type, with ``"@xmlns:v"`` -> the namespace of the prefix ``v`` when it has that one;
* an element whose content is one repeated sequence: ``{"#groups": [record, ...]}``;
* ``"#extra"``: what has no place in the structure of the release, see :class:`Extra`; of a repeated sequence each round
  has its own, and the element what stood before the first;
* ``"#order"``: the names of the children in document order, only where that order is not the
  order of the structure.

Names are the element names of the release; texts are exact.  An empty element is ``""`` or ``{}``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NotRequired, TypedDict

TEXT = "#text"
GROUPS = "#groups"
EXTRA = "#extra"
ORDER = "#order"

Value = str | dict[str, Any] | list[Any]
Record = dict[str, Any]

Index = dict[int, list[Record]]
"""Per number of a branch of the plan its records, in document order."""


class Extra(TypedDict):
    """A part of a document that the structure of the release has no place for.

    ``kind`` is ``element``, ``attribute`` or ``text``; ``name`` is the name in Clark notation
    (``{namespace}local``), empty for a text; ``position`` is the number of child elements that came
    before it, -1 for an attribute of the element itself; ``child`` is, for an attribute of a leaf in it, that
    leaf: ``straat``, or ``voornaam[2]`` for the second of its name; ``content`` is the element as XML, or the text.
    """

    kind: str
    name: str
    position: int
    content: str
    child: NotRequired[str]


def is_leaf(value: Value) -> bool:
    """True for a text, with or without attributes."""
    return isinstance(value, str) or (isinstance(value, dict) and TEXT in value)


def text_of(value: Value) -> str:
    """The text of a leaf."""
    if isinstance(value, str):
        return value
    return value[TEXT] if isinstance(value, dict) else ""


def children(record: Record) -> Iterator[tuple[str, Value]]:
    """The children of a record, one by one, in order: lists and groups are taken apart."""
    for group in record.get(GROUPS, ()):
        yield from children(group)
    for name, value in record.items():
        if name[0] in "#@":
            continue
        if isinstance(value, list):
            for item in value:
                yield name, item
        else:
            yield name, value
