"""What the outbox and the inbox share: sealing parcels into entries, and moving these from state to state."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Literal, Self

from oso_bridge.errors import DataError, UsageError
from oso_bridge.parcels import Parcel
from oso_bridge.transports.store import Entry, Event, Store
from oso_bridge.transports.vault import Vault

log = logging.getLogger("oso_bridge.transports")

LONGEST_NAME = 200
"""Characters that the id, the operation and the party of a parcel may have."""
LARGEST_ROUTING = 10_000
"""Characters that the routing and the media type of a parcel may have together."""
DAY = 86_400.0
LEASE = 300.0

Transitions = Mapping[str, frozenset[str]]
_chance = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and how fast something is tried again.

    Attributes:
        recognises: Whether the other side knows a repeat by its id and does nothing twice.  Where it does not, what may
            have arrived is never sent again without a person.
        attempts: How often it is tried before a person is asked.
        first_wait: Seconds before the second attempt; each further wait is twice as long.
        longest_wait: Seconds that a wait may become at the most.
    """

    recognises: bool = False
    attempts: int = 8
    first_wait: float = 30.0
    longest_wait: float = 3600.0

    def wait(self, tries: int) -> float:
        """Seconds to wait after so many attempts; up to a half less by chance, so that not all come back at once."""
        longest = min(self.longest_wait, self.first_wait * 2.0 ** min(tries - 1, 30))
        return longest * _chance.uniform(0.5, 1.0)


