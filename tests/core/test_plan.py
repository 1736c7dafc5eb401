"""The plan at run time: types by name unrolled into one branch per place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oso_bridge import plan, releases
from oso_bridge.errors import DataError
from oso_bridge.plan import BRANCH, BRANCHES, MARKED, MARKEDS, TEXT, TEXTS, Plan
from oso_bridge.releases import Release

from .samples import NAMESPACE, dossier_tree, element, structure

TYPES = {
    "top": {
        "content": [
            element("een", least=1),
            element("meer", most=None),
            {"choice": [element("tak", "tak", least=1), element("takken", "tak", most=3)], "min": 1},
            element("merk", "merk"),
            element("merken", "merk", most=None),
        ]
    },
    "tak": {"content": [element("een", "kort")], "repeat": [1, None]},
    "merk": {"text": "kort", "attributes": [{"name": "taal", "type": "xs:string", "use": "optional"}]},
    "kort": {"simple": "heel", "facets": {"maxLength": 2}},
    "heel": {"simple": "xs:string", "facets": {"maxLength": 9, "minLength": 1}},
}


def test_a_branch_knows_what_a_reader_does_with_its_children() -> None:
    root = structure(TYPES).root
    steps = [(tag, step[0], step[3]) for tag, step in root.steps.items()]
    kinds = [TEXT, TEXTS, BRANCH, BRANCHES, MARKED, MARKEDS]
    names = ["een", "meer", "tak", "takken", "merk", "merken"]
    assert steps == list(zip(names, kinds, range(6), strict=True))
    assert root.child_names == names


def test_branches_are_numbered_and_named_by_path() -> None:
    tree = structure(TYPES)
    assert [(branch.number, branch.path) for branch in tree.branches] == [(0, "top"), (1, "top/tak"), (2, "top/takken")]
    assert tree.by_path["top/tak"] is tree.branches[1]
    assert tree.branches[1].parent is tree.root
    assert tree.root.parent is None
    assert [branch.grouped for branch in tree.branches] == [False, True, True]
    assert [branch.many for branch in tree.branches] == [False, False, True]


def test_a_member_of_a_choice_need_not_be_there() -> None:
    root = structure(TYPES).root
    assert root.branches["tak"].min == 0
    assert root.leaves["een"].min == 1


def test_a_leaf_knows_its_place_and_attributes() -> None:
    leaf = structure(TYPES).root.leaves["merken"]
    assert (leaf.path, leaf.type, leaf.attributes, leaf.many) == ("top/merken", "merk", ("taal",), True)


def test_types_are_followed_down_to_what_is_built_in() -> None:
    found = structure(TYPES).plan
    assert found.simple_base("merk") == "xs:string"
    assert found.simple_base("xs:date") == "xs:date"
    assert found.facets("merk") == {"maxLength": 2, "minLength": 1}
    assert found.facets("xs:date") == {}


def test_names_are_those_of_elements_only() -> None:
    assert structure(TYPES).plan.names == {"top", "een", "meer", "tak", "takken", "merk", "merken"}


def test_branches_are_found_by_the_end_of_their_path() -> None:
    tree = dossier_tree()
    found = [branch.path for branch in tree.ending_in("adreslijst", "adres")]
    assert "dossier/huidigeschool/leerling/adreslijst/adres" in found
    assert all(path.endswith("/adreslijst/adres") for path in found)
    assert tree.ending_in("lijst", "adres") == []


def test_a_tree_of_its_own_namespace_is_kept_and_another_is_not() -> None:
    found = plan.load(releases.release("oso/2019.1"))
    assert found.tree("dossier") is found.tree("dossier", NAMESPACE)
    other = found.tree("dossier", "urn:x")
    assert other is not found.tree("dossier", "urn:x")
    assert next(iter(other.root.steps)) == "{urn:x}metadata"
    assert next(iter(found.tree("dossier", "").root.steps)) == "metadata"


def test_every_plan_unrolls_from_each_of_its_roots() -> None:
    for release in releases.installed():
        found = plan.load(release)
        for root in release.roots:
            tree = found.tree(root)
            assert tree.root.name == root
            assert [branch.number for branch in tree.branches] == list(range(len(tree.branches)))
            assert len(tree.by_path) == len(tree.branches)


def test_known_names_are_those_of_every_release() -> None:
    names = plan.known_names()
    assert {"dossier", "achternaam", "bestandsinhoud"} <= names
    assert "dossierType" not in names


def test_a_release_without_plan_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"oso/1 has no plan\.json"):
        plan.load(Release("oso/1", tmp_path, {}))


def test_a_plan_of_another_compiler_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps({"format": 2}), encoding="utf-8")
    with pytest.raises(DataError, match="another version of the plan compiler"):
        plan.load(Release("oso/1", tmp_path, {}))


def test_a_plan_without_namespace() -> None:
    assert Plan({"namespace": None, "elements": {}, "types": {}}).namespace == ""
