"""Scenarios about results that an application brings to a school."""

from __future__ import annotations

from lxml import etree

from oso_bridge.testing.kit import uwlr_messages as messages
from oso_bridge.testing.kit.scenario import NotRun, Wrong
from oso_bridge.testing.kit.uwlr_stage import RESULTS, UwlrStage
from oso_bridge.testing.kit.uwlr_verzoeken import MESSAGE, VERSION

PUPIL = "Client.LeerlingOngeldig"
TERM = "Client.VocabulaireTermOngeldig"
_STRANGE = "oso-bridge-testkit-geen-leerling"


def aangenomen(stage: UwlrStage) -> None:
    """A result of a pupil of the school is taken."""
    _refuse_other(stage.again())


def niet_later(stage: UwlrStage) -> None:
    """The same message once more is refused: its aanmaakdatum is not later than that of the one before."""
    stage.refused(stage.bring(stage.brought()), "Client")


def ouder(stage: UwlrStage) -> None:
    """A message that is older than the one before is refused."""
    stage.refused(stage.bring("2001-01-01T00:00:00Z"), "Client")


def later(stage: UwlrStage) -> None:
    """A message that is newer than the one before is taken; by the moment, for as text this one is older."""
    _refuse_other(stage.again(hours=-11))


def dubbele_sleutel(stage: UwlrStage) -> None:
    """Two results with one key are refused."""
    stage.refused(stage.bring(stage.moment(), {"sleutel": "dubbel"}, {"sleutel": "dubbel"}), MESSAGE)


def onbekende_leerling(stage: UwlrStage) -> None:
    """A result of a pupil who is not at the school is refused, also behind that of a pupil who is."""
    for others in ([{"leerling": _STRANGE}], [{}, {"leerling": _STRANGE, "sleutel": "tweede"}]):
        answer = stage.bring(stage.moment(), *others)
        stage.refused(answer, PUPIL)
        if _STRANGE.encode() in answer.body:
            raise Wrong("uwlr_fout_waarde")


def onbekende_toets(stage: UwlrStage) -> None:
    """A result of a test that is not in the message is refused."""
    stage.refused(stage.bring(stage.moment(), {"toetscode": "OSO-KIT-2"}), MESSAGE)


def gebroken_score(stage: UwlrStage) -> None:
    """A score that is no whole number is refused."""
    stage.refused(stage.bring(stage.moment(), {"score": "7.5"}), MESSAGE)


def xsdversie(stage: UwlrStage) -> None:
    """Results in a version that does not exist are refused."""
    stage.refused(stage.bring(stage.moment(), xsdversie="0.1"), VERSION)


def vreemd_element(stage: UwlrStage) -> None:
    """Results with an element that the schema does not have are refused."""
    stage.refused(stage.bring(stage.moment(), spoil=_strange), MESSAGE)


def _strange(message: str) -> str:
    """The message with an element in it that nobody knows."""
    return message.replace("</score>", "</score><kit>ja</kit>")


def vocabulaire(stage: UwlrStage) -> None:
    """A term that is not in its vocabulary is refused; who cannot find the vocabulary may take it."""
    answer = stage.bring(stage.moment(), subject="Kruidenkunde")
    if messages.fault(stage.message(answer)) is None:
        _refuse_other(stage.answered(RESULTS, answer))
        raise NotRun("uwlr_vocabulaire_onbekend")
    stage.refused(answer, TERM)


def _refuse_other(answer: etree._Element) -> None:
    """Refuse a confirmation that is not empty."""
    if len(answer) or (answer.text or "").strip():
        raise Wrong("uwlr_bevestiging")
