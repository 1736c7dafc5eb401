"""The engine: rows compiled into tests per branch, run over the index of a document.

Rules are dispatched by branch, never looped over: per release, root and *audience* (which official
check, which kinds of transfer) there is one program, a table from branch to tests.  What a document
does not have costs nothing.  Rows with one guard share it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from oso_bridge import codes, data, plan
from oso_bridge.data import cached
from oso_bridge.errors import DataError, UsageError, choose
from oso_bridge.plan import Branch, Tree
from oso_bridge.records import Index, Record, text_of
from oso_bridge.releases import Release, version_order
from oso_bridge.rules import paths
from oso_bridge.rules.paths import Document, Spot
from oso_bridge.rules.rows import Row, rows
from oso_bridge.rules.words import BreaksOff, Test, Words, allowed_texts


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that gave a finding, and where; ``branch`` is None for the document."""

    row: Row
    branch: Branch | None = None
    entry: int = 0
    leaf: str | None = None
    occurrence: int = 0

    @property
    def order(self) -> tuple[int, int, int, int]:
        """What hits are sorted by: the order of the rules, then of the document."""
        return (self.row.order, self.branch.number if self.branch else -1, self.entry, self.occurrence)


@dataclass(slots=True)
class Outcome:
    """What the rules gave.

    Attributes:
        hits: The findings, in order.
        broke_off: The rules at which the official check stops without a result.
        kinds: The kinds of transfer of the document, among those that rules name.
        check: The official check that was made.
    """

    hits: list[Hit]
    broke_off: list[Row]
    kinds: frozenset[str]
    check: str


@dataclass(frozen=True, slots=True)
class _Tested:
    test: Test
    row: Row
    leaf: str | None = None


@dataclass(slots=True)
class _Group:
    """Tests at one branch under one guard."""

    document: Test | None
    guard: Test | None
    tests: list[_Tested] = field(default_factory=list)
    made: list[tuple[Test, Row, str | None]] = field(default_factory=list)
    """The same, taken apart once: the loop that runs them is the hot one."""

    def add(self, tested: _Tested) -> None:
        self.tests.append(tested)
        self.made.append((tested.test, tested.row, tested.leaf))


@dataclass(slots=True)
class _Coded:
    """A coded leaf of a branch; ``allowed`` holds None too, for a leaf that is absent."""

    leaf: str
    allowed: frozenset[str | None]
    row: Row
    plain: bool


_EMPTY: Record = {}
# a format whose rules are meant for every document
_NO_DISPATCH = {"kind": "", "overstap": "", "lists": {}, "default": "common", "check": (), "decider": {"present": ()}}


