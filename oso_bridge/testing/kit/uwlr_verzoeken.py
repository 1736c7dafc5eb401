"""Scenarios about requests that are wrong, and about the faults that answer them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from oso_bridge.testing.kit import uwlr_messages as messages
from oso_bridge.testing.kit.calling import Answer
from oso_bridge.testing.kit.scenario import Wrong
from oso_bridge.testing.kit.uwlr_stage import ALL, STRUCTURE, UwlrStage

MESSAGE = "Client.OngeldigBericht"
VERSION = "Client.XsdVersieOngeldig"
_CANARY = "Kanarievogel7c1e"
_SOAP_CHILDREN = ("faultcode", "faultstring", "faultactor", "detail")
_ERROR = 500


def xsdversie(stage: UwlrStage) -> None:
    """A version that does not exist is refused."""
    stage.refused(stage.ask(ALL, {"xsdversie": "0.1"}), VERSION)


def schema(stage: UwlrStage) -> None:
    """A request that breaks the schema is refused: a school year that is none."""
    stage.refused(stage.ask(ALL, {"schooljaar": "24/25"}), MESSAGE)


def vreemd_element(stage: UwlrStage) -> None:
    """A request with an element that the schema does not have is refused."""
    values = stage.values()
    whole = messages.question(ALL, values).replace(f"</{ALL}>", f"<alles>ja</alles></{ALL}>")
    stage.refused(stage.send(ALL, messages.envelope(whole, messages.header(values))), MESSAGE)


def onbekend(stage: UwlrStage) -> None:
    """An operation that does not exist is refused, as something of who asks."""
    _refused(stage, messages.element("alles_verzoek", messages.namespace("leerlinggegevens"), ""))


def naamruimte(stage: UwlrStage) -> None:
    """A request in the namespace of an older version is refused."""
    found = messages.question(ALL, stage.values())
    _refused(stage, found.replace("/leerresultaten/2/", "/leerresultaten/1/"))


def voorvoegsels(stage: UwlrStage) -> None:
    """A request with other prefixes, a comment and line ends says the same, and is answered the same."""
    values = stage.values()
    head, asked = messages.header(values), messages.question(ALL, values)
    told = messages.envelope(_prefixed(asked, "v"), _prefixed(head, "k")).decode()
    other = told.replace("<s:", "<omslag:").replace("</s:", "</omslag:").replace("xmlns:s=", "xmlns:omslag=")
    spaced = other.replace("<omslag:Body>", "<!-- testkit -->\n<omslag:Body>\n")
    found = stage.data(ALL, stage.send(ALL, spaced.encode()))
    if messages.keys(found, "leerlingen", "leerling") != messages.keys(stage.whole(), "leerlingen", "leerling"):
        raise Wrong("uwlr_niet_hetzelfde")


def doctype(stage: UwlrStage) -> None:
    """A message with a DOCTYPE is refused; a SOAP message has none (SOAP 1.1, 3)."""
    values = stage.values(schooljaar="&jaar;")
    entity = f'<!DOCTYPE s:Envelope [<!ENTITY jaar "{stage.settings["schooljaar"]}">]>'
    message = messages.question(ALL, values).replace("&amp;jaar;", "&jaar;")
    _refuse_taken(stage.send(ALL, messages.envelope(message, messages.header(values), entity)))


def geen_xml(stage: UwlrStage) -> None:
    """What is no XML is refused."""
    _refuse_taken(stage.send(ALL, b"dit is geen XML"))


def fout_http(stage: UwlrStage) -> None:
    """A fault has status 500 (SOAP 1.1, 6.2) and is text/xml."""
    for answer in _faults(stage):
        stage.fault(answer)
        if answer.status != _ERROR:
            raise Wrong("uwlr_status", status=answer.status, verwacht=_ERROR)
        if answer.media_type != "text/xml":
            raise Wrong("uwlr_mediatype")


def fout_vorm(stage: UwlrStage) -> None:
    """A fault has a faultcode and a faultstring, in no namespace, and a code of UWLR (SOAP 1.1, 4.4)."""
    for answer in _faults(stage):
        found = stage.fault(answer)
        if list(found.children[:2]) != ["faultcode", "faultstring"] or set(found.children) - set(_SOAP_CHILDREN):
            raise Wrong("uwlr_fout_vorm")
        if found.code not in messages.table()["fouten"]["codes"]:
            raise Wrong("uwlr_andere_code", fout=found.shown, verwacht="UWLR")
        if not found.string:
            raise Wrong("uwlr_fout_zonder_tekst")


def fout_waarden(stage: UwlrStage) -> None:
    """No fault repeats anything of the request, nor how the program is made."""
    names = ("klantcode", "klantnaam", "autorisatiesleutel", "brincode", "schooljaar", "xsdversie", "gegevenssetid")
    answers = [stage.ask(ALL, {name: f"{_CANARY}{number}"}) for number, name in enumerate(names)]
    for answer in [*answers, *_faults(stage)]:
        if _CANARY.encode() in answer.body or (stage.settings.key and stage.settings.key.encode() in answer.body):
            raise Wrong("uwlr_fout_waarde")
        if any(trace.encode() in answer.body for trace in messages.table()["fouten"]["sporen"]):
            raise Wrong("uwlr_fout_sporen")


def _prefixed(message: str, prefix: str) -> str:
    """A message of the kit with a prefix for each of its elements, in the place of a default namespace."""
    return re.sub(r"<(/?)(\w)", rf"<\1{prefix}:\2", message).replace(" xmlns=", f" xmlns:{prefix}=")


def _faults(stage: UwlrStage) -> Iterator[Answer]:
    """Faults of three kinds: about the header, about the message, and in steps when these are offered."""
    yield stage.ask(ALL, {"autorisatiesleutel": f"{_CANARY}s"})
    yield stage.ask(ALL, {"schooljaar": "24/25"})
    if stage.settings.yes("getrapt"):
        yield stage.ask(STRUCTURE, {"xsdversie": "0.1"})


def _refused(stage: UwlrStage, message: str) -> None:
    """Refuse an answer to a message that is none of UWLR, when it is no fault of who asks."""
    envelope = messages.envelope(message, messages.header(stage.values()))
    stage.refused(stage.send(ALL, envelope), "Client")


def _refuse_taken(answer: Answer) -> None:
    """Refuse an answer that is neither a fault nor an error of HTTP."""
    try:
        found = messages.fault(messages.body(answer.body))
    except messages.NoMessage:
        found = None
    if found is None and answer.status < 400:
        raise Wrong("uwlr_toch_antwoord")
