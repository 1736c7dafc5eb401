"""``make demo-exchange``: three processes, all six kinds, and nothing left running."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .scene import CHECKOUT

pytest.importorskip("cheroot", reason="the endpoints need oso-bridge[serve]")
KINDS = ("POPO", "POVO", "VOVO", "BB", "POSWV", "VOSWV")


def test_all_kinds_are_exchanged(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, CHECKOUT / "tools" / "demo_exchange.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = {line.split()[0]: line.split() for line in ran.stdout.splitlines() if line.startswith(KINDS)}
    assert {kind: (row[3], row[-1]) for kind, row in rows.items()} == dict.fromkeys(
        KINDS, ("OverdrachtGeslaagd", "yes")
    )
    assert "School A noted 6 deliveries, school B keeps 6 dossiers." in ran.stdout
    folder = tmp_path / ".demo" / "exchange"
    told = json.loads((folder / "transcript.json").read_text("utf-8"))
    assert {line["fault"] for line in told} == {"", "half"}
    assert len([line for line in told if line["message"] == "afmeldingResponse"]) == 6 + 4 + 1 + 2
    everything = "".join(
        path.read_text("utf-8") for path in folder.iterdir() if path.suffix in (".log", ".json", ".html")
    )
    for number in ("310008475", "274957462", "088584574", "238521436"):
        assert number not in everything
    assert "Stopping." in (folder / "schoolA.log").read_text("utf-8")
