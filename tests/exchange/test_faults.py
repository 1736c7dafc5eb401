"""OSO exchanges with a faulty Traffic Center and kill -9 of sender and receiver: every dossier arrives, once.

``OSO_FAULTS`` is the number of exchanges (``make test-faults`` runs 500), ``OSO_FAULT_SEED`` that of the first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("cheroot", reason="the endpoints need oso-bridge[serve]")
STAGE = Path(__file__).with_name("fault_stage.py")
CHECKOUT = STAGE.parents[2]
RUNS = int(os.environ.get("OSO_FAULTS", "30"))
SEED = int(os.environ.get("OSO_FAULT_SEED", "1"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked and killed as POSIX does")
def test_every_dossier_set_ready_arrives_once(tmp_path: Path) -> None:
    path = os.pathsep.join(str(place) for place in (CHECKOUT, CHECKOUT / "tests" / "transport"))
    ran = subprocess.run(
        [sys.executable, STAGE, str(RUNS), str(SEED), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120 + 20 * RUNS,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["wrong"] == [], ran.stderr
    done = told["done"]
    assert done["exchanges"] == RUNS
    assert done["dossiers"] >= 2 * RUNS
    if RUNS >= 30:  # of a few nothing certain can be said
        assert done["sender"] > RUNS, "this was fair weather"
        assert done["receiver"] > RUNS, "this was fair weather"
        assert done["came again"] > 0, "no dossier came twice, so nothing was shown"
        assert 0 < done["over TLS"] < RUNS
    print(json.dumps(done))  # noqa: T201 - shown by make test-faults
