"""The words of the rules, one by one: when a finding is given, when not, and when the check breaks off."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from oso_bridge import releases
from oso_bridge.errors import DataError, UsageError
from oso_bridge.rules import words
from oso_bridge.rules.paths import Document
from oso_bridge.rules.words import BreaksOff, Words

from .samples import element, strict, structure

TREE = structure(
    {
        "top": {
            "content": [
                element("een"),
                element("twee"),
                element("meer", most=None),
                element("waar", "xs:boolean"),
                element("waren", "xs:boolean", most=None),
                element("tak", "tak"),
                element("merk", "merk"),
            ]
        },
        "tak": {"content": [element("x"), element("dag")]},
        "merk": {"text": "xs:string", "attributes": [{"name": "taal", "type": "xs:string", "use": "optional"}]},
    }
)
RELEASE = releases.release("oso/2019.1")


def ask(body: str, word: str, what: Any, *, placed: bool = True) -> bool:
    """Whether a check gives a finding for a document."""
    reading = strict(f"<top>{body}</top>".encode(), TREE)[0]
    made = Words(RELEASE, TREE, TREE.root if placed else None)
    return made.check(word, what)(reading.record, Document(reading.index))


def holds(body: str, conditions: dict[str, Any], *, placed: bool = True) -> bool:
    reading = strict(f"<top>{body}</top>".encode(), TREE)[0]
    made = Words(RELEASE, TREE, TREE.root if placed else None)
    return made.guard(conditions)(reading.record, Document(reading.index))


CHECKS = [
    ("required", "een", "", True),
    ("required", "een", "<een/>", False),
    ("required", "tak/x", "<tak/>", True),
    ("required", "//x", "<tak><x/></tak>", False),
    ("forbidden", "een", "<een/>", True),
    ("forbidden", "een", "", False),
    ("one_of", ["een", "tak/x"], "", True),
    ("one_of", ["een", "tak/x"], "<tak><x>1</x></tak>", False),
    ("one_of", ["een", "tak/x"], "<een>1</een>", False),
    ("true", "waar", "", True),
    ("true", "waar", "<waar>false</waar>", True),
    ("true", "waar", "<waar>0</waar>", True),
    ("true", "waar", "<waar>true</waar>", False),
    ("true", "waar", "<waar> 1 </waar>", False),
    ("equals", {"path": "een", "value": "a"}, "<een>a</een>", False),
    ("equals", {"path": "een", "value": "a"}, "<een>a </een>", True),
    ("equals", {"path": "een", "value": "a"}, "", True),
    ("equals", {"path": "meer", "value": "a"}, "<meer>b</meer><meer>a</meer>", False),
    ("equals", {"path": "een", "release": "standaardversie"}, "<een>2019.1</een>", False),
    ("equals", {"path": "een", "release": "standaardversie"}, "<een>2018.1</een>", True),
    ("in_list", {"path": "een", "list": 16}, "<een>POVO</een>", False),
    ("in_list", {"path": "een", "list": 16}, "<een>povo</een>", True),
    ("in_list", {"path": "een", "values": ["a", "b"]}, "<een>b</een>", False),
    ("in_list", {"path": "een", "values": ["a", "b"]}, "", True),
    ("in_list", {"path": "merk", "values": ["a"]}, "<merk taal='x'>a</merk>", False),
    ("contains", {"path": "een", "value": "@"}, "<een>a@b</een>", False),
    ("contains", {"path": "een", "value": "@"}, "<een>ab</een>", True),
    ("contains", {"path": "een", "value": "@"}, "", True),
    ("matches", {"path": "een", "pattern": "^[0-9]{4}$"}, "<een>1234</een>", False),
    ("matches", {"path": "een", "pattern": "^[0-9]{4}$"}, "<een>12345</een>", True),
    ("matches", {"path": "een", "pattern": "[0-9]"}, "<een>a1b</een>", False),
    ("matches", {"path": "een", "pattern": "[0-9]"}, "", True),
    ("min_length", {"path": "een", "length": 3}, "<een>ab</een>", True),
    ("min_length", {"path": "een", "length": 3}, "<een>abc</een>", False),
    ("min_length", {"path": "een", "length": 1}, "", True),
    ("max_length", {"path": "een", "length": 3}, "<een>abcd</een>", True),
    ("max_length", {"path": "een", "length": 3}, "<een>éé€</een>", False),
    ("max_length", {"path": "meer", "length": 1}, "<meer>a</meer><meer>bb</meer>", True),
    ("max_length", {"path": "een", "length": 3}, "", False),
]


@pytest.mark.parametrize(("word", "what", "body", "given"), CHECKS)
def test_a_check_gives_a_finding_or_not(word: str, what: Any, body: str, given: bool) -> None:
    assert ask(body, word, what) is given
    assert ask(body, word, what, placed=False) is given


def test_every_check_word_is_tried() -> None:
    from oso_bridge.rules.rows import CHECKS as WORDS

    assert {check[0] for check in CHECKS} | {"school_years"} == set(WORDS)


def years(dates: str, reference: str = "2019-03-01", count: int = 3) -> bool:
    body = "".join(f"<meer>{day}</meer>" for day in dates.split())
    what = {"path": "meer", "reference": "tak/dag", "years": count}
    return ask(f"{body}<tak><dag>{reference}</dag></tak>", "school_years", what)


@pytest.mark.parametrize(
    ("dates", "reference", "given"),
    [
        ("2016-08-01", "2019-03-01", False),
        ("2016-07-31", "2019-03-01", True),
        ("2019-02-01 2016-07-31", "2019-03-01", True),
        ("2017-07-31", "2019-08-01", True),
        ("2017-08-01", "2019-08-01", False),
        ("2016-08-01", "2019-07-31", False),
        ("onbekend", "2019-03-01", False),
        ("onbekend 2016-07-31", "2019-03-01", True),
        ("2016-07-31Z", "2019-03-01+01:00", True),
        ("", "geen datum", False),
    ],
)
def test_school_years_are_counted_back_from_the_first_of_august(dates: str, reference: str, given: bool) -> None:
    assert years(dates, reference) is given


def test_a_reference_that_is_no_date_breaks_the_check_off() -> None:
    with pytest.raises(BreaksOff):
        years("2016-07-31", "geen datum")


@pytest.mark.parametrize(
    ("reference", "count", "expected"),
    [
        (date(2019, 8, 1), 1, date(2019, 8, 1)),
        (date(2019, 7, 31), 1, date(2018, 8, 1)),
        (date(2019, 7, 31), 3, date(2016, 8, 1)),
        (date(2, 1, 1), 9, date(1, 8, 1)),
    ],
)
def test_the_first_day_of_the_oldest_school_year(reference: date, count: int, expected: date) -> None:
    assert words.first_day(reference, count) == expected


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2019-02-28", date(2019, 2, 28)),
        ("2019-02-28T12:00:00", date(2019, 2, 28)),
        ("2019-02-29", None),
        ("", None),
        ("28-02-2019", None),
    ],
)
def test_a_date_at_the_beginning_of_a_text(text: str, day: date | None) -> None:
    assert words.as_date(text) == day


GUARDS = [
    ({"true": "waar"}, "<waar>true</waar>", True),
    ({"true": "waar"}, "<waar>false</waar>", False),
    ({"true": "waar"}, "", False),
    ({"false": "waar"}, "<waar>0</waar>", True),
    ({"false": "waar"}, "", False),
    ({"true": ["waar", "waren"]}, "<waar>1</waar><waren>1</waren>", True),
    ({"true": ["waar", "waren"]}, "<waar>1</waar>", False),
    ({"present": "een"}, "<een/>", True),
    ({"present": ["een", "twee"]}, "<een/>", False),
    ({"is": {"een": "a"}}, "<een>a</een>", True),
    ({"is": {"een": ["a", "b"]}}, "<een>b</een>", True),
    ({"is": {"een": "a"}}, "", False),
    ({"is": {"meer": "a"}}, "<meer>b</meer><meer>a</meer>", True),
    ({"is": {"een": "a", "twee": "b"}}, "<een>a</een><twee>c</twee>", False),
    ({"is": {"een": "a"}, "present": "twee"}, "<een>a</een><twee/>", True),
]


@pytest.mark.parametrize(("conditions", "body", "expected"), GUARDS)
def test_a_guard_holds_when_all_its_conditions_do(conditions: dict[str, Any], body: str, expected: bool) -> None:
    assert holds(body, conditions) is expected
    assert holds(body, conditions, placed=False) is expected


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("waar", "<waar>ja</waar>"),
        ("waar", "<waar/>"),
        ("waar", "<waar>TRUE</waar>"),
        ("waren", "<waren>true</waren><waren>true</waren>"),
        ("waren", "<waren>ja</waren>"),
    ],
)
def test_a_boolean_with_another_text_or_twice_breaks_off(path: str, body: str) -> None:
    with pytest.raises(BreaksOff):
        ask(body, "true", path)
    with pytest.raises(BreaksOff):
        holds(body, {"true": path})


def test_unknown_words_are_refused() -> None:
    made = Words(RELEASE, TREE, TREE.root)
    with pytest.raises(DataError, match="Unknown check 'verplicht'"):
        made.check("verplicht", "een")
    with pytest.raises(DataError, match="Unknown word 'absent' in the guard"):
        made.guard({"absent": "een"})
    with pytest.raises(UsageError, match="no code list 999"):
        made.check("in_list", {"path": "een", "list": 999})
