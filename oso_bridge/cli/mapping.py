"""``oso-bridge mapping``: the mappings there are, what goes where, a first one of your own, and its trial."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from oso_bridge.cli import options, output
from oso_bridge.cli.map import _names
from oso_bridge.errors import UsageError, choose

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
_Name = Annotated[str, typer.Argument(metavar="NAME", help="A mapping, or its folder.", autocompletion=_names)]


@app.callback()
def _root() -> None:
    """The mappings between dossiers and tables.

    A mapping of your own is a folder with a mapping.toml; name it by its path, or put it below mappings/ of the
    folder that OSO_BRIDGE_DATA names.
    """


@app.command("list")
def listed(lang: options.Language = "nl", as_json: options.Json = False) -> None:
    """List the mappings that are installed."""
    from oso_bridge.mappings import available, mapping
    from oso_bridge.render import json
    from oso_bridge.render.words import check_language

    check_language(lang)
    found = [mapping(name) for name in available()]
    rows = [{"name": item.name, "shape": item.shape, "title": item.title(lang)} for item in found]
    width = max((len(row["name"]) for row in rows), default=0)
    text = "".join(f"{row['name']:<{width}}  {row['shape']:<5}  {row['title']}\n" for row in rows)
    output.write(json.dump(rows) if as_json else text)


@app.command()
def show(name: _Name, lang: options.Language = "nl", as_json: options.Json = False) -> None:
    """Say which field stands in which sheet and column, and what is lost."""
    from oso_bridge.mappings import mapping
    from oso_bridge.render import json
    from oso_bridge.render.words import check_language

    check_language(lang)
    chosen = mapping(name)
    rows = [place._asdict() for place in chosen.places()]
    losses = [{"loss": _what(loss), "why": loss.why[lang]} for loss in chosen.layout.losses]
    if as_json:
        output.write(json.dump({"name": chosen.name, "shape": chosen.shape, "places": rows, "losses": losses}))
        return
    lines = [f"{row['sheet']}, {row['column']} ({row['type']}) <-> {row['model']}\n" for row in rows]
    lines += [f"- {row['loss']}: {row['why']}\n" for row in losses]
    output.write("".join(lines))


def _what(loss: Any) -> str:
    """What a loss is about."""
    if loss.longer_than is not None:
        return f"> {loss.longer_than}"
    return str(loss.outside or ("{}" if loss.empty else loss.model or "*"))


@app.command()
def new(
    sample: Annotated[Path, typer.Argument(metavar="SAMPLE", help="A .csv or .xlsx file of the other side.")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Where mapping.toml goes; standard output when left out.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="That of csv; by default what the bytes say.")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", help="What the table becomes: Dossier, Schooladministratie or Leerresultaten.")
    ] = "Dossier",
) -> None:
    """Make a first mapping.toml out of a sample.

    Columns are guessed by their names and types by the cells. It holds the names of columns and none of the values.
    """
    from oso_bridge.mappings import mapping
    from oso_bridge.mappings.guess import FULL, skeleton

    if model not in FULL:
        raise UsageError(f"There is no model {model!r}.", remedy=choose(model, FULL))
    text = skeleton(sample, mapping(FULL[model]), encoding)
    if folder is None:
        output.write(text)
        return
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "mapping.toml"
    if file.exists():
        raise UsageError("There is a mapping.toml already.", where=str(file), remedy="Name another folder.")
    file.write_text(text, encoding="utf-8", newline="\n")
    output.note(f"{file}: see to every row, then put voorbeeld.json and its table beside it, and try: mapping test.")


@app.command("test")
def tried(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Mappings, or folders; all when left out.")
    ] = None,
) -> None:
    """Try mappings on their own examples, there and back.

    Exit code 1 when one does not give back what it was given.
    """
    from oso_bridge.mappings import available, mapping

    failed = False
    for name in names or available():
        wrong = mapping(name).test()
        failed |= bool(wrong)
        output.write("".join(f"{name}: {text}\n" for text in wrong) or f"{name}: ok\n")
    raise typer.Exit(1 if failed else 0)
