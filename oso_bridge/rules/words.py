"""The words of the rules: each makes a test of a row into a function, once per release."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from oso_bridge import codes
from oso_bridge.errors import DataError
from oso_bridge.plan import Branch, Tree
from oso_bridge.records import EXTRA, Record
from oso_bridge.releases import Release
from oso_bridge.rules import paths
from oso_bridge.rules.paths import Document

Test = Callable[[Record, Document], bool]
"""True when the finding is given."""


class BreaksOff(Exception):
    """A boolean holds another text or is there twice, or a reference date is missing."""


class Words:
    """Makes tests for one release and root.

    Args:
        release: Gives code lists and texts of its own.
        tree: The plan.
        branch: The place of the rule; None for the document.
    """

    def __init__(self, release: Release, tree: Tree, branch: Branch | None = None) -> None:
        self.release = release
        self.tree = tree
        self.branch = branch

    def texts(self, path: str) -> paths.Texts:
        """The texts at a path of a rule."""
        return paths.texts(path, self.tree, self.branch)

    def check(self, word: str, what: Any) -> Test:
        """The test for a check word.

        Raises:
            DataError: The word is unknown.
        """
        make = getattr(self, f"_check_{word}", None)
        if make is None:
            raise DataError(f"Unknown check {word!r} in a rule.")
        test: Test = make(what)
        return test

    def _check_required(self, path: str) -> Test:
        if not path.startswith("//") and paths.direct(path, self.branch):
            return lambda record, document: path not in record
        present = paths.present(path, self.tree, self.branch)
        return lambda record, document: not present(record, document)

    def _check_forbidden(self, path: str) -> Test:
        return paths.present(path, self.tree, self.branch)

    def _check_one_of(self, several: list[str]) -> Test:
        if all(not path.startswith("//") and paths.direct(path, self.branch) for path in several):
            names = frozenset(several)
            return lambda record, document: names.isdisjoint(record)
        tests = [paths.present(path, self.tree, self.branch) for path in several]
        return lambda record, document: not any(present(record, document) for present in tests)

    def _check_true(self, path: str) -> Test:
        truth = self.truth(path)
        return lambda record, document: truth(record, document) is not True

    def _check_equals(self, what: dict[str, Any]) -> Test:
        value = required_text(what, self.release)
        path = what["path"]
        if paths.plain(path, self.branch):
            return lambda record, document: record.get(path) != value
        texts = self.texts(what["path"])
        return lambda record, document: value not in texts(record, document)

    def _check_in_list(self, what: dict[str, Any]) -> Test:
        allowed = allowed_texts(what, self.release)
        texts = self.texts(what["path"])
        return lambda record, document: allowed.isdisjoint(texts(record, document))

    def _check_contains(self, what: dict[str, Any]) -> Test:
        value = what["value"]
        return self._text(what, lambda text: value not in text)

    def _check_matches(self, what: dict[str, Any]) -> Test:
        search = re.compile(what["pattern"]).search
        return self._text(what, lambda text: search(text) is None)

    def _check_min_length(self, what: dict[str, Any]) -> Test:
        length = what["length"]
        return self._text(what, lambda text: len(text) < length)

    def _check_max_length(self, what: dict[str, Any]) -> Test:
        length = what["length"]
        return self._text(what, lambda text: len(text) > length)

    def _check_school_years(self, what: dict[str, Any]) -> Test:
        texts = self.texts(what["path"])
        references = self.texts(what["reference"])
        years = what["years"]

        def test(record: Record, document: Document) -> bool:
            taken = [day for day in map(as_date, texts(record, document)) if day]
            if not taken:
                return False
            reference = as_date(_single(references(record, document)))
            if reference is None:
                raise BreaksOff
            return min(taken) < first_day(reference, years)

        return test

    def _text(self, what: dict[str, Any], wrong: Callable[[str], bool]) -> Test:
        path = what["path"]
        if paths.plain(path, self.branch):
            return lambda record, document: wrong(record.get(path, ""))
        texts = self.texts(path)
        return lambda record, document: any(wrong(text) for text in texts(record, document) or ("",))

    def truth(self, path: str) -> Callable[[Record, Document], bool | None]:
        """Whether a boolean is true; None when it is absent.

        Raises (when called):
            BreaksOff: The text is no boolean, or there are two.
        """
        if paths.plain(path, self.branch):
            return lambda record, document: (
                _TRUTH[record[path]] if record.get(path) in _TRUTH and EXTRA not in record else _truth(record, path)
            )
        texts = self.texts(path)

        def get(record: Record, document: Document) -> bool | None:
            found = texts(record, document)
            return _as_boolean(_single(found)) if found else None

        return get

    def guard(self, conditions: dict[str, Any]) -> Test:
        """A test that all conditions hold.

        Raises:
            DataError: A word is unknown.
        """
        tests = [test for word, what in conditions.items() for test in self._conditions(word, what)]
        if len(tests) == 1:
            return tests[0]
        if len(tests) == 2:
            first, second = tests
            return lambda record, document: first(record, document) and second(record, document)
        return lambda record, document: all(test(record, document) for test in tests)

    def _conditions(self, word: str, what: Any) -> list[Test]:
        if word in ("true", "false"):
            wanted = word == "true"
            return [self._truth_is(path, wanted) for path in _several(what)]
        if word == "present":
            return [paths.present(path, self.tree, self.branch) for path in _several(what)]
        if word == "is":
            return [self._is(path, _several(value)) for path, value in what.items()]
        raise DataError(f"Unknown word {word!r} in the guard of a rule.")

    def _truth_is(self, path: str, wanted: bool) -> Test:
        truth = self.truth(path)
        return lambda record, document: truth(record, document) is wanted

    def _is(self, path: str, values: list[str]) -> Test:
        wanted = frozenset(values)
        if paths.plain(path, self.branch):
            return lambda record, document: record.get(path) in wanted
        texts = self.texts(path)
        return lambda record, document: not wanted.isdisjoint(texts(record, document))


def required_text(what: dict[str, Any], release: Release) -> str:
    """The text that ``equals`` asks for."""
    return str(release.info[what["release"]] if "release" in what else what["value"])


def allowed_texts(what: dict[str, Any], release: Release) -> frozenset[str]:
    """The texts that ``in_list`` allows."""
    if "values" in what:
        return frozenset(what["values"])
    return frozenset(codes.code_list(release.format, what["list"], release.version).codes)


def as_date(text: str) -> date | None:
    """The date at the beginning of a text, whatever zone follows; None when there is none."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def first_day(reference: date, years: int) -> date:
    """The first day of the oldest of so many school years, the one of the reference date included."""
    running = reference.year if reference >= date(reference.year, 8, 1) else reference.year - 1
    return date(max(running - years + 1, 1), 8, 1)


_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def _as_boolean(text: str) -> bool:
    """A boolean; white space around it is ignored."""
    try:
        return _TRUTH[text.strip(" \t\r\n")]
    except KeyError:
        raise BreaksOff from None


def _truth(record: Record, path: str) -> bool | None:
    """The slow way: a second field of that name, which only breaks a schema, stands among the extras."""
    if path in record and any(extra["name"].rpartition("}")[2] == path for extra in record.get(EXTRA, ())):
        raise BreaksOff
    return _as_boolean(record[path]) if path in record else None


def _single(found: list[str]) -> str:
    if len(found) != 1:
        raise BreaksOff
    return found[0]


def _several(what: str | list[str]) -> list[str]:
    return [what] if isinstance(what, str) else list(what)
