"""The reader and the writer of the shape of a mapping, and what its cells can hold."""

from __future__ import annotations

from pathlib import Path

from oso_bridge.errors import UsageError
from oso_bridge.mappings.build import Holds
from oso_bridge.mappings.layout import Layout, all_headers
from oso_bridge.mappings.shapes.base import Reader, TableLimits, Writer
from oso_bridge.mappings.words import Cell

FOLDERS = ("csv", "fixed")
"""The shapes whose sheets are files, which may stand in a folder."""


def reader(layout: Layout, source: Path, encoding: str | None, limits: TableLimits) -> Reader:
    """What reads the sheets of a source.

    Args:
        layout: The mapping.
        source: The file of the first sheet, or a folder.
        encoding: That of csv and of files of fixed width; None for what the bytes say.
        limits: How large it may be.
    """
    headers = all_headers(layout)
    if layout.shape == "csv":
        from oso_bridge.mappings.shapes.csv import CsvReader

        own = None if layout.encoding.startswith("utf") else layout.encoding
        known = set(next(iter(headers.values())))
        return CsvReader(source, list(headers), known, layout.delimiter, encoding, own, limits)
    if layout.shape == "fixed":
        from oso_bridge.mappings.shapes.fixed import FixedReader

        return FixedReader(source, positions(layout), encoding, limits)
    if layout.shape == "xlsx":
        from oso_bridge.mappings.shapes.xlsx import XlsxReader

        return XlsxReader(source, list(headers), limits)
    from oso_bridge.mappings.shapes.json import JsonReader

    return JsonReader(source, list(headers), limits)


def writer(layout: Layout, target: Path) -> Writer:
    """What writes the sheets of a target.

    Args:
        layout: The mapping.
        target: The file of the first sheet; for csv also a folder, for files of fixed width always one.

    Raises:
        UsageError: The target is a folder and should not be one, or the other way round.
    """
    headers = all_headers(layout)
    if layout.shape == "csv":
        from oso_bridge.mappings.shapes.csv import CsvWriter

        return CsvWriter(target, headers, layout.delimiter, layout.encoding)
    if layout.shape == "fixed":
        from oso_bridge.mappings.shapes.fixed import FixedWriter

        return FixedWriter(target, positions(layout), layout.encoding)
    if target.is_dir():
        raise UsageError("The target is a folder.", where=str(target), remedy=f"Name a file: x.{layout.shape}.")
    if layout.shape == "xlsx":
        from oso_bridge.mappings.shapes.xlsx import XlsxWriter

        return XlsxWriter(target, headers)
    from oso_bridge.mappings.shapes.json import JsonWriter

    return JsonWriter(target, headers)


def files(layout: Layout, target: Path) -> list[Path]:
    """The files that a writer may write for a target."""
    if layout.shape == "csv":
        from oso_bridge.mappings.shapes.csv import paths

        return list(paths(target, list(all_headers(layout))).values())
    if layout.shape == "fixed":
        from oso_bridge.mappings.shapes.fixed import SUFFIX

        names = {(name + SUFFIX).casefold() for name in all_headers(layout)}
        return [path for path in target.iterdir() if path.name.casefold() in names] if target.is_dir() else []
    return [target]


def positions(layout: Layout) -> dict[str, dict[str, tuple[int, int]]]:
    """Where each column of each file of fixed width begins, and how wide it is."""
    return {sheet.name: {name: sheet.at[name] for name in owner.headers(sheet)} for owner, sheet in layout.tables()}


def holds(layout: Layout) -> Holds:
    """What the cells of a mapping can hold."""
    if layout.shape == "csv":
        return lambda sheet, header, cell: _encodes(cell, layout.encoding)
    if layout.shape == "fixed":
        from oso_bridge.mappings.shapes.fixed import fits as fits_width

        wide = positions(layout)
        return lambda sheet, header, cell: fits_width(cell, wide[sheet].get(header), layout.encoding)
    if layout.shape == "xlsx":
        from oso_bridge.mappings.shapes.xlsx import fits

        return lambda sheet, header, cell: not isinstance(cell, str) or (_encodes(cell, "utf-8") and fits(cell))
    return lambda sheet, header, cell: _encodes(cell, "utf-8")


def _encodes(cell: Cell, encoding: str) -> bool:
    """Whether an encoding has all characters of a cell."""
    try:
        str(cell).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
