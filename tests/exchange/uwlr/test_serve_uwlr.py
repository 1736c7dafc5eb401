"""``oso-bridge serve uwlr``: its settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from oso_bridge.cli.app import run
from oso_bridge.pki import Authority, fictional_oin

from .scene import EDEX, Gemaakt

CONFIG = """
[server]
zonder_tls = true
[[klant]]
code = "code-1"
naam = "Voorbeeldleermiddel"
veldsets = ["lvs-set"]
[[klant.sleutel]]
env = "UWLR_SLEUTEL"
brincode = "00AA"
"""


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UWLR_SLEUTEL", "geheim-van-de-test")


def serve(*arguments: str) -> int:
    return run(["serve", "uwlr", *arguments, "--check"])


def config(tmp_path: Path, text: str = CONFIG) -> str:
    file = tmp_path / "uwlr.toml"
    file.write_text(text, "utf-8")
    return str(file)


def test_a_file_is_enough_for_a_test(capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(str(EDEX)) == 0
    told = capsys.readouterr().err
    assert "klantcode proef, klantnaam proef, autorisatiesleutel " in told
    assert "Results are refused" in told
    assert "The settings are good." in told


def test_a_key_out_of_the_environment_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(str(EDEX), "--key-env", "UWLR_SLEUTEL") == 0
    told = capsys.readouterr().err
    assert "geheim" not in told
    assert "autorisatiesleutel" not in told


def test_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(str(EDEX), "--config", config(tmp_path), "--results", str(tmp_path)) == 0
    assert "geheim" not in capsys.readouterr().err


def test_an_administration_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oso_bridge.zelfgemaakt", Gemaakt, raising=False)
    named = '[administratie]\nbron = "oso_bridge:zelfgemaakt"\nversies = ["uwlr/2.2", "uwlr/2.3"]\n'
    assert serve("--config", config(tmp_path, CONFIG + named)) == 0
    assert serve(str(EDEX), "--config", config(tmp_path, CONFIG + named)) == 2
    assert serve("--config", config(tmp_path, CONFIG + named.replace("zelfgemaakt", "bestaat_niet"))) == 2
    assert serve("--config", config(tmp_path, CONFIG + named), "--results", str(tmp_path)) == 2
    assert serve("--config", config(tmp_path, CONFIG.replace('brincode = "00AA"', "") + named)) == 2
    monkeypatch.setattr("oso_bridge.zelfgemaakt", type("Half", (), {"kent": None}), raising=False)
    assert serve("--config", config(tmp_path, CONFIG + named)) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[server]", "[serveer]"),
        ("zonder_tls = true", ""),
        ("zonder_tls = true", 'zonder_tls = true\nadres = "0.0.0.0"'),
        ('code = "code-1"', ""),
        ("UWLR_SLEUTEL", "UWLR_ANDERE_SLEUTEL"),
        ("veldsets", "veldset"),
        ('veldsets = ["lvs-set"]', "veldsets = []"),
        ('veldsets = ["lvs-set"]', 'veldsets = ["lvs"]'),
        ('veldsets = ["lvs-set"]', "veldsets = 3"),
        ('naam = "Voorbeeldleermiddel"', 'naam = "a" "b"'),
        ('naam = "Voorbeeldleermiddel"', 'naam = ""'),
        ("zonder_tls = true", "zonder_tls = true\npoort = -1"),
        ('env = "UWLR_SLEUTEL"', ""),
        ('brincode = "00AA"', 'brincode = "0OAA1"'),
        ('naam = "Voorbeeldleermiddel"', 'naam = "x"\noin = "00000003222222220000"'),
    ],
)
def test_settings_that_are_not_right(old: str, new: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert old in CONFIG
    assert serve(str(EDEX), "--config", config(tmp_path, CONFIG.replace(old, new))) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_no_administration() -> None:
    assert serve() == 2
    assert serve(str(EDEX.parent / "weg.xml")) == 2


def test_with_tls_only_the_oins_of_the_table_get_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Authority().save(tmp_path / "pki", ["las"])
    tls = {"certificaat": "las-server.pem", "wortels": "root.pem", "keten": "chain.pem", "crls": "crls.pem"}
    rows = "".join(f'{name} = "{tmp_path / "pki" / file}"\n' for name, file in tls.items())
    text = CONFIG.replace("zonder_tls = true", f"poort = 0\n[tls]\nproef = true\n{rows}")
    oin = fictional_oin("leermiddel")
    assert serve(str(EDEX), "--config", config(tmp_path, text.replace("veldsets", f'oin = "{oin}"\nveldsets'))) == 0
    assert "good" in capsys.readouterr().err
    assert serve(str(EDEX), "--config", config(tmp_path, text.replace("las-server.pem", "weg.pem"))) == 2
