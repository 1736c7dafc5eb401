"""``oso-bridge receive``: what came in, as files."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oso_bridge.cli import lines, options, output
from oso_bridge.errors import TransportError

if TYPE_CHECKING:
    from oso_bridge.parcels import Parcel

_SUFFIXES = {"xml": ".xml", "json": ".json"}


def command(
    via: lines.Via,
    folder: Annotated[Path, typer.Option("--output", "-o", help="The folder to write in; it is made when needed.")],
    settings: lines.Settings = None,
    secrets: lines.Secrets = None,
    most: Annotated[int | None, typer.Option("--most", min=1, help="Take no more than this many.")] = None,
    deadline: lines.Deadline = 60.0,
    as_json: options.Json = False,
) -> None:
    """Fetch what came in, as files.

    A parcel is acknowledged once its file is on disk, so that none is lost; one that is fetched again after a fault
    gets the same name and is not written twice. Standard output lists the files. Exit code 1 when fetching failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, str]] = []
    failed = False
    try:
        with lines.line(via, settings, secrets, deadline) as line:
            for delivery in islice(line.receive(), most):
                path = _save(folder, delivery.parcel)
                delivery.ack()
                found.append({"file": str(path), "id": delivery.parcel.id, "sha256": delivery.parcel.digest})
    except TransportError as error:
        output.note(str(error))
        failed = True
    text = json.dumps(found, indent=2) + "\n" if as_json else "".join(f"{one['file']}\n" for one in found)
    output.write(text)
    raise typer.Exit(1 if failed else 0)


def _save(folder: Path, parcel: Parcel) -> Path:
    """Write a parcel under a name made of its id and content; nothing that it says becomes a name."""
    import hashlib

    code = hashlib.sha256(f"{parcel.id}\n{parcel.digest}".encode()).hexdigest()[:32]
    kind = parcel.media_type.split(";")[0].strip().lower()
    suffix = next((suffix for word, suffix in _SUFFIXES.items() if kind.endswith(("/" + word, "+" + word))), ".bin")
    path = folder / f"{code}{suffix}"
    if not (path.is_file() and path.read_bytes() == parcel.content):
        output.save_new(path, parcel.content)
    return path
