"""Reads a large document piece by piece, and hands out the elements of its long lists a few at a time.

What was handed out is freed; of each row of such elements an empty one stays behind.  So what is in memory is the
*frame* of the document, all but its long lists, and a few elements.  The same is refused as by
:mod:`~oso_bridge.xml.parser`; the limits on numbers hold for what is in memory at once.
"""

from __future__ import annotations

import codecs
import copy
import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from oso_bridge.errors import DocumentError
from oso_bridge.xml import parser
from oso_bridge.xml.limits import Limits

CHUNK = 128 * 1024
"""Bytes that are read at a time; the elements in them are handed out together."""


@dataclass(slots=True)
class Part:
    """Some elements of a list that follow one another directly.

    Attributes:
        tags: The tags from the root to these elements.
        root: The root, with what is in memory of the document.
        items: The elements.
        first: How many of them the list had before these.
        named: How many elements of their local name the list had before these.
        row: Which row this is part of; a new one begins behind an element that is none of them.
    """

    tags: tuple[str, ...]
    root: etree._Element
    items: list[etree._Element]
    first: int
    named: int
    row: int


@dataclass(slots=True)
class _List:
    """A list while it is read."""

    tags: tuple[str, ...]
    element: etree._Element | None = None
    kept: int = 0
    """The children that stay, and were looked at."""
    count: int = 0
    named: int = 0
    row: int = -1
    stand_in: etree._Element | None = None
    """What stays of the row that the last child was in."""


@dataclass(slots=True)
class _Weight:
    """What is in memory, at the most; weighed again only when that could be too much."""

    elements: int = 0
    attributes: int = 0
    bytes: int = 0


def first_element(beginning: bytes) -> etree._Element | None:
    """The root of a document as far as a beginning of it tells; None when that is not plain to see."""
    try:
        skipped, encoding = parser.encoding_of(beginning)
        body = beginning[skipped:]
        utf8 = codecs.getincrementaldecoder(encoding)().decode(body).encode() if encoding else body
        parser.refuse_doctype(utf8)
        pull = etree.XMLPullParser(events=("start",), huge_tree=True, remove_comments=True, **parser.SAFE)
        pull.feed(utf8)
        found: Iterator[Any] = pull.read_events()
        root = next((element for _, element in found), None)
        # a prefix that is not declared is told only at the end
        return root if root is None or etree.QName(root).localname else None
    except (DocumentError, etree.XMLSyntaxError, ValueError):
        return None


