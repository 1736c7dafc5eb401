"""``oso-bridge todo``: what a dossier still needs before it can be written."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oso_bridge.cli import dossiers, inputs, options, output
from oso_bridge.errors import UsageError, choose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_bridge.findings import Finding
    from oso_bridge.model.base import Geheel

_FORMATS = ("text", "json")
_WIDTH = 100
_SAID = {
    "nl": {
        "none": "Er ontbreekt niets: dit dossier kan worden geschreven.",
        "all": "hele dossier",
        "warnings": "Waarschuwingen: hierop wordt niet geweigerd, maar kijk ernaar.",
    },
    "en": {
        "none": "Nothing is missing: this dossier can be written.",
        "all": "whole dossier",
        "warnings": "Warnings: nothing is refused for these, but look at them.",
    },
}


def command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A dossier as JSON or XML, or - for standard input.")],
    release: options.Release = None,
    todo_format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
    output_file: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    lang: options.Language = "nl",
) -> None:
    """Say what a dossier still needs before it can be written.

    Exit code 1 when something is missing or wrong, 0 when nothing is. Warnings stand apart and do not count. XML is
    measured by its own release when --release is left out.
    """
    from oso_bridge.render.words import check_language

    check_language(lang)
    if todo_format not in _FORMATS:
        raise UsageError(f"There is no format {todo_format!r}.", remedy=choose(todo_format, _FORMATS))
    dossier, chosen = _dossier(file, dossiers.load(file), release, lang)
    if dossier is None:
        raise typer.Exit(1)
    from oso_bridge.writing import review

    missing, odd = review(dossier, release=chosen)
    told = _json(missing, odd, chosen) if todo_format == "json" else _text(missing, odd, lang)
    output.write(told, output_file, sources=[file])
    raise typer.Exit(1 if missing else 0)


def _dossier(name: str, data: bytes, release: str | None, lang: str) -> tuple[Geheel | None, str]:
    """The dossier, and the release to measure it by.

    Raises:
        UsageError: JSON came without a release, or the document holds several dossiers.
        DocumentError: The XML cannot be read.
    """
    if dossiers.is_xml(data):
        import oso_bridge as oso

        with inputs.told_of(name):
            document = oso.read(data)
        return dossiers.whole(document), release or document.release_id
    if release is None and not dossiers.is_empty(data):
        raise UsageError("Say which release to write in: --release.", remedy="Installed ones: oso-bridge releases.")
    return dossiers.parse_whole(name, data, lang), release or ""


def _json(missing: list[Finding], odd: list[Finding], release: str) -> str:
    from oso_bridge.render import json

    todo, warnings = ([{**finding.to_dict(), "line": None} for finding in found] for found in (missing, odd))
    return json.dump({"release": release, "ready": not missing, "todo": todo, "warnings": warnings})


def _text(missing: list[Finding], odd: list[Finding], lang: str) -> str:
    told = list(places(missing, lang)) or [_SAID[lang]["none"] + "\n"]
    warned = list(places(odd, lang))
    return "\n".join([*told, *([_SAID[lang]["warnings"] + "\n"] if warned else ()), *warned])


def places(findings: list[Finding], lang: str) -> Iterator[str]:
    """What there is to do, place by place: several rules may ask for the same thing.

    Args:
        findings: What is missing or wrong.
        lang: ``nl`` or ``en``.

    Yields:
        For each place its lines, with the rules.
    """
    from oso_bridge.render.words import clean

    by_place: dict[str, list[Finding]] = {}
    for finding in findings:
        by_place.setdefault(finding.path or _SAID[lang]["all"], []).append(finding)
    for place, found in by_place.items():
        yield "\n".join([clean(place), *(line for finding in found for line in _lines(finding, lang))]) + "\n"


def _lines(finding: Finding, lang: str) -> Iterator[str]:
    """One thing to do: what, how, and by which rule."""
    from oso_bridge.render.words import clean

    yield from _wrap(finding.text(lang), "  ", "  ")
    if remedy := finding.remedy(lang):
        yield from _wrap(f"→ {remedy}", "  ", "    ")
    yield f"  {clean(finding.rule)}"


def _wrap(text: str, first: str, rest: str) -> Iterator[str]:
    options = {"break_long_words": False, "break_on_hyphens": False}
    yield from textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=rest, **options)  # type: ignore[arg-type]
