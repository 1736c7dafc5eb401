"""The client of the OSR."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType, TracebackType
from typing import Any, ClassVar, Literal, Self, TypeVar

from oso_bridge.errors import UsageError
from oso_bridge.exchange.osr import answers, questions
from oso_bridge.exchange.osr.answers import (
    Dienst,
    Dienstversie,
    Eindpunt,
    Lijst,
    Mandaat,
    OsrError,
    Row,
    School,
    Schoolmandaat,
)
from oso_bridge.exchange.osr.questions import Given
from oso_bridge.parcels import Receipt
from oso_bridge.transports.guarded import Guarded, Retry
from oso_bridge.transports.http import Identity, ResourceLine

MAX_BYTES = 16_777_216
API_KEY_HEADER = "X-API-Key"
"""The usual header for an API key; that of the OSR is not public."""

_RETRY = {"POST:endpoints": Retry(), "*": Retry(idempotent=True)}

_T = TypeVar("_T")

_MEANINGS: dict[int, tuple[str, str | None]] = {
    400: ("The OSR finds the question invalid.", "Check the OINs, the routeringskenmerk, the namespace and the dates."),
    401: ("The OSR does not know us.", "Check the certificate, and for mandates and registering the API key."),
    403: ("The OSR does not allow us this.", "Check the certificate, the API key and the mandate."),
    404: ("The OSR has no such thing.", "Check the school, the supplier and the namespace."),
}


class Osr:
    """Asks the OSR, with our certificate and nothing but the roots that it names.

    Reads are repeated when the line fails; registering an endpoint only as long as nothing had left.

    Args:
        url: The address of the host, such as ``https://osr-sb.kennisnet.nl`` (the sandbox).
        identity: Our certificate (PKIoverheid or ODOC) and the roots that we trust: :class:`oso_bridge.Identity`.
        api_key: The key that mandates and registering ask for; it goes along with those calls only.
        api_key_header: The header it goes in.
        version: ``V2``, or ``V3`` as far as it is known.
        deadline: Seconds that a call may take, all attempts together.
        max_bytes: The largest answer.
        retry: How often is tried; None for what stands above.
        options: Those of :class:`oso_bridge.transports.http.HttpLine`, such as ``proxies``.

    Raises:
        UsageError: The address, key or version cannot be used.

    Attributes:
        mark: How well this is known: ``provisional``.
    """

    mark: ClassVar[Literal["provisional"]] = "provisional"

    def __init__(
        self,
        url: str,
        *,
        identity: Identity,
        api_key: str | None = None,
        api_key_header: str = API_KEY_HEADER,
        version: str = "V2",
        deadline: float = 60.0,
        max_bytes: int = MAX_BYTES,
        retry: Retry | Mapping[str, Retry] | None = None,
        **options: Any,
    ) -> None:
        self.version = version
        self._facts = questions.version(version)
        self._lines: dict[bool, Guarded] = {}

        def line(more: Mapping[str, str]) -> Guarded:
            address = url.rstrip("/") + self._facts["prefix"]
            made = ResourceLine(address, identity=identity, headers={"Accept": "application/json", **more}, **options)
            return Guarded(made, name="osr", deadline=deadline, max_bytes=max_bytes, retry=retry or _RETRY)

        self._lines[False] = line({})
        if api_key is not None:
            self._lines[True] = line(questions.key(api_key_header, api_key))

    def __repr__(self) -> str:
        return f"<Osr {self.version} {self.mark}{', with an API key' if True in self._lines else ''}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go; may be called twice."""
        for line in self._lines.values():
            line.close()

    def mandates(
        self, supplier_oin: str, school_oin: str, namespace: str, reference_date: date | None = None
    ) -> Mandaat:
        """The mandate of a school for a supplier; needs the API key.

        Args:
            supplier_oin: The OIN of the supplier.
            school_oin: The OIN of the school.
            namespace: That of the version of the service.
            reference_date: The day that is asked about; today when None.

        Raises:
            OsrError: There is none (404), the question is invalid (400), or the answer is not understood.
            TransportError: The OSR was not reached, or did not answer.
            UsageError: An OIN or the namespace has another form, or there is no API key.
        """
        given: dict[str, Given] = {
            "supplier_oin": supplier_oin,
            "school_oin": school_oin,
            "service_version_namespace": namespace,
            "reference_date": reference_date,
        }
        found = self._list("mandates", given, answers.mandaat)
        if len(found) != 1:
            what = "There is no such mandate." if not found else "There are several such mandates."
            raise OsrError(what, status=None if found else 404, where="GET mandates")
        return found[0]

    def school_mandates(self, service_code: str) -> Lijst[Schoolmandaat]:
        """The mandates that schools gave for a service.

        Args:
            service_code: The code of the service.

        Raises:
            OsrError: There is no such service (404), or the answer is not understood.
            TransportError: The OSR was not reached, or did not answer.
        """
        return self._list("school-mandates", {"service_code": service_code}, answers.schoolmandaat)

    def endpoints(
        self,
        namespace: str,
        *,
        school_oin: str | None = None,
        routing_id: str | None = None,
        attributes: Sequence[str] = (),
        reference_date: date | None = None,
        include_future: bool = False,
    ) -> Lijst[Eindpunt]:
        """The addresses of a school, or of one of its routeringskenmerken.

        Args:
            namespace: That of the version of the service.
            school_oin: The OIN of the school; either this or ``routing_id``.
            routing_id: The routeringskenmerk; there is one endpoint at the most.
            attributes: Only endpoints with these, such as ``LAS``.
            reference_date: The day that is asked about; today when None.
            include_future: Those that begin later as well.

        Raises:
            OsrError: There is no such school (404), the question is invalid (400), or the answer is not understood.
            TransportError: The OSR was not reached, or did not answer.
            UsageError: Not exactly one of school and routeringskenmerk is given, or one has another form.
        """
        given: dict[str, Given] = {
            "service_version_namespace": namespace,
            "school_oin": school_oin,
            "routing_id": routing_id,
            "attributes": attributes,
            "reference_date": reference_date,
            "include_future_endpoints": include_future,
        }
        return self._list("endpoints", given, self._eindpunt)

    def add_endpoint(
        self,
        mandate: Mandaat | str,
        *,
        routing_id: str,
        namespace: str,
        url: str,
        attributes: Sequence[str] = (),
        start: date | None = None,
        end: date | None = None,
    ) -> Eindpunt | None:
        """Register our address for a school; needs the API key.

        Args:
            mandate: The mandate, or its token.
            routing_id: The routeringskenmerk.
            namespace: That of the version of the service.
            url: Our address, ``https://...``.
            attributes: Such as ``LAS``.
            start: From when; the OSR decides when None.
            end: Until when.

        Returns:
            What the OSR made of it; None when it took it and said no more.

        Raises:
            OsrError: The OSR refuses it (400), or its answer is not understood.
            TransportError: The OSR was not reached or did not answer; ``sent`` says whether it may have arrived.
            UsageError: Something has another form, or there is no API key.
        """
        given: dict[str, Given] = {
            "mandate_token": mandate.token if isinstance(mandate, Mandaat) else mandate,
            "routing_id": routing_id,
            "service_version_namespace": namespace,
            "url": url,
            "attributes": attributes,
            "start_date": start,
            "end_date": end,
        }
        answer = self._ask("add-endpoint", given)
        return self._eindpunt(Row(answer)) if answer is not None else None

    def services(self) -> Lijst[Dienst]:
        """The services that schools can give mandates for.

        Raises:
            OsrError: The answer is not understood.
            TransportError: The OSR was not reached, or did not answer.
        """
        return self._list("services", {}, answers.dienst)

    def service_versions(self) -> Lijst[Dienstversie]:
        """The versions of services.

        Raises:
            OsrError: The answer is not understood.
            TransportError: The OSR was not reached, or did not answer.
        """
        return self._list("service-versions", {}, answers.dienstversie)

    def schools(
        self, name: str | None = None, oin: str | None = None, brin: str | None = None, oa_id: str | None = None
    ) -> Lijst[School]:
        """Schools by name, OIN, BRIN or the id of their onderwijsaanbieder.

        Args:
            name: The name, or what the OSR takes for a part of it.
            oin: The OIN.
            brin: The BRIN, four positions.
            oa_id: The id of the onderwijsaanbieder.

        Raises:
            OsrError: There is no such school (404), or the answer is not understood.
            TransportError: The OSR was not reached, or did not answer.
            UsageError: Something has another form.
        """
        given: dict[str, Given] = {"name": name, "oin": oin, "brin": brin, "oa_id": oa_id}
        return self._list("schools", given, answers.school)

    def board(self, bge_code: str) -> Mapping[str, Any]:
        """A board (bevoegd gezag) by its code, under the names of the OSR; V3 only.

        Args:
            bge_code: The code of the board.

        Raises:
            OsrError: There is no such board (404), or the answer is not understood.
            TransportError: The OSR was not reached, or did not answer.
            UsageError: This version has no such call, or the code has another form.
        """
        return Row(self._ask("board", {"bge_code": bge_code})).fields

    def _eindpunt(self, row: Row) -> Eindpunt:
        return answers.eindpunt(row, self._facts["id"])

    def _list(self, name: str, given: Mapping[str, Given], make: Callable[[Row], _T]) -> Lijst[_T]:
        """Ask for a list and make something of each of its rows."""
        answer = self._ask(name, given)
        items, around = answers.rows(answer, self._facts["calls"][name]["call"].split(" ")[1])
        found = Lijst(make(Row(item)) for item in items)
        found.around = MappingProxyType(around)
        return found

    def _ask(self, name: str, given: Mapping[str, Given]) -> Any:
        """Make a call and give its answer; None when that is empty.

        Raises:
            OsrError: The OSR refuses, or its answer is no JSON.
        """
        facts = self._call(name)
        parcel = questions.parcel(facts, given)
        receipt = self._lines[bool(facts.get("key"))].send(parcel)
        if receipt.status == "refused":
            raise _refused(receipt, facts["call"], given, self._facts.get("hints", {}).get(name, {}))
        return answers.parsed(receipt.reply.content) if receipt.reply else None

    def _call(self, name: str) -> dict[str, Any]:
        """What is known of a call.

        Raises:
            UsageError: This version has none, or it needs an API key.
        """
        if name not in self._facts["calls"]:
            raise UsageError(f"OSR {self.version} has no call {name}, as far as is known.")
        facts: dict[str, Any] = self._facts["calls"][name]
        if facts.get("key") and True not in self._lines:
            raise UsageError(f"The call {facts['call']} needs an API key.", remedy="Give api_key=.")
        return facts


def _refused(receipt: Receipt, call: str, given: Mapping[str, Given], hints: Mapping[str, str]) -> OsrError:
    """What a refusal means; of its text only the names of our own parameters are told."""
    status = int(receipt.code)
    body = receipt.reply.content if receipt.reply else b""
    # a short name such as oin may be any word of the refusal
    named = [name for name in given if "_" in name and re.search(rf"\b{name}\b".encode(), body)]
    what, remedy = _MEANINGS.get(status, ("The OSR refuses this call.", None))
    told = " ".join([what, *([f"It names {', '.join(named)}."] if named else []), f"Status {status}."])
    advice = " ".join(part for part in (remedy, hints.get(receipt.code)) if part)
    return OsrError(told, status=status, named=named, where=call, remedy=advice or None)
