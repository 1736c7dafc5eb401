"""Where the rules of release 2019.1 are not what one would guess: several dossiers, odd texts, broken documents."""

from __future__ import annotations

from copy import deepcopy

import pytest
from earlier_fixtures import base
from lxml import etree
from rule_fixtures import NAMESPACE, Edit, Element, blocks, changed, edited, examine, ids, rule_findings

from oso_bridge.findings import State
from oso_bridge.releases import release
from oso_bridge.report import Report

SCHOOL_MAIL = "school/communicatielijst/communicatie[2]/nummer"
NO_INNER = [{"delete": "inzage/inzage"}]


def report_of(base: str, *edits: Edit, validator: str | None = None) -> Report:
    return examine(edited(base, list(edits)), validator)


def passed_schema(report: Report) -> bool:
    return report.layer("schema").state is State.PASSED


def together(*members: Element) -> Report:
    """The report of several dossiers and terugkoppelingen in one document."""
    root = etree.Element(f"{{{NAMESPACE}}}dossiers", nsmap={None: NAMESPACE})
    root.extend(members)
    report = examine(root)
    assert passed_schema(report)
    return report


def places(report: Report, rule: str) -> list[str | None]:
    return [finding.xpath for finding in rule_findings(report) if finding.rule == rule]


# ---- which check is made ----


@pytest.mark.parametrize("padded", [" overstapdossier", "overstapdossier ", "Overstapdossier"])
def test_a_padded_overdrachtsoort_is_another_text(padded: str) -> None:
    report = report_of("povo", {"set": "dossier/overdrachtsoort", "to": padded}, {"delete": "leerling/bsn"})
    assert passed_schema(report)
    assert ids(report) == {"CL.29.overdrachtsoort", "OVa.OS03"}


def test_a_padded_swv_dossier_is_still_checked_as_one() -> None:
    report = report_of("poswv", {"set": "dossier/overdrachtsoort", "to": " swv-dossier"})
    assert ids(report) == {"CL.29.overdrachtsoort", "PaO.SO03"}


def test_a_transfer_dossier_with_two_mistakes_is_still_checked_as_one() -> None:
    """An unknown overdrachtsoort points to the transfer dossier; the pupil's number outweighs the overstap."""
    report = report_of(
        "povo", {"set": "dossier/overdrachtsoort", "to": "99"}, {"set": "metadata/overstap", "to": "VOSWV"}
    )
    assert ids(report) == {"CL.29.overdrachtsoort", "OVa.OS03"}


def test_a_swv_dossier_needs_no_overstap_to_be_checked_as_one() -> None:
    report = report_of("poswv", {"delete": "metadata/overstap"}, {"put": "leerling", "xml": "<bsn>088584574</bsn>"})
    assert ids(report) == {"PaO.SO01", "PaO.SO02", "PaO.LL12"}


@pytest.mark.parametrize("overdrachtsoort", ["overstapdossier", "overdrachtbinnenbrin"])
def test_another_overdrachtsoort_leaves_two_rules_of_a_forced_swv_check(overdrachtsoort: str) -> None:
    edits: list[Edit] = [
        {"set": "dossier/overdrachtsoort", "to": overdrachtsoort},
        {"set": "metadata/deeldossier", "to": "LVS"},
        {"set": "metadata/validatieversie", "to": "2018"},
        {"clear": "leerling/voornaam"},
        {"delete": "school/adreslijst"},
    ]
    assert ids(report_of("povo", *edits, validator="PaO")) == {"PaO.SO03", "PaO.MD01"}


