"""Parses bytes into a tree, safely: what could do harm is refused before the work is done.

Refused are a DOCTYPE (so entities, external references and their bombs), XML 1.1, an encoding
outside the list or one that contradicts the byte-order mark, and more than a limit of
:class:`~oso_bridge.xml.limits.Limits`.  lxml gets bytes only, never a path, so that nothing is
decompressed or fetched; XInclude and schemaLocation stay inert.  Comments and processing instructions are
dropped, so a text that they cut in two is one text.
"""

from __future__ import annotations

import codecs
import re
from copy import copy
from functools import lru_cache
from typing import Any

from lxml import etree

from oso_bridge import catalog
from oso_bridge.errors import DocumentError, NotXml, UnsafeDocument
from oso_bridge.findings import fill
from oso_bridge.xml.limits import DEFAULT, Limits

# libxml2 refuses a longer text, and more depth than 256, unless it is told that the document is huge.
_LARGE_TEXT = 10_000_000
_ENCODINGS = {
    "utf8": "utf-8",
    "ascii": "utf-8",
    "usascii": "utf-8",
    "utf16": "utf-16",
    "utf16le": "utf-16",
    "utf16be": "utf-16",
    "iso88591": "iso-8859-1",
    "latin1": "iso-8859-1",
    "iso885915": "iso-8859-15",
    "windows1252": "windows-1252",
    "cp1252": "windows-1252",
}
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARATION = tuple(b"<?xml" + blank for blank in (b" ", b"\t", b"\r", b"\n"))
_LONGEST_DECLARATION = 400
_VERSION_11 = re.compile(rb"version\s*=\s*[\"']1\.1[\"']")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_ATTRIBUTE = re.compile(rb"=\s*[\"']")
# The full name of an element repeats its namespace: short names in a long one would make much out of little.
LONGEST_NAMESPACE = 1000
_LONG_VALUE = re.compile(rb"=\s*(?:\"[^\"<]{%d}|'[^'<]{%d})" % ((LONGEST_NAMESPACE + 1,) * 2))
_FEW_ATTRIBUTES = 100
_LONG_NAMESPACE = re.compile(rb"xmlns(?<=\sxmlns)[^\s=]*\s*" + _LONG_VALUE.pattern)
# lxml finds the value of an attribute by its name: what that takes grows with the square of their number.
_MOST_ON_ONE_ELEMENT = 1000
_ARCHIVES = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "ZIP", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7-Zip"}

# What libxml2's codes of a document that is not well-formed mean here.
_SYNTAX = {
    "afgebroken": (44, 45, 46, 47, 50, 51, 73, 77),
    "tags": (76,),
    "teken": (6, 7, 8, 9, 10, 11, 12),
    "codering": (31, 32, 81, 1549, 6003),
    "dubbel-attribuut": (42,),
    "prefix": (201, 202, 203),
    "entiteit": (23, 26, 27, 28, 68),
    "na-einde": (5,),
    "declaratie": (64,),
    "geen-xml": (4,),
}


def parse(
    data: bytes, limits: Limits = DEFAULT, *, comments: bool = False, instructions: bool = False
) -> etree._Element:
    """The root of a document.

    Args:
        data: The document, in UTF-8, UTF-16, Latin-1 or a relative of those.
        limits: What the document may ask for.
        comments: Keep comments, for a stylesheet that says something in them.
        instructions: Keep processing instructions, for whoever refuses them.

    Raises:
        NotXml: The bytes are not well-formed XML 1.0 in an encoding that is accepted.
        UnsafeDocument: The document has a DOCTYPE or exceeds a limit.
    """
    utf8 = to_utf8(data, limits)
    refuse_doctype(utf8)
    _refuse_excess(utf8, limits)
    root, fault = _tree(utf8, limits, comments, instructions)
    if root is None:
        # raised here and not where it was caught: the error of libxml2, which may quote the document, stays behind
        raise fault or not_xml("leeg")
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype()
    if len(utf8) > limits.max_children * len(b"<a/>"):
        refuse_crowd(root, limits)
    return root


def refuse_crowd(root: etree._Element, limits: Limits) -> None:
    """Refuse a tree in which an element has very many elements directly inside it."""
    if _crowded(limits.max_children)(root):
        raise too_much("max_children", limits.max_children)


