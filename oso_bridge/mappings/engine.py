"""A mapping at work: dossiers into tables, tables into dossiers, and a trial on its own examples."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from oso_bridge.errors import UsageError, choose
from oso_bridge.mappings import outside, words
from oso_bridge.mappings.export import Losses, TableWriter
from oso_bridge.mappings.layout import ENCODINGS, FIXED_ENCODINGS, Layout, all_headers
from oso_bridge.mappings.losses import MappingLoss
from oso_bridge.mappings.notes import Notes
from oso_bridge.mappings.reading import Entry, Read, Reading
from oso_bridge.mappings.shapes.base import SAFE, TableLimits
from oso_bridge.mappings.words import Cell

Path_ = str | os.PathLike[str]


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
        """``csv``, ``xlsx``, ``json`` or ``fixed``."""
        return self.layout.shape

    @property
    def model(self) -> type[BaseModel]:
        """The class that it is for, such as ``Dossier``."""
        return self.layout.model

    def title(self, language: str = "nl") -> str:
        """What the mapping is for, in ``nl`` or ``en``."""
        return str(self.layout.title.get(language, self.name))

    def places(self) -> list[Place]:
        """Where every field stands."""
        whole = self.layout
        tables = [*whole.tables(), *([(whole, whole.root)] if whole.main else [])]
        return [
            Place(layout.prefix + path, sheet.name, column.header, column.codec.name)
            for layout, sheet in tables
            for column in sheet.columns
            for path in column.paths
        ]

    # --- out --------------------------------------------------------------------------------------------------------

    def losses(self, dossiers: Any, *, sensitive: bool = False) -> list[MappingLoss]:
        """What would be lost by an export: the rows are read back and laid beside the dossiers.

        Args:
            dossiers: A dossier, or several.
            sensitive: Whether fields that are sensitive would go along.
        """
        return self.preview(dossiers, sensitive=sensitive).losses

    def preview(self, dossiers: Any, *, sensitive: bool = False) -> Preview:
        """What an export would write, in numbers; nothing is written.

        Args:
            dossiers: A dossier, or several.
            sensitive: Whether fields that are sensitive would go along.
        """
        with self.counter(sensitive=sensitive) as table:
            for dossier in _several(dossiers):
                table.root(dossier)
        return table.preview

    def counter(self, *, sensitive: bool = False) -> TableCounter:
        """What :meth:`preview` does, for models that come one at a time; see :meth:`writer`.

        Args:
            sensitive: Whether fields that are sensitive would go along.
        """
        return TableCounter(self.name, self.layout, sensitive)

    def export(
        self, dossiers: Any, target: Path_, *, losses: Losses = "refuse", sensitive: bool = False
    ) -> list[MappingLoss]:
        """Write dossiers into tables.

        All is put in place at the end: when anything goes wrong, what was there before is still there.

        Args:
            dossiers: A dossier, or any number of them; they are taken one at a time. For a mapping of another model,
                such as ``Schooladministratie``, that.
            target: The file; for csv also a folder that exists. Other sheets of csv become files beside it. For
                files of fixed width the folder, which is made.
            losses: With ``refuse`` nothing is written when something would be lost that the mapping does not declare.
            sensitive: Whether fields go along that the model calls sensitive, such as the bsn of a pupil of an
                administration.

        Returns:
            What was lost, declared or not, and what was left out as sensitive.

        Raises:
            OSError: A file cannot be written.
            UsageError: A dossier is of another class, or does not fill the column that names it.
            WouldLose: Something would be lost that the mapping does not declare.
        """
        with self.writer(target, losses=losses, sensitive=sensitive) as table:
            for dossier in _several(dossiers):
                table.root(dossier)
        return table.losses

    def writer(
        self, target: Path_, *, root: Any = None, losses: Losses = "refuse", sensitive: bool = False
    ) -> TableWriter:
        """What :meth:`export` does, for models that come one at a time.

        Args:
            target: As for :meth:`export`.
            root: With a main list, what holds it: ``with m.writer("uit.csv", root=administratie) as table``, and then
                ``table.write(leerling)`` for each pupil.
            losses: As for :meth:`export`.
            sensitive: As for :meth:`export`.

        Raises:
            OSError: A file cannot be written.
            UsageError: The root is of another class.
        """
        made = outside.writer(self.layout, Path(target))
        table = TableWriter(self.name, self.layout, made, outside.holds(self.layout), losses, sensitive)
        if root is not None:
            try:
                table.root(root)
            except BaseException:
                made.abort()
                raise
        return table

    def files(self, target: Path_) -> list[Path]:
        """The files that an export to a target may write.

        Args:
            target: As for :meth:`export`.
        """
        return outside.files(self.layout, Path(target))

    # --- in ---------------------------------------------------------------------------------------------------------

    def read(
        self,
        source: Path_,
        *,
        encoding: str | None = None,
        date_form: str | None = None,
        show_values: bool = False,
        limits: TableLimits | None = None,
    ) -> Read:
        """Read tables into dossiers.

        A row that is wrong becomes a finding with its file, sheet, line and column; the good rows are kept.

        Args:
            source: The file of the first sheet; for csv and files of fixed width also a folder with all of them.
            encoding: That of csv or files of fixed width; when left out, what the bytes say.
            date_form: How days are written, such as ``dd-mm-yyyy``; when left out, what the mapping says.
            show_values: Put the values concerned into the findings.
            limits: How large the tables may be; safe limits when left out.

        Returns:
            The dossiers, and the report: ``MAP`` is the group of its findings.

        Raises:
            OSError: The source cannot be read.
            UsageError: The source is no path, or the encoding or the form of dates is none that can be used.
        """
        reading = self.stream(source, encoding=encoding, date_form=date_form, show_values=show_values, limits=limits)
        return Read(list(reading), reading.report)

    def stream(
        self,
        source: Path_,
        *,
        encoding: str | None = None,
        date_form: str | None = None,
        show_values: bool = False,
        limits: TableLimits | None = None,
    ) -> Reading:
        """The same as :meth:`read`, one at a time, for tables that do not fit in memory.

        A mapping with a main list has ``.items()``: the pupils of an administration one at a time.
        """
        dates = words.date_codec(date_form) if date_form is not None else None
        path, bounds = self._source(source, encoding), limits or SAFE
        reader = outside.reader(self.layout, path, encoding, bounds)
        return Reading(self.layout, reader, Notes(str(path), bounds.max_findings, show_values), dates)

    def _source(self, source: Path_, encoding: str | None) -> Path:
        if not isinstance(source, (str, os.PathLike)):
            raise UsageError("Tables are read from a path.", remedy="Save them in a file first.")
        known = FIXED_ENCODINGS if self.shape == "fixed" else ENCODINGS
        if encoding is not None and encoding not in known:
            raise UsageError(f"There is no encoding {encoding!r} here.", remedy=choose(encoding, known))
        path = Path(source)
        if not path.is_dir():
            path.open("rb").close()  # says what the system has against it
        elif self.shape not in outside.FOLDERS:
            raise UsageError("The source is a folder.", where=str(path), remedy=f"Name a file: x.{self.shape}.")
        return path

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


class _Counts:
    """A target that counts, and writes nothing."""

    def __init__(self, headers: dict[str, list[str]]) -> None:
        self.headers = headers
        self.rows: Counter[str] = Counter()
        self.cells: Counter[tuple[str, str]] = Counter()

    def row(self, sheet: str, cells: Sequence[tuple[Cell, bool]]) -> None:
        self.rows[sheet] += 1
        named = zip(self.headers[sheet], cells, strict=True)
        self.cells.update((sheet, header) for header, (cell, _) in named if cell is not None)

    def commit(self) -> list[str]:
        return []

    def abort(self) -> None:
        pass


class TableCounter(TableWriter):
    """A :class:`TableWriter` that writes nothing, and says what it would write.

    Args:
        name: What the mapping is called.
        layout: The mapping.
        sensitive: Whether fields that are sensitive go along.
    """

    def __init__(self, name: str, layout: Layout, sensitive: bool = False) -> None:
        self._counts = _Counts(all_headers(layout))
        super().__init__(name, layout, self._counts, outside.holds(layout), "allow", sensitive)

    @property
    def preview(self) -> Preview:
        """What would be written; complete behind the ``with`` block."""
        return Preview(dict(self._counts.rows), dict(self._counts.cells), self.losses)


def _several(dossiers: Any) -> Iterable[Any]:
    return [dossiers] if isinstance(dossiers, BaseModel) else dossiers


__all__ = ["Entry", "Mapping", "Place", "Preview", "Read", "Reading", "TableCounter", "TableWriter"]
