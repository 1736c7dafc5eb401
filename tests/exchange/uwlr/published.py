"""WSDLs by hand, out of the list of published names alone: what a program has that was made before this project was.

Nothing here looks at the WSDL of the project, nor at its table of operations.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LG = "http://www.edustandaard.nl/leerresultaten/2/leerlinggegevens"
LR = "http://www.edustandaard.nl/leerresultaten/2/leerresultaten"
AUT = "http://www.edustandaard.nl/leerresultaten/2/autorisatie"
TRANSPORT = "http://schemas.xmlsoap.org/soap/http"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SCHEMAS = Path(__file__).resolve().parents[3] / "schemas" / "uwlr" / "2.2"


@dataclass(frozen=True)
class Published:
    """A row of the list: an operation with all its names."""

    file: str
    namespace: str
    port_type: str
    operation: str
    asks: str
    answers: str
    fault: str
    binding: str
    action: str
    service: str
    port: str


_ALL = ("Leerlinggegevens", LG, "prtLeerlinggegevens")
_STAGED = ("Leerlinggegevens", LG, "prtGetrapt")
_STAGED_PORT = ("LeerlinggegevensService", "prtLeerlinggegevensService-getrapt")
ROWS = (
    Published(
        *_ALL,
        "HaalLeerlinggegevens",
        "leerlinggegevens_verzoek",
        "leerlinggegevens_antwoord",
        "",
        "bndLeerlinggegevens",
        "HaalLeerlinggegevens",
        "LeerlinggegevensService",
        "prtLeerlinggegevensService",
    ),
    Published(
        *_STAGED,
        "HaalStructuur",
        "structuur_verzoek",
        "structuur_antwoord",
        "StructuurFault",
        "bndLeerlinggegevens-getrapt",
        f"{LG}/structuur_verzoek",
        *_STAGED_PORT,
    ),
    Published(
        *_STAGED,
        "HaalLeerlingen",
        "leerlingen_verzoek",
        "leerlingen_antwoord",
        "LeerlingenFault",
        "bndLeerlinggegevens-getrapt",
        f"{LG}/leerlingen_verzoek",
        *_STAGED_PORT,
    ),
    Published(
        *_STAGED,
        "HaalLeerkrachten",
        "leerkrachten_verzoek",
        "leerkrachten_antwoord",
        "LeerkrachtenFault",
        "bndLeerlinggegevens-getrapt",
        f"{LG}/leerkrachten_verzoek",
        *_STAGED_PORT,
    ),
    Published(
        "Leerresultaten",
        LR,
        "prtLeerresultaten",
        "BrengLeerresultaten",
        "leerresultaten_verzoek",
        "leerresultaten_bevestiging",
        "",
        "bndLeerresultaten",
        "BrengLeerresultaten",
        "LeerresultatenService",
        "prtLeerresultatenService",
    ),
)


def write(folder: Path, *, address: str = "https://las.invalid/uwlr", apart: bool = False) -> list[Path]:
    """Put the two WSDLs into a folder, with their types imported as files from beside them.

    Args:
        folder: Where they go.
        address: Where the service is.
        apart: The part for the header is in a message of its own.
    """
    made = []
    shutil.copytree(SCHEMAS, folder / "Schemas", ignore=lambda _, names: {n for n in names if not n.endswith(".xsd")})
    for name in ("Leerlinggegevens", "Leerresultaten"):
        rows = [row for row in ROWS if row.file == name]
        path = folder / f"{name}.wsdl"
        path.write_text("".join(_text(rows, address, apart)), "utf-8")
        made.append(path)
    return made


def _text(rows: list[Published], address: str, apart: bool) -> Iterator[str]:
    space = rows[0].namespace
    yield '<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"'
    yield f' xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="{space}" xmlns:aut="{AUT}" targetNamespace="{space}">'
    yield from _types(rows)
    if apart:
        yield '<w:message name="kop"><w:part name="autorisatie" element="aut:autorisatie"/></w:message>'
    for row in rows:
        yield from _messages(row, apart)
    for port_type in dict.fromkeys(row.port_type for row in rows):
        yield from _interface([row for row in rows if row.port_type == port_type], apart)
    yield f'<w:service name="{rows[0].service}">'
    for port, binding in dict.fromkeys((row.port, row.binding) for row in rows):
        yield f'<w:port name="{port}" binding="t:{binding}"><s:address location="{address}"/></w:port>'
    yield "</w:service></w:definitions>"


def _types(rows: list[Published]) -> Iterator[str]:
    """The XSDs by their names, and the three fault elements, whose type is the fault of SOAP 1.1."""
    file = "uwlr.xsd" if rows[0].namespace == LG else "leerresultaten.xsd"
    yield f'<w:types><x:schema targetNamespace="{SOAP_11}"><x:complexType name="Fault"><x:sequence>'
    yield '<x:element name="faultcode" type="x:QName"/><x:element name="faultstring" type="x:string"/>'
    yield '<x:element name="faultactor" type="x:anyURI" minOccurs="0"/></x:sequence></x:complexType></x:schema>'
    yield f'<x:schema><x:import namespace="{AUT}" schemaLocation="Schemas/autorisatie.xsd"/>'
    yield f'<x:import namespace="{rows[0].namespace}" schemaLocation="Schemas/{file}"/></x:schema>'
    faults = [row.fault for row in rows if row.fault]
    if faults:
        yield f'<x:schema targetNamespace="{rows[0].namespace}" xmlns:e="{SOAP_11}"><x:import namespace="{SOAP_11}"/>'
        yield "".join(f'<x:element name="{fault}" type="e:Fault"/>' for fault in faults) + "</x:schema>"
    yield "</w:types>"


def _messages(row: Published, apart: bool) -> Iterator[str]:
    header = "" if apart else '<w:part name="autorisatie" element="aut:autorisatie"/>'
    yield f'<w:message name="{row.asks}">{header}<w:part name="vraag" element="t:{row.asks}"/></w:message>'
    yield f'<w:message name="{row.answers}"><w:part name="antwoord" element="t:{row.answers}"/></w:message>'
    if row.fault:
        yield f'<w:message name="{row.fault}"><w:part name="fault" element="t:{row.fault}"/></w:message>'


def _interface(rows: list[Published], apart: bool) -> Iterator[str]:
    yield f'<w:portType name="{rows[0].port_type}">'
    for row in rows:
        fault = f'<w:fault name="{row.fault}" message="t:{row.fault}"/>' if row.fault else ""
        yield f'<w:operation name="{row.operation}"><w:input message="t:{row.asks}"/>'
        yield f'<w:output message="t:{row.answers}"/>{fault}</w:operation>'
    yield f'</w:portType><w:binding name="{rows[0].binding}" type="t:{rows[0].port_type}">'
    yield f'<s:binding style="document" transport="{TRANSPORT}"/>'
    for row in rows:
        header = "t:kop" if apart else f"t:{row.asks}"
        fault = f'<w:fault name="{row.fault}"><s:fault name="{row.fault}" use="literal"/></w:fault>'
        yield f'<w:operation name="{row.operation}"><s:operation soapAction="{row.action}"/><w:input>'
        yield f'<s:header message="{header}" part="autorisatie" use="literal"/><s:body parts="vraag" use="literal"/>'
        yield f'</w:input><w:output><s:body use="literal"/></w:output>{fault if row.fault else ""}</w:operation>'
    yield "</w:binding>"
