"""Explains a rule by its id, or by the text that the official check printed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from oso_bridge import catalog, data, plan, releases
from oso_bridge.errors import UsageError, choose
from oso_bridge.findings import LANGUAGES, Message, fill
from oso_bridge.releases import Release
from oso_bridge.rules import bundled
from oso_bridge.rules.rows import Row, rows, table
from oso_bridge.rules.sentences import sentences

_ALL = "oso-bridge explain --list shows every id."
GROUPS = ("DOC", "XSD", "LAAG", "PROF", "MODEL", "MAP", "SIG", "WUS")
_LAYERS = {"DOC": "wellformed", "XSD": "schema", "MAP": "mapping", "SIG": "signature"}


def explain(what: str, *, message: bool = False) -> list[dict[str, Any]]:
    """What a rule asks, and what to do about it.

    Args:
        what: The id of a rule of this project, the id that an official check prints, or with ``message`` the text
            that an official check printed.
        message: True when ``what`` is a text; it is recognised by its digest, whatever white space it has.

    Returns:
        A dict for each rule that goes with it: ``id``, ``layer``, ``releases`` (with the official ids), those of them
        that are ``not_installed``, ``explained`` (by language the condition in sentences), ``where``, ``check`` and
        ``conditions`` (the same in the words of the row), ``text`` and ``remedy`` by language, ``official``, ``notes``.

    Raises:
        UsageError: Nothing goes with it; the text names ids that look alike.
    """
    ids = _by_message(what) if message else [what]
    found = [entry for item in ids for entry in _entries(item)]
    if not found:
        raise UsageError("No official check is known to print that text.") if message else _unknown(what)
    return found


def _unknown(what: str) -> UsageError:
    elsewhere = _elsewhere(what)
    if elsewhere:
        return UsageError(f"The rule {what!r} holds only where no release is installed: {', '.join(elsewhere)}.")
    if what.casefold() in {name.casefold() for name in plan.known_names()}:
        return UsageError(f"{what!r} is an element, not a rule.", remedy=f"Where it belongs: oso-bridge where {what}.")
    return UsageError(f"There is no rule {what!r}.", remedy=choose(what, all_ids(), _ALL))


def _elsewhere(what: str) -> list[str]:
    """The releases that have a rule of that id, as the files of the formats say."""
    found = ((name, row) for name in data.subfolders("schemas") for row in table(name).get("rule", ()))
    return sorted({f"{name}/{version}" for name, row in found if row["id"] == what for version in row["releases"]})


def digest(text: str) -> str:
    """The digest of an official text: of its words, whatever white space is between them."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:20]


def _by_message(text: str) -> list[str]:
    for format_name in data.subfolders("schemas"):
        known = data.toml("schemas", format_name, "messages.toml").get("digest", {})
        if digest(text) in known:
            return list(known[digest(text)]["rules"])
    return []


def all_ids() -> list[str]:
    """Every id of a rule, in the order of the files."""
    found = dict.fromkeys(row["id"] for name in data.subfolders("schemas") for row in table(name).get("rule", ()))
    for name in data.subfolders("schemas"):
        found.update(dict.fromkeys(row["id"] for row in data.toml("schemas", name, "integrity.toml").get("check", ())))
    found.update(dict.fromkeys(f"{group}.{kind}" for group in GROUPS for kind in catalog.kinds(group)))
    return list(found)


def _entries(what: str) -> list[dict[str, Any]]:
    """The rules of an id; a rule of several releases is told as it holds in the newest."""
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for release in reversed(releases.installed()):
        for row in rows(release):
            if _bears(row, what, release):
                told.setdefault((row.id, row.part), _entry(row, release))
    return list(told.values()) or _bundled(what) or _plain(what)


def _bundled(what: str) -> list[dict[str, Any]]:
    """The messages of that id in the stylesheets of bundles, those of the newest release that has it."""
    for release in reversed(releases.installed()):
        found = [item for item in bundled.every_message(release) if item["id"] == what]
        if found:
            return [_message(item, release) for item in found]
    return []


