"""From what a stylesheet gave to messages and places; the values in it are left behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from oso_bridge.errors import DocumentError
from oso_bridge.releases import Release
from oso_bridge.rules import bundled
from oso_bridge.stylesheets import preparing, running
from oso_bridge.stylesheets.running import Answer
from oso_bridge.stylesheets.screening import OWN
from oso_bridge.xml import parser
from oso_bridge.xml.limits import Limits

NO_ENGINE, NOT_CONTAINED, NO_SHEET, CHANGED = "geen-xslt", "niet-ingesloten", "geen-stylesheet", "stylesheet-gewijzigd"
BROKE_OFF, RAN_OUT, NOT_COMPILED = "stylesheet-afgebroken", "stylesheet-grens", "stylesheet-fout"
_STATES = {running.STOPPED: BROKE_OFF, running.LIMIT: RAN_OUT, running.NOT_COMPILED: NOT_COMPILED}
_NUMBER, _AT = f"{{{OWN}}}n", f"{{{OWN}}}at"
_DECLARATION = re.compile(rb"\s*<\?xml\s[^>]*\?>")
_RESULT = Limits(max_bytes=200_000_000, max_elements=1_000_000, max_attributes=4_000_000, max_children=1_000_000)


@dataclass(frozen=True, slots=True)
class Given:
    """A message that a stylesheet gave.

    Attributes:
        rule: Its id.
        named: False when the id was made, for the stylesheet gives none.
        layer: ``rules`` or ``codes``.
        warning: True when it says that it is no error.
        text: What the stylesheet says, without what it took from the document.
        xpath: The place, such as ``/dossier[1]/metadata[1]``; empty for the document.
        value: The whole text, which may hold values of the document.
    """

    rule: str
    named: bool
    layer: str
    warning: bool
    text: str
    xpath: str
    value: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the stylesheets of a check gave.

    Attributes:
        given: The messages, in order, each one once for a place.
        layers: The layers that the stylesheets have messages for.
        not_run: Why nothing was run, as a key of ``LAAG``; None when it was.
        unclear: Why there is no verdict, as a key of ``LAAG``; None when there is one.
    """

    given: tuple[Given, ...] = ()
    layers: frozenset[str] = frozenset()
    not_run: str | None = None
    unclear: str | None = None


def check(release: Release, check_name: str, document: bytes, limits: running.RunLimits | None = None) -> Outcome:
    """Make the official check of a release with the stylesheets of its bundle.

    Args:
        release: A release that was installed from a bundle.
        check_name: The official check, such as ``OV``.
        document: A document that was parsed before, so is well-formed and without a DOCTYPE.
        limits: What running may take.

    Returns:
        What it gave, or why it was not made.
    """
    sheets = bundled.stylesheets(release, check_name)
    reason = _obstacle(sheets)
    if reason:
        return Outcome(not_run=reason)
    text = _text(document)
    given, layers, unclear = list[Given](), set[str](), None
    for sheet in sheets:
        content = (release.folder / sheet["file"]).read_bytes()
        if preparing.digest(content) != sheet["digest"]:
            return Outcome(not_run=CHANGED)
        known = bundled.messages(release, sheet["messages"])
        answer = running.run(content.decode("utf-8"), text, limits or running.DEFAULT)
        given += _given(answer, known)
        layers |= {item["layer"] for item in (*known["messages"], *known["texts"])}
        unclear = unclear or _STATES.get(answer.state)
    return Outcome(tuple(dict.fromkeys(given)), frozenset(layers), None, unclear)


def _obstacle(sheets: list[dict[str, str]]) -> str | None:
    """Why nothing can be run here."""
    if not sheets:
        return NO_SHEET
    if running.engine_folder() is None:
        return NO_ENGINE
    return None if running.is_allowed() else NOT_CONTAINED


def _text(document: bytes) -> str:
    """A document as text, without the declaration, which may name another encoding than that of the text."""
    body = parser.to_utf8(document, Limits(max_bytes=4 * len(document) + 1))
    head = _DECLARATION.match(body)
    return body[head.end() if head else 0 :].decode("utf-8")


def _given(answer: Answer, known: dict[str, Any]) -> Iterator[Given]:
    """The messages in an answer."""
    for text in answer.messages:
        yield from _one(text, known)
    for item in answer.result:
        root = _parsed(item)
        for element in () if root is None else root.iter(etree.Element):
            if _NUMBER in element.attrib:
                yield from _made(element, _words(element), known)


def _one(text: str, known: dict[str, Any]) -> Iterator[Given]:
    """The message in what one ``xsl:message`` gave; none when it bears no mark of ours."""
    root = _parsed(text)
    mark = None if root is None else next(root.iter(f"{{{OWN}}}m"), None)
    if root is not None and mark is not None:
        yield from _made(mark, _words(root), known)


def _parsed(item: str) -> etree._Element | None:
    """What is in an item of the answer; None when it is only text or cannot be read."""
    if _NUMBER.partition("}")[0][1:] not in item:
        return None
    try:
        return parser.parse(f"<w>{item.partition('?>')[2] if item.startswith('<?xml') else item}</w>".encode(), _RESULT)
    except DocumentError:
        return None


def _words(element: etree._Element) -> str:
    return " ".join("".join(map(str, element.itertext())).split())


def _made(mark: etree._Element, words: str, known: dict[str, Any]) -> Iterator[Given]:
    number = str(mark.get(_NUMBER, ""))
    if not number.isascii() or not number.isdecimal() or int(number[:9]) >= len(known["messages"]):
        return
    described = known["messages"][int(number)]
    if not described["text"]:
        described = _handed(words, known["texts"]) or described
    yield Given(
        described["id"],
        described["named"],
        described["layer"],
        described["level"] == "warning",
        described["text"],
        str(mark.get(_AT, "")),
        words,
    )


def _handed(words: str, texts: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """Which of the texts that are handed to a template a message is: the longest that is in it."""
    found = [item for item in texts if item["text"] in words]
    return max(found, key=lambda item: len(item["text"])) if found else None
