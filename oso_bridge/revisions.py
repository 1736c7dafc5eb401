"""What differs between two releases: places that are new, gone or moved, other limits, other codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from oso_bridge import codes, data, plan
from oso_bridge.errors import UsageError
from oso_bridge.plan import Branch, Leaf, Plan, Tree
from oso_bridge.releases import Release

ROOT = "dossier"


@dataclass(frozen=True, slots=True)
class PlaceChange:
    """Something about a place that differs.

    Attributes:
        path: The place, such as ``dossier/huidigeschool/leerling/roepnaam``.
        what: ``min``, ``many``, ``type``, ``attributes``, or the name of a facet such as ``maxLength``.
        before: How it was; empty when it was not there.
        after: How it is.
    """

    path: str
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CodeChange:
    """A code list that differs.

    Attributes:
        number: Its number in the standard.
        new: The codes that only the second release has.
        gone: The codes that only the first has.
    """

    number: int
    new: tuple[str, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Revision:
    """What differs between two structures, and between the code lists that are known.

    Attributes:
        new: The places that only the second has; of a block that is new as a whole only the block.
        gone: The places that only the first has, likewise.
        moved: The places that both have, elsewhere: from, to.
        changed: What differs about places that both have.
        codes: The code lists that differ; None when those of one of the two are not known.
    """

    new: tuple[str, ...]
    gone: tuple[str, ...]
    moved: tuple[tuple[str, str], ...]
    changed: tuple[PlaceChange, ...]
    codes: tuple[CodeChange, ...] | None

    def __bool__(self) -> bool:
        return bool(self.new or self.gone or self.moved or self.changed or self.codes)

    def to_dict(self) -> dict[str, Any]:
        """The differences as JSON."""
        return asdict(self)


def between(first: Release, second: Release) -> Revision:
    """What differs between two installed releases of one format.

    Raises:
        UsageError: They belong to different formats.
        DataError: One of them has no plan.
    """
    if first.format != second.format:
        raise UsageError("Releases of different formats cannot be laid side by side.")
    found = of_plans(plan.load(first), plan.load(second))
    return Revision(found.new, found.gone, found.moved, found.changed, _codes(first, second))


def of_plans(first: Plan, second: Plan, root: str = ROOT) -> Revision:
    """What differs between two structures."""
    before, after = places(first.tree(root)), places(second.tree(root))
    gone = [path for path in before if path not in after]
    new = [path for path in after if path not in before]
    moved = dict(_moved(gone, new, before, after))
    inside = {path for path in new if path not in moved.values()}
    outside = {path for path in gone if path not in moved}
    changed = [
        change
        for path in after
        for change in _changes(path, before.get(_origin(path, moved)), after[path], first, second)
    ]
    return Revision(
        tuple(path for path in new if path in inside and _parent(path) not in inside),
        tuple(path for path in gone if path in outside and _parent(path) not in outside),
        tuple(pair for pair in moved.items() if moved.get(_parent(pair[0])) != _parent(pair[1])),
        tuple(changed),
        None,
    )


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


Node = Branch | Leaf


def places(tree: Tree) -> dict[str, Node]:
    """Every place of a structure, by path, in its order."""
    found: dict[str, Node] = {}

    def add(branch: Branch) -> None:
        found[branch.path] = branch
        for name in branch.child_names:
            if name in branch.leaves:
                found[branch.leaves[name].path] = branch.leaves[name]
            else:
                add(branch.branches[name])

    add(tree.root)
    return found


def _origin(path: str, moved: dict[str, str]) -> str:
    """Where a place was in the first structure."""
    return next((old for old, now in moved.items() if now == path), path)


def _moved(
    gone: list[str], new: list[str], before: dict[str, Node], after: dict[str, Node]
) -> Iterator[tuple[str, str]]:
    """Places that went to another block: the only one of their name, kind and content that is gone, and new."""
    old, now = ({path: _looks(path, nodes[path]) for path in paths} for paths, nodes in ((gone, before), (new, after)))
    times = Counter(old.values()), Counter(now.values())
    where = {looks: path for path, looks in now.items()}
    for path, looks in old.items():
        if times[0][looks] == 1 == times[1][looks]:
            yield path, where[looks]


def _looks(path: str, node: Node) -> tuple[Any, ...]:
    """What tells whether two places are the same one: the name and what it holds."""
    name = path.rpartition("/")[2]
    return (name, *node.child_names) if isinstance(node, Branch) else (name, None, *node.attributes)


def _changes(path: str, before: Node | None, after: Node, first: Plan, second: Plan) -> Iterator[PlaceChange]:
    if before is None:
        return
    old, now = _facts(before, first), _facts(after, second)
    for what in dict.fromkeys((*old, *now)):
        if old.get(what) != now.get(what):
            yield PlaceChange(path, what, old.get(what, ""), now.get(what, ""))


def _facts(node: Node, structure: Plan) -> dict[str, str]:
    """What is said of a place."""
    found = {"min": str(node.min), "many": str(node.many).lower()}
    if isinstance(node, Branch):
        return {**found, "type": "block"}
    found["type"] = structure.simple_base(node.type).removeprefix("xs:")
    if node.attributes:
        found["attributes"] = ", ".join(node.attributes)
    facets = structure.facets(node.type)
    return {**found, **{name: _shown(value) for name, value in facets.items()}}


def _shown(value: Any) -> str:
    return " | ".join(map(str, value)) if isinstance(value, list) else str(value)


def _codes(first: Release, second: Release) -> tuple[CodeChange, ...] | None:
    """The code lists that differ, when those of both are known."""
    numbers = [item["number"] for item in data.toml("schemas", first.format, "codelists.toml").get("list", ())]
    lists = [{number: _list(release, number) for number in numbers} for release in (first, second)]
    if not all(any(found.values()) for found in lists):
        return None
    return tuple(
        CodeChange(number, _only(lists[1][number], lists[0][number]), _only(lists[0][number], lists[1][number]))
        for number in numbers
        if set(lists[0][number]) != set(lists[1][number])
    )


def _only(those: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code for code in those if code not in others)


def _list(release: Release, number: int) -> tuple[str, ...]:
    try:
        return codes.code_list(release.format, number, release.version).codes
    except UsageError:
        return ()
