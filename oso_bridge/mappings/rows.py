"""A ``mapping.toml``, compiled: sheets with columns, each bound to a place of the model, and what has no place.

Whatever cannot be right is refused when a mapping is loaded, with the file and the line: an unknown word, a path that
the model does not have, two rows for one place, a loss that is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from oso_bridge import data
from oso_bridge.errors import DataError, UsageError, choose
from oso_bridge.mappings import words
from oso_bridge.mappings.places import (
    ANYWHERE,
    EVERY,
    Kind,
    Step,
    Steps,
    kinds,
    lists,
    parts_below,
    resolve,
    shown,
    walk,
)
from oso_bridge.mappings.shapes.base import slug
from oso_bridge.mappings.words import Cell, Codec, Unfit

FILE = "mapping.toml"
SHAPES = ("csv", "xlsx", "json")
_TOP = {
    "model", "shape", "extends", "title", "all", "key", "missing", "headers", "csv", "sheet", "row", "loss",
}  # fmt: skip
_SHEET = {"name", "each", "key", "place", "empty", "required"}
_ROW = {
    "model", "sheet", "column", "type", "codes", "values", "default", "join", "split", "when", "python", "required",
}  # fmt: skip
_LOSS = {"model", "longer_than", "outside", "empty", "why"}
_CSV = {"delimiter", "encoding"}
Labeller = Any


@dataclass(frozen=True, slots=True)
class Source:
    """A table of a ``mapping.toml`` with the place it came from."""

    file: Path
    line: int | None
    values: dict[str, Any]

    def wrong(self, what: str, remedy: str | None = None) -> DataError:
        """The error that says where."""
        return DataError(what, where=str(self.file), line=self.line, remedy=remedy)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Errors inside name this place."""
        try:
            yield
        except UsageError as error:
            raise self.wrong(error.what, error.remedy) from None


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

    def decode(self, cell: Cell) -> tuple[Any, ...]:
        """The value of each field; None where there is none.

        Raises:
            Unfit: The cell holds something else.
        """
        if cell is None:
            return (self.default,) * len(self.fields) if self.mark is None else (None,) * len(self.fields)
        if self.mark is None:
            return (self.codec.decode(cell),)
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
    columns: list[Column] = field(default_factory=list)
    children: list[Sheet] = field(default_factory=list)
    required: bool = False

    @property
    def anywhere(self) -> str | None:
        """The name of the lists of ``**``, or None."""
        return self.each[len(ANYWHERE) : -len(EVERY)] if self.each.startswith(ANYWHERE) else None

    def refers(self, root_key: str) -> list[str]:
        """The columns by which a row says whose it is, the root first."""
        if not self.each:
            return []
        if self.anywhere:
            return [root_key, self.place or "Plaats"]
        assert self.parent is not None  # every other sheet hangs below one  # noqa: S101
        return [root_key] + ([self.parent.key or ""] if self.parent.each else [])

    def headers(self, root_key: str) -> list[str]:
        """All columns in their order, each once."""
        own = [self.key] if self.key else []
        rest = [self.empty] if self.empty else []
        asked = [name for column in self.columns for name in (*column.when, column.header)]
        return list(dict.fromkeys([*self.refers(root_key), *own, *asked, *rest]))


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
        shape: ``csv``, ``xlsx`` or ``json``.
        title: By language, what the mapping is for.
        key: The column that names the root in every sheet.
        sheets: The root first, a sheet after the one its rows stand in.
        losses: What is declared lost.
        delimiter: Of csv.
        encoding: Of csv, when it is written.
        missing: ``warn`` when a column that a row names should be there, ``allow`` when it may be absent.
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

    @property
    def root(self) -> Sheet:
        """The sheet with a row for each root."""
        return self.sheets[0]


def load(file: Path, models: Mapping[str, type[BaseModel]], find: Any, label: Labeller) -> Layout:
    """Compile a ``mapping.toml``.

    Args:
        file: The file.
        models: The classes that ``model`` may name.
        find: Gives the file of a mapping that is extended, by name.
        label: What a field is called, by its name.

    Raises:
        DataError: The file is no mapping; the text says where and what.
    """
    return _Compiler(_stacked(file, find, ()), models, label).compiled()