@pytest.mark.parametrize(
    ("overdrachtsoort", "expected"),
    [
        ("overstapdossier", {"OVa.MD01", "OVa.MD02"}),
        ("overdrachtbinnenbrin", {"OVb.MD01", "OVb.MD02"}),
        ("onbekend", {"OVa.MD01", "OVa.MD02", "OVa.OS03", "CL.29.overdrachtsoort"}),
    ],
)
def test_one_check_bears_the_id_of_the_kind_of_transfer(overdrachtsoort: str, expected: set[str]) -> None:
    report = report_of(
        "povo",
        {"set": "dossier/overdrachtsoort", "to": overdrachtsoort},
        {"set": "metadata/deeldossier", "to": "TIB"},
        {"set": "metadata/validatieversie", "to": "2019.1"},
    )
    assert ids(report) == expected
    assert {item.official_id for item in rule_findings(report) if ".MD0" in item.rule} == {
        rule for rule in expected if ".MD0" in rule
    }


def test_a_text_with_a_comment_in_it_is_one_text() -> None:
    xml = etree.tostring(edited("povo", [])).replace(b">overstapdossier<", b">overstap<!-- -->dossier<")
    assert examine(etree.fromstring(xml)).ok


# ---- several dossiers in one document ----


def test_conditions_are_met_by_any_of_the_dossiers() -> None:
    first = edited("povo", [{"delete": "leerling/leerlingid"}, {"set": "metadata/overstap", "to": "VOVO"}])
    second = edited("povo", [{"delete": "leerling/leerlingid"}, *NO_INNER])
    report = together(first, second)
    school = "huidigeschool[1]/leerling[1]"
    assert places(report, "OVa.LL13") == [f"/dossiers[1]/dossier[{number}]/{school}" for number in (1, 2)]
    assert places(report, "OVa.IZ05") == [f"/dossiers[1]/dossier[{number}]/inzage[1]" for number in (1, 2)]
    assert ids(report) == {"OVa.LL13", "OVa.IZ05"}


def test_one_popo_dossier_excuses_the_other_from_what_only_popo_may_hold() -> None:
    allowed = ("cat_vve", "cat_eindtoetsbo", "cat_vombo", "cat_handelingsplannen")
    allow: list[Edit] = [{"set": f"categorie/{name}", "to": "OPTIONEEL"} for name in allowed]
    early = edited("vovo", [*allow, {"put": "leerling", "xml": "voorschools"}])
    consent = {"put": "inzage", "xml": "<toestemming>Ja</toestemming>"}
    for overstap, expected in (("VOVO", {"OVa.VV01", "OVa.VV02"}), ("POPO", set())):
        beside = edited("popo", [*allow, *NO_INNER, consent, {"set": "metadata/overstap", "to": overstap}])
        assert ids(together(early, beside)) == expected


def test_one_swv_dossier_makes_it_the_swv_check_for_all() -> None:
    report = together(edited("poswv", []), edited("povo", NO_INNER))
    assert "/dossiers[1]/dossier[2]/huidigeschool[1]/leerling[1]" in places(report, "PaO.LL12")
    assert not any(rule.startswith(("OVa", "OVb")) for rule in ids(report))


def test_one_inzage_is_enough_for_all() -> None:
    bare = [{"set": "categorie/cat_ouderinzage", "to": "OPTIONEEL"}, {"delete": "inzage"}]
    assert ids(together(edited("povo", []), edited("povo", bare))) == set()
    report = together(edited("povo", bare), edited("povo", bare))
    assert places(report, "OVa.IZ01") == ["/dossiers[1]/dossier[1]", "/dossiers[1]/dossier[2]"]


def test_one_inner_inzage_speaks_for_all() -> None:
    other = [*NO_INNER, {"delete": "inzage/akkoord"}]
    report = together(edited("povo", []), edited("povo", other))
    assert places(report, "OVa.IZ04") == ["/dossiers[1]/dossier[2]/inzage[1]"]
    assert ids(report) == {"OVa.IZ04"}


def test_two_inner_inzages_leave_the_rules_unclear() -> None:
    report = together(edited("povo", []), edited("povo", []))
    assert report.layer("codes").state is State.PASSED
    assert report.layer("rules").state is State.UNCLEAR
    assert report.layer("rules").why("en")
    assert not report.ok
    assert report.exit_code == 3
    assert ids(report) == set()


