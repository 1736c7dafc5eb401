"""Pupil data and results as another release, and EDEXML as UWLR: what is lost is named, and nothing else is lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.model.base import Basis

from .samples import EDEX, PUPILS, REFERENCES, RESULTS, canonical, edited

PUPIL_DATA = ["edexml/1.03", "edexml/2.0", "edexml/2.1", "uwlr/2.2", "uwlr/2.3"]
SOURCES = [EDEX, PUPILS, *REFERENCES]
NUMBER = re.compile(r"\[\d+\]")


def told(part: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value of a model with its place, without numbers."""
    for name in type(part).model_fields:
        held = getattr(part, name)
        where = f"{path}.{name}".lstrip(".")
        for item in held if isinstance(held, list) else [held]:
            if name == "extra":
                continue
            if isinstance(item, Basis):
                yield from told(item, where)
            elif item is not None:
                yield where, str(item)


def is_named(place: str, losses: set[str]) -> bool:
    """Whether a place, or something around it, is among the losses."""
    steps = place.split(".")
    return any(".".join(steps[: number + 1]) in losses for number in range(len(steps)))


@pytest.mark.parametrize("to", PUPIL_DATA)
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_all_that_is_lost_is_named_and_nothing_else_is(path: Path, to: str) -> None:
    source = oso.read(path)
    before = Counter(told(source.administratie()))
    result = oso.convert(source, to=to)
    assert result.document.release.id == to
    after = Counter(told(result.document.administratie()))
    assert {place for place, _ in after - before} <= {"xsdversie"}
    losses = {NUMBER.sub("", loss.path) for loss in result.losses}
    gone = {place for place, _ in before - after} - {"xsdversie"} - KINDS
    assert {place for place in gone if not is_named(place, losses)} == set()
    narrowed = {NUMBER.sub("", loss.path) for loss in result.losses if loss.kind == "versmald"}
    assert all(any(is_named(place, {loss}) for place in gone) for loss in losses - narrowed - KEPT)


# the element says of which kind a group is
KINDS = {"groepen.soort", "leerkrachten.groepen.soort"}
# what was kept of the form of a document is no value of the model
KEPT = {"schooladministratie"}


def test_edexml_as_uwlr_and_back() -> None:
    result = oso.convert(EDEX, to="uwlr/2.2")
    assert result.report.ok
    assert [(loss.path, loss.kind) for loss in result.losses] == [("leerlingen.toevoegingen", "geen-plaats")]
    back = oso.convert(result.document, to="edexml/2.1")
    assert back.losses == []
    without = edited(EDEX, *((line, "") for line in BLOCK))
    assert canonical(back.xml) == canonical(without)


BLOCK = (
    "<toevoegingen>",
    '<blok xsi:type="OpmerkingGegevensType">',
    "<code>fruit</code>",
    "<omschrijving>Voor het overblijven</omschrijving>",
    "<opmerking>Geen aardbeien</opmerking>",
    "</blok>",
    "</toevoegingen>",
)


def test_a_role_that_uwlr_does_not_have() -> None:
    roles = ("<rol>KLA</rol>", "<rol>TAL</rol><rolomschrijving>Zingt</rolomschrijving>")
    result = oso.convert(edited(EDEX, roles), to="uwlr/2.2")
    assert result.report.ok
    assert ("leerkrachten.rollen[3].code", "versmald") in [(loss.path, loss.kind) for loss in result.losses]
    left = result.document.administratie().leerkrachten[0].rollen
    assert [rol.code or rol.omschrijving for rol in left] == ["IB", "Bewaakt de muziekkast", "Zingt"]


def test_a_role_that_goes_leaves_the_others_in_their_order() -> None:
    result = oso.convert(edited(EDEX, ("<rol>IB</rol>", "<rol>TAL</rol>")), to="edexml/2.0")
    left = result.document.administratie().leerkrachten[0].rollen
    assert [rol.code or rol.omschrijving for rol in left] == ["Bewaakt de muziekkast", "KLA"]


def test_a_key_that_is_too_long_stays_and_is_named() -> None:
    long = "L" * 65
    result = oso.convert(edited(EDEX, ('key="#0002"', f'key="{long}"')), to="edexml/2.0")
    assert not result.report.ok
    assert ("leerlingen[2].leerlingid", "versmald") in [(loss.path, loss.kind) for loss in result.losses]
    assert result.document.administratie().leerlingen[1].leerlingid == long


def test_what_may_not_stand_together_is_one_of_several() -> None:
    result = oso.convert(edited(EDEX, (">C<", ">6<")), to="edexml/1.03")
    assert result.report.ok
    several = [loss.path for loss in result.losses if loss.kind == "een-van-meer"]
    assert several == ["leerlingen.jaargroep", "leerlingen[2].jaargroep"]
    assert [leerling.groep for leerling in result.document.administratie().leerlingen] == ["G-5-6", "G-4"]


def test_what_did_not_go_together_in_the_source_either_stays() -> None:
    for edit in (
        ("<roepnaam>Teun</roepnaam>", "<voorvoegsel>de</voorvoegsel><roepnaam>Teun</roepnaam>"),
        ("<bsn_ondwnr-4>0000</bsn_ondwnr-4>", "<sofinummer>123456789</sofinummer><bsn_ondwnr-4>0000</bsn_ondwnr-4>"),
    ):
        result = oso.convert(edited(EDEX, edit), to="uwlr/2.2")
        assert [loss.path for loss in result.losses] == ["leerlingen.toevoegingen"]
        assert not result.report.ok


def test_what_is_kept_goes_along_where_the_same_part_has_the_same_place() -> None:
    moment = ("<mutatiedatum>2024-09-16T10:15:00<", "<mutatiedatum>2024-09-16T24:00:00<")
    mark = ("<roepnaam>Teun", '<eigen a="1"/><roepnaam>Teun')
    result = oso.convert(edited(EDEX, moment, mark), to="uwlr/2.3")
    assert b"2024-09-16T24:00:00" in result.xml
    assert b"eigen" not in result.xml
    assert "leerlingen[2]" in [loss.path for loss in result.losses]


def test_results() -> None:
    result = oso.convert(RESULTS, to="uwlr/2.3")
    assert (result.report.ok, result.losses) == (True, [])
    assert result.document.leerresultaten().xsdversie == "2.3"


def test_strict() -> None:
    with pytest.raises(oso.WouldLose):
        oso.convert(EDEX, to="edexml/1.03", strict=True)


@pytest.mark.parametrize(
    ("path", "to"),
    [(RESULTS, "edexml/2.1"), (EDEX, "oso/2019.1"), (EDEX.with_name("povo.xml"), "edexml/2.1")],
)
def test_what_another_format_does_not_have_cannot_be_made(path: Path, to: str) -> None:
    with pytest.raises(oso.UsageError, match=f"cannot be converted to {to}"):
        oso.convert(path, to=to)


def test_a_request_cannot_be_converted() -> None:
    data = b'<structuur_verzoek xmlns="http://www.edustandaard.nl/leerresultaten/2/leerlinggegevens"/>'
    for to in ("edexml/2.1", "uwlr/2.3"):
        with pytest.raises(oso.UsageError, match="a request for pupil data"):
            oso.convert(data, to=to)


def test_many(tmp_path: Path) -> None:
    outcomes = list(oso.convert_many([EDEX, PUPILS], to="uwlr/2.3", folder=tmp_path))
    assert [outcome.exit_code for outcome in outcomes] == [0, 0]
    made = list(tmp_path.glob("*.xml"))
    assert len(made) == 2
    assert all(oso.check(path).ok for path in made)
