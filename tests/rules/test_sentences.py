"""Rules in sentences: every word of the vocabulary has one, in both languages."""

from __future__ import annotations

import re
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import releases
from oso_bridge.rules import sentences as module
from oso_bridge.rules.rows import CHECKS, Row, rows
from oso_bridge.rules.sentences import sentences

NEWEST = releases.release("oso/2019.1")


def row(word: str, what: Any, **keys: Any) -> Row:
    """A rule of our own."""
    model = rows(NEWEST)[0]
    return Row(**{**model.__dict__, "word": word, "what": what, "keys": {"check": "common", "at": "/", **keys}})


def told(word: str, what: Any, **keys: Any) -> tuple[list[str], list[str]]:
    made = sentences(row(word, what, **keys), NEWEST)
    return made["nl"], made["en"]


@pytest.mark.parametrize(
    ("word", "what", "nl", "en"),
    [
        ("required", "a/b", "Verplicht: a/b.", "Required: a/b."),
        ("forbidden", ".", "Verboden: dit element.", "Forbidden: this element."),
        (
            "one_of",
            ["a", "//b/c"],
            "er zijn: a of b/c (waar ook in het document).",
            "a or b/c (anywhere in the document).",
        ),
        ("true", "a", "Er moet staan dat a waar is (true of 1).", "It must say that a is true (true or 1)."),
        ("equals", {"path": "a", "value": "9"}, "a moet precies 9 zijn.", "a must be exactly 9."),
        (
            "equals",
            {"path": "a", "release": "standaardversie"},
            "a moet precies 2019.1 zijn.",
            "a must be exactly 2019.1.",
        ),
        ("in_list", {"path": "a", "values": ["x", "y", "z"]}, "a moet x, y of z zijn.", "a must be x, y or z."),
        ("in_list", {"path": ".", "list": 19}, "codelijst 19 (Soort adres) zijn: bezoek, post of gba.", "code list 19"),
        ("contains", {"path": "a", "value": "@"}, "a moet de tekst @ bevatten.", "a must contain the text @."),
        ("matches", {"path": "a", "pattern": "[0-9]{4}"}, "(reguliere expressie): [0-9]{4}", "expression): [0-9]{4}"),
        ("min_length", {"path": "a", "length": 4}, "ten minste 4 tekens", "at least 4 characters"),
        ("max_length", {"path": "a", "length": 9}, "ten hoogste 9 tekens", "at most 9 characters"),
        (
            "school_years",
            {"path": "a", "reference": "//b", "years": 3},
            "eerste van 3 schooljaren liggen; het laatste daarvan is dat van b (waar ook",
            "first of 3 school years; the last of them is that of b (anywhere",
        ),
    ],
)
def test_every_check_word(word: str, what: Any, nl: str, en: str) -> None:
    dutch, english = told(word, what)
    assert nl in dutch[-1]
    assert en in english[-1]


def test_every_word_has_a_sentence_in_every_language() -> None:
    for words in module._WORDS.values():
        assert set(CHECKS) <= set(words)
        assert {"if_true", "if_false", "if_present", "if_is"} <= set(words)
    assert set(module._NL) == set(module._EN)
    for key, template in module._NL.items():
        assert sorted(re.findall(r"{\w+}", template)) == sorted(re.findall(r"{\w+}", module._EN[key])), key


def test_guards() -> None:
    guards = {
        "when": {"true": ["a", "b"], "is": {"c": ["x", "y"]}, "present": "//d"},
        "unless": {"false": "e"},
    }
    dutch, english = told("required", "z", **guards)
    assert dutch[-2:] == [
        "Dat geldt alleen als a waar is en b waar is en c gelijk is aan x of y en d (waar ook in het document) er is.",
        "Dat geldt niet als e onwaar is.",
    ]
    assert english[-2:] == [
        "That holds only if a is true and b is true and c is x or y and d (anywhere in the document) is present.",
        "That does not hold if e is false.",
    ]


@pytest.mark.parametrize(
    ("keys", "nl"),
    [
        ({}, "In oso/2019.1 geldt deze regel voor elk dossier."),
        ({"kind": ["a", "b"]}, "voor dossiers met overdrachtsoort a of b."),
        ({"kind_not": ["a"], "overstap": ["P"]}, "met een andere overdrachtsoort dan a en met overstap P."),
        ({"overstap_not": ["P"]}, "voor dossiers met een andere overstap dan P."),
    ],
)
def test_for_whom(keys: dict[str, Any], nl: str) -> None:
    assert told("required", "z", **keys)[0][0].endswith(nl)


def test_where() -> None:
    assert told("required", "z")[1][1] == "It looks once, at the document as a whole."
    assert told("required", "z", at="dossier/a")[1][1] == "It looks at every element dossier/a."
    limited = told("required", "z", at="**/a/b", inside="c", outside="d", check="OV")[1]
    assert limited[1] == "It is a part of the official check OV."
    assert limited[2] == "It looks at every element a/b, wherever it stands, only within c, but not within d."


@pytest.mark.parametrize("release", oso.installed(), ids=lambda release: release.id)
def test_every_rule_is_told_without_the_words_of_the_file(release: oso.Release) -> None:
    for rule in rows(release):
        for made in sentences(rule, release).values():
            assert len(made) >= 3
            text = " ".join(made)
            assert "//" not in text
            assert "**" not in text
            assert not re.search(r"\b(one_of|in_list|min_length|max_length|school_years)\b", text)
            assert "{" not in text or rule.word == "matches"


def test_explain_gives_the_sentences_and_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    two = [release for release in releases.installed() if release.version in ("2016.1", "2019.1")]
    monkeypatch.setattr(releases, "installed", lambda: two)
    (entry,) = oso.explain("OVa.LL05")
    assert entry["explained"]["en"][-1] == "That does not hold if adresgeheim is true."
    assert entry["not_installed"] == ["oso/1.1.1", "oso/1.2.2", "oso/2017.1", "oso/2018.1"]
    (own,) = oso.explain("INT.bsn")
    assert own["explained"] == {"nl": [], "en": []}
    assert own["not_installed"] == []