@lru_cache(maxsize=8)
def _crowded(most: int) -> etree.XPath:
    # the first half is cheap, and true of hardly any document
    return etree.XPath(f"boolean(/descendant::*[{int(most) + 1}]) and boolean(//*/*[{int(most) + 1}])")


def _tree(
    utf8: bytes, limits: Limits, comments: bool, instructions: bool
) -> tuple[etree._Element | None, DocumentError | None]:
    """The root, or why there is none."""
    try:
        return etree.fromstring(utf8, _parser(len(utf8) > _LARGE_TEXT, comments, instructions)), None
    except etree.XMLSyntaxError as error:
        return None, syntax_error(error, limits)
    except ValueError:
        return None, not_xml("syntaxis")


SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "remove_pis": True,
    # never what the declaration says: the bytes were judged as UTF-8, and are read as what was judged
    "encoding": "utf-8",
}
"""The settings of every parser of lxml here."""


def lenient() -> etree.XMLParser:
    """A parser without limits of its own, for text in UTF-8 that was judged by :func:`parse` before."""
    return _parser(True, False, False)


@lru_cache(maxsize=8)
def _parser(huge: bool, comments: bool, instructions: bool) -> etree.XMLParser:
    settings = SAFE | {"remove_pis": not instructions}
    return etree.XMLParser(huge_tree=huge, remove_comments=not comments, **settings)


def to_utf8(data: bytes, limits: Limits = DEFAULT) -> bytes:
    """The document in UTF-8 without byte-order mark; its declaration may still name another encoding.

    Raises:
        NotXml: It is empty, compressed, or in an encoding that is not accepted or contradicts the byte-order mark.
        UnsafeDocument: It is larger than ``max_bytes``, before or after the change.
    """
    if len(data) > limits.max_bytes:
        raise too_much("max_bytes", limits.max_bytes)
    if not data or data.isspace():
        raise not_xml("leeg")
    if data[:1] != b"<":
        _refuse_archive(data)
    skipped, encoding = _marks(data)
    body = data[skipped:] if skipped else data
    if encoding and encoding.startswith("utf-16"):
        body = _recode(body, encoding, limits)
    if not body or body.isspace():
        raise not_xml("leeg")
    if body.lstrip()[:1] in (b"{", b"["):
        raise _json()
    declared = _declared(body)
    _refuse_conflict(encoding, declared, bool(skipped))
    if encoding is None and declared not in ("utf-8", None):
        body = _recode(body, declared, limits)
    return body


def is_utf8(data: bytes, limits: Limits = DEFAULT) -> bool:
    """Whether a document is in UTF-8: what has to be recoded is not.

    Raises:
        NotXml: See :func:`to_utf8`.
        UnsafeDocument: See :func:`to_utf8`.
    """
    return data.endswith(to_utf8(data, limits))


def encoding_of(beginning: bytes) -> tuple[int, str | None]:
    """How a document is written, by its beginning.

    Returns:
        The length of its byte-order mark, and its encoding as Python names it; None for UTF-8.

    Raises:
        NotXml: It is in an encoding that is not accepted or contradicts the byte-order mark.
    """
    skipped, encoding = _marks(beginning)
    wide = encoding if encoding and encoding.startswith("utf-16") else None
    body = beginning[skipped:]
    if wide:
        body = body[: 4 * _LONGEST_DECLARATION].decode(wide, "ignore").encode("utf-8", "ignore")
    declared = _declared(body)
    _refuse_conflict(encoding, declared, bool(skipped))
    return skipped, wide or (declared if encoding is None and declared != "utf-8" else None)


def _marks(data: bytes) -> tuple[int, str | None]:
    """The length of the byte-order mark, and the encoding that the first bytes tell."""
    if data[:1] != b"<":
        for bom, name in _BOMS:
            if data.startswith(bom):
                return len(bom), name
    return 0, _unmarked(data)


def _refuse_archive(data: bytes) -> None:
    for magic, name in _ARCHIVES.items():
        if data.startswith(magic):
            raise not_xml("archief", soort=name)


def _unmarked(data: bytes) -> str | None:
    """UTF-16 and UTF-32 without byte-order mark show in the zero bytes around the first sign."""
    if data.startswith((b"<\x00\x00\x00", b"\x00\x00\x00<")):
        return "utf-32"
    if data.startswith(b"<\x00"):
        return "utf-16-le"
    return "utf-16-be" if data.startswith(b"\x00<\x00") else None


