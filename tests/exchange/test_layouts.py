"""The messages on the wire: what is known of them element by element, the samples, and what may be chosen."""

from __future__ import annotations

import pytest
from lxml import etree

import oso_bridge as oso
from oso_bridge.exchange import load, messages, wire
from oso_bridge.exchange.messages import ANSWERS, TYPES, Bericht, DocumentRequest, MeldenNotificatieRequest
from oso_bridge.releases import release
from oso_bridge.xml import compiler, parser

from .samples import FOLDER, KEY, PGN, samples
from .scene import CHECKOUT, FOR, POVO, SESSION, WHEN, WIRES

NAMESPACES = {
    "2018": "http://xml.kennisnet.nl/schemas/Overstapservice/20180404",
    "2022": "http://xml.kennisnet.nl/schemas/Overstapservice/20200910",
}
ONE, TWO, THREE = FOR["2022"]
KNOWN = {
    "sessiecontroleRequest": [
        ("bronBrin", "00YY"),
        ("bronRouteringsKenmerk", ONE),
        ("doelBrin", "00SS"),
        ("doelRouteringsKenmerk", TWO),
        ("zoeksleutelPgnfrag", None),
        ("overdrachtsoort", "overstapdossier"),
        ("sessieId", SESSION),
    ],
    "meldenNotificatieRequest": [
        ("bronBrin", "00YY"),
        ("bronRouteringsKenmerk", ONE),
        ("doelBrin", "00SS"),
        ("doelRouteringsKenmerk", TWO),
        ("sessieId", SESSION),
        ("aanvraagdatum", "2022-01-20T11:17:33+00:00"),
        ("doel", "OV"),
    ],
    "notificatieRequest": [
        ("bronBrin", "00YY"),
        ("bronRouteringsKenmerk", ONE),
        ("doelBrin", "01SS"),
        ("doelRouteringsKenmerk", THREE),
        ("koppelsleutel", KEY),
        ("doel", "SWV"),
    ],
    "overzichtAanleverpuntRequest": [("brin", "00YY"), ("doel", "OV"), ("routeringsKenmerk", ONE)],
}
"""The requests of OSO'22 whose layout is published: each element in its order, with what the sample holds."""
KNOWN_2018 = {
    "sessiecontroleRequest": [
        "bronBrin",
        "bronAanleverpuntIndex",
        "doelBrin",
        "doelAanleverpuntIndex",
        "zoeksleutel",
        "overdrachtsoort",
        "sessieId",
    ],
    "notificatieRequest": [
        "bronBrin",
        "bronAanleverpuntIndex",
        "doelBrin",
        "doelAanleverpuntIndex",
        "koppelsleutel",
        "doel",
    ],
}
"""Those of OSO'18, by their elements."""


def sample(version: str, element: str) -> Bericht:
    return next(one for one in samples(version) if one.element == element)


def written(message: Bericht, version: str) -> etree._Element:
    return etree.fromstring(messages.write(message, load(version)))


@pytest.mark.parametrize("element", KNOWN)
def test_a_known_request_is_written_element_by_element(element: str) -> None:
    root = written(sample("2022", element), "2022")
    assert root.tag == f"{{{NAMESPACES['2022']}}}{element}"
    assert {etree.QName(child).namespace for child in root.iter()} == {NAMESPACES["2022"]}
    found = [(etree.QName(child).localname, None if len(child) else child.text) for child in root]
    assert found == KNOWN[element]


def test_the_key_of_a_session_is_two_elements_since_20200910() -> None:
    key = written(sample("2022", "sessiecontroleRequest"), "2022")[4]
    assert [etree.QName(child).localname for child in key] == ["zoeksleutel", "pgnfrag"]
    assert len(key[1].text or "") == 4


@pytest.mark.parametrize("element", KNOWN_2018)
def test_a_known_request_of_2018(element: str) -> None:
    root = written(sample("2018", element), "2018")
    assert root.tag == f"{{{NAMESPACES['2018']}}}{element}"
    assert [etree.QName(child).localname for child in root] == KNOWN_2018[element]


def test_the_purpose_of_an_swv_was_called_pao() -> None:
    assert written(sample("2018", "notificatieRequest"), "2018").findtext("{*}doel") == "PaO"


@pytest.mark.parametrize("version", WIRES)
@pytest.mark.parametrize("element", TYPES)
def test_the_samples(version: str, element: str) -> None:
    file = FOLDER / version / "voorbeelden" / f"{element}.xml"
    report = oso.check(file)
    assert report.ok
    assert report.release == f"oso-exchange/{version}"
    read = messages.read(parser.parse(file.read_bytes()), load(version))
    assert messages.write(read, load(version)) == file.read_bytes()


