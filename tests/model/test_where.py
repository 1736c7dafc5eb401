"""From the name of an element, a field or a path to its place in the model, its meaning and its codes."""

from __future__ import annotations

import json
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import plan
from oso_bridge.model import Adres, Dossier, Leerling, Overstapadvies, Verzorger, where
from oso_bridge.model.fields import coded_fields

REVISED = "rapport.advies.adviezen[soort=herzien].niveau"


def test_every_field_with_codes_is_there() -> None:
    found = {(place.plain, place.codelist) for place in where.everything() if place.codelist is not None}
    assert found == {(where.plain(path), number) for path, number in coded_fields().items()}


@pytest.mark.parametrize(
    "release", [item for item in oso.installed() if item.format == where.FORMAT], ids=lambda release: release.id
)
def test_every_element_that_is_bound_is_found_by_its_name(release: oso.Release) -> None:
    for wire, path in plan.model_paths(release).items():
        known = [place for place in where.places(wire.rpartition("/")[2]) if wire in place.elements]
        if plan.model_paths(release).get(wire.rpartition("/")[0], "") != path:
            assert path in [place.path for place in known]
            assert all(release.id in place.elements[wire] for place in known if place.path == path)


@pytest.mark.parametrize(
    "name",
    ["herzienadvies", "HERZIENADVIES", REVISED, "adviezen[soort=herzien].niveau", "advies[soort=herzien].niveau"],
)
def test_a_name_leads_to_its_field(name: str) -> None:
    (place,) = where.places(name)
    assert place.path == REVISED
    assert place.meaning == "Het niveau of de twee niveaus die de school adviseert."
    assert (place.codelist, place.part, place.unit) == (2, None, None)
    assert set(place.names) == {"herzienadvies"}
    assert place.releases == tuple(release.id for release in oso.installed() if release.format == "oso")


def test_a_path_with_numbers_is_that_of_any_item() -> None:
    assert [place.path for place in where.places("leerling.adressen[2].soort")] == ["leerling.adressen[].soort"]


def test_steps_may_be_left_out_where_no_path_ends_so() -> None:
    assert {place.plain for place in where.places("advies.niveau")} == {"rapport.advies.adviezen.niveau"}
    assert "school.brincode" in [place.path for place in where.places("school.brincode")]
    assert where.places("niveau.advies") == []


def test_a_wrapper_leads_to_what_it_holds() -> None:
    paths = [place.path for place in where.places("adreslijst")]
    assert {"school.adressen[]", "leerling.adressen[]"} <= set(paths)


def test_a_text_with_attributes_leads_to_both() -> None:
    paths = {place.path for place in where.places("nationaliteit")}
    assert {"leerling.nationaliteiten[]", "leerling.nationaliteiten[].code"} <= paths
    assert [place.path for place in where.places("nationaliteit@omschrijving")] == [
        "leerling.nationaliteiten[].omschrijving"
    ]


def test_a_name_that_nothing_bears() -> None:
    assert where.places("xyzzy") == where.places("") == where.places("[") == []
    with pytest.raises(oso.UsageError, match="Do you mean herzienadvies"):
        where.find("herzienadvis")


@pytest.mark.parametrize(
    ("name", "part", "paths"),
    [
        ("herzienadvies", Leerling, [REVISED]),
        ("herzienadvies", Overstapadvies, [REVISED]),
        ("soortadres", Adres, ["soort"]),
        ("voorletters-1", Verzorger, ["voorletters"]),
        ("soortadres", Verzorger, ["adressen[].soort"]),
        ("xyzzy", Leerling, []),
        ("a b", Dossier, []),
        ("x" * 500, Dossier, []),
    ],
)
def test_where_a_name_belongs_that_a_part_does_not_have(name: str, part: Any, paths: list[str]) -> None:
    assert where.meant(name, part) == paths


def test_a_field_that_is_not_there_is_pointed_at_without_its_value() -> None:
    with pytest.raises(oso.FieldError) as told:
        Leerling(herzienadvies="KANARIE")
    assert f"in the model that is under {REVISED}" in str(told.value)
    with pytest.raises(oso.FieldError, match="Leerling cannot hold this: geboortedatum: this must be a date"):
        Leerling().geboortedatum = "KANARIE"  # type: ignore[assignment]
    with pytest.raises(oso.FieldError, match="Leerling cannot be made: geboortedatum: this must be a date"):
        Leerling(geboortedatum="KANARIE")


