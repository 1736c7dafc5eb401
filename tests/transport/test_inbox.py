"""The inbox: each parcel is taken once, a repeat gets the same reply, and a crash between is told."""

from __future__ import annotations

import itertools
import logging
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.parcels import Delivery, Parcel
from oso_bridge.transports.box import LONGEST_NAME, Policy
from oso_bridge.transports.inbox import STATES, TRANSITIONS, Inbox
from oso_bridge.transports.store import SqliteStore
from oso_bridge.transports.vault import Vault

from .outbox_doubles import KANARIE, OTHER_KEY, Clock, DictStore, parcel, vault


@dataclass
class Administration:
    """Takes parcels in, unless it was told to fail; notes what it was given."""

    plays: list[Exception] = field(default_factory=list)
    seen: list[tuple[str, bool]] = field(default_factory=list)

    def __call__(self, parcel: Parcel, *, again: bool) -> Parcel | None:
        self.seen.append((parcel.id, again))
        if self.plays:
            raise self.plays.pop(0)
        return Parcel(f"reply {len(self.seen)} {KANARIE}".encode())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Inbox:
    return Inbox(DictStore("inbox"), vault(), policy=Policy(attempts=3, first_wait=10.0), now=clock)


def state(box: Inbox) -> list[str]:
    return [entry.state for entry in box.list()]


# --- taking --------------------------------------------------------------------------------------------------------


def test_a_repeat_is_taken_once(box: Inbox) -> None:
    assert [box.take(parcel()) for _ in range(3)] == [True, False, False]
    assert state(box) == ["ontvangen"]


@pytest.mark.parametrize("handled", [False, True])
def test_other_content_under_the_same_id_is_refused_and_told(handled: bool, box: Inbox) -> None:
    box.take(parcel(), "bron")
    if handled:
        box.run(Administration())
    before = box.list()
    for other in (parcel(content="other"), parcel(operation="other")):
        with pytest.raises(oso.TransportError, match="has this id") as caught:
            box.take(other, "bron")
        assert (caught.value.retryable, caught.value.sent) == (False, "no")
    assert box.list() == before


def test_senders_do_not_share_ids(box: Inbox) -> None:
    senders = ["", "a", "b", "a/b", "a%2Fb"]
    for sender in senders:
        assert box.take(parcel(content=f"from {sender}"), sender)
    assert box.take(parcel("b/p1"), "a")  # not the parcel p1 of the sender a/b
    assert len({entry.key for entry in box.list()}) == len(senders) + 1
    assert [entry.party for entry in box.list()] == [*senders, "a"]


@pytest.mark.parametrize("bad", [{"name": ""}, {"name": KANARIE * LONGEST_NAME}, {"operation": f"{KANARIE}\n"}])
def test_what_is_no_name_is_not_taken_and_not_quoted(bad: dict[str, Any], box: Inbox) -> None:
    with pytest.raises(oso.DataError) as caught:
        box.take(parcel(**bad))
    assert KANARIE not in str(caught.value)
    with pytest.raises(oso.DataError):
        box.take(parcel(), f"{KANARIE}\x00")
    assert box.list() == []


@dataclass
class Delivered:
    """A delivery that notes what it was told."""

    parcel: Parcel
    told: list[str] = field(default_factory=list)

    def delivery(self, box: Inbox) -> Delivery:
        def ack() -> None:
            self.told.append(f"ack with {len(box.list())} on disk")

        return Delivery(self.parcel, ack, self.told.append)


def test_a_delivery_is_acknowledged_when_it_is_safe(box: Inbox) -> None:
    for new in (True, False):
        came = Delivered(parcel())
        assert box.accept(came.delivery(box)) is new
        assert came.told == ["ack with 1 on disk"]


@pytest.mark.parametrize("bad", [parcel(content=f"other {KANARIE}"), parcel(f"{KANARIE}\n")], ids=["other", "no name"])
def test_a_delivery_that_cannot_be_taken_is_rejected(bad: Parcel, box: Inbox) -> None:
    box.take(parcel())
    came = Delivered(bad)
    assert not box.accept(came.delivery(box))
    assert len(came.told) == 1
    assert "id" in came.told[0]
    assert KANARIE not in came.told[0]


# --- handling ------------------------------------------------------------------------------------------------------


