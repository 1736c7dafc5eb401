"""What was received before: a message that comes twice is refused the second time.

A store keeps a digest of each message for as long as its Timestamp would let it in again.  :class:`MemoryReplays` is
for one process, :class:`FileReplays` for several that share a file; others have one method to write.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Protocol

from oso_bridge.errors import DataError
from oso_bridge.signatures.faults import refuse

MOST = 100_000
"""How many messages are kept at most, unless another number is given."""

_SECONDS = 10.0


class ReplayStore(Protocol):
    """Knows which messages came before; used by several threads at once."""

    def add(self, key: str, until: datetime, now: datetime) -> bool:
        """Remember a message.

        Args:
            key: Tells it from others: a digest, which holds nothing of the message.
            until: How long it has to be remembered.
            now: The time.

        Returns:
            Whether it is new. A store that cannot tell raises.
        """


def key_of(oin: str | None, message_id: str) -> str:
    """What tells a message from others: who signed it, and its MessageID."""
    return hashlib.sha256(f"{oin}\n{message_id}".encode()).hexdigest()


class MemoryReplays:
    """Remembers in memory: for one process, until it ends.

    Args:
        most: How many messages are kept. When there are more within their window, new ones are refused: to forget
            would let a message in twice.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._seen: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def add(self, key: str, until: datetime, now: datetime) -> bool:
        """Remember a message; see :class:`ReplayStore`.

        Raises:
            SignatureRefused: The store is full.
        """
        with self._lock:
            if key in self._seen and self._seen[key] >= now:
                return False
            if len(self._seen) >= self._most:
                self._seen = {name: end for name, end in self._seen.items() if end >= now}
            if len(self._seen) >= self._most:
                raise refuse("SIG.vol")
            self._seen[key] = until
            return True


class FileReplays:
    """Remembers in a file (SQLite), which several processes of one machine may share.

    Args:
        path: The file; made when it is not there, for its owner only.
        most: As of :class:`MemoryReplays`.

    Raises:
        DataError: The file cannot be used.
    """

    def __init__(self, path: str | Path, most: int = MOST) -> None:
        self._path = Path(path)
        self._most = most
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(self._open()) as store:
                store.execute("CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, until REAL) WITHOUT ROWID")
                store.execute("CREATE INDEX IF NOT EXISTS seen_until ON seen (until)")
        except (OSError, sqlite3.Error):
            raise self._broken() from None

    def add(self, key: str, until: datetime, now: datetime) -> bool:
        """Remember a message; see :class:`ReplayStore`.

        Raises:
            SignatureRefused: The store is full.
            DataError: The file cannot be used.
        """
        try:
            with closing(self._open()) as store:
                return self._add(store, key, until, now)
        except sqlite3.Error:
            raise self._broken() from None

    def _add(self, store: sqlite3.Connection, key: str, until: datetime, now: datetime) -> bool:
        store.execute("BEGIN IMMEDIATE")
        store.execute("DELETE FROM seen WHERE until < ?", (now.timestamp(),))
        new = store.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, until.timestamp())).rowcount > 0
        (number,) = store.execute("SELECT count(*) FROM seen").fetchone()
        if new and number > self._most:
            raise refuse("SIG.vol")  # what was added is undone when the file is closed
        store.execute("COMMIT")
        return new

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_SECONDS, isolation_level=None)

    def _broken(self) -> DataError:
        return DataError(
            "The store of received messages cannot be used.",
            where=str(self._path),
            remedy="Give a file of its own, which may be written.",
        )
