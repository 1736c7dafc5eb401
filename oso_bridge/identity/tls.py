"""TLS as Digikoppeling and the guideline of NCSC (2025) want it: 1.2 and 1.3, ECDHE with AES-GCM or ChaCha20, both
sides with a certificate, and no roots but those that are given.

OpenSSL judges chain, host, CRLs and algorithms; after the handshake :class:`oso_bridge.Trust` judges once more, because
OpenSSL knows of no OIN.  So nobody gets a connection with a party that is not let in, also not when a program in
between adds roots to the context or switches its checks off.
"""

from __future__ import annotations

import os
import secrets
import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from oso_bridge.errors import IdentityError
from oso_bridge.identity.notices import Notice, refuse
from oso_bridge.identity.trust import Peer, Trust

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2"
"""The suites of TLS 1.2; those of TLS 1.3 are all allowed."""

_DER = 2  # _ssl.ENCODING_DER


class HandshakeRefused(IdentityError, ssl.SSLError):
    """A TLS connection that was not made, for a cause that has to do with certificates or algorithms.

    It is an :class:`ssl.SSLError` as well, so that servers and HTTP libraries treat it as one.
    """

    def __str__(self) -> str:
        return IdentityError.__str__(self)


class _Checked:
    """What a TLS connection does besides: after the handshake the other side is judged."""

    context: Any
    server_side: Any
    server_hostname: Any
    peer: Peer | None = None

    def do_handshake(self, *args: Any, **options: Any) -> None:
        """Shake hands, then judge.

        Raises:
            HandshakeRefused: The other side is not accepted, or does not accept us.
        """
        try:
            super().do_handshake(*args, **options)  # type: ignore[misc]
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLEOFError):
            raise
        except ssl.SSLError as error:
            known = explain(error, self.server_hostname)
            if known is None:
                raise
            self._refuse(known, error)
        try:
            self.peer = self.context.judge(self)
        except IdentityError as error:
            self._refuse(error, None)

    def _refuse(self, error: IdentityError, cause: Exception | None) -> None:
        """Let go of the connection, then say why."""
        close = getattr(self, "close", None)
        if close is not None:
            close()
        told = HandshakeRefused(
            error.what, code=error.code, where=error.where, remedy=error.remedy, notice=error.notice
        )
        raise told from cause


class CheckedSocket(_Checked, ssl.SSLSocket):
    """A TLS socket whose other side is judged; ``peer`` says who that is."""


class CheckedObject(_Checked, ssl.SSLObject):
    """The same without a socket, as asyncio uses it."""


class Context(ssl.SSLContext):
    """An SSLContext that trusts exactly the roots it was made with.

    What would add roots (as HTTP libraries do by themselves, with those of browsers) has no effect.
    """

    sslsocket_class = CheckedSocket
    sslobject_class = CheckedObject
    trust: Trust

    def load_verify_locations(self, *args: Any, **options: Any) -> None:
        """Does nothing: the roots are those that were given."""

    def load_default_certs(self, *args: Any, **options: Any) -> None:
        """Does nothing: the roots are those that were given."""

    def set_default_verify_paths(self) -> None:
        """Does nothing: the roots are those that were given."""

    def judge(self, connection: Any) -> Peer:
        """Who is on the other side of a connection.

        Args:
            connection: A socket or object of this context, after the handshake.

        Raises:
            IdentityError: The other side is not accepted.
        """
        if self.protocol == ssl.PROTOCOL_TLS_SERVER:
            return self.trust.verify(_chain(connection), "client")
        return self.trust.verify(_chain(connection), "server", hostname=connection.server_hostname)


def client_context(trust: Trust) -> Context:
    """A context for calling a server.

    Args:
        trust: The roots and CRLs for the server.
    """
    return _context(ssl.PROTOCOL_TLS_CLIENT, trust)


def server_context(trust: Trust) -> Context:
    """A context for a server; every client has to show a certificate.

    Args:
        trust: The roots and CRLs for clients, and which of them are let in.

    Raises:
        IdentityError: It was not said which OINs are let in.
    """
    if not trust.has_list:
        raise refuse("no_list")
    made = _context(ssl.PROTOCOL_TLS_SERVER, trust)
    made.verify_mode = ssl.CERT_REQUIRED
    # a session that is taken up again would skip CRLs and list; WT008 wants its life bounded
    made.num_tickets = 0
    return made


def _context(protocol: Any, trust: Trust) -> Context:
    made = Context(protocol)
    made.trust = trust
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers(CIPHERS)
    made.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    made.verify_flags |= ssl.VERIFY_X509_STRICT
    made.verify_flags &= ~getattr(ssl, "VERIFY_X509_PARTIAL_CHAIN", 0)
    made.hostname_checks_common_name = False
    _load_trust(made, trust)
    return made


