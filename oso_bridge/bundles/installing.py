"""Installs a bundle as a folder of data, whole or not at all, and removes what was installed.

Everything is made and tried in a folder of the system for temporary files. Only then the release is copied beside its
place in the user's data folder, and moved to it in one step; a bundle that is refused leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any

from lxml import etree

from oso_bridge import binding, data, plan, releases
from oso_bridge._version import __version__
from oso_bridge.bundles import compiling, schema, tabling
from oso_bridge.bundles.source import STYLESHEET, Bundle, BundleLimits, load
from oso_bridge.errors import BundleRefused, UsageError
from oso_bridge.findings import LANGUAGES
from oso_bridge.plan import Plan
from oso_bridge.releases import Release, version_order
from oso_bridge.revisions import Revision, of_plans, places
from oso_bridge.rules import bundled, explain
from oso_bridge.rules.rows import table as rule_table
from oso_bridge.stylesheets import preparing, running
from oso_bridge.stylesheets.preparing import Prepared
from oso_bridge.xml import compiler

SOURCE = "bundle"
"""What ``release.toml`` of a release that came in a bundle says of its source."""

_ID = re.compile(r"([a-z][a-z0-9-]{0,40})/(\d{1,4}(?:\.\d{1,3}){0,3})", re.ASCII)
_ERROR_CODE = re.compile(r"\b[A-Z]{4}\d{4}\b")
_MOST_STYLESHEETS = 100
_SECONDS = 180
"""How long preparing and trying the stylesheets of a bundle may take together."""
_WITHOUT = "Without stylesheets (--no-stylesheets, stylesheets=False) the rest of it can be installed."
_VERSIONS = ("standaardversie", "validatieversie")


@dataclass(frozen=True, slots=True)
class AddedRelease:
    """What became of a bundle.

    Attributes:
        release: The release as it is installed.
        nearest: The release whose table it was bound with.
        differences: What its structure has that the nearest has not, and the other way round.
        unbound: The places that have no field in the model; they travel in ``extra``.
        dropped: The places whose field in the nearest release cannot hold them any more.
        table: Why it has no table to the model; empty when it has.
        messages: The number of messages of its stylesheets, by check.
        nameless: The texts of messages that the stylesheets give no id; theirs is made from the text.
        without_text: The number of messages that say nothing of themselves.
        examples: The number of documents in the bundle, and how many of them its schema accepts.
        notes: What else is worth knowing, in English.
    """

    release: Release
    nearest: Release
    differences: Revision
    unbound: tuple[str, ...]
    dropped: tuple[str, ...]
    table: str
    messages: dict[str, int]
    nameless: tuple[str, ...]
    without_text: int
    examples: tuple[int, int]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """It all as JSON."""
        return {
            "release": self.release.id,
            "namespace": self.release.namespace,
            "folder": str(self.release.folder),
            "nearest": self.nearest.id,
            "differences": self.differences.to_dict(),
            "unbound": list(self.unbound),
            "dropped": list(self.dropped),
            "table": self.table or None,
            "messages": dict(self.messages),
            "nameless": list(self.nameless),
            "without_text": self.without_text,
            "examples": {"number": self.examples[0], "valid": self.examples[1]},
            "notes": list(self.notes),
        }


def add_release(
    bundle: str | os.PathLike[str],
    *,
    id: str | None = None,  # noqa: A002 - the name of the option too
    nearest: str | None = None,
    replace: bool = False,
    stylesheets: bool = True,
    limits: BundleLimits | None = None,
) -> AddedRelease:
    """Install an official bundle, so that dossiers of its release can be read, checked, shown and written.

    Args:
        bundle: The official ZIP, a folder with what is in it, or its XSD.
        id: The id to install it under, such as ``oso/2024.1``; when left out, what its examples say, else the version
            in its namespace.
        nearest: The release to take the table to the model from; the nearest earlier one when left out.
        replace: Install it also when a bundle was installed under that id before.
        stylesheets: Take its stylesheets along; without them the codes and rules of the release are not checked.
        limits: What the bundle may ask for.

    Returns:
        What it holds, and what differs from the nearest release.

    Raises:
        OSError: It cannot be read, or the data folder of the user cannot be written.
        BundleRefused: It is not safe or not understood; nothing was written.
        UsageError: The id is no id, or is taken; there is no such release to start from.
    """
    if not os.fspath(bundle):
        raise UsageError("The name of the bundle is empty.")
    read = load(Path(bundle), limits or BundleLimits())
    wanted = _parsed_id(id) if id is not None else None
    found = schema.find(read, wanted[1] if wanted else None)
    if wanted and wanted[0] != found.format:
        raise UsageError(f"The bundle is one of {found.format}, not of {wanted[0]}.")
    examples = list(schema.documents(read, found.namespace))
    version = wanted[1] if wanted else _version(examples, found)
    name = f"{found.format}/{version}"
    _refuse_taken(name, found.namespace, replace)
    base = releases.release(nearest) if nearest else _nearest(found.format, version)
    if base.id == name:
        raise UsageError("A release cannot be bound with the table of itself.", remedy="Name another one with --from.")
    with tempfile.TemporaryDirectory(prefix="oso-bridge-") as folder:
        target = Path(folder, version)
        built = _Build(read, found, name, base, target, examples, stylesheets)
        added = built.made()
        final = _put_in_place(target, found.format, version)
    releases.forget()
    return AddedRelease(**{**added, "release": _again(name, final)})


def _again(name: str, folder: Path) -> Release:
    """The release as it is found from now on."""
    return next(item for item in releases.installed() if item.id == name and item.folder == folder)


def _parsed_id(name: str) -> tuple[str, str]:
    match = _ID.fullmatch(name)
    if match is None or match[1] not in data.subfolders("schemas"):
        known = ", ".join(data.subfolders("schemas"))
        raise UsageError("That is no id of a release.", remedy=f"Such as oso/2024.1; the formats are {known}.")
    return match[1], match[2]


def _version(examples: list[etree._Element], found: schema.Found) -> str:
    """The version that the examples of a bundle agree on, else that of the namespace."""
    told = _told(examples, "standaardversie")
    order = version_order(found.version)
    if told and re.fullmatch(r"\d{1,4}(\.\d{1,3}){0,2}", told, re.ASCII) and version_order(told)[: len(order)] == order:
        return told
    return found.version


def _told(examples: list[etree._Element], name: str) -> str | None:
    """The one short text that an element has wherever it occurs in the examples."""
    texts = Counter(str(item.text or "") for root in examples for item in root.iter(f"{{*}}{name}"))
    return next(iter(texts)) if len(texts) == 1 and 0 < len(next(iter(texts))) < 20 else None


def _refuse_taken(name: str, namespace: str, replace: bool) -> None:
    """Refuse an id or a namespace that another release has."""
    for item in releases.installed():
        if item.id != name and item.namespace != namespace:
            continue
        if not is_added(item):
            raise UsageError(f"{item.id} is a release that this package has itself.", remedy="There is nothing to add.")
        if item.id != name:
            raise UsageError(f"{item.id} has that namespace already.", remedy=f"oso-bridge release remove {item.id}")
        if not replace:
            raise UsageError(f"{name} is installed already.", remedy="Use --replace (replace=True) to install it anew.")


def is_added(release: Release) -> bool:
    """Whether a release was installed from a bundle by this user."""
    own = data.user_folder() / "schemas" / release.format
    return release.info.get("source") == SOURCE and release.folder.parent == own


def _nearest(format_name: str, version: str) -> Release:
    """The nearest earlier release with a table; the first one when there is no earlier."""
    order = version_order(version)
    family = [item for item in releases.installed() if item.format == format_name and _has_table(item)]
    family = [item for item in family if item.order != order]
    earlier = [item for item in family if item.order < order]
    if not family:
        raise UsageError(f"No release of {format_name} is installed to start from.")
    return earlier[-1] if earlier else family[0]


def _has_table(release: Release) -> bool:
    return (release.folder / "table.toml").is_file()


@dataclass(slots=True)
class _Build:
    """The making of one release."""

    bundle: Bundle
    found: schema.Found
    name: str
    nearest: Release
    folder: Path
    examples: list[etree._Element]
    with_stylesheets: bool = True
    notes: list[str] = field(default_factory=list)

    def made(self) -> dict[str, Any]:
        """Make the folder, and tell what is in it."""
        # what is refused soonest comes first: compiling takes longest
        sheets = self.stylesheets()
        described = compiling.compile_xsd(self.found.xsd)
        structure = Plan(described)
        roots = [root for root in self.nearest.roots if root in structure.elements]
        if "dossier" not in roots:
            raise BundleRefused("The schema of the bundle has no dossier.", where=self.found.names[0])
        self.folder.mkdir()
        (self.folder / "dossier.xsd").write_bytes(self.found.xsd)
        (self.folder / "plan.json").write_text(compiler.plan_text(described), encoding="utf-8")
        different = of_plans(plan.load(self.nearest), structure)
        laid = self.table(structure)
        self.write_info(roots, sheets)
        release = Release(self.name, self.folder, data.load_toml(self.folder / "release.toml"))
        self.try_out(release, laid)
        told = [message for _, sheet in sheets for message in sheet.messages["messages"]]
        nameless = dict.fromkeys(item["text"] for item in told if not item["named"] and item["text"])
        return {
            "nearest": self.nearest,
            "differences": different,
            "unbound": tuple(laid.table.unbound) if laid.table else (),
            "dropped": laid.dropped,
            "table": laid.why,
            "messages": dict(Counter(check for check, sheet in sheets for _ in sheet.messages["messages"])),
            "nameless": tuple(nameless),
            "without_text": sum(1 for item in told if not item["text"]),
            "examples": self.tried_examples(),
            "notes": tuple(self.notes),
        }

    def table(self, structure: Plan) -> tabling.Laid:
        """The table to the model, and the names of places in it."""
        known = places(plan.load(self.nearest).tree("dossier"))
        tree = structure.tree("dossier")
        new = frozenset(path for path in places(tree) if path not in known)
        rows = data.load_toml(self.nearest.folder / "table.toml").get("row", ()) if _has_table(self.nearest) else ()
        laid = tabling.lay(rows, tree, new)
        if laid.table:
            text = tabling.toml(laid.rows, self.nearest.id)
            (self.folder / "table.toml").write_text(text, encoding="utf-8")
        return laid

    def stylesheets(self) -> list[tuple[str, Prepared]]:
        """The stylesheets that are a check, each with the check it is for."""
        words = data.toml("schemas", self.found.format, "stylesheets.toml")
        if not words or not self.with_stylesheets:
            self.notes.append("Without stylesheets: codes and rules of this release are not checked.")
            return []
        names, until = self.bundle.of_kind(*STYLESHEET), monotonic() + _SECONDS
        if len(names) > _MOST_STYLESHEETS:
            raise BundleRefused(f"The bundle has more than {_MOST_STYLESHEETS} stylesheets.", remedy=_WITHOUT)
        prepared = [
            (_check_of(name, words["checks"]), sheet)
            for name in names
            if (sheet := preparing.prepare(self.bundle, name, self.found.format, self.known, until)) is not None
        ]
        found = [item for item in prepared if not _is_part(*item, prepared)]
        found = list({(check, sheet.digest): (check, sheet) for check, sheet in found}.values())
        self.note_stylesheets(found, until)
        return found

    def known(self, text: str) -> tuple[str, str] | None:
        """The known rule that gives a text, and its layer."""
        return _known(text, self.found.format)

    def note_stylesheets(self, found: list[tuple[str, Prepared]], until: float) -> None:
        if not found:
            self.notes.append("No stylesheet with messages was found: codes and rules of this release are not checked.")
        elif running.engine_folder() is None:
            self.notes.append("Stylesheets are run by an extra that is not installed: pip install 'oso-bridge[xslt]'")
        elif not running.is_allowed():
            self.notes.append(f"This system cannot contain stylesheets; {running.TRUST}=1 runs them all the same.")
        else:
            for _, sheet in found:
                self.try_stylesheet(sheet, until)
        for name in sorted({sheet.name for _, sheet in found if "text" in sheet.kinds}):
            self.notes.append(
                f"{name} has no messages that say so: text that it gives under a condition counts as one."
            )
        for name, aside in sorted({(sheet.name, sheet.aside) for _, sheet in found if sheet.aside}):
            self.notes.append(
                f"{name} first puts {aside} of its messages aside (a variable, a parameter or a function). Where one"
                " is not found back in the result, codes and rules are unclear."
            )

    def try_stylesheet(self, sheet: Prepared, until: float) -> None:
        """Compile a stylesheet where it will be run, as long as there is time."""
        left = int(until - monotonic())
        if left < 1:
            self.notes.append(f"{sheet.name} was not tried: there was no time left.")
            return
        answer = running.run(sheet.text, None, replace(running.DEFAULT, seconds=min(left, running.DEFAULT.seconds)))
        if answer.state == running.NOT_COMPILED:
            # the text of the engine holds addresses on this machine; its code says enough
            code = _ERROR_CODE.search(answer.why)
            self.notes.append(f"{sheet.name} cannot be run: it does not compile{f' ({code[0]})' if code else ''}.")
        elif answer.state != running.DONE:
            self.notes.append(f"{sheet.name} cannot be run: it asks for more than it may use.")

    def write_info(self, roots: list[str], sheets: list[tuple[str, Prepared]]) -> None:
        """Write the stylesheets, and ``release.toml``."""
        described = [self.write_stylesheet(number, *item) for number, item in enumerate(sheets, start=1)]
        version = self.name.partition("/")[2]
        titles = {lang: self.nearest.title(lang).replace(self.nearest.version, version) for lang in LANGUAGES}
        info = {
            "id": self.name,
            "namespace": self.found.namespace,
            "roots": roots,
            "encoding": "UTF-8",
            "status": "",
            "source": SOURCE,
            "nearest": self.nearest.id,
            **{name: told for name in _VERSIONS if (told := _told(self.examples, name))},
        }
        tables: list[tuple[str, dict[str, Any]]] = [
            ("[title]", titles),
            (
                "[bundle]",
                {
                    "name": self.bundle.name,
                    "digest": self.bundle.digest,
                    "added": date.today().isoformat(),
                    "by": f"oso_bridge {__version__}",
                    "schemas": {name: self.digest(name) for name in self.found.names},
                },
            ),
            *(("[[stylesheet]]", item) for item in described),
        ]
        parts = [_lines(info), *(f"{head}\n{_lines(values)}" for head, values in tables)]
        (self.folder / "release.toml").write_text("\n".join(parts), encoding="utf-8")

    def digest(self, name: str) -> str:
        return preparing.digest(self.bundle.files[name])

    def write_stylesheet(self, number: int, check: str, sheet: Prepared) -> dict[str, Any]:
        folder = self.folder / "stylesheets"
        folder.mkdir(exist_ok=True)
        stem = f"{number}-{check if check != bundled.ALL else 'alle'}"
        (folder / f"{stem}.xsl").write_bytes(sheet.text.encode())
        (folder / f"{stem}.json").write_text(sheet.messages_json, encoding="utf-8")
        return {
            "check": check,
            "file": f"stylesheets/{stem}.xsl",
            "messages": f"stylesheets/{stem}.json",
            "digest": sheet.digest,
            "source": sheet.name,
            "parts": {name: self.digest(name) for name in sheet.parts},
        }

    def try_out(self, release: Release, laid: tabling.Laid) -> None:
        """Load what was made as it will be loaded from now on."""
        try:
            plan.load(release)
            if laid.table:
                binding.write_paths(release)
        finally:
            # nothing of a folder that goes away may be kept
            releases.forget()

    def tried_examples(self) -> tuple[int, int]:
        """How many documents the bundle holds, and how many its schema accepts."""
        validator = etree.XMLSchema(etree.fromstring(self.found.xsd))
        return len(self.examples), sum(_accepts(validator, root) for root in self.examples)


def _accepts(validator: etree.XMLSchema, root: etree._Element) -> bool:
    """Whether a schema accepts a document; not when it gives up on it, as with a pattern that takes too long."""
    try:
        return bool(validator.validate(root))
    except etree.XMLSchemaValidateError:
        return False


def _lines(values: dict[str, Any]) -> str:
    return "".join(f"{key} = {tabling.value(value)}\n" for key, value in values.items())


def _known(text: str, format_name: str) -> tuple[str, str] | None:
    """The rule that an official check of another release gives with that very text, and its layer."""
    told = data.toml("schemas", format_name, "messages.toml").get("digest", {}).get(explain.digest(text))
    if not told:
        return None
    name = str(told["rules"][0])
    rows = [row for row in rule_table(format_name).get("rule", ()) if name in (row["id"], *row.get("aliases", ()))]
    return name, str(rows[0].get("layer", "rules")) if rows else "rules"


def _check_of(name: str, words: dict[str, list[str]]) -> str:
    """The check that a stylesheet is for, by the words in its name and folders, the nearest to the end first."""
    for part in reversed(re.split(r"[^A-Za-z]+", name)):
        for check, known in words.items():
            if part.lower() in (word.lower() for word in known):
                return check
    return bundled.ALL


def _is_part(check: str, sheet: Prepared, prepared: list[tuple[str, Prepared]]) -> bool:
    """Whether a stylesheet is only a part of others, which run it wherever it has to be run."""
    around = {other_check for other_check, other in prepared if sheet.name in other.included}
    if not around:
        return False
    # what nothing sets going by itself is no check, wherever it lies
    return not sheet.matches or check == bundled.ALL or bool(around & {check, bundled.ALL})


# --- putting in place -----------------------------------------------------------------------------------------------

_NEW, _GONE = ".nieuw-", ".weg-"
_STALE = 3600
"""How old, in seconds, a folder of an add or remove must be before it is taken for one that was broken off."""
_TRIES = 5


def _put_in_place(made: Path, format_name: str, version: str) -> Path:
    """Copy a folder beside its place, and move it there in one step; nothing is left when that fails."""
    home = data.user_folder()
    final = home / "schemas" / format_name / version
    created: list[Path] = []
    beside: Path | None = None
    try:
        _make_folders(final.parent, created)
        beside = Path(tempfile.mkdtemp(prefix=_NEW, dir=home))
        shutil.copytree(made, beside / "nieuw")
        _exchange(beside / "nieuw", final, home / _aside(format_name, version, beside.name.removeprefix(_NEW)))
    # an interruption by the user is a failure too
    except BaseException:
        _undo(beside, created)
        raise
    _clear(home, format_name, version, beside)
    return final


def _make_folders(folder: Path, created: list[Path]) -> None:
    """Make a folder and those above it; what was not there yet is noted, the highest first."""
    for item in (*reversed(folder.parents), folder):
        if not item.exists():
            item.mkdir(exist_ok=True)
            created.append(item)


def _undo(beside: Path | None, created: list[Path]) -> None:
    """Remove what an add made; a folder in which anyone else has put something stays."""
    if beside is not None:
        shutil.rmtree(beside, ignore_errors=True)
    with contextlib.suppress(OSError):
        for folder in reversed(created):
            folder.rmdir()


def _aside(format_name: str, version: str, mark: str) -> str:
    """The name of what a new folder replaces, by which it is found again; see :func:`oso_bridge.releases.put_back`."""
    return f"{releases.ASIDE}{format_name}-{version}-{mark}"


def _exchange(new: Path, final: Path, aside: Path) -> None:
    """Move a folder to its place, and what is there aside; what was there comes back when that fails."""
    for last in (*[False] * (_TRIES - 1), True):
        try:
            if final.exists():
                final.rename(aside)
            new.rename(final)
            return
        except BaseException as error:
            if aside.exists() and not final.exists():
                aside.rename(final)
            # another program may have put back what it found without a successor, halfway
            taken = isinstance(error, OSError) and error.errno in (errno.ENOTEMPTY, errno.EEXIST)
            if last or not taken:
                raise


def _clear(home: Path, format_name: str, version: str, beside: Path | None = None) -> None:
    """Remove what is needed no more: what a release replaced, and what was left by programs that were broken off."""
    old = home.glob(_aside(format_name, version, "*"))
    left = (item for mark in (_NEW, _GONE) for item in home.glob(f"{mark}*") if item == beside or _is_stale(item))
    for folder in (*old, *left):
        shutil.rmtree(folder, ignore_errors=True)


def _is_stale(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > _STALE
    except OSError:
        return False


def remove_release(name: str) -> None:
    """Remove a release that was installed from a bundle.

    Args:
        name: Its id, such as ``oso/2024.1``.

    Raises:
        UsageError: It is not installed, or is not one that this user added.
        OSError: It cannot be removed.
    """
    release = releases.release(name)
    if not is_added(release):
        raise UsageError(
            f"{release.id} was not added from a bundle.", remedy="Only what release add installed can be removed."
        )
    home = data.user_folder()
    # before it is gone: else what it once replaced would be put back
    _clear(home, release.format, release.version)
    aside = Path(tempfile.mkdtemp(prefix=_GONE, dir=home))
    try:
        release.folder.rename(aside / "weg")
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    releases.forget()
