"""From the sheets of a source to the rows of each root, put together by their keys.

The keys are looked at first.  A sheet whose rows follow the order of the roots is then read along with them; only one
in another order is kept in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from oso_bridge.findings import Severity
from oso_bridge.mappings.assembly import Assembly, Item, named, plain
from oso_bridge.mappings.layout import Layout, Sheet
from oso_bridge.mappings.notes import Notes
from oso_bridge.mappings.places import Tree
from oso_bridge.mappings.shapes.base import Reader, Row
from oso_bridge.mappings.words import Codec


@dataclass(slots=True)
class Head:
    """The headers of a sheet as they stand in a source.

    Attributes:
        sheet: What the mapping knows of it.
        names: The header of each column; None for one that the mapping does not know.
        usable: False when the sheet cannot be read.
    """

    sheet: Sheet
    names: list[str | None] = field(default_factory=list)
    usable: bool = True


class Pages:
    """The sheets of a source: their headers, looked at once, and their rows.

    Args:
        layout: The mapping.
        sheets: Those of its sheets that are read here.
        reader: The source.
        notes: Where findings go.
    """

    def __init__(self, layout: Layout, sheets: Sequence[Sheet], reader: Reader, notes: Notes) -> None:
        self.layout, self.reader, self.notes = layout, reader, notes
        self.noted: set[tuple[str, str]] = set()
        self.heads = {sheet.each: head for sheet in sheets if (head := self._head(sheet)) is not None}

    def _file(self, sheet: str) -> str:
        return self.reader.file(sheet)

    def _tell(self, kind: str, sheet: Sheet, severity: Severity = Severity.ERROR, **more: Any) -> None:
        self.notes.add(kind, severity, file=self._file(sheet.name), sheet=sheet.name, **more)

    def _has(self, sheet: Sheet, header: str | None) -> bool:
        head = self.heads.get(sheet.each)
        return head is not None and header in head.names

    # --- headers ----------------------------------------------------------------------------------------------------

    def _head(self, sheet: Sheet) -> Head | None:
        """The headers of a sheet, or None when there is no such sheet."""
        if not self.reader.has(sheet.name):
            if not sheet.each or sheet.required:
                self._tell("blad-ontbreekt", sheet)
            return None
        row = next(iter(self.reader.rows(sheet.name)), None)
        head = Head(sheet)
        if row is None or row.fault:
            self._tell(row.fault if row and row.fault else "leeg", sheet, line=row.line if row else None)
            head.usable = False
            return head
        self._names(head, row)
        if not any(head.names):
            self._tell("kolom-geen", sheet, line=row.line)
            head.usable = False
        else:
            self._missing(head)
        return head

    def _names(self, head: Head, row: Row) -> None:
        known = set(self.layout.headers(head.sheet))
        for number, cell in enumerate(row.cells, start=1):
            name = plain(cell)
            if name is not None and name in known:
                if name in head.names:
                    self._tell("kolom-dubbel", head.sheet, line=row.line, column=name)
                    head.usable = False
                head.names.append(name)
                continue
            head.names.append(None)
            if name is not None:
                self._tell("kolom-onbekend", head.sheet, Severity.WARNING, line=row.line, column=number, value=name)

    def _missing(self, head: Head) -> None:
        sheet = head.sheet
        for name in sheet.refers(() if self.layout.main else self.layout.keys):
            if name not in head.names:
                self._tell("kolom-ontbreekt", sheet, line=1, column=name)
                head.usable = False
        for column in sheet.columns:
            if column.header in head.names or column.by_rule:
                continue
            path = self.layout.prefix + column.paths[0]
            if column.required:
                self._tell("kolom-ontbreekt", sheet, line=1, column=column.header, path=path)
                head.usable = False
            elif self.layout.missing == "warn":
                self._tell("kolom-ontbreekt", sheet, Severity.WARNING, line=1, column=column.header, path=path)

    # --- rows -------------------------------------------------------------------------------------------------------

    def _rows(self, sheet: Sheet, tell: bool) -> Iterator[Item]:
        """The rows of a sheet below its headers."""
        head = self.heads.get(sheet.each)
        if head is None or not head.usable:
            return
        rows = iter(self.reader.rows(sheet.name))
        next(rows, None)
        for row in rows:
            yield self._row(head, row, tell)

    def _row(self, head: Head, row: Row, tell: bool) -> Item:
        fault, column = row.fault, row.column
        if fault is None and len(row.cells) > len(head.names):
            fault = "cellen"
        if fault is None and len(row.cells) < len(head.names) and self.layout.shape == "csv":
            fault = "cellen"
        if fault is not None:
            if tell:
                self._tell(fault, head.sheet, line=row.line, column=column)
            # of a row in which cells may have shifted nothing is certain, not even whose it is
            cells = row.cells if fault == "codering" else ()
            return Item(head.sheet, row.line, named(head.names, cells), True)
        if row.note is not None and tell and (head.sheet.name, row.note) not in self.noted:
            self.noted.add((head.sheet.name, row.note))
            self._tell(row.note, head.sheet, Severity.WARNING, line=row.line)
        return Item(head.sheet, row.line, named(head.names, row.cells))


class Gathering(Pages):
    """Reads the roots of a source, or the items of a main list, one after another.

    Args:
        layout: The mapping.
        reader: The source.
        notes: Where findings go.
        dates: What reads days in the place of the codecs of the mapping.
    """

    def __init__(self, layout: Layout, reader: Reader, notes: Notes, dates: Codec | None = None) -> None:
        super().__init__(layout, layout.sheets, reader, notes)
        self.dates = dates
        self.order: dict[str, int] = {}
        self.gaps: set[str] = set()
        self.keyed = self._has(layout.root, layout.key)
        self.own = frozenset(layout.root.headers(layout.keys))
        # when no other sheet refers to the rows, those of two roots may have the same key
        self.scope = layout.whole.group if layout.whole and len(self.heads) < 2 else ()

    def _key(self, item: Item) -> str | None:
        return plain(item.cells.get(self.layout.key))

    def trees(self) -> Iterator[tuple[Item, Tree | None, Assembly]]:
        """The row and the tree of each root, in the order of the file; None for one that is wrong, or is not there."""
        for kind, name, args in self.reader.notes():
            self.notes.add(kind, Severity.INFO, file=self._file(name), sheet=name, line=None, **args)
        if self.reader.strangers():
            self.notes.add("blad-onbekend", Severity.WARNING, aantal=str(self.reader.strangers()))
        self._look()
        below = [_Cursor(self, sheet) for sheet in self.layout.sheets[1:] if sheet.each in self.heads]
        met: dict[tuple[str | None, ...], set[str]] = {}
        for item in self._rows(self.layout.root, tell=True):
            assembly = Assembly(self.layout, self.notes, self.reader.file, self.gaps, self.dates)
            if not item.fault and self.layout.whole is not None and not self.own & item.cells.keys():
                yield item, None, assembly  # says something of the whole, and has no item
            elif not item.fault and self._is_new(item, met):
                key = self._key(item)
                rows = [row for cursor in below for row in (cursor.take(key) if key is not None else ())]
                yield item, assembly.tree([item, *rows]), assembly
        for cursor in below:
            cursor.rest()

    def _is_new(self, item: Item, met: dict[tuple[str | None, ...], set[str]]) -> bool:
        if not self.keyed:
            return True
        key = self._key(item)
        if key is None:
            self._tell("sleutel-leeg", item.sheet, line=item.line, column=self.layout.key)
            return False
        others = met.setdefault(tuple(plain(item.cells.get(name)) for name in self.scope), set())
        if key in others:
            self._tell("sleutel-dubbel", item.sheet, line=item.line, column=self.layout.key)
            return False
        others.add(key)
        return True

    def _look(self) -> None:
        """The order of the roots, when other sheets refer to them."""
        if len(self.heads) < 2:
            return
        if not self.keyed and (head := self.heads.get("")) is not None and head.usable:
            self._tell("kolom-ontbreekt", self.layout.root, line=1, column=self.layout.key)
        for item in self._rows(self.layout.root, tell=False):
            key = self._key(item)
            if key is not None:
                self.order.setdefault(key, len(self.order))


class _Cursor:
    """The rows of a sheet, handed out root by root."""

    def __init__(self, all_: Gathering, sheet: Sheet) -> None:
        self.all, self.sheet = all_, sheet
        self.index: dict[str, list[Item]] | None = None
        self.rows: Iterator[Item] = iter(())
        self.ahead: Item | None = None
        if self._is_sorted():
            self.rows = all_._rows(sheet, tell=True)
            self._next()
        else:
            self.index = self._indexed()

    def _is_sorted(self) -> bool:
        last, follows = -1, True
        for item in self.all._rows(self.sheet, tell=False):
            at = self.all.order.get(self.all._key(item) or "")
            if at is not None:
                follows &= at >= last
                last = at
            elif item.fault:
                self.all.gaps.add(self.sheet.each)
        return follows

    def _indexed(self) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for item in self.all._rows(self.sheet, tell=True):
            if self._is_known(item):
                found.setdefault(self.all._key(item) or "", []).append(item)
        return found

    def _is_known(self, item: Item) -> bool:
        """Whether a row is of a root that there is; of some that are broken that cannot be told."""
        if (self.all._key(item) or "") in self.all.order:
            return True
        if item.fault:
            return False
        self.all._tell("verwijzing", self.sheet, line=item.line, column=self.all.layout.key)
        return False

    def _next(self) -> None:
        self.ahead = next((item for item in self.rows if self._is_known(item)), None)

    def take(self, key: str) -> list[Item]:
        """The rows of a root."""
        if self.index is not None:
            return self.index.pop(key, [])
        found: list[Item] = []
        order = self.all.order
        while self.ahead is not None and order[self.all._key(self.ahead) or ""] <= order[key]:
            if self.all._key(self.ahead) == key:
                found.append(self.ahead)
            self._next()
        return found

    def rest(self) -> None:
        """Read what is left, for what may be wrong with it."""
        while self.ahead is not None:
            self._next()
