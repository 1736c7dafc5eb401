"""The race: our check beside other libraries, in one process, turn by turn, on the same documents.

Every turn gets a text that was changed and bytes that are new, so nothing can be kept from one document
to the next.  What is shown is the median of the ratios to bare lxml (parse + XSD) of the same round: ratios
can be compared between machines, times cannot.

Usage: ``python benchmarks/race.py [FILE]``; without a file the three of :mod:`make_files`.
"""

from __future__ import annotations

import gc
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import make_files
import models
from lxml import etree

import oso_bridge as oso
from oso_bridge import data

CHECK = ("wellformed", "schema", "codes", "rules")
ROUNDS = 21
ROUND_SECONDS = 0.01
NAMESPACE = {"d": make_files.NAMESPACE}


@dataclass(frozen=True)
class Contender:
    """One way to take in a dossier.

    Attributes:
        name: What the table calls it.
        take: Takes the bytes in; returns False, or raises, when it refuses them.
        back: Takes them in and writes them again; None when it only gives a verdict.
    """

    name: str
    take: Callable[[bytes], bool]
    back: Callable[[bytes], bytes] | None = None


def lxml_contender(xsd: Path) -> Contender:
    schema = etree.XMLSchema(etree.parse(xsd))
    return Contender(
        "lxml: parse + XSD",
        lambda raw: bool(schema.validate(etree.fromstring(raw))),
        lambda raw: bytes(etree.tostring(etree.fromstring(raw))),
    )


def own_contenders() -> list[Contender]:
    def back(raw: bytes) -> bytes:
        return oso.write(oso.read(raw))

    def dossier(raw: bytes) -> bool:
        """Read, the required layers, and the dossier as types, each of its values touched."""
        document = oso.read(raw)
        found = document.dossier()
        return bool(found.model_dump()) and oso.check(document, layers=CHECK).ok

    def through_model(raw: bytes) -> bytes:
        return oso.write(oso.read(raw).dossier(), release="oso/2019.1", check=False)

    return [
        Contender("oso_bridge: check", lambda raw: oso.check(raw, layers=CHECK).ok, back),
        Contender("oso_bridge: check + integrity", lambda raw: oso.check(raw).ok, back),
        Contender("oso_bridge: check + Dossier", dossier, through_model),
        Contender("oso_bridge: checked write", writer(), through_model),
    ]


def writer() -> Callable[[bytes], bool]:
    """Writes and checks a dossier that stands ready, with the text of this turn in it."""
    kept: dict[int, Any] = {}

    def take(raw: bytes) -> bool:
        key = len(raw) // 1000
        if key not in kept:
            kept[key] = oso.read(raw).dossier()
        kept[key].levering.pakketversie = raw[:2000].decode().partition("<pakketversie>")[2].partition("<")[0]
        return bool(oso.write(kept[key], release="oso/2019.1"))

    return take


def xmlschema_contender(xsd: Path) -> Contender:
    import xmlschema

    schema = xmlschema.XMLSchema(str(xsd), allow="local")
    return Contender("xmlschema: validate", lambda raw: bool(schema.is_valid(raw)))


def xsdata_contender(xsd: Path, folder: Path) -> Contender:
    from xsdata.formats.dataclass.parsers import XmlParser
    from xsdata.formats.dataclass.serializers import XmlSerializer

    root = models.xsdata_classes(xsd, folder).Dossier
    parser, serializer = XmlParser(), XmlSerializer()
    return Contender(
        "xsdata: parse",
        lambda raw: bool(parser.from_bytes(raw, root)),
        lambda raw: serializer.render(parser.from_bytes(raw, root)).encode(),
    )


def pydantic_contender(plan: Path) -> Contender:
    root = models.Models(plan).root("dossier")
    return Contender(
        "pydantic-xml: parse",
        lambda raw: bool(root.from_xml(raw)),
        lambda raw: bytes(root.from_xml(raw).to_xml(exclude_none=True)),
    )


def contenders(folder: Path) -> list[Contender]:
    """All contenders, the one that counts as 1 first."""
    xsd, plan = (data.find("schemas", "oso", "2019.1", name) for name in ("dossier.xsd", "plan.json"))
    if xsd is None or plan is None:
        raise SystemExit("The schema of release 2019.1 is not there; `oso-bridge doctor` says where it is looked for.")
    others = [xmlschema_contender(xsd), xsdata_contender(xsd, folder), pydantic_contender(plan)]
    return [lxml_contender(xsd), *own_contenders(), *others]


def editions(raw: bytes) -> Iterator[bytes]:
    """The same dossier again and again, each time with another text and in new bytes."""
    for number in count(1):
        yield re.sub(rb"(<pakketversie>)[^<]*", rb"\g<1>%d" % number, raw, count=1)


def race(raw: bytes, runners: list[Contender]) -> list[float]:
    """The median ratio of each runner to the first."""
    source = editions(raw)
    for runner in runners:
        runner.take(next(source))
    laps = max(1, int(ROUND_SECONDS / lap(runners[0], next(source))))
    ratios: list[list[float]] = [[] for _ in runners]
    order = random.Random(1)
    for _ in range(ROUNDS):
        times = [0.0] * len(runners)
        for _ in range(laps):
            # In a fixed order each would find the memory that the same neighbour left.
            for place in order.sample(range(len(runners)), len(runners)):
                times[place] += lap(runners[place], next(source))
        for place, taken in enumerate(times):
            ratios[place].append(taken / times[0])
    return [statistics.median(of_one) for of_one in ratios]


