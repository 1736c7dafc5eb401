"""The fixtures of 2019.1 for the releases before it: the same documents and edits, moved to where those have things.

``fixtures/earlier.toml`` says what an earlier release has elsewhere, what it asks of a base document, which fixtures
do not suit it and which rules need one of their own; ``fixtures/official.toml`` which id the official check prints.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from lxml import etree
from rule_fixtures import EXAMPLES, FIXTURES, ORDERS, SWV, Edit, Element, Fixture, _from, _toml, changed

import oso_bridge as oso
from oso_bridge import plan
from oso_bridge.plan import Branch
from oso_bridge.releases import Release, release
from oso_bridge.rules.rows import Row, rows

EARLIER = _toml("earlier")
OFFICIAL = _toml("official")
RELEASES = [release(f"oso/{version}") for version in OFFICIAL]


def _order(branch: Branch) -> dict[str, list[str]]:
    found = {branch.name: list(branch.child_names)}
    for child in branch.branches.values():
        found |= _order(child)
    return found


ORDERS.update({one.namespace: _order(plan.load(one).tree("dossier").root) for one in RELEASES})


@dataclass(frozen=True)
class EarlierFixture(Fixture):
    """A fixture of a release before 2019.1."""

    release: Release = RELEASES[0]

    @property
    def rows(self) -> dict[str, Row]:
        return rows_of(self.release)

    @property
    def version(self) -> str:
        return self.release.version

    def document(self, edits: list[Edit]) -> Element:
        return changed(deepcopy(base(self.base, self.release)), edits)


@lru_cache(maxsize=8)
def rows_of(one: Release) -> dict[str, Row]:
    """The rules of a release by key."""
    return {row.key: row for row in rows(one)}


@lru_cache(maxsize=64)
def base(name: str, one: Release) -> Element:
    """An example, converted to a release and made good there."""
    dossier = oso.read(EXAMPLES / f"{name}.xml").dossier()
    raw = oso.write(dossier, release=one.id, check=False, losses="allow")
    root = etree.fromstring(raw, etree.XMLParser(remove_blank_text=True))
    for repairs in _for(EARLIER["base"], one):
        changed(root, repairs.get(name, []))
    return root


_NO_BASE = ("kapot", "schemafout", "nagekomen")  # two that are wrong, and one that repeats another


def bases(one: Release) -> list[str]:
    """The names of the base documents that a release knows the transfer of."""
    found = [path.stem for path in EXAMPLES.glob("*.xml") if not path.stem.startswith(("edex", "uwlr"))]
    return [name for name in found if name not in (*_NO_BASE, *_strange(one))]


def _strange(one: Release) -> tuple[str, ...]:
    return SWV if one.order < (2017,) else ()


def fixtures(one: Release) -> list[Fixture]:
    """Every fixture of a release: those of 2019.1 that suit it, and its own."""
    unsuited = {key for found in _for(EARLIER["unsuited"], one) for key in found}
    moved = [_moved(item, one) for item in FIXTURES if item.key in rows_of(one) and item.key not in unsuited]
    own = [_moved(_from(raw, raw["base"], raw["rule"]), one) for raw in EARLIER["fixture"] if one.version in raw["in"]]
    return [item for item in moved if item.base in bases(one)] + own


def _for(table: dict[str, dict[str, Any]], one: Release) -> list[dict[str, Any]]:
    """What a table says of a release, under headings that name one version or several."""
    return [found for versions, found in table.items() if one.version in versions.split(" ")]


def _moved(fixture: Fixture, one: Release) -> Fixture:
    return _dressed(
        replace(
            fixture,
            at=_place(fixture.at),
            broken=_edits(fixture.broken, one),
            good=[_edits(edits, one) for edits in fixture.good],
        ),
        one,
    )


def _dressed(fixture: Fixture, one: Release) -> Fixture:
    """A fixture with what the official check of a release prints and enforces."""
    said = OFFICIAL[one.version]
    warning = fixture.key.partition("#")[0] in said["not_enforced"]
    official = said["ids"].get(fixture.expect, "")
    given = {name: getattr(fixture, name) for name in Fixture.__dataclass_fields__}
    return EarlierFixture(**{**given, "official": official, "warning": warning}, release=one)


def _edits(edits: list[Edit], one: Release) -> list[Edit]:
    """The same edits elsewhere; without those of categories where there are none."""
    found = [{key: _place(value) if key in _PLACED else value for key, value in edit.items()} for edit in edits]
    if one.order >= (2017,):
        return found
    return [edit for edit in found if not any(str(edit.get(key, "")).startswith("categorie") for key in _PLACED)]


_PLACED = ("set", "delete", "clear", "empty", "put")


def _place(place: str) -> str:
    for old, new in EARLIER["places"].items():
        if place == old or place.startswith((f"{old}/", f"{old}[")):
            return new + place[len(old) :]
    return place
