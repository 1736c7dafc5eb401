"""The words that the renderers use around the texts of findings, in Dutch and in English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from oso_bridge.errors import UsageError, choose
from oso_bridge.findings import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS: dict[str, dict[str, str]] = {
    "nl": {
        "report": "Controlerapport",
        "reports": "Controlerapport over {n} documenten",
        "made_by": "Gemaakt met oso_bridge {version}.",
        "redacted": "Waarden uit het dossier staan hier niet in, tenzij daarom gevraagd is.",
        "document": "Document",
        "documents": "Documenten",
        "release": "Release",
        "profile": "Profiel",
        "digest": "Vingerafdruk",
        "summary": "Samenvatting",
        "outcome": "Uitkomst",
        "layer": "Controle",
        "layers": "Controles",
        "state": "Toestand",
        "required": "Vereist",
        "optional": "aanvullend",
        "duration": "Duur",
        "reason": "Toelichting",
        "findings": "Bevindingen",
        "by_line": "Bevindingen op regelnummer",
        "no_findings": "Er zijn geen bevindingen.",
        "place": "Plaats",
        "line": "regel",
        "rule": "Regel",
        "official": "officieel",
        "own": "eigen controle",
        "remedy": "Wat te doen",
        "value": "Waarde",
        "override": "Afgesproken uitzondering",
        "until": "tot en met",
        "was": "was",
        "unknown": "onbekend",
        "whole_document": "het hele document",
        "yes": "ja",
        "no": "nee",
        "verdict.ok": "In orde",
        "verdict.acceptable": "Aanvaardbaar, met afgesproken uitzonderingen",
        "verdict.errors": "Niet in orde",
        "verdict.incomplete": "Niet volledig gecontroleerd",
        "verdict.help.ok": "Elke vereiste controle is uitgevoerd en geslaagd.",
        "verdict.help.acceptable": "Wat er overblijft valt onder een uitzondering met een reden.",
        "verdict.help.errors": "Los de fouten op en controleer het document opnieuw.",
        "verdict.help.incomplete": "Een vereiste controle is niet tot het eind uitgevoerd: dit is geen goedkeuring.",
        "state.passed": "geslaagd",
        "state.failed": "niet geslaagd",
        "state.warned": "waarschuwingen",
        "state.not_run": "niet uitgevoerd",
        "state.unclear": "onduidelijk",
        "severity.error": "fout",
        "severity.warning": "waarschuwing",
        "severity.info": "opmerking",
        "severity.suppress": "weggelaten",
        "count.error": "fouten",
        "count.warning": "waarschuwingen",
        "count.info": "opmerkingen",
        "count.suppress": "weggelaten",
        "layer.wellformed": "Leesbare XML",
        "layer.schema": "Schema",
        "layer.codes": "Codelijsten",
        "layer.rules": "Regels",
        "layer.integrity": "Samenhang",
        "layer.signature": "Handtekening",
        "layer.legal": "Wettelijke grenzen",
        "layer.mapping": "Tabellen",
        "total": "{ok} van {n} documenten in orde",
    },
    "en": {
        "report": "Check report",
        "reports": "Check report on {n} documents",
        "made_by": "Made with oso_bridge {version}.",
        "redacted": "Values of the dossier are left out, unless they were asked for.",
        "document": "Document",
        "documents": "Documents",
        "release": "Release",
        "profile": "Profile",
        "digest": "Digest",
        "summary": "Summary",
        "outcome": "Outcome",
        "layer": "Check",
        "layers": "Checks",
        "state": "State",
        "required": "Required",
        "optional": "additional",
        "duration": "Duration",
        "reason": "Explanation",
        "findings": "Findings",
        "by_line": "Findings by line",
        "no_findings": "There are no findings.",
        "place": "Place",
        "line": "line",
        "rule": "Rule",
        "official": "official",
        "own": "own check",
        "remedy": "What to do",
        "value": "Value",
        "override": "Agreed exception",
        "until": "until",
        "was": "was",
        "unknown": "unknown",
        "whole_document": "the whole document",
        "yes": "yes",
        "no": "no",
        "verdict.ok": "In order",
        "verdict.acceptable": "Acceptable, with agreed exceptions",
        "verdict.errors": "Not in order",
        "verdict.incomplete": "Not fully checked",
        "verdict.help.ok": "Every required check ran and passed.",
        "verdict.help.acceptable": "What is left falls under an exception that bears a reason.",
        "verdict.help.errors": "Solve the errors and check the document again.",
        "verdict.help.incomplete": "A required check could not run to its end: this is no approval.",
        "state.passed": "passed",
        "state.failed": "failed",
        "state.warned": "warnings",
        "state.not_run": "not run",
        "state.unclear": "unclear",
        "severity.error": "error",
        "severity.warning": "warning",
        "severity.info": "note",
        "severity.suppress": "left out",
        "count.error": "errors",
        "count.warning": "warnings",
        "count.info": "notes",
        "count.suppress": "left out",
        "layer.wellformed": "Readable XML",
        "layer.schema": "Schema",
        "layer.codes": "Code lists",
        "layer.rules": "Rules",
        "layer.integrity": "Coherence",
        "layer.signature": "Signature",
        "layer.legal": "Legal limits",
        "layer.mapping": "Tables",
        "total": "{ok} of {n} documents in order",
    },
}

# Control characters, bidirectional overrides and half surrogates: in XML forbidden, on a terminal dangerous.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def word(key: str, language: str, **args: Any) -> str:
    """A word or phrase; a layer or state that is not in the list is shown by its own name."""
    text = _WORDS[language].get(key)
    return text.format(**args) if text is not None else key.rpartition(".")[2]


def layer_word(layer: Mapping[str, Any] | str, language: str) -> str:
    """The name of a layer of checks."""
    return word(f"layer.{layer if isinstance(layer, str) else layer['name']}", language)


def state_of(layer: Mapping[str, Any]) -> str:
    """What became of a layer; ``warned`` for a failed one on which the verdict does not depend."""
    return "warned" if layer["state"] == "failed" and not layer["required"] else str(layer["state"])


def state_word(layer: Mapping[str, Any], language: str) -> str:
    """What became of a layer, in words."""
    return word(f"state.{state_of(layer)}", language)


def severity_word(level: str, language: str) -> str:
    """The name of a severity, or of a finding that an exception leaves out."""
    return word(f"severity.{level}", language)


def check_language(language: str) -> str:
    """The language itself.

    Raises:
        UsageError: There are no texts in that language.
    """
    if language not in LANGUAGES:
        raise UsageError(f"There are no texts in language {language!r}.", remedy=choose(language, LANGUAGES))
    return language


def clean(text: Any) -> str:
    """A text without characters that XML forbids or that could steer a terminal; each becomes U+FFFD."""
    return _UNPRINTABLE.sub("\ufffd", str(text).replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: Any) -> str:
    """A clean text with every run of white space as one space."""
    return " ".join(clean(text).split())


def spoken(texts: Mapping[str, Any] | None, language: str) -> str:
    """The text of a finding or layer in that language, else in any language there is."""
    if not texts:
        return ""
    return clean(texts.get(language) or next((text for text in texts.values() if text), ""))
