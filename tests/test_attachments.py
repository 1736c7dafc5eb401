"""Attachments: what is seen at the ends, what is seen inside, and what is refused before work is done."""

from __future__ import annotations

import base64
import contextlib
import io
import struct
import warnings
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oso_bridge import attachments
from oso_bridge.attachments import Problem, ZipLimits, allowed_type, head, inspect, members, name_problem, safe_name
from oso_bridge.errors import DocumentError, UnsafeDocument

SMALL = ZipLimits(max_bytes=5000, max_members=3, max_member_bytes=1000, max_total_bytes=1500, max_name=40)


def pack(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")  # two members of one name
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, method)  # of no particular time: tests must collect alike
        archive.comment = comment
    return buffer.getvalue()


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


NOTE = text(pack(("notitie.txt", b"een notitie\n")))


def codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


# --- the two ends -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (NOTE, None),
        ("\n  ".join(NOTE[at : at + 76] for at in range(0, len(NOTE), 76)) + "\n", None),
        (text(pack(("a.txt", b"a" * 50_000), method=zipfile.ZIP_STORED)), None),
        (text(pack(("a.txt", b"a"), comment=b"x" * 1000)), None),
        ("", "geen-base64"),
        ("   \n", "geen-base64"),
        ("é" + NOTE, "geen-base64"),
        (NOTE[:40] + "*" + NOTE[41:], "geen-base64"),
        (NOTE[:40] + "=" + NOTE[41:], "geen-base64"),
        (NOTE[:-3] + "===", "geen-base64"),
        ("UEsDB=", "geen-base64"),
        ("UEs", "geen-zip"),
        (text(b"%PDF-1.4\n"), "geen-zip"),
        (text(pack()), "leeg"),
        (NOTE[: len(NOTE) // 8 * 4], "afgekapt"),
        (NOTE[: len(NOTE) // 8 * 4 + 1], "afgekapt"),
        (NOTE[: len(NOTE) // 8 * 4] + "      ", "afgekapt"),
    ],
)
def test_head(content: str, code: str | None) -> None:
    assert head(content) == code


@given(st.text())
def test_head_answers_for_any_text(content: str) -> None:
    assert head(content) in (None, *attachments.PROBLEMS)


@given(st.binary(max_size=300))
def test_head_never_takes_other_bytes_for_broken_base64(data: bytes) -> None:
    assert head(text(b"PK\x03\x04" + data)) in (None, "afgekapt")


# --- names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("verslag groep 8.pdf", None),
        ("map/verslag.pdf", None),
        ("één…twee.txt", None),
        ("console.txt", None),
        ("a..b.txt", None),
        ("", "leeg"),
        (" . ", "leeg"),
        ("..", "pad-omhoog"),
        ("../x.txt", "pad-omhoog"),
        ("map\\..\\x.txt", "pad-omhoog"),
        ("map/.. /x.txt", "pad-omhoog"),
        ("/etc/passwd", "absoluut"),
        ("\\\\server\\x.txt", "absoluut"),
        ("C:\\x.txt", "schijfletter"),
        ("x.txt:stroom", "dubbele-punt"),
        ("x\x00.txt", "stuurteken"),
        ("x\n.txt", "stuurteken"),
        ("x\u202etxt.exe", "stuurteken"),
        ("x\u200b.txt", "stuurteken"),
        ("..\u2215x.txt", "schijnteken"),
        ("x\uff0fy.txt", "schijnteken"),
        ("NUL", "apparaatnaam"),
        ("map/com1.txt", "apparaatnaam"),
        ("aux .tar.txt", "apparaatnaam"),
        ("LPT¹.txt", "apparaatnaam"),
        ("a" * 197 + ".txt", "te-lang"),
    ],
)
def test_name_problem(name: str, reason: str | None) -> None:
    assert name_problem(name) == reason


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("verslag groep 8.pdf", "verslag groep 8.pdf"),
        ("map/verslag.pdf", "verslag.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:verslag.pdf", "verslag.pdf"),
        ("Verslag: deel 2.pdf", "Verslag_ deel 2.pdf"),
        ("..\u2215..\u2215x.txt", "x.txt"),
        ("x\u202etxt.exe", "x_txt.exe"),
        (".verborgen.txt", "verborgen.txt"),
        ("x.txt. . ", "x.txt"),
        ("com1.txt", "_com1.txt"),
        ("e\u0301e\u0301n.txt", "één.txt"),
        ("=1+1.txt", "_1_1.txt"),
        ("", "bijlage"),
        ("///", "bijlage"),
        ("é" * 300 + ".pdf", "é" * 88 + ".pdf"),
    ],
)
def test_safe_name(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text())
def test_a_name_is_right_or_has_a_known_reason(name: str) -> None:
    assert name_problem(name) in (None, *attachments.NAME_REASONS)


