"""Binds dossiers to releases: a record into the model, and the model into a record, by the table of the release.

Through the model nothing is lost: what has no field, what has the wrong type and what stood out of order goes into
``Dossier.extra`` with its release and place, and is put back when that release is written.  What another release has
no place for is a :class:`Loss`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any

from pydantic import BaseModel, ValidationError

from oso_bridge import catalog, data, kept, plan, profiles, releases, tables
from oso_bridge._version import __version__
from oso_bridge.data import cached
from oso_bridge.errors import DataError, DocumentError, OsoBridgeError, UsageError
from oso_bridge.findings import Finding, Severity
from oso_bridge.kept import Held, Kept
from oso_bridge.model import Dossier, Extra
from oso_bridge.plan import Branch
from oso_bridge.records import EXTRA, Record
from oso_bridge.releases import Release
from oso_bridge.tables import Table
from oso_bridge.xml import parser


@dataclass(frozen=True, slots=True)
class Loss:
    """A part of a dossier that a release has no place for.

    Attributes:
        path: The place in the model, such as ``rapport.ondersteuning.lgf[1].begindatum``.
        kind: ``geen-plaats`` (no place), ``een-van-meer`` (one place for several), ``geen-code`` (the list has no
            such code), ``versmald`` (the place takes less), ``andere-release`` (kept of another release).
        elsewhere: Where in the model a person could put it, when that is known and the release has that place.
    """

    path: str
    kind: str
    elsewhere: str | None = None

    def text(self, language: str = "nl") -> str:
        """What is lost, in ``nl`` or ``en``; names no value."""
        return self.finding.text(language)

    @property
    def finding(self) -> Finding:
        """The loss as a finding, with what can be done about it."""
        message = catalog.message("VERLIES", self.kind)
        args = {"pad": self.path}
        return Finding(f"VERLIES.{self.kind}", "model", Severity.ERROR, False, message, path=self.path, args=args)

    def to_dict(self) -> dict[str, Any]:
        """The loss as plain JSON values, with its text in both languages."""
        texts = {language: self.text(language) for language in ("nl", "en")}
        return {"path": self.path, "kind": self.kind, "elsewhere": self.elsewhere, "text": texts}


@cached(maxsize=32)
def table(release: Release, root: str = "dossier") -> Table:
    """The compiled table of a release.

    Args:
        release: The release.
        root: The root of the document: ``dossier``, or ``dossiers`` for one that holds several.

    Raises:
        UsageError: The release is of a format without dossiers.
        DataError: The release has no table, or one that does not fit its structure.
    """
    if "dossier" not in release.roots:
        others = ", ".join(other.id for other in releases.installed() if "dossier" in other.roots)
        raise UsageError(f"{release.id} has no dossiers.", remedy=f"Choose from {others}.")
    file = release.folder / "table.toml"
    if not file.is_file():
        raise DataError(f"The release {release.id} has no table.toml.", where=str(release.folder))
    tree = plan.load(release).tree(root)
    return tables.compile_table(data.load_toml(file).get("row", ()), _dossier_branch(tree.root), tree, Dossier)


def write_paths(release: Release) -> bool:
    """Write ``paths.json`` of a release: for each place of its structure the place in the model.

    Findings name places in the words of the model, and should not need the model to do so.

    Returns:
        True when the file changed.
    """
    file = release.folder / "paths.json"
    text = json.dumps(dict(sorted(table(release).paths.items())), indent=0, ensure_ascii=False) + "\n"
    if file.is_file() and file.read_text(encoding="utf-8") == text:
        return False
    file.write_text(text, encoding="utf-8")
    return True


def _dossier_branch(root: Branch) -> Branch:
    return root if root.name == "dossier" else root.branches["dossier"]


def records(record: Record, root: str) -> list[Record]:
    """The records of the dossiers in a document."""
    return [record] if root == "dossier" else list(record.get("dossier", ()))


def to_dossier(record: Record, release: Release, root: str, trusted: bool) -> Dossier:
    """A dossier from its record.

    Args:
        record: The record of a dossier.
        release: The release whose structure it follows.
        root: The root of the document it is in.
        trusted: True when the record passed the schema and was read strictly; then most need no second look.
    """
    bound = table(release, root)
    if trusted and not bound.unbound:
        try:
            return Dossier.model_validate(bound.read(record))
        except (ValidationError, ValueError):
            # right by the schema and still no value of a type here, such as a date with a time zone
            pass
    return Dossier(**bound.read_carefully(record, lambda kept: _extra(kept, release)))


def _extra(item: Kept, release: Release) -> dict[str, Any]:
    return {
        "release": release.id,
        "pad": item.pad,
        "soort": item.soort,
        "naam": item.naam or None,
        "positie": item.positie,
        "inhoud": item.inhoud,
        "reden": item.reden,
        "bij": item.bij,
    }


def ill_typed(dossier: Dossier) -> list[Finding]:
    """A finding for each value of a document that its field could not hold."""
    return [
        _ill_typed(item, _place(item, path))
        for path, part in dossier.onderdelen()
        for item in part.extra
        if item.reden is not None
    ]


def _ill_typed(item: Extra, path: str) -> Finding:
    words = catalog.type_words(str(item.reden))
    args = {"element": item.pad.rpartition(".")[2], **{f"soort.{key}": text for key, text in words.items()}}
    return Finding(
        "MODEL.type", "model", Severity.WARNING, False, catalog.message("MODEL", "type"), path=path, args=args
    )


def _place(item: Extra, holder: str) -> str:
    """The place in the model of something that was kept; that of its part where the path says nothing known."""
    whole = f"{holder}.{kept.HOLDER}" if holder else kept.HOLDER
    try:
        bound = table(releases.release(item.release))
    except (UsageError, DataError):
        return whole
    if not kept.leads_somewhere(bound.shape.branch, item.pad):
        return whole
    found = bound.place(item.pad)
    # its part may stand elsewhere in its list by now
    steps, others = (path.split(".") if path else [] for path in (holder, found))
    if [step.partition("[")[0] for step in steps] != [step.partition("[")[0] for step in others[: len(steps)]]:
        return whole
    kinds = [other if "=" in other else step for step, other in zip(steps, others, strict=False)]
    return ".".join([*kinds, *others[len(steps) :]])


def to_record(dossier: Dossier, release: Release) -> tuple[Record, list[Loss]]:
    """The record of a dossier for a release, with what that release has no place for.

    Args:
        dossier: The dossier; it is not changed.
        release: The release to write.

    Returns:
        The record of its root ``dossier``, versions and categories filled in, and the losses.
    """
    made = written(dossier, release)
    return made.record, made.losses


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a dossier in a release.

    Attributes:
        record: The record of its root ``dossier``, versions and categories filled in.
        losses: What the release has no place for.
        parts: Each part of the dossier that was written, beside the record that was written of it.
    """

    record: Record
    losses: list[Loss]
    parts: list[Held]


