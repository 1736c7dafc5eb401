"""XLSX by openpyxl, read and written row by row; what unpacks to too much or declares entities is not opened at all.

Formulas are never evaluated: of a cell with one, the value is read that the spreadsheet saved.  A text is
written as a text, so that nothing in it is ever a formula.
"""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.parsers import expat

from oso_bridge.errors import UsageError
from oso_bridge.mappings.layout import MOST_IN_CELL, MOST_NAME
from oso_bridge.mappings.shapes.base import Row, TableLimits, beside, bounded, dress, undress
from oso_bridge.mappings.words import Cell

_BROKEN = (
    AttributeError,
    AssertionError,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
)
"""What a damaged workbook makes of openpyxl; ParseError is a SyntaxError."""

_MOST_PARTS = 2_000
_MOST_CELLS = 16_384
"""What a row of a spreadsheet holds at the most."""
_MOST_ELEMENTS = 200_000
"""Elements of a workbook beside its rows, cells and texts: styles, names, links and the like."""
_LARGE = re.compile(r"(?:^|/)(?:worksheets/[^/]+|sharedstrings)\.xml$", re.IGNORECASE)
"""The parts that grow with what a workbook holds, and ..."""
_USUAL = frozenset(
    {
        "row", "c", "v", "f", "is", "si", "t", "r", "rPr", "b", "i", "u", "sz", "color", "rFont", "family", "charset",
        "scheme", "strike", "vertAlign", "rPh", "phoneticPr",
    }
)  # fmt: skip
"""... the elements that they do so by."""
_REFUSED = "\x00-\x08\x0b-\x1f\x7f\ufffe\uffff"
# an underscore, too, that would look like the beginning of an escape once what follows is escaped
_CONTROL = re.compile(f"_(?=x[0-9A-Fa-f]{{4}}[_{_REFUSED}])|[{_REFUSED}]")
_WRITTEN = re.compile(r"_x([0-9A-Fa-f]{4})_")
_DAYS_FROM = date(1900, 3, 1)
"""Before this day spreadsheets do not agree on the calendar."""


def _library() -> Any:
    """Openpyxl, which is an extra."""
    try:
        import openpyxl
    except ImportError:
        raise UsageError("Reading and writing xlsx needs openpyxl.", remedy="pip install 'oso-bridge[xlsx]'") from None
    return openpyxl


def _hush() -> None:
    """Silence openpyxl, whose warnings quote cells; for good, since catching them is not safe among threads."""
    warnings.filterwarnings("ignore", module=r"openpyxl\.")


def escape(text: str) -> str:
    r"""A text without the characters that XML refuses, in the way of spreadsheets: ``_x0000_``.

    >>> escape("a\0_x0041_"), unescape(escape("a\0_x0041_")) == "a\0_x0041_"
    ('a_x0000__x005F_x0041_', True)
    """
    return _CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unescape(text: str) -> str:
    """The text that was escaped; what is no character stays as it stands."""
    return _WRITTEN.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return found[0] if 0xD800 <= number <= 0xDFFF else chr(number)


def fits(text: str) -> bool:
    """Whether a cell has room for a text."""
    return len(escape(dress(text))) <= MOST_IN_CELL


class XlsxReader:
    """Reads a workbook.

    Args:
        source: The file.
        sheets: The names of the sheets that the mapping knows.
        limits: How large it may be.
    """

    def __init__(self, source: Path, sheets: Sequence[str], limits: TableLimits) -> None:
        self.source, self.limits, self.known = source, limits, sheets
        self.names = {name: name[:MOST_NAME] for name in sheets}
        library = _library()
        self.book: Any = None
        self.fault = _unsafe(source, limits)
        if self.fault is None:
            try:
                _hush()
                self.book = library.load_workbook(source, read_only=True, data_only=True, keep_links=False)
            except _BROKEN:
                self.fault = "xlsx"
        if self.book is not None and len(self.book.sheetnames) > limits.max_sheets:
            self.fault = "limiet"

    def has(self, sheet: str) -> bool:
        """Whether the workbook has a sheet; a sole sheet is the root, whatever its name, and so is a broken one."""
        return sheet == self.known[0] if self.fault else self._name(sheet) in self.book.sheetnames

    def _name(self, sheet: str) -> str:
        if sheet == self.known[0] and len(self.book.sheetnames) == 1:
            return str(self.book.sheetnames[0])
        return self.names[sheet]

    def file(self, sheet: str) -> str:
        """The name of the file."""
        del sheet
        return self.source.name

    def strangers(self) -> int:
        """How many sheets the mapping does not know."""
        if self.fault or len(self.book.sheetnames) == 1:
            return 0
        return len(set(self.book.sheetnames) - set(self.names.values()))

    def notes(self) -> list[tuple[str, str, dict[str, str]]]:
        """Nothing is guessed."""
        return []

    def close(self) -> None:
        """Close the workbook."""
        if self.book is not None:
            self.book.close()

    def rows(self, sheet: str) -> Iterator[Row]:
        """The rows of a sheet, blank ones left out."""
        if self.fault:
            yield Row(1, fault=self.fault)
            return
        number = 0
        try:
            _hush()
            for row in bounded(self._rows(self.book[self._name(sheet)]), self.limits.max_rows):
                number = row.line
                yield row
        except _BROKEN:
            yield Row(number + 1, fault="xlsx")

    def _rows(self, page: Any) -> Iterator[Row]:
        page.reset_dimensions()  # what a sheet says of its own size may be anything
        head = next(page.iter_rows(min_row=1, max_row=1, values_only=True), ())
        while head and head[-1] is None:
            head = head[:-1]
        if len(head) > self.limits.max_columns:
            yield Row(1, fault="limiet")
            return
        yield Row(1, [_read(cell) for cell in head])
        found = page.iter_rows(min_row=2, max_col=len(head) + 1, values_only=True)
        blank = (None,) * (len(head) + 1)
        for number, cells in enumerate(found, start=2):
            if number > self.limits.max_rows + 1:  # blank rows count: they cost time as well
                yield Row(number, fault="limiet")
                return
            if cells != blank and any(cell is not None for cell in cells):
                full = list(cells) if cells[-1] is not None and len(cells) > len(head) else list(cells[: len(head)])
                yield Row(number, [_read(cell) for cell in full])


