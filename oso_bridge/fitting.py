"""Values on their way to another release: where each stands in the model, and whether that release takes it.

Places are those of the dossier that was written, not of what was written of it: when of four doctors one goes along, a
fault in his address is a fault of ``leerling.artsen[3]``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from oso_bridge import codes, plan
from oso_bridge import document as documents
from oso_bridge.binding import Written
from oso_bridge.data import cached
from oso_bridge.errors import UsageError
from oso_bridge.kept import numbered, settle_order
from oso_bridge.model.base import Geheel
from oso_bridge.plan import Branch, Leaf
from oso_bridge.records import GROUPS, ORDER, TEXT, Record
from oso_bridge.releases import Release
from oso_bridge.xml import values
from oso_bridge.xml.writer import write_record

_KIND = re.compile(r"\[(\w+)=([\w-]+)\]")
_EACH = re.compile(r"(\w+)\[(\w+)\]\[\]")
_BRACKETS = re.compile(r"\[[^]]*\]")


def unnumbered(path: str) -> str:
    """A place in the model without numbers and kinds: ``leerling.artsen.achternaam``."""
    return _BRACKETS.sub("", path)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value stands in a record, and where it came from.

    Attributes:
        path: Its place in the dossier, such as ``leerling.adressen[2].soort``.
        leaf: Its element or attribute.
        owner: The record that holds it.
        number: Its number there, from 0 on.
    """

    path: str
    leaf: Leaf
    owner: Record
    number: int

    @property
    def value(self) -> str:
        """The text."""
        found = self.owner[self.leaf.name]
        found = found[self.number] if isinstance(found, list) else found
        return str(found[TEXT] if isinstance(found, dict) else found)

    def put(self, text: str) -> None:
        """Put another text in its place; attributes stay."""
        name, found = self.leaf.name, self.owner[self.leaf.name]
        old = found[self.number] if isinstance(found, list) else found
        new = {**old, TEXT: text} if isinstance(old, dict) else text
        if isinstance(found, list):
            found[self.number] = new
        else:
            self.owner[name] = new

    def remove(self) -> bool:
        """Leave the value out, where the structure can do without; False where it cannot."""
        found = self.owner[self.leaf.name]
        if isinstance(found, list) and len(found) > 1:
            del found[self.number]
        elif _may_go(self.leaf.parent, self.leaf.name):
            del self.owner[self.leaf.name]
        else:
            return False
        _forget_turn(self.owner, self.leaf.name, self.number)
        return True


def _forget_turn(owner: Record, name: str, number: int) -> None:
    """Take a child out of the order that was noted of a record."""
    turns = [turn for turn, other in enumerate(owner.get(ORDER, ())) if other == name]
    if number < len(turns):
        del owner[ORDER][turns[number]]


def _may_go(branch: Branch, name: str) -> bool:
    """Whether the structure can do without a child or an attribute."""
    if name in branch.marks:
        return not branch.marks[name].min
    for particle in branch.content:
        if name in [item["name"] for item in particle.get("choice", (particle,))]:
            return not particle["min"]
    return True


@dataclass(frozen=True, slots=True)
class Fault:
    """A value that a release does not take.

    Attributes:
        spot: Where it stands.
        list: The number of the code list that lacks it; None when the structure refuses it.
    """

    spot: Spot
    list: int | None


@dataclass(frozen=True, slots=True)
class _Home:
    """The part of a dossier whose element is around a value: its place, that place without numbers, the part."""

    path: str
    place: str
    part: Any


