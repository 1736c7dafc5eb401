"""Bad input gets a clear finding from ``check`` and an error of our own from ``read``: never another exception."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest
from hostile_documents import GOOD, LANGUAGES, NAMESPACE, TEXT, XSI, dossier, same, with_bsn

import oso_bridge as oso


def _zipped(document: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("dossier.xml", document)
    return held.getvalue()


def _declared(encoding: str) -> str:
    return TEXT.replace('encoding="UTF-8"', f'encoding="{encoding}"', 1)


BSN_LINE = TEXT[: TEXT.index("<bsn>")].count("\n") + 1
LAST_LINE = TEXT.count("\n") + 1
BODY = TEXT.partition("?>")[2].lstrip()
SUBSET = '<!DOCTYPE dossier [<!ENTITY a "b">]>'
BOMB = "<!DOCTYPE dossier [<!ENTITY a0 'ha'>{}]>".format(
    "".join(f"<!ENTITY a{number} '{f'&a{number - 1};' * 10}'>" for number in range(1, 12))
)
QUADRATIC = f"<!DOCTYPE dossier [<!ENTITY a '{'x' * 100_000}'>]>"
PARAMETER = '<!DOCTYPE dossier [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>'
EXTERNAL = '<!DOCTYPE dossier [<!ENTITY a SYSTEM "file:///etc/passwd">]>'

# name: (document, rule, line, kind of error from read)
REFUSED: dict[str, tuple[bytes, str, int | None, type[oso.OsoBridgeError]]] = {
    "nothing": (b"", "DOC.leeg", None, oso.NotXml),
    "blanks": (b" \r\n\t", "DOC.leeg", None, oso.NotXml),
    "only a mark": (b"\xef\xbb\xbf", "DOC.leeg", None, oso.NotXml),
    "a mark and blanks": ("\ufeff \n".encode("utf-16-le"), "DOC.leeg", None, oso.NotXml),
    "plain text": (b"Geachte collega,\n", "DOC.geen-xml", 1, oso.NotXml),
    "JSON": (b'{"dossier": {}}', "DOC.json", None, oso.NotXml),
    "zeros": (bytes(5000), "DOC.geen-xml", 1, oso.NotXml),
    "gzip": (gzip.compress(GOOD), "DOC.archief", None, oso.NotXml),
    "ZIP": (_zipped(GOOD), "DOC.archief", None, oso.NotXml),
    "blank before the declaration": (b"\n" + GOOD, "DOC.declaratie", 2, oso.NotXml),
    "two documents": (GOOD + b"<dossier/>", "DOC.na-einde", LAST_LINE, oso.NotXml),
    "text behind the end": (GOOD + b"klaar", "DOC.na-einde", LAST_LINE, oso.NotXml),
    "XML 1.1": (TEXT.replace('"1.0"', '"1.1"', 1).encode(), "DOC.versie", 1, oso.NotXml),
    "XML 2.0": (TEXT.replace('"1.0"', '"2.0"', 1).encode(), "DOC.syntaxis", 1, oso.NotXml),
    "a tag that does not match": (dossier("\n<inzage></inzag>"), "DOC.tags", 2, oso.NotXml),
    "an attribute twice": (dossier("<inzage a='1' a='2'/>"), "DOC.dubbel-attribuut", 1, oso.NotXml),
    "an undeclared prefix": (dossier("<p:inzage/>"), "DOC.prefix", 1, oso.NotXml),
    "a bare ampersand": (dossier("\n\na & b"), "DOC.entiteit", 3, oso.NotXml),
    "an undeclared entity": (dossier("&eacute;"), "DOC.entiteit", 1, oso.NotXml),
    "NUL": (with_bsn(b"2749\x0057462"), "DOC.teken", BSN_LINE, oso.NotXml),
    "NUL in front": (b"\0" + GOOD, "DOC.geen-xml", 1, oso.NotXml),
    "NUL behind": (GOOD + b"\0", "DOC.na-einde", LAST_LINE, oso.NotXml),
    "a control character": (with_bsn(b"\x08"), "DOC.teken", BSN_LINE, oso.NotXml),
    "a reference to NUL": (with_bsn(b"&#0;"), "DOC.teken", BSN_LINE, oso.NotXml),
    "a reference to a surrogate": (with_bsn(b"&#xD800;"), "DOC.teken", BSN_LINE, oso.NotXml),
    "a surrogate in UTF-8": (with_bsn(b"\xed\xa0\x80"), "DOC.codering", BSN_LINE, oso.NotXml),
    "an overlong sign in UTF-8": (with_bsn(b"\xc0\xbc"), "DOC.codering", BSN_LINE, oso.NotXml),
    "a lone surrogate in UTF-16": (
        BODY[:200].encode("utf-16-le") + b"\x00\xd8" + BODY[200:].encode("utf-16-le"),
        "DOC.codering",
        BODY[:200].count("\n") + 1,
        oso.NotXml,
    ),
    "half a sign in UTF-16": (_declared("UTF-16").encode("utf-16")[:-1], "DOC.codering", LAST_LINE - 1, oso.NotXml),
    "UTF-7": (b'<?xml version="1.0" encoding="UTF-7"?>+ADw-dossier/+AD4-', "DOC.codering", 1, oso.NotXml),
    "UTF-7 far behind in the declaration": (
        b'<?xml version="1.0"' + b" " * 500 + b'encoding="UTF-7"?>+ADw-!DOCTYPE a+AD4- +ADw-a/+AD4-',
        "DOC.syntaxis",
        1,
        oso.NotXml,
    ),
    "an encoding without a name": (_declared("").encode(), "DOC.codering", 1, oso.NotXml),
    "an encoding that does not exist": (_declared("klingon").encode(), "DOC.codering", 1, oso.NotXml),
    "EBCDIC": (_declared("cp037").encode("cp037", "xmlcharrefreplace"), "DOC.geen-xml", 1, oso.NotXml),
    "UTF-32": (TEXT.encode("utf-32"), "DOC.codering", 1, oso.NotXml),
    "UTF-32 without a mark": (TEXT.encode("utf-32-be"), "DOC.codering", 1, oso.NotXml),
    "UTF-16 that says it is UTF-8": (TEXT.encode("utf-16"), "DOC.codering", 1, oso.NotXml),
    "UTF-16 that says it is UTF-8, without a mark": (TEXT.encode("utf-16-be"), "DOC.codering", 1, oso.NotXml),
    "UTF-8 that says it is UTF-16": (_declared("UTF-16").encode(), "DOC.codering", 1, oso.NotXml),
    "UTF-8 with a mark that says it is UTF-16": (
        b"\xef\xbb\xbf" + _declared("UTF-16").encode(),
        "DOC.codering",
        1,
        oso.NotXml,
    ),
    "UTF-8 with a mark that says it is Latin-1": (
        b"\xef\xbb\xbf" + _declared("ISO-8859-1").encode(),
        "DOC.codering",
        1,
        oso.NotXml,
    ),
    "Latin-1 that does not say so": (with_bsn("é".encode("latin-1")), "DOC.codering", BSN_LINE, oso.NotXml),
    "DOCTYPE": (dossier(before="\n<!DOCTYPE dossier>"), "DOC.doctype", 2, oso.UnsafeDocument),
    "DOCTYPE with a subset": (dossier("&a;", before=SUBSET), "DOC.doctype", 1, oso.UnsafeDocument),
    "DOCTYPE behind comments": (
        dossier(before="<!-- a < b > --><!---> <a> <!-- --><?p <x ?>\n<!DOCTYPE dossier>"),
        "DOC.doctype",
        2,
        oso.UnsafeDocument,
    ),
    "DOCTYPE behind a comment that seems to end early": (
        dossier("&a;", before=f"<!---><a -->{SUBSET}"),
        "DOC.doctype",
        1,
        oso.UnsafeDocument,
    ),
    "DOCTYPE in UTF-16": (
        ("\ufeff" + dossier("&a;", before=SUBSET).decode()).encode("utf-16-le"),
        "DOC.doctype",
        1,
        oso.UnsafeDocument,
    ),
    "DOCTYPE in UTF-16 without a mark": (
        dossier("&a;", before=SUBSET).decode().encode("utf-16-be"),
        "DOC.doctype",
        1,
        oso.UnsafeDocument,
    ),
    "DOCTYPE in Latin-1": (
        dossier("&a;", before='<?xml version="1.0" encoding="latin1"?>' + SUBSET),
        "DOC.doctype",
        1,
        oso.UnsafeDocument,
    ),
    "DOCTYPE with another's DTD": (
        dossier(before='<!DOCTYPE dossier SYSTEM "file:///etc/passwd">'),
        "DOC.doctype",
        1,
        oso.UnsafeDocument,
    ),
    "external entity": (dossier("&a;", before=EXTERNAL), "DOC.doctype", 1, oso.UnsafeDocument),
    "parameter entity": (dossier(before=PARAMETER), "DOC.doctype", 1, oso.UnsafeDocument),
    "billion laughs": (dossier("&a11;", before=BOMB), "DOC.doctype", 1, oso.UnsafeDocument),
    "billion laughs in an attribute": (dossier(root="a='&a11;'", before=BOMB), "DOC.doctype", 1, oso.UnsafeDocument),
    "quadratic entity": (dossier("&a;" * 50_000, before=QUADRATIC), "DOC.doctype", 1, oso.UnsafeDocument),
    "depth 100": (dossier("<a>" * 100 + "</a>" * 100), "DOC.limiet.max_depth", None, oso.UnsafeDocument),
    "depth 300": (dossier("<a>" * 300 + "</a>" * 300), "DOC.limiet.max_depth", None, oso.UnsafeDocument),
    "another namespace": (
        GOOD.replace(NAMESPACE.encode(), b"urn:x"),
        "DOC.onbekende-release",
        3,
        oso.UnknownRelease,
    ),
    "no namespace": (b"<dossier/>", "DOC.onbekende-release", 1, oso.UnknownRelease),
    "HTML": (b"<html><body>Welkom</body></html>", "DOC.onbekende-release", 1, oso.UnknownRelease),
    "a schema": (
        b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>',
        "DOC.onbekende-release",
        1,
        oso.UnknownRelease,
    ),
}


def assert_sound(report: oso.Report) -> None:
    """Every finding has an id, a text and a remedy in both languages, all of them filled in."""
    assert report.layers[0].name == "wellformed"
    for finding in report.findings:
        assert finding.rule
        for language in LANGUAGES:
            for text in (finding.text(language), finding.remedy(language)):
                assert text.strip()
                assert "{" not in text
        assert finding.line is None or finding.line > 0


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read(name: str) -> None:
    document, rule, line, error = REFUSED[name]
    report = oso.check(document)
    assert_sound(report)
    # XML of no format is readable XML, and right by no schema
    layer = "schema" if error is oso.UnknownRelease else "wellformed"
    states = [oso.State.PASSED, oso.State.FAILED] if layer == "schema" else [oso.State.FAILED, oso.State.NOT_RUN]
    assert [(finding.rule, finding.line, finding.layer) for finding in report.findings] == [(rule, line, layer)]
    assert [layer.state for layer in report.layers] == [*states, *[oso.State.NOT_RUN] * 3]
    assert (report.ok, report.exit_code) == (False, 1)
    with pytest.raises(error) as caught:
        oso.read(document)
    assert type(caught.value) is error
    assert isinstance(caught.value, oso.DocumentError)
    assert (caught.value.rule, caught.value.line) == (rule, line)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize("layers", [["schema"], ["codes"], ["integrity"], []])
@pytest.mark.parametrize("name", ["DOCTYPE", "depth 100", "depth 300", "UTF-7"])
def test_the_gate_stands_whatever_layers_are_asked_for(name: str, layers: list[str]) -> None:
    document, rule, _, _ = REFUSED[name]
    assert [finding.rule for finding in oso.check(document, layers=layers).findings] == [rule]


@pytest.mark.parametrize("limit", [1, 64, 200, 201, 250, 100_000])
def test_the_limit_of_depth_is_exact(limit: int) -> None:
    limits = oso.Limits(max_depth=limit)
    for depth in (limit, limit + 1):
        if depth < 256:  # deeper than that libxml2 itself refuses
            document = dossier("<a>" * (depth - 1) + "</a>" * (depth - 1))
            report = oso.check(document, limits=limits)
            assert ("DOC.limiet.max_depth" in [finding.rule for finding in report.findings]) is (depth > limit)
    assert oso.check(GOOD, limits=oso.Limits(max_depth=max(limit, 20))).ok


def test_truncated_anywhere() -> None:
    ends = [*range(1, 160), *range(160, len(GOOD) - 10, 397)]
    for end in ends:
        report = oso.check(GOOD[:end])
        assert_sound(report)
        assert [layer.state for layer in report.layers][1:] == [oso.State.NOT_RUN] * 4, end
        assert len(report.findings) == 1
        with pytest.raises(oso.NotXml):
            oso.read(GOOD[:end])


def test_truncated_says_so() -> None:
    ends = [GOOD.index(b"<bsn>") + 8, GOOD.rindex(b"</dossier>"), len(GOOD) // 2]
    assert {oso.check(GOOD[:end]).findings[0].rule for end in ends} == {"DOC.afgebroken"}


@pytest.mark.parametrize("name", ["adres", "leerling", "metadata"])
def test_a_part_of_a_release_is_no_dossier(name: str) -> None:
    document = dossier().replace(b"dossier ", name.encode() + b" ").replace(b"</dossier", b"</" + name.encode())
    report = oso.check(document)
    assert_sound(report)
    assert report.release == "oso/2019.1"
    assert not report.ok
    assert [layer.state for layer in report.layers[2:]] == [oso.State.NOT_RUN] * 3
    with pytest.raises((oso.NotADossier, oso.UnknownRelease)):
        oso.read(document)


@pytest.mark.parametrize("version", ["2024", "1.3", "9999"])
def test_a_release_that_is_not_installed(version: str) -> None:
    document = GOOD.replace(b"/2019/dossier", f"/{version}/dossier".encode())
    report = oso.check(document)
    assert_sound(report)
    assert report.release == f"oso/{version}"
    assert [layer.state for layer in report.layers[1:4]] == [oso.State.NOT_RUN] * 3
    assert not report.ok
    assert same(oso.write(oso.read(document)), document)


READABLE = {
    "UTF-8 with a mark": b"\xef\xbb\xbf" + GOOD,
    "UTF-8 without a declaration": BODY.encode(),
    "UTF-16": _declared("UTF-16").encode("utf-16"),
    "UTF-16 without a declaration": BODY.encode("utf-16"),
    "UTF-16 LE without a mark": _declared("UTF-16").encode("utf-16-le"),
    "UTF-16 LE by its full name": _declared("UTF-16LE").encode("utf-16-le"),
    "UTF-16 BE without a mark": _declared("UTF-16").encode("utf-16-be"),
    "UTF-16 BE with neither": BODY.encode("utf-16-be"),
    "a comment in front": b"<!-- a < b --><!---> -->" + BODY.encode(),
    "a declaration on several lines": TEXT.replace(" encoding", "\n\tencoding", 1).encode(),
    "ASCII": _declared("US-ASCII").encode("ascii", "xmlcharrefreplace"),
}


@pytest.mark.parametrize("name", READABLE)
def test_what_can_be_read(name: str) -> None:
    report = oso.check(READABLE[name])
    assert [finding.rule for finding in report.findings] == [f.rule for f in oso.check(GOOD).findings]
    assert report.ok
    assert oso.read(READABLE[name]).record == oso.read(GOOD).record


@pytest.mark.parametrize(("encoding", "name"), [("ISO-8859-1", "Zoë"), ("windows-1252", "Žoë€"), ("iso-8859-15", "ë€")])
def test_older_encodings(encoding: str, name: str) -> None:
    document = _declared(encoding).replace("<roepnaam>Jil", f"<roepnaam>{name}")
    read = oso.read(document.encode(encoding, "xmlcharrefreplace"))
    assert read.record["huidigeschool"]["leerling"]["roepnaam"] == name
    assert oso.check(document.encode(encoding, "xmlcharrefreplace")).ok


@pytest.mark.parametrize(
    "markup",
    [b"2749<!-- x -->57462", b"2749<?x y?>57462", b"<![CDATA[2749]]>57462", b"&#50;749<!---->5<?x?>7462<!-- -->"],
)
def test_a_text_that_is_cut_in_pieces_is_one_text(markup: bytes) -> None:
    report = oso.check(with_bsn(markup))
    assert report.ok
    assert report.findings == oso.check(GOOD).findings
    assert oso.read(with_bsn(markup)).record == oso.read(GOOD).record


def test_a_bad_text_that_is_cut_in_pieces_is_judged_as_a_whole() -> None:
    whole, cut = (oso.check(with_bsn(markup)) for markup in (b"27495746A", b"2749<!-- x -->5746<?y?>A"))
    assert [finding.rule for finding in cut.findings] == [finding.rule for finding in whole.findings]
    assert len(cut.findings) == len(oso.check(GOOD).findings) + 1


def test_xinclude_stays_inert() -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" parse="text"/>'
    document = oso.read(GOOD.replace(b"<bsn>", include.encode() + b"<bsn>"))
    assert [extra["content"] for extra in document.record["huidigeschool"]["leerling"]["#extra"]] == [include]


def test_schema_location_and_type_do_not_steer_the_check() -> None:
    steer = f'xmlns:xsi="{XSI}" xsi:schemaLocation="{NAMESPACE} file:///nergens.xsd"'
    document = GOOD.replace(b"<dossier ", f"<dossier {steer} ".encode())
    assert oso.check(document).ok
    assert oso.check(GOOD.replace(b"<bsn>", f'<bsn xmlns:xsi="{XSI}" xsi:type="xs:string">'.encode())).ok is False
