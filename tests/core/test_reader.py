"""The two readers: what a document said, as a record, an index and places."""

from __future__ import annotations

import copy

import pytest
from lxml import etree

from oso_bridge.xml import reader

from .samples import GOOD, dossier_tree, element, lenient, raw, strict, structure

TYPES = {
    "top": {
        "content": [
            element("een"),
            element("meer", most=None),
            element("tak", "tak"),
            element("takken", "tak", most=None),
            element("merk", "merk"),
            element("merken", "merk", most=None),
            element("reeks", "reeks"),
        ]
    },
    "tak": {"content": [element("x"), element("y")]},
    "merk": {"text": "xs:string", "attributes": [{"name": "taal", "type": "xs:string", "use": "optional"}]},
    "reeks": {
        "content": [element("naam"), element("deel", "tak", most=None), element("punt", most=None)],
        "repeat": [1, None],
    },
}
TREE = structure(TYPES)
FULL = b"""<top><een>1</een><meer>2</meer><meer/><tak><x>3</x></tak><takken/><takken><y>4</y></takken>
<merk taal="nl">5</merk><merken>6</merken><merken taal="en"/></top>"""
RECORD = {
    "een": "1",
    "meer": ["2", ""],
    "tak": {"x": "3"},
    "takken": [{}, {"y": "4"}],
    "merk": {"#text": "5", "@taal": "nl"},
    "merken": [{"#text": "6", "@taal": None}, {"#text": "", "@taal": "en"}],
}
RUNS = b"""<top><reeks><naam>A</naam><deel><x>1</x></deel><deel/><punt>7</punt><punt>8</punt>
<naam>B</naam><naam>C</naam><punt>9</punt><deel/></reeks></top>"""
GROUPS = [
    {"naam": "A", "deel": [{"x": "1"}, {}], "punt": ["7", "8"]},
    {"naam": "B"},
    {"naam": "C", "punt": ["9"]},
    {"deel": [{}]},
]


@pytest.mark.parametrize("read", [strict, lenient])
@pytest.mark.parametrize(("data", "record"), [(FULL, RECORD), (RUNS, {"reeks": {"#groups": GROUPS}})])
def test_both_readers_keep_every_shape(read: object, data: bytes, record: object) -> None:
    assert callable(read)
    reading, _ = read(data, TREE)
    assert reading.record == record


@pytest.mark.parametrize("read", [strict, lenient])
def test_the_index_holds_the_records_of_a_branch_in_document_order(read: object) -> None:
    assert callable(read)
    reading, _ = read(FULL, TREE)
    takken = TREE.by_path["top/takken"]
    assert reading.index[TREE.root.number] == [reading.record]
    assert [id(item) for item in reading.index[takken.number]] == [id(item) for item in reading.record["takken"]]
    assert TREE.by_path["top/reeks"].number not in reading.index


@pytest.mark.parametrize("name", GOOD)
def test_both_readers_make_the_same_of_a_good_document(name: str) -> None:
    tree = dossier_tree()
    root = etree.fromstring(raw(name), etree.XMLParser(remove_comments=True))
    one, two = reader.read_strict(root, tree), reader.read_lenient(root, tree)
    assert one.record == two.record
    assert {number: len(found) for number, found in one.index.items()} == {
        number: len(found) for number, found in two.index.items()
    }
    assert two.unread == 0


def test_what_has_no_place_is_kept_with_its_position() -> None:
    reading, _ = lenient(b'<top><een>1</een><raar z="q"><b>x</b></raar>los<meer>2</meer></top>', TREE)
    assert reading.unread == 1
    assert reading.record == {
        "een": "1",
        "meer": ["2"],
        "#extra": [
            {"kind": "element", "name": "raar", "position": 1, "content": '<raar z="q"><b>x</b></raar>'},
            {"kind": "text", "name": "", "position": 2, "content": "los"},
        ],
    }


def test_a_second_of_a_single_child_is_kept_beside_the_first() -> None:
    reading, _ = lenient(b"<top><een>1</een><een>2</een><tak/><tak><x>3</x></tak></top>", TREE)
    assert reading.record["een"] == "1"
    assert reading.record["tak"] == {}
    assert [extra["content"] for extra in reading.record["#extra"]] == ["<een>2</een>", "<tak><x>3</x></tak>"]
    assert reading.unread == 2


def test_a_text_with_elements_in_it_is_kept_whole() -> None:
    reading, _ = lenient(b"<top><een>a<b>c</b></een></top>", TREE)
    assert reading.record["#extra"][0]["content"] == "<een>a<b>c</b></een>"
    assert "een" not in reading.record


def test_attributes_without_a_place_are_kept_where_they_stood() -> None:
    data = b'<top soort="s"><een nr="1">x</een><merk taal="nl" nr="2">y</merk><tak z="3"/></top>'
    reading, _ = lenient(data, TREE)
    assert reading.record["merk"] == {"#text": "y", "@taal": "nl"}
    assert reading.record["#extra"] == [
        {"kind": "attribute", "name": "soort", "position": -1, "content": "s"},
        {"kind": "attribute", "name": "nr", "position": 0, "content": "1", "child": "een"},
        {"kind": "attribute", "name": "nr", "position": 1, "content": "2", "child": "merk"},
    ]
    assert reading.record["tak"]["#extra"] == [{"kind": "attribute", "name": "z", "position": -1, "content": "3"}]


def test_an_order_that_differs_is_noted_and_one_that_does_not_is_not() -> None:
    reading, _ = lenient(b"<top><meer>1</meer><een>2</een><meer>3</meer></top>", TREE)
    assert reading.record["#order"] == ["meer", "een", "meer"]
    assert reading.record["meer"] == ["1", "3"]
    assert "#order" not in lenient(FULL, TREE)[0].record


def test_stray_text_at_the_start_is_kept() -> None:
    reading, _ = lenient(b"<top>los<een>1</een></top>", TREE)
    assert reading.record["#extra"] == [{"kind": "text", "name": "", "position": 0, "content": "los"}]


def test_a_name_in_another_namespace_is_not_the_one_of_the_structure() -> None:
    reading, _ = lenient(b'<top><een xmlns="urn:x">1</een></top>', TREE)
    assert reading.record["#extra"][0]["name"] == "{urn:x}een"


def test_an_element_without_anything_is_an_empty_record() -> None:
    for read in (strict, lenient):
        assert read(b"<top/>", TREE)[0].record == {}


def test_reading_leaves_the_tree_as_it_was() -> None:
    root = etree.fromstring(FULL)
    before = etree.tostring(copy.deepcopy(root))
    reader.read_lenient(root, TREE)
    reader.read_strict(root, TREE)
    assert etree.tostring(root) == before
