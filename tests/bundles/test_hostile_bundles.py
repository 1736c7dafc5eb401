"""Bundles that want something else: refused or contained, and nothing is written."""

from __future__ import annotations

import io
import json
import os
import random
import re
import socket
import stat
import struct
import sys
import threading
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import oso_bridge as oso
from oso_bridge.bundles import compiling, installing, schema, source
from oso_bridge.bundles.source import BundleLimits

from . import samples

FOLDER = f"OSO {samples.YEAR}.1"
XS = "http://www.w3.org/2001/XMLSchema"


@pytest.fixture
def refused(user_data: Path, tmp_path: Path) -> Callable[..., str]:
    """Adds a bundle that has to be refused, and gives the reason; nothing may have been written."""

    def call(bundle: Path | bytes, limits: BundleLimits | None = None) -> str:
        path = bundle if isinstance(bundle, Path) else tmp_path / "bundel.zip"
        if isinstance(bundle, bytes):
            path.write_bytes(bundle)
        before = tree(tmp_path)
        with pytest.raises(oso.BundleRefused) as refusal:
            oso.add_release(path, id=samples.ID, limits=limits)
        assert tree(tmp_path) == before
        assert not user_data.parent.exists()
        return str(refusal.value)

    return call


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def with_member(name: str, content: bytes = b"<x/>", **settings: int) -> bytes:
    """The bundle with one member more."""
    buffer = io.BytesIO(samples.zipped())
    with zipfile.ZipFile(buffer, "a") as archive:
        member = zipfile.ZipInfo(name)
        member.compress_type = zipfile.ZIP_DEFLATED
        for key, value in settings.items():
            setattr(member, key, value)
        archive.writestr(member, content)
    return buffer.getvalue()


# --- ZIP ---


@pytest.mark.parametrize(
    "name",
    ["../../uit.xsl", "/etc/cron.d/uit", "C:/uit.xsl", "a/../../uit.xsl", "con.xsl", "a\u202elsx.exe", "OV\\uit.xsl"],
)
def test_a_name_that_is_not_safe(refused: Callable[..., str], name: str) -> None:
    assert "is not safe" in refused(with_member(name))


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../etc/passwd", "..", "../..", "C:\\Windows\\win.ini"])
@pytest.mark.parametrize("as_text", [False, True])
def test_a_link_that_leads_out(refused: Callable[..., str], target: str, as_text: bool) -> None:
    name = f"{FOLDER}/OV/extra.xsl" if as_text else f"{FOLDER}/link"
    links = {**samples.LINKS, name: "../../" + target if target == ".." else target}
    if target == "../..":
        links[name] = "../../.."
    assert "leads out of it" in refused(samples.zipped(links=links, as_text=as_text))


def test_links_that_go_round(refused: Callable[..., str]) -> None:
    links = {f"{FOLDER}/a": "b", f"{FOLDER}/b": "a"}
    assert "go round" in refused(samples.zipped(links=links))


def test_a_zip_bomb(refused: Callable[..., str]) -> None:
    assert "max_ratio" in refused(with_member(f"{FOLDER}/groot.xml", b" " * 15_000_000))
    assert "max_file_bytes" in refused(with_member(f"{FOLDER}/groot.xml", os.urandom(20_000_001)))


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (BundleLimits(max_bytes=1000), "max_bytes"),
        (BundleLimits(max_files=3), "max_files"),
        (BundleLimits(max_file_bytes=1000), "max_file_bytes"),
        (BundleLimits(max_total_bytes=60_000), "max_total_bytes"),
        (BundleLimits(max_name=10), "te-lang"),
    ],
)
def test_limits(refused: Callable[..., str], limits: BundleLimits, told: str) -> None:
    assert told in refused(samples.zipped(), limits)


def test_a_size_that_lies(refused: Callable[..., str]) -> None:
    content = samples.zipped()
    at = content.index(b"PK\x01\x02")
    lying = content[: at + 24] + (7).to_bytes(4, "little") + content[at + 28 :]
    assert refused(lying)


