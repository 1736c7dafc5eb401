"""The endpoint: a parcel with a request comes in, a parcel with an answer or a fault goes out.

Knows nothing of HTTP; :mod:`oso_bridge.exchange.wsgi` puts it on a web server.  The checks go from the outside in: who
sends, SOAP, which message, may this sender do that, and only then the message itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from oso_bridge.errors import UsageError
from oso_bridge.exchange import messages, outcome, soap
from oso_bridge.exchange.bron import Bron
from oso_bridge.exchange.conversation import KENMERK, LOG, log, place_of, point_name
from oso_bridge.exchange.doel import Doel
from oso_bridge.exchange.messages import TYPES, Adres, Bericht
from oso_bridge.exchange.soap import SoapRefusal
from oso_bridge.parcels import Parcel
from oso_bridge.xml import parser
from oso_bridge.xml.limits import Limits

OIN = "oin"
"""The routing of a parcel under which the OIN of its sender stands, from a certificate that was checked."""
ACTION = "soapaction"
"""The routing of a parcel under which the header SOAPAction stands."""
REQUEST_LIMITS = Limits(max_bytes=2 * 1024 * 1024, max_elements=5000, max_attributes=2000, max_depth=32)
"""What a request may ask for: it holds no dossier."""


class Toegang(Protocol):
    """Decides who may ask something here."""

    def __call__(self, oin: str, sender: Adres, element: str) -> bool:
        """Whether the holder of a certificate may send a message for a delivery point.

        Args:
            oin: The OIN in the certificate; empty when there was none.
            sender: The delivery point that the message says it comes from.
            element: The message.
        """
        ...


def by_oin(allowed: Mapping[str, Collection[str]]) -> Toegang:
    """Access for the OINs in a table, and for nobody else.

    Args:
        allowed: For each OIN the schools (``00YY``) or delivery points that it speaks for: a routeringsKenmerk with the
            BRIN in it, or any with its school (``00YY/1``). ``*`` is for all, as for a supplier whose schools are not
            known here.

    Raises:
        UsageError: What an OIN speaks for is one text instead of a collection of them.
    """
    if any(isinstance(names, str) or not isinstance(names, Collection) for names in allowed.values()):
        # a text is a collection of letters, and some delivery points have a number of one figure
        raise UsageError("Access is a list for each OIN.", remedy='For one school: ["00YY"].')
    table = {oin: frozenset(names) for oin, names in allowed.items()}

    def allows(oin: str, sender: Adres, element: str) -> bool:
        del element
        names = table.get(oin, frozenset()) if oin else frozenset()
        return not names.isdisjoint(_names(sender))

    return allows


def _names(sender: Adres) -> set[str]:
    """The names under which a sender may be allowed; its delivery point by itself only when that is of its school."""
    found = {"*", sender.brin, f"{sender.brin}/{sender.kenmerk}"}
    point = KENMERK.fullmatch(sender.kenmerk)
    return found | ({sender.kenmerk} if point and point["brin"] == sender.brin else set())


def everyone(oin: str, sender: Adres, element: str) -> bool:
    """Access for all: for tests, and where a server in front has judged already."""
    del oin, sender, element
    return True


class Endpoint:
    """Answers parcels; may be called by several threads at once.

    Args:
        bron: Answers as bron; None when nothing is supplied here.
        doel: Answers as doel; None when nothing is received here.
        toegang: Who may ask; see :func:`by_oin`.
        limits: What a request may ask for.

    Raises:
        UsageError: There is neither bron nor doel, or they speak different wires.
    """

    def __init__(
        self,
        *,
        bron: Bron | None = None,
        doel: Doel | None = None,
        toegang: Toegang,
        limits: Limits = REQUEST_LIMITS,
    ) -> None:
        wires = [side.wire for side in (bron, doel) if side is not None]
        if not wires or any(wire.namespace != wires[0].namespace for wire in wires):
            raise UsageError("An endpoint has a bron, a doel, or both on the same wire.")
        self.wire = wires[0]
        self._handlers: dict[str, Callable[[Any], Bericht]] = {}
        if bron is not None:
            self._handlers |= {"documentRequest": bron.document, "terugkoppelingRequest": bron.terugkoppeling}
        if doel is not None:
            self._handlers["notificatieRequest"] = doel.notificatie
        self._allows = toegang
        self._limits = limits

    def __call__(self, parcel: Parcel) -> Parcel:
        """Answer a request.

        Args:
            parcel: The request; ``routing`` may hold :data:`OIN` and :data:`ACTION`.

        Returns:
            The answer; a fault has the operation ``Fault``.
        """
        try:
            return self._answer(parcel)
        except SoapRefusal as error:
            LOG.info("geweigerd reden=%s", error.word)
            return _fault(error.word, error.code)
        except Exception as error:  # noqa: BLE001 - whatever a vendor's administration raises may hold personal data
            LOG.error("fout soort=%s plaats=%s", type(error).__name__, place_of(error))
            return _fault("InterneFout", "Server")

    def _answer(self, parcel: Parcel) -> Parcel:
        payload = soap.unwrap(parcel.content, self._limits)
        element = parser.local_name(payload)
        handler = self._handlers.get(element)
        if handler is None or payload.tag != f"{{{self.wire.namespace}}}{element}":
            raise SoapRefusal("This message is not taken here.", word="NietOndersteund")
        if not soap.agrees(parcel.routing.get(ACTION, ""), element):
            raise SoapRefusal("SOAPAction names another message than the body holds.")
        request = messages.read_as(TYPES[element], payload, self.wire)
        self._refuse_stranger(request, parcel.routing.get(OIN, ""))
        return self._parcel(handler(request))

    def _refuse_stranger(self, request: Any, oin: str) -> None:
        element = request.element
        side = "doel" if element == "documentRequest" else self.wire.sender(element)
        sender = request.doel if side == "doel" else request.bron
        if not self._allows(oin, sender, element):
            log("niet-toegestaan", bericht=element, afzender=point_name(sender))
            raise SoapRefusal("This sender may not ask that here.", word="NietToegestaan")

    def _parcel(self, answer: Any) -> Parcel:
        word = answer.resultaat
        if word and self.wire.refusal == "fault" and not outcome.outcome(word).ok:
            return _fault(word, outcome.fault_of(word)[0])
        content = soap.wrap(messages.write(answer, self.wire))
        return Parcel(content, soap.MEDIA_TYPE, operation=answer.element)


def _fault(word: str, code: str) -> Parcel:
    return Parcel(soap.fault(code, word, outcome.fault_of(word)[1]), soap.MEDIA_TYPE, operation=soap.FAULT)
