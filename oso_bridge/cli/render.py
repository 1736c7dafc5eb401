"""``oso-bridge render``: turn a saved JSON report into another form."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from oso_bridge.cli import checking, inputs, options, output
from oso_bridge.errors import DataError
from oso_bridge.render import format_of, json


def command(
    file: Annotated[str, typer.Argument(metavar="REPORT", help="A JSON report of check, or - for standard input.")],
    report_format: options.ReportFormat = None,
    output_file: options.Output = None,
    lang: options.Language = "nl",
    sort: options.Sort = "rule",
) -> None:
    """Turn a saved JSON report into another form.

    The exit code is 0 whatever the report says.
    """
    chosen = report_format or (format_of(output_file) if output_file else "text")
    source = inputs.single(file)
    try:
        text = Path(source).read_text(encoding="utf-8") if isinstance(source, str) else sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise DataError("This is not a JSON report of oso_bridge.", where=file) from None
    output.write(checking.rendered(json.load(text), chosen, lang, sort), output_file, sources=[source])
