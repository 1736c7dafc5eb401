"""The examples of EDEXML and UWLR, and small changes to them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lxml import etree

import oso_bridge as oso
from oso_bridge import binding, plan
from oso_bridge.plan import Branch, Leaf
from oso_bridge.records import ORDER, TEXT, Record
from oso_bridge.releases import Release
from oso_bridge.xml.writer import write_record

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


# --- documents that hold everything ---------------------------------------------------------------------------------

_VALUES = {
    "xs:date": "2016-02-29",
    "xs:dateTime": "2024-10-01T08:30:00.25+02:00",
    "xs:integer": "3",
    "xs:int": "4",
    "xs:nonNegativeInteger": "5",
    "xs:positiveInteger": "6",
    "xs:decimal": "7.50",
    "xs:QName": "OpmerkingGegevensType",
    "xs:anyURI": "urn:lijst",
}


def wholes() -> list[tuple[Release, str]]:
    """Every root of every release that is something in the model."""
    return [
        (release, root)
        for release in oso.installed()
        if release.format in ("edexml", "uwlr")
        for root in release.roots
        if binding.model_of(release, root) is not None
    ]


def full_record(branch: Branch, release: Release, without: tuple[str, ...] = ()) -> Record:
    """Every attribute and element, what may be repeated twice, and mixed where it may be; alternatives side by side."""
    structure = plan.load(release)
    record: Record = {name: _value_of(mark, structure) for name, mark in branch.marks.items()}
    for name in branch.child_names:
        if name in without:
            continue
        child = branch.branches.get(name)
        one = (lambda made: full_record(made, release, without)) if child else (lambda made: _leaf(made, structure))
        made = child or branch.leaves[name]
        record[name] = [one(made), one(made)] if made.many else one(made)
    if branch.mixed:
        mixed = [name for name in branch.mixed_names if name in record]
        order = [name for name in branch.child_names for _ in _listed(record.get(name, []))]
        turns = iter([*mixed, *reversed(mixed)])
        record[ORDER] = [next(turns) if name in mixed else name for name in order]
    return record


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _value_of(leaf: Leaf, structure: plan.Plan) -> str:
    return _VALUES.get(structure.simple_base(leaf.type), f"tekst {leaf.name}")


def _leaf(leaf: Leaf, structure: plan.Plan) -> str | Record:
    if not leaf.attributes:
        return _value_of(leaf, structure)
    marks = structure.types[leaf.type]["attributes"]
    return {TEXT: f"tekst {leaf.name}", **{f"@{mark['name']}": _VALUES[mark["type"]] for mark in marks}}


def full(release: Release, root: str) -> bytes:
    """A document that holds everything of a root."""
    tree = plan.load(release).tree(root)
    return write_record(full_record(tree.root, release, ("geenwijzigingen", "geengegevens")), tree)


def there_and_back(document: oso.Document, **options: Any) -> bytes:
    """Made a model, made JSON, made a model again, and written in its own release."""
    whole = document.geheel()
    again = type(whole).model_validate_json(whole.model_dump_json())
    assert again == whole
    return oso.write(again, release=document.release.id, root=document.root, check=False, **options)
