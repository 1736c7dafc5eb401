"""The meaning of codes in a document, by the code lists that its release checks."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from oso_bridge.codes import code_list
from oso_bridge.errors import UsageError
from oso_bridge.rules.rows import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso_bridge.releases import Release


def labeller(release: Release) -> Callable[[str, str], str | None]:
    """A function from a path (``huidigeschool/leerling/geslacht``) and a code to its meaning, or None."""
    places = _places(release)

    @lru_cache(maxsize=512)
    def numbers(path: str) -> tuple[int, ...]:
        return tuple(number for place, number in places if f"/{path}".endswith(f"/{place}"))

    def label(path: str, code: str) -> str | None:
        meanings = (_meaning(release, number, code) for number in numbers(path))
        return next((meaning for meaning in meanings if meaning), None)

    return label


def _places(release: Release) -> list[tuple[str, int]]:
    """The end of a path and the list that governs it; a code of ``jaargroep`` may stand anywhere."""
    found = []
    for row in rows(release):
        number = row.what.get("list") if row.word == "in_list" else None
        if number is not None:
            path = str(row.what["path"])
            parts = (str(row.keys.get("at", "")), "" if path == "." else path)
            place = "/".join(part.strip("/") for part in parts if part.strip("/"))
            found.append((place.removeprefix("**/").removeprefix("dossier/"), number))
    return found


def _meaning(release: Release, number: int, code: str) -> str | None:
    try:
        return code_list(release.format, number, release.version).label(code)
    except UsageError:
        return None
