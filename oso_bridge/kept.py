"""What a document held and no field of the model could hold: how it is kept, and put back.

It hangs on the part of the model that its element fills, in the field ``extra``.  So it moves with that part when a
list is changed, and goes when the part goes.  It is put back into the record of the release it came from, below
the element of its part; what comes back from JSON may have been changed by another program, and is held against the
structure first.  What does not fit is handed back as lost, never written and never raised over.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

from oso_bridge.plan import Branch, Leaf
from oso_bridge.records import EXTRA, GROUPS, ORDER, TEXT, Record

HOLDER = "extra"
"""The field of every part of the model for what its element held besides; no element is bound to it."""

_PART = re.compile(r"(?:([^.\[\]#]+)(?:\[([1-9]\d{0,8})\])?|#([1-9]\d{0,8}))")
_ATTRIBUTE = re.compile(r"(?:\{[^{}]+\})?(?!xmlns$)[^\W\d][\w.\-]*")
_NAMESPACES = {"xsi": "http://www.w3.org/2001/XMLSchema-instance", "xmlns": "http://www.w3.org/2000/xmlns/"}
_PREFIX = re.compile(r"@xmlns:(?!(?:xsi|xml|a[0-9]+)$)[^\W\d][\w.\-]*")

Step = tuple[str, int]
"""A name in a path and its number, from 0 on; of a round of a repeated sequence the name is ``#groups``."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A part of a record that has no place in the model.

    Attributes:
        pad: The path of the record it stood in, such as ``huidigeschool.leerling.adreslijst.adres[2]``; of the
            part itself for a value, a block, an absent element or an attribute of a leaf.
        soort: ``element``, ``attribuut``, ``tekst``, ``waarde``, ``volgorde``, ``blok`` or ``ontbreekt``.
        naam: The name in Clark notation, for elements and attributes.
        positie: How many elements came before it, for elements and texts.
        inhoud: XML, a text, names, or a record as JSON; empty for an element that is absent and must not be.
        bij: Of an attribute of one of several texts, that text.
        reden: Why, when a value was refused: the type that it should have had.
    """

    pad: str
    soort: str
    inhoud: str | list[str]
    naam: str = ""
    positie: int | None = None
    reden: str | None = None
    bij: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A part of the model that holds what was kept, beside what was written of the part.

    Attributes:
        part: The part of the model.
        record: What was written of it; None when there is no element of its own for it.
        branch: The branch of that element.
    """

    part: Any
    record: Record | None
    branch: Branch


def numbered(pad: str, name: str, number: int) -> str:
    """The path of a child; its number, from 0 on, is shown from the second on."""
    where = f"{pad}.{name}" if pad else name
    return where if number == 0 else f"{where}[{number + 1}]"


def steps(pad: str) -> list[Step] | None:
    """A path taken apart; None when it is none."""
    found = []
    for part in pad.split(".") if pad else ():
        match = _PART.fullmatch(part)
        if match is None:
            return None
        found.append((GROUPS, int(match[3]) - 1) if match[3] else (match[1], int(match[2] or 1) - 1))
    return found


class Keeper:
    """Collects what has no place in one part of the model, with its path; only for records that may hold such.

    Args:
        keep: Makes the item of ``extra`` out of what is kept.
    """

    def __init__(self, keep: Callable[[Kept], Any]) -> None:
        self.keep = keep
        self.kept: list[Any] = []

    def add(self, kept: Kept) -> None:
        """Keep one thing."""
        self.kept.append(self.keep(kept))

    def into(self, made: dict[str, Any]) -> None:
        """Hand over what was collected to the part it stood in."""
        if self.kept:
            made[HOLDER] = self.kept

    def part(self, pad: str, name: str, value: Any) -> None:
        """A child that has no place: a text, a record, or a list of either."""
        for number, item in enumerate(value if isinstance(value, list) else [value]):
            place = numbered(pad, name, number)
            if isinstance(item, str):
                self.add(Kept(place, "waarde", item))
            else:
                self.block(place, item)

    def block(self, place: str, record: Record, reason: str | None = None) -> None:
        """A whole record, as JSON; with the type that was looked for in vain, when it was refused for that."""
        self.add(Kept(place, "blok", json.dumps(record, ensure_ascii=False), reden=reason))

    def attribute(self, pad: str, name: str, text: str, reason: str | None = None) -> None:
        """An attribute that the structure has, under the name that the record has it under."""
        self.add(Kept(pad, "attribuut", text, _clark(name.removeprefix("@")), reden=reason))

    def absent(self, pad: str, name: str) -> None:
        """An element that must be there and is not: writing would bring it in."""
        self.add(Kept(numbered(pad, name, 0), "ontbreekt", ""))

    def extras(self, pad: str, record: Record) -> None:
        """What the structure had no place for, and the order when it is another one."""
        for extra in record.get(EXTRA, ()):
            if extra["kind"] == "attribute":
                where = ".".join(filter(None, (pad, extra.get("child"))))
                beside = _text_of(record, extra.get("child"))
                self.add(Kept(where, "attribuut", extra["content"], extra["name"], bij=beside))
            else:
                kind = "element" if extra["kind"] == "element" else "tekst"
                self.add(Kept(pad, kind, extra["content"], extra["name"], extra["position"]))

    def order(self, pad: str, record: Record) -> None:
        """The order of the children, when it is another one than that of the structure."""
        self.add(Kept(pad, "volgorde", list(record[ORDER])))


