"""Archives: a ZIP in base64, of which no more is decoded than is looked at.

A ZIP ends in a record that says where its table of contents is.  :func:`directory` reads that table itself when
everything about it is ordinary, and gives up when anything is not: then :mod:`zipfile` has to judge, on a
:class:`Decoded`.  Where :func:`directory` answers, its answer is that of :mod:`zipfile`, for a tenth of the cost.
"""

from __future__ import annotations

import io
import struct
from binascii import a2b_base64
from typing import NamedTuple

MEMBER = b"PK\x03\x04"
"""What a file in a ZIP begins with, and so a ZIP that holds any."""
END_RECORD = b"PK\x05\x06"
"""What the record at the end of every ZIP begins with."""
END_RECORD_AT_LEAST = 22
END_RECORD_AT_MOST = 22 + 0xFFFF  # bytes: the record with the longest comment a ZIP may have
ENTRY_AT_LEAST = 46  # bytes of an entry in the table of contents, its name aside

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_SPACE = b" \t\r\n"
_TAIL = 1024  # characters decoded at once: the table of contents of hardly any attachment is longer
_END = struct.Struct("<4s8xLLH")  # signature, size and offset of the table, length of the comment
_ENTRY = struct.Struct("<4s2xBxHH8xLLHHH12x")  # signature ... see _members; APPNOTE.TXT 4.3.12
_EXTRA = struct.Struct("<HH")
_ENTRY_MARK = b"PK\x01\x02"
_ZIP64_MARK = b"PK\x06\x07"
_ZIP64_LOCATOR = 20  # bytes of the record that stands before the last one in a ZIP64
_VERSION_AT_MOST = 63
_ODD_EXTRAS = (0x0001, 0x7075)  # ZIP64 sizes, another name
_UTF8 = 0x800


class Entry(NamedTuple):
    """What a table of contents says of a member; the names are those of :class:`zipfile.ZipInfo`.

    Attributes:
        orig_filename: The name as it stands there.
        filename: The name that counts.
        file_size: Size when unpacked, in bytes.
        compress_size: Size as packed, in bytes.
        flag_bits: The flags; the lowest is for encryption.
        compress_type: The method of compression.
    """

    orig_filename: str
    filename: str
    file_size: int
    compress_size: int
    flag_bits: int
    compress_type: int


def bare(text: str) -> str | None:
    """The characters of a base64 text without white space, or None when it is no base64.

    >>> bare("UEsD BA=="), bare("geen base64!"), bare("UEs=DB")
    ('UEsDBA==', None, None)
    """
    if not text.isascii():
        return None
    if strange := text.encode("ascii").translate(None, _ALPHABET):
        if strange.translate(None, _SPACE):
            return None
        text = "".join(text.split())
    padding = text.find("=")
    if padding >= 0 and (len(text) % 4 or text[padding:] not in ("=", "==")):
        return None
    return text


def size_of(text: str) -> int:
    """The bytes that a bare text of whole groups of four stands for."""
    return len(text) // 4 * 3 - text.count("=", -2)


def start_of(text: str) -> bytes:
    """The first bytes of a bare text, six at the most."""
    return a2b_base64(text[: min(8, len(text) // 4 * 4)])


def is_whole(text: str) -> bool:
    """True when a bare text has no loose end and the record that ends every ZIP is near its end."""
    if len(text) % 4:
        return False
    if END_RECORD in a2b_base64(text[-128:]):
        return True
    # a comment behind the record pushes it away from the end: look further before crying wolf
    return END_RECORD in a2b_base64(text[-((END_RECORD_AT_MOST + 2) // 3 * 4) :])


def directory(text: str, most: int) -> list[Entry] | None:
    """The table of contents of an ordinary ZIP.

    Ordinary is: one whole table right before the end record, nothing before the ZIP and nothing behind it, no
    ZIP64, and names that mean the same on every system.

    Args:
        text: A bare text of whole groups of four.
        most: The number of members after which reading stops.

    Returns:
        The members in the order of the table; None when anything is out of the ordinary, or they are more.
    """
    tail, end = a2b_base64(text[-_TAIL:]), size_of(text) - END_RECORD_AT_LEAST
    at = len(tail) - END_RECORD_AT_LEAST
    if at < _ZIP64_LOCATOR or tail.startswith(_ZIP64_MARK, at - _ZIP64_LOCATOR):
        return None
    mark, size, offset, comment = _END.unpack_from(tail, at)
    if mark != END_RECORD or comment or size + offset != end:
        return None
    if size > at:
        tail = a2b_base64(text[-((size + END_RECORD_AT_LEAST) // 3 + 2) * 4 :])
        at = len(tail) - END_RECORD_AT_LEAST
    return _members(tail[at - size : at], most)


def _members(table: bytes, most: int) -> list[Entry] | None:
    """The entries of a table of contents, None when one of them is out of the ordinary or they are too many."""
    found: list[Entry] = []
    at, end = 0, len(table)
    while at < end:
        if end - at < ENTRY_AT_LEAST or len(found) == most:
            return None
        mark, version, flags, method, packed, size, *lengths = _ENTRY.unpack_from(table, at)
        name_end = at + ENTRY_AT_LEAST + lengths[0]
        extra_end = name_end + lengths[1]
        name = _name(table[at + ENTRY_AT_LEAST : name_end], flags)
        at = extra_end + lengths[2]
        if mark != _ENTRY_MARK or version > _VERSION_AT_MOST or at > end or name is None:
            return None
        if not _is_ordinary(table[name_end:extra_end]):
            return None
        found.append(Entry(name, name, size, packed, flags, method))
    return found


def _name(raw: bytes, flags: int) -> str | None:
    """The name of a member, None when systems or releases of Python read it in different ways."""
    if not raw or b"\0" in raw or b"\\" in raw:
        return None
    if raw.isascii():
        return raw.decode("ascii")
    try:
        return raw.decode("utf-8" if flags & _UTF8 else "cp437")
    except UnicodeDecodeError:
        return None


def _is_ordinary(extra: bytes) -> bool:
    """True when the extra fields of an entry are sound, and change nothing of what the entry says."""
    at = 0
    while len(extra) - at >= _EXTRA.size:
        kind, length = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size + length
        if kind in _ODD_EXTRAS or at > len(extra):
            return False
    return True


class Decoded(io.RawIOBase):
    """Base64 as a file of what it stands for; decoded where it is read.

    Args:
        text: A bare text of whole groups of four.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._size = size_of(text)
        self._at = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place.

        Raises:
            OSError: It lies before the beginning.
        """
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError("before the beginning")
        self._at = start + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """So many bytes, fewer at the end; all that are left when no number is given."""
        end = self._size if size is None or size < 0 else min(self._at + size, self._size)
        if self._at >= end:
            return b""
        first = self._at // 3
        found = a2b_base64(self._text[first * 4 : (end + 2) // 3 * 4])[self._at - first * 3 : end - first * 3]
        self._at = end
        return found
