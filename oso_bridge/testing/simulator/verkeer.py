"""The Traffic Center: grants sessions, compares keys, hands out koppelsleutels and addresses; see ``verkeer.toml``."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from oso_bridge.testing.simulator.messages import Message, data
from oso_bridge.testing.simulator.tables import Row, Table, Turn

_MOST = 10_000
"""How many sessions and keys are kept; the oldest go first."""
_FROM_DOEL = ("overdrachtRequest", "afmeldingRequest")
_OPEN = ("overzichtAanleverpuntRequest",)


@dataclass(frozen=True, slots=True)
class Punt:
    """A delivery point that the Traffic Center knows.

    Attributes:
        brin: Its school.
        adres: Its routeringsKenmerk or code.
        url: Where it listens.
        naam: What it is called.
        doel: For what it is: ``OV`` or ``SWV``.
        oin: The OIN of the certificate that it calls with; anyone's when empty.
        sector: The sector of its school, which a session check answers with.
    """

    brin: str
    adres: str
    url: str = ""
    naam: str = ""
    doel: str = "OV"
    oin: str = ""
    sector: str = "PO"


@dataclass(slots=True)
class _Session:
    """A session as it was granted."""

    message: Message
    granted: float
    state: str = "open"


@dataclass(frozen=True, slots=True)
class _Link:
    """A koppelsleutel: who may use it."""

    bron: tuple[str, str]
    doel: tuple[str, str]


@dataclass(slots=True)
class Held:
    """What is known of a turn here.

    Attributes:
        session: The session that a message names.
    """

    session: _Session | None = field(default=None)


class Verkeer:
    """The Traffic Center; may be used by several threads.

    Args:
        punten: The delivery points.
        seconds: How long a session is good; the real time is not public.
        clock: Tells the time in seconds.
    """

    def __init__(
        self, punten: Iterable[Punt], *, seconds: float = 3600, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.points = {(point.brin, point.adres): point for point in punten}
        self._seconds = seconds
        self._clock = clock
        self._sessions: dict[str, _Session] = {}
        self._links: dict[str, _Link] = {}
        self._lock = threading.RLock()
        self.table = Table(data("verkeer")["rij"], self)

    def link(self, key: str, bron: Punt, doel: Punt) -> None:
        """Register a koppelsleutel, as if it had been handed out.

        Args:
            key: The koppelsleutel.
            bron: Who has the dossier.
            doel: Who may fetch it.
        """
        with self._lock:
            _keep(self._links, key.upper(), _Link((bron.brin, bron.adres), (doel.brin, doel.adres)))

    def handle(self, turn: Turn) -> Row | None:
        """Deal with a message.

        Args:
            turn: The message; its state is found here.

        Returns:
            The row that counts; None when the table has none.
        """
        with self._lock:
            turn.held = Held(self._sessions.get(turn.message["sessieId"]))
            turn.state = self._state(turn)
            row = self.table.choose(turn)
            if row is not None:
                self.table.act(row, turn)
                if turn.held.session is not None and row.goes:
                    turn.held.session.state = turn.state
            return row

    def _state(self, turn: Turn) -> str:
        if not turn.message["sessieId"]:
            return "geen"
        session = turn.held.session
        if session is None:
            return "onbekend"
        late = session.state == "open" and self._clock() - session.granted > self._seconds
        return "verlopen" if late else str(session.state)

    # --- conditions -----------------------------------------------------------------------------------------------

    def als_eigen_certificaat(self, turn: Turn) -> bool:
        """The delivery point that speaks belongs to the certificate of the caller."""
        side = "doel" if turn.message.name in _FROM_DOEL else "bron"
        point = self.points.get(_side(turn.message, side))
        if turn.message.name in _OPEN or not turn.oin or point is None or not point.oin:
            return True
        return point.oin == turn.oin

    def als_een_sleutel(self, turn: Turn) -> bool:
        """It has exactly one of zoeksleutel and koppelsleutel, and the one that goes with its kind."""
        keys = [bool(turn.message["zoeksleutel"]), bool(turn.message["koppelsleutel"])]
        return sum(keys) == 1 and keys[1] == (turn.message.kind == "SWV")

    def als_bekende_soort(self, turn: Turn) -> bool:
        """The overdrachtsoort is one that is known."""
        return turn.message.kind != ""

    def als_doel_bekend(self, turn: Turn) -> bool:
        """The delivery point of doel is registered."""
        return _side(turn.message, "doel") in self.points

    def als_doel_voor_ov(self, turn: Turn) -> bool:
        """The delivery point of doel is one of a school."""
        return self.points[_side(turn.message, "doel")].doel == "OV"

    def als_bron_bekend(self, turn: Turn) -> bool:
        """The school of bron has a delivery point, and the one that is named when one is."""
        return any(_fits(turn.message, "bron", point) for point in self.points)

    def als_binnen_brin(self, turn: Turn) -> bool:
        """The transfer is one within a BRIN."""
        return turn.message.kind == "BB"

    def als_een_brin(self, turn: Turn) -> bool:
        """Bron and doel are the same school."""
        return turn.message["bronBrin"] == turn.message["doelBrin"]

    def als_met_koppelsleutel(self, turn: Turn) -> bool:
        """It has a koppelsleutel."""
        return turn.message["koppelsleutel"] != ""

    def als_koppeling_bekend(self, turn: Turn) -> bool:
        """The koppelsleutel was registered for this bron and this doel."""
        link = self._links.get(turn.message["koppelsleutel"].upper())
        if link is None or link.doel != _side(turn.message, "doel"):
            return False
        return _fits(turn.message, "bron", link.bron)

    def als_koppeling_terug(self, turn: Turn) -> bool:
        """The koppelsleutel was registered the other way round: feedback goes from doel to bron."""
        link = self._links.get(turn.message["koppelsleutel"].upper())
        return link == _Link(_side(turn.message, "doel"), _side(turn.message, "bron"))

    def als_voor_swv(self, turn: Turn) -> bool:
        """It is for a samenwerkingsverband."""
        return turn.message["doel"] in ("SWV", "PaO")

    def als_zelfde_scholen(self, turn: Turn) -> bool:
        """Both schools are those of the session, and the delivery point of bron when the session names one."""
        granted = _granted(turn)
        same = all(granted[name] == turn.message[name] for name in ("bronBrin", "doelBrin"))
        return same and granted["bronAdres"] in ("", turn.message["bronAdres"])

    def als_zelfde_doel(self, turn: Turn) -> bool:
        """The delivery point of doel is that of the session."""
        return _granted(turn)["doelAdres"] == turn.message["doelAdres"]

    def als_zelfde_soort(self, turn: Turn) -> bool:
        """The overdrachtsoort is that of the session."""
        return _granted(turn).kind == turn.message.kind

    def als_zelfde_sleutel(self, turn: Turn) -> bool:
        """The keys are those of the session; blank space in base64 means nothing."""
        granted = _granted(turn)
        return all(_bare(granted[name]) == _bare(turn.message[name]) for name in _KEYS)

    # --- effects --------------------------------------------------------------------------------------------------

    def doe_open_sessie(self, turn: Turn) -> None:
        """Grant a session."""
        session = str(uuid.uuid4())
        _keep(self._sessions, session, _Session(turn.message, self._clock()))
        turn.said["sessieId"] = session

    def doe_geef_aanleverpunten(self, turn: Turn) -> None:
        """Name the delivery points that may be asked: all of the school but the asker's own, or the one of the key."""
        link = self._links.get(turn.message["koppelsleutel"].upper())
        asker = _side(turn.message, "doel")
        for name, point in self.points.items():
            wanted = name == link.bron if link else _fits(turn.message, "bron", name) and point.doel == "OV"
            if wanted and name != asker:
                turn.points.append(_shown(point))

    def doe_geef_sector(self, turn: Turn) -> None:
        """Answer with the sector of the school that asks."""
        turn.said["resultaat"] = self.points[_side(turn.message, "doel")].sector

    def doe_geef_koppelsleutel(self, turn: Turn) -> None:
        """Register a koppelsleutel for the two."""
        key = str(uuid.uuid4()).upper()
        _keep(self._links, key, _Link(_side(turn.message, "bron"), _side(turn.message, "doel")))
        turn.said["koppelsleutel"] = key

    def doe_geef_url_van_doel(self, turn: Turn) -> None:
        """Tell where the other one listens."""
        turn.said["url"] = self.points[_side(turn.message, "doel")].url

    def doe_geef_overzicht(self, turn: Turn) -> None:
        """Name the delivery points that fit the filters."""
        asked = turn.message
        voor = "SWV" if asked["doel"] == "PaO" else asked["doel"]
        for point in self.points.values():
            if asked["brin"] in ("", point.brin) and asked["adres"] in ("", point.adres) and voor in ("", point.doel):
                turn.points.append(_shown(point))


_KEYS = ("zoeksleutel", "pgnfrag", "koppelsleutel")


def _granted(turn: Turn) -> Message:
    session: _Session = turn.held.session
    return session.message


def _side(message: Message, side: str) -> tuple[str, str]:
    return message[f"{side}Brin"], message[f"{side}Adres"]


def _fits(message: Message, side: str, point: tuple[str, str]) -> bool:
    """Whether a message means a delivery point, by its school alone or by its address too."""
    brin, adres = _side(message, side)
    return brin == point[0] and adres in ("", point[1])


def _bare(text: str) -> str:
    return "".join(text.split())


def _shown(point: Punt) -> dict[str, str]:
    named = {"brin": point.brin, "adres": point.adres, "naam": point.naam}
    return {**named, "doel": point.doel, "url": point.url}


def _keep(held: dict[str, Any], name: str, value: object) -> None:
    held[name] = value
    while len(held) > _MOST:
        del held[next(iter(held))]
