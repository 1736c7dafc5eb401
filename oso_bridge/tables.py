"""The table engine: binds the record of a release to the model, row by row, in both directions.

A table is data (``table.toml``).  By convention a leaf or a branch goes to the field of its own name in the
model object that the branch around it fills; a row names an exception::

    [[row]] record = "huidigeschool"             model = "school"                    # from the dossier: "x" or "x.y"
    [[row]] record = "**/adreslijst/adres"       model = ".adressen[]"               # from the object around it; a list
    [[row]] record = ".../herzienadvies"         model = ".adviezen[soort=herzien].niveau"   # the item of that kind
    [[row]] record = "**/gbageboortedatum"       model = ".geboortedatum"  type = "date:%d-%m-%Y"
    [[row]] record = "**/land"                   model = ".land"  text = "code"  attributes = { omschrijving = "naam" }
    [[row]] record = "**/leerling/@key"          model = ".leerlingid"                 # an attribute of an element
    [[row]] record = "**/rol"                    model = ".rollen[].code"              # each text an item of its own
    [[row]] record = "**/voornamen"              model = ".voornamen[]"  split = " "   # one text, a list in the model
    [[row]] record = "**/geslacht"               model = ".geslacht"  values = { 1 = "2", 2 = "1" }
    [[row]] record = "**/groepen"                model = ""                            # a wrapper, whatever its name

A branch that has no place itself, but holds things that have, is a *wrapper*: its children go to the object around it.
What is left is *unbound* and travels in ``extra`` of the part that the element around it fills, so that it moves, and
goes, with that part.  The last row that fits wins.  Children that may be mixed and all go to one list (a *weave*) stand
in that list in the order of the document, and are written in the order of the list.

The engine is compiled once per table into one *shape* per branch; nothing is looked up by path while it runs.  It knows
models by their fields only, so that it can bind any pydantic class.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from oso_bridge import codecs
from oso_bridge.codecs import Codec
from oso_bridge.errors import DataError
from oso_bridge.kept import HOLDER, Held, Keeper, Kept, numbered, steps
from oso_bridge.plan import Branch, Leaf, Tree
from oso_bridge.records import GROUPS, ORDER, TEXT, Record

LEAF, LEAVES, OBJECT, OBJECTS, WRAPPER = range(5)
"""What a child of a record becomes: a value, a list of values, an object, a list of objects, or nothing by itself."""

Model = dict[str, Any]
"""The fields of a model object, by name, on their way to or from it."""

_MODEL = re.compile(r"(?P<dot>\.?)(?:(?P<root>[a-z_0-9]+)\.)?(?P<key>[a-z_0-9]+)(?P<list>\[\])?")
_KINDED = re.compile(
    r"(?P<dot>\.?)(?:(?P<root>[a-z_0-9]+)\.)?(?P<key>[a-z_0-9]+)"
    r"\[(?P<by>[a-z_0-9]+)=(?P<kind>[a-z_0-9-]+)\](?:\.(?P<part>[a-z_0-9]+))?"
)
_EACH = re.compile(r"(?P<dot>\.?)(?:(?P<root>[a-z_0-9]+)\.)?(?P<key>[a-z_0-9]+)\[\]\.(?P<part>[a-z_0-9]+)")
_DATED = "date:"
_ROW_KEYS = {"record", "model", "type", "text", "attributes", "groups", "values", "split"}


@dataclass(frozen=True, slots=True)
class _Kind:
    """Which items of a list a child makes: those of one kind, or those that have one field.

    Attributes:
        by: The field that says of which kind an item is; None when every text is an item of its own.
        kind: The kind.
        part: The field of the item that the child fills; None when it fills the whole item.
        before: The fields that other children fill in the same way, and that go first.
    """

    by: str | None
    kind: str
    part: str | None
    before: tuple[str, ...] = ()

    def takes(self, item: Any) -> bool:
        """Whether an item of the list is written as this child."""
        if self.by is not None:
            return bool(getattr(item, self.by) == self.kind)
        if any(getattr(item, part) is not None for part in self.before):
            return False
        return getattr(item, str(self.part)) is not None

    @property
    def mark(self) -> str:
        """How a path says which items are meant."""
        return f"[{self.part}]" if self.by is None else f"[{self.by}={self.kind}]"


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
    kind: _Kind | None = None
    decode: Callable[[Any], Any] | None = None
    encode: Callable[[Any], Any] = codecs.encode_text
    codec: Codec = codecs.TEXT
    marked: _Marked | None = None


@dataclass(frozen=True, slots=True)
class _Marked:
    """A text with attributes, and the fields of the small model that holds them."""

    text: str
    attributes: tuple[tuple[str, str, Codec], ...]

    def read(self, value: Record) -> Model:
        found = {self.text: value[TEXT]} if value[TEXT] else {}
        for name, key, _ in self.attributes:
            if value.get("@" + name) is not None:
                found[key] = value["@" + name]
        return found

    def write(self, value: Any) -> Record:
        record: Record = {TEXT: getattr(value, self.text) or ""}
        for name, key, codec in self.attributes:
            held = getattr(value, key)
            record["@" + name] = None if held is None else codec.encode(held)
        return record

    def wrong(self, value: Record) -> str | None:
        """The type of the first attribute whose field cannot hold it; None when all can be held."""
        for name, _, codec in self.attributes:
            text = value.get("@" + name)
            if text is not None and codec.fitting(text) is None:
                return codec.type
        return None


def _fitting(keeper: Keeper, pad: str, bound: _Bound, number: int, value: Any) -> Any:
    """A value as its field can hold it; what no field can hold is kept, and None is left."""
    if bound.marked is not None:
        wrong = bound.marked.wrong(value)
        if wrong is not None:
            keeper.block(numbered(pad, bound.name, number), value, reason=wrong)
        return value if wrong is None else None
    text = bound.codec.fitting(value)
    if text is None:
        reason = bound.codec.reason(value)
        if bound.name[0] == "@":
            keeper.attribute(pad, bound.name, value, reason)
        else:
            keeper.add(Kept(numbered(pad, bound.name, number), "waarde", value, reden=reason))
    return text


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
        weave: Its children that may be mixed, when all of them go to one list; None when they do not.
    """

    __slots__ = ("bound", "branch", "by_name", "needed", "plain", "reaches", "weave", "wrappers")

    def __init__(self, branch: Branch) -> None:
        self.branch = branch
        self.needed: list[str] = []
        self.reaches = False
        self.by_name: dict[str, _Bound] = {}
        self.bound: list[_Bound] = []
        self.plain: dict[str, str] = {}
        self.wrappers: list[_Bound] = []
        self.weave: dict[str, _Bound] | None = None

    def add(self, bound: _Bound) -> None:
        """Bind one more child."""
        self.by_name[bound.name] = bound
        self.bound.append(bound)
        if bound.what == WRAPPER and bound.required:
            self.wrappers.append(bound)
        if bound.what == LEAF and bound.root is None and bound.decode is None and bound.kind is None:
            self.plain[bound.name] = bound.key

    def weave_mixed(self) -> None:
        """Let the order of children that may be mixed be that of the one list they go to."""
        mixed = {name: self.by_name[name] for name in self.branch.mixed_names if name in self.by_name}
        one_list = {bound.key for bound in mixed.values() if bound.kind is not None and bound.root is None}
        all_go_there = all(bound.kind is not None and bound.root is None for bound in mixed.values())
        if len(one_list) == 1 and all_go_there and len(mixed) == len(self.branch.mixed_names):
            self.weave = mixed

    # --- from record to model ---------------------------------------------------------------------------------------

    def read(self, record: Record, here: Model, dossier: Model) -> None:
        """Fill model objects from a record that passed its schema and is bound in full."""
        plain = self.plain
        for name, value in record.items() if self.weave is None else self._in_order(record):
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
        before: Counter[str] = Counter()
        for name, value in self._in_order(record):
            bound = self.by_name.get(name)
            if bound is None and name[0] == "@":
                keeper.attribute(pad, name, value)
                continue
            if bound is None:
                keeper.part(pad, name, value)
                continue
            root = bound.root
            target = here if root is None else dossier if root == "" else dossier.setdefault(root, {})
            first = before[name]
            before[name] += 1
            if bound.what in (LEAF, LEAVES):
                self._careful_leaf(bound, value, target, dossier, pad, keeper, first)
            elif bound.what == WRAPPER and not value and not bound.required:
                keeper.part(pad, name, value)
            elif bound.what == WRAPPER:
                where = f"{pad}.{name}" if pad else name
                bound.shape.read_carefully(value, here, dossier, where, keeper)  # type: ignore[union-attr]
            else:
                self._careful_object(bound, value, target, dossier, pad, keeper, first)
        if ORDER in record and not self._keeps_order(record, here):
            keeper.order(pad, record)

    def _in_order(self, record: Record) -> Iterator[tuple[str, Any]]:
        """What a record holds, by name; of children that may be mixed one at a time, in the order of the document."""
        order = record.get(ORDER, ()) if self.weave is not None else ()
        mixed = [name for name in order if name in self.weave]  # type: ignore[operator]
        left = {name: iter(record[name]) for name in set(mixed)}
        for name, value in record.items():
            if name[0] != "#" and name not in left:
                yield name, value
        for name in mixed:
            yield name, [next(left[name])]

    def _keeps_order(self, record: Record, here: Model) -> bool:
        """Whether the order of a record, another than that of the structure, is that of a list of the model."""
        if self.weave is None:
            return False
        mixed = [name for name in record[ORDER] if name in self.weave]
        held = {bound.key: here.get(bound.key, ()) for bound in self.weave.values()}
        return sum(map(len, held.values())) == len(mixed) and self._ordered(record, mixed) == record[ORDER]

    def _ordered(self, record: Record, mixed: list[str]) -> list[str]:
        """The names of the children in the order of the structure, with those that may be mixed in that of a list."""
        found: list[str] = []
        for name in self.branch.child_names:
            if name not in self.weave:  # type: ignore[operator]
                found += [name] * (len(record[name]) if isinstance(record.get(name), list) else name in record)
            elif mixed:
                found, mixed = found + mixed, []
        return found

    def _careful_leaf(
        self, bound: _Bound, value: Any, target: Model, dossier: Model, pad: str, keeper: Keeper, first: int = 0
    ) -> None:
        fitting = []
        for number, item in enumerate(value if isinstance(value, list) else [value], start=first):
            text = _fitting(keeper, pad, bound, number, item)
            if text is not None:
                fitting.append(text)
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
        self, bound: _Bound, value: Any, target: Model, dossier: Model, pad: str, keeper: Keeper, first: int = 0
    ) -> None:
        shape: Shape = bound.shape  # type: ignore[assignment]
        grouped = isinstance(value, dict) and GROUPS in value
        if grouped and not value[GROUPS]:
            keeper.part(pad, bound.name, value)
            return
        found: list[Model] = []
        for number, item in enumerate(_several(value), start=first):
            within = numbered(pad, bound.name, 0)
            place = f"{within}.#{number + 1}" if grouped else numbered(pad, bound.name, number)
            if not item.keys() >= set(shape.needed):
                keeper.block(place, item)
                continue
            made: Model = dossier.setdefault(bound.key, {}) if bound.root == "" and bound.what == OBJECT else {}
            within_it = Keeper(keeper.keep)
            shape.read_carefully(item, made, dossier, place, within_it)
            within_it.into(made)
            found.append(made)
        if grouped:
            keeper.extras(numbered(pad, bound.name, 0), value)
        if not found:
            return
        if bound.kind is not None:
            target.setdefault(bound.key, []).extend({bound.kind.by: bound.kind.kind, **item} for item in found)
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
        if self.weave is not None and record:
            self._note_order(record, own)
        return record

    def _note_order(self, record: Record, own: Model) -> None:
        """Note the order of children that may be mixed, where it is not that of the structure."""
        weave = self.weave or {}
        items = own.get(next(iter(weave.values())).key) or ()
        mixed = [name for item in items for name, bound in weave.items() if bound.kind and bound.kind.takes(item)]
        if mixed != sorted(mixed, key=self.branch.places.__getitem__):
            record[ORDER] = self._ordered(record, mixed)

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
    kind: _Kind = bound.kind  # type: ignore[assignment]
    items, part = target.setdefault(bound.key, []), kind.part
    if part is None:
        items.extend({kind.by: kind.kind, **item} for item in _objects(bound, value, dossier))
        return
    values = value if isinstance(value, list) else [value]
    found = values if bound.decode is None else [bound.decode(item) for item in values]
    if kind.by is None:
        items.extend({part: item} for item in found)
        return
    item = next((item for item in items if item[kind.by] == kind.kind), None)
    if item is None:
        item = {kind.by: kind.kind}
        items.append(item)
    item[part] = found if isinstance(value, list) else found[0]


