"""EDEXML and UWLR: recognised, checked, read and written again."""

from __future__ import annotations

from pathlib import Path

import pytest

import oso_bridge as oso
from oso_bridge import releases
from oso_bridge.xml import keys

from .samples import (
    EDEX,
    EXAMPLES,
    LEERLINGGEGEVENS,
    LEERRESULTATEN,
    PUPILS,
    REFERENCES,
    RESULTS,
    canonical,
    edited,
    found,
)

LAS = [release for release in oso.installed() if release.format in ("edexml", "uwlr")]
SHORT = "<EDEX><school><schooljaar>{}</schooljaar>{}</school><leerlingen>{}</leerlingen>{}</EDEX>"
ECKID = "https://ketenid.nl/voorbeeld/" + "0" * 124
PUPIL = '<leerling key="1"><roepnaam>Teun</roepnaam></leerling>'


def edex(year: str = "2024-2025", school: str = "", pupils: str = PUPIL, more: str = "") -> bytes:
    return SHORT.format(year, school, pupils, more).encode()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_good(path: Path) -> None:
    report = oso.check(path)
    assert report.ok
    assert found(report) == []
    states = {layer.name: (layer.state.value, layer.required) for layer in report.layers}
    assert states["codes"] == ("passed", True)
    assert states["rules"] == ("not_run", False)
    assert states["integrity"] == ("passed", False)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_come_back(path: Path) -> None:
    document = oso.read(path)
    written = oso.write(document)
    assert canonical(written) == canonical(path.read_bytes())
    again = oso.read(written)
    assert again.record == document.record
    assert again.schema_ok
    assert oso.write(again) == written


@pytest.mark.skipif(not REFERENCES, reason="the reference documents are not here; OSO_CASES names their folder")
@pytest.mark.parametrize("path", REFERENCES, ids=lambda path: path.stem)
def test_reference_documents_come_back(path: Path) -> None:
    document = oso.read(path)
    assert document.schema_ok
    assert canonical(oso.write(document)) == canonical(path.read_bytes())


@pytest.mark.parametrize(
    ("version", "release"),
    [("1.03", "1.03"), ("2.0", "2.0"), ("2.1", "2.1"), (" 2.0 ", "2.0"), ("9.9", "2.1"), ("", "2.1")],
)
def test_edexml_says_itself_which_release_it_is(version: str, release: str) -> None:
    said = f"<xsdversie>{version}</xsdversie>" if version else ""
    assert oso.read(edex(school=said)).release.id == f"edexml/{release}"
    assert oso.read(edex(school=said), release="edexml/1.03").release.id == "edexml/1.03"


@pytest.mark.parametrize(("version", "release"), [("2.2", "2.2"), ("2.2.1", "2.2"), ("2.3", "2.3"), ("7", "2.2")])
def test_uwlr_says_itself_which_release_it_is(version: str, release: str) -> None:
    for path in (PUPILS, RESULTS):
        data = edited(path, ("xsdversie>2.2<", f"xsdversie>{version}<"))
        assert oso.read(data).release.id == f"uwlr/{release}"


def test_another_root_without_namespace_is_unknown() -> None:
    with pytest.raises(oso.UnknownRelease):
        oso.read(b"<edex/>")


def test_a_provisional_release_says_so() -> None:
    report = oso.check(edited(PUPILS, ("xsdversie>2.2<", "xsdversie>2.3<")))
    schema = next(layer for layer in report.layers if layer.name == "schema")
    assert report.ok
    assert "uwlr/2.3" in str(schema.why("en"))
    assert releases.release("uwlr/2.3").provisional


ROOTS = {
    "leerlinggegevens_verzoek": "",
    "structuur_verzoek": "",
    "leerlingen_verzoek": '<groepen><groep key="G"/><samengestelde_groep/><groep/></groepen>',
    "leerkrachten_verzoek": "<groepen><samengestelde_groep/></groepen>",
}


@pytest.mark.parametrize("root", ROOTS)
def test_requests(root: str) -> None:
    data = (
        f'<{root} xmlns="{LEERLINGGEGEVENS}"><schooljaar>2024-2025</schooljaar><brincode>00AA</brincode>'
        f"<xsdversie>2.2</xsdversie>{ROOTS[root]}</{root}>"
    ).encode()
    assert found(oso.check(data)) == []
    assert canonical(oso.write(oso.read(data))) == canonical(data)


@pytest.mark.parametrize("root", ["leerlinggegevens", "structuur", "leerlingen", "leerkrachten"])
@pytest.mark.parametrize("why", ["geenwijzigingen", "geengegevens"])
def test_answers_without_data(root: str, why: str) -> None:
    data = f'<{root}_antwoord xmlns="{LEERLINGGEGEVENS}"><{why}/></{root}_antwoord>'.encode()
    assert oso.check(data).ok
    assert oso.read(data).record == {why: {}}


