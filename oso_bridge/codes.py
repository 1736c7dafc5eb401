"""Code lists: which texts a coded field may hold, per release, and what they mean where the source says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oso_bridge import data
from oso_bridge.data import cached
from oso_bridge.errors import UsageError


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


@cached(maxsize=256)
def code_list(format_name: str, number: int, version: str) -> CodeList:
    """A code list of a release.

    Raises:
        UsageError: The format has no such list, or not in that release.
    """
    described = _lists(format_name).get(number)
    if described is None:
        raise UsageError(f"There is no code list {number} in {format_name}.")
    codes = tuple(row["code"] for row in described["codes"] if _is_in(format_name, row["in"], version))
    if not codes:
        raise UsageError(f"Code list {number} does not exist in {format_name}/{version}.")
    labels = {row["code"]: row["label"] for row in described["codes"] if "label" in row}
    return CodeList(number, dict(described["name"]), codes, labels)


@cached(maxsize=8)
def _lists(format_name: str) -> dict[int, dict[str, Any]]:
    return {item["number"]: item for item in data.toml("schemas", format_name, "codelists.toml").get("list", [])}


def _is_in(format_name: str, where: str | list[str], version: str) -> bool:
    """Whether a row holds for a release; a row names a group of releases or lists them."""
    if isinstance(where, str):
        where = data.toml("schemas", format_name, "codelists.toml")["groups"][where]
    return version in where
