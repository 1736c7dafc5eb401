"""For the tests of who uses this package: the pytest fixture ``oso_check``."""

from __future__ import annotations

from oso_bridge.testing.checker import Checker

__all__ = ["Checker"]
