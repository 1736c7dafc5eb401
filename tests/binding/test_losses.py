"""What another release has no place for: told by path, written only when allowed, and counted apart from the engine."""

from __future__ import annotations

import json
import re

import pytest

import oso_bridge as oso
from oso_bridge import binding, plan
from oso_bridge.model import (
    Advies,
    Arts,
    Categorieen,
    Cijferlijst,
    Dossier,
    Eindtoets,
    Extra,
    Handelingsplan,
    Leerling,
    Levering,
    Ondersteuning,
    OnderwijskundigRapport,
    Opp,
    Overstapadvies,
    Schoolloopbaan,
    Score,
    Vakcijfers,
)

from .samples import POVO, RELEASES, full_dossier, leaves, release_of

PAIRS = [(source, target) for source in RELEASES for target in RELEASES if source != target]
# what a document says of its own form, which another release fills in anew
VERSIONS = {f"levering.{name}" for name in ("standaardversie", "validatieversie", "eldversie", "xsdversie")}


def fields(name: str) -> dict[str, bool]:
    """Of paths.json and the plan alone: each field that takes a leaf, and whether the leaf may be repeated."""
    release, found = release_of(name), {}
    paths = json.loads((release.folder / "paths.json").read_text(encoding="utf-8"))
    for leaf in leaves(release):
        # of the advices of a full dossier the revised one is the second
        path = re.sub(r"\[([^]\d][^]]*)?\]", "", paths[leaf.path].replace("[soort=herzien]", "[2]"))
        for part in (".code", ".omschrijving") if leaf.attributes else ("",):
            found[path + part] = leaf.many
    return found


def expected(source: str, target: str) -> set[tuple[str, str]]:
    """The losses of a dossier that holds every leaf of the source once, and twice where it may be repeated."""
    there, lost = fields(target), set()
    for path, many in fields(source).items():
        if path not in there:
            lost |= {(path, "geen-plaats")} | ({(f"{path}[2]", "geen-plaats")} if many else set())
        elif many and not there[path]:
            lost.add((f"{path}[2]", "een-van-meer"))
    # of a kind that the target has no place for, the kind itself is lost too
    if not any(path.startswith("rapport.eindtoetsen") for path in there) and source != "oso/1.1.1":
        lost.add(("rapport.eindtoetsen.soort", "geen-plaats"))
    # what kind of doctor it is, the others write down and 2019.1 knows by the name of the element
    return lost - {("leerling.artsen.soort", "geen-plaats")} - {(path, "geen-plaats") for path in VERSIONS}


def everything(name: str) -> Dossier:
    dossier = full_dossier(release_of(name))
    assert dossier.leerling is not None
    dossier.leerling.artsen[0].soort = "huisarts"
    return dossier


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_exactly_what_has_no_place_is_lost(source: str, target: str) -> None:
    found = [(loss.path, loss.kind) for loss in oso.losses(everything(source), release=target)]
    assert len(found) == len(set(found))
    assert set(found) == expected(source, target)


def test_releases_far_apart_lose_much_and_the_nearest_nothing() -> None:
    assert len(expected("oso/2016.1", "oso/2019.1")) > 30
    assert len(expected("oso/2019.1", "oso/1.1.1")) > 60
    assert expected("oso/2017.1", "oso/2018.1") == set()


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_what_is_not_lost_arrives_and_comes_back(source: str, target: str) -> None:
    dossier, losses = everything(source), expected(source, target)
    if losses:
        with pytest.raises(oso.WouldLose) as caught:
            oso.write(dossier, release=target, check=False)
        assert caught.value.losses == oso.losses(dossier, release=target)
    there = oso.read(oso.write(dossier, release=target, check=False, losses="allow")).dossier()
    assert oso.losses(there, release=source) == []
    back = oso.read(oso.write(there, release=source, check=False, losses="allow")).dossier()
    assert {loss.path for loss in missing(dossier, back)} == {path for path, _ in losses}
    assert missing(back, dossier) == []


def missing(whole: Dossier, part: Dossier) -> list[oso.Loss]:
    return list(binding._missing(whole, part, "", {}))


