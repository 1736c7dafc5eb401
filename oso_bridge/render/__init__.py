"""Renderers: reports as text, JSON, SARIF, JUnit and HTML, and a dossier as something to read.

Every renderer takes the dicts that ``Report.to_dict()`` gives, so that a saved JSON report can be
rendered again in another form.  Others come in by the entry point group ``oso_bridge.renderers``: its
name is the format, its value a callable ``(reports, language) -> str``; it is imported when used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oso_bridge.errors import UsageError, choose
from oso_bridge.plugins import listed, load
from oso_bridge.render.words import check_language

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINTS = "oso_bridge.renderers"
FORMATS = ("text", "json", "sarif", "junit", "html")
SUFFIXES = {".json": "json", ".sarif": "sarif", ".xml": "junit", ".html": "html", ".htm": "html", ".txt": "text"}

Renderer = Callable[[Sequence[dict[str, Any]], str], str]


def render(reports: Sequence[dict[str, Any]], format: str, language: str = "nl") -> str:  # noqa: A002
    """Render reports, in the order in which they are given.

    Args:
        reports: What ``Report.to_dict()`` gave, or the ``reports`` of a saved JSON report.
        format: One of :data:`FORMATS`, or the name of a plug-in.
        language: ``nl`` or ``en``.

    Returns:
        The whole report as a text that ends in a newline.

    Raises:
        UsageError: There is no such format or language.
        DataError: A plug-in cannot be loaded.
    """
    check_language(language)
    return renderer(format)(list(reports), language)


def renderer(format: str) -> Renderer:  # noqa: A002
    """The function behind a format; a plug-in is loaded here, and never before.

    Raises:
        UsageError: There is no such format.
        DataError: The plug-in cannot be loaded; the text names its distribution.
    """
    if format in FORMATS:
        found: Renderer = import_module(f"oso_bridge.render.{format}").render
        return found
    known = plugins()
    if format not in known:
        raise UsageError(f"There is no report format {format!r}.", remedy=choose(format, [*FORMATS, *known]))
    loaded: Renderer = load(known[format], "renderer")
    return loaded


def format_of(path: str | PathLike[str]) -> str:
    """The format that belongs to the suffix of a file name: ``.json .sarif .xml .html .txt``.

    Raises:
        UsageError: The suffix belongs to no format.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        known = " ".join(SUFFIXES)
        raise UsageError(f"The suffix {suffix!r} belongs to no report format.", remedy=f"Use one of: {known}.")
    return SUFFIXES[suffix]


def plugins() -> dict[str, EntryPoint]:
    """The renderers of other distributions by name, listed without importing them."""
    return listed(ENTRY_POINTS)
