"""``oso-bridge todo``: what a dossier still needs before it can be written."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oso_bridge.cli import dossiers, options, output
from oso_bridge.errors import UsageError, choose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_bridge.findings import Finding
    from oso_bridge.model import Dossier

_FORMATS = ("text", "json")
_WIDTH = 100
_SAID = {
    "nl": {
        "none": "Er ontbreekt niets: dit dossier kan worden geschreven.",
        "all": "hele dossier",
    },
    "en": {
        "none": "Nothing is missing: this dossier can be written.",
        "all": "whole dossier",
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

    Exit code 1 when something is missing or wrong, 0 when nothing is. XML is measured by its own release when
    --release is left out.
    """
    from oso_bridge.render.words import check_language

    check_language(lang)
    if todo_format not in _FORMATS:
        raise UsageError(f"There is no format {todo_format!r}.", remedy=choose(todo_format, _FORMATS))
    dossier, chosen = _dossier(file, dossiers.load(file), release, lang)
    if dossier is None:
        raise typer.Exit(1)
    import oso_bridge as oso

    missing = oso.todo(dossier, release=chosen)
    told = _json(missing, chosen) if todo_format == "json" else _text(missing, lang)
    output.write(told, output_file, sources=[file])
    raise typer.Exit(1 if missing else 0)


def _dossier(name: str, data: bytes, release: str | None, lang: str) -> tuple[Dossier | None, str]:
    """The dossier, and the release to measure it by.

    Raises:
        UsageError: JSON came without a release, or the document holds several dossiers.
        DocumentError: The XML cannot be read.
    """
    if dossiers.is_xml(data):
        import oso_bridge as oso

        document = oso.read(data)
        return dossiers.only(document), release or document.release_id
    if release is None:
        raise UsageError("Say which release to write in: --release.", remedy="Installed ones: oso-bridge releases.")
    return dossiers.parse(name, data, lang), release


def _json(missing: list[Finding], release: str) -> str:
    from oso_bridge.render import json

    told = [{**finding.to_dict(), "line": None} for finding in missing]
    return json.dump({"release": release, "ready": not missing, "todo": told})


def _text(missing: list[Finding], lang: str) -> str:
    if not missing:
        return _SAID[lang]["none"] + "\n"
    return "\n".join("\n".join(_lines(finding, lang)) + "\n" for finding in missing)


def _lines(finding: Finding, lang: str) -> Iterator[str]:
    """One thing to do: where, what, how, and by which rule."""
    from oso_bridge.render.words import clean

    yield clean(finding.path or _SAID[lang]["all"])
    yield from _wrap(finding.text(lang), "  ", "  ")
    if remedy := finding.remedy(lang):
        yield from _wrap(f"→ {remedy}", "  ", "    ")
    yield f"  {clean(finding.rule)}"


def _wrap(text: str, first: str, rest: str) -> Iterator[str]:
    yield from textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False)
