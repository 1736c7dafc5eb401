"""Conversion: a document of one release becomes one of another, and what that costs is named.

The road is that of reading and writing: document, dossier, record, bytes, check.  What moved between the releases
moves because both tables bind it to the same field.  A place that the other release does not have is a loss found
by :func:`oso_bridge.binding.to_record`.  A value that the other release does not take is found by
:mod:`oso_bridge.fitting`: it is recoded where ``omzetten.toml`` says how, else left out where the structure can do
without it.  What was wrong in the source already stays as it is: a conversion repairs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from typing import Any, BinaryIO

from oso_bridge import binding, data, fitting, plan, releases, writing
from oso_bridge import document as documents
from oso_bridge.binding import Loss
from oso_bridge.codes import code_list
from oso_bridge.data import cached
from oso_bridge.document import Document
from oso_bridge.errors import UsageError, WouldLose
from oso_bridge.filling import VERSIONS, version_of
from oso_bridge.fitting import Fault, Fitting
from oso_bridge.kept import numbered
from oso_bridge.model import Dossier, Schoolbestand
from oso_bridge.model.base import Geheel
from oso_bridge.plan import Branch
from oso_bridge.records import EXTRA, ORDER, Record
from oso_bridge.releases import Release
from oso_bridge.report import Report
from oso_bridge.xml.writer import write_record


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
        UsageError: The release is not installed, or has no documents of that kind, or the release of the source is not
            installed.
        WouldLose: With ``strict``, and something would be lost.
        DocumentError: The source cannot be read.
    """
    document = source if isinstance(source, Document) else documents.read(source)
    target = releases.release(to)
    root = _root(document, target)
    if document.release_id == target.id:
        xml = writing.write(document)
        return Conversion(xml, documents.check(xml))
    here = (document.release, "dossier" if document.root == "dossiers" else document.root)
    there = (target, "dossier" if root == "dossiers" else root)
    wholes: list[Any] = document.dossiers() if here[1] == "dossier" else [document.geheel()]
    parts = [_Part(whole, here, there) for whole in wholes]
    losses = [
        replace(loss, path=f"dossier[{number}].{loss.path}".removesuffix(".dossier") if number > 1 else loss.path)
        for number, part in enumerate(parts, start=1)
        for loss in part.losses
    ]
    record = _several(document, parts, target, losses) if document.root == "dossiers" else parts[0].record
    if losses and strict:
        raise WouldLose(losses)
    xml = write_record(record, plan.load(target).tree(root))
    return Conversion(xml, documents.check(xml, release=target.id), losses)


def _root(document: Document, target: Release) -> str:
    """The root of what is made: that of the document, or in another format the first that holds the same."""
    if document.guess is not None:
        raise UsageError(
            f"The release of the document, {document.guess.id}, is not installed.",
            remedy="Add its official bundle first: oso-bridge release add.",
        )
    if document.release.format != target.format:
        model = binding.model_of(document.release, document.root)
        if model is None:
            document.geheel()  # says what it is instead
        return _root_elsewhere(document, target, model or Dossier)
    if document.root not in target.roots:
        raise UsageError(f"{target.id} has no {document.root}.", remedy="Convert the dossiers one by one.")
    return document.root


def _root_elsewhere(document: Document, target: Release, model: type[Geheel]) -> str:
    try:
        return binding.root_of(target, model)
    except UsageError as error:
        raise UsageError(
            f"A document of {document.release.format} cannot be converted to {target.id}.", remedy=error.remedy
        ) from None


def _several(document: Document, parts: list[_Part], target: Release, losses: list[Loss]) -> Record:
    """The record of a document with several dossiers; what it holds beside them goes along as it is."""
    here, there = document.reading.tree.root, plan.load(target).tree(document.root).root
    beside = {name: value for name, value in document.record.items() if name != "dossier"}
    return {"dossier": [part.record for part in parts], **_copied(beside, here, there, target, "", losses)}


def _copied(record: Record, here: Branch, there: Branch, target: Release, place: str, losses: list[Loss]) -> Record:
    """A record that has no place in the model, as far as the other release has the same elements."""
    made: Record = {}
    for name, value in record.items():
        path = f"{place}.{name}" if place else name
        if name == EXTRA:
            losses.append(Loss(place or here.name, "geen-plaats"))
        elif name in VERSIONS:
            continue
        elif name in there.branches and name in here.branches:
            inner = [
                _copied(item, here.branches[name], there.branches[name], target, numbered(place, name, number), losses)
                for number, item in enumerate(value if isinstance(value, list) else [value])
            ]
            made[name] = inner if there.branches[name].many else inner[0]
        elif name in there.leaves:
            made[name] = value
        elif name != ORDER:
            losses.append(Loss(path, "geen-plaats"))
    versions = {name: str(target.info[name]) for name in VERSIONS if name in there.leaves and name in target.info}
    return {**made, **versions}


