"""The words that say how a value stands in a cell: type, codes, values, default, join, python.

A *cell* is a text, or in a spreadsheet a date or a number, or None when it is empty.  A codec turns it into a
value of the model and back.  What it cannot turn it refuses, with a kind of value as the reason and never the value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from oso_bridge.errors import UsageError, choose
from oso_bridge.mappings.places import Kind

Cell = str | int | float | bool | date | None

YES_NO = "ja/nee"
_YES, _NO = {"ja", "j", "waar", "true", "1"}, {"nee", "n", "onwaar", "false", "0"}
_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DATE_PARTS = {
    "%d": r"(?P<d>[0-9]{1,2})",
    "%m": r"(?P<m>[0-9]{1,2})",
    "%Y": r"(?P<Y>[0-9]{4})",
    "%y": r"(?P<y>[0-9]{2})",
}
_PIVOT = re.compile(r"\(([0-9]{1,2})\)$")
_LETTERS = re.compile(r"d+|m+|y+|j+", re.IGNORECASE)
_SIGNS = {"dd": "%d", "mm": "%m", "yyyy": "%Y", "jjjj": "%Y", "yy": "%y", "jj": "%y"}
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
PIVOT = 50
"""Years of two figures below this are of this century, unless a form says otherwise."""
TYPES = ("text", "date", "datetime", "boolean", "integer", "decimal", "json")


class Unfit(Exception):
    """A cell holds what its column cannot.

    Args:
        expected: What it should hold: the name of a type.
    """

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Codec:
    """Between the cell and the value, in both directions.

    Attributes:
        decode: The value of a cell that is not empty; raises :class:`Unfit`.
        encode: The cell of a value; raises :class:`Unfit`.
        name: What the cells hold, for people.
        words: False for cells that a spreadsheet may take for what they are, such as a number.
    """

    decode: Callable[[Any], Any]
    encode: Callable[[Any], Cell]
    name: str
    words: bool = True


def _as_text(cell: Any) -> str:
    """The text of a cell of a spreadsheet, the way a person would have typed it."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "ja" if cell else "nee"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, (datetime, date)):
        return (_day(cell) or cell).isoformat()
    return str(cell)


def _day(cell: Any) -> date | None:
    """The day of a cell with a date; None when it tells a time as well, or is no date."""
    if isinstance(cell, datetime):
        return cell.date() if cell.time() == datetime.min.time() and cell.tzinfo is None else None
    return cell if isinstance(cell, date) else None


TEXT = Codec(_as_text, str, "tekst")


def date_codec(form: str = "") -> Codec:
    """Days; by default ``17-03-2012``, where ``2012-03-17`` is read as well.

    Args:
        form: ``%d``, ``%m`` and ``%Y`` once each, with anything between them; or in letters, ``dd-mm-yyyy`` (``jjjj``).
            A year of two figures is ``%y`` (``yy``, ``jj``): those below 50 are of this century, or those below
            the number at the end: ``dd/mm/yy(30)``.

    Raises:
        UsageError: The form is another.
    """
    used, pivot = _date_form(form or "%d-%m-%Y")
    pattern = _date_pattern(used)

    def decode(cell: Any) -> date:
        if (day := _day(cell)) is not None:
            return day
        text = cell.strip() if isinstance(cell, str) else ""
        parts = found.groupdict() if (found := pattern.fullmatch(text)) else {}
        if not parts and not form and (iso := _ISO.fullmatch(text)):
            parts = dict(zip("Ymd", iso.groups(), strict=True))
        if "y" in parts:
            parts["Y"] = str(_century(int(parts["y"]), pivot))
        try:
            return date(int(parts["Y"]), int(parts["m"]), int(parts["d"]))
        except (KeyError, ValueError):
            raise Unfit("datum") from None

    def encode(day: date) -> date | str:
        if "%y" in used and _century(day.year % 100, pivot) != day.year:
            raise Unfit("datum")
        # the year 999 has four figures here too
        years = used.replace("%Y", f"{day.year:04}").replace("%y", f"{day.year % 100:02}")
        return years.replace("%d", f"{day.day:02}").replace("%m", f"{day.month:02}")

    return Codec(decode, encode, "datum", words=False)


