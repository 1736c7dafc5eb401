"""The kit before endpoints of UWLR: over HTTP as vendors run it, its settings, and what it keeps to itself."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.errors import UsageError
from oso_bridge.testing.kit import kinds, run, scenarios, uwlr_messages, uwlr_settings
from oso_bridge.testing.kit.calling import Answer, NoAnswer, WsgiCaller
from oso_bridge.testing.kit.scenario import pick, text
from oso_bridge.testing.kit.stage import Options, open_stage, prepare
from oso_bridge.testing.kit.uwlr_settings import settings
from oso_bridge.testing.kit.uwlr_stage import UwlrStage

from .uwlr_door import KEY, OTHER_KEY, SCHOOL, SERVICES, Call, Door, Reply, failed, none, played, stage

CHECKOUT = Path(__file__).resolve().parents[2]
CONFIG = """
[server]
zonder_tls = true
[[klant]]
code = "proef"
naam = "proef"
[[klant.sleutel]]
env = "OSO_KIT_SLEUTEL"
brincode = "00AA"
[[klant.sleutel]]
env = "ANDERE_SLEUTEL"
brincode = "00BB"
"""
KIT = '[uwlr]\nvreemde_sleutel_env = "ANDERE_SLEUTEL"\n'
ENVIRON = {**os.environ, "PYTHONPATH": str(CHECKOUT), "OSO_KIT_SLEUTEL": KEY, "ANDERE_SLEUTEL": OTHER_KEY}


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The program itself as an endpoint; gives its address."""
    (folder / "uwlr.toml").write_text(CONFIG, "utf-8")
    (folder / "resultaten").mkdir()
    words = ["serve", "uwlr", str(SCHOOL), "--config", "uwlr.toml", "--results", "resultaten", "--port", "0"]
    command = [sys.executable, "-m", "oso_bridge", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder, env=ENVIRON) as process:
        try:
            assert process.stderr is not None
            port = next(found[1] for line in process.stderr if (found := re.search(r"port (\d+)", line)))
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()


