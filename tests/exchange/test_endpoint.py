"""The endpoint: who may ask what, one generic fault for what goes wrong here, and no value in any of it."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.exchange import Adres, Bron, Doel, Endpoint, by_oin, everyone, messages, soap
from oso_bridge.exchange.endpoint import ACTION, OIN
from oso_bridge.exchange.messages import Bericht, DocumentRequest, NotificatieRequest, SessiecontroleRequest
from oso_bridge.parcels import Parcel

from .samples import KEY, PGN
from .scene import CHECKOUT, DOEL_URL, POVO, PUPIL, SESSION, Scene, load

NAME = "00000003222222220000"
"""An OIN of the register for other organisations, of a supplier that does not exist."""


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.ready()
    return made


def request(scene: Scene, **facts: Any) -> DocumentRequest:
    given = {"bron": scene.bron, "doel": scene.doel, "pgn": PUPIL, "overdrachtsoort": "OV", "sessie_id": SESSION}
    return DocumentRequest(**{**given, **facts})


def parcel(message: Bericht, scene: Scene, **routing: str) -> Parcel:
    return Parcel(soap.wrap(messages.write(message, scene.wire)), soap.MEDIA_TYPE, routing=routing)


def fault(reply: Parcel) -> tuple[str, tuple[str, ...]]:
    assert reply.operation == soap.FAULT
    found = soap.read_fault(soap.unwrap(reply.content))
    return found.code, found.words[1:2]


def guarded(scene: Scene, allowed: dict[str, list[str]]) -> Endpoint:
    bron = Bron(scene.bronsysteem, scene.at_bron, aanleverpunten=[scene.bron])
    return Endpoint(bron=bron, toegang=by_oin(allowed))


@pytest.mark.parametrize("names", [["*"], ["00SS"], ["0000000700000SS00001"]])
def test_the_holder_of_a_known_certificate_is_answered(scene: Scene, names: list[str]) -> None:
    reply = guarded(scene, {NAME: names})(parcel(request(scene), scene, oin=NAME))
    assert reply.operation == "documentResponse"


@pytest.mark.parametrize(
    ("allowed", "oin"),
    [({}, NAME), ({NAME: ["*"]}, ""), ({NAME: ["01SS"]}, NAME), ({"": ["*"]}, ""), ({NAME: []}, NAME)],
)
def test_a_stranger_is_refused_before_the_traffic_center_is_asked(
    scene: Scene, allowed: dict[str, list[str]], oin: str
) -> None:
    reply = guarded(scene, allowed)(parcel(request(scene), scene, **{OIN: oin}))
    assert fault(reply) == ("Client", ("NietToegestaan",))
    assert not scene.centre.seen


def test_access_for_a_delivery_point_is_not_access_for_another_school() -> None:
    """Who may speak for one delivery point takes the name of another school beside it."""
    allows = by_oin({NAME: ["0000000700001SS00001", "02SS/1", "RIO-1"]})
    assert allows(NAME, Adres("01SS", "0000000700001SS00001"), "documentRequest")
    assert not allows(NAME, Adres("00SS", "0000000700001SS00001"), "documentRequest")
    assert allows(NAME, Adres("02SS", "1"), "documentRequest")
    assert not allows(NAME, Adres("00SS", "1"), "documentRequest")
    assert not allows(NAME, Adres("00SS", "RIO-1"), "documentRequest")
    assert by_oin({NAME: ["00SS/RIO-1"]})(NAME, Adres("00SS", "RIO-1"), "documentRequest")


@pytest.mark.parametrize("names", ["*", "00YY", 5])
def test_access_is_a_list(names: Any) -> None:
    """A text is a collection of letters: by "00YY" any school could ask for its delivery point 0."""
    with pytest.raises(oso.UsageError, match="a list for each OIN"):
        by_oin({NAME: names})


def test_dispatch_is_on_the_body_and_soapaction_may_not_contradict_it(scene: Scene) -> None:
    """A15."""
    for action, word in (("", ""), ("documentRequest", ""), ("notificatieRequest", "OngeldigBericht")):
        reply = scene.endpoint(parcel(request(scene), scene, **{ACTION: action}))
        assert (fault(reply)[1] if word else reply.operation) == ((word,) if word else "documentResponse")


def test_messages_that_are_not_taken_here(scene: Scene) -> None:
    notice = NotificatieRequest(bron=scene.bron, doel=scene.swv, koppelsleutel=KEY, voor="SWV")
    assert fault(scene.endpoint(parcel(notice, scene)))[1] == ("NietOndersteund",)
    other = soap.wrap(messages.write(request(scene), scene.wire).replace(scene.wire.namespace.encode(), b"urn:x"))
    assert fault(scene.endpoint(Parcel(other)))[1] == ("NietOndersteund",)
    check = SessiecontroleRequest(
        bron=scene.bron, doel=scene.doel, koppelsleutel=KEY, overdrachtsoort="SWV", sessie_id=SESSION
    )
    assert fault(scene.handlers[DOEL_URL](parcel(check, scene)))[1] == ("NietOndersteund",)


def test_a_notification_for_another_delivery_point(scene: Scene) -> None:
    notice = NotificatieRequest(bron=scene.bron, doel=scene.swv, koppelsleutel=KEY, voor="SWV")
    reply = scene.handlers[DOEL_URL](parcel(notice, scene))
    assert b"OnbekendAanleverpunt" in reply.content
    assert not scene.at_doel.told


def test_a_confirmed_layout_is_held_to_its_schema(scene: Scene) -> None:
    notice = NotificatieRequest(bron=scene.bron, doel=scene.doel, koppelsleutel=KEY, voor="SWV")
    good = parcel(notice, scene)
    assert scene.handlers[DOEL_URL](good).operation == "notificatieResponse"
    moved = good.content.replace(b"<bronBrin>00YY</bronBrin>", b"").replace(
        b"</notificatieRequest>", b"<bronBrin>00YY</bronBrin></notificatieRequest>"
    )
    assert fault(scene.handlers[DOEL_URL](replace(good, content=moved)))[1] == ("OngeldigBericht",)


def test_a_provisional_layout_may_be_otherwise(scene: Scene) -> None:
    """Another order, another namespace for a child, something unknown, a wrapper: all may be the real layout."""
    good = parcel(request(scene), scene)
    granted = scene.fetch().sessie_id
    del scene.centre.ended[granted]
    text = good.content.decode().replace(SESSION, granted)
    moved = text.replace("<bronBrin>00YY</bronBrin>", "").replace(
        f"<pgn>{PUPIL}</pgn>",
        f"<leerling xmlns=''><pgn>{PUPIL}</pgn></leerling><nieuw>x</nieuw><bronBrin>00YY</bronBrin>",
    )
    reply = scene.endpoint(replace(good, content=moved.encode()))
    assert reply.operation == "documentResponse"
    assert b"<dossier" in reply.content


@pytest.mark.parametrize("facts", [{"pgn": ""}, {"koppelsleutel": KEY}, {"overdrachtsoort": "SWV"}])
def test_a_request_that_does_not_say_which_dossier(scene: Scene, facts: dict[str, Any]) -> None:
    good = parcel(request(scene), scene).content.decode()
    extra = f"<koppelsleutel>{KEY}</koppelsleutel>" if "koppelsleutel" in facts else ""
    changed = good.replace(f"<pgn>{PUPIL}</pgn>", "" if facts.get("pgn") == "" else f"<pgn>{PUPIL}</pgn>{extra}")
    changed = changed.replace("overstapdossier", "swv-dossier") if "overdrachtsoort" in facts else changed
    assert fault(scene.endpoint(Parcel(changed.encode())))[1] == ("OngeldigBericht",)
    assert not scene.centre.seen


IN_PIECES = {
    "an element in a number": f"<pgn>{PUPIL[:4]}<x/>{PUPIL[4:]}</pgn>",
    "an element before a number": f"<pgn><x>1</x>{PUPIL}</pgn>",
    "an element behind a number": f"<pgn>{PUPIL}<x>1</x></pgn>",
    "a number in a namespace of others": f"<pgn xmlns='urn:kanarie'>{PUPIL}</pgn>",
}


@pytest.mark.parametrize("how", IN_PIECES)
def test_a_number_is_one_text_of_this_message(scene: Scene, how: str) -> None:
    """A23: nothing is read that another reader of the same bytes would read otherwise."""
    good = parcel(request(scene), scene).content.decode()
    reply = scene.endpoint(Parcel(good.replace(f"<pgn>{PUPIL}</pgn>", IN_PIECES[how]).encode()))
    assert fault(reply)[1] == ("OngeldigBericht",)
    assert not scene.centre.seen


def test_a_field_said_twice_is_refused(scene: Scene) -> None:
    good = parcel(request(scene), scene).content
    twice = good.replace(b"</pgn>", b"</pgn><pgn>310008475</pgn>")
    assert fault(scene.endpoint(Parcel(twice)))[1] == ("OngeldigBericht",)


class Broken(Exception):
    """What a vendor's administration might raise."""


