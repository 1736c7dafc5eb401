"""The table engine apart from any standard: what it refuses, and how it reads and writes each kind of place."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from oso_bridge import kept, tables
from oso_bridge.errors import DataError
from oso_bridge.kept import Held, Kept
from oso_bridge.plan import Plan, Tree
from oso_bridge.tables import Table
from oso_bridge.xml.writer import write_record


class Part(BaseModel):
    extra: list[Any] = Field(default_factory=list)


class Text(BaseModel):
    code: str | None = None
    naam: str | None = None


class Item(Part):
    naam: str
    telling: int | None = None


class Groep(Part):
    naam: str | None = None
    punten: list[str] = Field(default_factory=list)


class Advies(Part):
    soort: Literal["oud", "nieuw"]
    niveau: str | None = None
    reden: str | None = None
    items: list[Item] = Field(default_factory=list)


class Kind(Part):
    naam: str | None = None
    namen: list[str] = Field(default_factory=list)
    dag: date | None = None
    geheim: bool | None = None
    land: Text | None = None
    items: list[Item] = Field(default_factory=list)
    groepen: list[Groep] = Field(default_factory=list)
    adviezen: list[Advies] = Field(default_factory=list)


class Verslag(Part):
    waarde: str | None = None
    item: Item | None = None


class Top(Part):
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
    "two codes with one meaning": (
        [*ROWS, {"record": "persoon/vreemd", "model": ".naam", "values": {"1": "2"}}],
        "two codes one meaning",
    ),
    "a text split into no list": (
        [*ROWS, {"record": "persoon/naam", "model": ".naam", "split": " "}],
        "no list of texts",
    ),
    "an item for each text, by a field that is a list": (
        [*ROWS, {"record": "persoon/vreemd", "model": ".groepen[].punten"}],
        "but punten is a list",
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


def asis(kept: Kept) -> Kept:
    return kept


@pytest.mark.parametrize(("record", "fields"), ROUND.values(), ids=ROUND)
def test_each_kind_of_place_is_read_and_written(record: dict[str, Any], fields: dict[str, Any]) -> None:
    table, whole = compiled(), {"persoon": {**record, **EMPTY}}
    quick = Top.model_validate(table.read(whole))
    assert quick.kind == Kind(**fields)
    assert Top.model_validate(table.read_carefully(whole, asis)) == quick
    assert table.write(quick) == (whole, [])


def test_a_wrapper_that_must_be_there_is_written_with_those_inside_it() -> None:
    assert compiled().write(Top(kind=Kind()))[0] == {"persoon": EMPTY}


def test_an_element_for_what_stands_elsewhere_is_written_when_its_own_part_is_absent() -> None:
    top = Top(verslag=Verslag(waarde="x"), los="2016-01-01")
    table = compiled()
    written, _ = table.write(top)
    assert written == {"persoon": {"moet": {"binnen": {"dag": "2016-01-01"}}, "verslag": {"waarde": "x"}}}
    assert table.read(written)["los"] == "2016-01-01"
    assert table.write(Top()) == ({}, [])


def test_an_empty_wrapper_that_need_not_be_there_is_kept() -> None:
    table, record = compiled(), {"persoon": {"naam": "a", "lijst": {}, **EMPTY}}
    with pytest.raises(ValueError, match="says something that the model cannot"):
        table.read(record)
    top = Top.model_validate(table.read_carefully(record, asis))
    assert top.kind is not None
    assert top.kind.extra == [Kept("persoon.lijst", "blok", "{}")]
    assert again(table, top) == record


def test_groups_that_do_not_begin_as_a_group_are_written_as_they_will_be_read() -> None:
    table = compiled()
    top = Top(kind=Kind(groepen=[Groep(naam="a", punten=["1"]), Groep(punten=["2"]), Groep(naam="b"), Groep(naam="c")]))
    groups = table.write(top)[0]["persoon"]["groepen"]["#groups"]
    assert groups == [{"naam": "a", "punt": ["1", "2"]}, {"naam": "b"}, {"naam": "c"}]


MARK = {"kind": "attribute", "name": "q", "position": 0, "content": "x"}
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
    top = Top.model_validate(table.read_carefully(whole, asis))
    assert [item for part in holders(top) for item in part.extra] == expected
    # a record may hold one of several without a list around it; what is written is the same
    assert write_record(again(table, top), tree()) == write_record(whole, tree())


def restored(held: Held, table: Table) -> list[Kept]:
    return kept.restore(held, table.shape.branch, held.part.extra, lambda text, name: f"<{name}" in text)


def holders(part: Any) -> list[Part]:
    found = [part] if isinstance(part, Part) and part.extra else []
    inner = [item for value in part.__dict__.values() for item in (value if isinstance(value, list) else [value])]
    return found + [holder for item in inner if isinstance(item, BaseModel) for holder in holders(item)]


def again(table: Table, top: Top) -> dict[str, Any]:
    record, held = table.write(top)
    assert len(held) == len(holders(top))
    assert [restored(part, table) for part in held] == [[] for _ in held]
    return record


def kept_in(extra: list[Kept], **fields: Any) -> tuple[dict[str, Any], list[Kept]]:
    """What is written of a person with those extras, and what of them is lost."""
    table = compiled()
    record, held = table.write(Top(kind=Kind(extra=extra, **fields)))
    lost = [item for part in held for item in restored(part, table)]
    return record["persoon"], lost


NOWHERE = {
    "an element of another name": Kept("persoon", "element", "<c/>", "d", 0),
    "a place before the first": Kept("persoon", "element", "<a/>", "a", -1),
    "the namespace itself": Kept("persoon", "attribuut", "x", "xmlns"),
    "a name that begins with a number": Kept("persoon", "attribuut", "x", "1a"),
    "an item of a list holds its own": Kept("persoon.lijst.item[2].telling", "waarde", "x"),
    "a round that is not there": Kept("persoon.groepen.#2", "tekst", "x", "", 0),
    "another part": Kept("top", "waarde", "x"),
    "nothing at all": Kept("", "waarde", "x"),
    "no path": Kept("persoon.[x]..", "tekst", "x", "", 0),
    "a round of no number": Kept("persoon.#x", "tekst", "x", "", 0),
    "a value for a branch": Kept("persoon.lijst", "waarde", "x"),
    "a value for what is unknown": Kept("persoon.onbekend", "waarde", "x"),
    "a value for a text with attributes": Kept("persoon.land", "waarde", "x"),
    "a value that is a list": Kept("persoon.vreemd", "waarde", ["x"]),
    "a block for a text": Kept("persoon.vreemd", "blok", "{}"),
    "a block that is no record": Kept("persoon.vreemde", "blok", "5"),
    "a block that is no JSON": Kept("persoon.vreemde", "blok", "{"),
    "a block that is too deep": Kept("persoon.vreemde", "blok", "[" * 100_000),
    "a block with an unknown child": Kept("persoon.vreemde", "blok", '{"iets": "1", "anders": "2"}'),
    "a block with a child of another form": Kept("persoon.vreemde", "blok", '{"iets": {"#text": "1"}}'),
    "a block with extras that are none": Kept("persoon.vreemde", "blok", '{"#extra": 5}'),
    "a block with an extra of no kind": Kept("persoon.vreemde", "blok", '{"#extra": [{"kind": "x"}]}'),
    "a block with an order that is none": Kept("persoon.vreemde", "blok", '{"#order": ["anders"]}'),
    "groups where there are none": Kept("persoon.vreemde", "blok", '{"#groups": []}'),
    "a text with attributes without text": Kept("persoon.land", "blok", '{"@omschrijving": "x"}'),
    "an unknown attribute": Kept("persoon.land", "blok", '{"#text": "x", "@y": "z"}'),
    "an order of unknown names": Kept("persoon", "volgorde", ["naam", "anders"]),
    "an order that is a text": Kept("persoon", "volgorde", "naam"),
    "an attribute that is no name": Kept("persoon", "attribuut", "x", 'a="b" c'),
    "an attribute of what is not there": Kept("persoon.vreemd", "attribuut", "x", "a"),
    "an element of no text": Kept("persoon", "element", ["x"], "a"),
    "an absent text": Kept("persoon.vreemd", "ontbreekt", ""),
}


@pytest.mark.parametrize("extra", NOWHERE.values(), ids=NOWHERE)
def test_what_fits_nowhere_is_told_and_changes_nothing(extra: Kept) -> None:
    assert kept_in([extra]) == (EMPTY, [extra])


def test_what_is_there_once_is_put_back_once() -> None:
    values = [Kept("persoon.vreemd", "waarde", text) for text in "ab"]
    orders = [Kept("persoon", "volgorde", ["naam"]), Kept("persoon", "volgorde", ["tweede"])]
    marks = [Kept("persoon", "attribuut", text, "q") for text in "ab"]
    record, lost = kept_in([*values, *orders, *marks])
    assert lost == [orders[1], values[1], marks[1]]
    assert (record["vreemd"], record["#order"], len(record["#extra"])) == ("a", ["naam"], 1)


def test_an_attribute_of_one_of_several_texts_goes_with_that_text() -> None:
    table = compiled()
    groups = [{"naam": "r", "punt": ["1", "2", "3"], "#extra": [{**MARK, "child": "punt[2]"}]}, {"naam": "s"}]
    whole = {"persoon": {"groepen": {"#groups": groups}, **EMPTY}}
    top = Top.model_validate(table.read_carefully(whole, asis))
    assert top.kind is not None
    assert again(table, top) == whole
    (first, second) = top.kind.groepen
    first.punten = ["3", "2"]
    top.kind.groepen = [second, first]
    written = again(table, top)["persoon"]["groepen"]["#groups"]
    assert written == [{"naam": "s"}, {"naam": "r", "punt": ["3", "2"], "#extra": [{**MARK, "child": "punt[2]"}]}]
    first.punten = ["3", "1"]
    record, held = table.write(top)
    assert [len(restored(part, table)) for part in held] == [1]
    assert "#extra" not in record["persoon"]["groepen"]["#groups"][1]


def test_an_attribute_of_a_value_of_another_type_comes_back_with_it() -> None:
    table = compiled()
    whole = {"persoon": {"geheim": "nee", "#extra": [{**MARK, "child": "geheim"}], **EMPTY}}
    assert again(table, Top.model_validate(table.read_carefully(whole, asis))) == whole


def test_a_value_that_was_repaired_stays_repaired() -> None:
    record, lost = kept_in([Kept("persoon.geheim", "waarde", "yes", reden="boolean")], geheim=True)
    assert record["geheim"] == "true"
    assert lost == []


def test_what_was_kept_moves_and_goes_with_its_item() -> None:
    table = compiled()
    items = [{"naam": name, "#extra": [{**STRAY, "content": name}]} for name in "abc"]
    top = Top.model_validate(table.read_carefully({"persoon": {"lijst": {"item": items}, **EMPTY}}, asis))
    assert top.kind is not None
    top.kind.items = [top.kind.items[2], Item(naam="d"), top.kind.items[0]]
    assert again(table, top)["persoon"]["lijst"]["item"] == [items[2], {"naam": "d"}, items[0]]


def test_a_wrapper_that_was_not_there_is_not_brought_in() -> None:
    table, record = compiled(), {"persoon": {"naam": "a"}}
    top = Top.model_validate(table.read_carefully(record, asis))
    assert again(table, top) == record
    top.los = "2016-01-01"
    assert again(table, top) == {"persoon": {"naam": "a", "moet": {"binnen": {"dag": "2016-01-01"}}}}


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
    kept.settle_order(record, tree().root)
    assert record["persoon"]["#order"] == expected
