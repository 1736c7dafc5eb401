"""The table engine apart from any standard: what it refuses, and how it reads and writes each kind of place."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from oso_bridge import tables
from oso_bridge.errors import DataError
from oso_bridge.plan import Plan, Tree
from oso_bridge.tables import Kept, Table
from oso_bridge.xml.writer import write_record


class Text(BaseModel):
    code: str | None = None
    naam: str | None = None


class Item(BaseModel):
    naam: str
    telling: int | None = None


class Groep(BaseModel):
    naam: str | None = None
    punten: list[str] = Field(default_factory=list)


class Advies(BaseModel):
    soort: Literal["oud", "nieuw"]
    niveau: str | None = None
    reden: str | None = None
    items: list[Item] = Field(default_factory=list)


class Kind(BaseModel):
    naam: str | None = None
    namen: list[str] = Field(default_factory=list)
    dag: date | None = None
    geheim: bool | None = None
    land: Text | None = None
    items: list[Item] = Field(default_factory=list)
    groepen: list[Groep] = Field(default_factory=list)
    adviezen: list[Advies] = Field(default_factory=list)


class Verslag(BaseModel):
    waarde: str | None = None
    item: Item | None = None


class Top(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Kind | None = None
    verslag: Verslag | None = None
    los: str | None = None
    over: str | None = None


def particle(name: str, kind: str = "xs:string", least: int = 0, most: int | None = 1) -> dict[str, Any]:
    return {"name": name, "type": kind, "min": least, "max": most}


def content(*particles: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"content": list(particles), **more}


TYPES = {
    "top": content(particle("persoon", "persoon")),
    "persoon": content(
        particle("naam"),
        particle("tweede"),
        particle("geboren"),
        particle("geheim", "xs:boolean"),
        particle("land", "land"),
        particle("lijst", "lijst"),
        particle("moet", "moet", least=1),
        particle("groepen", "groep"),
        particle("oud"),
        particle("oudereden"),
        particle("nieuw", "nieuw", most=None),
        particle("verslag", "verslag"),
        particle("vreemd"),
        particle("vreemde", "vreemde", most=None),
    ),
    "land": {"text": "xs:string", "attributes": [{"name": "omschrijving"}]},
    "lijst": content(particle("item", "item", most=None)),
    "item": content(particle("naam"), particle("telling", "xs:integer")),
    "moet": content(particle("binnen", "binnen", least=1)),
    "binnen": content(particle("dag", "xs:date")),
    "groep": content(particle("naam", least=1), particle("punt", most=None), repeat=True),
    "nieuw": content(particle("niveau")),
    "verslag": content(particle("waarde"), particle("item", "item")),
    "vreemde": content(particle("iets")),
}

ROWS: list[dict[str, Any]] = [
    {"record": "persoon", "model": "kind"},
    {"record": "persoon/tweede", "model": ".namen[]"},
    {"record": "persoon/geboren", "model": ".dag", "type": "date:%d-%m-%Y"},
    {"record": "**/land", "model": ".land", "text": "code", "attributes": {"omschrijving": "naam"}},
    {"record": "**/lijst/item", "model": ".items[]"},
    {"record": "persoon/groepen", "model": ".groepen[]", "groups": True},
    {"record": "**/punt", "model": ".punten[]"},
    {"record": "persoon/oud", "model": ".adviezen[soort=oud].niveau"},
    {"record": "persoon/oudereden", "model": ".adviezen[soort=oud].reden"},
    {"record": "persoon/nieuw", "model": ".adviezen[soort=nieuw]"},
    {"record": "persoon/verslag", "model": "verslag"},
    {"record": "**/binnen/dag", "model": "los"},
]


def tree() -> Tree:
    return Plan({"format": 1, "namespace": None, "elements": {"top": "top"}, "types": TYPES}).tree("top")


def compiled(rows: list[dict[str, Any]] = ROWS) -> Table:
    found = tree()
    return tables.compile_table(rows, found.root, found, Top)


# --- compiling ------------------------------------------------------------------------------------------------------


def without(record: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [*(row for row in ROWS if row["record"] != record), *rows]


REFUSED = {
    "unknown key": ([*ROWS, {"record": "persoon/naam", "model": ".naam", "colour": 1}], "unknown key: colour"),
    "no model": ([*ROWS, {"record": "persoon/naam"}], "no model"),
    "no record": ([*ROWS, {"model": ".naam"}], "no record"),
    "unknown type": ([*ROWS, {"record": "persoon/naam", "model": ".naam", "type": "getal"}], "type: getal"),
    "fits nothing": ([*ROWS, {"record": "persoon/nergens", "model": ".naam"}], "nothing in the structure"),
    "unreadable path": ([*ROWS, {"record": "persoon/naam", "model": "a.b.c.d"}], "cannot be read: a.b.c.d"),
    "no such field": ([*ROWS, {"record": "persoon/vreemd", "model": ".xyz"}], "Kind.xyz, which"),
    "no such part": ([*ROWS, {"record": "persoon/vreemd", "model": "xyz.naam"}], "Top.xyz, which"),
    "no such field of a part": ([*ROWS, {"record": "persoon/vreemd", "model": "kind.xyz"}], "Kind.xyz, which"),
    "kinds by no field": (
        [*ROWS, {"record": "persoon/vreemd", "model": ".adviezen[xyz=oud].niveau"}],
        "Advies.xyz, which",
    ),
    "no such field of a kind": (
        [*ROWS, {"record": "persoon/vreemd", "model": ".adviezen[soort=oud].xyz"}],
        "Advies.xyz, which",
    ),
    "kinds of a single field": (
        [*ROWS, {"record": "persoon/vreemd", "model": ".land[code=x].naam"}],
        "it is no list",
    ),
    "no list said to be one": ([*ROWS, {"record": "persoon/vreemd", "model": ".naam[]"}], "that it is a list"),
    "a list not said to be one": (
        without("persoon/tweede", {"record": "persoon/tweede", "model": ".namen"}),
        "that it is no list",
    ),
    "several into one": (
        without("**/punt", {"record": "**/punt", "model": "over"}),
        "more often than over can hold",
    ),
    "two places to one field": (
        [*ROWS, {"record": "persoon/vreemd", "model": ".naam"}],
        "places of the structure go to kind.naam",
    ),
    "a text into a part": ([*ROWS, {"record": "persoon/vreemd", "model": "verslag.item"}], "Item cannot hold"),
    "a part into a text": (
        without("persoon/verslag", {"record": "persoon/verslag", "model": ".naam"}),
        "naam cannot hold",
    ),
    "a part into a field of a kind": (
        without("persoon/nieuw", {"record": "persoon/nieuw", "model": ".adviezen[soort=nieuw].items"}),
        "adviezen cannot hold",
    ),
    "attributes into a text": (
        without("**/land", {"record": "**/land", "model": "over"}),
        "str cannot hold",
    ),
    "an attribute forgotten": (
        without("**/land", {"record": "**/land", "model": ".land", "attributes": {}}),
        "each attribute of land",
    ),
    "an attribute into no field": (
        without("**/land", {"record": "**/land", "model": ".land", "attributes": {"omschrijving": "xyz"}}),
        "Text.xyz, which",
    ),
    "a text into no field": (
        without(
            "**/land", {"record": "**/land", "model": ".land", "text": "x", "attributes": {"omschrijving": "naam"}}
        ),
        "Text.x, which",
    ),
    "a date for no date": (
        [*ROWS, {"record": "persoon/vreemd", "model": "over", "type": "date:%d-%m-%Y"}],
        "str the form of a date",
    ),
    "groups not named": (
        without("persoon/groepen", {"record": "persoon/groepen", "model": ".groepen[]"}),
        "groepen repeats",
    ),
    "groups that are none": (
        without("**/lijst/item", {"record": "**/lijst/item", "model": ".items[]", "groups": True}),
        "item has no groups",
    ),
    "a repeated wrapper": (
        [*ROWS, {"record": "**/iets", "model": "over"}],
        "vreemde is repeated",
    ),
}


@pytest.mark.parametrize(("rows", "told"), REFUSED.values(), ids=REFUSED)
def test_a_table_that_cannot_be_right_is_refused(rows: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(DataError) as caught:
        compiled(rows)
    assert told in str(caught.value)


def test_the_same_rows_without_the_fault_are_taken() -> None:
    table = compiled()
    assert table.unbound == ["top/persoon/vreemd", "top/persoon/vreemde"]
    assert table.kinds == {"kind.adviezen": "soort"}
    assert table.paths["top/persoon/oud"] == "kind.adviezen[soort=oud].niveau"
    assert table.paths["top/persoon/lijst"] == "kind"
    assert table.paths["top/persoon/lijst/item/naam"] == "kind.items[].naam"


def test_the_last_row_that_fits_counts() -> None:
    rows = [{"record": "**/naam", "model": ".telling"}, *ROWS, {"record": "**/naam", "model": ".naam"}]
    assert compiled(rows).paths["top/persoon/naam"] == "kind.naam"


# --- reading and writing --------------------------------------------------------------------------------------------

EMPTY = {"moet": {"binnen": {}}}

ROUND = {
    "a text": ({"naam": "Noor"}, {"naam": "Noor"}),
    "a single one into a list": ({"tweede": "Saar"}, {"namen": ["Saar"]}),
    "a date of another form": ({"geboren": "17-03-2012"}, {"dag": date(2012, 3, 17)}),
    "a date in an early year": ({"geboren": "01-01-0987"}, {"dag": date(987, 1, 1)}),
    "a boolean": ({"geheim": "true"}, {"geheim": True}),
    "a text with attributes": (
        {"land": {"#text": "6030", "@omschrijving": "Nederland"}},
        {"land": Text(code="6030", naam="Nederland")},
    ),
    "a text without its attribute": ({"land": {"#text": "6030", "@omschrijving": None}}, {"land": Text(code="6030")}),
    "a list in a wrapper": (
        {"lijst": {"item": [{"naam": "a"}, {"naam": "b", "telling": "7"}]}},
        {"items": [Item(naam="a"), Item(naam="b", telling=7)]},
    ),
    "groups": (
        {"groepen": {"#groups": [{"naam": "a", "punt": ["1", "2"]}, {"naam": "b"}]}},
        {"groepen": [Groep(naam="a", punten=["1", "2"]), Groep(naam="b")]},
    ),
    "a field of a kind": ({"oud": "60"}, {"adviezen": [Advies(soort="oud", niveau="60")]}),
    "two fields of a kind": (
        {"oud": "60", "oudereden": "daarom"},
        {"adviezen": [Advies(soort="oud", niveau="60", reden="daarom")]},
    ),
    "kinds side by side": (
        {"oudereden": "daarom", "nieuw": [{"niveau": "61"}, {"niveau": "62"}]},
        {
            "adviezen": [
                Advies(soort="oud", reden="daarom"),
                Advies(soort="nieuw", niveau="61"),
                Advies(soort="nieuw", niveau="62"),
            ]
        },
    ),
}


@pytest.mark.parametrize(("record", "fields"), ROUND.values(), ids=ROUND)
def test_each_kind_of_place_is_read_and_written(record: dict[str, Any], fields: dict[str, Any]) -> None:
    table, whole = compiled(), {"persoon": {**record, **EMPTY}}
    quick = Top.model_validate(table.read(whole))
    assert quick.kind == Kind(**fields)
    careful, kept = table.read_carefully(whole)
    assert Top.model_validate(careful) == quick
    assert kept == []
    assert table.write(quick) == whole


def test_a_wrapper_that_must_be_there_is_written_with_those_inside_it() -> None:
    assert compiled().write(Top(kind=Kind())) == {"persoon": EMPTY}


def test_an_element_for_what_stands_elsewhere_is_written_when_its_own_part_is_absent() -> None:
    top = Top(verslag=Verslag(waarde="x"), los="2016-01-01")
    table = compiled()
    written = table.write(top)
    assert written == {"persoon": {"moet": {"binnen": {"dag": "2016-01-01"}}, "verslag": {"waarde": "x"}}}
    assert table.read(written)["los"] == "2016-01-01"
    assert table.write(Top()) == {}


def test_an_empty_wrapper_that_need_not_be_there_is_kept() -> None:
    table, record = compiled(), {"persoon": {"naam": "a", "lijst": {}, **EMPTY}}
    with pytest.raises(ValueError, match="says something that the model cannot"):
        table.read(record)
    fields, kept = table.read_carefully(record)
    assert kept == [Kept("persoon.lijst", "blok", "{}")]
    assert again(table, fields, kept) == record


def test_groups_that_do_not_begin_as_a_group_are_written_as_they_will_be_read() -> None:
    table = compiled()
    top = Top(kind=Kind(groepen=[Groep(naam="a", punten=["1"]), Groep(punten=["2"]), Groep(naam="b"), Groep(naam="c")]))
    groups = table.write(top)["persoon"]["groepen"]["#groups"]
    assert groups == [{"naam": "a", "punt": ["1", "2"]}, {"naam": "b"}, {"naam": "c"}]


STRAY = {"kind": "text", "name": "", "position": 1, "content": "los"}
KEPT = {
    "no date": ({"geboren": "31-02-2012"}, [Kept("persoon.geboren", "waarde", "31-02-2012", reden="date")]),
    "a date that would be written otherwise": (
        {"geboren": "1-2-2012"},
        [Kept("persoon.geboren", "waarde", "1-2-2012", reden="date")],
    ),
    "no boolean": ({"geheim": "yes"}, [Kept("persoon.geheim", "waarde", "yes", reden="boolean")]),
    "no integer": (
        {"lijst": {"item": [{"naam": "a"}, {"naam": "b", "telling": "1_000"}]}},
        [Kept("persoon.lijst.item[2].telling", "waarde", "1_000", reden="integer")],
    ),
    "no identity": (
        {"lijst": {"item": [{"telling": "1"}, {"naam": "b"}, {}]}},
        [
            Kept("persoon.lijst.item", "blok", '{"telling": "1"}'),
            Kept("persoon.lijst.item[3]", "blok", "{}"),
        ],
    ),
    "only ones without identity": (
        {"lijst": {"item": [{"telling": "1"}]}},
        [Kept("persoon.lijst.item", "blok", '{"telling": "1"}')],
    ),
    "no groups": ({"groepen": {"#groups": []}}, [Kept("persoon.groepen", "blok", '{"#groups": []}')]),
    "an unbound text": ({"vreemd": "x"}, [Kept("persoon.vreemd", "waarde", "x")]),
    "unbound blocks": (
        {"vreemde": [{"iets": "1"}, {"iets": "2"}]},
        [
            Kept("persoon.vreemde", "blok", '{"iets": "1"}'),
            Kept("persoon.vreemde[2]", "blok", '{"iets": "2"}'),
        ],
    ),
    "something in a group": (
        {"groepen": {"#groups": [{"naam": "a"}, {"naam": "b"}], "#extra": [STRAY]}},
        [Kept("persoon.groepen", "tekst", "los", "", 1)],
    ),
}


@pytest.mark.parametrize(("record", "expected"), KEPT.values(), ids=KEPT)
def test_what_has_no_place_is_kept_and_put_back(record: dict[str, Any], expected: list[Kept]) -> None:
    table, whole = compiled(), {"persoon": {**record, **EMPTY}}
    fields, kept = table.read_carefully(whole)
    assert kept == expected
    # a record may hold one of several without a list around it; what is written is the same
    assert write_record(again(table, fields, kept), tree()) == write_record(whole, tree())


def again(table: Table, fields: dict[str, Any], kept: list[Kept]) -> dict[str, Any]:
    record = table.write(Top.model_validate(fields))
    assert tables.restore(record, kept) == []
    return record


def test_what_stood_in_a_part_that_is_gone_is_told() -> None:
    table = compiled()
    kept = [Kept("persoon.lijst.item[2].telling", "waarde", "x"), Kept("persoon.groepen.#2", "tekst", "x", "", 0)]
    assert tables.restore(table.write(Top(kind=Kind())), kept) == kept


def test_a_value_that_was_repaired_stays_repaired() -> None:
    table = compiled()
    record = table.write(Top(kind=Kind(geheim=True)))
    assert tables.restore(record, [Kept("persoon.geheim", "waarde", "yes", reden="boolean")]) == []
    assert record["persoon"]["geheim"] == "true"


def test_a_place_of_a_record_is_named_in_the_words_of_the_model() -> None:
    table = compiled()
    for pad, path in {
        "persoon.lijst.item[2].telling": "kind.items[2].telling",
        "persoon.groepen.#2.punt[3]": "kind.groepen[2].punten[3]",
        "persoon.lijst": "kind",
        "persoon.oud": "kind.adviezen[soort=oud].niveau",
        "persoon.vreemde[2]": "kind.vreemde[2]",
        "": "",
    }.items():
        assert table.place(pad) == path


# --- order ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["tweede", "naam"], ["tweede", "naam", "groepen", "nieuw", "nieuw"]),
        (["nieuw", "naam", "nieuw", "tweede"], ["nieuw", "naam", "nieuw", "tweede", "groepen"]),
        (["groepen", "naam"], ["groepen", "naam", "tweede", "nieuw", "nieuw"]),
        (["vreemd", "nieuw", "geheim", "naam"], ["nieuw", "naam", "tweede", "groepen", "nieuw"]),
    ],
)
def test_the_order_that_was_kept_is_that_of_what_is_there_by_now(names: list[str], expected: list[str]) -> None:
    record = {
        "persoon": {"naam": "a", "tweede": "b", "groepen": {"#groups": [{}, {}]}, "nieuw": [{}, {}], "#order": names}
    }
    tables.settle_order(record, tree().root)
    assert record["persoon"]["#order"] == expected
