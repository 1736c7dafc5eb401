"""What all parts of the model have in common: their base class, the helpers that describe a field, and small types."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from oso_bridge.errors import FieldError

Made = TypeVar("Made")


class Basis(BaseModel):
    """What all parts and values of the model have in common.

    Unknown fields are refused and every assignment is checked.  Neither ``repr`` nor the text of an error
    shows a value, since both end up in logs; ``model_dump()`` and ``model_dump_json()`` give the values.
    """

    model_config = ConfigDict(
        extra="forbid",
        validate_assignment=True,
        hide_input_in_errors=True,
        defer_build=True,  # a program that only imports the model does not wait for all of its validators
    )

    def __init__(self, **velden: Any) -> None:
        _checked(type(self), lambda: self.__pydantic_validator__.validate_python(velden, self_instance=self))

    # pydantic then makes the parts inside a part by itself, without calling __init__ of each
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    def __setattr__(self, name: str, value: Any) -> None:
        _checked(type(self), lambda: super(Basis, self).__setattr__(name, value), made=False)

    @classmethod
    def model_validate(cls, obj: Any, **keuzes: Any) -> Self:
        """A part from a dictionary, as pydantic does it.

        Raises:
            FieldError: It has fields that do not exist, or values of another type.
        """
        return _checked(cls, lambda: super(Basis, cls).model_validate(obj, **keuzes))

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **keuzes: Any) -> Self:
        """A part from its JSON, as pydantic does it; a name that occurs twice in one object is refused.

        Raises:
            FieldError: It is no JSON, or has fields that do not exist, or values of another type.
        """
        if (fault := _twice(json_data)) is not None:
            raise FieldError(cls.__name__, [fault])
        return _checked(cls, lambda: super(Basis, cls).model_validate_json(json_data, **keuzes))

    def __repr__(self) -> str:
        count = sum(1 for _ in self._filled())
        return f"{type(self).__name__}({count} {'veld' if count == 1 else 'velden'})"

    def __str__(self) -> str:
        return repr(self)

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """What pretty printers ask for: the number of fields that are filled, and no value."""
        return [("velden", sum(1 for _ in self._filled()))]

    def _filled(self) -> Iterator[tuple[str, Any]]:
        """The fields that hold something, by name."""
        for name, value in self.__dict__.items():
            if value is not None and value != []:
                yield name, value


def _checked(part: type[BaseModel], make: Callable[[], Made], *, made: bool = True) -> Made:
    """What is made, or our own error in the place of pydantic's, which knows the values."""
    try:
        return make()
    except ValidationError as error:
        fault = FieldError(part.__name__, faults(error, part), made=made)
    # raised here, so that pydantic's error is not dragged along
    raise fault


MOST_FAULTS = 1000
"""Beyond these faults are counted only: each costs memory, and a hostile text can hold millions."""

_TOLD = {
    "extra_forbidden": ("hier staat een veld dat niet bestaat; {near}", "there is a field that does not exist; {near}"),
    "no_such_attribute": (
        "hier staat een veld dat niet bestaat; {near}",
        "there is a field that does not exist; {near}",
    ),
    "missing": ("dit veld is verplicht", "this field is compulsory"),
    "bool": ("dit moet waar of onwaar zijn (true of false)", "this must be true or false"),
    "date": ("dit moet een datum zijn, als 2012-03-17", "this must be a date, such as 2012-03-17"),
    "int": ("dit moet een geheel getal zijn", "this must be a whole number"),
    "decimal": ("dit moet een getal zijn", "this must be a number"),
    "form": ("dit heeft niet de vorm die het veld vraagt", "this does not have the form that the field asks for"),
    "string": ("dit moet een tekst zijn", "this must be a text"),
    "list": ("dit moet een lijst zijn", "this must be a list"),
    "literal": ("dit moet een van deze zijn: {expected}", "this must be one of: {expected}"),
    "model": ("dit moet een onderdeel met velden zijn", "this must be a part with fields"),
    "finite": ("dit moet een gewoon getal zijn", "this must be an ordinary number"),
    "json": ("dit is geen JSON{expected}", "this is not JSON{expected}"),
    "many": (
        "hier zijn {expected} dingen fout, te veel om op te noemen",
        "{expected} things are wrong, too many to tell",
    ),
    "twice": ("deze naam staat twee keer in hetzelfde object", "this name occurs twice in the same object"),
}
_LINE = re.compile(r"at line (\d+) column (\d+)")


class _Twice(dict[str, Any]):
    """An object of JSON in which a name occurs twice."""

    name = ""


