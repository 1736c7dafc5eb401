"""Compiles the schema of a bundle in a process of its own: an XSD can ask for any amount of time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from oso_bridge.data import PACKAGE
from oso_bridge.errors import BundleRefused, DataError

_SECONDS = 120
_MEMORY = 2 << 30
_MOST_PLACES = 20_000
_SCRIPT = "import sys; sys.path[0:0] = [sys.argv[1]]; from oso_bridge.bundles.compiling import main; main()"


def compile_xsd(xsd: bytes, seconds: float = _SECONDS) -> dict[str, Any]:
    """The plan of a schema that stands by itself.

    Args:
        xsd: The schema.
        seconds: How long it may take.

    Raises:
        BundleRefused: It is no schema, holds what a record cannot keep, or takes too much time or memory.
    """
    command = [sys.executable, "-c", _SCRIPT, str(PACKAGE.parent), str(int(seconds) + 1)]
    try:
        done = subprocess.run(command, input=xsd, capture_output=True, timeout=seconds, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise BundleRefused("The schema of the bundle takes too long to compile.") from None
    told = _told(done.stdout) if done.returncode == 0 else None
    if told is None:
        raise BundleRefused("The schema of the bundle asks for too much, or breaks the compiler.")
    if "refused" in told:
        raise BundleRefused(f"The schema of the bundle cannot be used: {told['refused']}")
    plan: dict[str, Any] = told["plan"]
    return plan


def _told(output: bytes) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads(output)
    except ValueError:
        return None
    return told


def main() -> None:
    """Read a schema from standard input, and write its plan, or why there is none, to standard output."""
    _limit(int(sys.argv[2]))
    sys.stdout.write(json.dumps(_compiled(sys.stdin.buffer.read())))


def _limit(seconds: int) -> None:
    """Bound the time and memory of this process, where the system can."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _compiled(xsd: bytes) -> dict[str, Any]:
    """The plan, when libxml2 takes the schema too."""
    from lxml import etree

    from oso_bridge.xml import compiler

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "dossier.xsd")
        file.write_bytes(xsd)
        try:
            plan = compiler.compile_plan(file)
            etree.XMLSchema(etree.fromstring(xsd))
            _refuse_endless(plan)
        except DataError as error:
            return {"refused": error.what}
        except etree.XMLSchemaParseError:
            return {"refused": "libxml2 does not take it."}
    return {"plan": plan}


def _refuse_endless(plan: dict[str, Any]) -> None:
    """Refuse types that unroll to very many places: ten in ten in ten is soon more than a memory holds."""
    counted: dict[str, int] = {}

    def places(kind: str) -> int:
        if kind not in counted:
            content = plan["types"].get(kind, {}).get("content", ())
            items = [item for particle in content for item in particle.get("choice", (particle,))]
            counted[kind] = 1 + sum(places(item["type"]) for item in items)
        return counted[kind]

    if max((places(kind) for kind in plan["elements"].values()), default=0) > _MOST_PLACES:
        raise DataError(f"the structure has more than {_MOST_PLACES} places.")
