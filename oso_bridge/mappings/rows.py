"""A ``mapping.toml``, compiled to a layout.

Whatever cannot be right is refused when a mapping is loaded, with the file and the line: an unknown word, a path that
the model does not have, two rows for one place, a loss that is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from oso_bridge.errors import UsageError, choose
from oso_bridge.mappings import words
from oso_bridge.mappings.draft import SHEET, Draft, Labeller
from oso_bridge.mappings.everything import everything
from oso_bridge.mappings.layout import EMPTY, ENCODINGS, FIXED_ENCODINGS, MOST_NAME, Column, Layout, Sheet
from oso_bridge.mappings.lost import LOSS, loss
from oso_bridge.mappings.places import EVERY, Kind, Steps, resolve, shown
from oso_bridge.mappings.shapes.base import slug
from oso_bridge.mappings.toml import Source, only, stacked, tables
from oso_bridge.mappings.words import Codec, Unfit

SHAPES = ("csv", "xlsx", "json", "fixed")
_TOP = {
    **dict.fromkeys(("model", "shape", "extends", "rows", "key", "missing"), str), "all": bool, "group": list,
    **dict.fromkeys(("title", "headers", "csv", "fixed"), dict), **dict.fromkeys(("sheet", "row", "loss"), object),
}  # fmt: skip
_ROW = {
    **dict.fromkeys(("sheet", "type", "codes", "join", "split", "python"), str), "values": dict, "required": bool,
    **dict.fromkeys(("model", "column", "default", "when"), object),
}  # fmt: skip
_CSV = {"delimiter": str, "encoding": str}
_FIXED = {"encoding": str}


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
    files = stacked(file, find, ())
    top = _Top(files, models)
    if not top.rows:
        layout = _Compiler(top, label, "whole").compiled()
    else:
        main = _Compiler(top, label, "main").compiled()
        layout = _Compiler(top, label, "rest", main).compiled()
        _joined(top, layout, main)
    _check_sheets(top.last, layout)
    return layout


class _Top:
    """What a mapping says of the whole."""

    def __init__(self, files: list[Source], models: Mapping[str, type[BaseModel]]) -> None:
        self.files, self.last = files, files[-1]
        self.said: dict[str, Any] = {}
        for file in files:
            only(file, _TOP)
            self.said |= {name: value for name, value in file.values.items() if name not in ("sheet", "row", "loss")}
        self.shape, self.missing = self.said.get("shape", "csv"), self.said.get("missing", "warn")
        self.key, self.rows = str(self.said.get("key", "Leerling")), str(self.said.get("rows", ""))
        self.group = tuple(map(str, self.said.get("group", [])))
        self._check(models)
        self.model = models[self.said.get("model", "Dossier")]
        self.item = self._item()

    def _check(self, models: Mapping[str, type[BaseModel]]) -> None:
        model = self.said.get("model", "Dossier")
        if model not in models:
            raise self.last.wrong(f"There is no model {model!r}.", choose(str(model), models))
        if self.shape not in SHAPES:
            raise self.last.wrong(f"There is no shape {self.shape!r}.", choose(str(self.shape), SHAPES))
        if self.missing not in ("warn", "allow"):
            raise self.last.wrong(f"missing is {self.missing!r}.", "Choose from warn, allow.")
        if self.shape == "fixed" and not self.rows:
            raise self.last.wrong("Files of fixed width hold a list.", 'Name it: rows = "leerlingen[]".')
        if self.group and not self.rows:
            raise self.last.wrong("group goes with rows.", "A row for each root has a key.")

    def _item(self) -> type[BaseModel]:
        """What a row of the first sheet fills."""
        if not self.rows:
            return self.model
        with self.last.told():
            steps = resolve(self.rows, self.model)
        if len(steps) != 1 or not steps[0].every or steps[0].kind.part is None:
            raise self.last.wrong(f"{self.rows!r} is no list of parts of the model.", 'Write it as "leerlingen[]".')
        part: type[BaseModel] = steps[0].kind.part
        return part

    def layout(self) -> Layout:
        """A layout without sheets."""
        csv = Source(self.last.file, None, self.said.get("csv", {}))
        only(csv, _CSV)
        title, encoding = dict(self.said.get("title", {})), _encoding(csv, "utf-8-sig", ENCODINGS)
        if self.shape == "fixed":
            fixed = Source(self.last.file, None, self.said.get("fixed", {}))
            only(fixed, _FIXED)
            encoding = _encoding(fixed, "cp1252", FIXED_ENCODINGS)
        mark = _delimiter(csv)
        return Layout(self.model, self.shape, title, self.key, [], [], mark, encoding, self.missing)


def _joined(top: _Top, layout: Layout, main: Layout) -> None:
    """Let a layout and that of its main list know each other."""
    layout.main, layout.group, layout.root.name = main, top.group, main.root.name
    main.whole, main.prefix = layout, top.rows + "."
    twice = set(layout.root.headers(())) & set(main.root.headers(main.keys))
    if twice:
        raise top.last.wrong(f"The column {min(twice)!r} is of the root and of its items as well.")
    lacking = [name for name in top.group if all(column.header != name for column in layout.root.columns)]
    if lacking:
        raise top.last.wrong(f"The column {lacking[0]!r} of group is none of the root.", "Give it a row.")


def _check_sheets(last: Source, layout: Layout) -> None:
    names = [sheet.name for _, sheet in layout.tables()]
    files = [slug(name) for name in names]
    for owner, sheet in layout.tables():
        if not 0 < len(sheet.name) <= MOST_NAME or set(sheet.name) & set(":\\/?*[]"):
            raise last.wrong(
                f"{sheet.name!r} is no name for a sheet.",
                f"At most {MOST_NAME} characters, and none of : \\ / ? * [ ].",
            )
        if files.count(slug(sheet.name)) > 1:
            raise last.wrong(f"Two sheets would be the file {slug(sheet.name)!r}.", "Give one another name.")
        if names.count(sheet.name) > 1:
            raise last.wrong(f"Two sheets are called {sheet.name!r}.", "Give one a name with [[sheet]].")
        special = [*sheet.refers(owner.keys), sheet.empty]
        twice = {column.header for column in sheet.columns} & {name for name in special if name}
        if twice:
            raise last.wrong(f"The column {min(twice)!r} of {sheet.name!r} is a key and holds a value as well.")
        _check_headers(last, owner, sheet)
        _check_positions(last, owner, sheet)


def _check_headers(last: Source, owner: Layout, sheet: Sheet) -> None:
    """A header stands in a file of csv, and its encoding has to have the letters."""
    for name in owner.headers(sheet) if owner.shape == "csv" else ():
        try:
            name.encode(owner.encoding)
        except UnicodeEncodeError:
            raise last.wrong(
                f"The column {name!r} has a letter that {owner.encoding} does not have.",
                "Choose another name or encoding.",
            ) from None


def _check_positions(last: Source, owner: Layout, sheet: Sheet) -> None:
    """Every column of a file of fixed width has a place in it; one that only tells roots apart may be absent."""
    if owner.shape != "fixed":
        if sheet.at:
            raise last.wrong("Only columns of fixed width have a place.", 'Say shape = "fixed".')
        return
    needed = set(sheet.headers(owner.keys)) - {name for name in owner.group if sheet.each}
    whole = owner.whole if not sheet.each else None
    group = set(owner.group) | (set(whole.root.headers(())) if whole else set())
    lacking = sorted(needed - set(sheet.at)) + sorted(set(sheet.at) - needed - group)
    if lacking or (group - set(sheet.at) and not sheet.each):
        name = lacking[0] if lacking else min(group - set(sheet.at))
        raise last.wrong(f"The column {name!r} of {sheet.name!r} has no place or no row.", "See [sheet.columns].")


class _Compiler:
    """Makes a layout out of the files.

    Args:
        top: What is said of the whole.
        label: What a field is called, by its name.
        part: ``whole``, or with a main list ``main`` for that list and ``rest`` for what is not in it.
        main: The layout of the main list, when that is made.
    """

    def __init__(self, top: _Top, label: Labeller, part: str, main: Layout | None = None) -> None:
        self.top, self.part, self.main = top, part, main
        taken = frozenset(slug(sheet.name) for sheet in main.sheets) if main else frozenset()
        skip = top.rows.removesuffix(EVERY) if part == "rest" else ""
        root = top.item if part == "main" else top.model
        keys = top.group if part == "rest" else (top.key,)
        self.draft = Draft(root, keys, top.said.get("headers", {}), label, skip, taken)
        self.bound: dict[tuple[str, str, str], Source] = {}

    def compiled(self) -> Layout:
        layout = self.top.layout()
        layout.model = self.draft.root
        self._sheets()
        self._rows()
        if self.top.said.get("all"):
            root = self.main.root.headers(self.main.keys) if self.main else []
            everything(self.draft, frozenset(root))
        self._losses(layout)
        layout.sheets = self.draft.ordered()
        return layout

    def _mine(self, path: Any) -> str | None:
        """A path as a path of this layout, or None when it is not of this one."""
        if self.part == "whole" or not isinstance(path, str):
            return str(path)
        inside = path == self.top.rows or path.startswith(self.top.rows + ".")
        if inside != (self.part == "main"):
            return None
        return path[len(self.top.rows) :].removeprefix(".") if inside else path

    def _sheets(self) -> None:
        key = None if self.part == "rest" else self.top.key
        name = "Leerlingen" if self.top.key == "Leerling" else "Rijen"
        self.draft.sheets[""] = Sheet(name, "", self.draft.root, key=key)
        if self.main and self.top.said.get("all"):
            self.draft.sheets[""].empty = f"{EMPTY} geheel"
        for file in self.top.files:
            for source in tables(file, "sheet"):
                only(source, SHEET)
                each = self._mine(source.values.get("each", ""))
                if each is not None:
                    with source.told():
                        self.draft.declare(source, each)

    def _losses(self, layout: Layout) -> None:
        for file in self.top.files:
            for source in tables(file, "loss"):
                only(source, LOSS)
                named = source.values.get("model")
                path = "" if named is None else self._mine(named)
                if path is not None:
                    with source.told():
                        layout.losses.append(loss(source, layout, self.draft, path))

    # --- rows -------------------------------------------------------------------------------------------------------

    def _rows(self) -> None:
        for file in self.top.files:
            for source in tables(file, "row"):
                only(source, _ROW)
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
        own = [path for path in map(self._mine, paths) if path is not None]
        if not own:
            return
        if len(own) < len(paths):
            raise source.wrong("The places of one row stand in different sheets.")
        paths = own
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
        sheet = self.draft.sheets.get(each) or self.draft.new_sheet(each)
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
        if any(other is not sheet and other.name == name for other in self.draft.sheets.values()):
            raise source.wrong(f"The sheet {name!r} is for another list.", "Give this list a sheet of its own.")
        if sheet.columns:
            raise source.wrong(f"The rows of this list stand in the sheet {sheet.name!r}.")
        sheet.name = name

    def _column(self, source: Source, sheet: Sheet, fields: tuple[Steps, ...], paths: tuple[str, ...]) -> Column:
        row = source.values
        kind = fields[0][-1].kind if fields[0] else resolve(sheet.each, self.draft.root)[-1].kind
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


def _delimiter(csv: Source) -> str:
    found = csv.values.get("delimiter", ";")
    if found not in (";", ",", "\t", "|"):
        raise csv.wrong("The delimiter of csv is none that can be used.", "Choose from ; , | or a tab.")
    return str(found)


def _encoding(source: Source, usual: str, known: tuple[str, ...]) -> str:
    found = source.values.get("encoding", usual)
    if found not in known:
        raise source.wrong(f"The encoding {found!r} is none that can be used.", choose(str(found), known))
    return str(found)


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
