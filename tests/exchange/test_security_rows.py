"""Rows of the security table that other tests of SOAP and HTTP leave open: A3, A5, A7, A10, A11, A12 and A16."""

from __future__ import annotations

import http.client
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from oso_bridge.exchange import Application, messages, soap
from oso_bridge.exchange.conversation import answer_of
from oso_bridge.exchange.messages import DocumentResponse
from oso_bridge.exchange.server import make_server
from oso_bridge.parcels import Parcel, Receipt

from .samples import PGN
from .scene import POVO, Scene
from .soap_attacks import XI, XSI, Ear

WSA = "http://www.w3.org/2005/08/addressing"


@pytest.fixture
def ear() -> Iterator[Ear]:
    found = Ear()
    yield found
    found.door.close()


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.ready()
    return scene


def request(scene: Scene) -> bytes:
    """A good request for the dossier, with a session."""
    seen: list[bytes] = []
    answer = scene.endpoint

    def spy(parcel: Parcel) -> Parcel:
        seen.append(parcel.content)
        return answer(parcel)

    scene.handlers["https://bron.invalid/oso"] = spy
    scene.centre.answers["afmeldingRequest"] = lambda asked: messages.AfmeldingResponse(resultaat="OverdrachtGeslaagd")
    assert scene.fetch().uitkomst.ok
    return seen[0]


OUTSIDE: dict[str, Callable[[bytes, str], bytes]] = {
    "A5 XInclude": lambda good, url: good.replace(
        b"</pgn>", f'<xi:include xmlns:xi="{XI}" href="{url}" parse="text"/></pgn>'.encode()
    ),
    "A7 schemaLocation": lambda good, url: good.replace(
        b"<soap:Body>", f'<soap:Body xmlns:xsi="{XSI}" xsi:schemaLocation="urn:x {url}">'.encode()
    ),
    "A7 noNamespaceSchemaLocation": lambda good, url: good.replace(
        b"<soap:Envelope ", f'<soap:Envelope xmlns:xsi="{XSI}" xsi:noNamespaceSchemaLocation="{url}" '.encode()
    ),
    "A16 a ReplyTo of someone else": lambda good, url: good.replace(
        b"<soap:Body>",
        f'<soap:Header><a:ReplyTo xmlns:a="{WSA}"><a:Address>{url}</a:Address></a:ReplyTo>'
        f'<a:FaultTo xmlns:a="{WSA}"><a:Address>{url}</a:Address></a:FaultTo></soap:Header><soap:Body>'.encode(),
    ),
}


@pytest.mark.parametrize("what", OUTSIDE)
def test_nothing_is_fetched_and_nobody_else_is_answered(scene: Scene, ear: Ear, what: str) -> None:
    good = request(scene)
    changed = OUTSIDE[what](good, ear.url)
    assert changed != good
    reply = scene.endpoint(Parcel(changed, soap.MEDIA_TYPE))
    time.sleep(0.05)
    assert ear.heard == 0
    # an element within a number is refused; what only looks outside is inert, and the answer goes to who asked
    expected = b"OngeldigBericht" if what == "A5 XInclude" else b"<dossier"
    assert expected in reply.content


def test_a_header_that_must_be_understood_is_not_passed_over(scene: Scene) -> None:
    """A16: addressing that a sender insists on is refused, for it is not done here."""
    header = f'<soap:Header><a:To xmlns:a="{WSA}" soap:mustUnderstand="1">urn:x</a:To></soap:Header><soap:Body>'
    reply = scene.endpoint(Parcel(request(scene).replace(b"<soap:Body>", header.encode()), soap.MEDIA_TYPE))
    assert soap.read_fault(soap.unwrap(reply.content)).code == "MustUnderstand"


