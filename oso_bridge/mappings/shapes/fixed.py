"""Files of fixed width in a folder, one record a line: ``EDEXLL.TXT`` and its like.

The names of the files are found whatever their capitals.  Records may be cut off after their last filled field; what
is missing is empty then.  A file may end with the end mark of DOS, Ctrl-Z.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from oso_bridge.errors import UsageError
from oso_bridge.mappings.shapes.base import FilesWriter, Row, TableLimits, beside, bounded
from oso_bridge.mappings.words import Cell

Positions = Mapping[str, tuple[int, int]]
SUFFIX = ".TXT"
END = "\x1a"
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_ASCII = bytes(range(128))
_PIECE = 1 << 20
_NAMES = {"cp850": "DOS (cp850)", "cp1252": "Windows-1252"}
_USUAL = frozenset("áàäâãåæçéèëêíìïîñóòöôõøœßúùüûýÿšž")
"""Letters that names in the Netherlands have; the other letters beyond ASCII are rare in them."""


def fits(cell: Cell, spot: tuple[int, int] | None, encoding: str) -> bool:
    """Whether a field holds a text and gives it back.

    Args:
        cell: The text.
        spot: Where the field begins and how wide it is; None when there is none, and nothing is written.
        encoding: That of the file.
    """
    text = str(cell)
    if spot is None:
        return True
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return text == text.rstrip(" ") and 0 < len(text) <= spot[1] and not _CONTROL.search(text) and "\x85" not in text


class FixedReader:
    """Reads the files of a folder.

    Args:
        source: The folder, or the file of the first sheet in it.
        sheets: By the name of each sheet its columns with their places, the first sheet first.
        encoding: The one that was asked for; None to look at the bytes of all files together.
        limits: How large a file may be.
    """

    def __init__(
        self, source: Path, sheets: Mapping[str, Positions], encoding: str | None, limits: TableLimits
    ) -> None:
        self.sheets, self.limits = sheets, limits
        self.faults: dict[str, str] = {}
        self.foreign: list[str] = []
        self.paths = self._found(source)
        self.sure = encoding is not None
        self.encoding = encoding or self._detected()

    def _found(self, source: Path) -> dict[str, Path]:
        """The file of each sheet; one that leads out of the folder is none."""
        folder = source if source.is_dir() else source.parent
        found: dict[str, Path] = {}
        first = next(iter(self.sheets))
        for path in sorted(folder.iterdir()):
            name = next((name for name in self.sheets if (name + SUFFIX).casefold() == path.name.casefold()), None)
            if name is None or not path.is_file():
                continue
            if name in found:
                self.faults[name] = "bestand-dubbel"
            elif not path.resolve().is_relative_to(folder.resolve()):
                self.faults[name] = "koppeling"
            found.setdefault(name, path)
        if not source.is_dir():
            found[first] = source  # who names a file means that one
            self.faults.pop(first, None)
        return found

    def _detected(self) -> str:
        """The encoding of the files together, which come out of one program."""
        high: Counter[int] = Counter()
        good = True
        for name, path in self.paths.items():
            if name not in self.faults and path.stat().st_size <= self.limits.max_bytes:
                found = _beyond_ascii(path)
                self.foreign += [name] if found else []
                high.update(found)
                good = good and _is_utf8(path)
        self.sure = good
        if good:
            return "utf-8"
        return "cp850" if _likely(high, "cp850") > _likely(high, "cp1252") else "cp1252"

    def has(self, sheet: str) -> bool:
        """Whether the folder has a file for a sheet."""
        return sheet in self.paths

    def file(self, sheet: str) -> str:
        """The name of its file."""
        return self.paths[sheet].name if sheet in self.paths else sheet + SUFFIX

    def strangers(self) -> int:
        """Other files in the folder are no business of ours."""
        return 0

    def notes(self) -> list[tuple[str, str, dict[str, str]]]:
        """The encoding of files with letters beyond ASCII, when it is a guess."""
        found = [] if self.sure else self.foreign
        return [("codering-geraden", sheet, {"codering": _NAMES[self.encoding]}) for sheet in found]

    def close(self) -> None:
        """Nothing is held open between rows."""

    def rows(self, sheet: str) -> Iterator[Row]:
        """The records of a file, after a row with the names of its columns."""
        path, columns = self.paths[sheet], self.sheets[sheet]
        fault = self.faults.get(sheet) or ("limiet" if path.stat().st_size > self.limits.max_bytes else None)
        if fault:
            yield Row(1, fault=fault)
            return
        yield Row(0, list(columns))
        with path.open("rb") as file:
            yield from bounded(self._records(file, columns), self.limits.max_rows - 1)

    def _records(self, file: IO[bytes], columns: Positions) -> Iterator[Row]:
        width = max(at + size for at, size in columns.values())
        number = 0
        while line := file.readline(self.limits.max_characters + 1):
            number += 1
            if len(line) > self.limits.max_characters:
                yield Row(number, fault="limiet")
                return
            record, mark, rest = line.rstrip(b"\r\n").partition(END.encode())
            if record.strip(b" "):
                yield self._record(number, record, columns, width)
            if mark:
                if (rest + file.read(_PIECE)).strip(b" \r\n\0\x1a"):
                    yield Row(number, fault="na-einde")
                return

    def _record(self, number: int, record: bytes, columns: Positions, width: int) -> Row:
        text = record.decode(self.encoding, "surrogateescape")
        wrong = re.search("[\udc80-\udcff]", text)
        if _CONTROL.search(text) or wrong:
            return Row(number, fault="codering" if wrong else "stuurteken")
        if self._is_by_bytes(text, record, width):
            cells = [_cell(record[at : at + size].decode(self.encoding, "replace")) for at, size in columns.values()]
            cut = any("\ufffd" in cell for cell in cells if cell)  # a letter that stands in two fields
            return Row(number, fault="codering") if cut else Row(number, cells)
        if text[width:].strip(" "):
            return Row(number, fault="lang")
        cells = [_cell(text[at : at + size]) for at, size in columns.values()]
        return Row(number, cells, note="kort" if len(text) < width else None)

    def _is_by_bytes(self, text: str, record: bytes, width: int) -> bool:
        """Whether a record in UTF-8 was filled up by bytes, and not by characters."""
        return len(text) < len(record) == width


def _cell(text: str) -> str | None:
    return text.rstrip(" ") or None


def _beyond_ascii(path: Path) -> Counter[int]:
    """How often each byte beyond ASCII occurs."""
    found: Counter[int] = Counter()
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(_PIECE), b""):
            found.update(piece.translate(None, _ASCII))
    return found


def _is_utf8(path: Path) -> bool:
    """Whether a file is UTF-8, as plain ASCII is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            for piece in iter(lambda: file.read(_PIECE), b""):
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _likely(high: Counter[int], encoding: str) -> int:
    """How well bytes make names in an encoding: letters that names have, other letters, and what no name has."""
    total = 0
    for byte, count in high.items():
        letter = bytes([byte]).decode(encoding, "replace")
        total += count * (3 if letter in _USUAL else 1 if letter.isalpha() else -3)
    return total


