"""Tables that others made: what is wrong becomes a finding with its place, and the good rows are kept."""

from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import openpyxl
import pytest

import oso_bridge as oso
from oso_bridge.mappings.engine import Mapping
from oso_bridge.mappings.shapes.base import TableLimits

from .samples import everything, same, something

CANARY = "Kanarie-Zevenster"


@pytest.fixture
def mapping() -> Mapping:
    return oso.mapping("oso-csv")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes the sheets of a csv and gives the file of the root."""

    def made(root: str | bytes, **sheets: str | bytes) -> Path:
        for name, text in {"": root, **sheets}.items():
            path = tmp_path / (f"in.{name.replace('_', '-')}.csv" if name else "in.csv")
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / "in.csv"

    return made


def told(report: Any) -> list[tuple[str, int | None, str | None]]:
    """Rule, line and column of each finding."""
    return [(finding.rule, finding.line, finding.args.get("kolom")) for finding in report.findings]


def names(dossiers: list[Any]) -> list[str | None]:
    return [dossier.leerling and dossier.leerling.achternaam for dossier in dossiers]


def test_good_rows_are_kept(mapping: Mapping, write: Any) -> None:
    source = write(
        "Leerling;Achternaam;Geboortedatum;Adres geheim\n"
        "1;Bosch;23-01-2007;nee\n"
        "2;Jansen;31-02-2007;nee\n"
        "3;Visser;2006-05-04;J\n"
        "4;Smit;;misschien\n"
    )
    dossiers, report = mapping.read(source)
    assert names(dossiers) == ["Bosch", "Visser"]
    assert dossiers[1].leerling.adresgeheim is True
    assert told(report) == [("MAP.waarde", 3, "Geboortedatum"), ("MAP.waarde", 5, "Adres geheim")]
    first = report.findings[0]
    assert (first.path, first.args["bestand"], first.args["blad"]) == (
        "leerling.geboortedatum", "in.csv", "Leerlingen"
    )  # fmt: skip
    assert first.text("nl").startswith("in.csv, blad Leerlingen, regel 3, kolom Geboortedatum: ")
    assert "sheet Leerlingen, line 3, column Geboortedatum" in first.text("en")
    assert (report.ok, report.exit_code, report.layers[0].name) == (False, 1, "mapping")


def test_values_are_told_only_when_asked(mapping: Mapping, write: Any) -> None:
    source = write(f"Leerling;Geboortedatum\n1;{CANARY}\n")
    assert CANARY not in str(mapping.read(source).report.to_dict())
    assert mapping.read(source, show_values=True).report.findings[0].value == CANARY


def test_rows_are_joined_by_their_keys_in_any_order(mapping: Mapping, write: Any) -> None:
    source = write(
        "Leerling;Achternaam\nb;Bosch\na;Jansen\n",
        verzorgers="Leerling;Achternaam\na;A1\nb;B1\na;A2\n",
        toetsen="Leerling;Toets;Code\nb;7;T7\na;7;T7a\na;8;T8\n",
        toetsonderdelen="Leerling;Toets;Naam\na;8;z\nb;7;y\na;7;x\na;8;w\n",
        adressen="Leerling;Van;Plaats\na;leerling.verzorgers[2];P2\nb;leerling;P\nb;school;S\n",
    )
    (bosch, jansen), report = mapping.read(source)
    assert report.ok, told(report)
    assert [carer.achternaam for carer in jansen.leerling.verzorgers] == ["A1", "A2"]
    assert [carer.achternaam for carer in bosch.leerling.verzorgers] == ["B1"]
    assert jansen.leerling.verzorgers[1].adressen[0].plaats == "P2"
    assert (bosch.leerling.adressen[0].plaats, bosch.school.adressen[0].plaats) == ("P", "S")
    assert [[part.naam for part in toets.onderdelen] for toets in jansen.rapport.toetsen] == [["x"], ["z", "w"]]


def test_references_to_what_is_not_there(mapping: Mapping, write: Any) -> None:
    source = write(
        "Leerling;Achternaam\n1;Bosch\n",
        verzorgers="Leerling;Achternaam\n1;A\n9;B\n;C\n",
        toetsen="Leerling;Toets;Code\n1;1;T\n",
        toetsonderdelen="Leerling;Toets;Naam\n1;1;x\n1;2;y\n",
        adressen="Leerling;Van;Plaats\n1;leerling.verzorgers[2];P\n1;leerling.bsn;P\n1;__class__;P\n1;leerling.verzorgers[1];Q\n",
    )
    (dossier,), report = mapping.read(source)
    assert sorted(
        (rule, line, finding.args["blad"])
        for (rule, line, _), finding in zip(told(report), report.findings, strict=True)
    ) == [
        ("MAP.verwijzing", 2, "Adressen"),
        ("MAP.verwijzing", 3, "Adressen"),
        ("MAP.verwijzing", 3, "Toetsonderdelen"),
        ("MAP.verwijzing", 3, "Verzorgers"),
        ("MAP.verwijzing", 4, "Adressen"),
        ("MAP.verwijzing", 4, "Verzorgers"),
    ]
    assert [carer.achternaam for carer in dossier.leerling.verzorgers] == ["A"]
    assert dossier.leerling.verzorgers[0].adressen[0].plaats == "Q"


def test_nothing_goes_to_the_wrong_parent(mapping: Mapping, write: Any) -> None:
    """A row that is dropped keeps its number; of one that is beyond reading nobody knows the number."""
    adressen = "Leerling;Van;Plaats\n1;leerling.verzorgers[1];een\n1;leerling.verzorgers[2];twee\n"
    carers = "Leerling;Achternaam;Geboortedatum\n1;A;onzin\n1;B;\n"
    (dossier,), report = mapping.read(write("Leerling;BSN\n1;x\n", verzorgers=carers, adressen=adressen))
    assert told(report) == [("MAP.waarde", 2, "Geboortedatum")]
    assert [(c.achternaam, [a.plaats for a in c.adressen]) for c in dossier.leerling.verzorgers] == [("B", ["twee"])]
    carers = "Leerling;Achternaam;Geboortedatum\n1;A\n1;B;\n"
    (dossier,), report = mapping.read(write("Leerling;BSN\n1;x\n", verzorgers=carers, adressen=adressen))
    assert sorted(told(report)) == [
        ("MAP.cellen", 2, None), ("MAP.verwijzing", 2, "Van"), ("MAP.verwijzing", 3, "Van")
    ]  # fmt: skip
    assert [(c.achternaam, c.adressen) for c in dossier.leerling.verzorgers] == [("B", [])]


def test_what_hangs_below_a_row_that_was_dropped_goes_with_it(mapping: Mapping, write: Any) -> None:
    source = write(
        "Leerling;Achternaam;Adres geheim\n1;Bosch;?\n2;Smit;\n",
        toetsen="Leerling;Toets;Code;Afname datum\n1;1;T;\n2;1;T;?\n",
        toetsonderdelen="Leerling;Toets;Naam\n1;1;x\n2;1;y\n",
    )
    dossiers, report = mapping.read(source)
    assert names(dossiers) == ["Smit"]
    assert dossiers[0].rapport.toetsen == []
    assert [rule for rule, _, _ in told(report)] == ["MAP.waarde"] * len(report.findings)


def test_keys_that_are_there_twice_or_not_at_all(mapping: Mapping, write: Any) -> None:
    source = write(
        "Leerling;Achternaam\n1;Bosch\n1;Jansen\n;Smit\n2;Visser\n",
        toetsen="Leerling;Toets;Code\n1;1;a\n1;1;b\n",
        toetsonderdelen="Leerling;Toets;Naam\n1;1;x\n",
    )
    dossiers, report = mapping.read(source)
    assert names(dossiers) == ["Bosch", "Visser"]
    assert sorted(told(report)) == [
        ("MAP.sleutel-dubbel", 3, "Leerling"),
        ("MAP.sleutel-dubbel", 3, "Toets"),
        ("MAP.sleutel-leeg", 4, "Leerling"),
    ]
    assert [len(toets.onderdelen) for toets in dossiers[0].rapport.toetsen] == [1, 0]


def test_columns(mapping: Mapping, write: Any) -> None:
    dossiers, report = mapping.read(write(f"{CANARY};Achternaam\nx;Bosch\n"))
    assert (names(dossiers), report.ok) == (["Bosch"], True)
    assert told(report) == [("MAP.kolom-onbekend", 1, "A")]
    assert CANARY not in str(report.to_dict())
    dossiers, report = mapping.read(write("Achternaam;Achternaam\nx;Bosch\n"))
    assert (dossiers, told(report)) == ([], [("MAP.kolom-dubbel", 1, "Achternaam")])
    dossiers, report = mapping.read(write("Leerling;BSN\n1;x\n", verzorgers="Achternaam\nBosch\n"))
    assert told(report) == [("MAP.kolom-ontbreekt", 1, "Leerling")]
    assert len(dossiers) == 1


def test_a_mapping_may_ask_for_its_columns(write: Any) -> None:
    mapping = oso.mapping("voorbeeld-leverancier")
    dossiers, report = mapping.read(write("Leerlingnr;Achternaam\n1;Bosch\n2;\n"))
    rules = told(report)
    assert ("MAP.kolom-ontbreekt", 1, "BSN") in rules
    assert ("MAP.verplicht", 3, "Achternaam") in rules
    assert (names(dossiers), dossiers[0].levering.overstap) == (["Bosch"], "POVO")
    dossiers, report = mapping.read(write("Leerlingnr;BSN\n1;2\n"))
    assert (dossiers, report.ok) == ([], False)


def test_values_that_the_model_refuses(mapping: Mapping, write: Any) -> None:
    source = write(
        "Leerling;Geboortemaand\n1;2012-03\n2;2012-13\n",
        adviezen="Leerling;Soort;Motivatie\n1;definitief;a\n1;zomaar;b\n1;;c\n",
    )
    dossiers, report = mapping.read(source)
    assert [advies.motivatie for advies in dossiers[0].rapport.advies.adviezen] == ["a"]
    assert len(dossiers) == 1
    assert {(rule, line) for rule, line, _ in told(report)} == {("MAP.model", 3), ("MAP.model", 4)}
    assert "voorlopig" in report.findings[0].text("nl")
    assert "zomaar" not in str(report.to_dict())


# --- csv ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(mapping: Mapping, write: Any, mark: str, end: str) -> None:
    rows = [["Leerling", "Achternaam", "Roepnaam"], ["1", f'"Bo{mark}sch"', '"Da""an"'], [], ["2", '"a\nb"', ""]]
    dossiers, report = mapping.read(write(end.join(mark.join(row) for row in rows)))
    assert told(report) == []
    assert [(d.leerling.achternaam, d.leerling.roepnaam) for d in dossiers] == [
        (f"Bo{mark}sch", 'Da"an'),
        ("a\nb", None),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings_are_found(mapping: Mapping, write: Any, encoding: str) -> None:
    dossiers, report = mapping.read(write("Leerling;Achternaam\n1;Citroën\n".encode(encoding)))
    assert names(dossiers) == ["Citroën"]
    assert told(report) == ([("MAP.codering-geraden", None, None)] if encoding == "cp1252" else [])
    assert report.ok


def test_an_encoding_that_is_asked_for_is_kept_to(mapping: Mapping, write: Any) -> None:
    source = write("Leerling;Achternaam\n1;Bosch\n2;Citroën\n3;Smit\n".encode("cp1252"))
    dossiers, report = mapping.read(source, encoding="utf-8")
    assert names(dossiers) == ["Bosch", "Smit"]
    assert told(report) == [("MAP.codering", 3, "B")]
    with pytest.raises(oso.UsageError, match="no encoding"):
        mapping.read(source, encoding="rot13")


def test_one_bad_row_in_utf8(mapping: Mapping, write: Any) -> None:
    rows = ["Leerling;Achternaam", "1;Citroën", "2;Zoë", "3;Ren\udce9", "4;Bosch"]
    dossiers, report = mapping.read(write("\n".join(rows).encode("utf-8", "surrogateescape")))
    assert names(dossiers) == ["Citroën", "Zoë", "Bosch"]
    assert told(report) == [("MAP.codering", 4, "B")]


def test_broken_rows_of_csv(mapping: Mapping, write: Any) -> None:
    source = write('sep=;\nLeerling;Achternaam\n1;Bosch\n2;"a\nb"\n3\n4;x;y\n5;"a"b\n6;"open\n7;Smit\n8;5" disk\n')
    dossiers, report = mapping.read(source)
    assert names(dossiers) == ["Bosch", "a\nb", "Smit", '5" disk']
    assert told(report) == [
        ("MAP.cellen", 6, None), ("MAP.cellen", 7, None), ("MAP.aanhaling", 8, None), ("MAP.aanhaling", 9, None)
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"\n\n", b";;;\n1;2;3;4\n"])
def test_files_without_headers(mapping: Mapping, write: Any, content: bytes) -> None:
    dossiers, report = mapping.read(write(content))
    assert dossiers == []
    assert [rule for rule, _, _ in told(report)] == ["MAP.kolom-geen" if content[:1] == b";" else "MAP.leeg"]


def test_nul_bytes_and_noise(mapping: Mapping, write: Any) -> None:
    dossiers, report = mapping.read(write(b"Leerling;Achternaam\n1;a\x00b\n"))
    assert (names(dossiers), report.ok) == (["a\x00b"], True)
    for seed in range(20):
        noise = bytes((seed * 7 + n * n) % 256 for n in range(4000))
        assert mapping.read(write(noise)).dossiers == []


def test_limits(mapping: Mapping, write: Any) -> None:
    dossiers, report = mapping.read(write(";".join(f"k{n}" for n in range(100_000)) + "\n1;2\n"))
    assert (dossiers, told(report)) == ([], [("MAP.limiet", 1, None)])
    rows = "Leerling;Achternaam\n" + "".join(f"{n};x\n" for n in range(50))
    dossiers, report = mapping.read(write(rows), limits=TableLimits(max_rows=10))
    assert (len(dossiers), told(report)[-1]) == (10, ("MAP.limiet", 12, None))
    dossiers, report = mapping.read(
        write("Leerling;Achternaam\n1;" + "x" * 5000), limits=TableLimits(max_characters=1000)
    )
    assert (dossiers, [rule for rule, _, _ in told(report)]) == ([], ["MAP.limiet"])
    dossiers, report = mapping.read(
        write('Leerling;Achternaam\n1;"' + "x\n" * 5000), limits=TableLimits(max_characters=1000)
    )
    assert not report.ok
    dossiers, report = mapping.read(write("Leerling;Achternaam\n" + "1\n" * 500), limits=TableLimits(max_findings=5))
    assert [finding.rule for finding in report.findings] == ["MAP.cellen"] * 5 + ["LAAG.meer"]
    assert mapping.read(write(rows), limits=TableLimits(max_bytes=10)).report.ok is False


def test_quotes_that_never_close_do_not_cost_the_square(mapping: Mapping, write: Any) -> None:
    text = "Leerling;Achternaam\n" + '1;"a\n2;b"c\n' * 20_000 + '1;"'
    assert not mapping.read(write(text)).report.ok


def test_many_pupils_in_little_memory(mapping: Mapping, write: Any) -> None:
    def peak(pupils: int) -> int:
        root = "Leerling;Achternaam\n" + "".join(f"{n};{'x' * 200}\n" for n in range(pupils))
        below = "Leerling;Naam\n" + "".join(f"{n};{'y' * 200}\n" for n in range(pupils))
        source = write(root, toetsen=below)
        tracemalloc.start()
        reading = mapping.stream(source)
        assert sum(len(dossier.rapport.toetsen) for dossier in reading) == pupils
        assert reading.report.ok
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(2000) < peak(200) + 1_000_000


# --- xlsx -----------------------------------------------------------------------------------------------------------


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    book.save(path)
    return path


def test_a_workbook_that_a_person_made(tmp_path: Path) -> None:
    from datetime import datetime

    source = workbook(
        tmp_path / "in.xlsx",
        Leerlingen=[
            ["Leerling", "Achternaam", "Geboortedatum", "Adres geheim", None],
            [1, "Bosch", datetime(2007, 1, 23), True],  # noqa: DTZ001
            [2, "Smit", "24-01-2007", "nee"],
            [],
            [3, "=1+1", datetime(2007, 1, 23, 12)],  # noqa: DTZ001
            [4, "Vis", 39105, None],
        ],
        Toetsen=[["Leerling", "Naam", "Resultaat score aantal goed"], [1, "T", 12], [1.0, "U", 12.5]],
        Onbekend=[["x"]],
    )
    dossiers, report = oso.mapping("oso-xlsx").read(source)
    assert names(dossiers) == ["Bosch", "Smit"]
    assert [str(d.leerling.geboortedatum) for d in dossiers] == ["2007-01-23", "2007-01-24"]
    assert [d.leerling.adresgeheim for d in dossiers] == [True, False]
    assert {(rule, line) for rule, line, _ in told(report)} == {
        ("MAP.blad-onbekend", None), ("MAP.waarde", 5), ("MAP.waarde", 6),
        ("MAP.waarde", 3),
    }  # fmt: skip


def test_formulas_are_never_written_or_evaluated(tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://x.invalid";"klik")'
    dossier = something(seed=1)
    dossier.leerling = {"achternaam": evil, "roepnaam": "+1", "voorvoegsel": "@x"}
    for name in ("oso-csv", "oso-xlsx"):
        mapping = oso.mapping(name)
        target = tmp_path / f"uit.{mapping.shape}"
        mapping.export(dossier, target)
        assert same(mapping.read(target).dossiers[0], dossier)
    assert evil.replace('"', '""') not in (tmp_path / "uit.csv").read_text("utf-8").split(";")
    assert "\"'=HYPERLINK" in (tmp_path / "uit.csv").read_text("utf-8-sig")
    for page in openpyxl.load_workbook(tmp_path / "uit.xlsx"):
        assert all(cell.data_type in "sdn" for row in page.iter_rows() for cell in row), page.title
    found = workbook(tmp_path / "in.xlsx", Leerlingen=[["Leerling", "Achternaam"], ["1", evil]])
    assert names(oso.mapping("oso-xlsx").read(found).dossiers) == [None]


def rezip(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """The same workbook with its parts changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    path.write_bytes(made.getvalue())
    return path


