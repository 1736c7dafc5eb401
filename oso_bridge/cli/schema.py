"""``oso-bridge schema``: the JSON Schema of a dossier, for programs in other languages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from oso_bridge.cli import output

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def command(
    output_file: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Give the JSON Schema of a dossier.

    It is of draft 2020-12. Every field has its description; x-codelijst names the code list of the standard
    that a field takes its codes from, x-eenheid the unit of a number.
    """
    from oso_bridge.render import json

    output.write(json.dump(schema()), output_file)


def schema() -> dict[str, Any]:
    """The JSON Schema of a dossier; its parts under ``$defs``."""
    from oso_bridge.model import Dossier

    made = {"$schema": DRAFT, **Dossier.model_json_schema()}
    for part in (made, *made["$defs"].values()):
        # what follows the first paragraph is for those who program in Python
        part["description"] = " ".join(part["description"].split("\n\n")[0].split())
    return made
