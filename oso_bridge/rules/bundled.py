"""What is known of the messages of stylesheets that came in a bundle: data in the folder of the release."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from oso_bridge.data import cached
from oso_bridge.errors import DataError
from oso_bridge.releases import Release

FORMAT = 2
ALL = "*"
"""The name under which a release has the stylesheets that are for every check."""


def stylesheets(release: Release, check: str | None = None) -> list[dict[str, str]]:
    """The stylesheets of a release.

    Args:
        release: The release.
        check: The official check they are for, such as ``OV``; all when left out.

    Returns:
        For each: ``file``, ``messages``, ``digest`` and ``source``, its name in the bundle.
    """
    found = release.info.get("stylesheet", [])
    return [item for item in found if check is None or item["check"] in (check, ALL)]


@cached(maxsize=64)
def messages(release: Release, file: str) -> dict[str, Any]:
    """The messages of a stylesheet: a list ``messages`` by number, and ``texts`` that it hands to its templates.

    Raises:
        DataError: The file is not there, or is of another version.
    """
    path = release.folder / file
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"The messages of a stylesheet of {release.id} cannot be read.", where=str(path)) from error
    if found.get("format") != FORMAT:
        raise DataError(f"The messages of {release.id} were made by another version; add the bundle again.")
    return found


def every_message(release: Release) -> Iterator[dict[str, Any]]:
    """Every message of the stylesheets of a release, each one once."""
    met = set()
    for item in stylesheets(release):
        found = messages(release, item["messages"])
        for message in (*found["messages"], *found["texts"]):
            key = (message["id"], message["text"])
            if key not in met:
                met.add(key)
                yield message
