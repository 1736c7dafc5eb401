"""Paths of rules, resolved against a plan once.

``a/b`` lies below a place, ``.`` is the place itself, ``//a/b`` is anywhere in the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from oso_bridge.errors import DataError
from oso_bridge.plan import Branch, Tree
from oso_bridge.records import GROUPS, Index, Record, is_leaf, text_of


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that a rule looks at: a branch, or a leaf of it."""

    branch: Branch
    leaf: str | None = None


class Document:
    """What rules see of a document as a whole.

    Args:
        index: The records per branch.
    """

    __slots__ = ("index",)

    def __init__(self, index: Index) -> None:
        self.index = index


Texts = Callable[[Record, Document], list[str]]
Present = Callable[[Record, Document], bool]


def spots(place: str, tree: Tree) -> list[Spot]:
    """The places that ``at`` names: ``dossier/a/b`` from a dossier, ``**/a/b`` anywhere in the structure."""
    anywhere = place.startswith("**/")
    names = place.removeprefix("**/").split("/")
    found = [Spot(branch) for branch in _ending(tree, names, anywhere)]
    if len(names) > 1 or anywhere:
        parents = _ending(tree, names[:-1], anywhere) if len(names) > 1 else tree.branches
        found += [Spot(branch, names[-1]) for branch in parents if names[-1] in branch.leaves]
    return sorted(found, key=lambda spot: spot.branch.number)


def _ending(tree: Tree, names: list[str], anywhere: bool) -> list[Branch]:
    found = tree.ending_in(*names)
    return found if anywhere else [branch for branch in found if _starts_at_dossier(branch, len(names))]


def _starts_at_dossier(branch: Branch, length: int) -> bool:
    """Whether the part of the path before these names is at most the root that holds several dossiers."""
    return branch.path.count("/") + 1 - length <= (1 if branch.path.startswith("dossiers/") else 0)


def exists(path: str, spot: Spot | None, tree: Tree) -> bool:
    """Whether the structure has a path of a check or a guard."""
    if path == ".":
        return True
    if path.startswith("//"):
        return bool(spots("**/" + path[2:], tree))
    return spot is not None and spot.leaf is None and _below(spot.branch, path.split("/"))


def _below(branch: Branch, names: list[str]) -> bool:
    for name in names[:-1]:
        if name not in branch.branches:
            return False
        branch = branch.branches[name]
    return names[-1] in branch.branches or names[-1] in branch.leaves or names[-1][1:] in _marked(names[-1], branch)


def _marked(name: str, branch: Branch) -> tuple[str, ...]:
    """The attributes that a name with an @ in front may mean."""
    return branch.attributes if name.startswith("@") else ()


def plain(path: str, branch: Branch | None) -> bool:
    """Whether a path is one text at most, without attributes, directly below a branch: then a record holds a str."""
    leaf = branch.leaves.get(path) if branch and not branch.grouped else None
    return leaf is not None and not leaf.many and not leaf.attributes


def present(path: str, tree: Tree, branch: Branch | None = None) -> Present:
    """A test whether anything is at a path; an empty element is there.

    Args:
        path: Below a place, or anywhere.
        tree: The plan.
        branch: The place, when it is known.
    """
    if path.startswith("//"):
        return _present_anywhere(spots("**/" + path[2:], tree))
    names = path.split("/")
    if direct(path, branch):
        return lambda record, document: path in record
    if len(names) == 2 and branch and direct(names[0], branch) and _is_single(branch.branches.get(names[0])):
        return _present_below(*names)
    return lambda record, document: next(_values(record, names), None) is not None


def direct(path: str, branch: Branch | None) -> bool:
    """Whether a path is one name that a record holds itself, and not a group in it."""
    return "/" not in path and not (branch and branch.grouped)


def _is_single(branch: Branch | None) -> bool:
    return branch is not None and not branch.many and not branch.grouped


def _present_below(outer: str, inner: str) -> Present:
    def test(record: Record, document: Document) -> bool:
        found = record.get(outer)
        return found is not None and inner in found

    return test


def _present_anywhere(where: list[Spot]) -> Present:
    """Most paths are at one place in the structure; an index holds only what a document has."""
    if len(where) == 1 and where[0].leaf is None:
        number = where[0].branch.number
        return lambda record, document: number in document.index
    if len(where) == 1 and not where[0].branch.grouped:
        return _present_at(where[0].branch.number, str(where[0].leaf))
    return _present_somewhere(where)


def _present_at(number: int, leaf: str) -> Present:
    def test(record: Record, document: Document) -> bool:
        for item in document.index.get(number, ()):  # noqa: SIM110 - any() with a generator costs three times as much
            if leaf in item:
                return True
        return False

    return test


def _present_somewhere(where: list[Spot]) -> Present:
    pairs = [(spot.branch.number, spot.leaf) for spot in where if not (spot.leaf and spot.branch.grouped)]
    grouped = [(spot.branch.number, spot.leaf) for spot in where if spot.leaf and spot.branch.grouped]

    def test(record: Record, document: Document) -> bool:
        for number, leaf in pairs:
            records = document.index.get(number)
            if records and (leaf is None or any(leaf in item for item in records)):
                return True
        return any(
            next(_values(item, [leaf]), None) is not None
            for number, leaf in grouped
            for item in document.index.get(number, ())
        )

    return test


def texts(path: str, tree: Tree, branch: Branch | None = None) -> Texts:
    """The texts at a path, in document order.

    Args:
        path: Below a place, or anywhere.
        tree: The plan.
        branch: The place, when it is known; makes a plain path faster.
    """
    if path.startswith("//"):
        return _texts_anywhere(spots("**/" + path[2:], tree), path)
    if plain(path, branch):
        return lambda record, document: [record[path]] if path in record else []
    names = path.split("/")
    return lambda record, document: [text_of(value) for value in _values(record, names)]


def _texts_anywhere(where: list[Spot], path: str) -> Texts:
    if not any(spot.leaf for spot in where):
        raise DataError(f"The path {path} names no element with text.")
    simple = [(spot.branch.number, str(spot.leaf)) for spot in where if spot.leaf and plain(spot.leaf, spot.branch)]
    others = [(spot.branch.number, spot.leaf) for spot in where if spot.leaf and not plain(spot.leaf, spot.branch)]

    def get(record: Record, document: Document) -> list[str]:
        index = document.index
        found = [item[leaf] for number, leaf in simple for item in index.get(number, ()) if leaf in item]
        for number, leaf in others:
            for item in index.get(number, ()):
                found.extend(text_of(value) for value in _values(item, [leaf]))
        return found

    return get


def _values(record: Record, names: list[str]) -> Iterator[Any]:
    """What is at a path below a record, groups taken apart."""
    for group in record.get(GROUPS, ()):
        yield from _values(group, names)
    value = record.get(names[0])
    if value is None:
        return
    for item in value if isinstance(value, list) else (value,):
        if len(names) == 1:
            yield item
        elif not is_leaf(item):
            yield from _values(item, names[1:])