class Program:
    """The rules of a release for one audience, compiled against a plan.

    Args:
        release: The release.
        tree: The plan from the document's root.
        chosen: The rows that are meant for the audience.

    Raises:
        DataError: A row names a path that the structure does not have, or an unknown word.
    """

    def __init__(self, release: Release, tree: Tree, chosen: list[Row]) -> None:
        self._tree = tree
        self._release = release
        self._document: list[_Group] = []
        self._switches: dict[str, tuple[paths.Texts, dict[str, _Group]]] = {}
        self._groups: dict[int, list[_Group]] = {}
        self._coded: dict[int, list[_Coded]] = {}
        self._by_guard: dict[Any, _Group] = {}
        for row in chosen:
            self._add(row)

    def _add(self, row: Row) -> None:
        if row.keys["at"] == "/":
            self._add_document(row)
            return
        found = [spot for spot in paths.spots(row.keys["at"], self._tree) if _wanted(spot, row)]
        if not found and not _known_elsewhere(row, self._release, self._tree):
            raise DataError(f"Rule {row.key} names a place that {self._release.id} does not have.", where="rules.toml")
        for spot in found:
            self._require_paths(row, spot)
            self._add_spot(row, spot)

    def _require_paths(self, row: Row, spot: Spot | None) -> None:
        missing = [path for path in _paths_of(row) if not _known(path, row, spot, self._release, self._tree)]
        if missing:
            raise DataError(
                f"Rule {row.key} names {missing[0]}, which {self._release.id} does not have.", where="rules.toml"
            )

    def _add_document(self, row: Row) -> None:
        """A rule on the document; one guarded by a single text is looked up by that text."""
        self._require_paths(row, None)
        words = Words(self._release, self._tree)
        tested = _Tested(words.check(row.word, row.what), row)
        when = row.keys.get("when", {})
        if list(when) == ["is"] and len(when["is"]) == 1 and "unless" not in row.keys:
            (path, value), *_ = when["is"].items()
            by_text = self._switches.setdefault(path, (paths.texts(path, self._tree), {}))[1]
            for text in [value] if isinstance(value, str) else value:
                by_text.setdefault(text, _Group(None, None)).add(tested)
            return
        guard = _guard(words, row.keys.get("when", {}), row.keys.get("unless", {}))
        group = _Group(None, guard)
        group.add(tested)
        self._document.append(group)

    def _add_spot(self, row: Row, spot: Spot) -> None:
        number = spot.branch.number
        if spot.leaf and row.word == "in_list" and not row.keys.keys() & {"when", "unless"}:
            allowed: frozenset[str | None] = allowed_texts(row.what, self._release) | {None}
            plain = paths.plain(spot.leaf, spot.branch)
            self._coded.setdefault(number, []).append(_Coded(spot.leaf, allowed, row, plain))
            return
        what = _at_leaf(row.what, spot.leaf) if spot.leaf else row.what
        words = Words(self._release, self._tree, None if spot.leaf else spot.branch)
        self._group(row, number, words).add(_Tested(words.check(row.word, what), row, spot.leaf))

    def _group(self, row: Row, number: int, words: Words) -> _Group:
        when, unless = row.keys.get("when", {}), row.keys.get("unless", {})
        key = (number, json.dumps([when, unless], sort_keys=True))
        if key not in self._by_guard:
            (anywhere, here), (anywhere_not, here_not) = _split(when), _split(unless)
            if anywhere_not and here_not:
                anywhere_not, here_not = {}, unless
            group = _Group(_guard(words, anywhere, anywhere_not), _guard(words, here, here_not))
            self._by_guard[key] = group
            self._groups.setdefault(number, []).append(group)
        return self._by_guard[key]

    def run(self, index: Index, *, part: bool = False) -> tuple[list[Hit], list[Row]]:
        """Make all checks.

        Args:
            index: The records per branch.
            part: It is a part of a document: what is asked of the document is left out.

        Returns:
            The hits in order, and the rows at which the official check breaks off.
        """
        document, hits, broke = Document(index), list[Hit](), list[Row]()
        if not part:
            self._run_document(document, hits, broke)
        for number, groups in self._groups.items():
            records = index.get(number)
            if records:
                for group in groups:
                    _run_group(group, records, document, self._tree.branches[number], hits, broke)
        for number, coded in self._coded.items():
            records = index.get(number)
            if records:
                _run_codes(coded, records, self._tree.branches[number], hits)
        if len(hits) > 1:
            hits.sort(key=lambda hit: hit.order)
        return hits, broke

    def _run_document(self, document: Document, hits: list[Hit], broke: list[Row]) -> None:
        groups = list(self._document)
        for texts, by_text in self._switches.values():
            for text in texts(_EMPTY, document):
                if text in by_text and by_text[text] not in groups:
                    groups.append(by_text[text])
        for group in groups:
            try:
                if group.guard is None or group.guard(_EMPTY, document):
                    hits += [Hit(row) for test, row, _ in group.made if test(_EMPTY, document)]
            except BreaksOff:
                broke.extend(tested.row for tested in group.tests)


def _guard(words: Words, when: dict[str, Any], unless: dict[str, Any]) -> Test | None:
    """The guard of a row as one test: all of ``when``, and not all of ``unless``."""
    holds = words.guard(when) if when else None
    excused = words.guard(unless) if unless else None
    if holds and excused:
        return lambda record, document: holds(record, document) and not excused(record, document)
    if excused:
        return lambda record, document: not excused(record, document)
    return holds


def _run_group(
    group: _Group, records: list[Record], document: Document, branch: Branch, hits: list[Hit], broke: list[Row]
) -> None:
    guard, tests = group.guard, group.tests
    if group.document is not None and not _holds(group.document, document, tests, broke):
        return
    for entry, record in enumerate(records):
        try:
            if guard is not None and not guard(record, document):
                continue
        except BreaksOff:
            broke.extend(tested.row for tested in tests)
            continue
        for test, row, leaf in group.made:
            try:
                if leaf is not None:
                    _run_leaf(test, row, leaf, record, entry, document, branch, hits)
                elif test(record, document):
                    hits.append(Hit(row, branch, entry))
            except BreaksOff:
                broke.append(row)


def _holds(guard: Test, document: Document, tests: list[_Tested], broke: list[Row]) -> bool:
    """Whether a guard on the document holds; one that breaks off takes its rules along."""
    try:
        return guard(_EMPTY, document)
    except BreaksOff:
        broke.extend(tested.row for tested in tests)
        return False


def _run_leaf(
    test: Test, row: Row, leaf: str, record: Record, entry: int, document: Document, branch: Branch, hits: list[Hit]
) -> None:
    """A check on a text itself, made for each of them."""
    value = record.get(leaf)
    if value is None:
        return
    for occurrence, item in enumerate(value if isinstance(value, list) else [value]):
        if test({leaf: item}, document):
            hits.append(Hit(row, branch, entry, leaf, occurrence))


