"""Conversion, point by point: places, order, versions, what is left behind, what stays, and what may not be told."""

from __future__ import annotations

import re
import tomllib
from itertools import product
from typing import Any

import pytest
from binding.samples import CHECKOUT, POVO, edited, release_of
from lxml import etree

import oso_bridge as oso
from oso_bridge import fitting, plan
from oso_bridge.xml import values

from .generated import filled
from .oracle import PAIRS, VERSIONS, local

EARLIER = filled("2018.1", 0)
NEWEST, EARLIER_ID, OLDEST = "oso/2019.1", "oso/2018.1", "oso/1.1.1"


def tree(document: bytes) -> Any:
    return etree.fromstring(document)


def first(root: Any, path: str) -> Any:
    found = root.find("/".join(f"{{*}}{name}" for name in path.split("/")))
    assert found is not None, path
    return found


def written(root: Any) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def losses(document: bytes, to: str) -> list[tuple[str, str]]:
    return [(loss.path, loss.kind) for loss in oso.convert(document, to=to).losses]


ZORG = "huidigeschool/leerling/zorg"


# --- the document that is made --------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_and_namespace_are_those_of_the_target(version: str) -> None:
    release = release_of(f"oso/{version}")
    for source in VERSIONS:
        document = filled(source, 0).replace(b">2019.1<", b">onbekend<")
        made = oso.convert(document, to=release.id)
        root = tree(made.xml)
        assert etree.QName(root).namespace == release.namespace
        told = {local(one): one.text for one in first(root, "metadata") if local(one).endswith("versie")}
        del told["pakketversie"]
        if source != version:
            assert told == {name: str(release.info[name]) for name in told}
            assert made.document.release_id == release.id
            assert made.report.to_dict()["findings"] == oso.check(made.xml).to_dict()["findings"]


def test_versions_that_no_release_has_are_replaced() -> None:
    document = edited(("<standaardversie>2019.1", "<standaardversie>KANARIE"))
    assert b"KANARIE" not in oso.convert(document, to=EARLIER_ID).xml


def test_a_document_of_the_release_is_copied() -> None:
    made = oso.convert(POVO.encode(), to=NEWEST)
    assert made.losses == []
    assert made.xml == oso.write(oso.read(POVO.encode()))


@pytest.mark.parametrize(("source", "target"), PAIRS[::5])
def test_the_same_document_gives_the_same_bytes_and_losses(source: str, target: str) -> None:
    one, other = (oso.convert(filled(source, 1), to=f"oso/{target}") for _ in range(2))
    assert one.xml == other.xml
    assert one.losses == other.losses


def test_no_empty_element_is_left_behind() -> None:
    root = tree(EARLIER)
    zorg = first(root, ZORG)
    for child in list(zorg):
        if local(child) != "lgf":
            zorg.remove(child)
    plans = first(root, "huidigeschool/leerling/handelingsplanlijst")
    plans.getparent().remove(plans)
    made = tree(oso.convert(written(root), to=NEWEST).xml)
    assert made.find(".//{*}onderwijsondersteuning") is None


def test_an_element_that_was_empty_already_goes_along() -> None:
    root = tree(EARLIER)
    zorg = first(root, ZORG)
    del zorg[:]
    plans = first(root, "huidigeschool/leerling/handelingsplanlijst")
    plans.getparent().remove(plans)
    made = tree(oso.convert(written(root), to=NEWEST).xml)
    assert len(first(made, "huidigeschool/leerling/onderwijsondersteuning")) == 0


def test_a_part_whose_only_value_is_left_out_goes_too() -> None:
    root = tree(filled("1.2.2", 0))
    part = first(root, "huidigeschool/leerling/bevorderd")
    part.remove(first(part, "leerjaar"))
    first(part, "elementcode").text = "havo"
    made = oso.convert(written(root), to="oso/2016.1")
    assert ("rapport.bevorderd.elementcode", "versmald") in [(loss.path, loss.kind) for loss in made.losses]
    assert tree(made.xml).find(".//{*}bevorderd") is None


# --- values ---------------------------------------------------------------------------------------------------------


def test_a_wider_code_takes_the_place_of_one_that_is_gone() -> None:
    root = tree(filled("1.2.2", 0))
    kinds = first(root, "huidigeschool/communicatielijst")
    for item, kind in zip(kinds, ("mobiel", "fax"), strict=True):
        first(item, "soort").text = kind
    made = oso.convert(written(root), to="oso/2016.1")
    told = [(loss.path, loss.kind) for loss in made.losses if loss.path.startswith("school.communicatie")]
    assert told == [("school.communicatie.soort", "versmald"), ("school.communicatie[2].soort", "geen-code")]
    there = first(tree(made.xml), "huidigeschool/communicatielijst")
    # fax has no other code, and the structure cannot do without: a person has to choose
    assert [first(item, "soort").text for item in there] == ["telefoon", "fax"]
    assert not made.report.ok


