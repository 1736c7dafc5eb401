"""What calls an endpoint: whatever the other side does, it ends in time, and says what happened."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from oso_bridge.errors import UsageError
from oso_bridge.testing.kit import kinds
from oso_bridge.testing.kit.calling import Answer, HttpCaller, NoAnswer, WsgiCaller

from .stage import XSD


def answering(serve: Callable[[socket.socket], None]) -> str:
    """The address of something that answers one call."""
    door = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        line, _ = door.accept()
        with door, line:
            line.recv(65536)
            try:
                serve(line)
            except OSError:
                return

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{door.getsockname()[1]}/oso?a=1"


def drips(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(800):
        line.sendall(b"X-%d: y\r\n" % number)
        time.sleep(0.05)


def half(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")


def nonsense(line: socket.socket) -> None:
    line.sendall(b"Hallo!\r\n\r\n")


def chunks(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde")


CASES = {
    drips: "te_laat",
    half: "afgekapt",
    chunks: "afgekapt",
    nonsense: "geen_http",
    lambda line: None: "afgekapt",
    lambda line: time.sleep(30): "te_laat",
}


@pytest.mark.parametrize("serve", CASES)
def test_no_answer(serve: Callable[[socket.socket], None]) -> None:
    seconds, started = 0.5 if CASES[serve] == "te_laat" else 60.0, time.monotonic()
    with pytest.raises(NoAnswer) as caught:
        HttpCaller(answering(serve), seconds=seconds)(b"<x/>")
    assert caught.value.code == CASES[serve]
    assert time.monotonic() - started < 20


def test_an_answer() -> None:
    def good(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 500 Nee\r\nContent-Type: Text/XML; charset=utf-8\r\nContent-Length: 4\r\n\r\n<x/>")

    found = HttpCaller(answering(good), seconds=60)(b"<x/>", query="b=2")
    assert (found.status, found.media_type, found.body) == (500, "text/xml", b"<x/>")
    assert "<x/>" not in repr(found)


def test_nobody_is_there() -> None:
    with pytest.raises(NoAnswer) as caught:
        HttpCaller("http://127.0.0.1:9/", seconds=60)(None, method="GET")
    assert caught.value.code == "geen_verbinding"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "https://las.invalid/", "127.0.0.1", "http:///x"])
def test_addresses(url: str) -> None:
    with pytest.raises(UsageError):
        HttpCaller(url)


def test_wsgi_in_this_process() -> None:
    def short(environ: dict[str, object], start: Callable[..., object]) -> list[bytes]:
        start("200 OK", [("Content-Length", "5")])
        return [b"abc"]

    with pytest.raises(NoAnswer):
        WsgiCaller(short)(b"")


def test_kinds(tmp_path: Path) -> None:
    def same(body: bytes | None, *, method: str = "POST", headers: object = None, query: str = "") -> Answer:
        return Answer(500, {}, b"<Fault/>", 0.0)

    def uwlr(body: bytes | None, *, method: str = "POST", headers: object = None, query: str = "") -> Answer:
        return Answer(500, {}, b"<leeg/>" if b"leerlinggegevens_verzoek" in (body or b"") else b"<Fault/>", 0.0)

    assert kinds.find(same) == ""
    assert kinds.find(uwlr) == "uwlr"
    assert kinds.find(same, [XSD]) == "oso"
    assert kinds.find(same, [], {"uwlr": {}, "client": {}}) == "uwlr"
    assert kinds.find(same, [], {"uwlr": {}, "oso": {}}) == ""
