"""``oso-bridge convert``: documents as documents of another release, with what is lost."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import inputs, options, output
from oso_bridge.cli.losses import line_of, reasons
from oso_bridge.cli.progress import shown
from oso_bridge.cli.reports import JsonList
from oso_bridge.cli.summary import Summary, table
from oso_bridge.errors import UsageError, choose
from oso_bridge.render.words import check_language

if TYPE_CHECKING:
    from oso_bridge.batch import Outcome

_FORMATS = ("text", "json")


def command(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="Files, patterns, folders (every .xml in them), or - for stdin."),
    ],
    to: Annotated[
        str,
        typer.Option("--to", help="The release to make, such as oso/2019.1.", autocompletion=options._releases),
    ],
    target: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write, or for several documents the folder."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse documents that would lose something.")] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Number of processes.")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Pass over what an earlier run into the same folder has done.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write what became of each document to this file, as JSON.")
    ] = None,
    told_as: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
    lang: options.Language = "nl",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no line for each document.")] = False,
) -> None:
    """Convert documents to another release and say what is lost.

    One document goes to --output or to standard output, several go into the folder --output under their own names.
    Exit codes: 1 when a document was not converted or what came of it is not in order, 3 when a required check of it
    did not pass, 0 when all is in order, 2 for wrong use.
    """
    from oso_bridge.releases import release

    check_language(lang)
    if told_as not in _FORMATS:
        raise UsageError(f"There is no format {told_as!r}.", remedy=choose(told_as, _FORMATS))
    wanted = release(to).id  # one that does not exist is said before the work, and is wrong use
    if report is not None and report.exists() and report.is_dir():
        raise UsageError("The report is a file, and this is a folder.", where=str(report))
    if inputs.is_one(files) and not _is_folder(target):
        if resume:
            raise UsageError("--resume is for documents that go into a folder.", remedy="Give --output a folder.")
        code = _one(files[0], wanted, target, strict, report, told_as, lang)
    else:
        code = _several(files, wanted, target, strict, workers, resume, report, told_as, lang, quiet)
    raise typer.Exit(code)


def _is_folder(target: Path | None) -> bool:
    return target is not None and target.is_dir()


# --- one document -----------------------------------------------------------------------------------------------------


def _one(name: str, to: str, target: Path | None, strict: bool, report: Path | None, told_as: str, lang: str) -> int:
    """Convert one document; the XML is the output, unless it goes to a file."""
    from oso_bridge.batch import converted

    if told_as == "json" and target is None:
        raise UsageError("The document goes to standard output.", remedy="Give --output, or --report for the JSON.")
    summary = Summary()
    with ExitStack() as stack:
        head = {"to": to, "strict": strict}
        lists = _report(stack, report, head, [name])
        outcome, xml = converted(inputs.single(name), to=to, strict=strict)
        if xml is not None:
            output.write(xml.decode("utf-8"), target, sources=[name])
            outcome = replace(outcome, file=str(target) if target else None)
        summary.add(outcome)
        for made in lists + _spoken(told_as, head):
            made.add(outcome.to_dict())
            made.end(summary.convert())
    _complain(outcome, lang)
    return outcome.exit_code


def _complain(outcome: Outcome, lang: str) -> None:
    """What was lost and what is wrong, on standard error and without values."""
    for reason in reasons(outcome, lang):
        output.note(f"{outcome.source}: {reason}")
    for loss in outcome.losses:
        output.note(line_of(loss, lang))


# --- several ----------------------------------------------------------------------------------------------------------


def _several(
    files: list[str],
    to: str,
    target: Path | None,
    strict: bool,
    workers: int,
    resume: bool,
    report: Path | None,
    told_as: str,
    lang: str,
    quiet: bool,
) -> int:
    """Convert documents into a folder, and say of each what became of it as soon as it is there."""
    from oso_bridge.batch import convert_named

    if target is None:
        raise UsageError("Several documents need a folder to go to: --output.", remedy="Name a folder; it is made.")
    if target.exists() and not target.is_dir():
        raise UsageError("Several documents cannot go into one file.", where=str(target), remedy="Name a folder.")
    pairs = inputs.named(files, target)
    summary = Summary()
    with ExitStack() as stack:
        head = {"to": to, "strict": strict}
        lists = _report(stack, report, head, [name for name, _ in pairs])
        work = convert_named(pairs, to=to, folder=target, workers=workers, strict=strict, resume=resume)
        outcomes = stack.enter_context(closing(work))
        lists += _spoken(told_as, head)
        for outcome in shown(outcomes, len(pairs), "Converting", quiet=quiet):
            summary.add(outcome)
            for made in lists:
                made.add(outcome.to_dict())
            if told_as == "text" and not quiet:
                output.say(_line(outcome, lang))
        for made in lists:
            made.end(summary.convert())
    if told_as == "text":
        output.say(table(summary.convert(), lang) if quiet else "\n" + table(summary.convert(), lang))
    return summary.exit_code


def _line(outcome: Outcome, lang: str) -> str:
    from oso_bridge.render.words import one_line

    return f"{one_line(outcome.source)}: {'; '.join(reasons(outcome, lang, counted=True))}\n"


def _report(stack: ExitStack, report: Path | None, head: dict[str, Any], sources: list[str]) -> list[JsonList]:
    """The file that the outcomes go to, when one was named.

    Raises:
        UsageError: It is one of the documents.
    """
    if report is None:
        return []
    if report.exists() and any(Path(name).exists() and report.samefile(name) for name in sources):
        raise UsageError("The report would overwrite a document that was read.", where=str(report))
    return [stack.enter_context(JsonList.to_file(report, head))]


def _spoken(told_as: str, head: dict[str, Any]) -> list[JsonList]:
    """Standard output, when the outcomes are to go there as JSON."""
    return [JsonList(output.say, head)] if told_as == "json" else []
