"""Large documents, read piece by piece: the road of :mod:`oso_bridge.document` for what does not fit in memory.

``format.toml`` of a format names its long lists (``stream``): pupils, teachers, results.  The elements of those are
parsed, validated, read and judged a few at a time, and freed; all else of a document is its *frame*, which is judged at
the end.  What comes out is the report that :func:`oso_bridge.check` makes of the whole, or the pupils one by one, which
:func:`into_table` writes into a table.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from lxml import etree

from oso_bridge import data, plan, releases, sources
from oso_bridge.document import (
    LAYERS,
    MAX_FINDINGS,
    SIGNATURE,
    Document,
    Identity,
    Progress,
    Run,
    SchemaFault,
    identify,
    schema_fault,
)
from oso_bridge.errors import DocumentError, IllTyped, UsageError
from oso_bridge.findings import Finding, Severity, State
from oso_bridge.plan import Branch, Tree
from oso_bridge.records import Record
from oso_bridge.releases import Release
from oso_bridge.report import Report
from oso_bridge.rules import engine, integrity, paths
from oso_bridge.rules.engine import Hit, Outcome
from oso_bridge.rules.integrity import Issue
from oso_bridge.rules.rows import Row
from oso_bridge.sources import Opened, Source
from oso_bridge.xml import keys, parser, parts, reader, schema
from oso_bridge.xml.feed import CHUNK, Feed, Part, before_lists, first_element
from oso_bridge.xml.limits import DEFAULT, Limits
from oso_bridge.xml.parts import Unseen
from oso_bridge.xml.places import FrameLocator, Locator, PartLocator
from oso_bridge.xml.reader import Reading
from oso_bridge.xml.watch import Watch

if TYPE_CHECKING:
    from oso_bridge.mappings import TableWriter
    from oso_bridge.model.base import Deel

_T = TypeVar("_T")
Tags = tuple[str, ...]
"""The tags from the root to an element."""
# see document: an attribute with a prefix may give an element another structure than the plan's
_PREFIXED: Callable[[etree._Element], Any] = etree.XPath(
    "boolean(descendant-or-self::*/@*[contains(name(),':')])", smart_strings=False
)


def check(run: Run, source: Source, named: str | None, size: int, progress: Progress | None) -> Report:
    """Check a document piece by piece, when its format says how and it is large enough; else as a whole.

    Args:
        run: The settings of the check.
        source: A path, bytes or an open file.
        named: The release to follow, when not the one that the document names.
        size: Bytes from which on a document is large.
        progress: See :func:`oso_bridge.check`.

    Raises:
        OSError: The source cannot be read.
        UsageError: An argument names something that does not exist.
    """
    with sources.opened(source) as opened:
        beginning = opened.take(max(size, CHUNK))
        format_ = _Format.of(beginning, named) if len(beginning) >= size else None
        if format_ is None:
            whole: Any = source if opened.again else _Rest(opened)
            return run.source(whole, named)
        one = _Check(run, opened, format_, named, progress)
        report = one.report()
    if one.misread and opened.again:
        # which release it is stood behind its lists: rare, and never in a document that is valid
        again = Run(run.wanted, run.overrides, run.limits, run.validator, run.show_values)
        return check(again, source, one.misread, size, progress)
    return report


@dataclass(frozen=True, slots=True)
class StreamItem:
    """A pupil, a member of staff or a result of a document that is read piece by piece; or what is no such item.

    Attributes:
        name: The element: ``leerling``, ``leerkracht``, ``toetsafname``; that of the root for head and rest.
        number: Which of its list it is, from 1.
        record: What it said, see :mod:`oso_bridge.records`.
        findings: What is wrong with it, as far as what came before it tells.
        release: The release that was followed.
        path: The place in the structure, such as ``EDEX/leerlingen/leerling``.
        kind: ``item``; ``head`` for what the document says before its first item; ``rest`` for all of it that is in no
            list, what was in the head once more.
        trusted: Whether it passed the schema and was read strictly, see :func:`oso_bridge.binding.to_model`.
        unsettled: Whether the end told something that the items before it could not go by: the release that the
            document follows, or that other things stand between the items.
    """

    name: str
    number: int
    record: Record = field(repr=False)
    findings: tuple[Finding, ...] = field(repr=False)
    release: Release = field(repr=False)
    path: str
    kind: Literal["head", "item", "rest"] = "item"
    trusted: bool = field(default=False, repr=False)
    unsettled: bool = field(default=False, repr=False)

    @property
    def ok(self) -> bool:
        """True when there is no error; warnings do not count."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def root(self) -> str:
        """The local name of the root of the document."""
        return self.path.partition("/")[0]

    @property
    def list_name(self) -> str | None:
        """The list of the model that it goes to, such as ``leerlingen``; None for head and rest."""
        from oso_bridge import binding

        places = binding.table(self.release, self.root).paths if self.kind == "item" else {}
        return places[self.path].removesuffix("[]") if self.path in places else None

    def model(self, *, strict: bool = False) -> Any:
        """What this is in the model, as it would be in ``oso.read(...).geheel()``.

        Args:
            strict: Refuse values that their fields cannot hold, instead of keeping them in ``extra``.

        Returns:
            Of an item an ``Administratieleerling``, a ``Leerkracht`` or a ``Toetsafname``.  Of head and rest the
            ``Schooladministratie`` or the ``Leerresultaten`` without its long lists; ``extra`` of that whole itself
            comes with the rest.

        Raises:
            IllTyped: With ``strict``, and there are such values.
            UsageError: The document holds nothing that the model has.
        """
        from oso_bridge import binding

        name, made = self._bound()
        if strict:
            at = f"{name}[{self.number}]" if self.number > 1 else name
            wrong = binding.ill_typed(made, at, binding.model_of(self.release, self.root))
            if wrong:
                raise IllTyped(wrong)
        return made

    def _bound(self) -> tuple[str, Deel]:
        """The list that it goes to, none for head and rest, and what it is in the model."""
        from oso_bridge import binding

        if self.kind == "item":
            return binding.to_item(self.record, self.release, self.path, self.number, self.trusted)
        model = binding.model_of(self.release, self.root)
        if model is not None:
            binding.refuse_other(self.release, self.root, self.record, model)
        made = binding.to_model(self.record, self.release, self.root, self.trusted)
        if self.kind == "head":
            made.extra = []  # what is not there yet is not absent
        return "", made

    def whole(self) -> Record:
        """The record of a document that holds nothing but this."""
        found, names = self.record, self.path.split("/")[1:]
        for depth, name in enumerate(reversed(names)):
            found = {name: [found] if depth == 0 else found}
        return found


