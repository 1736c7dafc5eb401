"""The simulator: its tables, the cases of the test school, faults on command, and transcripts without values."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.cli.app import run
from oso_bridge.errors import DataError, UsageError
from oso_bridge.exchange import Adres, Bron, Bronsysteem, Doelsysteem, Endpoint, everyone, load
from oso_bridge.exchange.keys import is_fake
from oso_bridge.parcels import Parcel
from oso_bridge.testing.exchange import NEPSLEUTELS, line_to, lines
from oso_bridge.testing.simulator import Punt, Simulator, messages
from oso_bridge.testing.simulator.faults import HEADER, Faults, known, suits
from oso_bridge.testing.simulator.las import cases
from oso_bridge.testing.simulator.messages import Message, data
from oso_bridge.testing.simulator.tables import Table

from .scene import EXAMPLES, FOR, WIRES, Memory

SIM, US = "https://simulator.invalid/oso", "https://wij.invalid/oso"
SOAP = "text/xml; charset=utf-8"
POSWV = (EXAMPLES / "poswv.xml").read_bytes()


class Bench:
    """A school system of ours around a simulator, in this process."""

    def __init__(self, version: str = "2022", **settings: Any) -> None:
        one, two, _ = FOR[version]
        self.us, self.version = Adres("00SS", two), version
        self.handlers: dict[str, Any] = {}
        point = Punt("00SS", two, US, sector="VO")
        school = Punt("00YY", one, naam="Testschool")
        self.swv = Adres("00WW", "9" if version == "2018" else "0000000700000WW00001")
        swv = Punt("00WW", self.swv.kenmerk, doel="SWV", sector="SWV")
        line = lines(self.handlers)
        self.simulator = Simulator([point], url=SIM, lijn=line, school=school, swv=swv, **settings)
        self.handlers[SIM] = lambda parcel: Parcel(self.simulator.answer(parcel.content), SOAP)
        self.memory = Memory()
        common: Any = {"verkeerscentrum": line_to(self.handlers[SIM]), "lijn": line, "sleutels": NEPSLEUTELS}
        self.doel = Doelsysteem(load(version), self.us, **common)
        self.bron = Bronsysteem(load(version), self.us, **common)
        answers = Bron(self.bron, self.memory, aanleverpunten=[self.us])
        self.handlers[US] = Endpoint(bron=answers, toegang=everyone)

    def fetch(self, pgn: str = "274957462", **facts: Any) -> Any:
        given = {"bron": Adres("00YY"), "account": "zorgcoordinator", "pgn": pgn}
        return self.doel.ophalen(self.memory, **{**given, **facts})

    def ask(self, name: str, **fields: str) -> Message:
        """Say something to the simulator with its own templates."""
        content = self.simulator.answer(messages.write(Message(name, self.version, fields)))
        return messages.read(content, answer=True)


@pytest.fixture
def bench() -> Bench:
    return Bench()


# --- the test school ----------------------------------------------------------------------------------------------

OLD = {"559144428": "oso/1.2.2", "991904862": "oso/2016.1"}


@pytest.mark.parametrize("case", [one for one in cases() if one.profile != "BB"], ids=lambda one: one.number)
@pytest.mark.parametrize("version", WIRES)
def test_the_cases_of_the_test_school(case: Any, version: str) -> None:
    bench = Bench(version)
    found = bench.fetch(case.number)
    assert found.uitkomst.woord == (case.result or "OverdrachtGeslaagd")
    if case.result:
        assert found.ontvangsten == ()
        return
    [came] = found.ontvangsten
    document = oso.read(came.dossier)
    assert came.rapport.ok
    assert document.release_id == OLD.get(case.number, "oso/2019.1")
    pupil: Any = document.dossier().leerling
    assert case.number in (pupil.bsn, pupil.onderwijsnummer)


def test_within_one_brin_both_are_one_school(bench: Bench) -> None:
    assert bench.fetch("238521436", soort="BB").uitkomst.woord == "GeenRelatieMetDoel"
    own = Punt("00YY", "0000000700000YY00002", US, sector="PO")
    bench.simulator.verkeer.points[own.brin, own.adres] = own
    bench.doel.adres = Adres(own.brin, own.adres)
    assert bench.fetch("238521436", soort="BB").uitkomst.ok


@pytest.mark.parametrize(
    ("since", "tests"),
    [(None, 0), (datetime(2017, 4, 6, 11, 0, tzinfo=UTC), 1), (datetime(2017, 4, 7, tzinfo=UTC), None)],
)
def test_a_newer_dossier_for_who_names_a_moment(bench: Bench, since: datetime | None, tests: int | None) -> None:
    found = bench.fetch("388483763", aanvraagdatum=since)
    if tests is None:
        assert found.uitkomst.woord == "LeerlinginfoNietBeschikbaar"
        return
    report: Any = oso.read(found.ontvangsten[0].dossier).dossier().rapport
    assert bool(report.eindtoetsen) == bool(tests)


@pytest.mark.parametrize("embedding", ["xml", "tekst", "base64"])
def test_a_dossier_stands_in_its_message_as_chosen(embedding: Any) -> None:
    assert Bench(embedding=embedding).fetch().ontvangsten[0].rapport.ok


# --- notifications and feedback -----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", WIRES)
def test_the_swv_fetches_and_gives_feedback(version: str) -> None:
    bench = Bench(version)
    told = bench.bron.meld_swv(bench.swv)
    facts: Any = {"soort": "SWV", "bron": bench.us, "doel": bench.swv, "account": "ib"}
    bench.memory.klaarzetten(POSWV, koppelsleutel=told.koppelsleutel, **facts)
    assert bench.bron.notificeer(told, account="ib").ok
    bench.simulator.wait()
    assert bench.simulator.swv.states() == ["klaar"]
    assert [oso.check(one).ok for one in bench.simulator.swv.received] == [True]
    assert [asked.uitkomst for asked in bench.memory.asked] == ["OverdrachtGeslaagd"]
    assert [one.koppelsleutel for one in bench.memory.told] == [told.koppelsleutel]


def test_the_swv_finds_nothing(bench: Bench) -> None:
    told = bench.bron.meld_swv(bench.swv)
    assert bench.bron.notificeer(told, account="ib").ok
    bench.simulator.wait()
    assert (bench.simulator.swv.states(), bench.simulator.swv.received, bench.memory.told) == (["niets"], [], [])


def test_the_test_school_notifies_and_delivers(bench: Bench) -> None:
    from oso_bridge.exchange import Doel

    place = Memory()
    bench.simulator.verkeer.points["00SS", bench.us.kenmerk] = Punt("00SS", bench.us.kenmerk, US, doel="SWV")
    bench.handlers[US] = Endpoint(doel=Doel(load("2022"), place, aanleverpunten=[bench.us]), toegang=everyone)
    assert bench.simulator.notify("00SS", bench.us.kenmerk) == "NotificatieOntvangen"
    found = bench.fetch("", koppelsleutel=place.told[0].koppelsleutel, soort="SWV")
    assert found.uitkomst.ok
    assert oso.read(found.ontvangsten[0].dossier).dossier().levering.overstap == "POSWV"


# --- the Traffic Center -------------------------------------------------------------------------------------------

PARTIES = {
    "bronBrin": "00YY",
    "bronAdres": FOR["2022"][0],
    "doelBrin": "00SS",
    "doelAdres": FOR["2022"][1],
    "overdrachtsoort": "overstapdossier",
}
KEY = {"zoeksleutel": "QUJD", "pgnfrag": "1234"}
WRONG = {
    "another key": ({"zoeksleutel": "QUJE"}, "SessieAfwijkend"),
    "another fragment": ({"pgnfrag": "4321"}, "SessieAfwijkend"),
    "another kind": ({"overdrachtsoort": "swv-dossier"}, "SessieAfwijkend"),
    "another school": ({"doelBrin": "01SS"}, "SessieAfwijkend"),
    "another delivery point": ({"doelAdres": "0000000700000SS00009"}, "OnbekendAanleverpunt"),
    "a bron that is not known": ({"bronBrin": "09ZZ"}, "VerstrekkerNietBekend"),
    "a session that is not known": ({"sessieId": "11111111-2222-4333-8444-555555555555"}, "SessieAfwijkend"),
    "one BRIN that are two": ({"overdrachtsoort": "overdrachtbinnenbrin"}, "GeenRelatieMetDoel"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_session_is_good_for_what_it_was_granted_for(bench: Bench, what: str) -> None:
    session = bench.ask("overdrachtRequest", **PARTIES, **KEY)["sessieId"]
    good = {**PARTIES, **KEY, "sessieId": session}
    assert bench.ask("sessiecontroleRequest", **good)["resultaat"] == "VO"
    changes, word = WRONG[what]
    assert bench.ask("sessiecontroleRequest", **{**good, **changes})["resultaat"] == word


def test_blank_space_in_a_key_means_nothing(bench: Bench) -> None:
    session = bench.ask("overdrachtRequest", **PARTIES, **{**KEY, "zoeksleutel": "QUJD\n  QUJD"})["sessieId"]
    again = {**PARTIES, **KEY, "zoeksleutel": "QUJDQUJD", "sessieId": session}
    assert bench.ask("sessiecontroleRequest", **again)["resultaat"] == "VO"


def test_a_session_ends(bench: Bench) -> None:
    session = bench.ask("overdrachtRequest", **PARTIES, **KEY)["sessieId"]
    assert (
        bench.ask("afmeldingRequest", **PARTIES, sessieId=session, resultaat="x")["resultaat"] == "OverdrachtGeslaagd"
    )
    for name in ("sessiecontroleRequest", "afmeldingRequest"):
        told = bench.ask(name, **PARTIES, **KEY, sessieId=session, resultaat="x")
        assert told["resultaat"] == "SessieReedsAfgemeld"


def test_a_session_grows_old() -> None:
    bench = Bench(seconds=-1)
    session = bench.ask("overdrachtRequest", **PARTIES, **KEY)["sessieId"]
    assert bench.ask("sessiecontroleRequest", **PARTIES, **KEY, sessieId=session)["resultaat"] == "SessieAfwijkend"


@pytest.mark.parametrize(
    ("oin", "taken"), [("", True), ("00000099000000001000", True), ("00000099000000002000", False)]
)
def test_a_delivery_point_belongs_to_its_certificate(bench: Bench, oin: str, taken: bool) -> None:
    point = Punt("00SS", FOR["2022"][1], US, oin="00000099000000001000")
    bench.simulator.verkeer.points[point.brin, point.adres] = point
    sent = messages.write(Message("overdrachtRequest", "2022", {**PARTIES, **KEY}))
    found = messages.read(bench.simulator.answer(sent, oin), answer=True)
    assert (found["sessieId"] != "", found.name == "Fault") == (taken, not taken)


def test_a_key_is_good_for_the_two_that_it_was_given_to(bench: Bench) -> None:
    told = bench.bron.meld_swv(bench.swv)
    found = bench.fetch("", koppelsleutel=told.koppelsleutel, soort="SWV")
    assert found.uitkomst.woord == "SessieAfwijkend"


def test_delivery_points_by_filter(bench: Bench) -> None:
    assert [one.brin for one in bench.doel.overzicht()] == ["00SS", "00YY", "00WW"]
    assert [one.brin for one in bench.doel.overzicht(voor="SWV")] == ["00WW"]
    assert [one.kenmerk for one in bench.doel.overzicht(brin="00YY")] == [FOR["2022"][0]]


# --- messages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", WIRES)
def test_marks_are_those_of_the_exchange(version: str) -> None:
    theirs = {name: layout.mark for name, layout in load(version).layouts.items()}
    ours = {name: row["mark"][version] for name, row in data("berichten")["bericht"].items()}
    assert ours == theirs


BAD = {
    "another order": re.compile(rb"(<bronBrin>.*?</bronBrin>)(<bronRouteringsKenmerk>.*?</bronRouteringsKenmerk>)"),
    "a field too few": re.compile(rb"()<sessieId>.*?</sessieId>()"),
    "a field twice": re.compile(rb"(<sessieId>.*?</sessieId>)()"),
    "something unknown": re.compile(rb"()<sessieId>.*?</sessieId>()"),
}
PUT = {"another order": rb"\2\1", "a field too few": b"", "a field twice": rb"\1\1", "something unknown": b"<x>1</x>"}


@pytest.mark.parametrize("what", BAD)
def test_a_confirmed_layout_is_held_to(bench: Bench, what: str) -> None:
    good = messages.write(Message("sessiecontroleRequest", "2022", {**PARTIES, **KEY, "sessieId": "s"}))
    assert messages.read(good).name == "sessiecontroleRequest"
    bad, count = BAD[what].subn(PUT[what], good)
    assert count == 1
    with pytest.raises(messages.NotUnderstood):
        messages.read(bad)
    assert messages.read(bench.simulator.answer(bad), answer=True)["resultaat"] == "Client.OngeldigBericht"


@pytest.mark.parametrize("content", [b"", b"<a/>", b"\xff\xfe", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_what_is_no_message_gets_a_fault(bench: Bench, content: bytes) -> None:
    assert messages.read(bench.simulator.answer(content), answer=True).name == "Fault"
    assert bench.simulator.transcript.lines[0].content in ("", f"[{len(content)} bytes]") or content == b"<a/>"


def test_values_are_escaped(bench: Bench) -> None:
    point = Punt("04ZZ", "4", "https://a.invalid/?a&b=$c<d>", naam="<$naam> & zo")
    bench.simulator.verkeer.points["04ZZ", "4"] = point
    [found] = bench.doel.overzicht(brin="04ZZ")
    assert (found.url, found.naam) == (point.url, point.naam)


def test_a_table_with_an_unknown_word_is_refused() -> None:
    row = {"bericht": "*", "toestand": ["geen"], "als": ["volle_maan"], "mark": "inferred"}
    with pytest.raises(DataError, match="als_volle_maan"):
        Table([row], object())


@pytest.mark.parametrize("name", ["verkeer", "las", "swv"])
def test_every_state_that_is_gone_to_is_one(name: str) -> None:
    rows = data(name)["rij"]
    states = {state for row in rows for state in row["toestand"]}
    assert {row["naar"] for row in rows if "naar" in row} <= states
    assert {row["mark"] for row in rows} <= {"confirmed", "inferred", "provisional"}


def test_the_keys_bear_the_mark_of_a_fake() -> None:
    assert is_fake(NEPSLEUTELS)


# --- faults -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "message", "word"),
    [
        ("sessie", "overdrachtRequest", "SessieAfwijkend"),
        ("sessie", "sessiecontroleRequest", "SessieAfwijkend"),
        ("certificaat", "overdrachtRequest", "NietToegestaan"),
        ("certificaat", "documentRequest", "NietToegestaan"),
        ("verwisseld", "overdrachtRequest", "OverdrachtGeslaagd"),
        ("dubbel", "overdrachtRequest", "OverdrachtGeslaagd"),
        ("verouderd", "documentRequest", "AndereLeerling"),
    ],
)
def test_faults_in_what_is_said(bench: Bench, fault: str, message: str, word: str) -> None:
    bench.simulator.faults.plan(fault, message)
    if message == "sessiecontroleRequest":  # asked by a bron of ours
        bench.memory.klaarzetten(b"", pgn="1", soort="OV", bron=bench.us, doel=bench.us, account="ib")
        session = bench.ask("overdrachtRequest", **PARTIES, **KEY)["sessieId"]
        assert bench.ask(message, **PARTIES, **KEY, sessieId=session)["resultaat"] == word
        return
    found = bench.fetch()
    assert found.uitkomst.woord == word
    assert len(found.ontvangsten) == {"verwisseld": 1, "dubbel": 2}.get(fault, 0)
    assert bench.fetch().uitkomst.ok  # once is once


def test_a_server_with_a_foreign_certificate_is_pointed_to(bench: Bench) -> None:
    bench.simulator.foreign = "https://vreemd.invalid"
    bench.simulator.faults.plan("certificaat", "overdrachtRequest")
    assert bench.fetch().uitkomst.woord == "NietBereikbaar"


def test_dice_with_the_same_seed_fall_the_same() -> None:
    def thrown(seed: int) -> list[str]:
        dice = Faults(chance=0.5, seed=seed)
        return [dice.take("overdrachtRequest") for _ in range(50)]

    assert thrown(1) == thrown(1) != thrown(2)
    assert "" in thrown(1)
    assert all(suits(fault, "overdrachtRequest") for fault in thrown(1) if fault)


def test_a_fault_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="no such fault"):
        Faults().plan("halfje")
    with pytest.raises(UsageError, match="cannot be made"):
        Faults().plan("verouderd", "afmeldingRequest")
    assert all(row["waar"] in ("antwoord", "http") and row["nl"] and row["en"] for row in known().values())


# --- over HTTP ----------------------------------------------------------------------------------------------------


def over_http(simulator: Simulator, *, wish: str = "", deadline: float = 10.0) -> Doelsysteem:
    """A system of ours that asks it, with a fault in every answer to a request for a dossier when that is wished."""

    def line(url: str) -> Any:
        headers = {HEADER: wish} if wish else {}
        once = oso.Retry(attempts=1)
        return oso.transport("http", url=url, insecure=True, deadline=deadline, retry=once, headers=headers)

    adres = Adres("00YY", "0000000700000YY00002")
    simulator.verkeer.points[adres.brin, adres.kenmerk] = Punt(adres.brin, adres.kenmerk)
    plain = oso.transport("http", url=simulator.url, insecure=True, deadline=10)
    return Doelsysteem("2022", adres, verkeerscentrum=plain, lijn=line, sleutels=NEPSLEUTELS, schemes=("http",))


@pytest.mark.parametrize(
    ("wish", "word"),
    [("", "OverdrachtGeslaagd"), ("half", "NietBereikbaar"), ("weg", "NietBereikbaar"), ("timeout", "NietBereikbaar")],
)
def test_faults_in_how_it_is_sent(oso_simulator: Simulator, wish: str, word: str) -> None:
    oso_simulator.faults.seconds = 0.2
    found = over_http(oso_simulator, wish=wish).ophalen(Memory(), bron=Adres("00YY"), account="a", pgn="274957462")
    assert found.uitkomst.woord == word
    assert [line.fault for line in oso_simulator.transcript.lines if line.fault] == ([wish] if wish else [])


@pytest.mark.parametrize(("deadline", "word"), [(0.4, "NietBereikbaar"), (10.0, "OverdrachtGeslaagd")])
def test_a_slow_drip_is_in_time_or_not(oso_simulator: Simulator, deadline: float, word: str) -> None:
    """A13: what counts is the time of the whole answer."""
    oso_simulator.faults.seconds = 1.5
    asker = over_http(oso_simulator, wish="drup", deadline=deadline)
    found = asker.ophalen(Memory(), bron=Adres("00YY"), account="a", pgn="274957462")
    assert found.uitkomst.woord == word


def test_faults_by_the_address(oso_simulator: Simulator) -> None:
    def post(path: str, method: str = "POST") -> tuple[int, bytes]:
        import http.client

        line = http.client.HTTPConnection("127.0.0.1", int(oso_simulator.url.rpartition(":")[2]), timeout=10)
        line.request(method, path, b"", {"Content-Length": "0"})
        answer = line.getresponse()
        found = answer.status, answer.read()
        line.close()
        return found

    assert post("/besturing?fout=half&bericht=documentRequest&keer=2") == (204, b"")
    assert [
        post(f"/besturing?{query}")[0] for query in ("fout=x", "fout=half&keer=x", "notificeer=00ZZ/1&draad=1")
    ] == [400] * 3
    assert post("/besturing?notificeer=00ZZ/1") == (200, b"OnbekendAanleverpunt")
    assert post("/", "GET")[0] == 405
    asker = over_http(oso_simulator)
    words = [asker.ophalen(Memory(), bron=Adres("00YY"), account="a", pgn="274957462").uitkomst.woord for _ in range(3)]
    assert words == ["NietBereikbaar", "NietBereikbaar", "OverdrachtGeslaagd"]


# --- transcripts --------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The rows of a table in HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.rows += tag == "tr"


def test_a_transcript_shows_marks_and_no_values(bench: Bench, tmp_path: Path) -> None:
    bench.fetch("274957462")
    bench.fetch("274957462")
    told = json.loads(bench.simulator.transcript.to_json())
    assert [row["message"] for row in told[:2]] == ["overdrachtRequest", "overdrachtResponse"]
    assert len(told) == 16
    assert {row["mark"] for row in told} == {"confirmed", "inferred", "provisional"}
    first = told[0]
    assert (first["row"], first["state"], first["goes"], first["rule"]) == (
        "verkeerscentrum 8",
        "geen",
        "open",
        "inferred",
    )
    # why a row counted, in the words of the table
    assert {row["when"] for row in told if row["message"] == "afmeldingRequest"} == {"zelfde_scholen zelfde_doel"}
    page, text = bench.simulator.transcript.save(tmp_path)[1].read_text("utf-8"), bench.simulator.transcript.to_json()
    key = NEPSLEUTELS.zoeksleutel("274957462")
    for secret in ("274957462", key[:20], "simulator.invalid", "Testschool"):
        assert secret not in page + text
    assert "sessie-2" in page
    assert "[dossier, " in page
    reader = Page()
    reader.feed(page)
    assert reader.rows == 1 + len(told)


@pytest.mark.parametrize("how", ["element", "attribute", "comment", "name", "prefix", "word"])
def test_nothing_unknown_comes_into_a_transcript(bench: Bench, how: str) -> None:
    canary = "Kanarie7f3a91"
    good = messages.write(Message("afmeldingRequest", "2022", {**PARTIES, "sessieId": "s", "resultaat": "w"}))
    put = {
        "element": (b">w<", f">{canary}<"),
        "attribute": (b"<resultaat>", f'<resultaat a="{canary}">'),
        "comment": (b"<resultaat>", f"<!--{canary}--><resultaat>"),
        "name": (b"</afmeldingRequest>", f"<x{canary}>1</x{canary}></afmeldingRequest>"),
        "prefix": (b"<resultaat>", f'<resultaat xmlns:{canary}="urn:{canary}" {canary}:a="1">'),
        "word": (b">s<", f">{canary}<"),
    }
    old, new = put[how]
    assert old in good
    bench.simulator.answer(good.replace(old, new.encode()), oin="00000099000000001000")
    assert canary not in bench.simulator.transcript.to_json() + bench.simulator.transcript.to_html()


def test_values_are_shown_when_that_is_asked() -> None:
    bench = Bench(show_values=True)
    bench.fetch("274957462")
    assert "274957462" in bench.simulator.transcript.to_json()


# --- the command --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ('[server]\nzonder_tls = true\n[fout]\nfout = "x"', "fout cannot be"),
        ("[server]\nzonder_tls = true\n[[fout]]\nfout = 'x'\n", "no such fault"),
        ("[server]\n", "no table tls"),
        ("[server]\npoort = 0\n", "no table tls"),
        ("[server]\nzonder_tls = true\nadres = '0.0.0.0'\n", "no table tls"),
        ("[server]\nzonder_tls = true\n[sleutels]\nzoeksleutel = 'x:y'\n", "cannot be loaded"),
        ("server = 5\n", "server cannot be"),
        ("[server]\nzonder_tls = true\npoort = 'x'\n", "poort"),
        ("[server]\nzonder_tls = true\n[school]\nkenmerk = '1'\n", "brin"),
        ("[server]\n[tls]\ncertificaat = 'x.pem'\n", "wortels"),
        ("[server]\nzonder_tls = true\n[antwoorden]\ninbedding = 'zip'\n", "inbedding"),
        ("[server]\nzonder_tls = true\n[fouten]\nkans = 'veel'\n", "kans"),
    ],
)
def test_bad_settings(settings: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sim.toml").write_text(settings, "utf-8")
    assert run(["serve", "simulator", "--config", str(tmp_path / "sim.toml"), "--port", "0"]) == 2
    assert told in capsys.readouterr().err
