"""Plays scenarios on a stage.  Whatever one of them runs into, the others are played."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from oso_bridge.testing.kit.outcome import Outcome, Results, State
from oso_bridge.testing.kit.scenario import Finding, NotRun, NotUnderstood, Scenario, Text, Wrong, text
from oso_bridge.testing.kit.stage import Stage

_NOTHING: Text = {"nl": "", "en": ""}


def run(
    stage: Stage,
    scenarios: Iterable[Scenario],
    *,
    endpoint: str = "",
    told: Callable[[Outcome], None] = lambda outcome: None,
) -> Results:
    """Play scenarios, one after the other.

    Args:
        stage: The stage; it stays open.
        scenarios: The scenarios, see :func:`oso_bridge.testing.kit.scenarios`.
        endpoint: The address, for the reports.
        told: Is given each outcome as soon as it is there.
    """
    results = Results(endpoint)
    for scenario in scenarios:
        outcome = play(stage, scenario)
        results.outcomes.append(outcome)
        told(outcome)
    return results


def play(stage: Stage, scenario: Scenario) -> Outcome:
    """Play one scenario.

    Args:
        stage: The stage.
        scenario: The scenario.
    """
    started = time.monotonic()
    for need in scenario.needs:
        lacking = stage.lack(need)
        if lacking is not None:
            return Outcome(scenario, "not_run", lacking, code=need)
    try:
        stage.begin()
        state, why, code = _judged(stage, scenario)
    except Exception as error:  # noqa: BLE001 - a scenario that breaks off must not take the others with it
        state, why, code = "failed", _broken(error), "afgebroken"
    return Outcome(scenario, state, why, code, time.monotonic() - started, tuple(stage.said()))


def _judged(stage: Stage, scenario: Scenario) -> tuple[State, Text, str]:
    """Play a scenario that has all it needs."""
    try:
        scenario.load()(stage)
    except Finding as found:
        excuse = None if isinstance(found, NotRun) else stage.excuse(found)
        if excuse is not None:
            return "not_run", excuse, "onvoorbereid"
        return _state(stage, scenario, found), found.text(), found.code
    unsure = _unsure(stage, scenario)
    return ("unclear", text("voorlopig", berichten=unsure), "voorlopig") if unsure else ("passed", _NOTHING, "")


def _state(stage: Stage, scenario: Scenario, found: Finding) -> State:
    """What a finding makes of a scenario."""
    if isinstance(found, NotRun):
        return "not_run"
    if isinstance(found, Wrong) or not isinstance(found, NotUnderstood):
        return "failed"
    return "unclear" if _unsure(stage, scenario) else "failed"


def _unsure(stage: Stage, scenario: Scenario) -> str:
    """The messages of a scenario whose layout is a guess."""
    return ", ".join(one for one in scenario.rests_on if stage.mark(one) == "provisional")


def _broken(error: Exception) -> Text:
    """Where the kit itself broke off; the text of the error may hold anything, so it is left out."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return text("afgebroken", soort=type(error).__name__, plaats=f"{Path(last.filename).name}:{last.lineno}")
