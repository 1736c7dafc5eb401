"""The messages of UWLR as the kit writes and reads them, out of ``uwlr_berichten.toml``.

Shares nothing with the endpoint of this project: a request is text, an answer is looked at element by element.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Template
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from oso_bridge.errors import DataError, DocumentError
from oso_bridge.xml import parser

UNKNOWN = "?"
"""A name or a code that is in no table; it is not repeated, for it may be anything."""


class NoMessage(Exception):
    """What came is no SOAP envelope with one message in it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A request, with what answers it.

    Attributes:
        name: The element that asks.
        namespace: Its namespace.
        operation: The name of the operation in the WSDL.
        action: The SOAPAction.
        answer: The element that answers.
        data: The element in the answer that holds the data; empty when it has none.
        service: At which address it is asked: ``leerlinggegevens``, ``getrapt`` or ``resultaten``.
    """

    name: str
    namespace: str
    operation: str
    action: str
    answer: str
    data: str
    service: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group that a request names; without a key, the persons who are in no such group.

    Attributes:
        key: Its key; None for none.
        element: ``groep`` or ``samengestelde_groep``.
    """

    key: str | None = field(default=None, repr=False)
    element: str = "groep"

    def xml(self) -> str:
        """The group as it is written in a request."""
        return f"<{self.element}/>" if self.key is None else f"<{self.element} key={quoteattr(self.key)}/>"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of SOAP 1.1.

    Attributes:
        code: The code, without a prefix.
        children: The names of its children, as they are qualified.
        string: The text for people.
    """

    code: str
    children: Sequence[str]
    string: str = field(repr=False)

    @property
    def shown(self) -> str:
        """The code, when it is one that is known."""
        return self.code if self.code in (*table()["fouten"]["codes"], *table()["fouten"]["soap"]) else UNKNOWN


@cache
def table() -> dict[str, Any]:
    """The tables of ``uwlr_berichten.toml``.

    Raises:
        DataError: The file cannot be read.
    """
    try:
        return tomllib.loads(Path(__file__).with_name("uwlr_berichten.toml").read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"uwlr_berichten.toml cannot be read: {type(error).__name__}.") from None


def namespace(name: str) -> str:
    """A namespace by its short name, such as ``leerlinggegevens``."""
    return str(table()["naamruimte"][name])


def kind(name: str) -> Kind:
    """A request by the element that asks."""
    row = table()["bericht"][name]
    words = (row[word] for word in ("operatie", "actie", "antwoord", "gegevens", "dienst"))
    return Kind(name, namespace(row["naamruimte"]), *words)


def kinds() -> list[Kind]:
    """All requests."""
    return [kind(name) for name in table()["bericht"]]


# --- writing ----------------------------------------------------------------------------------------------------------


def question(name: str, values: Mapping[str, str], groups: Iterable[Group] = ()) -> str:
    """A request for pupil data.

    Args:
        name: The element that asks.
        values: The texts by name; what is empty or not there is left out.
        groups: The groups that it names.
    """
    named = "".join(group.xml() for group in groups)
    inside = _fields(table()["vraag"]["velden"], values) + (f"<groepen>{named}</groepen>" if named else "")
    return element(name, namespace("leerlinggegevens"), inside)


def results(values: Mapping[str, str], rows: Sequence[Mapping[str, str]], subject: str = "") -> str:
    """A message with results of one test.

    Args:
        values: The texts that say which school it is of, and when it was made.
        rows: For each result ``leerling``, ``sleutel``, ``dag``, ``toetscode`` and ``score``.
        subject: The vakgebied of the test, a term of the vocabulary of primary schools; empty for none.
    """
    words = table()["resultaten"]
    school = _fields(words["school"], {"auteur": words["auteur"], **values})
    taken = "".join(
        _filled(words["afname"], {"leerling": row["leerling"]}, resultaten=_filled(words["resultaat"], row))
        for row in rows
    )
    tests = _filled(words["toets"], {}, vakgebied=_filled(words["vakgebied"], {"vak": subject}) if subject else "")
    inside = f"<school>{school}</school><toetsafnames>{taken}</toetsafnames><toetsen>{tests}</toetsen>"
    return element("leerresultaten_verzoek", namespace("leerresultaten"), inside)


def element(name: str, uri: str, inside: str) -> str:
    """An element with a namespace, which its children have as well."""
    return f"<{name} xmlns={quoteattr(uri)}>{inside}</{name}>"


def header(values: Mapping[str, str]) -> str:
    """The header autorisatie; what is empty or not there is left out."""
    return element("autorisatie", namespace("autorisatie"), _fields(table()["kop"]["velden"], values))


def envelope(message: str, head: str, before: str = "") -> bytes:
    """An envelope in UTF-8.

    Args:
        message: What stands in the body.
        head: What stands in the header; empty for no header.
        before: What stands before the envelope, such as a DOCTYPE.
    """
    inside = (f"<s:Header>{head}</s:Header>" if head else "") + f"<s:Body>{message}</s:Body>"
    return f'{before}<s:Envelope xmlns:s="{namespace("soap")}">{inside}</s:Envelope>'.encode()


def _fields(names: Iterable[str], values: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(values[name])}</{name}>" for name in names if values.get(name))


def _filled(template: str, values: Mapping[str, str], **ready: str) -> str:
    """A template with values, and with parts that are XML already."""
    told = {name: escape(text, {'"': "&quot;"}) for name, text in values.items()}
    return Template(template).substitute(told, **ready)


# --- reading ----------------------------------------------------------------------------------------------------------


def body(content: bytes) -> etree._Element:
    """The message in an envelope.

    Args:
        content: The envelope.

    Raises:
        NoMessage: It is none, or does not hold exactly one message.
    """
    try:
        root = parser.parse(content)
    except DocumentError as error:
        raise NoMessage(type(error).__name__) from None
    found = root.findall(f"{{{namespace('soap')}}}Body/*")
    if root.tag != f"{{{namespace('soap')}}}Envelope" or len(found) != 1:
        raise NoMessage("envelope")
    return found[0]


def fault(message: etree._Element) -> Fault | None:
    """The fault that a message is; None when it is none."""
    if message.tag != f"{{{namespace('soap')}}}Fault":
        return None
    names = [str(child.tag) for child in message]
    code = (message.findtext("faultcode") or "").strip()
    return Fault(code.rpartition(":")[2], names, (message.findtext("faultstring") or "").strip())


def shown(content: bytes) -> str:
    """What an answer is, in a word that holds nothing of it: its element, or the code of a fault."""
    try:
        message = body(content)
    except NoMessage:
        return UNKNOWN
    found = fault(message)
    if found is not None:
        return f"Fault {found.shown}"
    name = parser.local_name(message)
    if name not in {one.answer for one in kinds()}:
        return UNKNOWN
    inside = parser.local_name(message[0]) if len(message) else ""
    return f"{name} ({inside})" if inside in ("geenwijzigingen", "geengegevens") else name


def one_of(message: etree._Element, *path: str) -> list[etree._Element]:
    """The elements at a path below a message, all in its own namespace."""
    uri = etree.QName(message).namespace
    return message.findall("/".join(f"{{{uri}}}{name}" for name in path))


def keys(message: etree._Element, *path: str) -> list[str]:
    """The keys of the elements at a path; an empty text for one without."""
    return [(found.get("key") or "").strip() for found in one_of(message, *path)]
