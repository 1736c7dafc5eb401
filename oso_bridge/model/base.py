"""What all parts of the model have in common: their base class, the helpers that describe a field, and small types."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from oso_bridge.errors import FieldError


class Deel(BaseModel):
    """A part of a dossier.

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
        try:
            self.__pydantic_validator__.validate_python(velden, self_instance=self)
        except ValidationError as error:
            fault = FieldError(type(self).__name__, faults(error, type(self)))
        else:
            return
        # raised here, so that pydantic's error, which knows the values, is not dragged along
        raise fault

    # pydantic then makes the parts inside a part by itself, without calling __init__ of each
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

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
    "json": ("dit is geen JSON", "this is not JSON"),
}


def faults(error: ValidationError, part: type[BaseModel]) -> list[dict[str, str]]:
    """What is wrong with values for a part of the model, without the values.

    Args:
        error: What pydantic says.
        part: The part that was to be made.

    Returns:
        For each fault its ``path``, and what is wrong in ``nl`` and ``en``.
    """
    return [_fault(found, part) for found in error.errors(include_input=False, include_url=False)]


def _fault(found: Any, part: type[BaseModel]) -> dict[str, str]:
    kind = str(found["type"])
    word = next((word for word in _TOLD if kind.startswith(word)), "model")
    # texts of a certain form, such as a month
    word = "form" if kind == "string_pattern_mismatch" else word
    near, place = ("", ""), tuple(found["loc"])
    if word in ("extra_forbidden", "no_such_attribute"):
        near = _near(str(place[-1]), _fields_at(part, place[:-1]))
        # a name that someone made up may be anything, and is not repeated
        place = (*place[:-1], "?")
    expected = str(found.get("ctx", {}).get("expected", ""))
    told = zip(_TOLD[word], near, (expected.replace(" or ", " of "), expected), strict=True)
    dutch, english = (text.format(near=hint, expected=choice) for text, hint, choice in told)
    return {"path": _shown(place), "nl": dutch, "en": english}


def _near(name: str, known: list[str]) -> tuple[str, str]:
    """Which field was meant, most likely; else those there are."""
    alike = difflib.get_close_matches(name, known, n=1)
    if alike:
        return f"bedoeld is misschien {alike[0]}", f"perhaps {alike[0]} is meant"
    return f"er zijn: {', '.join(known)}", f"there are: {', '.join(known)}"


def _shown(place: tuple[int | str, ...]) -> str:
    path = ""
    for step in place:
        path += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if path else step
    return path or "-"


def _fields_at(part: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """The names of the fields of the part at a place."""
    found: Any = part
    for step in place:
        if isinstance(step, str):
            field = found.model_fields.get(step) if hasattr(found, "model_fields") else None
            found = _part_of(field.annotation) if field else None
    return list(getattr(found, "model_fields", {}))


def _part_of(annotation: Any) -> Any:
    """The part that a field holds, whether it may be absent or is a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((part for part in map(_part_of, get_args(annotation)) if part is not None), None)


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
    return Field(default_factory=list, description=tekst)


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
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema(pattern=r"^\d{4}-\d{2}$"))
