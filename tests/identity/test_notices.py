"""The texts of ``schemas/identity.toml``: complete, in both languages, and each in use."""

from __future__ import annotations

import re
import string
import tomllib
from pathlib import Path
from typing import Any

import pytest

import oso_bridge
from oso_bridge.errors import DataError
from oso_bridge.identity import Notice

CHECKOUT = Path(__file__).resolve().parents[2]
TEXTS: dict[str, Any] = tomllib.loads((CHECKOUT / "schemas" / "identity.toml").read_text("utf-8"))
CODES = sorted(set(TEXTS) - {"words"})
PACKAGE = Path(oso_bridge.__file__).parent / "identity"
SOURCE = "".join(path.read_text("utf-8") for path in sorted(PACKAGE.glob("*.py")))


def places(text: str) -> set[str]:
    """The arguments of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", CODES)
def test_a_text_in_both_languages_with_the_same_arguments(code: str) -> None:
    for part in ("text", "remedy"):
        dutch, english = TEXTS[code][part]["nl"], TEXTS[code][part]["en"]
        assert dutch != english
        assert places(dutch) == places(english)
        assert dutch.endswith(".")
        assert english.endswith(".")


@pytest.mark.parametrize("code", CODES)
def test_each_text_is_used(code: str) -> None:
    assert f'"{code}"' in SOURCE


def test_each_code_has_a_text() -> None:
    used = set(re.findall(r'(?:Notice|refuse|_told)\(\s*"([a-z_0-9]+)"', SOURCE))
    assert len(used) > 30
    assert used <= set(CODES)


def test_arguments_that_are_words() -> None:
    notice = Notice("expired", {"level": "root", "date": "2028-11-14"})
    assert notice.text("nl") == "Het certificaat (van de stam) is verlopen op 2028-11-14."
    assert notice.text("en") == "The certificate (of the root) expired on 2028-11-14."
    assert Notice("bad_oin", {"reason": "lengte"}).text("nl").endswith("de lengte klopt niet.")


def test_an_argument_is_not_a_template() -> None:
    assert "{issuer}" in Notice("no_path", {"issuer": "{issuer}"}).text("nl")


def test_a_code_without_a_text() -> None:
    with pytest.raises(DataError, match=r"identity\.toml"):
        Notice("bestaat_niet").text()
