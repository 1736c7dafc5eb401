"""What the tests of comparing share: fictional dossiers, every leaf of one, and ways to change it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import oso_bridge as oso
from oso_bridge.fiction.make import available, make
from oso_bridge.model import Dossier, Extra, Maand
from oso_bridge.model.base import Basis
from oso_bridge.releases import release as release_of

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLES = CHECKOUT / "examples"
RELEASES = ("oso/2016.1", "oso/2019.1")
KINDS = [(release, profile) for release in RELEASES for profile in available(release_of(release))]
MIRRORED = {"added": "removed", "removed": "added", "changed": "changed"}


@lru_cache(maxsize=64)
def _made(release: str, profile: str, seed: int) -> str:
    return oso.read(make(release, profile, seed, full=True)).dossier().model_dump_json()


def fictional(release: str, profile: str, seed: int = 0) -> Dossier:
    """A full fictional dossier; a new one each time."""
    return Dossier.model_validate_json(_made(release, profile, seed))


def mirrored(change: oso.Change) -> oso.Change:
    """A change seen from the other side."""
    kind: Any = MIRRORED[change.kind]
    return oso.Change(change.path_b, change.path_a, kind, change.after, change.before, change.key)


def same(ours: Any, theirs: Any) -> bool:
    """Whether two collections of changes hold the same ones; changes with parts in them cannot be hashed."""
    rest = list(theirs)
    for change in ours:
        if change not in rest:
            return False
        rest.remove(change)
    return not rest


# --- every leaf of a dossier ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaf:
    """A value in a dossier.

    Attributes:
        path: Its place.
        owner: The part that holds it.
        name: Its field.
        number: Its number in the list that the field holds; None when it holds one value.
        items: The items of lists around it, from the outside: the path of the list, the item, and the path below it.
    """

    path: str
    owner: Basis
    name: str
    number: int | None
    items: tuple[tuple[str, Basis, str], ...]

    @property
    def value(self) -> Any:
        held = getattr(self.owner, self.name)
        return held if self.number is None else held[self.number]

    def set(self, value: Any) -> None:
        if self.number is None:
            setattr(self.owner, self.name, value)
        else:
            getattr(self.owner, self.name)[self.number] = value


def leaves(part: Basis, path: str = "", items: tuple[tuple[str, Basis, str], ...] = ()) -> Iterator[Leaf]:
    """Every value below a part."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        place = f"{path}.{name}" if path else name
        inner = tuple((at, item, f"{below}.{name}" if below else name) for at, item, below in items)
        if isinstance(value, Basis):
            yield from leaves(value, place, inner)
        elif not isinstance(value, list):
            if value is not None:
                yield Leaf(place, part, name, None, inner)
        else:
            for number, item in enumerate(value):
                at = f"{place}[{number + 1}]" if number else place
                if isinstance(item, Basis):
                    yield from leaves(item, at, (*inner, (place, item, "")))
                else:
                    yield Leaf(at, part, name, number, inner)


def lists(part: Basis) -> Iterator[list[Any]]:
    """Every list of parts below a part, except what was kept of a document."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Basis):
                yield from lists(item)
        if isinstance(value, list) and value and isinstance(value[0], Basis) and not isinstance(value[0], Extra):
            yield value


def other(value: Any, extent: int = 1) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, Maand):
        return Maand("1999-12") if value != "1999-12" else Maand("1999-11")
    if isinstance(value, date):
        return value + timedelta(days=extent)
    if isinstance(value, int | Decimal):
        return value + extent
    return type(value)(f"{value}{extent}")


OTHERS = {
    "eindtoets": "doorstroomtoets",
    "doorstroomtoets": "eindtoets",
    "definitief": "voorlopig",
    "herzien": "voorlopig",
    "voorlopig": "definitief",
}


def another(leaf: Leaf) -> Any:
    """Another value that its field takes."""
    if leaf.name == "soort" and type(leaf.owner).__name__ in ("Advies", "Eindtoets"):
        return OTHERS[leaf.value]
    return other(leaf.value)


def random_of(seed: int) -> random.Random:
    """Chance that is the same every time."""
    return random.Random(seed)  # noqa: S311 - invents, and guards nothing


# --- change at random -----------------------------------------------------------------------------------------------


def shuffled(dossier: Dossier, chance: random.Random) -> Dossier:
    """The same dossier with every list of parts in another order."""
    made = dossier.model_copy(deep=True)
    for held in list(lists(made)):
        chance.shuffle(held)
    return made


def mutated(dossier: Dossier, chance: random.Random, times: int = 12) -> Dossier:
    """A dossier in which values and items were changed, taken out and added; the number of the pupil stays."""
    made = shuffled(dossier, chance)
    for _ in range(times):
        chance.choice((_alter, _alter, _empty, _drop, _add))(made, chance)
    if dossier.leerling and made.leerling:
        made.leerling.bsn, made.leerling.leerlingid = dossier.leerling.bsn, dossier.leerling.leerlingid
    return made


def _some_leaf(dossier: Dossier, chance: random.Random) -> Leaf:
    return chance.choice([leaf for leaf in leaves(dossier) if not leaf.path.startswith(("extra", "levering"))])


def _alter(dossier: Dossier, chance: random.Random) -> None:
    leaf = _some_leaf(dossier, chance)
    leaf.set(another(leaf))


def _empty(dossier: Dossier, chance: random.Random) -> None:
    leaf = _some_leaf(dossier, chance)
    if leaf.number is not None:
        getattr(leaf.owner, leaf.name).pop(leaf.number)
    elif not type(leaf.owner).model_fields[leaf.name].is_required():
        leaf.set(None)


def _drop(dossier: Dossier, chance: random.Random) -> None:
    held = chance.choice(list(lists(dossier)))
    held.pop(chance.randrange(len(held)))


def _add(dossier: Dossier, chance: random.Random) -> None:
    held = chance.choice(list(lists(dossier)))
    copy = chance.choice(held).model_copy(deep=True)
    for leaf in list(leaves(copy)):
        if chance.random() < 0.6:
            leaf.set(another(leaf) if leaf.name == "soort" else other(leaf.value, 7))
    held.append(copy)
