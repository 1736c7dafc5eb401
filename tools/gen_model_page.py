"""Makes the data dictionary for the documentation: every field of the model, from the model and the installed releases.

As a hook of mkdocs it adds ``dictionary.md`` to the site without writing into the checkout; as a program it
prints the page: ``python tools/gen_model_page.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

import oso_bridge as oso
from oso_bridge import binding, codes, model, plan
from oso_bridge.errors import UsageError
from oso_bridge.kept import HOLDER
from oso_bridge.model import Code, Dossier, Extra, Maand
from oso_bridge.model.base import Basis
from oso_bridge.releases import Release

FORMAT = "oso"
PAGE = "dictionary.md"
HEAD = """# Data dictionary

Every part of the model with its fields, made from the code of the model and the tables of {releases}.
What the parts have to do with each other stands in [The model](model.md). Meanings are given in Dutch, as in the JSON
Schema.

*Element* is the name in the document, with `@` before an attribute; a year or a number before it is a release of the
OSO dossier, and without anything before it every release of OSO has it. A field without one is the model's own, or
belongs to a release that is not installed. Every part also has `extra`, a list of [Extra](#extra): what its element
held and no field could hold. To go from a name in XML to a field, see [From element to
field](#from-element-to-field).
"""
TYPES: dict[Any, str] = {
    str: "text",
    bool: "yes or no",
    int: "whole number",
    Decimal: "number",
    date: "date",
    datetime: "moment",
}
_STEP = re.compile(r"(?P<name>\w+)(?:\[(?:(?P<by>\w+)=)?(?P<kind>[\w-]*)\])?")

Source = tuple[str, str]
"""The name of an element, and of which kind it makes an item of a list, such as ``herzienadvies``, ``herzien``."""

Places = dict[tuple[str, str], dict[str, dict[Source, None]]]
"""For a part and a field, per version what fills it, in the order of the structure."""


def page() -> str:
    """The whole page as Markdown."""
    installed = [release for release in oso.installed() if plan.model_paths(release)]
    places = _places(installed)
    versions = [release.version for release in installed if release.format == FORMAT]
    parts = [HEAD.format(releases=", ".join(release.title("en") for release in installed))]
    for part in _parts():
        parts += _part(part, places, installed)
    parts += ["## From element to field\n", *_elements(places), ""]
    parts += ["## Code lists\n", *_lists(versions)]
    return "\n".join(parts) + "\n"


def _parts() -> list[type[Basis]]:
    """The parts of the models, each behind the part that first holds it."""
    found: dict[type[Basis], None] = {}

    def visit(part: type[Basis]) -> None:
        if part in found:
            return
        found[part] = None
        for name, field in part.model_fields.items():
            if name == HOLDER:
                continue  # every part has it
            inner = _inner(field.annotation)
            if isinstance(inner, type) and issubclass(inner, Basis):
                visit(inner)

    wholes: list[type[Basis]] = [*binding.MODELS.values(), Extra]
    for whole in wholes:
        visit(whole)
    return list(found)


def _part(part: type[Basis], places: Places, installed: list[Release]) -> Iterator[str]:
    """One part with a table of its fields."""
    about = " ".join((part.__doc__ or "").split("\n\n")[0].split())
    yield f"## {part.__name__}\n"
    yield f"{_escape(about)}\n"
    yield "| field | meaning | type | element |\n|---|---|---|---|"
    for name, field in part.model_fields.items():
        if name == HOLDER:
            continue
        where = _where(places.get((part.__name__, name), {}), installed)
        yield f"| `{name}` | {_escape(_meaning(field))} | {_type(field)} | {where} |"
    yield ""


def _meaning(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    unit = f" (Eenheid: {extra['x-eenheid']}.)" if isinstance(extra, dict) and "x-eenheid" in extra else ""
    return f"{field.description}{unit}"


def _inner(annotation: Any) -> Any:
    """The type of one value: without None, and without the list around it."""
    several = [item for item in get_args(annotation) if item is not NoneType]
    if (isinstance(annotation, type) and not several) or get_origin(annotation) is Literal:
        return annotation
    return _inner(several[0]) if several else annotation


def _type(field: FieldInfo) -> str:
    """The type of a field, with a link to its part or code list."""
    inner = _inner(field.annotation)
    must = ", compulsory" if field.is_required() else ""
    lists = [get_origin(kind) is list for kind in (field.annotation, *get_args(field.annotation))]
    several = f"list of {_one(inner)}" if any(lists) else _one(inner)
    return (f"{_one(inner)} or {several}" if any(lists) and not lists[0] else several) + must


def _one(inner: Any) -> str:
    if get_origin(inner) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(inner))
    if inner is Maand:
        return "month"
    if issubclass(inner, Code):
        return f"[code of list {inner.lijst}](#list-{inner.lijst})"
    if issubclass(inner, Basis):
        return f"[{inner.__name__}](#{inner.__name__.lower()})"
    return TYPES[inner]


# --- from the paths of the releases to the fields ---


def _places(installed: list[Release]) -> Places:
    """The elements of every field."""
    found: Places = {}
    for release in installed:
        texts = _marked(release)
        for wire, path in plan.model_paths(release).items():
            if plan.model_paths(release).get(wire.rpartition("/")[0], "") == path:
                continue  # only a wrapper: what it holds belongs to the part around it
            top = binding.model_of(release, wire.partition("/")[0]) or Dossier
            for part, field, element in _bound(wire, path, texts, top):
                found.setdefault((part, field), {}).setdefault(release.id, {})[element] = None
    return found


def _marked(release: Release) -> dict[str, dict[str, str]]:
    """For the name of each element that is a text with attributes: field to what fills it."""
    marks = {leaf.name: leaf.attributes for root in release.roots for leaf in _leaves(release, root)}
    found = {}
    for row in binding.table_rows(release)[0]:
        if "text" in row:
            name = row["record"].rpartition("/")[2]
            given = row.get("attributes", {mark: mark for mark in marks.get(name, ())})
            found[name] = {row["text"]: name} | {key: f"{name}@{mark}" for mark, key in given.items()}
    return found


def _leaves(release: Release, root: str) -> Iterator[plan.Leaf]:
    """The texts with attributes below a root."""
    for branch in plan.load(release).tree(root).branches:
        yield from (leaf for leaf in branch.leaves.values() if leaf.attributes)


def _bound(
    wire: str, path: str, texts: dict[str, dict[str, str]], top: type[BaseModel]
) -> Iterator[tuple[str, str, Source]]:
    """The part, the field and what fills it, of a place in a release."""
    part, field, kind = _resolve(path, top)
    above, _, element = wire.rpartition("/")
    if element.startswith("@"):
        element = above.rpartition("/")[2] + element
    yield part.__name__, field, (element, kind)
    inner = _inner(part.model_fields[field].annotation)
    if element in texts and isinstance(inner, type) and issubclass(inner, BaseModel):
        yield from ((inner.__name__, key, (source, "")) for key, source in texts[element].items())


def _resolve(path: str, top: type[BaseModel]) -> tuple[type[BaseModel], str, str]:
    """The part and the field that a path of the model ends in, and of which kind when it is an item of one."""
    part = top
    kind = ""
    *above, last = list(_STEP.finditer(path))
    for step in above:
        part = _inner(part.model_fields[step["name"]].annotation)
        kind = (step["kind"] or "") if step["by"] else ""
    return part, last["name"], (last["kind"] or "") if last["by"] else kind


def _where(found: dict[str, dict[Source, None]], installed: list[Release]) -> str:
    """The elements of a field, by format and release: said once when every release of a format has the same."""
    told = []
    for name in dict.fromkeys((FORMAT, *(release.format for release in installed))):
        family = [release for release in installed if release.format == name]
        spoken = {item: ", ".join(map(_source, found[item.id])) for item in family if item.id in found}
        start = "" if name == FORMAT else f"{name.upper()} "
        if spoken and len(set(spoken.values())) == 1 and len(spoken) == len(family):
            told.append(f"{start.strip()}{': ' if start else ''}{next(iter(spoken.values()))}")
        else:
            told += [f"{start}{item.version}: {names}" for item, names in spoken.items()]
    return "; ".join(told)


def _source(source: Source) -> str:
    name, kind = source
    return f"`{name}`" + (f" ({kind})" if kind else "")


def _elements(places: Places) -> Iterator[str]:
    """Every element name with the fields that it fills."""
    found: dict[str, dict[str, None]] = {}
    for (part, field), versions in places.items():
        for names in versions.values():
            for name, kind in names:
                of = f" ({kind})" if kind else ""
                found.setdefault(name, {})[f"[{part}](#{part.lower()}).{field}{of}"] = None
    yield "| element | field |\n|---|---|"
    for name in sorted(found):
        yield f"| `{name}` | {', '.join(found[name])} |"


# --- code lists ---


def _lists(versions: list[str]) -> Iterator[str]:
    """Every code list that a field takes, with its codes per release."""
    used = sorted(kind.lijst for kind in vars(model).values() if isinstance(kind, type) and issubclass(kind, Code))
    for number in filter(None, used):
        found = {version: made for version in versions if (made := _list(number, version))}
        name = next((made.name["nl"] for made in found.values()), "")
        yield f"### List {number}{': ' if name else ''}{name} {{#list-{number}}}\n"
        yield _per_version({version: _codes(made) for version, made in found.items()}) + "\n"


def _per_version(spoken: dict[str, str]) -> str:
    """The codes, said once when every release that has the list has the same."""
    if not spoken:
        return "In none of the releases that are installed."
    if len(set(spoken.values())) == 1:
        return f"{', '.join(spoken)}: {next(iter(spoken.values()))}"
    return "\n".join(f"- {version}: {text}" for version, text in spoken.items())


def _list(number: int, version: str) -> codes.CodeList | None:
    try:
        return codes.code_list(FORMAT, number, version)
    except UsageError:  # the list is not in that release
        return None


def _codes(found: codes.CodeList) -> str:
    labels = {code: found.label(code) for code in found.codes}
    return ", ".join(f"`{code}` {_escape(label)}" if label else f"`{code}`" for code, label in labels.items())


def _escape(text: str) -> str:
    return re.sub(r"([\\*_<>\[\]|])", r"\\\1", text.replace("``", "`"))


def on_files(files: Any, config: Any) -> Any:
    """Hook of mkdocs: add the page to the files of the site."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, PAGE, content=page()))
    return files


if __name__ == "__main__":
    print(page())
