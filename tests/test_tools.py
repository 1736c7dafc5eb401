"""What stands beside the package: the pages with all rules and all fields, and the files of the race."""

from __future__ import annotations

import re

import gen_model_page
import gen_rules_page
import make_files
import pytest
from lxml import etree

import oso_bridge as oso
from oso_bridge import binding, data, model, plan


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


def section(page: str, title: str) -> str:
    """One chapter of a page."""
    return page.split(f"\n## {title}\n")[1].split("\n## ")[0]


BASES = (model.Deel, model.Geheel, model.Persoon, model.Schoolbestand, model.Toets)


def test_the_dictionary_has_every_field_of_every_part() -> None:
    page = gen_model_page.page()
    parts = [part for part in vars(model).values() if isinstance(part, type) and issubclass(part, model.Deel)]
    used = [part for part in parts if part not in BASES]
    for part in used:
        shown = re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \| [^|]*\|$", section(page, part.__name__), re.MULTILINE)
        assert shown == [name for name in part.model_fields if name != "extra"], part.__name__


def test_the_dictionary_tells_where_an_element_lives_and_which_codes_it_takes() -> None:
    page = gen_model_page.page()
    assert "| `herzienadvies` | [Advies](#advies).niveau (herzien) |" in section(page, "From element to field")
    level = next(line for line in section(page, "Advies").splitlines() if line.startswith("| `niveau`"))
    assert "[code of list 2](#list-2) | `advies` (definitief), `herzienadvies` (herzien) |" in level
    versions = ", ".join(release.version for release in oso.installed() if release.format == "oso")
    assert re.search(rf"^### List 2: Advies VO \{{#list-2\}}\n\n{re.escape(versions)}: `01`, `10`", page, re.MULTILINE)
    country = section(page, "Land")
    assert "`land@omschrijving`" in country
    assert "| 2019.1: `aandachtspunten` |" in section(page, "Overstapadvies")


def test_every_element_of_a_release_is_in_the_dictionary() -> None:
    listed = set(
        re.findall(r"^\| `([\w@:-]+)` \|", section(gen_model_page.page(), "From element to field"), re.MULTILINE)
    )
    for release in oso.installed():
        paths = plan.model_paths(release)
        around = {path.rpartition("/")[0] for path in paths}
        steps = [path.split("/") for path in paths.keys() - around]
        leaves = {"".join(path[-2:]) if path[-1].startswith("@") else path[-1] for path in steps}
        assert leaves <= listed


MODELLED = [release for release in oso.installed() if binding.unbound(release) is not None]


@pytest.mark.parametrize("release", MODELLED, ids=lambda release: release.id)
def test_the_paths_of_a_release_are_those_of_its_tables(release: oso.Release) -> None:
    assert binding.write_paths(release) is False
    paths = plan.model_paths(release)
    assert binding.table(release).paths.items() <= paths.items()
    assert {path.partition("/")[0] for path in paths} <= set(release.roots)


def test_the_links_of_the_dictionary_lead_to_its_chapters() -> None:
    page = gen_model_page.page()
    titles = {title.lower().replace(" ", "-") for title in re.findall(r"^## (.+)$", page, re.MULTILINE)}
    anchors = titles | set(re.findall(r"\{#([\w-]+)\}", page))
    assert set(re.findall(r"\(#([\w-]+)\)", page)) <= anchors


@pytest.mark.parametrize("name", make_files.SIZES)
def test_a_file_of_the_race_is_a_good_dossier_of_its_size(name: str) -> None:
    raw = make_files.make(name)
    report = oso.check(raw, layers=("wellformed", "schema", "codes", "rules"))
    assert report.ok, [finding.rule for finding in report.findings]
    assert sum(1 for _ in etree.fromstring(raw).iter("*")) == make_files.SIZES[name].elements
    assert raw == make_files.make(name)
