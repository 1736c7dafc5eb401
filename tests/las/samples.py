"""The examples of EDEXML and UWLR, and small changes to them."""

from __future__ import annotations

import os
from pathlib import Path

from lxml import etree

import oso_bridge as oso

CHECKOUT = Path(__file__).resolve().parents[2]
EDEX = CHECKOUT / "examples" / "edex.xml"
PUPILS = CHECKOUT / "examples" / "uwlr-leerlinggegevens.xml"
RESULTS = CHECKOUT / "examples" / "uwlr-resultaten.xml"
EXAMPLES = (EDEX, PUPILS, RESULTS)
CASES = Path(os.environ["OSO_CASES"]) if os.environ.get("OSO_CASES") else None
REFERENCES = sorted(path for name in ("edexml", "uwlr") for path in (CASES / name).glob("*.xml")) if CASES else []
LEERLINGGEGEVENS = "http://www.edustandaard.nl/leerresultaten/2/leerlinggegevens"
LEERRESULTATEN = "http://www.edustandaard.nl/leerresultaten/2/leerresultaten"


def edited(path: Path, *edits: tuple[str, str]) -> bytes:
    """An example with texts changed, each of which must be in it."""
    text = path.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text.encode()


def found(report: oso.Report) -> list[tuple[str, str]]:
    """The rules of a report with their places."""
    return [(finding.rule, str(finding.xpath)) for finding in report.findings]


def canonical(document: bytes) -> str:
    """A document without comments and blank space between elements, prefixes aside."""
    root = etree.fromstring(document, etree.XMLParser(remove_comments=True))
    return "\n".join(_lines(root, 0))


def _lines(element: etree._Element, depth: int) -> list[str]:
    attributes = sorted((str(name), str(value)) for name, value in element.attrib.items())
    texts = [element.text or "", *(child.tail or "" for child in element)]
    shown = [text.strip(" \t\r\n") for text in texts if text.strip(" \t\r\n")] if len(element) else [element.text or ""]
    own = [f"{depth} {element.tag} {attributes} {shown}"]
    return own + [line for child in element for line in _lines(child, depth + 1)]
