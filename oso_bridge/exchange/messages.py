"""The messages of the OSO exchange as types, the same for every wire; written and read by the table of a wire.

Names are those of the protocol.  What is a secret, or a child's, is left out of ``repr``.

Writing goes by the structure of the wire, and what was written is held against its schema before it leaves.  Reading
goes by local names: where a layout is confirmed its schema decides, elsewhere order does not matter, what is unknown is
passed over, and a field is also found deeper than expected.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

from lxml import etree

from oso_bridge.errors import DocumentError, UsageError
from oso_bridge.exchange.soap import SoapRefusal
from oso_bridge.exchange.wire import Layout, Mark, Soort, Wire
from oso_bridge.records import EXTRA, Extra, Record
from oso_bridge.xml import parser, schema
from oso_bridge.xml.limits import DEFAULT, Limits
from oso_bridge.xml.writer import write_record

_LONGEST_TEXT = 4000
_LONGEST_FEEDBACK = 1_000_000
_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml[^>]*\?>\s*")
_DOSSIER = "dossier"


@dataclass(frozen=True, slots=True)
class Adres:
    """Where a message comes from or goes to.

    Attributes:
        brin: The school, such as ``00YY``.
        kenmerk: Its delivery point: the routeringsKenmerk from OSO'21 on, a small number before; empty for any.
    """

    brin: str
    kenmerk: str = ""


@dataclass(frozen=True, slots=True)
class Aanleverpunt:
    """A delivery point as the Traffic Center names it.

    Attributes:
        brin: The school.
        kenmerk: The routeringsKenmerk, or the code before OSO'21.
        naam: Its name.
        voor: What it is for: ``OV`` or ``SWV``; empty when that is not told.
        url: Where its system listens.
    """

    brin: str = ""
    kenmerk: str = ""
    naam: str = ""
    voor: str = ""
    url: str = ""

    @property
    def adres(self) -> Adres:
        """The delivery point as the address of a message."""
        return Adres(self.brin, self.kenmerk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bericht:
    """What every message has: the name of its element."""

    element: ClassVar[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Between(Bericht):
    """A request between two delivery points."""

    bron: Adres
    doel: Adres


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer(Bericht):
    """An answer, whose result is a word; empty when the answer says it otherwise."""

    resultaat: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdrachtRequest(_Between):
    """Doel asks the Traffic Center for a session: with the zoeksleutel, or with a koppelsleutel for SWV."""

    element: ClassVar[str] = "overdrachtRequest"
    zoeksleutel: str = field(default="", repr=False)
    pgnfrag: str = field(default="", repr=False)
    koppelsleutel: str = field(default="", repr=False)
    overdrachtsoort: Soort


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdrachtResponse(_Answer):
    """The session, and the delivery points to ask."""

    element: ClassVar[str] = "overdrachtResponse"
    sessie_id: str = ""
    aanleverpunten: tuple[Aanleverpunt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRequest(_Between):
    """Doel asks bron for a dossier: by the number of the pupil, or by a koppelsleutel for SWV."""

    element: ClassVar[str] = "documentRequest"
    pgn: str = field(default="", repr=False)
    koppelsleutel: str = field(default="", repr=False)
    overdrachtsoort: Soort
    sessie_id: str
    aanvraagdatum: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentResponse(_Answer):
    """The dossier, or a word that says why there is none."""

    element: ClassVar[str] = "documentResponse"
    dossier: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessiecontroleRequest(_Between):
    """Bron asks the Traffic Center whether the session of a documentRequest is what doel was granted."""

    element: ClassVar[str] = "sessiecontroleRequest"
    zoeksleutel: str = field(default="", repr=False)
    pgnfrag: str = field(default="", repr=False)
    koppelsleutel: str = field(default="", repr=False)
    overdrachtsoort: Soort
    sessie_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessiecontroleResponse(_Answer):
    """The sector of the school of doel, or a word that says what is wrong."""

    element: ClassVar[str] = "sessiecontroleResponse"


@dataclass(frozen=True, slots=True, kw_only=True)
class AfmeldingRequest(_Between):
    """Doel ends a session at the Traffic Center with the best result it had."""

    element: ClassVar[str] = "afmeldingRequest"
    sessie_id: str
    resultaat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AfmeldingResponse(_Answer):
    """Whether the session was ended."""

    element: ClassVar[str] = "afmeldingResponse"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeldenNotificatieRequest(_Between):
    """Tells the Traffic Center that a notification is coming: of a newer dossier (OV), or of one for an SWV."""

    element: ClassVar[str] = "meldenNotificatieRequest"
    sessie_id: str = ""
    aanvraagdatum: datetime | None = None
    voor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeldenNotificatieResponse(_Answer):
    """For an SWV the koppelsleutel; and where to send the notification."""

    element: ClassVar[str] = "meldenNotificatieResponse"
    koppelsleutel: str = field(default="", repr=False)
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificatieRequest(_Between):
    """Tells the other system that a dossier is ready for it."""

    element: ClassVar[str] = "notificatieRequest"
    koppelsleutel: str = field(default="", repr=False)
    sessie_id: str = ""
    aanvraagdatum: datetime | None = None
    voor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificatieResponse(_Answer):
    """``NotificatieOntvangen``."""

    element: ClassVar[str] = "notificatieResponse"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeldenTerugkoppelingRequest(_Between):
    """Tells the Traffic Center that feedback on a dossier is coming."""

    element: ClassVar[str] = "meldenTerugkoppelingRequest"
    koppelsleutel: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeldenTerugkoppelingResponse(_Answer):
    """Where to send the feedback."""

    element: ClassVar[str] = "meldenTerugkoppelingResponse"
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerugkoppelingRequest(_Between):
    """Feedback of an SWV on a dossier; what stands in it is not known: the text, or what came as XML."""

    element: ClassVar[str] = "terugkoppelingRequest"
    koppelsleutel: str = field(repr=False)
    inhoud: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TerugkoppelingResponse(_Answer):
    """Feedback was received; that is implicit when nothing is said."""

    element: ClassVar[str] = "terugkoppelingResponse"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverzichtAanleverpuntRequest(Bericht):
    """Asks the Traffic Center for delivery points; without a filter for all, which is discouraged."""

    element: ClassVar[str] = "overzichtAanleverpuntRequest"
    brin: str = ""
    voor: str = ""
    kenmerk: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverzichtAanleverpuntResponse(_Answer):
    """Delivery points."""

    element: ClassVar[str] = "overzichtAanleverpuntResponse"
    aanleverpunten: tuple[Aanleverpunt, ...] = ()


_REQUESTS: tuple[tuple[type[Bericht], type[_Answer]], ...] = (
    (OverdrachtRequest, OverdrachtResponse),
    (DocumentRequest, DocumentResponse),
    (SessiecontroleRequest, SessiecontroleResponse),
    (AfmeldingRequest, AfmeldingResponse),
    (MeldenNotificatieRequest, MeldenNotificatieResponse),
    (NotificatieRequest, NotificatieResponse),
    (MeldenTerugkoppelingRequest, MeldenTerugkoppelingResponse),
    (TerugkoppelingRequest, TerugkoppelingResponse),
    (OverzichtAanleverpuntRequest, OverzichtAanleverpuntResponse),
)
ANSWERS: Mapping[str, type[_Answer]] = {request.element: answer for request, answer in _REQUESTS}
"""The type of the answer to each request, by the element of the request."""
TYPES: Mapping[str, type[Bericht]] = {kind.element: kind for pair in _REQUESTS for kind in pair}
"""The type of each message, by its element."""

_TABLES: Mapping[str, Any] = {"overdrachtsoort": "overdrachtsoorten", "voor": "doelen"}
_Message = TypeVar("_Message", bound=Bericht)


def sender_and_receiver(message: _Between, wire: Wire) -> tuple[Adres, Adres]:
    """Who a message comes from and who it is for; which of its two addresses is whose, the wire says.

    Args:
        message: A message between two delivery points.
        wire: The wire.
    """
    from_bron = wire.sender(message.element) == "bron"
    return (message.bron, message.doel) if from_bron else (message.doel, message.bron)


# --- Writing ----------------------------------------------------------------------------------------------------------


def write(message: Bericht, wire: Wire) -> bytes:
    """A message as XML of a wire.

    Args:
        message: The message.
        wire: The wire.

    Returns:
        XML in UTF-8, which the schema of the wire accepts.

    Raises:
        UsageError: The message lacks something that the wire asks for, or holds what it has no place for.
    """
    layout = _layout(message.element, wire)
    record: Record = {}
    for name, text in _texts(message, layout, wire):
        _put(record, name, text)
    if isinstance(message, DocumentResponse) and message.dossier:
        _embed(record, message.dossier, wire)
    xml = write_record(record, wire.tree(message.element))
    _refuse_faulty(xml, message.element, wire)
    return xml


def mark_of(message: Bericht, wire: Wire) -> Mark:
    """How well the layout of a message is known, for the kind of message that this one is."""
    parts = [item.name for item in fields(message) if getattr(message, item.name)]
    return _layout(message.element, wire).mark_of(*parts, getattr(message, "voor", ""))


def _layout(element: str, wire: Wire) -> Layout:
    found = wire.layouts.get(element)
    if found is None:
        raise UsageError(f"The wire {wire.id} has no message {element}.")
    return found


def _texts(message: Any, layout: Layout, wire: Wire) -> Iterator[tuple[str, Any]]:
    """The places of a message that hold something, and what."""
    for item in fields(message):
        value = getattr(message, item.name)
        if isinstance(value, Adres):
            yield from _named(layout, {f"{item.name}.brin": value.brin, f"{item.name}.kenmerk": value.kenmerk})
        elif isinstance(value, tuple):
            rows = [_row(dict(_texts(point, layout, wire))) for point in value]
            yield from _named(layout, {item.name: rows or ""})
        elif item.name in _TABLES and value:
            yield from _named(layout, {item.name: wire.word(_TABLES[item.name], value)})
        elif isinstance(value, datetime):
            yield from _named(layout, {item.name: (value if value.tzinfo else value.astimezone()).isoformat()})
        elif isinstance(value, str):
            yield from _named(layout, {item.name: value})


def _named(layout: Layout, found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in found.items():
        if value:
            if name not in layout.fields:
                raise UsageError(f"This wire has no place for {name} in {layout.name}.")
            yield layout.fields[name], value


def _row(found: Mapping[str, Any]) -> Record:
    row: Record = {}
    for name, value in found.items():
        _put(row, name, value)
    return row


def _put(record: Record, path: str, value: Any) -> None:
    *above, last = path.split("/")
    for step in above:
        record = record.setdefault(step, {})
    record[last] = value


def _embed(record: Record, dossier: bytes, wire: Wire) -> None:
    """Put a dossier where the wire wants it."""
    place = wire.embedded_in
    if wire.embedding == "base64":
        _put(record, place, base64.b64encode(dossier).decode("ascii"))
        return
    if wire.embedding == "tekst":
        _put(record, place, _DECLARATION.sub("", parser.to_utf8(dossier).decode("utf-8"), count=1))
        return
    root = parser.parse(dossier)
    extra = Extra(kind="element", name=str(root.tag), position=99, content=parser.tostring(root))
    for step in place.split("/") if place else ():
        record = record.setdefault(step, {})
    record[EXTRA] = [extra]


def _refuse_faulty(xml: bytes, element: str, wire: Wire) -> None:
    """Hold what was written against the schema; names of elements only are told."""
    root = parser.parse(xml, Limits(max_bytes=max(len(xml), DEFAULT.max_bytes)))
    errors = schema.load(wire.release).validate(root)
    if errors is None:
        return
    tree = wire.tree(element)
    found = schema.explain(errors, root, tree.plan, tree)
    told = ", ".join(dict.fromkeys(f"{one.kind} {one.args.get('element', '-')}" for one in found)) or "-"
    raise UsageError(f"The message {element} is not what the wire {wire.id} asks for: {told}.")


# --- Reading ----------------------------------------------------------------------------------------------------------


def read(payload: etree._Element, wire: Wire) -> Bericht:
    """A message out of its element.

    Args:
        payload: The element, as :func:`oso_bridge.exchange.soap.unwrap` gives it.
        wire: The wire.

    Raises:
        SoapRefusal: It is no message of this wire, or lacks what it needs; where its layout is confirmed, its schema
            refuses it.
    """
    element = parser.local_name(payload)
    kind, layout = TYPES.get(element), wire.layouts.get(element)
    if kind is None or layout is None:
        raise SoapRefusal("This is no message of the exchange.", word="NietOndersteund")
    message = _message(kind, payload, layout, wire)
    if mark_of(message, wire) == "confirmed" and schema.load(wire.release).validate(payload) is not None:
        raise SoapRefusal(f"The message {element} breaks its schema.")
    return message


def read_as(kind: type[_Message], payload: etree._Element, wire: Wire) -> _Message:
    """A message of a kind that is expected; see :func:`read`.

    Raises:
        SoapRefusal: It is another message, or none.
    """
    found = read(payload, wire)
    if not isinstance(found, kind):
        raise SoapRefusal(f"This is no {kind.element}.")
    return found


def _message(kind: type[Bericht], payload: etree._Element, layout: Layout, wire: Wire) -> Bericht:
    found: dict[str, Any] = {}
    for item in fields(kind):
        value = _field(item.name, str(item.type), payload, layout, wire)
        if value:
            found[item.name] = value
        elif item.default is MISSING:
            raise SoapRefusal(f"The message {layout.name} lacks {item.name}.")
    return kind(**found)


def _field(name: str, annotated: str, payload: etree._Element, layout: Layout, wire: Wire) -> Any:
    """What a message says in a field; empty when it says nothing."""
    if annotated == "Adres":
        brin, kenmerk = (_text(payload, f"{name}.{part}", layout) for part in ("brin", "kenmerk"))
        return Adres(brin, kenmerk) if brin else None
    if name == "aanleverpunten":
        return tuple(_point(element, layout, wire) for element in _elements(payload, name, layout))
    if name == _DOSSIER:
        return _embedded(payload)
    if name == "inhoud":
        return _feedback(payload, layout)
    text = _text(payload, name, layout)
    special: Callable[..., Any] | None = {"overdrachtsoort": _kind, "voor": _kind, "aanvraagdatum": _moment}.get(name)
    return special(text, name, wire) if special and text else text


def _point(element: etree._Element, layout: Layout, wire: Wire) -> Aanleverpunt:
    names = [item.name for item in fields(Aanleverpunt)]
    found = {name: _text(element, name, layout) for name in names}
    return Aanleverpunt(**{**found, "voor": wire.kind("doelen", found["voor"]) or ""})


def _elements(payload: etree._Element, name: str, layout: Layout) -> list[etree._Element]:
    """The elements of a field: where they belong, or else further down, but never in another namespace."""
    path = layout.fields.get(name)
    if path is None:
        return []
    found, namespaces = [payload], _namespaces(payload)
    for step in path.split("/"):
        below = (child for element in found for child in element if etree.QName(child).namespace in namespaces)
        found = [child for child in below if parser.local_name(child) == step]
    if found or layout.mark == "confirmed":
        return found
    return [element for element in _own(payload) if parser.local_name(element) == path.rpartition("/")[2]]


def _own(payload: etree._Element) -> Iterator[etree._Element]:
    """What is below an element without what other namespaces put there, such as a dossier."""
    namespaces = _namespaces(payload)
    for child in payload:
        if etree.QName(child).namespace in namespaces:
            yield child
            yield from _own(child)


def _namespaces(element: etree._Element) -> set[str | None]:
    """The namespaces that a field of a message may be in."""
    return {etree.QName(element).namespace, None}


def _text(payload: etree._Element, name: str, layout: Layout) -> str:
    found = _elements(payload, name, layout)
    if len(found) > 1:
        raise SoapRefusal(f"The message {layout.name} says {name} more than once.")
    if found and _is_mixed(found[0]):
        raise SoapRefusal(f"The message {layout.name} says {name} in pieces.")
    text = (found[0].text or "").strip() if found else ""
    if len(text) > _LONGEST_TEXT:
        raise SoapRefusal(f"The message {layout.name} has too long a text in {name}.")
    return text


def _kind(text: str, name: str, wire: Wire) -> str:
    found = wire.kind(_TABLES[name], text)
    if found is None:
        raise SoapRefusal(f"The message has no known word in {name}.")
    return found


def _moment(text: str, name: str, wire: Wire) -> datetime:
    del wire
    found = moment(text)
    if found is None:
        raise SoapRefusal(f"The message has no moment in {name}.")
    return found


def _is_mixed(element: etree._Element) -> bool:
    """Whether a text stands beside elements: one reads the first piece of it, another all of them."""
    pieces = [element.text, *(child.tail for child in element)]
    return len(pieces) > 1 and any((piece or "").strip() for piece in pieces)


def moment(text: str) -> datetime | None:
    """A moment in UTC; one without an offset is in the zone of this machine, None for a text that is none."""
    try:
        # as it was written it could have an offset that cannot be kept and read back
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _feedback(payload: etree._Element, layout: Layout) -> str:
    """The text of feedback; when it has no such element, all that has no place, as XML."""
    found = _elements(payload, "inhoud", layout)
    if found:
        text = "".join(str(part) for part in found[0].itertext())
    else:
        known = {path.partition("/")[0] for path in layout.fields.values()}
        text = "\n".join(parser.tostring(child) for child in payload if parser.local_name(child) not in known)
    if len(text) > _LONGEST_FEEDBACK:
        raise SoapRefusal("The feedback is too long.")
    return text


def _embedded(payload: etree._Element) -> bytes:
    """The dossier in a documentResponse, however it stands in it; empty when there is none."""
    own = etree.QName(payload).namespace
    for element in payload.iter():
        if parser.local_name(element) in (_DOSSIER, "dossiers") and etree.QName(element).namespace not in (own, None):
            return parser.tostring(element).encode()
    texts = (element.text or "" for element in payload.iter() if not len(element))
    return next((found for text in texts if (found := _unpacked(text))), b"")


def _unpacked(text: str) -> bytes:
    """A text that is XML, or XML in base64, as bytes; empty for any other."""
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        return _DECLARATION.sub("", text, count=1).encode()
    if len(text) < len("PGEvPg=="):
        return b""
    try:
        found = base64.b64decode("".join(text.split()), validate=True)
        return found if parser.to_utf8(found).lstrip().startswith(b"<") else b""
    except (binascii.Error, ValueError, DocumentError):
        return b""
