"""The layer ``signature`` of a report: whether a document is signed, all of it, by someone who is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from oso_bridge.errors import MessageRefused
from oso_bridge.findings import Finding
from oso_bridge.identity import Trust
from oso_bridge.signatures import engine, names, parts, xmldsig
from oso_bridge.xml import parser
from oso_bridge.xml.limits import Limits

_MOST_LINES = 65_535  # what libxml2 can be told of the line of an element


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the layer.

    Attributes:
        not_run: Why it did not run, a kind of ``LAAG``; None when it ran.
        finding: What is wrong; None when nothing is.
        data: What the other layers look at.
        root: Its tree; None when it is not certain what the document says.
    """

    not_run: str | None = None
    finding: Finding | None = None
    data: bytes = b""
    root: etree._Element | None = None


def check(data: bytes, root: etree._Element, trust: Trust | None, limits: Limits) -> Outcome:
    """Check the signature of a document.

    Args:
        data: The document.
        root: Its tree.
        trust: Whose signature is trusted.
        limits: What the document may ask for.

    Raises:
        UnsafeDocument: It exceeds a limit.
    """
    if trust is None:
        return Outcome("geen-vertrouwen")
    if not engine.installed():
        return Outcome("geen-signxml")
    try:
        signed = xmldsig.verify(data, trust, limits=limits)
    except MessageRefused as error:
        # a document without any signature cannot be mistaken for what was signed, so it may be looked at
        whole = error.rule == "SIG.geen"
        return Outcome(None, error.finding, data, root if whole else None)
    return Outcome(None, None, signed.xml, _with_lines(parts.tree(signed.xml), root))


def _with_lines(signed: etree._Element, root: etree._Element) -> etree._Element:
    """The tree of what was signed, with the lines of the source; but for the signature both have the same elements."""
    copied: Iterator[Any] = signed.iter()
    for made, element in zip(copied, _unsigned(root), strict=True):
        line = parser.line_of(element)
        if line and line <= _MOST_LINES:
            made.sourceline = line
    return signed


def _unsigned(root: etree._Element) -> Iterator[etree._Element]:
    """The elements of a document in order, without its signature."""
    yield root
    for child in root.iterchildren():
        if child.tag != names.SIGNATURE:
            yield from child.iter()
