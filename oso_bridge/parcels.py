"""What a transport carries: a parcel of bytes, what the other side said of it, and what came in.

A transport knows nothing of dossiers.  A parcel never shows its content: neither ``repr`` nor an error of a transport
quotes it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Protocol, Self, runtime_checkable

Status = Literal["delivered", "accepted", "refused"]
Sent = Literal["no", "unknown", "yes"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """Bytes on their way.

    Attributes:
        content: The bytes; never shown.
        media_type: What they are, such as ``application/xml`` or ``text/xml; charset=utf-8``.
        id: The same at every attempt, so that the other side can recognise a repeat.
        operation: What the bytes ask for, where one address serves several things; empty otherwise.
        routing: What a transport needs to know besides, such as ``to``; no personal data.
    """

    content: bytes = field(repr=False)
    media_type: str = "application/xml"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    operation: str = ""
    routing: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def digest(self) -> str:
        """The SHA-256 of the content in hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a parcel that was sent.

    Attributes:
        status: ``delivered`` when the other side has it, ``accepted`` when a station on the way took it over,
            ``refused`` when the other side answered and did not take it.
        digest: The SHA-256 of what was sent.
        reply: What the other side answered, or None where a transport gives no answers.
        code: The status in the words of the transport, such as ``200``; no text of the other side.
    """

    status: Status
    digest: str
    reply: Parcel | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A parcel that came in, until it is acknowledged or rejected."""

    parcel: Parcel
    _ack: Callable[[], None] = field(repr=False)
    _reject: Callable[[str], None] = field(repr=False)

    def ack(self) -> None:
        """Say that the parcel is safe here; it does not come again."""
        self._ack()

    def reject(self, reason: str) -> None:
        """Put the parcel aside.

        Args:
            reason: Why, in words without personal data: it is stored beside the parcel.
        """
        self._reject(reason)


@runtime_checkable
class Transport(Protocol):
    """What carries parcels; three methods, and ``with`` closes it.

    A transport that only sends raises :class:`oso_bridge.UsageError` from ``receive``.  Every failure is a
    :class:`oso_bridge.TransportError`: whether trying again may help, and whether the parcel may have arrived.
    """

    def send(self, parcel: Parcel) -> Receipt:
        """Send a parcel and wait for what the other side says."""
        ...

    def receive(self) -> Iterator[Delivery]:
        """What is waiting here now; it comes again until it is acknowledged or rejected."""
        ...

    def close(self) -> None:
        """Let go of connections and files; may be called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
