"""Encryption at rest: what the outbox and the inbox keep on disk can be read by whoever holds the key only.

AES-256-GCM and not Fernet: Fernet binds nothing to what it encrypts, so that whoever can write to the database could
lay the content of one parcel in the row of another; and its base64 makes a dossier a third larger.  A key has an id,
which stands in front of what it sealed; so a vault with several keys knows which one to use, and keys can be replaced.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from oso_bridge.errors import DataError, IdentityError, UsageError
from oso_bridge.transports.private import new_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VARIABLE = "OSO_BRIDGE_KEY"
"""The environment variable that may hold the key."""
KEY_BYTES = 32
_VERSION, _ID_BYTES, _NONCE_BYTES = b"\x01", 8, 12
_HEAD = len(_VERSION) + _ID_BYTES + _NONCE_BYTES
_LARGEST_FILE = 10_000
_NEW = "Make one: oso-bridge outbox key new FILE."


class Vault:
    """Seals bytes with the first of its keys, and opens what any of them sealed.

    A key seals some four thousand million times at the most (NIST SP 800-38D, 8.3: random nonces of 96 bits).  A vault
    may be used by several threads.

    Args:
        keys: Keys of 32 bytes each, the newest first.

    Raises:
        UsageError: There is no key, or one is not 32 bytes long.
    """

    def __init__(self, *keys: bytes) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise UsageError(f"A vault needs one or more keys of {KEY_BYTES} bytes each.", remedy=_NEW)
        self._keys = {_id(key): key for key in reversed(keys)}
        self._newest = _id(keys[0])

    @classmethod
    def from_text(cls, text: str, *, where: str | None = None) -> Self:
        """A vault from keys as text.

        Args:
            text: Keys in URL-safe base64, the newest first, with white space or commas between them.
            where: What the text comes from, for errors.

        Raises:
            IdentityError: The text holds no key, or something else; it is not quoted.
        """
        words = [word for word in re.split(r"[\s,]+", text) if word]
        keys = [_decoded(word) for word in words]
        if not keys or None in keys:
            raise IdentityError("This is no key of oso-bridge.", where=where, remedy=_NEW)
        return cls(*(key for key in keys if key))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """A vault from a file with keys, one a line and the newest first.

        Args:
            path: The file; nobody but its owner may be able to read or write it (not looked at on Windows).

        Raises:
            IdentityError: Others can read the file, or it holds no key.
            OSError: The file cannot be read.
        """
        with Path(path).open("rb") as file:
            if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise IdentityError("Others can read this key.", where=str(path), remedy=f"Run: chmod 600 {path}")
            held = file.read(_LARGEST_FILE)
        return cls.from_text(held.decode("ascii", "replace"), where=str(path))

    @classmethod
    def find(cls, path: str | os.PathLike[str] | None = None) -> Self:
        """A vault from a file, or else from the environment variable ``OSO_BRIDGE_KEY``.

        Args:
            path: The file; None for the environment.

        Raises:
            IdentityError: Neither gives a key.
            OSError: The file cannot be read.
        """
        if path is not None:
            return cls.from_file(path)
        text = os.environ.get(VARIABLE, "")
        if not text:
            raise IdentityError("There is no key.", remedy=f"Name its file, or put the key into {VARIABLE}. {_NEW}")
        return cls.from_text(text, where=VARIABLE)

    def __repr__(self) -> str:
        return f"Vault({', '.join(name.hex() for name in self._ids())})"

    @property
    def key_id(self) -> str:
        """The id of the key that seals, in hexadecimal digits; it tells nothing of the key."""
        return self._newest.hex()

    def after(self, older: Vault) -> Vault:
        """A vault that seals with the key of this one, and opens what either sealed.

        Args:
            older: The vault whose keys are being replaced.
        """
        kept = [key for name, key in older._keys.items() if name not in self._keys]
        return Vault(*(self._keys[name] for name in self._ids()), *kept)

    def seal(self, content: bytes, about: bytes) -> bytes:
        """Encrypt.

        Args:
            content: What nobody else may read.
            about: Where it belongs; it opens with the same only.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        head = _VERSION + self._newest + nonce
        return head + self._cipher(self._newest).encrypt(nonce, content, head + about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Decrypt what :meth:`seal` gave.

        Args:
            sealed: What was sealed.
            about: What it was sealed with.

        Raises:
            IdentityError: It was sealed with a key that is not here.
            DataError: It was changed, or laid in the place of something else.
        """
        from cryptography.exceptions import InvalidTag

        name = self._sealer(sealed)
        nonce = sealed[_HEAD - _NONCE_BYTES : _HEAD]
        try:
            return self._cipher(name).decrypt(nonce, sealed[_HEAD:], sealed[:_HEAD] + about)
        except InvalidTag:
            raise DataError("What was encrypted has been changed, or belongs elsewhere.") from None

    def sealed_last(self, sealed: bytes) -> bool:
        """Whether the newest key sealed this.

        Raises:
            IdentityError: It was sealed with a key that is not here.
            DataError: It is nothing that a vault made.
        """
        return self._sealer(sealed) == self._newest

    def _ids(self) -> Iterable[bytes]:
        """The ids of the keys, the newest first."""
        return sorted(self._keys, key=lambda name: name != self._newest)

    def _sealer(self, sealed: bytes) -> bytes:
        """The id of the key that sealed something."""
        if len(sealed) < _HEAD or not sealed.startswith(_VERSION):
            raise DataError("This was not encrypted by oso-bridge, or by a later version.")
        name = sealed[len(_VERSION) : len(_VERSION) + _ID_BYTES]
        if name not in self._keys:
            raise IdentityError(
                f"This was encrypted with another key ({name.hex()}).", remedy="Give the key that was used then."
            )
        return name

    def _cipher(self, name: bytes) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._keys[name])


def new_key_file(path: str | os.PathLike[str]) -> Vault:
    """Make a key and put it into a new file that only its owner can read.

    Args:
        path: The file.

    Raises:
        FileExistsError: The file is there; a key is never overwritten, for what it sealed would be lost.
        OSError: The file cannot be written.
    """
    key = secrets.token_bytes(KEY_BYTES)
    new_file(path, base64.urlsafe_b64encode(key) + b"\n")
    return Vault(key)


def _id(key: bytes) -> bytes:
    """The id of a key: a key is random, so a digest of it gives nothing away."""
    return hashlib.sha256(b"oso-bridge key id\0" + key).digest()[:_ID_BYTES]


def _decoded(word: str) -> bytes | None:
    """The key in base64; None when it is none."""
    try:
        key = base64.b64decode(word.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None