def written(dossier: Dossier, release: Release) -> Written:
    """The record of a dossier for a release, as :func:`to_record` has it, and where each part ended in it."""
    try:
        return _written(dossier, release)
    except OsoBridgeError:
        raise
    except (AttributeError, TypeError, KeyError, ValueError, RecursionError):
        pass  # told below, so that this fault, which may quote a value, is not dragged along
    Dossier.model_validate(_plain(dossier))
    raise UsageError(
        "The dossier holds something that a dossier cannot hold.",
        remedy="Make parts by their classes, and do not change them by model_construct() or __dict__.",
    )


def _written(dossier: Dossier, release: Release) -> Written:
    bound = table(release)
    record, held = bound.write_parts(dossier)
    losses: list[Loss] = []
    again = Dossier.model_validate(bound.read(record))
    if again != dossier:
        losses += _missing(dossier, again, "", bound.kinds)
        gone = {id(item) for part in held if part.part.extra for item in _lost(part, release, bound)}
        losses += _kept_losses(dossier, gone, {id(part.part) for part in held}, release)
    fill(record, dossier, release)
    kept.settle_order(record, bound.shape.branch)
    return Written(record, losses, held)


def carried(dossier: Dossier, source: Release, target: Release) -> Dossier:
    """A copy of a dossier whose ``extra`` is that of another release, as far as it has the same places.

    An unusual order, elements that should have been there, and where the schema is to be found say nothing outside
    their document, and are left out.

    Args:
        dossier: The dossier, as read from its document.
        source: The release of the document.
        target: The release that it goes to.
    """
    copy = dossier.model_copy(deep=True)
    if not any(copy.bewaard()):
        return copy
    here, there = table(source), table(target)
    places = {id(held.part): held for held in there.write_parts(copy)[1]}
    for held in here.write(copy)[1]:
        held.part.extra = [item for item in held.part.extra if not _is_of_the_form(item)]
        for item in held.part.extra:
            if item.release == source.id and item.soort in ("waarde", "blok") and id(held.part) in places:
                _carry(item, kept.below(held.branch, here.shape.branch, item.pad), places[id(held.part)], there, target)
    return copy


_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def _is_of_the_form(item: Extra) -> bool:
    """Whether what was kept is about the form of its document only."""
    where = (f"{_XSI}schemaLocation", f"{_XSI}noNamespaceSchemaLocation")
    return item.soort in ("volgorde", "ontbreekt") or (item.soort == "attribuut" and item.naam in where)


def _carry(item: Extra, below: str | None, held: Held, there: Table, target: Release) -> None:
    """Give what was kept to another release, when the same part has the same place there."""
    if below is None:
        return
    path = held.branch.path.removeprefix(there.shape.branch.path).strip("/").replace("/", ".")
    moved = item.model_copy(update={"release": target.id, "pad": ".".join(filter(None, (path, below)))})
    if not kept.restore(Held(held.part, {}, held.branch), there.shape.branch, [moved], _is_element):
        item.release, item.pad = moved.release, moved.pad


def _plain(part: Any) -> Any:
    """A part as plain values, whatever was put into it."""
    if isinstance(part, BaseModel):
        return {name: _plain(value) for name, value in part.__dict__.items()}
    return [_plain(item) for item in part] if isinstance(part, list) else part