def pytested(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The kit as a vendor runs it."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    return subprocess.run(command, cwd=folder, env=ENVIRON, capture_output=True, text=True, timeout=300, check=False)


def test_our_program_passes_everything_over_http(tmp_path: Path) -> None:
    folder = tmp_path / "leeg"
    folder.mkdir()
    (tmp_path / "kit.toml").write_text(KIT, "utf-8")
    with served(tmp_path) as url:
        words = ("--oso-endpoint", url, "--oso-kit", "../kit.toml", "--oso-report", "uit", "--oso-strict")
        done = pytested(folder, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((folder / "uit" / "kit.json").read_text("utf-8"))
    assert found["counts"] == {"failed": 0, "unclear": 0, "not_run": 0, "passed": len(scenarios("uwlr"))}
    told = done.stdout + "".join(file.read_text("utf-8") for file in (folder / "uit").iterdir())
    for value in (KEY, OTHER_KEY, "Zilverschoon", "L-1", "123456789", "2018-03-17"):
        assert value not in told


def test_nobody_there_is_no_approval(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        done = pytested(tmp_path, "--oso-endpoint", f"http://127.0.0.1:{free.getsockname()[1]}/", "--oso-kind", "uwlr")
    assert done.returncode == 5, done.stdout + done.stderr


def test_the_kind_of_our_endpoint_is_found_out(tmp_path: Path) -> None:
    environ = {"wsgi.url_scheme": "http", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SCRIPT_NAME": ""}
    assert kinds.find(WsgiCaller(Door(tmp_path), environ)) == "uwlr"


def test_without_a_key_little_is_run(tmp_path: Path) -> None:
    there = UwlrStage(settings({}, {}), dict.fromkeys(SERVICES, WsgiCaller(Door(tmp_path))))
    found = run(there, scenarios("uwlr"))
    played_ = {one.scenario.id for one in found.outcomes if one.state == "passed"}
    assert played_ == {"UWLR.W01", "UWLR.W02", "UWLR.T01"}
    assert failed(found) == set()
    assert found.exit_code(strict=True) == 1


def test_what_a_vendor_does_not_have_is_not_run(tmp_path: Path) -> None:
    found = played(tmp_path, none, getrapt=False, resultaten=False, vreemde_sleutel_env="")
    missing = [one.scenario.id for one in found.outcomes if one.state == "not_run"]
    assert {name[:6] for name in missing} == {"UWLR.S", "UWLR.R", "UWLR.W", "UWLR.T"}
    assert [name for name in missing if name[5] in "WT"] == ["UWLR.W02", "UWLR.T07", "UWLR.T11", "UWLR.T12"]
    assert failed(found) == set()


def test_a_refusal_shows_nothing_where_everything_is_refused(tmp_path: Path) -> None:
    found = played(tmp_path, none, klantcode="een andere")
    assert failed(found) == {"G01", "S01"}
    states = {one.scenario.id: one.state for one in found.outcomes}
    assert states["UWLR.T05"] == states["UWLR.V02"] == states["UWLR.R06"] == "not_run"


def test_a_connection_that_ends_is_the_endpoints_mistake(tmp_path: Path) -> None:
    def cut(*_: Any, **__: Any) -> Answer:
        raise NoAnswer("afgekapt")

    there = UwlrStage(settings({}, {"OSO_KIT_SLEUTEL": KEY}), dict.fromkeys(SERVICES, cut))
    found = run(there, pick(scenarios("uwlr"), ["UWLR.G01"]))
    assert failed(found) == {"G01"}
    assert "leerlinggegevens_verzoek -> 0 afgekapt" in found.outcomes[0].said[0]


# --- the WSDL ---------------------------------------------------------------------------------------------------------


def test_wsdls_that_are_given_are_looked_at(tmp_path: Path) -> None:
    files = [CHECKOUT / "schemas" / "uwlr" / "2.2" / f"{name}.wsdl" for name in ("leerlinggegevens", "leerresultaten")]
    callers = dict.fromkeys(SERVICES, WsgiCaller(Door(tmp_path, lambda call: Reply(404, {}, b""))))
    there = UwlrStage(settings({}, {}), callers, wsdl=files)
    found = run(there, pick(scenarios("uwlr"), ["UWLR.W"]))
    assert [one.state for one in found.outcomes] == ["passed", "passed"]
    half = run(UwlrStage(settings({}, {}), callers, wsdl=files[:1]), pick(scenarios("uwlr"), ["UWLR.W"]))
    assert {one.scenario.id: one.state for one in half.outcomes} == {"UWLR.W01": "passed", "UWLR.W02": "not_run"}


def test_a_wsdl_in_parts_is_followed(tmp_path: Path) -> None:
    head = b'<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><import namespace="x" location="http://h/?wsdl=0"/>'

    def parts(call: Call) -> Reply:
        return Reply(200, {}, head + b"</definitions>") if call.query == "wsdl" else call.go()

    found = run(stage(tmp_path, parts), pick(scenarios("uwlr"), ["UWLR.W01"]))
    assert [one.state for one in found.outcomes] == ["passed"]


@pytest.mark.parametrize("body", [b"", b"<a/>", b"geen XML", b'<!DOCTYPE a [<!ENTITY b "c">]><a/>'])
def test_what_is_no_wsdl(body: bytes, tmp_path: Path) -> None:
    found = run(stage(tmp_path, lambda call: Reply(200, {}, body)), pick(scenarios("uwlr"), ["UWLR.W"]))
    assert failed(found) == {"W01", "W02"}
    assert not [one for one in found.outcomes if one.code == "afgebroken"]


# --- settings, texts, transcript --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "own",
    [{"klantcod": "x"}, {"klantcode": 3}, {"getrapt": "ja"}, {"seconden": True}, {"seconden": 0}, {"seconden": 9999}],
)
def test_settings_that_are_not_right(own: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        settings({"uwlr": own})
    with pytest.raises(UsageError):
        settings({"uwlr": []})


def test_a_key_is_not_in_the_settings_as_text() -> None:
    assert KEY not in repr(settings({}, {"OSO_KIT_SLEUTEL": KEY}))


def test_each_service_may_have_an_address_of_its_own() -> None:
    own = settings({"uwlr": {"resultaten_adres": "/uwlr/resultaten"}}, {})
    assert own.address("https://las.invalid/uwlr/a", "resultaten") == "https://las.invalid/uwlr/resultaten"
    assert own.address("https://las.invalid/uwlr/a", "getrapt") == "https://las.invalid/uwlr/a"


@pytest.mark.parametrize("url", ["http://las.invalid/", "https://las.invalid/", "ftp://127.0.0.1/", "las"])
def test_an_address_without_tls_is_only_for_this_machine(url: str) -> None:
    with pytest.raises(UsageError):
        open_stage("uwlr", Options(endpoint=url))


def test_what_is_prepared_can_be_loaded(tmp_path: Path) -> None:
    made = prepare("uwlr", tmp_path / "kit")
    assert [path.name for path in made] == ["kit.toml", "school.xml"]
    assert oso.check(made[1]).ok
    assert settings(uwlr_settings.tomllib.loads(made[0].read_text("utf-8")), {}).table == uwlr_settings.defaults()
    with pytest.raises(UsageError, match="not empty"):
        prepare("uwlr", tmp_path / "kit")


def test_every_text_is_used_and_every_text_is_there() -> None:
    folder = Path(uwlr_messages.__file__).parent
    used = set(re.findall(r'"(uwlr_[a-z_]+)"', "".join(file.read_text("utf-8") for file in folder.glob("uwlr_*.py"))))
    used |= {f"uwlr_zonder_{need}" for need in ("sleutel", "andere_sleutel", "getrapt", "resultaten")}
    used |= {f"uwlr_misschien_geen_{need}" for need in ("getrapt", "resultaten")}
    written = (folder / "uwlr_scenarios.toml").read_text("utf-8")
    assert set(re.findall(r"^\[tekst\.(uwlr_\w+)\]$", written, re.M)) == used
    assert all(text(code, **dict.fromkeys(re.findall(r"\$(\w+)", written), "x")) for code in used)


def test_the_transcript_shows_values_only_when_asked(tmp_path: Path) -> None:
    for name, show in (("zonder", False), ("met", True)):
        folder = tmp_path / name
        (folder / "resultaten").mkdir(parents=True)
        caller = WsgiCaller(Door(folder / "resultaten"))
        there = UwlrStage(settings({}, {"OSO_KIT_SLEUTEL": KEY}), dict.fromkeys(SERVICES, caller), show_values=show)
        run(there, pick(scenarios("uwlr"), ["UWLR.G01"]))
        told = "".join(file.read_text("utf-8") for file in there.save(folder))
        assert ("Zilverschoon" in told) is ("Kamperfoelie" in told) is show
        assert "leerlinggegevens_antwoord" in told


def test_names_that_the_endpoint_makes_up_are_not_repeated(tmp_path: Path) -> None:
    def strange(call: Call) -> Reply:
        return call.go().swap("leerlinggegevens_antwoord", "Kanarie").swap("Client.[A-Za-z]+", "Kanarie.Geel")

    there = stage(tmp_path, strange)
    found = run(there, scenarios("uwlr"))
    assert "G01" in failed(found)
    (tmp_path / "uit").mkdir()
    there.save(tmp_path / "uit")
    found.save(tmp_path / "uit")
    assert "Kanarie" not in "".join(file.read_text("utf-8") for file in (tmp_path / "uit").iterdir())


# --- answers that nobody expects --------------------------------------------------------------------------------------


def soap(inside: str) -> bytes:
    """An envelope around anything."""
    return f'<s:Envelope xmlns:s="{uwlr_messages.namespace("soap")}"><s:Body>{inside}</s:Body></s:Envelope>'.encode()


def answer(inside: str) -> bytes:
    """An answer with anything in it."""
    uri = uwlr_messages.namespace("leerlinggegevens")
    return soap(f'<leerlinggegevens_antwoord xmlns="{uri}">{inside}</leerlinggegevens_antwoord>')


FAULT = "<s:Fault>{}</s:Fault>"
ODD = [
    b"",
    b"\x00\xff",
    soap(""),
    soap("<a/><b/>"),
    soap("<!--x-->tekst"),
    soap("<a>" * 200 + "</a>" * 200),
    soap(FAULT.format("")),
    soap(FAULT.format("<!--x--><faultcode><a/></faultcode>")),
    answer(""),
    answer("<leerlinggegevens/>"),
    answer("<!--c--><?pi x?><leerlinggegevens><?pi?><school><!--c--></school></leerlinggegevens>"),
    answer(
        '<leerlinggegevens><leerlingen><leerling/><leerling key=""/></leerlingen><y xmlns="urn:x"/></leerlinggegevens>'
    ),
]


@pytest.mark.parametrize("number", range(len(ODD)))
@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip", "Content-Type": "é"}], ids=["plain", "odd"])
def test_no_answer_breaks_the_kit_itself(number: int, headers: dict[str, str], tmp_path: Path) -> None:
    found = played(tmp_path, lambda call: Reply(200, headers, ODD[number]))
    assert [one.scenario.id for one in found.outcomes if one.code == "afgebroken"] == []
    assert found.counts()["failed"] > 0
    assert number == len(ODD) - 1 or "G01" in failed(found)