class Fitting:
    """A dossier that was written in another release.

    Args:
        dossier: The dossier, or another whole.
        written: What was written of it.
        source: The release that the dossier came from, and its root.
        target: The release that was written.
    """

    def __init__(self, dossier: Geheel, written: Written, source: tuple[Release, str], target: Release) -> None:
        self.record = written.record
        self._source, self._root = source
        self._target = target
        self._tree = plan.load(target).tree(written.root)
        self._places = plan.model_paths(target)
        where = {id(part): path for path, part in dossier.onderdelen()}
        self._homes = {
            id(held.record): _Home(where[id(held.part)], self._places.get(held.branch.path, ""), held.part)
            for held in written.parts
            if held.record is not None
        }
        self._told = self._told_nothing(written)

    # --- faults -------------------------------------------------------------------------------------------------------

    def faults(self) -> list[Fault]:
        """The values that the target does not take, and the source does, in the order of the document."""
        spots = dict(self._all_spots())
        wrong = dict(self._miscoded(spots))
        return [
            Fault(spot, wrong.get(place))
            for place, spot in spots.items()
            if place in wrong or not self._is_of_the_type(spot)
        ]

    def _miscoded(self, spots: dict[str, Spot]) -> Iterator[tuple[str, int]]:
        """For each place with a code that the target does not have, and the source does not lack, its list."""
        xml = write_record(self.record, self._tree)
        for finding in documents.check(xml, layers=("codes",), release=self._target.id).findings:
            # a list of which a format only warns binds nobody
            if "lijst" in finding.args and finding.xpath in spots and self._target.format == "oso":
                number = int(finding.args["lijst"])
                if _is_code(self._source, number, spots[finding.xpath].value):
                    yield finding.xpath, number

    def _is_of_the_type(self, spot: Spot) -> bool:
        """Whether the structure of the target takes a value; one that the source did not take may stay."""
        before = _leaves(self._source, self._root).get(unnumbered(self._places.get(spot.leaf.path, "")))
        if before is None or _same_type(self._source, before.type, self._target, spot.leaf.type):
            return True
        good = values.accepts(self._target, spot.leaf.type)(spot.value)
        return good or not values.accepts(self._source, before.type)(spot.value)

    def crowded(self) -> Iterator[str]:
        """Leave out what the target does not let stand beside what comes before it, and the source did.

        Yields:
            The place of each value that was left out.
        """
        before = dict(self._all_spots())
        for owner, branch, name in list(_crowded(self.record, self._tree.root)):
            if not self._was_crowded(owner, branch, name):
                del owner[name]
        left = {place for place, _ in self._all_spots()}
        yield from (spot.path for place, spot in before.items() if place not in left)

    def _was_crowded(self, owner: Record, branch: Branch, name: str) -> bool:
        """Whether the source did not let a child stand beside the others either."""
        here = _branches(self._source, self._root).get(unnumbered(self._places.get(branch.path, "")), ())
        return any(name in _too_many(owner, other) for other in here)

    def _all_spots(self) -> Iterator[tuple[str, Spot]]:
        return self._spots(self.record, self._tree.root, f"/{self._tree.root.name}[1]", _Home("", "", None))

    # --- places -------------------------------------------------------------------------------------------------------

    def _spots(self, record: Record, branch: Branch, xpath: str, around: _Home) -> Iterator[tuple[str, Spot]]:
        """Every value below a record, by its place in the document."""
        met: Counter[str] = Counter()
        for owner in record.get(GROUPS, (record,)):
            home = self._homes.get(id(owner), around)
            for name, mark in branch.marks.items():
                if name in owner:
                    yield f"{xpath}/{name}", Spot(self._path(mark, 0, home), mark, owner, 0)
            for name in branch.child_names:
                for number, value in enumerate(_listed(owner.get(name, ()))):
                    met[name] += 1
                    place = f"{xpath}/{name}[{met[name]}]"
                    if name in branch.branches:
                        yield from self._spots(value, branch.branches[name], place, home)
                    else:
                        yield (
                            place,
                            Spot(self._path(branch.leaves[name], number, home), branch.leaves[name], owner, number),
                        )

    def _path(self, leaf: Leaf, number: int, home: _Home) -> str:
        """The place in the dossier of a value."""
        place = self._places.get(leaf.path, leaf.name)
        start = f"{home.place}."
        shown, rest = (home.path, place.removeprefix(start)) if place.startswith(start) else ("", place)
        kind = _KIND.search(rest)
        if kind:
            rest = rest.replace(kind[0], _number_of_kind(home.part, rest[: kind.start()], kind[1], kind[2]))
        each = _EACH.search(rest)
        if each:
            number = _number_of_each(home.part, each[1], each[2], number)
            rest = rest.replace(f"[{each[2]}]", "", 1)
        rest = rest.replace("[]", "" if number == 0 else f"[{number + 1}]")
        return f"{shown}.{rest}" if shown else rest

    # --- what says nothing any more -----------------------------------------------------------------------------------

    def _told_nothing(self, written: Written) -> set[int]:
        """The records that are empty because the dossier has nothing there, and not because it went."""
        full = {id(held.record) for held in written.parts if _says_something(held.part)}
        return set(_hollow(self.record, self._tree.root)) - full

    def tidy(self) -> None:
        """Leave out the elements that hold nothing any more, where the structure can do without."""
        self._is_bare(self.record, self._tree.root)
        settle_order(self.record, self._tree.root)

    def _is_bare(self, record: Record, branch: Branch) -> bool:
        """Whether nothing is left in a record, after the same was done to what is in it."""
        bare = True
        for owner in record.get(GROUPS, (record,)):
            for name, child in branch.branches.items():
                items = _listed(owner.get(name, ()))
                left = [item for item in items if not self._is_bare(item, child)]
                bare = bare and not left
                if len(left) < len(items) and (child.many or not child.min):
                    _replace(owner, name, left, child.many)
            bare = bare and owner.keys() <= branch.branches.keys()
        return bare and id(record) not in self._told


def _replace(owner: Record, name: str, items: list[Record], many: bool) -> None:
    if items:
        owner[name] = items if many else items[0]
    else:
        del owner[name]


def _crowded(record: Record, branch: Branch) -> Iterator[tuple[Record, Branch, str]]:
    """The children that may not stand beside the others of their choice, with the record they stand in."""
    yield from ((record, branch, name) for name in _too_many(record, branch))
    for name, child in branch.branches.items():
        for item in _listed(record.get(name, ())):
            yield from _crowded(item, child)


