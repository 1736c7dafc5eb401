"""Binds the model to releases: a record into the model, and the model into a record, by the table of the release.

A document of one root is a dossier, one of another the administration of a school, or results; ``format.toml`` says
which.  Through the model nothing is lost: what has no field, what has the wrong type and what stood out of order goes
into ``extra`` of its part with its release and place, and is put back when that release is written.  What another
release has no place for is a :class:`Loss`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, cast, get_args

from pydantic import BaseModel, ValidationError

from oso_bridge import catalog, data, kept, plan, releases, tables
from oso_bridge.data import cached
from oso_bridge.errors import DataError, DocumentError, OsoBridgeError, UsageError, choose
from oso_bridge.filling import VERSIONS, fill
from oso_bridge.findings import Finding, Severity
from oso_bridge.kept import Held, Kept
from oso_bridge.model import Dossier, Extra, Leerresultaten, Schooladministratie
from oso_bridge.model.base import Deel, Geheel, parts
from oso_bridge.records import Record
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


MODELS: dict[str, type[Geheel]] = {model.__name__: model for model in (Dossier, Schooladministratie, Leerresultaten)}
"""What a whole document can become, by name."""

_WORDS = {"Dossier": "dossiers", "Schooladministratie": "pupil data of a school", "Leerresultaten": "results of pupils"}
_METHODS = {"Dossier": "dossier", "Schooladministratie": "administratie", "Leerresultaten": "leerresultaten"}


def _rows_of(release: Release, key: str) -> list[dict[str, Any]]:
    """The rows of ``format.toml`` under a key, those about roots that the release has."""
    rows = data.toml("schemas", release.format, "format.toml").get(key, ())
    return [row for row in rows if "roots" not in row or set(row["roots"]) & set(release.roots)]


@cached(maxsize=64)
def _row_of(release: Release, root: str) -> dict[str, Any] | None:
    """The row of ``format.toml`` that says what a document of a root is in the model."""
    return next((row for row in _rows_of(release, "model") if root in row["roots"]), None)


def model_of(release: Release, root: str) -> type[Geheel] | None:
    """What a document of a root is in the model; None for a message that is nothing there, such as a request."""
    row = _row_of(release, root)
    return None if row is None else MODELS[row["name"]]


def roots_of(release: Release, model: type[Geheel]) -> list[str]:
    """The roots of the documents that a model is written as, the first of them when no other is asked for.

    Raises:
        UsageError: The release has none.
    """
    rows = [row for row in _rows_of(release, "model") if row["name"] == model.__name__ and "each" not in row]
    found = [root for row in rows for root in row["roots"] if root in release.roots]
    if not found:
        words = _WORDS[model.__name__]
        others = ", ".join(other.id for other in releases.installed() if _has(other, model))
        raise UsageError(f"{release.id} has no {words}.", remedy=f"Choose from {others}.")
    return found


def _has(release: Release, model: type[Geheel]) -> bool:
    return any(row["name"] == model.__name__ for row in _rows_of(release, "model"))


def root_of(release: Release, model: type[Geheel], root: str | None = None) -> str:
    """The root of the document that a model is written as.

    Args:
        release: The release that is written.
        model: The class of what is written.
        root: The one that was asked for.

    Raises:
        UsageError: The release has no such root for that model.
    """
    found = roots_of(release, model)
    if root is not None and root not in found:
        remedy = choose(root, found, f"Choose from {', '.join(found)}.")
        raise UsageError(f"{release.id} has no {root} that holds {_WORDS[model.__name__]}.", remedy=remedy)
    return root or found[0]


def refuse_other(release: Release, root: str, record: Record, wanted: type[Geheel]) -> None:
    """Say what a document is, when it is not what was wanted.

    Args:
        release: Its release.
        root: Its root.
        record: What it said.
        wanted: The model that was asked for.

    Raises:
        UsageError: It holds something else.
    """
    model = model_of(release, root)
    for row in _rows_of(release, "message"):
        if root in row.get("roots", ()) or (model is not None and row.get("holds", "") in record):
            raise UsageError(f"This document holds no {_WORDS[wanted.__name__]}: it is {row['en']}.", remedy=_RECORD)
    if model is not wanted:
        holds = "something else" if model is None else _WORDS[model.__name__]
        remedy = (
            _RECORD if model is None else f"Name another document; in Python use document.{_METHODS[model.__name__]}()."
        )
        raise UsageError(f"This document holds no {_WORDS[wanted.__name__]}: it holds {holds}.", remedy=remedy)


_RECORD = "Use document.record: what it said."


def require(given: object, model: type[Geheel]) -> None:
    """Refuse what is not a model that a function works with, most often the document that holds it.

    Args:
        given: What was passed.
        model: The class that it must be of.

    Raises:
        UsageError: It is of another class.
    """
    if not isinstance(given, model):
        name = model.__name__
        remedy = f"Of a document that is oso.read(...).{_METHODS[name]}()."
        raise UsageError(f"A {name} is asked for, not a {type(given).__name__}.", remedy=remedy)


def table(release: Release, root: str | None = None) -> Table:
    """The compiled table of a release.

    Args:
        release: The release.
        root: The root of the document; that of the first model of the format when left out.

    Raises:
        UsageError: A document of that root is nothing in the model.
        DataError: The release has no table, or one that does not fit its structure.
    """
    return _table(release, root or _main_root(release))


def _main_root(release: Release) -> str:
    return next(iter(_all_roots(release)), "")


@cached(maxsize=64)
def _table(release: Release, root: str) -> Table:
    row = _row_of(release, root)
    if row is None:
        raise UsageError(f"{release.id} has no table for {root or 'its documents'}: the model has nothing like them.")
    rows, shared = table_rows(release)
    tree = plan.load(release).tree(root)
    top = tree.root.branches[row["each"]] if "each" in row else tree.root
    return tables.compile_table(rows, top, tree, MODELS[row["name"]], shared=shared)


def table_rows(release: Release) -> tuple[list[dict[str, Any]], bool]:
    """The rows of the table of a release, and whether other releases have them as well.

    Raises:
        DataError: It has no table, neither of its own nor of its format.
    """
    own = release.folder / "table.toml"
    if own.is_file():
        return list(data.load_toml(own).get("row", ())), False
    found, rows = data.toml("schemas", release.format, "table.toml"), list[dict[str, Any]]()
    if "shares" in found:
        rows += data.toml("schemas", found["shares"], "table.toml").get("row", ())
    rows += found.get("row", ())
    if not rows:
        raise DataError(f"The release {release.id} has no table.toml.", where=str(release.folder))
    return rows, True


def unbound(release: Release) -> list[str] | None:
    """The places of the structure that have no place in the model; None when the release has no table."""
    try:
        found = [table(release, root) for root in _all_roots(release)]
    except DataError:
        return None
    return [place for bound in found for place in bound.unbound] if found else None


def _all_roots(release: Release) -> list[str]:
    """The roots of documents that are something in the model, without those that hold several such."""
    rows = [row for row in _rows_of(release, "model") if "each" not in row]
    return [root for row in rows for root in row["roots"] if root in release.roots]


def write_paths(release: Release) -> bool:
    """Write ``paths.json`` of a release: for each place of its structure the place in the model.

    Findings name places in the words of the model, and should not need the model to do so.

    Returns:
        True when the file changed; never for a release whose messages are nothing in the model.
    """
    if not _all_roots(release):
        return False
    file = release.folder / "paths.json"
    text = json.dumps(dict(sorted(_paths(release).items())), indent=0, ensure_ascii=False) + "\n"
    if file.is_file() and file.read_text(encoding="utf-8") == text:
        return False
    file.write_text(text, encoding="utf-8")
    return True


def _paths(release: Release) -> dict[str, str]:
    """For each place of the structure its place in the model, under every root that is written."""
    return {path: place for root in _all_roots(release) for path, place in table(release, root).paths.items()}


def records(record: Record, release: Release, root: str) -> list[Record]:
    """The records of what a document holds: one, or of a document that holds several each."""
    row = _row_of(release, root) or {}
    return list(record.get(row["each"], ())) if "each" in row else [record]


def to_model(record: Record, release: Release, root: str, trusted: bool) -> Geheel:
    """What a record is in the model: a dossier, an administration, or results.

    Args:
        record: The record.
        release: The release whose structure it follows.
        root: The root of the document it is in.
        trusted: True when the record passed the schema and was read strictly; then most need no second look.
    """
    bound, model = table(release, root), model_of(release, root) or Dossier
    if trusted:
        try:
            return model.model_validate(bound.read(record))
        except (ValidationError, ValueError, KeyError):
            # right by the schema and still no value of a type here, such as a date with a time zone, or without a place
            pass
    return model(**bound.read_carefully(record, lambda kept: _extra(kept, release)))


def to_item(record: Record, release: Release, path: str, number: int, trusted: bool) -> tuple[str, Deel]:
    """What the record of one pupil, member of staff or the like is in the model.

    Args:
        record: The record.
        release: The release whose structure it follows.
        path: The place in the structure, such as ``EDEX/leerlingen/leerling``.
        number: Which of its list it is, from 1.
        trusted: As for :func:`to_model`.

    Returns:
        The list of the whole that it is an item of, and the same item as :func:`to_model` would put there.

    Raises:
        UsageError: The model has no list for it.
    """
    root = path.partition("/")[0]
    bound, model = table(release, root), model_of(release, root) or Dossier
    if trusted:
        try:
            field, made = bound.read_item(path, record)
            return field, _item_type(model, field).model_validate(made)
        except (ValidationError, ValueError, KeyError):
            pass  # something does not fit; the careful reading below puts that into extra, or says what is wrong
    try:
        field, made = bound.read_item_carefully(path, record, number, lambda kept: _extra(kept, release))
    except KeyError:
        raise UsageError("The model has no list for this.", where=path, remedy="Use item.record.") from None
    return field, _item_type(model, field)(**made)


def _item_type(model: type[Geheel], field: str) -> type[Deel]:
    """The class of the items of a list."""
    found: type[Deel] = get_args(model.model_fields[field].annotation)[0]
    return found


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


def ill_typed(whole: Deel, at: str = "", model: type[Geheel] | None = None) -> list[Finding]:
    """A finding for each value of a document that its field could not hold.

    Args:
        whole: What to look in.
        at: Where that stands, when it is only a part: ``leerlingen[12]``.
        model: The model that it is a part of.
    """
    within = model or cast(type[Geheel], type(whole))
    return [
        _ill_typed(item, _place(item, path, within))
        for path, part in parts(whole, at)
        for item in part.extra
        if item.reden is not None
    ]


def _ill_typed(item: Extra, path: str) -> Finding:
    words = catalog.type_words(str(item.reden))
    element = item.naam if item.soort == "attribuut" and item.naam else item.pad.rpartition(".")[2]
    args = {"element": element, **{f"soort.{key}": text for key, text in words.items()}}
    return Finding(
        "MODEL.type", "model", Severity.WARNING, False, catalog.message("MODEL", "type"), path=path, args=args
    )


def _place(item: Extra, holder: str, model: type[Geheel]) -> str:
    """The place in the model of something that was kept; that of its part where the path says nothing known."""
    whole = f"{holder}.{kept.HOLDER}" if holder else kept.HOLDER
    bound = _table_of(item, model)
    if bound is None:
        return whole
    found = bound.place(item.pad)
    # its part may stand elsewhere in its list by now
    steps, others = (path.split(".") if path else [] for path in (holder, found))
    if [step.partition("[")[0] for step in steps] != [step.partition("[")[0] for step in others[: len(steps)]]:
        return whole
    kinds = [other if "=" in other else step for step, other in zip(steps, others, strict=False)]
    return ".".join([*kinds, *others[len(steps) :]])


def _table_of(item: Extra, model: type[Geheel]) -> Table | None:
    """The table of the document that something was kept of, as far as its path tells; None when it leads nowhere."""
    try:
        release = releases.release(item.release)
        found = [table(release, root) for root in roots_of(release, model)]
    except (UsageError, DataError):
        return None
    return next((bound for bound in found if kept.leads_somewhere(bound.shape.branch, item.pad)), None)


def to_record(whole: Geheel, release: Release, root: str | None = None) -> tuple[Record, list[Loss]]:
    """The record of a dossier, or of another whole, for a release, with what that release has no place for.

    Args:
        whole: The dossier, the administration or the results; it is not changed.
        release: The release to write.
        root: The root of the document; the first that the release has for it when left out.

    Returns:
        The record of the root, with what :mod:`oso_bridge.filling` fills in, and the losses.
    """
    made = written(whole, release, root)
    return made.record, made.losses


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a dossier, or of another whole, in a release.

    Attributes:
        record: The record of its root, with what is filled in.
        losses: What the release has no place for.
        parts: Each part that was written, beside the record that was written of it.
        root: The root.
    """

    record: Record
    losses: list[Loss]
    parts: list[Held]
    root: str


