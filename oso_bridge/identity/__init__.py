"""Identities: our own certificate and key, the other side's certificate, and TLS between the two.

:class:`Identity` is what one party shows, for one purpose; :class:`Trust` is whom it lets in.  Both take files (PEM,
DER, PKCS#12) or bytes, and refuse with an :class:`oso_bridge.IdentityError` that says what is wrong and what to do.

    identity = Identity("client.pem", roots="root.pem", crls="crls.pem")
    context = identity.client_context()                      # an ssl.SSLContext
    trust = Trust(roots="root.pem", crls="crls.pem", allowed_oins={"0000000700000YY00931"})
    context = Identity("server.pem", roots="root.pem", purpose="server", trust=trust).server_context()

Nothing here fetches anything: CRLs are files that somebody else keeps fresh.
"""

from __future__ import annotations

from oso_bridge.identity.certificates import Purpose
from oso_bridge.identity.files import Passphrase, Source, Sources
from oso_bridge.identity.notices import Notice
from oso_bridge.identity.own import Identity
from oso_bridge.identity.tls import HandshakeRefused, explain
from oso_bridge.identity.trust import Peer, Trust

__all__ = [
    "HandshakeRefused",
    "Identity",
    "Notice",
    "Passphrase",
    "Peer",
    "Purpose",
    "Source",
    "Sources",
    "Trust",
    "explain",
]
