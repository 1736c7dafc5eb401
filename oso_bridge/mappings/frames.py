"""The roots behind the rows of a main list: what each row says of its root, and the rows of the other sheets.

The columns of the *group* tell which rows are of one root.  One that a sheet does not have, or that is empty in a row,
says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from oso_bridge.findings import Severity
from oso_bridge.mappings.assembly import Assembly, Item, plain, validated
from oso_bridge.mappings.build import Cells
from oso_bridge.mappings.gather import Gathering, Pages
from oso_bridge.mappings.layout import Sheet

Key = tuple[str | None, ...]


@dataclass(slots=True)
class Frame:
    """A root without its main list.

    Attributes:
        root: The model.
        cells: What the first row says of it.
    """

    root: BaseModel
    cells: Cells


class Frames(Pages):
    """The roots of a source.

    Args:
        main: What reads the main list.
    """

    def __init__(self, main: Gathering) -> None:
        whole = main.layout.whole
        assert whole is not None  # only a main list has frames  # noqa: S101
        super().__init__(whole, whole.sheets[1:], main.reader, main.notes)
        self.main, self.columns = main, frozenset(whole.root.headers(()))
        self.frames: dict[Key, Frame] = {}
        self.first: dict[Key, Cells] = {}
        self.gaps: set[str] = set()
        self.rows: dict[str, dict[Key, list[Item]]] = {}
        self.masks: dict[str, set[tuple[bool, ...]]] = {}
        self.taken: set[tuple[str, Key]] = set()

    @property
    def roots(self) -> list[Any]:
        """The roots met so far, in the order of the file."""
        return [frame.root for frame in self.frames.values()]

    def look(self) -> None:
        """See which roots there are, and which rows of the other sheets are whose."""
        for item in self.main._rows(self.main.layout.root, tell=False):
            if not item.fault:
                self.first.setdefault(self._key(item.cells), self._said(item))
        self.fuller = _fuller(self.first)
        for sheet in self.layout.sheets[1:]:
            self.rows[sheet.each] = self._indexed(sheet)
            self.masks[sheet.each] = _masks(self.rows[sheet.each])

    def _said(self, item: Item) -> Cells:
        return {name: cell for name, cell in item.cells.items() if name in self.columns}

    def _key(self, cells: Cells) -> Key:
        return tuple(plain(cells.get(name)) for name in self.layout.group)

    def _indexed(self, sheet: Sheet) -> dict[Key, list[Item]]:
        found: dict[Key, list[Item]] = {}
        for item in self._rows(sheet, tell=True):
            if item.fault:
                self.gaps.add(sheet.each)
            if item.cells or not item.fault:
                found.setdefault(self._key(item.cells), []).append(item)
        return found

    def of(self, item: Item) -> Frame | None:
        """The root of a row; None, with findings, when it cannot be made."""
        cells, key = self._said(item), self._key(item.cells)
        if key in self.fuller:
            key = self.fuller[key]
            cells = {**self.first[key], **cells}
            self._once("school-geraden", item)
        frame = self.frames.get(key)
        if frame is None:
            return self._made(key, Item(self.layout.root, item.line, cells))
        if cells != frame.cells:
            self._differing(item, cells, frame.cells)
        return frame

    def _once(self, kind: str, item: Item, **more: Any) -> None:
        mark = (item.sheet.name, kind + str(more.get("column", "")))
        if mark not in self.noted:
            self.noted.add(mark)
            self._tell(kind, item.sheet, Severity.WARNING, line=item.line, **more)

    def _differing(self, item: Item, cells: Cells, before: Cells) -> None:
        """Tell what a row says of its root that an earlier row says otherwise."""
        for name, cell in cells.items():
            if plain(before.get(name)) != plain(cell):
                self._once("afwijkend", item, column=name, value=cell)

    def _made(self, key: Key, item: Item) -> Frame | None:
        assembly = Assembly(self.layout, self.notes, self.reader.file, self.gaps, self.main.dates)
        tree = assembly.tree([item, *self._of(key)])
        root = None if tree is None else validated(self.layout.model, tree, assembly, item)
        if root is None:
            return None
        frame = self.frames[key] = Frame(root, item.cells)
        return frame

    def _of(self, key: Key) -> Iterable[Item]:
        """The rows of the other sheets that do not say that they are of another root."""
        for each, buckets in self.rows.items():
            found: list[Item] = []
            for shown in {_masked(key, mask) for mask in self.masks[each]}:
                if shown in buckets:
                    self.taken.add((each, shown))
                    found += buckets[shown]
            yield from sorted(found, key=lambda item: item.line or 0)

    def rest(self) -> None:
        """Tell the rows that are of no root."""
        for each, buckets in self.rows.items():
            for key, items in buckets.items():
                for item in items if (each, key) not in self.taken else ():
                    if not item.fault:
                        self._tell("verwijzing", item.sheet, line=item.line, column=self._named(key))

    def _named(self, key: Key) -> str | None:
        return next((name for name, text in zip(self.layout.group, key, strict=True) if text is not None), None)


def _masks(keys: Iterable[Key]) -> set[tuple[bool, ...]]:
    """Which columns are filled in some key; there are few ways, however many keys."""
    return {tuple(text is not None for text in key) for key in keys}


def _masked(key: Key, mask: tuple[bool, ...]) -> Key:
    return tuple(text if shown else None for text, shown in zip(key, mask, strict=True))


def _fuller(keys: Iterable[Key]) -> dict[Key, Key]:
    """For a key with less in it, the one key that says the same and more, where there is just one."""
    every = list(keys)
    masks = _masks(every)
    by_mask: dict[tuple[bool, ...], dict[Key, list[Key]]] = {mask: {} for mask in masks}
    for key in every:
        for mask in masks:
            found = by_mask[mask].setdefault(_masked(key, mask), [])
            if len(found) < 3:
                found.append(key)
    made = {}
    for key in every:
        mask = tuple(text is not None for text in key)
        others = [other for other in by_mask[mask][key] if other != key]
        if len(others) == 1:
            made[key] = others[0]
    return {key: made.get(other, other) for key, other in made.items()}
