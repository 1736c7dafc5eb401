"""``oso-bridge show``: a dossier as something a person can read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oso_bridge.cli import inputs, options, output
from oso_bridge.errors import UsageError, choose

_FORMATS = ("text", "html")
_SUFFIXES = {".html": "html", ".htm": "html", ".txt": "text"}


def command(
    file: options.Document,
    page_format: Annotated[
        str | None, typer.Option("--format", "-f", help="text or html; else by the suffix of --output.")
    ] = None,
    output_file: options.Output = None,
    lang: options.Language = "nl",
    release: options.Release = None,
) -> None:
    """Show a dossier as something a person can read.

    The page holds personal data. Documents that break their schema, and those of a release that is not
    installed, are shown as far as they could be read.
    """
    from oso_bridge.render.words import check_language

    chosen = page_format or (_format_of(output_file) if output_file else "text")
    if chosen not in _FORMATS:
        raise UsageError(f"A dossier cannot be shown as {chosen!r}.", remedy=choose(chosen, _FORMATS))
    source = inputs.single(file)
    text = _page(source, chosen, check_language(lang), release, colour=output_file is None and output.colour())
    output.write(text, output_file, sources=[source])


def _format_of(path: Path) -> str:
    """The form that belongs to the suffix of a file."""
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(
            f"A dossier cannot be shown as {path.suffix!r}.",
            where=str(path),
            remedy=f"Use one of: {' '.join(_SUFFIXES)}, or say --format.",
        )
    return _SUFFIXES[path.suffix.lower()]


def _page(source: inputs.Input, chosen: str, lang: str, release: str | None, *, colour: bool) -> str:
    import oso_bridge as oso
    from oso_bridge.cli.labels import labeller
    from oso_bridge.render import show, show_html, show_text

    with inputs.told_of(source):
        document = oso.read(source, release=release)
    view = show.view(
        document.record,
        root=document.root,
        source=document.source,
        release=document.guess.id if document.guess else document.release.title(lang),
        schema_ok=document.schema_ok,
        label=labeller(document.release),
        language=lang,
    )
    return show_html.as_html(view) if chosen == "html" else show_text.as_text(view, colour=colour)
