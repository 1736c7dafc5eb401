"""Compiles ``dossier.xsd`` of a release into ``plan.json``, with xmlschema; never at run time of a check.

A plan says, per type, which children may stand where and how often.  It holds types by name, an
anonymous type under the place where it is defined::

    {"format": 1, "namespace": "...", "elements": {"dossier": "dossierType", ...},
     "types": {"adresType": {"content": [{"name": "soortadres", "type": "nonEmptyStringType", "min": 1, "max": 1},
                                         {"choice": [...], "min": 0}, ...]},
               "xType": {"content": [...], "repeat": [1, null]},
               "landType": {"text": "nonEmptyStringType", "attributes": [{"name": "omschrijving", ...}]},
               "brincodeType": {"simple": "xs:string", "facets": {"pattern": ["[0-9][0-9][A-Z][A-Z]"]}}}}

``max`` is null for no limit.  A content model that a record could not keep is refused: the same
name at two places of one sequence, a repeated choice, a repetition beside or inside another, mixed
content, wildcards, ``xs:all``, nillable elements, elements that others may replace, elements outside the
namespace of the schema, elements without a type, and types that hold themselves.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from oso_bridge.errors import DataError

FORMAT = 1
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
        xsd: One self-contained XSD 1.0.

    Raises:
        DataError: The file is no valid schema, or has a content model that a record cannot keep; the text
            names the type.
        OSError: The file cannot be read.
    """
    import xmlschema

    source = xsd.read_bytes()
    try:
        schema = xmlschema.XMLSchema10(source, allow="none", defuse="always")
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

    def plan(self) -> dict[str, Any]:
        if self.schema.substitution_groups:
            raise self.refusal("", "elements that may stand in for another")
        elements = {
            element.local_name: self.type_name(element, "")
            for element in sorted(self.schema.elements.values(), key=_name)
        }
        return {
            "format": FORMAT,
            "namespace": self.schema.target_namespace,
            "elements": elements,
            "types": dict(sorted(self.types.items())),
        }

    def type_name(self, element: Any, owner: str) -> str:
        """The name of an element's type; the type is compiled when it is met first."""
        self.refuse_element(element, owner)
        kind = (element.ref or element).type
        if kind.name and kind.name.startswith(_XS):
            return "xs:" + str(kind.local_name)
        name = kind.local_name or (f"{owner}/{element.local_name}" if element.ref is None else f"/{element.local_name}")
        name = f"/{element.local_name}" if not kind.local_name and not owner else name
        self.add(name, kind)
        return str(name)

    def refuse_element(self, element: Any, owner: str) -> None:
        local = owner and element.ref is None
        if element.nillable:
            raise self.refusal(owner, f"element {element.local_name} is nillable")
        if local and self.schema.target_namespace and not element.qualified:
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
            base_name = base.local_name or f"{owner}/base"
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
        if attributes:
            raise self.refusal(name, "attributes on an element with children")
        return self.content(kind.content, name)

    def text_type(self, kind: Any, owner: str) -> str:
        content = kind.content
        if content.name and content.name.startswith(_XS):
            return "xs:" + str(content.local_name)
        name = content.local_name or f"{owner}/text"
        self.add(name, content)
        return str(name)

    def attribute(self, owner: str, name: str | None, attribute: Any) -> dict[str, Any]:
        if name is None or attribute.type is None:
            raise self.refusal(owner, "attribute wildcard")
        kind = attribute.type
        builtin = kind.name and kind.name.startswith(_XS)
        kind_name = "xs:" + kind.local_name if builtin else kind.local_name or f"{owner}/@{name}"
        if not builtin:
            self.add(kind_name, kind)
        return {"name": name, "type": kind_name, "use": attribute.use}

    def content(self, group: Any, name: str) -> dict[str, Any]:
        if group.model != "sequence":
            group_repeats = (group.min_occurs, group.max_occurs) != (1, 1)
            particles = [self.choice(group, name)] if not group_repeats else None
            if particles is None or group.model != "choice":
                raise self.refusal(name, f"content model {group.model}")
        else:
            particles = list(self.sequence(group, name))
        self.unique(particles, name)
        if (group.min_occurs, group.max_occurs) == (1, 1):
            return {"content": particles}
        if any("choice" in particle for particle in particles) or group.min_occurs < 1:
            raise self.refusal(name, "a repeated sequence with a choice in it, or one that may be absent")
        return {"content": particles, "repeat": [group.min_occurs, group.max_occurs]}

    def sequence(self, group: Any, name: str) -> Any:
        for item in group:
            if not hasattr(item, "model"):
                yield self.element(item, name)
            elif item.model == "choice":
                yield self.choice(item, name)
            elif item.model == "sequence" and (item.min_occurs, item.max_occurs) == (1, 1):
                yield from self.sequence(item, name)
            else:
                raise self.refusal(name, f"a {item.model} that repeats or is optional, inside a sequence")

    def choice(self, group: Any, name: str) -> dict[str, Any]:
        if group.max_occurs != 1 or any(hasattr(item, "model") for item in group):
            raise self.refusal(name, "a choice that repeats or holds groups")
        return {"choice": [self.element(item, name) for item in group], "min": group.min_occurs}

    def element(self, element: Any, owner: str) -> dict[str, Any]:
        if not element.local_name or element.name == "{http://www.w3.org/2001/XMLSchema}any":
            raise self.refusal(owner, "a wildcard")
        kind = self.type_name(element, owner)
        return {"name": element.local_name, "type": kind, "min": element.min_occurs, "max": element.max_occurs}

    def unique(self, particles: list[dict[str, Any]], name: str) -> None:
        names = [item["name"] for particle in particles for item in particle.get("choice", [particle])]
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
