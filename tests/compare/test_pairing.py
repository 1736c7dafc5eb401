"""Which items are the same: the table of keys fits the model, and items find each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest

from oso_bridge import data, model, pairing
from oso_bridge.errors import DataError
from oso_bridge.model import (
    Adres,
    Afname,
    Bijlage,
    Communicatie,
    Diagnose,
    Dossier,
    Extra,
    Score,
    Toets,
    ToetsMetNiveau,
    Verzorger,
)
from oso_bridge.model.base import Basis

from .samples import random_of

PARTS: dict[str, type[Basis]] = {
    name: kind
    for name in model.__all__
    if isinstance(kind := getattr(model, name), type) and issubclass(kind, Basis) and kind is not Basis
}


def lists_of_the_model() -> Iterator[tuple[str, str, Any]]:
    """Every list of the model: part, field and the type of its items."""
    for name, part in PARTS.items():
        for field, info in part.model_fields.items():
            if get_origin(info.annotation) is list:
                yield name, field, get_args(info.annotation)[0]


def field_of(part: type[Basis], path: str) -> Any:
    """The type of a field below a part; a KeyError when there is none."""
    step, _, rest = path.partition(".")
    kind = part.model_fields[step].annotation
    if not rest:
        return kind
    inner = next(item for item in (kind, *get_args(kind)) if isinstance(item, type) and issubclass(item, Basis))
    return field_of(inner, rest)


# --- the table and the model ---


@pytest.mark.parametrize(("part", "field", "kind"), list(lists_of_the_model()), ids=str)
def test_every_list_of_the_model_has_a_row(part: str, field: str, kind: Any) -> None:
    if isinstance(kind, type) and issubclass(kind, Basis):
        pairing.keys_of(kind)
    else:
        pairing.is_ordered(field)


def test_every_field_of_a_key_exists() -> None:
    rows = data.toml(*pairing.FILE)["parts"]
    assert rows
    for name, row in rows.items():
        assert set(row) <= {"keys", "strict", "equal"}, name
        for key in row.get("keys", ()):
            assert key
            for field in key:
                field_of(PARTS[name], field)


def test_the_table_has_nothing_that_the_model_lacks() -> None:
    table = data.toml(*pairing.FILE)
    items = {kind.__name__ for *_, kind in lists_of_the_model()}
    plain = {
        field for _, field, kind in lists_of_the_model() if not (isinstance(kind, type) and issubclass(kind, Basis))
    }
    assert set(table) == {"parts", "values", "whole"}
    assert set(table["parts"]) <= items
    assert set(table["values"]) == plain | {"inhoud"}
    assert set(table["whole"]["parts"]) <= set(PARTS)


def test_containers_are_not_kept_or_taken_as_a_whole() -> None:
    for name in ("Dossier", "Leerling", "OnderwijskundigRapport", "Ondersteuning", "Toets", "Verzorger"):
        assert not pairing.is_whole(PARTS[name])
    assert pairing.is_whole(Adres)


def test_a_type_without_a_row_is_an_error_of_the_data() -> None:
    with pytest.raises(DataError, match="no row for items of Afname"):
        pairing.keys_of(Afname)
    with pytest.raises(DataError, match="no row for the values of nergens"):
        pairing.is_ordered("nergens")


def test_a_kind_of_a_part_is_matched_as_that_part() -> None:
    assert pairing.keys_of(ToetsMetNiveau) == pairing.keys_of(Toets)


# --- who finds whom ---


def both(a: list[Any], b: list[Any]) -> list[tuple[int, int]]:
    """The pairs; and the other way round they are the same."""
    found, back = pairing.pair(a, b), pairing.pair(b, a)
    assert sorted((j, i) for i, j in back.both) == found.both
    assert (back.left, back.right) == (found.right, found.left)
    assert len(found.both) + len(found.left) == len(a)
    assert len(found.both) + len(found.right) == len(b)
    return found.both


def toets(code: str | None, day: str | None, **more: Any) -> Toets:
    return Toets(code=code, afname=Afname(datum=day) if day else None, **more)


def test_tests_by_code_and_day() -> None:
    a = [toets("A", "2019-01-01"), toets("A", "2019-06-01"), toets("B", "2019-01-01")]
    b = [toets("B", "2019-01-01"), toets("A", "2019-06-01"), toets("A", "2018-01-01")]
    assert both(a, b) == [(1, 1), (2, 0)]


def test_tests_without_a_code_by_name_and_day() -> None:
    a = [toets(None, "2019-01-01", naam="Rekenen M8"), toets("A", "2019-01-01", naam="Taal M8")]
    b = [toets("T", "2019-01-01", naam="taal  m8"), toets("R", "2019-01-01", naam="REKENEN M8")]
    # A and T are two codes, so two tests, whatever they are called
    assert both(a, b) == [(0, 1)]


def test_a_day_that_came_later_is_the_same_test() -> None:
    assert both([toets("A", None, naam="Taal")], [toets("A", "2019-01-01")]) == [(0, 0)]


def test_addresses_by_kind_whatever_the_rest() -> None:
    a = [Adres(soort="gba", straat="Dorpsstraat"), Adres(soort="post", straat="Postbus")]
    b = [Adres(soort="post", straat="Dorpsstraat"), Adres(soort="gba", straat="Postbus")]
    assert both(a, b) == [(0, 1), (1, 0)]
    assert both([Adres(soort="gba", straat="X")], [Adres(soort="post", straat="X")]) == []


def test_items_without_a_key_go_by_likeness() -> None:
    a = [Adres(straat="Dorpsstraat", nummer="1", plaats="Aa"), Adres(straat="Kade", nummer="2", plaats="Bee")]
    b = [Adres(straat="Kade", nummer="3", plaats="Bee"), Adres(straat="Dorpsstraat", nummer="1", plaats="Cee")]
    assert both(a, b) == [(0, 1), (1, 0)]


def test_what_has_nothing_in_common_goes_by_order_only_without_a_key() -> None:
    assert both([Score(waarde="6"), Score(waarde="7")], [Score(waarde="8"), Score(waarde="9")]) == [(0, 0), (1, 1)]
    assert both([Adres(straat="A")], [Adres(soort="gba", straat="B")]) == []


def test_duplicates_under_one_key_are_first_matched_when_equal() -> None:
    phones = [Communicatie(soort="telefoon", aanduiding="prive", nummer=number) for number in ("1", "2", "3")]
    changed = [phones[2], Communicatie(soort="telefoon", aanduiding="prive", nummer="4"), phones[0]]
    assert both(phones, changed) == [(0, 2), (1, 1), (2, 0)]


def test_files_by_content_and_then_by_name() -> None:
    a = [Bijlage(bestandsnaam="a.txt", inhoud="UEsD\nAAAA"), Bijlage(bestandsnaam="b.txt", inhoud="UEsDBBBB")]
    b = [Bijlage(bestandsnaam="b.txt", inhoud="UEsDCCCC"), Bijlage(bestandsnaam="c.txt", inhoud=" UEsDAAAA ")]
    assert both(a, b) == [(0, 1), (1, 0)]
    # base64 knows capitals
    assert both([Bijlage(bestandsnaam="a", inhoud="UEsDa")], [Bijlage(bestandsnaam="b", inhoud="UEsDA")]) == []


def test_a_diagnosis_that_got_a_second_code() -> None:
    a = [Diagnose(codes=["1"], naam="X", datum="2019-01-01"), Diagnose(codes=["2"], naam="Y", datum="2019-01-01")]
    b = [Diagnose(codes=["2"], naam="Y", datum="2019-01-01"), Diagnose(codes=["3", "1"], naam="X", datum="2019-01-01")]
    assert both(a, b) == [(0, 1), (1, 0)]
    assert both([Diagnose(codes=["1", "3"], naam="Z", datum="2019-01-01")], b[1:]) == [(0, 0)]


def test_carers_by_relation_and_name() -> None:
    a = [Verzorger(relatietotkind="1", achternaam="Bos"), Verzorger(relatietotkind="2", achternaam="Bos")]
    b = [Verzorger(relatietotkind="2", achternaam="Bos"), Verzorger(relatietotkind="1", achternaam="Smit")]
    assert both(a, b) == [(1, 0)]
    assert both(a, [Verzorger(achternaam="bos ", voorletters="A."), Verzorger(relatietotkind="1")]) == [(0, 0)]


def test_what_was_kept_of_a_document_only_when_equal() -> None:
    kept = [Extra(release="oso/2019.1", pad=pad, soort="volgorde", inhoud=["a", "b"]) for pad in ("x", "y")]
    other = Extra(release="oso/2019.1", pad="x", soort="volgorde", inhoud=["b", "a"])
    assert both(kept, [kept[1], other]) == [(1, 0)]


def test_plain_values_each_as_often_as_they_are_there() -> None:
    found = pairing.pair_values(["a", "b", "a"], ["a", "c", "a", "a"])
    assert (found.both, found.left, found.right) == ([(0, 0), (2, 2)], [1], [1, 3])


@pytest.mark.parametrize("seed", range(40))
def test_matching_is_the_same_the_other_way_round(seed: int) -> None:
    chance = random_of(seed)

    def some() -> list[Toets]:
        return [
            toets(chance.choice(["A", "B", None]), chance.choice(["2019-01-01", "2019-02-02", None]),
                  naam=chance.choice(["x", "y", None]), opmerking=chance.choice(["p", "q", None]))
            for _ in range(chance.randrange(1, 9))
        ]  # fmt: skip

    both(some(), some())


def test_many_under_one_key_are_taken_in_order() -> None:
    a = [toets("A", "2019-01-01", opmerking=f"a{number}") for number in range(300)]
    b = [toets("A", "2019-01-01", opmerking=f"b{number}") for number in range(300)]
    assert len(a) * len(b) > pairing.MOST_WEIGHED
    assert both(a, b) == [(number, number) for number in range(300)]


def test_equal_when_nothing_that_counts_differs() -> None:
    one = Dossier.model_validate({"rapport": {"toetsen": [{"code": "A"}, {"code": "B"}], "certificaten": ["x", "y"]}})
    two = Dossier.model_validate({"rapport": {"toetsen": [{"code": "B"}, {"code": "A"}], "certificaten": ["y", "x"]}})
    assert one != two
    assert pairing.canonical(one) == pairing.canonical(two)
    two.rapport.certificaten.append("x")
    assert pairing.canonical(one) != pairing.canonical(two)


def test_many_that_are_equal_find_each_other_whatever_their_order() -> None:
    a = [toets("A", "2019-01-01", opmerking=f"a{number}") for number in range(300)]
    assert both(a, a[::-1]) == [(number, 299 - number) for number in range(300)]
