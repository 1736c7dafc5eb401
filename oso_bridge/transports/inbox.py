"""The inbox: a journal of what came in, so that each parcel is taken once however often it is sent.

A parcel is on disk before the sender hears that it is safe.  A repeat is known by its sender, its id and the digest of
its content, and gets the reply that the first one got.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol
from urllib.parse import quote

from oso_bridge.errors import DataError, TransportError
from oso_bridge.parcels import Delivery, Parcel
from oso_bridge.transports.box import LEASE, Box, Policy, Transitions, check_parcel, log
from oso_bridge.transports.store import Entry, Event, Store
from oso_bridge.transports.vault import Vault

STATES: Mapping[str, Mapping[str, str]] = {
    "ontvangen": {"nl": "wacht op verwerking", "en": "waits to be handled"},
    "bezig": {"nl": "wordt nu verwerkt", "en": "is being handled"},
    "verwerkt": {"nl": "is verwerkt", "en": "was handled"},
    "mislukt": {"nl": "kon niet worden verwerkt", "en": "could not be handled"},
}
"""The states of a parcel in the inbox, with what they mean."""

TRANSITIONS: Transitions = {
    "ontvangen": frozenset({"bezig", "verwerkt"}),
    "bezig": frozenset({"ontvangen", "verwerkt", "mislukt"}),
    "verwerkt": frozenset(),
    "mislukt": frozenset({"ontvangen", "verwerkt"}),
}
"""From each state those that may follow.  What somebody else was thought to have died of may turn out to be done."""


class Handler(Protocol):
    """What takes a parcel into the administration."""

    def __call__(self, parcel: Parcel, *, again: bool) -> Parcel | None:
        """Take a parcel in.

        Args:
            parcel: What came in.
            again: True when it was handed over before and nobody knows how far that came: look first whether it is
                there already.

        Returns:
            The reply, or None.  Every repeat gets the same.
        """
        ...


class Inbox(Box):
    """Parcels that came in.

    Several threads and processes may take and handle at the same time.

    Args:
        store: Where the parcels are, such as ``SqliteStore("in.db", "inbox")``.
        vault: What encrypts them; None for looking only.
        policy: How often and how fast a parcel is handed over again whose handling failed.
        lease: Seconds after which whoever is busy with a parcel is taken to have died.
        now: The clock, in seconds since 1970.

    Raises:
        UsageError: The store is that of an outbox.
    """

    kind = "inbox"
    states = STATES
    transitions = TRANSITIONS
    ended = frozenset({"verwerkt"})

    def __init__(
        self,
        store: Store,
        vault: Vault | None = None,
        *,
        policy: Policy | None = None,
        lease: float = LEASE,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(store, vault, lease=lease, now=now)
        self.policy = policy or Policy()

    # --- taking -------------------------------------------------------------------------------------------------

    def take(self, parcel: Parcel, sender: str = "") -> bool:
        """Keep a parcel that came in; when this returns it is on disk.

        Args:
            parcel: What came in.
            sender: Who sent it, as far as that was proved (an OIN, say).  Two senders may use the same id.

        Returns:
            True for a new parcel, False for a repeat.

        Raises:
            DataError: The id, the operation or the sender is no name.
            TransportError: Another parcel with this id came from this sender before; this one is not taken.
        """
        check_parcel(parcel, sender)
        entry = self._fresh(_key(parcel.id, sender), parcel, sender, "ontvangen")
        if self.store.add(entry):
            return True
        known = self.store.find(entry.key)
        if known is not None and (known.operation, self.digest(known)) != (entry.operation, parcel.digest):
            raise TransportError("Another parcel of this sender has this id.", retryable=False, sent="no")
        return False

    def accept(self, delivery: Delivery, sender: str = "") -> bool:
        """Take what a transport delivered, and tell the transport only then that it is safe.

        What cannot be taken is rejected, with the reason.

        Args:
            delivery: What came in.
            sender: See :meth:`take`.

        Returns:
            True for a new parcel; False for a repeat, and for what was rejected.
        """
        try:
            new = self.take(delivery.parcel, sender)
        except (DataError, TransportError) as error:
            log.warning("a parcel was rejected: %s", error.what)
            delivery.reject(error.what)
            return False
        delivery.ack()
        return new

    # --- handling -----------------------------------------------------------------------------------------------

    def answer(self, parcel: Parcel, handle: Handler, sender: str = "") -> Parcel | None:
        """Take a parcel, have it handled, and give the reply: what a server does with a request.

        Args:
            parcel: The request.
            handle: What takes it into the administration; a repeat is not handed over.
            sender: See :meth:`take`.

        Returns:
            The reply; the very same to a repeat.

        Raises:
            DataError: See :meth:`take`.
            TransportError: See :meth:`take`; or the same parcel is being handled at this moment (``retryable``), or
                failed too often.
            Exception: Whatever ``handle`` raises; the parcel is kept and can be handled again.
        """
        self.take(parcel, sender)
        key = _key(parcel.id, sender)
        entry = self._claim(key)
        if entry is None:
            return self._earlier_reply(key)
        done, error = self._handled(entry, handle)
        if error is not None:
            raise error
        return self._reply(done)

    def handle_once(self, handle: Handler) -> Entry | None:
        """Have the parcel handled that is due first, if there is one.

        Args:
            handle: What takes it into the administration.  Whatever it raises is noted by its kind, without its text.

        Returns:
            The parcel as it stands now; None when nothing is due.
        """
        entry = self._claim()
        return None if entry is None else self._handled(entry, handle)[0]

    def run(self, handle: Handler) -> Counter[str]:
        """Have all parcels handled that are due.

        Args:
            handle: See :meth:`handle_once`.

        Returns:
            How often a parcel came to a state.
        """
        counts: Counter[str] = Counter()
        while entry := self.handle_once(handle):
            counts[entry.state] += 1
        return counts

    def retry(self, key: str) -> Entry:
        """Have a parcel handled again that is ``mislukt``.

        Args:
            key: The key of its entry.

        Raises:
            DataError: There is no such parcel, or it is in another state.
        """
        entry = self.store.find(key)
        if entry is None or entry.state != "mislukt":
            raise DataError("There is no such parcel that could not be handled.")
        event = Event(self._now(), "retry")
        moved = replace(self._moved(entry, "ontvangen", event), tries=0, doubt=True)
        self.store.settle(moved)
        return self.store.find(key) or moved

    def reply(self, key: str) -> Parcel | None:
        """The reply that was given to a parcel; None when there is none.

        Args:
            key: The key of its entry.
        """
        entry = self.store.find(key)
        return None if entry is None else self._reply(entry)

    def _claim(self, key: str | None = None) -> Entry | None:
        """Take a parcel up, unless that was done too often already."""
        self._opened_vault()
        while True:
            entry = self.store.claim("ontvangen", "bezig", now=self._now(), lease=self._lease, key=key)
            if entry is None or entry.tries <= self.policy.attempts:
                return entry
            self.store.settle(self._moved(entry, "mislukt", Event(self._now(), "abandoned", sent="unknown")))

    def _handled(self, entry: Entry, handle: Handler) -> tuple[Entry, Exception | None]:
        """Hand a parcel over that is ours, and write down what came of it."""
        parcel = self._given_back(entry)
        began, clock = self._now(), time.monotonic()
        error: Exception | None = None
        reply: Parcel | None = None
        try:
            reply = handle(parcel, again=entry.tries > 1 or entry.doubt)
        except Exception as raised:  # noqa: BLE001 - whatever the administration raises; its text is not kept
            error = raised
        spent = round(time.monotonic() - clock, 3)
        if error is not None:
            return self._failed(entry, Event(began, "failed", spent, "unknown", type(error).__name__)), error
        done = self._moved(entry, "verwerkt", Event(began, "handled", spent, "yes"))
        return self._finish(self._with_reply(replace(done, doubt=False), reply)), None

    def _given_back(self, entry: Entry) -> Parcel:
        """The parcel of an entry; when it cannot be opened, the entry is let go of."""
        try:
            return self._parcel(entry)
        except Exception:
            self.store.settle(replace(self._moved(entry, "ontvangen", wait=self.policy.wait(1)), tries=entry.tries - 1))
            raise

    def _failed(self, entry: Entry, event: Event) -> Entry:
        last = entry.tries >= self.policy.attempts
        wait = 0.0 if last else self.policy.wait(entry.tries)
        moved = self._moved(entry, "mislukt" if last else "ontvangen", event, wait)
        self.store.settle(moved)
        log.warning("a parcel could not be handled (%s), attempt %d", event.code, entry.tries)
        return moved

    def _finish(self, done: Entry) -> Entry:
        """Write down that a parcel was handled, also when another took it up meanwhile; the first reply counts."""
        while not self.store.settle(done, "erase"):
            known = self.store.find(done.key)
            if known is None or known.state == "verwerkt":
                return known or done
            done = replace(self._moved(known, "verwerkt", done.events[-1]), doubt=False, reply=done.reply)
        return done

    def _earlier_reply(self, key: str) -> Parcel | None:
        """The reply to a repeat."""
        entry = self.store.find(key)
        if entry is not None and entry.state == "verwerkt":
            return self._reply(entry)
        failed = entry is not None and entry.state == "mislukt"
        what = "This parcel could not be handled." if failed else "This parcel is being handled at this moment."
        raise TransportError(what, retryable=not failed, sent="yes")


def _key(name: str, sender: str) -> str:
    """What is unique: the sender and the id. No sender can get at the ids of another."""
    return f"{quote(sender, safe='')}/{name}"
