"""Values on their way to another release: where each stands in the dossier, and whether that release takes it.

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
from oso_bridge.model import Dossier
from oso_bridge.plan import Branch, Leaf
from oso_bridge.records import GROUPS, TEXT, Record
from oso_bridge.releases import Release
from oso_bridge.xml import values
from oso_bridge.xml.writer import write_record

_KIND = re.compile(r"\[(\w+)=([\w-]+)\]")
_BRACKETS = re.compile(r"\[[^]]*\]")


def unnumbered(path: str) -> str:
    """A place in the model without numbers and kinds: ``leerling.artsen.achternaam``."""
    return _BRACKETS.sub("", path)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value stands in a record, and where it came from.

    Attributes:
        path: Its place in the dossier, such as ``leerling.adressen[2].soort``.
        leaf: Its element.
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
        return True


def _may_go(branch: Branch, name: str) -> bool:
    """Whether the structure can do without a child."""
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
        dossier: The dossier.
        written: What was written of it.
        source: The release that the dossier came from.
        target: The release that was written.
    """

    def __init__(self, dossier: Dossier, written: Written, source: Release, target: Release) -> None:
        self.record = written.record
        self._source = source
        self._target = target
        self._tree = plan.load(target).tree("dossier")
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
        spots = dict(self._spots(self.record, self._tree.root, f"/{self._tree.root.name}[1]", _Home("", "", None)))
        wrong = dict(self._miscoded(spots))
        return [
            Fault(spot, wrong.get(place))
            for place, spot in spots.items()
            if place in wrong or not self._is_of_the_type(spot)
        ]

    def _miscoded(self, spots: dict[str, Spot]) -> Iterator[tuple[str, int]]:
        """For each place with a code that the target does not have, and the source does not lack, its list."""
        report = documents.check(write_record(self.record, self._tree), layers=("codes",))
        for finding in report.findings:
            if "lijst" in finding.args and finding.xpath in spots:
                number = int(finding.args["lijst"])
                if _is_code(self._source, number, spots[finding.xpath].value):
                    yield finding.xpath, number

    def _is_of_the_type(self, spot: Spot) -> bool:
        """Whether the structure of the target takes a value; one that the source did not take may stay."""
        before = _leaves(self._source).get(unnumbered(self._places.get(spot.leaf.path, "")))
        if before is None or _same_type(self._source, before.type, self._target, spot.leaf.type):
            return True
        good = values.accepts(self._target, spot.leaf.type)(spot.value)
        return good or not values.accepts(self._source, before.type)(spot.value)

    # --- places -------------------------------------------------------------------------------------------------------

    def _spots(self, record: Record, branch: Branch, xpath: str, around: _Home) -> Iterator[tuple[str, Spot]]:
        """Every value below a record, by its place in the document."""
        met: Counter[str] = Counter()
        for owner in record.get(GROUPS, (record,)):
            home = self._homes.get(id(owner), around)
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


def _number_of_kind(part: Any, key: str, by: str, kind: str) -> str:
    """The number of the first item of a kind in a list of a part, as a path shows it."""
    items = getattr(part, key, None) or []
    number = next((number for number, item in enumerate(items) if getattr(item, by) == kind), 0)
    return numbered("", "", number)


# --- what two releases say of the same place --------------------------------------------------------------------------


@cached(maxsize=32)
def _leaves(release: Release) -> dict[str, Leaf]:
    """The elements with a text, by their place in the model."""
    places = plan.model_paths(release)
    branches = plan.load(release).tree("dossier").branches
    return {
        unnumbered(places[leaf.path]): leaf
        for branch in branches
        for leaf in branch.leaves.values()
        if leaf.path in places
    }


@cached(maxsize=1024)
def _same_type(source: Release, before: str, target: Release, after: str) -> bool:
    return values.restrictions(source, before) == values.restrictions(target, after)


def _is_code(release: Release, number: int, text: str) -> bool:
    """Whether a list of a release has a code; one that is not checked there has every code."""
    try:
        return text in codes.code_list(release.format, number, release.version).codes
    except UsageError:
        return True


def settle_kinds(dossier: Dossier, release: Release) -> None:
    """Give items whose kind is written in other capitals the kind by which a release knows them.

    A release that has an element for one kind only, such as ``huisarts``, looks for it by its name.

    Args:
        dossier: The dossier; it is changed.
        release: The release that it goes to.
    """
    for holder, key, by, kind in _kinds(release):
        part = dossier
        for step in holder:
            part = getattr(part, step, None)  # type: ignore[assignment]
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
