"""What the tests of the exchange share: two schools, a platform, a Traffic Center that keeps sessions, and dossiers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from oso_bridge.exchange import (
    Aanleverpunt,
    Aanvraag,
    Adres,
    Bron,
    Bronsysteem,
    Doel,
    Doelsysteem,
    Endpoint,
    Klaargezet,
    Melding,
    Ontvangst,
    Voorwaarden,
    Wire,
    Zoekvraag,
    everyone,
    load,
    messages,
    soap,
)
from oso_bridge.exchange.messages import (
    AfmeldingResponse,
    Bericht,
    MeldenNotificatieResponse,
    MeldenTerugkoppelingResponse,
    OverdrachtResponse,
    OverzichtAanleverpuntResponse,
    SessiecontroleResponse,
)
from oso_bridge.parcels import Parcel
from oso_bridge.testing.exchange import NEPSLEUTELS, Handler, line_to, lines
from oso_bridge.transports.vault import Vault

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLES = CHECKOUT / "examples"
POVO = (EXAMPLES / "povo.xml").read_bytes()
WIRES = ("2018", "2022")
FOR = {"2018": ("1", "2", "3"), "2022": ("0000000700000YY00001", "0000000700000SS00001", "0000000700001SS00001")}
"""Per wire the delivery points of the old school, the new school and the platform."""
BRON_URL, DOEL_URL, SWV_URL = "https://bron.invalid/oso", "https://doel.invalid/oso", "https://swv.invalid/oso"
SESSION = "11111111-2222-4333-8444-555555555555"
WHEN = datetime(2022, 1, 20, 11, 17, 33, tzinfo=UTC)


class Memory:
    """A Dossierbron and a Dossierdoel in memory, which do no more than keep."""

    def __init__(self) -> None:
        self.ready: list[Klaargezet] = []
        self.pupils: dict[str, str] = {}
        self.asked: list[Aanvraag] = []
        self.received: list[Ontvangst] = []
        self.told: list[Melding] = []

    def klaarzetten(self, dossier: bytes, **facts: Any) -> str:
        pgn, key = facts.pop("pgn", ""), facts.pop("koppelsleutel", "")
        verzameld = facts.pop("verzameld", None) or WHEN
        name = str(len(self.ready))
        self.pupils[name] = key or pgn
        self.ready.append(Klaargezet(nummer=name, dossier=dossier, verzameld=verzameld, **facts))
        return name

    def intrekken(self, nummer: str, account: str) -> None:
        self.ready = [one for one in self.ready if one.nummer != nummer]

    def vind(self, vraag: Zoekvraag) -> Sequence[Klaargezet]:
        return [one for one in self.ready if self.pupils[one.nummer] == (vraag.koppelsleutel or vraag.pgn)]

    def noteer(self, aanvraag: Aanvraag) -> None:
        self.asked.append(aanvraag)

    def aanvragen(self, nummer: str = "") -> Sequence[Aanvraag]:
        return [one for one in self.asked if nummer in ("", one.nummer)]

    def zie_account(self, nummer: str) -> str:
        return next(one.account for one in self.ready if one.nummer == nummer)

    def teruggekoppeld(self, melding: Melding) -> None:
        self.told.append(melding)

    def ontvangen(self, ontvangst: Ontvangst) -> None:
        self.received.append(ontvangst)

    def genotificeerd(self, melding: Melding) -> None:
        self.told.append(melding)


VAULT = Vault(b"\1" * 32)


class Centre:
    """A Traffic Center: grants sessions, checks them, ends them, and hands out keys and addresses."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.points: dict[Adres, str] = {}
        self.sessions: dict[str, Any] = {}
        self.ended: dict[str, str] = {}
        self.keys: dict[str, tuple[Adres, Adres]] = {}
        self.seen: list[Bericht] = []
        self.parcels: list[Parcel] = []
        self.answers: dict[str, Callable[[Any], Bericht | Parcel]] = {}

    def __call__(self, parcel: Parcel) -> Parcel:
        self.parcels.append(parcel)
        message: Any = messages.read(soap.unwrap(parcel.content), self.wire)
        self.seen.append(message)
        answer = self.answers.get(message.element, getattr(self, message.element, None))
        assert answer is not None
        found = answer(message)
        return found if isinstance(found, Parcel) else reply(found, self.wire)

    def point(self, adres: Adres) -> Aanleverpunt:
        return Aanleverpunt(adres.brin, adres.kenmerk, "Een school", "OV", self.points[adres])

    def overdrachtRequest(self, asked: Any) -> Bericht:  # noqa: N802 - the name of the message
        session = str(uuid.uuid4())
        self.sessions[session] = asked
        named = [one for one in self.points if one.brin == asked.bron.brin]
        wanted = [one for one in named if asked.bron.kenmerk in ("", one.kenmerk)]
        return OverdrachtResponse(sessie_id=session, aanleverpunten=tuple(map(self.point, wanted)))

    def sessiecontroleRequest(self, asked: Any) -> Bericht:  # noqa: N802
        granted = self.sessions.get(asked.sessie_id)
        if asked.sessie_id in self.ended:
            return SessiecontroleResponse(resultaat="SessieReedsAfgemeld")
        same = granted and (granted.zoeksleutel, granted.pgnfrag, granted.koppelsleutel, granted.overdrachtsoort) == (
            asked.zoeksleutel,
            asked.pgnfrag,
            asked.koppelsleutel,
            asked.overdrachtsoort,
        )
        if not same or (granted.doel.brin, granted.bron.brin) != (asked.doel.brin, asked.bron.brin):
            return SessiecontroleResponse(resultaat="SessieAfwijkend")
        if granted.doel != asked.doel:
            return SessiecontroleResponse(resultaat="OnbekendAanleverpunt")
        return SessiecontroleResponse(resultaat="VO")

    def afmeldingRequest(self, asked: Any) -> Bericht:  # noqa: N802
        self.ended[asked.sessie_id] = asked.resultaat
        return AfmeldingResponse(resultaat="OverdrachtGeslaagd")

    def meldenNotificatieRequest(self, asked: Any) -> Bericht:  # noqa: N802
        key = str(uuid.uuid4()).upper() if asked.voor == "SWV" else ""
        self.keys[key] = (asked.bron, asked.doel)
        return MeldenNotificatieResponse(koppelsleutel=key, url=self.points.get(asked.doel, ""))

    def meldenTerugkoppelingRequest(self, asked: Any) -> Bericht:  # noqa: N802
        return MeldenTerugkoppelingResponse(url=self.points.get(asked.doel, ""))

    def overzichtAanleverpuntRequest(self, asked: Any) -> Bericht:  # noqa: N802
        wanted = [one for one in self.points if asked.brin in ("", one.brin)]
        return OverzichtAanleverpuntResponse(aanleverpunten=tuple(map(self.point, wanted)))