def test_two_inner_inzages_do_not_matter_without_an_overstapdossier() -> None:
    edits: list[Edit] = [
        {"put": "dossier", "xml": "<inzage><voorlopigdossier>true</voorlopigdossier><inzage>true</inzage></inzage>"},
        {"set": "categorie/cat_ouderinzage", "to": "OPTIONEEL"},
    ]
    assert together(edited("binnenbrin", edits), edited("binnenbrin", edits)).ok


def test_a_rule_that_is_not_enforced_makes_nothing_unclear() -> None:
    late = [{"put": "metadata", "xml": "<overstap>POVO</overstap>"}]
    report = together(edited("binnenbrin", late), edited("binnenbrin", late))
    assert report.ok


def test_one_right_deeldossier_is_enough_for_all() -> None:
    wrong = [{"set": "metadata/deeldossier", "to": "onbekend"}]
    assert ids(together(edited("binnenbrin", wrong), edited("binnenbrin", []))) == set()
    report = together(edited("binnenbrin", wrong), edited("binnenbrin", wrong))
    assert places(report, "CL.33.deeldossier") == ["/[1]"]
    assert places(report, "OVb.MD01") == [f"/dossiers[1]/dossier[{number}]/metadata[1]" for number in (1, 2)]
    assert ids(report) == {"CL.33.deeldossier", "OVb.MD01"}


def test_a_code_of_the_list_is_not_yet_las() -> None:
    wrong = [{"set": "metadata/deeldossier", "to": "onbekend"}]
    other = [{"set": "metadata/deeldossier", "to": "LVS"}]
    assert ids(together(edited("binnenbrin", wrong), edited("binnenbrin", other))) == {"OVb.MD01"}


def test_categories_look_at_all_dossiers_together() -> None:
    demanding = [{"set": "categorie/cat_cijferlijsten", "to": "VERPLICHT"}]
    marks: list[Edit] = [
        {"set": "categorie/cat_cijferlijsten", "to": "OPTIONEEL"},
        {"put": "leerling", "xml": "cijferlijst"},
    ]
    assert ids(together(edited("binnenbrin", demanding), edited("binnenbrin", []))) == {
        "CAT.cijferlijsten.present.VERPLICHT"
    }
    assert ids(together(edited("binnenbrin", demanding), edited("binnenbrin", marks))) == set()
    report = together(edited("binnenbrin", []), edited("binnenbrin", marks), edited("binnenbrin", marks))
    assert places(report, "CAT.cijferlijsten.cijferlijstlijst.OPT-UIT") == ["/[1]"]


# ---- a terugkoppeling beside a dossier ----


def terugkoppeling(metadata: str = "", school: str = "", geslacht: str = "1", jaargroep: str = "11") -> Element:
    """A terugkoppeling; its metadata are right for a terugkoppeling, and end in what is given."""
    return blocks(
        f"""<terugkoppeling><metadata><deeldossier>LVS</deeldossier><pakketnaam>P</pakketnaam>
        <pakketversie>1</pakketversie><datum>2019-11-01</datum><standaardversie>2019.1</standaardversie>
        <validatieversie>-</validatieversie>{metadata}</metadata>
        <voschool><school><naam>S</naam>{school}<brincode>01SS</brincode><vestigingscode>00</vestigingscode>
        <aanleverpunt>1</aanleverpunt></school></voschool>
        <leerlingmatching><leerlingid>1</leerlingid><voornaam>Jildou</voornaam><achternaam>Hoogezand</achternaam>
        <geslacht>{geslacht}</geslacht><geboortedatum>2007-02-11</geboortedatum></leerlingmatching>
        <terugkoppelinformatie><tiperschooljaar><schooljaar>2019-2020</schooljaar><begindatum>2019-08-01</begindatum>
        <einddatum>2020-07-31</einddatum><jaargroep>{jaargroep}</jaargroep><iltcode>0001</iltcode>
        <iltomschrijving>brugklas</iltomschrijving></tiperschooljaar></terugkoppelinformatie></terugkoppeling>"""
    )[0]