def _declared(body: bytes) -> str | None:
    """The encoding that the XML declaration names, among those accepted; None when it names none."""
    end = body.find(b"?>") if body.startswith(_DECLARATION) else -1
    if end < 0:
        return None
    if end > _LONGEST_DECLARATION:
        raise not_xml("syntaxis", line=1)
    if _VERSION_11.search(body, 0, end):
        raise not_xml("versie", line=1)
    if body.find(b"encoding", 0, end) < 0:
        return None
    named = _ENCODING.search(body, 0, end)
    key = named[1].decode("ascii").lower().replace("-", "").replace("_", "") if named else ""
    if key not in _ENCODINGS:
        raise not_xml("codering", line=1)
    return _ENCODINGS[key]


def _refuse_conflict(encoding: str | None, declared: str | None, marked: bool) -> None:
    """A byte-order mark and a declaration that contradict each other: readers would see different documents."""
    family = encoding[:6] if encoding and encoding.startswith("utf-16") else encoding
    if family == "utf-32" or (family and declared and declared != family):
        raise not_xml("codering", line=1)
    if declared == "utf-16" and family != "utf-16":
        raise not_xml("codering", line=1)


def _recode(body: bytes, encoding: str, limits: Limits) -> bytes:
    recoded, line = _in_utf8(body, encoding)
    if recoded is None:
        raise not_xml("codering", line=line)
    if len(recoded) > limits.max_bytes:
        raise too_much("max_bytes", limits.max_bytes)
    return recoded


def _in_utf8(body: bytes, encoding: str) -> tuple[bytes | None, int | None]:
    """The text in UTF-8, or the line of what is not in the encoding."""
    try:
        return body.decode(encoding).encode("utf-8"), None
    except UnicodeError as error:
        good = body[: error.start] if isinstance(error, UnicodeDecodeError) else b""
        return None, good.decode(encoding, "ignore").count("\n") + 1


def refuse_doctype(body: bytes) -> None:
    """Walk over the prolog up to the root; a DOCTYPE can stand nowhere else."""
    at = 0
    while True:
        at = body.find(b"<", at)
        if at < 0:
            return
        if body.startswith(b"<!DOCTYPE", at):
            raise _doctype(body.count(b"\n", 0, at) + 1)
        at = _behind(body, at)
        if at < 0:
            return


def _behind(body: bytes, at: int) -> int:
    """Where a comment or a processing instruction that begins here ends; -1 when it is neither, or never ends."""
    for opening, closing in ((b"<!--", b"-->"), (b"<?", b"?>")):
        if body.startswith(opening, at):
            # behind the whole of the opening: in <!---> the comment goes on
            end = body.find(closing, at + len(opening))
            return end + len(closing) if end >= 0 else -1
    return -1


def _refuse_excess(body: bytes, limits: Limits) -> None:
    """Count what a tree would hold before making one; a small document cannot hold that much, so it is not counted."""
    if len(body) > limits.max_elements * len(b"<a/>") and tags(body) > limits.max_elements:
        raise too_much("max_elements", limits.max_elements)
    if len(body) > limits.max_attributes * len(b' a=""') and body.count(b"=") > limits.max_attributes:
        found = sum(1 for _ in _ATTRIBUTE.finditer(body))
        if found > limits.max_attributes:
            raise too_much("max_attributes", limits.max_attributes)
    if _has_long_namespace(body):
        raise parser_limit()


def _has_long_namespace(body: bytes) -> bool:
    """Whether a namespace has a very long name; hardly any document has even a long attribute."""
    return _has_long_value(body) and _LONG_NAMESPACE.search(body) is not None


def _has_long_value(body: bytes) -> bool:
    """Whether an attribute has a very long value; a pattern looks at every byte, a search for one sign need not."""
    at = -1
    for _ in range(_FEW_ATTRIBUTES):
        at = body.find(b"=", at + 1)
        if at < 0 or _LONG_VALUE.match(body, at):
            return at >= 0
    return _LONG_VALUE.search(body, at) is not None


def tags(body: bytes) -> int:
    """The number of start tags, or a few more."""
    return body.count(b"<") - body.count(b"</")


