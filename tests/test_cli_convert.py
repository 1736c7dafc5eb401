"""``oso-bridge convert``, and ``check --summary``: what they write where, and their exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import journal
from oso_bridge.cli import fast

EXAMPLES = Path(__file__).parent.parent / "examples"
FULL, GOOD, BAD = EXAMPLES / "povo.xml", EXAMPLES / "vovo.xml", EXAMPLES / "kapot.xml"
TO = ("--to", "oso/2016.1")
CANARY = "Kanarie7f3a91"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two documents, one of them in a folder below, and one that is broken."""
    made = tmp_path / "in"
    (made / "b").mkdir(parents=True)
    (made / "a.xml").write_bytes(GOOD.read_bytes())
    (made / "b" / "c.XML").write_bytes(FULL.read_bytes())
    (made / "stuk.xml").write_bytes(b"<a>" + CANARY.encode())
    return made


# --- one document ---


def test_one_document_goes_to_standard_output_and_its_losses_beside_it(run: Any) -> None:
    made = run("convert", FULL, *TO)
    expected = oso.convert(FULL, to=TO[1])
    assert made.out.encode() == expected.xml
    assert made.code == expected.report.exit_code == 1
    assert [loss.path for loss in expected.losses if loss.path not in made.err] == []
    assert "niet in orde (1 fout)" in made.err
    assert "has no place in this release" in run("convert", FULL, *TO, "--lang", "en").err


