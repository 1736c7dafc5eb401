"""Code lists: per release the codes in the order of the standard, with a label only where there is one."""

from __future__ import annotations

import pytest

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
