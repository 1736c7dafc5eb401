"""Where the outbox and the inbox keep their entries: what a store must do, and one in a SQLite file.

A store knows nothing of keys and contents: what is personal comes in sealed (:mod:`oso_bridge.transports.vault`).  In
the clear it holds ids, states, times, what an operation is called and where a parcel goes.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from oso_bridge.errors import DataError, UsageError
from oso_bridge.parcels import Sent
from oso_bridge.transports.private import new_file

SCHEMA = 1
"""The version of the tables in the database."""
MOST_EVENTS = 100
"""Of an entry that is tried more often only the last events are kept."""
_APPLICATION = 0x4F534F42  # "OSOB": says to SQLite and to us whose file it is
_WIPING = 100  # milliseconds to wait for those who read; others cannot write meanwhile
_PAUSE = 0.01  # seconds between two attempts to open the file
_CLOCK_WENT_BACK = 60.0  # seconds that a claim may lie ahead of the clock before the clock is not believed


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an entry: an attempt, or what a person decided.

    Attributes:
        at: When it began, in seconds since 1970 (UTC).
        what: ``delivered``, ``accepted``, ``refused`` or ``failed``, ``abandoned`` when whoever was busy with it never
            came back, ``handled``, or a decision: ``retry``, ``confirm``, ``cancel``.
        seconds: How long it took.
        sent: Whether the parcel arrived.
        code: The status in the words of the transport, or the kind of error; no text of the other side.
    """

    at: float
    what: str
    seconds: float = 0.0
    sent: Sent = "no"
    code: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A parcel that is kept, and how it stands with it.

    Attributes:
        key: What is unique in its box: in an outbox the id, in an inbox the sender and the id.
        id: The id of the parcel.
        party: Where it goes, or who it came from.
        operation: What the parcel asks for.
        state: One of the states of the box.
        created: When it was put in, in seconds since 1970 (UTC).
        changed: When its state changed last.
        due: Not to be taken up before this moment.
        lease: Until when it belongs to whoever is busy with it; None when nobody is.
        tries: How often it was taken up since it was put in, or since a person decided.
        doubt: Whether it may have arrived, or may have been handled, although nobody said so.
        abandoned: True after a claim that found it in hands that let go of it.
        version: Goes up at every change, so that of two who change it one notices.
        events: What happened, the oldest first.
        secret: Sealed facts on it; see :mod:`oso_bridge.transports.box`.
        content: The sealed parcel; None when it was erased, or when entries are listed.
        reply: The sealed reply, if there is one.
    """

    key: str
    id: str
    party: str
    operation: str
    state: str
    created: float
    changed: float
    due: float
    secret: bytes = field(repr=False)
    lease: float | None = None
    tries: int = 0
    doubt: bool = False
    abandoned: bool = False
    version: int = 0
    events: tuple[Event, ...] = ()
    content: bytes | None = field(default=None, repr=False)
    reply: bytes | None = field(default=None, repr=False)


class Store(Protocol):
    """What keeps the entries of one box.

    What a method did is on disk when it returns.  Several threads and several processes may use the same entries.
    """

    box: str
    """``outbox`` or ``inbox``."""

    def add(self, entry: Entry) -> bool:
        """Keep a new entry; False, and nothing done, when its key is there already."""
        ...

    def claim(
        self, ready: str, busy: str, *, now: float, lease: float, party: str | None = None, key: str | None = None
    ) -> Entry | None:
        """Take up the entry that is due first, in one step: no two get the same.

        Args:
            ready: The state of entries that wait.
            busy: The state that it gets.  One that is in this state and whose lease is over is taken up as well.
            now: The moment, in seconds since 1970.
            lease: For how many seconds it belongs to the caller.
            party: Only those of this party.
            key: Only this one, whether it is due or not.
        """
        ...

    def settle(self, entry: Entry, content: Literal["keep", "erase", "replace"] = "keep") -> bool:
        """Write the new state of an entry down; its version is that under which the caller knew it.

        Args:
            entry: The entry as it should be, made from one that was found or claimed.
            content: What becomes of the sealed parcel; ``replace`` by that of ``entry``.

        Returns:
            False, and nothing done, when somebody else has changed it, or it is gone.
        """
        ...

    def find(self, key: str) -> Entry | None:
        """An entry with its content; None when it is not there."""
        ...

    def list(self, states: Collection[str] = ()) -> list[Entry]:
        """The entries in these states, in all when none is named: the oldest first, without parcels and replies."""
        ...

    def purge(self, states: Collection[str], before: float) -> int:
        """Forget the entries in these states that have not changed since a moment; how many those were."""
        ...

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        ...


_TABLES = """
CREATE TABLE IF NOT EXISTS entry (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    box TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, party TEXT NOT NULL, operation TEXT NOT NULL,
    state TEXT NOT NULL, created REAL NOT NULL, changed REAL NOT NULL, due REAL NOT NULL, lease REAL,
    tries INTEGER NOT NULL, doubt INTEGER NOT NULL, version INTEGER NOT NULL, events TEXT NOT NULL,
    secret BLOB NOT NULL, content BLOB, reply BLOB,
    UNIQUE (box, key)
);
CREATE INDEX IF NOT EXISTS entry_due ON entry (box, state, due);
"""
_PLAIN = "key, id, party, operation, state, created, changed, due, lease, tries, doubt, version, events, secret"
_ADD = (
    f"INSERT INTO entry (box, {_PLAIN}, content, reply) VALUES (:box, :key, :id, :party, :operation, :state, :created, "  # noqa: S608 - fixed names
    ":changed, :due, :lease, :tries, :doubt, :version, :events, :secret, :content, :reply) ON CONFLICT DO NOTHING"
)
_FIND = f"SELECT {_PLAIN}, content, reply FROM entry WHERE box = :box AND key = :key"  # noqa: S608
_FREE = "(state = :busy AND (lease <= :now OR changed > :now + :back))"
_DUE = (
    f"SELECT key, state FROM entry WHERE box = :box AND ((state = :ready AND due <= :now) OR {_FREE}) "  # noqa: S608
    "AND (:party IS NULL OR party = :party) ORDER BY due, number LIMIT 1"
)
_THIS = f"SELECT key, state FROM entry WHERE box = :box AND key = :key AND (state = :ready OR {_FREE})"  # noqa: S608
_CLAIM = (
    "UPDATE entry SET state = :busy, changed = :now, lease = :until, tries = tries + 1, version = version + 1 "
    "WHERE box = :box AND key = :key"
)
_SETTLE = (
    "UPDATE entry SET state = :state, changed = :changed, due = :due, lease = :lease, tries = :tries, doubt = :doubt, "
    "events = :events, secret = :secret, reply = :reply, version = version + 1, "
    "content = CASE :how WHEN 'keep' THEN content WHEN 'erase' THEN NULL ELSE :content END "
    "WHERE box = :box AND key = :key AND version = :version"
)


class SqliteStore:
    """Entries in a SQLite file, of one box; the outbox and the inbox of a program may share the file.

    Every change is written through to the disk (``synchronous=FULL``) before a method returns.  What is erased leaves
    the file, and the log beside it.  The file is made so that its owner alone can read it.  It belongs on a disk of the
    machine itself: SQLite's locks do not hold on every network disk.  One object may be used by several threads.

    Args:
        path: The file; made when it is not there.
        box: ``outbox`` or ``inbox``.
        patience: For how many seconds to wait while another process writes.

    Raises:
        DataError: The file is there and is something else, is damaged, or is of a later version.
        OSError: The file cannot be made.
    """

    def __init__(
        self, path: str | os.PathLike[str], box: Literal["outbox", "inbox"] = "outbox", *, patience: float = 30.0
    ) -> None:
        self.box: str = box
        self._path = Path(path)
        self._patience = patience
        self._idle: list[tuple[int, sqlite3.Connection]] = []
        self._lock = threading.Lock()
        with suppress(FileExistsError):
            new_file(self._path)
        with self._connection():
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SqliteStore({str(self._path)!r}, {self.box!r})"

    def add(self, entry: Entry) -> bool:
        """See :class:`Store`."""
        with self._writing() as db:
            return db.execute(_ADD, self._row(entry)).rowcount == 1

    def claim(
        self, ready: str, busy: str, *, now: float, lease: float, party: str | None = None, key: str | None = None
    ) -> Entry | None:
        """See :class:`Store`."""
        wanted = {"box": self.box, "ready": ready, "busy": busy, "now": now, "until": now + lease}
        wanted |= {"party": party, "key": key, "back": _CLOCK_WENT_BACK}
        with self._writing() as db:
            found = db.execute(_DUE if key is None else _THIS, wanted).fetchone()
            if found is None:
                return None
            wanted["key"] = found["key"]
            db.execute(_CLAIM, wanted)
            return _entry(db.execute(_FIND, wanted).fetchone(), abandoned=found["state"] == busy)

    def settle(self, entry: Entry, content: Literal["keep", "erase", "replace"] = "keep") -> bool:
        """See :class:`Store`."""
        with self._writing() as db:
            done = db.execute(_SETTLE, {**self._row(entry), "how": content}).rowcount == 1
        if done and content != "keep":
            with suppress(DataError):  # the change itself is on disk; told as failed, it would be made once more
                self._wipe()
        return done

    def find(self, key: str) -> Entry | None:
        """See :class:`Store`."""
        with self._connection() as db:
            row = db.execute(_FIND, {"box": self.box, "key": key}).fetchone()
            return None if row is None else _entry(row)

    def list(self, states: Collection[str] = ()) -> list[Entry]:
        """See :class:`Store`."""
        where = f"AND state IN ({', '.join('?' * len(states))})" if states else ""
        query = f"SELECT {_PLAIN} FROM entry WHERE box = ? {where} ORDER BY number"  # noqa: S608 - question marks only
        with self._connection() as db:
            return [_entry(row) for row in db.execute(query, [self.box, *states])]

    def purge(self, states: Collection[str], before: float) -> int:
        """See :class:`Store`."""
        query = f"DELETE FROM entry WHERE box = ? AND changed < ? AND state IN ({', '.join('?' * len(states))})"  # noqa: S608
        with self._writing() as db:
            gone = db.execute(query, [self.box, before, *states]).rowcount
        self._wipe()
        return gone

    def close(self) -> None:
        """See :class:`Store`."""
        with self._lock:
            idle, self._idle = self._idle, []
        for maker, db in idle:
            if maker == os.getpid():
                db.close()

    def _wipe(self) -> None:
        """Empty the log of SQLite, which keeps what was erased from the file.

        Who reads at this moment, such as a program that makes a copy, holds that up; then the next one that erases does
        it, or the last one that closes.
        """
        with self._connection() as db:
            db.execute(f"PRAGMA busy_timeout = {min(_WIPING, int(self._patience * 1000))}").fetchall()
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            db.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}").fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that nobody can write beside."""
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection that nobody else uses meanwhile."""
        with in_words(self._path):
            db = self._borrow()
            try:
                yield db
            except BaseException:
                db.close()
                raise
            with self._lock:
                self._idle.append((os.getpid(), db))

    def _borrow(self) -> sqlite3.Connection:
        """An idle connection of this process, or a new one; those from before a fork must not be touched."""
        with self._lock:
            for place, (maker, db) in enumerate(self._idle):
                if maker == os.getpid():
                    del self._idle[place]
                    return db
        return self._connect()

    def _connect(self) -> sqlite3.Connection:
        """A new connection.

        SQLite waits for others by itself, but gives up at once where two make the file, or one clears up after a crash.
        """
        end = time.monotonic() + self._patience
        while True:
            try:
                return self._opened()
            except sqlite3.OperationalError as error:
                if not _code(error).startswith("SQLITE_BUSY") or time.monotonic() > end:
                    raise
                time.sleep(_PAUSE)

    def _opened(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self._path.absolute().as_uri() + "?mode=rw",
            uri=True,
            timeout=self._patience,
            isolation_level=None,
            check_same_thread=False,  # one thread at a time: see _connection
        )
        try:
            db.row_factory = sqlite3.Row
            self._set_up(db)
        except BaseException:
            db.close()
            raise
        return db

    def _set_up(self, db: sqlite3.Connection) -> None:
        """Look at whose file it is before anything in it is changed, and make the tables when it is new."""
        if not self._is_ours(db):
            db.execute("PRAGMA journal_mode = WAL").fetchall()
            db.execute("BEGIN IMMEDIATE")
            for statement in filter(str.strip, _TABLES.split(";")):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {_APPLICATION}")
            db.execute(f"PRAGMA user_version = {SCHEMA}")
            db.execute("COMMIT")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")

    def _is_ours(self, db: sqlite3.Connection) -> bool:
        """Whether the tables are there; False for a new file."""
        db.execute("BEGIN")  # one look: another process may be making the tables
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (owner,) = db.execute("PRAGMA application_id").fetchone()
        (version,) = db.execute("PRAGMA user_version").fetchone()
        db.execute("COMMIT")
        if (owner, version, tables) == (0, 0, 0):
            return False
        if owner != _APPLICATION:
            raise DataError("This is a database of another program.", where=str(self._path), remedy="Name another.")
        if version != SCHEMA:
            raise DataError(f"This database has version {version}, and {SCHEMA} is known.", where=str(self._path))
        return True

    def _row(self, entry: Entry) -> dict[str, Any]:
        events = [asdict(event) for event in entry.events[-MOST_EVENTS:]]
        held = {name: getattr(entry, name) for name in Entry.__slots__}
        return {**held, "box": self.box, "events": json.dumps(events, separators=(",", ":"))}


_SAID = {
    "SQLITE_NOTADB": ("This file is no database.", "Name another."),
    "SQLITE_CORRUPT": ("This database is damaged.", "Put it aside, and put back a copy."),
    "SQLITE_BUSY": ("Another process kept this database for too long.", "Try again."),
    "SQLITE_FULL": ("There is no room on the disk.", "Make room, and try again."),
    "SQLITE_READONLY": ("This database cannot be written.", "Ask for the right to write it and its folder."),
    "SQLITE_CANTOPEN": ("This database cannot be opened.", "Check the name, the folder and your rights."),
}
_OTHER = ("The database could not be used ({}).", "Try again; if that does not help, put back a copy.")


@contextmanager
def in_words(path: str | os.PathLike[str]) -> Iterator[None]:
    """Say in our own words what SQLite could not do with a file."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = _code(error)
        what, remedy = next((said for start, said in _SAID.items() if code.startswith(start)), _OTHER)
        raise DataError(what.format(code or type(error).__name__), where=str(path), remedy=remedy) from None


def _code(error: sqlite3.Error) -> str:
    """The name of an error of SQLite; those that the Python module makes itself have none."""
    return str(getattr(error, "sqlite_errorname", ""))


def _entry(row: sqlite3.Row, *, abandoned: bool = False) -> Entry:
    """An entry out of the database, whose columns may have been changed by anybody."""
    held = dict(row)
    try:
        events = tuple(Event(**event) for event in json.loads(held.pop("events")))
        return Entry(**{**held, "doubt": bool(held["doubt"]), "events": events, "abandoned": abandoned})
    except (TypeError, ValueError, RecursionError):
        raise DataError("An entry of this database is damaged.", remedy="Put back a copy.") from None


def open_store(path: str | os.PathLike[str], box: Literal["outbox", "inbox"] = "outbox") -> SqliteStore:
    """A store in a file that must be there already: for looking and deciding, where a new one would be a mistake.

    Args:
        path: The file.
        box: ``outbox`` or ``inbox``.

    Raises:
        UsageError: There is no such file.
        DataError: See :class:`SqliteStore`.
    """
    if not Path(path).is_file():
        raise UsageError("There is no such database.", where=str(path), remedy="Check the name and the folder.")
    return SqliteStore(path, box)