def reply(message: Bericht, wire: Wire) -> Parcel:
    return Parcel(soap.wrap(messages.write(message, wire)), soap.MEDIA_TYPE, operation=message.element)


class Scene:
    """The whole: a bron, a doel and an SWV around a Traffic Center, all in this process."""

    def __init__(
        self,
        version: str = "2022",
        *,
        wire: Wire | None = None,
        rules: Voorwaarden | None = None,
        bron: Any = None,
        doel: Any = None,
    ) -> None:
        self.wire = wire or load(version)
        one, two, three = FOR[self.wire.id]
        self.bron, self.doel, self.swv = Adres("00YY", one), Adres("00SS", two), Adres("01SS", three)
        self.centre = Centre(self.wire)
        self.centre.points = {self.bron: BRON_URL, self.doel: DOEL_URL, self.swv: SWV_URL}
        self.at_bron, self.at_doel = bron or Memory(), doel or Memory()
        self.line = line_to(self.centre)
        self.handlers: dict[str, Handler] = {}
        common: Any = {"verkeerscentrum": self.line, "lijn": lines(self.handlers), "sleutels": NEPSLEUTELS}
        self.bronsysteem = Bronsysteem(self.wire, self.bron, **common)
        self.doelsysteem = Doelsysteem(self.wire, self.doel, **common)
        self.platform = Doelsysteem(self.wire, self.swv, **common)
        answers = Bron(self.bronsysteem, self.at_bron, aanleverpunten=[self.bron], voorwaarden=rules)
        self.endpoint = Endpoint(bron=answers, toegang=everyone)
        self.handlers[BRON_URL] = self.endpoint
        for point, url in ((self.doel, DOEL_URL), (self.swv, SWV_URL)):
            takes = Doel(self.wire, self.at_doel, aanleverpunten=[point])
            self.handlers[url] = Endpoint(doel=takes, toegang=everyone)

    def ready(self, dossier: bytes = POVO, **facts: Any) -> str:
        """Set the example ready for the new school."""
        given = {"soort": "OV", "bron": self.bron, "doel": self.doel, "account": "intern.begeleider", "pgn": PUPIL}
        return str(self.at_bron.klaarzetten(dossier, **{**given, **facts}))

    def fetch(self, **facts: Any) -> Any:
        given = {"bron": Adres("00YY"), "account": "zorgcoordinator", "pgn": PUPIL}
        return self.doelsysteem.ophalen(self.at_doel, **{**given, **facts})


def pupil(dossier: bytes) -> str:
    """The number of the pupil of a dossier."""
    import oso_bridge as oso

    found = oso.read(dossier).dossier().leerling
    assert found is not None
    number = found.bsn or found.onderwijsnummer
    assert number is not None
    return number


PUPIL = pupil(POVO)
