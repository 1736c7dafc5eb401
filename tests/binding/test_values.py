"""Values: what the schema takes comes back equal, and what it refuses never becomes a value."""

from __future__ import annotations

import pytest

import oso_bridge as oso
from oso_bridge.model import Dossier

from .samples import POVO, assert_same, edited, get, parts, there_and_back, unnumbered

FIELDS = {
    "xs:boolean": ("<tehuis>false<", "tehuis", "leerling.tehuis"),
    "xs:date": ("<geboortedatum>", "geboortedatum", "leerling.geboortedatum"),
    "xs:integer": (
        "<standaardscore>534<",
        "standaardscore",
        "rapport.eindtoetsen[soort=eindtoets].resultaat.standaardscore",
    ),
    "xs:decimal": (
        "<vaardigheidsscore>",
        "vaardigheidsscore",
        "rapport.toetsen.resultaat.toetsscore.vaardigheidsscore",
    ),
}

EQUAL = {
    "xs:boolean": [" true ", "1", "0", "\ttrue\n", "false", " 0"],
    "xs:date": ["2016-02-29", "0001-01-01", "9999-12-31"],
    "xs:integer": ["+7", "007", " 7 ", "-0", "0", "+0000"],
    "xs:decimal": ["+7.50", "7.50", "007", "1.", ".5", " 7.5 ", "-0.0", "9" * 60 + ".10", "0.000000000001"],
}
KEPT_EXACTLY = ["2016-01-02Z", "2016-01-02+01:00", "2016-01-02-14:00", "-0005-01-01", "10000-01-01", "10000-01-01Z"]
REFUSED = {
    "xs:boolean": ["yes", "on", "TRUE", "True", "ja", "t", "1.0", "", "\u00a0true"],
    "xs:date": ["2016-13-02Z", "2016-02-30", "1451606400", "2016-01-02T00:00:00", "2016-1-2", "2016-01-02+15:00", ""],
    "xs:integer": ["1_000", "1e3", "7.0", "", "0x1", "\u0667", "1 000"],
    "xs:decimal": ["1_000", "1e3", "INF", "NaN", "7,5", "", ".", "\u0667.5"],
}
HUGE = "12345678901234567890" * 10


def with_text(base: str, text: str) -> bytes:
    _, element, _ = FIELDS[base]
    start = POVO.index(f"<{element}>") + len(element) + 2
    return (POVO[:start] + text + POVO[POVO.index("<", start) :]).encode()


def text_of(document: bytes, element: str) -> str:
    return next(text for path, text, _ in parts(document) if unnumbered(path).endswith(f"/{element}"))


def pairs(cases: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(base, text) for base, texts in cases.items() for text in texts]


@pytest.mark.parametrize(("base", "text"), pairs(EQUAL))
def test_what_the_schema_takes_becomes_a_value_and_comes_back_equal(base: str, text: str) -> None:
    document = with_text(base, text)
    read = oso.read(document)
    assert read.schema_ok
    dossier = read.dossier(strict=True)
    assert list(dossier.bewaard()) == []
    assert get(dossier, FIELDS[base][2]) is not None
    again = there_and_back(document)
    assert_same(document, again)
    assert oso.read(again).schema_ok


@pytest.mark.parametrize("text", KEPT_EXACTLY)
def test_dates_that_no_field_can_hold_come_back_to_the_letter(text: str) -> None:
    document = with_text("xs:date", text)
    read = oso.read(document)
    assert read.schema_ok
    dossier = read.dossier()
    assert get(dossier, "leerling.geboortedatum") is None
    assert [item.inhoud for _, item in dossier.bewaard()] == [text]
    again = there_and_back(document)
    assert text_of(again, "leerling/geboortedatum") == text
    assert_same(document, again)


@pytest.mark.parametrize("text", KEPT_EXACTLY)
def test_a_time_zone_is_no_fault(text: str) -> None:
    read = oso.read(with_text("xs:date", text))
    if text.startswith("2016"):
        assert len(list(read.dossier(strict=True).bewaard())) == 1
    else:
        with pytest.raises(oso.IllTyped):
            read.dossier(strict=True)


@pytest.mark.parametrize(("base", "text"), pairs(REFUSED))
def test_what_the_schema_refuses_never_becomes_a_value(base: str, text: str) -> None:
    document = with_text(base, text)
    read = oso.read(document)
    assert not read.schema_ok
    dossier = read.dossier()
    assert get(dossier, FIELDS[base][2]) is None
    ((_, item),) = dossier.bewaard()
    assert (item.soort, item.inhoud, item.reden) == ("waarde", text, base.removeprefix("xs:"))
    assert_same(document, there_and_back(document))
    assert text_of(there_and_back(document), FIELDS[base][1]) == text


@pytest.mark.parametrize(("base", "text"), pairs(REFUSED))
def test_strict_reading_raises_with_the_place_and_without_the_value(base: str, text: str) -> None:
    with pytest.raises(oso.IllTyped) as caught:
        oso.read(with_text(base, text)).dossier(strict=True)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.path, finding.severity.value) == (
        "MODEL.type",
        FIELDS[base][2].replace("[]", ""),
        "warning",
    )
    told = str(caught.value) + finding.text("nl") + finding.text("en") + finding.remedy("nl")
    assert FIELDS[base][1] in told
    assert len(text) < 4 or text not in told.replace("2012-03-17", "")


def test_a_value_of_a_type_that_only_the_model_has_is_told_too() -> None:
    edit = ("</geboortedatum>", "</geboortedatum><geboortemaand>maart 2012</geboortemaand>")
    with pytest.raises(oso.IllTyped) as caught:
        oso.read(edited(edit)).dossier(strict=True)
    assert [finding.path for finding in caught.value.findings] == ["leerling.geboortemaand"]


def test_numbers_as_large_as_a_document_likes_come_back() -> None:
    for base in ("xs:integer", "xs:decimal"):
        document = with_text(base, HUGE)
        assert get(oso.read(document).dossier(), FIELDS[base][2]) == int(HUGE)
        assert_same(document, there_and_back(document))
    document = with_text("xs:integer", "1" * 5000)
    assert get(oso.read(document).dossier(), FIELDS["xs:integer"][2]) is None
    assert_same(document, there_and_back(document))


def test_a_repaired_value_is_written_instead_of_what_was_kept() -> None:
    dossier = oso.read(with_text("xs:boolean", "nee")).dossier()
    assert dossier.leerling is not None
    dossier.leerling.tehuis = False
    again = oso.write(Dossier.model_validate_json(dossier.model_dump_json()), release="oso/2019.1")
    assert text_of(again, "tehuis") == "false"


def test_a_day_of_another_form_is_a_day_and_comes_back_in_its_form() -> None:
    good, bad = (
        edited(("<gbageboortedatum>11-02-2007", f"<gbageboortedatum>{day}")) for day in ("17-03-2012", "31-02-2012")
    )
    assert str(get(oso.read(good).dossier(), "leerling.gba.geboortedatum")) == "2012-03-17"
    assert get(oso.read(bad).dossier(), "leerling.gba.geboortedatum") is None
    for document in (good, bad):
        assert oso.read(document).schema_ok
        assert_same(document, there_and_back(document))
