"""``oso-bridge outbox``: looking and deciding from the command line, without ever showing a content."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from oso_bridge.parcels import Parcel
from oso_bridge.transports import transport
from oso_bridge.transports.inbox import Inbox
from oso_bridge.transports.outbox import STATES, Outbox
from oso_bridge.transports.store import SqliteStore
from oso_bridge.transports.vault import VARIABLE, Vault, new_key_file

from .outbox_doubles import KANARIE, KNOWING, Clock, Line, parcel, trouble

NAMES = {"verzonden": "p1", "onzeker": "p2", "mislukt": "p3", "klaar": "p4"}
UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    new_key_file(tmp_path / "key")
    return tmp_path / "key"


@pytest.fixture
def store(tmp_path: Path, key: Path) -> Path:
    """An outbox with a parcel in each of four states, and an inbox in the same file."""
    file, vault = tmp_path / "uit.db", Vault.from_file(key)
    with Outbox(SqliteStore(file), vault, policies={"toets": KNOWING}) as box:
        for name in NAMES.values():
            box.put(parcel(name, operation="toets"), to="99XX")
        box.run(Line(["delivered", trouble("unknown", retryable=False), "refused", trouble("no")]))
    with Inbox(SqliteStore(file, "inbox"), vault) as into:
        into.take(parcel())
    return file


def states(store: Path) -> dict[str, str]:
    with Outbox(SqliteStore(store)) as box:
        return {entry.id: entry.state for entry in box.list()}


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_list(lang: str, run: Any, store: Path) -> None:
    made = run("outbox", "list", "--store", store, "--lang", lang)
    assert (made.code, made.err) == (0, "")
    lines = made.out.splitlines()
    assert [line.split()[0] for line in lines] == list(NAMES)
    for line, (state, name) in zip(lines, NAMES.items(), strict=True):
        assert name in line
        assert line.endswith(STATES[state][lang])
        assert UTC.search(line)
    assert run("outbox", "list", "--store", store, "--state", "onzeker").out.count("\n") == 1


def test_list_as_json(run: Any, store: Path) -> None:
    rows = json.loads(run("outbox", "list", "--store", store, "--json").out)
    assert {row["state"]: row["id"] for row in rows} == NAMES
    assert [row["doubt"] for row in rows] == [False, True, False, False]
    for row in rows:
        assert UTC.fullmatch(row.pop("created"))
        assert UTC.fullmatch(row.pop("changed"))
        assert bool(row.pop("due")) == (row["state"] == "klaar")
        assert set(row) == {"id", "state", "operation", "to", "attempts", "doubt"}
        assert (row["operation"], row["to"], row["attempts"]) == ("toets", "99XX", 1)


def test_show(run: Any, store: Path, key: Path) -> None:
    blind = run("outbox", "show", "p2", "--store", store)
    assert (blind.code, blind.err) == (0, "")
    assert "TransportError" in blind.out
    assert "sent: unknown" in blind.out
    assert "SHA-256" not in blind.out
    seen = run("outbox", "show", "p2", "--store", store, "--key-file", key)
    assert seen.out.startswith(blind.out)
    assert f"SHA-256: {parcel().digest}" in seen.out
    assert "melding: no luck" in seen.out


def test_show_as_json_with_the_key_from_the_environment(
    run: Any, store: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "digest" not in json.loads(run("outbox", "show", "p1", "--store", store, "--json").out)
    monkeypatch.setenv(VARIABLE, key.read_text())
    row = json.loads(run("outbox", "show", "p1", "--store", store, "--json").out)
    assert row["digest"] == parcel().digest
    assert [(event["what"], event["code"]) for event in row["events"]] == [("delivered", "200")]


def test_deciding(run: Any, store: Path) -> None:
    assert run("outbox", "confirm", "p2", "--store", store).err == "oso-bridge: p2: verzonden\n"
    made = run("outbox", "cancel", "p3", "p4", "--store", store)
    assert (made.code, made.out) == (0, "")
    assert made.err == "oso-bridge: p3: ingetrokken\noso-bridge: p4: ingetrokken\n"
    assert states(store) == {"p1": "verzonden", "p2": "verzonden", "p3": "ingetrokken", "p4": "ingetrokken"}


def test_what_was_decided_before_a_mistake_stays_decided(run: Any, store: Path) -> None:
    made = run("outbox", "retry", "p3", "p1", "p2", "--store", store)
    assert made.code == 2
    assert "this parcel is verzonden" in made.err
    assert states(store) == {"p1": "verzonden", "p2": "onzeker", "p3": "klaar", "p4": "klaar"}


def test_purge(run: Any, store: Path) -> None:
    assert "Forgotten: 0." in run("outbox", "purge", "--store", store).err
    assert "Forgotten: 1." in run("outbox", "purge", "--store", store, "--days", "0").err
    assert "Forgotten: 1." in run("outbox", "purge", "--store", store, "--days", "0", "--failed").err
    assert states(store) == {"p2": "onzeker", "p4": "klaar"}


def test_a_new_key(run: Any, store: Path, key: Path, tmp_path: Path) -> None:
    made = run("outbox", "key", "new", tmp_path / "new")
    assert (made.code, made.out) == (0, "")
    assert Vault.from_file(tmp_path / "new").key_id in made.err
    assert (tmp_path / "new").read_text().strip() not in made.err
    done = run("outbox", "rekey", "--store", store, "--key-file", key, "--new-key-file", tmp_path / "new")
    assert (done.code, done.err) == (0, "oso-bridge: New key: 5. Still the old key: 0.\n")
    assert "another key" in run("outbox", "show", "p1", "--store", store, "--key-file", key).err
    assert run("outbox", "show", "p1", "--store", store, "--key-file", tmp_path / "new").code == 0


def test_what_is_being_sent_keeps_its_key_for_a_while(run: Any, store: Path, key: Path, tmp_path: Path) -> None:
    new_key_file(tmp_path / "new")
    with SqliteStore(store) as held:
        assert held.claim("klaar", "bezig", now=Clock().now * 1e6, lease=60.0) is not None
    done = run("outbox", "rekey", "--store", store, "--key-file", key, "--new-key-file", tmp_path / "new")
    assert done.code == 1
    assert "New key: 4. Still the old key: 1. Do it again later." in done.err


def test_mistakes_are_told_in_one_line(run: Any, store: Path, key: Path, tmp_path: Path) -> None:
    for arguments, told in [
        (["list", "--store", tmp_path / "nothing.db"], "There is no such database."),
        (["list", "--store", key], "This file is no database."),
        (["list", "--store", store, "--state", "weg"], "There is no state 'weg'."),
        (["list", "--store", store, "--lang", "fy"], "nl"),
        (["show", "p9", "--store", store], "no parcel of this id"),
        (["show", "p1", "--store", store, "--key-file", store], "no key"),
        (["key", "new", key], "File exists"),
        (["rekey", "--store", store, "--new-key-file", key], VARIABLE),
    ]:
        made = run("outbox", *arguments)
        assert (made.code, made.out) == (2, ""), arguments
        assert told in made.err
        assert made.err.count("\n") == 1
    assert not (tmp_path / "nothing.db").exists()


def test_no_command_shows_a_content(run: Any, store: Path, key: Path) -> None:
    for arguments in (["list"], ["show", "p1", "--key-file", key], ["retry", "p2"], ["show", "p2"], ["cancel", "p2"]):
        for more in ([], ["--json"]) if arguments[0] in ("list", "show") else ([],):
            made = run("outbox", *arguments, "--store", store, *more)
            assert made.code == 0
            assert KANARIE not in made.out + made.err


GOOD, BROKEN = (Path(__file__).parents[2] / "examples" / name for name in ("povo.xml", "kapot.xml"))


@pytest.fixture
def bus(tmp_path: Path) -> Path:
    (tmp_path / "bus").mkdir()
    return tmp_path / "bus"


def arrived(bus: Path) -> list[Parcel]:
    with transport("file", path=bus) as line:
        return [delivery.parcel for delivery in line.receive()]


def test_a_document_is_put_in_and_sent(run: Any, tmp_path: Path, key: Path, bus: Path) -> None:
    where = ("--store", tmp_path / "nieuw.db", "--key-file", key)
    for _ in range(2):  # a repeat is no second parcel
        made = run("outbox", "add", GOOD, *where, "--to", "00YY", "--operation", "dossier", "--id", "een")
        assert (made.code, made.out, made.err) == (0, "een\n", "")
    assert states(tmp_path / "nieuw.db") == {"een": "klaar"}
    assert GOOD.read_bytes()[:200] not in (tmp_path / "nieuw.db").read_bytes()
    assert run("outbox", "run", *where, "--via", f"file:{bus}", "--to", "99XX").out == ""
    sent = run("outbox", "run", *where, "--via", f"file:{bus}", "--lang", "en")
    assert sent.code == 0
    assert (sent.out.split()[0], sent.out.count("\n")) == ("verzonden", 1)
    (found,) = arrived(bus)
    assert (found.content, found.id, found.operation) == (GOOD.read_bytes(), "een", "dossier")
    assert run("outbox", "run", *where, "--via", f"file:{bus}").out == ""


def test_what_fails_is_tried_again_or_waits_for_a_person(
    run: Any, tmp_path: Path, key: Path, bus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ("--store", tmp_path / "nieuw.db", "--key-file", key)
    first = run("outbox", "add", GOOD, *where).out.strip()
    with monkeypatch.context() as patched:
        patched.setattr("oso_bridge.cli.lines.line", lambda *_: nullcontext(Line([trouble("no")])))
        failed = run("outbox", "run", *where, "--via", "loopback:")
    assert (failed.code, failed.out.split()[0]) == (1, "klaar")
    assert run("outbox", "run", *where, "--via", f"file:{bus}").out == ""  # it is not due yet
    second = run("outbox", "add", GOOD, *where).out.strip()
    assert run("outbox", "run", *where, "--via", f"file:{tmp_path / 'weg'}").code == 1
    assert states(tmp_path / "nieuw.db") == {first: "klaar", second: "mislukt"}
    assert run("outbox", "retry", second, *where[:2]).code == 0
    assert run("outbox", "run", *where, "--via", f"file:{bus}").code == 0
    assert run("outbox", "cancel", first, *where[:2]).code == 0
    assert states(tmp_path / "nieuw.db") == {first: "ingetrokken", second: "verzonden"}
    assert [parcel.id for parcel in arrived(bus)] == [second]


def test_a_repeat_goes_by_itself_only_where_it_is_recognised(
    run: Any, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ("--store", tmp_path / "nieuw.db", "--key-file", key)
    monkeypatch.setattr("oso_bridge.cli.lines.line", lambda *_: nullcontext(Line([trouble("unknown")])))
    for more, state in (([], "onzeker"), (["--recognises"], "klaar")):
        run("outbox", "add", GOOD, *where)
        made = run("outbox", "run", *where, "--via", "loopback:", *more)
        assert (made.code, made.out.split()[0]) == (1, state)


def test_a_bad_document_is_not_put_in(run: Any, tmp_path: Path, key: Path) -> None:
    where = ("--store", tmp_path / "nieuw.db", "--key-file", key)
    made = run("outbox", "add", BROKEN, *where)
    assert (made.code, made.out) == (1, "")
    assert "EM.04" in made.err
    assert not (tmp_path / "nieuw.db").exists()
    assert run("outbox", "add", BROKEN, *where, "--no-check").code == 0


def test_without_a_key_nothing_is_put_in_or_sent(run: Any, tmp_path: Path, store: Path, bus: Path) -> None:
    for arguments in (
        ["add", GOOD, "--store", tmp_path / "nieuw.db"],
        ["run", "--store", store, "--via", f"file:{bus}"],
    ):
        made = run("outbox", *arguments)
        assert (made.code, made.out) == (2, "")
        assert VARIABLE in made.err
    assert not (tmp_path / "nieuw.db").exists()
