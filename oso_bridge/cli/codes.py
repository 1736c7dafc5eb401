"""``oso-bridge codes``: the code lists, for people and for programs in other languages."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from oso_bridge import codes
from oso_bridge.cli import options, output
from oso_bridge.errors import UsageError, choose

_WIDTH = 100
_WORDS = {
    "nl": {
        "releases": "in",
        "fields": "Velden",
        "none": "geen veld van het model",
        "plain": "De standaard geeft deze codes geen betekenis.",
    },
    "en": {
        "releases": "in",
        "fields": "Fields",
        "none": "no field of the model",
        "plain": "The standard gives these codes no meaning.",
    },
}


def command(
    which: Annotated[
        str | None,
        typer.Argument(metavar="LIST", help="The number of a list, or a field, path or element that takes its codes."),
    ] = None,
    release: options.Release = None,
    of: Annotated[
        str | None, typer.Option("--of", help="The lists of another format, such as edexml.", metavar="FORMAT")
    ] = None,
    lang: options.Language = "nl",
    as_json: options.Json = False,
    output_file: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Give the code lists: codes, meanings, releases, and the fields of the model that take them.

    All lists when LIST is left out; with --release only the codes that hold in that release. A code has a meaning
    only where the specification gives one. The lists are those of OSO, unless --release or --of says otherwise.
    """
    from oso_bridge.render import json
    from oso_bridge.render.words import check_language

    check_language(lang)
    chosen = _format(release, of)
    found = rows(_numbers(which) if chosen == codes.FORMAT else _named(which, chosen), release, chosen)
    output.write(json.dump(found) if as_json else _text(found, lang), output_file)


def _text(found: list[dict[str, Any]], lang: str) -> str:
    """Code lists as text, each with the fields that take its codes."""
    return "\n".join("\n".join([*lines(row, lang), *_fields(row, lang)]) + "\n" for row in found)


def _format(release: str | None, named: str | None) -> str:
    """The format that is meant: the one that is named, or that of the release.

    Raises:
        UsageError: There is no such format or release, it has no code lists, or the two contradict each other.
    """
    from oso_bridge.releases import installed
    from oso_bridge.releases import release as found

    own = found(release).format if release else None
    known = sorted({item.format for item in installed() if codes.numbers(item.format)})
    meant = named or own or codes.FORMAT
    if meant not in known:
        raise UsageError(f"There are no code lists of {meant!r}.", remedy=choose(meant, known))
    if own not in (None, meant):
        raise UsageError(f"{release} is no release of {meant}.", remedy="Leave one of the two out.")
    return meant


def rows(numbers: list[int] | None, release: str | None, format_name: str = codes.FORMAT) -> list[dict[str, Any]]:
    """Code lists as JSON.

    Args:
        numbers: Which lists; all when None.
        release: Only what holds in this release, which is of that format; in any when None.
        format_name: The format.

    Raises:
        UsageError: There is no such list or release, or a list that is asked for is not in that release.
    """
    from oso_bridge.model.fields import coded_fields
    from oso_bridge.releases import release as installed

    chosen = installed(release).id if release else None
    if chosen and numbers:
        for number in numbers:
            codes.codelist(number, release=chosen)  # says so when the release does not have it
    # the fields of the model take the codes of OSO
    fields = coded_fields() if format_name == codes.FORMAT else {}
    found = (_row(number, chosen, fields, format_name) for number in numbers or codes.numbers(format_name))
    return [row for row in found if row["codes"]]


def _row(number: int, release: str | None, fields: dict[str, int], format_name: str) -> dict[str, Any]:
    held = [entry for entry in codes.entries(number, format_name) if release is None or release in entry.releases]
    if release:
        order = codes.codelist(number, release=release).codes if held else ()
        held.sort(key=lambda entry: order.index(entry.code))  # two releases may order a list differently
    return {
        "number": number,
        "name": codes.name(number, format_name),
        "releases": list(codes.held_in(number, format_name)),
        "fields": [path for path, taken in fields.items() if taken == number],
        "codes": [{"code": item.code, "label": item.label, "releases": list(item.releases)} for item in held],
    }


def _numbers(which: str | None) -> list[int] | None:
    """The lists that are meant: by number, or by a field, the end of its path, or an element.

    Raises:
        UsageError: There is no such list or field.
    """
    if which is None:
        return None
    if which.isdecimal():
        return [int(which)]
    from oso_bridge.model.where import lists

    return list(lists(which))


def _named(which: str | None, format_name: str) -> list[int] | None:
    """The list of a format without fields here that is meant: by number or by name.

    Raises:
        UsageError: There is no such list.
    """
    if which is None or which.isdecimal():
        return None if which is None else [int(which)]
    names = {codes.name(number, format_name)["nl"].casefold(): number for number in codes.numbers(format_name)}
    if which.casefold() not in names:
        raise UsageError(f"There is no code list {which!r} in {format_name}.", remedy=choose(which, names))
    return [names[which.casefold()]]


def lines(row: dict[str, Any], lang: str) -> Iterator[str]:
    """One list as text: its name and its codes.

    Args:
        row: One of :func:`rows`.
        lang: ``nl`` or ``en``.
    """
    words = _WORDS[lang]
    everywhere = row["releases"]
    yield f"{row['number']}  {row['name'][lang]} ({', '.join(everywhere)})"
    width = max(len(code["code"]) for code in row["codes"])
    for code in row["codes"]:
        held = "" if code["releases"] == everywhere else f"({words['releases']} {', '.join(code['releases'])})"
        yield "    " + "  ".join(part for part in (f"{code['code']:<{width}}", code["label"], held) if part).rstrip()
    if not any(code["label"] for code in row["codes"]):
        yield f"  {words['plain']}"


def _fields(row: dict[str, Any], lang: str) -> Iterator[str]:
    """The fields that take the codes of a list."""
    words = _WORDS[lang]
    fields = ", ".join(row["fields"]) or words["none"]
    yield from textwrap.wrap(f"{words['fields']}: {fields}", _WIDTH, initial_indent="  ", subsequent_indent="    ")
