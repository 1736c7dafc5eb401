"""EDEXML and UWLR as models: everything has a field, comes back to the letter, and is written where it belongs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_origin

import pytest

import oso_bridge as oso
from oso_bridge import binding, filling, releases
from oso_bridge.errors import IllTyped
from oso_bridge.model import (
    Administratieleerling,
    Administratieschool,
    Anderresultaat,
    Dossier,
    Extra,
    Groep,
    Groepstaak,
    Leerkracht,
    Leerresultaten,
    Rol,
    Schooladministratie,
    Term,
    Toetsdefinitie,
    Toevoeging,
)
from oso_bridge.model.base import Basis, Geheel
from oso_bridge.releases import Release

from .samples import (
    EDEX,
    EXAMPLES,
    LEERLINGGEGEVENS,
    PUPILS,
    REFERENCES,
    RESULTS,
    canonical,
    edited,
    full,
    there_and_back,
    wholes,
)
from .test_las_documents import LENIENT, ROOTS, edex

WHOLES = wholes()
ids = pytest.mark.parametrize(("release", "root"), WHOLES, ids=[f"{item.id} {root}" for item, root in WHOLES])
NO_DATA = ("geenwijzigingen", "geengegevens")
SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"


def administratie(*edits: tuple[str, str]) -> Schooladministratie:
    """The example of EDEXML with texts changed."""
    return oso.read(edited(EDEX, *edits)).administratie()


# --- there and back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_come_back(path: Path) -> None:
    document = oso.read(path)
    assert list(document.geheel(strict=True).bewaard()) == []
    assert canonical(there_and_back(document)) == canonical(path.read_bytes())


@pytest.mark.skipif(not REFERENCES, reason="the reference documents are not here; OSO_CASES names their folder")
@pytest.mark.parametrize("path", REFERENCES, ids=lambda path: path.stem)
def test_reference_documents_come_back(path: Path) -> None:
    document = oso.read(path)
    kept = [item.naam for _, item in document.geheel(strict=True).bewaard()]
    assert set(kept) <= {SCHEMA_LOCATION}
    assert canonical(there_and_back(document)) == canonical(path.read_bytes())


@ids
def test_a_document_that_holds_everything_comes_back(release: Release, root: str) -> None:
    data = full(release, root)
    document = oso.read(data, release=release.id)
    assert list(document.geheel().bewaard()) == []
    assert oso.losses(document.geheel(), release=release.id, root=root) == []
    assert canonical(there_and_back(document)) == canonical(data)


@ids
def test_what_has_no_place_is_that_there_are_no_data(release: Release, root: str) -> None:
    assert {place.rpartition("/")[2] for place in binding.table(release, root).unbound} <= set(NO_DATA)


def test_the_unbound_places_are_in_the_documentation() -> None:
    told = (Path(__file__).resolve().parents[2] / "docs" / "formats" / "uwlr.md").read_text("utf-8")
    assert all(f"`{name}`" in told for name in (*NO_DATA, *ROOTS, "leerresultaten_bevestiging", "autorisatie"))


def values(part: Any) -> Iterator[tuple[Any, str, int | None]]:
    """Every value of a model: the part and the field that hold it, and its number in a list."""
    for name, field in type(part).model_fields.items():
        held = getattr(part, name)
        for number, item in enumerate(held if isinstance(held, list) else [held]):
            if isinstance(item, Basis):
                yield from values(item)
            elif item is not None and get_origin(field.annotation) is not Literal:
                yield part, name, number if isinstance(held, list) else None


def another(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, date):
        return value + timedelta(days=1)
    return value + 1 if isinstance(value, int | Decimal) else f"{value}anders"


@ids
def test_another_value_changes_its_own_element_only(release: Release, root: str) -> None:
    whole = oso.read(full(release, root), release=release.id).geheel()
    before = canonical(written(whole, release, root)).splitlines()
    places = list(values(whole))
    assert len(places) > 15
    for part, name, number in places:
        held = getattr(part, name)
        if number is None:
            setattr(part, name, another(held))
        else:
            setattr(part, name, [another(item) if at == number else item for at, item in enumerate(held)])
        after = canonical(written(whole, release, root)).splitlines()
        assert len([1 for one, other in zip(before, after, strict=True) if one != other]) == 1, (part, name)
        setattr(part, name, held)


def written(whole: Geheel, release: Release, root: str) -> bytes:
    return oso.write(whole, release=release.id, root=root, check=False)


@pytest.mark.parametrize("what", LENIENT)
def test_what_breaks_the_schema_comes_back(what: str) -> None:
    data = edited(EDEX, *LENIENT[what])
    document = oso.read(data)
    assert list(document.geheel().bewaard()) != []
    assert canonical(there_and_back(document)) == canonical(data)


ODD = {
    "a group without key": (('<groep key="G-4">', "<groep>"),),
    "a group that is empty": (("\n      <naam>Plusklas</naam>\n    ", ""),),
    "a reference without key": (('<vestiging key="V-dorp"/>', "<vestiging/>"),),
    "an element that nobody knows, between groups": (("<samengestelde_groep", "<eigen a='1'/><samengestelde_groep"),),
    "roles in another place": (
        ("<rol>IB</rol>", ""),
        ("<roepnaam>Saar</roepnaam>", "<rol>IB</rol><roepnaam>Saar</roepnaam>"),
    ),
    "no pupils": (("<leerlingen>", "<leerlingen><!--"), ("</leerlingen>", "--></leerlingen>")),
    "two schools": (("</school>", "</school><school><schooljaar>2020-2021</schooljaar></school>"),),
    "an empty name": (("<roepnaam>Teun</roepnaam>", "<roepnaam/>"),),
    "blanks in names": (("Jildou Mare", " Jildou  Mare "),),
    "a moment that is none": (("2024-09-16T10:15:00", "2024-09-16"),),
    "a day that is none": (("2015-11-03", "2015-02-30"),),
    "a sex with text": (("<geslacht>2<", "<geslacht>meisje<"),),
}


@pytest.mark.parametrize("what", ODD)
def test_odd_documents_come_back(what: str) -> None:
    data = edited(EDEX, *ODD[what])
    assert canonical(there_and_back(oso.read(data))) == canonical(data)


def test_a_document_without_pupils_comes_back() -> None:
    data = b"<EDEX><school><schooljaar>2024-2025</schooljaar></school></EDEX>"
    document = oso.read(data)
    assert [item.soort for _, item in document.administratie().bewaard()] == ["ontbreekt"]
    assert canonical(there_and_back(document)) == canonical(data)


# --- values -----------------------------------------------------------------------------------------------------------


def test_what_the_model_holds() -> None:
    whole = administratie()
    jildou, teun = whole.leerlingen
    assert (whole.schooljaar, whole.peildatum) == ("2024-2025", date(2024, 10, 1))
    assert whole.school == Administratieschool(brincode="00AA", vestigingscode="00", sleutel="wilgenroos-1")
    assert [(groep.soort, groep.sleutel) for groep in whole.groepen] == [
        ("stamgroep", "G-4"),
        ("samengesteld", "S-plus"),
        ("stamgroep", "G-5-6"),
    ]
    assert (jildou.leerlingid, jildou.eckid, jildou.groep, jildou.vestiging) == (
        "L-0001",
        "https://ketenid.nl/voorbeeld/" + "1".zfill(128),
        "G-5-6",
        "V-dorp",
    )
    assert (jildou.voornamen, jildou.mutatiedatum) == (["Jildou", "Mare"], moment())
    assert [item.sleutel for item in jildou.samengestelde_groepen] == ["S-plus"]
    assert jildou.toevoegingen == [
        Toevoeging(
            soort="OpmerkingGegevensType",
            code="fruit",
            omschrijving="Voor het overblijven",
            opmerking="Geen aardbeien",
        )
    ]
    assert (teun.leerlingid, teun.jaargroep) == ("#0002", "4")
    (saar,) = whole.leerkrachten
    assert saar.rollen == [Rol(code="IB"), Rol(omschrijving="Bewaakt de muziekkast"), Rol(code="KLA")]
    assert [(taak.soort, taak.sleutel) for taak in saar.groepen] == [
        ("stamgroep", "G-5-6"),
        ("samengesteld", "S-plus"),
        ("stamgroep", "G-4"),
    ]


def test_what_the_model_holds_of_results() -> None:
    whole = oso.read(RESULTS).leerresultaten()
    first, second = whole.afnames[0].resultaten
    assert (first.sleutel, first.score, first.toetsonderdeelcode) == ("R-1", 14, "gelijknamig")
    assert second.osoresultaat is not None
    assert second.osoresultaat.toetsscore is not None
    assert second.osoresultaat.toetsscore.vaardigheidsscore == Decimal("92.5")
    assert second.osoresultaat.referentiescores[0].soort == "niveau"
    toets = whole.toets("BREUKEN-6-1")
    assert toets is not None
    assert toets.vakgebied is not None
    assert (toets.vakgebied.waarde, toets.leerjaar) == ("Rekenen en wiskunde", Term(waarde="6"))
    assert [(trede.niveau, trede.waarde) for trede in toets.hierarchie] == [(1, "Rekenvoorbeeld"), (2, "Groep 6")]


@pytest.mark.parametrize(("wire", "model"), [("1", "2"), ("2", "1"), ("0", "0"), ("9", "9")])
def test_boy_and_girl_are_coded_as_in_a_dossier(wire: str, model: str) -> None:
    whole = administratie(("<geslacht>2<", f"<geslacht>{wire}<"))
    assert whole.leerlingen[0].geslacht == model
    assert f"<geslacht>{wire}<".encode() in oso.write(whole, release="edexml/2.1")


@pytest.mark.parametrize("text", [" 1 ", "01", "+1"])
def test_a_number_written_otherwise_is_the_same_sex(text: str) -> None:
    whole = administratie(("<geslacht>2<", f"<geslacht>{text}<"))
    assert whole.leerlingen[0].geslacht == "2"
    assert b"<geslacht>1<" in oso.write(whole, release="edexml/2.1")


def moment(fraction: int = 0) -> datetime:
    """A moment without a time zone."""
    return datetime(2024, 9, 16, 10, 15, 0, fraction)  # noqa: DTZ001 - most moments of the standard have none


MOMENTS = {
    "2024-09-16T10:15:00Z": datetime(2024, 9, 16, 10, 15, tzinfo=UTC),
    "2024-09-16T10:15:00-05:00": datetime(2024, 9, 16, 10, 15, tzinfo=timezone(timedelta(hours=-5))),
    "2024-09-16T10:15:00.123456": moment(123456),
    "2024-09-16T10:15:00.1234567": None,
    "2024-09-16T24:00:00": None,
    "12024-09-16T10:15:00": None,
}


@pytest.mark.parametrize("text", MOMENTS)
def test_moments(text: str) -> None:
    data = edited(EDEX, ("2024-09-16T10:15:00", text))
    document = oso.read(data)
    assert document.schema_ok
    whole = document.administratie(strict=True)
    assert whole.leerlingen[0].mutatiedatum == MOMENTS[text]
    assert canonical(there_and_back(document)) == canonical(data)


@pytest.mark.parametrize(
    ("path", "edit", "place"),
    [
        (EDEX, ("2024-09-16T10:15:00", "gisteren"), "leerlingen.mutatiedatum"),
        (EDEX, ("2019-11-03", "3 november"), "leerlingen.datuminschrijving"),
        (RESULTS, ("<lr:score>14<", "<lr:score>7,5<"), "afnames.resultaten.score"),
        (RESULTS, ('niveau="2"', 'niveau="twee"'), "toetsen.hierarchie[2]"),
        (RESULTS, (">5.50<", ">ruim<"), "toetsen.onderdelen.normering.normen[2].schoolcijfer_vanaf"),
    ],
)
def test_values_of_another_type_are_told(path: Path, edit: tuple[str, str], place: str) -> None:
    data = edited(path, edit)
    document = oso.read(data)
    found = binding.ill_typed(document.geheel())
    assert [(finding.rule, finding.path) for finding in found] == [("MODEL.type", place)]
    assert canonical(there_and_back(document)) == canonical(data)
    with pytest.raises(IllTyped):
        document.geheel(strict=True)


# --- order ------------------------------------------------------------------------------------------------------------


def test_the_order_of_groups_is_that_of_the_list() -> None:
    whole = administratie()
    whole.groepen.reverse()
    whole.groepen.insert(1, Groep(soort="samengesteld", sleutel="S-2", naam="Tuin"))
    again = oso.read(oso.write(whole, release="edexml/2.1")).administratie()
    assert [groep.sleutel for groep in again.groepen] == ["G-5-6", "S-2", "S-plus", "G-4"]
    assert again == whole


def test_groups_in_the_order_of_the_structure_need_no_note() -> None:
    whole = administratie()
    whole.groepen.sort(key=lambda groep: groep.soort, reverse=True)
    record, _ = binding.to_record(whole, releases.release("edexml/2.1"))
    assert "#order" not in record["groepen"]


def test_the_order_of_roles_is_that_of_the_list_also_where_others_stand_out_of_order() -> None:
    edits = (
        ("<emailadres>saar@wilgenroos.invalid</emailadres>", ""),
        ("</leerkracht>", "<emailadres>a@b.invalid</emailadres></leerkracht>"),
    )
    document = oso.read(edited(EDEX, *edits))
    whole = document.administratie()
    assert [item.soort for _, item in whole.bewaard()] == ["volgorde"]
    saar = whole.leerkrachten[0]
    saar.rollen.reverse()
    again = oso.read(oso.write(whole, release="edexml/2.1", check=False)).administratie()
    assert again.leerkrachten[0].rollen == saar.rollen
    saar.rollen.append(Rol(code="DIR"))
    again = oso.read(oso.write(whole, release="edexml/2.1", check=False)).administratie()
    assert sorted(str(rol.code) for rol in again.leerkrachten[0].rollen) == ["DIR", "IB", "KLA", "None"]


def test_a_role_that_says_nothing_or_too_much_is_a_loss() -> None:
    whole = administratie()
    whole.leerkrachten[0].rollen = [Rol(code="IB", omschrijving="intern begeleider")]
    lost = oso.losses(whole, release="edexml/2.1")
    assert [(loss.path, loss.kind) for loss in lost] == [("leerkrachten.rollen.omschrijving", "geen-plaats")]
    whole.leerkrachten[0].rollen = [Rol(code="IB"), Rol()]
    assert [loss.path for loss in oso.losses(whole, release="edexml/2.1")] == ["leerkrachten.rollen[2]"]


def test_first_names_that_would_be_split_otherwise_are_a_loss() -> None:
    whole = administratie()
    whole.leerlingen[0].voornamen = ["Jildou Mare", "Anna"]
    assert {loss.path for loss in oso.losses(whole, release="edexml/2.1")} >= {"leerlingen.voornamen"}


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_what_is_kept_moves_and_goes_with_its_part() -> None:
    whole = administratie(("<roepnaam>Teun</roepnaam>", '<eigen a="1"/><roepnaam>Teun</roepnaam>'))
    whole.leerlingen.reverse()
    xml = oso.write(whole, release="edexml/2.1", check=False).decode()
    assert xml.index("<eigen") < xml.index("Jildou")
    del whole.leerlingen[0]
    assert "<eigen" not in oso.write(whole, release="edexml/2.1", check=False).decode()


HOSTILE = {
    "an attribute that is there already": Extra(
        release="edexml/2.1", pad="leerlingen.leerling", soort="attribuut", naam="key", inhoud="x"
    ),
    "a type that is there already": Extra(
        release="edexml/2.1",
        pad="leerlingen.leerling.toevoegingen.blok",
        soort="attribuut",
        naam="{http://www.w3.org/2001/XMLSchema-instance}type",
        inhoud="x",
    ),
    "a record with an attribute that does not exist": Extra(
        release="edexml/2.1", pad="leerlingen.leerling[3]", soort="blok", inhoud='{"@id": "1"}'
    ),
    "a record with a number for an attribute": Extra(
        release="edexml/2.1", pad="leerlingen.leerling[3]", soort="blok", inhoud='{"@key": 1}'
    ),
    "a prefix that the writer makes": Extra(
        release="edexml/2.1",
        pad="leerlingen.leerling.toevoegingen.blok",
        soort="attribuut",
        naam="{http://www.w3.org/2000/xmlns/}a0",
        inhoud="urn:x",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_extra_is_lost_or_harmless(what: str) -> None:
    whole = administratie()
    pupil = whole.leerlingen[0]
    item = HOSTILE[what]
    holder = pupil.toevoegingen[0] if item.pad.endswith(".blok") else whole if item.soort == "blok" else pupil
    holder.extra = [item]
    xml = oso.write(whole, release="edexml/2.1", check=False, losses="allow")
    assert oso.check(xml).layers[0].state.value == "passed"
    assert [loss.kind for loss in oso.losses(whole, release="edexml/2.1")] in (["geen-plaats"], [])
    assert oso.read(xml).administratie().leerlingen[0].leerlingid == "L-0001"


def test_the_namespace_of_a_vendor_comes_back() -> None:
    edit = ('xsi:type="OpmerkingGegevensType"', 'xmlns:v="urn:vendor" xsi:type="v:Eigen"')
    document = oso.read(edited(EDEX, edit))
    assert document.administratie().leerlingen[0].toevoegingen[0].soort == "v:Eigen"
    again = oso.read(there_and_back(document)).record
    block = again["leerlingen"]["leerling"][0]["toevoegingen"]["blok"][0]
    assert (block["@xsi:type"], block["@xmlns:v"]) == ("v:Eigen", "urn:vendor")


# --- writing ----------------------------------------------------------------------------------------------------------


def small() -> Schooladministratie:
    """A school with one pupil."""
    pupil = Administratieleerling(leerlingid="L-1", roepnaam="Noor", jaargroep="4")
    return Schooladministratie(schooljaar="2019-2020", school=Administratieschool(brincode="00AA"), leerlingen=[pupil])


@pytest.mark.parametrize("release", ["edexml/1.03", "edexml/2.0", "edexml/2.1", "uwlr/2.2", "uwlr/2.3"])
def test_a_school_of_ones_own_is_written_and_is_of_that_release(release: str) -> None:
    xml = oso.write(small(), release=release)
    document = oso.read(xml)
    assert document.schema_ok
    assert document.release.id == release
    whole = document.administratie()
    whole.xsdversie = None
    assert whole == small()


@pytest.mark.parametrize(
    ("release", "said", "written"),
    [
        ("edexml/2.1", None, None),
        ("edexml/2.0", None, "2.0"),
        ("edexml/1.03", None, "1.03"),
        ("uwlr/2.2", None, None),
        ("uwlr/2.3", None, "2.3"),
        ("edexml/2.0", "2.0 CONCEPT", "2.0 CONCEPT"),
        ("uwlr/2.2", "2.2.1", "2.2.1"),
        ("edexml/2.1", "2.0", "2.1"),
        ("uwlr/2.2", "2.1", "2.2"),
        ("edexml/2.1", "eigen", "eigen"),
    ],
)
def test_the_version_is_that_of_the_release_or_ones_own(release: str, said: str | None, written: str | None) -> None:
    whole = small()
    whole.xsdversie = said
    assert oso.losses(whole, release=release) == []
    again = oso.read(oso.write(whole, release=release)).administratie()
    assert (again.xsdversie, again.aanmaakdatum) == (written, None)
    assert whole.xsdversie == said


def now() -> datetime:
    """The moment by the clock on the wall, in seconds."""
    return datetime.now(UTC).astimezone().replace(tzinfo=None, microsecond=0)


def results() -> Leerresultaten:
    whole = oso.read(RESULTS).leerresultaten()
    whole.aanmaakdatum = whole.xsdversie = None
    return whole


def test_results_get_the_moment_and_the_version_that_they_must_have() -> None:
    before = now()
    again = oso.read(oso.write(results(), release="uwlr/2.3")).leerresultaten()
    assert again.aanmaakdatum is not None
    assert before <= again.aanmaakdatum <= now()
    assert again.xsdversie == "2.3"


def test_definitions_of_tests_have_neither() -> None:
    whole = Leerresultaten(toetsen=[Toetsdefinitie(code=Term(waarde="REK-M5"))])
    xml = oso.write(whole, release="uwlr/2.2", root="Toetsdefinities")
    assert oso.read(xml).leerresultaten() == whole
    assert b"xsdversie" not in xml


def test_nothing_is_filled_in_beside_what_was_kept() -> None:
    record = {
        "school": {"#extra": [{"kind": "element", "name": "xsdversie", "position": 0, "content": "<xsdversie/>"}]}
    }
    filling.fill(record, small(), releases.release("edexml/1.03"), "EDEX")
    assert "xsdversie" not in record["school"]


def test_steps_of_uwlr() -> None:
    whole = administratie()
    allowed = oso.write(whole, release="uwlr/2.2", root="structuur_antwoord", losses="allow")
    structuur = oso.read(allowed).administratie()
    assert (structuur.groepen, structuur.leerlingen) == (whole.groepen, [])
    assert oso.read(allowed).root == "structuur_antwoord"
    with pytest.raises(oso.WouldLose) as refused:
        oso.write(whole, release="uwlr/2.2", root="structuur_antwoord")
    assert {loss.path.partition(".")[0].partition("[")[0] for loss in refused.value.losses} == {
        "leerlingen",
        "leerkrachten",
    }


def test_a_document_can_be_written_under_another_root() -> None:
    xml = oso.write(oso.read(PUPILS), root="leerlinggegevens")
    assert oso.read(xml).root == "leerlinggegevens"
    assert oso.read(xml).administratie() == oso.read(PUPILS).administratie()


@pytest.mark.parametrize(
    ("whole", "release", "root", "said"),
    [
        (Schooladministratie(), "oso/2019.1", None, "has no pupil data"),
        (Leerresultaten(), "edexml/2.1", None, "has no results"),
        (Schooladministratie(), "uwlr/2.2", "leerlingen_verzoek", "has no leerlingen_verzoek"),
        (Schooladministratie(), "uwlr/2.2", "leerresultaten_verzoek", "has no leerresultaten_verzoek"),
    ],
)
def test_what_cannot_be_written_is_said(whole: Geheel, release: str, root: str | None, said: str) -> None:
    with pytest.raises(oso.UsageError, match=said):
        oso.write(whole, release=release, root=root)


def test_what_is_faulty_is_refused() -> None:
    whole = small()
    whole.leerlingen[0].jaargroep = "9"
    with pytest.raises(oso.WriteRefused) as refused:
        oso.write(whole, release="edexml/2.1")
    assert [finding.path for finding in refused.value.report.findings] == ["leerlingen.jaargroep"]
    assert [finding.path for finding in oso.todo(whole, release="edexml/2.1")] == ["leerlingen.jaargroep"]


def test_what_a_release_lacks_is_told() -> None:
    lost = {loss.path for loss in oso.losses(administratie(), release="edexml/1.03")}
    assert lost >= {"peildatum", "groepen[2].naam", "leerlingen.eckid", "leerkrachten.rollen[2].omschrijving"}


def test_an_own_form_of_result() -> None:
    whole = results()
    whole.afnames[0].resultaten[0].score = None
    whole.afnames[0].resultaten[0].anderresultaat = Anderresultaat(soort="eigen", score="III")
    assert oso.losses(whole, release="uwlr/2.2") == []
    again = oso.read(oso.write(whole, release="uwlr/2.2", check=False)).leerresultaten()
    assert again.afnames == whole.afnames


# --- what is no model -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("root", ROOTS)
def test_a_request_is_said_to_be_one(root: str) -> None:
    data = f'<{root} xmlns="{LEERLINGGEGEVENS}"/>'.encode()
    for method in ("dossier", "administratie", "leerresultaten", "geheel"):
        with pytest.raises(oso.UsageError, match="a request for pupil data"):
            getattr(oso.read(data), method)()


@pytest.mark.parametrize(("why", "said"), [("geenwijzigingen", "nothing has changed"), ("geengegevens", "no data")])
def test_an_answer_without_data_is_said_to_be_one(why: str, said: str) -> None:
    data = f'<leerlingen_antwoord xmlns="{LEERLINGGEGEVENS}"><{why}/></leerlingen_antwoord>'.encode()
    with pytest.raises(oso.UsageError, match=said):
        oso.read(data).administratie()


def test_the_wrong_method_names_the_right_one() -> None:
    for path, wrong, right in (
        (EDEX, "leerresultaten", "administratie"),
        (RESULTS, "administratie", "leerresultaten"),
        (EDEX.with_name("povo.xml"), "administratie", "dossier"),
    ):
        with pytest.raises(oso.UsageError, match=rf"document\.{right}\(\)"):
            getattr(oso.read(path), wrong)()


def test_json_names_the_model_and_takes_no_other() -> None:
    text = administratie().model_dump_json()
    assert '"model":"Schooladministratie"' in text
    assert Schooladministratie.model_validate_json(text) == administratie()
    with pytest.raises(oso.FieldError):
        Leerresultaten.model_validate_json(text)
    with pytest.raises(oso.FieldError):
        Dossier.model_validate_json('{"model": "Dossier"}')


def test_additions_of_a_school_stay_apart_in_a_document_with_a_fault() -> None:
    kind = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="OpmerkingGegevensType"'
    blocks = "".join(f"<blok {kind}><code>c-{n}</code><eigen>e-{n}</eigen></blok>" for n in range(3))
    data = edited(EDEX, ("</school>", f"<toevoegingen>{blocks}</toevoegingen></school>"))
    document = oso.read(data)
    found = document.administratie().toevoegingen
    assert [(one.code, [kept.inhoud for kept in one.extra]) for one in found] == [
        (f"c-{n}", [f"<eigen>e-{n}</eigen>"]) for n in range(3)
    ]
    assert canonical(there_and_back(document)) == canonical(data)


def test_a_group_of_a_teacher_keeps_its_roles() -> None:
    taak = Groepstaak(soort="samengesteld", sleutel="S-plus", rollen=[Rol(omschrijving="a"), Rol(code="LRK")])
    whole = administratie()
    whole.leerkrachten.append(Leerkracht(sleutel="K-2", roepnaam="Kim", groepen=[taak]))
    again = oso.read(oso.write(whole, release="uwlr/2.2", losses="allow", check=False)).administratie()
    assert again.leerkrachten[1].groepen == [taak]


def test_a_file_without_a_version_is_of_the_newest_release() -> None:
    assert oso.read(edex()).administratie().xsdversie is None
