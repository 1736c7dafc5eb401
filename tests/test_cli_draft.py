"""The program that drafts dossiers, and the code lists of other formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.model import Dossier

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
EDEX, RESULTS = EXAMPLES / "edex-groep8.xml", EXAMPLES / "uwlr-groep8.xml"
HIDDEN = ("Weegbree", "Tijmen", "310008475", "Mila", "L-0003", "2012-12-19")


def test_a_draft_of_one_pupil(run: Any) -> None:
    done = run("draft", EDEX, "--results", RESULTS, "--profile", "POVO", "--pupil", "L-0003", "--release", "oso/2019.1")
    assert done.code == 0
    dossier = Dossier.model_validate_json(done.out)
    expected = oso.draft(
        oso.read(EDEX).administratie(),
        leerling="L-0003",
        profiel="POVO",
        resultaten=oso.read(RESULTS).leerresultaten(),
    )
    assert dossier == expected.dossier
    for loss in expected.left:
        assert loss.text("nl") in done.err
    for finding in expected.todo(release="oso/2019.1"):
        assert f"\n  {finding.rule}\n" in done.err
    assert not [text for text in HIDDEN if text in done.err]


def test_without_a_release_nothing_is_said_of_what_is_missing(run: Any, tmp_path: Path) -> None:
    target = tmp_path / "uit.json"
    done = run("draft", EDEX, "--profile", "POVO", "--pupil", "L-0003", "--output", target, "--lang", "en")
    assert (done.code, done.out) == (0, "")
    assert "Still to do" not in done.err
    assert "leerlingen.eckid does not go along" in done.err
    assert Dossier.model_validate_json(target.read_text("utf-8")).rapport.toetsen == []


def test_who_chooses_nobody_is_told_how_and_nothing_of_anybody(run: Any) -> None:
    done = run("draft", EDEX, "--profile", "POVO")
    assert (done.code, done.out) == (2, "")
    assert "holds 2 pupils" in done.err
    assert "--pupil" in done.err
    assert not [text for text in HIDDEN if text in done.err]


def test_several_go_into_a_folder_under_numbers(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "concepten"
    arguments = ("draft", EDEX, "--profile", "POVO", "--all", "--output", folder, "--release", "oso/2019.1")
    done = run(*arguments)
    assert (done.code, done.out) == (0, "")
    assert sorted(file.name for file in folder.iterdir()) == ["1.json", "2.json"]
    assert [line.split()[1] for line in done.err.splitlines()] == ["1.json:", "2.json:"]
    assert not [text for text in HIDDEN if text in done.err]
    names = [json.loads(file.read_text("utf-8"))["leerling"]["roepnaam"] for file in sorted(folder.iterdir())]
    assert names == ["Tijmen", "Mila"]
    (folder / "1.json").write_text("ingevuld", "utf-8")
    again = run(*arguments)
    assert again.code == 2
    assert (folder / "1.json").read_text("utf-8") == "ingevuld"


def test_a_group_or_some_pupils(run: Any, tmp_path: Path) -> None:
    for number, choice in enumerate((("--group", "S-plus"), ("--pupil", "L-0003", "--pupil", "#0004"))):
        folder = tmp_path / str(number)
        assert run("draft", EDEX, "--profile", "POVO", *choice, "--output", folder).code == 0
        assert len(list(folder.iterdir())) == number + 1
    assert run("draft", EDEX, "--profile", "POVO", "--all").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--profile", "POVA", "--pupil", "L-0003"),
        ("--profile", "POVO", "--pupil", "Kanarie7f3a91"),
        ("--profile", "POVO", "--group", "Kanarie7f3a91", "--output", "x"),
        ("--profile", "POVO", "--pupil", "L-0003", "--release", "oso/1999"),
        ("--profile", "POVO", "--pupil", "L-0003", "--results", EDEX),
    ],
)
def test_wrong_use(run: Any, arguments: tuple[object, ...]) -> None:
    done = run("draft", EDEX, *arguments)
    assert (done.code, done.out) == (2, "")
    assert "Kanarie" not in done.err


def test_the_results_alone_are_no_administration(run: Any) -> None:
    assert run("draft", RESULTS, "--profile", "POVO", "--all").code == 2
    assert run("draft", "-", "--results", "-", "--profile", "POVO", "--all").code == 2


def test_a_source_that_breaks_its_schema_is_told(run: Any, tmp_path: Path) -> None:
    broken = tmp_path / "kapot.xml"
    broken.write_bytes(EDEX.read_bytes().replace(b"<geslacht>", b"<postduif/><geslacht>", 1))
    done = run("draft", broken, "--profile", "POVO", "--pupil", "L-0003")
    assert done.code == 0
    assert f"{broken} voldoet niet aan zijn schema" in done.err
    assert "schema" not in run("draft", EDEX, "--profile", "POVO", "--pupil", "L-0003").err


def test_code_lists_of_another_format(run: Any) -> None:
    done = run("codes", "--of", "edexml", "--json")
    (found,) = json.loads(done.out)
    assert found["number"] == 1
    assert found["releases"] == ["edexml/1.03", "edexml/2.0", "edexml/2.1"]
    assert run("codes", "schooljaar", "--of", "edexml", "--json").out == done.out
    (one,) = json.loads(run("codes", "1", "--release", "edexml/1.03", "--json").out)
    assert {code["code"] for code in one["codes"]} < {code["code"] for code in found["codes"]}
    assert one["codes"][-1]["code"] == "2019-2020"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--of", "edex"),
        ("roepnaam", "--of", "edexml"),
        ("--of", "uwlr", "--release", "edexml/2.1"),
        ("9", "--of", "uwlr"),
    ],
)
def test_code_lists_that_do_not_exist(run: Any, arguments: tuple[str, ...]) -> None:
    assert run("codes", *arguments).code == 2


@pytest.mark.parametrize("more", [("--pupil", "L-0003"), ("--group", "G-8")])
def test_all_goes_with_no_choice(run: Any, tmp_path: Path, more: tuple[str, str]) -> None:
    done = run("draft", EDEX, "--profile", "POVO", "--all", *more, "--output", tmp_path / "uit")
    assert done.code == 2
    assert "--all goes with neither" in done.err
    assert not list(tmp_path.iterdir())
