"""Makes the WSDLs of UWLR out of the table of its operations and the XSDs, and puts them beside those.

Run it after a change in either: ``python tools/make_wsdl.py``; a test sees that nothing is different.

Each holds all that it needs, because tools differ in how they find other files.  Its types are a little wider than the
XSD: where one of several sequences may stand, all their elements may.  Programs that make clients out of a WSDL do not
take in such choices: zeep reads them as one long sequence, others refuse an element that is in two branches.  What a
client made by it sends is held against the XSD all the same.  The part for the body comes first in its message, for
some tools take that one and pass over what the binding says.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lxml import etree

from oso_bridge.exchange.uwlr.operations import ACCESS, OPERATIONS, PUPILS, RESULTS, Operation

FOLDER = Path(__file__).resolve().parent.parent / "schemas" / "uwlr" / "2.2"
XS = "http://www.w3.org/2001/XMLSchema"
SOAP_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
ADDRESS = "https://las.voorbeeld.invalid/uwlr"
HTTP = "http://schemas.xmlsoap.org/soap/http"
OSO = "http://www.edustandaard.nl/oso_gegevensset/1.2/dossier"

FAULT = f"""<xs:schema xmlns:xs="{XS}" targetNamespace="{SOAP_ENVELOPE}">
  <xs:complexType name="Fault">
    <xs:sequence>
      <xs:element name="faultcode" type="xs:QName"/>
      <xs:element name="faultstring" type="xs:string"/>
      <xs:element name="faultactor" type="xs:anyURI" minOccurs="0"/>
      <xs:element name="detail" minOccurs="0">
        <xs:complexType>
          <xs:sequence>
            <xs:any namespace="##any" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>
          </xs:sequence>
          <xs:anyAttribute namespace="##any" processContents="lax"/>
        </xs:complexType>
      </xs:element>
    </xs:sequence>
  </xs:complexType>
</xs:schema>"""
"""The fault of SOAP 1.1 (4.4) as a type, which the fault elements of UWLR have."""

_SCHEMAS = {PUPILS: "uwlr.xsd", RESULTS: "leerresultaten.xsd", ACCESS: "autorisatie.xsd", OSO: "oso-scores.xsd"}
_PARSER = etree.XMLParser(remove_comments=True, remove_blank_text=True)


class Service:
    """A WSDL: a service with its ports, and what they speak of.

    Args:
        name: What the file and the service are called.
        about: What it is for.
        ports: For each binding the port type, the port, and the operations.
    """

    def __init__(self, name: str, about: str, ports: dict[str, tuple[str, str, tuple[Operation, ...]]]) -> None:
        self.file = f"{name.lower()}.wsdl"
        self.name, self.about, self.ports = name, about, ports
        self.operations = [one for _, _, found in ports.values() for one in found]
        self.namespace = self.operations[0].namespace

    def text(self) -> str:
        """The WSDL."""
        parts = [self._types(), *map(_messages, self.operations)]
        parts += [_port_type(kind, found) for kind, _, found in self.ports.values()]
        parts += [_binding(name, kind, found) for name, (kind, _, found) in self.ports.items()]
        return f"{self._head()}{''.join(parts)}{self._service()}</wsdl:definitions>\n"

    def _head(self) -> str:
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
                  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
                  xmlns:aut="{ACCESS}"
                  xmlns:tns="{self.namespace}"
                  name="{self.name}" targetNamespace="{self.namespace}">
  <wsdl:documentation xml:lang="en">
    UWLR 2.2: {self.about}
    Made for oso_bridge by tools/make_wsdl.py from a list of the published names and from XSDs of its own; it is not the
    file that Edustandaard publishes.  Its types are a little wider than those XSDs, so that tools can make clients.
  </wsdl:documentation>
"""

    def _types(self) -> str:
        faults = [operation.fault for operation in self.operations if operation.fault]
        own = _schema(self.namespace, [ACCESS, SOAP_ENVELOPE] if faults else [ACCESS, OSO], faults)
        others = [_schema(ACCESS, [], [])]
        others += [_indented(etree.fromstring(FAULT, _PARSER))] if faults else [_schema(OSO, [], [])]
        return f"  <wsdl:types>\n{''.join([*others, own])}  </wsdl:types>\n"

    def _service(self) -> str:
        ports = "".join(
            f"""    <wsdl:port name="{port}" binding="tns:{binding}">
      <soap:address location="{ADDRESS}"/>
    </wsdl:port>
"""
            for binding, (_, port, _) in self.ports.items()
        )
        return f'  <wsdl:service name="{self.name}Service">\n{ports}  </wsdl:service>\n'


def _messages(operation: Operation) -> str:
    fault = operation.fault and (
        f'  <wsdl:message name="{operation.fault}">\n'
        f'    <wsdl:part name="fault" element="tns:{operation.fault}"/>\n  </wsdl:message>\n'
    )
    return f"""  <wsdl:message name="{operation.name}Request">
    <wsdl:part name="bericht" element="tns:{operation.request}"/>
    <wsdl:part name="autorisatie" element="aut:autorisatie"/>
  </wsdl:message>
  <wsdl:message name="{operation.name}Response">
    <wsdl:part name="antwoord" element="tns:{operation.answer}"/>
  </wsdl:message>
{fault}"""


def _port_type(name: str, operations: tuple[Operation, ...]) -> str:
    found = ""
    for one in operations:
        fault = one.fault and f'      <wsdl:fault name="{one.fault}" message="tns:{one.fault}"/>\n'
        found += f"""    <wsdl:operation name="{one.name}">
      <wsdl:input message="tns:{one.name}Request"/>
      <wsdl:output message="tns:{one.name}Response"/>
{fault}    </wsdl:operation>
"""
    return f'  <wsdl:portType name="{name}">\n{found}  </wsdl:portType>\n'


