"""The messages of the simulator: read by local name, written by string templates (``berichten.toml``)."""

from __future__ import annotations

import base64
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, Literal
from xml.sax.saxutils import escape

from lxml import etree

from oso_bridge.errors import DataError, DocumentError
from oso_bridge.xml import parser
from oso_bridge.xml.limits import Limits

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MEDIA_TYPE = "text/xml; charset=utf-8"
FAULT = "Fault"
REQUEST_LIMITS = Limits(max_bytes=2 * 1024 * 1024, max_elements=5000, max_attributes=2000, max_depth=32)
ANSWER_LIMITS = Limits()
Embedding = Literal["xml", "tekst", "base64"]
_MARKS = ("confirmed", "inferred", "provisional")


class NotUnderstood(Exception):
    """A message that the simulator does not take; it says nothing of what was in it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        name: Its element.
        wire: ``2022`` or ``2018``.
        fields: Its texts by name; the addresses are ``bronAdres``, ``doelAdres`` and ``adres`` on every wire.
        points: The delivery points in it.
        dossier: The dossier in it, as it came.
    """

    name: str
    wire: str
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    points: Sequence[Mapping[str, str]] = field(default=(), repr=False)
    dossier: bytes = field(default=b"", repr=False)

    def __getitem__(self, name: str) -> str:
        """The text of a field; empty when it is not there."""
        return self.fields.get(name, "")

    @property
    def kind(self) -> str:
        """What the transfer is for: ``OV``, ``BB`` or ``SWV``; empty when the word is none of these."""
        rows: dict[str, list[str]] = data("berichten")["soorten"]
        return next((kind for kind, words in rows.items() if self["overdrachtsoort"] in words), "")

    @property
    def mark(self) -> str:
        """How well its layout is known: ``confirmed``, ``inferred`` or ``provisional``."""
        row = data("berichten")["bericht"].get(self.name)
        if row is None:
            return "confirmed"  # a fault of SOAP 1.1
        less = [mark for part, mark in row.get("behalve", {}).items() if self[part] or self._is_for(part)]
        marks: list[str] = [row["mark"][self.wire], *less]
        return max(marks, key=_MARKS.index)

    def _is_for(self, part: str) -> bool:
        """Whether this is the variant ``OV`` or ``SWV`` of a message."""
        swv = self["doel"] in ("SWV", "PaO")
        return part == ("SWV" if swv else "OV") and bool(self["doel"])


@cache
def data(name: str) -> dict[str, Any]:
    """A file of data of the simulator.

    Args:
        name: ``berichten``, ``verkeer``, ``las``, ``swv`` or ``fouten``.
    """
    try:
        return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{name}.toml of the simulator cannot be read: {type(error).__name__}.") from None


def wires() -> Collection[str]:
    """The wires that are spoken."""
    found: dict[str, Any] = data("berichten")["draad"]
    return found.keys()


# --- reading ------------------------------------------------------------------------------------------------------


def read(content: bytes, *, answer: bool = False) -> Message:
    """Read an envelope.

    Args:
        content: The envelope.
        answer: It is an answer of others, of which little is certain; a request is held to its order where that is
            published, and must have its fields.

    Raises:
        NotUnderstood: It is no envelope of SOAP 1.1 with one message that is known.
    """
    payload = _payload(content, ANSWER_LIMITS if answer else REQUEST_LIMITS)
    name = etree.QName(payload)
    if name.namespace == SOAP and name.localname == FAULT:
        return Message(FAULT, "2022", {"resultaat": payload.findtext("faultcode", "").rpartition(":")[2]})
    wire = next((wire for wire, row in data("berichten")["draad"].items() if row["namespace"] == name.namespace), "")
    if not wire or name.localname not in data("berichten")["bericht"]:
        raise NotUnderstood("This message is not known.")
    found = _message(payload, name.localname, wire)
    if not answer:
        _refuse_layout(payload, found)
    return found


def _payload(content: bytes, limits: Limits) -> etree._Element:
    """The only child of the body."""
    try:
        root = parser.parse(content, limits)
        parser.refuse_shape(root, limits)
    except DocumentError:
        root = None
    body = None if root is None or root.tag != f"{{{SOAP}}}Envelope" else root.find(f"{{{SOAP}}}Body")
    if body is None or len(body) != 1:
        raise NotUnderstood("This is no envelope with one message.")
    return body[0]


def _message(payload: etree._Element, name: str, wire: str) -> Message:
    fields: dict[str, str] = {}
    points, dossier = [], b""
    for child in payload:
        local = parser.local_name(child)
        if local == "aanleverpunt":
            points.append({_neutral(parser.local_name(part), wire): _text(part) for part in child})
        elif local == "dossier" or "gegevensset" in (etree.QName(child).namespace or ""):
            dossier = _dossier(child)
        else:
            leaves = [leaf for leaf in child.iter() if not len(leaf)]
            fields |= {_neutral(parser.local_name(leaf), wire): _text(leaf) for leaf in leaves}
    return Message(name, wire, fields, points, dossier)


