"""``oso-bridge serve las``, and the example of a vendor's own administration."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oso_bridge.cli.app import run
from oso_bridge.exchange import soap
from oso_bridge.exchange.administration import Dossierdoel, Dossierlevering
from oso_bridge.pki import fictional_oin
from oso_bridge.releases import forget

from .scene import CHECKOUT, EXAMPLES, PUPIL, Scene

ME = """
from oso_bridge.exchange import Adres, load
from oso_bridge.testing.exchange import line_to
from exchange.scene import Centre

def line(url):
    return line_to(Centre(load("2022")))
"""
CONFIG = """
[draad]
versie = "2022"
[server]
poort = 0
zonder_tls = true
[[aanleverpunt]]
brin = "00YY"
kenmerk = "0000000700000YY00001"
[verkeerscentrum]
url = "https://tc.invalid"
lijn = "mijnlas:line"
[sleutels]
zoeksleutel = "oso_bridge.testing.exchange:nep_zoeksleutel"
pgnfrag = "oso_bridge.testing.exchange:nep_pgnfrag"
proef = true
[administratie]
bron = "las_endpoint:Bron"
doel = "las_endpoint:Doel"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "mijnlas.py").write_text(ME, "utf-8")
    for place in (tmp_path, EXAMPLES, CHECKOUT / "tests"):
        monkeypatch.syspath_prepend(place)
    yield tmp_path
    forget()
    sys.modules.pop("mijnlas", None)  # examples/las has one as well


