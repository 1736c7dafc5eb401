"""Cells and values: what each word reads, what it refuses, and that it gives back what it wrote."""

from __future__ import annotations

import doctest
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oso_bridge.errors import UsageError
from oso_bridge.mappings import notes, places, words
from oso_bridge.mappings.places import Kind
from oso_bridge.mappings.shapes import base, xlsx
from oso_bridge.mappings.words import JSON, TEXT, Unfit, joined, labelled, translated, typed

NINE_O_CLOCK = datetime(2012, 3, 17, 9)  # noqa: DTZ001 - a cell of a workbook knows of no zone


@pytest.mark.parametrize("module", [words, places, notes, base, xlsx])
def test_what_the_docstrings_show(module: Any) -> None:
    found = doctest.testmod(module)
    assert found.attempted > 0 or module is words
    assert found.failed == 0


@pytest.mark.parametrize(
    ("word", "cell", "value"),
    [
        ("text", "007", "007"),
        ("text", 7, "7"),
        ("text", 7.0, "7"),
        ("text", 7.5, "7.5"),
        ("text", True, "ja"),
        ("text", datetime(2012, 3, 17), "2012-03-17"),  # noqa: DTZ001
        ("date", "17-03-2012", date(2012, 3, 17)),
        ("date", " 7-3-2012 ", date(2012, 3, 7)),
        ("date", "2012-03-17", date(2012, 3, 17)),
        ("date", datetime(2012, 3, 17), date(2012, 3, 17)),  # noqa: DTZ001
        ("date:%Y%m%d", "20120317", date(2012, 3, 17)),
        ("date:dd/mm/yy", "17/03/12", date(2012, 3, 17)),
        ("date:dd/mm/yy", "17/03/50", date(1950, 3, 17)),
        ("date:jjmmdd(10)", "100317", date(1910, 3, 17)),
        ("datetime", "2012-03-17T09:00:00", NINE_O_CLOCK),
        ("datetime", "2012-03-17 09:00", NINE_O_CLOCK),
        ("datetime", NINE_O_CLOCK, NINE_O_CLOCK),
        ("datetime", "2012-03-17T09:00:00Z", NINE_O_CLOCK.replace(tzinfo=UTC)),
        ("boolean", "Ja", True),
        ("boolean", "0", False),
        ("boolean", False, False),
        ("boolean:J/N", "j", True),
        ("integer", "-5", -5),
        ("integer", 5.0, 5),
        ("decimal", "7,50", Decimal("7.50")),
        ("decimal:.", "7.50", Decimal("7.50")),
        ("decimal", 7.5, Decimal("7.5")),
        ("decimal", 7, Decimal(7)),
        ("json", '["a"]', ["a"]),
    ],
)
def test_a_cell_is_read(word: str, cell: Any, value: Any) -> None:
    found = typed(word).decode(cell)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("word", "cells"),
    [
        (
            "date",
            ["31-02-2012", "17/03/2012", "2012-3-17", "gisteren", "٣-٣-٢٠١٢", 41000, NINE_O_CLOCK, True],
        ),
        ("date:%d-%m-%Y", ["2012-03-17", "17-03-12"]),
        ("date:ddmmyyyy", ["1112012", "112012", "1-11-2012"]),
        ("date:%d%m-%Y", ["111-2012"]),
        ("date:jjmmdd", ["12111"]),
        ("json", ['"\\ud800"']),
        ("date:dd/mm/yy", ["17/03/2012", "17-03-12", "31/02/12", "٣٣/03/12"]),
        ("datetime", ["2012-03-17", "20120317T0900", "2012-02-31T09:00", "2012-W11-6", "", 5]),
        ("boolean", ["yes", "on", "2", "", 2]),
        ("boolean:J/N", ["ja", "true", "1"]),
        ("integer", ["1e3", "1_000", "1.0", "", "٣", 1.5, True, date(2012, 3, 17), "9" * 5000]),
        ("decimal", ["1.5", "1e3", "NaN", "1_0", ",5", float("nan"), float("inf"), True, date(2012, 3, 17)]),
        ("json", ["{", "", "[" * 100_000]),
    ],
)
def test_a_cell_is_refused_without_being_quoted(word: str, cells: list[Any]) -> None:
    for cell in cells:
        with pytest.raises(Unfit) as caught:
            typed(word).decode(cell)
        assert (
            str(caught.value) == caught.value.expected in ("datum", "tijdstip", "janee", "geheel", "getal", "json")
        ), cell
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "word",
    ["datum", "date:%d-%m", "date:%d-%m-%Y(30)", "date:ddd-mm-yyyy", "date:%d-%m-%Y %H", "boolean:J", "boolean:j/J"],
)
def test_a_type_that_is_none(word: str) -> None:
    with pytest.raises(UsageError):
        typed(word)
    for other in ("decimal:x", "text:x", ""):
        with pytest.raises(UsageError):
            typed(other)


