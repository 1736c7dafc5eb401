"""Explaining a rule by its id, the official id, an alias, or the digest of what the official check printed."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import data, releases
from oso_bridge.findings import LANGUAGES
from oso_bridge.rules import explain as module

from .samples import path, rules

ONLY_NEW = next(
    row["id"]
    for row in data.toml("schemas", "oso", "rules.toml")["rule"]
    if set(row["releases"]) == {"2018.1", "2019.1"} and not row.get("part")
)


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [entry["id"] for entry in found]


def test_a_rule_by_its_id() -> None:
    (entry,) = oso.explain("OVa.LL10")
    assert (entry["id"], entry["layer"], entry["release"]) == ("OVa.LL10", "rules", "oso/2019.1")
    assert entry["releases"]["oso/2016.1"] == "OS.L06"
    assert entry["where"] == "dossier/huidigeschool/leerling"
    assert entry["check"] == {"forbidden": "geboorteplaats"}
    assert entry["conditions"] == {"kind": ["overstapdossier"]}
    assert (entry["severity"], entry["official"], entry["notes"]) == ("error", True, [])
    assert all("geboorteplaats" in entry[part][language] for part in ("text", "remedy") for language in LANGUAGES)


def test_a_rule_by_the_id_that_the_official_check_of_a_release_prints() -> None:
    assert "OVa.LL10" in ids(oso.explain("OS.L06"))
    (email,) = {entry["id"] for entry in oso.explain("EM.04")}
    assert email == "EM.04"
    assert "EM.04" in ids(oso.explain("OG.01"))


def test_a_rule_by_an_alias() -> None:
    (entry,) = oso.explain("OVb.MD01")
    assert entry["id"] != "OVb.MD01"
    assert "OVb.MD01" in entry["aliases"]


def test_a_rule_that_the_official_check_cannot_give_says_why() -> None:
    (entry,) = oso.explain("OVa.TR05")
    assert (entry["severity"], entry["official"]) == ("warning", False)
    assert entry["notes"]
    assert set(entry["notes"][0]) == set(LANGUAGES)


def test_rows_that_share_an_id_are_told_one_by_one() -> None:
    table = data.toml("schemas", "oso", "rules.toml")["rule"]
    shared = next(row["id"] for row in table if row.get("part") and "2019.1" in row["releases"])
    parts = [entry["part"] for entry in oso.explain(shared)]
    assert len(parts) > 1
    assert len(set(parts)) == len(parts)


@pytest.mark.parametrize(
    ("what", "layer", "severity", "official"),
    [
        ("INT.bsn", "integrity", "warning", False),
        ("XSD.te-kort", "schema", "error", True),
        ("XSD.te-kort.soort", "schema", "error", True),
        ("XSD.libxml2-1831.soort", "schema", "error", True),
        ("DOC.doctype", "wellformed", "error", False),
        ("DOC.limiet.max_bytes", "wellformed", "error", False),
        ("DOC.limiet.parser", "wellformed", "error", False),
        ("DOC.niet-geopend.weg", "wellformed", "error", False),
    ],
)
def test_an_id_outside_the_rules_of_a_format(what: str, layer: str, severity: str, official: bool) -> None:
    (entry,) = oso.explain(what)
    assert (entry["id"], entry["layer"], entry["severity"], entry["official"]) == (what, layer, severity, official)
    assert all(entry[part][language] for part in ("text", "remedy") for language in LANGUAGES)


def test_an_argument_without_a_finding_shows_as_its_name() -> None:
    assert oso.explain("XSD.te-kort.soort")[0]["text"]["en"] == "The value of <element> is too short, or empty."


def test_every_id_that_is_listed_can_be_explained() -> None:
    known = {row["id"] for row in data.toml("schemas", "oso", "rules.toml")["rule"]}
    installed = {release.version for release in releases.installed()}
    elsewhere = {row["id"] for row in data.toml("schemas", "oso", "rules.toml")["rule"]
                 if not installed & set(row["releases"])}  # fmt: skip
    listed = module.all_ids()
    assert known <= set(listed)
    for what in listed:
        if what not in elsewhere:
            assert what in ids(oso.explain(what)), what


@pytest.mark.parametrize("name", ["kapot.xml", "schemafout.xml"])
def test_every_id_of_a_finding_can_be_explained(name: str) -> None:
    found = rules(oso.check(path(name)))
    assert found
    for rule in found:
        assert oso.explain(rule)


@pytest.mark.parametrize(
    ("what", "near"), [("CL.19.soortadre", "CL.19.soortadres"), ("INT.bns", "INT.bsn"), ("DOC.doctyp", "DOC.doctype")]
)
def test_an_unknown_id_leads_to_those_that_look_like_it(what: str, near: str) -> None:
    with pytest.raises(oso.UsageError, match=f"There is no rule '{what}'") as caught:
        oso.explain(what)
    assert near in str(caught.value.remedy)


def test_an_id_like_no_other_leads_to_the_list() -> None:
    with pytest.raises(oso.UsageError) as caught:
        oso.explain("%%%%%%%%")
    assert caught.value.remedy == "oso-bridge explain --list shows every id."


@pytest.fixture
def own_message(monkeypatch: pytest.MonkeyPatch) -> str:
    """A text of our own, in the table as if an official check printed it."""
    text = "Een  eigen zin\nover de geboorteplaats."
    read = data.toml

    def toml(*parts: str) -> dict[str, Any]:
        if parts[-1] != "messages.toml":
            return read(*parts)
        rules_ = ["OVa.LL10", "OVb.MD01"]
        return {"digest": {module.digest("Een eigen zin over de geboorteplaats."): {"rules": rules_, "in": "all"}}}

    monkeypatch.setattr(data, "toml", toml)
    return text


def test_a_message_is_known_by_its_digest_whatever_its_white_space(own_message: str) -> None:
    by_id = oso.explain("OVa.LL10") + oso.explain("OVb.MD01")
    assert oso.explain(own_message, message=True) == by_id
    assert oso.explain(f"\t{own_message}  ", message=True) == by_id


def test_a_message_that_no_check_prints_is_not_quoted(own_message: str) -> None:
    with pytest.raises(oso.UsageError, match="No official check is known to print that text") as caught:
        oso.explain(own_message + " Geheim", message=True)
    assert "Geheim" not in str(caught.value)


def test_a_digest_is_the_first_twenty_signs_of_the_sha256_of_the_words() -> None:
    assert module.digest(" a\n b ") == module.digest("a b") == hashlib.sha256(b"a b").hexdigest()[:20]
    assert module.digest("A b") != module.digest("a b")


def test_every_message_leads_to_a_rule() -> None:
    table = data.toml("schemas", "oso", "messages.toml")
    installed = {release.version for release in releases.installed()}
    for key, row in table["digest"].items():
        assert len(key) == 20
        versions = table["groups"][row["in"]] if isinstance(row["in"], str) else row["in"]
        if installed & set(versions):
            assert any(module._entries(rule) for rule in row["rules"]), row


def test_a_rule_of_releases_that_are_not_installed_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    one = (releases.release("oso/2016.1"),)
    monkeypatch.setattr(releases, "installed", lambda: one)
    with pytest.raises(oso.UsageError, match=r"holds only where no release is installed: oso/2018\.1, oso/2019\.1"):
        oso.explain(ONLY_NEW)


@pytest.mark.parametrize("name", ["herzienadvies", "Herzienadvies"])
def test_the_name_of_an_element_leads_to_where(name: str) -> None:
    with pytest.raises(oso.UsageError, match=f"oso-bridge where {name}"):
        oso.explain(name)
