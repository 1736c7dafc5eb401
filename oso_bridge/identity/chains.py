"""Chains: from an end certificate over its issuers to one of the roots that are given, by the rules of RFC 5280.

The verdict is that of ``cryptography.x509.verification``.  It is made for the web, so its policies are adapted here: a
client certificate needs no subjectAltName.  What it leaves out (key size of the end certificate, CRLs, OIN) is asked
beside it, and the usual mistakes are looked for first, because its messages quote the subject.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.x509 import verification

from oso_bridge.identity import certificates
from oso_bridge.identity.certificates import Level, Purpose
from oso_bridge.identity.notices import Notice

MOST = 10
"""How many certificates a chain has at most; PKIoverheid has four levels."""

Chain = tuple[x509.Certificate, ...]
"""An end certificate, its issuers, and the root where it is known."""


def build(leaf: x509.Certificate, others: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]) -> Chain:
    """As much of a chain as can be made: it ends at a root that is given, or where no issuer is found.

    Args:
        leaf: The end certificate.
        others: Where issuers are looked for besides the roots, in any order.
        roots: Those that are trusted.
    """
    found = [leaf]
    while found[-1] not in roots and len(found) < MOST:
        above = next((item for item in (*roots, *others) if _is_above(item, found)), None)
        if above is None:
            break
        found.append(above)
    return tuple(found)


def _is_above(item: x509.Certificate, found: list[x509.Certificate]) -> bool:
    return item.subject == found[-1].issuer and item not in found and certificates.issued(item, found[-1])


def levels(chain: Chain, roots: Sequence[x509.Certificate]) -> Iterator[tuple[x509.Certificate, Level]]:
    """Each certificate of a chain with where it stands."""
    for number, certificate in enumerate(chain):
        yield certificate, "root" if certificate in roots else "issuer" if number else "end"


def problems(chain: Chain, roots: Sequence[x509.Certificate], purpose: Purpose, at: datetime) -> Iterator[Notice]:
    """What is wrong with a chain; the plainest cause comes first.

    Args:
        chain: What :func:`build` made.
        roots: Those that are trusted.
        purpose: What the end certificate is used for.
        at: The time to judge by.
    """
    found = [*_each(chain, roots, at), *_ending(chain, roots)]
    yield from found
    if not found and not _agrees(chain, roots, at, _client(purpose)):
        yield Notice("chain_refused")


def _each(chain: Chain, roots: Sequence[x509.Certificate], at: datetime) -> Iterator[Notice]:
    """What is wrong with each certificate by itself."""
    for certificate, level in levels(chain, roots):
        yield from certificates.about_time(certificate, at, level)
        yield from certificates.about_strength(certificate, level)


def _ending(chain: Chain, roots: Sequence[x509.Certificate]) -> Iterator[Notice]:
    """Where a chain ends, when that is not at a root that is trusted."""
    top = chain[-1]
    if top in roots and len(chain) > 1:
        return
    if certificates.is_self_signed(top):
        yield Notice("self_signed" if len(chain) == 1 else "wrong_root")
    else:
        yield Notice("no_path", {"issuer": certificates.authority_name(top.issuer)})


def without_roots(chain: Chain, at: datetime) -> Iterator[Notice]:
    """What is wrong with a chain whose root is not known, as far as that can be told."""
    yield from _each(chain, (), at)
    if certificates.is_self_signed(chain[0]):
        yield Notice("self_signed")


def about_host(chain: Chain, roots: Sequence[x509.Certificate], host: str, at: datetime) -> Iterator[Notice]:
    """What is wrong with the host of a server whose chain is good otherwise."""
    if _agrees(chain, roots, at, _server(host)):
        return
    yield Notice("wrong_host", {"host": host}) if certificates.has_san(chain[0]) else Notice("no_san")


def _agrees(chain: Chain, roots: Sequence[x509.Certificate], at: datetime, policy: Any) -> bool:
    """Whether the library takes the chain; its message is not passed on: it quotes the subject."""
    builder = verification.PolicyBuilder().store(verification.Store(list(roots))).time(at)
    try:
        policy(builder).verify(chain[0], [item for item in chain[1:] if item not in roots])
    except (verification.VerificationError, ValueError):
        return False
    return True


def _client(purpose: Purpose) -> Any:
    """A verifier of the path alone, for an end certificate that may name no hosts."""

    def make(builder: verification.PolicyBuilder) -> verification.ClientVerifier:
        policies = verification.ExtensionPolicy
        usage, anything = _usage(purpose), verification.Criticality.AGNOSTIC
        authority = policies.webpki_defaults_ca().may_be_present(x509.ExtendedKeyUsage, anything, usage)
        end = policies.webpki_defaults_ee().may_be_present(x509.ExtendedKeyUsage, anything, usage)
        end = end.may_be_present(x509.SubjectAlternativeName, anything, None)
        return builder.extension_policies(ca_policy=authority, ee_policy=end).build_client_verifier()

    return make


def _usage(purpose: Purpose) -> Any:
    """Refuses what says that it is for something else."""
    wanted = certificates.USAGES.get(purpose)

    def check(policy: Any, certificate: x509.Certificate, usage: x509.ExtendedKeyUsage | None) -> None:
        del policy, certificate
        if wanted is not None and usage is not None and wanted not in usage:
            raise ValueError("another use")

    return check


def _server(host: str) -> Any:
    """A verifier of path and host."""

    def make(builder: verification.PolicyBuilder) -> verification.ServerVerifier:
        return builder.build_server_verifier(_subject(host))

    return make


def _subject(host: str) -> verification.Subject:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
