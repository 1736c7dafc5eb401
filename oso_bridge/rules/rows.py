"""The rows of ``rules.toml`` as they hold for one release: checked, with their texts and arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oso_bridge import codes, data
from oso_bridge.data import cached
from oso_bridge.errors import DataError
from oso_bridge.findings import Message
from oso_bridge.releases import Release

CHECKS = (
    "required",
    "forbidden",
    "one_of",
    "true",
    "equals",
    "in_list",
    "contains",
    "matches",
    "min_length",
    "max_length",
    "school_years",
)
_META = {
    "id",
    "part",
    "layer",
    "releases",
    "check",
    "kind",
    "kind_not",
    "overstap",
    "overstap_not",
    "at",
    "inside",
    "outside",
    "when",
    "unless",
    "differs",
    "not_enforced_in",
    "shut_out_by_schema_in",
    "id_by_kind",
    "aliases",
    "with",
    "family",
    "args",
    "text",
    "remedy",
}


@dataclass(frozen=True, eq=False)
class Row:
    """One rule as it holds for one release.

    Attributes:
        id: The stable id.
        part: What tells rows with one id apart; empty when there is one.
        layer: ``codes`` or ``rules``.
        official_id: What the official check prints; None when it prints no id.
        official: False when the official check of the release cannot give it.
        order: Its place among the rules.
        word: The check word, such as ``required``.
        what: What the check word is given.
        keys: The row itself, with what differs in the release put in.
        message: Text and remedy.
        args: The arguments of the texts.
    """

    id: str
    part: str
    layer: str
    official_id: str | None
    official: bool
    order: int
    word: str
    what: Any
    keys: Mapping[str, Any]
    message: Message
    args: Mapping[str, str]

    @property
    def key(self) -> str:
        """The id, with the part behind it when there is one."""
        return f"{self.id}#{self.part}" if self.part else self.id

    @property
    def shut_out(self) -> str | None:
        """Why no schema-valid document of the release can meet the condition, in English; None when one can."""
        return self.keys.get("_shut_out")

    def id_for(self, kinds: frozenset[str]) -> str:
        """The id that a finding bears in a document of these kinds."""
        by_kind = self.keys.get("id_by_kind", {})
        return next((str(by_kind[kind]) for kind in sorted(kinds) if kind in by_kind), self.id)


def table(format_name: str) -> dict[str, Any]:
    """What ``rules.toml`` of a format holds."""
    return data.toml("schemas", format_name, "rules.toml")


@cached(maxsize=32)
def rows(release: Release) -> tuple[Row, ...]:
    """The rules of a release, those that the schema shuts out included.

    Raises:
        DataError: A row has an unknown key, no check or more than one, or no texts.
    """
    described = table(release.format)
    families = described.get("family", {})
    found = [
        _row(order, raw, release, families)
        for order, raw in enumerate(described.get("rule", ()))
        if release.version in raw["releases"]
    ]
    return tuple(found)


def _row(order: int, raw: dict[str, Any], release: Release, families: dict[str, Any]) -> Row:
    version = release.version
    keys = {**raw, **raw.get("differs", {}).get(version, {})}
    keys = {key: value for key, value in keys.items() if value != ""}
    words = [word for word in CHECKS if word in keys]
    unknown = set(keys) - _META - set(CHECKS)
    if len(words) != 1 or unknown:
        fault = f"unknown words {sorted(unknown)}" if unknown else f"{len(words)} checks, where one is asked for"
        raise DataError(f"Rule {raw['id']} has {fault}.", where="rules.toml")
    shut_out = raw.get("shut_out_by_schema_in", {}).get(version)
    if shut_out:
        keys["_shut_out"] = shut_out["en"] if isinstance(shut_out, dict) else shut_out
    row = Row(
        id=raw["id"],
        part=raw.get("part", ""),
        layer=raw.get("layer", "rules"),
        official_id=raw["releases"][version] or None,
        official=version not in raw.get("not_enforced_in", {}),
        order=order,
        word=words[0],
        what=keys[words[0]],
        keys=keys,
        message=_message(raw, families),
        args={},
    )
    return Row(**{**row.__dict__, "args": {**_args(row, release), **raw.get("args", {})}})


def _message(raw: dict[str, Any], families: dict[str, Any]) -> Message:
    source = families.get(raw["family"]) if "family" in raw else raw
    if not source or "text" not in source or "remedy" not in source:
        raise DataError(f"Rule {raw['id']} has no text or remedy.", where="rules.toml")
    return Message(source["text"], source["remedy"])


def _args(row: Row, release: Release) -> dict[str, str]:
    """The arguments that every text may use."""
    what = row.what
    checked = what.get("path", ".") if isinstance(what, dict) else what
    checked = "/".join(checked) if isinstance(checked, list) and len(checked) == 1 else checked
    place = str(row.keys["at"]).rpartition("/")[2] or "document"
    args = {
        "element": place if checked == "." else _last(checked),
        "plaats": place,
        "release": release.version,
        "regel": row.id,
        "kind": ", ".join(row.keys.get("kind", ())),
    }
    if row.word == "equals":
        args["waarde"] = str(release.info[what["release"]] if "release" in what else what["value"])
    if row.word == "in_list" and "list" in what:
        args.update(_list_args(release, what["list"]))
    return args


def _last(path: str | list[str]) -> str:
    if isinstance(path, list):
        return ", ".join(_last(item) for item in path)
    return path.rpartition("/")[2]


def _list_args(release: Release, number: int) -> dict[str, str]:
    found = codes.code_list(release.format, number, release.version)
    return {
        "lijst": str(number),
        "lijstnaam.nl": found.name["nl"],
        "lijstnaam.en": found.name["en"],
        "codes": ", ".join(found.codes),
    }
