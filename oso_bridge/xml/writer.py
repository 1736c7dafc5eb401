"""Writes a record as XML in UTF-8, in the order of the structure; the same road from the other end.

What a document said in another order, or what has no place in the structure, is written where it stood.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator
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
    writer.branch(root, record, 0, f' xmlns="{tree.namespace}"' if tree.namespace else "")
    return ("\n".join(writer.lines) + "\n").encode()


class _Writer:
    """Writes branches line by line; prefixes are made for names in other namespaces."""

    def __init__(self, tree: Tree) -> None:
        self.lines = ['<?xml version="1.0" encoding="UTF-8"?>']
        self._declared = f' xmlns="{tree.namespace}"'

    def branch(self, branch: Branch, record: Record, depth: int, attributes: str = "") -> None:
        start, indent = len(self.lines), "  " * depth
        self.lines.append("")
        extras: list[Extra] = record.get(EXTRA, [])
        if extras:
            attributes += self.mixed(branch, record, extras, depth + 1)
        else:
            for name, value in self.ordered(branch, record):
                self.child(branch, name, value, depth + 1, "")
        # an element without children is known as such only now
        empty = len(self.lines) == start + 1
        self.lines[start] = f"{indent}<{branch.name}{attributes}{'/' if empty else ''}>"
        if not empty:
            self.lines.append(f"{indent}</{branch.name}>")

    def mixed(self, branch: Branch, record: Record, extras: list[Extra], depth: int) -> str:
        """The children in order, with each extra before the child whose place it took; gives the attributes."""
        waiting = deque(extra for extra in extras if extra["kind"] != "attribute")
        attributes: defaultdict[int, list[str]] = defaultdict(list)
        for extra in extras:
            if extra["kind"] == "attribute":
                found = attributes[extra["position"]]
                found.append(_attribute(extra, len(found)))
        at = 0
        for name, value in self.ordered(branch, record):
            while waiting and waiting[0]["position"] <= at:
                at += self.kept(waiting.popleft(), depth)
            self.child(branch, name, value, depth, "".join(attributes[at]))
            at += 1
        for extra in waiting:
            self.kept(extra, depth)
        return "".join(attributes[-1])

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

    def child(self, branch: Branch, name: str, value: Any, depth: int, attributes: str) -> None:
        if name in branch.branches:
            self.branch(branch.branches[name], value, depth)
        else:
            self.lines.append("  " * depth + self.leaf(branch.leaves[name], value, attributes))

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

    def kept(self, extra: Extra, depth: int) -> int:
        """An element as it was read, or a stray text; gives the number of elements."""
        if extra["kind"] == "text":
            self.lines.append("  " * depth + _escape(extra["content"], _TEXT))
            return 0
        # the namespace around it is declared already, in the root
        tag, end, rest = extra["content"].partition(">")
        self.lines.append("  " * depth + tag.replace(self._declared, "", 1) + end + rest)
        return 1


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
