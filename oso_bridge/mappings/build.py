"""From a tree to rows, and what did not survive the way there and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from oso_bridge import catalog
from oso_bridge.errors import UsageError
from oso_bridge.findings import Finding, Severity
from oso_bridge.mappings.places import ANYWHERE, EVERY, Step, Tree, empties, fetch, generic, kinds, owners
from oso_bridge.mappings.rows import Column, Layout, Loss, Sheet
from oso_bridge.mappings.words import Cell, Unfit

Cells = dict[str, Cell]


@dataclass(frozen=True, slots=True)
class MappingLoss:
    """A part of a dossier that a table has no place for, or did not give back as it was.

    Attributes:
        path: The place in the model, such as ``rapport.toetsen[2].opmerking``.
        number: Which dossier of those that were written, counted from 1.
        declared: True when the mapping says that it loses this.
        why: By language, what the mapping says of it.
    """

    path: str
    number: int
    declared: bool
    why: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """``kolom-geen`` for what the mapping says it loses, else ``kolom-anders``."""
        return "kolom-geen" if self.declared else "kolom-anders"

    def text(self, language: str = "nl") -> str:
        """What is lost, in ``nl`` or ``en``; names no value."""
        return self.finding.text(language)

    @property
    def finding(self) -> Finding:
        """The loss as a finding, with what can be done about it."""
        args = {"pad": self.path, **{f"waarom.{language}": text for language, text in self.why.items()}}
        message = catalog.message("VERLIES", self.kind)
        severity = Severity.WARNING if self.declared else Severity.ERROR
        return Finding(f"VERLIES.{self.kind}", "mapping", severity, False, message, path=self.path, args=args)

    def to_dict(self) -> dict[str, Any]:
        """The loss as plain JSON values, with its text in both languages."""
        texts = {language: self.text(language) for language in ("nl", "en")}
        return {"path": self.path, "kind": self.kind, "number": self.number, "declared": self.declared, "text": texts}


@dataclass(slots=True)
class Built:
    """The rows of one root.

    Attributes:
        key: What names the root in all of them.
        rows: The sheet and the cells of each row; those of a sheet stand together in their order.
        refused: The columns of which the shape could not hold a cell.
    """

    key: str
    rows: list[tuple[Sheet, Cells]] = field(default_factory=list)
    refused: list[Column] = field(default_factory=list)


def build(layout: Layout, tree: Tree, number: int, holds: Callable[[Cell], bool]) -> Built:
    """The rows of a tree.

    Args:
        layout: The mapping.
        tree: What is written.
        number: The name of the root, when no column of it gives one.
        holds: Whether a cell of the shape can hold that.

    Raises:
        UsageError: The column that names the root has no value.
    """
    return _Builder(layout, holds).built(tree, number)


class _Builder:
    """Walks a tree along the sheets."""

    def __init__(self, layout: Layout, holds: Callable[[Cell], bool]) -> None:
        self.layout, self.holds = layout, holds
        self.numbers: Counter[str] = Counter()
        self.native = layout.shape == "xlsx"

    def built(self, tree: Tree, number: int) -> Built:
        root = self.layout.root
        self.made = Built(str(number))
        cells = self._cells(root, tree)
        if any(column.header == self.layout.key for column in root.columns):
            self.made.key = self._key(cells)
        else:
            cells[self.layout.key] = self.made.key
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
                "A dossier has no value for the column that names the pupil.",
                where=column.paths[0],
                remedy="Fill it in.",
            )
        return str(found)

    def _children(self, sheet: Sheet, item: Tree, own: str | None) -> None:
        for child in sheet.children:
            for below in fetch(item, child.steps) or ():
                refers: Cells = {self.layout.key: self.made.key}
                if sheet.each:
                    refers[sheet.key or ""] = own
                self._item(child, below, refers)

    def _anywhere(self, sheet: Sheet, tree: Tree) -> None:
        for path, items in owners(tree, sheet.anywhere or ""):
            for item in items:
                self._item(sheet, item, {self.layout.key: self.made.key, sheet.place or "": path or None})

    def _item(self, sheet: Sheet, item: Any, cells: Cells) -> None:
        own = None
        if sheet.key:
            self.numbers[sheet.each] += 1
            own = cells[sheet.key] = str(self.numbers[sheet.each])
        self.made.rows.append((sheet, {**cells, **self._cells(sheet, item)}))
        if sheet.children:
            self._children(sheet, item, own)

    def _cells(self, sheet: Sheet, item: Any) -> Cells:
        cells: Cells = {}
        for column in sheet.columns:
            if not column.when and (cell := self._cell(column, item)) is not None:
                cells[column.header] = cell
        for column in sheet.columns:
            if column.when and (cell := self._cell(column, item)) is not None:
                self._conditional(column, cell, cells)
        if sheet.empty and sheet.item and (names := list(empties(item, sheet.item))):
            cells[sheet.empty] = ", ".join(names)
        return cells

    def _conditional(self, column: Column, cell: Cell, cells: Cells) -> None:
        """Fill a cell of a row that holds only when others say so; the others are made to."""
        if column.header not in cells and all(cells.get(name) in (None, text) for name, text in column.when.items()):
            cells.update(column.when)
            cells[column.header] = cell

    def _cell(self, column: Column, item: Any) -> Cell:
        values = tuple(fetch(item, steps) for steps in column.fields)
        if self.native and isinstance(values[0], date) and column.codec.name == "datum":
            return values[0]
        try:
            cell = column.encode(values)
        except Unfit:
            return None
        if cell is not None and not self.holds(cell):
            self.made.refused.append(column)
            return None
        return cell


def differences(layout: Layout, tree: Tree, back: Tree) -> Iterator[tuple[str, str]]:
    """The places where what comes back is not what went in.

    Yields:
        The place with its numbers, and the same in the words of the rows of the mapping.
    """
    chosen: dict[str, list[Step]] = {}
    for sheet in layout.sheets:
        for column in sheet.columns:
            for steps in column.fields:
                _note_chosen(chosen, sheet.each, steps)
    yield from _differ(tree, back, "", "", chosen)


def _note_chosen(chosen: dict[str, list[Step]], each: str, steps: tuple[Step, ...]) -> None:
    path = each
    for step in steps:
        name = f"{path}.{step.name}" if path else step.name
        if step.chosen is not None and step not in chosen.setdefault(name, []):
            chosen[name].append(step)
        path = f"{path}.{step}" if path else str(step)


def _differ(tree: Any, back: Any, path: str, words: str, chosen: Mapping[str, list[Step]]) -> Iterator[tuple[str, str]]:
    if tree is None and isinstance(back, (dict, list)) and back:
        tree = type(back)()  # what was invented is told value by value, as what is lost
    if isinstance(tree, dict):
        if not tree and not isinstance(back, dict):
            yield path, words
        other = back if isinstance(back, dict) else {}
        for name in dict.fromkeys([*tree, *other]):
            step, word = (f"{path}.{name}" if path else name), (f"{words}.{name}" if words else name)
            yield from _differ(tree.get(name), other.get(name), step, word, chosen)
    elif isinstance(tree, list) and tree and isinstance(tree[0], dict):
        yield from _differ_lists(tree, back if isinstance(back, list) else [], path, words, chosen)
    elif tree != back:
        yield path, words


def _differ_lists(
    items: list[Any], back: list[Any], path: str, words: str, chosen: Mapping[str, list[Step]]
) -> Iterator[tuple[str, str]]:
    slots = chosen.get(words)
    for number, item in enumerate(items):
        word, other = words + EVERY, back[number] if number < len(back) else None
        if slots is not None:
            slot = next((slot for slot in slots if fetch({slot.name: items}, (slot,)) is item), None)
            other = fetch({slot.name: back}, (slot,)) if slot else None
            word = words[: len(words) - len(slot.name)] + str(slot) if slot else word
        yield from _differ(item, other, f"{path}[{number + 1}]", word, chosen)
    if len(back) > len(items):
        yield f"{path}[{len(items) + 1}]", words + EVERY


def judged(layout: Layout, found: Iterator[tuple[str, str]], built: Built, number: int) -> Iterator[MappingLoss]:
    """The differences as losses, with what the mapping says of each."""
    bound = bound_paths(layout)
    for path, words in found:
        loss = _declared(layout, path, words, built, bound)
        yield MappingLoss(path, number, loss is not None, loss.why if loss else {})


def bound_paths(layout: Layout) -> frozenset[str]:
    """The places that some column holds, in the words of the rows."""
    return frozenset(
        path.removesuffix(EVERY) for sheet in layout.sheets for column in sheet.columns for path in column.paths
    )


def _declared(layout: Layout, path: str, words: str, built: Built, bound: frozenset[str]) -> Loss | None:
    refused = any(is_at(words, own) for column in built.refused for own in column.paths)
    part = _is_part(layout, path)
    for loss in layout.losses:
        if loss.model is not None and not _is_bound(words, bound) and _is_below(generic(path), loss.model):
            return loss
        if refused and (loss.longer_than is not None or loss.outside is not None):
            return loss
        if loss.empty and part:
            return loss
    return None


def _is_bound(words: str, bound: frozenset[str]) -> bool:
    return words in bound or any(is_at(words, path) for path in bound if path.startswith(ANYWHERE))


def is_at(words: str, path: str) -> bool:
    """Whether a place is that of a row, which may be that of a list anywhere."""
    path = path.removesuffix(EVERY)
    if path.startswith(ANYWHERE):
        return words == path[len(ANYWHERE) :] or words.endswith(path[len(ANYWHERE) - 1 :])
    return words == path


def _is_below(path: str, model: str) -> bool:
    """Whether a place is one that a loss names, or in it."""
    named = model.removesuffix(EVERY)
    return not named or path == named or path.startswith((named + ".", named + EVERY))


def _is_part(layout: Layout, path: str) -> bool:
    """Whether a place is that of a part, which is then there and holds nothing."""
    part: Any = layout.model
    for word in path.split("."):
        if part is None:
            return False
        part = kinds(part)[word.partition("[")[0]].part
    return part is not None
