"""The outbox: what was promised to the other side survives a crash, and is sent until it has arrived.

On the wire a parcel goes at least once, always under the same id.  Where the other side knows a repeat by that id, it
arrives exactly once.  Where it does not, a parcel that may have arrived becomes ``onzeker``, and a person decides.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from oso_bridge.errors import TransportError, UsageError
from oso_bridge.parcels import Parcel, Receipt, Sent, Transport
from oso_bridge.transports.box import LEASE, Box, Policy, Transitions, check_parcel, log
from oso_bridge.transports.store import Entry, Event, Store
from oso_bridge.transports.vault import Vault

STATES: Mapping[str, Mapping[str, str]] = {
    "klaar": {"nl": "wacht op verzending", "en": "waits to be sent"},
    "bezig": {"nl": "wordt nu verzonden", "en": "is being sent"},
    "verzonden": {"nl": "is aangekomen", "en": "has arrived"},
    "onzeker": {"nl": "misschien aangekomen; u beslist", "en": "may have arrived; you decide"},
    "mislukt": {"nl": "niet aangekomen of niet aangenomen", "en": "has not arrived, or was not taken"},
    "ingetrokken": {"nl": "wordt niet meer verzonden", "en": "is sent no more"},
}
"""The states of a parcel in the outbox, with what they mean."""

TRANSITIONS: Transitions = {
    "klaar": frozenset({"bezig", "verzonden", "ingetrokken"}),
    "bezig": frozenset({"klaar", "verzonden", "onzeker", "mislukt"}),
    "verzonden": frozenset(),
    "onzeker": frozenset({"klaar", "verzonden", "ingetrokken"}),
    "mislukt": frozenset({"klaar", "verzonden", "ingetrokken"}),
    "ingetrokken": frozenset(),
}
"""From each state those that may follow.  ``klaar`` and ``mislukt`` become ``verzonden`` when an attempt that was given
up for dead turns out to have been delivered."""

DECISIONS: Mapping[str, tuple[frozenset[str], str]] = {
    "retry": (frozenset({"onzeker", "mislukt"}), "klaar"),
    "confirm": (frozenset({"onzeker"}), "verzonden"),
    "cancel": (frozenset({"klaar", "onzeker", "mislukt"}), "ingetrokken"),
}
"""What a person can decide: in which states, and what the parcel becomes."""

_ARRIVED = ("delivered", "accepted")
_CODE = 60  # characters of a code that are kept
_LATE = 10  # attempts to write down news that came late, while others write as well


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What came of an attempt: what happened, whether trying again may help, and what the other side answered."""

    event: Event
    retryable: bool = False
    reply: Parcel | None = None
    trouble: str = ""


