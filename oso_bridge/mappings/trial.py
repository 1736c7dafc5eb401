"""``mapping test``: a mapping tried on its own examples, there and back."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oso_bridge.errors import FieldError, OsoBridgeError
from oso_bridge.mappings import outside
from oso_bridge.mappings.places import tree_of
from oso_bridge.mappings.shapes.base import SAFE

if TYPE_CHECKING:
    from oso_bridge.mappings.engine import Mapping

STEM = "voorbeeld"


def trial(mapping: Mapping) -> list[str]:
    """What goes wrong with the examples of a mapping; the examples are its own, so places may be told."""
    inside, table = mapping.folder / f"{STEM}.json", mapping.folder / f"{STEM}.{mapping.shape}"
    if mapping.shape == "json":
        table = mapping.folder / f"{STEM}.rijen.json"
    elif mapping.shape == "fixed":
        table = mapping.folder / STEM
    absent = [path.name for path in (inside, table) if not path.exists()]
    if absent:
        return [f"there is no {name}" for name in absent]
    try:
        return list(_tried(mapping, _models(mapping, inside), table))
    except (OsoBridgeError, ValueError) as error:
        return [str(error)]


def _models(mapping: Mapping, file: Path) -> list[Any]:
    found = json.loads(file.read_text(encoding="utf-8"))
    try:
        return [mapping.layout.model.model_validate(item) for item in (found if isinstance(found, list) else [found])]
    except FieldError as error:
        raise ValueError(f"{file.name}: {error.what}") from None


def _tried(mapping: Mapping, models: list[Any], table: Path) -> Iterator[str]:
    undeclared = [loss for loss in mapping.losses(models, sensitive=True) if not loss.declared]
    if undeclared:
        yield from (f"{loss.path} is lost, and no loss says so" for loss in undeclared)
        return
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / table.name
        mapping.export(models, made, sensitive=True)
        yield from (f"written: {text}" for text in _unlike(mapping, made, table))
        # what files of fixed width are written in cannot be told from a few letters
        read = mapping.read(table, encoding=mapping.layout.encoding if mapping.shape == "fixed" else None)
        yield from (f"read: {finding.text('en')}" for finding in read.report.findings)
        expected = [tree_of(model) for model in mapping.read(made).dossiers]
        if [tree_of(model) for model in read.dossiers] != expected or len(expected) != len(models):
            yield "read: the example in the model and that in the table are not the same"
        again = Path(folder) / f"again{table.suffix}"
        mapping.export(read.dossiers, again, sensitive=True)
        yield from (f"there and back: {text}" for text in _unlike(mapping, again, table))


def _unlike(mapping: Mapping, made: Path, wanted: Path) -> Iterator[str]:
    """The sheets and rows in which two tables are not the same."""
    one, other = (outside.reader(mapping.layout, path, None, SAFE) for path in (made, wanted))
    try:
        for _, sheet in mapping.layout.tables():
            if one.has(sheet.name) != other.has(sheet.name):
                yield f"the sheet {sheet.name} is in one of the two only"
            elif one.has(sheet.name):
                pairs = zip_longest(one.rows(sheet.name), other.rows(sheet.name))
                wrong = next((n for n, (a, b) in enumerate(pairs, 1) if not a or not b or a.cells != b.cells), None)
                if wrong is not None:
                    yield f"row {wrong} of the sheet {sheet.name} is not that of the example"
    finally:
        one.close()
        other.close()
