"""Building and writing: profiles, what is filled in, what is still to do, what is refused, and attachments."""

from __future__ import annotations

import base64
import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import profiles
from oso_bridge._version import __version__
from oso_bridge.model import (
    Bijlage,
    Categorieen,
    Dossier,
    Inzage,
    Leerling,
    Levering,
    OnderwijskundigRapport,
    Schoolloopbaan,
)

from .samples import EXAMPLES, NOWHERE, POVO, RELEASES, edited, parts, reference_documents

PROFILES = ["POPO", "POVO", "VOVO", "BB", "POSWV", "VOSWV"]
GOOD = [path for path in EXAMPLES if path.stem not in ("kapot", "schemafout")]
REFERENCES = reference_documents()
CANARY = "Kanarie-7431"
NEW = "oso/2019.1"


def texts(document: bytes, element: str) -> dict[str, str]:
    """The children of an element that have a text, by name."""
    start = f"{element}[1]/"
    found = {path.rpartition(start)[2]: text for path, text, _ in parts(document) if f"/{start}" in path}
    return {name.removesuffix("[1]"): text for name, text in found.items() if "/" not in name}


# --- building -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROFILES)
def test_a_new_dossier_says_for_what_transfer_it_is(name: str) -> None:
    dossier = Dossier.nieuw(profiel=name, leerling=Leerling(roepnaam="Noor"))
    described = profiles.profile(name)
    assert dossier.levering == Levering(overdrachtsoort=described.overdrachtsoort, overstap=described.overstap)
    assert dossier.leerling == Leerling(roepnaam="Noor")
    assert profiles.profile_of(dossier.levering.overdrachtsoort, dossier.levering.overstap) == described


def test_there_are_these_profiles_and_no_others() -> None:
    assert list(profiles.profiles()) == PROFILES
    with pytest.raises(oso.UsageError, match="POPO, POVO, VOVO, BB, POSWV, VOSWV") as caught:
        Dossier.nieuw(profiel="PO-VO")
    assert "PO-VO" in str(caught.value)


def test_what_the_maker_says_of_the_delivery_is_kept_and_not_shared() -> None:
    levering = Levering(pakketnaam="Eigen")
    first, second = (Dossier.nieuw(profiel=name, levering=levering) for name in ("POVO", "POSWV"))
    assert (first.levering.pakketnaam, first.levering.overstap) == ("Eigen", "POVO")
    assert (first.levering.overdrachtsoort, second.levering.overdrachtsoort) == ("overstapdossier", "swv-dossier")
    assert levering == Levering(pakketnaam="Eigen")


@pytest.mark.parametrize("fields", [{"overstap": "VOVO"}, {"overdrachtsoort": "swv-dossier"}])
def test_a_delivery_of_another_profile_is_refused(fields: dict[str, str]) -> None:
    (name,) = fields
    with pytest.raises(oso.UsageError, match=rf"another profile than POVO.*levering\.{name}"):
        Dossier.nieuw("POVO", levering=Levering(**fields))  # type: ignore[arg-type]
    kept = Dossier.nieuw("POVO", levering=Levering(overstap="POVO"))  # type: ignore[arg-type]
    assert kept.levering.overstap == "POVO"


NOON = datetime(2012, 3, 17, 12, tzinfo=UTC)
BENT = {
    "an item of another kind": lambda dossier: dossier.leerling.verzorgers.append(CANARY),
    "a value of another kind": lambda dossier: dossier.leerling.__dict__.update(geboortedatum=CANARY),
    "a part of another kind": lambda dossier: dossier.__dict__.update(leerling=CANARY),
    "a text of another kind": lambda dossier: dossier.leerling.voornamen.append(5),
    "a code of another kind": lambda dossier: dossier.leerling.__dict__.update(geslacht=1),
    "a moment for a day": lambda dossier: dossier.leerling.__dict__.update(
        geboortedatum=datetime(2012, 3, 17, 12, tzinfo=UTC)
    ),
    "a truth of another kind": lambda dossier: dossier.leerling.__dict__.update(tehuis="ja"),
    "extra of another kind": lambda dossier: dossier.extra.append(CANARY),
}


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT)
def test_a_dossier_that_was_changed_past_the_model_is_refused_with_the_place(bend: Any) -> None:
    dossier = Dossier(leerling=Leerling(roepnaam="Noor"))
    bend(dossier)
    for use in (oso.write, oso.todo, oso.losses):
        with pytest.raises(oso.FieldError) as caught:
            use(dossier, release=NEW)
        assert caught.value.faults[0]["path"].startswith(("leerling", "extra"))
        assert CANARY not in str(caught.value)
        assert caught.value.__context__ is caught.value.__cause__ is None


