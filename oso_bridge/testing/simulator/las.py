"""The test school of Kennisnet as a scripted bron: its cases and its rows stand in ``las.toml``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from oso_bridge import document
from oso_bridge.errors import UsageError
from oso_bridge.fiction.make import make
from oso_bridge.identifiers import bsn
from oso_bridge.testing.simulator.messages import FAULT, Message, data
from oso_bridge.testing.simulator.tables import Row, Table, Turn
from oso_bridge.testing.simulator.verkeer import Punt
from oso_bridge.writing import write

Say = Callable[[Message, str], Message | None]
"""Sends a message to an address, or to our own Traffic Center when that is empty; None when that failed."""
Key = Callable[[str], str]

RELEASE = "oso/2019.1"
OLD_RELEASE = "oso/2016.1"
"""What the fault ``verouderd`` delivers."""
_WORDS = (
    "SessieAfwijkend",
    "OnbekendAanleverpunt",
    "GeenRelatieMetDoel",
    "SessieReedsAfgemeld",
    "VerstrekkerNietBekend",
)
_COLLECTED = datetime(2019, 6, 3, tzinfo=UTC)
_MOST_STEPS = 3


@dataclass(frozen=True, slots=True)
class Case:
    """A dossier of the test school, or the word that is answered instead.

    Attributes:
        profile: POPO, POVO, VOVO, BB, POSWV or VOSWV.
        number: The number of the pupil; empty for an SWV.
        result: The word; empty when there is a dossier.
        full: With every part filled in.
        release: The release of the dossier.
        without: The part of the report that is left out.
        collected: When it was collected.
    """

    profile: str
    number: str = ""
    result: str = ""
    full: bool = False
    release: str = RELEASE
    without: str = ""
    collected: datetime = _COLLECTED

    @property
    def kind(self) -> str:
        """What it is for: ``OV``, ``BB`` or ``SWV``; empty for a word, which counts for any."""
        return "" if not self.profile else "BB" if self.profile == "BB" else "SWV" if "SWV" in self.profile else "OV"


def cases() -> list[Case]:
    """The cases that are published."""
    return [
        Case(
            row.get("dossier", ""),
            row["pgn"],
            row.get("resultaat", ""),
            row.get("vol", False),
            row.get("uitgave", RELEASE),
            row.get("zonder", ""),
            row.get("verzameld", _COLLECTED),
        )
        for row in data("las")["geval"]
    ]


class School:
    """A scripted bron; may be used by several threads.

    Args:
        point: Its delivery point.
        say: Sends its messages.
        zoeksleutel: Computes the zoeksleutel of a pupil.
        pgnfrag: Computes the fragment of a number.
    """

    def __init__(self, point: Punt, say: Say, *, zoeksleutel: Key, pgnfrag: Key) -> None:
        self.point = point
        self._say = say
        self._keys = {"zoeksleutel": zoeksleutel, "pgnfrag": pgnfrag}
        self._cases = cases()
        self._ready: dict[str, Case] = {}
        self.feedback = 0
        self.table = Table(data("las")["rij"], self)

    def set_ready(self, key: str, profile: str = "POSWV") -> None:
        """Set a dossier ready under a koppelsleutel.

        Args:
            key: The key.
            profile: ``POSWV`` or ``VOSWV``.
        """
        self._ready[key.upper()] = Case(profile)

    def keys(self, pgn: str) -> dict[str, str]:
        """The zoeksleutel and pgnfrag of a pupil, by these names.

        Args:
            pgn: The number of the pupil.
        """
        return {name: compute(pgn) for name, compute in self._keys.items()}

    def handle(self, turn: Turn) -> Row | None:
        """Deal with a message.

        Args:
            turn: The message.
        """
        turn.state = "begin"
        for _ in range(_MOST_STEPS):
            row = self.table.choose(turn)
            if row is None:
                return None
            self.table.act(row, turn)
            if row.answer or row.fault:
                break
        self.feedback += turn.message.name == "terugkoppelingRequest"
        return row

    # --- conditions -----------------------------------------------------------------------------------------------

    def als_pgn_of_koppelsleutel(self, turn: Turn) -> bool:
        """It says which dossier, in the way of its kind."""
        keys = [bool(turn.message["pgn"]), bool(turn.message["koppelsleutel"])]
        return sum(keys) == 1 and keys[1] == (turn.message.kind == "SWV")

    def als_sessie_goed(self, turn: Turn) -> bool:
        """The Traffic Center answered with a sector."""
        word = turn.held
        return bool(word) and word not in _WORDS

    def als_geval_bekend(self, turn: Turn) -> bool:
        """There is a case for it, of that kind."""
        return bool(self._found(turn))

    def als_geval_weigert(self, turn: Turn) -> bool:
        """The case is a word."""
        return self._found(turn)[0].result != ""

    def als_nieuw_genoeg(self, turn: Turn) -> bool:
        """It was collected after the moment that is named, if one is."""
        return bool(self._newer(turn))

    def _found(self, turn: Turn) -> Sequence[Case]:
        asked = turn.message
        if asked["koppelsleutel"]:
            case = self._ready.get(asked["koppelsleutel"].upper())
            return [case] if case else []
        return [one for one in self._cases if one.number == asked["pgn"] and one.kind in ("", asked.kind)]

    def _newer(self, turn: Turn) -> Sequence[Case]:
        since, found = _moment(turn.message["aanvraagdatum"]), self._found(turn)
        return found if since is None else [one for one in found if one.collected > since]

    # --- effects --------------------------------------------------------------------------------------------------

    def doe_controleer_sessie(self, turn: Turn) -> None:
        """Ask the Traffic Center, with the key as computed here; what it says is kept."""
        asked = turn.message
        names = ("bronBrin", "bronAdres", "doelBrin", "doelAdres", "overdrachtsoort", "sessieId")
        fields = {name: asked[name] for name in names}
        if asked["pgn"]:
            fields |= self.keys(asked["pgn"])
        else:
            fields["koppelsleutel"] = asked["koppelsleutel"]
        answer = self._say(Message("sessiecontroleRequest", asked.wire, fields), "")
        turn.held = "" if answer is None or answer.name == FAULT else answer["resultaat"]

    def doe_geef_weigering(self, turn: Turn) -> None:
        """Pass on what the Traffic Center said; its faults become a word that is known."""
        turn.said["resultaat"] = turn.held or "SessieAfwijkend"

    def doe_geef_woord_van_geval(self, turn: Turn) -> None:
        """Answer with the word of the case."""
        turn.said["resultaat"] = self._found(turn)[0].result

    def doe_geef_dossier(self, turn: Turn) -> None:
        """Deliver: the first when no moment is named, else the newest."""
        newer = self._newer(turn)
        turn.dossier = dossier(newer[-1] if turn.message["aanvraagdatum"] else newer[0])


def _moment(text: str) -> datetime | None:
    """The moment in a request; one that is none is as good as none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@lru_cache(maxsize=64)
def dossier(case: Case) -> bytes:
    """The dossier of a case: fictional, and always the same.

    Args:
        case: The case.

    Raises:
        UsageError: The case has none.
    """
    made: Any = document.read(make(case.release, case.profile, seed=1, full=case.full or bool(case.without))).dossier()
    if made.leerling is None or not case.profile:
        raise UsageError("This case has no dossier.")
    if case.number:
        is_bsn = bsn.is_valid(case.number)
        made.leerling.bsn = case.number if is_bsn else None
        made.leerling.onderwijsnummer = None if is_bsn else case.number
    if case.without:
        setattr(made.rapport, case.without, type(getattr(made.rapport, case.without))())
    return write(made, release=case.release)