def test_two_members_of_one_name(refused: Callable[..., str]) -> None:
    assert "overlaps" in refused(with_member(f"{FOLDER}/ov/CONTROLE.xsl"))


def overlapping(kernel: bytes, number: int, extra: int = 0) -> bytes:
    """A ZIP whose table of contents names one member many times, and some bytes that belong to nothing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("aaaa.xml", kernel)
    content = buffer.getvalue()
    start, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    entry, padding = content[start:end], bytes(extra)
    table = b"".join(entry.replace(b"aaaa.xml", b"%04d.xml" % item) for item in range(number))
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, number, number, len(table), start + extra, 0)
    return content[:start] + padding + table + tail


@pytest.mark.parametrize("extra", [0, 5_000_000])
def test_members_that_lie_on_one_another(refused: Callable[..., str], extra: int) -> None:
    assert "overlaps" in refused(overlapping(b" " * 900_000 + b"<x/>", 2000, extra))


def test_a_zip_in_a_zip_is_not_opened(user_data: Path, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("dossier.xsd", samples.xsd())
    path = tmp_path / "bundel.zip"
    for name in ("binnen.zip", "binnen"):
        path.write_bytes(samples.zipped({name: buffer.getvalue()}, {}))
        with pytest.raises(oso.BundleRefused, match="no XSD"):
            oso.add_release(path)
    path.write_bytes(samples.zipped({"dossier.xsd": buffer.getvalue()}, {}))
    with pytest.raises(oso.BundleRefused, match="no XSD"):
        oso.add_release(path)
    assert not user_data.parent.exists()


def test_a_nul_in_a_name(refused: Callable[..., str]) -> None:
    content = with_member("OV/x.xslQtxt")
    assert content.count(b"OV/x.xslQtxt") == 2
    assert "is not safe" in refused(content.replace(b"OV/x.xslQtxt", b"OV/x.xsl\0txt"))


@pytest.mark.parametrize("name", [f"{FOLDER}/ov", f"{FOLDER}/OV", f"{FOLDER}/OV/common"])
def test_a_link_in_the_place_of_a_folder_or_a_link(refused: Callable[..., str], name: str) -> None:
    content = io.BytesIO(samples.zipped())
    with zipfile.ZipFile(content, "a") as archive, warnings.catch_warnings(action="ignore"):
        member = zipfile.ZipInfo(name)
        member.create_system, member.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc")
    assert any(word in refused(content.getvalue()) for word in ("leads out", "overlaps"))


def test_links_that_grow(refused: Callable[..., str]) -> None:
    links = {f"{FOLDER}/l{number}": "/".join([f"l{number + 1}"] * 80) for number in range(60)}
    assert "go round" in refused(samples.zipped(links=links))


@pytest.mark.parametrize("texts", [{"a": "b", "b": "a"}, {"a": "a"}, {"a": "b/../a", "b": "."}])
def test_texts_that_are_links_that_go_round(refused: Callable[..., str], texts: dict[str, str]) -> None:
    links = {f"{FOLDER}/{name}.xsl": f"{target}.xsl" for name, target in texts.items()}
    assert "go round" in refused(samples.zipped(links={**samples.LINKS, **links}, as_text=True))


def test_an_encrypted_member(refused: Callable[..., str]) -> None:
    content = samples.zipped()
    at = content.index(b"PK\x01\x02")
    assert "encrypted" in refused(content[: at + 8] + b"\x01\x00" + content[at + 10 :])


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"geen zip", b"PK\x03\x04" + b"\0" * 100])
def test_no_zip(refused: Callable[..., str], content: bytes) -> None:
    assert "no ZIP that can be read" in refused(content)


def test_a_damaged_zip_is_refused_or_read_and_nothing_else(tmp_path: Path) -> None:
    whole, chance, path, refusals = samples.zipped(), random.Random(7), tmp_path / "bundel.zip", 0  # noqa: S311
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 1, 2, 5))):
            # most of it lies in the table of contents, at the end
            at = chance.randrange(len(content) - chance.choice((1500, len(content))), len(content))
            content[at : at + chance.choice((0, 1, 7))] = chance.randbytes(chance.choice((0, 1, 3)))
        path.write_bytes(bytes(content))
        try:
            schema.find(source.load(path, BundleLimits()))
        except oso.BundleRefused:
            refusals += 1
    assert 0 < refusals < 400


def test_a_bundle_that_is_not_there(user_data: Path, tmp_path: Path) -> None:
    for name in ("weg.zip", "weg.xsd", "weg"):
        with pytest.raises(FileNotFoundError):
            oso.add_release(tmp_path / name)
    assert not user_data.parent.exists()


# --- folders ---


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("target", ["/etc/passwd", "../../../buiten.xsl", "../../.."])
def test_a_folder_with_a_link_that_leads_out(refused: Callable[..., str], tmp_path: Path, target: str) -> None:
    (tmp_path / "buiten.xsl").write_text("<geheim/>", "utf-8")
    folder = samples.folder_of(tmp_path / "map", None, {"OSO 2031.1/OV/common": target})
    assert "leads out of it" in refused(folder)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_nothing_outside_is_read_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "geheim.xsd").write_text("<geheim/>", "utf-8")
    folder = samples.folder_of(tmp_path / "map", {"a/b.xsd": b"<x/>"}, {"a/c.xsd": "../../geheim.xsd"})
    with pytest.raises(oso.BundleRefused):
        source.load(folder, BundleLimits())
    lone = source.load(folder / "a" / "b.xsd", BundleLimits())
    assert list(lone.files) == ["b.xsd"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a file system may hold names to a form")
@pytest.mark.parametrize("place", ["a file", "a link", "the target of a link", "the bundle", "the ZIP", "the XSD"])
def test_a_name_that_is_not_utf_8(refused: Callable[..., str], tmp_path: Path, place: str) -> None:
    odd = os.fsdecode(b"gek\xff")
    content, top = {"dossier.xsd": samples.xsd().encode()}, tmp_path / "map"
    bundle = top
    if place == "a file":
        content[f"OV/{odd}.xsl"] = b"<x/>"
    elif place == "the bundle":
        bundle = top = tmp_path / odd
    samples.folder_of(top, content, {})
    if place == "a link":
        (top / odd).symlink_to("dossier.xsd")
    elif place == "the target of a link":
        (top / "link").symlink_to(odd)
    elif place == "the ZIP":
        bundle = tmp_path / f"{odd}.zip"
        bundle.write_bytes(samples.zipped())
    elif place == "the XSD":
        bundle = top / f"{odd}.xsd"
        (top / "dossier.xsd").rename(bundle)
    told = refused(bundle)
    assert "not UTF-8" in told
    assert told.isprintable()


# --- schemas ---


@pytest.fixture
def listener() -> Iterator[tuple[str, list[int]]]:
    """An address on this machine, and who came."""
    came: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        done = threading.Event()

        def wait() -> None:
            while not done.is_set():
                try:
                    server.accept()[0].close()
                    came.append(1)
                except TimeoutError:
                    continue

        thread = threading.Thread(target=wait)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x", came
        done.set()
        thread.join()


def only_schema(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "dossier.xsd"
    file.write_text(text, "utf-8")
    return file


def test_a_schema_that_includes_from_the_network(
    refused: Callable[..., str], tmp_path: Path, listener: tuple[str, list[int]]
) -> None:
    address, came = listener
    head, mark, tail = samples.xsd().partition("<xs:element ")
    for included in (address, "file:///etc/passwd", "/etc/passwd", "../buiten.xsd", "//host/x.xsd"):
        text = f'{head}<xs:include schemaLocation="{included}"/>{mark}{tail}'
        assert "outside" in refused(only_schema(tmp_path, text)) or "leads out" in refused(tmp_path / "dossier.xsd")
    assert came == []


def test_an_import_is_never_fetched(user_data: Path, tmp_path: Path, listener: tuple[str, list[int]]) -> None:
    address, came = listener
    head, mark, tail = samples.xsd().partition("<xs:element ")
    text = f'{head}<xs:import namespace="urn:x" schemaLocation="{address}"/>{mark}{tail}'
    added = oso.add_release(only_schema(tmp_path, text))
    assert b"import" not in (added.release.folder / "dossier.xsd").read_bytes()
    assert oso.check(samples.with_new(), layers=["schema"]).layer("schema").state == "passed"
    assert came == []


def test_names_of_another_namespace(refused: Callable[..., str], tmp_path: Path) -> None:
    text = samples.xsd().replace('name="voorkeursnaam" type="d:', 'name="voorkeursnaam" xmlns:v="urn:v" type="v:')
    assert "another namespace" in refused(only_schema(tmp_path, text))


def test_a_doctype(refused: Callable[..., str], tmp_path: Path) -> None:
    head, mark, tail = samples.xsd().partition("<xs:schema")
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    assert "DOCTYPE" in refused(only_schema(tmp_path, head + bomb + mark + tail))


def test_a_structure_that_unrolls_without_end(refused: Callable[..., str], tmp_path: Path) -> None:
    head, _, _ = samples.xsd().partition("<xs:element ")
    levels = "".join(
        f'<xs:complexType name="t{level}"><xs:sequence>'
        + "".join(f'<xs:element name="e{number}" type="d:t{level + 1}"/>' for number in range(10))
        + "</xs:sequence></xs:complexType>"
        for level in range(9)
    )
    text = (
        head
        + '<xs:element name="dossier" type="d:t0"/>'
        + levels
        + '<xs:simpleType name="t9"><xs:restriction base="xs:string"/></xs:simpleType></xs:schema>'
    )
    assert "more than 20000 places" in refused(only_schema(tmp_path, text))


def test_a_schema_that_takes_too_long() -> None:
    with pytest.raises(oso.BundleRefused, match="too long"):
        compiling.compile_xsd(samples.xsd().encode(), seconds=0.05)


def test_a_schema_that_breaks_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_SCRIPT", "import os; os.abort()")
    with pytest.raises(oso.BundleRefused, match="asks for too much"):
        compiling.compile_xsd(samples.xsd().encode())


def test_two_different_schemas(refused: Callable[..., str]) -> None:
    content = samples.files()
    content[f"{FOLDER}/PaO/ander.xsd"] = samples.xsd().replace('maxLength value="35"', 'maxLength value="36"').encode()
    assert "several different schemas" in refused(samples.zipped(content))


def test_a_bundle_without_a_schema(refused: Callable[..., str]) -> None:
    content = {name: text for name, text in samples.files().items() if not name.endswith(".xsd")}
    assert "no XSD" in refused(samples.zipped(content))


def test_schemas_that_include_one_another_without_end(refused: Callable[..., str], tmp_path: Path) -> None:
    head = f'<xs:schema xmlns:xs="{XS}" targetNamespace="{samples.NAMESPACE}">'
    for number in range(1200):
        text = f'{head}<xs:include schemaLocation="deel{number + 1}.xsd"/></xs:schema>'
        (tmp_path / f"deel{number}.xsd").write_text(text, "utf-8")
    (tmp_path / "deel1200.xsd").write_text(f"{head}</xs:schema>", "utf-8")
    assert "more than 100 deep" in refused(tmp_path / "deel0.xsd")


def test_a_pattern_that_takes_too_many_attempts(user_data: Path, tmp_path: Path) -> None:
    canary = "a" * 40 + "!"
    old = re.search(r'<xs:element name="roepnaam" type="[^"]+"', samples.xsd())
    assert old is not None
    evil = """<xs:simpleType name="traagType"><xs:restriction base="xs:string"><xs:pattern value="(a|aa)+b|[A-Z].*"/>
      </xs:restriction></xs:simpleType></xs:schema>"""
    text = samples.xsd().replace(old[0], '<xs:element name="roepnaam" type="d:traagType"')
    bad, good = samples.document(("<roepnaam>Jil<", f"<roepnaam>{canary}<")), samples.document()
    wrong = samples.document(("<roepnaam>Jil<", f"<roepnaam>{canary}<"), ("<metadata>", "<metadata><naam/>"))
    content = {"dossier.xsd": text.replace("</xs:schema>", evil).encode(), "goed.xml": good, "slecht.xml": bad}
    added = oso.add_release(samples.folder_of(tmp_path / "map", content, {}), id=samples.ID)
    assert added.examples == (2, 1)
    first, second, third = oso.check_many([bad, good, wrong], layers="schema")
    assert [str(report.layer("schema").state) for report in (first, second, third)] == ["unclear", "passed", "failed"]
    (finding,) = first.findings
    assert (finding.rule, finding.path) == ("XSD.afgebroken.roepnaam", "leerling.roepnaam")
    assert (first.ok, first.exit_code, finding.value) == (False, 1, None)
    assert "stopped before" in str(first.layer("schema").why("en"))
    assert canary not in json.dumps([report.to_dict() for report in (first, third)])
    assert oso.read(bad).schema_ok is False
    assert oso.explain(finding.rule)[0]["layer"] == "schema"


# --- stylesheets ---

MESSAGE = '<xsl:template match="/"><xsl:message>x</xsl:message></xsl:template>'


def saying(expression: str) -> str:
    return f'<xsl:template match="/"><xsl:message select="{expression}"/></xsl:template>'


FORBIDDEN = {
    "result-document": '<xsl:template match="/"><xsl:result-document href="uit.xml"/></xsl:template>',
    "environment": saying("environment-variable('HOME')"),
    "include http": '<xsl:include href="http://127.0.0.1/x.xsl"/>' + MESSAGE,
    "import outside": '<xsl:import href="../../../buiten.xsl"/>' + MESSAGE,
    "document outside": saying("document('/etc/passwd')"),
    "document computed": saying("document(//naam)"),
    "unparsed": saying("unparsed-text('x')"),
    "itself": '<xsl:include href="controle.xsl"/>' + MESSAGE,
}


@pytest.mark.parametrize("body", FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_stylesheet_that_could_reach_outside(refused: Callable[..., str], body: str) -> None:
    told = refused(samples.zipped(samples.with_stylesheet(body), {}))
    assert any(word in told for word in ("is refused", "outside", "leads out", "includes itself"))


def test_it_can_be_added_without_its_stylesheets(user_data: Path, tmp_path: Path) -> None:
    content = samples.with_stylesheet(FORBIDDEN["environment"])
    added = oso.add_release(samples.folder_of(tmp_path / "map", content, {}), id=samples.ID, stylesheets=False)
    assert (added.messages, [name for name in (added.release.folder).iterdir() if name.is_dir()]) == ({}, [])


def test_a_stylesheet_that_never_ends_is_contained(
    user_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from oso_bridge.stylesheets import running

    body = """<xsl:template match="/"><xsl:call-template name="rond"/></xsl:template>
      <xsl:template name="rond"><xsl:if test="1 = 2"><xsl:message>Zie codelijst 1.</xsl:message></xsl:if>
      <xsl:call-template name="rond"/></xsl:template>"""
    oso.add_release(samples.folder_of(tmp_path / "map", samples.with_stylesheet(body), {}), id=samples.ID)
    monkeypatch.setattr(running, "DEFAULT", running.RunLimits(seconds=1))
    layer = oso.check(samples.document()).layer("codes")
    assert (layer.state, str(layer.why("en"))[:8]) == ("unclear", "Unclear:")
    assert "time or memory" in str(layer.why("en"))


def test_more_stylesheets_than_any_bundle_has(refused: Callable[..., str]) -> None:
    content = samples.with_stylesheet(MESSAGE)
    ((name, sheet),) = [item for item in content.items() if item[0].endswith(".xsl")]
    many = {name.replace("controle", f"controle{number}"): sheet for number in range(101)}
    assert "more than 100 stylesheets" in refused(samples.zipped({**content, **many}, {}))


def test_stylesheets_that_take_too_long(refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "_SECONDS", 0)
    assert "too long" in refused(samples.zipped())
