"""Compiles the XSD of a release into ``plan.json``, with xmlschema; never at run time of a check.

A plan says, per type, which children may stand where and how often.  It holds types by name, an
anonymous type under the place where it is defined::

    {"format": 1, "namespace": "...", "elements": {"dossier": "dossierType", ...},
     "types": {"adresType": {"content": [{"name": "soortadres", "type": "nonEmptyStringType", "min": 1, "max": 1},
                                         {"choice": [...], "min": 0}, ...]},
               "xType": {"content": [...], "repeat": [1, null]},
               "landType": {"text": "nonEmptyStringType", "attributes": [{"name": "omschrijving", ...}]},
               "brincodeType": {"simple": "xs:string", "facets": {"pattern": ["[0-9][0-9][A-Z][A-Z]"]}}}}

``max`` is null for no limit.  Besides:

* a choice with ``"max": null`` repeats: its members may be mixed, so a record keeps their order;
* a choice between sequences holds each name once, and ``ways``: what goes together, ``?`` behind what may be absent;
* an element with children may have ``attributes``; one named ``xsi:type`` stands for an abstract type, whose content is
  then that of all types derived from it, what they add being optional;
* ``namespace`` with a type: that of its children; with a child: its own; ``namespaces`` holds those of the roots. Left
  out, it is the namespace of the plan. A type of another namespace has a prefix in its name;
* ``"open": true`` with a type: beside the children that it names it takes others (a wildcard in a sequence), which a
  record keeps as what has no place.

A content model that a record could not keep is refused: the same name at two places of one sequence, a repeated
choice between sequences, a repetition beside or inside another, mixed content, a wildcard elsewhere, ``xs:all``,
nillable elements, elements that others may replace, elements without a namespace in a schema that has one, elements
without a type, and types that hold themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oso_bridge.errors import DataError

FORMAT = 1
XSI_TYPE = "xsi:type"
_W3 = "http://www.w3.org/"
_XS = "{http://www.w3.org/2001/XMLSchema}"
_FACETS = {
    "length": int,
    "minLength": int,
    "maxLength": int,
    "minInclusive": str,
    "maxInclusive": str,
    "minExclusive": str,
    "maxExclusive": str,
    "totalDigits": int,
    "fractionDigits": int,
}


def compile_plan(xsd: Path) -> dict[str, Any]:
    """The plan of a schema file.

    Args:
        xsd: An XSD 1.0; it may import others that stand in the same folder.

    Raises:
        DataError: The file is no valid schema, or has a content model that a record cannot keep; the text
            names the type.
        OSError: The file cannot be read.
    """
    import xmlschema

    source = xsd.read_bytes()
    try:
        schema = xmlschema.XMLSchema10(source, base_url=str(xsd.resolve().parent), allow="sandbox", defuse="always")
    except xmlschema.XMLSchemaException as error:
        cause = str(error).partition("\n")[0].rstrip(":")
        raise DataError(f"{xsd.name} is no schema that can be used: {cause}.", where=str(xsd)) from error
    return _Compiler(schema).plan()


def write_plan(xsd: Path, target: Path) -> bool:
    """Compile a schema into a plan file.

    Returns:
        True when the file changed.
    """
    text = plan_text(compile_plan(xsd))
    if target.is_file() and target.read_text(encoding="utf-8") == text:
        return False
    target.write_text(text, encoding="utf-8")
    return True


def plan_text(plan: dict[str, Any]) -> str:
    """A plan as the text of ``plan.json``."""
    return _one_line_particles(json.dumps(plan, indent=1, ensure_ascii=False) + "\n")


def _one_line_particles(text: str) -> str:
    """Put every innermost object on one line, so that a difference between plans reads well."""
    import re

    return re.sub(r"\{[^{}]*\}", lambda match: re.sub(r"\s*\n\s*", " ", match[0]), text)


class _Compiler:
    """Walks a schema and collects its types by name."""

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self.types: dict[str, dict[str, Any]] = {}
        self.open: list[str] = []
        self.around: list[str] = []
        self.wild: list[bool] = []

    def plan(self) -> dict[str, Any]:
        if self.schema.substitution_groups:
            raise self.refusal("", "elements that may stand in for another")
        roots = sorted(self.roots(), key=_name)
        self.refuse_twins(roots)
        elements = {element.local_name: self.type_name(element, "") for element in roots}
        own = self.schema.target_namespace
        elsewhere = {one.local_name: one.target_namespace for one in roots if one.target_namespace != own}
        return {
            "format": FORMAT,
            "namespace": own,
            **({"namespaces": elsewhere} if elsewhere else {}),
            "elements": elements,
            "types": dict(sorted(self.types.items())),
        }

    def roots(self) -> list[Any]:
        """The global elements of the schema and of those it imports."""
        found = self.schema.maps.elements.values()
        own = self.schema.target_namespace
        return [one for one in found if one.target_namespace == own or not one.target_namespace.startswith(_W3)]

    def refuse_twins(self, roots: list[Any]) -> None:
        names = [element.local_name for element in roots]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise self.refusal("", f"{', '.join(twice)} in two namespaces")

    def named(self, kind: Any) -> str | None:
        """The name of a type in the plan, with a prefix when it is of another namespace; None when it has none."""
        own, namespace = self.schema.target_namespace or "", kind.target_namespace or ""
        if not kind.name or namespace == own:
            return str(kind.local_name) if kind.name else None
        prefixes = [prefix for prefix, uri in kind.schema.namespaces.items() if uri == namespace and prefix]
        return f"{min(prefixes, default=namespace)}:{kind.local_name}"

    def type_name(self, element: Any, owner: str) -> str:
        """The name of an element's type; the type is compiled when it is met first."""
        self.refuse_element(element, owner)
        kind = (element.ref or element).type
        if kind.name and kind.name.startswith(_XS):
            return "xs:" + str(kind.local_name)
        by_place = f"/{element.local_name}" if element.ref is not None or not owner else f"{owner}/{element.local_name}"
        name = self.named(kind) or by_place
        self.add(name, kind)
        return name

    def refuse_element(self, element: Any, owner: str) -> None:
        local = owner and element.ref is None
        if element.nillable:
            raise self.refusal(owner, f"element {element.local_name} is nillable")
        if local and element.schema.target_namespace and not element.qualified:
            raise self.refusal(owner, f"element {element.local_name} is outside the namespace")
        if element.type.is_complex() and element.type.local_name == "anyType":
            raise self.refusal(owner, f"element {element.local_name} may hold anything")

    def add(self, name: str, kind: Any) -> None:
        if name in self.open:
            raise self.refusal(name, "the type holds itself")
        if name in self.types:
            return
        self.open.append(name)
        self.types[name] = self.simple(kind, name) if kind.is_simple() else self.complex(kind, name)
        self.open.pop()

    def simple(self, kind: Any, owner: str) -> dict[str, Any]:
        if kind.is_list() or kind.is_union():
            raise self.refusal(owner, "list and union types are not kept")
        base = kind.base_type
        if base.is_complex():
            raise self.refusal(owner, "a restriction of a text with attributes")
        if base.name and base.name.startswith(_XS):
            base_name = "xs:" + base.local_name
        else:
            base_name = self.named(base) or f"{owner}/base"
            self.add(base_name, base)
        return {"simple": base_name, "facets": _facets(kind)}

    def complex(self, kind: Any, name: str) -> dict[str, Any]:
        if kind.mixed:
            raise self.refusal(name, "mixed content")
        attributes = [
            self.attribute(name, key, value) for key, value in sorted(kind.attributes.items(), key=lambda i: str(i[0]))
        ]
        if kind.has_simple_content():
            return {"text": self.text_type(kind, name), "attributes": attributes}
        self.around.append(kind.target_namespace)
        described = self.derived(kind, name) if kind.abstract else self.content(kind.content, name)
        self.around.pop()
        if kind.abstract:
            types = [_name(other) for other in self.derivations(kind)]
            attributes = [{"name": XSI_TYPE, "type": "xs:QName", "use": "required", "types": types}, *attributes]
        elsewhere = kind.target_namespace != self.schema.target_namespace
        around = {"namespace": kind.target_namespace} if elsewhere and described["content"] else {}
        return {**around, **described, **({"attributes": attributes} if attributes else {})}

    def derived(self, kind: Any, name: str) -> dict[str, Any]:
        """The content of an abstract type: what every type has, and what the types derived from it add to that."""
        described = self.content(kind.content, name)
        particles = described["content"]
        known = [item["name"] for item in _items(particles)]
        for other in self.derivations(kind):
            found = self.content(other.content, name)
            particles += [{**item, "min": 0} for item in _items(found["content"]) if item["name"] not in known]
            described |= {"open": True} if "open" in found else {}
        self.unique(particles, name)
        return {key: value for key, value in described.items() if key != "repeat"}

    def derivations(self, kind: Any) -> list[Any]:
        """The types derived from an abstract one that an element may have."""
        every = sorted(self.schema.maps.types.values(), key=_name)
        return [other for other in every if other is not kind and other.is_derived(kind) and not other.abstract]

    def text_type(self, kind: Any, owner: str) -> str:
        content = kind.content
        if content.name and content.name.startswith(_XS):
            return "xs:" + str(content.local_name)
        name = self.named(content) or f"{owner}/text"
        self.add(name, content)
        return name

    def attribute(self, owner: str, name: str | None, attribute: Any) -> dict[str, Any]:
        if name is None or attribute.type is None:
            raise self.refusal(owner, "attribute wildcard")
        kind = attribute.type
        builtin = kind.name and kind.name.startswith(_XS)
        kind_name = "xs:" + kind.local_name if builtin else self.named(kind) or f"{owner}/@{name}"
        if not builtin:
            self.add(kind_name, kind)
        return {"name": name, "type": kind_name, "use": attribute.use}

    def content(self, group: Any, name: str) -> dict[str, Any]:
        group, least, most = _unwrapped(group)
        once = (least, most) == (1, 1)
        self.wild.append(False)
        if group.model == "choice" and (once or most is None):
            particles = [self.choice(group, least, most, name)]
        elif group.model == "sequence":
            particles = list(self.sequence(group, name))
        else:
            raise self.refusal(name, f"content model {group.model}")
        self.unique(particles, name)
        wild = {"open": True} if self.wild.pop() else {}
        if once or group.model == "choice":
            return {"content": particles, **wild}
        if wild:
            raise self.refusal(name, "a repeated sequence with a wildcard in it")
        if any("choice" in particle for particle in particles) or least < 1:
            raise self.refusal(name, "a repeated sequence with a choice in it, or one that may be absent")
        return {"content": particles, "repeat": [least, most]}

    def sequence(self, group: Any, name: str) -> Iterator[dict[str, Any]]:
        for item in group:
            if _is_wildcard(item):
                self.wild[-1] = True
                continue
            if not hasattr(item, "model"):
                yield self.element(item, name)
                continue
            inner, least, most = _unwrapped(item)
            if inner.model == "choice":
                yield self.choice(inner, least, most, name)
            elif inner.model == "sequence" and (least, most) == (1, 1):
                yield from self.sequence(inner, name)
            else:
                raise self.refusal(name, f"a {inner.model} that repeats or is optional, inside a sequence")

    def choice(self, group: Any, least: int, most: int | None, name: str) -> dict[str, Any]:
        """A choice: between elements, between sequences, or repeated between elements."""
        ways = list(self.ways(group, name))
        items = [item for way in ways for item in way]
        if most != 1:
            single = all(len(way) == 1 and (way[0]["min"], way[0]["max"]) == (1, 1) for way in ways)
            if most is not None or not single:
                raise self.refusal(name, "a choice that repeats a limited number of times, or between groups")
            return {"choice": [{**item, "max": None} for item in items], "min": least, "max": None}
        if any(all(not item["min"] for item in way) for way in ways):
            least = 0
        if all(len(way) == 1 for way in ways):
            return {"choice": items, "min": least}
        told = [[item["name"] + ("" if item["min"] else "?") for item in way] for way in ways]
        return {"choice": self.merged(ways, name), "min": least, "ways": told}

    def ways(self, group: Any, name: str) -> Iterator[list[dict[str, Any]]]:
        """The alternatives of a choice, each as the elements that go together."""
        for item in group:
            if not hasattr(item, "model"):
                yield [self.element(item, name)]
                continue
            inner, least, most = _unwrapped(item)
            if (least, most) != (1, 1) or inner.model not in ("choice", "sequence"):
                raise self.refusal(name, "a choice with a group that repeats or is optional")
            if inner.model == "choice":
                yield from self.ways(inner, name)
            else:
                if any(_is_wildcard(one) for one in inner):
                    raise self.refusal(name, "a wildcard in a choice")
                way = list(self.sequence(inner, name))
                if any("choice" in particle for particle in way):
                    raise self.refusal(name, "a choice in a sequence in a choice")
                yield way

    def merged(self, ways: list[list[dict[str, Any]]], name: str) -> list[dict[str, Any]]:
        """The elements of all alternatives, each name once, in an order that suits every alternative."""
        found: dict[str, dict[str, Any]] = {}
        order: list[str] = []
        for way in ways:
            names = [item["name"] for item in way]
            for number, item in enumerate(way):
                known = found.setdefault(item["name"], item)
                if (known["type"], known["max"]) != (item["type"], item["max"]):
                    raise self.refusal(name, f"{item['name']} with two types in one choice")
                if item["name"] not in order:
                    later = next((order.index(other) for other in names[number:] if other in order), len(order))
                    order.insert(later, item["name"])
            if sorted(names, key=order.index) != names:
                raise self.refusal(name, "a choice between sequences in another order")
        everywhere = [one for one in order if all(one in [item["name"] for item in way] for way in ways)]
        return [{**found[one], "min": found[one]["min"] if one in everywhere else 0} for one in order]

    def element(self, element: Any, owner: str) -> dict[str, Any]:
        if _is_wildcard(element):
            raise self.refusal(owner, "a wildcard in a choice")
        kind = self.type_name(element, owner)
        described = {"name": element.local_name, "type": kind, "min": element.min_occurs, "max": element.max_occurs}
        # a child that is defined elsewhere keeps the namespace it has there
        namespace = element.name[1:].partition("}")[0] if element.name.startswith("{") else ""
        return described if namespace == self.around[-1] else {**described, "namespace": namespace}

    def unique(self, particles: list[dict[str, Any]], name: str) -> None:
        names = [item["name"] for item in _items(particles)]
        twice = sorted({item for item in names if names.count(item) > 1})
        if twice:
            raise self.refusal(name, f"{', '.join(twice)} at two places")

    def refusal(self, name: str, what: str) -> DataError:
        return DataError(
            f"The structure of {name or 'the schema'} cannot be kept: {what}.",
            remedy="Rewrite that type, or extend the plan compiler and the reader together.",
        )


