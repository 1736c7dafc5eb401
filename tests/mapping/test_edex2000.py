"""EDEX2000: files of fixed width, there and back, in four encodings, whole and damaged."""

from __future__ import annotations

import os
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.errors import WouldLose
from oso_bridge.mappings.engine import Mapping
from oso_bridge.mappings.shapes.base import TableLimits
from oso_bridge.model import (
    Administratieleerling,
    Administratieschool,
    Groep,
    Groepstaak,
    Leerkracht,
    Schooladministratie,
)

from .samples import everything, same, something
from .test_lists import CANARY, told

LL = [40, 10, 20, 8, 1, 1, 5, 5, 9, 9, 4, 6, 8, 8, 2, 4, 5]
NAMES = ["Bosch", "Citroën", "Müller", "Gonçalves", "d'Arc", "Çelik", "Noël", "Åkesson"]


@pytest.fixture
def mapping() -> Mapping:
    return oso.mapping("edex2000")


def record(widths: list[int], *fields: str) -> str:
    """A record of a file."""
    padded = [*fields, *[""] * (len(widths) - len(fields))]
    return "".join(text.ljust(width) for text, width in zip(padded, widths, strict=True))


def pupil(key: str = "00001", name: str = "Bosch", **more: str) -> str:
    said = {"born": "", "sex": "", "brin": "00AA", **more}
    rest = ["2004-2005", "", "", "", "", "", "", said["brin"], "00"]
    return record(LL, name, "", "", said["born"], said["sex"], "", key, "", *rest)


def folder(path: Path, pupils: str | bytes, **others: str | bytes) -> Path:
    for name, text in {"EDEXLL": pupils, **others}.items():
        (path / f"{name}.TXT").write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def generated(seed: int) -> Schooladministratie:
    """An administration that fills every place that EDEX2000 has."""
    chance = random.Random(seed)  # noqa: S311 - invents, and guards nothing
    day = lambda: date(chance.randrange(1950, 2050), chance.randrange(1, 13), chance.randrange(1, 29))  # noqa: E731
    groups = [f"G{n}" for n in range(chance.randrange(1, 4))]
    return Schooladministratie(
        schooljaar=f"20{seed:02}-20{seed + 1:02}",
        school=Administratieschool(brincode=f"{seed:02}AA", vestigingscode="01"),
        groepen=[Groep(soort="stamgroep", sleutel=key, naam=f"Groep {key}", jaargroep="5") for key in groups],
        leerlingen=[
            Administratieleerling(
                leerlingid=f"{n:05}", achternaam=chance.choice(NAMES), voorvoegsel="van 't", roepnaam="Zoë",
                geboortedatum=day(), geslacht=chance.choice("12"), etniciteit="1", groep=chance.choice(groups),
                sofinummer="123456789", gewicht="0.25", postcodenl="1000AA", datuminschrijving=day(),
                datumuitschrijving=day(), land="NL",
            )
            for n in range(5)
        ],
        leerkrachten=[
            Leerkracht(
                sleutel=f"L{n}", achternaam=chance.choice(NAMES), voorvoegsel="de", roepnaam="Jan",
                groepen=[Groepstaak(soort="stamgroep", sleutel=key) for key in groups[:n]],
            )
            for n in range(3)
        ],
    )  # fmt: skip


# --- there and back -------------------------------------------------------------------------------------------------


def test_every_place_comes_back(mapping: Mapping, tmp_path: Path) -> None:
    for seed in range(10):
        root = generated(seed)
        assert mapping.export(root, tmp_path / "uit", sensitive=True) == []
        for encoding in ("cp1252", None):
            back, report = mapping.read(tmp_path / "uit", encoding=encoding)
            assert report.ok
            assert [same(root, other) for other in back] == [True]
    assert {path.name for path in (tmp_path / "uit").iterdir()} == {
        f"EDEX{end}.TXT" for end in ("LL", "GR", "LK", "LG")
    }
    records = (tmp_path / "uit" / "EDEXLL.TXT").read_bytes().split(b"\r\n")
    assert {len(line) for line in records[:-1]} == {145}
    assert mapping.export([generated(1), generated(2)], tmp_path / "twee", sensitive=True) == []
    assert len(mapping.read(tmp_path / "twee").dossiers) == 2


