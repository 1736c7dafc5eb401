"""The OSO exchange: the conversation between school systems, and with the Traffic Center of Kennisnet.

Not verified on the wire: no official WSDL or schema of these messages is public.  ``layouts.toml`` of each wire says
how well each message is known; an official schema takes the place of ours by configuration.

    wire            one version of the messages, as data
    soap            envelopes and faults
    messages        the messages as types
    outcome         what came of a request: result words and faults in one type
    client          Doelsysteem and Bronsysteem: who asks
    bron, doel      who answers; conditions says what may be delivered
    administration  Dossierbron and Dossierdoel, the seams of a vendor's own system; store has both on SQLite
    osr             the register of mandates and endpoints
    endpoint, wsgi  the answering side as a function of parcels, and as a WSGI application; server has mutual TLS

Names are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso_bridge import lazy

if TYPE_CHECKING:
    from oso_bridge.exchange.administration import (
        Aanvraag,
        Dossierbron,
        Dossierdoel,
        Dossierlevering,
        Klaargezet,
        Melding,
        Ontvangst,
        Zoekvraag,
    )
    from oso_bridge.exchange.bron import Bron
    from oso_bridge.exchange.client import Aanmelding, Bronsysteem, Doelsysteem, Ophaling
    from oso_bridge.exchange.conditions import Voorwaarden
    from oso_bridge.exchange.conversation import Stap
    from oso_bridge.exchange.doel import Doel
    from oso_bridge.exchange.endpoint import Endpoint, by_oin, everyone
    from oso_bridge.exchange.keys import Sleutels
    from oso_bridge.exchange.messages import Aanleverpunt, Adres
    from oso_bridge.exchange.outcome import Uitkomst
    from oso_bridge.exchange.store import SqliteBron, SqliteDoel
    from oso_bridge.exchange.wire import Wire, load
    from oso_bridge.exchange.wsgi import Application

_HOMES = {
    "administration": (
        "Aanvraag",
        "Dossierbron",
        "Dossierdoel",
        "Dossierlevering",
        "Klaargezet",
        "Melding",
        "Ontvangst",
        "Zoekvraag",
    ),
    "bron": ("Bron",),
    "client": ("Aanmelding", "Bronsysteem", "Doelsysteem", "Ophaling"),
    "conditions": ("Voorwaarden",),
    "conversation": ("Stap",),
    "doel": ("Doel",),
    "endpoint": ("Endpoint", "by_oin", "everyone"),
    "keys": ("Sleutels",),
    "messages": ("Aanleverpunt", "Adres"),
    "outcome": ("Uitkomst",),
    "store": ("SqliteBron", "SqliteDoel"),
    "wire": ("Wire", "load"),
    "wsgi": ("Application",),
}

__all__ = [
    "Aanleverpunt",
    "Aanmelding",
    "Aanvraag",
    "Adres",
    "Application",
    "Bron",
    "Bronsysteem",
    "Doel",
    "Doelsysteem",
    "Dossierbron",
    "Dossierdoel",
    "Dossierlevering",
    "Endpoint",
    "Klaargezet",
    "Melding",
    "Ontvangst",
    "Ophaling",
    "Sleutels",
    "SqliteBron",
    "SqliteDoel",
    "Stap",
    "Uitkomst",
    "Voorwaarden",
    "Wire",
    "Zoekvraag",
    "by_oin",
    "everyone",
    "load",
]

__getattr__, __dir__ = lazy.attributes(__name__, _HOMES)
