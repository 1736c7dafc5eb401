"""What a conversion must lose, worked out from the published structures, the code lists and a reviewed list of moves.

Nothing of the library takes part but the words for a place (``plan.model_path``): documents are read by lxml,
structures and types by xmlschema from the XSDs, codes and the elements they govern from the data files.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import xmlschema
from lxml import etree

from oso_bridge import plan, releases

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "schemas" / "oso"
VERSIONS = ["1.1.1", "1.2.2", "2016.1", "2017.1", "2018.1", "2019.1"]
PAIRS = [(source, target) for source in VERSIONS for target in VERSIONS if source != target]
OF_THE_FORM = {f"metadata/{name}" for name in ("eldversie", "xsdversie", "standaardversie", "validatieversie")}
"""What a document says of its own form, which the other release says anew."""

_CODE_KEYS = {"id", "layer", "releases", "check", "at", "in_list", "family", "with", "text", "remedy"}
"""A row with another word would say more than that a list governs an element."""


# --- structures -----------------------------------------------------------------------------------------------------


@dataclass
class Node:
    """An element at a place: its children, or its simple type and attributes."""

    name: str
    many: bool
    kind: Any = None
    attributes: tuple[str, ...] = ()
    particles: list[list[Node]] = field(default_factory=list)
    repeated: bool = False
    optional: bool = False

    @property
    def children(self) -> dict[str, Node]:
        return {node.name: node for nodes in self.particles for node in nodes}


@cache
def schema(version: str) -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(DATA / version / "dossier.xsd"))


@cache
def structure(version: str) -> Node:
    """The structure below ``dossier``."""
    return _node(schema(version).elements["dossier"])


def _node(element: Any) -> Node:
    kind = element.type
    node = Node(element.local_name, element.max_occurs != 1, optional=element.min_occurs == 0)
    if kind.is_simple() or kind.has_simple_content():
        node.kind = kind if kind.is_simple() else kind.content
        node.attributes = () if kind.is_simple() else tuple(sorted(name for name in kind.attributes if name))
        return node
    node.repeated = kind.content.max_occurs != 1
    _particles(node, kind.content)
    return node


def _particles(node: Node, group: Any) -> None:
    for item in [group] if group.model == "choice" else group:
        if not hasattr(item, "model"):
            node.particles.append([_node(item)])
            node.particles[-1][0].many |= node.repeated
        elif item.model == "choice":
            node.particles.append([_node(one) for one in item])
            for one in node.particles[-1]:
                one.optional = item.min_occurs == 0
        else:
            _particles(node, item)


@cache
def node_at(version: str, path: str) -> Node | None:
    node: Node | None = structure(version)
    for name in path.split("/"):
        node = node.children.get(name) if node is not None else None
    return node


def places(version: str) -> frozenset[str]:
    """The places of all elements with a text."""
    return frozenset(_places(structure(version), ""))


def _places(node: Node, path: str) -> Iterator[str]:
    for name, child in node.children.items():
        below = f"{path}/{name}".lstrip("/")
        if child.kind is not None:
            yield below
        yield from _places(child, below)


# --- what moved -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Move:
    old: str
    new: str
    when: tuple[str, str] | None


@cache
def _reviewed() -> dict[str, Any]:
    return tomllib.loads((HERE / "verplaatst.toml").read_text(encoding="utf-8"))


@cache
def moves(source: str, target: str) -> tuple[Move, ...]:
    """The moves between two releases, in the direction of the conversion, the longest first."""
    found = []
    for row in _reviewed()["move"]:
        since = VERSIONS.index(row["since"])
        before, after = (VERSIONS.index(version) < since for version in (source, target))
        when = next(iter(row.get("when", {}).items()), None)
        if before and not after:
            found.append(Move(row["old"], row["new"], when))
        elif after and not before:
            found.append(Move(row["new"], row["old"], None))
    return tuple(sorted(found, key=lambda move: -len(move.old)))


@cache
def moved(source: str, target: str, path: str) -> str:
    """The place in the target of what stands at a place in the source."""
    for move in moves(source, target):
        if path == move.old or path.startswith(move.old + "/"):
            return move.new + path.removeprefix(move.old)
    return path


# --- codes ----------------------------------------------------------------------------------------------------------


@cache
def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


@cache
def codes(number: int, version: str) -> frozenset[str]:
    described = _toml("codelists.toml")
    rows = next(item["codes"] for item in described["list"] if item["number"] == number)
    groups = described["groups"]
    return frozenset(
        row["code"] for row in rows if version in (groups[row["in"]] if isinstance(row["in"], str) else row["in"])
    )


@cache
def list_of(version: str, path: str) -> int | None:
    """The number of the list that governs an element."""
    found = None
    for row in _toml("rules.toml")["rule"]:
        if row.get("layer") != "codes" or version not in row["releases"]:
            continue
        assert set(row) <= _CODE_KEYS, row["id"]
        at = row["at"] if row["in_list"]["path"] == "." else row["in_list"]["path"]
        assert at.startswith(("**/", "//")), row["id"]
        if f"/{path}".endswith(f"/{at.lstrip('*/')}"):
            found = row["in_list"]["list"]
    return found


# --- losses ---------------------------------------------------------------------------------------------------------

Lost = tuple[str, str]
"""The numbered place in the source document (with ``/@name`` for an attribute), and the kind of the loss."""


def local(element: Any) -> str:
    return str(etree.QName(element).localname)


def path_of(element: Any) -> str:
    """The place of an element below its dossier, without numbers."""
    names = [local(one) for one in (element, *element.iterancestors())]
    return "/".join(reversed(names[: names.index("dossier")]))


def numbered(element: Any) -> str:
    """The place of an element with its numbers; inside a repeated sequence with the number of the run."""
    steps: list[str] = []
    while True:
        above = element.getparent()
        same = [] if above is None else [one for one in above if one.tag == element.tag]
        number = same.index(element) + 1 if same else 1
        run = ""
        if above is not None and local(above) == "cijferlijstTypelijst":
            before = list(above)[: list(above).index(element) + 1]
            run = f"#{sum(local(one) == 'naam' for one in before)}/"
        steps.append(f"/{run}{local(element)}[{number}]")
        if above is None:
            return "".join(reversed(steps))
        element = above


def expected(dossier: Any, source: str, target: str) -> dict[Lost, Any]:
    """All that cannot go along of a dossier, each with its element."""
    return dict(_lost(dossier, "", None, source, target))


def _lost(element: Any, path: str, above: str | None, source: str, target: str) -> Iterator[tuple[Lost, Any]]:
    """What is lost of an element; what holds for the element around it holds for all that is in it."""
    for child in element.iterchildren("*"):
        where = f"{path}/{local(child)}".lstrip("/")
        node = node_at(source, where)
        if where in OF_THE_FORM:
            continue
        if node is None:
            # what no release has is told by the element around it: its name may be anything
            yield (numbered(element), above or "geen-plaats"), child
            continue
        reason = above or _reason(child, where, source, target)
        if node.kind is None:
            yield from _lost(child, where, reason, source, target)
        else:
            yield from _lost_text(child, where, reason, source, target)


def _lost_text(element: Any, path: str, reason: str | None, source: str, target: str) -> Iterator[tuple[Lost, Any]]:
    there = node_at(target, moved(source, target, path))
    if reason is None and (there is None or there.kind is None):
        reason = None if _is_said_by_the_name(element, path, source, target) else "geen-plaats"
    elif reason is None:
        about = _about_the_value(element.text or "", path, source, target)
        if about is not None:
            yield (numbered(element), about), element
    if reason is not None and (element.text or not element.attrib):
        yield (numbered(element), reason), element
    for name in element.attrib:
        if reason is not None or there is None or name not in there.attributes:
            yield (f"{numbered(element)}/@{name}", reason or "geen-plaats"), element


def _reason(element: Any, path: str, source: str, target: str) -> str | None:
    """Why an element has no place for itself."""
    move = _move_of(path, source, target)
    if move is not None and not _meets(element, move):
        return "geen-plaats"
    there = node_at(target, moved(source, target, path))
    if there is None or there.many:
        return None
    before = element.itersiblings(element.tag, preceding=True)
    return "een-van-meer" if any(move is None or _meets(one, move) for one in before) else None


def _move_of(where: str, source: str, target: str) -> Move | None:
    return next((move for move in moves(source, target) if move.old == where and move.when), None)


def _meets(element: Any, move: Move) -> bool:
    name, text = move.when or ("", "")
    return any(local(child) == name and (child.text or "").strip().lower() == text for child in element)


def _is_said_by_the_name(element: Any, path: str, source: str, target: str) -> bool:
    move = _move_of(path.rpartition("/")[0], source, target)
    return move is not None and move.when is not None and local(element) == move.when[0]


def _about_the_value(text: str, path: str, source: str, target: str) -> str | None:
    there = moved(source, target, path)
    before, after = list_of(source, path), list_of(target, there)
    if after is not None and text not in codes(after, target):
        was_good = before is None or not codes(before, source) or text in codes(before, source)
        if was_good:
            return "versmald" if recoded(after, text, target) is not None else "geen-code"
    return "versmald" if is_valid(source, path, text) and not is_valid(target, there, text) else None


@cache
def is_valid(version: str, path: str, text: str) -> bool:
    """Whether the type of an element takes a text."""
    node = node_at(version, path)
    assert node is not None
    assert node.kind is not None
    return bool(node.kind.is_valid(text))


@cache
def recoded(number: int | None, text: str, target: str) -> str | None:
    for row in _reviewed()["recode"]:
        if (row["list"], row["code"]) == (number, text) and row["to"] in codes(number, target):
            return str(row["to"])
    return None


def remains(dossier: Any, source: str, target: str) -> Any:
    """What must come back from there: the dossier without what was lost, and what held nothing else."""
    for (place, kind), element in expected(dossier, source, target).items():
        attribute = place.partition("/@")[2]
        there = moved(source, target, path_of(element))
        other = recoded(list_of(target, there), element.text or "", target) if kind == "versmald" else None
        if attribute:
            del element.attrib[attribute]
            if not element.text:
                remove(element)
        elif other is not None:
            element.text = other
        elif kind in ("geen-plaats", "een-van-meer"):
            element.text = None
            if not element.attrib:
                remove(element)
        elif _can_be_missed(target, there):
            remove(element)
    return dossier


def _can_be_missed(target: str, path: str) -> bool:
    node = node_at(target, path)
    assert node is not None
    return node.optional


def remove(element: Any) -> None:
    """Take an element out, and what is around it when that held nothing else."""
    above = element.getparent()
    if above is not None:
        above.remove(element)
        if not len(above) and local(above) != "dossier":
            remove(above)


# --- in the words of the model --------------------------------------------------------------------------------------

_KIND = re.compile(r"\[(?:soort)=([\w-]+)\]")


def shown(lost: Lost, element: Any, source: str) -> Lost:
    """A loss in the words of the model."""
    place, kind = lost
    place, _, attribute = place.partition("/@")
    path = plan.model_path(releases.release(f"oso/{source}"), place)
    assert path is not None
    node = node_at(source, path_of(element))
    if node is not None and node.attributes:
        path += f".{attribute}" if attribute else ".code"
    return _KIND.sub(lambda match: _number_of_kind(match[1], element), path), kind


def _number_of_kind(kind: str, element: Any) -> str:
    """Of the advices the final one comes first, when there is one; of the others there is one of the kind."""
    above = element.getparent()
    second = kind == "herzien" and any(local(one) == "advies" for one in above)
    return "[2]" if second else ""


def expected_losses(document: bytes, source: str, target: str) -> set[Lost]:
    """The losses of a document in the words of the model."""
    root = etree.fromstring(document)
    dossiers = [root] if local(root) == "dossier" else [one for one in root if local(one) == "dossier"]
    found = [expected(one, source, target) for one in dossiers]
    return {shown(lost, element, source) for losses in found for lost, element in losses.items()}
