"""Certificates that have to be refused, and a server that answers one line."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from oso_bridge.pki import Authority, Issued, make_key

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
SECRET = "kanarie-wachtwoord-7731"
PERSON = "Kanarie-Achternaam"

_SHA256_RSA = bytes.fromhex("2a864886f70d01010b")
_SHA1_RSA = bytes.fromhex("2a864886f70d010105")


def der(*certificates: x509.Certificate) -> list[bytes]:
    """Certificates as the other side sends them."""
    return [certificate.public_bytes(Encoding.DER) for certificate in certificates]


def sent(issued: Issued) -> list[bytes]:
    """A certificate with its chain as the other side sends them."""
    return der(issued.certificate, *issued.chain)


def self_signed(purpose: str = "client") -> Issued:
    """A certificate that nobody but itself vouches for."""
    key = make_key()
    subject = Authority().issue("client", name=purpose).certificate.subject
    made = x509.CertificateBuilder(subject, subject, key.public_key(), 7, NOW - DAY, NOW + DAY)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    return Issued(made.sign(key, hashes.SHA256()), key, ())


def with_sha1(authority: Authority) -> x509.Certificate:
    """A good certificate of an RSA authority whose signature is made once more, with SHA-1.

    The library does not sign so any more, so the name of the algorithm is changed in the bytes; they keep their length.
    """
    issued = authority.issue("client", name="bron")
    body = issued.certificate.tbs_certificate_bytes.replace(_SHA256_RSA, _SHA1_RSA)
    signer = authority._levels[-1][1]
    assert isinstance(signer, rsa.RSAPrivateKey)
    signature = signer.sign(body, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    whole = issued.certificate.public_bytes(Encoding.DER)
    whole = whole.replace(issued.certificate.tbs_certificate_bytes, body).replace(_SHA256_RSA, _SHA1_RSA)
    return x509.load_der_x509_certificate(whole.replace(issued.certificate.signature, signature))


@contextlib.contextmanager
def serving(context: ssl.SSLContext) -> Iterator[tuple[tuple[str, int], list[Any]]]:
    """A server for one connection; the list gets whom it met, or what went wrong."""
    met: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        thread = threading.Thread(target=_answer, args=(listener, context, met))
        thread.start()
        try:
            yield listener.getsockname(), met
        finally:
            thread.join(10)


def _answer(listener: socket.socket, context: ssl.SSLContext, met: list[Any]) -> None:
    try:
        plain, _ = listener.accept()
        plain.settimeout(10)
        with plain, context.wrap_socket(plain, server_side=True) as line:
            met.append(getattr(line, "peer", None))
            line.sendall(line.recv(5))
    except OSError as error:
        met.append(error)


def call(address: tuple[str, int], context: ssl.SSLContext, host: str = "localhost") -> tuple[Any, str | None, bytes]:
    """Call a server: whom we met, the version of TLS, and the answer."""
    with socket.create_connection(address, 10) as plain, context.wrap_socket(plain, server_hostname=host) as line:
        line.sendall(b"hallo")
        return getattr(line, "peer", None), line.version(), line.recv(5)
