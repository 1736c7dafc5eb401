"""Makes documents that are no good before any rule is asked: broken as XML, or refused by the schema in one way.

Every edit that might give the fault is tried on a good dossier, and the schema itself tells which one gives just that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial

from lxml import etree

from oso_bridge import plan
from oso_bridge.errors import UsageError, choose
from oso_bridge.fiction.make import ROOT, settled
from oso_bridge.fiction.parts import Target
from oso_bridge.fiction.repair import Mender
from oso_bridge.releases import Release
from oso_bridge.rules import engine, integrity
from oso_bridge.xml import parser, reader, schema
from oso_bridge.xml.writer import write_record

Step = Callable[[], object]
Edit = Callable[[etree._Element, str], list[Step]]
"""The ways to change a document: from its root and the tag of an element, what is to be called for each way."""

_AT_MOST = 4
"""So many elements of one name are tried in a document."""


def spoil(release: Release, fault: str, seed: int, names: list[str]) -> tuple[str, bytes]:
    """A document with one fault of the schema or of XML.

    Args:
        release: The release.
        fault: ``XSD.<kind>.<element>`` or ``DOC.<kind>``.
        seed: Another seed gives another document.
        names: The profiles to choose from.

    Returns:
        The profile, and the document.

    Raises:
        UsageError: The fault is not one that is made here, or no document has just that.
    """
    group, _, rest = fault.partition(".")
    kind, _, element = rest.partition(".")
    makers = _DOCUMENT if group == "DOC" else _EDITS
    if kind not in makers:
        raise UsageError(
            f"There is no document to be made with {fault}.",
            remedy=choose(f"{group}.{kind}", [f"{group}.{name}" for name in makers]),
        )
    if group == "DOC":
        mender = settled(release, names[0], seed)
        return names[0], _DOCUMENT[kind](write_record(mender.parts.ordered(), mender.tree))
    return _refused(release, kind, element, seed, names)


def _refused(release: Release, kind: str, element: str, seed: int, names: list[str]) -> tuple[str, bytes]:
    """A document that the schema refuses; best one that the other layers have nothing to say about."""
    known = plan.load(release).names
    if element not in known:
        raise UsageError(
            f"{release.id} has no element of that name.",
            remedy=choose(element, sorted(known), "Give XSD.<kind>.<element>."),
        )
    wanted, second = f"XSD.{kind}.{element}", None
    for name in names:
        for mender in _dossiers(release, name, seed, element, needed=kind != "onverwacht"):
            for root in _edited(mender, _EDITS[kind], element):
                if _faults(release, mender, root) == {wanted}:
                    written = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
                    if _is_silent(release, mender, root):
                        return name, written
                    second = second or (name, written)
    if second is None:
        raise UsageError(f"No document of {release.id} was found with {wanted} and nothing else.")
    return second


def _dossiers(release: Release, name: str, seed: int, element: str, *, needed: bool) -> Iterator[Mender]:
    """Good dossiers that have an element, at one place after another."""
    mender = settled(release, name, seed)
    if not needed:
        yield mender
        return
    good = mender.parts.root
    for names in [target.names for target in mender.parts.anywhere(f"//{element}") if target.names]:
        mender.parts.root = deepcopy(good)
        target = Target(mender.parts.root, mender.tree.root, names)
        mender.parts.provide(target)
        mender.settle()
        if mender.parts.has(target):
            yield mender


def _edited(mender: Mender, edit: Edit, element: str) -> Iterator[etree._Element]:
    """A fresh document for each way of an edit."""
    written = write_record(mender.parts.ordered(), mender.tree)
    tag = f"{{{mender.tree.namespace}}}{element}" if mender.tree.namespace else element
    for number in range(len(edit(parser.parse(written), tag))):
        root = parser.parse(written)
        edit(root, tag)[number]()
        yield root


def _faults(release: Release, mender: Mender, root: etree._Element) -> set[str]:
    errors = schema.load(release).validate(root) or []
    return {error.rule for error in schema.explain(errors, root, mender.tree.plan, mender.tree)}


def _is_silent(release: Release, mender: Mender, root: etree._Element) -> bool:
    """Whether codes, rules and integrity find nothing."""
    index = reader.read_lenient(root, mender.tree).index
    outcome = engine.engine(release, ROOT).run(index)
    return not outcome.hits and not outcome.broke_off and not integrity.run(release, ROOT, index)


# ---- the ways to change a document ----


def _found(root: etree._Element, tag: str) -> list[etree._Element]:
    return [element for element in root.iter(tag) if element is not root][:_AT_MOST]


def _without(root: etree._Element, tag: str) -> list[Step]:
    return [partial(_parent(element).remove, element) for element in _found(root, tag)]


def _twice(root: etree._Element, tag: str) -> list[Step]:
    return [partial(element.addnext, deepcopy(element)) for element in _found(root, tag)]


def _elsewhere(root: etree._Element, tag: str) -> list[Step]:
    """The element at the end of one that does not have it."""
    holders = [element for element in root.iter() if len(element)]
    return [partial(holder.append, _made(holder, tag)) for holder in holders[: _AT_MOST * 2]]


def _made(holder: etree._Element, tag: str) -> etree._Element:
    element = etree.SubElement(deepcopy(holder), tag)  # in a copy, which has the prefixes of the holder
    element.text = "verzonnen"
    return element


def _moved(root: etree._Element, tag: str) -> list[Step]:
    """The element first or last among its siblings, or one of its neighbours on the other side of it."""
    steps: list[Step] = []
    for element in _found(root, tag):
        parent, previous, following = _parent(element), element.getprevious(), element.getnext()
        steps += [partial(parent.append, element), partial(parent.insert, 0, element)]
        if previous is not None:
            steps.append(partial(element.addnext, previous))
        if following is not None:
            steps.append(partial(element.addprevious, following))
    return steps


def _rewritten(root: etree._Element, tag: str) -> list[Step]:
    """The element with a text that its type is not likely to allow."""
    return [
        partial(setattr, element, "text", text)
        for element in _found(root, tag)
        if not len(element)
        for text in ("", "?", "geen waarde", "2020-06-30", "-1", "99999", f"{element.text}?", "a" * 36, "a" * 2000)
    ]


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    assert parent is not None  # noqa: S101 - a root is never changed
    return parent


_EDITS: dict[str, Edit] = {
    "ontbreekt": _without,
    "onverwacht": _elsewhere,
    "te-vaak": _twice,
    "volgorde": _moved,
    **dict.fromkeys(("type", "patroon", "te-kort", "te-lang", "te-klein", "te-groot"), _rewritten),
}

_DOCUMENT: dict[str, Callable[[bytes], bytes]] = {
    "leeg": lambda written: b"",
    "doctype": lambda written: written.replace(b"?>", f"?>\n<!DOCTYPE {ROOT}>".encode(), 1),
    "afgebroken": lambda written: written[: len(written) * 2 // 3],
}
