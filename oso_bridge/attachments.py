"""Attachments: files that travel inside a dossier as base64 of a ZIP.

Four depths, each dearer than the one before:

* :func:`head` looks at the two ends of the text only: is this base64 of a ZIP, and is it whole?
* :func:`contents` reads the table of contents too: names, kinds and sizes of the members;
* :func:`inspect` also looks at the first bytes of each member;
* :func:`members` opens the members, for whoever wants the files.

Of the base64 no more is decoded than is looked at.  Nothing is ever written to disk here, and no more is
decompressed than :class:`ZipLimits` allows.  Problems bear a code and numbers, never a name or a text out of the
attachment.
"""

from __future__ import annotations

import base64
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from oso_bridge.errors import DocumentError, UnsafeDocument

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ALLOWED_TYPES = frozenset(
    ("pdf", "jpg", "jpeg", "png", "doc", "docx", "odf", "odt", "ods", "odp", "xls", "xlsx", "txt", "ppt", "pptx")
)
"""The kinds of file that a dossier may hold, by the end of the name (OSO-gegevensset, element ``document``)."""

NOT_BASE64 = "geen-base64"
NOT_ZIP = "geen-zip"
CUT_OFF = "afgekapt"
NO_FILES = "leeg"
BOMB = "zipbom"
NESTED = "genest"
ENCRYPTED = "versleuteld"
DAMAGED = "beschadigd"
FILE_TYPE = "bestandstype"
NAME = "naam"

PROBLEMS = (NOT_BASE64, NOT_ZIP, CUT_OFF, NO_FILES, BOMB, NESTED, ENCRYPTED, DAMAGED, FILE_TYPE, NAME)
"""Every problem code: the last part of the ids ``INT.bijlage.<code>``."""

NAME_REASONS = (
    "leeg",
    "te-lang",
    "stuurteken",
    "schijnteken",
    "absoluut",
    "schijfletter",
    "dubbele-punt",
    "pad-omhoog",
    "apparaatnaam",
)
"""What :func:`name_problem` may answer."""

