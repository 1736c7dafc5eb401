"""HTTPS against peers that misbehave: security table rows A11, A12, A13, A26, A27, A28, A30 and A31."""

from __future__ import annotations

import gzip
import logging
import ssl
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import certifi
import pytest
import trustme

import oso_bridge as oso
from oso_bridge.testing import Ends, TransportContract
from oso_bridge.transports import tls
from oso_bridge.transports.calls import cut
from oso_bridge.transports.http import HttpLine

from .peers import Peer, Script, Talk, closed_port

Start = Callable[..., Peer]
PARCEL = oso.Parcel(b"<vraag>KANARIE</vraag>", "text/xml; charset=utf-8", id="b-1", operation="http://x.invalid/meld")
ONCE = oso.Retry(attempts=1)


class Us:
    """Who we are, as an identity gives it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context

    def client_context(self) -> ssl.SSLContext:
        return self.context


def failure(url: str, parcel: oso.Parcel = PARCEL, **options: Any) -> oso.TransportError:
    """What sending there raises."""
    settings: dict[str, Any] = {"deadline": 10, "retry": ONCE, **options}
    with oso.transport("http", url=url, **settings) as line, pytest.raises(oso.TransportError) as caught:
        line.send(parcel)
    assert "KANARIE" not in "".join(traceback.format_exception(caught.value))
    return caught.value


def sent(url: str, parcel: oso.Parcel = PARCEL, **options: Any) -> oso.Receipt:
    with oso.transport("http", url=url, deadline=10, **options) as line:
        return line.send(parcel)


class TestHttps(TransportContract):
    stalls = True

    @pytest.fixture
    def ends(self, peers: Start, roots: Path) -> Ends:
        good = peers(lambda talk: talk.answer(b"", "204 No Content"))
        silent = peers(lambda talk: talk.nothing())

        def to(url: str) -> Callable[..., oso.Transport]:
            return lambda **settings: oso.transport("http", url=url, roots=roots, **settings)

        nowhere = to(f"https://localhost:{closed_port()}/")
        return Ends(to(good.url), nowhere, lambda: good.bodies, stalled=to(silent.url))


def test_a_parcel_is_a_post_and_the_answer_its_reply(peers: Start, roots: Path) -> None:
    peer = peers(lambda talk: talk.answer(b"<dank/>"))
    receipt = sent(peer.url, roots=roots)
    assert (receipt.status, receipt.code, receipt.digest) == ("delivered", "200", PARCEL.digest)
    assert receipt.reply
    assert (receipt.reply.content, receipt.reply.media_type) == (b"<dank/>", "text/xml")
    assert peer.bodies == [PARCEL.content]
    lines = peer.heads[0].split(b"\r\n")
    assert lines[0] == b"POST /pad?naam=KANARIE HTTP/1.1"
    assert {
        b"Content-Type: text/xml; charset=utf-8",
        b'SOAPAction: "http://x.invalid/meld"',
        b'Idempotency-Key: "b-1"',
        b"Accept-Encoding: identity",
    } <= set(lines)


def test_what_is_quoted_stays_in_its_quotes(peers: Start, roots: Path) -> None:
    peer = peers(lambda talk: talk.answer())
    sent(peer.url, oso.Parcel(b"<x/>", "text/xml", id='a"b', operation="c\\d"), roots=roots)
    assert b'Idempotency-Key: "a\\"b"' in peer.heads[0]
    assert b'SOAPAction: "c\\\\d"' in peer.heads[0]


def test_half_an_answer_is_none(peers: Start, roots: Path) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.say(b"HTTP/1.1 103 Early Hints\r\n\r\n")

    assert failure(peers(script).url, roots=roots).sent == "unknown"


def test_soapaction_goes_with_soap_only(peers: Start, roots: Path) -> None:
    peer = peers(lambda talk: talk.answer())
    sent(peer.url, oso.Parcel(b"<x/>"), roots=roots)
    assert b"SOAPAction" not in peer.heads[0]


# --- what an answer means (A30) ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "media_type", "meaning"),
    [
        ("200 OK", "text/xml", "delivered"),
        ("201 Created", "text/html", "delivered"),
        ("202 Accepted", "text/xml", "accepted"),
        ("500 Server Error", "text/xml; charset=utf-8", "refused"),
        ("503 Unavailable", "application/soap+xml", "refused"),
        ("404 Not Found", "text/html", "refused"),
        ("403 Forbidden", "text/plain", "refused"),
    ],
)
def test_an_answer_is_a_receipt(peers: Start, roots: Path, status: str, media_type: str, meaning: str) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.say(f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: 4\r\n\r\n<f/>".encode())

    receipt = sent(peers(script).url, roots=roots)
    assert (receipt.status, receipt.code) == (meaning, status[:3])
    assert receipt.reply
    assert (receipt.reply.content, receipt.reply.media_type) == (b"<f/>", media_type)


@pytest.mark.parametrize(
    ("status", "arrived"),
    [("500 Oops", "unknown"), ("502 Bad", "unknown"), ("504 Late", "unknown"), ("503 Busy", "no"), ("429 Slow", "no")],
)
def test_a_server_in_trouble_is_an_error_without_its_words(
    peers: Start, roots: Path, status: str, arrived: str
) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.say(f"HTTP/1.1 {status} KANARIE\r\nContent-Type: text/html\r\nX-A: KANARIE\r\n\r\n<p>KANARIE".encode())

    error = failure(peers(script).url, roots=roots)
    assert (error.sent, error.retryable) == (arrived, True)
    assert f"it answers {status[:3]}" in error.what


def test_a_giant_fault_is_refused_and_not_quoted(peers: Start, roots: Path) -> None:
    peer = peers(lambda talk: talk.answer(b"<faultstring>" + b"KANARIE" * 20_000, "500 Oops"))
    error = failure(peer.url, roots=roots, max_bytes=50_000)
    assert (error.sent, error.retryable) == ("yes", False)


@pytest.mark.parametrize("media_type", ["text/xml\x01", "nonsens", "a/b; c=d\x7f", "", "x" * 4000 + "/y z"])
def test_a_media_type_that_cannot_be_is_not_passed_on(peers: Start, roots: Path, media_type: str) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.say(f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: 1\r\n\r\nx".encode())

    reply = sent(peers(script).url, roots=roots).reply
    assert reply
    assert reply.media_type == "application/octet-stream"


# --- sizes (A11, A12) -------------------------------------------------------------------------------------------------


def endless(head: bytes, piece: bytes) -> Script:
    """A script that never stops talking."""

    def script(talk: Talk) -> None:
        talk.request()
        talk.say(head)
        while not talk.peer.over.is_set():
            talk.say(piece)

    return script


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + b"x" * 0x8000 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1" * 65536),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"e" * 30_000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"Trailer: x\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X-Kop: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Kop: ", b"y" * 65536),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", b"x" * 65536),
    ],
    ids=["no length", "huge length", "chunks", "both", "chunk size", "extension", "trailers", "headers", "header",
         "continue", "status line"],
)  # fmt: skip
def test_an_answer_without_an_end_is_cut_off(peers: Start, roots: Path, head: bytes, piece: bytes) -> None:
    started = time.monotonic()
    error = failure(peers(endless(head, piece)).url, roots=roots, max_bytes=100_000, deadline=30)
    assert time.monotonic() - started < 25  # by the limit or a fault of HTTP, not by the deadline
    assert error.sent in ("yes", "unknown")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabcde\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabcde\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    ],
)
def test_a_length_that_is_wrong_is_no_answer(peers: Start, roots: Path, answer: bytes) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.say(answer)

    error = failure(peers(script).url, roots=roots)
    assert error.retryable
    assert error.sent in ("yes", "unknown")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
def test_headers_that_break_off_are_no_answer(peers: Start, roots: Path, answer: bytes) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.say(answer)

    error = failure(peers(script).url, roots=roots)
    assert (error.sent, error.retryable) == ("unknown", True)


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-x\r\n", b"\x00\xff\x00", b"HTTP/1.1 xyz\r\n\r\n", b"HTTP/1.1 99999 A\r\n\r\n"]
)
def test_what_is_no_http_is_an_error(peers: Start, roots: Path, answer: bytes) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.say(answer)

    assert failure(peers(script).url, roots=roots).sent == "unknown"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x-gzip", "gzip, gzip", "GZIP"])
def test_a_compressed_answer_is_refused_unopened(peers: Start, roots: Path, encoding: str) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    peer = peers(lambda talk: talk.answer(bomb, headers=f"Content-Encoding: {encoding}\r\n"))
    error = failure(peer.url, roots=roots)
    assert (error.sent, error.retryable) == ("yes", False)
    assert "compressed" in error.what


# --- time (A13) -------------------------------------------------------------------------------------------------------


def slowly(before: bytes, drip: bytes) -> Script:
    def script(talk: Talk) -> None:
        talk.request()
        talk.say(before)
        talk.drip(drip)

    return script


@pytest.mark.parametrize(
    ("script", "arrived"),
    [
        (slowly(b"", b"HTTP/1.1 200 OK"), "unknown"),
        (slowly(b"HTTP/1.1 200 OK\r\n", b"X-Kop: y\r\n"), "unknown"),
        (slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"), "yes"),
        (slowly(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), "yes"),
        (slowly(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"), "yes"),
        (lambda talk: talk.nothing(), "unknown"),
    ],
    ids=["status line", "headers", "body", "chunks", "chunk size", "nothing"],
)
def test_a_slow_answer_ends_with_the_deadline(peers: Start, roots: Path, script: Script, arrived: str) -> None:
    peer = peers(script)
    started = time.monotonic()
    error = failure(peer.url, roots=roots, deadline=1)
    assert 0.9 < time.monotonic() - started < 8
    assert (error.sent, error.retryable) == (arrived, True)
    assert error.what == "This took longer than 1 seconds."


def test_a_peer_that_reads_nothing_does_not_hold_us(peers: Start, roots: Path) -> None:
    started = time.monotonic()
    error = failure(peers(lambda talk: talk.nothing()).url, oso.Parcel(bytes(30_000_000)), roots=roots, deadline=0.7)
    assert time.monotonic() - started < 8
    assert error.sent == "unknown"


@pytest.mark.parametrize("drips", [False, True])
def test_a_stalled_handshake_ends_with_the_deadline(peers: Start, roots: Path, drips: bool) -> None:
    def script(talk: Talk) -> None:
        if drips:
            talk.drip(b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb" + bytes(200))
        talk.nothing()

    started = time.monotonic()
    error = failure(peers(script, handshake=False).url, roots=roots, deadline=0.7)
    assert time.monotonic() - started < 8
    assert error.sent == "no"


def test_the_deadline_is_that_of_all_attempts_together(peers: Start, roots: Path) -> None:
    started = time.monotonic()
    often = oso.Retry(attempts=50, pause=0.1, factor=1, idempotent=True)
    failure(peers(lambda talk: talk.request()).url, roots=roots, deadline=1, retry=often)
    assert 0.5 < time.monotonic() - started < 8


# --- whom is trusted (A26) --------------------------------------------------------------------------------------------


def test_no_root_is_added_to_those_that_are_given(peers: Start, roots: Path, authority: trustme.CA) -> None:
    context = tls.client_context(roots)
    line = HttpLine(peers(lambda talk: talk.answer()).url, identity=Us(context))
    for _ in range(2):
        line.send(PARCEL)
        assert len(context.get_ca_certs()) == 1
    assert len(ssl.create_default_context(cafile=certifi.where()).get_ca_certs()) > 50


def test_a_certificate_of_another_root_is_not_trusted(peers: Start, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    peer = peers(lambda talk: talk.answer())
    error = failure(peer.url, roots=tmp_path / "other.pem")
    assert (error.sent, error.retryable) == ("no", False)
    assert "not trusted" in error.what
    assert failure(peer.url, roots="system").sent == "no"
    assert peer.bodies == []


@pytest.mark.parametrize(
    ("host", "fields", "why"),
    [
        ("elders.invalid", {}, "another host"),
        ("127.0.0.2", {}, "another host"),
        ("localhost", {"expired": True}, "expired"),
    ],
)
def test_a_certificate_that_does_not_fit_is_not_trusted(
    peers: Start, roots: Path, authority: trustme.CA, host: str, fields: dict[str, bool], why: str
) -> None:
    import datetime

    until = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC) if fields else None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    begin = datetime.datetime(2019, 1, 1, tzinfo=datetime.UTC) if fields else None
    authority.issue_cert(host, not_before=begin, not_after=until).configure_cert(context)
    peer = peers(lambda talk: talk.answer(), context)
    error = failure(peer.url, roots=roots)
    assert (error.sent, error.retryable) == ("no", False)
    assert why in error.what
    assert peer.bodies == []


def test_a_certificate_signed_by_itself_is_not_trusted(peers: Start, roots: Path) -> None:
    other = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    other.issue_cert("localhost").configure_cert(context)
    assert "not trusted" in failure(peers(lambda talk: talk.answer(), context).url, roots=roots).what


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("weak", ["TLS 1.1", "CBC", "DHE"])
def test_weak_tls_is_not_spoken(peers: Start, roots: Path, server_context: ssl.SSLContext, weak: str) -> None:
    if weak == "TLS 1.1":
        server_context.minimum_version, server_context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        server_context.set_ciphers("ALL:@SECLEVEL=0")
    else:
        server_context.maximum_version = ssl.TLSVersion.TLSv1_2
        server_context.set_ciphers("ECDHE+AES+SHA256:ECDHE+AES+SHA:!AESGCM" if weak == "CBC" else "DHE+AESGCM")
    peer = peers(lambda talk: talk.answer())
    error = failure(peer.url, roots=roots)
    assert error.sent == "no"
    assert peer.bodies == []


def test_what_is_offered_is_what_may_be(roots: Path) -> None:
    context = tls.client_context(roots)
    names = {cipher["name"] for cipher in context.get_ciphers()}
    assert names
    assert all("GCM" in name or "CHACHA20" in name for name in names)
    assert all(name.startswith(("TLS_", "ECDHE-")) for name in names)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_that_is_missing_is_one_clear_error(
    peers: Start, roots: Path, authority: trustme.CA, server_context: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    server_context.minimum_version = server_context.maximum_version = version
    server_context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(server_context)
    peer = peers(lambda talk: talk.answer())
    error = failure(peer.url, roots=roots)
    assert error.what == "The other side broke off the connection before it answered."
    assert error.remedy
    assert "client certificate" in error.remedy
    assert error.sent == ("no" if version is ssl.TLSVersion.TLSv1_2 else error.sent)
    assert peer.bodies == []
    context = tls.client_context(roots)
    authority.issue_cert("las@school.invalid").configure_cert(context)
    assert sent(peer.url, identity=Us(context)).status == "delivered"


def _alert(number: int) -> bytes:
    """A fatal alert of TLS in the clear, as it comes before there are keys."""
    return bytes([21, 3, 3, 0, 2, 2, number])


@pytest.fixture
def rude(server_context: ssl.SSLContext) -> Iterator[Callable[[bytes], Peer]]:
    """Peers that answer the beginning of a handshake with these bytes, and end the connection."""
    made: list[Peer] = []

    def start(said: bytes) -> Peer:
        def script(talk: Talk) -> None:
            talk.connection.recv(65536)
            talk.say(said)

        made.append(Peer(script, server_context, handshake=False))
        return made[-1]

    yield start
    for peer in made:
        peer.close()


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x03\x00\x40\x02\x00", b"\x15\x03\x03\x00\x02\x01\x00"])
def test_a_handshake_that_just_ends_may_be_tried_again(rude: Callable[[bytes], Peer], roots: Path, said: bytes) -> None:
    """The server died or is restarted: that is no judgement of us, and nothing has left."""
    peer = rude(said)
    error = failure(peer.url, roots=roots, retry=oso.Retry(attempts=3, pause=0.01))
    assert (error.sent, error.retryable) == ("no", True)
    assert peer.connections == 3


@pytest.mark.parametrize("number", [42, 48, 49, 70, 116])
def test_a_handshake_that_is_refused_is_not_tried_again(
    rude: Callable[[bytes], Peer], roots: Path, number: int
) -> None:
    """Bad certificate, unknown CA, access denied, protocol version, certificate required (RFC 8446, 6.2)."""
    peer = rude(_alert(number))
    error = failure(peer.url, roots=roots, retry=oso.Retry(attempts=3, pause=0.01))
    assert (error.sent, error.retryable) == ("no", False)
    assert peer.connections == 1


def _said(reason: str, kind: type[ssl.SSLError] = ssl.SSLError) -> ssl.SSLError:
    """An error of OpenSSL with this reason."""
    error = kind(1, "KANARIE")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "sent", "told"),
    [
        (_said("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "unknown", ("no", False)),
        (_said("TLSV1_ALERT_UNKNOWN_CA"), "unknown", ("no", False)),
        (_said("SSLV3_ALERT_CERTIFICATE_REVOKED"), "unknown", ("no", False)),
        (_said("TLSV1_ALERT_INTERNAL_ERROR"), "unknown", ("unknown", False)),
        (_said("SSLV3_ALERT_BAD_RECORD_MAC"), "unknown", ("unknown", False)),
        (_said("TLSV1_ALERT_INTERNAL_ERROR"), "no", ("no", False)),
        (_said("TLSV1_ALERT_UNKNOWN_CA"), "yes", ("yes", False)),
        (_said("UNEXPECTED_EOF_WHILE_READING", ssl.SSLEOFError), "unknown", ("unknown", True)),
        (_said("", ssl.SSLSyscallError), "no", ("no", True)),
    ],
)
def test_what_an_alert_says_of_the_parcel(error: ssl.SSLError, sent: Any, told: tuple[str, bool]) -> None:
    """TLS 1.3 judges a client when it reads; an alert about something else does not say what was done by then."""
    found = tls.failed(error, sent, "https://x.invalid/")
    assert (found.sent, found.retryable) == told
    assert "KANARIE" not in str(found)


def test_a_connection_that_ends_before_the_answer_may_have_brought_the_parcel(peers: Start, roots: Path) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        cut(talk.connection)

    error = failure(peers(script).url, roots=roots)
    assert (error.sent, error.retryable) == ("unknown", True)


def test_what_an_identity_says_of_the_other_side_is_passed_on(peers: Start, roots: Path) -> None:
    class Refused(oso.IdentityError, ssl.SSLError):
        def __str__(self) -> str:
            return oso.IdentityError.__str__(self)

    class Judging(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            self.close()
            raise Refused("The OIN of the other side is not on the list.", remedy="Add it to allowed_oins.")

    context = tls.client_context(roots)
    context.sslsocket_class = Judging
    peer = peers(lambda talk: talk.answer())
    error = failure(peer.url, identity=Us(context))
    assert (error.what, error.sent) == ("The OIN of the other side is not on the list.", "no")
    assert error.remedy == "Add it to allowed_oins."
    assert peer.bodies == []


def test_a_context_that_does_not_check_is_refused(roots: Path) -> None:
    blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    blind.check_hostname = False
    with pytest.raises(oso.UsageError, match="does not check"):
        HttpLine("https://localhost/", identity=Us(blind))
    blind.verify_mode = ssl.CERT_NONE
    with pytest.raises(oso.UsageError, match="does not check"):
        HttpLine("https://localhost/", identity=Us(blind))
    old = tls.client_context(roots)
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.raises(oso.UsageError, match=r"below 1\.2"):
        HttpLine("https://localhost/", identity=Us(old))


@pytest.mark.parametrize(
    "url",
    ["http://localhost/", "ftp://localhost/", "localhost", "https://", "https://user:KANARIE@localhost/", "https://[x/",
     "http://voorbeeld.invalid/"],
)  # fmt: skip
def test_an_address_that_may_not_be(url: str, roots: Path) -> None:
    with pytest.raises(oso.UsageError) as caught:
        HttpLine(url, roots=roots, insecure=url.endswith("voorbeeld.invalid/"))
    assert "KANARIE" not in str(caught.value)


def test_whom_to_trust_has_to_be_said_once(roots: Path, tmp_path: Path) -> None:
    with pytest.raises(oso.UsageError, match="Whom to trust is not said"):
        HttpLine("https://localhost/")
    with pytest.raises(oso.UsageError, match="roots of its own"):
        HttpLine("https://localhost/", roots=roots, identity=Us(tls.client_context(roots)))
    (tmp_path / "empty.pem").write_text("geen certificaat")
    for file in ("empty.pem", "not there.pem"):
        with pytest.raises(oso.UsageError, match="no certificates to trust"):
            HttpLine("https://localhost/", roots=tmp_path / file)


# --- where it goes (A27, A28) -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent", "304 Same"])
def test_a_redirect_is_not_followed(peers: Start, roots: Path, status: str) -> None:
    other = peers(lambda talk: talk.answer())
    plain = peers(lambda talk: talk.answer(), None)
    for target in (other.url, plain.url):
        peer = peers(lambda talk, to=target: talk.answer(b"", status, f"Location: {to}\r\n"))
        error = failure(peer.url, roots=roots)
        assert (error.sent, error.retryable) == ("unknown", False)
        assert peer.connections == 1
    assert (other.connections, plain.connections) == (0, 0)


def test_the_environment_changes_nothing(
    peers: Start, roots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = peers(lambda talk: talk.answer(), None)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "other.pem"))
    (tmp_path / "netrc").write_text("machine localhost login piet password KANARIE\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    peer = peers(lambda talk: talk.answer())
    assert sent(peer.url, roots=roots).status == "delivered"
    assert b"Authorization" not in peer.heads[0]
    assert proxy.connections == 0


def test_a_proxy_that_is_asked_for_is_used_and_sees_only_tls(peers: Start, roots: Path) -> None:
    import socket
    import threading

    peer = peers(lambda talk: talk.answer())
    seen = bytearray()

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                seen.extend(data)
                target.sendall(data)

    def script(talk: Talk) -> None:
        talk.request()
        with socket.create_connection(("127.0.0.1", peer.port)) as onward:
            talk.say(b"HTTP/1.1 200 Fine\r\n\r\n")
            there = threading.Thread(target=pump, args=(talk.connection, onward), daemon=True)
            there.start()
            pump(onward, talk.connection)

    proxy = peers(script, None)
    assert sent(peer.url, roots=roots, proxies={"https": f"http://127.0.0.1:{proxy.port}"}).status == "delivered"
    assert proxy.heads[0].startswith(f"CONNECT localhost:{peer.port}".encode())
    assert b"KANARIE" not in seen
    assert peer.bodies == [PARCEL.content]


def test_a_proxy_that_refuses_sent_nothing(peers: Start, roots: Path) -> None:
    proxy = peers(lambda talk: talk.answer(b"KANARIE", "407 Who"), None)
    error = failure("https://localhost:1/", roots=roots, proxies={"https": f"http://127.0.0.1:{proxy.port}"})
    assert error.sent == "no"


def test_insecure_is_for_this_machine(peers: Start) -> None:
    peer = peers(lambda talk: talk.answer(), None)
    assert sent(peer.url, insecure=True).status == "delivered"


# --- what had left when it failed -------------------------------------------------------------------------------------


def test_a_host_that_is_not_there_got_nothing(roots: Path) -> None:
    for url in (f"https://localhost:{closed_port()}/", "https://bestaat-niet.invalid/"):
        error = failure(url, roots=roots)
        assert (error.sent, error.retryable) == ("no", True)


def test_who_hangs_up_may_have_it(peers: Start, roots: Path) -> None:
    error = failure(peers(lambda talk: talk.request()).url, roots=roots)
    assert (error.sent, error.retryable) == ("unknown", True)


def test_a_repeat_needs_an_operation_that_allows_it(peers: Start, roots: Path) -> None:
    def script(talk: Talk) -> None:
        if talk.peer.connections < 3:
            talk.request()
        else:
            talk.answer()

    quick = oso.Retry(attempts=3, pause=0.01)
    peer = peers(script)
    assert failure(peer.url, roots=roots, retry=quick).sent == "unknown"
    assert peer.connections == 1
    often = oso.Retry(attempts=3, pause=0.01, idempotent=True)
    receipt = sent(peer.url, roots=roots, retry={PARCEL.operation: often, "*": quick})
    assert receipt.status == "delivered"
    assert len({head.split(b"Idempotency-Key:")[1].split(b"\r\n")[0] for head in peer.heads}) == 1


# --- leaks (A31) ------------------------------------------------------------------------------------------------------


def test_no_log_has_content_or_the_query(peers: Start, roots: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    peer = peers(lambda talk: talk.answer(b"<antwoord>KANARIE</antwoord>"))
    sent(peer.url.replace("naam=KANARIE", "naam=PARKIET"), roots=roots)
    own = [record.getMessage() for record in caplog.records if record.name.startswith("oso_bridge")]
    assert len(own) == 1
    assert "status=delivered 200" in own[0]
    assert PARCEL.id in own[0]
    assert PARCEL.digest not in own[0]
    assert "PARKIET" not in own[0]
    assert "KANARIE" not in caplog.text  # in no log of any library
    assert "PARKIET" not in repr(HttpLine("https://x.invalid/?a=PARKIET", roots=roots))


def test_nothing_is_left_on_disk(peers: Start, roots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    sent(peers(lambda talk: talk.answer()).url, roots=roots)
    assert list(tmp_path.iterdir()) == []
