"""Findings: what a check noticed, where, and what to do; plain data without behaviour of its own.

A :class:`Finding` holds names, codes and numbers that come from a specification, never a
value of the document, unless the caller asked for values (``show_values``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How serious a finding is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class State(StrEnum):
    """What became of a layer of checks; a layer that did not run never reads as one that passed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not_run"
    UNCLEAR = "unclear"


LANGUAGES = ("nl", "en")


@dataclass(frozen=True, slots=True)
class Message:
    """The text and the remedy of a rule, in Dutch and in English.

    The texts are templates: ``{name}`` stands for an argument of the finding.

    Attributes:
        text: By language, what is wrong.
        remedy: By language, what to do.
    """

    text: Mapping[str, str]
    remedy: Mapping[str, str]


class _Gaps(dict[str, str]):
    """Arguments of a template, where an absent one shows as a dash instead of raising."""

    def __missing__(self, key: str) -> str:
        return "-"


def fill(template: str, args: Mapping[str, str], language: str) -> str:
    """Fill in a template; an argument may differ by language under ``name.nl`` and ``name.en``."""
    values = _Gaps(args)
    for key, value in args.items():
        name, dot, lang = key.rpartition(".")
        if dot and lang == language:
            values[name] = value
    return template.format_map(values)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check noticed.

    Attributes:
        rule: The stable id of this project, such as ``CL.19.soortadres``; never reused.
        layer: The layer that noticed it, such as ``schema`` or ``rules``.
        severity: ``error`` only in required layers, else ``warning`` or ``info``.
        official: True when the official check gives this finding too.
        message: The text and the remedy.
        official_id: The id that the official check of the release prints, when it has one.
        path: The place in the words of the model, such as ``leerling.adres[1].soort``.
        xpath: The place in the document, such as ``/dossier[1]/metadata[1]``; ``/[1]`` is the document.
        line: The line of that place in the source, counted from 1.
        args: Names, codes and limits for the text; never values of the document.
        value: The value concerned when the caller asked for values, else its shape (``12 tekens``).
    """

    rule: str
    layer: str
    severity: Severity
    official: bool
    message: Message
    official_id: str | None = None
    path: str | None = None
    xpath: str | None = None
    line: int | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    value: str | None = None

    def __str__(self) -> str:
        where = self.path or self.xpath or "-"
        return f"{self.severity.value} {self.rule} ({where}, line {self.line or '-'}): {self.text('en')}"

    def text(self, language: str = "nl") -> str:
        """What is wrong, in ``nl`` or ``en``."""
        return fill(self.message.text[language], self.args, language)

    def remedy(self, language: str = "nl") -> str:
        """What to do about it, in ``nl`` or ``en``."""
        return fill(self.message.remedy[language], self.args, language)

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON, with text and remedy in every language."""
        return {
            "rule": self.rule,
            "official_id": self.official_id,
            "layer": self.layer,
            "severity": self.severity.value,
            "official": self.official,
            "path": self.path,
            "xpath": self.xpath,
            "line": self.line,
            "args": dict(self.args),
            "value": self.value,
            "text": {lang: self.text(lang) for lang in LANGUAGES},
            "remedy": {lang: self.remedy(lang) for lang in LANGUAGES},
        }


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of checks and what became of it.

    Attributes:
        name: ``wellformed``, ``schema``, ``codes``, ``rules``, ``integrity`` ...
        state: What became of it.
        required: True when ``report.ok`` asks for it.
        duration: Seconds spent on it; None when it did not run.
        reason: Why it did not run, is unclear, or could look at a part of the document only.
        args: The arguments of the reason.
    """

    name: str
    state: State
    required: bool
    duration: float | None = None
    reason: Message | None = None
    args: Mapping[str, str] = field(default_factory=dict)

    def why(self, language: str = "nl") -> str | None:
        """The reason in ``nl`` or ``en``, or None."""
        if self.reason is None:
            return None
        return fill(self.reason.text[language], self.args, language)

    def remedy(self, language: str = "nl") -> str | None:
        """What to do about the reason, or None."""
        if self.reason is None:
            return None
        return fill(self.reason.remedy[language], self.args, language) or None

    def to_dict(self) -> dict[str, Any]:
        """The layer as JSON."""
        return {
            "name": self.name,
            "state": self.state.value,
            "required": self.required,
            "duration": self.duration,
            "reason": None if self.reason is None else {lang: self.why(lang) for lang in LANGUAGES},
            "remedy": None if self.reason is None else {lang: self.remedy(lang) for lang in LANGUAGES},
        }
