"""Pupil data brought back to a field set, judged by the tables of ``profielen.toml`` and by nothing of ours."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

import oso_bridge as oso
from oso_bridge import fieldsets, releases
from oso_bridge.model import (
    Administratieleerling,
    Administratieschool,
    Deel,
    Extra,
    Groep,
    Groepstaak,
    Groepsverwijzing,
    Leerkracht,
    Leerling,
    Rol,
    Schooladministratie,
    Toevoeging,
    Vestiging,
)
from oso_bridge.model.administratie import GEVOELIG

from .samples import CHECKOUT, EDEX, PUPILS, edited

KANARIE = "Kanarie7f3a91"
SETS = tomllib.loads((CHECKOUT / "schemas/uwlr/profielen.toml").read_text("utf-8"))["profile"]
EVERY = [(row["id"], f"uwlr/{version}") for row in SETS for version in row["releases"]]
DAY, MOMENT = date(2015, 11, 3), datetime.fromisoformat("2024-10-01T08:30:00")

# --- an administration in which every field holds something -----------------------------------------------------------

ADDED = {"code": "fruit", "omschrijving": "x"}
PERSON = {"achternaam": "Zilverschoon", "voorvoegsel": "van", "voornamen": ["Jildou", "Mare"], "voorletters": "JM"}
PERSON |= {"roepnaam": "Jildou", "gebruikersnaam": "jildou", "emailadres": "j@school.invalid", "mutatiedatum": MOMENT}
SCHOOL: dict[str, Any] = {"brincode": "00AA", "vestigingscode": "00", "sleutel": "wilgenroos"}
PUPIL: dict[str, Any] = {
    **PERSON,
    "geboortedatum": DAY,
    "geslacht": "1",
    "startjaargroep3": DAY,
    "jaargroep": "6",
    "groep": "G",
    "samengestelde_groepen": [Groepsverwijzing(sleutel="S")],
    "vestiging": "V",
    "fotourl": "https://school.invalid/foto",
    "etniciteit": "9",
    "land": "NL",
    "land_vader": "NL",
    "land_moeder": "NL",
    "gewicht_nieuw": "0,3",
    "gewicht": "0.25",
    "datuminschrijving": DAY,
    "datumuitschrijving": DAY,
}
# one of these at a time
NUMBERS = {"sofinummer": "310008475", "bsn": "310008475", "onderwijsnummer": "100000009", "bsn_ondwnr4": "8475"}
NUMBERS |= {"rijksregisternummer": "00000000097"}
CODES = {"postcodenl": "1000AA", "postnummerbe": "1000", "postcodeoverig": "AB1"}
STAFF: dict[str, Any] = {
    **PERSON,
    "rollen": [Rol(code="IB"), Rol(omschrijving="Muziek")],
    "groepen": [Groepstaak(soort="stamgroep", sleutel="G", rollen=[Rol(code="LRK")])],
}
WHOLE: dict[str, Any] = {
    "schooljaar": "2024-2025",
    "peildatum": DAY,
    "aanmaakdatum": MOMENT,
    "auteur": "x",
    "xsdversie": "2.1",
    "commentaar": "x",
}
GROUP: dict[str, Any] = {"sleutel": "G", "naam": "Groep 5/6", "jaargroep": "C", "omschrijving": "x"}


def administration(drop: frozenset[str] = frozenset()) -> Schooladministratie:
    """An administration in which every field that UWLR has is filled in somewhere, but those to drop."""

    def kept(fields: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if name not in drop}

    added = [] if "toevoegingen" in drop else [Toevoeging(**ADDED, soort="OpmerkingGegevensType", opmerking="x")]
    numbers = list(NUMBERS.items())
    codes = [*CODES.items(), *CODES.items()]
    pupils = [
        Administratieleerling(
            **kept(PUPIL) | dict([number, code]), leerlingid=f"L-{count}", eckid=f"E-{count}", toevoegingen=added
        )
        for count, (number, code) in enumerate(zip(numbers, codes, strict=False))
    ]
    return Schooladministratie(
        **kept(WHOLE),
        school=Administratieschool(**kept(SCHOOL)),
        toevoegingen=added,
        vestigingen=[Vestiging(sleutel="V", naam="Dorp", omschrijving="x", mutatiedatum=MOMENT)],
        groepen=[
            Groep(soort="stamgroep", **GROUP, toevoegingen=added, mutatiedatum=MOMENT),
            Groep(soort="samengesteld", sleutel="S", naam="Plus", omschrijving="x", toevoegingen=added),
        ],
        leerlingen=pupils,
        leerkrachten=[Leerkracht(**kept(STAFF), sleutel="K", eckid="E-K", toevoegingen=added)],
    )


def test_every_field_that_an_administration_adds_is_filled_in() -> None:
    full = administration()
    filled = {(type(part), name) for _, part in full.onderdelen() for name in part.model_fields_set}
    apart = {"instellingsnummer", "model"}  # Flanders, and what JSON goes by
    own: list[type[Deel]] = [Schooladministratie, Administratieschool, Administratieleerling, Groep, Leerkracht]
    for kind in own:
        beside = set(Leerling.model_fields) if kind is Administratieleerling else set[str]()
        inherited = set(Administratieschool.__base__.model_fields) if kind is Administratieschool else set[str]()
        personal = (
            {"adressen", "adresgeheim", "communicatie", "geboortedatum", "geslacht"} if kind is Leerkracht else set()
        )
        names = set(kind.model_fields) - {"extra"} - apart - beside - inherited - personal
        assert {name for name in names if (kind, name) not in filled} == set()


# --- what the tables say ----------------------------------------------------------------------------------------------


def letters(name: str, release: str) -> dict[str, set[str]]:
    """What the schema and the documentation of a set say of each field, in a release."""
    (row,) = (row for row in SETS if row["id"] == name)
    version = release.partition("/")[2]
    said = {path: text if isinstance(text, str) else text[version] for path, text in row["fields"].items()}
    return {path: set(text.split("/")) for path, text in said.items()}


def places(xml: bytes) -> Iterator[tuple[str, str]]:
    """Every element and attribute below the data with its path, and its text."""
    root = etree.fromstring(xml)
    for element in root.iter():
        names = [etree.QName(one).localname for one in (element, *element.iterancestors())][::-1]
        if "leerlinggegevens" not in names[:-1]:
            continue
        path = "/".join(names[names.index("leerlinggegevens") + 1 :])
        yield path, (element.text or "").strip()
        yield from ((f"{path}/@{etree.QName(name).localname}", str(text)) for name, text in element.attrib.items())


def allowed(path: str, said: dict[str, set[str]]) -> bool:
    steps = path.split("/")
    above = ["/".join(steps[:length]) for length in range(1, len(steps) + 1)]
    return all("X" not in said.get(one, {"X"}) for one in above)


def whole(administratie: Schooladministratie, release: str) -> bytes:
    return oso.write(administratie, release=release, check=False, losses="allow")


def counted(xml: bytes) -> Counter[tuple[str, str]]:
    return Counter(place for place in places(xml) if place[0] != "school/xsdversie")


@pytest.mark.parametrize(("name", "release"), EVERY)
def test_what_belongs_in_the_set_stays_and_nothing_else(name: str, release: str) -> None:
    full, said = administration(), letters(name, release)
    made = fieldsets.reduce(full, name, release=release)
    xml = oso.write(made.administratie, release=release)
    assert oso.check(xml, release=release).ok
    expected = Counter(
        {place: count for place, count in counted(whole(full, release)).items() if allowed(place[0], said)}
    )
    if allowed("leerlingen/leerling/bsn_ondwnr-4", said):
        # taken from the two full numbers that it may be taken from
        expected[("leerlingen/leerling/bsn_ondwnr-4", "8475")] += 1
        expected[("leerlingen/leerling/bsn_ondwnr-4", "0009")] += 1
    assert counted(xml) == expected
    assert {finding.rule for finding in fieldsets.check(oso.read(xml, release=release), name)} <= {"PROF.ontbreekt"}


@pytest.mark.parametrize(("name", "release"), EVERY)
@settings(max_examples=25, deadline=None)
@given(st.frozensets(st.sampled_from(sorted({*PUPIL, *SCHOOL, *WHOLE, "toevoegingen"} - {"roepnaam", "schooljaar"}))))
def test_what_is_missing_is_told_and_never_made_up(name: str, release: str, drop: frozenset[str]) -> None:
    full, said = administration(drop), letters(name, release)
    made = fieldsets.reduce(full, name, release=release)
    xml = whole(made.administratie, release)
    assert all(allowed(path, said) for path, _ in places(xml))
    assert counted(xml) <= counted(whole(full, release)) | Counter(
        {("leerlingen/leerling/bsn_ondwnr-4", text): 2 for text in ("8475", "0009")}
    )
    told = [(finding.rule, finding.args["ouder"], finding.args["element"]) for finding in made.missing]
    assert told == [
        (finding.rule, finding.args["ouder"], finding.args["element"])
        for finding in fieldsets.check(oso.read(xml, release=release), name)
        if finding.rule == "PROF.ontbreekt"
    ]
    present = {path for path, _ in places(xml)}
    must = [path for path, letter in said.items() if "V" in letter and path.startswith("school/")]
    assert {f"school/{element}" for _, parent, element in told if parent == "school"} == set(must) - present


@pytest.mark.parametrize(("name", "release"), EVERY)
def test_what_did_not_go_along_is_told(name: str, release: str) -> None:
    full = administration()
    made = fieldsets.reduce(full, name, release=release)
    told = {re.sub(r"\[\d+\]", "", loss.path) for loss in made.left}
    assert {"vestigingen.naam", "leerlingen.etniciteit", "leerlingen.bsn", "leerkrachten.rollen.code"} <= told
    assert not told & {"leerlingen.roepnaam", "leerlingen.groep", "groepen.naam", "xsdversie"}
    for item in (loss for loss in made.left if loss.kind == "veldset"):
        assert "veldset" in item.text("nl")
    if name == "smalle-set":
        assert ("leerlingen.geboortedatum" in told) is (release == "uwlr/2.3")


def test_the_source_stays_as_it_was_and_the_example_is_in_its_set_already() -> None:
    administratie = oso.read(PUPILS).administratie()
    before = administratie.model_dump_json()
    made = fieldsets.reduce(administratie, "smalle-set", release="uwlr/2.2")
    assert administratie.model_dump_json() == before
    assert (made.left, made.missing) == ([], [])
    assert made.administratie.model_dump_json() == before


def test_what_was_kept_of_a_document_is_in_no_set() -> None:
    full = administration()
    kept = Extra(release="uwlr/2.2", pad="school", soort="element", naam="x", inhoud=f"<x>{KANARIE}</x>", positie=0)
    full.leerlingen[1].extra = [kept]
    made = fieldsets.reduce(full, "lvs-set", release="uwlr/2.2")
    assert list(made.administratie.bewaard()) == []
    assert ("leerlingen[2].extra", "veldset") in [(loss.path, loss.kind) for loss in made.left]
    assert KANARIE.encode() not in oso.write(made.administratie, release="uwlr/2.2")


def test_references_to_what_did_not_go_along_go_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (CHECKOUT / "schemas/uwlr/profielen.toml").read_text("utf-8")
    changed = text.replace('"groepen/samengestelde_groep" = "O"', '"groepen/samengestelde_groep" = "X"')
    assert changed != text
    (tmp_path / "schemas/uwlr").mkdir(parents=True)
    (tmp_path / "schemas/uwlr/profielen.toml").write_text(changed, "utf-8")
    monkeypatch.setenv("OSO_BRIDGE_DATA", str(tmp_path))
    releases.forget()
    try:
        made = fieldsets.reduce(administration(), "smalle-set", release="uwlr/2.2")
    finally:
        monkeypatch.undo()
        releases.forget()
    assert [group.sleutel for group in made.administratie.groepen] == ["G"]
    assert all(pupil.samengestelde_groepen == [] for pupil in made.administratie.leerlingen)
    assert all(pupil.groep == "G" for pupil in made.administratie.leerlingen)
    assert [task.sleutel for task in made.administratie.leerkrachten[0].groepen] == ["G"]


def test_a_reference_of_a_message_of_one_step_stays() -> None:
    full = administration()
    full.groepen = []
    made = fieldsets.reduce(full, "smalle-set", release="uwlr/2.2")
    assert all(pupil.groep == "G" for pupil in made.administratie.leerlingen)


def test_what_is_sensitive_stays_behind() -> None:
    assert Administratieleerling.model_fields.keys() >= GEVOELIG
    full = administration()
    made = fieldsets.without_sensitive(full)
    filled = {
        (number, name)
        for number, pupil in enumerate(full.leerlingen)
        for name in GEVOELIG
        if getattr(pupil, name) not in (None, [])
    }
    assert len(made.left) == len(filled)
    assert {loss.kind for loss in made.left} == {"gevoelig"}
    for pupil, before in zip(made.administratie.leerlingen, full.leerlingen, strict=True):
        assert all(getattr(pupil, name) in (None, []) for name in GEVOELIG)
        rest = Administratieleerling.model_fields.keys() - GEVOELIG - {"bsn_ondwnr4"}
        assert all(getattr(pupil, name) == getattr(before, name) for name in rest)
    assert [pupil.bsn_ondwnr4 for pupil in made.administratie.leerlingen] == [None, "8475", "0009", "8475", None]
    assert full.leerlingen[1].bsn == "310008475"


@pytest.mark.parametrize("element", ["bsn", "BSN", "geheim"])
@pytest.mark.parametrize("where", ["</leerling>", "</leerlingen>", "</toevoegingen>", "</school>"])
def test_nothing_sensitive_hides_in_extra(where: str, element: str) -> None:
    data = edited(EDEX, (where, f"<{element}/><{element}>{KANARIE}</{element}>{where}"))
    full = oso.read(data).administratie()
    assert KANARIE in full.model_dump_json()
    made = fieldsets.without_sensitive(full)
    assert KANARIE not in made.administratie.model_dump_json()
    assert any(loss.path.endswith("extra") and loss.kind == "gevoelig" for loss in made.left)


@pytest.mark.parametrize("bad", [KANARIE, "12345678", "1234567890", "١٢٣٤٥٦٧٨٩", ""])
def test_of_what_is_no_number_no_digits_are_taken(bad: str) -> None:
    full = Schooladministratie(leerlingen=[Administratieleerling(bsn=bad)])
    assert fieldsets.without_sensitive(full).administratie.leerlingen[0].bsn_ondwnr4 is None


def test_no_value_is_told() -> None:
    names = [name for name, field in Administratieleerling.model_fields.items() if "str |" in str(field.annotation)]
    full = Schooladministratie(auteur=KANARIE, leerlingen=[Administratieleerling(**dict.fromkeys(names, KANARIE))])
    made = fieldsets.reduce(full, "lvs-set", release="uwlr/2.2")
    told = [repr(made), *(f"{loss} {loss.text('en')}" for loss in made.left)]
    told += [f"{finding} {finding.args} {finding.text('nl')}" for finding in made.missing]
    assert made.left
    assert made.missing
    assert KANARIE not in "".join(told)


def test_a_set_or_release_that_does_not_exist() -> None:
    for name, release in (("brede-set", "uwlr/2.2"), ("smalle-set", "uwlr/9"), ("smalle-set", "edexml/2.1")):
        with pytest.raises(oso.UsageError):
            fieldsets.reduce(administration(), name, release=release)


# --- the program ------------------------------------------------------------------------------------------------------


def test_the_program_writes_a_message_of_the_set(run: Any, tmp_path: Path) -> None:
    target = tmp_path / "uit.xml"
    done = run("reduce", EDEX, "--fieldset", "smalle-set", "--release", "uwlr/2.3", "--output", target, "--lang", "en")
    assert (done.code, done.out) == (0, "")
    assert fieldsets.check(oso.read(target, release="uwlr/2.3"), "smalle-set") == []
    assert "leerlingen.voornamen (2x) does not go along: it does not belong in this field set." in done.err
    for hidden in ("Jildou", "Zilverschoon", "2015-11-03", "L-0001"):
        assert hidden not in done.err


def test_the_program_says_what_is_missing(run: Any) -> None:
    done = run("reduce", EDEX, "--fieldset", "lvs-set", "--release", "uwlr/2.2")
    assert done.code == 1
    assert "leerlingen: geslacht ontbreekt in leerling; in LVS-set is het verplicht" in done.err
    assert oso.read(done.out.encode()).administratie().leerlingen


def test_the_program_leaves_out_what_is_sensitive(run: Any) -> None:
    done = run("reduce", CHECKOUT / "examples/edex-groep8.xml", "--release", "edexml/2.1")
    assert done.code == 0
    assert "310008475" not in done.out
    assert "<bsn_ondwnr-4>8475</bsn_ondwnr-4>" in done.out
    assert "Weegbree" in done.out


def test_the_program_refuses_what_it_does_not_know(run: Any) -> None:
    assert run("reduce", EDEX, "--fieldset", "smal-set", "--release", "uwlr/2.2").code == 2
    assert run("reduce", EDEX, "--fieldset", "smalle-set", "--release", "edexml/2.1").code == 2
    assert run("reduce", CHECKOUT / "examples/povo.xml", "--release", "uwlr/2.2").code == 2
