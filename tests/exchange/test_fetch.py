"""``oso-bridge fetch`` and ``delivery-points``, against the scene in this process; over TLS in test_own_las."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.errors import TransportError
from oso_bridge.exchange import Adres
from oso_bridge.exchange.messages import DocumentResponse, OverdrachtResponse, OverzichtAanleverpuntResponse
from oso_bridge.testing.exchange import NEPSLEUTELS, lines

from .scene import BRON_URL, POVO, PUPIL, WHEN, Memory, Scene, reply

CONFIG = """
[draad]
versie = "2022"
[[aanleverpunt]]
brin = "00SS"
kenmerk = "0000000700000SS00001"
[verkeerscentrum]
url = "https://tc.invalid"
lijn = "mijnlas:line"
[sleutels]
zoeksleutel = "mijnlas:zoeksleutel"
pgnfrag = "mijnlas:pgnfrag"
proef = true
"""
SECOND = """
[[aanleverpunt]]
brin = "00SS"
kenmerk = "0000000700000SS00002"
"""
KANARIE = "KANARIE"


class Place:
    """A folder with settings, and the program that fetches by them."""

    def __init__(self, folder: Path, run: Callable[..., Any], scene: Scene) -> None:
        self.folder, self._run, self.scene = folder, run, scene
        self.config = folder / "las.toml"
        self.config.write_text(CONFIG, "utf-8")
        self.into = folder / "in" / "vandaag"

    def fetch(self, *more: object, number: str = f"{PUPIL}\n", **given: Any) -> Any:
        options = {"--config": self.config, "--from": "00YY", "--account": "j.jansen", "--to": self.into}
        pairs = [part for pair in options.items() for part in pair]
        return self._run("fetch", *pairs, *more, stdin=number.encode(given.get("encoding", "utf-8")))

    def account(self, *more: object, **given: Any) -> dict[str, Any]:
        made = self.fetch("--json", *more, **given)
        told: dict[str, Any] = json.loads(made.out)
        assert told["exit_code"] == made.code
        assert PUPIL not in made.out + made.err
        return told


@pytest.fixture
def place(tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> Place:
    scene = Scene()
    module: Any = ModuleType("mijnlas")
    module.line, module.zoeksleutel, module.pgnfrag = (
        lines(scene.handlers),
        NEPSLEUTELS.zoeksleutel,
        NEPSLEUTELS.pgnfrag,
    )
    scene.handlers["https://tc.invalid"] = scene.centre
    monkeypatch.setitem(sys.modules, "mijnlas", module)
    return Place(tmp_path, run, scene)


def test_a_dossier_and_its_report_are_new_files_of_ours(place: Place) -> None:
    place.scene.ready()
    told = place.account()
    assert (told["result"], told["kind"], told["exit_code"]) == ("OverdrachtGeslaagd", "gelukt", 0)
    (kept,) = told["dossiers"]
    assert oso.read(kept["file"]).record == oso.read(POVO).record
    report = json.loads(Path(kept["report"]).read_text("utf-8"))
    assert (report["ok"], report["reports"][0]["source"]) == (True, kept["file"])
    assert PUPIL not in Path(kept["report"]).read_text("utf-8")
    assert (kept["from"], kept["ok"]) == ("00YY/0000000700000YY00001", True)
    for file in place.into.iterdir():
        assert PUPIL not in file.name
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.into.stat().st_mode) == 0o700
    assert place.account()["dossiers"][0]["file"] != kept["file"]
    assert len(list(place.into.iterdir())) == 4


def test_the_steps_are_told_with_their_marks(place: Place) -> None:
    place.scene.ready()
    told = place.account()
    assert [(one["message"], one["mark"], one["to"], one["result"]) for one in told["steps"]] == [
        ("overdrachtRequest", "inferred", "Traffic Center", "OverdrachtGeslaagd"),
        ("documentRequest", "provisional", "00YY/0000000700000YY00001", "OverdrachtGeslaagd"),
        ("afmeldingRequest", "provisional", "Traffic Center", "OverdrachtGeslaagd"),
    ]
    assert place.scene.centre.ended == {told["session"]: "OverdrachtGeslaagd"}


def test_as_text(place: Place) -> None:
    place.scene.ready()
    made = place.fetch("--lang", "en")
    lines = made.out.splitlines()
    assert lines[0] == "overdrachtRequest (inferred) -> Traffic Center: OverdrachtGeslaagd"
    assert lines[-2].endswith("00YY/0000000700000YY00001  good")
    assert lines[-1] == "OverdrachtGeslaagd: The transfer succeeded."


def test_nothing_is_ready(place: Place) -> None:
    told = place.account()
    assert (told["result"], told["exit_code"], told["dossiers"]) == ("LeerlinginfoNietBeschikbaar", 1, [])
    assert not list(place.into.iterdir())


def test_a_dossier_with_errors_is_kept_and_told(place: Place) -> None:
    faulty = POVO.replace(b"<overstap>POVO</overstap>", b"")
    place.scene.handlers[BRON_URL] = lambda parcel: reply(DocumentResponse(dossier=faulty), place.scene.wire)
    told = place.account()
    assert (told["result"], told["exit_code"]) == ("OverdrachtGeslaagd", 1)
    (kept,) = told["dossiers"]
    assert (kept["ok"], kept["exit_code"]) == (False, 1)
    assert b"<overstap>" not in Path(kept["file"]).read_bytes()


def test_the_number_may_stand_in_a_file(place: Place) -> None:
    place.scene.ready()
    for name, content in {"a": PUPIL.encode(), "b": f"\ufeff{PUPIL}\r\n".encode(), "c": PUPIL.encode("utf-16")}.items():
        (place.folder / name).write_bytes(content)
        assert place.account("--number-file", place.folder / name, number="")["exit_code"] == 0


@pytest.mark.parametrize("number", ["", "\n", "12345678", f"{PUPIL}\n{PUPIL}", "x" * 5000, "\udcff\udcfe", f"{PUPIL}0"])
def test_what_is_no_number_is_wrong_use_and_not_repeated(place: Place, number: str) -> None:
    made = place.fetch(number="" if "\udcff" in number else number)
    assert (made.code, made.out) == (2, "")
    assert PUPIL not in made.err
    assert not place.scene.centre.seen


def test_bytes_that_are_no_text(place: Place) -> None:
    (place.folder / "nummer").write_bytes(b"\xff\xfe\xff")
    made = place.fetch("--number-file", place.folder / "nummer")
    assert (made.code, "one line of text" in made.err) == (2, True)


def test_a_koppelsleutel_for_swv(place: Place, run: Any) -> None:
    scene, key = place.scene, "1B4E28BA-2FA1-11D2-883F-0016D3CCA427"
    poswv = (Path(__file__).parents[2] / "examples" / "poswv.xml").read_bytes()
    scene.ready(poswv, soort="SWV", koppelsleutel=key, pgn="")
    told = place.account("--kind", "SWV", number=key)
    assert (told["result"], len(told["dossiers"])) == ("OverdrachtGeslaagd", 1)
    assert key not in json.dumps(told)


def test_only_a_newer_one(place: Place) -> None:
    place.scene.ready()
    later, earlier = ((WHEN + timedelta(days=days)).isoformat() for days in (1, -1))
    assert place.account("--collected-after", later)["result"] == "LeerlinginfoNietBeschikbaar"
    assert place.account("--collected-after", earlier)["result"] == "OverdrachtGeslaagd"
    made = place.fetch("--collected-after", "2025-01-31T09:00:00")
    assert (made.code, "with its time zone" in made.err) == (2, True)


def test_which_of_our_delivery_points_asks(place: Place) -> None:
    place.scene.ready()
    place.config.write_text(CONFIG + SECOND, "utf-8")
    made = place.fetch()
    assert (made.code, "Give --as: 00SS/0000000700000SS00001, 00SS/0000000700000SS00002" in made.err) == (2, True)
    for name in ("00SS/0000000700000SS00001", "0000000700000SS00001"):
        assert place.account("--as", name)["exit_code"] == 0
    assert place.scene.centre.seen[0].doel == place.scene.doel  # type: ignore[attr-defined]
    assert "no such aanleverpunt" in place.fetch("--as", "00TT").err


def test_one_delivery_point_of_the_other_school(place: Place) -> None:
    place.scene.ready()
    assert place.account("--from", "00YY/0000000700000YY00001")["exit_code"] == 0
    assert place.scene.centre.seen[0].bron == place.scene.bron  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--from", "0YY", "takes a BRIN"),
        ("--account", " ", "has to be logged"),
        ("--kind", "OVER", "Choose from OV, BB, SWV"),
        ("--lang", "de", "language"),
        ("--config", "weg.toml", "weg.toml"),
    ],
)
def test_wrong_use(place: Place, option: str, value: str, told: str) -> None:
    made = place.fetch(option, value)
    assert (made.code, made.out) == (2, "")
    assert told in made.err


def test_settings_of_serve_las_will_do(place: Place) -> None:
    place.scene.ready()
    rest = '[server]\npoort = 1\n[administratie]\nbestand = "weg.db"\n[toegang]\n00000003222222220000 = ["*"]\n'
    place.config.write_text(CONFIG + rest, "utf-8")
    assert place.account()["exit_code"] == 0
    place.config.write_text(CONFIG + rest.replace("poort", "port"), "utf-8")
    assert "Do you mean poort?" in place.fetch().err


def test_fake_keys_only_for_a_test(place: Place) -> None:
    place.config.write_text(CONFIG.replace("proef = true", ""), "utf-8")
    assert "fake one" in place.fetch().err


def test_a_traffic_center_that_is_away(place: Place) -> None:
    def away(parcel: Any) -> Any:
        raise TransportError("The other side cannot be reached.", retryable=True, sent="no")

    place.scene.handlers["https://tc.invalid"] = away
    told = place.account()
    assert (told["result"], told["exit_code"], told["session"]) == ("NietBereikbaar", 1, None)
    assert "cannot be reached" in told["reason"]


def test_a_traffic_center_that_refuses(place: Place) -> None:
    place.scene.centre.answers["overdrachtRequest"] = lambda asked: OverdrachtResponse(
        resultaat="VerstrekkerNietBekend"
    )
    told = place.account()
    assert (told["result"], told["exit_code"], len(told["steps"])) == ("VerstrekkerNietBekend", 1, 1)


def test_an_error_in_a_function_of_ones_own_is_told_without_its_text(place: Place, monkeypatch: Any) -> None:
    def broken(pgn: str) -> str:
        raise ValueError(f"{KANARIE} {pgn}")

    monkeypatch.setattr("mijnlas.zoeksleutel", broken)
    made = place.fetch()
    assert (made.code, made.out) == (2, "")
    assert "ValueError at test_fetch.py" in made.err
    assert KANARIE not in made.err
    assert PUPIL not in made.err


def test_a_disk_that_is_full_ends_the_session_and_leaves_no_half(place: Place, monkeypatch: Any) -> None:
    from oso_bridge.transports import private

    whole = private.new_file

    def full(path: Path, content: bytes = b"") -> None:
        if path.suffix == ".xml":
            whole(path, content[:10])
            raise OSError(28, "No space left on device")
        whole(path, content)

    monkeypatch.setattr(private, "new_file", full)
    place.scene.ready()
    told = place.account()
    assert (told["result"], told["exit_code"], told["dossiers"]) == ("InterneFout", 1, [])
    assert told["reason"] == "No space left on device."
    assert not list(place.into.iterdir())
    assert list(place.scene.centre.ended.values()) == ["InterneFout"]


def test_the_account_of_who_ordered_it_is_logged(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.scene.ready()
    with caplog.at_level("INFO", "oso_bridge.exchange"):
        place.account()
    assert any("ophalen account=j.jansen" in message for message in caplog.messages)
    assert PUPIL not in caplog.text


# --- an administration that raises -----------------------------------------------------------------------------------


class Full(Memory):
    """An administration that keeps no more than some."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def ontvangen(self, ontvangst: Any) -> None:
        if len(self.received) == self.room:
            raise OSError(KANARIE)
        super().ontvangen(ontvangst)


