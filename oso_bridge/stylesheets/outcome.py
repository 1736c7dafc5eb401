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
from oso_bridge.stylesheets.marks import GAP
from oso_bridge.stylesheets.running import Answer
from oso_bridge.stylesheets.screening import OWN
from oso_bridge.xml import parser
from oso_bridge.xml.limits import Limits

NO_ENGINE, NOT_CONTAINED, NO_SHEET, CHANGED = "geen-xslt", "niet-ingesloten", "geen-stylesheet", "stylesheet-gewijzigd"
BROKE_OFF, RAN_OUT, NOT_COMPILED = "stylesheet-afgebroken", "stylesheet-grens", "stylesheet-fout"
INCOMPLETE, UNTRACED = "stylesheet-onvolledig", "stylesheet-onherleidbaar"
_STATES = {running.STOPPED: BROKE_OFF, running.LIMIT: RAN_OUT, running.NOT_COMPILED: NOT_COMPILED}
_NUMBER, _AT = f"{{{OWN}}}n", f"{{{OWN}}}at"
_MESSAGE, _ASIDE, _PASSED_OVER = f"{{{OWN}}}m", f"{{{OWN}}}s", f"{{{OWN}}}q"
_MOST_TEXT = 1_000_000
_MOST_SOUGHT = 200
_LONGEST_VALUE = 4_000
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
        value: The whole text up to a limit, which may hold values of the document.
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
        read = read_answer(answer, known)
        given += read.given
        layers |= {item["layer"] for item in (*known["messages"], *known["texts"])}
        unclear = unclear or read.unclear
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


@dataclass(slots=True)
class Read:
    """What an answer holds.

    Attributes:
        given: The messages, in order.
        unclear: Why these may not be all, as a key of ``LAAG``; None when they are.
    """

    given: list[Given] = field(default_factory=list)
    unclear: str | None = None


def read_answer(answer: Answer, known: dict[str, Any]) -> Read:
    """The messages in the answer of a stylesheet, and whether they can be all that it gave.

    Args:
        answer: What came back.
        known: The messages of the stylesheet, as ``messages.json`` holds them.
    """
    reader = _Reader(known)
    for text in answer.messages:
        reader.message(text)
    for item in answer.result:
        reader.result(item)
    sought = reader.untraced()
    found = reader.found_back(sought, answer.rest)
    reason = _STATES.get(answer.state)
    if reason is None and (reader.unreadable or not answer.whole or answer.unmarked):
        reason = INCOMPLETE
    if reason is None and (reader.hidden or len(found) < len(sought) or reader.has_more(answer.rest)):
        reason = UNTRACED
    return Read([*reader.given, *found], reason)


