"""SOAP 1.1, as thin as it can be: one body with one child, in UTF-8, with nothing that asks for trust.

Inbound everything is parsed by :mod:`oso_bridge.xml.parser`: no DOCTYPE, bounded, and here also without processing
instructions, which could cut a text in two.  No error of this module quotes a message.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from oso_bridge.errors import DocumentError, OsoBridgeError
from oso_bridge.xml import parser
from oso_bridge.xml.limits import DEFAULT, Limits

NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/"
"""SOAP 1.1, as in all publications of OSO (2014 to 2022)."""
MEDIA_TYPE = "text/xml; charset=utf-8"
FAULT = "Fault"
"""The operation of a parcel that holds a fault."""

_SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
HEAD = f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{NAMESPACE}"><soap:Body>'.encode()
"""What stands before the message in an envelope without headers."""
TAIL = b"</soap:Body></soap:Envelope>\n"
"""What stands behind it."""

_DECLARATION = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<\?xml[^>]*\?>\s*")
_MUST = f"{{{NAMESPACE}}}mustUnderstand"
_ACTOR = f"{{{NAMESPACE}}}actor"
_HERE = ("", "http://schemas.xmlsoap.org/soap/actor/next")
"""The actors that everyone is who gets a message (SOAP 1.1, 4.2.2)."""
_CODES = ("VersionMismatch", "MustUnderstand", "Client", "Server")
_MOST_OF_A_FAULT = 4000
_WORD = re.compile(r"[A-Za-z]{3,60}")


class SoapRefusal(OsoBridgeError):
    """A message that is not taken; it becomes a fault.

    Attributes:
        code: The code of SOAP 1.1: ``Client``, ``Server``, ``VersionMismatch`` or ``MustUnderstand``.
        word: The word for the result, see :mod:`oso_bridge.exchange.outcome`.
    """

    def __init__(self, what: str, *, code: str = "Client", word: str = "OngeldigBericht") -> None:
        super().__init__(what)
        self.code = code
        self.word = word


def wrap(payload: bytes) -> bytes:
    """Put a message into an envelope.

    Args:
        payload: The message as XML in UTF-8; a declaration is left out.
    """
    return HEAD + _DECLARATION.sub(b"", payload, count=1).rstrip() + TAIL


def unwrap(content: bytes, limits: Limits = DEFAULT, understood: Collection[str] = ()) -> etree._Element:
    """The only child of the body of an envelope.

    Args:
        content: The envelope.
        limits: What it may ask for.
        understood: The tags of headers that are understood; one that says it must be has to be one of these.

    Raises:
        SoapRefusal: It is no envelope of SOAP 1.1 in UTF-8 with one child in its body, or asks for something that is
            refused: a DOCTYPE, a processing instruction, a header that must be understood, more than a limit.
    """
    root, fault = _parsed(content, limits)
    if root is None:
        # raised here and not where it was caught, so that nothing of the parser is dragged along
        raise SoapRefusal(fault)
    if parser.has_instruction(root):
        raise SoapRefusal("The message holds a processing instruction.")
    _refuse_other_envelope(root)
    return _payload(root, understood)


def _parsed(content: bytes, limits: Limits) -> tuple[etree._Element | None, str]:
    try:
        if not parser.is_utf8(content, limits):
            return None, "The message is not in UTF-8."
        root = parser.parse(content, limits, instructions=True)
        parser.refuse_shape(root, limits)
    except DocumentError as error:
        return None, error.what
    return root, ""


def _refuse_other_envelope(root: etree._Element) -> None:
    name = etree.QName(root)
    if name.localname == "Envelope" and name.namespace != NAMESPACE:
        told = "SOAP 1.2" if name.namespace == _SOAP_12 else "another version of SOAP"
        raise SoapRefusal(f"The message is in {told}; this is SOAP 1.1.", code="VersionMismatch")
    if root.tag != f"{{{NAMESPACE}}}Envelope":
        raise SoapRefusal("The message is no SOAP envelope.")


def _payload(root: etree._Element, understood: Collection[str]) -> etree._Element:
    """The child of the body, when the envelope holds at most one header, then one body, and that one child."""
    names = [str(child.tag) for child in root]
    header, body = f"{{{NAMESPACE}}}Header", f"{{{NAMESPACE}}}Body"
    if names not in ([body], [header, body]):
        raise SoapRefusal("An envelope holds one body, with at most one header before it.")
    blocks = root[0] if names[0] == header else ()
    if any(_must_be_understood(block) and block.tag not in understood for block in blocks):
        raise SoapRefusal("A header must be understood and is not.", code="MustUnderstand")
    if len(root[-1]) != 1:
        raise SoapRefusal("A body holds exactly one message.")
    return root[-1][0]


def _must_be_understood(block: etree._Element) -> bool:
    """Whether a header says that it must be understood, and says so to us."""
    return block.get(_MUST, "").strip() in ("1", "true") and block.get(_ACTOR, "").strip() in _HERE


def headers(payload: etree._Element) -> list[etree._Element]:
    """The headers of the envelope that a message stands in.

    Args:
        payload: What :func:`unwrap` gave.
    """
    first = payload.getroottree().getroot()[0]
    return list(first) if first.tag == f"{{{NAMESPACE}}}Header" else []


def agrees(action: str, element: str) -> bool:
    """Whether a SOAPAction is empty or names the message in the body; the body decides what is done.

    Args:
        action: The header, with or without its quotes.
        element: The local name of the message, such as ``documentRequest``.
    """
    told = action.strip().strip('"')
    return told == "" or re.split(r"[/#:]", told)[-1] in (element, element.removesuffix("Request"))


@dataclass(frozen=True, slots=True)
class Fault:
    """What a fault says, as far as it can be shown.

    Attributes:
        code: ``Client``, ``Server``, ``VersionMismatch`` or ``MustUnderstand``; empty when it says something else.
        words: The words in it, for whoever knows which of them mean something; never to be shown as they are.
    """

    code: str
    words: tuple[str, ...]


def is_fault(payload: etree._Element) -> bool:
    """Whether the child of a body is a fault."""
    return payload.tag == f"{{{NAMESPACE}}}Fault"


def read_fault(payload: etree._Element) -> Fault:
    """Read a fault.

    Its children have no namespace in SOAP 1.1; those with the default namespace of the message are taken as well.

    Args:
        payload: The fault.
    """
    texts = {"faultcode": "", "faultstring": "", "detail": ""}
    for child in payload:
        name = parser.local_name(child)
        if name in texts and not texts[name]:
            texts[name] = _text(child)
    dotted = texts["faultcode"].rpartition(":")[2].split(".")
    told = " ".join((".".join(dotted), texts["detail"], texts["faultstring"]))
    return Fault(dotted[0] if dotted[0] in _CODES else "", tuple(_WORD.findall(told)))


def _text(element: etree._Element) -> str:
    """The names and texts in an element, up to a bound."""
    parts: list[str] = []
    left = _MOST_OF_A_FAULT
    for node in element.iter():
        name = parser.local_name(node) if node is not element else ""
        for part in (name, (node.text or "").strip()):
            parts.append(part[:left])
            left -= len(part)
        if left <= 0:
            break
    return " ".join(part for part in parts if part)


def fault(code: str, word: str, text: str) -> bytes:
    """An envelope with a fault.

    Args:
        code: The code of SOAP 1.1.
        word: The word for the result; it stands behind the code and in the detail.
        text: For people, without values.
    """
    result = etree.Element("resultaat")
    result.text = word
    return fault_envelope(f"soap:{code}.{word}", text, [result])


def fault_envelope(faultcode: str, text: str, detail: Iterable[etree._Element] | None = None) -> bytes:
    """An envelope with a fault whose code is written as it is given.

    Args:
        faultcode: The code; the prefix ``soap`` is that of SOAP 1.1.
        text: For people, without values.
        detail: What the detail holds; None for a fault that is not about the body (SOAP 1.1, 4.4).
    """
    envelope: Any = etree.Element(f"{{{NAMESPACE}}}Envelope", nsmap={"soap": NAMESPACE})
    found = etree.SubElement(etree.SubElement(envelope, f"{{{NAMESPACE}}}Body"), f"{{{NAMESPACE}}}Fault")
    etree.SubElement(found, "faultcode").text = faultcode
    etree.SubElement(found, "faultstring").text = text
    if detail is not None:
        etree.SubElement(found, "detail").extend(detail)
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
