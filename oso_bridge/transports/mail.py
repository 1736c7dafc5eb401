"""Mail: a parcel in a ZIP with AES-256, over SMTP with TLS.  It sends only.

The password of the ZIP never goes by mail: you gave it, or it is made here and handed to a function of yours.  Subject,
texts and names of files are the same for every parcel.
"""

from __future__ import annotations

import hashlib
import io
import secrets
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import formatdate
from typing import Literal

import pyzipper

from oso_bridge.errors import TransportError, UsageError
from oso_bridge.parcels import Parcel, Receipt, Sent
from oso_bridge.transports import tls
from oso_bridge.transports.base import Line
from oso_bridge.transports.calls import Call, current, cut

MIN_PASSWORD = 16  # the key of such a ZIP is derived in 1000 rounds only, so the password has to be long
NAME = "[127.0.0.1]"  # how we call ourselves (RFC 5321, 4.1.4); looking up our own name can take long
SUBJECT = "OSO-bericht"
TEXT = """\
In de bijlage staat een versleuteld bericht. Het wachtwoord krijgt u langs een andere weg, nooit per mail.
Openen gaat bijvoorbeeld met 7-Zip. Kent u de afzender niet? Open de bijlage dan niet.

The attachment holds an encrypted message. You get its password by another way, never by mail.
7-Zip opens it, for example. If you do not know the sender, do not open it.
"""
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without those that look alike


