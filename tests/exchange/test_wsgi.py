"""The endpoint over HTTP: what is refused before a byte of XML is looked at, and a server with mutual TLS."""

from __future__ import annotations

import contextlib
import http.client
import io
import logging
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.exchange import Adres, Application, Bron, Doelsysteem, Endpoint, by_oin, everyone, messages, soap
from oso_bridge.exchange.messages import DocumentRequest
from oso_bridge.exchange.server import make_server, oin_of
from oso_bridge.parcels import Parcel
from oso_bridge.pki import Authority, fictional_oin, pem
from oso_bridge.testing.exchange import NEPSLEUTELS

from .scene import PUPIL, SESSION, Scene

OIN = fictional_oin("las")


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.ready()
    return made


@pytest.fixture
def content(scene: Scene) -> bytes:
    asked = DocumentRequest(bron=scene.bron, doel=scene.doel, pgn=PUPIL, overdrachtsoort="OV", sessie_id=SESSION)
    return soap.wrap(messages.write(asked, scene.wire))


def call(application: Application, body: bytes, **changes: Any) -> tuple[int, dict[str, str], bytes]:
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/oso",
        "CONTENT_TYPE": soap.MEDIA_TYPE,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **changes,
    }
    told: list[Any] = []
    reply = b"".join(
        application({name: value for name, value in environ.items() if value is not None}, lambda *a: told.append(a))
    )
    ((status, headers),) = told
    return int(status.split()[0]), dict(headers), reply


