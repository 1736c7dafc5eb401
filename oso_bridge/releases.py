"""Releases: one published version of a format each, a folder of data and not code.

``schemas/oso/2019.1/`` holds ``release.toml`` (names, namespace, versions), ``dossier.xsd``
and ``plan.json`` compiled from it.  Adding a release is adding such a folder.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
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
        return tuple(root for roots in self.namespaces.values() for root in roots)

    @property
    def namespaces(self) -> dict[str, tuple[str, ...]]:
        """The roots that are read, by namespace; the first is the one of most elements."""
        also = {item["namespace"]: tuple(item["roots"]) for item in self.info.get("also", ())}
        return {self.namespace: tuple(self.info.get("roots", ())), **also}

    @property
    def schema(self) -> Path:
        """Its XSD."""
        return self.folder / str(self.info.get("schema", "dossier.xsd"))

    @property
    def status(self) -> str:
        """The standing of the release with its publisher, in Dutch; empty when unknown."""
        return str(self.info.get("status", ""))

    @property
    def provisional(self) -> bool:
        """True when its structure is known in part only."""
        return self.status == "provisional"

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


ASIDE = ".oud-"
"""What the name of a folder begins with that a new one of the same release takes the place of."""
_ASIDE = re.compile(rf"{re.escape(ASIDE)}([a-z][a-z0-9-]*)-([0-9.]+)-\w+", re.ASCII)


def put_back() -> None:
    """Put back a release whose replacement was broken off before the new one stood in its place.

    The old folder then stands in the user's folder under the name ``.oud-<format>-<version>-<mark>``.
    """
    home = data.user_folder()
    for folder in sorted(home.glob(f"{ASIDE}*")):
        match = _ASIDE.fullmatch(folder.name)
        place = home / "schemas" / match[1] / match[2] if match else folder
        if not place.exists():
            # who may only read here has to do without it
            with contextlib.suppress(OSError):
                folder.rename(place)


@cached(maxsize=1)
def installed() -> tuple[Release, ...]:
    """Every installed release, by format and version."""
    put_back()
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
    found = _by_namespace().get(namespace) if namespace else None
    return found[0] if found else None


@cached(maxsize=1)
def _by_namespace() -> dict[str, list[Release]]:
    """The installed releases by every namespace they have."""
    found: dict[str, list[Release]] = {}
    for candidate in installed():
        for namespace in candidate.namespaces:
            found.setdefault(namespace, []).append(candidate)
    return found


def by_root(namespace: str, root: str, version: Callable[[], str | None]) -> Release | None:
    """The installed release that a root belongs to.

    Several releases of a format may share a namespace, or have none; such a document says in its text which it is.

    Args:
        namespace: The namespace of the root, empty when it has none.
        root: Its local name; without a namespace it is all there is to go by.
        version: What the document says of its version; asked only when there are several to choose from.

    Returns:
        The one that bears that version (``versions`` of ``release.toml``), else the newest that is not provisional;
        None when no release has that namespace, or that root without one.
    """
    found = _by_namespace().get(namespace, [])
    if not namespace:
        found = [item for item in found if root in item.roots]
    if len(found) < 2:
        return found[0] if found else None
    said = version()
    named = [item for item in found if said in item.info.get("versions", ())]
    settled = [item for item in found if not item.provisional]
    return (named or settled or found)[-1]


@cached(maxsize=8)
def versions(format_name: str) -> tuple[str, ...]:
    """What documents of a format say of their version, for its installed releases, each once and the oldest first."""
    own = (item for item in installed() if item.format == format_name)
    return tuple(dict.fromkeys(str(version) for item in own for version in item.info.get("versions", ())))


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
