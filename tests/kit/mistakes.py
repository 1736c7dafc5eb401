"""Mistakes that vendors make, each planted into an endpoint of ours, with the scenarios that must find it."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from oso_bridge.exchange import Bron, Endpoint, everyone
from oso_bridge.exchange import outcome as outcomes
from oso_bridge.exchange.conditions import Weging
from oso_bridge.exchange.keys import Sleutels
from oso_bridge.exchange.messages import DocumentRequest, DocumentResponse, NotificatieResponse, TerugkoppelingResponse
from oso_bridge.exchange.soap import SoapRefusal
from oso_bridge.testing.exchange import nep_pgnfrag
from oso_bridge.xml.limits import Limits

from .stage import PLAN, READY, Las

PUPILS = PLAN.leerlingen
GOOD = outcomes.outcome(outcomes.SUCCESS)
Plant = Callable[[Las], None]


@dataclass(frozen=True)
class Mistake:
    """What is planted, and which scenarios fail of it, and no others."""

    plant: Plant
    found: frozenset[str]
    settings: tuple[tuple[str, Any], ...] = ()


MISTAKES: dict[str, Mistake] = {}


def mistake(found: str, **settings: Any) -> Callable[[Plant], Plant]:
    """Register a mistake under the name of its function."""

    def register(plant: Plant) -> Plant:
        ids = frozenset(f"OSO.{one}" for one in found.split())
        MISTAKES[plant.__name__] = Mistake(plant, ids, tuple(settings.items()))
        return plant

    return register


# --- the session --------------------------------------------------------------------------------------------------


class Careless(Bron):
    """A bron whose session check and choice of dossier can be spoilt."""

    session: Callable[[Any], Any]

    def document(self, vraag: DocumentRequest) -> DocumentResponse:
        if not (vraag.pgn or vraag.koppelsleutel):
            raise SoapRefusal("Nothing is asked.")
        found = self.session(vraag)
        if not found.ok:
            return DocumentResponse(resultaat=found.wire_word)
        weighed = self._weigh(vraag)
        if weighed.klaargezet is None or not weighed.uitkomst.ok:
            return DocumentResponse(resultaat=weighed.uitkomst.wire_word)
        return DocumentResponse(dossier=weighed.klaargezet.dossier)

    def check(self, vraag: DocumentRequest) -> Any:
        talk = self.systeem.gesprek()
        talk.go(vraag.element)
        return self.systeem.sessiecontrole(vraag, talk)


def careless(las: Las, session: Callable[[Careless, Any], Any]) -> None:
    made = Careless(las.system, las.memory, aanleverpunten=las.points)
    made.session = lambda vraag: session(made, vraag)
    las.bron = made


OV = "B01 B02 B03 B06 B07 B09 B33"
"""What fails when nothing is delivered to another school."""
WORDS = "B10 B11"
REFUSED = "B23 B24 B25 B26 B27 B28 B29 B30 B32 S11"
"""What fails when nothing is refused for its session."""


@mistake(f"B20 B21 B22 {REFUSED}")
def no_session_check(las: Las) -> None:
    careless(las, lambda bron, vraag: GOOD)


@mistake(REFUSED)
def refusal_ignored(las: Las) -> None:
    def ignores(bron: Careless, vraag: Any) -> Any:
        bron.check(vraag)
        return GOOD

    careless(las, ignores)


@mistake("B24")
def looked_up_before_the_session(las: Las) -> None:
    def looks(bron: Careless, vraag: Any) -> Any:
        found = bron._weigh(vraag)
        return bron.check(vraag) if found.uitkomst.ok else found.uitkomst

    careless(las, looks)


@mistake("B26")
def silence_is_consent(las: Las) -> None:
    def trusts(bron: Careless, vraag: Any) -> Any:
        found = bron.check(vraag)
        return GOOD if found.woord in ("NietBereikbaar", "Onbekend") else found

    careless(las, trusts)


@mistake("B20 B30")
def session_remembered(las: Las) -> None:
    known: dict[str, Any] = {}

    def remembers(bron: Careless, vraag: Any) -> Any:
        found = known.get(vraag.sessie_id) or bron.check(vraag)
        if found.ok:
            known[vraag.sessie_id] = found
        return found

    careless(las, remembers)


@mistake("B24 B25 B30")
def refusal_in_other_words(las: Las) -> None:
    def hides(bron: Careless, vraag: Any) -> Any:
        found = bron.check(vraag)
        return found if found.ok else outcomes.outcome("LeerlinginfoNietBeschikbaar")

    careless(las, hides)


@mistake(f"{OV} {WORDS} B21 B28")
def doel_out_of_the_settings(las: Las) -> None:
    def guesses(bron: Careless, vraag: Any) -> Any:
        # a system that asks for the delivery point that it knows of a pupil, instead of the one that asks
        there = vraag.doel if vraag.overdrachtsoort != "OV" else replace(vraag.doel, kenmerk=PLAN.tweede.kenmerk)
        return bron.check(replace(vraag, doel=there))

    careless(las, guesses)


@mistake(f"{OV} {WORDS} B04 B22")
def pgn_as_key(las: Las) -> None:
    las.system._keys = Sleutels(lambda pgn: pgn, nep_pgnfrag)


@mistake("B24 B32")
def refused_once(las: Las) -> None:
    seen: set[str] = set()

    def gives_in(bron: Careless, vraag: Any) -> Any:
        found, again = bron.check(vraag), vraag.sessie_id in seen and vraag.sessie_id.startswith("9999")
        seen.add(vraag.sessie_id)
        return GOOD if again else found

    careless(las, gives_in)


@mistake(REFUSED)
def a_school_that_was_good_stays_good(las: Las) -> None:
    good: set[str] = set()

    def trusts(bron: Careless, vraag: Any) -> Any:
        found = bron.check(vraag)
        if found.ok:
            good.add(vraag.doel.kenmerk)
        return GOOD if vraag.doel.kenmerk in good else found

    careless(las, trusts)


@mistake("B23")
def no_session_is_a_session(las: Las) -> None:
    def takes(body: bytes, environ: Any) -> bytes:
        return body if b"<sessieId" in body else body.replace(b"<pgn>", b"<sessieId>GEEN</sessieId><pgn>")

    def lets(bron: Careless, vraag: Any) -> Any:
        return GOOD if vraag.sessie_id in ("", "GEEN") else bron.check(vraag)

    around(las, request=takes)
    careless(las, lets)


@mistake("B33")
def answers_mixed_up(las: Las) -> None:
    last: dict[str, Any] = {}

    def keeps(bron: Careless, vraag: Any) -> Any:
        last["vraag"] = vraag
        time.sleep(0.05)
        return bron.check(vraag)

    careless(las, keeps)
    weigh = las.bron._weigh
    las.bron._weigh = lambda vraag: weigh(last["vraag"])


# --- the choice of a dossier --------------------------------------------------------------------------------------


class Choosing(Bron):
    """A bron that weighs a request in its own way."""

    choose: Callable[[Any, Any], Any]

    def _weigh(self, vraag: DocumentRequest) -> Weging:
        weighed = super()._weigh(vraag)
        chosen = self.choose(vraag, weighed)
        return chosen if isinstance(chosen, Weging) else Weging(GOOD, "", chosen) if chosen else weighed


def choosing(las: Las, choose: Callable[[Any, Any], Any]) -> None:
    made = Choosing(las.system, las.memory, aanleverpunten=las.points)
    made.choose = choose
    las.bron = made


def kept(las: Las, number: str, which: int = 0) -> Any:
    """The dossier that is ready for a pupil."""
    return [one for one in las.memory.ready if las.memory.pupils[one.nummer] == number][which]


def asked(vraag: Any, name: str) -> bool:
    return bool(vraag.pgn) and vraag.pgn == getattr(PUPILS, name)


@mistake("B03 B33")
def dossier_of_another_pupil(las: Las) -> None:
    other = next(one for one in READY if one.name == "vovo").dossier.replace(b"088584574", b"662460613")
    choosing(las, lambda vraag, found: replace(kept(las, PUPILS.vovo), dossier=other) if asked(vraag, "vovo") else None)


@mistake("B01")
def broken_dossier(las: Las) -> None:
    good = kept(las, PUPILS.popo)
    broken = good.dossier.replace(b"<overstap>POPO</overstap>", b"<overstap>POPO</overstap><overstap>POPO</overstap>")
    assert broken != good.dossier
    choosing(las, lambda vraag, found: replace(good, dossier=broken) if asked(vraag, "popo") else None)


@mistake("B04")
def wrong_kind(las: Las) -> None:
    other = kept(las, PUPILS.popo)
    dossier = other.dossier.replace(PUPILS.popo.encode(), PUPILS.bb.encode())
    choosing(las, lambda vraag, found: replace(other, dossier=dossier) if vraag.overdrachtsoort == "BB" else None)


@mistake("B05")
def nothing_for_an_swv(las: Las) -> None:
    word = Weging(outcomes.outcome("LeerlinginfoNietBeschikbaar"), "klaar")
    choosing(las, lambda vraag, found: word if vraag.koppelsleutel else None)


@mistake("B11")
def not_inspected(las: Las) -> None:
    choosing(las, lambda vraag, found: found.klaargezet if found.gebrek == "inzage" else None)


@mistake("B12")
def for_any_school(las: Las) -> None:
    choosing(las, lambda vraag, found: kept(las, PUPILS.ander) if asked(vraag, "ander") else None)


@mistake("B07 B08")
def aanvraagdatum_ignored(las: Las) -> None:
    choosing(las, lambda vraag, found: kept(las, PUPILS.nieuwer) if asked(vraag, "nieuwer") else None)


@mistake("B08")
def always_the_newest(las: Las) -> None:
    choosing(las, lambda vraag, found: kept(las, PUPILS.nieuwer, 1) if asked(vraag, "nieuwer") else None)


@mistake("B07")
def zone_of_a_moment_ignored(las: Las) -> None:
    around(las, request=lambda body, environ: re.sub(rb"(<aanvraagdatum>[^<]{19})[^<]*", rb"\1+02:00", body))


@mistake("B02")
def inspection_of_another_school(las: Las) -> None:
    good = kept(las, PUPILS.povo)
    other = kept(las, PUPILS.geen_inzage).dossier.replace(PUPILS.geen_inzage.encode(), PUPILS.povo.encode())
    choosing(
        las, lambda vraag, found: replace(good, dossier=other) if asked(vraag, "povo") and found.uitkomst.ok else None
    )


@mistake("B13")
def any_delivery_point(las: Las) -> None:
    def anywhere(vraag: Any, found: Any) -> Any:
        return kept(las, vraag.pgn) if vraag.bron.kenmerk == PLAN.elders.kenmerk else None

    choosing(las, anywhere)


@mistake("B14")
def any_kind(las: Las) -> None:
    choosing(las, lambda vraag, found: kept(las, vraag.pgn) if found.gebrek == "soort" and vraag.pgn else None)


@mistake("B10")
def other_word(las: Las) -> None:
    word = Weging(outcomes.outcome("LeerlinginfoNietOpvraagbaar"), "inzage")
    choosing(las, lambda vraag, found: word if found.gebrek == "klaar" else None)


@mistake("B09")
def another_each_time(las: Las) -> None:
    given = {False: kept(las, PUPILS.povo).dossier}
    given[True] = given[False].replace(b"<voorlopigdossier>false", b"<voorlopigdossier>true")
    state = {"odd": False}

    def changes(vraag: Any, found: Any) -> Any:
        if not asked(vraag, "povo") or not found.uitkomst.ok:
            return None
        state["odd"] = not state["odd"]
        return replace(kept(las, PUPILS.povo), dossier=given[state["odd"]])

    choosing(las, changes)


@mistake("B06")
def attachment_cut_off(las: Las) -> None:
    good = kept(las, PUPILS.bijlagen)
    start = good.dossier.index(b"<bestandsinhoud>") + 116
    cut = good.dossier[:start] + good.dossier[good.dossier.index(b"</bestandsinhoud>") :]
    choosing(las, lambda vraag, found: replace(good, dossier=cut) if asked(vraag, "bijlagen") else None)


@mistake("B15")
def two_keys(las: Las) -> None:
    answer = las.bron.document
    las.bron.document = lambda vraag: answer(replace(vraag, koppelsleutel="") if vraag.pgn else vraag)


@mistake("B16")
def any_certificate(las: Las) -> None:
    las.toegang = everyone


@mistake("B31")
def no_feedback(las: Las) -> None:
    las.bron.terugkoppeling = lambda vraag: TerugkoppelingResponse(resultaat="OnbekendAanleverpunt")


# --- SOAP and HTTP ------------------------------------------------------------------------------------------------

Answer = tuple[int, str, bytes]


class Between:
    """Stands between HTTP and the application: changes what comes in, or what goes out."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def request(self, body: bytes, environ: dict[str, Any]) -> bytes:
        del environ
        return body

    def answer(self, body: bytes, answer: Answer) -> Answer:
        del body
        return answer

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        changed = self.request(body, environ)
        environ |= {"wsgi.input": io.BytesIO(changed), "CONTENT_LENGTH": str(len(changed))}
        said: list[Any] = []
        content = b"".join(self.application(environ, lambda status, headers: said.extend((status, headers))))
        media_type = dict(said[1]).get("Content-Type", "")
        status, media_type, content = self.answer(body, (int(said[0][:3]), media_type, content))
        start(f"{status} X", [("Content-Type", media_type), ("Content-Length", str(len(content)))])
        return [content]


