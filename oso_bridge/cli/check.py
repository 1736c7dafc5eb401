"""``oso-bridge check``: check documents and report what is wrong, where, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oso_bridge.cli import checking, options


def command(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="Files, patterns, folders (every .xml in them), or - for stdin."),
    ],
    report_format: options.ReportFormat = None,
    output_file: options.Output = None,
    overrides: Annotated[
        Path | None, typer.Option("--overrides", help="A TOML file with agreed exceptions, each with a reason.")
    ] = None,
    layers: Annotated[
        str | None, typer.Option("--layers", help="Only these checks, such as schema,codes,rules,integrity.")
    ] = None,
    lang: options.Language = "nl",
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Put values of the document in the report: these are personal data.")
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Number of processes.")] = 1,
    release: options.Release = None,
    sort: options.Sort = "rule",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress; as text only the documents that are not in order.")
    ] = False,
    summary: Annotated[
        bool, typer.Option("--summary", help="Only how many documents came out how, and the rules broken most.")
    ] = False,
    journal: Annotated[
        Path | None, typer.Option("--journal", help="With --summary: write down what came of each document.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Pass over what stands in the journal and has not changed.")
    ] = False,
    trust: Annotated[
        list[Path] | None,
        typer.Option("--trust", metavar="ROOTS.pem", help="Ask for a signature under these roots; may be repeated."),
    ] = None,
    signer: Annotated[
        list[str] | None, typer.Option("--signer", metavar="OIN", help="Whose signature is trusted; may be repeated.")
    ] = None,
    crls: Annotated[
        list[Path] | None,
        typer.Option("--crls", metavar="CRLS.pem", help="CRLs of every level; without them revocation is not checked."),
    ] = None,
    test_oins: Annotated[bool, typer.Option("--test-oins", help="Let OINs for tests (00000099...) sign.")] = False,
) -> None:
    """Check documents and report what is wrong, where, and what to do.

    Exit codes: 1 when there is an error, 3 when a required check did not pass, 0 when all is in order,
    2 for wrong use.
    """
    code = checking.run(
        files,
        report_format=report_format,
        output_file=output_file,
        overrides=overrides,
        layers=layers,
        lang=lang,
        show_values=show_values,
        workers=workers,
        release=release,
        sort=sort,
        quiet=quiet,
        summary=summary,
        journal=journal,
        resume=resume,
        signers=checking.signers(trust, signer, crls, test_oins),
    )
    raise typer.Exit(code)
