"""One dossier made of two: the policies and their laws, whose dossier it may be, and what is never mixed."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.model import (
    Adres,
    Afname,
    Communicatie,
    Dossier,
    Extra,
    Gba,
    Inzage,
    Land,
    Leerling,
    Levering,
    OnderwijskundigRapport,
    School,
    Score,
    Toets,
    Vakcijfers,
    Verzorger,
)

from .samples import EXAMPLES, KINDS, fictional, mutated, random_of

SEEDS = range(30)
CANARY = "Kanarie7f3a91"
BSN = "999990019"


def pupil(**fields: Any) -> Dossier:
    return Dossier(leerling=Leerling(bsn=BSN, **fields))


def paths(changes: tuple[oso.Change, ...]) -> list[tuple[str, str]]:
    return [(change.kind, change.path) for change in changes]


def pair_of(seed: int) -> tuple[Dossier, Dossier]:
    chance = random_of(seed)
    start = fictional(*KINDS[seed % len(KINDS)], seed % 3)
    return mutated(start, chance), mutated(start, chance)


# --- laws ---


@pytest.mark.parametrize("seed", SEEDS)
def test_filling_only_adds(seed: int) -> None:
    base, other = pair_of(seed)
    merged = oso.merge(base, other, force=True)
    assert {change.kind for change in oso.diff(base, merged.dossier)} <= {"added"}
    assert {change.kind for change in merged.taken} <= {"added"}
    assert {change.kind for change in merged.conflicts} <= {"changed"}


@pytest.mark.parametrize("seed", SEEDS)
def test_overwriting_takes_all_that_the_other_has(seed: int) -> None:
    base, other = pair_of(seed)
    merged = oso.merge(base, other, "overwrite", force=True)
    assert merged.conflicts == ()
    # what is left to tell is what only the base had
    rest = [change for change in oso.diff(merged.dossier, other) if not change.path.startswith(("extra", "inzage"))]
    assert {change.kind for change in rest} <= {"removed"}


@pytest.mark.parametrize("seed", SEEDS)
def test_asking_does_what_it_is_told(seed: int) -> None:
    base, other = pair_of(seed)
    asked: list[oso.Change] = []

    def keep(change: oso.Change) -> str:
        asked.append(change)
        return "keep"

    filled = oso.merge(base, other, "fill", force=True)
    kept = oso.merge(base, other, "ask", decide=keep, force=True)
    assert kept.dossier == filled.dossier
    assert asked == list(filled.conflicts) == list(kept.conflicts)
    taken = oso.merge(base, other, "ask", decide=lambda change: "take", force=True)
    assert taken.dossier == oso.merge(base, other, "overwrite", force=True).dossier


@pytest.mark.parametrize("seed", SEEDS)
def test_merging_again_changes_nothing(seed: int) -> None:
    base, other = pair_of(seed)
    for policy in ("fill", "overwrite"):
        once = oso.merge(base, other, policy, force=True)  # type: ignore[arg-type]
        twice = oso.merge(once.dossier, other, policy, force=True)  # type: ignore[arg-type]
        assert twice.taken == ()
        assert twice.dossier == once.dossier
        # what was filled in may be a key, so that the second time says more of the item
        assert [change.path_a for change in twice.conflicts] == [change.path_a for change in once.conflicts]


@pytest.mark.parametrize("policy", ["fill", "overwrite"])
def test_a_dossier_merged_with_itself_is_itself(policy: Any) -> None:
    for kind in KINDS:
        dossier = fictional(*kind)
        merged = oso.merge(dossier, fictional(*kind), policy, force=True)
        assert merged.dossier == dossier
        assert (merged.taken, merged.conflicts, merged.left) == ((), (), ())


@pytest.mark.parametrize("policy", ["fill", "overwrite"])
def test_neither_dossier_is_changed_nor_shared(policy: Any) -> None:
    base, other = pair_of(2)
    before = base.model_dump_json(), other.model_dump_json()
    merged = oso.merge(base, other, policy, force=True).dossier
    assert (base.model_dump_json(), other.model_dump_json()) == before
    held = {id(part) for dossier in (base, other) for part in parts(dossier)}
    assert held.isdisjoint(id(part) for part in parts(merged))


def parts(value: Any) -> list[Any]:
    """Every part and list below a value."""
    inner = value if isinstance(value, list) else list(value.__dict__.values())
    return [
        value,
        *(part for item in inner if isinstance(item, list) or hasattr(item, "__dict__") for part in parts(item)),
    ]


# --- what happens ---


def test_a_late_test_result() -> None:
    base, late = oso.read(EXAMPLES / "povo.xml"), oso.read(EXAMPLES / "nagekomen.xml")
    merged = oso.merge(base, late)
    assert paths(merged.taken) == [
        ("added", "rapport.toetsen.resultaat.referentiescores[2]"),
        ("added", "rapport.toetsen[2]"),
    ]
    assert paths(merged.conflicts) == [("changed", "leerling.verzorgers.communicatie")]
    assert [test.code for test in merged.dossier.rapport.toetsen][-1] == "VB-REK-E8"
    assert len(merged.dossier.rapport.toetsen) == len(base.dossier().rapport.toetsen) + 1
    assert merged.dossier.levering == base.dossier().levering
    assert oso.check(oso.write(merged.dossier, release="oso/2019.1")).ok


def test_the_policies_where_both_have_a_value() -> None:
    base = pupil(roepnaam="Jil", nnca="0", voornamen=["Jildou"])
    other = pupil(roepnaam="Jel", tehuis=True, voornamen=["Jildou", "M."])
    filled = oso.merge(base, other)
    assert filled.dossier == pupil(roepnaam="Jil", nnca="0", tehuis=True, voornamen=["Jildou"])
    assert paths(filled.taken) == [("added", "leerling.tehuis")]
    assert paths(filled.conflicts) == [("changed", "leerling.voornamen"), ("changed", "leerling.roepnaam")]
    overwritten = oso.merge(base, other, "overwrite")
    assert overwritten.dossier == pupil(roepnaam="Jel", nnca="0", tehuis=True, voornamen=["Jildou", "M."])
    assert len(overwritten.taken) == 3
    asked = oso.merge(base, other, "ask", decide=lambda change: "take" if change.before == "Jil" else "keep")
    assert asked.dossier == pupil(roepnaam="Jel", nnca="0", tehuis=True, voornamen=["Jildou"])
    assert paths(asked.conflicts) == [("changed", "leerling.voornamen")]


def test_two_addresses_are_never_mixed() -> None:
    base = pupil(adressen=[Adres(soort="gba", straat="Kade", nummer="1", land=Land(code="6030"))])
    other = pupil(adressen=[Adres(soort="gba", straat="Laan", nummer="2", toevoeging="b")])
    filled = oso.merge(base, other)
    assert filled.dossier == base
    assert paths(filled.conflicts) == [("changed", "leerling.adressen")]
    assert filled.conflicts[0].before == base.leerling.adressen[0]  # type: ignore[union-attr]
    assert oso.merge(base, other, "overwrite").dossier == other


def test_an_address_that_contradicts_nothing_is_completed() -> None:
    base = pupil(adressen=[Adres(soort="gba", straat="Kade", land=Land(code="6030"))])
    other = pupil(adressen=[Adres(soort="gba", nummer="2", land=Land(code="6030", omschrijving="Nederland"))])
    whole = [Adres(soort="gba", straat="Kade", nummer="2", land=Land(code="6030", omschrijving="Nederland"))]
    assert oso.merge(base, other).dossier == pupil(adressen=whole)


def test_a_contradiction_in_one_item_leaves_the_others_alone() -> None:
    base = pupil(verzorgers=[Verzorger(relatietotkind="1", achternaam="Bos", roepnaam="A")])
    other = pupil(
        verzorgers=[
            Verzorger(relatietotkind="2", achternaam="Smit"),
            Verzorger(
                relatietotkind="1",
                achternaam="Bos",
                roepnaam="B",
                communicatie=[Communicatie(soort="e-mail", nummer="x")],
            ),
        ]
    )
    made = oso.merge(base, other).dossier.leerling
    assert made is not None
    assert [carer.achternaam for carer in made.verzorgers] == ["Bos", "Smit"]
    assert (made.verzorgers[0].roepnaam, made.verzorgers[0].communicatie[0].nummer) == ("A", "x")


def test_what_has_no_field_stays_that_of_the_base() -> None:
    kept = [Extra(release="oso/2019.1", pad=pad, soort="element", naam="x", inhoud="<x/>") for pad in ("a", "b")]
    base, other = pupil(), pupil(nnca="0")
    base.extra, other.extra = kept[:1], kept[1:]
    for policy in ("fill", "overwrite"):
        merged = oso.merge(base, other, policy)  # type: ignore[arg-type]
        assert merged.dossier.extra == kept[:1]
        assert paths(merged.left) == [("added", "extra")]
        assert paths(merged.taken) == [("added", "leerling.nnca")]


def test_the_delivery_stays_that_of_the_base() -> None:
    base, other = pupil(), pupil()
    base.levering, other.levering = Levering(pakketnaam="A"), Levering(pakketnaam="B", overstap="POVO")
    assert oso.merge(base, other, "overwrite").dossier.levering == Levering(pakketnaam="A")


@pytest.mark.parametrize("policy", ["fill", "overwrite"])
def test_the_inspection_by_the_parents_stays_that_of_the_base(policy: Any) -> None:
    seen = Inzage(inzage=True, datum="2024-05-01", akkoord="Ja", toestemming="Ja")
    for ours in (None, Inzage(), Inzage(inzage=False, toestemming="Nee")):
        base, other = pupil(), pupil(nnca="0")
        base.inzage, other.inzage = ours, seen
        merged = oso.merge(base, other, policy)
        assert merged.dossier.inzage == ours
        assert (paths(merged.taken), merged.conflicts) == ([("added", "leerling.nnca")], ())
        assert any(change.path.startswith("inzage") for change in oso.diff(base, other))


def test_marks_without_a_key() -> None:
    def marks(*values: str) -> Dossier:
        dossier = pupil()
        subject = Vakcijfers(naam="Taal", scores=[Score(waarde=value) for value in values])
        dossier.rapport = OnderwijskundigRapport.model_validate({"cijferlijsten": [{"vakken": [subject]}]})
        return dossier

    merged = oso.merge(marks("6", "7"), marks("7", "6", "8"))
    assert merged.dossier == marks("6", "7", "8")
    assert merged.conflicts == ()


def test_the_report_of_a_merge() -> None:
    merged = oso.merge(pupil(roepnaam="Jil"), pupil(roepnaam=CANARY, nnca="0"))
    told = merged.to_dict()
    assert [change["after"] for change in told["conflicts"]] == [CANARY]
    assert [change["path_b"] for change in told["taken"]] == ["leerling.nnca"]
    assert CANARY not in str(merged.to_dict(values=False))


# --- one pupil ---


NUMBER, OTHER_NUMBER = "101211151", "101211163"
BIRTH = {"achternaam": "Bos", "roepnaam": "Daan", "geboortedatum": "2012-03-17"}

ONE = {
    "bsn": ({"bsn": BSN, "achternaam": "A"}, {"bsn": f" {BSN}", "achternaam": "B"}),
    "onderwijsnummer": ({"onderwijsnummer": NUMBER}, {"onderwijsnummer": NUMBER}),
    "name and birth": (BIRTH, {**BIRTH, "bsn": BSN, "achternaam": "BOS "}),
    "a number that one has": ({**BIRTH, "onderwijsnummer": NUMBER}, {**BIRTH, "bsn": BSN}),
    "another number that cannot exist": ({**BIRTH, "bsn": BSN}, {**BIRTH, "bsn": "999990018"}),
    "another dummy": ({**BIRTH, "bsn": BSN}, {**BIRTH, "bsn": "111111110"}),
    "a number and another birth": ({**BIRTH, "bsn": BSN}, {**BIRTH, "bsn": BSN, "geboortedatum": "2012-03-18"}),
    "a number and another name": ({**BIRTH, "bsn": BSN}, {**BIRTH, "bsn": BSN, "roepnaam": "Daantje"}),
    "a month": (BIRTH, {"achternaam": "Bos", "roepnaam": "Daan", "geboortemaand": "2012-03"}),
    "gba": (BIRTH, {"roepnaam": "Daan", "gba": Gba(achternaam="Bos", geboortedatum="2012-03-17")}),
    "first names": ({**BIRTH, "voornamen": ["Daniel"]}, {**BIRTH, "roepnaam": "Daantje", "voornamen": ["Daniel", "X"]}),
}
TWIN = {"achternaam": "Bos", "geboortedatum": "2012-03-17"}
TWO = {
    "bsn": ({**BIRTH, "bsn": BSN}, {**BIRTH, "bsn": "999990020"}),
    "onderwijsnummer": ({**BIRTH, "onderwijsnummer": NUMBER}, {**BIRTH, "onderwijsnummer": OTHER_NUMBER}),
    "surname": (BIRTH, {**BIRTH, "achternaam": CANARY}),
    "birth": (BIRTH, {**BIRTH, "geboortedatum": "2012-03-18"}),
    "month": ({**BIRTH, "geboortedatum": None, "geboortemaand": "2012-04"}, BIRTH),
    "twins": (BIRTH, {**BIRTH, "roepnaam": CANARY}),
    "twins by their initials": ({**TWIN, "voorletters": "J."}, {**TWIN, "voorletters": "K."}),
    "a number that cannot exist": ({**BIRTH, "bsn": "999990018"}, {**BIRTH, "bsn": "999990018", "roepnaam": CANARY}),
    "zeros": ({**BIRTH, "bsn": "000000000"}, {**BIRTH, "bsn": "000000000", "achternaam": CANARY}),
    "a dummy": ({**BIRTH, "bsn": "111111110"}, {**BIRTH, "bsn": "111111110", "achternaam": CANARY}),
}
UNKNOWN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {}),
    "a number on one side": ({"bsn": BSN}, {"onderwijsnummer": NUMBER}),
    "no birth": ({"achternaam": "Bos", "roepnaam": "Daan"}, BIRTH),
    "no given name": ({"achternaam": "Bos", "geboortedatum": "2012-03-17"}, BIRTH),
    "twins with the same initials": (
        {**TWIN, "voorletters": "J.", "voornamen": ["Jan"]},
        {**TWIN, "voorletters": "J.", "roepnaam": "Joost"},
    ),
    "a number that cannot exist": ({"onderwijsnummer": "1"}, {"onderwijsnummer": "1"}),
    "the number of a school, without the school": ({"leerlingid": "17"}, {"leerlingid": "17"}),
}


@pytest.mark.parametrize("case", ONE)
def test_one_pupil(case: str) -> None:
    a, b = (Dossier(leerling=Leerling(**fields)) for fields in ONE[case])
    oso.merge(a, b)
    oso.merge(b, a)


@pytest.mark.parametrize("case", TWO)
def test_two_pupils_are_refused_without_a_value(case: str) -> None:
    a, b = (Dossier(leerling=Leerling(**fields)) for fields in TWO[case])
    for base, other in ((a, b), (b, a)):
        with pytest.raises(oso.UsageError, match="those of two pupils") as refused:
            oso.merge(base, other)
        heard = "".join(traceback.format_exception(refused.value)) + repr(vars(refused.value))
        for value in (CANARY, BSN, "Daan", "Bos", "2012"):
            assert value not in heard
        oso.merge(base, other, force=True)


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_does_not_tell_whose_it_is_is_refused(case: str) -> None:
    a, b = (Dossier(leerling=Leerling(**fields)) for fields in UNKNOWN[case])
    for base, other in ((a, b), (b, a)):
        with pytest.raises(oso.UsageError, match="do not tell"):
            oso.merge(base, other)
        oso.merge(base, other, force=True)


def test_the_number_of_a_pupil_in_one_school() -> None:
    def dossier(number: str, brin: str) -> Dossier:
        return Dossier(school=School(brincode=brin), leerling=Leerling(leerlingid=number))

    oso.merge(dossier("17", "00YY"), dossier("17 ", "00YY"))
    for other in (dossier("17", "01YY"), dossier("18", "00YY")):
        with pytest.raises(oso.UsageError, match="do not tell"):
            oso.merge(dossier("17", "00YY"), other)
    for dummy in ("0", "000000", "0-0", "99999", "7", "onbekend", " "):
        with pytest.raises(oso.UsageError, match="do not tell"):
            oso.merge(dossier(dummy, "00YY"), dossier(dummy, "00YY"))


ANOTHER = {"geboortedatum": "2011-01-01"}


@pytest.mark.parametrize("name", [{"achternaam": CANARY}, {"roepnaam": CANARY}, {"achternaam": "X", "roepnaam": "Y"}])
@pytest.mark.parametrize("number", [{"bsn": BSN}, {"onderwijsnummer": NUMBER}, {"leerlingid": "17"}])
def test_a_number_of_two_pupils_is_refused(number: dict[str, Any], name: dict[str, Any]) -> None:
    base, other = (
        Dossier(school=School(brincode="00YY"), leerling=Leerling(**BIRTH | number | more))
        for more in ({}, ANOTHER | name)
    )
    with pytest.raises(oso.UsageError, match="contradict each other") as refused:
        oso.merge(base, other)
    assert not any(value in str(refused.value) for value in (CANARY, BSN, NUMBER, "17", "Bos", "2011"))
    oso.merge(base, other, force=True)


def test_a_dossier_without_a_pupil() -> None:
    with pytest.raises(oso.UsageError, match="do not tell"):
        oso.merge(Dossier(), pupil())
    assert oso.merge(Dossier(), pupil(), force=True).dossier == pupil()


# --- wrong use ---


def test_wrong_use() -> None:
    with pytest.raises(oso.UsageError, match="no policy 'neem'"):
        oso.merge(pupil(), pupil(), "neem")  # type: ignore[arg-type]
    with pytest.raises(oso.UsageError, match="someone to ask"):
        oso.merge(pupil(), pupil(), "ask")
    with pytest.raises(oso.UsageError, match="keep or take") as refused:
        oso.merge(pupil(roepnaam=CANARY), pupil(roepnaam="x"), "ask", decide=lambda change: CANARY)
    assert CANARY not in str(refused.value)
    with pytest.raises(oso.UsageError, match="not dict"):
        oso.merge(pupil(), {})  # type: ignore[arg-type]


def test_no_value_is_in_what_a_merge_says_of_itself() -> None:
    test = Toets(code=CANARY, naam=CANARY, afname=Afname(datum="2019-01-01"))
    base, other = pupil(roepnaam="x"), pupil(roepnaam=CANARY)
    other.rapport.toetsen = [test]
    merged = oso.merge(base, other)
    assert merged.taken
    assert merged.conflicts
    assert CANARY not in f"{merged!r} {merged} {merged.taken!r} {merged.conflicts}"