def around(las: Las, **how: Any) -> None:
    """Put something between HTTP and the application."""
    made = type("Planted", (Between,), {name: staticmethod(function) for name, function in how.items()})
    las.around = made


PAGE = (500, "text/html", b"<html><body>Exception: java.lang.NullPointerException</body></html>")
NOTHING = "B08 B12 B13 B14 B15 B16 B23 B24 B25 B26 B27 B28 B29 B30 B32"
"""What fails when no refusal can be read."""
ANY = f"{OV} {WORDS} {NOTHING} B04 B05 B31 S01 S02 D01 D02 D03 D06 D07"
"""What fails when no answer can be read."""
FAULTS = "S03 S04 S05 S09 S10 S12 S13 S14"


def is_fault(answer: Answer) -> bool:
    return b"faultcode" in answer[2]


@mistake("S03 S08 D06")
def page_for_bad_xml(las: Las) -> None:
    around(las, answer=lambda body, answer: PAGE if not body.rstrip().endswith(b"Envelope>") else answer)


@mistake(f"{FAULTS}")
def fault_with_200(las: Las) -> None:
    around(las, answer=lambda body, answer: (200, *answer[1:]) if is_fault(answer) else answer)


@mistake(f"{ANY} {FAULTS}")
def soap12_answers(las: Las) -> None:
    old, new = b"http://schemas.xmlsoap.org/soap/envelope/", b"http://www.w3.org/2003/05/soap-envelope"
    around(las, answer=lambda body, answer: (*answer[:2], answer[2].replace(old, new)))


