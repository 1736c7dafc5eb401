"""``oso-bridge release``: add the official bundle of a release, list, show, compare and remove releases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import options, output, releases
from oso_bridge.errors import BundleRefused, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oso_bridge.releases import Release

command = typer.Typer(
    name="release",
    help="Add, list, show, compare and remove releases.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
command.command("list")(releases.command)

EXCHANGE = "oso-exchange"
"""The format of the messages of the OSO exchange, which have commands of their own."""

_Id = Annotated[str, typer.Argument(metavar="RELEASE", help="A release, such as oso/2019.1.")]

_WORDS = {
    "nl": {
        "added": "Toegevoegd: {id} in {folder}",
        "nearest": "Vergeleken met {nearest}, waarvan ook de tabel naar het model komt:",
        "new": "nieuw",
        "gone": "vervallen",
        "moved": "verplaatst",
        "changed": "anders",
        "unbound": "zonder veld in het model (reist mee in extra)",
        "dropped": "veld past niet meer (reist mee in extra)",
        "no_table": "Geen tabel naar het model: {why} Lezen, controleren en tonen kan wel.",
        "messages": "Meldingen in de stylesheets, per controle: {counts}",
        "nameless": "meldingen zonder nummer; hun id komt uit hun tekst",
        "without_text": "{number} meldingen waarvan de tekst alleen uit het document komt",
        "examples": "Voorbeelden in het pakket: {number}, waarvan {valid} goed volgens het schema",
        "none": "geen",
        "all": "elke",
        "same": "Geen verschil.",
        "codes": "codelijst {number}: nieuw {new}; vervallen {gone}",
        "no_codes": "De codelijsten van een van de twee zijn hier niet bekend.",
        "removed": "Verwijderd: {id}",
        "note": "Let op",
    },
    "en": {
        "added": "Added: {id} in {folder}",
        "nearest": "Compared with {nearest}, from which its table to the model comes too:",
        "new": "new",
        "gone": "gone",
        "moved": "moved",
        "changed": "changed",
        "unbound": "without a field in the model (travels in extra)",
        "dropped": "field does not fit any more (travels in extra)",
        "no_table": "No table to the model: {why} Reading, checking and showing work.",
        "messages": "Messages in the stylesheets, by check: {counts}",
        "nameless": "messages without a number; their id comes from their text",
        "without_text": "{number} messages whose text comes from the document only",
        "examples": "Examples in the bundle: {number}, of which {valid} good by the schema",
        "none": "none",
        "all": "every",
        "same": "No difference.",
        "codes": "code list {number}: new {new}; gone {gone}",
        "no_codes": "The code lists of one of the two are not known here.",
        "removed": "Removed: {id}",
        "note": "Note",
    },
}


def _words(lang: str) -> dict[str, str]:
    from oso_bridge.render.words import check_language

    check_language(lang)
    return _WORDS[lang]


@command.command("add")
def add(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="The official ZIP, a folder, or an XSD.")],
    id_: Annotated[str | None, typer.Option("--id", help="Install it under this id, such as oso/2024.1.")] = None,
    nearest: Annotated[
        str | None, typer.Option("--from", help="The release to take the table to the model from.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Also when it was added before.")] = False,
    no_stylesheets: Annotated[
        bool, typer.Option("--no-stylesheets", help="Leave its stylesheets out: no codes and rules are checked.")
    ] = False,
    as_json: options.Json = False,
    lang: options.Language = "nl",
) -> None:
    """Add the official bundle of a release, so that its dossiers can be read, checked, shown and written.

    Says what is new, gone, moved and without a field in the model. A bundle that is not safe is refused, and then
    nothing is written.
    """
    import oso_bridge as oso
    from oso_bridge.render import json

    words = _words(lang)
    with _told_of_exchange(bundle):
        added = oso.add_release(bundle, id=id_, nearest=nearest, replace=replace, stylesheets=not no_stylesheets)
    told = added.to_dict()
    output.write(json.dump(told) if as_json else _clean("".join(f"{line}\n" for line in _added(told, words))))


@contextmanager
def _told_of_exchange(bundle: str) -> Iterator[None]:
    """Say of a refused schema with messages of the OSO exchange which command takes it."""
    try:
        yield
    except BundleRefused as error:
        from oso_bridge.exchange.official import messages_in

        if Path(bundle).is_file() and messages_in(bundle):
            error.remedy = "It holds messages of the OSO exchange: oso-bridge exchange official FILE --wire VERSION."
        raise


def _clean(text: str) -> str:
    """Names out of a bundle may hold anything that a terminal could take for an order."""
    from oso_bridge.render.words import clean

    return "\n".join(map(clean, text.split("\n")))


def _added(told: dict[str, Any], words: dict[str, str]) -> Iterator[str]:
    yield words["added"].format(id=told["release"], folder=told["folder"])
    yield words["nearest"].format(nearest=told["nearest"])
    yield from _differences(told["differences"], words)
    yield from _listed(words["unbound"], told["unbound"])
    yield from _listed(words["dropped"], told["dropped"])
    if told["table"]:
        yield words["no_table"].format(why=told["table"])
    yield from _messages(told["messages"], told["nameless"], told["without_text"], words)
    yield words["examples"].format(**told["examples"])
    yield from (f"{words['note']}: {note}" for note in told["notes"])


def _messages(counts: dict[str, int], nameless: list[str], without: int, words: dict[str, str]) -> Iterator[str]:
    shown = ", ".join(f"{words['all'] if name == '*' else name} {number}" for name, number in counts.items())
    yield words["messages"].format(counts=shown or words["none"])
    yield from _listed(words["nameless"], nameless)
    if without:
        yield words["without_text"].format(number=without)


def _listed(head: str, items: Iterable[str]) -> Iterator[str]:
    found = list(items)
    if found:
        yield f"  {head}: {len(found)}"
        yield from (f"    {item}" for item in found)


def _differences(told: dict[str, Any], words: dict[str, str]) -> Iterator[str]:
    yield from _listed(words["new"], told["new"])
    yield from _listed(words["gone"], told["gone"])
    yield from _listed(words["moved"], (f"{old} -> {now}" for old, now in told["moved"]))
    changes = (
        f"{item['path']}  {item['what']}: {item['before'] or '-'} -> {item['after'] or '-'}" for item in told["changed"]
    )
    yield from _listed(words["changed"], changes)


@command.command("show")
def show(release: _Id, as_json: options.Json = False, lang: options.Language = "nl") -> None:
    """Say what a release is and where it is, and of one from a bundle what messages its stylesheets have."""
    from oso_bridge.render import json

    words = _words(lang)
    told = _described(_release(release), lang)
    output.write(json.dump(told) if as_json else _clean("".join(f"{line}\n" for line in _shown(told, words))))


def _release(name: str) -> Release:
    from oso_bridge.releases import release

    return release(name)


def _described(release: Release, lang: str) -> dict[str, Any]:
    """The facts of a release."""
    from oso_bridge.rules import bundled

    sheets = bundled.stylesheets(release)
    messages = [{key: item[key] for key in ("id", "layer", "level", "text")} for item in bundled.every_message(release)]
    return {
        "id": release.id,
        "title": release.title(lang),
        "status": release.status,
        "namespace": release.namespace,
        "folder": str(release.folder),
        "nearest": release.info.get("nearest"),
        "bundle": release.info.get("bundle"),
        "stylesheets": [{key: sheet[key] for key in ("check", "source", "digest")} for sheet in sheets],
        "messages": messages,
    }


def _shown(told: dict[str, Any], words: dict[str, str]) -> Iterator[str]:
    del words
    yield f"{told['id']}  {told['title']}"
    for name in ("namespace", "folder", "nearest"):
        if told[name]:
            yield f"  {name}: {told[name]}"
    if told["bundle"]:
        yield f"  bundle: {told['bundle']['name']}  {told['bundle']['digest']}  {told['bundle']['added']}"
    yield from (f"  stylesheet {item['check']}: {item['source']}" for item in told["stylesheets"])
    yield from (f"    {item['id']}  {item['layer']}  {item['text']}".rstrip() for item in told["messages"])


@command.command("diff")
def diff(
    first: _Id,
    second: Annotated[str, typer.Argument(metavar="OTHER", help="Another one.")],
    as_json: options.Json = False,
    lang: options.Language = "nl",
) -> None:
    """Say what differs between two releases: places, how often, types and limits, and codes where both are known."""
    from oso_bridge.render import json
    from oso_bridge.revisions import between

    words = _words(lang)
    found = between(_release(first), _release(second))
    if as_json:
        output.write(json.dump(found.to_dict()))
        return
    lines = [*_differences(found.to_dict(), words), *_code_lines(found.to_dict()["codes"], words)]
    output.write(_clean("".join(f"{line}\n" for line in lines or [words["same"]])))


def _code_lines(told: list[dict[str, Any]] | None, words: dict[str, str]) -> Iterator[str]:
    if told is None:
        yield words["no_codes"]
    for item in told or ():
        new, gone = (", ".join(item[key]) or words["none"] for key in ("new", "gone"))
        yield "  " + words["codes"].format(number=item["number"], new=new, gone=gone)


@command.command("remove")
def remove(release: _Id, lang: options.Language = "nl") -> None:
    """Remove a release that was added from a bundle."""
    import oso_bridge as oso

    words, found = _words(lang), _release(release)
    if found.format == EXCHANGE:
        remedy = f"Remove it with: oso-bridge exchange remove {found.version}."
        raise UsageError(f"{found.id} holds the messages of the OSO exchange.", remedy=remedy)
    oso.remove_release(found.id)
    output.write(words["removed"].format(id=found.id) + "\n")
