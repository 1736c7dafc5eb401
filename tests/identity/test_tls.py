"""TLS between two parties on this machine: what goes through, and what does not (A25, A26)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.errors import IdentityError
from oso_bridge.identity import HandshakeRefused, explain, tls
from oso_bridge.pki import Authority, fictional_oin, pem

from .samples import DAY, NOW, call, serving

BRON, DOEL = fictional_oin("bron"), fictional_oin("doel")


@pytest.fixture(scope="module")
def client(authority: Authority) -> oso.Identity:
    return authority.identity("client", name="bron")


@pytest.fixture(scope="module")
def server(authority: Authority) -> oso.Identity:
    return authority.identity("server", name="doel", trust=authority.trust(allowed_oins={BRON}))


def identity_of(authority: Authority, purpose: Any, trust: oso.Trust | None = None, **odd: Any) -> oso.Identity:
    """An identity that a strict one would refuse."""
    issued = authority.issue(purpose, **odd)
    return oso.Identity(
        issued.pem(), roots=pem(authority.root), crls=authority.crls(), purpose=purpose, trust=trust, check="warn"
    )


def refused_by_client(context: ssl.SSLContext, client: ssl.SSLContext, host: str = "localhost") -> str:
    """Why a client refuses a server."""
    with serving(context) as (address, _), pytest.raises(HandshakeRefused) as caught:
        call(address, client, host)
    assert isinstance(caught.value, ssl.SSLError)
    assert caught.value.notice.text("nl")
    assert "{" not in caught.value.notice.text("nl") + caught.value.notice.text("en")
    return caught.value.code


def refused_by_server(context: ssl.SSLContext, client: ssl.SSLContext) -> str:
    """Why a server refuses a client."""
    with serving(context) as (address, met), contextlib.suppress(OSError):
        call(address, client)
    (error,) = met
    assert isinstance(error, HandshakeRefused)
    return error.code


# --- what goes through --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_both_sides_know_each_other(client: oso.Identity, server: oso.Identity, version: str) -> None:
    ours = client.client_context()
    ours.maximum_version = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}[version]
    with serving(server.server_context()) as (address, met):
        peer, spoken, answer = call(address, ours)
    assert (peer.oin, spoken, answer) == (DOEL, version, b"hallo")
    assert [each.oin for each in met] == [BRON]


def test_rsa_keys(rsa_authority: Authority) -> None:
    trust = rsa_authority.trust(allowed_oins={BRON})
    context = rsa_authority.identity("server", name="doel", trust=trust).server_context()
    with serving(context) as (address, met):
        call(address, rsa_authority.identity("client", name="bron").client_context(), "127.0.0.1")
    assert [each.oin for each in met] == [BRON]


def test_roots_apart_for_client_and_server(authority: Authority, other: Authority) -> None:
    """Each purpose has a root of its own (PKIoverheid G4)."""
    issued = other.issue("client", name="bron").pem()
    ours = oso.Identity(issued, roots=pem(other.root), trust=authority.trust())
    theirs = authority.identity("server", trust=other.trust(allowed_oins={BRON}))
    with serving(theirs.server_context()) as (address, met):
        call(address, ours.client_context())
    assert [each.oin for each in met] == [BRON]


def test_without_crls(authority: Authority, server: oso.Identity) -> None:
    ours = oso.Identity(authority.issue("client", name="bron").pem(), roots=pem(authority.root))
    context = ours.client_context()
    assert not context.verify_flags & ssl.VERIFY_CRL_CHECK_CHAIN
    with serving(server.server_context()) as (address, _):
        assert call(address, context)[2] == b"hallo"


def test_asyncio(client: oso.Identity, server: oso.Identity) -> None:
    async def talk(address: tuple[str, int]) -> tuple[bytes, Any]:
        reader, writer = await asyncio.open_connection(
            *address, ssl=client.client_context(), server_hostname="localhost"
        )
        writer.write(b"hallo")
        answer = await reader.readexactly(5)
        peer = writer.get_extra_info("ssl_object").peer
        writer.close()
        with contextlib.suppress(ConnectionResetError):  # the other side does not wait for the last words of TLS
            await writer.wait_closed()
        return answer, peer.oin

    with serving(server.server_context()) as (address, _):
        assert asyncio.run(talk(address)) == (b"hallo", DOEL)


# --- the contexts -------------------------------------------------------------------------------------------------


def contexts(client: oso.Identity, server: oso.Identity) -> list[ssl.SSLContext]:
    return [client.client_context(), server.server_context()]


def test_only_what_digikoppeling_allows(client: oso.Identity, server: oso.Identity) -> None:
    for context in contexts(client, server):
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.verify_flags & ssl.VERIFY_X509_STRICT
        assert context.verify_flags & ssl.VERIFY_CRL_CHECK_CHAIN == ssl.VERIFY_CRL_CHECK_CHAIN
        assert not context.verify_flags & getattr(ssl, "VERIFY_X509_PARTIAL_CHAIN", 0)
        for option in (ssl.OP_NO_COMPRESSION, ssl.OP_NO_TICKET, ssl.OP_NO_RENEGOTIATION):
            assert context.options & option
        names = [suite["name"] for suite in context.get_ciphers()]
        assert {suite["protocol"] for suite in context.get_ciphers()} == {"TLSv1.2", "TLSv1.3"}
        assert all(name.startswith(("TLS_", "ECDHE-")) and "CBC" not in name and "SHA1" not in name for name in names)
        assert all("GCM" in name or "CHACHA20" in name for name in names)
    assert client.client_context().check_hostname
    assert server.server_context().num_tickets == 0


def test_only_the_given_roots(client: oso.Identity, server: oso.Identity) -> None:
    certifi = pytest.importorskip("certifi")
    for context in contexts(client, server):
        assert context.cert_store_stats() == {"x509": 1, "crl": 3, "x509_ca": 1}
        context.load_verify_locations(certifi.where())  # what HTTP libraries do by themselves
        context.load_default_certs()
        context.set_default_verify_paths()
        assert context.cert_store_stats() == {"x509": 1, "crl": 3, "x509_ca": 1}


def test_requests_does_not_widen_the_trust(authority: Authority, other: Authority, client: oso.Identity) -> None:
    """Requests adds the roots of certifi to any context that it is given, unless that takes none."""
    requests = pytest.importorskip("requests")
    adapters = pytest.importorskip("requests.adapters")
    context = client.client_context()

    class Adapter(adapters.HTTPAdapter):  # type: ignore[misc, name-defined]
        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, ssl_context=context, **options)

    stranger = other.identity("server", trust=other.trust(allowed_oins={BRON}))
    with requests.Session() as session, serving(stranger.server_context()) as (address, _):
        session.trust_env = False
        session.mount("https://", Adapter())
        with pytest.raises(requests.exceptions.SSLError):
            session.get(f"https://localhost:{address[1]}/", timeout=10)
    assert context.cert_store_stats()["x509_ca"] == 1


def test_a_server_needs_a_list(authority: Authority) -> None:
    with pytest.raises(IdentityError) as caught:
        authority.identity("server").server_context()
    assert caught.value.code == "no_list"


# --- the client refuses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "wanted"),
    [
        ({"hosts": ["elders.oso.invalid"]}, "wrong_host"),
        ({"hosts": []}, "wrong_host"),
        ({"begins": NOW - 2 * DAY, "ends": NOW - DAY}, "expired"),
        ({"begins": NOW + DAY}, "not_yet_valid"),
        ({"usages": [ssl.Purpose.CLIENT_AUTH.oid]}, "wrong_usage"),
        ({"oin": [BRON, DOEL]}, "several_oins"),
    ],
)
def test_a_server_that_is_not_good(
    authority: Authority, client: oso.Identity, odd: dict[str, Any], wanted: str
) -> None:
    from cryptography.x509 import ObjectIdentifier

    if "usages" in odd:
        odd = {"usages": [ObjectIdentifier(oid) for oid in odd["usages"]]}
    theirs = identity_of(authority, "server", authority.trust(allowed_oins={BRON}), **odd)
    assert refused_by_client(theirs.server_context(), client.client_context()) == wanted


def test_a_server_under_another_root(other: Authority, client: oso.Identity) -> None:
    theirs = other.identity("server", trust=other.trust(allowed_oins={BRON}))
    assert refused_by_client(theirs.server_context(), client.client_context()) in {"no_path", "crl_unusable"}


def test_a_revoked_server_and_a_stale_crl(authority: Authority) -> None:
    fresh = Authority()
    issued = fresh.issue("server")
    theirs = oso.Identity(issued.pem(), roots=pem(fresh.root), purpose="server", trust=fresh.trust(allowed_oins={BRON}))
    fresh.revoke(issued.certificate)
    ours = fresh.identity("client", name="bron")
    assert refused_by_client(theirs.server_context(), ours.client_context()) == "revoked"
    old = fresh.trust(crls=fresh.crls(begins=NOW - 2 * DAY, ends=NOW - DAY))
    assert refused_by_client(theirs.server_context(), ours.client_context(old)) == "crl_stale"
    assert refused_by_client(theirs.server_context(), ours.client_context(fresh.trust(crls=[]))) == "no_crl"


def test_a_server_with_a_test_oin_in_production(
    authority: Authority, client: oso.Identity, server: oso.Identity
) -> None:
    context = client.client_context(authority.trust(test=False))
    assert refused_by_client(server.server_context(), context) == "test_oin"


def test_checks_that_somebody_switches_off_are_made_all_the_same(
    authority: Authority, other: Authority, client: oso.Identity
) -> None:
    context = client.client_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    elsewhere = identity_of(
        authority, "server", authority.trust(allowed_oins={BRON}), hosts=["elders.oso.invalid"]
    ).server_context()
    assert refused_by_client(elsewhere, context) == "wrong_host"
    stranger = other.identity("server", trust=authority.trust(allowed_oins={BRON})).server_context()
    assert refused_by_client(stranger, context) == "no_path"


def loose_server(authority: Authority, tmp_path: Path, **settings: Any) -> ssl.SSLContext:
    """A server that is set up badly."""
    (tmp_path / "server.pem").write_bytes(authority.issue("server").pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    for name, value in settings.items():
        setattr(context, name, value)
    return context


def test_a_server_of_old_suites_only(rsa_authority: Authority, tmp_path: Path) -> None:
    context = loose_server(rsa_authority, tmp_path, maximum_version=ssl.TLSVersion.TLSv1_2)
    client = rsa_authority.identity("client")
    with serving(context) as (address, _):
        assert call(address, client.client_context())[1] == "TLSv1.2"
    for old in ("ECDHE+AES:!AESGCM:!AESCCM", "DHE+AESGCM", "AES256-SHA"):
        context.set_ciphers(f"{old}:@SECLEVEL=0")
        assert refused_by_client(context, client.client_context()) == "tls_broken_off"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_server_of_old_tls_only(authority: Authority, client: oso.Identity, tmp_path: Path) -> None:
    context = loose_server(authority, tmp_path, minimum_version=ssl.TLSVersion.TLSv1)
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    assert refused_by_client(context, client.client_context()) == "tls_version"


def test_a_server_without_tls(client: oso.Identity) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            plain, _ = listener.accept()
            with plain:
                plain.recv(1000)
                plain.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(HandshakeRefused) as caught:
            call(listener.getsockname(), client.client_context())
        thread.join()
    assert caught.value.code == "tls_not_tls"


# --- the server refuses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "wanted"),
    [
        ({"name": "vreemd"}, "not_allowed"),
        ({"name": "bron", "begins": NOW - 2 * DAY, "ends": NOW - DAY}, "expired"),
        ({"name": "bron", "oin": BRON[:-1]}, "bad_oin"),
        ({"name": "bron", "oin": [BRON, BRON]}, "several_oins"),
        ({"name": "bron", "person": "Persoon"}, "personal"),
    ],
)
def test_a_client_that_is_not_let_in(
    authority: Authority, server: oso.Identity, odd: dict[str, Any], wanted: str
) -> None:
    ours = identity_of(authority, "client", **odd)
    assert refused_by_server(server.server_context(), ours.client_context()) == wanted


def test_a_client_under_another_root(authority: Authority, other: Authority, server: oso.Identity) -> None:
    ours = oso.Identity(other.issue("client", name="bron").pem(), roots=pem(other.root), trust=authority.trust())
    assert refused_by_server(server.server_context(), ours.client_context()) in {"no_path", "crl_unusable"}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_without_a_certificate(authority: Authority, server: oso.Identity, version: ssl.TLSVersion) -> None:
    ours = tls.client_context(authority.trust())
    ours.maximum_version = version
    with serving(server.server_context()) as (address, met), pytest.raises(OSError) as caught:
        call(address, ours)
    told = explain(caught.value, "localhost")
    assert told is not None
    assert told.code in {"tls_no_client_certificate", "tls_broken_off"}
    assert [error.code for error in met] == ["tls_peer_without_certificate"]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_client_of_old_tls_or_suites(rsa_authority: Authority) -> None:
    trust = rsa_authority.trust(allowed_oins={BRON})
    theirs = rsa_authority.identity("server", trust=trust)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    assert refused_by_server(theirs.server_context(), old) == "tls_version"
    cbc = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    cbc.check_hostname, cbc.verify_mode = False, ssl.CERT_NONE
    cbc.maximum_version = ssl.TLSVersion.TLSv1_2
    cbc.set_ciphers("ECDHE+AES:DHE+AESGCM:!ECDHE+AESGCM:!ECDHE+AESCCM:@SECLEVEL=0")
    assert refused_by_server(theirs.server_context(), cbc) == "tls_version"


def test_a_session_that_is_taken_up_again_is_judged_again(authority: Authority, client: oso.Identity) -> None:
    """TLS 1.2 knows sessions again by a number: list and CRLs are not passed by."""
    answers = iter([True, False])
    trust = authority.trust(allowed_oins=lambda _: next(answers))
    context, ours, session = authority.identity("server", trust=trust).server_context(), client.client_context(), None
    ours.maximum_version = ssl.TLSVersion.TLSv1_2
    met: list[Any] = []
    for _ in range(2):
        with serving(context) as (address, seen), socket.create_connection(address, 10) as plain:
            line = ours.wrap_socket(plain, server_hostname="localhost", session=session)
            with line, contextlib.suppress(OSError):
                line.sendall(b"hallo")
                line.recv(5)
                session = line.session
        met += seen
    assert session is not None
    assert not session.has_ticket
    assert met[0].oin == BRON
    assert met[1].code == "not_allowed"


def test_tls_1_3_gives_no_tickets(client: oso.Identity, server: oso.Identity) -> None:
    ours = client.client_context()
    with serving(server.server_context()) as (address, _), socket.create_connection(address, 10) as plain:
        line = ours.wrap_socket(plain, server_hostname="localhost")
        with line:
            line.sendall(b"hallo")
            assert line.recv(5) == b"hallo"
            assert not (line.session and line.session.has_ticket)


# --- explain ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError("x"), TimeoutError(), OSError(2, "x"), ssl.SSLWantReadError()])
def test_what_has_nothing_to_do_with_it_is_not_explained(error: Exception) -> None:
    assert explain(error) is None


@pytest.mark.parametrize("error", [ConnectionResetError(), ssl.SSLEOFError(8, "EOF")])
def test_the_end_of_a_connection_at_the_first_read(error: Exception) -> None:
    told = explain(error, "localhost")
    assert told is not None
    assert told.code == "tls_no_client_certificate"
    assert told.where == "localhost"


def test_an_error_that_is_explained_stays(authority: Authority) -> None:
    with pytest.raises(IdentityError) as caught:
        authority.identity("server").server_context()
    assert explain(caught.value) is caught.value