@given(st.text())
def test_a_safe_name_is_safe_and_stays_as_it_is(name: str) -> None:
    safe = safe_name(name)
    assert name_problem(safe) is None
    assert safe_name(safe) == safe
    assert len(safe.encode()) <= 181
    assert not set(safe) & set('/\\:*?"<>|\0')


@given(st.sampled_from(["..", ".", "/", "\\", "C:", "nul", "\u2215", " ", "a", ".txt", "\x00"]), st.data())
def test_pieces_of_paths_never_make_an_unsafe_name(first: str, data: st.DataObject) -> None:
    rest = data.draw(st.lists(st.sampled_from(["..", "/", "\\", ":", "con", ".", " ", "\u2044", "b", "."]), max_size=8))
    assert name_problem(safe_name(first + "".join(rest))) is None


@pytest.mark.parametrize("suffix", sorted(attachments.ALLOWED_TYPES))
def test_allowed_types(suffix: str) -> None:
    assert allowed_type(f"bestand.{suffix}")
    assert allowed_type(f"BESTAND.{suffix.upper()}")


@pytest.mark.parametrize("name", ["bestand", ".pdf", "pdf", "x.pdf.exe", "x.zip", "x.html", "x.pdf "])
def test_other_types(name: str) -> None:
    assert not allowed_type(name)


# --- inside -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([("a.txt", b"a"), ("map/b.pdf", b"%PDF")], []),
        ([("a.docx", pack(("document.xml", b"<a/>")))], []),
        ([("map/", b""), ("a.txt", b"a")], []),
        ([("map/", b"")], [Problem("leeg")]),
        ([("a.txt", b"a"), ("b.exe", b"MZ")], [Problem("bestandstype", {"member": "2"})]),
        ([("../a.txt", b"a")], [Problem("naam", {"member": "1", "reason": "pad-omhoog"})]),
        ([("a.txt", pack(("b.txt", b"b")))], [Problem("genest", {"member": "1"})]),
        ([("a.pdf", b"Rar!\x1a\x07\x00")], [Problem("genest", {"member": "1"})]),
        (
            [("a.zip", pack(("b.txt", b"b")))],
            [Problem("genest", {"member": "1"}), Problem("bestandstype", {"member": "1"})],
        ),
    ],
)
def test_inspect(files: list[tuple[str, bytes]], found: list[Problem]) -> None:
    assert inspect(text(pack(*files))) == found


@pytest.mark.parametrize(
    ("files", "reason", "limit"),
    [
        ([("a.txt", b"a" * 1001)], "member-bytes", "1000"),
        ([("a.txt", b"a" * 800), ("b.txt", b"b" * 800)], "total-bytes", "1500"),
        ([(f"{number}.txt", b"") for number in range(4)], "members", "3"),
        ([(f"{number}.txt", b"") for number in range(301)], "bytes", "5000"),
    ],
)
def test_limits(files: list[tuple[str, bytes]], reason: str, limit: str) -> None:
    assert inspect(text(pack(*files)), SMALL) == [Problem("zipbom", {"reason": reason, "limit": limit})]


def test_just_within_the_limits() -> None:
    content = text(pack(("a.txt", b"a" * 1000), ("b.txt", b"b" * 499), ("c.txt", b"")))
    assert inspect(content, SMALL) == []


def test_a_bomb_is_known_by_its_ratio() -> None:
    bomb = text(pack(("a.txt", b"\0" * 1_000_000)))
    assert inspect(bomb) == [Problem("zipbom", {"reason": "ratio", "limit": "100"})]
    assert inspect(text(pack(("a.txt", b"\0" * 999_999)))) == []


