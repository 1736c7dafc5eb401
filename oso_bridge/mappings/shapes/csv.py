"""CSV: the root in one file, every other sheet in a file beside it: ``uit.csv``, ``uit.verzorgers.csv``.

The reader is our own.  It says on which line a row begins, keeps quotes and blank space to the letter, never
changes a setting of the whole process, and goes on after a row that is broken.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from oso_bridge.errors import UsageError
from oso_bridge.mappings.shapes.base import FilesWriter, Row, TableLimits, beside, bounded, dress, slug, undress
from oso_bridge.mappings.words import Cell

DELIMITERS = (";", ",", "\t", "|")
_ESCAPED = re.compile("[\udc80-\udcff]")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PIECE = 1 << 20
_MOST_RESUMES = 20
"""How often reading goes on after a quote that is never closed: each time costs a look at the rest of the file."""


class CsvReader:
    """Reads a file and those beside it, or a folder.

    Args:
        source: The file of the root, or a folder with a file for each sheet.
        sheets: The names of the sheets, the root first.
        headers: The headers that the mapping knows in the root, to tell the delimiter by.
        delimiter: The one of the mapping; another that fits the headers better is taken instead.
        encoding: The one that was asked for; None to look at the bytes.
        fallback: What to take for a file that is not UTF-8.
        limits: How large it may be.
    """

    def __init__(
        self,
        source: Path,
        sheets: Sequence[str],
        headers: set[str],
        delimiter: str,
        encoding: str | None,
        fallback: str | None,
        limits: TableLimits,
    ) -> None:
        self.paths = paths(source, sheets)
        self.known, self.delimiter, self.limits = headers, delimiter, limits
        self.asked, self.fallback = encoding, fallback
        self.guessed: list[str] = []
        self.encodings: dict[str, str] = {}

    def has(self, sheet: str) -> bool:
        """Whether there is a file for a sheet."""
        return self.paths[sheet].is_file()

    def file(self, sheet: str) -> str:
        """The name of its file."""
        return self.paths[sheet].name

    def strangers(self) -> int:
        """Files that the mapping does not know are no business of ours."""
        return 0

    def notes(self) -> list[tuple[str, str, dict[str, str]]]:
        """The sheets whose encoding is a guess."""
        return [("codering-geraden", sheet, {"codering": "Windows-1252"}) for sheet in self.guessed]

    def close(self) -> None:
        """Nothing is held open between rows."""

    def rows(self, sheet: str) -> Iterator[Row]:
        """The rows of a file."""
        path = self.paths[sheet]
        if path.stat().st_size > self.limits.max_bytes:
            yield Row(1, fault="limiet")
            return
        with path.open(encoding=self._encoding(sheet), errors="surrogateescape", newline="") as file:
            yield from bounded(_Parser(file, self._delimiter, self.limits).rows(), self.limits.max_rows)

    def _encoding(self, sheet: str) -> str:
        if sheet not in self.encodings:
            found, sure = (self.asked, True) if self.asked else _detected(self.paths[sheet], self.fallback)
            self.encodings[sheet] = found or "cp1252"
            if not sure:
                self.guessed.append(sheet)
        return self.encodings[sheet]

    def _delimiter(self, head: str) -> str:
        """What parts the cells, judged by the headers."""
        counted = {mark: len(self.known & set(_split(head, mark))) for mark in DELIMITERS}
        best = max(counted.values())
        return self.delimiter if counted.get(self.delimiter) == best else max(counted, key=lambda mark: counted[mark])


def _split(head: str, mark: str) -> list[str]:
    return [cell.strip().strip('"') for cell in head.rstrip("\r\n").split(mark)]


def paths(source: Path, sheets: Sequence[str]) -> dict[str, Path]:
    """The file of each sheet."""
    if source.is_dir():
        return {sheet: source / f"{slug(sheet)}.csv" for sheet in sheets}
    beside = {sheet: source.with_name(f"{source.stem}.{slug(sheet)}{source.suffix or '.csv'}") for sheet in sheets[1:]}
    return {sheets[0]: source, **beside}


def _detected(path: Path, fallback: str | None) -> tuple[str, bool]:
    """The encoding of a file, and whether that is certain: a mark at its start, else what the bytes allow."""
    with path.open("rb") as file:
        start = file.read(4)
        for mark, name in _BOMS:
            if start.startswith(mark):
                return name, True
        file.seek(0)
        good, bad = _counted(file)
    if bad <= good and not (bad and fallback):
        return "utf-8", True
    return fallback or "cp1252", fallback is not None


def _counted(file: IO[bytes]) -> tuple[int, int]:
    """How many characters beyond ASCII are right in UTF-8, and how many bytes are wrong."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = 0
    for piece in iter(lambda: file.read(_PIECE), b""):
        text = decoder.decode(piece)
        if not text.isascii():
            wrong = len(_ESCAPED.findall(text))
            good += sum(character > "\x7f" for character in text) - wrong
            bad += wrong
    return good, bad


