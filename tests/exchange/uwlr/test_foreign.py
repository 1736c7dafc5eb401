"""Clients of others: messages as their programs write them, and programs that have only the published names."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep
from lxml import etree

import oso_bridge as oso
from oso_bridge.exchange import soap, uwlr
from oso_bridge.exchange.server import make_server
from oso_bridge.exchange.uwlr import faults, operations, wsdl

from . import published
from .published import AUT, LG, ROWS, Published
from .scene import AUTORISATIE, KEY, VERZOEK, Gemaakt, Scene, code, results
from .test_wsdl import BROUGHT, url  # noqa: F401 - a fixture

XSI, XSD = "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/2001/XMLSchema"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
SPACES = {"w": "http://schemas.xmlsoap.org/wsdl/", "s": "http://schemas.xmlsoap.org/wsdl/soap/", "x": XSD}
ASKED = {"schooljaar": "2024-2025", "brincode": "00AA", "dependancecode": "00", "xsdversie": "2.2"}
GROUPS = {"groepen": {"_value_1": [{"groep": {"key": "G-1"}}, {"samengestelde_groep": {}}]}}
HEADERS = {"autorisatie": {**AUTORISATIE.texts}}


@pytest.fixture
def bron() -> Gemaakt:
    return Gemaakt(5)


# --- the names, letter by letter --------------------------------------------------------------------------------------


def found_in(root: etree._Element) -> Iterator[Published]:
    """The rows that a WSDL amounts to, followed from its ports to its elements."""
    own = str(root.get("targetNamespace"))

    def named(kind: str, name: str | None) -> etree._Element:
        prefix, _, local = str(name).partition(":")
        assert root.nsmap[prefix] == own
        (one,) = root.iterfind(f"w:{kind}[@name='{local}']", SPACES)
        return one

    def element(message: etree._Element, part: str) -> str:
        (one,) = message.iterfind(f"w:part[@name='{part}']", SPACES)
        prefix, _, local = str(one.get("element")).partition(":")
        return f"{{{one.nsmap[prefix]}}}{local}"

    for port in root.iterfind("w:service/w:port", SPACES):
        binding = named("binding", port.get("binding"))
        kind = named("portType", binding.get("type"))
        (way,) = binding.iterfind("s:binding", SPACES)
        assert (way.get("style"), way.get("transport")) == ("document", published.TRANSPORT)
        for bound in binding.iterfind("w:operation", SPACES):
            (abstract,) = kind.iterfind(f"w:operation[@name='{bound.get('name')}']", SPACES)
            (asks, answers), own_faults = abstract[:2], abstract[2:]
            header, body = bound.find("w:input/s:header", SPACES), bound.find("w:input/s:body", SPACES)
            assert header is not None
            assert body is not None
            assert element(named("message", header.get("message")), str(header.get("part"))) == f"{{{AUT}}}autorisatie"
            assert bound.find("w:output/s:header", SPACES) is None
            assert {one.get("use") for one in bound.iter() if one.get("use")} == {"literal"}
            asked = element(named("message", asks.get("message")), str(body.get("parts")))
            (part,) = named("message", answers.get("message"))
            fault = str(own_faults[0].get("name")) if own_faults else ""
            if fault:
                assert element(named("message", own_faults[0].get("message")), "fault") == f"{{{own}}}{fault}"
            service: Any = port.getparent()
            yield Published(
                str(root.get("name") or service.get("name").removesuffix("Service")),
                own,
                str(kind.get("name")),
                str(bound.get("name")),
                asked.removeprefix(f"{{{own}}}"),
                str(part.get("element")).partition(":")[2],
                fault,
                str(binding.get("name")),
                str(bound[0].get("soapAction")),
                str(service.get("name")),
                str(port.get("name")),
            )


def test_every_name_is_that_of_the_list() -> None:
    files = [etree.parse(wsdl.path(name)).getroot() for name in (wsdl.PUPILS, wsdl.RESULTS)]
    assert [row for root in files for row in found_in(root)] == list(ROWS)


@pytest.mark.parametrize("apart", [False, True])
def test_the_files_by_hand_are_the_list_as_well(apart: bool, tmp_path: Path) -> None:
    files = [etree.parse(path).getroot() for path in published.write(tmp_path, apart=apart)]
    assert [row for root in files for row in found_in(root)] == list(ROWS)


def test_what_the_endpoint_goes_by_is_that_of_the_list() -> None:
    own = [(one.name, one.namespace, one.request, one.answer, one.fault, one.action) for one in operations.OPERATIONS]
    assert own == [(row.operation, row.namespace, row.asks, row.answers, row.fault, row.action) for row in ROWS]


@pytest.mark.parametrize("name", [wsdl.PUPILS, wsdl.RESULTS])
def test_tools_of_others_can_make_a_client(name: str) -> None:
    """What node-soap, JAX-WS and .NET trip over; each of these did."""
    root = etree.parse(wsdl.path(name)).getroot()
    for message in root.iterfind("w:message", SPACES):
        assert not str(message[0].get("element")).startswith("aut:"), "some take the first part for the body"
    assert not root.xpath("//x:import/@schemaLocation | //x:include | //w:import", namespaces=SPACES)
    imported = set(map(str, root.xpath("//x:import/@namespace", namespaces=SPACES)))
    assert imported <= set(map(str, root.xpath("//x:schema/@targetNamespace", namespaces=SPACES)))
    globals_ = list(map(str, root.xpath("//x:schema/x:*[@name]/@name", namespaces=SPACES)))
    inside = root.xpath("//x:schema/x:element//x:element[x:complexType]", namespaces=SPACES)
    made = [
        f"{one.xpath('ancestor::x:element[last()]', namespaces=SPACES)[0].get('name')}{one.get('name')}"
        for one in inside
    ]
    plain = [name.replace("-", "").replace("_", "").lower() for name in (*globals_, *made)]
    twice = {name for name in plain if plain.count(name) > 1}
    assert not twice & {name.lower() for name in made}, "Java would give two types one name"


# --- zeep with the published names only -------------------------------------------------------------------------------


def services(folder: Path, address: str, apart: bool) -> dict[str, Any]:
    """Each operation, as zeep has it; answers stay as they came, for with the choices of the XSD zeep never ends."""
    found: dict[str, Any] = {}
    settings = zeep.Settings(raw_response=True)
    clients = [
        zeep.Client(str(file), settings=settings) for file in published.write(folder, address=address, apart=apart)
    ]
    for row in ROWS:
        client = clients[row.file == "Leerresultaten"]
        found[row.operation] = client.bind(row.service, row.port)[row.operation]
    return found


CALLS: dict[str, dict[str, Any]] = {
    "HaalLeerlinggegevens": ASKED,
    "HaalStructuur": ASKED,
    "HaalLeerlingen": ASKED | GROUPS,
    "HaalLeerkrachten": ASKED | GROUPS,
    "BrengLeerresultaten": BROUGHT,
}


@pytest.mark.parametrize("apart", [False, True])
def test_zeep_with_a_wsdl_by_hand_calls_every_operation(apart: bool, url: str, tmp_path: Path) -> None:  # noqa: F811
    for name, call in services(tmp_path, url, apart).items():
        reply = call(**CALLS[name], _soapheaders=HEADERS)
        payload = soap.unwrap(reply.content)
        (row,) = (row for row in ROWS if row.operation == name)
        assert (reply.status_code, payload.tag) == (200, f"{{{row.namespace}}}{row.answers}")
        assert oso.check(etree.tostring(payload)).ok
        assert soap.headers(payload) == []


@pytest.mark.parametrize("code_", faults.codes())
def test_every_fault_comes_through_to_a_wsdl_by_hand(code_: str, url: str, bron: Gemaakt, tmp_path: Path) -> None:  # noqa: F811
    bron.fout = uwlr.UwlrFault(code_)
    for name, call in services(tmp_path, url, apart=True).items():
        reply = call(**CALLS[name], _soapheaders=HEADERS)
        payload = soap.unwrap(reply.content)
        assert (reply.status_code, code(payload)) == (500, code_)
        (row,) = (row for row in ROWS if row.operation == name)
        detail = [one.tag for one in payload.iterfind("detail/*")]
        about_header = code_ in (faults.ACCESS, faults.CLIENT)
        assert detail == ([f"{{{LG}}}{row.fault}"] if row.fault and not about_header else [])


@pytest.mark.parametrize("apart", [False, True])
def test_our_client_goes_by_a_wsdl_by_hand(apart: bool, tmp_path: Path) -> None:
    scene = Scene(Gemaakt(5))
    client = scene.client(wsdl=published.write(tmp_path, apart=apart))
    assert len(client.leerlinggegevens(VERZOEK).administratie.leerlingen) == 5
    assert client.getrapt(VERZOEK).rapport.ok
    client.breng(oso.read(results().encode()).leerresultaten())
    assert [parcel.operation for parcel in scene.sent] == [row.action for row in ROWS]
    for code_ in faults.codes():
        scene.bron.fout = uwlr.UwlrFault(code_)  # type: ignore[attr-defined]
        with pytest.raises(uwlr.UwlrFault) as raised:
            client.structuur(VERZOEK)
        assert raised.value.code == code_


@pytest.mark.parametrize("path", ["/leerlinggegevens", "/las/uwlr2.2.svc"])
def test_an_address_is_all_that_zeep_needs(path: str, url: str) -> None:  # noqa: F811
    client = zeep.Client(f"{url}{path}?wsdl")
    found = client.bind("LeerlinggegevensService", "prtLeerlinggegevensService")
    assert (
        len(found.HaalLeerlinggegevens(**ASKED, _soapheaders=HEADERS)["leerlinggegevens"]["leerlingen"]["leerling"])
        == 5
    )
    staged = client.bind("LeerlinggegevensService", "prtLeerlinggegevensService-getrapt")
    assert staged.HaalStructuur(**ASKED, _soapheaders=HEADERS)["leerlinggegevens-structuur"]
    assert client.service._binding_options["address"] == f"{url}{path}"


def test_behind_another_server_the_address_is_the_one_that_was_set() -> None:
    outside = "https://las.invalid/school/uwlr"
    server = make_server(
        uwlr.Application(Scene(Gemaakt()).endpoint, url=outside), "127.0.0.1", 0, context=None, threads=2
    )
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        inside = f"http://127.0.0.1:{server.bind_addr[1]}"
        forwarded = {"X-Forwarded-Host": "kwaad.invalid", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/kwaad"}
        for name in (wsdl.PUPILS, wsdl.RESULTS):
            told = requests.get(f"{inside}/binnen/{name}?wsdl", headers=forwarded, timeout=10).text
            assert outside in told
            assert "127.0.0.1" not in told
            assert "kwaad" not in told
    finally:
        server.stop()


# --- messages as their programs write them ----------------------------------------------------------------------------


def texts(prefix: str, **values: str) -> str:
    """Elements with a text, with a prefix."""
    mark = f"{prefix}:" if prefix else ""
    return "".join(f"<{mark}{name}>{value}</{mark}{name}>" for name, value in values.items())


def header(prefix: str = "aut", attributes: str = "") -> str:
    """The header autorisatie, with a prefix."""
    inside = texts(prefix, **AUTORISATIE.texts)
    return f'<{prefix}:autorisatie xmlns:{prefix}="{AUT}"{attributes}>{inside}</{prefix}:autorisatie>'


def question(prefix: str, inside: str = "", *, attributes: str = "", element: str = "leerlinggegevens_verzoek") -> str:
    """A request, with a prefix."""
    found = inside or texts(prefix, **ASKED)
    return f'<{prefix}:{element} xmlns:{prefix}="{LG}"{attributes}>{found}</{prefix}:{element}>'


def envelope(body: str, head: str, *, prefix: str = "S", attributes: str = "", declaration: str = "") -> str:
    """An envelope, with a prefix."""
    inside = f"<{prefix}:Header>{head}</{prefix}:Header><{prefix}:Body>{body}</{prefix}:Body>"
    return f'{declaration}<{prefix}:Envelope xmlns:{prefix}="{SOAP}"{attributes}>{inside}</{prefix}:Envelope>'


NOISE = f' xmlns:xsi="{XSI}" xmlns:xsd="{XSD}"'
WCF = (
    f'<s:Envelope xmlns:s="{SOAP}"><s:Header><h:autorisatie xmlns:h="{AUT}" xmlns="{AUT}"{NOISE}>'
    f"{texts('', **AUTORISATIE.texts)}</h:autorisatie><VsDebuggerCausalityData xmlns="
    '"http://schemas.microsoft.com/vstudio/diagnostics/servicemodelsink">uIDPo0</VsDebuggerCausalityData></s:Header>'
    f'<s:Body{NOISE}><leerlinggegevens_verzoek xmlns="{LG}">{texts("", **ASKED)}</leerlinggegevens_verzoek></s:Body>'
    "</s:Envelope>"
)
ACTIVITY = (
    '<ActivityId CorrelationId="1" xmlns="http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics">2</ActivityId>'
)
ELSEWHERE = '<x:pad xmlns:x="urn:x" S:mustUnderstand="1" S:actor="urn:een-ander"/>'
GOOD = {
    "JAX-WS": envelope(question("ns2"), header("ns3"), declaration="<?xml version='1.0' encoding='UTF-8'?>"),
    "CXF, in the default namespace": envelope(
        f'<leerlinggegevens_verzoek xmlns="{LG}" xmlns:ns2="{AUT}">{texts("", **ASKED)}</leerlinggegevens_verzoek>',
        header("ns2"),
        prefix="soap",
    ),
    "WCF": WCF,
    "WCF with a mark of UTF-8": f'\ufeff<?xml version="1.0" encoding="utf-8"?>{WCF}',
    "WCF with an id of what it does": envelope(question("q1"), ACTIVITY + header("h")),
    "WCF with addressing that need not be understood": envelope(
        question("q1"), f'{header("h")}<a:MessageID xmlns:a="{ADDRESSING}">urn:uuid:1</a:MessageID>'
    ),
    "PHP": envelope(
        question("ns1"), header("ns2"), prefix="SOAP-ENV", declaration='<?xml version="1.0" encoding="UTF-8"?>\n'
    ),
    "PHP, a header without WSDL": envelope(
        question("ns1"), f'<ns2:autorisatie xmlns:ns2="{AUT}">{texts("", **AUTORISATIE.texts)}</ns2:autorisatie>'
    ),
    "PHP with a form of which half is empty": envelope(
        question(
            "ns1",
            texts("ns1", schooljaar="2024-2025", brincode="00AA", dependancecode="")
            + '<ns1:schoolkey xsi:nil="true"/><ns1:xsdversie>2.2</ns1:xsdversie><ns1:gegevenssetid/>'
            '<ns1:laatstontvangengegevens xsi:nil="1"/>',
        ),
        header("ns2"),
        attributes=NOISE,
    ),
    "types of texts (Axis, SOAP::Lite)": envelope(
        question("n", texts("n", **ASKED).replace("<n:brincode>", '<n:brincode xsi:type="xsd:string">')),
        header("n2"),
        attributes=NOISE,
    ),
    "gSOAP": envelope(question("ns1"), header("ns2", ' S:mustUnderstand="1"'), attributes=NOISE),
    "an encodingStyle that means nothing": envelope(
        question("n"), header(), attributes=f' S:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"{NOISE}'
    ),
    "a header for someone else on the way": envelope(question("n"), ELSEWHERE + header()),
    "comments and blanks": envelope(f"\r\n<!-- a -->\r\n{question('n')}\r\n", f"\r\n  {header()}\r\n"),
    "pieces of text": envelope(question("n").replace("00AA", "<![CDATA[00]]>AA"), header()),
    "a moment of .NET": envelope(
        question("n", texts("n", **ASKED, laatstontvangengegevens="2024-09-01T00:00:00.1234567+02:00")), header()
    ),
    "where a schema would be": envelope(
        question("n", attributes=f'{NOISE} xsi:schemaLocation="{LG} http://127.0.0.1:9/uwlr.xsd"'), header()
    ),
}


@pytest.mark.parametrize("who", GOOD)
def test_good_messages_of_others_are_taken(who: str) -> None:
    payload = Scene(Gemaakt()).ask(GOOD[who].encode())
    assert payload.tag == f"{{{LG}}}leerlinggegevens_antwoord", code(payload)
    assert oso.check(etree.tostring(payload)).ok


BAD = {
    "an empty header": (envelope(question("n"), ""), faults.ACCESS),
    "no header": (f'<S:Envelope xmlns:S="{SOAP}"><S:Body>{question("n")}</S:Body></S:Envelope>', faults.ACCESS),
    "autorisatie with nothing in it": (envelope(question("n"), f'<a:autorisatie xmlns:a="{AUT}"/>'), faults.ACCESS),
    "autorisatie twice": (envelope(question("n"), header("a") + header("b")), faults.ACCESS),
    "autorisatie twice, once for someone else": (
        envelope(question("n"), header("a", ' S:actor="urn:een-ander"') + header("b")),
        faults.ACCESS,
    ),
    "a key twice": (
        envelope(
            question("n"), header().replace("<aut:klantcode>", f"{texts('aut', autorisatiesleutel=KEY)}<aut:klantcode>")
        ),
        faults.ACCESS,
    ),
    "attributes in the place of elements": (
        envelope(
            question("n"),
            f'<a:autorisatie xmlns:a="{AUT}" autorisatiesleutel="{KEY}" klantcode="code-1" klantnaam="x"/>',
        ),
        faults.ACCESS,
    ),
    "autorisatie of another namespace": (envelope(question("n"), header().replace(AUT, LG)), faults.ACCESS),
    "autorisatie without a namespace": (
        envelope(question("n"), f"<autorisatie>{texts('', **AUTORISATIE.texts)}</autorisatie>"),
        faults.ACCESS,
    ),
    "the name in capitals": (
        envelope(question("n"), header().replace("Voorbeeldleermiddel", "VOORBEELDLEERMIDDEL")),
        faults.CLIENT,
    ),
    "the code in capitals": (envelope(question("n"), header().replace("code-1", "CODE-1")), faults.CLIENT),
    "the key of one application with another": (
        envelope(
            question("n"), header().replace("code-1", "code-2").replace("Voorbeeldleermiddel", "Ander leermiddel")
        ),
        faults.ACCESS,
    ),
    "the key of one school for another": (envelope(question("n").replace("00AA", "00BB"), header()), faults.ACCESS),
    "the own school and another": (
        envelope(question("n", texts("n", **ASKED, schoolkey="wilgenroos-2")), header()),
        faults.ACCESS,
    ),
    "another version": (envelope(question("n", texts("n", **ASKED | {"xsdversie": "3.0"})), header()), faults.VERSION),
    "attributes in the place of texts": (
        envelope(question("n", " ", attributes=' schooljaar="2024-2025" brincode="00AA" xsdversie="2.2"'), header()),
        faults.MESSAGE,
    ),
    "elements without a namespace": (
        envelope(
            f'<n:leerlinggegevens_verzoek xmlns:n="{LG}">{texts("", **ASKED)}</n:leerlinggegevens_verzoek>', header()
        ),
        faults.MESSAGE,
    ),
    "another order": (
        envelope(question("n", texts("n", brincode="00AA", schooljaar="2024-2025", xsdversie="2.2")), header()),
        faults.MESSAGE,
    ),
    "the operation around the message (rpc)": (
        envelope(f'<n:HaalLeerlinggegevens xmlns:n="{LG}">{question("m")}</n:HaalLeerlinggegevens>', header()),
        faults.MESSAGE,
    ),
    "names with a capital, of the profile": (
        envelope(question("n", element="Structuur_verzoek"), header()),
        faults.MESSAGE,
    ),
    "addressing that must be understood": (
        envelope(question("n"), f'{header()}<a:To xmlns:a="{ADDRESSING}" S:mustUnderstand="1">urn:x</a:To>'),
        "soap:MustUnderstand",
    ),
    "the same for who comes next": (
        envelope(question("n"), header() + ELSEWHERE.replace("urn:een-ander", f"{SOAP[:-9]}actor/next")),
        "soap:MustUnderstand",
    ),
    "SOAP 1.2": (GOOD["JAX-WS"].replace(SOAP, "http://www.w3.org/2003/05/soap-envelope"), "soap:VersionMismatch"),
    "UTF-16 by its declaration": (GOOD["JAX-WS"].replace("UTF-8", "UTF-16"), faults.MESSAGE),
    "the header behind the body": (
        f'<S:Envelope xmlns:S="{SOAP}"><S:Body>{question("n")}</S:Body><S:Header>{header()}</S:Header></S:Envelope>',
        faults.MESSAGE,
    ),
    "an instruction": (envelope(question("n").replace("00AA", "00<?x?>AA"), header()), faults.MESSAGE),
    "an instruction before it all": (f'<?xml-stylesheet href="x"?>{GOOD["WCF"]}', faults.MESSAGE),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_messages_get_the_fault_of_the_first_check_that_fails(what: str) -> None:
    message, fault = BAD[what]
    assert code(Scene(Gemaakt()).ask(message.encode())) == fault


def test_an_invalid_message_of_another_version_is_invalid_first() -> None:
    """The schema comes before xsdversie in the protocol."""
    wrong = question("n", texts("n", **ASKED | {"xsdversie": "3.0"}) + "<n:iets/>")
    assert code(Scene(Gemaakt()).ask(envelope(wrong, header()).encode())) == faults.MESSAGE


# --- the same over HTTP -----------------------------------------------------------------------------------------------

POST = {"Content-Type": "text/xml; charset=utf-8"}


@pytest.mark.parametrize(
    "headers",
    [
        {"SOAPAction": '"HaalLeerlinggegevens"'},
        {"SOAPAction": "HaalLeerlinggegevens"},
        {"SOAPAction": '""'},
        {"SOAPAction": f'"{LG}/structuur_verzoek"'},
        {},
        {"Content-Type": 'text/xml;charset="UTF-8"', "Accept": "text/xml, multipart/related"},
        {"Content-Type": "TEXT/XML", "Accept-Encoding": "gzip, deflate"},
        {"Content-Type": 'text/xml; charset=utf-8; action="HaalLeerlinggegevens"'},
    ],
)
def test_headers_of_http_that_others_send(headers: dict[str, str], url: str) -> None:  # noqa: F811
    reply = requests.post(url, GOOD["WCF"].encode(), headers=POST | headers, timeout=10)
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")


def pieces(content: bytes, size: int = 100) -> Iterator[bytes]:
    """A body in chunks, as Java sends a longer one."""
    yield from (content[start : start + size] for start in range(0, len(content), size))


def test_a_body_in_chunks_is_taken(url: str, bron: Gemaakt) -> None:  # noqa: F811
    brought = envelope(results(), header()).encode()
    with requests.Session() as session:
        for content in (GOOD["JAX-WS"].encode(), brought, GOOD["JAX-WS"].encode()):
            assert session.post(url, pieces(content), headers=POST, timeout=10).status_code == 200
        bad = session.post(url, pieces(BAD["no header"][0].encode()), headers=POST, timeout=10)
    assert (bad.status_code, len(bron.ontvangen)) == (500, 1)


def raw(url: str, head: str, body: bytes, more: bytes = b"") -> bytes:  # noqa: F811
    """What comes back on a connection, after what is sent by hand."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n{head}\r\n".encode() + body + more)
        found = bytearray()
        with contextlib.suppress(OSError):  # a server that refuses need not read to the end
            line.shutdown(socket.SHUT_WR)
            while piece := line.recv(65536):
                found += piece
        return bytes(found)