def _too_many(record: Record, branch: Branch) -> list[str]:
    """The children of a record that may not stand beside the others of their choice."""
    found = []
    for particle in branch.content:
        if "choice" in particle and particle.get("max", 1) == 1:
            present = [item["name"] for item in particle["choice"] if item["name"] in record]
            ways = particle.get("ways") or [[item["name"]] for item in particle["choice"]]
            stay = max((_left(way, present) for way in ways), key=len)
            found += [name for name in present if name not in stay]
    return found


def _left(way: list[str], present: list[str]) -> list[str]:
    """What of the children that are present a way of a choice leaves; nothing when one that it asks for is absent."""
    asked = {name for name in way if not name.endswith("?")}
    known = {name.removesuffix("?") for name in way}
    return [name for name in present if name in known] if asked <= set(present) else []


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _hollow(record: Record, branch: Branch) -> Iterator[int]:
    """The records without a child that need not be there."""
    if not record and (branch.many or not branch.min):
        yield id(record)
    for owner in record.get(GROUPS, (record,)):
        for name, child in branch.branches.items():
            for item in _listed(owner.get(name, ())):
                yield from _hollow(item, child)


def _says_something(part: Any) -> bool:
    return any(value is not None and value != [] for value in part.__dict__.values())


def _number_of_each(part: Any, key: str, field: str, number: int) -> int:
    """The number in a list of the item whose field is filled, from its number among those."""
    items = getattr(part, key, None) or []
    filled = [at for at, item in enumerate(items) if getattr(item, field) is not None]
    return filled[number] if number < len(filled) else number


def _number_of_kind(part: Any, key: str, by: str, kind: str) -> str:
    """The number of the first item of a kind in a list of a part, as a path shows it."""
    items = getattr(part, key, None) or []
    number = next((number for number, item in enumerate(items) if getattr(item, by) == kind), 0)
    return numbered("", "", number)


# --- what two releases say of the same place --------------------------------------------------------------------------


@cached(maxsize=32)
def _leaves(release: Release, root: str) -> dict[str, Leaf]:
    """The elements with a text, and the attributes, by their place in the model."""
    places = plan.model_paths(release)
    branches = plan.load(release).tree(root).branches
    return {
        unnumbered(places[leaf.path]): leaf
        for branch in branches
        for leaf in (*branch.marks.values(), *branch.leaves.values())
        if leaf.path in places
    }


@cached(maxsize=32)
def _branches(release: Release, root: str) -> dict[str, list[Branch]]:
    """The elements with children, by the place in the model that they fill or belong to."""
    places, found = plan.model_paths(release), dict[str, list[Branch]]()
    for branch in plan.load(release).tree(root).branches:
        found.setdefault(unnumbered(places.get(branch.path, "")), []).append(branch)
    return found


@cached(maxsize=1024)
def _same_type(source: Release, before: str, target: Release, after: str) -> bool:
    return values.restrictions(source, before) == values.restrictions(target, after)


def _is_code(release: Release, number: int, text: str) -> bool:
    """Whether a list of a release has a code; one that is not checked there has every code."""
    try:
        return text in codes.code_list(release.format, number, release.version).codes
    except UsageError:
        return True


def drop_types(whole: Geheel, source: tuple[Release, str], target: tuple[Release, str]) -> Iterator[str]:
    """Leave out the agreed additions of which the source knows the type and the target does not.

    Args:
        whole: The whole; it is changed.
        source: The release that it came from, and its root.
        target: The release that it goes to, and the root.

    Yields:
        The place of each.
    """
    gone = _types(*source) - _types(*target)
    for path, part in list(whole.onderdelen()) if gone else ():
        items = getattr(part, "toevoegingen", [])
        for number, item in enumerate(items):
            if item.soort in gone:
                yield numbered(path, "toevoegingen", number)
        items[:] = [item for item in items if item.soort not in gone]


def _types(release: Release, root: str) -> frozenset[str]:
    """The types that elements of a release may say they have."""
    tree = plan.load(release).tree(root)
    named = (tree.plan.types[branch.type].get("attributes", ()) for branch in tree.branches)
    return frozenset(name for marks in named for mark in marks for name in mark.get("types", ()))


def settle_kinds(dossier: Geheel, release: Release) -> None:
    """Give items whose kind is written in other capitals the kind by which a release knows them.

    A release that has an element for one kind only, such as ``huisarts``, looks for it by its name.

    Args:
        dossier: The dossier; it is changed.
        release: The release that it goes to.
    """
    for holder, key, by, kind in _kinds(release):
        part: Any = dossier
        for step in holder:
            part = getattr(part, step, None)
        for item in getattr(part, key, None) or ():
            if str(getattr(item, by) or "").strip().casefold() == kind:
                setattr(item, by, kind)


@cached(maxsize=32)
def _kinds(release: Release) -> tuple[tuple[tuple[str, ...], str, str, str], ...]:
    """Each list of the model that a release knows by kind: the way to it, its name, the field, the kind."""
    found = set()
    for place in plan.model_paths(release).values():
        for match in _KIND.finditer(place):
            *way, key = place[: match.start()].split(".")
            if "[" not in "".join(way):
                found.add((tuple(way), key, match[1], match[2]))
    return tuple(sorted(found))
