"""What is put round every transport: a deadline over the whole call, a size limit, retries and a log.

The log (``oso_bridge.transports``, level INFO; WARNING for what failed) holds operation, id, size, status and duration;
never content, its digest, an address or what the other side wrote.  Of a short message all but the number of a pupil
may be known, and then a digest gives that number away.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from oso_bridge.errors import OsoBridgeError, TransportError, UsageError
from oso_bridge.parcels import Delivery, Parcel, Receipt, Sent, Transport
from oso_bridge.transports import calls
from oso_bridge.transports.base import ID, WORDS, Line

LOG = logging.getLogger("oso_bridge.transports")
ANY = "*"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Retry:
    """How often an operation is tried, and how long is waited in between.

    It is tried again only when trying again may help (``retryable``) and nothing has left (``sent == "no"``), or when
    the operation is ``idempotent``: the other side takes a repeat for what it is.

    Attributes:
        attempts: How often in all; 1 never tries again.
        pause: Seconds before the second attempt.
        factor: By how much each pause is longer than the one before.
        longest: Seconds that a pause takes at the most.
        jitter: The part of a pause that is left to chance, so that many senders do not come back at the same moment.
        idempotent: Whether the operation may be done twice.
    """

    attempts: int = 3
    pause: float = 0.5
    factor: float = 2.0
    longest: float = 30.0
    jitter: float = 0.5
    idempotent: bool = False

    def allows(self, error: TransportError) -> bool:
        """Whether what went wrong may be tried again at all."""
        return error.retryable and (error.sent == "no" or self.idempotent)

    def pauses(self) -> Iterator[float]:
        """The seconds to wait before the second attempt, the third and so on."""
        for attempt in range(self.attempts - 1):
            pause = min(self.pause * self.factor**attempt, self.longest)
            yield pause * (1 - self.jitter * random.random())  # noqa: S311 - this spreads load, it keeps no secret


class Guarded(Line):
    """A transport with all that belongs round it; what :func:`oso_bridge.transport` gives.

    It may be used by several threads at once when the transport in it may.

    Args:
        line: The transport.
        name: What it is called in the log and in errors.
        deadline: Seconds that a ``send`` may take, all attempts and pauses together; also each step of ``receive``.
        max_bytes: The largest content that is sent, comes in or is taken as a reply.
        retry: How often; one for every operation, or one by operation, with ``*`` for any other.
    """

    def __init__(
        self,
        line: Transport,
        *,
        name: str = "",
        deadline: float = calls.DEADLINE,
        max_bytes: int = calls.MAX_BYTES,
        retry: Retry | Mapping[str, Retry] | None = None,
    ) -> None:
        self.line = line
        self.name = name or type(line).__name__
        self.deadline = deadline
        self.max_bytes = max_bytes
        self._retries = {ANY: retry or Retry()} if isinstance(retry, Retry | None) else dict(retry)
        self._closed = False

    def __repr__(self) -> str:
        return f"<transport {self.name}{', closed' if self._closed else ''}>"

    def send(self, parcel: Parcel) -> Receipt:
        """Send a parcel and wait for what the other side says.

        Raises:
            TransportError: It could not be sent within the deadline and the attempts that are allowed.
            UsageError: The line is closed, or the id, operation or media type of the parcel cannot be sent.
        """
        self._open()
        _sound(parcel)
        self._fits(parcel.content, "no")
        started = time.monotonic()
        try:
            receipt = self._attempts(parcel, started + self.deadline)
            if receipt.reply is not None:
                self._fits(receipt.reply.content, "yes")
        except OsoBridgeError as error:
            self._log("send", parcel, _outcome(error), started)
            raise
        self._log("send", parcel, f"{receipt.status} {plain(receipt.code)}".strip(), started)
        return receipt

    def receive(self) -> Iterator[Delivery]:
        """What is waiting here now, one at a time; it comes again until it is acknowledged or rejected.

        What is larger than the limit is rejected, and left out.

        Raises:
            TransportError: It could not be fetched within the deadline.
            UsageError: The line is closed, or it only sends.
        """
        self._open()
        return self._deliveries(self._call(lambda: iter(self.line.receive())))

    def close(self) -> None:
        """Let go of connections and files; may be called twice."""
        if not self._closed:
            self._closed = True
            try:
                calls.run(self.line.close, calls.Call(calls.CLOSING))
            except TransportError:
                LOG.warning("%s could not be closed in order", self.name)

    def _open(self) -> None:
        if self._closed:
            raise UsageError("This line is closed.", remedy="Make a new one with oso.transport(...).")

    def _fits(self, content: bytes, sent: Sent) -> None:
        """Refuse what is too large, before it leaves or before anyone gets it."""
        if len(content) > self.max_bytes:
            what = "The reply" if sent == "yes" else "The parcel"
            raise TransportError(
                f"{what} is larger than {self.max_bytes} bytes.",
                retryable=False,
                sent=sent,
                remedy="Raise max_bytes if it really may be that large.",
            )

    def _call(self, action: Callable[[], _T]) -> _T:
        return calls.run(action, calls.Call(self.deadline, self.max_bytes))

    def _attempts(self, parcel: Parcel, ends: float) -> Receipt:
        """Send it as often as the policy of its operation allows, all within one deadline."""
        policy = self._retries.get(parcel.operation) or self._retries.get(ANY) or Retry()
        pauses = policy.pauses()
        while True:
            try:
                return self._attempt(parcel, ends)
            except TransportError as error:
                pause = next(pauses, None)
                if pause is None or not policy.allows(error) or time.monotonic() + pause >= ends:
                    raise
                LOG.info("%s send again in %.1f s: id=%s", self.name, pause, plain(parcel.id))
            time.sleep(pause)

    def _attempt(self, parcel: Parcel, ends: float) -> Receipt:
        """Send it once; the deadline that an error names is that of the whole."""
        call = calls.Call(ends - time.monotonic(), self.max_bytes)
        call.seconds = self.deadline
        return calls.run(lambda: self.line.send(parcel), call)

    def _deliveries(self, source: Iterator[Delivery]) -> Iterator[Delivery]:
        try:
            while (delivery := self._call(lambda: next(source, None))) is not None:
                guarded = _Once(self, delivery)
                self._log("receive", delivery.parcel, "arrived", time.monotonic())
                if len(delivery.parcel.content) > self.max_bytes:
                    guarded.reject(f"Larger than {self.max_bytes} bytes.")
                else:
                    yield Delivery(delivery.parcel, guarded.ack, guarded.reject)
        finally:
            # a generator that hangs in a thread that was left behind cannot be closed
            with suppress(ValueError):
                getattr(source, "close", lambda: None)()

    def _log(self, operation: str, parcel: Parcel, status: str, started: float) -> None:
        level = logging.INFO if status.split(" ")[0] in _FINE else logging.WARNING
        LOG.log(
            level,
            "%s %s %s: id=%s bytes=%d status=%s seconds=%.3f",
            self.name,
            operation,
            plain(parcel.operation) or "-",
            plain(parcel.id),
            len(parcel.content),
            status,
            time.monotonic() - started,
        )


_FINE = frozenset({"delivered", "accepted", "arrived", "acknowledged"})


class _Once:
    """A delivery that is acknowledged or rejected once; doing the same again does nothing."""

    def __init__(self, line: Guarded, delivery: Delivery) -> None:
        self._line = line
        self._delivery = delivery
        self._done = ""

    def ack(self) -> None:
        self._settle("acknowledged", self._delivery.ack)

    def reject(self, reason: str) -> None:
        self._settle("rejected", lambda: self._delivery.reject(reason))

    def _settle(self, what: str, action: Callable[[], None]) -> None:
        if self._done not in ("", what):
            raise UsageError(f"This delivery was {self._done} already.")
        if not self._done:
            started = time.monotonic()
            self._line._call(action)
            self._done = what
            self._line._log("receive", self._delivery.parcel, what, started)


def _sound(parcel: Parcel) -> None:
    """Refuse what no transport can carry beside a content: these become headers and lines in files."""
    words = {"id": (parcel.id, ID), "operation": (parcel.operation, WORDS), "media type": (parcel.media_type, WORDS)}
    for what, (text, pattern) in words.items():
        if not pattern.fullmatch(text):
            raise UsageError(f"The {what} of the parcel cannot be sent.", remedy="Use letters and signs of ASCII.")


def _outcome(error: OsoBridgeError) -> str:
    """What the log says of an error: its kind, and whether the parcel may have arrived."""
    if not isinstance(error, TransportError):
        return f"failed {type(error).__name__}"
    return f"failed {f'{plain(error.code)} ' if error.code else ''}sent={error.sent}"


def plain(text: str) -> str:
    """An id as the log and file names can bear it: no spaces, line breaks or control characters, and not too long."""
    return re.sub(r"[^A-Za-z0-9._:/@-]", "?", text)[:100]
