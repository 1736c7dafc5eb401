"""The asking side: pupil data all at once or in steps, and results.

zeep makes the requests by the WSDL of the project, or by that of a vendor; a transport of ours carries them; the
answers are read, checked and bound on the same road as any document.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, TypeVar

from lxml import etree

from oso_bridge import document as documents
from oso_bridge import releases, writing
from oso_bridge.document import Document
from oso_bridge.errors import OsoBridgeError, TransportError, UsageError
from oso_bridge.exchange import soap
from oso_bridge.exchange.uwlr import faults, wsdl
from oso_bridge.exchange.uwlr.bron import Schoolid
from oso_bridge.exchange.uwlr.operations import (
    ALL,
    BRING,
    BY_GROUP,
    NO_CHANGES,
    NO_DATA,
    STRUCTURE,
    TEACHERS,
    Operation,
)
from oso_bridge.exchange.uwlr.soapclient import Made, SoapClient
from oso_bridge.filling import version_of
from oso_bridge.model import Leerresultaten, Schooladministratie
from oso_bridge.parcels import Parcel, Receipt, Transport
from oso_bridge.report import Report
from oso_bridge.transports.guarded import Retry
from oso_bridge.xml.limits import DEFAULT, Limits

Soort = Literal["gegevens", "geenwijzigingen", "geengegevens"]
_KINDS: dict[str, Soort] = {NO_CHANGES: "geenwijzigingen", NO_DATA: "geengegevens"}
_TEXT = 64
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Autorisatie:
    """How an application makes itself known to a school system; the header of every request.

    Attributes:
        klantcode: What the school system calls the application.
        klantnaam: Its name there.
        sleutel: Opens the data of one school; a secret.

    Raises:
        UsageError: One of them is empty, or longer than 64 characters.
    """

    klantcode: str
    klantnaam: str
    sleutel: str = field(repr=False)

    def __post_init__(self) -> None:
        if not all(0 < len(text) <= _TEXT for text in (self.klantcode, self.klantnaam, self.sleutel)):
            raise UsageError("klantcode, klantnaam and sleutel have 1 to 64 characters each.")

    @property
    def texts(self) -> dict[str, str]:
        """The texts of the header, in their order."""
        return {"autorisatiesleutel": self.sleutel, "klantcode": self.klantcode, "klantnaam": self.klantnaam}


@dataclass(frozen=True, slots=True)
class Verzoek:
    """Which pupil data are asked for.

    Attributes:
        school: The school.
        schooljaar: Such as ``2024-2025``.
        gegevenssetid: The name of the field set, as the parties agreed on it; empty for the one that is usual.
        sinds: The moment of the data that are here already; when nothing changed since then, they do not come again.
    """

    school: Schoolid
    schooljaar: str
    gegevenssetid: str = ""
    sinds: datetime | None = None

    def values(self, version: str) -> dict[str, Any]:
        """The values of the message, as zeep takes them.

        Args:
            version: The xsdversie.
        """
        own = self.school
        if own.brincode:
            found = {"brincode": own.brincode, "dependancecode": own.dependancecode or "00"}
        else:
            found = {"schoolkey": own.schoolkey}
        found |= {"schooljaar": self.schooljaar, "xsdversie": version}
        if self.gegevenssetid:
            found["gegevenssetid"] = self.gegevenssetid
        return found if self.sinds is None else {**found, "laatstontvangengegevens": self.sinds}


@dataclass(frozen=True)
class Antwoord:
    """What a request for pupil data was answered.

    Attributes:
        soort: ``gegevens``, ``geenwijzigingen`` (nothing changed since the moment that was named) or ``geengegevens``
            (nothing was found).
        document: The answer as it came; of several answers the first.
    """

    soort: Soort
    document: Document = field(repr=False)

    @cached_property
    def administratie(self) -> Schooladministratie:
        """The pupil data.

        Raises:
            UsageError: There are none.
        """
        if self.soort != "gegevens":
            raise UsageError(f"There are no data in this answer: {self.soort}.", remedy="Look at .soort first.")
        return self.document.administratie()

    @cached_property
    def rapport(self) -> Report:
        """The check of the answer; keys and references are in the layer integrity."""
        return documents.check(self.document)

    @cached_property
    def xml(self) -> bytes:
        """The answer as a message of UWLR: as it came, and of several answers as one; for who keeps it as a file."""
        return writing.write(self.document)

    @property
    def moment(self) -> datetime | None:
        """When the data were made: what to ask with next time, as ``sinds``; None when that is not told.

        Some programs tell it finer than a moment is here; then it is the last one before it.
        """
        if self.soort != "gegevens":
            return None
        return self.administratie.aanmaakdatum or _told(self.document)


@dataclass(frozen=True)
class Getrapt(Antwoord):
    """What came of all steps together.

    Attributes:
        geheel: The whole school, each person once.
        release: The release of the answers.
    """

    geheel: Schooladministratie = field(repr=False, default_factory=Schooladministratie)
    release: str = ""

    @cached_property
    def administratie(self) -> Schooladministratie:
        """The pupil data of all steps; see :class:`Antwoord`."""
        return self.geheel

    @cached_property
    def xml(self) -> bytes:
        """All steps as one message; see :class:`Antwoord`."""
        return writing.write(self.geheel, release=self.release, root=ALL.answer, check=False, losses="allow")

    @cached_property
    def rapport(self) -> Report:
        """The check of all steps as one message: references lead from one step to another."""
        return documents.check(self.xml, release=self.release)


HERHALEN: Mapping[str, Retry] = {
    operation.action: Retry(idempotent=True) for operation in (ALL, STRUCTURE, BY_GROUP, TEACHERS)
}
"""Which requests may be sent again when they may have arrived: for ``oso.transport(..., retry=HERHALEN)``.

