"""Overrides: decisions about findings, by rule, place, profile and day; the verdict itself stays."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import oso_bridge as oso
from oso_bridge.errors import DataError, UsageError
from oso_bridge.overrides import as_overrides

from .samples import edited, path

TODAY = date(2026, 3, 15)
MESSAGE = oso.Message({"nl": "t", "en": "t"}, {"nl": "r", "en": "r"})
REASON = "Afgesproken."


def finding(rule: str = "CL.19.soortadres", where: str | None = "leerling.adreslijst.adres[2].soort") -> oso.Finding:
    numbered = "/dossier[1]/leerling[1]/adreslijst[1]/adres[2]/soort[1]"
    return oso.Finding(rule, "codes", oso.Severity.ERROR, True, MESSAGE, path=where, xpath=numbered)


def decided(document: str | None = "POVO", found: oso.Finding | None = None, **keys: object) -> bool:
    override = oso.Override(**{"rule": "*", "severity": "info", "reason": REASON, **keys})  # type: ignore[arg-type]
    return oso.Overrides([override]).find(found or finding(), document, TODAY) is override


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("CL.19.soortadres", True),
        ("CL.*", True),
        ("CL.?9.*", True),
        ("*", True),
        ("CL.19", False),
        ("cl.19.soortadres", False),
        ("INT.*", False),
    ],
)
def test_a_rule_is_an_id_or_a_pattern(rule: str, expected: bool) -> None:
    assert decided(rule=rule) is expected


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("leerling.adreslijst.adres[2].soort", True),
        ("*adres[2]*", True),
        ("*adres[1]*", False),
        ("*adres2*", False),
        ("/dossier[1]/*/soort[1]", True),
        ("*/adres[[]2]/*", False),
        ("leerling.*", True),
        ("verzorger.*", False),
        ("*adres[?]*", True),
    ],
)
def test_brackets_in_a_place_are_those_of_the_place(place: str, expected: bool) -> None:
    assert decided(place=place) is expected


def test_a_finding_without_a_path_is_placed_by_its_numbered_path() -> None:
    assert decided(place="/dossier*", found=finding(where=None))
    assert not decided(place="leerling*", found=finding(where=None))


@pytest.mark.parametrize(("profile", "expected"), [("POVO", True), ("POPO", False), (None, False)])
def test_a_profile_must_be_the_one_of_the_document(profile: str | None, expected: bool) -> None:
    assert decided(profile, profile="POVO") is expected
    assert decided(profile)


@pytest.mark.parametrize(
    ("until", "expected"), [(date(2026, 3, 14), False), (date(2026, 3, 15), True), (date(2027, 1, 1), True)]
)
def test_a_decision_holds_up_to_and_on_its_last_day(until: date, expected: bool) -> None:
    assert decided(until=until) is expected


def test_the_last_decision_about_a_finding_holds() -> None:
    wide, narrow = oso.Override("*", "suppress", REASON), oso.Override("CL.*", "warning", REASON)
    assert oso.Overrides([wide, narrow]).find(finding(), None, TODAY) is narrow
    assert oso.Overrides([narrow, wide]).find(finding(), None, TODAY) is wide
    assert oso.Overrides([wide, narrow]).find(finding("INT.bsn"), None, TODAY) is wide
    assert oso.Overrides().find(finding(), None, TODAY) is None


def test_without_a_day_it_is_today() -> None:
    assert oso.Overrides([oso.Override("*", "info", REASON, until=date.max)]).find(finding(), None)
    assert not oso.Overrides([oso.Override("*", "info", REASON, until=date(2020, 1, 1))]).find(finding(), None)


def write(folder: Path, text: str) -> Path:
    file = folder / "besluiten.toml"
    file.write_text(text, encoding="utf-8")
    return file


def row(**keys: str) -> str:
    rows = {"rule": '"CL.*"', "severity": '"info"', "reason": '"Zo is het."', **keys}
    return "[[override]]\n" + "".join(f"{key} = {value}\n" for key, value in rows.items() if value)


def test_a_file_holds_decisions_in_order(tmp_path: Path) -> None:
    text = row(place='"*adres[2]*"', profile='"POVO"', until="2027-08-01") + row(rule='"INT.bsn"')
    loaded = oso.Overrides.load(write(tmp_path, text))
    assert loaded.decisions == [
        oso.Override("CL.*", "info", "Zo is het.", "*adres[2]*", "POVO", date(2027, 8, 1)),
        oso.Override("INT.bsn", "info", "Zo is het."),
    ]
    assert loaded.decisions[0].to_dict() == {"severity": "info", "reason": "Zo is het.", "until": "2027-08-01"}
    assert loaded.decisions[1].to_dict()["until"] is None


def test_an_empty_file_decides_nothing(tmp_path: Path) -> None:
    assert oso.Overrides.load(write(tmp_path, "")).decisions == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (row(rule=""), "Override 1 lacks rule"),
        (row() + row(reason='" "'), "Override 2 lacks reason"),
        (row(severity=""), "Override 1 lacks severity"),
        (row(severity='"fatal"'), "choose from suppress, error, warning, info"),
        (row(plaats='"x"'), "has a key that does not exist: plaats"),
        (row(until='"2027-08-01"'), "has an until that is no date"),
        (row(until="2027-08-01T00:00:00"), "has an until that is no date"),
        (row(rule="12"), "a rule that is no text"),
        (row(rule='["CL.*", "INT.*"]'), "a rule that is no text"),
        (row(severity='["info"]'), "a severity that is no text"),
        (row(place="3"), "a place that is no text"),
        (row(profile='["POVO"]'), "a profile that is no text"),
        ("[[overrides]]\nrule = 'x'\n", "holds .*override.* only, not overrides"),
        ("[override]\nrule = 'x'\n", r"\[\[override\]\]"),
        ("override = 'x'\n", r"\[\[override\]\]"),
        ("override = ['x']\n", r"\[\[override\]\]"),
    ],
)
def test_a_bad_file_says_what_is_wrong_and_where(text: str, told: str, tmp_path: Path) -> None:
    file = write(tmp_path, text)
    with pytest.raises(UsageError, match=told) as caught:
        oso.Overrides.load(file)
    assert caught.value.where == str(file)


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not valid TOML"):
        oso.Overrides.load(write(tmp_path, "rule ="))


def test_overrides_are_given_as_they_are_or_as_a_file(tmp_path: Path) -> None:
    decisions = oso.Overrides()
    assert as_overrides(decisions) is decisions
    assert as_overrides(None) is None
    for given in (write(tmp_path, row()), str(write(tmp_path, row()))):
        loaded = as_overrides(given)
        assert loaded is not None
        assert len(loaded.decisions) == 1
    with pytest.raises(FileNotFoundError):
        oso.check(path("povo.xml"), overrides=tmp_path / "weg.toml")


BAD = ("<soortadres>post<", "<soortadres>postbus<")


@pytest.mark.parametrize(
    ("severity", "exit_code", "counts"),
    [
        ("suppress", 0, {"error": 0, "warning": 0, "info": 0, "suppress": 1}),
        ("info", 0, {"error": 0, "warning": 0, "info": 1}),
        ("warning", 0, {"error": 0, "warning": 1, "info": 0}),
        ("error", 1, {"error": 1, "warning": 0, "info": 0}),
    ],
)
def test_a_decision_changes_what_is_acceptable_and_never_the_verdict(
    severity: str, exit_code: int, counts: dict[str, int]
) -> None:
    decisions = oso.Overrides([oso.Override("CL.19.*", severity, REASON, place="*adres[2]*", profile="POVO")])
    report = oso.check(edited(BAD), overrides=decisions)
    assert not report.ok
    assert report.acceptable() is (exit_code == 0)
    assert (report.exit_code, report.counts) == (exit_code, counts)
    assert report.findings[0].severity == oso.Severity.ERROR
    assert report.to_dict()["findings"][0]["override"] == {"severity": severity, "reason": REASON, "until": None}


def test_a_decision_about_another_place_leaves_the_finding(tmp_path: Path) -> None:
    report = oso.check(edited(BAD))
    assert report.exit_code == 1
    assert not report.acceptable()
    assert not report.acceptable(oso.Overrides([oso.Override("CL.*", "info", REASON, place="*adressen[3]*")]))
    assert report.acceptable(write(tmp_path, row(place='"*adressen[2].soort"')))
    assert report.to_dict()["findings"][0]["override"] is None


def test_a_warning_may_be_made_an_error() -> None:
    data = edited(("<bsn>274957462<", "<bsn>274957463<"))
    stricter = oso.Overrides([oso.Override("INT.bsn", "error", REASON)])
    assert oso.check(data).exit_code == 0
    report = oso.check(data, overrides=stricter)
    assert (report.ok, report.acceptable(), report.exit_code) == (True, False, 1)


def test_what_did_not_run_stays_unacceptable() -> None:
    everything = oso.Overrides([oso.Override("*", "suppress", REASON)])
    report = oso.check(b"<a>", overrides=everything)
    assert (report.acceptable(), report.exit_code) == (False, 3)
    partial = oso.check(path("povo.xml"), layers=["schema"], overrides=everything)
    assert (partial.acceptable(), partial.exit_code) == (False, 3)


def test_empty_overrides_given_afterwards_take_the_place_of_those_of_the_check() -> None:
    report = oso.check(edited(BAD), overrides=oso.Overrides([oso.Override("*", "suppress", REASON)]))
    assert report.acceptable()
    assert not report.acceptable(oso.Overrides())
