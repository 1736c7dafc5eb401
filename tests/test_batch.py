"""Batches: many documents, in order, shared among processes that may die, and gone on with after a stop."""

from __future__ import annotations

import io
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import batch, document, journal, workers

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
GOOD, BAD = EXAMPLES / "vovo.xml", EXAMPLES / "kapot.xml"
TO = "oso/2016.1"
ONLY_POSIX = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


# --- processes ---------------------------------------------------------------------------------------------------


def double(number: int) -> int:
    return 2 * number


def deadly(number: int) -> int:
    """Kills the process that it runs in for some numbers."""
    if number in (3, 40):
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def once(item: tuple[int, str]) -> int:
    """Kills its process the first time only."""
    number, mark = item
    if number == 3 and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuse(number: int) -> int:
    if number == 2:
        raise oso.UsageError("This is no number for me.")
    return number


def slow(number: int) -> int:
    time.sleep(0.2 if number == 0 else 0)
    return number


def minus(item: Any) -> int:
    return -1


def test_results_come_in_order() -> None:
    assert list(workers.spread(double, range(100), workers=2, lost=minus)) == [2 * number for number in range(100)]
    assert list(workers.spread(double, [7], workers=2, lost=minus, total=1)) == [14]
    assert list(workers.spread(double, [], workers=2, lost=minus, total=0)) == []


@ONLY_POSIX
def test_a_process_that_dies_costs_only_the_item_it_died_of() -> None:
    found = list(workers.spread(deadly, range(60), workers=2, lost=minus, total=60))
    assert found == [-1 if number in (3, 40) else number for number in range(60)]


@ONLY_POSIX
def test_an_item_whose_process_was_killed_by_somebody_else_is_tried_again(tmp_path: Path) -> None:
    items = [(number, str(tmp_path / "mark")) for number in range(10)]
    assert list(workers.spread(once, items, workers=2, lost=minus)) == list(range(10))
    assert (tmp_path / "mark").exists()


def test_what_a_job_raises_is_raised() -> None:
    with pytest.raises(oso.UsageError, match="no number for me"):
        list(workers.spread(refuse, range(5), workers=2, lost=minus))


def test_no_more_is_under_way_than_a_few_chunks() -> None:
    asked = 0

    def endless() -> Iterator[int]:
        nonlocal asked
        while True:
            yield asked
            asked += 1

    results = workers.spread(slow, endless(), workers=2, lost=minus)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    assert asked <= 2 * workers._CHUNKS_AHEAD * workers.LARGEST_CHUNK + 2 * workers.LARGEST_CHUNK + 3
    results.close()  # type: ignore[attr-defined]


def test_who_stops_asking_ends_the_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    hire = workers._Crew._hire
    pids: list[int] = []

    def note(self: Any) -> Any:
        made = hire(self)
        pids.append(made.process.pid)
        return made

    monkeypatch.setattr(workers._Crew, "_hire", note)
    results = workers.spread(double, itertools.count(), workers=2, lost=minus)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def test_a_script_that_does_not_guard_its_work_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        f"import oso_bridge as oso\nprint(len(list(oso.check_each([{str(GOOD)!r}] * 4, workers=2))))\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=60, check=False, env=ENVIRONMENT
    )
    assert done.returncode == 1
    assert '__name__ == "__main__"' in done.stderr.splitlines()[-1]


@ONLY_POSIX
def test_processes_end_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import itertools, time\nfrom oso_bridge import workers\n"
        "def pid(number):\n    import os\n    return os.getpid()\n"
        "def lost(item):\n    return 0\n"
        "if __name__ == '__main__':\n"
        "    results = workers.spread(pid, itertools.count(), workers=2, lost=lost)\n"
        "    print(*{next(results) for _ in range(200)}, flush=True)\n    time.sleep(60)\n",
        encoding="utf-8",
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, env=ENVIRONMENT) as process:
        assert process.stdout
        pids = [int(word) for word in process.stdout.readline().split()]
        process.kill()
    assert pids
    until = time.monotonic() + 20
    while any(alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)


# --- checking one by one -----------------------------------------------------------------------------------------


def test_reports_one_by_one_are_those_of_many() -> None:
    sources = sorted(map(str, EXAMPLES.glob("*.xml")))
    expected = [(report.source, report.digest, report.findings) for report in oso.check_many(sources)]
    for number in (1, 2):
        found = oso.check_each(sources, workers=number)
        assert [(report.source, report.digest, report.findings) for report in found] == expected


def test_sources_are_asked_for_one_by_one() -> None:
    asked: list[int] = []

    def sources() -> Iterator[io.BytesIO]:
        for number in itertools.count():
            asked.append(number)
            yield io.BytesIO(GOOD.read_bytes())

    reports = oso.check_each(sources())
    assert [next(reports).ok for _ in range(3)] == [True] * 3
    assert len(asked) == 3


