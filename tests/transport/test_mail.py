"""Mail: encrypted, over TLS, and the password by another way; against a server of aiosmtpd on this machine."""

from __future__ import annotations

import asyncio
import email
import email.policy
import io
import logging
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pyzipper
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

import oso_bridge as oso
from oso_bridge.testing import Ends, TransportContract
from oso_bridge.transports.mail import archive

from .peers import closed_port

SECRET = "fictief wachtwoord van een ZIP"
PARCEL = oso.Parcel(b"<naam>KANARIE</naam>", id="bericht-1")


class Postbox:
    """Keeps what comes in, or says no in the way that a test wants."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.says: dict[str, str] = {}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if "RCPT" not in self.says:
            envelope.rcpt_tos.append(address)
        return self.says.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if "DATA" not in self.says:
            self.mails.append(envelope.original_content)
        return self.says.get("DATA", "250 OK")


class Post:
    """A mail server with a box."""

    def __init__(self, context: ssl.SSLContext, roots: Path, *, smtps: bool = False, **settings: Any) -> None:
        self.box = Postbox()
        self.roots = roots
        tls = {"ssl_context": context} if smtps else {"tls_context": context, "require_starttls": True}
        self.controller = _Controller(self.box, tls, settings)
        self.controller.start()
        self.security = "tls" if smtps else "starttls"

    def line(self, **settings: Any) -> oso.Transport:
        options: dict[str, Any] = {
            "to": "intern@school.invalid",
            "sender": "las@school.invalid",
            "host": "localhost",
            "port": self.controller.port,
            "security": self.security,
            "roots": self.roots,
            "archive_password": None if "hand_over" in settings else SECRET,
        }
        return oso.transport("mail", **{**options, **settings})

    def opened(self, password: str = SECRET) -> list[tuple[str, bytes]]:
        """The files in the ZIPs that came in."""
        return [one for mail in self.box.mails for one in opened(attachment(mail), password)]


class _Controller(Controller):
    """A controller that takes a free port, and settings of the protocol."""

    def __init__(self, box: Postbox, tls: dict[str, Any], settings: dict[str, Any]) -> None:
        self.tls, self.settings = tls, settings
        self.served: list[SMTP] = []
        super().__init__(box, hostname="localhost", port=closed_port(), ssl_context=tls.get("ssl_context"))

    def factory(self) -> SMTP:
        started = {key: value for key, value in self.tls.items() if key != "ssl_context"}
        self.served.append(SMTP(self.handler, hostname="post.invalid", **started, **self.settings))
        return self.served[-1]

    def stop(self, no_assert: bool = False) -> None:
        """Stop, and let go of what callers left open: a warning about that would come up in some later test."""
        asyncio.run_coroutine_threadsafe(self._let_go(), self.loop).result(5)
        super().stop(no_assert)

    async def _let_go(self) -> None:
        for protocol in self.served:
            for transport in (protocol.transport, getattr(protocol, "_original_transport", None)):
                if transport is not None:
                    transport.abort()
        await asyncio.sleep(0)


def attachment(mail: bytes) -> bytes:
    message = email.message_from_bytes(mail, policy=email.policy.default)
    (found,) = message.iter_attachments()
    content = found.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def opened(content: bytes, password: str) -> list[tuple[str, bytes]]:
    with pyzipper.AESZipFile(io.BytesIO(content)) as archived:
        archived.setpassword(password.encode())
        return [(name, archived.read(name)) for name in archived.namelist()]


@pytest.fixture
def post(server_context: ssl.SSLContext, roots: Path) -> Iterator[Callable[..., Post]]:
    made: list[Post] = []

    def start(**settings: Any) -> Post:
        made.append(Post(settings.pop("context", server_context), settings.pop("roots", roots), **settings))
        return made[-1]

    yield start
    for one in made:
        one.controller.stop()


class TestMail(TransportContract):
    stalls = True

    @pytest.fixture
    def ends(self, post: Callable[..., Post], peers: Callable[..., Any]) -> Ends:
        server = post()
        silent = peers(lambda talk: talk.nothing(), None)
        return Ends(
            server.line,
            lambda **settings: server.line(port=closed_port(), **settings),
            lambda: [content for _, content in server.opened()],
            stalled=lambda **settings: server.line(port=silent.port, **settings),
        )


class TestMailOverTls(TransportContract):
    @pytest.fixture
    def ends(self, post: Callable[..., Post]) -> Ends:
        server = post(smtps=True)
        return Ends(
            server.line,
            lambda **settings: server.line(port=closed_port(), **settings),
            lambda: [content for _, content in server.opened()],
        )


def failure(line: oso.Transport) -> oso.TransportError:
    with line, pytest.raises(oso.TransportError) as caught:
        line.send(PARCEL)
    assert "KANARIE" not in str(caught.value)
    return caught.value


def test_a_mail_shows_nothing_of_what_it_brings(post: Callable[..., Post]) -> None:
    server = post()
    with server.line() as line:
        receipt = line.send(PARCEL)
    assert (receipt.status, receipt.code, receipt.digest) == ("accepted", "250", PARCEL.digest)
    (mail,) = server.box.mails
    assert b"KANARIE" not in mail
    assert b"KANARIE" not in attachment(mail)
    assert SECRET.encode() not in mail
    message = email.message_from_bytes(mail, policy=email.policy.default)
    assert message["Subject"] == "OSO-bericht"
    assert message["To"] == "intern@school.invalid"
    assert [(part.get_filename(), part.get_content_type()) for part in message.iter_attachments()] == [
        (f"bericht-{message['Message-ID'][1:9]}.zip", "application/zip")
    ]
    assert server.opened() == [("bericht.xml", PARCEL.content)]


def test_a_repeat_has_the_same_message_id(post: Callable[..., Post]) -> None:
    server = post()
    with server.line() as line:
        for parcel in (PARCEL, PARCEL, oso.Parcel(b"x")):
            line.send(parcel)
    first, again, other = (email.message_from_bytes(mail)["Message-ID"] for mail in server.box.mails)
    assert first == again != other
    assert attachment(server.box.mails[0]) != attachment(server.box.mails[1])


def test_a_zip_is_aes_256_without_a_checksum_of_its_content() -> None:
    content = archive(PARCEL, SECRET)
    with pyzipper.AESZipFile(io.BytesIO(content)) as archived:
        (member,) = archived.infolist()
        assert (member.wz_aes_strength, member.wz_aes_version, member.CRC) == (3, 2, 0)
        assert member.date_time == (1980, 1, 1, 0, 0, 0)
    with pytest.raises(RuntimeError, match="Bad password"):
        opened(content, "een ander wachtwoord")


@pytest.mark.parametrize(
    ("media_type", "name"),
    [
        ("text/xml; charset=utf-8", "xml"),
        ("application/soap+xml", "xml"),
        ("application/json", "json"),
        ("x/../y", "bin"),
    ],
)
def test_the_name_in_the_zip_is_ours(media_type: str, name: str) -> None:
    assert opened(archive(oso.Parcel(b"x", media_type), SECRET), SECRET) == [(f"bericht.{name}", b"x")]


def test_a_password_that_is_made_here_is_handed_over_and_not_mailed(post: Callable[..., Post]) -> None:
    server = post()
    passwords: list[tuple[str, str]] = []
    with server.line(hand_over=lambda *told: passwords.append(told)) as line:
        line.send(PARCEL)
        line.send(PARCEL)
    (one, first), (other, second) = passwords
    assert one == other == "bericht-1"
    assert first != second
    assert len(first) == len("abcdef-abcdef-abcdef-abcdef")
    assert all(first.encode() not in mail for mail in server.box.mails)
    assert opened(attachment(server.box.mails[0]), first) == [("bericht.xml", PARCEL.content)]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"archive_password": None}, "Nobody would get the password"),
        ({"archive_password": "kort"}, "shorter than 16"),
        ({"to": "a@b.invalid, c@d.invalid"}, "no address of mail"),
        ({"to": "a@b.invalid\r\nBcc: c@d.invalid"}, "no address of mail"),
        ({"to": "Piet <a@b.invalid>"}, "no address of mail"),
        ({"sender": "niemand"}, "no address of mail"),
        ({"security": "none"}, "There is no security 'none'"),
    ],
)
def test_what_may_not_be(post: Callable[..., Post], options: dict[str, Any], why: str) -> None:
    with pytest.raises(oso.UsageError, match=why):
        post().line(**options)


def test_a_server_without_tls_gets_nothing(peers: Callable[..., Any]) -> None:
    heard: list[bytes] = []

    def script(talk: Any) -> None:
        talk.say(b"220 post\r\n")
        while data := talk.connection.recv(1000):
            heard.append(data)
            talk.say(b"250-post\r\n250 AUTH PLAIN LOGIN\r\n" if data.startswith(b"ehlo") else b"221 dag\r\n")

    peer = peers(script, None)
    line = oso.transport(
        "mail", to="a@b.invalid", sender="c@d.invalid", host="localhost", port=peer.port, archive_password=SECRET,
        user="las", password="KANARIE",
    )  # fmt: skip
    error = failure(line)
    assert (error.what, error.sent, error.retryable) == ("The mail server offers no TLS or no log in.", "no", False)
    assert not [word for word in heard if not word.lower().startswith((b"ehlo", b"quit"))]


@pytest.mark.parametrize("smtps", [False, True])
def test_a_server_that_is_not_trusted_gets_nothing(post: Callable[..., Post], tmp_path: Path, smtps: bool) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    server = post(smtps=smtps, roots=tmp_path / "other.pem")
    error = failure(server.line())
    assert (error.sent, error.retryable) == ("no", False)
    assert "certificate" in error.what
    assert server.box.mails == []


def test_the_name_of_the_server_has_to_be_that_of_its_certificate(
    post: Callable[..., Post], authority: trustme.CA
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elders.invalid").configure_cert(context)
    assert "another host" in failure(post(context=context).line()).what


@pytest.mark.parametrize(
    ("step", "says", "status"),
    [("RCPT", "550 no such user KANARIE", "550"), ("DATA", "554 spam KANARIE", "554"), ("DATA", "552 large", "552")],
)
def test_a_refusal_is_a_receipt(post: Callable[..., Post], step: str, says: str, status: str) -> None:
    server = post()
    server.box.says[step] = says
    with server.line() as line:
        receipt = line.send(PARCEL)
    assert (receipt.status, receipt.code, receipt.reply) == ("refused", status, None)


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_not_now_may_be_tried_again(post: Callable[..., Post], step: str) -> None:
    server = post()
    server.box.says[step] = "451 KANARIE"
    error = failure(server.line(retry=oso.Retry(attempts=1)))
    assert (error.sent, error.retryable) == ("no", True)
    assert server.box.mails == []


def test_what_is_too_large_for_the_server_is_not_sent(post: Callable[..., Post]) -> None:
    server = post(data_size_limit=5000)
    with server.line() as line:
        receipt = line.send(oso.Parcel(bytes(range(256)) * 40))
    assert (receipt.status, receipt.code) == ("refused", "552")


def test_logging_in(post: Callable[..., Post], caplog: pytest.LogCaptureFixture) -> None:
    def login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"las", b"goed"), handled=False)

    caplog.set_level(logging.INFO)
    server = post(authenticator=login, auth_required=True)
    with server.line(user="las", password="goed") as line:
        assert line.send(PARCEL).status == "accepted"
    error = failure(server.line(user="las", password="KANARIE"))
    assert (error.sent, error.retryable) == ("no", False)
    assert "goed" not in caplog.text


def test_a_server_that_hangs_up_after_the_content_may_have_it(
    peers: Callable[..., Any], server_context: ssl.SSLContext, roots: Path
) -> None:
    def script(talk: Any) -> None:
        answers = {b"EHLO": b"250 post\r\n", b"MAIL": b"250 ok\r\n", b"RCPT": b"250 ok\r\n", b"DATA": b"354 go\r\n"}
        talk.say(b"220 post\r\n")
        data = b""
        while not data.endswith(b"\r\n.\r\n"):
            data = data[-10:] + talk.connection.recv(65536) if data.startswith(b"~") else talk.connection.recv(65536)
            if data[:4].upper() in answers:
                talk.say(answers[data[:4].upper()])

    peer = peers(script)
    line = oso.transport(
        "mail", to="a@b.invalid", sender="c@d.invalid", host="localhost", port=peer.port, security="tls", roots=roots,
        archive_password=SECRET, deadline=10,
    )  # fmt: skip
    error = failure(line)
    assert (error.sent, error.retryable) == ("unknown", True)


@pytest.mark.parametrize("start", [b"", b"220-post\r\n"])
def test_a_slow_server_ends_with_the_deadline(peers: Callable[..., Any], start: bytes) -> None:
    def script(talk: Any) -> None:
        talk.say(start)
        talk.drip(b"220-post\r\n")

    peer = peers(script, None)
    begun = time.monotonic()
    line = oso.transport(
        "mail", to="a@b.invalid", sender="c@d.invalid", host="localhost", port=peer.port, archive_password=SECRET,
        deadline=0.7,
    )  # fmt: skip
    error = failure(line)
    assert (error.sent, error.retryable) == ("no", True)
    assert time.monotonic() - begun < 8
