"""A clock, a line that does as it is told, a store without a disk: what tests of the outbox and the inbox share."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from oso_bridge.errors import TransportError
from oso_bridge.parcels import Delivery, Parcel, Receipt, Sent
from oso_bridge.transports.box import Policy
from oso_bridge.transports.store import Entry
from oso_bridge.transports.vault import Vault

KANARIE = "Kanarie7f3a91"
KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
KNOWING = Policy(recognises=True, attempts=3, first_wait=10.0, longest_wait=100.0)
PLAIN = replace(KNOWING, recognises=False)


def vault() -> Vault:
    return Vault(KEY)


def parcel(name: str = "p1", content: str = f"<a>{KANARIE}</a>", **more: Any) -> Parcel:
    return Parcel(content.encode(), id=name, **more)


def trouble(sent: Sent, *, retryable: bool = True) -> TransportError:
    return TransportError("no luck", retryable=retryable, sent=sent)


@dataclass
class Clock:
    """A clock that a test moves."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Line:
    """A transport that plays a list of outcomes, then delivers; it notes what it was given."""

    plays: list[Exception | Receipt | str] = field(default_factory=list)
    sent: list[Parcel] = field(default_factory=list)

    def send(self, parcel: Parcel) -> Receipt:
        self.sent.append(parcel)
        play = self.plays.pop(0) if self.plays else "delivered"
        if isinstance(play, Exception):
            raise play
        if isinstance(play, Receipt):
            return play
        return Receipt(play, parcel.digest, Parcel(f"reply {KANARIE}".encode(), id=f"r-{parcel.id}"), "200")  # type: ignore[arg-type]

    def receive(self) -> Iterator[Delivery]:
        return iter(())

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class DictStore:
    """A store without a disk, written from what :class:`oso_bridge.transports.store.Store` says."""

    def __init__(self, box: str = "outbox") -> None:
        self.box = box
        self._held: dict[str, Entry] = {}
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> bool:
        with self._lock:
            return self._held.setdefault(entry.key, entry) is entry

    def claim(
        self, ready: str, busy: str, *, now: float, lease: float, party: str | None = None, key: str | None = None
    ) -> Entry | None:
        with self._lock:
            due = [
                entry
                for entry in self._held.values()
                if (entry.state == ready and (key is not None or entry.due <= now))
                or (entry.state == busy and ((entry.lease or 0) <= now or entry.changed > now + 60))
                if party in (None, entry.party) and key in (None, entry.key)
            ]
            if not due:
                return None
            found = min(due, key=lambda entry: entry.due)
            taken = replace(
                found,
                state=busy,
                changed=now,
                lease=now + lease,
                tries=found.tries + 1,
                version=found.version + 1,
                abandoned=False,
            )
            self._held[found.key] = taken
            return replace(taken, abandoned=found.state == busy)

    def settle(self, entry: Entry, content: Literal["keep", "erase", "replace"] = "keep") -> bool:
        with self._lock:
            known = self._held.get(entry.key)
            if known is None or known.version != entry.version:
                return False
            held = {"keep": known.content, "erase": None, "replace": entry.content}[content]
            self._held[entry.key] = replace(entry, version=entry.version + 1, content=held, abandoned=False)
            return True

    def find(self, key: str) -> Entry | None:
        return self._held.get(key)

    def list(self, states: Collection[str] = ()) -> list[Entry]:
        held = list(self._held.values())
        return [replace(entry, content=None, reply=None) for entry in held if not states or entry.state in states]

    def purge(self, states: Collection[str], before: float) -> int:
        gone = [entry.key for entry in self._held.values() if entry.state in states and entry.changed < before]
        for key in gone:
            del self._held[key]
        return len(gone)

    def close(self) -> None:
        pass