def test_a_terugkoppeling_is_no_part_of_a_dossier() -> None:
    assert together(edited("povo", []), terugkoppeling()).ok


def test_terugkoppelingen_alone_have_no_dossier_to_check() -> None:
    assert ids(together(terugkoppeling(), terugkoppeling())) == set()


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (terugkoppeling(geslacht="3"), {"CL.14.geslacht"}),
        (terugkoppeling(jaargroep="10"), {"CL.13.jaargroep"}),
        (terugkoppeling("<overstap>onbekend</overstap>"), {"CL.16.overstap"}),
    ],
)
def test_what_holds_for_the_whole_document_holds_in_a_terugkoppeling(member: Element, expected: set[str]) -> None:
    assert ids(together(edited("povo", []), member)) == expected


def test_the_version_of_a_terugkoppeling_is_looked_at_too() -> None:
    member = terugkoppeling()
    member.find(f".//{{{NAMESPACE}}}standaardversie").text = "2018.1"
    report = together(edited("povo", []), member)
    assert places(report, "OG.02") == ["/dossiers[1]/terugkoppeling[1]/metadata[1]/standaardversie[1]"]
    assert ids(report) == {"OG.02"}


def test_a_secret_number_of_the_school_of_a_terugkoppeling_counts() -> None:
    number = "<communicatie><soort>telefoon</soort><nummer>020</nummer><geheim>true</geheim></communicatie>"
    mail = "<communicatie><soort>e-mail</soort><nummer>a@-</nummer></communicatie>"
    member = terugkoppeling(school=f"<communicatielijst>{number}{mail}</communicatielijst>")
    assert ids(together(edited("povo", []), member)) == {"OVa.LL08", "EM.01", "EM.04"}


def test_the_deeldossier_and_overstap_of_a_terugkoppeling_are_read_too() -> None:
    member = terugkoppeling("<overstap>POVO</overstap>")
    member.find(f".//{{{NAMESPACE}}}deeldossier").text = "LAS"
    dossier = edited("povo", [{"set": "metadata/deeldossier", "to": "LVS"}, {"delete": "metadata/overstap"}])
    assert ids(together(dossier, member)) == {"OVa.OS01"}


# ---- booleans ----


@pytest.mark.parametrize("true", ["true", "1", " true ", "\n1\t"])
def test_white_space_around_a_boolean_is_ignored(true: str) -> None:
    report = report_of("povo", {"set": "leerling/adresgeheim", "to": true}, {"set": "inzage/inzage", "to": true})
    assert passed_schema(report)
    assert ids(report) == {"OVa.LL06"}


@pytest.mark.parametrize("false", ["false", "0", " false ", "\n0\t"])
def test_white_space_around_false_is_ignored(false: str) -> None:
    report = report_of("povo", {"set": "leerling/adresgeheim", "to": false}, {"set": "inzage/inzage", "to": false})
    assert passed_schema(report)
    assert ids(report) == {"OVa.IZ02"}


@pytest.mark.parametrize("text", ["", "ja", "True", "01"])
def test_a_boolean_with_another_text_leaves_the_rules_unclear(text: str) -> None:
    report = report_of("povo", {"set": "leerling/adresgeheim", "to": text})
    assert report.layer("schema").state is State.FAILED
    assert report.layer("rules").state is State.UNCLEAR
    assert ids(report) == set()


def test_a_boolean_that_no_rule_of_the_kind_looks_at_leaves_nothing_unclear() -> None:
    edits: list[Edit] = [
        {"set": "categorie/cat_oudersverzorgers", "to": "OPTIONEEL"},
        {"put": "leerling", "xml": "<verzorgersaansprakelijk>ja</verzorgersaansprakelijk>"},
    ]
    report = report_of("binnenbrin", *edits)
    assert report.layer("schema").state is State.FAILED
    assert report.layer("rules").state is State.PASSED


