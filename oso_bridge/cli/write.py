"""``oso-bridge write``: the JSON of a dossier, of pupil data or of results as XML of a release."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from oso_bridge.cli import dossiers, options, output
from oso_bridge.errors import NotChecked, UsageError, WouldLose, WriteRefused

if TYPE_CHECKING:
    from oso_bridge.model.base import Geheel


def command(
    file: options.ModelJson,
    release: options.TargetRelease,
    output_file: Annotated[Path | None, typer.Option("--output", "-o", help="Write the XML to this file.")] = None,
    no_check: Annotated[bool, typer.Option("--no-check", help="Write it even if it would be refused.")] = False,
    allow_losses: Annotated[
        bool, typer.Option("--allow-losses", help="Leave out what the release has no place for, and say what.")
    ] = False,
    lang: options.Language = "nl",
    root: Annotated[
        str | None, typer.Option("--root", help="Of UWLR the message to write, such as leerlingen_antwoord.")
    ] = None,
) -> None:
    """Write the JSON of a dossier, of pupil data or of results as XML of a release.

    The XML is checked before it leaves. Exit code 1 when nothing was written: the JSON has faults, the checks
    refuse the dossier, or the release has no place for a part of it; standard error says why, without values.
    Warnings, such as a number that cannot exist, stop nothing: they are told on standard error once it is written.
    """
    from oso_bridge.binding import root_of
    from oso_bridge.releases import release as installed

    chosen = installed(release)  # a release that does not exist is said before the work, and is wrong use
    whole = dossiers.parse_whole(file, dossiers.load(file), lang)
    if whole is not None:
        root_of(chosen, type(whole), root)  # likewise a release without such documents
    xml = xml_of(whole, release, file, lang, no_check, allow_losses, root) if whole else None
    if xml is None:
        raise typer.Exit(1)
    output.write(xml.decode("utf-8"), output_file, sources=[file])
    _tell_warnings(xml, release, lang)


def xml_of(
    whole: Geheel,
    release: str,
    name: str,
    lang: str,
    no_check: bool = False,
    allow_losses: bool = False,
    root: str | None = None,
) -> bytes | None:
    """The XML; None when it is not to be written, for a reason that is then told."""
    import oso_bridge as oso

    try:
        with warnings.catch_warnings(record=True) as unchecked:
            warnings.simplefilter("always", NotChecked)
            losses: Literal["allow", "refuse"] = "allow" if allow_losses else "refuse"
            xml = oso.write(whole, release=release, root=root, check=not no_check, losses=losses)
    except WouldLose as error:
        _tell_losses(error.losses, lang)
    except WriteRefused as error:
        _tell_report(error.report, name, lang)
    except UsageError as error:  # the release exists, so this is about a text that XML cannot hold
        output.note(f"{name}: {error}")
    else:
        for told in unchecked:
            output.note(str(told.message))
        if allow_losses:
            _tell_losses(oso.losses(whole, release=release, root=root), lang)
        return xml
    return None


def _tell_warnings(xml: bytes, release: str, lang: str) -> None:
    """What is odd about the XML that was written, although the checks allow it."""
    import oso_bridge as oso
    from oso_bridge.render.words import severity_word

    for finding in oso.check(xml, release=release).findings:
        if finding.severity is not oso.Severity.ERROR:
            said = f"{finding.path or finding.xpath}: {finding.text(lang)} {finding.remedy(lang)}".strip()
            output.note(f"{severity_word(finding.severity, lang)}: {said} ({finding.rule})")


def _tell_losses(losses: list[Any], lang: str) -> None:
    for loss in losses:
        output.note(loss.text(lang))


def _tell_report(report: Any, name: str, lang: str) -> None:
    """The report on what was not written: its lines are those of a document that nobody has.

    Of the layers only those count that a refusal goes by; nobody was asked about the others.
    """
    from oso_bridge.render import text

    told = report.to_dict()
    told["layers"] = [layer for layer in told["layers"] if layer["required"]]
    for finding in told["findings"]:
        finding["line"] = None
    output.complain(text.render([{**told, "source": name}], lang))
    output.note("Nothing was written. For all that is missing at once: oso-bridge todo.")
