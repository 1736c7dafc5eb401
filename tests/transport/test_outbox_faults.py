"""Exchanges with random faults and kill -9 of sender and receiver: all arrives, once, and both journals say the same.

``OSO_FAULT_RUNS`` is the number of exchanges (``make test-faults`` runs 500), ``OSO_FAULT_SEED`` that of the first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

STAGE = Path(__file__).with_name("outbox_stage.py")
RUNS = int(os.environ.get("OSO_FAULT_RUNS", "30"))
SEED = int(os.environ.get("OSO_FAULT_SEED", "1"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked and killed as POSIX does")
def test_whatever_is_killed_everything_arrives_once(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, STAGE, str(RUNS), str(SEED), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60 + 5 * RUNS,
        check=False,
        env={**os.environ, "PYTHONPATH": str(STAGE.parents[2])},
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["wrong"] == [], ran.stderr
    done = told["done"]
    assert done["exchanges"] == RUNS
    if RUNS >= 30:  # of a few nothing certain can be said
        assert 0 < done["knowing"] < RUNS
        assert done["sender"] > RUNS, "this was fair weather"
        assert done["receiver"] > RUNS, "this was fair weather"
    print(json.dumps(done))  # noqa: T201 - shown by make test-faults
