"""Transports by name: our own, and one of a distribution that is not ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import oso_bridge as oso
from oso_bridge.testing import Ends, MailboxContract
from oso_bridge.transports import available
from oso_bridge.transports.registry import BUILT_IN, maker

PACKAGE = Path(__file__).with_name("plugin_package")


def install(target: Path) -> None:
    """Put the package on a path as pip does: its modules, and the metadata that names its entry points."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    shutil.copytree(PACKAGE / "postduif", target / "postduif")
    metadata = target / "postduif-0.1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 0.1\n")
    lines = [f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
             for group, points in project["entry-points"].items()]  # fmt: skip
    (metadata / "entry_points.txt").write_text("\n".join(lines))


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package, installed for one test."""
    target = tmp_path / "site"
    target.mkdir()
    install(target)
    monkeypatch.syspath_prepend(str(target))
    yield target
    for name in [name for name in sys.modules if name.split(".")[0] == "postduif"]:
        del sys.modules[name]


class TestPigeon(MailboxContract):
    @pytest.fixture
    def ends(self, installed: Path, tmp_path: Path) -> Ends:
        (tmp_path / "til").mkdir()

        def flying(to: Path) -> Callable[..., oso.Transport]:
            return lambda **settings: oso.transport("duif", loft=str(to), **settings)

        return Ends(flying(tmp_path / "til"), flying(tmp_path / "nergens"), receiver=flying(tmp_path / "til"))


def test_names_are_listed_without_importing(installed: Path) -> None:
    assert available() == [*sorted(BUILT_IN), "duif", "verdwaald"]
    assert "postduif" not in sys.modules


def test_our_own_are_listed_without_importing() -> None:
    probe = (
        "import sys, oso_bridge.transports as t; t.available();"
        "print(sorted({'requests', 'paramiko', 'pyzipper', 'urllib3', 'oso_bridge.document'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_one_that_cannot_be_loaded_is_named_with_the_cause(installed: Path) -> None:
    with pytest.raises(oso.DataError) as caught:
        oso.transport("verdwaald")
    assert "transport verdwaald of postduif cannot be loaded: ModuleNotFoundError" in str(caught.value)


def test_a_name_that_does_not_exist_brings_others_to_mind(installed: Path) -> None:
    with pytest.raises(oso.UsageError, match=r"There is no transport 'duiff'\. Do you mean duif\?"):
        oso.transport("duiff")


@pytest.mark.parametrize("options", [{}, {"pad": "x"}, {"path": "x", "pad": "x"}])
def test_options_that_are_wrong_are_named(options: dict[str, str]) -> None:
    with pytest.raises(oso.UsageError, match="Its options are: path, lease, shared"):
        oso.transport("file", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "library"), [("sftp", "paramiko"), ("mail", "pyzipper")])
def test_an_extra_that_is_missing_is_named(name: str, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, f"oso_bridge.transports.{name}", raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(oso.UsageError, match=rf"pip install 'oso-bridge\[{name}\]'"):
        maker(name)


def test_the_function_is_not_hidden_by_the_package() -> None:
    probe = "import oso_bridge as oso, oso_bridge.transports.http; print(callable(oso.transport))"
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "True"
