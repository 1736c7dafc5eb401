"""The journal of a long piece of work: what is done, so that a run that was stopped can go on where it was.

A journal is a text file of JSON lines.  A line ``{"journal": 1, "options": {...}}`` begins each run and says what the
outcomes depend on; every other line is the outcome of one document: its name as it was given, the digest of its
content, and what came of it.  No value of a document is in it.  A run that was killed may leave half a line, which is
passed over.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from oso_bridge import data
from oso_bridge._version import __version__
from oso_bridge.data import cached
from oso_bridge.errors import UsageError

FORMAT = 1
FILE_NAME = "oso-bridge-journal.jsonl"


@cached(maxsize=1)
def data_digest() -> str:
    """A digest of all schemas, rules and tables in use: when one of them changes, what was done counts no more."""
    found = hashlib.sha256()
    for folder in data.folders():
        files = (path for path in sorted((folder / "schemas").rglob("*")) if path.is_file())
        for file in files:
            found.update(f"{file.relative_to(folder).as_posix()}\0".encode())
            found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()[:32]


class Journal:
    """A journal that is open: what is known, and room for more.

    Args:
        path: The file; made when it is not there.
        options: What the outcomes depend on, as plain JSON values; versions are added.
        resume: Go on with what is there. Otherwise it begins anew.

    Raises:
        OSError: The file cannot be read or written.
        UsageError: The file is there and is no journal: it is left as it is.
    """

    def __init__(self, path: str | os.PathLike[str], options: Mapping[str, Any], *, resume: bool = False) -> None:
        self._path = Path(path)
        self._options = json.loads(json.dumps({**options, "version": __version__, "data": data_digest()}))
        self._places: dict[str, int] = {}
        self._resume = resume
        self._refuse_other_file()
        if self._resume and self._path.exists():
            self._places = {name: place for place, name in self._found()}
        # said before the work when it cannot be written; what is open stays open from the first outcome on only
        self._path.open("ab").close()
        self._reader: BinaryIO | None = None
        self._writer: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __len__(self) -> int:
        """The number of documents of which the outcome under these options was known at the beginning."""
        return len(self._places)

    def known(self, name: str) -> dict[str, Any] | None:
        """What an earlier run says of a document: ``digest`` and ``outcome``; None when it says nothing.

        Args:
            name: The name of the document, as it was given.
        """
        place = self._places.get(name)
        if place is None:
            return None
        if self._reader is None:
            self._reader = self._path.open("rb")
        self._reader.seek(place)
        return _entry(self._reader.readline())

    def add(self, name: str, digest: str, outcome: Mapping[str, Any]) -> None:
        """Write down what came of a document, at once.

        Args:
            name: The name of the document, as it was given.
            digest: The digest of its content.
            outcome: Plain JSON values.
        """
        self._write({"source": name, "digest": digest, "outcome": outcome})

    def close(self) -> None:
        """Close the file."""
        for file in (self._writer, self._reader):
            if file is not None:
                file.close()

    def _write(self, entry: Mapping[str, Any]) -> None:
        writer = self._writer or self._begin()
        writer.write(_line(entry))
        writer.flush()

    def _begin(self) -> BinaryIO:
        """Begin a run: after what is there, or over it."""
        whole = self._ends_whole()
        self._writer = self._path.open("ab" if self._resume else "wb")
        if self._resume and not whole:
            self._writer.write(b"\n")
        self._writer.write(_line({"journal": FORMAT, "options": self._options}))
        return self._writer

    def _refuse_other_file(self) -> None:
        """Refuse a file that is no journal; one of which not even the first line was finished is none yet."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            first = file.readline(100_000)
        begin = b'{"journal":'
        if not first.endswith(b"\n") and (first.startswith(begin) or begin.startswith(first)):
            self._resume = False  # it was stopped before anything was done
        elif not first.startswith(begin):
            raise UsageError("This file is there, and is no journal.", where=str(self._path), remedy="Name another.")

    def _ends_whole(self) -> bool:
        with self._path.open("rb") as file:
            if not file.seek(0, os.SEEK_END):
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def _found(self) -> Iterator[tuple[int, str]]:
        """The places and names of the outcomes under the same options; of one name the last counts."""
        same, place = False, 0
        with self._path.open("rb") as file:
            for line in file:
                entry = _entry(line)
                if entry and "journal" in entry:
                    same = entry["journal"] == FORMAT and entry.get("options") == self._options
                elif entry and same and isinstance(entry.get("source"), str):
                    yield place, entry["source"]
                place += len(line)


def _line(entry: Mapping[str, Any]) -> bytes:
    # ascii, so that any name of a file can be written
    return json.dumps(entry, separators=(",", ":")).encode("ascii") + b"\n"


def _entry(line: bytes) -> dict[str, Any] | None:
    """A line of a journal; None when it is none, such as one that was not finished."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
