"""Plain text for a terminal or a pipe: compact, and what to do stands with what is wrong."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from oso_bridge.errors import UsageError, choose
from oso_bridge.render.outcome import SUPPRESSED, Finding, Layer, Report, by_layer, profile, severity, verdict
from oso_bridge.render.words import clean, layer_word, one_line, severity_word, spoken, state_of, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WIDTH = 100
SORTS = ("rule", "line")
DOCUMENT = "/[1]"  # the place of what is wrong with the document as a whole
_STATES = ("failed", "unclear", "not_run", "warned", "passed")
_COLOURS = {
    "error": "31;1",
    "errors": "31;1",
    "failed": "31",
    "warning": "33;1",
    "incomplete": "33;1",
    "unclear": "33",
    "warned": "33",
    "not_run": "33",
    "info": "36",
    "ok": "32;1",
    "acceptable": "32;1",
    "passed": "32",
    "dim": "2",
    "bold": "1",
}


class Paint:
    """Colours by meaning; without colour the text itself."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, text: str, meaning: str) -> str:
        """The text in the colour of its meaning."""
        code = _COLOURS.get(meaning) if self.colour else None
        return f"\x1b[{code}m{text}\x1b[0m" if code else text


def render(reports: Sequence[Report], language: str = "nl", *, colour: bool = False, sort: str = "rule") -> str:
    """Reports as text.

    Args:
        reports: What ``Report.to_dict()`` gave.
        language: ``nl`` or ``en``.
        colour: Add terminal colours, and nothing else.
        sort: ``rule``: by layer, in the order of the rules; ``line``: along the document.

    Raises:
        UsageError: There is no such order.
    """
    check_sort(sort)
    paint = Paint(colour)
    lines: list[str] = []
    for report in reports:
        lines += [*_report(report, language, paint, sort), ""]
    if len(reports) > 1:
        good = sum(report["exit_code"] == 0 for report in reports)
        lines.append(word("total", language, ok=good, n=len(reports)))
    return "\n".join(lines).rstrip("\n") + "\n"


def check_sort(sort: str) -> str:
    """The order itself.

    Raises:
        UsageError: There is no such order.
    """
    if sort not in SORTS:
        raise UsageError(f"Findings cannot be sorted by {sort!r}.", remedy=choose(sort, SORTS))
    return sort


def counts(report: Report, language: str) -> str:
    """``2 fouten, 1 waarschuwing``; empty when there is nothing."""
    return counted(report["counts"], language)


def counted(numbers: Mapping[str, int], language: str) -> str:
    """Numbers of findings by severity, in words; noughts are left out."""
    parts = []
    for name, number in numbers.items():
        if number:
            key = f"severity.{name}" if number == 1 else f"count.{name}"
            parts.append(f"{number} {word(key, language)}")
    return ", ".join(parts)


def _report(report: Report, language: str, paint: Paint, sort: str) -> Iterator[str]:
    yield _head(report, language, paint)
    about = " · ".join(one_line(part) for part in (report["release"], profile(report)) if part)
    if about:
        yield "  " + paint(about, "dim")
    yield from _layers(report["layers"], language, paint)
    for title, findings in _along(report, language) if sort == "line" else _by_layer(report, language):
        yield ""
        yield "  " + paint(title, "bold")
        for finding in findings:
            yield from _finding(finding, language, paint)


def _by_layer(report: Report, language: str) -> Iterator[tuple[str, list[Finding]]]:
    for name, findings in by_layer(report):
        yield layer_word(name, language), findings


def _along(report: Report, language: str) -> Iterator[tuple[str, list[Finding]]]:
    """All findings by their line; first those about the document as a whole, which have none."""
    if report["findings"]:
        yield word("by_line", language), sorted(report["findings"], key=lambda finding: finding["line"] or 0)


def _head(report: Report, language: str, paint: Paint) -> str:
    outcome = verdict(report)
    said = paint(word(f"verdict.{outcome}", language), outcome)
    number = counts(report, language)
    return f"{paint(one_line(report['source']), 'bold')}: {said}" + (f" ({number})" if number else "")


