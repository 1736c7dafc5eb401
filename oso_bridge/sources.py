"""Sources: where bytes come from. A source is a path, bytes or an open file; a str is always a path."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from oso_bridge.errors import UnsafeDocument, UsageError

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The bytes of a source and the name to show for it."""

    name: str
    data: bytes


def name_of(source: Any) -> str:
    """The name to show for a source: its path, ``<bytes>`` or ``<file>``."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "<bytes>"
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "<file>"


def load(source: Source, max_bytes: int) -> Loaded:
    """Read a source, at most one byte more than the limit.

    Args:
        source: A path, bytes, or a file opened in binary mode.
        max_bytes: The limit of :class:`oso_bridge.Limits`.

    Raises:
        OSError: The file cannot be read.
        UnsafeDocument: The source is larger than the limit.
        UsageError: The source is none of these, or a str that is no path, or a file that is closed or in text mode.
    """
    _refuse_content(source)
    name = name_of(source)
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb", opener=_opener) as file:
            return Loaded(name, _bounded(file, max_bytes))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return Loaded(name, bytes(source))
    if hasattr(source, "read"):
        return Loaded(name, _bounded(source, max_bytes))
    raise _no_source(source)


class Opened:
    """A source that is read piece by piece.

    Attributes:
        name: The name to show for it.
        size: Its size in bytes, when that is known.
        again: Whether it can be opened once more.
    """

    def __init__(self, name: str, file: Any, size: int | None, *, again: bool) -> None:
        self.name, self.size, self.again = name, size, again
        self._file, self._taken = file, b""

    def take(self, number: int) -> bytes:
        """The first bytes, which the next :meth:`read` gives again; fewer when there are no more."""
        pieces = [self._taken]
        left = number - len(self._taken)
        while left > 0 and (piece := _piece(self._file, left)):
            pieces.append(piece)
            left -= len(piece)
        self._taken = b"".join(pieces)
        return self._taken[:number]

    def read(self, number: int) -> bytes:
        """The next bytes, none at the end."""
        if not self._taken:
            return _piece(self._file, number)
        piece, self._taken = self._taken[:number], self._taken[number:]
        return piece


def is_large(source: Any, size: int) -> bool:
    """Whether a source may be so large; nothing is known of an open file."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return len(source) >= size
    if hasattr(source, "read"):
        return True
    try:
        found = Path(source).stat()
    except (OSError, ValueError, TypeError):
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size >= size


@contextmanager
def opened(source: Source) -> Iterator[Opened]:
    """Open a source to read it piece by piece; an open file stays open.

    Raises:
        OSError: The file cannot be read.
        UsageError: See :func:`load`.
    """
    _refuse_content(source)
    name = name_of(source)
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb", opener=_opener) as file:
            yield Opened(name, file, os.fstat(file.fileno()).st_size or None, again=True)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        yield Opened(name, io.BytesIO(source), len(source), again=True)
    elif hasattr(source, "read"):
        _refuse_file(source)
        yield Opened(name, source, None, again=False)
    else:
        raise _no_source(source)


def _no_source(source: Any) -> UsageError:
    return UsageError(
        f"A source is a path, bytes or an open file, not {type(source).__name__}.",
        remedy="Pass text as bytes: text.encode().",
    )


def _refuse_file(file: Any) -> None:
    """Refuse a file that gives no bytes."""
    if isinstance(file, io.TextIOBase):
        raise UsageError("The file is open in text mode.", remedy='Open it with mode "rb".')
    if getattr(file, "closed", False):
        raise UsageError("The file is closed.", remedy="Read it before it is closed.")


def _piece(file: Any, number: int) -> bytes:
    """What a file gives at once."""
    piece = file.read(number)
    if not isinstance(piece, bytes):
        raise UsageError("The file does not give bytes.", remedy='Open it with mode "rb".')
    return piece


def _refuse_content(source: Any) -> None:
    """Refuse a str that holds a document instead of naming one: the system's own error would quote it."""
    if not isinstance(source, (str, os.PathLike)):
        return
    path = os.fspath(source)
    begins_as_xml = isinstance(source, str) and source.lstrip("\ufeff \t").startswith("<")
    if begins_as_xml or not isinstance(path, str) or not _can_be_path(path):
        raise UsageError("A str is a path, and this is none.", remedy="Pass the text of a document as bytes.")


def _can_be_path(text: str) -> bool:
    """Whether the system could have a file of that name."""
    try:
        return bool(text) and not any(byte in os.fsencode(text) for byte in b"\0\r\n")
    except UnicodeEncodeError:
        return False


def _opener(path: str, flags: int) -> int:
    """Open without waiting: a pipe that nobody writes to is an empty file, not one that never comes."""
    no_wait: int = getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags | no_wait)
    if no_wait:
        os.set_blocking(descriptor, True)
    return descriptor


def _bounded(file: Any, max_bytes: int) -> bytes:
    """Everything in a file, which may come in pieces."""
    _refuse_file(file)
    pieces: list[bytes] = []
    left = max_bytes + 1
    while left > 0:
        piece = _piece(file, left)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        left -= len(piece)
    raise UnsafeDocument(
        f"The document exceeds the limit max_bytes ({max_bytes}).",
        rule="DOC.limiet.max_bytes",
        args={"limiet": "max_bytes", "grens": str(max_bytes)},
        remedy="Raise that limit if you trust the source.",
    )
