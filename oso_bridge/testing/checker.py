"""What the fixture ``oso_check`` gives: a check that fails a test with the findings, and no value of the document."""

from __future__ import annotations

from typing import Any

from oso_bridge.document import check
from oso_bridge.report import Report
from oso_bridge.sources import Source


class Checker:
    """Checks a document inside a test.

    Example::

        def test_export(oso_check):
            oso_check(make_dossier())                             # fails with the findings when it is not ok
            oso_check(make_dossier(), expect={"OVa.LL10"})        # fails unless exactly these rules are broken
    """

    def __call__(self, source: Source, *, expect: set[str] | frozenset[str] = frozenset(), **settings: Any) -> Report:
        """Check a document and fail the test when it is not as expected.

        Args:
            source: A path, bytes or an open file.
            expect: The ids of the rules that must be broken, as errors; none when left out.
            settings: What :func:`oso_bridge.check` takes.

        Returns:
            The report.

        Raises:
            AssertionError: Another set of rules is broken, or a required layer did not run.
        """
        __tracebackhide__ = True
        report = check(source, **settings)
        broken = {finding.rule for finding in report.findings if finding.severity == "error"}
        if broken != set(expect):
            raise AssertionError(_told(report, broken, set(expect)))
        if not expect and not report.ok:
            raise AssertionError(_told(report, broken, set(expect)))
        return report


def _told(report: Report, broken: set[str], expected: set[str]) -> str:
    """Why a document is not as expected, finding by finding."""
    lines = [f"{report.source} is not as expected."]
    lines += [f"  expected, not found: {rule}" for rule in sorted(expected - broken)]
    for finding in report.findings:
        if finding.severity == "error" and finding.rule not in expected:
            lines.append(
                f"  {finding.rule} at {finding.path or finding.xpath}, line {finding.line}: {finding.text('en')}"
            )
            lines.append(f"    {finding.remedy('en')}")
    for layer in report.layers:
        if layer.required and layer.state in ("not_run", "unclear"):
            lines.append(f"  layer {layer.name}: {layer.why('en')}")
    return "\n".join(lines)
