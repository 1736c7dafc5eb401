"""Envelopes: what is refused before a message is looked at, and faults of others in every dress."""

from __future__ import annotations

import time

import pytest

from oso_bridge.exchange import load, messages, outcome, soap
from oso_bridge.exchange.conversation import answer_of
from oso_bridge.exchange.soap import SoapRefusal
from oso_bridge.parcels import Parcel, Receipt
from oso_bridge.xml.limits import Limits

from .samples import PGN, samples

NS = soap.NAMESPACE
GOOD = soap.wrap(messages.write(samples("2022")[2], load("2022")))
CANARY = "kanarie-613543439"
MANY = " " + " ".join(f"a{number}='u'" for number in range(30_000))
LOL = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))


def put(old: str, new: str) -> bytes:
    text = GOOD.decode()
    assert old in text
    return text.replace(old, new, 1).encode()


def envelope(inside: str, *, ns: str = NS) -> bytes:
    return f'<s:Envelope xmlns:s="{ns}">{inside}</s:Envelope>'.encode()


REFUSED = {
    "A1 an entity that reads a file": put(
        "<soap:Envelope", '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><soap:Envelope'
    ).replace(PGN.encode(), b"&f;"),
    "A2 an external DTD": put("<soap:Envelope", '<!DOCTYPE x SYSTEM "http://kanarie.invalid/x.dtd"><soap:Envelope'),
    "A2 parameter entities": put(
        "<soap:Envelope", '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://kanarie.invalid/p">%p;]><soap:Envelope'
    ),
    "A3 a billion laughs": put("<soap:Envelope", f'<!DOCTYPE x [<!ENTITY lol0 "lol">{LOL}]><soap:Envelope').replace(
        PGN.encode(), b"&lol9;"
    ),
    "A3 quadratic": put("<soap:Envelope", f'<!DOCTYPE x [<!ENTITY a "{"a" * 50_000}">]><soap:Envelope').replace(
        PGN.encode(), b"&a;" * 5000
    ),
    "A4 a DOCTYPE in UTF-16": GOOD.decode()
    .replace("UTF-8", "UTF-16")
    .replace("<soap:Envelope", "<!DOCTYPE x []><soap:Envelope", 1)
    .encode("utf-16"),
    "A4 a DOCTYPE in UTF-7": put('encoding="UTF-8"', 'encoding="UTF-7"').replace(
        b"<soap:Envelope", b"+ADw-!DOCTYPE x+AD4-<soap:Envelope", 1
    ),
    "A4 UTF-16 without a DOCTYPE": GOOD.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "A4 a byte-order mark that lies": b"\xff\xfe" + GOOD,
    "A4 Latin-1": put('encoding="UTF-8"', 'encoding="ISO-8859-1"').replace(PGN.encode(), b"\xe9"),
    "A8 depth": envelope(f"<s:Body>{'<a>' * 200}{'</a>' * 200}</s:Body>"),
    "A9 very many attributes": envelope(f"<s:Body><a {MANY}/></s:Body>"),
    "A9 very many namespaces": envelope(f"<s:Body><a {MANY.replace(' a', ' xmlns:a')}/></s:Body>"),
    "A9 very many elements": envelope(f"<s:Body><a>{'<b/>' * 60_000}</a></s:Body>"),
    "A9 a long name in a long namespace": envelope(f'<s:Body><a xmlns="{"u" * 5000}"/></s:Body>'),
    "A23 a processing instruction in a number": put(PGN, f"{PGN[:4]}<?x?>{PGN[4:]}"),
    "A23 a processing instruction before the envelope": put(
        "<soap:Envelope", "<?xml-stylesheet href='x'?><soap:Envelope"
    ),
    "two bodies": put("</soap:Body>", "</soap:Body><soap:Body><a/></soap:Body>"),
    "a body before the header": envelope("<s:Body><a/></s:Body><s:Header/>"),
    "two headers": envelope("<s:Header/><s:Header/><s:Body><a/></s:Body>"),
    "a body in the header": envelope("<s:Header><s:Body><a/></s:Body></s:Header>"),
    "two messages": put("</documentRequest>", "</documentRequest><documentRequest/>"),
    "no message": envelope("<s:Body/>"),
    "something behind the body": put("</soap:Body>", "</soap:Body><soap:Extra/>"),
    "another root": b"<documentRequest/>",
    "no XML": b"sessie",
    "nothing": b"",
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str) -> None:
    limits = Limits(max_bytes=4_000_000, max_elements=5000, max_attributes=2000, max_depth=32)
    start = time.process_time()
    with pytest.raises(SoapRefusal) as caught:
        soap.unwrap(REFUSED[what], limits)
    assert time.process_time() - start < 2
    assert caught.value.code == "Client"
    assert not any(word in str(caught.value) for word in (PGN, "kanarie", "root:"))
    assert caught.value.__context__ is None


def test_comments_do_not_cut_a_text() -> None:
    found = messages.read(soap.unwrap(put(PGN, f"{PGN[:4]}<!-- x -->{PGN[4:]}")), load("2022"))
    assert isinstance(found, messages.DocumentRequest)
    assert found.pgn == PGN


