"""Every rule of release 2019.1: a document that breaks just that rule, and its good neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from string import Formatter
from typing import Any

import pytest
from rule_fixtures import (
    CODELISTS,
    FIXTURES,
    RELEASE,
    ROWS,
    Fixture,
    companions,
    examine,
    ids,
    names,
    place_of,
    rule_findings,
)

from oso_bridge import codes, plan
from oso_bridge.findings import LANGUAGES, Finding, Severity, State
from oso_bridge.report import Report
from oso_bridge.rules import engine
from oso_bridge.rules.rows import Row

# No schema-valid document of the release can meet the condition of these.
SHUT_OUT = {
    "OG.03": "the schema itself asks for 31 July",
    "CAT.metadata.present.VERPLICHT": "the category that demands metadata lies in metadata",
    "OVa.EB03.ontheffing": "wettelijke_ontheffing lies in eindtoetsresultaat, not beside it",
    "PaO.ZB01": "the structure has no zorg",
    "PaO.ZB02": "the structure has no zorg",
}

every_fixture = pytest.mark.parametrize("fixture", FIXTURES, ids=names())


def test_every_rule_has_a_fixture_or_a_reason() -> None:
    with_fixture = {fixture.key for fixture in FIXTURES}
    shut_out = {key for key, row in ROWS.items() if row.shut_out}
    assert shut_out == set(SHUT_OUT)
    assert with_fixture == set(ROWS) - shut_out


def test_the_warnings_are_those_the_official_check_cannot_give() -> None:
    unofficial = {key for key, row in ROWS.items() if not row.official and not row.shut_out}
    assert {fixture.key for fixture in FIXTURES if fixture.warning} == unofficial
    assert len(unofficial) == 15


def test_no_two_fixtures_are_the_same() -> None:
    made = [(fixture.key, fixture.base, repr(fixture.broken), fixture.validator) for fixture in FIXTURES]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(("number", "quoted"), CODELISTS["lists"].items())
def test_code_list(number: str, quoted: list[str]) -> None:
    assert list(codes.code_list("oso", int(number), RELEASE.version).codes) == quoted


@every_fixture
def test_the_break_gives_just_its_rule(fixture: Fixture) -> None:
    report = fixture.examine(fixture.broken)
    assert report.layer("schema").state is State.PASSED
    assert ids(report) == fixture.expected()
    _assert_states(report)


def _assert_states(report: Report) -> None:
    for name in ("codes", "rules"):
        errors = [item for item in report.findings if item.layer == name and item.severity is Severity.ERROR]
        assert report.layer(name).state is (State.FAILED if errors else State.PASSED)


@every_fixture
def test_the_finding_says_what_where_and_how_bad(fixture: Fixture) -> None:
    report = fixture.examine(fixture.broken)
    (finding,) = [item for item in report.findings if item.rule == fixture.expect]
    assert finding.severity is (Severity.WARNING if fixture.warning else Severity.ERROR)
    assert finding.official is not fixture.warning
    assert (finding.official_id or "") == fixture.official
    assert finding.layer == ("codes" if fixture.key.startswith("CL.") else "rules")
    assert finding.xpath == place_of(fixture.document(fixture.broken), fixture.at)


@every_fixture
def test_the_texts_have_no_gaps(fixture: Fixture) -> None:
    for finding in rule_findings(fixture.examine(fixture.broken)):
        for language in LANGUAGES:
            for template in (finding.message.text[language], finding.message.remedy[language]):
                assert _gaps(template, finding, language) == []
            for text in (finding.text(language), finding.remedy(language)):
                assert text.strip()
                assert not {"{", "}"} & set(text)


def _gaps(template: str, finding: Finding, language: str) -> list[str]:
    """The names in a template that the finding has no words for."""
    names_ = [name for _, name, _, _ in Formatter().parse(template) if name]
    filled = {name: finding.args.get(f"{name}.{language}") or finding.args.get(name) for name in names_}
    return [name for name, words in filled.items() if not words or words == "-"]


@every_fixture
def test_the_neighbours_give_nothing(fixture: Fixture) -> None:
    assert fixture.good
    for edits in fixture.good:
        report = fixture.examine(edits)
        assert report.layer("schema").state is State.PASSED
        assert ids(report) == set()
        assert report.ok


# ---- whether the fixtures would notice a fault in the rules ----


@contextmanager
def only(*kept: Row) -> Iterator[None]:
    """The engine, with these rows and no others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "rows", lambda _: kept)
        made = engine.Engine(RELEASE, plan.load(RELEASE).tree("dossier"))
        patch.setattr(engine, "engine", lambda *_: made)
        yield


@pytest.mark.parametrize("key", sorted(set(ROWS) - set(SHUT_OUT)))
def test_a_rule_left_out_is_missed(key: str) -> None:
    mine = [fixture for fixture in FIXTURES if fixture.key == key]
    with only(*(row for row in ROWS.values() if row.key != key)):
        for fixture in mine:
            assert ids(fixture.examine(fixture.broken)) == fixture.expected() - {fixture.expect}


