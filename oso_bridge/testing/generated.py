"""Models with made-up values: any class of the model, filled whole or in part.  Nobody in them exists."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from oso_bridge.mappings.places import kinds
from oso_bridge.model import Maand

NASTY = [
    "", " ", "007", "1e3", "yes", "ja", "true", "NULL", "#N/A", "=1+1", "+31612345678", "-5", "@SUM(A1)", "\t=1",
    "\r=1",
    "\n-", "'", "''", "'=1", "''-1", "'t Hart", "'s-Gravenhage", " voor", "achter ", "a;b", "a,b", "a, b", "a\\",
    "\\, ",
    'zeg "ja"', '"', '""', 'a"b', "regel\nregel", "regel\r\nregel", "cr\rcr", "\r", "\n", "een\tderde", "a\x00b",
    "\x07",
    "_x0041_", "_x005F_x0041_", "café", "Łukasz", "\u2028", "\x85", "\ufeff", "😀", "sep=;", "2012-03-17",
    "17-03-2012",
    "1,50", "[]", '["a"]', "null", "=cmd|' /C calc'!A0", "\uff1d1+1", "x" * 300, "\x1f", "\ufffe", "\x7f",
]  # fmt: skip
"""Texts that a table, a spreadsheet or a lenient reader makes something else of."""

Values = Callable[[str, Any], Any]
"""Gives the value of a field: its path with ``[]`` for any number, and a value of its type; None leaves it out."""


class Generator:
    """Makes models of one class.

    Args:
        seed: The same seed gives the same model.
        value: What to put in a place; when left out, anything of its type.
        needed: Paths that are always filled, with the parts on the way there.
        filled: Lists that always have an item.
        texts: What texts are taken from.
    """

    def __init__(
        self,
        seed: int,
        value: Values = lambda path, usual: usual,
        needed: Collection[str] = (),
        filled: Collection[str] = (),
        texts: Collection[str] = NASTY,
    ) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - invents, and guards nothing
        self._value = value
        self._texts, self._filled = list(texts), frozenset(filled)
        self._needed = {path for whole in needed for path in _with_parts(whole)}
        self._always = self._needed | self._filled

    def full(self, model: type[BaseModel], items: int = 2) -> Any:
        """A model of which every field has a value, and every list that many items."""
        return model.model_validate(self._part(model, "", items, full=True))

    def sparse(self, model: type[BaseModel]) -> Any:
        """A model of which some fields have a value; parts and items may be empty."""
        return model.model_validate(self._part(model, "", 3, full=False))

    def bare(self, model: type[BaseModel]) -> Any:
        """A model of which every single part is there, and holds only what is always filled."""
        return model.model_validate(self._bare(model, ""))

    def _bare(self, model: type[BaseModel], before: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, kind in kinds(model).items():
            field, path = model.model_fields[name], f"{before}.{name}" if before else name
            if kind.several:
                found[name] = [self._bare(kind.type, f"{path}[]")] if path in self._filled else []
            elif kind.part is not None:
                found[name] = self._bare(kind.part, path)
            elif field.is_required() or path in self._needed:
                found[name] = self._one(kind.type, field.annotation, path, 0, full=False)
        return {name: value for name, value in found.items() if value is not None}

    def _part(self, model: type[BaseModel], before: str, items: int, *, full: bool) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, kind in kinds(model).items():
            field, path = model.model_fields[name], f"{before}.{name}" if before else name
            if not full and not field.is_required() and path not in self._always and self.chance.random() < 0.6:
                continue
            if kind.several:
                count = items if full else self.chance.randrange(path in self._filled, items)
                many = [self._one(kind.type, field.annotation, f"{path}[]", items, full=full) for _ in range(count)]
                found[name] = [one for one in many if one is not None]
            elif kind.union:
                found[name] = self._value(path, self.chance.choice([self._text(), [self._text(), self._text()]]))
            else:
                found[name] = self._one(kind.type, field.annotation, path, items, full=full)
        return {name: value for name, value in found.items() if value is not None}

    def _one(self, type_: Any, annotation: Any, path: str, items: int, *, full: bool) -> Any:
        if get_origin(annotation) is Literal:
            return self._value(path, self.chance.choice(get_args(annotation)))
        if isinstance(type_, type) and issubclass(type_, BaseModel) and type_ is not Maand:
            return self._part(type_, path, items, full=full)
        return self._value(path, self._usual(type_))

    def _usual(self, type_: Any) -> Any:
        """Any value of a type."""
        if type_ is Maand:
            return "2012-03"
        made: dict[Any, Callable[[], list[Any]]] = {
            bool: lambda: [True, False],
            int: lambda: [0, -5, 7, 1000000],
            Decimal: lambda: [Decimal("7.50"), Decimal("-0.1"), Decimal("1E+3"), Decimal(0)],
            date: lambda: [date(2012, 3, 17), date(1899, 12, 31), date(1, 1, 1), date(9999, 12, 31)],
            datetime: lambda: [
                datetime(2024, 10, 1, 9, tzinfo=UTC),
                datetime(999, 1, 1, 0, 0, 0, 10),  # noqa: DTZ001 - some tell no zone
            ],
        }
        return self.chance.choice(made[type_]()) if type_ in made else self._text()

    def _text(self) -> str:
        return self.chance.choice(self._texts)


def _with_parts(path: str) -> list[str]:
    """A path and the parts on the way there."""
    words = path.split(".")
    return [".".join(words[:count]).removesuffix("[]") for count in range(1, len(words) + 1)]