class Feed:
    """One reading of a document.

    Args:
        read: Gives bytes, none at the end.
        beginning: The first of them, of which :func:`first_element` gave the root.
        root: The tag of the root.
        lists: For each list the tags from the root to its elements.
        limits: What the document may ask for.
        progress: Told how many bytes were read.

    Attributes:
        root: The root, once it was met.
        collapsed: For each element that stands for a row, how many there were in that row.
        first_rows: For each list, by its tags, what stands for its first row.
    """

    def __init__(
        self,
        read: Callable[[int], bytes],
        beginning: bytes,
        root: str,
        lists: tuple[tuple[str, ...], ...],
        limits: Limits,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.root: etree._Element | None = None
        self.collapsed: dict[etree._Element, int] = {}
        self.first_rows: dict[tuple[str, ...], etree._Element] = {}
        self._read, self._limits, self._progress = read, limits, progress
        self._lists = [_List(tags) for tags in lists]
        # no DOCTYPE came before the root, so no entity is declared; told not to resolve any, lxml would go on after one
        settings = {**parser.SAFE, "resolve_entities": "internal"}
        self._pull = etree.XMLPullParser(
            events=("start", "start-ns"), tag=root, huge_tree=True, remove_comments=True, **settings
        )
        self._size = 0
        self._line = 1
        self._hash = hashlib.sha256()
        self._weight = _Weight()
        self._unfreed = 0
        self._skipped, encoding = parser.encoding_of(beginning)
        self._decoder = codecs.getincrementaldecoder(encoding)() if encoding else None

    def __iter__(self) -> Iterator[Part]:
        """The parts in document order.

        Raises:
            DocumentError: The document is not well-formed, or exceeds a limit.
        """
        for piece in self._pieces():
            utf8 = self._utf8(piece)
            self._give(utf8)
            yield from self._ready(utf8)
        self._utf8(b"", at_end=True)
        self._close()
        yield from self._ready(b"", at_end=True)
        if self.root is not None:
            self._weigh(self.root)
            parser.refuse_crowd(self.root, self._limits)

    def digest(self) -> str | None:
        """SHA-256 of the document as ``sha256:...``, reading what was not read; None when it is larger than allowed."""
        try:
            for _ in self._pieces():
                pass
        except DocumentError:
            return None
        return f"sha256:{self._hash.hexdigest()}"

    def _pieces(self) -> Iterator[bytes]:
        """The document in pieces."""
        piece = self._read(CHUNK)
        while piece:
            self._size += len(piece)
            self._hash.update(piece)
            if self._size > self._limits.max_stream_bytes:
                raise parser.too_much("max_stream_bytes", self._limits.max_stream_bytes)
            yield piece
            if self._progress:
                self._progress(self._size)
            piece = self._read(CHUNK)

    def _utf8(self, piece: bytes, *, at_end: bool = False) -> bytes:
        """A piece in UTF-8, without byte-order mark."""
        body, self._skipped = piece[self._skipped :], 0
        if self._decoder is None:
            return body
        recoded, line = self._recoded(self._decoder, body, at_end)
        if recoded is None:
            raise parser.not_xml("codering", line=line)
        self._line += recoded.count(b"\n")
        return recoded

    def _recoded(
        self, decoder: codecs.IncrementalDecoder, body: bytes, at_end: bool
    ) -> tuple[bytes | None, int | None]:
        """A piece in UTF-8, or the line of what is not in the encoding."""
        try:
            return decoder.decode(body, at_end).encode("utf-8"), None
        except UnicodeDecodeError as error:
            good = bytes(error.object[: error.start]).decode(error.encoding, "ignore")
            return None, self._line + good.count("\n")
        except UnicodeError:
            return None, self._line

    def _give(self, utf8: bytes) -> None:
        """Give bytes to the parser, and see what they began."""
        fault = self._parsed(utf8)
        if fault is not None:
            raise fault
        events: Iterator[tuple[str, Any]] = self._pull.read_events()
        for event, value in events:
            if event == "start" and self.root is None:
                self.root = value
            elif event == "start-ns" and len(value[1] or "") > parser.LONGEST_NAMESPACE:
                raise parser.parser_limit()
        weight = self._weight
        weight.elements += parser.tags(utf8)
        weight.attributes += utf8.count(b"=")
        weight.bytes += len(utf8)
        self._unfreed += len(utf8)

    def _parsed(self, utf8: bytes) -> DocumentError | None:
        """What is wrong with bytes; the error of libxml2 may quote the document, and stays behind here."""
        try:
            self._pull.feed(utf8)
        except etree.XMLSyntaxError as error:
            return parser.syntax_error(error, self._limits)
        except ValueError:
            return parser.not_xml("syntaxis")
        return None

    def _close(self) -> None:
        fault: DocumentError | None = None
        try:
            self._pull.close()
        except etree.XMLSyntaxError as error:
            fault = parser.syntax_error(error, self._limits)
        except ValueError:
            fault = parser.not_xml("syntaxis")
        if fault or self.root is None:
            raise fault or parser.not_xml("leeg")

    def _ready(self, utf8: bytes, *, at_end: bool = False) -> Iterator[Part]:
        """What can be handed out."""
        if self.root is None:
            return
        if self._unfreed > self._limits.max_children * len(b"<a/>"):
            parser.refuse_crowd(self.root, self._limits)
        for one in self._lists:
            if one.element is None:
                one.element = _find(self.root, one.tags)
            if one.element is not None:
                for part in self._of_list(one, at_end):
                    yield part
                    self._unfreed = len(utf8)
        if self._is_heavy():
            self._weigh(self.root)

    def _of_list(self, one: _List, at_end: bool) -> Iterator[Part]:
        """The elements of a list that are complete; afterwards they are freed."""
        held: Any = one.element
        # the parser may still add to the last child, and to the text behind it
        waiting = held[one.kept :] if at_end or _is_behind(held) else held[one.kept : -1]
        row: list[etree._Element] = []
        for child in [*waiting, None]:
            if child is not None and child.tag == one.tags[-1]:
                row.append(child)
                continue
            if row:
                yield self._begin(one, row)
                self._free(one, row)
                row = []
            if child is not None:
                one.kept += 1
                one.named += parser.local_name(child) == one.tags[-1].rpartition("}")[2]
                one.stand_in = None

    def _begin(self, one: _List, row: list[etree._Element]) -> Part:
        if one.stand_in is None:
            one.row += 1
        root: Any = self.root
        return Part(one.tags, root, row, one.count, one.named, one.row)

    def _free(self, one: _List, row: list[etree._Element]) -> None:
        """Take elements out of the tree; the first of a row stays, empty."""
        held: Any = one.element
        one.count += len(row)
        one.named += len(row)
        if one.stand_in is None:
            one.stand_in, one.kept = row[0], one.kept + 1
            row[0].clear()
            self.collapsed[row[0]] = 0
            self.first_rows.setdefault(one.tags, row[0])
            del held[one.kept : one.kept + len(row) - 1]
        else:
            del held[one.kept : one.kept + len(row)]
        self.collapsed[one.stand_in] += len(row)

    def _is_heavy(self) -> bool:
        weight, limits = self._weight, self._limits
        return (
            weight.elements > limits.max_elements
            or weight.attributes > limits.max_attributes
            or weight.bytes > limits.max_bytes
        )

    def _weigh(self, root: etree._Element) -> None:
        """Count what is in memory.

        What is near a limit is counted again only after a good deal more, so that counting does not take the time.
        """
        limits, weight = self._limits, self._weight
        elements, attributes, size = _ELEMENTS(root), _ATTRIBUTES(root), len(etree.tostring(root, encoding="utf-8"))
        for name, found in (("max_elements", elements), ("max_attributes", attributes), ("max_bytes", size)):
            if found > getattr(limits, name):
                raise parser.too_much(name, getattr(limits, name))
        weight.elements = min(int(elements), limits.max_elements * 7 // 8)
        weight.attributes = min(int(attributes), limits.max_attributes * 7 // 8)
        weight.bytes = min(int(size), limits.max_bytes * 7 // 8)


_ELEMENTS: Callable[[etree._Element], Any] = etree.XPath("count(//*)")
_ATTRIBUTES: Callable[[etree._Element], Any] = etree.XPath("count(//@*)")


def _find(root: etree._Element, tags: tuple[str, ...]) -> etree._Element | None:
    """The list whose elements have these tags from the root on: the first of its name in the first of its parent's."""
    found: etree._Element | None = root if root.tag == tags[0] else None
    for tag in tags[1:-1]:
        found = next(found.iterchildren(tag), None) if found is not None else None
    return found


def before_lists(root: etree._Element, lists: Collection[tuple[str, ...]]) -> etree._Element:
    """A copy of what stands before the first element of a list: all that is known when that one comes.

    Args:
        root: The root, with what is in memory of the document.
        lists: For each list the tags from the root to its elements.
    """
    return _copied(root, (str(root.tag),), lists)[0]


def _copied(
    element: etree._Element, tags: tuple[str, ...], lists: Collection[tuple[str, ...]]
) -> tuple[etree._Element, bool]:
    """A copy of an element that lists may be in, and whether one of them began there."""
    attributes, prefixes = dict[Any, Any](element.attrib), dict[Any, Any](element.nsmap)
    made = etree.Element(element.tag, attributes, prefixes)
    made.text = element.text
    for child in element:
        below = (*tags, str(child.tag))
        if any(one[:-1] == below and next(child.iterchildren(one[-1]), None) is not None for one in lists):
            return made, True
        if not any(one[: len(below)] == below for one in lists):
            made.append(copy.deepcopy(child))
            continue
        inner, began = _copied(child, below, lists)
        inner.tail = child.tail
        made.append(inner)
        if began:
            return made, True
    return made, False


def _is_behind(element: etree._Element | None) -> bool:
    """Whether the parser is done with an element: something follows it, or one that it is in."""
    while element is not None:
        if element.getnext() is not None:
            return True
        element = element.getparent()
    return False