@pytest.mark.parametrize("version", WIRES)
def test_every_message_comes_back_as_it_was(version: str) -> None:
    for message in samples(version):
        read = messages.read(written(message, version), load(version))
        if isinstance(message, messages.DocumentResponse):
            assert isinstance(read, messages.DocumentResponse)
            assert oso.read(read.dossier).record == oso.read(POVO).record
        else:
            assert read == message


@pytest.mark.parametrize("version", WIRES)
def test_every_message_has_a_layout_with_a_mark_and_a_source(version: str) -> None:
    found = load(version)
    assert list(found.layouts) == list(TYPES)
    assert all(layout.source and layout.mark in wire.MARKS for layout in found.layouts.values())
    assert set(ANSWERS) == {element for element in TYPES if element.endswith("Request")}


def test_what_counts_as_confirmed() -> None:
    confirmed = {name for name, layout in load("2022").layouts.items() if layout.mark == "confirmed"}
    assert confirmed == {*KNOWN, "notificatieResponse"}


def test_a_part_may_be_known_less_well_than_the_rest() -> None:
    chosen, between = load("2022"), {"bron": messages.Adres("00YY", ONE), "doel": messages.Adres("00SS", TWO)}
    for_ov = MeldenNotificatieRequest(**between, sessie_id=SESSION, aanvraagdatum=WHEN, voor="OV")
    for_swv = MeldenNotificatieRequest(**between, voor="SWV")
    assert messages.mark_of(for_ov, chosen) == "confirmed"
    assert messages.mark_of(for_swv, chosen) == "inferred"


@pytest.mark.parametrize("version", WIRES)
def test_the_plan_is_that_of_the_schema(version: str) -> None:
    found = release(f"oso-exchange/{version}")
    assert compiler.plan_text(compiler.compile_plan(found.schema)) == (found.folder / "plan.json").read_text("utf-8")


@pytest.mark.parametrize("how", ["xml", "tekst", "base64"])
@pytest.mark.parametrize("version", WIRES)
def test_a_dossier_is_embedded_as_it_is_chosen(version: str, how: str) -> None:
    chosen = load(version).using(inbedding={"hoe": how})
    xml = messages.write(messages.DocumentResponse(dossier=POVO), chosen)
    assert (b"<dossier " in xml, b"&lt;dossier" in xml) == (how == "xml", how == "tekst")
    # whoever reads need not know what was chosen
    read = messages.read(etree.fromstring(xml), load(version))
    assert isinstance(read, messages.DocumentResponse)
    assert oso.read(read.dossier).record == oso.read(POVO).record
    assert (read.dossier == POVO) is (how == "base64")


def test_choices_that_do_not_exist_are_refused() -> None:
    with pytest.raises(oso.UsageError, match="hoe is one of xml, tekst, base64"):
        load("2022").using(inbedding={"hoe": "zip"})
    with pytest.raises(oso.UsageError, match="no table"):
        load("2022").using(inbeding={"hoe": "xml"})
    with pytest.raises(oso.UsageError, match="bron or doel"):
        load("2022").using(afzender={"notificatieRequest": "tc"})
    with pytest.raises(oso.UsageError, match="There is no wire '2020'"):
        load("2020")


def test_a_message_that_lacks_something_is_not_written() -> None:
    request = DocumentRequest(
        bron=messages.Adres("00YY", ONE), doel=messages.Adres("", TWO), pgn=PGN, overdrachtsoort="OV", sessie_id=SESSION
    )
    with pytest.raises(oso.UsageError, match="ontbreekt doelBrin") as caught:
        messages.write(request, load("2022"))
    assert PGN not in str(caught.value)


def test_what_a_wire_has_no_place_for_is_not_written() -> None:
    found = sample("2022", "sessiecontroleRequest")
    with pytest.raises(oso.UsageError, match="no place for pgnfrag"):
        messages.write(found, load("2018"))


def test_secrets_are_not_in_a_repr() -> None:
    for message in samples("2022"):
        shown = repr(message)
        assert not any(secret in shown for secret in (PGN, KEY, "toelaatbaarheid", "Daan", "zoeksleutel="))


def test_the_page_tells_what_the_data_tell() -> None:
    page = (CHECKOUT / "docs" / "exchange.md").read_text("utf-8")
    old, new = load("2018"), load("2022")
    for name, layout in new.layouts.items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[2:] == [told(layout), told(old.layouts[name]), layout.source]


def told(layout: wire.Layout) -> str:
    return layout.mark + "".join(f" ({part}: {mark})" for part, mark in layout.exceptions.items())
