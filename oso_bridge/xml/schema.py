"""The schema layer: libxml2 gives the verdict, the plan explains it.

libxml2's own texts quote the document, so only its code and place are used.  Each code is mapped to a
*kind* of our own; the id of a finding is ``XSD.<kind>.<element>``.  The verdict is libxml2's: it refuses
white space around dates, which the text of the W3C collapses.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree

from oso_bridge.data import cached
from oso_bridge.errors import DataError
from oso_bridge.plan import Branch, Leaf, Plan, Tree, known_names
from oso_bridge.releases import Release
from oso_bridge.xml import keys, parser
from oso_bridge.xml.limits import Limits

MAX_ERRORS = 500
"""More schema errors than this in one document are counted, not explained."""

LACKING = "attribuut-ontbreekt"
"""The kind of the error about an attribute that is not there."""

# libxml2's codes of a validity error, by what they mean here.
_KINDS = {
    1818: "afgebroken",
    1824: "type",
    1825: "type",
    1826: "type",
    1827: "attribuut",
    1828: "inhoud",
    1829: "lengte",
    1830: "lengte",
    1831: "te-kort",
    1832: "te-lang",
    1833: "te-klein",
    1834: "te-groot",
    1835: "te-klein",
    1836: "te-groot",
    1837: "cijfers",
    1838: "decimalen",
    1839: "patroon",
    1840: "keuzelijst",
    1841: "inhoud",
    1842: "inhoud",
    1843: "tekst",
    1844: "inhoud",
    1845: "wortel",
    1846: "xsi",
    1847: "xsi",
    1848: "xsi",
    1849: "xsi",
    1850: "xsi",
    1851: "xsi",
    1852: "xsi",
    1853: "xsi",
    1866: "attribuut",
    1867: "attribuut",
    1868: LACKING,
    1871: "plaats",
    1876: "soort",
}
_FACETS = {
    "lengte": "length",
    "te-kort": "minLength",
    "te-lang": "maxLength",
    "te-klein": "minInclusive",
    "te-groot": "maxInclusive",
    "patroon": "pattern",
    "keuzelijst": "enumeration",
    "type": "enumeration",
}
_KEY = 1877
# the name at the end is the schema's; what libxml2 quotes before it is the document's
_CONSTRAINT = re.compile(r"(?:constraint|keyref) '(?:\{[^'}]*\})?([^'{}]+)'(?: evaluate to a node)?\.\s*\Z")
_MOST_VALUES = 30
TEXT = "tekst"
"""The kind of the error about text where only elements may be."""
ABORTED = "afgebroken"
"""The kind of the error that says that libxml2 gave up before it had a verdict."""
_INTERNAL = 1818
_ON_ATTRIBUTE = re.compile(r"Element '[^']*', attribute '([^']*)'")
# at the end, where libxml2 tells what the schema says; what it quotes before that is the document's
_LACKING = re.compile(r"The attribute '(?:\{[^'}]*\})?([^'{}]+)' is required but missing\.\s*\Z")
_STEP = re.compile(r"(?:[^/:\[]+:)?([^/\[]+)(?:\[(\d+)\])?")


@dataclass(frozen=True, slots=True)
class SchemaError:
    """One reason why a document is not schema-valid.

    Attributes:
        kind: What is wrong: ``ontbreekt``, ``onbekend``, ``volgorde``, ``patroon`` ...
        element: The element that the kind is about; None when its name is not one of the standard.
        element_node: The element at the place.
        args: Names and limits for the text.
    """

    kind: str
    element: str | None
    element_node: etree._Element
    args: Mapping[str, str]

    @property
    def rule(self) -> str:
        """The id of the finding."""
        return f"XSD.{self.kind}.{self.element}" if self.element else f"XSD.{self.kind}"


_CROWDED = etree.XPath("count(//*) > $most")
_PARSER = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)


class Schema:
    """The compiled XSD of a release; validation is guarded by a lock, as libxml2's error log is shared.

    Args:
        release: The release.
        edit: Changes the XSD and those it imports before they are compiled.
    """

    def __init__(self, release: Release, edit: Callable[[etree._Element], None] | None = None) -> None:
        file = release.schema
        try:
            # the address lets a schema import those beside it; nothing is fetched
            root = etree.fromstring(file.read_bytes(), _editing(edit) if edit else _PARSER, base_url=str(file))
            if edit:
                edit(root)
            self._schema = etree.XMLSchema(root)
        except (OSError, etree.XMLSchemaParseError, etree.XMLSyntaxError) as error:
            raise DataError(f"The schema of {release.id} cannot be loaded.", where=str(file)) from error
        self._file = file
        self._lock = threading.Lock()

    @cached_property
    def constraints(self) -> dict[str, keys.Constraint]:
        """The keys and references that the schema declares, by name; only few schemas have any."""
        return keys.constraints(self._file)

    def validate(self, root: etree._Element) -> list[Any] | None:
        """libxml2's errors, or None when the document is valid; an error may be there more than once.

        One of them is of the kind :data:`ABORTED` when libxml2 gave up before it had a verdict.
        """
        with self._lock:
            try:
                if self._schema.validate(root):
                    return None
            except etree.XMLSchemaValidateError:
                return _with_abort(self._schema.error_log)
            log: Any = self._schema.error_log
            return list(log)


def _editing(edit: Callable[[etree._Element], None]) -> etree.XMLParser:
    """A parser that hands a schema those it imports in another form."""

    class Imports(etree.Resolver):
        def resolve(self, system_url: str, public_id: str, context: Any = None) -> Any:
            root = etree.fromstring(Path(system_url).read_bytes(), _PARSER)
            edit(root)
            return self.resolve_string(etree.tostring(root), context, base_url=system_url)

    made = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
    made.resolvers.add(Imports())
    return made


class _Abort(NamedTuple):
    """Stands for the error that libxml2 did not tell when it gave up."""

    type: int = _INTERNAL
    path: str | None = None
    message: str | None = None


def _with_abort(log: Any) -> list[Any]:
    """What libxml2 said before it gave up, as it does when a pattern takes too many attempts."""
    errors = list(log)
    return errors if any(error.type == _INTERNAL for error in errors) else [*errors, _Abort()]


@cached(maxsize=32)
def load(release: Release) -> Schema:
    """The schema of a release, compiled once."""
    return Schema(release)


def explain(
    errors: Iterable[Any],
    root: etree._Element,
    plan: Plan,
    tree: Tree | None,
    every: Callable[[], dict[str, keys.Constraint]] = dict,
) -> list[SchemaError]:
    """Explain libxml2's errors with the plan.

    Args:
        errors: What :meth:`Schema.validate` gave.
        root: The root of the document.
        plan: The plan of the release.
        tree: The plan from that root; None when the root is not one that is read.
        every: Gives the keys and references that the schema declares, by name.

    Returns:
        At most :data:`MAX_ERRORS` errors in document order, one for each thing that is wrong with an element.
    """
    tree = tree or _tree_of(root, plan)
    errors = list(errors)[:MAX_ERRORS]
    explained = [error for _, error in explain_each(errors, root, plan, tree)]
    broken = {name for error in errors if (name := broken_key(error)) is not None}
    if broken:
        explained += _broken_keys(broken, root, every(), MAX_ERRORS - len(explained), not explained)
    return explained


def explain_each(
    errors: Iterable[Any], root: etree._Element, plan: Plan, tree: Tree | None
) -> Iterator[tuple[int, SchemaError]]:
    """Explain libxml2's errors one by one, but for broken keys.

    Args:
        errors: What :meth:`Schema.validate` gave.
        root: What was validated, the root of the document or an element in it.
        plan: The plan of the release.
        tree: The plan from the root of the document; None when that is not one that is read.

    Yields:
        One explanation for each thing that is wrong with an element, with the number of its error, from 0.
    """
    met: set[tuple[etree._Element, str, str | None]] = set()
    families: Families = {}
    previous: etree._Element | None = None
    for number, error in enumerate(errors):
        kind = _KINDS.get(error.type, f"libxml2-{error.type}")
        if error.type == _KEY:
            continue
        element = resolve(root, error.path, families)
        # libxml2 adds "not a valid value of the type" to what it said of a facet of the same value
        if kind == "type" and previous is element:
            continue
        one = (element, kind, _lacking(error) if kind == LACKING else None)
        if one not in met:
            met.add(one)
            found = _explain(kind, error, element, plan, tree)
            previous = found.element_node
            yield number, found


def broken_key(error: Any) -> str | None:
    """The name of the key that an error is about, empty when libxml2 does not tell it; None for another error."""
    if error.type != _KEY:
        return None
    match = _CONSTRAINT.search(error.message or "")
    return match[1] if match else ""


def _broken_keys(
    names: set[str], root: etree._Element, every: dict[str, keys.Constraint], most: int, alone: bool
) -> list[SchemaError]:
    """What breaks the keys that libxml2 named; it says neither where nor how, without quoting the document."""
    wanted = [constraint for name, constraint in every.items() if name in names]
    found = [explain_key(one, every) for constraint in wanted for one in keys.broken(constraint, every, root)]
    return found[:most] if found or not alone else [unplaced_key(root)]


def unplaced_key(root: etree._Element) -> SchemaError:
    """A broken key that nothing else is known of: what libxml2 compares as numbers may differ as texts."""
    name = shown(parser.local_name(root))
    return SchemaError("libxml2-1877", name, root, {"element": name or "-"})


def explain_key(one: keys.Broken, every: dict[str, keys.Constraint]) -> SchemaError:
    """What is wrong with an element that breaks a key."""
    element = shown(parser.local_name(one.element))
    target = every.get(one.constraint.refer or "", one.constraint)
    args = {"element": element or "-", "veld": one.constraint.shown, "doel": target.selector.path}
    return SchemaError(f"sleutel-{one.how}", element, one.element, args)


def refuse_same_keys(root: etree._Element, release: Release, limits: Limits) -> None:
    """Refuse a document in which very many elements bear one key, before libxml2 compares them all with one another.

    Raises:
        UnsafeDocument: There are more than ``max_same_key``.
    """
    if (
        _CROWDED(root, most=limits.max_same_key)
        and keys.most_same(load(release).constraints, root) > limits.max_same_key
    ):
        raise parser.too_much("max_same_key", limits.max_same_key)


def _tree_of(root: etree._Element, plan: Plan) -> Tree | None:
    """The plan from a root that is not read by itself, such as a lone adres."""
    name = parser.local_name(root)
    return plan.tree(name) if "content" in plan.types.get(plan.elements.get(name, ""), {}) else None


Families = dict[tuple[etree._Element, str], list[etree._Element]]
"""The children of an element that have one name; looked up once for all errors."""


def resolve(root: etree._Element, path: str | None, families: Families) -> etree._Element:
    """The element at a path of libxml2, which numbers all elements below one parent alike when it writes ``*``."""
    element = root
    for step in (path or "").split("/")[2:]:
        match = _STEP.fullmatch(step)
        if match is None:
            break
        name, number = match[1], int(match[2] or 1)
        if name != "*" and (element, name) not in families:
            families[element, name] = [child for child in element if parser.local_name(child) == name]
        same = element if name == "*" else families[element, name]
        if number > len(same):
            break
        element = same[number - 1]
    return element


def _explain(kind: str, error: Any, element: etree._Element, plan: Plan, tree: Tree | None) -> SchemaError:
    name = shown(parser.local_name(element))
    if kind == "plaats":
        missing = is_missing_child(error)
        return _misplaced(element, missing, _branch(tree, element if missing else element.getparent()))
    if kind == TEXT:
        return stray_text(element)
    node = _leaf(tree, element) or _branch(tree, element)
    if kind == "xsi" and node and "xsi:type" in node.attributes:
        return SchemaError("soort", name, element, {"element": name or "-"})
    if kind == LACKING:
        return SchemaError(kind, name, element, {"element": name or "-", "attribuut": _lacking(error) or "-"})
    attribute = _attribute(error, node)
    label = f"{name}/@{attribute}" if attribute else name or "-"
    return SchemaError(kind, name, element, {"element": label, **_limits(kind, node, attribute, plan)})


def stray_text(element: etree._Element) -> SchemaError:
    """Text where only elements may be."""
    name = shown(parser.local_name(element))
    return SchemaError(TEXT, name, element, {"element": name or "-"})


def is_abort(error: Any) -> bool:
    """Whether libxml2 gave up with an error, and said no more."""
    return bool(error.type == _INTERNAL)


def is_missing_child(error: Any) -> bool:
    """Whether an error about the place of an element says that something is not in it, not that it stands wrongly."""
    return "Missing child element(s)" in (error.message or "")


def attribute_in(error: Any) -> str | None:
    """The attribute whose value an error is about; None when it is about an element."""
    match = _ON_ATTRIBUTE.match(error.message or "")
    return match[1] if match else None


def _lacking(error: Any) -> str | None:
    """The attribute that is not there, as the schema calls it."""
    match = _LACKING.search(error.message or "")
    return match[1] if match else None


def _attribute(error: Any, node: Leaf | Branch | None) -> str | None:
    """The attribute whose value is wrong; only one that the structure has, for another name may be anything."""
    name = attribute_in(error)
    return name if name and node and name in node.attributes else None


def shown(name: str) -> str | None:
    """A name when it is one of the standard, else None: a name that someone made up may be anything."""
    return name if name in known_names() else None


def _branch(tree: Tree | None, element: etree._Element | None) -> Branch | None:
    """The branch that an element stands at."""
    if tree is None or element is None:
        return None
    names = [parser.local_name(element), *(parser.local_name(node) for node in element.iterancestors())]
    return tree.by_path.get("/".join(reversed(names)))


def _leaf(tree: Tree | None, element: etree._Element) -> Leaf | None:
    branch = _branch(tree, element.getparent())
    return branch.leaves.get(parser.local_name(element)) if branch else None


def _limits(kind: str, node: Leaf | Branch | None, attribute: str | None, plan: Plan) -> dict[str, str]:
    """The type and the limit that a value broke."""
    if node is None or (attribute is None and isinstance(node, Branch)):
        return {}
    types = {item["name"]: str(item["type"]) for item in plan.types.get(node.type, {}).get("attributes", ())}
    name = types.get(attribute or "", node.type)
    limit = plan.facets(name).get(_FACETS.get(kind, ""), "")
    several = _several if kind in ("keuzelijst", "type") else " | ".join
    limit = several(limit) if isinstance(limit, list) else str(limit)
    soort = "keuze" if kind == "type" and limit else plan.simple_base(name).removeprefix("xs:")
    return {"soort": soort, "grens": limit}


def _several(values: list[str]) -> str:
    """Values of a list; of a long one, such as that of school years, the first and the last."""
    told = values if len(values) <= _MOST_VALUES else [*values[:2], "...", *values[-2:]]
    return ", ".join(told)


def _misplaced(element: etree._Element, missing: bool, parent: Branch | None) -> SchemaError:
    """Why libxml2 did not expect an element, or expected more: missing, unknown, elsewhere, too often, out of order."""
    name = shown(parser.local_name(element))
    if parent is None:
        return SchemaError("onverwacht" if name else "onbekend", name, element, {"element": name or "-"})
    args = {"ouder": parent.name, "element": name or "-"}
    if missing:
        absent = _absent(parent, {parser.local_name(child) for child in element}, None)
        args.update(_absent_args(absent))
        return SchemaError("ontbreekt", absent, element, args)
    # a child of that name that is no step stands in another namespace
    if name is None or (name in parent.child_names and element.tag not in parent.steps):
        return SchemaError("onbekend", parent.name, element, args)
    if name not in parent.child_names:
        return SchemaError("onverwacht", name, element, args)
    return _out_of_place(element, name, parent, args)


def _out_of_place(element: etree._Element, name: str, parent: Branch, args: dict[str, str]) -> SchemaError:
    """A child that its parent may have, but not here."""
    before = [parser.local_name(child) for child in element.itersiblings(preceding=True)]
    everything = {*before, *(parser.local_name(child) for child in element.itersiblings()), name}
    rival = _rival(parent, name, before)
    if name in before and not _many(parent, name) and not parent.grouped:
        return SchemaError("te-vaak", name, element, args)
    if rival:
        return SchemaError("keuze", name, element, {**args, "ander": rival})
    absent = _absent(parent, everything, name)
    if absent:
        return SchemaError("ontbreekt", absent, element, {**args, **_absent_args(absent), "voor": name})
    return SchemaError("volgorde", name, element, {**args, "volgorde": ", ".join(parent.child_names)})


def _absent_args(absent: str | None) -> dict[str, str]:
    """What is missing, in words: one of several when there is a choice."""
    said = {"element": absent or "-"}
    if absent and "|" in absent:
        said |= {"element.nl": absent.replace("|", " of "), "element.en": absent.replace("|", " or ")}
    return said


def _many(parent: Branch, name: str) -> bool:
    child = parent.leaves.get(name) or parent.branches.get(name)
    return bool(child and child.many)


def _rival(parent: Branch, name: str, before: list[str]) -> str | None:
    """Another member of the choice that the element is in, when it came first."""
    for particle in parent.content:
        members = [item["name"] for item in particle.get("choice", ())]
        if name in members and particle.get("max", 1) == 1:
            together = {one.rstrip("?") for way in _ways(particle) if name in way or f"{name}?" in way for one in way}
            return next((member for member in members if member in before and member not in together), None)
    return None


def _ways(particle: dict[str, Any]) -> list[list[str]]:
    """What goes together in a choice."""
    ways: list[list[str]] = particle.get("ways") or [[item["name"]] for item in particle["choice"]]
    return ways


def _absent(parent: Branch, present: set[str], until: str | None) -> str | None:
    """The first child that must be there and is not, among those that come before ``until``."""
    for particle in parent.content:
        members = [item["name"] for item in particle.get("choice", (particle,))]
        if until in members:
            return _first_needed(particle, until, present) if "ways" in particle else None
        if particle["min"] and not present.intersection(members):
            return "|".join(members if "choice" not in particle else _first_of(particle))
    return None


def _first_needed(particle: dict[str, Any], until: str | None, present: set[str]) -> str | None:
    """What must come before a member of a choice between sequences, in each alternative that it is in."""
    optional = f"{until}?"
    ways = [way[: way.index(optional)] for way in _ways(particle) if optional in way]
    befores = [[one for one in way if one[-1] != "?"] for way in ways]
    if not befores or any(present.issuperset(names) for names in befores):
        return None
    return "|".join(dict.fromkeys(name for names in befores for name in names))


def _first_of(particle: dict[str, Any]) -> list[str]:
    """What each alternative of a choice must have: one of these is missing when none is there."""
    return list(dict.fromkeys(name for way in _ways(particle) for name in way if not name.endswith("?")))
