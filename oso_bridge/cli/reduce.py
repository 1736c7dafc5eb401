"""``oso-bridge reduce``: pupil data with the fields of a field set only, or without what is sensitive."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oso_bridge.cli import inputs, options, output

if TYPE_CHECKING:
    from oso_bridge.binding import Loss
    from oso_bridge.fieldsets import Reduced
    from oso_bridge.findings import Finding

_NUMBER = re.compile(r"\[\d+\]")


def command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Pupil data, EDEXML or UWLR, or - for standard input.")],
    release: options.TargetRelease,
    fieldset: Annotated[
        str | None, typer.Option("--fieldset", help="The field set, such as smalle-set.", metavar="SET")
    ] = None,
    output_file: Annotated[Path | None, typer.Option("--output", "-o", help="Write the XML to this file.")] = None,
    lang: options.Language = "nl",
) -> None:
    """Write pupil data with the fields of a field set only; without --fieldset all but what is sensitive.

    Standard error says what did not go along, and what the set demands and is not there. Exit code 1 when an error is
    among that, or when the message would not be in order and nothing was written.
    """
    import oso_bridge as oso
    from oso_bridge import fieldsets
    from oso_bridge.render.words import check_language

    check_language(lang)
    if fieldset is not None:
        fieldsets.fieldset(fieldset, release=release)  # one that does not exist is said before the work
    with inputs.told_of(file, oso.OsoBridgeError):
        administration = oso.read(inputs.single(file)).administratie()
    if fieldset is None:
        made = fieldsets.without_sensitive(administration)
    else:
        made = fieldsets.reduce(administration, fieldset, release=release)
    _tell(made, lang)
    xml = _written(made, release, lang)
    if xml is None:
        raise typer.Exit(1)
    output.write(xml.decode("utf-8"), output_file, sources=[file])
    raise typer.Exit(1 if any(one.severity is oso.Severity.ERROR for one in made.missing) else 0)


def _written(made: Reduced, release: str, lang: str) -> bytes | None:
    """The XML; None when it would not be in order, for reasons that are then told."""
    import oso_bridge as oso

    try:
        return oso.write(made.administratie, release=release)
    except oso.WouldLose as lost:
        _note(_counted(lost.losses), lang)
    except oso.WriteRefused as refused:
        for finding in refused.report.findings:
            output.note(_line(finding, finding.path or finding.xpath or "", lang))
    return None


def _tell(made: Reduced, lang: str) -> None:
    """What did not go along and what is missing, each place once however many pupils it is about."""
    _note(_counted(made.left), lang)
    places = Counter((_NUMBER.sub("", finding.path or ""), str(finding.args["element"])) for finding in made.missing)
    first = {(_NUMBER.sub("", one.path or ""), str(one.args["element"])): one for one in reversed(made.missing)}
    for place, count in places.items():
        output.note(_line(first[place], _times(place[0], count), lang))


def _note(losses: Iterable[Loss], lang: str) -> None:
    for loss in losses:
        output.note(loss.text(lang))


def _counted(losses: Iterable[Loss]) -> Iterator[Loss]:
    """The losses by place, numbers aside, with how often."""
    found = Counter(replace(loss, path=_NUMBER.sub("", loss.path)) for loss in losses)
    return (replace(loss, path=_times(loss.path, count)) for loss, count in found.items())


def _times(path: str, count: int) -> str:
    return f"{path} ({count}x)" if count > 1 else path


def _line(finding: Finding, place: str, lang: str) -> str:
    return f"{place}: {finding.text(lang)} ({finding.rule})".removeprefix(": ")