@pytest.mark.parametrize("name", RELEASES)
def test_nothing_is_lost_in_its_own_release(name: str) -> None:
    assert oso.losses(full_dossier(release_of(name)), release=name) == []


def test_a_loss_says_what_and_why_in_two_languages() -> None:
    for kind in ("geen-plaats", "een-van-meer", "andere-release"):
        loss = oso.Loss("leerling.artsen[2].achternaam", kind)
        assert loss.path in loss.text("nl")
        assert loss.path in loss.text("en")
        assert loss.text("nl") != loss.text("en") == loss.text(language="en")


# --- one by one -----------------------------------------------------------------------------------------------------


def rapport(**parts: object) -> Dossier:
    return Dossier(rapport=OnderwijskundigRapport(**parts))


def lost(dossier: Dossier, release: str = "oso/2019.1") -> list[tuple[str, str]]:
    return [(loss.path, loss.kind) for loss in oso.losses(dossier, release=release)]


def test_of_two_where_one_fits_the_second_is_lost() -> None:
    plans = [Opp(begindatum="2016-01-01"), Opp(begindatum="2016-02-01", einddatum="2016-03-01")]  # type: ignore[arg-type]
    dossier = rapport(ondersteuning=Ondersteuning(opp=plans))
    assert lost(dossier) == [
        ("rapport.ondersteuning.opp[2].begindatum", "een-van-meer"),
        ("rapport.ondersteuning.opp[2].einddatum", "een-van-meer"),
    ]
    assert lost(dossier, "oso/2016.1") == []
    written = oso.write(dossier, release="oso/2019.1", check=False, losses="allow")
    assert oso.read(written).dossier().rapport.ondersteuning == Ondersteuning(opp=plans[:1])


def test_of_two_of_one_kind_the_second_is_lost() -> None:
    first, second = Advies(soort="herzien", niveau="60"), Advies(soort="herzien", niveau="61")  # type: ignore[arg-type]
    final = Advies(soort="definitief", niveau="62")  # type: ignore[arg-type]
    assert lost(rapport(advies=Overstapadvies(adviezen=[first, final, second]))) == [
        ("rapport.advies.adviezen[3].soort", "een-van-meer"),
        ("rapport.advies.adviezen[3].niveau", "een-van-meer"),
    ]


def test_kinds_may_stand_in_any_order() -> None:
    """The list of a dossier is in the order of whoever made it; the document is in its own."""
    kinds = [Advies(soort="herzien", niveau="60"), Advies(soort="definitief", niveau="61")]  # type: ignore[arg-type]
    dossier = rapport(advies=Overstapadvies(adviezen=kinds))
    assert lost(dossier) == []
    again = oso.read(oso.write(dossier, release="oso/2019.1", check=False)).dossier()
    assert again.rapport.advies is not None
    assert again.rapport.advies.adviezen == kinds[::-1]


def test_a_kind_without_a_place_is_lost_and_the_others_are_not() -> None:
    kinds = [Advies(soort="voorlopig", niveau="60"), Advies(soort="definitief", niveau="61", motivatie="x")]  # type: ignore[arg-type]
    tests = [Eindtoets(soort="doorstroomtoets", deelgenomen=True), Eindtoets(soort="eindtoets", deelgenomen=True)]
    assert lost(rapport(advies=Overstapadvies(adviezen=kinds), eindtoetsen=tests)) == [
        ("rapport.advies.adviezen.soort", "geen-plaats"),
        ("rapport.advies.adviezen.niveau", "geen-plaats"),
        ("rapport.advies.adviezen[2].motivatie", "geen-plaats"),
        ("rapport.eindtoetsen.soort", "geen-plaats"),
        ("rapport.eindtoetsen.deelgenomen", "geen-plaats"),
    ]


def test_doctors_of_which_a_release_knows_one_kind() -> None:
    doctors = [Arts(soort="oogarts", achternaam="A"), Arts(soort="huisarts", achternaam="B")]
    dossier = Dossier(leerling=Leerling(artsen=doctors))
    assert lost(dossier) == [("leerling.artsen.achternaam", "geen-plaats"), ("leerling.artsen.soort", "geen-plaats")]
    assert lost(dossier, "oso/2016.1") == []
    again = oso.read(oso.write(dossier, release="oso/2016.1", check=False)).dossier()
    assert again.leerling is not None
    assert again.leerling.artsen == doctors


