"""What a mapping.toml may say, and what is refused with the file and the line."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import data
from oso_bridge.mappings import available, layout
from oso_bridge.model import (
    Adres,
    Advies,
    Communicatie,
    Dossier,
    Leerling,
    OnderwijskundigRapport,
    Overstapadvies,
    Schoolloopbaan,
)

REST = """
[[loss]]
model = ""
why.nl = "Geen kolom."
why.en = "No column."
[[loss]]
empty = true
why.nl = "Geen spoor."
why.en = "No trace."
"""


def made(folder: Path, text: str, rest: str = REST) -> Any:
    (folder / "mapping.toml").write_text(text + rest, "utf-8")
    return oso.mapping(folder)


def row(model: str, column: str = "X", more: str = "") -> str:
    return f'[[row]]\nmodel = "{model}"\ncolumn = "{column}"\n{more}\n'


BSN = row("leerling.bsn", "BSN")
WRONG = {
    "a word": (BSN + row("leerling.roepnaam", more='kolom = "x"'), 5, "no word 'kolom'"),
    "a word at the top": ('vorm = "csv"', None, "no word 'vorm'"),
    "a path": (BSN + row("leerling.roepnam"), 5, "roepnaam"),
    "a path through a value": (row("leerling.bsn.x"), 1, "no path"),
    "a path that is none": (row("leerling..bsn"), 1, "no path"),
    "a list by itself": (row("leerling.voornamen"), 1, "join"),
    "a part": (row("leerling"), 1, "is a part"),
    "a list in a list": (row("leerling.verzorgers.achternaam"), 1, "whole list"),
    "brackets that do not belong": (row("leerling[].bsn"), 1, "no list"),
    "an item in a path to a sheet": (row("leerling.verzorgers[1].adressen[].plaats"), 1, "chooses an item"),
    "a kind that is no field": (row("leerling.adressen[srt=x].plaats"), 1, "no field 'srt'"),
    "anywhere that is nowhere": (row("**.adres[].plaats"), 1, "no list"),
    "two rows for one place": (BSN + row("leerling.bsn", "Y"), 5, "on line 1"),
    "two rows for one column": (BSN + row("leerling.roepnaam", "BSN"), 5, "fill one column"),
    "a type": (row("leerling.geboortedatum", more='type = "datum"'), 1, "no type"),
    "a type of another field": (row("leerling.geboortedatum", more='type = "integer"'), 1, "It is date"),
    "a form of a date": (row("leerling.geboortedatum", more='type = "date:%y"'), 1, "form of a date"),
    "a default": (row("leerling.geboortedatum", more='default = "x"'), 1, "default"),
    "a function": (row("leerling.bsn", more='python = "os:system"'), 1, "no function"),
    "codes": (row("leerling.geslacht", more='codes = "x"'), 1, "Choose from"),
    "codes without a list": (row("leerling.bsn", more='codes = "label"'), 1, "no code list"),
    "join of a value": (row("leerling.bsn", more='join = " "'), 1, "nothing to join"),
    "a mark": (row("leerling.voornamen[]", more='join = "aa"'), 1, "mark"),
    "a split of one": (row("leerling.bsn", more='split = " "'), 1, "split"),
    "when": (row("leerling.bsn", more="when = { A = 1 }"), 1, "when"),
    "no column": ('[[row]]\nmodel = "leerling.bsn"', 1, "its column"),
    "a sheet": ('[[sheet]]\nname = "x"\neach = "leerling.bsn"\n', 1, "no list"),
    "a sheet of one item": ('[[sheet]]\nname = "x"\neach = "leerling.verzorgers[1]"\n', 1, "no list"),
    "a name of a sheet": ('[[sheet]]\nname = "a/b"\n' + BSN, None, "no name"),
    "two names of a sheet": (
        row("leerling.artsen[].soort", "A", 'sheet = "V"') + row("leerling.artsen[].roepnaam", "B", 'sheet = "W"'),
        5,
        "stand in the sheet 'V'",
    ),
    "a sheet for two lists": (
        row("leerling.verzorgers[].iban", "A", 'sheet = "V"') + row("leerling.artsen[].soort", "B", 'sheet = "V"'),
        5,
        "for another list",
    ),
    "a key that is a value": (row("leerling.verzorgers[].iban", "Leerling"), None, "is a key"),
    "a shape": ('shape = "ods"\n' + BSN, None, "no shape"),
    "a model": ('model = "Leraar"\n' + BSN, None, "no model"),
    "an encoding": ('[csv]\nencoding = "ebcdic"\n' + BSN, None, "encoding"),
    "a delimiter": ('[csv]\ndelimiter = "x"\n' + BSN, None, "delimiter"),
    "what is missing": ('missing = "x"\n' + BSN, None, "Choose from warn"),
    "rows that are none": ('row = "x"\n', None, "no list of tables"),
    "a mapping to extend": ('extends = "nergens"\n', None, "no mapping 'nergens'"),
    "a loss of what has a place": (
        BSN + '[[loss]]\nmodel = "leerling.bsn"\nwhy.nl = "a"\nwhy.en = "b"\n', 5, "is no loss"
    ),
    "a loss without a reason": (BSN + '[[loss]]\nmodel = "inzage"\nwhy.nl = "a"\n', 5, "why"),
    "a loss of two things": (
        BSN + '[[loss]]\nmodel = "inzage"\nempty = true\nwhy.nl = "a"\nwhy.en = "b"\n', 5, "one thing"
    ),
    "a loss of long texts in csv": (BSN + '[[loss]]\nlonger_than = 5\nwhy.nl = "a"\nwhy.en = "b"\n', 5, "xlsx"),
    "a loss of letters": (BSN + '[[loss]]\noutside = "utf-8-sig"\nwhy.nl = "a"\nwhy.en = "b"\n', 5, "Unicode"),
    "a loss of a field that is none": (BSN + '[[loss]]\nmodel = "x.y"\nwhy.nl = "a"\nwhy.en = "b"\n', 5, "no field"),
    "a record that is too wide": (
        'model = "Schooladministratie"\nshape = "fixed"\nrows = "leerlingen[]"\nkey = "K"\n[[sheet]]\nname = "A"\n'
        'each = "leerlingen[]"\ncolumns = { K = { at = 1_000_000_000_000, width = 5 } }\n'
        + row("leerlingen[].leerlingid", "K"),
        5,
        "is wider than",
    ),
    "no TOML": ("x = ", None, "not valid TOML"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_refused(tmp_path: Path, case: str) -> None:
    text, line, said = WRONG[case]
    with pytest.raises(oso.DataError) as caught:
        made(tmp_path, text, "")
    assert said in str(caught.value)
    assert str(tmp_path / "mapping.toml") == caught.value.where
    assert caught.value.line == line
    assert caught.value.__cause__ is None or case == "no TOML"


def test_a_mapping_with_everything_has_nothing_to_lose(tmp_path: Path) -> None:
    with pytest.raises(oso.DataError, match="no loss: every sheet"):
        made(tmp_path, 'extends = "oso-csv"\n[[loss]]\nempty = true\nwhy.nl = "a"\nwhy.en = "b"\n', "")
    with pytest.raises(oso.DataError, match="has a place for all of it"):
        made(tmp_path, 'extends = "oso-csv"\n[[loss]]\nmodel = "rapport"\nwhy.nl = "a"\nwhy.en = "b"\n', "")


def test_a_mapping_that_extends_itself(tmp_path: Path) -> None:
    with pytest.raises(oso.DataError, match="extends itself"):
        made(tmp_path, f"extends = '{tmp_path}'\n", "")


def test_a_row_replaces_that_of_the_mapping_it_extends(tmp_path: Path) -> None:
    mapping = made(tmp_path, 'extends = "oso-csv"\n' + row("leerling.bsn", "Burgerservicenummer"), "")
    columns = {place.model: place.column for place in mapping.places() if place.sheet == "Leerlingen"}
    assert (columns["leerling.bsn"], columns["leerling.roepnaam"]) == ("Burgerservicenummer", "Roepnaam")
    assert list(columns.values()).count("BSN") == 0


def there_and_back(mapping: Any, dossier: Dossier, folder: Path) -> tuple[str, Any]:
    mapping.export(dossier, folder / "uit.csv")
    read = mapping.read(folder / "uit.csv")
    assert read.report.ok, [finding.text("en") for finding in read.report.findings]
    return (folder / "uit.csv").read_text("utf-8-sig"), read.dossiers[0]


def test_kinds_split_codes_and_functions(tmp_path: Path) -> None:
    mapping = made(
        tmp_path,
        row("leerling.adressen[soort=post].plaats", "Postplaats")
        + row("leerling.geslacht", "Geslacht", 'codes = "label"')
        + row("rapport.advies.adviezen[soort=herzien].motivatie", "Herzien")
        + row("rapport.schoolloopbaan[1].schooljaar", "Jaar", 'python = "schooljaar"')
        + '[[row]]\nmodel = ["leerling.voorvoegsel", "leerling.achternaam"]\ncolumn = "Naam"\nsplit = "|"\n',
    )
    dossier = Dossier(
        leerling=Leerling(
            voorvoegsel="van der", achternaam="Bosch", geslacht="1",
            adressen=[Adres(soort="bezoek", plaats="A"), Adres(soort="post", plaats="B")],
        ),
        rapport=OnderwijskundigRapport(
            schoolloopbaan=[Schoolloopbaan(schooljaar="2018-2019")],
            advies=Overstapadvies(adviezen=[Advies(soort="herzien", motivatie="beter")]),
        ),
    )  # fmt: skip
    losses = mapping.losses(dossier)
    assert {(loss.path, loss.declared) for loss in losses} == {
        ("leerling.adressen[1].soort", True), ("leerling.adressen[1].plaats", True)
    }  # fmt: skip
    text, back = there_and_back(mapping, dossier, tmp_path)
    assert text.splitlines()[1] == "1;B;vrouw;beter;2018/2019;van der|Bosch"
    assert (back.leerling.adressen, back.leerling.geslacht) == ([Adres(soort="post", plaats="B")], "1")
    assert (back.leerling.voorvoegsel, back.leerling.achternaam) == ("van der", "Bosch")
    assert back.rapport.advies.advies("herzien").motivatie == "beter"
    dossier.leerling.voorvoegsel = "a|b"
    assert {loss.path for loss in mapping.losses(dossier) if not loss.declared} == {
        "leerling.voorvoegsel", "leerling.achternaam"
    }  # fmt: skip


def test_when_is_equality_with_another_column(tmp_path: Path) -> None:
    mapping = made(
        tmp_path,
        row("leerling.communicatie[1].nummer", "Waarde", 'when = { Soort = "tel" }')
        + row("leerling.communicatie[2].nummer", "Waarde", 'when = { Soort = "mail" }'),
    )
    dossier = Dossier(leerling=Leerling(communicatie=[Communicatie(nummer="1")]))
    text, back = there_and_back(mapping, dossier, tmp_path)
    assert text.splitlines() == ["Leerling;Soort;Waarde", "1;tel;1"]
    assert back == dossier
    (tmp_path / "in.csv").write_text("Leerling;Soort;Waarde\n1;mail;x\n2;fax;y\n", "utf-8")
    first, second = mapping.read(tmp_path / "in.csv").dossiers
    assert [item.nummer for item in first.leerling.communicatie] == ["x"]
    assert second == Dossier()
    both = Dossier(leerling=Leerling(communicatie=[Communicatie(nummer="1"), Communicatie(nummer="2")]))
    assert [(loss.path, loss.declared) for loss in mapping.losses(both)] == [("leerling.communicatie[2].nummer", False)]


def test_a_sheet_of_bare_values(tmp_path: Path) -> None:
    mapping = made(tmp_path, BSN + row("leerling.voornamen[]", "Naam", 'sheet = "Voornamen"'))
    dossier = Dossier(leerling=Leerling(bsn="1", voornamen=["b", "", "a"]))
    _, back = there_and_back(mapping, dossier, tmp_path)
    assert back == dossier
    (tmp_path / "uit.voornamen.csv").write_text("Leerling;Naam\n1;x\n1;\n1;y\n", "utf-8")
    assert mapping.read(tmp_path / "uit.csv").dossiers[0].leerling.voornamen == ["x", "y"]


def test_any_class_can_be_the_root(tmp_path: Path) -> None:
    mapping = made(tmp_path, 'model = "Leerling"\nall = true\n', "")
    leerling = Leerling(bsn="1", voornamen=["a"], adressen=[Adres(plaats="x")])
    assert mapping.export(leerling, tmp_path / "uit.csv") == []
    assert mapping.read(tmp_path / "uit.csv").dossiers == [leerling]


# --- folders of one's own, no fork ----------------------------------------------------------------------------------


def test_a_folder_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "mappings" / "eigen"
    own.mkdir(parents=True)
    (own / "mapping.toml").write_text('extends = "oso-csv"\n', "utf-8")
    monkeypatch.setenv("OSO_BRIDGE_DATA", str(tmp_path))
    data.forget()
    try:
        assert "eigen" in available()
        assert repr(oso.mapping("eigen")) == "Mapping('eigen', csv)"
        (own / "mapping.toml").write_text('extends = "oso-xlsx"\n', "utf-8")
        os.utime(own / "mapping.toml", ns=(1, 1))
        assert oso.mapping("eigen").shape == "xlsx"
        assert oso.mapping("oso-csv").title("en").startswith("Dossier as CSV")
    finally:
        monkeypatch.undo()
        data.forget()


def test_a_mapping_of_a_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "leverancier_x"
    (package / "mappings" / "x").mkdir(parents=True)
    (package / "__init__.py").write_text("", "utf-8")
    (package / "mappings" / "x" / "mapping.toml").write_text('extends = "oso-csv"\n', "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    points = {"oso_bridge.mappings": EntryPoints([EntryPoint("x", "leverancier_x", "oso_bridge.mappings")])}
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points.get(group, EntryPoints()))
    data.forget()
    try:
        assert oso.mapping("x").name == "x"
    finally:
        monkeypatch.undo()
        data.forget()


def test_a_mapping_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(oso.UsageError, match="oso-csv"):
        oso.mapping("oso-cvs")
    with pytest.raises(oso.UsageError):
        oso.mapping(tmp_path)


def test_csv_asks_for_no_openpyxl() -> None:
    code = (
        "import sys; sys.modules['openpyxl'] = None; import oso_bridge as oso\n"
        "assert oso.mapping('oso-csv').test() == []\n"
        "try: oso.mapping('oso-xlsx').export([], 'x.xlsx')\n"
        "except oso.UsageError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'oso-bridge[xlsx]'" in done.stdout


def test_losses_are_what_has_no_place() -> None:
    mapping = oso.mapping("voorbeeld-leverancier")
    assert {loss.model for loss in mapping.layout.losses if loss.model} >= {"leerling", "rapport", "extra"}
    assert layout.MOST_IN_CELL == 32767
    assert mapping.title("fr") == "voorbeeld-leverancier"


@pytest.mark.parametrize(
    "text",
    ['title = "x"', 'model = ["a"]', 'extends = ["a"]', 'group = "Brincode"', "[[sheet]]\nname = 3", "shape = 3",
     row("leerling.bsn", more='values = "x"'), row("leerling.voornamen", more="join = 3"),
     row("leerling.bsn", more='python = ["a"]'), row("leerling.bsn", more='required = "ja"')],
)  # fmt: skip
def test_a_value_of_another_kind_is_told_with_its_file(text: str, tmp_path: Path) -> None:
    with pytest.raises(oso.DataError, match="another kind") as told:
        made(tmp_path, text)
    assert "mapping.toml" in str(told.value)


def test_a_header_that_its_encoding_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(oso.DataError, match="letter"):
        made(tmp_path, '[csv]\nencoding = "cp1252"\n' + row("leerling.bsn", "Nummer \u0416"))
