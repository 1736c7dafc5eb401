"""Scenarios of SOAP 1.1 and HTTP: what a good answer looks like, and what is refused before it is looked at."""

from __future__ import annotations

from collections.abc import Callable

from oso_bridge.testing.kit.calling import Answer, NoAnswer
from oso_bridge.testing.kit.oso_stage import DOCUMENT, OsoStage, Reply, body_of, expect_nothing, read
from oso_bridge.testing.kit.scenario import NotUnderstood, Wrong
from oso_bridge.testing.simulator import messages
from oso_bridge.testing.simulator.messages import SOAP, Message

_SOAP_12 = b"http://www.w3.org/2003/05/soap-envelope"
_CANARY = "999999990"
_LARGE = 16 * 1024 * 1024
_NO_SESSION = "geen-sessie'<x>&--"


def antwoord(stage: OsoStage) -> None:
    """A good answer: HTTP 200, text/xml, an envelope of SOAP 1.1 with one message in its body."""
    reply = stage.post(_good(stage))
    _expect_envelope(reply)
    if reply.is_fault:
        raise NotUnderstood("wel_fault")
    if reply.answer.status != 200:
        raise Wrong("andere_status", verwacht=200, status=reply.answer.status)


def antwoord_naam(stage: OsoStage) -> None:
    """The message in it is documentResponse, in the namespace of the request."""
    payload = body_of(stage.post(_good(stage)).answer.body)
    if payload is None or payload.tag != f"{{{stage.namespace}}}documentResponse":
        raise Wrong("ander_element")


def onleesbaar(stage: OsoStage) -> None:
    """A body that is no XML."""
    _expect_fault(stage.post(b"<soap:Envelope>" + _good(stage)[:200]))


def doctype(stage: OsoStage) -> None:
    """A DOCTYPE before a message that is good for the rest."""
    _expect_refusal(stage, lambda good: _after_declaration(good, b"<!DOCTYPE soap [<!ELEMENT soap ANY>]>"))


def entiteit(stage: OsoStage) -> None:
    """An entity in the place of the session."""
    number = stage.pupil("povo")
    session = stage.session(number).encode()
    good = _written(stage, number, session.decode())
    held = _after_declaration(good, b"<!DOCTYPE soap [<!ENTITY kit '" + session + b"'>]>")
    _expect_fault(stage.post(held.replace(b">" + session + b"<", b">&kit;<")))
    stage.expect_works()


def ander_media_type(stage: OsoStage) -> None:
    """A message that does not travel as text/xml."""
    answer = stage.post(_good(stage), headers={"Content-Type": "application/json"})
    _expect_error(stage, answer)


def te_groot(stage: OsoStage) -> None:
    """A request of 16 MiB, which holds no dossier."""
    good = _good(stage)
    large = good.replace(b"<soapenv:Header/>", b"<soapenv:Header/>" + b" " * _LARGE)
    try:
        _expect_error(stage, stage.post(large))
    except NoAnswer as error:
        if error.code == "te_laat":
            raise
        stage.expect_works()  # the connection was ended before all of it had come


def met_get(stage: OsoStage) -> None:
    """A GET gives no dossier, and does not upset the endpoint."""
    _expect_calm(stage.plain(None, method="GET"))


def andere_namespace(stage: OsoStage) -> None:
    """A message of a release that does not exist."""
    _expect_refusal(stage, lambda good: good.replace(stage.namespace.encode(), stage.namespace[:-1].encode() + b"X"))


def onbekend_bericht(stage: OsoStage) -> None:
    """A message that does not exist."""
    _expect_refusal(stage, lambda good: good.replace(DOCUMENT.encode(), b"dossierWeggeefRequest"))


def vreemde_sessie(stage: OsoStage) -> None:
    """A session that is none, with characters that upset a program that does not expect them."""
    reply = stage.post(_written(stage, stage.pupil("povo"), _NO_SESSION))
    expect_nothing(reply)
    _expect_calm(reply.answer)


def twee_berichten(stage: OsoStage) -> None:
    """Two messages in one body."""

    def twice(good: bytes) -> bytes:
        start, end = good.index(b"<documentRequest"), good.index(b"</soapenv:Body>")
        return good[:end] + good[start:end] + good[end:]

    _expect_refusal(stage, twice)


def soap12(stage: OsoStage) -> None:
    """An envelope of SOAP 1.2."""
    _expect_refusal(stage, lambda good: good.replace(SOAP.encode(), _SOAP_12))


def moet_begrepen(stage: OsoStage) -> None:
    """A header that must be understood, and is not."""
    header = b'<soapenv:Header><x:kit xmlns:x="urn:oso-bridge:kit" soapenv:mustUnderstand="1"/></soapenv:Header>'
    _expect_refusal(stage, lambda good: good.replace(b"<soapenv:Header/>", header))


def geen_waarden(stage: OsoStage) -> None:
    """No number of a pupil in what is said about a request that is wrong."""
    good = _written(stage, _CANARY, _NO_SESSION)
    broken = (good[:-20], good.replace(stage.namespace.encode(), b"urn:x"), good.replace(b"<pgn>", b"<pgn>x"))
    for content in (good, *broken):
        if _CANARY.encode() in stage.post(content).answer.body:
            raise Wrong("waarde_terug")


# --- what these share ---------------------------------------------------------------------------------------------


def _written(stage: OsoStage, number: str, session: str) -> bytes:
    return messages.write(Message(DOCUMENT, stage.plan.draad, stage.request(number, session)))


def _good(stage: OsoStage) -> bytes:
    """A good request for a dossier, with a session."""
    number = stage.pupil("povo")
    return _written(stage, number, stage.session(number))


def _after_declaration(content: bytes, added: bytes) -> bytes:
    """Put something behind the XML declaration."""
    end = content.index(b"?>") + 2
    return content[:end] + added + content[end:]


def _expect_refusal(stage: OsoStage, spoil: Callable[[bytes], bytes]) -> None:
    """Expect a fault for a good request that was spoilt."""
    good = _good(stage)
    spoilt = spoil(good)
    assert spoilt != good  # noqa: S101 - else the scenario would try nothing
    _expect_fault(stage.post(spoilt))
    stage.expect_works()


def _expect_error(stage: OsoStage, reply: Reply) -> None:
    """Expect an error of HTTP, or a fault."""
    expect_nothing(reply)
    if reply.answer.status < 400:
        raise Wrong("niet_geweigerd", status=reply.answer.status)
    stage.expect_works()


def _expect_fault(reply: Reply) -> None:
    """Expect a SOAP fault, with HTTP 500, and no page for people."""
    expect_nothing(reply)
    _expect_calm(reply.answer)
    if not reply.is_fault:
        raise Wrong("geen_fault", status=reply.answer.status)
    _expect_envelope(reply)
    if reply.answer.status != 500:
        raise Wrong("andere_status", verwacht=500, status=reply.answer.status)


def _expect_envelope(reply: Reply) -> None:
    """Expect an envelope of SOAP 1.1, as text/xml."""
    if body_of(reply.answer.body) is None:
        raise Wrong("geen_envelop")
    if reply.answer.media_type != "text/xml":
        raise Wrong("ander_media_type")


def _expect_calm(answer: Answer) -> None:
    """Expect no page for people, and nothing of the inside of a program."""
    if read(answer).shows_trace:
        raise Wrong("foutpagina")