def test_a_field_that_does_not_exist_is_told_with_the_one_it_looks_like() -> None:
    with pytest.raises(oso.FieldError) as caught:
        Dossier.nieuw(profiel="POVO", leerling={"achternam": CANARY, "geboortedatum": CANARY, CANARY: 1})
    assert {fault["path"] for fault in caught.value.faults} == {
        "leerling.geboortedatum",
        "leerling.?",
    }
    assert any("bedoeld is misschien achternaam" in fault["nl"] for fault in caught.value.faults)
    shown = str(caught.value) + repr(caught.value.faults)
    assert CANARY not in shown
    assert caught.value.__context__ is caught.value.__cause__ is None


# --- what is filled in on writing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("release", RELEASES)
def test_versions_date_and_categories_are_filled_in(name: str, release: str) -> None:
    dossier = Dossier.nieuw(profiel=name)
    document = oso.write(dossier, release=release, check=False)
    found, info = texts(document, "metadata"), oso.installed()
    chosen = next(item for item in info if item.id == release)
    assert (found["pakketnaam"], found["pakketversie"]) == ("oso_bridge", __version__)
    assert (found["deeldossier"], found["datum"]) == ("LASLVS", date.today().isoformat())
    versions = {"standaardversie", "validatieversie", "eldversie", "xsdversie"}
    assert {key: found[key] for key in versions & found.keys()} == {
        key: chosen.info[key] for key in versions & chosen.info.keys()
    }
    assert len(versions & found.keys()) == 2
    categories = texts(document, "categorie_uitlevering")
    assert len(categories) == (16 if chosen.order >= (2017,) else 0)
    assert dossier == Dossier.nieuw(profiel=name)


@pytest.mark.parametrize("name", PROFILES)
def test_categories_are_those_of_the_profile(name: str) -> None:
    found = texts(oso.write(Dossier.nieuw(profiel=name), release=NEW, check=False), "categorie_uitlevering")
    described = profiles.profile(name)
    for kind, names in (("VERPLICHT", described.required), ("VERBODEN", described.forbidden)):
        assert {key.removeprefix("cat_") for key, value in found.items() if value == kind} == names
    assert set(found.values()) <= {"VERPLICHT", "VERBODEN", "OPTIONEEL"}


def test_nothing_is_filled_in_over_what_is_there() -> None:
    levering = Levering(
        pakketnaam="Eigen",
        pakketversie="9",
        datum="2019-06-03",  # type: ignore[arg-type]
        deeldossier="LAS",
        standaardversie="x",
        validatieversie="y",
        categorieen=Categorieen(bijlagedocs="OPT-UIT"),
    )
    before = levering.model_copy(deep=True)
    dossier = Dossier.nieuw(profiel="POVO", levering=levering)
    document = oso.write(dossier, release=NEW, check=False)
    found = texts(document, "metadata")
    assert [found[key] for key in ("pakketnaam", "pakketversie", "datum", "deeldossier")] == [
        "Eigen",
        "9",
        "2019-06-03",
        "LAS",
    ]
    assert (found["standaardversie"], found["validatieversie"]) == ("x", "y")
    categories = texts(document, "categorie_uitlevering")
    assert (categories["cat_bijlagedocs"], categories["cat_vombo"], len(categories)) == ("OPT-UIT", "VERBODEN", 16)
    assert levering == before


def test_without_a_profile_no_categories_are_made_up() -> None:
    assert texts(oso.write(Dossier(), release=NEW, check=False), "categorie_uitlevering") == {}


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_writing_changes_nothing_of_the_dossier(path: Path) -> None:
    dossier = oso.read(path).dossier()
    before = dossier.model_dump_json()
    release = oso.read(path).release_id
    first = oso.write(dossier, release=release)
    assert dossier.model_dump_json() == before
    assert oso.write(dossier, release=release) == first


