"""``oso-bridge read``: what a document is, or what it holds as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import dossiers, inputs, options, output

if TYPE_CHECKING:
    from oso_bridge.document import Document


def command(
    file: options.Document,
    as_json: options.Json = False,
    output_file: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file; one that ends in .json gets JSON.")
    ] = None,
    release: options.Release = None,
    every: Annotated[bool, typer.Option("--all", help="All dossiers of the document, as a JSON list.")] = False,
    record: Annotated[
        bool, typer.Option("--record", help="As JSON what the document said, under the names of its own release.")
    ] = False,
) -> None:
    """Say what a document is, or give its dossier, or other content, as JSON.

    The JSON is that of the model, the same for every release: change it and write it again with
    oso-bridge write. Pupil data and results (EDEXML, UWLR) say in the field model which of the two they are. It holds
    every value of the document: these are personal data.
    """
    import oso_bridge as oso
    from oso_bridge.render import json

    source = inputs.single(file)
    with inputs.told_of(source):
        document = oso.read(source, release=release)
    if record:
        text = json.dump({**_facts(document), "record": document.record})
    elif as_json or every or (output_file and output_file.suffix.lower() == ".json"):
        text = json.dump(_dossiers(document, every))
    else:
        text = "".join(f"{name}: {_plain(value)}\n" for name, value in _facts(document).items())
    output.write(text, output_file, sources=[source])


def _dossiers(document: Document, every: bool) -> Any:
    """The JSON of the dossier, or the list of those of all."""
    from oso_bridge.binding import ill_typed

    found = document.dossiers() if every else [dossiers.whole(document)]
    for finding in (finding for dossier in found for finding in ill_typed(dossier)):
        output.note(f"{finding.path}: {finding.text('en')}")
    told = [dossiers.dump(dossier) for dossier in found]
    return told if every else told[0]


def _facts(document: Document) -> dict[str, Any]:
    return {
        "source": document.source,
        "release": document.release_id,
        "read_with": document.release.id,
        "digest": document.digest,
        "root": document.root,
        "schema_ok": document.schema_ok,
        "attachments": sum(1 for _ in document.attachments()),
    }


def _plain(value: Any) -> str:
    from oso_bridge.render.words import one_line

    words = {True: "yes", False: "no", None: "not asked"}
    return words[value] if value is None or isinstance(value, bool) else one_line(value)
