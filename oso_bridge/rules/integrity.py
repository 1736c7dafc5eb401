"""The integrity layer: rows of ``integrity.toml`` compiled per release and run over the index.

It warns of what is allowed and yet most likely wrong: numbers that fail the 11-test, dates that contradict each
other, attachments that are cut off or hold what they should not.  Never part of ``report.ok``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from oso_bridge import data, identifiers, plan, releases
from oso_bridge.data import cached
from oso_bridge.findings import Message
from oso_bridge.plan import Branch, Tree
from oso_bridge.records import Index, Record, text_of
from oso_bridge.references import Keys, KeysWithin, Waiting, pair_of
from oso_bridge.releases import Release
from oso_bridge.rules import paths, questions
from oso_bridge.rules.paths import Document, Spot, Texts
from oso_bridge.rules.words import BreaksOff, Test, Words


@dataclass(slots=True)
class Issue:
    """Something to warn about, and where.

    Attributes:
        rule: The id, such as ``INT.bsn``.
        message: Text and remedy.
        args: The arguments of the texts.
        branch: The branch of the place; None is the document.
        entry: The record of that branch.
        leaf: The text that is concerned, when it is one.
        occurrence: Which of several texts of that name.
        value: The text itself; shown only when values are asked for.
    """

    rule: str
    message: Message
    args: Mapping[str, str]
    branch: Branch
    entry: int
    leaf: str | None = None
    occurrence: int = 0
    value: str | None = field(default=None, repr=False)


Answers = Sequence[tuple[questions.Answer, str | None, int, str | None]]
"""What is wrong with a record: the answer, the leaf concerned, which of several, and its text."""

Ask = Callable[[Record, Document], Answers]

_Whole = Callable[[Index], Iterator[Issue]]
"""A question about a document as a whole; it may be asked of part after part."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Keyed:
    """What has a key, or a reference to one: the branches, and the attribute or child that holds it."""

    branches: tuple[Branch, ...]
    key: str

    def keys(self, index: Index) -> Iterator[tuple[Branch, int, str]]:
        """The keys of a document with their places; blanks around a key do not count."""
        for branch in self.branches:
            for entry, record in enumerate(index.get(branch.number, ())):
                value = record.get(self.key)
                if value is not None:
                    yield branch, entry, text_of(value).strip()

    @property
    def leaf(self) -> str | None:
        """The child that holds the key; None when it is an attribute."""
        return None if self.key.startswith("@") else self.key


@dataclass(frozen=True, slots=True)
class _Within:
    """What has a name and holds keys: the branches, and how to find the names and the keys of each."""

    holders: tuple[tuple[Branch, Texts, Texts], ...]

    def keys(self, index: Index) -> Iterator[tuple[Branch, int, str]]:
        """Each name by itself, and each key within its name, with the place of what holds them."""
        document = Document(index)
        for branch, names, keys in self.holders:
            for entry, record in enumerate(index.get(branch.number, ())):
                for name in map(text_of, names(record, document)):
                    yield branch, entry, pair_of(name)
                    for key in map(text_of, keys(record, document)):
                        yield branch, entry, pair_of(name, key)


@dataclass(frozen=True, slots=True)
class _Question:
    """What rows ask at one place; an answer counts when one of their guards holds, and always without guards."""

    branch: Branch
    guards: list[Test]
    ask: Ask


