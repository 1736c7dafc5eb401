"""A scenario: a row of ``oso_scenarios.toml`` or ``uwlr_scenarios.toml``, and the words in which it says what it found.

What is found is told by a code of the table ``tekst`` in the same file, or of ``teksten.toml``, with texts in Dutch and
English.  The values that go into such a text are never those of a document.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from string import Template
from typing import Any

from oso_bridge.errors import DataError, UsageError

KINDS = ("oso", "uwlr")
LANGUAGES = ("nl", "en")
Text = Mapping[str, str]
"""A text by language: ``nl`` and ``en``."""


class Finding(Exception):
    """What a scenario has to say; raised by it.

    Args:
        code: A row of the table ``tekst``.
        values: What goes into that text; no value of a document.
    """

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = {name: str(value) for name, value in values.items()}

    def text(self) -> Text:
        """What it says, by language.

        Raises:
            DataError: There is no such text.
        """
        return text(self.code, **self.values)


class Wrong(Finding):
    """It is not as it should be, whatever the layout of the messages turns out to be."""


class NotUnderstood(Finding):
    """It is not as expected, and another layout of the messages may be why."""


class NotRun(Finding):
    """The scenario cannot be played; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario.

    Attributes:
        id: Its name in reports, such as ``OSO.B03``.
        kind: ``oso`` or ``uwlr``.
        function: The module of the kit and the function that play it: ``oso_bron.zonder_sessie``.
        rests_on: The messages whose layout it needs to be right.
        needs: What has to be there; the stage knows these names.
        title: What is tried.
        why: The rule, with its source.
        advice: What to do when it fails.
    """

    id: str
    kind: str
    function: str
    rests_on: Sequence[str]
    needs: Sequence[str]
    title: Text
    why: Text
    advice: Text

    def as_dict(self) -> dict[str, Any]:
        """The row as plain values, for JSON."""
        facts = {"id": self.id, "kind": self.kind, "rests_on": list(self.rests_on), "needs": list(self.needs)}
        return {**facts, "title": dict(self.title), "why": dict(self.why), "advice": dict(self.advice)}

    def load(self) -> Callable[[Any], None]:
        """The function that plays it on a stage.

        Raises:
            DataError: There is none.
        """
        module, _, name = self.function.partition(".")
        try:
            found: Callable[[Any], None] = getattr(import_module(f"{__package__}.{module}"), name)
        except (ImportError, AttributeError):
            raise DataError(f"The function of scenario {self.id} is not there.", where=self.function) from None
        return found


@cache
def scenarios(kind: str) -> tuple[Scenario, ...]:
    """All scenarios of a kind, in the order in which they are played.

    Args:
        kind: ``oso`` or ``uwlr``.

    Raises:
        DataError: The file with scenarios cannot be used.
    """
    try:
        return tuple(_scenario(kind, row) for row in _file(kind)["scenario"])
    except KeyError as error:
        raise DataError("A row of the scenarios lacks something.", where=str(error)) from None


def pick(found: Sequence[Scenario], names: Sequence[str]) -> tuple[Scenario, ...]:
    """The scenarios with one of some ids, or whose id begins with one.

    Args:
        found: To choose from.
        names: Ids, or what they begin with; all when empty.

    Raises:
        UsageError: A name fits none.
    """
    for name in names:
        if not any(one.id.startswith(name) for one in found):
            raise UsageError(f"There is no scenario {name}.", remedy="oso-bridge kit list shows them.")
    return tuple(one for one in found if not names or one.id.startswith(tuple(names)))


def text(code: str, **values: str) -> Text:
    """A text of the table ``tekst``, by language.

    Args:
        code: Its name.
        values: What goes into it.

    Raises:
        DataError: There is no such text, or it has a place that no value is given for.
    """
    row = next((table[code] for table in map(_texts, (*KINDS, "")) if code in table), None)
    if row is None:
        raise DataError("The kit has no such text.", where=code)
    try:
        return {language: Template(row[language]).substitute(values) for language in LANGUAGES}
    except (KeyError, ValueError):
        raise DataError("A text of the kit lacks a language or a value.", where=code) from None


def _scenario(kind: str, row: Mapping[str, Any]) -> Scenario:
    """A row as a scenario."""
    if any(set(LANGUAGES) - set(row[name]) for name in ("titel", "waarom", "raad")):
        raise DataError("A scenario lacks a language.", where=row["id"])
    return Scenario(
        id=row["id"],
        kind=kind,
        function=row["functie"],
        rests_on=tuple(row.get("leunt", ())),
        needs=tuple(row.get("nodig", ())),
        title=row["titel"],
        why=row["waarom"],
        advice=row["raad"],
    )


def _texts(kind: str) -> dict[str, Any]:
    """The texts in the file of a kind, or those of all."""
    found: dict[str, Any] = _file(kind)["tekst"]
    return found


@cache
def _file(kind: str) -> dict[str, Any]:
    """The file of a kind, or the one with the texts of all."""
    if kind not in (*KINDS, ""):
        raise UsageError("There is no such kind of scenarios.", remedy="Choose from oso, uwlr.")
    path = Path(__file__).with_name(f"{kind}_scenarios.toml" if kind else "teksten.toml")
    if not path.exists():
        return {"scenario": [], "tekst": {}}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path.name} cannot be read: {type(error).__name__}.") from None
