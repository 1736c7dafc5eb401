"""What was read is written again as the same tree: comments and blank space between elements aside."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
from hostile_documents import (
    EXAMPLES,
    GOOD,
    NAMESPACE,
    TEXT,
    XSI,
    canonical,
    dossier,
    reference_documents,
    same,
    serialised,
    tree,
    with_bsn,
)
from lxml import etree

import oso_bridge as oso

REFERENCES = reference_documents()


def assert_copied(document: bytes, *, valid: bool | None = None) -> None:
    """Written it is the same tree; read again the same record; written again the same bytes."""
    read = oso.read(document)
    if valid is not None:
        assert read.schema_ok is valid
    written = oso.write(read)
    assert canonical(written) == canonical(document)
    again = oso.read(written)
    assert again.schema_ok == read.schema_ok
    assert canonical(oso.write(again)) == canonical(document)
    if valid:
        assert again.record == read.record
        assert oso.write(again) == written


def put(old: str, new: str) -> bytes:
    """The good example with one thing changed."""
    assert old in TEXT
    return TEXT.replace(old, new, 1).encode()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(path: Path) -> None:
    assert_copied(path.read_bytes())


@pytest.mark.skipif(not REFERENCES, reason="the official examples are not here; OSO_CASES names their folder")
@pytest.mark.parametrize("path", REFERENCES, ids=lambda path: path.stem)
def test_official_examples(path: Path) -> None:
    assert_copied(path.read_bytes(), valid=True)


def test_the_comparison_sees_a_difference() -> None:
    for old, new in (("Jildou", "Jildoe"), ("<nnca>0</nnca>", ""), ('"Nederland"', '"Nederlant"'), ("Jil<", "Jil <")):
        assert not same(put(old, new), GOOD)
    assert not same(GOOD.replace(b"/2019/", b"/2018/"), GOOD)
    assert same(GOOD.replace(b">\n", b">\r\n\t<!-- x -->\n"), GOOD)


TEXTS = {
    "emoji": "\U0001f9a6\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "combining": "e\u0301 A\u030a n\u0303",
    "right to left": "\u202eabc \u05d0\u05d1",
    "next line": "a\u0085b",
    "line separator": "a\u2028b\u2029c",
    "no-break blanks": "\u00a0a\u00a0",
    "only a no-break blank": "\u00a0",
    "byte-order mark": "\ufeffa\ufeff",
    "delete and C1": "\x7f\x80\x9f",
    "last of the plane": "\ud7ff\ue000\ufffd\U0010ffff",
    "markup": "<b> & ]]> \"'",
    "looks like an entity": "&amp;lt; &#65;",
    "blanks around": "  a  b  ",
    "only blanks": "   ",
    "line ends": "a\nb\r\nc\rd",
    "tab": "\ta\tb\t",
    "only line ends": "\r\n\r",
    "empty": "",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_texts(text: str) -> None:
    root = tree()
    for name in ("argumentatie", "roepnaam", "voornaam", "bsn", "geboortedatum", "land"):
        found = root.find(f".//{{{NAMESPACE}}}{name}")
        assert found is not None
        found.text = text
    assert_copied(serialised(root))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_attributes(text: str) -> None:
    root = tree()
    for name in ("omschrijving", "vreemd", "{urn:x}vreemd", "{http://www.w3.org/XML/1998/namespace}lang"):
        for element in root.iter(f"{{{NAMESPACE}}}land", f"{{{NAMESPACE}}}bsn", f"{{{NAMESPACE}}}leerling"):
            element.set(name, text)
    assert_copied(serialised(root), valid=False)


@pytest.mark.parametrize("text", [text for text in TEXTS.values() if text.strip(" \t\r\n")], ids=str)
def test_texts_in_what_is_unknown(text: str) -> None:
    root = tree()
    for place in (root, root[0], root.find(f".//{{{NAMESPACE}}}leerling")):
        assert place is not None
        unknown = etree.SubElement(place, f"{{{NAMESPACE}}}verzonnen", a=text)
        unknown.text = text
        etree.SubElement(unknown, "b").tail = text
    assert_copied(serialised(root), valid=False)


CRAFTED: dict[str, tuple[bytes, bool | None]] = {
    "CDATA": (with_bsn(b"<![CDATA[2749]]>57462"), True),
    "CDATA with markup": (put(">Jil<", "><![CDATA[<b>&amp;]]]]><![CDATA[>]]><"), True),
    "schemaLocation": (put("<dossier ", f'<dossier xmlns:xsi="{XSI}" xsi:schemaLocation="{NAMESPACE} a.xsd" '), True),
    "xsi:type of the root": (put("<dossier ", f'<dossier xmlns:xsi="{XSI}" xsi:type="dossierType" '), None),
    "xsi:type of a text": (put("<bsn>", f'<bsn xmlns:xsi="{XSI}" xsi:type="x:string" xmlns:x="urn:x">'), False),
    "xsi:nil": (put("<bsn>274957462</bsn>", f'<bsn xmlns:xsi="{XSI}" xsi:nil="true"/>'), False),
    "prefixes": (TEXT.replace("</", "</o:").replace("xmlns=", "xmlns:o=").encode(), None),
    "another order": (put("<naam>Basisschool", "<soort>BO</soort><naam>Basisschool"), False),
    "an unknown element": (put("<bsn>", "<verzonnen a='1'>x<b/>y</verzonnen><bsn>"), False),
    "an unknown element in another namespace": (put("<bsn>", "<v:x xmlns:v='urn:v' v:a='1'><v:y/></v:x><bsn>"), False),
    "an unknown element in no namespace": (put("<bsn>", "<x xmlns=''><y/></x><bsn>"), False),
    "unknown elements everywhere": (TEXT.replace("</adres>", "<x/></adres><x>1</x>").encode(), False),
    "the same name in another namespace": (put("<bsn>", "<bsn xmlns='urn:x'>1</bsn><bsn>"), False),
    "stray text": (put("<bsn>", "los <bsn>"), False),
    "stray text everywhere": (TEXT.replace("<adres>", "a<adres>b").replace("</adres>", "c</adres>d").encode(), False),
    "stray text and unknown elements": (put("<bsn>", "a<x/>b<y/>c<bsn>"), False),
    "an element twice": (put("<bsn>", "<bsn>1</bsn><bsn>"), False),
    "an element with children twice": (put("<gba>", "<gba><gbavoornaam>X</gbavoornaam></gba><gba>"), False),
    "a text with children": (put("<bsn>274957462", "<bsn>27<b>4</b>957462"), False),
    "a part with only text": (put("<gba>", "<gba>tekst</gba><gba>"), False),
    "a part that is empty": (put("<huisarts>", "<huisarts/><huisarts>"), False),
    "an unknown attribute": (put("<bsn>", "<bsn a='1' b='2'>"), False),
    "attributes on every adres": (TEXT.replace("<adres>", "<adres nr='1'>").encode(), False),
    "attributes with many prefixes": (
        put("<bsn>", "<bsn xmlns:a='urn:a' xmlns:b='urn:b' xmlns:c='urn:a' a:x='1' b:x='2' c:y='3' x='4'>"),
        False,
    ),
    "no child at all": (dossier(), False),
    "only text": (dossier("tekst"), False),
    "an absent release": (GOOD.replace(b"/2019/dossier", b"/2024/dossier"), None),
    "UTF-16": (TEXT.replace("UTF-8", "UTF-16", 1).encode("utf-16"), True),
}


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted(name: str) -> None:
    document, valid = CRAFTED[name]
    if name == "prefixes":
        document = _prefixed()
    assert_copied(document, valid=valid)


def _prefixed() -> bytes:
    """The good example with a prefix in front of every name."""
    root = etree.fromstring(GOOD, etree.XMLParser(remove_comments=True))
    copied = etree.Element(root.tag, root.attrib, nsmap={"o": NAMESPACE})
    copied.extend(deepcopy(list(root)))
    written = serialised(copied)
    assert b"<o:dossier" in written
    return written


def test_two_groups_in_one_list() -> None:
    root = tree()
    (lists,) = root.iter(f"{{{NAMESPACE}}}cijferlijstTypelijst")
    once = deepcopy(list(lists))
    for child in once:
        lists.append(child)
    assert_copied(serialised(root), valid=True)


def test_groups_that_are_not_whole() -> None:
    for number in range(6):
        root = tree()
        (lists,) = root.iter(f"{{{NAMESPACE}}}cijferlijstTypelijst")
        children = deepcopy(list(lists))
        for child in [*children[number:], *children[:number], *children[::-1]]:
            lists.append(child)
        assert_copied(serialised(root))


def test_every_order_of_neighbours() -> None:
    root = tree()
    for parent in root.iter(etree.Element):
        parent[:] = reversed(parent)
    assert_copied(serialised(root), valid=False)
