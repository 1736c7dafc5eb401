"""The table engine: binds the record of a release to the model, row by row, in both directions.

A table is data (``table.toml``).  By convention a leaf or a branch goes to the field of its own name in the
model object that the branch around it fills; a row names an exception::

    [[row]] record = "huidigeschool"             model = "school"                    # from the dossier: "x" or "x.y"
    [[row]] record = "**/adreslijst/adres"       model = ".adressen[]"               # from the object around it; a list
    [[row]] record = ".../herzienadvies"         model = ".adviezen[soort=herzien].niveau"   # the item of that kind
    [[row]] record = "**/gbageboortedatum"       model = ".geboortedatum"  type = "date:%d-%m-%Y"
    [[row]] record = "**/land"                   model = ".land"  text = "code"  attributes = { omschrijving = "naam" }

A branch that has no place itself, but holds things that have, is a *wrapper*: its children go to the object around it.
What is left is *unbound* and travels in ``extra`` of the part that the element around it fills, so that it moves, and
goes, with that part.  The last row that fits wins.

The engine is compiled once per table into one *shape* per branch; nothing is looked up by path while it runs.  It knows
models by their fields only, so that it can bind any pydantic class.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from oso_bridge.errors import DataError, UsageError
from oso_bridge.kept import HOLDER, Held, Keeper, Kept, numbered, steps
from oso_bridge.plan import Branch, Leaf, Tree
from oso_bridge.records import GROUPS, TEXT, Record

LEAF, LEAVES, OBJECT, OBJECTS, WRAPPER = range(5)
"""What a child of a record becomes: a value, a list of values, an object, a list of objects, or nothing by itself."""

Model = dict[str, Any]
"""The fields of a model object, by name, on their way to or from it."""

_MODEL = re.compile(r"(?P<dot>\.?)(?:(?P<root>[a-z_0-9]+)\.)?(?P<key>[a-z_0-9]+)(?P<list>\[\])?")
_KINDED = re.compile(
    r"(?P<dot>\.?)(?:(?P<root>[a-z_0-9]+)\.)?(?P<key>[a-z_0-9]+)"
    r"\[(?P<by>[a-z_0-9]+)=(?P<kind>[a-z_0-9-]+)\](?:\.(?P<part>[a-z_0-9]+))?"
)
_DATED = "date:"
_ROW_KEYS = {"record", "model", "type", "text", "attributes", "groups"}


def _encode_text(value: str) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


@dataclass(slots=True)
class _Bound:
    """Where a child of a branch goes, and how it gets there and back."""

    name: str
    what: int
    root: str | None
    key: str
    single: bool
    required: bool = False
    shape: Shape | None = None
    kind: tuple[str, str, str | None] | None = None
    decode: Callable[[Any], Any] | None = None
    encode: Callable[[Any], Any] = _encode_text
    fits: Callable[[str], bool] | None = None
    type: str = "string"
    marked: _Marked | None = None


@dataclass(frozen=True, slots=True)
class _Marked:
    """A text with attributes, and the fields of the small model that holds them."""

    text: str
    attributes: tuple[tuple[str, str], ...]

    def read(self, value: Record) -> Model:
        found = {self.text: value[TEXT]} if value[TEXT] else {}
        for name, key in self.attributes:
            if value.get("@" + name) is not None:
                found[key] = value["@" + name]
        return found

    def write(self, value: Any) -> Record:
        record: Record = {TEXT: getattr(value, self.text) or ""}
        for name, key in self.attributes:
            record["@" + name] = getattr(value, key)
        return record


def _refuse(keeper: Keeper, pad: str, bound: _Bound, number: int, text: str) -> None:
    """Keep a value that its field cannot hold."""
    # a date with a time zone is right, there is only no field for the zone
    reason = None if bound.type == "date" and _is_zoned(text) else bound.type
    keeper.add(Kept(numbered(pad, bound.name, number), "waarde", text, reden=reason))


class Shape:
    """A branch bound to the model: what becomes of each of its children.

    Args:
        branch: The branch of the plan.

    Attributes:
        bound: Its children that have a place, in the order of the structure.
        by_name: The same by name.
        plain: Of the texts that go to the object around them as they are, the field by name: by far the most.
        needed: The children that an object cannot do without: the identity of its part of the model.
        reaches: True when something in it stands elsewhere in the model than in the object it fills.
        wrappers: Its children that have no place themselves and must be there.
    """

    __slots__ = ("bound", "branch", "by_name", "needed", "plain", "reaches", "wrappers")

    def __init__(self, branch: Branch) -> None:
        self.branch = branch
        self.needed: list[str] = []
        self.reaches = False
        self.by_name: dict[str, _Bound] = {}
        self.bound: list[_Bound] = []
        self.plain: dict[str, str] = {}
        self.wrappers: list[_Bound] = []

    def add(self, bound: _Bound) -> None:
        """Bind one more child."""
        self.by_name[bound.name] = bound
        self.bound.append(bound)
        if bound.what == WRAPPER and bound.required:
            self.wrappers.append(bound)
        if bound.what == LEAF and bound.root is None and bound.decode is None and bound.kind is None:
            self.plain[bound.name] = bound.key

    # --- from record to model ---------------------------------------------------------------------------------------

    def read(self, record: Record, here: Model, dossier: Model) -> None:
        """Fill model objects from a record that passed its schema and is bound in full."""
        plain = self.plain
        for name, value in record.items():
            if name in plain:
                here[plain[name]] = value
                continue
            bound = self.by_name[name]
            root = bound.root
            target = here if root is None else dossier if root == "" else dossier.setdefault(root, {})
            what = bound.what
            if bound.kind is not None:
                _read_kind(bound, value, target, dossier)
            elif what == LEAF:
                decode = bound.decode
                target[bound.key] = value if decode is None else decode(value)
            elif what == OBJECT:
                made: Model = {}
                if root == "":
                    made = dossier.setdefault(bound.key, made)
                else:
                    target[bound.key] = made
                bound.shape.read(value, made, dossier)  # type: ignore[union-attr]
            elif what == OBJECTS:
                target[bound.key] = _objects(bound, value, dossier)
            elif what == WRAPPER:
                if not value and not bound.required:
                    raise ValueError("an empty element that need not be there says something that the model cannot")
                bound.shape.read(value, here, dossier)  # type: ignore[union-attr]
            else:
                decode = bound.decode
                values = value if isinstance(value, list) else [value]
                target[bound.key] = values if decode is None else [decode(item) for item in values]

    def read_carefully(self, record: Record, here: Model, dossier: Model, pad: str, keeper: Keeper) -> None:
        """Fill model objects from any record; what has no place or the wrong type goes to the keeper."""
        keeper.extras(pad, record)
        for wrapper in self.wrappers:
            if wrapper.name not in record:
                keeper.absent(pad, wrapper.name)
        for name, value in record.items():
            if name[0] == "#":
                continue
            bound = self.by_name.get(name)
            if bound is None:
                keeper.part(pad, name, value)
                continue
            root = bound.root
            target = here if root is None else dossier if root == "" else dossier.setdefault(root, {})
            if bound.what in (LEAF, LEAVES):
                self._careful_leaf(bound, value, target, dossier, pad, keeper)
            elif bound.what == WRAPPER and not value and not bound.required:
                keeper.part(pad, name, value)
            elif bound.what == WRAPPER:
                where = f"{pad}.{name}" if pad else name
                bound.shape.read_carefully(value, here, dossier, where, keeper)  # type: ignore[union-attr]
            else:
                self._careful_object(bound, value, target, dossier, pad, keeper)

    def _careful_leaf(self, bound: _Bound, value: Any, target: Model, dossier: Model, pad: str, keeper: Keeper) -> None:
        fitting = []
        for number, item in enumerate(value if isinstance(value, list) else [value]):
            if bound.fits is None:
                fitting.append(item)
                continue
            # blanks around it are no part of a boolean or a number
            text = item.strip(_BLANKS) if bound.type in _COLLAPSED else item
            if bound.fits(text):
                fitting.append(text)
            else:
                _refuse(keeper, pad, bound, number, item)
        if not fitting:
            return
        good: Any = fitting if isinstance(value, list) else fitting[0]
        if bound.kind is not None:
            _read_kind(bound, good, target, dossier)
            return
        decode = bound.decode
        if bound.what == LEAF:
            target[bound.key] = good if decode is None else decode(good)
        else:
            values = good if isinstance(good, list) else [good]
            target[bound.key] = values if decode is None else [decode(item) for item in values]

    def _careful_object(
        self, bound: _Bound, value: Any, target: Model, dossier: Model, pad: str, keeper: Keeper
    ) -> None:
        shape: Shape = bound.shape  # type: ignore[assignment]
        grouped = isinstance(value, dict) and GROUPS in value
        if grouped and not value[GROUPS]:
            keeper.part(pad, bound.name, value)
            return
        found: list[Model] = []
        for number, item in enumerate(_several(value)):
            within = numbered(pad, bound.name, 0)
            place = f"{within}.#{number + 1}" if grouped else numbered(pad, bound.name, number)
            if not item.keys() >= set(shape.needed):
                keeper.block(place, item)
                continue
            made: Model = dossier.setdefault(bound.key, {}) if bound.root == "" else {}
            within_it = Keeper(keeper.keep)
            shape.read_carefully(item, made, dossier, place, within_it)
            within_it.into(made)
            found.append(made)
        if grouped:
            keeper.extras(numbered(pad, bound.name, 0), value)
        if not found:
            return
        if bound.kind is not None:
            by, kind, _ = bound.kind
            target.setdefault(bound.key, []).extend({by: kind, **item} for item in found)
        elif bound.what == OBJECTS:
            target[bound.key] = found
        elif bound.root != "":
            target[bound.key] = found[0]

    # --- from model to record ---------------------------------------------------------------------------------------

    def write(self, here: Any, dossier: Any, held: list[Held]) -> Record:
        """A record from model objects, in the order of the structure; empty when they hold nothing for it."""
        record: Record = {}
        own = {} if here is None else here.__dict__
        for bound in self.bound:
            root = bound.root
            if bound.what == WRAPPER:
                inner = bound.shape.write(here, dossier, held)  # type: ignore[union-attr]
                if inner:
                    record[bound.name] = inner
                continue
            source = own if root is None else dossier.__dict__ if root == "" else _fields(dossier, root)
            value = source.get(bound.key) if bound.kind is None else _kind_value(bound, source)
            if value is None or value == []:
                if bound.what == OBJECT:
                    self._write_around(bound, record, dossier, held)
                continue
            record[bound.name] = self._write_value(bound, value, dossier, held)
        return record

    def complete(self, record: Record) -> Record:
        """A record with the wrappers that must be there, even when they are empty."""
        for bound in self.bound:
            if bound.what == WRAPPER and (bound.required or bound.name in record):
                bound.shape.complete(record.setdefault(bound.name, {}))  # type: ignore[union-attr]
        return record

    def _write_around(self, bound: _Bound, record: Record, dossier: Any, held: list[Held]) -> None:
        """An absent object may still be needed for what stands inside its element and elsewhere in the model."""
        shape: Shape = bound.shape  # type: ignore[assignment]
        if shape.reaches and (inner := shape.write(None, dossier, held)):
            record[bound.name] = shape.complete(inner)

    def _write_value(self, bound: _Bound, value: Any, dossier: Any, held: list[Held]) -> Any:
        if bound.what == LEAF and bound.single:
            return bound.encode(value)
        if bound.what in (LEAF, LEAVES):
            values = [bound.encode(item) for item in (value if isinstance(value, list) else [value])]
            return values[0] if bound.single else values
        shape: Shape = bound.shape  # type: ignore[assignment]
        items = value if isinstance(value, list) else [value]
        written = [shape.complete(shape.write(item, dossier, held)) for item in items]
        if shape.branch.grouped:
            groups, homes = _regrouped(written, shape.branch)
            held.extend(Held(item, home, shape.branch) for item, home in zip(items, homes, strict=True))
            return {GROUPS: groups}
        held.extend(Held(item, record, shape.branch) for item, record in zip(items, written, strict=True))
        return written[0] if bound.single else written


def _several(value: Any) -> list[Record]:
    """The records of a child, one by one; of a repeated sequence its groups."""
    if isinstance(value, list):
        return value
    if GROUPS in value:
        return list(value[GROUPS])
    return [value]


def _regrouped(groups: list[Record], branch: Branch) -> tuple[list[Record], list[Record | None]]:
    """The groups as a reader will find them: one that does not begin as a group must joins the one before it.

    Returns:
        The groups, and for each that was given the group that it ended in, if any.
    """
    single = {name for _, name, child, _ in branch.steps.values() if not child.many}
    order = {name: number for number, name in enumerate(branch.child_names)}
    found: list[Record] = []
    homes: list[Record | None] = []
    last = -1
    for group in groups:
        for name in sorted(group, key=order.__getitem__):
            if not found or order[name] < last or (order[name] == last and name in single):
                found.append({})
            if name in single:
                found[-1][name] = group[name]
            else:
                found[-1].setdefault(name, []).extend(group[name])
            last = order[name]
        homes.append(found[-1] if group else None)
    return found, homes


def _objects(bound: _Bound, value: Any, dossier: Model) -> list[Model]:
    found = []
    for item in _several(value):
        made: Model = {}
        bound.shape.read(item, made, dossier)  # type: ignore[union-attr]
        found.append(made)
    return found


def _read_kind(bound: _Bound, value: Any, target: Model, dossier: Model) -> None:
    """A value or object that is one kind of a list."""
    by, kind, part = bound.kind  # type: ignore[misc]
    items = target.setdefault(bound.key, [])
    if part is None:
        items.extend({by: kind, **item} for item in _objects(bound, value, dossier))
        return
    item = next((item for item in items if item[by] == kind), None)
    if item is None:
        item = {by: kind}
        items.append(item)
    item[part] = value if bound.decode is None else bound.decode(value)


def _fields(dossier: Any, root: str) -> Model:
    """The fields of an object of the dossier; none when it is absent."""
    found = dossier.__dict__.get(root)
    return {} if found is None else found.__dict__


def _kind_value(bound: _Bound, source: Model) -> Any:
    by, kind, part = bound.kind  # type: ignore[misc]
    items = [item for item in source.get(bound.key) or () if getattr(item, by) == kind]
    if part is None:
        return items
    return getattr(items[0], part) if items else None


# --- values ---------------------------------------------------------------------------------------------------------

_BLANKS = " \t\r\n"
_ZONE = re.compile(r"Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,4000}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)


def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_zoned(text: str) -> bool:
    """A day with a time zone."""
    return _is_day(text[:10]) and _ZONE.fullmatch(text[10:]) is not None


_MOST_ZEROS = 1_000_000  # 1e999999999 is eleven characters in JSON, and in XML a thousand million

_COLLAPSED = ("boolean", "integer", "decimal")

_FITS: dict[str, Callable[[str], bool]] = {
    "date": _is_day,
    "boolean": lambda text: text in ("true", "false", "1", "0"),
    "integer": lambda text: _INTEGER.fullmatch(text) is not None,
    "decimal": lambda text: _DECIMAL.fullmatch(text) is not None,
}


def _encode_boolean(value: bool) -> str:
    if value.__class__ is not bool:
        raise TypeError("no boolean")
    return "true" if value else "false"


def _encode_integer(value: int) -> str:
    if value.__class__ is not int:
        raise TypeError("no integer")
    return str(value)


def _encode_date(value: date) -> str:
    if value.__class__ is not date:
        raise TypeError("no date")
    return value.isoformat()


def _encode_decimal(value: Decimal) -> str:
    exponent = value.as_tuple().exponent
    if isinstance(exponent, str) or abs(exponent) > _MOST_ZEROS:
        raise UsageError("A number is too large, or too small, to be written out in full.")
    return format(value, "f")


_ENCODE: dict[type, Callable[[Any], str]] = {
    bool: _encode_boolean,
    date: _encode_date,
    int: _encode_integer,
    Decimal: _encode_decimal,
}
_WORDS: dict[type, str] = {bool: "boolean", date: "date", int: "integer", Decimal: "decimal"}


def _dated(pattern: str) -> tuple[Callable[[str], Any], Callable[[Any], str], Callable[[str], bool]]:
    """Reads and writes dates of another form, such as ``%d-%m-%Y``."""

    def decode(text: str) -> date:
        found = datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a day has no zone
        if encode(found) != text:
            raise ValueError("a date that would be written in another form")
        return found

    def encode(value: date) -> str:
        # strftime does not fill up the year to four digits everywhere
        return value.strftime(pattern.replace("%Y", f"{value.year:04d}"))

    def fits(text: str) -> bool:
        try:
            return bool(decode(text))
        except ValueError:
            return False

    return decode, encode, fits


def _accepted_by(kind: Any) -> Callable[[str], bool]:
    """Whether a type of the model takes a text; made at its first use, for most documents need no careful look."""
    made: list[TypeAdapter[Any]] = []

    def fits(text: str) -> bool:
        if not made:
            made.append(TypeAdapter(kind))
        try:
            made[0].validate_python(text)
        except ValidationError:
            return False
        return True

    return fits


def _field_type(model: type[BaseModel], key: str) -> tuple[Any, bool]:
    """The type of a field without None and list, and whether it is a list."""
    annotation = model.model_fields[key].annotation
    many = False
    while True:
        arguments = [item for item in get_args(annotation) if item is not type(None)]
        if get_origin(annotation) is list:
            many, annotation = True, arguments[0]
        elif arguments and not isinstance(annotation, type):
            annotation = arguments[0]
        else:
            return annotation, many


# --- compiling ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Table:
    """A table of a release, compiled.

    Attributes:
        shape: The shape of the dossier.
        unbound: The places of the structure that have no place in the model.
        paths: For each bound place of the structure, its place in the model.
        kinds: For each list of the model that holds several kinds, the field that says which.
    """

    shape: Shape
    unbound: list[str] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def read(self, record: Record) -> Model:
        """The fields of the model, from the record of a dossier that passed its schema.

        Raises:
            ValueError: A value needs :meth:`read_carefully`.
        """
        dossier: Model = {}
        self.shape.read(record, dossier, dossier)
        return dossier

    def read_carefully(self, record: Record, keep: Callable[[Kept], Any]) -> Model:
        """The fields of the model, with what had no place in it or the wrong type in ``extra`` of its part.

        Args:
            record: The record of a dossier.
            keep: Makes the item of ``extra`` out of what is kept.
        """
        keeper = Keeper(keep)
        dossier: Model = {}
        self.shape.read_carefully(record, dossier, dossier, "", keeper)
        keeper.into(dossier)
        return dossier

    def write(self, dossier: Any) -> tuple[Record, list[Held]]:
        """The record of a dossier, and its parts that hold what was kept, for :func:`oso_bridge.kept.restore`."""
        record, held = self.write_parts(dossier)
        return record, [item for item in held if item.part.extra]

    def write_parts(self, dossier: Any) -> tuple[Record, list[Held]]:
        """The record of a dossier, and each part that was written beside the record that was written of it."""
        held: list[Held] = []
        record = self.shape.write(dossier, dossier, held)
        held.append(Held(dossier, record, self.shape.branch))
        return record, held

    def place(self, pad: str) -> str:
        """The place in the model of a place in a record.

        Args:
            pad: The place as :class:`Kept` has it, such as ``huidigeschool.leerling.adreslijst.adres[2].straat``.

        Returns:
            Such as ``leerling.adressen[2].straat``; a part that has no place in the model keeps its own name.
        """
        path, shown, numbers = self.shape.branch.path, "", list[int]()
        for name, number in steps(pad) or [(pad, 0)]:
            if name == GROUPS:
                numbers[-1:] = [number + 1]
                continue
            path = f"{path}/{name}"
            found = self.paths.get(path)
            if found is None:
                shown = numbered(shown, name, number)
            elif found.endswith("[]") and found != shown:
                numbers.append(number + 1)
            shown = found or shown
        for number in numbers:
            shown = shown.replace("[]", "" if number == 1 else f"[{number}]", 1)
        return shown


def compile_table(rows: Iterable[dict[str, Any]], branch: Branch, tree: Tree, model: type[BaseModel]) -> Table:
    """Compile a table.

    Args:
        rows: The rows of ``table.toml``.
        branch: The branch of a dossier.
        tree: The plan that the branch is of.
        model: The class of the dossier.

    Raises:
        DataError: A row cannot be understood, fits nothing, or names a field that does not exist or cannot hold what
            stands there; two places go to one field.
    """
    compiler = _Compiler(list(rows), branch, tree, model)
    shape = compiler.shape(branch, model, "")
    compiler.refuse_idle_rows()
    return Table(shape, compiler.unbound, compiler.paths, compiler.kinds)


@dataclass(frozen=True, slots=True)
class _Target:
    """A place in the model: the object of the dossier it is in (None: the one around it), its field, kind and type."""

    root: str | None
    key: str
    kind: tuple[str, str, str | None] | None
    kinded: Any
    many: bool


def _is_part(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _called(kind: Any) -> str:
    return str(getattr(kind, "__name__", kind))


def _refuse_malformed(row: dict[str, Any]) -> None:
    """Refuse a row that cannot be understood by itself."""
    where = str(row.get("record", ""))
    if unknown := set(row) - _ROW_KEYS:
        raise DataError(f"A row of the table has an unknown key: {sorted(unknown)[0]}.", where=where)
    if lacking := {"record", "model"} - set(row):
        raise DataError(f"A row of the table has no {sorted(lacking)[0]}.", where=where)
    if "type" in row and not str(row["type"]).startswith(_DATED):
        raise DataError(f"A row of the table has an unknown type: {row['type']}.", where=where)


class _Compiler:
    """Compiles the shapes of a table, top down."""

    def __init__(self, rows: list[dict[str, Any]], top: Branch, tree: Tree, model: type[BaseModel]) -> None:
        for row in rows:
            _refuse_malformed(row)
        self.rows = rows
        self.top = top
        self.tree = tree
        self.model = model
        self.met: set[int] = set()
        self.unbound: list[str] = []
        self.paths: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.taken: set[str] = set()

    def row_for(self, path: str) -> dict[str, Any] | None:
        """The last row that fits a place."""
        below = path.removeprefix(self.top.path + "/")
        found = None
        for number, row in enumerate(self.rows):
            record = row["record"]
            anywhere = record.removeprefix("**/")
            if below == record or (anywhere != record and f"/{below}".endswith(f"/{anywhere}")):
                self.met.add(number)
                found = row
        return found

    def refuse_idle_rows(self) -> None:
        idle = [row["record"] for number, row in enumerate(self.rows) if number not in self.met]
        if idle:
            raise DataError(f"A row of the table fits nothing in the structure: {idle[0]}.")

    def shape(self, branch: Branch, model: type[BaseModel], at: str) -> Shape:
        if HOLDER not in model.model_fields:
            raise DataError(
                f"{_called(model)} has no field for what {branch.name} may hold besides.", where=branch.path
            )
        shape = Shape(branch)
        for name in branch.child_names:
            child = branch.branches.get(name)
            found = self.leaf(branch.leaves[name], model, at) if child is None else self.branch(child, model, at)
            if found is None:
                continue
            shape.add(found)
            if found.what != WRAPPER and found.root is None and model.model_fields[found.key].is_required():
                shape.needed.append(name)
            shape.reaches |= found.root is not None or (found.shape is not None and found.shape.reaches)
        return shape

    def target(self, path: str, name: str, model: type[BaseModel]) -> _Target | None:
        """Where a child goes; None when it has no place."""
        row = self.row_for(path)
        if row is None:
            if name not in model.model_fields or name == HOLDER:
                return None
            return _Target(None, name, None, *_field_type(model, name))
        if not row["model"]:
            return None  # said to have no place
        match = _KINDED.fullmatch(row["model"]) or _MODEL.fullmatch(row["model"])
        if match is None:
            raise DataError(f"A row of the table has a model path that cannot be read: {row['model']}.", where=path)
        found = match.groupdict()
        root = None if found["dot"] else found["root"] or ""
        kinded, many = self.field_type(self.owner(root, model, path), found["key"], path)
        if "kind" in found:
            return self.kinded(_Target(root, found["key"], None, kinded, many), found, path)
        if many != bool(found["list"]):
            raise DataError(f"The table says of {row['model']} that it is {'no' if many else 'a'} list.", where=path)
        return _Target(root, found["key"], None, kinded, many)

    def kinded(self, target: _Target, found: dict[str, Any], path: str) -> _Target:
        """A place that is one kind of a list, or a field of that kind."""
        if not target.many:
            raise DataError(f"The table gives {target.key} kinds, but it is no list.", where=path)
        self.field_type(target.kinded, found["by"], path)
        kind = (found["by"], found["kind"], found["part"])
        if found["part"] is None:
            return _Target(target.root, target.key, kind, target.kinded, True)
        return _Target(target.root, target.key, kind, *self.field_type(target.kinded, found["part"], path))

    def owner(self, root: str | None, model: type[BaseModel], path: str) -> Any:
        if root:
            return self.field_type(self.model, root, path)[0]
        return model if root is None else self.model

    def field_type(self, owner: Any, key: str, path: str) -> tuple[Any, bool]:
        if key not in getattr(owner, "model_fields", ()):
            raise DataError(f"The table names {_called(owner)}.{key}, which does not exist.", where=path)
        return _field_type(owner, key)

    def leaf(self, leaf: Leaf, model: type[BaseModel], at: str) -> _Bound | None:
        target = self.target(leaf.path, leaf.name, model)
        if target is None:
            self.unbound.append(leaf.path)
            return None
        root, key, kind = target.root, target.key, target.kind
        if _is_part(target.kinded) != bool(leaf.attributes):
            raise DataError(f"{_called(target.kinded)} cannot hold what stands in {leaf.name}.", where=leaf.path)
        self.place(leaf, target, at)
        bound = _Bound(leaf.name, LEAVES if target.many else LEAF, root, key, not leaf.many, kind=kind)
        self.values(bound, leaf, target.kinded)
        return bound

    def place(self, child: Leaf | Branch, target: _Target, at: str) -> str:
        """The place in the model; refused when it cannot hold all, or is taken."""
        if child.many and not target.many:
            raise DataError(f"{child.name} may occur more often than {target.key} can hold.", where=child.path)
        path = _model_path(at, target)
        if path in self.taken:
            raise DataError(f"Two places of the structure go to {path}.", where=child.path)
        self.taken.add(path)
        self.paths[child.path] = path
        if target.kind is not None:
            self.kinds[path.rpartition(f"[{target.kind[0]}=")[0].replace("[]", "")] = target.kind[0]
        return path

    def values(self, bound: _Bound, leaf: Leaf, kinded: Any) -> None:
        """How the text of a leaf becomes the value of a field, and back."""
        row = self.row_for(leaf.path) or {}
        if leaf.attributes:
            bound.marked = self.marked(leaf, row, kinded)
            bound.decode, bound.encode = bound.marked.read, bound.marked.write
            return
        if "type" in row:
            if kinded is not date:
                raise DataError(f"A row of the table gives {_called(kinded)} the form of a date.", where=leaf.path)
            bound.decode, bound.encode, bound.fits = _dated(row["type"].removeprefix(_DATED))
            bound.type = "date"
            return
        base = next((kind for kind in _WORDS if kinded is kind), None)
        if base is not None:
            bound.type = _WORDS[base]
            bound.encode = _ENCODE[base]
            bound.fits = _FITS[bound.type]
        elif kinded is not str:
            bound.type = _called(kinded).lower()
            bound.fits = _accepted_by(kinded)

    def marked(self, leaf: Leaf, row: dict[str, Any], kinded: type[BaseModel]) -> _Marked:
        """Where a text and its attributes go."""
        text, given = row.get("text", "code"), row.get("attributes", {name: name for name in leaf.attributes})
        if set(given) != set(leaf.attributes):
            raise DataError(f"The table does not say where each attribute of {leaf.name} goes.", where=leaf.path)
        for key in (text, *given.values()):
            self.field_type(kinded, key, leaf.path)
        return _Marked(text, tuple(given.items()))

    def branch(self, branch: Branch, model: type[BaseModel], at: str) -> _Bound | None:
        target = self.target(branch.path, branch.name, model)
        if target is None:
            return self.wrapper(branch, model, at)
        row = self.row_for(branch.path) or {}
        if not _is_part(target.kinded) or (target.kind is not None and target.kind[2] is not None):
            raise DataError(f"{target.key} cannot hold what stands in {branch.name}.", where=branch.path)
        if branch.grouped != row.get("groups", False):
            raise DataError(f"{branch.name} {'repeats' if branch.grouped else 'has'} no groups.", where=branch.path)
        path = self.place(branch, target, at)
        what = OBJECTS if target.many else OBJECT
        bound = _Bound(branch.name, what, target.root, target.key, not branch.many, kind=target.kind)
        bound.shape = self.shape(branch, target.kinded, path)
        return bound

    def wrapper(self, branch: Branch, model: type[BaseModel], at: str) -> _Bound | None:
        before = len(self.unbound)
        shape = self.shape(branch, model, at)
        if not shape.bound:
            del self.unbound[before:]
            self.unbound.append(branch.path)
            return None
        if branch.many or branch.grouped:
            raise DataError(f"{branch.name} is repeated, and needs a row that names a list.", where=branch.path)
        self.paths[branch.path] = at
        return _Bound(branch.name, WRAPPER, None, "", not branch.many, branch.min > 0, shape)


def _model_path(at: str, target: _Target) -> str:
    start = at if target.root is None else target.root
    path = f"{start}.{target.key}" if start else target.key
    if target.kind is not None:
        by, kind, part = target.kind
        path += f"[{by}={kind}]" + (f".{part}" if part else "")
    elif target.many:
        path += "[]"
    return path
