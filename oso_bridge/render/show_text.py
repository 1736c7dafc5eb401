"""A view of a dossier as plain text."""

from __future__ import annotations

import textwrap
from itertools import zip_longest
from typing import TYPE_CHECKING

from oso_bridge.render.show import Cell, Fact, Grid, Part, View
from oso_bridge.render.text import WIDTH, Paint
from oso_bridge.render.words import clean, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

_NARROWEST = 14  # characters; a column that would have to be narrower makes a table no table
_LABEL = 40  # characters that a label gets before its value begins


def as_text(view: View, *, colour: bool = False) -> str:
    """The whole view; ``colour`` adds terminal colours and nothing else."""
    paint = Paint(colour)
    lines = [paint(one_line(view.title), "bold"), *([one_line(view.transfer)] if view.transfer else [])]
    lines.append(paint(one_line(view.about), "dim"))
    lines += [f"! {note}" for note in view.notes]
    for part in view.parts:
        title = one_line(part.title)
        lines += ["", paint(title, "bold"), paint("─" * len(title), "dim"), *_items(part, 1, paint)]
    return "\n".join(lines) + "\n"


def _items(part: Part, depth: int, paint: Paint) -> Iterator[str]:
    for item in part.items:
        if isinstance(item, Fact):
            yield from _fact(item.label, item.values, depth, paint)
        elif isinstance(item, Grid):
            yield from _grid(item, depth, paint)
        else:
            yield _indent(depth) + paint(one_line(item.title), "bold")
            yield from _items(item, depth + 1, paint)


def _fact(label: str, values: list[str], depth: int, paint: Paint) -> Iterator[str]:
    margin = _indent(depth)
    name = f"{one_line(label)}".ljust(_LABEL - len(margin))
    for number, line in enumerate(line for value in values for line in _lines(value)):
        yield margin + (paint(name, "dim") if not number else " " * len(name)) + " " + line


def _lines(value: str) -> list[str]:
    """A value in lines that fit; its own line ends are kept."""
    broken = [textwrap.wrap(line, WIDTH - _LABEL) or [""] for line in clean(value).split("\n")]
    return [line for lines in broken for line in lines] or [""]


def _grid(grid: Grid, depth: int, paint: Paint) -> Iterator[str]:
    if grid.title:
        yield _indent(depth) + paint(one_line(grid.title), "bold")
        depth += 1
    table = _aligned(grid)
    if table is not None:
        yield from (_indent(depth) + (paint(line, "dim") if not number else line) for number, line in enumerate(table))
        return
    for number, row in enumerate(grid.rows, 1):
        if len(grid.rows) > 1:
            yield f"{_indent(depth)}{number}."
        for head, cell in zip(grid.heads, row, strict=True):
            yield from _cell(head, cell, depth + 1, paint)


def _cell(head: str, cell: Cell, depth: int, paint: Paint) -> Iterator[str]:
    if cell and not cell[0][0]:
        yield from _fact(head, [value for _, value in cell], depth, paint)
        return
    for label, value in cell:
        yield from _fact(label, [value], depth, paint)


def _aligned(grid: Grid) -> list[str] | None:
    """A table with columns side by side, or None when it does not fit or its cells bear labels of their own."""
    if any(label for row in grid.rows for cell in row for label, _ in cell):
        return None
    body = [[[clean(value) for _, value in cell] for cell in row] for row in grid.rows]
    lines = [[[head] for head in grid.heads], *body]
    natural = [max(len(text) for cell in column for text in cell or [""]) for column in zip(*lines, strict=True)]
    widths = _squeeze(natural)
    return [text for line in lines for text in _row(line, widths)] if widths else None


def _squeeze(widths: list[int]) -> list[int] | None:
    """The widths that fit, taken from the widest; None when that would leave nothing to read."""
    room = WIDTH - 6 - 2 * len(widths)
    widths = list(widths)
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda number: widths[number])
        if widths[widest] <= _NARROWEST:
            return None
        widths[widest] -= 1
    return widths


def _row(cells: list[list[str]], widths: list[int]) -> Iterator[str]:
    wrapped = [
        [line for text in cell for part in text.split("\n") for line in textwrap.wrap(part, width) or [""]]
        for cell, width in zip(cells, widths, strict=True)
    ]
    for texts in zip_longest(*wrapped, fillvalue=""):
        yield "  ".join(text.ljust(width) for text, width in zip(texts, widths, strict=True)).rstrip()


def _indent(depth: int) -> str:
    return "  " * depth