def _dossier(holder: etree._Element) -> bytes:
    """A dossier as XML, as text, or as text in base64."""
    if len(holder) and parser.local_name(holder) == "dossier" and parser.local_name(holder[0]) != "dossier":
        return etree.tostring(holder, with_tail=False)
    if len(holder):
        return etree.tostring(holder[0], with_tail=False)
    text = (holder.text or "").strip()
    try:
        return text.encode() if text.startswith("<") else base64.b64decode(text)
    except ValueError:
        return b""


def _text(element: etree._Element) -> str:
    return (element.text or "").strip()


def _neutral(name: str, wire: str) -> str:
    """The name of a field on every wire."""
    row = data("berichten")["draad"][wire]
    if name == row["kenmerk"]:
        return "adres"
    return name.removesuffix(row["Adres"]) + "Adres" if name in (f"bron{row['Adres']}", f"doel{row['Adres']}") else name


def _refuse_layout(payload: etree._Element, message: Message) -> None:
    """Refuse a request without what it needs, with what is not its own, or in another order than was published."""
    row = data("berichten")["bericht"][message.name]
    if any(not message[name] for name in row.get("moet", ())):
        raise NotUnderstood("The message lacks something.")
    order = [child.tag for child in _full(message.name, message.wire)]
    tags = [child.tag for child in payload]
    if len(set(tags)) != len(tags) or not set(tags) <= set(order):
        raise NotUnderstood("The message holds something twice, or something unknown.")
    if row["mark"][message.wire] == "confirmed" and tags != sorted(tags, key=order.index):
        raise NotUnderstood("The message is in another order than was published.")


def names(name: str, wire: str) -> set[str]:
    """The names of all elements that a message can have.

    Args:
        name: The message.
        wire: The wire.
    """
    return {parser.local_name(element) for element in _full(name, wire).iter()}


def _full(name: str, wire: str) -> etree._Element:
    """A message with every element, to compare with."""
    return etree.fromstring(_frame(name, wire, "").template.replace("$", ""))


# --- writing ------------------------------------------------------------------------------------------------------


def write(message: Message, embedding: Embedding = "xml", *, backwards: bool = False) -> bytes:
    """A message in an envelope.

    Args:
        message: The message.
        embedding: How a dossier stands in it.
        backwards: Put its elements in reverse order.
    """
    points = "".join(_point(point, message.wire) for point in message.points)
    frame = _frame(message.name, message.wire, points)
    values = {name: escape(text) for name, text in message.fields.items()}
    payload = etree.fromstring(frame.substitute(_Blank(values)))
    _prune(payload)
    _embed(payload, message.dossier, embedding)
    if backwards:
        for child in list(payload):
            payload.insert(0, child)
    return _enveloped(etree.tostring(payload, encoding="unicode"))


def fault(code: str, word: str) -> bytes:
    """An envelope with a fault.

    Args:
        code: ``Client`` or ``Server``.
        word: What is wrong.
    """
    return _enveloped(Template(data("berichten")["deel"]["fault"]).substitute(code=f"{code}.{word}", woord=word))


class _Blank(dict[str, str]):
    """Values; what is not there is empty."""

    def __missing__(self, name: str) -> str:
        return ""


def _frame(name: str, wire: str, points: str) -> Template:
    """The template of a message on a wire, with places for its values."""
    held, row = data("berichten"), data("berichten")["draad"][wire]
    parts = {"Adres": row["Adres"], "kenmerk": row["kenmerk"], "sleutel": row["sleutel"], "dossier": ""}
    parts["partijen"] = Template(held["deel"]["partijen"]).safe_substitute(parts)
    inner = Template(held["bericht"][name]["sjabloon"]).safe_substitute(parts, aanleverpunten=points)
    return Template(f'<{name} xmlns="{row["namespace"]}">{inner}</{name}>')


def _point(point: Mapping[str, str], wire: str) -> str:
    template = Template(data("berichten")["deel"]["aanleverpunt"])
    values = {name: escape(text).replace("$", "$$") for name, text in point.items()}
    return template.substitute(_Blank({**values, "kenmerk": data("berichten")["draad"][wire]["kenmerk"]}))


def _prune(element: etree._Element) -> None:
    """Leave out what has no value."""
    for child in list(element):
        _prune(child)
        if not len(child) and not child.text:
            element.remove(child)


def _embed(payload: etree._Element, dossier: bytes, embedding: Embedding) -> None:
    if not dossier:
        return
    if embedding == "xml":
        payload.append(parser.parse(dossier))
        return
    holder = etree.SubElement(payload, f"{{{etree.QName(payload).namespace}}}dossier")
    as_text = etree.tostring(parser.parse(dossier), encoding="unicode")
    holder.text = as_text if embedding == "tekst" else base64.b64encode(dossier).decode("ascii")


def _enveloped(payload: str) -> bytes:
    # not by substitute: a dossier may hold a dollar sign
    return str(data("berichten")["deel"]["envelop"]).replace("$bericht", payload).encode()
