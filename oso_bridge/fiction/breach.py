"""Breaks one rule in one way: makes its condition hold and does the opposite of what its word asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from oso_bridge.fiction.parts import Target
from oso_bridge.fiction.repair import Mender, Place
from oso_bridge.fiction.values import fits
from oso_bridge.profiles import Profile
from oso_bridge.rules.paths import Spot
from oso_bridge.rules.rows import Row
from oso_bridge.rules.words import allowed_texts, first_day, required_text

_FREE = ("buiten de lijst", "buitenlijst", "99", "0", "999")


class Breach:
    """One way to break a rule.

    Args:
        mender: The dossier.
        row: The rule.
        profile: The profile of the dossier.
        spot: The place; the root for a rule on the document.
        number: Which of the wrong texts to use, where there are several.
    """

    def __init__(self, mender: Mender, row: Row, profile: Profile, spot: Spot, number: int) -> None:
        self._mender = mender
        self._parts = mender.parts
        self._row = row
        self._profile = profile
        self._spot = spot
        self._number = number
        self._text: str | None = None
        self._break: Callable[[Any, Place], bool] = getattr(self, f"_break_{row.word}", self._break_text)

    def possible(self) -> bool:
        """Whether there is such a way; makes the breach once."""
        return self.make()

    def make(self) -> bool:
        """Break the rule, or break it again after something else was mended; False when this is no way."""
        place = self._place()
        keys = self._row.keys
        if "overstap" in keys and self._profile.overstap not in keys["overstap"]:
            self._mender.assign("//metadata/overstap", place, keys["overstap"][0])
        self._mender.hold(keys.get("when", {}), place)
        if "unless" in keys:
            self._mender.deny(keys["unless"], place)
        return self._break(self._row.what, place)

    def _place(self) -> Place:
        """The place, made when the dossier does not have it."""
        names = tuple(filter(None, (*self._spot.branch.path.split("/")[1:], self._spot.leaf)))
        if names:
            self._parts.provide(Target(self._parts.root, self._mender.tree.root, names))
        record = self._mender.index()[self._spot.branch.number]
        holder = next((one for one in record if self._spot.leaf is None or self._spot.leaf in one), record[0])
        return Place(holder, self._spot.branch, self._spot.leaf)

    # ---- words about what is there ----

    def _once(self, done: bool) -> bool:
        """These words can be broken in one way only."""
        return done and not self._number

    def _break_required(self, path: str, place: Place) -> bool:
        return self._once(self._parts.remove_all(self._mender.targets(path, place)))

    def _break_forbidden(self, path: str, place: Place) -> bool:
        self._parts.provide(self._mender.targets(path, place)[0])
        return self._once(True)

    def _break_one_of(self, several: list[str], place: Place) -> bool:
        targets = [target for path in several for target in self._mender.targets(path, place)]
        return self._once(self._parts.remove_all(targets))

    def _break_true(self, path: str, place: Place) -> bool:
        return self._once(self._mender.assign(path, place, "false"))

    # ---- words about texts ----

    def _break_text(self, what: dict[str, Any], place: Place) -> bool:
        targets = self._mender.targets(what["path"], place)
        if self._text is None:
            make: Callable[[dict[str, Any], Place, Target], Iterator[str]] = getattr(self, f"_not_{self._row.word}")
            leaf = targets[0].holder.leaves[targets[0].names[-1]]
            usable = (text for text in make(what, place, targets[0]) if fits(self._mender.tree.plan, leaf, text))
            self._text = next(islice(usable, self._number, None), None)
        return self._text is not None and self._mender.assign(what["path"], place, self._text)

    def _not_in_list(self, what: dict[str, Any], place: Place, target: Target) -> Iterator[str]:
        """Codes of the list of the field first, so that only this rule minds."""
        allowed = allowed_texts(what, self._mender.release)
        listed = self._parts.codes_of(target.holder.leaves[target.names[-1]])
        return (text for text in (*listed, *_FREE) if text not in allowed)

    def _not_equals(self, what: dict[str, Any], place: Place, target: Target) -> Iterator[str]:
        value = required_text(what, self._mender.release)
        return (text for text in (self._parts.invented(target), f"{value}0") if text != value)

    def _not_contains(self, what: dict[str, Any], place: Place, target: Target) -> Iterator[str]:
        yield self._parts.invented(target).replace(what["value"], "")

    def _not_matches(self, what: dict[str, Any], place: Place, target: Target) -> Iterator[str]:
        text = self._parts.invented(target)
        tried = (f"{text}!", f"{text} ", f"!{text}", text[1:], text[:-1], text[::-1], *_FREE)
        return (one for one in tried if not re.search(what["pattern"], one))

    def _not_min_length(self, what: dict[str, Any], place: Place, target: Target) -> Iterator[str]:
        """Every piece of a good text that is just too short: one of them may please the other rules."""
        text, length = self._parts.invented(target), what["length"] - 1
        return (text[start : start + length] for start in range(len(text) - length + 1))

    def _not_max_length(self, what: dict[str, Any], place: Place, target: Target) -> Iterator[str]:
        yield self._parts.invented(target).rjust(what["length"] + 1, "a")

    def _not_school_years(self, what: dict[str, Any], place: Place, target: Target) -> Iterator[str]:
        reference = self._mender.reference(what, place)
        if reference is not None:
            yield (first_day(reference, what["years"]) - timedelta(days=1)).isoformat()