def _fields(dossier: Any, root: str) -> Model:
    """The fields of an object of the dossier; none when it is absent."""
    found = dossier.__dict__.get(root)
    return {} if found is None else found.__dict__


def _kind_value(bound: _Bound, source: Model) -> Any:
    kind: _Kind = bound.kind  # type: ignore[assignment]
    items = [item for item in source.get(bound.key) or () if kind.takes(item)]
    if kind.part is None:
        return items
    if kind.by is None:
        return [getattr(item, kind.part) for item in items]
    return getattr(items[0], kind.part) if items else None


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

    def read_item(self, path: str, record: Record) -> tuple[str, Model]:
        """The fields of one item of a list of the whole, and the list it goes to; see :meth:`read`.

        Args:
            path: The place of its branch in the structure, such as ``EDEX/leerlingen/leerling``.
            record: Its record.

        Raises:
            KeyError: The model has no list for it.
            ValueError: A value needs :meth:`read_item_carefully`.
        """
        _, bound, _ = self._home(path)
        return bound.key, _objects(bound, [record], {})[0]

    def read_item_carefully(
        self, path: str, record: Record, number: int, keep: Callable[[Kept], Any]
    ) -> tuple[str, Model]:
        """The fields of one item of a list of the whole, and the list it goes to; see :meth:`read_carefully`.

        Args:
            path: The place of its branch in the structure.
            record: Its record.
            number: Which of its list it is, from 1.
            keep: Makes the item of ``extra`` out of what is kept.

        Raises:
            KeyError: The model has no list for it, or cannot hold it.
        """
        shape, bound, pad = self._home(path)
        whole: Model = {}
        shape._careful_object(bound, [record], whole, whole, pad, Keeper(keep), number - 1)
        return bound.key, whole[bound.key][0]

    def _home(self, path: str) -> tuple[Shape, _Bound, str]:
        """Where the items of a list are bound: the shape around them, and the path of that in a record."""
        *wrappers, name = path.removeprefix(f"{self.shape.branch.path}/").split("/")
        shape = self.shape
        for wrapper in wrappers:
            shape = shape.by_name[wrapper].shape or self.shape
        bound = shape.by_name[name]
        if bound.what != OBJECTS or bound.root is not None:
            raise KeyError(name)
        return shape, bound, ".".join(wrappers)

    def write(self, dossier: Any) -> tuple[Record, list[Held]]:
        """The record of a dossier, and its parts that hold what was kept, for :func:`oso_bridge.kept.restore`."""
        record, held = self.write_parts(dossier)
        return record, [item for item in held if item.part.extra]

    def write_parts(self, dossier: Any) -> tuple[Record, list[Held]]:
        """The record of a dossier, and each part that was written beside the record that was written of it."""
        held: list[Held] = []
        record = self.shape.complete(self.shape.write(dossier, dossier, held))
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
            elif found.count("[]") > shown.count("[]") or (found.endswith("[]") and found != shown):
                numbers.append(number + 1)
            shown = found or shown
        for number in numbers:
            shown = shown.replace("[]", "" if number == 1 else f"[{number}]", 1)
        return shown