def test_other_messages() -> None:
    empty = f'<leerresultaten_bevestiging xmlns="{LEERRESULTATEN}"/>'.encode()
    tests = (
        '<Toetsdefinities xmlns="http://www.edustandaard.nl/leerresultaten/2/toetsdefinities">'
        f'<toetsen xmlns="{LEERRESULTATEN}"><toets><toetscode>T</toetscode></toets></toetsen></Toetsdefinities>'
    ).encode()
    header = (
        b'<autorisatie xmlns="http://www.edustandaard.nl/leerresultaten/2/autorisatie"><autorisatiesleutel>x'
        b"</autorisatiesleutel><klantcode>y</klantcode><klantnaam>z</klantnaam></autorisatie>"
    )
    for data in (empty, tests, header):
        assert found(oso.check(data)) == []
        assert canonical(oso.write(oso.read(data))) == canonical(data)


@pytest.mark.parametrize("release", [item.id for item in LAS if item.format == "edexml"])
@pytest.mark.parametrize(
    ("year", "good", "noted"),
    [("1990-1991", False, False), ("1991-1992", True, False), ("2059-2060", True, True), ("2060-2061", False, True)],
)
def test_school_years(release: str, year: str, *, good: bool, noted: bool) -> None:
    report = oso.check(edex(year), release=release)
    assert report.ok is good
    codes = [finding for finding in report.findings if finding.layer == "codes"]
    assert [item.rule for item in codes] == (["CL.edexml.schooljaar"] if noted or not good else [])
    assert all((item.severity, item.official) == (oso.Severity.WARNING, False) for item in codes)


def test_the_published_list_of_school_years_is_that_of_the_release() -> None:
    for release, noted in (("edexml/1.03", True), ("edexml/2.0", False), ("edexml/2.1", False)):
        rules = [finding.rule for finding in oso.check(edex("2020-2021"), release=release).findings]
        assert rules == (["CL.edexml.schooljaar"] if noted else [])
    assert found(oso.check(edited(PUPILS, (">2024-2025<", ">2025-2026<")))) == [
        ("CL.uwlr.schooljaar", "/leerlinggegevens_antwoord[1]/leerlinggegevens[1]/school[1]/schooljaar[1]")
    ]
    assert found(oso.check(edited(RESULTS, (">2024-2025<", ">2025-2026<")))) == []


@pytest.mark.parametrize("release", LAS, ids=lambda release: release.id)
def test_whether_a_schema_has_keys_is_said(release: releases.Release) -> None:
    assert bool(keys.constraints(release.schema)) is release.info["keys"]


SECOND = '<leerling key="#0002">'
BROKEN_KEYS = {
    "a pupil twice": ((SECOND, '<leerling key="L-0001">'), "dubbel.leerling", "/EDEX[1]/leerlingen[1]/leerling[2]"),
    "an eckid twice": (
        (SECOND, f'<leerling key="#0002" eckid="{ECKID}0001">'),
        "dubbel.leerling",
        "/EDEX[1]/leerlingen[1]/leerling[2]",
    ),
    "two kinds of group with one key": (
        ('<groep key="G-5-6">', '<groep key="S-plus">'),
        "dubbel.groep",
        "/EDEX[1]/groepen[1]/groep[2]",
    ),
    "a group that is not there": (
        ('<groep key="G-4"/>\n    </leerling>', '<groep key="G-44"/>\n    </leerling>'),
        "onbekend.groep",
        "/EDEX[1]/leerlingen[1]/leerling[2]/groep[1]",
    ),
    "a branch that is not there": (
        ('<vestiging key="V-dorp"/>', '<vestiging key="V-stad"/>'),
        "onbekend.vestiging",
        "/EDEX[1]/leerlingen[1]/leerling[1]/vestiging[1]",
    ),
}


@pytest.mark.parametrize("what", BROKEN_KEYS)
def test_broken_keys_of_edexml(what: str) -> None:
    edit, kind, place = BROKEN_KEYS[what]
    report = oso.check(edited(EDEX, edit), layers=["schema"])
    assert (f"XSD.sleutel-{kind}", place) in found(report)
    kinds = {finding.rule.split(".")[1] for finding in report.findings}
    assert kinds <= {f"sleutel-{kind.split('.')[0]}", "sleutel-onbekend"}
    lines = edited(EDEX, edit).decode().splitlines()
    told = next(finding.line for finding in report.findings if finding.xpath == place)
    assert edit[1].split("\n")[0] in lines[(told or 0) - 1]


def test_a_key_that_is_absent_is_said_by_the_schema() -> None:
    report = oso.check(edited(EDEX, (SECOND, "<leerling>")))
    rules = {finding.rule for finding in report.findings}
    assert {"XSD.attribuut-ontbreekt.leerling", "XSD.sleutel-ontbreekt.leerling"} <= rules