def test_who_waits_for_100_is_told_to_go_on(url: str) -> None:  # noqa: F811
    content = GOOD["WCF"].encode()
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {len(content)}\r\n"
        line.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 100 ")
        line.sendall(content)
        assert line.recv(100).startswith(b"HTTP/1.1 200 ")


def chunk(content: bytes, size: str = "") -> bytes:
    """One chunk."""
    return f"{size or format(len(content), 'x')}\r\n".encode() + content + b"\r\n"


CHUNKED = "Transfer-Encoding: chunked\r\n"
HIDDEN = (
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(GOOD["WCF"])
    + GOOD["WCF"].encode()
)
MESSAGE = GOOD["JAX-WS"].encode()
SMUGGLED: dict[str, tuple[str, bytes]] = {
    "a length as well": (f"{CHUNKED}Content-Length: 5\r\n", chunk(MESSAGE) + b"0\r\n\r\n"),
    "chunked twice": ("Transfer-Encoding: chunked, chunked\r\n", chunk(MESSAGE) + b"0\r\n\r\n"),
    "two headers": (CHUNKED * 2, chunk(MESSAGE) + b"0\r\n\r\n"),
    "packed and chunked": ("Transfer-Encoding: gzip, chunked\r\n", chunk(MESSAGE) + b"0\r\n\r\n"),
    "another coding": ("Transfer-Encoding: identity\r\n", MESSAGE),
    "a size below zero": (CHUNKED, b"-1\r\n" + HIDDEN),
    "a size with a sign": (CHUNKED, chunk(MESSAGE, f"+{len(MESSAGE):x}") + b"0\r\n\r\n"),
    "a size with 0x": (CHUNKED, chunk(MESSAGE, f"0x{len(MESSAGE):x}") + b"0\r\n\r\n"),
    "a size with an underscore": (CHUNKED, chunk(MESSAGE, f"0_{len(MESSAGE):x}") + b"0\r\n\r\n"),
    "no size": (CHUNKED, b"\r\n" + MESSAGE),
    "a size that is too long": (CHUNKED, b"0" * 300 + b"\r\n\r\n"),
    "an extension that is too long": (CHUNKED, chunk(MESSAGE, f"{len(MESSAGE):x};a={'x' * 300}") + b"0\r\n\r\n"),
    "a bare line end": (CHUNKED, chunk(MESSAGE).replace(b"\r\n", b"\n", 1) + b"0\r\n\r\n"),
    "more than its size": (CHUNKED, chunk(MESSAGE, f"{len(MESSAGE) - 3:x}") + b"0\r\n\r\n"),
    "less than its size": (CHUNKED, chunk(MESSAGE, f"{len(MESSAGE) + 3:x}") + b"0\r\n\r\n"),
    "no end": (CHUNKED, chunk(MESSAGE)),
    "something behind the end": (CHUNKED, chunk(MESSAGE) + b"0\r\nContent-Length: 5\r\n\r\n"),
    "far too large": (CHUNKED, b"fffffffff\r\n"),
}


