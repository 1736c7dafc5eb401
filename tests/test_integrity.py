"""The questions of the integrity layer, and the soundness of the data that says where they are asked."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oso_bridge import attachments, identifiers
from oso_bridge.rules import questions as integrity
from oso_bridge.rules.questions import Answer

DATA: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "schemas/oso/integrity.toml").read_text(encoding="utf-8")
)
CHECKS = {check["id"]: check for check in DATA["check"]}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2019-06-03", date(2019, 6, 3)),
        (" 2019-06-03\n", date(2019, 6, 3)),
        ("2019-06-03Z", date(2019, 6, 3)),
        ("2019-06-03-05:00", date(2019, 6, 3)),
        ("2020-02-29", date(2020, 2, 29)),
        ("2019-02-29", None),
        ("0000-01-01", None),
        ("12019-06-03", None),
        ("-2019-06-03", None),
        ("03-06-2019", None),
        ("2019-06-03T00:00:00", None),
        ("٢٠١٩-٠٦-٠٣", None),
        ("", None),
    ],
)
def test_parse_date(text: str, day: date | None) -> None:
    assert integrity.parse_date(text) == day


@given(st.text())
def test_parse_date_answers_for_any_text(text: str) -> None:
    assert isinstance(integrity.parse_date(text), date | None)


@pytest.mark.parametrize(
    ("first", "lasts", "late"),
    [
        ("2019-08-02", ["2019-08-01"], True),
        ("2019-08-01", ["2019-08-01"], False),
        ("2019-07-31", ["2019-08-01"], False),
        ("2019-08-02", ["2019-08-01", "2020-08-01"], False),
        ("2019-08-02", ["2019-08-01", "onbekend"], True),
        ("2019-08-02", ["onbekend"], False),
        ("2019-08-02", [], False),
        ("onbekend", ["2019-08-01"], False),
    ],
)
def test_is_late(first: str, lasts: list[str], late: bool) -> None:
    assert integrity.is_late(first, lasts) is late


def test_check_attachment() -> None:
    whole = "UEsFBg" + "A" * 24 + "=="  # nothing but the record that ends a ZIP
    assert integrity.check_attachment("a.txt", whole) == [Answer("INT.bijlage.leeg")]
    assert integrity.check_attachment("", whole) == [Answer("INT.bijlage.leeg")]
    assert integrity.check_attachment("../a.exe", "?") == [
        Answer("INT.bijlage.naam", {"reason": "pad-omhoog"}, about_name=True),
        Answer("INT.bijlage.bestandstype", about_name=True),
        Answer("INT.bijlage.geen-base64"),
    ]


def test_inspect_attachment() -> None:
    assert integrity.inspect_attachment("?") == [Answer("INT.bijlage.geen-base64")]
    limits = attachments.ZipLimits(max_bytes=10)
    too_big = Answer("INT.bijlage.zipbom", {"reason": "bytes", "limit": "10"})
    assert integrity.inspect_attachment("UEsDB" + "A" * 95, limits) == [too_big]


# --- the data -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", DATA["check"], ids=lambda check: str(check["id"]))
def test_each_check_warns_in_two_languages(check: dict[str, Any]) -> None:
    assert check["severity"] == "warning"
    placeholders = [set(re.findall(r"{(\w+)}", check["text"][language])) for language in ("nl", "en")]
    assert placeholders[0] == placeholders[1] <= {"reason", "member", "limit", "first", "last"}
    assert all(check["remedy"][language].endswith(".") for language in ("nl", "en"))


def test_an_id_stands_for_one_check() -> None:
    assert len(CHECKS) == len(DATA["check"])


def test_every_row_leads_to_a_check_and_every_check_is_led_to() -> None:
    rows = {row["id"] for row in DATA["identifier"] + DATA["order"]}
    assert rows | {f"INT.bijlage.{code}" for code in attachments.PROBLEMS} == set(CHECKS)


def test_every_identifier_is_known() -> None:
    assert {row["kind"] for row in DATA["identifier"]} <= set(identifiers.ALL)


def test_exactly_the_reasons_have_words() -> None:
    reasons = {*identifiers.REASONS, *attachments.NAME_REASONS, *attachments.LIMIT_REASONS}
    assert set(DATA["word"]["reason"]) == reasons
