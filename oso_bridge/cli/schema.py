"""``oso-bridge schema``: the JSON Schema of the models, for programs in other languages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from oso_bridge.cli import options, output
from oso_bridge.errors import UsageError, choose

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_NULL = {"type": "null"}
_DAY = r"^\d{4}-\d{2}-\d{2}$"
_MOMENT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})?$"


def _models(incomplete: str) -> list[str]:
    from oso_bridge.binding import MODELS

    return [name for name in MODELS if name.startswith(incomplete)]


def command(
    release: options.Release = None,
    output_file: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    model: Annotated[
        str, typer.Option("--model", help="Dossier, Schooladministratie or Leerresultaten.", autocompletion=_models)
    ] = "Dossier",
) -> None:
    """Give the JSON Schema of a dossier, or with --model that of pupil data or of results.

    It is of draft 2020-12, and is that of what oso-bridge read --json gives: what is absent is left out, not null.
    Every field has its description; x-codelijst names the code list of the standard
    that a field takes its codes from, x-eenheid the unit of a number. With --release, x-codes lists the codes
    of such a field in that release; a field whose list that release does not have gets none.
    """
    from oso_bridge.render import json

    output.write(json.dump(schema(release, model)), output_file)


def schema(release: str | None = None, model: str = "Dossier") -> dict[str, Any]:
    """The JSON Schema of a model; its parts under ``$defs``.

    Absent is said by leaving out, never by null: a validator then follows one branch only, and names the place of
    the fault instead of the whole part around it.

    Args:
        release: Put the codes of this release at the fields that take codes.
        model: The name of the model.

    Raises:
        UsageError: There is no such release or model.
    """
    from oso_bridge.binding import MODELS

    if model not in MODELS:
        raise UsageError(f"There is no model {model!r}.", remedy=choose(model, MODELS))
    made: dict[str, Any] = _strict({"$schema": DRAFT, **MODELS[model].model_json_schema()})
    if "model" in made["properties"]:
        # without it the JSON would be taken for that of a dossier
        made["required"] = [*made.get("required", ()), "model"]
    for part in (made, *made["$defs"].values()):
        # what follows the first paragraph is for those who program in Python
        part["description"] = " ".join(part["description"].split("\n\n")[0].split())
    if release is not None:
        _annotate(made, _codes(release))
    return made


def _strict(part: Any) -> Any:
    """A schema without null, in which the form of a date holds also where ``format`` is only read as a note."""
    if isinstance(part, list):
        return [_strict(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {key: _strict(value) for key, value in part.items()}
    if part.get("format") == "date":
        kept["pattern"] = _DAY
    if part.get("format") == "date-time":
        # that format asks for a time zone, and a moment of the standard may have none
        kept = {**{key: value for key, value in kept.items() if key != "format"}, "pattern": _MOMENT}
    return _without_null(kept) if _NULL in part.get("anyOf", ()) else kept


def _without_null(part: dict[str, Any]) -> dict[str, Any]:
    """What is left when null may not stand there; a choice of one is no choice."""
    choices = [choice for choice in part["anyOf"] if choice != _NULL]
    rest = {key: value for key, value in part.items() if key not in ("anyOf", "default")}
    return {**choices[0], **rest} if len(choices) == 1 else {"anyOf": choices, **rest}


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
