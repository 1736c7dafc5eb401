"""The contract of transports, as tests: inherit them to show that a transport of yours keeps it.

::

    from oso_bridge.testing import Ends, TransportContract

    class TestPigeon(TransportContract):
        @pytest.fixture
        def ends(self, tmp_path):
            with loft(tmp_path) as place:
                yield Ends(
                    sender=lambda **settings: oso.transport("pigeon", loft=place, **settings),
                    nowhere=lambda **settings: oso.transport("pigeon", loft=tmp_path / "none", **settings),
                    arrived=lambda: place.contents(),
                )

A transport that receives as well takes :class:`MailboxContract`.
"""

from __future__ import annotations

import hashlib
import logging
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from oso_bridge.errors import TransportError, UsageError
from oso_bridge.parcels import Parcel, Receipt, Transport
from oso_bridge.transports.guarded import Retry

CANARY = "KANARIE-5c1e9a"
EVERY_BYTE = bytes(range(256)) * 300 + b"\r\n.\r\n\n\r"

Maker = Callable[..., Transport]


@dataclass(frozen=True)
class Ends:
    """What the contract needs of a transport; the makers take ``deadline``, ``max_bytes`` and ``retry``.

    Attributes:
        sender: Makes a line that works.
        nowhere: Makes a line whose other side is not there, so that nothing can leave.
        arrived: The contents that the other side has, oldest first; only for :class:`TransportContract`.
        receiver: Makes the other end; only for :class:`MailboxContract`.
        stalled: Makes a line whose other side takes everything and never answers; None where that cannot be.
    """

    sender: Maker
    nowhere: Maker
    arrived: Callable[[], Sequence[bytes]] | None = None
    receiver: Maker | None = None
    stalled: Maker | None = None


def take(line: Transport) -> list[Parcel]:
    """Everything that is waiting, acknowledged."""
    found = []
    for delivery in line.receive():
        found.append(delivery.parcel)
        delivery.ack()
    return found


