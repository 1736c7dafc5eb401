"""Scenarios about pupil data that are asked for all at once."""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from lxml import etree

from oso_bridge import document as documents
from oso_bridge import fieldsets
from oso_bridge.document import Document
from oso_bridge.errors import OsoBridgeError
from oso_bridge.findings import Finding, Severity
from oso_bridge.testing.kit import uwlr_messages as messages
from oso_bridge.testing.kit.calling import LARGEST, Answer
from oso_bridge.testing.kit.scenario import Wrong
from oso_bridge.testing.kit.uwlr_stage import ALL, UwlrStage

_OK = 200
_ONCE = 4
"""How many times the school is asked at the same moment."""
_MOVING = ("aanmaakdatum", "peildatum")
"""What an answer says of itself, which may differ every time."""


def antwoord(stage: UwlrStage) -> None:
    """The school is answered with its data."""
    stage.school()


def http(stage: UwlrStage) -> None:
    """An answer has status 200 and is text/xml (SOAP 1.1, 6)."""
    answer = stage.ask(ALL)
    stage.data(ALL, answer)
    if answer.status != _OK:
        raise Wrong("uwlr_status", status=answer.status, verwacht=_OK)
    if answer.media_type != "text/xml":
        raise Wrong("uwlr_mediatype")


def schema(stage: UwlrStage) -> None:
    """The answer is valid by the schema."""
    refuse_invalid(stage.whole())


def refuse_invalid(data: etree._Element) -> None:
    """Refuse data that their schema does not take.

    Args:
        data: The element with data.

    Raises:
        Wrong: They break it; the text names the first rule, its place and how many more there are.
    """
    found = list(documents.check(_document(data), layers=("schema",)).findings)
    if found:
        raise _wrong("uwlr_schema", found)


def sleutels(stage: UwlrStage) -> None:
    """Keys are unique, and references lead to something."""
    found = list(documents.check(_document(stage.whole()), layers=("integrity",)).findings)
    wrong = [finding for finding in found if finding.rule.startswith("INT.sleutel")]
    if wrong:
        raise _wrong("uwlr_sleutels", wrong)


def veldset(stage: UwlrStage) -> None:
    """Nothing stands outside the field set, and nothing that must be in it is absent."""
    found = fieldsets.check(_document(stage.whole()), stage.settings["veldset"])
    wrong = [finding for finding in found if finding.severity is Severity.ERROR]
    if wrong:
        raise Wrong("uwlr_veldset", teveel=_named(wrong, "verboden"), ontbreekt=_named(wrong, "ontbreekt"))


def nooit(stage: UwlrStage) -> None:
    """No full number, origin, weight, address or remark on health leaves."""
    names = messages.table()["nooit"]["elementen"]
    found = {etree.QName(one).localname for one in stage.whole().iter(etree.Element)}
    there = [name for name in names if name in found]
    if there:
        raise Wrong("uwlr_nooit", elementen=", ".join(there))


def school(stage: UwlrStage) -> None:
    """The answer is about the school and the year that were asked for."""
    refuse_other_school(stage, stage.whole())


def refuse_other_school(stage: UwlrStage, data: etree._Element) -> None:
    """Refuse data of another school, year or version than was asked for.

    Args:
        stage: The stage.
        data: The element with data.

    Raises:
        Wrong: They say another, or no year.
    """
    for name in ("schooljaar", "brincode", "schoolkey", "xsdversie"):
        asked, said = stage.settings[name], [one.text or "" for one in messages.one_of(data, "school", name)]
        if asked and said and said[0].strip() != asked:
            raise Wrong("uwlr_andere_school", element=name)
    if not messages.one_of(data, "school", "schooljaar"):
        raise Wrong("uwlr_andere_school", element="schooljaar")


def twee_keer(stage: UwlrStage) -> None:
    """The same request gives the same data."""
    if _still(stage.whole()) != _still(stage.data(ALL, stage.ask(ALL))):
        raise Wrong("uwlr_niet_hetzelfde")


def geenwijzigingen(stage: UwlrStage) -> None:
    """Who has the data of this moment already gets geenwijzigingen."""
    made = _made(stage)
    for moment in (made, _later(made)):
        stage.says("geenwijzigingen", ALL, stage.ask(ALL, {"laatstontvangengegevens": moment}))