def test_what_was_handled_is_erased_and_its_reply_kept(box: Inbox) -> None:
    box.take(parcel(), "bron")
    administration = Administration()
    assert box.run(administration) == {"verwerkt": 1}
    assert box.run(administration) == {}
    assert administration.seen == [("p1", False)]
    (entry,) = box.list()
    found = box.store.find(entry.key)
    assert found is not None
    assert found.content is None
    assert box.digest(entry) == parcel().digest
    reply = box.reply(entry.key)
    assert reply is not None
    assert reply.content == f"reply 1 {KANARIE}".encode()
    assert box.reply("nobody") is None


def test_a_repeat_gets_the_same_reply(box: Inbox) -> None:
    administration = Administration()
    replies = [box.answer(parcel(), administration, "bron") for _ in range(3)]
    assert replies[0] is not None
    assert replies == [replies[0]] * 3
    assert administration.seen == [("p1", False)]


def test_no_reply_is_a_reply_too(box: Inbox) -> None:
    def silent(parcel: Parcel, *, again: bool) -> None:
        assert not again

    assert box.answer(parcel(), silent) is None
    assert box.answer(parcel(), Administration()) is None


def test_what_fails_is_handed_over_again_and_said_to_be(box: Inbox, clock: Clock) -> None:
    box.take(parcel())
    administration = Administration([ValueError(KANARIE), ValueError(KANARIE)])
    for _ in range(2):
        assert box.run(administration) == {"ontvangen": 1}
        assert box.run(administration) == {}
        clock.now += 100.0
    assert box.run(administration) == {"verwerkt": 1}
    assert administration.seen == [("p1", False), ("p1", True), ("p1", True)]
    assert [event.code for event in box.list()[0].events] == ["ValueError", "ValueError", ""]


def test_what_fails_too_often_waits_for_a_person(box: Inbox, clock: Clock) -> None:
    administration = Administration([ValueError()] * 3)
    for _ in range(3):
        with pytest.raises(ValueError):
            box.answer(parcel(), administration)
    assert state(box) == ["mislukt"]
    with pytest.raises(oso.TransportError, match="could not be handled") as caught:
        box.answer(parcel(), administration)
    assert not caught.value.retryable
    clock.now += 1e6
    assert box.run(administration) == {}
    key = box.list()[0].key
    assert box.retry(key).tries == 0
    assert box.run(administration) == {"verwerkt": 1}
    assert administration.seen[-1] == ("p1", True)
    for other in (key, "nobody"):
        with pytest.raises(oso.DataError, match="no such parcel"):
            box.retry(other)


def test_after_a_crash_it_is_handed_over_again_and_said_to_be(box: Inbox, clock: Clock) -> None:
    box.take(parcel())
    assert box.store.claim("ontvangen", "bezig", now=clock.now, lease=300.0) is not None
    administration = Administration()
    assert box.run(administration) == {}
    with pytest.raises(oso.TransportError, match="at this moment") as caught:
        box.answer(parcel(), administration)
    assert (caught.value.retryable, caught.value.sent) == (True, "yes")
    clock.now += 300.0
    assert box.run(administration) == {"verwerkt": 1}
    assert administration.seen == [("p1", True)]


def test_a_parcel_that_kills_every_process_is_not_handed_over_for_ever(box: Inbox, clock: Clock) -> None:
    box.take(parcel())
    for _ in range(3):
        assert box.store.claim("ontvangen", "bezig", now=clock.now, lease=300.0) is not None
        clock.now += 300.0
    assert box.run(Administration()) == {}
    assert state(box) == ["mislukt"]


def test_of_two_who_handled_it_the_first_reply_counts(box: Inbox, clock: Clock) -> None:
    quick = Administration()

    def slow(parcel: Parcel, *, again: bool) -> Parcel:
        clock.now += 301.0
        box.run(quick)
        return Parcel(b"too late")

    reply = box.answer(parcel(), slow)
    assert reply is not None
    assert reply.content == f"reply 1 {KANARIE}".encode()
    assert reply == box.answer(parcel(), quick)
    assert quick.seen == [("p1", True)]


