"""The schema layer: every kind of error with its id, place, line and texts, or the proof that it cannot occur."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

import pytest
from lxml import etree

import oso_bridge as oso
from oso_bridge import catalog, plan, releases
from oso_bridge.errors import DataError
from oso_bridge.findings import LANGUAGES
from oso_bridge.releases import Release
from oso_bridge.xml import schema

from .samples import NAMESPACE, OSO, edited, element, line_with, only, raw, states, structure

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
BO = "<soort>BO</soort>"
SCORE = "rapport.eindtoetsen[soort=eindtoets].resultaat.standaardscore"
BAD_ADDRESS = "<adres><soortadres>gba</soortadres></adres>"

# what is changed, the id, the path and the text on its line
Case = tuple[str, str, str, str, str]
CASES: list[Case] = [
    (
        "      <achternaam>Hoogezand</achternaam>\n      <roepnaam>Jil",
        "      <roepnaam>Jil",
        "XSD.ontbreekt.achternaam",
        "leerling.roepnaam",
        "<roepnaam>Jil<",
    ),
    (
        "<vestigingscode>00</vestigingscode>\n        </schoolloopbaan>",
        "</schoolloopbaan>",
        "XSD.ontbreekt.vestigingscode",
        "rapport.schoolloopbaan",
        "<schoolloopbaan>",
    ),
    (BO, "<verzonnen>BO</verzonnen>", "XSD.onbekend.huidigeschool", "school.*[7]", "<verzonnen>"),
    (BO, '<soort xmlns="urn:x">BO</soort>', "XSD.onbekend.huidigeschool", "school.soort", "urn:x"),
    (BO, "<straat>BO</straat>", "XSD.onverwacht.straat", "school.straat", "<straat>BO<"),
    (BO, f"{BO}\n<soort>SO</soort>", "XSD.te-vaak.soort", "school.soort", "<soort>SO<"),
    (
        "<bsn>274957462</bsn>",
        "<bsn>274957462</bsn>\n<onderwijsnummer>1</onderwijsnummer>",
        "XSD.keuze.onderwijsnummer",
        "leerling.onderwijsnummer",
        "<onderwijsnummer>",
    ),
    (
        f"{BO}\n    <type>Regulier</type>",
        f"<type>Regulier</type>\n{BO}",
        "XSD.volgorde.soort",
        "school.soort",
        BO,
    ),
    ("<datum>2019-06-03<", "<datum>3 juni<", "XSD.type.datum", "levering.datum", "<datum>3 juni<"),
    ("<datum>2019-06-03<", "<datum> 2019-06-03<", "XSD.type.datum", "levering.datum", "<datum> 2019"),
    ("<tehuis>false<", "<tehuis>nee<", "XSD.type.tehuis", "leerling.tehuis", "<tehuis>nee<"),
    ("<standaardscore>534<", "<standaardscore>a<", "XSD.type.standaardscore", SCORE, "<standaardscore>a<"),
    ("<brincode>00YY<", "<brincode>00yy<", "XSD.patroon.brincode", "school.brincode", "<brincode>00yy<"),
    (BO, "<soort></soort>", "XSD.te-kort.soort", "school.soort", "<soort></soort>"),
    (
        'omschrijving="Nederland"',
        'omschrijving=""',
        "XSD.te-kort.land",
        "school.adressen.land",
        "<land omschrijving",
    ),
    (
        "Woonboot achter de sluis",
        "Woonboot ergens achter de grote sluis",
        "XSD.te-lang.locatieomschrijving",
        "leerling.adressen.locatieomschrijving",
        "Woonboot ergens",
    ),
    ("<standaardscore>534<", "<standaardscore>-1<", "XSD.te-klein.standaardscore", SCORE, "<standaardscore>-1<"),
    ("<standaardscore>534<", "<standaardscore>1001<", "XSD.te-groot.standaardscore", SCORE, "<standaardscore>1001<"),
    (BO, '<soort code="x">BO</soort>', "XSD.attribuut.soort", "school.soort", "<soort code"),
    ("<metadata>", '<metadata nr="1">', "XSD.attribuut.metadata", "levering", "<metadata nr"),
    (BO, "<soort>BO<type>Regulier</type></soort>", "XSD.inhoud.soort", "school.soort", "<soort>BO<type>"),
    (BO, f"{BO} los", "XSD.tekst.huidigeschool", "school", "<huidigeschool>"),
    (BO, f'<soort {XSI} xsi:type="nergens">BO</soort>', "XSD.xsi.soort", "school.soort", "xsi:type"),
    (BO, f'<soort {XSI} xsi:nil="true">BO</soort>', "XSD.xsi.soort", "school.soort", "xsi:nil"),
]
FROM_SEVERAL = {"XSD.te-kort.soort"}
"""What libxml2 says beside an element without text of its own."""

# kinds that the schemas of this project cannot give, and the construct that would give them
UNREACHABLE = {
    "lengte": "length",
    "cijfers": "totalDigits",
    "decimalen": "fractionDigits",
    "keuzelijst": "enumeration",
    "attribuut-ontbreekt": "attribute[@use='required']",
}
ELSEWHERE = {
    "wortel",
    "libxml2",
    "meer",
    "soort",
    "sleutel-dubbel",
    "sleutel-ontbreekt",
    "sleutel-onbekend",
    "afgebroken",
}


def kind_of(rule: str) -> str:
    return rule.split(".")[1]


def gaps(template: str) -> set[str]:
    return {str(name) for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def filled(args: Mapping[str, str], language: str) -> dict[str, str]:
    suffix = f".{language}"
    return {key.removesuffix(suffix): value for key, value in args.items()}


def assert_complete(finding: oso.Finding) -> None:
    """Each gap in each text has something to fill it."""
    for language in LANGUAGES:
        args = filled(finding.args, language)
        for template in (finding.message.text[language], finding.message.remedy[language]):
            assert all(args.get(name, "-") not in ("", "-") for name in gaps(template)), (finding.rule, template, args)
        assert "{" not in finding.text(language) + finding.remedy(language)


@pytest.mark.parametrize(("old", "new", "rule", "path", "on_line"), CASES, ids=lambda text: str(text)[:40])
def test_a_small_edit_gives_just_its_error(old: str, new: str, rule: str, path: str, on_line: str) -> None:
    data = edited((old, new))
    found = [item for item in oso.check(data, layers="schema").findings if item.rule not in FROM_SEVERAL - {rule}]
    (finding,) = found
    assert (finding.rule, finding.path, finding.line) == (rule, path, line_with(data, on_line))
    assert str(finding.xpath).startswith("/dossier[1]")
    assert (finding.layer, finding.severity, finding.official) == ("schema", oso.Severity.ERROR, True)
    assert finding.value is None
    assert_complete(finding)


def test_every_kind_is_reached_or_proven_out_of_reach() -> None:
    reached = {kind_of(case[2]) for case in CASES}
    assert reached | set(UNREACHABLE) | ELSEWHERE == set(catalog.kinds("XSD"))
    assert not reached & set(UNREACHABLE)


@pytest.mark.parametrize("kind", UNREACHABLE)
def test_no_schema_has_what_would_give_the_other_kinds(kind: str) -> None:
    for release in OSO:
        tree = etree.parse(release.folder / "dossier.xsd")
        found = tree.xpath(f"//xs:{UNREACHABLE[kind]}", namespaces={"xs": "http://www.w3.org/2001/XMLSchema"})
        assert found == [], release.id


def test_every_code_of_libxml2_leads_to_a_text() -> None:
    assert set(schema._KINDS.values()) - {"plaats"} <= set(catalog.kinds("XSD"))


def explained(body: str, xsd: str, types: dict[str, Any]) -> list[schema.SchemaError]:
    """What is said of a document without namespace, of a schema made for the occasion."""
    head = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="top"><xs:complexType>'
    compiled = etree.XMLSchema(etree.fromstring(f"{head}{xsd}</xs:complexType></xs:element></xs:schema>"))
    root = etree.fromstring(body)
    assert not compiled.validate(root)
    tree = structure(types)
    log: Any = compiled.error_log
    return schema.explain(list(log), root, tree.plan, tree)


@pytest.mark.parametrize(
    ("base", "facet", "given", "kind", "limit"),
    [
        ("string", '<xs:length value="3"/>', "ab", "lengte", "3"),
        ("decimal", '<xs:totalDigits value="2"/>', "123", "cijfers", ""),
        ("decimal", '<xs:fractionDigits value="1"/>', "1.23", "decimalen", ""),
        ("string", '<xs:enumeration value="a"/>', "b", "keuzelijst", "a"),
    ],
)
def test_what_a_later_schema_may_ask_is_explained_too(base: str, facet: str, given: str, kind: str, limit: str) -> None:
    simple = f'<xs:simpleType><xs:restriction base="xs:{base}">{facet}</xs:restriction></xs:simpleType>'
    xsd = f'<xs:sequence><xs:element name="naam">{simple}</xs:element></xs:sequence>'
    types = {
        "top": {"content": [element("naam", "soort")]},
        "soort": {"simple": f"xs:{base}", "facets": {"length": 3, "enumeration": ["a"]}},
    }
    (error,) = explained(f"<top><naam>{given}</naam></top>", xsd, types)
    assert (error.rule, error.args["grens"], error.args["soort"]) == (f"XSD.{kind}.naam", limit, base)
    message = catalog.message("XSD", kind)
    for language in LANGUAGES:
        assert gaps(message.text[language]) | gaps(message.remedy[language]) <= {
            "element",
            *({"grens"} if limit else ()),
        }


def test_a_compulsory_attribute_that_is_absent() -> None:
    xsd = (
        '<xs:sequence><xs:element name="naam"><xs:complexType><xs:simpleContent><xs:extension base="xs:string">'
        '<xs:attribute name="type" type="xs:string" use="required"/></xs:extension></xs:simpleContent></xs:complexType>'
        "</xs:element></xs:sequence>"
    )
    attribute = {"name": "type", "type": "xs:string", "use": "required"}
    types = {
        "top": {"content": [element("naam", "merk")]},
        "merk": {"text": "xs:string", "attributes": [attribute]},
    }
    (error,) = explained("<top><naam>x</naam></top>", xsd, types)
    assert error.rule == "XSD.attribuut-ontbreekt.naam"
    assert error.args == {"element": "naam", "attribuut": "type"}


def test_each_attribute_that_is_absent_is_told() -> None:
    asked = "".join(f'<xs:attribute name="{name}" type="xs:string" use="required"/>' for name in ("type", "code"))
    xsd = f'<xs:sequence><xs:element name="naam"><xs:complexType>{asked}</xs:complexType></xs:element></xs:sequence>'
    found = explained("<top><naam/></top>", xsd, {"top": {"content": [element("naam", "xs:string")]}})
    assert sorted(error.args["attribuut"] for error in found) == ["code", "type"]


def test_a_form_is_told_in_words() -> None:
    finding = only(oso.check(edited(("<brincode>00YY<", "<brincode>00yy<")), layers="schema"), "schema")
    assert finding.remedy("nl") == "Zo hoort de waarde eruit te zien: twee cijfers en twee hoofdletters, zoals 00YY."
    assert finding.remedy("en").endswith("two digits and two capitals, such as 00YY.")
    assert finding.args["grens"] == "[0-9][0-9][A-Z][A-Z]"


def test_what_was_not_recognised_is_told_only_when_there_is_any() -> None:
    def said(old: str, new: str) -> str:
        report = oso.check(edited((old, new)))
        return next(layer.why("nl") or "" for layer in report.layers if layer.name == "codes")

    assert "onderdelen" not in said("<brincode>00YY<", "<brincode>00yy<")
    assert "(niet herkende onderdelen: 1)" in said("<metadata>", "<metadata><postduif/>")


def test_a_value_of_an_attribute_is_told_apart_from_that_of_its_element() -> None:
    finding = only(oso.check(edited(('omschrijving="Nederland"', 'omschrijving=""')), layers="schema"), "schema")
    assert finding.text("nl") == "De waarde van land/@omschrijving is te kort, of leeg."


def test_a_root_that_the_schema_does_not_have() -> None:
    finding = only(oso.check(b"<x>\n</x>", release="oso/2019.1"), "schema")
    assert (finding.rule, finding.xpath, finding.line) == ("XSD.wortel", "/[1]", 1)
    assert_complete(finding)


def test_a_dossier_in_another_namespace_than_the_named_release() -> None:
    report = oso.check(raw().replace(b"/2019/dossier", b"/2019/anders"), release="oso/2019.1", layers="schema")
    finding = only(report, "schema")
    assert (finding.rule, finding.xpath, finding.line) == ("XSD.wortel.dossier", "/dossier[1]", 3)
    assert_complete(finding)


@pytest.mark.parametrize("name", ["adres", "leerling", "metadata", "toets", "cijferlijst"])
def test_a_part_that_stands_alone_is_explained_by_its_own_structure(name: str) -> None:
    report = oso.check(f'<{name} xmlns="{NAMESPACE}"/>'.encode())
    finding = only(report, "schema")
    assert kind_of(finding.rule) == "ontbreekt"
    assert finding.args["ouder"] == name
    assert_complete(finding)


def test_a_code_without_a_kind_of_its_own_gets_an_id_by_that_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(schema._KINDS, 1831)
    finding = only(oso.check(edited((BO, "<soort></soort>")), layers="schema"), "schema")
    assert (finding.rule, finding.args["code"]) == ("XSD.libxml2-1831.soort", "1831")
    assert_complete(finding)


def test_an_abort_that_libxml2_does_not_log_is_an_error_all_the_same() -> None:
    assert [(error.type, error.path) for error in schema._with_abort([])] == [(1818, None)]
    assert schema._KINDS[1818] == schema.ABORTED


def test_more_errors_than_are_explained_are_counted() -> None:
    data = edited(("<adres>\n          <soortadres>gba", f"{BAD_ADDRESS * 600}<adres><soortadres>gba"))
    report = oso.check(data, layers="schema")
    assert len(report.findings) == schema.MAX_ERRORS + 1
    last = report.findings[-1]
    assert (last.rule, last.args, last.xpath) == ("XSD.meer", {"aantal": "100"}, "/[1]")
    assert_complete(last)
    assert report.findings[1].path == "leerling.adressen[2]"
    assert oso.read(data).more_faults == 100


def test_errors_come_in_document_order_one_for_each_thing_that_is_wrong() -> None:
    data = edited(("<datum>2019-06-03<", "<datum>x<"), (BO, "<soort></soort>"), ("<brincode>00YY<", "<brincode>0<"))
    found = oso.check(data, layers="schema").findings
    assert [item.rule for item in found] == ["XSD.type.datum", "XSD.patroon.brincode", "XSD.te-kort.soort"]
    assert [item.line for item in found] == sorted(item.line or 0 for item in found)


def test_one_kind_of_error_is_told_once_for_an_element() -> None:
    data = edited(("<metadata>", '<metadata nr="1" mr="2">'), ("<deeldossier>", '<deeldossier nr="1" mr="2">'))
    found = oso.check(data, layers="schema").findings
    assert [item.rule for item in found] == ["XSD.attribuut.metadata", "XSD.attribuut.deeldossier"]


@pytest.mark.parametrize(("number", "entry"), [(1, ""), (3, "[3]")])
def test_one_of_several_is_placed_by_its_number(number: int, entry: str) -> None:
    text = raw().decode()
    parts = text.split("<schooljaar>20")
    parts[number] = parts[number].replace("<jaargroep>", "<jaargroep soort='x'>", 1)
    data = "<schooljaar>20".join(parts).encode()
    finding = only(oso.check(data, layers="schema"), "schema")
    assert finding.path == f"rapport.schoolloopbaan{entry}.jaargroep"
    assert finding.line == line_with(data, "soort='x'")


def test_a_made_up_name_is_never_shown() -> None:
    data = edited((BO, "<geheimpje>BO</geheimpje>"), ("<deeldossier>", '<deeldossier geheimpje="x">'))
    report = oso.check(data).to_dict()
    assert len(report["findings"]) > 1
    assert "geheimpje" not in str(report)


def test_values_are_there_when_asked_for() -> None:
    data = edited(("<brincode>00YY<", "<brincode>00yy<"))
    assert only(oso.check(data, show_values=True), "schema").value == "00yy"
    assert "00yy" not in str(oso.check(data).to_dict())


def test_a_good_document_has_no_errors_and_the_same_schema_serves_again() -> None:
    release = releases.release("oso/2019.1")
    assert schema.load(release) is schema.load(release)
    assert schema.load(release).validate(etree.fromstring(raw())) is None
    assert states(oso.check(raw(), layers="schema"))["schema"] == "passed"


@pytest.mark.parametrize("text", ["<xs:schema", "<a/>", None])
def test_a_schema_that_cannot_be_loaded_is_named(text: str | None, tmp_path: Any) -> None:
    if text is not None:
        (tmp_path / "dossier.xsd").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="The schema of oso/1 cannot be loaded") as caught:
        schema.Schema(Release("oso/1", tmp_path, {}))
    assert caught.value.where == str(tmp_path / "dossier.xsd")


def test_only_names_of_the_standard_are_shown() -> None:
    assert schema.shown("achternaam") == "achternaam"
    assert schema.shown("Pietersen") is None
    assert "achternaam" in plan.known_names()