def _run_codes(coded: list[_Coded], records: list[Record], branch: Branch, hits: list[Hit]) -> None:
    """The hot loop: hardly any document has a wrong code, so where is asked only when there is one."""
    for field_ in coded:
        leaf, allowed = field_.leaf, field_.allowed
        if field_.plain:
            for record in records:
                if record.get(leaf) not in allowed:
                    break
            else:
                continue
        _run_coded(field_, records, branch, hits)


def _run_coded(coded: _Coded, records: list[Record], branch: Branch, hits: list[Hit]) -> None:
    """The places where a text is none of its list."""
    leaf, allowed = coded.leaf, coded.allowed
    if coded.plain:
        wrong = [entry for entry, record in enumerate(records) if record.get(leaf) not in allowed]
        hits += [Hit(coded.row, branch, entry, leaf) for entry in wrong]
        return
    for entry, record in enumerate(records):
        value = record.get(leaf, ())
        for occurrence, item in enumerate(value if isinstance(value, list | tuple) else (value,)):
            if text_of(item) not in allowed:
                hits.append(Hit(coded.row, branch, entry, leaf, occurrence))


def _at_leaf(what: Any, leaf: str) -> Any:
    """What a check is given when its path is the place itself: the leaf, below a record of just that leaf."""
    return {**what, "path": leaf} if isinstance(what, dict) and what.get("path") == "." else what


def _wanted(spot: Spot, row: Row) -> bool:
    names = spot.branch.path.split("/")
    inside, outside = row.keys.get("inside"), row.keys.get("outside")
    return (inside is None or inside in names) and (outside is None or outside not in names)


