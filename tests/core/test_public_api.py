"""The public API is a promise: its names and signatures stand in public_api.txt."""

from __future__ import annotations

import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import oso_bridge as oso

from .samples import CHECKOUT

SNAPSHOT = Path(__file__).with_name("public_api.txt")
RENEW = "OSO_BRIDGE_RENEW"
TOLD = f"""The public API is not what {SNAPSHOT.name} holds. When that is meant:
1. write the change in CHANGELOG.md (leaving a name out, or changing a signature so that old calls fail, needs a
   new major version, or a minor one before 1.0);
2. renew the file: {RENEW}=1 python -m pytest tests/core/test_public_api.py"""


def annotation(value: object) -> str:
    return value if isinstance(value, str) else getattr(value, "__name__", str(value))


def signature(name: str, what: object) -> str:
    """A name with its public parameters, written the same under every Python."""
    assert callable(what)
    found = inspect.signature(what)
    public = [item for item in found.parameters.values() if not item.name.startswith("_")]
    shown = str(inspect.Signature([item.replace(annotation=inspect.Parameter.empty) for item in public]))
    types = ", ".join(f"{item.name}: {annotation(item.annotation)}" for item in public if item.name != "self")
    returned = "" if inspect.isclass(what) else f" -> {annotation(found.return_annotation)}"
    return f"{name}{shown}{returned}" + (f"    [{types}]" if types else "")


def members(name: str, kind: type) -> list[str]:
    """The public methods and properties that a class of this package has of itself or of its own bases."""
    found = {}
    for base in reversed([base for base in kind.__mro__ if base.__module__.startswith("oso_bridge")]):
        found.update({key: value for key, value in vars(base).items() if not key.startswith("_")})
    lines = []
    for key, value in sorted(found.items()):
        if isinstance(value, property):
            lines.append(f"{name}.{key}: {annotation(inspect.signature(value.fget).return_annotation)}")  # type: ignore[arg-type]
        elif isinstance(value, (classmethod, staticmethod)) or inspect.isfunction(value):
            lines.append(signature(f"{name}.{key}", getattr(kind, key)))
    return lines


def described(name: str) -> list[str]:
    value = getattr(oso, name)
    if isinstance(value, str):
        return [f"{name}: str"]
    if inspect.isclass(value):
        values = [f"{name}.{item.name} = {item.value}" for item in value] if issubclass(value, str) else []  # type: ignore[attr-defined]
        warning = issubclass(value, Warning)  # made in C, with a signature that nobody can ask for
        head = f"class {name}" if values or warning else signature(f"class {name}", value)
        return [head, *values, *([] if values else members(name, value))]
    return [signature(name, value)]


def snapshot() -> str:
    return "".join(f"{line}\n" for name in oso.__all__ for line in described(name))


def test_the_public_api_is_what_was_promised() -> None:
    if os.environ.get(RENEW):
        SNAPSHOT.write_text(snapshot(), encoding="utf-8")
    promised = SNAPSHOT.read_text(encoding="utf-8") if SNAPSHOT.is_file() else ""
    assert snapshot().splitlines() == promised.splitlines(), TOLD


def test_every_name_is_sorted_loaded_when_used_and_documented() -> None:
    assert sorted(set(oso.__all__)) == list(oso.__all__) == dir(oso)
    for name in oso.__all__:
        value = getattr(oso, name)
        assert isinstance(value, str) or inspect.getdoc(value), name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'oso_bridge' has no attribute 'nergens'"):
        getattr(oso, "nergens")  # noqa: B009


def test_the_names_for_type_checkers_are_the_same() -> None:
    homes = {name: home for home, names in oso._HOMES.items() for name in names}
    assert set(homes) | {"__version__"} == set(oso.__all__)
    for name, home in homes.items():
        assert getattr(importlib.import_module(f"oso_bridge.{home}"), name) is getattr(oso, name)


def test_importing_the_package_loads_next_to_nothing() -> None:
    probe = "import sys, oso_bridge; print(sorted(n for n in sys.modules if n.startswith(('oso_bridge', 'lxml'))))"
    ran = subprocess.run([sys.executable, "-c", probe], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['oso_bridge', 'oso_bridge._version', 'oso_bridge.lazy']"