def test_exactly_the_losses_that_are_declared(mapping: Mapping, tmp_path: Path) -> None:
    """What is not told as lost comes back, whatever the administration holds."""
    lost_somewhere = 0
    for seed in range(30):
        root = (everything if seed % 3 else something)(Schooladministratie, seed)
        root.leerlingen = root.leerlingen[:2] or [Administratieleerling()]
        for number, leerling in enumerate(root.leerlingen):
            leerling.leerlingid = str(number)
        losses = mapping.export(root, tmp_path / str(seed), losses="allow", sensitive=True)
        back, report = mapping.read(tmp_path / str(seed), encoding="cp1252")
        assert report.ok, [finding.text("en") for finding in report.findings]
        again = mapping.losses(back, sensitive=True)
        assert again == []
        lost_somewhere += len(losses)
    assert lost_somewhere > 300


def test_what_edex2000_does_not_know_is_declared(mapping: Mapping) -> None:
    root = generated(1)
    root.aanmaakdatum, root.leerlingen[0].voornamen = "2024-10-01T09:00:00", ["Anna"]
    root.groepen.insert(0, Groep(soort="samengesteld", sleutel="P"))
    root.leerkrachten[2].groepen.insert(0, Groepstaak(soort="samengesteld", sleutel="P"))
    losses = mapping.losses(root, sensitive=True)
    assert {(loss.path, loss.declared) for loss in losses} == {
        ("aanmaakdatum", True), ("leerlingen[].voornamen", True), ("groepen[]", True),
        ("leerkrachten[].groepen[]", True),
    }  # fmt: skip
    assert all(loss.text("nl") and loss.text("en") for loss in losses)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("achternaam", "x" * 41), ("achternaam", "achter "), ("achternaam", "Łukasz"), ("achternaam", "a\nb"),
        ("geslacht", "0"), ("geboortedatum", date(1949, 1, 1)), ("groep", "te lang"), ("achternaam", "a\x1ab"),
    ],
)  # fmt: skip
def test_what_does_not_fit_refuses_the_whole(mapping: Mapping, tmp_path: Path, field: str, value: Any) -> None:
    root = generated(1)
    setattr(root.leerlingen[1], field, value)
    with pytest.raises(WouldLose) as caught:
        mapping.export(root, tmp_path / "uit", sensitive=True)
    assert [loss.path for loss in caught.value.losses] == [f"leerlingen[2].{field}"]
    assert not (tmp_path / "uit").exists()


def test_keys(mapping: Mapping, tmp_path: Path) -> None:
    root = generated(1)
    root.leerlingen[1].leerlingid = root.leerlingen[0].leerlingid
    with pytest.raises(oso.UsageError, match="same value"):
        mapping.export(root, tmp_path / "uit")
    root.leerlingen[1].leerlingid = None
    with pytest.raises(oso.UsageError, match="has no value"):
        mapping.export(root, tmp_path / "uit")
    root = generated(1)
    root.leerkrachten[2].sleutel = None
    with pytest.raises(WouldLose):
        mapping.export(root, tmp_path / "uit")
    with pytest.raises(WouldLose):
        mapping.export(Schooladministratie(schooljaar="2004-2005"), tmp_path / "uit")  # without pupils
    (tmp_path / "bestand").write_text("x")
    with pytest.raises(oso.UsageError, match="is a file"):
        mapping.export(generated(1), tmp_path / "bestand")
    assert [path.name for path in tmp_path.iterdir()] == ["bestand"]


# --- encodings and forms of dates -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp850", "cp1252", "utf-8"])
@pytest.mark.parametrize("asked", [False, True])
def test_encodings(mapping: Mapping, tmp_path: Path, encoding: str, asked: bool) -> None:
    text = "\r\n".join(pupil(f"{n:05}", name) for n, name in enumerate(NAMES))
    source = folder(tmp_path, text.encode(encoding), EDEXGR=b"")
    (root,), report = mapping.read(source, encoding=encoding if asked else None)
    assert [leerling.achternaam for leerling in root.leerlingen] == NAMES
    guessed = not asked and encoding != "utf-8"
    assert told(report) == ([("MAP.codering-geraden", "EDEXLL.TXT", None, None)] if guessed else [])
    if guessed:
        assert {"cp850": "cp850", "cp1252": "1252"}[encoding] in report.findings[0].text("nl")


def test_ascii_is_no_guess_and_utf8_may_count_bytes(mapping: Mapping, tmp_path: Path) -> None:
    (root,), report = mapping.read(folder(tmp_path, pupil()))
    assert report.findings == ()
    padded = b"".join(
        (name.encode().ljust(40) + pupil(f"{n:05}").encode()[40:] + b"\n") for n, name in enumerate(NAMES)
    )
    (root,), report = mapping.read(folder(tmp_path, padded))
    assert [leerling.achternaam for leerling in root.leerlingen] == NAMES
    assert report.findings == ()