def _clark(name: str) -> str:
    """The name of an attribute in Clark notation, from the name that a record has it under."""
    prefix, colon, local = name.rpartition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}" if colon else name


def _mark(name: str, branch: Branch) -> str | None:
    """The name that a record has an attribute under; None when the structure does not have it."""
    prefix = next((prefix for prefix, uri in _NAMESPACES.items() if name.startswith(f"{{{uri}}}")), "")
    mark = f"@{prefix}:{name.rpartition('}')[2]}" if prefix else f"@{name}"
    return mark if mark in branch.marks or _declares(mark, branch) else None


def _declares(mark: str, branch: Branch) -> bool:
    """Whether it is a prefix, of an element that says of which type it is."""
    return "@xsi:type" in branch.marks and _PREFIX.fullmatch(mark) is not None


def _text_of(record: Record, child: str | None) -> str | None:
    """The text of a child that is one of several; it tells which one it is when the others come and go."""
    found = steps(child) if child else None
    values = record.get(found[0][0]) if found else None
    if not found or not isinstance(values, list):
        return None
    value = values[found[0][1]]
    return str(value[TEXT] if isinstance(value, dict) else value)


# --- putting back ---------------------------------------------------------------------------------------------------


def restore(held: Held, top: Branch, kept: Iterable[Any], is_element: Callable[[str, str], bool]) -> list[Any]:
    """Put back into a record what had no place in the model.

    Args:
        held: A part of the model and what was written of it.
        top: The branch of the dossier, from which the paths begin.
        kept: What the part holds of the release that is written; anything with the attributes of :class:`Kept`.
        is_element: Whether a text is one element of XML of that name, in Clark notation, and nothing else.

    Returns:
        What could not be put back: it is not sound, or its element has no such place.
    """
    path = held.branch.path.removeprefix(top.path).strip("/")
    names, met, lost = path.split("/") if path else [], set[tuple[str, str]](), []
    for item in sorted(kept, key=lambda item: _TURN.get(item.soort, 1)):
        once = (item.pad, item.naam or "" if item.soort == "attribuut" else item.soort)
        twice = item.soort not in ("element", "tekst") and once in met
        met.add(once)
        fits = item.soort != "element" or is_element(item.inhoud, item.naam or "")
        if twice or not fits or not _put_back(held, names, item):
            lost.append(item)
    return lost


def below(branch: Branch, top: Branch, pad: str) -> str | None:
    """A path below the element of its part; None when it leads elsewhere.

    Args:
        branch: The branch of that element.
        top: The branch of the dossier, from which the path begins.
        pad: The path.
    """
    path = branch.path.removeprefix(top.path).strip("/")
    found = _below(path.split("/") if path else [], steps(pad))
    if found is None:
        return None
    shown = ""
    for name, number in found:
        shown = f"{shown}.#{number + 1}" if name == GROUPS else numbered(shown, name, number)
    return shown


def leads_somewhere(top: Branch, pad: str) -> bool:
    """Whether a path follows the structure; one from elsewhere may hold anything, and is not to be repeated."""
    found, branch = steps(pad), top
    for number, (name, _) in enumerate(found or (), start=1):
        if name in branch.branches:
            branch = branch.branches[name]
        elif name != GROUPS and not (found and name in branch.leaves and number == len(found)):
            return False
    return found is not None


def _put_back(held: Held, path: list[str], item: Any) -> bool:
    way = _below(path, steps(item.pad))
    if way is None or held.record is None:
        return False
    child: Step | None = None
    if item.soort in _CHILD or (item.soort == "attribuut" and _branch_at(held.branch, way) is None):
        if not way:
            return False
        child = way.pop()
    branch = _branch_at(held.branch, way)
    put = None if branch is None else _PUT[item.soort](branch, child, item)
    return put is not None and put(_record_at(held.record, held.branch, way)) is not False