# --- what is still to do --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*GOOD, *REFERENCES] if REFERENCES else GOOD, ids=lambda path: path.stem)
def test_nothing_is_to_do_for_a_good_dossier(path: Path) -> None:
    document = oso.read(path)
    if not oso.check(document, layers=("schema", "codes", "rules")).ok:
        pytest.skip("this reference document breaks rules itself")
    assert oso.todo(document.dossier(), release=document.release_id) == []


@pytest.mark.skipif(not REFERENCES, reason=NOWHERE)
def test_most_reference_documents_are_good() -> None:
    assert sum(oso.check(path, layers=("schema", "codes", "rules")).ok for path in REFERENCES) > len(REFERENCES) / 2


TODO = {
    "POPO": {"ouderinzage", "oudersverzorgers", "schoolloopbaan", "overstapadvies"},
    "POVO": {"ouderinzage", "oudersverzorgers", "schoolloopbaan", "overstapadvies"},
    "VOVO": {"ouderinzage", "oudersverzorgers", "schoolloopbaan", "overstapadvies"},
    "BB": set[str](),
    "POSWV": {"oudersverzorgers", "schoolloopbaan", "onderwijsondersteuning"},
    "VOSWV": {"oudersverzorgers", "schoolloopbaan", "onderwijsondersteuning"},
}


@pytest.mark.parametrize("name", PROFILES)
def test_all_is_to_do_for_an_empty_dossier(name: str) -> None:
    found = oso.todo(Dossier.nieuw(profiel=name), release=NEW)
    expected = {f"CAT.{category}.present.VERPLICHT" for category in TODO[name]}
    rules = {finding.rule for finding in found}
    assert {rule for rule in rules if rule.startswith("CAT.")} == expected
    assert "XSD.ontbreekt.huidigeschool" in rules
    assert ("OVa.IZ01" in rules) == ("ouderinzage" in TODO[name])
    assert all(finding.value is None and finding.remedy("nl") and finding.text("en") for finding in found)


def test_every_absent_child_is_told_and_no_value() -> None:
    loopbaan = [Schoolloopbaan(schooljaar=CANARY), Schoolloopbaan(jaargroep=CANARY)]
    dossier = Dossier.nieuw(
        profiel="POVO",
        leerling=Leerling(achternaam=CANARY, geslacht=CANARY),
        rapport=OnderwijskundigRapport(schoolloopbaan=loopbaan),
    )
    found = oso.todo(dossier, release=NEW)
    places = {(finding.rule, finding.path) for finding in found}
    assert {
        ("XSD.ontbreekt.naam", "school.naam"),
        ("XSD.ontbreekt.brincode", "school.brincode"),
        ("XSD.ontbreekt.schooljaar", "rapport.schoolloopbaan[2].schooljaar"),
        ("XSD.ontbreekt.brincode", "rapport.schoolloopbaan.brincode"),
        ("CL.14.geslacht", "leerling.geslacht"),
    } <= places
    assert len(places) == len(found) > 10
    shown = "".join(finding.text(tongue) + finding.remedy(tongue) for finding in found for tongue in ("nl", "en"))
    assert CANARY not in shown + repr(found)


def test_what_is_to_do_is_what_keeps_it_from_being_written() -> None:
    dossier = oso.read(POVO.encode()).dossier()
    assert dossier.leerling is not None
    dossier.leerling.leerlingid = None
    assert [finding.rule for finding in oso.todo(dossier, release=NEW)] == ["OVa.LL13"]
    with pytest.raises(oso.WriteRefused, match=r"OVa\.LL13"):
        oso.write(dossier, release=NEW)
    dossier.leerling.leerlingid = "1"
    assert oso.todo(dossier, release=NEW) == []
    assert oso.check(oso.write(dossier, release=NEW)).ok


# --- refusing -------------------------------------------------------------------------------------------------------


def test_what_is_refused_comes_with_its_report() -> None:
    dossier = Dossier.nieuw(profiel="POVO", inzage=Inzage(redennietakkoord=CANARY))
    with pytest.raises(oso.WriteRefused) as caught:
        oso.write(dossier, release=NEW)
    report = caught.value.report
    assert isinstance(report, oso.Report)
    assert not report.ok
    assert report.release == NEW
    assert {layer.name for layer in report.layers} >= {"schema", "codes", "rules"}
    assert any(finding.rule in str(caught.value) for finding in report.findings)
    assert CANARY not in str(caught.value) + repr(report)
    assert oso.check(oso.write(dossier, release=NEW, check=False)).ok is False


