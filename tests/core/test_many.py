"""Many documents: one report each, in their order, in one process, in two, and in eight threads at once."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import workers as workers_module
from oso_bridge.document import expand

from .samples import EXAMPLES, NAMES, edited, path, raw, rules, states, timeless

BROKEN = {
    "leeg.xml": b"",
    "afgebroken.xml": b"<dossier>",
    "doctype.xml": b"<!DOCTYPE a><a/>",
    "vreemd.xml": b"<vreemd/>",
    "binair.xml": bytes(range(256)),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Good and broken documents, and a folder that is named like one."""
    for name, data in {**BROKEN, **{name: raw(name) for name in NAMES}}.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def texts(reports: oso.Reports) -> list[str]:
    return [timeless(report) for report in reports]


def test_two_processes_give_the_same_as_one(folder: Path) -> None:
    sources = [*sorted(map(str, folder.glob("*.xml"))), raw("kapot.xml"), str(folder / "weg.xml")]
    overrides = oso.Overrides([oso.Override("INT.*", "suppress", "Afgesproken.")])
    one = oso.check_many(sources, show_values=True, overrides=overrides)
    two = oso.check_many(sources, workers=2, show_values=True, overrides=overrides)
    assert texts(one) == texts(two)
    assert [report.source for report in two] == [*sources[:-2], "<bytes>", sources[-1]]
    assert [report.digest for report in two] == [report.digest for report in one]


@pytest.mark.parametrize(("workers", "number", "used"), [(1, 3, 0), (2, 1, 0), (2, 3, 2), (9, 3, 3)])
def test_processes_are_used_where_they_help(
    workers: int, number: int, used: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = 0
    hire = workers_module._Crew._hire

    def count(self: Any) -> Any:
        nonlocal started
        started += 1
        return hire(self)

    monkeypatch.setattr(workers_module._Crew, "_hire", count)
    found = oso.check_many([path("popo.xml")] * number, workers=workers)
    assert (started, len(found), found.ok) == (used, number, True)


def test_two_processes_take_open_files_and_paths(folder: Path) -> None:
    sources = [io.BytesIO(raw()), folder / "kapot.xml", raw("popo.xml"), bytearray(raw("vovo.xml"))]
    found = oso.check_many(sources, workers=2)
    assert [report.exit_code for report in found] == [0, 1, 0, 0]


def test_a_broken_or_absent_file_stops_no_other(folder: Path) -> None:
    (folder / "map.xml").mkdir()
    found = {Path(report.source).name: report for report in oso.check_many(folder)}
    assert set(found) == {*BROKEN, *NAMES, "map.xml"}
    for name in BROKEN:
        assert (found[name].exit_code, "failed" in states(found[name]).values()) == (1, True), name
    assert rules(found["map.xml"]) == ["DOC.niet-geopend.map"]
    assert found["povo.xml"].ok


def test_a_file_that_cannot_be_opened_has_a_report_that_says_why(tmp_path: Path) -> None:
    found = oso.check_many([str(tmp_path / "weg.xml"), str(tmp_path), path("povo.xml")])
    assert [rules(report) for report in found] == [["DOC.niet-geopend.weg"], ["DOC.niet-geopend.map"], []]
    assert [report.ok for report in found] == [False, False, True]
    absent = found[0]
    assert (absent.exit_code, absent.digest, absent.release) == (1, None, None)
    assert absent.findings[0].text("nl").startswith("Het bestand kon niet worden geopend")
    assert [layer.state.value for layer in absent.layers] == ["failed", *["not_run"] * 4]
    assert oso.explain(absent.findings[0].rule)


def test_a_file_without_permission_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("oso_bridge.document.load", refuse)
    (report,) = oso.check_many([path("povo.xml")])
    assert rules(report) == ["DOC.niet-geopend.rechten"]


def test_a_pattern_a_folder_and_a_file_are_expanded_in_order(folder: Path) -> None:
    everything = sorted(str(file) for file in folder.glob("*.xml"))
    (folder / "lees.txt").write_text("x")
    assert expand(folder) == expand(str(folder)) == expand(f"{folder}/*.xml") == everything
    assert expand(f"{folder}/p?vo.xml") == [str(folder / "povo.xml")]
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    (below / "diep.xml").write_bytes(raw())
    assert expand(f"{folder}/**/diep.xml") == [str(below / "diep.xml")]
    assert expand(path("povo.xml")) == [path("povo.xml")]
    assert expand([b"<a/>", "x.xml"]) == [b"<a/>", "x.xml"]


def test_a_name_with_brackets_is_a_file_when_it_exists(tmp_path: Path) -> None:
    file = tmp_path / "dossier[1].xml"
    file.write_bytes(raw())
    assert expand(str(file)) == [str(file)]
    assert oso.check_many(file).ok


@pytest.mark.parametrize("pattern", ["*.nergens", ""])
def test_nothing_to_check_is_a_mistake(pattern: str, tmp_path: Path) -> None:
    with pytest.raises(oso.UsageError, match="Nothing goes with"):
        oso.check_many(f"{tmp_path}/{pattern}")


def test_no_source_at_all_is_no_success() -> None:
    found = oso.check_many([])
    assert (len(found), found.ok) == (0, False)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_mistake_in_the_arguments_is_raised_and_not_reported(workers: int) -> None:
    for wrong in ({"layers": ["regels"]}, {"release": "oso/9"}, {"validator": "XX"}):
        with pytest.raises(oso.UsageError):
            oso.check_many([path("povo.xml"), path("popo.xml")], workers=workers, **wrong)  # type: ignore[arg-type]


def test_the_settings_hold_for_each_document() -> None:
    found = oso.check_many(EXAMPLES, layers=["codes"], limits=oso.Limits(max_elements=100_000))
    assert {states(report)["rules"] for report in found} == {"not_run"}
    assert {states(report)["codes"] for report in found} == {"passed", "failed"}
    small = oso.check_many(EXAMPLES, limits=oso.Limits(max_bytes=10))
    assert {rules(report)[0] for report in small} == {"DOC.limiet.max_bytes"}


def documents() -> list[bytes]:
    """Documents that differ in what is wrong with them, some of them in the schema."""
    edits = [
        ("<soortadres>post<", "<soortadres>x<"),
        ("<datum>2019-06-03<", "<datum>x<"),
        ("<brincode>00YY<", "<brincode>00yy<"),
        ("<bsn>274957462<", "<bsn>274957463<"),
        ("<overstap>POVO<", "<overstap>POPO<"),
        ("<inzage>true<", "<inzage>ja<"),
        ("<soort>BO</soort>", "<onbekend/>"),
        ("/2019/dossier", "/2024/dossier"),
    ]
    return [edited(edit) for edit in edits] + [raw(name) for name in NAMES] + list(BROKEN.values())


def test_eight_threads_give_the_same_reports_as_one_by_one() -> None:
    sources = documents() * 4
    expected = [timeless(oso.check(source)) for source in sources]
    assert len(set(expected)) > 15
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda source: timeless(oso.check(source)), sources)) == expected