class TransportContract:
    """What every transport keeps, as seen from the sender.

    Attributes:
        stalls: Whether the other side can keep one waiting; the fixture then gives ``stalled``.
    """

    stalls = False

    @pytest.fixture
    def ends(self) -> Ends:
        """The two ends of a line; a subclass gives its own."""
        raise NotImplementedError("Give a fixture called ends: see oso_bridge.testing.transports.")

    def contents(self, ends: Ends) -> list[bytes]:
        """What arrived at the other side."""
        assert ends.arrived is not None, "a transport that only sends has to show what arrived: Ends(arrived=...)"
        return list(ends.arrived())

    def test_it_says_of_itself_what_it_can(self, ends: Ends) -> None:
        """A transport that receives has to take the contract of one that does."""
        assert (ends.stalled is not None) is self.stalls
        assert ends.receiver is None, "use MailboxContract"
        with ends.sender() as line, pytest.raises(UsageError):
            line.receive()

    @pytest.mark.parametrize("content", [b"x", b"", EVERY_BYTE], ids=["one", "none", "every"])
    def test_what_is_sent_arrives_byte_for_byte(self, ends: Ends, content: bytes) -> None:
        """No byte is changed on the way, and the receipt bears the digest of what was sent."""
        parcel = Parcel(content, operation="meld")
        with ends.sender() as line:
            receipt = line.send(parcel)
        assert isinstance(receipt, Receipt)
        assert receipt.status in ("delivered", "accepted")
        assert receipt.digest == parcel.digest == hashlib.sha256(content).hexdigest()
        assert self.contents(ends) == [content]

    def test_many_arrive_in_order(self, ends: Ends) -> None:
        """One line carries more than one parcel."""
        sent = [f"<nummer>{number}</nummer>".encode() for number in range(5)]
        with ends.sender() as line:
            for content in sent:
                line.send(Parcel(content))
        assert self.contents(ends) == sent

    def test_threads_may_share_a_line(self, ends: Ends) -> None:
        """Each parcel arrives once, whoever sends it."""
        sent = [f"<nummer>{number}</nummer>".encode() for number in range(8)]
        with ends.sender() as line, ThreadPoolExecutor(4) as pool:
            receipts = list(pool.map(line.send, map(Parcel, sent)))
        assert [receipt.digest for receipt in receipts] == [hashlib.sha256(content).hexdigest() for content in sent]
        assert sorted(self.contents(ends)) == sent

    def test_closing_twice_is_fine_and_then_it_is_closed(self, ends: Ends) -> None:
        """After ``close`` nothing is sent any more."""
        line = ends.sender()
        line.send(Parcel(b"<een/>"))
        line.close()
        line.close()
        with pytest.raises(UsageError):
            line.send(Parcel(b"<twee/>"))
        assert self.contents(ends) == [b"<een/>"]

    def test_what_never_used_it_may_close_it(self, ends: Ends) -> None:
        """Making a line connects to nothing yet, or lets go of it."""
        ends.sender().close()
        ends.nowhere().close()

    def test_a_failure_says_that_nothing_was_sent(self, ends: Ends) -> None:
        """Where nothing left, ``sent`` is ``no``: a repeat is then surely the first."""
        with ends.nowhere(deadline=20, retry=Retry(attempts=1)) as line, pytest.raises(TransportError) as caught:
            line.send(Parcel(b"<x/>"))
        assert caught.value.sent == "no"
        assert isinstance(caught.value.retryable, bool)

    def test_what_is_too_large_does_not_leave(self, ends: Ends) -> None:
        """The limit holds before anything leaves."""
        with ends.sender(max_bytes=100) as line:
            with pytest.raises(TransportError) as caught:
                line.send(Parcel(b"x" * 101))
            line.send(Parcel(b"x" * 100))
        assert (caught.value.sent, caught.value.retryable) == ("no", False)
        assert self.contents(ends) == [b"x" * 100]

    def test_no_time_is_a_failure_in_time(self, ends: Ends) -> None:
        """A deadline that is over before anything began sends nothing."""
        with ends.sender(deadline=1e-9) as line, pytest.raises(TransportError) as caught:
            line.send(Parcel(b"<x/>"))
        assert caught.value.sent == "no"
        assert caught.value.retryable
        assert self.contents(ends) == []

    def test_a_side_that_never_answers_does_not_hold_us(self, ends: Ends) -> None:
        """The deadline is kept; what may have arrived is not called unsent."""
        if ends.stalled is None:
            assert not self.stalls
            return
        with ends.stalled(deadline=0.6) as line:
            started = time.monotonic()
            with pytest.raises(TransportError) as caught:
                line.send(Parcel(b"<x/>"))
            assert time.monotonic() - started < 8
        assert caught.value.retryable
        assert caught.value.sent in ("no", "unknown")

    def test_content_stays_out_of_logs_errors_and_repr(self, ends: Ends, caplog: pytest.LogCaptureFixture) -> None:
        """Neither what goes well nor what goes wrong shows any of it."""
        caplog.set_level(logging.DEBUG)
        parcel = Parcel(f"<naam>{CANARY}</naam>".encode(), routing={"aan": CANARY})
        shown = [repr(parcel)]
        with ends.sender() as line:
            shown += [repr(line), repr(line.send(parcel))]
        with ends.nowhere(deadline=20, retry=Retry(attempts=1)) as line, pytest.raises(TransportError) as caught:
            line.send(parcel)
        shown += [repr(line), "".join(traceback.format_exception(caught.value)), caplog.text]
        assert parcel.id in caplog.text
        assert parcel.digest not in caplog.text
        assert not [text for text in shown if CANARY in text]


