"""Signed documents: exactly what was signed comes out, and nothing that was changed passes."""

from __future__ import annotations

import base64
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import signxml
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

import oso_bridge as oso
from oso_bridge.errors import IdentityError, OsoBridgeError, SignatureRefused, UsageError
from oso_bridge.pki import Authority
from oso_bridge.signatures import engine, sign, verify
from oso_bridge.signatures import names as n

from .samples import Forger, Party, bytes_of, ds

DOCUMENT = (
    '<?xml version="1.0"?>\n<d:dossier xmlns:d="urn:d" xmlns:q="urn:q" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    '\n  <d:naam xsi:type="q:naam">Kanarie-7731 é</d:naam>\n  <d:leeg/>\n</d:dossier>'
).encode()

PARTY = Party(Authority())
"""For what hypothesis tries: it gives no fixtures."""
SIGNED = sign(DOCUMENT, PARTY.identity)
MADE = datetime.now(UTC)
"""When it was made, and is judged: a long run must not make it too old."""
MESSAGE = PARTY.write(at=MADE).xml


def find(root: etree._Element, tag: str) -> etree._Element:
    found = root.find(f".//{tag}")
    assert found is not None
    return found


def canonical(data: bytes) -> bytes:
    return etree.tostring(etree.fromstring(data), method="c14n", with_comments=False)


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_what_was_signed_comes_out(kind: str, party: Party, rsa_party: Party) -> None:
    signer = party if kind == "ec" else rsa_party
    found = verify(sign(DOCUMENT, signer.identity), signer.trust)
    assert found.xml == canonical(DOCUMENT)
    assert (found.peer.oin, found.line) == (signer.oin, 5)


def test_the_chain_goes_along(party: Party) -> None:
    found = etree.fromstring(sign(DOCUMENT, party.identity)).findall(f".//{ds('X509Certificate')}")
    assert len(found) == 3
    assert verify(sign(DOCUMENT, party.identity), party.trusting(chain=()))


