"""SARIF 2.1.0: the form in which code hosts and editors show findings."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from oso_bridge._version import __version__
from oso_bridge.render import json
from oso_bridge.render.outcome import SUPPRESSED, Finding, Layer, Report, severity
from oso_bridge.render.text import rule as rule_text
from oso_bridge.render.words import clean, layer_word, spoken, state_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note", SUPPRESSED: "none"}
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def render(reports: Sequence[Report], language: str = "nl") -> str:
    """Reports as one SARIF run; rules are listed in the order in which they are first met."""
    return json.dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(reports, language)]})


def _run(reports: Sequence[Report], language: str) -> dict[str, Any]:
    rules = _rules(reports, language)
    order = {rule["id"]: number for number, rule in enumerate(rules)}
    return {
        "tool": {"driver": {"name": "oso_bridge", "version": __version__, "language": language, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "artifacts": [_artifact(report) for report in reports],
        "invocations": [_invocation(reports, language)],
        "results": list(_results(reports, order, language)),
    }


def _results(reports: Sequence[Report], order: dict[str, int], language: str) -> Iterator[dict[str, Any]]:
    seen: Counter[str] = Counter()
    for number, report in enumerate(reports):
        for finding in report["findings"]:
            fingerprint = _fingerprint(finding, report)
            # Code hosts fold results with one fingerprint into one.
            seen[fingerprint] += 1
            again = f":{seen[fingerprint]}" if seen[fingerprint] > 1 else ""
            print_ = {"partialFingerprints": {"osoBridge/v1": fingerprint + again}}
            yield _result(finding, report, number, order[finding["rule"]], language) | print_


def _rules(reports: Sequence[Report], language: str) -> list[dict[str, Any]]:
    first: dict[str, Finding] = {}
    for report in reports:
        for finding in report["findings"]:
            first.setdefault(finding["rule"], finding)
    return [_rule(finding, language) for finding in first.values()]


def _rule(finding: Finding, language: str) -> dict[str, Any]:
    return {
        "id": finding["rule"],
        "shortDescription": {"text": f"{layer_word(finding['layer'], language)}: {rule_text(finding, language)}"},
        "fullDescription": {"text": spoken(finding["text"], language)},
        "help": {"text": spoken(finding["remedy"], language) or spoken(finding["text"], language)},
        "defaultConfiguration": {"level": _LEVELS[finding["severity"]]},
        "properties": {"layer": finding["layer"], "official": finding["official"]},
    }


def _result(finding: Finding, report: Report, number: int, rule_index: int, language: str) -> dict[str, Any]:
    parts = (spoken(finding["text"], language), spoken(finding["remedy"], language))
    result: dict[str, Any] = {
        "ruleId": finding["rule"],
        "ruleIndex": rule_index,
        "kind": "fail",
        "level": _LEVELS[finding["severity"]],
        "message": {"text": " ".join(part for part in parts if part)},
        "locations": [_location(finding, report, number)],
        "properties": _properties(finding),
    }
    return result | _override(finding)


def _override(finding: Finding) -> dict[str, Any]:
    """An exception that leaves a finding out is a suppression; one that changes it changes its level."""
    agreed = finding.get("override")
    if not agreed:
        return {}
    if severity(finding) != SUPPRESSED:
        return {"level": _LEVELS[severity(finding)]}
    justification = clean(agreed.get("reason") or "-")
    return {"suppressions": [{"kind": "external", "status": "accepted", "justification": justification}]}


def _properties(finding: Finding) -> dict[str, Any]:
    keys = ("layer", "official", "official_id", "path", "value", "override")
    held = {key: finding[key] for key in keys if finding.get(key) is not None}
    return {key: clean(value) if isinstance(value, str) else value for key, value in held.items()}


def _location(finding: Finding, report: Report, number: int) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri(report["source"]), "index": number}}
    # A code host shows a result only with a region; what concerns the whole document stands on its first line.
    physical["region"] = {"startLine": finding["line"] or 1}
    location: dict[str, Any] = {"physicalLocation": physical}
    if finding["xpath"]:
        location["logicalLocations"] = [_logical(finding)]
    return location


def _logical(finding: Finding) -> dict[str, Any]:
    name = re.sub(r"\[\d+\]$", "", finding["xpath"].rpartition("/")[2])
    logical = {"fullyQualifiedName": clean(finding["xpath"]), "kind": "element"}
    return {"name": clean(name), **logical} if name else logical


def _fingerprint(finding: Finding, report: Report) -> str:
    """The same for the same fault at the same place of the same file, also when lines move."""
    name = re.split(r"[\\/]", str(report["source"]))[-1]
    parts = (name, finding["rule"], finding["xpath"] or "", finding["path"] or "", *sorted(_flat(finding["args"])))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _flat(args: dict[str, Any]) -> list[str]:
    return [f"{key}={value}" for key, value in args.items()]


def _artifact(report: Report) -> dict[str, Any]:
    artifact: dict[str, Any] = {"location": {"uri": uri(report["source"])}, "mimeType": "application/xml"}
    if report["digest"]:
        artifact["hashes"] = {"sha-256": report["digest"].removeprefix("sha256:")}
    return artifact | {"properties": {key: report[key] for key in ("release", "profile") if report[key]}}


def _invocation(reports: Sequence[Report], language: str) -> dict[str, Any]:
    """A required layer that did not come to an end makes the run an unsuccessful one."""
    notes = [
        _notification(layer, report, number, language)
        for number, report in enumerate(reports)
        for layer in report["layers"]
        if layer["state"] in ("not_run", "unclear")
    ]
    return {
        "executionSuccessful": all(note["level"] != "error" for note in notes),
        "exitCode": json.as_dict(reports)["exit_code"],
        "toolExecutionNotifications": notes,
    }


def _notification(layer: Layer, report: Report, number: int, language: str) -> dict[str, Any]:
    state = f"{layer_word(layer, language)}: {state_word(layer, language)}."
    parts = (state, spoken(layer.get("reason"), language), spoken(layer.get("remedy"), language))
    return {
        "level": "error" if layer["required"] else "note",
        "message": {"text": " ".join(part for part in parts if part)},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(report["source"]), "index": number}}}],
        "properties": {"layer": layer["name"], "state": layer["state"]},
    }


def uri(source: str) -> str:
    """A source as a URI reference: relative as it was given, absolute as ``file:``, bytes by their name only."""
    # Of half surrogates only those that stand for a byte of a file name can be written.
    source = re.sub("[\ud800-\udc7f\udd00-\udfff]", "\ufffd", str(source))
    if _WINDOWS.match(source):
        path = PureWindowsPath(source)
        return path.as_uri() if path.is_absolute() else quote(path.as_posix())
    raw = source.encode("utf-8", "surrogateescape")
    if PurePosixPath(source).is_absolute():
        return "file://" + quote(raw)
    # The first part of a relative reference may not hold a colon; quote() writes it as %3A.
    return quote(raw.strip(b"<>")) or "document"
