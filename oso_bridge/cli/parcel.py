"""How the program makes a parcel out of a document: what ``send`` and ``outbox add`` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oso_bridge.cli import inputs, output

if TYPE_CHECKING:
    from oso_bridge.parcels import Parcel

MediaType = Annotated[str, typer.Option("--media-type", help="What the document is.")]
Operation = Annotated[str, typer.Option("--operation", help="What is asked, where an address serves more.")]
Id = Annotated[str | None, typer.Option("--id", help="The id; the same one when you send again.")]
NoCheck = Annotated[bool, typer.Option("--no-check", help="Take it whatever the checks say.")]

XML = "application/xml"


def make(file: str, media_type: str, operation: str, parcel_id: str | None, *, check: bool, lang: str) -> Parcel:
    """A parcel with a document that was checked.

    Args:
        file: The document, or ``-`` for standard input.
        media_type: What it is.
        operation: What is asked.
        parcel_id: The id; None for a new one.
        check: Leave with the report when the document is not good.
        lang: The language of that report.

    Raises:
        typer.Exit: The document is not good.
        UsageError: There is no such file.
    """
    from oso_bridge.parcels import Parcel

    content = _content(inputs.single(file))
    if check:
        _check(content, file, lang)
    if parcel_id:
        return Parcel(content, media_type, parcel_id, operation)
    return Parcel(content, media_type, operation=operation)


def _content(source: inputs.Input) -> bytes:
    return Path(source).read_bytes() if isinstance(source, str) else source.read()


def _check(content: bytes, name: str, lang: str) -> None:
    """Leave with the report when the document is not good."""
    import oso_bridge as oso
    from oso_bridge.render import text

    report = oso.check(content)
    if not report.ok:
        output.complain(text.render([{**report.to_dict(), "source": name}], lang))
        output.note("It was not sent. --no-check sends it all the same.")
        raise typer.Exit(report.exit_code)