# ---- empty elements are present ----


def test_an_empty_advies_is_an_advies_without_a_code() -> None:
    report = report_of("povo", {"set": "advies/advies", "to": ""})
    assert passed_schema(report)
    assert ids(report) == {"CL.2.advies"}


def test_an_empty_toets_advies_satisfies() -> None:
    assert report_of("povo", {"set": "eindtoets/eindtoetsresultaat/toets_advies", "to": ""}).ok


@pytest.mark.parametrize(
    ("base", "place", "expected"),
    [
        ("povo", "metadata/overstap", {"CL.16.overstap", "OVa.OS02"}),
        ("poswv", "metadata/overstap", {"CL.16.overstap", "PaO.SO02"}),
        ("povo", "metadata/deeldossier", {"CL.33.deeldossier", "OVa.MD01"}),
        ("povo", "metadata/standaardversie", {"OG.02"}),
        ("povo", "metadata/validatieversie", {"OVa.MD02"}),
        ("povo", "inzage/inzagedatum", set()),
        ("povo", "inzage/akkoord", {"CL.37.akkoord"}),
        ("vovo", "inzage/toestemming", {"CL.37.toestemming"}),
        ("poswv", "leerling/voornaam", set()),
        ("povo", "leerling/geboortedatum", set()),
        ("povo", "leerling/bsn", set()),
        ("povo", "leerling/leerlingid", set()),
        ("povo", "advies/contactpersoon", set()),
        ("povo", "leerling/nnca", {"CL.10.nnca"}),
    ],
)
def test_the_rules_take_an_empty_element_as_present(base: str, place: str, expected: set[str]) -> None:
    assert ids(report_of(base, {"set": place, "to": ""})) == expected


@pytest.mark.parametrize(
    ("base", "place", "expected"),
    [
        ("povo", "school/adreslijst", {"OVa.SL01"}),
        ("povo", "school/communicatielijst", {"OVa.SL02"}),
        ("povo", "leerling/adreslijst", {"OVa.LL05"}),
        ("poswv", "school/adreslijst", {"PaO.SL01"}),
        ("poswv", "leerling/schoolloopbaanlijst", {"PaO.SL01.schoolloopbaan"}),
    ],
)
def test_a_list_with_nothing_in_it_does_not_satisfy(base: str, place: str, expected: set[str]) -> None:
    assert ids(report_of(base, {"empty": place})) == expected


def test_categories_ask_for_the_list_only_and_not_for_what_is_in_it() -> None:
    report = report_of("binnenbrin", {"empty": "leerling/schoolloopbaanlijst"}, demand("schoolloopbaan"))
    assert ids(report) == set()


def demand(category: str) -> Edit:
    return {"set": f"categorie/cat_{category}", "to": "VERPLICHT"}


# ---- secret numbers ----


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("school/communicatielijst/communicatie[1]", "OVa.LL08"),
        ("leerling/communicatielijst/communicatie[1]", "OVa.LL08"),
        ("huisarts/communicatielijst/communicatie[1]", "OVa.LL08"),
        (
            "leerling/toetslijst/toets[4]/afname/afgenomendoor/werktbijinstelling/instelling/communicatielijst/communicatie",
            "OVa.LL08",
        ),
        ("verzorger[1]/communicatielijst/communicatie[2]", "OVa.OV04"),
    ],
)
def test_a_secret_number_anywhere_is_masked(place: str, expected: str) -> None:
    edits: list[Edit] = [{"clear": f"{place}/geheim"}, {"put": place, "xml": "<geheim> true </geheim>"}]
    report = report_of("povo", *edits)
    assert passed_schema(report)
    assert ids(report) == {expected}
    assert ids(report_of("povo", *edits, {"set": f"{place}/nummer", "to": "9999999999"})) == set()