def _read(cell: Any) -> Cell:
    """The value of a cell; a time of day or a duration has no place in a model, and stays as its text."""
    if isinstance(cell, str):
        return undress(unescape(cell))
    return str(cell) if isinstance(cell, (time, timedelta)) else cell


def _unsafe(source: Path, limits: TableLimits) -> str | None:
    """Why a workbook is not to be opened."""
    if source.stat().st_size > limits.max_bytes:
        return "limiet"
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
            if len(members) > _MOST_PARTS or sum(member.file_size for member in members) > limits.max_unpacked:
                return "limiet"
            scan = _Scan()
            parts = (member for member in members if member.filename.lower().endswith((".xml", ".rels")))
            return next(filter(None, (scan.fault(archive, member) for member in parts)), None)
    except (*_BROKEN, OSError, RuntimeError):
        return "xlsx"


class _Stop(Exception):
    """A part is not to be opened; the argument says why."""


class _Scan:
    """Looks through the parts of a workbook for what openpyxl would take all memory for, or pass over in silence.

    openpyxl holds a row in memory at a time, and of all other parts the whole tree.
    """

    def __init__(self) -> None:
        self.elements = 0

    def fault(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str | None:
        """Why a part is not to be opened."""
        self.usual = _USUAL if _LARGE.search(member.filename) else frozenset[str]()
        self.cells = self.runs = self.row = 0
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._started
        parser.StartDoctypeDeclHandler = self._declared
        with archive.open(member) as file:
            try:
                while piece := file.read(1 << 16):
                    parser.Parse(piece)
            except _Stop as stop:
                return str(stop)
        return None

    def _declared(self, *_: Any) -> None:
        """A DOCTYPE, which no workbook needs and an attack does."""
        raise _Stop("doctype")

    def _started(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name not in self.usual:
            self.elements += 1
        elif name == "row":
            self._row(attributes.get("r"))
        elif name in ("c", "si"):
            self.cells, self.runs = self.cells + (name == "c"), 0
        else:
            self.runs += 1
        if self.elements > _MOST_ELEMENTS or self.cells > _MOST_CELLS or self.runs > MOST_IN_CELL:
            raise _Stop("limiet")

    def _row(self, said: str | None) -> None:
        """A row; of one that does not come after the one before openpyxl says nothing."""
        number = int(said) if said else self.row + 1
        if number <= self.row:
            raise _Stop("xlsx")
        self.row, self.cells = number, 0


class XlsxWriter:
    """Writes a workbook; a sheet without rows is left out, the root excepted.

    Args:
        target: The file.
        sheets: The headers of each sheet by its name, the root first.
    """

    def __init__(self, target: Path, sheets: dict[str, list[str]]) -> None:
        self.target, self.headers = target, sheets
        self.book = _library().Workbook(write_only=True)
        self.pages: dict[str, Any] = {}
        self._begin(next(iter(sheets)))

    def row(self, sheet: str, cells: Sequence[tuple[Cell, bool]]) -> None:
        """Write a row."""
        page = self.pages.get(sheet) or self._begin(sheet)
        page.append([self._cell(page, cell, words) for cell, words in cells])

    def commit(self) -> list[str]:
        """Put the workbook in its place; its sheets stand in the order of the mapping."""
        self.book._sheets = [self.pages[name] for name in self.headers if name in self.pages]
        made = beside(self.target)
        try:
            self.book.save(made)
            made.replace(self.target)
        finally:
            made.unlink(missing_ok=True)
        return [str(self.target)]

    def abort(self) -> None:
        """Close what is half made; it stands in temporary files of openpyxl, which go with it."""
        for page in self.pages.values():
            page.close()

    def _begin(self, sheet: str) -> Any:
        page = self.pages[sheet] = self.book.create_sheet(sheet[:MOST_NAME])
        page.freeze_panes = "A2"
        page.append([self._cell(page, header, True) for header in self.headers[sheet]])
        return page

    def _cell(self, page: Any, cell: Cell, words: bool) -> Any:
        if cell is None:
            return None
        from openpyxl.cell import WriteOnlyCell

        day = isinstance(cell, date) and not isinstance(cell, datetime)
        if day and cell >= _DAYS_FROM:  # type: ignore[operator]
            made = WriteOnlyCell(page, value=cell)
            made.number_format = "dd-mm-yyyy"
            return made
        made = WriteOnlyCell(page)
        made._value = escape(dress(str(cell)) if words else str(cell))
        made.data_type = "s"
        return made
