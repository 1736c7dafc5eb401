"""Revocation: every level of a chain against the CRL of its issuer; whatever cannot be told is refused.

``cryptography`` verifies no CRLs, so it is done here: signature, dates, coverage (RFC 5280, 5 and 6.3).  Nothing is
fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from oso_bridge.identity import certificates, chains
from oso_bridge.identity.notices import Notice

CRL = x509.CertificateRevocationList
_HARMLESS = (x509.CRLNumber, x509.AuthorityKeyIdentifier, x509.FreshestCRL, x509.IssuerAlternativeName)
_ISO = "%Y-%m-%d %H:%M UTC"


def load(content: bytes) -> CRL:
    """A CRL out of DER or PEM, of which every part can be read.

    Raises:
        ValueError: It is not one, or a part is not built as it should be; the message says nothing of the content.
    """
    loader = x509.load_pem_x509_crl if content.startswith(b"-----") else x509.load_der_x509_crl
    try:
        made = loader(content)
        _ = made.issuer, made.last_update_utc, made.next_update_utc, made.extensions, len(made)
    except Exception:  # noqa: BLE001 - the library raises many kinds of errors for damaged bytes
        raise ValueError("malformed") from None
    return made


def problems(
    chain: chains.Chain, roots: Sequence[x509.Certificate], crls: Sequence[CRL], at: datetime
) -> Iterator[Notice]:
    """What the CRLs say of each certificate below the root.

    Args:
        chain: A chain that ends at a root.
        roots: Those that are trusted.
        crls: The CRLs at hand.
        at: The time to judge by.
    """
    placed = list(chains.levels(chain, roots))
    for (certificate, level), issuer in zip(placed, chain[1:], strict=False):
        told = _problem(certificate, issuer, crls, at)
        if told:
            yield Notice(told.code, {"level": level, **told.args})


def _problem(
    certificate: x509.Certificate, issuer: x509.Certificate, crls: Sequence[CRL], at: datetime
) -> Notice | None:
    """What is wrong with one certificate: revoked, or not to be told."""
    name = {"issuer": certificates.authority_name(issuer.subject)}
    own = [crl for crl in crls if crl.issuer == issuer.subject]
    if not own:
        return Notice("no_crl", name)
    usable = [crl for crl in own if _is_usable(crl, issuer)]
    if not usable:
        return Notice("crl_unusable", name)
    if any(crl.get_revoked_certificate_by_serial_number(certificate.serial_number) for crl in usable):
        return Notice("revoked")
    return _age(max(usable, key=lambda crl: crl.last_update_utc), name, at)


def _age(crl: CRL, name: dict[str, str], at: datetime) -> Notice | None:
    """A notice when even the newest CRL is not of now; one without an end is taken for stale."""
    due = crl.next_update_utc
    if crl.last_update_utc > at:
        return Notice("crl_early", {**name, "date": crl.last_update_utc.strftime(_ISO)})
    if due is None or due < at:
        return Notice("crl_stale", {**name, "date": due.strftime(_ISO) if due else "-"})
    return None


def _is_usable(crl: CRL, issuer: x509.Certificate) -> bool:
    """Whether the issuer signed it, and it covers all that the issuer issued."""
    try:
        return (
            certificates.may_sign_crls(issuer)
            and crl.signature_hash_algorithm is not None
            and crl.signature_hash_algorithm.name in certificates.HASHES
            and all(isinstance(item.value, _HARMLESS) or _covers_all(item) for item in crl.extensions)
            and crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # a kind that cannot sign raises
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _covers_all(item: x509.Extension[x509.ExtensionType]) -> bool:
    """Delta CRLs, and those of a part of the certificates, do not."""
    value = item.value
    if not isinstance(value, x509.IssuingDistributionPoint):
        return not item.critical
    parts = (value.only_contains_attribute_certs, value.indirect_crl, value.only_some_reasons)
    return not (any(parts) or value.only_contains_user_certs or value.only_contains_ca_certs)
