"""Transports: what carries parcels from one system to another, and what keeps them until they have arrived.

============  =====================================================================================
``registry``  ``transport("http", ...)``: which there are, those of other distributions too
``base``      ``Line``: what one is made from, in three methods
``guarded``   what is put round each of them: deadline, size limit, retries, log
``calls``     one call: how long it may still take, and what to let go of when it is over
``tls``       how the other side of a TLS connection is trusted, and why it was not
``mailbox``   a folder as a mailbox, wherever the folder is: used by ``file`` and ``sftp``
``file``      a folder of this machine
``sftp``      a folder of another machine
``http``      HTTPS with certificates on both sides; sends only
``mail``      an encrypted ZIP by mail; sends only
``loopback``  in memory, for tests
``outbox``    parcels that are to be sent: states, attempts, what a person decides
``inbox``     the journal of the receiver: each parcel once
``box``       what both share; ``Policy``
``store``     where entries are kept: what a store must do, and one in SQLite
``vault``     encryption at rest, and its keys
``private``   files that nobody but their owner can read
============  =====================================================================================

The package has the plural name because ``oso_bridge.transport`` is the function.
"""

from __future__ import annotations

from oso_bridge.transports.base import Line
from oso_bridge.transports.calls import Call, current
from oso_bridge.transports.guarded import Guarded, Retry
from oso_bridge.transports.registry import available, transport

__all__ = ["Call", "Guarded", "Line", "Retry", "available", "current", "transport"]
