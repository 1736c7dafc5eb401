"""The pytest plug-in: ``oso_check`` and ``oso_simulator``, loaded by the entry point group ``pytest11``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_bridge.testing.checker import Checker
    from oso_bridge.testing.simulator import Simulator


@pytest.fixture
def oso_check() -> Checker:
    """Checks a document, and fails the test with the findings when it is not as expected."""
    # pytest loads every plug-in at its start: the package itself is loaded when a test asks for it
    from oso_bridge.testing.checker import Checker

    return Checker()


@pytest.fixture
def oso_simulator() -> Iterator[Simulator]:
    """A simulator that listens at ``oso_simulator.url`` on this machine, without TLS; needs ``oso-bridge[serve]``."""
    from oso_bridge.testing.listening import listening
    from oso_bridge.testing.simulator import Simulator
    from oso_bridge.transports import transport

    with listening(Simulator(lijn=lambda url: transport("http", url=url, insecure=True, deadline=10))) as simulator:
        yield simulator