def test_so_many_entries_are_counted_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    content = text(pack(*((f"{number}.txt", b"") for number in range(301))))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    found = inspect(content, ZipLimits(max_members=3))
    assert found == [Problem("zipbom", {"reason": "members", "limit": "3"})]


def test_members_that_share_their_bytes() -> None:
    data = bytearray(pack(*((f"{number}.txt", b"x" * 600) for number in range(3)), method=zipfile.ZIP_STORED))
    size = 2000
    at = -1
    for _ in range(3):  # each entry of the table of contents says that its member is larger than it is
        at = data.index(b"PK\x01\x02", at + 1)
        struct.pack_into("<II", data, at + 20, size, size)
    assert inspect(text(bytes(data)))[0].args["reason"] == "overlap"


def test_a_member_that_is_larger_than_it_says_is_cut_and_refused() -> None:
    data = bytearray(pack(("a.txt", b"kleine letters " * 1500)))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 6000)
    ((_, unpack),) = members(text(bytes(data)))
    with pytest.raises(DocumentError) as caught:
        unpack()
    assert caught.value.rule == "INT.bijlage.beschadigd"


def test_encrypted() -> None:
    data = bytearray(pack(("a.txt", b"a")))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    assert inspect(text(bytes(data))) == [Problem("versleuteld", {"member": "1"})]
    with pytest.raises(UnsafeDocument):
        list(members(text(bytes(data))))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_not_unpacked(method: int) -> None:
    assert codes(inspect(text(pack(("a.txt", b"a" * 100), method=method)))) == ["beschadigd"]


def test_damaged() -> None:
    data = bytearray(pack(("a.txt", bytes(range(256)))))
    at = data.index(b"a.txt") + 5
    data[at : at + 20] = b"\xff" * 20
    assert codes(inspect(text(bytes(data)))) == ["beschadigd"]


@pytest.mark.parametrize("content", ["", "UEsDB=", text(b"%PDF-1.4\n"), NOTE[:80]])
def test_inspect_and_members_agree_with_head(content: str) -> None:
    assert codes(inspect(content)) == [head(content)]
    with pytest.raises(DocumentError) as caught:
        list(members(content))
    assert caught.value.rule == f"INT.bijlage.{head(content)}"


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_damage_gives_problems_and_never_another_error(noise: bytes, at: int) -> None:
    data = bytearray(pack(("a.txt", b"abc" * 20), ("b.txt", b"def")))
    data[at : at + len(noise)] = noise
    content = text(bytes(data))
    assert set(codes(inspect(content))) <= set(attachments.PROBLEMS)
    with contextlib.suppress(DocumentError):
        for _, unpack in members(content):
            assert len(unpack().read()) <= 1_000_000


# --- members ------------------------------------------------------------------------------------------------------


def test_members() -> None:
    content = text(pack(("map/a.txt", b"een"), ("../a.TXT", b"twee"), ("map/", b""), ("b.exe", b"MZ")))
    found = [(name, unpack().read()) for name, unpack in members(content)]
    assert found == [("a.txt", b"een"), ("a (2).TXT", b"twee"), ("b.exe", b"MZ")]


def test_members_of_an_empty_zip() -> None:
    assert list(members(text(pack()))) == []
    assert list(members(text(pack(("map/", b""))))) == []


def test_members_refuses_a_bomb_before_unpacking() -> None:
    with pytest.raises(UnsafeDocument) as caught:
        next(members(text(pack(("a.txt", b"\0" * 1_000_000)))))
    assert caught.value.rule == "INT.bijlage.zipbom"
    assert caught.value.args_ == {"reason": "ratio", "limit": "100"}


def test_nothing_of_an_attachment_is_said() -> None:
    canary = "kanarie"
    data = bytearray(pack((f"../{canary}.exe", canary.encode() * 9)))
    at = data.index(b".exe") + 4
    data[at : at + 12] = b"\xff" * 12
    content = text(bytes(data))
    said = repr(inspect(content))
    with pytest.raises(DocumentError) as caught:
        list(members(content))
    assert canary not in said + str(caught.value) + repr(caught.value.args_)
