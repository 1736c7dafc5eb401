"""The kit in pytest: what is collected, what is told, how it ends; and all of it end to end, over mutual TLS."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from oso_bridge.cli.app import run as oso_bridge
from oso_bridge.exchange import everyone
from oso_bridge.exchange.server import make_server
from oso_bridge.testing.kit import collect, scenarios
from oso_bridge.testing.kit.oso_start import know, make_simulator

from .mistakes import MISTAKES, around
from .stage import CENTRE, CHECKOUT, ENDPOINT, PLAN, XSD, Las

pytest_plugins = ["pytester"]

# pytester forgets what a run imported: what is there already is not imported again by each
LOADED = (collect, [one.load() for one in scenarios("oso")])
VENDOR = "def test_of_the_vendor():\n    assert 1 == 1\n"
SETTINGS = "[verkeerscentrum]\npoort = 0\n"


@contextmanager
def endpoint(plant: Callable[[Las], None] = lambda las: None) -> Iterator[str]:
    """An endpoint of ours at a port of this machine, without TLS; its Traffic Center is one of its own."""
    simulator = make_simulator(PLAN)
    simulator.listens(CENTRE)
    know(simulator, PLAN, ENDPOINT)
    las = Las(simulator)
    las.toegang = everyone
    plant(las)
    server = make_server(las.application(), "127.0.0.1", 0, context=None, threads=4)
    server.shutdown_timeout = 1
    server.prepare()
    runner = threading.Thread(target=server.serve, daemon=True)
    runner.start()
    try:
        yield f"http://127.0.0.1:{server.bind_addr[1]}/oso"
    finally:
        simulator.close()
        server.stop()
        runner.join()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with endpoint() as address:
        yield address


@pytest.fixture
def kit(pytester: pytest.Pytester) -> Callable[..., Any]:
    """Runs pytest in a folder with a test of a vendor and a ``kit.toml``."""
    pytester.makepyfile(test_vendor=VENDOR)
    pytester.path.joinpath("kit.toml").write_text(SETTINGS, "utf-8")

    def call(url: str, *arguments: str, kind: str = "--oso-kind=oso") -> Any:
        own = (f"--oso-endpoint={url}", "--oso-kit=kit.toml", "--oso-lang=en", "-p", "no:hypothesispytest")
        return pytester.runpytest_inprocess(*own, *([kind] if kind else []), *arguments)

    return call


def test_without_paths_only_the_kit_runs(kit: Any, url: str) -> None:
    found = kit(url, "--oso-scenarios=OSO.D01,OSO.S03", "-v")
    assert found.ret == 0
    found.stdout.fnmatch_lines(["*collected 2 items", "*OSO.S03 PASSED*", "*OSO.D01 PASSED*", "*2 passed, 0 not run*"])
    found.stdout.no_fnmatch_line("*test_vendor*")


def test_with_paths_the_kit_comes_besides(kit: Any, url: str) -> None:
    found = kit(url, "--oso-scenarios=OSO.D01", "test_vendor.py")
    assert found.ret == 0
    found.assert_outcomes(passed=2)


def test_without_an_endpoint_nothing_changes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(VENDOR)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_unclear_and_not_run_are_told_and_fail_when_strict(kit: Any, url: str) -> None:
    ids = "--oso-scenarios=OSO.D01,OSO.D02,OSO.T01"
    found = kit(url, ids, "-v")
    assert found.ret == 0
    found.stdout.fnmatch_lines(["*OSO.D02 UNCLEAR*", "*OSO.T01 NOT RUN*", "*1 passed, 1 not run, 1 unclear, 0 failed*"])
    found.stdout.fnmatch_lines(["*notificatieRequest.OV is not certain*"])
    assert kit(url, ids, "--oso-strict").ret == 1
    assert kit(url, "--oso-scenarios=OSO.D02", f"--oso-wsdl={XSD}", "--oso-strict").ret == 0


def test_a_wrong_path_is_told_as_such(kit: Any) -> None:
    def nowhere(las: Las) -> None:
        around(las, answer=lambda body, answer: (404, "text/html", b"<html/>"))

    with endpoint(nowhere) as address:
        found = kit(address, "--oso-scenarios=OSO.B02")
    assert found.ret == 1
    found.stdout.fnmatch_lines(["*no SOAP 1.1 (HTTP 404). Is the address right*"])


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "*no such file: nergens.toml*kit prepare*"), ("[oso\n", "*not valid TOML: *at line 1*")],
)
def test_a_kit_toml_that_cannot_be_read(content: str | None, told: str, kit: Any, pytester: pytest.Pytester) -> None:
    if content is not None:
        pytester.path.joinpath("nergens.toml").write_text(content, "utf-8")
    found = kit("http://127.0.0.1:9/oso", "--oso-kit=nergens.toml", kind="")
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines([told])


def test_nothing_that_ran_is_no_success(kit: Any, url: str) -> None:
    assert kit(url, "--oso-scenarios=OSO.T").ret == 5
    assert kit(url, "--oso-scenarios=OSO.T", "--collect-only").ret == 0


def test_a_failure_says_what_to_do(kit: Any, tmp_path: Path) -> None:
    with endpoint(MISTAKES["repeat_refused"].plant) as broken:
        found = kit(broken, "--oso-scenarios=OSO.D", f"--junitxml={tmp_path}/own.xml", f"--oso-report={tmp_path}/out")
    assert found.ret == 1
    found.stdout.fnmatch_lines(["*OSO.D03 Takes the same notification again: failed*", "*What to do: Recognise*"])
    found.stdout.no_fnmatch_line("*Traceback*")
    found.stdout.no_fnmatch_line("*runner.py*")
    for path in (tmp_path / "own.xml", tmp_path / "out" / "junit.xml"):
        failed = ElementTree.parse(path).getroot().findall(".//testcase/failure/..")
        assert [re.search(r"OSO\.\w\d\d", str(case.get("name")))[0] for case in failed] == ["OSO.D03"]  # type: ignore[index]
    states = {
        one["id"]: one["state"] for one in json.loads((tmp_path / "out" / "kit.json").read_text("utf-8"))["scenarios"]
    }
    assert states["OSO.D03"] == "failed"
    assert states["OSO.D07"] == "not_run"


def test_values_are_kept_out_unless_asked_for(kit: Any, url: str, tmp_path: Path) -> None:
    for wish, shown in ((), False), (("--oso-show-values",), True):
        folder = tmp_path / str(shown)
        kit(url, "--oso-scenarios=OSO.B01,OSO.S15", f"--oso-report={folder}", *wish)
        written = "".join(path.read_text("utf-8") for path in folder.iterdir())
        assert (PLAN.leerlingen.popo in written) is shown


@pytest.mark.parametrize(
    ("settings", "arguments", "said"),
    [
        (SETTINGS, ["--oso-scenarios=OSO.Q"], "*There is no scenario OSO.Q*"),
        ("[oso]\nseconden = 'KANARIE'\n", [], "*In kit.toml, seconden is unknown*"),
        ("[oso]\nsecond = 1\n", [], "*In kit.toml, second is unknown*"),
        ("[ose]\n", [], "*kit.toml has something unknown in it*"),
        ("[oso.sleutels]\nzoeksleutel = 'geen.ding:x'\n", [], "*geen.ding:x cannot be loaded*"),
        ("[verkeerscentrum]\nadres = '0.0.0.0'\n", [], "*listens on this machine only*"),
        (SETTINGS, ["--oso-wsdl=kit.toml"], "*no XSD or WSDL*"),
        (SETTINGS, ["--oso-identity=bestaat-niet.pem"], "*"),
    ],
)
def test_what_cannot_be_is_wrong_use(
    kit: Any, pytester: pytest.Pytester, settings: str, arguments: list[str], said: str
) -> None:
    pytester.path.joinpath("kit.toml").write_text(settings, "utf-8")
    found = kit("http://127.0.0.1:9/oso", *arguments)
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    told = found.stdout.str() + found.stderr.str()
    assert re.search(said.replace("*", ".*"), told)
    assert "KANARIE" not in told
    assert "Traceback" not in told


def test_an_address_elsewhere_needs_tls(kit: Any) -> None:
    found = kit("http://las.invalid/oso")
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    assert kit("https://las.invalid/oso").ret == pytest.ExitCode.USAGE_ERROR


def test_the_kind_is_found_out(kit: Any, url: str) -> None:
    assert kit(url, "--oso-scenarios=OSO.D01", kind="").ret == 0
    found = kit("http://127.0.0.1:9/oso", kind="")
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    assert "No connection could be made" in found.stderr.str() + found.stdout.str()


def test_nobody_there_is_a_failure(kit: Any) -> None:
    found = kit("http://127.0.0.1:9/oso", "--oso-scenarios=OSO.D01")
    assert found.ret == 1
    found.stdout.fnmatch_lines(["*No connection could be made*"])


# --- end to end ---------------------------------------------------------------------------------------------------


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at now."""
    import socket
    from contextlib import ExitStack

    with ExitStack() as held:
        found = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in found]