BOMBS = {
    "A3 a billion laughs": b"<!DOCTYPE x [<!ENTITY a '%s'>%s]><soap:Envelope"
    % (b"lol" * 10, b"".join(b"<!ENTITY b%d '%s'>" % (n, b"&a;" * 10) for n in range(10))),
    "A3 quadratic": b"<!DOCTYPE x [<!ENTITY a '%s'>]><soap:Envelope" % (b"a" * 500_000),
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_costs_little(scene: Scene, what: str) -> None:
    """A3: refused at the DOCTYPE, in time and memory of the order of the message itself."""
    content = request(scene).replace(b"<soap:Envelope", BOMBS[what], 1).replace(PGN.encode(), b"&a;" * 10_000)
    tracemalloc.start()
    try:
        began = time.monotonic()
        reply = scene.endpoint(Parcel(content, soap.MEDIA_TYPE))
        took, peak = time.monotonic() - began, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert reply.operation == soap.FAULT
    assert took < 2
    assert peak < 10 * len(content) + 1_000_000


@pytest.mark.parametrize("field", ["pgn", "sessieId", "bronRouteringsKenmerk", "doelBrin"])
def test_a_huge_text_in_a_field(scene: Scene, field: str) -> None:
    """A10: a field of a request is never as large as a body may be."""
    text = request(scene).decode()
    start = text.index(f"<{field}>") + len(field) + 2
    huge = text[:start] + "1" * 1_500_000 + text[text.index(f"</{field}>") :]
    reply = scene.endpoint(Parcel(huge.encode(), soap.MEDIA_TYPE))
    assert b"<dossier" not in reply.content
    assert len(reply.content) < 2000, "it is not sent back"


def test_a_body_above_the_limit(scene: Scene) -> None:
    """A10, A11: however it came, an envelope above the limit is not parsed."""
    padding = b"<!--" + b"x" * 2_100_000 + b"--></soap:Body>"
    reply = scene.endpoint(Parcel(request(scene).replace(b"</soap:Body>", padding), soap.MEDIA_TYPE))
    assert reply.operation == soap.FAULT


@pytest.mark.parametrize("archive", [b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9"])
def test_an_archive_in_the_place_of_a_dossier(scene: Scene, archive: bytes) -> None:
    """A12: a dossier that came packed is not unpacked, and is not kept."""
    packed = archive + bytes(2000)
    wire = scene.wire.using(inbedding={"hoe": "base64"})
    content = messages.write(DocumentResponse(dossier=POVO), wire)
    import base64

    changed = content.replace(base64.b64encode(POVO), base64.b64encode(packed))
    assert changed != content
    scene.handlers["https://bron.invalid/oso"] = lambda parcel: Parcel(soap.wrap(changed), soap.MEDIA_TYPE)
    found = scene.fetch()
    assert not found.uitkomst.ok
    assert scene.at_doel.received == []


@pytest.fixture
def port(scene: Scene) -> Iterator[int]:
    server: Any = make_server(Application(scene.endpoint), "127.0.0.1", 0, context=None, threads=2)
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield server.bind_addr[1]
    server.stop()
    thread.join(timeout=10)


SMUGGLED = {
    "chunks and a length": "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    "two lengths": "Content-Length: 4\r\nContent-Length: 40\r\n",
    "a length with a sign": "Content-Length: +4\r\n",
}


@pytest.mark.parametrize("what", SMUGGLED)
def test_a_second_request_is_not_smuggled_in(port: int, what: str) -> None:
    """A11: where two servers could disagree about the end of a body, no dossier comes and the line is closed."""
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n{SMUGGLED[what]}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(head.encode() + b"0\r\n\r\nPOST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        line.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert answer.split(b" ", 2)[1][:1] in (b"4", b"5")
    assert answer.count(b"HTTP/1.1 2") == 0


def test_a_giant_fault_is_no_giant_outcome(scene: Scene) -> None:
    """A30: of a fault only known words are kept, however large it is."""
    fault = soap.fault("Client", "OngeldigBericht", "Kanarie " * 200_000)
    receipt = Receipt("refused", "0" * 64, Parcel(fault, soap.MEDIA_TYPE))
    answer, result = answer_of(receipt, "documentRequest", scene.wire)
    assert (answer, result.woord) == (None, "OngeldigBericht")
    assert "Kanarie" not in repr(result) + result.text()


def test_a_request_for_the_root_of_another_host(port: int) -> None:
    """A11: a request with an absolute address is not passed on."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("POST", "http://kanarie.invalid/", b"<a/>", {"Content-Type": "text/xml"})
    assert line.getresponse().status >= 400
    line.close()