@pytest.mark.parametrize("kind", ["doctype", "bomb", "text", "truncated", "wide", "rows", "shared", "empty"])
def test_workbooks_that_attack(tmp_path: Path, kind: str) -> None:
    source = workbook(tmp_path / "in.xlsx", Leerlingen=[["Leerling", "Achternaam"], ["1", "Bosch"]])
    sheet = "xl/worksheets/sheet1.xml"
    attacks: dict[str, Callable[[bytes], bytes]] = {
        "doctype": lambda b: b.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aa">]><worksheet', 1),
        "wide": lambda b: b.replace(b'r="B1"', b'r="XFD1"'),
        "rows": lambda b: b.replace(b'r="2"', b'r="1048576"').replace(b'"A2"', b'"A1048576"'),
        "shared": lambda b: b.replace(b't="inlineStr"><is><t>1</t></is>', b't="s"><v>99999</v>'),
    }  # fmt: skip
    limits = TableLimits(max_rows=1000)
    if kind in attacks:
        before = source.read_bytes()
        rezip(source, lambda name, part: attacks[kind](part) if name == sheet else part)
        assert zipfile.ZipFile(source).read(sheet) != zipfile.ZipFile(io.BytesIO(before)).read(sheet)
    elif kind == "bomb":
        with zipfile.ZipFile(source, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/media/x.xml", b"\0" * 5_000_000)
        limits = TableLimits(max_unpacked=1_000_000)
    else:
        data = source.read_bytes()
        source.write_bytes({"text": b"Leerling;Achternaam\n", "truncated": data[: len(data) // 2], "empty": b""}[kind])
    dossiers, report = oso.mapping("oso-xlsx").read(source, limits=limits)
    assert dossiers == []
    assert not report.ok
    expected = {"doctype": "MAP.doctype", "bomb": "MAP.limiet", "wide": "MAP.limiet", "rows": "MAP.limiet"}
    assert report.findings[0].rule == expected.get(kind, "MAP.xlsx")
    assert os.path.getsize(source) < 100_000  # noqa: PTH202


@pytest.mark.parametrize(
    ("part", "old", "new", "rule"),
    [
        ("xl/styles.xml", b"</cellXfs>", b"<xf/>" * 300_000 + b"</cellXfs>", "MAP.limiet"),
        ("xl/workbook.xml", b"</workbook>", b"<x/>" * 300_000 + b"</workbook>", "MAP.limiet"),
        ("[Content_Types].xml", b"</Types>", b"<Override/>" * 300_000 + b"</Types>", "MAP.limiet"),
        ("xl/worksheets/sheet1.xml", b"<sheetData>", b"<a>" * 300_000 + b"<sheetData>", "MAP.limiet"),
        ("xl/worksheets/sheet1.xml", b"</row>", b"<c/>" * 300_000 + b"</row>", "MAP.limiet"),
        ("xl/worksheets/sheet1.xml", b"<is>", b"<is>" + b"<r><t>a</t></r>" * 300_000, "MAP.limiet"),
        ("xl/worksheets/sheet1.xml", b'<row r="2"', b'<row r="1"><c r="A1"><v>7</v></c></row><row r="2"', "MAP.xlsx"),
        ("xl/worksheets/sheet1.xml", b'<row r="2"', b'<row r="x"', "MAP.xlsx"),
    ],
)  # fmt: skip
def test_workbooks_that_openpyxl_would_choke_on_or_read_in_part(
    tmp_path: Path, part: str, old: bytes, new: bytes, rule: str
) -> None:
    source = workbook(tmp_path / "in.xlsx", Leerlingen=[["Leerling", "Achternaam"], ["1", "Bosch"]])
    assert names(oso.mapping("oso-xlsx").read(source).dossiers) == ["Bosch"]
    rezip(source, lambda name, data: data.replace(old, new, 1) if name == part else data)
    start = perf_counter()
    dossiers, report = oso.mapping("oso-xlsx").read(source)
    assert dossiers == []
    assert report.findings[0].rule == rule
    assert perf_counter() - start < 5


def test_a_gap_of_many_rows_takes_little_time(tmp_path: Path) -> None:
    source = workbook(tmp_path / "in.xlsx", Leerlingen=[["Leerling", "Achternaam"], ["1", "Bosch"]])
    rezip(source, lambda name, data: data.replace(b'<row r="2"', b'<row r="999999"').replace(b'"A2"', b'"A999999"'))
    start = perf_counter()
    dossiers, report = oso.mapping("oso-xlsx").read(source)
    assert (len(dossiers), report.ok) == (1, True)
    assert perf_counter() - start < 15


# --- json -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept", "rules"),
    [
        ('[{"Achternaam": "Bosch", "Adres geheim": true}, {"Achternaam": null}]', ["Bosch", None], []),
        ('{"Leerlingen": [{"Achternaam": "Bosch"}], "x": []}', ["Bosch"], ["MAP.blad-onbekend"]),
        ('[{"Achternaam": ["Bosch"]}, {"Achternaam": "Smit"}, 3]', ["Smit"], ["MAP.json", "MAP.json"]),
        ("{", [], ["MAP.json"]),
        ("[" * 100_000, [], ["MAP.json"]),
        ('{"Leerlingen": 3}', [], ["MAP.json"]),
        ("3", [], ["MAP.json"]),
        ('[{"Achternaam": "Bosch", "Achternaam": "Smit"}]', [], ["MAP.json"]),
        ('{"Leerlingen": [{"Achternaam": "Bosch"}], "Leerlingen": []}', [], ["MAP.json"]),
        ('[{"Achternaam": "\\ud800"}, {"Achternaam": "Smit"}]', ["Smit"], ["MAP.json"]),
        ('[{"Achternaam": NaN}]', [], ["MAP.json"]),
        ('[{"Achternaam": 1e999}]', [], ["MAP.json"]),
    ],
)
def test_json(tmp_path: Path, text: str, kept: list[Any], rules: list[str]) -> None:
    (tmp_path / "mapping.toml").write_text('extends = "oso-csv"\nshape = "json"\n', "utf-8")
    (tmp_path / "in.json").write_text(text, "utf-8")
    dossiers, report = oso.mapping(tmp_path).read(tmp_path / "in.json")
    assert names(dossiers) == kept
    assert [rule for rule, _, _ in told(report)] == rules


# --- use ------------------------------------------------------------------------------------------------------------


def test_sources_and_targets(mapping: Mapping, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        mapping.read(tmp_path / "nergens.csv")
    with pytest.raises(oso.UsageError, match="from a path"):
        mapping.read(b"Leerling\n")  # type: ignore[arg-type]
    with pytest.raises(oso.UsageError, match="is a folder"):
        oso.mapping("oso-xlsx").read(tmp_path)
    with pytest.raises(oso.UsageError, match="is a folder"):
        oso.mapping("oso-xlsx").export([], tmp_path)
    with pytest.raises(oso.UsageError, match="for Dossier, not str"):
        mapping.export(["x"], tmp_path / "uit.csv")
    with pytest.raises(oso.UsageError, match="'alow'"):
        mapping.export([], tmp_path / "uit.csv", losses="alow")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
    assert mapping.read(tmp_path).report.findings[0].rule == "MAP.blad-ontbreekt"
    assert mapping.export([], tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["leerlingen.csv"]
    assert mapping.read(tmp_path).dossiers == []


def test_an_earlier_export_leaves_nothing_behind(mapping: Mapping, tmp_path: Path) -> None:
    mapping.export(everything(), tmp_path / "uit.csv")
    assert len(list(tmp_path.iterdir())) > 10
    mapping.export(oso.mapping("oso-csv").read(Path(mapping.folder) / "voorbeeld.csv").dossiers, tmp_path / "uit.csv")
    dossiers, report = mapping.read(tmp_path / "uit.csv")
    assert report.ok
    assert [
        same(one, other)
        for one, other in zip(dossiers, mapping.read(mapping.folder / "voorbeeld.csv").dossiers, strict=True)
    ] == [True, True]


def test_two_pupils_with_one_key(tmp_path: Path) -> None:
    mapping = oso.mapping("voorbeeld-leverancier")
    dossier = mapping.read(mapping.folder / "voorbeeld.csv").dossiers[0]
    with pytest.raises(oso.UsageError, match="Two dossiers") as caught:
        mapping.export([dossier, dossier], tmp_path / "uit.csv")
    assert "00417" not in str(caught.value)
    dossier.leerling.leerlingid = None
    with pytest.raises(oso.UsageError, match="has no value"):
        mapping.export(dossier, tmp_path / "uit.csv")
    assert list(tmp_path.iterdir()) == []
