"""For tests of the exchange: a fake zoeksleutel, and lines that lead to a handler in the same process.

The recipe of the zoeksleutel is not public.  The functions here are **fake**: they bear the mark
:data:`~oso_bridge.exchange.keys.FAKE`, by which ``oso-bridge serve las`` refuses them outside a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from oso_bridge.errors import TransportError
from oso_bridge.exchange.endpoint import OIN
from oso_bridge.exchange.keys import Sleutels
from oso_bridge.parcels import Parcel, Transport
from oso_bridge.testing.keys import nep_pgnfrag, nep_zoeksleutel
from oso_bridge.transports.loopback import LoopbackLine

__all__ = ["NEPSLEUTELS", "Handler", "line_to", "lines", "nep_pgnfrag", "nep_zoeksleutel"]

Handler = Callable[[Parcel], Parcel]

NEPSLEUTELS = Sleutels(nep_zoeksleutel, nep_pgnfrag)
"""Both fakes."""


def line_to(handler: Handler, oin: str = "") -> Transport:
    """A line to a handler in the same process.

    Args:
        handler: Answers parcels, such as an :class:`~oso_bridge.exchange.endpoint.Endpoint`.
        oin: The OIN that the handler is told of.
    """
    return LoopbackLine(lambda parcel: handler(replace(parcel, routing={**parcel.routing, OIN: oin})))


def lines(handlers: Mapping[str, Handler], oin: str = "") -> Callable[[str], Transport]:
    """What opens a line to each of some addresses.

    Args:
        handlers: The handler behind each address; others may be added later.
        oin: The OIN that they are told of.
    """

    def line(url: str) -> Transport:
        if url not in handlers:
            raise TransportError("Nobody listens there.", retryable=True, sent="no")
        return line_to(handlers[url], oin)

    return line
