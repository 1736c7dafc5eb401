"""The outcome: verdict, exit codes, JSON, digests, and files by suffix."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import oso_bridge as oso
from oso_bridge.report import digest_of

from .samples import NAMES, edited, path, raw, timeless

MESSAGE = oso.Message({"nl": "t", "en": "t"}, {"nl": "r", "en": "r"})


def made(*layers: oso.Layer, severities: tuple[str, ...] = (), data: bytes | None = b"", **keys: Any) -> oso.Report:
    found = tuple(oso.Finding("X", "rules", oso.Severity(name), True, MESSAGE) for name in severities)
    return oso.Report("bron", "oso/2019.1", data, None, layers, found, **keys)


def layer(state: str, required: bool = True) -> oso.Layer:
    return oso.Layer("rules", oso.State(state), required)


@pytest.mark.parametrize(
    ("states", "severities", "ok", "exit_code"),
    [
        (["passed"], (), True, 0),
        (["passed", "passed"], ("warning", "info"), True, 0),
        (["failed"], ("error",), False, 1),
        (["passed", "failed"], ("error", "warning"), False, 1),
        (["not_run"], (), False, 3),
        (["unclear"], (), False, 3),
        (["passed", "not_run"], ("warning",), False, 3),
        (["not_run", "failed"], ("error",), False, 1),
    ],
)
def test_the_verdict_and_the_exit_code(
    states: list[str], severities: tuple[str, ...], ok: bool, exit_code: int
) -> None:
    report = made(*map(layer, states), severities=severities)
    assert (report.ok, report.exit_code, report.acceptable()) == (ok, exit_code, exit_code == 0)


def test_a_layer_that_is_not_required_decides_nothing() -> None:
    for state in oso.State:
        report = made(layer("passed"), layer(state, required=False))
        assert (report.ok, report.exit_code, report.acceptable()) == (True, 0, True)


def test_counts_are_by_severity() -> None:
    report = made(layer("failed"), severities=("warning", "error", "warning"))
    assert report.counts == {"error": 1, "warning": 2, "info": 0}


def test_a_layer_by_its_name() -> None:
    report = made(layer("passed"))
    assert report.layer("rules") is report.layers[0]
    with pytest.raises(oso.UsageError, match="no layer 'legal'"):
        report.layer("legal")


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        (None, None),
        ({}, None),
        ({"overdrachtsoort": "overstapdossier", "overstap": "POVO"}, "POVO"),
        ({"overdrachtsoort": "overdrachtbinnenbrin"}, "BB"),
        ({"overdrachtsoort": "overdrachtbinnenbrin", "overstap": "POPO"}, "BB"),
        ({"overdrachtsoort": "swv-dossier"}, None),
    ],
)
def test_the_name_of_the_profile(profile: dict[str, str] | None, name: str | None) -> None:
    assert oso.Report("bron", None, None, profile, (), ()).profile_name == name


def test_a_digest_is_the_sha256_of_the_source() -> None:
    expected = "sha256:" + hashlib.sha256(raw()).hexdigest()
    assert digest_of(raw()) == expected
    assert oso.check(path("povo.xml")).digest == expected
    assert oso.check(raw()).digest == expected
    assert oso.read(raw()).digest == expected
    assert oso.check(oso.read(raw())).digest == expected
    assert oso.check(b"<a>").digest == digest_of(b"<a>")
    assert made(data=None).digest is None


def test_a_settled_report_no_longer_holds_the_source() -> None:
    report = oso.check(raw())
    assert len(pickle.dumps(report)) > len(raw())
    assert report.settled() is report
    assert len(pickle.dumps(report)) < len(raw())
    assert report.digest == digest_of(raw())


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_json_and_stable(name: str) -> None:
    first, again = oso.check(path(name)), oso.check(path(name))
    described = json.loads(json.dumps(first.to_dict()))
    assert timeless(first) == timeless(again)
    assert list(described) == [
        "oso_bridge",
        "source",
        "digest",
        "release",
        "profile",
        "ok",
        "acceptable",
        "exit_code",
        "layers",
        "findings",
        "counts",
    ]
    assert described["oso_bridge"] == oso.__version__
    assert [item["name"] for item in described["layers"]] == ["wellformed", "schema", "codes", "rules", "integrity"]
    assert described["source"] == path(name)


def test_two_reports_of_one_document_have_the_same_findings_in_the_same_order() -> None:
    assert oso.check(path("kapot.xml")).findings == oso.check(path("kapot.xml")).findings


SAVED = ("a.json", "a.sarif", "a.xml", "a.html", "a.txt", "A.JSON", "a.htm")


@pytest.mark.parametrize("name", SAVED)
def test_the_suffix_chooses_the_form(name: str, tmp_path: Path) -> None:
    report = oso.check(path("kapot.xml"))
    report.save(tmp_path / name)
    text = (tmp_path / name).read_text("utf-8")
    assert text.endswith("\n")
    assert all(finding.rule in text for finding in report.findings)
    if name.lower().endswith((".json", ".sarif")):
        assert isinstance(json.loads(text), dict)
    if name.endswith(".xml"):
        assert ElementTree.fromstring(text).tag == "testsuites"


def test_a_saved_json_report_holds_what_to_dict_gives(tmp_path: Path) -> None:
    report = oso.check(path("kapot.xml"))
    report.save(str(tmp_path / "a.json"))
    saved = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert saved["reports"] == [report.to_dict()]
    assert (saved["ok"], saved["exit_code"]) == (False, 1)


@pytest.mark.parametrize("name", ["a.pdf", "a", "a.json.bak"])
def test_an_unknown_suffix_writes_nothing(name: str, tmp_path: Path) -> None:
    with pytest.raises(oso.UsageError, match=r"belongs to no report format") as caught:
        oso.check(path("povo.xml")).save(tmp_path / name)
    assert ".sarif" in str(caught.value.remedy)
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_saved_in_the_language_asked_for(tmp_path: Path) -> None:
    report = oso.check(path("kapot.xml"))
    for language in ("nl", "en"):
        report.save(tmp_path / f"{language}.txt", language)
        assert report.findings[0].text(language) in " ".join((tmp_path / f"{language}.txt").read_text("utf-8").split())
    with pytest.raises(oso.UsageError):
        report.save(tmp_path / "de.txt", "de")


def test_several_reports_are_one_outcome(tmp_path: Path) -> None:
    good, bad, unfinished = made(layer("passed")), made(layer("failed"), severities=("error",)), made(layer("not_run"))
    assert [report.exit_code for report in (good, bad, unfinished)] == [0, 1, 3]
    both = oso.Reports([good, unfinished])
    assert (both.ok, both.exit_code, len(both), both[1], list(both)) == (False, 3, 2, unfinished, [good, unfinished])
    assert oso.Reports([bad, unfinished]).exit_code == 1
    assert (oso.Reports([good, good]).ok, oso.Reports([good]).exit_code) == (True, 0)
    assert not oso.Reports([]).ok
    both.save(tmp_path / "alles.json")
    assert len(json.loads((tmp_path / "alles.json").read_text("utf-8"))["reports"]) == 2


def test_a_report_shows_no_value_of_the_document_in_any_form(tmp_path: Path) -> None:
    data = edited(
        ("<soortadres>post<", "<soortadres>KANARIE1<"),
        ("<datum>2019-06-03<", "<datum>KANARIE2<"),
        ("<bsn>274957462<", "<bsn>KANARIE3<"),
        ("<overstap>POVO<", "<overstap>KANARIE4<"),
        ("Nederland", "KANARIE5"),
    )
    report = oso.check(data)
    assert len(report.findings) > 3
    for name in SAVED:
        report.save(tmp_path / name)
        assert "KANARIE" not in (tmp_path / name).read_text("utf-8")
    assert "KANARIE" not in repr(report)
    assert "KANARIE" in json.dumps(oso.check(data, show_values=True).to_dict())
