"""Rows of the security table that hold for every message, tried on signed ones: A1 to A10, A12, A15, A23 and A35."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from exchange.soap_attacks import Ear, hostile, pointers

from oso_bridge.errors import OsoBridgeError
from oso_bridge.signatures import MemoryReplays, wus
from oso_bridge.signatures.addressing import Addressing
from oso_bridge.xml.limits import Limits

from .samples import ACTION, PAYLOAD, TO, Party

SAID = Addressing(ACTION, to=TO)
ROWS = tuple(hostile(b"<s:Envelope><s:Body><a></a></s:Body></s:Envelope>", "http://127.0.0.1:9/"))


@pytest.fixture
def ear() -> Iterator[Ear]:
    found = Ear()
    yield found
    found.door.close()


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("signed", [True, False])
def test_refused(row: str, signed: bool, party: Party, ear: Ear) -> None:
    good = party.write().xml if signed else wus.write(PAYLOAD, SAID, kind="query").xml
    message, begin = hostile(good, ear.url)[row], time.process_time()
    if not signed and row == "A5 XInclude":
        found = wus.read(message, wus.Expected(), kind="query")  # inert: what it says is what stands there
        assert b"xi:include" in found.payload
    else:
        with pytest.raises(OsoBridgeError) as caught:
            party.read(message) if signed else wus.read(message, wus.Expected(), kind="query")
        assert getattr(caught.value, "rule", "") or "UTF" in str(caught.value)
        assert caught.value.__cause__ is None
    assert time.process_time() - begin < 5
    assert ear.heard == 0


@pytest.mark.parametrize("row", tuple(pointers(b"<s:Envelope ><s:Body><a></a></s:Body></s:Envelope>", "x")))
def test_nothing_is_fetched(row: str, party: Party, ear: Ear) -> None:
    message = pointers(party.write().xml, ear.url)[row]
    if row == "A7 on the envelope":
        assert party.read(message).payload
    else:
        with pytest.raises(OsoBridgeError):
            party.read(message)
    assert ear.heard == 0


def test_a_message_above_the_limit_is_not_looked_at(party: Party) -> None:
    """A10."""
    with pytest.raises(OsoBridgeError) as caught:
        party.read(party.write(b"<v>" + b"x" * 100_000 + b"</v>").xml, limits=Limits(max_bytes=100_000))
    assert getattr(caught.value, "rule", "") == "DOC.limiet.max_bytes"


def test_threads_read_each_their_own(party: Party, stranger: Party) -> None:
    """A35: signers, messages and one store for all; a good message comes once, a bad one never."""
    store = MemoryReplays()

    def one(number: int) -> list[str]:
        message = party.write(f"<v>{number}</v>".encode()).xml
        rules = []
        for attempt in (stranger.write(b"<v>x</v>").xml, message.replace(b"<v>", b"<v>9"), message, message):
            try:
                found = party.read(attempt, replays=store)
                rules.append(found.payload.decode().rpartition("</v>")[0].rpartition(">")[2])
            except OsoBridgeError as error:
                rules.append(str(getattr(error, "rule", "")))
        return rules

    with ThreadPoolExecutor(12) as pool:
        for number, rules in enumerate(pool.map(one, range(48))):
            assert rules == ["SIG.ondertekenaar", "SIG.gewijzigd", str(number), "SIG.herhaald"]


def test_one_message_in_many_threads_comes_once(party: Party) -> None:
    """A24, A35."""
    store, message = MemoryReplays(), party.write().xml

    def taken(_: int) -> bool:
        try:
            party.read(message, replays=store)
        except OsoBridgeError:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(taken, range(24))) == 1
