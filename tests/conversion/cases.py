"""The documents that are converted from every release to every other one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from binding.samples import EXAMPLES, full_record, release_of, tree_of

import oso_bridge as oso
from oso_bridge import profiles
from oso_bridge.fiction.make import available, make
from oso_bridge.releases import release
from oso_bridge.xml.writer import write_record

from .generated import filled
from .oracle import VERSIONS

SEEDS = int(os.environ.get("OSO_SEEDS", "1"))
NOWHERE = "the reference documents are not here; OSO_CASES names their folder"


def references(version: str) -> list[Path]:
    """The reference documents of a release; none where they are absent."""
    named = os.environ.get("OSO_CASES")
    return sorted(Path(named).glob(f"**/oso/{version}/*.xml")) if named else []


def generated(version: str) -> Iterator[tuple[str, bytes]]:
    """Documents that fill every place: by the structure, by the plan, and by profile as the checks want them."""
    for seed in range(2 * SEEDS):
        yield f"structure {seed}", filled(version, seed)
    found = release_of(f"oso/{version}")
    yield "plan", write_record(full_record(tree_of(found).root, found), tree_of(found))
    profiles_there = available(found)
    for seed in range(SEEDS):
        # another profile for each release, and for each seed
        profile = profiles_there[(VERSIONS.index(version) + seed) % len(profiles_there)]
        yield f"{profile} {seed}", make(found, profile, seed, full=True)


@lru_cache(maxsize=16)
def converted(document: bytes, target: str) -> oso.Conversion:
    """What a document becomes in another release."""
    return oso.convert(document, to=f"oso/{target}")


@cache
def examples(version: str) -> tuple[tuple[str, bytes], ...]:
    """The examples of the project, written in a release that has their profile."""
    found = []
    for file in EXAMPLES:
        dossier = oso.read(file).dossier()
        profile = profiles.profile_of(dossier.levering.overdrachtsoort, dossier.levering.overstap)
        if profile is None or profile.name in available(release(f"oso/{version}")):
            xml = oso.write(dossier, release=f"oso/{version}", check=False, losses="allow")
            found.append((file.stem, xml))
    return tuple(found)
