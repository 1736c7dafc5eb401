"""The texts that belong to no format: complete, in both languages, with the same gaps."""

from __future__ import annotations

import string

import pytest

from oso_bridge import catalog, plan, releases
from oso_bridge.errors import DataError
from oso_bridge.findings import LANGUAGES

ALL = [
    (group, kind)
    for group in ("DOC", "XSD", "LAAG", "MODEL", "MAP", "SIG", "WUS", "VERLIES")
    for kind in catalog.kinds(group)
]


@pytest.mark.parametrize(("group", "kind"), ALL)
def test_every_text_is_there_in_both_languages_with_the_same_gaps(group: str, kind: str) -> None:
    message = catalog.message(group, kind)
    for texts in (message.text, message.remedy):
        assert set(texts) == set(LANGUAGES)
        assert all(text.strip() == text and text for text in texts.values())
        gaps = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts.values()]
        assert gaps[0] == gaps[1]
    assert message.text["nl"] != message.text["en"]


def test_a_text_that_does_not_exist() -> None:
    with pytest.raises(DataError, match=r"There is no text for DOC\.nergens"):
        catalog.message("DOC", "nergens")
    with pytest.raises(DataError, match=r"There is no text for ABC\.leeg"):
        catalog.message("ABC", "leeg")


def test_built_in_types_have_words_and_others_keep_their_name() -> None:
    assert catalog.type_words("date")["nl"].startswith("een datum")
    assert catalog.type_words("gMonth") == {"nl": "gMonth", "en": "gMonth"}
    assert catalog.message("DOC", "leeg") is catalog.message("DOC", "leeg")


def test_every_pattern_of_an_installed_release_has_words() -> None:
    described = [plan.load(release).types for release in releases.installed()]
    facets = [kind.get("facets", {}).get("pattern") for types in described for kind in types.values()]
    patterns = {pattern for several in facets if several for pattern in several}
    assert patterns
    for pattern in patterns:
        words = catalog.pattern_words(pattern)
        assert set(words) == set(LANGUAGES)
        assert not [text for text in words.values() if pattern in text]


def test_a_pattern_without_words_is_told_as_it_stands() -> None:
    assert catalog.pattern_words("[a-c]{2}") == {"nl": "volgens het patroon [a-c]{2}", "en": "by the pattern [a-c]{2}"}
    assert catalog.pattern_words("") == {"nl": "zoals het schema vraagt", "en": "as the schema asks"}
