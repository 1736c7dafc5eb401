"""Who signed, with what: algorithms (A20), keys (A21), and signatures left out or put in the wrong place (A18)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from oso_bridge import identity as identities
from oso_bridge.errors import IdentityError, MessageRefused, SignatureRefused, UsageError
from oso_bridge.pki import Authority, Issued, pem
from oso_bridge.signatures import names as n
from oso_bridge.signatures import wus

from .samples import ACTION, TO, Addressing, Forger, Party, bytes_of, ds

MORE = "http://www.w3.org/2001/04/xmldsig-more#"


def refused(party: Party, message: bytes) -> str:
    with pytest.raises(SignatureRefused) as caught:
        party.read(message)
    return caught.value.rule


def find(root: etree._Element, tag: str) -> etree._Element:
    found = root.find(f".//{tag}")
    assert found is not None
    return found


def reissued(party: Party, issued: Issued) -> bytes:
    """A message signed with the key of a certificate, which stands in it."""
    root = etree.fromstring(party.write().xml)
    find(root, n.TOKEN).text = base64.b64encode(issued.certificate.public_bytes(Encoding.DER)).decode()
    kind = "rsa" if isinstance(issued.key, rsa.RSAPrivateKey) else "ecdsa"
    return Forger(issued.key, f"{MORE}{kind}-sha256").sign(root)


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_good_message(kind: str, party: Party, rsa_party: Party) -> None:
    signer = party if kind == "ec" else rsa_party
    written = signer.write()
    found = signer.read(written.xml)
    assert (found.peer and found.peer.oin, found.name) == (signer.oin, "{urn:vraag}vraag")
    assert found.signature == written.signature
    assert (found.addressing.action, found.addressing.to, found.addressing.from_oin) == (ACTION, TO, signer.oin)


def test_the_token_stands_before_the_signature(party: Party) -> None:
    tags = [child.tag for child in find(etree.fromstring(party.write().xml), n.SECURITY)]
    assert tags == [n.TIMESTAMP, n.TOKEN, n.SIGNATURE]


def test_each_part_has_a_reference_of_its_own(party: Party) -> None:
    root = etree.fromstring(party.write().xml)
    uris = [element.get("URI") for element in root.iter(ds("Reference"))]
    assert len(set(uris)) == len(uris) == 6
    assert {element.get("Algorithm") for element in root.iter(ds("Transform"))} == {n.EXCLUSIVE}


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        (f"{n.DS}rsa-sha1", "http://www.w3.org/2001/04/xmlenc#sha256"),
        (f"{MORE}rsa-sha256", f"{n.DS}sha1"),
        (f"{MORE}rsa-sha256", f"{MORE}md5"),
        (f"{MORE}rsa-md5", "http://www.w3.org/2001/04/xmlenc#sha256"),
        (f"{MORE}rsa-sha224", "http://www.w3.org/2001/04/xmlenc#sha256"),
    ],
)
def test_weak_algorithms(rsa_party: Party, method: str, digest: str) -> None:
    root = etree.fromstring(rsa_party.write().xml)
    assert refused(rsa_party, Forger(rsa_party.identity.key, method, digest).sign(root)) == "SIG.algoritme"


@pytest.mark.parametrize("method", [f"{MORE}hmac-sha256", f"{n.DS}hmac-sha1"])
def test_the_public_key_is_no_secret(rsa_party: Party, method: str) -> None:
    public = rsa_party.identity.certificate.public_key()
    for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
        for encoding in (Encoding.PEM, Encoding.DER):
            root = etree.fromstring(rsa_party.write().xml)
            forger = Forger(None, method, secret=public.public_bytes(encoding, form))
            assert refused(rsa_party, forger.sign(root)) == "SIG.algoritme"


def test_an_algorithm_that_is_not_known_is_not_repeated(party: Party) -> None:
    root = etree.fromstring(party.write().xml)
    find(root, ds("SignatureMethod")).set("Algorithm", "urn:Kanarie-7731")
    with pytest.raises(SignatureRefused) as caught:
        party.read(bytes_of(root))
    assert "Kanarie" not in f"{caught.value!r} {caught.value} {caught.value.args_}"


def test_a_short_key(rsa_party: Party) -> None:
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505
    issued = rsa_party.authority.issue("signing", name="bron", key=short)
    assert refused(rsa_party, reissued(rsa_party, issued)) == "SIG.ondertekenaar"


def test_the_method_has_to_fit_the_key(party: Party) -> None:
    root = etree.fromstring(party.write().xml)
    find(root, ds("SignatureMethod")).set("Algorithm", f"{MORE}rsa-sha256")
    assert refused(party, bytes_of(root)) == "SIG.gewijzigd"


def test_without_any_signature(party: Party) -> None:
    plain = wus.write(b"<a/>", Addressing(ACTION, to=TO, from_oin=party.oin)).xml
    assert refused(party, plain) == "SIG.geen"
    root = etree.fromstring(party.write().xml)
    find(root, n.SECURITY).remove(find(root, n.SIGNATURE))
    assert refused(party, bytes_of(root)) == "SIG.geen"


def test_a_signature_beside_security(party: Party) -> None:
    root = etree.fromstring(party.write().xml)
    root[-1][0].append(find(root, n.SIGNATURE))
    assert refused(party, bytes_of(root)) == "SIG.plaats"


def test_a_stranger(party: Party, stranger: Party) -> None:
    assert refused(party, stranger.write().xml) == "SIG.ondertekenaar"


def test_the_token_of_another(party: Party, stranger: Party) -> None:
    """The certificate of whom we trust, the signature of somebody else; and the other way round."""
    ours, theirs = (etree.fromstring(who.write().xml) for who in (party, stranger))
    for a, b in ((ours, theirs), (theirs, ours)):
        mixed = etree.fromstring(bytes_of(a))
        find(mixed, n.TOKEN).text = find(b, n.TOKEN).text
        assert refused(party, bytes_of(mixed)) in ("SIG.gewijzigd", "SIG.ondertekenaar")


def _key_value(root: etree._Element, beside: bool) -> None:
    info = find(root, ds("KeyInfo"))
    if not beside:
        info[:] = []
    value = etree.SubElement(etree.SubElement(info, ds("KeyValue")), ds("RSAKeyValue"))
    etree.SubElement(value, ds("Modulus")).text = "AQAB"
    etree.SubElement(value, ds("Exponent")).text = "AQAB"


def _x509_data(root: etree._Element) -> None:
    info = find(root, ds("KeyInfo"))
    data = etree.SubElement(info, ds("X509Data"))
    etree.SubElement(data, ds("X509Certificate")).text = find(root, n.TOKEN).text


def _second_reference(root: etree._Element) -> None:
    reference = find(root, n.DIRECT_REFERENCE)
    reference.addnext(etree.fromstring(etree.tostring(reference, with_tail=False)))


def _refers_to_body(root: etree._Element) -> None:
    find(root, n.DIRECT_REFERENCE).set("URI", f"#{root[-1].get(n.WSU_ID)}")


def _token_in_body(root: etree._Element) -> None:
    token = find(root, n.TOKEN)
    root[-1][0].append(token)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda root: _key_value(root, True), "SIG.sleutel"),
        (lambda root: _key_value(root, False), "SIG.sleutel"),
        (_x509_data, "SIG.sleutel"),
        (_second_reference, "SIG.sleutel"),
        (_refers_to_body, "SIG.sleutel"),
        (lambda root: find(root, n.DIRECT_REFERENCE).set("URI", "file:///etc/passwd"), "SIG.sleutel"),
        (lambda root: find(root, n.DIRECT_REFERENCE).set("URI", "#weg"), "SIG.verwijzing"),
        (_token_in_body, "SIG.beveiliging"),
        (lambda root: find(root, n.TOKEN).set("ValueType", "urn:anders"), "SIG.certificaat"),
        (lambda root: find(root, n.TOKEN).set("EncodingType", "urn:anders"), "SIG.certificaat"),
        (lambda root: setattr(find(root, n.TOKEN), "text", "geen base64!"), "SIG.certificaat"),
        (lambda root: setattr(find(root, n.TOKEN), "text", ""), "SIG.certificaat"),
        (lambda root: setattr(find(root, n.TOKEN), "text", "AAAA"), "SIG.ondertekenaar"),
    ],
)
def test_other_ways_to_name_a_key(party: Party, change: Callable[[etree._Element], object], rule: str) -> None:
    root = etree.fromstring(party.write().xml)
    change(root)
    assert refused(party, Forger(party.identity.key).sign(root)) == rule


def test_certificates_that_are_refused(party: Party, authority: Authority) -> None:
    late = authority.begins + timedelta(minutes=1)
    for issued in (
        authority.issue("signing", name="bron", ends=late),
        authority.issue("signing", name="bron", begins=authority.ends - timedelta(days=1)),
        authority.issue("signing", name="bron", oin=["1", "2"]),
        authority.issue("signing", name="bron", oin="0000009912345678900"),
        authority.issue("signing", name="bron", person="Jansen"),
        authority.issue("signing", name="ander"),
    ):
        assert refused(party, reissued(party, issued)) == "SIG.ondertekenaar"
    assert party.read(reissued(party, authority.issue("signing", name="bron"))).peer


def test_a_revoked_certificate_and_a_stale_list() -> None:
    party = Party(Authority())
    message, authority = party.write().xml, party.authority
    stale = party.trusting(crls=authority.crls(ends=authority.begins + timedelta(minutes=1)))
    authority.revoke(party.identity.certificate)
    for trust in (stale, party.trusting()):
        with pytest.raises(SignatureRefused) as caught:
            party.read(message, trust=trust)
        assert caught.value.rule == "SIG.ondertekenaar"
    assert party.read(message, trust=party.trusting(crls=None))


def test_test_oins_are_for_tests(party: Party) -> None:
    with pytest.raises(SignatureRefused) as caught:
        party.read(party.write().xml, trust=party.trusting(test=False))
    assert caught.value.args_["code"] == "test_oin"
    assert "test" in caught.value.finding.text("nl")


def test_trust_without_a_list_lets_nobody_sign(party: Party) -> None:
    with pytest.raises(SignatureRefused) as caught:
        party.read(party.write().xml, trust=party.trusting(allowed_oins=None))
    assert caught.value.args_["code"] == "no_list"


def test_only_an_identity_for_signing_signs(authority: Authority) -> None:
    with pytest.raises(IdentityError) as caught:
        wus.write(
            b"<a/>", Addressing(ACTION, to=TO, from_oin="00000099123456789000"), profile="2W-be-S",
            identity=authority.identity("client"),
        )  # fmt: skip
    assert caught.value.code == "wrong_usage"


def test_a_kind_of_key_that_is_not_accepted(authority: Authority) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    issued = authority.issue("signing", key=key)  # type: ignore[arg-type]
    odd = identities.Identity(issued.pem(), roots=pem(authority.root), purpose="signing", check="warn")
    with pytest.raises(IdentityError) as caught:
        wus.write(b"<a/>", Addressing(ACTION, to=TO, from_oin=odd.oin), profile="2W-be-S", identity=odd)
    assert caught.value.code == "weak_key"


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1()])
def test_the_other_curves(authority: Authority, curve: ec.EllipticCurve) -> None:
    issued = authority.issue("signing", name="bron", key=ec.generate_private_key(curve))
    party = Party(authority)
    party.identity = identities.Identity(issued.pem(), roots=pem(authority.root), purpose="signing")
    assert party.read(party.write().xml).peer


def test_the_profiles(party: Party) -> None:
    said = Addressing(ACTION, to=TO, from_oin=party.oin)
    with pytest.raises(UsageError, match="are signed"):
        wus.write(b"<a/>", said, profile="2W-be-S")
    with pytest.raises(UsageError, match="are not signed"):
        wus.write(b"<a/>", said, identity=party.identity)
    with pytest.raises(UsageError, match="no such profile"):
        wus.write(b"<a/>", said, profile="2W-be-SE", identity=party.identity)
    with pytest.raises(UsageError, match="are signed"):
        party.read(party.write().xml, replays=None)
    with pytest.raises(MessageRefused) as caught:
        wus.read(party.write().xml, wus.Expected())
    assert caught.value.rule == "WUS.kop"  # the profile without signatures has no place for one


@pytest.mark.parametrize("name", ["EncryptedData", "EncryptedKey"])
@pytest.mark.parametrize("namespace", n.XENC)
def test_encrypted_messages_are_refused_with_one_error(party: Party, name: str, namespace: str) -> None:
    for where in (n.SECURITY, n.BODY):
        root = etree.fromstring(party.write().xml)
        etree.SubElement(find(root, where)[0] if where == n.BODY else find(root, where), f"{{{namespace}}}{name}")
        assert refused(party, bytes_of(root)) == "SIG.versleuteld"
