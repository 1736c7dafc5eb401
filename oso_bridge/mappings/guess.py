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
    from oso_bridge.mappings.layout import Sheet

_ROWS = 200
_DATES = ("%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d%m%Y", "%Y%m%d")
_TRUTHS = ("J/N", "ja/nee", "true/false", "1/0", "waar/onwaar", "Y/N")
_OTHER_WORDS = {
    "voornaam": "voornamen", "geboren": "geboortedatum", "sekse": "geslacht", "tussenvoegsel": "voorvoegsel",
    "burgerservicenummer": "bsn", "sofinummer": "bsn", "leerlingnr": "leerlingnummer", "stamnummer": "leerlingnummer",
    "naam": "achternaam", "voorvoegsels": "voorvoegsel", "gebdatum": "geboortedatum", "mv": "geslacht",
    "gebplaats": "geboorteplaats", "brin": "brincode", "brinnummer": "brincode", "dependance": "vestigingscode",
    "dependancecode": "vestigingscode", "instroomdatum": "datuminschrijving", "inschrijfdatum": "datuminschrijving",
    "uitstroomdatum": "datumuitschrijving", "uitschrijfdatum": "datumuitschrijving",
}  # fmt: skip
"""What schools and vendors call a column that has another name here."""
_SEXES = (
    {"M": "2", "V": "1"}, {"m": "2", "v": "1"}, {"J": "2", "M": "1"}, {"j": "2", "m": "1"},
    {"man": "2", "vrouw": "1"}, {"jongen": "2", "meisje": "1"},
)  # fmt: skip
"""How a sex is written, and the code that the model has for it."""
_KEPT = {"leerlingen[].groep": "groepen[]", "leerlingen[].vestiging": "vestigingen[]"}
"""Fields that hold a key, and the list that the key must be in."""
_NEEDED = {"soort": 'default = "stamgroep"\n', "sleutel": "", "naam": "", "jaargroep": ""}
"""The fields that such a list is begun with, each with what else its row says."""


@dataclass(slots=True)
class _Page:
    """A sheet of a sample: its headers, and the cells below each."""

    name: str
    headers: list[str]
    cells: list[list[Cell]] = field(default_factory=list)


FULL = {"Dossier": "oso-csv", "Schooladministratie": "administratie-csv", "Leerresultaten": "leerresultaten-csv"}
"""The mapping with every field of a model."""


