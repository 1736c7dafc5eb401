"""A samenwerkingsverband as a scripted doel: fetches what it is notified of, and gives feedback; see ``swv.toml``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from oso_bridge.testing.simulator.las import Say
from oso_bridge.testing.simulator.messages import Message, data
from oso_bridge.testing.simulator.tables import Row, Table, Turn
from oso_bridge.testing.simulator.verkeer import Punt

Later = Callable[[Callable[[], None]], Any]
"""Does something when the answer has gone."""
_TOLD = "De leerling is besproken."


@dataclass(slots=True)
class _File:
    """What is known of one koppelsleutel."""

    notice: Message = field(repr=False)
    state: str = "wacht"
    session: str = ""
    point: dict[str, str] = field(default_factory=dict, repr=False)


class Samenwerkingsverband:
    """A scripted doel; may be used by several threads.

    Args:
        point: Its delivery point.
        say: Sends its messages.
        later: Fetches when the notification was answered.
    """

    def __init__(self, point: Punt, say: Say, *, later: Later) -> None:
        self.point = point
        self._say = say
        self._later = later
        self._files: dict[str, _File] = {}
        self.received: list[bytes] = []
        self.table = Table(data("swv")["rij"], self)

    def states(self) -> list[str]:
        """Where each koppelsleutel is, in the order of the notifications."""
        return [file.state for file in self._files.values()]

    def handle(self, turn: Turn) -> Row | None:
        """Deal with a notification.

        Args:
            turn: The message.
        """
        key = turn.message["koppelsleutel"].upper()
        file = self._files.get(key) or _File(turn.message)
        if key and self.als_voor_mij(turn):
            self._files.setdefault(key, file)
        return self._step(file, turn)

    def _step(self, file: _File, turn: Turn) -> Row | None:
        turn.held, turn.state = file, file.state
        row = self.table.choose(turn)
        if row is not None:
            file.state = row.goes or file.state
            self.table.act(row, turn)
        return row

    def _ask(self, file: _File, name: str, to: str, **fields: str) -> None:
        """Send a message, and go on with what is answered; no answer is an empty one."""
        notice = file.notice
        between = {side: notice[side] for side in ("bronBrin", "bronAdres", "doelBrin", "doelAdres")}
        sent = Message(name, notice.wire, {**between, "koppelsleutel": notice["koppelsleutel"], **fields})
        answer = self._say(sent, to)
        wanted = name.replace("Request", "Response")
        found = answer if answer is not None and answer.name == wanted else Message(wanted, notice.wire)
        self._step(file, Turn(found))

    # --- conditions -----------------------------------------------------------------------------------------------

    def als_voor_mij(self, turn: Turn) -> bool:
        """It names this delivery point."""
        return (turn.message["doelBrin"], turn.message["doelAdres"]) == (self.point.brin, self.point.adres)

    def als_met_koppelsleutel(self, turn: Turn) -> bool:
        """It has a koppelsleutel."""
        return turn.message["koppelsleutel"] != ""

    def als_met_sessie(self, turn: Turn) -> bool:
        """A session was granted, with a delivery point to ask."""
        return turn.message["sessieId"] != "" and bool(turn.message.points)

    def als_met_dossier(self, turn: Turn) -> bool:
        """A dossier came."""
        return turn.message.dossier != b""

    def als_met_url(self, turn: Turn) -> bool:
        """It is told where to send feedback."""
        return turn.message["url"] != ""

    # --- effects --------------------------------------------------------------------------------------------------

    def doe_vraag_sessie(self, turn: Turn) -> None:
        """Ask for a session, when the notification was answered."""
        file: _File = turn.held
        word = data("berichten")["soorten"]["SWV"][0]
        self._later(lambda: self._ask(file, "overdrachtRequest", "", overdrachtsoort=word))

    def doe_vraag_dossier(self, turn: Turn) -> None:
        """Ask the first delivery point."""
        file: _File = turn.held
        file.session, file.point = turn.message["sessieId"], dict(turn.message.points[0])
        word = data("berichten")["soorten"]["SWV"][0]
        asked = {"overdrachtsoort": word, "sessieId": file.session, "bronAdres": file.point.get("adres", "")}
        self._ask(file, "documentRequest", file.point.get("url", ""), **asked)

    def doe_meld_af(self, turn: Turn) -> None:
        """End the session, with what came of it."""
        file: _File = turn.held
        if turn.message.dossier:
            self.received.append(turn.message.dossier)
        word = "OverdrachtGeslaagd" if turn.message.dossier else "LeerlinginfoNietBeschikbaar"
        self._ask(file, "afmeldingRequest", "", sessieId=file.session, resultaat=word, koppelsleutel="")

    def doe_meld_terugkoppeling(self, turn: Turn) -> None:
        """Tell the Traffic Center that feedback is coming."""
        self._ask(turn.held, "meldenTerugkoppelingRequest", "", **_back(turn.held.notice))

    def doe_koppel_terug(self, turn: Turn) -> None:
        """Give feedback, once; here bron is who sends it (OSO:2017/Versturen Terugkoppeling)."""
        self._ask(turn.held, "terugkoppelingRequest", turn.message["url"], inhoud=_TOLD, **_back(turn.held.notice))


def _back(notice: Message) -> dict[str, str]:
    """The addresses of a message from doel to bron."""
    there = {"bronBrin": notice["doelBrin"], "bronAdres": notice["doelAdres"]}
    return {**there, "doelBrin": notice["bronBrin"], "doelAdres": notice["bronAdres"]}
