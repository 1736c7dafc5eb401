"""What an administration can tell of itself."""

from __future__ import annotations

from oso_bridge.model import Administratieleerling, Groep, Groepsverwijzing, Schooladministratie


def pupil(groep: str | None, jaargroep: str | None = None, *beside: str) -> Administratieleerling:
    others = [Groepsverwijzing(sleutel=key) for key in beside]
    return Administratieleerling(groep=groep, jaargroep=jaargroep, samengestelde_groepen=others)


def test_groups_that_only_pupils_name() -> None:
    known = [Groep(soort="stamgroep", sleutel="8", naam="Groep 8"), Groep(soort="samengesteld", sleutel="plus")]
    pupils = [pupil("5", "5", "plus", "rekenen"), pupil("3/4", "3"), pupil("3/4", "4"), pupil("8", "8"), pupil("x")]
    school = Schooladministratie(groepen=known, leerlingen=[*pupils, pupil("5", "5"), pupil(None, None, "8")])
    found = [(one.soort, one.sleutel, one.naam, one.jaargroep) for one in school.ontbrekende_groepen()]
    assert found == [
        ("stamgroep", "5", "5", "5"),
        ("stamgroep", "3/4", "3/4", "C"),
        ("stamgroep", "x", "x", None),
        ("samengesteld", "rekenen", "rekenen", None),
        ("samengesteld", "8", "8", None),
    ]
    assert school.groepen == known


def test_no_group_is_missing_when_each_is_there() -> None:
    school = Schooladministratie(leerlingen=[pupil("5", "5", "plus")])
    school.groepen += school.ontbrekende_groepen()
    assert school.ontbrekende_groepen() == []
