"""What differs between two dossiers, and that the differences obey the laws they should."""

from __future__ import annotations

import json
import logging
import pickle
import re
from html.parser import HTMLParser
from time import process_time
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import pairing
from oso_bridge.fiction.make import make
from oso_bridge.model import (
    Adres,
    Advies,
    Afname,
    Bijlage,
    Code14,
    Dossier,
    Eindtoets,
    Extra,
    Leerling,
    Levering,
    Ondersteuning,
    OnderwijskundigRapport,
    Rvc,
    Toets,
    Toetsresultaat,
    Toetsscore,
    Vakresultaat,
    Verzorger,
    Verzuim,
)
from oso_bridge.model.base import lijst

from .samples import EXAMPLES, KINDS, Leaf, another, fictional, leaves, mirrored, mutated, random_of, same, shuffled

POVO = EXAMPLES / "povo.xml"
LITERALS = {(Advies, "soort"), (Eindtoets, "soort")}
CANARY = "Kanarie7f3a91"
SEEDS = range(30)


def pupil(**fields: Any) -> Dossier:
    return Dossier(leerling=Leerling(**fields))


def told(a: Dossier, b: Dossier) -> list[tuple[str, str | None, str | None]]:
    return [(change.kind, change.path_a, change.path_b) for change in oso.diff(a, b)]


# --- laws ---


