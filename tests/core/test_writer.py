"""The writer: records as XML, in the order of the structure, and the same again after reading."""

from __future__ import annotations

import pytest
from lxml import etree

import oso_bridge as oso
from oso_bridge.errors import UsageError
from oso_bridge.xml.writer import write_record

from .samples import NAMES, edited, lenient, raw, structure
from .test_reader import FULL, GROUPS, RECORD, RUNS, TREE, TYPES


def canonical(data: bytes) -> bytes:
    """A document without comments and blank space between elements, attributes in order."""
    root = etree.fromstring(data, etree.XMLParser(remove_blank_text=True, remove_comments=True, remove_pis=True))
    return etree.tostring(root, method="c14n")


def body(record: dict[str, object]) -> str:
    text = write_record(record, TREE).decode()
    declaration, _, rest = text.partition("\n")
    assert declaration == '<?xml version="1.0" encoding="UTF-8"?>'
    assert text.endswith("\n")
    return "".join(line.strip() for line in rest.splitlines())


def test_a_record_is_written_in_the_order_of_the_structure() -> None:
    assert body(dict(reversed(RECORD.items()))) == canonical(FULL).decode().replace("<meer></meer>", "<meer/>").replace(
        "<takken></takken>", "<takken/>"
    ).replace('<merken taal="en"></merken>', '<merken taal="en"/>')


def test_children_are_indented_by_two_blanks() -> None:
    assert write_record({"tak": {"x": "1"}}, TREE).decode().splitlines()[1:] == [
        "<top>",
        "  <tak>",
        "    <x>1</x>",
        "  </tak>",
        "</top>",
    ]


def test_groups_are_written_one_after_another() -> None:
    assert canonical(write_record({"reeks": {"#groups": GROUPS}}, TREE)) == canonical(RUNS)


def test_an_empty_record_is_an_empty_element() -> None:
    assert body({}) == "<top/>"


def test_signs_are_escaped_so_that_they_come_back() -> None:
    text = "<&>\"' \t\n\r ]]> €"
    data = write_record({"een": text, "merk": {"#text": text, "@taal": text}}, TREE)
    record = lenient(data, TREE)[0].record
    assert record["een"] == text
    assert record["merk"] == {"#text": text, "@taal": text}


@pytest.mark.parametrize("sign", ["\x00", "\x08", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_a_sign_that_xml_does_not_have_is_refused_without_quoting_it(sign: str) -> None:
    for record in ({"een": f"geheim{sign}"}, {"merk": {"#text": "", "@taal": f"geheim{sign}"}}):
        with pytest.raises(UsageError, match="character that XML does not allow") as caught:
            write_record(record, TREE)
        assert "geheim" not in str(caught.value)


def test_a_part_that_the_structure_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="a part that top/tak does not have") as caught:
        write_record({"tak": {"geheim": "1"}}, TREE)
    assert caught.value.where == "top/tak"
    assert "geheim" not in str(caught.value)


def test_the_namespace_of_the_tree_is_the_one_that_is_written() -> None:
    tree = structure(TYPES).plan.tree("top", "urn:x")
    assert b'<top xmlns="urn:x">' in write_record({"een": "1"}, tree)


STRANGE = [
    b"<top><meer>1</meer><een>2</een><meer>3</meer></top>",
    b"<top><een>1</een><een>2</een><raar><b>x</b></raar><meer>3</meer></top>",
    b'<top soort="s"><een nr="1">x</een><merk taal="nl" nr="2">y</merk><tak z="3"/></top>',
    b'<top xmlns:p="urn:p" p:a="1"><een xml:lang="nl">x</een></top>',
    b"<top><raar/><een>1</een><raar/><raar/></top>",
    b"<top><een>a<b>c</b></een></top>",
    b"<top><reeks><punt>1</punt><raar/><naam>A</naam></reeks></top>",
]


@pytest.mark.parametrize("data", STRANGE)
def test_what_has_no_place_is_written_where_it_stood(data: bytes) -> None:
    written = write_record(lenient(data, TREE)[0].record, TREE)
    assert canonical(written) == canonical(data).replace(b"xmlns:p=", b"xmlns:a0=").replace(b" p:a=", b" a0:a=")


def test_a_stray_text_is_kept() -> None:
    written = write_record(lenient(b"<top>los<een>1</een>vast</top>", TREE)[0].record, TREE)
    assert "".join(etree.fromstring(written).itertext()).split() == ["los", "1", "vast"]


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_written_as_it_was_read(name: str) -> None:
    assert canonical(oso.write(oso.read(raw(name)))) == canonical(raw(name))


def test_a_document_that_was_written_has_the_same_findings() -> None:
    first = oso.check(raw("kapot.xml"))
    again = oso.check(oso.write(oso.read(raw("kapot.xml"))))
    assert [(item.rule, item.path) for item in first.findings] == [(item.rule, item.path) for item in again.findings]


def test_a_record_that_was_changed_is_written_changed() -> None:
    document = oso.read(raw())
    document.record["huidigeschool"]["naam"] = "De <Nieuwe> & Zonen"
    assert oso.read(oso.write(document)).record == document.record
    assert canonical(oso.write(document)) == canonical(
        edited(("Basisschool De Wilgenroos", "De &lt;Nieuwe&gt; &amp; Zonen"))
    )
    document.record["verzonnen"] = "x"
    with pytest.raises(UsageError, match="a part that dossier does not have"):
        oso.write(document)
