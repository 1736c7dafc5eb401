"""Releases: one published version of a format each, a folder of data and not code.

``schemas/oso/2019.1/`` holds ``release.toml`` (names, namespace, versions), ``dossier.xsd``
and ``plan.json`` compiled from it.  Adding a release is adding such a folder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oso_bridge import data
from oso_bridge.data import cached
from oso_bridge.errors import UsageError, choose


@dataclass(frozen=True)
class Release:
    """One published version of a format.

    Attributes:
        id: Format and version, such as ``oso/2019.1``.
        folder: Where its files are.
        info: What ``release.toml`` says.
    """

    id: str
    folder: Path
    info: dict[str, Any]

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def format(self) -> str:
        """The format: ``oso``."""
        return self.id.partition("/")[0]

    @property
    def version(self) -> str:
        """The version within the format: ``2019.1``."""
        return self.id.partition("/")[2]

    @property
    def namespace(self) -> str:
        """The XML namespace of its elements; empty when they have none."""
        return str(self.info.get("namespace", ""))

    @property
    def roots(self) -> tuple[str, ...]:
        """The local names of the roots that are read."""
        return tuple(self.info.get("roots", ()))

    @property
    def status(self) -> str:
        """The standing of the release with its publisher, in Dutch; empty when unknown."""
        return str(self.info.get("status", ""))

    def title(self, language: str = "nl") -> str:
        """The name for people."""
        title = self.info.get("title", {})
        return str(title.get(language) or title.get("nl") or self.id) if isinstance(title, dict) else str(title)

    @property
    def order(self) -> tuple[int, ...]:
        """What releases of one format are sorted by."""
        return version_order(self.version)


def version_order(version: str) -> tuple[int, ...]:
    """``2019.1`` as ``(2019, 1)``."""
    return tuple(int(number) for number in re.findall(r"\d{1,9}", version))


@cached(maxsize=1)
def installed() -> tuple[Release, ...]:
    """Every installed release, by format and version."""
    found = []
    for format_name in data.subfolders("schemas"):
        for version, folder in data.subfolders("schemas", format_name).items():
            file = folder / "release.toml"
            if file.is_file():
                info = data.load_toml(file)
                found.append(Release(f"{format_name}/{version}", folder, info))
    return tuple(sorted(found, key=lambda release: (release.format, release.order)))


def release(name: str) -> Release:
    """The installed release of that id; the version alone will do where one format has it.

    Raises:
        UsageError: There is none; the text lists those there are.
    """
    for candidate in installed():
        if name in (candidate.id, candidate.version) and [item.version for item in installed()].count(name) < 2:
            return candidate
    known = [candidate.id for candidate in installed()]
    rest = f"Installed: {', '.join(known) or 'none'}."
    raise UsageError(f"There is no installed release {name!r}.", remedy=choose(name, known, rest))


def chosen(name: str | None, purpose: str) -> Release:
    """The installed release that a caller named.

    Args:
        name: The id, or None when the caller left it out.
        purpose: What it is for, as in ``to write``.

    Raises:
        UsageError: None was named, or there is none of that id; the text lists those there are.
    """
    if name is None:
        known = ", ".join(item.id for item in installed())
        raise UsageError(f"Say which release {purpose}: release=...", remedy=f"Installed: {known}.")
    return release(name)


def by_namespace(namespace: str) -> Release | None:
    """The installed release whose elements are in that namespace."""
    for candidate in installed():
        if candidate.namespace and candidate.namespace == namespace:
            return candidate
    return None


@dataclass(frozen=True)
class Guess:
    """A release that is not installed, and the nearest earlier one whose structure stands in for it."""

    id: str
    namespace: str
    nearest: Release


def guess(namespace: str) -> Guess | None:
    """What a namespace of an absent release of a known family can be read with; None for another namespace.

    ``format.toml`` of a format holds ``namespace_pattern``, with the version as its only group.
    """
    for format_name in data.subfolders("schemas"):
        pattern = data.toml("schemas", format_name, "format.toml").get("namespace_pattern")
        match = re.fullmatch(pattern, namespace) if pattern and len(namespace) < 200 else None
        family = [candidate for candidate in installed() if candidate.format == format_name]
        if match and family:
            wanted = version_order(match[1])
            earlier = [candidate for candidate in family if candidate.order[: len(wanted)] <= wanted]
            return Guess(f"{format_name}/{match[1]}", namespace, earlier[-1] if earlier else family[0])
    return None


def forget() -> None:
    """Forget the installed releases and all that was made from them, after one was added or removed."""
    data.forget()