class MailLine(Line):
    """Sends parcels as encrypted attachments.

    Args:
        to: The address that gets them; one.
        sender: The address that they come from.
        host: The mail server.
        port: Its port; 587 with STARTTLS and 465 with TLS when left out.
        security: ``starttls`` or ``tls``; there is no third.
        roots: Whose certificates are trusted: a file in PEM, or ``system``, as mail servers have public ones.
        user: The name to log in with, when the server asks for one.
        password: The password that belongs to it.
        archive_password: The password of the ZIPs, of at least 16 characters. When left out each gets its own.
        hand_over: What gets the id of a parcel and the password made for it, before it is sent.
        subject: The subject of every mail; nothing personal.

    Raises:
        UsageError: An address, the security or the password cannot be used, or nobody would get the password.
    """

    address = "to"

    def __init__(
        self,
        to: str,
        *,
        sender: str,
        host: str,
        port: int | None = None,
        security: Literal["starttls", "tls"] = "starttls",
        roots: tls.Roots = tls.SYSTEM,
        user: str | None = None,
        password: str | None = None,
        archive_password: str | None = None,
        hand_over: Callable[[str, str], object] | None = None,
        subject: str = SUBJECT,
    ) -> None:
        self._to, self._sender = _mailbox(to), _mailbox(sender)
        self._host, self._port = host, port or (465 if security == "tls" else 587)
        self._security = _one_of(security)
        self._context = tls.client_context(roots)
        self._login = (user, password) if user and password else None
        self._secret = _archive_secret(archive_password, hand_over)
        self._hand_over = hand_over
        self._subject = " ".join(subject.split())

    def __repr__(self) -> str:
        return f"<MailLine {self._host}>"

    def send(self, parcel: Parcel) -> Receipt:
        """Send a parcel; ``accepted`` means that the mail server took it over, not that anyone read it.

        Raises:
            TransportError: The mail server cannot be reached or trusted, or did not take it.
        """
        call = current()
        call.sent = "no"
        secret = self._secret or _made_secret()
        message = self._message(parcel, archive(parcel, secret))
        if not self._secret and self._hand_over:
            self._hand_over(parcel.id, secret)
        with self._told(call), self._server(call) as server:
            return self._deliver(server, message, parcel, call)

    def _message(self, parcel: Parcel, content: bytes) -> EmailMessage:
        """The mail; its Message-ID is the same at every attempt, so that a repeat can be recognised."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, self._to, self._subject
        message["Date"] = formatdate()
        code = hashlib.sha256(parcel.id.encode()).hexdigest()[:32]
        message["Message-ID"] = f"<{code}@{self._sender.rpartition('@')[2]}>"
        message.set_content(TEXT)
        message.add_attachment(content, maintype="application", subtype="zip", filename=f"bericht-{code[:8]}.zip")
        return message

    @contextmanager
    def _server(self, call: Call) -> Iterator[smtplib.SMTP]:
        """A connection with TLS, cut when the time of the call is over."""
        server = self._new_server(call)
        call.when_over(lambda: _cut(server))
        try:
            server.connect(self._host, self._port)
            if self._security == "starttls":
                server.starttls(context=self._context)
            server.ehlo()
            if self._login:
                server.login(*self._login)
            yield server
            with suppress(OSError, smtplib.SMTPException):  # what became of the mail is known by now
                server.quit()
        finally:
            server.close()

    def _new_server(self, call: Call) -> smtplib.SMTP:
        """A client that is not connected yet; the name is needed for the check of the certificate."""
        if self._security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname=NAME, timeout=call.left(), context=self._context)
        else:
            server = smtplib.SMTP(local_hostname=NAME, timeout=call.left())
        server._host = self._host  # type: ignore[attr-defined]  # smtplib sets it only when it connects at once
        return server

    def _deliver(self, server: smtplib.SMTP, message: EmailMessage, parcel: Parcel, call: Call) -> Receipt:
        """Hand the mail over; what the server says step by step tells how far it came."""
        data = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
        size = server.esmtp_features.get("size", "")
        if size.isdecimal() and 0 < int(size) < len(data):
            return Receipt("refused", parcel.digest, code="552")
        for code in (server.mail(self._sender)[0], server.rcpt(self._to)[0]):
            if code >= 300:
                return self._answer(code, parcel)
        call.leaving()
        try:
            code = server.data(data)[0]
        except smtplib.SMTPDataError as error:  # it did not want to begin
            code = max(error.smtp_code, 400)
        return self._answer(code, parcel)

    def _answer(self, code: int, parcel: Parcel) -> Receipt:
        """What a code means: 2xx taken, 4xx not now, 5xx never (RFC 5321, 4.2.1)."""
        if 200 <= code < 300:
            return Receipt("accepted", parcel.digest, code=str(code))
        if 500 <= code < 600:
            return Receipt("refused", parcel.digest, code=str(code))
        sent: Sent = "no" if 400 <= code < 500 else "unknown"
        raise self._error(f"The mail server does not take it now ({code}).", sent, retryable=True)

    @contextmanager
    def _told(self, call: Call) -> Iterator[None]:
        """Turn what smtplib raises into our errors: its texts quote what the server wrote."""
        try:
            yield
        except smtplib.SMTPAuthenticationError:
            raise self._error(
                "The mail server did not accept the user or the password.", "no", retryable=False
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise self._error("The mail server offers no TLS or no log in.", "no", retryable=False) from None
        except ssl.SSLError as error:
            raise tls.failed(error, call.sent, self._host) from None
        except (OSError, smtplib.SMTPException) as error:
            told = f"The mail server cannot be reached or broke off: {type(error).__name__}."
            raise self._error(told, call.sent, retryable=True) from None

    def _error(self, what: str, sent: Sent, *, retryable: bool) -> TransportError:
        return TransportError(what, retryable=retryable, sent=sent, where=self._host)


def _cut(server: smtplib.SMTP) -> None:
    """Break off whatever connection there is by now: TLS puts another socket in the place of the first."""
    if server.sock:
        cut(server.sock)


def archive(parcel: Parcel, password: str) -> bytes:
    """A ZIP with the content, encrypted with AES-256 in the form of WinZip (AE-2).

    Args:
        parcel: What goes into it, as ``bericht.xml``, ``bericht.json`` or ``bericht.bin``.
        password: What opens it.
    """
    bare = parcel.media_type.split(";")[0].strip().lower()
    suffix = next((kind for kind in ("xml", "json") if bare.endswith(("/" + kind, "+" + kind))), "bin")
    target = io.BytesIO()
    with pyzipper.AESZipFile(target, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as made:
        made.setpassword(password.encode())
        made.setencryption(pyzipper.WZ_AES, nbits=256)
        made.writestr(made.zipinfo_cls(f"bericht.{suffix}"), parcel.content)  # dated 1980, whatever the day
    return target.getvalue()


def _made_secret() -> str:
    """A password of 24 characters that can be read out over the telephone: some 138 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(6)) for _ in range(4))


def _archive_secret(given: str | None, hand_over: Callable[[str, str], object] | None) -> str | None:
    if given is None and hand_over is None:
        raise UsageError(
            "Nobody would get the password of the ZIP.", remedy="Give archive_password=, or a function as hand_over=."
        )
    if given is not None and len(given) < MIN_PASSWORD:
        raise UsageError(f"The password of the ZIP is shorter than {MIN_PASSWORD} characters.")
    return given


def _mailbox(address: str) -> str:
    """A bare address of mail; a list, a name before it or a line break is none."""
    local, _, domain = address.rpartition("@")
    if not local or not domain or not address.isascii() or not address.isprintable() or set(address) & set(' <>,;"\\'):
        raise UsageError("This is no address of mail.", remedy="Give one bare address, such as naam@school.invalid.")
    return address


def _one_of(security: str) -> str:
    if security not in ("starttls", "tls"):
        raise UsageError(f"There is no security {security!r}.", remedy="Choose starttls or tls.")
    return security
