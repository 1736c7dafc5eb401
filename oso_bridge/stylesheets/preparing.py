"""Prepares a stylesheet of a bundle: one text in which each message says which it is and where it was given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from oso_bridge import data
from oso_bridge.errors import DocumentError
from oso_bridge.stylesheets.marks import ELEMENT, MESSAGE, Known, Mark, Marker
from oso_bridge.stylesheets.modules import Files, collect, whole
from oso_bridge.stylesheets.screening import OWN, XSL
from oso_bridge.xml import parser

FORMAT = 1
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
        parts: All files it was made of.
    """

    name: str
    text: str
    messages: dict[str, Any]
    kinds: tuple[str, ...]
    parts: tuple[str, ...]

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


def prepare(files: Files, name: str, format_name: str, known: Known) -> Prepared | None:
    """Prepare a stylesheet.

    Args:
        files: The bundle.
        name: Its main file.
        format_name: The format, which says what a message looks like.
        known: Finds the known rule that gives a text.

    Returns:
        The stylesheet; None when it has no messages, so is no check.

    Raises:
        BundleRefused: It could reach outside, or is not whole.
    """
    if makes_stylesheets(files.files[name]):
        return None
    sheet = collect(files, name)
    found = Marker(data.toml("schemas", format_name, "stylesheets.toml"), known).marked(sheet)
    if not found.marks:
        return None
    for number, mark in enumerate(found.marks):
        _instrument(mark, number)
    sheet.roots[name].append(etree.fromstring(_PATH))
    messages = {"format": FORMAT, "messages": [mark.described for mark in found.marks], "texts": found.texts}
    kinds = tuple(sorted({mark.kind for mark in found.marks}))
    return Prepared(name, whole(files, sheet), messages, kinds, (*sheet.roots, *sheet.data))


def makes_stylesheets(content: bytes) -> bool:
    """Whether a stylesheet makes others, as those that compile Schematron do: it is a tool, and never run here."""
    try:
        root = parser.parse(content)
    except DocumentError:
        return False
    return next(root.iterchildren(f"{_XSL}namespace-alias"), None) is not None


def _instrument(mark: Mark, number: int) -> None:
    """Let a message say which it is and where: an element of our own in it, or attributes on it."""
    element = mark.element
    if mark.kind == ELEMENT:
        _lead(element, [_attribute("n", str(number)), *_placed(element)])
        return
    told = etree.Element(f"{_OWN}m", nsmap=_NAMESPACES)
    told.append(_attribute("n", str(number)))
    told.extend(_placed(element))
    if mark.kind == MESSAGE:
        _lead(element, [told])
        return
    aside = etree.Element(f"{_XSL}message", nsmap=_NAMESPACES)
    aside.append(told)
    _lead(element, [aside])


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
    return any(
        child.get("use") == "absent"
        for above in element.iterancestors()
        for child in above.iterchildren(f"{_XSL}context-item")
    )