def stream(
    source: Source,
    *,
    release: str | None = None,
    limits: Limits | None = None,
    show_values: bool = False,
    progress: Progress | None = None,
) -> Iterator[StreamItem]:
    """Read a document of many pupils one by one, in memory that does not grow.

    What is wrong with one pupil is told with that pupil, and does not stop the rest.

    Args:
        source: A path, bytes or an open file; a str is always a path.
        release: The release to follow, when not the one that the document names.
        limits: What the document may ask for.
        show_values: Put values of the document in the findings.
        progress: See :func:`oso_bridge.check`.

    Yields:
        First the head: what the document says before the first element of its long lists, such as its school and its
        groups, without findings. Then each of those elements in document order, and last what is left of the document:
        all that is in no such list. The findings of that one are about no pupil, or could be known only at the end.

    Raises:
        OSError: The source cannot be read.
        DocumentError: The document is not well-formed XML, or exceeds a limit; also when that shows after many items.
        UsageError: It has no long lists, or the named release is not installed.
    """
    run = Run(frozenset(LAYERS), None, limits or DEFAULT, None, show_values)
    with sources.opened(source) as opened:
        format_ = _Format.of(opened.take(CHUNK), release)
        if format_ is None:
            raise UsageError(
                "This document has no long lists to read piece by piece.", remedy="Use oso.read; it takes any document."
            )
        yield from _Check(run, opened, format_, release, progress).items()


