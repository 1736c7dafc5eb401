"""UWLR: an application for learning or testing asks a school administration for pupil data, and brings results back.

    operations      which element asks what, and which answers
    faults          the faults, one type for both sides; their codes are data
    client          who asks: zeep for the WSDL, our own road for transport, answers and faults
    bron            Schoolgegevens, the seam of a vendor's administration; edex has one out of a file of EDEXML
    klanten         who may ask
    endpoint, wsgi  who answers, as a function of parcels and as a WSGI application; answers writes person by person
    keys, wsdl      keys and references of what leaves; the WSDL with its schemas inside

Names are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso_bridge import lazy

if TYPE_CHECKING:
    from oso_bridge.exchange.uwlr.bron import Groepkeuze, Levering, Schoolgegevens, Schoolid, Vraag
    from oso_bridge.exchange.uwlr.client import HERHALEN, Antwoord, Autorisatie, Client, Verzoek
    from oso_bridge.exchange.uwlr.edex import EdexBron, Resultatenmap
    from oso_bridge.exchange.uwlr.endpoint import Endpoint
    from oso_bridge.exchange.uwlr.faults import UwlrFault
    from oso_bridge.exchange.uwlr.klanten import Klant, Klanten, Toegang
    from oso_bridge.exchange.uwlr.wsgi import Application

_HOMES = {
    "bron": ("Groepkeuze", "Levering", "Schoolgegevens", "Schoolid", "Vraag"),
    "client": ("HERHALEN", "Antwoord", "Autorisatie", "Client", "Verzoek"),
    "edex": ("EdexBron", "Resultatenmap"),
    "endpoint": ("Endpoint",),
    "faults": ("UwlrFault",),
    "klanten": ("Klant", "Klanten", "Toegang"),
    "wsgi": ("Application",),
}

__all__ = [
    "HERHALEN",
    "Antwoord",
    "Application",
    "Autorisatie",
    "Client",
    "EdexBron",
    "Endpoint",
    "Groepkeuze",
    "Klant",
    "Klanten",
    "Levering",
    "Resultatenmap",
    "Schoolgegevens",
    "Schoolid",
    "Toegang",
    "UwlrFault",
    "Verzoek",
    "Vraag",
]

__getattr__, __dir__ = lazy.attributes(__name__, _HOMES)
