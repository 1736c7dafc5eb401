"""Batches: many documents one after another, a small outcome of each, and nothing kept of what is done.

:func:`convert_many` writes documents of another release into a folder.  Both it and :func:`survey`, the check of many
documents of which only the outcomes are wanted, can go on where an earlier run was stopped: see
:mod:`oso_bridge.journal`.
"""

from __future__ import annotations

import glob
import hashlib
import os
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oso_bridge import document as documents
from oso_bridge import releases, workers
from oso_bridge.errors import DocumentError, OsoBridgeError, UsageError, WouldLose
from oso_bridge.findings import LANGUAGES, Finding, Severity
from oso_bridge.journal import FILE_NAME, Journal
from oso_bridge.overrides import SUPPRESS
from oso_bridge.report import Report, digest_of
from oso_bridge.sources import Source, load, name_of
from oso_bridge.workers import LARGEST_CHUNK
from oso_bridge.xml.limits import DEFAULT

if TYPE_CHECKING:
    from oso_bridge.binding import Loss
    from oso_bridge.document import Document
    from oso_bridge.releases import Release

# what another run may do better: these are not written down as done
_PASSING = ("DOC.proces", "DOC.onverwacht", "DOC.niet-geschreven", "DOC.niet-geopend")


_FEW = 4  # documents in a chunk: a conversion takes long, and what is under way is lost when a run is killed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document of a batch.

    Attributes:
        source: The name of the document, as it was given.
        digest: SHA-256 of its content, as ``sha256:...``; None when it could not be read.
        exit_code: 0 in order, 1 any error or nothing made, 3 a required check did not pass.
        counts: The number of findings by severity: of the document, or of what it was converted to.
        rules: The number of findings by rule, the same.
        file: The file that was written; None when nothing was.
        losses: What the conversion lost, or with ``strict`` would have lost.
        error: Why nothing could be done; None when it was done, whatever the checks say of it.
        skipped: True when an earlier run did it; the rest is what came of it then.
        result: SHA-256 of the file that was written.
    """

    source: str
    digest: str | None
    exit_code: int
    counts: Mapping[str, int] = field(default_factory=dict)
    rules: Mapping[str, int] = field(default_factory=dict)
    file: str | None = None
    losses: tuple[Loss, ...] = ()
    error: Finding | None = None
    skipped: bool = False
    result: str | None = None

    @property
    def ok(self) -> bool:
        """True when it was done and every required check passed."""
        return self.exit_code == 0

    def to_dict(self) -> dict[str, Any]:
        """The outcome as plain JSON values; a public contract."""
        return {
            "source": self.source,
            "digest": self.digest,
            "ok": self.ok,
            "exit_code": self.exit_code,
            "counts": dict(self.counts),
            "rules": dict(self.rules),
            "file": self.file,
            "result": self.result,
            "losses": [loss.to_dict() for loss in self.losses],
            "error": _told(self.error) if self.error else None,
            "skipped": self.skipped,
        }


def _told(error: Finding) -> dict[str, Any]:
    return {
        "rule": error.rule,
        "line": error.line,
        "args": dict(error.args),
        "text": {language: error.text(language) for language in LANGUAGES},
        "remedy": {language: error.remedy(language) for language in LANGUAGES},
    }


@dataclass(frozen=True, slots=True)
class _Item:
    """A document on its way to a process.

    Attributes:
        source: The document.
        target: The name of the file to write, below the folder; None when nothing is written.
        known: What the journal says of it.
    """

    source: Source
    target: str | None = None
    known: Mapping[str, Any] | None = None


# --- converting -------------------------------------------------------------------------------------------------------


def convert_many(
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    to: str,
    folder: str | os.PathLike[str],
    workers: int = 1,
    strict: bool = False,
    resume: bool = False,
) -> Iterator[Outcome]:
    """Convert several documents to another release, into a folder; one that is broken never stops the rest.

    Args:
        sources: A pattern such as ``"map/**/*.xml"``, a folder (its ``*.xml``), or paths one by one.  Names are kept;
            what stands below the fixed part of a pattern stands there in the folder too.
        to: The release, such as ``oso/2019.1``.
        folder: Where the documents go; it is made when it is not there.  A journal is kept in it.
        workers: See :func:`oso_bridge.check_many`.
        strict: Write nothing of a document that would lose something.
        resume: Pass over what an earlier run did with the same content, options and versions, and whose file is still
            as it was written.

    Returns:
        An iterator over the outcomes, in the order of the sources.  Nothing is converted until it is asked for; closing
        it stops the work.  A document whose result has faults is written all the same: :func:`oso_bridge.convert`
        repairs nothing.

    Raises:
        OSError: The folder or the journal cannot be made.
        UsageError: Nothing goes with the pattern, the release is not installed, two documents have the same name, a
            source is no path, or a document would be overwritten.
    """
    root = fixed_part(sources) if isinstance(sources, (str, os.PathLike)) else None
    names: list[str] = []
    for source in documents.expand(sources):
        if not isinstance(source, (str, os.PathLike)) or not isinstance(os.fspath(source), str):
            raise UsageError("convert_many takes paths.", remedy="Use oso.convert for bytes and open files.")
        names.append(os.fspath(source))
    pairs = [(name, below(root, name)) for name in names]
    return convert_named(pairs, to=to, folder=folder, workers=workers, strict=strict, resume=resume)


def fixed_part(what: str | os.PathLike[str]) -> str | None:
    """The folder below which names are kept: the folder itself, or that of a pattern before its first wildcard."""
    text = os.fspath(what)
    if Path(text).is_dir():
        return text
    if not glob.has_magic(text) or Path(text).exists():
        return None
    fixed: list[str] = []
    for part in Path(text).parts[:-1]:
        if glob.has_magic(part):
            break
        fixed.append(part)
    return str(Path(*fixed)) if fixed else "."


def below(root: str | None, name: str) -> str:
    """The name of a file below a folder, with ``/``; its last part when it does not stand there."""
    if root is not None:
        path, start = Path(os.path.normpath(name)), Path(os.path.normpath(root))
        if path.is_relative_to(start):
            return path.relative_to(start).as_posix()
    return Path(name).name


def convert_named(
    pairs: Sequence[tuple[str, str]],
    *,
    to: str,
    folder: str | os.PathLike[str],
    workers: int = 1,
    strict: bool = False,
    resume: bool = False,
) -> Generator[Outcome, None, None]:
    """Convert documents of which the names below the folder are chosen already; see :func:`convert_many`.

    Args:
        pairs: For each document its path, and its name below the folder.
        to: See :func:`convert_many`, as for the arguments below.
        folder: See :func:`convert_many`.
        workers: See :func:`convert_many`.
        strict: See :func:`convert_many`.
        resume: See :func:`convert_many`.

    Raises:
        OSError: See :func:`convert_many`.
        UsageError: See :func:`convert_many`.
    """
    if workers < 1:
        raise UsageError("workers is a whole number from 1 on.")
    target = releases.release(to)
    _refuse_names(pairs, Path(folder))
    Path(folder).mkdir(parents=True, exist_ok=True)
    options = {"command": "convert", "to": target.id, "strict": strict}
    journal = Journal(Path(folder) / FILE_NAME, options, resume=resume)
    items = (_Item(source, name, journal.known(source)) for source, name in pairs)
    return _batch(_Conversion(target.id, os.fspath(folder), strict), items, workers, journal, len(pairs), _FEW)


def _refuse_names(pairs: Sequence[tuple[str, str]], folder: Path) -> None:
    """Refuse, before any work, names that meet each other and files that would be written over a source."""
    # a folder may be copied to a system that does not know capitals from small letters
    taken = {FILE_NAME.casefold()}
    for source, name in pairs:
        if name.casefold() in taken:
            said = f"The folder would have two files of the name {name}."
            raise UsageError(said, where=source, remedy="Convert the documents apart.")
        taken.add(name.casefold())
    standing = {_identity(folder / name) for _, name in pairs} - {None}
    for source, _ in pairs if standing else ():
        if _identity(source) in standing:
            said = "A document would be written over a source."
            raise UsageError(said, where=source, remedy="Choose another folder.")


def _identity(path: str | Path) -> tuple[int, int] | None:
    """What tells a file from others, whatever it is called; None for one that is not there."""
    try:
        found = os.stat(path)  # noqa: PTH116 - of many, in one call
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


@dataclass(frozen=True, slots=True)
class _Conversion:
    """The conversion of one of several documents, also in another process."""

    to: str
    folder: str
    strict: bool

    def __call__(self, item: _Item) -> Outcome:
        before = _as_before(item)
        if before is not None and (before := self._still_there(before, item.target)):
            return before
        try:
            outcome, xml = converted(item.source, to=self.to, strict=self.strict)
        except OSError as error:
            return failed(name_of(item.source), documents.refused(documents.why_unopened(error)))
        if xml is None or item.target is None:
            return outcome
        try:
            file = _write(Path(self.folder), item.target, xml)
        except OSError:
            return failed(outcome.source, documents.refused("DOC.niet-geschreven"), outcome.digest)
        return replace(outcome, file=str(file), result=digest_of(xml))

    def _still_there(self, before: Outcome, name: str | None) -> Outcome | None:
        """An earlier outcome, when the file that came of it is still what was written."""
        if before.result is None or name is None:
            return before
        file = Path(self.folder) / name
        return replace(before, file=str(file)) if _digest(str(file)) == before.result else None


def converted(source: Source | Document, *, to: str, strict: bool = False) -> tuple[Outcome, bytes | None]:
    """Convert one document, and give the outcome instead of raising.

    Args:
        source: See :func:`oso_bridge.convert`.
        to: See :func:`oso_bridge.convert`.
        strict: See :func:`oso_bridge.convert`.

    Returns:
        The outcome, and the document in the other release; None when nothing was made.

    Raises:
        OSError: The source cannot be read.
    """
    name = source.source if isinstance(source, documents.Document) else name_of(source)
    digest: str | None = None
    try:
        document = source if isinstance(source, documents.Document) else documents.read(source)
        digest = document.digest
        return _converted(name, document, to, strict)
    except DocumentError as error:
        return failed(name, documents.refused(error.rule, args=error.args_, line=error.line), digest), None
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours in one document does not stop the rest
        return failed(name, documents.unexpected(error), digest), None


def _converted(name: str, document: Document, to: str, strict: bool) -> tuple[Outcome, bytes | None]:
    from oso_bridge import conversion

    try:
        made = conversion.convert(document, to=to, strict=strict)
    except WouldLose as error:
        finding = documents.refused("DOC.omzetten-verlies", args={"aantal": str(len(error.losses))})
        return replace(failed(name, finding, document.digest), losses=tuple(error.losses)), None
    except UsageError:
        if (rule := _unfit(document, releases.release(to))) is None:
            raise
        finding = documents.refused(rule, args={"release": document.release_id, "doel": to})
        return failed(name, finding, document.digest), None
    outcome = _of_report(made.report, name, document.digest)
    return replace(outcome, losses=tuple(made.losses)), made.xml


def _unfit(document: Document, target: Release) -> str | None:
    """The id for a document that cannot be of a release."""
    if document.release.format != target.format or document.root not in target.roots:
        return "DOC.omzetten-formaat"
    return "DOC.omzetten-release" if document.guess else None


def failed(name: str, error: Finding, digest: str | None = None) -> Outcome:
    """The outcome of a document that nothing could be done with.

    Args:
        name: The name of the document.
        error: Why.
        digest: The digest of its content, when it could be read.
    """
    counts = {**dict.fromkeys(map(str, Severity), 0), str(Severity.ERROR): 1}
    return Outcome(name, digest, 1, counts, {error.rule: 1}, error=error)


def _write(folder: Path, name: str, data: bytes) -> Path:
    """Write a file below a folder: whole or not at all.

    Raises:
        OSError: It cannot be written, or would stand outside the folder.
    """
    file = folder / name
    if not file.parent.resolve().is_relative_to(folder.resolve()):
        raise PermissionError("The file would stand outside the folder.")
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{hashlib.sha256(file.name.encode(errors='replace')).hexdigest()[:16]}.part")
    part.unlink(missing_ok=True)  # of a run that was killed
    try:
        with part.open("xb") as writer:
            writer.write(data)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return file


# --- checking ---------------------------------------------------------------------------------------------------------


def survey(
    sources: Sequence[Source], job: documents.Job, *, workers: int = 1, journal: Journal | None = None
) -> Generator[Outcome, None, None]:
    """Check documents of which only the outcomes are wanted.

    Args:
        sources: The documents.
        job: The check.
        workers: See :func:`oso_bridge.check_many`.
        journal: Where the outcomes are written down, and where those of an earlier run stand; it is closed at the end.

    Returns:
        An iterator over the outcomes, in the order of the sources.
    """
    limits = job.limits or DEFAULT
    items = (
        _Item(documents.portable(source, limits) if workers > 1 else source, known=_known(source, journal))
        for source in sources
    )
    return _batch(_Survey(job), items, workers, journal, len(sources), LARGEST_CHUNK)


def _known(source: Source, journal: Journal | None) -> Mapping[str, Any] | None:
    return journal.known(source) if journal is not None and isinstance(source, str) else None


@dataclass(frozen=True, slots=True)
class _Survey:
    """The check of one of several documents, also in another process."""

    job: documents.Job

    def __call__(self, item: _Item) -> Outcome:
        before = _as_before(item)
        if before is not None:
            return before
        report = self.job(item.source)
        return _of_report(report, report.source, report.digest)


def _of_report(report: Report, name: str, digest: str | None) -> Outcome:
    severities = [(finding.rule, report.severity_of(finding)) for finding in report.findings]
    rules = Counter(rule for rule, severity in severities if severity != SUPPRESS)
    counts = {str(severity): number for severity, number in report.counts.items()}
    return Outcome(name, digest, report.exit_code, counts, dict(rules))


# --- what both share --------------------------------------------------------------------------------------------------


def _batch(
    job: _Conversion | _Survey, items: Iterable[_Item], number: int, journal: Journal | None, total: int, chunk: int
) -> Generator[Outcome, None, None]:
    """The outcomes of the items, each written down as soon as it is there."""
    try:
        shared = min(number, total)
        spread: Iterator[Outcome] = workers.spread(job, items, workers=shared, lost=_lost, total=total, chunk=chunk)
        for outcome in spread:
            if journal is not None and outcome.digest and not outcome.skipped and _stands(outcome):
                journal.add(outcome.source, outcome.digest, _short(outcome))
            yield outcome
    finally:
        if journal is not None:
            journal.close()


def _lost(item: _Item) -> Outcome:
    return failed(name_of(item.source), documents.refused("DOC.proces"))


def _short(outcome: Outcome) -> dict[str, Any]:
    """What of an outcome is written down: all but the texts, and what is not there."""
    error = outcome.error
    told = {
        "exit_code": outcome.exit_code,
        "counts": {name: number for name, number in outcome.counts.items() if number},
        "rules": outcome.rules,
        "result": outcome.result,
        "losses": [[loss.path, loss.kind, loss.elsewhere] for loss in outcome.losses],
        "error": {"rule": error.rule, "args": dict(error.args), "line": error.line} if error else None,
    }
    return {name: value for name, value in told.items() if value or name == "exit_code"}


def _stands(outcome: Outcome) -> bool:
    """Whether another run would find the same."""
    return outcome.error is None or not outcome.error.rule.startswith(_PASSING)


def _as_before(item: _Item) -> Outcome | None:
    """The outcome of an earlier run, when the document is still the same."""
    if item.known is None:
        return None
    digest = item.known.get("digest")
    if not isinstance(digest, str) or _digest(item.source) != digest:
        return None
    try:
        return _from_dict(name_of(item.source), digest, item.known["outcome"])
    except (OsoBridgeError, KeyError, TypeError, ValueError, AttributeError):
        return None  # a journal that somebody changed: the document is done again


def _from_dict(name: str, digest: str, told: Mapping[str, Any]) -> Outcome:
    error = told.get("error")
    return Outcome(
        name,
        digest,
        int(told["exit_code"]),
        {**dict.fromkeys(map(str, Severity), 0), **_numbers(told.get("counts", {}))},
        _numbers(told.get("rules", {})),
        losses=_losses(told.get("losses", [])),
        error=documents.refused(error["rule"], args=error["args"], line=error["line"]) if error else None,
        skipped=True,
        result=told.get("result"),
    )


def _numbers(told: Mapping[str, Any]) -> dict[str, int]:
    return {str(name): int(number) for name, number in told.items()}


def _losses(told: list[Any]) -> tuple[Loss, ...]:
    if not told:
        return ()
    from oso_bridge.binding import Loss

    return tuple(Loss(str(path), str(kind), elsewhere) for path, kind, elsewhere in told)


def _digest(source: Source) -> str | None:
    """The digest of what a source holds; None when it cannot be read."""
    try:
        return digest_of(load(source, DEFAULT.max_bytes).data)
    except (OSError, OsoBridgeError):
        return None
