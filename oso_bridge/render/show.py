"""A record as something a person can read: sections, facts and tables, for any release.

:func:`view` makes the plan of the page, :mod:`~oso_bridge.render.show_text` and
:mod:`~oso_bridge.render.show_html` write it.  It asks nothing of the document but that it was read: one
that fails its schema is shown too, and what the release has no place for stands under its own heading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Any

from oso_bridge.records import EXTRA, GROUPS, TEXT, Record, Value, children, is_leaf, text_of
from oso_bridge.render import labels
from oso_bridge.render.words import check_language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Labeller = Callable[[str, str], str | None]

Line = tuple[str, str]
"""A label (may be empty) and a value."""
Cell = list[Line]


@dataclass
class Fact:
    """A name with one or more values."""

    label: str
    values: list[str]


@dataclass
class Grid:
    """A table of repeating things."""

    title: str
    heads: list[str]
    rows: list[list[Cell]]


@dataclass
class Part:
    """A titled run of facts, tables and smaller parts."""

    title: str
    items: list[Fact | Grid | Part] = field(default_factory=list)


@dataclass
class View:
    """A whole document, ready to be written.

    Attributes:
        title: The name of the pupil, else the kind of document.
        transfer: The kind of transfer, the step and the school that delivers, as far as the document says them; of
            pupil data and results how much of each kind they hold.
        about: Source and release.
        notes: How far it went: what the schema said, what was not recognised.
        parts: The sections.
        language: ``nl`` or ``en``.
    """

    title: str
    transfer: str
    about: str
    notes: list[str]
    parts: list[Part]
    language: str


_WORDS = {
    "nl": {
        "about": "Over dit dossier",
        "delivery": "Uitlevering per categorie",
        "inzage": "Inzage",
        "school": "School",
        "leerling": "Leerling",
        "verzorgers": "Verzorgers",
        "vve": "Voor- en vroegschoolse educatie",
        "loopbaan": "Schoolloopbaan",
        "advies": "Advies",
        "ondersteuning": "Ondersteuning",
        "verzuim": "Verzuim",
        "eindtoets": "Eindtoets",
        "toetsen": "Toetsen",
        "cijfers": "Cijferlijsten",
        "vervolg": "Examen, vakken en vervolg",
        "bijlagen": "Bijlagen",
        "unknown": "Niet herkend",
        "group": "Groep",
        "period": "Periode",
        "branch": "School",
        "education": "Onderwijs",
        "element": "Element",
        "street": "Adres",
        "town": "Plaats",
        "sort": "Soort",
        "where": "Waar",
        "name": "Naam",
        "content": "Inhoud",
        "description": "Omschrijving",
        "size": "Grootte",
        "kind": "Type",
        "characters": "{n} tekens",
        "unnamed": "zonder naam",
        "schema_failed": "Dit document voldoet niet aan het schema: wat hier staat is gelezen zoals het er stond.",
        "schema_unknown": "Er is geen schema van deze release: het document is gelezen met een andere structuur.",
        "unread": "Niet herkende delen: {n}. Ze staan onderaan.",
        "empty": "Er viel niets te lezen.",
    },
    "en": {
        "about": "About this dossier",
        "delivery": "Delivery by category",
        "inzage": "Inspection",
        "school": "School",
        "leerling": "Pupil",
        "verzorgers": "Carers",
        "vve": "Pre-school and early education",
        "loopbaan": "School career",
        "advies": "Advice",
        "ondersteuning": "Support",
        "verzuim": "Absence",
        "eindtoets": "End test",
        "toetsen": "Tests",
        "cijfers": "Grade lists",
        "vervolg": "Exam, subjects and sequel",
        "bijlagen": "Attachments",
        "unknown": "Not recognised",
        "group": "Class",
        "period": "Period",
        "branch": "School",
        "education": "Education",
        "element": "Element",
        "street": "Address",
        "town": "Town",
        "sort": "Kind",
        "where": "Where",
        "name": "Name",
        "content": "Content",
        "description": "Description",
        "size": "Size",
        "kind": "Type",
        "characters": "{n} characters",
        "unnamed": "without a name",
        "schema_failed": "This document does not follow its schema: what stands here was read as it was found.",
        "schema_unknown": "No schema of this release is installed: the document was read with another structure.",
        "unread": "Parts not recognised: {n}. They stand at the end.",
        "empty": "There was nothing to read.",
    },
}

_SECTIONS = {
    "verzorgers": ("verzorger", "verzorgersaansprakelijk", "aansprakelijkeinstelling"),
    "vve": ("vanpeuterspeelzaal", "naampeuterspeelzaal", "voorschools", "vroegschools"),
    "loopbaan": ("schoolloopbaanlijst", "bevorderd"),
    "advies": ("overstapadvies",),
    "ondersteuning": ("onderwijsondersteuning", "zorg", "sefunctioneren", "handelingsplanlijst"),
    "verzuim": ("verzuim",),
    "eindtoets": ("eindtoets_basisonderwijs",),
    "toetsen": ("toetslijst",),
    "cijfers": ("cijferlijstlijst",),
    "vervolg": ("examenresultaat", "resultaatvakkenvo", "certificaat", "competenties", "stage", "overigvombo"),
    "bijlagen": ("overigdocumentlijst",),
}

_Column = tuple[str, tuple[str, ...], str | None]
"""Heading, children, and what stands between their texts; None for a column that is one child."""

_MERGED: dict[str, tuple[_Column, ...]] = {
    "schoolloopbaan": (
        ("group", ("groepscode", "groepsnaam"), " "),
        ("period", ("begindatum", "einddatum"), " – "),
        ("branch", ("brincode", "vestigingscode"), " "),
        ("education", ("schoolsoort", "schooltype", "schoolsoortomschrijving"), ", "),
        ("element", ("voelementcode", "voelementomschrijving"), " "),
    ),
    "adres": (
        ("sort", ("soortadres", "aanduiding"), " "),
        ("street", ("straat", "nummer", "toevoeging"), " "),
        ("town", ("postcode", "plaats"), " "),
    ),
}
_DELIVERY = "categorie_uitlevering"
_ONE_BY_ONE = ("verzorger", "cijferlijst")
_SELF_EVIDENT = ("referentiescore", "score", "onderdeel", "domein")  # their values need no labels
_WIDEST = 7  # columns; what has more is shown item by item

_MAGIC = {"UEsD": "ZIP", "UEsF": "ZIP", "JVBE": "PDF", "/9j/": "JPEG", "iVBO": "PNG", "0M8R": "Office"}


def view(
    record: Record,
    *,
    root: str,
    source: str = "",
    release: str = "",
    schema_ok: bool | None = None,
    label: Labeller | None = None,
    language: str = "nl",
) -> View:
    """Lay out a record.

    Args:
        record: What the document said.
        root: The local name of its root element, such as ``dossier``.
        source: The name of the source, for the heading.
        release: The name of the release, for the heading.
        schema_ok: What the schema said; None when none ran.
        label: Gives the meaning of a code: ``label("huidigeschool/leerling/geslacht", "1")`` is
            ``"vrouw"`` or None; the path goes down from the root, without numbers.
        language: ``nl`` or ``en``.

    Raises:
        UsageError: There are no texts in that language.
    """
    builder = _Builder(check_language(language), label or _no_label)
    parts = builder.document(root, record)
    return View(
        title=_pupil(record) or labels.label(root, language),
        transfer=" · ".join([*_transfer(record), *_counts(record, language)]),
        about=" · ".join(part for part in (source, release) if part),
        notes=list(builder.notes(schema_ok, parts)),
        parts=parts,
        language=language,
    )


def _no_label(path: str, code: str) -> None:
    del path, code


def _pupil(record: Record) -> str:
    """The name of the pupil, when the document is about one."""
    school = record.get("huidigeschool") or record.get("huidigeSchool") or {}
    pupil = school.get("leerling") if isinstance(school, dict) else None
    if not isinstance(pupil, dict):
        return ""
    first = pupil.get("roepnaam") or pupil.get("voornaam") or pupil.get("voorletters-1") or ""
    names = [
        *(first if isinstance(first, list) else [first]),
        pupil.get("voorvoegsel", ""),
        pupil.get("achternaam", ""),
    ]
    return " ".join(name for value in names if (name := text_of(value).strip()))


def _transfer(record: Record) -> Iterator[str]:
    """The kind of transfer, the step and the school."""
    for path in (("overdrachtsoort",), ("metadata", "overstap"), (_school_name(record), "naam")):
        value: Any = record
        for name in path:
            value = value.get(name, "") if isinstance(value, dict) else ""
        if not isinstance(value, (dict, list)) or (isinstance(value, dict) and is_leaf(value)):
            yield from filter(None, [text_of(value).strip()])


_COUNTED = ("vestiging", "groep", "samengestelde_groep", "leerling", "leerkracht", "toetsafname", "toets")
_COUNTED_IN = ("vestigingen", "groepen", "leerlingen", "leerkrachten", "toetsafnames", "toetsen")


def _counts(record: Record, language: str) -> Iterator[str]:
    """How much of each kind pupil data or results hold."""
    for name, value in children(record):
        if name.startswith("leerlinggegevens"):
            yield from _counts(value if isinstance(value, dict) else {}, language)
        elif isinstance(value, dict) and name in _COUNTED_IN:
            names = [known for known in _COUNTED if isinstance(value.get(known), list)]
            yield from (f"{labels.label(known, language)}: {len(value[known])}" for known in names)


def _school_name(record: Record) -> str:
    """What the release calls the school that delivers."""
    return next((name for name in record if name.lower() == "huidigeschool"), "huidigeschool")


class _Builder:
    """Walks a record once and remembers attachments and what was not recognised."""

    def __init__(self, language: str, label: Labeller) -> None:
        self.language = language
        self.code = label
        self.words = _WORDS[language]
        self.attachments: list[list[Cell]] = []
        self.unknown: list[list[Cell]] = []

    def notes(self, schema_ok: bool | None, parts: list[Part]) -> Iterator[str]:
        """How far it went."""
        if schema_ok is None:
            yield self.words["schema_unknown"]
        elif not schema_ok:
            yield self.words["schema_failed"]
        if self.unknown:
            yield self.words["unread"].format(n=len(self.unknown))
        if not parts:
            yield self.words["empty"]

    def document(self, root: str, record: Record) -> list[Part]:
        """The sections of a whole document."""
        delivery: list[Part] = []
        if root not in ("dossier", "dossiers"):
            record = _attributes_as_children(record)
        if root == "dossier":
            *parts, last = self._dossier(record, "")
            delivery = [last]
        else:
            self._extras(record, root)
            parts = list(self._loose(record))
        files = self._gathered("bijlagen", ("name", "kind", "size", "description", "where"), self.attachments)
        unknown = self._gathered("unknown", ("where", "name", "content"), self.unknown)
        return [part for part in (*parts, files, *delivery, unknown) if part.items]

    def _gathered(self, key: str, heads: tuple[str, ...], rows: list[list[Cell]]) -> Part:
        """What was gathered on the way, as a table."""
        return Part(self.words[key], [Grid("", [self.words[head] for head in heads], rows)] if rows else [])

    def _loose(self, record: Record) -> Iterator[Part]:
        """A document that is no dossier, or holds several: its parts as they come."""
        facts = {name: value for name, value in record.items() if not _is_branch(value)}
        yield Part(self.words["about"], list(self._items(facts, "")))
        for name, value in children(record):
            if isinstance(value, dict) and not is_leaf(value):
                inner = self._dossier(value, "") if name == "dossier" else list(self._items(value, name))
                yield Part(labels.label(name, self.language), list(inner))

    def _dossier(self, record: Record, path: str) -> list[Part]:
        """A dossier, in the order in which people read one; the delivery categories stand last."""
        self._extras(record, path)
        school_name = _school_name(record)
        own = {name: value for name, value in record.items() if name not in ("inzage", school_name)}
        own, delivery = _without_delivery(own)
        school = record.get(school_name)
        pupil, rest = list[Part](), list[Part]()
        if isinstance(school, dict):
            self._extras(school, school_name)
            pupil, rest = self._pupil(school.get("leerling"), f"{school_name}/leerling")
            loose = {name: value for name, value in school.items() if name != "leerling"}
            pupil.append(self._section("school", loose, school_name))
        about = [self._section("about", own, path), self._section("inzage", _only(record, ["inzage"]), path)]
        return [*pupil, *about, *rest, self._section("delivery", delivery, _below(path, "metadata"))]

    def _pupil(self, pupil: Any, path: str) -> tuple[list[Part], list[Part]]:
        """Who the pupil is, and everything that the school reports of the pupil."""
        if not isinstance(pupil, dict):
            return [], []
        self._extras(pupil, path)
        taken = {name for names in _SECTIONS.values() for name in names}
        own = self._section("leerling", {name: value for name, value in pupil.items() if name not in taken}, path)
        return [own], list(self._report(pupil, path))

    def _report(self, pupil: Record, path: str) -> Iterator[Part]:
        for key, names in _SECTIONS.items():
            section = self._section(key, _only(pupil, names), path)
            # The table of all attachments takes the place of the section for the loose ones.
            if key != "bijlagen":
                yield section

    def _section(self, key: str, record: Record, path: str) -> Part:
        """A section; one branch on its own needs no heading below that of the section."""
        record = {name: value for name, value in record.items() if name not in (EXTRA, GROUPS)}
        if len(record) == 1:
            name, value = next(iter(record.items()))
            if isinstance(value, dict) and not is_leaf(value):
                items = list(self._items(value, _below(path, name), extras=True))
                for grid in items:
                    if isinstance(grid, Grid) and len(items) == 1:
                        grid.title = ""
                return Part(self.words[key], items)
        return Part(self.words[key], list(self._items(record, path)))

    def _items(self, record: Record, path: str, extras: bool = False) -> Iterator[Fact | Grid | Part]:
        """What stands in a record: its facts first, then its parts, both in the order of the document."""
        if extras:
            self._extras(record, path)
        named = [(name, value) for name, value in record.items() if name[0] not in "#@"]
        yield from (self._fact(name, value, path) for name, value in named if not _is_branch(value))
        for name, value in named:
            if _is_branch(value):
                yield from self._branch(name, value, path)

    def _fact(self, name: str, value: Value, path: str) -> Fact:
        values = value if isinstance(value, list) else [value]
        return Fact(labels.label(name, self.language), [self._text(name, item, path) for item in values])

    def _text(self, name: str, value: Value, path: str) -> str:
        """A leaf as people write it, with the meaning of its code and its attributes."""
        plain = text_of(value)
        meaning = self.code(_below(path, name), plain)
        said = f"{meaning} ({plain})" if meaning else labels.shown(name, plain, self.language)
        marks = [str(mark) for key, mark in value.items() if key[0] == "@" and mark] if isinstance(value, dict) else []
        return f"{said} ({', '.join(marks)})" if marks else said

    def _branch(self, name: str, value: Any, path: str) -> Iterator[Fact | Grid | Part]:
        title, below = labels.label(name, self.language), _below(path, name)
        if isinstance(value, list):
            yield from self._many(name, value, below)
        elif _is_attachment(value):
            yield Fact(title, [self._attachment(value, below)])
        elif GROUPS in value:
            self._extras(value, below)
            yield from self._many(name, value[GROUPS], below)
        elif (inner := _only_list(value)) is not None:
            self._extras(value, below)
            yield from self._many(inner, value[inner], f"{below}/{inner}", title)
        else:
            yield Part(title, list(self._items(value, below, extras=True)))

    def _many(self, name: str, records: list[Any], path: str, title: str = "") -> Iterator[Fact | Grid | Part]:
        """Repeating things: a table, or one by one when a table would be too wide."""
        heading = title or labels.label(name, self.language)
        branches = [record for record in records if isinstance(record, dict) and not is_leaf(record)]
        if branches and all(_is_attachment(record) for record in branches):
            yield Fact(heading, [self._attachment(record, path) for record in branches])
            return
        columns = _columns(name, branches)
        if len(columns) <= _WIDEST and name not in _ONE_BY_ONE:
            yield Grid(heading, [self._head(column) for column in columns], self._rows(branches, columns, path))
            return
        single = labels.label(name, self.language)
        for number, record in enumerate(branches, 1):
            count = f" {number}" if len(branches) > 1 else ""
            yield Part(single + count, list(self._items(record, path, extras=True)))

    def _head(self, column: _Column) -> str:
        key, _, between = column
        return labels.label(key, self.language) if between is None else self.words[key]

    def _rows(self, records: list[Record], columns: list[_Column], path: str) -> list[list[Cell]]:
        for record in records:
            self._extras(record, path)
        return [[self._cell(record, column, path) for column in columns] for record in records]

    def _cell(self, record: Record, column: _Column, path: str) -> Cell:
        _, names, between = column
        lines = [line for name in names if name in record for line in self._lines(name, record[name], path)]
        if between is None:
            return lines
        # One date of a period says nothing without its label.
        if len(lines) == 1 and "–" in between:
            return [(labels.label(name, self.language), lines[0][1]) for name in names if name in record]
        return [("", between.join(text for _, text in lines))] if lines else []

    def _lines(self, name: str, value: Any, path: str) -> Iterator[Line]:
        """The lines of one child in a cell: a branch has a line per value, repeating branches a line each."""
        below = _below(path, name)
        for item in value if isinstance(value, list) else [value]:
            if is_leaf(item):
                yield "", self._text(name, item, path)
            elif _is_attachment(item):
                yield "", self._attachment(item, below)
            elif isinstance(value, list):
                yield "", self._joined(name, item, below)
            else:
                yield from self._spread(item, below)

    def _spread(self, record: Record, path: str) -> Iterator[Line]:
        """A line per child, each with its label."""
        self._extras(record, path)
        for name, value in children(record):
            label = labels.label(name, self.language)
            if is_leaf(value):
                yield label, self._text(name, value, path)
            elif _is_attachment(value):
                yield label, self._attachment(value, _below(path, name))  # type: ignore[arg-type]
            else:
                yield label, self._joined(name, value, _below(path, name))

    def _joined(self, name: str, record: Any, path: str) -> str:
        """A whole branch on one line."""
        self._extras(record, path)
        texts = []
        for key, value in children(record):
            if is_leaf(value):
                label = "" if name in _SELF_EVIDENT else f"{labels.label(key, self.language)}: "
                texts.append(label + self._text(key, value, path))
            elif _is_attachment(value):
                texts.append(self._attachment(value, _below(path, key)))  # type: ignore[arg-type]
            else:
                texts.append(self._joined(key, value, _below(path, key)))
        return ", ".join(text for text in texts if text)

    def _attachment(self, record: Record, path: str) -> str:
        """Name, type and size of a file; its content never."""
        self._extras(record, path)
        name, about, content = (_first(record, key) for key in ("bestandsnaam", "omschrijving", "bestandsinhoud"))
        kind, size = _MAGIC.get(content.lstrip()[:4], "?"), _size(content, self.language)
        name = name or self.words["unnamed"]
        where = labels.label(_holder(path), self.language)
        self.attachments.append([[("", name)], [("", kind)], [("", size)], [("", about)], [("", where)]])
        return f"{name} ({kind}, {size})" + (f": {about}" if about else "")

    def _extras(self, record: Record, path: str) -> None:
        """Write down what the release has no place for, wherever it stands."""
        rounds = (extra for part in record.get(GROUPS, ()) for extra in part.get(EXTRA, ()))
        for extra in (*record.get(EXTRA, ()), *rounds):
            name = re.sub(r"^\{.*\}", "", extra["name"])
            where = " / ".join(labels.label(step, self.language) for step in path.split("/") if step)
            self.unknown.append([[("", where or "/")], [("", name)], [("", self._content(extra["content"]))]])

    def _content(self, content: str) -> str:
        """The text of an unknown part, cut short: it may be an attachment."""
        plain = " ".join(unescape(re.sub(r"<[^>]*>", " ", content)).split())
        if len(plain) <= 200:
            return plain
        return f"{plain[:80]}… ({self.words['characters'].format(n=len(plain))})"


def _without_delivery(record: Record) -> tuple[Record, Record]:
    """What a dossier says of itself, and apart from it what is delivered of each category: long, and read last."""
    about = record.get("metadata")
    if not isinstance(about, dict) or not isinstance(about.get(_DELIVERY), dict):
        return record, {}
    rest = {name: value for name, value in about.items() if name != _DELIVERY}
    own = {name: rest if name == "metadata" else value for name, value in record.items() if name != "metadata" or rest}
    return own, {_DELIVERY: about[_DELIVERY]}


def _attributes_as_children(value: Any) -> Any:
    """A record whose parts show their attributes as if these were their first children; texts keep theirs."""
    if isinstance(value, list):
        return [_attributes_as_children(item) for item in value]
    if not isinstance(value, dict) or TEXT in value:
        return value
    shown = {name[1:]: text for name, text in value.items() if name[0] == "@" and not name.startswith("@xmlns:")}
    rest = {
        name: item if name[0] == "#" and name != GROUPS else _attributes_as_children(item)
        for name, item in value.items()
        if name[0] != "@"
    }
    return shown | rest


def _only(record: Record, names: Iterable[str]) -> Record:
    return {name: record[name] for name in names if name in record}


def _below(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _is_branch(value: Any) -> bool:
    """True for a record or a list of records."""
    if isinstance(value, list):
        return any(isinstance(item, dict) and TEXT not in item for item in value)
    return isinstance(value, dict) and TEXT not in value


def _is_attachment(record: Any) -> bool:
    return isinstance(record, dict) and "bestandsinhoud" in record


def _only_list(record: Record) -> str | None:
    """The name of the repeated branch that is all a record holds, such as ``adres`` of an ``adreslijst``."""
    names = [name for name in record if name[0] not in "#@"]
    if len(names) == 1 and isinstance(record[names[0]], list) and _is_branch(record[names[0]]):
        return names[0]
    return None


def _columns(name: str, records: list[Record]) -> list[_Column]:
    """The columns that hold something, in the order in which their first child is met."""
    present = list(dict.fromkeys(key for record in records for key in record if key[0] not in "#@"))
    merged = {child: column for column in _MERGED.get(name, ()) for child in column[1]}
    return list(dict.fromkeys(merged.get(key, (key, (key,), None)) for key in present))


def _first(record: Record, name: str) -> str:
    value = record.get(name, "")
    return text_of(value[0] if isinstance(value, list) and value else value)


def _size(base64_text: str, language: str) -> str:
    """The size of a file out of the length of its base64, which is never decoded here."""
    bare = "".join(base64_text.split())
    size = len(bare.rstrip("=")) * 3 // 4
    for unit, factor in (("MB", 1_000_000), ("kB", 1_000)):
        if size >= factor:
            number = f"{size / factor:.1f}"
            return f"{number.replace('.', ',') if language == 'nl' else number} {unit}"
    return f"{size} bytes"


def _holder(path: str) -> str:
    """The element that an attachment belongs to."""
    steps = [step for step in path.split("/") if step not in ("document", "documentLijst", "resultaat")]
    return steps[-1] if steps else "document"
