"""The outcome of a check: a Report per document, Reports for several."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oso_bridge._version import __version__
from oso_bridge.errors import UsageError, choose
from oso_bridge.findings import Finding, Layer, Severity, State
from oso_bridge.overrides import SUPPRESS, Override, Overrides, as_overrides

MORE = "LAAG.meer"
"""The finding that counts what a layer did not list."""


def digest_of(data: bytes) -> str:
    """SHA-256 of bytes, as ``sha256:...``."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Report:
    """What a check found in one document.

    Attributes:
        source: The name of the source.
        release: The id of the release that was followed, such as ``oso/2019.1``; None when unknown.
        profile: ``overdrachtsoort`` and ``overstap`` of the document, when they are codes of their lists.
        layers: The layers in the order in which they ran.
        findings: The findings, by layer, then in the order of the rules and the document.
        overrides: The decisions that were given to the check.
    """

    source: str
    release: str | None
    _data: bytes | str | None = field(repr=False)
    profile: dict[str, str] | None
    layers: tuple[Layer, ...]
    findings: tuple[Finding, ...]
    overrides: Overrides | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """The verdict in one line."""
        counts = ", ".join(f"{number} {name}" for name, number in self.counts.items() if number)
        verdict = "ok" if self.ok else "not ok"
        return f"{self.source}: {verdict}" + (f" ({counts})" if counts else "")

    @property
    def digest(self) -> str | None:
        """SHA-256 of the source, as ``sha256:...``; None when it could not be read.

        It is made when it is first asked for; until then the report holds on to the bytes of the source.
        """
        if isinstance(self._data, bytes):
            object.__setattr__(self, "_data", digest_of(self._data))
        return self._data if isinstance(self._data, str) else None

    def settled(self) -> Report:
        """This report, no longer holding on to the source."""
        _ = self.digest
        return self

    @property
    def ok(self) -> bool:
        """True when each required layer passed; a layer that did not run did not pass."""
        return all(layer.state is State.PASSED for layer in self.layers if layer.required)

    def layer(self, name: str) -> Layer:
        """The layer of that name.

        Raises:
            UsageError: There is no such layer in this report.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise UsageError(
            f"The report has no layer {name!r}.", remedy=choose(name, [layer.name for layer in self.layers])
        )

    @property
    def profile_name(self) -> str | None:
        """The transfer profile: ``POPO``, ``POVO``, ``VOVO``, ``BB``, ``POSWV``, ``VOSWV`` ...; None when unclear."""
        if not self.profile:
            return None
        if self.profile.get("overdrachtsoort") == "overdrachtbinnenbrin":
            return "BB"
        return self.profile.get("overstap")

    def override_of(self, finding: Finding, overrides: Overrides | None = None) -> Override | None:
        """The decision about a finding, or None."""
        decisions = overrides or self.overrides
        return decisions.find(finding, self.profile_name) if decisions else None

    def severity_of(self, finding: Finding, overrides: Overrides | None = None) -> str:
        """The severity of a finding after the overrides: ``error``, ``warning``, ``info`` or ``suppress``."""
        decision = self.override_of(finding, overrides)
        return decision.severity if decision else finding.severity.value

    def acceptable(self, overrides: Overrides | str | os.PathLike[str] | None = None) -> bool:
        """Whether the document is acceptable after the overrides; the verdict itself (``ok``) stays as it is.

        Args:
            overrides: Decisions, or the path of a file with them; those given to the check when left out.
        """
        decisions = as_overrides(overrides) or self.overrides
        if any(layer.required and layer.state in (State.NOT_RUN, State.UNCLEAR) for layer in self.layers):
            return False
        if any(self._hides_errors(finding, decisions) for finding in self.findings):
            return False
        return not any(self.severity_of(finding, decisions) == Severity.ERROR for finding in self.findings)

    def _hides_errors(self, finding: Finding, decisions: Overrides | None) -> bool:
        """Whether a finding counts others of a layer that failed: no decision was made about those."""
        if finding.rule != MORE or self.severity_of(finding, decisions) == SUPPRESS:
            return False
        return any(
            layer.name == finding.layer and layer.state is State.FAILED for layer in self.layers if layer.required
        )

    @property
    def exit_code(self) -> int:
        """1 for any error, else 3 when a required layer did not pass, else 0; after the overrides."""
        if any(self.severity_of(finding) == Severity.ERROR for finding in self.findings):
            return 1
        if self.overrides is not None:
            return 0 if self.acceptable() else 3
        return 0 if self.ok else 3

    @property
    def counts(self) -> dict[str, int]:
        """The number of findings by severity, after the overrides."""
        found = Counter(self.severity_of(finding) for finding in self.findings)
        return {name: found[name] for name in (*Severity, SUPPRESS) if name != SUPPRESS or found[name]}

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON; a public contract, also what the renderers take."""
        return {
            "oso_bridge": __version__,
            "source": self.source,
            "digest": self.digest,
            "release": self.release,
            "profile": self.profile,
            "ok": self.ok,
            "acceptable": self.acceptable(),
            "exit_code": self.exit_code,
            "layers": [layer.to_dict() for layer in self.layers],
            "findings": [self._finding(finding) for finding in self.findings],
            "counts": self.counts,
        }

    def _finding(self, finding: Finding) -> dict[str, Any]:
        decision = self.override_of(finding)
        return {**finding.to_dict(), "override": decision.to_dict() if decision else None}

    def save(self, path: str | os.PathLike[str], language: str = "nl") -> None:
        """Write the report; the suffix chooses the form: .json .sarif .xml (JUnit) .html .txt.

        Raises:
            OSError: The file cannot be written.
            UsageError: No form goes with that suffix.
        """
        _save([self], path, language)


class Reports:
    """The reports of several documents, in the order of the sources."""

    def __init__(self, reports: Iterable[Report]) -> None:
        self._reports = list(reports)

    def __iter__(self) -> Iterator[Report]:
        return iter(self._reports)

    def __len__(self) -> int:
        return len(self._reports)

    def __getitem__(self, number: int) -> Report:
        return self._reports[number]

    @property
    def ok(self) -> bool:
        """True when there is a report and each is ok."""
        return bool(self._reports) and all(report.ok for report in self._reports)

    @property
    def exit_code(self) -> int:
        """1 when any document has an error, else 3 when a required layer did not pass anywhere, else 0; 3 for none."""
        codes = {report.exit_code for report in self._reports} or {3}
        return 1 if 1 in codes else 3 if 3 in codes else 0

    def save(self, path: str | os.PathLike[str], language: str = "nl") -> None:
        """Write all reports into one file; see :meth:`Report.save`."""
        _save(self._reports, path, language)


def _save(reports: Iterable[Report], path: str | os.PathLike[str], language: str) -> None:
    from oso_bridge import render

    format_name = render.format_of(path)
    text = render.render([report.to_dict() for report in reports], format_name, language)
    Path(path).write_text(text, encoding="utf-8")