# --- code lists by name ---


@pytest.mark.parametrize("name", [2, "herzienadvies", REVISED, "advies.niveau"])
def test_a_code_list_by_name(name: int | str) -> None:
    assert oso.codelist(name, release="oso/2019.1").number == 2


def test_a_name_of_several_lists_is_refused() -> None:
    with pytest.raises(oso.UsageError, match=r"several lists.*4: school\.communicatie\[\]\.soort \.\.\.; 11: "):
        oso.codelist("soort", release="oso/2019.1")
    with pytest.raises(oso.UsageError, match="no code list or coded field 'roepnaam'"):
        oso.codelist("roepnaam", release="oso/2019.1")


@pytest.mark.parametrize(
    "call",
    [
        lambda: oso.codelist(2),
        lambda: oso.codelist("geslacht"),
        lambda: oso.todo(Dossier()),
        lambda: oso.losses(Dossier()),
        lambda: oso.write(Dossier()),
    ],
)
def test_without_a_release_those_installed_are_named(call: Any) -> None:
    with pytest.raises(oso.UsageError, match=r"Say which release .*: release=\.\.\. Installed: .*oso/2019\.1"):
        call()


@pytest.mark.parametrize("name", ["herzienadvies", REVISED, "advies.niveau", "adviezen[1].niveau"])
def test_codes_by_name(run: Any, name: str) -> None:
    told = json.loads(run("codes", name, "--json").out)
    assert [row["number"] for row in told] == [2]


def test_codes_without_meanings_say_so(run: Any) -> None:
    assert "De standaard geeft deze codes geen betekenis." in run("codes", "2").out
    assert "The standard gives these codes no meaning." in run("codes", "2", "--lang", "en").out
    assert "geen betekenis" not in run("codes", "14").out


# --- the command ---


def test_where_tells_place_meaning_and_codes(run: Any) -> None:
    told = run("where", "herzienadvies")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith(f"{REVISED}\n  Betekenis: Het niveau of de twee niveaus")
    assert "overstapadvies/herzienadvies (alle releases)" in told.out
    assert "Codelijst: 2, Advies VO" in told.out
    assert all(f"    {code}\n" in told.out for code in oso.codelist(2, release="oso/2019.1").codes)
    assert "Code list: 2" in run("where", "herzienadvies", "--lang", "en").out


def test_where_as_json(run: Any) -> None:
    (told,) = json.loads(run("where", "herzienadvies", "--json", "--release", "oso/2019.1").out)
    assert told["path"] == REVISED
    assert told["releases"] == [release.id for release in oso.installed() if release.format == "oso"]
    assert list(told["elements"]) == ["dossier/huidigeschool/leerling/overstapadvies/herzienadvies"]
    assert told["codelist"]["number"] == 2
    codes = [row["code"] for row in told["codelist"]["codes"]]
    assert codes == list(oso.codelist(2, release="oso/2019.1").codes)
    assert {place["codelist"] for place in json.loads(run("where", "roepnaam", "--json").out)} == {None}


def test_where_of_a_list_that_a_release_does_not_have(run: Any) -> None:
    place = next(place for place in where.everything() if place.codelist == 3)
    assert "niet in oso/2019.1" in run("where", place.path, "--release", "oso/2019.1").out
    told = json.loads(run("where", place.path, "--json", "--release", "oso/2019.1").out)
    assert told[0]["codelist"]["codes"] == []


def test_where_of_a_part_and_of_a_unit(run: Any) -> None:
    assert "Onderdeel: Verzuim" in run("where", "rapport.verzuim").out
    assert "Eenheid: uren" in run("where", "urengeoorloofd").out


def test_where_of_a_common_name_lists_the_paths(run: Any) -> None:
    told = run("where", "naam").out.splitlines()
    assert told[0] == f"{len(told) - 1} plaatsen; noem er een, of het einde van een pad:"
    assert "  school.naam" in told


def test_where_of_no_name_at_all(run: Any) -> None:
    refused = run("where", "herzienadvis")
    assert (refused.code, refused.out) == (2, "")
    assert "Do you mean herzienadvies" in refused.err
