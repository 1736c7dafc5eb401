"""Transfer profiles: for whom a dossier is, and what is filled in on writing; data of ``profielen.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oso_bridge import data
from oso_bridge.errors import UsageError, choose

CATEGORY = "cat_"
_RENAMED = {"cat_zorgenbegeleiding": "cat_onderwijsondersteuning"}


@dataclass(frozen=True, slots=True)
class Profile:
    """A transfer profile.

    Attributes:
        name: ``POPO``, ``POVO``, ``VOVO``, ``BB``, ``POSWV`` or ``VOSWV``.
        overdrachtsoort: The kind of transfer.
        overstap: The step; None where the profile names none.
        required: The categories, without ``cat_``, that must be delivered.
        forbidden: The categories that may not be delivered.
    """

    name: str
    overdrachtsoort: str
    overstap: str | None
    required: frozenset[str]
    forbidden: frozenset[str]

    def category(self, element: str) -> str:
        """The value of a delivery category, such as ``VERPLICHT`` for ``cat_school``."""
        name = _RENAMED.get(element, element).removeprefix(CATEGORY)
        if name in self.required:
            return "VERPLICHT"
        return "VERBODEN" if name in self.forbidden else "OPTIONEEL"


def profiles(format_name: str = "oso") -> dict[str, Profile]:
    """All profiles, by name."""
    described: dict[str, dict[str, Any]] = data.toml("schemas", format_name, "profielen.toml")
    return {
        name: Profile(
            name, row["overdrachtsoort"], row.get("overstap"), frozenset(row["verplicht"]), frozenset(row["verboden"])
        )
        for name, row in described.items()
    }


def profile(name: str, format_name: str = "oso") -> Profile:
    """A profile by its name.

    Raises:
        UsageError: There is none; the text lists those there are.
    """
    known = profiles(format_name)
    if name not in known:
        raise UsageError(f"There is no profile {name!r}.", remedy=choose(name, known))
    return known[name]


def profile_of(overdrachtsoort: str | None, overstap: str | None, format_name: str = "oso") -> Profile | None:
    """The profile that a kind of transfer and a step make together; None when they make none."""
    for found in profiles(format_name).values():
        if found.overdrachtsoort == overdrachtsoort and found.overstap in (None, overstap):
            return found
    return None
