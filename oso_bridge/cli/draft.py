"""``oso-bridge draft``: dossiers out of a school administration and results, as far as those go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oso_bridge.cli import dossiers, inputs, options, output
from oso_bridge.cli.losses import line_of
from oso_bridge.cli.todo import places
from oso_bridge.errors import OsoBridgeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_bridge.document import Document
    from oso_bridge.drafting import Draft
    from oso_bridge.model import Leerresultaten, Schooladministratie

_SAID = {
    "nl": {
        "todo": "Nog te doen:",
        "made": "{file}: {todo} nog te doen, {left} niet meegegaan",
        "unasked": "{file}: {left} niet meegegaan",
        "schema": "{file} voldoet niet aan zijn schema; dat kan gegevens schelen. Zie: oso-bridge check {file}",
        "ask": "Wat er nog te doen is, zegt --release, zoals --release oso/2019.1.",
    },
    "en": {
        "todo": "Still to do:",
        "made": "{file}: {todo} still to do, {left} left behind",
        "unasked": "{file}: {left} left behind",
        "schema": "{file} breaks its schema, so data may be missing. See: oso-bridge check {file}",
        "ask": "What is still to do is told with --release, such as --release oso/2019.1.",
    },
}


def command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Pupil data, EDEXML or UWLR, or - for standard input.")],
    profile: Annotated[str, typer.Option("--profile", help="For whom the dossiers are, such as POVO.")],
    results: Annotated[str | None, typer.Option("--results", help="Results of tests, a message of UWLR.")] = None,
    pupils: Annotated[
        list[str] | None, typer.Option("--pupil", help="The key or the ECK iD of a pupil; may be given again.")
    ] = None,
    group: Annotated[str | None, typer.Option("--group", help="Every pupil in the group with this key.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every pupil.")] = False,
    release: options.Release = None,
    output_file: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file for the JSON, or for several pupils the folder.")
    ] = None,
    lang: options.Language = "nl",
) -> None:
    """Draft dossiers out of a school administration and test results.

    Gives the JSON of a dossier; with --release standard error says what it still needs to be written in that release.
    What the sources say of the pupil and a dossier has no place for is told there too, without values. Several pupils
    go into a folder, under numbers; nothing that is there is overwritten.
    """
    from oso_bridge import drafting
    from oso_bridge.releases import release as installed
    from oso_bridge.render.words import check_language

    check_language(lang)
    dossiers.refuse_same_input(file, results or "")
    chosen = installed(release).id if release else None
    administration, brought = _administration(file, lang), _results(results, lang)
    if not pupils and group is None and not everyone:
        raise UsageError(
            f"Say for whom: the administration holds {len(administration.leerlingen)} pupils.",
            remedy="Choose by --pupil KEY, by --group KEY, or --all; a key is leerling/@key or groep/@key.",
        )
    if everyone and (pupils or group is not None):
        raise UsageError("--all goes with neither --pupil nor --group.", remedy="Choose one of the three.")
    keys = pupils or None
    made = drafting.drafts(administration, profiel=profile, resultaten=brought, leerlingen=keys, groep=group)
    if keys is not None and len(keys) == 1 and group is None:
        _one(next(made), chosen, output_file, [file, results], lang)
    else:
        _several(made, chosen, output_file, lang)


def _administration(name: str, lang: str) -> Schooladministratie:
    with inputs.told_of(name, OsoBridgeError):
        return _read(name, lang).administratie()


def _results(name: str | None, lang: str) -> Leerresultaten | None:
    if name is None:
        return None
    with inputs.told_of(name, OsoBridgeError):
        return _read(name, lang).leerresultaten()


def _read(name: str, lang: str) -> Document:
    """Read a source; one that breaks its schema is used as far as it could be read, and that is told."""
    import oso_bridge as oso

    document = oso.read(inputs.single(name))
    if document.schema_ok is False:
        output.note(_SAID[lang]["schema"].format(file=document.source))
    return document


def _one(draft: Draft, release: str | None, target: Path | None, sources: list[str | None], lang: str) -> None:
    """The JSON of one draft, and what there is to say of it."""
    output.write(_json(draft), target, sources=sources)
    for loss in draft.left:
        output.note(line_of(loss, lang))
    if release is not None:
        told = list(places(draft.todo(release=release), lang))
        output.complain("\n".join([_SAID[lang]["todo"], "", *told]) if told else "")


def _several(drafts: Iterator[Draft], release: str | None, folder: Path | None, lang: str) -> None:
    """Each draft in a file of its own, named by a number: a name would tell who it is."""
    if folder is None:
        raise UsageError("Several dossiers need a folder to go to: --output.", remedy="Name a folder; it is made.")
    made = list(drafts)
    files = [folder / f"{number:0{len(str(len(made)))}}.json" for number in range(1, len(made) + 1)]
    if any(file.exists() for file in files):
        raise UsageError("There are dossiers in that folder already.", where=str(folder), remedy="Name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for file, draft in zip(files, made, strict=True):
        output.write(_json(draft), file)
        todo = None if release is None else len(draft.todo(release=release))
        line = _SAID[lang]["unasked" if todo is None else "made"]
        output.note(line.format(file=file.name, todo=todo, left=len(draft.left)))
    if release is None:
        output.note(_SAID[lang]["ask"])


def _json(draft: Draft) -> str:
    from oso_bridge.render import json

    return json.dump(dossiers.dump(draft.dossier))
