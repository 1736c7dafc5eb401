"""Adding a release is adding a folder: data, and no code.

What was found is kept for the life of a process, so each test asks a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from oso_bridge.xml import compiler

from .samples import CHECKOUT, edited

PROBE = """
import json, sys
import oso_bridge as oso
report, document = oso.check(sys.argv[1], **json.loads(sys.argv[2])), oso.read(sys.argv[1])
print(json.dumps({
    "installed": [release.id for release in oso.installed()],
    "read": [document.release.id, document.schema_ok, document.record["huidigeschool"]["naam"]],
    "written": oso.read(oso.write(document)).record == document.record,
    "report": report.to_dict(),
}))
"""
NEW = "2030.1"


def told(folder: Path, document: Path, **settings: Any) -> dict[str, Any]:
    """What a process with that data folder says of a document."""
    environment = {**os.environ, "OSO_BRIDGE_DATA": str(folder)}
    command = [sys.executable, "-c", PROBE, str(document), json.dumps(settings)]
    ran = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def renamed(text: str) -> str:
    return text.replace("oso_gegevensset/2019/", "oso_gegevensset/2030/").replace("2019.1", NEW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a copy of a release, under another name and namespace."""
    folder = tmp_path / "data"
    release = folder / "schemas" / "oso" / NEW
    shutil.copytree(CHECKOUT / "schemas" / "oso" / "2019.1", release)
    for name in ("release.toml", "dossier.xsd"):
        (release / name).write_text(renamed((release / name).read_text("utf-8")), encoding="utf-8")
    assert compiler.write_plan(release / "dossier.xsd", release / "plan.json") is True
    return folder


def extended(value: Any) -> Any:
    """A table in which all that holds for the old release holds for the new one too."""
    if isinstance(value, dict):
        grown = {key: extended(item) for key, item in value.items()}
        return {**grown, NEW: grown["2019.1"]} if "2019.1" in grown else grown
    if isinstance(value, list):
        return [extended(item) for item in value] + ([NEW] if "2019.1" in value else [])
    return value


def toml(value: Any) -> str:
    """A value in TOML, tables on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def with_rules(folder: Path) -> None:
    for name in ("rules.toml", "codelists.toml"):
        table = tomllib.loads((CHECKOUT / "schemas" / "oso" / name).read_text("utf-8"))
        lines = [f"{key} = {toml(value)}\n" for key, value in extended(table).items()]
        (folder / "schemas" / "oso" / name).write_text("".join(lines), encoding="utf-8")


def document(folder: Path, *edits: tuple[str, str]) -> Path:
    file = folder.parent / "dossier.xml"
    file.write_text(renamed(edited(*edits).decode()), encoding="utf-8")
    return file


def test_a_new_folder_is_found_and_its_documents_are_read(folder: Path) -> None:
    found = told(folder, document(folder), layers=["schema", "integrity"])
    assert [name for name in found["installed"] if name.startswith("oso/")][-2:] == ["oso/2019.1", f"oso/{NEW}"]
    assert found["read"] == [f"oso/{NEW}", True, "Basisschool De Wilgenroos"]
    assert found["written"] is True
    assert found["report"]["release"] == f"oso/{NEW}"
    assert {layer["name"]: layer["state"] for layer in found["report"]["layers"]}["schema"] == "passed"


def test_its_own_schema_is_asked(folder: Path) -> None:
    xsd = folder / "schemas" / "oso" / NEW / "dossier.xsd"
    text = xsd.read_text("utf-8")
    assert '<xs:maxLength value="35"/>' in text
    xsd.write_text(text.replace('<xs:maxLength value="35"/>', '<xs:maxLength value="5"/>', 1), encoding="utf-8")
    compiler.write_plan(xsd, xsd.with_name("plan.json"))
    found = told(folder, document(folder), layers=["schema"])
    (finding,) = found["report"]["findings"]
    assert (finding["rule"], finding["args"]["grens"]) == ("XSD.te-lang.locatieomschrijving", "5")


def test_rules_and_codes_that_name_the_release_are_checked(folder: Path) -> None:
    with_rules(folder)
    good = told(folder, document(folder))["report"]
    assert (good["ok"], good["findings"]) == (True, [])
    assert good["profile"] == {"overdrachtsoort": "overstapdossier", "overstap": "POVO"}
    edits = (("<soortadres>post<", "<soortadres>x<"), ("<wensouders>60<", "<wensouders>999<"))
    bad = told(folder, document(folder, *edits))["report"]
    assert {"CL.2.wensouders", "CL.19.soortadres"} == {
        finding["rule"] for finding in bad["findings"] if finding["layer"] == "codes"
    }
    assert f"release {NEW}" in bad["findings"][0]["text"]["nl"]
    assert bad["exit_code"] == 1


def test_without_the_folder_the_same_document_is_of_an_absent_release(folder: Path, tmp_path: Path) -> None:
    found = told(tmp_path / "leeg", document(folder))
    assert f"oso/{NEW}" not in found["installed"]
    assert found["read"] == ["oso/2019.1", None, "Basisschool De Wilgenroos"]
    assert (found["report"]["release"], found["report"]["exit_code"]) == ("oso/2030", 3)