def test_an_independent_signature_is_good(rsa_party: Party) -> None:
    """Another program, the exclusive form, and with all that such programs leave to choose."""
    for form in n.CANONICAL:
        root = etree.fromstring(sign(DOCUMENT, rsa_party.identity))
        for element in (find(root, ds("CanonicalizationMethod")), root.findall(f".//{ds('Transform')}")[1]):
            element.set("Algorithm", form)
        forged = Forger(rsa_party.identity.key, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256").sign(root)
        assert etree.fromstring(verify(forged, rsa_party.trust).xml).findtext("{urn:d}naam") == "Kanarie-7731 é"


def test_our_signature_is_good_for_another_program(party: Party) -> None:
    config = signxml.SignatureConfiguration(location="./")
    found = signxml.XMLVerifier().verify(
        sign(DOCUMENT, party.identity), x509_cert=party.identity.certificate, expect_config=config
    )
    assert not isinstance(found, list)
    assert found.signed_data == canonical(DOCUMENT)


def test_comments_are_left_out(party: Party) -> None:
    signed = sign(DOCUMENT.replace(b"Kanarie", b"Kana<!-- geheim -->rie"), party.identity)
    assert b"geheim" not in signed
    later = signed.replace(b"Kanarie", b"Kana<!-- later -->rie")
    assert verify(later, party.trust).xml == canonical(DOCUMENT)


def test_a_long_text(party: Party) -> None:
    """Longer than libxml2 takes by itself: a scan."""
    long = b"<a>" + b"A" * 11_000_000 + b"</a>"
    assert verify(sign(long, party.identity), party.trust).xml == long


def test_what_is_not_signed(party: Party, authority: Authority) -> None:
    with pytest.raises(SignatureRefused) as caught:
        sign(SIGNED, party.identity)
    assert caught.value.rule == "SIG.al-ondertekend"
    with pytest.raises(SignatureRefused) as caught:
        sign(b"<a><?weg?></a>", party.identity)
    assert caught.value.rule == "SIG.instructie"
    with pytest.raises(IdentityError):
        sign(DOCUMENT, authority.identity("client"))
    with pytest.raises(oso.NotXml):
        sign(b"<a>", party.identity)


def _object(root: etree._Element) -> etree._Element:
    etree.SubElement(find(root, n.SIGNATURE), ds("Object"))
    return root


def _nested(root: etree._Element) -> etree._Element:
    root[0].append(find(root, n.SIGNATURE))
    return root


def _enveloping(root: etree._Element) -> etree._Element:
    signature = find(root, n.SIGNATURE)
    root.remove(signature)
    etree.SubElement(signature, ds("Object")).append(root)
    return signature


def _around(root: etree._Element) -> etree._Element:
    other = etree.Element("{urn:d}dossier")
    etree.SubElement(other, "{urn:d}naam").text = "Boef"
    other.append(root)
    return other


def _around_with_signature(root: etree._Element) -> etree._Element:
    other, signature = _around(root), find(root, n.SIGNATURE)
    other.append(signature)
    return other


def _uri(uri: str, name: str | None = None) -> Callable[[etree._Element], etree._Element]:
    def change(root: etree._Element) -> etree._Element:
        find(root, ds("Reference")).set("URI", uri)
        if name is not None:
            root[0].set(name, uri[1:])
        return root

    return change


def _transforms(*algorithms: str) -> Callable[[etree._Element], etree._Element]:
    def change(root: etree._Element) -> etree._Element:
        find(root, ds("Transforms"))[:] = [etree.Element(ds("Transform"), Algorithm=name) for name in algorithms]
        return root

    return change


def _key_value(root: etree._Element) -> etree._Element:
    etree.SubElement(find(root, ds("KeyInfo")), ds("KeyValue"))
    return root


def _key_name(root: etree._Element) -> etree._Element:
    info = find(root, ds("KeyInfo"))
    info[:] = []
    etree.SubElement(info, ds("KeyName")).text = "sleutel"
    return root


def _no_certificate(root: etree._Element) -> etree._Element:
    find(root, ds("X509Data"))[:] = []
    return root


def _subject_name(root: etree._Element) -> etree._Element:
    etree.SubElement(find(root, ds("X509Data")), ds("X509SubjectName")).text = "CN=iemand"
    return root


def _without(root: etree._Element) -> etree._Element:
    root.remove(find(root, n.SIGNATURE))
    return root


def _twice(root: etree._Element) -> etree._Element:
    root.append(etree.fromstring(etree.tostring(find(root, n.SIGNATURE))))
    return root


def _no_references(root: etree._Element) -> etree._Element:
    info = find(root, ds("SignedInfo"))
    info.remove(info[2])
    return root


def _many_references(root: etree._Element) -> etree._Element:
    info = find(root, ds("SignedInfo"))
    info.extend(etree.fromstring(etree.tostring(info[2])) for _ in range(30))
    return root


def _two_references(root: etree._Element) -> etree._Element:
    info = find(root, ds("SignedInfo"))
    info.append(etree.fromstring(etree.tostring(info[2])))
    return root


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (_without, "SIG.geen"),
        (_twice, "SIG.meer"),
        (_nested, "SIG.plaats"),
        (_enveloping, "SIG.plaats"),
        (_around, "SIG.plaats"),
        (_around_with_signature, "SIG.gewijzigd"),
        (_object, "SIG.vorm"),
        (_no_references, "SIG.vorm"),
        (_many_references, "SIG.vorm"),
        (_two_references, "SIG.niet-alles"),
        (_uri("#deel", "Id"), "SIG.niet-alles"),
        (_uri("#deel"), "SIG.verwijzing"),
        (_uri("file:///etc/passwd"), "SIG.verwijzing"),
        (_transforms(n.ENVELOPED), "SIG.transformatie"),
        (_transforms(n.EXCLUSIVE), "SIG.transformatie"),
        (_transforms(n.EXCLUSIVE, n.ENVELOPED), "SIG.transformatie"),
        (_transforms("http://www.w3.org/TR/1999/REC-xslt-19991116", n.ENVELOPED, n.EXCLUSIVE), "SIG.transformatie"),
        (_key_value, "SIG.sleutel"),
        (_key_name, "SIG.sleutel"),
        (_no_certificate, "SIG.sleutel"),
        (_subject_name, "SIG.sleutel"),
    ],
)
def test_what_is_refused(change: Callable[[etree._Element], etree._Element], rule: str) -> None:
    root = change(etree.fromstring(SIGNED))
    signed = rule in ("SIG.geen", "SIG.plaats", "SIG.gewijzigd", "SIG.meer", "SIG.vorm")
    data = bytes_of(root) if signed else Forger(PARTY.identity.key).sign(root)
    with pytest.raises(SignatureRefused) as caught:
        verify(data, PARTY.trust)
    assert caught.value.rule == rule


