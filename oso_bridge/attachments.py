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

import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from oso_bridge import archives
from oso_bridge.errors import DocumentError, UnsafeDocument

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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

    Every character is checked against the alphabet of base64; only those at the ends are decoded.  A truncated
    ZIP often occurs in practice, so :data:`CUT_OFF` is never more than a warning.

    Args:
        text: The base64 text; white space is allowed in it.

    Returns:
        :data:`NOT_BASE64`, :data:`NOT_ZIP`, :data:`NO_FILES`, :data:`CUT_OFF`, or None when nothing is wrong.

    >>> head("Geen bijlage!"), head("R2VlbiB6aXA=")
    ('geen-base64', 'geen-zip')
    """
    return _head(archives.bare(text))


def _head(data: str | None) -> str | None:
    if not data:
        return NOT_BASE64
    start = archives.start_of(data)
    if start.startswith(archives.END_RECORD):
        return NO_FILES
    if not start.startswith(archives.MEMBER):
        return NOT_ZIP
    return None if archives.is_whole(data) else CUT_OFF


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
    parts = name.replace("\\", "/").split("/")
    if ".." in name and any(part.strip(" ") == ".." for part in parts):
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
    data = _to_open(text, limits)
    if isinstance(data, Problem):
        return [data]
    entries = archives.directory(data, limits.max_members)
    if entries is None:
        return _opened(data, limits, deep=False)
    return _judge(entries, archives.size_of(data), limits, _judge_entry)


def inspect(text: str, limits: ZipLimits = SAFE) -> list[Problem]:
    """Judge an attachment by its table of contents and the first bytes of each member.

    Args:
        text: The base64 text.
        limits: What is allowed.

    Returns:
        The problems, the worst kind first; empty when there are none.
    """
    data = _to_open(text, limits)
    return [data] if isinstance(data, Problem) else _opened(data, limits, deep=True)


def _to_open(text: str, limits: ZipLimits) -> str | Problem:
    """The base64 of what can be opened, without white space, or why it cannot."""
    data = archives.bare(text)
    problem = _head(data)
    if data is None or problem not in (None, CUT_OFF):
        return Problem(problem or NOT_BASE64)
    if len(text) // 4 * 3 > limits.max_bytes + 2:
        return Problem(BOMB, {"reason": "bytes", "limit": str(limits.max_bytes)})
    return Problem(CUT_OFF) if problem else data


def _opened(data: str, limits: ZipLimits, deep: bool) -> list[Problem]:
    """What is wrong with a ZIP by what zipfile makes of it."""
    archive, cause = _open(data, limits)
    if archive is None:
        return [cause]
    with archive:
        judge = partial(_judge_member, archive) if deep else _judge_entry
        return _judge(archive.infolist(), archives.size_of(data), limits, judge)


def _open(text: str, limits: ZipLimits) -> tuple[zipfile.ZipFile | None, Problem]:
    """The ZIP with its table of contents read, or why there is none."""
    try:
        data = archives.Decoded(text)
        # an ordinary table is counted; of any other the size tells how many entries it may have at the most
        if archives.directory(text, limits.max_members) is None and entries(data) > limits.max_members:
            return None, Problem(BOMB, {"reason": "members", "limit": str(limits.max_members)})
        return zipfile.ZipFile(data), Problem(DAMAGED)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError):
        return None, Problem(DAMAGED)


def entries(data: io.RawIOBase | BinaryIO) -> int:
    """How many entries the table of contents of a ZIP may have, by its size: asked before a list of them is made.

    Args:
        data: The ZIP, open at any place.
    """
    end = data.seek(0, io.SEEK_END)
    for length in (archives.END_RECORD_AT_LEAST, archives.END_RECORD_AT_MOST):
        data.seek(max(0, end - length))
        tail = data.read() or b""
        at = tail.rfind(archives.END_RECORD)
        if at >= 0:
            break
    size = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    return size // archives.ENTRY_AT_LEAST


_Member = archives.Entry | zipfile.ZipInfo
_Judge = Callable[[Any, str, ZipLimits], list[Problem]]


def _judge(entries: Sequence[_Member], size: int, limits: ZipLimits, judge: _Judge) -> list[Problem]:
    """Everything that is wrong with a ZIP of a size; one that asks for too much is not read."""
    files = [member for member in entries if not _is_folder(member)]
    if bomb := _bomb(entries, files, size, limits):
        return [bomb]
    if not files:
        return [Problem(NO_FILES)]
    found: list[Problem] = []
    for number, member in enumerate(files, 1):
        found += judge(member, str(number), limits)
    return sorted(found, key=lambda problem: PROBLEMS.index(problem.code)) if found else found


def _is_folder(member: _Member) -> bool:
    # not ZipInfo.is_dir: that of Python 3.11 stumbles over a name without characters
    return member.filename.endswith("/")


def _bomb(entries: Sequence[_Member], files: list[_Member], size: int, limits: ZipLimits) -> Problem | None:
    """The limit that a table of contents goes beyond, or None.

    The sizes in the table can be trusted as upper bounds: a member is never read beyond its size there.
    """
    sizes = [member.file_size for member in files]
    beyond = (
        ("members", limits.max_members, len(entries)),
        ("member-bytes", limits.max_member_bytes, max(sizes, default=0)),
        ("total-bytes", limits.max_total_bytes, sum(sizes)),
        ("ratio", limits.max_ratio, max([_ratio(member, limits) for member in files], default=0)),
        # members that share their bytes: together larger than the file that holds them
        ("overlap", size, sum([member.compress_size for member in files])),
    )
    for reason, limit, asked in beyond:
        if asked > limit:
            return Problem(BOMB, {"reason": reason, "limit": str(limit)})
    return None


def _ratio(member: _Member, limits: ZipLimits) -> float:
    if member.file_size < limits.ratio_from:
        return 0
    return member.file_size / max(1, member.compress_size)


def _judge_entry(member: _Member, number: str, limits: ZipLimits) -> list[Problem]:
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
    found = _judge_entry(member, number, limits)
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
    archive, cause = (
        (None, Problem(NO_FILES)) if problems == [Problem(NO_FILES)] else _open(archives.bare(text) or "", limits)
    )
    if archive is None:
        _refuse(cause)
        return
    taken: set[str] = set()
    for member in archive.infolist():
        if not _is_folder(member):
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
