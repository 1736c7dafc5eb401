"""Options that several commands share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from oso_bridge.errors import UsageError


def _languages(incomplete: str) -> list[str]:
    return [language for language in ("nl", "en") if language.startswith(incomplete)]


def _formats(incomplete: str) -> list[str]:
    from oso_bridge.render import FORMATS, plugins

    return [name for name in [*FORMATS, *plugins()] if name.startswith(incomplete)]


def _releases(incomplete: str) -> list[str]:
    from oso_bridge.releases import installed

    return [release.id for release in installed() if release.id.startswith(incomplete)]


Language = Annotated[str, typer.Option("--lang", help="Language of the texts: nl or en.", autocompletion=_languages)]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file; its suffix chooses the form.")]
Json = Annotated[bool, typer.Option("--json", help="Give it as JSON.")]
NoValues = Annotated[bool, typer.Option("--no-values", help="Leave out the values: places and kinds only.")]
Release = Annotated[
    str | None,
    typer.Option("--release", help="Follow this release, such as oso/2019.1.", autocompletion=_releases),
]
TargetRelease = Annotated[
    str, typer.Option("--release", help="The release to write, such as oso/2019.1.", autocompletion=_releases)
]
ModelJson = Annotated[
    str, typer.Argument(metavar="FILE.json", help="A dossier, pupil data or results as JSON, or - for standard input.")
]
Document = Annotated[str, typer.Argument(metavar="FILE", help="A document, or - for standard input.")]


def _sorts(incomplete: str) -> list[str]:
    return [name for name in ("rule", "line") if name.startswith(incomplete)]


Sort = Annotated[
    str,
    typer.Option("--sort", help="Order of a text report: rule, or line (along the document).", autocompletion=_sorts),
]
ReportFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        help="text, json, sarif, junit or html; when left out, what the suffix of --output says.",
        autocompletion=_formats,
    ),
]
PasswordEnv = Annotated[
    str | None, typer.Option("--password-env", metavar="NAME", help="The environment variable with the password.")
]


def moment(text: str | None, option: str, *, zone: bool) -> datetime | None:
    """A moment that a user gave.

    Args:
        text: Such as ``2025-01-31T09:00:00+01:00``; None when none was given.
        option: The option, for the error.
        zone: Whether it has to say its time zone.

    Raises:
        UsageError: It is none.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or (zone and found.tzinfo is None):
        wanted = "with its time zone, such as 2025-01-31T09:00:00+01:00" if zone else "such as 2025-01-31T09:00:00"
        raise UsageError(f"{option} takes a moment {wanted}.")
    return found
