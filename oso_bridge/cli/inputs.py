"""What a user may give as a document: files, patterns, folders, and ``-`` for standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from oso_bridge.errors import DocumentError, OsoBridgeError, UsageError
from oso_bridge.sources import name_of

Input = str | IO[bytes]
STDIN = "-"
LONGEST_SECRET = 1000
"""The most characters that a number or key has."""


def expand(names: Sequence[str]) -> list[Input]:
    """The documents behind the arguments, each once, in the order given; those of a folder by name.

    Raises:
        UsageError: A file is not there, a folder holds no ``.xml``, a pattern matches nothing.
    """
    found = [path for name in names for path in _expand(name)]
    return [sys.stdin.buffer if path == STDIN else path for path in dict.fromkeys(found)]


def named(names: Sequence[str], output: Path) -> list[tuple[str, str]]:
    """The documents behind the arguments, each once, with the name of each below a folder that mirrors theirs.

    Args:
        names: What the user gave.
        output: The folder to mirror them in; what a folder or pattern finds in there is what an earlier run made.

    Raises:
        UsageError: See :func:`expand`; standard input has no name.
    """
    from oso_bridge.batch import below, fixed_part

    made = output.resolve()
    found: list[tuple[str, str]] = []
    for name in names:
        if name == STDIN:
            raise UsageError("Standard input has no name to keep.", remedy="Convert it by itself.")
        root = fixed_part(name) if name else None
        for path in _expand(name):
            if root is None or not Path(path).resolve().is_relative_to(made):
                found.append((path, below(root, path)))
    if not found:
        raise UsageError("There is nothing but what stands in the output folder.", remedy="Name another folder.")
    return found if len(names) == 1 else _each_once(found)


def _each_once(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    first: dict[str, str] = {}
    for path, name in found:
        first.setdefault(path, name)
    return list(first.items())


def is_one(names: Sequence[str]) -> bool:
    """Whether the arguments name one document, and no folder or pattern."""
    return len(names) == 1 and (names[0] == STDIN or (Path(names[0]).exists() and not Path(names[0]).is_dir()))


def single(name: str) -> Input:
    """The one document behind an argument.

    Raises:
        UsageError: It is not there, or it is a folder.
    """
    if name == STDIN:
        return sys.stdin.buffer
    if name and Path(name).is_dir():
        raise UsageError("This command takes one document, not a folder.", where=name, remedy="Name a file in it.")
    return str(next(_expand(name)))


@contextmanager
def told_of(source: Input, kind: type[OsoBridgeError] = DocumentError) -> Iterator[None]:
    """Add the name of a document to an error of this kind that names no place yet.

    Args:
        source: The document.
        kind: The errors that are about the document.
    """
    try:
        yield
    except kind as error:
        error.where = error.where or name_of(sys.stdin.buffer if source == STDIN else source)
        raise


def _expand(name: str) -> Iterator[str]:
    path = Path(name)
    if not name:
        # most likely a variable that is not set; an empty path would be the folder one is in
        raise UsageError("The name of a document is empty.", remedy="Name a file, or . for this folder.")
    if name == STDIN:
        yield STDIN
    elif path.is_dir():
        yield from _folder(path)
    elif path.exists() or path.is_symlink():
        yield name
    elif glob.has_magic(name):
        yield from _pattern(name)
    else:
        raise UsageError("There is no such file.", where=name, remedy="Check the name and the folder.")


def _folder(folder: Path) -> list[str]:
    found = [
        str(Path(at) / name) for at, _, names in os.walk(folder) for name in names if name.lower().endswith(".xml")
    ]
    if not found:
        raise UsageError(
            "There are no .xml files in this folder.",
            where=str(folder),
            remedy="Name the files, if they end otherwise.",
        )
    return sorted(found)


def _pattern(pattern: str) -> list[str]:
    """Windows leaves patterns to the program."""
    found = [path for path in glob.glob(pattern, recursive=True) if Path(path).is_file()]
    if not found:
        raise UsageError("No file matches this pattern.", where=pattern, remedy="Check the name and the folder.")
    return sorted(found)


def secret(file: Path | None, what: str, option: str) -> str:
    """One line that must not stand among the arguments, where other users of the machine can see it.

    Args:
        file: The file it stands in; standard input when None, which asks without showing it at a terminal.
        what: What it is, for the question and the error.
        option: The option that names the file.

    Returns:
        The line, without the blanks around it and the byte order mark before it.

    Raises:
        OSError: The file cannot be read.
        UsageError: There is nothing, more than one line, or no text.
    """
    found = _line(_secret_bytes(file, what))
    if not found or len(found) > LONGEST_SECRET or not found.isprintable():
        raise UsageError(f"{what} has to be one line of text.", remedy=f"On standard input, or with {option} FILE.")
    return found


def _secret_bytes(file: Path | None, what: str) -> bytes:
    """What was given; more than is ever needed is not read."""
    if file is not None:
        with file.open("rb") as opened:
            return opened.read(4 * LONGEST_SECRET)
    if sys.stdin.isatty():
        import getpass

        return getpass.getpass(f"{what}: ").encode()
    return sys.stdin.buffer.read(4 * LONGEST_SECRET)


def _line(content: bytes) -> str:
    """Bytes as text without blanks around it; empty when they are none."""
    import json

    try:
        # tools on Windows write a byte order mark, or UTF-16
        return content.decode(json.detect_encoding(content)).strip()
    except UnicodeDecodeError:
        return ""
