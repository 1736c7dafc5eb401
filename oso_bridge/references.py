"""Keys that were met, and references that wait for theirs; small enough for documents that do not fit in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Generic, TypeVar

_T = TypeVar("_T")
_LONG = 256
# of so many references there is none that a report would list
_PLENTY = 40_000


def _short(key: str) -> str:
    """A key, or a digest of a long one."""
    return key if len(key) <= _LONG else blake2b(key.encode("utf-8", "surrogatepass"), digest_size=24).hexdigest()


class Keys:
    """Texts that were met.

    They are compared as they stand (as libxml2 does) and without the blank space around them (as people do).
    """

    def __init__(self) -> None:
        self._exact = set[str]()
        # what is in a document once without the space, where it does not stand so
        self._bare = set[str]()
        self._more = Counter[str]()

    def __contains__(self, key: str) -> bool:
        """Whether a reference to this key is in order: the key was met, blank space aside."""
        return self.met(key)

    def met(self, key: str) -> bool:
        """Whether a key was met, blank space aside."""
        bare = _short(key.strip())
        return bare in self._exact or bare in self._bare

    def has(self, key: str) -> bool:
        """Whether a key was met as it stands, and counted."""
        return _short(key) in self._exact

    def add(self, key: str, *, exact: bool = True) -> tuple[bool, bool]:
        """Note a key.

        Args:
            key: The key.
            exact: False for one that only people see: libxml2 passed over it.

        Returns:
            Whether it was met before: as it stands, and blank space aside.
        """
        short = _short(key)
        stripped = key.strip()
        bare = short if len(stripped) == len(key) else _short(stripped)
        twice = exact and short in self._exact
        again = twice or bare in self._exact or bare in self._bare
        if again:
            self._more[bare] += 1
        if exact:
            self._exact.add(short)
        if not exact or bare != short:
            self._bare.add(bare)
        return twice, again

    def number(self, key: str) -> int:
        """How often a key that was met was met, blank space aside."""
        return 1 + self._more[_short(key.strip())]


def pair_of(name: str, key: str | None = None) -> str:
    """A key within something that has a name, as one text; without a key the name by itself; blanks aside."""
    return " ".join(
        blake2b(text.strip().encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        for text in ((name,) if key is None else (name, key))
    )


class KeysWithin(Keys):
    """Keys of things that have a name, as :func:`pair_of` gives them; where the name is not known, every key is."""

    def __contains__(self, pair: str) -> bool:
        """Whether the key was met within its name, or there is nothing of that name."""
        return self.met(pair) or not self.met(pair.partition(" ")[0])


class Waiting(Generic[_T]):
    """References whose key was not met yet, with what is to be said of them if it never is.

    Args:
        most: How many are kept of one key, and of all together some ten thousands; the others are counted. All are kept
            when None.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._number = self._held = 0
        self._kept: dict[str, list[tuple[int, _T]]] = {}
        self._counts = Counter[str]()

    def add(self, key: str, make: Callable[[], _T], *, counted: bool = True) -> None:
        """Note a reference; what is to be said of it is made only when it is kept."""
        key = _short(key)
        self._counts[key] += counted
        self._number += 1
        kept = self._kept.get(key, ())
        if self._most is None or (len(kept) < self._most and self._held < _PLENTY):
            self._held += 1
            self._kept.setdefault(key, []).append((self._number, make()))

    def left(self, known: Callable[[str], bool]) -> tuple[list[_T], int]:
        """What is to be said of the references whose key is not known, in their order, and how many there are."""
        keys = [key for key in self._counts if not known(key)]
        found = sorted((pair for key in keys for pair in self._kept.get(key, ())), key=lambda pair: pair[0])
        return [item for _, item in found], sum(self._counts[key] for key in keys)

    def __iter__(self) -> Iterator[str]:
        """The keys that are waited for; those that are long as a digest."""
        return iter(self._counts)

    def count(self, key: str) -> int:
        """How many wait for a key of :meth:`__iter__`."""
        return self._counts[key]
