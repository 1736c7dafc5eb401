"""Outcomes: what the other side said, as a result word in an answer or as a SOAP fault, in one type.

Words are data (``schemas/oso-exchange/woorden.toml``).  A word that is not listed there may be anything, the number of
a pupil as well: it becomes ``Onbekend`` and is neither kept nor shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from oso_bridge import data
from oso_bridge.errors import UsageError, choose
from oso_bridge.exchange.soap import Fault
from oso_bridge.exchange.wire import FORMAT

UNKNOWN = "Onbekend"
SUCCESS = "OverdrachtGeslaagd"
_GUESSES = {"Client": "OngeldigBericht", "VersionMismatch": "OngeldigBericht", "MustUnderstand": "OngeldigBericht"}

Via = Literal["resultaat", "fault", "eigen"]


@dataclass(frozen=True)
class Uitkomst:
    """What came of a request.

    Attributes:
        woord: The word, one of ``woorden.toml`` or a sector.
        soort: ``gelukt``, ``niet`` (nothing to be had here) or ``fout`` (the exchange itself went wrong).
        via: Told as a result word, as a fault, or concluded here.
        sector: The sector of the other school, after a session check that succeeded.
    """

    woord: str
    soort: Literal["gelukt", "niet", "fout"]
    via: Via = "resultaat"
    sector: str = ""

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.soort == "gelukt"

    @cached_property
    def rang(self) -> int:
        """The place among outcomes, the best highest; the standard's own order is not public."""
        return int(_words().get(self.woord, {}).get("rang", 0))

    @property
    def wire_word(self) -> str:
        """The word as it is sent: words of our own are not sent."""
        return str(_words().get(self.woord, {}).get("wire", self.woord))

    def text(self, language: str = "nl") -> str:
        """What to tell a user, in ``nl`` or ``en``."""
        texts = _words().get(self.woord, {}).get("text", {})
        return str(texts.get(language) or texts.get("nl") or self.woord)


def _words() -> dict[str, Any]:
    found: dict[str, Any] = data.toml("schemas", FORMAT, "woorden.toml").get("woord", {})
    return found


def outcome(word: str, via: Via = "eigen") -> Uitkomst:
    """The outcome of a word that is known.

    Args:
        word: One of ``woorden.toml``.
        via: How it was told.

    Raises:
        UsageError: There is no such word.
    """
    row = _words().get(word)
    if row is None:
        raise UsageError("There is no such result word.", remedy=choose(word, _words(), "See woorden.toml."))
    return Uitkomst(word, row["soort"], via)


def of_result(word: str, success: str) -> Uitkomst:
    """The outcome of the word in an answer.

    Args:
        word: The word; empty when the answer has none.
        success: The word that an answer without one stands for.
    """
    if not word:
        return outcome(success, "resultaat")
    return outcome(word if word in _words() else UNKNOWN, "resultaat")


def of_sector(word: str) -> Uitkomst:
    """The outcome of a session check: a sector when it succeeded; anything unknown counts as a refusal.

    Args:
        word: The word in the answer.
    """
    sectors = data.toml("schemas", FORMAT, "woorden.toml").get("sectoren", [])
    if word in sectors:
        return Uitkomst(SUCCESS, "gelukt", "resultaat", word)
    found = of_result(word or UNKNOWN, UNKNOWN)
    # a session check answers with a sector or a refusal, so no other word of success is one here
    return found if not found.ok else outcome(UNKNOWN, "resultaat")


def of_fault(fault: Fault) -> Uitkomst:
    """The outcome of a fault: the first word in it that is known, else what its code says.

    Args:
        fault: The fault.
    """
    known = next((word for word in fault.words if word in _words()), "")
    guess = "InterneFout" if fault.code == "Server" else _GUESSES.get(fault.code, UNKNOWN)
    found = outcome(known or guess, "fault")
    # a fault that names a word of success is a fault all the same
    return found if not found.ok else outcome(UNKNOWN, "fault")


def best(outcomes: Iterable[Uitkomst]) -> Uitkomst | None:
    """The best outcome; of equals the last.

    Args:
        outcomes: In the order in which they came.

    Returns:
        The best; None when there is none.
    """
    found: Uitkomst | None = None
    for item in outcomes:
        if found is None or item.rang >= found.rang:
            found = item
    return found


def fault_of(word: str) -> tuple[str, str]:
    """The code and the text of a fault that tells a word.

    Args:
        word: One of ``woorden.toml``.
    """
    row: Mapping[str, Any] = _words().get(word, {})
    return str(row.get("code", "Client")), str(row.get("text", {}).get("nl", word))
