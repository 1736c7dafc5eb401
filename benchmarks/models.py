"""What other libraries need before they can race: classes and models, made from our XSD when the race begins."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

TYPES: dict[str, type] = {
    "xs:boolean": bool,
    "xs:date": date,
    "xs:decimal": Decimal,
    "xs:int": int,
    "xs:integer": int,
}


def xsdata_classes(xsd: Path, folder: Path) -> Any:
    """The module of dataclasses that ``xsdata generate`` makes with its default settings."""
    tool = Path(sys.executable).with_name("xsdata")
    path = os.pathsep.join([str(tool.parent), os.environ.get("PATH", "")])
    subprocess.run(
        [str(tool), "generate", str(xsd), "--package", "race_classes"],
        cwd=folder,
        check=True,
        capture_output=True,
        env={**os.environ, "PATH": path},
    )
    sys.path.insert(0, str(folder))
    return importlib.import_module("race_classes")


class Models:
    """pydantic-xml models of a plan: one for each type with children.

    Args:
        plan: The file ``plan.json`` of a release.
    """

    def __init__(self, plan: Path) -> None:
        described = json.loads(plan.read_text("utf-8"))
        self.types: dict[str, Any] = described["types"]
        self.elements: dict[str, str] = described["elements"]
        self.namespace: str = described["namespace"]
        self.of = cache(self._of)

    def root(self, name: str) -> Any:
        """The model of a root element."""
        return self._model(self.elements[name], name)

    def _of(self, kind: str) -> Any:
        """The Python type of a type of the plan."""
        described = self.types.get(kind, {"simple": ""})
        if "content" in described:
            return self._model(kind, None)
        if "text" in described:
            return self._text_model(described)
        return TYPES.get(kind) or (self.of(described["simple"]) if described["simple"] in self.types else None) or str

    def _model(self, kind: str, tag: str | None) -> Any:
        from pydantic import create_model

        described = self.types[kind]
        repeated = "repeat" in described
        fields: dict[str, Any] = {}
        for particle in described["content"]:
            for item in particle.get("choice", [particle]):
                fields[_python(item["name"])] = self._field(item, repeated, "choice" in particle)
        return create_model(kind.replace("/", "_"), __base__=self._base(tag, repeated), **fields)

    def _field(self, item: dict[str, Any], repeated: bool, chosen: bool) -> Any:
        from pydantic_xml import element

        kind = self.of(item["type"])
        if repeated or item["max"] != 1:
            return (list[kind], element(tag=item["name"], ns="", default_factory=list))
        if chosen or item["min"] == 0:
            return (kind | None, element(tag=item["name"], ns="", default=None))
        return (kind, element(tag=item["name"], ns=""))

    def _text_model(self, described: dict[str, Any]) -> Any:
        from pydantic import create_model
        from pydantic_xml import attr

        names = [attribute["name"] for attribute in described["attributes"]]
        fields: dict[str, Any] = {name: (str | None, attr(name=name, default=None)) for name in names}
        return create_model("Text", __base__=self._base(None, False), content=(str, ""), **fields)

    def _base(self, tag: str | None, repeated: bool) -> Any:
        from pydantic_xml import BaseXmlModel

        # Only an unordered search finds the elements of a sequence that is repeated.
        mode = "unordered" if repeated else "strict"
        nsmap = {"": self.namespace}

        class Base(BaseXmlModel, tag=tag, ns="", nsmap=nsmap, search_mode=mode, skip_empty=True):  # type: ignore[call-arg,misc]
            pass

        return Base


def _python(name: str) -> str:
    return name.replace("-", "_")
