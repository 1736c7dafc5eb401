"""Certificates, keys and CRLs out of files and bytes: PEM, DER and PKCS#12, and the mistakes that people make there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from oso_bridge.errors import UsageError
from oso_bridge.identity.certificates import load as load_certificate
from oso_bridge.identity.notices import refuse
from oso_bridge.identity.revocation import load as load_crl

Source = str | Path | bytes
"""A path, or the bytes themselves; a str is always a path."""

Sources = Source | Sequence[Source]
"""One source, or several."""

Passphrase = str | bytes | Callable[[], str | bytes]
"""A password, or what asks for it."""

MAX_BYTES = 4 * 1024 * 1024
"""The size of a file with certificates or keys at most, in bytes."""

MAX_CRL_BYTES = 64 * 1024 * 1024
"""The size of a file with CRLs at most, in bytes."""

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_BEGIN = re.compile(rb"-----BEGIN [A-Z0-9 ]+-----")
_CERTIFICATES = (b"CERTIFICATE", b"X509 CERTIFICATE")
_KEYS = (b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"RSA PRIVATE KEY", b"EC PRIVATE KEY")
_MISTAKES = {
    b"CERTIFICATE REQUEST": "is_request",
    b"NEW CERTIFICATE REQUEST": "is_request",
    b"PUBLIC KEY": "is_public_key",
    b"RSA PUBLIC KEY": "is_public_key",
    b"OPENSSH PRIVATE KEY": "openssh_key",
}


@dataclass(slots=True, repr=False)
class Contents:
    """What a source holds.

    Attributes:
        where: Its name, for messages; None for bytes.
        certificates: In the order in which they stand there.
        crls: The CRLs.
        keys: The private keys, each loaded when it is asked for, with a password if need be.
    """

    where: str | None
    certificates: list[x509.Certificate] = field(default_factory=list)
    crls: list[x509.CertificateRevocationList] = field(default_factory=list)
    keys: list[Callable[[Password], Any]] = field(default_factory=list)


class Password:
    """A password, asked for when it is needed and once at most; never shown.

    Args:
        given: The password, or what asks for it.
        variable: The name of the environment variable that holds it.

    Raises:
        UsageError: Both are given.
    """

    __slots__ = ("_given", "_variable")

    def __init__(self, given: Passphrase | None = None, variable: str | None = None) -> None:
        if given is not None and variable is not None:
            raise UsageError("Give password or password_env, not both.")
        self._given = given
        self._variable = variable

    def ask(self) -> bytes | None:
        """The password, or None when there is none.

        Raises:
            IdentityError: The environment variable does not exist or is empty.
        """
        if self._variable is not None and not os.environ.get(self._variable):
            raise refuse("password_unset", name=self._variable)
        if self._variable is not None:
            self._given, self._variable = os.environ[self._variable], None
        elif callable(self._given):
            self._given = self._given()
        given = self._given
        return given.encode() if isinstance(given, str) else given


def each(sources: Sources) -> list[Source]:
    """The sources one by one."""
    return [sources] if isinstance(sources, (str, Path, bytes)) else list(sources)


def load(source: Source, password: Password | None = None, most: int = MAX_BYTES) -> Contents:
    """What a source holds.

    Args:
        source: A path or bytes.
        password: Opens a PKCS#12; keys in PEM are opened later.
        most: The largest size in bytes.

    Raises:
        IdentityError: It cannot be read, or holds no certificate, key or CRL.
    """
    content, where = _read(source, most)
    found = Contents(where)
    if _BEGIN.search(content):
        _pem(content, found)
    else:
        _der(content, found, password or Password())
    return found


def certificates(sources: Sources) -> list[x509.Certificate]:
    """The certificates of sources that have to hold some.

    Raises:
        IdentityError: One cannot be read or holds none.
    """
    found = []
    for source in each(sources):
        held = load(source)
        if not held.certificates:
            raise refuse("no_certificate", held.where)
        found += held.certificates
    return found


def crls(sources: Sources) -> list[x509.CertificateRevocationList]:
    """The CRLs of sources.

    Raises:
        IdentityError: One cannot be read or holds none.
    """
    found = []
    for source in each(sources):
        held = load(source, most=MAX_CRL_BYTES)
        if not held.crls:
            raise refuse("unknown_file", held.where)
        found += held.crls
    return found


def _read(source: Source, most: int) -> tuple[bytes, str | None]:
    if isinstance(source, bytes):
        content, where = source, None
    else:
        where = str(source)
        try:
            with Path(source).open("rb") as file:
                content = file.read(most + 1)
        except OSError:
            raise refuse("file_missing", where) from None
    if len(content) > most:
        raise refuse("file_large", where)
    return content, where


def _pem(content: bytes, found: Contents) -> None:
    """The blocks of a PEM; text around them is left alone."""
    blocks = list(_BLOCK.finditer(content))
    if len(blocks) != len(_BEGIN.findall(content)):
        raise refuse("damaged", found.where, what="PEM")
    mistakes = [_MISTAKES[block[1]] for block in blocks if block[1] in _MISTAKES]
    for block in blocks:
        _block(block[1], block[0], found)
    if mistakes and not found.certificates:
        raise refuse(mistakes[0], found.where)
    if not (found.certificates or found.keys or found.crls):
        raise refuse("unknown_file", found.where)


def _block(label: bytes, block: bytes, found: Contents) -> None:
    try:
        if label in _CERTIFICATES:
            found.certificates.append(load_certificate(block))
        elif label == b"X509 CRL":
            found.crls.append(load_crl(block))
        elif label in _KEYS:
            found.keys.append(_key(block, found.where, serialization.load_pem_private_key))
    except ValueError:
        # the message of the library is left out: it may quote what it read
        raise refuse("damaged", found.where, what=label.decode()) from None


def _key(block: bytes, where: str | None, loader: Callable[..., Any]) -> Callable[[Password], Any]:
    """What loads a private key with a password."""

    def load_key(password: Password) -> Any:
        try:
            return loader(block, None)
        except TypeError:  # encrypted
            given = password.ask()
        except (ValueError, UnsupportedAlgorithm):
            raise refuse("damaged", where, what="PRIVATE KEY") from None
        if not given:
            raise refuse("no_password", where)
        try:
            return loader(block, given)
        except (ValueError, UnsupportedAlgorithm):
            raise refuse("wrong_password", where) from None

    return load_key


def _der(content: bytes, found: Contents, password: Password) -> None:
    """A binary file: the first kind that fits."""
    for reader in (_der_certificate, _der_crl, _der_key, _pkcs12):
        if reader(content, found, password):
            return
    try:
        x509.load_der_x509_csr(content)
    except Exception:  # noqa: BLE001 - the library raises many kinds of errors for what is no request
        raise refuse("unknown_file", found.where) from None
    raise refuse("is_request", found.where)


def _der_certificate(content: bytes, found: Contents, password: Password) -> bool:
    del password
    try:
        found.certificates.append(load_certificate(content))
    except ValueError:
        return False
    return True


def _der_crl(content: bytes, found: Contents, password: Password) -> bool:
    del password
    try:
        found.crls.append(load_crl(content))
    except ValueError:
        return False
    return True


def _der_key(content: bytes, found: Contents, password: Password) -> bool:
    del password
    try:
        serialization.load_der_private_key(content, None)
    except TypeError:
        pass  # encrypted, so it is one
    except (ValueError, UnsupportedAlgorithm):
        return False
    found.keys.append(_key(content, found.where, serialization.load_der_private_key))
    return True


# PFX ::= SEQUENCE { version INTEGER (3), authSafe ContentInfo of the type data or signedData (RFC 7292) ...
_PFX = re.compile(rb"\x30(?:[\x00-\x7f]|\x80|[\x81-\x84].{1,4}?)\x02\x01\x03\x30", re.DOTALL)


def _pkcs12(content: bytes, found: Contents, password: Password) -> bool:
    if not _PFX.match(content):
        return False
    held = None
    for attempt in _attempts(password):
        try:
            held = pkcs12.load_pkcs12(content, attempt)
            break
        except ValueError:
            continue
        except UnsupportedAlgorithm:
            raise refuse("damaged", found.where, what="PKCS#12") from None
    if held is None:
        raise refuse("wrong_password" if password.ask() else "no_password", found.where)
    ours = [held.cert] if held.cert else []
    wrapped = [item.certificate.public_bytes(serialization.Encoding.DER) for item in (*ours, *held.additional_certs)]
    try:
        found.certificates += map(load_certificate, wrapped)
    except ValueError:
        raise refuse("malformed", found.where) from None
    if held.key is not None:
        key = held.key
        found.keys.append(lambda _: key)
    return True


def _attempts(password: Password) -> Iterator[bytes | None]:
    """Without a password first (some programs write an empty one), then the one that is given."""
    yield None
    yield b""
    given = password.ask()
    if given:
        yield given