def test_a_letter_that_stands_in_two_fields(mapping: Mapping, tmp_path: Path) -> None:
    torn = ("x" * 39 + "é").encode() + pupil().encode()[41:]
    assert len(torn) == 145
    roots, report = mapping.read(folder(tmp_path, torn))
    assert (roots, told(report)) == ([], [("MAP.codering", "EDEXLL.TXT", 1, None)])


def test_a_byte_that_the_encoding_lacks(mapping: Mapping, tmp_path: Path) -> None:
    text = (pupil() + "\n" + pupil("00002", "Citroën")).encode("cp1252")
    (root,), report = mapping.read(folder(tmp_path, text), encoding="ascii")
    assert [leerling.leerlingid for leerling in root.leerlingen] == ["00001"]
    assert told(report) == [("MAP.codering", "EDEXLL.TXT", 2, None)]
    with pytest.raises(oso.UsageError, match="cp850"):
        mapping.read(tmp_path, encoding="cp85")


@pytest.mark.parametrize(
    ("form", "text"), [(None, "17/05/96"), ("dd-mm-yy", "17-05-96"), ("ddmmjjjj", "17051996"), ("%Y%m%d", "19960517")]
)
def test_forms_of_dates(mapping: Mapping, tmp_path: Path, form: str | None, text: str) -> None:
    (root,), report = mapping.read(folder(tmp_path, pupil(born=text)), date_form=form)
    assert report.ok
    assert root.leerlingen[0].geboortedatum == date(1996, 5, 17)
    _, report = mapping.read(tmp_path, date_form="mm/jj/dd")
    assert told(report) == [("MAP.waarde", "EDEXLL.TXT", 1, "Geboortedatum")]
    with pytest.raises(oso.UsageError, match="form of a date"):
        mapping.read(tmp_path, date_form="dd")


# --- files that are not as they should be ---------------------------------------------------------------------------


def test_short_and_long_records(mapping: Mapping, tmp_path: Path) -> None:
    lines = [pupil("00001"), pupil("00002")[:85], pupil("00003")[:90], pupil("00004") + "  ", pupil("00005") + "x"]
    (root,), report = mapping.read(folder(tmp_path, "\n".join(lines)))
    assert [leerling.leerlingid for leerling in root.leerlingen] == ["00001", "00002", "00003", "00004"]
    assert told(report) == [
        ("MAP.kort", "EDEXLL.TXT", 2, None),
        ("MAP.school-geraden", "EDEXLL.TXT", 2, None),
        ("MAP.lang", "EDEXLL.TXT", 5, None),
    ]


def test_bad_records_and_references(mapping: Mapping, tmp_path: Path) -> None:
    text = [pupil("00001"), pupil("00001", CANARY), pupil(""), pupil("00003", sex="X"), pupil("00004", born="99/99/99")]
    group = record([30, 1, 5, 9, 4, 5], "Groep 5A", "5", "5A", "2004-2005", "00AA", "00")
    teacher = record([40, 10, 20, 5, 4, 5], "Meester", "", "Jan", "L1", "00AA", "00")
    links = [
        record([5, 5, 9, 4, 5], key, "5A", "2004-2005", brin, "00")
        for key, brin in [("L1", "00AA"), ("L9", "00AA"), ("L1", "01BB")]
    ]
    source = folder(tmp_path, "\n".join(text), EDEXGR=group, EDEXLK=f"{teacher}\n{teacher}", EDEXLG="\n".join(links))
    (root,), report = mapping.read(source)
    assert [leerling.leerlingid for leerling in root.leerlingen] == ["00001"]
    assert [groep.sleutel for groep in root.groepen] == ["5A"]
    assert [[taak.sleutel for taak in leerkracht.groepen] for leerkracht in root.leerkrachten] == [["5A"], []]
    assert set(told(report)) == {
        ("MAP.sleutel-dubbel", "EDEXLL.TXT", 2, "Leerlingkey"),
        ("MAP.sleutel-leeg", "EDEXLL.TXT", 3, "Leerlingkey"),
        ("MAP.waarde", "EDEXLL.TXT", 4, "Geslacht"),
        ("MAP.waarde", "EDEXLL.TXT", 5, "Geboortedatum"),
        ("MAP.sleutel-dubbel", "EDEXLK.TXT", 2, "Leerkrachtkey"),
        ("MAP.verwijzing", "EDEXLG.TXT", 2, "Leerkrachtkey"),
        ("MAP.verwijzing", "EDEXLG.TXT", 3, "Schooljaar"),
    }
    assert CANARY not in "".join(finding.text("nl") for finding in report.findings)
    shown = mapping.read(source, show_values=True).report.findings
    assert {finding.value for finding in shown if finding.rule == "MAP.waarde"} == {"X", "99/99/99"}


