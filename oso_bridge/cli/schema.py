"""``oso-bridge schema``: the JSON Schema of a dossier, for programs in other languages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from oso_bridge.cli import options, output

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def command(
    release: options.Release = None,
    output_file: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Give the JSON Schema of a dossier.

    It is of draft 2020-12. Every field has its description; x-codelijst names the code list of the standard
    that a field takes its codes from, x-eenheid the unit of a number. With --release, x-codes lists the codes
    of such a field in that release; a field whose list that release does not have gets none.
    """
    from oso_bridge.render import json

    output.write(json.dump(schema(release)), output_file)


def schema(release: str | None = None) -> dict[str, Any]:
    """The JSON Schema of a dossier; its parts under ``$defs``.

    Args:
        release: Put the codes of this release at the fields that take codes.

    Raises:
        UsageError: There is no such release.
    """
    from oso_bridge.model import Dossier

    made = {"$schema": DRAFT, **Dossier.model_json_schema()}
    for part in (made, *made["$defs"].values()):
        # what follows the first paragraph is for those who program in Python
        part["description"] = " ".join(part["description"].split("\n\n")[0].split())
    if release is not None:
        _annotate(made, _codes(release))
    return made


def _codes(release: str) -> dict[int, list[str]]:
    """The codes of every list that a release has."""
    from oso_bridge import codes
    from oso_bridge.releases import release as installed

    chosen = installed(release).id
    has = [number for number in codes.numbers() if chosen in codes.held_in(number)]
    return {number: list(codes.codelist(number, release=chosen).codes) for number in has}


def _annotate(part: Any, codes: dict[int, list[str]]) -> None:
    """Put ``x-codes`` beside every ``x-codelijst``; not ``enum``, since a dossier with a wrong code can be repaired."""
    if isinstance(part, list):
        for item in part:
            _annotate(item, codes)
    elif isinstance(part, dict):
        for item in part.values():
            _annotate(item, codes)
        if part.get("x-codelijst") in codes:
            part["x-codes"] = codes[part["x-codelijst"]]