def _message(item: dict[str, Any], release: Release) -> dict[str, Any]:
    kind = "tekstloos" if not item["text"] else "melding" if item["named"] else "naamloos"
    args = {"melding": item["text"], "regel": item["id"], "release": release.id}
    return {
        "id": item["id"],
        "part": None,
        "layer": item["layer"],
        "release": release.id,
        "releases": {release.id: item["id"] if item["named"] else None},
        "where": None,
        "check": {},
        "conditions": {},
        "aliases": [],
        "with": [],
        "severity": item["level"],
        "official": True,
        "notes": [],
        **_texts(catalog.message("XSL", kind), args),
    }


def _bears(row: Row, what: str, release: Release) -> bool:
    names = {row.id, row.official_id, *row.keys.get("aliases", ()), *row.keys.get("id_by_kind", {}).values()}
    return what in names


def _entry(row: Row, release: Release) -> dict[str, Any]:
    keys = row.keys
    conditions = {name: keys[name] for name in _CONDITIONS if name in keys}
    return {
        "id": row.id,
        "part": row.part or None,
        "layer": row.layer,
        "release": release.id,
        "releases": {f"{release.format}/{version}": official or None for version, official in keys["releases"].items()},
        "not_installed": _not_installed(release.format, keys["releases"]),
        "explained": sentences(row, release),
        "where": keys["at"],
        "check": {row.word: row.what},
        "conditions": conditions,
        "aliases": sorted({*keys.get("aliases", ()), *keys.get("id_by_kind", {}).values()} - {row.id}),
        "with": keys.get("with", []),
        "severity": "error" if row.official else "warning",
        "official": row.official,
        "notes": _notes(row, release),
        **_texts(row.message, dict(row.args)),
    }


def _not_installed(format_name: str, versions: Iterable[str]) -> list[str]:
    """The ids of the releases that have a rule and are not installed."""
    known = {release.id for release in releases.installed()}
    return [name for version in versions if (name := f"{format_name}/{version}") not in known]


_CONDITIONS = ("kind", "kind_not", "overstap", "overstap_not", "inside", "outside", "when", "unless")


def _notes(row: Row, release: Release) -> list[dict[str, str]]:
    """Why the official check of the release cannot give the rule, when it cannot."""
    reasons = (row.keys.get(key, {}).get(release.version) for key in ("not_enforced_in", "shut_out_by_schema_in"))
    return [reason if isinstance(reason, dict) else dict.fromkeys(LANGUAGES, reason) for reason in reasons if reason]


def _texts(message: Message, args: dict[str, str]) -> dict[str, Any]:
    return {
        "text": {language: fill(message.text[language], args, language) for language in LANGUAGES},
        "remedy": {language: fill(message.remedy[language], args, language) for language in LANGUAGES},
    }


def _plain(what: str) -> list[dict[str, Any]]:
    """An id of the integrity layer, of the schema or of the document as a whole."""
    message, layer = _integrity(what), "integrity"
    if message is None:
        group, _, kind = what.partition(".")
        kind, layer = _kind(group, kind), _LAYERS.get(group, "-")
        if group not in GROUPS or kind not in catalog.kinds(group):
            return []
        message = catalog.message(group, kind)
    args = _Names()
    texts = {lang: message.text[lang].format_map(args) for lang in LANGUAGES}
    remedies = {lang: message.remedy[lang].format_map(args) for lang in LANGUAGES}
    severity = "warning" if layer == "integrity" else "error"
    return [
        {
            "id": what,
            "part": None,
            "layer": layer,
            "release": None,
            "releases": {},
            "not_installed": [],
            "explained": {language: [] for language in LANGUAGES},
            "where": None,
            "check": {},
            "conditions": {},
            "aliases": [],
            "with": [],
            "severity": severity,
            "official": layer == "schema",
            "notes": [],
            "text": texts,
            "remedy": remedies,
        }
    ]


class _Names(dict[str, str]):
    """Shows an argument by its name, where there is no finding to take it from."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"


def _kind(group: str, kind: str) -> str:
    """The kind in an id that may have an element or a limit behind it."""
    if group == "DOC" and kind.startswith("limiet."):
        return "limiet-parser" if kind == "limiet.parser" else "limiet"
    if group == "DOC":
        return kind.replace("niet-geopend.", "niet-geopend-")
    return "libxml2" if kind.startswith("libxml2-") else kind.partition(".")[0]


def _integrity(what: str) -> Message | None:
    for name in data.subfolders("schemas"):
        for row in data.toml("schemas", name, "integrity.toml").get("check", ()):
            if row["id"] == what:
                return Message(row["text"], row["remedy"])
    return None