def test_what_was_wrong_already_stays_and_is_no_loss() -> None:
    root = tree(filled("2017.1", 0))
    first(root, "huidigeschool/leerling/overstapadvies/profiel").text = "verzonnen"
    first(root, "huidigeschool/leerling/bevorderd/elementcode").text = "havo"
    assert oso.convert(written(root), to=EARLIER_ID).losses == []
    assert b"verzonnen" in oso.convert(written(root), to=OLDEST).xml


def test_a_value_that_is_wrong_only_there_is_found_behind_a_missing_element() -> None:
    """libxml2 looks no further in an element that lacks a child; the values behind it count all the same."""
    root = tree(filled("1.2.2", 0))
    period = first(root, "huidigeschool/leerling/schoolloopbaanlijst/schoolloopbaan")
    period.remove(first(period, "groepscode"))
    first(period, "voelementcode").text = "vwo"
    made = oso.convert(written(root), to=EARLIER_ID)
    found = [loss for loss in made.losses if loss.path == "rapport.schoolloopbaan.voelementcode"]
    assert [(loss.kind, loss.elsewhere) for loss in found] == [
        ("versmald", "rapport.schoolloopbaan.voelementomschrijving")
    ]
    assert b">vwo<" not in made.xml


def test_types_of_two_releases_are_told_apart() -> None:
    old, new = release_of("oso/1.2.2"), release_of("oso/2016.1")
    assert values.restrictions(old, "nonEmptyStringType") == values.restrictions(new, "nonEmptyStringType")
    accepts = values.accepts(new, "elementcodeType")
    assert [accepts(text) for text in ("0123", "vwo", "", "01234")] == [True, False, False, False]
    assert values.accepts(new, "/leerling/voorschools/voorschoolsemaanden")("24")
    assert not values.accepts(new, "/leerling/voorschools/voorschoolsemaanden")("25")
    assert values.accepts(new, "xs:date")("2016-02-29")


# --- kinds, places and order ----------------------------------------------------------------------------------------


def test_places_are_those_of_the_source() -> None:
    """Of three doctors the third goes along: what is wrong with him there is told by his place here."""
    root = tree(filled("1.2.2", 0))
    doctors = first(root, f"{ZORG}/artslijst")
    doctors.append(tree(etree.tostring(doctors[0])))
    for doctor, kind in zip(doctors, ("logopedist", "oogarts", " Huisarts"), strict=True):
        first(doctor, "soort").text = kind
        first(doctor, "communicatielijst/communicatie/soort").text = "fax"
    found = losses(written(root), NEWEST)
    assert ("leerling.artsen.soort", "geen-plaats") in found
    assert ("leerling.artsen[2].communicatie.soort", "geen-plaats") in found
    assert ("leerling.artsen[3].communicatie.soort", "geen-code") in found
    assert not [path for path, _ in found if path == "leerling.artsen[3].achternaam"]


def test_of_two_of_one_kind_the_first_goes_along() -> None:
    root = tree(EARLIER)
    for doctor in first(root, f"{ZORG}/artslijst"):
        first(doctor, "soort").text = "huisarts"
    assert ("leerling.artsen[2].achternaam", "een-van-meer") in losses(written(root), NEWEST)
    assert ("leerling.artsen.achternaam", "een-van-meer") not in losses(written(root), NEWEST)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_losses_are_in_the_order_of_the_dossier(source: str, target: str) -> None:
    places: dict[str, int] = {}

    def note(value: Any, path: str) -> None:
        places.setdefault(path, len(places))
        for name in getattr(type(value), "model_fields", ()):
            inner = getattr(value, name)
            for number, item in enumerate(inner if isinstance(inner, list) else [inner], start=1):
                step = name if number == 1 else f"{name}[{number}]"
                note(item, f"{path}.{step}" if path else step)

    note(oso.read(filled(source, 0)).dossier(), "")
    found = [places[loss.path] for loss in oso.convert(filled(source, 0), to=f"oso/{target}").losses]
    assert found == sorted(found)


def test_what_no_release_knows_is_lost_once_and_by_the_place_around_it() -> None:
    document = edited(("<bsn>", "<verzonnen>KANARIE</verzonnen><anders/><bsn>"), ("<dossier ", '<dossier vreemd="1" '))
    found = losses(document, EARLIER_ID)
    assert found.count(("leerling", "geen-plaats")) == 1
    assert found.count(("dossier", "geen-plaats")) == 1


def test_where_the_schema_is_to_be_found_is_no_loss() -> None:
    where = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:a a.xsd"'
    assert losses(edited(("<dossier ", f"<dossier {where} ")), EARLIER_ID) == losses(POVO.encode(), EARLIER_ID)


# --- several dossiers -----------------------------------------------------------------------------------------------


