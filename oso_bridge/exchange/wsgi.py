"""The endpoint as a WSGI application: what HTTP may do is judged here, before a byte of XML is looked at.

The application does not know who sends: a server with mutual TLS tells it, see :mod:`oso_bridge.exchange.server`.  A
header of the request is never believed for that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from email.message import Message
from http import HTTPStatus
from typing import Any

from oso_bridge.exchange import soap
from oso_bridge.exchange.conversation import LOG
from oso_bridge.exchange.endpoint import ACTION, OIN, REQUEST_LIMITS
from oso_bridge.parcels import Parcel

Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], object]
_PIECE = 64 * 1024
_NO_STORE = ("Cache-Control", "no-store")


class _HttpRefusal(Exception):
    """A request that is not looked at any further."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


def no_oin(environ: Environ) -> str:
    """No OIN: nobody is known, so only an endpoint that is open to everyone answers."""
    del environ
    return ""


class Application:
    """A WSGI application around an endpoint; may be called by several threads at once.

    Args:
        endpoint: Answers parcels.
        oin: Gives the OIN of the sender out of the WSGI environment, as its server put it there; never out of a header.
        max_bytes: The largest body.
        seconds: How long a body may take to come, all in all.
        path: The path that is served; every path when it is empty.
    """

    def __init__(
        self,
        endpoint: Callable[[Parcel], Parcel],
        *,
        oin: Callable[[Environ], str] = no_oin,
        max_bytes: int = REQUEST_LIMITS.max_bytes,
        seconds: float = 20.0,
        path: str = "",
    ) -> None:
        self._endpoint = endpoint
        self._oin = oin
        self._most = max_bytes
        self._seconds = seconds
        self._path = path

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """Answer a request.

        Args:
            environ: The WSGI environment.
            start_response: Takes the status and the headers.
        """
        try:
            parcel = self._parcel(environ)
        except _HttpRefusal as error:
            LOG.info("http-geweigerd status=%d", error.status)
            return respond(start_response, error.status, [], [("Allow", "POST"), ("Connection", "close")])
        return self.answered(parcel, start_response)

    def answered(self, parcel: Parcel, start_response: Start) -> Iterable[bytes]:
        """Have a request answered.

        Args:
            parcel: The request.
            start_response: Takes the status and the headers.
        """
        reply = self._endpoint(parcel)
        status = HTTPStatus.INTERNAL_SERVER_ERROR if reply.operation == soap.FAULT else HTTPStatus.OK
        return respond(start_response, status, [reply.content], [("Content-Type", reply.media_type)])

    def _parcel(self, environ: Environ) -> Parcel:
        if self._path and environ.get("PATH_INFO") != self._path:
            raise _HttpRefusal(HTTPStatus.NOT_FOUND)
        if environ.get("REQUEST_METHOD") != "POST":
            raise _HttpRefusal(HTTPStatus.METHOD_NOT_ALLOWED)
        _refuse_media_type(str(environ.get("CONTENT_TYPE", "")))
        if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() != "identity":
            raise _HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        content = self._body(environ)
        routing = {OIN: self._oin(environ), ACTION: str(environ.get("HTTP_SOAPACTION", ""))}
        return Parcel(content, soap.MEDIA_TYPE, routing=routing)

    def _body(self, environ: Environ) -> bytes:
        """The body, of the length that was announced or in chunks, within the time and size that it may take."""
        length = _length(environ)
        most = self._most if length is None else length
        if most > self._most:
            raise _HttpRefusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body, end = bytearray(), time.monotonic() + self._seconds
        while len(body) < most and (piece := _read(environ, min(most - len(body), _PIECE))):
            if time.monotonic() > end:
                raise _HttpRefusal(HTTPStatus.REQUEST_TIMEOUT)
            body += piece
        if length is None and len(body) == most and _read(environ, 1):
            raise _HttpRefusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if length not in (None, len(body)):
            raise _HttpRefusal(HTTPStatus.BAD_REQUEST)
        return bytes(body)


def _read(environ: Environ, most: int) -> bytes:
    """A piece of the body; one that does not come in the time of the server, or is no chunk, ends the request."""
    source = environ["wsgi.input"]
    try:
        piece: bytes = getattr(source, "read1", source.read)(most)
    except OSError:
        raise _HttpRefusal(HTTPStatus.REQUEST_TIMEOUT) from None
    except ValueError:
        raise _HttpRefusal(HTTPStatus.BAD_REQUEST) from None
    return piece


def _length(environ: Environ) -> int | None:
    """The length of the body; None for one in chunks, whose end a server must be able to tell."""
    text, coding = str(environ.get("CONTENT_LENGTH") or ""), environ.get("HTTP_TRANSFER_ENCODING")
    if coding and not text and str(coding).strip().lower() == "chunked" and environ.get("wsgi.input_terminated"):
        return None
    if coding or not text:
        raise _HttpRefusal(HTTPStatus.LENGTH_REQUIRED)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise _HttpRefusal(HTTPStatus.BAD_REQUEST)
    return int(text)


def _refuse_media_type(text: str) -> None:
    """SOAP 1.1 travels as text/xml; in UTF-8 alone."""
    header = Message()
    header["Content-Type"] = text
    charset = header.get_content_charset("utf-8")
    if not text or header.get_content_type() != "text/xml" or charset not in ("utf-8", "utf8"):
        raise _HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def respond(
    start: Start, status: HTTPStatus, body: Iterable[bytes], headers: list[tuple[str, str]], size: int | None = None
) -> Iterable[bytes]:
    """Begin an answer, and give its body.

    Args:
        start: Takes the status and the headers.
        status: The status.
        body: The body in pieces.
        headers: More headers.
        size: The bytes of the body, when it is not a list.
    """
    length = size if size is not None else sum(map(len, body))
    start(f"{status.value} {status.phrase}", [*headers, ("Content-Length", str(length)), _NO_STORE])
    return body
