"""What is filled in on writing: what a release asks of every document, and its maker may leave out.

Of a dossier versions, dates and the delivery categories of its profile; of pupil data and results the version of the
standard and the moment of making.  Nothing is filled in that says anything about a pupil or a school.
"""

from __future__ import annotations

from datetime import date, datetime

from oso_bridge import plan, profiles, releases
from oso_bridge._version import __version__
from oso_bridge.model import Dossier
from oso_bridge.model.base import Geheel
from oso_bridge.plan import Branch, Leaf
from oso_bridge.records import EXTRA, Record
from oso_bridge.releases import Release

VERSIONS = ("standaardversie", "validatieversie", "eldversie", "xsdversie")
"""What a document says of its own form: filled in by the release that is written, and never lost by another."""


def fill(record: Record, whole: Geheel, release: Release, root: str) -> None:
    """Fill in what the release asks of every document and its maker left out.

    Args:
        record: The record of the document, which is changed.
        whole: What it was made of.
        release: The release that is written.
        root: The root of the document.
    """
    if isinstance(whole, Dossier):
        _fill_dossier(record, whole, release)
    else:
        _fill_school(record, release, root)


def _fill_dossier(record: Record, dossier: Dossier, release: Release) -> None:
    """Versions, dates and categories of a dossier."""
    metadata = record.setdefault("metadata", {})
    structure = plan.load(release).tree("dossier").by_path["dossier/metadata"]
    standing: dict[str, str] = {"deeldossier": "LASLVS", "datum": date.today().isoformat()}
    if "pakketnaam" not in metadata and "pakketversie" not in metadata:
        standing |= {"pakketnaam": "oso_bridge", "pakketversie": __version__}
    if _is_of_another(metadata, release):
        # a dossier that came in another release does not go out under the version of that one
        for name in VERSIONS:
            metadata.pop(name, None)
    standing |= {name: str(release.info[name]) for name in VERSIONS if name in release.info}
    for name, value in standing.items():
        if name in structure.leaves and name not in _kept_whole(metadata):
            metadata.setdefault(name, value)
    chosen = profiles.profile_of(dossier.levering.overdrachtsoort, dossier.levering.overstap)
    categories = structure.branches.get("categorie_uitlevering")
    if chosen is not None and categories is not None:
        present = metadata.setdefault("categorie_uitlevering", {})
        kept = _kept_whole(present)
        for name in categories.leaves:
            if name not in kept:
                present.setdefault(name, chosen.category(name))


def _is_of_another(metadata: Record, release: Release) -> bool:
    """Whether all that a document says of its form is that of one other release; one deviating value is its own."""
    said = {name: metadata[name] for name in VERSIONS if name in metadata}
    others = (other for other in releases.installed() if other.format == release.format and other != release)
    return len(said) > 1 and any(all(str(other.info.get(name)) == said[name] for name in said) for other in others)


def _fill_school(record: Record, release: Release, root: str) -> None:
    """The version of pupil data or results, and the moment of making where it must be there."""
    branch = next((item for item in plan.load(release).tree(root).branches if "xsdversie" in item.leaves), None)
    if branch is None:
        return
    school = _at(record, branch)
    if str(school.get("xsdversie", "")).strip() in _versions_of_others(release):
        school["xsdversie"] = version_of(release)
    # local time without a zone, as programs of schools write it
    now = datetime.now().astimezone().replace(tzinfo=None).isoformat(timespec="seconds")
    standing = {"xsdversie": version_of(release), "aanmaakdatum": now}
    kept = _kept_whole(school)
    for name, value in standing.items():
        if name not in kept and _is_asked(branch.leaves[name], release):
            school.setdefault(name, value)


def version_of(release: Release) -> str:
    """What pupil data and results of a release say of their version."""
    return str(release.info["versions"][0])


def _at(record: Record, branch: Branch) -> Record:
    """The record of a branch that occurs once, made where it is not there."""
    for name in branch.path.split("/")[1:]:
        record = record.setdefault(name, {})
    return record


def _versions_of_others(release: Release) -> frozenset[str]:
    """The versions that other releases bear: what comes out of one does not go out under its version."""
    others = {version for other in releases.installed() for version in other.info.get("versions", ())}
    return frozenset(others - set(release.info["versions"]))


def _is_asked(leaf: Leaf, release: Release) -> bool:
    """Whether a text must be there; without its version a document of an earlier release would be read as a later."""
    return bool(leaf.min) or (leaf.name == "xsdversie" and not _is_the_one_meant(leaf, release))


def _is_the_one_meant(leaf: Leaf, release: Release) -> bool:
    """Whether a document that does not say its version is one of this release."""
    root = leaf.path.partition("/")[0]
    namespace = plan.load(release).tree(root).root.namespace
    return releases.by_root(namespace, root, lambda: None) == release


def _kept_whole(record: Record) -> set[str]:
    """The names of the elements that travel along as they were read, and need no second one beside them."""
    return {item["name"].rpartition("}")[2] for item in record.get(EXTRA, ()) if item["kind"] == "element"}
