"""Which items of two lists are the same item: by the keys in ``schemas/sleutels.toml``.

A test is the same by its code and day, an address by its kind.  Items that share a key, and items without one, are
matched by likeness and then by their order.  The work grows with the lists and not with their product: keys are
hashed, and likeness is weighed among few items only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from oso_bridge import data
from oso_bridge.data import cached
from oso_bridge.errors import DataError
from oso_bridge.model import Bijlage
from oso_bridge.model.base import Basis

FILE = ("schemas", "sleutels.toml")
MOST_WEIGHED = 2_500
"""More pairs of candidates than this are not weighed for likeness, but taken in order."""


@dataclass(frozen=True, slots=True)
class Keys:
    """How items of a type are matched.

    Attributes:
        keys: Fields that together make an item what it is, as paths below the item; the surest first.
        strict: Whether items that differ in a field of an earlier key are never the same.
        equal: Only items that are equal in everything are the same.
    """

    keys: tuple[tuple[str, ...], ...] = ()
    strict: bool = True
    equal: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of all keys, each once."""
        return tuple(dict.fromkeys(field for key in self.keys for field in key))


@cached(maxsize=512)
def keys_of(part: type[Basis]) -> Keys:
    """How items of a type are matched.

    Raises:
        DataError: The file has no row for it.
    """
    rows = data.toml(*FILE).get("parts", {})
    row = next((rows[base.__name__] for base in part.__mro__ if base.__name__ in rows), None)
    if row is None:
        raise DataError(f"There is no row for items of {part.__name__}.", where=FILE[-1])
    keys = tuple(tuple(key) for key in row.get("keys", ()))
    return Keys(keys, bool(row.get("strict", True)), bool(row.get("equal", False)))


@cached(maxsize=512)
def is_ordered(name: str) -> bool:
    """Whether a list of plain values is one value, whose order counts.

    Raises:
        DataError: The file has no row for a field of that name.
    """
    found = data.toml(*FILE).get("values", {}).get(name)
    if found not in ("ordered", "unordered"):
        raise DataError(f"There is no row for the values of {name}.", where=FILE[-1])
    return bool(found == "ordered")


@cached(maxsize=512)
def is_whole(part: type[Basis]) -> bool:
    """Whether the fields of a part belong together, so that those of two dossiers are not mixed."""
    names = set(data.toml(*FILE).get("whole", {}).get("parts", ()))
    return any(base.__name__ in names for base in part.__mro__)


def bare(part: Basis, name: str, value: Any) -> Any:
    """What counts of a value: blank space inside base64 does not."""
    if name == "inhoud" and isinstance(part, Bijlage) and isinstance(value, str):
        words = value.split()
        return value if len(words) == 1 and len(words[0]) == len(value) else "".join(words)
    return value


def says_nothing(value: Any) -> bool:
    """Whether a value is absent, an empty list, or a part without anything in it."""
    if isinstance(value, Basis):
        return all(says_nothing(getattr(value, name)) for name in type(value).model_fields)
    return value is None or value == []


def canonical(part: Basis) -> Hashable:
    """A part as a value to hash: two parts have the same one when nothing that counts differs."""
    filled = ((name, _canonical(part, name, getattr(part, name))) for name in type(part).model_fields)
    return type(part).__name__, tuple((name, value) for name, value in filled if value is not None)


def _canonical(part: Basis, name: str, value: Any) -> Hashable:
    if isinstance(value, Basis):
        return None if says_nothing(value) else canonical(value)
    if not isinstance(value, list):
        found: Hashable = bare(part, name, value)
        return found
    if not value:
        return None
    if not isinstance(value[0], Basis):
        return tuple(value) if is_ordered(name) else _bag(value)
    return _bag(canonical(item) for item in value)


def _bag(values: Iterable[Hashable]) -> Hashable:
    """Values without their order."""
    return frozenset(Counter(values).items())


@dataclass(slots=True)
class Pairs:
    """How two lists are matched.

    Attributes:
        both: The numbers of items that are the same, in the order of the first list.
        left: The numbers of the items that only the first list has.
        right: The numbers of the items that only the second list has.
    """

    both: list[tuple[int, int]]
    left: list[int]
    right: list[int]


def pair(a: Sequence[Basis], b: Sequence[Basis]) -> Pairs:
    """Match two lists of parts; the same the other way round."""
    matcher = _Matcher(a, b, keys_of(type((a or b)[0])))
    matcher.run()
    return Pairs(sorted(matcher.both), sorted(matcher.left), sorted(matcher.right))


def pair_values(a: Sequence[Hashable], b: Sequence[Hashable]) -> Pairs:
    """Match two lists of plain values, each of which stands by itself."""
    return Pairs(*_equal(dict(enumerate(a)), dict(enumerate(b))))


def key_values(a: Basis, b: Basis) -> list[tuple[str, Any]]:
    """The fields of its keys, with their values, on which two forms of an item agree; content of files left out."""
    fields = [field for field in keys_of(type(a)).fields if field != "inhoud"]
    found = ((field, _get(a, field)) for field in fields)
    return [(field, value) for field, value in found if _filled(value) and value == _get(b, field)]


