"""Scenarios in which the endpoint is bron: it is asked for dossiers, and asks the Traffic Center about the session."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from oso_bridge import document as documents
from oso_bridge.errors import DocumentError, UsageError
from oso_bridge.testing.kit.calling import NoAnswer
from oso_bridge.testing.kit.oso_plan import Point, Pupils
from oso_bridge.testing.kit.oso_stage import DOCUMENT, OsoStage, Reply, body_of, expect_nothing
from oso_bridge.testing.kit.scenario import NotRun, NotUnderstood, Wrong
from oso_bridge.testing.simulator import messages
from oso_bridge.testing.simulator.las import cases, dossier
from oso_bridge.testing.simulator.messages import Message
from oso_bridge.xml import parser

CHECK = "sessiecontroleRequest"
_NO_SESSION = "99999999-9999-4999-8999-999999999999"
_FAR = timezone(timedelta(hours=12))
_KINDS = {"OV": "overstapdossier", "BB": "overdrachtbinnenbrin", "SWV": "swv-dossier"}
_FIELDS = ("sessieId", "bronBrin", "bronAdres", "doelBrin", "doelAdres", "overdrachtsoort")


# --- what is delivered --------------------------------------------------------------------------------------------


def popo(stage: OsoStage) -> None:
    """A POPO dossier."""
    _delivers(stage, "popo", "POPO")


def povo(stage: OsoStage) -> None:
    """A POVO dossier."""
    _delivers(stage, "povo", "POVO")


def vovo(stage: OsoStage) -> None:
    """A VOVO dossier."""
    _delivers(stage, "vovo", "VOVO")


def binnen_brin(stage: OsoStage) -> None:
    """A dossier within one BRIN."""
    _delivers(stage, "bb", "POPO", kind="BB", doel=stage.plan.buur)


def swv(stage: OsoStage) -> None:
    """A dossier for a samenwerkingsverband, by koppelsleutel."""
    _delivers(stage, "", "POSWV", kind="SWV", doel=stage.plan.swv)


def bijlagen(stage: OsoStage) -> None:
    """Attachments, byte for byte."""
    made = next(one for one in cases() if one.number == Pupils().bijlagen)
    wanted, came = _files(dossier(made)), _files(_opened_bytes(_asked(stage, stage.pupil("bijlagen"))))
    if not wanted <= came:
        raise Wrong("bijlage_anders", aantal=len(wanted - came), alle=len(wanted))


def aanvraagdatum(stage: OsoStage) -> None:
    """A newer dossier for who names a moment before it was collected."""
    moment = _newest() - timedelta(minutes=1)
    for zone in (moment.tzinfo, UTC, _FAR):
        told = moment.astimezone(zone).isoformat()
        found = _opened(_asked(stage, stage.pupil("nieuwer"), aanvraagdatum=told))
        if not getattr(found.dossier().rapport, "eindtoetsen", ()):
            raise Wrong("oude_dossier")


def niets_nieuwers(stage: OsoStage) -> None:
    """Nothing for who names a moment after the newest was collected."""
    moment = _newest() + timedelta(days=1)
    stage.expect_refusal(_asked(stage, stage.pupil("nieuwer"), aanvraagdatum=moment.isoformat()))


def twee_keer(stage: OsoStage) -> None:
    """The same dossier again within the session."""
    number = stage.pupil("povo")
    fields = stage.request(number, stage.session(number))
    first, second = (_opened(stage.send(DOCUMENT, fields)) for _ in range(2))
    if first.dossier().model_dump() != second.dossier().model_dump():
        raise Wrong("tweede_anders")


# --- what is not --------------------------------------------------------------------------------------------------


def niet_klaar(stage: OsoStage) -> None:
    """A pupil without a dossier."""
    stage.expect_refusal(_asked(stage, stage.pupil("niet_klaar")), "LeerlinginfoNietBeschikbaar")


def geen_inzage(stage: OsoStage) -> None:
    """A dossier that was not inspected."""
    stage.expect_refusal(_asked(stage, stage.pupil("geen_inzage")), "LeerlinginfoNietOpvraagbaar")


def voor_ander(stage: OsoStage) -> None:
    """A dossier that is ready for another school."""
    stage.expect_refusal(_asked(stage, stage.pupil("ander")))


def ander_aanleverpunt(stage: OsoStage) -> None:
    """A delivery point at which it is not ready."""
    elders, number = stage.plan.elders, stage.pupil("povo")
    session = stage.session(number, bron=elders)
    stage.expect_refusal(stage.send(DOCUMENT, {**stage.request(number, session), **stage.between(bron=elders)}))


def andere_soort(stage: OsoStage) -> None:
    """A dossier within a BRIN, asked for as one between schools."""
    number, buur = stage.pupil("bb"), stage.plan.buur
    session = stage.session(number, "OV", doel=buur)
    stage.expect_refusal(stage.send(DOCUMENT, {**stage.request(number, session, "OV"), **stage.between(buur)}))


def twee_sleutels(stage: OsoStage) -> None:
    """A request that says twice which dossier."""
    number = stage.pupil("povo")
    fields = {**stage.request(number, stage.session(number)), "koppelsleutel": stage.plan.koppelsleutel or _NO_SESSION}
    # not by send: the official layout forbids this request
    stage.expect_refusal(stage.post(messages.write(Message(DOCUMENT, stage.plan.draad, fields))))


def vreemde_oin(stage: OsoStage) -> None:
    """A caller with a good certificate that does not speak for the school it names."""
    number = stage.pupil("povo")
    fields = stage.request(number, stage.session(number))
    try:
        reply = stage.send(DOCUMENT, fields, caller="ander")
    except NoAnswer as error:
        if error.code not in ("tls", "afgekapt"):
            raise
        return stage.expect_works()  # no connection is a refusal too
    if reply.answer.status in (401, 403) and not reply.delivers:
        return stage.expect_works()
    return stage.expect_refusal(reply)


# --- the session --------------------------------------------------------------------------------------------------


def vraagt_sessie(stage: OsoStage) -> None:
    """The session is checked for every request."""
    number = stage.pupil("povo")
    fields = stage.request(number, stage.session(number))
    for times in (1, 2):
        reply = stage.send(DOCUMENT, fields)
        if len(stage.heard(CHECK)) < times:
            raise Wrong("niet_gevraagd") if reply.delivers else NotRun("niets_gehoord")


def sessie_volledig(stage: OsoStage) -> None:
    """The session check holds what was asked: session, both delivery points, kind."""
    number = stage.pupil("povo")
    fields = stage.request(number, stage.session(number))
    reply = stage.send(DOCUMENT, fields)
    asked = _checked(stage, reply)
    other = [name for name in _FIELDS if asked[name] != fields[name]]
    if other:
        raise Wrong("controle_anders", velden=", ".join(other))


def sleutel_zelf(stage: OsoStage) -> None:
    """The session check holds the zoeksleutel of the pupil, and never the number itself."""
    number = stage.pupil("povo")
    asked = _checked(stage, stage.send(DOCUMENT, stage.request(number, stage.session(number))))
    if number in asked.fields.values():
        raise Wrong("pgn_naar_verkeerscentrum")
    if "".join(asked["zoeksleutel"].split()) != stage.simulator.school.keys(number)["zoeksleutel"]:
        raise Wrong("andere_zoeksleutel")


def zonder_sessie(stage: OsoStage) -> None:
    """A session that was never granted, and none at all."""
    fields = stage.request(stage.pupil("povo"), _NO_SESSION)
    stage.expect_refusal(stage.send(DOCUMENT, fields))
    for session in ({"sessieId": ""}, {}):
        rest = {name: value for name, value in fields.items() if name != "sessieId"}
        # not by send: the official layout forbids this request
        expect_nothing(stage.post(messages.write(Message(DOCUMENT, stage.plan.draad, {**rest, **session}))))


def blijft_geweigerd(stage: OsoStage) -> None:
    """The same refused request again, also after one that was good."""
    number = stage.pupil("povo")
    for _ in range(2):
        for _ in range(2):
            stage.expect_refusal(stage.send(DOCUMENT, stage.request(number, _NO_SESSION)))
        _asked(stage, number)


def tegelijk(stage: OsoStage) -> None:
    """Several pupils at the same moment: each answer is of the pupil that was asked for."""
    numbers = [one for one in map(stage.pupil, ("popo", "povo", "vovo", "bijlagen")) if one]
    with ThreadPoolExecutor(len(numbers)) as pool:
        replies = list(pool.map(lambda number: _asked(stage, number), numbers))
    for number, reply in zip(numbers, replies, strict=True):
        pupil = _opened(reply).dossier().leerling
        if pupil is None or number not in (pupil.bsn, pupil.onderwijsnummer):
            raise Wrong("andere_leerling")


def eerst_sessie(stage: OsoStage) -> None:
    """Nothing of a pupil is told before the session is found good."""
    reply = stage.send(DOCUMENT, stage.request(stage.pupil("niet_klaar"), _NO_SESSION))
    asked = bool(stage.heard(CHECK))
    if {"LeerlinginfoNietBeschikbaar", "LeerlinginfoNietOpvraagbaar"} & reply.words:
        raise Wrong("eerst_gezocht")
    stage.expect_refusal(reply)
    if not asked:
        raise NotRun("niets_gehoord")


def geweigerd(stage: OsoStage) -> None:
    """The Traffic Center refuses; its word is passed on."""
    number = stage.pupil("povo")
    fields = stage.request(number, stage.session(number))
    stage.simulator.faults.plan("sessie", CHECK)
    reply = stage.send(DOCUMENT, fields)
    _used_up(stage, "sessie", reply)
    stage.expect_refusal(reply, "SessieAfwijkend")


def verkeerscentrum_stil(stage: OsoStage) -> None:
    """The Traffic Center does not answer."""
    number = stage.pupil("povo")
    fields = stage.request(number, stage.session(number))
    stage.simulator.faults.plan("weg", CHECK)
    reply = stage.send(DOCUMENT, fields)
    _used_up(stage, "weg", reply)
    stage.expect_refusal(reply)


def sessie_van_ander(stage: OsoStage) -> None:
    """The session of another school."""
    number = stage.pupil("povo")
    stage.expect_refusal(stage.send(DOCUMENT, stage.request(number, stage.session(number, doel=stage.plan.ander))))


def sessie_ander_punt(stage: OsoStage) -> None:
    """The session of another delivery point of the same school."""
    number = stage.pupil("povo")
    stage.expect_refusal(stage.send(DOCUMENT, stage.request(number, stage.session(number, doel=stage.plan.tweede))))


def sessie_andere_leerling(stage: OsoStage) -> None:
    """A session for another pupil."""
    session = stage.session(stage.pupil("popo"))
    stage.expect_refusal(stage.send(DOCUMENT, stage.request(stage.pupil("povo"), session)))


def afgemeld(stage: OsoStage) -> None:
    """A session that was signed off."""
    number = stage.pupil("povo")
    fields = stage.request(number, stage.session(number))
    stage.send(DOCUMENT, fields)
    stage.end(fields["sessieId"])
    stage.expect_refusal(stage.send(DOCUMENT, fields), "SessieReedsAfgemeld")


# --- feedback -----------------------------------------------------------------------------------------------------


def terugkoppeling(stage: OsoStage) -> None:
    """Feedback of a samenwerkingsverband is taken."""
    reply = stage.send("terugkoppelingRequest", _feedback(stage, stage.plan.bron))
    if reply.is_fault or reply.message is None or reply.message.name != "terugkoppelingResponse":
        raise NotUnderstood("niet_ontvangen")
    if reply.message["resultaat"] not in ("", "OverdrachtGeslaagd"):
        raise NotUnderstood("niet_ontvangen")


def _feedback(stage: OsoStage, to: Point) -> dict[str, str]:
    """Feedback; here bron is who sends it (OSO:2017/Versturen Terugkoppeling)."""
    key = {"koppelsleutel": stage.plan.koppelsleutel, "inhoud": "De leerling is besproken."}
    return {**stage.between(to, stage.plan.swv), **key}


# --- what these share ---------------------------------------------------------------------------------------------


def _asked(stage: OsoStage, number: str, **fields: str) -> Reply:
    """The answer to a good request for the dossier of a pupil."""
    return stage.send(DOCUMENT, {**stage.request(number, stage.session(number)), **fields})


def _delivers(stage: OsoStage, name: str, step: str, *, kind: str = "OV", doel: Point | None = None) -> None:
    """Ask for a dossier, and look whether it is the one that was asked for, and good."""
    number = stage.pupil(name) if name else ""
    session = stage.session(number, kind, **({"doel": doel} if doel else {}))
    reply = stage.send(DOCUMENT, {**stage.request(number, session, kind), **stage.between(doel)})
    found = _opened(reply)
    report = documents.check(found)
    broken = sorted({one.rule for one in report.findings if one.severity == "error"})
    if broken or not report.ok:
        raise Wrong("dossier_fout", regels=", ".join(broken[:5]) or "-")
    made = found.dossier()
    if kind == "OV" and made.inzage is not None and made.inzage.inzage is False:
        raise Wrong("zonder_inzage")
    _same(made, number, kind, step)


def _same(found: Any, number: str, kind: str, step: str) -> None:
    """Look whether a dossier is of the pupil and for what was asked."""
    pupil = found.leerling
    if number and (pupil is None or number not in (pupil.bsn, pupil.onderwijsnummer)):
        raise Wrong("andere_leerling")
    told = found.levering
    if told is None or told.overdrachtsoort != _KINDS[kind]:
        raise Wrong("andere_soort")
    if kind != "BB" and told.overstap != step:
        raise Wrong("andere_overstap", verwacht=step)


def _opened(reply: Reply) -> Any:
    """The dossier in an answer, read."""
    return _read(_opened_bytes(reply))


def _opened_bytes(reply: Reply) -> bytes:
    """The dossier in an answer."""
    if reply.message is not None and reply.message.dossier:
        return reply.message.dossier
    if reply.delivers:
        raise NotUnderstood("dossier_elders")
    if body_of(reply.answer.body) is None:
        raise Wrong("geen_soap", status=reply.answer.status)
    word = next((one for one in sorted(reply.words) if one in _told()), "")
    raise NotUnderstood("niet_geleverd", woord=word or "-", status=reply.answer.status)


def _told() -> frozenset[str]:
    """The result words that may be told."""
    return frozenset(row["resultaat"] for name in ("verkeer", "las") for row in _rows(name) if "resultaat" in row)


def _rows(name: str) -> list[dict[str, Any]]:
    held = messages.data(name)
    return [*held["rij"], *held.get("geval", ())]


def _read(content: bytes) -> Any:
    """A document, when it can be read."""
    try:
        found = documents.read(content)
        found.dossier()
    except (DocumentError, UsageError):
        raise Wrong("dossier_onleesbaar") from None
    return found


def _files(content: bytes) -> set[str]:
    """The digests of the attachments in a dossier, white space in base64 aside."""
    holders = [one for one in parser.parse(content).iter() if parser.local_name(one) == "bestandsinhoud"]
    return {hashlib.sha256("".join((one.text or "").split()).encode()).hexdigest() for one in holders}


def _newest() -> datetime:
    """When the newest dossier of the pupil with two was collected."""
    return max(one.collected for one in cases() if one.number == Pupils().nieuwer)


def _checked(stage: OsoStage, reply: Reply) -> Message:
    """The session check that the endpoint asked for."""
    heard = stage.heard(CHECK)
    if not heard:
        raise Wrong("niet_gevraagd") if reply.delivers else NotRun("niets_gehoord")
    return heard[0]


def _used_up(stage: OsoStage, fault: str, reply: Reply) -> None:
    """See to it that the Traffic Center got to make a fault; one that is left over must not hit what comes after."""
    if stage.simulator.faults.take(CHECK) == fault:
        _checked(stage, reply)