@pytest.mark.parametrize(("release", "profile"), KINDS)
def test_a_dossier_does_not_differ_from_itself(release: str, profile: str) -> None:
    dossier = fictional(release, profile)
    assert not oso.diff(dossier, fictional(release, profile), delivery=True)
    assert not oso.diff(dossier, shuffled(dossier, random_of(1)), delivery=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_other_way_round_it_is_mirrored(seed: int) -> None:
    chance = random_of(seed)
    start = fictional(*KINDS[seed % len(KINDS)], seed % 3)
    a, b = mutated(start, chance), mutated(start, chance)
    there, back = oso.diff(a, b, delivery=True), oso.diff(b, a, delivery=True)
    assert there
    assert same([mirrored(change) for change in there.changes], back.changes)
    assert same([mirrored(change) for change in there.delivery], back.delivery)


@pytest.mark.parametrize("seed", SEEDS)
def test_order_makes_no_difference(seed: int) -> None:
    chance = random_of(seed)
    start = fictional(*KINDS[seed % len(KINDS)], seed % 3)
    a = mutated(start, chance)
    assert not oso.diff(a, shuffled(a, chance))
    b = mutated(start, chance)
    assert len(oso.diff(a, b)) > 0


@pytest.mark.parametrize(("release", "profile"), KINDS)
def test_a_change_of_one_leaf_is_one_change_at_its_place(release: str, profile: str) -> None:
    dossier, before = fictional(release, profile), fictional(release, profile)
    exact = 0
    for leaf in [leaf for leaf in leaves(dossier) if leaf.owner.__class__ is not Extra]:
        old = leaf.value
        leaf.set(another(leaf))
        found = list(oso.diff(before, dossier, delivery=True))
        exact += check_one(leaf, old, found)
        leaf.set(old)
    assert not oso.diff(before, dossier, delivery=True)
    assert exact > 60


def check_one(leaf: Leaf, old: Any, found: list[oso.Change]) -> bool:
    """Whether a leaf gave just its own change; a value that makes an item what it is may give another item."""
    if leaf.number is not None and pairing.is_ordered(leaf.name):
        place = leaf.path.removesuffix(f"[{leaf.number + 1}]")
        assert [(change.kind, change.path) for change in found] == [("changed", place)]
    elif leaf.number is not None and not any(below in keys_of(item) for _, item, below in leaf.items):
        kinds = sorted((change.kind, change.path) for change in found)
        assert [kind for kind, _ in kinds] == ["added", "removed"], leaf.path
    elif [(change.kind, change.path_a, change.path_b) for change in found] == [("changed", leaf.path, leaf.path)]:
        assert (found[0].before, found[0].after) == (old, leaf.value)
        return True
    elif [change.kind for change in found] == ["changed"]:
        # it became like its neighbour, which is then the one that differs
        assert (found[0].before, found[0].after) == (old, leaf.value)
        assert {unnumbered(found[0].path_a), unnumbered(found[0].path_b)} == {unnumbered(leaf.path)}
    else:
        whole = [at for at, item, below in leaf.items if below in keys_of(item)]
        assert whole, f"{leaf.path} gave {found}"
        assert found
        assert all(change.path.startswith(whole[0]) for change in found)
    return False


def unnumbered(path: str | None) -> str:
    return re.sub(r"\[\d+\]", "", path or "")


def keys_of(item: Any) -> tuple[str, ...]:
    return pairing.keys_of(type(item)).fields


# --- by meaning ---


def test_what_is_added_removed_and_changed() -> None:
    a = pupil(roepnaam="Jil", tehuis=True, adressen=[Adres(soort="post", plaats="A"), Adres(soort="gba", plaats="B")])
    b = pupil(roepnaam="Jel", nnca="0", adressen=[Adres(soort="gba", plaats="C"), Adres(soort="bezoek", plaats="D")])
    assert told(a, b) == [
        ("changed", "leerling.roepnaam", "leerling.roepnaam"),
        ("removed", "leerling.adressen", None),
        ("changed", "leerling.adressen[2].plaats", "leerling.adressen.plaats"),
        ("added", None, "leerling.adressen[2]"),
        ("added", None, "leerling.nnca"),
        ("removed", "leerling.tehuis", None),
    ]
    changes = list(oso.diff(a, b))
    assert (changes[0].before, changes[0].after) == ("Jil", "Jel")
    assert changes[2].key == (("adressen.soort", "gba"),)
    assert changes[3].after == Adres(soort="bezoek", plaats="D")


def test_a_part_that_appears_is_one_addition() -> None:
    a, b = Dossier(), Dossier(rapport=OnderwijskundigRapport(verzuim=Verzuim(frequentie=0)))
    assert told(a, b) == [("added", None, "rapport.verzuim")]


def test_a_part_with_nothing_in_it_says_nothing() -> None:
    a, b = Dossier(), Dossier(rapport=OnderwijskundigRapport(ondersteuning=Ondersteuning(rvc=Rvc())))
    assert not oso.diff(a, b)
    b.rapport.ondersteuning = Ondersteuning(medicijngebruik=False)
    a.rapport.ondersteuning = Ondersteuning()
    assert told(a, b) == [("added", None, "rapport.ondersteuning.medicijngebruik")]
    # an item of a list is there, whatever it says
    a.rapport.toetsen, b.rapport.ondersteuning = [Toets()], None
    assert told(a, b) == [("removed", "rapport.toetsen", None)]


def test_numbers_by_value_and_texts_exactly() -> None:
    a = Dossier(rapport=OnderwijskundigRapport(vakken=[Vakresultaat(vakcode="1", rapportcijfer="7.50")]))
    b = Dossier(rapport=OnderwijskundigRapport(vakken=[Vakresultaat(vakcode="1", rapportcijfer="7.5")]))
    assert not oso.diff(a, b)
    assert told(pupil(roepnaam="Jil"), pupil(roepnaam="jil")) == [("changed", "leerling.roepnaam", "leerling.roepnaam")]


def test_blank_space_inside_base64_is_no_difference() -> None:
    files = [[Bijlage(bestandsnaam="a.txt", inhoud=content)] for content in ("UEsDBBQA", "UEsD\r\n BBQA ", "UEsDBBQB")]
    a, b, c = (Dossier(rapport=OnderwijskundigRapport(bijlagen=held)) for held in files)
    assert not oso.diff(a, b)
    assert told(a, c) == [("changed", "rapport.bijlagen.inhoud", "rapport.bijlagen.inhoud")]


def test_first_names_are_one_value_in_their_order() -> None:
    a, b = pupil(voornamen=["Jildou", "Marijke"]), pupil(voornamen=["Marijke", "Jildou"])
    (change,) = oso.diff(a, b)
    assert (change.path, change.before, change.after) == (
        "leerling.voornamen",
        ["Jildou", "Marijke"],
        ["Marijke", "Jildou"],
    )
    assert told(pupil(), b) == [("added", None, "leerling.voornamen")]
    assert told(a, pupil()) == [("removed", "leerling.voornamen", None)]


def test_certificates_come_and_go_in_any_order() -> None:
    a = Dossier(rapport=OnderwijskundigRapport(certificaten=["x", "y", "z"]))
    b = Dossier(rapport=OnderwijskundigRapport(certificaten=["z", "w", "x"]))
    assert told(a, b) == [("removed", "rapport.certificaten[2]", None), ("added", None, "rapport.certificaten[2]")]


def test_the_delivery_is_compared_apart_and_only_when_asked() -> None:
    a, b = Dossier(levering=Levering(pakketnaam="X", overstap="POVO")), Dossier(levering=Levering(pakketnaam="Y"))
    assert not oso.diff(a, b)
    found = oso.diff(a, b, delivery=True)
    assert found.changes == ()
    assert [(change.kind, change.path) for change in found.delivery] == [
        ("removed", "levering.overstap"),
        ("changed", "levering.pakketnaam"),
    ]
    assert found
    assert len(found) == 2


def test_what_has_no_field_is_compared_too() -> None:
    kept = [Extra(release="oso/2019.1", pad=pad, soort="element", naam="x", inhoud="<x/>") for pad in ("a", "b", "c")]
    assert told(Dossier(extra=kept[:2]), Dossier(extra=[kept[2], kept[0]])) == [
        ("removed", "extra[2]", None),
        ("added", None, "extra"),
    ]


class ToetsMetExtra(Toets):
    """A part that holds what was kept of its own element."""

    extra: list[Extra] = lijst("Iets waarvoor geen veld is.")


def test_what_has_no_field_is_compared_wherever_it_is_kept() -> None:
    def dossier(content: str) -> Dossier:
        kept = [Extra(release="oso/2019.1", pad="", soort="element", naam="x", inhoud=content)]
        return Dossier(rapport=OnderwijskundigRapport(toetsen=[ToetsMetExtra(code="A", extra=kept)]))

    assert not oso.diff(dossier("<x/>"), dossier("<x/>"))
    assert told(dossier("<x/>"), dossier("<x>1</x>")) == [
        ("removed", "rapport.toetsen.extra", None),
        ("added", None, "rapport.toetsen.extra"),
    ]


def test_across_releases_only_what_the_releases_say_differs() -> None:
    newer = oso.read(make("oso/2019.1", "POVO", 3)).dossier()
    older = oso.read(oso.write(newer, release="oso/2016.1", check=False, losses="allow"))
    assert older.release.id == "oso/2016.1"
    lost = {loss.path for loss in oso.losses(newer, release="oso/2016.1")}
    for change in oso.diff(newer, older):
        assert change.kind == "removed"
        assert any(path.startswith(change.path) for path in lost), change.path


def test_documents_and_dossiers_are_both_taken() -> None:
    document = oso.read(POVO)
    found = oso.diff(document, document.dossier())
    assert (found.a, found.b) == (document.source, None)
    assert not found
    with pytest.raises(oso.UsageError, match="not str"):
        oso.diff(document, str(POVO))  # type: ignore[arg-type]


def test_nothing_is_changed_by_comparing() -> None:
    a = fictional(*KINDS[0])
    b = mutated(a, random_of(1))
    before = a.model_dump_json(), b.model_dump_json()
    oso.diff(a, b, delivery=True)
    assert (a.model_dump_json(), b.model_dump_json()) == before


# --- to read ---


def example() -> oso.Differences:
    a = pupil(roepnaam="Jil", geslacht="1", geboortedatum="2007-02-11", tehuis=True)
    b = pupil(roepnaam="Jil", geslacht="2", verzorgers=[Verzorger(achternaam="Bos", overleden=False)])
    a.rapport.bijlagen = [Bijlage.van(b"Brief", naam="brief.txt")]
    return oso.diff(a, b)


def test_as_text() -> None:
    text = example().render()
    assert text.splitlines()[:2] == ["eerste dossier en tweede dossier", ""]
    assert "Inhoud: 1 erbij, 3 weg, 1 anders" in text
    assert "      was: 1 (vrouw)\n      wordt: 2 (man)\n" in text
    assert "  - leerling.geboortedatum (weg)\n      11-02-2007\n" in text
    assert "  - leerling.tehuis (weg)\n      ja\n" in text
    assert "      achternaam: Bos\n      overleden: nee\n" in text
    assert "inhoud: bestand van " in text
    english = example().render("text", "en")
    assert "Content: 1 added, 3 removed, 1 changed" in english
    assert oso.diff(pupil(), pupil()).render(language="en").endswith("No differences.\n")


def test_as_json() -> None:
    held = json.loads(example().render("json"))
    assert (held["same"], held["delivery"], held["oso_bridge"]) == (False, [], oso.__version__)
    gender = held["changes"][1]
    assert gender == {
        "kind": "changed",
        "path_a": "leerling.geslacht",
        "path_b": "leerling.geslacht",
        "key": {},
        "before": "1",
        "after": "2",
        "meaning": {"before": "vrouw", "after": "man"},
    }
    attachment = held["changes"][-1]["before"]
    assert attachment["bestandsnaam"] == "brief.txt"
    assert attachment["inhoud"]["digest"].startswith("sha256:")
    assert set(attachment["inhoud"]) == {"characters", "digest"}


def test_without_values() -> None:
    for form in ("text", "json", "html"):
        shown = example().render(form, values=False)
        assert "leerling.geslacht" in shown
        for value in ("vrouw", "2007", "Bos", "brief.txt", "sha256"):
            assert value not in shown
    assert set(json.loads(example().render("json", values=False))["changes"][0]) == {"kind", "path_a", "path_b"}


def test_a_form_or_language_that_does_not_exist() -> None:
    with pytest.raises(oso.UsageError, match="no format 'pdf'"):
        example().render("pdf")
    with pytest.raises(oso.UsageError, match="language 'fr'"):
        example().render(language="fr")


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        del attrs
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_html_is_a_page_in_which_nothing_of_a_dossier_is_markup() -> None:
    evil = '<script>alert("x")</script><img src=x onerror=y>\x1b[31m\u202e'
    a, b = pupil(roepnaam=evil), pupil(roepnaam="Jil", verzorgers=[Verzorger(achternaam=evil, roepnaam=evil)])
    shown = oso.diff(a, b).render("html", "en")
    page = Page(shown)
    assert not {"script", "img"} & set(page.tags)
    assert any('<script>alert("x")</script>' in text for text in page.text)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\x1b" not in oso.diff(a, b).render("text")
    assert page.tags.count("tr") == 3
    assert "This page holds data of a child." in shown


def test_a_long_value_is_cut_off_for_people_only() -> None:
    found = oso.diff(pupil(), pupil(geboorteplaats="x" * 5000))
    assert "(5000 tekens)" in found.render()
    assert len(found.render()) < 1000
    assert "x" * 5000 in found.render("json")


# --- children's data ---


def test_no_value_is_in_what_objects_say_of_themselves(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    a = fictional(*KINDS[0])
    b = fictional(*KINDS[0])
    changed = 0
    for leaf in list(leaves(b)):
        if type(leaf.value) is str and (type(leaf.owner), leaf.name) not in LITERALS:
            leaf.set(f"{CANARY}{changed}")
            changed += 1
    assert changed > 20
    for found in (oso.diff(a, b, delivery=True), oso.diff(b, a, delivery=True), oso.diff(Dossier(), b)):
        assert CANARY in found.render("json")
        heard = [repr(found), str(found), *map(repr, found), *map(str, found), found.render(values=False)]
        assert CANARY not in "".join(heard)
    assert CANARY not in caplog.text


def test_a_change_can_be_sent_to_another_process() -> None:
    change = next(iter(oso.diff(pupil(geslacht="1"), pupil(geslacht=Code14("2")))))
    assert pickle.loads(pickle.dumps(change)) == change  # noqa: S301 - our own


# --- speed ---


def many(number: int, keyed: bool) -> Dossier:
    tests = [
        Toets(
            code=f"T{item}" if keyed else None,
            afname=Afname(datum="2019-01-01"),
            resultaat=Toetsresultaat(toetsscore=Toetsscore(aantalgoed=item)),
        )
        for item in range(number)
    ]
    return Dossier(rapport=OnderwijskundigRapport(toetsen=tests))


@pytest.mark.parametrize("keyed", [True, False])
def test_the_time_grows_with_the_dossier_and_not_with_its_square(keyed: bool) -> None:
    def seconds(number: int) -> float:
        a, b = many(number, keyed), many(number, keyed)
        b.rapport.toetsen.reverse()
        for item in b.rapport.toetsen:
            item.opmerking = "anders"
        start = process_time()
        assert len(oso.diff(a, b)) >= number
        return process_time() - start

    small = min(seconds(400) for _ in range(3))
    # ten times as many: a hundred times the time if it were the square
    assert min(seconds(4000) for _ in range(2)) < 60 * small
