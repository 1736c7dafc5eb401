"""Makes fictional dossiers that every check finds good."""

from __future__ import annotations

import random

from oso_bridge import codes, data, plan, profiles, releases
from oso_bridge.errors import UsageError
from oso_bridge.fiction.parts import Parts
from oso_bridge.fiction.repair import Mender
from oso_bridge.fiction.values import Values, setting
from oso_bridge.profiles import Profile
from oso_bridge.records import Record
from oso_bridge.releases import Release
from oso_bridge.xml.writer import write_record

ROOT = "dossier"


def make(release: Release | str, profile: str, seed: int = 0, full: bool = False) -> bytes:
    """A fictional dossier as XML.

    Args:
        release: The release, or its id such as ``oso/2019.1``.
        profile: ``POPO``, ``POVO``, ``VOVO``, ``BB``, ``POSWV`` or ``VOSWV``.
        seed: Another seed gives another dossier; the same seed the same bytes.
        full: Make every part that the profile allows.

    Returns:
        A document in UTF-8 that no layer of the checks has anything to say about.

    Raises:
        UsageError: There is no such release or profile, or not in that release.
    """
    chosen = release_of(release)
    return write_record(make_record(chosen, profile, seed, full), plan.load(chosen).tree(ROOT))


def make_record(release: Release | str, profile: str, seed: int = 0, full: bool = False) -> Record:
    """A fictional dossier as a record, in the order of the structure; see :func:`make`."""
    mender = settled(release_of(release), profile, seed, full)
    return mender.parts.ordered()


def settled(release: Release, profile: str, seed: int, full: bool = False) -> Mender:
    """A dossier that no check has anything to say about, with what is needed to change it further."""
    chosen = profiles.profile(profile, release.format)
    _require(release, chosen)
    chance = random.Random(f"{release.id} {profile} {seed} {full}")  # noqa: S311 - invents, and guards nothing
    tree = plan.load(release).tree(ROOT)
    parts = Parts(tree, Values(release, tree, chance, setting(release, chosen, chance, full)), chance, full)
    mender = Mender(release, tree, parts, chance)
    mender.settle()
    return mender


def release_of(release: Release | str) -> Release:
    """A release that fiction can be made for.

    Raises:
        UsageError: It is not installed, or its format has no fiction.
    """
    found = releases.release(release) if isinstance(release, str) else release
    if ROOT not in found.roots:
        raise UsageError(f"There are no fictional documents of {found.id}.", remedy="Choose a release of oso.")
    return found


def available(release: Release) -> list[str]:
    """The profiles whose codes a release has, by name."""
    return [name for name, profile in profiles.profiles(release.format).items() if _is_in(release, profile)]


def _is_in(release: Release, profile: Profile) -> bool:
    lists = data.toml("schemas", release.format, "format.toml")["dispatch"]["lists"]
    return all(
        value is None or value in codes.code_list(release.format, lists[name], release.version).codes
        for name, value in (("overdrachtsoort", profile.overdrachtsoort), ("overstap", profile.overstap))
    )


def _require(release: Release, profile: Profile) -> None:
    if not _is_in(release, profile):
        raise UsageError(
            f"{release.id} has no transfer of the profile {profile.name}.",
            remedy=f"Choose from {', '.join(available(release))}.",
        )
