"""The files of a mapping as they stand: ``mapping.toml`` and those it extends, each table with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oso_bridge import data
from oso_bridge.errors import DataError, UsageError, choose

FILE = "mapping.toml"


@dataclass(frozen=True, slots=True)
class Source:
    """A table of a ``mapping.toml`` with the place it came from."""

    file: Path
    line: int | None
    values: dict[str, Any]

    def wrong(self, what: str, remedy: str | None = None) -> DataError:
        """The error that says where."""
        return DataError(what, where=str(self.file), line=self.line, remedy=remedy)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Errors inside name this place."""
        try:
            yield
        except UsageError as error:
            raise self.wrong(error.what, error.remedy) from None


def stacked(file: Path, find: Any, seen: tuple[Path, ...]) -> list[Source]:
    """The file after those that it extends.

    Args:
        file: A ``mapping.toml``.
        find: Gives the file of a mapping that is extended, by name.
        seen: The files that led here.

    Raises:
        DataError: A file is no TOML, extends itself, or extends what is no name.
    """
    if file in seen:
        raise DataError("A mapping extends itself.", where=str(file))
    top = Source(file, None, data.load_toml(file))
    base = top.values.get("extends")
    if not isinstance(base, str | None):
        raise top.wrong("'extends' is of another kind.", "Write a text.")
    with top.told():
        below = stacked(find(base), find, (*seen, file)) if base else []
    return [*below, top]


def tables(source: Source, kind: str) -> list[Source]:
    """The tables ``[[kind]]`` of a file, each with its line.

    Args:
        source: The file.
        kind: Such as ``row``.

    Raises:
        DataError: They are no tables.
    """
    found = source.values.get(kind, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise source.wrong(f"{kind!r} is no list of tables.", f"Write each as [[{kind}]].")
    text = source.file.read_text(encoding="utf-8").splitlines()
    heads = [number for number, line in enumerate(text, 1) if re.match(rf"\s*\[\[\s*{kind}\s*\]\]", line)]
    lines: list[int | None] = [*heads] if len(heads) == len(found) else [None] * len(found)
    return [Source(source.file, line, item) for line, item in zip(lines, found, strict=True)]


_KINDS = {str: "a text", bool: "true or false", int: "a whole number", list: "a list", dict: "a table"}


def only(source: Source, known: Mapping[str, type]) -> None:
    """Refuse a word that there is not, and a value of another kind than its word has.

    Args:
        source: A file or a table of it.
        known: The words that may stand there, each with the kind of its value; ``object`` for any.

    Raises:
        DataError: It has another one.
    """
    unknown = [name for name in source.values if name not in known]
    if unknown:
        raise source.wrong(f"There is no word {unknown[0]!r} here.", choose(unknown[0], sorted(known)))
    for name, value in source.values.items():
        if not isinstance(value, known[name]):
            raise source.wrong(f"{name!r} is of another kind.", f"Write {_KINDS[known[name]]}.")