def test_a_secret_number_of_another_sort_is_let_be() -> None:
    place = "leerling/communicatielijst/communicatie"
    report = report_of("povo", {"set": f"{place}/geheim", "to": "true"}, {"set": f"{place}/soort", "to": "Telefoon"})
    assert ids(report) == {"CL.4.soort"}


def test_a_secret_number_that_is_absent_is_not_masked() -> None:
    place = "leerling/communicatielijst/communicatie"
    report = report_of("povo", {"set": f"{place}/geheim", "to": "true"}, {"delete": f"{place}/nummer"})
    assert ids(report) == {"OVa.LL08"}


def test_a_secret_address_must_be_an_address_all_the_same() -> None:
    place = "verzorger[2]/communicatielijst/communicatie[2]"
    report = report_of("povo", {"set": f"{place}/nummer", "to": "geheim"})
    assert ids(report) == {"OVa.OV04", "EM.03", "EM.04"}


# ---- e-mail addresses ----


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("abc", {"EM.01", "EM.03", "EM.04"}),
        ("@", {"EM.01", "EM.04"}),
        ("a" * 257, {"EM.02", "EM.03", "EM.04"}),
        ("a@b", {"EM.01"}),
        ("a@bc", set()),
        ("é@bc", {"EM.04"}),
        ("é" * 251 + "a@b.nl"[1:], {"EM.04"}),
        ("é" * 250 + "a@b.nl", set()),
        ("é" * 251 + "a@b.nl", {"EM.02"}),
        ("a" * 65 + "@b.nl", set()),
        ("naam@domein", set()),
        ("naam@een@twee.nl", set()),
        ("eerst@een.nl tweede@twee.nl", set()),
        ("Naam van iemand naam@een.nl", set()),
        ("<naam@een.nl", set()),
        ("<naam@een.nl>", {"EM.04"}),
        ("naam@een.nl ", {"EM.04"}),
        ("naam@een.nl\n", {"EM.04"}),
        ("\nnaam@een.nl", set()),
        ("naam@een.nl.", {"EM.04"}),
        ("naam@een..nl", {"EM.04"}),
        ("naam@een_twee.nl", {"EM.04"}),
        ("naam@een-twee.nl", set()),
        ("naam@een-.nl", {"EM.04"}),
        ("naam@eën.nl", {"EM.04"}),
        ("!#$%*+=?^_`{|}~.-@een.nl", set()),
        ("'@een.nl", {"EM.04"}),
        ("&@een.nl", {"EM.04"}),
        ("@een.nl", {"EM.04"}),
        ("geheim@geheim.geheim", set()),
    ],
)
def test_an_e_mail_address(address: str, expected: set[str]) -> None:
    report = report_of("povo", {"set": SCHOOL_MAIL, "to": address})
    assert passed_schema(report)
    assert ids(report) == expected


@pytest.mark.parametrize("edit", [{"set": SCHOOL_MAIL, "to": ""}, {"delete": SCHOOL_MAIL}])
def test_an_absent_address_counts_as_an_empty_one(edit: Edit) -> None:
    report = report_of("povo", edit)
    assert [finding.rule for finding in rule_findings(report)] == ["EM.01", "EM.03", "EM.04"]


def test_every_bad_address_has_its_own_findings() -> None:
    report = report_of(
        "povo",
        {"set": SCHOOL_MAIL, "to": "geen adres"},
        {"set": "verzorger[1]/communicatielijst/communicatie[3]/nummer", "to": "ook geen"},
    )
    assert len(places(report, "EM.03")) == len(set(places(report, "EM.04"))) == 2


# ---- tests of the last three school years ----