def test_what_stands_inside_an_absent_part_of_the_document_is_written() -> None:
    """2016.1 keeps doctors, and 2019.1 plans of action, inside the element for support."""
    plans = [Handelingsplan(begindatum="2019-01-01")]  # type: ignore[arg-type]
    for name in RELEASES:
        assert lost(rapport(handelingsplannen=plans), name) == []
        again = oso.read(oso.write(rapport(handelingsplannen=plans), release=name, check=False)).dossier()
        assert again.rapport.handelingsplannen == plans


def test_a_subject_without_a_name_would_join_the_one_before_it() -> None:
    subjects = [
        Vakcijfers(naam="rekenen", scores=[Score(waarde="7")]),
        Vakcijfers(scores=[Score(waarde="4")]),
    ]
    assert ("rapport.cijferlijsten.vakken[2].scores.waarde", "een-van-meer") in lost(
        rapport(cijferlijsten=[Cijferlijst(vakken=subjects)])
    )
    assert lost(rapport(cijferlijsten=[Cijferlijst(vakken=subjects[:1])])) == []


def test_what_was_kept_of_another_release_is_lost() -> None:
    dossier = oso.read(POVO.encode()).dossier()
    dossier.extra.append(Extra(release="oso/2016.1", pad="inzage.xyz", soort="waarde", inhoud="x"))
    assert lost(dossier) == [("extra", "andere-release")]
    dossier.extra[0].release = "oso/1900.1"
    assert lost(dossier) == [("extra", "andere-release")]


def test_what_was_kept_of_a_part_that_is_gone_is_lost() -> None:
    pad = "huidigeschool.leerling.schoolloopbaanlijst.schoolloopbaan[9].begindatum"
    dossier = Dossier(extra=[Extra(release="oso/2019.1", pad=pad, soort="waarde", inhoud="x")])
    assert lost(dossier) == [("rapport.schoolloopbaan[9].begindatum", "geen-plaats")]


def test_what_was_kept_of_an_item_is_lost_with_its_place_of_now() -> None:
    pad = "huidigeschool.leerling.schoolloopbaanlijst.schoolloopbaan[9]"
    kept = [
        Extra(release=name, pad=f"{pad}.begindatum", soort="waarde", inhoud="x", reden="date")
        for name in ("oso/2016.1", "oso/2019.1", "oso/2019.1")
    ]
    kept[2].pad = f"{pad}.geheel.anders"
    periods = [Schoolloopbaan(), Schoolloopbaan(extra=kept)]
    assert lost(rapport(schoolloopbaan=periods)) == [
        ("rapport.schoolloopbaan[2].begindatum", "andere-release"),
        ("rapport.schoolloopbaan[2].extra", "geen-plaats"),
    ]


def test_what_was_kept_of_a_part_without_a_place_is_lost_with_it() -> None:
    extra = [Extra(release="oso/2019.1", pad="x", soort="tekst", inhoud="x")]
    doctors = [Arts(soort="oogarts", extra=extra)]
    assert ("leerling.artsen.extra", "geen-plaats") in lost(Dossier(leerling=Leerling(artsen=doctors)))


def test_the_error_names_places_and_no_values() -> None:
    levering = Levering(categorieen=Categorieen(school="KANARIE-1", leerling="KANARIE-2"))
    with pytest.raises(oso.WouldLose) as caught:
        oso.write(Dossier(levering=levering), release="oso/1.1.1", check=False)
    assert "levering.categorieen.school" in str(caught.value)
    assert "2 parts" in str(caught.value)
    assert "KANARIE" not in str(caught.value) + "".join(loss.text() for loss in caught.value.losses)


def test_losses_are_refused_or_allowed() -> None:
    with pytest.raises(oso.UsageError, match="refuse or allow"):
        oso.write(Dossier(), release="oso/2019.1", losses="anders")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", RELEASES)
def test_the_paths_beside_the_plan_are_those_of_the_table(name: str) -> None:
    release = release_of(name)
    assert binding.write_paths(release) is False
    assert plan.model_paths(release) == binding.table(release).paths
