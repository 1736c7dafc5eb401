"""Refuses a stylesheet on reading when it could reach outside: files, network, environment, other programs.

What is refused is refused wherever it stands, also in parts that would never run. Whether a refused word is in fact
harmless where it stands is not asked: no check of a dossier needs any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from oso_bridge.errors import BundleRefused
from oso_bridge.stylesheets import xpath
from oso_bridge.xml import parser

XSL = "http://www.w3.org/1999/XSL/Transform"
OWN = "urn:oso-bridge:stylesheet"
FN = "http://www.w3.org/2005/xpath-functions"
LITERAL_ONLY = frozenset(("doc", "document", "doc-available"))
"""Functions that are accepted with a literal relative name, of a file in the bundle."""

_XSL = f"{{{XSL}}}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_ELEMENTS = frozenset(
    ("result-document", "evaluate", "import-schema", "use-package", "expose", "override", "source-document", "stream")
)
_FUNCTIONS = frozenset(
    (
        "available-environment-variables",
        "collection",
        "environment-variable",
        "function-lookup",
        "invisible-xml",
        "json-doc",
        "load-xquery-module",
        "parse-html",
        "parse-xml",
        "parse-xml-fragment",
        "static-base-uri",
        "transform",
        "unparsed-binary",
        "unparsed-text",
        "unparsed-text-available",
        "unparsed-text-lines",
        "uri-collection",
    )
)
_KNOWN_NAMESPACES = frozenset((FN, f"{FN}/math", f"{FN}/map", f"{FN}/array", "http://www.w3.org/2001/XMLSchema", XSL))
_EXPRESSIONS = frozenset(
    (
        "count",
        "from",
        "group-adjacent",
        "group-by",
        "group-ending-with",
        "group-starting-with",
        "initial-value",
        "match",
        "select",
        "test",
        "use",
        "use-when",
        "value",
    )
)
"""Attributes of the stylesheet language that are an expression or a pattern, and never a template with braces."""
_FOREIGN = re.compile(
    r"java:|(?:https?://)?(?:saxon\.sf\.net|icl\.com/saxon|xml\.apache\.org|exslt\.org|expath\.org|www\.ibm\.com)"
)
_COLLATION = re.compile(
    r"(?:http://www\.w3\.org/[\w./-]*(?:collation|codepoint|ucaroot|UCA)[\w./?;=-]*\s*)*", re.IGNORECASE
)


def screen(root: etree._Element, name: str) -> None:
    """Refuse a stylesheet, or a part of one, that could reach outside.

    Args:
        root: Its root, comments included.
        name: Its name in the bundle, for the error.

    Raises:
        BundleRefused: It could; the text says by what, and on which line.
    """
    if root.tag not in (f"{_XSL}stylesheet", f"{_XSL}transform"):
        raise BundleRefused("A stylesheet of the bundle does not begin with xsl:stylesheet.", where=name)
    functions = _own_functions(root)
    expanded = any("expand-text" in str(key) for element in root.iter(etree.Element) for key in element.attrib)
    for element in root.iter(etree.Element):
        for what in _wrong(element, functions, expanded):
            raise BundleRefused(
                f"A stylesheet of the bundle uses {what}, which is refused.",
                where=name,
                line=parser.line_of(element),
                remedy="Without stylesheets (--no-stylesheets, stylesheets=False) the rest of it can be installed.",
            )


def _own_functions(root: etree._Element) -> frozenset[str]:
    """The namespaces in which the stylesheet may have functions of its own: any that it declares, but the foreign."""
    return frozenset(
        namespace
        for element in root.iter(etree.Element)
        for namespace in element.nsmap.values()
        if namespace and not _FOREIGN.match(namespace) and "xpath-functions" not in namespace
    )


def _wrong(element: etree._Element, functions: frozenset[str], expanded: bool) -> Iterator[str]:
    """What is refused of one element, without what is in it."""
    namespace, local = etree.QName(element).namespace or "", etree.QName(element).localname
    if namespace == XSL and local in _ELEMENTS:
        yield f"xsl:{local}"
    if _FOREIGN.match(namespace) or namespace == OWN:
        yield f"an element of the namespace {namespace}"
    if _says_own(element):
        yield f"the namespace {OWN}"
    for key, value in element.attrib.items():
        yield from _wrong_attribute(element, str(key), str(value), namespace == XSL, functions)
    if expanded:
        for text in (element.text, *(child.tail for child in element)):
            yield from _wrong_template(text or "", element, functions)


def _says_own(element: etree._Element) -> bool:
    """Whether our own namespace is declared or named: only our marks may be in it."""
    said = (*element.nsmap.values(), *element.attrib.values(), element.text, *(child.tail for child in element))
    return any(text and OWN in text for text in said)


def spans(element: etree._Element, key: str) -> list[tuple[int, int]]:
    """Where expressions may stand in an attribute: all of it, in braces, or, where both can be, both.

    Args:
        element: The element.
        key: The name of the attribute.
    """
    value, name = str(element.get(key)), etree.QName(key)
    whole = [(0, len(value))]
    instruction = element.tag.startswith(_XSL)
    if (name.namespace or (XSL if instruction else "")) == XSL and name.localname in _EXPRESSIONS:
        return whole
    if instruction and key != "regex":
        return whole + xpath.braced(value)
    return xpath.braced(value)


def _wrong_attribute(
    element: etree._Element, key: str, value: str, instruction: bool, functions: frozenset[str]
) -> Iterator[str]:
    foreign = etree.QName(key).namespace or ""
    local = etree.QName(key).localname
    if key == f"{_XML}base":
        yield "xml:base"
    if foreign and (_FOREIGN.match(foreign) or foreign == OWN):
        yield f"an attribute of the namespace {foreign}"
    if instruction and key.startswith("_"):
        yield "a shadow attribute"
    if local == "extension-element-prefixes" and value.strip():
        yield "extension elements"
    if local == "for-each-source":
        yield "for-each-source"
    if local.endswith("collation") and foreign in ("", XSL) and not _COLLATION.fullmatch(value):
        yield "a collation that is not of the W3C"
    for start, end in spans(element, key):
        yield from _wrong_calls(value[start:end], element, functions)


def _wrong_template(text: str, element: etree._Element, functions: frozenset[str]) -> Iterator[str]:
    for start, end in xpath.braced(text):
        yield from _wrong_calls(text[start:end], element, functions)


def _wrong_calls(expression: str, element: etree._Element, functions: frozenset[str]) -> Iterator[str]:
    """What an expression calls that is refused."""
    if "(" not in expression and "#" not in expression:
        return
    found = xpath.tokens(expression)
    for number, called in xpath.calls(found):
        namespace, local = split_name(called, element)
        if local in _FUNCTIONS and namespace == FN:
            yield f"{local}()"
        elif local in LITERAL_ONLY and namespace == FN:
            if xpath.literal_argument(found, number) is None:
                yield f"{local}() with a name that is computed"
        elif namespace not in functions and namespace not in _KNOWN_NAMESPACES:
            yield f"{local}() of another namespace"


def split_name(called: str, element: etree._Element) -> tuple[str, str]:
    """The namespace and the local part of the name of a function."""
    if called.startswith("Q{"):
        namespace, _, local = called[2:].partition("}")
        return namespace.strip(), local
    prefix, colon, local = called.rpartition(":")
    if not colon:
        return FN, local
    return element.nsmap.get(prefix) or {"xs": "http://www.w3.org/2001/XMLSchema", "fn": FN}.get(prefix, prefix), local
