"""How the texts of a document become values of the model, and back: for each type which texts it takes.

A codec gives back the text that it read, or one that means the same by the type of the structure.  What it cannot give
back does not fit, and is kept beside the model by the table engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter, ValidationError

from oso_bridge.errors import UsageError

BLANKS = " \t\r\n"
"""The white space of XML."""


def encode_text(value: str) -> str:
    """A text as it is."""
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


@dataclass(frozen=True, slots=True)
class Codec:
    """How texts become values of one type, and back.

    Attributes:
        type: The name of the type, as findings have it.
        decode: Makes the value; None where pydantic takes the text as it is.
        encode: Makes the text; raises what Python raises on a value of another type.
        fits: Whether a text can become such a value; None when every text can.
        collapsed: Blanks around the text are no part of the value.
    """

    type: str = "string"
    decode: Callable[[str], Any] | None = None
    encode: Callable[[Any], str] = encode_text
    fits: Callable[[str], bool] | None = None
    collapsed: bool = False

    def fitting(self, text: str) -> str | None:
        """The text as the value is made of it; None when no value can be made."""
        if self.fits is None:
            return text
        text = text.strip(BLANKS) if self.collapsed else text
        return text if self.fits(text) else None

    def reason(self, text: str) -> str | None:
        """What a text that does not fit should have been; None when it is right, and there is only no field for it."""
        if self.type == "date" and _is_zoned(text):
            return None
        return None if self.type == "datetime" and _MOMENT.fullmatch(text.strip(BLANKS)) else self.type


TEXT = Codec()

_ZONE = r"(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)"
_ZONED = re.compile(_ZONE, re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_HELD = re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}}T\d{{2}}:\d{{2}}:\d{{2}}(?:\.\d{{1,6}})?{_ZONE}?", re.ASCII)
_MOMENT = re.compile(
    rf"-?\d{{4,}}-\d{{2}}-\d{{2}}T(?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?|24:00:00(?:\.0+)?){_ZONE}?", re.ASCII
)
_INTEGER = re.compile(r"[+-]?\d{1,4000}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_MOST_ZEROS = 1_000_000  # 1e999999999 is eleven characters in JSON, and in XML a thousand million


def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_zoned(text: str) -> bool:
    """A day with a time zone."""
    return _is_day(text[:10]) and _ZONED.fullmatch(text[10:]) is not None


def _encode_boolean(value: bool) -> str:
    if value.__class__ is not bool:
        raise TypeError("no boolean")
    return "true" if value else "false"


def _encode_integer(value: int) -> str:
    if value.__class__ is not int:
        raise TypeError("no integer")
    return str(value)


def _encode_date(value: date) -> str:
    if value.__class__ is not date:
        raise TypeError("no date")
    return value.isoformat()


def _encode_decimal(value: Decimal) -> str:
    exponent = value.as_tuple().exponent
    if isinstance(exponent, str) or abs(exponent) > _MOST_ZEROS:
        raise UsageError("A number is too large, or too small, to be written out in full.")
    return format(value, "f")


def _decode_moment(text: str) -> datetime:
    text = text.strip(BLANKS)
    if _HELD.fullmatch(text) is None:
        raise ValueError("a moment that no field can hold")
    return datetime.fromisoformat(text)


def _encode_moment(value: datetime) -> str:
    if not isinstance(value, datetime):
        raise TypeError("no moment")
    moment = value.replace(tzinfo=None).isoformat()
    zone = "Z" if value.utcoffset() == timedelta(0) else value.isoformat().removeprefix(moment)
    return (moment.rstrip("0") if value.microsecond else moment) + zone


def _can(decode: Callable[[str], Any]) -> Callable[[str], bool]:
    """Whether a text can be decoded."""

    def fits(text: str) -> bool:
        try:
            decode(text)
        except ValueError:
            return False
        return True

    return fits


_BY_TYPE: dict[type, Codec] = {
    str: TEXT,
    bool: Codec("boolean", None, _encode_boolean, lambda text: text in ("true", "false", "1", "0"), True),
    date: Codec("date", None, _encode_date, _is_day),
    datetime: Codec("datetime", _decode_moment, _encode_moment, _can(_decode_moment), True),
    int: Codec("integer", None, _encode_integer, lambda text: _INTEGER.fullmatch(text) is not None, True),
    Decimal: Codec("decimal", None, _encode_decimal, lambda text: _DECIMAL.fullmatch(text) is not None, True),
}


def of_type(kind: Any) -> Codec:
    """The codec of the type of a field; of a type of our own that which pydantic takes."""
    return _BY_TYPE.get(kind) or Codec(getattr(kind, "__name__", str(kind)).lower(), fits=_accepted_by(kind))


def dated(pattern: str) -> Codec:
    """Days of another form, such as ``%d-%m-%Y``."""

    def decode(text: str) -> date:
        found = datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a day has no zone
        if encode(found) != text:
            raise ValueError("a date that would be written in another form")
        return found

    def encode(value: date) -> str:
        # strftime does not fill up the year to four digits everywhere
        return value.strftime(pattern.replace("%Y", f"{value.year:04d}"))

    return Codec("date", decode, encode, _can(decode))


def split(mark: str) -> Codec:
    """One text that is a list of texts in the model, with a mark between each two of them."""

    def decode(text: str) -> list[str]:
        return text.split(mark)

    def encode(value: list[str]) -> str:
        return mark.join(map(encode_text, value))

    return Codec("string", decode, encode)


def swapped(values: Mapping[str, str], *, number: bool) -> Codec:
    """Codes that the model has otherwise.

    Args:
        values: For codes of the document those of the model, each of which is a code of the document as well; what is
            not named is the same in both.
        number: Whether the structure takes numbers, of which ``01`` means ``1``.
    """
    back = {code: text for text, code in values.items()}

    def decode(text: str) -> str:
        bare = text.strip(BLANKS)
        plain = str(int(bare)) if number and _INTEGER.fullmatch(bare) else text
        return values.get(plain, plain)

    def encode(value: str) -> str:
        return back.get(encode_text(value), value)

    return Codec("string", decode, encode)


def _accepted_by(kind: Any) -> Callable[[str], bool]:
    """Whether a type of the model takes a text; made at its first use, for most documents need no careful look."""
    made: list[TypeAdapter[Any]] = []

    def fits(text: str) -> bool:
        if not made:
            made.append(TypeAdapter(kind))
        try:
            made[0].validate_python(text)
        except ValidationError:
            return False
        return True

    return fits
