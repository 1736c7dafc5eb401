"""From the rows of one root to its tree: each row fills an item, each item goes into the list it belongs to.

A row that is wrong is a finding; the others are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from oso_bridge import catalog
from oso_bridge.errors import FieldError
from oso_bridge.mappings.build import Cells
from oso_bridge.mappings.layout import Column, Layout, Sheet
from oso_bridge.mappings.notes import Notes
from oso_bridge.mappings.places import EVERY, Dropped, Step, Tree, follow, generic, parts_below, put, settle, shown
from oso_bridge.mappings.words import Cell, Codec, Unfit


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
    return Assembly(layout, notes, file).tree(items)


class Assembly:
    """Puts the rows of one root together.

    Args:
        layout: The mapping.
        notes: Where findings go; without it what is wrong is left out in silence.
        file: Gives the name of the file of a sheet.
        gaps: The sheets with rows of which nobody knows whose they are.
        dates: What reads days in the place of the codecs of the mapping.
    """

    def __init__(
        self,
        layout: Layout,
        notes: Notes | None,
        file: Any,
        gaps: AbstractSet[str] = frozenset(),
        dates: Codec | None = None,
    ) -> None:
        self.layout, self.notes, self.file, self.gaps, self.dates = layout, notes, file, gaps, dates
        self.keyed: dict[tuple[str, str], Tree] = {}

    def tree(self, items: Iterator[Item] | list[Item]) -> Tree | None:
        """The tree of the rows of one root, the row of the root first; None when that row is wrong."""
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
            if more.get("path"):
                more["path"] = self.layout.prefix + more["path"]
            self.notes.add(kind, file=name, sheet=item.sheet.name, line=item.line, **more)

    # --- one row ----------------------------------------------------------------------------------------------------

    def _item(self, item: Item) -> Any:
        """What a row fills; a Dropped when it is wrong."""
        made: Tree = dict(item.sheet.only)
        good = not item.fault
        bare: Any = None
        for column in item.sheet.columns if good else ():
            if any(plain(item.cells.get(name)) != text for name, text in column.when.items()):
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
            return column.decode(cell, self.dates)
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
            path = plain(item.cells.get(sheet.place or "")) or ""
            # where a row is missing without anyone knowing whose it was, the numbers of the others say nothing
            found = None if self._is_uncertain(path) else follow(root, path, sheet.owners)
            column: str | None = sheet.place
        elif sheet.parent is None or not sheet.parent.each:
            return root
        else:
            column = sheet.parent.key
            found = self.keyed.get((sheet.parent.each, plain(item.cells.get(column or "")) or ""))
        if found is None and not item.fault:
            self._tell("verwijzing", item, column=column)
        return found

    def _is_uncertain(self, path: str) -> bool:
        words = generic(path)
        return any(words == each or words.startswith(each + ".") for each in self.gaps)

    def _remember(self, item: Item, made: Any) -> None:
        name = plain(item.cells.get(item.sheet.key or ""))
        if name is None:
            return
        key = (item.sheet.each, name)
        if key in self.keyed and item.sheet.children and not item.fault:
            self._tell("sleutel-dubbel", item, column=item.sheet.key)
        elif isinstance(made, dict):
            self.keyed.setdefault(key, made)


def plain(cell: Cell) -> str | None:
    """The text of a key; None when it is empty."""
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def named(names: list[str | None], cells: Sequence[Cell]) -> Cells:
    """The cells of a row by their headers, empty ones and those of unknown columns left out."""
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


def validated(model: type[BaseModel], tree: Tree, assembly: Assembly, item: Item) -> BaseModel | None:
    """The model of a tree; None, with findings, when it does not take it."""
    try:
        return model.model_validate(tree)
    except FieldError as error:
        assembly.tell_faults(error, item)
        return None