def compile_table(
    rows: Iterable[dict[str, Any]], branch: Branch, tree: Tree, model: type[BaseModel], *, shared: bool = False
) -> Table:
    """Compile a table.

    Args:
        rows: The rows of ``table.toml``.
        branch: The branch of a dossier.
        tree: The plan that the branch is of.
        model: The class of the dossier.
        shared: The rows are those of several structures, so that some may fit nothing in this one.

    Raises:
        DataError: A row cannot be understood, fits nothing, or names a field that does not exist or cannot hold what
            stands there; two places go to one field.
    """
    compiler = _Compiler(list(rows), branch, tree, model)
    shape = compiler.shape(branch, model, "")
    if not shared:
        compiler.refuse_idle_rows()
    return Table(shape, compiler.unbound, compiler.paths, compiler.kinds)


@dataclass(frozen=True, slots=True)
class _Target:
    """A place in the model: the object of the dossier it is in (None: the one around it), its field, kind and type."""

    root: str | None
    key: str
    kind: _Kind | None
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
    values = row.get("values", {})
    if set(values) != set(values.values()):
        raise DataError("A row of the table gives two codes one meaning.", where=where)


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
        self.fillers: dict[tuple[str, str], list[str]] = {}

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
        for name in (*branch.marks, *branch.child_names):
            child = branch.branches.get(name)
            leaf = branch.marks[name] if name in branch.marks else branch.leaves.get(name)
            found = self.branch(child, model, at) if child else self.leaf(leaf, model, at)  # type: ignore[arg-type]
            if found is None:
                continue
            shape.add(found)
            if found.what != WRAPPER and found.root is None and model.model_fields[found.key].is_required():
                shape.needed.append(name)
            shape.reaches |= found.root is not None or (found.shape is not None and found.shape.reaches)
        shape.weave_mixed()
        return shape

    def target(self, path: str, name: str, model: type[BaseModel]) -> _Target | None:
        """Where a child goes; None when it has no place."""
        row = self.row_for(path)
        if row is None:
            key = name.removeprefix("@")
            if key not in model.model_fields or key == HOLDER:
                return None
            return _Target(None, key, None, *_field_type(model, key))
        if not row["model"]:
            return None  # said to have no place
        match = _KINDED.fullmatch(row["model"]) or _EACH.fullmatch(row["model"]) or _MODEL.fullmatch(row["model"])
        if match is None:
            raise DataError(f"A row of the table has a model path that cannot be read: {row['model']}.", where=path)
        found = match.groupdict()
        root = None if found["dot"] else found["root"] or ""
        kinded, many = self.field_type(self.owner(root, model, path), found["key"], path)
        if "part" in found:
            return self.kinded(_Target(root, found["key"], None, kinded, many), found, path)
        if many != bool(found["list"]):
            raise DataError(f"The table says of {row['model']} that it is {'no' if many else 'a'} list.", where=path)
        return _Target(root, found["key"], None, kinded, many)

    def kinded(self, target: _Target, found: dict[str, Any], path: str) -> _Target:
        """A place that is one kind of a list, or a field of that kind."""
        if not target.many:
            raise DataError(f"The table gives {target.key} kinds, but it is no list.", where=path)
        if "by" not in found:
            return self.each(target, found["part"], path)
        self.field_type(target.kinded, found["by"], path)
        kind = _Kind(found["by"], found["kind"], found["part"])
        if found["part"] is None:
            return _Target(target.root, target.key, kind, target.kinded, True)
        return _Target(target.root, target.key, kind, *self.field_type(target.kinded, found["part"], path))

    def each(self, target: _Target, part: str, path: str) -> _Target:
        """A place of which every text is an item of a list."""
        kinded, many = self.field_type(target.kinded, part, path)
        if many:
            raise DataError(f"The table makes an item of each text, but {part} is a list.", where=path)
        others = self.fillers.setdefault((path.rpartition("/")[0], target.key), [])
        kind = _Kind(None, "", part, tuple(others))
        others.append(part)
        return _Target(target.root, target.key, kind, kinded, True)

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
        root, key, kind, row = target.root, target.key, target.kind, self.row_for(leaf.path) or {}
        if _is_part(target.kinded) != bool(leaf.attributes):
            raise DataError(f"{_called(target.kinded)} cannot hold what stands in {leaf.name}.", where=leaf.path)
        self.place(leaf, target, at)
        what = LEAVES if target.many and "split" not in row else LEAF
        bound = _Bound(leaf.name, what, root, key, not leaf.many, bool(leaf.min), kind=kind)
        if leaf.attributes:
            bound.marked = self.marked(leaf, row, target.kinded)
            bound.decode, bound.encode = bound.marked.read, bound.marked.write
        else:
            bound.codec = self.codec(leaf, row, target)
            bound.decode, bound.encode = bound.codec.decode, bound.codec.encode
        return bound

    def place(self, child: Leaf | Branch, target: _Target, at: str) -> str:
        """The place in the model; refused when it cannot hold all, or is taken."""
        if child.many and not target.many:
            raise DataError(f"{child.name} may occur more often than {target.key} can hold.", where=child.path)
        path = _model_path(at, target, child)
        if path in self.taken:
            raise DataError(f"Two places of the structure go to {path}.", where=child.path)
        self.taken.add(path)
        self.paths[child.path] = path
        if target.kind is not None and target.kind.by is not None:
            self.kinds[path.rpartition(f"[{target.kind.by}=")[0].replace("[]", "")] = target.kind.by
        return path

    def codec(self, leaf: Leaf, row: dict[str, Any], target: _Target) -> Codec:
        """How the text of a leaf becomes the value of a field, and back."""
        if "type" in row:
            if target.kinded is not date:
                raise DataError(
                    f"A row of the table gives {_called(target.kinded)} the form of a date.", where=leaf.path
                )
            return codecs.dated(row["type"].removeprefix(_DATED))
        if "split" in row:
            if not target.many or leaf.many or target.kinded is not str:
                raise DataError(
                    f"The table splits {leaf.name}, which is no list of texts in the model.", where=leaf.path
                )
            return codecs.split(row["split"])
        if "values" in row:
            number = self.tree.plan.simple_base(leaf.type) == "xs:integer"
            return codecs.swapped(row["values"], number=number)
        return codecs.of_type(target.kinded)

    def marked(self, leaf: Leaf, row: dict[str, Any], kinded: type[BaseModel]) -> _Marked:
        """Where a text and its attributes go."""
        text, given = row.get("text", "code"), row.get("attributes", {name: name for name in leaf.attributes})
        if set(given) != set(leaf.attributes):
            raise DataError(f"The table does not say where each attribute of {leaf.name} goes.", where=leaf.path)
        self.field_type(kinded, text, leaf.path)
        held = [(name, key, self.field_type(kinded, key, leaf.path)[0]) for name, key in given.items()]
        return _Marked(text, tuple((name, key, codecs.of_type(kind)) for name, key, kind in held))

    def branch(self, branch: Branch, model: type[BaseModel], at: str) -> _Bound | None:
        target = self.target(branch.path, branch.name, model)
        if target is None:
            return self.wrapper(branch, model, at)
        row = self.row_for(branch.path) or {}
        if not _is_part(target.kinded) or (target.kind is not None and target.kind.part is not None):
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


def _model_path(at: str, target: _Target, child: Leaf | Branch) -> str:
    start = at if target.root is None else target.root
    path = f"{start}.{target.key}" if start else target.key
    if target.kind is not None:
        several = target.kind.by is None or (target.kind.part is None and child.many)
        path += target.kind.mark + ("[]" if several else "") + (f".{target.kind.part}" if target.kind.part else "")
    elif target.many:
        path += "[]"
    return path
