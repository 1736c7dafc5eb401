"""``oso-bridge merge``: one dossier of two of the same pupil."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import dossiers, options, output
from oso_bridge.cli.write import xml_of
from oso_bridge.errors import UsageError

if TYPE_CHECKING:
    from oso_bridge.compare import Change, Merged

_SAID = {
    "nl": {
        "conflict": "{path}: de dossiers spreken elkaar tegen; het eerste is aangehouden",
        "left": "{path}: dit heeft geen veld in het model en is niet overgenomen",
        "counts": "overgenomen: {taken}, tegenspraken: {conflicts}",
        "ask": "k = houden, t = overnemen",
    },
    "en": {
        "conflict": "{path}: the dossiers contradict each other; that of the first was kept",
        "left": "{path}: this has no field in the model and was not taken",
        "counts": "taken: {taken}, contradictions: {conflicts}",
        "ask": "k = keep, t = take",
    },
}
_ANSWERS = {"k": "keep", "t": "take"}


def command(
    base: Annotated[str, typer.Argument(metavar="BASE", help="The dossier to add to, as JSON or XML.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The dossier to take from, as JSON or XML.")],
    policy: Annotated[
        str,
        typer.Option("--policy", help="Where both have a value: fill keeps BASE, overwrite takes OTHER, or ask."),
    ] = "fill",
    output_file: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file; one that ends in .json gets JSON.")
    ] = None,
    release: Annotated[str | None, typer.Option("--release", help="The release to write; else that of BASE.")] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write what was taken and what was not to this file, as JSON.")
    ] = None,
    no_values: options.NoValues = False,
    force: Annotated[
        bool, typer.Option("--force", help="Merge also if it is not certain that both are of one pupil.")
    ] = False,
    lang: options.Language = "nl",
) -> None:
    """Make one dossier of two of the same pupil.

    OTHER may be a late test result, that came after BASE was sent. What OTHER has and BASE lacks is
    added; nothing of BASE is left out. Contradictions are listed on standard error, without values; --report has
    them with values, unless --no-values is given. XML is checked before it leaves. Exit code 1 when nothing was
    written: standard error says why.
    """
    import oso_bridge as oso
    from oso_bridge.render.words import check_language

    check_language(lang)
    _refuse_options(base, other, policy, output_file, report)
    first, own = dossiers.either(base, lang)
    second, _ = dossiers.either(other, lang)
    if first is None or second is None:
        raise typer.Exit(1)
    target = _target(release or own, output_file)
    decide = (lambda change: _asked(change, lang)) if policy == "ask" else None
    merged = oso.merge(first, second, policy, decide=decide, force=force)  # type: ignore[arg-type]
    _tell(merged, lang)
    text = _text(merged, target, base, lang)
    if report:
        output.write(_json(merged.to_dict(values=not no_values)), report, sources=[base, other])
    if text is None:
        raise typer.Exit(1)
    output.write(text, output_file, sources=[base, other])


def _refuse_options(base: str, other: str, policy: str, output_file: Path | None, report: Path | None) -> None:
    """Refuse what cannot be done, before anything is read.

    Raises:
        UsageError: The options do not go together, or there is nobody to ask.
    """
    from oso_bridge.compare import POLICIES

    dossiers.refuse_same_input(base, other)
    if policy not in POLICIES:
        raise UsageError(f"There is no policy {policy!r}.", remedy=f"Choose one of: {', '.join(POLICIES)}.")
    if policy == "ask" and not _is_terminal():
        raise UsageError(
            "There is nobody to ask: this is not a terminal.",
            remedy="Use --policy fill or overwrite, and look at --report.",
        )
    if report and output_file and report.resolve() == output_file.resolve():
        raise UsageError("The dossier and the report cannot be the same file.", where=str(report))


def _is_terminal() -> bool:
    """Whether somebody can be asked: standard output may well be a file."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _target(release: str | None, output_file: Path | None) -> str | None:
    """The release to write; None for JSON.

    Raises:
        UsageError: XML was asked for of a dossier without a release, or the release is not installed.
    """
    if output_file and output_file.suffix.lower() == ".json":
        return None
    if release is None:
        raise UsageError(
            "Say which release to write: --release.",
            remedy="BASE is JSON, which has none. Installed ones: oso-bridge releases. For JSON: --output FILE.json.",
        )
    from oso_bridge.releases import release as installed

    return installed(release).id


def _text(merged: Merged, release: str | None, name: str, lang: str) -> str | None:
    """The dossier as JSON or XML; None when the XML is not to be written, for a reason that is then told."""
    if release is None:
        return _json(dossiers.dump(merged.dossier))
    xml = xml_of(merged.dossier, release, name, lang)
    return None if xml is None else xml.decode("utf-8")


def _json(told: dict[str, Any]) -> str:
    from oso_bridge.render import json

    return json.dump(told)


def _tell(merged: Merged, lang: str) -> None:
    words = _SAID[lang]
    for key, changes in (("conflict", merged.conflicts), ("left", merged.left)):
        for change in changes:
            output.note(words[key].format(path=change.path))
    output.note(words["counts"].format(taken=len(merged.taken), conflicts=len(merged.conflicts)))


def _asked(change: Change, lang: str) -> str:
    """What the user at the terminal decides; values are shown there and nowhere else."""
    from oso_bridge.render import changes

    output.complain("\n" + "\n".join(changes.entry(change.to_dict(), lang)) + "\n")
    answer = ""
    while answer not in _ANSWERS:
        answer = str(typer.prompt(_SAID[lang]["ask"], err=True)).strip().lower()[:1]
    return _ANSWERS[answer]