def _lost(held: Held, release: Release, bound: Table) -> list[Extra]:
    """What a part holds of this release and could not be put back."""
    own = [item for item in held.part.extra if item.release == release.id]
    return kept.restore(held, bound.shape.branch, own, _is_element)


def _is_element(text: Any, name: str) -> bool:
    """Whether a text is one element of XML of that name, with nothing beside it."""
    if not isinstance(text, str) or "<!" in text or "<?" in text:
        return False
    try:
        element = parser.parse(text.encode())
    except (DocumentError, UnicodeEncodeError):
        return False
    return element.tag == name


def _kept_losses(dossier: Dossier, gone: set[int], written: set[int], release: Release) -> Iterator[Loss]:
    """A loss for everything that was kept and is not written."""
    for path, part in dossier.onderdelen():
        for item in part.extra:
            if item.release != release.id:
                yield Loss(_place(item, path) or _WHOLE, "andere-release")
            elif id(item) in gone or id(part) not in written:
                yield Loss(_place(item, path) or _WHOLE, "geen-plaats")


_WHOLE = "dossier"
"""The place of what the root itself held."""
_NUMBER = re.compile(r"\[\d+\]")


def _missing(whole: BaseModel, part: BaseModel | None, path: str, kinds: dict[str, str]) -> Iterator[Loss]:
    for name in type(whole).model_fields:
        value = getattr(whole, name)
        if value is None or value == [] or name == kept.HOLDER:
            continue
        place = f"{path}.{name}" if path else name
        if path == "levering" and name in VERSIONS:
            continue
        other = getattr(part, name, None) if part is not None else None
        if isinstance(value, list):
            yield from _missing_items(value, other or [], place, kinds)
        elif isinstance(value, BaseModel):
            yield from _missing(value, other, place, kinds)
        elif value != other:
            yield Loss(place, "geen-plaats")


def _missing_items(values: list[Any], others: list[Any], place: str, kinds: dict[str, str]) -> Iterator[Loss]:
    by = kinds.get(_NUMBER.sub("", place))
    kind = (lambda item: None) if by is None else attrgetter(by)
    same: dict[Any, list[Any]] = {}
    for item in others:
        same.setdefault(kind(item), []).append(item)
    before: Counter[Any] = Counter()
    for number, value in enumerate(values):
        where = place if number == 0 else f"{place}[{number + 1}]"
        alike, at = same.get(kind(value), []), before[kind(value)]
        before[kind(value)] += 1
        other = alike[at] if at < len(alike) else None
        if other is None:
            yield from (Loss(lost, "een-van-meer" if alike else "geen-plaats") for lost in _whole(value, where, kinds))
        elif isinstance(value, BaseModel):
            yield from _missing(value, other, where, kinds)
        elif value != other:
            yield Loss(where, "geen-plaats")


def _whole(value: Any, where: str, kinds: dict[str, str]) -> list[str]:
    """The places of all that an item of a list holds."""
    if not isinstance(value, BaseModel):
        return [where]
    return [loss.path for loss in _missing(value, None, where, kinds)] or [where]


def _is_of_another(metadata: Record, release: Release) -> bool:
    """Whether all that a document says of its form is that of one other release; one deviating value is its own."""
    said = {name: metadata[name] for name in VERSIONS if name in metadata}
    others = (other for other in releases.installed() if other.format == release.format and other != release)
    return len(said) > 1 and any(all(str(other.info.get(name)) == said[name] for name in said) for other in others)


VERSIONS = ("standaardversie", "validatieversie", "eldversie", "xsdversie")
"""What a document says of its own form: filled in by the release that is written, and never lost by another."""


def fill(record: Record, dossier: Dossier, release: Release) -> None:
    """Fill in what the release asks of every dossier and its maker left out: versions, dates, categories."""
    metadata = record.setdefault("metadata", {})
    structure = plan.load(release).tree("dossier").by_path["dossier/metadata"]
    standing: dict[str, str] = {"deeldossier": "LASLVS", "datum": date.today().isoformat()}
    if "pakketnaam" not in metadata and "pakketversie" not in metadata:
        standing |= {"pakketnaam": "oso_bridge", "pakketversie": __version__}
    if _is_of_another(metadata, release):
        # a dossier that came in another release does not go out under the version of that one
        for name in VERSIONS:
            metadata.pop(name, None)
    standing |= {name: str(release.info[name]) for name in VERSIONS if name in release.info}
    for name, value in standing.items():
        if name in structure.leaves and name not in _kept_whole(metadata):
            metadata.setdefault(name, value)
    chosen = profiles.profile_of(dossier.levering.overdrachtsoort, dossier.levering.overstap)
    categories = structure.branches.get("categorie_uitlevering")
    if chosen is not None and categories is not None:
        present = metadata.setdefault("categorie_uitlevering", {})
        kept = _kept_whole(present)
        for name in categories.leaves:
            if name not in kept:
                present.setdefault(name, chosen.category(name))


def _kept_whole(record: Record) -> set[str]:
    """The names of the elements that travel along as they were read, and need no second one beside them."""
    return {item["name"].rpartition("}")[2] for item in record.get(EXTRA, ()) if item["kind"] == "element"}
