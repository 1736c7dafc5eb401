"""``oso-bridge extract``: the attachments of a dossier as files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from oso_bridge.cli import inputs, options, output
from oso_bridge.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable


def command(
    file: options.Document,
    folder: Annotated[Path, typer.Option("--to", help="The folder to write in; it is made when it is not there.")],
    release: options.Release = None,
) -> None:
    """Save the attachments of a dossier as files.

    Names are made safe, nothing is written outside the folder and nothing is overwritten: a name that is
    taken gets a number. Standard output lists the files. Exit code 1 when an attachment could not be opened.
    """
    import oso_bridge as oso

    with inputs.told_of(file):
        document = oso.read(inputs.single(file), release=release)
    folder.mkdir(parents=True, exist_ok=True)
    found = list(document.attachments())
    failed = sum(not _extract(content, path, folder) for path, _, _, content in found)
    output.note(f"{len(found) - failed} of {len(found)} attachments extracted.")
    raise typer.Exit(1 if failed else 0)


def _extract(content: str, path: str, folder: Path) -> bool:
    """Save the files of one attachment; False when it could not be opened to the end."""
    from oso_bridge.attachments import members

    try:
        for name, unpack in members(content):
            output.write(f"{_save(folder, name, unpack)}\n")
    except DocumentError as error:
        output.note(f"{path}: {error.what} ({error.rule}). For what to do: oso-bridge explain {error.rule}.")
        return False
    return True


def _save(folder: Path, name: str, unpack: Callable[[], BinaryIO]) -> Path:
    """Write one file under the first free name; ``x`` follows no link and overwrites nothing."""
    content = unpack()
    stem, suffix = Path(name).stem, Path(name).suffix
    number = 1
    while True:
        target = folder / (name if number == 1 else f"{stem} ({number}){suffix}")
        try:
            with target.open("xb") as file:
                shutil.copyfileobj(content, file)
        except FileExistsError:
            number += 1
        else:
            return target