def test_one_document_goes_to_a_file(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "uit.xml"
    made = run("convert", GOOD, *TO, "--output", file, "--format", "json", "--report", tmp_path / "r.json")
    assert made.code == 0
    assert file.read_bytes() == oso.convert(GOOD, to=TO[1]).xml
    told = json.loads(made.out)
    assert told == json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert told["documents"][0]["file"] == str(file)
    assert told["documents"][0]["losses"] == [loss.to_dict() for loss in oso.convert(GOOD, to=TO[1]).losses]
    assert (told["to"], told["strict"], told["summary"]["converted"]) == (TO[1], False, 1)


def test_strict_refuses_and_writes_nothing(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "uit.xml"
    made = run("convert", FULL, *TO, "--strict", "--output", file)
    assert (made.code, made.out, file.exists()) == (1, "", False)
    assert "--strict" in made.err
    assert "rapport.advies.aandachtspunten" in made.err
    same = run("convert", FULL, "--to", "oso/2019.1", "--strict")
    assert (same.code, same.out.encode()) == (0, oso.convert(FULL, to="oso/2019.1").xml)


def test_a_document_from_standard_input(run: Any) -> None:
    made = run("convert", "-", *TO, stdin=GOOD.read_bytes())
    assert made.out.encode() == oso.convert(GOOD, to=TO[1]).xml


def test_a_document_that_cannot_be_read_is_1_and_not_quoted(run: Any, folder: Path) -> None:
    made = run("convert", folder / "stuk.xml", *TO)
    assert (made.code, made.out) == (1, "")
    assert "stuk.xml" in made.err
    assert CANARY not in made.err


# --- several ---


def test_a_folder_is_mirrored(run: Any, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "uit"
    made = run("convert", folder, *TO, "--output", out)
    assert (made.code, made.err) == (1, "")
    assert (out / "a.xml").read_bytes() == oso.convert(GOOD, to=TO[1]).xml
    assert (out / "b" / "c.XML").read_bytes() == oso.convert(FULL, to=TO[1]).xml
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert files == ["a.xml", "b/c.XML", journal.FILE_NAME]
    lines = made.out.splitlines()
    assert [line.partition(":")[0] for line in lines[:3]] == [
        str(folder / name) for name in ("a.xml", "b/c.XML", "stuk.xml")
    ]
    assert lines[0].endswith(": omgezet; 16 verloren")
    table = dict(line.rsplit(None, 1) for line in lines[4:10])
    assert {name.strip(): int(number) for name, number in table.items()} == {
        "Documenten": 3,
        "Omgezet": 2,
        "Waarvan met verlies": 2,
        "Waarvan het resultaat niet in orde is": 1,
        "Niet omgezet": 1,
        "Waarvan al eerder gedaan": 0,
    }
    assert CANARY not in made.out


def test_the_report_and_the_json_hold_every_outcome(run: Any, folder: Path, tmp_path: Path) -> None:
    out, report = tmp_path / "uit", tmp_path / "r.json"
    made = run("convert", folder, *TO, "-o", out, "--workers", "2", "--format", "json", "--report", report)
    told = json.loads(made.out)
    assert json.loads(report.read_text("utf-8")) == told
    expected = [item.to_dict() for item in oso.convert_many(f"{folder}/**/*.[xX]*", to=TO[1], folder=tmp_path / "2")]
    for row in (*told["documents"], *expected):
        row["file"] = row["file"] and Path(row["file"]).name
    assert told["documents"] == expected
    assert told["summary"]["exit_code"] == made.code == 1
    assert CANARY not in made.out


def test_quiet_leaves_only_the_table(run: Any, folder: Path, tmp_path: Path) -> None:
    made = run("convert", folder, *TO, "-o", tmp_path / "uit", "--quiet", "--lang", "en")
    assert made.out.startswith("Documents ")
    assert str(folder) not in made.out


def test_going_on(run: Any, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "uit"
    first = run("convert", folder, *TO, "-o", out)
    again = run("convert", folder, *TO, "-o", out, "--resume", "--format", "json")
    told = json.loads(again.out)
    assert [row["skipped"] for row in told["documents"]] == [True, True, False]
    assert (told["summary"]["skipped"], again.code) == (2, first.code)


def test_an_output_folder_inside_the_source_is_not_converted_again(run: Any, folder: Path) -> None:
    for _ in range(2):
        made = json.loads(run("convert", folder, *TO, "-o", folder / "uit", "--format", "json").out)
        assert made["summary"]["documents"] == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("convert",),
        ("convert", GOOD),
        ("convert", GOOD, "--to", "oso/1900"),
        ("convert", "weg.xml", *TO),
        ("convert", GOOD, *TO, "--lang", "fr"),
        ("convert", GOOD, *TO, "--format", "xml"),
        ("convert", GOOD, *TO, "--format", "json"),
        ("convert", GOOD, *TO, "--resume"),
        ("convert", GOOD, *TO, "--report", "{folder}"),
        ("convert", GOOD, *TO, "--report", "{folder}/weg/r.json"),
        ("convert", "{folder}", *TO),
        ("convert", GOOD, FULL, *TO),
        ("convert", GOOD, "-", *TO, "-o", "{out}"),
        ("convert", "{folder}", *TO, "-o", "{folder}"),
        ("convert", "{folder}", *TO, "-o", "{folder}/a.xml"),
        ("convert", "{folder}", *TO, "-o", "{out}", "--workers", "0"),
        ("convert", "{folder}", *TO, "-o", "{out}", "--report", "{folder}/a.xml"),
        ("convert", "{folder}/a.xml", *TO, "-o", "{folder}/a.xml"),
        ("convert", "{folder}/a.xml", "{folder}/b/../a.xml", *TO, "-o", "{out}"),
        ("convert", "", *TO),
        ("check", "{folder}", "--resume"),
        ("check", "{folder}", "--journal", "{out}"),
        ("check", "{folder}", "--summary", "--resume"),
        ("check", "{folder}", "--summary", "--format", "html"),
        ("check", "{folder}", "--summary", "--journal", "{folder}/a.xml"),
        ("check", "{folder}", "--summary", "--release", "oso/1900"),
    ],
)
def test_wrong_use_is_2_and_nothing_is_changed(
    run: Any, folder: Path, tmp_path: Path, arguments: tuple[object, ...]
) -> None:
    def everything() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    before = everything()
    made = run(*(str(item).format(folder=folder, out=tmp_path / "uit") for item in arguments))
    assert (made.code, made.out) == (2, "")
    assert made.err.strip()
    assert "Traceback" not in made.err
    assert everything() == before


def test_progress_is_for_a_terminal(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        (tmp_path / f"{number}.xml").write_bytes(b"<a")
    arguments = ("convert", tmp_path, *TO, "-o", tmp_path / "uit")
    assert run(*arguments).err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    watched = run(*arguments)
    assert watched.err
    assert watched.out == run(*arguments, "--format", "text").out
    assert run(*arguments, "--quiet").err == ""


# --- check --summary ---


@pytest.mark.parametrize("workers", [1, 2])
def test_a_summary_counts_what_a_report_holds(run: Any, workers: int) -> None:
    reports = oso.check_many(EXAMPLES)
    made = run("check", EXAMPLES, "--summary", "--format", "json", "--workers", workers)
    told = json.loads(made.out)["summary"]
    assert made.code == told["exit_code"] == reports.exit_code == 1
    assert (told["documents"], told["ok"]) == (len(reports), sum(report.ok for report in reports))
    assert {row["rule"]: (row["documents"], row["findings"]) for row in told["rules"]} == {
        rule: (
            sum(rule in [finding.rule for finding in report.findings] for report in reports),
            sum(finding.rule == rule for report in reports for finding in report.findings),
        )
        for rule in {finding.rule for report in reports for finding in report.findings}
    }


def test_a_summary_as_text(run: Any, tmp_path: Path) -> None:
    made = run("check", EXAMPLES, "--summary", "--lang", "en", "--output", tmp_path / "s.txt")
    assert (made.code, made.out, made.err) == (1, "", "")
    text = (tmp_path / "s.txt").read_text("utf-8")
    assert text.startswith("Documents ")
    assert "Rules broken most" in text
    assert run("check", GOOD, "--summary").out.splitlines()[1].split() == ["In", "orde", "1"]
    assert run("check", GOOD, "--summary", "--layers", "schema").code == 3


def test_a_check_goes_on_where_it_was(run: Any, folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / "journal"
    arguments = ("check", folder, "--summary", "--format", "json", "--journal", kept)

    def summary(*more: object) -> Any:
        return json.loads(run(*arguments, *more).out)["summary"]

    first = summary()
    assert first["skipped"] == 0
    again = summary("--resume", "--workers", "2")
    assert again == {**first, "skipped": 3}
    assert summary("--resume", "--layers", "schema")["skipped"] == 0
    agreed = tmp_path / "afspraken.toml"
    agreed.write_text('[[override]]\nrule = "DOC.*"\nseverity = "info"\nreason = "Zo afgesproken."\n')
    assert summary("--resume", "--overrides", agreed)["skipped"] == 0
    assert summary("--resume", "--overrides", agreed)["skipped"] == 3
    (folder / "a.xml").write_bytes(BAD.read_bytes())
    changed = summary("--resume")
    assert (changed["skipped"], changed["errors"]) == (2, first["errors"] + 1)
    assert CANARY not in kept.read_text()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("check a --workers 2", True),
        ("convert a --workers=3", True),
        ("check a --workers 1", False),
        ("check a", False),
        ("show a --workers 2", False),
        ("check a --workers", False),
        ("", False),
    ],
)
def test_processes_are_made_ready_when_they_are_asked_for(line: str, wanted: bool) -> None:
    assert fast.wants_workers(line.split()) is wanted
