"""Invented values: they suit the type of the leaf, also where neither table nor code list knows the element."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest

from oso_bridge import data, plan
from oso_bridge.errors import DataError
from oso_bridge.fiction.values import Values, fits, setting
from oso_bridge.plan import Leaf, Plan, Tree
from oso_bridge.profiles import profile
from oso_bridge.releases import Release, installed, release

RELEASE = release("oso/2019.1")
TYPES: dict[str, Any] = {
    "date": {"simple": "xs:date", "facets": {"pattern": ["[0-9]{4}-07-31"]}},
    "code": {"simple": "xs:string", "facets": {"pattern": [r"[A-Z]\p{Nd}{3}-\d{2}x"]}},
    "few": {"simple": "xs:string", "facets": {"enumeration": ["ja", "nee"]}},
    "short": {"simple": "xs:string", "facets": {"maxLength": 7}},
    "small": {"simple": "xs:integer", "facets": {"minInclusive": "3", "maxInclusive": "5"}},
}
LEAVES = {**dict.fromkeys(TYPES), "flag": "xs:boolean", "day": "xs:date", "einddatum2": "xs:date", "text": "xs:string"}


def _tree() -> Tree:
    """A structure that fictie.toml knows nothing of."""
    content = [{"name": f"x-{name}", "type": kind or name, "min": 1, "max": 1} for name, kind in LEAVES.items()]
    described = {"namespace": "", "elements": {"root": "root"}, "types": {**TYPES, "root": {"content": content}}}
    return Plan(described).tree("root")


def _chance(seed: int = 0) -> random.Random:
    return random.Random(seed)  # noqa: S311


def _values() -> Values:
    chance = _chance()
    tree = plan.load(RELEASE).tree("dossier")
    return Values(RELEASE, tree, chance, setting(RELEASE, profile("POVO"), chance))


@pytest.mark.parametrize("name", LEAVES)
def test_an_unknown_leaf_gets_what_its_type_allows(name: str) -> None:
    unknown, values = _tree(), _values()
    values._plan = unknown.plan
    values._lists = {}
    for _ in range(20):
        text = values.text(unknown.root.leaves[f"x-{name}"], {})
        assert text
        assert fits(unknown.plan, unknown.root.leaves[f"x-{name}"], text)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", "2020-07-31", "2020-07-30"),
        ("code", "A123-45x", "A12-45x"),
        ("few", "ja", "misschien"),
        ("short", "zeven77", "achttien"),
        ("small", "3", "6"),
        ("flag", "true", "waar"),
        ("day", "2020-01-01", "1 januari"),
    ],
)
def test_fits_is_a_question_about_the_type(name: str, good: str, bad: str) -> None:
    tree = _tree()
    leaf = tree.root.leaves[f"x-{name}"]
    assert fits(tree.plan, leaf, good)
    assert not fits(tree.plan, leaf, bad)


def _every_leaf(name: str) -> list[Leaf]:
    return [leaf for branch in plan.load(release(name)).tree("dossier").branches for leaf in branch.leaves.values()]


def test_every_name_of_the_table_is_an_element() -> None:
    leaves = [leaf for one in installed() if one.format == "oso" for leaf in _every_leaf(one.id)]
    known = {leaf.name for leaf in leaves} | {f"{leaf.parent.name}/{leaf.name}" for leaf in leaves}
    assert set(data.toml("schemas", "oso", "fictie.toml")["value"]) <= known


def test_a_value_of_the_table_that_the_type_does_not_allow_is_a_fault_of_the_data() -> None:
    tree = plan.load(RELEASE).tree("dossier")
    values = _values()
    values._table = {"brincode": {"texts": ["geen brin"]}}
    with pytest.raises(DataError, match="brincode"):
        values.text(tree.by_path["dossier/huidigeschool"].leaves["brincode"], {})


def test_dates_follow_from_the_setting() -> None:
    for name in ("POPO", "VOVO"):
        for seed in range(20):
            found = setting(RELEASE, profile(name), _chance(seed))
            assert 8 <= (found.day - found.birth).days / 365.25 <= 16
            assert "2019-09-01" <= found.day.isoformat() <= "2020-06-30"


def test_a_release_without_a_school_year_takes_that_of_its_version(tmp_path: Path) -> None:
    for version, year in (("2023.1", 2023), ("1.1", 2014)):
        bare = Release(f"oso/{version}", tmp_path, {})
        assert setting(bare, profile("POVO"), _chance()).day.year in (year, year + 1)


def test_mail_and_telephone_go_by_their_kind() -> None:
    tree = plan.load(RELEASE).tree("dossier")
    leaf = tree.by_path["dossier/huidigeschool/communicatielijst/communicatie"].leaves["nummer"]
    values = _values()
    assert re.fullmatch(r"[a-z.]+@school\d\d\.invalid", values.text(leaf, {"soort": "e-mail"}))
    assert re.fullmatch(r"0000\d{6}", values.text(leaf, {"soort": "telefoon"}))
