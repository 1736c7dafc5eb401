"""A folder as a mailbox: whole or not at all, to one receiver, and nothing in it is trusted."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

import oso_bridge as oso
from oso_bridge.testing import Ends, MailboxContract
from oso_bridge.testing.transports import take
from oso_bridge.transports import mailbox
from oso_bridge.transports.file import LocalDisk

PARCEL = oso.Parcel(b"<dossier/>", id="bericht-1", operation="meld", routing={"naar": "00YY"})
NAME = "01700000000000000000-0123456789abcdef"


class TestFile(MailboxContract):
    @pytest.fixture
    def ends(self, tmp_path: Path) -> Ends:
        def line(**settings: object) -> oso.Transport:
            return oso.transport("file", path=tmp_path, **settings)  # type: ignore[arg-type]

        return Ends(line, lambda **settings: oso.transport("file", path=tmp_path / "weg", **settings), receiver=line)


def send(folder: Path, parcel: oso.Parcel = PARCEL) -> Path:
    """Put one in, and give the folder it is in."""
    with oso.transport("file", path=folder) as line:
        line.send(parcel)
    return sorted((folder / "new").iterdir())[-1]


def received(folder: Path, **options: object) -> list[oso.Parcel]:
    with oso.transport("file", path=folder, **options) as line:  # type: ignore[arg-type]
        return take(line)


def reasons(folder: Path) -> list[str]:
    return [file.read_text("utf-8").strip() for file in sorted((folder / "rejected").glob("*/reason.txt"))]


def test_a_parcel_is_a_folder_with_its_content_and_what_it_is(tmp_path: Path) -> None:
    place = send(tmp_path)
    assert sorted(file.name for file in place.iterdir()) == ["content", "parcel.json"]
    assert (place / "content").read_bytes() == PARCEL.content
    assert json.loads((place / "parcel.json").read_text()) == {
        "id": "bericht-1",
        "media_type": "application/xml",
        "operation": "meld",
        "routing": {"naar": "00YY"},
        "sha256": PARCEL.digest,
        "size": 10,
    }
    assert list((tmp_path / "tmp").iterdir()) == []


def test_names_suit_every_system_whatever_a_parcel_is_called(tmp_path: Path) -> None:
    for name in ("../../../etc/passwd", "CON", "a:b|c?", "." * 200, "/abs/olute", "nul.xml"):
        place = send(tmp_path, oso.Parcel(b"<x/>", id=name))
        assert set(place.name) <= set("0123456789abcdef-")
    assert len(received(tmp_path)) == 6
    assert sorted(file.name for file in tmp_path.iterdir()) == ["claimed", "new", "rejected", "tmp"]


def test_only_its_owner_reads_it_unless_shared(tmp_path: Path) -> None:
    place = send(tmp_path)
    assert [path.stat().st_mode & 0o777 for path in (place, place / "content")] == [0o700, 0o600]
    (tmp_path / "samen").mkdir()
    with oso.transport("file", path=tmp_path / "samen", shared=True) as line:
        line.send(PARCEL)
    (place,) = (tmp_path / "samen" / "new").iterdir()
    assert [path.stat().st_mode & 0o777 for path in (place, place / "content")] == [0o770, 0o660]


@pytest.mark.parametrize("step", ["make", "write", "rename"])
def test_a_fault_at_any_step_leaves_nothing_half(tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise OSError(28, "no space")

    with oso.transport("file", path=tmp_path, retry=oso.Retry(attempts=1)) as line:
        monkeypatch.setattr(LocalDisk, step, broken)
        with pytest.raises(oso.TransportError) as caught:
            line.send(PARCEL)
        monkeypatch.undo()
        assert (caught.value.sent, caught.value.retryable) == ("no", True)
        assert not list(tmp_path.glob("*/*"))
        line.send(PARCEL)
    assert received(tmp_path) == [PARCEL]


def test_a_link_is_no_part_of_a_mailbox(tmp_path: Path) -> None:
    (tmp_path / "bus").mkdir()
    (tmp_path / "elders").mkdir()
    (tmp_path / "bus" / "new").symlink_to(tmp_path / "elders")
    with oso.transport("file", path=tmp_path / "bus") as line, pytest.raises(oso.TransportError) as caught:
        line.send(PARCEL)
    assert caught.value.sent == "no"
    assert list((tmp_path / "elders").iterdir()) == []


def test_a_mailbox_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with oso.transport("file", path=tmp_path / "share") as line:
        with pytest.raises(oso.TransportError, match="The mailbox is not there") as caught:
            line.send(PARCEL)
        assert not caught.value.retryable
        with pytest.raises(oso.TransportError, match="The mailbox is not there"):
            list(line.receive())
    assert not (tmp_path / "share").exists()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("content", b"<ander/>", "The content is not what was sent: its checksum differs."),
        ("content", None, "The file content is not there, or no ordinary file."),
        ("parcel.json", None, "The file parcel.json is not there, or no ordinary file."),
        ("parcel.json", b"{", "parcel.json is not JSON."),
        ("parcel.json", b"[" * 50_000, "parcel.json is not JSON."),
        ("parcel.json", b"\xff\xfe", "parcel.json is not JSON."),
        ("parcel.json", b"[]", "parcel.json lacks something."),
        ("parcel.json", b'{"id": 1}', "parcel.json lacks something."),
        ("parcel.json", b" " * 70_000, "The file parcel.json is larger than 65536 bytes."),
    ],
)
def test_a_spoiled_parcel_is_put_aside_with_the_reason(
    tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    place = send(tmp_path)
    (place / name).unlink()
    if content is not None:
        (place / name).write_bytes(content)
    send(tmp_path, oso.Parcel(b"<goed/>"))
    assert [parcel.content for parcel in received(tmp_path)] == [b"<goed/>"]
    assert reasons(tmp_path) == [reason]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", ""),
        ("id", "a\nb"),
        ("id", "x" * 201),
        ("media_type", "a\r\nX: y"),
        ("operation", "\x00"),
        ("routing", [1]),
    ],
)
def test_what_a_parcel_says_of_itself_is_not_believed(tmp_path: Path, key: str, value: object) -> None:
    place = send(tmp_path)
    about = json.loads((place / "parcel.json").read_text())
    (place / "parcel.json").write_text(json.dumps({**about, key: value}))
    assert received(tmp_path) == []
    assert len(reasons(tmp_path)) == 1


def test_links_and_pipes_are_not_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    secret = tmp_path / "geheim"
    secret.write_bytes(PARCEL.content)
    box = tmp_path / "box"
    box.mkdir()
    linked = send(box)
    (linked / "content").unlink()
    (linked / "content").symlink_to(secret)
    pipe = send(box)
    (pipe / "content").unlink()
    os.mkfifo(pipe / "content")
    whole = send(tmp_path / "box")
    whole.rename(tmp_path / "elders")
    whole.symlink_to(tmp_path / "elders")
    assert received(box) == []
    assert reasons(box) == ["The file content is not there, or no ordinary file."] * 2
    assert secret.exists()
    assert "1 things in new/ are no parcels and were left alone" in caplog.text


def test_a_folder_that_becomes_a_link_meanwhile_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at a name and the claim, another writer of the folder puts a link in its place."""
    box, elsewhere = tmp_path / "box", tmp_path / "elders"
    box.mkdir()
    whole = send(box)
    names = LocalDisk.names

    def raced(self: LocalDisk, folder: str) -> tuple[list[str], int]:
        found = names(self, folder)
        if folder == "new" and not elsewhere.exists():
            whole.rename(elsewhere)
            whole.symlink_to(elsewhere)
        return found

    monkeypatch.setattr(LocalDisk, "names", raced)
    assert received(box) == []
    assert (elsewhere / "content").read_bytes() == PARCEL.content


