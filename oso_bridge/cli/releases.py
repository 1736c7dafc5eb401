"""``oso-bridge releases``: the releases that are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from oso_bridge.cli import options, output

if TYPE_CHECKING:
    from collections.abc import Iterator

_STATUS = {
    "nl": {"provisional": "voorlopig"},
    "en": {"vervallen": "withdrawn", "opgevolgd": "superseded", "actueel": "current"},
}
_UNBOUND = {
    "nl": {"none": "elke plaats heeft een veld in het model", "no_table": "heeft geen tabel naar het model"},
    "en": {"none": "every place has a field in the model", "no_table": "has no table to the model"},
}


def command(
    lang: options.Language = "nl",
    as_json: options.Json = False,
    unbound: Annotated[
        bool, typer.Option("--unbound", help="List the places of each release that have no field in the model.")
    ] = False,
) -> None:
    """List the releases that are installed.

    With --unbound: the places that have no field in the model. They are not lost, but travel in "extra".
    """
    from oso_bridge.render import json
    from oso_bridge.render.words import check_language

    check_language(lang)
    if unbound:
        places = dict(_unbound())
        output.write(json.dump(places) if as_json else "".join(_lines(places, lang)))
        return
    rows = _rows(lang)
    output.write(json.dump(rows) if as_json else _table(rows, lang))


def _rows(lang: str) -> list[dict[str, str]]:
    """The facts of every release."""
    import oso_bridge as oso

    return [
        {"id": item.id, "title": item.title(lang), "status": item.status, "namespace": item.namespace}
        for item in oso.installed()
    ]


def _table(rows: list[dict[str, str]], lang: str) -> str:
    width = max((len(row["id"]) for row in rows), default=0)
    return "".join(
        f"{row['id']:<{width}}  {row['title']}  {_status(row['status'], lang)}".rstrip() + "\n" for row in rows
    )


def _unbound() -> Iterator[tuple[str, list[str] | None]]:
    """The places without a field by release; None where the release has no table at all."""
    import oso_bridge as oso
    from oso_bridge import binding

    for item in oso.installed():
        yield item.id, binding.unbound(item)


def _lines(places: dict[str, list[str] | None], lang: str) -> Iterator[str]:
    for name, found in places.items():
        if found:
            yield from (f"{name}  {place}\n" for place in found)
        else:
            yield f"{name}: {_UNBOUND[lang]['none' if found is not None else 'no_table']}\n"


def _status(status: str, lang: str) -> str:
    return _STATUS[lang].get(status, status)
