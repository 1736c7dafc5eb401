"""``oso-bridge where``: from the name of an element or a field to its place in the model, its meaning and its codes."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import options, output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_bridge.model.where import Place

_WIDTH = 100
_MOST = 12
"""More places than this, and only the paths are given: whoever asks has to choose first."""

_WORDS = {
    "nl": {
        "meaning": "Betekenis",
        "unit": "Eenheid",
        "holds": "Onderdeel",
        "elements": "In het dossier",
        "own": "geen element: een veld van het model zelf",
        "list": "Codelijst",
        "in": "in",
        "every": "alle releases",
        "many": "{count} plaatsen; noem er een, of het einde van een pad:",
        "absent": "niet in {release}",
    },
    "en": {
        "meaning": "Meaning",
        "unit": "Unit",
        "holds": "Part",
        "elements": "In the dossier",
        "own": "no element: a field of the model's own",
        "list": "Code list",
        "in": "in",
        "every": "all releases",
        "many": "{count} places; name one of them, or the end of a path:",
        "absent": "not in {release}",
    },
}


def command(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="An element, a field, or a path of the model or the end of it.")
    ],
    release: options.Release = None,
    lang: options.Language = "nl",
    as_json: options.Json = False,
    output_file: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Say where an element or field is in the model, what it means and which codes it takes.

    With --release the codes are those of that release. Meanings are in Dutch, as the standard is.
    """
    from oso_bridge.model.where import find
    from oso_bridge.releases import release as installed
    from oso_bridge.render import json
    from oso_bridge.render.words import check_language

    check_language(lang)
    chosen = installed(release).id if release else None
    found = find(name)
    text = json.dump([_row(place, chosen) for place in found]) if as_json else _text(found, chosen, lang)
    output.write(text, output_file)


def _row(place: Place, release: str | None) -> dict[str, Any]:
    """A place as JSON."""
    return {
        "path": place.path,
        "meaning": place.meaning,
        "unit": place.unit,
        "part": place.part,
        "elements": {wire: list(held) for wire, held in place.elements.items()},
        "releases": list(place.releases),
        "codelist": _codelist(place.codelist, release) if place.codelist is not None else None,
    }


def _codelist(number: int, release: str | None) -> dict[str, Any]:
    """A code list, as ``oso-bridge codes`` gives it; without codes where a release does not have it."""
    from oso_bridge import codes
    from oso_bridge.cli.codes import rows

    if release and release not in codes.held_in(number):
        held = list(codes.held_in(number))
        return {"number": number, "name": codes.name(number), "releases": held, "codes": []}
    return {key: value for key, value in rows([number], release)[0].items() if key != "fields"}


def _text(found: list[Place], release: str | None, lang: str) -> str:
    if len(found) > _MOST:
        head = _WORDS[lang]["many"].format(count=len(found))
        return "\n".join([head, *(f"  {place.path}" for place in found)]) + "\n"
    parts = ["\n".join([*_about(place, lang), *_list_line(place, lang)]) + "\n" for place in found]
    numbers = dict.fromkeys(place.codelist for place in found if place.codelist is not None)
    return "\n".join([*parts, *("\n".join(_codes(number, release, lang)) + "\n" for number in numbers)])


def _about(place: Place, lang: str) -> Iterator[str]:
    """A field: its path, its meaning, and what fills it."""
    from oso_bridge.model.where import FORMAT
    from oso_bridge.releases import installed

    words, every = _WORDS[lang], {release.id for release in installed() if release.format == FORMAT}
    yield place.path
    yield from _fact(words["meaning"], place.meaning)
    if place.unit:
        yield from _fact(words["unit"], place.unit)
    if place.part:
        yield from _fact(words["holds"], place.part)
    for wire, held in place.elements.items():
        said = words["every"] if set(held) == every else ", ".join(held)
        yield from _fact(words["elements"], f"{wire} ({said})")
    if not place.elements:
        yield from _fact(words["elements"], words["own"])


def _list_line(place: Place, lang: str) -> Iterator[str]:
    """The code list of a field, whose codes stand below all fields."""
    from oso_bridge import codes

    if place.codelist is not None:
        yield from _fact(_WORDS[lang]["list"], f"{place.codelist}, {codes.name(place.codelist)[lang]}")


def _codes(number: int, release: str | None, lang: str) -> Iterator[str]:
    from oso_bridge.cli.codes import lines

    found = _codelist(number, release)
    if found["codes"]:
        yield from lines(found, lang)
    else:
        absent = _WORDS[lang]["absent"].format(release=release)
        yield f"{number}  {found['name'][lang]} ({', '.join(found['releases'])}): {absent}"


def _fact(name: str, text: str) -> Iterator[str]:
    options = {"break_long_words": False, "break_on_hyphens": False}
    yield from textwrap.wrap(
        f"{name}: {text}",
        _WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        **options,  # type: ignore[arg-type]
    )