class _Parser:
    """Cuts lines into rows of cells."""

    def __init__(self, file: IO[str], choose: object, limits: TableLimits) -> None:
        self.file, self.choose, self.limits = file, choose, limits
        self.number = 0
        self.again: deque[str] = deque()
        self.resumes = 0
        self.stop: str | None = None

    def rows(self) -> Iterator[Row]:
        """The rows, blank ones left out."""
        head = self._line()
        if head.lower().startswith("sep=") and len(head.rstrip("\r\n")) == 5:
            head = self._line()  # what Excel is told by
        self.mark: str = self.choose(head)  # type: ignore[operator]
        self.again.appendleft(head)
        self.number -= 1
        while self.stop is None and (line := self._line()):
            if line.strip("\r\n"):
                yield self._row(line)
        if self.stop:
            yield Row(self.number, fault=self.stop)

    def _line(self) -> str:
        """The next line with its end, or an empty text."""
        if self.again:
            self.number += 1
            return self.again.popleft()
        try:
            line = self.file.readline(self.limits.max_characters + 1)
        except UnicodeError:
            line, self.stop = "", "codering"
        if len(line) > self.limits.max_characters:
            line, self.stop = "", "limiet"
        self.number += 1
        return line

    def _row(self, line: str) -> Row:
        start = self.number
        cells, fault = self._cells(line)
        if fault is None and len(cells) > self.limits.max_columns:
            cells, fault = [], "limiet"
        wrong = self._wrong(cells) if fault is None else None
        if wrong is not None:
            kept = [None if _ESCAPED.search(cell) else undress(cell) for cell in cells]
            return Row(start, kept, "codering", wrong + 1)
        return Row(start, [undress(cell) for cell in cells], fault)

    def _wrong(self, cells: list[str]) -> int | None:
        """The first cell with a byte that its encoding does not have."""
        return next((n for n, cell in enumerate(cells) if not cell.isascii() and _ESCAPED.search(cell)), None)

    def _cells(self, line: str) -> tuple[list[str], str | None]:
        """The cells of a row, which may take more lines when a quote is open."""
        if '"' not in line:
            if line.count(self.mark) >= self.limits.max_columns:
                return [], "limiet"
            return line.rstrip("\r\n").split(self.mark), None
        cells: list[str] = []
        at, taken = 0, [line]
        while at <= len(line):
            if line.startswith('"', at):
                found = self._quoted(line, at + 1, taken)
                if found is None:
                    return [], self._resume(taken)
                text, line, at = found
                rest = self._end(line, at)
                if line[at:rest].strip("\r\n"):
                    # what follows a quote that closed too late are rows of their own
                    self._again(taken)
                    return [], "aanhaling"
            else:
                rest = self._end(line, at)
                text = line[at:rest].rstrip("\r\n") if rest == len(line) else line[at:rest]
            cells.append(text)
            if len(cells) > self.limits.max_columns:
                return [], "limiet"
            at = rest + 1
        return cells, None

    def _end(self, line: str, at: int) -> int:
        end = line.find(self.mark, at)
        return len(line) if end < 0 else end

    def _quoted(self, line: str, at: int, taken: list[str]) -> tuple[str, str, int] | None:
        """The text between quotes, the line on which it ends, and where; None when it never ends."""
        parts: list[str] = []
        size = 0
        while True:
            end = line.find('"', at)
            parts.append(line[at:] if end < 0 else line[at:end])
            size += len(parts[-1])
            if end >= 0 and line[end + 1 : end + 2] != '"':
                return "".join(parts), line, end + 1
            if end >= 0:
                parts.append('"')
                at = end + 2
                continue
            line, at = self._line(), 0
            if not line or size > self.limits.max_characters:
                self.stop = None if not line and self.stop != "limiet" else "limiet"
                return None
            taken.append(line)

    def _again(self, taken: list[str]) -> None:
        """Put back all lines of a row but the first."""
        self.again.extendleft(reversed(taken[1:]))
        self.number -= len(taken) - 1

    def _resume(self, taken: list[str]) -> str:
        """Go on with the line after the one whose quote is never closed."""
        self.resumes += 1
        if self.resumes <= _MOST_RESUMES:
            self.number -= 1  # the end of the file is no line
            self._again(taken)
        else:
            self.stop = self.stop or "aanhaling"
        return "aanhaling"


class CsvWriter(FilesWriter):
    """Writes a file and those beside it; a sheet without rows gets none, unless there is an old one.

    Args:
        target: The file of the root, or a folder.
        sheets: The headers of each sheet by its name, the root first.
        delimiter: What parts the cells.
        encoding: The encoding of the files.
    """

    def __init__(self, target: Path, sheets: dict[str, list[str]], delimiter: str, encoding: str) -> None:
        super().__init__(paths(target, list(sheets)))
        self.sheets, self.mark, self.encoding = sheets, delimiter, encoding
        special = re.escape(delimiter)
        self.needs_quotes = re.compile(rf'[{special}"\r\n]|^\s|\s$|^sep=')
        try:
            for sheet, path in self.paths.items():
                if sheet == next(iter(sheets)) or path.exists():
                    self._begin(sheet)
        except BaseException:
            self.abort()
            raise

    def row(self, sheet: str, cells: Sequence[tuple[Cell, bool]]) -> None:
        """Write a row."""
        file = self.open.get(sheet) or self._begin(sheet)
        file.write(self._line([_text(cell, words) for cell, words in cells]))

    def _begin(self, sheet: str) -> IO[str]:
        path = self.paths[sheet]
        if path.is_dir():
            raise UsageError("There is a folder of the name of this file.", where=str(path))
        made = beside(path).open("x", encoding=self.encoding, newline="")
        self.open[sheet] = made
        made.write(self._line([dress(header) for header in self.sheets[sheet]]))
        return made

    def _line(self, texts: list[str]) -> str:
        quoted = ['"' + text.replace('"', '""') + '"' if self.needs_quotes.search(text) else text for text in texts]
        return self.mark.join(quoted) + "\r\n"


def _text(cell: Cell, words: bool) -> str:
    if cell is None:
        return ""
    return dress(str(cell)) if words else str(cell)
