"""What is noticed while tables are read, with file, sheet, line and column; never a value unless it was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

from oso_bridge import catalog
from oso_bridge.findings import Finding, Layer, Severity, State
from oso_bridge.report import MORE, Report

LAYER = "mapping"


def letters(number: int) -> str:
    """What a spreadsheet calls a column: A, B ... Z, AA.

    >>> letters(1), letters(28)
    ('A', 'AB')
    """
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


@dataclass(slots=True)
class Notes:
    """The findings of one reading.

    Attributes:
        source: The name of what is read.
        most: How many findings are kept.
        show_values: Whether values may be told.
    """

    source: str
    most: int
    show_values: bool = False
    findings: list[Finding] = field(default_factory=list)
    more: int = 0
    failed: bool = False
    begun: float = field(default_factory=perf_counter)

    def add(
        self,
        kind: str,
        severity: Severity = Severity.ERROR,
        *,
        file: str | None = None,
        sheet: str | None = None,
        line: int | None = None,
        column: str | int | None = None,
        path: str | None = None,
        value: object = None,
        **args: str,
    ) -> None:
        """Add a finding.

        Args:
            kind: Which one, of the group MAP.
            severity: How serious it is; an error fails the reading.
            file: The file it is in.
            sheet: The sheet, by the name that the mapping gives it.
            line: The line or row, counted from 1.
            column: The header that the mapping gives it, or the number of a column it does not know.
            path: The place in the model.
            value: What stood there.
            args: What else the text names.
        """
        self.failed |= severity is Severity.ERROR
        if len(self.findings) >= self.most:
            self.more += 1
            return
        where = _where(file, sheet, line, column)
        named = {"bestand": file, "blad": sheet, "regel": line and str(line), "kolom": _column(column)}
        told = {name: text for name, text in named.items() if text}
        message = catalog.message("MAP", kind)
        shown = str(value) if self.show_values and value is not None else None
        self.findings.append(
            Finding(
                f"MAP.{kind}",
                LAYER,
                severity,
                False,
                message,
                path=path,
                line=line,
                args={**told, **where, **args},
                value=shown,
            )
        )

    def report(self) -> Report:
        """All that was noticed."""
        state = State.FAILED if self.failed else State.PASSED
        layer = Layer(LAYER, state, True, perf_counter() - self.begun)
        findings = list(self.findings)
        if self.more:
            message = catalog.message("LAAG", "meer")
            findings.append(Finding(MORE, LAYER, Severity.INFO, False, message, args={"aantal": str(self.more)}))
        return Report(self.source, None, None, None, (layer,), tuple(findings))


def _column(column: str | int | None) -> str | None:
    return letters(column) if isinstance(column, int) else column


def _where(file: str | None, sheet: str | None, line: int | None, column: str | int | None) -> dict[str, str]:
    """The place in a sentence, in both languages."""
    name = _column(column)
    parts = (
        (file, "{}", "{}"),
        (sheet, "blad {}", "sheet {}"),
        (line, "regel {}", "line {}"),
        (name, "kolom {}", "column {}"),
    )
    dutch = ", ".join(nl.format(part) for part, nl, _ in parts if part)
    english = ", ".join(en.format(part) for part, _, en in parts if part)
    return {"waar.nl": dutch, "waar.en": english}