def _date_pattern(used: str) -> re.Pattern[str]:
    """What a day in a form looks like; where nothing parts day, month and year, only zeros tell them apart."""
    words = re.split(r"(%[dmYy])", used)
    pattern = "".join(_DATE_PARTS.get(word) or re.escape(word) for word in words)
    return re.compile(pattern.replace("{1,2}", "{2}") if "" in words[2:-2:2] else pattern)


def _date_form(form: str) -> tuple[str, int]:
    """A form in signs, and below which number a year of two figures is of this century."""
    found = _PIVOT.search(form)
    used = form[: found.start()] + form[found.end() :] if found else form
    if "%" not in used:
        used = _LETTERS.sub(lambda letters: _SIGNS.get(letters[0].lower(), "%"), used)
    if sorted(re.findall(r"%.?", used)) not in (["%Y", "%d", "%m"], ["%d", "%m", "%y"]) or (found and "%y" not in used):
        raise UsageError(f"{form!r} is no form of a date.", remedy="Use dd, mm and yyyy (or yy), or %d, %m and %Y.")
    return used, int(found[1]) if found else PIVOT


def _century(year: int, pivot: int) -> int:
    return year + (2000 if year < pivot else 1900)


def _moment(cell: Any) -> datetime:
    if isinstance(cell, datetime):
        return cell
    text = cell.strip() if isinstance(cell, str) else ""
    try:
        return datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else _refuse("tijdstip")
    except ValueError:
        raise Unfit("tijdstip") from None


DATETIME = Codec(_moment, lambda value: value.isoformat(), "tijdstip", words=False)
"""Moments, written ``2024-10-01T09:00:00``."""


def boolean_codec(words: str = "") -> Codec:
    """Yes and no in the words of the other side; by default ``ja`` and ``nee``, and more is understood.

    Args:
        words: The two words with a slash between them, such as ``J/N``.

    Raises:
        UsageError: These are not two different words.
    """
    yes, slash, no = (words or YES_NO).partition("/")
    if not slash or not yes or yes.casefold() == no.casefold():
        raise UsageError(f"{words!r} does not name two words.", remedy="Write it as boolean:J/N.")
    read = {yes.casefold(): True, no.casefold(): False}
    if not words:
        read.update({**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)})

    def decode(cell: Any) -> bool:
        if isinstance(cell, bool):
            return cell
        found = read.get(_as_text(cell).strip().casefold())
        if found is None:
            raise Unfit("janee")
        return found

    return Codec(decode, lambda value: yes if value else no, "janee")


def _integer(cell: Any) -> int:
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    text = str(cell).strip()
    if isinstance(cell, (bool, date, float)) or not _INTEGER.fullmatch(text):
        raise Unfit("geheel")
    return int(text)


INTEGER = Codec(_integer, str, "geheel", words=False)


def decimal_codec(mark: str = "") -> Codec:
    """Numbers with a comma (the default) or a point before the decimals.

    Raises:
        UsageError: The mark is neither.
    """
    point = mark or ","
    if point not in (",", "."):
        raise UsageError(f"{mark!r} does not part decimals.", remedy="Write decimal:, or decimal:. .")
    pattern = re.compile(rf"[+-]?[0-9]{{1,400}}(?:{re.escape(point)}[0-9]{{1,400}})?")

    def decode(cell: Any) -> Decimal:
        if isinstance(cell, (int, float)) and not isinstance(cell, bool):
            text = repr(cell)
            return Decimal(text) if "n" not in text else _refuse("getal")
        text = cell.strip() if isinstance(cell, str) else ""
        return Decimal(text.replace(point, ".")) if pattern.fullmatch(text) else _refuse("getal")

    def encode(value: Decimal) -> str:
        if not value.is_finite() or abs(value.adjusted()) > 300:
            raise Unfit("getal")
        return format(value, "f").replace(".", point)

    return Codec(decode, encode, "getal", words=False)


def _refuse(expected: str) -> Any:
    raise Unfit(expected)


def _json(cell: Any) -> Any:
    try:
        found = json.loads(_as_text(cell))
        json.dumps(found, ensure_ascii=False).encode()  # half a character has no place in any file
        return found
    except (ValueError, RecursionError):
        raise Unfit("json") from None


JSON = Codec(_json, lambda value: json.dumps(value, ensure_ascii=False), "json")


