"""The files of docs/own-las.md do what the page says: a simulator and a system of one's own, as processes, over TLS."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from oso_bridge.cli.app import run

from .scene import CHECKOUT, EXAMPLES, PUPIL


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files, certificates, and ports that are free."""
    ports = {"8443": str(free_port()), "8444": str(free_port())}
    for file in (EXAMPLES / "las").iterdir():
        if file.is_file():
            text = re.sub("844[34]", lambda found: ports[found[0]], file.read_text("utf-8"))
            (tmp_path / file.name).write_text(text, "utf-8")
    shutil.copy(EXAMPLES / "povo.xml", tmp_path)
    monkeypatch.chdir(tmp_path)
    made = ["pki", "new", "testpki", "--name", "simulator", "--name", "mijnlas", "--host", "127.0.0.1"]
    assert run(made) == 0
    return tmp_path


def start(place: Path, *arguments: str) -> subprocess.Popen[str]:
    """A server that listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "oso_bridge", "serve", *arguments],
        cwd=place,
        env=environment(place),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "Listening" in process.stderr.readline()
    return process


def environment(place: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{place}{os.pathsep}{CHECKOUT}"}


@pytest.fixture
def servers(place: Path) -> Iterator[list[subprocess.Popen[str]]]:
    simulator = start(place, "simulator", "--config", "simulator.toml", "--transcript", "verslag")
    running = [simulator, start(place, "las", "--config", "las.toml")]
    yield running
    for process in running:
        if process.poll() is None:
            stop(process)


def stop(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=30)[1]


def python(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=place, env=environment(place), capture_output=True, text=True, timeout=60, check=False
    )


def test_the_page_step_by_step(place: Path, servers: list[subprocess.Popen[str]]) -> None:
    fetched = python(place, "ophalen.py", "00YY", PUPIL)
    assert fetched.returncode == 0, fetched.stdout + fetched.stderr
    assert "documentRequest (provisional) -> 00YY/0000000700000YY00001: OverdrachtGeslaagd" in fetched.stdout
    missing = python(place, "ophalen.py", "00SS", PUPIL, "--als", "00TT")
    assert "LeerlinginfoNietBeschikbaar" in missing.stdout
    assert python(place, "mijnlas.py", "povo.xml", "--pgn", PUPIL, "--voor", "00TT").returncode == 0
    own = python(place, "ophalen.py", "00SS", PUPIL, "--als", "00TT")
    assert own.returncode == 0, own.stdout + own.stderr
    log = stop(servers[1])
    assert "uitkomst=OverdrachtGeslaagd" in log
    assert PUPIL not in log + fetched.stderr + own.stderr
    with closing(sqlite3.connect(place / "mijnlas.db")) as db:
        assert db.execute("select bron, goed, account from ontvangen").fetchall() == [
            ("00YY", 1, "j.jansen"),
            ("00SS", 1, "j.jansen"),
        ]
        assert [row[0] for row in db.execute("select uitkomst from aanvraag")] == [
            "LeerlinginfoNietBeschikbaar",
            "OverdrachtGeslaagd",
        ]


def test_a_system_that_is_not_there_is_told_with_the_reason(place: Path, servers: list[subprocess.Popen[str]]) -> None:
    stop(servers[1])
    found = python(place, "ophalen.py", "00SS", PUPIL, "--als", "00TT")
    assert found.returncode == 1
    assert "NietBereikbaar (The other side cannot be reached." in found.stdout


def test_the_program_fetches_by_the_same_settings(place: Path, servers: list[subprocess.Popen[str]]) -> None:
    (place / "nummer").write_text(PUPIL, "utf-8")
    given = ["--config", "las.toml", "--from", "00YY", "--account", "j.jansen", "--number-file", "nummer"]
    fetched = python(place, "-m", "oso_bridge", "fetch", *given, "--to", "binnen", "--json")
    assert fetched.returncode == 0, fetched.stdout + fetched.stderr
    told = json.loads(fetched.stdout)
    assert [step["result"] for step in told["steps"]] == ["OverdrachtGeslaagd"] * 3
    assert "ophalen account=j.jansen" in fetched.stderr
    assert PUPIL not in fetched.stdout + fetched.stderr
    assert [one["ok"] for one in told["dossiers"]] == [True]
    assert (place / told["dossiers"][0]["file"]).stat().st_mode & 0o077 == 0
    points = python(place, "-m", "oso_bridge", "delivery-points", "--config", "las.toml", "--brin", "00YY")
    assert (points.returncode, points.stdout[:30]) == (0, "00YY/0000000700000YY00001  OV ")
