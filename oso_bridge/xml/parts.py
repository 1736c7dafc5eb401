"""The schema of a document that is read in parts: one for the elements of its lists, one for all else.

Both are the XSD of the release with two changes.  The keys of the root are taken out, for they are followed by
:mod:`~oso_bridge.xml.watch`.  In the one the elements of the lists stand by themselves; in the other they must have an
attribute that no element has, so that libxml2 tells where it would have looked at them: it passes over what stands
behind an element that does not belong there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from oso_bridge.data import cached
from oso_bridge.errors import DataError
from oso_bridge.releases import Release
from oso_bridge.xml import schema
from oso_bridge.xml.schema import Schema

_XS = "{http://www.w3.org/2001/XMLSchema}"
_PROBE = "oso-bridge.looked-at"
_MISSING_ATTRIBUTE = 1868
# libxml2 looks at nothing more of a parent whose content is wrong
_STOPS = (1841, 1842, 1871)


@dataclass(slots=True)
class PartSchemas:
    """The two schemas.

    Attributes:
        item: For an element of a list by itself.
        frame: For a document with empty elements in the place of its lists.
    """

    item: Schema
    frame: Schema


@cached(maxsize=16)
def load(release: Release, root: str, tags: frozenset[str]) -> PartSchemas:
    """The schemas of a release.

    Args:
        release: The release.
        root: The local name of the root, whose keys are left out.
        tags: The tags of the elements of the lists.

    Raises:
        DataError: An element of a list has no type of its own name, or several.
    """

    def item(xsd: etree._Element) -> None:
        _without_keys(xsd, root)
        for tag in tags:
            _alone(xsd, tag)

    def frame(xsd: etree._Element) -> None:
        _without_keys(xsd, root)
        for tag in tags:
            _probed(xsd, tag)

    return PartSchemas(Schema(release, item), Schema(release, frame))


def _without_keys(xsd: etree._Element, root: str) -> None:
    for node in list(xsd.iter(*(_XS + kind for kind in ("key", "unique", "keyref")))):
        owner = node.getparent()
        if owner is not None and owner.get("name") == root and owner.getparent() is xsd:
            owner.remove(node)


def _declared(xsd: etree._Element, tag: str) -> list[etree._Element]:
    """The declarations of an element inside types of a schema."""
    name = etree.QName(tag)
    if (xsd.get("targetNamespace") or "") != (name.namespace or ""):
        return []
    return [node for node in xsd.iter(_XS + "element") if node.get("name") == name.localname]


def _alone(xsd: etree._Element, tag: str) -> None:
    """Let an element stand by itself."""
    found = _declared(xsd, tag)
    types = {node.get("type") for node in found}
    if not found:
        return
    (kind, *others) = types
    if kind is None or others:
        raise DataError(f"The elements {etree.QName(tag).localname} of a schema have no type in common.")
    if not any(node.getparent() is xsd for node in found):
        etree.SubElement(xsd, _XS + "element", name=etree.QName(tag).localname, type=kind)


def _probed(xsd: etree._Element, tag: str) -> None:
    """Let libxml2 complain of each of these elements that it looks at."""
    for node in _declared(xsd, tag):
        del node.attrib["type"]
        kind = etree.SubElement(node, _XS + "complexType")
        etree.SubElement(kind, _XS + "attribute", name=_PROBE, use="required")


def is_probe(error: Any) -> bool:
    """Whether an error says that libxml2 looked at an element of a list."""
    return error.type == _MISSING_ATTRIBUTE and _PROBE in (error.message or "")


@dataclass(slots=True)
class Unseen:
    """What libxml2 did not look at, told by its errors; see :data:`oso_bridge.xml.watch.Unseen`.

    Args:
        root: What was validated.
        errors: The errors.
    """

    root: etree._Element
    errors: list[Any]
    _stops: set[etree._Element] = field(default_factory=set)
    _refused: set[tuple[etree._Element, str | None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        families: schema.Families = {}
        for error in self.errors:
            element = schema.resolve(self.root, error.path, families)
            if error.type in _STOPS and not schema.is_missing_child(error):
                self._stops.add(element)
            else:
                self._refused.add((element, schema.attribute_in(error)))

    def __call__(self, element: etree._Element, holder: etree._Element | None, attribute: str | None) -> str:
        """What became of a field of an element: empty when libxml2 read it, else ``passed`` or ``refused``."""
        if self._stops and any(self._is_behind(node) for node in self._around(element if holder is None else holder)):
            return "passed"
        return "refused" if holder is not None and (holder, attribute) in self._refused else ""

    def _around(self, element: etree._Element) -> list[etree._Element]:
        """An element and those it is in, up to what was validated."""
        found = [element]
        while found[-1] is not self.root and (above := found[-1].getparent()) is not None:
            found.append(above)
        return found

    def _is_behind(self, element: etree._Element) -> bool:
        if element in self._stops:
            return True
        return element is not self.root and any(one in self._stops for one in element.itersiblings(preceding=True))
