"""What is put round every transport: deadline, limits, retries, log."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.transports import Guarded, Line, current
from oso_bridge.transports.loopback import LoopbackLine

PARCEL = oso.Parcel(b"<x/>", id="p-1")


class Scripted(Line):
    """A line that fails in the ways of a list, one by one, and then succeeds."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.tried: list[str] = []

    def send(self, parcel: oso.Parcel) -> oso.Receipt:
        self.tried.append(parcel.id)
        if self.faults:
            raise self.faults.pop(0)
        return oso.Receipt("delivered", parcel.digest)


def fault(sent: Any = "no", retryable: bool = True) -> oso.TransportError:
    return oso.TransportError("It failed.", retryable=retryable, sent=sent)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were taken, without taking them."""
    taken: list[float] = []
    monkeypatch.setattr("oso_bridge.transports.guarded.time.sleep", taken.append)
    return taken


# --- retries ----------------------------------------------------------------------------------------------------------


def test_what_did_not_leave_is_tried_again(pauses: list[float]) -> None:
    line = Scripted(fault(), fault())
    assert Guarded(line).send(PARCEL).status == "delivered"
    assert line.tried == ["p-1"] * 3
    assert len(pauses) == 2


@pytest.mark.parametrize(
    ("error", "idempotent", "tries"),
    [
        (fault("no"), False, 3),
        (fault("unknown"), False, 1),
        (fault("yes"), False, 1),
        (fault("unknown"), True, 3),
        (fault("yes"), True, 3),
        (fault("no", retryable=False), True, 1),
        (oso.UsageError("Not like that."), True, 1),
    ],
)
def test_what_may_be_done_twice_is_what_the_policy_says(
    pauses: list[float], error: oso.OsoBridgeError, idempotent: bool, tries: int
) -> None:
    line = Scripted(*[error] * 9)
    with pytest.raises(type(error)):
        Guarded(line, retry=oso.Retry(idempotent=idempotent)).send(PARCEL)
    assert len(line.tried) == tries


def test_each_operation_has_its_own_policy(pauses: list[float]) -> None:
    retry = {"vraag": oso.Retry(attempts=4, idempotent=True), "*": oso.Retry(attempts=2)}
    for operation, tries in (("vraag", 4), ("meld", 2), ("", 2)):
        line = Scripted(*[fault()] * 9)
        with pytest.raises(oso.TransportError):
            Guarded(line, retry=retry).send(oso.Parcel(b"x", operation=operation))
        assert len(line.tried) == tries


def test_pauses_grow_up_to_a_bound_and_leave_something_to_chance() -> None:
    exact = oso.Retry(attempts=6, pause=1, factor=3, longest=20, jitter=0)
    assert list(exact.pauses()) == [1, 3, 9, 20, 20]
    for wide, narrow in zip(exact.pauses(), oso.Retry(6, 1, 3, 20, jitter=0.5).pauses(), strict=True):
        assert wide / 2 <= narrow <= wide
    assert len({next(oso.Retry(jitter=1).pauses()) for _ in range(9)}) > 1


def test_no_pause_goes_beyond_the_deadline(pauses: list[float]) -> None:
    line = Scripted(*[fault()] * 9)
    with pytest.raises(oso.TransportError, match="It failed"):
        Guarded(line, deadline=5, retry=oso.Retry(attempts=9, pause=60, longest=60)).send(PARCEL)
    assert pauses == []


# --- time -------------------------------------------------------------------------------------------------------------


class Stuck(Line):
    """A line that hangs until it is let go of, and notices nothing of connections."""

    def __init__(self, knows: bool = False) -> None:
        self.free = threading.Event()
        self.knows = knows

    def send(self, parcel: oso.Parcel) -> oso.Receipt:
        if self.knows:
            current().sent = "no"
            current().when_over(self.free.set)
        self.free.wait(20)
        if self.knows:
            raise fault("yes")
        return oso.Receipt("delivered", parcel.digest)

    def receive(self) -> Iterator[oso.Delivery]:
        self.free.wait(20)
        yield oso.Delivery(PARCEL, lambda: None, lambda reason: None)


def test_a_line_that_does_not_listen_does_not_hold_us() -> None:
    stuck = Stuck()
    line = Guarded(stuck, deadline=0.2)
    started = time.monotonic()
    for _ in range(2):
        with pytest.raises(oso.TransportError, match=r"longer than 0\.2 seconds") as caught:
            line.send(PARCEL)
        assert (caught.value.sent, caught.value.retryable) == ("unknown", True)
    with pytest.raises(oso.TransportError, match=r"longer than 0\.2 seconds"):
        next(line.receive())
    assert time.monotonic() - started < 9
    stuck.free.set()


def test_a_line_that_listens_says_how_far_it_came() -> None:
    with pytest.raises(oso.TransportError) as caught:
        Guarded(Stuck(knows=True), deadline=0.2).send(PARCEL)
    assert caught.value.sent == "yes"


def test_what_ends_well_after_the_cut_is_not_believed() -> None:
    class Fooled(Line):
        def send(self, parcel: oso.Parcel) -> oso.Receipt:
            cut = threading.Event()
            current().when_over(cut.set)
            cut.wait(20)
            return oso.Receipt("delivered", parcel.digest)

    with pytest.raises(oso.TransportError, match="longer than"):
        Guarded(Fooled(), deadline=0.2).send(PARCEL)


def test_what_would_leave_too_late_does_not_leave() -> None:
    left: list[str] = []
    released = threading.Event()

    class Late(Line):
        def send(self, parcel: oso.Parcel) -> oso.Receipt:
            call = current()
            call.sent = "no"
            released.wait(20)
            call.leaving()
            left.append(parcel.id)
            return oso.Receipt("delivered", parcel.digest)

    with pytest.raises(oso.TransportError) as caught:
        Guarded(Late(), deadline=0.5).send(PARCEL)
    assert caught.value.sent == "no"
    released.set()
    time.sleep(0.1)
    assert left == []


def test_closing_never_takes_for_ever(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    class Stays(Scripted):
        def close(self) -> None:
            time.sleep(5)

    monkeypatch.setattr("oso_bridge.transports.calls.CLOSING", 0.1)
    started = time.monotonic()
    Guarded(Stays()).close()
    assert time.monotonic() - started < 4
    assert "could not be closed in order" in caplog.text


# --- what others do wrong ---------------------------------------------------------------------------------------------


def test_an_error_of_another_kind_becomes_ours_without_its_text() -> None:
    with pytest.raises(oso.TransportError, match="The transport failed: ValueError") as caught:
        Guarded(Scripted(ValueError("KANARIE"))).send(PARCEL)
    assert (caught.value.sent, caught.value.retryable) == ("unknown", False)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "KANARIE" not in str(caught.value)


def test_a_reply_that_is_too_large_is_not_passed_on() -> None:
    line = oso.transport("loopback", handler=lambda parcel: oso.Parcel(b"x" * 101), max_bytes=100)
    with line, pytest.raises(oso.TransportError, match="The reply is larger than 100 bytes") as caught:
        line.send(PARCEL)
    assert (caught.value.sent, caught.value.retryable) == ("yes", False)


@pytest.mark.parametrize(
    "parcel",
    [
        oso.Parcel(b"x", id="a\r\nX-Kop: y"),
        oso.Parcel(b"x", id=""),
        oso.Parcel(b"x", id="é"),
        oso.Parcel(b"x", id="x" * 201),
        oso.Parcel(b"x", media_type="text/xml\r\nX-Kop: y"),
        oso.Parcel(b"x", operation="meld\n"),
    ],
)
def test_what_would_become_another_header_is_refused(parcel: oso.Parcel) -> None:
    line = Scripted()
    with pytest.raises(oso.UsageError, match="cannot be sent"):
        Guarded(line).send(parcel)
    assert line.tried == []


# --- the log ----------------------------------------------------------------------------------------------------------


def test_the_log_says_what_when_how_much_and_how_long(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "oso_bridge")
    with oso.transport("loopback") as line:
        line.send(oso.Parcel(b"<x/>", id="p-1", operation="meld"))
        for delivery in line.receive():
            delivery.reject("KANARIE")
    sent, arrived, rejected = (record.getMessage() for record in caplog.records)
    assert sent.startswith("loopback send meld: id=p-1 bytes=4 status=accepted seconds=0.")
    assert "receive meld: id=p-1" in arrived
    assert "status=arrived" in arrived
    assert "status=rejected" in rejected
    assert "KANARIE" not in caplog.text


def test_no_digest_is_logged_by_which_a_number_could_be_tried(caplog: pytest.LogCaptureFixture) -> None:
    """A31: whoever knows the rest of a short message tries all numbers of pupils until the digest fits."""
    caplog.set_level(logging.DEBUG)
    parcel = oso.Parcel(b"<vraag><pgn>274957462</pgn></vraag>")
    with oso.transport("loopback") as line:
        line.send(parcel)
        for delivery in line.receive():
            delivery.ack()
    assert len(caplog.records) == 3
    assert not any(parcel.digest[place : place + 8] in caplog.text for place in range(57))


def test_an_id_cannot_forge_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    class Forged(Scripted):
        def receive(self) -> Iterator[oso.Delivery]:
            yield oso.Delivery(oso.Parcel(b"x", id="a\nWARNING alles weg \x1b[2J" + "x" * 900), lambda: None, print)

    caplog.set_level(logging.INFO)
    list(Guarded(Forged()).receive())
    (record,) = caplog.records
    assert "\n" not in record.getMessage()
    assert "\x1b" not in record.getMessage()
    assert len(record.getMessage()) < 400


def test_a_failure_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(oso.TransportError):
        Guarded(Scripted(fault("unknown"))).send(PARCEL)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "status=failed sent=unknown" in record.getMessage()


# --- closing and interrupting -----------------------------------------------------------------------------------------


def test_a_closed_line_neither_sends_nor_receives() -> None:
    line = Guarded(LoopbackLine(), name="proef")
    assert repr(line) == "<transport proef>"
    line.close()
    assert repr(line) == "<transport proef, closed>"
    for action in (lambda: line.send(PARCEL), line.receive):
        with pytest.raises(oso.UsageError, match="This line is closed"):
            action()


def test_a_receiver_that_stops_half_way_leaves_the_rest() -> None:
    left, right = LoopbackLine.pair()
    for number in range(3):
        left.send(oso.Parcel(str(number).encode()))
    with Guarded(right) as line:
        for delivery in line.receive():
            delivery.ack()
            break
        assert [one.parcel.content for one in line.receive()] == [b"1", b"2"]


def test_who_stops_the_program_lets_go_of_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    import queue

    class Interrupted(queue.SimpleQueue[Any]):
        def get(self, *arguments: Any, **settings: Any) -> Any:
            raise KeyboardInterrupt

    monkeypatch.setattr("oso_bridge.transports.calls.queue.SimpleQueue", Interrupted)
    stuck = Stuck(knows=True)
    with pytest.raises(KeyboardInterrupt):
        Guarded(stuck, deadline=20).send(PARCEL)
    assert stuck.free.wait(5)


def test_a_failure_says_its_code(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    error = oso.TransportError("It failed.", retryable=False, sent="no", code="expired")
    with pytest.raises(oso.TransportError):
        Guarded(Scripted(error)).send(PARCEL)
    assert "status=failed expired sent=no" in caplog.text
