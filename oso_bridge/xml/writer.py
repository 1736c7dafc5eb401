"""Writes a record as XML in UTF-8, in the order of the structure; the same road from the other end.

What a document said in another order, or what has no place in the structure, is written where it stood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

from oso_bridge.errors import UsageError
from oso_bridge.plan import Branch, Leaf, Tree
from oso_bridge.records import EXTRA, GROUPS, ORDER, TEXT, Extra, Record

_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"


def write_record(record: Record, tree: Tree) -> bytes:
    """A record as a document.

    Args:
        record: The record of the root of the tree.
        tree: The plan; its namespace is the one that is written.

    Returns:
        XML with a declaration, in UTF-8, indented by two blanks.

    Raises:
        UsageError: The record holds a name that the structure does not have, or a character that XML does not allow.
    """
    writer = _Writer(tree)
    root = tree.root
    declared = f' xmlns="{tree.namespace}"' if tree.namespace else ""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', *writer.branch(root, record, 0, declared)]
    return ("\n".join(lines) + "\n").encode("utf-8", "strict")


class _Writer:
    """Writes branches; prefixes are made for names in other namespaces."""

    def __init__(self, tree: Tree) -> None:
        self._namespace = tree.namespace

    def branch(self, branch: Branch, record: Record, depth: int, declared: str = "") -> Iterator[str]:
        extras: list[Extra] = record.get(EXTRA, [])
        own = self.attributes(extras, -1)
        indent = "  " * depth
        lines = list(self.children(branch, record, extras, depth + 1))
        if not lines:
            yield f"{indent}<{branch.name}{declared}{own}/>"
            return
        yield f"{indent}<{branch.name}{declared}{own}>"
        yield from lines
        yield f"{indent}</{branch.name}>"

    def children(self, branch: Branch, record: Record, extras: list[Extra], depth: int) -> Iterator[str]:
        """The children in order, with each extra before the child whose place it took."""
        waiting = [extra for extra in extras if extra["kind"] != "attribute"]
        position = count()
        at = next(position)
        for name, value in self.ordered(branch, record):
            while waiting and waiting[0]["position"] <= at:
                extra = waiting.pop(0)
                yield self.kept(extra, depth)
                at = next(position) if extra["kind"] == "element" else at
            yield from self.child(branch, name, value, depth, self.attributes(extras, at))
            at = next(position)
        for extra in waiting:
            yield self.kept(extra, depth)

    def ordered(self, branch: Branch, record: Record) -> Iterator[tuple[str, Any]]:
        """The children one by one, in the order in which they are written."""
        for group in record.get(GROUPS, ()):
            yield from self.ordered(branch, group)
        _refuse_unknown(branch, record)
        if ORDER in record:
            left = {name: iter(_several(value)) for name, value in record.items() if name[0] != "#"}
            yield from ((name, next(left[name])) for name in record[ORDER])
            return
        for name in branch.child_names:
            if name in record:
                yield from ((name, value) for value in _several(record[name]))

    def child(self, branch: Branch, name: str, value: Any, depth: int, attributes: str) -> Iterator[str]:
        if name in branch.branches:
            yield from self.branch(branch.branches[name], value, depth)
        else:
            yield "  " * depth + self.leaf(branch.leaves[name], value, attributes)

    def leaf(self, leaf: Leaf, value: Any, attributes: str) -> str:
        text = value
        if isinstance(value, dict):
            text = value[TEXT]
            own = ((name, value.get("@" + name)) for name in leaf.attributes)
            given = [f' {name}="{_escape(found, _ATTRIBUTE)}"' for name, found in own if found is not None]
            attributes = "".join(given) + attributes
        if not text:
            return f"<{leaf.name}{attributes}/>"
        return f"<{leaf.name}{attributes}>{_escape(text, _TEXT)}</{leaf.name}>"

    def kept(self, extra: Extra, depth: int) -> str:
        """An element as it was read, or a stray text."""
        return "  " * depth + (extra["content"] if extra["kind"] == "element" else _escape(extra["content"], _TEXT))

    def attributes(self, extras: list[Extra], position: int) -> str:
        """The attributes that the structure does not have, of the element itself (-1) or of a child."""
        found = [extra for extra in extras if extra["kind"] == "attribute" and extra["position"] == position]
        return "".join(_attribute(extra, number) for number, extra in enumerate(found))


def _attribute(extra: Extra, number: int) -> str:
    """An attribute with, when it has a namespace, a prefix of its own."""
    value = _escape(extra["content"], _ATTRIBUTE)
    if not extra["name"].startswith("{"):
        return f' {extra["name"]}="{value}"'
    namespace, _, local = extra["name"][1:].partition("}")
    if namespace == XML_NAMESPACE:
        return f' xml:{local}="{value}"'
    prefix = f"a{number}"
    return f' xmlns:{prefix}="{_escape(namespace, _ATTRIBUTE)}" {prefix}:{local}="{value}"'


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _escape(text: str, table: dict[int, str]) -> str:
    if _ILLEGAL.search(text):
        raise UsageError(
            "A text holds a character that XML does not allow, such as a control character.",
            remedy="Remove the character before writing.",
        )
    return text.translate(table)


def _refuse_unknown(branch: Branch, record: Record) -> None:
    known = branch.branches.keys() | branch.leaves.keys()
    unknown = [name for name in record if name[0] not in "#@" and name not in known]
    if unknown:
        raise UsageError(
            f"The record has a part that {branch.path} does not have.", where=branch.path, remedy="Remove that part."
        )
