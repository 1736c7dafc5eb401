"""Scenarios about the WSDL of an endpoint of UWLR: the names by which clients find their way."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from lxml import etree

from oso_bridge.errors import DocumentError
from oso_bridge.testing.kit import uwlr_messages as messages
from oso_bridge.testing.kit.scenario import NotRun, Wrong
from oso_bridge.testing.kit.uwlr_messages import Kind
from oso_bridge.testing.kit.uwlr_stage import ALL, RESULTS, UwlrStage
from oso_bridge.xml import parser

_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
_OK = 200
_IMPORTS = 10
"""How many parts a WSDL may have; they are found by ``wsdl:import``, at the same address."""


def leerlinggegevens(stage: UwlrStage) -> None:
    """The WSDL of the pupil data has the published operation, and those in steps where they are offered."""
    steps = stage.offers("getrapt")
    wanted = [kind for kind in messages.kinds() if kind.name == ALL or (steps and kind.service == "getrapt")]
    _refuse_other(_given(stage, wanted[0]) or _offered(stage, "leerlinggegevens", stage.settings["wsdl"]), wanted)


def leerresultaten(stage: UwlrStage) -> None:
    """The WSDL of the results has the published operation."""
    kind = messages.kind(RESULTS)
    _refuse_other(_given(stage, kind) or _offered(stage, "resultaten", stage.settings["resultaten_wsdl"]), [kind])


def _given(stage: UwlrStage, kind: Kind) -> list[etree._Element]:
    """The files that were given, when an operation is in one of them."""
    found = [_parsed(path.read_bytes()) for path in stage.wsdl]
    named = (place.get("name") for part in found for place in part.iter(f"{_WSDL}operation"))
    return found if kind.operation in named else []


def _offered(stage: UwlrStage, service: str, query: str) -> list[etree._Element]:
    """The WSDL behind an address, with what it imports from there."""
    found: list[etree._Element] = []
    waiting, seen = [query], {query}
    while waiting and len(found) < _IMPORTS:
        answer = stage.get(service, waiting.pop(0))
        if answer.status != _OK:
            # the standard publishes the WSDLs itself: nobody is bound to offer one
            raise NotRun("uwlr_wsdl_weg", status=answer.status)
        found.append(_parsed(answer.body))
        for place in found[-1].iter(f"{_WSDL}import"):
            asked = urlsplit(place.get("location", "")).query
            if asked and asked not in seen:
                seen.add(asked)
                waiting.append(asked)
    return found


def _parsed(content: bytes) -> etree._Element:
    try:
        return parser.parse(content)
    except DocumentError:
        raise Wrong("uwlr_wsdl_geen_xml") from None


def _refuse_other(parts: list[etree._Element], wanted: Iterable[Kind]) -> None:
    """Refuse a WSDL without the names that a client was made with."""
    if not any(part.tag == f"{_WSDL}definitions" for part in parts):
        raise Wrong("uwlr_wsdl_geen_wsdl")
    for kind in wanted:
        _refuse_operation(parts, kind)


def _refuse_operation(parts: list[etree._Element], kind: Kind) -> None:
    """Refuse a WSDL in which an operation has other messages, or another action."""
    if _elements(parts, kind, "input") != [kind.name] or _elements(parts, kind, "output") != [kind.answer]:
        raise Wrong("uwlr_wsdl_operatie", operatie=kind.operation)
    bound = [
        action.get("soapAction")
        for part in parts
        for action in part.iterfind(f"{_WSDL}binding/{_WSDL}operation[@name='{kind.operation}']/{_SOAP}operation")
    ]
    if kind.action not in bound:
        raise Wrong("uwlr_wsdl_actie", operatie=kind.operation)


def _elements(parts: list[etree._Element], kind: Kind, way: str) -> list[str]:
    """The elements of the messages of an operation, in the namespace that they should have."""
    named = [
        place.get("message", "").rpartition(":")[2]
        for part in parts
        for place in part.iterfind(f"{_WSDL}portType/{_WSDL}operation[@name='{kind.operation}']/{_WSDL}{way}")
    ]
    found = (
        _name(place)
        for part in parts
        for message in part.iterfind(f"{_WSDL}message")
        if message.get("name") in named
        for place in message.iterfind(f"{_WSDL}part[@element]")
    )
    # the header may be a part of the same message
    return [name.localname for name in found if name.namespace == kind.namespace]


def _name(place: etree._Element) -> etree.QName:
    """The element that a part names."""
    prefix, _, local = place.get("element", "").rpartition(":")
    return etree.QName(place.nsmap.get(prefix or None, "") or None, local)
