"""Code lists: which texts a coded field may hold, per release, and what they mean where the source says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oso_bridge import data, releases
from oso_bridge.data import cached
from oso_bridge.errors import UsageError

FORMAT = "oso"


@dataclass(frozen=True, slots=True)
class CodeList:
    """One code list in one release.

    Attributes:
        number: The number in the standard.
        name: By language.
        codes: The allowed texts, in the order of the source.
        labels: What a code means, only where the source says so.
    """

    number: int
    name: dict[str, str]
    codes: tuple[str, ...]
    labels: dict[str, str]

    def label(self, code: str) -> str | None:
        """What a code means, or None when the source does not say."""
        return self.labels.get(code)


@dataclass(frozen=True, slots=True)
class Entry:
    """One code of a list, whatever the release.

    Attributes:
        code: The text.
        label: What it means, in Dutch; None where the source does not say.
        releases: The ids of the releases in which it holds, the oldest first; those that are not installed too.
    """

    code: str
    label: str | None
    releases: tuple[str, ...]


def codelist(number: int, *, release: str) -> CodeList:
    """A code list of the standard as it holds in a release.

    Args:
        number: The number of the list, such as 14 for the sex of a person; ``Code14.lijst`` of the model.
        release: The id of an installed release, such as ``oso/2019.1``.

    Raises:
        UsageError: There is no such release, or it has no such list.

    >>> codelist(14, release="oso/2019.1").label("1")
    'vrouw'
    """
    chosen = releases.release(release)
    return code_list(chosen.format, number, chosen.version)


def numbers(format_name: str = FORMAT) -> tuple[int, ...]:
    """The numbers of all code lists of a format."""
    return tuple(sorted(_lists(format_name)))


def name(number: int, format_name: str = FORMAT) -> dict[str, str]:
    """What a code list is called, by language.

    Raises:
        UsageError: There is no such list.
    """
    return dict(_described(format_name, number)["name"])


def entries(number: int, format_name: str = FORMAT) -> tuple[Entry, ...]:
    """The codes of a list in all releases together, each once, in the order of the source.

    Raises:
        UsageError: There is no such list.
    """
    found: dict[str, tuple[str | None, set[str]]] = {}
    for row in _described(format_name, number)["codes"]:
        label, versions = found.get(row["code"], (None, set()))
        found[row["code"]] = (label or row.get("label"), versions | set(_versions(format_name, row["in"])))
    return tuple(Entry(code, label, _ids(format_name, versions)) for code, (label, versions) in found.items())


def _ids(format_name: str, versions: set[str]) -> tuple[str, ...]:
    """The ids of releases, the oldest first."""
    return tuple(f"{format_name}/{version}" for version in sorted(versions, key=releases.version_order))


def held_in(number: int, format_name: str = FORMAT) -> tuple[str, ...]:
    """The ids of the releases that have a list, the oldest first; those that are not installed too.

    Raises:
        UsageError: There is no such list.
    """
    rows = _described(format_name, number)["codes"]
    return _ids(format_name, {version for row in rows for version in _versions(format_name, row["in"])})


def _described(format_name: str, number: int) -> dict[str, Any]:
    """What ``codelists.toml`` says of a list."""
    found = _lists(format_name).get(number)
    if found is None:
        known = ", ".join(map(str, numbers(format_name)))
        remedy = f"Choose from {known}." if known else None
        raise UsageError(f"There is no code list {number} in {format_name}.", remedy=remedy)
    return found


@cached(maxsize=256)
def code_list(format_name: str, number: int, version: str) -> CodeList:
    """A code list of a release.

    Raises:
        UsageError: The format has no such list, or not in that release.
    """
    described = _described(format_name, number)
    codes = tuple(row["code"] for row in described["codes"] if version in _versions(format_name, row["in"]))
    if not codes:
        held = ", ".join(held_in(number, format_name))
        raise UsageError(f"Code list {number} does not exist in {format_name}/{version}.", remedy=f"It is in {held}.")
    labels = {row["code"]: row["label"] for row in described["codes"] if "label" in row}
    return CodeList(number, dict(described["name"]), codes, labels)


@cached(maxsize=8)
def _lists(format_name: str) -> dict[int, dict[str, Any]]:
    return {item["number"]: item for item in data.toml("schemas", format_name, "codelists.toml").get("list", [])}


def _versions(format_name: str, where: str | list[str]) -> list[str]:
    """The versions that a row holds for; a row names a group of releases or lists them."""
    if isinstance(where, str):
        where = data.toml("schemas", format_name, "codelists.toml")["groups"][where]
    return list(where)
