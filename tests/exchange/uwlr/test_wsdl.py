"""The WSDLs: names as published, made anew without a difference, and usable by other people's tools over HTTP."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import make_wsdl
import pytest
import requests
import zeep
from lxml import etree

import oso_bridge as oso
from oso_bridge import data
from oso_bridge.exchange import soap, uwlr
from oso_bridge.exchange.server import make_server
from oso_bridge.exchange.uwlr import faults, wsdl
from oso_bridge.exchange.uwlr.operations import ACCESS, PUPILS, RESULTS

from .scene import AUTORISATIE, CHECKOUT, EDEX, HEADER, VERZOEK, Gemaakt, Scene, envelope, question, results

HEADERS = {"autorisatie": {**AUTORISATIE.texts}}
ASKED = {"schooljaar": "2024-2025", "brincode": "00AA", "dependancecode": "00", "xsdversie": "2.2"}
ALL, STAGED = "prtLeerlinggegevensService", "prtLeerlinggegevensService-getrapt"


@pytest.fixture
def bron() -> Gemaakt:
    return Gemaakt(5)


@pytest.fixture
def url(bron: Gemaakt) -> Iterator[str]:
    server = make_server(uwlr.Application(Scene(bron).endpoint), "127.0.0.1", 0, context=None)
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.bind_addr[1]}"
    server.stop()
    thread.join(10)


@pytest.fixture(scope="module")
def pupils() -> zeep.Client:
    return zeep.Client(str(wsdl.path(wsdl.PUPILS)))


# --- the files --------------------------------------------------------------------------------------------------------


def test_making_them_again_gives_no_difference() -> None:
    for service in make_wsdl.SERVICES:
        assert (make_wsdl.FOLDER / service.file).read_text("utf-8") == service.text()


def test_names_are_the_published_ones() -> None:
    found = []
    for name, namespace in (("leerlinggegevens", PUPILS), ("leerresultaten", RESULTS)):
        root = etree.parse(wsdl.path(name)).getroot()
        spaces = {"w": "http://schemas.xmlsoap.org/wsdl/", "s": "http://schemas.xmlsoap.org/wsdl/soap/"}
        assert root.get("targetNamespace") == namespace
        for port in root.iterfind("w:service/w:port", spaces):
            binding = root.find(f"w:binding[@name='{port.get('binding', '').removeprefix('tns:')}']", spaces)
            assert binding is not None
            for operation in binding.iterfind("w:operation", spaces):
                action = operation.find("s:operation", spaces)
                assert action is not None
                service = root.find("w:service", spaces)
                assert service is not None
                names = service.get("name"), port.get("name"), binding.get("name"), binding.get("type")
                found.append((*names, operation.get("name"), action.get("soapAction")))
    pupils = ("LeerlinggegevensService", ALL, "bndLeerlinggegevens", "tns:prtLeerlinggegevens")
    staged = ("LeerlinggegevensService", STAGED, "bndLeerlinggegevens-getrapt", "tns:prtGetrapt")
    brings = ("LeerresultatenService", "prtLeerresultatenService", "bndLeerresultaten", "tns:prtLeerresultaten")
    assert found == [
        (*pupils, "HaalLeerlinggegevens", "HaalLeerlinggegevens"),
        (*staged, "HaalStructuur", f"{PUPILS}/structuur_verzoek"),
        (*staged, "HaalLeerlingen", f"{PUPILS}/leerlingen_verzoek"),
        (*staged, "HaalLeerkrachten", f"{PUPILS}/leerkrachten_verzoek"),
        (*brings, "BrengLeerresultaten", "BrengLeerresultaten"),
    ]


@pytest.mark.parametrize("name", ["leerlinggegevens", "leerresultaten"])
def test_what_the_xsd_takes_the_types_of_the_wsdl_take_as_well(name: str) -> None:
    examples = {"leerlinggegevens": "uwlr-leerlinggegevens.xml", "leerresultaten": "uwlr-resultaten.xml"}
    schema = types_of(name)
    schema.assertValid(etree.parse(CHECKOUT / "examples" / examples[name]))


def types_of(name: str) -> etree.XMLSchema:
    """The types of a WSDL as one schema; libxml2 takes each from memory by its namespace."""
    root = etree.parse(wsdl.path(name)).getroot()
    found = {str(one.get("targetNamespace")): one for one in root.iter("{http://www.w3.org/2001/XMLSchema}schema")}

    class Memory(etree.Resolver):
        def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:
            del public_id
            return self.resolve_string(etree.tostring(found[str(system_url).removeprefix("mem:")]), context)

    parser = etree.XMLParser()
    parser.resolvers.add(Memory())
    for one in found.values():
        for child in one.iterfind("{http://www.w3.org/2001/XMLSchema}import"):
            child.set("schemaLocation", f"mem:{child.get('namespace')}")
    main = list(found.values())[-1]
    return etree.XMLSchema(etree.fromstring(etree.tostring(main), parser))


# --- other people's tools ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [wsdl.PUPILS, wsdl.RESULTS])
def test_what_repeats_comes_to_an_end_in_every_tool(name: str) -> None:
    # zeep reads on for ever where what repeats may be empty
    root, spaces = etree.parse(wsdl.path(name)).getroot(), {"x": "http://www.w3.org/2001/XMLSchema"}
    assert root.xpath("//x:sequence[@maxOccurs]", namespaces=spaces) == []
    assert root.xpath("//x:choice[@maxOccurs]/*[not(self::x:element) or @minOccurs]", namespaces=spaces) == []
    assert root.xpath("//x:choice//x:choice", namespaces=spaces) == []


def test_choices_of_the_xsd_are_no_trap_for_zeep(pupils: zeep.Client) -> None:
    kind = pupils.get_type(f"{{{PUPILS}}}LeerlingType")
    for inside in ("<roepnaam>Jildou</roepnaam><jaargroep>3</jaargroep>", "<achternaam>Z</achternaam><groep key='G'/>"):
        element = etree.fromstring(f"<leerling xmlns='{PUPILS}' key='L'>{inside}</leerling>")
        assert kind.parse_xmlelement(element, schema=pupils.wsdl.types)["key"] == "L"


@pytest.mark.parametrize("where", ["disk", "served"])
def test_zeep_calls_every_operation(where: str, url: str, bron: Gemaakt) -> None:
    files = {
        name: str(wsdl.path(name)) if where == "disk" else f"{url}/{name}?wsdl" for name in (wsdl.PUPILS, wsdl.RESULTS)
    }
    pupils, brings = (zeep.Client(files[name]) for name in files)
    whole = pupils.create_service(f"{{{PUPILS}}}bndLeerlinggegevens", url)
    found = whole.HaalLeerlinggegevens(**ASKED, _soapheaders=HEADERS)
    assert [one["key"] for one in found["leerlinggegevens"]["leerlingen"]["leerling"]] == [f"L-{n}" for n in range(5)]
    staged = pupils.create_service(f"{{{PUPILS}}}bndLeerlinggegevens-getrapt", url)
    structure = staged.HaalStructuur(**ASKED, _soapheaders=HEADERS)
    assert structure["leerlinggegevens-structuur"]["school"]["brincode"] == "00AA"
    groups = {"groepen": {"_value_1": [{"groep": {"key": "G-1"}}, {"samengestelde_groep": {}}]}}
    of_group = staged.HaalLeerlingen(**ASKED, **groups, _soapheaders=HEADERS)
    keys = [one["key"] for one in of_group["leerlinggegevens-leerlingen"]["leerlingen"]["leerling"]]
    assert keys == ["L-0", "L-1", "L-2", "L-4"]
    staff = staged.HaalLeerkrachten(**ASKED, **groups, _soapheaders=HEADERS)
    assert len(staff["leerlinggegevens-leerkrachten"]["leerkrachten"]["leerkracht"]) == 2
    service = brings.create_service(f"{{{RESULTS}}}bndLeerresultaten", url)
    assert service.BrengLeerresultaten(**BROUGHT, _soapheaders=HEADERS) is None
    assert bron.ontvangen[0].resultaten.afnames[0].resultaten[0].score == 17


BROUGHT = {
    "school": {
        "schooljaar": "2024-2025",
        "brincode": "00AA",
        "aanmaakdatum": "2024-11-20T16:00:00",
        "xsdversie": "2.2",
    },
    "toetsafnames": {
        "toetsafname": [
            {
                "leerlingid": "L-1",
                "resultaten": {
                    "resultaat": [{"key": "R-1", "afnamedatum": "2024-11-19", "toetscode": "REK", "score": 17}]
                },
            }
        ]
    },
    "toetsen": {"toets": [{"toetscode": "REK"}]},
}


@pytest.mark.parametrize("code", faults.codes())
def test_zeep_gets_every_fault_with_its_code(code: str, url: str, bron: Gemaakt, pupils: zeep.Client) -> None:
    bron.fout = uwlr.UwlrFault(code)
    for binding, name in (
        ("bndLeerlinggegevens", "HaalLeerlinggegevens"),
        ("bndLeerlinggegevens-getrapt", "HaalStructuur"),
    ):
        service = pupils.create_service(f"{{{PUPILS}}}{binding}", url)
        with pytest.raises(zeep.exceptions.Fault) as raised:
            service[name](**ASKED, _soapheaders=HEADERS)
        assert raised.value.code == code


BY_HAND = f"""<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="{PUPILS}" xmlns:a="{ACCESS}" targetNamespace="{PUPILS}">
  <types>
    <x:schema targetNamespace="{ACCESS}" elementFormDefault="qualified">
      <x:element name="autorisatie"><x:complexType><x:sequence>
        <x:element name="autorisatiesleutel" type="x:string"/><x:element name="klantcode" type="x:string"/>
        <x:element name="klantnaam" type="x:string"/></x:sequence></x:complexType></x:element>
    </x:schema>
    <x:schema targetNamespace="{PUPILS}" elementFormDefault="qualified">
      <x:element name="structuur_verzoek"><x:complexType><x:sequence>
        <x:element name="schooljaar" type="x:string"/><x:element name="brincode" type="x:string"/>
        <x:element name="dependancecode" type="x:string" minOccurs="0"/><x:element name="xsdversie" type="x:string"/>
        </x:sequence></x:complexType></x:element>
      <x:element name="structuur_antwoord"><x:complexType><x:sequence>
        <x:any processContents="skip"/></x:sequence></x:complexType></x:element>
    </x:schema>
  </types>
  <message name="kop"><part name="kop" element="a:autorisatie"/></message>
  <message name="in"><part name="p" element="t:structuur_verzoek"/></message>
  <message name="uit"><part name="p" element="t:structuur_antwoord"/></message>
  <portType name="prtGetrapt">
    <operation name="HaalStructuur"><input message="t:in"/><output message="t:uit"/></operation>
  </portType>
  <binding name="bndLeerlinggegevens-getrapt" type="t:prtGetrapt">
    <s:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="HaalStructuur">
      <s:operation soapAction="{PUPILS}/structuur_verzoek"/>
      <input><s:header message="t:kop" part="kop" use="literal"/><s:body use="literal"/></input>
      <output><s:body use="literal"/></output>
    </operation>
  </binding>
  <service name="LeerlinggegevensService">
    <port name="{STAGED}" binding="t:bndLeerlinggegevens-getrapt"><s:address location="http://x.invalid/"/></port>
  </service>
