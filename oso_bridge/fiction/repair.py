"""Mends a record by the rules themselves: what each word of the rules asks for is what it is given.

A rule that keeps coming back, since mending it breaks another, is given up the other way: the condition under which it
holds is made untrue.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from oso_bridge.errors import DataError
from oso_bridge.fiction.parts import Parts, Target
from oso_bridge.fiction.values import fits
from oso_bridge.plan import Branch, Tree
from oso_bridge.records import Index, Record
from oso_bridge.releases import Release
from oso_bridge.rules import engine, integrity
from oso_bridge.rules.engine import Hit, Outcome
from oso_bridge.rules.rows import Row
from oso_bridge.rules.words import allowed_texts, as_date, first_day, required_text
from oso_bridge.xml.reader import index_record

_ROUNDS, _PATIENCE = 40, 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule looks: a record, or one text of it."""

    record: Record
    branch: Branch
    leaf: str | None = None
    occurrence: int = 0


class Mender:
    """Mends one record.

    Args:
        release: The release whose rules hold.
        tree: The plan.
        parts: The record.
        chance: Where all choices come from.
    """

    def __init__(self, release: Release, tree: Tree, parts: Parts, chance: random.Random) -> None:
        self.release = release
        self.tree = tree
        self.parts = parts
        self.chance = chance

    def settle(self) -> None:
        """Mend until no rule gives anything and the integrity layer is silent.

        Raises:
            DataError: The rules contradict each other.
        """
        met: Counter[str] = Counter()
        for _ in range(_ROUNDS):
            index = self.index()
            hits = self.outcome(index).hits
            if hits:
                self.mend(hits, index, met)
            elif not self.renew(index):
                return
        raise DataError("The rules leave no room for a dossier.", where="rules.toml")

    def index(self) -> Index:
        """The records of the dossier per branch, as it is now."""
        return index_record(self.parts.root, self.tree)

    def outcome(self, index: Index, check: str | None = None) -> Outcome:
        """What the rules give for the dossier as it is now."""
        return engine.engine(self.release, self.tree.root.name).run(index, check)

    def mend(self, hits: list[Hit], index: Index, met: Counter[str]) -> None:
        """Mend what these rules noticed; ``met`` counts how often each was mended before."""
        for hit in hits:
            place = self.place(hit, index)
            if met[hit.row.key] >= _PATIENCE and self.excuse(hit.row, place):
                continue
            self._mend(hit.row, place)
        met.update({hit.row.key for hit in hits})

    def renew(self, index: Index) -> bool:
        """Give another value to what the integrity layer noticed; False when it noticed nothing."""
        issues = integrity.run(self.release, self.tree.root.name, index)
        for issue in issues:
            if issue.leaf is not None:
                record = index[issue.branch.number][issue.entry]
                self.parts.renew(Target(record, issue.branch, tuple(issue.leaf.split("/"))))
        return bool(issues)

    # ---- places ----

    def place(self, hit: Hit, index: Index) -> Place:
        """Where a rule noticed something."""
        if hit.branch is None:
            return Place(self.parts.root, self.tree.root)
        return Place(index[hit.branch.number][hit.entry], hit.branch, hit.leaf, hit.occurrence)

    def targets(self, path: str, place: Place) -> list[Target]:
        """What a path of a rule leads to, whether it is there or not."""
        if path == ".":
            return [Target(place.record, place.branch, (str(place.leaf),), place.occurrence)]
        if path.startswith("//"):
            found = self.parts.anywhere(path)
            return [target for target in found if self.parts.has(target)] or found[:1]
        return [Target(place.record, place.branch, tuple(path.split("/")))]

    # ---- words ----

    def _mend(self, row: Row, place: Place) -> None:
        mend: Callable[[Any, Place], bool] = getattr(self, f"_mend_{row.word}", self._mend_text)
        if not mend(row.what, place):
            self.excuse(row, place)

    def _mend_required(self, path: str, place: Place) -> bool:
        self.parts.provide(self.targets(path, place)[0])
        return True

    def _mend_forbidden(self, path: str, place: Place) -> bool:
        return self.parts.remove_all(self.targets(path, place))

    def _mend_one_of(self, several: list[str], place: Place) -> bool:
        return self._mend_required(self.chance.choice(several), place)

    def _mend_true(self, path: str, place: Place) -> bool:
        return self.assign(path, place, "true")

    def _mend_equals(self, what: dict[str, Any], place: Place) -> bool:
        return self.assign(what["path"], place, required_text(what, self.release))

    def _mend_in_list(self, what: dict[str, Any], place: Place) -> bool:
        targets, allowed = self.targets(what["path"], place), allowed_texts(what, self.release)
        now = [text for target in targets for text in self.parts.texts(target)]
        if not now:  # an invented value suits the dossier, where another code may not
            return self._mend_required(what["path"], place)
        return not allowed.isdisjoint(now) or self.assign(what["path"], place, self.chance.choice(sorted(allowed)))

    def _mend_school_years(self, what: dict[str, Any], place: Place) -> bool:
        reference = self.reference(what, place)
        if reference is None:
            return False
        first = first_day(reference, what["years"])
        day = first + timedelta(days=self.chance.randint(0, (reference - first).days))
        return self.assign(what["path"], place, day.isoformat())

    def _mend_text(self, what: dict[str, Any], place: Place) -> bool:
        for target in self.targets(what["path"], place):
            self.parts.provide(target)
            self.parts.renew(target)
        return True

    def assign(self, path: str, place: Place, text: str) -> bool:
        """Give what a path leads to a text."""
        for target in self.targets(path, place):
            self.parts.assign(target, text)
        return True

    def reference(self, what: dict[str, Any], place: Place) -> date | None:
        """The reference date of ``school_years``."""
        found = [text for target in self.targets(what["reference"], place) for text in self.parts.texts(target)]
        return as_date(found[0]) if found else None

    # ---- guards ----

    def excuse(self, row: Row, place: Place) -> bool:
        """Make the guard of a row untrue; False when it has none that can be changed."""
        unless: dict[str, Any] = row.keys.get("unless", {})
        if unless:
            return self.hold(unless, place)
        when: dict[str, Any] = row.keys.get("when", {})
        return any(self._deny(word, path, place, value) for word, path, value in _conditions(when))

    def hold(self, conditions: dict[str, Any], place: Place) -> bool:
        """Make all these conditions true."""
        for word, path, value in _conditions(conditions):
            if word == "present":
                self._mend_required(path, place)
            elif word == "is":
                now = {text for target in self.targets(path, place) for text in self.parts.texts(target)}
                if now.isdisjoint(value):
                    self.assign(path, place, self.chance.choice(value))
            else:
                self.assign(path, place, word)
        return True

    def deny(self, conditions: dict[str, Any], place: Place) -> bool:
        """Make one of these conditions untrue."""
        return any(self._deny(word, path, place, value) for word, path, value in _conditions(conditions))

    def _deny(self, word: str, path: str, place: Place, value: list[str]) -> bool:
        if word == "present":
            return self.parts.remove_all(self.targets(path, place))
        if word == "is":
            return self._differ(path, place, frozenset(value))
        return self.assign(path, place, "false" if word == "true" else "true")

    def _differ(self, path: str, place: Place, unwanted: frozenset[str]) -> bool:
        """Give what a path leads to another text than these."""
        texts = self.others(self.targets(path, place)[0], unwanted)
        return bool(texts) and self.assign(path, place, self.chance.choice(texts))

    def others(self, target: Target, unwanted: frozenset[str]) -> list[str]:
        """The codes, or else some other texts, that the type of a target allows and that are not these."""
        leaf = target.holder.leaves[target.names[-1]]
        listed = self.parts.codes_of(leaf)
        free = ("buiten de lijst", "buitenlijst", "99", "0")
        return [text for text in listed or free if text not in unwanted and fits(self.tree.plan, leaf, text)]


def _conditions(described: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """The conditions of a guard one by one: word, path and, for ``is``, the texts."""
    found: list[tuple[str, str, list[str]]] = []
    for word, what in described.items():
        if word == "is":
            found += [(word, path, [value] if isinstance(value, str) else list(value)) for path, value in what.items()]
        else:
            found += [(word, path, []) for path in ([what] if isinstance(what, str) else what)]
    return found