def _stacked(file: Path, find: Any, seen: tuple[Path, ...]) -> list[Source]:
    """The file after those that it extends."""
    if file in seen:
        raise DataError("A mapping extends itself.", where=str(file))
    top = Source(file, None, data.load_toml(file))
    base = top.values.get("extends")
    with top.told():
        below = _stacked(find(base), find, (*seen, file)) if base else []
    return [*below, top]


def _tables(source: Source, kind: str) -> list[Source]:
    """The tables ``[[kind]]`` of a file, each with its line."""
    found = source.values.get(kind, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise source.wrong(f"{kind!r} is no list of tables.", f"Write each as [[{kind}]].")
    text = source.file.read_text(encoding="utf-8").splitlines()
    heads = [number for number, line in enumerate(text, 1) if re.match(rf"\s*\[\[\s*{kind}\s*\]\]", line)]
    lines: list[int | None] = [*heads] if len(heads) == len(found) else [None] * len(found)
    return [Source(source.file, line, item) for line, item in zip(lines, found, strict=True)]


class _Compiler:
    """Makes a layout out of the files."""

    def __init__(self, files: list[Source], models: Mapping[str, type[BaseModel]], label: Labeller) -> None:
        self.files, self.models, self.label = files, models, label
        self.top: dict[str, Any] = {}
        for file in files:
            _only(file, _TOP)
            self.top |= {name: value for name, value in file.values.items() if name not in ("sheet", "row", "loss")}
        self.last = files[-1]
        self.sheets: dict[str, Sheet] = {}
        self.bound: dict[tuple[str, str, str], Source] = {}
        self.headers: dict[str, str] = self.top.get("headers", {})

    def compiled(self) -> Layout:
        layout = self._layout()
        self._sheets(layout)
        self._rows()
        if self.top.get("all"):
            self._everything()
        self._hang()
        self._losses(layout)
        layout.sheets = list(self._ordered())
        self._check_sheets(layout)
        return layout

    # --- the top ----------------------------------------------------------------------------------------------------

    def _layout(self) -> Layout:
        model, shape = self.top.get("model", "Dossier"), self.top.get("shape", "csv")
        if model not in self.models:
            raise self.last.wrong(f"There is no model {model!r}.", choose(str(model), self.models))
        if shape not in SHAPES:
            raise self.last.wrong(f"There is no shape {shape!r}.", choose(str(shape), SHAPES))
        csv = Source(self.last.file, None, self.top.get("csv", {}))
        _only(csv, _CSV)
        missing = self.top.get("missing", "warn")
        if missing not in ("warn", "allow"):
            raise self.last.wrong(f"missing is {missing!r}.", "Choose from warn, allow.")
        self.root, self.key = self.models[model], str(self.top.get("key", "Leerling"))
        return Layout(
            self.root,
            shape,
            dict(self.top.get("title", {})),
            self.key,
            [],
            [],
            _delimiter(csv),
            _encoding(csv),
            missing,
        )

    # --- sheets -----------------------------------------------------------------------------------------------------

    def _sheets(self, layout: Layout) -> None:
        self.sheets[""] = Sheet("Leerlingen" if layout.key == "Leerling" else "Rijen", "", self.root, key=layout.key)
        for file in self.files:
            for source in _tables(file, "sheet"):
                _only(source, _SHEET)
                with source.told():
                    self._sheet(source)

    def _sheet(self, source: Source) -> None:
        row = source.values
        each = row.get("each", "")
        sheet = self.sheets.get(each) or self._new_sheet(each, row.get("name"))
        for name in ("name", "key", "place", "empty", "required"):
            if name in row:
                setattr(sheet, name, row[name])
        if not each:
            sheet.key = self.key
        if sheet.anywhere:
            sheet.key = None
            sheet.place = sheet.place or "Plaats"

    def _new_sheet(self, each: str, name: str | None = None) -> Sheet:
        made = self._anywhere(each) if each.startswith(ANYWHERE) else self._listed(each)
        made.name = name or self._free_name(self._header(made.steps[-1:])[:MOST_NAME])
        self.sheets[each] = made
        return made

    def _free_name(self, name: str) -> str:
        """A name that no other sheet has."""
        used, number, free = {slug(sheet.name) for sheet in self.sheets.values()}, 1, name
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
            self._new_sheet(parent)
        holder = self.sheets[parent]
        if holder.each:
            holder.key = holder.key or f"{holder.name} nr"
        return Sheet("", each, steps[-1].kind.part, steps[above:], holder)

    def _anywhere(self, each: str) -> Sheet:
        """A sheet for the items of every list of a name."""
        name = each[len(ANYWHERE) : -len(EVERY)]
        found = list(lists(self.root, name))
        if not each.endswith(EVERY) or not found:
            raise UsageError(f"The model has no list for {each!r}.", remedy="Write it as **.adressen[].")
        if len({steps[-1].kind for steps in found}) > 1 or found[0][-1].kind.part is None:
            raise UsageError(f"Not all lists of {each!r} hold the same parts.")
        places = frozenset(shown(steps[:-1]) for steps in found)
        return Sheet("", each, found[0][-1].kind.part, (found[0][-1],), owners=places, place="Plaats")

    # --- rows -------------------------------------------------------------------------------------------------------

    def _rows(self) -> None:
        for file in self.files:
            for source in _tables(file, "row"):
                _only(source, _ROW)
                with source.told():
                    self._row(source)

    def _row(self, source: Source) -> None:
        row = source.values
        paths = row.get("model")
        paths = [paths] if isinstance(paths, str) else paths
        if not isinstance(paths, list) or not paths or not isinstance(row.get("column"), str):
            raise source.wrong("A row names its model and its column.", 'For example model = "x.y", column = "Z".')
        if (len(paths) > 1) != ("split" in row):
            raise source.wrong("A row with several places has split, and one with split several places.")
        targets = [self._target(path, "join" in row) for path in paths]
        if len({id(sheet) for sheet, _ in targets}) > 1:
            raise source.wrong("The places of one row stand in different sheets.")
        sheet, fields = targets[0][0], tuple(steps for _, steps in targets)
        self._claim(source, sheet, fields, row["column"])
        if row.get("sheet", sheet.name) != sheet.name:
            self._rename(source, sheet, row["sheet"])
        sheet.columns.append(self._column(source, sheet, fields, tuple(paths)))

    def _target(self, path: str, join: bool) -> tuple[Sheet, Steps]:
        """The sheet of a path, and the way from its item on."""
        each, rest = self._parted(path, join)
        sheet = self.sheets.get(each) or self._new_sheet(each)
        if sheet.item is None:
            steps: Steps = ()
        else:
            steps = resolve(rest, sheet.item)
            self._check_target(path, steps, join)
        return sheet, steps

    def _parted(self, path: str, join: bool) -> tuple[str, str]:
        """The list that a path leads through, and the rest of it."""
        whole = path[: -len(EVERY)] if join and path.endswith(EVERY) else path
        if whole.endswith(EVERY):
            return whole, ""
        head, mark, rest = whole.rpartition(EVERY + ".")
        return head + EVERY if mark else "", rest + (EVERY if whole != path else "")

    def _check_target(self, path: str, steps: Steps, join: bool) -> None:
        if not steps or steps[-1].kind.part is not None:
            raise UsageError(f"{path!r} is a part and no value.", remedy="Name one of its fields.")
        several = steps[-1].kind.several and steps[-1].chosen is None
        if several and not join:
            raise UsageError(f"{path!r} is a list.", remedy='Put its values in one cell: join = ", ".')
        if join and not several:
            raise UsageError(f"{path!r} is no list, and has nothing to join.")
        if any(step.kind.several and not step.chosen for step in steps[:-1]):
            raise UsageError(f"{path!r} leads through a whole list.", remedy="Choose an item: [1] or [soort=x].")

    def _claim(self, source: Source, sheet: Sheet, fields: tuple[Steps, ...], header: str) -> None:
        """Refuse two rows for one place or one column; a row of a mapping replaces that of the one it extends."""
        when = "" if not source.values.get("when") else repr(sorted(source.values["when"].items()))
        for steps in fields:
            key = (sheet.each, "place " + shown(steps), when)
            before = self.bound.get(key)
            if before is not None and before.file == source.file:
                raise source.wrong(f"Two rows are for one place; the other is on line {before.line or '?'}.")
            if before is not None:
                sheet.columns = [column for column in sheet.columns if steps not in column.fields]
            self.bound[key] = source
        if any(column.header == header and (not when or not column.when) for column in sheet.columns):
            raise source.wrong("Two rows fill one column.", "Give one of them another column, or both a when.")

    def _rename(self, source: Source, sheet: Sheet, name: str) -> None:
        if any(other is not sheet and other.name == name for other in self.sheets.values()):
            raise source.wrong(f"The sheet {name!r} is for another list.", "Give this list a sheet of its own.")
        if sheet.columns:
            raise source.wrong(f"The rows of this list stand in the sheet {sheet.name!r}.")
        sheet.name = name

    def _column(self, source: Source, sheet: Sheet, fields: tuple[Steps, ...], paths: tuple[str, ...]) -> Column:
        row = source.values
        kind = fields[0][-1].kind if fields[0] else resolve(sheet.each, self.root)[-1].kind
        codec = self._codec(row, kind)
        when = row.get("when", {})
        if not isinstance(when, dict) or not all(isinstance(value, str) for value in when.values()):
            raise source.wrong("when names columns and the text they have.", 'For example when = { Soort = "x" }.')
        default = None
        if "default" in row:
            try:
                default = codec.decode(str(row["default"]))
            except Unfit:
                raise source.wrong("default is no value of this column.") from None
        split = row.get("split")
        if split == "":
            raise source.wrong("split is empty.", 'Write it as split = " ".')
        return Column(row["column"], fields, paths, codec, split, default, when, bool(row.get("required")))

    def _codec(self, row: Mapping[str, Any], kind: Kind) -> Codec:
        if "python" in row:
            if row["python"] not in words.FUNCTIONS:
                raise UsageError(
                    f"There is no function {row['python']!r}.", remedy=choose(str(row["python"]), words.FUNCTIONS)
                )
            return words.FUNCTIONS[row["python"]]
        name = str(row.get("type") or words.usual(kind))
        codec = words.typed(name)
        if not words.fits(kind, name):
            raise UsageError(
                f"This field does not hold values of the type {name!r}.", remedy=f"It is {words.usual(kind)}."
            )
        if "codes" in row:
            codec = _coded(row["codes"], kind)
        if "values" in row:
            codec = words.translated(
                _inner(kind, codec), {str(key): str(value) for key, value in row["values"].items()}
            )
        return words.joined(codec, row["join"]) if "join" in row else codec

    # --- all --------------------------------------------------------------------------------------------------------

    def _everything(self) -> None:
        """Give a column to every field without a row, and a sheet to every list without one."""
        self._shared_sheets()
        taken = {sheet.anywhere for sheet in self.sheets.values() if sheet.anywhere}
        for steps in lists(self.root):
            if steps[-1].kind.part is not None and not taken & {step.name for step in steps}:
                each = shown(steps)
                if each not in self.sheets:
                    self._new_sheet(each)
        for sheet in self.sheets.values():
            if sheet.item is not None:
                if _has_parts(sheet):
                    sheet.empty = sheet.empty or EMPTY
                self._fill(sheet, sheet.item)

    def _shared_sheets(self) -> None:
        """One sheet for lists of the same name and the same parts, unless one of them has a sheet of its own."""
        found: dict[str, list[Steps]] = {}
        for steps in lists(self.root):
            if steps[-1].kind.part is not None:
                found.setdefault(steps[-1].name, []).append(steps)
        for name, places in found.items():
            each, own = f"{ANYWHERE}{name}{EVERY}", any(shown(steps) in self.sheets for steps in places)
            if len({steps[-1].kind for steps in places}) == 1 < len(places) and not own and each not in self.sheets:
                self._new_sheet(each)

    def _fill(self, sheet: Sheet, part: type[BaseModel]) -> None:
        have = {steps for column in sheet.columns for steps in column.fields}
        names = {column.header for column in sheet.columns} | set(sheet.headers(self.key) if sheet.each else [])
        for steps in values_below(part):
            if _bare(steps) in {_bare(other) for other in have}:
                continue
            header = self._header(steps)
            if header in names:
                header = f"{header} ({'.'.join(step.name for step in steps)})"
            names.add(header)
            path = f"{sheet.each}.{shown(steps)}" if sheet.each else shown(steps)
            row = {"join": ", "} if steps[-1].kind.several else {}
            sheet.columns.append(Column(header, (steps,), (path,), self._codec(row, steps[-1].kind), by_rule=True))

    def _header(self, steps: Steps) -> str:
        """A header out of the labels on the way."""
        labels = [self._label(steps[:number]) for number in range(1, len(steps) + 1)]
        text = " ".join(
            label if label.isupper() or not number else label[:1].lower() + label[1:]
            for number, label in enumerate(filter(None, labels))
        )
        return text[:1].upper() + text[1:]

    def _label(self, steps: Steps) -> str:
        path = ".".join(step.name for step in steps)
        return str(self.headers.get(path, self.headers.get(steps[-1].name, self.label(steps[-1].name))))

    # --- the whole --------------------------------------------------------------------------------------------------

    def _hang(self) -> None:
        for sheet in self.sheets.values():
            if sheet.parent is not None:
                sheet.parent.children.append(sheet)

    def _ordered(self) -> Iterator[Sheet]:
        def below(sheet: Sheet) -> Iterator[Sheet]:
            yield sheet
            for child in sheet.children:
                yield from below(child)

        yield from below(self.sheets[""])
        yield from (sheet for sheet in self.sheets.values() if sheet.anywhere)

    def _check_sheets(self, layout: Layout) -> None:
        names = [sheet.name for sheet in layout.sheets]
        files = [slug(name) for name in names]
        for sheet in layout.sheets:
            if not 0 < len(sheet.name) <= MOST_NAME or set(sheet.name) & set(":\\/?*[]"):
                raise self.last.wrong(
                    f"{sheet.name!r} is no name for a sheet.",
                    f"At most {MOST_NAME} characters, and none of : \\ / ? * [ ].",
                )
            if files.count(slug(sheet.name)) > 1:
                raise self.last.wrong(f"Two sheets would be the file {slug(sheet.name)!r}.", "Give one another name.")
            if names.count(sheet.name) > 1:
                raise self.last.wrong(f"Two sheets are called {sheet.name!r}.", "Give one a name with [[sheet]].")
            special = [*sheet.refers(layout.key), sheet.empty, *([sheet.key] if sheet.each else [])]
            twice = {column.header for column in sheet.columns} & {name for name in special if name}
            if twice:
                raise self.last.wrong(
                    f"The column {min(twice)!r} of {sheet.name!r} is a key and holds a value as well."
                )

    # --- losses -----------------------------------------------------------------------------------------------------

    def _losses(self, layout: Layout) -> None:
        for file in self.files:
            for source in _tables(file, "loss"):
                _only(source, _LOSS)
                with source.told():
                    layout.losses.append(self._loss(source, layout))

    def _loss(self, source: Source, layout: Layout) -> Loss:
        row = source.values
        if len(set(row) - {"why"}) != 1 or set(row.get("why", {})) != {"nl", "en"}:
            raise source.wrong(
                "A loss says one thing and why.", "Name model, longer_than, outside or empty, and why.nl and why.en."
            )
        loss = Loss(**row)
        if loss.model is not None and not self._lacks(loss.model):
            raise source.wrong(f"{loss.model!r} is no loss: the mapping has a place for all of it.")
        if loss.longer_than is not None and (layout.shape != "xlsx" or loss.longer_than != MOST_IN_CELL):
            raise source.wrong(f"Only a cell of xlsx has an end, after {MOST_IN_CELL} characters.")
        if loss.outside is not None and (
            layout.shape != "csv" or loss.outside != layout.encoding or _is_unicode(loss.outside)
        ):
            raise source.wrong("outside names the encoding of this csv, when that is not a form of Unicode.")
        if loss.empty and all(sheet.empty for sheet in self.sheets.values() if _has_parts(sheet)):
            raise source.wrong("This is no loss: every sheet has a column for empty parts.")
        return loss

    def _lacks(self, path: str) -> bool:
        """Whether anything at or below a path has no place."""
        steps = resolve(path, self.root)
        below = (
            [steps]
            if steps and steps[-1].kind.part is None
            else [
                (*steps, *rest) for rest in values_below_all(steps[-1].kind.part or self.root if steps else self.root)
            ]
        )
        return any(not self.has_place(item) for item in below)

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


EMPTY = "Lege onderdelen"
"""The column that ``all`` gives to a sheet for the parts that are there and hold nothing."""

MOST_NAME = 31
"""The length of the name of a sheet of a workbook."""

MOST_IN_CELL = 32767
"""What a cell of a spreadsheet holds at the most."""


def _has(sheet: Sheet, steps: Steps) -> bool:
    return any(_bare(steps) == _bare(own) for column in sheet.columns for own in column.fields)


def _has_parts(sheet: Sheet) -> bool:
    """Whether a row holds parts, any of which may be there and hold nothing."""
    return sheet.item is not None and any(True for _ in parts_below(sheet.item))


def _bare(steps: Steps) -> tuple[Any, ...]:
    return tuple((step.name, step.chosen) for step in steps)


def values_below(part: type[BaseModel], before: Steps = ()) -> Iterator[Steps]:
    """The values of a part and of the single parts in it; a list of values counts as one."""
    for name, kind in kinds(part).items():
        steps = (*before, Step(name, kind, every=kind.several))
        if kind.part is None:
            yield steps
        elif not kind.several:
            yield from values_below(kind.part, steps)


def values_below_all(part: type[BaseModel]) -> Iterator[Steps]:
    """Every value below a part, through lists as well."""
    return (steps for steps in walk(part) if steps[-1].kind.part is None)


def _only(source: Source, known: set[str]) -> None:
    unknown = [name for name in source.values if name not in known]
    if unknown:
        raise source.wrong(f"There is no word {unknown[0]!r} here.", choose(unknown[0], sorted(known)))


def _delimiter(csv: Source) -> str:
    found = csv.values.get("delimiter", ";")
    if found not in (";", ",", "\t", "|"):
        raise csv.wrong("The delimiter of csv is none that can be used.", "Choose from ; , | or a tab.")
    return str(found)


def _encoding(csv: Source) -> str:
    found = csv.values.get("encoding", "utf-8-sig")
    if found not in ENCODINGS:
        raise csv.wrong(f"The encoding {found!r} is none that can be used.", choose(str(found), ENCODINGS))
    return str(found)


ENCODINGS = ("utf-8-sig", "utf-8", "cp1252", "iso-8859-1", "iso-8859-15", "utf-16")
"""The encodings of csv."""


def _is_unicode(encoding: str) -> bool:
    return encoding.startswith("utf")


def _coded(word: Any, kind: Kind) -> Codec:
    if word not in ("code", "label"):
        raise UsageError(f"There is no way {word!r} to write codes.", remedy="Choose from code, label.")
    number = getattr(kind.type, "lijst", None)
    if number is None:
        raise UsageError("This field has no code list.")
    return words.TEXT if word == "code" else words.labelled(_labels(number))


def _labels(number: int) -> dict[str, str]:
    """The meanings of the codes of a list, from all releases; the latest counts."""
    from oso_bridge import codes, releases

    found: dict[str, str] = {}
    for release in releases.installed():
        if release.format == "oso":
            try:
                found.update(codes.code_list("oso", number, release.version).labels)
            except UsageError:  # the list does not exist in that release
                continue
    return found


def _inner(kind: Kind, codec: Codec) -> Codec:
    """What reads the words of the model, of a translation: true and false, 2012-03-17, 7.5."""
    usual = words.usual(kind)
    if usual == "boolean":
        return words.boolean_codec("true/false")
    return {"decimal": words.decimal_codec("."), "date": words.date_codec("%Y-%m-%d")}.get(usual, codec)