def test_no_transforms_at_all() -> None:
    with pytest.raises(SignatureRefused) as caught:
        verify(bytes_of(_transforms()(etree.fromstring(SIGNED))), PARTY.trust)
    assert caught.value.rule == "SIG.transformatie"


def test_a_reference_to_the_root_by_its_id(party: Party) -> None:
    root = etree.fromstring(sign(DOCUMENT.replace(b"<d:dossier", b"<d:dossier Id='alles'", 1), party.identity))
    assert find(root, ds("Reference")).get("URI") == "#alles"
    assert verify(bytes_of(root), party.trust)
    root[0].set("id", "alles")
    with pytest.raises(SignatureRefused) as caught:
        verify(bytes_of(root), party.trust)
    assert caught.value.rule == "SIG.dubbel-id"


def test_another_certificate_first(party: Party, stranger: Party) -> None:
    """The signature is that of a stranger, the first certificate that of whom we trust; and the other way round."""
    for ours, theirs in ((party, stranger), (stranger, party)):
        root = etree.fromstring(sign(DOCUMENT, theirs.identity))
        der = ours.identity.certificate.public_bytes(Encoding.DER)
        added = etree.Element(ds("X509Certificate"))
        added.text = base64.b64encode(der).decode()
        find(root, ds("X509Data")).insert(0, added)
        with pytest.raises(SignatureRefused) as caught:
            verify(bytes_of(root), party.trust)
        assert caught.value.rule in ("SIG.gewijzigd", "SIG.ondertekenaar")


def test_too_many_certificates(party: Party) -> None:
    root = etree.fromstring(sign(DOCUMENT, party.identity))
    data = find(root, ds("X509Data"))
    data.extend(etree.fromstring(etree.tostring(data[0])) for _ in range(20))
    with pytest.raises(SignatureRefused) as caught:
        verify(bytes_of(root), party.trust)
    assert (caught.value.rule, caught.value.args_["code"]) == ("SIG.ondertekenaar", "long_chain")


# --- anything that was changed ----------------------------------------------------------------------------------------


def _regions(data: bytes, marks: dict[str, tuple[bytes, bytes]]) -> dict[str, tuple[int, int]]:
    found = {name: (data.index(first), data.index(last)) for name, (first, last) in marks.items()}
    return {**found, "everything": (0, len(data) - 1)}


DOCUMENT_REGIONS = _regions(
    SIGNED,
    {
        "content": (b"<d:dossier", b"<ds:Signature "),
        "signed info": (b"<ds:SignedInfo>", b"<ds:SignatureValue>"),
        "value": (b"<ds:SignatureValue>", b"<ds:KeyInfo>"),
        "key": (b"<ds:KeyInfo>", b"</ds:Signature>"),
    },
)
MESSAGE_REGIONS = _regions(
    MESSAGE,
    {
        "addressing": (b"<wsa:To", b"<wsse:Security"),
        "timestamp": (b"<wsu:Timestamp", b"<wsse:BinarySecurityToken"),
        "token": (b"<wsse:BinarySecurityToken", b"<ds:Signature "),
        "signed info": (b"<ds:SignedInfo>", b"<ds:SignatureValue>"),
        "value": (b"<ds:SignatureValue>", b"<ds:KeyInfo>"),
        "key": (b"<ds:KeyInfo>", b"</ds:Signature>"),
        "body": (b"<soap:Body", b"</soap:Body>"),
    },
)
INSERTS = st.sampled_from(
    [b"", b" ", b"\n", b"A", b"<a/>", b"<!-- -->", b"<?a?>", b"&#0;", b"&amp;", b'"', b"'", b"\xc3"]
)