def _twice(json_data: str | bytes | bytearray) -> dict[str, str] | None:
    """A fault for the first name that occurs twice in one object: one of the two would vanish unseen."""
    met: list[_Twice] = []

    def read(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        double = _Twice(found)
        double.name = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        met.append(double)
        return double

    try:
        whole = json.loads(json_data, object_pairs_hook=read)
    except (ValueError, RecursionError):
        return None  # no JSON at all, which pydantic tells better
    if not met:
        return None
    path = next(_places(whole, met[0], ()), ())
    dutch, english = _TOLD["twice"]
    return {"path": _shown((*path, met[0].name if met[0].name in _names() else "?")), "nl": dutch, "en": english}


def _places(value: Any, wanted: Any, path: tuple[int | str, ...]) -> Iterator[tuple[int | str, ...]]:
    """Where an object stands; a name that someone made up is not repeated."""
    if value is wanted:
        yield path
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _places(item, wanted, (*path, number))
    elif isinstance(value, dict):
        known = _names()
        for name, item in value.items():
            yield from _places(item, wanted, (*path, name if name in known else "?"))


@cache
def _names() -> frozenset[str]:
    """The names of all fields of the model."""
    parts, found = [Basis], set[str]()
    while parts:
        part = parts.pop()
        parts += part.__subclasses__()
        found |= set(part.model_fields)
    return frozenset(found)


def faults(error: ValidationError, part: type[BaseModel]) -> list[dict[str, str]]:
    """What is wrong with values for a part of the model, without the values.

    Args:
        error: What pydantic says.
        part: The part that was to be made.

    Returns:
        For each fault its ``path``, and what is wrong in ``nl`` and ``en``.
    """
    if error.error_count() > MOST_FAULTS:
        dutch, english = (text.format(expected=error.error_count()) for text in _TOLD["many"])
        return [{"path": "-", "nl": dutch, "en": english}]
    return [_fault(found, part) for found in error.errors(include_input=False, include_url=False)]


def _fault(found: Any, part: type[BaseModel]) -> dict[str, str]:
    kind = str(found["type"])
    word = next((word for word in _TOLD if kind.startswith(word)), "model")
    # texts of a certain form, such as a month
    word = "form" if kind == "string_pattern_mismatch" else word
    near, place = ("", ""), tuple(found["loc"])
    if word in ("extra_forbidden", "no_such_attribute"):
        near = _near(str(place[-1]), _part_at(part, place[:-1]))
        # a name that someone made up may be anything, and is not repeated
        place = (*place[:-1], "?")
    told = zip(_TOLD[word], near, _expected(found, word), strict=True)
    dutch, english = (text.format(near=hint, expected=choice) for text, hint, choice in told)
    return {"path": _shown(place), "nl": dutch, "en": english}


def _expected(found: Any, word: str) -> tuple[str, str]:
    """What may stand there, or from where on it is wrong."""
    said = found.get("ctx", {})
    if word != "json":
        expected = str(said.get("expected", ""))
        return expected.replace(" or ", " of "), expected
    at = _LINE.search(str(said.get("error", "")))
    if at is None:
        return "", ""
    return f" vanaf regel {at[1]}, teken {at[2]}", f" from line {at[1]}, column {at[2]} on"


_FEW = 3
"""Of a name that has more places than this in the model, the places say nothing about what was meant."""


def _near(name: str, part: Any) -> tuple[str, str]:
    """Which field was meant, most likely: where that name has its place in the model, or a name like it; else all."""
    from oso_bridge.model import where

    known = [field for field in getattr(part, "model_fields", {}) if field != "extra"]
    meant = where.meant(name, part) if known else []
    alike = difflib.get_close_matches(name, known, n=1)
    told = []
    if 0 < len(meant) <= _FEW and alike != meant:
        paths = ", ".join(meant)
        told.append((f"in het model staat dat onder {paths}", f"in the model that is under {paths}"))
    if alike:
        told.append((f"bedoeld is misschien {alike[0]}", f"perhaps {alike[0]} is meant"))
    if told:
        dutch, english = zip(*told, strict=True)
        return "; ".join(dutch), "; ".join(english)
    return f"er zijn: {', '.join(known)}", f"there are: {', '.join(known)}"


def _shown(place: tuple[int | str, ...]) -> str:
    path = ""
    for step in place:
        path += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if path else step
    return path or "-"


def _part_at(part: type[BaseModel], place: tuple[int | str, ...]) -> Any:
    """The part at a place."""
    found: Any = part
    for step in place:
        if isinstance(step, str):
            field = found.model_fields.get(step) if hasattr(found, "model_fields") else None
            found = part_of(field.annotation) if field else None
    return found


def part_of(annotation: Any) -> Any:
    """The part that a field holds, whether it may be absent or is a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((part for part in map(part_of, get_args(annotation)) if part is not None), None)


def veld(tekst: str, *, eenheid: str | None = None) -> Any:
    """A field that may be absent.

    Args:
        tekst: What it means, in Dutch.
        eenheid: The unit of a number; ``x-eenheid`` in the JSON Schema.
    """
    return Field(default=None, description=tekst, json_schema_extra={"x-eenheid": eenheid} if eenheid else None)


def lijst(tekst: str) -> Any:
    """A field with any number of values, empty when there are none.

    Args:
        tekst: What one value means, in Dutch.
    """
    # the first fault of a list is told: a million faults, each with its place, would take all memory there is
    return Field(default_factory=list, description=tekst, strict=True, fail_fast=True)


class Maand(str):
    """A month of a year, written ``jjjj-mm``.

    >>> Maand("2012-03").jaar, Maand("2012-03").maand
    (2012, 3)
    """

    __slots__ = ()

    @property
    def jaar(self) -> int:
        """The year."""
        return int(self[:4])

    @property
    def maand(self) -> int:
        """The month, 1 for January."""
        return int(self[5:])

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How pydantic reads one: a text of that form."""
        return core_schema.no_info_after_validator_function(
            cls, core_schema.str_schema(pattern=r"^\d{4}-(?:0[1-9]|1[0-2])$")
        )
