"""The vendor's administration as the exchange sees it: where dossiers come from, and where they go.

:class:`Dossierbron` and :class:`Dossierdoel` are the two seams of a vendor's own system; answering requests takes the
smaller :class:`Dossierlevering` only.  :mod:`oso_bridge.exchange.store` has a version of each on SQLite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from oso_bridge.exchange.messages import Adres
from oso_bridge.exchange.wire import Soort
from oso_bridge.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Zoekvraag:
    """Which dossier is asked for: that of a pupil, or that of a koppelsleutel, at a delivery point."""

    soort: Soort
    bron: Adres
    pgn: str = field(default="", repr=False)
    koppelsleutel: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Klaargezet:
    """A dossier that a user of the school set ready.

    Attributes:
        nummer: Names it in the administration; no personal data.
        dossier: The document.
        soort: For what kind of transfer.
        bron: Who supplies it; without ``kenmerk`` any delivery point of that school does.
        doel: For whom; without ``kenmerk`` any delivery point of that school will do.
        verzameld: When its data were collected.
        account: Who released it.
        rapport: The report of its check as JSON; without values.
    """

    nummer: str
    dossier: bytes = field(repr=False)
    soort: Soort
    bron: Adres
    doel: Adres
    verzameld: datetime
    account: str
    rapport: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aanvraag:
    """A request for a dossier that came in, kept so that the other school can be notified later.

    Attributes:
        nummer: The dossier that was considered; empty when there was none.
        pgn: The pupil, for a transfer between schools.
        koppelsleutel: The key, for SWV.
        soort: For what kind of transfer.
        bron: The delivery point that was asked.
        doel: Who asked.
        sessie_id: The session.
        moment: When.
        aanvraagdatum: The moment in the request: a newer dossier than of then was wanted.
        uitkomst: The result word.
        account: Who had released the dossier.
    """

    nummer: str = ""
    pgn: str = field(default="", repr=False)
    koppelsleutel: str = field(default="", repr=False)
    soort: Soort
    bron: Adres
    doel: Adres
    sessie_id: str
    moment: datetime
    aanvraagdatum: datetime | None = None
    uitkomst: str
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ontvangst:
    """A dossier that was fetched.

    Attributes:
        dossier: The document as it came; for one that stood as XML in its message, the same element.
        rapport: Its check, which it need not have passed.
        bron: Who supplied it.
        soort: For what kind of transfer.
        sessie_id: The session.
        moment: When it came.
        account: Who ordered it.
    """

    dossier: bytes = field(repr=False)
    rapport: Report = field(repr=False)
    bron: Adres
    soort: Soort
    sessie_id: str
    moment: datetime
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Melding:
    """What another system told: that a dossier is ready (notification), or what it did with one (feedback).

    Attributes:
        afzender: Who told it.
        ontvanger: Whom.
        voor: ``OV`` or ``SWV``; empty in feedback.
        koppelsleutel: The key of the dossier, for SWV.
        sessie_id: The earlier session, for OV.
        aanvraagdatum: The moment of that request, for OV.
        inhoud: The feedback.
        moment: When it came.
    """

    afzender: Adres
    ontvanger: Adres
    voor: str = ""
    koppelsleutel: str = field(default="", repr=False)
    sessie_id: str = ""
    aanvraagdatum: datetime | None = None
    inhoud: str = field(default="", repr=False)
    moment: datetime


@runtime_checkable
class Dossierlevering(Protocol):
    """What answering requests asks of an administration; used by several threads at once."""

    def vind(self, vraag: Zoekvraag) -> Sequence[Klaargezet]:
        """What is ready for that pupil or key and kind of transfer, for whomever; what may go is judged here."""
        ...

    def noteer(self, aanvraag: Aanvraag) -> None:
        """Keep a request, whatever came of it."""
        ...

    def zie_account(self, nummer: str) -> str:
        """Who released a dossier."""
        ...

    def teruggekoppeld(self, melding: Melding) -> None:
        """Keep feedback on a dossier, so that it is shown there."""
        ...


@runtime_checkable
class Dossierbron(Dossierlevering, Protocol):
    """Where a school keeps the dossiers that it sets ready: what users do there, besides answering requests."""

    def klaarzetten(
        self,
        dossier: bytes,
        *,
        soort: Soort,
        bron: Adres,
        doel: Adres,
        account: str,
        verzameld: datetime | None = None,
        koppelsleutel: str = "",
    ) -> str:
        """Set a dossier ready for a school, in the name of a user; gives its ``nummer``."""
        ...

    def intrekken(self, nummer: str, account: str) -> None:
        """Take back what was set ready."""
        ...

    def aanvragen(self, nummer: str = "") -> Sequence[Aanvraag]:
        """The requests for a dossier, or all, the oldest first."""
        ...


@runtime_checkable
class Dossierdoel(Protocol):
    """Where a school keeps the dossiers that it received; used by several threads at once."""

    def ontvangen(self, ontvangst: Ontvangst) -> None:
        """Keep a dossier with its report; when this returns it is safe here."""
        ...

    def genotificeerd(self, melding: Melding) -> None:
        """Keep a notification, so that a user can fetch the dossier."""
        ...
