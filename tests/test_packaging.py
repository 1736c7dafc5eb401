"""What is installed is what stands in the checkout: the wheel, an editable install, an empty environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import oso_bridge

CHECKOUT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]

PROBE = """
import json, sys
import oso_bridge as oso
from oso_bridge import data
good, broken = oso.check(sys.argv[1]), oso.check(sys.argv[2])
print(json.dumps({
    "package": oso.__file__,
    "schemas": str(data.find("schemas", "oso", "2019.1", "dossier.xsd")),
    "good": good.exit_code,
    "broken": [[f.rule, f.path, f.line, f.text("nl")] for f in broken.findings],
}))
"""


def data_files(top: Path) -> dict[str, bytes]:
    """The data files below a folder, by their place in the package."""
    found = {}
    for kind in ("schemas", "mappings"):
        for path in sorted((top / kind).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found[f"oso_bridge/_data/{path.relative_to(top).as_posix()}"] = path.read_bytes()
    return found


def probe(python: Path | str, folder: Path, **environment: str) -> dict[str, object]:
    """Check a good and a broken dossier with that Python, from a folder outside the checkout."""
    examples = [str(CHECKOUT / "examples" / name) for name in ("povo.xml", "kapot.xml")]
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "OSO_"))}
    done = subprocess.run(
        [str(python), "-P", "-c", PROBE, *examples],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without the network."""
    folder = tmp_path_factory.mktemp("dist")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(CHECKOUT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_the_data_byte_for_byte(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        carried = {name: archive.read(name) for name in archive.namelist() if name.startswith("oso_bridge/_data/")}
    assert carried == data_files(CHECKOUT)
    assert "oso_bridge/_data/schemas/oso/rules.toml" in carried


def test_the_wheel_carries_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"oso_bridge", f"oso_bridge-{oso_bridge.__version__}.dist-info"}
    assert "oso_bridge/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_checks_like_the_checkout(wheel: Path, tmp_path: Path) -> None:
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    result = probe(sys.executable, tmp_path, PYTHONPATH=str(unpacked))
    assert str(result["package"]).startswith(str(unpacked))
    assert str(result["schemas"]).startswith(str(unpacked / "oso_bridge" / "_data"))
    assert result["good"] == 0
    assert result["broken"] == here()["broken"]
    assert result["broken"]


def here() -> dict[str, object]:
    """What the checkout itself says."""
    return probe(sys.executable, CHECKOUT, PYTHONPATH=str(CHECKOUT))


def test_an_editable_install_reads_the_folders_of_the_checkout() -> None:
    assert here()["schemas"] == str(CHECKOUT / "schemas" / "oso" / "2019.1" / "dossier.xsd")


def test_an_editable_install_never_reads_a_stale_copy(tmp_path: Path) -> None:
    """Build tools may leave a copy of the data beside the link to the checkout: it must not be looked at."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("oso_bridge", "schemas", "pyproject.toml"):
        (checkout / name).symlink_to(CHECKOUT / name)
    stale = tmp_path / "site-packages" / "oso_bridge" / "_data" / "schemas" / "oso" / "2019.1"
    stale.mkdir(parents=True)
    (stale / "dossier.xsd").write_text("stale", "utf-8")
    # An editable install puts the checkout on the path behind site-packages.
    path = os.pathsep.join([str(tmp_path / "site-packages"), str(checkout)])
    result = probe(sys.executable, tmp_path, PYTHONPATH=path)
    assert result["schemas"] == str(CHECKOUT / "schemas" / "oso" / "2019.1" / "dossier.xsd")
    assert result["good"] == 0


@pytest.mark.skipif(
    "OSO_PACKAGING" not in os.environ, reason="installs everything anew: set OSO_PACKAGING=1, or run make wheel"
)
def test_the_wheel_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "empty", with_pip=True)
    scripts = tmp_path / "empty" / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([scripts / "python", "-m", "pip", "install", "--quiet", wheel], check=True, cwd=tmp_path)
    result = probe(scripts / "python", tmp_path)
    assert str(result["schemas"]).startswith(str(tmp_path / "empty"))
    assert result["good"] == 0
    assert result["broken"] == here()["broken"]
    for name, code in (("povo.xml", 0), ("kapot.xml", 1)):
        example = CHECKOUT / "examples" / name
        done = subprocess.run(
            [scripts / "oso-bridge", "check", example], check=False, cwd=tmp_path, capture_output=True
        )
        assert done.returncode == code, done.stderr


def test_the_declared_python_is_the_one_the_tools_aim_at() -> None:
    config = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
    assert PROJECT["requires-python"] == ">=3.11"
    assert config["tool"]["ruff"]["target-version"] == "py311"
    assert config["tool"]["mypy"]["python_version"] == "3.11"
    makefile = (CHECKOUT / "Makefile").read_text("utf-8")
    assert "sys.version_info < (3, 11)" in makefile


def test_what_the_makefile_calls_built_is_there() -> None:
    makefile = (CHECKOUT / "Makefile").read_text("utf-8")
    built = next(line for line in makefile.splitlines() if line.startswith("BUILT")).split("=")[1].split()
    assert built
    assert {name for one in oso_bridge.installed() for name in (one.id, one.format)} >= set(built)


def test_the_entry_points_lead_somewhere() -> None:
    from importlib import import_module

    module, _, name = PROJECT["scripts"]["oso-bridge"].partition(":")
    assert callable(getattr(import_module(module), name))
    assert import_module(PROJECT["entry-points"]["pytest11"]["oso_bridge"]).oso_check


def test_the_changelog_names_the_version() -> None:
    changelog = (CHECKOUT / "CHANGELOG.md").read_text("utf-8")
    assert f"## [{oso_bridge.__version__}]" in changelog or "## [Unreleased]" in changelog