class Checks:
    """The integrity rows of a release for one root.

    Args:
        release: The release.
        tree: The plan from that root.
    """

    def __init__(self, release: Release, tree: Tree) -> None:
        self._table = data.toml("schemas", release.format, "integrity.toml")
        self._messages = {row["id"]: Message(row["text"], row["remedy"]) for row in self._table.get("check", ())}
        self._words = self._table.get("word", {})
        self._tree = tree
        self._release = release
        kinds = (
            ("identifier", ("path",), self._identifier),
            ("order", ("first", "last"), self._order),
            ("attachment", ("name", "content"), self._attachment),
            ("looks_like", (), self._looks_like),
            ("version", (), self._version),
        )
        self._questions: dict[int, list[_Question]] = {}
        for kind, keys, make in kinds:
            for rows in _alike(self._table.get(kind, ())):
                for question in self._compile(rows, keys, make):
                    self._questions.setdefault(question.branch.number, []).append(question)
        self._wholes: list[Callable[[Session[Any]], _Whole]] = [
            make(row)
            for kind, make in (
                ("unique", self._unique),
                ("refers", self._refers),
                ("refers_within", self._refers_within),
                ("one_of", self._one_of),
                ("overlap", self._overlap),
            )
            for row in self._table.get(kind, ())
        ]

    def _keyed(self, row: Mapping[str, Any], places: str, key: str) -> _Keyed:
        """Those of the places of a row that the structure has."""
        found = [spot.branch for place in row[places] for spot in paths.spots(place, self._tree) if spot.leaf is None]
        return _Keyed(tuple(dict.fromkeys(found)), row[key])

    def _unique(self, row: Mapping[str, Any]) -> Callable[[Session[Any]], _Whole]:
        """Each key once, over all places of the row together."""
        keyed = self._keyed(row, "at", "key")

        def begin(session: Session[Any]) -> _Whole:
            met = Keys()

            def ask(index: Index) -> Iterator[Issue]:
                for branch, entry, key in keyed.keys(index):
                    if met.add(key)[1]:
                        yield self._issue(branch, entry, _about_key(row, branch), keyed.leaf, 0, key)

            return ask

        return begin

    def _refers(self, row: Mapping[str, Any]) -> Callable[[Session[Any]], _Whole]:
        """What is referred to is there; not asked of a message that has no place for it."""
        target = self._keyed(row, "to", "to_key")
        return self._met(row, target, Keys, lambda record, key: key) if target.branches else lambda session: _nothing

    def _refers_within(self, row: Mapping[str, Any]) -> Callable[[Session[Any]], _Whole]:
        """What is referred to is there, in the thing that is named beside the reference; not when that is not there."""
        name = row["within"]
        return self._met(
            row, self._holders(row), KeysWithin, lambda record, key: pair_of(text_of(record.get(name, "")), key)
        )

    def _met(
        self,
        row: Mapping[str, Any],
        target: _Keyed | _Within,
        keys: type[Keys],
        wanted: Callable[[Record, str], str],
    ) -> Callable[[Session[Any]], _Whole]:
        """Each reference of a row was met at its target; ``wanted`` is what to look for, given its record and text."""
        keyed = self._keyed(row, "at", "key")

        def begin(session: Session[Any]) -> _Whole:
            known, waiting, rank = keys(), Waiting[Any](session.most), session.rank
            session.waiting.append((waiting, known, target))

            def ask(index: Index) -> Iterator[Issue]:
                for _, _, key in target.keys(index):
                    known.add(key)
                for branch, entry, key in keyed.keys(index):
                    look = wanted(index[branch.number][entry], key)
                    if not known.met(look):
                        about = (branch, entry, _about_key(row, branch), keyed.leaf, 0, key)
                        waiting.add(look, lambda about=about: session.make(rank, self._issue(*about)))  # type: ignore[misc]
                return iter(())

            return ask

        return begin

    def _holders(self, row: Mapping[str, Any]) -> _Within:
        """The things of a row that hold keys, with their names and keys."""
        return _Within(
            tuple(
                (
                    branch,
                    paths.texts(row["to_within"], self._tree, branch),
                    paths.texts(row["to_key"], self._tree, branch),
                )
                for branch in self._keyed(row, "to", "to_key").branches
            )
        )

    def _overlap(self, row: Mapping[str, Any]) -> Callable[[Session[Any]], _Whole]:
        """Ranges of whole numbers that are in the same place, and have a number in common."""
        pairs = [
            (spot.branch, spot.branch.branches[row["of"]])
            for place in row["at"]
            for spot in paths.spots(place, self._tree)
            if row["of"] in spot.branch.branches
        ]

        def ask(index: Index) -> Iterator[Issue]:
            for holder, branch in pairs:
                entries = {id(record): entry for entry, record in enumerate(index.get(branch.number, ()))}
                for held in index.get(holder.number, ()):
                    for record in questions.overlapping(held.get(row["of"], ()), row["first"], row["last"]):
                        yield self._issue(branch, entries[id(record)], _about_key(row, branch), row["first"], 0, None)

        return lambda session: ask

    def _one_of(self, row: Mapping[str, Any]) -> Callable[[Session[Any]], _Whole]:
        """At least one of the attributes or children of a row."""
        keyed, names = self._keyed(row, "at", "id"), frozenset(row["of"])

        def ask(index: Index) -> Iterator[Issue]:
            for branch in keyed.branches:
                for entry, record in enumerate(index.get(branch.number, ())):
                    if names.isdisjoint(record):
                        yield self._issue(branch, entry, _about_key(row, branch), None, 0, None)

        return lambda session: ask

    def _compile(
        self, rows: list[Mapping[str, Any]], keys: tuple[str, ...], make: Callable[[Mapping[str, Any], Spot], Ask]
    ) -> Iterator[_Question]:
        """Rows that ask the same, at each of their places; a release that lacks a path of a row goes without it."""
        row = rows[0]
        wanted = [row[key] for key in keys if key in row]
        for spot in paths.spots(row["at"], self._tree):
            usable = [row for row in rows if self._has([*wanted, *_guarding(row)], spot)]
            guards = [self._guard(row, spot) for row in usable]
            if usable:
                known = [guard for guard in guards if guard is not None]
                yield _Question(spot.branch, known if len(known) == len(guards) else [], make(row, spot))

    def _has(self, wanted: list[str], spot: Spot) -> bool:
        return bool(spot.leaf) or all(paths.exists(path, spot, self._tree) for path in wanted)

    def _guard(self, row: Mapping[str, Any], spot: Spot) -> Test | None:
        words = Words(self._release, self._tree, spot.branch)
        if "unless" in row:
            excused = words.guard(row["unless"])
            return lambda record, document: not excused(record, document)
        return words.guard(row["when"]) if "when" in row else None

    def _texts(self, path: str, spot: Spot) -> Texts:
        return paths.texts(path, self._tree, spot.branch)

    def _identifier(self, row: Mapping[str, Any], spot: Spot) -> Ask:
        path = spot.leaf or row["path"]
        leaf = None if path.startswith("@") else path  # an attribute stands at the place of its element
        texts, id_, why = self._texts(path, spot), row["id"], identifiers.ALL[row["kind"]].why

        def ask(record: Record, document: Document) -> Answers:
            reasons = [(why(text), text) for text in texts(record, document)]
            return [
                (questions.Answer(id_, {"reason": reason}), leaf, occurrence, text)
                for occurrence, (reason, text) in enumerate(reasons)
                if reason
            ]

        return ask

    def _order(self, row: Mapping[str, Any], spot: Spot) -> Ask:
        firsts, lasts = self._texts(row["first"], spot), self._texts(row["last"], spot)
        names = {key: row[key].rpartition("/")[2] for key in ("first", "last")}
        leaf = row["first"] if "/" not in row["first"] else None
        answer = questions.Answer(row["id"], names)

        def ask(record: Record, document: Document) -> Answers:
            for text in firsts(record, document):
                if questions.is_late(text, lasts(record, document)):
                    return [(answer, leaf, 0, text)]
            return ()

        return ask

    def _looks_like(self, row: Mapping[str, Any], spot: Spot) -> Ask:
        leaf, odd = str(spot.leaf), re.compile(row["pattern"])
        answer = questions.Answer(row["id"], {"element": leaf})
        return self._each(spot, leaf, lambda text: odd.fullmatch(text) is not None, answer)

    def _version(self, row: Mapping[str, Any], spot: Spot) -> Ask:
        leaf, known = str(spot.leaf), releases.versions(self._release.format)
        args = {"element": leaf, "release": self._release.id, "bekend": ", ".join(known)}
        return self._each(spot, leaf, lambda text: bool(text) and text not in known, questions.Answer(row["id"], args))

    def _each(self, spot: Spot, leaf: str, odd: Callable[[str], bool], answer: questions.Answer) -> Ask:
        """Ask it of each text of a leaf, blanks around it aside."""
        texts = self._texts(leaf, spot)

        def ask(record: Record, document: Document) -> Answers:
            found = enumerate(texts(record, document))
            return [(answer, leaf, occurrence, text) for occurrence, text in found if odd(text_of(text).strip())]

        return ask

    def _attachment(self, row: Mapping[str, Any], spot: Spot) -> Ask:
        names, contents = self._texts(row["name"], spot), self._texts(row["content"], spot)

        def ask(record: Record, document: Document) -> Answers:
            name, content = [next(iter(texts(record, document)), "") for texts in (names, contents)]
            return [
                (answer, row["name"], 0, name) if answer.about_name else (answer, row["content"], 0, None)
                for answer in questions.check_attachment(name, content)
            ]

        return ask

    def run(self, index: Index) -> list[Issue]:
        """Ask every question of a document; the answers by place."""
        session = Session(self, _pair)
        found = [*session.ask(index), *session.finish()[0]]
        return [issue for rank, issue in sorted(found, key=lambda pair: in_order(*pair))]

    def _answers(self, index: Index) -> Iterator[tuple[int, Issue]]:
        """The answers to questions about one record, with the number of the question."""
        document = Document(index)
        rank = 0
        for number, questions_ in self._questions.items():
            records = index.get(number)
            if records:
                for place, question in enumerate(questions_, start=rank):
                    found: list[Issue] = []
                    self._ask(question, records, document, found)
                    for issue in found:
                        yield place, issue
            rank += len(questions_)

    def _ask(self, question: _Question, records: list[Record], document: Document, found: list[Issue]) -> None:
        """The hot loop: hardly any question has an answer, so guards are asked only when there is one."""
        guards, ask = question.guards, question.ask
        for entry, record in enumerate(records):
            answers = ask(record, document)
            if answers and (not guards or any(_holds(guard, record, document) for guard in guards)):
                found += [self._issue(question.branch, entry, *answer) for answer in answers]

    def _issue(
        self,
        branch: Branch,
        entry: int,
        answer: questions.Answer,
        leaf: str | None,
        occurrence: int,
        value: str | None,
    ) -> Issue:
        args = {**answer.args}
        for name, word in answer.args.items():
            words = self._words.get(name, {}).get(word, {})
            args.update({f"{name}.{language}": text for language, text in words.items()})
        return Issue(answer.id, self._messages[answer.id], args, branch, entry, leaf, occurrence, value)


