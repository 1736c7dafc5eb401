"""A Dossierbron and a Dossierdoel on SQLite: for a test bench, or for a system that has no place of its own yet.

Everything that tells of a pupil is encrypted at rest, by a vault that the user gives; pupils and keys are looked up by
a keyed digest, so the file does not hold their numbers.  What can be read without the key: schools, moments, accounts,
sessions and result words.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol, Self

from pydantic import TypeAdapter

from oso_bridge import document as documents
from oso_bridge.errors import DataError, UsageError, WriteRefused
from oso_bridge.exchange.administration import Aanvraag, Klaargezet, Melding, Ontvangst, Zoekvraag
from oso_bridge.exchange.conditions import pupil_numbers
from oso_bridge.exchange.conversation import log
from oso_bridge.exchange.messages import Adres
from oso_bridge.exchange.wire import Soort
from oso_bridge.report import Report
from oso_bridge.transports.store import in_words

_APPLICATION = 0x4F534F44  # "OSOD": says to SQLite and to us whose file it is
_AANVRAAG, _MELDING = TypeAdapter(Aanvraag), TypeAdapter(Melding)
_PASSING = ("aanvraag", "melding")
_TABLES = """
CREATE TABLE IF NOT EXISTS sleutel (naam TEXT PRIMARY KEY, waarde BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS klaargezet (
    nummer TEXT PRIMARY KEY, soort TEXT NOT NULL, bron_brin TEXT NOT NULL, bron_kenmerk TEXT NOT NULL,
    doel_brin TEXT NOT NULL, doel_kenmerk TEXT NOT NULL, verzameld TEXT NOT NULL, moment TEXT NOT NULL,
    account TEXT NOT NULL, ingetrokken TEXT, ingetrokken_door TEXT, dossier BLOB NOT NULL, rapport BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS zoek (waarde BLOB NOT NULL, nummer TEXT NOT NULL REFERENCES klaargezet(nummer));
CREATE INDEX IF NOT EXISTS zoek_waarde ON zoek(waarde);
CREATE TABLE IF NOT EXISTS aanvraag (
    id TEXT PRIMARY KEY, nummer TEXT NOT NULL, moment TEXT NOT NULL, uitkomst TEXT NOT NULL, account TEXT NOT NULL,
    inhoud BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS melding (
    id TEXT PRIMARY KEY, soort TEXT NOT NULL, moment TEXT NOT NULL, inhoud BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS ontvangst (
    id TEXT PRIMARY KEY, moment TEXT NOT NULL, account TEXT NOT NULL, soort TEXT NOT NULL, bron_brin TEXT NOT NULL,
    bron_kenmerk TEXT NOT NULL, sessie TEXT NOT NULL, ok INTEGER NOT NULL,
    dossier BLOB NOT NULL, rapport BLOB NOT NULL);
"""


class Kluis(Protocol):
    """What encrypts, such as ``oso_bridge.transports.vault.Vault``; used by several threads."""

    def seal(self, content: bytes, about: bytes) -> bytes:
        """Encrypt; it opens with the same ``about`` only."""
        ...

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Decrypt what was sealed."""
        ...


class _Store:
    """One SQLite file behind one lock, with what is sealed in it.

    Args:
        path: The file; made when it is not there, for its owner only.
        kluis: What encrypts.
    """

    def __init__(self, path: str | os.PathLike[str], kluis: Kluis) -> None:
        self._vault = kluis
        self._path = path
        self._lock = threading.Lock()
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with in_words(path):
            self._base = sqlite3.connect(path, check_same_thread=False, timeout=30)
            self._set_up()
        self._secret = self._own_secret()

    def _set_up(self) -> None:
        """Make the tables, when the file is new or ours."""
        (owner,), (tables,) = (
            self._base.execute(query).fetchone()
            for query in ("PRAGMA application_id", "SELECT count(*) FROM sqlite_master")
        )
        if owner != _APPLICATION and (owner, tables) != (0, 0):
            self._base.close()
            raise DataError("This is a database of another program.", where=str(self._path), remedy="Name another.")
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA secure_delete=ON")
        self._base.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA application_id = {_APPLICATION}; COMMIT;")

    def close(self) -> None:
        """Close the file; may be called twice."""
        with self._lock:
            self._base.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _own_secret(self) -> bytes:
        """The key of the digests, made once and sealed."""
        made = self._vault.seal(secrets.token_bytes(32), b"zoek")
        with self._writing() as base:
            base.execute("INSERT OR IGNORE INTO sleutel VALUES ('zoek', ?)", (made,))
            row = base.execute("SELECT waarde FROM sleutel WHERE naam = 'zoek'").fetchone()
        return self._vault.open(row[0], b"zoek")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with in_words(self._path), self._lock, self._base:
            yield self._base

    def _forget(self) -> None:
        """Empty the log of SQLite, which keeps what was wiped from the file."""
        with in_words(self._path), self._lock:
            self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with in_words(self._path), self._lock:
            return self._base.execute(query, values).fetchall()

    def _digest(self, kind: str, value: str) -> bytes:
        """What a pupil or a key is looked up by."""
        return hmac.digest(self._secret, f"{kind}\0{value.strip()}".encode(), hashlib.sha256)

    def wis_voor(self, moment: datetime) -> int:
        """Wipe the requests, notifications and feedback of before a moment; dossiers stay, and have calls of their own.

        Args:
            moment: With its time zone.

        Returns:
            How many there were.

        Raises:
            UsageError: The moment has no time zone.
        """
        if moment.tzinfo is None:
            raise UsageError("The moment has no time zone.", remedy="Give one, such as datetime.now(UTC).")
        with self._writing() as base:
            gone = [base.execute(f"DELETE FROM {table} WHERE moment < ?", (_text(moment),)) for table in _PASSING]  # noqa: S608
        self._forget()
        return sum(done.rowcount for done in gone)

    def _keep_message(self, kind: str, told: Melding) -> None:
        name = str(uuid.uuid4())
        sealed = self._seal("melding", name, _MELDING.dump_json(told))
        with self._writing() as base:
            base.execute("INSERT INTO melding VALUES (?, ?, ?, ?)", (name, kind, _text(told.moment), sealed))

    def _seal(self, kind: str, name: str, content: bytes) -> bytes:
        return self._vault.seal(content, f"{kind}:{name}".encode())

    def _open(self, kind: str, name: str, sealed: bytes) -> bytes:
        return self._vault.open(sealed, f"{kind}:{name}".encode())

    def _messages(self, kind: str) -> list[Melding]:
        rows = self._rows("SELECT id, inhoud FROM melding WHERE soort = ? ORDER BY moment, rowid", kind)
        return [_MELDING.validate_json(self._open("melding", name, content)) for name, content in rows]


class SqliteBron(_Store):
    """A :class:`~oso_bridge.exchange.administration.Dossierbron` in a file."""

    def klaarzetten(
        self,
        dossier: bytes,
        *,
        soort: Soort,
        bron: Adres,
        doel: Adres,
        account: str,
        verzameld: datetime | None = None,
        koppelsleutel: str = "",
        check: bool = True,
    ) -> str:
        """Set a dossier ready; it is checked first, and kept with its report.

        Args:
            dossier: The document.
            soort: For what kind of transfer.
            bron: The delivery point that supplies it.
            doel: For whom; without ``kenmerk`` for any delivery point of that school.
            account: Who releases it; logged.
            verzameld: When its data were collected; now when left out.
            koppelsleutel: The key, for SWV.
            check: Refuse what does not pass its checks; it is not delivered either, for it is checked again then.

        Returns:
            Its number here.

        Raises:
            DocumentError: It cannot be read.
            UsageError: It is no dossier, names no pupil, or lacks its koppelsleutel; or has one that does not belong.
            WriteRefused: It does not pass its checks.
        """
        if (soort == "SWV") != bool(koppelsleutel):
            raise UsageError("A dossier for SWV has a koppelsleutel, and no other has.")
        document = documents.read(dossier)
        report = documents.check(document)
        if check and not report.ok:
            raise WriteRefused(report)
        numbers = pupil_numbers(document.dossier())
        if not numbers and not koppelsleutel:
            raise UsageError("The dossier names no number of its pupil, so nobody could ask for it.")
        name, now = str(uuid.uuid4()), datetime.now(UTC)
        keys = [("koppelsleutel", koppelsleutel)] if koppelsleutel else [("pgn", number) for number in sorted(numbers)]
        about = (name, soort, bron.brin, bron.kenmerk, doel.brin, doel.kenmerk, _text(verzameld or now))
        row, place = (*about, _text(now), account), _place(*about)
        sealed, told = self._seal("dossier", place, dossier), self._seal("rapport", place, _report(report))
        with self._writing() as base:
            base.execute("INSERT INTO klaargezet VALUES (?,?,?,?,?,?,?,?,?,NULL,NULL,?,?)", (*row, sealed, told))
            base.executemany("INSERT INTO zoek VALUES (?, ?)", [(self._digest(*key), name) for key in keys])
        log("klaargezet", account=account, nummer=name, soort=soort)
        return name

    def intrekken(self, nummer: str, account: str) -> None:
        """Take back what was set ready: nobody gets it any more, and its content is wiped.

        Args:
            nummer: What :meth:`klaarzetten` gave.
            account: Who takes it back; logged.

        Raises:
            UsageError: There is no such dossier.
        """
        with self._writing() as base:
            done = base.execute(
                "UPDATE klaargezet SET ingetrokken = ?, ingetrokken_door = ?, dossier = x'', rapport = x''"
                " WHERE nummer = ? AND ingetrokken IS NULL",
                (_text(datetime.now(UTC)), account, nummer),
            )
            base.execute("DELETE FROM zoek WHERE nummer = ?", (nummer,))
        self._forget()
        if not done.rowcount:
            raise UsageError("No dossier of that number is ready.")
        log("ingetrokken", account=account, nummer=nummer)

    def vind(self, vraag: Zoekvraag) -> Sequence[Klaargezet]:
        """What is ready for a pupil or key and kind of transfer at a delivery point, in the order of collecting.

        Args:
            vraag: What is asked for.
        """
        key = ("koppelsleutel", vraag.koppelsleutel) if vraag.koppelsleutel else ("pgn", vraag.pgn)
        rows = self._rows(
            "SELECT k.nummer, soort, bron_brin, bron_kenmerk, doel_brin, doel_kenmerk, verzameld, account, dossier,"
            " rapport FROM klaargezet k JOIN zoek z ON z.nummer = k.nummer"
            " WHERE z.waarde = ? AND soort = ? AND bron_brin = ? AND ingetrokken IS NULL ORDER BY verzameld",
            self._digest(*key),
            vraag.soort,
            vraag.bron.brin,
        )
        return [self._ready(row) for row in rows]

    def _ready(self, row: tuple[Any, ...]) -> Klaargezet:
        name, kind, bron_brin, bron_point, doel_brin, doel_point, collected, account, dossier, report = row
        place = _place(*row[:7])
        return Klaargezet(
            nummer=name,
            dossier=self._open("dossier", place, dossier),
            soort=kind,
            bron=Adres(bron_brin, bron_point),
            doel=Adres(doel_brin, doel_point),
            verzameld=datetime.fromisoformat(collected),
            account=account,
            rapport=self._open("rapport", place, report).decode(),
        )

    def noteer(self, aanvraag: Aanvraag) -> None:
        """Keep a request, whatever came of it.

        Args:
            aanvraag: The request.
        """
        name = str(uuid.uuid4())
        row = (name, aanvraag.nummer, _text(aanvraag.moment), aanvraag.uitkomst, aanvraag.account)
        sealed = self._seal("aanvraag", name, _AANVRAAG.dump_json(aanvraag))
        with self._writing() as base:
            base.execute("INSERT INTO aanvraag VALUES (?, ?, ?, ?, ?, ?)", (*row, sealed))

    def aanvragen(self, nummer: str = "") -> Sequence[Aanvraag]:
        """The requests for a dossier, or all, the oldest first.

        Args:
            nummer: What :meth:`klaarzetten` gave.
        """
        rows = self._rows(
            "SELECT id, inhoud FROM aanvraag WHERE nummer = ? OR ? = '' ORDER BY moment, rowid", nummer, nummer
        )
        return [_AANVRAAG.validate_json(self._open("aanvraag", name, content)) for name, content in rows]

    def zie_account(self, nummer: str) -> str:
        """Who released a dossier; also one that was taken back.

        Args:
            nummer: What :meth:`klaarzetten` gave.

        Raises:
            UsageError: There is no such dossier.
        """
        rows = self._rows("SELECT account FROM klaargezet WHERE nummer = ?", nummer)
        if not rows:
            raise UsageError("There is no dossier of that number.")
        return str(rows[0][0])

    def teruggekoppeld(self, melding: Melding) -> None:
        """Keep feedback on a dossier.

        Args:
            melding: The feedback.
        """
        self._keep_message("terugkoppeling", melding)

    def terugkoppelingen(self) -> list[Melding]:
        """The feedback that came, the oldest first."""
        return self._messages("terugkoppeling")


class SqliteDoel(_Store):
    """A :class:`~oso_bridge.exchange.administration.Dossierdoel` in a file."""

    def ontvangen(self, ontvangst: Ontvangst) -> None:
        """Keep a dossier with its report.

        Args:
            ontvangst: What came.
        """
        name = str(uuid.uuid4())
        got = ontvangst
        about = (name, _text(got.moment), got.account, got.soort, got.bron.brin, got.bron.kenmerk, got.sessie_id)
        dossier, report = self._seal("dossier", name, got.dossier), self._seal("rapport", name, _report(got.rapport))
        with self._writing() as base:
            row = (*about, int(got.rapport.ok), dossier, report)
            base.execute("INSERT INTO ontvangst VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def ontvangsten(self) -> list[tuple[str, bytes, str]]:
        """What came, the oldest first: its number, the dossier, and its report as JSON."""
        rows = self._rows("SELECT id, dossier, rapport FROM ontvangst ORDER BY moment, rowid")
        opened = ((name, self._open("dossier", name, one), self._open("rapport", name, two)) for name, one, two in rows)
        return [(name, dossier, report.decode()) for name, dossier, report in opened]

    def wis(self, nummer: str) -> None:
        """Wipe a dossier, when its time is over or the administration has taken it in.

        Args:
            nummer: As :meth:`ontvangsten` gave it.
        """
        with self._writing() as base:
            base.execute("DELETE FROM ontvangst WHERE id = ?", (nummer,))
        self._forget()

    def genotificeerd(self, melding: Melding) -> None:
        """Keep a notification.

        Args:
            melding: The notification.
        """
        self._keep_message("notificatie", melding)

    def notificaties(self) -> list[Melding]:
        """The notifications that came, the oldest first."""
        return self._messages("notificatie")


def _place(*about: str) -> str:
    """What a dossier that is ready is sealed with: beside the name of another school, say, it does not open."""
    return json.dumps(about)


def _text(when: datetime) -> str:
    """A moment so that texts are in the order of time."""
    return when.astimezone(UTC).isoformat(timespec="microseconds")


def _report(report: Report) -> bytes:
    """A report as it is kept: without values."""
    return json.dumps(report.to_dict(), ensure_ascii=False).encode()
