"""A list of outcomes as JSON that is written while it grows, so that nothing of it has to be kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from oso_bridge._version import __version__


class JsonList:
    """JSON of the shape ``{..., "documents": [...], "summary": {...}}``, piece by piece.

    Args:
        put: What takes the pieces.
        head: What stands before the documents.
    """

    def __init__(self, put: Callable[[str], Any], head: Mapping[str, Any]) -> None:
        self._put = put
        self._some = False
        begin = _json({"oso_bridge": __version__, **head})
        put(f'{begin[:-1]}, "documents": [')

    @classmethod
    @contextmanager
    def to_file(cls, path: Path, head: Mapping[str, Any]) -> Iterator[JsonList]:
        """A list that goes to a file; the file is there when all of it is.

        Raises:
            OSError: The file cannot be written.
        """
        part = path.with_name(f".{os.getpid()}.{path.name[:100]}.part")
        try:
            with part.open("x", encoding="utf-8", newline="\n") as file:
                yield cls(file.write, head)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def add(self, document: Mapping[str, Any]) -> None:
        """Write the outcome of a document."""
        self._put((",\n" if self._some else "\n") + _json(document))
        self._some = True

    def end(self, summary: Mapping[str, Any]) -> None:
        """Write the summary, and close what is open."""
        self._put(f'\n], "summary": {_json(summary)}}}\n')


def _json(value: Any) -> str:
    """JSON on one line; a name of a file that is no text is written with escapes."""
    import json

    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value)
    return text