@contextmanager
def process(*command: str, folder: Path) -> Iterator[None]:
    """A process of ours that listens."""
    log = folder / "las.log"
    full = [sys.executable, "-m", "oso_bridge", *command]
    with log.open("wb") as said, subprocess.Popen(full, stdout=said, stderr=said, env=environment()) as running:
        try:
            end = time.monotonic() + 30
            while b"Listening" not in log.read_bytes():
                assert running.poll() is None and time.monotonic() < end, log.read_text("utf-8")  # noqa: PT018
                time.sleep(0.05)
            yield
        finally:
            running.terminate()
            running.wait(20)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(CHECKOUT)}


def test_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From what ``kit prepare`` wrote: our endpoint over mutual TLS, and the kit in an empty folder beside it."""
    folder, empty = tmp_path / "kit", tmp_path / "leeg"
    empty.mkdir()
    assert oso_bridge(["kit", "prepare", str(folder)]) == 0
    ports = free_ports(2)
    for path in (folder / "kit.toml", folder / "voorbeeld" / "las.toml"):
        changed = path.read_text("utf-8").replace("8443", str(ports[0])).replace("8444", str(ports[1]))
        path.write_text(changed, "utf-8")
    with process("serve", "las", "--config", str(folder / "voorbeeld" / "las.toml"), folder=tmp_path):
        command = [sys.executable, "-m", "pytest", f"--oso-endpoint=https://127.0.0.1:{ports[0]}/oso"]
        command += [f"--oso-identity={folder}/kit.pem", f"--oso-kit={folder}/kit.toml", f"--oso-wsdl={XSD}"]
        command += ["--oso-report=out", "-p", "no:cacheprovider"]
        done = subprocess.run(command, cwd=empty, capture_output=True, text=True, timeout=120, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"OSO\.B05 +geslaagd", done.stdout)
    assert re.search(r"OSO\.T03 +geslaagd", done.stdout)
    assert "0 onduidelijk, 0 niet geslaagd" in done.stdout
    assert re.search(r"niet uitgevoerd: OSO\.D07(, OSO\.T04)?\n", done.stdout)
    suite = ElementTree.parse(empty / "out" / "junit.xml").getroot()[0]
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")
    assert "OSO.B05" in (empty / "out" / "kit.html").read_text("utf-8")
    assert "sessiecontroleRequest" in (empty / "out" / "transcript.html").read_text("utf-8")
    capsys.readouterr()


def test_prepare(tmp_path: Path, run: Any) -> None:
    folder = tmp_path / "kit"
    assert run("kit", "prepare", folder).code == 0
    table = (folder / "leerlingen.csv").read_text("utf-8").splitlines()
    assert table[0].startswith("waarvoor;pgn;koppelsleutel;soort")
    for line in table[1:]:
        name = line.split(";")[-1]
        assert (folder / name).is_file() or line.startswith("niet_klaar;")
    for path in folder.rglob("*"):
        if path.is_file() and b"PRIVATE KEY" in path.read_bytes():
            assert path.stat().st_mode & 0o077 == 0, path
    again = run("kit", "prepare", folder)
    assert again.code == 2
    assert "not empty" in again.err
    assert run("kit", "prepare", tmp_path / "x", "--kind", "edexml").code == 2


def test_list(run: Any) -> None:
    listed = run("kit", "list", "--kind", "oso")
    assert listed.code == 0
    assert "OSO.B05  Levert een SWV-dossier" in listed.out
    told = json.loads(run("kit", "list", "--kind", "oso", "--json").out)
    assert told[0]["title"]["en"] == "Delivers a POPO dossier"
    assert run("kit", "list", "--kind", "edexml").code == 2
