"""Signatures: signed documents, and signed messages of Digikoppeling WUS (the extra ``sign``).

    signed = sign("overstap.xml", identity)                  # bytes, with an XML signature
    found = verify(signed, trust)                            # Signed: what was signed, and by whom

Only what was signed is used: what comes out is made of the text that the signature is over.  :mod:`.wus` writes and
reads whole messages, :mod:`.wss` the signature in them, :mod:`.addressing` their headers, and :mod:`.replays` remembers
which came before.  Encryption (2W-be-SE) is not supported.
"""

from __future__ import annotations

from oso_bridge.signatures.addressing import Addressing
from oso_bridge.signatures.replays import FileReplays, MemoryReplays, ReplayStore
from oso_bridge.signatures.timestamps import Window
from oso_bridge.signatures.xmldsig import Signed, sign, verify

__all__ = [
    "Addressing",
    "FileReplays",
    "MemoryReplays",
    "ReplayStore",
    "Signed",
    "Window",
    "sign",
    "verify",
]