</definitions>"""


def test_a_wsdl_made_by_hand_is_understood_on_both_sides(tmp_path: Path, url: str) -> None:
    file = tmp_path / "hand.wsdl"
    file.write_text(BY_HAND, "utf-8")
    service = zeep.Client(str(file)).create_service(f"{{{PUPILS}}}bndLeerlinggegevens-getrapt", url)
    assert "G-0" in etree.tostring(service.HaalStructuur(**ASKED, _soapheaders={"kop": AUTORISATIE.texts})).decode()
    answer = uwlr.Client(Scene(Gemaakt()).line, AUTORISATIE, wsdl=[file]).structuur(VERZOEK)
    assert len(answer.administratie.groepen) == 3


# --- over HTTP --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "namespace"),
    [
        ("/?wsdl", PUPILS),
        ("/?WSDL", PUPILS),
        ("/uwlr?wsdl", PUPILS),
        ("/v2/leerlinggegevens?wsdl", PUPILS),
        ("/v2/leerresultaten?wsdl", RESULTS),
        ("/?wsdl=leerresultaten", RESULTS),
    ],
)
def test_the_wsdl_is_served_with_the_address_of_the_endpoint(path: str, namespace: str, url: str) -> None:
    reply = requests.get(url + path, timeout=10)
    root = etree.fromstring(reply.content)
    assert (reply.status_code, root.get("targetNamespace")) == (200, namespace)
    places = {port.get("location") for port in root.iter("{http://schemas.xmlsoap.org/wsdl/soap/}address")}
    assert places == {url + path.partition("?")[0]}


def test_an_answer_and_a_fault_over_http(url: str) -> None:
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    good = requests.post(url, envelope(question()), headers=headers, timeout=10)
    assert (good.status_code, int(good.headers["Content-Length"])) == (200, len(good.content))
    assert not soap.is_fault(soap.unwrap(good.content))
    bad = requests.post(url, envelope(question(), ""), headers=headers, timeout=10)
    assert bad.status_code == 500
    assert soap.is_fault(soap.unwrap(bad.content))
    assert requests.get(url, timeout=10).status_code == 405
    assert requests.post(url, b"x", headers={"Content-Type": "text/plain"}, timeout=10).status_code == 415


def test_connections_are_kept_over_answers_and_faults(url: str) -> None:
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    with requests.Session() as session:
        for header in (HEADER, "", HEADER):
            reply = session.post(url, envelope(question(), header), headers=headers, timeout=10)
            assert soap.is_fault(soap.unwrap(reply.content)) is (not header)


def test_the_rules_of_wsgi_are_kept() -> None:
    body = envelope(question())
    environ: dict[str, Any] = {"CONTENT_TYPE": soap.MEDIA_TYPE, "CONTENT_LENGTH": str(len(body))}
    setup_testing_defaults(environ)
    environ |= {"REQUEST_METHOD": "POST", "wsgi.input": io.BytesIO(body), "QUERY_STRING": ""}
    told: list[Any] = []
    found: Any = validator(uwlr.Application(Scene(Gemaakt(3)).endpoint))(environ, lambda *args: told.append(args))
    content = b"".join(found)
    found.close()
    assert told[0][0] == "200 OK"
    assert not soap.is_fault(soap.unwrap(content))


def call(application: uwlr.Application, **changes: Any) -> int:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "wsdl", "wsgi.url_scheme": "http"}
    environ |= {
        "HTTP_HOST": "x.invalid",
        "SERVER_NAME": "x",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(),
        **changes,
    }
    told: list[str] = []
    start: Callable[..., Any] = lambda status, headers: told.append(status)  # noqa: E731
    b"".join(application(environ, start))
    return int(told[0].split()[0])


def test_the_wsdl_is_at_the_path_of_the_endpoint_only() -> None:
    application = uwlr.Application(Scene(Gemaakt()).endpoint, path="/uwlr", url="https://las.invalid/uwlr")
    assert call(application, PATH_INFO="/uwlr") == 200
    assert call(application, PATH_INFO="/") == 404


def test_an_address_that_xml_cannot_hold_is_refused() -> None:
    assert call(uwlr.Application(Scene(Gemaakt()).endpoint), HTTP_HOST="a\x01b") == 400


# --- the program ------------------------------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """The program with the example: its address, and what it said."""
    command = [
        sys.executable,
        "-m",
        "oso_bridge.cli",
        "serve",
        "uwlr",
        str(EDEX),
        "--port",
        "0",
        "--results",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT) as process:
        assert process.stderr is not None
        told = ""
        while "Listening" not in told:
            line = process.stderr.readline()
            assert line, told
            told += line
        yield f"http://127.0.0.1:{told.rpartition('port ')[2].partition(';')[0]}", told
        process.terminate()
        process.wait(20)


def test_the_program_serves_a_file(served: tuple[str, str], tmp_path: Path) -> None:
    url, told = served
    key = told.partition("autorisatiesleutel ")[2].split()[0]
    with oso.transport("http", url=url, insecure=True) as line:
        client = uwlr.Client(line, uwlr.Autorisatie("proef", "proef", key))
        assert len(client.leerlinggegevens(VERZOEK).administratie.leerlingen) == 2
        client.breng(oso.read(results().encode()).leerresultaten())
        with pytest.raises(uwlr.UwlrFault) as refused:
            uwlr.Client(line, uwlr.Autorisatie("proef", "proef", "iets anders")).leerlinggegevens(VERZOEK)
    assert refused.value.code == faults.ACCESS
    assert len(list(tmp_path.glob("*.xml"))) == 1


def test_the_data_of_faults_and_vocabularies_is_complete() -> None:
    for row in data.toml("schemas", "uwlr", "fouten.toml")["fout"]:
        assert row["code"].partition(".")[0] in ("Client", "Server")
        assert row["text"].keys() == {"nl", "en"}
    (subjects,) = data.toml("schemas", "uwlr", "vocabulaires.toml")["vocabulaire"]
    assert len(set(subjects["termen"])) == 23
