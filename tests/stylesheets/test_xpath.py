"""The lexis of XPath: what is called, with which literal texts."""

from __future__ import annotations

import pytest

from oso_bridge.stylesheets import xpath


@pytest.mark.parametrize(
    ("expression", "texts"),
    [
        ("a/b[@c = 'd''e']", ["a", "/", "b", "[", "@", "c", "=", "'d''e'", "]"]),
        ("(: x (: y :) z :) doc (: q :) ('a')", ["doc", "(", "'a'", ")"]),
        ("Q{urn:x}f(1)", ["Q{urn:x}f", "(", "1", ")"]),
        ("fn:a-b.c #1", ["fn:a-b.c", "#", "1"]),
        ("'geen einde", ["'", "geen", "einde"]),
        ("(: geen einde", []),
        ("", []),
    ],
)
def test_tokens(expression: str, texts: list[str]) -> None:
    assert [token.text for token in xpath.tokens(expression)] == texts


def test_a_literal_stands_for_its_value() -> None:
    (token,) = xpath.tokens('"zeg ""ja"""')
    assert token.value == 'zeg "ja"'


def test_calls_and_their_literal_argument() -> None:
    found = xpath.tokens("f('a') + g(h) + i('b', /) + j('c', 2) + k")
    called = {name: xpath.literal_argument(found, number) for number, name in xpath.calls(found)}
    assert {name: token and token.value for name, token in called.items()} == {"f": "a", "g": None, "i": "b", "j": None}


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("a{b}c{d}", ["b", "d"]),
        ("{{geen}}", []),
        ("{ '}' }", [" '}' "]),
        ("{map{'a':1}?a}", ["map{'a':1}?a"]),
        ("{open", ["open"]),
    ],
)
def test_what_is_in_braces(text: str, inside: list[str]) -> None:
    assert [text[start:end] for start, end in xpath.braced(text)] == inside


def test_very_many_braces_take_no_time() -> None:
    # a copy of the rest for each of them would take minutes
    assert len(xpath.braced("{x}" * 300_000)) == 300_000