def _split(conditions: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Conditions on the document as a whole, and those on the place."""
    anywhere: dict[str, Any] = {}
    here: dict[str, Any] = {}
    for word, what in conditions.items():
        if word == "is":
            for path, value in what.items():
                (anywhere if path.startswith("//") else here).setdefault(word, {})[path] = value
            continue
        for path in [what] if isinstance(what, str) else what:
            (anywhere if path.startswith("//") else here).setdefault(word, []).append(path)
    return anywhere, here


def _paths_of(row: Row) -> list[str]:
    """Every path that a row names."""
    what = row.what
    found = [what] if isinstance(what, str) else list(what) if isinstance(what, list) else [what["path"]]
    if isinstance(what, dict) and "reference" in what:
        found.append(what["reference"])
    for conditions in (row.keys.get("when", {}), row.keys.get("unless", {})):
        for value in conditions.values():
            found.extend([value] if isinstance(value, str) else list(value))
    return found


def _known(path: str, row: Row, spot: Spot | None, release: Release, tree: Tree) -> bool:
    if paths.exists(path, spot, tree):
        return True
    if path.startswith("//"):
        return any(paths.exists(path, None, other) for other in _trees(release))
    return False


def _known_elsewhere(row: Row, release: Release, tree: Tree) -> bool:
    """Whether the place exists below another root of the release, such as the one with several dossiers."""
    return any(spot for other in _trees(release) if other is not tree for spot in paths.spots(row.keys["at"], other))


def _trees(release: Release) -> list[Tree]:
    loaded = plan.load(release)
    return [loaded.tree(root) for root in release.roots if root in loaded.elements]


class Engine:
    """The rules of a release for one root.

    Args:
        release: The release.
        tree: The plan from that root.

    Attributes:
        without: The layers that the format has nothing for.
    """

    def __init__(self, release: Release, tree: Tree) -> None:
        self.release = release
        self.tree = tree
        self.rows = [row for row in rows(release) if not row.shut_out]
        described = data.toml("schemas", release.format, "format.toml")
        self.without = frozenset(described.get("without", ()))
        dispatch = described.get("dispatch", _NO_DISPATCH)
        self._dispatch = dispatch
        self._kind = _texts_of(dispatch["kind"], tree)
        self._overstap = _texts_of(dispatch["overstap"], tree)
        self._checks = [item for item in dispatch["check"] if release.order >= version_order(item.get("from", "0"))]
        self._decider = [_present_of(path, tree) for path in dispatch["decider"]["present"]]
        # unknown values are folded away here, so that hostile ones cannot make the cache grow
        self._kinds = _named(self.rows, ("kind", "kind_not"), "id_by_kind")
        self._kinds |= {kind for item in self._checks for kind in item["kind"]}
        self._overstappen = _named(self.rows, ("overstap", "overstap_not"))
        self._overstappen |= {overstap for item in self._checks for overstap in item["overstap"]}
        self.program: Callable[[str, frozenset[str], frozenset[str]], Program] = lru_cache(maxsize=256)(self._program)

    def _program(self, check: str, kinds: frozenset[str], overstappen: frozenset[str]) -> Program:
        chosen = [row for row in self.rows if _meant_for(row, check, kinds, overstappen)]
        return Program(self.release, self.tree, chosen)

    def check_of(self, index: Index) -> str:
        """The official check that a document is meant for, such as ``OV``."""
        document = Document(index)
        kinds = self._kinds.intersection(self._kind(_EMPTY, document))
        overstappen = self._overstappen.intersection(self._overstap(_EMPTY, document))
        return self._check(kinds, overstappen, document)

    def run(self, index: Index, check: str | None = None, *, part: bool = False) -> Outcome:
        """Make the checks of a document.

        Args:
            index: The records per branch.
            check: The official check to make, when not the one that the document asks for.
            part: It is a part of a document, see :meth:`Program.run`.

        Raises:
            UsageError: There is no check of that name.
        """
        document = Document(index)
        kinds = self._kinds.intersection(self._kind(_EMPTY, document))
        overstappen = self._overstappen.intersection(self._overstap(_EMPTY, document))
        name = self.checked_name(check) if check else self._check(kinds, overstappen, document)
        hits, broke = self.program(name, kinds, overstappen).run(index, part=part)
        return Outcome(hits, [row for row in broke if row.official], kinds, name)

    def audience(self, index: Index) -> dict[str, str]:
        """The kind of transfer and the overstap of a document, where they are codes of their lists; no other text."""
        document, found = Document(index), {}
        for name, texts in (("overdrachtsoort", self._kind), ("overstap", self._overstap)):
            codes_ = self._audience_codes(name) if self._checks else frozenset()
            value = next((text for text in texts(_EMPTY, document) if text in codes_), None)
            if value is not None:
                found[name] = value
        return found

    def _audience_codes(self, name: str) -> frozenset[str]:
        number = self._dispatch["lists"][name]
        if not self.rows:
            # no code lists of the release are known; the texts that choose a check are still no one's data
            word = "kind" if name == "overdrachtsoort" else name
            return frozenset(text for item in self._checks for text in item[word])
        return frozenset(codes.code_list(self.release.format, number, self.release.version).codes)

    def _check(self, kinds: frozenset[str], overstappen: frozenset[str], document: Document) -> str:
        """The official check that a document is meant for."""
        by_kind = self._pointed_to("kind", kinds) or str(self._dispatch["default"])
        by_overstap = self._pointed_to("overstap", overstappen) or by_kind
        if by_kind == by_overstap:
            return by_kind
        numbered = any(present(_EMPTY, document) for present in self._decider)
        return str(self._dispatch["decider"]["yes" if numbered else "no"])

    def _pointed_to(self, word: str, have: frozenset[str]) -> str | None:
        """The last check that one of these texts points to: a single swv-dossier is enough among several."""
        found = [str(item["name"]) for item in self._checks if not have.isdisjoint(item[word])]
        return found[-1] if found else None

    def checked_name(self, name: str) -> str:
        """The name of a check, when there is one of that name."""
        names = [item["name"] for item in self._checks]
        if name not in names:
            raise UsageError(f"There is no check {name!r}.", remedy=choose(name, names))
        return name


def require_check(name: str) -> None:
    """Refuse the name of an official check that no format has.

    Raises:
        UsageError: There is no such check.
    """
    known = [
        str(item["name"])
        for format_name in data.subfolders("schemas")
        for item in data.toml("schemas", format_name, "format.toml").get("dispatch", {}).get("check", ())
    ]
    if name not in known:
        raise UsageError(f"There is no check {name!r}.", remedy=choose(name, known))


def _texts_of(path: str, tree: Tree) -> paths.Texts:
    """The texts at a path, none when a lone part of a dossier is the root."""
    return paths.texts(path, tree) if paths.exists(path, None, tree) else lambda record, document: []


def _present_of(path: str, tree: Tree) -> paths.Present:
    return paths.present(path, tree) if paths.exists(path, None, tree) else lambda record, document: False


def _named(found: list[Row], words: tuple[str, ...], mapping: str | None = None) -> frozenset[str]:
    names = {name for row in found for word in words for name in row.keys.get(word, ())}
    return frozenset(names | {name for row in found for name in row.keys.get(mapping or "", {})})


def _meant_for(row: Row, check: str, kinds: frozenset[str], overstappen: frozenset[str]) -> bool:
    keys = row.keys
    if keys["check"] not in ("common", check):
        return False
    for wanted, unwanted, have in (("kind", "kind_not", kinds), ("overstap", "overstap_not", overstappen)):
        if wanted in keys and have.isdisjoint(keys[wanted]):
            return False
        if unwanted in keys and not have.isdisjoint(keys[unwanted]):
            return False
    return True


@cached(maxsize=64)
def _engine(release: Release, root: str) -> Engine:
    return Engine(release, plan.load(release).tree(root))


def engine(release: Release, root: str) -> Engine:
    """The engine of a release for a root, made at the first check."""
    return _engine(release, root)
