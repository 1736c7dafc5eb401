"""The parser with documents that mean well: encodings, comments, large texts, and what is not XML."""

from __future__ import annotations

import codecs

import pytest
from lxml import etree

import oso_bridge as oso
from oso_bridge.errors import NotXml, UnsafeDocument
from oso_bridge.xml import parser
from oso_bridge.xml.limits import Limits

from .samples import edited

TEXT = "<a>Zoë “de” Vries €</a>"


def declared(encoding: str, text: str = TEXT) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{text}'


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        declared("UTF-8").encode(),
        declared("utf8").encode(),
        codecs.BOM_UTF8 + declared("UTF-8").encode(),
        codecs.BOM_UTF16_LE + declared("UTF-16").encode("utf-16-le"),
        codecs.BOM_UTF16_BE + declared("UTF-16").encode("utf-16-be"),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-le"),
        declared("UTF-16").encode("utf-16-be"),
        declared("windows-1252").encode("cp1252"),
        declared("CP1252").encode("cp1252"),
        b'<?xml version="1.0" standalone="yes"?>' + TEXT.encode(),
        b"\n\n  " + TEXT.encode(),
    ],
)
def test_every_accepted_encoding_gives_the_same_text(data: bytes) -> None:
    assert parser.parse(data).text == "Zoë “de” Vries €"


@pytest.mark.parametrize(("encoding", "sign"), [("iso-8859-1", "ë"), ("latin1", "ë"), ("ISO-8859-15", "€")])
def test_one_byte_encodings(encoding: str, sign: str) -> None:
    data = declared(encoding, f"<a>{sign}</a>").encode(encoding)
    assert parser.parse(data).text == sign


def test_us_ascii_is_read_as_the_utf8_that_it_is_a_part_of() -> None:
    assert parser.parse(declared("US-ASCII", "<a>abc</a>").encode()).text == "abc"


def test_comments_and_instructions_are_gone_and_do_not_cut_a_text() -> None:
    root = parser.parse(b"<?x y?><!-- x --><a>een<!-- weg --> twee<?weg weg?> drie<![CDATA[ <vier>]]></a><!-- na -->")
    assert root.text == "een twee drie <vier>"
    assert len(root) == 0


def test_the_five_entities_and_character_references_are_read() -> None:
    assert parser.parse(b"<a b='&quot;&apos;'>&lt;&amp;&gt;&#65;&#x20AC;</a>").text == "<&>A€"


def test_line_ends_become_one_sign() -> None:
    assert parser.parse(b"<a>een\r\ntwee\rdrie</a>").text == "een\ntwee\ndrie"


def test_a_scan_of_more_than_ten_megabytes_is_read() -> None:
    data = b"<a><b>" + b"QUJD" * 3_000_000 + b"</b></a>"
    assert len(parser.parse(data)[0].text or "") == 12_000_000


NO_XML = [
    (b"", "DOC.leeg", None),
    (b" \n\t ", "DOC.leeg", None),
    (b"PK\x03\x04rest", "DOC.archief", None),
    (b"\x1f\x8brest", "DOC.archief", None),
    (b"leerling;naam\n", "DOC.geen-xml", 1),
    (b'{"leerling": 1}', "DOC.json", None),
    (b"<a>\n<b>\n</a>", "DOC.tags", 3),
    (b"<a>\n<b>", "DOC.afgebroken", 2),
    (b"<a>\n<b", "DOC.afgebroken", 2),
    (b"<a>\n\x01</a>", "DOC.teken", 2),
    (b"<a>\n&#0;</a>", "DOC.teken", 2),
    (b"<a b='1'\n b='2'/>", "DOC.dubbel-attribuut", 2),
    (b"<a>\n<x:b/></a>", "DOC.prefix", 2),
    (b"<a>\nR&D</a>", "DOC.entiteit", 2),
    (b"<a>\n&nbsp;</a>", "DOC.entiteit", 2),
    (b"<a/>\n<b/>", "DOC.na-einde", 2),
    (b"<a/>\nrest", "DOC.na-einde", 2),
    (b"<a>\n<b c=d/></a>", "DOC.syntaxis", 2),
    (b'<?xml version="1.1"?><a/>', "DOC.versie", 1),
    (b"<a>\n\xe9</a>", "DOC.codering", 2),
    (declared("ebcdic").encode(), "DOC.codering", 1),
    (declared("UTF-16").encode(), "DOC.codering", 1),
    (codecs.BOM_UTF8 + declared("iso-8859-1").encode(), "DOC.codering", 1),
    (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "DOC.codering", 1),
    (codecs.BOM_UTF16_LE + b"<\x00a", "DOC.codering", 1),
]


