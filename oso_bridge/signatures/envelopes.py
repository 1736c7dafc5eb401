"""Envelopes of SOAP 1.1 in the one shape that Digikoppeling WUS leaves: headers, and a Body with one element."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from oso_bridge.signatures import names, parts
from oso_bridge.signatures.faults import refuse
from oso_bridge.sources import load
from oso_bridge.xml import parser
from oso_bridge.xml.limits import Limits

_ACTOR = f"{{{names.SOAP}}}actor"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The parts of a message, each in the only place where it may stand.

    Attributes:
        root: The Envelope.
        headers: The header blocks.
        body: The Body.
    """

    root: etree._Element
    headers: tuple[etree._Element, ...]
    body: etree._Element


def read(data: bytes, limits: Limits) -> Envelope:
    """Take a message apart.

    Raises:
        NotXml: It is not XML that can be read.
        UnsafeDocument: It has a DOCTYPE or exceeds a limit.
        MessageRefused: It is no envelope of SOAP 1.1, is not in UTF-8 (WS006), has not one element in its Body (WW003),
            or has a processing instruction.
    """
    data = load(data, limits.max_bytes).data
    if not parser.is_utf8(data, limits):
        raise refuse("WUS.tekens")
    root = parts.parse(data, limits)
    tags = [child.tag for child in root]
    if root.tag != names.ENVELOPE or tags not in ([names.BODY], [names.HEADER, names.BODY]):
        raise refuse("WUS.envelop", root)
    headers, body = tuple(root[0]) if len(tags) > 1 else (), root[-1]
    if len(body) != 1 or any(_has_text(element) for element in (root, *root)):
        raise refuse("WUS.envelop", body)
    for block in headers:
        if block.get(_ACTOR) is not None:
            raise refuse("WUS.kop", block)
    return Envelope(root, headers, body)


def _has_text(element: etree._Element) -> bool:
    """Whether there is text between the elements of an element that has only those."""
    return any((text or "").strip() for text in (element.text, *(child.tail for child in element)))


def make(headers: list[etree._Element], payload: etree._Element) -> etree._Element:
    """An envelope.

    Args:
        headers: Its header blocks.
        payload: The one element of its Body.
    """
    root = etree.Element(names.ENVELOPE, nsmap={"soap": names.SOAP, "wsa": names.WSA, "wsu": names.WSU})
    etree.SubElement(root, names.HEADER).extend(headers)
    etree.SubElement(root, names.BODY).append(payload)
    return root