class Session(Generic[_T]):
    """The questions, asked of one document at once or in parts.

    Args:
        checks: The questions.
        make: What is to be kept of a reference while the key it is to is not met, given the rank of the question.
        most: How many of those are kept of one key; all when None.
    """

    def __init__(self, checks: Checks, make: Callable[[int, Issue], _T], most: int | None = None) -> None:
        self.make, self.most = make, most
        self.rank = sum(map(len, checks._questions.values()))
        self.waiting: list[tuple[Waiting[_T], Keys, _Keyed | _Within]] = []
        self._checks = checks
        self._wholes: list[tuple[int, _Whole]] = []
        for begin in checks._wholes:
            self._wholes.append((self.rank, begin(self)))
            self.rank += 1

    def look_ahead(self, index: Index) -> None:
        """Note the keys of what was read so far, so that fewer references have to wait."""
        for _, known, target in self.waiting:
            for _, _, key in target.keys(index):
                known.add(key)

    def ask(self, index: Index) -> Iterator[tuple[int, Issue]]:
        """The issues of a document, or of a part of it, each with the rank of its question; in any order."""
        yield from self._checks._answers(index)
        for rank, whole in self._wholes:
            for issue in whole(index):
                yield rank, issue

    def finish(self) -> tuple[list[_T], int]:
        """What only the end of the document tells: references that lead nowhere, and how many there are."""
        left = [waiting.left(known.__contains__) for waiting, known, _ in self.waiting]
        return [item for found, _ in left for item in found], sum(number for _, number in left)