def _load_trust(made: Context, trust: Trust) -> None:
    """The roots from memory, the CRLs by way of a file: ssl takes them from nowhere else."""
    roots = b"".join(item.public_bytes(serialization.Encoding.PEM) for item in trust.roots)
    ssl.SSLContext.load_verify_locations(made, cadata=roots.decode("ascii"))
    if trust.crls is None:
        return
    made.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    lists = b"".join(item.public_bytes(serialization.Encoding.PEM) for item in trust.crls)
    if lists:
        with _PrivateFile(lists) as path:
            ssl.SSLContext.load_verify_locations(made, cafile=path)


def load_key(made: ssl.SSLContext, chain: Sequence[x509.Certificate], key: Any) -> None:
    """Give a context our certificate and key.

    ssl reads keys from files only.  So the key goes to one for a moment: below a folder of its own, for the owner only,
    encrypted under a password that nobody knows, and deleted at once.

    Args:
        made: The context.
        chain: The certificate and its issuers, without the root.
        key: The private key.
    """
    password = secrets.token_bytes(24).hex().encode()
    content = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password),
    )
    content += b"".join(item.public_bytes(serialization.Encoding.PEM) for item in chain)
    with _PrivateFile(content) as path:
        made.load_cert_chain(path, password=password)


class _PrivateFile:
    """A file for one moment, in a folder of its own that only the owner may enter."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._folder = tempfile.TemporaryDirectory(prefix="oso_bridge-")

    def __enter__(self) -> str:
        path = Path(self._folder.name) / "content.pem"
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(self._content)
        except BaseException:
            self._folder.cleanup()
            raise
        return str(path)

    def __exit__(self, *raised: object) -> None:
        self._folder.cleanup()


def _chain(connection: Any) -> list[bytes]:
    """What the other side sent, as DER; from the inside of ssl, which before Python 3.13 does not show it."""
    for holder in (connection, getattr(connection, "_sslobj", None)):
        sent = getattr(holder, "get_unverified_chain", None)
        if sent is not None:
            return [item if isinstance(item, bytes) else item.public_bytes(_DER) for item in sent() or ()]
    own = connection.getpeercert(binary_form=True)
    return [own] if own else []


_VERIFY = {
    3: "no_crl", 8: "crl_unusable", 9: "not_yet_valid", 10: "expired", 11: "crl_early", 12: "crl_stale",
    13: "malformed", 14: "malformed", 18: "self_signed", 19: "wrong_root", 20: "no_path", 21: "no_path",
    23: "revoked", 26: "wrong_usage", 62: "wrong_host", 64: "wrong_host", 66: "weak_key", 67: "weak_key",
    68: "weak_hash",
}  # fmt: skip
_REASONS = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "tls_peer_without_certificate",
    "CERTIFICATE_REQUIRED": "tls_no_client_certificate",
    "HANDSHAKE_FAILURE": "tls_broken_off",
    "PROTOCOL_VERSION": "tls_version",
    "UNSUPPORTED_PROTOCOL": "tls_version",
    "NO_SHARED_CIPHER": "tls_version",
    "NO_PROTOCOLS_AVAILABLE": "tls_version",
    "INSUFFICIENT_SECURITY": "tls_version",
    "WRONG_VERSION_NUMBER": "tls_not_tls",
    "HTTP_REQUEST": "tls_not_tls",
}
_ALERTS = ("UNKNOWN_CA", "BAD_CERTIFICATE", "CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED", "CERTIFICATE_UNKNOWN",
           "UNSUPPORTED_CERTIFICATE", "ACCESS_DENIED")  # fmt: skip


def explain(error: BaseException, host: str | None = None) -> IdentityError | None:
    """What an error of TLS means, in words that say what to do.

    With TLS 1.3 a server refuses a client after the handshake, so that a client sees the end of the connection at its
    first read.  Such an end means here what the alert of TLS 1.2 means; ask only about a first read.

    Args:
        error: An error of ssl, or the end of a connection.
        host: The host that was called, when there is one.

    Returns:
        The error to show; None when the cause has nothing to do with certificates or algorithms.
    """
    if isinstance(error, IdentityError):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        code = _VERIFY.get(error.verify_code, "chain_refused")
        return _told(code, host)
    if isinstance(error, (ssl.SSLEOFError, ConnectionResetError, BrokenPipeError)):
        return _told("tls_no_client_certificate", host)
    return _alert(getattr(error, "reason", None) or "", host) if isinstance(error, ssl.SSLError) else None


def _alert(reason: str, host: str | None) -> IdentityError | None:
    """What the other side said, or what OpenSSL says of the other side."""
    for known, code in _REASONS.items():
        if reason.endswith(known):
            return _told(code, host)
    for alert in _ALERTS:
        if reason.endswith(f"ALERT_{alert}"):
            return _told("tls_refused_by_peer", host, what=alert.lower().replace("_", " "))
    return None


def _told(code: str, host: str | None, **args: str) -> IdentityError:
    # OpenSSL does not say which level it means, nor a day
    unknown = dict.fromkeys(("level", "date", "issuer", "what"), "unknown")
    known = {**unknown, "host": host or "-", "purpose": "server" if host else "client", **args}
    notice = Notice(code, known)
    return IdentityError(notice.text(), code=code, where=host, remedy=notice.remedy(), notice=notice)