def test_more_rules_than_fit_are_not_all_named() -> None:
    with pytest.raises(oso.WriteRefused, match=r"\.\.\."):
        oso.write(oso.read(EXAMPLES[[path.stem for path in EXAMPLES].index("kapot")]).dossier(), release=NEW)


@pytest.mark.parametrize("release", [None, "oso/9.9"])
def test_a_release_is_named_and_installed(release: str | None) -> None:
    with pytest.raises(oso.UsageError):
        oso.write(Dossier(), release=release)


def test_a_text_that_xml_cannot_hold_is_refused_without_showing_it() -> None:
    dossier = Dossier(leerling=Leerling(roepnaam=f"{CANARY}\x00"))
    for use in (oso.write, oso.todo):
        with pytest.raises(oso.FieldError, match=r"leerling\.roepnaam.*U\+0000") as caught:
            use(dossier, release=NEW)
        assert CANARY not in str(caught.value)


def test_a_document_is_copied_in_its_own_release_and_goes_through_the_model_to_another() -> None:
    document = oso.read(edited(("<brincode>00YY<", "<brincode>0<")))
    assert oso.write(document) == oso.write(document, release=NEW)
    assert oso.check(oso.write(document)).ok is False
    with pytest.raises(oso.WouldLose):
        oso.write(document, release="oso/2016.1")
    written = oso.write(document, release="oso/2016.1", check=False, losses="allow")
    assert oso.read(written).release_id == "oso/2016.1"


# --- attachments ----------------------------------------------------------------------------------------------------


def test_an_attachment_is_written_and_read_and_saved(tmp_path: Path) -> None:
    source = tmp_path / "verslag.pdf"
    source.write_bytes(b"%PDF-1.7 verslag")
    dossier = oso.read(POVO.encode()).dossier()
    dossier.rapport.bijlagen = [Bijlage.van(source, omschrijving="Een verslag"), Bijlage.van(several(), naam="a.zip")]
    again = oso.read(oso.write(dossier, release=NEW)).dossier()
    first, second = again.rapport.bijlagen
    assert again.rapport.bijlagen == dossier.rapport.bijlagen
    assert (first.omschrijving, first.names(), first.open().read()) == (
        "Een verslag",
        ["verslag.pdf"],
        b"%PDF-1.7 verslag",
    )
    assert second.open("twee.txt").read() == b"2"
    saved = first.save(tmp_path / "uit") + second.save(tmp_path / "uit")
    assert [path.name for path in saved] == ["verslag.pdf", "een.txt", "twee.txt"]
    assert [path.read_bytes() for path in saved] == [b"%PDF-1.7 verslag", b"1", b"2"]
    assert [path for path, _ in again.bijlagen()][-2:] == ["rapport.bijlagen", "rapport.bijlagen[2]"]


def test_a_written_attachment_has_nothing_that_the_checks_mind() -> None:
    dossier = oso.read(POVO.encode()).dossier()
    dossier.rapport.bijlagen = [Bijlage.van(b"tekst", naam="verslag.txt", omschrijving="Een verslag")]
    report = oso.check(oso.write(dossier, release=NEW))
    assert report.ok
    assert [finding.rule for finding in report.findings if "bijlagen" in (finding.path or "")] == []


def several() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("een.txt", b"1")
        archive.writestr("twee.txt", b"2")
    return buffer.getvalue()


def test_an_attachment_that_is_damaged_travels_as_it_is() -> None:
    content = base64.b64encode(b"PK\x03\x04 geen zip").decode()
    dossier = Dossier(rapport=OnderwijskundigRapport(bijlagen=[Bijlage(bestandsnaam="a.pdf", inhoud=content)]))
    again = oso.read(oso.write(dossier, release=NEW, check=False)).dossier()
    assert again.rapport.bijlagen == dossier.rapport.bijlagen
    with pytest.raises(oso.DocumentError):
        again.rapport.bijlagen[0].names()


def test_a_release_without_dossiers_is_told_so() -> None:
    for use in (oso.write, oso.todo, oso.losses):
        with pytest.raises(oso.UsageError, match=r"edexml/2\.1 has no dossiers"):
            use(Dossier(), release="edexml/2.1")
