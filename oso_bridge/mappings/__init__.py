"""Mappings: two-way tables between the models and outside shapes: CSV, XLSX, files of fixed width and rows of JSON.

==============  =============================================================================
``engine``      ``Mapping``: export, read, losses, test
``layout``      a mapping, compiled: sheets, columns, losses
``rows``        ``mapping.toml`` to a layout; ``toml`` its files, ``draft`` its sheets, ``everything`` the word ``all``,
                ``lost`` its losses
``words``       types and the other words that say how a value stands in a cell
``places``      paths in a model, and trees of plain values
``export``      models to tables; ``build`` one tree to rows, ``losses`` what is lost
``reading``     tables to models; ``gather`` rows by their keys, ``assembly`` rows to one tree, ``frames`` the roots
                behind the rows of a main list
``shapes``      csv, xlsx, json, fixed; ``outside`` chooses one
``guess``       a first mapping out of a sample
``trial``       a mapping tried on its own examples
``notes``       findings with file, sheet, line and column
==============  =============================================================================

A mapping is a folder with a ``mapping.toml``, below ``mappings/`` of a data folder or anywhere.  The package has the
plural name because ``oso_bridge.mapping`` is the function.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from oso_bridge import data
from oso_bridge.data import cached
from oso_bridge.errors import UsageError, choose
from oso_bridge.mappings.engine import Entry, Mapping, Place, Preview, Read, Reading, TableCounter, TableWriter
from oso_bridge.mappings.losses import MappingLoss
from oso_bridge.mappings.rows import load
from oso_bridge.mappings.shapes.base import TableLimits
from oso_bridge.mappings.toml import FILE

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = [
    "Entry",
    "Mapping",
    "MappingLoss",
    "Place",
    "Preview",
    "Read",
    "Reading",
    "TableCounter",
    "TableLimits",
    "TableWriter",
    "available",
    "mapping",
    "models",
]

FOLDER = "mappings"


def mapping(name: str | os.PathLike[str]) -> Mapping:
    """A mapping by its name, or by the folder it is in.

    Args:
        name: One of :func:`available`, such as ``oso-csv``; or the path of a folder that holds a ``mapping.toml``.

    Raises:
        DataError: Its ``mapping.toml`` is wrong; the text says where and what.
        UsageError: There is no such mapping.
    """
    file = _file(os.fspath(name))
    return _loaded(file, file.stat().st_mtime_ns)


@cached(maxsize=32)
def _loaded(file: Path, changed: int) -> Mapping:
    """The mapping in a file, compiled once for as long as the file stays the same."""
    del changed
    from oso_bridge.render.labels import label

    return Mapping(file.parent.name, file.parent, load(file, models(), _file, label))


def available() -> list[str]:
    """The names of the mappings that are installed."""
    found = data.subfolders(FOLDER)
    return sorted(name for name, folder in found.items() if (folder / FILE).is_file())


def models() -> dict[str, type[BaseModel]]:
    """The classes that a mapping may name as its model."""
    from oso_bridge import model

    return {name: part for name in model.__all__ if hasattr(part := getattr(model, name), "model_fields")}


def _file(name: str) -> Path:
    """The ``mapping.toml`` of a mapping."""
    folder = Path(name)
    if (folder / FILE).is_file() and (os.sep in name or "/" in name or name not in available()):
        return (folder / FILE).resolve()
    installed = data.subfolders(FOLDER).get(name)
    if installed is None or not (installed / FILE).is_file():
        raise UsageError(f"There is no mapping {name!r}.", remedy=choose(name, available()))
    return installed / FILE
