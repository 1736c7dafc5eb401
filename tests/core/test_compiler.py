"""The compiler of plans: what it makes of a schema, and what it refuses to make anything of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from oso_bridge import releases
from oso_bridge.errors import DataError
from oso_bridge.plan import Plan
from oso_bridge.releases import Release
from oso_bridge.xml import compiler

HEAD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:t" targetNamespace="urn:t" '
HEAD += 'elementFormDefault="qualified">'


def xsd(body: str, folder: Path) -> Path:
    file = folder / "dossier.xsd"
    file.write_text(f"{HEAD}{body}</xs:schema>", encoding="utf-8")
    return file


def top(content: str, more: str = "") -> str:
    """A schema whose only root holds this content."""
    return f'<xs:element name="top"><xs:complexType>{content}</xs:complexType></xs:element>{more}'


def compiled(body: str, folder: Path) -> dict[str, Any]:
    return compiler.compile_plan(xsd(body, folder))


with_schema = [release for release in releases.installed() if release.schema.is_file()]


@pytest.mark.parametrize("release", with_schema, ids=lambda release: release.id)
def test_compiling_again_gives_no_difference(release: Release, tmp_path: Path) -> None:
    plan = Path(shutil.copy(release.folder / "plan.json", tmp_path))
    assert compiler.write_plan(release.schema, plan) is False
    fresh = tmp_path / "fresh.json"
    assert compiler.write_plan(release.schema, fresh) is True
    assert fresh.read_text("utf-8") == plan.read_text("utf-8")


def test_every_installed_release_of_oso_has_a_schema_to_compile() -> None:
    assert {release.id for release in with_schema} >= {"oso/1.1.1", "oso/2016.1", "oso/2019.1"}


def test_a_plan_that_differs_is_written_anew(tmp_path: Path) -> None:
    file, target = xsd(top("<xs:sequence/>"), tmp_path), tmp_path / "plan.json"
    target.write_text("{}", encoding="utf-8")
    assert compiler.write_plan(file, target) is True
    assert json.loads(target.read_text("utf-8")) == compiler.compile_plan(file)
    assert compiler.write_plan(file, target) is False


def test_what_a_plan_holds(tmp_path: Path) -> None:
    body = top(
        """<xs:sequence>
             <xs:element name="code" type="codeType"/>
             <xs:choice minOccurs="0"><xs:element name="dag" type="xs:date"/><xs:element name="land"><xs:complexType>
               <xs:simpleContent><xs:extension base="xs:string"><xs:attribute name="taal" use="required"
                 type="xs:string"/></xs:extension></xs:simpleContent></xs:complexType></xs:element></xs:choice>
             <xs:sequence><xs:element ref="deel" minOccurs="2" maxOccurs="unbounded"/></xs:sequence>
           </xs:sequence>""",
        """<xs:element name="deel"><xs:complexType><xs:sequence maxOccurs="3"><xs:element name="naam"
             type="xs:string"/></xs:sequence></xs:complexType></xs:element>
           <xs:simpleType name="codeType"><xs:restriction base="xs:string"><xs:pattern value="[A-Z]"/>
             <xs:maxLength value="4"/></xs:restriction></xs:simpleType>""",
    )
    assert compiled(body, tmp_path) == {
        "format": 1,
        "namespace": "urn:t",
        "elements": {"deel": "/deel", "top": "/top"},
        "types": {
            "/deel": {"content": [{"name": "naam", "type": "xs:string", "min": 1, "max": 1}], "repeat": [1, 3]},
            "/top": {
                "content": [
                    {"name": "code", "type": "codeType", "min": 1, "max": 1},
                    {
                        "choice": [
                            {"name": "dag", "type": "xs:date", "min": 1, "max": 1},
                            {"name": "land", "type": "/top/land", "min": 1, "max": 1},
                        ],
                        "min": 0,
                    },
                    {"name": "deel", "type": "/deel", "min": 2, "max": None},
                ]
            },
            "/top/land": {
                "text": "xs:string",
                "attributes": [{"name": "taal", "type": "xs:string", "use": "required"}],
            },
            "codeType": {"simple": "xs:string", "facets": {"pattern": ["[A-Z]"], "maxLength": 4}},
        },
    }


def test_a_choice_may_be_the_whole_content(tmp_path: Path) -> None:
    body = top('<xs:choice><xs:element name="a" type="xs:string"/><xs:element name="b" type="xs:string"/></xs:choice>')
    (particle,) = compiled(body, tmp_path)["types"]["/top"]["content"]
    assert [item["name"] for item in particle["choice"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("facets", "expected"),
    [
        ('<xs:length value="3"/>', {"length": 3}),
        ('<xs:minLength value="1"/><xs:maxLength value="3"/>', {"minLength": 1, "maxLength": 3}),
        ('<xs:enumeration value="a"/><xs:enumeration value="b"/>', {"enumeration": ["a", "b"]}),
        ('<xs:pattern value="a"/><xs:pattern value="b"/>', {"pattern": ["a", "b"]}),
    ],
)
def test_facets_of_texts(facets: str, expected: dict[str, Any], tmp_path: Path) -> None:
    kind = f'<xs:simpleType><xs:restriction base="xs:string">{facets}</xs:restriction></xs:simpleType>'
    types = compiled(top(f'<xs:sequence><xs:element name="a">{kind}</xs:element></xs:sequence>'), tmp_path)["types"]
    assert types["/top/a"] == {"simple": "xs:string", "facets": expected}


@pytest.mark.parametrize(
    ("facets", "expected"),
    [
        ('<xs:minInclusive value="0"/><xs:maxInclusive value="9"/>', {"minInclusive": "0", "maxInclusive": "9"}),
        ('<xs:minExclusive value="0"/><xs:maxExclusive value="9"/>', {"minExclusive": "0", "maxExclusive": "9"}),
        ('<xs:totalDigits value="4"/><xs:fractionDigits value="2"/>', {"totalDigits": 4, "fractionDigits": 2}),
    ],
)
def test_facets_of_numbers(facets: str, expected: dict[str, Any], tmp_path: Path) -> None:
    kind = f'<xs:simpleType><xs:restriction base="xs:decimal">{facets}</xs:restriction></xs:simpleType>'
    types = compiled(top(f'<xs:sequence><xs:element name="a">{kind}</xs:element></xs:sequence>'), tmp_path)["types"]
    assert types["/top/a"] == {"simple": "xs:decimal", "facets": expected}


A = '<xs:element name="a" type="xs:string"/>'
B = '<xs:element name="b" type="xs:string"/>'
C = '<xs:element name="c" type="xs:string"/>'
D = '<xs:element name="d" type="xs:string"/>'
SIMPLE = '<xs:element name="a"><xs:simpleType>'
OPEN = f'<xs:sequence>{A}<xs:any namespace="##other" processContents="skip" minOccurs="0" maxOccurs="9"/></xs:sequence>'


def test_a_wildcard_in_a_sequence_makes_a_structure_open(tmp_path: Path) -> None:
    plan = compiled(top(OPEN), tmp_path)
    assert [item["name"] for item in plan["types"]["/top"]["content"]] == ["a"]
    assert plan["types"]["/top"]["open"] is True
    assert Plan(plan).tree("top").open
    assert not Plan(compiled(top(f"<xs:sequence>{A}</xs:sequence>"), tmp_path)).tree("top").open


REFUSED = {
    "a choice that repeats a few times": (
        f'<xs:sequence>{C}<xs:choice maxOccurs="2">{A}{B}</xs:choice></xs:sequence>',
        "a choice that repeats a limited number of times",
    ),
    "a choice of groups that repeats": (
        f'<xs:choice maxOccurs="unbounded">{A}<xs:sequence>{B}{C}</xs:sequence></xs:choice>',
        "or between groups",
    ),
    "a choice with a group that may be absent": (
        f'<xs:sequence><xs:choice>{A}<xs:sequence minOccurs="0">{B}</xs:sequence></xs:choice></xs:sequence>',
        "a choice with a group that repeats or is optional",
    ),
    "a choice in a group in a choice": (
        f"<xs:choice>{A}<xs:sequence>{B}<xs:choice>{C}{D}</xs:choice></xs:sequence></xs:choice>",
        "a choice in a sequence in a choice",
    ),
    "alternatives in another order": (
        f"<xs:choice><xs:sequence>{C}{A}{B}</xs:sequence><xs:sequence>{D}{B}{A}</xs:sequence></xs:choice>",
        "a choice between sequences in another order",
    ),
    "a whole choice that may be absent": (f'<xs:choice minOccurs="0">{A}{B}</xs:choice>', "content model choice"),
    "all": (f"<xs:all>{A}{B}</xs:all>", "content model all"),
    "a repetition beside others": (
        f'<xs:sequence>{A}<xs:sequence maxOccurs="2">{B}</xs:sequence></xs:sequence>',
        "a sequence that repeats or is optional, inside a sequence",
    ),
    "an optional group": (
        f'<xs:sequence>{A}<xs:sequence minOccurs="0">{B}</xs:sequence></xs:sequence>',
        "a sequence that repeats or is optional, inside a sequence",
    ),
    "a repeated sequence with a choice": (
        f'<xs:sequence maxOccurs="2"><xs:choice>{A}{B}</xs:choice><xs:element name="c" type="xs:int"/></xs:sequence>',
        "a repeated sequence with a choice in it",
    ),
    "a sequence that may be absent": (f'<xs:sequence minOccurs="0">{A}</xs:sequence>', "one that may be absent"),
    "one name at two places": (f"<xs:sequence>{A}{B}{A}</xs:sequence>", "a at two places"),
    "one name in and beside a choice": (
        f"<xs:sequence><xs:choice>{A}{B}</xs:choice><xs:element name='c' type='xs:string'/>{A}</xs:sequence>",
        "a at two places",
    ),
    "a wildcard in a choice": (f'<xs:choice>{A}<xs:any namespace="##other"/></xs:choice>', "a wildcard in a choice"),
    "a wildcard in a sequence in a choice": (
        f'<xs:choice>{A}<xs:sequence>{B}<xs:any namespace="##other"/></xs:sequence></xs:choice>',
        "a wildcard in a choice",
    ),
    "a wildcard in a repeated sequence": (
        f'<xs:sequence maxOccurs="2">{A}<xs:any namespace="##other"/></xs:sequence>',
        "a repeated sequence with a wildcard in it",
    ),
    "an attribute wildcard": (
        '<xs:simpleContent><xs:extension base="xs:string"><xs:anyAttribute/></xs:extension></xs:simpleContent>',
        "attribute wildcard",
    ),
    "a nillable element": (
        '<xs:sequence><xs:element name="a" type="xs:string" nillable="true"/></xs:sequence>',
        "element a is nillable",
    ),
    "an element without a type": (
        '<xs:sequence><xs:element name="a"/></xs:sequence>',
        "element a may hold anything",
    ),
    "an element outside the namespace": (
        '<xs:sequence><xs:element name="a" type="xs:string" form="unqualified"/></xs:sequence>',
        "element a is outside the namespace",
    ),
    "a list": (
        f'<xs:sequence>{SIMPLE}<xs:list itemType="xs:int"/></xs:simpleType></xs:element></xs:sequence>',
        "list and union types are not kept",
    ),
    "a union": (
        f'<xs:sequence>{SIMPLE}<xs:union memberTypes="xs:int xs:date"/></xs:simpleType></xs:element></xs:sequence>',
        "list and union types are not kept",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_content_that_a_record_could_not_keep_is_refused(what: str, tmp_path: Path) -> None:
    content, told = REFUSED[what]
    with pytest.raises(DataError) as caught:
        compiled(top(content), tmp_path)
    assert told in caught.value.what
    assert "/top" in caught.value.what
    assert caught.value.remedy


def content_of(body: str, folder: Path) -> list[dict[str, Any]]:
    """What a plan says of the content of top."""
    content: list[dict[str, Any]] = compiled(top(body), folder)["types"]["/top"]["content"]
    return content


@pytest.mark.parametrize(
    "body",
    [
        f'<xs:choice minOccurs="0" maxOccurs="unbounded">{A}{B}</xs:choice>',
        f'<xs:sequence minOccurs="0" maxOccurs="unbounded"><xs:choice>{A}{B}</xs:choice></xs:sequence>',
        f'<xs:sequence><xs:choice minOccurs="0" maxOccurs="unbounded">{A}{B}</xs:choice></xs:sequence>',
    ],
)
def test_a_choice_that_repeats_is_kept_with_its_order(body: str, tmp_path: Path) -> None:
    (particle,) = content_of(body, tmp_path)
    assert (particle["min"], particle["max"]) == (0, None)
    assert [(item["name"], item["max"]) for item in particle["choice"]] == [("a", None), ("b", None)]


def test_a_choice_between_sequences_holds_each_name_once(tmp_path: Path) -> None:
    optional = C.replace("/>", ' minOccurs="0"/>')
    (particle,) = content_of(
        f"<xs:choice><xs:sequence>{A}{optional}</xs:sequence><xs:sequence>{B}{optional}</xs:sequence>{C}</xs:choice>",
        tmp_path,
    )
    assert [(item["name"], item["min"]) for item in particle["choice"]] == [("a", 0), ("b", 0), ("c", 0)]
    assert particle["ways"] == [["a", "c?"], ["b", "c?"], ["c"]]
    assert particle["min"] == 1


def test_a_choice_that_may_be_empty_is_not_compulsory(tmp_path: Path) -> None:
    optional = B.replace("/>", ' minOccurs="0"/>')
    (particle,) = content_of(f"<xs:choice>{A}{optional}</xs:choice>", tmp_path)
    assert particle["min"] == 0


def test_attributes_beside_children_are_kept(tmp_path: Path) -> None:
    body = top(f'<xs:sequence>{A}</xs:sequence><xs:attribute name="x" type="xs:string" use="required"/>')
    described = compiled(body, tmp_path)["types"]["/top"]
    assert described["attributes"] == [{"name": "x", "type": "xs:string", "use": "required"}]
    assert [item["name"] for item in described["content"]] == ["a"]


def test_an_abstract_type_has_the_content_of_all_types_derived_from_it(tmp_path: Path) -> None:
    types = (
        f'<xs:complexType name="basis" abstract="true"><xs:sequence>{A}</xs:sequence></xs:complexType>'
        '<xs:complexType name="meer"><xs:complexContent><xs:extension base="basis"><xs:sequence>'
        f"{B}</xs:sequence></xs:extension></xs:complexContent></xs:complexType>"
    )
    described = compiled(top('<xs:sequence><xs:element name="blok" type="basis"/></xs:sequence>', types), tmp_path)
    basis = described["types"]["basis"]
    assert [attribute["name"] for attribute in basis["attributes"]] == ["xsi:type"]
    assert [(item["name"], item["min"]) for item in basis["content"]] == [("a", 1), ("b", 0)]


def test_a_schema_may_import_one_beside_it(tmp_path: Path) -> None:
    other = HEAD.replace("urn:t", "urn:ander") + '<xs:element name="los"><xs:complexType><xs:sequence>'
    (tmp_path / "ander.xsd").write_text(f"{other}{A}</xs:sequence></xs:complexType></xs:element></xs:schema>", "utf-8")
    body = '<xs:import namespace="urn:ander" schemaLocation="ander.xsd"/>'
    body += top('<xs:sequence><xs:element xmlns:o="urn:ander" ref="o:los"/></xs:sequence>')
    plan = compiled(body, tmp_path)
    assert plan["namespaces"] == {"los": "urn:ander"}
    assert plan["types"]["/top"]["content"][0]["namespace"] == "urn:ander"
    assert plan["types"]["/los"]["namespace"] == "urn:ander"


def test_mixed_content_is_refused(tmp_path: Path) -> None:
    kind = f'<xs:complexType mixed="true"><xs:sequence>{A}</xs:sequence></xs:complexType>'
    with pytest.raises(DataError, match="mixed content"):
        compiled(f'<xs:element name="top">{kind}</xs:element>', tmp_path)


def test_a_type_that_holds_itself_is_refused(tmp_path: Path) -> None:
    body = """<xs:element name="top" type="boom"/><xs:complexType name="boom"><xs:sequence>
                <xs:element name="tak" type="boom" minOccurs="0"/></xs:sequence></xs:complexType>"""
    with pytest.raises(DataError, match="The structure of boom cannot be kept: the type holds itself"):
        compiled(body, tmp_path)


def test_a_restriction_of_a_text_with_attributes_is_refused(tmp_path: Path) -> None:
    wide = """<xs:complexType name="wide"><xs:simpleContent><xs:extension base="xs:string">
                <xs:attribute name="x" type="xs:string"/></xs:extension></xs:simpleContent></xs:complexType>"""
    narrow = """<xs:complexType name="narrow"><xs:simpleContent><xs:restriction base="wide">
                  <xs:maxLength value="3"/></xs:restriction></xs:simpleContent></xs:complexType>"""
    content = '<xs:sequence><xs:element name="a" type="narrow"/></xs:sequence>'
    with pytest.raises(DataError, match="a restriction of a text with attributes"):
        compiled(top(content, wide + narrow), tmp_path)


def test_an_element_that_another_may_stand_in_for_is_refused(tmp_path: Path) -> None:
    heads = '<xs:element name="head" abstract="true" type="xs:string"/>'
    heads += '<xs:element name="other" substitutionGroup="head" type="xs:string"/>'
    with pytest.raises(DataError, match="elements that may stand in for another"):
        compiled(top('<xs:sequence><xs:element ref="head"/></xs:sequence>', heads), tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        '<xs:element name="top" type="nergens"/>',
        "<xs:element ",
        '<xs:include schemaLocation="../other.xsd"/>' + top('<xs:sequence><xs:element ref="a"/></xs:sequence>'),
    ],
)
def test_what_is_no_schema_by_itself_is_refused(body: str, tmp_path: Path) -> None:
    (tmp_path / "other.xsd").write_text(f"{HEAD}{A}</xs:schema>", encoding="utf-8")
    folder = tmp_path / "release"
    folder.mkdir()
    with pytest.raises(DataError, match=r"dossier\.xsd is no schema that can be used") as caught:
        compiled(body, folder)
    assert caught.value.where == str(folder / "dossier.xsd")


def test_a_schema_without_namespace_gives_a_plan_without_namespace(tmp_path: Path) -> None:
    file = tmp_path / "plain.xsd"
    file.write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        + top(f"<xs:sequence>{A}</xs:sequence>")
        + "</xs:schema>",
        encoding="utf-8",
    )
    assert not compiler.compile_plan(file)["namespace"]
