"""What several renderers ask of a report: its verdict, its findings by layer, the severity that counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Report = dict[str, Any]
Finding = dict[str, Any]
Layer = dict[str, Any]

SUPPRESSED = "suppress"


def severity(finding: Finding) -> str:
    """``error``, ``warning``, ``info``, or ``suppress``: what an override made of it."""
    return str((finding.get("override") or finding)["severity"])


def verdict(report: Report) -> str:
    """``ok``, ``acceptable``, ``errors`` or ``incomplete``: the word for the exit code of the report."""
    if report["exit_code"] == 1:
        return "errors"
    if report["exit_code"] != 0:
        return "incomplete"
    return "ok" if report["ok"] else "acceptable"


def exit_code(reports: Sequence[Report]) -> int:
    """Any error 1, else a required layer that did not pass 3, else 0."""
    codes = {report["exit_code"] for report in reports}
    return 1 if 1 in codes else max(codes, default=0)


def by_layer(report: Report) -> Iterator[tuple[str, list[Finding]]]:
    """The findings per layer, in the order of the layers; layers without findings are left out."""
    names = [layer["name"] for layer in report["layers"]]
    extra = [finding["layer"] for finding in report["findings"]]
    for name in dict.fromkeys([*names, *extra]):
        found = [finding for finding in report["findings"] if finding["layer"] == name]
        if found:
            yield name, found


def profile(report: Report) -> str:
    """The kind of transfer and the step between schools as one text; empty when unknown."""
    values = report.get("profile") or {}
    return " · ".join(str(values[key]) for key in ("overdrachtsoort", "overstap") if values.get(key))
