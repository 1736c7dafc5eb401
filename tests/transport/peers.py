"""A peer on this machine that plays a script: what it does with each connection is up to the test."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

Script = Callable[["Talk"], None]


class Talk:
    """One connection, as the peer sees it."""

    def __init__(self, peer: Peer, connection: socket.socket) -> None:
        self.peer = peer
        self.connection = connection

    def request(self) -> bytes:
        """Read a whole request: its headers and the body that they announce."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._some()
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += self._some()
        self.peer.heads.append(head)
        self.peer.bodies.append(body)
        return body

    def _some(self) -> bytes:
        data = self.connection.recv(65536)
        if not data:
            raise ConnectionError
        return data

    def say(self, data: bytes) -> None:
        self.connection.sendall(data)

    def answer(self, body: bytes = b"<dank/>", status: str = "200 OK", headers: str = "") -> None:
        """Take the request and answer it in the proper way."""
        self.request()
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        self.say(head.encode() + body)

    def drip(self, data: bytes, pause: float = 0.05) -> None:
        """Say it byte by byte, without an end."""
        while True:
            for byte in data:
                self.say(bytes([byte]))
                if self.peer.over.wait(pause):
                    return

    def nothing(self) -> None:
        """Say nothing until the test is done."""
        self.peer.over.wait(20)


class Peer:
    """Listens on a port of this machine and plays its script for each connection."""

    def __init__(self, script: Script, context: ssl.SSLContext | None, *, handshake: bool = True) -> None:
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.over = threading.Event()
        self._script, self._context, self._handshake = script, context, handshake
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://localhost:{self.port}/pad?naam=KANARIE"

    def close(self) -> None:
        self.over.set()
        # accept() is not woken by closing in every system; a connection does it
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _listen(self) -> None:
        while not self.over.is_set():
            connection, _ = self._listener.accept()
            if self.over.is_set():
                connection.close()
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        with suppress(OSError):
            if self._context and self._handshake:
                try:
                    connection = self._context.wrap_socket(connection, server_side=True)
                except OSError:
                    connection.close()
                    return
            self._script(Talk(self, connection))
        connection.close()


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
