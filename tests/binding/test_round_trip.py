"""Through the dossier and through JSON nothing is lost: documents read, made a dossier, and written again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import oso_bridge as oso
from oso_bridge.fiction.make import available, make
from oso_bridge.model import Dossier, Extra
from oso_bridge.xml.writer import write_record

from .samples import (
    EXAMPLES,
    NOWHERE,
    POVO,
    RELEASES,
    assert_same,
    edited,
    full_record,
    parts,
    reference_documents,
    release_of,
    there_and_back,
    tree_of,
)

# where a document says its schema is: no part of the dossier, and kept
SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
REFERENCES = reference_documents()
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_come_back(path: Path) -> None:
    assert_same(path.read_bytes(), there_and_back(path.read_bytes()))


@pytest.mark.skipif(not REFERENCES, reason=NOWHERE)
@pytest.mark.parametrize("path", REFERENCES or [Path()], ids=lambda path: f"{path.parent.name} {path.stem}")
def test_reference_documents_come_back(path: Path) -> None:
    document = path.read_bytes()
    kept = [item for _, item in oso.read(document).dossier(strict=True).bewaard()]
    assert [(item.pad, item.soort) for item in kept if item.naam != SCHEMA_LOCATION] == []
    assert_same(document, there_and_back(document))


@pytest.mark.parametrize("name", RELEASES)
def test_a_document_that_holds_everything_comes_back(name: str) -> None:
    release = release_of(name)
    document = write_record(full_record(tree_of(release).root, release), tree_of(release))
    assert_same(document, there_and_back(document))


@pytest.mark.parametrize("name", RELEASES)
@pytest.mark.parametrize("full", [False, True])
def test_fictional_documents_come_back(name: str, full: bool) -> None:
    for profile in available(release_of(name)):
        for seed in range(2):
            document = make(name, profile, seed, full)
            assert list(oso.read(document).dossier(strict=True).bewaard()) == []
            assert_same(document, there_and_back(document))


def test_the_comparison_sees_a_difference() -> None:
    document = POVO.encode()
    for old, new in (
        ("Hoogezand", "Hoogezant"),
        ("<tehuis>false<", "<tehuis>true<"),
        ("<nnca>0</nnca>", ""),
        ('omschrijving="Nederland"', 'omschrijving="Nederlant"'),
        ("<standaardscore>534<", "<standaardscore>535<"),
        ("<geboortedatum>2", "<geboortedatum>1"),
    ):
        with pytest.raises(AssertionError):
            assert_same(document, edited((old, new)))
    assert_same(
        document, edited(("<tehuis>false<", "<tehuis> 0 <"), ("<standaardscore>534<", "<standaardscore>+0534<"))
    )


def inside(element: str) -> str:
    """What the example has between the tags of an element."""
    return POVO[POVO.index(f"<{element}>") + len(element) + 2 : POVO.index(f"</{element}>")]


# --- texts and groups -----------------------------------------------------------------------------------------------

TEXTS = {
    "blanks around it": "  Noor  ",
    "only blanks": "   ",
    "lines": "een\n\ttwee\n",
    "a carriage return": "een&#13;&#10;twee",
    "markup": "&lt;b&gt; &amp; ]]&gt; \"'",
    "beyond the plane": "\U0001f9a6",
    "composed and not": "\u00e9 e\u0301",
    "nothing": "",
    "a no-break blank": "\u00a0",
    "like a number": "007",
    "like JSON": '{"a": null}',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_texts_come_back_to_the_letter(text: str) -> None:
    document = edited(
        ("<roepnaam>Jil<", f"<roepnaam>{text}<"), ("<straat>", f"<straat>{text}"), ('"Nederland"', '"&#10;&lt;"')
    )
    assert_same(document, there_and_back(document))


GROUP = "<naam>%s</naam><score><waarde>7,5</waarde></score>"
PART = "<onderdeel><naam>%s</naam><score><waarde>6</waarde></score></onderdeel>"
GROUPS = [
    (GROUP % "a") + (GROUP % "b"),
    GROUP % "a",
    "<naam>a</naam>" + PART % "x" + PART % "y" + "<score><waarde>1</waarde></score>" + GROUP % "b",
    (GROUP % "a") + "<score><waarde>8</waarde></score>" + GROUP % "b",
    "<naam>a</naam><naam>b</naam>",
    PART % "x" + GROUP % "b",
    "",
]


@pytest.mark.parametrize("groups", GROUPS)
def test_groups_come_back_in_their_order(groups: str) -> None:
    document = edited((inside("cijferlijstTypelijst"), groups))
    assert len(oso.read(document).dossier().rapport.cijferlijsten) == 1
    assert_same(document, there_and_back(document))


def test_groups_become_the_items_of_a_list() -> None:
    document = edited((inside("cijferlijstTypelijst"), GROUPS[2]))
    (lijst,) = oso.read(document).dossier().rapport.cijferlijsten
    assert [(vak.naam, len(vak.onderdelen), len(vak.scores)) for vak in lijst.vakken] == [("a", 2, 1), ("b", 0, 1)]


def test_several_dossiers_in_one_document_are_apart() -> None:
    one = POVO.partition("\n")[2]
    body = one[one.index("<dossier") :]
    document = f'<dossiers xmlns="http://www.edustandaard.nl/oso_gegevensset/2019/dossier">{body}{body}</dossiers>'
    read = oso.read(document.replace("<roepnaam>Jil<", "<roepnaam>Noor<", 1).encode())
    first, second = read.dossiers()
    assert [item.leerling.roepnaam for item in (first, second) if item.leerling] == ["Noor", "Jil"]
    assert_same(POVO.encode(), oso.write(second, release="oso/2019.1"))
    with pytest.raises(oso.UsageError, match="holds 2 dossiers"):
        read.dossier()


# --- extra ----------------------------------------------------------------------------------------------------------

EXTRAS: dict[str, tuple[Any, ...]] = {
    "an unknown element": (("<roepnaam>", '<eigen a="1"><b>x</b></eigen><roepnaam>'), ["element"]),
    "an element of another namespace": (("<roepnaam>", '<p:x xmlns:p="urn:x">y</p:x><roepnaam>'), ["element"]),
    "an element too many": (("<nnca>0</nnca>", "<nnca>0</nnca><nnca>1</nnca>"), ["element"]),
    "an unknown attribute": (("<roepnaam>", '<roepnaam a="1">'), ["attribuut"]),
    "an attribute of a branch": (("<metadata>", '<metadata a="1" b="2">'), ["attribuut", "attribuut"]),
    "an attribute of another namespace": (("<roepnaam>", f'<roepnaam {XSI} xsi:nil="true">'), ["attribuut"]),
    "a text between elements": (("<roepnaam>", "los<roepnaam>"), ["tekst"]),
    "a value of another type": (("<tehuis>false<", "<tehuis>nee<"), ["waarde"]),
    "an empty value": (("<tehuis>false<", "<tehuis><"), ["waarde"]),
    "a day that is none": (("<geboortedatum>2", "<geboortedatum>x"), ["waarde"]),
    "another order": (
        ("<roepnaam>Jil</roepnaam>", ""),
        ("<voorletters-1>", "<roepnaam>Jil</roepnaam><voorletters-1>"),
        ["volgorde"],
    ),
    "another order of several": (
        ("</verzorger>", "</verzorger><nnca>1</nnca>"),
        ("<nnca>0</nnca>", ""),
        ["volgorde"],
    ),
    "an empty list": ((inside("communicatielijst"), ""), ["blok"]),
    "a group list without groups": ((inside("cijferlijstTypelijst"), ""), ["blok"]),
    "an attachment without a name": (
        ("</overigdocumentlijst>", "<document><omschrijving>x</omschrijving></document></overigdocumentlijst>"),
        ["blok"],
    ),
    "a month of another form": (
        ("</geboortedatum>", "</geboortedatum><geboortemaand>maart 2012</geboortemaand>"),
        ["waarde"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", EXTRAS.values(), ids=EXTRAS)
def test_what_the_model_has_no_field_for_comes_back_where_it_was(case: tuple[Any, ...]) -> None:
    *edits, kinds = case
    document = edited(*edits)
    extra = [item for _, item in oso.read(document).dossier().bewaard()]
    assert [item.soort for item in extra] == kinds
    assert {item.release for item in extra} == {"oso/2019.1"}
    assert_same(document, there_and_back(document))


def test_everything_at_once_comes_back() -> None:
    names = ["an unknown attribute", "a value of another type", "an attribute of a branch", "an element too many"]
    document = edited(*(edit for name in names for edit in EXTRAS[name][:-1]))
    kinds = {item.soort for _, item in oso.read(document).dossier().bewaard()}
    assert kinds == {"attribuut", "waarde", "element"}
    assert_same(document, there_and_back(document))


def test_extra_says_where_it_came_from() -> None:
    ((path, item),) = oso.read(edited(("<tehuis>false<", "<tehuis>nee<"))).dossier().bewaard()
    assert path == "leerling"
    assert item == Extra(
        release="oso/2019.1", pad="huidigeschool.leerling.tehuis", soort="waarde", inhoud="nee", reden="boolean"
    )


OUT_OF_ORDER = [("<roepnaam>Jil</roepnaam>", ""), ("<voorletters-1>", "<roepnaam>Jil</roepnaam><voorletters-1>")]


def test_a_dossier_out_of_order_may_be_changed() -> None:
    """What was taken away is not looked for, and what was added is not forgotten."""
    dossier = oso.read(edited(*OUT_OF_ORDER)).dossier()
    leerling = dossier.leerling
    assert leerling is not None
    assert [item.soort for item in leerling.extra] == ["volgorde"]
    leerling.voorletters = None
    leerling.geboorteplaats = "Sneek"
    found = [(path.rpartition("/")[2], text) for path, text, _ in parts(written(dossier))]
    names = [name for name, _ in found]
    assert ("geboorteplaats[1]", "Sneek") in found
    assert "voorletters-1[1]" not in names[: names.index("geboorteplaats[1]")]
    assert names.index("roepnaam[1]") < names.index("achternaam[1]")


def test_what_is_filled_in_on_writing_is_there_in_a_part_out_of_order() -> None:
    dossier = oso.read(edited(("<datum>2019-06-03</datum>", ""))).dossier()
    dossier.extra.append(
        Extra(release="oso/2019.1", pad="metadata", soort="volgorde", inhoud=["pakketversie", "pakketnaam"])
    )
    names = [path for path, _, _ in parts(written(dossier)) if path.startswith("/dossier[1]/metadata[1]/")]
    assert names.index("/dossier[1]/metadata[1]/pakketversie[1]") < names.index("/dossier[1]/metadata[1]/pakketnaam[1]")
    assert "/dossier[1]/metadata[1]/datum[1]" in names


def written(dossier: Dossier) -> bytes:
    return oso.write(dossier, release="oso/2019.1", check=False)


def test_json_holds_the_model_and_no_more() -> None:
    dossier = oso.read(POVO.encode()).dossier()
    held = json.loads(dossier.model_dump_json())
    assert set(held) == {"extra", "levering", "inzage", "school", "leerling", "rapport"}
    assert held["leerling"]["geboortedatum"].count("-") == 2


def rounds(xml: bytes) -> dict[str, tuple[str | None, bool]]:
    """Of each subject in the first list of marks, the attribute and whether the unknown element follows."""
    root = etree.fromstring(xml)
    names = root.findall(".//{*}cijferlijstTypelijst/{*}naam")
    return {
        str(name.text): (name.get("q"), (after := name.getnext()) is not None and "urn:z" in str(after.tag))
        for name in names
    }


def test_what_stands_in_a_round_moves_and_goes_with_its_subject() -> None:
    text = POVO
    first = re.search(r"<cijferlijstTypelijst>\s*<naam>([^<]+)</naam>", text)
    assert first is not None
    marked = f'<naam q="x">{first[1]}</naam><zz xmlns="urn:z"/>'
    document = text.replace(f"<naam>{first[1]}</naam>", marked, 1).encode()
    assert_same(document, there_and_back(document))
    dossier = oso.read(document).dossier()
    subjects = dossier.rapport.cijferlijsten[0].vakken
    assert len(subjects) > 1
    subjects.reverse()
    found = rounds(written(dossier))
    assert found.pop(first[1]) == ("x", True)
    assert set(found.values()) == {(None, False)}
    del subjects[-1]
    assert b"urn:z" not in written(dossier)


def test_one_version_that_is_of_another_release_is_the_document_s_own() -> None:
    document = edited(("<standaardversie>2019.1<", "<standaardversie>2016.1<"))
    assert_same(document, there_and_back(document))


def test_software_without_a_version_is_not_given_ours() -> None:
    document = edited((re.search("<pakketversie>.*?</pakketversie>", POVO)[0], ""))  # type: ignore[index]
    assert_same(document, there_and_back(document))


BROKEN_OUT = [
    {"soort": "element", "naam": "x", "inhoud": "</x><b"},
    {"soort": "element", "naam": "a", "inhoud": "<a/><b/>"},
    {"soort": "element", "naam": "p:a", "inhoud": "<p:a/>"},
    {"soort": "element", "naam": "z", "inhoud": "<z>&foo;</z>"},
    {"soort": "element", "naam": "z", "inhoud": "<!DOCTYPE z><z/>"},
    {"soort": "element", "naam": "{urn:x}z", "inhoud": "<roepnaam>Ander</roepnaam>"},
    {"soort": "attribuut", "naam": "a;b", "inhoud": "x"},
    {"soort": "waarde", "naam": None, "inhoud": "x"},
]


@pytest.mark.parametrize("fields", BROKEN_OUT, ids=str)
def test_an_extra_that_is_not_what_it_says_is_lost_and_never_written(fields: dict[str, Any]) -> None:
    dossier = oso.read(POVO.encode()).dossier()
    assert dossier.leerling is not None
    before = written(dossier)
    pad = "huidigeschool.leerling" + (".KANARIE" if fields["soort"] == "waarde" else "")
    dossier.leerling.extra.append(Extra(release="oso/2019.1", pad=pad, **fields))
    with pytest.raises(oso.WouldLose) as caught:
        written(dossier)
    assert "KANARIE" not in str(caught.value)
    assert oso.write(dossier, release="oso/2019.1", check=False, losses="allow") == before
