"""The worked examples run as a reader runs them, and give dossiers that no check has anything to say of."""

from __future__ import annotations

import importlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import oso_bridge as oso
from oso_bridge import profiles
from oso_bridge.model import Dossier

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
MADE = {"popo": "POPO", "povo": "POVO", "vovo": "VOVO", "binnenbrin": "BB", "poswv": "POSWV", "voswv": "VOSWV"}
ROWS = (EXAMPLES / "administratie.py").read_text("utf-8")


def run(name: str, *arguments: object) -> str:
    """What an example prints."""
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=EXAMPLES.parent)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_every_profile_has_an_example() -> None:
    assert set(MADE.values()) == set(profiles.profiles())


@pytest.mark.parametrize("name", MADE)
def test_an_example_makes_a_dossier_without_findings(name: str, tmp_path: Path) -> None:
    told = run(name, tmp_path / "uit.xml")
    report = oso.check(tmp_path / "uit.xml")
    assert report.ok
    assert report.findings == ()
    assert (report.profile_name, report.release) == (MADE[name], "oso/2019.1")
    assert {layer.state for layer in report.layers} == {oso.State.PASSED}
    assert told.splitlines()[-1].startswith(f"{MADE[name]}: {(tmp_path / 'uit.xml').stat().st_size} bytes")


def test_a_draft_is_completed_to_a_dossier_without_findings(tmp_path: Path) -> None:
    told = run("concept", tmp_path / "uit.xml").splitlines()
    report = oso.check(tmp_path / "uit.xml")
    assert report.ok
    assert report.findings == ()
    assert (report.profile_name, report.release) == ("POVO", "oso/2019.1")
    assert {line.split()[0] for line in told[:-1]} == {"Blijft", "Ontbreekt:"}
    dossier = oso.read(tmp_path / "uit.xml").dossier()
    assert dossier.leerling is not None
    assert (dossier.leerling.leerlingid, dossier.leerling.voorletters) == ("L-0003", "T.")
    assert [(toets.code, len(toets.onderdelen)) for toets in dossier.rapport.toetsen] == [("LEZEN-M8", 1)]


@pytest.mark.parametrize("name", sorted(set(MADE) - {"binnenbrin"}))
def test_an_example_shows_what_is_missing_first(name: str) -> None:
    wanted = "cat_onderwijsondersteuning" if name.endswith("swv") else "inzage"
    assert any(line.startswith("Ontbreekt: ") and wanted in line for line in run(name).splitlines())


@pytest.mark.parametrize("name", ["poswv", "voswv"])
def test_a_samenwerkingsverband_gets_no_number_of_the_pupil(name: str, tmp_path: Path) -> None:
    run(name, tmp_path / "uit.xml")
    dossier = oso.read(tmp_path / "uit.xml").dossier()
    assert dossier.leerling is not None
    assert dossier.leerling.bsn is None
    assert dossier.leerling.leerlingid in ROWS


@pytest.mark.parametrize("name", MADE)
def test_the_example_that_takes_in_fills_its_tables(name: str, tmp_path: Path) -> None:
    dossier = oso.read(EXAMPLES / f"{name}.xml").dossier()
    told = run("inlezen", EXAMPLES / f"{name}.xml", tmp_path / "bijlagen").splitlines()
    files = [file for _, bijlage in dossier.bijlagen() for file in bijlage.names()]
    assert dossier.leerling is not None
    assert told == [
        "leerling: 1",
        f"verzorger: {len(dossier.leerling.verzorgers)}",
        f"toets: {len(dossier.rapport.toetsen)}",
        f"schooljaar: {len(dossier.rapport.schoolloopbaan)}",
        f"bijlage: {len(files)}",
    ]
    saved = tmp_path / "bijlagen"
    assert len(list(saved.iterdir()) if files else []) == len(files)


def test_what_is_taken_in_stands_in_its_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    example = importlib.import_module("inlezen")
    db = sqlite3.connect(":memory:")
    db.executescript(example.TABELLEN)
    dossier = oso.read(EXAMPLES / "povo.xml").dossier()
    example.neem_op(db, dossier)
    pupil = dossier.leerling
    assert pupil is not None
    assert pupil.geboortedatum is not None
    row = db.execute("SELECT bsn, roepnaam, geboren, postcode FROM leerling").fetchone()
    assert row == (pupil.bsn, pupil.roepnaam, pupil.geboortedatum.isoformat(), pupil.adressen[0].postcode)
    mail = {weg.nummer for carer in pupil.verzorgers for weg in carer.communicatie if weg.soort == "e-mail"}
    assert {mail_ for (mail_,) in db.execute("SELECT email FROM verzorger WHERE email IS NOT NULL")} == mail
    years = [jaar.schooljaar for jaar in dossier.rapport.schoolloopbaan]
    assert [year for (year,) in db.execute("SELECT schooljaar FROM schooljaar")] == years
    assert db.execute("SELECT code FROM toets").fetchall() == [(toets.code,) for toets in dossier.rapport.toetsen]
    db.close()


def test_a_dossier_with_nothing_in_it_is_taken_in_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    example = importlib.import_module("inlezen")
    db = sqlite3.connect(":memory:")
    db.executescript(example.TABELLEN)
    example.neem_op(db, Dossier())
    assert set(db.execute("SELECT * FROM leerling").fetchone()) == {None}
    db.close()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) < (120 if path.stem in MADE else 180)


@pytest.mark.parametrize("name", MADE)
def test_a_place_that_is_not_there_is_told_in_a_sentence(name: str, tmp_path: Path) -> None:
    target = tmp_path / "nergens" / "uit.xml"
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=EXAMPLES.parent)
    assert done.returncode == 1
    (told,) = done.stderr.splitlines()
    assert told.startswith(f"{target}: ")
    assert "Noem een bestand" in told