@pytest.mark.parametrize(
    ("day", "taken", "too_old"),
    [
        ("2019-07-31", "2016-07-31", True),
        ("2019-07-31", "2016-08-01", False),
        ("2019-08-01", "2017-07-31", True),
        ("2019-08-01", "2017-08-01", False),
        ("2020-01-01", "2017-08-01", False),
        ("2020-01-01", "2017-07-31Z", True),
    ],
)
def test_a_school_year_begins_on_the_first_of_august(day: str, taken: str, too_old: bool) -> None:
    edits: list[Edit] = [{"set": f"toetslijst/toets[{number}]/afname/afnamedatum", "to": taken} for number in (1, 4)]
    report = report_of("povo", {"set": "metadata/datum", "to": day}, *edits)
    assert passed_schema(report)
    toetslijst = "/dossier[1]/huidigeschool[1]/leerling[1]/toetslijst[1]"
    assert places(report, "OVa.TR04") == ([f"{toetslijst}/toets[1]", f"{toetslijst}/toets[4]"] if too_old else [])
    assert report.ok


# ---- one finding for one fault ----


def test_a_swv_dossier_with_two_numbers_has_one_number_too_many() -> None:
    xml = "<onderwijsnummer>101211151</onderwijsnummer><bsn>088584574</bsn>"
    report = report_of("poswv", {"put": "leerling", "xml": xml})
    assert [finding.rule for finding in rule_findings(report)] == ["PaO.LL12"]


@pytest.mark.parametrize(
    ("base", "block", "rule"),
    [
        ("povo", "<nationaliteit>1</nationaliteit>", "OVa.LL11"),
        ("poswv", "<nationaliteit>1</nationaliteit>", "PaO.LL11"),
        ("poswv", "<certificaat>EHBO</certificaat>", "PaO.VM04"),
    ],
)
def test_what_may_not_be_there_is_said_once_however_many_there_are(base: str, block: str, rule: str) -> None:
    allow = {"set": "categorie/cat_vombo", "to": "OPTIONEEL"}
    report = report_of(base, allow, {"put": "leerling", "xml": block * 3})
    assert [finding.rule for finding in rule_findings(report)] == [rule]


# ---- what the schema shuts out is not said a second time ----


@pytest.mark.parametrize(
    ("base", "edits"),
    [
        ("voswv", [{"set": "steuning/lwoo/lwoo_einddatum", "to": "2023-07-30"}]),
        ("poswv", [{"put": "leerling", "xml": "<zorg><vir/><zat/></zorg>"}]),
        (
            "povo",
            [
                {"empty": "eindtoets"},
                {"put": "eindtoets", "xml": "<deelgenomen>false</deelgenomen>"},
                {"put": "eindtoets", "xml": "<wettelijke_ontheffing>true</wettelijke_ontheffing>"},
            ],
        ),
    ],
)
def test_a_rule_that_the_schema_shuts_out_is_silent(base: str, edits: list[Edit]) -> None:
    report = report_of(base, *edits)
    assert report.layer("schema").state is State.FAILED
    assert not ids(report) & {"OG.03", "PaO.ZB01", "PaO.ZB02", "OVa.EB03.ontheffing"}


# ---- releases before 2019.1 ----


def test_in_1_1_1_the_field_inzage_is_a_place_of_its_own() -> None:
    root = deepcopy(base("povo", release("oso/1.1.1")))
    found = examine(changed(root, [{"set": "inzage/inzage", "to": "false"}]))
    block = "/dossier[1]/inzage[1]"
    assert places(found, "OVa.IZ02") == [block, f"{block}/inzage[1]"]


@pytest.mark.parametrize("version", ["1.1.1", "1.2.2", "2016.1"])
def test_until_2016_there_is_one_check(version: str) -> None:
    """A swv-dossier is then an unknown kind of transfer, and is not checked as one."""
    root = deepcopy(base("binnenbrin", release(f"oso/{version}")))
    assert ids(examine(changed(root, [{"set": "dossier/overdrachtsoort", "to": "swv-dossier"}]))) == {
        "CL.29.overdrachtsoort"
    }
