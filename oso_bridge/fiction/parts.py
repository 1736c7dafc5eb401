"""Makes, changes and takes away the parts of a record, along the structure of a release."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from oso_bridge.fiction.values import Values
from oso_bridge.plan import Branch, Leaf, Tree
from oso_bridge.records import GROUPS, TEXT, Record, text_of
from oso_bridge.rules import paths

_SOMETIMES, _SELDOM = 0.5, 0.3
_SEVERAL = 3

Particle = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """A part of a record: a way down from one of its records.

    Attributes:
        record: Where the way begins.
        branch: The branch of that record.
        names: The steps, at least one.
        occurrence: Which of several texts of the last name; None for all.
    """

    record: Record
    branch: Branch
    names: tuple[str, ...]
    occurrence: int | None = None

    @property
    def holder(self) -> Branch:
        """The branch that the last step is a child of."""
        branch = self.branch
        for name in self.names[:-1]:
            branch = branch.branches[name]
        return branch


class Parts:
    """The parts of one record.

    Args:
        tree: The plan.
        values: Where texts come from.
        chance: Where all other choices come from.
        full: True to make every optional part.
    """

    def __init__(self, tree: Tree, values: Values, chance: random.Random, full: bool) -> None:
        self._values = values
        self._chance = chance
        self._full = full
        self.root: Record = self._branch(tree.root, 0, _SOMETIMES)
        self._tree = tree

    # ---- making ----

    def _branch(self, branch: Branch, number: int, odds: float) -> Record:
        """A record of a branch, with its optional parts by chance."""
        if not branch.grouped:
            return self._content(branch, number, odds)
        groups = 2 if self._full else self._chance.randint(1, 2)
        return {GROUPS: [self._content(branch, number, odds) for _ in range(groups)]}

    def _content(self, branch: Branch, number: int, odds: float) -> Record:
        record: Record = {}
        for particle in branch.content:
            if particle["min"] or self._full or self._chance.random() < odds:
                item = self._chance.choice(particle.get("choice", (particle,)))
                self._add(record, branch, item, number, odds)
                if not particle["min"] and record[item["name"]] == {}:
                    del record[item["name"]]  # an element that need not be there and holds nothing tells nothing
        return record

    def _add(self, record: Record, branch: Branch, item: Particle, number: int, odds: float) -> None:
        if item["max"] == 1:
            record[item["name"]] = self._part(branch, item["name"], record, number, 0, odds)
            return
        most = min(item["max"] or _SEVERAL, _SEVERAL)
        found = record[item["name"]] = []
        for one in range(self._chance.randint(max(item["min"], 1), max(item["min"], most))):
            found.append(self._part(branch, item["name"], record, number, one, odds))

    def _part(self, branch: Branch, name: str, record: Record, number: int, one: int, odds: float) -> str | Record:
        if name in branch.leaves:
            return self._values.value(branch.leaves[name], record, number)
        return self._branch(branch.branches[name], one, odds)

    # ---- finding ----

    def codes_of(self, leaf: Leaf) -> tuple[str, ...]:
        """The codes that a leaf may hold; none when it is not coded."""
        return self._values.codes_of(leaf)

    def anywhere(self, path: str) -> list[Target]:
        """The targets of a path ``//a/b`` from the root."""
        return [
            Target(self.root, self._tree.root, tuple(names.split("/")[1:]))
            for spot in paths.spots("**/" + path[2:], self._tree)
            for names in ["/".join(filter(None, (spot.branch.path, spot.leaf)))]
        ]

    def texts(self, target: Target) -> list[str]:
        """The texts at a target."""
        return [text_of(value) for value in _values(target.record, target.names)]

    def has(self, target: Target) -> bool:
        """Whether anything is at a target."""
        return next(_values(target.record, target.names), None) is not None

    # ---- changing ----

    def provide(self, target: Target) -> None:
        """Make what is missing on the way to a target; what it cannot stand beside goes away."""
        self._provide(target.record, target.branch, target.names)

    def _provide(self, record: Record, branch: Branch, names: Sequence[str]) -> None:
        part, name = _runs(record)[0], names[0]
        if name not in part:
            particle = _particle(branch, name)
            for rival in particle.get("choice", ()):
                part.pop(rival["name"], None)
            made = self._part(branch, name, part, 0, 0, _SELDOM)
            part[name] = [made] if _many(branch, name) else made
        if len(names) > 1:
            self._provide(_listed(part[name])[0], branch.branches[name], names[1:])

    def assign(self, target: Target, text: str) -> None:
        """Give every text at a target another value; one is made when there is none."""
        if not self.has(target):
            self.provide(target)
        for record in _holders(target.record, target.names):
            record[target.names[-1]] = _changed(record[target.names[-1]], text, target.occurrence)

    def invented(self, target: Target) -> str:
        """Another invented text for a target."""
        leaf = target.holder.leaves[target.names[-1]]
        beside = next(_holders(target.record, target.names), {})
        return self._values.text(leaf, beside)

    def renew(self, target: Target) -> None:
        """Give every text at a target another invented value."""
        leaf = target.holder.leaves[target.names[-1]]
        for record in _holders(target.record, target.names):
            text = self._values.text(leaf, record)
            record[target.names[-1]] = _changed(record[target.names[-1]], text, target.occurrence)

    def remove_all(self, targets: Iterable[Target]) -> bool:
        """Take away what is at each of these targets; False when one of them can not be missed."""
        gone = [self.remove(target) for target in targets]
        return all(gone)

    def remove(self, target: Target) -> bool:
        """Take away what is at a target, or the part it is in when that cannot do without.

        Returns:
            False when no part of the way down can be missed.
        """
        branches = [target.branch]
        for name in target.names[:-1]:
            branches.append(branches[-1].branches[name])
        for depth in range(len(target.names), 0, -1):
            if _can_be_missed(branches[depth - 1], target.names[depth - 1]):
                self._remove(target.record, branches, target.names[:depth])
                return True
        return False

    def _remove(self, record: Record, branches: list[Branch], names: Sequence[str]) -> None:
        for holder in list(_holders(record, names)):
            del holder[names[-1]]
            self._replace(holder, branches[len(names) - 1], names[-1])

    def _replace(self, record: Record, branch: Branch, name: str) -> None:
        """Put another member of a choice that may not be empty in the place of one that went."""
        particle = _particle(branch, name)
        if particle["min"] and "choice" in particle:
            others = [item["name"] for item in particle["choice"] if item["name"] != name]
            self._provide(record, branch, [self._chance.choice(others)])

    def ordered(self) -> Record:
        """The record with all its parts in the order of the structure."""
        return _ordered(self.root, self._tree.root)


