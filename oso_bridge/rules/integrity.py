"""The integrity layer: rows of ``integrity.toml`` compiled per release and run over the index.

It warns of what is allowed and yet most likely wrong: numbers that fail the 11-test, dates that contradict each
other, attachments that are cut off or hold what they should not.  Never part of ``report.ok``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from oso_bridge import data, plan
from oso_bridge.data import cached
from oso_bridge.findings import Message
from oso_bridge.plan import Branch, Tree
from oso_bridge.records import Index, Record
from oso_bridge.releases import Release
from oso_bridge.rules import paths, questions
from oso_bridge.rules.paths import Document, Spot, Texts
from oso_bridge.rules.words import BreaksOff, Test, Words


@dataclass(frozen=True, slots=True)
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


Answers = Iterable[tuple[questions.Answer, str | None, int, str | None]]
"""What is wrong with a record: the answer, the leaf concerned, which of several, and its text."""

Ask = Callable[[Record, Document], Answers]


@dataclass(frozen=True, slots=True)
class _Question:
    """One row at one place."""

    branch: Branch
    guard: Test | None
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
        self._tree = tree
        self._release = release
        kinds = (
            ("identifier", ("path",), self._identifier),
            ("order", ("first", "last"), self._order),
            ("attachment", ("name", "content"), self._attachment),
        )
        self._questions = [
            question
            for kind, keys, make in kinds
            for row in self._table.get(kind, ())
            for question in self._compile(row, keys, make)
        ]

    def _compile(
        self, row: Mapping[str, Any], keys: tuple[str, ...], make: Callable[[Mapping[str, Any], Spot], Ask]
    ) -> Iterator[_Question]:
        """A row at each of its places; a release that lacks a path of the row goes without it."""
        wanted = [row[key] for key in keys if key in row]
        guards = [path for word in ("when", "unless") for value in row.get(word, {}).values() for path in _paths(value)]
        for spot in paths.spots(row["at"], self._tree):
            if spot.leaf or all(paths.exists(path, spot, self._tree) for path in (*wanted, *guards)):
                yield _Question(spot.branch, self._guard(row, spot), make(row, spot))

    def _guard(self, row: Mapping[str, Any], spot: Spot) -> Test | None:
        words = Words(self._release, self._tree, spot.branch)
        if "unless" in row:
            excused = words.guard(row["unless"])
            return lambda record, document: not excused(record, document)
        return words.guard(row["when"]) if "when" in row else None

    def _texts(self, path: str, spot: Spot) -> Texts:
        return paths.texts(path, self._tree, spot.branch)

    def _identifier(self, row: Mapping[str, Any], spot: Spot) -> Ask:
        leaf = spot.leaf or row["path"]
        texts, id_, kind = self._texts(leaf, spot), row["id"], row["kind"]

        def ask(record: Record, document: Document) -> Answers:
            for occurrence, text in enumerate(texts(record, document)):
                answer = questions.check_identifier(id_, kind, text)
                if answer:
                    yield answer, leaf, occurrence, text

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

    def _attachment(self, row: Mapping[str, Any], spot: Spot) -> Ask:
        names, contents = self._texts(row["name"], spot), self._texts(row["content"], spot)

        def ask(record: Record, document: Document) -> Answers:
            name, content = (next(iter(texts(record, document)), "") for texts in (names, contents))
            for answer in questions.check_attachment(name, content):
                yield answer, row["name" if answer.about_name else "content"], 0, name if answer.about_name else None

        return ask

    def run(self, index: Index) -> list[Issue]:
        """Ask every question of a document; the answers by place."""
        document = Document(index)
        found: list[Issue] = []
        for question in self._questions:
            branch, guard, ask = question.branch, question.guard, question.ask
            for entry, record in enumerate(index.get(branch.number, ())):
                if guard is None or _holds(guard, record, document):
                    found += [self._issue(branch, entry, *answer) for answer in ask(record, document)]
        return sorted(found, key=lambda issue: (issue.branch.number, issue.entry))

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
            words = self._table.get("word", {}).get(name, {}).get(word, {})
            args.update({f"{name}.{language}": text for language, text in words.items()})
        return Issue(answer.id, self._messages[answer.id], args, branch, entry, leaf, occurrence, value)


def _holds(guard: Test, record: Record, document: Document) -> bool:
    try:
        return guard(record, document)
    except BreaksOff:
        return False


def _paths(value: str | list[str] | dict[str, Any]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@cached(maxsize=64)
def _checks(release: Release, root: str) -> Checks:
    return Checks(release, plan.load(release).tree(root))


def run(release: Release, root: str, index: Index) -> list[Issue]:
    """The issues of a document.

    Args:
        release: The release whose structure was followed.
        root: The root of the document.
        index: The records per branch.
    """
    return _checks(release, root).run(index)
