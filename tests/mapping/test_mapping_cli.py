"""``oso-bridge map`` and ``oso-bridge mapping``: what they write, exit codes, silence on values."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import oso_bridge as oso
from oso_bridge.cli import main

ROOT = Path(__file__).parent.parent.parent
POVO = ROOT / "examples" / "povo.xml"
VENDOR = ROOT / "mappings" / "voorbeeld-leverancier"
CANARY = "Kanarie-Zevenster"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs the program in this process: exit code, standard output, standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main([str(item) for item in arguments])
        captured = capfd.readouterr()
        assert isinstance(stop.value.code, int)
        return stop.value.code, captured.out, captured.err

    return call


def test_there_and_back(run: Any, tmp_path: Path) -> None:
    code, out, err = run("map", "oso-csv", POVO, tmp_path / "uit.csv")
    assert (code, out) == (0, "")
    assert "1 geschreven naar" in err
    code, out, err = run("map", "oso-csv", "--reverse", tmp_path / "uit.csv", tmp_path / "terug", "--lang", "en")
    assert (code, out) == (0, "")
    assert json.loads((tmp_path / "terug" / "0001.json").read_text("utf-8"))["leerling"]["roepnaam"]
    code, _, _ = run("map", "oso-csv", "--reverse", tmp_path / "uit.csv", tmp_path / "xml", "--release", "oso/2019.1")
    assert code == 0
    assert oso.write(oso.read(tmp_path / "xml" / "0001.xml").dossier(), release="oso/2019.1") == oso.write(
        oso.read(POVO).dossier(), release="oso/2019.1"
    )


def test_several_dossiers_as_a_list(run: Any, tmp_path: Path) -> None:
    code, _, err = run("map", "oso-xlsx", ROOT / "examples" / "[!eu]*.xml", tmp_path / "uit.xlsx", "--lang", "en")
    assert code == 0, err
    code, _, _ = run("map", "oso-xlsx", "--reverse", tmp_path / "uit.xlsx", tmp_path / "alle.json")
    assert code == 0
    assert len(json.loads((tmp_path / "alle.json").read_text("utf-8"))) == len(
        list((ROOT / "examples").glob("[!eu]*.xml"))
    )


def test_a_folder_of_json_and_what_cannot_be_read(run: Any, tmp_path: Path) -> None:
    given = tmp_path / "in"
    given.mkdir()
    shutil.copy(POVO, given / "a.xml")
    (given / "b.json").write_text('{"leerling": {"roepnaam": "x"}}', "utf-8")
    (given / "c.json").write_text(f'{{"leerling": {{"{CANARY}": "{CANARY}"}}}}', "utf-8")
    (given / "d.xml").write_text(f"<{CANARY}>", "utf-8")
    code, out, err = run("map", "oso-csv", given, tmp_path / "uit.csv")
    assert (code, out) == (1, "")
    assert CANARY not in err
    assert "c.json" in err
    assert "d.xml" in err
    assert len(oso.mapping("oso-csv").read(tmp_path / "uit.csv").dossiers) == 2


def test_a_dry_run_tells_what_goes_where_without_values(run: Any, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(f'{{"leerling": {{"roepnaam": "{CANARY}", "bsn": "{CANARY}"}}}}', "utf-8")
    code, out, err = run("map", "oso-csv", tmp_path / "a.json", "--dry-run")
    assert code == 0
    assert "Roepnaam (tekst) <-> leerling.roepnaam: 1" in out
    assert "Achternaam" not in out
    assert CANARY not in out + err
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    (tmp_path / "in.csv").write_text("Leerling;Postduif\n1;x\n", "utf-8")
    code, out, err = run("map", "oso-csv", "--reverse", "--dry-run", tmp_path / "in.csv")
    assert (code, out) == (0, "")
    assert "MAP.kolom-onbekend" in err


def test_a_reversed_dry_run_tells_the_columns(run: Any, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"Leerling;Roepnaam;Achternaam\n1;{CANARY};\n2;x;y\n", "utf-8")
    code, out, err = run("map", "oso-csv", "--reverse", "--dry-run", tmp_path / "in.csv")
    assert code == 0
    assert "Roepnaam (tekst) <-> leerling.roepnaam: 2" in out
    assert "Achternaam (tekst) <-> leerling.achternaam: 1" in out
    assert CANARY not in out + err
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_groups_that_only_pupils_name(run: Any, tmp_path: Path) -> None:
    """Many a table has pupils with their group, and nothing of groups; EDEXML wants both."""
    rows = ["2024-2025;00AA;1;K;2015-05-17;5;5A", "2024-2025;00AA;2;L;2014-05-17;6;5A"]
    head = "Schooljaar;Brincode;Leerlingnummer;Achternaam;Geboortedatum;Jaargroep;Groep"
    (tmp_path / "in.csv").write_text("\n".join([head, *rows]), "utf-8")
    given = ("map", "administratie-csv", "--reverse", tmp_path / "in.csv", "--date-form", "yyyy-mm-dd", "--lang", "en")
    code, _, err = run(*given, tmp_path / "uit")
    assert code == 0
    assert "the table does not describe: 1. --make-groups" in err
    code, _, err = run(*given, tmp_path / "uit.json", "--make-groups")
    assert code == 0
    assert "with the key as name: 1." in err
    (made,) = json.loads((tmp_path / "uit.json").read_text("utf-8"))
    assert made["groepen"] == [{"soort": "stamgroep", "sleutel": "5A", "naam": "5A", "jaargroep": "C"}]
    code, _, err = run("map", "administratie-csv", tmp_path / "uit.json", tmp_path / "x.csv", "--make-groups")
    assert code == 2
    assert "go with --reverse" in err


def test_losses(run: Any, tmp_path: Path) -> None:
    given = tmp_path / "a.json"
    given.write_text(json.dumps({"leerling": {"leerlingid": "1", "achternaam": "x", "geslacht": CANARY}}), "utf-8")
    code, _, err = run("map", "voorbeeld-leverancier", given, tmp_path / "uit.csv")
    assert code == 1
    assert "leerling.geslacht" in err
    assert not (tmp_path / "uit.csv").exists()
    code, _, err = run("map", "voorbeeld-leverancier", given, tmp_path / "uit.csv", "--allow-losses", "--lang", "en")
    assert code == 0
    assert (tmp_path / "uit.csv").exists()
    assert "leerling.geslacht would not come back" in err
    assert CANARY not in err


def test_bad_tables(run: Any, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f"Leerling;Geboortedatum;{CANARY}\n1;{CANARY};\n2;17-03-2012;\n{CANARY};{CANARY};\n", "utf-8")
    code, out, err = run("map", "oso-csv", "--reverse", source, tmp_path / "uit")
    assert (code, out) == (1, "")
    assert "regel 2" in err
    assert "Geboortedatum" in err
    assert CANARY not in err
    assert [path.name for path in (tmp_path / "uit").iterdir()] == ["0001.json"]
    code, _, err = run("map", "oso-csv", "--reverse", source, tmp_path / "uit2", "--show-values")
    assert CANARY in err


def test_what_a_release_refuses_is_told_and_the_rest_written(run: Any, tmp_path: Path) -> None:
    run("map", "oso-csv", POVO, tmp_path / "in.csv")
    text = (tmp_path / "in.csv").read_text("utf-8-sig")
    header, first = text.splitlines()[0], text.splitlines()[1]
    (tmp_path / "in.csv").write_text(f"{header}\n{first}\n2{';' * header.count(';')}\n", "utf-8")
    code, _, err = run("map", "oso-csv", "--reverse", tmp_path / "in.csv", tmp_path / "uit", "--release", "oso/2019.1")
    assert code == 1
    assert "Nothing was written" in err
    assert [path.name for path in (tmp_path / "uit").iterdir()] == ["0001.xml"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("oso-cvs", POVO, "x.csv"), "Do you mean oso-csv"),
        (("oso-csv", POVO), "--dry-run"),
        (("oso-csv", POVO, "x.csv", "--release", "oso/2019.1"), "--reverse"),
        (("oso-csv", "--reverse", POVO, "x", "--release", "oso/1"), "oso/1"),
        (("oso-csv", "--reverse", POVO, "x.json", "--release", "oso/2019.1"), "folder"),
        (("oso-csv", "--reverse", "nergens.csv", "x"), "nergens.csv"),
        (("oso-csv", "--reverse", POVO, "x", "--encoding", "y"), "encoding"),
        (("oso-csv", POVO, POVO), "overwrite"),
        (("oso-csv", POVO, "x.csv", "--lang", "fr"), "language"),
    ],
)
def test_wrong_use(
    run: Any, arguments: tuple[Any, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run("map", *arguments)
    assert (code, out) == (2, "")
    assert said in err


# --- mapping --------------------------------------------------------------------------------------------------------


def test_list_show_and_test(run: Any, tmp_path: Path) -> None:
    code, out, _ = run("mapping", "list", "--lang", "en")
    assert code == 0
    assert {"oso-csv", "oso-xlsx", "voorbeeld-leverancier"} <= {line.split()[0] for line in out.splitlines()}
    assert {row["shape"] for row in json.loads(run("mapping", "list", "--json")[1])} == {"csv", "fixed", "xlsx"}
    code, out, _ = run("mapping", "show", "voorbeeld-leverancier")
    assert "Leerlingen, Geb.datum (datum) <-> leerling.geboortedatum" in out
    assert "- cp1252: " in out
    shown = json.loads(run("mapping", "show", VENDOR, "--json")[1])
    assert (shown["name"], len(shown["losses"])) == ("voorbeeld-leverancier", 8)
    code, out, _ = run("mapping", "test")
    assert code == 0
    assert "voorbeeld-leverancier: ok" in out
    assert "--help" in run("mapping")[1] + run("mapping")[2]


def test_administrations(run: Any, tmp_path: Path) -> None:
    edex = ROOT / "mappings" / "edex2000" / "voorbeeld"
    code, out, err = run("map", "edex2000", "--reverse", edex, tmp_path / "alle.json", "--lang", "en")
    assert (code, out) == (0, "")
    assert "was read as Windows-1252" in err
    assert "Citroën" in (tmp_path / "alle.json").read_text("utf-8")
    code, out, err = run("map", "administratie-csv", tmp_path / "alle.json", tmp_path / "uit.csv", "--lang", "en")
    assert (code, out) == (0, "")
    assert "leerlingen[].sofinummer is left out" in err
    assert "123456789" not in (tmp_path / "uit.csv").read_text("utf-8-sig")
    code, _, err = run("map", "edex2000", tmp_path / "alle.json", tmp_path / "terug", "--sensitive")
    assert (code, "gevoelig" in err) == (0, False)
    assert {path.name: path.read_bytes() for path in edex.iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "terug").iterdir()
    }
    code, out, err = run("map", "edex2000", "--reverse", edex, "--dry-run", "--date-form", "dd-mm-yyyy", "--lang", "en")
    assert code == 1
    assert "MAP.waarde" in err
    assert "17/05/96" not in out + err
    code, _, err = run("map", "edex2000", POVO, tmp_path / "niet")
    assert code == 1
    assert "Schooladministratie" in err
    (tmp_path / "fout.json").write_text(f'[{{"{CANARY}": 1}}, {{"schooljaar": "2004-2005"}}]', "utf-8")
    code, _, err = run("map", "administratie-csv", tmp_path / "fout.json", tmp_path / "uit.csv")
    assert (code, CANARY in err) == (1, False)
    assert "2004-2005" in (tmp_path / "uit.csv").read_text("utf-8-sig")


def test_no_sheet_overwrites_what_was_read(run: Any, tmp_path: Path) -> None:
    for name in ("uit.toetsen.csv", "uit.csv"):
        shutil.copy(POVO, tmp_path / name)
        code, _, err = run("map", "oso-csv", tmp_path / name, tmp_path / "uit.csv", "--lang", "en")
        assert code == 2
        assert "would overwrite" in err
        assert (tmp_path / name).read_bytes() == POVO.read_bytes()
        (tmp_path / name).unlink()


@pytest.mark.parametrize("read", ["in.json", "in.json.csv"])
def test_a_table_that_was_read_is_not_overwritten_either(run: Any, tmp_path: Path, read: str) -> None:
    source = tmp_path / "in.json"
    assert run("map", "oso-csv", POVO, source)[0] == 0
    source.rename(tmp_path / read)
    before = (tmp_path / read).read_bytes()
    (tmp_path / "uit.json").hardlink_to(tmp_path / read)
    code, _, err = run("map", "oso-csv", "--reverse", tmp_path / read, tmp_path / "uit.json", "--lang", "en")
    assert (code, "would overwrite" in err) == (2, True)
    assert (tmp_path / read).read_bytes() == before


def test_a_mapping_that_fails_its_own_test(run: Any, tmp_path: Path) -> None:
    own = shutil.copytree(VENDOR, tmp_path / "eigen")
    assert run("mapping", "test", own)[0] == 0
    table = own / "voorbeeld.csv"
    table.write_bytes(table.read_bytes().replace(b"Dorpsstraat", b"Dorpsweg"))
    code, out, _ = run("mapping", "test", own)
    assert code == 1
    assert "row 2 of the sheet Leerlingen" in out
    assert "are not the same" in out
    text = (own / "mapping.toml").read_text("utf-8")
    (own / "mapping.toml").write_text(text.replace('model = "inzage"', 'model = "levering.categorieen"'), "utf-8")
    dossier = json.loads((own / "voorbeeld.json").read_text("utf-8"))
    dossier[0]["inzage"] = {"inzage": True}
    (own / "voorbeeld.json").write_text(json.dumps(dossier), "utf-8")
    assert "inzage.inzage is lost, and no loss says so" in run("mapping", "test", own)[1]
    (own / "voorbeeld.json").write_text('[{"leerlng": {}}]', "utf-8")
    assert "voorbeeld.json: " in run("mapping", "test", own)[1]
    (own / "voorbeeld.json").unlink()
    assert "there is no voorbeeld.json" in run("mapping", "test", own)[1]


def test_a_skeleton_out_of_a_sample(run: Any, tmp_path: Path) -> None:
    code, out, err = run("mapping", "new", VENDOR / "voorbeeld.csv", tmp_path / "eigen")
    assert (code, out) == (0, "")
    text = (tmp_path / "eigen" / "mapping.toml").read_text("utf-8")
    for value in ("Bosch", "00417", "Dorpsstraat", "Citro"):
        assert value not in text + err
    assert 'encoding = "cp1252"' in text
    assert 'key = "Leerlingnr"' in text
    mapping = oso.mapping(tmp_path / "eigen")
    found = {place.model: (place.column, place.type) for place in mapping.places()}
    assert found["leerling.geboortedatum"] == ("Geb.datum", "datum")
    assert found["leerling.voorvoegsel"] == ("Tussenvoegsel", "tekst")
    assert found["leerling.adresgeheim"] == ("Adres geheim", "janee")
    assert '# The column "Huisnr"' in text
    dossiers, report = mapping.read(VENDOR / "voorbeeld.csv")
    assert [dossier.leerling.roepnaam for dossier in dossiers] == ["Daan", "Zoë"]
    assert report.ok
    assert run("mapping", "new", VENDOR / "voorbeeld.csv", tmp_path / "eigen")[0] == 2


PUPILS = """\
Leerlingnummer;Roepnaam;Voornamen;Tussenvoegsel;Achternaam;Geboortedatum;Geslacht;Groep;Instroomdatum;Schooljaar;BRIN
1001;Noor;Noor Elisabeth;van der;Berg;05-03-2014;V;6A;01-08-2018;2024-2025;00ZZ
1002;Bram;Bram;;Jansen;17-11-2013;M;6A;01-08-2017;2024-2025;00ZZ
"""


def test_pupils_of_a_school_become_edexml_by_a_skeleton(run: Any, tmp_path: Path) -> None:
    table, folder = tmp_path / "export.csv", tmp_path / "eigen"
    table.write_text(PUPILS, "utf-8")
    assert run("mapping", "new", table, folder, "--model", "Schooladministratie")[0] == 0
    text = (folder / "mapping.toml").read_text("utf-8")
    assert not [value for value in ("Elisabeth", "1001", "00ZZ", "6A", "2024-2025") if value in text]
    (tmp_path / "export.groepen.csv").write_text("Sleutel;Naam;Jaargroep\n6A;Groep 6A;6\n", "utf-8")
    code, _, err = run("map", folder, "--reverse", table, tmp_path / "uit", "--release", "edexml/2.1")
    assert (code, "1 geschreven naar" in err) == (0, True)
    school = oso.read(tmp_path / "uit" / "0001.xml").administratie()
    assert (school.schooljaar, school.school.brincode) == ("2024-2025", "00ZZ")
    assert [(group.soort, group.sleutel, group.naam) for group in school.groepen] == [("stamgroep", "6A", "Groep 6A")]
    pupil = school.leerlingen[0]
    assert (pupil.leerlingid, pupil.voornamen, pupil.geslacht, pupil.groep) == (
        "1001",
        ["Noor", "Elisabeth"],
        "1",
        "6A",
    )
    assert (str(pupil.geboortedatum), str(pupil.datuminschrijving)) == ("2014-03-05", "2018-08-01")


def test_a_skeleton_says_how_to_give_a_school_year_that_no_column_has(run: Any, tmp_path: Path) -> None:
    table = tmp_path / "export.csv"
    table.write_text("Leerlingnummer;Achternaam\n1;Berg\n", "utf-8")
    text = run("mapping", "new", table, "--model", "Schooladministratie")[1]
    (tmp_path / "mapping.toml").write_text(
        text.replace("# [[row]]\n# model", "[[row]]\nmodel")
        .replace("\n# column", "\ncolumn")
        .replace("\n# default", "\ndefault"),
        "utf-8",
    )
    made, _ = oso.mapping(tmp_path).read(table)
    assert (made[0].schooljaar, made[0].leerlingen[0].achternaam) == ("2024-2025", "Berg")
    assert "schooljaar" not in run("mapping", "new", table)[1]


@pytest.mark.parametrize(
    ("words", "expected"),
    [("J M", '{ J = "2", M = "1" }'), ("man vrouw", '{ man = "2", vrouw = "1" }'), ("M", None), ("1 2", None)],
)
def test_a_skeleton_guesses_the_words_for_the_sexes_only_when_sure(
    run: Any, tmp_path: Path, words: str, expected: str | None
) -> None:
    table = tmp_path / "export.csv"
    table.write_text("Achternaam;Geslacht\n" + "".join(f"Berg;{word}\n" for word in words.split()), "utf-8")
    text = run("mapping", "new", table)[1]
    assert (f"values = {expected}" in text) if expected else ("values" not in text)


def test_a_skeleton_of_a_model_that_does_not_exist(run: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Achternaam\nBerg\n", "utf-8")
    code, _, err = run("mapping", "new", tmp_path / "a.csv", "--model", "Leerling")
    assert (code, "Schooladministratie" in err) == (2, True)


def test_a_file_for_each_needs_a_folder(run: Any, tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    oso.mapping("oso-csv").export(oso.read(POVO).dossier(), table)
    code, _, err = run("map", "oso-csv", "--reverse", table, tmp_path / "uit.xml", "--release", "oso/2019.1")
    assert (code, "folder" in err, (tmp_path / "uit.xml").exists()) == (2, True, False)


def test_a_skeleton_out_of_a_workbook(run: Any, tmp_path: Path) -> None:
    oso.mapping("oso-xlsx").export(oso.read(POVO).dossier(), tmp_path / "in.xlsx")
    book = openpyxl.load_workbook(tmp_path / "in.xlsx")
    book.create_sheet("Kantine").append(["Broodje"])
    book.active.cell(1, 300, 'Ra"ar\\\n\x7f[x]')
    book.save(tmp_path / "in.xlsx")
    code, text, _ = run("mapping", "new", tmp_path / "in.xlsx")
    assert code == 0
    (tmp_path / "mapping.toml").write_text(text, "utf-8")
    mapping = oso.mapping(tmp_path)
    found = {place.model for place in mapping.places()}
    assert {
        "leerling.geboortedatum",
        "leerling.verzorgers[].achternaam",
        "rapport.schoolloopbaan[].schooljaar",
    } <= found
    assert '# The sheet "Kantine" is no list' in text


@pytest.mark.parametrize(("name", "content"), [("a.ods", b"x"), ("a.csv", b""), ("a.xlsx", b"x"), ("a.csv", b"\n\n")])
def test_samples_that_are_none(run: Any, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    code, out, err = run("mapping", "new", tmp_path / name)
    assert (code, out) == (2, "")
    assert name in err


def test_the_field_of_a_name_goes_before_what_else_it_may_mean(run: Any, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("Sofinummer;BSN;Achternaam\n1;2;Bosch\n", "utf-8")
    text = run("mapping", "new", tmp_path / "in.csv", "--model", "Schooladministratie")[1]
    for field, column in (("bsn", "BSN"), ("sofinummer", "Sofinummer")):
        assert f'model = "leerlingen[].{field}"\ncolumn = "{column}"' in text


@pytest.mark.parametrize("name", ["oso-csv", "oso-xlsx"])
def test_half_a_character_is_a_loss_and_no_crash(name: str, tmp_path: Path) -> None:
    dossier = oso.read(POVO).dossier()
    dossier.leerling.roepnaam = f"{CANARY}\ud83d"
    lost = oso.mapping(name).export(dossier, tmp_path / "uit", losses="allow")
    assert "leerling.roepnaam" in {loss.path for loss in lost}


def test_nothing_stays_behind_when_a_file_cannot_be_begun(tmp_path: Path) -> None:
    target = tmp_path / "uit.csv"
    second = oso.mapping("oso-csv").files(target)[1]
    Path(second).mkdir()
    with pytest.raises(oso.UsageError, match="a folder of the name"):
        oso.mapping("oso-csv").export(oso.read(POVO).dossier(), target, losses="allow")
    assert [path.name for path in tmp_path.iterdir()] == [Path(second).name]