def _below(path: list[str], found: list[Step] | None) -> list[Step] | None:
    """The steps of a path below those of an element; None when it does not lead there."""
    if found is None:
        return None
    for name in path:
        if found and found[0][0] == GROUPS:
            found = found[1:]
        if not found or found[0][0] != name:
            return None
        found = found[1:]
    # of a round of a repeated sequence, its number
    return found[1:] if path and found and found[0][0] == GROUPS else found


def _branch_at(branch: Branch, way: list[Step]) -> Branch | None:
    """The branch at the end of a way through elements that may occur once; the items of lists hold their own."""
    for name, number in way:
        child = branch.branches.get(name)
        if child is None or child.many or number:
            return None
        branch = child
    return branch


def _record_at(record: Record, branch: Branch, way: list[Step]) -> Record:
    """The record at the end of a way; those that are not there are made."""
    for name, _ in way:
        branch = branch.branches[name]
        record = record.setdefault(name, {GROUPS: []} if branch.grouped else {})
    return record


_Put = Callable[[Record], Any]
"""Puts something into a record; False when there is no place for it there."""


def _value(branch: Branch, child: Step, item: Any) -> _Put | None:
    leaf = branch.leaves.get(child[0])
    if leaf is None or leaf.attributes or not isinstance(item.inhoud, str):
        return None
    return lambda owner: _insert(owner, child, leaf.many, item.inhoud)


def _block(branch: Branch, child: Step, item: Any) -> _Put | None:
    name, number = child
    value = _json(item.inhoud)
    if name == GROUPS:
        if not branch.grouped or not _is_round(value, branch):
            return None
        return lambda owner: owner.setdefault(GROUPS, []).insert(number, value)
    inner: Branch | Leaf | None = branch.branches.get(name, branch.leaves.get(name))
    if inner is None or not _is_sound(value, inner):
        return None
    return lambda owner: _insert(owner, child, inner.many, value)


def _absent(branch: Branch, child: Step, item: Any) -> _Put | None:
    def leave_out(owner: Record) -> None:
        if _is_hollow(owner.get(child[0])):
            del owner[child[0]]

    return leave_out if child[0] in branch.branches else None


def _is_hollow(value: Any) -> bool:
    """Whether a record says nothing."""
    return isinstance(value, dict) and all(map(_is_hollow, value.values()))


def _attribute(branch: Branch, child: Step | None, item: Any) -> _Put | None:
    if not isinstance(item.inhoud, str) or not _ATTRIBUTE.fullmatch(item.naam or ""):
        return None
    extra = {"kind": "attribute", "name": item.naam, "position": -1, "content": item.inhoud}
    mark_name = _mark(item.naam, branch) if child is None else None
    if mark_name is not None:
        # one that the model has filled by now stays as it is
        return lambda owner: mark_name not in owner and owner.setdefault(mark_name, item.inhoud)
    if item.naam.startswith(f"{{{_NAMESPACES['xmlns']}}}"):
        return None
    if child is None:
        return lambda owner: owner.setdefault(EXTRA, []).append(extra)
    name, number = child

    def mark(owner: Record) -> bool:
        found = _which(_listed(owner[name]) if name in owner else [], number, item.bij)
        if found is not None:
            owner.setdefault(EXTRA, []).append({**extra, "position": 0, "child": numbered("", name, found)})
        return found is not None

    return mark if name in branch.leaves and item.naam not in branch.leaves[name].attributes else None


def _which(values: list[Any], number: int, text: str | None) -> int | None:
    """Which of several values is meant: the one of that number, or else the only one of that text."""
    texts = [value[TEXT] if isinstance(value, dict) else value for value in values]
    if number < len(texts) and text in (None, texts[number]):
        return number
    return texts.index(text) if text is not None and texts.count(text) == 1 else None


def _loose(branch: Branch, child: Step | None, item: Any) -> _Put | None:
    kind = "element" if item.soort == "element" else "text"
    if not isinstance(item.inhoud, str) or not isinstance(item.positie or 0, int) or (item.positie or 0) < 0:
        return None
    extra = {"kind": kind, "name": item.naam or "", "position": item.positie or 0, "content": item.inhoud}
    return lambda owner: owner.setdefault(EXTRA, []).append(extra)


