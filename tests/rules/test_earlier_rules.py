"""Every rule of the releases before 2019.1: a document that breaks just that rule, and its good neighbours."""

from __future__ import annotations

import pytest
from earlier_fixtures import EARLIER, OFFICIAL, RELEASES, base, bases, fixtures, rows_of
from rule_fixtures import Edit, Fixture, examine, ids, place_of, rule_findings

from oso_bridge.findings import LANGUAGES, Severity, State
from oso_bridge.releases import Release
from oso_bridge.report import Report

# No schema-valid document of these releases can meet the condition of these.
SHUT_OUT = {
    "oso/2016.1": {"OG.03", "OVa.EB03.ontheffing"},
    "oso/2017.1": {"OG.03", "OVa.EB03.ontheffing"},
    "oso/2018.1": {"OG.03", "OVa.EB03.ontheffing"},
}

CASES = [
    pytest.param(fixture, id=f"{one.version}-{fixture.key}-{number}")
    for one in RELEASES
    for number, fixture in enumerate(fixtures(one))
]

every_release = pytest.mark.parametrize("one", RELEASES, ids=lambda one: one.version)
every_fixture = pytest.mark.parametrize("fixture", CASES)


@every_release
def test_the_base_documents_are_good(one: Release) -> None:
    for name in bases(one):
        report = examine(base(name, one))
        assert [(item.rule, item.xpath) for item in report.findings] == []
        assert report.release == one.id


@every_release
def test_every_rule_has_a_fixture_or_a_reason(one: Release) -> None:
    shut_out = {key for key, row in rows_of(one).items() if row.shut_out}
    assert shut_out == SHUT_OUT.get(one.id, set())
    assert {fixture.key for fixture in fixtures(one)} == set(rows_of(one)) - shut_out


@every_release
def test_the_rules_bear_the_ids_that_the_official_check_prints(one: Release) -> None:
    said = OFFICIAL[one.version]
    assert {row.id: row.official_id for row in rows_of(one).values() if row.official_id}.items() <= said["ids"].items()
    unofficial = {row.id for row in rows_of(one).values() if not (row.official or row.shut_out)}
    assert unofficial == set(said["not_enforced"])


@every_fixture
def test_the_break_gives_just_its_rule_at_its_place(fixture: Fixture) -> None:
    report = fixture.examine(fixture.broken)
    assert report.layer("schema").state is State.PASSED
    assert ids(report) == fixture.expected()
    (finding,) = [item for item in report.findings if item.rule == fixture.expect]
    assert finding.severity is (Severity.WARNING if fixture.warning else Severity.ERROR)
    assert finding.official is not fixture.warning
    assert (finding.official_id or "") == fixture.official
    assert finding.xpath == place_of(fixture.document(fixture.broken), fixture.at)
    _assert_texts(report)


def _assert_texts(report: Report) -> None:
    for finding in rule_findings(report):
        for language in LANGUAGES:
            for text in (finding.text(language), finding.remedy(language)):
                assert text.strip()
                assert not {"{", "}"} & set(text)


@every_fixture
def test_the_neighbours_give_nothing(fixture: Fixture) -> None:
    assert fixture.good
    for edits in fixture.good:
        report = fixture.examine(edits)
        assert [item.rule for item in report.findings] == []
        assert report.ok


ABOUT_DEELDOSSIER = {"OVa.MD01", "CL.33.deeldossier"}
OF_THE_FIRST = [
    pytest.param(fixture, id=f"{one.version}-{fixture.key}-{number}")
    for one in RELEASES
    if one.order < (2017,)
    for number, fixture in enumerate(fixtures(one))
    if fixture.key not in ABOUT_DEELDOSSIER
]


@pytest.mark.parametrize("fixture", OF_THE_FIRST)
def test_some_rules_are_passed_over_when_the_dossier_has_nothing_of_an_administration(fixture: Fixture) -> None:
    edits: list[Edit] = [*fixture.broken, {"set": "metadata/deeldossier", "to": "LVS"}]
    passed_over = fixture.key in OFFICIAL[fixture.version]["only_with_las"]
    assert (fixture.expect in ids(fixture.examine(edits))) is not passed_over


@pytest.mark.parametrize("table", ["base", "unsuited"])
def test_no_entry_of_the_table_is_idle(table: str) -> None:
    """Each version is one there is, and what does not suit it is a rule that it has."""
    versions = {one.version: one for one in RELEASES}
    for heading, found in EARLIER[table].items():
        for version in heading.split(" "):
            known = set(rows_of(versions[version])) if table == "unsuited" else set(bases(versions[version]))
            assert found.keys() & known
