"""Finds the messages of a stylesheet and what can be known of each without running it: id, text, layer, level.

A message is an ``xsl:message``; an element of the result with a name that says so (``svrl:failed-assert``, ``fout``,
``melding`` ...); or, in a stylesheet that has neither, text that is given under a condition.  What such words are
stands in ``stylesheets.toml`` of the format.

Its *text* is what the stylesheet itself says, with ``…`` for what it takes from a document, so that it holds no value.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeGuard

from lxml import etree

from oso_bridge.errors import BundleRefused
from oso_bridge.stylesheets import xpath
from oso_bridge.stylesheets.modules import Sheet
from oso_bridge.stylesheets.screening import XSL
from oso_bridge.xml import parser

GAP = "…"
MESSAGE, ELEMENT, TEXT = "message", "element", "text"
_XSL = f"{{{XSL}}}"
_CONDITIONS = tuple(f"{_XSL}{name}" for name in ("if", "when", "otherwise"))
_AROUND = (*_CONDITIONS, f"{_XSL}choose", f"{_XSL}for-each", f"{_XSL}for-each-group")
_SAYING = tuple(f"{_XSL}{name}" for name in ("value-of", "sequence", "copy-of"))
_NOT_RESULT = tuple(
    f"{_XSL}{name}"
    for name in ("variable", "param", "with-param", "function", "attribute", "comment", "key", "processing-instruction")
)
_ASIDE = tuple(f"{_XSL}{name}" for name in ("variable", "param", "with-param", "function"))
_MOST = 20_000
_MOST_STATED = 5_000
_LONG_CONDITION = 500
_WORDS = re.compile(r"[^\W\d_]{2,}.*[^\W\d_]{2,}", re.DOTALL)
_LONG_ENOUGH = 12
_JOINING = ("concat", "string-join", "fn:concat", "fn:string-join", "(", ")", ",", "|")

Known = Callable[[str], "tuple[str, str] | None"]
"""Given the text of a message, the id and the layer of the known rule that gives it; None when none does."""


@dataclass(slots=True)
class Mark:
    """A message of a stylesheet.

    Attributes:
        kind: ``message``, ``element`` or ``text``.
        element: Where it stands.
        file: The file it is in.
        text: What the stylesheet says, with gaps; empty when it says nothing by itself.
        rule: Its id.
        named: False when the id was made from the text, for want of one.
        layer: ``rules`` or ``codes``.
        warning: True when it says that it is no error.
    """

    kind: str
    element: etree._Element
    file: str
    text: str = ""
    rule: str = ""
    named: bool = False
    layer: str = "rules"
    warning: bool = False

    @property
    def described(self) -> dict[str, Any]:
        """What is kept of it in ``messages.json``."""
        return {
            "id": self.rule,
            "named": self.named,
            "layer": self.layer,
            "level": "warning" if self.warning else "error",
            "text": self.text,
        }


@dataclass(slots=True)
class Marked:
    """The messages of a stylesheet.

    Attributes:
        marks: The messages, in the order of its files.
        texts: Texts that it hands to a template as a parameter: they are the messages of one that says nothing itself.
        passed_over: Those with a text of their own that are not about the document.
        hidden: Conditions under which text is put aside, in a variable for example, where text is a message.
        names: The names of elements that are a message, in small letters.
        stated: Texts of which nothing tells when they are given: those of messages in data that it reads, and those
            under a condition in an expression where text is a message.
    """

    marks: list[Mark] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    passed_over: list[Mark] = field(default_factory=list)
    hidden: list[etree._Element] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    stated: list[str] = field(default_factory=list)


class Marker:
    """Finds the messages of stylesheets of a format.

    Args:
        words: What ``stylesheets.toml`` of the format holds.
        known: Finds the known rule of a text.
        until: When it has to be ready, as ``time.monotonic`` tells it.
    """

    def __init__(self, words: dict[str, Any], known: Known, until: float = math.inf) -> None:
        self._known = known
        self._until = until
        self._id = re.compile(words["ids"]["pattern"])
        self._alone = re.compile(words["ids"]["alone"])
        self._id_names = {str(name).lower() for name in words["ids"]["attributes"]}
        self._names = {str(name).lower() for name in words["elements"]["message"]}
        self._text_names = [str(name).lower() for name in words["elements"]["text"]]
        self._levels = {str(name).lower() for name in words["elements"]["level"]}
        self._warning = re.compile(words["elements"]["warning"])
        self._codes = re.compile(words["codes"]["pattern"])
        self._clear = re.compile(words["clear"]["pattern"])

    def marked(self, sheet: Sheet) -> Marked:
        """The messages of a stylesheet.

        Raises:
            BundleRefused: There are too many, or finding them takes too long.
        """
        texts = list(self._handed(sheet))
        loud = self._described(self._loud(sheet))
        reported = any(mark.kind == ELEMENT for mark in loud)
        counted = [mark for mark in loud if self._counts(mark, reported, bool(texts))]
        made = {mark.element for mark in counted}
        # one without a text of its own may say anything, so it cannot be passed over unseen
        passed = [mark for mark in loud if mark.text and mark.element not in made]
        names, stated = sorted(self._names), list(dict.fromkeys(self._data_texts(sheet)))
        if counted:
            return Marked(counted, texts, passed, [], names, stated[:_MOST_STATED])
        quiet = list(self._quiet(sheet))
        direct = self._described(mark for mark in quiet if not is_aside(mark.element))
        hidden = [mark.element for mark in quiet if is_aside(mark.element)]
        stated = list(dict.fromkeys((*stated, *_conditional_texts(sheet))))
        return Marked(direct, texts, passed, hidden, names, stated[:_MOST_STATED])

    def _data_texts(self, sheet: Sheet) -> Iterator[str]:
        """The texts of elements with the name of a message in what the stylesheet reads, itself included."""
        for content in sheet.data.values():
            self._refuse_late()
            for element in parser.parse(content).iter(etree.Element):
                # a stylesheet that reads itself: what stands in its templates is marked
                if (
                    self._is_named(element)
                    and not _is_in_template(element)
                    and _WORDS.search(text := _text_of(element))
                ):
                    yield text

    def _described(self, marks: Iterable[Mark]) -> list[Mark]:
        found = list[Mark]()
        for mark in marks:
            self._refuse_late()
            if len(found) >= _MOST:
                raise BundleRefused(f"A stylesheet of the bundle has more than {_MOST} messages.", where=mark.file)
            self._describe(mark)
            found.append(mark)
        return found

    def _refuse_late(self) -> None:
        if monotonic() > self._until:
            raise BundleRefused("It takes too long to find the messages in the stylesheets of the bundle.")

    def _counts(self, mark: Mark, reported: bool, handed: bool) -> bool:
        """Whether it is about the document; who reports in the result uses xsl:message to tell how far it is."""
        if self._clear.match(mark.text):
            return False
        ends = mark.element.get("terminate", "no").strip() in ("yes", "true", "1")
        return mark.kind != MESSAGE or not reported or mark.named or ends or (handed and not mark.text)

    # --- which --------------------------------------------------------------------------------------------------

    def _loud(self, sheet: Sheet) -> Iterator[Mark]:
        """Messages that say they are one."""
        for file, element in sheet.elements:
            if element.tag == f"{_XSL}message":
                kind = MESSAGE
            elif self._is_named(element) and not _is_inside(element, self._is_named):
                kind = ELEMENT
            else:
                continue
            if _is_in_template(element) and not _is_inside(element, lambda above: above.tag == f"{_XSL}message"):
                yield Mark(kind, element, file)

    def _is_named(self, element: etree._Element) -> bool:
        """Whether an element makes an element of the result with the name of a message."""
        name = etree.QName(element)
        if name.namespace != XSL:
            return name.localname.lower() in self._names
        made = str(element.get("name", "")) if name.localname == "element" else ""
        return made.rpartition(":")[2].lower() in self._names

    def _quiet(self, sheet: Sheet) -> Iterator[Mark]:
        """Conditions under which text is given; of nested ones the inmost."""
        for file, element in sheet.elements:
            if element.tag in _CONDITIONS and _is_in_template(element) and not _is_inside(element, _is_no_text):
                said = _said(_direct(element))
                if _WORDS.search(said) and not self._clear.match(said):
                    yield Mark(TEXT, element, file)

    # --- what ---------------------------------------------------------------------------------------------------

    def _describe(self, mark: Mark) -> None:
        mark.text = self._text(mark)
        known = self._known(mark.text) if mark.text else None
        rule = self._given_id(mark.element) or self._first_id(_comments(mark.element)) or self._id_in(mark.text)
        mark.named = bool(rule or known)
        mark.rule = rule or (known[0] if known else made_id(mark.text or self._circumstances(mark.element)))
        mark.layer = self._layer(mark, known)
        mark.warning = self._is_warning(mark)

    def _text(self, mark: Mark) -> str:
        if mark.kind == TEXT:
            return _said(_direct(mark.element))
        inner = {etree.QName(item).localname.lower(): item for item in _elements_in(mark.element)}
        best = next((inner[name] for name in self._text_names if name in inner), None)
        text = _said(_parts(mark.element if best is None else best))
        return text if _WORDS.search(text) else ""

    def _given_id(self, element: etree._Element) -> str | None:
        """The id in an attribute or a part of a message of the result."""
        given = (text.strip() for name, text in _named_parts(element) if name in self._id_names)
        return next((text for text in given if self._is_id(text)), None)

    def _is_id(self, text: str) -> bool:
        text = text.strip()
        return bool(self._id.fullmatch(text) or self._alone.fullmatch(text)) and "{" not in text

    def _first_id(self, comments: Iterable[str]) -> str | None:
        for comment in comments:
            found = self._id_in(comment)
            if found:
                return found
            if self._alone.fullmatch(comment.strip()):
                return comment.strip()
        return None

    def _id_in(self, text: str) -> str | None:
        match = self._id.search(text)
        return match[0] if match else None

    def _circumstances(self, element: etree._Element) -> str:
        """What can tell a message without a text of its own from others: the conditions it stands under."""
        above = [element, *element.iterancestors()]
        return " ".join(
            str(item.get(key))[:_LONG_CONDITION] for item in above for key in ("test", "match", "name") if item.get(key)
        )

    def _layer(self, mark: Mark, known: tuple[str, str] | None) -> str:
        if known is not None:
            return known[1]
        said = [mark.rule, mark.text, *_comments(mark.element)]
        return "codes" if any(self._codes.search(text) for text in said) else "rules"

    def _is_warning(self, mark: Mark) -> bool:
        return any(name in self._levels and self._warning.search(text) for name, text in _named_parts(mark.element))

    def _handed(self, sheet: Sheet) -> Iterator[dict[str, Any]]:
        """Texts that are handed to a template, each with the id beside it or handed along."""
        along = dict[etree._Element, tuple[str | None, list[str]]]()
        for file, element in sheet.elements:
            if element.tag != f"{_XSL}with-param":
                continue
            self._refuse_late()
            text = _said(_parts(element))
            if len(text) >= _LONG_ENOUGH and GAP not in text and _WORDS.search(text):
                call = element.getparent()
                if call is None:
                    continue
                if call not in along:
                    along[call] = self._along(call)
                yield self._handed_mark(element, file, text, *along[call]).described

    def _along(self, call: etree._Element) -> tuple[str | None, list[str]]:
        """The id that a call hands along, and the comments beside the call."""
        handed = (_said(_parts(item)) for item in call.iterchildren(f"{_XSL}with-param"))
        return next(filter(self._is_id, handed), None), list(_comments(call))

    def _handed_mark(
        self, element: etree._Element, file: str, text: str, along: str | None, comments: list[str]
    ) -> Mark:
        known = self._known(text)
        rule = along or self._first_id([*_comments(element), *comments]) or self._id_in(text)
        named = rule or (known[0] if known else None)
        mark = Mark(MESSAGE, element, file, text, named or made_id(text), bool(named))
        mark.layer = self._layer(mark, known)
        return mark


def _text_of(element: etree._Element) -> str:
    return " ".join("".join(map(str, element.itertext())).split())[:_LONG_CONDITION]


def _conditional_texts(sheet: Sheet) -> Iterator[str]:
    """The longer texts in expressions that choose."""
    for _, element in sheet.elements:
        expression = str(element.get("select", "")) if str(element.tag).startswith(_XSL) else ""
        found = xpath.tokens(expression) if re.search(r"\bif\b|\[", expression) else []
        for token in found:
            if token.kind == "string" and len(token.value) >= _LONG_ENOUGH and " " in token.value.strip():
                yield token.value


def made_id(text: str) -> str:
    """A stable id for a message that has none: by its words, whatever white space is between them."""
    return "XSL." + hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:10]


# --- where ----------------------------------------------------------------------------------------------------------


def _local(element: etree._Element) -> str:
    return str(etree.QName(element).localname.lower())


def _is_inside(element: etree._Element, condition: Callable[[etree._Element], bool]) -> bool:
    return any(condition(above) for above in element.iterancestors())


def is_aside(element: etree._Element) -> bool:
    """Whether what an element gives is put aside first: in a variable, a parameter or a function."""
    return _is_inside(element, lambda above: above.tag in _ASIDE)


def _is_no_text(element: etree._Element) -> bool:
    return element.tag in _NOT_RESULT and element.tag not in _ASIDE


def _is_in_template(element: etree._Element) -> bool:
    """Whether an element can run: what stands beside the templates is data of the stylesheet itself."""
    top = [element, *element.iterancestors()]
    return len(top) > 1 and str(top[-2].tag).startswith(_XSL)


def _named_parts(element: etree._Element) -> Iterator[tuple[str, str]]:
    """What a message of the result says in attributes and parts that have a name, such as ``id`` or ``code``."""
    if not str(element.tag).startswith(_XSL):
        yield from ((_local_name(str(key)), str(value)) for key, value in element.attrib.items())
    for item in element.iterdescendants(etree.Element):
        if not str(item.tag).startswith(_XSL):
            yield _local(item), _said(_parts(item))
        elif item.tag in (f"{_XSL}attribute", f"{_XSL}element"):
            yield str(item.get("name", "")).rpartition(":")[2].lower(), _said(_parts(item))


def _local_name(key: str) -> str:
    return str(etree.QName(key).localname).lower()


def _elements_in(element: etree._Element) -> list[etree._Element]:
    """The elements of the result inside a message; those of the stylesheet language are looked through."""
    return [item for item in element.iterdescendants(etree.Element) if not str(item.tag).startswith(_XSL)]


def _comments(element: etree._Element) -> Iterator[str]:
    """The comments beside a message, the nearest first: in it, before it, behind it, then before what is around it."""
    for child in element.iterchildren(etree.Comment):
        yield str(child.text)
    yield from _beside(element)
    within = element
    for above in element.iterancestors():
        if above.tag not in _AROUND or not (above.tag == f"{_XSL}choose" or _is_alone(within)):
            return
        yield from _before(above)
        within = above


def _is_alone(element: etree._Element) -> bool:
    """Whether there is no other element of its name beside it."""
    beside = (element.itersiblings(element.tag, preceding=before) for before in (True, False))
    return not any(True for siblings in beside for _ in siblings)


def _is_comment(node: Any) -> TypeGuard[etree._Element]:
    return node is not None and node.tag is etree.Comment


def _before(element: etree._Element) -> Iterator[str]:
    previous = element.getprevious()
    if _is_comment(previous):
        yield str(previous.text)


def _beside(element: etree._Element) -> Iterator[str]:
    """The comment before an element; else the one behind it, unless that stands before something else."""
    before = list(_before(element))
    yield from before
    behind = element.getnext()
    if not before and _is_comment(behind):
        ends_the_line = "\n" not in (element.tail or "") and "\n" in (behind.tail or "")
        if behind.getnext() is None or ends_the_line:
            yield str(behind.text)


# --- the words ------------------------------------------------------------------------------------------------------


def _said(parts: Iterable[str]) -> str:
    """What is said, with single spaces, and one gap for what is taken from a document."""
    text = " ".join("".join(parts).replace(GAP, f" {GAP} ").split())
    text = re.sub(rf"{GAP}(?: {GAP})+", GAP, text)
    text = re.sub(r" (?=[.,;:!?)])", "", text)
    return text.strip() if _WORDS.search(text) else text.strip(f"{GAP} ")


def _direct(element: etree._Element) -> Iterator[str]:
    """What a condition says itself: not what is under a condition within it, nor in markup around nothing."""
    yield from _content(element, skip=_CONDITIONS)


def _parts(element: etree._Element) -> Iterator[str]:
    """What a message says: literal texts, and gaps."""
    if str(element.tag).startswith(_XSL) and element.get("select"):
        yield from _expression(str(element.get("select")))
    yield from _content(element)


def _content(element: etree._Element, skip: tuple[str, ...] = ()) -> Iterator[str]:
    yield _literal(element.text, element)
    for child in element:
        if not _is_comment(child) and child.tag not in skip:
            yield from _child(child, skip)
        yield _literal(child.tail, element)


def _literal(text: str | None, element: etree._Element) -> str:
    """A text of the stylesheet; white space alone counts only where it is meant."""
    if not text or (not text.strip() and element.tag != f"{_XSL}text"):
        return ""
    return text


def _child(child: etree._Element, skip: tuple[str, ...]) -> Iterator[str]:
    if child.tag in _SAYING:
        yield from _expression(str(child.get("select"))) if child.get("select") else _content(child, skip)
    elif child.tag in (f"{_XSL}text", f"{_XSL}for-each", f"{_XSL}sequence", f"{_XSL}element"):
        yield from _content(child, skip)
    elif str(child.tag).startswith(_XSL):
        # a choice says one thing or another; an attribute nothing
        if child.tag not in _NOT_RESULT:
            yield GAP
    else:
        yield from _content(child, skip)


def _expression(expression: str) -> Iterator[str]:
    """The literal texts of an expression, and gaps for the rest of it."""
    found = xpath.tokens(expression)
    if len(found) == 1 and found[0].kind == "string":
        yield found[0].value
        return
    if not found or (found[0].text not in _JOINING and found[0].kind != "string"):
        yield GAP
        return
    for token in found:
        if token.kind == "string" and len(token.text) > 3:  # not a comma or a blank by itself
            yield token.value
        elif token.text not in _JOINING:
            yield GAP
