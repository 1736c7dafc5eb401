"""The rows of rules.toml as they hold for a release, and what makes a row be refused."""

from __future__ import annotations

from typing import Any

import pytest

from oso_bridge import releases
from oso_bridge.errors import DataError
from oso_bridge.releases import Release
from oso_bridge.rules import engine, rows
from oso_bridge.rules.engine import Program
from oso_bridge.rules.rows import Row

from .samples import OSO, dossier_tree

RELEASE = releases.release("oso/2019.1")
TEXTS = {"text": {"nl": "t", "en": "t"}, "remedy": {"nl": "r", "en": "r"}}
BASE: dict[str, Any] = {
    "id": "EIGEN.01",
    "releases": {"2019.1": "OF.01", "2016.1": ""},
    "check": "common",
    "at": "dossier/metadata",
    "required": "datum",
    **TEXTS,
}


def made(release: Release = RELEASE, families: dict[str, Any] | None = None, **changes: Any) -> Row:
    raw = {key: value for key, value in {**BASE, **changes}.items() if value is not None}
    return rows._row(3, raw, release, families or {})


def test_a_row_holds_what_the_release_says() -> None:
    row = made()
    assert (row.id, row.key, row.part, row.layer, row.order) == ("EIGEN.01", "EIGEN.01", "", "rules", 3)
    assert (row.word, row.what, row.official_id, row.official, row.shut_out) == (
        "required",
        "datum",
        "OF.01",
        True,
        None,
    )
    assert row.message.text == {"nl": "t", "en": "t"}
    assert row.args == {"element": "datum", "plaats": "metadata", "release": "2019.1", "regel": "EIGEN.01", "kind": ""}


def test_a_part_tells_rows_of_one_id_apart() -> None:
    assert made(part="bsn").key == "EIGEN.01#bsn"


def test_an_official_check_may_print_no_id() -> None:
    assert made(releases.release("oso/2016.1")).official_id is None


def test_what_differs_in_a_release_replaces_what_stands_in_the_row() -> None:
    changed = made(differs={"2019.1": {"required": "", "forbidden": "overstap"}})
    assert (changed.word, changed.what) == ("forbidden", "overstap")
    assert made(differs={"2016.1": {"required": "overstap"}}).what == "datum"


def test_a_row_that_is_not_enforced_is_not_official() -> None:
    assert made(not_enforced_in={"2019.1": "why"}).official is False
    assert made(not_enforced_in={"2016.1": "why"}).official is True


@pytest.mark.parametrize("reason", ["why", {"nl": "waarom", "en": "why"}])
def test_a_row_that_the_schema_shuts_out_says_why(reason: Any) -> None:
    assert made(shut_out_by_schema_in={"2019.1": reason}).shut_out == "why"


def test_the_id_goes_by_the_kind_of_transfer() -> None:
    row = made(id_by_kind={"overdrachtbinnenbrin": "EIGENb.01"})
    assert row.id_for(frozenset({"overdrachtbinnenbrin"})) == "EIGENb.01"
    assert row.id_for(frozenset({"overstapdossier"})) == "EIGEN.01"


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"required": None, "true": ".", "at": "**/inzage"}, "element", "inzage"),
        ({"required": None, "one_of": ["a/b", "c"]}, "element", "b, c"),
        ({"required": None, "one_of": ["a/b"]}, "element", "b"),
        ({"required": None, "equals": {"path": "a/b", "value": "X"}}, "waarde", "X"),
        ({"required": None, "equals": {"path": "a/b", "release": "standaardversie"}}, "waarde", "2019.1"),
        ({"required": None, "in_list": {"path": ".", "list": 16}}, "lijst", "16"),
        ({"at": "/", "required": "//metadata"}, "plaats", "document"),
        ({"kind": ["swv-dossier", "overstapdossier"]}, "kind", "swv-dossier, overstapdossier"),
        ({"args": {"element": "eigen woord"}}, "element", "eigen woord"),
    ],
)
def test_the_arguments_of_the_texts(changes: dict[str, Any], name: str, value: str) -> None:
    assert made(**changes).args[name] == value


def test_a_code_list_brings_its_name_and_codes() -> None:
    args = made(required=None, in_list={"path": ".", "list": 16}).args
    assert "POVO" in args["codes"].split(", ")
    assert args["lijstnaam.nl"]
    assert args["lijstnaam.en"]


def test_texts_come_from_a_family() -> None:
    row = made(families={"f": TEXTS}, family="f", text=None, remedy=None)
    assert row.message.remedy == {"nl": "r", "en": "r"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"required": None}, "0 checks"),
        ({"forbidden": "datum"}, "2 checks"),
        ({"verplicht": "datum"}, r"unknown words \['verplicht'\]"),
        ({"text": None}, "no text or remedy"),
        ({"remedy": None}, "no text or remedy"),
        ({"family": "nergens", "text": None, "remedy": None}, "no text or remedy"),
    ],
)
def test_a_row_that_is_wrong_is_refused_by_id(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(DataError, match=rf"Rule EIGEN\.01 has .*{told}"):
        made(**changes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"at": "dossier/nergens"}, "a place that oso/2019.1 does not have"),
        ({"required": "nergens"}, "nergens, which oso/2019.1 does not have"),
        ({"when": {"true": "nergens"}}, "nergens, which"),
        ({"unless": {"is": {"//nergens": "x"}}}, "//nergens, which"),
        ({"at": "/", "required": "datum"}, "datum, which"),
        ({"when": {"absent": "datum"}}, "Unknown word 'absent'"),
    ],
)
def test_a_rule_that_does_not_fit_the_structure_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(DataError, match=told):
        Program(RELEASE, dossier_tree(), [made(**changes)])


def test_a_place_below_another_root_is_no_fault() -> None:
    row = made(at="**/terugkoppeling/metadata")
    assert Program(RELEASE, dossier_tree(), [row]).run({}) == ([], [])


@pytest.mark.parametrize("release", OSO, ids=lambda release: release.id)
def test_the_rows_of_every_release_are_sound(release: Release) -> None:
    found = rows.rows(release)
    assert len(found) > 70
    keys = [row.key for row in found]
    assert len(keys) == len(set(keys))
    for root in release.roots:
        for audience in (("OV", "overstapdossier", "POVO"), ("OV", "overdrachtbinnenbrin", "POPO")):
            check, kind, step = audience
            assert engine.engine(release, root).program(check, frozenset({kind}), frozenset({step}))