def lap(runner: Contender, raw: bytes) -> float:
    """Seconds for one document, until it is freed again."""
    start = time.perf_counter()
    runner.take(raw)
    return time.perf_counter() - start


def spoiled(raw: bytes) -> dict[str, bytes]:
    """The dossier with one fault: what is missing, what breaks a pattern, what breaks a rule."""

    def without(root: Any) -> None:
        element = root.find("d:metadata/d:pakketnaam", NAMESPACE)
        element.getparent().remove(element)

    def pattern(root: Any) -> None:
        root.find(".//d:brincode", NAMESPACE).text = "x"

    def code(root: Any) -> None:
        root.find("d:overdrachtsoort", NAMESPACE).text = "x"

    result = {}
    for spoil in (without, pattern, code):
        root = etree.fromstring(raw)
        spoil(root)
        result[spoil.__name__] = bytes(etree.tostring(root))
    return result


def accepts(runner: Contender, raw: bytes) -> bool:
    """Whether a runner takes a document as good; an exception is a refusal."""
    try:
        return runner.take(raw)
    except Exception:
        return False


def validates(runner: Contender, raw: bytes) -> str:
    """What a runner was seen to refuse."""
    if not accepts(runner, raw):
        return "refuses it as it is"
    seen = [fault for fault, broken in spoiled(raw).items() if not accepts(runner, broken)]
    names = {0: "nothing", 1: "partly", 2: "schema", 3: "schema and rules"}
    return names[len(seen)]


def same(left: Any, right: Any) -> bool:
    """Whether two elements are the same tree; blank space between elements aside."""
    if left.tag != right.tag or dict(left.attrib) != dict(right.attrib) or len(left) != len(right):
        return False
    if not len(left) and (left.text or "") != (right.text or ""):
        return False
    return all(same(one, other) for one, other in zip(left, right, strict=True))


def round_trip(runner: Contender, raw: bytes) -> str:
    """Whether what a runner writes is what it read."""
    if runner.back is None:
        return "does not write"
    try:
        written = runner.back(raw)
    except Exception as error:
        return f"no ({type(error).__name__})"
    return "right" if same(etree.fromstring(raw), etree.fromstring(written)) else "not the same tree"


def table(name: str, raw: bytes, runners: list[Contender]) -> None:
    """Race on one document and print how it went."""
    elements = sum(1 for _ in etree.fromstring(raw).iter("*"))
    print(f"\n{name}: {elements:,} elements, {len(raw) / 1000:,.0f} KB")
    print(f"  {'':32}{'ratio':>7}  {'validates':22}round trip")
    for runner, ratio in zip(runners, race(raw, runners), strict=True):
        print(f"  {runner.name:32}{ratio:7.2f}  {validates(runner, raw):22}{round_trip(runner, raw)}")


def start_up(sample: Path) -> None:
    """Print what a cold start costs, beside the two imports that cannot be done without."""
    code = "from oso_bridge.cli import main; import sys; sys.argv[0] = 'oso-bridge'; main()"
    script = Path(sys.executable).with_name("oso-bridge")
    check = [str(script)] if script.exists() else [sys.executable, "-c", code]
    commands = {
        "import pydantic and lxml": [sys.executable, "-c", "from pydantic import BaseModel; import lxml.etree"],
        "import oso_bridge": [sys.executable, "-c", "import oso_bridge"],
        "oso-bridge check, one file": [*check, "check", str(sample)],
    }
    ratios: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        times = {name: run(command) for name, command in commands.items()}
        first = next(iter(times.values()))
        for name, taken in times.items():
            ratios[name].append(taken / first)
    print("\nCold start, whole processes, interpreter included")
    for name, of_one in ratios.items():
        print(f"  {name:32}{statistics.median(of_one):7.2f}")


def run(command: list[str]) -> float:
    """Seconds for one process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def documents(arguments: list[str]) -> dict[str, bytes]:
    """The documents to race on, by name."""
    if not arguments:
        return {name: make_files.make(name) for name in make_files.SIZES}
    if not Path(arguments[0]).is_file():
        raise SystemExit(f"There is no file {arguments[0]}.")
    raw = Path(arguments[0]).read_bytes()
    if etree.QName(etree.fromstring(raw)).text != f"{{{make_files.NAMESPACE}}}dossier":
        raise SystemExit("The race is for a dossier of release 2019.1: the other contenders are made from its schema.")
    return {Path(arguments[0]).name: raw}


def main(arguments: list[str]) -> None:
    """Race on every document and print a table of each."""
    print("Ratios to lxml parse + XSD of the same document; medians of interleaved rounds, new bytes every time.")
    with tempfile.TemporaryDirectory() as folder:
        runners = contenders(Path(folder))
        # the classes and schemas of nine libraries are no garbage of any of them: going over all of that again and
        # again would be charged to whoever makes most objects at the time
        gc.collect()
        gc.freeze()
        for name, raw in documents(arguments).items():
            table(name, raw, runners)
        sample = Path(folder) / "sample.xml"
        sample.write_bytes(make_files.make("plain"))
        start_up(sample)


if __name__ == "__main__":
    main(sys.argv[1:])
