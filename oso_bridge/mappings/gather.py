"""From rows to trees: what stands in the sheets, put together by their keys, root by root.

The keys are looked at first.  A sheet whose rows follow the order of the roots is then read along with them; only one
in another order is kept in memory.  A row that is wrong is a finding; the others are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from oso_bridge import catalog
from oso_bridge.errors import FieldError
from oso_bridge.findings import Severity
from oso_bridge.mappings.build import Cells
from oso_bridge.mappings.notes import Notes
from oso_bridge.mappings.places import EVERY, Dropped, Step, Tree, follow, generic, parts_below, put, settle, shown
from oso_bridge.mappings.rows import Column, Layout, Sheet
from oso_bridge.mappings.shapes.base import Reader, Row
from oso_bridge.mappings.words import Cell, Unfit


@dataclass(slots=True)
class Item:
    """A row on its way into a tree.

    Attributes:
        sheet: The sheet it is in.
        line: Where.
        cells: By header; empty ones are absent.
        fault: True when it was found wrong before.
    """

    sheet: Sheet
    line: int | None
    cells: Cells
    fault: bool = False


def assemble(layout: Layout, items: Iterator[Item] | list[Item], notes: Notes | None, file: Any = None) -> Tree | None:
    """The tree of the rows of one root.

    Args:
        layout: The mapping.
        items: The row of the root first, a row after the one it belongs to.
        notes: Where findings go; without it what is wrong is left out in silence.
        file: Gives the name of the file of a sheet.

    Returns:
        The tree; None when the row of the root is wrong.
    """
    return _Assembly(layout, notes, file).tree(items)


class _Assembly:
    """Puts rows together."""

    def __init__(self, layout: Layout, notes: Notes | None, file: Any, gaps: AbstractSet[str] = frozenset()) -> None:
        self.layout, self.notes, self.file, self.gaps = layout, notes, file, gaps
        self.keyed: dict[tuple[str, str], Tree] = {}

    def tree(self, items: Iterator[Item] | list[Item]) -> Tree | None:
        root: Tree | None = None
        for item in items:
            made = self._item(item)
            if not item.sheet.each:
                if isinstance(made, Dropped):
                    return None
                root = made
            elif root is not None:
                self._attach(item, made, root)
        return None if root is None else settle(root)

    def _tell(self, kind: str, item: Item, **more: Any) -> None:
        if self.notes is not None:
            name = self.file(item.sheet.name) if self.file else None
            self.notes.add(kind, file=name, sheet=item.sheet.name, line=item.line, **more)

    # --- one row ----------------------------------------------------------------------------------------------------

    def _item(self, item: Item) -> Any:
        """What a row fills; a Dropped when it is wrong."""
        made: Tree = {}
        good = not item.fault
        bare: Any = None
        for column in item.sheet.columns if good else ():
            if any(_plain(item.cells.get(name)) != text for name, text in column.when.items()):
                continue
            values = self._values(column, item)
            good &= values is not None
            for steps, value in zip(column.fields, values or (), strict=False):
                if not steps:
                    bare = value
                elif value is not None:
                    put(made, steps, value)
        good = good and self._empties(item, made)
        if item.sheet.item is None:
            return bare if good and bare is not None else Dropped()
        return made if good and self._is_valid(item, made) else Dropped()

    def _values(self, column: Column, item: Item) -> tuple[Any, ...] | None:
        cell = item.cells.get(column.header)
        if cell is None and column.required:
            self._tell("verplicht", item, column=column.header, path=column.paths[0])
            return None
        try:
            return column.decode(cell)
        except Unfit as error:
            wanted = _expected(error.expected)
            self._tell("waarde", item, column=column.header, path=column.paths[0], value=cell, **wanted)
            return None

    def _empties(self, item: Item, made: Tree) -> bool:
        """Make the parts that are there and hold nothing."""
        cell = item.cells.get(item.sheet.empty) if item.sheet.empty else None
        if cell is None or item.sheet.item is None:
            return True
        allowed = {shown(steps): steps for steps in parts_below(item.sheet.item)}
        for name in str(cell).split(","):
            steps = allowed.get(name.strip())
            if steps is None:
                self._tell("waarde", item, column=item.sheet.empty, value=cell, **_expected("onderdeel"))
                return False
            _make(made, steps)
        return True

    def _is_valid(self, item: Item, made: Tree) -> bool:
        """Whether the model takes what stands in the row of an item."""
        if not item.sheet.each or item.sheet.item is None:
            return True
        try:
            item.sheet.item.model_validate(settle(made))
        except FieldError as error:
            self.tell_faults(error, item)
            return False
        return True

    def tell_faults(self, error: FieldError, item: Item) -> None:
        """What the model does not take, at the column it comes from."""
        for fault in error.faults:
            column = _column_of(item.sheet, fault["path"])
            place = {"path": column.paths[0], "column": column.header} if column else {"path": _path(fault["path"])}
            self._tell("model", item, **place, **{"wat.nl": fault["nl"], "wat.en": fault["en"]})

    # --- rows together ----------------------------------------------------------------------------------------------

    def _attach(self, item: Item, made: Any, root: Tree) -> None:
        """Put an item into the list it belongs to."""
        owner, steps = self._owner(item, root), item.sheet.steps
        if owner is None:
            return
        if item.sheet.anywhere:
            steps = steps[-1:]
        for step in steps[:-1]:
            owner = owner.setdefault(step.name, {})
        owner.setdefault(steps[-1].name, []).append(made)
        if item.sheet.key:
            self._remember(item, made)

    def _owner(self, item: Item, root: Tree) -> Tree | None:
        sheet = item.sheet
        if sheet.anywhere:
            path = _plain(item.cells.get(sheet.place or "")) or ""
            # where a row is missing without anyone knowing whose it was, the numbers of the others say nothing
            found = None if self._is_uncertain(path) else follow(root, path, sheet.owners)
            column: str | None = sheet.place
        elif sheet.parent is None or not sheet.parent.each:
            return root
        else:
            column = sheet.parent.key
            found = self.keyed.get((sheet.parent.each, _plain(item.cells.get(column or "")) or ""))
        if found is None and not item.fault:
            self._tell("verwijzing", item, column=column)
        return found

    def _is_uncertain(self, path: str) -> bool:
        words = generic(path)
        return any(words == each or words.startswith(each + ".") for each in self.gaps)

    def _remember(self, item: Item, made: Any) -> None:
        name = _plain(item.cells.get(item.sheet.key or ""))
        if name is None:
            return
        key = (item.sheet.each, name)
        if key in self.keyed and item.sheet.children and not item.fault:
            self._tell("sleutel-dubbel", item, column=item.sheet.key)
        elif isinstance(made, dict):
            self.keyed.setdefault(key, made)


def _plain(cell: Cell) -> str | None:
    """The text of a key."""
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _named(names: list[str | None], cells: Sequence[Cell]) -> Cells:
    return {name: cell for name, cell in zip(names, cells, strict=False) if name and cell is not None}


def _make(tree: Tree, steps: tuple[Step, ...]) -> None:
    for step in steps:
        tree = tree.setdefault(step.name, {})


def _expected(name: str) -> dict[str, str]:
    return {f"soort.{language}": text for language, text in catalog.type_words(name).items()}


def _path(path: str) -> str | None:
    return None if path in ("-", "?") else path


def _column_of(sheet: Sheet, path: str) -> Column | None:
    """The column of a place in an item."""
    wanted = generic(path).replace(EVERY, "")
    for column in sheet.columns:
        for steps in column.fields:
            if ".".join(step.name for step in steps) == wanted:
                return column
    return None


# --- the sheets of a source -----------------------------------------------------------------------------------------


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


class Gathering:
    """Reads the roots of a source, one after another.

    Args:
        layout: The mapping.
        reader: The source.
        notes: Where findings go.
    """

    def __init__(self, layout: Layout, reader: Reader, notes: Notes) -> None:
        self.layout, self.reader, self.notes = layout, reader, notes
        self.order: dict[str, int] = {}
        self.gaps: set[str] = set()
        self.heads = {sheet.each: head for sheet in layout.sheets if (head := self._head(sheet)) is not None}
        self.keyed = self._has(layout.root, layout.key)

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
        known = set(head.sheet.headers(self.layout.key))
        for number, cell in enumerate(row.cells, start=1):
            name = _plain(cell)
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
        for name in sheet.refers(self.layout.key):
            if name not in head.names:
                self._tell("kolom-ontbreekt", sheet, line=1, column=name)
                head.usable = False
        for column in sheet.columns:
            if column.header in head.names or column.by_rule:
                continue
            if column.required:
                self._tell("kolom-ontbreekt", sheet, line=1, column=column.header, path=column.paths[0])
                head.usable = False
            elif self.layout.missing == "warn":
                self._tell(
                    "kolom-ontbreekt", sheet, Severity.WARNING, line=1, column=column.header, path=column.paths[0]
                )

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
            return Item(head.sheet, row.line, _named(head.names, cells), True)
        return Item(head.sheet, row.line, _named(head.names, row.cells))

    def _key(self, item: Item) -> str | None:
        return _plain(item.cells.get(self.layout.key))

    # --- roots ------------------------------------------------------------------------------------------------------

    def trees(self) -> Iterator[tuple[int | None, Tree | None, _Assembly, Item]]:
        """The tree of each root, in the order of the file; None for one that is wrong."""
        for kind, name in self.reader.notes():
            self.notes.add(kind, Severity.INFO, file=self._file(name), sheet=name)
        if self.reader.strangers():
            self.notes.add("blad-onbekend", Severity.WARNING, aantal=str(self.reader.strangers()))
        self._look()
        below = [_Cursor(self, sheet) for sheet in self.layout.sheets[1:] if sheet.each in self.heads]
        met: dict[str, int | None] = {}
        for item in self._rows(self.layout.root, tell=True):
            key = self._key(item)
            if item.fault or not self._is_new(item, key, met):
                continue
            rows = [row for cursor in below for row in (cursor.take(key) if key is not None else ())]
            assembly = _Assembly(self.layout, self.notes, self.reader.file, self.gaps)
            yield item.line, assembly.tree([item, *rows]), assembly, item
        for cursor in below:
            cursor.rest()

    def _is_new(self, item: Item, key: str | None, met: dict[str, int | None]) -> bool:
        if not self.keyed:
            return True
        if key is None:
            self._tell("sleutel-leeg", item.sheet, line=item.line, column=self.layout.key)
            return False
        if key in met:
            self._tell("sleutel-dubbel", item.sheet, line=item.line, column=self.layout.key)
            return False
        met[key] = item.line
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


def validated(model: type[BaseModel], tree: Tree, assembly: _Assembly, item: Item) -> BaseModel | None:
    """The model of a tree; None, with findings, when it does not take it."""
    try:
        return model.model_validate(tree)
    except FieldError as error:
        assembly.tell_faults(error, item)
        return None