def _pair(rank: int, issue: Issue) -> tuple[int, Issue]:
    return rank, issue


def in_order(rank: int, issue: Issue) -> tuple[int, int, int]:
    """What issues are sorted by: their place, then the order of the questions."""
    return issue.branch.number, issue.entry, rank


def _about_key(row: Mapping[str, Any], branch: Branch) -> questions.Answer:
    """The answer about a key: what has it, in which field, and what it refers to."""
    field_ = row["key"] if "key" in row else row["first"] if "first" in row else ", ".join(row["of"])
    to = " | ".join(dict.fromkeys(place.rpartition("/")[2] for place in row.get("to", ())))
    return questions.Answer(row["id"], {"element": branch.name, "veld": field_, "doel": to})


def _nothing(index: Index) -> Iterator[Issue]:
    """The question of a row that has no place in the structure."""
    return iter(())


def _holds(guard: Test, record: Record, document: Document) -> bool:
    try:
        return guard(record, document)
    except BreaksOff:
        return False


def _alike(rows: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """The rows by what they ask, guards aside."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        asked = {key: value for key, value in row.items() if key not in ("when", "unless")}
        found.setdefault(repr(sorted(asked.items())), []).append(row)
    return list(found.values())


def _guarding(row: Mapping[str, Any]) -> list[str]:
    """The paths in the guards of a row."""
    return [path for word in ("when", "unless") for value in row.get(word, {}).values() for path in _paths(value)]


def _paths(value: str | list[str] | dict[str, Any]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@cached(maxsize=64)
def _checks(release: Release, root: str) -> Checks:
    return Checks(release, plan.load(release).tree(root))


def session(release: Release, root: str, make: Callable[[int, Issue], _T], most: int | None = None) -> Session[_T]:
    """The questions for a document that is read in parts; see :class:`Session`."""
    return Session(_checks(release, root), make, most)


def run(release: Release, root: str, index: Index) -> list[Issue]:
    """The issues of a document.

    Args:
        release: The release whose structure was followed.
        root: The root of the document.
        index: The records per branch.
    """
    return _checks(release, root).run(index)