def _layers(layers: Sequence[Layer], language: str, paint: Paint) -> Iterator[str]:
    for state in _STATES:
        names = ", ".join(layer_word(layer, language) for layer in layers if state_of(layer) == state)
        if names:
            said = word(f"state.{state}", language).capitalize()
            first, *rest = _wrap(f"{said}: {names}", "  ", "    ")
            yield from (first.replace(said, paint(said, state), 1), *rest)
    for reason, about in _reasons(layers, language).items():
        yield from _wrap(f"{', '.join(about)}: {reason}", "  ", "    ")


def _reasons(layers: Sequence[Layer], language: str) -> dict[str, list[str]]:
    """Why layers did not run as usual, and what to do; each said once, with the layers it holds for."""
    found: dict[str, list[str]] = {}
    for layer in layers:
        reason = " ".join(part for key in ("reason", "remedy") if (part := spoken(layer.get(key), language)))
        if reason:
            found.setdefault(reason, []).append(layer_word(layer, language))
    return found


def _finding(finding: Finding, language: str, paint: Paint) -> Iterator[str]:
    yield f"  {_severity(finding, language, paint)} {_where(finding, language)}"
    yield from _wrap(spoken(finding["text"], language), "      ")
    if finding.get("value") is not None:
        yield from _wrap(f"{word('value', language)}: {one_line(finding['value'])}", "      ", "        ")
    if remedy := spoken(finding["remedy"], language):
        yield from _wrap(f"→ {remedy}", "      ", "        ")
    if finding.get("override"):
        yield from _wrap(override(finding, language), "      ", "        ")
    yield "      " + paint(rule(finding, language), "dim")


def _severity(finding: Finding, language: str, paint: Paint) -> str:
    level = severity(finding)
    return paint(severity_word(level, language), "dim" if level == SUPPRESSED else level)


def _where(finding: Finding, language: str) -> str:
    line = f"{word('line', language)} {finding['line']}" if finding["line"] else ""
    place = place_of(finding) or ("" if line else word("whole_document", language))
    return ", ".join(part for part in (line, place, element_of(finding)) if part)


def element_of(finding: Finding) -> str:
    """The element of the document, when the model calls it otherwise: its last two names, to search the XML for."""
    names = [step.removesuffix("[1]") for step in (finding["xpath"] or "").split("/")[2:]]
    last = names[-1].partition("[")[0] if names else ""
    if not last or not finding["path"] or finding["path"].rpartition(".")[2].partition("[")[0] == last:
        return ""
    return f"<{'/'.join(names[-2:])}>"


def place_of(finding: Finding) -> str:
    """The place of a finding; empty for the document as a whole."""
    place = finding["path"] or finding["xpath"]
    return one_line(place) if place and place != DOCUMENT else ""


def rule(finding: Finding, language: str) -> str:
    """The rule, and the id under which the official check gives it."""
    if not finding["official"]:
        return f"{clean(finding['rule'])} ({word('own', language)})"
    known = finding.get("official_id")
    if known and known != finding["rule"]:
        return f"{clean(finding['rule'])} ({word('official', language)}: {clean(known)})"
    return f"{clean(finding['rule'])} ({word('official', language)})"


def override(finding: Finding, language: str) -> str:
    """The exception that was agreed for a finding, with its reason and its last day."""
    agreed = finding["override"]
    text = f"{word('override', language)}: {one_line(agreed.get('reason') or '-')}"
    was = f"{word('was', language)} {severity_word(finding['severity'], language)}"
    until = f", {word('until', language)} {one_line(agreed['until'])}" if agreed.get("until") else ""
    return f"{text} ({was}{until})"


def _wrap(text: str, first: str, rest: str | None = None) -> Iterator[str]:
    options = {"width": WIDTH, "break_long_words": False, "break_on_hyphens": False}
    yield from textwrap.wrap(text, initial_indent=first, subsequent_indent=rest or first, **options)  # type: ignore[arg-type]
