"""Places: from an entry of the index back to its path, its numbered path and its line, when asked.

Most documents give no finding, so nothing is paid for places while reading.  When one is asked for, the
elements of its branch are looked up in the tree, or in the tree made again from the source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from lxml import etree

from oso_bridge.plan import Branch
from oso_bridge.xml import parser
from oso_bridge.xml.reader import Reading, runs


class Place(NamedTuple):
    """A place in a document.

    Attributes:
        path: In the names of the record: ``huidigeschool.leerling.adreslijst.adres[2].postcode``.
        xpath: With a number at every step: ``/dossier[1]/metadata[1]``.
        line: The line in the source, counted from 1.
        runs: As ``xpath``, where a step inside a repeated sequence is preceded by the number of its run,
            ``/#2/naam[1]``, and counts within it; the model counts so.
    """

    path: str
    xpath: str
    line: int | None
    runs: str = ""


DOCUMENT = Place("", "/[1]", 1)
_STEP = re.compile(r"/([^/\[]+)\[([1-9]\d{0,8})\]")


class Locator:
    """Finds the places of a reading.

    Args:
        reading: What the reader made.
        root: Gives the root element, parsing the source again when the tree is gone.
    """

    def __init__(self, reading: Reading, root: Callable[[], etree._Element]) -> None:
        self._reading = reading
        self._root = root
        self._elements: dict[int, list[etree._Element]] = {}
        self._paths: dict[etree._Element, _Paths] = {}
        self._runs: dict[etree._Element, dict[etree._Element, str]] = {}
        self._numbers: dict[tuple[etree._Element, str], dict[etree._Element, int]] = {}

    @cached_property
    def _grouped(self) -> dict[str, Branch]:
        """The branches of one repeated sequence, by tag."""
        return {branch.tag: branch for branch in self._reading.tree.branches if branch.grouped}

    def elements(self, branch: Branch) -> list[etree._Element]:
        """The elements of a branch, in the order of its records."""
        if self._reading.elements is not None:
            return self._reading.elements[branch.number]
        if branch.number not in self._elements:
            self._elements[branch.number] = self._search(branch)
        return self._elements[branch.number]

    def _search(self, branch: Branch) -> list[etree._Element]:
        if branch.parent is None:
            return [self._root()]
        return [child for parent in self.elements(branch.parent) for child in parent.iterchildren(branch.tag)]

    def place(self, branch: Branch, entry: int, leaf: str | None = None, occurrence: int = 0) -> Place:
        """The place of an entry of the index, or of a leaf in it.

        Args:
            branch: The branch.
            entry: The number of the record within the branch, from 0.
            leaf: The name of a child with only text.
            occurrence: Which of several children of that name, from 0.
        """
        element = self.elements(branch)[entry]
        paths = self._of_branch(branch, element)
        if leaf is not None:
            found = next(islice(element.iterchildren(branch.leaves[leaf].tag), occurrence, None), None)
            if found is not None:
                run = self._run(found, element, occurrence + 1) if branch.grouped else None
                element, paths = found, _below(paths, leaf, occurrence + 1, run)
        return Place(paths[0], paths[1], parser.line_of(element), paths[2])

    def find(self, xpath: str) -> etree._Element | None:
        """The element at a numbered path such as ``/dossier[1]/metadata[1]``; None when there is none."""
        steps = [(name, int(number)) for name, number in _STEP.findall(xpath)]
        element = self._root()
        if not steps or steps[0] != (parser.local_name(element), 1):
            return None
        for name, number in steps[1:]:
            found = next(islice(element.iterchildren(f"{{*}}{name}"), number - 1, None), None)
            if found is None:
                return None
            element = found
        return element

    def of(self, element: etree._Element) -> Place:
        """The place of an element."""
        path, xpath, numbered = self._described(element)
        return Place(path, xpath, parser.line_of(element), numbered)

    def position(self, element: etree._Element) -> int:
        """The number of an element among all below its parent, from 1."""
        parent = element.getparent()
        return 1 if parent is None else parent.index(element) + 1

    def _of_branch(self, branch: Branch, element: etree._Element) -> _Paths:
        """As :meth:`_described`, for an element of a branch: where it is the only one, none have to be counted."""
        if branch.parent is None or branch.many or branch.parent.grouped:
            return self._described(element, branch)
        if element not in self._paths:
            above: Any = element.getparent()
            self._paths[element] = _below(self._of_branch(branch.parent, above), branch.name, 1)
        return self._paths[element]

    def _described(self, element: etree._Element, branch: Branch | None = None) -> _Paths:
        """The paths of an element; those of its ancestors are kept for the next."""
        if element in self._paths:
            return self._paths[element]
        name, number, parent = parser.local_name(element), self._number(element), element.getparent()
        if parent is None:
            found = ("", f"/{name}[1]", f"/{name}[1]")
        else:
            above = self._of_branch(branch.parent, parent) if branch and branch.parent else self._described(parent)
            found = _below(above, name, number, self._run(element, parent, number))
        self._paths[element] = found
        return found

    def _number(self, element: etree._Element) -> int:
        """The number of an element among those of its name below its parent; counted once per parent and name."""
        parent = element.getparent()
        if parent is None:
            return 1
        key = (parent, parser.local_name(element))
        if key not in self._numbers:
            same = parent.iterchildren(f"{{*}}{key[1]}")
            self._numbers[key] = {child: number for number, child in enumerate(same, start=1)}
        return self._numbers[key][element]

    def _run(self, element: etree._Element, parent: etree._Element, number: int) -> str:
        """The step of an element, with the run of the repeated sequence that it stands in, when it stands in one."""
        step = f"{parser.local_name(element)}[{number}]"
        branch = self._grouped.get(parent.tag) if self._grouped else None
        if branch is None:
            return step
        if parent not in self._runs:
            self._runs[parent] = dict(_in_runs([child for child in parent if child.tag in branch.steps], branch))
        return self._runs[parent].get(element, step)


class PartLocator(Locator):
    """Finds the places of some elements of a list, in the whole of which they are a part.

    Args:
        reading: What the reader made of these elements.
        root: The root of the document.
        branch: The branch of the elements.
        elements: The elements, one behind the other.
        named: How many elements of their name stood before them.
    """

    def __init__(
        self, reading: Reading, root: etree._Element, branch: Branch, elements: list[etree._Element], named: int
    ) -> None:
        super().__init__(reading, lambda: root)
        self._branch, self._items, self._named = branch, elements, named

    @cached_property
    def _at(self) -> dict[etree._Element, int]:
        return {element: number for number, element in enumerate(self._items, start=self._named + 1)}

    def _search(self, branch: Branch) -> list[etree._Element]:
        return self._items if branch is self._branch else super()._search(branch)

    def _number(self, element: etree._Element) -> int:
        return self._at.get(element) or super()._number(element)

    def position(self, element: etree._Element) -> int:
        """See :meth:`Locator.position`."""
        return self._at.get(element) or super().position(element)


class FrameLocator(Locator):
    """Finds the places of what stands in no list, in a document whose lists were taken out.

    Args:
        reading: What the reader made of the frame.
        root: The root.
        collapsed: The elements that stand for a row, with how many they stand for.
    """

    def __init__(self, reading: Reading, root: etree._Element, collapsed: dict[etree._Element, int]) -> None:
        super().__init__(reading, lambda: root)
        self._collapsed = collapsed

    def _before(self, element: etree._Element) -> list[int]:
        """How many were taken out of each row before an element."""
        if not self._collapsed:
            return []
        before = element.itersiblings(preceding=True)
        return [self._collapsed[one] - 1 for one in before if one in self._collapsed]

    def _number(self, element: etree._Element) -> int:
        number, name = super()._number(element), parser.local_name(element)
        before = element.itersiblings(f"{{*}}{name}", preceding=True) if self._collapsed else ()
        return number + sum(self._collapsed[one] - 1 for one in before if one in self._collapsed)

    def position(self, element: etree._Element) -> int:
        """See :meth:`Locator.position`."""
        return super().position(element) + sum(self._before(element))


_Paths = tuple[str, str, str]
"""The first two and the last attribute of a place."""


def _below(above: _Paths, name: str, number: int, run: str | None = None) -> _Paths:
    """The paths of a child."""
    step = f"{name}[{number}]"
    path = step if number > 1 else name
    return (f"{above[0]}.{path}" if above[0] else path, f"{above[1]}/{step}", f"{above[2]}/{run or step}")


def _in_runs(children: list[etree._Element], branch: Branch) -> Iterator[tuple[etree._Element, str]]:
    for number, run in enumerate(runs(children, branch), start=1):
        met: Counter[str] = Counter()
        for child in run:
            name = parser.local_name(child)
            met[name] += 1
            yield child, f"#{number}/{name}[{met[name]}]"
