"""For the tests of who uses this package.

    checker      what the pytest fixture ``oso_check`` gives
    transports   the contract of transports, as tests to inherit
    mappings     the contract of mappings, likewise; generated makes models up for it
    exchange     the exchange in one process; fake keys
    simulator    the other side of the exchange: Traffic Center, test school, samenwerkingsverband

Names are loaded when they are first used, so that the simulator runs without pytest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso_bridge import lazy

if TYPE_CHECKING:
    from oso_bridge.testing.checker import Checker
    from oso_bridge.testing.mappings import MappingContract
    from oso_bridge.testing.simulator import Simulator
    from oso_bridge.testing.transports import Ends, MailboxContract, TransportContract

_HOMES = {
    "checker": ("Checker",),
    "mappings": ("MappingContract",),
    "simulator": ("Simulator",),
    "transports": ("Ends", "MailboxContract", "TransportContract"),
}

__all__ = ["Checker", "Ends", "MailboxContract", "MappingContract", "Simulator", "TransportContract"]

__getattr__, __dir__ = lazy.attributes(__name__, _HOMES)
