"""A mapping at work: dossiers into tables, tables into dossiers, and a trial on its own examples."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel

from oso_bridge.errors import UsageError, WouldLose, choose
from oso_bridge.mappings.build import Built, MappingLoss, build, differences, judged
from oso_bridge.mappings.gather import Gathering, Item, assemble, validated
from oso_bridge.mappings.notes import Notes
from oso_bridge.mappings.places import Tree, tree_of
from oso_bridge.mappings.rows import ENCODINGS, Layout, Sheet
from oso_bridge.mappings.shapes.base import SAFE, Reader, TableLimits, Writer
from oso_bridge.mappings.words import Cell
from oso_bridge.report import Report

Path_ = str | os.PathLike[str]


class Read(NamedTuple):
    """What came out of tables: the dossiers that are good, and the report on everything."""

    dossiers: list[Any]
    report: Report


class Place(NamedTuple):
    """Where a field of the model stands: in which sheet and column, as what type of cell."""

    model: str
    sheet: str
    column: str
    type: str


class Preview(NamedTuple):
    """What an export would write: the rows of each sheet, the filled cells of each column, and what is lost."""

    rows: dict[str, int]
    cells: dict[tuple[str, str], int]
    losses: list[MappingLoss]


class Reading:
    """Dossiers out of tables, one at a time; the report is complete when all were taken.

    Args:
        layout: The mapping.
        reader: The source, which is closed at the end.
        notes: What is noticed.
    """

    def __init__(self, layout: Layout, reader: Reader, notes: Notes) -> None:
        self._layout, self._reader, self._notes = layout, reader, notes

    def __iter__(self) -> Iterator[Any]:
        """The dossiers in the order of the root sheet."""
        try:
            for _, tree, assembly, item in Gathering(self._layout, self._reader, self._notes).trees():
                made = None if tree is None else validated(self._layout.model, tree, assembly, item)
                if made is not None:
                    yield made
        finally:
            self._reader.close()

    @property
    def report(self) -> Report:
        """What was noticed so far."""
        return self._notes.report()


@dataclass(frozen=True, slots=True)
class Mapping:
    """A two-way table between a model and an outside shape.

    Attributes:
        name: What it is called.
        folder: Where its ``mapping.toml`` and its examples stand.
        layout: The mapping, compiled.
    """

    name: str
    folder: Path
    layout: Layout

    def __repr__(self) -> str:
        return f"Mapping({self.name!r}, {self.layout.shape})"

    @property
    def shape(self) -> str:
        """``csv``, ``xlsx`` or ``json``."""
        return self.layout.shape

    def title(self, language: str = "nl") -> str:
        """What the mapping is for, in ``nl`` or ``en``."""
        return str(self.layout.title.get(language, self.name))

    def places(self) -> list[Place]:
        """Where every field stands."""
        return [
            Place(path, sheet.name, column.header, column.codec.name)
            for sheet in self.layout.sheets
            for column in sheet.columns
            for path in column.paths
        ]

    # --- out --------------------------------------------------------------------------------------------------------

    def losses(self, dossiers: Any) -> list[MappingLoss]:
        """What would be lost by an export: the rows are read back and laid beside the dossiers.

        Args:
            dossiers: A dossier, or several.
        """
        return self.preview(dossiers).losses

    def preview(self, dossiers: Any) -> Preview:
        """What an export would write, in numbers; nothing is written.

        Args:
            dossiers: A dossier, or several.
        """
        found = Preview({}, {}, [])
        for built, lost in self._built(dossiers, _Measure(self.shape, self.layout.encoding)):
            found.losses.extend(lost)
            for sheet, cells in built.rows:
                found.rows[sheet.name] = found.rows.get(sheet.name, 0) + 1
                for header in _filled(cells):
                    place = sheet.name, header
                    found.cells[place] = found.cells.get(place, 0) + 1
        return found

    def export(
        self, dossiers: Any, target: Path_, *, losses: Literal["refuse", "allow"] = "refuse"
    ) -> list[MappingLoss]:
        """Write dossiers into tables.

        All is put in place at the end: when anything goes wrong, what was there before is still there.

        Args:
            dossiers: A dossier, or any number of them; they are taken one at a time.
            target: The file; for csv also a folder that exists. Other sheets of csv become files beside it.
            losses: With ``refuse`` nothing is written when something would be lost that the mapping does not declare.

        Returns:
            What was lost, declared or not.

        Raises:
            OSError: A file cannot be written.
            UsageError: A dossier is of another class, or does not fill the column that names it.
            WouldLose: Something would be lost that the mapping does not declare.
        """
        if losses not in ("refuse", "allow"):
            raise UsageError(f"losses is {losses!r}.", remedy=choose(str(losses), ("refuse", "allow")))
        writer = self._writer(Path(target))
        try:
            found = self._write(dossiers, writer)
            missed = [loss for loss in found if not loss.declared]
            if missed and losses == "refuse":
                raise WouldLose(missed, of="table")
            writer.commit()
        except BaseException:
            writer.abort()
            raise
        return found

    def _write(self, dossiers: Any, writer: Writer) -> list[MappingLoss]:
        headers = {sheet.name: sheet.headers(self.layout.key) for sheet in self.layout.sheets}
        words = {sheet.name: _plain_columns(sheet) for sheet in self.layout.sheets}
        found: list[MappingLoss] = []
        for built, lost in self._built(dossiers, writer):
            found += lost
            for sheet, cells in built.rows:
                plain = words[sheet.name]
                writer.row(sheet.name, [(cells.get(name), name not in plain) for name in headers[sheet.name]])
        return found

    def _built(self, dossiers: Any, writer: Writer | _Measure) -> Iterator[tuple[Built, list[MappingLoss]]]:
        """The rows of each dossier, and what is lost in them."""
        met: set[str] = set()
        for number, dossier in enumerate(self._each(dossiers), start=1):
            tree = tree_of(dossier)
            built = build(self.layout, tree, number, writer.holds)
            if built.key in met:
                raise UsageError(
                    "Two dossiers have the same value for the column that names the pupil.",
                    where=self.layout.key,
                    remedy="Write them into different tables.",
                )
            met.add(built.key)
            back = self._back(built)
            yield built, list(judged(self.layout, differences(self.layout, tree, back), built, number))

    def _back(self, built: Built) -> Tree:
        """The tree of rows that were built: what the other side would give back."""
        ordered = sorted(built.rows, key=lambda row: self._rank[row[0].each])
        tree = assemble(self.layout, [Item(sheet, None, _filled(cells)) for sheet, cells in ordered], None)
        return tree or {}

    @property
    def _rank(self) -> dict[str, int]:
        return {sheet.each: number for number, sheet in enumerate(self.layout.sheets)}

    def _each(self, dossiers: Any) -> Iterable[BaseModel]:
        if isinstance(dossiers, BaseModel):
            dossiers = [dossiers]
        for dossier in dossiers:
            if not isinstance(dossier, self.layout.model):
                raise UsageError(
                    f"The mapping {self.name} is for {self.layout.model.__name__}, not {type(dossier).__name__}.",
                    remedy="Give the model itself: oso.read(...).dossier().",
                )
            yield dossier

    def _writer(self, target: Path) -> Writer:
        sheets = {sheet.name: sheet.headers(self.layout.key) for sheet in self.layout.sheets}
        if self.shape == "csv":
            from oso_bridge.mappings.shapes.csv import CsvWriter

            return CsvWriter(target, sheets, self.layout.delimiter, self.layout.encoding)
        if target.is_dir():
            raise UsageError("The target is a folder.", where=str(target), remedy=f"Name a file: x.{self.shape}.")
        if self.shape == "xlsx":
            from oso_bridge.mappings.shapes.xlsx import XlsxWriter

            return XlsxWriter(target, sheets)
        from oso_bridge.mappings.shapes.json import JsonWriter

        return JsonWriter(target, sheets)

    # --- in ---------------------------------------------------------------------------------------------------------

    def read(
        self,
        source: Path_,
        *,
        encoding: str | None = None,
        show_values: bool = False,
        limits: TableLimits | None = None,
    ) -> Read:
        """Read tables into dossiers.

        A row that is wrong becomes a finding with its file, sheet, line and column; the good rows are kept.

        Args:
            source: The file of the root sheet; for csv also a folder with a file for each sheet.
            encoding: That of csv; when left out, what the bytes say.
            show_values: Put the values concerned into the findings.
            limits: How large the tables may be; safe limits when left out.

        Returns:
            The dossiers, and the report: ``MAP`` is the group of its findings.

        Raises:
            OSError: The source cannot be read.
            UsageError: The source is no path, or the encoding is none that can be used.
        """
        reading = self.stream(source, encoding=encoding, show_values=show_values, limits=limits)
        return Read(list(reading), reading.report)

    def stream(
        self,
        source: Path_,
        *,
        encoding: str | None = None,
        show_values: bool = False,
        limits: TableLimits | None = None,
    ) -> Reading:
        """The same as :meth:`read`, one dossier at a time, for tables that do not fit in memory."""
        if not isinstance(source, (str, os.PathLike)):
            raise UsageError("Tables are read from a path.", remedy="Save them in a file first.")
        if encoding is not None and encoding not in ENCODINGS:
            raise UsageError(f"There is no encoding {encoding!r} here.", remedy=choose(encoding, ENCODINGS))
        path = Path(source)
        if not path.is_dir():
            path.open("rb").close()  # says what the system has against it
        elif self.shape != "csv":
            raise UsageError("The source is a folder.", where=str(path), remedy=f"Name a file: x.{self.shape}.")
        bounds = limits or SAFE
        reader = self._reader(path, encoding, bounds)
        return Reading(self.layout, reader, Notes(str(path), bounds.max_findings, show_values))

    def _reader(self, path: Path, encoding: str | None, limits: TableLimits) -> Reader:
        names = [sheet.name for sheet in self.layout.sheets]
        if self.shape == "csv":
            from oso_bridge.mappings.shapes.csv import CsvReader

            headers = set(self.layout.root.headers(self.layout.key))
            own = None if self.layout.encoding.startswith("utf") else self.layout.encoding
            return CsvReader(path, names, headers, self.layout.delimiter, encoding, own, limits)
        if self.shape == "xlsx":
            from oso_bridge.mappings.shapes.xlsx import XlsxReader

            return XlsxReader(path, names, limits)
        from oso_bridge.mappings.shapes.json import JsonReader

        return JsonReader(path, names, limits)

    # --- trial ------------------------------------------------------------------------------------------------------

    def test(self) -> list[str]:
        """Try the mapping on the examples in its folder, there and back.

        ``voorbeeld.json`` holds a dossier or a list of them; ``voorbeeld.csv`` or the like is what they become. From
        the dossiers the very cells must come, and from the cells the dossiers, less what the mapping says it loses.

        Returns:
            What went wrong; nothing when all is well.
        """
        from oso_bridge.mappings.trial import trial

        return trial(self)


class _Measure:
    """Says what a cell can hold, without writing."""

    def __init__(self, shape: str, encoding: str) -> None:
        self.shape, self.encoding = shape, encoding

    def holds(self, cell: Cell) -> bool:
        if self.shape == "csv":
            try:
                str(cell).encode(self.encoding)
            except UnicodeEncodeError:
                return False
        if self.shape == "xlsx" and isinstance(cell, str):
            from oso_bridge.mappings.shapes.xlsx import fits

            return fits(cell)
        return True


def _filled(cells: dict[str, Cell]) -> dict[str, Cell]:
    return {name: cell for name, cell in cells.items() if cell is not None}


def _plain_columns(sheet: Sheet) -> frozenset[str]:
    """The columns whose cells no spreadsheet can take for a formula."""
    return frozenset(column.header for column in sheet.columns if not column.codec.words and column.mark is None)


__all__ = ["Mapping", "Place", "Preview", "Read", "Reading"]
