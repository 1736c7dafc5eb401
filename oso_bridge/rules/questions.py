"""Integrity: what may be wrong although schema, codes and rules find nothing.

Pure questions about texts; which text is asked which question stands in ``schemas/oso/integrity.toml``.
An answer is an :class:`Answer` with the id of a check and arguments for its text, never a value of the document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from oso_bridge import attachments
from oso_bridge.records import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from oso_bridge.attachments import Problem, ZipLimits
    from oso_bridge.records import Record, Value

_DATE = re.compile(r"\s*(\d{4})-(\d{2})-(\d{2})(?:Z|[+-]\d{2}:\d{2})?\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """Something to warn about.

    Attributes:
        id: The id of the check, such as ``INT.bsn``.
        args: For the text: ``reason`` (a word of ``[word.reason]``), ``member``, ``limit``.
        about_name: True when it is about the name of an attachment, not about its content.
    """

    id: str
    args: Mapping[str, str] = field(default_factory=dict)
    about_name: bool = False


def parse_date(text: str) -> date | None:
    """The day of an ``xs:date``, time zone and white space aside; None when it is none or its year has not four digits.

    >>> parse_date("2019-04-15"), parse_date("2019-04-15+02:00"), parse_date("2019-02-30")
    (datetime.date(2019, 4, 15), datetime.date(2019, 4, 15), None)
    """
    if (match := _DATE.fullmatch(text)) is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


_WHOLE = re.compile(r"\s*([0-9]{1,18})\s*", re.ASCII)


def overlapping(ranges: Iterable[Record], first: str, last: str) -> list[Record]:
    """Those of several ranges that begin before another one has ended.

    Args:
        ranges: Records; one without two whole numbers does not count.
        first: The name of the lower bound, which belongs to the range.
        last: The name of the upper bound, likewise.
    """
    bounds = ((_whole(item.get(first, "")), _whole(item.get(last, "")), item) for item in ranges)
    known = [(low, high, item) for low, high, item in bounds if low is not None and high is not None]
    found, end = [], -1
    for low, high, item in sorted(known, key=lambda one: one[:2]):
        if low <= end:
            found.append(item)
        end = max(end, high)
    return found


def _whole(value: Value) -> int | None:
    """The whole number that a text holds, without a sign."""
    match = _WHOLE.fullmatch(text_of(value))
    return int(match[1]) if match else None


def is_late(first: str, lasts: Sequence[str]) -> bool:
    """True when a date lies after every date that it may not come after.

    Args:
        first: The date that should come first, as a text.
        lasts: The dates that should come last; texts that are no dates do not count.

    Returns:
        False also when either side holds no date.

    >>> is_late("2020-08-02", ["2020-08-01"]), is_late("2020-08-01", ["2020-08-01"]), is_late("2020-08-02", ["?"])
    (True, False, False)
    """
    # dates as they should be compare as texts: most pairs are in order, and need no more
    if not [last for last in lasts if len(last) != 10 or first > last] and len(first) == 10:
        return False
    day = parse_date(first)
    limits = [limit for limit in map(parse_date, lasts) if limit is not None]
    return day is not None and bool(limits) and day > max(limits)


def check_attachment(name: str, content: str, limits: ZipLimits = attachments.SAFE) -> list[Answer]:
    """Ask what can be told of an attachment without unpacking it: its name, its two ends, its table of contents.

    Args:
        name: The name of the file, as the dossier gives it; empty when it gives none.
        content: The base64 text.
        limits: What a ZIP may ask for.

    >>> [answer.id for answer in check_attachment("foto.exe", "R2VlbiB6aXA=")]
    ['INT.bijlage.bestandstype', 'INT.bijlage.geen-zip']
    """
    found = _name_answers(name) if name else []
    found += [_answer(problem) for problem in attachments.contents(content, limits)]
    return found


def _name_answers(name: str) -> list[Answer]:
    found = []
    if reason := attachments.name_problem(name):
        found.append(Answer("INT.bijlage.naam", {"reason": reason}, about_name=True))
    if not attachments.allowed_type(name):
        found.append(Answer("INT.bijlage.bestandstype", about_name=True))
    return found


def inspect_attachment(content: str, limits: ZipLimits = attachments.SAFE) -> list[Answer]:
    """Ask what is wrong inside an attachment; this decodes it, so it is for whoever asks for the deep check.

    Args:
        content: The base64 text.
        limits: What is allowed.
    """
    return [_answer(problem) for problem in attachments.inspect(content, limits)]


def _answer(problem: Problem) -> Answer:
    return Answer(f"INT.bijlage.{problem.code}", problem.args)
