"""JSON: an object with a list of rows for each sheet, or for one sheet a list by itself."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from oso_bridge.mappings.shapes.base import Row, TableLimits, beside
from oso_bridge.mappings.words import Cell

_HALF = re.compile("[\ud800-\udfff]")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of two values of one name nobody knows which is meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _finite(text: str) -> float:
    """A number; ``NaN``, and what is too large to be held, are none."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("no number")
    return number


def _is_plain(value: Any) -> bool:
    """Whether a value is a single one, and no text with half a character in it."""
    return not isinstance(value, (dict, list)) and not (isinstance(value, str) and _HALF.search(value))


class JsonReader:
    """Reads a file; its lines are numbers of rows, the first object being 1.

    Args:
        source: The file.
        sheets: The names of the sheets, the root first.
        limits: How large it may be.
    """

    def __init__(self, source: Path, sheets: Sequence[str], limits: TableLimits) -> None:
        self.source, self.limits, self.first = source, limits, sheets[0]
        self.fault: str | None = None
        self.sheets: dict[str, Any] = {}
        self._load(sheets)
        self.others = len(set(self.sheets) - set(sheets))

    def _load(self, sheets: Sequence[str]) -> None:
        if self.source.stat().st_size > min(self.limits.max_bytes, self.limits.max_unpacked):
            self.fault = "limiet"
            return
        try:
            found = json.loads(
                self.source.read_bytes(), object_pairs_hook=_once, parse_constant=_finite, parse_float=_finite
            )
        except (ValueError, RecursionError):
            self.fault = "json"
            return
        self.sheets = found if isinstance(found, dict) else {sheets[0]: found}
        if not all(isinstance(rows, list) for rows in self.sheets.values()):
            self.fault, self.sheets = "json", {}

    def has(self, sheet: str) -> bool:
        """Whether the file has a list of that name; of one that is broken only the root is asked for."""
        return sheet == self.first if self.fault else sheet in self.sheets

    def file(self, sheet: str) -> str:
        """The name of the file."""
        del sheet
        return self.source.name

    def strangers(self) -> int:
        """How many lists the mapping does not know."""
        return self.others

    def notes(self) -> list[tuple[str, str, dict[str, str]]]:
        """Nothing is guessed."""
        return []

    def close(self) -> None:
        """Nothing is held open."""

    def rows(self, sheet: str) -> Iterator[Row]:
        """The rows of a list, with the names that occur in any of them as headers."""
        if self.fault:
            yield Row(1, fault=self.fault)
            return
        items = self.sheets[sheet]
        if len(items) > self.limits.max_rows:
            yield Row(1, fault="limiet")
            return
        headers = list(dict.fromkeys(name for item in items if isinstance(item, dict) for name in item))
        if len(headers) > self.limits.max_columns:
            yield Row(1, fault="limiet")
            return
        yield Row(0, headers)
        for number, item in enumerate(items, start=1):
            good = isinstance(item, dict) and all(map(_is_plain, item.values()))
            yield Row(number, [item.get(name) for name in headers]) if good else Row(number, fault="json")


class JsonWriter:
    """Writes a file.

    Args:
        target: The file.
        sheets: The headers of each sheet by its name, the root first.
    """

    def __init__(self, target: Path, sheets: dict[str, list[str]]) -> None:
        self.target, self.headers = target, sheets
        self.sheets: dict[str, list[dict[str, Any]]] = {next(iter(sheets)): []}

    def row(self, sheet: str, cells: Sequence[tuple[Cell, bool]]) -> None:
        """Add a row; empty cells are left out."""
        named = zip(self.headers[sheet], cells, strict=True)
        kept = {name: _plain(cell) for name, (cell, _) in named if cell is not None}
        self.sheets.setdefault(sheet, []).append(kept)

    def commit(self) -> list[str]:
        """Put the file in its place."""
        made = beside(self.target)
        ordered = {name: self.sheets[name] for name in self.headers if name in self.sheets}
        try:
            made.write_text(json.dumps(ordered, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            made.replace(self.target)
        finally:
            made.unlink(missing_ok=True)
        return [str(self.target)]

    def abort(self) -> None:
        """Nothing was written yet."""


def _plain(cell: Cell) -> Any:
    return cell.isoformat() if isinstance(cell, date) else cell
