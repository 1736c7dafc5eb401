"""Parcels in memory: two ends, or a function as the other side."""

from __future__ import annotations

from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.testing import Ends, MailboxContract, TransportContract
from oso_bridge.transports import Guarded, Line
from oso_bridge.transports.loopback import LoopbackLine, Queue


class Nowhere(Line):
    def send(self, parcel: oso.Parcel) -> oso.Receipt:
        raise oso.TransportError("There is nothing there.", retryable=False, sent="no")


def nowhere(**settings: Any) -> oso.Transport:
    return Guarded(Nowhere(), **settings)


class TestPair(MailboxContract):
    @pytest.fixture
    def ends(self) -> Ends:
        way = Queue()
        return Ends(
            lambda **settings: oso.transport("loopback", out=way, **settings),
            nowhere,
            receiver=lambda **settings: oso.transport("loopback", into=way, **settings),
        )


class TestHandler(TransportContract):
    @pytest.fixture
    def ends(self) -> Ends:
        found: list[bytes] = []

        def handler(parcel: oso.Parcel) -> oso.Parcel:
            found.append(parcel.content)
            return oso.Parcel(b"<dank/>")

        return Ends(
            lambda **settings: Guarded(_SendsOnly(LoopbackLine(handler)), **settings), nowhere, arrived=lambda: found
        )


class _SendsOnly(Line):
    """A line with a handler has nothing to receive."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def send(self, parcel: oso.Parcel) -> oso.Receipt:
        return self._line.send(parcel)


def test_two_ends_receive_what_the_other_sends() -> None:
    left, right = LoopbackLine.pair()
    left.send(oso.Parcel(b"heen"))
    right.send(oso.Parcel(b"terug"))
    assert [one.parcel.content for one in right.receive()] == [b"heen"]
    assert [one.parcel.content for one in left.receive()] == [b"terug"]


def test_a_handler_answers() -> None:
    with oso.transport("loopback", handler=lambda parcel: oso.Parcel(parcel.content.upper())) as line:
        receipt = line.send(oso.Parcel(b"hallo"))
    assert receipt.status == "delivered"
    assert receipt.reply
    assert receipt.reply.content == b"HALLO"


def test_a_handler_that_fails_had_the_parcel() -> None:
    def handler(parcel: oso.Parcel) -> oso.Parcel:
        raise RuntimeError("KANARIE")

    with oso.transport("loopback", handler=handler) as line, pytest.raises(oso.TransportError) as caught:
        line.send(oso.Parcel(b"x"))
    assert caught.value.sent == "yes"
    assert "KANARIE" not in str(caught.value)


def test_what_was_put_aside_can_be_seen() -> None:
    left, right = LoopbackLine.pair()
    left.send(oso.Parcel(b"x"))
    next(right.receive()).reject("Nee.")
    assert [(parcel.content, reason) for parcel, reason in right.rejected()] == [(b"x", "Nee.")]
