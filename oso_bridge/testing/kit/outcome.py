"""What came of the scenarios: a table, JSON, JUnit and HTML.  A scenario that was not played never reads as passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

from oso_bridge._version import __version__
from oso_bridge.render.json import dump
from oso_bridge.render.page import Html, page, rows, table, tag, text
from oso_bridge.render.words import clean
from oso_bridge.testing.kit.scenario import Scenario, Text
from oso_bridge.transports.private import replace_file

State = Literal["passed", "failed", "unclear", "not_run"]
STATES: tuple[State, ...] = ("failed", "unclear", "not_run", "passed")
"""The states, what needs attention first."""
_WORDS: dict[str, dict[str, str]] = {
    "nl": {
        "passed": "geslaagd",
        "failed": "niet geslaagd",
        "unclear": "onduidelijk",
        "not_run": "niet uitgevoerd",
        "title": "Testkit: {endpoint}",
        "proves": "Dit is niet de officiële kwalificatie van Kennisnet.",
        "values": "Waarden uit berichten staan hier niet in, tenzij daarom gevraagd is.",
        "why": "Waarom",
        "advice": "Wat te doen",
        "found": "Gevonden",
        "said": "Gezegd",
        "state": "Toestand",
        "scenario": "Scenario",
        "what": "Wat",
        "seconds": "s",
        "help.passed": "Zoals het hoort.",
        "help.failed": "Niet zoals het hoort.",
        "help.unclear": "Rust op een indeling die niet vaststaat; geef de officiële WSDL met --oso-wsdl.",
        "help.not_run": "Er ontbreekt iets; dit is geen goedkeuring.",
    },
    "en": {
        "passed": "passed",
        "failed": "failed",
        "unclear": "unclear",
        "not_run": "not run",
        "title": "Test kit: {endpoint}",
        "proves": "This is not the official qualification of Kennisnet.",
        "values": "Values of messages are not in here, unless that was asked for.",
        "why": "Why",
        "advice": "What to do",
        "found": "Found",
        "said": "Said",
        "state": "State",
        "scenario": "Scenario",
        "what": "What",
        "seconds": "s",
        "help.passed": "As it should be.",
        "help.failed": "Not as it should be.",
        "help.unclear": "Rests on a layout that is not certain; give the official WSDL with --oso-wsdl.",
        "help.not_run": "Something is missing; this is no approval.",
    },
}
_AGREED = (
    *("bron", "doel", "getrapt", "haalt_zelf_op", "koppelsleutel", "leerling", "notificatie", "resultaten"),
    "uwlr_vocabulaire_onbekend",
)
"""Why a scenario may be left out though everything was to be played: nothing is missing."""
_COLOURS = {"passed": "ok", "failed": "errors", "unclear": "incomplete", "not_run": "info"}


def word(name: str, language: str) -> str:
    """A word of the reports: a state, for instance.

    Args:
        name: Its name.
        language: ``nl`` or ``en``.
    """
    return _WORDS[language][name]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one scenario.

    Attributes:
        scenario: The scenario.
        state: ``passed``, ``failed``, ``unclear`` or ``not_run``.
        why: What was found; empty texts when it passed.
        code: The code of that text; empty when it passed.
        duration: How long it took, in seconds.
        said: The messages, a line each, without values.
    """

    scenario: Scenario
    state: State
    why: Text
    code: str = ""
    duration: float = 0.0
    said: Sequence[str] = ()

    @property
    def agreed(self) -> bool:
        """Whether it was not run because ``kit.toml`` leaves it out, or the standard leaves it open."""
        return self.state == "not_run" and self.code.partition(".")[0] in _AGREED

    def counts_as_failed(self, *, strict: bool = False) -> bool:
        """Whether it counts as failed.

        Args:
            strict: What is unclear or was not run does, unless that is :attr:`agreed`.
        """
        return self.state == "failed" or (strict and self.state != "passed" and not self.agreed)

    def lines(self, language: str = "nl") -> list[str]:
        """What a person needs to know of it, a line each.

        Args:
            language: ``nl`` or ``en``.
        """
        shown = [f"{self.scenario.id} {self.scenario.title[language]}: {word(self.state, language)}"]
        if self.why[language]:
            shown.append(f"{word('found', language)}: {self.why[language]}")
        if self.state in ("failed", "unclear"):
            shown.append(f"{word('why', language)}: {self.scenario.why[language]}")
        if self.state == "failed":
            shown.append(f"{word('advice', language)}: {self.scenario.advice[language]}")
        return [clean(line) for line in shown]

    def as_dict(self) -> dict[str, Any]:
        """The outcome as plain values, for JSON."""
        told = {"state": self.state, "code": self.code, "seconds": round(self.duration, 3), "found": dict(self.why)}
        return {**self.scenario.as_dict(), **told, "said": list(self.said)}


