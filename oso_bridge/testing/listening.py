"""A simulator on a port of this machine, while a test or the kit runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ssl import SSLContext

from oso_bridge.exchange.server import make_server
from oso_bridge.testing.simulator import Simulator


@contextmanager
def listening(
    simulator: Simulator, host: str = "127.0.0.1", port: int = 0, *, context: SSLContext | None = None, path: str = ""
) -> Iterator[Simulator]:
    """Let a simulator listen, by default at any port of 127.0.0.1 and without TLS; it is closed afterwards.

    Args:
        simulator: The simulator; it is told its address.
        host: The address to listen at.
        port: The port; 0 for any.
        context: What TLS is spoken with; it must ask for a certificate of the caller.
        path: The path that others are told; every path is answered.

    Raises:
        UsageError: cheroot is not installed: ``pip install 'oso-bridge[serve]'``.
        OSError: The port is taken.
    """
    server = make_server(simulator, host, port, context=context)
    server.shutdown_timeout = 1  # seconds; who keeps a connection open is not waited for
    server.prepare()
    simulator.listens(f"http{'s' if context else ''}://{host}:{server.bind_addr[1]}{path}")
    runner = threading.Thread(target=server.serve, daemon=True)
    runner.start()
    try:
        yield simulator
    finally:
        simulator.close()
        server.stop()
        runner.join(timeout=10)