def _binding(name: str, kind: str, operations: tuple[Operation, ...]) -> str:
    found = ""
    for one in operations:
        fault = one.fault and (
            f'      <wsdl:fault name="{one.fault}">\n'
            f'        <soap:fault name="{one.fault}" use="literal"/>\n      </wsdl:fault>\n'
        )
        found += f"""    <wsdl:operation name="{one.name}">
      <soap:operation soapAction="{one.action}"/>
      <wsdl:input>
        <soap:header message="tns:{one.name}Request" part="autorisatie" use="literal"/>
        <soap:body parts="bericht" use="literal"/>
      </wsdl:input>
      <wsdl:output>
        <soap:body use="literal"/>
      </wsdl:output>
{fault}    </wsdl:operation>
"""
    return f"""  <wsdl:binding name="{name}" type="tns:{kind}">
    <soap:binding style="document" transport="{HTTP}"/>
{found}  </wsdl:binding>
"""


# --- types ------------------------------------------------------------------------------------------------------------


def _schema(namespace: str, imports: list[str], faults: list[str]) -> str:
    """The schema of a namespace as it stands in a WSDL, with the fault elements that belong to its messages."""
    root = etree.parse(FOLDER / _SCHEMAS[namespace], _PARSER).getroot()
    for child in _found(root, "xs:import|xs:annotation"):
        root.remove(child)
    _widen(root)
    _name_types(root)
    for name in faults:
        element = etree.SubElement(root, f"{{{XS}}}element", {"name": name}, {"env": SOAP_ENVELOPE})
        element.set("type", "env:Fault")
    root[:0] = [etree.Element(f"{{{XS}}}import", {"namespace": name}) for name in imports]
    return _indented(root)


def _found(root: etree._Element, path: str) -> list[etree._Element]:
    found: Any = root.xpath(path, namespaces={"xs": XS})
    return list(found)


def _replace(old: etree._Element, new: etree._Element) -> None:
    parent: Any = old.getparent()
    parent.replace(old, new)


def _widen(root: etree._Element) -> None:
    """Turn each choice between sequences into one sequence in which all may be left out.

    A sequence that repeats nothing but a choice becomes that choice, repeated, which is the same.
    """
    for sequence in _found(root, "//xs:sequence[@maxOccurs][count(*)=1][xs:choice]"):
        choice = sequence[0]
        choice.attrib.update(sequence.attrib)
        _replace(sequence, choice)
    for choice in _found(root, "//xs:choice[not(@maxOccurs)][parent::xs:sequence or xs:sequence]"):
        merged = etree.Element(f"{{{XS}}}sequence")
        merged.extend(_merged(choice))
        if _found(merged, "*[not(self::xs:element)]"):
            raise ValueError("a choice of something else than elements")
        _replace(choice, merged)


def _merged(choice: etree._Element) -> list[etree._Element]:
    """The elements of all branches, each once, in an order that every branch keeps."""
    found: dict[str, etree._Element] = {}
    for branch in choice:
        elements = list(branch) if branch.tag == f"{{{XS}}}sequence" else [branch]
        names = [str(element.get("name") or element.get("ref")) for element in elements]
        for name, element in zip(names, elements, strict=True):
            after = next((later for later in names[names.index(name) :] if later in found), None)
            if name not in found:
                element.set("minOccurs", "0")
                found = _put_before(found, after, name, element)
    return list(found.values())


def _put_before(
    found: dict[str, etree._Element], before: str | None, name: str, element: etree._Element
) -> dict[str, etree._Element]:
    at = list(found).index(before) if before else len(found)
    pairs = list(found.items())
    return dict([*pairs[:at], (name, element), *pairs[at:]])


def _name_types(root: etree._Element) -> None:
    """Give the types of elements within messages a name; the same elements in other messages share them.

    Java makes a name for a type without one out of the names around it; ``leerlingen`` in ``leerlinggegevens`` then
    gets that of ``leerlinggegevens-leerlingen``.
    """
    for element in _found(root, "/xs:schema/xs:element/xs:complexType/*/xs:element[xs:complexType]"):
        name, own = f"{str(element.get('name')).capitalize()}Type", element[0]
        made = next(iter(_found(root, f"/xs:schema/xs:complexType[@name='{name}']")), None)
        own.set("name", name)
        if made is None:
            root.append(own)
        elif etree.tostring(made, method="c14n") == etree.tostring(own, method="c14n"):
            element.remove(own)
        else:
            raise ValueError("two types of one name")
        prefix = next(prefix for prefix, space in root.nsmap.items() if prefix and space == root.get("targetNamespace"))
        element.set("type", f"{prefix}:{name}")


def _indented(root: etree._Element) -> str:
    etree.indent(root, "  ", level=2)
    return f"    {etree.tostring(root, encoding='unicode').rstrip()}\n"


SERVICES = (
    Service(
        "Leerlinggegevens",
        "an application asks a school administration for pupil data, all at once or in steps (getrapt).",
        {
            "bndLeerlinggegevens": ("prtLeerlinggegevens", "prtLeerlinggegevensService", OPERATIONS[:1]),
            "bndLeerlinggegevens-getrapt": ("prtGetrapt", "prtLeerlinggegevensService-getrapt", OPERATIONS[1:4]),
        },
    ),
    Service(
        "Leerresultaten",
        "an application brings results of tests to a school administration.",
        {"bndLeerresultaten": ("prtLeerresultaten", "prtLeerresultatenService", OPERATIONS[4:])},
    ),
)


def main() -> None:
    """Write the files."""
    for service in SERVICES:
        (FOLDER / service.file).write_text(service.text(), "utf-8", newline="\n")


if __name__ == "__main__":
    main()
