"""The field sets of UWLR: what a message has too much or too little."""

from __future__ import annotations

import pytest

import oso_bridge as oso
from oso_bridge import data, fieldsets, plan, releases

from .samples import EDEX, LEERLINGGEGEVENS, PUPILS, edited

RELEASES = ("uwlr/2.2", "uwlr/2.3")
PUPIL = "/leerlinggegevens_antwoord[1]/leerlinggegevens[1]/leerlingen[1]/leerling[1]"


def told(document: oso.Document, name: str) -> list[tuple[str, str, str]]:
    return [(one.severity.value, one.rule, str(one.args["element"])) for one in fieldsets.check(document, name)]


@pytest.mark.parametrize("release", RELEASES)
def test_there_are_two(release: str) -> None:
    assert fieldsets.names(release) == ("smalle-set", "lvs-set")
    for name in fieldsets.names(release):
        assert fieldsets.fieldset(name, release=release).title.keys() == {"nl", "en"}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", ["smalle-set", "lvs-set"])
def test_every_field_is_a_place_of_the_release_and_every_place_is_decided_on(release: str, name: str) -> None:
    chosen = fieldsets.fieldset(name, release=release)
    tree = plan.load(releases.release(release)).tree("leerlinggegevens")
    places = {
        "/".join([*branch.path.split("/")[1:], child])
        for branch in tree.branches
        for child in (*branch.child_names, *(f"@{attribute}" for attribute in branch.attributes))
    }
    assert chosen.fields.keys() <= places
    assert {letter for letters in chosen.fields.values() for letter in letters} <= {"V", "O", "X"}
    forbidden = {path for path, (letter, _) in chosen.fields.items() if letter == "X"}
    undecided = places - chosen.fields.keys()
    assert all(any(path.startswith(f"{above}/") for above in forbidden) for path in undecided)


def test_the_example_is_a_narrow_set() -> None:
    assert told(oso.read(PUPILS), "smalle-set") == []


def test_too_much_and_too_little() -> None:
    document = oso.read(PUPILS)
    assert told(document, "lvs-set") == [
        ("error", "PROF.ontbreekt", "peildatum"),
        ("error", "PROF.ontbreekt", "geslacht"),
        ("error", "PROF.ontbreekt", "bsn_ondwnr-4"),
        ("error", "PROF.ontbreekt", "geslacht"),
        ("error", "PROF.ontbreekt", "bsn_ondwnr-4"),
        ("error", "PROF.verboden", "emailadres"),
    ]


def test_a_part_that_does_not_belong_is_named_once() -> None:
    branches = '<lg:vestigingen><lg:vestiging key="V"><lg:naam>x</lg:naam></lg:vestiging></lg:vestigingen>'
    found = fieldsets.check(oso.read(edited(PUPILS, ("<lg:groepen>", f"{branches}<lg:groepen>"))), "smalle-set")
    assert [(one.rule, one.args["element"], one.line) for one in found] == [("PROF.verboden", "vestigingen", 13)]
    assert found[0].xpath == "/leerlinggegevens_antwoord[1]/leerlinggegevens[1]/vestigingen[1]"


def test_what_only_the_documentation_asks_is_a_warning() -> None:
    less = edited(PUPILS, ("<lg:jaargroep>6</lg:jaargroep>", ""))
    (finding,) = fieldsets.check(oso.read(less), "smalle-set")
    assert (finding.severity, finding.rule, finding.xpath) == (oso.Severity.WARNING, "PROF.ontbreekt", PUPIL)
    assert "documentatie" in finding.text("nl")


def test_a_release_later() -> None:
    document = oso.read(PUPILS, release="uwlr/2.3")
    assert told(document, "smalle-set") == [("error", "PROF.verboden", "geboortedatum")] * 2
    bare = oso.read(edited(PUPILS, (' key="L-0001"', ""), ("<lg:geboortedatum>2015-11-03</lg:geboortedatum>", "")))
    assert ("error", "PROF.ontbreekt", "leerling/@key") in told(bare, "smalle-set")


def test_a_request_has_nothing_to_check() -> None:
    request = f'<structuur_verzoek xmlns="{LEERLINGGEGEVENS}"><schooljaar>2024-2025</schooljaar></structuur_verzoek>'
    assert told(oso.read(request.encode()), "smalle-set") == []


def test_a_set_that_does_not_exist() -> None:
    with pytest.raises(oso.UsageError, match="brede-set"):
        fieldsets.check(oso.read(PUPILS), "brede-set")
    with pytest.raises(oso.UsageError):
        fieldsets.check(oso.read(EDEX), "smalle-set")
    assert fieldsets.names("oso/2019.1") == ()


def test_each_row_has_a_letter_for_each_of_its_releases() -> None:
    for row in data.toml("schemas", "uwlr", "profielen.toml")["profile"]:
        for said in row["fields"].values():
            assert not isinstance(said, dict) or list(said) == row["releases"]
