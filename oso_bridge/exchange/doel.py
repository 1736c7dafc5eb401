"""The answering side of a doel: notifications that a dossier is ready."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from oso_bridge.exchange.administration import Dossierdoel, Melding
from oso_bridge.exchange.conversation import log, point_name
from oso_bridge.exchange.messages import Adres, NotificatieRequest, NotificatieResponse, sender_and_receiver
from oso_bridge.exchange.wire import Wire


class Doel:
    """Takes notifications; may be used by several threads.

    Args:
        over: The wire.
        administratie: Where notifications go.
        aanleverpunten: The delivery points that are served here.
    """

    def __init__(self, over: Wire, administratie: Dossierdoel, *, aanleverpunten: Collection[Adres]) -> None:
        self.wire = over
        self._kept = administratie
        self._points = frozenset(aanleverpunten)

    def notificatie(self, vraag: NotificatieRequest) -> NotificatieResponse:
        """Keep a notification.

        Args:
            vraag: The notification.
        """
        sender, receiver = sender_and_receiver(vraag, self.wire)
        if receiver not in self._points:
            return NotificatieResponse(resultaat="OnbekendAanleverpunt")
        told = Melding(
            afzender=sender,
            ontvanger=receiver,
            voor=vraag.voor or ("SWV" if vraag.koppelsleutel else "OV"),
            koppelsleutel=vraag.koppelsleutel,
            sessie_id=vraag.sessie_id,
            aanvraagdatum=vraag.aanvraagdatum,
            moment=datetime.now(UTC),
        )
        self._kept.genotificeerd(told)
        log("notificatie", afzender=point_name(sender), ontvanger=point_name(receiver), uitkomst="ontvangen")
        return NotificatieResponse(resultaat="NotificatieOntvangen")
