"""The core of the kit: rows, texts, states and reports; for scenarios of every kind."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any
from xml.etree import ElementTree

import pytest

import oso_bridge.testing.kit as kit
from oso_bridge.errors import DataError, UsageError
from oso_bridge.testing.kit import Outcome, Results, Scenario, collect, run, runner, scenarios, stage
from oso_bridge.testing.kit.scenario import KINDS, Finding, NotRun, NotUnderstood, Wrong, pick, text

HOME = Path(kit.__file__).parent
ROWS = [one for kind in KINDS for one in scenarios(kind)]
SAID = {"Wrong", "NotUnderstood", "NotRun", "NoAnswer"}


class Bench:
    """A stage on which everything is there but ``niets``, and the layout of ``gok`` is a guess."""

    def mark(self, message: str) -> Any:
        return "provisional" if message == "gok" else "confirmed"

    def excuse(self, found: Finding) -> Any:
        return {"nl": "Niets klaar.", "en": "Nothing ready."} if found.code == "niet_geleverd" else None

    def lack(self, need: str) -> Any:
        return {"nl": "Er is niets.", "en": "There is nothing."} if need == "niets" else None

    def begin(self) -> None:
        """Nothing is left behind."""

    def said(self) -> Sequence[str]:
        return ["een > ander: bericht"]

    def save(self, folder: Path) -> list[Path]:
        return []

    def close(self) -> None:
        """Nothing is open."""


def row(function: str = "oso_bron.popo", rests_on: Sequence[str] = (), needs: Sequence[str] = ()) -> Scenario:
    told = {"nl": "Iets <fouts> & meer", "en": "Something"}
    return Scenario("X.1", "oso", function, rests_on, needs, told, told, told)


def raising(error: BaseException | None) -> Any:
    def play(stage: Any) -> None:
        if error is not None:
            raise error

    return play


CASES: dict[str, tuple[BaseException | None, Sequence[str], str]] = {
    "as expected": (None, (), "passed"),
    "as expected, as far as is known": (None, ("gok",), "unclear"),
    "wrong": (Wrong("wel_geleverd"), (), "failed"),
    "wrong, whatever the layout": (Wrong("wel_geleverd"), ("gok",), "failed"),
    "not understood": (NotUnderstood("niet_ontvangen"), (), "failed"),
    "not understood, perhaps for the layout": (NotUnderstood("niet_ontvangen"), ("gok",), "unclear"),
    "not understood, and nobody prepared it": (NotUnderstood("niet_geleverd", woord="-"), (), "not_run"),
    "not to be played": (NotRun("geen_sessie"), ("gok",), "not_run"),
    "broken off": (RuntimeError("KANARIE"), ("gok",), "failed"),
}


@pytest.mark.parametrize("name", CASES)
def test_states(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    error, rests_on, state = CASES[name]
    monkeypatch.setattr("oso_bridge.testing.kit.oso_bron.popo", raising(error))
    found = runner.play(Bench(), row(rests_on=rests_on))
    assert found.state == state
    assert bool(found.why["nl"]) is bool(found.why["en"]) is (state != "passed")
    assert "KANARIE" not in str(found.as_dict())


def test_what_is_needed_and_not_there_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oso_bridge.testing.kit.oso_bron.popo", raising(AssertionError("played")))
    assert runner.play(Bench(), row(needs=["niets"])).state == "not_run"


def test_one_that_breaks_off_stops_none(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Outcome] = []
    found = run(
        Bench(), [row("oso_bron.bestaat_niet"), row("bestaat_niet.popo"), row("oso_stage.read")], told=told.append
    )
    assert [one.state for one in found.outcomes] == ["failed"] * 3
    assert found.outcomes == told
    monkeypatch.setattr("oso_bridge.testing.kit.oso_bron.popo", raising(None))
    assert run(Bench(), [row("geen.een"), row()]).counts()["passed"] == 1


def results(*states: Any) -> Results:
    why = {"nl": "Er kwam \x1b[31m niets.", "en": "Nothing came."}
    return Results(
        "https://las.invalid/oso", [Outcome(row(), state, why, "x", 0.5, ["a > b: c <d>"]) for state in states]
    )


@pytest.mark.parametrize(
    ("states", "code", "strict"),
    [
        (["passed"], 0, 0),
        (["passed", "unclear", "not_run"], 0, 1),
        (["unclear"], 0, 1),
        (["not_run"], 5, 1),
        ([], 5, 5),
        (["passed", "failed"], 1, 1),
    ],
)
def test_exit_codes(states: list[str], code: int, strict: int) -> None:
    assert results(*states).exit_code() == code
    assert results(*states).exit_code(strict=True) == strict


@pytest.mark.parametrize("code", ["resultaten", "leerling.popo", "uwlr_vocabulaire_onbekend"])
def test_what_was_agreed_to_be_left_out_does_not_count(code: str) -> None:
    found = results("passed")
    found.outcomes.append(Outcome(row(), "not_run", {"nl": "", "en": ""}, code))
    assert found.exit_code(strict=True) == 0
    assert [[child.tag for child in case] for case in ElementTree.fromstring(found.to_junit(strict=True))[0]] == [
        [],
        ["skipped"],
    ]
    assert results("passed", "not_run").exit_code(strict=True) == 1


def test_reports(tmp_path: Path) -> None:
    found = results("passed", "failed", "unclear", "not_run")
    written = {path.name: path.read_text("utf-8") for path in found.save(tmp_path / "nieuw")}
    assert set(written) == {"kit.html", "kit.json", "junit.xml"}
    assert [one["state"] for one in json.loads(written["kit.json"])["scenarios"]] == [
        "passed",
        "failed",
        "unclear",
        "not_run",
    ]
    suite = ElementTree.fromstring(written["junit.xml"])[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "0",
        "skipped": "2",
    }
    assert [[child.tag for child in case] for case in suite] == [[], ["failure"], ["skipped"], ["skipped"]]
    strict = ElementTree.fromstring(found.to_junit(strict=True))[0]
    assert [[child.tag for child in case] for case in strict] == [[], ["failure"], ["error"], ["error"]]
    assert "<fouts>" not in written["kit.html"]
    assert "&lt;fouts&gt;" in written["kit.html"]
    assert "<script" not in written["kit.html"]
    linked = re.findall('href="#([^"]+)"', written["kit.html"])
    assert set(linked) == set(re.findall('<section id="([^"]+)"', written["kit.html"])) != set()
    for shown in (*written.values(), found.table("nl"), found.table("en")):
        assert "\x1b" not in shown


def test_the_table_says_what_to_do() -> None:
    shown = results("passed", "failed", "not_run").table("nl")
    assert "Wat te doen: Iets" in shown
    assert shown.endswith("1 geslaagd, 1 niet uitgevoerd, 0 onduidelijk, 1 niet geslaagd\n")


# --- the rows -----------------------------------------------------------------------------------------------------


def test_rows_are_whole() -> None:
    assert len({one.id for one in ROWS}) == len(ROWS)
    assert len({one.function for one in ROWS}) == len(ROWS)
    for one in ROWS:
        assert re.fullmatch(r"(OSO|UWLR)\.[A-Z]?\d\d", one.id)
        assert callable(one.load())
        for told in (one.title, one.why, one.advice):
            assert all(len(told[language]) > 5 for language in ("nl", "en"))


def codes() -> list[tuple[str, str, set[str]]]:
    """Every finding that the modules of the kit raise: where, its code, and the names of its values."""
    found = []
    for path in sorted(HOME.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAID
            if named and node.args and isinstance(node.args[0], ast.Constant):
                found.append((f"{path.name}:{node.lineno}", node.args[0].value, {one.arg for one in node.keywords}))
    return found


def test_every_finding_has_its_text() -> None:
    assert len(codes()) > 20
    for where, code, names in codes():
        told = text(code, **dict.fromkeys(names - {None}, "x"))
        assert told["nl"] != told["en"], where
        assert "$" not in told["nl"] + told["en"], where


def test_every_text_is_used() -> None:
    import tomllib

    written = "".join(path.read_text("utf-8") for path in HOME.glob("*.py"))
    for path in (HOME / "oso_scenarios.toml", HOME / "teksten.toml"):
        for code, row in tomllib.loads(path.read_text("utf-8"))["tekst"].items():
            assert f'"{code}"' in written or code.startswith("nodig_"), code
            assert Template(row["nl"]).get_identifiers() == Template(row["en"]).get_identifiers(), code


def test_unknown_texts_and_kinds() -> None:
    with pytest.raises(DataError):
        text("bestaat_niet")
    with pytest.raises(DataError):
        text("niet_geweigerd")  # its value is not given
    with pytest.raises(UsageError):
        scenarios("edexml")
    with pytest.raises(UsageError):
        pick(scenarios("oso"), ["OSO.Q"])
    with pytest.raises(UsageError):
        stage.open_stage("edexml", stage.Options(""))


def test_pick() -> None:
    found = [one.id for one in pick(scenarios("oso"), ["OSO.D", "OSO.B01"])]
    assert found[0] == "OSO.B01"
    assert all(one.startswith("OSO.D") for one in found[1:])
    assert pick(scenarios("oso"), []) == scenarios("oso")


def test_settings(tmp_path: Path) -> None:
    path = tmp_path / "kit.toml"
    for content, said in (
        ("[oso", "not valid TOML"),
        ("[osso]\n", "Do you mean oso"),
        ("a = " + "[" * 5000, "not valid"),
    ):
        path.write_text(content, "utf-8")
        with pytest.raises(DataError, match=said):
            stage.settings(path)


def test_reports_tell_an_address_without_its_secrets() -> None:
    told = collect._told("https://me:secret@las.invalid:8443/oso?key=secret#secret")
    assert told == "https://las.invalid:8443/oso"
    with pytest.raises(pytest.UsageError):
        collect._told("http://[las")
    assert "\x1b" not in collect._told("http://127.0.0.1/\x1b[31m")