def written(whole: Geheel, release: Release, root: str | None = None) -> Written:
    """The record of a whole for a release, as :func:`to_record` has it, and where each part ended in it."""
    chosen = root_of(release, type(whole), root)
    try:
        return _written(whole, release, chosen)
    except OsoBridgeError:
        raise
    except (AttributeError, TypeError, KeyError, ValueError, RecursionError):
        pass  # told below, so that this fault, which may quote a value, is not dragged along
    type(whole).model_validate(_plain(whole))
    raise UsageError(
        f"The {type(whole).__name__} holds something that it cannot hold.",
        remedy="Make parts by their classes, and do not change them by model_construct() or __dict__.",
    )


def _written(whole: Geheel, release: Release, root: str) -> Written:
    bound = table(release, root)
    record, held = bound.write_parts(whole)
    losses: list[Loss] = []
    again = type(whole).model_validate(bound.read(record))
    if again != whole:
        losses += _missing(whole, again, "", bound.kinds)
        gone = {id(item) for part in held if part.part.extra for item in _lost(part, release, bound)}
        losses += _kept_losses(whole, gone, {id(part.part) for part in held}, release)
    fill(record, whole, release, root)
    kept.settle_order(record, bound.shape.branch)
    return Written(record, losses, held, root)


def carried(whole: Any, source: Release, target: Release, roots: tuple[str | None, str | None] = (None, None)) -> Any:
    """A copy of a whole whose ``extra`` is that of another release, as far as it has the same places.

    An unusual order, elements that should have been there, and where the schema is to be found say nothing outside
    their document, and are left out.

    Args:
        whole: The whole, as read from its document.
        source: The release of the document.
        target: The release that it goes to.
        roots: The root of the document, and that of the one that is made.
    """
    copy = whole.model_copy(deep=True)
    if not any(copy.bewaard()):
        return copy
    here, there = table(source, roots[0]), table(target, roots[1])
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