def checked(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    config = folder / "las.toml"
    config.write_text(text, "utf-8")
    code = run(["serve", "las", "--config", str(config), "--check"])
    return code, capsys.readouterr().err


def test_good_settings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(folder, CONFIG, capsys) == (0, "oso-bridge: The settings are good.\n")


def test_tls_asks_for_a_certificate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pki, me = folder / "pki", fictional_oin("doel")
    assert run(["pki", "new", str(pki), "--name", "bron"]) == 0
    tls = f'[tls]\ncertificaat = "{pki}/bron-server.pem"\nwortels = "{pki}/root.pem"\nproef = true\n'
    code, said = checked(folder, f'{CONFIG}{tls}[toegang]\n{me} = ["*"]\n', capsys)
    assert (code, "revoked is not checked" in said) == (0, True)
    code, said = checked(folder, f'{CONFIG}{tls}crls = "{pki}/crls.pem"\n[toegang]\n{me} = ["*"]\n', capsys)
    assert (code, "revoked is not checked" in said) == (0, False)
    # a certificate for calling others is none to answer with
    assert checked(folder, f"{CONFIG}{tls.replace('-server', '-client')}", capsys)[0] == 2


LOUD = '[draad.weigering]\nhoe = "luid"\n'


def test_a_file_will_do_for_an_administration(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["outbox", "key", "new", str(folder / "kluis.key")]) == 0
    capsys.readouterr()
    kept = f'[administratie]\nbestand = "{folder}/dossiers.db"\nkluis = "{folder}/kluis.key"\n'
    text = CONFIG[: CONFIG.index("[administratie]")] + kept
    assert checked(folder, text, capsys)[0] == 0
    assert (folder / "dossiers.db").exists()


def test_the_traffic_center_is_called_with_a_certificate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pki", "new", str(folder / "pki"), "--name", "bron"]) == 0
    pki, text = folder / "pki", CONFIG.replace('lijn = "mijnlas:line"\n', "")
    own = f'[client]\ncertificaat = "{pki}/bron-client.pem"\nwortels = "{pki}/root.pem"\ncrls = "{pki}/crls.pem"\n'
    assert checked(folder, text + own, capsys)[0] == 0
    code, said = checked(folder, text, capsys)
    assert (code, "no table client" in said) == (2, True)


BAD = {
    "no TOML": (CONFIG + "[", "not valid TOML"),
    "something unknown": (CONFIG.replace("proef", "proev"), "unknown in sleutels"),
    "an unknown table": (CONFIG + "[tsl]\n", "unknown in tsl"),
    "a table too few": (CONFIG.replace('[draad]\nversie = "2022"', ""), "no table draad"),
    "no TLS": (CONFIG.replace("zonder_tls = true", ""), "no table tls"),
    "no TLS for others": (CONFIG.replace("poort = 0", 'adres = "0.0.0.0"'), "no table tls"),
    "a fake key": (CONFIG.replace("proef = true", ""), "fake one"),
    "a port that is none": (CONFIG.replace("poort = 0", 'poort = "kanarie"'), "it takes a whole number"),
    "a port too high": (CONFIG.replace("poort = 0", "poort = 70000"), "server.poort cannot be"),
    "no workers": (CONFIG.replace("poort = 0", "poort = 0\ndraden = 0"), "server.draden cannot be"),
    "a number for a table": ("draad = 5" + CONFIG.replace('[draad]\nversie = "2022"', ""), "draad cannot be"),
    "one table for a list": (CONFIG.replace("[[aanleverpunt]]", "[aanleverpunt]"), "aanleverpunt cannot be"),
    "no school": (CONFIG.replace('brin = "00YY"', ""), "no aanleverpunt.0.brin"),
    "no address": (CONFIG.replace('url = "https://tc.invalid"', ""), "no verkeerscentrum.url"),
    "no key": (CONFIG.replace("zoeksleutel = ", "# "), "no sleutels.zoeksleutel"),
    "no certificate": (CONFIG + "[tls]\nproef = true\n", "no tls.certificaat"),
    "access that is no list": (
        CONFIG + '[toegang]\n00000003222222220000 = "*"\n',
        "toegang.00000003222222220000 cannot",
    ),
    "a day that is none": (CONFIG + '[voorwaarden]\npeildatum = "kanarie"\n', "voorwaarden.peildatum cannot be"),
    "brackets without end": ("a = " + "[" * 5000 + "]" * 5000, "too deep"),
    "an unknown wire": (CONFIG.replace('"2022"', '"2020"'), "no wire '2020'"),
    "a choice that does not exist": (CONFIG.replace("[server]", LOUD + "[server]"), "hoe is one of"),
    "a module that is not there": (CONFIG.replace("mijnlas:", "jouwlas:"), "cannot be loaded: ModuleNotFoundError"),
    "a name that is not there": (CONFIG.replace("endpoint:Bron", "endpoint:Bro"), "Do you mean Bron?"),
    "a module without a name": (CONFIG.replace("endpoint:Bron", "endpoint.Bron"), "Name it as module:name."),
    "something that takes arguments": (CONFIG.replace("las_endpoint:Bron", "mijnlas:line"), "without arguments"),
    "something else": (CONFIG.replace("las_endpoint:Bron", "las_endpoint:Doel"), "it lacks noteer, teruggekoppeld,"),
    "a school that is none": (CONFIG.replace('"00YY"', '"0YY"'), "aanleverpunt names a school that is no BRIN"),
    "a slip of the pen": (CONFIG.replace("poort =", "port ="), "unknown in server: port. Do you mean poort?"),
    "a slip in a row of a list": (CONFIG.replace("brin =", "brim ="), "aanleverpunt.0: brim. Do you mean brin?"),
}


ACCESS = {
    "no OIN": ('0000009919975670500 = ["00TT"]', 2, "is no OIN"),
    "a school that is none": ('{oin} = ["0TT"]', 2, "toegang names a school that is no BRIN"),
    "nobody": ("", 0, "Nobody can call"),
    "a test OIN": ('{oin} = ["*"]', 0, "say proef = true"),
    "schools and delivery points": ('{oin} = ["00TT", "00TT/1", "0000000700000TT00001"]', 0, "good"),
}


@pytest.mark.parametrize("what", ACCESS)
def test_who_cannot_get_in_is_told_beforehand(folder: Path, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    row, wanted, told = ACCESS[what]
    assert run(["pki", "new", str(folder / "pki"), "--name", "bron", "--days", "20"]) == 0
    capsys.readouterr()
    files = {"certificaat": "bron-server.pem", "wortels": "root.pem", "crls": "crls.pem"}
    tls = "[tls]\n" + "".join(f'{name} = "{folder}/pki/{file}"\n' for name, file in files.items())
    code, said = checked(folder, f"{CONFIG}{tls}[toegang]\n{row.format(oin=fictional_oin('doel'))}\n", capsys)
    assert code == wanted
    assert told in said
    # our own certificate, which is told of once for each level
    assert said.count("of the party itself) expires in") == (wanted == 0 or "BRIN" in told)


def test_errors_of_the_library_get_the_names_of_the_settings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pki", "new", str(folder / "pki"), "--name", "bron"]) == 0
    tls = f'[tls]\ncertificaat = "{folder}/pki/root.pem"\nwortels = "{folder}/pki/root.pem"\n'
    assert "the key as sleutel" in checked(folder, CONFIG + tls, capsys)[1]


def test_a_port_that_is_taken(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (folder / "las.toml").write_text(CONFIG.replace("poort = 0", f"poort = {port}"), "utf-8")
        done = subprocess.run(**serving(folder), stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 2
    assert f"oso-bridge: Cannot listen at 127.0.0.1 port {port}." in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("what", BAD)
def test_bad_settings(folder: Path, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    text, told = BAD[what]
    code, said = checked(folder, text, capsys)
    assert code == 2
    assert told in said
    assert said.count("\n") == 1
    assert "kanarie" not in said


def serving(folder: Path) -> dict[str, Any]:
    """How to start the program in a process of its own."""
    path = ":".join(str(place) for place in (CHECKOUT, folder, EXAMPLES, CHECKOUT / "tests"))
    command = [sys.executable, "-m", "oso_bridge.cli", "serve", "las", "--config", str(folder / "las.toml")]
    return {"args": command, "text": True, "env": {"PYTHONPATH": path}}


def test_it_serves_until_it_is_told_to_stop(folder: Path) -> None:
    (folder / "las.toml").write_text(CONFIG, "utf-8")
    with subprocess.Popen(**serving(folder), stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        port = int(re.findall(r"port (\d+)", process.stderr.readline())[0])
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        line.request("POST", "/", b"<a/>", {"Content-Type": soap.MEDIA_TYPE})
        assert line.getresponse().status == 500
        line.close()
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 0
    assert "geweigerd reden=OngeldigBericht" in said
    assert "Stopping." in said
    assert "Traceback" not in said


def test_the_example_delivers_what_the_vendor_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    import las_endpoint

    bron, doel = las_endpoint.Bron(), las_endpoint.Doel()
    assert isinstance(bron, Dossierlevering)
    assert isinstance(doel, Dossierdoel)
    scene: Any = Scene(bron=bron, doel=doel)
    found = scene.fetch(pgn=PUPIL)
    assert found.uitkomst.ok
    assert [asked.account for asked in bron.aanvragen] == ["intern.begeleider van povo.xml"]
    assert scene.fetch(pgn="613543439").uitkomst.woord == "LeerlinginfoNietBeschikbaar"


def test_the_example_is_short() -> None:
    assert len((EXAMPLES / "las_endpoint.py").read_text("utf-8").splitlines()) < 60
