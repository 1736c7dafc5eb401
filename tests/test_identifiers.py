"""Identifiers: the form of the wire, the reason of a refusal, and nothing of the text in either."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oso_bridge import identifiers
from oso_bridge.errors import UsageError
from oso_bridge.identifiers import ALL, REASONS

GOOD = [
    ("bsn", "310008475"),
    ("bsn", "274957462"),
    ("bsn", "088584574"),  # the zero in front belongs to it
    ("bsn", "238521436"),
    ("bsn", "613543439"),
    ("onderwijsnummer", "101211151"),
    ("brin", "00YY"),
    ("vestigingscode", "07"),
    ("vestiging", "00YY07"),
    ("postcode", "1234AB"),
    ("oin", "0000000700000YY00931"),
    ("oin", "00000099123456789000"),
    ("oin", "00000010123456789000"),
    ("eckid", "https://ketenid.nl/201703/" + "0f" * 64),
    ("eckid", "https://ketenid.nl/pilot/" + "a0" * 64),
]

BAD = [
    ("bsn", "613543438", "proef"),
    ("bsn", "613543493", "proef"),  # two digits changed places
    ("bsn", "88584574", "lengte"),  # without its zero, as a number in a sheet has it
    ("bsn", "0613543439", "lengte"),
    ("bsn", "6135.43.439", "tekens"),
    ("bsn", " 613543439", "tekens"),
    ("bsn", "613543439\n", "tekens"),
    ("bsn", "٦١٣٥٤٣٤٣٩", "tekens"),
    ("bsn", "000000000", "vorm"),
    ("bsn", "", "leeg"),
    ("bsn", "101211151", "proef"),  # an onderwijsnummer
    ("onderwijsnummer", "613543439", "vorm"),  # a bsn
    ("onderwijsnummer", "101211152", "proef"),
    ("onderwijsnummer", "10121115", "lengte"),
    ("onderwijsnummer", "", "leeg"),
    ("brin", "00yy", "tekens"),
    ("brin", "0YY0", "vorm"),
    ("brin", "00YY00", "lengte"),
    ("vestigingscode", "7", "lengte"),
    ("vestigingscode", "0A", "tekens"),
    ("vestiging", "00YY", "lengte"),
    ("vestiging", "00YYAB", "vorm"),
    ("postcode", "1234 AB", "tekens"),
    ("postcode", "1234ab", "tekens"),
    ("postcode", "0234AB", "vorm"),
    ("postcode", "1234SS", "vorm"),
    ("postcode", "1234", "lengte"),
    ("oin", "0000001100000YY00931", "register"),
    ("oin", "0000000700000YY0093", "lengte"),
    ("oin", "0000000700000yy00931", "tekens"),
    ("oin", "A000000700000YY00931", "vorm"),
    ("eckid", "https://ketenid.nl/201703/" + "0F" * 64, "vorm"),
    ("eckid", "https://ketenid.nl/201703/" + "0f" * 63, "vorm"),
    ("eckid", "https://voorbeeld.invalid/201703/" + "0f" * 64, "register"),
    ("eckid", "https://ketenid.nl/201703/" + "0f" * 200, "lengte"),
    ("eckid", "https://ketenid.nl/pilot/ " + "0f" * 64, "tekens"),
]


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_good(kind: str, text: str) -> None:
    assert ALL[kind].why(text) is None
    assert ALL[kind].is_valid(text)


@pytest.mark.parametrize(("kind", "text", "reason"), BAD)
def test_bad(kind: str, text: str, reason: str) -> None:
    assert ALL[kind].why(text) == reason
    assert not ALL[kind].is_valid(text)


def test_each_identifier_is_found_by_its_own_name() -> None:
    assert {name: getattr(identifiers, name) for name in ALL} == ALL
    assert all(identifier.name == name for name, identifier in ALL.items())


@pytest.mark.parametrize("kind", sorted(ALL))
@given(text=st.text())
def test_any_text_is_right_or_has_a_known_reason(kind: str, text: str) -> None:
    assert ALL[kind].why(text) in (None, *REASONS)


@given(number=st.integers(1, 99_999_999).map(lambda number: f"{number:08}"))
def test_of_ten_last_digits_at_most_one_makes_a_bsn(number: str) -> None:
    good = [digit for digit in "0123456789" if identifiers.bsn.is_valid(number + digit)]
    remainder = sum(int(digit) * weight for digit, weight in zip(number, range(9, 1, -1), strict=True)) % 11
    assert good == ([str(remainder)] if remainder < 10 else [])


@given(number=st.integers(0, 9_999_999).map(lambda number: f"1{number:07}"))
def test_the_onderwijsnummer_differs_by_five(number: str) -> None:
    good = [digit for digit in "0123456789" if identifiers.onderwijsnummer.is_valid(number + digit)]
    remainder = sum(int(digit) * weight for digit, weight in zip(number, range(9, 1, -1), strict=True)) % 11
    wanted = (remainder - 5) % 11
    assert good == ([str(wanted)] if wanted < 10 else [])


SANDBOX_SALT = "rktYml0MIp9TC9u6Ny6uqw=="


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        ("063138219", "9735dfd2235eaeb5f0300886bcc99c82ffc1d6420c4e0bde8de7218def2135fa"),
        ("20DP teacher@school.com", "0b870ff044775ef0360655c40d5b284b7e3ae2b72207a6894794d787eb019e60"),
    ],
)
def test_the_published_vectors_of_the_eckid_hash(number: str, wanted: str) -> None:
    """Those of the clients of Nummervoorziening, with the salt of its sandbox."""
    assert identifiers.eckid_hash(number, SANDBOX_SALT) == wanted


def test_the_eckid_hash_lowers_and_cleans_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("hashlib.scrypt", lambda text, **options: asked.append((text, options)) or b"\0" * 32)
    assert identifiers.eckid_hash(" AB-1 ", SANDBOX_SALT) == "00" * 32
    (text, options), *_ = asked
    assert text == b" ab-1 "
    assert {name: options[name] for name in ("n", "r", "p", "dklen")} == {"n": 131_072, "r": 8, "p": 4, "dklen": 32}
    assert len(options["salt"]) == 16


@pytest.mark.parametrize("number", [None, "", " ", "1", " 1 ", "\t"])
def test_what_is_no_number_is_not_hashed(number: str) -> None:
    with pytest.raises(UsageError, match="no number"):
        identifiers.eckid_hash(number, SANDBOX_SALT)


@pytest.mark.parametrize("salt", [None, "", "rktY ml0M", "geen*base64", "abc"])
def test_a_salt_that_is_none(salt: str) -> None:
    with pytest.raises(UsageError, match="salt") as caught:
        identifiers.eckid_hash("063138219", salt)
    assert "063138219" not in str(caught.value)
