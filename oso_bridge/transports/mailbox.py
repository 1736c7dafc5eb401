"""A folder as a mailbox, wherever that folder is.

::

    new/<name>/       what is waiting: ``content`` and ``parcel.json`` (id, media type, routing, SHA-256, size)
    claimed/<name>.<seconds>.<token>/    what a receiver is busy with, and since when
    rejected/<name>/  what was put aside, with ``reason.txt``
    tmp/<name>/       what is being written, or thrown away

A parcel is a folder of its own, so that one rename makes it appear with all that belongs to it, gives it to one
receiver only, and takes it away.  Names are made here: nothing that a parcel says becomes the name of a file, and they
suit every system.  What is in the folders under other names is not ours, and left alone.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Protocol

from oso_bridge.errors import TransportError
from oso_bridge.parcels import Delivery, Parcel, Receipt
from oso_bridge.transports.base import ID, WORDS, Line
from oso_bridge.transports.calls import Call, current

LOG = logging.getLogger("oso_bridge.transports")
NEW, CLAIMED, REJECTED, TMP = FOLDERS = ("new", "claimed", "rejected", "tmp")
CONTENT, ABOUT, REASON = "content", "parcel.json", "reason.txt"
MAX_ABOUT, MAX_REASON = 65_536, 500
LEASE = 3600.0
LITTER = 86_400.0  # seconds after which something half written was certainly left behind by a crash

_NAME = re.compile(r"(?P<nanoseconds>\d{20})-[0-9a-f]{16}")
_CLAIM = re.compile(r"(?P<name>\d{20}-[0-9a-f]{16})\.(?P<since>\d{1,12})\.[0-9a-f]{8}")


class Disk(Protocol):
    """Where the folder is; paths are relative to it, with ``/``.

    Every failure is an :class:`OSError`; a :class:`ConnectionError` or :class:`TimeoutError` when it is not known
    whether the thing was done.  Nothing follows a symbolic link.
    """

    where: str

    def prepare(self, folders: tuple[str, ...]) -> None:
        """Make folders that are not there yet; the mailbox itself has to be there."""

    def names(self, folder: str) -> tuple[list[str], int]:
        """The names of the folders in it, and how many other things there are."""

    def make(self, folder: str) -> None:
        """Make a folder that is not there yet."""

    def write(self, file: str, content: bytes) -> None:
        """Write a file that is not there yet, safely on disk where that can be asked for."""

    def read(self, file: str, most: int) -> bytes:
        """Read an ordinary file; at most one byte more than ``most``."""

    def rename(self, old: str, new: str) -> None:
        """Rename a folder in one step; never over another that holds something."""

    def remove(self, folder: str, files: tuple[str, ...]) -> None:
        """Remove a folder with these files, as far as they are there."""

    def close(self) -> None:
        """Let go of it."""


class Spoiled(Exception):
    """A parcel that cannot be taken; the text is the reason, without anything of its content."""


class Mailbox(Line):
    """Parcels put into a folder, and taken out of it, by any number of senders and receivers.

    Args:
        disk: Where the folder is.
        lease: Seconds after which what a receiver did not acknowledge comes again, because that receiver crashed.
    """

    def __init__(self, disk: Disk, lease: float = LEASE) -> None:
        self._disk = disk
        self._lease = lease
        self._held: set[str] = set()
        self._lock = threading.Lock()
        self._last = 0
        self._prepared = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._disk.where}>"

    def send(self, parcel: Parcel) -> Receipt:
        """Put a parcel into the folder; it is there as a whole, or not at all.

        Raises:
            TransportError: It could not be put there.
        """
        call = current()
        call.sent = "no"
        name = self._name(parcel)
        try:
            self._prepare()
            self._write(f"{TMP}/{name}", parcel)
            self._rename(f"{TMP}/{name}", f"{NEW}/{name}", call)
        except OSError as error:
            self._throw_away(f"{TMP}/{name}")
            raise self._failed(error, call) from None
        except TransportError:
            self._throw_away(f"{TMP}/{name}")
            raise
        return Receipt("accepted", parcel.digest)

    def receive(self) -> Iterator[Delivery]:
        """What is waiting, the oldest first; each goes to one receiver only.

        Raises:
            TransportError: The folder cannot be read.
        """
        try:
            self._prepare()
            self._bring_back()
            self._tidy()
            for name in self._ours(NEW, _NAME):
                delivery = self._take(name)
                if delivery:
                    yield delivery
        except OSError as error:
            raise self._failed(error, current()) from None

    def close(self) -> None:
        """Give back what was taken and not settled, and let go of the folder."""
        with self._lock:
            held, self._held = self._held, set()
        for claim in held:
            with suppress(OSError):  # it comes again by itself when its lease is over
                self._disk.rename(f"{CLAIMED}/{claim}", f"{NEW}/{claim.split('.')[0]}")
        self._disk.close()

    def _prepare(self) -> None:
        if not self._prepared:
            self._disk.prepare(FOLDERS)
            self._prepared = True

    def _name(self, parcel: Parcel) -> str:
        """A name that sorts by time; what follows the time keeps senders apart, and is the same for the same id."""
        with self._lock:
            self._last = max(time.time_ns(), self._last + 1)
            moment = self._last
        return f"{moment:020d}-{hashlib.sha256(parcel.id.encode('utf-8', 'replace')).hexdigest()[:16]}"

    def _write(self, folder: str, parcel: Parcel) -> None:
        about = {
            "id": parcel.id,
            "media_type": parcel.media_type,
            "operation": parcel.operation,
            "routing": dict(parcel.routing),
            "sha256": parcel.digest,
            "size": len(parcel.content),
        }
        self._disk.make(folder)
        self._disk.write(f"{folder}/{CONTENT}", parcel.content)
        self._disk.write(f"{folder}/{ABOUT}", json.dumps(about, indent=1, sort_keys=True).encode())

    def _rename(self, old: str, new: str, call: Call) -> None:
        """The step that counts: only what breaks off in the middle of it leaves a doubt."""
        call.leaving()
        try:
            self._disk.rename(old, new)
        except OSError as error:
            if not isinstance(error, ConnectionError | TimeoutError):
                call.sent = "no"
            raise

    def _ours(self, folder: str, pattern: re.Pattern[str]) -> list[str]:
        """The names of parcels in a folder, in order; what else is there is counted in the log, and not named."""
        names, others = self._disk.names(folder)
        found = sorted(name for name in names if pattern.fullmatch(name))
        others += len(names) - len(found)
        if others:
            LOG.warning("mailbox: %d things in %s/ are no parcels and were left alone", others, folder)
        return found

    def _take(self, name: str) -> Delivery | None:
        """Claim a parcel and read it; None when another receiver was faster, or it had to be put aside."""
        claim = f"{name}.{int(time.time())}.{secrets.token_hex(4)}"
        try:
            self._disk.rename(f"{NEW}/{name}", f"{CLAIMED}/{claim}")
        except FileNotFoundError:
            return None
        with self._lock:
            self._held.add(claim)
        try:
            parcel = self._read(f"{CLAIMED}/{claim}", current().max_bytes)
        except Spoiled as spoiled:
            LOG.warning("mailbox: a parcel was put aside: %s", spoiled)
            self._reject(claim, str(spoiled))
            return None
        return Delivery(parcel, lambda: self._ack(claim), lambda reason: self._reject(claim, reason))

    def _read(self, folder: str, most: int) -> Parcel:
        """A parcel as its folder has it.

        Raises:
            Spoiled: It is not what its own JSON says, or larger than may be.
        """
        about = _about(self._bytes(f"{folder}/{ABOUT}", MAX_ABOUT))
        content = self._bytes(f"{folder}/{CONTENT}", most)
        if hashlib.sha256(content).hexdigest() != about["sha256"]:
            raise Spoiled("The content is not what was sent: its checksum differs.")
        return Parcel(content, about["media_type"], about["id"], about["operation"], about["routing"])

    def _bytes(self, file: str, most: int) -> bytes:
        try:
            content = self._disk.read(file, most)
        except (ConnectionError, TimeoutError):
            raise
        except OSError:
            raise Spoiled(f"The file {file.rsplit('/', 1)[-1]} is not there, or no ordinary file.") from None
        if len(content) > most:
            raise Spoiled(f"The file {file.rsplit('/', 1)[-1]} is larger than {most} bytes.")
        return content

    def _ack(self, claim: str) -> None:
        name = claim.split(".")[0]
        self._settle(claim, f"{TMP}/{name}")
        self._throw_away(f"{TMP}/{name}")

    def _reject(self, claim: str, reason: str) -> None:
        with suppress(FileExistsError, FileNotFoundError):
            text = " ".join(reason.split())[:MAX_REASON]
            self._disk.write(f"{CLAIMED}/{claim}/{REASON}", f"{text}\n".encode("utf-8", "replace"))
        self._settle(claim, f"{REJECTED}/{claim.split('.')[0]}")

    def _settle(self, claim: str, to: str) -> None:
        """Take a parcel away from the claimed ones."""
        try:
            self._disk.rename(f"{CLAIMED}/{claim}", to)
        except FileNotFoundError:
            raise TransportError(
                "This delivery is no longer ours: it took too long, or the line was closed. It comes again.",
                retryable=False,
                sent="yes",
                where=self._disk.where,
                remedy="Raise lease, or acknowledge sooner.",
            ) from None
        except OSError as error:
            raise self._failed(error, current()) from None
        finally:
            with self._lock:
                self._held.discard(claim)

    def _bring_back(self) -> None:
        """Let what a crashed receiver had claimed come again."""
        for claim in self._ours(CLAIMED, _CLAIM):
            match = _CLAIM.fullmatch(claim)
            if match and claim not in self._held and int(match["since"]) + self._lease < time.time():
                with suppress(FileNotFoundError):
                    self._disk.rename(f"{CLAIMED}/{claim}", f"{NEW}/{match['name']}")
                    LOG.warning("mailbox: a claim of more than %g seconds ago was given back", self._lease)

    def _tidy(self) -> None:
        """Remove what a crash left half written."""
        for name in self._ours(TMP, _NAME):
            if int(name[:20]) / 1e9 + LITTER < time.time():
                self._throw_away(f"{TMP}/{name}")

    def _throw_away(self, folder: str) -> None:
        """Remove a folder nobody looks at any more; what cannot be removed now is tidied later."""
        with suppress(OSError):
            self._disk.remove(folder, (CONTENT, ABOUT, REASON))

    def _failed(self, error: OSError, call: Call) -> TransportError:
        """An error of the system in our words: its own text may name files of others."""
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        barred = isinstance(error, PermissionError)
        what = "The mailbox is not there." if missing else f"The mailbox cannot be used: {_kind(error)}."
        remedy = (
            "Make the folder, or check its name." if missing else "Ask for the right to use it." if barred else None
        )
        return TransportError(
            what, retryable=not (missing or barred), sent=call.sent, where=self._disk.where, remedy=remedy
        )


def _kind(error: OSError) -> str:
    """The name of an error without the file that it is about."""
    return os.strerror(error.errno) if error.errno else type(error).__name__


def _about(text: bytes) -> dict[str, Any]:
    """What the JSON beside a content says, when it is what we would have written.

    Raises:
        Spoiled: It is not.
    """
    try:
        about = json.loads(text)
    except (ValueError, RecursionError):
        raise Spoiled(f"{ABOUT} is not JSON.") from None
    texts = ("id", "media_type", "operation", "sha256")
    if not isinstance(about, dict) or not all(isinstance(about.get(key), str) for key in texts):
        raise Spoiled(f"{ABOUT} lacks something.")
    routing = about.get("routing", {})
    if not isinstance(routing, dict) or not all(isinstance(value, str) for value in routing.values()):
        raise Spoiled(f"{ABOUT} has a routing that is no list of texts.")
    if not ID.fullmatch(about["id"]) or not all(WORDS.fullmatch(about[key]) for key in ("media_type", "operation")):
        raise Spoiled(f"{ABOUT} has an id, an operation or a media type that cannot be.")
    return {**about, "routing": routing}
