"""Lays the table of the nearest release on the structure of a new one: what has the same place keeps its field."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from oso_bridge import tables
from oso_bridge.errors import DataError
from oso_bridge.model import Dossier
from oso_bridge.plan import Branch, Tree
from oso_bridge.tables import Table

Row = dict[str, Any]
_MOST_ROUNDS = 500
_NONE = ""
"""The field of a place that has none."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A table for a new structure.

    Attributes:
        rows: Its rows.
        table: The table compiled; None when the structure fits the model nowhere.
        why: Why there is no table.
        dropped: The places whose field cannot hold them any more.
    """

    rows: list[Row]
    table: Table | None
    why: str = ""
    dropped: tuple[str, ...] = ()


def lay(rows: Iterable[Row], tree: Tree, new: frozenset[str]) -> Laid:
    """Lay rows on a structure.

    Args:
        rows: The rows of the nearest release.
        tree: The structure of the new one.
        new: The places that the nearest release does not have: they get no field, whatever they are called.

    Returns:
        The table; what it leaves unbound travels in ``extra``.
    """
    top = tree.root if tree.root.name == "dossier" else tree.root.branches["dossier"]
    work, dropped, why = [row for row in rows if _fits(row, top)], list[str](), ""
    for _ in range(_MOST_ROUNDS):
        try:
            table = tables.compile_table(work, top, tree, Dossier)
        except DataError as error:
            path = error.where or ""
            changed = _without(work, path, top, tree)
            if changed is None:
                return Laid([], None, why or error.what)
            why = error.what
            dropped += [path] if path not in new else []
            work = changed
            continue
        taken = [path for path in table.paths if path in new and path in _leaves(tree)]
        said = [*work, *(_nowhere(path, top) for path in taken)]
        again = _compiled(said, top, tree) if taken else None
        return Laid(said, again, "", tuple(dropped)) if again else Laid(work, table, "", tuple(dropped))
    return Laid([], None, "too many places do not fit.")


def _compiled(rows: list[Row], top: Branch, tree: Tree) -> Table | None:
    try:
        return tables.compile_table(rows, top, tree, Dossier)
    except DataError:
        return None


def _leaves(tree: Tree) -> frozenset[str]:
    return frozenset(leaf.path for branch in tree.branches for leaf in branch.leaves.values())


def _places(top: Branch) -> Iterator[str]:
    """Every place below a branch, without the branch itself in front."""
    for path in _below(top):
        yield path.removeprefix(top.path + "/")


def _below(branch: Branch) -> Iterator[str]:
    for leaf in branch.leaves.values():
        yield leaf.path
    for child in branch.branches.values():
        yield child.path
        yield from _below(child)


def _matches(row: Row, below: str) -> bool:
    """Whether a row is about a place."""
    record = str(row["record"])
    anywhere = record.removeprefix("**/")
    return below == record or (anywhere != record and f"/{below}".endswith(f"/{anywhere}"))


def _fits(row: Row, top: Branch) -> bool:
    return any(_matches(row, below) for below in _places(top))


def _nowhere(path: str, top: Branch) -> Row:
    """A row that gives a place no field."""
    return {"record": path.removeprefix(top.path + "/"), "model": _NONE}


def _without(rows: list[Row], path: str, top: Branch, tree: Tree) -> list[Row] | None:
    """The rows with none that gives a place a field; None when nothing can be changed about it."""
    below = path.removeprefix(top.path + "/")
    if below == path or any(row["record"] == below and row["model"] == _NONE for row in rows):
        return None
    about = [row for row in rows if _matches(row, below)]
    if not about:
        nowhere = [row for row in _nowhere_below(path, top, tree) if row not in rows]
        return [*rows, *nowhere] if nowhere else None
    found: list[Row] = []
    for row in rows:
        if row not in about:
            found.append(row)
        elif row["record"] != below:
            # a row about several places goes on for the others
            others = [place for place in _places(top) if _matches(row, place) and place != below]
            found += [{**row, "record": place} for place in others]
    return found


def _nowhere_below(path: str, top: Branch, tree: Tree) -> list[Row]:
    """Rows that give a place, and all in it, no field."""
    branch = tree.by_path.get(path)
    places = [path] if branch is None else [item for item in _below(branch) if item in _leaves(tree)]
    return [_nowhere(item, top) for item in places]


def toml(rows: Iterable[Row], nearest: str) -> str:
    """The text of ``table.toml``."""
    parts = [f"# Made when the bundle was added, from the table of {nearest}. What has no field travels in extra.\n"]
    for row in rows:
        lines = [f"{key} = {value(what)}" for key, what in row.items()]
        parts.append("\n".join(["[[row]]", *lines]) + "\n")
    return "\n".join(parts)


def value(what: Any) -> str:
    """A value in TOML, which writes texts and booleans as JSON does."""
    if isinstance(what, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {value(item)}" for key, item in what.items()) + " }"
    if isinstance(what, list | tuple):
        return "[" + ", ".join(map(value, what)) + "]"
    # TOML knows no pairs of surrogates and no delete
    return json.dumps(what, ensure_ascii=False).replace("\x7f", "\\u007f")
