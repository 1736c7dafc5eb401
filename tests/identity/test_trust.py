"""Whom to let in: a matrix of certificates, each refused for its own cause and no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import oso_bridge as oso
from oso_bridge.errors import IdentityError, UsageError
from oso_bridge.identifiers import oin as oin_identifier
from oso_bridge.identity import Trust
from oso_bridge.pki import Authority, Issued, fictional_oin, make_key, pem

from .samples import DAY, NOW, PERSON, der, self_signed, sent, with_sha1

BRON = fictional_oin("bron")
ALL = frozenset({BRON, fictional_oin("doel"), fictional_oin("test")})


def code(trust: Trust, chain: list[bytes], purpose: Any = "client", **options: Any) -> str:
    """Why a chain is refused."""
    with pytest.raises(IdentityError) as caught:
        trust.verify(chain, purpose, **options)
    told = caught.value
    assert told.notice.text("nl")
    assert told.notice.remedy("nl")
    assert PERSON not in str(told) + repr(told)
    return told.code


# --- who is let in ------------------------------------------------------------------------------------------------


def test_a_client_of_four_levels_without_san(authority: Authority) -> None:
    issued = authority.issue("client", name="bron")
    peer = authority.trust(allowed_oins=ALL).verify(sent(issued), "client")
    assert peer == oso.Peer(BRON, "TEST bron", issued.certificate.fingerprint(hashes.SHA256()).hex())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "doel.oso.invalid"])
def test_a_server_by_its_host(authority: Authority, host: str) -> None:
    issued = authority.issue("server", name="doel")
    assert authority.trust().verify(sent(issued), "server", hostname=host).oin == fictional_oin("doel")


def test_a_signer(authority: Authority) -> None:
    issued = authority.issue("signing", name="bron")
    assert authority.trust(allowed_oins=ALL).verify(sent(issued), "signing").oin == BRON


@pytest.mark.parametrize("purpose", ["client", "server"])
def test_names_of_another_kind_beside_the_hosts(authority: Authority, purpose: Any) -> None:
    """PKIoverheid puts an identifier of its own into the subjectAltName."""
    key, (above, signer) = make_key(), authority._levels[-1]
    subject = authority.issue("client", name="bron").certificate.subject
    own = x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x03abc")
    made = x509.CertificateBuilder(above.subject, subject, key.public_key(), 11, NOW - DAY, NOW + DAY)
    made = made.add_extension(x509.SubjectAlternativeName([own, x509.DNSName("localhost")]), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    leaf = made.add_extension(issuer, critical=False).sign(signer, hashes.SHA256())
    chain = der(leaf, *authority.chain)
    assert authority.trust(allowed_oins=ALL).verify(chain, purpose, hostname="localhost").oin == BRON


def test_rsa(rsa_authority: Authority) -> None:
    issued = rsa_authority.issue("client", name="bron")
    assert rsa_authority.trust(allowed_oins=ALL).verify(sent(issued), "client").oin == BRON


def test_a_chain_in_any_order_with_its_root_and_strangers(authority: Authority, other: Authority) -> None:
    issued = authority.issue("client", name="bron")
    chain = der(issued.certificate, authority.root, *other.chain, *reversed(issued.chain))
    assert authority.trust(allowed_oins=ALL).verify(chain, "client").oin == BRON


def test_a_chain_that_the_other_side_left_out_but_is_known_here(authority: Authority) -> None:
    issued = authority.issue("client", name="bron")
    trust = authority.trust(allowed_oins=ALL, chain=pem(*authority.chain))
    assert trust.verify(der(issued.certificate), "client").oin == BRON


def test_several_roots(authority: Authority, other: Authority) -> None:
    trust = Trust(roots=[pem(authority.root), pem(other.root)], crls=None, allowed_oins=ALL, test=True)
    for each in (authority, other):
        assert trust.verify(sent(each.issue("client", name="bron")), "client").oin == BRON


def test_a_server_without_an_oin_when_none_is_asked(authority: Authority) -> None:
    issued = authority.issue("server", oin=[])
    assert authority.trust().verify(sent(issued), "server", hostname="localhost").oin is None
    assert code(authority.trust(allowed_oins=ALL), sent(issued), "server", hostname="localhost") == "no_oin"


def test_the_list_may_be_a_function(authority: Authority) -> None:
    asked = []
    issued = authority.issue("client", name="bron")

    def allowed(number: str) -> bool:
        asked.append(number)
        return len(asked) == 1

    trust = authority.trust(allowed_oins=allowed)
    trust.verify(sent(issued), "client")
    assert code(trust, sent(issued)) == "not_allowed"
    assert asked == [BRON, BRON]


# --- who is not (A25, A20) ----------------------------------------------------------------------------------------

Odd = Callable[[Authority], Issued]
MATRIX: dict[str, tuple[str, str, Odd]] = {
    "expired": ("expired", "client", lambda a: a.issue("client", begins=NOW - 9 * DAY, ends=NOW - DAY)),
    "not yet valid": ("not_yet_valid", "client", lambda a: a.issue("client", begins=NOW + DAY, ends=NOW + 2 * DAY)),
    "wrong host": ("wrong_host", "server", lambda a: a.issue("server", hosts=["elders.oso.invalid"])),
    "an address as a name": ("wrong_host", "server", lambda a: a.issue("server", hosts=["127.0.0.1"])),
    "a name that only begins so": ("wrong_host", "server", lambda a: a.issue("server", hosts=["localhost.invalid"])),
    "no SAN": ("no_san", "server", lambda a: a.issue("server", hosts=[])),
    "self-signed": ("self_signed", "client", lambda a: self_signed()),
    "client as server": ("wrong_usage", "server", lambda a: a.issue("client")),
    "server as client": ("wrong_usage", "client", lambda a: a.issue("server")),
    "mail": ("wrong_usage", "client", lambda a: a.issue("client", usages=[ExtendedKeyUsageOID.EMAIL_PROTECTION])),
    "two OINs": ("several_oins", "client", lambda a: a.issue("client", oin=[BRON, fictional_oin("doel")])),
    "two OINs, server": ("several_oins", "server", lambda a: a.issue("server", oin=[BRON, BRON])),
    "no OIN": ("no_oin", "client", lambda a: a.issue("client", oin=[])),
    "OIN too short": ("bad_oin", "client", lambda a: a.issue("client", oin=BRON[:-1])),
    "OIN too long": ("bad_oin", "client", lambda a: a.issue("client", oin=BRON + "0")),
    "unknown register": ("bad_oin", "client", lambda a: a.issue("client", oin="00000042123456789000")),
    "OIN with a blank": ("bad_oin", "client", lambda a: a.issue("client", oin=BRON + " ")),
    "personal": ("personal", "client", lambda a: a.issue("client", person=PERSON)),
    "not on the list": ("not_allowed", "client", lambda a: a.issue("client", name="vreemd")),
    "RSA 1024": ("weak_key", "client", lambda a: a.issue("client", key=rsa.generate_private_key(65537, 1024))),  # noqa: S505
    "a short curve": ("weak_key", "client", lambda a: a.issue("client", key=ec.generate_private_key(ec.SECP224R1()))),
    "no NCSC curve": ("weak_key", "client", lambda a: a.issue("client", key=ec.generate_private_key(ec.SECP256K1()))),
    "Ed25519": ("weak_key", "client", lambda a: a.issue("client", key=ed25519.Ed25519PrivateKey.generate())),  # type: ignore[arg-type]
    "an authority itself": ("is_authority", "client", lambda a: Issued(a.chain[0], a._levels[-1][1], a.chain[1:])),
}


@pytest.mark.parametrize("case", MATRIX)
def test_refused(authority: Authority, case: str) -> None:
    wanted, purpose, make = MATRIX[case]
    trust = authority.trust(allowed_oins=ALL)
    hostname = "localhost" if purpose == "server" else None
    assert code(trust, sent(make(authority)), purpose, hostname=hostname) == wanted


@pytest.mark.parametrize("purpose", ["client", "signing"])
def test_without_a_list_no_client_and_no_signer(authority: Authority, purpose: Any) -> None:
    assert code(authority.trust(), sent(authority.issue(purpose)), purpose) == "no_list"


def test_an_empty_list_lets_nobody_in(authority: Authority) -> None:
    assert code(authority.trust(allowed_oins=[]), sent(authority.issue("client"))) == "not_allowed"


@pytest.mark.parametrize("purpose", ["client", "server", "signing"])
def test_a_test_oin_in_production(authority: Authority, purpose: Any) -> None:
    trust = authority.trust(allowed_oins=ALL, test=False)
    hostname = "localhost" if purpose == "server" else None
    assert code(trust, sent(authority.issue(purpose)), purpose, hostname=hostname) == "test_oin"


def test_a_real_oin_in_production(authority: Authority) -> None:
    real = "0000000700000YY00931"
    trust = authority.trust(allowed_oins={real}, test=False)
    assert trust.verify(sent(authority.issue("client", oin=real)), "client").oin == real


def test_a_server_whose_host_is_not_known(authority: Authority) -> None:
    assert code(authority.trust(), sent(authority.issue("server")), "server") == "no_host"


def test_sha1(rsa_authority: Authority) -> None:
    made = with_sha1(rsa_authority)
    assert code(rsa_authority.trust(allowed_oins=ALL), der(made, *rsa_authority.chain)) == "weak_hash"


def test_another_root_of_the_same_name(authority: Authority, other: Authority) -> None:
    issued = other.issue("client", name="bron")
    trust = authority.trust(allowed_oins=ALL)
    assert code(trust, sent(issued)) == "no_path"
    assert code(trust, [*sent(issued), *der(other.root)]) == "wrong_root"


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # of an old root
def test_a_public_authority_counts_for_nothing(authority: Authority) -> None:
    """Whatever the system trusts: only the roots that are given are looked at."""
    certifi = pytest.importorskip("certifi")
    trust = Trust(roots=certifi.where(), crls=None, allowed_oins=ALL, test=True)
    assert len(trust.roots) > 50
    assert code(trust, sent(authority.issue("client", name="bron"))) == "no_path"


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_missing_intermediate(authority: Authority, left: int) -> None:
    issued = authority.issue("client", name="bron")
    chain = der(issued.certificate, *[item for number, item in enumerate(issued.chain, 1) if number == left])
    assert code(authority.trust(allowed_oins=ALL), chain) == "no_path"


def test_an_end_certificate_that_issues(authority: Authority) -> None:
    """A party may not vouch for others."""
    party = authority.issue("client", name="bron")
    victim = authority.issue("client", name="doel").certificate
    made = x509.CertificateBuilder(
        party.certificate.subject, victim.subject, party.key.public_key(), 9, NOW - DAY, NOW + DAY
    )
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(party.key.public_key())
    forged = made.add_extension(above, critical=False).sign(party.key, hashes.SHA256())
    chain = der(forged, party.certificate, *party.chain)
    assert code(authority.trust(allowed_oins=ALL, crls=None), chain) == "chain_refused"


def test_a_changed_certificate(authority: Authority) -> None:
    issued = authority.issue("client", name="bron")
    changed = sent(issued)[0].replace(BRON.encode(), fictional_oin("doel").encode())
    assert changed != sent(issued)[0]
    assert code(authority.trust(allowed_oins=ALL), [changed, *sent(issued)[1:]]) == "no_path"


def test_an_expired_authority(authority: Authority) -> None:
    later = authority.ends + DAY
    issued = authority.issue("client", name="bron", ends=later + DAY)
    assert code(authority.trust(allowed_oins=ALL), sent(issued), at=later) == "expired"


@pytest.mark.parametrize("chain", [[], [b""], [b"\x30\x03\x02\x01\x01"], [b"x" * 70_000]])
def test_no_certificate_at_all(authority: Authority, chain: list[bytes]) -> None:
    assert code(authority.trust(allowed_oins=ALL), chain) in {"tls_peer_without_certificate", "malformed", "long_chain"}


def test_a_flood_of_certificates(authority: Authority) -> None:
    issued = authority.issue("client", name="bron")
    assert code(authority.trust(allowed_oins=ALL), sent(issued) * 5) == "long_chain"


def damaged(content: bytes, place: int, by: int) -> bytes:
    """Bytes of which one is another."""
    changed = bytearray(content)
    changed[place % len(changed)] ^= by
    return bytes(changed)


@pytest.mark.filterwarnings("ignore:Parsed a")  # of what was damaged
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.integers(0, 600), by=st.integers(1, 255), which=st.integers(0, 2))
def test_damaged_certificates_are_refused_in_our_own_words(
    authority: Authority, place: int, by: int, which: int
) -> None:
    chain = sent(authority.issue("client", name="bron"))
    chain[which] = damaged(chain[which], place, by)
    assert code(authority.trust(allowed_oins=ALL), chain)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.integers(0, 600), by=st.integers(1, 255), which=st.integers(0, 2))
def test_damaged_crls_are_refused_in_our_own_words(authority: Authority, place: int, by: int, which: int) -> None:
    lists = [x509.load_pem_x509_crl(text).public_bytes(Encoding.DER) for text in authority.crls()]
    lists[which] = damaged(lists[which], place, by)
    with pytest.raises(IdentityError):
        authority.trust(allowed_oins=ALL, crls=lists).verify(sent(authority.issue("client", name="bron")), "client")


# --- revocation ---------------------------------------------------------------------------------------------------


def test_a_revoked_certificate(authority: Authority) -> None:
    fresh = Authority()
    issued, neighbour = fresh.issue("client", name="bron"), fresh.issue("client", name="doel")
    fresh.revoke(issued.certificate)
    assert code(fresh.trust(allowed_oins=ALL), sent(issued)) == "revoked"
    assert fresh.trust(allowed_oins=ALL).verify(sent(neighbour), "client")


@pytest.mark.parametrize("level", [0, 1])
def test_a_revoked_authority(level: int) -> None:
    fresh = Authority()
    fresh.revoke(fresh.chain[level])
    assert code(fresh.trust(allowed_oins=ALL), sent(fresh.issue("client", name="bron"))) == "revoked"


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_no_crl_of_one_level(authority: Authority, missing: int) -> None:
    lists = [crl for number, crl in enumerate(authority.crls()) if number != missing]
    trust = authority.trust(allowed_oins=ALL, crls=lists)
    assert code(trust, sent(authority.issue("client", name="bron"))) == "no_crl"


def test_no_crl_at_all(authority: Authority) -> None:
    trust = authority.trust(allowed_oins=ALL, crls=[])
    assert code(trust, sent(authority.issue("client", name="bron"))) == "no_crl"


@pytest.mark.parametrize("stale", [0, 1, 2])
def test_a_stale_crl_of_one_level(authority: Authority, stale: int) -> None:
    old = authority.crls(begins=NOW - 2 * DAY, ends=NOW - DAY)
    lists = [old[number] if number == stale else crl for number, crl in enumerate(authority.crls())]
    trust = authority.trust(allowed_oins=ALL, crls=lists)
    assert code(trust, sent(authority.issue("client", name="bron"))) == "crl_stale"
    both = authority.trust(allowed_oins=ALL, crls=[*lists, *authority.crls()])
    assert both.verify(sent(authority.issue("client", name="bron")), "client")


def test_a_crl_of_the_future(authority: Authority) -> None:
    trust = authority.trust(allowed_oins=ALL, crls=authority.crls(begins=NOW + DAY, ends=NOW + 2 * DAY))
    assert code(trust, sent(authority.issue("client", name="bron"))) == "crl_early"


def test_a_crl_of_a_namesake(authority: Authority, other: Authority) -> None:
    trust = authority.trust(allowed_oins=ALL, crls=other.crls())
    assert code(trust, sent(authority.issue("client", name="bron"))) == "crl_unusable"


@pytest.mark.parametrize(
    "extension",
    [
        x509.DeltaCRLIndicator(1),
        x509.IssuingDistributionPoint(None, None, True, False, None, False, False),
        x509.IssuingDistributionPoint(None, None, False, True, None, False, False),
    ],
    ids=["delta", "ends only", "authorities only"],
)
def test_a_crl_that_covers_a_part(authority: Authority, extension: x509.ExtensionType) -> None:
    subject, key = authority._levels[-1][0].subject, authority._levels[-1][1]
    made = x509.CertificateRevocationListBuilder(subject, NOW - DAY, NOW + DAY).add_extension(extension, critical=True)
    lists = [*authority.crls()[:2], made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)]
    trust = authority.trust(allowed_oins=ALL, crls=lists)
    assert code(trust, sent(authority.issue("client", name="bron"))) == "crl_unusable"


def test_crls_as_der(authority: Authority, tmp_path: Any) -> None:
    paths = []
    for number, text in enumerate(authority.crls()):
        paths.append(tmp_path / f"{number}.crl")
        paths[-1].write_bytes(x509.load_pem_x509_crl(text).public_bytes(Encoding.DER))
    trust = authority.trust(allowed_oins=ALL, crls=paths)
    assert trust.verify(sent(authority.issue("client", name="bron")), "client")


# --- wrong use ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("allowed", [BRON, BRON.encode(), ["00YY"], [""]])
def test_a_list_that_is_none(authority: Authority, allowed: Any) -> None:
    with pytest.raises(UsageError, match="collection of OINs"):
        authority.trust(allowed_oins=allowed)


def test_wrong_use(authority: Authority) -> None:
    chain = sent(authority.issue("client"))
    with pytest.raises(UsageError, match="purpose"):
        authority.trust().verify(chain, "klant")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="time zone"):
        authority.trust().verify(chain, "client", at=datetime.now())  # noqa: DTZ005
    with pytest.raises(UsageError, match="purpose"):
        authority.issue("klant")  # type: ignore[arg-type]


def test_roots(authority: Authority) -> None:
    for roots, wanted in (([], "no_roots"), (pem(authority.chain[0]), "no_root"), (b"tekst", "unknown_file")):
        with pytest.raises(IdentityError) as caught:
            Trust(roots=roots, crls=None)
        assert caught.value.code == wanted
    assert repr(authority.trust()) == "<Trust roots=1 crls=3 test=True>"
    assert repr(authority.trust(crls=None)) == "<Trust roots=1 crls=unchecked test=True>"


@given(name=st.text(min_size=1, max_size=20))
def test_fictional_oins_are_oins(name: str) -> None:
    assert oin_identifier.is_valid(fictional_oin(name))
    assert fictional_oin(name).startswith("00000099")


def test_the_time_of_the_judgement(authority: Authority) -> None:
    issued = authority.issue("client", name="bron", begins=NOW + DAY, ends=NOW + 2 * DAY)
    trust = authority.trust(allowed_oins=ALL)
    assert trust.verify(sent(issued), "client", at=NOW + 1.5 * DAY)
    assert code(trust, sent(issued), at=datetime(2000, 1, 1, tzinfo=UTC)) == "not_yet_valid"