@mistake("S02")
def answers_in_another_namespace(las: Las) -> None:
    around(las, answer=lambda body, answer: (*answer[:2], answer[2].replace(b"/20200910", b"/20180404")))


@mistake(f"S01 {FAULTS}")
def another_media_type(las: Las) -> None:
    around(las, answer=lambda body, answer: (answer[0], "application/soap+xml", answer[2]))


@mistake(f"{ANY} {FAULTS} S06 S07")
def empty_body(las: Las) -> None:
    around(las, answer=lambda body, answer: (200, "text/xml", b""))


def without_doctype(body: bytes, environ: Any) -> bytes:
    """What a parser makes of it that takes a DOCTYPE and fills in entities."""
    from lxml import etree

    if b"<!DOCTYPE" not in body:
        return body
    tree = etree.fromstring(body, etree.XMLParser(resolve_entities=True))
    return etree.tostring(tree, encoding="UTF-8", xml_declaration=True)


@mistake("S04 S05")
def doctype_taken(las: Las) -> None:
    around(las, request=without_doctype)


@mistake("S06")
def any_media_type(las: Las) -> None:
    def takes(body: bytes, environ: dict[str, Any]) -> bytes:
        environ["CONTENT_TYPE"] = "text/xml"
        return body

    around(las, request=takes)


