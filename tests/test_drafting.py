"""Drafts out of an administration and results, and results out of dossiers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import oso_bridge as oso
from oso_bridge import codes, data, drafting, fieldsets, profiles
from oso_bridge.model import (
    Administratieleerling,
    Administratieschool,
    Adres,
    Afname,
    Bijlage,
    Deel,
    Dossier,
    Eindtoets,
    Extra,
    Groep,
    Groepsverwijzing,
    Leerling,
    Leerresultaten,
    Normering,
    Onderdeeldefinitie,
    OnderwijskundigRapport,
    Referentiescore,
    Resultaat,
    School,
    Schooladministratie,
    Term,
    Toets,
    Toetsafname,
    Toetsdefinitie,
    Toetsonderdeel,
    Toetsresultaat,
    Toetsscore,
)
from oso_bridge.model.basis import part_of

KANARIE = "Kanarie7f3a91"
DAY = date(2024, 12, 6)
ROWS: list[dict[str, Any]] = data.toml("schemas", "concept.toml")["row"]
SOURCES: dict[str, type[Deel]] = {
    "leerling": Administratieleerling,
    "school": Administratieschool,
    "groep": Groep,
    "bestand": Schooladministratie,
}
SCHOOL = Administratieschool(brincode="00AA", vestigingscode="00")


def administration(*pupils: Administratieleerling, **more: Any) -> Schooladministratie:
    """A school with these pupils and one group."""
    given_: dict[str, Any] = {
        "schooljaar": "2024-2025",
        "school": SCHOOL,
        "groepen": [Groep(soort="stamgroep", sleutel="G-8", naam="Groep 8", jaargroep="8")],
    }
    return Schooladministratie(**given_ | more, leerlingen=list(pupils))


def pupil(**fields: Any) -> Administratieleerling:
    return Administratieleerling(**{"leerlingid": "L-1", "jaargroep": "8"} | fields)


def measured(right: int) -> Toetsresultaat:
    return Toetsresultaat(toetsscore=Toetsscore(aantalgoed=right))


def result(code: str = "REK", part: str | None = None, **fields: Any) -> Resultaat:
    known = {"sleutel": "R", "afnamedatum": DAY, "osoresultaat": measured(3)}
    return Resultaat(**known | fields, toetscode=code, toetsonderdeelcode=part)


def brought(*taken: Resultaat, key: str | None = "L-1", eckid: str | None = None, **more: Any) -> Leerresultaten:
    afname = Toetsafname(leerlingid=key, eckid=eckid, resultaten=list(taken))
    return Leerresultaten(**{"school": SCHOOL, "afnames": [afname]} | more)


def drafted(who: Administratieleerling, resultaten: Leerresultaten | None = None, profiel: str = "POVO") -> oso.Draft:
    return oso.draft(administration(who), leerling=str(who.leerlingid), profiel=profiel, resultaten=resultaten)


def leerling(draft: oso.Draft) -> Leerling:
    assert draft.dossier.leerling is not None
    return draft.dossier.leerling


def left(draft: oso.Draft | oso.Collected) -> list[tuple[str, str]]:
    return [(loss.path, loss.kind) for loss in draft.left]


# --- who the pupil is -------------------------------------------------------------------------------------------------


def test_what_has_the_same_name_goes_along() -> None:
    names = {"roepnaam": "Jildou", "achternaam": "Zilverschoon", "voorvoegsel": "van", "voornamen": ["Jildou", "Mare"]}
    days = {"geboortedatum": DAY, "datuminschrijving": DAY, "datumuitschrijving": DAY}
    made = leerling(drafted(pupil(**names, **days, geslacht="1", onderwijsnummer="100000009")))
    assert {name: getattr(made, name) for name in names} == names
    assert {name: getattr(made, name) for name in days} == days
    assert (made.geslacht, made.onderwijsnummer, made.leerlingid) == ("1", "100000009", "L-1")


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("AB", "A.B."),
        ("J", "J."),
        ("ThM", "Th.M."),
        ("ÉÖ", "É.Ö."),
        ("A.B.", "A.B."),
        ("ab", "ab"),
        ("A B", "A B"),
        ("A1", "A1"),
    ],
)
def test_initials_get_points(written: str, wanted: str) -> None:
    assert leerling(drafted(pupil(voorletters=written))).voorletters == wanted


@pytest.mark.parametrize(("said", "wanted"), [("0", "0.00"), ("0,3", "0.30"), ("1,2", "1.20")])
def test_a_weight_becomes_its_code(said: str, wanted: str) -> None:
    made = drafted(pupil(gewicht_nieuw=said))
    assert leerling(made).leerlinggewicht == wanted
    assert wanted in codes.codelist(15, release="oso/2019.1").codes
    assert left(made) == []


def test_a_code_without_a_counterpart_stays_behind() -> None:
    made = drafted(pupil(gewicht_nieuw="?", gewicht="0.25", land="NL", etniciteit="9"))
    assert leerling(made).leerlinggewicht is None
    assert leerling(made).nationaliteiten == []
    assert sorted(left(made)) == [
        ("leerlingen.etniciteit", "geen-plaats-dossier"),
        ("leerlingen.gewicht", "geen-plaats-dossier"),
        ("leerlingen.gewicht_nieuw", "geen-code-dossier"),
        ("leerlingen.land", "geen-plaats-dossier"),
    ]


@pytest.mark.parametrize(("said", "wanted"), [("0", "0"), ("1", "1"), ("2", "2"), ("9", "0"), ("x", "x")])
def test_what_is_not_said_of_the_sex_is_unknown(said: str, wanted: str) -> None:
    assert leerling(drafted(pupil(geslacht=said))).geslacht == wanted


def test_every_code_that_a_row_gives_is_in_its_list() -> None:
    lists = {"leerling.geslacht": 14, "leerling.gewicht_nieuw": 15, "leerling.jaargroep": 13}
    coded = [row for row in ROWS if "values" in row]
    assert {row["from"] for row in coded} == lists.keys()
    for row in coded:
        assert set(row["values"].values()) <= set(codes.codelist(lists[row["from"]], release="oso/2019.1").codes)
        assert set(row.get("wider", ())) <= row["values"].keys()


def test_every_row_leads_from_a_field_to_a_field() -> None:
    for row in ROWS:
        part, _, name = row["from"].partition(".")
        assert name in SOURCES[part].model_fields
        for to in row["to"]:
            kind: Any = Dossier
            for step in to.split("."):
                field = kind.model_fields[step.removesuffix("[]")]
                kind = part_of(field.annotation)
                assert step.endswith("[]") is ("list[" in str(field.annotation) and kind is not None), to
        assert set(row.get("not_for", ())) <= profiles.profiles().keys()
        assert row.get("needs") in {None, *(other["from"] for other in ROWS)}


def test_a_stand_in_for_a_key_stays_behind() -> None:
    made = drafted(pupil(leerlingid="#0002", jaargroep=None, roepnaam="Teun"))
    assert leerling(made).leerlingid is None
    assert left(made) == [("leerlingen.leerlingid", "sleutel")]


def test_a_postcode_and_an_address_of_mail() -> None:
    made = drafted(pupil(postcodenl="1000AA", emailadres="a@b.invalid"))
    assert [adres.postcode for adres in leerling(made).adressen] == ["1000AA"]
    assert [(weg.soort, weg.nummer) for weg in leerling(made).communicatie] == [("e-mail", "a@b.invalid")]
    assert "leerling.adressen.straat" in [finding.path for finding in made.todo(release="oso/2019.1")]


def test_a_postcode_is_not_put_into_an_address_that_is_there() -> None:
    made = drafted(pupil(postcodenl="1000AA", adressen=[Adres(straat="Dorpsstraat")]))
    assert [(adres.straat, adres.postcode) for adres in leerling(made).adressen] == [("Dorpsstraat", None)]
    assert left(made) == [("leerlingen.postcodenl", "bezet")]


@pytest.mark.parametrize("profiel", sorted(profiles.profiles()))
def test_a_number_goes_along_where_the_profile_may_have_it(profiel: str) -> None:
    made = drafted(pupil(bsn="123456789"), profiel=profiel)
    alone = profiel.endswith("SWV")
    assert leerling(made).bsn == (None if alone else "123456789")
    assert left(made) == ([("leerlingen.bsn", "profiel")] if alone else [])
    forbidden = "Een swv-dossier reist zonder persoonsgebonden nummer"
    assert not [one for one in made.todo(release="oso/2019.1") if one.text("nl").startswith(forbidden)]


def test_the_dossier_is_of_the_profile() -> None:
    for name in profiles.profiles():
        assert drafted(pupil(), profiel=name).dossier.levering == Dossier.nieuw(name).levering
    with pytest.raises(oso.UsageError, match="POVA"):
        drafted(pupil(), profiel="POVA")


# --- school, group, year ----------------------------------------------------------------------------------------------


def test_the_year_of_the_pupil() -> None:
    made = drafted(pupil(groep="G-8"))
    (year,) = made.dossier.rapport.schoolloopbaan
    assert (year.schooljaar, year.jaargroep, year.groepscode, year.groepsnaam) == ("2024-2025", "8", "G-8", "Groep 8")
    assert (year.brincode, year.vestigingscode) == ("00AA", "00")
    assert made.dossier.school == School(brincode="00AA", vestigingscode="00")
    assert left(made) == []


@pytest.mark.parametrize("said", ["B", "D", "0", "C", "N", "H", "99"])
def test_a_year_without_a_counterpart_gives_no_entry(said: str) -> None:
    made = drafted(pupil(jaargroep=said, groep="G-8"))
    assert made.dossier.rapport.schoolloopbaan == []
    assert made.dossier.school == School(brincode="00AA", vestigingscode="00")
    assert left(made) == [
        ("leerlingen.jaargroep", "geen-code-dossier"),
        ("groepen.sleutel", "geen-plaats-dossier"),
        ("groepen.naam", "geen-plaats-dossier"),
    ]


@pytest.mark.parametrize("said", ["S", "V"])
def test_special_education_has_one_code_in_a_dossier(said: str) -> None:
    made = drafted(pupil(jaargroep=said))
    assert [year.jaargroep for year in made.dossier.rapport.schoolloopbaan] == ["S"]
    assert left(made) == [("leerlingen.jaargroep", "ruimer")]


def test_a_group_that_is_not_there_is_told() -> None:
    made = drafted(pupil(groep="G-9"))
    assert [year.groepscode for year in made.dossier.rapport.schoolloopbaan] == [None]
    assert left(made) == [("leerlingen.groep", "geen-plaats-dossier")]


def test_every_filled_field_goes_along_or_is_told() -> None:
    for name, field in Administratieleerling.model_fields.items():
        if name in ("extra", "mutatiedatum") or "str | None" not in str(field.annotation).replace("typing.", ""):
            continue
        made = drafted(Administratieleerling(**{"leerlingid": "L-1", name: "L-1"}))
        shown = made.dossier.model_dump_json(include={"leerling", "rapport"})
        assert "L-1" in shown.replace('"leerlingid":"L-1"', "") or name == "leerlingid" or left(made), name


def test_what_was_kept_of_another_release_stays_behind() -> None:
    kept = Extra(release="edexml/2.1", pad="leerlingen.leerling", soort="waarde", inhoud=KANARIE)
    who = pupil(extra=[kept], adressen=[Adres(straat="Dorpsstraat", extra=[kept])])
    made = drafted(who, brought(result(osoresultaat=Toetsresultaat(extra=[kept], toetsscore=Toetsscore(aantalgoed=1)))))
    assert list(made.dossier.bewaard()) == []
    assert sorted(left(made)) == [
        ("afnames.resultaten.osoresultaat.extra", "andere-release"),
        ("leerlingen.adressen.extra", "andere-release"),
        ("leerlingen.extra", "andere-release"),
    ]


# --- which pupil ------------------------------------------------------------------------------------------------------


def test_a_pupil_is_found_by_key_or_eckid() -> None:
    school = administration(pupil(leerlingid="L-1"), pupil(leerlingid="L-2", eckid="https://x.invalid/2"))
    made = oso.draft(school, leerling=" https://x.invalid/2 ", profiel="POVO")
    assert leerling(made).leerlingid == "L-2"
    assert left(made) == [("leerlingen[2].eckid", "geen-plaats-dossier")]


@pytest.mark.parametrize(
    ("pupils", "told"),
    [((), "no pupil"), ((pupil(leerlingid=KANARIE), pupil(leerlingid=f" {KANARIE}")), "2 pupils")],
)
def test_none_or_several_pupils_are_refused_without_the_key(pupils: Any, told: str) -> None:
    with pytest.raises(oso.UsageError, match=told) as caught:
        oso.draft(administration(*pupils), leerling=KANARIE, profiel="POVO")
    assert KANARIE not in repr(caught.value) + str(caught.value)


def test_drafts_of_all_of_some_and_of_a_group() -> None:
    joined = pupil(leerlingid="L-3", samengestelde_groepen=[Groepsverwijzing(sleutel="G-8")])
    school = administration(pupil(leerlingid="L-1"), pupil(leerlingid="L-2", groep="G-8"), joined)

    def ids(**choice: Any) -> list[str | None]:
        return [leerling(made).leerlingid for made in oso.drafts(school, profiel="POVO", **choice)]

    assert ids() == ["L-1", "L-2", "L-3"]
    assert ids(leerlingen=["L-3", "L-1"]) == ["L-1", "L-3"]
    assert ids(leerlingen="L-2") == ["L-2"]
    assert ids(groep="G-8") == ["L-2", "L-3"]
    assert ids(groep="G-8", leerlingen=["L-1", "L-2"]) == ["L-2"]
    for wrong in ({"groep": "G-9"}, {"leerlingen": ["L-9"]}):
        with pytest.raises(oso.UsageError):
            ids(**wrong)


# --- results become tests ---------------------------------------------------------------------------------------------

DEFINED = Toetsdefinitie(
    code=Term(waarde="REK"),
    naam="Rekenen M8",
    leerjaar=Term(waarde="8"),
    vakgebied=Term(waarde="Rekenen en wiskunde", vocabulaire="http://x.invalid/"),
    onderdelen=[Onderdeeldefinitie(volgnummer=1, code=Term(waarde="plus"), naam="Optellen", normering=Normering())],
)


def test_results_of_one_test_and_day_are_one_test() -> None:
    taken = (result(), result(part="plus", osoresultaat=measured(2)), result("LEZ"), result(part="min"))
    made = drafted(pupil(), brought(*taken, toetsen=[DEFINED]))
    test, other = made.dossier.rapport.toetsen
    assert (test.code, test.naam, test.leergebied) == ("REK", "Rekenen M8", "Rekenen en wiskunde")
    assert test.afname == Afname(datum=DAY)
    assert test.resultaat == measured(3)
    assert [(part.code, part.naam, part.resultaat) for part in test.onderdelen] == [
        ("plus", "Optellen", measured(2)),
        ("min", None, measured(3)),
    ]
    assert (other.code, other.naam, other.onderdelen) == ("LEZ", None, [])
    assert left(made) == [
        ("toetsen.leerjaar", "geen-plaats-dossier"),
        ("toetsen.vakgebied.vocabulaire", "geen-plaats-dossier"),
        ("toetsen.onderdelen.normering", "geen-plaats-dossier"),
    ]


def test_the_same_test_twice_is_two_tests_also_on_one_day() -> None:
    later = result(afnamedatum=date(2025, 1, 6))
    versions = result(versie=Term(waarde="2"))
    made = drafted(pupil(), brought(result(), result(), later, versions, result(part="a"), result(part="a")))
    found = [(toets.versie, len(toets.onderdelen)) for toets in made.dossier.rapport.toetsen]
    assert found == [(None, 1), (None, 1), (None, 0), ("2", 0)]


def test_a_plain_score_stays_behind() -> None:
    made = drafted(pupil(), brought(result(osoresultaat=None, score=17, infourl="https://x.invalid")))
    assert made.dossier.rapport.toetsen == []
    assert left(made) == [
        ("afnames.resultaten.score", "geen-plaats-dossier"),
        ("afnames.resultaten.infourl", "geen-plaats-dossier"),
    ]


@pytest.mark.parametrize(
    ("own", "said", "count"),
    [
        (("L-1", None), ("L-1", None), 1),
        (("L-1", "E-1"), (" L-1", None), 1),
        (("L-1", "E-1"), (None, "E-1 "), 1),
        (("L-1", "E-1"), ("L-1", "E-1"), 1),
        (("L-1", None), ("L-1", "E-9"), 1),
        (("L-1", "E-1"), ("L-2", None), 0),
        (("#1", "E-1"), ("#1", "E-1"), 1),
        (("#1", "E-1"), ("#2", "E-1"), 1),
    ],
)
def test_results_are_found_by_key_or_eckid(own: Any, said: Any, count: int) -> None:
    who = pupil(leerlingid=own[0], eckid=own[1])
    made = drafted(who, brought(result(), key=said[0], eckid=said[1]))
    assert len(made.dossier.rapport.toetsen) == count


@pytest.mark.parametrize(("own", "said"), [(("L-1", "E-1"), ("L-1", "E-2")), (("L-1", "E-1"), ("L-2", "E-1"))])
def test_a_key_and_an_eckid_that_contradict_each_other_are_refused(own: Any, said: Any) -> None:
    who = pupil(leerlingid=own[0], eckid=own[1])
    with pytest.raises(oso.UsageError, match="not of the same pupil"):
        drafted(who, brought(result(), key=said[0], eckid=said[1]))


def test_results_that_may_be_of_two_pupils_are_refused_before_any_draft() -> None:
    school = administration(pupil(leerlingid="L-1"), pupil(leerlingid="L-2"), pupil(leerlingid="L-3", eckid="E-3"))
    mixed = brought(result(), key="L-2", eckid="E-3")
    with pytest.raises(oso.UsageError):
        oso.drafts(school, profiel="POVO", resultaten=mixed)
    assert len(list(oso.drafts(school, profiel="POVO", resultaten=mixed, leerlingen=["L-1"]))) == 1
    bare = administration(pupil(leerlingid="L-2"), pupil(leerlingid="#3", eckid="E-3"))
    for key in ("L-2", "#3"):
        with pytest.raises(oso.UsageError, match="several pupils"):
            oso.draft(bare, leerling=key, profiel="POVO", resultaten=mixed)


def test_results_under_a_stand_in_are_told_and_left() -> None:
    made = drafted(pupil(leerlingid="#1"), brought(result(), key="#1"))
    assert made.dossier.rapport.toetsen == []
    assert ("afnames", "wie") in left(made)


@pytest.mark.parametrize("field", ["brincode", "instellingsnummer", "sleutel"])
def test_results_of_another_school_are_refused(field: str) -> None:
    ours = administration(pupil(), school=Administratieschool(**{field: "00AA"}))
    theirs = brought(result(), school=Administratieschool(**{field: "00BB"}))
    with pytest.raises(oso.UsageError, match="another school") as caught:
        oso.draft(ours, leerling="L-1", profiel="POVO", resultaten=theirs)
    assert "00BB" not in str(caught.value)
    assert oso.draft(ours, leerling="L-1", profiel="POVO", resultaten=brought(result(), school=None)).dossier


@pytest.mark.parametrize(("one", "other", "same"), [("01", "02", False), ("01", None, False), (None, "00", True)])
def test_schools_with_one_brincode_are_told_apart(one: str | None, other: str | None, same: bool) -> None:
    schools = [Administratieschool(brincode="00AA", vestigingscode=code) for code in (one, other)]
    for ours, theirs in (schools, schools[::-1]):
        given_ = {"leerling": "L-1", "profiel": "POVO", "resultaten": brought(result(), school=theirs)}
        if same:
            assert len(oso.draft(administration(pupil(), school=ours), **given_).dossier.rapport.toetsen) == 1
            continue
        with pytest.raises(oso.UsageError, match="another school"):
            oso.draft(administration(pupil(), school=ours), **given_)


def test_no_repr_and_no_loss_holds_a_value() -> None:
    texts = (name for name, field in Administratieleerling.model_fields.items() if "str |" in str(field.annotation))
    who = Administratieleerling(**dict.fromkeys(texts, KANARIE))
    taken = brought(result(KANARIE, KANARIE, infourl=KANARIE, versie=Term(waarde=KANARIE)), key=KANARIE, eckid=KANARIE)
    made = oso.draft(administration(who), leerling=KANARIE, profiel="POVO", resultaten=taken)
    told = [repr(made), str(made), *(f"{loss} {loss.text('nl')} {loss.finding}" for loss in made.left)]
    told += [f"{one} {one.args} {one.text('en')} {one.remedy('nl')}" for one in made.todo(release="oso/2019.1")]
    collected = oso.results_of(made.dossier)
    told += [repr(collected), *map(repr, collected.left)]
    assert len(made.dossier.rapport.toetsen) == 1
    assert KANARIE not in "".join(told)


# --- tests become results ---------------------------------------------------------------------------------------------


def dossier(*tests: Toets, key: str | None = "L-1", school: School | None = None) -> Dossier:
    return Dossier(
        leerling=Leerling(leerlingid=key, bsn="123456789"),
        school=school or School(brincode="00AA", vestigingscode="00"),
        rapport=OnderwijskundigRapport(toetsen=list(tests)),
    )


def taken(code: str | None = "REK", **fields: Any) -> Toets:
    return Toets(**{"afname": Afname(datum=DAY), "resultaat": measured(3)} | fields, code=code)


def test_a_test_becomes_results_and_a_definition() -> None:
    parts = [Toetsonderdeel(code="plus", naam="Optellen", resultaat=measured(2))]
    made = oso.results_of(dossier(taken(naam="Rekenen", versie="2", leergebied="R", onderdelen=parts)), schooljaar="x")
    assert made.left == []
    found = made.resultaten
    assert (found.schooljaar, found.school) == ("x", SCHOOL)
    assert found.toetsen == [
        Toetsdefinitie(
            code=Term(waarde="REK"),
            naam="Rekenen",
            vakgebied=Term(waarde="R"),
            onderdelen=[Onderdeeldefinitie(volgnummer=1, code=Term(waarde="plus"), naam="Optellen")],
        )
    ]
    (afname,) = found.afnames
    assert afname.leerlingid == "L-1"
    assert [(one.toetscode, one.toetsonderdeelcode, one.osoresultaat) for one in afname.resultaten] == [
        ("REK", None, measured(3)),
        ("REK", "plus", measured(2)),
    ]
    assert "123456789" not in found.model_dump_json()


def test_keys_are_the_same_each_time_and_differ_between_results() -> None:
    tests = [taken(), taken(), taken("LEZ"), taken(versie="2"), taken(afname=Afname(datum=date(2025, 1, 1)))]
    keys = [one.sleutel for one in oso.results_of(dossier(*tests)).resultaten.afnames[0].resultaten]
    again = [one.sleutel for one in oso.results_of(dossier(*tests)).resultaten.afnames[0].resultaten]
    turned = [one.sleutel for one in oso.results_of(dossier(*reversed(tests))).resultaten.afnames[0].resultaten]
    assert keys == again
    assert sorted(map(str, keys)) == sorted(map(str, turned))
    assert len(set(keys)) == len(keys)
    assert all(len(str(key)) <= 64 for key in keys)
    other = oso.results_of(dossier(*tests, key="L-2")).resultaten.afnames[0].resultaten
    assert not {one.sleutel for one in other} & set(keys)


def test_what_results_have_no_place_for_is_told() -> None:
    file = Bijlage.van(b"x", naam="a.txt", omschrijving="x")
    full = taken(
        opmerking="x",
        afname=Afname(datum=DAY, jaargroep="8", dl=10),
        resultaat=Toetsresultaat(toetsscore=Toetsscore(aantalgoed=1), bijlagen=[file, file]),
        onderdelen=[Toetsonderdeel(code="a"), Toetsonderdeel(resultaat=measured(1))],
    )
    bare = [taken(None), Toets(code="X"), taken(resultaat=None)]
    made = oso.results_of(dossier(full, *bare))
    assert sorted(left(made)) == [
        ("rapport.toetsen.afname.dl", "geen-plaats-resultaat"),
        ("rapport.toetsen.afname.jaargroep", "geen-plaats-resultaat"),
        ("rapport.toetsen.onderdelen", "onvolledig"),
        ("rapport.toetsen.onderdelen[2]", "onvolledig"),
        ("rapport.toetsen.opmerking", "geen-plaats-resultaat"),
        ("rapport.toetsen.resultaat.bijlagen", "geen-plaats-resultaat"),
        ("rapport.toetsen.resultaat.bijlagen[2]", "geen-plaats-resultaat"),
        ("rapport.toetsen[2]", "onvolledig"),
        ("rapport.toetsen[3]", "onvolledig"),
        ("rapport.toetsen[4]", "onvolledig"),
    ]


def test_a_pupil_without_a_key_is_told() -> None:
    one = dossier(taken(), key=None)
    one.rapport.eindtoetsen = [Eindtoets(soort="eindtoets")]
    made = oso.results_of([dossier(), one])
    assert made.resultaten.afnames == []
    assert left(made) == [
        ("dossier[2].rapport.eindtoetsen", "geen-plaats-resultaat"),
        ("dossier[2].rapport.toetsen", "wie"),
    ]


def test_tests_of_one_code_that_say_different_things() -> None:
    made = oso.results_of([dossier(taken(naam="A")), dossier(taken(naam="B", leergebied="R"), key="L-2")])
    assert [(toets.naam, toets.vakgebied) for toets in made.resultaten.toetsen] == [("A", None)]
    assert left(made) == [
        ("dossier[2].rapport.toetsen.naam", "een-van-meer-toetsen"),
        ("dossier[2].rapport.toetsen.leergebied", "een-van-meer-toetsen"),
    ]


def test_dossiers_of_several_schools_or_one_pupil_are_refused() -> None:
    with pytest.raises(oso.UsageError, match="several schools"):
        oso.results_of([dossier(), dossier(key="L-2", school=School(brincode="00BB"))])
    with pytest.raises(oso.UsageError, match="same leerlingid"):
        oso.results_of([dossier(taken()), dossier(taken())])


_TEXT = st.text("abcXYZé 1", min_size=1, max_size=6).map(str.strip).filter(bool)
_MEASURED = st.builds(
    lambda right, values: Toetsresultaat(
        toetsscore=Toetsscore(aantalgoed=right), referentiescores=[Referentiescore(waarde=value) for value in values]
    ),
    st.integers(0, 99),
    st.lists(_TEXT, max_size=2),
)


@st.composite
def _tests(draw: Any) -> list[Toets]:
    names = draw(st.dictionaries(_TEXT, st.tuples(_TEXT, _TEXT), max_size=3))
    parts = {code: draw(st.dictionaries(_TEXT, _TEXT, max_size=2)) for code in names}
    return [
        Toets(
            code=code,
            naam=naam,
            leergebied=area,
            versie=draw(st.none() | _TEXT),
            afname=Afname(datum=draw(st.dates())),
            resultaat=draw(_MEASURED),
            onderdelen=[
                Toetsonderdeel(code=one, naam=name, resultaat=draw(_MEASURED)) for one, name in parts[code].items()
            ],
        )
        for code, (naam, area) in names.items()
    ]


@given(_tests())
def test_tests_come_back_from_results(tests: list[Toets]) -> None:
    made = oso.results_of(dossier(*tests))
    assert made.left == []
    back = drafted(pupil(), made.resultaten)
    assert back.dossier.rapport.toetsen == tests
    assert left(back) == []


def test_the_rows_cover_no_field_twice() -> None:
    named = [row["from"] for row in ROWS]
    assert len(set(named)) == len(named)
    silent = data.toml(*drafting.FILE)["silent"]
    assert not set(silent) & set(named)
    known = {f"{part}.{name}" for part, kind in SOURCES.items() for name in kind.model_fields}
    assert set(silent) <= known


@pytest.mark.parametrize("wrong", ["pad.xml", b"<EDEX/>", Dossier()])
def test_what_is_no_administration_is_refused(wrong: Any) -> None:
    with pytest.raises(oso.UsageError, match="administratie"):
        oso.draft(wrong, leerling="L-0003", profiel="POVO")
    with pytest.raises(oso.UsageError, match="administratie"):
        fieldsets.reduce(wrong, "smalle-set", release="uwlr/2.2")
