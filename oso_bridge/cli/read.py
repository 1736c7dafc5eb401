"""``oso-bridge read``: what a document is, or all of it as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso_bridge.cli import inputs, options, output

if TYPE_CHECKING:
    from oso_bridge.document import Document


def command(
    file: options.Document,
    as_json: options.Json = False,
    output_file: options.Output = None,
    release: options.Release = None,
) -> None:
    """Say what a document is, or give all of it as JSON.

    The JSON holds every value of the document: these are personal data.
    """
    import oso_bridge as oso
    from oso_bridge.render import json

    source = inputs.single(file)
    document = oso.read(source, release=release)
    facts = _facts(document)
    if as_json:
        text = json.dump({**facts, "record": document.record})
    else:
        text = "".join(f"{name}: {_plain(value)}\n" for name, value in facts.items())
    output.write(text, output_file, sources=[source])


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
