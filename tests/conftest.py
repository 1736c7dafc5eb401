"""What tests of several rooms share."""

from __future__ import annotations

import io
import sys
from typing import Any, NamedTuple

import pytest

from oso_bridge.cli import main


class Result(NamedTuple):
    """What a run of the program came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command line in this process, with something on standard input when wanted."""

    def call(*arguments: object, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as stop:
            main([str(item) for item in arguments])
        captured = capfd.readouterr()
        assert isinstance(stop.value.code, int)
        return Result(stop.value.code, captured.out, captured.err)

    return call