class MailboxContract(TransportContract):
    """What a transport keeps that receives as well."""

    def contents(self, ends: Ends) -> list[bytes]:
        """What arrived at the other end."""
        return [parcel.content for parcel in self.parcels(ends)]

    def parcels(self, ends: Ends) -> list[Parcel]:
        """What arrived at the other end, acknowledged."""
        with self.receiver(ends) as line:
            return take(line)

    def receiver(self, ends: Ends, **settings: object) -> Transport:
        """The other end."""
        assert ends.receiver is not None, "a transport that receives needs Ends(receiver=...)"
        return ends.receiver(**settings)

    def test_it_says_of_itself_what_it_can(self, ends: Ends) -> None:
        """It receives, and says so."""
        assert (ends.stalled is not None) is self.stalls
        with self.receiver(ends) as line:
            assert list(line.receive()) == []

    def test_what_a_parcel_says_of_itself_arrives_too(self, ends: Ends) -> None:
        """Id, media type, operation and routing are those of the sender."""
        parcel = Parcel(b"<x/>", "text/xml; charset=utf-8", "bericht:1/a", "meld", {"naar": "00YY", "é": "ü"})
        with ends.sender() as line:
            line.send(parcel)
        (found,) = self.parcels(ends)
        assert (found.id, found.media_type, found.operation) == (parcel.id, parcel.media_type, parcel.operation)
        assert dict(found.routing) == dict(parcel.routing)

    def test_what_is_acknowledged_does_not_come_again(self, ends: Ends) -> None:
        """And acknowledging it twice does nothing."""
        with ends.sender() as line:
            line.send(Parcel(b"<x/>"))
        with self.receiver(ends) as line:
            for delivery in line.receive():
                delivery.ack()
                delivery.ack()
            assert take(line) == []
        assert self.parcels(ends) == []

    def test_what_is_not_acknowledged_comes_again(self, ends: Ends) -> None:
        """When the line that took it is closed, it is there for the next."""
        with ends.sender() as line:
            line.send(Parcel(b"<een/>"))
            line.send(Parcel(b"<twee/>"))
        with self.receiver(ends) as line:
            assert [delivery.parcel.content for delivery in line.receive()] == [b"<een/>", b"<twee/>"]
        assert self.contents(ends) == [b"<een/>", b"<twee/>"]

    def test_what_is_rejected_does_not_come_again(self, ends: Ends) -> None:
        """And cannot be acknowledged afterwards."""
        with ends.sender() as line:
            line.send(Parcel(b"<slecht/>"))
            line.send(Parcel(b"<goed/>"))
        with self.receiver(ends) as line:
            first, second = line.receive()
            first.reject("Dit is geen dossier.")
            second.ack()
            with pytest.raises(UsageError):
                first.ack()
        assert self.parcels(ends) == []

    def test_two_receivers_never_get_the_same(self, ends: Ends) -> None:
        """Each parcel goes to one of them."""
        sent = [f"<nummer>{number}</nummer>".encode() for number in range(8)]
        with ends.sender() as line:
            for content in sent:
                line.send(Parcel(content))
        with self.receiver(ends) as one, self.receiver(ends) as other, ThreadPoolExecutor(2) as pool:
            found = [parcel.content for part in pool.map(take, [one, other]) for parcel in part]
        assert sorted(found) == sent

    def test_what_is_too_large_to_receive_is_put_aside(self, ends: Ends) -> None:
        """It does not come in, and does not stop the others."""
        with ends.sender() as line:
            line.send(Parcel(b"x" * 101))
            line.send(Parcel(b"<goed/>"))
        with self.receiver(ends, max_bytes=100) as line:
            assert [parcel.content for parcel in take(line)] == [b"<goed/>"]
        assert self.parcels(ends) == []

    def test_a_receiver_shows_no_content(self, ends: Ends, caplog: pytest.LogCaptureFixture) -> None:
        """Nor does a delivery, or what is written when it is settled."""
        caplog.set_level(logging.DEBUG)
        with ends.sender() as line:
            line.send(Parcel(CANARY.encode()))
        with self.receiver(ends) as line:
            (delivery,) = line.receive()
            shown = [repr(delivery), repr(delivery.parcel), repr(line)]
            delivery.ack()
        assert not [text for text in [*shown, caplog.text] if CANARY in text]
