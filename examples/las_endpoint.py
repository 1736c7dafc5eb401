"""Een eigen administratie aan de OSO-uitwisseling: een bron die dossiers levert en een doel dat ze ontvangt.

`oso-bridge serve las` vindt ze met bron = "las_endpoint:Bron" en doel = "las_endpoint:Doel" onder [administratie].
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from oso_bridge.exchange import Aanvraag, Adres, Klaargezet, Melding, Ontvangst, Zoekvraag

MAP = Path(__file__).parent
KLAAR = {"274957462": "povo.xml", "310008475": "popo.xml"}


class Bron:
    """Wat klaarstaat, staat in de eigen tabellen; hier is dat een map met dossiers."""

    def __init__(self) -> None:
        self.aanvragen: list[Aanvraag] = []

    def vind(self, vraag: Zoekvraag) -> Sequence[Klaargezet]:
        """Zoek wat klaarstaat; of het ook weg mag, beoordeelt oso_bridge."""
        naam = KLAAR.get(vraag.pgn) if vraag.soort == "OV" else None
        if naam is None:
            return []
        dossier, moment = (MAP / naam).read_bytes(), datetime(2019, 6, 3, tzinfo=UTC)
        wie = self.zie_account(naam)
        voor = Adres("00SS")
        return [
            Klaargezet(
                nummer=naam, dossier=dossier, soort="OV", bron=Adres("00YY"), doel=voor, verzameld=moment, account=wie
            )
        ]

    def noteer(self, aanvraag: Aanvraag) -> None:
        """Bewaar wie er vroeg, om later te kunnen melden dat er een nieuwer dossier is."""
        self.aanvragen.append(aanvraag)

    def zie_account(self, nummer: str) -> str:
        """Wie het dossier vrijgaf."""
        return f"intern.begeleider van {nummer}"

    def teruggekoppeld(self, melding: Melding) -> None:
        """Toon de terugkoppeling van een samenwerkingsverband bij het dossier."""


class Doel:
    """Wat binnenkomt, gaat naar de eigen tabellen."""

    def ontvangen(self, ontvangst: Ontvangst) -> None:
        """Bewaar het dossier met zijn controlerapport."""

    def genotificeerd(self, melding: Melding) -> None:
        """Zeg de gebruiker dat er een dossier klaarstaat."""