@mistake("S07")
def no_bound(las: Las) -> None:
    most = 64 * 1024 * 1024
    las.endpoint = Endpoint(bron=las.bron, doel=las.doel, toegang=las.toegang, limits=Limits(max_bytes=most))
    las.options["max_bytes"] = most


@mistake("S08")
def trace_at_get(las: Las) -> None:
    around(las, answer=lambda body, answer: PAGE if not body else answer)


@mistake("S09")
def any_namespace(las: Las) -> None:
    around(las, request=lambda body, environ: body.replace(b"/2020091X", b"/20200910"))


@mistake("S10")
def any_message(las: Las) -> None:
    around(las, request=lambda body, environ: body.replace(b"dossierWeggeefRequest", b"documentRequest"))


@mistake("S11")
def upset_by_a_quote(las: Las) -> None:
    around(las, answer=lambda body, answer: PAGE if b"geen-sessie'" in body else answer)


@mistake("S12")
def first_of_two(las: Las) -> None:
    def first(body: bytes, environ: Any) -> bytes:
        end = b"</documentRequest>"
        start, found, rest = body.partition(end)
        return start + found + rest.rpartition(end)[2]

    around(las, request=first)


@mistake("S13")
def soap12_taken(las: Las) -> None:
    old, new = b"http://www.w3.org/2003/05/soap-envelope", b"http://schemas.xmlsoap.org/soap/envelope/"
    around(las, request=lambda body, environ: body.replace(old, new))


