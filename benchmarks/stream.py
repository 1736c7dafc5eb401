"""A large file of pupils, checked piece by piece: the memory it takes, and what a pupil costs beside a small file.

Everything is measured in a process of its own, which counts the processor time of the work only; what is compared
takes turns, and what is shown is the median of the ratios of the rounds.  Beside the check stands what libxml2 takes
for the same file with the same XSD, and what it takes to get the pupils one by one as JSON, and to map them to CSV.

Usage: ``python benchmarks/stream.py [--rounds 3] [--small 2000] [--large 200000]``
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import make_las

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "schemas" / "edexml" / "2.1" / "edexml.xsd"
REPEAT = 5  # the small file takes so little that its time is the best of several
WANTED_MEMORY, WANTED_GROWTH, WANTED_SCHEMA = 300, 1.2, 4.0
BODIES = {
    "check": "ok = oso.check(file, stream=True).ok",
    "json": """
with open(os.devnull, "w") as out:
    ok = all(item.ok and json.dump(item.record, out) is None for item in oso.stream(file))
""",
    "csv": """
with oso.mapping("administratie-csv").writer(file + ".csv") as table:
    ok = streaming.into_table(oso.stream(file), table) is None
""",
    "iterparse": """
for _, element in etree.iterparse(file, events=("end",), tag="leerling", schema=schema):
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]
ok = True
""",
}
SCRIPT = """
import gc, json, os, resource, sys, time
from lxml import etree
import oso_bridge as oso
from oso_bridge import streaming
file, repeat = sys.argv[1], int(sys.argv[2])
schema = etree.XMLSchema(etree.parse({schema!r}))
def work(file):
{body}
    return ok
work({warm!r})
took = []
for _ in range(repeat):
    start = time.process_time()
    assert work(file)
    took.append(time.process_time() - start)
print(json.dumps([min(took), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def measured(kind: str, file: Path, warm: Path, repeat: int = 1) -> tuple[float, float]:
    """The time of some work, and the most memory in MB of the process that does it."""
    body = "\n".join(f"    {line}" for line in BODIES[kind].strip().splitlines())
    script = SCRIPT.format(schema=str(SCHEMA), body=body, warm=str(warm))
    command = [sys.executable, "-c", script, str(file), str(repeat)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    time, memory = json.loads(done.stdout)
    return time, memory


def told(name: str, ratios: list[float], wanted: str, digits: int = 2) -> None:
    spread = f"{min(ratios):.{digits}f} to {max(ratios):.{digits}f}"
    print(f"  {name:<56} {statistics.median(ratios):>7.{digits}f}   ({spread}{wanted})", flush=True)


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", type=int, default=2000)
    parser.add_argument("--large", type=int, default=200_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        top = Path(place)
        few = make_las.write(given.small, top / "few.xml")
        many = make_las.write(given.large, top / "many.xml")
        runs = {"few": (few, "check", REPEAT), "check": (many, "check", 1), "schema": (many, "iterparse", 1)}
        runs |= {"json": (many, "json", 1), "csv": (many, "csv", 1), "csv of few": (few, "csv", REPEAT)}
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
        for _ in range(given.rounds):
            for name in random.sample(sorted(runs), len(runs)):
                file, kind, repeat = runs[name]
                found[name].append(measured(kind, file, few, repeat))
    times = {name: [time for time, _ in pairs] for name, pairs in found.items()}
    growth = given.large / given.small
    print(f"{given.large} pupils, {many_size(given.large)} MB, beside {given.small}")
    told("peak memory of the check, in MB", [memory for _, memory in found["check"]], f"; wanted < {WANTED_MEMORY}", 0)
    told("peak memory of iterparse with our XSD, in MB", [memory for _, memory in found["schema"]], "", 0)
    told("peak memory of one by one as JSON, in MB", [memory for _, memory in found["json"]], "", 0)
    told(
        "peak memory of mapping to CSV, in MB", [memory for _, memory in found["csv"]], f"; wanted < {WANTED_MEMORY}", 0
    )
    pairs = [many / growth / few for many, few in zip(times["check"], times["few"], strict=True)]
    told("check, time of a pupil, to that in the small file", pairs, f"; wanted <= {WANTED_GROWTH}")
    pairs = [many / growth / few for many, few in zip(times["csv"], times["csv of few"], strict=True)]
    told("mapping, time of a pupil, to that in the small file", pairs, f"; wanted <= {WANTED_GROWTH}")
    pairs = [check / schema for check, schema in zip(times["check"], times["schema"], strict=True)]
    told("check, to iterparse with our XSD", pairs, f"; wanted <= {WANTED_SCHEMA}")
    pairs = [one / check for one, check in zip(times["json"], times["check"], strict=True)]
    told("one by one, checked and as JSON, to the check", pairs, "")
    pairs = [csv / check for csv, check in zip(times["csv"], times["check"], strict=True)]
    told("one by one, checked and mapped to CSV, to the check", pairs, "")


def many_size(number: int) -> int:
    """The size of a file of so many pupils, in MB."""
    return sum(map(len, make_las.administration(1000))) * number // 1_000_000_000


if __name__ == "__main__":
    main()