@pytest.mark.parametrize(
    ("room", "answers", "result", "named"),
    [
        (0, ["dossier", "dossier"], "InterneFout", 0),
        (1, ["dossier", "dossier", "dossier"], "OverdrachtGeslaagd", 0),
        (0, ["LeerlinginfoNietBeschikbaar", "dossier"], "LeerlinginfoNietBeschikbaar", 0),
        (0, ["InterneFout", "dossier"], "InterneFout", 1),
    ],
)
def test_the_session_is_ended_with_the_best_that_is_true(
    room: int, answers: list[str], result: str, named: int
) -> None:
    scene = Scene(doel=Full(room))
    points = [Adres("00YY", f"0000000700000YY0000{number}") for number in range(1, len(answers) + 1)]
    for number, (point, word) in enumerate(zip(points, answers, strict=True)):
        scene.centre.points[point] = url = f"https://bron{number}.invalid/oso"
        given: Any = {"dossier": POVO} if word == "dossier" else {"resultaat": word}
        scene.handlers[url] = lambda parcel, given=given: reply(DocumentResponse(**given), scene.wire)  # type: ignore[misc]
    with pytest.raises(OSError, match=KANARIE):
        scene.fetch()
    ended: Any = scene.centre.seen[-1]
    assert (ended.element, ended.resultaat, ended.bron) == ("afmeldingRequest", result, points[named])
    assert list(scene.centre.ended.values()) == [result]
    assert len(scene.at_doel.received) == room


# --- delivery points -------------------------------------------------------------------------------------------------


def test_delivery_points(place: Place, run: Any) -> None:
    made = run("delivery-points", "--config", place.config, "--brin", "00YY")
    assert (made.code, made.err) == (0, "")
    assert made.out == "00YY/0000000700000YY00001  OV  Een school  https://bron.invalid/oso\n"
    rows = json.loads(run("delivery-points", "--config", place.config, "--json").out)
    assert {row["brin"] for row in rows} == {"00YY", "00SS", "01SS"}
    assert set(rows[0]) == {"brin", "kenmerk", "naam", "voor", "url"}


def test_no_delivery_points(place: Place, run: Any) -> None:
    made = run("delivery-points", "--config", place.config, "--brin", "00ZZ", "--lang", "en")
    assert (made.code, made.out) == (1, "")
    assert "There are none" in made.err
    place.scene.centre.answers["overzichtAanleverpuntRequest"] = lambda asked: OverzichtAanleverpuntResponse(
        resultaat="NietToegestaan"
    )
    assert run("delivery-points", "--config", place.config, "--json").out == "[]\n"
    assert run("delivery-points", "--config", place.config, "--brin", "00Y").code == 2
