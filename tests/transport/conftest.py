"""What tests of transports share: authorities made on the spot, and servers that behave in odd ways."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from .peers import Peer, Script


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Who made the certificates of the servers."""
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    """The certificate of the servers."""
    return authority.issue_cert("localhost", "127.0.0.1")


@pytest.fixture(scope="session")
def roots(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with the root that the servers hang under."""
    file = tmp_path_factory.mktemp("roots") / "roots.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


@pytest.fixture
def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """The context of a server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture
def peers(server_context: ssl.SSLContext) -> Iterator[object]:
    """Makes peers that play a script, over TLS unless told otherwise."""
    made: list[Peer] = []

    def start(script: Script, context: ssl.SSLContext | None = server_context, **settings: bool) -> Peer:
        made.append(Peer(script, context, **settings))
        return made[-1]

    yield start
    for peer in made:
        peer.close()
