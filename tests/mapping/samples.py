"""Fictional dossiers that fill every path of the model, with texts that tables easily spoil."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from oso_bridge.mappings.places import tree_of
from oso_bridge.model import Dossier
from oso_bridge.testing.generated import NASTY, Generator

__all__ = ["NASTY", "everything", "same", "something"]


def everything(model: type[BaseModel] = Dossier, seed: int = 0, items: int = 2) -> Any:
    """A model of which every field has a value, and every list that many items."""
    return Generator(seed).full(model, items)


def something(model: type[BaseModel] = Dossier, seed: int = 0) -> Any:
    """A model of which some fields have a value; parts and items may be empty."""
    return Generator(seed).sparse(model)


def same(one: Any, other: Any) -> bool:
    """Whether two models say the same; what is empty and made by itself does not count."""
    return tree_of(one) == tree_of(other)