def can_stream(source: str | os.PathLike[str] | bytes, *, release: str | None = None) -> bool:
    """Whether :func:`stream` takes a document, as far as its beginning tells.

    Args:
        source: A path or bytes.
        release: The release to follow, when not the one that the document names.

    Raises:
        OSError: The source cannot be read.
        UsageError: The source is none.
    """
    with sources.opened(source) as opened:
        return _Format.of(opened.take(CHUNK), release) is not None


class HeadChanged(UsageError):
    """What a document says of itself turned out otherwise behind its pupils; it can be read as a whole only."""


def into_table(items: Iterable[StreamItem], table: TableWriter, *, limits: Limits | None = None) -> None:
    """Write a document into a table pupil by pupil: what :func:`oso_bridge.read` and an export write of the whole.

    The elements of the list that has the rows are written and forgotten; those of other long lists, such as staff, are
    kept until the table is closed.

    Args:
        items: What :func:`stream` gives.
        table: What :meth:`Mapping.writer <oso_bridge.mappings.Mapping.writer>` or ``counter`` gives, of a mapping with
            a main list.
        limits: How many elements may be kept: ``max_children``.

    Raises:
        DocumentError: The document is not well-formed XML, or exceeds a limit.
        HeadChanged: The document is in such an order that it has to be read as a whole.
        UsageError: The mapping is for another model, or has no main list; or see ``TableWriter.write``.
        WouldLose: So much was lost already that going on has no use.
    """
    if table.layout.main is None:
        raise UsageError(f"The mapping {table.name} has no main list.", remedy="Use oso.read and its export.")
    root: Any = None
    kept, most = 0, (limits or DEFAULT).max_children
    for item in items:
        if item.kind == "head":
            root = item.model()
            table.root(root)
        elif item.kind == "rest":
            _complete(root, item, table.layout.listed)
        else:
            name, made = item._bound()
            if name == table.layout.listed:
                table.write(made)
                continue
            kept += 1
            if kept > most:
                raise parser.too_much("max_children", most)
            getattr(root, name).append(made)


def _complete(root: Any, rest: StreamItem, listed: str) -> None:
    """Give a whole of which the items were written what was told behind them."""
    whole = rest.model()
    names = set(type(whole).model_fields) - set(_streamed_fields(rest))
    lists = {name for name in names if isinstance(getattr(whole, name), list)} - {listed}
    if rest.unsettled or any(getattr(whole, name) != getattr(root, name) for name in names - lists):
        raise HeadChanged(
            "What this document says of itself stands behind its pupils, or other things stand between them.",
            remedy="Read it as a whole: oso.read.",
        )
    for name in lists:
        setattr(root, name, getattr(whole, name))


def _streamed_fields(item: StreamItem) -> Iterator[str]:
    """The lists of the model whose items come one by one."""
    from oso_bridge import binding

    tree = plan.load(item.release).tree(item.root)
    places = binding.table(item.release, item.root).paths
    for branch in lists_of(item.release, tree).values():
        yield places[branch.path].removesuffix("[]")


class _Rest:
    """An open file of which the beginning was taken."""

    def __init__(self, opened: Opened) -> None:
        self.name, self.read = opened.name, opened.read


@dataclass(frozen=True, slots=True)
class _Format:
    """The format of a document, as far as its beginning tells.

    Attributes:
        root: The tag of the root.
        lists: For each list the tags from the root to its elements.
    """

    root: str
    lists: tuple[Tags, ...]

    @classmethod
    def of(cls, beginning: bytes, named: str | None) -> _Format | None:
        """None when nothing is known of lists in such a document."""
        root = first_element(beginning[:CHUNK])
        if root is None:
            return None
        name = etree.QName(root)
        namespace = name.namespace or ""
        found = releases.release(named) if named else releases.by_root(namespace, name.localname, lambda: None)
        if found is None or name.localname not in found.roots:
            return None
        lists = lists_of(found, plan.load(found).tree(name.localname, namespace))
        return cls(str(root.tag), tuple(lists)) if lists else None


