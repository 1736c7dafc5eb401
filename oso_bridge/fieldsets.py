"""The field sets of a format: which fields of a document go along to a receiver, and a check against them.

A set, such as the Smalle set of UWLR, is agreed upon by the parties and not said in the document.  ``profielen.toml``
of the format holds it: for each field whether it must be there (V), may be there (O) or may not (X).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from oso_bridge import catalog, data, releases
from oso_bridge.document import MAX_FINDINGS, Document
from oso_bridge.errors import UsageError, choose
from oso_bridge.findings import Finding, Severity
from oso_bridge.plan import Branch
from oso_bridge.records import Record
from oso_bridge.releases import Release
from oso_bridge.xml.places import Place

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
    """

    id: str
    title: dict[str, str]
    release: str
    data: tuple[str, ...]
    fields: dict[str, tuple[str, str]]

    def letters(self, path: str) -> tuple[str, str]:
        """The letters of a field; what is not named may not be there."""
        return self.fields.get(path, ("X", "X"))


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
        raise UsageError(f"There is no field set {name!r} in {chosen.id}.", remedy=choose(name, known))
    table = _table(chosen)
    row = next(row for row in table["profile"] if row["id"] == name)
    fields = {path: _letters(said, chosen.version) for path, said in row["fields"].items()}
    return Fieldset(name, dict(row["title"]), chosen.id, tuple(table["data"]), fields)


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


def _findings(document: Document, chosen: Fieldset) -> Iterator[Finding]:
    """What is wrong, branch by branch; of what may not be there the outermost only."""
    index = document.reading.index
    for branch in document.reading.tree.branches:
        below = _below(branch, chosen)
        if below is None or _shut_out(below.rpartition("/")[0], chosen):
            continue
        teller = _Teller(document, chosen, branch)
        letters = chosen.letters(below) if below else ("V", "V")
        for entry, record in enumerate(index.get(branch.number, ())):
            yield from teller.forbidden(letters, entry, None)
            if letters[0] != "X":
                yield from _in_record(teller, below, entry, record)


def _in_record(teller: _Teller, below: str, entry: int, record: Record) -> Iterator[Finding]:
    """What is wrong with the fields of one record."""
    prefix = f"{below}/" if below else ""
    for name in teller.names:
        letters = teller.chosen.letters(prefix + name)
        if name not in record:
            yield from teller.missing(letters, entry, name)
        elif name not in teller.branch.branches:
            yield from teller.forbidden(letters, entry, name)


def _below(branch: Branch, chosen: Fieldset) -> str | None:
    """The path of a branch below the element with the data; empty for that element, None outside it."""
    steps = branch.path.split("/")
    start = next((number for number, step in enumerate(steps) if step in chosen.data), None)
    return None if start is None else "/".join(steps[start + 1 :])


def _shut_out(path: str, chosen: Fieldset) -> bool:
    """Whether a field, or one that it is in, may not be there."""
    steps = path.split("/") if path else []
    return any(chosen.letters("/".join(steps[:length]))[0] == "X" for length in range(1, len(steps) + 1))


class _Teller:
    """Makes the findings about one branch."""

    def __init__(self, document: Document, chosen: Fieldset, branch: Branch) -> None:
        self.chosen = chosen
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