class _Part:
    """One dossier on its way to another release.

    Attributes:
        record: Its record there.
        losses: What it lost, in the order of the dossier.
    """

    def __init__(self, whole: Geheel, source: tuple[Release, str], target: tuple[Release, str]) -> None:
        copy = binding.carried(whole, source[0], target[0], (source[1], target[1]))
        _under_the_version_of(target[0], copy)
        fitting.settle_kinds(copy, target[0])
        gone = [Loss(path, "geen-plaats") for path in fitting.drop_types(copy, source, target)]
        written = binding.written(copy, *target)
        self._target = target[0]
        self._fitting = Fitting(copy, written, source, target[0])
        self.record = written.record
        losses = dict.fromkeys([*gone, *_of_the_document(written.losses, source[0]), *self._settled()])
        self._fitting.tidy()
        order = _Order(copy)
        self.losses = [replace(loss, elsewhere=_elsewhere(loss, target[0])) for loss in sorted(losses, key=order)]

    def _settled(self) -> Iterator[Loss]:
        if self._target.format != "oso":
            # administrations have one place for several numbers and postal codes; dossiers have no such choice
            yield from (Loss(path, "een-van-meer") for path in self._fitting.crowded())
        yield from self._refitted()

    def _refitted(self) -> Iterator[Loss]:
        """Recode or leave out each value that the target does not take, until there is no new one."""
        met: set[str] = set()
        while found := [fault for fault in self._fitting.faults() if fault.spot.path not in met]:
            # from the end on, so that the numbers of those before it stay right
            for fault in reversed(found):
                met.add(fault.spot.path)
                yield self._settle(fault)

    def _settle(self, fault: Fault) -> Loss:
        other = None if fault.list is None else _recoded(self._target, fault.list, fault.spot.value)
        if other is not None:
            fault.spot.put(other)
        else:
            fault.spot.remove()
        return Loss(fault.spot.path, "versmald" if other is not None or fault.list is None else "geen-code")


def _under_the_version_of(release: Release, whole: Geheel) -> None:
    """Let a whole that came out of one release go out under the version of another."""
    if isinstance(whole, Dossier):
        for name in VERSIONS:
            setattr(whole.levering, name, None)
    elif isinstance(whole, Schoolbestand) and whole.xsdversie is not None:
        whole.xsdversie = version_of(release)


def _of_the_document(losses: list[Loss], source: Release) -> Iterator[Loss]:
    """The losses of what the document said.

    What was kept of the source and did not come along has no place in the target either.  Of which kind an item is, an
    element says by its name only: no loss of its own, unless it is all that the item says.
    """
    for loss in losses:
        item, _, name = loss.path.rpartition(".")
        named = (fitting.unnumbered(item), name) in _named_kinds(source)
        if not named or not any(other is not loss and other.path.startswith(f"{item}.") for other in losses):
            yield replace(loss, kind="geen-plaats") if loss.kind == "andere-release" else loss


@cached(maxsize=32)
def _named_kinds(release: Release) -> frozenset[tuple[str, str]]:
    """The lists of which a release knows the items by kind, with the field that says so and has no element itself."""
    kinds = binding.table(release).kinds.items()
    return frozenset((place, by) for place, by in kinds if f"{place}.{by}" not in _places(release))


@cached(maxsize=32)
def _places(release: Release) -> frozenset[str]:
    """The places of the model that a release has, without numbers and kinds."""
    return frozenset(map(fitting.unnumbered, plan.model_paths(release).values()))


class _Order:
    """Sorts losses by their place in a dossier."""

    def __init__(self, dossier: Geheel) -> None:
        self._dossier = dossier

    def __call__(self, loss: Loss) -> list[tuple[int, int]]:
        found: Any = self._dossier
        key = []
        for name, number in _STEP.findall(loss.path):
            names = list(getattr(type(found), "model_fields", ()))
            key.append((names.index(name) if name in names else len(names), int(number or 1)))
            found = getattr(found, name, None)
            if isinstance(found, list):
                found = found[key[-1][1] - 1] if key[-1][1] <= len(found) else None
        return key


_STEP = re.compile(r"([^.\[\]]+)(?:\[(\d+)\])?(?:\[[^]]*\])?(?:\.|$)")


# --- what omzetten.toml says ------------------------------------------------------------------------------------------


def _recoded(release: Release, number: int, text: str) -> str | None:
    """What a code has become in a release, where another one says the same or more."""
    for row in _table(release.format).get("recode", ()):
        if row["list"] == number and row["code"] == text:
            known = code_list(release.format, number, release.version).codes
            return str(row["to"]) if row["to"] in known else None
    return None


_OF_A_PLACE = ("geen-plaats", "een-van-meer")


def _elsewhere(loss: Loss, release: Release) -> str | None:
    """Where what is lost could go instead, in a release that has that place; the last row that fits counts."""
    path, places = fitting.unnumbered(loss.path), _places(release)
    found = None
    for row in _table(release.format).get("elsewhere", ()):
        fits = path == row["model"] or path.startswith(row["model"] + ".")
        if fits and row["to"] in places and loss.kind in row.get("kinds", _OF_A_PLACE):
            found = str(row["to"])
    return found


def _table(format_name: str) -> dict[str, Any]:
    return data.toml("schemas", format_name, "omzetten.toml")
