"""The WSDLs of the project, made by ``tools/make_wsdl.py``; an endpoint gives them with its own address."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from oso_bridge import data
from oso_bridge.errors import DataError
from oso_bridge.xml import parser

PUPILS, RESULTS = "leerlinggegevens", "leerresultaten"
_ADDRESS = "{http://schemas.xmlsoap.org/wsdl/soap/}address"


def path(name: str) -> Path:
    """The file of a WSDL.

    Args:
        name: ``leerlinggegevens`` or ``leerresultaten``.

    Raises:
        DataError: It is not there.
    """
    found = data.find("schemas", "uwlr", "2.2", f"{name}.wsdl")
    if found is None:
        raise DataError(f"The WSDL {name} of UWLR is not installed.")
    return found


def served(name: str, address: str) -> bytes:
    """A WSDL as an endpoint gives it.

    Args:
        name: ``leerlinggegevens`` or ``leerresultaten``.
        address: Where the endpoint is.

    Raises:
        ValueError: XML cannot hold that address.
    """
    root = parser.parse(path(name).read_bytes())
    for port in root.iter(_ADDRESS):
        port.set("location", address)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
