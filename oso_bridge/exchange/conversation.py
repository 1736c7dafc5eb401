"""Conversations: the order in which messages go, what was said, and one exchange of a message and its answer.

Nothing of this module holds or logs a value of a message: neither the number of a pupil nor a key.
"""

from __future__ import annotations

import logging
import re
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from oso_bridge import data, identifiers
from oso_bridge.errors import TransportError, UsageError
from oso_bridge.exchange import messages, outcome, soap
from oso_bridge.exchange.messages import ANSWERS, Adres, Bericht, SessiecontroleResponse
from oso_bridge.exchange.outcome import SUCCESS, Uitkomst
from oso_bridge.exchange.wire import FORMAT, Mark, Wire
from oso_bridge.parcels import Parcel, Receipt, Transport
from oso_bridge.xml.limits import DEFAULT, Limits

LOG = logging.getLogger("oso_bridge.exchange")
"""Who asked or released what, where, and what came of it; never of whom."""

Role = Literal["doel", "bron", "notificatie", "terugkoppeling"]
KENMERK = re.compile(r"[0-9]{11}(?P<brin>[0-9A-Z]{4})[0-9]{5}", re.ASCII)
"""A routeringsKenmerk with the BRIN of its school, as the publications show it."""
_OURS = Path(data.__file__).parent
_INDEX = re.compile(r"[0-9]{1,4}", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_RECEIVED = {"notificatieRequest": "NotificatieOntvangen"}


@dataclass(frozen=True, slots=True)
class Stap:
    """One message of a conversation, as a transcript shows it: no values.

    Attributes:
        moment: When its answer was there.
        bericht: The element of the message.
        mark: How well its layout is known.
        naar: The delivery point or the address it went to.
        uitkomst: What came of it.
        reden: What the transport said, when it could not be brought; the words of the transport, not of the other side.
    """

    moment: datetime
    bericht: str
    mark: Mark
    naar: str
    uitkomst: Uitkomst
    reden: str = ""

    def __str__(self) -> str:
        told = f"{self.bericht} ({self.mark}) -> {self.naar}: {self.uitkomst.woord}"
        return f"{told} ({self.reden})" if self.reden else told


class Verloop:
    """Where a conversation is: which message may come next, by ``volgorde.toml``.

    Args:
        role: Whose conversation it is.
    """

    def __init__(self, role: Role) -> None:
        self._states: dict[str, dict[str, str]] = data.toml("schemas", FORMAT, "volgorde.toml")[role]
        self.role = role
        self.state = "begin"

    def may(self, element: str) -> bool:
        """Whether a message may come now."""
        return element in self._states[self.state]

    def go(self, element: str) -> None:
        """Note that a message is being sent.

        Raises:
            UsageError: It may not come now.
        """
        if not self.may(element):
            raise UsageError(f"{element} cannot come in this state of a conversation ({self.role}: {self.state}).")
        self.state = self._states[self.state][element]


@dataclass(slots=True)
class Gesprek:
    """A conversation with others: sends messages, and keeps a transcript.

    Attributes:
        wire: The wire that is spoken.
        verloop: The order that is kept; None for messages that stand by themselves.
        stappen: What was said so far.
        limits: What an answer may ask for.
    """

    wire: Wire
    verloop: Verloop | None = None
    stappen: list[Stap] = field(default_factory=list)
    limits: Limits = DEFAULT

    def go(self, element: str) -> None:
        """Note that a message comes now, also one that is not sent by :meth:`ask`.

        Raises:
            UsageError: It may not come now.
        """
        if self.verloop is not None:
            self.verloop.go(element)

    def ask(self, line: Transport, message: Bericht, to: str) -> tuple[Any, Uitkomst]:
        """Send a message and read its answer.

        Args:
            line: What carries it; deadlines are its own.
            message: The message.
            to: The delivery point or address, for the transcript.

        Returns:
            The answer, None when there is none that can be read, and what came of it.

        Raises:
            UsageError: The message may not come now, or is not what the wire asks for.
            TransportError: It could not be sent, or no answer came.
        """
        parcel = parcel_of(message, self.wire)
        self.go(message.element)
        try:
            answer, result = answer_of(line.send(parcel), message.element, self.wire, self.limits)
        except TransportError as error:
            self.missed(message, to, error)
            raise
        self._note(message, to, result)
        return answer, result

    def missed(self, message: Bericht, to: str, error: TransportError) -> Uitkomst:
        """Note a message that could not be brought.

        Args:
            message: The message.
            to: The delivery point or address.
            error: Why not.
        """
        result = outcome.outcome("NietBereikbaar")
        self._note(message, to, result, " ".join(filter(None, (error.what, error.remedy))))
        return result

    def _note(self, message: Bericht, to: str, result: Uitkomst, reason: str = "") -> None:
        mark = messages.mark_of(message, self.wire)
        self.stappen.append(Stap(datetime.now(UTC), message.element, mark, to, result, reason))


def parcel_of(message: Bericht, wire: Wire) -> Parcel:
    """A message in an envelope, ready to be sent."""
    content = soap.wrap(messages.write(message, wire))
    return Parcel(content, soap.MEDIA_TYPE, operation=wire.action(message.element))


def answer_of(receipt: Receipt, element: str, wire: Wire, limits: Limits = DEFAULT) -> tuple[Any, Uitkomst]:
    """The answer in a receipt, and what came of the request; anything that cannot be read is ``Onbekend``.

    Args:
        receipt: What the transport gave.
        element: The element of the request.
        wire: The wire.
        limits: What the answer may ask for.
    """
    if receipt.reply is None or not receipt.reply.content:
        return None, outcome.outcome(outcome.UNKNOWN)
    try:
        payload = soap.unwrap(receipt.reply.content, limits)
        if soap.is_fault(payload):
            return None, outcome.of_fault(soap.read_fault(payload))
        answer = messages.read_as(ANSWERS[element], payload, wire)
    except soap.SoapRefusal:
        return None, outcome.outcome(outcome.UNKNOWN)
    if receipt.status == "refused":
        # an ordinary answer that the other side calls a failure
        found = outcome.of_result(answer.resultaat or outcome.UNKNOWN, outcome.UNKNOWN)
        return None, found if not found.ok else outcome.outcome(outcome.UNKNOWN)
    if isinstance(answer, SessiecontroleResponse):
        return answer, outcome.of_sector(answer.resultaat)
    return answer, outcome.of_result(answer.resultaat, _RECEIVED.get(element, SUCCESS))


def log(what: str, **facts: object) -> None:
    """Log one event with facts that are no one's data: account, session, delivery point, outcome."""
    told = (f"{name}={_fact(value)}" for name, value in facts.items() if value not in ("", None))
    LOG.info("%s %s", what, " ".join(told))


def place_of(error: BaseException) -> str:
    """Where an error was raised: file, line and function of the last code that is not ours, and no value."""
    frames = [(Path(frame.f_code.co_filename), line, frame) for frame, line in traceback.walk_tb(error.__traceback__)]
    others = [found for found in frames if _OURS not in found[0].parents]
    for file, line, frame in (others or frames)[-1:]:
        return f"{file.name}:{line}:{frame.f_code.co_name}"
    return "?"


def point_name(point: Adres) -> str:
    """A delivery point as it may be logged: what is in no known form may be anything, and becomes ``?``."""
    brin = point.brin if identifiers.brin.is_valid(point.brin) else "?"
    known = KENMERK.fullmatch(point.kenmerk) or _INDEX.fullmatch(point.kenmerk)
    return f"{brin}/{point.kenmerk if known else '?' if point.kenmerk else '*'}"


def session_name(session: str) -> str:
    """A session as it may be logged: its id when that is a UUID, as the publications show it, else ``?``."""
    return session if _UUID.fullmatch(session) else "?"


def _fact(value: object) -> str:
    """A fact on one line: what others chose, such as an account, cannot begin a line of its own."""
    return "".join(sign if sign.isprintable() and sign != " " else "_" for sign in str(value))[:200]
