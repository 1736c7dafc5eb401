"""What was meant by a name that does not exist."""

from __future__ import annotations

import pytest

from oso_bridge.errors import alike, choose


@pytest.mark.parametrize(
    ("given", "known", "found"),
    [
        ("povo", ["POPO", "POVO"], ["POVO"]),
        ("POVO", ["POPO", "POVO"], ["POVO"]),
        ("poov", ["POPO", "POVO", "BB"], ["POVO", "POPO"]),
        ("2019", ["oso/2016.1", "oso/2019.1"], ["oso/2019.1"]),
        ("oso", ["oso/2016.1", "oso/2019.1"], ["oso/2016.1", "oso/2019.1"]),
        ("a", ["abc", "xyz"], []),
        ("", ["abc"], []),
        ("abc", [], []),
    ],
)
def test_alike(given: str, known: list[str], found: list[str]) -> None:
    assert sorted(alike(given, known)) == sorted(found)


def test_no_more_than_asked() -> None:
    assert alike("rule", ["rule1", "rule2", "rule3"], most=2) == ["rule1", "rule2"]


def test_choose_names_the_likely_one_and_then_all_others() -> None:
    assert choose("povo", ["POPO", "POVO"]) == "Do you mean POVO? Choose from POPO, POVO."
    assert choose("xyz", ["POPO", "POVO"]) == "Choose from POPO, POVO."
    assert choose("povo", ["POPO", "POVO"], "See the list.") == "Do you mean POVO? See the list."
    assert choose("xyz", ["POPO"], "See the list.") == "See the list."