LIMIT_REASONS = ("bytes", "members", "member-bytes", "total-bytes", "ratio", "overlap")
"""What the argument ``reason`` of :data:`BOMB` may be."""

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_SPACE = b" \t\r\n"
_FIRST, _LAST = 64, 128  # characters that head() decodes of either end
_END_RECORD = b"PK\x05\x06"
_ENTRY_AT_LEAST = 46  # bytes of an entry in the table of contents, its name aside
_END_RECORD_AT_LEAST = 22
_END_RECORD_AT_MOST = 22 + 0xFFFF  # bytes: the record with the longest comment a ZIP may have
_ARCHIVES = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_ZIP_INSIDE = frozenset(("docx", "odf", "odt", "ods", "odp", "xlsx", "pptx"))  # these are ZIP files themselves
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack without a limit on what comes out
_PORTS = {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
_DEVICES = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$"} | _PORTS)
# characters that look like / \ : or . and stand for them nowhere
_LOOK_ALIKES = frozenset("∕⁄⧸／╱＼∖⧵⧹﹨：∶꞉．․")
_BAD_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


@dataclass(frozen=True, slots=True)
class ZipLimits:
    """How much an attachment may ask for.

    Attributes:
        max_bytes: Size of the ZIP itself, in bytes.
        max_members: Number of files in it.
        max_member_bytes: Size of one file when unpacked, in bytes.
        max_total_bytes: Size of all files together when unpacked, in bytes.
        max_ratio: How many times larger than its packed size a file may grow; counts from ``ratio_from`` on.
        ratio_from: Size in bytes of an unpacked file below which any ratio is fine.
        max_name: Length of the name of a file, in characters.
    """

    max_bytes: int = 50_000_000
    max_members: int = 100
    max_member_bytes: int = 50_000_000
    max_total_bytes: int = 100_000_000
    max_ratio: int = 100
    ratio_from: int = 1_000_000
    max_name: int = 200


SAFE = ZipLimits()
"""The limits that hold where the caller names none."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with an attachment.

    Attributes:
        code: One of :data:`PROBLEMS`.
        args: For the text of the finding: ``member`` (number of the file, from 1), ``reason``, ``limit``.
    """

    code: str
    args: Mapping[str, str] = field(default_factory=dict)


def head(text: str) -> str | None:
    """Judge an attachment by the two ends of its text.

    Every character is checked against the alphabet of base64; only the first 64 and the last 128 are
    decoded.  A truncated ZIP often occurs in practice, so :data:`CUT_OFF` is never more than a warning.

    Args:
        text: The base64 text; white space is allowed in it.

    Returns:
        :data:`NOT_BASE64`, :data:`NOT_ZIP`, :data:`NO_FILES`, :data:`CUT_OFF`, or None when nothing is wrong.

    >>> head("Geen bijlage!"), head("R2VlbiB6aXA=")
    ('geen-base64', 'geen-zip')
    """
    return _head(_bare(text))


def _head(data: bytes | None) -> str | None:
    if not data:
        return NOT_BASE64
    start = base64.b64decode(data[: min(_FIRST, len(data) // 4 * 4)])
    if start.startswith(_END_RECORD):
        return NO_FILES
    if not start.startswith(b"PK\x03\x04"):
        return NOT_ZIP
    return None if _has_end(data) else CUT_OFF


def _bare(text: str) -> bytes | None:
    """The characters of the base64 without white space, or None when it is no base64."""
    if not text.isascii():
        return None
    data = text.encode("ascii")
    if other := data.translate(None, _ALPHABET):
        if other.translate(None, _SPACE):
            return None
        data = data.translate(None, _SPACE)
    padding = data.find(b"=")
    if padding >= 0 and (len(data) % 4 or data[padding:] not in (b"=", b"==")):
        return None
    return data


def _has_end(data: bytes) -> bool:
    """True when the text is whole and the record that ends every ZIP is near its end."""
    if len(data) % 4:
        return False
    if _END_RECORD in base64.b64decode(data[-_LAST:]):
        return True
    # a comment behind the record pushes it away from the end: look further before crying wolf
    return _END_RECORD in base64.b64decode(data[-((_END_RECORD_AT_MOST + 2) // 3 * 4) :])


def allowed_type(name: str) -> bool:
    """True when the end of a file name is one that a dossier may hold.

    >>> allowed_type("Rapport.PDF"), allowed_type("rapport.pdf.exe"), allowed_type("rapport")
    (True, False, False)
    """
    return _suffix(name) in ALLOWED_TYPES


def _suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return suffix.lower() if dot and stem else ""


def name_problem(name: str, max_length: int = SAFE.max_name) -> str | None:
    r"""Why a file name is not safe to use as it stands.

    Args:
        name: The name out of a dossier or a ZIP; folders in front of it are allowed.
        max_length: The most characters it may have.

    Returns:
        ``leeg``, ``te-lang``, ``stuurteken`` (control and invisible characters), ``schijnteken`` (a look-alike
        of a separator), ``absoluut``, ``schijfletter``, ``dubbele-punt``, ``pad-omhoog``, ``apparaatnaam``, or None.

    >>> name_problem("../../etc/passwd"), name_problem(r"C:\x.txt"), name_problem("nul.txt"), name_problem("a b.txt")
    ('pad-omhoog', 'schijfletter', 'apparaatnaam', None)
    """
    if not name.strip(" ."):
        return "pad-omhoog" if name.strip() == ".." else "leeg"
    if len(name) > max_length:
        return "te-lang"
    if not (name.isascii() and name.isprintable()):
        if any(unicodedata.category(char) in _BAD_CATEGORIES for char in name):
            return "stuurteken"
        if any(char in _LOOK_ALIKES for char in name):
            return "schijnteken"
    return _path_problem(name)


def _path_problem(name: str) -> str | None:
    """What a file system could read in a name of ordinary characters."""
    if name[0] in "/\\":
        return "absoluut"
    if ":" in name:  # a drive, or a stream beside a file
        return "schijfletter" if name[1:2] == ":" else "dubbele-punt"
    parts = [part.strip(" ") for part in re.split(r"[/\\]", name)]
    if ".." in parts:
        return "pad-omhoog"
    return "apparaatnaam" if any(_is_device(part) for part in parts) else None


def _is_device(part: str) -> bool:
    return part.partition(".")[0].strip(" ").lower() in _DEVICES


def safe_name(name: str) -> str:
    r"""A file name that may be used in any folder of any file system, made from one that may not.

    Letters and digits of every script stay, and ``. - _ ( )`` and single spaces; folders, look-alikes and
    everything else go.  The end of the name (``.pdf``) is kept; the result has at most 180 bytes of UTF-8.
    Two names can become one: whoever saves has to number them.

    >>> safe_name("../../etc/passwd"), safe_name(r"C:\tmp\Rapport 8.pdf"), safe_name("nul.txt"), safe_name("..")
    ('passwd', 'Rapport 8.pdf', '_nul.txt', 'bijlage')
    """
    plain = unicodedata.normalize("NFC", re.sub(r"\A[A-Za-z]:", "/", name))
    path = "".join("/" if char == "\\" or char in _LOOK_ALIKES else char for char in plain)
    last = path.rstrip("/ .").rpartition("/")[2]
    kept = "".join(char if char.isalnum() or char in " .-_()" else "_" for char in last)
    kept = re.sub(r" +", " ", kept).strip(" .")
    kept = _shorten(kept).strip(" .") or "bijlage"
    return f"_{kept}" if _is_device(kept) else kept


def _shorten(name: str, room: int = 180) -> str:
    """The name cut to so many bytes of UTF-8, its end (``.pdf``) kept when that is short."""
    if len(name.encode()) <= room:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix.encode()) > 10:
        return name.encode()[:room].decode(errors="ignore")
    left = room - len(f".{suffix}".encode())
    return stem.encode()[:left].decode(errors="ignore") + dot + suffix


def contents(text: str, limits: ZipLimits = SAFE) -> list[Problem]:
    """Judge an attachment by its two ends and its table of contents.

    Args:
        text: The base64 text.
        limits: What is allowed.

    Returns:
        The problems, the worst kind first; empty when there are none.
    """
    return _inspected(text, limits, _judge_entry)


def inspect(text: str, limits: ZipLimits = SAFE) -> list[Problem]:
    """Judge an attachment by its table of contents and the first bytes of each member.

    Args:
        text: The base64 text.
        limits: What is allowed.

    Returns:
        The problems, the worst kind first; empty when there are none.
    """
    return _inspected(text, limits, _judge_member)


_Judge = Callable[[zipfile.ZipFile, zipfile.ZipInfo, str, ZipLimits], list["Problem"]]


def _inspected(text: str, limits: ZipLimits, judge: _Judge) -> list[Problem]:
    data = _bare(text)
    problem = _head(data)
    if data is None or problem not in (None, CUT_OFF):
        return [Problem(problem or NOT_BASE64)]
    if found := _too_big(text, limits):
        return [found]
    if problem:
        return [Problem(problem)]
    archive, cause = _open(data, limits)
    if archive is None:
        return [cause]
    with archive:
        return _judge(archive, limits, judge)


def _too_big(text: str, limits: ZipLimits) -> Problem | None:
    if len(text) // 4 * 3 > limits.max_bytes + 2:
        return Problem(BOMB, {"reason": "bytes", "limit": str(limits.max_bytes)})
    return None


def _open(text: bytes, limits: ZipLimits) -> tuple[zipfile.ZipFile | None, Problem]:
    """The ZIP with its table of contents read, or why there is none."""
    try:
        data = _Decoded(text)
        if _entries(data) > limits.max_members:
            return None, Problem(BOMB, {"reason": "members", "limit": str(limits.max_members)})
        return zipfile.ZipFile(data), Problem(DAMAGED)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError):
        return None, Problem(DAMAGED)


class _Decoded(io.RawIOBase):
    """Base64 as a file of what it stands for; decoded where it is read.

    Args:
        text: Base64 without white space, of whole groups of four.
    """

    def __init__(self, text: bytes) -> None:
        super().__init__()
        self._text = text
        self._size = len(text) // 4 * 3 - text[-2:].count(b"=")
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError("before the beginning")
        self._at = start + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        end = self._size if size is None or size < 0 else min(self._at + size, self._size)
        if self._at >= end:
            return b""
        first = self._at // 3
        found = base64.b64decode(self._text[first * 4 : (end + 2) // 3 * 4])[self._at - first * 3 : end - first * 3]
        self._at = end
        return found


def _entries(data: _Decoded) -> int:
    """How many entries the table of contents says it has, by its size: asked before a list of them is made."""
    end = data.seek(0, io.SEEK_END)
    for length in (_END_RECORD_AT_LEAST, _END_RECORD_AT_MOST):
        data.seek(max(0, end - length))
        tail = data.read()
        at = tail.rfind(_END_RECORD)
        if at >= 0:
            break
    size = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    return size // _ENTRY_AT_LEAST


def _judge(archive: zipfile.ZipFile, limits: ZipLimits, judge: _Judge) -> list[Problem]:
    """Everything that is wrong with an open ZIP; one that asks for too much is not read."""
    files = [member for member in archive.infolist() if not member.is_dir()]
    if bomb := _bomb(archive, files, limits):
        return [bomb]
    if not files:
        return [Problem(NO_FILES)]
    found: list[Problem] = []
    for number, member in enumerate(files, 1):
        found.extend(judge(archive, member, str(number), limits))
    return sorted(found, key=lambda problem: PROBLEMS.index(problem.code))


def _bomb(archive: zipfile.ZipFile, files: list[zipfile.ZipInfo], limits: ZipLimits) -> Problem | None:
    """The limit that a table of contents goes beyond, or None.

    The sizes in the table can be trusted as upper bounds: a member is never read beyond its size there.
    """
    packed = sum(member.compress_size for member in files)
    beyond = {
        "members": (len(archive.infolist()) > limits.max_members, limits.max_members),
        "member-bytes": (any(m.file_size > limits.max_member_bytes for m in files), limits.max_member_bytes),
        "total-bytes": (sum(member.file_size for member in files) > limits.max_total_bytes, limits.max_total_bytes),
        "ratio": (any(_ratio(member, limits) > limits.max_ratio for member in files), limits.max_ratio),
        # members that share their bytes: together larger than the file that holds them
        "overlap": (packed > _size(archive), _size(archive)),
    }
    for reason, (true, limit) in beyond.items():
        if true:
            return Problem(BOMB, {"reason": reason, "limit": str(limit)})
    return None


def _ratio(member: zipfile.ZipInfo, limits: ZipLimits) -> float:
    if member.file_size < limits.ratio_from:
        return 0
    return member.file_size / max(1, member.compress_size)


def _size(archive: zipfile.ZipFile) -> int:
    stream = archive.fp
    return 0 if stream is None else stream.seek(0, io.SEEK_END)


def _judge_entry(archive: zipfile.ZipFile, member: zipfile.ZipInfo, number: str, limits: ZipLimits) -> list[Problem]:
    """What is wrong with one member by the table of contents."""
    found = []
    if reason := name_problem(member.orig_filename, limits.max_name):
        found.append(Problem(NAME, {"member": number, "reason": reason}))
    if not allowed_type(member.filename):
        found.append(Problem(FILE_TYPE, {"member": number}))
    if member.flag_bits & 0x1:
        found.append(Problem(ENCRYPTED, {"member": number}))
    elif member.compress_type not in _METHODS:
        found.append(Problem(DAMAGED, {"member": number}))
    return found


def _judge_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, number: str, limits: ZipLimits) -> list[Problem]:
    """What is wrong with one member, its first bytes included."""
    found = _judge_entry(archive, member, number, limits)
    if any(problem.code in (ENCRYPTED, DAMAGED) for problem in found):
        return found
    try:
        with archive.open(member) as stream:
            start = stream.read(8)
    except _UNREADABLE:
        return [*found, Problem(DAMAGED, {"member": number})]
    if start.startswith(_ARCHIVES) and _suffix(member.filename) not in _ZIP_INSIDE:
        found.append(Problem(NESTED, {"member": number}))
    return found


_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


def members(text: str, limits: ZipLimits = SAFE) -> Iterator[tuple[str, Callable[[], BinaryIO]]]:
    """The files in an attachment, opened one by one and only when asked for.

    Args:
        text: The base64 text.
        limits: What is allowed; checked before anything is unpacked.

    Yields:
        A name that is safe to use (:func:`safe_name`, unique within the attachment) and a function that unpacks the
        file into memory.

    Raises:
        DocumentError: It is no base64, no ZIP, cut off or damaged; also when a file is opened.
        UnsafeDocument: It goes beyond a limit, or holds an encrypted file or another archive.
    """
    problems = inspect(text, limits)
    for problem in problems:
        _refuse(problem)
    archive, cause = (None, Problem(NO_FILES)) if problems == [Problem(NO_FILES)] else _open(_bare(text) or b"", limits)
    if archive is None:
        _refuse(cause)
        return
    taken: set[str] = set()
    for member in archive.infolist():
        if not member.is_dir():
            yield _unique(safe_name(member.filename), taken), _opener(archive, member, limits)


def _refuse(problem: Problem) -> None:
    """Raise what a problem means for whoever wants the files; names and kinds of file mean nothing there."""
    if problem.code in (BOMB, NESTED, ENCRYPTED):
        what = "an attachment asks for more than a limit allows, or hides what it holds"
        raise UnsafeDocument(what, rule=f"INT.bijlage.{problem.code}", args=problem.args)
    if problem.code in (NOT_BASE64, NOT_ZIP, CUT_OFF, DAMAGED):
        raise DocumentError("an attachment cannot be read", rule=f"INT.bijlage.{problem.code}", args=problem.args)


def _unique(name: str, taken: set[str]) -> str:
    """The name, with a number before its end when it was taken; capitals do not count."""
    stem, dot, suffix = name.rpartition(".")
    unique, number = name, 1
    while unique.casefold() in taken:
        number += 1
        unique = f"{stem} ({number}){dot}{suffix}" if stem else f"{name} ({number})"
    taken.add(unique.casefold())
    return unique


def _opener(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: ZipLimits) -> Callable[[], BinaryIO]:
    """A function that unpacks one member."""

    def unpack() -> BinaryIO:
        try:
            with archive.open(member) as stream:
                content = stream.read(limits.max_member_bytes + 1)
        except _UNREADABLE:
            # the text of zipfile's errors quotes the name of the member
            raise DocumentError("a file in an attachment is damaged", rule=f"INT.bijlage.{DAMAGED}") from None
        if len(content) > limits.max_member_bytes:
            _refuse(Problem(BOMB, {"reason": "member-bytes", "limit": str(limits.max_member_bytes)}))
        return io.BytesIO(content)

    return unpack
