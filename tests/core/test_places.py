"""Places: path, numbered path and line of repeated elements, from both readers and with the tree made again."""

from __future__ import annotations

import re

import pytest
from lxml import etree

import oso_bridge as oso
from oso_bridge.xml import parser
from oso_bridge.xml.places import Locator

from .samples import dossier_tree, edited, element, lenient, line_with, only, raw, strict, structure

TREE = structure(
    {
        "top": {"content": [element("lijst", "lijst", most=None), element("los")]},
        "lijst": {"content": [element("deel", "deel", most=None), element("punt", most=None)]},
        "deel": {"content": [element("naam")]},
    }
)
DATA = b"""<top>
 <lijst><deel><naam>a</naam></deel>
  <deel/>
  <punt>1</punt>
  <punt>2</punt>
 </lijst>
 <lijst>
  <deel>
   <naam>b</naam></deel>
 </lijst>
</top>"""


@pytest.mark.parametrize("read", [strict, lenient])
def test_entries_are_counted_over_the_document_and_numbers_below_the_parent(read: object) -> None:
    assert callable(read)
    _, locator = read(DATA, TREE)
    deel = TREE.by_path["top/lijst/deel"]
    found = [locator.place(deel, entry) for entry in range(3)]
    assert [place.path for place in found] == ["lijst.deel", "lijst.deel[2]", "lijst[2].deel"]
    assert [place.line for place in found] == [2, 3, 8]
    assert found[2].xpath == "/top[1]/lijst[2]/deel[1]"


@pytest.mark.parametrize("read", [strict, lenient])
def test_a_text_is_found_by_its_occurrence(read: object) -> None:
    assert callable(read)
    _, locator = read(DATA, TREE)
    lijst = TREE.by_path["top/lijst"]
    second = locator.place(lijst, 0, "punt", 1)
    assert (second.path, second.xpath, second.line) == ("lijst.punt[2]", "/top[1]/lijst[1]/punt[2]", 5)


def test_a_text_that_is_absent_is_placed_at_its_parent() -> None:
    _, locator = strict(DATA, TREE)
    place = locator.place(TREE.by_path["top/lijst/deel"], 1, "naam")
    assert (place.path, place.line) == ("lijst.deel[2]", 3)


def test_the_root_is_a_place_too() -> None:
    _, locator = strict(DATA, TREE)
    place = locator.place(TREE.root, 0)
    assert (place.path, place.xpath, place.line) == ("", "/top[1]", 1)


def test_the_tree_is_asked_for_only_when_a_place_is() -> None:
    asked: list[int] = []
    reading, _ = strict(DATA, TREE)

    def root() -> etree._Element:
        asked.append(1)
        return etree.fromstring(DATA)

    locator = Locator(reading, root)
    assert asked == []
    deel = TREE.by_path["top/lijst/deel"]
    assert [locator.place(deel, entry).line for entry in (0, 1, 2, 0)] == [2, 3, 8, 2]
    assert asked == [1]


def test_the_numbered_path_leads_back_to_the_element_for_a_whole_dossier() -> None:
    tree = dossier_tree()
    root = parser.parse(raw())
    for read in (strict, lenient):
        reading, locator = read(raw(), tree)
        for branch in tree.branches:
            for entry in range(len(reading.index.get(branch.number, ()))):
                place = locator.place(branch, entry)
                (found,) = root.xpath(re.sub(r"/([^/\[]+)", r"/*[local-name()='\1']", place.xpath))
                assert parser.line_of(found) == place.line
                assert parser.local_name(found) == branch.name


def test_a_finding_in_the_second_of_several_is_placed_there() -> None:
    data = edited(("<soortadres>post</soortadres>", "<soortadres>postbus</soortadres>"))
    finding = only(oso.check(data), "codes")
    assert finding.path == "school.adressen[2].soort"
    assert finding.xpath == "/dossier[1]/huidigeschool[1]/adreslijst[1]/adres[2]/soortadres[1]"
    assert finding.line == line_with(data, "postbus")


def test_a_document_gives_the_places_of_its_own_findings_after_reading() -> None:
    data = edited(("<jaargroep>7</jaargroep>", "<jaargroep>77</jaargroep>"))
    late, now = only(oso.check(oso.read(data)), "codes"), only(oso.check(data), "codes")
    assert late == now
    assert late.path == "rapport.schoolloopbaan[3].jaargroep"
    assert late.line == line_with(data, "<jaargroep>77<")


def test_lines_beyond_what_fits_in_two_bytes_are_right() -> None:
    data = edited(("<metadata>", "\n" * 70_000 + "<metadata>"), ("<jaargroep>7<", "<jaargroep>77<"))
    finding = only(oso.check(data), "codes")
    assert finding.line == line_with(data, "<jaargroep>77<")
    assert (finding.line or 0) > 70_000
