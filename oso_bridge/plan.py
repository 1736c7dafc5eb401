"""The plan of a release at run time: ``plan.json`` unrolled from a root into one branch per place.

A *branch* is an element with children at one place in the structure (``dossier/huidigeschool/leerling``);
a *leaf* is an element with only text.  Branches are numbered, so that an index can be a list of lists.
Types that hold themselves do not occur (the compiler refuses them), so the tree is finite.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oso_bridge.data import cached
from oso_bridge.errors import DataError
from oso_bridge.releases import Release

# What a reader does with a child; the order is by how often they occur.
TEXT, BRANCH, TEXTS, BRANCHES, MARKED, MARKEDS = range(6)
"""A text, a record, a list of each, and a text with attributes or a list of those."""

Step = tuple[int, str, Any, int]
"""What a reader does with a child: what it is, its name, its branch or leaf, its place in the order."""


@dataclass(slots=True, eq=False)
class Leaf:
    """An element with only text.

    Attributes:
        name: The element.
        type: The name of its simple type, or of the type that adds attributes.
        attributes: The names of its attributes.
        min: How often it must occur, at least, where it stands.
        many: True when it may occur more than once.
        parent: The branch it is in.
        tag: Its name in Clark notation.
    """

    name: str
    type: str
    attributes: tuple[str, ...]
    min: int
    many: bool
    parent: Branch
    tag: str

    @property
    def path(self) -> str:
        """The place in the structure, such as ``dossier/overdrachtsoort``."""
        return f"{self.parent.path}/{self.name}"

    @property
    def namespace(self) -> str:
        """The namespace of the element, empty when it has none."""
        return _namespace_of(self.tag)


@dataclass(slots=True, eq=False)
class Branch:
    """An element with children, at one place in the structure.

    Attributes:
        number: Its number in the tree.
        name: The element.
        type: The name of its type in the plan.
        path: The place in the structure, such as ``dossier/huidigeschool/leerling``.
        parent: The branch it is in, None for the root.
        min: How often it must occur where it stands.
        many: True when it may occur more than once.
        grouped: True when its content is one repeated sequence.
        content: Its content as in the plan.
        tag: Its name in Clark notation.
        attributes: The names of its attributes; ``xsi:type`` for an element that says itself of which type it is.
        special: True when a record holds more of it than its children one by one: rounds, attributes, or the order
            of children that may be mixed.
        mixed: True when some of its children may stand in any order among one another.
        abroad: True when some of its children are in another namespace.
        open: True when it takes children that the structure does not name.
        branches: Its children with children, by name.
        leaves: Its children with only text, by name.
        steps: What a reader does with a child, by tag in Clark notation.
        places: The place of each child in the order, by name.
        marks: Its attributes, by the name that a record has them under (``@key``).
    """

    number: int
    name: str
    type: str
    path: str
    parent: Branch | None
    min: int
    many: bool
    grouped: bool
    content: list[dict[str, Any]]
    tag: str
    attributes: tuple[str, ...]
    special: bool
    mixed: bool
    abroad: bool = False
    open: bool = False
    branches: dict[str, Branch] = field(default_factory=dict)
    leaves: dict[str, Leaf] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    marks: dict[str, Leaf] = field(default_factory=dict)

    @property
    def child_names(self) -> list[str]:
        """The names of the children in the order of the structure."""
        return [item["name"] for particle in self.content for item in particle.get("choice", [particle])]

    @property
    def mixed_names(self) -> list[str]:
        """The names of the children that may stand in any order among one another."""
        return [item["name"] for part in self.content if part.get("max", 1) != 1 for item in part.get("choice", ())]

    @property
    def namespace(self) -> str:
        """The namespace of the element, empty when it has none."""
        return _namespace_of(self.tag)


class Tree:
    """A plan unrolled from one root.

    Attributes:
        root: The branch of the root element.
        namespace: The namespace of most elements.
        branches: All branches by number.
        by_path: All branches by path.
        open: True when any branch takes children that the structure does not name.
    """

    def __init__(self, plan: Plan, root: str, namespace: str) -> None:
        self.plan = plan
        self.namespace = namespace
        self.branches: list[Branch] = []
        tag = _tag(plan.namespaces.get(root, namespace), root)
        self.root = self._branch(root, plan.elements[root], None, 1, False, tag)
        self.open = any(branch.open for branch in self.branches)
        self.by_path = {branch.path: branch for branch in self.branches}
        self._by_name: dict[str, list[Branch]] = {}
        for branch in self.branches:
            self._by_name.setdefault(branch.name, []).append(branch)

    def _branch(self, name: str, kind: str, parent: Branch | None, least: int, many: bool, tag: str) -> Branch:
        described = self.plan.types[kind]
        path = f"{parent.path}/{name}" if parent else name
        content, grouped, attributes = described["content"], "repeat" in described, _attributes(described)
        mixed = any(particle.get("max", 1) != 1 for particle in content if "choice" in particle)
        special = grouped or mixed or bool(attributes)
        branch = Branch(
            len(self.branches), name, kind, path, parent, least, many, grouped, content, tag, attributes, special, mixed
        )
        branch.open = bool(described.get("open"))
        self.branches.append(branch)
        for mark in described.get("attributes", ()):
            least_often = int(mark.get("use") == "required")
            mark_name = f"@{mark['name']}"
            branch.marks[mark_name] = Leaf(mark_name, mark["type"], (), least_often, False, branch, mark_name)
        order = 0
        for particle in branch.content:
            for item in particle.get("choice", (particle,)):
                branch.places[item["name"]] = order
                self._child(branch, item, 0 if "choice" in particle else item["min"], order)
                order += 1
        return branch

    def _child(self, branch: Branch, item: dict[str, Any], least: int, order: int) -> None:
        name, kind, many = item["name"], item["type"], item["max"] != 1
        around = self.plan.types[branch.type].get("namespace", self.namespace)
        tag = _tag(item.get("namespace", around), name)
        branch.abroad |= _namespace_of(tag) != branch.namespace
        described = self.plan.types.get(kind, {})
        if "content" in described:
            child = self._branch(name, kind, branch, least, many, tag)
            branch.branches[name] = child
            branch.steps[tag] = (BRANCHES if many else BRANCH, name, child, order)
            return
        attributes = _attributes(described)
        leaf = Leaf(name, kind, attributes, least, many, branch, tag)
        branch.leaves[name] = leaf
        what = (MARKEDS if many else MARKED) if attributes else (TEXTS if many else TEXT)
        branch.steps[tag] = (what, name, leaf, order)

    def ending_in(self, *names: str) -> list[Branch]:
        """The branches whose path ends in these names, in the order of the structure."""
        named = self._by_name.get(names[-1], ()) if names else ()
        return [branch for branch in named if tuple(branch.path.split("/")[-len(names) :]) == names]


def _tag(namespace: str, name: str) -> str:
    """A name in Clark notation."""
    return f"{{{namespace}}}{name}" if namespace else name


def _namespace_of(tag: str) -> str:
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""


def _attributes(described: dict[str, Any]) -> tuple[str, ...]:
    return tuple(attribute["name"] for attribute in described.get("attributes", ()))


class Plan:
    """The structure of a release.

    Args:
        described: What ``plan.json`` holds, see :mod:`oso_bridge.xml.compiler`.
    """

    def __init__(self, described: dict[str, Any]) -> None:
        self.namespace: str = described["namespace"] or ""
        self.elements: dict[str, str] = described["elements"]
        self.namespaces: dict[str, str] = described.get("namespaces", {})
        self.types: dict[str, dict[str, Any]] = described["types"]
        self._trees: dict[str, Tree] = {}

    def tree(self, root: str, namespace: str | None = None) -> Tree:
        """The plan unrolled from a root element.

        Args:
            root: The local name of a global element with children.
            namespace: Another namespace than the plan's own, for a document of a release that is not
                installed; such a tree is not kept, since the name comes from a document.
        """
        if namespace is not None and namespace != self.namespaces.get(root, self.namespace):
            return Tree(self, root, namespace)
        found = self._trees.get(root)
        # of two threads that make one at a time both get the same
        return found or self._trees.setdefault(root, Tree(self, root, self.namespace))

    @property
    def names(self) -> frozenset[str]:
        """Every element name of the release."""
        found = set(self.elements)
        for described in self.types.values():
            for particle in described.get("content", ()):
                found.update(item["name"] for item in particle.get("choice", (particle,)))
        return frozenset(found)

    def simple_base(self, kind: str) -> str:
        """The built-in type below a type of a leaf, such as ``xs:date``."""
        while not kind.startswith("xs:"):
            described = self.types[kind]
            kind = described.get("simple") or described["text"]
        return kind

    def facets(self, kind: str) -> dict[str, Any]:
        """The facets of a type of a leaf, those of its bases included."""
        found: dict[str, Any] = {}
        while not kind.startswith("xs:"):
            described = self.types[kind]
            found = {**described.get("facets", {}), **found}
            kind = described.get("simple") or described["text"]
        return found


def _load(file: Path) -> Plan:
    with file.open("rb") as source:
        described = json.load(source)
    if described.get("format") != 1:
        raise DataError(f"{file.name} was made by another version of the plan compiler.", where=str(file))
    return Plan(described)


@cached(maxsize=64)
def load(release: Release) -> Plan:
    """The plan of a release, loaded once.

    Raises:
        DataError: The release has no plan.
    """
    file = release.folder / "plan.json"
    if not file.is_file():
        raise DataError(f"The release {release.id} has no plan.json.", where=str(release.folder))
    return _load(file)


@cached(maxsize=64)
def model_paths(release: Release) -> dict[str, str]:
    """For each place of the structure its place in the model (``paths.json``); empty when the release has no table."""
    file = release.folder / "paths.json"
    if not file.is_file():
        return {}
    with file.open("rb") as source:
        found: dict[str, str] = json.load(source)
    return found


_STEP = re.compile(r"/(?:#(\d+)/)?([^/\[]+)\[(\d+)\]")


def model_path(release: Release, xpath: str) -> str | None:
    """The place in the model of a place in a document.

    Args:
        release: The release of the document.
        xpath: The place with its numbers, such as ``/dossier[1]/inzage[1]/akkoord[1]``; inside a repeated sequence
            with the number of the run, ``/#2/naam[1]``.

    Returns:
        A path such as ``leerling.adressen[2].postcode``, the number of an item shown from the second on; None when the
        release has no table or the place is the document.
    """
    paths, steps = model_paths(release), _STEP.findall(xpath)
    if steps and steps[0][1] == "dossiers":
        del steps[0]
    if not paths or len(steps) < 2:
        return None
    (_, path, dossier), shown, numbers = steps[0], "", list[str]()
    for run, name, number in steps[1:]:
        path = f"{path}/{name}"
        if run and numbers:
            numbers[-1] = run
        found = paths.get(path)
        if found is None:
            shown = f"{shown}.{name}" if number == "1" else f"{shown}.{name}[{number}]"
        elif found != shown:
            if found.endswith("[]"):
                numbers.append(number)
            shown = found
    for number in numbers:
        shown = shown.replace("[]", "" if number == "1" else f"[{number}]", 1)
    return f"dossier[{dossier}].{shown}".strip(".") if dossier != "1" else shown.strip(".")


@cached(maxsize=1)
def known_names() -> frozenset[str]:
    """Every element name of every installed release: names that may be shown, for they are no one's data."""
    from oso_bridge.releases import installed

    return frozenset().union(*(load(item).names for item in installed() if (item.folder / "plan.json").is_file()))
