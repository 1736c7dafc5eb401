"""A web server with mutual TLS for the endpoint: cheroot, with what it lacks for the open internet.

* A handshake keeps no worker waiting: a caller of whom nothing came yet waits where idle connections do, for a short
  time and with a bounded number of others. So strangers keep nobody out.
* A watch ends a connection that takes too long all in all: a byte now and then is no life.
* Headers that another server could read otherwise are refused, and after a refusal the connection is closed: what
  follows a body that was not read is never taken for a request.
* A body in chunks is read to the letter, for some clients send none else; the connection is closed behind it.
* The OIN of the caller's certificate stands in the WSGI environment as :data:`OIN`, and comes from nowhere else.
* Nothing of a request, and no traceback, is written to a log.
"""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from oso_bridge.errors import UsageError
from oso_bridge.exchange.conversation import LOG
from oso_bridge.exchange.endpoint import REQUEST_LIMITS
from oso_bridge.exchange.wsgi import Environ, Start

OIN = "oso_bridge.oin"
"""Where the OIN of the caller stands in the WSGI environment; a header of a request cannot have this name."""
_HEADERS = 16 * 1024
_TICK = 0.5
_KEPT_ALIVE = 100
_STRANGERS = 256
_HANDSHAKE = 10.0
_CHUNK_LINE = 256
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
# no underscore, which WSGI cannot tell from a hyphen; no space before the colon, no line that goes on
_HEADER = re.compile(rb"([!#$%&'*+.^`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*\r\n")


def oin_of(environ: Environ) -> str:
    """The OIN of the caller, as :func:`make_server` put it there; empty when there is none.

    Args:
        environ: The WSGI environment.
    """
    return str(environ.get(OIN, ""))


def make_server(
    application: Callable[[Environ, Start], Iterable[bytes]],
    host: str,
    port: int,
    *,
    context: ssl.SSLContext | None,
    threads: int = 20,
    seconds: float = 60.0,
    max_bytes: int = REQUEST_LIMITS.max_bytes,
) -> Any:
    """A server that is ready to start.

    Args:
        application: A WSGI application, such as ``wsgi.Application``, made with ``oin=oin_of``.
        host: The address to listen at.
        port: The port; 0 for any.
        context: What TLS is spoken with, such as ``oso.Identity(...).server_context()``: it must ask for a certificate
            of the caller. None for plain HTTP, for a test or behind another server on the same machine; nobody has an
            OIN then.
        threads: How many requests are answered at a time.
        seconds: How long a connection may be busy with one request, the answer included.
        max_bytes: The largest body.

    Returns:
        A ``cheroot.wsgi.Server``: ``prepare()`` binds, ``serve()`` runs, ``stop()`` ends it.

    Raises:
        UsageError: cheroot is not installed, or the context takes callers without a certificate.
    """
    if context is not None and context.verify_mode is not ssl.CERT_REQUIRED:
        raise UsageError("The TLS context takes callers without a certificate.", remedy="Use ssl.CERT_REQUIRED.")
    try:
        from cheroot import wsgi
    except ImportError:
        raise UsageError("Serving needs cheroot.", remedy="Run: pip install 'oso-bridge[serve]'.") from None
    made: Any = wsgi.Server(
        (host, port), application, numthreads=threads, server_name="oso-bridge", request_queue_size=128
    )
    made.max_request_body_size, made.max_request_header_size = max_bytes, _HEADERS
    made.keep_alive_conn_limit = _KEPT_ALIVE
    made.version = made.software = "oso-bridge"
    made.error_log = _log
    made.watch = _Watch(seconds)
    made.door = _Watch(min(seconds, _HANDSHAKE), most=_STRANGERS)
    made.ConnectionClass = _connection_class()
    made.ssl_adapter = _adapter(context) if context is not None else None
    return made


def run(server: Any, told: Callable[[str], None]) -> None:
    """Serve until the process is told to stop, by an interrupt or by whoever manages services.

    The signals only raise a flag. An exception out of a signal can come in the middle of handing a connection to a
    worker, and then a worker would wait for ever.

    Args:
        server: What :func:`make_server` gave, prepared.
        told: Takes a line for people: where it listens, and that it stops.
    """
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    serving = threading.Thread(target=server.serve, name="oso-bridge-serve", daemon=True)
    serving.start()
    host, port = server.bind_addr[:2]
    told(f"Listening at {host} port {port}; interrupt to stop.")
    try:
        while serving.is_alive() and not stop.wait(_TICK):
            pass
        told("Stopping.")
    finally:
        server.stop()
        serving.join(_TICK * 10)
        for number, handler in before.items():
            signal.signal(number, handler)


