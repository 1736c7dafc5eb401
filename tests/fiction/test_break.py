"""Dossiers that are bad in just one way: every rule that can fire, the schema, the document; and the command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.cli import main
from oso_bridge.errors import UsageError
from oso_bridge.fiction.spoil import break_rule, spoil
from oso_bridge.findings import State
from oso_bridge.releases import installed
from oso_bridge.rules.rows import Row, rows

ROWS = [(one.id, row) for one in installed() if one.format == "oso" for row in rows(one)]
LAYERS = ("schema", "codes", "rules", "integrity")

# Only a check that the document itself does not ask for finds these.
ASKED = {"OVa.OS03": "OV", "PaO.SO03": "PaO"}


def _named(pairs: list[tuple[str, Row]]) -> Any:
    return pytest.mark.parametrize(("name", "row"), pairs, ids=[f"{name}-{row.key}" for name, row in pairs])


@_named([(name, row) for name, row in ROWS if not row.shut_out])
def test_a_broken_rule_brings_what_is_declared_and_nothing_else(name: str, row: Row) -> None:
    spoiled = spoil(name, row.id, row.part or None)
    report = oso.check(spoiled.data, validator=spoiled.check)
    assert {item.rule for item in report.findings} == spoiled.rules
    assert row.id in spoiled.rules
    assert spoiled.rules <= {row.id, *_declared(row, name), "OVb.MD01", "OVb.MD02"}
    assert report.layer("schema").state is State.PASSED
    assert spoiled.check == ASKED.get(row.id)


def _declared(row: Row, name: str) -> list[str]:
    found = row.keys.get("with", [])
    return list(found.get(name.partition("/")[2], []) if isinstance(found, dict) else found)


@_named([(name, row) for name, row in ROWS if row.shut_out])
def test_a_rule_that_the_schema_shuts_out_is_refused_with_the_reason(name: str, row: Row) -> None:
    with pytest.raises(UsageError, match=re.escape(str(row.shut_out))):
        break_rule(name, row.id)


@pytest.mark.parametrize("rule", ["OVa.LL08#telefoon", "OVa.LL08#e-mail"])
def test_a_part_is_broken_by_itself(rule: str) -> None:
    key, _, part = rule.partition("#")
    assert break_rule("oso/2019.1", rule) == break_rule("oso/2019.1", key, part)
    assert break_rule("oso/2019.1", key, "telefoon") != break_rule("oso/2019.1", key, "e-mail")


def test_an_id_by_kind_chooses_the_kind() -> None:
    assert {item.rule for item in oso.check(break_rule("oso/2019.1", "OVb.MD01")).findings} == {"OVb.MD01"}
    assert {item.rule for item in oso.check(break_rule("oso/2019.1", "OVa.MD01")).findings} == {"OVa.MD01"}


@pytest.mark.parametrize("transfer", ["POPO", "BB", "VOSWV"])
def test_the_profile_can_be_chosen(transfer: str) -> None:
    spoiled = spoil("oso/2019.1", "CL.19.soortadres", profile_name=transfer)
    assert spoiled.profile == transfer
    assert {item.rule for item in oso.check(spoiled.data).findings} == {"CL.19.soortadres"}


def test_another_seed_gives_another_dossier() -> None:
    several = {break_rule("oso/2019.1", "OVa.LL12", seed=seed) for seed in (0, 1, 2)}
    assert len(several) == 3
    assert break_rule("oso/2019.1", "OVa.LL12", seed=1) in several
    for found in several:
        assert {item.rule for item in oso.check(found).findings} == {"OVa.LL12"}


@pytest.mark.parametrize(
    "fault",
    [
        "XSD.ontbreekt.achternaam",
        "XSD.ontbreekt.toets",
        "XSD.ontbreekt.brincode",
        "XSD.onverwacht.geboortedatum",
        "XSD.onverwacht.toets",
        "XSD.te-vaak.achternaam",
        "XSD.te-vaak.inzage",
        "XSD.volgorde.geboortedatum",
        "XSD.volgorde.score",
        "XSD.type.geboortedatum",
        "XSD.type.adresgeheim",
        "XSD.type.aantalgoed",
        "XSD.patroon.brincode",
        "XSD.patroon.schooljaar",
        "XSD.patroon.lwoo_einddatum",
        "XSD.te-kort.achternaam",
        "XSD.te-lang.aandachtspunten",
        "XSD.te-groot.voorschoolsemaanden",
        "XSD.te-klein.voorschoolsemaanden",
        "DOC.leeg",
        "DOC.doctype",
        "DOC.afgebroken",
    ],
)
def test_a_fault_before_any_rule(fault: str) -> None:
    report = oso.check(break_rule("oso/2019.1", fault))
    assert [item.rule for item in report.findings] == [fault]
    assert not report.ok


def test_a_schema_fault_that_the_rules_mind_too_comes_with_one_schema_finding() -> None:
    report = oso.check(break_rule("oso/2019.1", "XSD.ontbreekt.metadata"))
    assert [item.rule for item in report.findings if item.layer == "schema"] == ["XSD.ontbreekt.metadata"]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("OVa.XX99", "has no rule OVa.XX99"),
        ("OVa.LL08#fax", "parts: e-mail, telefoon"),
        ("XSD.raar.naam", "XSD.ontbreekt"),
        ("XSD.type.onbestaand", "no element of that name"),
        ("XSD.patroon.achternaam", "and nothing else"),
        ("DOC.raar", "DOC.leeg"),
    ],
)
def test_what_cannot_be_made_is_refused(rule: str, told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        break_rule("oso/2019.1", rule)


def test_a_profile_that_the_rule_is_not_meant_for_is_refused() -> None:
    with pytest.raises(UsageError, match="Choose another profile"):
        spoil("oso/2019.1", "OVa.VV01", profile_name="POPO")


# ---- the command line ----


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str) -> tuple[int | str | None, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(list(arguments))
        captured = capfd.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


def test_new_writes_a_good_dossier(run: Any, tmp_path: Path) -> None:
    code, out, err = run("new", "--profile", "POVO", "--seed", "1")
    assert (code, err) == (0, "")
    assert oso.check(out.encode()).findings == ()
    target = tmp_path / "pupil.xml"
    assert run("new", "--profile", "POVO", "--seed", "1", "--output", str(target)) == (0, "", "")
    assert target.read_bytes() == out.encode()


def test_new_full_and_of_another_release(run: Any) -> None:
    some = run("new", "--profile", "VOVO", "--release", "oso/2016.1")[1]
    full = run("new", "--profile", "VOVO", "--release", "oso/2016.1", "--full")[1]
    assert len(full) > len(some)
    assert oso.check(full.encode()).release == "oso/2016.1"


def test_new_broken_says_what_comes_along(run: Any) -> None:
    code, out, err = run("new", "--break", "OVa.LL03")
    assert code == 0
    assert "OVa.LL02" in err
    assert {item.rule for item in oso.check(out.encode()).findings} == {"OVa.LL03", "OVa.LL02"}


def test_new_broken_says_which_check_must_be_asked_for(run: Any) -> None:
    assert "official check OV" in run("new", "--break", "OVa.OS03")[2]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Give --profile"),
        (["--profile", "HBO"], "Choose from POPO"),
        (["--break", "OVa.XX99"], "explain --list"),
        (["--break", "OVa.LL12", "--full"], "do not go together"),
    ],
)
def test_new_wrong_use_is_one_line(run: Any, arguments: list[str], told: str) -> None:
    code, out, err = run("new", *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
