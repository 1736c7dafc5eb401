"""What the commands write: the report on standard output or in a file, everything else on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from oso_bridge.errors import UsageError
from oso_bridge.render.words import clean


def note(text: str) -> None:
    """One line on standard error, without anything that could steer a terminal."""
    encoding = sys.stderr.encoding or "utf-8"
    line = clean(text).replace("\n", " ").encode(encoding, "replace").decode(encoding)
    print(f"oso-bridge: {line}", file=sys.stderr)  # noqa: T201 - this is the one place


def complain(text: str) -> None:
    """Several lines on standard error, such as a report on what was not written."""
    encoding = sys.stderr.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), end="", file=sys.stderr)  # noqa: T201 - as note does


def colour() -> bool:
    """Whether standard output is a terminal that shows colours, and nobody asked for none."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def write(text: str, output: Path | None = None, *, sources: Iterable[object] = ()) -> None:
    """Write a report, always in UTF-8 unless it goes to a terminal.

    Args:
        text: The whole report.
        output: The file; standard output when None.
        sources: What was read; none of it is ever overwritten.

    Raises:
        OSError: The file cannot be written.
        UsageError: The file is one of the sources.
    """
    if output is None:
        _to_stdout(text)
        return
    refuse_overwriting([output], sources)
    output.write_text(text, encoding="utf-8", errors="replace", newline="\n")


def refuse_overwriting(targets: Iterable[Path], sources: Iterable[object]) -> None:
    """Refuse when one of the files to write is one that was read.

    Args:
        targets: The files to write.
        sources: What was read; paths among them count.

    Raises:
        UsageError: There is one.
    """
    read = list(sources)
    for target in targets:
        if target.exists() and any(_same(target, source) for source in read):
            raise UsageError(
                "The output would overwrite a document that was read.",
                where=str(target),
                remedy="Name another file.",
            )


def save_new(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, and wait until it is on disk; nothing is overwritten, no link followed.

    Raises:
        OSError: It cannot be written, or there is such a file already.
    """
    from oso_bridge.transports.private import new_file

    new_file(path, content)


def save(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all; one that is there is replaced.

    Raises:
        OSError: It cannot be written.
    """
    from oso_bridge.transports.private import replace_file

    replace_file(path, content)


def say(text: str) -> None:
    """A piece of a report on standard output, while progress may be shown beside it."""
    if sys.stdout.isatty():
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    else:
        _to_stdout(text)


def _to_stdout(text: str) -> None:
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(text)
        return
    encoding = (sys.stdout.encoding or "utf-8") if sys.stdout.isatty() else "utf-8"
    sys.stdout.flush()
    buffer.write(text.encode(encoding, "replace"))
    buffer.flush()


def _same(output: Path, source: object) -> bool:
    return isinstance(source, (str, Path)) and Path(source).exists() and output.samefile(source)