def _log(msg: str = "", level: int = 20, traceback: bool = False) -> None:
    """What cheroot has to say may quote a request, so only that it has something to say is told."""
    del msg, traceback
    LOG.log(level, "http-server ernst=%d", level)


class _Watch:
    """Ends connections that are busy too long; a thread runs while there are any.

    Args:
        seconds: How long a connection may be busy.
        most: How many there may be; for one more the one that came first is ended.
    """

    def __init__(self, seconds: float, most: int | None = None) -> None:
        self._seconds = seconds
        self._most = most
        self._ends: dict[Any, float] = {}
        self._lock = threading.Lock()
        self._runs = False

    @contextlib.contextmanager
    def over(self, line: Any) -> Any:
        """Watch over a socket while it is busy."""
        self.start(line)
        try:
            yield
        finally:
            self.stop(line)

    def start(self, line: Any) -> None:
        """Watch over a socket from now on."""
        with self._lock:
            first = next(iter(self._ends), None) if len(self._ends) == self._most else None
            if first is not None:
                del self._ends[first]
            self._ends[line] = time.monotonic() + self._seconds
            starts, self._runs = not self._runs, True
        if first is not None:
            _end(first, "te-veel")
        if starts:
            threading.Thread(target=self._run, name="oso-bridge-watch", daemon=True).start()

    def stop(self, line: Any) -> None:
        """Watch no longer over a socket."""
        with self._lock:
            self._ends.pop(line, None)

    def _run(self) -> None:
        while True:
            time.sleep(_TICK)
            now = time.monotonic()
            with self._lock:
                late = [line for line, end in self._ends.items() if end < now]
                for line in late:
                    del self._ends[line]
                self._runs = bool(self._ends)
                runs = self._runs
            for line in late:
                _end(line, "te-lang")
            if not runs:
                return


def _end(line: Any, reason: str) -> None:
    """Cut a connection; whoever reads from it sees its end."""
    LOG.info("http-geweigerd reden=%s", reason)
    # that of the plain socket: the one of TLS would take the state away from the thread that reads
    with contextlib.suppress(OSError):
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def _request_class() -> Any:
    """Requests whose end is never in doubt."""
    from cheroot.server import HTTPRequest

    class Request(HTTPRequest):
        """One request."""

        def header_reader(self, rfile: Any, found: dict[bytes, bytes]) -> None:
            """Read the headers."""
            _read_headers(rfile, found)

        def read_request_headers(self) -> bool:
            """Read the headers, and refuse those of a body whose end is not clear."""
            good: bool = super().read_request_headers()  # type: ignore[no-untyped-call]
            if good and not _has_clear_end(self):
                self.close_connection, good = True, False
                self.simple_response("400 Bad Request")
            return good

        def respond(self) -> None:
            """Have the request answered; one in chunks is the last of its connection."""
            if not self.chunked_read:
                super().respond()
                return
            self.close_connection, self.rfile = True, _Chunks(self.conn.rfile)
            self.server.gateway(self).respond()
            if self.ready:
                self.ensure_headers_sent()
            if self.chunked_write:
                self.conn.wfile.write(b"0\r\n\r\n")

        def send_headers(self) -> None:
            """Send the headers; cheroot tells the caller that it closes, and does not do it."""
            if (b"Connection", b"close") in self.outheaders:
                self.close_connection = True
            super().send_headers()

    return Request


def _read_headers(source: Any, found: dict[bytes, bytes]) -> None:
    """Read headers; one that is repeated becomes one list, in which a length or an action is none.

    Raises:
        ValueError: One of them cannot be.
    """
    while (line := source.readline()) != b"\r\n":
        match = _HEADER.fullmatch(line)
        if match is None:
            raise ValueError("This header cannot be.")
        name = match[1].title()
        found[name] = b", ".join((found[name], match[2])) if name in found else match[2]


def _has_clear_end(request: Any) -> bool:
    """Whether a body has a length or is in chunks: with both, another server may see another end."""
    coding = request.inheaders.get(b"Transfer-Encoding")
    if coding is None:
        return True
    return bool(request.chunked_read) and coding.lower() == b"chunked" and b"Content-Length" not in request.inheaders


