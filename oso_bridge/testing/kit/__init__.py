"""The kit: scenarios like those of a qualification, against the endpoint of a vendor, over OSO or UWLR.

    oso_scenarios.toml   a row for each scenario: what it rests on, what it needs, why, what to do (uwlr_... likewise)
    scenario             a row, and how a scenario says what it found: Wrong, NotUnderstood, NotRun
    outcome              what came of it: table, JSON, JUnit, HTML
    runner               plays scenarios on a stage; works without pytest
    stage                what a stage is, and what it is made from: the options and kit.toml
    calling              calls the endpoint, and hides nothing of what comes back
    collect              the scenarios as tests of pytest; the options are in ``oso_bridge.testing.plugin``
    oso_..., uwlr_...    stage and scenarios of OSO and of UWLR; ``oso_start`` and ``uwlr_start`` open the stage

A scenario is a function that takes the stage, and returns when everything is as it should be.
"""

from __future__ import annotations

from oso_bridge.testing.kit.outcome import Outcome, Results
from oso_bridge.testing.kit.runner import run
from oso_bridge.testing.kit.scenario import Scenario, scenarios

__all__ = ["Outcome", "Results", "Scenario", "run", "scenarios"]
