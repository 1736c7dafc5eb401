"""Finds the schema of a bundle and makes one self-contained file of it, so that nothing is ever looked up elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from oso_bridge import data
from oso_bridge.bundles.source import SCHEMA, Bundle
from oso_bridge.errors import BundleRefused, DocumentError
from oso_bridge.releases import version_order
from oso_bridge.xml import parser

XS = "http://www.w3.org/2001/XMLSchema"
_XS = f"{{{XS}}}"
_OWN = "oso"
_NAMES = ("type", "base", "ref", "itemType", "substitutionGroup", "refer")
_DROPPED = (f"{_XS}annotation", f"{_XS}notation")
_MOST_NESTED = 100
_PREFIX = re.compile(r"([\w.-]+):(?!:)")


@dataclass(frozen=True, slots=True)
class Found:
    """The schema of a bundle.

    Attributes:
        format: The format it belongs to, such as ``oso``.
        version: The version that its namespace names.
        namespace: Its target namespace.
        names: The files it was made of, the first includes the others.
        xsd: The whole schema as one file.
    """

    format: str
    version: str
    namespace: str
    names: tuple[str, ...]
    xsd: bytes


def find(bundle: Bundle, version: str | None = None) -> Found:
    """The schema of a bundle.

    Args:
        bundle: The bundle.
        version: The release wanted, when the bundle may hold several.

    Raises:
        BundleRefused: There is none of a known format, there are several, or it cannot be made one file.
    """
    heads = [bundle.resolve(bundle.lone)] if bundle.lone else _heads(bundle)
    found = [item for item in (_flat(bundle, name) for name in heads) if item is not None]
    found = [item for item in found if version is None or _belongs(item.version, version)]
    different = {(item.namespace, item.xsd): item for item in found}
    if not different:
        raise BundleRefused(
            "The bundle holds no XSD of a release of a known format.",
            where=bundle.name,
            remedy="Its target namespace is that of a dossier, such as .../oso_gegevensset/2024/dossier.",
        )
    if len(different) > 1:
        names = ", ".join(item.names[0] for item in different.values())
        raise BundleRefused(f"The bundle holds several different schemas: {names}.", remedy="Name one of them.")
    return found[0]


def _belongs(named: str, wanted: str) -> bool:
    """Whether a namespace of one version, often only a year, may be that of a release."""
    order = version_order(named)
    return version_order(wanted)[: len(order)] == order


def _heads(bundle: Bundle) -> list[str]:
    """The schemas that no other schema includes, of those of a known format."""
    roots = {name: root for name in bundle.of_kind(SCHEMA) if (root := _readable(bundle, name)) is not None}
    included = {
        bundle.beside(name, str(child.get("schemaLocation", "")))
        for name, root in roots.items()
        if _format_of(root.get("targetNamespace", ""))
        for child in root.iterchildren(f"{_XS}include")
    }
    return [name for name in roots if name not in included]


def _readable(bundle: Bundle, name: str) -> etree._Element | None:
    """The root of a schema; None when the file is none, which matters only if it is needed."""
    try:
        root = parser.parse(bundle.files[name])
    except DocumentError:
        return None
    return root if root.tag == f"{_XS}schema" else None


def _root(bundle: Bundle, name: str) -> etree._Element:
    """The root of a schema that is needed."""
    try:
        root = parser.parse(bundle.files[name])
    except DocumentError as error:
        raise BundleRefused(f"A schema of the bundle cannot be read: {error.what}", where=name) from None
    if root.tag != f"{_XS}schema":
        raise BundleRefused("A file of the bundle is included as a schema and is none.", where=name)
    return root


def _format_of(namespace: str) -> tuple[str, str] | None:
    """The format and the version that a namespace belongs to."""
    for name in data.subfolders("schemas"):
        pattern = data.toml("schemas", name, "format.toml").get("namespace_pattern")
        match = re.fullmatch(pattern, namespace) if pattern and len(namespace) < 200 else None
        if match:
            return name, match[1]
    return None


def _flat(bundle: Bundle, name: str) -> Found | None:
    """A schema as one file; None when it belongs to no known format."""
    root = _root(bundle, name)
    namespace = root.get("targetNamespace", "")
    known = _format_of(namespace)
    if known is None:
        return None
    flattener = _Flattener(bundle, namespace)
    flattener.add(name)
    return Found(*known, namespace, tuple(flattener.met), flattener.xml())


class _Flattener:
    """Collects the declarations of a schema and of what it includes, with prefixes that mean the same throughout."""

    def __init__(self, bundle: Bundle, namespace: str) -> None:
        self.bundle = bundle
        self.namespace = namespace
        self.met: list[str] = []
        self.root = etree.Element(f"{_XS}schema", nsmap={"xs": XS, _OWN: namespace})
        self.root.set("targetNamespace", namespace)

    def xml(self) -> bytes:
        etree.cleanup_namespaces(self.root, keep_ns_prefixes=["xs", _OWN])
        etree.indent(self.root)
        return etree.tostring(self.root, xml_declaration=True, encoding="UTF-8")

    def add(self, name: str, depth: int = 0) -> None:
        if name in self.met:
            return
        if depth > _MOST_NESTED:
            raise BundleRefused(f"Schemas of the bundle include one another more than {_MOST_NESTED} deep.", where=name)
        self.met.append(name)
        root = _root(self.bundle, name)
        if root.get("targetNamespace", self.namespace) != self.namespace:
            raise BundleRefused("A schema includes one of another namespace.", where=name)
        for word in ("blockDefault", "finalDefault"):
            if root.get(word):
                raise BundleRefused(f"A schema has a {word}, which is not supported.", where=name)
        for child in list(root.iterchildren(etree.Element)):
            self.declaration(child, root, name, depth)

    def declaration(self, child: etree._Element, root: etree._Element, name: str, depth: int) -> None:
        kind = child.tag.removeprefix(_XS)
        if kind == "include":
            self.add(self.bundle.beside(name, str(child.get("schemaLocation", ""))), depth + 1)
        elif kind in ("redefine", "override"):
            raise BundleRefused(f"A schema uses xs:{kind}, which is not supported.", where=name)
        # an import is only needed by names of its namespace, and those are refused where they are met
        elif kind != "import" and child.tag not in _DROPPED:
            self.rewrite(child, root, name)
            self.root.append(child)

    def rewrite(self, child: etree._Element, root: etree._Element, name: str) -> None:
        """Give a declaration our prefixes, drop its notes, and write out its defaults, while it is in its own file."""
        child.tail = None
        for note in list(child.iter(*_DROPPED)):
            parent = note.getparent()
            if parent is not None:
                parent.remove(note)
        for element in child.iter(etree.Element):
            self.write_out_form(element, element is child, root)
            for key, value in [(str(key), str(value)) for key, value in element.attrib.items()]:
                if key.startswith("{"):
                    del element.attrib[key]
                elif key in (*_NAMES, "memberTypes"):
                    names = [self.qualified(item, element, root, name) for item in value.split()]
                    element.set(key, " ".join(names))
                elif key == "xpath":
                    prefixes = dict.fromkeys(_PREFIX.findall(value))
                    known = {prefix: self.prefix(prefix, element, name) for prefix in prefixes}
                    element.set(key, _PREFIX.sub(lambda match, known=known: known[match[1]] + ":", value))  # type: ignore[misc]

    def write_out_form(self, element: etree._Element, is_top: bool, root: etree._Element) -> None:
        """Say of a local element or attribute whether it is in the namespace, as its file said of all of them."""
        kind = element.tag.removeprefix(_XS)
        if (
            kind in ("element", "attribute")
            and not is_top
            and "name" in element.attrib
            and "form" not in element.attrib
        ):
            element.set("form", root.get(f"{kind}FormDefault", "unqualified"))

    def qualified(self, value: str, element: etree._Element, root: etree._Element, name: str) -> str:
        """A name with our prefix for its namespace."""
        prefix, colon, local = value.rpartition(":")
        if colon:
            return f"{self.prefix(prefix, element, name)}:{local}"
        namespace = element.nsmap.get(None)
        if namespace is None and "targetNamespace" not in root.attrib:
            namespace = self.namespace
        return f"{self.known(namespace, name)}:{local}"

    def prefix(self, prefix: str, element: etree._Element, name: str) -> str:
        return self.known(element.nsmap.get(prefix), name)

    def known(self, namespace: str | None, name: str) -> str:
        """Our prefix for a namespace."""
        if namespace == XS:
            return "xs"
        if namespace == self.namespace:
            return _OWN
        raise BundleRefused("A schema uses names of another namespace, which cannot be kept.", where=name)


def documents(bundle: Bundle, namespace: str, most: int = 50) -> Iterator[etree._Element]:
    """The roots of the documents in a bundle that are in that namespace: its examples."""
    mark = namespace.encode()
    for name in bundle.of_kind(".xml"):
        if most and mark in bundle.files[name]:
            most -= 1
            try:
                root = parser.parse(bundle.files[name])
            except DocumentError:
                continue  # what cannot be read is no example of anything
            if etree.QName(root).namespace == namespace:
                yield root
