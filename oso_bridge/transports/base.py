"""What a transport is made from.

A transport of your own is a class with three methods::

    class Pigeon(Line):
        def send(self, parcel): ...      # -> Receipt
        def receive(self): ...           # -> Iterator[Delivery]; leave it out when it only sends
        def close(self): ...

Everything else comes round it: deadline, size limit, retries, log (:mod:`oso_bridge.transports.guarded`).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import ClassVar, Self

from oso_bridge.errors import UsageError
from oso_bridge.parcels import Delivery, Parcel, Receipt

ID = re.compile(r"[\x21-\x7e]{1,200}")
WORDS = re.compile(r"[\x20-\x7e]{0,200}")  # an operation, a media type


class Line(ABC):
    """The base of transports: ``with`` closes it, and one that only sends need not say so.

    Attributes:
        address: The option that takes what stands behind the colon in ``--via name:address``.
    """

    address: ClassVar[str] = ""

    @abstractmethod
    def send(self, parcel: Parcel) -> Receipt:
        """Send a parcel and wait for what the other side says.

        Raises:
            TransportError: It could not be sent; ``sent`` says whether it may have arrived all the same.
        """

    def receive(self) -> Iterator[Delivery]:
        """What is waiting here now.

        Raises:
            UsageError: This transport only sends.
        """
        raise UsageError("This transport only sends.", remedy="Fetch what comes in by another one.")

    def close(self) -> None:  # noqa: B027 - one that holds nothing has nothing to let go of
        """Let go of connections and files; may be called twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