def lists_of(release: Release, tree: Tree) -> dict[Tags, Branch]:
    """The long lists of a structure: the branches of their elements, by the tags from the root to them."""
    named = data.toml("schemas", release.format, "format.toml").get("stream", ())
    found = (spot.branch for place in named for spot in paths.spots(place, tree) if spot.leaf is None)
    return {_tags(branch): branch for branch in found}


def _tags(branch: Branch) -> Tags:
    """The tags from the root to a branch."""
    return (*(_tags(branch.parent) if branch.parent else ()), branch.tag)


class _Kept(Generic[_T]):
    """The first of many findings by their order; the others are counted."""

    def __init__(self, most: int = MAX_FINDINGS) -> None:
        self.total = 0
        self._most = most
        self._items: list[tuple[Any, _T]] = []
        self._last: Any = None

    def add(self, key: Any, make: Callable[[], _T]) -> None:
        """Take one; it is made only when it may be among the first."""
        self.total += 1
        if self._last is None or key < self._last:
            self._items.append((key, make()))
            if len(self._items) >= 2 * self._most:
                self._sort()

    def _sort(self) -> None:
        self._items.sort(key=lambda item: item[0])
        del self._items[self._most :]
        if len(self._items) == self._most:
            self._last = self._items[-1][0]

    def first(self) -> list[_T]:
        """The first ones, in their order."""
        self._sort()
        return [item for _, item in self._items]


@dataclass(slots=True)
class _Row:
    """What libxml2 says of the first row of a list; later ones stand behind an element that does not belong there.

    ``faults`` and ``names`` hold with each the number of the error that it came from; ``text`` is that of the first
    text between the elements, which is an error of the list itself.
    """

    errors: int = 0
    faults: list[tuple[int, SchemaFault]] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    text: int | None = None
    aborted: bool = False

    def key(self, name: str) -> None:
        """Count an error about a key."""
        self.names.setdefault(name, self.errors)
        self.errors += 1


@dataclass(slots=True)
class _Verdict:
    """What the schema says of the whole document: its first errors explained, all counted."""

    faults: list[SchemaFault] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    errors: int = 0
    texts: set[str] = field(default_factory=set)
    """Where there is text that does not belong there; it is said once for each element."""

    def error(self, fault: SchemaFault | None) -> None:
        if fault is not None and self.errors < schema.MAX_ERRORS:
            self._add(fault)
        self.errors += 1

    def _add(self, fault: SchemaFault) -> None:
        if fault.kind == schema.TEXT:
            if fault.place.xpath in self.texts:
                return
            self.texts.add(fault.place.xpath)
        self.faults.append(fault)

    def key(self, name: str, number: int = 1) -> None:
        if self.errors < schema.MAX_ERRORS:
            self.names.add(name)
        self.errors += number

    def row(self, row: _Row) -> None:
        left = schema.MAX_ERRORS - self.errors
        for number, fault in row.faults:
            if number < left:
                self._add(fault)
        self.names |= {name for name, number in row.names.items() if number < left}
        self.errors += row.errors


