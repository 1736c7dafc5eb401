"""From a tree to rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from oso_bridge.errors import UsageError
from oso_bridge.mappings.layout import Column, Layout, Sheet
from oso_bridge.mappings.places import Tree, empties, fetch, owners
from oso_bridge.mappings.words import Cell, Unfit

Cells = dict[str, Cell]
Holds = Callable[[str, str, Cell], bool]
"""Whether a cell of a shape can hold a value: the sheet, the column, the value."""


@dataclass(slots=True)
class Built:
    """The rows of one root.

    Attributes:
        key: What names the root in all of them.
        refers: The cells by which the rows of other sheets say so.
        rows: The sheet and the cells of each row; those of a sheet stand together in their order.
        refused: The columns of which the shape could not hold a cell.
    """

    key: Hashable
    refers: Cells = field(default_factory=dict)
    rows: list[tuple[Sheet, Cells]] = field(default_factory=list)
    refused: list[Column] = field(default_factory=list)


def build(layout: Layout, tree: Tree, number: int, holds: Holds) -> Built:
    """The rows of a tree.

    Args:
        layout: The mapping.
        tree: What is written.
        number: The name of the root, when no column of it gives one.
        holds: What a cell of the shape can hold.

    Raises:
        UsageError: The column that names the root has no value.
    """
    return _Builder(layout, holds).built(tree, number)


class _Builder:
    """Walks a tree along the sheets."""

    def __init__(self, layout: Layout, holds: Holds) -> None:
        self.layout, self.holds = layout, holds
        self.numbers: Counter[str] = Counter()
        self.native = layout.shape == "xlsx"

    def built(self, tree: Tree, number: int) -> Built:
        root = self.layout.root
        self.made = Built(str(number))
        cells = self._cells(root, tree)
        if self.layout.main is not None:
            self.made.refers = {name: cells.get(name) for name in self.layout.group}
            self.made.key = tuple(self.made.refers.values())
        elif root.names_itself:
            self.made.key = self._key(cells)
            self.made.refers = {self.layout.key: str(self.made.key)}
        else:
            cells[self.layout.key] = str(number)
            self.made.refers = {self.layout.key: str(number)}
        self.made.rows.append((root, cells))
        self._children(root, tree, None)
        for sheet in self.layout.sheets:
            if sheet.anywhere:
                self._anywhere(sheet, tree)
        return self.made

    def _key(self, cells: Cells) -> str:
        found = cells.get(self.layout.key)
        if found is None:
            column = next(column for column in self.layout.root.columns if column.header == self.layout.key)
            raise UsageError(
                "Something to write has no value for the column that names it.",
                where=column.paths[0],
                remedy="Fill it in.",
            )
        return str(found)

    def _children(self, sheet: Sheet, item: Tree, own: str | None) -> None:
        for child in sheet.children:
            for below in filter(child.holds, fetch(item, child.steps) or ()):
                refers = dict(self.made.refers)
                if sheet.each:
                    refers[sheet.key or ""] = own
                self._item(child, below, refers)

    def _anywhere(self, sheet: Sheet, tree: Tree) -> None:
        for path, items in owners(tree, sheet.anywhere or ""):
            for item in items:
                self._item(sheet, item, {**self.made.refers, sheet.place or "": path or None})

    def _item(self, sheet: Sheet, item: Any, cells: Cells) -> None:
        own, values = None, self._cells(sheet, item)
        if sheet.key and sheet.names_itself:
            found = values.get(sheet.key)
            own = None if found is None else str(found)
        elif sheet.key:
            self.numbers[sheet.each] += 1
            own = cells[sheet.key] = str(self.numbers[sheet.each])
        refers = {name: cell for name, cell in cells.items() if cell is None or self.holds(sheet.name, name, cell)}
        self.made.rows.append((sheet, {**refers, **values}))
        if sheet.children and own is not None:  # no row can refer to one without a key
            self._children(sheet, item, own)

    def _cells(self, sheet: Sheet, item: Any) -> Cells:
        cells: Cells = {}
        for column in sheet.columns:
            if not column.when and (cell := self._cell(sheet, column, item)) is not None:
                cells[column.header] = cell
        for column in sheet.columns:
            if column.when and (cell := self._cell(sheet, column, item)) is not None:
                self._conditional(column, cell, cells)
        if sheet.empty and sheet.item and (names := list(empties(item, sheet.item))):
            cells[sheet.empty] = ", ".join(names)
        return cells

    def _conditional(self, column: Column, cell: Cell, cells: Cells) -> None:
        """Fill a cell of a row that holds only when others say so; the others are made to."""
        if column.header not in cells and all(cells.get(name) in (None, text) for name, text in column.when.items()):
            cells.update(column.when)
            cells[column.header] = cell

    def _cell(self, sheet: Sheet, column: Column, item: Any) -> Cell:
        values = tuple(fetch(item, steps) for steps in column.fields)
        if self.native and isinstance(values[0], date) and column.codec.name == "datum":
            return values[0]
        try:
            cell = column.encode(values)
        except Unfit:
            return None
        if cell is not None and not self.holds(sheet.name, column.header, cell):
            self.made.refused.append(column)
            return None
        return cell