def test_a_request_is_answered(scene: Scene, content: bytes) -> None:
    status, headers, reply = call(Application(scene.endpoint), content)
    assert (status, headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert headers["Content-Length"] == str(len(reply))
    assert soap.unwrap(reply).tag.endswith("documentResponse")


def test_a_fault_has_status_500(scene: Scene) -> None:
    status, _, reply = call(Application(scene.endpoint), b"<a/>")
    assert status == 500
    assert soap.is_fault(soap.unwrap(reply))


class Never:
    """A body that must not be read."""

    def read(self, most: int = -1) -> bytes:
        pytest.fail("the body was read")


REFUSED = {
    "another method": ({"REQUEST_METHOD": "GET"}, 405),
    "another path": ({"PATH_INFO": "/"}, 404),
    "no media type": ({"CONTENT_TYPE": None}, 415),
    "another media type": ({"CONTENT_TYPE": "application/json"}, 415),
    "SOAP 1.2": ({"CONTENT_TYPE": "application/soap+xml"}, 415),
    "multipart": ({"CONTENT_TYPE": "multipart/related; type=text/xml"}, 415),
    "another charset": ({"CONTENT_TYPE": "text/xml; charset=utf-16"}, 415),
    "compressed": ({"HTTP_CONTENT_ENCODING": "gzip"}, 415),
    "in chunks": ({"HTTP_TRANSFER_ENCODING": "chunked"}, 411),
    "no length": ({"CONTENT_LENGTH": ""}, 411),
    "a length that is none": ({"CONTENT_LENGTH": "-1"}, 400),
    "a length in other digits": ({"CONTENT_LENGTH": "\u0661\u0662"}, 400),
    "too large": ({"CONTENT_LENGTH": "2097153"}, 413),
    "far too large": ({"CONTENT_LENGTH": "9" * 18}, 413),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_before_it_is_read(scene: Scene, what: str) -> None:
    changes, expected = REFUSED[what]
    status, _, reply = call(Application(scene.endpoint, path="/oso"), b"x", **{"wsgi.input": Never(), **changes})
    assert (status, reply) == (expected, b"")


def test_a_body_that_is_shorter_than_announced(scene: Scene, content: bytes) -> None:
    assert call(Application(scene.endpoint), content, CONTENT_LENGTH=str(len(content) + 1))[0] == 400


def test_a_body_that_drips(scene: Scene) -> None:
    class Drips:
        def read1(self, most: int) -> bytes:
            time.sleep(0.03)
            return b"<"

        read = read1

    start = time.monotonic()
    application = Application(scene.endpoint, seconds=0.2)
    assert call(application, b"", CONTENT_LENGTH="100000", **{"wsgi.input": Drips()})[0] == 408
    assert time.monotonic() - start < 2


def test_a_body_that_stops(scene: Scene) -> None:
    class Stops:
        def read(self, most: int) -> bytes:
            raise TimeoutError

    assert call(Application(scene.endpoint), b"x", **{"wsgi.input": Stops()})[0] == 408


@pytest.mark.parametrize(
    "header", ["HTTP_OIN", "HTTP_OSO_BRIDGE_OIN", "HTTP_X_SSL_CLIENT_S_DN", "HTTP_SSL_CLIENT_CERT"]
)
def test_a_header_is_no_identity(scene: Scene, content: bytes, header: str) -> None:
    bron = Bron(scene.bronsysteem, scene.at_bron, aanleverpunten=[scene.bron])
    application = Application(Endpoint(bron=bron, toegang=by_oin({OIN: ["*"]})), oin=oin_of)
    assert b"NietToegestaan" in call(application, content, **{header: OIN})[2]
    assert b"NietToegestaan" not in call(application, content, **{"oso_bridge.oin": OIN})[2]


# --- With a server ----------------------------------------------------------------------------------------------------


@contextmanager
def running(application: Application, context: ssl.SSLContext | None, **options: Any) -> Iterator[int]:
    server = make_server(application, "127.0.0.1", 0, context=context, threads=4, **options)
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server.bind_addr[1]
    finally:
        server.stop()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def server_context(authority: Authority) -> ssl.SSLContext:
    """As :class:`oso.Identity` makes it, open to every OIN of the authority: the endpoint has its own list."""
    return authority.identity("server", trust=authority.trust(allowed_oins=lambda oin: True)).server_context()


def client_context(authority: Authority, name: str) -> ssl.SSLContext:
    return authority.identity("client", name=name).client_context()


def ask(port: int, context: ssl.SSLContext | None, body: bytes) -> tuple[int, bytes]:
    kind: Any = http.client.HTTPSConnection if context else http.client.HTTPConnection
    line = kind("127.0.0.1", port, timeout=10, **({"context": context} if context else {}))
    try:
        line.request("POST", "/", body, {"Content-Type": soap.MEDIA_TYPE, "SOAPAction": '""'})
        reply = line.getresponse()
        return reply.status, reply.read()
    finally:
        line.close()


def secured(scene: Scene) -> Application:
    bron = Bron(scene.bronsysteem, scene.at_bron, aanleverpunten=[scene.bron])
    return Application(Endpoint(bron=bron, toegang=by_oin({OIN: ["00SS"]})), oin=oin_of)


def test_the_certificate_says_who_asks(scene: Scene, content: bytes, authority: Authority) -> None:
    with running(secured(scene), server_context(authority)) as port:
        status, reply = ask(port, client_context(authority, "las"), content)
        assert (status, b"SessieAfwijkend" in reply) == (200, True)
        status, reply = ask(port, client_context(authority, "een ander"), content)
        assert (status, b"NietToegestaan" in reply) == (500, True)


def plain_context(authority: Authority) -> ssl.SSLContext:
    """A client that shows nothing."""
    made = ssl.create_default_context(cadata=pem(authority.root).decode())
    made.check_hostname = False
    return made


def test_without_a_certificate_that_is_trusted_there_is_no_conversation(
    scene: Scene, content: bytes, authority: Authority
) -> None:
    issued, foreign = Authority().issue("client", name="las"), plain_context(authority)
    with tempfile.NamedTemporaryFile() as file:
        file.write(issued.pem())
        file.flush()
        foreign.load_cert_chain(file.name)
    with running(secured(scene), server_context(authority)) as port:
        for context in (plain_context(authority), foreign):
            with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
                ask(port, context, content)
        assert ask(port, client_context(authority, "las"), content)[0] == 200
    assert not scene.at_bron.asked


def test_who_is_not_on_the_list_of_the_server_gets_no_connection(
    scene: Scene, content: bytes, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """A context of oso.Identity judges after the handshake, which here is made by a worker."""
    caplog.set_level(logging.INFO, "oso_bridge.exchange")
    trust = authority.trust(allowed_oins={fictional_oin("een ander")})
    with running(secured(scene), authority.identity("server", trust=trust).server_context()) as port:
        with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
            ask(port, client_context(authority, "las"), content)
        assert ask(port, client_context(authority, "een ander"), content)[0] == 500
    assert f"tls-geweigerd reden=not_allowed oin={fictional_oin('las')}" in caplog.text


def test_the_log_says_why_a_stranger_got_no_connection(
    scene: Scene, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "oso_bridge.exchange")
    with running(secured(scene), server_context(authority)) as port:
        with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
            ask(port, plain_context(authority), b"")
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
            with suppress(ConnectionError):
                stranger.recv(100)
    assert "tls-geweigerd reden=tls_peer_without_certificate" in caplog.text
    assert "tls-geweigerd reden=tls_not_tls" in caplog.text


def test_a_dossier_goes_over_https(scene: Scene, authority: Authority) -> None:
    """The whole: a client with its certificate, the transport, TLS, the server, and back."""
    with running(secured(scene), server_context(authority)) as port:
        scene.centre.points[scene.bron] = f"https://127.0.0.1:{port}/"
        identity = authority.identity("client", name="las")
        system = Doelsysteem(
            scene.wire,
            scene.doel,
            verkeerscentrum=scene.line,
            lijn=lambda url: oso.transport("http", url=url, identity=identity, deadline=20),
            sleutels=NEPSLEUTELS,
        )
        found = system.ophalen(scene.at_doel, bron=Adres("00YY"), account="zorgcoordinator", pgn=PUPIL)
        assert found.uitkomst.ok
        assert scene.at_doel.received[0].rapport.ok
        # a refusal over HTTP is an outcome like any other
        system.adres = scene.swv
        assert (
            system.ophalen(scene.at_doel, bron=Adres("00YY"), account="x", pgn=PUPIL).uitkomst.woord == "NietToegestaan"
        )


def test_many_strangers_do_not_end_the_server(scene: Scene, content: bytes, authority: Authority) -> None:
    with running(secured(scene), server_context(authority)) as port:
        for turn in range(24):
            with socket.create_connection(("127.0.0.1", port)) as stranger:
                stranger.sendall((b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"")[turn % 3])
            with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
                ask(port, plain_context(authority), content)
        assert ask(port, client_context(authority, "las"), content)[0] == 200


def test_a_caller_that_is_slow_to_shake_hands_keeps_nobody_out(
    scene: Scene, content: bytes, authority: Authority
) -> None:
    context = client_context(authority, "las")
    with running(secured(scene), server_context(authority), seconds=2) as port:
        with socket.create_connection(("127.0.0.1", port)) as silent:
            start = time.monotonic()
            assert ask(port, context, content)[0] == 200
            assert time.monotonic() - start < 2
            silent.settimeout(10)
            assert silent.recv(1) == b""
        assert time.monotonic() - start < 9


@pytest.mark.parametrize("says", [b"", b"\x16\x03\x01\x02"])
def test_strangers_that_wait_keep_nobody_out(scene: Scene, content: bytes, authority: Authority, says: bytes) -> None:
    """A26: more connections that never shake hands than there are workers, and than may wait; the oldest are let go."""
    context = client_context(authority, "las")
    with running(secured(scene), server_context(authority)) as port, contextlib.ExitStack() as lines:
        silent = [lines.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(280)]
        for line in silent:
            line.sendall(says)
        start = time.monotonic()
        assert ask(port, context, content)[0] == 200
        assert time.monotonic() - start < 4
        silent[0].settimeout(4)
        with contextlib.suppress(ConnectionError):
            assert silent[0].recv(1) == b""


def test_a_handshake_that_drips_is_let_go(scene: Scene, content: bytes, authority: Authority) -> None:
    hello = ssl.MemoryBIO(), ssl.MemoryBIO()
    shaking = client_context(authority, "las").wrap_bio(*hello, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        shaking.do_handshake()
    with running(secured(scene), server_context(authority), seconds=1) as port:
        with socket.create_connection(("127.0.0.1", port)) as slow:
            start = time.monotonic()
            with pytest.raises(OSError):  # noqa: PT012 - it is noticed at a write, some time
                for sign in hello[1].read():
                    slow.sendall(bytes([sign]))
                    time.sleep(0.05)
            assert time.monotonic() - start < 5
        assert ask(port, client_context(authority, "las"), content)[0] == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_connection_serves_one_request_after_another(
    scene: Scene, content: bytes, authority: Authority, version: ssl.TLSVersion
) -> None:
    context = client_context(authority, "las")
    context.maximum_version = context.minimum_version = version
    with running(secured(scene), server_context(authority)) as port:
        line = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
        for _ in range(3):
            line.request("POST", "/", content, {"Content-Type": soap.MEDIA_TYPE})
            reply = line.getresponse()
            assert (reply.status, b"SessieAfwijkend" in reply.read()) == (200, True)
        line.close()


UNCLEAR = {
    "A11 chunks": b"Transfer-Encoding: chunked\r\n\r\n",
    "A11 chunks and a length": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nabcd",
    "A11 chunks with a space": b"Transfer-Encoding : chunked\r\nContent-Length: 4\r\n\r\nabcd",
    "A11 no length": b"\r\n",
    "A11 a length below zero": b"Content-Length: -5\r\n\r\n",
    "A11 a length with a sign": b"Content-Length: +4\r\n\r\nabcd",
    "A11 two lengths": b"Content-Length: 900\r\nContent-Length: 4\r\n\r\nabcd",
    "A11 a length with an underscore": b"Content_Length: 4\r\n\r\nabcd",
    "A11 a length on two lines": b"Content-Length:\r\n 4\r\n\r\nabcd",
    "A11 a bare line end": b"X-A: b\rContent-Length: 4\r\n\r\nabcd",
}


@pytest.mark.parametrize("how", UNCLEAR)
def test_what_follows_a_body_that_is_unclear_is_no_request(scene: Scene, content: bytes, how: str) -> None:
    """A server in front may see one request where there are two; then the second is not the caller's to make."""
    asked: list[Parcel] = []

    def endpoint(parcel: Parcel) -> Parcel:
        asked.append(parcel)
        return scene.endpoint(parcel)

    head = b"POST / HTTP/1.1\r\nHost: bron\r\nContent-Type: text/xml\r\n"
    hidden = head + b"Content-Length: %d\r\n\r\n" % len(content) + content
    with running(Application(endpoint), None) as port, socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(5)
        line.sendall(head + UNCLEAR[how] + hidden)
        with line.makefile("rb") as reply:
            status = reply.readline()
            with contextlib.suppress(ConnectionError):
                assert b"HTTP/1.1" not in reply.read()
    assert status.split()[1] in (b"400", b"411")
    assert not asked


def test_two_soapactions_are_none(scene: Scene, content: bytes) -> None:
    with running(Application(scene.endpoint), None) as port:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        line.putrequest("POST", "/")
        for name, value in (
            ("Content-Type", soap.MEDIA_TYPE),
            ("SOAPAction", "notificatieRequest"),
            ("SOAPAction", '""'),
            ("Content-Length", str(len(content))),
        ):
            line.putheader(name, value)
        line.endheaders(content)
        assert b"OngeldigBericht" in line.getresponse().read()
        line.close()


def test_a_long_soapaction_is_looked_at_as_a_whole(scene: Scene, content: bytes) -> None:
    action = f"{'x' * (200 - len('/documentRequest'))}/documentRequest/notificatieRequest"
    status, _, reply = call(Application(scene.endpoint), content, HTTP_SOAPACTION=action)
    assert (status, b"OngeldigBericht" in reply) == (500, True)


def test_a_caller_that_drips_headers_is_let_go(scene: Scene) -> None:
    application = Application(scene.endpoint)
    with running(application, None, seconds=1) as port, socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\n")
        start = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT012 - it is noticed at a write, some time
            while time.monotonic() - start < 9:
                slow.sendall(b"X-A: b\r\n")
                time.sleep(0.1)
        assert time.monotonic() - start < 5


def test_a_context_that_takes_anyone_is_refused(scene: Scene, authority: Authority) -> None:
    context = server_context(authority)
    context.verify_mode = ssl.CERT_OPTIONAL
    with pytest.raises(oso.UsageError, match="without a certificate"):
        make_server(Application(scene.endpoint), "127.0.0.1", 0, context=context)


def test_a_large_body_is_refused_by_the_server(scene: Scene) -> None:
    with running(Application(scene.endpoint), None) as port:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        line.putrequest("POST", "/")
        line.putheader("Content-Type", soap.MEDIA_TYPE)
        line.putheader("Content-Length", "3000000")
        line.endheaders()
        assert line.getresponse().status == 413
        line.close()


def test_nothing_of_a_request_is_logged_by_the_server(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def breaks(parcel: Parcel) -> Parcel:
        raise ValueError(PUPIL)

    with running(Application(breaks), None) as port:
        assert ask(port, None, PUPIL.encode())[0] == 500
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(f"{PUPIL} / HTTP/9\r\n\r\n".encode())
            line.recv(1000)
    assert "http-server" in caplog.text
    assert PUPIL not in caplog.text


def test_everyone_is_for_tests() -> None:
    assert everyone("", Scene().bron, "documentRequest")


def test_an_answer_of_no_told_length_ends() -> None:
    """An application of others may leave out its length, also when the request came in chunks."""

    def application(environ: Any, start: Any) -> list[bytes]:
        said = b"".join(iter(lambda: environ["wsgi.input"].read(100), b""))
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"heard ", said]

    with running(application, None) as port:  # type: ignore[arg-type]
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        line.request("POST", "/", iter([b"one ", b"two"]), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
        with contextlib.closing(line):
            assert line.getresponse().read() == b"heard one two"
