"""``oso-bridge doctor``: what this installation consists of, and whether it is healthy."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, entry_points, version
from typing import TYPE_CHECKING

import typer

from oso_bridge._version import __version__
from oso_bridge.cli import output
from oso_bridge.errors import OsoBridgeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import EntryPoint

_PACKAGES = ("pydantic", "lxml", "xmlschema", "typer", "rich", "zeep", "requests", "cryptography", "python-stdnum")
_EXTRAS = ("saxonche", "paramiko", "pyzipper", "signxml")
_GROUPS = ("transports", "mappings", "releases", "renderers", "commands")


def command() -> None:
    """Say what this installation consists of and whether it is healthy.

    Exit code 1 when something is broken.
    """
    faults: list[str] = []
    lines = [*_versions(), "", *_data(faults), "", *_plugins(faults)]
    verdict = [f"Broken: {fault}" for fault in faults] or ["Nothing is broken."]
    output.write("\n".join([*lines, "", *verdict]) + "\n")
    raise typer.Exit(1 if faults else 0)


def _versions() -> Iterator[str]:
    from lxml import etree

    yield f"oso_bridge {__version__}"
    yield f"Python {platform.python_version()} ({sys.executable}) on {platform.system()} {platform.machine()}"
    built, running = (".".join(map(str, numbers)) for numbers in (etree.LIBXML_COMPILED_VERSION, etree.LIBXML_VERSION))
    yield f"libxml2 {running}" + (f" (lxml was built with {built})" if built != running else "")
    for name in (*_PACKAGES, *_EXTRAS):
        yield f"{name} {_version(name)}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is not installed"


def _data(faults: list[str]) -> Iterator[str]:
    """The folders with data and the releases in them."""
    from oso_bridge import data
    from oso_bridge.releases import installed

    try:
        yield from (f"Data: {folder}" for folder in data.folders())
        found = [release.id for release in installed()]
    except OsoBridgeError as error:
        faults.append(str(error))
        return
    yield f"Releases: {', '.join(found) or 'none'}"
    if not found:
        faults.append("There are no releases. Install the package again.")


def _plugins(faults: list[str]) -> Iterator[str]:
    """Every plug-in, loaded to see whether it can be."""
    count = 0
    for group in _GROUPS:
        for point in entry_points(group=f"oso_bridge.{group}"):
            count += 1
            yield f"Plug-in {group}: {point.name} ({_maker(point)}) {_state(point, faults)}"
    if not count:
        yield "Plug-ins: none"


def _maker(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def _state(point: EntryPoint, faults: list[str]) -> str:
    try:
        point.load()
    except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way
        cause = f"{type(error).__name__}: {error}"
        faults.append(f"{point.value} of {_maker(point)}: {cause}")
        return f"is broken ({cause})"
    return "works"
