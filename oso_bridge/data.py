"""Finds ``schemas/`` and ``mappings/``: what the package carries, a checkout, plug-ins, the user's folder.

A later place overrides an earlier one, file by file:

1. the folder packed in the wheel (``oso_bridge/_data``), or in a checkout or an editable install the
   folders at the top of that checkout, never a stale copy;
2. packages that registered a folder under the entry point group ``oso_bridge.releases`` or ``oso_bridge.mappings``;
3. the user's folder: ``OSO_BRIDGE_DATA``, else ``~/.local/share/oso-bridge`` (``%APPDATA%`` on Windows).
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from oso_bridge.errors import DataError

PACKAGE = Path(__file__).resolve().parent
ENTRY_POINTS = "oso_bridge.releases"
MAPPINGS = "oso_bridge.mappings"
_CLEAR: list[Callable[[], None]] = []
_P = ParamSpec("_P")
_T = TypeVar("_T")


def cached(maxsize: int) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Keep what a function makes from data, until :func:`forget`.

    Args:
        maxsize: How many results are kept at the most.
    """

    def keep(function: Callable[_P, _T]) -> Callable[_P, _T]:
        kept = lru_cache(maxsize=maxsize)(function)
        _CLEAR.append(kept.cache_clear)
        return cast("Callable[_P, _T]", kept)

    return keep


def own_folder() -> Path:
    """The folder that holds ``schemas/``: the checkout when there is one, else what the wheel packed."""
    checkout = PACKAGE.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "schemas").is_dir():
        return checkout
    return PACKAGE / "_data"


def user_folder() -> Path:
    """The user's own folder; it need not exist."""
    named = os.environ.get("OSO_BRIDGE_DATA")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", "~")).expanduser() / "oso-bridge"
    return Path(os.environ.get("XDG_DATA_HOME", "~/.local/share")).expanduser() / "oso-bridge"


def plugin_folders() -> Iterator[Path]:
    """The folders of installed plug-ins.

    Raises:
        DataError: A plug-in cannot be loaded; the text names its distribution and the cause.
    """
    from importlib.metadata import entry_points

    found = [(name, point) for name in (ENTRY_POINTS, MAPPINGS) for point in entry_points(group=name)]
    for group, point in found:
        try:
            loaded = point.load()
            yield Path(loaded() if callable(loaded) else next(iter(loaded.__path__)))
        except Exception as error:
            name = point.dist.name if point.dist else point.value
            raise DataError(
                f"The plug-in {name} ({group}: {point.name}) cannot be loaded: {type(error).__name__}.",
                where=point.value,
                remedy="Repair or uninstall that distribution.",
            ) from error


@cached(maxsize=1)
def folders() -> tuple[Path, ...]:
    """Every data folder that exists, the weakest first."""
    found = [own_folder(), *plugin_folders(), user_folder()]
    return tuple(folder for folder in found if folder.is_dir())


def find(*parts: str) -> Path | None:
    """The strongest file or folder of that name, such as ``find("schemas", "oso", "rules.toml")``."""
    for folder in reversed(folders()):
        path = folder.joinpath(*parts)
        if path.exists():
            return path
    return None


def subfolders(*parts: str) -> dict[str, Path]:
    """Folders directly below that name in any data folder, by name; a stronger one wins."""
    found: dict[str, Path] = {}
    for folder in folders():
        parent = folder.joinpath(*parts)
        if parent.is_dir():
            found.update((path.name, path) for path in sorted(parent.iterdir()) if path.is_dir())
    return found


def load_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        DataError: The file is no TOML; the text says where.
    """
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name} is not valid TOML: {error}", where=str(path)) from error
    except RecursionError:
        raise DataError(f"{path.name} is not valid TOML: it is too deep.", where=str(path)) from None


@cached(maxsize=64)
def toml(*parts: str) -> dict[str, Any]:
    """Read a TOML file by name, once; empty when there is none."""
    path = find(*parts)
    return load_toml(path) if path else {}


def forget() -> None:
    """Forget everything that was made from data, after the environment or the folders changed."""
    for clear in _CLEAR:
        clear()
