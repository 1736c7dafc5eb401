"""The program with the models of EDEXML and UWLR."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

import oso_bridge as oso
from oso_bridge.cli.app import app
from oso_bridge.cli.schema import schema
from oso_bridge.model import Schooladministratie

from .samples import EDEX, EXAMPLES, PUPILS, RESULTS, canonical, edited

run = CliRunner().invoke
POVO = EDEX.with_name("povo.xml")


def as_json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(app, ["read", "--json", str(path)]).stdout)
    return found


def written(tmp_path: Path, whole: Any, *options: str) -> Any:
    """What ``write`` says of JSON."""
    file = tmp_path / "whole.json"
    file.write_text(json.dumps(whole), encoding="utf-8")
    return run(app, ["write", str(file), *options])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_read_and_write(path: Path, tmp_path: Path) -> None:
    release = oso.read(path).release.id
    result = written(tmp_path, as_json(path), "--release", release)
    assert result.exit_code == 0
    assert canonical(result.stdout.encode()) == canonical(path.read_bytes())


def test_json_says_which_model_it_is() -> None:
    assert [as_json(path).get("model") for path in (EDEX, PUPILS, RESULTS, POVO)] == [
        "Schooladministratie",
        "Schooladministratie",
        "Leerresultaten",
        None,
    ]
    assert Schooladministratie.model_validate(as_json(EDEX)) == oso.read(EDEX).administratie()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "Dossier"}, "model: this must be one of: Schooladministratie, Leerresultaten"),
        ({"model": 3}, "model: this must be one of"),
        ({"model": "Leerresultaten"}, "there is a field that does not exist"),
        ({"leerlingen": [{"leerlingid": 5}]}, "leerlingen[1].leerlingid: this must be a text"),
        ({"groepen": [{"soort": "kanarie4711"}]}, "groepen[1].soort: this must be one of"),
        ({"mutatiedatum": "kanarie4711"}, "there is a field that does not exist"),
        ({"aanmaakdatum": "kanarie4711"}, "aanmaakdatum: this must be a date"),
    ],
)
def test_faults_are_told_with_their_place_and_no_value(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    result = written(tmp_path, {**as_json(EDEX), **change}, "--release", "edexml/2.1", "--lang", "en")
    assert result.exit_code == 1
    assert said in result.stderr
    assert "kanarie4711" not in result.output


def test_a_message_of_uwlr_is_chosen(tmp_path: Path) -> None:
    options = ["--release", "uwlr/2.2", "--root", "leerlingen_antwoord"]
    refused = written(tmp_path, as_json(PUPILS), *options)
    assert (refused.exit_code, refused.stdout) == (1, "")
    allowed = written(tmp_path, as_json(PUPILS), *options, "--allow-losses")
    assert allowed.exit_code == 0
    assert oso.read(allowed.stdout.encode()).root == "leerlingen_antwoord"
    assert "groepen" in allowed.stderr
    assert written(tmp_path, as_json(PUPILS), "--release", "uwlr/2.2", "--root", "weg").exit_code == 2


def test_a_release_without_such_documents_is_wrong_use(tmp_path: Path) -> None:
    for path, release in ((EDEX, "oso/2019.1"), (RESULTS, "edexml/2.1"), (POVO, "edexml/2.1")):
        assert written(tmp_path, as_json(path), "--release", release).exit_code == 2


def test_todo_takes_both(tmp_path: Path) -> None:
    assert run(app, ["todo", str(EDEX)]).exit_code == 0
    whole = as_json(EDEX)
    del whole["schooljaar"]
    file = tmp_path / "whole.json"
    file.write_text(json.dumps(whole), encoding="utf-8")
    result = run(app, ["todo", str(file), "--release", "edexml/2.1", "--format", "json"])
    assert (result.exit_code, [item["path"] for item in json.loads(result.stdout)["todo"]]) == (1, ["schooljaar"])


def test_commands_for_dossiers_say_that_it_is_none(tmp_path: Path) -> None:
    file = tmp_path / "whole.json"
    file.write_text(json.dumps(as_json(EDEX)), encoding="utf-8")
    result = run(app, ["diff", str(file), str(POVO), "--lang", "en"])
    assert result.exit_code == 2
    assert "Schooladministratie" in result.stderr
    assert run(app, ["diff", str(EDEX), str(POVO)]).exit_code == 2


@pytest.mark.parametrize("model", ["Schooladministratie", "Leerresultaten"])
def test_schema(model: str) -> None:
    made = json.loads(run(app, ["schema", "--model", model]).stdout)
    Draft202012Validator.check_schema(made)
    validator = Draft202012Validator(made, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for path in EXAMPLES:
        whole = as_json(path)
        assert validator.is_valid(whole) is (whole["model"] == model)
        assert not validator.is_valid({key: value for key, value in whole.items() if key != "model"})
    assert run(app, ["schema", "--model", "Scholen"]).exit_code == 2


def test_schema_takes_the_moments_of_the_standard() -> None:
    validator = Draft202012Validator(
        schema(model="Schooladministratie"), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    for text, good in (("2024-10-01T08:30:00", True), ("2024-10-01T08:30:00.5+02:00", True), ("2024-10-01", False)):
        assert validator.is_valid({"model": "Schooladministratie", "aanmaakdatum": text}) is good


def test_convert(tmp_path: Path) -> None:
    target = tmp_path / "uwlr.xml"
    result = run(app, ["convert", str(EDEX), "--to", "uwlr/2.2", "--output", str(target), "--lang", "en"])
    assert result.exit_code == 0
    assert "leerlingen.toevoegingen" in result.stderr
    assert oso.check(target).ok


def test_show_counts() -> None:
    assert "vestiging: 2" in run(app, ["show", str(EDEX)]).stdout.splitlines()[1]
    assert "leerkracht: 1" in run(app, ["show", str(PUPILS)]).stdout.splitlines()[1]
    assert "toetsafname: 1" in run(app, ["show", str(RESULTS)]).stdout.splitlines()[1]


def test_a_value_that_does_not_fit_is_told_without_it(tmp_path: Path) -> None:
    file = tmp_path / "x.xml"
    file.write_bytes(edited(EDEX, ("2024-09-16T10:15:00", "kanarie4711")))
    result = run(app, ["read", "--json", str(file)])
    assert "leerlingen.mutatiedatum" in result.stderr
    assert "kanarie4711" not in result.stderr


def test_unbound_places_are_listed() -> None:
    listed = run(app, ["releases", "--unbound"]).stdout
    assert "uwlr/2.2  leerlingen_antwoord/geengegevens" in listed
    assert "edexml/2.1: " in listed
