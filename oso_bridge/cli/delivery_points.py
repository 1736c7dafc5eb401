"""``oso-bridge delivery-points``: those that the Traffic Center knows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from oso_bridge.cli import fetch, options, output
from oso_bridge.errors import TransportError

if TYPE_CHECKING:
    from oso_bridge.exchange import Aanleverpunt

_WORDS = {
    "nl": "Er zijn er geen, of het Traffic Center weigert het te zeggen.",
    "en": "There are none, or the Traffic Center refuses to tell.",
}


def command(
    config: fetch.Config,
    brin: Annotated[str, typer.Option("--brin", help="Those of one school.")] = "",
    purpose: Annotated[str, typer.Option("--for", help="Those for OV or SWV.")] = "",
    own: fetch.As = None,
    as_json: options.Json = False,
    lang: options.Language = "nl",
) -> None:
    """List the delivery points that the Traffic Center knows.

    Exit code 1 when it names none, refuses, or cannot be reached.
    """
    from oso_bridge.render import json
    from oso_bridge.render.words import check_language

    check_language(lang)
    try:
        with fetch.told_without_values(), fetch.asking(config, own) as system:
            found = system.overzicht(brin=brin, voor=purpose)
    except TransportError as error:
        output.note(str(error))
        raise typer.Exit(1) from None
    if not found:
        output.note(_WORDS[lang])
    output.write(json.dump([asdict(point) for point in found]) if as_json else "".join(map(_line, found)))
    raise typer.Exit(0 if found else 1)


def _line(point: Aanleverpunt) -> str:
    """A delivery point on one line; the Traffic Center chose its texts."""
    from oso_bridge.render.words import one_line

    parts = (f"{point.brin}/{point.kenmerk}", point.voor, point.naam, point.url)
    return f"{'  '.join(one_line(part) for part in parts if part)}\n"