_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_DEEP = "/*"
_LONGEST_PATH = 200  # libxml2 refuses a path of many steps


@lru_cache(maxsize=8)
def _deeper_than(depth: int) -> etree.XPath:
    return etree.XPath("boolean(" + _DEEP * (depth + 1) + ")")


def _is_deeper(root: etree._Element, depth: int) -> bool:
    if depth <= _LONGEST_PATH:
        return bool(_deeper_than(depth)(root.getroottree()))
    level = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        level += 1 if event == "start" else -1
        if level > depth:
            return True
    return False


_CROWDED = etree.XPath(f"boolean(//@*[{_MOST_ON_ONE_ELEMENT + 1}])")


def refuse_shape(root: etree._Element, limits: Limits) -> None:
    """Refuse a tree with more elements inside one another than the limit, or very many attributes on one element.

    A document that passed its schema cannot be so, so only the others are asked.
    """
    if _CROWDED(root.getroottree()):
        raise parser_limit()
    if _is_deeper(root, limits.max_depth):
        raise too_much("max_depth", limits.max_depth)


def _doctype(line: int | None = None) -> UnsafeDocument:
    """The error for a document with a DOCTYPE."""
    said = catalog.message("DOC", "doctype")
    return UnsafeDocument(said.text["en"], rule="DOC.doctype", line=line, remedy=said.remedy["en"])


def parser_limit(line: int | None = None) -> UnsafeDocument:
    """The error for a document that asks too much of the parser."""
    return UnsafeDocument("The document exceeds a limit of the parser.", rule="DOC.limiet.parser", line=line)


def too_much(name: str, limit: int) -> UnsafeDocument:
    """The error for a document that exceeds a limit, by the name of the limit."""
    return UnsafeDocument(
        f"The document exceeds the limit {name} ({limit}).",
        rule=f"DOC.limiet.{name}",
        args={"limiet": name, "grens": str(limit)},
        remedy="Raise that limit if you trust the source.",
    )


def not_xml(kind: str, line: int | None = None, **args: str) -> NotXml:
    """The error for what is no XML, by its kind: a text of that name is in the catalog."""
    said = catalog.message("DOC", kind)
    what, remedy = fill(said.text["en"], args, "en"), fill(said.remedy["en"], args, "en")
    return NotXml(what, rule=f"DOC.{kind}", args=args, line=line, remedy=remedy)


def _json() -> NotXml:
    """What is said of JSON: most likely a dossier that the commands for JSON take."""
    remedy = "A dossier as JSON: use oso-bridge todo or write, or Dossier.model_validate_json."
    return NotXml("The source is JSON, not XML.", rule="DOC.json", remedy=remedy)


def syntax_error(error: etree.XMLSyntaxError, limits: Limits) -> NotXml | UnsafeDocument:
    """Our own error for libxml2's: its text may quote the document, so only its code and line are used."""
    code = int(getattr(error, "code", 0) or 0)
    text = str(error.msg or "")
    line = error.lineno or None
    if "depth" in text and code in (1, 110, 114):
        return too_much("max_depth", limits.max_depth)
    if code in (1, 89, 110, 114):
        return parser_limit(line)
    kind = next((kind for kind, codes in _SYNTAX.items() if code in codes), "syntaxis")
    return not_xml(kind, line=line)


_INSTRUCTION = etree.XPath("boolean(//processing-instruction())")


def has_instruction(root: etree._Element) -> bool:
    """Whether a document that was parsed with its processing instructions has one, before or behind its root too."""
    return bool(_INSTRUCTION(root.getroottree()))


def bears_signature(root: etree._Element) -> bool:
    """Whether a document has an XML signature directly below its root, where one over all of it stands."""
    return next(root.iterchildren(_SIGNATURE), None) is not None


def line_of(element: etree._Element) -> int | None:
    """The line of an element in the source, counted from 1."""
    line: Any = element.sourceline
    return line if isinstance(line, int) else None


def tostring(element: etree._Element) -> str:
    """An element as XML text, without what follows it.

    A copy declares the namespaces it uses; the element itself would declare all that its parents declare, each time.
    """
    return str(etree.tostring(copy(element), encoding="unicode", with_tail=False))


def local_name(element: Any) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]
