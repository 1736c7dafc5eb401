"""Prepares a stylesheet of a bundle: one text in which each message says which it is and where it was given."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from oso_bridge import data
from oso_bridge.errors import DocumentError
from oso_bridge.stylesheets.marks import ELEMENT, MESSAGE, Known, Mark, Marker, is_aside
from oso_bridge.stylesheets.modules import Files, collect, whole
from oso_bridge.stylesheets.screening import OWN, XSL
from oso_bridge.xml import parser

FORMAT = 2
_XSL = f"{{{XSL}}}"
_OWN = f"{{{OWN}}}"
_NAMESPACES = {"xsl": XSL, "ob": OWN, "xs": "http://www.w3.org/2001/XMLSchema"}

# The place of a node: its elements by local name, each numbered among those of its name; empty for anything else.
_PATH = f"""<xsl:function xmlns:xsl="{XSL}" xmlns:ob="{OWN}" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 name="ob:path" as="xs:string" version="3.0" xpath-default-namespace=""><xsl:param name="item" as="item()?"/>
<xsl:sequence select="if ($item instance of node()) then string-join(for $step in $item/ancestor-or-self::* return
 concat('/', local-name($step), '[', 1 + count($step/preceding-sibling::*[local-name() = local-name($step)]), ']'), '')
 else ''"/></xsl:function>"""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A stylesheet that can be run.

    Attributes:
        name: Its main file in the bundle.
        text: The stylesheet, by itself, with its messages marked.
        messages: What is known of them, as ``messages.json`` holds it.
        kinds: The kinds of messages it has: ``message``, ``element``, ``text``.
        parts: All files it was made of, each one once.
        included: Those that it includes or imports.
        matches: Whether its main file has a template that a document can set going by itself.
        aside: How many of its messages are first put aside: in a variable, a parameter or a function.
    """

    name: str
    text: str
    messages: dict[str, Any]
    kinds: tuple[str, ...]
    parts: tuple[str, ...]
    included: tuple[str, ...]
    matches: bool
    aside: int

    @property
    def digest(self) -> str:
        """SHA-256 of the text, as ``sha256:...``."""
        return digest(self.text.encode())

    @property
    def messages_json(self) -> str:
        """The messages as the text of a file."""
        return json.dumps(self.messages, ensure_ascii=False, indent=1) + "\n"


def digest(content: bytes) -> str:
    """SHA-256 of bytes, as ``sha256:...``."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def prepare(files: Files, name: str, format_name: str, known: Known, until: float = math.inf) -> Prepared | None:
    """Prepare a stylesheet.

    Args:
        files: The bundle.
        name: Its main file.
        format_name: The format, which says what a message looks like.
        known: Finds the known rule that gives a text.
        until: When it has to be ready, as ``time.monotonic`` tells it.

    Returns:
        The stylesheet; None when it has no messages, so is no check.

    Raises:
        BundleRefused: It could reach outside, is not whole, or has too much to look at.
    """
    if makes_stylesheets(files.files[name]):
        return None
    sheet = collect(files, name)
    found = Marker(data.toml("schemas", format_name, "stylesheets.toml"), known, until).marked(sheet)
    if not found.marks:
        return None
    for number, mark in enumerate(found.marks):
        _instrument(mark, number)
    for mark in found.passed_over:
        _lead(mark.element, [_attribute("q", "") if mark.kind == ELEMENT else _own("q")])
    for element in found.hidden:
        _lead(element, [_aside(_own("s"))])
    sheet.roots[name].append(etree.fromstring(_PATH))
    messages = {
        "format": FORMAT,
        "messages": [mark.described for mark in found.marks],
        "texts": found.texts,
        "names": found.names,
        "stated": found.stated,
    }
    kinds = tuple(sorted({mark.kind for mark in found.marks}))
    matches = any(item.get("match") for item in sheet.roots[name].iterchildren(f"{_XSL}template"))
    aside = len(found.hidden) + sum(mark.kind == ELEMENT and is_aside(mark.element) for mark in found.marks)
    text = whole(files, sheet)
    return Prepared(name, text, messages, kinds, sheet.used, tuple(sheet.roots)[1:], matches, aside)


def makes_stylesheets(content: bytes) -> bool:
    """Whether a stylesheet makes others, as those that compile Schematron do: it is a tool, and never run here."""
    try:
        root = parser.parse(content)
    except DocumentError:
        return False
    return next(root.iterchildren(f"{_XSL}namespace-alias"), None) is not None


def _instrument(mark: Mark, number: int) -> None:
    """Let a message say which it is and where: an element of our own in it, or attributes on it.

    An element of the result says it aside as well when it is made. So it is known of one that never comes out that it
    was there.
    """
    element = mark.element
    if mark.kind == ELEMENT:
        element.addprevious(_aside(_told("s", number, element)))
        _lead(element, [_attribute("n", str(number)), *_placed(element)])
    elif mark.kind == MESSAGE:
        _guard(element)
        _lead(element, [_told("m", number, element)])
    else:
        _lead(element, [_aside(_told("m", number, element))])


def _own(name: str) -> etree._Element:
    """``m``: a message; ``s``: what is yet to come out; ``q``: what is no message about the document."""
    return etree.Element(f"{_OWN}{name}", nsmap=_NAMESPACES)


def _told(name: str, number: int, element: etree._Element) -> etree._Element:
    told = _own(name)
    told.append(_attribute("n", str(number)))
    told.extend(_placed(element))
    return told


def _aside(told: etree._Element) -> etree._Element:
    made = etree.Element(f"{_XSL}message", nsmap=_NAMESPACES)
    made.append(told)
    return made


def _guard(element: etree._Element) -> None:
    """Let an error in the content of a message take away that content only, and not that it is a message."""
    attempt = etree.Element(f"{_XSL}try", nsmap=_NAMESPACES)
    attempt.text, element.text = element.text, None
    attempt.extend(list(element))
    if "select" in element.attrib:
        etree.SubElement(element, f"{_XSL}sequence", select=str(element.attrib.pop("select")))
        _lead(attempt, list(element))
    etree.SubElement(attempt, f"{_XSL}catch", errors="*", select="()")
    element.append(attempt)


def _lead(element: etree._Element, first: Iterable[etree._Element]) -> None:
    """Put elements before everything else in an element, its text included."""
    added = list(first)
    added[-1].tail, element.text = element.text, None
    for at, item in enumerate(added):
        element.insert(at, item)


def _attribute(name: str, text: str) -> etree._Element:
    made = etree.Element(f"{_XSL}attribute", name=f"ob:{name}", namespace=OWN, nsmap=_NAMESPACES)
    made.text = text
    return made


def _placed(element: etree._Element) -> list[etree._Element]:
    """An instruction that adds the place of the context; none inside a function, which has no context."""
    if any(above.tag == f"{_XSL}function" for above in element.iterancestors()) or _is_without_context(element):
        return []
    attempt = etree.Element(f"{_XSL}try", nsmap=_NAMESPACES)
    etree.SubElement(attempt, f"{_XSL}attribute", name="ob:at", namespace=OWN, select="ob:path(.)")
    # where there is no context after all, there is no place
    etree.SubElement(attempt, f"{_XSL}catch", errors="*", select="()")
    return [attempt]


def _is_without_context(element: etree._Element) -> bool:
    """Whether the template around an element says that it has no context."""
    around = (above.find(f"{_XSL}context-item") for above in element.iterancestors(f"{_XSL}template"))
    return any(item is not None and item.get("use") == "absent" for item in around)
