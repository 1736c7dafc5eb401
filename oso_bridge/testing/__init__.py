"""For the tests of who uses this package: the pytest fixture ``oso_check``, and the contract of transports."""

from __future__ import annotations

from oso_bridge.testing.checker import Checker
from oso_bridge.testing.transports import Ends, MailboxContract, TransportContract

__all__ = ["Checker", "Ends", "MailboxContract", "TransportContract"]
