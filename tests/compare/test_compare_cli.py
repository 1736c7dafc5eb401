"""The commands diff and merge: what goes where, exit codes, and that values stay where they belong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

import oso_bridge as oso
from oso_bridge.model import Dossier

from .samples import EXAMPLES

BASE, LATE, OTHER_PUPIL = EXAMPLES / "povo.xml", EXAMPLES / "nagekomen.xml", EXAMPLES / "popo.xml"
CANARY = "Kanarie7f3a91"
OLD_NUMBER, NEW_NUMBER = "0600000034", "0600000056"


@pytest.fixture
def as_json(tmp_path: Path) -> Path:
    """The base as JSON."""
    path = tmp_path / "basis.json"
    path.write_text(oso.read(BASE).dossier().model_dump_json(exclude_defaults=True), "utf-8")
    return path


# --- diff ---


def test_nothing_differs(run: Any, as_json: Path) -> None:
    assert run("diff", BASE, BASE) == (0, f"{BASE} en {BASE}\nGeen verschillen.\n", "")
    assert run("diff", BASE, as_json, "--delivery", "--lang", "en").code == 0


def test_something_differs(run: Any) -> None:
    found = run("diff", BASE, LATE)
    assert (found.code, found.err) == (1, "")
    assert f"was: {OLD_NUMBER}\n      wordt: {NEW_NUMBER}" in found.out
    assert "levering" not in found.out
    assert "levering.datum" in run("diff", BASE, LATE, "--delivery").out


def test_without_values(run: Any) -> None:
    for form in ("text", "json", "html"):
        found = run("diff", BASE, LATE, "--no-values", "--format", form)
        assert found.code == 1
        assert "leerling.verzorgers.communicatie.nummer" in found.out
        assert OLD_NUMBER not in found.out
        assert "VB-REK-E8" not in found.out


@pytest.mark.parametrize(("name", "start"), [("d.json", "{"), ("d.html", "<!doctype html>"), ("d.txt", str(BASE))])
def test_the_suffix_chooses_the_form(run: Any, tmp_path: Path, name: str, start: str) -> None:
    file = tmp_path / name
    assert run("diff", BASE, LATE, "--output", file) == (1, "", "")
    assert file.read_text("utf-8").startswith(start)


def test_json_tells_the_sources(run: Any) -> None:
    told = json.loads(run("diff", BASE, LATE, "--format", "json").out)
    assert (told["a"], told["b"], told["same"]) == (str(BASE), str(LATE), False)
    assert len(told["changes"]) == len(oso.diff(oso.read(BASE), oso.read(LATE)))


def test_one_side_from_standard_input(run: Any, as_json: Path) -> None:
    assert run("diff", "-", BASE, stdin=as_json.read_bytes()).code == 0
    assert run("diff", BASE, "-", stdin=BASE.read_bytes()).code == 0
    refused = run("diff", "-", "-", stdin=BASE.read_bytes())
    assert refused.code == 2
    assert "once" in refused.err


@pytest.mark.parametrize(
    "content",
    [b"", b"geen json", b"<a>", f'{{"leerling": {{"{CANARY}": 1}}}}'.encode(), f"<dossier>{CANARY}".encode()],
    ids=range(5),
)
def test_what_cannot_be_read_is_no_difference(run: Any, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "stuk"
    file.write_bytes(content)
    for arguments in ((BASE, file), (file, BASE)):
        found = run("diff", *arguments)
        assert (found.code, found.out) == (2, "")
        assert found.err
        assert CANARY not in found.err


def test_wrong_use_of_diff(run: Any, tmp_path: Path) -> None:
    for arguments in (
        ("diff", BASE),
        ("diff", BASE, tmp_path / "niets.xml"),
        ("diff", BASE, LATE, "--format", "pdf"),
        ("diff", BASE, LATE, "--output", tmp_path / "d.pdf"),
        ("diff", BASE, LATE, "--lang", "fr"),
    ):
        found = run(*arguments)
        assert (found.code, found.out) == (2, ""), arguments
        assert found.err


def test_the_output_never_overwrites_a_dossier(run: Any, as_json: Path) -> None:
    before = as_json.read_bytes()
    assert run("diff", BASE, as_json, "--output", as_json).code == 2
    assert run("merge", BASE, as_json, "--output", as_json).code == 2
    assert run("merge", BASE, as_json, "--report", as_json).code == 2
    assert as_json.read_bytes() == before


# --- merge ---


def test_a_late_test_result(run: Any, tmp_path: Path) -> None:
    made = tmp_path / "samen.xml"
    found = run("merge", BASE, LATE, "--output", made)
    assert (found.code, found.out) == (0, "")
    assert "leerling.verzorgers.communicatie: de dossiers spreken elkaar tegen" in found.err
    assert "overgenomen: 2, tegenspraken: 1" in found.err
    assert NEW_NUMBER not in found.err
    assert oso.check(made).ok
    assert oso.read(made).dossier() == oso.merge(oso.read(BASE), oso.read(LATE)).dossier


def test_overwriting(run: Any, tmp_path: Path) -> None:
    made = tmp_path / "samen.xml"
    found = run("merge", BASE, LATE, "--policy", "overwrite", "--output", made, "--lang", "en")
    assert (found.code, found.out) == (0, "")
    assert found.err == "oso-bridge: taken: 3, contradictions: 0\n"
    assert NEW_NUMBER in made.read_text("utf-8")
    assert OLD_NUMBER not in made.read_text("utf-8")


def test_to_standard_output_and_to_json(run: Any, tmp_path: Path, as_json: Path) -> None:
    assert run("merge", BASE, LATE).out.startswith("<?xml")
    made = tmp_path / "samen.json"
    assert run("merge", as_json, LATE, "--output", made).code == 0
    assert Dossier.model_validate_json(made.read_text("utf-8")) == oso.merge(oso.read(BASE), oso.read(LATE)).dossier


def test_json_has_no_release_of_its_own(run: Any, as_json: Path) -> None:
    refused = run("merge", as_json, LATE)
    assert (refused.code, refused.out) == (2, "")
    assert "--release" in refused.err
    assert run("merge", as_json, LATE, "--release", "oso/2019.1").out == run("merge", BASE, LATE).out
    assert run("merge", BASE, LATE, "--release", "oso/1900.1").code == 2


def test_the_report(run: Any, tmp_path: Path) -> None:
    report = tmp_path / "verslag.json"
    assert run("merge", BASE, LATE, "--report", report).code == 0
    told = json.loads(report.read_text("utf-8"))
    assert [change["path_b"] for change in told["taken"]][-1] == "rapport.toetsen[2]"
    assert told["conflicts"][0]["after"]["nummer"] == NEW_NUMBER
    assert told["left"] == []
    assert run("merge", BASE, LATE, "--report", report, "--no-values").code == 0
    assert NEW_NUMBER not in report.read_text("utf-8")
    assert run("merge", BASE, LATE, "--report", report, "--output", report).code == 2


def test_what_the_checks_refuse_is_not_written(run: Any, tmp_path: Path) -> None:
    dossier = oso.read(LATE).dossier()
    assert dossier.leerling is not None
    dossier.leerling.verzorgers[0].adresgeheim = None
    dossier.leerling.geslacht = CANARY  # type: ignore[assignment]
    late, made, report = tmp_path / "laat.json", tmp_path / "samen.xml", tmp_path / "verslag.json"
    late.write_text(dossier.model_dump_json(), "utf-8")
    refused = run("merge", BASE, late, "--policy", "overwrite", "--output", made, "--report", report)
    assert (refused.code, refused.out) == (1, "")
    assert "leerling.geslacht" in refused.err
    assert CANARY not in refused.err
    assert not made.exists()
    assert report.exists()


def test_two_pupils(run: Any, tmp_path: Path) -> None:
    refused = run("merge", BASE, OTHER_PUPIL, "--output", tmp_path / "samen.json")
    assert (refused.code, refused.out) == (2, "")
    assert "two pupils" in refused.err
    pupil = oso.read(BASE).dossier().leerling
    assert pupil is not None
    assert str(pupil.bsn) not in refused.err
    assert run("merge", BASE, OTHER_PUPIL, "--output", tmp_path / "samen.json", "--force").code == 0


def test_what_has_no_field_is_told(run: Any, tmp_path: Path) -> None:
    late = tmp_path / "laat.xml"
    late.write_bytes(LATE.read_bytes().replace(b"</dossier>", f"<vreemd>{CANARY}</vreemd></dossier>".encode()))
    found = run("merge", BASE, late)
    assert found.code == 0
    assert "extra: dit heeft geen veld in het model en is niet overgenomen" in found.err
    assert CANARY not in found.err + found.out


def test_faults_of_json_are_told_and_nothing_is_written(run: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "fout.json"
    wrong.write_text(f'{{"leerling": {{"bsn": 1, "{CANARY}": 2}}}}', "utf-8")
    found = run("merge", BASE, wrong)
    assert (found.code, found.out) == (1, "")
    assert CANARY not in found.err


def test_wrong_use_of_merge(run: Any, tmp_path: Path) -> None:
    for arguments in ((BASE,), (BASE, tmp_path / "niets.xml"), (BASE, LATE, "--policy", "neem"), ("-", "-")):
        found = run("merge", *arguments)
        assert (found.code, found.out) == (2, ""), arguments
        assert found.err


def test_nobody_is_asked_in_a_pipe(run: Any) -> None:
    refused = run("merge", BASE, LATE, "--policy", "ask")
    assert (refused.code, refused.out) == (2, "")
    assert "--policy fill or overwrite" in refused.err


@pytest.mark.parametrize(("answers", "wanted"), [(["k"], OLD_NUMBER), (["?", "T"], NEW_NUMBER)])
def test_asking_at_a_terminal(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answers: list[str], wanted: str
) -> None:
    monkeypatch.setattr("oso_bridge.cli.merge._is_terminal", lambda: True)
    asked = iter(answers)
    monkeypatch.setattr(typer, "prompt", lambda text, **options: next(asked))
    made = tmp_path / "samen.json"
    found = run("merge", BASE, LATE, "--policy", "ask", "--output", made)
    assert found.code == 0
    assert NEW_NUMBER in found.err
    assert list(asked) == []
    numbers = {OLD_NUMBER, NEW_NUMBER} & set(json.dumps(json.loads(made.read_text("utf-8"))).split('"'))
    assert numbers == {wanted}
