"""What the tests of the binding share: documents that hold every leaf, places in the model, and how trees compare."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from lxml import etree

import oso_bridge as oso
from oso_bridge import binding, plan, releases
from oso_bridge.model import Dossier
from oso_bridge.plan import Branch, Leaf, Tree
from oso_bridge.records import GROUPS, TEXT, Record
from oso_bridge.releases import Release
from oso_bridge.xml.writer import write_record

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path for path in (CHECKOUT / "examples").glob("*.xml") if not path.stem.startswith(("edex", "uwlr")))
POVO = (CHECKOUT / "examples" / "povo.xml").read_text(encoding="utf-8")
RELEASES = ["oso/1.1.1", "oso/1.2.2", "oso/2016.1", "oso/2017.1", "oso/2018.1", "oso/2019.1"]
NOWHERE = "the reference documents are not here; OSO_CASES names their folder"

_VALUES = {
    "xs:date": "2016-02-29",
    "xs:boolean": "true",
    "xs:integer": "3",
    "xs:int": "4",
    "xs:decimal": "7.50",
}
_OF_A_FORM = {"geboortemaand": "2012-03", "gbageboortedatum": "17-03-2012"}


def reference_documents() -> list[Path]:
    """The reference documents of the releases with a table; none where they are absent."""
    named = os.environ.get("OSO_CASES")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "conformance"
    return sorted(file for name in RELEASES for file in folder.glob(f"**/{name}/*.xml"))


def edited(*edits: tuple[str, str], text: str = POVO) -> bytes:
    """An example in which the first occurrence of each text is replaced."""
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text.encode()


def release_of(name: str) -> Release:
    return releases.release(name)


def tree_of(release: Release) -> Tree:
    return plan.load(release).tree("dossier")


def there_and_back(document: bytes, **options: Any) -> bytes:
    """Read, made a dossier, made JSON, made a dossier again, and written in its own release."""
    read = oso.read(document)
    again = Dossier.model_validate_json(read.dossier().model_dump_json())
    return oso.write(again, release=read.release_id, check=False, **options)


# --- documents that hold everything ---------------------------------------------------------------------------------


def value_of(leaf: Leaf, release: Release) -> str:
    """A text of the type of a leaf."""
    base = plan.load(release).simple_base(leaf.type)
    return _OF_A_FORM.get(leaf.name) or _VALUES.get(base) or f"tekst {leaf.name}"


def full_record(branch: Branch, release: Release) -> Record:
    """Every leaf and branch once, texts that may be repeated twice; alternatives side by side."""
    record: Record = {}
    for name in branch.child_names:
        if name in branch.leaves:
            record[name] = _full_leaf(branch.leaves[name], release)
        else:
            child = branch.branches[name]
            made = full_record(child, release)
            record[name] = [made] if child.many else made
    return {GROUPS: [record]} if branch.grouped else record


def _full_leaf(leaf: Leaf, release: Release) -> Any:
    text: Any = value_of(leaf, release)
    if leaf.attributes:
        text = {TEXT: text, **{f"@{name}": f"attribuut {name}" for name in leaf.attributes}}
    return [text, text] if leaf.many else text


def full_dossier(release: Release) -> Dossier:
    """A dossier in which every bound field of a release holds something."""
    return cast(
        Dossier, binding.to_model(full_record(tree_of(release).root, release), release, "dossier", trusted=True)
    )


def written(dossier: Dossier, release: Release) -> bytes:
    record, losses = binding.to_record(dossier, release)
    assert losses == []
    return write_record(record, tree_of(release))


# --- places in the model --------------------------------------------------------------------------------------------

_STEP = re.compile(r"(?P<name>\w+)(?:\[(?:(?P<number>\d*)|(?P<by>\w+)=(?P<kind>[\w-]+))\])?")


def holder_of(dossier: Dossier, path: str) -> tuple[Any, Any]:
    """The object and the key that a path ends in; a list is entered at its number, or at the item of a kind."""
    found, holder, key = dossier, None, None
    for step in path.split("."):
        match = _STEP.fullmatch(step)
        assert match is not None, step
        holder, key = found, match["name"]
        found = getattr(found, key)
        if match["kind"]:
            holder, key = found, [getattr(item, match["by"]) for item in found].index(match["kind"])
        elif isinstance(found, list):
            holder, key = found, int(match["number"] or 1) - 1
        else:
            assert not match["number"], step
        if holder is found:
            found = found[key]
    return holder, key


def get(dossier: Dossier, path: str) -> Any:
    """What stands at a path; fails when nothing can stand there."""
    holder, key = holder_of(dossier, path)
    return holder[key] if isinstance(key, int) else getattr(holder, key)


def put(holder: Any, key: Any, value: Any) -> None:
    if isinstance(key, int):
        holder[key] = value
    else:
        setattr(holder, key, value)


def another(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, date):
        return date(2017, 1, 31)
    if isinstance(value, int | Decimal):
        return value + 1
    return "2013-04" if re.fullmatch(r"\d{4}-\d\d", value) else f"{value} anders"


# --- trees ----------------------------------------------------------------------------------------------------------

Part = tuple[str, str, dict[str, str]]


def parts(document: bytes) -> list[Part]:
    """Each element in document order: its numbered path, its text when it has no children, its attributes."""
    return list(_parts(etree.fromstring(document), "", 1))


def _parts(element: etree._Element, above: str, number: int) -> Iterator[Part]:
    name = etree.QName(element).localname
    path = f"{above}/{name}[{number}]"
    text = element.text or ""
    yield path, text.strip(" \t\r\n") if len(element) else text, {str(k): str(v) for k, v in element.items()}
    seen: dict[str, int] = {}
    for child in element.iterchildren("*"):
        local = etree.QName(child).localname
        seen[local] = seen.get(local, 0) + 1
        yield from _parts(child, path, seen[local])


def unnumbered(path: str) -> str:
    return re.sub(r"\[\d+\]", "", path).strip("/")


def assert_same(first: bytes, second: bytes) -> None:
    """Texts are the same to the letter; booleans and numbers the same in the value space of XML Schema."""
    release = oso.read(first).release
    types = {leaf.path: plan.load(release).simple_base(leaf.type) for leaf in leaves(release)}
    one, other = parts(first), parts(second)
    assert [path for path, _, _ in one] == [path for path, _, _ in other]
    for (path, text, attributes), (_, again, others) in zip(one, other, strict=True):
        base = types.get(unnumbered(path), "xs:string")
        assert in_value_space(text, base) == in_value_space(again, base), path
        assert attributes == others, path


def in_value_space(text: str, base: str) -> object:
    """What a text means by its type; a text that means nothing means itself."""
    bare = text.strip(" \t\r\n")
    if base == "xs:boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(bare, text)
    if base in ("xs:integer", "xs:int") and re.fullmatch(r"[+-]?[0-9]{1,4000}", bare):
        return int(bare)
    if base == "xs:decimal" and re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", bare):
        return Decimal(bare)
    return text


def leaves(release: Release) -> list[Leaf]:
    return [leaf for branch in tree_of(release).branches for leaf in branch.leaves.values()]
