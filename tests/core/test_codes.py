"""Code lists: per release the codes in the order of the standard, with a label only where there is one."""

from __future__ import annotations

import pytest

import oso_bridge as oso
from oso_bridge import codes, data, releases
from oso_bridge.errors import UsageError

from .samples import OSO

LISTS = data.toml("schemas", "oso", "codelists.toml")["list"]


def test_a_list_holds_its_codes_and_name() -> None:
    found = codes.code_list("oso", 16, "2019.1")
    assert found.number == 16
    assert {"POPO", "POVO", "VOVO", "POSWV", "VOSWV"} <= set(found.codes)
    assert set(found.name) == {"nl", "en"}
    assert codes.code_list("oso", 16, "2019.1") is found


def test_a_list_of_a_release_by_its_number() -> None:
    found = oso.codelist(14, release="oso/2019.1")
    assert found == codes.code_list("oso", 14, "2019.1")
    assert found.label("1") == "vrouw"
    with pytest.raises(UsageError, match=r"Do you mean oso/2019\.1"):
        oso.codelist(14, release="oso/2019")
    with pytest.raises(UsageError, match=r"It is in oso/1\.1\.1, .*oso/2018\.1\."):
        oso.codelist(3, release="oso/2019.1")


@pytest.mark.parametrize("release", OSO, ids=lambda release: release.id)
def test_the_codes_of_all_releases_agree_with_those_of_each(release: releases.Release) -> None:
    assert codes.numbers() == tuple(sorted(item["number"] for item in LISTS))
    for number in codes.numbers():
        held = {entry.code for entry in codes.entries(number) if release.id in entry.releases}
        assert bool(held) is (release.id in codes.held_in(number))
        if held:
            found = oso.codelist(number, release=release.id)
            assert set(found.codes) == held
            assert found.name == codes.name(number)
            assert all(found.label(entry.code) == entry.label for entry in codes.entries(number))


def test_a_code_that_two_releases_order_differently_is_there_once() -> None:
    for number in codes.numbers():
        texts = [entry.code for entry in codes.entries(number)]
        assert len(set(texts)) == len(texts)
        assert all(list(entry.releases) == sorted(entry.releases) for entry in codes.entries(number))


def test_codes_are_texts_and_differ_by_release() -> None:
    for item in LISTS:
        assert all(isinstance(row["code"], str) for row in item["codes"])
    older, newer = codes.code_list("oso", 16, "2016.1"), codes.code_list("oso", 16, "2019.1")
    assert set(older.codes) < set(newer.codes)


def test_a_label_is_there_where_the_source_gives_one() -> None:
    labelled = [item for item in LISTS if any("label" in row for row in item["codes"])]
    assert labelled
    row = next(row for row in labelled[0]["codes"] if "label" in row)
    found = codes.code_list("oso", labelled[0]["number"], "2019.1")
    assert found.label(row["code"]) == row["label"]
    assert found.label("bestaat niet") is None


@pytest.mark.parametrize("release", OSO, ids=lambda release: release.id)
def test_no_list_of_a_release_has_a_code_twice(release: releases.Release) -> None:
    checked = 0
    for item in LISTS:
        try:
            found = codes.code_list(release.format, item["number"], release.version)
        except UsageError:
            continue
        checked += 1
        assert len(set(found.codes)) == len(found.codes), item["number"]
    assert checked > 20


@pytest.mark.parametrize(
    ("format_name", "number", "version", "told"),
    [
        ("oso", 999, "2019.1", "There is no code list 999 in oso"),
        ("nergens", 16, "1", "There is no code list 16 in nergens"),
        ("oso", 16, "1999.1", r"Code list 16 does not exist in oso/1999\.1"),
    ],
)
def test_a_list_that_does_not_exist(format_name: str, number: int, version: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        codes.code_list(format_name, number, version)
