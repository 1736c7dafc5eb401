"""The short way to a table of contents: where it answers, zipfile answers the same."""

from __future__ import annotations

import base64
import io
import struct
import warnings
import zipfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oso_bridge import archives, attachments
from oso_bridge.archives import Decoded, bare, directory
from oso_bridge.attachments import Problem, ZipLimits

NAMES = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12),
    st.sampled_from(["a.txt", "map/", "map/b.pdf", "é.docx", "../c.exe", "C:d.txt", "e.zip", "con.txt", "x" * 300]),
)
METHODS = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
EXTRAS = st.sampled_from(
    [
        b"",
        struct.pack("<HH32s", 0x000A, 32, b"\0" * 32),
        struct.pack("<HH5s", 0x5455, 5, b"\3abcd"),
        struct.pack("<HHQQ", 0x0001, 16, 7, 7),
        struct.pack("<HH9s", 0x7075, 9, b"\1abcdX.ex"),
        b"\x55\x54\x50\x00",
        b"\0\0\0",
    ]
)
MEMBERS = st.lists(st.tuples(NAMES, st.binary(max_size=60), METHODS, EXTRAS, st.binary(max_size=5)), max_size=5)


def pack(*members: tuple[str, bytes, int, bytes, bytes], comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")  # two members of one name
        for name, content, method, extra, remark in members:
            info = zipfile.ZipInfo(name)
            info.extra, info.comment = extra, remark
            archive.writestr(info, content, method)
        archive.comment = comment
    return buffer.getvalue()


def plain(*names: str) -> bytes:
    return pack(*((name, b"inhoud", zipfile.ZIP_DEFLATED, b"", b"") for name in names))


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def by_zipfile(content: str) -> list[tuple[object, ...]] | None:
    """The table of contents that zipfile reads, None when it reads none."""
    try:
        with zipfile.ZipFile(Decoded(content)) as archive:
            return [tuple(getattr(info, name) for name in archives.Entry._fields) for info in archive.infolist()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError):
        return None


def slowly(content: str, limits: ZipLimits = attachments.SAFE) -> list[Problem]:
    """What the long way finds."""
    data = attachments._to_open(content, limits)
    return [data] if isinstance(data, Problem) else attachments._opened(data, limits, deep=False)


def assert_agree(data: bytes) -> None:
    content = text(data)
    found = directory(content, 100)
    if found is not None:
        assert [tuple(entry) for entry in found] == by_zipfile(content)
    assert attachments.contents(content) == slowly(content)
    small = ZipLimits(max_members=2, max_member_bytes=50, max_total_bytes=70, max_name=10)
    assert attachments.contents(content, small) == slowly(content, small)


# --- the two ways agree -------------------------------------------------------------------------------------------


@given(MEMBERS, st.sampled_from([b"", b"opmerking", b"PK\x05\x06" + b"\0" * 18, b"x" * 2000]))
def test_on_whole_archives(members: list[tuple[str, bytes, int, bytes, bytes]], comment: bytes) -> None:
    assert_agree(pack(*members, comment=comment))


@given(MEMBERS, st.binary(max_size=40), st.binary(max_size=40))
def test_on_archives_with_other_bytes_around_them(
    members: list[tuple[str, bytes, int, bytes, bytes]], before: bytes, behind: bytes
) -> None:
    data = pack(*members)
    assert_agree(before + data)
    assert_agree(data + behind)
    assert_agree(data[: len(data) // 2] + before + data[len(data) // 2 :])
    assert_agree(data + data)
    assert_agree(plain("eerste.txt") + data[-22:] + data)


@given(MEMBERS, st.lists(st.tuples(st.integers(1, 150), st.integers(0, 255)), min_size=1, max_size=4))
@example([("a.txt", b"a", 0, b"", b"")], [(22, 0)])
def test_on_damaged_tables(members: list[tuple[str, bytes, int, bytes, bytes]], damage: list[tuple[int, int]]) -> None:
    data = bytearray(pack(*members))
    for from_end, value in damage:
        data[-min(from_end, len(data))] = value
    assert_agree(bytes(data))


@given(
    st.sampled_from([4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 30, 32, 34, 36, 42]),
    st.sampled_from([0, 1, 7, 0x0800, 0x7FFF, 0xFFFF]),
)
def test_on_every_field_of_an_entry(offset: int, value: int) -> None:
    data = bytearray(pack(("één.txt", b"inhoud" * 9, zipfile.ZIP_DEFLATED, b"", b""), ("b", b"", 0, b"", b"")))
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + offset, value)
    assert_agree(bytes(data))


@given(st.sampled_from([4, 6, 8, 10, 12, 14, 16, 18, 20]), st.integers(0, 0xFFFF))
def test_on_every_field_of_the_end_record(offset: int, value: int) -> None:
    data = bytearray(plain("a.txt", "b.pdf"))
    struct.pack_into("<H", data, len(data) - 22 + offset, value)
    assert_agree(bytes(data))


@given(st.integers(0, 3), st.integers(0, 300), st.integers(-3, 3))
def test_on_archives_of_zip64(disks: int, size: int, shift: int) -> None:
    data = plain("a.txt", "b.txt")
    table, end = data[data.index(b"PK\x01\x02") : -22], bytearray(data[-22:])
    start = len(data) - 22 - len(table)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 2, 2, len(table), start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, start + len(table) + shift, disks)
    struct.pack_into("<L", end, 12, size)
    assert_agree(data[:-22] + record + locator + bytes(end))


def test_on_records_of_zip64_that_hide_in_the_remark_of_a_member() -> None:
    data = plain("a.txt", "b.exe")
    start = data.index(b"PK\x01\x02")
    # the hidden record names a table that begins at its second entry
    second = data.index(b"PK\x01\x02", start + 4)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(data) - 22 - second, second)
    remark = record + struct.pack("<4sLQL", b"PK\x06\x07", 0, len(data) - 22, 1)
    table, end = bytearray(data[start:-22]), bytearray(data[-22:])
    struct.pack_into("<H", table, second - start + 32, len(remark))
    struct.pack_into("<L", end, 12, len(table) + len(remark))
    hidden = data[:start] + bytes(table) + remark + bytes(end)
    assert directory(text(hidden), 100) is None
    assert len(by_zipfile(text(hidden)) or ()) != 2
    assert_agree(hidden)