def _kept_losses(whole: Geheel, gone: set[int], written: set[int], release: Release) -> Iterator[Loss]:
    """A loss for everything that was kept and is not written."""
    model = type(whole)
    for path, part in whole.onderdelen():
        for item in part.extra:
            if item.release != release.id:
                yield Loss(_place(item, path, model) or model.__name__.lower(), "andere-release")
            elif id(item) in gone or id(part) not in written:
                yield Loss(_place(item, path, model) or model.__name__.lower(), "geen-plaats")


_NUMBER = re.compile(r"\[\d+\]")


def gone(whole: BaseModel, part: BaseModel, bound: Table) -> list[Loss]:
    """What one value of a model holds and another one does not; ``extra`` aside.

    Args:
        whole: The one that may hold more.
        part: The other one, of the same model.
        bound: A table of that model, which knows the lists whose items are told apart by kind.
    """
    return list(_missing(whole, part, "", bound.kinds))


def _missing(whole: BaseModel, part: BaseModel | None, path: str, kinds: dict[str, str]) -> Iterator[Loss]:
    for name in type(whole).model_fields:
        value = getattr(whole, name)
        if value is None or value == [] or name == kept.HOLDER:
            continue
        place = f"{path}.{name}" if path else name
        if path in ("levering", "") and name in VERSIONS:
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
