"""HTTPS: a parcel is the body of a POST, the body of the answer is the reply.  It sends only.

:class:`HttpLine` posts to one address; :class:`ResourceLine` asks a service of resources, with GET as well.

What ``requests`` does by itself and this does not: trust the roots of browsers beside those that are given, follow
redirects (a 307 sends the body to another host), take proxies, roots and passwords from the environment, unpack what
is compressed, wait for ever.  Every parcel has a connection of its own, so that it is certain what had left when one
fails.
"""

from __future__ import annotations

import http.client
import io
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from oso_bridge.errors import TransportError, UsageError
from oso_bridge.parcels import Parcel, Receipt, Sent, Status
from oso_bridge.transports import tls
from oso_bridge.transports.base import Line
from oso_bridge.transports.calls import Call, active, current

HEADS = 262_144  # what may come in besides the content: headers, sizes of chunks
PIECE = 65_536
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SOAP = "text/xml"

# urllib3 lets a ValueError through for some sizes of chunks
_ERRORS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)
_MEDIA_TYPE = re.compile(
    r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;\s*[\w!#$&^.+-]+=(?:[\w!#$&'*^.+:-]+|\"[\x20\x21\x23-\x7e]*\"))*", re.ASCII
)
_PATH = re.compile(r"(?!\.)[A-Za-z0-9_.~-]+(?:/(?!\.)[A-Za-z0-9_.~-]+)*")
_QUERY = re.compile(rb"[A-Za-z0-9_.~*+%=&-]*")
# The other side says that it did nothing with the request (RFC 9110, 15.5.9 and 15.6.4; RFC 6585, 4).
_NOT_NOW = frozenset({408, 429, 503})


class Identity(Protocol):
    """Who we are: what has a TLS context with our certificate and the roots we trust."""

    def client_context(self) -> ssl.SSLContext:
        """The context for a client."""


class HttpLine(Line):
    """Sends parcels by HTTPS.

    The media type of a parcel becomes ``Content-Type``, its id ``Idempotency-Key``; with ``text/xml`` (SOAP 1.1) its
    operation becomes ``SOAPAction``.

    An answer of 400 or more is a refusal when it is XML, such as a SOAP fault, or below 500.  Other ones come from
    a server that is not well, and are an error.

    Args:
        url: The address, ``https://...``.
        identity: Our certificate and the roots that we trust.
        roots: The roots that we trust, when no certificate of ours is wanted: a file in PEM, or ``system``.
        proxies: Proxies by scheme, such as ``{"https": "http://proxy:3128"}``; the environment is not asked.
        headers: More headers.
        insecure: Take ``http://`` as well, to this very machine only; for tests.

    Raises:
        UsageError: The address is not one of https, or it is not said whom to trust.
    """

    address = "url"

    def __init__(
        self,
        url: str,
        *,
        identity: Identity | None = None,
        roots: tls.Roots | None = None,
        proxies: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        insecure: bool = False,
    ) -> None:
        self._url = checked(url, insecure)
        self._where = urlunsplit(urlsplit(url)._replace(query="", fragment=""))
        self._context = _context(url, identity, roots)
        self._proxies = dict(proxies or {})
        self._headers = dict(headers or {})

    def __repr__(self) -> str:
        return f"<HttpLine {self._where}>"

    def send(self, parcel: Parcel) -> Receipt:
        """Send a parcel and take the answer.

        Raises:
            TransportError: There is no answer, one that is too large or compressed, a redirect, or a server in trouble.
        """
        method, url, body = self._target(parcel)
        with active() as call, self._session() as session, self._told(call):
            call.sent = "no"
            answer = session.request(
                method,
                url,
                data=body,
                headers=self._headers_of(parcel),
                timeout=call.left(),
                allow_redirects=False,
                stream=True,
                proxies=self._proxies,
            )
            with answer:
                call.sent = "yes"
                return self._receipt(parcel, answer, call)

    def _target(self, parcel: Parcel) -> tuple[str, str, bytes | None]:
        """The method, the address and the body of the request for a parcel."""
        return "POST", self._url, parcel.content

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", _Adapter(self._context))
        session.mount("http://", _Adapter(self._context))
        return session

    def _headers_of(self, parcel: Parcel) -> dict[str, str]:
        headers = {
            "Content-Type": parcel.media_type,
            "Accept-Encoding": "identity",
            "Connection": "close",
            "Idempotency-Key": _quoted(parcel.id),
        }
        if parcel.media_type.split(";")[0].strip().lower() == SOAP:
            headers["SOAPAction"] = _quoted(parcel.operation)
        return {**headers, **self._headers}

    def _receipt(self, parcel: Parcel, answer: requests.Response, call: Call) -> Receipt:
        """What an answer means."""
        status = answer.status_code
        if status < 200:
            raise self._error(f"The other side answers {status}, which is no end of an answer.", "unknown", False)
        if 300 <= status < 400:
            raise self._error(f"The other side sends us elsewhere ({status}); that is not followed.", "unknown", False)
        if answer.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            raise self._error("The answer is compressed, which was not asked for.", "yes", False)
        media_type = answer.headers.get("Content-Type", "")
        if status >= 400 and (status in _NOT_NOW or status >= 500) and not _is_xml(media_type):
            sent: Sent = "no" if status in _NOT_NOW else "unknown"
            raise self._error(f"The other side is in trouble: it answers {status}.", sent, True)
        content = self._content(answer, call)
        meaning: Status = "refused" if status >= 400 else "accepted" if status == 202 else "delivered"
        return Receipt(meaning, parcel.digest, _reply(content, media_type), str(status))

    def _content(self, answer: requests.Response, call: Call) -> bytes:
        """The body of an answer, read piece by piece within the limit."""
        pieces, size = [], 0
        while piece := answer.raw.read(PIECE, decode_content=False):
            size += len(piece)
            if size > call.max_bytes:
                raise _too_large(call)
            pieces.append(piece)
        return b"".join(pieces)

    @contextmanager
    def _told(self, call: Call) -> Iterator[None]:
        """Turn what the libraries raise into our errors; their texts quote addresses and the other side."""
        try:
            yield
        except TransportError as error:
            raise self._error(error.what, error.sent, error.retryable, error.remedy) from None
        except _ERRORS as error:
            if call.sent == "no" and isinstance(error, requests.exceptions.InvalidHeader):
                raise UsageError("A header cannot be sent as it is.", remedy="Look at headers=.") from None
            raise self._failed(error, call) from None

    def _failed(self, error: Exception, call: Call) -> TransportError:
        inner = _inner(error, ssl.SSLError)
        if isinstance(inner, ssl.SSLError):
            return tls.failed(inner, call.sent, self._where)
        if _inner(error, TimeoutError) or isinstance(error, requests.Timeout):
            return self._error(call.late().what, call.sent, True)
        if call.sent == "no":
            return self._error("The other side cannot be reached.", "no", True, "Check the address and the network.")
        if call.sent == "yes":
            return self._error("The answer of the other side was cut off, or is no proper HTTP.", "yes", True)
        if _inner(error, ConnectionError):
            return tls.broken_off("unknown", self._where, retryable=True)
        return self._error("The other side does not answer in proper HTTP.", "unknown", True)

    def _error(self, what: str, sent: Sent, retryable: bool, remedy: str | None = None) -> TransportError:
        return TransportError(what, retryable=retryable, sent=sent, where=self._where, remedy=remedy)


class ResourceLine(HttpLine):
    """Asks a service of resources (REST) at one address, over the same connection as :class:`HttpLine`.

    The operation of a parcel is a method and a path below the address, such as ``GET:schools``.  With GET the content
    is the query (``application/x-www-form-urlencoded``); with POST it is the body.

    Args:
        url: The address that all paths are below, ``https://...`` without a query.
        options: Those of :class:`HttpLine`.

    Raises:
        UsageError: As there.
    """

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(url, **options)
        if "?" in url or "#" in url:
            raise UsageError("This address has a query.", remedy="Give the address that all paths are below.")

    def __repr__(self) -> str:
        return f"<ResourceLine {self._where}>"

    def _target(self, parcel: Parcel) -> tuple[str, str, bytes | None]:
        """The method, the address and the body.

        Raises:
            UsageError: The operation is no GET or POST of a path, or the query is none.
        """
        method, _, path = parcel.operation.partition(":")
        if method not in ("GET", "POST") or not _PATH.fullmatch(path):
            raise UsageError("The operation is no method and path.", remedy="For example: GET:schools.")
        url = f"{self._url.rstrip('/')}/{path}"
        if method == "POST":
            return method, url, parcel.content
        if not _QUERY.fullmatch(parcel.content):
            raise UsageError("The content is no query.", remedy="Encode it, as urllib.parse.urlencode does.")
        return method, f"{url}?{parcel.content.decode('ascii')}" if parcel.content else url, None

    def _headers_of(self, parcel: Parcel) -> dict[str, str]:
        """The headers; a GET has no body to describe, and may be repeated as it is."""
        headers = super()._headers_of(parcel)
        if parcel.operation.startswith("GET:"):
            del headers["Content-Type"], headers["Idempotency-Key"]
        return headers


def checked(url: str, insecure: bool = False) -> str:
    """An address of HTTPS, when it is one that may be used.

    Args:
        url: The address.
        insecure: Take ``http://`` to this very machine as well.

    Raises:
        UsageError: It is not one of https, or holds a password.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("https", "http"):
        raise UsageError("This is no address of HTTPS.", remedy="Give url=https://...")
    if parts.username or parts.password:
        raise UsageError("An address is no place for a password.", remedy="Give identity=, or headers=.")
    if parts.scheme == "http" and not (insecure and host in LOOPBACK):
        raise UsageError(
            "Without TLS nothing is sent.", remedy="Use https; insecure=True is for tests on this machine."
        )
    return url


def _context(url: str, identity: Identity | None, roots: tls.Roots | None) -> ssl.SSLContext | None:
    """The TLS context.

    Raises:
        UsageError: It is not said whom to trust, or said twice, or the context does not check.
    """
    if identity is not None and roots is not None:
        raise UsageError("identity= has roots of its own.", remedy="Leave out roots=.")
    if identity is not None:
        return tls.careful(identity.client_context())
    if roots is not None:
        return tls.client_context(roots)
    if url.startswith("http:"):
        return None
    raise UsageError("Whom to trust is not said.", remedy="Give identity=, or roots= (a file in PEM, or system).")


class _Adapter(HTTPAdapter):
    """An adapter of requests that uses our context as it is, and connections whose time can be over."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **settings: Any) -> None:
        super().init_poolmanager(*args, **settings, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **settings, ssl_context=self._context)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        # requests would load the roots of browsers into our context here, and so widen whom we trust
        del url, verify, cert
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = conn.ca_cert_dir = None


class _Metered(io.RawIOBase):
    """What comes in on a connection, up to a limit, whatever it is: headers, sizes of chunks, content."""

    def __init__(self, source: io.RawIOBase, call: Call) -> None:
        super().__init__()
        self._source = source
        self._call = call
        self._left = call.max_bytes + HEADS
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        count = self._source.readinto(buffer)
        self.ended = count == 0
        self._left -= count or 0
        if self._left < 0:
            raise _too_large(self._call)
        return count

    def close(self) -> None:
        self._source.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """A response that is read through a meter."""

    def __init__(self, sock: Any, *args: Any, **settings: Any) -> None:
        super().__init__(sock, *args, **settings)
        self._meter = _Metered(self.fp.detach(), current())
        self.fp = io.BufferedReader(self._meter)

    def begin(self) -> None:
        super().begin()
        # http.client takes headers that break off for headers that end
        if self._meter.ended:
            raise http.client.RemoteDisconnected("")


class _Connection(HTTPConnection):
    """A connection that is cut when the time of its call is over."""

    response_class = _Response

    def _new_conn(self) -> Any:
        connection = super()._new_conn()
        current().watch(connection)
        return connection

    def connect(self) -> None:
        super().connect()
        current().leaving()


class _TlsConnection(_Connection, HTTPSConnection):
    """The same with TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


def _quoted(text: str) -> str:
    """A text as a quoted string (RFC 9110, 5.6.4)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _too_large(call: Call) -> TransportError:
    return TransportError(
        f"The answer is larger than {call.max_bytes} bytes.",
        retryable=False,
        sent=call.sent,
        remedy="Raise max_bytes if it really may be that large.",
    )


def _reply(content: bytes, media_type: str) -> Parcel | None:
    """The body as a parcel; a media type that cannot be is not passed on."""
    if not content:
        return None
    return Parcel(content, media_type if _MEDIA_TYPE.fullmatch(media_type) else "application/octet-stream")


def _is_xml(media_type: str) -> bool:
    bare = media_type.split(";")[0].strip().lower()
    return bare.endswith(("/xml", "+xml"))


def _inner(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """The error of a kind that is at the bottom of one: libraries wrap them in one another."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if isinstance(one, kind):
            return one
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return None
