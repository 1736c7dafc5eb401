"""Mappings with a row for each item of a main list: the pupils of an administration, the results of a pupil."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.mappings.engine import Mapping
from oso_bridge.mappings.places import generic, tree_of, walk
from oso_bridge.model import (
    Administratieleerling,
    Administratieschool,
    Groep,
    Leerkracht,
    Leerresultaten,
    Schooladministratie,
)
from oso_bridge.model.administratie import GEVOELIG

from .samples import everything, same, something
from .test_round_trip import leaves

ADMIN = ["administratie-csv", "administratie-xlsx"]
FULL = [(name, Schooladministratie) for name in ADMIN] + [("leerresultaten-csv", Leerresultaten)]
EDEX = Path(__file__).resolve().parents[2] / "examples" / "edex.xml"
CANARY = "Kanarie-Zevenster"


def there_and_back(mapping: Mapping, roots: list[Any], folder: Path) -> list[Any]:
    target = folder / f"uit.{mapping.shape}"
    assert mapping.export(roots, target, sensitive=True) == []
    back, report = mapping.read(target)
    assert [finding.text("en") for finding in report.findings] == []
    return back


def named(root: Any, brin: str) -> Any:
    """The same root of a school of its own."""
    root.school = root.school or Administratieschool()
    root.school.brincode = brin
    return root


@pytest.mark.parametrize(("name", "model"), FULL)
def test_every_path_comes_back(name: str, model: Any, tmp_path: Path) -> None:
    roots = [named(everything(model, seed), f"0{seed}AA") for seed in range(3)]
    back = there_and_back(oso.mapping(name), roots, tmp_path)
    assert [same(one, other) for one, other in zip(roots, back, strict=True)] == [True] * 3


@pytest.mark.parametrize(("name", "model"), FULL)
def test_any_part_may_be_absent_or_empty(name: str, model: Any, tmp_path: Path) -> None:
    roots = [named(something(model, seed), f"{seed:02}AA") for seed in range(25)]
    back = there_and_back(oso.mapping(name), roots, tmp_path)
    assert [same(one, other) for one, other in zip(roots, back, strict=True)] == [True] * 25
    assert there_and_back(oso.mapping(name), [model()], tmp_path) == []  # says nothing, and leaves no row


@pytest.mark.parametrize(("name", "model"), FULL)
def test_every_value_of_the_model_has_a_column(name: str, model: Any) -> None:
    filled = {generic(path) for path in leaves(tree_of(everything(model, items=1)))}
    assert filled == {
        ".".join(map(str, steps)).removesuffix("[]") for steps in walk(model) if steps[-1].kind.part is None
    }
    assert oso.mapping(name).losses(everything(model, items=1), sensitive=True) == []


# --- what is left out, what is lost ---------------------------------------------------------------------------------


def test_what_is_sensitive_stays_behind_unless_asked_for(tmp_path: Path) -> None:
    mapping = oso.mapping("administratie-csv")
    root = everything(Schooladministratie)
    for leerling in root.leerlingen:
        for name in GEVOELIG:
            setattr(leerling, name, [{"code": CANARY}] if name == "nationaliteiten" else CANARY)
    lost = mapping.export(root, tmp_path / "uit.csv")
    extras = {loss.path for loss in lost if loss.path.endswith("extra")}
    assert {loss.path for loss in lost} - extras == {f"leerlingen[].{name}" for name in GEVOELIG}
    assert extras >= {"extra", "school.extra", "leerlingen[].extra", "groepen[].toevoegingen[].extra"}
    assert {(loss.kind, loss.declared, loss.sensitive) for loss in lost} == {("gevoelig", True, True)}
    assert "--sensitive" in lost[0].finding.remedy("nl")
    assert not any(CANARY in path.read_text("utf-8-sig") for path in tmp_path.iterdir())
    assert {loss.path for loss in mapping.losses(root)} == {loss.path for loss in lost}
    for leerling in root.leerlingen:
        for name in GEVOELIG:
            setattr(leerling, name, [] if name == "nationaliteiten" else None)
    for _, part in root.onderdelen():
        part.extra = []
    assert same(root, mapping.read(tmp_path / "uit.csv").dossiers[0])


@pytest.mark.parametrize("where", ["</leerling>", "</leerlingen>", "</groep>", "</school>"])
def test_a_number_in_a_wrong_place_stays_behind_as_well(tmp_path: Path, where: str) -> None:
    text = EDEX.read_text("utf-8").replace(where, f"<Bsn>{CANARY}</Bsn>{where}", 1)
    administration = oso.read(text.encode()).administratie()
    mapping = oso.mapping("administratie-csv")
    assert any(
        loss.path.endswith("extra") and loss.sensitive for loss in mapping.export(administration, tmp_path / "a.csv")
    )
    assert not any(CANARY in path.read_text("utf-8-sig") for path in tmp_path.iterdir())
    assert mapping.export(administration, tmp_path / "b.csv", sensitive=True) == []
    assert any(CANARY in path.read_text("utf-8-sig") for path in tmp_path.iterdir())


def test_what_is_sensitive_is_data_of_the_class(tmp_path: Path) -> None:
    (tmp_path / "mapping.toml").write_text('model = "Administratieleerling"\nall = true\n', "utf-8")
    mapping = oso.mapping(tmp_path)
    leerling = Administratieleerling(roepnaam="Noor", bsn="123456789")
    assert [loss.path for loss in mapping.losses(leerling)] == ["bsn"]
    assert mapping.losses(leerling, sensitive=True) == []
    assert set(Administratieleerling.model_fields) > GEVOELIG


@pytest.mark.parametrize("name", ADMIN)
def test_a_root_that_says_nothing_of_itself_comes_back_or_is_told(tmp_path: Path, name: str) -> None:
    mapping, root = oso.mapping(name), Schooladministratie(groepen=[Groep(soort="stamgroep", sleutel="5A")])
    if mapping.shape == "csv":
        assert there_and_back(mapping, [root], tmp_path) == [root]
    else:  # a row without any cell is none
        assert {loss.path for loss in mapping.losses(root)} == {"groepen[1].soort", "groepen[1].sleutel"}


# --- one at a time --------------------------------------------------------------------------------------------------


def school(brin: str = "00AA", **more: Any) -> Schooladministratie:
    return Schooladministratie(schooljaar="2024-2025", school=Administratieschool(brincode=brin), **more)


def test_pupils_one_at_a_time(tmp_path: Path) -> None:
    mapping = oso.mapping("administratie-csv")
    root = school(groepen=[Groep(soort="stamgroep", sleutel="5A")])
    with mapping.writer(tmp_path / "uit.csv", root=root) as table:
        for number in range(3):
            table.write(Administratieleerling(leerlingid=str(number), groep="5A"))
        root.leerkrachten.append(Leerkracht(sleutel="M"))
        assert not (tmp_path / "uit.csv").exists()
    assert table.losses == []
    reading = mapping.stream(tmp_path / "uit.csv")
    entries = list(reading.items())
    assert reading.report.ok
    assert [entry.item.leerlingid for entry in entries] == ["0", "1", "2"]
    assert len({id(entry.root) for entry in entries}) == 1
    assert (entries[0].root.groepen, entries[0].root.leerkrachten) == (root.groepen, root.leerkrachten)
    assert entries[0].root.leerlingen == []


def test_two_schools_in_one_table(tmp_path: Path) -> None:
    mapping = oso.mapping("administratie-csv")
    one = school(groepen=[Groep(soort="stamgroep", sleutel="5A")], leerlingen=[Administratieleerling(leerlingid="1")])
    two = school("01AA", leerlingen=[Administratieleerling(leerlingid="1")], leerkrachten=[Leerkracht(sleutel="M")])
    empty = school("02AA")
    assert mapping.export([one, two, empty], tmp_path / "uit.csv") == []
    assert mapping.read(tmp_path / "uit.csv").dossiers == [one, two, empty]
    with pytest.raises(oso.UsageError, match="told apart"):
        mapping.export([one, school()], tmp_path / "uit.csv")
    with pytest.raises(oso.UsageError, match="told apart"):
        mapping.export([one, Schooladministratie(schooljaar="2024-2025")], tmp_path / "uit.csv")
    assert mapping.read(tmp_path / "uit.csv").dossiers == [one, two, empty]


def test_a_writer_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    mapping = oso.mapping("administratie-csv")
    mapping.export(school(leerlingen=[Administratieleerling(roepnaam="a")]), tmp_path / "uit.csv")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(oso.UsageError, match="not str"), mapping.writer(tmp_path / "uit.csv", root=school()) as table:
        table.write("x")
    with pytest.raises(oso.UsageError, match="no root"), mapping.writer(tmp_path / "uit.csv") as table:
        table.write(Administratieleerling())
    with pytest.raises(oso.UsageError, match="for Schooladministratie"):
        mapping.writer(tmp_path / "uit.csv", root=Administratieleerling())
    with pytest.raises(oso.UsageError, match="main list"):
        list(oso.mapping("oso-csv").stream(oso.mapping("oso-csv").folder / "voorbeeld.csv").items())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_many_pupils_in_little_memory(tmp_path: Path) -> None:
    mapping = oso.mapping("administratie-csv")

    def peak(pupils: int) -> int:
        tracemalloc.start()
        with mapping.writer(tmp_path / "uit.csv", root=school()) as table:
            for number in range(pupils):
                table.write(Administratieleerling(leerlingid=str(number), roepnaam="x" * 500, bsn="123456789"))
        reading = mapping.stream(tmp_path / "uit.csv")
        assert sum(1 for _ in reading.items()) == pupils
        assert reading.report.ok
        assert len(table.losses) == 1
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(1500) < peak(150) + 600_000


# --- tables that others made ----------------------------------------------------------------------------------------


def told(report: Any) -> list[tuple[str, str, int | None, str | None]]:
    """Rule, file, line and column of each finding."""
    return [(f.rule, f.args["bestand"], f.line, f.args.get("kolom")) for f in report.findings]


def test_good_rows_are_kept_and_bad_ones_told(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(
        "Schooljaar;Brincode;Leerling;Roepnaam;Geboortedatum;Auteur;Aanmaakdatum\n"
        "2024-2025;00AA;1;Anna;17-05-2015;x;\n"
        "2024-2025;00AA;1;Dubbel;;x;\n"
        f"2024-2025;00AA;2;Daan;{CANARY};x;\n"
        f"2024-2025;00AA;3;Zoë;;{CANARY};\n"
        "2024-2025;;4;Noor;;x;\n"
        f"2023-2024;01AA;5;Bas;;x;{CANARY}\n"
        "2023-2024;01AA;6;Eva;;x;2024-10-01T09:00:00\n",
        "utf-8",
    )
    (tmp_path / "in.groepen.csv").write_text(
        f"Brincode;Soort;Sleutel\n00AA;stamgroep;5A\n00AA;{CANARY};5B\n02AA;stamgroep;5C\n01AA;samengesteld;P\n",
        "utf-8",
    )
    (tmp_path / "in.verzorgers.csv").write_text("Leerling;Achternaam\n1;Bosch\n9;Niemand\n", "utf-8")
    roots, report = oso.mapping("administratie-csv").read(tmp_path / "in.csv")
    assert [[leerling.roepnaam for leerling in root.leerlingen] for root in roots] == [["Anna", "Zoë", "Noor"], ["Eva"]]
    assert [[groep.sleutel for groep in root.groepen] for root in roots] == [["5A"], ["P"]]
    assert [root.auteur for root in roots] == ["x", "x"]
    assert roots[0].leerlingen[0].verzorgers[0].achternaam == "Bosch"
    assert set(told(report)) == {
        ("MAP.sleutel-dubbel", "in.csv", 3, "Leerling"),
        ("MAP.waarde", "in.csv", 4, "Geboortedatum"),
        ("MAP.afwijkend", "in.csv", 5, "Auteur"),
        ("MAP.school-geraden", "in.csv", 6, None),
        ("MAP.waarde", "in.csv", 7, "Aanmaakdatum"),
        ("MAP.model", "in.groepen.csv", 3, "Soort"),
        ("MAP.verwijzing", "in.groepen.csv", 4, "Brincode"),
        ("MAP.verwijzing", "in.verzorgers.csv", 3, "Leerling"),
    }
    assert not report.ok
    assert CANARY not in "".join(finding.text("nl") + finding.text("en") for finding in report.findings)


def test_an_administration_without_keys(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("Roepnaam\nAnna\nDaan\n", "utf-8")
    (tmp_path / "in.groepen.csv").write_text("Soort;Sleutel\nstamgroep;5A\n", "utf-8")
    (root,), report = oso.mapping("administratie-csv").read(tmp_path / "in.csv")
    assert report.ok
    assert ([item.roepnaam for item in root.leerlingen], root.groepen[0].sleutel) == (["Anna", "Daan"], "5A")


def test_many_schools_do_not_cost_the_square(tmp_path: Path) -> None:
    count = 1000
    rows = "".join(f"{n};;{n}\n;{n};x{n}\n" for n in range(count))
    (tmp_path / "in.csv").write_text("Schooljaar;Brincode;Leerling\n" + rows, "utf-8")
    groups = "".join(f"{n};stamgroep\n;stamgroep\n" for n in range(20))
    (tmp_path / "in.groepen.csv").write_text("Schooljaar;Soort\n" + groups, "utf-8")
    roots, report = oso.mapping("administratie-csv").read(tmp_path / "in.csv")
    assert report.ok
    assert len(roots) == 2 * count
    assert len(roots[0].groepen) == 21


WRONG = {
    "a list that is none": ('rows = "school"\n', "no list of parts"),
    "a list in a list": ('rows = "leerkrachten[].groepen[]"\n', "no list of parts"),
    "a group without rows": ('group = ["x"]\n', "goes with rows"),
    "a group that is no column": ('rows = "leerlingen[]"\ngroup = ["Brin"]\nall = true\n', "'Brin' of group"),
    "a column for two": (
        """rows = "leerlingen[]"\n[[row]]\nmodel = "schooljaar"\ncolumn = "X"
        [[row]]\nmodel = "leerlingen[].bsn"\ncolumn = "X"\n""",
        "of the root and of its items",
    ),
    "fixed without a list": ('shape = "fixed"\n', "hold a list"),
    "only a field that is none": (
        'rows = "leerlingen[]"\n[[sheet]]\neach = "groepen[]"\nonly = { srt = "x" }\n', "no field 'srt'"
    ),
    "only no text": ('rows = "leerlingen[]"\n[[sheet]]\neach = "groepen[]"\nonly = { soort = 1 }\n', "only names"),
    "places in csv": (
        """rows = "leerlingen[]"\n[[row]]\nmodel = "leerlingen[].bsn"\ncolumn = "X"
        [[sheet]]\neach = "leerlingen[]"\n[sheet.columns]\nX = { at = 0, width = 1 }\n""",
        "fixed width",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_refused(tmp_path: Path, case: str) -> None:
    text, said = WRONG[case]
    (tmp_path / "mapping.toml").write_text('model = "Schooladministratie"\n' + text, "utf-8")
    with pytest.raises(oso.DataError) as caught:
        oso.mapping(tmp_path)
    assert said in str(caught.value)
