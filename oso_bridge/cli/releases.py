"""``oso-bridge releases``: the releases that are installed."""

from __future__ import annotations

from oso_bridge.cli import options, output


def command(
    lang: options.Language = "nl",
    as_json: options.Json = False,
) -> None:
    """List the releases that are installed."""
    import oso_bridge as oso
    from oso_bridge.render import json
    from oso_bridge.render.words import check_language

    check_language(lang)
    rows = [
        {"id": item.id, "title": item.title(lang), "status": item.status, "namespace": item.namespace}
        for item in oso.installed()
    ]
    if as_json:
        output.write(json.dump(rows))
        return
    width = max((len(row["id"]) for row in rows), default=0)
    output.write("".join(f"{row['id']:<{width}}  {row['title']}  {row['status']}".rstrip() + "\n" for row in rows))
