"""The program with EDEXML and UWLR."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from oso_bridge.cli.app import app

from .samples import EDEX, EXAMPLES

run = CliRunner().invoke


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_check(path: Path, language: str) -> None:
    assert run(app, ["check", "--lang", language, str(path)]).exit_code == 0


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("form", ["text", "html"])
def test_show(path: Path, form: str) -> None:
    shown = run(app, ["show", "--format", form, str(path)])
    assert shown.exit_code == 0
    assert "Duinhoorn" in shown.stdout or "Rekenvoorbeeld" in shown.stdout


def test_show_has_the_keys() -> None:
    assert "S-plus" in run(app, ["show", str(EDEX)]).stdout


def test_read() -> None:
    given = json.loads(run(app, ["read", "--record", str(EDEX)]).stdout)
    assert given["release"] == "edexml/2.1"
    assert given["record"]["leerlingen"]["leerling"][0]["@key"] == "L-0001"
    assert json.loads(run(app, ["read", "--json", str(EDEX)]).stdout)["model"] == "Schooladministratie"


def test_releases() -> None:
    assert re.search(r"uwlr/2.3 +UWLR 2.3 \(voorlopig\) +voorlopig", run(app, ["releases"]).stdout)
    assert re.search(r"uwlr/2.3 +UWLR 2.3 \(provisional\) +provisional", run(app, ["releases", "--lang", "en"]).stdout)


@pytest.mark.parametrize("rule", ["CL.edexml.schooljaar", "CL.uwlr.schooljaar", "INT.sleutel-dubbel", "PROF.verboden"])
def test_explain(rule: str) -> None:
    assert run(app, ["explain", rule]).exit_code == 0