def skeleton(sample: Path, full: Mapping, encoding: str | None = None) -> str:
    """The text of a first mapping.

    Args:
        sample: A csv or xlsx file.
        full: A mapping with every field, one of `FULL`, whose columns say what fields are called.
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
    return "\n".join([*_head(shape, pages[0], full), *dialect, *_body(pages, full)]) + "\n"


def _key(page: _Page, full: Mapping) -> str:
    """The column that names the pupil: the one with the number of the school, when there is one."""
    known = _names("", full)
    return next((name for name in page.headers if _field(known, name).endswith(".leerlingid")), "Leerling")


def _field(known: dict[str, str], header: str) -> str:
    """The path of the field that a header means; an empty text when there is none."""
    name = _bare(header)
    return known.get(name) or known.get(_OTHER_WORDS.get(name, ""), "")


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


def _head(shape: str, page: _Page, full: Mapping) -> Iterator[str]:
    yield "# Guessed from a sample. See to every row: the path of the model, the type, and what is commented out."
    yield f'model = "{full.model.__name__}"'
    yield f"shape = {_quoted(shape)}"
    if full.layout.main:
        known = _names("", full)
        rooted = {column.paths[0] for column in full.layout.root.columns if column.header in full.layout.group}
        told = [name for name in page.headers if _field(known, name) in rooted]
        yield f"rows = {_quoted(full.layout.main.prefix.removesuffix('.'))}"
        yield f"group = {json.dumps(told, ensure_ascii=False)}  # the columns that tell which rows are of one whole"
    yield f"key = {_quoted(_key(page, full))}  # the column that names the pupil, in every sheet"
    yield 'title.nl = ""'
    yield 'title.en = ""'
    yield ""


def _body(pages: list[_Page], full: Mapping) -> Iterator[str]:
    for number, page in enumerate(pages):
        each = "" if number == 0 else _list_of(page.name, full)
        listed = full.layout.main.prefix.removesuffix(".") if full.layout.main and each == "" else each
        if each is None:
            yield f"# The sheet {_comment(page.name)} is no list that could be guessed:"
            yield '# [[sheet]] name = "...", each = "..."'
            yield ""
            continue
        yield "[[sheet]]"
        yield f"name = {_quoted(page.name[:31])}"
        yield f"each = {_quoted(str(listed))}"
        yield ""
        yield from _rows(page, each, full)
    yield from _year(pages[0], full)
    yield from _kept(pages, full)
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


def _year(page: _Page, full: Mapping) -> Iterator[str]:
    """A row for the school year, for a table that does not say it; only dossiers do without."""
    known = _names("", full)
    if full.layout.main and all(_field(known, header) != "schooljaar" for header in page.headers):
        yield "# No column says which school year this is. Say it here, and take the marks away:"
        yield '# [[row]]\n# model = "schooljaar"\n# column = "Schooljaar"\n# default = "2024-2025"\n'


def _kept(pages: list[_Page], full: Mapping) -> Iterator[str]:
    """Sheets for the keys that the pupils name, where the sample has none."""
    known = _names("", full)
    there = {_list_of(page.name, full) for page in pages[1:]}
    named = {_field(known, header) for header in pages[0].headers}
    for path, each in _KEPT.items():
        if path not in named or each in there:
            continue
        sheet = next(sheet for place, sheet in _lists(full) if place == each)
        yield f"# {path} holds a key: what it names is to be found in a sheet beside the first one."
        yield f'[[sheet]]\nname = {_quoted(sheet.name)}\neach = "{each}"\n'
        yield from _begun(sheet)


def _begun(sheet: Sheet) -> Iterator[str]:
    """Rows for the fields that a list of what pupils name cannot do without."""
    for column in sheet.columns:
        more = _NEEDED.get(column.paths[0].rpartition(".")[2])
        if more is not None:
            row = f'[[row]]\nmodel = "{column.paths[0]}"\nsheet = {_quoted(sheet.name)}\n'
            yield f"{row}column = {_quoted(column.header)}\n{more}"


def _rows(page: _Page, each: str, full: Mapping) -> Iterator[str]:
    known, taken = _names(each, full), set[str]()
    for header, cells in zip(page.headers, page.cells, strict=True):
        path = _field(known, header)
        if not header:
            continue
        kind = _type(cells)
        if not path or path in taken or page.headers.count(header) > 1:
            yield f"# The column {_comment(header)} ({kind}):"
            yield '# [[row]] model = "..."'
            yield ""
            continue
        taken.add(path)
        yield "[[row]]"
        yield f"model = {_quoted(path)}"
        if each and full.layout.main:
            yield f"sheet = {_quoted(page.name[:31])}"
        yield f"column = {_quoted(header)}"
        yield from _typed(path, kind, cells, full)
        yield ""


def _typed(path: str, kind: str, cells: list[Cell], full: Mapping) -> Iterator[str]:
    """The words for the type, where the field has one and the cells look like it."""
    last = resolve(path.replace("**.", ""), full.layout.model)[-1].kind
    if last.several:
        yield 'join = ", "' if any("," in str(cell) for cell in cells) else 'join = " "'
    sexes = [pair for pair in _SEXES if cells and path.endswith(".geslacht") and set(cells) <= pair.keys()]
    if len(sexes) == 1:
        yield "values = { " + ", ".join(f'{word} = "{code}"' for word, code in sexes[0].items()) + " }"
    usual = words.usual(last)
    if kind.partition(":")[0] == usual and usual != "text":
        yield f"type = {_quoted(kind)}"
    elif usual != "text" and kind != "text":
        yield f"# The cells look like {kind}, the field holds {usual}."


def _lists(full: Mapping) -> Iterator[tuple[str, Sheet]]:
    """The sheets that are for a list, with the path of that list from the root."""
    for owner, sheet in full.layout.tables():
        if sheet.each and not sheet.anywhere:
            yield owner.prefix + sheet.each, sheet


def _list_of(name: str, full: Mapping) -> str | None:
    """The list that a sheet is for, by its name."""
    for each, sheet in _lists(full):
        if _bare(name) in (_bare(sheet.name), _bare(each.rpartition(".")[2])):
            return each
    return None


def _names(each: str, full: Mapping) -> dict[str, str]:
    """The fields of the rows of a sheet by what they may be called, the surest name first."""
    found: dict[str, str] = {}
    for prefix, sheet in _sheets(each, full):
        for column in sheet.columns:
            found.setdefault(_bare(column.header), prefix + column.paths[0])
        for column in sheet.columns:
            path = prefix + column.paths[0]
            if each or path.startswith(("leerling.", "leerlingen[].", "afnames[].")):
                found.setdefault(_bare(path.removesuffix(EVERY).rpartition(".")[2]), path)
    return found


def _sheets(each: str, full: Mapping) -> Iterator[tuple[str, Sheet]]:
    """The sheets whose fields may stand in a row, with the path that theirs begin with; those of the root last."""
    if each:
        yield from ((owner.prefix, sheet) for owner, sheet in full.layout.tables() if owner.prefix + sheet.each == each)
        return
    if full.layout.main:
        yield full.layout.main.prefix, full.layout.main.root
    yield "", full.layout.root


def _bare(name: str) -> str:
    """A name without capitals, accents and marks."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.lower())


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
