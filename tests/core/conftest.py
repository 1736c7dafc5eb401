"""What the tests of the core share: a data folder of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from oso_bridge import codes, data, releases


def _forget() -> None:
    releases.forget()
    codes._lists.cache_clear()
    codes.code_list.cache_clear()


@pytest.fixture
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], Path]]:
    """Writes a file into the user's data folder; what was found before is forgotten, and afterwards again."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("OSO_BRIDGE_DATA", str(folder))
    _forget()

    def write(name: str, text: str) -> Path:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        _forget()
        return file

    yield write
    monkeypatch.undo()
    _forget()
    assert folder not in data.folders()