@pytest.mark.parametrize(
    ("key", "companion"),
    [(key, other) for key, row in ROWS.items() if key not in SHUT_OUT for other in companions(row)],
)
def test_a_companion_left_out_of_with_is_missed(key: str, companion: str) -> None:
    missed = [
        fixture
        for fixture in FIXTURES
        if fixture.key == key and ids(fixture.examine(fixture.broken)) != fixture.expected(without=companion)
    ]
    assert missed


# Conditions that no schema-valid dossier can tell apart: there always is a leerling, and never a bsn beside an
# onderwijsnummer.
ALWAYS_SO = [("when", "present", "//leerling"), ("unless", "present", "bsn")]


def _loosened() -> Iterator[tuple[str, str, Row]]:
    """Every row with one of its limits left out: the overstap, the place, a condition, or one of several ways out."""
    for key, row in ROWS.items():
        if key in SHUT_OUT or "kind_not" in row.keys:  # the latter say the same thing twice: in kind_not and in values
            continue
        for word in ("overstap", "overstap_not", "inside", "outside"):
            if word in row.keys:
                yield key, word, _with_keys(row, **{word: None})
        for guard in ("when", "unless"):
            conditions = row.keys.get(guard, {})
            for word, what in conditions.items():
                if (guard, word, what) not in ALWAYS_SO:
                    rest = {other: value for other, value in conditions.items() if other != word}
                    yield key, f"{guard} {word}", _with_keys(row, **{guard: rest or None})
        for way, what in _ways(row):
            yield key, way, replace(_with_keys(row, **{row.word: what}), what=what)


def _ways(row: Row) -> Iterator[tuple[str, Any]]:
    """What a row checks, with one of the places or texts that would do left out."""
    if row.word == "one_of":
        for place in row.what:
            yield place, [other for other in row.what if other != place]
    elif row.word == "in_list" and "values" in row.what:
        for text in row.what["values"]:
            yield text, {**row.what, "values": [other for other in row.what["values"] if other != text]}


def _with_keys(row: Row, **changed: Any) -> Row:
    """A row with keys changed; None takes one away."""
    keys = {name: value for name, value in {**row.keys, **changed}.items() if value is not None}
    return replace(row, keys=keys)


LOOSENED = list(_loosened())


@pytest.mark.parametrize(
    ("key", "instead"), [(key, row) for key, _, row in LOOSENED], ids=[f"{key}-{what}" for key, what, _ in LOOSENED]
)
def test_a_limit_left_out_of_a_rule_is_noticed(key: str, instead: Row) -> None:
    mine = [fixture for fixture in FIXTURES if fixture.key == key]
    others = [fixture for fixture in FIXTURES if fixture.key[:3] == key[:3] and fixture.key != key]
    with only(instead):
        assert any(_notices(fixture) for fixture in mine + others)


def _notices(fixture: Fixture) -> bool:
    """Whether a fixture fails when the one row of the engine is a part of all rows."""
    if ids(fixture.examine(fixture.broken)) - fixture.expected():
        return True
    return any(ids(fixture.examine(edits)) for edits in fixture.good)


# ---- rules for one kind of transfer ----

# These official checks do not look at overdrachtsoort, or look at nothing else.
ANY_KIND = {"OVa.MD01", "OVa.MD02", "OVa.OS03", "OVa.TR04", "PaO.MD01", "PaO.SO03"}
OTHER_KIND = {"OVa": "overdrachtbinnenbrin", "OVb": "overstapdossier", "PaO": "overdrachtbinnenbrin"}
OF_ONE_KIND = [fixture for fixture in FIXTURES if fixture.key[:3] in OTHER_KIND and fixture.key not in ANY_KIND]


def _for_another_kind(fixture: Fixture) -> set[str]:
    """What the same break gives in a dossier of another overdrachtsoort, by the same official check."""
    edits = [*fixture.broken, {"set": "dossier/overdrachtsoort", "to": OTHER_KIND[fixture.key[:3]]}]
    return ids(examine(fixture.document(edits), fixture.check))


@pytest.mark.parametrize("fixture", OF_ONE_KIND, ids=lambda fixture: fixture.key)
def test_a_rule_is_silent_for_another_kind_of_transfer(fixture: Fixture) -> None:
    found = _for_another_kind(fixture)
    if fixture.check == "PaO":
        assert found == {"PaO.SO03"}
    else:
        assert fixture.expect not in found


@pytest.mark.parametrize("key", sorted({fixture.key for fixture in OF_ONE_KIND}))
def test_a_rule_that_forgets_its_kind_is_noticed(key: str) -> None:
    with only(_with_keys(ROWS[key], kind=None)):
        for fixture in OF_ONE_KIND:
            if fixture.key == key:
                assert fixture.expect in _for_another_kind(fixture)


def test_the_rules_of_one_kind_are_all_seen() -> None:
    assert {fixture.key for fixture in OF_ONE_KIND} == {key for key, row in ROWS.items() if "kind" in row.keys} - set(
        SHUT_OUT
    )
