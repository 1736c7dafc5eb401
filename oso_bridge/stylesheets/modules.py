"""A stylesheet with all that it includes, out of a bundle; and one text of it all, that refers to nothing else.

What a stylesheet includes, imports, or reads with ``document('lijsten.xml')`` is put into it as a ``data:`` address. So
precedence and the base of names stay what they were, and whoever runs it needs no access to any file.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

from lxml import etree

from oso_bridge.errors import BundleRefused, DocumentError
from oso_bridge.stylesheets import xpath
from oso_bridge.stylesheets.screening import FN, LITERAL_ONLY, XSL, screen, spans, split_name
from oso_bridge.xml import parser

_XSL = f"{{{XSL}}}"
_INCLUDES = (f"{_XSL}include", f"{_XSL}import")
_MOST = 64
_MOST_REFERENCES = 500
_MOST_CHARACTERS = 20_000_000
_DATA = "data:application/xml;base64,"


class Files(Protocol):
    """What a bundle is asked: the file that a reference stands for, and what is in it."""

    files: dict[str, bytes]

    def beside(self, name: str, href: str) -> str:
        """The name of the file that a relative reference in another stands for."""


@dataclass(eq=False)
class Sheet:
    """A stylesheet and what it is made of.

    Attributes:
        name: Its main file.
        roots: The root of each of its files, by name, the main one first; marked in place.
        parts: For each reference of an element to another file: that file.
        data: The documents that its expressions read, by name.
        references: How many references to other files it has in all.
    """

    name: str
    roots: dict[str, etree._Element] = field(default_factory=dict)
    parts: dict[etree._Element, str] = field(default_factory=dict)
    data: dict[str, bytes] = field(default_factory=dict)
    references: int = 0

    @property
    def used(self) -> tuple[str, ...]:
        """The names of all its files, the main one first, each one once."""
        return tuple(dict.fromkeys((*self.roots, *self.data)))

    @property
    def elements(self) -> Iterator[tuple[str, etree._Element]]:
        """Every element of every file, with the name of the file."""
        for name, root in self.roots.items():
            for element in root.iter(etree.Element):
                yield name, element


def collect(files: Files, name: str) -> Sheet:
    """Read a stylesheet and all that it includes.

    Args:
        files: The bundle.
        name: The main file.

    Raises:
        BundleRefused: A part could reach outside, is not in the bundle, includes itself, or cannot be read.
    """
    sheet = Sheet(name)
    _collect(files, name, sheet, ())
    return sheet


def _collect(files: Files, name: str, sheet: Sheet, above: tuple[str, ...]) -> None:
    if name in above:
        raise BundleRefused("A stylesheet of the bundle includes itself.", where=name)
    if name in sheet.roots:
        return
    if len(sheet.roots) >= _MOST:
        raise BundleRefused(f"A stylesheet of the bundle has more than {_MOST} parts.", where=name)
    root = sheet.roots[name] = _parsed(files, name)
    screen(root, name)
    for element in root.iter(*_INCLUDES):
        _count(sheet)
        part = files.beside(name, str(element.get("href", "")))
        sheet.parts[element] = part
        _collect(files, part, sheet, (*above, name))
    for element in root.iter(etree.Element):
        for _, href in _documents(element):
            _count(sheet)
            _take_document(files, name, href, sheet)


def _count(sheet: Sheet) -> None:
    """Count a reference to another file, and refuse one too many."""
    sheet.references += 1
    if sheet.references > _MOST_REFERENCES:
        raise BundleRefused(
            f"A stylesheet of the bundle refers to others more than {_MOST_REFERENCES} times.", where=sheet.name
        )


def _parsed(files: Files, name: str) -> etree._Element:
    try:
        return parser.parse(files.files[name], comments=True)
    except DocumentError as error:
        raise BundleRefused(f"A stylesheet of the bundle cannot be read: {error.what}", where=name) from None


def _take_document(files: Files, name: str, href: str, sheet: Sheet) -> None:
    """Read a document that an expression names; the empty name is the stylesheet itself."""
    found = _resolved(files, name, href)
    if found not in sheet.data:
        try:
            parser.parse(files.files[found])
            sheet.data[found] = parser.to_utf8(files.files[found])
        except DocumentError as error:
            raise BundleRefused(f"A file that a stylesheet reads is refused: {error.what}", where=found) from None


def _documents(element: etree._Element) -> Iterator[tuple[tuple[str, int, int], str]]:
    """Where expressions of an element read a document: the attribute, from and to, and the name."""
    for key, value in element.attrib.items():
        if "doc" in value:
            # an attribute that can be read in two ways may give the same place twice
            yield from dict.fromkeys(_documents_in(element, str(key), str(value)))


def _documents_in(element: etree._Element, key: str, text: str) -> Iterator[tuple[tuple[str, int, int], str]]:
    for start, end in spans(element, key):
        found = xpath.tokens(text[start:end])
        for number, called in xpath.calls(found):
            argument = xpath.literal_argument(found, number)
            namespace, local = split_name(called, element)
            if argument is not None and local in LITERAL_ONLY and namespace == FN:
                yield (key, start + argument.start, start + argument.end), argument.value


def address(content: bytes) -> str:
    """A ``data:`` address that stands for a document."""
    return _DATA + base64.b64encode(content).decode("ascii")


def whole(files: Files, sheet: Sheet) -> str:
    """One text of a stylesheet and all its parts.

    Args:
        files: The bundle.
        sheet: The stylesheet, after its parts were marked.

    Raises:
        BundleRefused: The text would be too long.
    """
    _refuse_large(files, sheet)
    made: dict[str, bytes] = {}

    def text(name: str) -> bytes:
        if name not in made:
            root = sheet.roots[name]
            for element in root.iter(*_INCLUDES):
                element.set("href", address(text(sheet.parts[element])))
            _point_to_data(files, name, sheet)
            made[name] = etree.tostring(root, encoding="utf-8")
        return made[name]

    return text(sheet.name).decode("utf-8")


def _refuse_large(files: Files, sheet: Sheet) -> None:
    """Refuse what would become too long, before anything is made of it."""
    sizes: dict[str, int] = {}

    def size(name: str) -> int:
        if name not in sizes:
            root = sheet.roots[name]
            inner = [size(sheet.parts[element]) for element in root.iter(*_INCLUDES)]
            read = [len(sheet.data[_resolved(files, name, href)]) for _, href in _references(root)]
            # base64 makes four of three
            sizes[name] = len(etree.tostring(root, encoding="utf-8")) + sum(item * 4 // 3 for item in (*inner, *read))
            if sizes[name] > _MOST_CHARACTERS:
                raise BundleRefused("A stylesheet of the bundle is too large with all its parts.", where=sheet.name)
        return sizes[name]

    size(sheet.name)


def _references(root: etree._Element) -> Iterator[tuple[tuple[str, int, int], str]]:
    """Where the expressions of a file read a document."""
    for element in root.iter(etree.Element):
        yield from _documents(element)


def _resolved(files: Files, name: str, href: str) -> str:
    """The name of the document that an expression in a file names; the empty one is the file itself."""
    return files.beside(name, href) if href else name


def _point_to_data(files: Files, name: str, sheet: Sheet) -> None:
    """Replace the names of documents in expressions by what the documents hold."""
    for element in sheet.roots[name].iter(etree.Element):
        for key, found in groupby(sorted(_documents(element)), key=lambda item: item[0][0]):
            value, at, pieces = str(element.get(key)), 0, list[str]()
            for (_, start, end), href in found:
                pieces += (value[at:start], f"'{address(sheet.data[_resolved(files, name, href)])}'")
                at = end
            element.set(key, "".join((*pieces, value[at:])))
