"""What stands beside the package: the page with all rules, and the files of the race."""

from __future__ import annotations

import re

import gen_rules_page
import make_files
import pytest
from lxml import etree

import oso_bridge as oso
from oso_bridge import data


def test_the_page_has_every_rule_with_its_texts_filled_in() -> None:
    page = gen_rules_page.page()
    rules = data.toml("schemas", "oso", "rules.toml")["rule"]
    expected = {rule["id"] for rule in rules if "2019.1" in rule["releases"]}
    assert len(expected) > 200
    assert expected <= set(re.findall(r"^### (\S+)", page, re.MULTILINE))
    assert not re.search(r"[{}]", page)


def test_the_page_says_what_the_official_check_never_gives() -> None:
    page = gen_rules_page.page()
    section = page.split("### OVa.TR05\n")[1].split("###")[0]
    assert "2019.1: `OVa.TR05`, **warning**" in section
    assert "**silent**" in page.split("### OG.03\n")[1].split("###")[0]
    assert "**" not in page.split("### OVa.LL05\n")[1].split("###")[0]


@pytest.mark.parametrize("name", make_files.SIZES)
def test_a_file_of_the_race_is_a_good_dossier_of_its_size(name: str) -> None:
    raw = make_files.make(name)
    report = oso.check(raw, layers=("wellformed", "schema", "codes", "rules"))
    assert report.ok, [finding.rule for finding in report.findings]
    assert sum(1 for _ in etree.fromstring(raw).iter("*")) == make_files.SIZES[name].elements
    assert raw == make_files.make(name)