def several(*documents: bytes, beside: str = "") -> bytes:
    parts = [tree(document) for document in documents]
    root = etree.Element(f"{{{etree.QName(parts[0]).namespace}}}dossiers", nsmap=parts[0].nsmap)
    root.extend(parts)
    if beside:
        root.append(tree(f'<terugkoppeling xmlns="{etree.QName(root).namespace}">{beside}</terugkoppeling>'.encode()))
    return written(root)


def test_several_dossiers_go_together_and_the_later_ones_are_numbered() -> None:
    alone = losses(EARLIER, NEWEST)
    made = oso.convert(several(EARLIER, EARLIER), to=NEWEST)
    assert [(loss.path, loss.kind) for loss in made.losses] == [
        *alone,
        *((f"dossier[2].{path}", kind) for path, kind in alone),
    ]
    assert [local(one) for one in tree(made.xml)] == ["dossier", "dossier"]
    assert made.document.release_id == NEWEST


def test_what_stands_beside_the_dossiers_goes_along() -> None:
    versions = "<standaardversie>2018.1</standaardversie><validatieversie>2018.1.1</validatieversie>"
    category = "<categorie_uitlevering><cat_zorgenbegeleiding>OPT-UIT</cat_zorgenbegeleiding></categorie_uitlevering>"
    matched = "<leerlingmatching><leerlingid>17</leerlingid><voornaam>Anna</voornaam></leerlingmatching>"
    document = several(EARLIER, beside=f"<metadata>{versions}{category}</metadata>{matched}<x/>")
    made = oso.convert(document, to=NEWEST)
    there = first(tree(made.xml), "terugkoppeling")
    assert first(there, "leerlingmatching/voornaam").text == "Anna"
    assert first(there, "metadata/standaardversie").text == "2019.1"
    told = [loss.path for loss in made.losses if loss.path.startswith("terugkoppeling")]
    assert told == ["terugkoppeling.metadata.categorie_uitlevering.cat_zorgenbegeleiding", "terugkoppeling"]
    assert oso.convert(several(EARLIER), to="oso/2017.1").document.root == "dossiers"


# --- strict, and the values of a child -------------------------------------------------------------------------------


def test_strict_refuses_with_all_losses() -> None:
    with pytest.raises(oso.WouldLose) as caught:
        oso.convert(EARLIER, to=NEWEST, strict=True)
    assert caught.value.losses == oso.convert(EARLIER, to=NEWEST).losses
    assert oso.convert(EARLIER, to=NEWEST).losses
    assert oso.convert(filled("2017.1", 0), to=EARLIER_ID, strict=True).losses == []


def test_no_value_in_losses_errors_and_words() -> None:
    canary = "KANARIE7"
    root = tree(filled("1.2.2", 0))
    for one in root.iter(etree.Element):
        if not len(one) and not local(one).endswith("versie"):
            one.text = canary
        for name in one.attrib:
            one.set(name, canary)
    for target in ("oso/1.1.1", NEWEST):
        made = oso.convert(written(root), to=target)
        with pytest.raises(oso.WouldLose) as caught:
            oso.convert(written(root), to=target, strict=True)
        told = [repr(made), repr(made.losses), str(caught.value), repr(caught.value)]
        told += [f"{loss.to_dict()}{loss.finding!r}" for loss in made.losses]
        assert made.losses
        assert canary not in "".join(told)
        assert canary.encode() in made.xml


def test_what_cannot_be_converted_is_refused_in_words() -> None:
    with pytest.raises(oso.UsageError, match="not installed"):
        oso.convert(POVO.replace("/2019/", "/2024/").encode(), to=NEWEST)
    with pytest.raises(oso.UsageError):
        oso.convert(POVO.encode(), to="oso/1900.1")


# --- where else -----------------------------------------------------------------------------------------------------

ROWS = tomllib.loads((CHECKOUT / "schemas" / "oso" / "omzetten.toml").read_text(encoding="utf-8"))["elsewhere"]


def places(version: str) -> set[str]:
    return {fitting.unnumbered(place) for place in plan.model_paths(release_of(f"oso/{version}")).values()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['model']} -> {row['to']}")
def test_every_other_place_is_there_where_it_is_needed(row: dict[str, Any]) -> None:
    having = [version for version in VERSIONS if row["to"] in places(version)]
    assert any(row["model"] in places(version) for version in VERSIONS)
    if "kinds" in row:
        assert any(row["model"] in places(version) for version in having)
    else:
        assert any(row["model"] not in places(version) for version in having)


def test_every_row_is_used_by_some_conversion() -> None:
    unmet = {(row["model"], row["to"]) for row in ROWS}
    for seed, (source, target) in product(range(8), PAIRS):
        if not unmet:
            return
        found = oso.convert(filled(source, seed), to=f"oso/{target}").losses
        told = [(re.sub(r"\[\d+\]", "", loss.path), loss.elsewhere) for loss in found]
        unmet -= {row for row in unmet if any(path.startswith(row[0]) and to == row[1] for path, to in told)}
    assert not unmet
