"""The administration out of a file, the folder for results, and the table of who may ask."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import oso_bridge as oso
from oso_bridge.errors import DataError, DocumentError, UsageError
from oso_bridge.exchange import uwlr
from oso_bridge.exchange.uwlr import faults
from oso_bridge.exchange.uwlr.edex import EdexBron, Resultatenmap

from .scene import EDEX, KEY, RESULTS_FILE, SCHOOL, VERZOEK, YEAR, Scene, from_file

CHECKOUT = EDEX.parents[1]


def vraag(year: str = YEAR) -> uwlr.Vraag:
    release = next(release for release in oso.installed() if release.id == "uwlr/2.2")
    return uwlr.Vraag(school=SCHOOL, schooljaar=year, klant="code-1", veldset="smalle-set", release=release)


def copy(tmp_path: Path, *edits: tuple[str, str]) -> Path:
    """The example, changed."""
    text = EDEX.read_text("utf-8")
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    file = tmp_path / "EDEX.XML"
    file.write_text(text, "utf-8")
    return file


# --- the file ---------------------------------------------------------------------------------------------------------


def test_it_is_an_administration() -> None:
    bron = EdexBron(EDEX)
    assert isinstance(bron, uwlr.Schoolgegevens)
    assert bron.school == SCHOOL
    assert [loss.path for loss in bron.verliezen] == ["leerlingen.toevoegingen"]
    assert bron.kop(vraag("2001-2002")) is None


@pytest.mark.parametrize(
    ("school", "known"),
    [
        (uwlr.Schoolid("00AA"), True),
        (uwlr.Schoolid("00AA", "00"), True),
        (uwlr.Schoolid("00AA", "01"), False),
        (uwlr.Schoolid("00BB"), False),
        (uwlr.Schoolid(schoolkey="wilgenroos-1"), True),
        (uwlr.Schoolid(schoolkey="wilgenroos-2"), False),
        (uwlr.Schoolid(), False),
    ],
)
def test_it_knows_its_school(school: uwlr.Schoolid, known: bool) -> None:
    assert EdexBron(EDEX).kent(school) is known


def test_a_role_that_uwlr_does_not_have_stays_behind(tmp_path: Path) -> None:
    file = copy(tmp_path, ("<rol>LRK</rol>", "<rol>TAL</rol>"))
    bron = EdexBron(file)
    assert "leerkrachten.groepen.rollen.code" in {loss.path for loss in bron.verliezen}
    assert Scene(bron).client().leerlinggegevens(VERZOEK).rapport.ok


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    file = copy(tmp_path)
    client = Scene(EdexBron(file)).client()
    moment = client.leerlinggegevens(VERZOEK).moment
    assert client.leerlinggegevens(replace(VERZOEK, sinds=moment)).soort == "geenwijzigingen"
    copy(tmp_path, ("2024-10-01T08:30:00", "2024-10-02T08:30:00"), (">Teun<", ">Toon<"))
    os.utime(file, (1, 1))
    found = client.leerlinggegevens(replace(VERZOEK, sinds=moment))
    assert found.administratie.leerlingen[1].roepnaam == "Toon"


def test_without_a_moment_of_its_own_a_file_has_that_of_its_last_change(tmp_path: Path) -> None:
    file = copy(tmp_path, ("<aanmaakdatum>2024-10-01T08:30:00</aanmaakdatum>", ""))
    os.utime(file, (1_700_000_000, 1_700_000_000))
    kop = EdexBron(file).kop(vraag())
    assert kop is not None
    assert kop.aanmaakdatum == datetime.fromtimestamp(1_700_000_000, UTC)


@pytest.mark.parametrize(
    "edit",
    [
        ("<jaargroep>4</jaargroep>", "<jaargroep>99</jaargroep>"),
        ('<groep key="G-4"/>', '<groep key="G-9"/>'),
        ('<leerling key="#0002"', '<leerling key="L-0001"'),
    ],
)
def test_a_file_that_is_not_right_is_not_served(edit: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(oso.WriteRefused) as raised:
        EdexBron(copy(tmp_path, edit))
    assert raised.value.report.findings


def test_a_file_that_becomes_wrong_is_a_fault_and_no_old_data(tmp_path: Path) -> None:
    client = Scene(EdexBron(copy(tmp_path))).client()
    client.leerlinggegevens(VERZOEK)
    copy(tmp_path, ("<jaargroep>4</jaargroep>", "<jaargroep>99</jaargroep>"))
    with pytest.raises(uwlr.UwlrFault) as raised:
        client.leerlinggegevens(VERZOEK)
    assert raised.value.code == faults.INTERNAL


def test_keys_of_a_file_of_uwlr_are_looked_at_as_well(tmp_path: Path) -> None:
    text = (CHECKOUT / "examples" / "uwlr-leerlinggegevens.xml").read_text("utf-8")
    file = tmp_path / "uwlr.xml"
    file.write_text(text, "utf-8")
    assert EdexBron(file).verliezen == []
    file.write_text(text.replace('key="#0002"', 'key="L-0001"'), "utf-8")
    with pytest.raises(oso.WriteRefused):
        EdexBron(file)


def test_a_file_with_something_else() -> None:
    with pytest.raises((UsageError, DocumentError)):
        EdexBron(CHECKOUT / "examples" / "povo.xml")
    with pytest.raises(FileNotFoundError):
        EdexBron(CHECKOUT / "weg.xml")


# --- results ----------------------------------------------------------------------------------------------------------


def test_without_a_folder_results_are_refused() -> None:
    with pytest.raises(uwlr.UwlrFault) as raised:
        from_file().client().breng(oso.read(RESULTS_FILE).leerresultaten())
    assert raised.value.code == faults.UNAVAILABLE


def test_results_of_a_pupil_that_is_not_there_are_refused(tmp_path: Path) -> None:
    results = oso.read(RESULTS_FILE).leerresultaten()
    for change in ({"leerlingid": "L-9999"}, {"eckid": "https://ketenid.nl/voorbeeld/" + "1" * 128}):
        afname = results.afnames[0].model_copy(update=change)
        with pytest.raises(uwlr.UwlrFault) as raised:
            from_file(tmp_path).client().breng(results.model_copy(update={"afnames": [afname]}))
        assert raised.value.code == faults.PUPIL
    assert list(tmp_path.iterdir()) == []


def levering(moment: str = "2024-12-06T15:45:00+00:00", klant: str = "code-1") -> uwlr.Levering:
    content = RESULTS_FILE.read_bytes()
    results = oso.read(content).leerresultaten()
    when = datetime.fromisoformat(moment)
    return uwlr.Levering(school=SCHOOL, klant=klant, aanmaakdatum=when, resultaten=results, bericht=content)


def test_a_folder_keeps_messages_and_remembers_the_last(tmp_path: Path) -> None:
    folder = Resultatenmap(tmp_path)
    assert folder.vorige(SCHOOL, "code-1") is None
    path = folder.bewaar(levering())
    assert path.read_bytes() == RESULTS_FILE.read_bytes()
    assert path.name.startswith("20241206T154500Z-")
    if os.name == "posix":
        assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    again = Resultatenmap(tmp_path)
    assert again.vorige(SCHOOL, "code-1") == levering().aanmaakdatum
    assert again.vorige(SCHOOL, "code-2") is None
    assert again.vorige(uwlr.Schoolid("00BB"), "code-1") is None
    path.unlink()
    assert Resultatenmap(tmp_path).vorige(SCHOOL, "code-1") is not None, "who takes a file away takes no memory away"


def test_a_folder_keeps_the_same_message_once(tmp_path: Path) -> None:
    folder = Resultatenmap(tmp_path)
    assert folder.bewaar(levering()) == folder.bewaar(levering(klant="code-2"))
    assert len(list(tmp_path.glob("*.xml"))) == 1
    later = levering((levering().aanmaakdatum + timedelta(days=1)).isoformat())
    assert folder.bewaar(later) != folder.bewaar(levering())


def test_a_folder_tells_nothing_in_names(tmp_path: Path) -> None:
    Resultatenmap(tmp_path).bewaar(levering())
    memory = json.loads((tmp_path / "vorige.json").read_text())
    assert list(memory.values()) == ["2024-12-06T15:45:00+00:00"]
    assert not any("code" in name or "00AA" in name for name in memory)


def test_a_folder_that_is_not_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not there"):
        Resultatenmap(tmp_path / "weg")
    for text in ("{", '{"a": "gisteren"}', '["a"]', '{"a": 1}'):
        (tmp_path / "vorige.json").write_text(text)
        with pytest.raises(DataError, match="broken"):
            Resultatenmap(tmp_path)


# --- who may ask ------------------------------------------------------------------------------------------------------

OWN = uwlr.Klant("code-1", "Naam")


def test_a_table_knows_an_application_by_code_and_name() -> None:
    table = uwlr.Klanten([(OWN, {KEY: SCHOOL, "andere": [SCHOOL, uwlr.Schoolid("00BB")]})])
    assert table.klant("code-1", "Naam") == OWN
    assert table.klant("code-1", "naam") is None
    assert table.klant("code-2", "Naam") is None
    assert list(table.scholen(OWN, KEY)) == [SCHOOL]
    assert len(table.scholen(OWN, "andere")) == 2
    assert not table.scholen(OWN, "iets anders")
    assert not table.scholen(uwlr.Klant("code-2", "Naam"), KEY)
    assert KEY not in repr(vars(table))


@pytest.mark.parametrize(
    "rows",
    [
        [(OWN, {KEY: SCHOOL}), (OWN, {})],
        [(OWN, {"": SCHOOL})],
        [(uwlr.Klant("", "Naam"), {})],
        [(uwlr.Klant("code-1", ""), {})],
        [(uwlr.Klant("code-1", "Naam", ()), {})],
        [(uwlr.Klant("code-1", "Naam", ("alles",)), {})],
    ],
)
def test_a_table_refuses_what_lets_in_too_many(rows: list[tuple[uwlr.Klant, dict[str, uwlr.Schoolid]]]) -> None:
    with pytest.raises(UsageError):
        uwlr.Klanten(rows)


def test_a_fault_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="no such fault") as raised:
        uwlr.UwlrFault("Client.LeerlingOngeldigg")
    assert "Do you mean Client.LeerlingOngeldig" in str(raised.value)


def test_a_full_disk_leaves_no_half_message_and_bars_no_repeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Resultatenmap(tmp_path)

    def full(path: Path, content: bytes = b"") -> None:
        Path(path).write_bytes(content[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("oso_bridge.transports.private.new_file", full)
        with pytest.raises(OSError, match="No space"):
            folder.bewaar(levering())
    assert list(tmp_path.iterdir()) == []
    assert folder.bewaar(levering()).read_bytes() == RESULTS_FILE.read_bytes()