def typed(word: str) -> Codec:
    """The codec of a type.

    Args:
        word: ``text``, ``date``, ``date:FORM``, ``datetime``, ``boolean``, ``boolean:J/N``, ``integer``, ``decimal``,
            ``decimal:,`` or ``json``.

    Raises:
        UsageError: There is no such type.
    """
    name, _, more = word.partition(":")
    plain = {"text": TEXT, "integer": INTEGER, "json": JSON, "datetime": DATETIME}
    made = {"date": date_codec, "boolean": boolean_codec, "decimal": decimal_codec}
    if name in made:
        return made[name](more)
    if name not in plain or more:
        raise UsageError(f"There is no type {word!r}.", remedy=choose(name, TYPES))
    return plain[name]


def usual(kind: Kind) -> str:
    """The type of the cells of a field, when nothing else is said."""
    if kind.union:
        return "json"
    names = {bool: "boolean", int: "integer", date: "date", datetime: "datetime", Decimal: "decimal"}
    return names.get(kind.type, "text")


def fits(kind: Kind, word: str) -> bool:
    """Whether values of a type can go into a field."""
    name, usually = word.partition(":")[0], usual(kind)
    return name == usually


def translated(inner: Codec, values: Mapping[str, str]) -> Codec:
    """A codec whose cells bear words of the other side.

    Args:
        inner: What reads a value once it is translated.
        values: What stands in the model for each word; of two words for one value the first is written.
    """
    back: dict[str, str] = {}
    for outside, inside in values.items():
        back.setdefault(inside, outside)

    def decode(cell: Any) -> Any:
        found = values.get(_as_text(cell).strip())
        return inner.decode(found) if found is not None else _refuse("vertaling")

    def encode(value: Any) -> Cell:
        found = back.get(str(inner.encode(value)))
        return found if found is not None else _refuse("vertaling")

    return Codec(decode, encode, "vertaling")


def labelled(labels: Mapping[str, str]) -> Codec:
    """A codec whose cells bear the meaning of a code; a code without one of its own stands there itself.

    Args:
        labels: The meanings by code.
    """
    counted = list(labels.values())
    own = {code: label for code, label in labels.items() if counted.count(label) == 1 and label not in labels}
    back = {label: code for code, label in own.items()}

    def decode(cell: Any) -> str:
        text = _as_text(cell)
        return back.get(text.strip(), text)

    return Codec(decode, lambda code: own.get(code, str(code)), "tekst")


def joined(inner: Codec, mark: str) -> Codec:
    r"""A codec for a list in one cell; a mark inside an item gets a backslash before it.

    >>> names = joined(TEXT, ", ")
    >>> names.encode(["Anne", "Jan, Piet"]), names.decode("Anne, Jan\\, Piet")
    ('Anne, Jan\\, Piet', ['Anne', 'Jan, Piet'])

    Raises:
        UsageError: The mark is none that can be told from the values.
    """
    if not mark or "\\" in mark or len(set(mark)) < len(mark):
        raise UsageError(
            "The mark between values is empty, or has a backslash or the same character twice.",
            remedy='Write it as join = ", ".',
        )
    taken = re.compile(rf"\\(.)|({re.escape(mark)})", re.DOTALL)

    def guard(text: str) -> str:
        return text.replace("\\", "\\\\").replace(mark, "\\" + mark)

    def decode(cell: Any) -> list[Any]:
        items, at, text = [""], 0, _as_text(cell)
        for match in taken.finditer(text):
            items[-1] += text[at : match.start()] + (match[1] or "")
            at = match.end()
            if match[2]:
                items.append("")
        items[-1] += text[at:]
        return [inner.decode(item) for item in items]

    def encode(values: list[Any]) -> str:
        return mark.join(guard(str(inner.encode(value))) for value in values)

    return Codec(decode, encode, inner.name)


def _slashed(cell: Any) -> str:
    """A school year written with a slash: 2018/2019."""
    text = _as_text(cell).strip()
    if not re.fullmatch(r"[0-9]{4}/[0-9]{4}", text):
        raise Unfit("schooljaar")
    return text.replace("/", "-")


def _to_slashed(value: Any) -> str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{4}", str(value)):
        raise Unfit("schooljaar")
    return str(value).replace("-", "/")


FUNCTIONS = {"schooljaar": Codec(_slashed, _to_slashed, "schooljaar")}
"""What ``python`` may name, for what no other word can say; a test keeps it to eight."""
