"""Which fields of the model take their codes from which list."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from oso_bridge.model.codes import Code
from oso_bridge.model.dossier import Dossier


@cache
def coded_fields() -> dict[str, int]:
    """The number of the code list of every field that takes codes.

    Returns:
        By the path of the field from the dossier on, such as ``leerling.verzorgers[].geslacht``; ``[]`` stands for any
        item of a list.
    """
    return dict(_coded(Dossier, ""))


def _coded(part: type[BaseModel], path: str) -> Iterator[tuple[str, int]]:
    """The fields with codes below a part."""
    for name, field in part.model_fields.items():
        kind, several = kind_of(field.annotation)
        step = f"{path}.{name}" if path else name
        below = step + "[]" if several else step
        if issubclass(kind, Code):
            yield below, kind.lijst
        elif issubclass(kind, BaseModel):
            yield from _coded(kind, below)


def kind_of(annotation: Any) -> tuple[type, bool]:
    """The type of one value of a field (``object`` when it is no single type), and whether it holds several."""
    for inner in get_args(annotation):
        kind, several = kind_of(inner)
        if issubclass(kind, (Code, BaseModel)):
            return kind, several or get_origin(annotation) is list
    return (annotation if isinstance(annotation, type) and not get_args(annotation) else object), False