def test_other_files_are_left_alone_and_not_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    send(tmp_path)
    strange = tmp_path / "new" / "dossier Jan KANARIE.xml"
    strange.write_text("<x/>")
    (tmp_path / "new" / "..hidden").mkdir()
    assert received(tmp_path) == [PARCEL]
    assert strange.exists()
    assert "2 things in new/" in caplog.text
    assert "KANARIE" not in caplog.text


def test_what_a_crashed_receiver_had_comes_again_after_the_lease(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = send(tmp_path)
    ago = int(time.time()) - 100
    place.rename(tmp_path / "claimed" / f"{place.name}.{ago}.0123abcd")
    assert received(tmp_path, lease=200) == []
    assert received(tmp_path, lease=50) == [PARCEL]
    assert "a claim of more than 50 seconds ago was given back" in caplog.text


def test_who_took_too_long_has_lost_it(tmp_path: Path) -> None:
    send(tmp_path)
    with oso.transport("file", path=tmp_path) as slow, oso.transport("file", path=tmp_path, lease=-10) as other:
        (late,) = slow.receive()
        assert take(other) == [PARCEL]
        with pytest.raises(oso.TransportError, match="no longer ours") as caught:
            late.ack()
    assert not caught.value.retryable
    assert received(tmp_path) == []


def test_what_a_crash_left_half_written_is_tidied_a_day_later(tmp_path: Path) -> None:
    send(tmp_path)
    old, new = (tmp_path / "tmp" / f"{moment:020d}-0123456789abcdef" for moment in (10**18, time.time_ns()))
    for folder in (old, new):
        folder.mkdir()
        (folder / "content").write_bytes(b"half")
    received(tmp_path)
    assert [path.exists() for path in (old, new)] == [False, True]


def test_a_reason_is_one_short_line(tmp_path: Path) -> None:
    send(tmp_path)
    with oso.transport("file", path=tmp_path) as line:
        next(line.receive()).reject("Geen\ndossier. " + "x" * 2000)
    (reason,) = reasons(tmp_path)
    assert reason.startswith("Geen dossier. xxx")
    assert len(reason) == mailbox.MAX_REASON


def test_a_connection_that_is_lost_in_the_middle_of_the_rename_leaves_a_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*arguments: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(LocalDisk, "rename", lost)
    with oso.transport("file", path=tmp_path) as line, pytest.raises(oso.TransportError) as caught:
        line.send(PARCEL)
    assert (caught.value.sent, caught.value.retryable) == ("unknown", True)
