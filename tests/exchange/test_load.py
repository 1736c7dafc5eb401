"""Many requests at a time, for a few seconds; ``benchmarks/endpoint.py`` does it for a minute."""

from __future__ import annotations

import sys

import endpoint
import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
@pytest.mark.parametrize("name", endpoint.REQUESTS)
def test_no_request_fails_and_memory_stays(name: str) -> None:
    memory, good, bad = endpoint.endure(name, 8.0, 50)
    assert bad == 0
    assert good > 50
    assert memory < 1.2  # a short run ends sooner after its warming up than a long one


def test_a_load_counts_what_fails() -> None:
    found = endpoint.Load(9, "dossier", 2)
    found.run(0.2)
    assert found.good == 0
    assert found.bad > 0
