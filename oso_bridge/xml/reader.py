"""Reads a tree into a record and an index: two readers, one record.

After a passed schema the *strict* reader runs: every child is known and in order, so it does no more
than it must.  For any other document the *lenient* reader runs: what has no place is kept as an
:class:`~oso_bridge.records.Extra`, order that differs is noted, and every place is written down.

The *index* holds, per branch of the plan, its records in document order; rules, integrity and places
live on it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from lxml import etree

from oso_bridge import plan
from oso_bridge.plan import BRANCH, BRANCHES, MARKED, TEXTS, Branch, Step, Tree
from oso_bridge.records import EXTRA, GROUPS, ORDER, TEXT, Extra, Index, Record
from oso_bridge.xml import parser

XSI_TYPE = "xsi:type"
"""An attribute of a plan: the element says itself of which type it is."""
_RESERVED = re.compile("a[0-9]+|xsi|xml")
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


@dataclass(slots=True)
class Reading:
    """What a reader made of a document.

    Attributes:
        record: The record of the root.
        index: The records per branch.
        tree: The plan that was followed.
        elements: Per branch the elements its records came from; only the lenient reader fills it.
        unread: The number of elements that have no place in the plan.
    """

    record: Record
    index: Index
    tree: Tree
    elements: dict[int, list[etree._Element]] | None = None
    unread: int = 0


def read_strict(root: etree._Element, tree: Tree) -> Reading:
    """Read a document that passed its schema and carries no xsi attributes."""
    index: Index = defaultdict(list)
    record = _strict(root, tree.root, index)
    return Reading(record, index, tree)


def _strict(element: etree._Element, branch: Branch, index: Index) -> Record:
    record: Record = {}
    index[branch.number].append(record)
    if branch.special:
        return _special(record, element, branch, index)
    steps = branch.steps
    for child in element:
        what, name, target, _ = steps[child.tag]
        if not what:
            record[name] = child.text or ""
        elif what == BRANCH:
            record[name] = _strict(child, target, index)
        elif what == BRANCHES:
            found = _strict(child, target, index)
            if name in record:
                record[name].append(found)
            else:
                record[name] = [found]
        else:
            _rare(record, what, name, target, child)
    return record


def _special(record: Record, element: etree._Element, branch: Branch, index: Index) -> Record:
    """What few elements have: rounds of a repeated sequence, attributes, children whose order must be kept."""
    for name in branch.attributes:
        value = element.get(name)
        if value is not None:
            record["@" + name] = value
    if branch.grouped:
        record[GROUPS] = [_strict_children(run, branch, index) for run in runs(element, branch)]
        return record
    record.update(_strict_children(list(element), branch, index))
    if branch.mixed:
        _note_order(record, [branch.steps[child.tag] for child in element])
    return record


def _rare(record: Record, what: int, name: str, target: Any, child: etree._Element) -> None:
    """A repeated text, or a text with attributes."""
    if what == TEXTS:
        record.setdefault(name, []).append(child.text or "")
    elif what == MARKED:
        record[name] = _marked(child, target)
    else:
        record.setdefault(name, []).append(_marked(child, target))


def _marked(child: etree._Element, leaf: plan.Leaf) -> Record:
    record: Record = {TEXT: child.text or ""}
    for name in leaf.attributes:
        record["@" + name] = child.get(name)
    return record


def _strict_children(children: list[etree._Element], branch: Branch, index: Index) -> Record:
    record: Record = {}
    for child in children:
        what, name, target, _ = branch.steps[child.tag]
        if what == plan.TEXT:
            record[name] = child.text or ""
        elif what == BRANCH:
            record[name] = _strict(child, target, index)
        elif what == BRANCHES:
            record.setdefault(name, []).append(_strict(child, target, index))
        else:
            _rare(record, what, name, target, child)
    return record


def runs(children: Any, branch: Branch) -> Iterator[list[etree._Element]]:
    """The runs of a repeated sequence: a new one begins when the order goes back or a single child comes again."""
    run: list[etree._Element] = []
    last = -1
    for child in children:
        what, _, _, order = branch.steps[child.tag]
        again = order == last and what in (plan.TEXT, BRANCH, MARKED)
        if run and (order < last or again):
            yield run
            run = []
        run.append(child)
        last = order
    if run:
        yield run


@dataclass(slots=True)
class _Lenient:
    """The state of one lenient reading."""

    index: Index = field(default_factory=lambda: defaultdict(list))
    elements: dict[int, list[etree._Element]] = field(default_factory=lambda: defaultdict(list))
    unread: int = 0

    def branch(self, element: etree._Element, branch: Branch) -> Record:
        record: Record = {}
        self.index[branch.number].append(record)
        self.elements[branch.number].append(element)
        extras = [extra for extra in _attributes(element, -1) if not _own(extra, element, branch, record)]
        extras.extend(_stray(element.text, 0))
        if branch.grouped:
            record[GROUPS] = list(self.rounds(list(element), branch, extras))
        else:
            kept = list(self.children(element, branch, extras))
            self.fill(record, kept)
            _note_order(record, [step for _, step in kept])
        if extras:
            record[EXTRA] = extras
        return record

    def rounds(self, children: list[etree._Element], branch: Branch, extras: list[Extra]) -> Iterator[Record]:
        """The rounds of a repeated sequence, each with what stood in it; what stood before the first is an extra."""
        steps = branch.steps
        known = [item for item in children if item.tag in steps and self.fits(item, steps[item.tag], set(), True)]
        places = {id(child): number for number, child in enumerate(children)}
        starts = [places[id(run[0])] for run in runs(known, branch)]
        list(self.children(children[: starts[0] if starts else None], branch, extras))
        for start, end in pairwise([*starts, len(children)]):
            own: list[Extra] = []
            record = self.fill({}, list(self.children(children[start:end], branch, own)))
            if own:
                record[EXTRA] = own
            yield record

    def children(
        self, children: Iterable[etree._Element], branch: Branch, extras: list[Extra]
    ) -> Iterator[tuple[etree._Element, Step]]:
        """The children that have a place; the others go to the extras."""
        single: set[str] = set()
        met: Counter[str] = Counter()
        for position, child in enumerate(children):
            step = branch.steps.get(child.tag)
            if step is None or not self.fits(child, step, single, branch.grouped):
                self.unread += 1
                extras.append(_extra(child, position))
            else:
                met[step[1]] += 1
                extras.extend(_leaf_attributes(child, step, position, met[step[1]]))
                yield child, step
            extras.extend(_stray(child.tail, position + 1))

    def fits(self, child: etree._Element, step: Step, single: set[str], grouped: bool) -> bool:
        """Whether a child can be kept in its place: a second one of a single child, or text with children, cannot."""
        what, name, _, _ = step
        if what not in (BRANCH, BRANCHES) and len(child):
            return False
        if what in (plan.TEXT, BRANCH, MARKED) and not grouped:
            if name in single:
                return False
            single.add(name)
        return True

    def fill(self, record: Record, kept: list[tuple[etree._Element, Step]]) -> Record:
        for child, (what, name, target, _) in kept:
            if what == plan.TEXT:
                record[name] = child.text or ""
            elif what == BRANCH:
                record[name] = self.branch(child, target)
            elif what == BRANCHES:
                record.setdefault(name, []).append(self.branch(child, target))
            else:
                _rare(record, what, name, target, child)
        return record


def read_lenient(root: etree._Element, tree: Tree) -> Reading:
    """Read any document whose root is that of the tree."""
    state = _Lenient()
    record = state.branch(root, tree.root)
    return Reading(record, state.index, tree, state.elements, state.unread)


def read_part(elements: list[etree._Element], branch: Branch, tree: Tree, *, strict: bool) -> Reading:
    """Read some elements of a list by themselves; see :func:`read_strict` and :func:`read_lenient`.

    Args:
        elements: Elements of one branch.
        branch: That branch.
        tree: The plan it is in.
        strict: The elements passed their schema and carry no xsi attributes.

    Returns:
        The reading; its record is empty, the elements are in the index.
    """
    if strict:
        index: Index = defaultdict(list)
        for element in elements:
            _strict(element, branch, index)
        return Reading({}, index, tree)
    state = _Lenient()
    for element in elements:
        state.branch(element, branch)
    return Reading({}, state.index, tree, state.elements, state.unread)


def _extra(child: Any, position: int) -> Extra:
    return Extra(kind="element", name=str(child.tag), position=position, content=parser.tostring(child))


def _stray(text: str | None, position: int) -> Iterator[Extra]:
    """Text between elements, without the white space of XML around it."""
    stripped = (text or "").strip(" \t\r\n")
    if stripped:
        yield Extra(kind="text", name="", position=position, content=stripped)


def _attributes(element: etree._Element, position: int) -> Iterator[Extra]:
    if len(element.attrib):
        for name, value in element.items():
            yield Extra(kind="attribute", name=str(name), position=position, content=str(value))


def _own(extra: Extra, element: etree._Element, branch: Branch, record: Record) -> bool:
    """Whether the structure has an attribute, which the record then holds."""
    name = XSI_TYPE if extra["name"] == _XSI_TYPE else extra["name"]
    if name not in branch.attributes:
        return False
    record["@" + name] = extra["content"]
    prefix, colon, local = extra["content"].strip(" \t\r\n").rpartition(":")
    if name == XSI_TYPE and colon and prefix in element.nsmap:
        # a prefix that the writer uses itself gets another name
        own = "v" if _RESERVED.fullmatch(prefix) else prefix
        record["@" + name] = f"{own}:{local}"
        record[f"@xmlns:{own}"] = element.nsmap[prefix]
    return True


def _leaf_attributes(child: etree._Element, step: Step, position: int, number: int) -> Iterator[Extra]:
    """The attributes of a leaf that its structure does not have; number is which of its name the leaf is."""
    what, name, target, _ = step
    if what in (BRANCH, BRANCHES):
        return
    for extra in _attributes(child, position):
        if extra["name"] not in target.attributes:
            extra["child"] = name if number == 1 else f"{name}[{number}]"
            yield extra


def _note_order(record: Record, steps: list[Step]) -> None:
    """Note the order of the children when a writer that follows the structure would lose it."""
    orders = [order for _, _, _, order in steps]
    if orders != sorted(orders):
        record[ORDER] = [name for _, name, _, _ in steps]


def index_record(record: Record, tree: Tree) -> Index:
    """The index of a record that was made or changed instead of read.

    Args:
        record: The record of the root of the tree.
        tree: The plan that it follows.

    Returns:
        Per number of a branch its records, the same objects, in document order.
    """
    index: Index = defaultdict(list)
    _add_to(index, record, tree.root)
    return index


def _add_to(index: Index, record: Record, branch: Branch) -> None:
    index[branch.number].append(record)
    for part in record.get(GROUPS, (record,)):
        for name, child in branch.branches.items():
            value = part.get(name, ())
            for item in value if isinstance(value, list | tuple) else (value,):
                _add_to(index, item, child)
