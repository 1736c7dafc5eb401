"""Documents that ask for much are met in a process of their own, with a ceiling for time and memory.

The ceilings are far above what is needed, so that a slow machine does not fail; what they stop is work that
grows with the square of a document, or a little document that grows into a large one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("resource", reason="this system has no limits for a process")
from hostile_attacks import ATTACKS

SECONDS = 60
MEGABYTES = 2500
PROGRAM = Path(__file__).with_name("hostile_attacks.py")


def met(name: str) -> dict[str, Any]:
    """What came of a document in a process of its own."""
    command = [sys.executable, "-W", "error", str(PROGRAM), name, str(SECONDS), str(MEGABYTES)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=4 * SECONDS, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ATTACKS)
def test_bounded(name: str) -> None:
    _, rule, error = ATTACKS[name]
    found = met(name)
    assert found["error"] == error
    assert next(iter(found["rules"]), None) == rule
    assert found["size"] < 8_000_000
    if error:
        assert len(found["rules"]) == 1
    if name.startswith("a scan"):
        assert found["ok"]
        assert found["written"] > 11_000_000


def test_the_ceilings_hold() -> None:
    command = [sys.executable, str(PROGRAM), "text of 200 MB", "1", "150"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=4 * SECONDS, check=False)
    assert done.returncode != 0
