"""Paths of rules: which places and texts they lead to."""

from __future__ import annotations

import pytest

from oso_bridge.errors import DataError
from oso_bridge.plan import Branch, Tree
from oso_bridge.rules import paths
from oso_bridge.rules.paths import Document, Spot

from .samples import dossier_tree, element, raw, strict, structure

TREE = structure(
    {
        "top": {"content": [element("een"), element("tak", "tak"), element("takken", "tak", most=None)]},
        "tak": {
            "content": [element("x"), element("xx", most=None), element("merk", "merk"), element("reeks", "reeks")]
        },
        "merk": {"text": "xs:string", "attributes": [{"name": "taal", "type": "xs:string", "use": "optional"}]},
        "reeks": {"content": [element("naam"), element("punt", most=None)], "repeat": [1, None]},
    }
)
DATA = b"""<top><een>1</een><tak><x>2</x><xx>3</xx><xx>4</xx><merk taal="nl">5</merk>
<reeks><naam>A</naam><punt>6</punt><punt>7</punt><naam>B</naam></reeks></tak><takken><x>8</x></takken><takken/></top>"""
READING = strict(DATA, TREE)[0]
RECORD, DOCUMENT = READING.record, Document(READING.index)


def paths_of(place: str, tree: Tree) -> list[str]:
    return [f"{spot.branch.path}{'/' + spot.leaf if spot.leaf else ''}" for spot in paths.spots(place, tree)]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("dossier", ["dossier"]),
        ("dossier/overdrachtsoort", ["dossier/overdrachtsoort"]),
        ("dossier/metadata", ["dossier/metadata"]),
        ("**/metadata/overstap", ["dossier/metadata/overstap"]),
        ("dossier/leerling", []),
        ("metadata", []),
        ("**/nergens/adres", []),
    ],
)
def test_the_places_of_a_dossier(place: str, expected: list[str]) -> None:
    assert paths_of(place, dossier_tree()) == expected


def test_below_several_dossiers_a_place_starts_at_each() -> None:
    assert paths_of("dossier/metadata", dossier_tree("dossiers")) == ["dossiers/dossier/metadata"]
    assert paths_of("**/metadata", dossier_tree("dossiers")) == [
        "dossiers/dossier/metadata",
        "dossiers/terugkoppeling/metadata",
    ]


def test_a_name_anywhere_is_every_place_of_it_in_order() -> None:
    found = paths_of("**/afnamedatum", dossier_tree())
    assert len(found) > 2
    numbers = [spot.branch.number for spot in paths.spots("**/afnamedatum", dossier_tree())]
    assert numbers == sorted(numbers)
    assert all(path.endswith("/afnamedatum") for path in found)


@pytest.mark.parametrize(
    ("path", "place", "known"),
    [
        (".", "top", True),
        ("een", "top", True),
        ("tak/reeks/naam", "top", True),
        ("tak/nergens", "top", False),
        ("nergens/naam", "top", False),
        ("x", "top/tak", True),
        ("een", "top/tak", False),
        ("//naam", "top", True),
        ("//nergens", "top", False),
    ],
)
def test_whether_the_structure_has_a_path(path: str, place: str, known: bool) -> None:
    assert paths.exists(path, Spot(TREE.by_path[place]), TREE) is known


def test_below_the_document_or_a_text_there_is_nothing() -> None:
    assert not paths.exists("een", None, TREE)
    assert not paths.exists("x", Spot(TREE.root, "een"), TREE)
    assert paths.exists("//x", None, TREE)


@pytest.mark.parametrize(
    ("path", "place", "expected"),
    [
        ("een", "top", True),
        ("x", "top/tak", True),
        ("xx", "top/tak", False),
        ("merk", "top/tak", False),
        ("naam", "top/tak/reeks", False),
        ("reeks", "top/tak", False),
    ],
)
def test_a_plain_path_is_one_bare_text(path: str, place: str, expected: bool) -> None:
    assert paths.plain(path, TREE.by_path[place]) is expected
    assert paths.plain(path, None) is False


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("een", ["1"]),
        ("tak/x", ["2"]),
        ("tak/xx", ["3", "4"]),
        ("tak/merk", ["5"]),
        ("tak/reeks/naam", ["A", "B"]),
        ("tak/reeks/punt", ["6", "7"]),
        ("takken/x", ["8"]),
        ("takken/xx", []),
        ("//x", ["2", "8"]),
        ("//xx", ["3", "4"]),
        ("//merk", ["5"]),
        ("//reeks/naam", ["A", "B"]),
        ("een/x", []),
    ],
)
@pytest.mark.parametrize("branch", [None, TREE.root])
def test_texts_come_in_document_order(path: str, found: list[str], branch: Branch | None) -> None:
    assert paths.texts(path, TREE, branch)(RECORD, DOCUMENT) == found
    anywhere = path.startswith("//")
    assert bool(paths.texts(path, TREE)({}, DOCUMENT)) is (anywhere and bool(found))


@pytest.mark.parametrize("path", ["een", "tak/xx", "tak/merk", "tak/reeks/naam", "takken/x", "//x", "//xx", "//merk"])
def test_what_has_a_text_is_there(path: str) -> None:
    assert paths.present(path, TREE)(RECORD, DOCUMENT)
    assert not paths.present(path, TREE)({}, Document({}))


@pytest.mark.parametrize("path", ["takken/xx", "een/x", "//nergens", "nergens"])
def test_what_is_nowhere_is_not_there(path: str) -> None:
    assert not paths.present(path, TREE)(RECORD, DOCUMENT)


@pytest.mark.parametrize(("path", "there"), [("tak", True), ("tak/reeks", True), ("takken", True), ("//takken", True)])
def test_an_element_is_there_when_it_is_empty_too(path: str, there: bool) -> None:
    reading = strict(b"<top><tak><reeks/></tak><takken/></top>", TREE)[0]
    assert paths.present(path, TREE)(reading.record, Document(reading.index)) is there
    assert not paths.present(path, TREE)({}, Document({}))


def test_an_empty_text_is_there() -> None:
    reading = strict(b"<top><een/></top>", TREE)[0]
    for path in ("een", "//een"):
        assert paths.present(path, TREE)(reading.record, Document(reading.index))
        assert paths.texts(path, TREE)(reading.record, Document(reading.index)) == [""]


def test_texts_of_what_has_no_text_are_refused() -> None:
    with pytest.raises(DataError, match="//takken names no element with text"):
        paths.texts("//takken", TREE)


def test_paths_on_a_whole_dossier() -> None:
    tree = dossier_tree()
    document = Document(strict(raw(), tree)[0].index)
    assert paths.texts("//metadata/overstap", tree)({}, document) == ["POVO"]
    assert paths.texts("//schoolloopbaan/jaargroep", tree)({}, document) == ["4", "5", "7", "8"]
    assert paths.texts("//cijferlijstTypelijst/naam", tree)({}, document) == ["Taal", "Rekenen", "Wereldoriëntatie"]
