"""What a ``mapping.toml`` declares lost; a loss that is none is refused."""

from __future__ import annotations

from oso_bridge.mappings.draft import Draft, has_parts
from oso_bridge.mappings.layout import MOST_IN_CELL, Layout, Loss
from oso_bridge.mappings.toml import Source

LOSS = {"model": str, "longer_than": int, "outside": str, "empty": bool, "why": dict}


def loss(source: Source, layout: Layout, draft: Draft, path: str | None) -> Loss:
    """A declared loss, compiled.

    Args:
        source: The ``[[loss]]``.
        layout: The mapping so far.
        draft: Its sheets.
        path: What it names, as a path of this layout.

    Raises:
        DataError: It is no loss.
    """
    row = source.values
    if len(set(row) - {"why"}) != 1 or set(row.get("why", {})) != {"nl", "en"}:
        raise source.wrong(
            "A loss says one thing and why.", "Name model, longer_than, outside or empty, and why.nl and why.en."
        )
    made = Loss(**{**row, **({"model": path} if "model" in row else {})})
    if made.model is not None and not draft.lacks(made.model):
        raise source.wrong(f"{row['model']!r} is no loss: the mapping has a place for all of it.")
    if made.longer_than is not None and (layout.shape != "xlsx" or made.longer_than != MOST_IN_CELL):
        raise source.wrong(f"Only a cell of xlsx has an end, after {MOST_IN_CELL} characters.")
    if made.outside is not None and (
        layout.shape != "csv" or made.outside != layout.encoding or made.outside.startswith("utf")
    ):
        raise source.wrong("outside names the encoding of this csv, when that is not a form of Unicode.")
    if made.empty and all(sheet.empty for sheet in draft.sheets.values() if has_parts(sheet)):
        raise source.wrong("This is no loss: every sheet has a column for empty parts.")
    return made
