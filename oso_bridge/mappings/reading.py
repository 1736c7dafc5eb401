"""Tables into models, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from oso_bridge.errors import UsageError
from oso_bridge.mappings.assembly import validated
from oso_bridge.mappings.frames import Frames
from oso_bridge.mappings.gather import Gathering
from oso_bridge.mappings.layout import Layout
from oso_bridge.mappings.notes import Notes
from oso_bridge.mappings.shapes.base import Reader
from oso_bridge.mappings.words import Codec
from oso_bridge.report import Report


class Read(NamedTuple):
    """What came out of tables: the dossiers that are good, and the report on everything."""

    dossiers: list[Any]
    report: Report


class Entry(NamedTuple):
    """An item of a main list, and the root it is of.

    Attributes:
        root: The root with everything but its main list; the same object for all of its items.
        item: The item.
    """

    root: Any
    item: Any


class Reading:
    """Models out of tables, one at a time; the report is complete when all were taken.

    Args:
        layout: The mapping.
        reader: The source, which is closed at the end.
        notes: What is noticed.
        dates: What reads days in the place of the codecs of the mapping.
    """

    def __init__(self, layout: Layout, reader: Reader, notes: Notes, dates: Codec | None = None) -> None:
        self._layout, self._reader, self._notes, self._dates = layout, reader, notes, dates

    def __iter__(self) -> Iterator[Any]:
        """The roots in the order of the first sheet; those with a main list when all of it was read."""
        if self._layout.main is not None:
            yield from self._whole()
            return
        try:
            for item, tree, assembly in Gathering(self._layout, self._reader, self._notes, self._dates).trees():
                made = None if tree is None else validated(self._layout.model, tree, assembly, item)
                if made is not None:
                    yield made
        finally:
            self._reader.close()

    def items(self) -> Iterator[Entry]:
        """The items of the main list in the order of the file, such as pupils, in memory that does not grow with them.

        Raises:
            UsageError: The mapping has a row for each root.
        """
        if self._layout.main is None:
            raise UsageError("This mapping has no main list.", remedy="Take the roots one at a time.")
        for entry in self._entries(frames := self._frames()):
            if entry.item is not None:
                yield entry
        del frames

    def _whole(self) -> Iterator[Any]:
        frames = self._frames()
        for root, item in self._entries(frames):
            if item is not None:
                getattr(root, self._layout.listed).append(item)
        yield from frames.roots

    def _frames(self) -> Frames:
        assert self._layout.main is not None  # asked before  # noqa: S101
        return Frames(Gathering(self._layout.main, self._reader, self._notes, self._dates))

    def _entries(self, frames: Frames) -> Iterator[Entry]:
        """Each row as its root and its item; None for a row without one, or one that is wrong."""
        try:
            frames.look()
            for row, tree, assembly in frames.main.trees():
                frame = frames.of(row)
                made = None if tree is None else validated(frames.main.layout.model, tree, assembly, row)
                if frame is not None:
                    yield Entry(frame.root, made)
            frames.rest()
        finally:
            self._reader.close()

    @property
    def report(self) -> Report:
        """What was noticed so far."""
        return self._notes.report()
