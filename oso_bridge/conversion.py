"""Conversion: a document of one release becomes one of another, and what that costs is named.

The road is that of reading and writing: document, dossier, record, bytes, check.  What moved between the releases
moves because both tables bind it to the same field.  A place that the other release does not have is a loss found
by :func:`oso_bridge.binding.to_record`.  A value that the other release does not take is found by the check of what
was made: the value is recoded where ``omzetten.toml`` says how, else left out where the structure can do without it.
What was wrong in the source already stays as it is: a conversion repairs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from typing import Any, BinaryIO

from oso_bridge import binding, data, plan, releases, writing
from oso_bridge import document as documents
from oso_bridge.binding import Loss
from oso_bridge.codes import code_list
from oso_bridge.document import Document
from oso_bridge.errors import UsageError, WouldLose
from oso_bridge.findings import Finding
from oso_bridge.model import Dossier
from oso_bridge.plan import Branch, Tree
from oso_bridge.records import GROUPS, TEXT, Record
from oso_bridge.releases import Release
from oso_bridge.report import Report
from oso_bridge.xml.writer import write_record

_ABOUT_VALUES = frozenset(
    ("keuzelijst", "type", "patroon", "lengte", "te-kort", "te-lang", "te-klein", "te-groot", "cijfers", "decimalen")
)
_MOST_ROUNDS = 20
"""Leaving out a value can show another: a check names only the first fault of some values."""


@dataclass(frozen=True)
class Conversion:
    """What a conversion made.

    Attributes:
        xml: The document in the other release.
        report: What the check says of it.
        losses: What of the source is not in it, or no longer says the same.
    """

    xml: bytes
    report: Report
    losses: list[Loss] = field(default_factory=list)

    @cached_property
    def document(self) -> Document:
        """What was made, read again."""
        return documents.read(self.xml)

    def __repr__(self) -> str:
        return f"Conversion(ok={self.report.ok}, losses={len(self.losses)})"


def convert(source: str | PathLike[str] | bytes | BinaryIO | Document, *, to: str, strict: bool = False) -> Conversion:
    """Convert a document to another release.

    Args:
        source: A path, bytes, an open file, or what :func:`oso_bridge.read` gave.
        to: The release, such as ``oso/2019.1``.
        strict: Refuse when something would be lost.

    Returns:
        The document, the report on it, and the losses, in the order of the dossier.  A document that is of that
        release already is copied.

    Raises:
        UsageError: The release is not installed, or belongs to another format, or the release of the source is not
            installed.
        WouldLose: With ``strict``, and something would be lost.
        DocumentError: The source cannot be read.
    """
    document = source if isinstance(source, Document) else documents.read(source)
    target = releases.release(to)
    _refuse_unfit(document, target)
    if document.release_id == target.id:
        xml = writing.write(document)
        return Conversion(xml, documents.check(xml))
    parts = [_Part(dossier, document.release, target) for dossier in document.dossiers()]
    several = document.root != "dossier"
    losses = [
        replace(loss, path=f"dossier[{number}].{loss.path}" if several else loss.path)
        for number, part in enumerate(parts, start=1)
        for loss in part.losses
    ]
    losses += _beside(document)
    if losses and strict:
        raise WouldLose(losses)
    records = [part.record for part in parts]
    xml = write_record({"dossier": records} if several else records[0], plan.load(target).tree(document.root))
    return Conversion(xml, documents.check(xml), losses)


def _refuse_unfit(document: Document, target: Release) -> None:
    if document.release.format != target.format:
        raise UsageError(
            f"A document of {document.release.format} cannot be converted to {target.id}.",
            remedy="Convert within one format; between formats there are mappings.",
        )
    if document.guess is not None:
        raise UsageError(
            f"The release of the document, {document.guess.id}, is not installed.",
            remedy="Add its official bundle first: oso-bridge release add.",
        )
    if document.root not in target.roots:
        raise UsageError(f"{target.id} has no {document.root}.", remedy="Convert the dossiers one by one.")


def _beside(document: Document) -> Iterator[Loss]:
    """What a document with several dossiers holds beside them."""
    if document.root != "dossier":
        for name in document.record:
            if name != "dossier" and name[0] != "#":
                yield Loss(name, "geen-plaats")


class _Part:
    """One dossier on its way to another release.

    Attributes:
        record: Its record there.
        losses: What it lost.
    """

    def __init__(self, dossier: Dossier, source: Release, target: Release) -> None:
        self._dossier = dossier
        self._source = source
        self._tree = plan.load(target).tree("dossier")
        self._target = target
        self.record, found = binding.to_record(binding.carried(dossier, source, target), target)
        # what was kept of the source and did not come along has no place here either
        self.losses = [replace(loss, kind="geen-plaats") if loss.kind == "andere-release" else loss for loss in found]
        self._settle_values()
        self.losses = [replace(loss, elsewhere=_elsewhere(loss, target)) for loss in self.losses]

    def _settle_values(self) -> None:
        """Recode or leave out each value that this release does not take and that of the source did."""
        met: set[str] = set()
        for _ in range(_MOST_ROUNDS):
            found = [finding for finding in self._value_faults() if finding.xpath not in met]
            if not found:
                return
            # from the end on, so that the numbers of those before it stay right
            for finding in reversed(found):
                met.add(str(finding.xpath))
                self._settle(finding)

    def _value_faults(self) -> list[Finding]:
        found = _about_values(self.record, self._tree)
        if not found:
            return []
        known = self._known_faults
        return [finding for finding in found if (finding.path, finding.rule) not in known]

    @cached_property
    def _known_faults(self) -> set[tuple[str | None, str]]:
        """The faults of values that the source has already."""
        record, _ = binding.to_record(self._dossier, self._source)
        tree = plan.load(self._source).tree("dossier")
        return {(finding.path, finding.rule) for finding in _about_values(record, tree)}

    def _settle(self, finding: Finding) -> None:
        spot = _spot(self.record, self._tree.root, str(finding.xpath))
        if spot is None:
            return
        code = finding.args.get("lijst") if finding.layer == "codes" else None
        other = _recoded(self._target, code, spot.value) if code else None
        if other is not None:
            spot.put(other)
        elif spot.optional:
            spot.remove()
        kind = "versmald" if other is not None or code is None else "geen-code"
        self.losses.append(Loss(str(finding.path or finding.xpath), kind))


def _about_values(record: Record, tree: Tree) -> list[Finding]:
    """What the check says of single values, in the order of the document."""
    report = documents.check(write_record(record, tree), layers=("schema", "codes"))
    return [
        finding
        for finding in report.findings
        if finding.xpath
        and ((finding.layer == "codes" and "lijst" in finding.args) or finding.rule.split(".")[1] in _ABOUT_VALUES)
    ]


# --- a value in a record ----------------------------------------------------------------------------------------------

_STEP = re.compile(r"([^/\[\]]+)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a value stands in a record."""

    owner: Record
    name: str
    number: int
    optional: bool

    @property
    def value(self) -> str:
        found = self.owner[self.name]
        found = found[self.number] if isinstance(found, list) else found
        return str(found[TEXT] if isinstance(found, dict) else found)

    def put(self, text: str) -> None:
        found = self.owner[self.name]
        old = found[self.number] if isinstance(found, list) else found
        new = {**old, TEXT: text} if isinstance(old, dict) else text
        if isinstance(found, list):
            found[self.number] = new
        else:
            self.owner[self.name] = new

    def remove(self) -> None:
        found = self.owner[self.name]
        if isinstance(found, list) and len(found) > 1:
            del found[self.number]
        else:
            del self.owner[self.name]


