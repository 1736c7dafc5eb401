"""The field sets of a format: which fields of a document go along to a receiver, a check against them, and a reduction.

A set, such as the Smalle set of UWLR, is agreed upon by the parties and not said in the document.  ``profielen.toml``
of the format holds it: for each field whether it must be there (V), may be there (O) or may not (X).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from oso_bridge import binding, catalog, data, plan, releases
from oso_bridge import document as documents
from oso_bridge.binding import Loss
from oso_bridge.document import MAX_FINDINGS, Document
from oso_bridge.errors import UsageError, choose
from oso_bridge.findings import Finding, Severity
from oso_bridge.kept import HOLDER, numbered
from oso_bridge.model import Schooladministratie
from oso_bridge.model.administratie import GEVOELIG, Administratieleerling
from oso_bridge.plan import Branch
from oso_bridge.records import EXTRA, ORDER, Record
from oso_bridge.releases import Release
from oso_bridge.xml.places import Place
from oso_bridge.xml.writer import write_record

LAYER = "profile"
_SOURCES = {
    "schema": {"nl": "schema van het profiel", "en": "schema of the profile"},
    "voorlopig": {"nl": "naar wat ervan is aangekondigd", "en": "by what was announced of it"},
    "documentatie": {"nl": "documentatie", "en": "documentation"},
}


@dataclass(frozen=True)
class Fieldset:
    """A field set as it holds in a release.

    Attributes:
        id: Its name, such as ``smalle-set``.
        title: By language.
        release: The id of the release.
        data: The elements that hold the data; paths are below one of these.
        fields: For each path, such as ``leerlingen/leerling/@key``, the letter of the published schema and that of the
            documentation, most often the same: ``V`` must, ``O`` may, ``X`` may not be there.
        within: Other letters below one of those elements, such as ``leerlinggegevens-structuur``.
    """

    id: str
    title: dict[str, str]
    release: str
    data: tuple[str, ...]
    fields: dict[str, tuple[str, str]]
    within: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)

    def letters(self, path: str, element: str | None = None) -> tuple[str, str]:
        """The letters of a field; what is not named may not be there.

        Args:
            path: The path below the element that holds the data.
            element: That element, where it matters.
        """
        own = self.within.get(element, {}) if element else {}
        return own.get(path) or self.fields.get(path, ("X", "X"))


def names(release: str) -> tuple[str, ...]:
    """The ids of the field sets of a release.

    Raises:
        UsageError: The release is not installed.
    """
    chosen = releases.release(release)
    return tuple(row["id"] for row in _table(chosen).get("profile", ()) if chosen.version in row["releases"])


def fieldset(name: str, *, release: str) -> Fieldset:
    """A field set of a release.

    Args:
        name: Its id, such as ``smalle-set``.
        release: The id of an installed release, such as ``uwlr/2.2``.

    Raises:
        UsageError: There is no such release, or it has no such field set.
    """
    chosen = releases.release(release)
    known = names(release)
    if name not in known:
        raise UsageError(f"There is no field set {name!r} in {chosen.id}.", remedy=_instead(name, known))
    table = _table(chosen)
    row = next(row for row in table["profile"] if row["id"] == name)
    fields = {path: _letters(said, chosen.version) for path, said in row["fields"].items()}
    within = {
        element: {path: _letters(said, chosen.version) for path, said in own.items()}
        for element, own in row.get("within", {}).items()
    }
    return Fieldset(name, dict(row["title"]), chosen.id, tuple(table["data"]), fields, within)


def _instead(name: str, known: tuple[str, ...]) -> str:
    """What to name in the place of a field set that does not exist."""
    if known:
        return choose(name, known)
    having = ", ".join(item.id for item in releases.installed() if names(item.id))
    return f"Field sets are of these releases: {having}."


def check(document: Document, name: str) -> list[Finding]:
    """What a document has too much or too little for a field set.

    What only the documentation of the set asks, and its schema does not, is a warning.

    Args:
        document: What :func:`oso_bridge.read` gave.
        name: The id of the set, such as ``smalle-set``.

    Returns:
        The findings in the order of the structure, at most 2000: ``PROF.ontbreekt`` and ``PROF.verboden``. None for
        a message without pupil data, such as a request.

    Raises:
        UsageError: The release of the document has no such field set.
    """
    chosen = fieldset(name, release=document.release.id)
    return list(islice(_findings(document, chosen), MAX_FINDINGS))


@dataclass(frozen=True)
class Reduced:
    """Pupil data brought back to a field set.

    Attributes:
        administratie: The administration without what does not belong in the set.
        left: What did not go along, with its place in the administration that was given.
        missing: What must be there in the set and is not (``PROF.ontbreekt``); places are those of a message.
    """

    administratie: Schooladministratie
    left: list[Loss] = field(default_factory=list)
    missing: list[Finding] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"Reduced(left={len(self.left)}, missing={len(self.missing)})"


def reduce(administratie: Schooladministratie, name: str, *, release: str) -> Reduced:
    """Leave out of pupil data what does not belong in a field set; nothing is made up for what is missing.

    What was kept of a document in ``extra`` is in no set. A field that the published schema of the set has and its
    documentation has not stays behind too. Where the set has the last four digits of a number, they are taken from the
    full one. ``xsdversie`` becomes that of the release.

    Args:
        administratie: The pupil data; they are not changed.
        name: The id of the set, such as ``smalle-set``.
        release: The release that they are to be written in, such as ``uwlr/2.2``.

    Raises:
        UsageError: The release is not installed, or has no such field set; or a text holds a character that XML does
            not allow.
    """
    binding.require(administratie, Schooladministratie)
    chosen, target = fieldset(name, release=release), releases.release(release)
    root = chosen.data[0]
    bound, tree = binding.table(target, root), plan.load(target).tree(root)
    whole = bound.write(_shortened(administratie))[0]
    made = Schooladministratie.model_validate(bound.read(trimmed(whole, tree.root, "", chosen)))
    _drop_references(administratie, made)
    homeless = {
        loss.path for loss in binding.gone(administratie, Schooladministratie.model_validate(bound.read(whole)), bound)
    }
    lost = binding.gone(administratie, made, bound)
    left = [loss if loss.path in homeless else replace(loss, kind="veldset") for loss in lost]
    left += [Loss(f"{path}.{HOLDER}".lstrip("."), "veldset") for path, part in administratie.onderdelen() if part.extra]
    if _may(chosen, "school/xsdversie"):
        # not data of the school: it says in which release the message is
        made.xsdversie = str(target.info["versions"][0])
    return Reduced(made, left, _missing(made, name, target, root))


def without_sensitive(administratie: Schooladministratie) -> Reduced:
    """Leave out the sensitive details of pupils: origin, weight and full numbers; what has a field else goes along.

    Nobody knows what ``extra`` holds, a number in a wrong place for example: it stays behind too.

    Of a bsn or onderwijsnummer the last four digits stay, which the standard prefers (manual of EDEXML 2.1).

    Args:
        administratie: The pupil data; they are not changed.
    """
    binding.require(administratie, Schooladministratie)
    made, left = _shortened(administratie), []
    for number, leerling in enumerate(made.leerlingen):
        for name in sorted(GEVOELIG):
            if getattr(leerling, name) not in (None, []):
                setattr(leerling, name, type(leerling).model_fields[name].get_default(call_default_factory=True))
                left.append(Loss(f"{numbered('', 'leerlingen', number)}.{name}", "gevoelig"))
    for path, part in made.onderdelen():
        if part.extra:
            part.extra = []
            left.append(Loss(f"{path}.{HOLDER}".lstrip("."), "gevoelig"))
    return Reduced(made, left)


_NUMBER = re.compile(r"[0-9]{9}", re.ASCII)


def _shortened(administratie: Schooladministratie) -> Schooladministratie:
    """A copy in which the last four digits stand beside every full number."""
    made = administratie.model_copy(deep=True)
    for leerling in made.leerlingen:
        leerling.bsn_ondwnr4 = last_digits(leerling)
    return made


def last_digits(leerling: Administratieleerling) -> str | None:
    """The last four digits of the number of a pupil: those that were given, else those of the full one."""
    number = leerling.bsn or leerling.onderwijsnummer or ""
    return number[-4:] if leerling.bsn_ondwnr4 is None and _NUMBER.fullmatch(number) else leerling.bsn_ondwnr4


def trimmed(record: Record, branch: Branch, below: str, chosen: Fieldset) -> Record:
    """A record with the fields of a set only, without what was kept of a document in ``extra``.

    Args:
        record: The record.
        branch: Its branch.
        below: Its path in the set; empty for the element that holds the data.
        chosen: The set.
    """
    kept: Record = {}
    for name, value in record.items():
        path = f"{below}/{name}" if below else name
        if name == ORDER:
            kept[name] = [child for child in value if _may(chosen, f"{below}/{child}" if below else child)]
        elif name != EXTRA and _may(chosen, path):
            kept[name] = _trimmed_value(value, branch.branches.get(name), path, chosen)
    return kept


def _trimmed_value(value: Any, branch: Branch | None, path: str, chosen: Fieldset) -> Any:
    if branch is None:
        return value
    if isinstance(value, list):
        return [trimmed(item, branch, path, chosen) for item in value]
    return trimmed(value, branch, path, chosen)


def _may(chosen: Fieldset, path: str) -> bool:
    """Whether schema and documentation of a set both let a field be there."""
    return "X" not in chosen.letters(path)


def _drop_references(whole: Schooladministratie, part: Schooladministratie) -> None:
    """Take references out of the reduced administration to groups and branches that did not go along."""
    gone = _keys(whole) - _keys(part)
    for leerling in part.leerlingen:
        for name in ("groep", "vestiging"):
            if getattr(leerling, name) in gone:
                setattr(leerling, name, None)
        kept = [group for group in leerling.samengestelde_groepen if group.sleutel not in gone]
        leerling.samengestelde_groepen = kept
    for leerkracht in part.leerkrachten:
        leerkracht.groepen = [group for group in leerkracht.groepen if group.sleutel not in gone]


def _keys(administratie: Schooladministratie) -> set[str | None]:
    """The keys of groups and branches."""
    groups = {groep.sleutel for groep in administratie.groepen}
    return (groups | {vestiging.sleutel for vestiging in administratie.vestigingen}) - {None}


def _missing(made: Schooladministratie, name: str, target: Release, root: str) -> list[Finding]:
    """What must be there and is not, in the message that would be written."""
    record = binding.to_record(made, target, root)[0]
    xml = write_record(record, plan.load(target).tree(root))
    found = check(documents.read(xml, release=target.id), name)
    return [
        replace(finding, path=plan.model_path(target, finding.xpath or "") or finding.path)
        for finding in found
        if finding.rule == "PROF.ontbreekt"
    ]


def _findings(document: Document, chosen: Fieldset) -> Iterator[Finding]:
    """What is wrong, branch by branch; of what may not be there the outermost only."""
    index = document.reading.index
    for branch in document.reading.tree.branches:
        element, below = _below(branch, chosen)
        if element is None or _shut_out(below.rpartition("/")[0], chosen):
            continue
        teller = _Teller(document, chosen, branch, element)
        letters = chosen.letters(below, element) if below else ("V", "V")
        for entry, record in enumerate(index.get(branch.number, ())):
            yield from teller.forbidden(letters, entry, None)
            if letters[0] != "X":
                yield from _in_record(teller, below, entry, record)


def _in_record(teller: _Teller, below: str, entry: int, record: Record) -> Iterator[Finding]:
    """What is wrong with the fields of one record."""
    prefix = f"{below}/" if below else ""
    for name in teller.names:
        letters = teller.chosen.letters(prefix + name, teller.element)
        if name not in record:
            yield from teller.missing(letters, entry, name)
        elif name not in teller.branch.branches:
            yield from teller.forbidden(letters, entry, name)


def _below(branch: Branch, chosen: Fieldset) -> tuple[str | None, str]:
    """The element with the data that a branch is in, None outside it; and the path below that, empty for itself."""
    steps = branch.path.split("/")
    start = next((number for number, step in enumerate(steps) if step in chosen.data), None)
    return (None, "") if start is None else (steps[start], "/".join(steps[start + 1 :]))


def _shut_out(path: str, chosen: Fieldset) -> bool:
    """Whether a field, or one that it is in, may not be there."""
    steps = path.split("/") if path else []
    return any(chosen.letters("/".join(steps[:length]))[0] == "X" for length in range(1, len(steps) + 1))


class _Teller:
    """Makes the findings about one branch."""

    def __init__(self, document: Document, chosen: Fieldset, branch: Branch, element: str) -> None:
        self.chosen = chosen
        self.element = element
        self.branch = branch
        self.names = [*(f"@{name}" for name in branch.attributes), *branch.child_names]
        self._locator = document.locator
        self._sources = ("voorlopig" if document.release.provisional else "schema", "documentatie")

    def forbidden(self, letters: tuple[str, str], entry: int, name: str | None) -> Iterator[Finding]:
        """A field that is there and may not be; without a name it is the branch itself."""
        source = next((source for letter, source in zip(letters, self._sources, strict=True) if letter == "X"), None)
        if source is not None:
            leaf = name if name in self.branch.leaves else None
            yield self._finding("verboden", source, self._locator.place(self.branch, entry, leaf), name)

    def missing(self, letters: tuple[str, str], entry: int, name: str) -> Iterator[Finding]:
        """A field that must be there and is not."""
        source = next((source for letter, source in zip(letters, self._sources, strict=True) if letter == "V"), None)
        if source is not None:
            yield self._finding("ontbreekt", source, self._locator.place(self.branch, entry), name)

    def _finding(self, kind: str, source: str, place: Place, name: str | None) -> Finding:
        label = f"{self.branch.name}/{name}" if name and name.startswith("@") else name or self.branch.name
        args = {"element": label, "ouder": self.branch.name}
        for language, said in _SOURCES[source].items():
            args |= {f"bron.{language}": said, f"profiel.{language}": self.chosen.title[language]}
        severity = Severity.WARNING if source == "documentatie" else Severity.ERROR
        message = catalog.message("PROF", kind)
        at, xpath, line = place.path, place.xpath, place.line
        return Finding(f"PROF.{kind}", LAYER, severity, False, message, path=at, xpath=xpath, line=line, args=args)


def _letters(said: Any, version: str) -> tuple[str, str]:
    """``O/V`` as ``("O", "V")``, ``O`` as ``("O", "O")``."""
    text = str(said[version] if isinstance(said, dict) else said)
    first, _, second = text.partition("/")
    return first, second or first


def _table(release: Release) -> dict[str, Any]:
    """The field sets of a format; a format may use a file of that name for something else."""
    table = data.toml("schemas", release.format, "profielen.toml")
    return table if "data" in table else {}
