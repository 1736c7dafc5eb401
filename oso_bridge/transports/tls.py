"""How the other side of a TLS connection is trusted, and what to say when it is not.

Only the roots that are given count; those of browsers do not (PKIoverheid's private root is not among them).  Versions
and suites follow the guideline of the NCSC (2025): TLS 1.2 with ECDHE and AES-GCM or ChaCha20, or TLS 1.3.
"""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path

from oso_bridge.errors import OsoBridgeError, TransportError, UsageError
from oso_bridge.parcels import Sent

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"  # what Python offers by itself still has CBC and DHE in it
SYSTEM = "system"

Roots = str | os.PathLike[str]

_WHY = {
    3: "There is no list of revoked certificates for it",
    9: "It is not valid yet",
    10: "It has expired",
    12: "The list of revoked certificates is too old",
    18: "It is signed by itself",
    19: "Its root is not among those that are trusted",
    20: "Its issuer is not known here",
    21: "Its issuer is not known here",
    23: "It was revoked",
    26: "It is not meant for this use",
    62: "It is that of another host",
    64: "It is that of another address",
}
_ADVICE = {
    9: "Look at the clock of this machine.",
    10: "Look at the clock of this machine, or ask the other side to renew it.",
    20: "Give the right roots; the other side must send the certificates in between.",
    62: "Check the address.",
    64: "Use the name of the host, as it stands in the certificate.",
}
_ENDED = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""A connection that ended: no alert tells why."""
_ON_CERTIFICATE = re.compile(r"ALERT_(?:\w*CERTIFICATE\w*|UNKNOWN_CA|ACCESS_DENIED)\Z", re.ASCII)
"""The alerts about a certificate of ours (RFC 8446, 6.2), as OpenSSL names them."""


def client_context(roots: Roots) -> ssl.SSLContext:
    """A context that trusts the given roots and nothing else.

    Args:
        roots: A file with certificates in PEM, or ``system`` for those of this machine.

    Raises:
        UsageError: The file cannot be read or holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_ciphers(CIPHERS)
    if roots == SYSTEM:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cafile=Path(roots))
    except OSError as error:  # an SSLError is one as well
        raise UsageError(
            "There are no certificates to trust in this file.", where=str(roots), remedy="Give roots in PEM."
        ) from error
    return context


def careful(context: ssl.SSLContext) -> ssl.SSLContext:
    """A context made elsewhere, when it checks the other side.

    Raises:
        UsageError: It does not, or takes a version below TLS 1.2.
    """
    if context.verify_mode != ssl.CERT_REQUIRED or not context.check_hostname:
        raise UsageError("This TLS context does not check the other side.", remedy="Leave its checks on.")
    # MINIMUM_SUPPORTED is a negative number, and means any
    if context.minimum_version < ssl.TLSVersion.TLSv1_2:
        raise UsageError("This TLS context takes versions below 1.2.", remedy="Set its minimum_version.")
    return context


def failed(error: ssl.SSLError, sent: Sent, where: str) -> TransportError:
    """What to say of a TLS connection that failed; the text is ours, that of OpenSSL may quote the other side.

    Args:
        error: What OpenSSL said.
        sent: What is known of the parcel; ``no`` during the handshake.
        where: The address.

    Returns:
        An error that is retryable when the connection just ended, as by a server that is restarted; what the other
        side or we refused will be refused again.
    """
    if isinstance(error, OsoBridgeError):  # an identity judges for itself, in words of its own
        told = getattr(error, "code", "")
        return TransportError(error.what, retryable=False, sent="no", where=where, remedy=error.remedy, code=told)
    if isinstance(error, ssl.SSLCertVerificationError):
        code = error.verify_code
        why = _WHY.get(code, f"OpenSSL gives reason {code}")
        return TransportError(
            f"The certificate of the other side is not trusted. {why}.",
            retryable=False,
            sent="no",
            where=where,
            remedy=_ADVICE.get(code, "Check the roots that are given."),
            code=f"tls-{code}",
        )
    if isinstance(error, _ENDED):
        return broken_off(sent, where, retryable=True)
    # with TLS 1.3 a client hears of its certificate when it reads; what it had sent by then was not looked at
    unread = sent == "unknown" and bool(_ON_CERTIFICATE.search(error.reason or ""))
    return broken_off("no" if unread else sent, where, retryable=False)


def broken_off(sent: Sent, where: str, *, retryable: bool) -> TransportError:
    """What to say when the other side ends a connection; with TLS 1.3 a certificate that is missing looks like it."""
    return TransportError(
        "The other side broke off the connection before it answered.",
        retryable=retryable,
        sent=sent,
        where=where,
        remedy="It may want another client certificate (identity=), or another TLS than 1.2 with ECDHE, or 1.3.",
    )
