"""Conversations: fetching, notifying, feeding back, in both wires, and what is done when others do not play along."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

import oso_bridge as oso
from oso_bridge.exchange import Adres, messages, soap
from oso_bridge.exchange.conversation import Verloop
from oso_bridge.exchange.messages import (
    AfmeldingRequest,
    AfmeldingResponse,
    DocumentRequest,
    DocumentResponse,
    MeldenNotificatieResponse,
    OverdrachtResponse,
    OverzichtAanleverpuntRequest,
    SessiecontroleRequest,
    SessiecontroleResponse,
)
from oso_bridge.parcels import Parcel

from .scene import BRON_URL, EXAMPLES, POVO, PUPIL, SWV_URL, WHEN, WIRES, Scene, load, reply

POSWV = (EXAMPLES / "poswv.xml").read_bytes()
BINNENBRIN = (EXAMPLES / "binnenbrin.xml").read_bytes()


def steps(found: Any) -> list[tuple[str, str]]:
    return [(step.bericht, step.uitkomst.woord) for step in found.stappen]


@pytest.mark.parametrize("version", WIRES)
def test_a_dossier_is_fetched(version: str) -> None:
    scene = Scene(version)
    scene.ready()
    found = scene.fetch()
    assert found.uitkomst.ok
    assert steps(found) == [
        ("overdrachtRequest", "OverdrachtGeslaagd"),
        ("documentRequest", "OverdrachtGeslaagd"),
        ("afmeldingRequest", "OverdrachtGeslaagd"),
    ]
    (kept,) = scene.at_doel.received
    assert kept.rapport.ok
    assert oso.read(kept.dossier).record == oso.read(POVO).record
    assert (kept.account, kept.bron, kept.sessie_id) == ("zorgcoordinator", scene.bron, found.sessie_id)
    assert scene.centre.ended == {found.sessie_id: "OverdrachtGeslaagd"}


def test_the_transcript_shows_how_well_each_message_is_known() -> None:
    scene = Scene()
    scene.ready()
    found = scene.fetch()
    assert [step.mark for step in found.stappen] == ["inferred", "provisional", "provisional"]
    assert "documentRequest (provisional) -> 00YY/0000000700000YY00001: OverdrachtGeslaagd" in map(str, found.stappen)
    assert PUPIL not in repr(found)


@pytest.mark.parametrize("version", WIRES)
def test_the_number_of_the_pupil_goes_to_bron_only(version: str) -> None:
    scene = Scene(version)
    scene.ready()
    scene.fetch()
    assert scene.centre.parcels
    assert all(PUPIL.encode() not in parcel.content for parcel in scene.centre.parcels)
    asked = [one for one in scene.centre.seen if isinstance(one, SessiecontroleRequest)]
    assert len(asked) == 1
    assert asked[0].zoeksleutel


@pytest.mark.parametrize("how", ["xml", "tekst", "base64"])
@pytest.mark.parametrize("refusal", ["resultaat", "fault"])
def test_what_is_a_choice_is_no_matter_for_the_other_side(how: str, refusal: str) -> None:
    scene = Scene(wire=load("2022").using(inbedding={"hoe": how}, weigering={"hoe": refusal}))
    assert scene.fetch().uitkomst.woord == "LeerlinginfoNietBeschikbaar"
    scene.ready()
    assert scene.fetch().uitkomst.ok


def test_nothing_is_ready() -> None:
    scene = Scene()
    found = scene.fetch()
    assert found.uitkomst.woord == "LeerlinginfoNietBeschikbaar"
    assert not found.ontvangsten
    assert scene.centre.ended == {found.sessie_id: "LeerlinginfoNietBeschikbaar"}


def test_the_best_of_several_delivery_points_is_signed_off() -> None:
    scene = Scene()
    second = Adres("00YY", "0000000700000YY00002")
    scene.centre.points[second] = "https://tweede.invalid/oso"
    scene.ready()
    found = scene.fetch()
    assert [word for name, word in steps(found) if name == "documentRequest"] == [
        "OverdrachtGeslaagd",
        "NietBereikbaar",
    ]
    assert found.uitkomst.ok
    ended = scene.centre.seen[-1]
    assert isinstance(ended, AfmeldingRequest)
    assert (ended.bron, ended.resultaat) == (scene.bron, "OverdrachtGeslaagd")


def test_of_equal_results_the_last_one_asked_is_named() -> None:
    scene = Scene()
    second = Adres("00YY", "0000000700000YY00002")
    scene.centre.points[second] = BRON_URL
    scene.handlers[BRON_URL] = lambda parcel: reply(
        DocumentResponse(resultaat="LeerlinginfoNietBeschikbaar"), scene.wire
    )
    scene.fetch()
    ended = scene.centre.seen[-1]
    assert isinstance(ended, AfmeldingRequest)
    assert ended.bron == second


@pytest.mark.parametrize(("named", "limit"), [(101, {}), (3, {"max_aanleverpunten": 2})])
def test_nobody_is_asked_when_too_many_delivery_points_are_named(named: int, limit: dict[str, int]) -> None:
    """Each would be told the number of the pupil."""
    scene = Scene()
    scene.ready()
    for number in range(2, named + 1):
        scene.centre.points[Adres("00YY", f"0000000700000YY{number:05}")] = BRON_URL
    found = scene.fetch(**limit)
    assert found.uitkomst.woord == "TeVeelAanleverpunten"
    assert found.uitkomst.soort == "fout"
    assert not found.ontvangsten
    assert [name for name, _ in steps(found)] == ["overdrachtRequest", "afmeldingRequest"]
    assert scene.centre.ended == {found.sessie_id: "LeerlinginfoNietBeschikbaar"}
    assert scene.fetch(max_aanleverpunten=named).uitkomst.ok


def test_just_one_delivery_point() -> None:
    scene = Scene()
    scene.centre.points[Adres("00YY", "0000000700000YY00002")] = BRON_URL
    scene.ready()
    found = scene.fetch(bron=scene.bron)
    assert len([step for step in found.stappen if step.bericht == "documentRequest"]) == 1


def test_no_session_nothing_more() -> None:
    scene = Scene()
    scene.centre.answers["overdrachtRequest"] = lambda asked: OverdrachtResponse(resultaat="VerstrekkerNietBekend")
    found = scene.fetch()
    assert steps(found) == [("overdrachtRequest", "VerstrekkerNietBekend")]
    assert (found.sessie_id, found.ontvangsten) == ("", ())


def test_a_session_without_an_id_is_none() -> None:
    scene = Scene()
    scene.centre.answers["overdrachtRequest"] = lambda asked: OverdrachtResponse()
    assert scene.fetch().uitkomst.woord == "Onbekend"


def test_an_error_at_signing_off_is_not_for_the_user() -> None:
    scene = Scene()
    scene.ready()
    scene.centre.answers["afmeldingRequest"] = lambda asked: AfmeldingResponse(resultaat="SessieAfwijkend")
    found = scene.fetch()
    assert found.uitkomst.ok
    assert len(found.ontvangsten) == 1


def test_an_address_without_tls_is_not_asked() -> None:
    scene = Scene()
    scene.ready()
    scene.centre.points[scene.bron] = "http://bron.invalid/oso"
    scene.handlers["http://bron.invalid/oso"] = scene.endpoint
    assert scene.fetch().uitkomst.woord == "NietBereikbaar"
    assert not scene.at_bron.asked


@pytest.mark.parametrize("url", ["", "https://[", "https://a b", "//bron.invalid", "file:///etc/passwd"])
def test_an_address_that_is_none_is_an_outcome(url: str) -> None:
    scene = Scene()
    scene.centre.points[scene.bron] = url
    scene.doelsysteem._line = lambda url: oso.transport("http", url=url, roots="system", deadline=1)
    found = scene.fetch()
    assert found.uitkomst.woord == "NietBereikbaar"
    assert len(scene.centre.ended) == 1
    missed = next(step for step in found.stappen if step.bericht == "documentRequest")
    assert missed.reden.startswith(("An address is taken only when it is one", "The other side cannot be reached."))
    assert str(missed).endswith(f"({missed.reden})")
    assert [step.reden for step in found.stappen if step is not missed] == ["", ""]


def test_a_dossier_of_another_pupil_is_not_kept() -> None:
    scene = Scene()
    other = (EXAMPLES / "popo.xml").read_bytes()
    scene.handlers[BRON_URL] = lambda parcel: reply(DocumentResponse(dossier=other), scene.wire)
    found = scene.fetch()
    assert found.uitkomst.woord == "AndereLeerling"
    assert not scene.at_doel.received
    assert scene.centre.ended[found.sessie_id] == "LeerlinginfoNietBeschikbaar"


def test_a_dossier_with_one_of_another_pupil_beside_it_is_not_kept() -> None:
    scene = Scene()
    both = [
        etree.tostring(etree.fromstring(one), with_tail=False) for one in (POVO, (EXAMPLES / "popo.xml").read_bytes())
    ]
    namespace = etree.QName(etree.fromstring(POVO)).namespace
    two = f'<dossiers xmlns="{namespace}">'.encode() + b"".join(both) + b"</dossiers>"
    scene.handlers[BRON_URL] = lambda parcel: reply(DocumentResponse(dossier=two), scene.wire)
    assert scene.fetch().uitkomst.woord == "AndereLeerling"
    assert not scene.at_doel.received


@pytest.mark.parametrize("content", [b"<x/>", b"<a xmlns='urn:x'/>"])
def test_what_is_no_dossier_is_not_kept(content: bytes) -> None:
    scene = Scene(wire=load("2022").using(inbedding={"hoe": "base64"}))
    scene.handlers[BRON_URL] = lambda parcel: reply(DocumentResponse(dossier=content), scene.wire)
    assert scene.fetch().uitkomst.woord == "OnleesbaarDossier"
    assert not scene.at_doel.received


def test_a_dossier_that_fails_its_checks_is_kept_with_its_report() -> None:
    scene = Scene()
    faulty = POVO.replace(b"<overstap>POVO</overstap>", b"")
    scene.handlers[BRON_URL] = lambda parcel: reply(DocumentResponse(dossier=faulty), scene.wire)
    (kept,) = scene.fetch().ontvangsten
    assert not kept.rapport.ok
    assert scene.at_doel.received == [kept]


def test_a_dossier_beside_a_refusal_is_not_taken() -> None:
    scene = Scene()
    both = DocumentResponse(resultaat="LeerlinginfoNietBeschikbaar", dossier=POVO)
    scene.handlers[BRON_URL] = lambda parcel: reply(both, scene.wire)
    assert not scene.fetch().ontvangsten


@pytest.mark.parametrize("word", ["SessieAfwijkend", "SessieReedsAfgemeld", "Wat nu", "OverdrachtGeslaagd"])
def test_without_a_good_session_bron_does_not_even_look(word: str) -> None:
    scene = Scene()
    scene.ready()
    scene.centre.answers["sessiecontroleRequest"] = lambda asked: SessiecontroleResponse(resultaat=word)
    scene.at_bron.vind = lambda vraag: pytest.fail("looked up before the session was found good")
    found = scene.fetch()
    assert not found.ontvangsten
    assert not scene.at_bron.asked
    # what the Traffic Center said is passed on, when it is a word that can be
    known = word.startswith("Sessie")
    assert found.uitkomst.woord == (word if known else "LeerlinginfoNietBeschikbaar")


def test_a_traffic_center_that_fails_is_no_yes() -> None:
    scene = Scene()
    scene.ready()
    scene.centre.answers["sessiecontroleRequest"] = lambda asked: Parcel(
        soap.fault("Server", "VO", "VO"), soap.MEDIA_TYPE, operation=soap.FAULT
    )
    assert not scene.fetch().ontvangsten


MISUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a session that nobody granted": ({"sessie_id": "22222222-2222-4333-8444-555555555555"}, "SessieAfwijkend"),
    "by another school": ({"doel": Adres("01SS", "0000000700001SS00001")}, "SessieAfwijkend"),
    "by another delivery point": ({"doel": Adres("00SS", "0000000700000SS00009")}, "OnbekendAanleverpunt"),
    "at another school": ({"bron": Adres("01YY", "0000000700001YY00001")}, "SessieAfwijkend"),
    "for another pupil": ({"pgn": "310008475"}, "SessieAfwijkend"),
    "for another kind of transfer": ({"overdrachtsoort": "BB"}, "SessieAfwijkend"),
    "after it was ended": ({}, "SessieReedsAfgemeld"),
    "at a delivery point that is not served here": (
        {"bron": Adres("00YY", "0000000700000YY00009")},
        "OnbekendAanleverpunt",
    ),
}


@pytest.mark.parametrize("how", MISUSED)
def test_a_session_is_good_for_what_it_was_granted_for(how: str) -> None:
    """Sessions stand where other exchanges have addressing: one that is used otherwise brings nothing."""
    changes, word = MISUSED[how]
    scene = Scene()
    scene.ready()
    scene.ready((EXAMPLES / "popo.xml").read_bytes(), pgn="310008475")
    granted = scene.fetch().sessie_id
    if changes:
        del scene.centre.ended[granted]
    given = {"bron": scene.bron, "doel": scene.doel, "pgn": PUPIL, "overdrachtsoort": "OV", "sessie_id": granted}
    asked = DocumentRequest(**{**given, **changes})
    answer = scene.endpoint(Parcel(soap.wrap(messages.write(asked, scene.wire)), soap.MEDIA_TYPE))
    assert messages.read(soap.unwrap(answer.content), scene.wire) == DocumentResponse(resultaat=word)


def test_a_session_of_someone_else() -> None:
    scene = Scene()
    scene.ready()
    granted = scene.fetch()
    del scene.centre.ended[granted.sessie_id]
    stolen = DocumentRequest(
        bron=scene.bron, doel=scene.swv, pgn=PUPIL, overdrachtsoort="OV", sessie_id=granted.sessie_id
    )
    answer = scene.endpoint(Parcel(soap.wrap(messages.write(stolen, scene.wire)), soap.MEDIA_TYPE))
    read = messages.read(soap.unwrap(answer.content), scene.wire)
    assert read == DocumentResponse(resultaat="SessieAfwijkend")


def test_a_request_is_kept_so_that_one_can_notify() -> None:
    scene = Scene()
    name = scene.ready()
    scene.fetch(aanvraagdatum=WHEN - timedelta(days=1))
    (kept,) = scene.at_bron.aanvragen(name)
    assert (kept.pgn, kept.doel, kept.account) == (PUPIL, scene.doel, "intern.begeleider")
    assert (kept.aanvraagdatum, kept.uitkomst) == (WHEN - timedelta(days=1), "OverdrachtGeslaagd")


@pytest.mark.parametrize("version", WIRES)
def test_a_newer_dossier_is_notified_and_fetched(version: str) -> None:
    scene = Scene(version)
    scene.ready()
    first = scene.fetch()
    (asked,) = scene.at_bron.aanvragen()
    newer = scene.ready((EXAMPLES / "nagekomen.xml").read_bytes(), verzameld=WHEN + timedelta(days=90))
    told = scene.bronsysteem.meld_ov(asked)
    assert (
        scene.bronsysteem.notificeer(told, account="intern.begeleider", aanvraag=asked).woord == "NotificatieOntvangen"
    )
    (notice,) = scene.at_doel.told
    assert (notice.voor, notice.sessie_id, notice.afzender) == ("OV", first.sessie_id, scene.bron)
    found = scene.fetch(aanvraagdatum=WHEN)
    assert found.uitkomst.ok
    assert scene.at_bron.asked[-1].nummer == newer


@pytest.mark.parametrize("version", WIRES)
def test_a_dossier_for_an_swv_and_feedback_on_it(version: str) -> None:
    scene = Scene(version)
    told = scene.bronsysteem.meld_swv(scene.swv)
    assert told.koppelsleutel
    scene.ready(POSWV, soort="SWV", doel=scene.swv, koppelsleutel=told.koppelsleutel)
    assert scene.bronsysteem.notificeer(told, account="zorgteam").ok
    (notice,) = scene.at_doel.told
    assert (notice.voor, notice.koppelsleutel) == ("SWV", told.koppelsleutel)
    found = scene.platform.ophalen(
        scene.at_doel, bron=scene.bron, account="platform", koppelsleutel=notice.koppelsleutel, soort="SWV"
    )
    assert found.uitkomst.ok
    said = scene.platform.terugkoppelen(
        scene.bron, koppelsleutel=told.koppelsleutel, inhoud="Toegekend.", account="platform"
    )
    assert said.ok
    (feedback,) = scene.at_bron.told
    assert (feedback.inhoud, feedback.koppelsleutel, feedback.afzender) == ("Toegekend.", told.koppelsleutel, scene.swv)


def test_within_one_brin() -> None:
    scene = Scene()
    inside = Adres("00YY", "0000000700000YY00009")
    scene.doelsysteem.adres = inside
    scene.ready(BINNENBRIN, soort="BB", doel=inside, pgn="101211151")
    assert scene.fetch(soort="BB", pgn="101211151").uitkomst.ok
    scene.doelsysteem.adres = scene.doel
    assert scene.fetch(soort="BB", pgn="101211151").uitkomst.woord == "GeenRelatieMetDoel"


@pytest.mark.parametrize("side", ["bron", "doel"])
def test_whose_address_is_the_senders_can_be_switched(side: str) -> None:
    elements = (
        "meldenNotificatieRequest",
        "notificatieRequest",
        "meldenTerugkoppelingRequest",
        "terugkoppelingRequest",
    )
    scene = Scene(wire=load("2022").using(afzender=dict.fromkeys(elements, side)))
    scene.centre.answers["meldenNotificatieRequest"] = lambda asked: MeldenNotificatieResponse(
        koppelsleutel="AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE", url=SWV_URL
    )
    told = scene.bronsysteem.meld_swv(scene.swv)
    sent: Any = scene.centre.seen[-1]
    assert (sent.bron, sent.doel) == ((scene.bron, scene.swv) if side == "bron" else (scene.swv, scene.bron))
    assert scene.bronsysteem.notificeer(told, account="zorgteam").ok
    assert scene.at_doel.told[0].afzender == scene.bron


def test_a_notification_without_an_announcement_is_not_sent() -> None:
    scene = Scene()
    scene.centre.answers["meldenNotificatieRequest"] = lambda asked: MeldenNotificatieResponse(
        resultaat="VerstrekkerNietBekend"
    )
    told = scene.bronsysteem.meld_swv(scene.swv)
    assert not told.uitkomst.ok
    with pytest.raises(oso.UsageError, match="did not take the announcement"):
        scene.bronsysteem.notificeer(told, account="zorgteam")


def test_an_swv_needs_a_koppelsleutel() -> None:
    scene = Scene()
    scene.centre.answers["meldenNotificatieRequest"] = lambda asked: MeldenNotificatieResponse(url=SWV_URL)
    assert scene.bronsysteem.meld_swv(scene.swv).uitkomst.woord == "Onbekend"


def test_a_notification_is_sent_once() -> None:
    scene = Scene()
    told = scene.bronsysteem.meld_swv(scene.swv)
    assert scene.bronsysteem.notificeer(told, account="zorgteam").ok
    with pytest.raises(oso.UsageError, match="cannot come in this state"):
        scene.bronsysteem.notificeer(told, account="zorgteam")


def test_feedback_is_tried_once() -> None:
    scene = Scene()
    del scene.handlers[BRON_URL]
    said = scene.platform.terugkoppelen(scene.bron, koppelsleutel="K", inhoud="x", account="platform")
    assert said.woord == "NietBereikbaar"
    assert len(scene.centre.seen) == 1


def test_the_delivery_points_of_a_school() -> None:
    scene = Scene()
    assert [point.url for point in scene.doelsysteem.overzicht(brin="00YY", voor="OV")] == [BRON_URL]
    assert scene.centre.seen[-1] == OverzichtAanleverpuntRequest(brin="00YY", voor="OV")


@pytest.mark.parametrize("asked", [{"pgn": ""}, {"koppelsleutel": "K"}, {"soort": "SWV"}])
def test_a_dossier_is_asked_for_in_one_way(asked: dict[str, Any]) -> None:
    with pytest.raises(oso.UsageError, match="by pgn"):
        Scene().fetch(**asked)


def test_a_conversation_goes_in_its_order() -> None:
    order = Verloop("bron")
    assert order.may("documentRequest")
    order.go("documentRequest")
    assert not order.may("documentResponse")
    with pytest.raises(oso.UsageError, match=r"bron: gevraagd"):
        order.go("documentResponse")


def test_accounts_sessions_and_points_are_logged_and_no_pupil(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    scene = Scene()
    scene.ready()
    found = scene.fetch()
    for word in ("zorgcoordinator", "intern.begeleider", found.sessie_id, "00SS/0000000700000SS00001", "uitkomst="):
        assert word in caplog.text
    asked = next(one for one in scene.centre.seen if isinstance(one, SessiecontroleRequest))
    for secret in (PUPIL, asked.zoeksleutel, f"={asked.pgnfrag} ", "Bosch"):
        assert secret not in caplog.text


def test_what_others_chose_cannot_write_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    scene = Scene()
    scene.centre.answers["overdrachtRequest"] = lambda asked: OverdrachtResponse(sessie_id="613543439 gelukt")
    scene.fetch(account="ik\nINFO document account=een.ander")
    assert "613543439" not in caplog.text
    assert "account=ik_INFO_document_account=een.ander" in caplog.text