class _Matcher:
    """Matches two lists; what is left over after each step goes to the next."""

    def __init__(self, a: Sequence[Basis], b: Sequence[Basis], keys: Keys) -> None:
        self.a, self.b, self.keys = a, b, keys
        self.both: list[tuple[int, int]] = []
        self.left, self.right = dict.fromkeys(range(len(a))), dict.fromkeys(range(len(b)))

    def run(self) -> None:
        """Match by each key, and what is left by likeness."""
        if self.keys.equal:
            self._take_equal(list(self.left), list(self.right))
            return
        earlier: tuple[str, ...] = ()
        for key in self.keys.keys:
            self._by(key, earlier if self.keys.strict else ())
            earlier += key
        self._best(list(self.left), list(self.right), self.keys.fields, alike=bool(self.keys.keys))

    def _by(self, key: tuple[str, ...], barring: tuple[str, ...]) -> None:
        others = _groups(self.b, self.right, key)
        for value, group in _groups(self.a, self.left, key).items():
            if value in others:
                self._best(group, others[value], barring)

    def _best(self, left: list[int], right: list[int], barring: tuple[str, ...], alike: bool = False) -> None:
        """Match what is equal, then what is most alike, then in order.

        Args:
            left: Candidates of the first list.
            right: Candidates of the second list.
            barring: Fields in which the same item cannot differ.
            alike: Whether items with something in a key must have something else in common.
        """
        if len(left) > 1 or len(right) > 1:
            left, right = self._take_equal(left, right)
        if len(left) * len(right) <= MOST_WEIGHED:
            candidates = self._weighed(left, right, alike)
        else:
            candidates = iter(zip(left, right, strict=False))
        for i, j in candidates:
            if i in self.left and j in self.right and not self._barred(i, j, barring):
                self._take(i, j)

    def _take(self, i: int, j: int) -> None:
        self.both.append((i, j))
        del self.left[i], self.right[j]

    def _take_equal(self, left: list[int], right: list[int]) -> tuple[list[int], list[int]]:
        """Match what is equal, and give what is left."""
        found = _equal({i: canonical(self.a[i]) for i in left}, {j: canonical(self.b[j]) for j in right})
        for i, j in found[0]:
            self._take(i, j)
        return found[1], found[2]

    def _weighed(self, left: list[int], right: list[int], alike: bool) -> Iterator[tuple[int, int]]:
        """Pairs of candidates, the most alike first."""
        if len(left) == len(right) == 1 and not alike:
            yield left[0], right[0]
            return
        ours, theirs = ({k: _leaves(of[k]) for k in which} for of, which in ((self.a, left), (self.b, right)))
        keyless = {id(of[k]): self._keyless(of[k]) for of, which in ((self.a, left), (self.b, right)) for k in which}
        scored = []
        for i in left:
            for j in right:
                score = len(ours[i] & theirs[j])
                if score or not alike or (keyless[id(self.a[i])] and keyless[id(self.b[j])]):
                    # the same the other way round: (i, j) and (j, i) can only tie where they do not exclude each other
                    scored.append((-score, abs(i - j), min(i, j), i, j))
        yield from ((i, j) for *_, i, j in sorted(scored))

    def _keyless(self, item: Basis) -> bool:
        return not any(_filled(_get(item, field)) for field in self.keys.fields)

    def _barred(self, i: int, j: int, fields: tuple[str, ...]) -> bool:
        """Whether both fill one of the fields, and differ in it."""
        for field in fields:
            ours, theirs = _key(self.a[i], field), _key(self.b[j], field)
            if ours is not None and theirs is not None and ours != theirs:
                return True
        return False


def _equal(left: dict[int, Hashable], right: dict[int, Hashable]) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Match what is equal, in order; and what is left of both."""
    waiting: dict[Hashable, list[int]] = {}
    for j in reversed(right):
        waiting.setdefault(right[j], []).append(j)
    both = [(i, waiting[value].pop()) for i, value in left.items() if waiting.get(value)]
    taken, given = {i for i, _ in both}, {j for _, j in both}
    return both, [i for i in left if i not in taken], [j for j in right if j not in given]


def _groups(items: Sequence[Basis], which: Iterable[int], key: tuple[str, ...]) -> dict[Hashable, list[int]]:
    """The items that fill all fields of a key, by its value."""
    found: dict[Hashable, list[int]] = {}
    for number in which:
        value = tuple(_key(items[number], field) for field in key)
        if None not in value:
            found.setdefault(value, []).append(number)
    return found


def _get(item: Any, field: str) -> Any:
    """The value of a field below an item; None when something on the way is absent."""
    for step in field.split("."):
        item = bare(item, step, getattr(item, step, None))
        if item is None:
            return None
    return item


def _filled(value: Any) -> bool:
    return value is not None and value not in ("", [])


def _key(item: Basis, field: str) -> Hashable:
    """What counts of a field in a key: not its capitals and blank space; None when there is nothing."""
    value = _get(item, field)
    if not _filled(value):
        return None
    if isinstance(value, list):
        return frozenset(value)
    if isinstance(value, str) and field != "inhoud":  # base64 knows capitals
        return " ".join(value.split()).casefold() or None
    found: Hashable = value
    return found


def _leaves(part: Basis, path: str = "") -> set[tuple[str, Hashable]]:
    """The values in a part with their fields, to count what two parts have in common."""
    found: set[tuple[str, Hashable]] = set()
    for name in type(part).model_fields:
        value = getattr(part, name)
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, Basis):
                found |= _leaves(item, f"{path}.{name}")
            elif item is not None:
                found.add((f"{path}.{name}", bare(part, name, item)))
    return found