def test_mistakes_are_raised_at_once() -> None:
    for wrong in ({"workers": 0}, {"release": "oso/1"}, {"layers": ["regels"]}, {"validator": "X"}):
        with pytest.raises(oso.UsageError):
            oso.check_each([GOOD], **wrong)  # type: ignore[arg-type]


def test_a_fault_of_ours_stops_no_other_document(monkeypatch: pytest.MonkeyPatch) -> None:
    real = document.check

    def faulty(source: Any, **more: Any) -> oso.Report:
        if source == "x":
            raise IndexError("CANARY-41")
        return real(source, **more)

    monkeypatch.setattr(document, "check", faulty)
    first, second = oso.check_many(["x", str(GOOD)])
    assert [finding.rule for finding in first.findings] == ["DOC.onverwacht"]
    assert "IndexError (test_batch.py:" in first.findings[0].text("nl")
    assert "CANARY-41" not in json.dumps(first.to_dict())
    assert second.ok
    assert oso.explain("DOC.onverwacht")
    assert oso.explain("DOC.proces")


# --- converting many -------------------------------------------------------------------------------------------------


@pytest.fixture
def dossiers(tmp_path: Path) -> Path:
    """Good, bad and broken documents."""
    folder = tmp_path / "dossiers"
    folder.mkdir()
    for path in EXAMPLES.glob("[!eu]*.xml"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "leeg.xml").write_bytes(b"")
    (folder / "vreemd.xml").write_bytes(b"<vreemd/>")
    later = GOOD.read_text("utf-8").replace("oso_gegevensset/2019/", "oso_gegevensset/2031/")
    (folder / "later.xml").write_text(later, "utf-8")
    return folder


@pytest.mark.parametrize("number", [1, 2])
def test_each_document_has_an_outcome_and_what_was_made_is_that_of_convert(
    dossiers: Path, tmp_path: Path, number: int
) -> None:
    out = tmp_path / "uit"
    found = list(oso.convert_many(dossiers, to=TO, folder=out, workers=number))
    assert [outcome.source for outcome in found] == sorted(str(path) for path in dossiers.iterdir())
    failed = {Path(item.source).name: item.error.rule for item in found if item.error}
    assert failed == {
        "leeg.xml": "DOC.leeg",
        "vreemd.xml": "DOC.onbekende-release",
        "later.xml": "DOC.omzetten-release",
    }
    for outcome in found:
        assert outcome.digest == document.digest_of(Path(outcome.source).read_bytes()) or outcome.error
        if outcome.file:
            single = oso.convert(outcome.source, to=TO)
            assert Path(outcome.file).read_bytes() == single.xml
            assert outcome.result == document.digest_of(single.xml)
            assert list(outcome.losses) == single.losses
            assert (outcome.ok, outcome.exit_code) == (single.report.ok, single.report.exit_code)
            assert sum(outcome.rules.values()) == len(single.report.findings)
    assert {path.name for path in out.iterdir()} == {
        journal.FILE_NAME,
        *(path.name for path in dossiers.iterdir() if path.name not in failed),
    }


def test_strict_writes_nothing_that_loses_and_says_what(dossiers: Path, tmp_path: Path) -> None:
    out = tmp_path / "uit"
    (outcome,) = oso.convert_many([dossiers / "povo.xml"], to=TO, folder=out, strict=True)
    assert (outcome.ok, outcome.exit_code, outcome.file) == (False, 1, None)
    assert outcome.error
    assert outcome.error.rule == "DOC.omzetten-verlies"
    assert str(len(outcome.losses)) in outcome.error.text("nl")
    assert list(outcome.losses) == oso.convert(dossiers / "povo.xml", to=TO).losses
    assert [path.name for path in out.iterdir()] == [journal.FILE_NAME]


def test_a_pattern_keeps_the_folders_below_its_fixed_part(dossiers: Path, tmp_path: Path) -> None:
    (dossiers / "a" / "b").mkdir(parents=True)
    (dossiers / "povo.xml").rename(dossiers / "a" / "b" / "povo.xml")
    found = oso.convert_many(f"{dossiers}/**/[pv]o*.xml", to=TO, folder=tmp_path / "uit")
    assert [Path(item.file or "").relative_to(tmp_path / "uit").as_posix() for item in found] == [
        "a/b/povo.xml",
        "popo.xml",
        "poswv.xml",
        "voswv.xml",
        "vovo.xml",
    ]


