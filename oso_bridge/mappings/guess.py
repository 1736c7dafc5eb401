"""A first ``mapping.toml`` out of a sample: columns by their headers, types by what stands below them.

It holds names of columns and no value.  What could not be guessed stands there as a comment, to be filled in.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oso_bridge.errors import UsageError
from oso_bridge.mappings import words
from oso_bridge.mappings.places import EVERY, resolve
from oso_bridge.mappings.shapes.base import SAFE, Reader, Row
from oso_bridge.mappings.words import Cell, Unfit

if TYPE_CHECKING:
    from oso_bridge.mappings.engine import Mapping

_ROWS = 200
_DATES = ("%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d%m%Y", "%Y%m%d")
_TRUTHS = ("J/N", "ja/nee", "true/false", "1/0", "waar/onwaar", "Y/N")
_OTHER_WORDS = {
    "voornaam": "voornamen", "geboren": "geboortedatum", "sekse": "geslacht", "tussenvoegsel": "voorvoegsel",
    "burgerservicenummer": "bsn", "sofinummer": "bsn", "leerlingnr": "leerlingnummer", "stamnummer": "leerlingnummer",
    "naam": "achternaam", "voorvoegsels": "voorvoegsel", "gebdatum": "geboortedatum", "mv": "geslacht",
    "gebplaats": "geboorteplaats",
}  # fmt: skip
"""What schools and vendors call a column that has another name here."""


@dataclass(slots=True)
class _Page:
    """A sheet of a sample: its headers, and the cells below each."""

    name: str
    headers: list[str]
    cells: list[list[Cell]] = field(default_factory=list)


def skeleton(sample: Path, full: Mapping, encoding: str | None = None) -> str:
    """The text of a first mapping.

    Args:
        sample: A csv or xlsx file.
        full: A mapping with every field, whose columns say what fields are called.
        encoding: That of csv; when left out, what the bytes say.

    Raises:
        OSError: The sample cannot be read.
        UsageError: It is of no kind that can be read, or has no headers.
    """
    shape = sample.suffix.lower().lstrip(".")
    if shape not in ("csv", "txt", "xlsx"):
        raise UsageError("A sample is a .csv or .xlsx file.", where=str(sample))
    pages, dialect = _workbook(sample) if shape == "xlsx" else _plain_text(sample, encoding)
    if not pages:
        raise UsageError("The sample has no columns.", where=str(sample))
    shape = "xlsx" if shape == "xlsx" else "csv"
    return "\n".join([*_head(shape, _key(pages[0], full), dialect), *_body(pages, full)]) + "\n"


def _key(page: _Page, full: Mapping) -> str:
    """The column that names the pupil: the one with the number of the school, when there is one."""
    known = _names("", full)
    return next((name for name in page.headers if known.get(_other(_bare(name))) == "leerling.leerlingid"), "Leerling")


def _workbook(sample: Path) -> tuple[list[_Page], list[str]]:
    from oso_bridge.mappings.shapes.xlsx import XlsxReader

    reader = XlsxReader(sample, [""], SAFE)
    try:
        if reader.fault:
            raise UsageError("The sample cannot be read as a workbook.", where=str(sample))
        reader.names = {name: name for name in reader.book.sheetnames}
        found = [_page(reader, name) for name in reader.book.sheetnames]
    finally:
        reader.close()
    return [page for page in found if page is not None], []


def _plain_text(sample: Path, encoding: str | None) -> tuple[list[_Page], list[str]]:
    from oso_bridge.mappings.shapes.csv import DELIMITERS, CsvReader

    with sample.open("rb") as file:
        head = file.readline(1 << 20)
    mark = max(DELIMITERS, key=lambda mark: head.count(mark.encode()))
    reader = CsvReader(sample, [sample.stem], set(), mark, encoding, None, SAFE)
    page = _page(reader, sample.stem)
    used = reader.encodings.get(sample.stem, "utf-8")
    dialect = ["[csv]", f"delimiter = {_quoted(mark)}", f"encoding = {_quoted(used)}", ""]
    return ([page] if page else []), dialect


def _page(reader: Reader, name: str) -> _Page | None:
    rows = [row for row in islice(reader.rows(name), _ROWS + 1) if row.fault is None]
    if not rows or not any(rows[0].cells):
        return None
    headers = [str(cell).strip() if cell is not None else "" for cell in rows[0].cells]
    return _Page(name, headers, [_column(rows[1:], at) for at in range(len(headers))])


def _column(rows: list[Row], at: int) -> list[Cell]:
    return [row.cells[at] for row in rows if at < len(row.cells) and row.cells[at] is not None]


def _head(shape: str, key: str, dialect: list[str]) -> Iterator[str]:
    yield "# Guessed from a sample. See to every row: the path of the model, the type, and what is commented out."
    yield 'model = "Dossier"'
    yield f"shape = {_quoted(shape)}"
    yield f"key = {_quoted(key)}  # the column that names the pupil, in every sheet"
    yield 'title.nl = ""'
    yield 'title.en = ""'
    yield ""
    yield from dialect


def _body(pages: list[_Page], full: Mapping) -> Iterator[str]:
    for number, page in enumerate(pages):
        each = "" if number == 0 else _list_of(page.name, full)
        if each is None:
            yield f"# The sheet {_comment(page.name)} is no list that could be guessed:"
            yield '# [[sheet]] name = "...", each = "..."'
            yield ""
            continue
        yield "[[sheet]]"
        yield f"name = {_quoted(page.name[:31])}"
        yield f"each = {_quoted(each)}"
        yield ""
        yield from _rows(page, each, full)
    yield "# What the table has no place for. Say more precisely what, and why."
    yield "[[loss]]"
    yield 'model = ""'
    yield 'why.nl = "De tabel heeft hier geen kolom voor."'
    yield 'why.en = "The table has no column for it."'
    yield ""
    yield "[[loss]]"
    yield "empty = true"
    yield 'why.nl = "Een onderdeel zonder inhoud laat geen spoor na in een tabel."'
    yield 'why.en = "A part without content leaves no trace in a table."'


def _rows(page: _Page, each: str, full: Mapping) -> Iterator[str]:
    known, taken = _names(each, full), set[str]()
    for header, cells in zip(page.headers, page.cells, strict=True):
        path = known.get(_other(_bare(header)))
        if not header:
            continue
        kind = _type(cells)
        if path is None or path in taken or page.headers.count(header) > 1:
            yield f"# The column {_comment(header)} ({kind}):"
            yield '# [[row]] model = "..."'
            yield ""
            continue
        taken.add(path)
        yield "[[row]]"
        yield f"model = {_quoted(path)}"
        yield f"column = {_quoted(header)}"
        yield from _typed(path, kind, full)
        yield ""


def _typed(path: str, kind: str, full: Mapping) -> Iterator[str]:
    """The words for the type, where the field has one and the cells look like it."""
    last = resolve(path.replace("**.", ""), full.layout.model)[-1].kind
    if last.several:
        yield 'join = ", "'
    usual = words.usual(last)
    if kind.partition(":")[0] == usual and usual != "text":
        yield f"type = {_quoted(kind)}"
    elif usual != "text" and kind != "text":
        yield f"# The cells look like {kind}, the field holds {usual}."


def _list_of(name: str, full: Mapping) -> str | None:
    """The list that a sheet is for, by its name."""
    for sheet in full.layout.sheets[1:]:
        if not sheet.anywhere and _bare(name) in (_bare(sheet.name), _bare(sheet.each.rpartition(".")[2])):
            return sheet.each
    return None


def _names(each: str, full: Mapping) -> dict[str, str]:
    """The fields of the rows of a sheet by what they may be called, the surest name first."""
    sheet = next(sheet for sheet in full.layout.sheets if sheet.each == each)
    found: dict[str, str] = {}
    for column in sheet.columns:
        found.setdefault(_bare(column.header), column.paths[0])
    for column in sheet.columns:
        path = column.paths[0]
        if each or path.startswith("leerling."):
            found.setdefault(_bare(path.removesuffix(EVERY).rpartition(".")[2]), path)
    return found


def _bare(name: str) -> str:
    """A name without capitals, accents and marks."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.lower())


def _other(name: str) -> str:
    return _OTHER_WORDS.get(name, name)


def _type(cells: list[Cell]) -> str:
    """The type that all cells have; text when there is none, or nothing to see."""
    tries: list[str] = [f"date:{form}" for form in _DATES]
    tries += [f"boolean:{pair}" for pair in _TRUTHS]
    tries += ["integer", "decimal:,", "decimal:."]
    if not cells or any(isinstance(cell, str) and re.fullmatch(r"0[0-9]+", cell) for cell in cells):
        return next((word for word in tries[: len(_DATES)] if cells and _all(words.typed(word).decode, cells)), "text")
    return next((word for word in tries if _all(words.typed(word).decode, cells)), "text")


def _all(decode: Any, cells: Iterable[Cell]) -> bool:
    try:
        for cell in cells:
            decode(cell)
    except Unfit:
        return False
    return True


def _quoted(text: str) -> str:
    """A text as TOML has it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    return _quoted(re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", " ", text))
