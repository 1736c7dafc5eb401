"""The table ``[uwlr]`` of ``kit.toml``; ``uwlr_kit.toml`` has every key with its default."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from oso_bridge.errors import UsageError, choose

FILE = Path(__file__).with_name("uwlr_kit.toml")


@cache
def defaults() -> dict[str, Any]:
    """The defaults, by key."""
    found: dict[str, Any] = tomllib.loads(FILE.read_text("utf-8"))["uwlr"]
    return found


@dataclass(frozen=True, slots=True)
class Settings:
    """What a vendor says of the endpoint.

    Attributes:
        table: Every key of ``uwlr_kit.toml``.
        key: The autorisatiesleutel; empty when there is none.
        other_key: The key of another school; empty when there is none.
        prepared: Whether there is a table ``[uwlr]``: all is a guess otherwise.
    """

    table: Mapping[str, Any]
    key: str
    other_key: str
    prepared: bool = True

    def __repr__(self) -> str:
        return "Settings()"

    def __getitem__(self, name: str) -> str:
        """The text of a key."""
        return str(self.table[name])

    def yes(self, name: str) -> bool:
        """Whether a key that is true or false is true."""
        return bool(self.table[name])

    @property
    def seconds(self) -> float:
        """How long an answer may take."""
        return float(self.table["seconden"])

    def address(self, endpoint: str, service: str) -> str:
        """The address of a service.

        Args:
            endpoint: That of ``--oso-endpoint``.
            service: ``leerlinggegevens``, ``getrapt`` or ``resultaten``.
        """
        own = self.table.get(f"{service}_adres", "")
        return urljoin(endpoint, own) if own else endpoint


def settings(given: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings, with the defaults and the keys out of the environment.

    Args:
        given: The tables of ``kit.toml``.
        environ: The environment.

    Raises:
        UsageError: There is no such key, or it holds something of another type.
    """
    own = given.get("uwlr", {})
    if not isinstance(own, Mapping):
        raise UsageError("[uwlr] in kit.toml is no table.")
    for name, value in own.items():
        _refuse(name, value)
    table = {**defaults(), **own}
    names = (table["sleutel_env"], table["vreemde_sleutel_env"])
    key, other = (environ.get(name, "") if name else "" for name in names)
    return Settings(table, key, other, "uwlr" in given)


def _refuse(name: str, value: object) -> None:
    """Refuse a key that cannot be used.

    Raises:
        UsageError: See :func:`settings`.
    """
    if name not in defaults():
        raise UsageError(f"[uwlr] in kit.toml has no key {name}.", remedy=choose(name, defaults()))
    wanted = type(defaults()[name])
    right = isinstance(value, wanted) and isinstance(value, bool) is (wanted is bool)
    if not right or (wanted is int and not 0 < int(str(value)) <= 3600):
        raise UsageError(f"The key {name} of [uwlr] in kit.toml cannot be this.", remedy="See docs/kit.md.")