@given(st.dates())
def test_dates_there_and_back(day: date) -> None:
    for word in ("date", "date:%Y-%m-%d", "date:%d%m%Y", "date:%m/%d/%Y", "date:yyyymmdd"):
        assert typed(word).decode(typed(word).encode(day)) == day


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6) | st.integers().map(Decimal))
def test_numbers_there_and_back(number: Decimal) -> None:
    for word in ("decimal", "decimal:."):
        assert typed(word).decode(typed(word).encode(number)) == number


@given(st.lists(st.text(alphabet='a, \\;"', max_size=5), min_size=1), st.sampled_from([", ", " ", ";", "|", ", \n"]))
def test_lists_there_and_back(items: list[str], mark: str) -> None:
    codec = joined(TEXT, mark)
    assert codec.decode(codec.encode(items)) == items


@pytest.mark.parametrize("mark", ["", "\\", "aa", ",\\"])
def test_marks_that_cannot_be_told_from_values(mark: str) -> None:
    with pytest.raises(UsageError):
        joined(TEXT, mark)


def test_translations() -> None:
    codec = translated(typed("boolean:true/false"), {"ja hoor": "true", "nee": "false", "zeker": "true"})
    assert [codec.decode(text) for text in ("ja hoor", "nee", " zeker ")] == [True, False, True]
    assert codec.encode(True) == "ja hoor"
    with pytest.raises(Unfit):
        codec.decode("Ja hoor")
    with pytest.raises(Unfit):
        translated(TEXT, {"M": "2"}).encode("1")


def test_labels_of_codes_that_can_be_told_apart() -> None:
    codec = labelled({"1": "vader", "2": "moeder", "3": "ander", "4": "ander", "5": "1"})
    assert [codec.encode(code) for code in ("1", "3", "5", "9")] == ["vader", "3", "5", "9"]
    assert [codec.decode(codec.encode(code)) for code in ("1", "2", "3", "4", "5", "9")] == [
        "1",
        "2",
        "3",
        "4",
        "5",
        "9",
    ]


def test_years_of_two_figures_hold_a_century_only() -> None:
    codec = typed("date:dd/mm/yy(30)")
    for day in (date(1930, 1, 1), date(2029, 12, 31)):
        assert codec.decode(codec.encode(day)) == day
    for day in (date(1929, 12, 31), date(2030, 1, 1), date(1899, 1, 1)):
        with pytest.raises(Unfit):
            codec.encode(day)


def test_functions_are_few_and_go_both_ways() -> None:
    assert 0 < len(words.FUNCTIONS) <= 8
    codec = words.FUNCTIONS["schooljaar"]
    assert codec.decode("2018/2019") == "2018-2019"
    assert codec.encode("2018-2019") == "2018/2019"
    for wrong in (codec.decode, codec.encode):
        with pytest.raises(Unfit):
            wrong("18/19")


def test_a_union_is_json() -> None:
    assert words.usual(Kind(str, union=True)) == "json"
    for value in ("a", ["a", ""], "[]"):
        assert JSON.decode(JSON.encode(value)) == value


@given(st.text(alphabet="'=+-@\t\r\nab \uff1d", max_size=6))
def test_formulas_are_defused_and_come_back(text: str) -> None:
    dressed = base.dress(text)
    assert dressed
    assert dressed[0] not in "=+-@\t\r\n\uff1d"
    assert base.undress(dressed) == text


@given(st.text(alphabet="'=-a", min_size=1, max_size=5))
def test_what_nobody_dressed_loses_an_apostrophe_only_before_a_formula(text: str) -> None:
    found = base.undress(text)
    bare = text.strip("'")
    assert found == text or (text[0] == "'" and (not bare or bare[0] in "=-"))


@given(st.text(alphabet="_x0041F\x00\r\x1fab", max_size=16))
@example("_x0000\x00")
def test_control_characters_in_a_workbook(text: str) -> None:
    escaped = xlsx.escape(text)
    assert not set(escaped) & {"\x00", "\r", "\x1f"}
    assert xlsx.unescape(escaped) == text