@mistake("S14")
def headers_skipped(las: Las) -> None:
    around(las, request=lambda body, environ: body.replace(b' soapenv:mustUnderstand="1"', b""))


@mistake("S15")
def number_in_a_fault(las: Las) -> None:
    def tells(body: bytes, answer: Answer) -> Answer:
        start = body.find(b"<pgn>")
        number = body[start + 5 : start + 14] if start >= 0 else b""
        return (*answer[:2], answer[2].replace(b"</faultstring>", number + b"</faultstring>"))

    around(las, answer=tells)


@mistake("B03 B33")
def hangs(las: Las) -> None:
    def waits(vraag: Any, found: Any) -> None:
        las.late += PLAN.seconden if asked(vraag, "vovo") else 0

    choosing(las, waits)


# --- notifications ------------------------------------------------------------------------------------------------


def notices(las: Las, answer: Callable[[Any, Any], Any]) -> None:
    take = las.doel.notificatie
    las.doel.notificatie = lambda vraag: answer(vraag, take)


@mistake("D01 D02 D03 D07")
def received_in_other_words(las: Las) -> None:
    notices(las, lambda vraag, take: NotificatieResponse(resultaat="OverdrachtGeslaagd"))


@mistake("D02")
def nothing_for_ov(las: Las) -> None:
    def only_swv(vraag: Any, take: Any) -> Any:
        return take(vraag) if vraag.koppelsleutel else NotificatieResponse(resultaat="OnbekendAanleverpunt")

    notices(las, only_swv)


@mistake("D03")
def repeat_refused(las: Las) -> None:
    seen: set[str] = set()

    def once(vraag: Any, take: Any) -> Any:
        if vraag.koppelsleutel and vraag.koppelsleutel in seen:
            return NotificatieResponse(resultaat="SessieAfwijkend")
        seen.add(vraag.koppelsleutel)
        return take(vraag)

    notices(las, once)


@mistake("D04")
def for_anyone(las: Las) -> None:
    notices(las, lambda vraag, take: take(replace(vraag, doel=las.points[0])))


@mistake("D05")
def no_sender_needed(las: Las) -> None:
    def fills(body: bytes, environ: Any) -> bytes:
        here = b"<bronRouteringsKenmerk>0000000700002SS00001</bronRouteringsKenmerk>"
        missing = b"notificatieRequest" in body and b"<bronRouteringsKenmerk>" not in body
        return body.replace(b"<doelBrin>", here + b"<doelBrin>") if missing else body

    around(las, request=fills)


@mistake("D07", wacht=0.3)
def never_fetches(las: Las) -> None:
    las.memory.doelsysteem = None