def test_keys_of_results() -> None:
    twice = oso.check(edited(RESULTS, ('key="R-2"', 'key="R-1"')))
    assert [rule for rule, _ in found(twice)] == ["XSD.sleutel-dubbel.resultaat"]
    unknown = oso.check(edited(RESULTS, ("<lr:toetscode>REKENEN-M6<", "<lr:toetscode>REKENEN-E6<")))
    assert [rule for rule, _ in found(unknown)] == ["XSD.sleutel-onbekend.resultaat"]
    assert unknown.findings[0].args["veld"] == "toetscode"


@pytest.mark.parametrize(
    ("edit", "rule", "place"),
    [
        ((SECOND, '<lg:leerling key=" L-0001 ">'), "INT.sleutel-dubbel", "leerlingen[1]/leerling[2]"),
        (
            ('<lg:groep key="G-5-6">', '<lg:groep key="S-plus">'),
            "INT.sleutel-dubbel",
            "groepen[1]/samengestelde_groep[1]",
        ),
        (
            ('<lg:groep key="G-4"/>\n      </lg:leerling>', '<lg:groep key="weg"/>\n      </lg:leerling>'),
            "INT.sleutel-onbekend",
            "leerlingen[1]/leerling[2]/groep[1]",
        ),
    ],
)
def test_keys_of_pupil_data_are_warnings(edit: tuple[str, str], rule: str, place: str) -> None:
    edit = (edit[0].replace("<leerling", "<lg:leerling"), edit[1])
    report = oso.check(edited(PUPILS, edit))
    assert report.ok
    assert (rule, f"/leerlinggegevens_antwoord[1]/leerlinggegevens[1]/{place}") in found(report)
    assert {finding.layer for finding in report.findings} == {"integrity"}


def test_pupils_of_one_step_refer_to_groups_of_another() -> None:
    data = (
        f'<leerlingen_antwoord xmlns="{LEERLINGGEGEVENS}"><leerlinggegevens-leerlingen><school><schooljaar>2024-2025'
        '</schooljaar></school><leerlingen><leerling key="1"><roepnaam>Teun</roepnaam><groep key="elders"/></leerling>'
        "</leerlingen></leerlinggegevens-leerlingen></leerlingen_antwoord>"
    ).encode()
    assert found(oso.check(data)) == []


def test_a_pupil_without_key() -> None:
    bare = ('<lg:leerling key="#0002">', "<lg:leerling>")
    assert found(oso.check(edited(PUPILS, bare)))[0][0] == "XSD.attribuut-ontbreekt.leerling"
    later = oso.check(edited(PUPILS, bare), release="uwlr/2.3")
    assert later.ok
    assert [rule for rule, _ in found(later)] == ["INT.sleutel-ontbreekt"]
    known = ('<lg:leerling key="#0002">', f'<lg:leerling eckid="{ECKID}0002">')
    assert found(oso.check(edited(PUPILS, known), release="uwlr/2.3")) == []


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (("<achternaam>Zilverschoon</achternaam>", ""), "XSD.ontbreekt.achternaam"),
        (("<brincode>00AA</brincode>", "<instellingsnummer>12</instellingsnummer>"), "XSD.keuze.dependancecode"),
        ((' key="#0002"', ' key=""'), "XSD.te-kort.leerling"),
        ((' xsi:type="OpmerkingGegevensType"', ""), "XSD.soort.blok"),
        (('"OpmerkingGegevensType"', '"LVSGegevensType"'), "XSD.soort.blok"),
        (("<roepnaam>Teun</roepnaam>", "<voorvoegsel/><roepnaam>Teun</roepnaam>"), "XSD.ontbreekt.achternaam"),
    ],
)
def test_what_the_schema_says(edit: tuple[str, str], rule: str) -> None:
    assert rule in [name for name, _ in found(oso.check(edited(EDEX, edit), layers=["schema"]))]


def test_order_of_what_may_be_mixed_is_kept() -> None:
    record = oso.read(EDEX).record
    assert record["groepen"]["#order"] == ["groep", "samengestelde_groep", "groep"]
    teacher = record["leerkrachten"]["leerkracht"][0]
    assert teacher["rol"] == ["IB", "KLA"]
    assert [name for name in teacher["#order"] if name.startswith("rol")] == ["rol", "rolomschrijving", "rol"]


