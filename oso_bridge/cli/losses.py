"""Losses and outcomes of a conversion in words; never with a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso_bridge.render.text import counted as counted_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_bridge.batch import Outcome
    from oso_bridge.binding import Loss

_WORDS = {
    "nl": {
        "instead": "Het zou kunnen in {path}.",
        "converted": "omgezet",
        "again": "al eerder omgezet",
        "lost": "{n} verloren",
        "refused": "niet omgezet",
        "faults": "het resultaat is niet in orde ({n}); oso-bridge check zegt wat er is",
        "incomplete": "een vereiste controle van het resultaat is niet uitgevoerd of niet duidelijk",
    },
    "en": {
        "instead": "It could go to {path}.",
        "converted": "converted",
        "again": "converted before",
        "lost": "{n} lost",
        "refused": "not converted",
        "faults": "the result is not in order ({n}); oso-bridge check says what is wrong",
        "incomplete": "a required check of the result did not run or is unclear",
    },
}


def line_of(loss: Loss, language: str) -> str:
    """What is lost, and where it could go instead when that is known."""
    instead = f" {_WORDS[language]['instead'].format(path=loss.elsewhere)}" if loss.elsewhere else ""
    return loss.text(language) + instead


def reasons(outcome: Outcome, language: str, *, counted: bool = False) -> Iterator[str]:
    """What is to be said of an outcome.

    Args:
        outcome: The outcome.
        language: ``nl`` or ``en``.
        counted: Also that it was converted, and how much was lost.
    """
    words = _WORDS[language]
    if outcome.error is not None:
        yield f"{words['refused']}. {outcome.error.text(language)} {outcome.error.remedy(language)}"
        return
    if counted:
        yield words["again" if outcome.skipped else "converted"]
        if outcome.losses:
            yield words["lost"].format(n=len(outcome.losses))
    if outcome.exit_code == 1:
        yield words["faults"].format(n=counted_words({"error": outcome.counts.get("error", 0)}, language))
    elif outcome.exit_code:
        yield words["incomplete"]