def _spot(record: Record, branch: Branch, xpath: str) -> _Spot | None:
    """The leaf at a place of a document, in the record it was written from."""
    steps = [(name, int(number)) for name, number in _STEP.findall(xpath)][1:]
    for position, (name, number) in enumerate(steps, start=1):
        found = _children(record, name)
        if number > len(found):
            return None
        owner, at = found[number - 1]
        if position == len(steps):
            leaf = branch.leaves.get(name)
            several = isinstance(owner[name], list) and len(owner[name]) > 1
            return _Spot(owner, name, at, several or _may_go(branch, name)) if leaf else None
        inner = owner[name]
        record, branch = inner[at] if isinstance(inner, list) else inner, branch.branches[name]
    return None


def _children(record: Record, name: str) -> list[tuple[Record, int]]:
    """The children of a name: the record each stands in, and its number there."""
    owners = record.get(GROUPS, (record,))
    return [
        (owner, number)
        for owner in owners
        if name in owner
        for number in range(len(owner[name]) if isinstance(owner[name], list) else 1)
    ]


def _may_go(branch: Branch, name: str) -> bool:
    """Whether the structure can do without a child."""
    for particle in branch.content:
        if name in [item["name"] for item in particle.get("choice", (particle,))]:
            return not particle["min"]
    return True


# --- what omzetten.toml says ------------------------------------------------------------------------------------------


def _recoded(release: Release, number: str, text: str) -> str | None:
    """What a code has become in a release, where another one says the same or more."""
    for row in _table(release.format).get("recode", ()):
        if str(row["list"]) == number and row["code"] == text:
            codes = code_list(release.format, row["list"], release.version).codes
            return str(row["to"]) if row["to"] in codes else None
    return None


def _elsewhere(loss: Loss, release: Release) -> str | None:
    """Where what is lost could go instead, in a release that has that place."""
    path = re.sub(r"\[\d+\]", "", loss.path)
    places = {place.replace("[]", "") for place in plan.model_paths(release).values()}
    for row in _table(release.format).get("elsewhere", ()):
        if (path == row["model"] or path.startswith(row["model"] + ".")) and row["to"] in places:
            return str(row["to"])
    return None


def _table(format_name: str) -> dict[str, Any]:
    return data.toml("schemas", format_name, "omzetten.toml")
