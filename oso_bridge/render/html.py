"""HTML: one self-contained page, for people who print a report or send it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso_bridge._version import __version__
from oso_bridge.render.outcome import Finding, Layer, Report, by_layer, profile, severity, verdict
from oso_bridge.render.page import Html, page, rows, table, tag
from oso_bridge.render.text import counts, override, place_of, rule
from oso_bridge.render.words import layer_word, one_line, severity_word, spoken, state_of, state_word, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def render(reports: Sequence[Report], language: str = "nl") -> str:
    """Reports as one HTML page, with a table of contents when there are several."""
    many = len(reports) != 1
    title = word("reports", language, n=len(reports)) if many else word("report", language)
    body = [tag("h1", title), *_overview(reports, language)] if many else [tag("h1", title)]
    body += [_document(report, number, many, language) for number, report in enumerate(reports, 1)]
    foot = f"{word('made_by', language, version=__version__)} {word('redacted', language)}"
    return page(title, language, body, foot)


def _overview(reports: Sequence[Report], language: str) -> Iterator[Html]:
    good = sum(report["exit_code"] == 0 for report in reports)
    yield tag("p", word("total", language, ok=good, n=len(reports)), class_="lead")
    lines = [
        (
            tag("a", one_line(report["source"]), href=f"#d{number}"),
            tag("strong", word(f"verdict.{verdict(report)}", language), class_=verdict(report)),
            counts(report, language) or "–",
        )
        for number, report in enumerate(reports, 1)
    ]
    heads = [word(key, language) for key in ("document", "outcome", "findings")]
    yield table(heads, lines, word("documents", language))


def _document(report: Report, number: int, many: bool, language: str) -> Html:
    name = f"n{number}"
    source = one_line(report["source"])
    head = tag("h2", source, id=name) if many else tag("p", source, class_="lead", id=name)
    level = "h3" if many else "h2"
    parts = [
        head,
        _verdict(report, language),
        _facts(report, language),
        tag(level, word("layers", language)),
        _layers(report["layers"], language),
        tag(level, word("findings", language)),
        *_findings(report, "h4" if many else "h3", language),
    ]
    return tag("section", *parts, id=f"d{number}", class_="document" if many else None, aria_labelledby=name)


def _verdict(report: Report, language: str) -> Html:
    outcome = verdict(report)
    number = counts(report, language)
    said = word(f"verdict.{outcome}", language) + (f": {number}" if number else "")
    advice = tag("span", word(f"verdict.help.{outcome}", language))
    return tag("p", tag("strong", said), advice, class_=f"verdict {outcome}")


def _facts(report: Report, language: str) -> Html:
    unknown = word("unknown", language)
    facts: list[tuple[str, Html | str]] = [
        (word("release", language), one_line(report["release"] or unknown)),
        (word("profile", language), one_line(profile(report) or unknown)),
    ]
    if report["digest"]:
        facts.append((word("digest", language), tag("code", one_line(report["digest"]))))
    return rows(facts)


def _layers(layers: Sequence[Layer], language: str) -> Html:
    heads = [word(key, language) for key in ("layer", "state", "required", "reason")]
    return table(heads, (_layer(layer, language) for layer in layers), word("layers", language))


def _layer(layer: Layer, language: str) -> list[Html | str]:
    state = tag("strong", state_word(layer, language), class_=state_of(layer))
    required = word("yes" if layer["required"] else "optional", language)
    reason = " ".join(part for key in ("reason", "remedy") if (part := spoken(layer.get(key), language)))
    return [layer_word(layer, language), state, required, reason]


def _findings(report: Report, level: str, language: str) -> Iterator[Html]:
    if not report["findings"]:
        yield tag("p", word("no_findings", language), class_="note")
    for name, findings in by_layer(report):
        yield tag(level, f"{layer_word(name, language)} ({len(findings)})")
        for finding in findings:
            yield _finding(finding, language)


def _finding(finding: Finding, language: str) -> Html:
    level = severity(finding)
    parts = [_head(finding, level, language), tag("p", spoken(finding["text"], language))]
    if finding.get("value") is not None:
        parts.append(tag("p", f"{word('value', language)}: ", tag("code", one_line(finding["value"]))))
    if remedy := spoken(finding["remedy"], language):
        label = tag("span", f"{word('remedy', language)}: ", class_="hidden")
        parts.append(tag("p", label, remedy, class_="todo"))
    if finding.get("override"):
        parts.append(tag("p", override(finding, language), class_="agreed"))
    parts.append(_rule(finding, language))
    return tag("article", *parts, class_=f"finding {level}")


def _head(finding: Finding, level: str, language: str) -> Html:
    line = tag("span", f"{word('line', language)} {finding['line']}", class_="line") if finding["line"] else None
    place = place_of(finding)
    where = tag("code", place) if place else tag("span", word("whole_document", language))
    return tag("p", tag("span", severity_word(level, language), class_="level"), line, where, class_="head")


def _rule(finding: Finding, language: str) -> Html:
    both = finding["path"] and finding["xpath"]
    xpath = tag("span", " · ", tag("code", one_line(finding["xpath"]))) if both else None
    return tag("p", f"{word('rule', language)} ", tag("code", rule(finding, language)), xpath, class_="rule")