@pytest.mark.parametrize("where", ["vind", "noteer", "zie_account"])
def test_a_fault_of_the_administration_is_one_generic_fault(
    scene: Scene, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    granted = scene.fetch().sessie_id
    del scene.centre.ended[granted]

    def fails(*_: Any) -> Any:
        raise Broken(f"no row for {PUPIL}")

    setattr(scene.at_bron, where, fails)
    reply = scene.endpoint(parcel(request(scene, sessie_id=granted), scene))
    assert fault(reply) == ("Server", ("InterneFout",))
    assert PUPIL.encode() not in reply.content
    assert b"dossier xmlns" not in reply.content
    assert PUPIL not in caplog.text
    # where it went wrong in the vendor's own code, which is all that a log may tell
    assert re.search(r"soort=Broken plaats=test_endpoint\.py:\d+:fails$", caplog.text, re.MULTILINE)


CANARY = "613543439"


@pytest.mark.parametrize(
    "place", ["bronBrin", "bronRouteringsKenmerk", "doelBrin", "doelRouteringsKenmerk", "pgn", "overdrachtsoort",
              "sessieId", "aanvraagdatum", "nieuw"]
)  # fmt: skip
@pytest.mark.parametrize("how", ["text", "attribute", "comment", "element"])
def test_no_value_comes_out(scene: Scene, place: str, how: str, caplog: pytest.LogCaptureFixture) -> None:
    """A31: a canary in each place of a request is in no log and in no answer."""
    caplog.set_level(logging.DEBUG)
    good = parcel(request(scene), scene).content.decode()
    canary = {
        "text": f"<{place}>{CANARY}</{place}>",
        "attribute": f"<{place} a='{CANARY}'>x</{place}>",
        "comment": f"<{place}><!-- {CANARY} --></{place}>",
        "element": f"<{place}><a{CANARY}>{CANARY}</a{CANARY}></{place}>",
    }[how]
    start, end = good.find(f"<{place}>"), good.find(f"</{place}>")
    if start < 0:
        start = end = good.index("</documentRequest>")
    else:
        end += len(f"</{place}>")
    reply = scene.endpoint(Parcel((good[:start] + canary + good[end:]).encode()))
    assert CANARY.encode() not in reply.content
    assert CANARY not in caplog.text
    assert PUPIL not in caplog.text


def test_no_value_comes_out_of_an_exception(scene: Scene) -> None:
    for content in (f"<{CANARY}", f"<a>{CANARY}</b>", f"<a x={CANARY}/>", f"&{CANARY};"):
        with pytest.raises(oso.OsoBridgeError) as caught:
            soap.unwrap(content.encode())
        assert CANARY not in str(caught.value)
        assert caught.value.__context__ is None


def test_an_endpoint_has_a_side() -> None:
    with pytest.raises(oso.UsageError, match="a bron, a doel, or both"):
        Endpoint(toegang=everyone)
    one, two = Scene("2018"), Scene("2022")
    with pytest.raises(oso.UsageError, match="the same wire"):
        Endpoint(
            bron=Bron(one.bronsysteem, one.at_bron, aanleverpunten=[one.bron]),
            doel=Doel(two.wire, two.at_doel, aanleverpunten=[two.doel]),
            toegang=everyone,
        )


def fetched_by_many(turns: int) -> list[str]:
    """The transcripts of what went wrong when eight threads fetch the dossiers of three pupils."""
    scene = Scene()
    numbers = [PUPIL, "310008475", "088584574"]
    for number in numbers:
        scene.ready(POVO.replace(PUPIL.encode(), number.encode()), pgn=number)

    def fetch(turn: int) -> str:
        asked, account = numbers[turn % 3], f"account{turn}"
        found = scene.fetch(pgn=asked, account=account)
        good = [one for one in found.ontvangsten if f"<bsn>{asked}</bsn>".encode() in one.dossier]
        if [one.account for one in good] == [account] and len(found.ontvangsten) == 1 and good[0].rapport.ok:
            return ""
        return f"{turn}: {'; '.join(map(str, found.stappen))}"

    with ThreadPoolExecutor(8) as pool:
        wrong = [told for told in pool.map(fetch, range(turns)) if told]
    return wrong if len(scene.centre.ended) == turns else [*wrong, f"{len(scene.centre.ended)} sessions were ended"]


def test_many_threads_and_many_pupils_do_not_mix() -> None:
    """A35: one endpoint, one client, several pupils at a time: each gets the dossier that was asked for."""
    assert fetched_by_many(48) == []


def test_many_threads_may_be_the_first_to_use_it() -> None:
    """What is made at the first use (plans, schemas, rules, models) is made while others wait for it or make it too."""
    probe = (
        "import sys; sys.setswitchinterval(1e-6); from tests.exchange import test_endpoint;"
        "sys.exit('; '.join(test_endpoint.fetched_by_many(8)) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", probe], cwd=CHECKOUT, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_both_wires_beside_one_another() -> None:
    found = [Scene(version) for version in ("2018", "2022")]
    for scene in found:
        scene.ready()
    assert [scene.fetch().uitkomst.ok for scene in found] == [True, True]
    assert load("2018").namespace != load("2022").namespace


def test_the_example_number_is_fictional() -> None:
    assert PGN == PUPIL
