"""Files that nobody but their owner can read, from the first moment on."""

from __future__ import annotations

import os
from pathlib import Path


def new_file(path: str | os.PathLike[str], content: bytes = b"") -> None:
    """Make a file that survives a power failure and that only its owner can read.

    Args:
        path: The file.
        content: What is in it.

    Raises:
        FileExistsError: It is there already; it is left as it is.
        OSError: It cannot be made.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if os.name == "posix":  # elsewhere a folder cannot be opened
        _sync_folder(Path(path).absolute().parent)


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write such a file whole or not at all; one that is there is replaced.

    Args:
        path: The file.
        content: What is in it.

    Raises:
        OSError: It cannot be written; what was there is as it was.
    """
    path = Path(path)
    part = path.with_name(f".{os.getpid()}.{path.name[:100]}.part")
    part.unlink(missing_ok=True)  # of a run that was killed
    try:
        new_file(part, content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Have the name of a new file written to the disk as well."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
