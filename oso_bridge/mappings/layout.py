"""A mapping, compiled: sheets with columns, each bound to a place of the model, and what has no place.

A mapping has a row for each root, or one for each item of a *main list* of the root, such as the pupils of an
administration.  The items then have a layout of their own, ``Layout.main``, in which an item is the root.  What the
root itself says stands in every row, and a few of those columns, the *group*, tell which rows are of one root.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from oso_bridge.mappings.places import ANYWHERE, EVERY, Steps
from oso_bridge.mappings.words import Cell, Codec, Unfit

EMPTY = "Lege onderdelen"
"""The column that ``all`` gives to a sheet for the parts that are there and hold nothing."""

MOST_NAME = 31
"""The length of the name of a sheet of a workbook."""

MOST_IN_CELL = 32767
"""What a cell of a spreadsheet holds at the most."""

MOST_WIDE = 100_000
"""The width of a record of fixed width at the most."""

ENCODINGS = ("utf-8-sig", "utf-8", "cp1252", "iso-8859-1", "iso-8859-15", "utf-16")
"""The encodings of csv."""

FIXED_ENCODINGS = ("cp1252", "cp850", "ascii", "utf-8")
"""The encodings of files of fixed width."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column and the places of the model that its cells hold.

    Attributes:
        header: What stands above it.
        fields: From the item of a row on, the place of the value; several when a cell is split.
        paths: The same from the root of the model on, for people.
        codec: Between cell and value.
        mark: What parts the values of a cell that is split.
        default: The value of an empty cell.
        when: Other columns and the cell that they must have, for this row of the mapping to hold.
        required: True when a cell may not be empty and the column not absent.
        by_rule: True when ``all`` made it and no row names it.
    """

    header: str
    fields: tuple[Steps, ...]
    paths: tuple[str, ...]
    codec: Codec
    mark: str | None = None
    default: Any = None
    when: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    by_rule: bool = False

    def decode(self, cell: Cell, dates: Codec | None = None) -> tuple[Any, ...]:
        """The value of each field; None where there is none.

        Args:
            cell: What stands there.
            dates: What reads days in the place of the column's own codec.

        Raises:
            Unfit: The cell holds something else.
        """
        if cell is None:
            return (self.default,) * len(self.fields) if self.mark is None else (None,) * len(self.fields)
        if self.mark is None:
            codec = dates if dates and self.codec.name == dates.name and not self.codec.words else self.codec
            return (codec.decode(cell),)
        parts = str(cell).split(self.mark, len(self.fields) - 1)
        values = [self.codec.decode(part) if part else None for part in parts]
        return (*values, *(None,) * (len(self.fields) - len(values)))

    def encode(self, values: tuple[Any, ...]) -> Cell:
        """The cell of the values.

        Raises:
            Unfit: No cell of this column says that.
        """
        if self.mark is None:
            return None if values[0] is None else self.codec.encode(values[0])
        if all(value is None for value in values):
            return None
        texts = ["" if value is None else str(self.codec.encode(value)) for value in values]
        cell = self.mark.join(texts).rstrip(self.mark)
        if self.decode(cell) != values:
            raise Unfit("delen")
        return cell


@dataclass(slots=True)
class Sheet:
    """A table: one row for each item of a list, or for each root.

    Attributes:
        name: What it is called.
        each: The path of its items; empty for the root, ``**.name[]`` for every list of that name.
        item: The part of the model that a row fills; None when an item is a bare value.
        steps: From the item of the sheet above on, the way to the list.
        parent: The sheet whose rows hold the lists; None for the root and for ``**``.
        key: The column in which a row says its own name, to which the rows of other sheets refer.
        place: The column with the place of the part that holds the list, for ``**``.
        owners: The places that may stand there, with ``[]`` for any number.
        empty: The column that names parts that are there and hold nothing.
        only: Fields with the text they have in all items of this sheet; items with another have no row.
        at: For files of fixed width, where each column begins, counted from 0, and how many characters it has.
        columns: The columns that hold values.
        children: The sheets whose rows stand in rows of this one.
        required: True when a source without it cannot be read.
    """

    name: str
    each: str
    item: type[BaseModel] | None
    steps: Steps = ()
    parent: Sheet | None = None
    key: str | None = None
    place: str | None = None
    owners: frozenset[str] = frozenset()
    empty: str | None = None
    only: Mapping[str, str] = field(default_factory=dict)
    at: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    columns: list[Column] = field(default_factory=list)
    children: list[Sheet] = field(default_factory=list)
    required: bool = False

    @property
    def anywhere(self) -> str | None:
        """The name of the lists of ``**``, or None."""
        return self.each[len(ANYWHERE) : -len(EVERY)] if self.each.startswith(ANYWHERE) else None

    @property
    def names_itself(self) -> bool:
        """Whether the key is a column with a value of the model, and not a number made up."""
        return any(column.header == self.key for column in self.columns)

    def holds(self, item: Any) -> bool:
        """Whether an item has a row here."""
        return all(item.get(name) == text for name, text in self.only.items())

    def refers(self, keys: Sequence[str]) -> list[str]:
        """The columns by which a row says whose it is.

        Args:
            keys: Those that name the root, which come first.
        """
        if not self.each:
            return []
        if self.anywhere:
            return [*keys, self.place or "Plaats"]
        assert self.parent is not None  # every other sheet hangs below one  # noqa: S101
        return [*keys, *([self.parent.key or ""] if self.parent.each else [])]

    def headers(self, keys: Sequence[str]) -> list[str]:
        """All columns in their order, each once.

        Args:
            keys: The columns that name the root.
        """
        own = [self.key] if self.key else []
        rest = [self.empty] if self.empty else []
        asked = [name for column in self.columns for name in (*column.when, column.header)]
        return list(dict.fromkeys([*self.refers(keys), *own, *asked, *rest]))


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that the other side has no place for.

    Attributes:
        model: A path; what is below it and bound by no row is lost.
        longer_than: Texts of more characters than this are lost.
        outside: Texts with characters that this encoding does not have are lost.
        empty: Parts that are there and hold nothing are lost.
        why: By language, the reason.
    """

    model: str | None = None
    longer_than: int | None = None
    outside: str | None = None
    empty: bool = False
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Layout:
    """A mapping, compiled.

    Attributes:
        model: The root class.
        shape: ``csv``, ``xlsx``, ``json`` or ``fixed``.
        title: By language, what the mapping is for.
        key: The column that names the root in every sheet; of a main list, its item.
        sheets: The root first, a sheet after the one its rows stand in.
        losses: What is declared lost.
        delimiter: Of csv.
        encoding: Of csv and of files of fixed width, when they are written.
        missing: ``warn`` when a column that a row names should be there, ``allow`` when it may be absent.
        main: The layout of the main list, when there is a row for each of its items; the columns of the root sheet
            then stand in the root sheet of that one.
        whole: Of a main list, the layout of the root that holds it.
        prefix: Of a main list, what stands before its paths to make them paths of the root: ``leerlingen[].``.
        group: With a main list, the columns that tell which rows are of one root.
    """

    model: type[BaseModel]
    shape: str
    title: Mapping[str, str]
    key: str
    sheets: list[Sheet]
    losses: list[Loss]
    delimiter: str = ";"
    encoding: str = "utf-8-sig"
    missing: str = "warn"
    main: Layout | None = None
    whole: Layout | None = None
    prefix: str = ""
    group: tuple[str, ...] = ()

    @property
    def root(self) -> Sheet:
        """The sheet with a row for each root."""
        return self.sheets[0]

    @property
    def listed(self) -> str:
        """The field of the main list, or an empty text."""
        return self.main.prefix.removesuffix(EVERY + ".") if self.main else ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns by which rows of other sheets say which root is theirs."""
        return self.group if self.main else (self.key,)

    def tables(self) -> Iterator[tuple[Layout, Sheet]]:
        """Every table of a source with the layout it belongs to, the first one first."""
        if self.main is None:
            yield from ((self, sheet) for sheet in self.sheets)
        else:
            yield from self.main.tables()
            yield from ((self, sheet) for sheet in self.sheets[1:])

    def headers(self, sheet: Sheet) -> list[str]:
        """All columns of a table in their order."""
        own = sheet.headers(self.keys)
        if self.whole is not None and not sheet.each:
            own = list(dict.fromkeys([*self.whole.group, *own, *self.whole.root.headers(())]))
        return sorted(sheet.at, key=lambda name: sheet.at[name]) if sheet.at else own


def all_headers(layout: Layout) -> dict[str, list[str]]:
    """The columns of each table by its name, the first one first."""
    return {sheet.name: owner.headers(sheet) for owner, sheet in layout.tables()}