def test_schools_may_use_the_same_numbers(mapping: Mapping, tmp_path: Path) -> None:
    roots, report = mapping.read(folder(tmp_path, pupil() + "\n" + pupil(brin="01AA") + "\n" + pupil("00002")))
    assert report.ok
    assert [len(root.leerlingen) for root in roots] == [2, 1]


def test_names_of_files_line_ends_and_the_end_mark(mapping: Mapping, tmp_path: Path) -> None:
    (tmp_path / "edexll.Txt").write_bytes((pupil() + "\r\n\r\n" + pupil("00002") + "\r\n\x1a\0\0").encode())
    (root,), report = mapping.read(tmp_path / "edexll.Txt")
    assert (len(root.leerlingen), report.findings) == (2, ())
    assert mapping.export(root, tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["edexll.Txt"]
    folder(tmp_path, b"")
    if len(list(tmp_path.iterdir())) > 1:  # not where capitals make no difference
        assert told(mapping.read(tmp_path).report) == [("MAP.bestand-dubbel", "EDEXLL.TXT", 1, None)]


def test_what_follows_the_end_mark_is_told(mapping: Mapping, tmp_path: Path) -> None:
    (root,), report = mapping.read(folder(tmp_path, pupil() + "\r\n\x1a" + pupil("00002", CANARY)))
    assert len(root.leerlingen) == 1
    assert told(report) == [("MAP.na-einde", "EDEXLL.TXT", 2, None)]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"\0" * 5000, "stuurteken"),
        (pupil().encode("utf-16"), "stuurteken"),
        (b"x" * 5000, "lang"),
        (b"\xff" * 145, "waarde"),
        (pupil("0\t1").encode(), "stuurteken"),
        (b"PK\x03\x04" + bytes(range(256)), "stuurteken"),
    ],
)
def test_noise(mapping: Mapping, tmp_path: Path, content: bytes, rule: str) -> None:
    roots, report = mapping.read(folder(tmp_path, content))
    assert [len(root.leerlingen) for root in roots] in ([], [0])
    assert f"MAP.{rule}" in {finding.rule for finding in report.findings}


def test_limits(mapping: Mapping, tmp_path: Path) -> None:
    source = folder(tmp_path, "\n".join(pupil(f"{n:05}") for n in range(10)))
    for limits in (TableLimits(max_bytes=100), TableLimits(max_rows=5), TableLimits(max_characters=100)):
        roots, report = mapping.read(source, limits=limits)
        assert "MAP.limiet" in {finding.rule for finding in report.findings}
        assert sum(len(root.leerlingen) for root in roots) <= 5


def test_what_is_not_there(mapping: Mapping, tmp_path: Path) -> None:
    assert told(mapping.read(tmp_path).report) == [("MAP.blad-ontbreekt", "EDEXLL.TXT", None, None)]
    with pytest.raises(FileNotFoundError):
        mapping.read(tmp_path / "EDEXLL.TXT")
    (tmp_path / "EDEXLL.TXT").mkdir()
    assert told(mapping.read(tmp_path).report) == [("MAP.blad-ontbreekt", "EDEXLL.TXT", None, None)]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="this system has no links")
def test_a_link_that_leads_out_of_the_folder_is_not_followed(mapping: Mapping, tmp_path: Path) -> None:
    (tmp_path / "geheim").write_text(pupil("00009", CANARY))
    given = tmp_path / "in"
    given.mkdir()
    (given / "EDEXLL.TXT").symlink_to(tmp_path / "geheim")
    roots, report = mapping.read(given)
    assert roots == []
    assert told(report) == [("MAP.koppeling", "EDEXLL.TXT", 1, None)]
    assert len(mapping.read(given / "EDEXLL.TXT").dossiers) == 1  # who names the file means it
    (given / "EDEXGR.TXT").symlink_to(given / "EDEXLL.TXT")


def test_pupils_one_at_a_time(mapping: Mapping, tmp_path: Path) -> None:
    source = folder(tmp_path, "\n".join(pupil(f"{n:05}") for n in range(100)))
    reading = mapping.stream(source)
    assert [entry.item.leerlingid for entry in reading.items()] == [f"{n:05}" for n in range(100)]
    assert reading.report.ok
