"""What the tests of bundles share: a data folder of the test's own, the bundle, and the bundle as it was added."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import oso_bridge as oso
from oso_bridge import releases

from . import samples


@pytest.fixture
def user_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data folder of the user, which is not there yet."""
    folder = tmp_path / "thuis" / "gegevens"
    monkeypatch.setenv("OSO_BRIDGE_DATA", str(folder))
    releases.forget()
    yield folder
    monkeypatch.undo()
    releases.forget()


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    """The bundle as a ZIP."""
    path = tmp_path / "bundel.zip"
    path.write_bytes(samples.zipped())
    return path


@pytest.fixture(scope="session")
def added_once(tmp_path_factory: pytest.TempPathFactory) -> oso.AddedRelease:
    """The bundle, added by one call; adding compiles a schema, so it is done once."""
    folder = tmp_path_factory.mktemp("eenmalig")
    path = folder / "bundel.zip"
    path.write_bytes(samples.zipped())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OSO_BRIDGE_DATA", str(folder / "gegevens"))
        releases.forget()
        made = oso.add_release(path)
    releases.forget()
    return made


@pytest.fixture
def added(added_once: oso.AddedRelease, user_data: Path) -> oso.AddedRelease:
    """The bundle as it was added, in the data folder of the test."""
    folder = user_data / "schemas" / "oso" / added_once.release.version
    shutil.copytree(added_once.release.folder, folder)
    releases.forget()
    return dataclasses.replace(added_once, release=releases.release(added_once.release.id))
