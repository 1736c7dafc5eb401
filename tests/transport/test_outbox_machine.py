"""An outbox and an inbox with everything between them going wrong, in an order that nobody thought of."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from oso_bridge.errors import TransportError
from oso_bridge.parcels import Parcel, Receipt
from oso_bridge.transports.box import Policy
from oso_bridge.transports.inbox import Inbox
from oso_bridge.transports.outbox import DECISIONS, Outbox

from .outbox_doubles import Clock, DictStore, vault

NAMES = st.sampled_from(["a", "b", "c"])
FAULTS = st.sampled_from(["none", "none", "before", "after", "twice", "crash before", "crash after", "crash handling"])
LEASE = 100.0


class Crash(BaseException):
    """The process is no more: nothing is written down after this."""


class World(RuleBasedStateMachine):
    """Both sides share a clock; a crash leaves what was in the stores, and nothing else."""

    recognises = True

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.stores = DictStore(), DictStore("inbox")
        self.policy = Policy(self.recognises, attempts=3, first_wait=1.0, longest_wait=4.0)
        self.promised: dict[str, Parcel] = {}
        self.seen: Counter[tuple[str, bool]] = Counter()
        self.arrivals: Counter[str] = Counter()
        self.decided: Counter[str] = Counter()
        self.fault = "none"

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.stores[0], vault(), policies={"": self.policy}, lease=LEASE, now=self.clock)

    @property
    def inbox(self) -> Inbox:
        policy = replace(self.policy, attempts=1000)
        return Inbox(self.stores[1], vault(), policy=policy, lease=LEASE, now=self.clock)

    # the line

    def send(self, parcel: Parcel) -> Receipt:
        if self.fault == "before":
            raise TransportError("lost", retryable=True, sent="no")
        if self.fault == "crash before":
            raise Crash
        for _ in range(1 + (self.fault == "twice" and self.recognises)):
            reply = self.arrive(parcel)
        if self.fault == "crash after":
            raise Crash
        if self.fault == "after":
            raise TransportError("no answer", retryable=True, sent="unknown")
        return Receipt("delivered", parcel.digest, reply)

    def arrive(self, parcel: Parcel) -> Parcel | None:
        self.arrivals[parcel.id] += 1
        if not self.recognises:
            return None
        try:
            return self.inbox.answer(parcel, self.handle, "bron")
        except Crash:  # of the other side: the line breaks
            raise TransportError("no answer", retryable=True, sent="unknown") from None

    def handle(self, parcel: Parcel, *, again: bool) -> Parcel:
        self.seen[parcel.id, again] += 1
        if self.fault == "crash handling":
            raise Crash
        return Parcel(f"{parcel.id} {self.seen.total()}".encode(), id="reply")

    # what may happen

    @rule(name=NAMES)
    def put(self, name: str) -> None:
        self.promised[name] = Parcel(f"content of {name}".encode(), id=name)
        self.outbox.put(self.promised[name])

    @rule(fault=FAULTS)
    def deliver(self, fault: str) -> None:
        self.fault = fault
        line: Any = self
        try:
            self.outbox.deliver_once(line)
        except Crash:
            pass
        finally:
            self.fault = "none"

    @rule(seconds=st.sampled_from([1.0, 5.0, LEASE]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(name=NAMES)
    def person(self, name: str) -> None:
        """Who is asked looks what the other side has."""
        entry = self.stores[0].find(name)
        if entry and entry.state in ("onzeker", "mislukt"):
            arrived = entry.state == "onzeker" and self.arrivals[name] > 0 and not self.recognises
            getattr(self.outbox, "confirm" if arrived else "retry")(name)
            self.decided[name] += 1

    @rule()
    def work(self) -> None:
        self.inbox.run(self.handle)

    # what always holds

    @invariant()
    def nothing_that_was_promised_is_forgotten(self) -> None:
        assert {entry.id for entry in self.outbox.list()} == set(self.promised)

    @invariant()
    def what_is_said_to_have_arrived_did(self) -> None:
        for entry in self.outbox.list("verzonden"):
            assert self.arrivals[entry.id] > 0
            assert self.stores[0].find(entry.id).content is None  # type: ignore[union-attr]

    @invariant()
    def what_is_said_to_have_failed_never_arrived(self) -> None:
        for entry in self.outbox.list("mislukt"):
            assert self.arrivals[entry.id] == 0

    @invariant()
    def nobody_is_handed_a_parcel_twice_unwarned(self) -> None:
        assert all(count == 1 for (_, again), count in self.seen.items() if not again)

    @invariant()
    def what_is_not_recognised_is_never_sent_twice(self) -> None:
        if not self.recognises:
            assert all(count == 1 for count in self.arrivals.values())

    def teardown(self) -> None:
        """When nothing goes wrong any more, all arrives, once, and both sides say the same."""
        self.fault = "none"
        for _ in range(12):
            self.clock.now += LEASE
            line: Any = self
            self.outbox.run(line)
            self.inbox.run(self.handle)
            for name in self.promised:
                self.person(name)
        assert {entry.id: entry.state for entry in self.outbox.list()} == dict.fromkeys(self.promised, "verzonden")
        if self.recognises:
            self.compare()

    def compare(self) -> None:
        out, into = self.outbox, self.inbox
        assert {(entry.id, out.digest(entry)) for entry in out.list()} == {
            (entry.id, into.digest(entry)) for entry in into.list("verwerkt")
        }
        assert len(into.list()) == len(self.promised)
        for entry in into.list():
            receipt = out.receipt(entry.id)
            assert receipt is not None
            assert receipt.reply == into.reply(entry.key)


class PlainWorld(World):
    """The other side takes whatever comes."""

    recognises = False


assert set(DECISIONS) == {"retry", "confirm", "cancel"}
HOW = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestKnowing = World.TestCase
TestKnowing.settings = HOW
TestPlain = PlainWorld.TestCase
TestPlain.settings = HOW
