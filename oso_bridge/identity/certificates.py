"""Questions about one certificate: whose it is, for what, until when, and whether its algorithms are still allowed.

The OIN stands in the serialNumber of the subject (Digikoppeling PKI001), not in the serial number of the certificate.
What algorithms may be used is that of the TLS guideline of NCSC (2025), on which Digikoppeling TLSCIPH001 rests.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar, get_args

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from oso_bridge import identifiers
from oso_bridge.identity.notices import Notice

Purpose = Literal["client", "server", "signing"]
"""What a certificate is for; one certificate has one purpose."""

Level = Literal["end", "issuer", "root"]
"""Where a certificate stands in its chain."""

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
TEST_REGISTER = "00000099"
"""The register of OINs for tests (OIN-stelsel)."""

USAGES = {"client": ExtendedKeyUsageOID.CLIENT_AUTH, "server": ExtendedKeyUsageOID.SERVER_AUTH}
"""The extended key usage that a purpose needs; signing needs none."""

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
HASHES = ("sha256", "sha384", "sha512")
_LEAST_BITS, _GOOD_BITS, _MOST_BITS = 2048, 3072, 16384
_PERSONAL = (NameOID.SURNAME, NameOID.GIVEN_NAME, NameOID.PSEUDONYM)
_ISO = "%Y-%m-%d"


def load(content: bytes) -> x509.Certificate:
    """A certificate out of DER or PEM, of which every part can be read; the library puts off reading most of them.

    Raises:
        ValueError: It is not one, or a part is not built as it should be; the message says nothing of the content.
    """
    loader = x509.load_pem_x509_certificate if content.startswith(b"-----") else x509.load_der_x509_certificate
    try:
        made = loader(content)
        _ = made.version, made.subject, made.issuer, made.extensions, made.serial_number
        _ = made.not_valid_before_utc, made.not_valid_after_utc, made.signature_algorithm_oid
    except Exception:  # noqa: BLE001 - the library raises many kinds of errors for damaged bytes, and quotes them
        raise ValueError("malformed") from None
    return made


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 of a certificate in hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def organisation(certificate: x509.Certificate) -> str:
    """The organisation in the subject, without anything that could steer a terminal; empty when there is none."""
    return _printable(_first(certificate.subject, NameOID.ORGANIZATION_NAME))


def authority_name(name: x509.Name) -> str:
    """What an issuer calls itself, cut short, without anything that could steer a terminal."""
    told = _first(name, NameOID.COMMON_NAME) or _first(name, NameOID.ORGANIZATION_NAME) or "-"
    return _printable(told[:64])


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _first(name: x509.Name, kind: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(kind)
    return str(found[0].value) if found else ""


def serial_numbers(certificate: x509.Certificate) -> list[str]:
    """Each serialNumber in the subject; a certificate of an organisation has one, its OIN."""
    return [str(item.value) for item in certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)]


def oin(certificate: x509.Certificate) -> str | None:
    """The OIN of the subject; None when there is none, more than one, or another kind of number."""
    numbers = serial_numbers(certificate)
    return numbers[0] if len(numbers) == 1 and identifiers.oin.is_valid(numbers[0]) else None


def is_test(number: str | None) -> bool:
    """Whether an OIN is one for tests."""
    return (number or "").startswith(TEST_REGISTER)


def about_oin(certificate: x509.Certificate) -> Iterator[Notice]:
    """What is wrong with the OIN of a certificate."""
    numbers = serial_numbers(certificate)
    if not numbers:
        yield Notice("no_oin")
    elif len(numbers) > 1:
        yield Notice("several_oins", {"number": str(len(numbers))})
    elif reason := identifiers.oin.why(numbers[0]):
        yield Notice("bad_oin", {"reason": reason})


def about_person(certificate: x509.Certificate) -> Iterator[Notice]:
    """A notice when the subject is a person."""
    if any(certificate.subject.get_attributes_for_oid(kind) for kind in _PERSONAL):
        yield Notice("personal")


def about_use(certificate: x509.Certificate, purpose: Purpose) -> Iterator[Notice]:
    """A notice when a certificate is not for a purpose; where it does not say for what, it is for anything."""
    basic = _extension(certificate, x509.BasicConstraints)
    if basic is not None and basic.ca:
        yield Notice("is_authority")
        return
    extended, usage = _extension(certificate, x509.ExtendedKeyUsage), _extension(certificate, x509.KeyUsage)
    wrong = purpose in USAGES and extended is not None and USAGES[purpose] not in extended
    if wrong or (usage is not None and not _signs(usage, purpose)):
        yield Notice("wrong_usage", {"purpose": purpose})


def _signs(usage: x509.KeyUsage, purpose: Purpose) -> bool:
    """TLS with ECDHE and signing both sign; a document may be signed under non-repudiation as well."""
    return usage.digital_signature or (purpose == "signing" and usage.content_commitment)


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def has_san(certificate: x509.Certificate) -> bool:
    """Whether a certificate names hosts."""
    return _extension(certificate, x509.SubjectAlternativeName) is not None


def may_sign_crls(certificate: x509.Certificate) -> bool:
    """Whether an authority may sign CRLs."""
    usage = _extension(certificate, x509.KeyUsage)
    return usage is None or usage.crl_sign


def is_root(certificate: x509.Certificate) -> bool:
    """Whether a certificate is that of an authority that stands above itself; it is trusted, not its signature."""
    basic = _extension(certificate, x509.BasicConstraints)
    return basic is not None and basic.ca and certificate.issuer == certificate.subject


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Whether a certificate is signed with its own key."""
    return certificate.issuer == certificate.subject and issued(certificate, certificate)


def issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Whether a certificate is signed by an issuer."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - whatever is wrong with a signature, it is not a good one
        return False
    return True


def uses(certificate: x509.Certificate) -> list[str]:
    """Which of the purposes of TLS a certificate names; empty when it restricts none."""
    extended = _extension(certificate, x509.ExtendedKeyUsage)
    return [] if extended is None else [name for name, usage in USAGES.items() if usage in extended]


def level(certificate: x509.Certificate) -> Level:
    """Where a certificate stands in its chain, going by itself alone."""
    basic = _extension(certificate, x509.BasicConstraints)
    if basic is None or not basic.ca:
        return "end"
    return "root" if is_root(certificate) else "issuer"


def notices(certificate: x509.Certificate) -> Iterator[tuple[Notice, bool]]:
    """What can be said of a certificate by itself, and whether it is refused for that."""
    now, place = datetime.now(UTC), level(certificate)
    try:
        faults = [*about_time(certificate, now, place), *about_strength(certificate, place)]
        if place == "end":
            faults += [*about_person(certificate), *([Notice("self_signed")] if is_self_signed(certificate) else [])]
            yield from ((notice, uses(certificate) != ["server"]) for notice in about_oin(certificate))
        yield from ((notice, True) for notice in faults)
        if is_test(oin(certificate)):
            yield Notice("is_test", {"oin": str(oin(certificate))}), False
        remarks = [*about_end(certificate, now, place), *about_short_key(certificate, place)]
        yield from ((notice, False) for notice in remarks)
    except (ValueError, x509.DuplicateExtension):
        yield Notice("malformed"), True


def about_time(certificate: x509.Certificate, at: datetime, level: Level) -> Iterator[Notice]:
    """A notice when a certificate is not valid at a time."""
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at < begins:
        yield Notice("not_yet_valid", {"level": level, "date": begins.strftime(_ISO)})
    elif at > ends:
        yield Notice("expired", {"level": level, "date": ends.strftime(_ISO)})


def about_end(certificate: x509.Certificate, at: datetime, level: Level, within: int = 60) -> Iterator[Notice]:
    """A notice when a certificate expires soon.

    Args:
        certificate: The certificate.
        at: The time to count from.
        level: Where it stands in its chain.
        within: In how many days.
    """
    left = (certificate.not_valid_after_utc - at).days
    if 0 <= left <= within:
        date = certificate.not_valid_after_utc.strftime(_ISO)
        yield Notice("expires", {"level": level, "days": str(left), "date": date})


def about_strength(certificate: x509.Certificate, level: Level) -> Iterator[Notice]:
    """A notice for a key or a signature that is not allowed any more."""
    if told := _weak_key(certificate):
        yield Notice("weak_key", {"level": level, "what": told})
    if level != "root" and (told := _weak_hash(certificate)):  # a root is trusted for itself, not for its signature
        yield Notice("weak_hash", {"level": level, "what": told})


def about_short_key(certificate: x509.Certificate, level: Level) -> Iterator[Notice]:
    """A notice for an RSA key of a length that is being phased out."""
    key = _public_key(certificate)
    if isinstance(key, rsa.RSAPublicKey) and _LEAST_BITS <= key.key_size < _GOOD_BITS:
        yield Notice("short_key", {"level": level, "bits": str(key.key_size)})


def _public_key(certificate: x509.Certificate) -> Any:
    """The public key; None when it is of a kind that the library does not know."""
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def fits(certificate: x509.Certificate, public: Any) -> bool:
    """Whether a certificate is that of a public key."""
    return bool(_public_key(certificate) == public)


def _weak_key(certificate: x509.Certificate) -> str | None:
    key = _public_key(certificate)
    if key is None:
        return "unknown"
    if isinstance(key, rsa.RSAPublicKey):
        return None if _LEAST_BITS <= key.key_size <= _MOST_BITS else f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return None if key.curve.name in _CURVES else key.curve.name
    return type(key).__name__.removesuffix("PublicKey").lstrip("_")


def _weak_hash(certificate: x509.Certificate) -> str | None:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return certificate.signature_algorithm_oid.dotted_string
    if algorithm is None:
        return certificate.signature_algorithm_oid.dotted_string
    return None if algorithm.name in HASHES else algorithm.name.upper()
