"""Where schemas and mappings come from, and which of several places wins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from oso_bridge import data
from oso_bridge.errors import DataError

Write = Callable[[str, str], Path]


class Point:
    """An entry point as importlib.metadata gives it."""

    name = "extra"
    value = "extra_package.data"
    dist = None

    def __init__(self, loaded: object) -> None:
        self.loaded = loaded

    def load(self) -> object:
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded


def plug_in(monkeypatch: pytest.MonkeyPatch, loaded: object) -> None:
    points = {data.ENTRY_POINTS: [Point(loaded)]}
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points.get(group, []))


def test_a_checkout_gives_the_folders_at_its_top() -> None:
    assert data.own_folder() == data.PACKAGE.parent
    assert data.find("schemas", "oso", "rules.toml") == data.PACKAGE.parent / "schemas/oso/rules.toml"


def test_without_a_checkout_the_packed_folder_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(data, "PACKAGE", tmp_path / "site-packages" / "oso_bridge")
    assert data.own_folder() == tmp_path / "site-packages" / "oso_bridge" / "_data"


def test_what_does_not_exist_is_none_and_empty() -> None:
    assert data.find("schemas", "nergens.toml") is None
    assert data.toml("schemas", "nergens.toml") == {}
    assert data.subfolders("nergens") == {}


def test_the_folder_of_the_user_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OSO_BRIDGE_DATA", str(tmp_path))
    assert data.user_folder() == tmp_path
    monkeypatch.delenv("OSO_BRIDGE_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert data.user_folder() == tmp_path / "share" / "oso-bridge"


def test_on_windows_the_folder_is_in_appdata(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OSO_BRIDGE_DATA", raising=False)
    monkeypatch.setattr("oso_bridge.data.sys.platform", "win32")
    monkeypatch.setenv("APPDATA", str(tmp_path))
    assert data.user_folder() == tmp_path / "oso-bridge"


def test_the_folder_of_the_user_wins_file_by_file(own_data: Write) -> None:
    own = own_data("schemas/oso/format.toml", "mine = 1\n")
    assert data.find("schemas", "oso", "format.toml") == own
    assert data.toml("schemas", "oso", "format.toml") == {"mine": 1}
    assert data.find("schemas", "oso", "rules.toml") == data.PACKAGE.parent / "schemas/oso/rules.toml"


def test_subfolders_are_those_of_all_folders(own_data: Write) -> None:
    file = own_data("schemas/oso/2016.1/release.toml", "")
    found = data.subfolders("schemas", "oso")
    assert found["2016.1"] == file.parent
    assert found["2019.1"] == data.PACKAGE.parent / "schemas/oso/2019.1"


def test_a_file_is_read_once_until_it_is_forgotten(own_data: Write) -> None:
    file = own_data("mappings/eigen/mapping.toml", "version = 1\n")
    assert data.toml("mappings", "eigen", "mapping.toml") == {"version": 1}
    file.write_text("version = 2\n", encoding="utf-8")
    assert data.toml("mappings", "eigen", "mapping.toml") == {"version": 1}
    data.forget()
    assert data.toml("mappings", "eigen", "mapping.toml") == {"version": 2}


@pytest.mark.parametrize("content", [b"a = \n", b"a = '\xff'\n"])
def test_a_broken_file_says_which_one_it_is(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "stuk.toml"
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"stuk\.toml is not valid TOML") as caught:
        data.load_toml(file)
    assert caught.value.where == str(file)


def test_a_plug_in_gives_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plug_in(monkeypatch, lambda: tmp_path)
    assert list(data.plugin_folders()) == [tmp_path]


def test_a_plug_in_may_be_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    import oso_bridge

    plug_in(monkeypatch, oso_bridge)
    assert list(data.plugin_folders()) == [data.PACKAGE]


def test_a_plug_in_stands_between_the_package_and_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_data: Write
) -> None:
    own_data("schemas/oso/format.toml", "")
    plug_in(monkeypatch, lambda: tmp_path)
    data.forget()
    assert data.folders() == (data.own_folder(), tmp_path, data.user_folder())


def test_a_plug_in_that_fails_is_named_with_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, ImportError("secret detail"))
    with pytest.raises(DataError, match=r"extra_package\.data.*ImportError") as caught:
        list(data.plugin_folders())
    assert caught.value.remedy == "Repair or uninstall that distribution."
