"""The sheets of a layout while a ``mapping.toml`` is being compiled: which lists have one, and what it is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from oso_bridge.errors import UsageError, choose
from oso_bridge.mappings.layout import MOST_NAME, MOST_WIDE, Sheet
from oso_bridge.mappings.places import ANYWHERE, EVERY, Step, Steps, kinds, lists, parts_below, resolve, shown, walk
from oso_bridge.mappings.shapes.base import slug
from oso_bridge.mappings.toml import Source

SHEET = {
    **dict.fromkeys(("name", "each", "key", "place", "empty"), str), **dict.fromkeys(("only", "columns"), object),
    "required": bool,
}  # fmt: skip
Labeller = Any


class Draft:
    """Sheets by the path of their list.

    Args:
        root: The class of the root.
        keys: The columns that name the root in other sheets.
        headers: What fields are called in a column, by name or path.
        label: What a field is called otherwise, by its name.
        skip: A list of the root that another layout has.
        taken: Names of sheets that another layout has.
    """

    def __init__(
        self,
        root: type[BaseModel],
        keys: tuple[str, ...],
        headers: Mapping[str, str],
        label: Labeller,
        skip: str = "",
        taken: frozenset[str] = frozenset(),
    ) -> None:
        self.root, self.keys, self.headers, self.label, self.skip, self.taken = root, keys, headers, label, skip, taken
        self.sheets: dict[str, Sheet] = {}

    def lists(self, name: str | None = None) -> Iterator[Steps]:
        """Every list below the root as a path to its items."""
        return (steps for steps in lists(self.root, name) if steps[0].name != self.skip)

    # --- sheets -----------------------------------------------------------------------------------------------------

    def declare(self, source: Source, each: str) -> None:
        """Make the sheet of a ``[[sheet]]``, or change it.

        Args:
            source: The table.
            each: The path of its list in this layout.
        """
        row = source.values
        sheet = self.sheets.get(each) or self.new_sheet(each, row.get("name"))
        for name in ("name", "key", "place", "empty", "required"):
            if name in row and (each or name != "key"):
                setattr(sheet, name, row[name])
        if sheet.anywhere:
            sheet.key = None
            sheet.place = sheet.place or "Plaats"
        if "only" in row:
            sheet.only = _only(source, sheet)
        if "columns" in row:
            sheet.at = _positions(source)

    def new_sheet(self, each: str, name: str | None = None) -> Sheet:
        """A sheet for a list.

        Args:
            each: The path of its items.
            name: What it is called; by default what its list is called.

        Raises:
            UsageError: The model has no such list.
        """
        made = self._anywhere(each) if each.startswith(ANYWHERE) else self._listed(each)
        made.name = name or self._free_name(self.header(made.steps[-1:])[:MOST_NAME])
        self.sheets[each] = made
        return made

    def _free_name(self, name: str) -> str:
        """A name that no other sheet has."""
        used, number, free = {slug(sheet.name) for sheet in self.sheets.values()} | self.taken, 1, name
        while slug(free) in used:
            number += 1
            free = f"{name[: MOST_NAME - 4]} {number}"
        return free

    def _listed(self, each: str) -> Sheet:
        """A sheet for the items of one list."""
        steps = resolve(each, self.root)
        if not steps or not steps[-1].every:
            raise UsageError(f"{each!r} is no list of the model.", remedy="A sheet is for each item of a list: x.y[].")
        above = next((n for n in range(len(steps) - 1, 0, -1) if steps[n - 1].every), 0)
        if any(step.chosen for step in steps):
            raise UsageError(f"{each!r} chooses an item; a sheet holds the items of a whole list.")
        parent = shown(steps[:above])
        if parent not in self.sheets:
            self.new_sheet(parent)
        holder = self.sheets[parent]
        if holder.each:
            holder.key = holder.key or f"{holder.name} nr"
        return Sheet("", each, steps[-1].kind.part, steps[above:], holder)

    def _anywhere(self, each: str) -> Sheet:
        """A sheet for the items of every list of a name."""
        name = each[len(ANYWHERE) : -len(EVERY)]
        found = list(self.lists(name))
        if not each.endswith(EVERY) or not found:
            raise UsageError(f"The model has no list for {each!r}.", remedy="Write it as **.adressen[].")
        if len({steps[-1].kind for steps in found}) > 1 or found[0][-1].kind.part is None:
            raise UsageError(f"Not all lists of {each!r} hold the same parts.")
        places = frozenset(shown(steps[:-1]) for steps in found)
        return Sheet("", each, found[0][-1].kind.part, (found[0][-1],), owners=places, place="Plaats")

    def ordered(self) -> list[Sheet]:
        """All sheets, each after the one that its rows stand in, which now know each other."""
        for sheet in self.sheets.values():
            if sheet.parent is not None:
                sheet.parent.children.append(sheet)

        def below(sheet: Sheet) -> Iterator[Sheet]:
            yield sheet
            for child in sheet.children:
                yield from below(child)

        return [*below(self.sheets[""]), *_after_owners([sheet for sheet in self.sheets.values() if sheet.anywhere])]

    # --- names ------------------------------------------------------------------------------------------------------

    def header(self, steps: Steps) -> str:
        """A header out of the labels on the way; never an empty one."""
        labels = [self._label(steps[:number]) for number in range(1, len(steps) + 1)]
        text = " ".join(
            label if label.isupper() or not number else label[:1].lower() + label[1:]
            for number, label in enumerate(filter(None, labels))
        )
        text = text or str(self.label(steps[-1].name))
        return text[:1].upper() + text[1:]

    def _label(self, steps: Steps) -> str:
        path = ".".join(step.name for step in steps)
        return str(self.headers.get(path, self.headers.get(steps[-1].name, self.label(steps[-1].name))))

    # --- places -----------------------------------------------------------------------------------------------------

    def has_place(self, steps: Steps) -> bool:
        """Whether some row holds a value, whatever the number of its item."""
        taken = {sheet.anywhere: sheet for sheet in self.sheets.values() if sheet.anywhere}
        for number in range(len(steps), 0, -1):
            step = steps[number - 1]
            if step.every and step.kind.part is not None:
                sheet = taken.get(step.name) or self.sheets.get(shown(steps[:number]))
                return sheet is not None and _has(sheet, steps[number:])
        if steps[-1].every and (sheet := self.sheets.get(shown(steps))) is not None and sheet.item is None:
            return bool(sheet.columns)
        return _has(self.sheets[""], steps)

    def lacks(self, path: str) -> bool:
        """Whether anything at or below a path has no place."""
        steps = resolve(path, self.root)
        if steps and steps[-1].kind.part is None:
            return not self.has_place(steps)
        part = steps[-1].kind.part or self.root if steps else self.root
        below = ((*steps, *rest) for rest in walk(part) if rest[-1].kind.part is None)
        return any(not self.has_place(item) for item in below if item[0].name != self.skip)


def _after_owners(sheets: list[Sheet]) -> list[Sheet]:
    """Sheets of lists anywhere in their order, but each after those whose items hold such lists."""
    found: list[Sheet] = []
    while left := [sheet for sheet in sheets if sheet not in found]:
        free = (sheet for sheet in left if not any(_stands_in(sheet, other) for other in left if other is not sheet))
        found.append(next(free, left[0]))
    return found


def _stands_in(sheet: Sheet, other: Sheet) -> bool:
    return any(f"{other.anywhere}{EVERY}" in path.split(".") for path in sheet.owners)


def bare(steps: Steps) -> tuple[Any, ...]:
    """What makes two paths the same place."""
    return tuple((step.name, step.chosen) for step in steps)


def has_parts(sheet: Sheet) -> bool:
    """Whether a row holds parts, any of which may be there and hold nothing."""
    return sheet.item is not None and any(True for _ in parts_below(sheet.item))


def _has(sheet: Sheet, steps: Steps) -> bool:
    named = len(steps) == 1 and steps[0].name in sheet.only
    return named or any(bare(steps) == bare(own) for column in sheet.columns for own in column.fields)


def values_below(part: type[BaseModel], before: Steps = ()) -> Iterator[Steps]:
    """The values of a part and of the single parts in it; a list of values counts as one."""
    for name, kind in kinds(part).items():
        steps = (*before, Step(name, kind, every=kind.several))
        if kind.part is None:
            yield steps
        elif not kind.several:
            yield from values_below(kind.part, steps)


def _only(source: Source, sheet: Sheet) -> dict[str, str]:
    """The fields that all items of a sheet have in common."""
    row = source.values["only"]
    fields = kinds(sheet.item) if sheet.item else {}
    if not isinstance(row, dict) or not all(isinstance(text, str) for text in row.values()):
        raise source.wrong("only names fields and the text they have.", 'For example only = { soort = "x" }.')
    for name in row:
        if name not in fields or fields[name].part is not None or fields[name].several:
            raise source.wrong(f"The items of this sheet have no field {name!r} with a text.", choose(name, fields))
    return dict(row)


def _positions(source: Source) -> dict[str, tuple[int, int]]:
    """Where each column of a file of fixed width begins and how wide it is."""
    row, end = source.values["columns"], 0
    try:
        found = {name: (int(spot["at"]), int(spot["width"])) for name, spot in row.items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise source.wrong("A column has a place and a width.", "For example Naam = { at = 0, width = 40 }.") from None
    for at, width in sorted(found.values()):
        if at < end or width < 1:
            raise source.wrong("Two columns overlap, or one has no width.", "Count places from 0.")
        end = at + width
    if end > MOST_WIDE:
        raise source.wrong(f"A record is wider than {MOST_WIDE} characters.", "Count places from 0.")
    return found
