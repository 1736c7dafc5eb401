"""The asking side: what a school system says to the Traffic Center and to other systems.

:class:`Doelsysteem` fetches dossiers and gives feedback, :class:`Bronsysteem` checks sessions and sends notifications.
Both work over any transport: one for the Traffic Center, and a function that opens one to an address.  Neither keeps
anything between conversations, so one of each will do for all threads, as far as the transports allow it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from oso_bridge import document as documents
from oso_bridge.errors import DocumentError, TransportError, UsageError
from oso_bridge.exchange import outcome, wire
from oso_bridge.exchange.administration import Aanvraag, Dossierdoel, Ontvangst
from oso_bridge.exchange.conditions import pupil_numbers
from oso_bridge.exchange.conversation import Gesprek, Stap, Verloop, log, point_name, session_name
from oso_bridge.exchange.keys import Sleutels
from oso_bridge.exchange.messages import (
    Aanleverpunt,
    Adres,
    AfmeldingRequest,
    Bericht,
    DocumentRequest,
    MeldenNotificatieRequest,
    MeldenTerugkoppelingRequest,
    NotificatieRequest,
    OverdrachtRequest,
    OverzichtAanleverpuntRequest,
    SessiecontroleRequest,
    TerugkoppelingRequest,
)
from oso_bridge.exchange.outcome import Uitkomst
from oso_bridge.exchange.wire import Soort, Wire
from oso_bridge.parcels import Transport
from oso_bridge.xml.limits import DEFAULT, Limits

Lijn = Callable[[str], Transport]
"""Opens a transport to an address; it is closed after use."""
CENTRE = "Traffic Center"
MAX_AANLEVERPUNTEN = 100
"""The delivery points that are asked in a session; a school has a few.  Each is told which pupil it is about."""


@dataclass(frozen=True, slots=True)
class Ophaling:
    """What came of fetching a dossier.

    Attributes:
        uitkomst: The best of what the delivery points answered.
        ontvangsten: The dossiers that came, one for each delivery point that had one.
        stappen: The transcript, without values.
        sessie_id: The session; empty when none was granted.
    """

    uitkomst: Uitkomst
    ontvangsten: tuple[Ontvangst, ...]
    stappen: tuple[Stap, ...]
    sessie_id: str = ""


@dataclass(frozen=True, slots=True)
class Aanmelding:
    """What the Traffic Center answered to the news that a notification or feedback is coming.

    Attributes:
        uitkomst: What came of it.
        ontvanger: For whom it is.
        koppelsleutel: For an SWV: the key of the dossier, which is to be set ready under it.
        url: Where to send it; empty when that was not told.
    """

    uitkomst: Uitkomst
    ontvanger: Adres
    koppelsleutel: str = field(default="", repr=False)
    url: str = ""
    _gesprek: Gesprek | None = field(default=None, repr=False)

    @property
    def stappen(self) -> tuple[Stap, ...]:
        """The transcript so far."""
        return tuple(self._gesprek.stappen) if self._gesprek else ()


class _Systeem:
    """What both sides share.

    Args:
        over: The wire, or its version.
        adres: The delivery point of this system.
        verkeerscentrum: Carries messages to the Traffic Center; not closed here.
        lijn: Opens a transport to the address of another system.
        sleutels: The functions that compute keys.
        limits: What an answer may ask for.
        schemes: Which addresses are taken from the Traffic Center; ``https`` alone outside tests.
    """

    def __init__(
        self,
        over: Wire | str,
        adres: Adres,
        *,
        verkeerscentrum: Transport,
        lijn: Lijn,
        sleutels: Sleutels,
        limits: Limits = DEFAULT,
        schemes: Collection[str] = ("https",),
    ) -> None:
        self.wire = wire.load(over) if isinstance(over, str) else over
        self.adres = adres
        self._centre = verkeerscentrum
        self._line = lijn
        self._keys = sleutels
        self._limits = limits
        self._schemes = frozenset(schemes)

    def overzicht(self, *, brin: str = "", voor: str = "", kenmerk: str = "") -> tuple[Aanleverpunt, ...]:
        """The delivery points that the Traffic Center knows.

        Args:
            brin: Those of one school.
            voor: Those for ``OV`` or ``SWV``.
            kenmerk: The one with this routeringsKenmerk or code.

        Returns:
            The delivery points; none when the Traffic Center refuses.

        Raises:
            TransportError: The Traffic Center cannot be reached.
        """
        asked = OverzichtAanleverpuntRequest(brin=brin, voor=voor, kenmerk=kenmerk)
        answer, result = self._talk().ask(self._centre, asked, CENTRE)
        return answer.aanleverpunten if result.ok and answer else ()

    def _talk(self, role: Literal["doel", "notificatie", "terugkoppeling"] | None = None) -> Gesprek:
        return Gesprek(self.wire, Verloop(role) if role else None, limits=self._limits)

    def _open(self, url: str) -> Transport:
        """A transport to an address that the Traffic Center gave.

        Raises:
            TransportError: The address is none, or of a kind that is not taken.
        """
        try:
            parts = urlsplit(url)
            taken = parts.scheme in self._schemes and parts.hostname and not (parts.username or parts.password)
            taken = taken and parts.port != 0  # asking for the port shows whether it is one
        except ValueError:
            # the address is of others: no fault of the caller, and the other delivery points are still asked
            taken = False
        if not taken:
            told = f"An address is taken only when it is one, with {' or '.join(sorted(self._schemes))}."
            raise TransportError(told, retryable=False, sent="no")
        return self._line(url)

    def _between(self, element: str, receiver: Adres) -> dict[str, Adres]:
        """The two addresses of a message from here, in the roles that the wire gives them."""
        if self.wire.sender(element) == "bron":
            return {"bron": self.adres, "doel": receiver}
        return {"bron": receiver, "doel": self.adres}

    def _ask_at(self, talk: Gesprek, message: Bericht, url: str, to: Adres) -> tuple[Any, Uitkomst]:
        """Ask another system, once; one that cannot be reached is an outcome too."""
        name = point_name(to)
        try:
            line = self._open(url)
        except TransportError as error:
            return None, talk.missed(message, name, error)
        try:
            with line:
                return talk.ask(line, message, name)
        except TransportError:
            return None, outcome.outcome("NietBereikbaar")


class Doelsysteem(_Systeem):
    """The system of a school, platform or samenwerkingsverband that fetches dossiers; for its arguments see there."""

    def ophalen(
        self,
        naar: Dossierdoel,
        *,
        bron: Adres,
        account: str,
        pgn: str = "",
        koppelsleutel: str = "",
        soort: Soort = "OV",
        aanvraagdatum: datetime | None = None,
        max_aanleverpunten: int = MAX_AANLEVERPUNTEN,
    ) -> Ophaling:
        """Fetch a dossier: ask for a session, ask every delivery point, keep what comes, end the session.

        Args:
            naar: Where dossiers go, each before the session is ended.
            bron: The school, and with ``kenmerk`` just that delivery point.
            account: Who orders it; logged.
            pgn: The number of the pupil, for ``OV`` and ``BB``.
            koppelsleutel: The key, for ``SWV``.
            soort: What the transfer is for.
            aanvraagdatum: Ask only for a dossier that was collected later than this.
            max_aanleverpunten: When the Traffic Center names more delivery points than this, none of them is asked, and
                the outcome is ``TeVeelAanleverpunten``.

        Returns:
            What came of it.

        Raises:
            UsageError: Neither or both of pgn and koppelsleutel are given, or the wire cannot say this.
            TransportError: The Traffic Center could not be asked for a session.
            Exception: What ``naar.ontvangen`` raised; the session is ended first, with the best result there was.
        """
        if bool(pgn) == bool(koppelsleutel) or (soort == "SWV") != bool(koppelsleutel):
            raise UsageError("A dossier is asked for by pgn (OV, BB) or by koppelsleutel (SWV).")
        order = _Order(naar, bron, account, pgn, koppelsleutel, soort, aanvraagdatum)
        talk = self._talk("doel")
        session, points, result = self._session(talk, order)
        if not session:
            log("ophalen", account=account, bron=point_name(bron), soort=soort, uitkomst=result.woord)
            return Ophaling(result, (), tuple(talk.stappen))
        if len(points) > max_aanleverpunten:
            return self._ended(talk, order, session, _Gehaald(), (), "TeVeelAanleverpunten")
        got = _Gehaald()
        try:
            for point in points:
                self._ask_one(talk, order, session, point, got)
        except Exception:
            # what failed here is no answer of anybody, and no reason to leave the session open
            got.uitkomsten.append(outcome.outcome("InterneFout"))
            self._ended(talk, order, session, got, points)
            raise
        return self._ended(talk, order, session, got, points)

    def _session(self, talk: Gesprek, order: _Order) -> tuple[str, tuple[Aanleverpunt, ...], Uitkomst]:
        key = self._keys.of(order.pgn, self.wire) if order.pgn else {"koppelsleutel": order.koppelsleutel}
        asked = OverdrachtRequest(bron=order.bron, doel=self.adres, overdrachtsoort=order.soort, **key)
        answer, result = talk.ask(self._centre, asked, CENTRE)
        if not result.ok or answer is None:
            return "", (), result
        return answer.sessie_id, answer.aanleverpunten, result if answer.sessie_id else outcome.outcome(outcome.UNKNOWN)

    def _ask_one(self, talk: Gesprek, order: _Order, session: str, point: Aanleverpunt, got: _Gehaald) -> None:
        bron = Adres(point.brin or order.bron.brin, point.kenmerk)
        asked = DocumentRequest(
            bron=bron,
            doel=self.adres,
            pgn=order.pgn,
            koppelsleutel=order.koppelsleutel,
            overdrachtsoort=order.soort,
            sessie_id=session,
            aanvraagdatum=order.aanvraagdatum,
        )
        answer, result = self._ask_at(talk, asked, point.url, bron)
        if result.ok and answer is not None:
            result, kept = _received(answer.dossier, order, bron, session)
            got.ontvangsten += [kept] if kept else []
            facts = {"sessie": session_name(session), "bron": point_name(bron), "uitkomst": result.woord}
            log("ontvangen", account=order.account, **facts)
        got.uitkomsten.append(result)

    def _ended(
        self,
        talk: Gesprek,
        order: _Order,
        session: str,
        got: _Gehaald,
        points: tuple[Aanleverpunt, ...],
        nothing: str = "LeerlinginfoNietBeschikbaar",
    ) -> Ophaling:
        """End the session with the best result there was; without any, with the word for nothing."""
        best = outcome.best(got.uitkomsten) or outcome.outcome(nothing)
        # of equals the one asked last; after an error the rest were not asked
        named = [point for point, found in zip(points, got.uitkomsten, strict=False) if found == best]
        self._sign_off(talk, session, order, named[-1] if named else None, best)
        facts = {"sessie": session_name(session), "bron": point_name(order.bron), "uitkomst": best.woord}
        log("ophalen", account=order.account, **facts)
        return Ophaling(best, tuple(got.ontvangsten), tuple(talk.stappen), session)

    def _sign_off(self, talk: Gesprek, session: str, order: _Order, named: Aanleverpunt | None, best: Uitkomst) -> None:
        """End the session; what the Traffic Center says to that is not for the user (OSO:2017/Afmelden Sessie)."""
        bron = Adres(named.brin or order.bron.brin, named.kenmerk) if named else order.bron
        asked = AfmeldingRequest(bron=bron, doel=self.adres, sessie_id=session, resultaat=best.wire_word)
        try:
            talk.ask(self._centre, asked, CENTRE)
        except TransportError:
            log("afmelding", sessie=session_name(session), uitkomst="NietBereikbaar")

    def terugkoppelen(self, naar: Adres, *, koppelsleutel: str, inhoud: str, account: str, url: str = "") -> Uitkomst:
        """Give feedback on a dossier to the school that it came from: one attempt (OSO:2017/Versturen Terugkoppeling).

        Args:
            naar: The delivery point of that school.
            koppelsleutel: The key of the dossier.
            inhoud: The feedback, as text; what belongs in it is not public.
            account: Who gives it; logged.
            url: Where to send it when the Traffic Center does not tell.

        Returns:
            What came of it; when it failed, tell the user.

        Raises:
            TransportError: The Traffic Center cannot be reached.
        """
        talk = self._talk("terugkoppeling")
        first = MeldenTerugkoppelingRequest(
            **self._between("meldenTerugkoppelingRequest", naar), koppelsleutel=koppelsleutel
        )
        answer, result = talk.ask(self._centre, first, CENTRE)
        if result.ok and answer is not None:
            between = self._between("terugkoppelingRequest", naar)
            second = TerugkoppelingRequest(**between, koppelsleutel=koppelsleutel, inhoud=inhoud)
            _, result = self._ask_at(talk, second, answer.url or url, naar)
        log("terugkoppeling", account=account, naar=point_name(naar), uitkomst=result.woord)
        return result


class Bronsysteem(_Systeem):
    """The system of a school that supplies dossiers; for its arguments see :class:`Doelsysteem`."""

    def sessiecontrole(self, vraag: DocumentRequest, gesprek: Gesprek) -> Uitkomst:
        """Ask the Traffic Center whether a request belongs to a session that it granted.

        Args:
            vraag: The request that came in.
            gesprek: The conversation it belongs to.

        Returns:
            ``gelukt`` with the sector, or why not; a Traffic Center that cannot be reached is a no.
        """
        key = self._keys.of(vraag.pgn, self.wire) if vraag.pgn else {"koppelsleutel": vraag.koppelsleutel}
        asked = SessiecontroleRequest(
            bron=vraag.bron,
            doel=vraag.doel,
            overdrachtsoort=vraag.overdrachtsoort,
            sessie_id=vraag.sessie_id,
            **key,
        )
        try:
            _, result = gesprek.ask(self._centre, asked, CENTRE)
        except TransportError:
            return outcome.outcome("NietBereikbaar")
        return result

    def gesprek(self) -> Gesprek:
        """A conversation in which a request is answered: the session check comes first."""
        return Gesprek(self.wire, Verloop("bron"), limits=self._limits)

    def meld_swv(self, doel: Adres) -> Aanmelding:
        """Tell the Traffic Center that a dossier for a samenwerkingsverband is coming, and get its koppelsleutel.

        Set the dossier ready under that key, and then call :meth:`notificeer`.

        Args:
            doel: The delivery point of the samenwerkingsverband, see :meth:`overzicht`.

        Raises:
            TransportError: The Traffic Center cannot be reached.
        """
        return self._announce(doel, voor="SWV")

    def meld_ov(self, aanvraag: Aanvraag) -> Aanmelding:
        """Tell the Traffic Center that a newer dossier is ready for a school that asked before.

        Args:
            aanvraag: The earlier request.

        Raises:
            TransportError: The Traffic Center cannot be reached.
        """
        when = aanvraag.aanvraagdatum or aanvraag.moment
        return self._announce(aanvraag.doel, voor="OV", sessie_id=aanvraag.sessie_id, aanvraagdatum=when)

    def _announce(
        self, to: Adres, *, voor: str, sessie_id: str = "", aanvraagdatum: datetime | None = None
    ) -> Aanmelding:
        talk = self._talk("notificatie")
        between = self._between("meldenNotificatieRequest", to)
        asked = MeldenNotificatieRequest(**between, voor=voor, sessie_id=sessie_id, aanvraagdatum=aanvraagdatum)
        answer, result = talk.ask(self._centre, asked, CENTRE)
        if answer is not None and result.ok and voor == "SWV" and not answer.koppelsleutel:
            result = outcome.outcome(outcome.UNKNOWN)
        if answer is None or not result.ok:
            return Aanmelding(result, to, _gesprek=talk)
        return Aanmelding(result, to, answer.koppelsleutel, answer.url, talk)

    def notificeer(
        self, aanmelding: Aanmelding, *, account: str, aanvraag: Aanvraag | None = None, url: str = ""
    ) -> Uitkomst:
        """Notify the other system: a dossier is ready for it.

        Args:
            aanmelding: What :meth:`meld_swv` or :meth:`meld_ov` gave.
            account: Who releases the dossier; logged.
            aanvraag: The earlier request, after ``meld_ov``.
            url: Where to send it when the Traffic Center does not tell.

        Returns:
            What came of it.

        Raises:
            UsageError: The Traffic Center refused the announcement, or this notification was sent already.
        """
        talk, to = aanmelding._gesprek, aanmelding.ontvanger
        if talk is None or not aanmelding.uitkomst.ok:
            raise UsageError("The Traffic Center did not take the announcement of this notification.")
        when = (aanvraag.aanvraagdatum or aanvraag.moment) if aanvraag else None
        asked = NotificatieRequest(
            **self._between("notificatieRequest", to),
            koppelsleutel=aanmelding.koppelsleutel,
            sessie_id=aanvraag.sessie_id if aanvraag else "",
            aanvraagdatum=when,
            voor="OV" if aanvraag else "SWV",
        )
        _, result = self._ask_at(talk, asked, aanmelding.url or url, to)
        log("notificatie", account=account, naar=point_name(to), uitkomst=result.woord)
        return result


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be fetched, for whom and in whose name."""

    naar: Dossierdoel
    bron: Adres
    account: str
    pgn: str = field(repr=False)
    koppelsleutel: str = field(repr=False)
    soort: Soort
    aanvraagdatum: datetime | None


@dataclass(slots=True)
class _Gehaald:
    """What came of the delivery points that were asked so far: an outcome of each, and the dossiers that were kept."""

    uitkomsten: list[Uitkomst] = field(default_factory=list)
    ontvangsten: list[Ontvangst] = field(default_factory=list)


def _received(content: bytes, order: _Order, bron: Adres, session: str) -> tuple[Uitkomst, Ontvangst | None]:
    """Check what came and hand it over; a dossier of another pupil is not kept."""
    try:
        document = documents.read(content)
        pupils = [numbers for one in document.dossiers() if (numbers := pupil_numbers(one))]
    except (DocumentError, UsageError):
        return outcome.outcome("OnleesbaarDossier"), None
    if order.pgn and any(order.pgn not in numbers for numbers in pupils):
        return outcome.outcome("AndereLeerling"), None
    kept = Ontvangst(
        dossier=content,
        rapport=documents.check(document),
        bron=bron,
        soort=order.soort,
        sessie_id=session,
        moment=datetime.now(UTC),
        account=order.account,
    )
    order.naar.ontvangen(kept)
    return outcome.outcome(outcome.SUCCESS, "resultaat"), kept
