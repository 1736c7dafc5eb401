"""Documents to be refused, survived or copied: the makers that the tests in this folder share.

Everyone in these documents is made up; they start from the project's own examples.
"""

from __future__ import annotations

import base64
import io
import os
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from functools import lru_cache
from pathlib import Path

from lxml import etree

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.xml") if not path.stem.startswith(("edex", "uwlr")))
GOOD = (ROOT / "examples" / "povo.xml").read_bytes()
TEXT = GOOD.decode()
NAMESPACE = "http://www.edustandaard.nl/oso_gegevensset/2019/dossier"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
FORMATS = ("text", "json", "sarif", "junit", "html")
LANGUAGES = ("nl", "en")


def dossier(inside: bytes | str = b"", root: bytes | str = b"", before: bytes | str = b"") -> bytes:
    """A dossier that holds this, with these attributes on its root and this in front of it."""
    inside, root, before = (part.encode() if isinstance(part, str) else part for part in (inside, root, before))
    return before + b'<dossier xmlns="' + NAMESPACE.encode() + b'" ' + root + b">" + inside + b"</dossier>"


def many(template: str, number: int, between: str = " ") -> str:
    """A template that many times, with its number for every ``%d``."""
    places = template.count("%d")
    return between.join(template % ((at,) * places) for at in range(number))


def with_bsn(markup: bytes) -> bytes:
    """The good example with something else inside its bsn."""
    return _between(b"<bsn>", markup, b"</bsn>")


def with_attachment(content: bytes) -> bytes:
    """The good example with another text in its first attachment."""
    return _between(b"<bestandsinhoud>", content, b"</bestandsinhoud>")


def _between(opening: bytes, markup: bytes, closing: bytes) -> bytes:
    before, _, rest = GOOD.partition(opening)
    _, _, after = rest.partition(closing)
    return before + opening + markup + closing + after


def attachment(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these files as it travels in a dossier."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return base64.b64encode(held.getvalue())


def tree(document: bytes = GOOD) -> etree._Element:
    """The root of a document, to be edited."""
    return etree.fromstring(document, etree.XMLParser(remove_blank_text=True))


def serialised(root: etree._Element) -> bytes:
    """A tree as a document in UTF-8."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def places(root: etree._Element, *, leaves: bool) -> Iterator[list[int]]:
    """One place of every kind of element: those with only text, or those with children; as steps from the root."""
    met: set[tuple[str, ...]] = set()
    for element in root.iter(etree.Element):
        names = tuple(node.tag for node in (element, *element.iterancestors()))
        if bool(len(element)) is not leaves and names not in met:
            met.add(names)
            yield _steps(element)


def _steps(element: etree._Element) -> list[int]:
    steps: list[int] = []
    parent = element.getparent()
    while parent is not None:
        steps.insert(0, parent.index(element))
        element, parent = parent, parent.getparent()
    return steps


def edited(root: etree._Element, place: list[int]) -> tuple[etree._Element, etree._Element]:
    """A copy of a tree, and the element at a place in the copy."""
    copied = deepcopy(root)
    element = copied
    for step in place:
        element = element[step]
    return copied, element


def same(first: bytes | etree._Element, second: bytes | etree._Element) -> bool:
    """Whether two documents say the same: comments and blank space between elements aside."""
    return canonical(first) == canonical(second)


def canonical(document: bytes | etree._Element) -> object:
    """What a document says, as plain values that can be compared."""
    parser = etree.XMLParser(remove_comments=True, remove_pis=True, huge_tree=True)
    root = etree.fromstring(document, parser) if isinstance(document, bytes) else document
    return _canonical(root)


@lru_cache(maxsize=1)
def _parts() -> frozenset[str]:
    """The names of elements that are made to have children; a text in one of those is a stray one."""
    roots = [etree.parse(path).getroot() for path in EXAMPLES]
    return frozenset(etree.QName(element).localname for root in roots for element in root.iter("*") if len(element))


def _canonical(element: etree._Element) -> object:
    parts = [_text(element.text, len(element) == 0 and etree.QName(element).localname not in _parts())]
    for child in element:
        parts += [_canonical(child), _text(child.tail, False)]
    return element.tag, sorted(element.items()), [part for part in parts if part]


def _text(text: str | None, whole: bool) -> str:
    """The text of an element to the letter; between elements without the blank space around it."""
    return text or "" if whole else (text or "").strip(" \t\r\n")


def reference_documents() -> list[Path]:
    """The official examples, when they are beside this checkout or where ``OSO_CASES`` says."""
    named = os.environ.get("OSO_CASES")
    folder = Path(named) if named else ROOT.parent / "shared" / "conformance"
    return sorted(folder.glob("**/oso/2019.1/*.xml")) or sorted(folder.glob("**/2019.1/*.xml"))
