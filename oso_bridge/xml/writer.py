"""Writes a record as XML in UTF-8, in the order of the structure; the same road from the other end.

What a document said in another order, or what has no place in the structure, is written where it stood.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from typing import Any

from oso_bridge.errors import UsageError
from oso_bridge.plan import Branch, Leaf, Tree
from oso_bridge.records import EXTRA, GROUPS, ORDER, TEXT, Extra, Record

_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
)
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32)])
XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XSI_TYPE = "xsi:type"
_PREFIX = re.compile(r"xmlns:(?!xsi$|xml$)[^\W\d][\w.-]*")


def write_record(record: Record, tree: Tree) -> bytes:
    """A record as a document.

    Args:
        record: The record of the root of the tree.
        tree: The plan; its namespaces are those that are written.

    Returns:
        XML with a declaration, in UTF-8, indented by two blanks.

    Raises:
        UsageError: The record holds a name that the structure does not have, or a character that XML does not allow.
    """
    writer = _Writer()
    writer.branch(tree.root, record, 0, _declared(tree.root.namespace) if tree.root.namespace else "")
    return _encoded("\n".join(writer.lines) + "\n")


class _Writer:
    """Writes branches line by line; prefixes are made for names in other namespaces."""

    def __init__(self) -> None:
        self.lines = ['<?xml version="1.0" encoding="UTF-8"?>']

    def branch(self, branch: Branch, record: Record, depth: int, attributes: str = "") -> None:
        start, indent = len(self.lines), "  " * depth
        self.lines.append("")
        if branch.attributes:
            attributes += _own_attributes(branch, record)
            record = {name: value for name, value in record.items() if name[0] != "@"}
        attributes += self.content(branch, record, depth + 1)
        if EXTRA in record and (only := _only_text(record)) is not None:
            self.lines[start:] = [f"{indent}<{branch.name}{attributes}>{_text(only)}</{branch.name}>"]
            return
        # an element without children is known as such only now
        empty = len(self.lines) == start + 1
        self.lines[start] = f"{indent}<{branch.name}{attributes}{'/' if empty else ''}>"
        if not empty:
            self.lines.append(f"{indent}</{branch.name}>")

    def content(self, branch: Branch, record: Record, depth: int) -> str:
        """What stands in an element, or in a round of a repeated sequence; gives the attributes of the element."""
        if EXTRA in record:
            attributes = self.mixed(branch, record, record[EXTRA], depth)
        else:
            attributes = ""
            if ORDER in record or GROUPS in record or branch.abroad:
                for name, value in self.ordered(branch, record):
                    self.child(branch, name, value, depth, "")
            else:
                self.plain(branch, record, depth)
        for part in record.get(GROUPS, ()):
            self.content(branch, part, depth)
        return attributes

    def plain(self, branch: Branch, record: Record, depth: int) -> None:
        """The children of a record without particulars; most are in order already, and most are texts."""
        places = branch.places
        orders = [places.get(name, -1) for name in record]
        if -1 in orders:
            raise _unknown(branch)
        names = record if orders == sorted(orders) else sorted(record, key=places.__getitem__)
        indent, lines = "  " * depth, self.lines
        for name in names:
            value = record[name]
            if value.__class__ is str:
                lines.append(f"{indent}<{name}>{_text(value)}</{name}>" if value else f"{indent}<{name}/>")
            elif value.__class__ is list:
                for item in value:
                    self.child(branch, name, item, depth, "")
            else:
                self.child(branch, name, value, depth, "")

    def mixed(self, branch: Branch, record: Record, extras: list[Extra], depth: int) -> str:
        """The children in order, with each extra before the child whose place it took; gives the attributes."""
        waiting = deque(extra for extra in extras if extra["kind"] != "attribute")
        attributes: defaultdict[str, list[str]] = defaultdict(list)
        for extra in extras:
            if extra["kind"] == "attribute":
                found = attributes[extra.get("child", "")]
                found.append(_attribute(extra, len(found)))
        at, met = 0, Counter[str]()
        for name, value in self.ordered(branch, record):
            while waiting and waiting[0]["position"] <= at:
                at += self.kept(waiting.popleft(), branch, depth)
            met[name] += 1
            child = name if met[name] == 1 else f"{name}[{met[name]}]"
            self.child(branch, name, value, depth, "".join(attributes.get(child, ())))
            at += 1
        for extra in waiting:
            self.kept(extra, branch, depth)
        return "".join(attributes.get("", ()))

    def ordered(self, branch: Branch, record: Record) -> Iterator[tuple[str, Any]]:
        """The children one by one, in the order in which they are written."""
        _refuse_unknown(branch, record)
        if ORDER in record:
            left = {name: iter(_several(value)) for name, value in record.items() if name[0] != "#"}
            yield from ((name, next(left[name])) for name in record[ORDER])
            return
        for name in branch.child_names:
            if name in record:
                yield from ((name, value) for value in _several(record[name]))

    def child(self, branch: Branch, name: str, value: Any, depth: int, attributes: str) -> None:
        if branch.abroad:
            attributes = _redeclared(branch, name) + attributes
        if name in branch.branches:
            self.branch(branch.branches[name], value, depth, attributes)
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
        return f"<{leaf.name}{attributes}>{_text(text)}</{leaf.name}>"

    def kept(self, extra: Extra, branch: Branch, depth: int) -> int:
        """An element as it was read, or a stray text; gives the number of elements."""
        if extra["kind"] == "text":
            self.lines.append("  " * depth + _text(extra["content"]))
            return 0
        # the namespace around it is declared already
        tag, end, rest = extra["content"].partition(">")
        self.lines.append("  " * depth + tag.replace(_declared(branch.namespace), "", 1) + end + rest)
        return 1


def _declared(namespace: str) -> str:
    return f' xmlns="{namespace}"'


def _redeclared(branch: Branch, name: str) -> str:
    """The namespace of a child, when it is not the one around it."""
    child = branch.branches.get(name) or branch.leaves[name]
    return "" if child.namespace == branch.namespace else _declared(child.namespace)


def _own_attributes(branch: Branch, record: Record) -> str:
    """The attributes that the structure has, in its order; a type comes with the namespace of its prefix."""
    given = {name[1:]: value for name, value in record.items() if name[0] == "@"}
    known = [name for name in branch.attributes if given.get(name) is not None]
    if XSI_TYPE in known:
        prefixes = [name for name in given if _PREFIX.fullmatch(name)]
        known = [*prefixes, "xmlns:xsi", *known]
        given["xmlns:xsi"] = XSI
    if not given.keys() <= {*branch.attributes, *known}:
        raise _unknown(branch)
    return "".join(f' {name}="{_escape(given[name], _ATTRIBUTE)}"' for name in known)


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


def _only_text(record: Record) -> str | None:
    """The text of an element that should hold elements and holds nothing else; None for any other."""
    extras = [extra for extra in record.get(EXTRA, ()) if extra["kind"] != "attribute"]
    return extras[0]["content"] if [extra["kind"] for extra in extras] == ["text"] and len(record) == 1 else None


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(text: str) -> str:
    """A text as it stands between tags; few hold a sign that needs another form."""
    if "&" in text or "<" in text or ">" in text or "\r" in text:
        return text.translate(_TEXT)
    return text


def _escape(text: str, table: dict[int, str]) -> str:
    return text.translate(table)


def _encoded(text: str) -> bytes:
    """The document in UTF-8; looked through for characters that XML does not allow, all at once."""
    data = _utf8(text)
    # raised here, so that the error of the encoder, which quotes the text, is not dragged along
    if data is None or len(data.translate(None, _CONTROLS)) != len(data) or "\ufffe" in text or "\uffff" in text:
        raise _illegal()
    return data


def _utf8(text: str) -> bytes | None:
    """The text in UTF-8; None when it holds a lone surrogate."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None


def _illegal() -> UsageError:
    return UsageError(
        "A text holds a character that XML does not allow, such as a control character.",
        remedy="Remove the character before writing.",
    )


def _refuse_unknown(branch: Branch, record: Record) -> None:
    if not branch.places.keys() >= {name for name in record if name[0] not in "#@"}:
        raise _unknown(branch)


def _unknown(branch: Branch) -> UsageError:
    return UsageError(
        f"The record has a part that {branch.path} does not have.", where=branch.path, remedy="Remove that part."
    )