def wijzigingen(stage: UwlrStage) -> None:
    """Who has data of long ago gets them all."""
    stage.whole()
    found = stage.data(ALL, stage.ask(ALL, {"laatstontvangengegevens": "1995-08-01T00:00:00Z"}))
    if _still(found) != _still(stage.whole()):
        raise Wrong("uwlr_niet_hetzelfde")


def geengegevens(stage: UwlrStage) -> None:
    """A year without pupils is answered with geengegevens."""
    stage.says("geengegevens", ALL, stage.ask(ALL, {"schooljaar": stage.settings["leeg_schooljaar"]}))


def tegelijk(stage: UwlrStage) -> None:
    """Several who ask at once all get everything, to the end."""
    wanted = _still(stage.whole())
    with ThreadPoolExecutor(_ONCE) as pool:
        answers = list(pool.map(lambda _: stage.ask(ALL), range(_ONCE)))
    if any(_still(stage.data(ALL, answer)) != wanted for answer in answers):
        raise Wrong("uwlr_niet_hetzelfde")


def gzip_mag(stage: UwlrStage) -> None:
    """Who takes gzip gets the same data, compressed or not."""
    answer = stage.ask(ALL, headers={"Accept-Encoding": "gzip"})
    found = stage.data(ALL, _unpacked(answer))
    if _still(found) != _still(stage.whole()):
        raise Wrong("uwlr_niet_hetzelfde")


def _unpacked(answer: Answer) -> Answer:
    """An answer without its compression."""
    word = answer.headers.get("content-encoding", "identity").strip().lower()
    if word == "identity":
        return answer
    if word != "gzip":
        raise Wrong("uwlr_codering")
    try:
        unpress = zlib.decompressobj(16 + zlib.MAX_WBITS)
        body = unpress.decompress(answer.body, LARGEST)
    except zlib.error:
        raise Wrong("uwlr_gzip") from None
    if not unpress.eof:
        raise Wrong("uwlr_gzip")
    return Answer(answer.status, answer.headers, body, answer.seconds)


def _made(stage: UwlrStage) -> str:
    """The moment that the data say they are of, to the letter; now when they do not say."""
    found = [(one.text or "").strip() for one in messages.one_of(stage.whole(), "school", "aanmaakdatum")]
    return found[0] if found and found[0] else f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _later(moment: str) -> str:
    """A second later, in the same time zone; the same for what is no moment."""
    try:
        return (datetime.fromisoformat(moment) + timedelta(seconds=1)).isoformat()
    except (ValueError, OverflowError):
        return moment


def _still(data: etree._Element) -> bytes:
    """The data without what an answer says of itself."""
    copy = etree.fromstring(etree.tostring(data))
    for name in _MOVING:
        for place in messages.one_of(copy, "school"):
            for one in messages.one_of(place, name):
                place.remove(one)
    return etree.tostring(copy, method="c14n")


def _document(data: etree._Element) -> Document:
    """The data as a document of 2.2.

    Raises:
        Wrong: It cannot be read as one.
    """
    try:
        return documents.read(etree.tostring(data), release="uwlr/2.2")
    except OsoBridgeError:
        raise Wrong("uwlr_onleesbaar") from None


def _named(found: list[Finding], kind: str) -> str:
    """The elements that findings of a field set are about, each once; all are names of the standard."""
    names = (f"{one.args['ouder']}/{one.args['element']}" for one in found if one.rule == f"PROF.{kind}")
    return ", ".join(dict.fromkeys(names)) or "-"


def _wrong(code: str, found: list[Finding]) -> Wrong:
    """The first of some findings, and how many more there are; findings hold no values."""
    first = found[0]
    return Wrong(code, regel=first.rule, plaats=first.xpath or "-", meer=len(found) - 1)


def op_tijd(stage: UwlrStage) -> None:
    """The answer is there within the time that was agreed upon."""
    answer = stage.ask(ALL)
    stage.data(ALL, answer)
    if answer.seconds > stage.settings.seconds:
        raise Wrong("te_laat")
