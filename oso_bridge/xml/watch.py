"""The keys and references of a document that is read in parts.

What libxml2 would need for them grows with every key to more than the rest of a check, and it needs the document as a
whole.  So they are followed here, with what libxml2 would find: it compares keys as they stand, and looks neither at
what stands behind an unexpected element nor at a key whose value its type does not allow.  Which elements are named is
asked as in :mod:`~oso_bridge.xml.keys`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from lxml import etree

from oso_bridge.errors import DataError
from oso_bridge.plan import Branch, Tree
from oso_bridge.records import Index, text_of
from oso_bridge.references import Keys, Waiting
from oso_bridge.xml import parser
from oso_bridge.xml.keys import Broken, Constraint, text_of_field
from oso_bridge.xml.limits import Limits

_T = TypeVar("_T")
Unseen = Callable[[etree._Element, etree._Element | None, str | None], str]
"""What libxml2 made of a field of an element: ``""`` when it read it, else ``passed`` or ``refused``."""


@dataclass(slots=True)
class _InPart:
    """Where a constraint looks in an element of a list."""

    branch: Branch
    name: str
    selector: etree.XPath


@dataclass(slots=True)
class _State(Generic[_T]):
    """What is known of one constraint so far."""

    constraint: Constraint
    places: dict[tuple[str, ...], _InPart]
    keys: Keys = field(default_factory=Keys)
    early: set[str] = field(default_factory=set)
    waiting: Waiting[_T] | None = None
    found: list[_T] = field(default_factory=list)


class Watch(Generic[_T]):
    """Follows the constraints of the root through one reading.

    Args:
        every: The constraints of the schema, by name.
        root: The tag of the root.
        lists: For each list the branch of its elements, with the tags from the root to them.
        tree: The plan.
        limits: What the document may ask for.
        make: What is to be said of an element.
        most: How much of that is kept.
    """

    def __init__(
        self,
        every: dict[str, Constraint],
        lists: dict[tuple[str, ...], Branch],
        tree: Tree,
        limits: Limits,
        make: Callable[[Broken], _T],
        most: int,
    ) -> None:
        self._limits, self._make, self._most = limits, make, most
        self._states = {
            name: _State[_T](constraint, _places(constraint, lists, tree))
            for name, constraint in every.items()
            if constraint.scope == tree.root.tag
        }
        for state in self._states.values():
            if state.constraint.kind == "keyref":
                state.waiting = Waiting(most)

    def begin(self, root: etree._Element) -> None:
        """Look ahead at the keys that the frame has before the first element of a list."""
        for state in self._states.values():
            if state.constraint.kind != "keyref":
                found = (key for _, key, _ in _of_frame(state, root, ()) if key is not None)
                state.early.update(key for key in found if key == key.strip())

    def of_index(
        self, tags: tuple[str, ...], index: Index, element: Callable[[Branch, int], etree._Element]
    ) -> Iterator[str]:
        """Follow elements of a list that the schema accepts, by their records.

        Args:
            tags: The tags from the root to these elements.
            index: The records.
            element: Gives the element of a record.

        Yields:
            The name of a constraint for each error that libxml2 would give.
        """
        for state in self._states.values():
            place = state.places.get(tags)
            if place is None:
                continue
            branch, name = place.branch, place.name
            for entry, record in enumerate(index.get(branch.number, ())):
                value = record.get(name)
                key = None if value is None else text_of(value)

                def at(branch: Branch = branch, entry: int = entry) -> etree._Element:
                    return element(branch, entry)

                yield from self._met(state, key, "", at)

    def of_element(self, tags: tuple[str, ...], item: etree._Element, unseen: Unseen) -> Iterator[str]:
        """Follow one element of a list that the schema refuses; see :meth:`of_index`."""
        for state in self._states.values():
            if tags in state.places:
                found: Any = state.places[tags].selector(item)
                for element in found:
                    key, field_ = _field(state.constraint, element)
                    yield from self._met(state, key, unseen(element, *field_), _always(element))

    def of_frame(self, root: etree._Element, stand_ins: Iterable[etree._Element], unseen: Unseen) -> Iterator[str]:
        """Follow what stands in no list; see :meth:`of_index`."""
        for state in self._states.values():
            for element, key, field_ in _of_frame(state, root, stand_ins):
                yield from self._met(state, key, unseen(element, *field_), _always(element))

    def dangling(self, looked_at: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, int]]:
        """The references that lead nowhere for libxml2, by the name of the constraint, with their number.

        Args:
            looked_at: The tags of the lists that libxml2 would have looked at.
        """
        seen = set(looked_at)
        for name, state in self._states.items():
            if state.waiting is not None and (not state.places or seen & state.places.keys()):
                known = self._states[state.constraint.refer or ""].keys
                number = sum(state.waiting.count(key) for key in state.waiting if not known.has(key))
                if number:
                    yield name, number

    def __contains__(self, name: str) -> bool:
        """Whether a constraint of that name is followed."""
        return name in self._states

    def broken(self, name: str) -> list[_T]:
        """What is to be said of those that break a constraint."""
        state = self._states[name]
        if state.waiting is None:
            return state.found
        return state.waiting.left(self._states[state.constraint.refer or ""].keys.__contains__)[0]

    def taken(self) -> list[_T]:
        """What is to be said of the keys so far, which is then forgotten."""
        found: list[_T] = []
        for state in self._states.values():
            found += state.found
            state.found.clear()
        return found

    def _met(self, state: _State[_T], key: str | None, unseen: str, at: Callable[[], etree._Element]) -> Iterator[str]:
        """Note one key or reference."""
        constraint = state.constraint
        if unseen == "refused":
            yield ""
        if (key is None or unseen == "refused") and constraint.kind == "key" and unseen != "passed":
            yield constraint.name
        if key is None:
            if constraint.kind == "key":
                self._say(state, at, "ontbreekt")
        elif state.waiting is not None:
            self._refer(state, key, at, counted=not unseen)
        else:
            twice, again = state.keys.add(key, exact=not unseen)
            if twice:
                yield constraint.name
            if again:
                if state.keys.number(key) > self._limits.max_same_key:
                    raise parser.too_much("max_same_key", self._limits.max_same_key)
                self._say(state, at, "dubbel")

    def _refer(self, state: _State[_T], key: str, at: Callable[[], etree._Element], *, counted: bool) -> None:
        target = self._states[state.constraint.refer or ""]
        if state.waiting is not None and key not in target.early:
            state.waiting.add(key, lambda: self._make(Broken(state.constraint, at(), "onbekend")), counted=counted)

    def _say(self, state: _State[_T], at: Callable[[], etree._Element], how: str) -> None:
        if len(state.found) < self._most:
            state.found.append(self._make(Broken(state.constraint, at(), how)))


def _always(element: etree._Element) -> Callable[[], etree._Element]:
    return lambda: element


def _field(
    constraint: Constraint, element: etree._Element
) -> tuple[str | None, tuple[etree._Element | None, str | None]]:
    """The key of an element, and what holds it: an element, with the name of an attribute."""
    found: Any = constraint.fields[0](element)
    if not found:
        return None, (None, None)
    part = found[0]
    if isinstance(part, str):
        return str(part), (element, str(getattr(part, "attrname", "")))
    return text_of_field(part), (part, None)


def _of_frame(
    state: _State[Any], root: etree._Element, stand_ins: Iterable[etree._Element]
) -> Iterator[tuple[etree._Element, str | None, tuple[etree._Element | None, str | None]]]:
    """The keys of a constraint in what is left of a document."""
    passed = set(stand_ins)
    found: Any = state.constraint.selector(root)
    for element in found:
        if element not in passed:
            yield element, *_field(state.constraint, element)


def _places(constraint: Constraint, lists: dict[tuple[str, ...], Branch], tree: Tree) -> dict[tuple[str, ...], _InPart]:
    """Where a constraint looks in the elements of the lists."""
    steps = [step.rpartition(":")[2] for step in constraint.selector.path.split("/")]
    found: dict[tuple[str, ...], _InPart] = {}
    for tags, branch in lists.items():
        names = branch.path.split("/")[1:]
        if steps[: len(names)] != names:
            continue
        inner = tree.by_path.get("/".join([branch.path, *steps[len(names) :]]))
        if inner is None or len(constraint.fields) != 1:
            raise DataError(f"The key {constraint.name} cannot be followed through a document that is read in parts.")
        path = "/".join(constraint.selector.path.split("/")[len(names) :]) or "."
        name = constraint.fields[0].path
        found[tags] = _InPart(inner, name.rpartition(":")[2], etree.XPath(path, namespaces=dict(constraint.prefixes)))
    return found
