"""Outcomes: words are data, what is unknown is never a success, and the best of several."""

from __future__ import annotations

import pytest

import oso_bridge as oso
from oso_bridge import data
from oso_bridge.exchange import outcome

WORDS = data.toml("schemas", "oso-exchange", "woorden.toml")["woord"]


@pytest.mark.parametrize("word", WORDS)
def test_every_word_has_a_text_and_a_rank(word: str) -> None:
    found = outcome.outcome(word)
    assert found.rang > 0
    assert found.text("nl") != found.text("en")
    assert found.wire_word in WORDS
    assert "wire" not in WORDS[found.wire_word]


def test_a_word_that_is_not_listed_is_unknown_and_not_kept() -> None:
    found = outcome.of_result("613543439", "OverdrachtGeslaagd")
    assert (found.woord, found.ok) == ("Onbekend", False)
    assert "613543439" not in repr(found)
    with pytest.raises(oso.UsageError) as caught:
        outcome.outcome("613543439")
    assert "613543439" not in str(caught.value)


@pytest.mark.parametrize("word", ["", "OverdrachtGeslaagd", "NotificatieOntvangen", "vo", "613543439", "ok"])
def test_only_a_sector_is_a_session_that_was_found_good(word: str) -> None:
    assert not outcome.of_sector(word).ok


def test_a_sector() -> None:
    found = outcome.of_sector("VO")
    assert (found.ok, found.sector) == (True, "VO")
    assert outcome.of_sector("SessieAfwijkend").woord == "SessieAfwijkend"


def test_the_best_is_the_highest_and_of_equals_the_last() -> None:
    names = ["LeerlinginfoNietBeschikbaar", "SessieAfwijkend", "LeerlinginfoNietBeschikbaar"]
    several = [outcome.outcome(name) for name in names]
    assert outcome.best(several) is several[2]
    assert outcome.best([*several, outcome.outcome("LeerlinginfoNietOpvraagbaar")]) != several[2]
    assert outcome.best([]) is None