class _Check:
    """One check of a document that is read piece by piece."""

    def __init__(
        self, run: Run, opened: Opened, format_: _Format, named: str | None, progress: Progress | None
    ) -> None:
        self._run, self._opened, self._named = run, opened, named
        told = partial(_tell, progress, opened.size) if progress else None
        beginning = opened.take(CHUNK)
        self._feed = Feed(opened.read, beginning, format_.root, format_.lists, run.limits, told)
        self._asks_schema = "schema" in run.wanted
        self._about: _About | None = None
        self._rows: dict[Tags, _Row] = {}
        self._offsets = Counter[int]()
        self._unread = 0
        self._locator: Locator | None = None
        self._hits: dict[str, _Kept[Finding]] = {"codes": _Kept(), "rules": _Kept()}
        self._failed = set[str]()
        self._broke_off: list[Row] = []
        self._issues = _Kept[Finding]()
        self._spent = defaultdict[str, float](float)
        # one by one, each element has its own findings, and none of them is kept
        self._told: list[Finding] | None = None
        self.misread: str | None = None

    def report(self) -> Report:
        """Read the document to its end, and report."""
        start = perf_counter()
        try:
            for part in self._feed:
                self._part(part)
            root: Any = self._feed.root
            about = self._about or self._prepare(root)
            self._spent["wellformed"] = perf_counter() - start - sum(self._spent.values())
            return self._finish(root, about)
        except DocumentError as error:
            self._run.findings.clear()
            self._run.data = self._feed.digest()
            return self._run.unreadable(self._opened.name, error, start)

    def items(self) -> Iterator[StreamItem]:
        """The elements of the lists, one by one, and what is left."""
        is_stray, began = False, False
        for part in self._feed:
            about = self._about or self._prepare(part.root)
            if not began:
                began = True
                yield self._head(part.root, about)
            for at, element in enumerate(part.items):
                is_stray |= _is_followed(element)
                yield self._item(Part(part.tags, part.root, [element], part.first + at, part.named + at, part.row))
        self._told = None
        root: Any = self._feed.root
        about = self._about or self._prepare(root)
        if not began:
            yield self._head(root, about)
        yield self._left(root, about, is_stray)

    def _head(self, root: etree._Element, about: _About) -> StreamItem:
        """What the document says before the first element of its lists."""
        reading = reader.read_lenient(before_lists(root, about.lists), about.tree)
        name = about.identity.root
        return StreamItem(name, 1, reading.record, (), about.identity.release, name, "head")

    def _item(self, part: Part) -> StreamItem:
        """The only element of a part."""
        about: Any = self._about
        branch, self._told = about.lists[part.tags], []
        reading = self._part(part)
        record, found = reading.index[branch.number][0], tuple(self._told)
        trusted = reading.elements is None
        return StreamItem(
            branch.name, part.first + 1, record, found, about.identity.release, branch.path, trusted=trusted
        )

    def _left(self, root: etree._Element, about: _About, is_stray: bool) -> StreamItem:
        """What is in no list."""
        firsts = self._feed.first_rows
        holders: list[Any] = [first.getparent() for first in firsts.values()]
        is_mixed = any(len(holder) > 1 for holder in holders)
        self._finish(root, about)
        reading, name = about.document.reading, about.identity.root
        for tags in firsts:
            _drop_emptied(reading.record, about.lists[tags])
        unsettled = is_stray or is_mixed or self.misread is not None
        return StreamItem(
            name,
            1,
            reading.record,
            tuple(self._run.findings),
            about.identity.release,
            name,
            "rest",
            trusted=reading.elements is None,
            unsettled=unsettled,
        )

    def _prepare(self, root: etree._Element) -> _About:
        """What is known of a document once its first pupil comes."""
        about = _About(self._run, self._opened.name, identify(root, self._named), self._say_key, self._say_issue)
        about.look_ahead(root, self._asks_schema)
        self._about = about
        return about

    def _say_key(self, broken: keys.Broken) -> SchemaFault:
        about: Any = self._about
        locator: Any = self._locator
        return schema_fault(schema.explain_key(broken, about.constraints), locator)

    def _say_issue(self, rank: int, issue: Issue) -> tuple[Any, Finding]:
        return self._issue_key(rank, issue), self._issue(issue)

    def _issue(self, issue: Issue) -> Finding:
        about: Any = self._about
        return self._run.integrity_finding(issue, about.document)

    def _issue_key(self, rank: int, issue: Issue) -> tuple[int, int, int]:
        number, entry, rank = integrity.in_order(rank, issue)
        return number, entry + self._offsets[number], rank

    def _part(self, part: Part) -> Reading:
        """Read and judge a part."""
        about = self._about or self._prepare(part.root)
        start = perf_counter()
        refused = self._refused(part, about)
        self._spent["schema"] += perf_counter() - start
        reading = self._read(part, about, strict=self._asks_schema and not refused)
        start = perf_counter()
        if self._asks_schema:
            self._follow(part, about, reading, refused)
        self._spent["schema"] += perf_counter() - start
        self._judge(about, reading)
        for number, records in reading.index.items():
            self._offsets[number] += len(records)
        self._unread += reading.unread
        return reading

    def _refused(self, part: Part, about: _About) -> dict[etree._Element, list[Any]]:
        """The elements that their schema refuses, with libxml2's errors."""
        if not self._asks_schema:
            parser.refuse_shape(part.root, self._run.limits)
            return {}
        validate = about.schemas.item.validate
        found = {item: errors for item in part.items if (errors := validate(item)) is not None}
        if found or self._run.limits.max_depth < DEFAULT.max_depth:
            parser.refuse_shape(part.root, self._run.limits)
        return found

    def _read(self, part: Part, about: _About, *, strict: bool) -> Reading:
        branch = about.lists[part.tags]
        strict = strict and not any(map(_PREFIXED, part.items))
        reading = reader.read_part(part.items, branch, about.tree, strict=strict)
        self._locator = PartLocator(reading, part.root, branch, part.items, part.named)
        about.document.reading, about.document._locator = reading, self._locator
        return reading

    def _follow(self, part: Part, about: _About, reading: Reading, refused: dict[etree._Element, list[Any]]) -> None:
        """Note the schema errors of a part, those about keys too."""
        row = _Row() if part.row or self._told is not None else self._rows.setdefault(part.tags, _Row())
        self._errors(row, part, about, reading, refused)
        if self._told is not None:
            faults = [fault for _, fault in row.faults] + about.watch.taken()
            self._told += [self._run.schema_finding(fault, about.identity.release) for fault in faults]

    def _errors(
        self, row: _Row, part: Part, about: _About, reading: Reading, refused: dict[etree._Element, list[Any]]
    ) -> None:
        if part.row == 0 and not refused and not any(map(_is_followed, part.items)):
            locator: Any = self._locator
            for name in about.watch.of_index(part.tags, reading.index, lambda branch, at: locator.elements(branch)[at]):
                row.key(name)
            return
        for item in part.items:
            errors = refused.get(item, [])
            self._explain(row, item, errors, about)
            unseen = Unseen(item, errors) if part.row == 0 else _passed
            for name in about.watch.of_element(part.tags, item, unseen):
                row.key(name)
            if _is_followed(item):
                self._text_behind(row, item)

    def _text_behind(self, row: _Row, item: etree._Element) -> None:
        """Note text behind an element of a list."""
        holder, locator = item.getparent(), self._locator
        if row.text is None and holder is not None and locator is not None:
            row.text = row.errors
            row.faults.append((row.errors, schema_fault(schema.stray_text(holder), locator)))
        row.errors += 1

    def _explain(self, row: _Row, item: etree._Element, errors: list[Any], about: _About) -> None:
        if row.aborted:
            return
        left = schema.MAX_ERRORS - row.errors
        if errors and left > 0:
            locator: Any = self._locator
            for number, error in schema.explain_each(errors[:left], item, about.tree.plan, about.tree):
                row.faults.append((row.errors + number, schema_fault(error, locator)))
        row.errors += len(errors)
        row.aborted = any(schema.is_abort(error) for error in errors)

    def _judge(self, about: _About, reading: Reading, *, part: bool = True) -> Outcome | None:
        """Codes, rules and integrity of what was read."""
        start = perf_counter()
        outcome = None
        if about.rules is not None:
            outcome = about.rules.run(reading.index, self._run.validator, part=part)
            self._broke_off += outcome.broke_off
            for hit in outcome.hits:
                self._hit(hit, outcome, about)
        between = perf_counter()
        if "integrity" in self._run.wanted:
            for rank, issue in about.session.ask(reading.index):
                if self._told is not None:
                    self._told.append(self._issue(issue))
                else:
                    self._issues.add(self._issue_key(rank, issue), partial(self._issue, issue))
        self._spent["rules"] += between - start
        self._spent["integrity"] += perf_counter() - between
        return outcome

    def _hit(self, hit: Hit, outcome: Outcome, about: _About) -> None:
        layer = hit.row.layer
        if self._told is not None:
            if layer in self._run.wanted - about.without:
                self._told.append(self._run.rule_finding(hit, outcome.kinds, about.document))
            return
        if hit.row.official:
            self._failed.add(layer)
        order, number, entry, occurrence = hit.order
        key = order, number, entry + self._offsets[number], occurrence
        self._hits[layer].add(key, lambda: self._run.rule_finding(hit, outcome.kinds, about.document))

    def _finish(self, root: etree._Element, about: _About) -> Report:
        """The layers, in their order."""
        run = self._run
        found = identify(root, self._named)
        if found.release != about.identity.release:
            self.misread = found.release.id
        start = perf_counter()
        document = about.document
        document.schema_faults = self._schema(root, about)
        self._spent["schema"] += perf_counter() - start
        outcome = self._frame(root, about)
        now = perf_counter()
        run.passed("wellformed", now - self._spent["wellformed"])
        if parser.bears_signature(root):
            # where somebody is trusted, or the layer is asked for, a document is not read piece by piece
            run.not_run(SIGNATURE, "geen-vertrouwen")
        run.schema_layer(document, now - self._spent["schema"])
        self._rule_layers(about)
        self._integrity_layer(about)
        profile = run.profile(document, outcome)
        run.data = self._feed.digest()
        return run.report(document.source, document.release_id, profile)

    def _schema(self, root: etree._Element, about: _About) -> tuple[SchemaFault, ...] | None:
        """Why the document is not schema-valid, in the order in which libxml2 would say so."""
        self._locator = FrameLocator(Reading({}, {}, about.tree), root, self._feed.collapsed)
        if not self._asks_schema:
            parser.refuse_shape(root, self._run.limits)
            return None
        schema.refuse_same_keys(root, about.identity.release, self._run.limits)
        verdict = self._verdict(root, about, about.schemas.frame.validate(root) or [])
        faults = verdict.faults
        if verdict.names:
            faults += self._broken(root, about, verdict.names)[: schema.MAX_ERRORS - len(faults)]
            if not faults:
                faults.append(schema_fault(schema.unplaced_key(root), self._locator))
        about.document.more_faults = max(verdict.errors - schema.MAX_ERRORS, 0)
        return tuple(faults)

    def _verdict(self, root: etree._Element, about: _About, errors: list[Any]) -> _Verdict:
        """The errors of the frame, with those of each list in the place of the complaint about it."""
        locator: Any = self._locator
        real = [error for error in errors if not parts.is_probe(error)]
        if real or self._run.limits.max_depth < DEFAULT.max_depth:
            parser.refuse_shape(root, self._run.limits)
        told = dict(schema.explain_each(real[: schema.MAX_ERRORS], root, about.tree.plan, about.tree))
        verdict, families, number = _Verdict(), schema.Families(), 0
        own = list(about.watch.of_frame(root, self._feed.collapsed, Unseen(root, real)))
        rows = {row: tags for tags, row in self._feed.first_rows.items()}
        looked_at: list[Tags] = []
        for error in errors:
            if parts.is_probe(error):
                tags = rows.get(schema.resolve(root, error.path, families))
                if tags is not None:
                    for name in own:
                        verdict.key(name)
                    own = []
                    looked_at.append(tags)
                    row = self._rows.get(tags, _Row())
                    verdict.row(row)
                    if row.aborted:
                        return verdict
                continue
            broken = schema.broken_key(error)
            if broken is not None:
                verdict.key(broken)
            else:
                explained = told.get(number)
                verdict.error(schema_fault(explained, locator) if explained else None)
            number += 1
        for name in own:
            verdict.key(name)
        for name, times in about.watch.dangling(looked_at):
            verdict.key(name, times)
        return verdict

    def _broken(self, root: etree._Element, about: _About, names: set[str]) -> list[SchemaFault]:
        """The elements that break these keys, in the order of the schema."""
        found: list[SchemaFault] = []
        for name, constraint in about.constraints.items():
            if name in names and name in about.watch:
                found += about.watch.broken(name)
            elif name in names:
                found += [self._say_key(one) for one in keys.broken(constraint, about.constraints, root)]
        return found

    def _frame(self, root: etree._Element, about: _About) -> Outcome | None:
        """Judge what stands in no list."""
        document = about.document
        for stand_in in self._feed.collapsed:
            holder = stand_in.getparent()
            if holder is not None:
                holder.remove(stand_in)
        strict = document.schema_faults is not None and not document.schema_faults and not _PREFIXED(root)
        reading = reader.read_strict(root, about.tree) if strict else reader.read_lenient(root, about.tree)
        document.reading, document._locator = reading, Locator(reading, lambda: root)
        self._locator = document._locator
        self._offsets.clear()
        outcome = self._judge(about, reading, part=False)
        if "integrity" in self._run.wanted:
            waited, number = about.session.finish()
            for key, finding in waited:
                self._issues.add(key, partial(_itself, finding))
            self._issues.total += number - len(waited)
        reading.unread += self._unread
        return outcome

    def _rule_layers(self, about: _About) -> None:
        wanted: list[str] = [layer for layer in ("codes", "rules") if layer in self._run.wanted]
        if about.rules is None:
            if wanted:
                self._run.stylesheet_layers(about.document, wanted)
            return
        for layer in wanted:
            if layer in about.rules.without:
                self._run.without(layer, about.identity.release)
                continue
            self._run.add_all(layer, self._hits[layer].first(), self._hits[layer].total)
            duration = self._spent["rules"] / 2
            failed = layer in self._failed
            self._run.add_rule_layer(layer, failed, self._broke_off, about.document, duration)

    def _integrity_layer(self, about: _About) -> None:
        if "integrity" not in self._run.wanted:
            return
        self._run.add_all("integrity", self._issues.first(), self._issues.total)
        state = State.FAILED if self._issues.total else State.PASSED
        self._run.add_layer("integrity", state, self._spent["integrity"])