class _Chunks:
    """A body in chunks (RFC 9112, 7.1); cheroot's own reader takes sizes that others read otherwise.

    Args:
        source: The connection, behind the headers.
    """

    def __init__(self, source: Any) -> None:
        self._source = source
        self._left = 0
        self._ended = False

    def read(self, most: int) -> bytes:
        """What is there of the body, up to so many bytes; nothing at its end.

        Raises:
            ValueError: It is no body in chunks.
        """
        if not (self._left or self._ended):
            self._begin()
        if self._ended:
            return b""
        piece: bytes = self._source.read1(min(most, self._left))
        self._left -= len(piece)
        if not piece or (not self._left and self._source.read(2) != b"\r\n"):
            raise ValueError("A chunk does not end where it should.")
        return piece

    def _begin(self) -> None:
        """Read the size of the next chunk; behind the last one there may be trailers, which nobody asked for."""
        match = _CHUNK.fullmatch(self._source.readline(_CHUNK_LINE))
        if match is None:
            raise ValueError("A chunk has no size.")
        self._left = int(match[1], 16)
        self._ended = not self._left
        if self._ended and self._source.readline(_CHUNK_LINE) != b"\r\n":
            raise ValueError("There is more behind the last chunk.")


def _connection_class() -> Any:
    """Connections that shake hands before anything else, without keeping their worker."""
    from cheroot.server import HTTPConnection

    class Connection(HTTPConnection):
        """One connection."""

        RequestHandlerClass = _request_class()

        def __init__(self, server: Any, sock: Any, makefile: Any) -> None:
            super().__init__(server, sock, makefile)
            if isinstance(sock, ssl.SSLSocket):
                server.door.start(sock)
                sock.settimeout(0)

        def communicate(self) -> Any:
            """Answer one request; shake hands before the first, a step at a time."""
            if not _is_known(self):
                return self._greet()
            with self.server.watch.over(self.socket):
                return super().communicate()  # type: ignore[no-untyped-call]

        def _greet(self) -> Any:
            """Go on with the handshake as far as what came allows; whether the connection stays open."""
            try:
                self.socket.do_handshake()
                self.ssl_env[OIN] = _oin(self.socket.getpeercert(binary_form=True))
            except ssl.SSLWantReadError:
                return True
            except (OSError, ValueError) as error:
                LOG.info("tls-geweigerd %s", _reason(error))
                return False
            self.server.door.stop(self.socket)
            self.socket.settimeout(self.server.timeout)
            return self.communicate()

        def close(self) -> None:
            """Close the connection; one that was closed before would end the worker, and with it the server."""
            self.server.door.stop(self.socket)
            try:
                super().close()
            except (OSError, ValueError):
                self.socket.close()

    return Connection


def _reason(error: Exception) -> str:
    """Why a caller got no connection: the code of ``identity.toml``, and the OIN of a certificate that is one's own."""
    from oso_bridge import identifiers
    from oso_bridge.identity import explain

    known = explain(error)
    if known is None or not known.code:
        return f"soort={type(error).__name__}"
    oin = known.notice.args.get("oin", "") if known.notice else ""
    return f"reden={known.code}" + (f" oin={oin}" if identifiers.oin.is_valid(oin) else "")


def _is_known(connection: Any) -> bool:
    """Whether the caller has shown who it is, or need not."""
    env = connection.ssl_env
    return env is None or not isinstance(connection.socket, ssl.SSLSocket) or OIN in env


def _oin(certificate: bytes | None) -> str:
    """The OIN in the subject of a certificate; empty when there is none, or more than one."""
    from cryptography import x509

    from oso_bridge.identity import certificates

    return (certificates.oin(x509.load_der_x509_certificate(certificate)) or "") if certificate else ""


def _adapter(context: ssl.SSLContext) -> Any:
    """What cheroot wraps sockets with: nothing is waited for here."""
    from cheroot.makefile import StreamReader, StreamWriter
    from cheroot.ssl import Adapter

    class Adapted(Adapter):
        """TLS without a handshake yet."""

        def __init__(self) -> None:
            self.context = context

        def bind(self, sock: socket.socket) -> socket.socket:
            """Leave the listening socket as it is."""
            return sock

        def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, Any]]:
            """Make a TLS socket that has yet to shake hands."""
            made = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            return made, {"wsgi.url_scheme": "https", "HTTPS": "on"}

        def get_environ(self) -> dict[str, Any]:
            """Nothing for all connections alike."""
            return {}

        def makefile(self, sock: Any, mode: str = "r", bufsize: int = -1) -> Any:
            """A file to read from or write to."""
            del bufsize
            return StreamReader(sock, mode) if "r" in mode else StreamWriter(sock, mode)

    return Adapted()
