"""The summary of a batch: how many documents came out how, and the rules that were broken most."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_bridge.batch import Outcome

_TOP = 10  # rules in the table; the JSON has all
_WORDS = {
    "nl": {
        "documents": "Documenten",
        "ok": "In orde",
        "errors": "Niet in orde",
        "incomplete": "Niet volledig gecontroleerd",
        "skipped": "Waarvan al eerder gedaan",
        "converted": "Omgezet",
        "with_losses": "Waarvan met verlies",
        "not_ok": "Waarvan het resultaat niet in orde is",
        "failed": "Niet omgezet",
        "rules": "Meest geschonden regels",
        "in": "documenten",
        "times": "bevindingen",
    },
    "en": {
        "documents": "Documents",
        "ok": "In order",
        "errors": "Not in order",
        "incomplete": "Not fully checked",
        "skipped": "Of which done before",
        "converted": "Converted",
        "with_losses": "Of which with losses",
        "not_ok": "Of which the result is not in order",
        "failed": "Not converted",
        "rules": "Rules broken most",
        "in": "documents",
        "times": "findings",
    },
}


class Summary:
    """Counts outcomes, and keeps none of them."""

    def __init__(self) -> None:
        self._codes: Counter[int] = Counter()
        self._counts: Counter[str] = Counter()
        self._documents: Counter[str] = Counter()
        self._findings: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self._codes[outcome.exit_code] += 1
        done = outcome.error is None
        self._counts.update(
            skipped=outcome.skipped,
            converted=done,
            failed=not done,
            with_losses=done and bool(outcome.losses),
            not_ok=done and not outcome.ok,
        )
        self._documents.update(outcome.rules.keys())
        self._findings.update(outcome.rules)

    @property
    def exit_code(self) -> int:
        """Any error 1, else a required check that did not pass 3, else 0."""
        return 1 if self._codes[1] else 3 if self._codes[3] else 0

    def check(self) -> dict[str, Any]:
        """The summary of a check as plain JSON values."""
        return {
            "documents": self._codes.total(),
            "ok": self._codes[0],
            "errors": self._codes[1],
            "incomplete": self._codes[3],
            "skipped": self._counts["skipped"],
            "exit_code": self.exit_code,
            "rules": self._rules(),
        }

    def convert(self) -> dict[str, Any]:
        """The summary of a conversion as plain JSON values."""
        names = ("converted", "with_losses", "not_ok", "failed", "skipped")
        return {
            "documents": self._codes.total(),
            **{name: self._counts[name] for name in names},
            "exit_code": self.exit_code,
            "rules": self._rules(),
        }

    def _rules(self) -> list[dict[str, Any]]:
        """The rules, those of most documents first."""
        ids = sorted(self._documents, key=lambda rule: (-self._documents[rule], rule))
        return [{"rule": rule, "documents": self._documents[rule], "findings": self._findings[rule]} for rule in ids]


def table(told: dict[str, Any], language: str) -> str:
    """A summary as text: what came out how often, and the rules that were broken in most documents.

    Args:
        told: What :meth:`Summary.check` or :meth:`Summary.convert` gave.
        language: ``nl`` or ``en``.
    """
    return "\n".join(_lines(told, _WORDS[language])) + "\n"


def _lines(told: dict[str, Any], words: dict[str, str]) -> Iterator[str]:
    numbers = {words[key]: number for key, number in told.items() if key in words and isinstance(number, int)}
    width = max(map(len, numbers))
    for name, number in numbers.items():
        yield f"{name:<{width}}  {number:>7}"
    if told["rules"]:
        shown = told["rules"][:_TOP]
        width = max(len(words["rules"]), *(len(row["rule"]) for row in shown))
        yield ""
        yield f"{words['rules']:<{width}}  {words['in']:>10}  {words['times']:>11}"
        for row in shown:
            yield f"{row['rule']:<{width}}  {row['documents']:>10}  {row['findings']:>11}"
