"""What all shapes have in common: rows, limits, names of sheets, and cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from oso_bridge.mappings.words import Cell

_FORMULA = re.compile(r"'*(?:[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]|\Z)")
"""Texts that a spreadsheet takes for a formula, whatever apostrophes stand before; and those of apostrophes only."""


@dataclass(frozen=True, slots=True)
class TableLimits:
    """How large tables may be; each can be raised by who trusts the source.

    Attributes:
        max_bytes: Size of one file.
        max_unpacked: Size of all that is in an xlsx when it is unpacked.
        max_rows: Rows of one sheet.
        max_columns: Columns of one sheet.
        max_characters: Characters of one row.
        max_sheets: Sheets of one xlsx.
        max_findings: Findings that are listed; the others are counted.
    """

    max_bytes: int = 2_000_000_000
    max_unpacked: int = 500_000_000
    max_rows: int = 1_000_000
    max_columns: int = 2_000
    max_characters: int = 100_000_000
    max_sheets: int = 200
    max_findings: int = 1_000


SAFE = TableLimits()
"""The limits when nothing else is said."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a sheet, the one with the headers first.

    Attributes:
        line: Where it begins, counted from 1.
        cells: What stands in it.
        fault: Why it could not be read, else None.
        column: The number of the column at fault, counted from 1.
        note: What is noticed about it although it can be read.
    """

    line: int
    cells: Sequence[Cell] = ()
    fault: str | None = None
    column: int | None = None
    note: str | None = None


class Reader(Protocol):
    """Gives the sheets of a source."""

    def has(self, sheet: str) -> bool:
        """Whether the source has a sheet."""

    def rows(self, sheet: str) -> Iterator[Row]:
        """The rows of a sheet; empty cells are None."""

    def file(self, sheet: str) -> str:
        """The name of the file that holds a sheet."""

    def strangers(self) -> int:
        """How many sheets the mapping does not know."""

    def notes(self) -> list[tuple[str, str, dict[str, str]]]:
        """What was noticed: the kind, the sheet it is about, and what the text names besides."""

    def close(self) -> None:
        """Let go of the source."""


class Writer(Protocol):
    """Makes the sheets of a target."""

    def row(self, sheet: str, cells: Sequence[tuple[Cell, bool]]) -> None:
        """Write a row; True says that a cell holds words, which may look like a formula."""

    def commit(self) -> list[str]:
        """Put all in its place, and give the names of the files made."""

    def abort(self) -> None:
        """Leave everything as it was."""


class FilesWriter:
    """A writer of a file for each sheet: it is written beside its place, and put there when all is done."""

    def __init__(self, places: Mapping[str, Path]) -> None:
        self.paths = places
        self.open: dict[str, IO[str]] = {}

    def commit(self) -> list[str]:
        """Put the files in their places."""
        for file in self.open.values():
            file.close()
        for sheet, file in self.open.items():
            Path(file.name).replace(self.paths[sheet])
        return [str(path) for sheet, path in self.paths.items() if sheet in self.open]

    def abort(self) -> None:
        """Remove what was written."""
        for file in self.open.values():
            file.close()
            with suppress(OSError):  # there is nothing better to do with a file that cannot be removed
                Path(file.name).unlink()


def dress(text: str) -> str:
    """A text that no spreadsheet takes for a formula, and that is not empty; :func:`undress` gives it back.

    >>> dress("=1+1"), dress("'t Hart"), dress("'-"), dress("")
    ("'=1+1", "'t Hart", "''-", "'")
    """
    return "'" + text if _FORMULA.match(text) else text


def undress(text: str) -> str | None:
    """The text that was dressed; None for an empty cell."""
    if not text:
        return None
    return text[1:] if text[0] == "'" and _FORMULA.match(text) else text


def slug(name: str) -> str:
    """A name of a sheet as part of the name of a file.

    >>> slug("Résultaten (alle)")
    'resultaten-alle'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "blad"


def beside(path: Path) -> Path:
    """A name for a file that will take the place of another, in the same folder."""
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")


def bounded(rows: Iterator[Row], most: int) -> Iterator[Row]:
    """Rows up to a number, headers aside; one more is a fault, and the end."""
    for number, row in enumerate(rows):
        if number > most:
            yield Row(row.line, fault="limiet")
            return
        yield row
