"""One call on a transport: how long it may still take, how much may come in, and what to let go of when it is over.

A timeout of a socket holds for one read.  A peer that sends a byte now and then passes every one of them, so the time
of the whole call is kept here: the call runs in a thread of its own, and when its time is over its connections are cut.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TypeVar

from oso_bridge.errors import OsoBridgeError, TransportError
from oso_bridge.parcels import Sent

DEADLINE = 60.0
MAX_BYTES = 67_108_864
CLOSING = 10.0  # seconds that letting go may take
GRACE = 0.25  # how long an adapter may take to say how far it came, once its connection was cut

_T = TypeVar("_T")


class Call:
    """One call.

    Args:
        seconds: How long it may take, from now.
        max_bytes: The largest content that may come in.

    Attributes:
        max_bytes: See above.
        sent: What an adapter knows of the parcel at this moment: ``no`` before anything of it left, ``yes`` once the
            other side answered. An adapter that does not say is taken not to know.
    """

    def __init__(self, seconds: float = DEADLINE, max_bytes: int = MAX_BYTES) -> None:
        self.seconds = seconds
        self.max_bytes = max_bytes
        self.sent: Sent = "unknown"
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._cut: list[Callable[[], object]] = []
        self._twins: list[socket.socket] = []
        self._over = False

    def left(self) -> float:
        """The seconds that are left, for use as the timeout of the next step.

        Raises:
            TransportError: There are none.
        """
        left = self.seconds_left()
        if left <= 0 or self._over:
            raise self.late()
        return left

    def seconds_left(self) -> float:
        """The same as a number, which is below zero when the time is over."""
        return self._ends - time.monotonic()

    def late(self) -> TransportError:
        """The error of a call whose time is over."""
        return TransportError(f"This took longer than {self.seconds:g} seconds.", retryable=True, sent=self.sent)

    def leaving(self) -> None:
        """From here on it is not known whether the parcel arrived; to be said just before the step that sends it.

        Raises:
            TransportError: The time is over. Then nothing was sent, and whoever waited was not told otherwise.
        """
        self.sent = "unknown"
        try:
            self.left()
        except TransportError:
            self.sent = "no"
            raise self.late() from None

    def when_over(self, cut: Callable[[], object]) -> None:
        """Have something done when the time is over, from another thread, such as cutting a connection."""
        with self._lock:
            over = self._over
            self._cut.append(cut)
        if over:
            _try(cut)

    def watch(self, connection: socket.socket) -> None:
        """Cut a connection when the time is over, also after it was wrapped in TLS."""
        # TLS takes the descriptor out of the socket it wraps; a duplicate keeps leading to the connection
        twin = connection.dup()
        self._twins.append(twin)
        self.when_over(lambda: cut(twin))

    def expire(self) -> None:
        """The time is over: let go of everything."""
        with self._lock:
            self._over = True
            waiting = list(self._cut)
        for step in waiting:
            _try(step)

    def finish(self) -> None:
        """The call is done: nothing of it is left to be cut."""
        with self._lock:
            self._cut.clear()
            twins, self._twins = self._twins, []
        for twin in twins:
            twin.close()


def _try(step: Callable[[], object]) -> None:
    """Let go of one thing; that it was gone already is no news."""
    with suppress(Exception):
        step()


def cut(connection: socket.socket) -> None:
    """Break a connection off, so that whoever reads from it or writes to it stops waiting."""
    # the method of an SSLSocket would forget its TLS first, and a writer in another thread would go on in the clear
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


_CURRENT: ContextVar[Call | None] = ContextVar("oso_bridge_call", default=None)


def current() -> Call:
    """The call that is being made; a new one with the usual limits when an adapter is used by itself."""
    return _CURRENT.get() or Call()


@contextmanager
def active() -> Iterator[Call]:
    """The call that is being made, also for what is called in between; a new one as with :func:`current`."""
    call = _CURRENT.get()
    if call:
        yield call
        return
    call = Call()
    token = _CURRENT.set(call)
    try:
        yield call
    finally:
        _CURRENT.reset(token)
        call.finish()


def run(action: Callable[[], _T], call: Call) -> _T:
    """Make a call, and come back within its time, whatever the action does.

    The action runs in a thread of its own.  One that does not stop when its connections are cut is left behind.

    Raises:
        TransportError: The time is over, or the action failed in a way of its own.
        OsoBridgeError: What the action raised.
    """
    if call.seconds_left() <= 0:
        call.sent = "no"
        raise call.late()
    outcome: queue.SimpleQueue[tuple[bool, _T | BaseException]] = queue.SimpleQueue()
    threading.Thread(target=_work, args=(action, call, outcome), daemon=True, name="oso_bridge transport").start()
    try:
        done, value = outcome.get(timeout=max(call.seconds_left(), 0))
    except queue.Empty:
        done, value = _after(call, outcome)
    except BaseException:
        call.expire()
        raise
    if done:
        return value  # type: ignore[return-value]
    raise _known(value, call) from None


def _work(action: Callable[[], _T], call: Call, outcome: queue.SimpleQueue[tuple[bool, _T | BaseException]]) -> None:
    """What runs in the thread."""
    _CURRENT.set(call)
    try:
        result: tuple[bool, _T | BaseException] = (True, action())
    except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that waits
        result = (False, error)
    call.finish()
    outcome.put(result)


def _after(call: Call, outcome: queue.SimpleQueue[tuple[bool, _T | BaseException]]) -> tuple[bool, _T | BaseException]:
    """What became of a call whose time is over: how far it came.

    What ends well after its connection was cut is not believed: the end may be that of the connection.
    """
    call.expire()
    with suppress(queue.Empty):
        _, value = outcome.get(timeout=GRACE)
        if isinstance(value, TransportError):
            call.sent = value.sent
    return False, call.late()


def _known(error: object, call: Call) -> BaseException:
    """An error as one of this package: the texts of others may quote what the other side wrote."""
    if isinstance(error, OsoBridgeError) or (isinstance(error, BaseException) and not isinstance(error, Exception)):
        return error
    return TransportError(f"The transport failed: {type(error).__name__}.", retryable=False, sent=call.sent)
