"""Many documents: how much faster two processes are than one, and how much memory ten times as many documents take.

Everything is a run of the program in a process of its own, from the start to the end of it.  The two numbers of
processes take turns, in another order every round, and what is shown is the median of the ratios of the rounds.  The
memory is that of the program and all processes it started, seen many times a second.

Usage: ``python benchmarks/batch.py [--rounds 5] [--number 1000] [--large 10000]``
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import make_files

PROGRAM = [sys.executable, "-m", "oso_bridge.cli"]
EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "povo.xml"
SAMPLES_A_SECOND = 20
WANTED_PACE, WANTED_MEMORY = 1.7, 1.1


def different(raw: bytes, number: int) -> bytes:
    """The same dossier with another text in it."""
    return re.sub(rb"(<pakketversie>)[^<]*", rb"\g<1>%d" % number, raw, count=1)


def write(folder: Path, raw: bytes, number: int) -> Path:
    """A folder with so many dossiers, all different."""
    folder.mkdir(parents=True)
    for index in range(number):
        (folder / f"{index:05}.xml").write_bytes(different(raw, index))
    return folder


def commands(folder: Path, out: Path) -> Iterator[tuple[str, list[str]]]:
    """What is run, by name."""
    yield "check", ["check", "--summary", str(folder)]
    yield "convert", ["convert", "--to", "oso/2016.1", "--quiet", "--output", str(out), str(folder)]


def run(arguments: list[str], workers: int) -> float:
    """The time of a run, in seconds."""
    start = time.perf_counter()
    done = subprocess.run([*PROGRAM, *arguments, "--workers", str(workers)], capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    return time.perf_counter() - start


def pace(arguments: list[str], rounds: int) -> list[float]:
    """How many times faster two processes are than one, each round."""
    found = []
    for _ in range(rounds):
        order = random.sample((1, 2), 2)
        took = {workers: run(arguments, workers) for workers in order}
        found.append(took[1] / took[2])
    return found


def family(root: int) -> set[int]:
    """A process and all below it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found, before = {root}, 0
    while len(found) > before:
        before = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found


def memory(processes: set[int]) -> int:
    """The memory of processes in kilobytes: what they share is divided among them, and libraries count once."""
    own, libraries = 0, 0
    for process in processes:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
        except OSError:
            continue
        told = {line.partition(":")[0]: int(line.split()[1]) for line in lines}
        own += told["Pss_Anon"]
        libraries = max(libraries, told["Rss"] - told["Anonymous"])
    return own + libraries


def peak(arguments: list[str], workers: int) -> int:
    """The most memory that a run has at any moment."""
    most = 0
    with subprocess.Popen(
        [*PROGRAM, *arguments, "--workers", str(workers)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            most = max(most, memory(family(process.pid)))
            time.sleep(1 / SAMPLES_A_SECOND)
    return most


def told(name: str, ratios: list[float], wanted: str) -> None:
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"  {name:<32} {statistics.median(ratios):>6.2f}   ({spread}; wanted {wanted})", flush=True)


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--large", type=int, default=10_000)
    parser.add_argument("--only", choices=("pace", "memory"))
    given = parser.parse_args()
    kinds = {"as schools send": make_files.make("rich"), "small": EXAMPLE.read_bytes()}
    with tempfile.TemporaryDirectory() as place:
        top = Path(place)
        folders = {name: write(top / name.replace(" ", "-"), raw, given.number) for name, raw in kinds.items()}
        if given.only != "memory":
            print(f"{given.number} dossiers, {os.cpu_count()} processors: times faster with 2 processes than with 1")
            for kind, folder in folders.items():
                for name, arguments in commands(folder, top / "out"):
                    told(f"{name}, {kind}", pace(arguments, given.rounds), f">= {WANTED_PACE}")
        if given.only != "pace" and Path("/proc/self/smaps_rollup").exists():
            print(f"peak memory with {given.large} dossiers, to that with {given.number}")
            large = write(top / "large", kinds["small"], given.large)
            for workers in (1, 2):
                for few, many in zip(
                    commands(folders["small"], top / "few"), commands(large, top / "many"), strict=True
                ):
                    ratio = peak(many[1], workers) / peak(few[1], workers)
                    told(f"{few[0]}, {workers} process(es)", [ratio], f"<= {WANTED_MEMORY}")


if __name__ == "__main__":
    main()
