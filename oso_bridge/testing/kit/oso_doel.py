"""Scenarios in which the endpoint is doel: it is notified that a dossier is ready."""

from __future__ import annotations

import uuid

from oso_bridge.testing.kit.oso_plan import Point
from oso_bridge.testing.kit.oso_stage import OsoStage, Reply, expect_soap
from oso_bridge.testing.kit.scenario import NotRun, NotUnderstood, Wrong
from oso_bridge.testing.simulator import Punt, messages
from oso_bridge.testing.simulator.messages import Message, data

NOTICE = "notificatieRequest"
RECEIVED = "NotificatieOntvangen"
_SESSION = "11111111-2222-4333-8444-555555555555"
_MOMENT = "2022-01-20T11:17:33+01:00"


def swv(stage: OsoStage) -> None:
    """A notification that a dossier is ready for a samenwerkingsverband."""
    _expect_received(stage.send(NOTICE, _swv(stage)))


def ov(stage: OsoStage) -> None:
    """A notification that there is a newer dossier."""
    _expect_received(stage.send(NOTICE, _ov(stage)))


def twee_keer(stage: OsoStage) -> None:
    """The same notification again."""
    fields = _swv(stage)
    for _ in range(2):
        _expect_received(stage.send(NOTICE, fields))


def niet_hier(stage: OsoStage) -> None:
    """A notification for a delivery point that is elsewhere."""
    if RECEIVED in stage.send(NOTICE, {**_swv(stage), **_to(stage, stage.plan.ander)}).words:
        raise Wrong("wel_ontvangen")
    _expect_others(stage)


def zonder_adres(stage: OsoStage) -> None:
    """A notification without the address of who sends it."""
    fields = {name: value for name, value in _swv(stage).items() if name != "bronAdres"}
    # not by send: the official layout forbids this request
    if RECEIVED in stage.post(messages.write(Message(NOTICE, stage.plan.draad, fields))).words:
        raise Wrong("wel_ontvangen")
    _expect_others(stage)


def onleesbaar(stage: OsoStage) -> None:
    """A notification that is broken off."""
    content = messages.write(Message(NOTICE, stage.plan.draad, _swv(stage)))
    reply = stage.post(content[: content.index(b"<doel>")])
    if not reply.is_fault:
        raise Wrong("geen_fault", status=reply.answer.status)


def haalt_op(stage: OsoStage) -> None:
    """The dossier that a notification is about is fetched: a session, the dossier, the sign-off."""
    key = str(uuid.uuid4()).upper()
    school, doel = stage.simulator.school, stage.plan.doel
    stage.simulator.verkeer.link(key, school.point, Punt(doel.brin, doel.kenmerk))
    school.set_ready(key)
    to = {"bronBrin": school.point.brin, "bronAdres": school.point.adres}
    _expect_received(stage.send(NOTICE, {**_swv(stage), **to, "koppelsleutel": key}))
    for message in ("overdrachtRequest", "documentRequest", "afmeldingRequest"):
        if not stage.await_heard(message):
            raise Wrong("niet_opgehaald", bericht=message)


def _to(stage: OsoStage, doel: Point | None = None) -> dict[str, str]:
    """The address fields of a notification from the school of the kit."""
    return stage.between(doel or stage.plan.doel, stage.plan.vrager)


def _swv(stage: OsoStage) -> dict[str, str]:
    word = data("berichten")["draad"][stage.plan.draad]["swv"]
    return {**_to(stage), "koppelsleutel": str(uuid.uuid4()).upper(), "doel": word}


def _ov(stage: OsoStage) -> dict[str, str]:
    return {**_to(stage), "sessieId": _SESSION, "aanvraagdatum": _MOMENT, "doel": "OV"}


def _expect_others(stage: OsoStage) -> None:
    """Expect that an ordinary notification is taken: where none is, a refusal shows nothing."""
    if RECEIVED not in stage.send(NOTICE, _swv(stage)).words:
        raise NotRun("weigert_alles")


def _expect_received(reply: Reply) -> None:
    """Expect the only word of this answer that is published."""
    expect_soap(reply)
    if RECEIVED not in reply.words or reply.is_fault:
        raise NotUnderstood("niet_ontvangen")
