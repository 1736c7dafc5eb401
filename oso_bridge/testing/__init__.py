"""For the tests of who uses this package.

    checker      what the pytest fixture ``oso_check`` gives
    transports   the contract of transports, as tests to inherit
    exchange     the exchange in one process; fake keys
    simulator    the other side of the exchange: Traffic Center, test school, samenwerkingsverband

Names are loaded when they are first used, so that the simulator runs without pytest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oso_bridge.testing.checker import Checker
    from oso_bridge.testing.simulator import Simulator
    from oso_bridge.testing.transports import Ends, MailboxContract, TransportContract

_HOME = {
    "Checker": "checker",
    "Ends": "transports",
    "MailboxContract": "transports",
    "Simulator": "simulator",
    "TransportContract": "transports",
}

__all__ = ["Checker", "Ends", "MailboxContract", "Simulator", "TransportContract"]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
