"""The Traffic Center of the kit, attacked from outside while it listens."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from oso_bridge.testing.kit.oso_plan import Centre
from oso_bridge.testing.kit.oso_stage import OsoStage
from oso_bridge.testing.kit.oso_start import open_stage
from oso_bridge.testing.kit.stage import Options

CANARY = "Kanarievogel123456782"


@pytest.fixture
def stage() -> Iterator[OsoStage]:
    made = open_stage(Options("http://127.0.0.1:9/", settings={"verkeerscentrum": {"poort": 0}}))
    yield made
    made.close()


def said(stage: OsoStage, content: bytes, *, more: int = 0) -> bytes:
    """What it says to bytes, and to blanks behind them."""
    port = int(stage.simulator.url.rpartition(":")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        try:
            line.sendall(content)
            for _ in range(more // 65536):
                line.sendall(b" " * 65536)
            return line.recv(65536)
        except OSError:
            return b""


def post(body: bytes, length: int | None = None) -> bytes:
    head = f"POST /oso HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {length or len(body)}\r\n\r\n"
    return head.encode() + body


def test_it_listens_on_this_machine_only() -> None:
    assert Centre().adres == "127.0.0.1"


def test_more_than_it_takes_is_refused_without_being_read(stage: OsoStage) -> None:
    begun = time.monotonic()
    answer = said(stage, post(b"<a>", 10**10), more=64 * 1024 * 1024)
    assert b" 200 " not in answer[:20]
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY b "cccccccccc"><!ENTITY d "&b;&b;&b;&b;">]><a>&d;</a>',
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><{CANARY}/></s:Body></s:Envelope>'.encode(),
        b"<a>" * 5000,
        b"\x00\x1b[31m" + CANARY.encode(),
    ],
)
def test_what_a_stranger_says_is_not_told(stage: OsoStage, body: bytes) -> None:
    stage.begin()
    answer = said(stage, post(body))
    assert answer.startswith(b"HTTP/1.1 ")
    assert not answer.startswith(b"HTTP/1.1 200")
    told = "".join(stage.said()) + stage.simulator.transcript.to_html() + stage.simulator.transcript.to_json()
    assert CANARY not in told + answer.decode("utf-8", "replace")
    assert "\x1b" not in told
    assert not stage.heard("sessiecontroleRequest")