def test_nothing_is_written_over_a_source_or_twice(dossiers: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in dossiers.iterdir()}
    (tmp_path / "ander").mkdir()
    (tmp_path / "ander" / "VOVO.xml").write_bytes(GOOD.read_bytes())
    for wrong in (
        {"sources": dossiers, "folder": dossiers},
        {"sources": [dossiers / "vovo.xml", tmp_path / "ander" / "VOVO.xml"], "folder": tmp_path / "uit"},
        {"sources": [tmp_path / "ander" / journal.FILE_NAME], "folder": tmp_path / "uit"},
        {"sources": [GOOD.read_bytes()], "folder": tmp_path / "uit"},
        {"sources": dossiers, "folder": tmp_path / "uit", "to": "oso/1900"},
        {"sources": dossiers, "folder": tmp_path / "uit", "workers": 0},
    ):
        with pytest.raises(oso.UsageError):
            oso.convert_many(**{"to": TO, **wrong})  # type: ignore[arg-type]
    assert {path.name: path.read_bytes() for path in dossiers.iterdir()} == before
    assert not (tmp_path / "uit").exists()


@ONLY_POSIX
def test_nothing_is_written_outside_the_folder(dossiers: Path, tmp_path: Path) -> None:
    out, outside = tmp_path / "uit", tmp_path / "buiten"
    out.mkdir()
    outside.mkdir()
    (out / "a").symlink_to(outside)
    (found,) = batch.convert_named([(str(GOOD), "a/x.xml")], to=TO, folder=out)
    assert found.error
    assert found.error.rule == "DOC.niet-geschreven"
    assert list(outside.iterdir()) == []
    (out / "b.xml").symlink_to(outside / "b.xml")
    (found,) = batch.convert_named([(str(GOOD), "b.xml")], to=TO, folder=out)
    assert found.file
    assert not (out / "b.xml").is_symlink()
    assert list(outside.iterdir()) == []


# --- going on --------------------------------------------------------------------------------------------------------


def convert(sources: Path, out: Path, **more: Any) -> dict[str, batch.Outcome]:
    options = {"to": TO, "resume": True, **more}
    return {Path(item.source).name: item for item in oso.convert_many(sources, folder=out, **options)}


def skipped(found: dict[str, batch.Outcome]) -> set[str]:
    return {name for name, item in found.items() if item.skipped}


def test_what_is_done_is_passed_over_and_counted_as_it_was(dossiers: Path, tmp_path: Path) -> None:
    out = tmp_path / "uit"
    first = convert(dossiers, out)
    assert skipped(first) == set()
    again = convert(dossiers, out, workers=2)
    # what could not be read at all has no digest
    assert skipped(again) == set(first) - {"leeg.xml", "vreemd.xml"}
    for name, item in again.items():
        assert {**item.to_dict(), "skipped": False} == first[name].to_dict()


def test_what_changed_is_done_again(dossiers: Path, tmp_path: Path) -> None:
    out = tmp_path / "uit"
    everything = skipped(convert(dossiers, out) and convert(dossiers, out))
    (out / "vovo.xml").unlink()
    (out / "popo.xml").write_bytes(b"half")
    (dossiers / "poswv.xml").write_bytes((dossiers / "povo.xml").read_bytes())
    found = convert(dossiers, out)
    assert everything - skipped(found) == {"vovo.xml", "popo.xml", "poswv.xml"}
    assert (out / "popo.xml").read_bytes() == oso.convert(dossiers / "popo.xml", to=TO).xml
    assert skipped(convert(dossiers, out, strict=True)) == set()
    assert skipped(convert(dossiers, out, resume=False)) == set()


