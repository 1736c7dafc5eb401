"""A simulator on a port of this machine, while a test runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from oso_bridge.exchange.server import make_server
from oso_bridge.testing.simulator import Simulator


@contextmanager
def listening(simulator: Simulator) -> Iterator[Simulator]:
    """Let a simulator listen at any port of 127.0.0.1, without TLS; it is closed afterwards.

    Args:
        simulator: The simulator; it is told its address.

    Raises:
        UsageError: cheroot is not installed: ``pip install 'oso-bridge[serve]'``.
    """
    server = make_server(simulator, "127.0.0.1", 0, context=None)
    server.prepare()
    simulator.listens(f"http://127.0.0.1:{server.bind_addr[1]}")
    runner = threading.Thread(target=server.serve, daemon=True)
    runner.start()
    try:
        yield simulator
    finally:
        simulator.close()
        server.stop()
        runner.join(timeout=10)
