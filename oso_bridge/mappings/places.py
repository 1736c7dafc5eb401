"""Places in a model: a path in words, the fields it leads through, and the values that stand there.

A model is looked at as a *tree* here: dictionaries, lists and values, without anything that is absent.  So the engine
works for any pydantic class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from oso_bridge.errors import UsageError, choose

Tree = dict[str, Any]
"""A part of a model as plain values: what is absent or an empty list is not in it."""

ANYWHERE = "**."
EVERY = "[]"
_STEP = re.compile(
    r"(?P<name>[a-z_][a-z_0-9]*)(?:\[(?:(?P<number>[1-9]\d{0,3})|(?P<by>[a-z_0-9]+)=(?P<kind>[^\]]+)|)(?P<end>\]))?"
)
_CONCRETE = re.compile(r"([a-z_][a-z_0-9]*)(?:\[([1-9]\d{0,6})\])?")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a field holds.

    Attributes:
        type: The type of one value: a part of the model, or str, bool, int, date, Decimal ...
        several: True for a list.
        union: True when it holds a text or a list of texts, which no single cell tells apart.
    """

    type: Any
    several: bool = False
    union: bool = False

    @property
    def part(self) -> type[BaseModel] | None:
        """The part of the model, or None for a value."""
        return self.type if isinstance(self.type, type) and issubclass(self.type, BaseModel) else None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path.

    Attributes:
        name: The field.
        chosen: Of a list, the number of an item, or a field with the text it must have; None for the whole field.
        every: True for ``[]``, any item of a list.
        kind: What the field holds.
    """

    name: str
    kind: Kind
    chosen: int | tuple[str, str] | None = None
    every: bool = False

    def __str__(self) -> str:
        if isinstance(self.chosen, tuple):
            return f"{self.name}[{self.chosen[0]}={self.chosen[1]}]"
        return f"{self.name}[{self.chosen}]" if self.chosen else self.name + (EVERY if self.every else "")


Steps = tuple[Step, ...]


def shown(steps: Steps) -> str:
    """A path in words."""
    return ".".join(map(str, steps))


@cache
def kinds(part: type[BaseModel]) -> dict[str, Kind]:
    """What the fields of a part hold, by name."""
    return {name: kind_of(part.model_fields[name].annotation) for name in part.model_fields if name not in fixed(part)}


@cache
def fixed(part: type[BaseModel]) -> frozenset[str]:
    """The fields that can hold one value only, such as the name of the model: no table needs to say them."""
    return frozenset(
        name
        for name, field in part.model_fields.items()
        if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1
    )


def kind_of(annotation: Any) -> Kind:
    """What a field of that annotation holds."""
    options = [option for option in _options(annotation) if option is not type(None)]
    if len(options) > 1 and any(get_origin(option) is list for option in options):
        return Kind(str, union=True)
    first = options[0]
    if get_origin(first) is list:
        return Kind(kind_of(get_args(first)[0]).type, several=True)
    return Kind(str if get_origin(first) is Literal else first)


def _options(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def resolve(path: str, root: type[BaseModel]) -> Steps:
    """The steps of a path.

    Args:
        path: Such as ``leerling.verzorgers[].achternaam`` or ``leerling.adressen[soort=05].postcode``.
        root: The part of the model it starts from.

    Raises:
        UsageError: There is no such path.
    """
    found: list[Step] = []
    part: type[BaseModel] | None = root
    for word in _words(path):
        match = _STEP.fullmatch(word)
        if match is None or part is None:
            raise UsageError(
                f"{path!r} is no path of the model.", remedy="Write it as leerling.verzorgers[].achternaam."
            )
        found.append(_step(match, part, path))
        part = found[-1].kind.part
    return tuple(found)


def _words(path: str) -> list[str]:
    """The steps as texts; a dot between brackets belongs to the kind."""
    return re.split(r"\.(?![^\[]*\])", path) if path else []


def _step(match: re.Match[str], part: type[BaseModel], path: str) -> Step:
    fields = kinds(part)
    name = match["name"]
    if name not in fields:
        raise UsageError(f"The model has no field {name!r} at {path!r}.", remedy=choose(name, fields))
    kind = fields[name]
    bracketed = match["end"] is not None
    if bracketed and not kind.several:
        raise UsageError(f"{name!r} in {path!r} is no list.", remedy="Leave out the brackets.")
    if match["by"]:
        if kind.part is None or match["by"] not in kinds(kind.part):
            raise UsageError(f"The items of {name!r} in {path!r} have no field {match['by']!r}.")
        return Step(name, kind, (match["by"], match["kind"]))
    return Step(name, kind, int(match["number"]) if match["number"] else None, bracketed and not match["number"])


def lists(part: type[BaseModel], name: str | None = None) -> Iterator[Steps]:
    """Every list below a part as a path to its items, a list in a list after the one around it.

    Args:
        part: The part to look in.
        name: Only lists of this name.
    """
    for steps in walk(part):
        last = steps[-1]
        if last.kind.several and (name is None or last.name == name):
            yield steps


def walk(part: type[BaseModel], before: Steps = ()) -> Iterator[Steps]:
    """Every field below a part, in the order of the model, with ``[]`` for any item of a list."""
    for name, kind in kinds(part).items():
        steps = (*before, Step(name, kind, every=kind.several))
        yield steps
        if kind.part is not None and len(steps) < 24:
            yield from walk(kind.part, steps)


def tree_of(part: BaseModel, skip: str = "") -> Tree:
    """The tree of a part: what is absent, an empty list, or a part of the root that is made by itself is left out.

    Args:
        part: The part.
        skip: A field to leave out.
    """
    found: Tree = {}
    unsaid = fixed(type(part)) | {skip}
    for name, value in part.__dict__.items():
        if value is None or value == [] or name in unsaid:
            continue
        plain = _plain(value)
        # a part that is made by itself, such as Dossier.levering, is as good as absent when it is empty
        if plain != {} or type(part).model_fields[name].default_factory is None:
            found[name] = plain
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return tree_of(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value


def fetch(tree: Any, steps: Steps) -> Any:
    """What stands at a place, or None."""
    for step in steps:
        if not isinstance(tree, dict):
            return None
        tree = tree.get(step.name)
        if step.chosen is not None and tree is not None:
            tree = _chosen(tree, step.chosen)
    return tree


def _chosen(items: list[Any], chosen: int | tuple[str, str]) -> Any:
    if isinstance(chosen, int):
        return items[chosen - 1] if chosen <= len(items) else None
    field, wanted = chosen
    return next((item for item in items if isinstance(item, dict) and item.get(field) == wanted), None)


class Slots(dict[Any, Any]):
    """The chosen items of a list while a tree is being built, by number or kind."""


def put(tree: Tree, steps: Steps, value: Any) -> None:
    """Put a value at a place; the parts on the way are made."""
    for step in steps[:-1]:
        tree = _below(tree, step)
    last = steps[-1]
    if last.chosen is None:
        tree[last.name] = value
    else:
        _slots(tree, last)[last.chosen] = value


def _below(tree: Tree, step: Step) -> Tree:
    if step.chosen is None:
        found: Tree = tree.setdefault(step.name, {})
        return found
    slots = _slots(tree, step)
    item: Tree = slots.setdefault(step.chosen, dict([step.chosen]) if isinstance(step.chosen, tuple) else {})
    return item


def _slots(tree: Tree, step: Step) -> Slots:
    found = tree.get(step.name)
    if not isinstance(found, Slots):
        found = tree[step.name] = Slots()
    return found


def settle(tree: Any) -> Any:
    """A tree whose chosen items are lists again; items that were dropped are gone."""
    if isinstance(tree, Slots):
        numbered = sorted(key for key in tree if isinstance(key, int))
        return [settle(tree[key]) for key in [*numbered, *(key for key in tree if not isinstance(key, int))]]
    if isinstance(tree, dict):
        return {name: settle(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [settle(item) for item in tree if not isinstance(item, Dropped)]
    return tree


class Dropped(dict[str, Any]):
    """An item that could not be read; it keeps its number, so that others are not taken for it."""


def parts_below(part: type[BaseModel]) -> Iterator[Steps]:
    """The parts inside a part that are no items of a list."""
    for name, kind in kinds(part).items():
        if kind.part is not None and not kind.several:
            yield (Step(name, kind),)
            for steps in parts_below(kind.part):
                yield (Step(name, kind), *steps)


def empties(tree: Tree, part: type[BaseModel], before: str = "") -> Iterator[str]:
    """The parts of a tree that are there and hold nothing, lists aside."""
    for name, kind in kinds(part).items():
        value = tree.get(name)
        if kind.part is None or kind.several or not isinstance(value, dict):
            continue
        path = f"{before}.{name}" if before else name
        if value:
            yield from empties(value, kind.part, path)
        else:
            yield path


def owners(tree: Any, name: str, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Every list of a name in a tree, with the path of the part that holds it, all items numbered."""
    for field, value in tree.items():
        step = f"{path}.{field}" if path else field
        if field == name and isinstance(value, list):
            yield path, value
        if isinstance(value, dict):
            yield from owners(value, name, step)
        elif isinstance(value, list):
            for number, item in enumerate(value, start=1):
                if isinstance(item, dict):
                    yield from owners(item, name, f"{step}[{number}]")


def follow(tree: Tree, path: str, allowed: frozenset[str]) -> Tree | None:
    """The part at a numbered path such as ``leerling.verzorgers[2]``; single parts on the way are made.

    Args:
        tree: Where to start.
        path: The path, empty for the tree itself.
        allowed: The paths that may be asked for, with ``[]`` for any number.

    Returns:
        The part, or None when there is no such path, or no item of that number.
    """
    if re.sub(r"\[\d+\]", EVERY, path) not in allowed:
        return None
    for word in path.split(".") if path else ():
        match = _CONCRETE.fullmatch(word)
        if match is None:
            return None
        if match[2] is None:
            tree = tree.setdefault(match[1], {})
            continue
        items = tree.get(match[1], [])
        if not isinstance(items, list) or int(match[2]) > len(items):
            return None
        tree = items[int(match[2]) - 1]
    return tree


def generic(path: str) -> str:
    """A numbered path with ``[]`` for any number.

    >>> generic("leerling.verzorgers[2].achternaam")
    'leerling.verzorgers[].achternaam'
    """
    return re.sub(r"\[\d+\]", EVERY, path)
