"""The kit passes an endpoint of ours, and finds every mistake that is planted into it."""

from __future__ import annotations

import pytest

from oso_bridge.testing.kit import Results, run, scenarios
from oso_bridge.testing.kit.scenario import pick

from .mistakes import MISTAKES
from .stage import PLAN, make_stage

HERE = {one.id for one in scenarios("oso") if "tls" not in one.needs}
"""The scenarios that can be played in this process."""


def in_state(results: Results, state: str) -> set[str]:
    return {one.scenario.id for one in results.outcomes if one.state == state}


def test_our_endpoint_passes_everything() -> None:
    stage = make_stage()
    results = run(stage, scenarios("oso"))
    stage.close()
    assert in_state(results, "failed") | in_state(results, "unclear") == set(), results.table("en")
    assert in_state(results, "passed") == HERE


def test_without_the_official_layout_nothing_provisional_passes() -> None:
    stage = make_stage(wsdl=False)
    results = run(stage, scenarios("oso"))
    stage.close()
    assert in_state(results, "failed") == set(), results.table("en")
    for one in results.outcomes:
        if one.state in ("passed", "unclear"):
            rests = {stage.mark(message) for message in one.scenario.rests_on}
            assert (one.state == "unclear") is ("provisional" in rests)
    assert in_state(results, "unclear")
    assert "OSO.D01" in in_state(results, "passed")  # the one layout that is published whole


def test_the_wire_of_2018() -> None:
    names = ("bron", "vrager", "tweede", "ander", "buur", "swv", "elders")
    points = {name: getattr(PLAN, name).model_copy(update={"kenmerk": str(at)}) for at, name in enumerate(names)}
    stage = make_stage(wsdl=False, plan=PLAN.model_copy(update={"draad": "2018", **points, "doel": points["bron"]}))
    results = run(stage, scenarios("oso"))
    stage.close()
    assert in_state(results, "failed") == set(), results.table("en")
    assert in_state(results, "passed") | in_state(results, "unclear") == HERE


def test_where_everything_is_refused_a_refusal_shows_nothing() -> None:
    stage = make_stage(lambda las: setattr(las, "toegang", lambda oin, sender, element: False))
    results = run(stage, scenarios("oso"))
    stage.close()
    assert not {one for one in in_state(results, "passed") if one.startswith("OSO.B")}
    assert {"OSO.B12", "OSO.B23", "OSO.S04", "OSO.S13", "OSO.D04"} <= in_state(results, "not_run")
    assert {"OSO.B02", "OSO.D01"} <= in_state(results, "failed")


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_by_the_scenarios_that_are_for_it(name: str) -> None:
    mistake = MISTAKES[name]
    stage = make_stage(mistake.plant, **dict(mistake.settings))
    results = run(stage, scenarios("oso"))
    stage.close()
    assert in_state(results, "failed") == mistake.found, results.table("en")
    assert "afgebroken" not in {one.code for one in results.outcomes}


@pytest.mark.parametrize("name", ["no_session_check", "for_any_school", "doctype_taken", "number_in_a_fault"])
def test_what_no_layout_explains_fails_without_the_official_layout_too(name: str) -> None:
    mistake = MISTAKES[name]
    stage = make_stage(mistake.plant, wsdl=False)
    results = run(stage, pick(scenarios("oso"), sorted(mistake.found)))
    stage.close()
    assert in_state(results, "failed") == mistake.found, results.table("en")


def test_no_layout_no_verdict() -> None:
    """Where the answer cannot be read, another layout may be why: that is unclear, and failed with the official one."""
    for wsdl, states in ((False, {"unclear"}), (True, {"failed"})):
        stage = make_stage(MISTAKES["nothing_for_an_swv"].plant, wsdl=wsdl)
        results = run(stage, pick(scenarios("oso"), ["OSO.B05"]))
        stage.close()
        assert {one.state for one in results.outcomes} == states


def test_every_scenario_finds_some_mistake() -> None:
    assert {found for mistake in MISTAKES.values() for found in mistake.found} == HERE
    assert len(MISTAKES) >= 20