Asking twice does no harm. Anything else is not sent again on a guess: a WSDL of a vendor may call it otherwise.
"""


class Client:
    """Asks a school system for pupil data, and brings it results; may be used by several threads at once.

    Args:
        lijn: Carries the requests; not closed here.
        autorisatie: How the application makes itself known.
        getrapt: Carries the requests in steps, where those have an address of their own.
        resultaten: Carries the results, likewise.
        release: The release that is spoken.
        wsdl: The WSDLs of a vendor, as files; those of the project when left out.
        limits: What an answer may ask for.

    Raises:
        UsageError: The release is not installed.
        DataError: A WSDL cannot be used.
    """

    def __init__(
        self,
        lijn: Transport,
        autorisatie: Autorisatie,
        *,
        getrapt: Transport | None = None,
        resultaten: Transport | None = None,
        release: str = "uwlr/2.2",
        wsdl: Sequence[str | os.PathLike[str]] = (),
        limits: Limits = DEFAULT,
    ) -> None:
        self._lines = {operation.name: getrapt or lijn for operation in (STRUCTURE, BY_GROUP, TEACHERS)}
        self._lines |= {ALL.name: lijn, BRING.name: resultaten or lijn}
        self._header = autorisatie.texts
        self._release = releases.release(release)
        self._soap = SoapClient(*(wsdl or _own()))
        self._limits = limits

    def leerlinggegevens(self, vraag: Verzoek) -> Antwoord:
        """The pupil data of a whole school.

        Args:
            vraag: Which school, year and field set.

        Raises:
            UwlrFault: The other side refuses.
            TransportError: It cannot be reached, or answers something else.
        """
        return self._ask(ALL, vraag)

    def structuur(self, vraag: Verzoek) -> Antwoord:
        """The school with its groups and branches, the first step; see :meth:`leerlinggegevens`."""
        return self._ask(STRUCTURE, vraag)

    def leerlingen(
        self, vraag: Verzoek, *, groepen: Iterable[str | None] = (), samengesteld: Iterable[str | None] = ()
    ) -> Antwoord:
        """The pupils of some groups; see :meth:`leerlinggegevens`.

        Args:
            vraag: Which school, year and field set.
            groepen: The keys of groepen; None for those in no groep.
            samengesteld: The keys of samengestelde groepen; None for those in no samengestelde groep.
        """
        return self._ask(BY_GROUP, vraag, _groups(groepen, samengesteld))

    def leerkrachten(
        self, vraag: Verzoek, *, groepen: Iterable[str | None] = (), samengesteld: Iterable[str | None] = ()
    ) -> Antwoord:
        """The staff of some groups; see :meth:`leerlingen`."""
        return self._ask(TEACHERS, vraag, _groups(groepen, samengesteld))

    def getrapt(self, vraag: Verzoek, *, per: int = 10) -> Antwoord:
        """The pupil data of a whole school in steps: structure, pupils, staff.

        Args:
            vraag: Which school, year and field set.
            per: How many groups are asked for at a time.

        Returns:
            All steps as one answer, each person once; or that of the first step, when that has no data.

        Raises:
            UwlrFault: The other side refuses one of the steps.
            TransportError: It cannot be reached, or answers something else.
        """
        if per < 1:
            raise UsageError("At least one group is asked for at a time.", remedy="Give per=1 or more.")
        first = self.structuur(vraag)
        if first.soort != "gegevens":
            return first
        whole = first.administratie
        # every person is in some groep, or in none; samengestelde groepen would give them a second time
        keys = [groep.sleutel for groep in whole.groepen if groep.soort == "stamgroep"]
        parts = [[*keys, None][start : start + per] for start in range(0, len(keys) + 1, per)]
        rest = replace(vraag, sinds=None)
        pupils = [found for part in parts for found in _persons(self.leerlingen(rest, groepen=part))]
        staff = [found for part in parts for found in _persons(self.leerkrachten(rest, groepen=part))]
        whole.leerlingen = _once(pupils, lambda one: one.leerlingid or one.eckid)
        whole.leerkrachten = _once(staff, lambda one: one.sleutel or one.eckid)
        return Getrapt("gegevens", first.document, whole, self._release.id)

    def breng(self, resultaten: Leerresultaten | Document) -> None:
        """Bring results; when this returns the other side has them.

        Args:
            resultaten: The results; what is written is checked before it leaves.

        Raises:
            WriteRefused: They are not what UWLR asks for.
            WouldLose: They hold something that UWLR has no place for.
            UwlrFault: The other side refuses.
            TransportError: It cannot be reached, or answers something else; ``sent`` says whether it may have them.
        """
        message = writing.write(resultaten, release=self._release.id, root=BRING.request)
        self._sent(BRING, self._soap.put(BRING, self._header, message))

    def _ask(self, operation: Operation, vraag: Verzoek, groepen: list[dict[str, Any]] | None = None) -> Antwoord:
        values = vraag.values(version_of(self._release))
        if groepen is not None:
            values["groepen"] = {"_value_1": groepen}
        payload = self._sent(operation, self._soap.make(operation, self._header, values))
        content = etree.tostring(payload, encoding="UTF-8", with_tail=False)
        document = documents.read(content, release=self._release.id, limits=self._limits)
        found = next((_KINDS[name] for name in document.record if name in _KINDS), None)
        if found is None and operation.data not in document.record:
            raise _strange("The answer holds nothing that UWLR has.")
        return Antwoord(found or "gegevens", document)

    def _sent(self, operation: Operation, made: Made) -> etree._Element:
        """Send a request, and give the child of the body of the answer.

        Raises:
            UwlrFault: It is a fault.
            TransportError: It is something else, or there is none.
        """
        receipt = self._lines[operation.name].send(Parcel(made.content, soap.MEDIA_TYPE, operation=made.action))
        if receipt.reply is None:
            raise _strange("There is no answer.")
        payload = _unwrapped(receipt.reply.content, self._limits)
        if payload is None:
            raise _strange("The answer is no message of SOAP 1.1.", receipt)
        if soap.is_fault(payload):
            raise faults.read(payload)
        if payload.tag != operation.tag(operation.answer) or receipt.status == "refused":
            raise _strange(f"The answer is no {operation.answer}.", receipt)
        return payload


def _told(document: Document) -> datetime | None:
    """The aanmaakdatum of an answer as it was written, cut off behind six decimals."""
    for part in document.record.values():
        school = part.get("school") if isinstance(part, dict) else None
        if isinstance(school, dict):
            try:
                return datetime.fromisoformat(str(school.get("aanmaakdatum", "")).strip())
            except ValueError:
                return None
    return None


def _own() -> list[os.PathLike[str]]:
    return [wsdl.path(wsdl.PUPILS), wsdl.path(wsdl.RESULTS)]


def _strange(what: str, receipt: Receipt | None = None) -> TransportError:
    status = f" Its status is {receipt.code}." if receipt and receipt.status == "refused" and receipt.code else ""
    return TransportError(what + status, retryable=False, sent="yes", remedy="Is this the address of that service?")


def _unwrapped(content: bytes, limits: Limits) -> etree._Element | None:
    try:
        return soap.unwrap(content, limits)
    except OsoBridgeError:
        return None


def _persons(answer: Antwoord) -> list[Any]:
    """The persons in the answer of one step."""
    if answer.soort != "gegevens":
        return []
    return [*answer.administratie.leerlingen, *answer.administratie.leerkrachten]


def _once(persons: Iterable[_T], key: Callable[[_T], str | None]) -> list[_T]:
    """The persons, each once: a member of staff of two groups came with both."""
    found: dict[object, _T] = {}
    for number, person in enumerate(persons):
        found.setdefault(key(person) or number, person)
    return list(found.values())


def _groups(groepen: Iterable[str | None], samengesteld: Iterable[str | None]) -> list[dict[str, Any]]:
    """Groups as zeep takes them.

    Raises:
        UsageError: There are none.
    """
    pairs = [*(("groep", key) for key in groepen), *(("samengestelde_groep", key) for key in samengesteld)]
    if not pairs:
        raise UsageError("Persons are asked for by group.", remedy="Name keys of groups; None for those in no group.")
    return [{name: {} if key is None else {"key": key}} for name, key in pairs]