@pytest.mark.parametrize(("data", "rule", "line"), NO_XML)
def test_what_is_no_xml_is_told_by_kind_and_line(data: bytes, rule: str, line: int | None) -> None:
    with pytest.raises(NotXml) as caught:
        parser.parse(data)
    assert (caught.value.rule, caught.value.line) == (rule, line)


def test_an_archive_is_named() -> None:
    with pytest.raises(NotXml) as caught:
        parser.parse(b"PK\x03\x04")
    assert caught.value.args_ == {"soort": "ZIP"}


def test_a_doctype_is_refused_at_its_line() -> None:
    with pytest.raises(UnsafeDocument) as caught:
        parser.parse(b"<!-- <!DOCTYPE no> -->\n<?p?>\n<!DOCTYPE a []>\n<a/>")
    assert (caught.value.rule, caught.value.line) == ("DOC.doctype", 3)


@pytest.mark.parametrize(
    "data", [b"<!-- <!DOCTYPE a> --><a/>", b"<a>&lt;!DOCTYPE a&gt;</a>", b"<a><![CDATA[<!DOCTYPE]]></a>"]
)
def test_the_word_doctype_elsewhere_is_no_doctype(data: bytes) -> None:
    assert parser.parse(data).tag == "a"


@pytest.mark.parametrize(
    ("limits", "data", "name"),
    [
        (Limits(max_bytes=10), b"<a>1234567</a>", "max_bytes"),
        (Limits(max_bytes=40), declared("iso-8859-1", "<a/>").encode(), "max_bytes"),
        (Limits(max_elements=3), b"<a><b/><b/><b/></a>", "max_elements"),
        (Limits(max_attributes=1), b"<a b='1' c='2'></a>", "max_attributes"),
        (Limits(max_bytes=60), codecs.BOM_UTF16_LE + ("<a>" + "€" * 20 + "</a>").encode("utf-16-le"), "max_bytes"),
    ],
)
def test_a_limit_is_named(limits: Limits, data: bytes, name: str) -> None:
    with pytest.raises(UnsafeDocument) as caught:
        parser.parse(data, limits)
    assert caught.value.rule == f"DOC.limiet.{name}"
    assert caught.value.args_ == {"limiet": name, "grens": str(getattr(limits, name))}


def test_a_document_at_the_limit_is_read() -> None:
    data = b"<a><b c='1' d='2'/></a>"
    root = parser.parse(data, Limits(max_bytes=len(data), max_elements=2, max_attributes=2))
    assert root[0].get("d") == "2"


def test_depth_is_refused_where_a_document_is_read() -> None:
    data = edited(("<soort>BO</soort>", "<soort><a><b><c/></b></a></soort>"))
    with pytest.raises(UnsafeDocument, match="max_depth") as caught:
        oso.read(data, limits=Limits(max_depth=5))
    assert caught.value.rule == "DOC.limiet.max_depth"
    assert oso.read(data, limits=Limits(max_depth=50)).schema_ok is False


def test_names_lines_and_texts_of_an_element() -> None:
    root = etree.fromstring("<a xmlns='urn:x'>\n<b>t</b>na</a>")
    assert parser.local_name(root[0]) == "b"
    assert parser.line_of(root[0]) == 2
    assert parser.tostring(root[0]) == '<b xmlns="urn:x">t</b>'