def test_who_was_taken_for_dead_may_be_done_all_the_same(box: Inbox, clock: Clock) -> None:
    failing = Administration([ValueError()])

    def slow(parcel: Parcel, *, again: bool) -> Parcel:
        clock.now += 301.0
        box.run(failing)
        return Parcel(b"done")

    reply = box.answer(parcel(), slow)
    assert reply is not None
    assert reply.content == b"done"
    assert state(box) == ["verwerkt"]
    clock.now += 1000.0
    assert box.run(failing) == {}


def test_of_many_who_ask_at_once_one_is_handled(tmp_path: Path) -> None:
    administration = Administration()
    with Inbox(SqliteStore(tmp_path / "in.db", "inbox"), vault()) as box, ThreadPoolExecutor(8) as pool:

        def ask(_: int) -> Parcel | str | None:
            try:
                return box.answer(parcel(), administration, "bron")
            except oso.TransportError as error:
                return "later" if error.retryable else "never"

        told = list(pool.map(ask, range(40)))
        reply = box.answer(parcel(), administration, "bron")
    assert administration.seen == [("p1", False)]
    assert {item if isinstance(item, str) else item and item.content for item in told} - {"later"} == {
        reply and reply.content
    }


def test_a_wrong_key_loses_nothing(box: Inbox, clock: Clock) -> None:
    box.take(parcel())
    wrong = Inbox(box.store, Vault(OTHER_KEY), now=clock)
    with pytest.raises(oso.IdentityError, match="another key"):
        wrong.run(Administration())
    clock.now += 1000.0
    administration = Administration()
    assert box.run(administration) == {"verwerkt": 1}
    assert administration.seen == [("p1", False)]


def test_a_new_key(box: Inbox) -> None:
    box.answer(parcel(), Administration())
    box.take(parcel("p2"))
    assert Inbox(box.store, Vault(OTHER_KEY).after(vault())).rekey() == (2, 0)
    alone = Inbox(box.store, Vault(OTHER_KEY))
    first = alone.answer(parcel(), Administration())
    assert first is not None
    assert first.content == f"reply 1 {KANARIE}".encode()
    assert alone.run(Administration()) == {"verwerkt": 1}


def test_purging_forgets_what_was_handled_long_ago(box: Inbox, clock: Clock) -> None:
    box.answer(parcel(), Administration())
    box.take(parcel("p2"))
    clock.now += 86_401.0
    assert box.purge(1.0) == 1
    assert state(box) == ["ontvangen"]
    with pytest.raises(oso.UsageError, match="has not ended"):
        box.purge(1.0, ["ontvangen"])


# --- the table, and what is never told -----------------------------------------------------------------------------


def test_the_table_of_states_is_whole() -> None:
    assert set(TRANSITIONS) == set(STATES) == {*set().union(*TRANSITIONS.values()), "ontvangen"}
    assert {name for name, after in TRANSITIONS.items() if not after} == Inbox.ended
    assert all(set(text) == {"nl", "en"} for text in STATES.values())


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATES, STATES)))
def test_every_step_is_in_the_table_or_refused(before: str, after: str, box: Inbox) -> None:
    box.take(parcel(KANARIE))
    entry = replace(box.list()[0], state=before)
    if after in TRANSITIONS[before]:
        assert box._moved(entry, after).state == after
        return
    with pytest.raises(oso.UsageError, match=f"What is {before} cannot become {after}") as caught:
        box._moved(entry, after)
    assert KANARIE not in str(caught.value)  # the id was chosen by another


def test_no_content_is_on_the_disk_in_the_log_or_in_an_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = {"routing": {"name": KANARIE}, "media_type": f"text/xml; name={KANARIE}"}
    told = []
    with Inbox(SqliteStore(tmp_path / "in.db", "inbox"), vault()) as box:
        box.answer(parcel("p1", **secret), Administration())
        box.take(parcel("p2", **secret))
        box.run(Administration([ValueError(KANARIE)]))
        box.accept(Delivered(parcel("p1", f"other {KANARIE}")).delivery(box))
        try:
            box.take(parcel("p1", f"other {KANARIE}"))
        except oso.TransportError as error:
            told.append("".join(traceback.format_exception(error)))
        told += [repr(box.list()), repr(box.store)]
        files = list(tmp_path.iterdir())
        assert len(files) == 3
        held = b"".join(file.read_bytes() for file in files)
    assert KANARIE.encode() not in held
    assert parcel().digest.encode() not in held
    assert len(caplog.records) == 2
    assert KANARIE not in caplog.text + "".join(told)
