"""``oso-bridge diff``: what differs between two dossiers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oso_bridge.cli import dossiers, options, output
from oso_bridge.cli.guard import USAGE
from oso_bridge.errors import DocumentError, UsageError

if TYPE_CHECKING:
    from oso_bridge.compare import Differences
    from oso_bridge.model import Dossier


def command(
    first: Annotated[str, typer.Argument(metavar="A", help="A dossier as JSON or XML, or - for standard input.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The dossier to compare it with.")],
    diff_format: Annotated[
        str | None, typer.Option("--format", "-f", help="text, json or html; else by the suffix of --output.")
    ] = None,
    output_file: options.Output = None,
    no_values: options.NoValues = False,
    delivery: Annotated[
        bool, typer.Option("--delivery", help="Compare versions, software, day and delivery categories as well.")
    ] = False,
    lang: options.Language = "nl",
) -> None:
    """Say what differs between two dossiers, by meaning.

    Tests are matched by code and day, addresses by kind, and so on; order and release do not count. The outcome
    holds personal data, unless --no-values is given. Exit code 0 when nothing differs, 1 when something does, 2
    when they could not be compared.
    """
    from oso_bridge.render.words import check_language

    chosen = diff_format or (_format_of(output_file) if output_file else "text")
    _refuse_format(chosen)
    check_language(lang)
    dossiers.refuse_same_input(first, second)
    found = _differences(_read(first, lang), _read(second, lang), delivery)
    told = replace(found, a=first, b=second).to_dict(values=not no_values)
    output.write(_rendered(told, chosen, lang, output_file), output_file, sources=[first, second])
    raise typer.Exit(1 if found else 0)


def _read(name: str, lang: str) -> Dossier:
    """A dossier; what cannot be read is no difference, and leaves with the exit code of wrong use."""
    try:
        found, _ = dossiers.either(name, lang)
    except DocumentError as error:
        output.note(str(error))
        found = None
    if found is None:
        raise typer.Exit(USAGE)
    return found


def _differences(a: Dossier, b: Dossier, delivery: bool) -> Differences:
    import oso_bridge as oso

    return oso.diff(a, b, delivery=delivery)


def _rendered(told: dict[str, object], chosen: str, lang: str, output_file: Path | None) -> str:
    from oso_bridge.render import changes

    return changes.render(told, chosen, lang, colour=output_file is None and output.colour())


def _refuse_format(chosen: str) -> None:
    from oso_bridge.render.changes import FORMATS

    if chosen not in FORMATS:
        raise UsageError(f"There is no format {chosen!r}.", remedy=f"Choose one of: {', '.join(FORMATS)}.")


def _format_of(path: Path) -> str:
    """The form that belongs to the suffix of a file."""
    from oso_bridge.render.changes import SUFFIXES

    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"Differences cannot be given as {path.suffix!r}.",
            where=str(path),
            remedy=f"Use one of: {' '.join(SUFFIXES)}, or say --format.",
        )
    return SUFFIXES[path.suffix.lower()]
