"""Where things are in the model: from the name of an element, a field or a path to the fields that are meant.

Every name here comes from the structure of an installed release or from the model itself, never from a document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

from pydantic import BaseModel

from oso_bridge import codes, data, plan, releases
from oso_bridge.codes import CodeList
from oso_bridge.errors import UsageError, choose
from oso_bridge.model.basis import part_of
from oso_bridge.model.codes import Code
from oso_bridge.model.dossier import Dossier
from oso_bridge.model.fields import kind_of

FORMAT = "oso"
_KIND = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Place:
    """A field of the model, with the elements that fill it.

    Attributes:
        path: From the dossier on, such as ``rapport.advies.adviezen[soort=herzien].niveau``; ``[]`` is any item of a
            list, ``[soort=x]`` the item of that kind.
        meaning: What the field holds, in Dutch.
        unit: The unit of a number; None when it has none.
        codelist: The number of the code list that it takes its codes from; None when it takes none.
        part: The name of the part of the model that the field holds; None for a single value.
        elements: For each place in a document that fills it (``dossier/.../herzienadvies``) the ids of the installed
            releases that have it; empty for a field of the model's own.
    """

    path: str
    meaning: str
    unit: str | None
    codelist: int | None
    part: str | None
    elements: dict[str, tuple[str, ...]]

    @property
    def plain(self) -> str:
        """The path without kinds and numbers, in brackets."""
        return plain(self.path)

    @property
    def names(self) -> frozenset[str]:
        """The names of its elements and attributes, without what stands around them."""
        return frozenset(wire.rpartition("/")[2] for wire in self.elements)

    @property
    def releases(self) -> tuple[str, ...]:
        """The installed releases in which an element fills it, the oldest first."""
        held = {release for found in self.elements.values() for release in found}
        return tuple(release.id for release in releases.installed() if release.id in held)


def plain(path: str) -> str:
    """A path without what stands in brackets: ``leerling.adressen[2].soort`` as ``leerling.adressen.soort``."""
    return _KIND.sub("", path)


def places(name: str) -> list[Place]:
    """The fields that a name stands for.

    Args:
        name: The name of an element of any installed release (``herzienadvies``), of a field (``niveau``), or a path
            of the model or the end of it, with or without kinds and numbers in brackets. Capitals do not count.
            Where no path ends so, steps may be left out: ``advies.niveau``.

    Returns:
        The fields that the element fills and those that bear the name, in the order of the model; empty when there
        are none.
    """
    wanted = name.strip().casefold()
    kinds = [kind for kind in _KIND.findall(wanted) if "=" in kind]
    named = _by_name().get(plain(wanted).rpartition(".")[2], ())
    named = [place for place in named if all(kind in place.path for kind in kinds)]
    exact = [place for place in named if _is_meant(place, wanted)]
    return exact or [place for place in named if _leads_to(plain(wanted).split("."), place)]


def _leads_to(steps: list[str], place: Place) -> bool:
    """Whether these steps stand in the path of a place, in their order and the last one last."""
    left = iter(place.plain.casefold().split("."))
    return place.plain.casefold().rpartition(".")[2] == steps[-1] and all(step in left for step in steps)


def _is_meant(place: Place, wanted: str) -> bool:
    """Whether a name is that of an element of the place, or its path ends in it."""
    ending = f".{place.plain}".casefold().endswith(f".{plain(wanted)}")
    return ending or any(wanted == name.casefold() for name in place.names)


def find(name: str) -> list[Place]:
    """What :func:`places` gives, for a name that someone typed.

    Raises:
        UsageError: Nothing bears that name; the text names those that look like it.
    """
    found = places(name)
    if not found:
        names = dict.fromkeys(known for place in everything() for known in _names(place))
        remedy = choose(name, names, "Give an element, a field or a path of the model.")
        raise UsageError(f"There is no element or field {name!r}.", remedy=remedy)
    return found


def codelist(which: int | str, *, release: str | None = None) -> CodeList:
    """A code list of the standard as it holds in a release.

    Args:
        which: The number of the list, such as 14 for the sex of a person (``Code14.lijst`` of the model), or the name
            of a field, an element or a path of the model that takes its codes, such as ``geslacht``.
        release: The id of an installed release, such as ``oso/2019.1``.

    Raises:
        UsageError: No release is named, there is no such release, list or field, the release has no such list, or
            fields of that name take codes of several lists.

    >>> codelist("geslacht", release="oso/2019.1").label("1")
    'vrouw'
    """
    chosen = releases.chosen(release, "to take the codes of")
    if isinstance(which, int):
        return codes.codelist(which, release=chosen.id)
    found = lists(which)
    if len(found) > 1:
        known = "; ".join(f"{number}: {paths[0]}{' ...' if paths[1:] else ''}" for number, paths in found.items())
        raise UsageError(f"Fields {which!r} take codes of several lists.", remedy=f"Give a path or a number: {known}.")
    return codes.codelist(next(iter(found)), release=chosen.id)


def lists(name: str) -> dict[int, list[str]]:
    """The code lists that the fields of a name take their codes from, with the paths of those fields.

    Args:
        name: As for :func:`places`.

    Raises:
        UsageError: No field of that name takes codes; the text names those that look like it.
    """
    found: dict[int, list[str]] = {}
    for place in places(name):
        if place.codelist is not None:
            found.setdefault(place.codelist, []).append(place.path)
    if not found:
        coded = [place for place in everything() if place.codelist is not None]
        names = dict.fromkeys(known for place in coded for known in _names(place))
        remedy = choose(name, names, "Give a number; oso-bridge codes shows all lists and their fields.")
        raise UsageError(f"There is no code list or coded field {name!r}.", remedy=remedy)
    return dict(sorted(found.items()))


def _names(place: Place) -> Iterator[str]:
    """What a field may be called: its own name, its path, its elements."""
    yield place.plain.rpartition(".")[2]
    yield place.plain
    yield from sorted(place.names)


@data.cached(maxsize=1)
def everything() -> tuple[Place, ...]:
    """All fields of the model, in its order; a field that elements fill by kind once for each kind."""
    filled: dict[str, dict[str, dict[str, list[str]]]] = {}
    for release in releases.installed():
        if release.format == FORMAT:
            for wire, path in _bound(release):
                kinds = filled.setdefault(plain(path), {})
                kinds.setdefault(path, {}).setdefault(wire, []).append(release.id)
    found = (_place(path, elements, field) for path, field, elements in _all_fields(filled))
    return tuple(found)


def _all_fields(filled: dict[str, dict[str, dict[str, list[str]]]]) -> Iterator[tuple[str, Any, dict[str, list[str]]]]:
    """Every field with its path and what fills it."""
    for path, field in _fields(Dossier, ""):
        for known, elements in filled.get(plain(path), {path: {}}).items():
            yield known, field, elements


def _place(path: str, elements: dict[str, list[str]], field: Any) -> Place:
    kind, _ = kind_of(field.annotation)
    extra = field.json_schema_extra
    return Place(
        path,
        meaning=field.description or "",
        unit=str(extra["x-eenheid"]) if isinstance(extra, dict) and "x-eenheid" in extra else None,
        codelist=kind.lijst if issubclass(kind, Code) else None,
        part=kind.__name__ if issubclass(kind, BaseModel) else None,
        elements={wire: tuple(found) for wire, found in elements.items()},
    )


def _fields(part: type[BaseModel], above: str) -> Iterator[tuple[str, Any]]:
    """The fields of a part and of those below it, by path."""
    for name, field in part.model_fields.items():
        if name == "extra":
            continue  # every part has it
        kind, several = kind_of(field.annotation)
        path = f"{above}.{name}".lstrip(".") + ("[]" if several else "")
        yield path, field
        if issubclass(kind, BaseModel):
            yield from _fields(kind, path)


def _bound(release: releases.Release) -> Iterator[tuple[str, str]]:
    """The places of a document with the fields that they fill; for a mere wrapper the fields that it holds."""
    paths, texts = plan.model_paths(release), _marked(release)
    for wire, path in paths.items():
        above, _, name = wire.rpartition("/")
        if paths.get(above, "") == path:
            yield from ((wire, inner) for known, inner in paths.items() if known.rpartition("/")[0] == wire)
            continue
        yield wire, path
        yield from ((f"{above}/{source}", f"{path}.{field}") for field, source in texts.get(name, {}).items())


def _marked(release: releases.Release) -> dict[str, dict[str, str]]:
    """For each element that is a text with attributes: which field takes the text, and which an attribute."""
    found = {}
    for row in data.load_toml(release.folder / "table.toml").get("row", ()):
        if "text" in row:
            name = row["record"].rpartition("/")[2]
            found[name] = {row["text"]: name} | {key: f"{name}@{mark}" for mark, key in row["attributes"].items()}
    return found


@data.cached(maxsize=1)
def _by_name() -> dict[str, list[Place]]:
    """The fields by each name that leads to them, in small letters."""
    found: dict[str, list[Place]] = {}
    for place in everything():
        for name in {known.rpartition(".")[2].casefold() for known in _names(place)}:
            found.setdefault(name, []).append(place)
    return found


@lru_cache(maxsize=512)
def _holders(path: str) -> tuple[tuple[str, type[BaseModel]], ...]:
    """The parts around a field: for each the path from it to the field, and its type."""
    steps = path.split(".")
    part: Any = Dossier
    found = [(path, part)]
    for number, step in enumerate(accumulate(steps[:-1], lambda above, name: f"{above}.{name}"), start=1):
        part = part_of(part.model_fields[plain(step).rpartition(".")[2]].annotation)
        found.append((".".join(steps[number:]), part))
    return tuple(found)


def meant(name: str, part: type[BaseModel]) -> list[str]:
    """Where a name belongs that someone used as a field of a part, which has no such field.

    Args:
        name: What was used; it is not repeated unless it is known.
        part: The part that was to have it.

    Returns:
        The only path from the dossier on; where there are several, those in the part itself, else those below it, seen
        from that part, else all; empty when nothing bears that name.
    """
    found = places(name) if re.fullmatch(r"[\w@-]{1,80}", name) else []
    paths = list(dict.fromkeys(place.path for place in found))
    if len(paths) < 2:
        return paths
    inside = list(dict.fromkeys(rest for path in paths for rest, holder in _holders(path) if holder is part))
    return [rest for rest in inside if "." not in rest] or inside or paths
