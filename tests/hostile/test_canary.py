"""No value of a document is heard anywhere, unless it was asked for; and then in one place only.

A canary is put in every place of a document in turn, as a value that is allowed and as one that is not.
"""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_canary import (
    BAD_VALUES,
    BROKEN,
    BYTES,
    KANARIE,
    all_at_once,
    branches,
    in_elements,
    leaks,
    leaves,
    said,
    shy,
    with_good_text,
    with_text,
)
from hostile_documents import FORMATS, GOOD, LANGUAGES, ROOT, with_bsn

import oso_bridge as oso
from oso_bridge import cli

PARTS = range(8)


@pytest.fixture(autouse=True)
def silence(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[None]:
    """Whatever a test does: no log, no warning, nothing printed by libxml2, no file left behind."""
    caplog.set_level(logging.DEBUG)
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    printed = capfd.readouterr()
    assert KANARIE not in caplog.text
    assert KANARIE not in printed.out + printed.err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("part", PARTS)
def test_values_that_are_allowed(part: int) -> None:
    tried = 0
    for place in leaves()[part :: len(PARTS)]:
        found = with_good_text(place)
        if found is not None:
            value, document = found
            assert leaks(document, shy(value)) == [], place
            tried += 1
    assert tried > 5


@pytest.mark.parametrize("part", PARTS)
def test_values_that_are_not_allowed(part: int) -> None:
    for place in leaves()[part :: len(PARTS)]:
        for value in BAD_VALUES:
            assert leaks(with_text(place, value)) == [], (place, value)


@pytest.mark.parametrize("part", PARTS)
def test_names_attributes_and_stray_text(part: int) -> None:
    for place in [*branches(), *leaves()[::4]][part :: len(PARTS)]:
        for number, document in enumerate(in_elements(place)):
            assert BYTES in document
            assert leaks(document) == [], (place, number)


@pytest.mark.parametrize("name", BROKEN)
def test_other_places(name: str) -> None:
    assert leaks(BROKEN[name]) == []


@pytest.mark.parametrize("number", ["123456789", "274957463", "A74957462", "2749574620000"])
@pytest.mark.parametrize("name", ["bsn", "onderwijsnummer"])
def test_numbers_of_pupils(name: str, number: str) -> None:
    document = with_bsn(number.encode()).replace(b"bsn>", f"{name}>".encode())
    assert number.encode() in document
    assert [finding.rule for finding in oso.check(document).findings]
    assert leaks(document, number) == []


def test_the_good_number_of_a_pupil() -> None:
    assert leaks(GOOD, "274957462") == []


def test_values_that_are_asked_for_stand_in_one_place() -> None:
    shown = 0
    for place in leaves():
        document = with_text(place, BAD_VALUES[1])
        assert leaks(document, values=True) == [], place
        shown += any(KANARIE in (finding.value or "") for finding in oso.check(document, show_values=True).findings)
    assert shown > 50


def test_a_document_that_was_read_is_checked_as_quietly() -> None:
    read = oso.read(all_at_once())
    assert [name for name, text in said(oso.check(read)) if KANARIE in text] == []
    written = oso.write(read)
    assert KANARIE.encode() in written


def test_a_record_that_cannot_be_written_is_not_quoted() -> None:
    for spoil in ({KANARIE: "x"}, {"overdrachtsoort": f"{KANARIE}\x00"}):
        document = oso.read(GOOD)
        document.record.update(spoil)
        with pytest.raises(oso.UsageError) as caught:
            oso.write(document)
        assert KANARIE not in f"{caught.value!r} {caught.value.where} {caught.value.__context__!r}"


# --- the command line ---------------------------------------------------------------------------------------------


def heard(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit code and both outputs of the program."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(list(arguments))
    output = capfd.readouterr()
    assert isinstance(stopped.value.code, int)
    return stopped.value.code, output.out + output.err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with every document that is not an ordinary one."""
    made = tmp_path / "dossiers"
    made.mkdir()
    (made / "alles.xml").write_bytes(all_at_once())
    for number, document in enumerate(BROKEN.values()):
        (made / f"{number:02}.xml").write_bytes(document)
    return made


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMATS)
def test_the_program_is_as_quiet(folder: Path, capfd: pytest.CaptureFixture[str], form: str, language: str) -> None:
    code, output = heard(capfd, "check", str(folder), "--format", form, "--lang", language)
    assert code == 1
    assert len(output) > 1000
    assert KANARIE not in output


@pytest.mark.parametrize("form", FORMATS)
def test_the_program_is_as_quiet_about_one_document(folder: Path, capfd: pytest.CaptureFixture[str], form: str) -> None:
    for path in sorted(folder.iterdir()):
        code, output = heard(capfd, "check", str(path), "--format", form)
        assert code in (0, 1, 3)
        assert output
        assert KANARIE not in output, path.name


def test_the_program_shows_values_when_they_are_asked_for(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, output = heard(capfd, "check", str(folder / "alles.xml"), "--format", "json", "--show-values")
    assert code == 1
    assert KANARIE in output
    (report,) = json.loads(output)["reports"]
    for finding in report["findings"]:
        finding["value"] = None
    assert KANARIE not in json.dumps(report)


@pytest.mark.parametrize("command", [["read"], ["show"], ["extract", "--to"]], ids=lambda command: command[0])
def test_commands_that_cannot_read_say_no_more(
    folder: Path, capfd: pytest.CaptureFixture[str], command: list[str], tmp_path: Path
) -> None:
    name, *options = command
    out = [str(tmp_path / "uit")] if options else []
    refused = 0
    for path in sorted(folder.glob("[0-9]*.xml")):
        try:
            oso.read(path)
        except oso.DocumentError:
            code, output = heard(capfd, name, str(path), *options, *out)
            assert code == 1
            assert KANARIE not in output, path.name
            refused += 1
    assert refused > 15


def test_the_program_in_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "oso_bridge.cli", "check", "-"]
    for document in (all_at_once(), BROKEN["tags"], BROKEN["not UTF-8"]):
        done = subprocess.run(command, input=document, capture_output=True, timeout=120, check=False, cwd=ROOT)
        assert done.returncode == 1
        assert done.stdout
        assert BYTES not in done.stdout + done.stderr
        assert b"Traceback" not in done.stderr


def test_the_canary_can_be_heard() -> None:
    # the ears work: a report that says it is noticed
    report = oso.check(io.BytesIO(GOOD), release=None)
    loud = type(report)(KANARIE, report.release, None, None, report.layers, report.findings)
    assert {name for name, text in said(loud) if KANARIE in text} >= {
        "dict",
        "repr",
        *(f"{form} nl" for form in FORMATS),
    }


# --- conversion ---------------------------------------------------------------------------------------------------


def test_a_conversion_says_no_more_than_places(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder, out = tmp_path / "dossiers", tmp_path / "uit"
    folder.mkdir()
    documents = [all_at_once(), *BROKEN.values(), *(one for place in branches()[::4] for one in in_elements(place))]
    for number, document in enumerate(documents):
        (folder / f"{number:04}.xml").write_bytes(document)
    report = tmp_path / "report.json"
    arguments = ["convert", str(folder), "--to", "oso/2016.1", "--output", str(out), "--report", str(report)]
    code, output = heard(capfd, *arguments)
    assert code == 1
    assert KANARIE not in output
    assert KANARIE not in report.read_text("utf-8")
    assert KANARIE not in next(out.glob("*.jsonl")).read_text("utf-8")
    told = json.loads(report.read_text("utf-8"))
    assert "DOC.onverwacht" not in {row["rule"] for row in told["summary"]["rules"]}
    assert told["summary"]["with_losses"] > 20
    code, output = heard(capfd, *arguments[:1], str(folder / "0000.xml"), *arguments[2:4], "--strict")
    assert code == 1
    assert KANARIE not in output
