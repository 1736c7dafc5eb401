"""``oso-bridge exchange``: how well the messages of the OSO exchange are known, and an official schema for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge import data
from oso_bridge.cli import options, output

if TYPE_CHECKING:
    from oso_bridge.exchange.wire import Wire

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)

_WireName = Annotated[str, typer.Option("--wire", help="The version of the messages, such as 2022.")]


@app.callback()
def _root() -> None:
    """Say how well the messages of the OSO exchange are known, or put an official schema in the place of ours."""


@app.command("messages")
def messages(wire: _WireName = "2022", as_json: options.Json = False) -> None:
    """List the messages of a version, how well the layout of each is known, and from what."""
    from oso_bridge.exchange import load
    from oso_bridge.render import json

    rows = _rows(load(wire))
    width = max(len(row["message"]) for row in rows)
    text = "".join(f"{row['mark']:<11}  {row['message']:<{width}}  {row['source']}".rstrip() + "\n" for row in rows)
    output.write(json.dump(rows) if as_json else text)


@app.command("official")
def official(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The official XSD, or a WSDL that holds it.")],
    wire: _WireName,
    layouts: Annotated[
        Path | None,
        typer.Option("--layouts", metavar="FILE.toml", help="What differs from the layouts.toml of --like."),
    ] = None,
    like: Annotated[str, typer.Option("--like", help="The version to follow where --layouts says nothing.")] = "2022",
) -> None:
    """Put an official schema in the place of ours; its messages count as confirmed from then on.

    Standard output gets the messages that it has. Nothing is written when it cannot be used.
    """
    from oso_bridge.exchange import official as schemas

    made = schemas.install(file, wire, like=like, layouts=_layouts(layouts))
    output.note(f"{made.release.id} is now in {made.release.folder}. Undo it with: oso-bridge exchange remove {wire}")
    output.write("".join(f"{row['mark']:<11}  {row['message']}\n" for row in _rows(made)))


@app.command("remove")
def remove(wire: Annotated[str, typer.Argument(metavar="WIRE", help="The version, such as 2022.")]) -> None:
    """Remove an official schema that was put in; where it had taken the place of ours, ours is back."""
    from oso_bridge.exchange import official as schemas

    schemas.remove(wire)
    output.note(f"Removed: {wire}.")


def _rows(wire: Wire) -> list[dict[str, str]]:
    return [{"message": name, "mark": row.mark, "source": row.source} for name, row in wire.layouts.items()]


def _layouts(file: Path | None) -> dict[str, Any]:
    """What stands in a file of the user; nothing without one."""
    return data.load_toml(file) if file else {}
