"""Overrides: what an organisation decides about findings, with a reason, without changing the verdict.

A file in TOML holds one ``[[override]]`` per decision::

    [[override]]
    rule = "INT.bsn"              # an id, or a pattern such as "INT.*"
    place = "*leerling*"          # optional: a pattern on the path or the numbered path
    profile = "POVO"              # optional
    severity = "suppress"         # or "info", "warning", "error"
    reason = "Testleerlingen hebben een verzonnen nummer."
    until = 2027-08-01            # optional: the last day
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from oso_bridge import data
from oso_bridge.errors import UsageError, alike
from oso_bridge.findings import Finding, Severity

SUPPRESS = "suppress"
SEVERITIES = (SUPPRESS, *(severity.value for severity in Severity))
_TEXTS = ("rule", "severity", "reason", "place", "profile")
_KEYS = {*_TEXTS, "until"}


@dataclass(frozen=True, slots=True)
class Override:
    """One decision about findings.

    Attributes:
        rule: The id, or a pattern.
        severity: ``suppress``, ``info``, ``warning`` or ``error``.
        reason: Why; compulsory.
        place: A pattern on the path or the numbered path.
        profile: The profile it holds for.
        until: The last day on which it holds.
    """

    rule: str
    severity: str
    reason: str
    place: str | None = None
    profile: str | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise UsageError(f"There is no severity {self.severity!r}; choose from {', '.join(SEVERITIES)}.")

    def holds(self, finding: Finding, profile: str | None, today: date) -> bool:
        """Whether this decision is about a finding, today."""
        if self.until is not None and today > self.until:
            return False
        if self.profile is not None and self.profile != profile:
            return False
        if not fnmatchcase(finding.rule, self.rule):
            return False
        if self.place is None:
            return True
        return any(fnmatchcase(place or "", _literal(self.place)) for place in (finding.path, finding.xpath))

    def to_dict(self) -> dict[str, Any]:
        """The decision as JSON."""
        return {"severity": self.severity, "reason": self.reason, "until": self.until and self.until.isoformat()}


def _literal(pattern: str) -> str:
    """A pattern in which brackets are those of a place, such as ``adres[2]``, and no character set."""
    return pattern.replace("[", "[[]")


class Overrides:
    """Decisions in order; the last one that is about a finding holds."""

    def __init__(self, decisions: Iterable[Override] = ()) -> None:
        self.decisions = list(decisions)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Overrides:
        """Read a file of overrides.

        Raises:
            OSError: The file cannot be read.
            UsageError: A row lacks a rule, a severity or a reason, has a key that does not exist, or a value
                of the wrong kind.
            DataError: The file is no TOML.
        """
        described = data.load_toml(Path(path))
        unknown = set(described) - {"override"}
        if unknown:
            raise UsageError(f"An overrides file holds [[override]] only, not {sorted(unknown)[0]}.", where=str(path))
        rows = described.get("override", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise UsageError("Each decision begins with a line [[override]].", where=str(path))
        return cls(_override(row, number, str(path)) for number, row in enumerate(rows, start=1))

    def find(self, finding: Finding, profile: str | None, today: date | None = None) -> Override | None:
        """The decision about a finding, or None."""
        today = today or date.today()
        found = [decision for decision in self.decisions if decision.holds(finding, profile, today)]
        return found[-1] if found else None


def _override(row: dict[str, Any], number: int, where: str) -> Override:
    fault = None
    if unknown := set(row) - _KEYS:
        fault = f"has a key that does not exist: {_with_hint(sorted(unknown)[0], _KEYS)}"
    elif missing := [key for key in ("rule", "severity", "reason") if not str(row.get(key, "")).strip()]:
        fault = f"lacks {missing[0]}"
    elif wrong := [key for key in _TEXTS if not isinstance(row.get(key, ""), str)]:
        fault = f"has a {wrong[0]} that is no text"
    elif row["severity"] not in SEVERITIES:
        fault = f"has a severity that does not exist; choose from {', '.join(SEVERITIES)}"
    elif "until" in row and (not isinstance(row["until"], date) or isinstance(row["until"], datetime)):
        fault = "has an until that is no date; write until = 2027-08-01"
    if fault:
        raise UsageError(f"Override {number} {fault}.", where=where)
    return Override(**row)


def _with_hint(name: str, known: Iterable[str]) -> str:
    near = alike(name, sorted(known), 1)
    return f"{name}; perhaps {near[0]} is meant" if near else name


def as_overrides(what: Overrides | str | os.PathLike[str] | None) -> Overrides | None:
    """Overrides from themselves, from a file, or none."""
    return Overrides.load(what) if isinstance(what, (str, os.PathLike)) else what
