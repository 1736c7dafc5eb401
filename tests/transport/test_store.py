"""What a store must do, tried on the one in SQLite and on one without a disk; and what only a file can get wrong."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.transports.store import MOST_EVENTS, Entry, Event, SqliteStore, Store, open_store

from .outbox_doubles import DictStore

CLAIM: dict[str, Any] = {"ready": "klaar", "busy": "bezig", "lease": 60.0}


def entry(key: str = "a", **more: Any) -> Entry:
    made = Entry(key, key, "school", "dossier", "klaar", 10.0, 10.0, 10.0, b"secret", content=b"sealed")
    return replace(made, **more)


@pytest.fixture(params=["sqlite", "dict"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = SqliteStore(tmp_path / "box.db") if request.param == "sqlite" else DictStore()
    yield made
    made.close()


# --- every store -------------------------------------------------------------------------------------------------


def test_what_is_added_is_found_once(store: Store) -> None:
    assert store.add(entry(events=(Event(1.0, "failed", 0.5, "unknown", "503"),)))
    assert not store.add(entry(state="bezig", content=b"other"))
    assert store.find("a") == entry(events=(Event(1.0, "failed", 0.5, "unknown", "503"),))
    assert store.find("b") is None


def test_a_list_has_no_parcels_and_keeps_the_order(store: Store) -> None:
    for key in "cab":
        store.add(entry(key, reply=b"sealed too"))
    store.add(entry("d", state="mislukt"))
    assert [item.key for item in store.list()] == ["c", "a", "b", "d"]
    assert store.list(["mislukt"]) == [entry("d", state="mislukt", content=None)]
    assert store.list(["klaar"])[0] == entry("c", content=None)
    assert store.list(["verzonden"]) == []


def test_a_claim_takes_what_is_due_first_and_once(store: Store) -> None:
    for key, due in {"late": 30.0, "soon": 20.0, "later": 99.0}.items():
        store.add(entry(key, due=due))
    taken = [store.claim(**CLAIM, now=50.0) for _ in range(3)]
    assert [item and item.key for item in taken] == ["soon", "late", None]
    assert taken[0] == entry(
        "soon", due=20.0, state="bezig", changed=50.0, lease=110.0, tries=1, version=1, abandoned=False
    )


def test_a_claim_may_ask_for_a_party_or_a_key(store: Store) -> None:
    store.add(entry("a"))
    store.add(entry("b", party="other", due=99.0))
    assert store.claim(**CLAIM, now=50.0, party="other") is None
    assert store.claim(**CLAIM, now=50.0, key="c") is None
    found = store.claim(**CLAIM, now=50.0, key="b")
    assert found is not None
    assert found.key == "b"
    assert store.claim(**CLAIM, now=50.0, key="b") is None


def test_a_lease_that_is_over_gives_the_entry_back(store: Store) -> None:
    store.add(entry())
    assert store.claim(**CLAIM, now=50.0) is not None
    assert store.claim(**CLAIM, now=109.9) is None
    again = store.claim(**CLAIM, now=110.0)
    assert again is not None
    assert (again.abandoned, again.tries, again.version, again.lease) == (True, 2, 2, 170.0)


def test_a_clock_that_was_set_back_keeps_nothing_for_ever(store: Store) -> None:
    store.add(entry())
    store.claim(**CLAIM, now=1e6)
    assert store.claim(**CLAIM, now=1e6 - 30.0) is None  # two processes may be a little apart
    again = store.claim(**CLAIM, now=50.0)
    assert again is not None
    assert again.abandoned


def test_of_two_who_settle_one_notices(store: Store) -> None:
    store.add(entry())
    first = store.claim(**CLAIM, now=50.0)
    second = store.claim(**CLAIM, now=200.0)
    assert first is not None
    assert second is not None
    assert not store.settle(replace(first, state="klaar"))
    assert store.settle(replace(second, state="mislukt"))
    assert not store.settle(replace(second, state="klaar"))
    found = store.find("a")
    assert found is not None
    assert (found.state, found.version) == ("mislukt", 3)
    assert not store.settle(entry("nobody"))


def test_settling_keeps_erases_or_replaces_the_content(store: Store) -> None:
    for key, how, wanted in [("k", "keep", b"sealed"), ("e", "erase", None), ("r", "replace", b"new")]:
        store.add(entry(key))
        assert store.settle(entry(key, content=b"new", reply=b"r", secret=b"s"), how)  # type: ignore[arg-type]
        found = store.find(key)
        assert found is not None
        assert (found.content, found.reply, found.secret) == (wanted, b"r", b"s")


def test_purging_forgets_what_is_old_and_in_such_a_state(store: Store) -> None:
    for key, state, changed in [("a", "verzonden", 10.0), ("b", "verzonden", 20.0), ("c", "klaar", 10.0)]:
        store.add(entry(key, state=state, changed=changed))
    assert store.purge(["verzonden"], 20.0) == 1
    assert [item.key for item in store.list()] == ["b", "c"]
    assert store.purge([], 99.0) == 0


# --- the file ------------------------------------------------------------------------------------------------------


def test_what_was_added_is_there_for_the_next_process(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "box.db") as store:
        store.add(entry())
    with open_store(tmp_path / "box.db") as store:
        assert store.find("a") == entry()


def test_the_outbox_and_the_inbox_may_share_a_file(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "box.db") as out, SqliteStore(tmp_path / "box.db", "inbox") as into:
        assert out.add(entry())
        assert into.list() == []
        assert into.find("a") is None
        assert into.claim(**CLAIM, now=50.0) is None
        assert into.add(entry(state="ontvangen"))
        assert into.purge(["klaar", "ontvangen"], 99.0) == 1
        assert [item.key for item in out.list()] == ["a"]


@pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "box.db") as store:
        store.add(entry())
        files = sorted(tmp_path.iterdir())
        assert [file.name for file in files] == ["box.db", "box.db-shm", "box.db-wal"]
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_writing_goes_through_to_the_disk(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "box.db") as store, store._connection() as db:
        asked = {name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
        assert asked == {"journal_mode": "wal", "synchronous": 2}
        assert db.execute("PRAGMA secure_delete").fetchone()[0] == 1


def test_of_an_entry_that_is_tried_for_ever_the_last_events_are_kept(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "box.db") as store:
        store.add(entry(events=tuple(Event(float(number), "failed") for number in range(MOST_EVENTS + 7))))
        found = store.find("a")
        assert found is not None
        assert [event.at for event in found.events] == [float(number) for number in range(7, MOST_EVENTS + 7)]


def test_a_store_that_is_only_looked_at_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(oso.UsageError, match="no such database"):
        open_store(tmp_path / "box.db")
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_others_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "theirs.db"
    db = sqlite3.connect(file)
    db.execute("CREATE TABLE pupils (name TEXT)")
    db.close()
    before = file.read_bytes()
    with pytest.raises(oso.DataError, match="another program"):
        SqliteStore(file)
    assert file.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["theirs.db"]


def test_a_database_of_a_later_version_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "box.db"
    SqliteStore(file).close()
    db = sqlite3.connect(file)
    db.execute("PRAGMA user_version = 2")
    db.close()
    with pytest.raises(oso.DataError, match="version 2, and 1 is known"):
        SqliteStore(file)


def test_what_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    file = tmp_path / "box.db"
    file.write_bytes(b"<xml/>" * 1000)
    with pytest.raises(oso.DataError, match="no database"):
        SqliteStore(file)
    assert file.read_bytes() == b"<xml/>" * 1000


def test_a_damaged_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    file = tmp_path / "box.db"
    with SqliteStore(file) as store:
        for number in range(200):
            store.add(entry(str(number), content=bytes(1000)))
    held = bytearray(file.read_bytes())
    held[4096:-4096] = b"\xa5" * (len(held) - 8192)
    file.write_bytes(held)
    with pytest.raises(oso.DataError, match="damaged"), SqliteStore(file) as store:
        store.list()


@pytest.mark.parametrize("events", ["", "{", "[1]", '[{"at": 1}]', '[{"nothing": 1}]', "[" * 100_000])
def test_an_entry_that_somebody_changed_is_an_error_of_ours(events: str, tmp_path: Path) -> None:
    file = tmp_path / "box.db"
    with SqliteStore(file) as store:
        store.add(entry())
        with store._writing() as db:
            db.execute("UPDATE entry SET events = ?", [events])
        with pytest.raises(oso.DataError, match="damaged"):
            store.find("a")


def test_who_waits_too_long_for_another_is_told_so(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "box.db") as store, SqliteStore(tmp_path / "box.db", patience=0.05) as hasty:
        with store._writing(), pytest.raises(oso.DataError, match="for too long"):
            hasty.add(entry())
        assert hasty.add(entry())


def test_opening_waits_where_sqlite_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up, busy = SqliteStore._set_up, sqlite3.OperationalError("locked")
    busy.sqlite_errorname = "SQLITE_BUSY_RECOVERY"
    times = 3

    def set_up_later(self: SqliteStore, db: sqlite3.Connection) -> None:
        nonlocal times
        times -= 1
        if times >= 0:
            raise busy
        set_up(self, db)

    monkeypatch.setattr(SqliteStore, "_set_up", set_up_later)
    with SqliteStore(tmp_path / "box.db") as store:
        assert store.add(entry())
    times = 10**6
    with pytest.raises(oso.DataError, match="for too long"):
        SqliteStore(tmp_path / "box.db", patience=0.05)


def stopped_half_way(store: SqliteStore) -> None:
    with store._writing() as db:
        db.execute("DELETE FROM entry")
        raise KeyboardInterrupt


def test_half_a_change_is_no_change(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "box.db") as store:
        store.add(entry())
        with pytest.raises(KeyboardInterrupt):
            stopped_half_way(store)
        assert store.find("a") == entry()


SEALED = b"Sealed7f3a91" * 1000


def on_disk(folder: Path) -> bool:
    """Whether any file still has the sealed content."""
    return any(SEALED[:12] in file.read_bytes() for file in folder.iterdir())


def test_what_is_purged_leaves_the_file(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "box.db") as store:
        store.add(entry(content=SEALED, state="verzonden"))
        assert on_disk(tmp_path)
        store.purge(["verzonden"], 99.0)
        assert not on_disk(tmp_path)


@pytest.mark.parametrize("content", ["erase", "replace"])
def test_what_is_erased_leaves_the_file_and_its_log(content: Any, tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "box.db") as store, SqliteStore(tmp_path / "box.db") as other:
        store.add(entry(content=SEALED))
        assert other.find("a") is not None
        assert on_disk(tmp_path)
        assert store.settle(entry(content=b"sealed anew"), content)
        assert not on_disk(tmp_path)


def test_who_reads_only_delays_the_wiping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oso_bridge.transports.store._WIPING", 10)
    with SqliteStore(tmp_path / "box.db") as store:
        store.add(entry(content=SEALED))
        store.add(entry("b"))
        with closing(sqlite3.connect(tmp_path / "box.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM entry").fetchall()
            assert store.settle(entry(state="verzonden"), "erase")
            assert store.find("a") == entry(state="verzonden", content=None, version=1)
            assert on_disk(tmp_path)
        assert store.settle(entry("b", state="verzonden"), "erase")
        assert not on_disk(tmp_path)


def test_a_change_that_is_made_is_never_told_as_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: SqliteStore) -> None:
        raise oso.DataError("There is no room on the disk.")

    with SqliteStore(tmp_path / "box.db") as store:
        store.add(entry(content=SEALED))
        monkeypatch.setattr(SqliteStore, "_wipe", full)
        assert store.settle(entry(state="verzonden"), "erase")
        assert store.find("a") == entry(state="verzonden", content=None, version=1)


def test_a_name_with_signs_that_mean_something_in_an_address(tmp_path: Path) -> None:
    file = tmp_path / "a?mode=memory#b %41.db"
    SqliteStore(file).close()
    assert [item.name for item in tmp_path.iterdir()] == [file.name]


def test_threads_take_turns(store: Store) -> None:
    for number in range(60):
        store.add(entry(str(number)))
    taken: list[str] = []

    def take() -> None:
        while found := store.claim(**CLAIM, now=50.0):
            taken.append(found.key)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken, key=int) == [str(number) for number in range(60)]


def claim_all(path: Path, told: Any) -> None:
    """Make the file or open it, whoever is first; add the same entries, and take what can be taken."""
    with SqliteStore(path) as store:
        added = sum(store.add(entry(str(number))) for number in range(40))
        keys = []
        while found := store.claim(**CLAIM, now=50.0):
            keys.append(found.key)
        told.send((added, keys))
    told.close()


def test_processes_take_turns(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ends = []
    for _ in range(2):
        ours, theirs = context.Pipe()
        process = context.Process(target=claim_all, args=(tmp_path / "box.db", theirs))
        process.start()
        theirs.close()
        ends.append((ours, process))
    told = []
    for ours, process in ends:
        told.append(ours.recv())
        process.join()
        ours.close()
        process.close()
    assert sum(added for added, _ in told) == 40
    assert Counter(key for _, keys in told for key in keys) == {str(number): 1 for number in range(40)}


def test_a_copy_of_the_file_is_a_whole_outbox(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "box.db") as store:
        store.add(entry())
    shutil.copy(tmp_path / "box.db", tmp_path / "copy.db")
    with SqliteStore(tmp_path / "copy.db") as copy:
        assert copy.find("a") == entry()