# --- the short way is taken, and not taken ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        plain("a.txt"),
        plain("map/", "map/b.pdf", "één.docx"),
        plain(*(f"{'lang' * 30}-{number}.txt" for number in range(40))),
        pack(("a.txt", b"a", 0, struct.pack("<HH32s", 0x000A, 32, b"\0" * 32), b"opmerking")),
        plain("a" * 3).replace(b"aaa", b"\x81\x82\x83"),
    ],
)
def test_ordinary_archives_do_not_need_zipfile(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = slowly(text(data))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert attachments.contents(text(data)) == expected
    assert directory(text(data), 100)


@pytest.mark.parametrize(
    "data",
    [
        pack(("a.txt", b"a", 0, b"", b""), comment=b"opmerking"),
        pack(("a.txt", b"a", 0, struct.pack("<HHQQ", 0x0001, 16, 7, 7), b"")),
        pack(("a.txt", b"a", 0, b"\x55\x54\x50\x00", b"")),
        b"MZ" + plain("a.txt"),
        plain("a.txt") + b"\0",
        plain("a/b.txt").replace(b"a/b", b"a\\b"),
        plain("aXb.txt").replace(b"aXb", b"a\0b"),
        plain(*(f"{number}.txt" for number in range(101))),
        plain("a.txt")[-22:],
        b"PK\x03\x04",
    ],
)
def test_odd_archives_are_left_to_zipfile(data: bytes) -> None:
    assert directory(text(data), 100) is None
    assert_agree(data)


def test_a_member_without_a_name_is_a_finding_and_no_accident() -> None:
    data = plain("a")
    entry, local = bytearray(data[data.index(b"PK\x01\x02") : -22]), data[: data.index(b"PK\x01\x02")]
    struct.pack_into("<H", entry, 28, 0)
    end = bytearray(data[-22:])
    struct.pack_into("<L", end, 12, len(entry) - 1)
    content = text(local + bytes(entry[:46]) + bytes(end))
    problems = [Problem("bestandstype", {"member": "1"}), Problem("naam", {"member": "1", "reason": "leeg"})]
    assert attachments.contents(content) == problems
    assert {problem.code for problem in attachments.inspect(content)} >= {"naam", "bestandstype"}


def test_members_are_counted_and_not_guessed_from_the_length_of_their_names() -> None:
    content = text(plain(*(f"{'lang' * 20}-{number}.txt" for number in range(100))))
    assert attachments.contents(content) == attachments.inspect(content) == []
    content = text(plain(*(f"{number}.txt" for number in range(101))))
    bomb = [Problem("zipbom", {"reason": "members", "limit": "100"})]
    assert attachments.contents(content) == attachments.inspect(content) == bomb


# --- base64 -------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=70), st.integers(0, 80), st.integers(-1, 90))
def test_what_is_read_of_base64_is_what_it_stands_for(data: bytes, at: int, size: int) -> None:
    file, plain_file = Decoded(text(data)), io.BytesIO(data)
    assert file.seek(at) == plain_file.seek(at)
    assert file.read(size) == plain_file.read(size)
    assert file.read() == plain_file.read()
    assert archives.size_of(text(data)) == len(data)


@given(st.binary(min_size=1, max_size=70), st.sampled_from([" ", "\n", "\t\r\n"]), st.integers(0, 100))
def test_white_space_in_base64_does_not_count(data: bytes, space: str, at: int) -> None:
    content = text(data)
    assert bare(content[:at] + space + content[at:]) == bare(content) == content


@pytest.mark.parametrize("content", ["é", "UEsD\u00a0", "UEsD\x0b", "UEsD-_", "UE=s", "U===", "UEsDB="])
def test_what_is_no_base64(content: str) -> None:
    assert bare(content) is None
