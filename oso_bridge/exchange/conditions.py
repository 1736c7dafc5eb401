"""May this dossier go, now, to whom asks for it? The conditions of a bron, after the check of the session.

What a dossier must say of inspection and consent is data with days (``voorwaarden.toml``), for the law changed.  The
document is checked again here, however it was set ready.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from oso_bridge import data
from oso_bridge import document as documents
from oso_bridge.errors import DocumentError, UsageError
from oso_bridge.exchange import outcome
from oso_bridge.exchange.administration import Klaargezet
from oso_bridge.exchange.messages import Adres, DocumentRequest
from oso_bridge.exchange.outcome import Uitkomst
from oso_bridge.exchange.wire import FORMAT
from oso_bridge.model import Dossier
from oso_bridge.report import Report

_KINDS = {"overstapdossier": "OV", "overdrachtbinnenbrin": "BB", "swv-dossier": "SWV"}
_YES = "Ja"


@dataclass(frozen=True, slots=True)
class Voorwaarden:
    """What a bron asks before it delivers; the rest is in ``voorwaarden.toml``.

    Attributes:
        peildatum: The day whose law counts; None for today.
        releases: The releases that are delivered, such as ``oso/2019.1``; None for all that pass their checks.
        zonder_aanvraagdatum: Which dossier a request gets that names no moment, when several are ready: the ``eerste``,
            as the test school of Kennisnet does, or the ``laatste``.
    """

    peildatum: date | None = None
    releases: Collection[str] | None = None
    zonder_aanvraagdatum: Literal["eerste", "laatste"] = "eerste"


@dataclass(frozen=True, slots=True)
class Weging:
    """What came of weighing a request.

    Attributes:
        uitkomst: ``gelukt``, or the word to refuse with.
        gebrek: The condition that was not met: a row of ``woorden`` in ``voorwaarden.toml``; empty when all are.
        klaargezet: The dossier that was considered.
        rapport: Its check, when it got that far.
    """

    uitkomst: Uitkomst
    gebrek: str = ""
    klaargezet: Klaargezet | None = None
    rapport: Report | None = None


def weigh(request: DocumentRequest, ready: Sequence[Klaargezet], rules: Voorwaarden) -> Weging:
    """Weigh a request whose session was found good.

    Args:
        request: The request.
        ready: What is set ready for that pupil or key.
        rules: What is asked.
    """
    if request.overdrachtsoort == "BB" and request.bron.brin != request.doel.brin:
        return _refusal("brin")
    chosen, lack = _choose(request, ready, rules)
    if chosen is None:
        return _refusal(lack)
    try:
        document = documents.read(chosen.dossier)
        dossier = document.dossier()
    except (DocumentError, UsageError):
        return _refusal("controle", chosen)
    report = documents.check(document)
    found = _lack(request, document.release_id, dossier, report, rules)
    return _refusal(found, chosen, report) if found else Weging(outcome.outcome(outcome.SUCCESS), "", chosen, report)


def _refusal(lack: str, chosen: Klaargezet | None = None, report: Report | None = None) -> Weging:
    word = _told()["woorden"][lack]
    return Weging(outcome.outcome(word), lack, chosen, report)


def _told() -> dict[str, Any]:
    return data.toml("schemas", FORMAT, "voorwaarden.toml")


def _choose(request: DocumentRequest, ready: Sequence[Klaargezet], rules: Voorwaarden) -> tuple[Klaargezet | None, str]:
    """The dossier to deliver, or the first condition that leaves none."""
    steps: tuple[tuple[str, Callable[[Klaargezet], bool]], ...] = (
        ("klaar", lambda one: _fits(one.bron, request.bron)),
        ("doel", lambda one: _fits(one.doel, request.doel)),
        ("soort", lambda one: one.soort == request.overdrachtsoort),
        ("moment", lambda one: _is_newer(one.verzameld, request.aanvraagdatum)),
    )
    left = sorted(ready, key=lambda one: one.verzameld)
    for lack, holds in steps:
        left = [one for one in left if holds(one)]
        if not left:
            return None, lack
    first = request.aanvraagdatum is None and rules.zonder_aanvraagdatum == "eerste"
    return left[0 if first else -1], ""


def _fits(named: Adres, asked: Adres) -> bool:
    """Whether a delivery point is the one that was named, or any of the school when none was."""
    return named.brin == asked.brin and named.kenmerk in ("", asked.kenmerk)


def _is_newer(collected: datetime, since: datetime | None) -> bool:
    return since is None or collected > since


def _lack(request: DocumentRequest, release: str, dossier: Dossier, report: Report, rules: Voorwaarden) -> str:
    """The first condition that a dossier itself does not meet; empty when it meets all."""
    if rules.releases is not None and release not in rules.releases:
        return "versie"
    if _KINDS.get(dossier.levering.overdrachtsoort or "") != request.overdrachtsoort:
        return "soort"
    if request.pgn and request.pgn not in pupil_numbers(dossier):
        return "leerling"
    # first what has a word of its own: a dossier that nobody inspected does not pass its checks either
    lack = _parental_lack(request.overdrachtsoort, dossier, rules.peildatum or date.today())
    return lack or ("" if report.ok else "controle")


def _parental_lack(kind: str, dossier: Dossier, day: date) -> str:
    """What is lacking of inspection and consent; without a row that holds nothing is delivered."""
    row = _row(kind, dossier.levering.overstap or "", day)
    if row is None:
        return "soort"
    seen = dossier.inzage
    has = {
        "inzage": seen is not None and seen.inzage is True,
        "toestemming": seen is not None and seen.toestemming == _YES,
    }
    return next((asked for asked in row["eist"] if not has[asked]), "")


def _row(kind: str, step: str, day: date) -> dict[str, Any] | None:
    """The row of ``voorwaarden.toml`` that holds on a day."""
    for row in _told()["voorwaarde"]:
        of_kind = row["soort"] == kind and step in row.get("overstap", (step,))
        if of_kind and row.get("vanaf", date.min) <= day < row.get("tot", date.max):
            found: dict[str, Any] = row
            return found
    return None


def pupil_numbers(dossier: Dossier) -> set[str]:
    """The numbers under which a dossier knows its pupil.

    Args:
        dossier: The dossier.
    """
    pupil = dossier.leerling
    return {number for number in (pupil.bsn, pupil.onderwijsnummer) if number} if pupil else set()
