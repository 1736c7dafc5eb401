"""The documents of ``examples/``, whole or with a small edit, and how to compare reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lxml import etree

import oso_bridge as oso
from oso_bridge import plan, releases
from oso_bridge.plan import Plan, Tree
from oso_bridge.xml import reader
from oso_bridge.xml.places import Locator
from oso_bridge.xml.reader import Reading

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLES = CHECKOUT / "examples"
NAMES = sorted(path.name for path in EXAMPLES.glob("*.xml") if not path.stem.startswith(("edex", "uwlr")))
GOOD = [name for name in NAMES if name not in ("kapot.xml", "schemafout.xml")]
OSO = [release for release in releases.installed() if release.format == "oso"]
NAMESPACE = "http://www.edustandaard.nl/oso_gegevensset/2019/dossier"


def path(name: str) -> str:
    return str(EXAMPLES / name)


def raw(name: str = "povo.xml") -> bytes:
    return (EXAMPLES / name).read_bytes()


def edited(*edits: tuple[str, str], name: str = "povo.xml") -> bytes:
    """An example in which the first occurrence of each text is replaced."""
    text = raw(name).decode()
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text.encode()


def line_with(data: bytes, text: str, number: int = 1) -> int:
    """The line, counted from 1, that holds a text for the so-manieth time."""
    found = [at for at, line in enumerate(data.decode().splitlines(), start=1) if text in line]
    return found[number - 1]


def rules(report: oso.Report, layer: str | None = None) -> list[str]:
    return [finding.rule for finding in report.findings if layer in (None, finding.layer)]


def only(report: oso.Report, layer: str) -> oso.Finding:
    """The one finding of a layer."""
    (finding,) = (finding for finding in report.findings if finding.layer == layer)
    return finding


def states(report: oso.Report) -> dict[str, str]:
    return {layer.name: layer.state.value for layer in report.layers}


def timeless(report: oso.Report) -> str:
    """A report as JSON without its durations."""
    described = report.to_dict()
    for layer in described["layers"]:
        layer["duration"] = None
    return json.dumps(described, sort_keys=True)


def structure(types: dict[str, Any], root: str = "top") -> Tree:
    """A tree of a made-up structure without namespace."""
    return Plan({"format": 1, "namespace": None, "elements": {root: root}, "types": types}).tree(root)


def element(name: str, kind: str = "xs:string", least: int = 0, most: int | None = 1) -> dict[str, Any]:
    """A particle of a made-up structure."""
    return {"name": name, "type": kind, "min": least, "max": most}


def lenient(data: bytes, tree: Tree) -> tuple[Reading, Locator]:
    root = etree.fromstring(data)
    reading = reader.read_lenient(root, tree)
    return reading, Locator(reading, lambda: root)


def strict(data: bytes, tree: Tree) -> tuple[Reading, Locator]:
    root = etree.fromstring(data)
    reading = reader.read_strict(root, tree)
    return reading, Locator(reading, lambda: root)


def dossier_tree(root: str = "dossier") -> Tree:
    return plan.load(releases.release("oso/2019.1")).tree(root)
