"""Large documents, read piece by piece: the road of :mod:`oso_bridge.document` for what does not fit in memory.

``format.toml`` of a format names its long lists (``stream``): pupils, teachers, results.  The elements of those are
parsed, validated, read and judged a few at a time, and freed; all else of a document is its *frame*, which is judged at
the end.  What comes out is the report that :func:`oso_bridge.check` makes of the whole.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any, Generic, TypeVar

from lxml import etree

from oso_bridge import data, plan, releases, sources
from oso_bridge.document import (
    LAYERS,
    MAX_FINDINGS,
    Document,
    Identity,
    Progress,
    Run,
    SchemaFault,
    identify,
    schema_fault,
)
from oso_bridge.errors import DocumentError, UsageError
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
from oso_bridge.xml.feed import CHUNK, Feed, Part, first_element
from oso_bridge.xml.limits import DEFAULT, Limits
from oso_bridge.xml.parts import Unseen
from oso_bridge.xml.places import FrameLocator, Locator, PartLocator
from oso_bridge.xml.reader import Reading
from oso_bridge.xml.watch import Watch

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
    """A pupil, a member of staff or a result of a document that is read piece by piece; or what is left of it.

    Attributes:
        name: The element: ``leerling``, ``leerkracht``, ``toetsafname``; that of the root for what is left.
        number: Which of its list it is, from 1.
        record: What it said, see :mod:`oso_bridge.records`.
        findings: What is wrong with it, as far as what came before it tells.
        release: The release that was followed.
        path: The place in the structure, such as ``EDEX/leerlingen/leerling``.
    """

    name: str
    number: int
    record: Record = field(repr=False)
    findings: tuple[Finding, ...] = field(repr=False)
    release: Release = field(repr=False)
    path: str

    @property
    def ok(self) -> bool:
        """True when there is no error; warnings do not count."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def root(self) -> str:
        """The local name of the root of the document."""
        return self.path.partition("/")[0]

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
        Each element of the long lists in document order, and last what is left of the document: its school, its groups,
        and lists that are empty. The findings of that one are about no pupil, or could be known only at the end.

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
            return self._run.unreadable(self._opened.name, self._feed.digest(), error, start)

    def items(self) -> Iterator[StreamItem]:
        """The elements of the lists, one by one, and what is left."""
        for part in self._feed:
            about = self._about or self._prepare(part.root)
            branch = about.lists[part.tags]
            for at, element in enumerate(part.items):
                self._told = []
                one = Part(part.tags, part.root, [element], part.first + at, part.named + at, part.row)
                record = self._part(one).index[branch.number][0]
                found = tuple(self._told)
                yield StreamItem(branch.name, one.first + 1, record, found, about.identity.release, branch.path)
        self._told = None
        root: Any = self._feed.root
        about = self._about or self._prepare(root)
        self._finish(root, about)
        found, name = tuple(self._run.findings), about.identity.root
        yield StreamItem(name, 1, about.document.reading.record, found, about.identity.release, name)

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
        run.schema_layer(document, now - self._spent["schema"])
        self._rule_layers(about)
        self._integrity_layer(about)
        profile = run.profile(document, outcome)
        return run.report(document.source, document.release_id, self._feed.digest(), profile)

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