def outcome(call: Callable[[], Any]) -> tuple[str, Any]:
    """What an error says, or what came out; any other error than our own is a fault."""
    try:
        return "", call()
    except OsoBridgeError as error:
        return str(error), None


def _tampered(data: bytes, region: tuple[int, int], where: float, cut: int, insert: bytes) -> bytes:
    at = region[0] + int((region[1] - region[0]) * where)
    return data[:at] + insert + data[at + cut :]


@pytest.mark.parametrize("region", DOCUMENT_REGIONS)
@settings(max_examples=60, deadline=None)
@given(where=st.floats(0, 1), cut=st.integers(0, 3), insert=st.one_of(INSERTS, st.binary(min_size=1, max_size=2)))
def test_documents_that_were_tampered_with(region: str, where: float, cut: int, insert: bytes) -> None:
    data = _tampered(SIGNED, DOCUMENT_REGIONS[region], where, cut, insert)
    told, found = outcome(lambda: verify(data, PARTY.trust))
    assert "Kanarie" not in told
    assert found is None or found.xml == canonical(DOCUMENT)


@pytest.mark.parametrize("region", MESSAGE_REGIONS)
@settings(max_examples=60, deadline=None)
@given(where=st.floats(0, 1), cut=st.integers(0, 3), insert=st.one_of(INSERTS, st.binary(min_size=1, max_size=2)))
def test_messages_that_were_tampered_with(region: str, where: float, cut: int, insert: bytes) -> None:
    good = PARTY.read(MESSAGE, at=MADE)
    told, found = outcome(lambda: PARTY.read(_tampered(MESSAGE, MESSAGE_REGIONS[region], where, cut, insert), at=MADE))
    assert "Kanarie" not in told
    if found is not None:
        assert (canonical(found.payload), found.addressing) == (canonical(good.payload), good.addressing)


@pytest.mark.parametrize(
    "change", [(b"Kanarie", b"Boefjes"), (b"<d:leeg/>", b""), (b' xmlns:q="urn:q"', b' xmlns:q="urn:z"')]
)
def test_content_that_was_changed(change: tuple[bytes, bytes]) -> None:
    with pytest.raises(SignatureRefused) as caught:
        verify(SIGNED.replace(*change), PARTY.trust)
    assert caught.value.rule == "SIG.gewijzigd"


# --- what does not leak, and what is not there ------------------------------------------------------------------------


def test_no_content_in_the_log(party: Party, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("signxml", "signxml.processor"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    verify(sign(DOCUMENT, party.identity), party.trust)
    party.read(party.write().xml)
    assert "Kanarie" not in caplog.text


def test_no_content_in_what_is_shown(party: Party) -> None:
    written = party.write()
    found = party.read(written.xml)
    assert "Kanarie" not in repr((written, found, verify(sign(DOCUMENT, party.identity), party.trust)))


def test_an_error_does_not_hold_on_to_the_document(party: Party) -> None:
    with pytest.raises(SignatureRefused) as caught:
        verify(sign(DOCUMENT, party.identity).replace(b"<d:leeg/>", b""), party.trust)
    assert caught.value.__context__ is None


def test_without_the_extra(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "installed", lambda: False)
    engine._library.cache_clear()
    for call in (lambda: sign(DOCUMENT, party.identity), lambda: verify(SIGNED, PARTY.trust), party.write):
        with pytest.raises(UsageError, match=r"oso-bridge\[sign\]"):
            call()
    monkeypatch.undo()
    assert sign(DOCUMENT, party.identity)


def test_the_library_is_imported_when_it_is_used(run_python: Callable[[str], str]) -> None:
    code = (
        "import sys, oso_bridge.signatures.wus, oso_bridge as oso; oso.check(b'<a/>'); print('signxml' in sys.modules)"
    )
    assert run_python(code) == "False"


@pytest.fixture
def run_python() -> Callable[[str], str]:
    import subprocess

    def call(code: str) -> str:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()

    return call
