"""Models into tables, one at a time: their rows, and what is lost in them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from types import TracebackType
from typing import Any, Literal, Self

from pydantic import BaseModel

from oso_bridge.errors import UsageError, WouldLose, choose
from oso_bridge.mappings.assembly import Item, assemble
from oso_bridge.mappings.build import Built, Cells, Holds, build
from oso_bridge.mappings.layout import Layout, Sheet, all_headers
from oso_bridge.mappings.losses import Judge, MappingLoss, without_sensitive
from oso_bridge.mappings.places import Tree, generic, tree_of
from oso_bridge.mappings.shapes.base import Writer

Losses = Literal["refuse", "allow"]
MOST_LOSSES = 1_000
"""Of a main list, losses beyond this number are told once for each path."""


class TableWriter:
    """Writes tables, one model at a time; with a main list, one item of it.

    All is put in place at the end of the ``with`` block; when anything goes wrong, what was there before stays.

    Args:
        name: What the mapping is called.
        layout: The mapping.
        writer: The target.
        holds: What its cells can hold.
        losses: With ``refuse`` nothing is put in place when something is lost that the mapping does not declare.
        sensitive: Whether fields that are sensitive go along.

    Attributes:
        losses: What was lost so far, declared or not.
    """

    def __init__(
        self,
        name: str,
        layout: Layout,
        writer: Writer,
        holds: Holds,
        losses: Losses = "refuse",
        sensitive: bool = False,
    ) -> None:
        if losses not in ("refuse", "allow"):
            writer.abort()
            raise UsageError(f"losses is {losses!r}.", remedy=choose(str(losses), ("refuse", "allow")))
        self.name, self.layout, self._writer, self._holds = name, layout, writer, holds
        self._refuses, self._sensitive = losses == "refuse", sensitive
        self._found: dict[tuple[int, str], MappingLoss] = {}
        self._headers = all_headers(layout)
        self._plain = {sheet.name: _plain_columns(sheet) for _, sheet in layout.tables()}
        self._judges = {id(part): Judge(part) for part in (layout, layout.main) if part is not None}
        self._met: set[Hashable] = set()
        self._roots: list[tuple[Any, ...]] = []
        self._root: BaseModel | None = None
        self._begun = Built("")
        self._number = self._items = self._all = 0

    @property
    def losses(self) -> list[MappingLoss]:
        """What was lost so far, declared or not."""
        return list(self._found.values())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._writer.abort()
            return
        try:
            self._finish()
            self._judge_all()
            self._writer.commit()
        except BaseException:
            self._writer.abort()
            raise

    def _judge_all(self) -> None:
        missed = [loss for loss in self._found.values() if not loss.declared]
        if missed and self._refuses:
            raise WouldLose(missed, of="table")

    # --- roots ------------------------------------------------------------------------------------------------------

    def root(self, root: Any) -> None:
        """Begin a root.

        Without a main list that is all of it.  With one, its own items are written, and :meth:`write` adds to them;
        what it says of itself stands in each row.  Its other lists are written when the next root begins, or at the
        end: what was put into them meanwhile goes along.

        Args:
            root: Such as a ``Dossier``, or a ``Schooladministratie`` with or without its pupils.

        Raises:
            UsageError: It is of another class, does not fill the column that names it, or cannot be told from another.
        """
        self._finish()
        self._check(root, self.layout.model)
        self._number += 1
        if self.layout.main is None:
            self._rows(self.layout, root, self._number, 0)
            return
        self._root, self._items = root, 0
        if not self.layout.main.root.children:  # no other sheet refers to them, so two roots may have the same keys
            self._met.clear()
        tree = self._may_leave(tree_of(root, self.layout.listed), self.layout)
        self._begun = build(self.layout, tree, self._number, self._holds)
        self._refuse_alike(tuple(self._begun.refers.items()))
        for item in getattr(root, self.layout.listed):
            self.write(item)

    def write(self, item: Any) -> None:
        """Write an item of the main list of the root that was begun; without a main list, a root.

        Args:
            item: Such as an ``Administratieleerling``.

        Raises:
            UsageError: It is of another class, has no value for the column that names it or that of another item, or no
                root was begun.
            WouldLose: So much was lost already that going on has no use.
        """
        main = self.layout.main
        if main is None:
            self.root(item)
            return
        if self._root is None:
            raise UsageError("There is no root for this item.", remedy="Begin one: .root(...), or writer(root=...).")
        self._check(item, main.model)
        self._items += 1
        self._all += 1
        self._rows(main, item, self._all, self._items)

    def _check(self, given: Any, wanted: type[BaseModel]) -> None:
        if not isinstance(given, wanted):
            raise UsageError(
                f"The mapping {self.name} is for {wanted.__name__}, not {type(given).__name__}.",
                remedy="Give the model itself: oso.read(...).dossier().",
            )

    def _refuse_alike(self, refers: tuple[tuple[str, Any], ...]) -> None:
        """Refuse a root whose rows could be taken for those of another one."""
        own = dict(refers)
        for other in map(dict, self._roots):
            for sheet in self.layout.sheets:
                told = self._headers[sheet.name]
                pairs = [(own[name], other[name]) for name in self.layout.group if name in told]
                if all(one is None or two is None or one == two for one, two in pairs):
                    raise UsageError(
                        "Two roots cannot be told apart by the columns that name them.",
                        where=", ".join(self.layout.group),
                        remedy="Write them into different tables.",
                    )
        self._roots.append(refers)

    def _finish(self) -> None:
        """Write what is left of the root that was begun."""
        if self._root is None:
            return
        root, self._root = self._root, None
        tree = self._may_leave(tree_of(root, self.layout.listed), self.layout)
        built = build(self.layout, tree, self._number, self._holds)
        built.rows[0] = self._begun.rows[0]  # what stands in the rows of its items
        is_there = self._items > 0 or self._stands_alone(built)
        if self._items == 0 and is_there:
            self._put(self.layout.root, built.rows[0][1])
        for sheet, cells in built.rows[1:]:
            self._put(sheet, cells)
        self._judge(self.layout, tree, built.rows if is_there else [], built, 0)

    def _stands_alone(self, built: Built) -> bool:
        """Whether a root without items has a row of its own; in a workbook one without any cell is none."""
        if self.layout.shape == "fixed":
            return False
        return bool(filled(built.rows[0][1])) or (self.layout.shape != "xlsx" and len(built.rows) > 1)

    # --- rows -------------------------------------------------------------------------------------------------------

    def _rows(self, layout: Layout, model: BaseModel, number: int, item: int) -> None:
        """Write the rows of a root, or of an item of the main list."""
        tree = self._may_leave(tree_of(model), layout)
        built = build(layout, tree, number, self._holds)
        self._refuse_twice(layout, built)
        shared = self._begun.rows[0][1] if item else {}
        for sheet, cells in built.rows:
            self._put(sheet, cells if sheet.each else {**shared, **cells})
        self._judge(layout, tree, built.rows, built, item)

    def _may_leave(self, tree: Tree, layout: Layout) -> Tree:
        """A tree without what is sensitive, which is told, unless that was asked for."""
        if self._sensitive:
            return tree
        kept, gone = without_sensitive(tree, layout.model, layout.prefix.removesuffix("."))
        for path in sorted(gone):
            self._tell(MappingLoss(path, self._number, declared=True, sensitive=True))
        return kept

    def _refuse_twice(self, layout: Layout, built: Built) -> None:
        """Refuse a key that occurred before, when it is one of the model."""
        if not layout.root.names_itself:
            return
        if built.key in self._met:
            raise UsageError(
                "Two dossiers or pupils have the same value for the column that names them.",
                where=layout.key,
                remedy="Write them into different tables.",
            )
        self._met.add(built.key)

    def _put(self, sheet: Sheet, cells: Cells) -> None:
        plain = self._plain[sheet.name]
        self._writer.row(sheet.name, [(cells.get(name), name not in plain) for name in self._headers[sheet.name]])

    # --- losses -----------------------------------------------------------------------------------------------------

    def _judge(self, layout: Layout, tree: Tree, rows: list[tuple[Sheet, Cells]], built: Built, item: int) -> None:
        back = returned(layout, rows)
        for loss in self._judges[id(layout)].losses(tree, back, built, self._number, item):
            self._tell(loss)

    def _tell(self, loss: MappingLoss) -> None:
        several = self.layout.main is not None and (loss.declared or len(self._found) >= MOST_LOSSES)
        path = generic(loss.path) if several else loss.path
        if several and self._refuses and not loss.declared:
            self._judge_all()
        self._found.setdefault(
            (self._number, path),
            MappingLoss(path, loss.number, loss.declared, loss.why, loss.sensitive),
        )


def returned(layout: Layout, rows: list[tuple[Sheet, Cells]]) -> Tree:
    """The tree of rows that were built: what the other side would give back."""
    rank = {sheet.each: number for number, sheet in enumerate(layout.sheets)}
    ordered = sorted(rows, key=lambda row: rank[row[0].each])
    return assemble(layout, [Item(sheet, None, filled(cells)) for sheet, cells in ordered], None) or {}


def filled(cells: Mapping[str, Any]) -> Cells:
    """The cells that are not empty."""
    return {name: cell for name, cell in cells.items() if cell is not None}


def _plain_columns(sheet: Sheet) -> frozenset[str]:
    """The columns whose cells no spreadsheet can take for a formula."""
    return frozenset(column.header for column in sheet.columns if not column.codec.words and column.mark is None)