class _Reader:
    """Reads the items of an answer.

    Attributes:
        given: The messages so far.
        unreadable: Whether there was an item with a mark that cannot be read.
        hidden: Whether text that counts as a message was put aside, so that nobody knows what became of it.
    """

    def __init__(self, known: dict[str, Any]) -> None:
        self.given = list[Given]()
        self.unreadable = self.hidden = False
        self._known = known
        self._seen = set[tuple[str, str]]()
        self._aside = dict[tuple[str, str], etree._Element]()
        self._texts = list[str]()
        self._results = list[etree._Element]()
        self._all: str | None = None

    def message(self, text: str) -> None:
        """Read what one ``xsl:message`` gave."""
        root = _parsed(text)
        mark = root[0] if root is not None and len(root) else None
        if root is None or mark is None:
            self.unreadable = True
        elif mark.tag == _MESSAGE:
            self._take(mark, _words(root))
        elif mark.tag == _ASIDE and _NUMBER in mark.attrib:
            self._aside[_key(mark)] = mark
        elif mark.tag == _ASIDE:
            self.hidden = True
        elif mark.tag != _PASSED_OVER:
            self.unreadable = True
        self._marked_within(root)

    def result(self, item: str) -> None:
        """Read an item of the result."""
        root = _parsed(item)
        self.unreadable = self.unreadable or root is None
        self._marked_within(root)
        if root is not None:
            self._results.append(root)

    def _marked_within(self, root: etree._Element | None) -> None:
        """Take the elements that are a message, wherever they came out."""
        if root is None:
            return
        self._texts.append(_words(root, _MOST_TEXT))
        for element in root.iter(etree.Element):
            if _NUMBER in element.attrib and element.tag not in (_MESSAGE, _ASIDE):
                self._seen.add(_key(element))
                self._take(element, _words(element))

    def _take(self, mark: etree._Element, words: str) -> None:
        made = _made(mark, words, self._known)
        if made is not None:
            self.given.append(made)

    def untraced(self) -> list[Given]:
        """What was made as a message, and did not come out as it was made."""
        lost = [mark for key, mark in self._aside.items() if key not in self._seen]
        return [made for mark in lost if (made := _made(mark, "", self._known)) is not None]

    def found_back(self, sought: list[Given], rest: Iterable[str]) -> list[Given]:
        """Those of which the text did come out; not all are looked for when there are very many."""
        texts = list(dict.fromkeys(item.text for item in sought))[:_MOST_SOUGHT]
        said = {text for text in texts if _is_said(text, self.all_text(rest))}
        return [item for item in sought if item.text in said]

    def has_more(self, rest: Iterable[str]) -> bool:
        """Whether something came out that is a message by its name or its text, and bears no mark."""
        names, stated = set(self._known["names"]), [_bare(text) for text in self._known["stated"]]
        roots = [*self._results, *(root for item in rest if (root := _wrapped(item)) is not None)]
        if any(_has_named(root, names) for root in roots):
            return True
        said = _bare("".join(text for root in roots for text in _unmarked(root))[:_MOST_TEXT]) if stated else ""
        return any(text in said for text in stated)

    def all_text(self, rest: Iterable[str]) -> str:
        """All that came out, without white space and up to a limit."""
        if self._all is None:
            texts = [*self._texts, *(_words(root, _MOST_TEXT) for item in rest if (root := _wrapped(item)) is not None)]
            self._all = _bare("".join(texts)[:_MOST_TEXT])
        return self._all


def _has_named(element: etree._Element, names: set[str]) -> bool:
    """Whether an element with the name of a message stands outside those that bear a mark."""
    if _NUMBER in element.attrib:
        return False
    if etree.QName(element).localname.lower() in names and _PASSED_OVER not in element.attrib:
        return True
    return any(_has_named(child, names) for child in element.iterchildren(etree.Element))


def _unmarked(element: etree._Element) -> Iterator[str]:
    """The texts outside the elements that bear a mark."""
    yield str(element.text or "")
    for child in element:
        aside = isinstance(child, etree._Comment | etree._ProcessingInstruction)
        if not aside and _NUMBER not in child.attrib:
            yield from _unmarked(child)
        yield str(child.tail or "")


def _key(mark: etree._Element) -> tuple[str, str]:
    return str(mark.get(_NUMBER)), str(mark.get(_AT, ""))


def _is_said(text: str, said: str) -> bool:
    """Whether a text came out, whatever stands in its gaps."""
    at = 0
    for piece in map(_bare, text.split(GAP)):
        at = said.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return bool(text)


def _bare(text: str) -> str:
    return "".join(text.split())


def _parsed(item: str) -> etree._Element | None:
    """What is in an item of the answer that bears a mark; None when it cannot be read."""
    return _wrapped(item) if OWN in item else None


def _wrapped(item: str) -> etree._Element | None:
    try:
        return parser.parse(f"<w>{item.partition('?>')[2] if item.startswith('<?xml') else item}</w>".encode(), _RESULT)
    except DocumentError:
        return None


def _words(element: etree._Element, most: int = _LONGEST_VALUE) -> str:
    """The text in an element; no more than so much, for one may stand in another, and that in another again."""
    found, left = list[str](), most
    for text in element.itertext():
        found.append(str(text)[:left])
        left -= len(found[-1])
        if left <= 0:
            break
    return " ".join("".join(found).split())


def _made(mark: etree._Element, words: str, known: dict[str, Any]) -> Given | None:
    number = str(mark.get(_NUMBER, ""))
    if not number.isascii() or not number.isdecimal() or int(number[:9]) >= len(known["messages"]):
        return None
    described = known["messages"][int(number)]
    if not described["text"]:
        described = _handed(words, known["texts"]) or described
    return Given(
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