def _order(branch: Branch, child: Step | None, item: Any) -> _Put | None:
    if not isinstance(item.inhoud, list) or not branch.places.keys() >= set(item.inhoud):
        return None
    mixed = set(branch.mixed_names)

    def put(owner: Record) -> None:
        own = owner.get(ORDER) or [name for name in branch.child_names for _ in _listed(owner.get(name, []))]
        wanted, of_model = ([name for name in order if name in mixed] for order in (item.inhoud, own))
        # of children that may be mixed the model may have the order
        turns = iter(of_model if Counter(wanted) == Counter(of_model) else wanted)
        owner[ORDER] = [next(turns) if name in mixed else name for name in item.inhoud]

    return put


_PUT: dict[str, Callable[..., _Put | None]] = {
    "waarde": _value,
    "blok": _block,
    "ontbreekt": _absent,
    "attribuut": _attribute,
    "element": _loose,
    "tekst": _loose,
    "volgorde": _order,
}
_TURN = {"volgorde": 0, "attribuut": 2}
"""Order comes first, for it is that of what the model holds; an attribute may be that of a value that is put back."""
_CHILD = ("waarde", "blok", "ontbreekt")
"""What is kept of a child, and not of the element itself."""


def _insert(owner: Record, child: Step, many: bool, value: Any) -> None:
    """A value at its own place; where there is one place, what the model holds there by now comes first."""
    name, number = child
    if many:
        present = owner.setdefault(name, [])
        present.insert(number, value)
    else:
        owner.setdefault(name, value)


def _json(text: Any) -> Any:
    """What a text says as JSON; None when it is none."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None


def _is_sound(value: Any, what: Branch | Leaf) -> bool:
    """Whether a value is a record, or a text with attributes, of that structure."""
    if not isinstance(value, dict):
        return False
    if isinstance(what, Leaf):
        names = {f"@{name}" for name in what.attributes}
        attributes = all(text is None or isinstance(text, str) for key, text in value.items() if key != TEXT)
        return bool(names) and value.keys() - {TEXT} <= names and isinstance(value.get(TEXT), str) and attributes
    if not what.grouped:
        return _is_round(value, what)
    rounds = value.get(GROUPS)
    rest = {key: item for key, item in value.items() if key != GROUPS}
    sound = isinstance(rounds, list) and all(_is_round(item, what) for item in rounds)
    return sound and not rest.keys() - {EXTRA} and _is_round(rest, what)


def _is_round(value: Any, branch: Branch) -> bool:
    """Whether a value is a record of the children of a branch, each of them sound."""
    return isinstance(value, dict) and all(_is_child(name, item, branch) for name, item in value.items())


def _is_child(name: str, value: Any, branch: Branch) -> bool:
    if name == ORDER:
        return isinstance(value, list) and all(isinstance(item, str) and item in branch.places for item in value)
    if name == EXTRA:
        return isinstance(value, list) and all(map(_is_extra, value))
    if name in branch.marks or _declares(name, branch):
        return isinstance(value, str)
    what: Branch | Leaf | None = branch.branches.get(name, branch.leaves.get(name))
    if what is None or what.many is not isinstance(value, list):
        return False
    plain = isinstance(what, Leaf) and not what.attributes
    return all(isinstance(item, str) if plain else _is_sound(item, what) for item in _listed(value))


def _is_extra(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() - {"child"} != {"kind", "name", "position", "content"}:
        return False
    texts = all(isinstance(value[key], str) for key in ("name", "content")) and isinstance(value.get("child", ""), str)
    known = value["kind"] in ("element", "text") or (
        value["kind"] == "attribute" and isinstance(value["name"], str) and _ATTRIBUTE.fullmatch(value["name"])
    )
    return bool(texts and known and isinstance(value["position"], int))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def settle_order(record: Record, branch: Branch) -> None:
    """Let the order that was kept of a document be that of what its record holds by now.

    Args:
        record: The record, whose model may have been changed after reading.
        branch: Its branch.
    """
    for part in record.get(GROUPS, (record,)):
        for name, child in branch.branches.items():
            for item in _listed(part.get(name, [])):
                settle_order(item, child)
    if ORDER not in record:
        return
    left = {name: len(_listed(value)) for name, value in record.items() if name[0] not in "#@"}
    order = []
    for name in record[ORDER]:
        if left.get(name, 0):
            left[name] -= 1
            order.append(name)
    names = branch.child_names
    for name in chain.from_iterable([one] * left.get(one, 0) for one in names):
        before = set(names[: names.index(name) + 1])
        at = max((number for number, other in enumerate(order, start=1) if other in before), default=0)
        order.insert(at, name)
    record[ORDER] = order
