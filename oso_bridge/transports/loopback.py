"""Parcels in memory: for tests, and for two parts of one program.

::

    left, right = LoopbackLine.pair()                  # what one sends the other receives
    line = LoopbackLine(handler=answer)                # a function Parcel -> Parcel is the other side
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator

from oso_bridge.errors import OsoBridgeError, TransportError
from oso_bridge.parcels import Delivery, Parcel, Receipt
from oso_bridge.transports.base import Line
from oso_bridge.transports.calls import current

Handler = Callable[[Parcel], Parcel | None]


class Queue:
    """What is on its way in one direction, what was taken, and what was put aside with the reason."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: deque[Parcel] = deque()
        self.rejected: list[tuple[Parcel, str]] = []


class LoopbackLine(Line):
    """One end of a line in memory; by itself it receives what it sends.

    Args:
        handler: What answers a parcel at once; nothing is then left to be received.
        out: Where parcels go to; given by :meth:`pair`.
        into: Where parcels come from; given by :meth:`pair`.
    """

    def __init__(self, handler: Handler | None = None, *, out: Queue | None = None, into: Queue | None = None) -> None:
        self._handler = handler
        self._out = out or Queue()
        self._into = into or self._out
        self._held: dict[int, Parcel] = {}
        self._taken = 0

    @classmethod
    def pair(cls) -> tuple[LoopbackLine, LoopbackLine]:
        """Two ends: what one sends, the other receives."""
        there, back = Queue(), Queue()
        return cls(out=there, into=back), cls(out=back, into=there)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def send(self, parcel: Parcel) -> Receipt:
        """Hand a parcel to the handler or to the other end.

        Raises:
            TransportError: The handler failed; the parcel was there.
        """
        if self._handler is None:
            with self._out.lock:
                self._out.waiting.append(parcel)
            return Receipt("accepted", parcel.digest)
        current().sent = "yes"
        try:
            return Receipt("delivered", parcel.digest, self._handler(parcel))
        except OsoBridgeError:
            raise
        except Exception as error:  # noqa: BLE001 - its text may hold anything
            raise TransportError(f"The handler failed: {type(error).__name__}.", retryable=False, sent="yes") from None

    def receive(self) -> Iterator[Delivery]:
        """What the other end sent and nobody took yet."""
        with self._into.lock:
            count = len(self._into.waiting)
        for _ in range(count):
            with self._into.lock:
                if not self._into.waiting:
                    return
                parcel = self._into.waiting.popleft()
                self._taken += 1
                number = self._taken
                self._held[number] = parcel
            yield self._delivery(number, parcel)

    def rejected(self) -> list[tuple[Parcel, str]]:
        """What this end put aside, with the reasons."""
        with self._into.lock:
            return list(self._into.rejected)

    def close(self) -> None:
        """Give back what was taken and not settled; it comes again to the next."""
        with self._into.lock:
            self._into.waiting.extendleft(reversed(self._held.values()))
            self._held.clear()

    def _delivery(self, number: int, parcel: Parcel) -> Delivery:
        def ack() -> None:
            self._settle(number)

        def reject(reason: str) -> None:
            self._settle(number)
            with self._into.lock:
                self._into.rejected.append((parcel, reason))

        return Delivery(parcel, ack, reject)

    def _settle(self, number: int) -> None:
        with self._into.lock:
            if self._held.pop(number, None) is None:
                raise TransportError(
                    "This delivery is no longer ours: the line was closed. It comes again.",
                    retryable=False,
                    sent="yes",
                )
