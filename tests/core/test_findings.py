"""Findings and layers: plain data with texts in two languages; errors that say where and what to do."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

import oso_bridge as oso
from oso_bridge import errors, findings, records, sources

MESSAGE = oso.Message(
    {"nl": "{naam} is {soort}.", "en": "{naam} is {soort}."}, {"nl": "Verhelp {naam}.", "en": "Mend {naam}."}
)
FINDING = oso.Finding(
    "X.1",
    "rules",
    oso.Severity.ERROR,
    True,
    MESSAGE,
    path="a.b",
    args={"naam": "x", "soort.nl": "fout", "soort.en": "wrong"},
)


def test_a_text_is_filled_with_the_arguments_of_its_language() -> None:
    assert FINDING.text() == FINDING.text("nl") == "x is fout."
    assert FINDING.text("en") == "x is wrong."
    assert FINDING.remedy("nl") == "Verhelp x."
    assert FINDING.remedy("en") == "Mend x."


def test_an_argument_that_is_absent_is_a_dash() -> None:
    assert findings.fill("{a}, {b}", {"a": "x"}, "nl") == "x, -"


def test_an_argument_that_looks_like_a_template_is_left_alone() -> None:
    assert findings.fill("{a}", {"a": "{b}"}, "nl") == "{b}"


def test_a_name_with_a_dot_that_is_no_language_stays_a_name() -> None:
    assert findings.fill("{a}", {"a": "x", "a.de": "y"}, "nl") == "x"


def test_a_finding_as_json() -> None:
    described = FINDING.to_dict()
    assert described == {
        "rule": "X.1",
        "official_id": None,
        "layer": "rules",
        "severity": "error",
        "official": True,
        "path": "a.b",
        "xpath": None,
        "line": None,
        "args": {"naam": "x", "soort.nl": "fout", "soort.en": "wrong"},
        "value": None,
        "text": {"nl": "x is fout.", "en": "x is wrong."},
        "remedy": {"nl": "Verhelp x.", "en": "Mend x."},
    }


def test_a_finding_cannot_be_changed_and_can_be_sent_elsewhere() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        FINDING.rule = "X.2"  # type: ignore[misc]
    again = pickle.loads(pickle.dumps(FINDING))  # noqa: S301 - made on the same line
    assert again == FINDING == copy.deepcopy(FINDING)


def test_a_layer_tells_its_reason_in_both_languages() -> None:
    layer = oso.Layer("codes", oso.State.NOT_RUN, True, None, MESSAGE, {"naam": "y", "soort.nl": "fout"})
    assert (layer.why("nl"), layer.why("en")) == ("y is fout.", "y is -.")
    assert layer.remedy("nl") == "Verhelp y."
    assert layer.to_dict() == {
        "name": "codes",
        "state": "not_run",
        "required": True,
        "duration": None,
        "reason": {"nl": "y is fout.", "en": "y is -."},
        "remedy": {"nl": "Verhelp y.", "en": "Mend y."},
    }


def test_a_layer_without_reason_has_none() -> None:
    layer = oso.Layer("codes", oso.State.PASSED, True, 0.5)
    assert layer.why() is None
    assert layer.remedy() is None
    assert (layer.to_dict()["reason"], layer.to_dict()["remedy"], layer.to_dict()["duration"]) == (None, None, 0.5)


def test_an_empty_remedy_is_none() -> None:
    empty = oso.Message({"nl": "t", "en": "t"}, {"nl": "", "en": ""})
    assert oso.Layer("codes", oso.State.NOT_RUN, True, reason=empty).remedy() is None


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (errors.UsageError("Wat."), "Wat."),
        (errors.UsageError("Wat.", where="a.xml"), "Wat. (a.xml)"),
        (errors.UsageError("Wat.", line=3), "Wat. (line 3)"),
        (errors.UsageError("Wat.", where="a.xml", line=3, remedy="Doe dit."), "Wat. (a.xml, line 3) Doe dit."),
        (errors.NotXml("Wat.", rule="DOC.leeg", remedy="Doe dit."), "Wat. Doe dit."),
    ],
)
def test_an_error_says_what_where_and_what_to_do(error: oso.OsoBridgeError, text: str) -> None:
    assert str(error) == text


def test_the_tree_of_errors() -> None:
    assert issubclass(oso.UsageError, ValueError)
    for kind in (oso.NotXml, oso.UnsafeDocument, oso.UnknownRelease, oso.NotADossier):
        assert issubclass(kind, oso.DocumentError)
    for kind in (oso.DocumentError, oso.UsageError, oso.DataError):
        assert issubclass(kind, oso.OsoBridgeError)
    assert errors.NotXml("x", rule="DOC.leeg").args_ == {}


def test_the_children_of_a_record_come_one_by_one() -> None:
    record = {"a": "1", "b": ["2", "3"], "#order": ["a"], "#extra": [], "c": {"#text": "4", "@x": None}}
    assert list(records.children(record)) == [("a", "1"), ("b", "2"), ("b", "3"), ("c", {"#text": "4", "@x": None})]
    assert list(records.children({"#groups": [{"a": "1"}, {"a": "2"}]})) == [("a", "1"), ("a", "2")]


def test_texts_of_leaves() -> None:
    assert records.is_leaf("x")
    assert records.is_leaf({"#text": "x"})
    assert not records.is_leaf({"a": "x"})
    assert not records.is_leaf(["x"])
    assert records.text_of("x") == records.text_of({"#text": "x"}) == "x"
    assert records.text_of([]) == ""


def test_the_name_of_a_source() -> None:
    assert sources.name_of("a/b.xml") == "a/b.xml"
    assert sources.name_of(b"<a/>") == sources.name_of(bytearray()) == "<bytes>"
    assert sources.name_of(object()) == "<file>"