@pytest.mark.parametrize("what", SMUGGLED)
def test_chunks_that_another_server_could_read_otherwise(what: str, url: str, bron: Gemaakt) -> None:  # noqa: F811
    """A11: no answer but a refusal, and what follows is no request."""
    head, body = SMUGGLED[what]
    answer = raw(url, head, body, HIDDEN)
    assert answer[9:10] in (b"", b"4", b"5"), answer[:80]
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert bron.gevraagd == []


def test_nothing_follows_a_body_in_chunks(url: str, bron: Gemaakt) -> None:  # noqa: F811
    """The connection is closed, for trailers and what comes next are read in as many ways as there are servers."""
    answer = raw(url, CHUNKED, chunk(MESSAGE) + b"0\r\n\r\n" + HIDDEN)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"Connection: close" in answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert bron.gevraagd == ["leerlingen", "leerkrachten"]


def test_chunks_are_taken_up_to_the_limit_only() -> None:
    """A11: of a body whose size nobody told, no more is read than may come."""

    class Endless:
        taken = 0

        def read(self, most: int) -> bytes:
            self.taken += most
            return b" " * most

    def status(limit: int, **environ: Any) -> int:
        told: list[str] = []
        start: Any = lambda status, headers: told.append(status)  # noqa: E731
        given = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "text/xml", "HTTP_TRANSFER_ENCODING": "chunked", **environ}
        list(uwlr.Application(Scene(Gemaakt()).endpoint, max_bytes=limit)(given, start))
        return int(told[0].split()[0])

    body = Endless()
    assert status(100_000, **{"wsgi.input": body, "wsgi.input_terminated": True}) == 413
    assert body.taken == 100_001
    assert status(100_000, **{"wsgi.input": Endless()}) == 411, "this server does not say where the body ends"


@pytest.mark.parametrize("chunks", [False, True])
def test_who_is_refused_hears_why_also_with_a_large_body(chunks: bool, url: str) -> None:  # noqa: F811
    body: Any = pieces(b" " * 1_000_000, 50_000) if chunks else b" " * 1_000_000
    reply = requests.post(url, body, headers={"Content-Type": "application/soap+xml"}, timeout=20)
    assert (reply.status_code, reply.headers["Connection"]) == (415, "close")


def test_utf_16_is_told_apart_by_http_already(url: str) -> None:  # noqa: F811
    wide = GOOD["JAX-WS"].replace("UTF-8", "UTF-16").encode("utf-16")
    assert requests.post(url, wide, headers={"Content-Type": "text/xml; charset=utf-16"}, timeout=10).status_code == 415
    reply = requests.post(url, wide, headers=POST, timeout=10)
    assert (reply.status_code, code(soap.unwrap(reply.content))) == (500, faults.MESSAGE)
