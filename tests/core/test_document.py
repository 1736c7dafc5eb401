"""Reading and checking: layers, a named release or check, values on request, and what cannot be read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import releases
from oso_bridge.document import LAYERS, REQUIRED

from .samples import GOOD, NAMESPACE, edited, line_with, only, path, raw, rules, states, timeless

ALL_PASSED = dict.fromkeys(LAYERS, "passed")
BAD_CODE = ("<soortadres>post<", "<soortadres>postbus<")


def absent(year: str = "2024", data: bytes | None = None) -> bytes:
    return (data or raw()).replace(b"/2019/dossier", f"/{year}/dossier".encode())


@pytest.mark.parametrize("name", GOOD)
def test_a_good_dossier_passes_every_layer(name: str) -> None:
    report = oso.check(path(name))
    assert (report.ok, report.exit_code, report.findings, states(report)) == (True, 0, (), ALL_PASSED)
    assert report.release == "oso/2019.1"
    assert [layer.required for layer in report.layers] == [name in REQUIRED for name in LAYERS]
    assert all(layer.duration is not None and layer.duration >= 0 for layer in report.layers)


@pytest.mark.parametrize(
    ("name", "profile", "short"),
    [
        ("povo.xml", {"overdrachtsoort": "overstapdossier", "overstap": "POVO"}, "POVO"),
        ("poswv.xml", {"overdrachtsoort": "swv-dossier", "overstap": "POSWV"}, "POSWV"),
        ("binnenbrin.xml", {"overdrachtsoort": "overdrachtbinnenbrin"}, "BB"),
    ],
)
def test_the_profile_of_a_document(name: str, profile: dict[str, str], short: str) -> None:
    report = oso.check(path(name))
    assert (report.profile, report.profile_name) == (profile, short)


def test_a_profile_is_only_ever_a_code_of_the_standard() -> None:
    report = oso.check(edited(("<overstap>POVO<", "<overstap>Jansen<")))
    assert report.profile == {"overdrachtsoort": "overstapdossier"}


def test_every_kind_of_source_gives_the_same_report(tmp_path: Path) -> None:
    expected = [(item.rule, item.line) for item in oso.check(path("kapot.xml")).findings]
    data = raw("kapot.xml")
    sources: list[Any] = [Path(path("kapot.xml")), data, bytearray(data), memoryview(data), io.BytesIO(data)]
    for source in (*sources, oso.read(data)):
        assert [(item.rule, item.line) for item in oso.check(source).findings] == expected
    with Path(path("kapot.xml")).open("rb") as file:
        report = oso.check(file)
    assert report.source == path("kapot.xml")
    assert oso.check(data).source == "<bytes>"
    assert oso.check(io.BytesIO(data)).source == "<file>"


@pytest.mark.parametrize("source", [3, None, ["a"], io.StringIO("<a/>")])
def test_another_source_is_refused(source: Any) -> None:
    for function in (oso.read, oso.check):
        with pytest.raises(oso.UsageError):
            function(source)


def test_a_text_is_a_path_and_a_file_that_is_absent_raises() -> None:
    for function in (oso.read, oso.check):
        with pytest.raises(FileNotFoundError):
            function("nergens.xml")


@pytest.mark.parametrize("layer", LAYERS[1:])
def test_a_layer_alone_is_run_and_the_others_are_not(layer: str) -> None:
    report = oso.check(path("povo.xml"), layers=[layer])
    expected = {name: "passed" if name in ("wellformed", layer) else "not_run" for name in LAYERS}
    assert states(report) == expected
    assert not report.ok
    assert report.exit_code == 3
    for item in report.layers:
        assert (item.why("nl") is None) == (item.state == oso.State.PASSED)


def test_layers_may_be_one_name_or_any_collection() -> None:
    for given in ("codes", ["codes"], ("codes",), {"codes"}, iter(["codes"])):
        assert states(oso.check(path("povo.xml"), layers=given))["codes"] == "passed"
    assert states(oso.check(path("povo.xml"), layers=[]))["wellformed"] == "passed"


def test_a_finding_belongs_to_the_layer_that_was_asked_for() -> None:
    for layer in LAYERS[1:]:
        found = oso.check(path("kapot.xml"), layers=[layer]).findings
        assert [item.rule for item in found] == rules(oso.check(path("kapot.xml")), layer)
        assert {item.layer for item in found} <= {layer}


def test_an_unknown_layer_is_refused_before_anything_is_read() -> None:
    with pytest.raises(oso.UsageError, match="no layer 'regels'") as caught:
        oso.check("nergens.xml", layers=["schema", "regels"])
    assert "integrity" in str(caught.value.remedy)


def test_without_the_schema_a_broken_document_is_read_as_far_as_it_goes() -> None:
    report = oso.check(path("schemafout.xml"), layers=["codes", "rules", "integrity"])
    assert states(report)["schema"] == "not_run"
    assert rules(report, "schema") == []


def test_a_document_that_breaks_the_schema_is_checked_as_far_as_it_can_be_read() -> None:
    report = oso.check(path("schemafout.xml"))
    assert states(report)["schema"] == "failed"
    assert report.exit_code == 1
    for name in ("codes", "rules"):
        assert "schema" in str(report.layer(name).why("nl"))


def test_the_order_of_findings_is_that_of_layers_rules_and_document() -> None:
    data = edited(("<soortadres>bezoek<", "<soortadres>x<"), BAD_CODE, ("<bsn>274957462<", "<bsn>1<"))
    found = oso.check(data).findings
    order = [LAYERS.index(item.layer) for item in found]
    assert order == sorted(order)
    addresses = [item for item in found if item.rule == "CL.19.soortadres"]
    assert [item.line for item in addresses] == [line_with(data, "<soortadres>x<"), line_with(data, "postbus")]


def test_values_are_shown_only_when_asked_for() -> None:
    data = edited(BAD_CODE, ("<bsn>274957462<", "<bsn>274957463<"))
    assert [item.value for item in oso.check(data).findings] == [None, None]
    assert [item.value for item in oso.check(data, show_values=True).findings] == ["postbus", "274957463"]
    assert [item.value for item in oso.check(oso.read(data), show_values=True).findings] == ["postbus", "274957463"]


def test_the_value_of_one_of_several_texts_is_its_own() -> None:
    data = edited(("<code>F81.0</code>", "<code>F81.0</code>\n<code>X99</code>"))
    finding = only(oso.check(data, show_values=True), "codes")
    assert (finding.rule, finding.value, finding.line) == ("CL.23.code", "X99", line_with(data, "X99"))
    assert finding.path == "rapport.ondersteuning.diagnoses.codes[2]"


def test_a_named_check_is_made() -> None:
    assert oso.check(path("povo.xml"), validator="OV").ok
    assert timeless(oso.check(path("povo.xml"), validator="OV")) == timeless(oso.check(path("povo.xml")))
    other = oso.check(path("povo.xml"), validator="PaO")
    assert other.findings != ()
    assert all(item.official for item in other.findings if item.layer == "rules")
    with pytest.raises(oso.UsageError, match="no check 'XX'") as caught:
        oso.check(path("povo.xml"), validator="XX")
    assert "OV, PaO" in str(caught.value.remedy)


def test_a_named_release_is_followed() -> None:
    assert oso.check(path("povo.xml"), release="oso/2019.1").ok
    report = oso.check(path("povo.xml"), release="oso/2016.1")
    assert report.release == "oso/2016.1"
    assert only(report, "schema").rule == "XSD.wortel.dossier"
    assert oso.read(absent(), release="oso/2019.1").release.id == "oso/2019.1"
    with pytest.raises(oso.UsageError, match="no installed release"):
        oso.check(path("povo.xml"), release="oso/9.9")


def test_a_boolean_with_another_text_leaves_the_rules_unclear() -> None:
    report = oso.check(edited(("<inzage>true<", "<inzage>ja<")))
    layer = report.layer("rules")
    assert layer.state == oso.State.UNCLEAR
    assert "OVa.IZ02" in str(layer.why("nl"))
    assert report.exit_code == 1


@pytest.mark.parametrize("year", ["2024", "2020", "1.3", "1.0"])
def test_an_absent_release_is_read_with_the_nearest_earlier_structure(year: str) -> None:
    document = oso.read(absent(year))
    nearest = releases.guess(f"http://www.edustandaard.nl/oso_gegevensset/{year}/dossier")
    assert nearest is not None
    assert document.release == nearest.nearest
    assert (document.release_id, document.schema_ok, document.schema_faults) == (f"oso/{year}", None, None)
    assert document.guess == nearest


def test_of_an_absent_release_only_what_needs_no_release_is_checked() -> None:
    report = oso.check(absent(data=edited(("<bsn>274957462<", "<bsn>274957463<"))))
    expected = {"wellformed": "passed", "schema": "not_run", "codes": "not_run", "rules": "not_run"}
    assert states(report) == {**expected, "integrity": "failed"}
    assert (report.release, report.ok, report.acceptable(), report.exit_code) == ("oso/2024", False, False, 3)
    assert only(report, "integrity").rule == "INT.bsn"
    assert report.profile_name == "POVO"
    for name in ("schema", "codes", "rules"):
        for language in ("nl", "en"):
            why = str(report.layer(name).why(language))
            assert "oso/2024" in why
            assert "oso/2019.1" in why
            assert report.layer(name).remedy(language)


def test_an_absent_release_is_written_back_in_its_own_namespace() -> None:
    document = oso.read(absent())
    again = oso.read(oso.write(document))
    assert (again.record, again.release_id) == (document.record, "oso/2024")
    assert document.record == oso.read(raw()).record


UNREADABLE = [
    (b"", "DOC.leeg", oso.NotXml, None),
    (b"<a>", "DOC.afgebroken", oso.NotXml, 1),
    (b"<!DOCTYPE a><a/>", "DOC.doctype", oso.UnsafeDocument, 1),
    (b"\n<onbekend/>", "DOC.onbekende-release", oso.UnknownRelease, 2),
    (b"<dossier/>", "DOC.onbekende-release", oso.UnknownRelease, 1),
    (b'<dossier xmlns="urn:x"/>', "DOC.onbekende-release", oso.UnknownRelease, 1),
    (b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', "DOC.soap", oso.UnknownRelease, 1),
    (b'<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"/>', "DOC.soap", oso.UnknownRelease, 1),
    (f'<x xmlns="{NAMESPACE.replace("2019", "2024")}"/>'.encode(), "DOC.onbekende-release", oso.UnknownRelease, 1),
]


@pytest.mark.parametrize(("data", "rule", "error", "line"), UNREADABLE)
def test_what_cannot_be_read_raises_and_has_a_report(
    data: bytes, rule: str, error: type[oso.DocumentError], line: int | None
) -> None:
    with pytest.raises(error) as caught:
        oso.read(data)
    assert (caught.value.rule, caught.value.line) == (rule, line)
    assert caught.value.remedy
    report = oso.check(data)
    # XML of no known format is readable, and right by no schema
    layer = "schema" if error is oso.UnknownRelease else "wellformed"
    finding = only(report, layer)
    assert (finding.rule, finding.xpath, finding.line, finding.official) == (rule, "/[1]", line, False)
    passed = {"wellformed": "passed"} if layer == "schema" else {}
    assert states(report) == {**dict.fromkeys(LAYERS, "not_run"), **passed, layer: "failed"}
    assert (report.exit_code, report.release, report.profile) == (1, None, None)
    assert all(found.why("nl") for found in report.layers if found.state == "not_run")


def test_an_unknown_root_names_the_releases_there_are() -> None:
    finding = only(oso.check(b"<onbekend/>"), "schema")
    assert "oso/2018.1, oso/2019.1" in finding.remedy("nl")


def test_a_part_of_a_dossier_is_no_dossier() -> None:
    data = f'<leerling xmlns="{NAMESPACE}"><achternaam>Voorbeeld</achternaam></leerling>'.encode()
    with pytest.raises(oso.NotADossier) as caught:
        oso.read(data)
    assert (caught.value.rule, caught.value.args_["element"]) == ("DOC.wortel", "leerling")
    report = oso.check(data)
    assert states(report)["codes"] == states(report)["rules"] == states(report)["integrity"] == "not_run"
    assert "leerling" in str(report.layer("codes").why("nl"))
    assert not report.ok


@pytest.mark.parametrize("name", ["max_bytes", "max_elements", "max_attributes"])
def test_a_limit_that_is_exceeded_is_named_in_the_report(name: str) -> None:
    report = oso.check(path("povo.xml"), limits=oso.Limits(**{name: 1}))
    finding = only(report, "wellformed")
    assert (finding.rule, finding.args) == (f"DOC.limiet.{name}", {"limiet": name, "grens": "1"})
    assert f"Limits({name}=...)" in finding.remedy("nl")
    with pytest.raises(oso.UnsafeDocument, match=name):
        oso.read(path("povo.xml"), limits=oso.Limits(**{name: 1}))


def test_several_dossiers_in_one_document_are_all_checked() -> None:
    one = raw().decode().partition("\n")[2]
    body = one[one.index("<dossier") :].replace(f' xmlns="{NAMESPACE}"', "")
    bad = body.replace(*BAD_CODE, 1)
    data = f'<dossiers xmlns="{NAMESPACE}">\n{body}{bad}</dossiers>'.encode()
    report = oso.check(data, layers=["schema", "codes"])
    finding = only(report, "codes")
    assert finding.path == "dossier[2].school.adressen[2].soort"
    assert finding.line == line_with(data, "postbus")
    assert oso.read(data).root == "dossiers"


def test_a_document_knows_what_was_read() -> None:
    document = oso.read(path("schemafout.xml"))
    assert (document.source, document.root, document.release_id) == (path("schemafout.xml"), "dossier", "oso/2019.1")
    assert (document.schema_ok, document.guess, document.more_faults) == (False, None, 0)
    assert [fault.rule for fault in document.schema_faults or ()] == rules(oso.check(document), "schema")
    assert oso.read(raw()).schema_ok is True
    assert "Hoogezand" not in repr(oso.read(raw()))


def test_the_attachments_of_a_document_come_with_their_place() -> None:
    found = list(oso.read(raw()).attachments())
    assert len(found) == raw().count(b"<bestandsinhoud>")
    assert ("werkstuk.txt", "Werkstuk over de otter") in [(name, about) for _, name, about, _ in found]
    assert found[-1][0] == "huidigeschool.leerling.overigdocumentlijst.document[2]"
    assert all(content for *_, content in found)
