"""JUnit XML: one suite per document, one case per layer; a check that did not run never reads as passed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from oso_bridge.render.outcome import Finding, Layer, Report, severity
from oso_bridge.render.text import counted, override, rule
from oso_bridge.render.words import clean, one_line, severity_word, spoken, state_word, word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def render(reports: Sequence[Report], language: str = "nl") -> str:
    """Reports as JUnit XML."""
    suites = [_Suite(report, language) for report in reports]
    total = {key: sum(suite.numbers[key] for suite in suites) for key in ("tests", "failures", "errors", "skipped")}
    body = "".join(suite.xml() for suite in suites)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="oso_bridge"{_attributes(total)}>\n'
    return f"{head}{body}</testsuites>\n"


class _Suite:
    """One document."""

    def __init__(self, report: Report, language: str) -> None:
        self.report = report
        self.language = language
        self.outcomes = [self._outcome(layer) for layer in report["layers"]]
        kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
        self.numbers = {"tests": len(self.outcomes)} | {name: self.outcomes.count(kind) for name, kind in kinds.items()}

    def _findings(self, layer: Layer) -> list[Finding]:
        return [finding for finding in self.report["findings"] if finding["layer"] == layer["name"]]

    def _outcome(self, layer: Layer) -> str:
        """A layer that asks nothing of the verdict may warn without turning a build red."""
        if layer["state"] == "not_run":
            return "error" if layer["required"] else "skipped"
        if layer["state"] == "unclear":
            return "error"
        findings = self._findings(layer)
        if any(severity(finding) == "error" for finding in findings):
            return "failure"
        return "failure" if layer["state"] == "failed" and layer["required"] and not findings else ""

    def xml(self) -> str:
        """The suite as XML."""
        seconds = sum(layer["duration"] or 0 for layer in self.report["layers"])
        head = _attributes({"name": self.report["source"], **self.numbers, "time": f"{seconds:.6f}"})
        pairs = zip(self.report["layers"], self.outcomes, strict=True)
        cases = "".join(self._case(layer, outcome) for layer, outcome in pairs)
        return f"  <testsuite{head}>\n{self._about()}{cases}  </testsuite>\n"

    def _about(self) -> str:
        known = {key: self.report[key] for key in ("release", "digest") if self.report[key]}
        known |= {key: value for key, value in (self.report["profile"] or {}).items() if value}
        rows = "".join(f"      <property{_attributes({'name': key, 'value': known[key]})}/>\n" for key in known)
        return f"    <properties>\n{rows}    </properties>\n" if rows else ""

    def _case(self, layer: Layer, outcome: str) -> str:
        head = {"classname": self.report["source"], "name": layer["name"], "time": f"{layer['duration'] or 0:.6f}"}
        body = self._verdict(layer, outcome) + ("" if outcome == "failure" else self._output(layer))
        return f"    <testcase{_attributes(head)}" + (f">\n{body}    </testcase>\n" if body else "/>\n")

    def _verdict(self, layer: Layer, outcome: str) -> str:
        if not outcome:
            return ""
        if outcome == "failure":
            numbers = Counter(severity(finding) for finding in self._findings(layer))
            message = counted(numbers, self.language) or self._why(layer)
            text = "\n".join(self._line(finding) for finding in self._findings(layer)) or self._why(layer)
            kind = {"type": "finding"}
        else:
            message, text, kind = self._why(layer), "", {"type": layer["state"]} if outcome == "error" else {}
        return f"      <{outcome}{_attributes({'message': message, **kind})}>{escape(clean(text))}</{outcome}>\n"

    def _why(self, layer: Layer) -> str:
        parts = (spoken(layer.get(key), self.language) for key in ("reason", "remedy"))
        return " ".join(part for part in parts if part) or state_word(layer, self.language)

    def _output(self, layer: Layer) -> str:
        text = "\n".join(self._line(finding) for finding in self._findings(layer))
        return f"      <system-out>{escape(clean(text))}</system-out>\n" if text else ""

    def _line(self, finding: Finding) -> str:
        place = finding["path"] or finding["xpath"] or word("whole_document", self.language)
        line = f"{word('line', self.language)} {finding['line']}: " if finding["line"] else ""
        level = severity_word(finding["severity"], self.language)
        agreed = f" [{override(finding, self.language)}]" if finding.get("override") else ""
        said = f"{spoken(finding['text'], self.language)} {spoken(finding['remedy'], self.language)}".strip()
        return f"{line}{one_line(place)}: {level}: {rule(finding, self.language)}: {said}{agreed}"


def _attributes(values: Mapping[str, object]) -> str:
    return "".join(f" {name}={quoteattr(clean(value))}" for name, value in values.items())
