"""Calls an endpoint, and hides nothing of what comes back: status, headers, body, and how long it took."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from oso_bridge.errors import UsageError
from oso_bridge.testing.kit.scenario import Wrong

SOAP_TYPE = "text/xml; charset=utf-8"
LARGEST = 64 * 1024 * 1024
_PIECE = 64 * 1024
_CUT_OFF = (http.client.IncompleteRead, BrokenPipeError, ConnectionResetError, ConnectionAbortedError)
_HEADERS: Mapping[str, str] = {"Content-Type": SOAP_TYPE, "SOAPAction": '""', "Accept-Encoding": "identity"}


class NoAnswer(Wrong):
    """No answer came; what a scenario does not catch of these is a failure.

    Attributes:
        code: ``te_laat`` (not within the time), ``geen_verbinding`` (nobody is there), ``tls`` (the handshake failed),
            ``afgekapt`` (the connection ended before an answer did), ``te_groot`` or ``geen_http``.
    """


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer over HTTP.

    Attributes:
        status: The status.
        headers: The headers, names in small letters.
        body: The body.
        seconds: How long it took, the body included.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    seconds: float

    @property
    def media_type(self) -> str:
        """The media type, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Caller(Protocol):
    """What calls an endpoint."""

    def __call__(
        self, body: bytes | None, *, method: str = "POST", headers: Mapping[str, str] | None = None, query: str = ""
    ) -> Answer:
        """Call it.

        Args:
            body: The body; None for none.
            method: The method.
            headers: Headers in the place of, or beside, those of SOAP 1.1; an empty one leaves it out.
            query: What stands behind the question mark of the address.

        Raises:
            NoAnswer: No answer came.
        """
        ...


class HttpCaller:
    """Calls an address, each time over a connection of its own.

    Args:
        url: The address.
        context: TLS, for ``https://``.
        seconds: How long a call may take, all in all.

    Raises:
        UsageError: It is no address of HTTP.
    """

    def __init__(self, url: str, *, context: ssl.SSLContext | None = None, seconds: float = 20.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError("The address of the endpoint is not one of http or https.")
        if parts.scheme == "https" and context is None:
            raise UsageError("An address of https needs an identity.", remedy="Give --oso-identity.")
        self.url = url
        self._parts = parts
        self._context = context if parts.scheme == "https" else None
        self._seconds = seconds

    def __call__(
        self, body: bytes | None, *, method: str = "POST", headers: Mapping[str, str] | None = None, query: str = ""
    ) -> Answer:
        """Call the address; see :class:`Caller`."""
        asked = "&".join(part for part in (self._parts.query, query) if part)
        path, started = f"{self._parts.path or '/'}{'?' if asked else ''}{asked}", time.monotonic()
        line = self._line()
        try:
            line.sock = self._connected()
            with _cut_off(line.sock, self._seconds):
                if self._context is not None:
                    line.sock = self._context.wrap_socket(line.sock, server_hostname=self._parts.hostname)
                line.request(method, path, body, _headers(headers))
                answer = line.getresponse()
                told = {name.lower(): value for name, value in answer.getheaders()}
                content, took = _body(answer), time.monotonic() - started
        except (NoAnswer, OSError, http.client.HTTPException, ValueError) as error:
            late = time.monotonic() - started >= self._seconds
            raise NoAnswer("te_laat" if late else _code(error)) from None
        finally:
            line.close()
        if took >= self._seconds:
            raise NoAnswer("te_laat")  # a connection that is cut off can look like one that ended
        return Answer(answer.status, told, content, took)

    def _connected(self) -> socket.socket:
        """A connection without TLS yet: the handshake may not last for ever either."""
        port = self._parts.port or (http.client.HTTP_PORT if self._context is None else http.client.HTTPS_PORT)
        return socket.create_connection((str(self._parts.hostname), port), timeout=self._seconds)

    def _line(self) -> http.client.HTTPConnection:
        """A new connection; it is made when the first byte is sent."""
        host, port = str(self._parts.hostname), self._parts.port
        if self._context is None:
            return http.client.HTTPConnection(host, port, timeout=self._seconds)
        return http.client.HTTPSConnection(host, port, timeout=self._seconds, context=self._context)


class WsgiCaller:
    """Calls a WSGI application in this process, for tests of one's own.

    Args:
        application: The application.
        environ: More of the WSGI environment, such as who the caller is.
        seconds: How long a call may take.
        clock: Tells the time in seconds.
    """

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        environ: Mapping[str, Any] | None = None,
        *,
        seconds: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._application = application
        self._clock = clock
        self._seconds = seconds
        self._environ = dict(environ or {})

    def __call__(
        self, body: bytes | None, *, method: str = "POST", headers: Mapping[str, str] | None = None, query: str = ""
    ) -> Answer:
        """Call the application; see :class:`Caller`."""
        content, told = body or b"", _headers(headers)
        environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": "/", "QUERY_STRING": query}
        environ |= {"wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in told.items()}
        environ |= {"CONTENT_TYPE": environ.pop("HTTP_CONTENT_TYPE", ""), **self._environ}
        said: list[Any] = []
        started = self._clock()
        pieces = b"".join(self._application(environ, lambda status, found: said.extend((status, found))))
        if self._clock() - started > self._seconds:
            raise NoAnswer("te_laat")
        headed = {name.lower(): value for name, value in said[1]}
        if len(pieces) < int(headed.get("content-length", "0")):
            raise NoAnswer("afgekapt")
        return Answer(int(said[0][:3]), headed, pieces, self._clock() - started)


@contextmanager
def _cut_off(line: socket.socket, seconds: float) -> Iterator[None]:
    """End a connection after some time: a byte now and then is no answer."""
    # a duplicate: TLS takes the socket over, and its state belongs to the thread that reads
    held = line.dup()

    def cut() -> None:
        with suppress(OSError):
            held.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        held.close()


def _body(answer: http.client.HTTPResponse) -> bytes:
    """The body, within the size that there is."""
    pieces, size = [], 0
    while piece := answer.read1(_PIECE):
        size += len(piece)
        if size > LARGEST:
            raise NoAnswer("te_groot")
        pieces.append(piece)
    if answer.length:
        raise NoAnswer("afgekapt")
    return b"".join(pieces)


def _headers(given: Mapping[str, str] | None) -> dict[str, str]:
    """The headers of a call; those that are empty are left out."""
    return {name: value for name, value in {**_HEADERS, **(given or {})}.items() if value}


def _code(error: Exception) -> str:
    """What kept an answer from coming."""
    if isinstance(error, NoAnswer):
        return error.code
    if isinstance(error, TimeoutError):
        return "te_laat"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, _CUT_OFF):
        return "afgekapt"
    return "geen_verbinding" if isinstance(error, OSError) else "geen_http"
