"""Sources that are not what they should be: an OSError of the system, or an error of our own, and never a wait."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile_documents import GOOD, ROOT

import oso_bridge as oso

KANARIE = "Kanarie7f3a91"
ENTRANCES: dict[str, Callable[[Any], Any]] = {"check": oso.check, "read": oso.read}
both = pytest.mark.parametrize("entrance", ENTRANCES.values(), ids=ENTRANCES)
fifo = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


def refusal(entrance: Callable[[Any], Any], source: Any) -> str:
    """The one rule by which a source is refused, from either entrance."""
    if entrance is oso.check:
        (finding,) = oso.check(source).findings
        return finding.rule
    with pytest.raises(oso.DocumentError) as caught:
        entrance(source)
    return caught.value.rule


@both
def test_a_file_that_is_not_there(entrance: Callable[[Any], Any], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        entrance(tmp_path / "weg.xml")


@both
def test_a_folder(entrance: Callable[[Any], Any], tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"directory|denied"):
        entrance(tmp_path)


@both
def test_a_path_below_a_file(entrance: Callable[[Any], Any], tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(GOOD)
    with pytest.raises(OSError, match=r"directory|such file"):
        entrance(tmp_path / "a.xml" / "b.xml")


@both
def test_no_permission(entrance: Callable[[Any], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # who runs as root is never denied: the system is made to deny
    def denied(path: str, *_: Any, **__: Any) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(PermissionError):
        entrance(tmp_path / "a.xml")


def test_check_many_reports_what_cannot_be_opened(tmp_path: Path) -> None:
    good = tmp_path / "goed.xml"
    good.write_bytes(GOOD)
    reports = oso.check_many([tmp_path / "weg.xml", tmp_path, b"", good])
    assert [[finding.rule for finding in report.findings] for report in reports][:3] == [
        ["DOC.niet-geopend.weg"],
        ["DOC.niet-geopend.map"],
        ["DOC.leeg"],
    ]
    assert [report.ok for report in reports] == [False, False, False, True]


@pytest.mark.parametrize(
    "text",
    [
        f"<dossier>{KANARIE}</dossier>",
        f'<?xml version="1.0"?>\n<dossier>{KANARIE}</dossier>',
        f"\ufeff <dossier>{KANARIE}</dossier>",
        f"naam\n{KANARIE}",
        f"{KANARIE}\0",
        f"{KANARIE}\ud800",
        "",
    ],
)
@both
def test_a_str_is_a_path_and_a_document_in_one_is_not_quoted(entrance: Callable[[Any], Any], text: str) -> None:
    with pytest.raises(oso.UsageError, match="path") as caught:
        entrance(text)
    assert KANARIE not in str(caught.value)
    assert caught.value.__context__ is None


class _BytesPath:
    def __fspath__(self) -> bytes:
        return b"a.xml"


@pytest.mark.parametrize(
    "source", [None, 7, 1.5, ["a"], _BytesPath(), object()], ids=lambda source: type(source).__name__
)
@both
def test_something_else(entrance: Callable[[Any], Any], source: Any) -> None:
    with pytest.raises(oso.UsageError):
        entrance(source)


@both
def test_a_file_in_text_mode(entrance: Callable[[Any], Any], tmp_path: Path) -> None:
    file = tmp_path / "latin.xml"
    file.write_bytes(f"<dossier>{KANARIE}é</dossier>".encode("latin-1"))
    with file.open(encoding="utf-8") as text, pytest.raises(oso.UsageError, match="text mode"):
        entrance(text)
    with pytest.raises(oso.UsageError, match="text mode"):
        entrance(io.StringIO("<dossier/>"))


@both
def test_a_file_that_was_closed(entrance: Callable[[Any], Any]) -> None:
    file = io.BytesIO(GOOD)
    file.close()
    with pytest.raises(oso.UsageError, match="closed"):
        entrance(file)


@both
def test_a_file_that_only_takes(entrance: Callable[[Any], Any], tmp_path: Path) -> None:
    with (tmp_path / "uit.xml").open("wb") as file, pytest.raises(OSError, match="read"):
        entrance(file)


class _Drops:
    """A file that gives a few bytes at a time, as a connection does."""

    def __init__(self, data: bytes) -> None:
        self._held = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._held.read(min(size, 1000))


def test_a_file_that_comes_in_pieces_is_read_to_its_end() -> None:
    assert oso.read(_Drops(GOOD)).record == oso.read(GOOD).record


class _Endless:
    """A file without an end that counts what was taken from it."""

    taken = 0

    def read(self, size: int) -> bytes:
        size = min(size, 1024 * 1024)
        self.taken += size
        return b"x" * size


@both
def test_a_stream_of_any_length_is_read_up_to_the_limit(entrance: Callable[[Any], Any]) -> None:
    stream, limit = _Endless(), oso.Limits().max_bytes
    assert refusal(entrance, stream) == "DOC.limiet.max_bytes"
    assert stream.taken == limit + 1


@both
def test_a_file_of_200_mb_is_not_read_to_its_end(entrance: Callable[[Any], Any], tmp_path: Path) -> None:
    sparse = tmp_path / "groot.xml"
    with sparse.open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    assert refusal(entrance, sparse) == "DOC.limiet.max_bytes"


@pytest.mark.skipif(not Path(os.devnull).is_char_device(), reason="this system has no /dev/null")
def test_devices() -> None:
    assert [finding.rule for finding in oso.check("/dev/null").findings] == ["DOC.leeg"]
    assert [finding.rule for finding in oso.check("/dev/zero").findings] == ["DOC.limiet.max_bytes"]


@fifo
def test_a_pipe_that_nobody_writes_to_is_empty(tmp_path: Path) -> None:
    pipe = tmp_path / "pijp"
    os.mkfifo(pipe)
    # in a process of its own, since the fault would be to wait for ever
    program = "import sys, oso_bridge as oso; print([f.rule for f in oso.check(sys.argv[1]).findings])"
    command = [sys.executable, "-c", program, str(pipe)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, cwd=ROOT)
    assert done.stdout.strip() == "['DOC.leeg']"


@fifo
def test_a_pipe_with_a_slow_writer_is_read_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pijp"
    os.mkfifo(pipe)
    opened = threading.Event()
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    def write() -> None:
        with pipe.open("wb") as file:
            opened.set()
            file.write(GOOD[:5000])
            file.flush()
            threading.Event().wait(0.3)
            file.write(GOOD[5000:])

    writer = threading.Thread(target=write)
    writer.start()
    assert opened.wait(60)
    try:
        assert oso.check(pipe).ok
    finally:
        os.close(reader)
        writer.join(60)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_kinds_of_bytes(kind: Callable[[bytes], Any]) -> None:
    assert oso.read(kind(GOOD)).record == oso.read(GOOD).record
