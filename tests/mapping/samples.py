"""Fictional dossiers that fill every path of the model, with texts that tables easily spoil."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from oso_bridge.mappings.places import kinds, tree_of
from oso_bridge.model import Dossier, Maand

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


def everything(model: type[BaseModel] = Dossier, seed: int = 0, items: int = 2) -> Any:
    """A model of which every field has a value, and every list that many items."""
    chance = random.Random(seed)  # noqa: S311 - invents, and guards nothing
    return model.model_validate(_part(model, chance, items, full=True))


def something(model: type[BaseModel] = Dossier, seed: int = 0) -> Any:
    """A model of which some fields have a value; parts and items may be empty."""
    chance = random.Random(seed)  # noqa: S311 - invents, and guards nothing
    return model.model_validate(_part(model, chance, 3, full=False))


def _part(model: type[BaseModel], chance: random.Random, items: int, *, full: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, kind in kinds(model).items():
        field = model.model_fields[name]
        if not full and not field.is_required() and chance.random() < 0.6:
            continue
        if kind.several:
            count = items if full else chance.randrange(items)
            found[name] = [_value(kind.type, field.annotation, chance, items, full) for _ in range(count)]
        elif kind.union:
            found[name] = chance.choice([chance.choice(NASTY), [chance.choice(NASTY), chance.choice(NASTY)]])
        else:
            found[name] = _value(kind.type, field.annotation, chance, items, full)
    return found


def _value(type_: Any, annotation: Any, chance: random.Random, items: int, full: bool) -> Any:
    if get_origin(annotation) is Literal:
        return chance.choice(get_args(annotation))
    if type_ is Maand:
        return "2012-03"
    if issubclass(type_, BaseModel):
        return _part(type_, chance, items, full=full)
    made = {
        bool: lambda: chance.random() < 0.5,
        int: lambda: chance.choice([0, -5, 7, 1000000]),
        Decimal: lambda: chance.choice([Decimal("7.50"), Decimal("-0.1"), Decimal("1E+3"), Decimal(0)]),
        date: lambda: chance.choice([date(2012, 3, 17), date(1899, 12, 31), date(1, 1, 1), date(9999, 12, 31)]),
        datetime: lambda: chance.choice(
            [datetime(2024, 10, 1, 9, tzinfo=UTC), datetime(999, 1, 1, 0, 0, 0, 10)]  # noqa: DTZ001 - some tell no zone
        ),
    }.get(type_)
    return made() if made else chance.choice(NASTY)


def same(one: Any, other: Any) -> bool:
    """Whether two models say the same; what is empty and made by itself does not count."""
    return tree_of(one) == tree_of(other)
