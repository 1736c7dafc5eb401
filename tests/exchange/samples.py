"""A message of every kind, in both wires: what stands in ``voorbeelden/`` of each."""

from __future__ import annotations

from oso_bridge.exchange import Adres
from oso_bridge.exchange.messages import (
    Aanleverpunt,
    AfmeldingRequest,
    AfmeldingResponse,
    Bericht,
    DocumentRequest,
    DocumentResponse,
    MeldenNotificatieRequest,
    MeldenNotificatieResponse,
    MeldenTerugkoppelingRequest,
    MeldenTerugkoppelingResponse,
    NotificatieRequest,
    NotificatieResponse,
    OverdrachtRequest,
    OverdrachtResponse,
    OverzichtAanleverpuntRequest,
    OverzichtAanleverpuntResponse,
    SessiecontroleRequest,
    SessiecontroleResponse,
    TerugkoppelingRequest,
    TerugkoppelingResponse,
)
from oso_bridge.testing.exchange import nep_pgnfrag, nep_zoeksleutel

from .scene import BRON_URL, CHECKOUT, FOR, POVO, SESSION, WHEN

KEY = "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE"
PGN = "274957462"
"""The number of a fictional pupil of the test school of Kennisnet."""
FOLDER = CHECKOUT / "schemas" / "oso-exchange"


def samples(version: str) -> list[Bericht]:
    """A message of every kind."""
    one, two, three = FOR[version]
    between = {"bron": Adres("00YY", one), "doel": Adres("00SS", two)}
    to_swv = {"bron": Adres("00YY", one), "doel": Adres("01SS", three)}
    from_swv = {"bron": Adres("01SS", three), "doel": Adres("00YY", one)}
    key = {"zoeksleutel": nep_zoeksleutel(PGN), **({"pgnfrag": nep_pgnfrag(PGN)} if version == "2022" else {})}
    points = (Aanleverpunt("00YY", one, "School De Rietkraag", "OV", BRON_URL),)
    return [
        OverdrachtRequest(**between, **key, overdrachtsoort="OV"),
        OverdrachtResponse(sessie_id=SESSION, aanleverpunten=points),
        DocumentRequest(**between, pgn=PGN, overdrachtsoort="OV", sessie_id=SESSION, aanvraagdatum=WHEN),
        DocumentResponse(dossier=POVO),
        SessiecontroleRequest(**between, **key, overdrachtsoort="OV", sessie_id=SESSION),
        SessiecontroleResponse(resultaat="VO"),
        AfmeldingRequest(**between, sessie_id=SESSION, resultaat="OverdrachtGeslaagd"),
        AfmeldingResponse(resultaat="OverdrachtGeslaagd"),
        MeldenNotificatieRequest(**between, sessie_id=SESSION, aanvraagdatum=WHEN, voor="OV"),
        MeldenNotificatieResponse(koppelsleutel=KEY, url=BRON_URL),
        NotificatieRequest(**to_swv, koppelsleutel=KEY, voor="SWV"),
        NotificatieResponse(resultaat="NotificatieOntvangen"),
        MeldenTerugkoppelingRequest(**from_swv, koppelsleutel=KEY),
        MeldenTerugkoppelingResponse(url=BRON_URL),
        TerugkoppelingRequest(**from_swv, koppelsleutel=KEY, inhoud="De toelaatbaarheidsverklaring is afgegeven."),
        TerugkoppelingResponse(resultaat="OverdrachtGeslaagd"),
        OverzichtAanleverpuntRequest(brin="00YY", voor="OV", kenmerk=one),
        OverzichtAanleverpuntResponse(aanleverpunten=points),
    ]
