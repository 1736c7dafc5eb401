"""An administration out of a file of EDEXML, and a folder for results: for tests, and for systems that export one."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from oso_bridge import conversion, releases
from oso_bridge import document as documents
from oso_bridge.binding import Loss
from oso_bridge.errors import DataError, UsageError, WriteRefused
from oso_bridge.exchange.uwlr.bron import Levering, Schoolid, Vraag
from oso_bridge.exchange.uwlr.faults import PUPIL, UNAVAILABLE, UwlrFault
from oso_bridge.model.administratie import Administratieleerling, Leerkracht, Schooladministratie
from oso_bridge.transports.private import replace_file


class EdexBron:
    """The administration of one school out of a file of EDEXML, or of UWLR; read again when the file changes.

    Args:
        bestand: The file.
        resultaten: Where results go; None refuses them.
        release: The release of UWLR that it is to fit.

    Attributes:
        verliezen: What of the file cannot be said in that release, and is left out.

    Raises:
        UsageError: The file holds no pupil data.
        WriteRefused: It is not what its schema asks for, or its keys are wrong.
        OSError: It cannot be read.
    """

    def __init__(
        self,
        bestand: str | os.PathLike[str],
        *,
        resultaten: Resultatenmap | None = None,
        release: str = "uwlr/2.2",
    ) -> None:
        self._path = Path(bestand)
        self._release = releases.release(release)
        self._results = resultaten
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self.verliezen: list[Loss] = []
        self._whole = Schooladministratie()
        self._read()

    def _read(self) -> Schooladministratie:
        """The administration as the file is now; what a thread got stays as it was."""
        with self._lock:
            now = self._path.stat()
            seen = (now.st_mtime_ns, now.st_size)
            if seen != self._seen:
                self._whole = self._made(now.st_mtime)
                self._seen = seen
            return self._whole

    def _made(self, changed: float) -> Schooladministratie:
        source = documents.read(self._path)
        report = documents.check(source, layers=("schema", "integrity"))
        if not source.schema_ok or any(finding.rule.startswith("INT.sleutel") for finding in report.findings):
            raise WriteRefused(report)
        made = self._fitting(source)
        if made.aanmaakdatum is None:
            made.aanmaakdatum = datetime.fromtimestamp(int(changed), UTC)
        return made

    def _fitting(self, source: documents.Document) -> Schooladministratie:
        if source.release == self._release:
            self.verliezen = []
            return source.administratie()
        result = conversion.convert(source, to=self._release.id)
        self.verliezen = result.losses
        return result.document.administratie()

    @property
    def school(self) -> Schoolid:
        """The school of the file."""
        return Schoolid.van(self._read().school)

    def kent(self, school: Schoolid) -> bool:
        """Whether it is the school of the file."""
        return self.school.is_same(school)

    def kop(self, vraag: Vraag) -> Schooladministratie | None:
        """The school of the file with its groups; None when the file is of another year."""
        whole = self._read()
        if whole.schooljaar != vraag.schooljaar:
            return None
        return whole.model_copy(update={"leerlingen": [], "leerkrachten": []})

    def leerlingen(self, vraag: Vraag) -> Iterable[Administratieleerling]:
        """The pupils of the file."""
        del vraag
        return self._read().leerlingen

    def leerkrachten(self, vraag: Vraag) -> Iterable[Leerkracht]:
        """The staff of the file."""
        del vraag
        return self._read().leerkrachten

    def vorige(self, school: Schoolid, klant: str) -> datetime | None:
        """When the last results of this client were made, whatever it called the school."""
        del school
        return self._results.vorige(self.school, klant) if self._results else None

    def ontvang(self, levering: Levering) -> None:
        """Keep results of pupils of the file.

        Raises:
            UwlrFault: A pupil is not in the file, or there is no place for results.
        """
        if self._results is None:
            raise UwlrFault(UNAVAILABLE)
        whole = self._read()
        known = {str(key).strip(): one for one in whole.leerlingen for key in (one.eckid, one.leerlingid) if key}
        for afname in levering.resultaten.afnames:
            found, eckid = known.get((afname.leerlingid or "").strip()), (afname.eckid or "").strip()
            if found is None or (eckid and (found.eckid or known.get(eckid)) and known.get(eckid) is not found):
                raise UwlrFault(PUPIL)
        self._results.bewaar(replace(levering, school=Schoolid.van(whole.school)))


class Resultatenmap:
    """A folder that keeps results: a file for each message, which only its owner can read.

    Args:
        map: The folder; it must be there.

    Raises:
        UsageError: There is no such folder.
        DataError: What it remembers of earlier messages cannot be read.
    """

    def __init__(self, map: str | os.PathLike[str]) -> None:  # noqa: A002 - a folder, in Dutch
        self._folder = Path(map)
        if not self._folder.is_dir():
            raise UsageError("The folder for results is not there.", where=str(map), remedy="Make it first.")
        self._memory = self._folder / "vorige.json"
        self._lock = threading.Lock()
        self._last: dict[str, str] = self._remembered()

    def _remembered(self) -> dict[str, str]:
        if not self._memory.exists():
            return {}
        try:
            found: dict[str, str] = json.loads(self._memory.read_text("utf-8"))
            return {name: datetime.fromisoformat(moment).isoformat() for name, moment in found.items()}
        except (ValueError, TypeError, AttributeError):
            raise DataError("What was remembered of earlier results is broken.", where=str(self._memory)) from None

    def vorige(self, school: Schoolid, klant: str) -> datetime | None:
        """When the last results of a client for a school were made; None when there were none."""
        with self._lock:
            moment = self._last.get(_name(school, klant))
        return datetime.fromisoformat(moment) if moment else None

    def bewaar(self, levering: Levering) -> Path:
        """Keep results; they are on disk when this returns.

        Returns:
            The file.

        Raises:
            OSError: They cannot be written.
        """
        name = _name(levering.school, levering.klant)
        digest = hashlib.sha256(levering.bericht).hexdigest()[:16]
        path = self._folder / f"{levering.aanmaakdatum.astimezone(UTC):%Y%m%dT%H%M%SZ}-{digest}.xml"
        with self._lock:
            replace_file(path, levering.bericht)
            self._remember({**self._last, name: levering.aanmaakdatum.isoformat()})
        return path

    def _remember(self, last: dict[str, Any]) -> None:
        """Remember the last moments."""
        replace_file(self._memory, json.dumps(last, indent=0).encode())
        self._last = last


def _name(school: Schoolid, klant: str) -> str:
    """A client and a school as a name that tells nothing of either; the codes of a school are enough."""
    own = "" if school.brincode else school.schoolkey
    told = f"{school.brincode}\n{school.dependancecode or '00'}\n{own}\n{klant}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]