@dataclass(slots=True)
class Results:
    """What came of all scenarios.

    Attributes:
        endpoint: The address that was tested.
        outcomes: In the order in which they were played.
    """

    endpoint: str
    outcomes: list[Outcome] = field(default_factory=list)

    def counts(self) -> dict[State, int]:
        """How many scenarios are in each state."""
        return {state: sum(one.state == state for one in self.outcomes) for state in STATES}

    def exit_code(self, *, strict: bool = False) -> int:
        """0 when nothing failed, 1 when something did, 5 when nothing was played at all.

        Args:
            strict: What is unclear or was not run counts as failed, unless it was agreed to leave it out.
        """
        found = self.counts()
        if any(one.counts_as_failed(strict=strict) for one in self.outcomes):
            return 1
        return 0 if found["passed"] + found["unclear"] else 5

    def summary(self, language: str = "nl") -> str:
        """The counts in one line.

        Args:
            language: ``nl`` or ``en``.
        """
        found = self.counts()
        return ", ".join(f"{found[state]} {word(state, language)}" for state in reversed(STATES))

    def table(self, language: str = "nl") -> str:
        """The outcomes as a table of plain text, with below it what to do.

        Args:
            language: ``nl`` or ``en``.
        """
        wide = max((len(one.scenario.id) for one in self.outcomes), default=0)
        room = max(len(word(state, language)) for state in STATES)
        shown = [
            f"{one.scenario.id:{wide}}  {word(one.state, language):{room}}  {one.scenario.title[language]}"
            for one in self.outcomes
        ]
        for one in self.outcomes:
            if one.state == "failed":
                first, *rest = one.lines(language)
                shown += ["", first, *(f"  {line}" for line in rest)]
        shown += [line for state in ("unclear", "not_run") for line in self._alike(state, language)]
        return "\n".join(clean(line) for line in [*shown, "", self.summary(language)]) + "\n"

    def _alike(self, state: str, language: str) -> list[str]:
        """The outcomes in a state, those with the same reason together."""
        found: dict[str, list[str]] = {}
        for one in self.outcomes:
            if one.state == state:
                found.setdefault(one.why[language], []).append(one.scenario.id)
        return [
            line
            for why, ids in found.items()
            for line in ("", f"{word(state, language)}: {', '.join(ids)}", f"  {why}")
        ]

    def to_json(self) -> str:
        """The outcomes as JSON, with every text in both languages."""
        told = {"oso_bridge": __version__, "endpoint": self.endpoint, "counts": self.counts()}
        return dump({**told, "scenarios": [one.as_dict() for one in self.outcomes]})

    def to_junit(self, language: str = "nl", *, strict: bool = False) -> str:
        """The outcomes as JUnit XML: unclear and not run are skipped there, and with ``strict`` errors if they count.

        Args:
            language: ``nl`` or ``en``.
            strict: See above.
        """
        found, wrong = self.counts(), sum(one.counts_as_failed(strict=strict) for one in self.outcomes)
        numbers = {"tests": len(self.outcomes), "failures": found["failed"], "errors": wrong - found["failed"]}
        numbers["skipped"] = len(self.outcomes) - found["passed"] - wrong
        seconds = sum(one.duration for one in self.outcomes)
        facts = {name: str(number) for name, number in numbers.items()} | {"time": f"{seconds:.3f}"}
        top = ElementTree.Element("testsuites", facts)
        suite = ElementTree.SubElement(top, "testsuite", {"name": f"oso-kit {clean(self.endpoint)}", **facts})
        for one in self.outcomes:
            _case(suite, one, language, "error" if one.counts_as_failed(strict=strict) else "skipped")
        ElementTree.indent(top)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(top, encoding="unicode") + "\n"

    def to_html(self, language: str = "nl") -> str:
        """The outcomes as a page without scripts or outside resources.

        Args:
            language: ``nl`` or ``en``.
        """
        title = word("title", language).format(endpoint=self.endpoint)
        lines = [
            (_link(one.scenario.id), _state(one.state, language), one.scenario.title[language]) for one in self.outcomes
        ]
        heads = [word(name, language) for name in ("scenario", "state", "what")]
        parts = [tag("h1", title), tag("p", self.summary(language), class_="lead"), table(heads, lines)]
        parts += [_section(one, language) for state in STATES for one in self.outcomes if one.state == state]
        foot = f"oso_bridge {__version__}. {word('proves', language)} {word('values', language)}"
        return page(title, language, parts, foot)

    def save(self, folder: Path, language: str = "nl", *, strict: bool = False) -> list[Path]:
        """Write ``kit.html``, ``kit.json`` and ``junit.xml``.

        Args:
            folder: Where; made when it is not there.
            language: Of the page and the JUnit file.
            strict: As of :meth:`to_junit`.

        Returns:
            The files.
        """
        folder.mkdir(parents=True, exist_ok=True)
        files = {"kit.html": self.to_html(language), "kit.json": self.to_json()}
        files["junit.xml"] = self.to_junit(language, strict=strict)
        for name, content in files.items():
            replace_file(folder / name, content.encode())
        return [folder / name for name in files]


def _case(suite: ElementTree.Element, one: Outcome, language: str, spare: str) -> None:
    """One outcome in JUnit."""
    name = clean(f"{one.scenario.id} {one.scenario.title[language]}")
    head = {"classname": f"oso-kit.{one.scenario.kind}", "name": name, "time": f"{one.duration:.3f}"}
    case = ElementTree.SubElement(suite, "testcase", head)
    if one.state == "passed":
        return
    kind = "failure" if one.state == "failed" else spare
    told = {"message": clean(one.why[language]), "type": one.state}
    ElementTree.SubElement(case, kind, told).text = "\n".join(one.lines(language))


def _state(state: State, language: str) -> Html:
    return tag("span", word(state, language), class_=_COLOURS[state], title=word(f"help.{state}", language))


def _link(scenario: str) -> Html:
    """A link to what is said of a scenario further down."""
    return tag("a", scenario, href=f"#{scenario}")


def _section(one: Outcome, language: str) -> Html:
    """One outcome with everything that is known of it."""
    facts: list[tuple[str, Html | str]] = [(word("state", language), _state(one.state, language))]
    facts += [(word("found", language), one.why[language])] if one.why[language] else []
    facts += [(word("why", language), one.scenario.why[language])]
    facts += [(word("advice", language), one.scenario.advice[language])] if one.state != "passed" else []
    said = tag("details", tag("summary", word("said", language)), tag("pre", "\n".join(one.said))) if one.said else None
    head = tag("h3", f"{one.scenario.id} {one.scenario.title[language]}")
    return tag("section", head, rows(facts), said if said else text(""), id=one.scenario.id)
