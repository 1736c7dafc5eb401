"""Keys and references that a schema declares: where the elements stand that break them.

libxml2 says that a key is broken, but not where, and quotes the key.  So what it names is looked up in the schema and
asked of the tree again; only then, for few documents break a key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

_XS = "{http://www.w3.org/2001/XMLSchema}"
_KINDS = ("key", "unique", "keyref")


@dataclass(frozen=True, slots=True)
class Constraint:
    """One ``xs:key``, ``xs:unique`` or ``xs:keyref``.

    Attributes:
        name: Its name in the schema.
        kind: Which of the three.
        refer: The name of the key that a reference is to.
        scope: The tag of the elements it holds within.
        selector: Finds the elements that have the key.
        fields: Find the parts of the key.
        shown: The names of those parts, for a text.
        prefixes: What the prefixes in its paths stand for.
    """

    name: str
    kind: str
    refer: str | None
    scope: str
    selector: etree.XPath
    fields: tuple[etree.XPath, ...]
    shown: str
    prefixes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """An element that breaks a constraint, and how: ``dubbel``, ``ontbreekt`` or ``onbekend``."""

    constraint: Constraint
    element: etree._Element
    how: str


def constraints(xsd: Path) -> dict[str, Constraint]:
    """The constraints of a schema and of those it imports, by name."""
    found: dict[str, Constraint] = {}
    for file in _files(xsd):
        schema = etree.fromstring(file.read_bytes())
        for kind in _KINDS:
            for node in schema.iter(_XS + kind):
                made = _constraint(node, schema.get("targetNamespace") or "")
                found[made.name] = made
    return found


def _files(xsd: Path) -> list[Path]:
    """A schema file and those it imports, each once."""
    found = [xsd]
    for file in found:
        for node in etree.fromstring(file.read_bytes()).iter(_XS + "import", _XS + "include"):
            other = file.parent / (node.get("schemaLocation") or file.name)
            if other not in found:
                found.append(other)
    return found


def _constraint(node: etree._Element, namespace: str) -> Constraint:
    owner: Any = node.getparent()
    prefixes = {prefix: uri for prefix, uri in node.nsmap.items() if prefix}
    paths = [str(field.get("xpath")) for field in node.iterchildren(_XS + "field")]
    (selector,) = node.iterchildren(_XS + "selector")
    name = str(owner.get("name"))
    return Constraint(
        name=str(node.get("name")),
        kind=etree.QName(node).localname,
        refer=(node.get("refer") or "").rpartition(":")[2] or None,
        scope=f"{{{namespace}}}{name}" if namespace else name,
        selector=etree.XPath(str(selector.get("xpath")), namespaces=prefixes),
        fields=tuple(etree.XPath(path, namespaces=prefixes) for path in paths),
        shown=", ".join(path.rpartition(":")[2] for path in paths),
        prefixes=tuple(prefixes.items()),
    )


def broken(constraint: Constraint, every: dict[str, Constraint], root: etree._Element) -> Iterator[Broken]:
    """The elements of a document that break a constraint, in document order.

    Keys are compared as texts, without the white space around them.

    Args:
        constraint: The constraint.
        every: All of the schema, for the key that a reference is to.
        root: The root of the document.
    """
    for scope in root.iter(constraint.scope):
        if constraint.kind == "keyref":
            yield from _dangling(constraint, every[constraint.refer or ""], scope)
        else:
            yield from _twice(constraint, scope)


def most_same(every: dict[str, Constraint], root: etree._Element) -> int:
    """How often one key occurs within its scope, at the most."""
    most = 0
    for constraint in every.values():
        for scope in root.iter(constraint.scope) if constraint.kind != "keyref" else ():
            most = max(most, *Counter(key for _, key in _keys(constraint, scope) if key is not None).values(), 0)
    return most


def _keys(constraint: Constraint, scope: etree._Element) -> Iterator[tuple[etree._Element, tuple[str, ...] | None]]:
    """The elements that have a key, each with its parts; None when a part is absent."""
    found: Any = constraint.selector(scope)
    for element in found:
        parts: list[Any] = [field(element) for field in constraint.fields]
        yield element, tuple(text_of_field(part[0]).strip() for part in parts) if all(parts) else None


def text_of_field(part: Any) -> str:
    """The text of what a field of a constraint selects: an attribute or an element."""
    return str(part) if isinstance(part, str) else part.text or ""


def _twice(constraint: Constraint, scope: etree._Element) -> Iterator[Broken]:
    met = Counter[tuple[str, ...]]()
    for element, key in _keys(constraint, scope):
        if key is not None:
            met[key] += 1
            if met[key] > 1:
                yield Broken(constraint, element, "dubbel")
        elif constraint.kind == "key":
            yield Broken(constraint, element, "ontbreekt")


def _dangling(constraint: Constraint, target: Constraint, scope: etree._Element) -> Iterator[Broken]:
    known = {key for _, key in _keys(target, scope)}
    for element, key in _keys(constraint, scope):
        if key is not None and key not in known:
            yield Broken(constraint, element, "onbekend")
