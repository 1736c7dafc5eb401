"""``oso-bridge kit``: the scenarios of the kit, and what a vendor loads before they are played with pytest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oso_bridge.cli import options, output

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
_WORDS = {
    "nl": {
        "rests": "rust op",
        "needs": "nodig",
        "made": "{number} bestanden in {folder}. Fictieve gegevens en testcertificaten; niet voor productie.",
        "next": "Zie docs/kit.md voor wat u ermee doet.",
    },
    "en": {
        "rests": "rests on",
        "needs": "needs",
        "made": "{number} files in {folder}. Fictional data and test certificates; not for production.",
        "next": "See docs/kit.md for what to do with them.",
    },
}
Kind = Annotated[str, typer.Option("--kind", help="oso or uwlr.")]


@app.callback()
def _root() -> None:
    """Prepare the kit that tests an endpoint of yours: pytest --oso-endpoint URL."""


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Option("--kind", help="oso or uwlr; both when left out.")] = None,
    lang: options.Language = "nl",
    as_json: options.Json = False,
) -> None:
    """List the scenarios: what is tried, what that rests on and what it needs."""
    from oso_bridge.render import json
    from oso_bridge.render.words import check_language
    from oso_bridge.testing.kit.scenario import KINDS, scenarios

    check_language(lang)
    found = [one for each in ([kind] if kind else KINDS) for one in scenarios(each)]
    if as_json:
        output.write(json.dump([one.as_dict() for one in found]))
        return
    words = _WORDS[lang]
    for one in found:
        parts = [(words["rests"], one.rests_on), (words["needs"], one.needs)]
        rest = "; ".join(f"{name}: {', '.join(values)}" for name, values in parts if values)
        output.write(f"{one.id}  {one.title[lang]}{f' ({rest})' if rest else ''}\n")


@app.command()
def prepare(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go; a new or an empty folder.")],
    kind: Kind = "oso",
    lang: options.Language = "nl",
) -> None:
    """Write what you load before you run the kit: data, a table of pupils, kit.toml, test certificates, an example."""
    from oso_bridge.render.words import check_language
    from oso_bridge.testing.kit.stage import prepare as write

    check_language(lang)
    made, words = write(kind, folder), _WORDS[lang]
    output.write(f"{words['made'].format(number=len(made), folder=folder)}\n{words['next']}\n")
