"""Whether a text is a value of a simple type of a release, by the word of libxml2.

A document tells this only as far as its structure is right: behind an element that is missing, libxml2 looks no
further.  So a single type is made into a schema of its own, and asked about a single text.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from lxml import etree

from oso_bridge import plan
from oso_bridge.data import cached
from oso_bridge.releases import Release

_XSD = "{http://www.w3.org/2001/XMLSchema}"
_NAME = "value"

Restrictions = tuple[str, ...]
"""The facets of a type, from its built-in type on, as texts that can be compared."""


def restrictions(release: Release, kind: str) -> Restrictions:
    """What a type allows, as texts that can be compared: its built-in type, and the facets of each step from there.

    Args:
        release: The release.
        kind: The name of a simple type in its plan, of a type that adds attributes to one, or of a built-in type.
    """
    types, steps = plan.load(release).types, list[str]()
    while not kind.startswith("xs:"):
        described = types[kind]
        if described.get("facets"):
            steps.append(repr(sorted(described["facets"].items())))
        kind = described.get("simple") or described["text"]
    return (kind, *reversed(steps))


@cached(maxsize=256)
def accepts(release: Release, kind: str) -> Callable[[str], bool]:
    """A test that tells whether a text is a value of a type; for ``kind`` see :func:`restrictions`."""
    root = etree.Element(f"{_XSD}schema", nsmap={"xs": _XSD[1:-1]})
    element = etree.SubElement(root, f"{_XSD}element", name=_NAME)
    _describe(element, kind, plan.load(release).types)
    schema, lock = etree.XMLSchema(root), threading.Lock()

    def is_value(text: str) -> bool:
        tried = etree.Element(_NAME)
        tried.text = text
        with lock:  # as for a whole document: libxml2's error log is shared
            return bool(schema.validate(tried))

    return is_value


def _describe(owner: etree._Element, kind: str, types: Mapping[str, Mapping[str, object]]) -> None:
    """Give an element, or a restriction, its type: each step a restriction of the one below it."""
    if kind.startswith("xs:"):
        owner.set("base" if owner.tag == f"{_XSD}restriction" else "type", kind)
        return
    described = types[kind]
    base = str(described.get("simple") or described["text"])
    restriction = etree.SubElement(etree.SubElement(owner, f"{_XSD}simpleType"), f"{_XSD}restriction")
    _describe(restriction, base, types)
    facets = described.get("facets")
    for name, value in facets.items() if isinstance(facets, Mapping) else ():
        for one in value if isinstance(value, list) else [value]:
            etree.SubElement(restriction, f"{_XSD}{name}", value=str(one))