class Box:
    """Entries in a store, sealed by a vault; the part that an outbox and an inbox share.

    Args:
        store: Where the entries are.
        vault: What seals and opens them; None for looking and deciding only.
        lease: Seconds after which whoever is busy with an entry is taken to have died.  It must be longer than the
            longest call takes.
        now: The clock, in seconds since 1970.

    Raises:
        UsageError: The store is that of another kind of box.
    """

    kind: Literal["outbox", "inbox"]
    states: Mapping[str, Mapping[str, str]]
    transitions: Transitions
    ended: frozenset[str]

    def __init__(
        self, store: Store, vault: Vault | None = None, *, lease: float = LEASE, now: Callable[[], float] = time.time
    ) -> None:
        if store.box != self.kind:
            raise UsageError(f"This store is that of an {store.box}, not of an {self.kind}.")
        self.store = store
        self._vault = vault
        self._lease = lease
        self._now = now

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    @property
    def has_key(self) -> bool:
        """Whether it can open what is sealed."""
        return self._vault is not None

    def list(self, *states: str) -> list[Entry]:
        """What is in it, the oldest first, without the parcels.

        Args:
            states: Only what is in one of these states.

        Raises:
            UsageError: There is no such state.
        """
        self._check_states(states)
        return self.store.list(states)

    def purge(self, days: float, states: Iterable[str] | None = None) -> int:
        """Forget what ended long ago, with its receipts and replies.

        Args:
            days: How long ago that must be.
            states: Which states to look at; those in which nothing more is to be done when left out.

        Returns:
            How many were forgotten.

        Raises:
            UsageError: Something in such a state still waits for a machine or a person.
        """
        chosen = frozenset(self.ended if states is None else states)
        self._check_states(chosen)
        if open_ := chosen - self.ended - {"mislukt"}:
            raise UsageError(f"What is {', '.join(sorted(open_))} has not ended, and is not forgotten.")
        return self.store.purge(sorted(chosen), self._now() - days * DAY)

    def digest(self, entry: Entry) -> str:
        """The SHA-256 of the content of a parcel, which is kept when the content is erased."""
        return str(self._facts(entry)["digest"])

    def rekey(self) -> tuple[int, int]:
        """Seal with the newest key of the vault what an older one sealed.

        It may be stopped and done again, also while others use the store.

        Returns:
            How many entries were sealed anew; how many could not be, because somebody was busy with them.

        Raises:
            IdentityError: Something was sealed with a key that is not in the vault.
        """
        done = left = 0
        for listed in self.store.list():
            outcome = self._rekeyed(listed.key)
            done += outcome is True
            left += outcome is False
        return done, left

    def _rekeyed(self, key: str) -> bool | None:
        """Seal one entry anew; None when there is nothing to do, False when it is not the moment."""
        entry, vault = self.store.find(key), self._opened_vault()
        if entry is None or all(vault.sealed_last(part) for part in self._sealed_parts(entry).values()):
            return None
        if entry.lease is not None:
            return False  # whoever is busy would no longer be able to write down what came of it
        sealed = {
            name: vault.seal(vault.open(part, self._about(entry, name)), self._about(entry, name))
            for name, part in self._sealed_parts(entry).items()
        }
        held = replace(
            entry, secret=sealed["secret"], content=sealed.get("content"), reply=sealed.get("reply", entry.reply)
        )
        return self.store.settle(held, "replace")

    @staticmethod
    def _sealed_parts(entry: Entry) -> dict[str, bytes]:
        parts = {"secret": entry.secret, "content": entry.content, "reply": entry.reply}
        return {name: part for name, part in parts.items() if part is not None}

    # --- sealing ------------------------------------------------------------------------------------------------

    def _opened_vault(self) -> Vault:
        if self._vault is None:
            raise UsageError("This needs the key.", remedy="Give a vault.")
        return self._vault

    def _about(self, entry: Entry, part: str) -> bytes:
        """What a sealed part belongs to: it opens nowhere else, and not beside another address or operation."""
        return json.dumps([self.kind, entry.key, entry.id, entry.party, entry.operation, part]).encode()

    def _seal(self, entry: Entry, part: str, plain: bytes) -> bytes:
        return self._opened_vault().seal(plain, self._about(entry, part))

    def _open(self, entry: Entry, part: str, sealed: bytes) -> bytes:
        return self._opened_vault().open(sealed, self._about(entry, part))

    def _fresh(self, key: str, parcel: Parcel, party: str, state: str) -> Entry:
        """A new entry for a parcel."""
        now = self._now()
        bare = Entry(key, parcel.id, party, parcel.operation, state, now, now, now, b"")
        facts = json.dumps({"digest": parcel.digest}).encode()
        return replace(
            bare, secret=self._seal(bare, "secret", facts), content=self._seal(bare, "content", packed(parcel))
        )

    def _facts(self, entry: Entry) -> dict[str, Any]:
        """The sealed facts on an entry: ``digest``, and ``trouble`` when something went wrong."""
        facts: dict[str, Any] = json.loads(self._open(entry, "secret", entry.secret))
        return facts

    def _with_facts(self, entry: Entry, **facts: Any) -> Entry:
        held = {**self._facts(entry), **facts}
        return replace(entry, secret=self._seal(entry, "secret", json.dumps(held).encode()))

    def _parcel(self, entry: Entry) -> Parcel:
        """The parcel of an entry that was found or claimed."""
        if entry.content is None:
            raise UsageError("The content of this parcel was erased.", where=entry.state)
        return unpacked(self._open(entry, "content", entry.content))

    def _reply(self, entry: Entry) -> Parcel | None:
        return None if entry.reply is None else unpacked(self._open(entry, "reply", entry.reply))

    def _with_reply(self, entry: Entry, reply: Parcel | None) -> Entry:
        return entry if reply is None else replace(entry, reply=self._seal(entry, "reply", packed(reply)))

    # --- states -------------------------------------------------------------------------------------------------

    def _check_states(self, states: Iterable[str]) -> None:
        for state in states:
            if state not in self.states:
                raise UsageError(f"There is no state {state!r}.", remedy=f"Choose from {', '.join(self.states)}.")

    def _moved(self, entry: Entry, state: str, event: Event | None = None, wait: float = 0.0) -> Entry:
        """An entry in its next state, let go of.

        Raises:
            UsageError: No such step exists.
        """
        if state not in self.transitions[entry.state]:
            raise UsageError(
                f"What is {entry.state} cannot become {state}.",
                where=entry.key if self.kind == "outbox" else None,
                remedy=f"From here it can become {', '.join(sorted(self.transitions[entry.state])) or 'nothing else'}.",
            )
        now = self._now()
        events = (*entry.events, event) if event else entry.events
        return replace(entry, state=state, changed=now, due=now + wait, lease=None, events=events)

    def _content_of(self, entry: Entry) -> Literal["keep", "erase"]:
        """What becomes of the content: it is kept only while it may be needed."""
        return "erase" if entry.state in self.ended else "keep"


def packed(parcel: Parcel) -> bytes:
    """A parcel as bytes: a line of JSON, and the content."""
    head = [parcel.id, parcel.operation, parcel.media_type, dict(parcel.routing)]
    return json.dumps(head).encode("ascii") + b"\n" + parcel.content


def unpacked(held: bytes) -> Parcel:
    """The parcel that :func:`packed` made bytes of."""
    head, _, content = held.partition(b"\n")
    name, operation, media_type, routing = json.loads(head)
    return Parcel(content, media_type, name, operation, routing)


def check_parcel(parcel: Parcel, party: str) -> None:
    """Refuse what would be kept in the clear and cannot be a mere name.

    Raises:
        DataError: The id, the operation, the party or the routing is empty, too long or not printable; not quoted.
    """
    for what, name in {"id": parcel.id, "operation": parcel.operation, "party": party}.items():
        if len(name) > LONGEST_NAME or not name.isprintable() or (what == "id" and not name.strip()):
            raise DataError(f"The {what} of this parcel is no name: 1 to {LONGEST_NAME} printable characters.")
    size = len(parcel.media_type) + sum(len(name) + len(value) for name, value in parcel.routing.items())
    if size > LARGEST_ROUTING:
        raise DataError(f"The routing of this parcel is longer than {LARGEST_ROUTING} characters.")