class Outbox(Box):
    """Parcels that are to be sent.

    Several threads and processes may put, send and decide at the same time.

    Args:
        store: Where the parcels are, such as ``SqliteStore("uit.db")``.
        vault: What encrypts them; None for looking and deciding only.
        policies: By operation how to send; ``""`` is for all others.  By default the other side is taken not to
            recognise a repeat.
        lease: Seconds after which whoever is busy with a parcel is taken to have died.  It must be longer than the
            longest call takes.
        now: The clock, in seconds since 1970.

    Raises:
        UsageError: The store is that of an inbox.
    """

    kind = "outbox"
    states = STATES
    transitions = TRANSITIONS
    ended = frozenset({"verzonden", "ingetrokken"})

    def __init__(
        self,
        store: Store,
        vault: Vault | None = None,
        *,
        policies: Mapping[str, Policy] | None = None,
        lease: float = LEASE,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(store, vault, lease=lease, now=now)
        self._policies = {"": Policy(), **(policies or {})}

    def policy(self, operation: str) -> Policy:
        """How parcels of an operation are sent."""
        return self._policies.get(operation, self._policies[""])

    # --- putting and sending ------------------------------------------------------------------------------------

    def put(self, parcel: Parcel, to: str | None = None) -> str:
        """Keep a parcel to be sent; when this returns it is on disk, and survives a crash.

        The same parcel may be put again after a crash: it is kept once.

        Args:
            parcel: The parcel.  Its id, its operation and where it goes are kept in the clear: no personal data there.
            to: Where it goes; goes along as ``routing["to"]``, from which it is taken when it is left out.

        Returns:
            The id of the parcel.

        Raises:
            DataError: The id, the operation or ``to`` is no name; see :mod:`oso_bridge.transports.box`.
            UsageError: A parcel of this id with another content, operation or destination was put before.
        """
        party = parcel.routing.get("to", "") if to is None else to
        if party:
            parcel = replace(parcel, routing={**parcel.routing, "to": party})
        check_parcel(parcel, party)
        entry = self._fresh(parcel.id, parcel, party, "klaar")
        if not self.store.add(entry):
            self._check_same(entry, parcel)
        return parcel.id

    def deliver_once(self, line: Transport, to: str | None = None) -> Entry | None:
        """Send the parcel that is due first, if there is one.

        Args:
            line: What carries it.
            to: Only parcels that go there.

        Returns:
            The parcel as it stands now; None when nothing is due.

        Raises:
            UsageError: The line cannot send such a parcel; it stays ``klaar``.
            IdentityError: The parcel was sealed with a key that is not in the vault; it stays ``klaar``.
        """
        self._opened_vault()
        entry = self.store.claim("klaar", "bezig", now=self._now(), lease=self._lease, party=to)
        if entry is None:
            return None
        if entry.abandoned:
            entry = self._abandoned(entry)
        if self._must_ask(entry):
            return self._settle(self._moved(entry, "onzeker" if entry.doubt else "mislukt"))
        return self._send(entry, line)

    def run(self, line: Transport, to: str | None = None, *, wait: float = 0.0, pause: float = 1.0) -> Counter[str]:
        """Send all that is due.

        Args:
            line: What carries the parcels.
            to: Only parcels that go there.
            wait: For how many seconds to stay for parcels that are due later, such as those that are tried again.
            pause: Seconds between two looks.

        Returns:
            How often a parcel came to a state; one that was tried twice counts twice.

        Raises:
            UsageError: See :meth:`deliver_once`.
        """
        return Counter(entry.state for entry in self.each(line, to, wait=wait, pause=pause))

    def each(self, line: Transport, to: str | None = None, *, wait: float = 0.0, pause: float = 1.0) -> Iterator[Entry]:
        """Send all that is due, and tell of each attempt; for the arguments see :meth:`run`.

        Yields:
            The parcel as it stands after the attempt; one that is tried twice comes twice.

        Raises:
            UsageError: See :meth:`deliver_once`.
        """
        end = time.monotonic() + wait
        while True:
            while entry := self.deliver_once(line, to):
                yield entry
            left = end - time.monotonic()
            if left <= 0 or not self.waiting(to):
                return
            time.sleep(min(pause, left))

    def waiting(self, to: str | None = None) -> int:
        """How many parcels are still to be sent, those that are being sent included."""
        return sum(to in (None, entry.party) for entry in self.list("klaar", "bezig"))

    # --- looking ------------------------------------------------------------------------------------------------

    def find(self, key: str) -> Entry:
        """How it stands with a parcel.

        Args:
            key: The id of the parcel.

        Raises:
            UsageError: There is no such parcel.
        """
        entry = self.store.find(key)
        if entry is None:
            raise UsageError("There is no parcel of this id.", remedy="See: oso-bridge outbox list.")
        return entry

    def receipt(self, key: str) -> Receipt | None:
        """The receipt of a parcel, with the reply; None while nothing came back.

        What a person confirmed has none, because nobody gave one.

        Args:
            key: The id of the parcel.

        Raises:
            UsageError: There is no such parcel.
        """
        entry = self.find(key)
        for event in reversed(entry.events):
            if event.what in ("delivered", "accepted", "refused"):
                return Receipt(event.what, self.digest(entry), self._reply(entry), event.code)  # type: ignore[arg-type]
        return None

    def trouble(self, entry: Entry) -> str:
        """What the transport said when the last attempt failed; empty when it did not say anything."""
        return str(self._facts(entry).get("trouble", ""))

    # --- deciding -----------------------------------------------------------------------------------------------

    def retry(self, key: str) -> Entry:
        """Send a parcel again that is ``onzeker`` or ``mislukt``, at once and under the same id.

        Args:
            key: The id of the parcel.

        Raises:
            UsageError: There is no such parcel, or it is in another state.
        """
        return self._decide("retry", key)

    def confirm(self, key: str) -> Entry:
        """Say that a parcel that is ``onzeker`` has arrived, as the other side told you; its content is erased.

        Args:
            key: The id of the parcel.

        Raises:
            UsageError: There is no such parcel, or it is in another state.
        """
        return self._decide("confirm", key)

    def cancel(self, key: str) -> Entry:
        """Send a parcel no more, and erase its content.

        It does not call back what may have arrived: ``doubt`` says whether it may.

        Args:
            key: The id of the parcel.

        Raises:
            UsageError: There is no such parcel, or it is being sent, or has arrived.
        """
        return self._decide("cancel", key)

    def _decide(self, decision: str, key: str) -> Entry:
        """Write down what a person decided; somebody else may have been quicker."""
        states, result = DECISIONS[decision]
        for _ in range(_LATE):
            entry = self.find(key)
            if entry.state not in states:
                allowed = ", ".join(sorted(states))
                raise UsageError(f"{decision} is for what is {allowed}; this parcel is {entry.state}.", where=key)
            event = Event(self._now(), decision, sent="unknown" if entry.doubt else "no")
            moved = replace(self._moved(entry, result, event), tries=0)
            if self.store.settle(moved, self._content_of(moved)):
                log.info("parcel %s: %s, now %s", key, decision, result)
                return self.find(key)
        raise UsageError("This parcel is changed all the time by others.", where=key, remedy="Try again.")

    # --- one attempt --------------------------------------------------------------------------------------------

    def _check_same(self, entry: Entry, parcel: Parcel) -> None:
        """Refuse another parcel under an id that is taken."""
        known = self.find(entry.key)
        same = (known.party, known.operation) == (entry.party, entry.operation)
        if not same or self.digest(known) != parcel.digest:
            raise UsageError(
                "Another parcel has this id.", where=parcel.id, remedy="Give each parcel an id of its own."
            )

    def _abandoned(self, entry: Entry) -> Entry:
        """An entry that somebody was busy with who never came back: it may have been sent."""
        event = Event(self._now(), "abandoned", sent="unknown")
        return replace(entry, doubt=True, events=(*entry.events, event))

    def _must_ask(self, entry: Entry) -> bool:
        """Whether a parcel must not be sent before a person has looked at it."""
        policy = self.policy(entry.operation)
        return entry.tries > policy.attempts or (entry.abandoned and not policy.recognises)

    def _send(self, entry: Entry, line: Transport) -> Entry:
        """Send a parcel that is ours, and write down what came of it."""
        try:
            parcel = self._parcel(entry)
            attempt = self._attempt(line, parcel)
        except Exception:  # not sent: a wrong key, a damaged entry, a line that is for something else
            self._settle(replace(self._moved(entry, "klaar", wait=self._wait(entry)), tries=entry.tries - 1))
            raise
        return self._close(entry, attempt)

    def _attempt(self, line: Transport, parcel: Parcel) -> _Attempt:
        """Hand a parcel to the line once.

        Raises:
            UsageError: The line is not for this.
        """
        began, clock = self._now(), time.monotonic()

        def event(what: str, sent: Sent, code: str) -> Event:
            return Event(began, what, round(time.monotonic() - clock, 3), sent, _clean(code))

        try:
            receipt = line.send(parcel)
        except UsageError:
            raise
        except TransportError as error:
            return _Attempt(event("failed", error.sent, type(error).__name__), error.retryable, None, error.what)
        except Exception as error:  # noqa: BLE001 - an adapter of others; what it did is not known, its text not safe
            return _Attempt(event("failed", "unknown", type(error).__name__), True)
        if receipt.digest != parcel.digest:
            return _Attempt(event("failed", "unknown", "digest"), trouble="What was sent was not what should be sent.")
        return _Attempt(event(receipt.status, "yes", receipt.code), reply=receipt.reply)

    def _close(self, entry: Entry, attempt: _Attempt) -> Entry:
        """Write down what came of an attempt."""
        state, doubt = verdict(self.policy(entry.operation), entry, attempt.event, attempt.retryable)
        wait = self._wait(entry) if state == "klaar" else 0.0
        moved = replace(self._moved(entry, state, attempt.event, wait), doubt=doubt)
        if attempt.trouble:
            moved = self._with_facts(moved, trouble=attempt.trouble)
        return self._settle(self._with_reply(moved, attempt.reply))

    def _wait(self, entry: Entry) -> float:
        return self.policy(entry.operation).wait(entry.tries)

    def _settle(self, moved: Entry) -> Entry:
        """Write an entry down; when it is no longer ours, add what we know to what others wrote."""
        if not self.store.settle(moved, self._content_of(moved)):
            moved = self._settle_late(moved)
        level = logging.INFO if moved.state in ("klaar", "bezig", "verzonden") else logging.WARNING
        log.log(level, "parcel %s (%s): %s, attempt %d", moved.id, moved.operation or "-", moved.state, moved.tries)
        return moved

    def _settle_late(self, moved: Entry) -> Entry:
        """Our lease was over and another took the parcel up: that it arrived still counts, and nothing is forgotten."""
        for _ in range(_LATE):
            now = self.store.find(moved.key)
            if now is None or not moved.events:
                break
            told = self._told_late(now, moved, moved.events[-1])
            if self.store.settle(told, self._content_of(told)):
                return told
        return moved

    def _told_late(self, now: Entry, moved: Entry, event: Event) -> Entry:
        """An entry as others left it, with what we learned."""
        if moved.state == "verzonden" and "verzonden" in self.transitions[now.state]:
            return replace(self._moved(now, "verzonden", event), doubt=False, reply=moved.reply)
        return replace(now, doubt=now.doubt or event.sent != "no", events=(*now.events, event))


def verdict(policy: Policy, entry: Entry, event: Event, retryable: bool) -> tuple[str, bool]:
    """The state that a parcel comes to by an attempt, and whether it may have arrived unseen.

    Args:
        policy: How it is sent.
        entry: The parcel as it was taken up.
        event: What came of the attempt.
        retryable: Whether trying again may help.
    """
    if event.what in _ARRIVED:
        return "verzonden", False
    if event.what == "refused":
        # A side that does not know a repeat may have refused just because it has the parcel.
        doubt = entry.doubt and not policy.recognises
        return ("onzeker" if doubt else "mislukt"), doubt
    unseen = event.sent != "no"
    doubt = entry.doubt or unseen
    if retryable and entry.tries < policy.attempts and (policy.recognises or not unseen):
        return "klaar", doubt
    return ("onzeker" if doubt else "mislukt"), doubt


def _clean(code: str) -> str:
    """A code without anything that is no code: adapters of others may put a text there."""
    return code if len(code) <= _CODE and code.isprintable() else ""
