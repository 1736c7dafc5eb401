"""The pytest plug-in: ``oso_check``, loaded by the entry point group ``pytest11``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from oso_bridge.testing.checker import Checker


@pytest.fixture
def oso_check() -> Checker:
    """Checks a document, and fails the test with the findings when it is not as expected."""
    # pytest loads every plug-in at its start: the package itself is loaded when a test asks for it
    from oso_bridge.testing.checker import Checker

    return Checker()
