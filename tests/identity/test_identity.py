"""Our own certificate and key: every form they come in, and the mistakes people make with them."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import oso_bridge as oso
from oso_bridge.errors import IdentityError, UsageError
from oso_bridge.identity import files
from oso_bridge.pki import Authority, Issued, fictional_oin, pem

from .samples import DAY, NOW, PERSON, SECRET, self_signed, with_sha1

BRON = fictional_oin("bron")


@pytest.fixture(scope="module")
def bron(authority: Authority) -> Issued:
    return authority.issue("client", name="bron")


def code(*arguments: Any, **options: Any) -> str:
    """Why an identity is refused."""
    with pytest.raises(IdentityError) as caught:
        oso.Identity(*arguments, **options)
    assert SECRET not in str(caught.value) + repr(caught.value)
    assert caught.value.remedy
    assert caught.value.notice.text("nl") != caught.value.notice.text("en")
    return caught.value.code


# --- the forms ----------------------------------------------------------------------------------------------------


def test_one_pem_with_all(authority: Authority, bron: Issued, tmp_path: Path) -> None:
    (tmp_path / "client.pem").write_bytes(bron.pem())
    identity = oso.Identity(tmp_path / "client.pem", roots=pem(authority.root), crls=authority.crls())
    assert (identity.oin, identity.subject, identity.purpose) == (BRON, "TEST bron", "client")
    assert identity.not_after == authority.ends
    assert 363 <= identity.days_left <= 365
    assert identity.fingerprint == bron.certificate.fingerprint(hashes.SHA256()).hex()
    assert identity.chain == (bron.certificate, *authority.chain)
    assert [notice.code for notice in identity.warnings()] == ["is_test"]
    assert repr(identity) == f"<Identity client {BRON} until {authority.ends:%Y-%m-%d}>"


def test_all_apart(authority: Authority, bron: Issued, tmp_path: Path) -> None:
    for name, content in {
        "c.cer": bron.certificate.public_bytes(Encoding.DER),
        "k.pem": bron.key_pem(SECRET),
        "chain.pem": pem(*reversed(authority.chain)),
    }.items():
        (tmp_path / name).write_bytes(content)
    identity = oso.Identity(
        str(tmp_path / "c.cer"), tmp_path / "k.pem", password=SECRET, chain=[tmp_path / "chain.pem"]
    )
    assert identity.chain == (bron.certificate, *authority.chain)
    assert [notice.code for notice in identity.warnings()] == ["is_test", "roots_unchecked"]


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_keys_of_every_form(bron: Issued, encoding: Encoding, form: PrivateFormat) -> None:
    key = bron.key.private_bytes(encoding, form, NoEncryption())
    assert oso.Identity(pem(bron.certificate), key).oin == BRON


def test_an_encrypted_key_as_der(bron: Issued) -> None:
    locked = serialization.BestAvailableEncryption(SECRET.encode())
    key = bron.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, locked)
    assert oso.Identity(pem(bron.certificate), key, password=SECRET).oin == BRON
    assert code(pem(bron.certificate), key) == "no_password"


@pytest.mark.parametrize("password", [SECRET, SECRET.encode(), lambda: SECRET, lambda: SECRET.encode()])
def test_pkcs12(authority: Authority, bron: Issued, password: Any) -> None:
    identity = oso.Identity(bron.p12(SECRET), password=password, roots=pem(authority.root))
    assert identity.chain == (bron.certificate, *authority.chain)


def test_pkcs12_without_a_password(bron: Issued) -> None:
    assert oso.Identity(bron.p12()).oin == BRON


def test_a_password_from_the_environment(bron: Issued, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSO_TEST_PASSWORD", SECRET)
    assert oso.Identity(bron.pem(SECRET), password_env="OSO_TEST_PASSWORD").oin == BRON
    monkeypatch.setenv("OSO_TEST_PASSWORD", "")
    assert code(bron.pem(SECRET), password_env="OSO_TEST_PASSWORD") == "password_unset"
    assert oso.Identity(bron.pem(), password_env="OSO_TEST_PASSWORD").oin == BRON  # not asked when not needed


def test_a_password_is_asked_once_and_only_when_needed(bron: Issued) -> None:
    asked = []

    def ask() -> str:
        asked.append(1)
        return SECRET

    oso.Identity(bron.pem(), password=ask)
    assert asked == []
    oso.Identity(bron.p12(SECRET), password=ask)
    assert asked == [1]


def test_certificates_in_another_order(authority: Authority, bron: Issued) -> None:
    identity = oso.Identity(pem(*reversed(bron.chain), bron.certificate), bron.key_pem())
    assert identity.chain == (bron.certificate, *authority.chain)


def test_a_root_that_is_included_is_neither_sent_nor_trusted(authority: Authority, bron: Issued) -> None:
    identity = oso.Identity(bron.pem() + pem(authority.root))
    assert authority.root not in identity.chain
    assert identity.trust is None
    assert "root_included" not in {notice.code for notice in identity.warnings()}  # it is the top of the chain
    with pytest.raises(IdentityError) as caught:
        identity.client_context()
    assert caught.value.code == "no_roots"


def test_strangers_in_a_chain_are_told(authority: Authority, other: Authority, bron: Issued) -> None:
    content = bron.pem() + pem(other.root, *other.chain)
    identity = oso.Identity(content, roots=pem(authority.root))
    assert identity.chain == (bron.certificate, *authority.chain)
    told = {notice.code: notice.text("nl") for notice in identity.warnings()}
    assert {"root_included", "foreign_in_chain", "crls_unchecked"} < set(told)
    assert "2 certificaten" in told["foreign_in_chain"]


# --- the usual mistakes -------------------------------------------------------------------------------------------


def test_mistakes_with_files(bron: Issued, tmp_path: Path) -> None:
    request = x509.CertificateSigningRequestBuilder(bron.certificate.subject).sign(bron.key, hashes.SHA256())
    public = bron.key.public_key().public_bytes(Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    openssh = bron.key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    assert code(tmp_path / "geen.pem") == "file_missing"
    assert code(tmp_path) == "file_missing"
    assert code(b"") == code(b"niets") == code(os.urandom(500)) == "unknown_file"
    assert code(bytes(files.MAX_BYTES + 1)) == "file_large"
    assert code(request.public_bytes(Encoding.PEM)) == code(request.public_bytes(Encoding.DER)) == "is_request"
    assert code(pem(bron.certificate), public) == "is_public_key"
    assert code(pem(bron.certificate), openssh) == "openssh_key"
    assert code(pem(bron.certificate)) == "no_key"
    assert code(bron.key_pem()) == "no_certificate"
    assert code(bron.pem() + bron.key_pem()) == "several_keys"
    assert code(bron.pem()[:-40]) == "damaged"
    assert code(bron.pem().replace(b"\nMI", b"\nMM", 1)) == "damaged"


def test_mistakes_with_passwords(bron: Issued) -> None:
    for content in (bron.pem(SECRET), bron.p12(SECRET)):
        assert code(content) == "no_password"
        assert code(content, password="") == "no_password"
        assert code(content, password=SECRET + "\n") == "wrong_password"
    assert code(bron.pem(SECRET), password_env="OSO_BESTAAT_NIET") == "password_unset"
    with pytest.raises(UsageError, match="not both"):
        oso.Identity(bron.pem(), password=SECRET, password_env="X")


def test_mistakes_with_pairs(authority: Authority, bron: Issued) -> None:
    neighbour = authority.issue("client", name="doel")
    assert code(pem(bron.certificate), neighbour.key_pem()) == "key_mismatch"
    assert code(pem(*authority.chain), bron.key_pem(), chain=pem(bron.certificate)) == "swapped"
    keyless = pkcs12.serialize_key_and_certificates(b"x", None, bron.certificate, None, NoEncryption())
    assert code(keyless) == "no_key"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.integers(0, 4000), by=st.integers(1, 255), kind=st.sampled_from(["pem", "locked", "p12"]))
def test_a_damaged_file_is_refused_in_our_own_words_or_does_no_harm(
    authority: Authority, bron: Issued, place: int, by: int, kind: str
) -> None:
    whole = {"pem": bron.pem, "locked": lambda: bron.pem(SECRET), "p12": lambda: bron.p12(SECRET)}[kind]()
    content = bytearray(whole)
    content[place % len(content)] ^= by
    told = ""
    try:
        identity = oso.Identity(bytes(content), password=SECRET, roots=pem(authority.root))
        assert identity.certificate == bron.certificate
    except IdentityError as error:
        told = str(error)
    assert SECRET not in told


@pytest.mark.parametrize("purpose", ["klant", "", "Client"])
def test_a_purpose_that_does_not_exist(bron: Issued, purpose: Any) -> None:
    with pytest.raises(UsageError, match="purpose"):
        oso.Identity(bron.pem(), purpose=purpose)


# --- what the other side would refuse -----------------------------------------------------------------------------


def test_a_chain_that_does_not_hold(authority: Authority, other: Authority, bron: Issued) -> None:
    alone = pem(bron.certificate) + bron.key_pem()
    assert code(alone, roots=pem(authority.root)) == "no_path"
    assert code(bron.pem(), roots=pem(other.root)) == "no_path"
    assert code(bron.pem() + pem(authority.root), roots=pem(other.root)) == "wrong_root"
    assert code(self_signed().pem()) == "self_signed"
    assert code(self_signed().pem(), roots=pem(authority.root)) == "self_signed"


def test_what_is_not_good(authority: Authority, rsa_authority: Authority) -> None:
    known = {"roots": pem(authority.root), "crls": authority.crls()}
    cases = {
        "expired": authority.issue("client", begins=NOW - 3 * DAY, ends=NOW - DAY),
        "not_yet_valid": authority.issue("client", begins=NOW + DAY),
        "personal": authority.issue("client", person=PERSON),
        "no_oin": authority.issue("client", oin=[]),
        "several_oins": authority.issue("client", oin=[BRON, BRON]),
        "bad_oin": authority.issue("client", oin="123"),
        "wrong_usage": authority.issue("server"),
        "weak_key": authority.issue("client", key=rsa.generate_private_key(65537, 1024)),  # noqa: S505
    }
    assert {name: code(issued.pem(), **known) for name, issued in cases.items()} == {name: name for name in cases}
    assert code(authority.issue("server", hosts=[]).pem(), purpose="server") == "no_san"
    sha1 = with_sha1(rsa_authority)
    with pytest.raises(IdentityError) as caught:
        oso.Identity(pem(sha1), rsa_authority.issue("client").key_pem())
    assert caught.value.code == "key_mismatch"


def test_revoked_and_stale(bron: Issued, authority: Authority) -> None:
    fresh = Authority()
    issued = fresh.issue("client")
    fresh.revoke(issued.certificate)
    assert code(issued.pem(), roots=pem(fresh.root), crls=fresh.crls()) == "revoked"
    old = authority.crls(begins=NOW - 2 * DAY, ends=NOW - DAY)
    assert code(bron.pem(), roots=pem(authority.root), crls=old) == "crl_stale"
    assert code(bron.pem(), roots=pem(authority.root), crls=[]) == "no_crl"
    assert code(bron.pem(), crls=authority.crls()) == "no_roots"
    assert code(bron.pem(), roots=pem(authority.root), crls=pem(authority.root)) == "unknown_file"


def test_warn_takes_it_and_says_so(authority: Authority) -> None:
    issued = authority.issue("client", begins=NOW - 3 * DAY, ends=NOW - DAY, person=PERSON)
    identity = oso.Identity(issued.pem(), roots=pem(authority.root), check="warn")
    assert [notice.code for notice in identity.warnings()] == ["personal", "expired", "is_test", "crls_unchecked"]
    assert identity.days_left < 0
    with pytest.raises(UsageError, match="strict, warn"):
        oso.Identity(issued.pem(), check="nee")  # type: ignore[arg-type]


# --- warnings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "told"), [(20, True), (59, True), (62, False)])
def test_expiry_is_told_in_time(authority: Authority, days: int, told: bool) -> None:
    issued = authority.issue("client", ends=NOW + timedelta(days=days, hours=1))
    identity = oso.Identity(issued.pem(), roots=pem(authority.root), crls=authority.crls())
    found = [notice for notice in identity.warnings() if notice.code == "expires"]
    assert bool(found) is told
    if found:
        assert f"over {days} dagen" in found[0].text("nl")
        assert "van de partij zelf" in found[0].text("nl")
        assert "of the party itself" in found[0].text("en")
    assert any(notice.code == "expires" for notice in identity.warnings(within=100))


def test_an_authority_that_ends_is_told_too() -> None:
    short = Authority(days=30)
    told = [notice.args["level"] for notice in short.identity().warnings() if notice.code == "expires"]
    assert told == ["end", "issuer", "issuer", "root"]


def test_rsa_2048_is_taken_with_a_warning(authority: Authority) -> None:
    issued = authority.issue("client", key=rsa.generate_private_key(65537, 2048))
    identity = oso.Identity(issued.pem(), roots=pem(authority.root), crls=authority.crls())
    (notice,) = [notice for notice in identity.warnings() if notice.code == "short_key"]
    assert "2048" in notice.text("nl")


def test_rsa_3072_is_good(rsa_authority: Authority) -> None:
    assert [notice.code for notice in rsa_authority.identity().warnings()] == ["is_test"]


def test_a_server_without_an_oin_is_told(authority: Authority) -> None:
    identity = oso.Identity(authority.issue("server", oin=[]).pem(), purpose="server", roots=pem(authority.root))
    assert "no_oin" in {notice.code for notice in identity.warnings()}


def test_an_identity_for_signing_makes_no_connections(authority: Authority) -> None:
    identity = authority.identity("signing")
    assert identity.key.sign
    for make in (identity.client_context, identity.server_context):
        with pytest.raises(IdentityError) as caught:
            make()
        assert caught.value.code == "wrong_usage"