def test_other_versions_of_soap() -> None:
    with pytest.raises(SoapRefusal, match=r"SOAP 1\.2") as caught:
        soap.unwrap(envelope("<s:Body><a/></s:Body>", ns="http://www.w3.org/2003/05/soap-envelope"))
    assert caught.value.code == "VersionMismatch"


@pytest.mark.parametrize(("value", "refused"), [("1", True), ("0", False)])
def test_a_header_that_must_be_understood(value: str, refused: bool) -> None:
    content = envelope(f'<s:Header><x s:mustUnderstand="{value}"/></s:Header><s:Body><a/></s:Body>')
    if not refused:
        assert soap.unwrap(content).tag == "a"
        return
    with pytest.raises(SoapRefusal) as caught:
        soap.unwrap(content)
    assert caught.value.code == "MustUnderstand"


def test_a_byte_order_mark_and_a_missing_declaration_are_fine() -> None:
    assert soap.unwrap(b"\xef\xbb\xbf" + GOOD).tag.endswith("documentRequest")
    assert soap.unwrap(GOOD.partition(b"\n")[2]).tag.endswith("documentRequest")


@pytest.mark.parametrize(
    ("action", "agrees"),
    [
        ("", True),
        ('""', True),
        ('"documentRequest"', True),
        ("document", True),
        ("http://xml.kennisnet.nl/schemas/Overstapservice/20200910/documentRequest", True),
        ("urn:oso#document", True),
        ("notificatieRequest", False),
        ("http://kanarie.invalid/notificatieRequest/", False),
        ("urn:notificatieRequest:", False),
        ("#", False),
        ("http://kanarie.invalid/notificatieRequest", False),
    ],
)
def test_a_soapaction_is_empty_or_agrees(action: str, agrees: bool) -> None:
    assert soap.agrees(action, "documentRequest") is agrees


FAULTS = {
    "qualified code": (
        "<s:Fault><faultcode>s:Client</faultcode><faultstring>SessieAfwijkend</faultstring></s:Fault>",
        "SessieAfwijkend",
    ),
    "default namespace": (
        f'<Fault xmlns="{NS}"><faultcode>Server</faultcode><faultstring>{CANARY}</faultstring></Fault>',
        "InterneFout",
    ),
    "another default namespace": (
        "<s:Fault xmlns='urn:x'><faultcode>s:Client</faultcode><detail><SessieReedsAfgemeld/></detail></s:Fault>",
        "SessieReedsAfgemeld",
    ),
    "dotted code": (
        "<s:Fault><faultcode>Client.OnbekendAanleverpunt</faultcode><faultstring>x</faultstring></s:Fault>",
        "OnbekendAanleverpunt",
    ),
    "a word deep in the detail": (
        "<s:Fault><faultcode>s:Server</faultcode><detail><a><b>GeenRelatieMetDoel</b></a></detail></s:Fault>",
        "GeenRelatieMetDoel",
    ),
    "a giant text": (
        f"<s:Fault><faultcode>s:Client</faultcode><faultstring>{CANARY * 100_000}</faultstring></s:Fault>",
        "OngeldigBericht",
    ),
    "an unknown code": (f"<s:Fault><faultcode>{CANARY}</faultcode></s:Fault>", "Onbekend"),
    "nothing": ("<s:Fault/>", "Onbekend"),
    "a word of success": (
        "<s:Fault><faultcode>s:Client</faultcode><faultstring>OverdrachtGeslaagd</faultstring></s:Fault>",
        "Onbekend",
    ),
}


@pytest.mark.parametrize("status", ["refused", "delivered"])
@pytest.mark.parametrize("what", FAULTS)
def test_faults_of_others(what: str, status: str) -> None:
    """A30: with a status of failure or of success, in any dress, and never quoted."""
    inside, word = FAULTS[what]
    reply = Parcel(envelope(f"<s:Body>{inside}</s:Body>"), soap.MEDIA_TYPE)
    answer, result = answer_of(Receipt(status, "", reply), "documentRequest", load("2022"))  # type: ignore[arg-type]
    assert answer is None
    assert (result.woord, result.via, result.ok) == (word, "fault", False)
    assert CANARY not in repr(result)


@pytest.mark.parametrize("content", [b"<html><body>502 Bad Gateway</body></html>", b"", b"Not Found", b"\x00\xff"])
def test_answers_that_are_no_soap(content: bytes) -> None:
    """A30: HTML with 500 and the like."""
    found = answer_of(Receipt("refused", "", Parcel(content, "text/html")), "documentRequest", load("2022"))
    assert found == (None, outcome.outcome("Onbekend"))
    assert answer_of(Receipt("delivered", ""), "documentRequest", load("2022"))[0] is None


def test_our_own_faults_are_read_back() -> None:
    content = soap.fault("Client", "SessieAfwijkend", "De gegevens zijn niet die van de sessie.")
    found = soap.read_fault(soap.unwrap(content))
    assert found.code == "Client"
    assert outcome.of_fault(found).woord == "SessieAfwijkend"