LENIENT = {
    "another order": (
        ("<schooljaar>2024-2025</schooljaar>\n    <peildatum>2024-10-01</peildatum>", ""),
        ("<xsdversie>2.1</xsdversie>", "<xsdversie>2.1</xsdversie><schooljaar>2024-2025</schooljaar>"),
    ),
    "empty elements": (("<roepnaam>Teun</roepnaam>", "<voorvoegsel/><roepnaam>Teun</roepnaam><land></land>"),),
    "a type of a vendor": (
        (
            'xsi:type="OpmerkingGegevensType"',
            'xmlns:v="urn:vendor" xsi:type="v:Eigen" v:merk="x"',
        ),
        ("<opmerking>Geen aardbeien</opmerking>", '<thuistaal>3</thuistaal><v:los xmlns:v="urn:vendor">a</v:los>'),
    ),
    "a type with a prefix that is ours": (
        ('xsi:type="OpmerkingGegevensType"', 'xmlns:a0="urn:q" a0:b="1"'),
        ("<code>fruit</code>", "<code>fruit</code>los"),
    ),
    "text in a reference": (('<vestiging key="V-dorp"/>', '<vestiging key="V-dorp">76</vestiging>'),),
    "an attribute too many": (('<vestiging key="V-dorp"/>', '<vestiging key="V-dorp" soort="x"/>'),),
}


@pytest.mark.parametrize("what", LENIENT)
def test_what_breaks_the_schema_is_read_and_comes_back(what: str) -> None:
    data = edited(EDEX, *LENIENT[what])
    document = oso.read(data)
    assert document.schema_ok is False
    written = oso.write(document)
    assert canonical(written) == canonical(data)
    assert oso.read(written).record == document.record


def test_a_type_with_a_prefix_that_the_writer_uses_stays_the_same_type() -> None:
    type_ = ('xsi:type="OpmerkingGegevensType"', 'xmlns:a0="urn:vendor" xsi:type="a0:Eigen" a0:merk="x"')
    again = oso.read(oso.write(oso.read(edited(EDEX, type_)))).record
    block = again["leerlingen"]["leerling"][0]["toevoegingen"]["blok"][0]
    prefix, _, name = block["@xsi:type"].partition(":")
    assert (block[f"@xmlns:{prefix}"], name) == ("urn:vendor", "Eigen")


def test_without_a_dossier() -> None:
    for path in EXAMPLES:
        method = "leerresultaten" if path == RESULTS else "administratie"
        with pytest.raises(oso.UsageError, match="no dossier") as refused:
            oso.read(path).dossier()
        assert f"document.{method}()" in str(refused.value)


def test_numbers_and_days() -> None:
    bad = edited(EDEX, ("<bsn_ondwnr-4>0000</bsn_ondwnr-4>", "<bsn>123456789</bsn>"), (">2019-11-03<", ">2014-11-03<"))
    assert {rule for rule, _ in found(oso.check(bad))} == {"INT.bsn", "INT.datum.geboorte-na-instroom"}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (EDEX, "/EDEX[1]/leerlingen[1]/leerling[1]"),
        (EDEX, "/EDEX[1]/leerkrachten[1]/leerkracht[1]"),
        (PUPILS, "/leerlinggegevens_antwoord[1]/leerlinggegevens[1]/leerlingen[1]/leerling[1]"),
        (RESULTS, "toetsafname[1]/eckid[1]"),
    ],
)
def test_an_eckid_of_another_form_is_a_warning(path: Path, place: str) -> None:
    last = "1001" if "leerkracht" in place else "0001"
    report = oso.check(edited(path, (f"{ECKID}{last}", "https://id.school/ouder-0001")))
    assert report.ok
    ((rule, where),) = found(report)
    assert rule == "INT.eckid"
    assert where.endswith(place)
    assert report.findings[0].severity == "warning"
    assert "ouder-0001" not in report.findings[0].text("nl")
    assert "uitgever is onbekend" in report.findings[0].text("nl")


def test_values_of_a_list_are_named() -> None:
    text = EDEX.read_text("utf-8")
    said = {}
    for old, new in (("<geslacht>2", "<geslacht>V"), (">2024-2025</schooljaar>", ">2024/2025</schooljaar>")):
        assert old in text
        for finding in oso.check(text.replace(old, new).encode()).findings:
            said[finding.rule] = (finding.remedy("nl"), finding.remedy("en"))
    assert all("0, 1, 2, 9" in remedy for remedy in said["XSD.type.geslacht"])
    assert all(
        "1991-1992, 1992-1993, ..., 2058-2059, 2059-2060" in remedy for remedy in said["XSD.keuzelijst.schooljaar"]
    )


def test_one_of_two_names_is_missing() -> None:
    text = EDEX.read_text("utf-8").replace("<leerlingen>", '<leerlingen><leerling key="L-9"/>')
    (finding,) = [one for one in oso.check(text.encode()).findings if one.layer == "schema"]
    assert finding.text("nl") == "achternaam of roepnaam ontbreekt; het is verplicht in leerling."
    assert finding.remedy("en") == "Add achternaam or roepnaam, at the place that the schema has for it."