def _is_followed(item: etree._Element) -> bool:
    """Whether there is text behind an element."""
    return bool(item.tail and item.tail.strip(" \t\r\n"))


def _drop_emptied(record: Record, branch: Branch) -> None:
    """Take the element around a list out of a record, when it need not be there and nothing but the list was in it."""
    holder: Any = branch.parent
    names = holder.path.split("/")[1:]
    for name in names[:-1]:
        record = record.get(name, {})
    if names and holder.min == 0 and record.get(names[-1]) == {}:
        del record[names[-1]]


def _itself(finding: Finding) -> Finding:
    return finding


def _passed(element: etree._Element, holder: etree._Element | None, attribute: str | None) -> str:
    """What libxml2 makes of what stands behind an element that does not belong there."""
    return "passed"


def _tell(progress: Progress, size: int | None, done: int) -> None:
    progress(done, size)


class _About:
    """What is fixed for one document: its release, and all that is made from that."""

    def __init__(
        self,
        run: Run,
        name: str,
        identity: Identity,
        say_key: Callable[[keys.Broken], SchemaFault],
        say_issue: Callable[[int, Issue], tuple[Any, Finding]],
    ) -> None:
        self.identity, release = identity, identity.release
        self.tree = plan.load(release).tree(identity.root, identity.namespace)
        self.lists = lists_of(release, self.tree)
        self.schemas = parts.load(release, identity.root, frozenset(branch.tag for branch in self.lists.values()))
        self.constraints = schema.load(release).constraints if release.info.get("keys") else {}
        self.watch = Watch(self.constraints, self.lists, self.tree, run.limits, say_key, schema.MAX_ERRORS)
        rules = engine.engine(release, identity.root)
        self.rules = rules if rules.rows and run.wanted & {"codes", "rules"} else None
        self.without = rules.without
        self.session = integrity.session(release, identity.root, say_issue, MAX_FINDINGS)
        reading = Reading({}, {}, self.tree)
        self.document = Document(name, release, None, identity.root, None, 0, reading, b"", run.limits)

    def look_ahead(self, root: etree._Element, asks_schema: bool) -> None:
        """See what references may be to before the first of them comes."""
        if asks_schema:
            self.watch.begin(root)
        self.session.look_ahead(reader.read_lenient(root, self.tree).index)