def test_other_versions_and_other_data_count_as_new(
    dossiers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "uit"
    convert(dossiers, out)
    assert skipped(convert(dossiers, out))
    with monkeypatch.context() as patch:
        patch.setattr(journal, "__version__", "99")
        assert skipped(convert(dossiers, out)) == set()
    monkeypatch.setattr(journal, "data_digest", lambda: "other")
    assert skipped(convert(dossiers, out)) == set()


@pytest.mark.parametrize("spoil", [b'{"source": "x', b"\xff\xfe", b"[" * 100_000, b'{"source": 1}\n', b"null\n"])
def test_half_a_line_in_the_journal_is_passed_over(dossiers: Path, tmp_path: Path, spoil: bytes) -> None:
    out = tmp_path / "uit"
    convert(dossiers, out)
    everything = skipped(convert(dossiers, out))
    kept = out / journal.FILE_NAME
    kept.write_bytes(kept.read_bytes() + spoil)
    assert skipped(convert(dossiers, out)) == everything
    lines = [line for line in kept.read_bytes().splitlines() if line.startswith(b'{"journal"')]
    (dossiers / "nieuw.xml").write_bytes(GOOD.read_bytes())
    assert skipped(convert(dossiers, out)) == everything
    assert skipped(convert(dossiers, out)) == everything | {"nieuw.xml"}
    assert lines


def test_a_journal_that_somebody_changed_does_no_harm(dossiers: Path, tmp_path: Path) -> None:
    out = tmp_path / "uit"
    convert(dossiers, out)
    kept = out / journal.FILE_NAME
    entries = [json.loads(line) for line in kept.read_bytes().splitlines()]
    for wrong in (
        None,
        [],
        {"exit_code": "x"},
        {"exit_code": 0, "losses": 3},
        {"exit_code": 1, "error": {"rule": "x"}},
    ):
        changed = [{**entry, "outcome": wrong} if "outcome" in entry else entry for entry in entries]
        kept.write_text("".join(json.dumps(entry) + "\n" for entry in changed))
        assert skipped(convert(dossiers, out)) == set()


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "a.xml"
    other.write_bytes(GOOD.read_bytes())
    for resume in (True, False):
        with pytest.raises(oso.UsageError, match="is no journal"):
            journal.Journal(other, {}, resume=resume)
    assert other.read_bytes() == GOOD.read_bytes()
    other.write_bytes(b'{"jour')
    with journal.Journal(other, {}, resume=True) as made:
        made.add("x", "sha256:0", {})
    with journal.Journal(other, {}, resume=True) as made:
        assert (len(made), made.known("x")) == (1, {"source": "x", "digest": "sha256:0", "outcome": {}})
        assert made.known("y") is None


def test_a_journal_holds_no_value(dossiers: Path, tmp_path: Path) -> None:
    text = (dossiers / "kapot.xml").read_text("utf-8").replace("<soortadres>", "<CANARY41/><soortadres>CANARY41")
    (dossiers / "kapot.xml").write_text(text, "utf-8")
    convert(dossiers, tmp_path / "uit")
    assert "CANARY41" not in (tmp_path / "uit" / journal.FILE_NAME).read_text()


def test_what_a_passing_trouble_stopped_is_tried_again(tmp_path: Path) -> None:
    out = tmp_path / "uit"
    (out / "vovo.xml").mkdir(parents=True)
    (found,) = oso.convert_many([GOOD], to=TO, folder=out)
    assert found.error
    assert (found.error.rule, found.file) == ("DOC.niet-geschreven", None)
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == []
    (out / "vovo.xml").rmdir()
    (found,) = oso.convert_many([GOOD], to=TO, folder=out, resume=True)
    assert (found.skipped, found.error) == (False, None)


@ONLY_POSIX
@pytest.mark.parametrize("number", [1, 2])
def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path, number: int) -> None:
    sources, out = tmp_path / "in", tmp_path / "uit"
    sources.mkdir()
    raw = (EXAMPLES / "vovo.xml").read_text("utf-8")
    for index in range(120):
        (sources / f"{index:03}.xml").write_text(raw.replace("<pakketversie>", f"<pakketversie>{index}"), "utf-8")
    command = [sys.executable, "-m", "oso_bridge.cli", "convert", str(sources), "--to", TO, "--output", str(out)]
    command += ["--workers", str(number)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": ENVIRONMENT}
    with subprocess.Popen(command, **quiet) as process:  # type: ignore[call-overload]
        until = time.monotonic() + 60
        while time.monotonic() < until and len(list(out.glob("*.xml"))) < 20:
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    time.sleep(0.3)  # its workers notice, and end
    made = {path.name: path.read_bytes() for path in out.glob("*.xml")}
    assert 20 <= len(made) < 120
    for name, data in made.items():
        assert data == oso.convert(sources / name, to=TO).xml
    found = convert(sources, out)
    assert len(found) == 120
    assert 0 < len(skipped(found)) <= len(made)
    assert {path.name for path in out.iterdir()} == {journal.FILE_NAME, *(path.name for path in sources.iterdir())}
    assert all(item.result == document.digest_of((out / name).read_bytes()) for name, item in found.items())


@ONLY_POSIX
def test_stopping_ends_all_processes_and_is_no_traceback(tmp_path: Path) -> None:
    sources = tmp_path / "in"
    sources.mkdir()
    for index in range(400):
        (sources / f"{index:03}.xml").write_bytes(GOOD.read_bytes())
    script = (
        "import signal, sys\nfrom oso_bridge.cli import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\nmain(sys.argv[1:])"
    )
    out = tmp_path / "uit"
    command = [sys.executable, "-c", script, "convert", str(sources), "--to", TO, "-o", str(out), "--workers", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENVIRONMENT, start_new_session=True
    ) as process:
        until = time.monotonic() + 60
        while time.monotonic() < until and len(list(out.glob("*.xml"))) < 5:
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGINT)
        # what a worker holds open would keep this from ending
        _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (130, b"oso-bridge: Stopped.\n")
    assert [path.name for path in out.glob(".*")] == []