class FixedWriter(FilesWriter):
    """Writes the files of a folder, which is made when it is not there; lines end with CR and LF.

    Args:
        target: The folder.
        sheets: By the name of each sheet its columns with their places, the first sheet first.
        encoding: That of the files.

    Raises:
        UsageError: The target is a file.
    """

    def __init__(self, target: Path, sheets: Mapping[str, Positions], encoding: str) -> None:
        if target.exists() and not target.is_dir():
            raise UsageError("The target is a file.", where=str(target), remedy="Name a folder.")
        self.sheets, self.encoding, self.target = sheets, encoding, target
        self.is_new = not target.exists()
        target.mkdir(parents=True, exist_ok=True)
        super().__init__({name: self._path(name) for name in sheets})
        for number, (name, path) in enumerate(self.paths.items()):
            if number == 0 or path.exists():
                self._begin(name)

    def _path(self, name: str) -> Path:
        """The file of a sheet: the one that is there, whatever its capitals."""
        wanted = (name + SUFFIX).casefold()
        found = next((path for path in self.target.iterdir() if path.name.casefold() == wanted), None)
        if found is not None and found.is_dir():
            raise UsageError("There is a folder of the name of this file.", where=str(found))
        return found or self.target / (name + SUFFIX)

    def row(self, sheet: str, cells: Sequence[tuple[Cell, bool]]) -> None:
        """Write a record."""
        file, columns = self.open.get(sheet) or self._begin(sheet), self.sheets[sheet]
        record = [" "] * max(at + size for at, size in columns.values())
        for (at, size), (cell, _) in zip(columns.values(), cells, strict=True):
            record[at : at + size] = ("" if cell is None else str(cell)).ljust(size)
        file.write("".join(record) + "\r\n")

    def abort(self) -> None:
        """Remove what was written, and the folder when it was made for it."""
        super().abort()
        if self.is_new:
            with suppress(OSError):  # somebody else put something in it
                self.target.rmdir()

    def _begin(self, sheet: str) -> IO[str]:
        made = self.open[sheet] = beside(self.paths[sheet]).open("x", encoding=self.encoding, newline="")
        return made
