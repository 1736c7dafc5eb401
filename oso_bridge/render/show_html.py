"""A view of a dossier as one HTML page, with the looks of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso_bridge._version import __version__
from oso_bridge.render.page import Html, join, page, rows, table, tag
from oso_bridge.render.show import Cell, Fact, Grid, Part, View
from oso_bridge.render.words import word

if TYPE_CHECKING:
    from collections.abc import Iterator


def as_html(view: View) -> str:
    """The whole view.  The title of the page, which a browser remembers, bears no name."""
    body = [tag("h1", view.title), *([tag("p", view.transfer)] if view.transfer else [])]
    body.append(tag("p", view.about, class_="lead"))
    if view.notes:
        body.append(tag("ul", *(tag("li", note) for note in view.notes), class_="notes"))
    for part in view.parts:
        body.append(tag("section", tag("h2", part.title), *_items(part, 3)))
    foot = word("made_by", view.language, version=__version__)
    return page(word("document", view.language), view.language, body, foot)


def _items(part: Part, level: int) -> Iterator[Html]:
    """Facts that follow one another stand in one list."""
    facts: list[Fact] = []
    for item in part.items:
        if isinstance(item, Fact):
            facts.append(item)
            continue
        yield from _facts(facts)
        facts = []
        yield from _grid(item, level) if isinstance(item, Grid) else _part(item, level)
    yield from _facts(facts)


def _part(part: Part, level: int) -> Iterator[Html]:
    if part.items:
        yield tag("div", tag(_heading(level), part.title), *_items(part, level + 1), class_="part")


def _facts(facts: list[Fact]) -> Iterator[Html]:
    if facts:
        yield rows((fact.label, "\n".join(fact.values)) for fact in facts)


def _grid(grid: Grid, level: int) -> Iterator[Html]:
    if grid.title:
        yield tag(_heading(level), grid.title)
    yield table(grid.heads, ([_cell(cell) for cell in row] for row in grid.rows))


def _cell(cell: Cell) -> Html:
    return join(
        tag("span", tag("span", f"{label}: ", class_="name") if label else None, value, class_="item")
        for label, value in cell
    )


def _heading(level: int) -> str:
    return f"h{min(level, 6)}"
