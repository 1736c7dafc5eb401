"""The official layout, when the vendor holds it: which messages it describes, and whether one is as it says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lxml import etree

from oso_bridge.errors import DataError, DocumentError
from oso_bridge.xml import parser

_XS = "{http://www.w3.org/2001/XMLSchema}"
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_LONGEST = 4 * 1024 * 1024


class Layout:
    """Official schemas; without any nothing is known.

    Args:
        paths: WSDL or XSD files; a schema in a WSDL has to stand by itself.

    Raises:
        DataError: One of them is not a schema that can be used.
        OSError: One cannot be read.
    """

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self._schemas: dict[str, Any] = {}
        for path in paths:
            for schema in _schemas(path):
                made = _made(schema, path)
                space = schema.get("targetNamespace", "")
                names = [child.get("name") for child in schema if child.tag == f"{_XS}element"]
                self._schemas |= {f"{{{space}}}{name}": made for name in names}

    def knows(self, tag: str) -> bool:
        """Whether a message is described.

        Args:
            tag: ``{namespace}name``.
        """
        return tag in self._schemas

    def fits(self, payload: etree._Element) -> bool:
        """Whether a message is as its schema says; one that no schema describes is.

        Args:
            payload: The message.
        """
        schema = self._schemas.get(str(payload.tag))
        return schema is None or bool(schema.validate(payload))


def _schemas(path: Path) -> list[etree._Element]:
    """The schemas in a file."""
    with path.open("rb") as file:
        content = file.read(_LONGEST + 1)
    try:
        root = parser.parse(content[:_LONGEST])
    except DocumentError:
        root = None
    if root is None or len(content) > _LONGEST:
        raise DataError("This is no XSD or WSDL.", where=str(path))
    found = [root] if root.tag == f"{_XS}schema" else root.findall(f"{_WSDL}types/{_XS}schema")
    if not found:
        raise DataError("There is no schema in this file.", where=str(path))
    return found


def _made(schema: etree._Element, path: Path) -> Any:
    """A schema, compiled; what it includes is read beside it, and never fetched."""
    try:
        content = etree.tostring(schema, with_tail=False)
        reader = etree.XMLParser(no_network=True, resolve_entities=False)
        return etree.XMLSchema(etree.fromstring(content, reader, base_url=path.resolve().as_uri()))
    except (etree.XMLSchemaParseError, etree.XMLSyntaxError):
        raise DataError("This schema cannot be used.", where=str(path), remedy="Give what it needs as well.") from None