def _ordered(record: Record, branch: Branch) -> Record:
    if GROUPS in record:
        return {GROUPS: [_ordered_run(run, branch) for run in record[GROUPS]]}
    return _ordered_run(record, branch)


def _ordered_run(record: Record, branch: Branch) -> Record:
    return {
        name: _ordered_part(record[name], branch.branches.get(name)) for name in branch.child_names if name in record
    }


def _ordered_part(value: Any, branch: Branch | None) -> Any:
    if branch is None:
        return value
    return [_ordered(item, branch) for item in value] if isinstance(value, list) else _ordered(value, branch)


def _particle(branch: Branch, name: str) -> Particle:
    """The particle of the structure that a child is in."""
    return next(one for one in branch.content if name in [item["name"] for item in one.get("choice", (one,))])


def _many(branch: Branch, name: str) -> bool:
    child = branch.leaves.get(name) or branch.branches[name]
    return child.many


def _can_be_missed(branch: Branch, name: str) -> bool:
    particle = _particle(branch, name)
    return not particle["min"] or len(particle.get("choice", ())) > 1


def _runs(record: Record) -> list[Record]:
    """The runs of a repeated sequence, or the record itself."""
    return list(record.get(GROUPS, (record,)))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _holders(record: Record, names: Sequence[str]) -> Iterator[Record]:
    """The records that hold what is at the end of a way down."""
    for part in _runs(record):
        if names[0] in part:
            if len(names) == 1:
                yield part
            else:
                for child in _listed(part[names[0]]):
                    yield from _holders(child, names[1:])


def _values(record: Record, names: Sequence[str]) -> Iterator[Any]:
    for holder in _holders(record, names):
        yield from _listed(holder[names[-1]])


def _changed(value: Any, text: str, occurrence: int | None) -> Any:
    """A value with another text; of several only the one that is meant."""
    if isinstance(value, list):
        return [_changed(one, text, None) if occurrence in (None, number) else one for number, one in enumerate(value)]
    return {**value, TEXT: text} if isinstance(value, dict) else text