def _name(element: Any) -> str:
    return str(element.local_name)


def _items(particles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The elements in particles, those of choices one by one."""
    return [item for particle in particles for item in particle.get("choice", [particle])]


def _unwrapped(group: Any) -> tuple[Any, int, int | None]:
    """A group without those around it that hold nothing else, and how often it occurs."""
    least, most = group.min_occurs, group.max_occurs
    while len(group) == 1 and hasattr(group[0], "model"):
        inner = group[0]
        if (least, most) != (1, 1) and (inner.min_occurs, inner.max_occurs) != (1, 1):
            break
        if (least, most) == (1, 1):
            least, most = inner.min_occurs, inner.max_occurs
        group = inner
    return group, least, most


def _facets(kind: Any) -> dict[str, Any]:
    """The facets that a simple type adds to its base."""
    found: dict[str, Any] = {}
    for key, facet in kind.facets.items():
        if not key or facet is None:
            continue
        name = key.removeprefix(_XS)
        if name == "pattern" and facet is not kind.base_type.facets.get(key):
            found["pattern"] = [element.attrib["value"] for element in facet]
        elif name == "enumeration":
            found["enumeration"] = [str(value) for value in facet.enumeration]
        elif name in _FACETS and facet is not kind.base_type.facets.get(key):
            found[name] = _FACETS[name](facet.value)
    return found


def _is_wildcard(item: Any) -> bool:
    """Whether a particle takes any element."""
    return not hasattr(item, "model") and (not item.local_name or item.name == f"{_XS}any")
