"""The answering side of a bron: requests for a dossier, and feedback on one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from oso_bridge.exchange import conditions, outcome
from oso_bridge.exchange.administration import Aanvraag, Dossierlevering, Melding, Zoekvraag
from oso_bridge.exchange.client import Bronsysteem
from oso_bridge.exchange.conditions import Voorwaarden, Weging
from oso_bridge.exchange.conversation import log, point_name, session_name
from oso_bridge.exchange.messages import (
    Adres,
    DocumentRequest,
    DocumentResponse,
    TerugkoppelingRequest,
    TerugkoppelingResponse,
    sender_and_receiver,
)
from oso_bridge.exchange.outcome import Uitkomst
from oso_bridge.exchange.soap import SoapRefusal


class Bron:
    """Answers other systems out of an administration; may be used by several threads.

    Args:
        systeem: Asks the Traffic Center whether a session is good.
        administratie: Where dossiers are.
        aanleverpunten: The delivery points that are served here.
        voorwaarden: What is asked before a dossier is delivered.
    """

    def __init__(
        self,
        systeem: Bronsysteem,
        administratie: Dossierlevering,
        *,
        aanleverpunten: Collection[Adres],
        voorwaarden: Voorwaarden | None = None,
    ) -> None:
        self.systeem = systeem
        self.wire = systeem.wire
        self._kept = administratie
        self._points = frozenset(aanleverpunten)
        self._rules = voorwaarden or Voorwaarden()

    def document(self, vraag: DocumentRequest) -> DocumentResponse:
        """Answer a request for a dossier: with it, or with the word that says why not.

        The session is checked before anything else (OSO:2018/Opvragen dossier), also before it is looked up whether
        there is such a dossier: without a session nothing is told of a pupil.

        Args:
            vraag: The request.

        Raises:
            SoapRefusal: It does not say which dossier, or says it twice.
        """
        by_pupil, by_key = bool(vraag.pgn), bool(vraag.koppelsleutel)
        if by_pupil == by_key or (vraag.overdrachtsoort == "SWV") != by_key:
            raise SoapRefusal("A dossier is asked for by pgn (OV, BB) or by koppelsleutel (SWV).")
        talk = self.systeem.gesprek()
        talk.go(vraag.element)
        session = self.systeem.sessiecontrole(vraag, talk)
        if not session.ok:
            self._log(vraag, session)
            return DocumentResponse(resultaat=session.wire_word)
        found = self._weigh(vraag)
        talk.go(DocumentResponse.element)
        self._note(vraag, found)
        self._log(vraag, found.uitkomst, found)
        if not found.uitkomst.ok or found.klaargezet is None:
            return DocumentResponse(resultaat=found.uitkomst.wire_word)
        return DocumentResponse(dossier=found.klaargezet.dossier)

    def _weigh(self, vraag: DocumentRequest) -> Weging:
        if vraag.bron not in self._points:
            return Weging(outcome.outcome("OnbekendAanleverpunt"), "doel")
        asked = Zoekvraag(
            soort=vraag.overdrachtsoort, bron=vraag.bron, pgn=vraag.pgn, koppelsleutel=vraag.koppelsleutel
        )
        return conditions.weigh(vraag, self._kept.vind(asked), self._rules)

    def _note(self, vraag: DocumentRequest, found: Weging) -> None:
        """Keep the request, so that doel can be notified of a newer dossier."""
        ready = found.klaargezet
        kept = Aanvraag(
            nummer=ready.nummer if ready else "",
            pgn=vraag.pgn,
            koppelsleutel=vraag.koppelsleutel,
            soort=vraag.overdrachtsoort,
            bron=vraag.bron,
            doel=vraag.doel,
            sessie_id=vraag.sessie_id,
            moment=datetime.now(UTC),
            aanvraagdatum=vraag.aanvraagdatum,
            uitkomst=found.uitkomst.woord,
            account=self._kept.zie_account(ready.nummer) if ready else "",
        )
        self._kept.noteer(kept)

    def _log(self, vraag: DocumentRequest, result: Uitkomst, found: Weging | None = None) -> None:
        ready = found.klaargezet if found else None
        log(
            "document",
            sessie=session_name(vraag.sessie_id),
            bron=point_name(vraag.bron),
            doel=point_name(vraag.doel),
            nummer=ready.nummer if ready else "",
            account=ready.account if ready else "",
            gebrek=found.gebrek if found else "",
            uitkomst=result.woord,
        )

    def terugkoppeling(self, vraag: TerugkoppelingRequest) -> TerugkoppelingResponse:
        """Keep feedback of a samenwerkingsverband.

        Args:
            vraag: The feedback.
        """
        sender, receiver = sender_and_receiver(vraag, self.wire)
        if receiver not in self._points:
            return TerugkoppelingResponse(resultaat="OnbekendAanleverpunt")
        told = Melding(
            afzender=sender,
            ontvanger=receiver,
            koppelsleutel=vraag.koppelsleutel,
            inhoud=vraag.inhoud,
            moment=datetime.now(UTC),
        )
        self._kept.teruggekoppeld(told)
        log("terugkoppeling", afzender=point_name(sender), ontvanger=point_name(receiver), uitkomst="ontvangen")
        return TerugkoppelingResponse()
