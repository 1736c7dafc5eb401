"""May a dossier go: the conditions of a bron one by one, and the law of the day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from oso_bridge import data
from oso_bridge.exchange import Adres, Klaargezet, Voorwaarden, conditions, outcome
from oso_bridge.exchange.messages import DocumentRequest

from .scene import EXAMPLES, FOR, POVO, PUPIL, SESSION, WHEN

ONE, TWO, THREE = FOR["2022"]
BRON, DOEL = Adres("00YY", ONE), Adres("00SS", TWO)
TOLD = data.toml("schemas", "oso-exchange", "voorwaarden.toml")
VOVO = (EXAMPLES / "vovo.xml").read_bytes()
BEFORE, AFTER = date(2020, 7, 31), date(2020, 8, 1)


def request(**facts: Any) -> DocumentRequest:
    given = {"bron": BRON, "doel": DOEL, "pgn": PUPIL, "overdrachtsoort": "OV", "sessie_id": SESSION}
    return DocumentRequest(**{**given, **facts})


def ready(dossier: bytes = POVO, **facts: Any) -> Klaargezet:
    given = {"nummer": "1", "soort": "OV", "bron": BRON, "doel": DOEL, "verzameld": WHEN, "account": "ib"}
    return Klaargezet(dossier=dossier, **{**given, **facts})


def lack(asked: DocumentRequest, *found: Klaargezet, **rules: Any) -> tuple[str, str]:
    weighed = conditions.weigh(asked, found, Voorwaarden(**rules))
    return weighed.gebrek, weighed.uitkomst.woord


GONE = "LeerlinginfoNietBeschikbaar"


def test_all_conditions_are_met() -> None:
    weighed = conditions.weigh(request(), [ready()], Voorwaarden())
    assert weighed.uitkomst.ok
    assert weighed.rapport is not None
    assert weighed.rapport.ok


@pytest.mark.parametrize(
    ("found", "which"),
    [
        ([], "klaar"),
        ([ready(bron=Adres("01YY", ONE))], "klaar"),
        ([ready(bron=Adres("00YY", TWO))], "klaar"),
        ([ready(doel=Adres("01SS", TWO))], "doel"),
        ([ready(doel=Adres("00SS", THREE))], "doel"),
        ([ready(soort="BB")], "soort"),
        ([ready((EXAMPLES / "binnenbrin.xml").read_bytes())], "soort"),
        ([ready((EXAMPLES / "popo.xml").read_bytes())], "leerling"),
        ([ready(POVO.replace(b"<overstap>POVO</overstap>", b""))], "soort"),
        ([ready(POVO.replace(b"<geslacht>", b"<geslacht>x"))], "controle"),
        ([ready(b"<dossier/>")], "controle"),
        ([ready(b"weg")], "controle"),
    ],
)
def test_a_condition_that_is_not_met(found: list[Klaargezet], which: str) -> None:
    assert lack(request(), *found) == (which, GONE)


def test_any_delivery_point_of_a_school() -> None:
    assert lack(request(), ready(bron=Adres("00YY"), doel=Adres("00SS"))) == ("", "OverdrachtGeslaagd")


def test_a_release_that_is_not_delivered() -> None:
    assert lack(request(), ready(), releases=["oso/2019.1"]) == ("", "OverdrachtGeslaagd")
    assert lack(request(), ready(), releases=["oso/2018.1"]) == ("versie", GONE)


def test_within_one_brin_the_schools_are_one() -> None:
    assert lack(request(overdrachtsoort="BB"), ready()) == ("brin", "GeenRelatieMetDoel")


# --- Which of several -------------------------------------------------------------------------------------------------


def chosen(asked: DocumentRequest, rules: Voorwaarden | None = None) -> str:
    several = [ready(nummer=str(day), verzameld=WHEN + timedelta(days=day)) for day in (9, 1, 5)]
    found = conditions.weigh(asked, several, rules or Voorwaarden()).klaargezet
    return found.nummer if found else ""


@pytest.mark.parametrize(("since", "number"), [(0, "9"), (1, "9"), (8, "9"), (9, ""), (10, "")])
def test_a_moment_asks_for_what_was_collected_later(since: int, number: str) -> None:
    assert chosen(request(aanvraagdatum=WHEN + timedelta(days=since))) == number


def test_without_a_moment_the_first_or_the_last() -> None:
    assert chosen(request()) == "1"
    assert chosen(request(), Voorwaarden(zonder_aanvraagdatum="laatste")) == "9"


# --- Inspection and consent, by the law of the day --------------------------------------------------------------------


def vovo(consent: str) -> Klaargezet:
    return ready(VOVO.replace(b"<toestemming>Ja<", f"<toestemming>{consent}<".encode()))


@pytest.mark.parametrize("day", [BEFORE, AFTER, None])
@pytest.mark.parametrize("name", ["povo", "popo"])
def test_from_primary_education_inspection_is_needed(name: str, day: date | None) -> None:
    dossier = (EXAMPLES / f"{name}.xml").read_bytes()
    asked = request(pgn={"povo": PUPIL, "popo": "310008475"}[name])
    unseen = dossier.replace(b"<inzage>true<", b"<inzage>false<")
    assert unseen != dossier
    assert lack(asked, ready(dossier), peildatum=day) == ("", "OverdrachtGeslaagd")
    assert lack(asked, ready(unseen), peildatum=day) == ("inzage", "LeerlinginfoNietOpvraagbaar")


@pytest.mark.parametrize(
    ("consent", "day", "which"),
    [
        ("Ja", BEFORE, ""),
        ("Nee", BEFORE, "toestemming"),
        ("Onbekend", BEFORE, "toestemming"),
        ("Ja", AFTER, ""),
        ("Nee", AFTER, ""),
        ("Nee", None, ""),
    ],
)
def test_consent_was_needed_in_secondary_education_until_august_2020(
    consent: str, day: date | None, which: str
) -> None:
    word = "LeerlinginfoNietOpvraagbaar" if which else "OverdrachtGeslaagd"
    assert lack(request(pgn="088584574"), vovo(consent), peildatum=day) == (which, word)


@pytest.mark.parametrize("day", [BEFORE, AFTER])
def test_in_secondary_education_the_right_to_inspect_stays(day: date) -> None:
    unseen = ready(VOVO.replace(b"<inzage>true<", b"<inzage>false<"))
    assert lack(request(pgn="088584574"), unseen, peildatum=day)[0] == "inzage"


@pytest.mark.parametrize("name", ["binnenbrin", "poswv", "voswv"])
def test_elsewhere_nothing_is_asked_of_parents(name: str) -> None:
    kind = "BB" if name == "binnenbrin" else "SWV"
    asked = {"pgn": "101211151"} if kind == "BB" else {"pgn": "", "koppelsleutel": "K"}
    found = ready((EXAMPLES / f"{name}.xml").read_bytes(), soort=kind, doel=Adres("00YY", TWO))
    assert lack(request(overdrachtsoort=kind, doel=Adres("00YY", TWO), **asked), found)[0] == ""


@pytest.mark.parametrize("day", [date.min, BEFORE, AFTER, date(2030, 1, 1)])
@pytest.mark.parametrize(
    ("kind", "step"), [("OV", "POPO"), ("OV", "POVO"), ("OV", "VOVO"), ("BB", ""), ("SWV", "POSWV")]
)
def test_exactly_one_row_holds(kind: str, step: str, day: date) -> None:
    rows = [
        row
        for row in TOLD["voorwaarde"]
        if row["soort"] == kind
        and step in row.get("overstap", [step])
        and row.get("vanaf", date.min) <= day < row.get("tot", date.max)
    ]
    assert len(rows) == 1


def test_every_condition_has_a_word_that_exists() -> None:
    for word in TOLD["woorden"].values():
        assert not outcome.outcome(word).ok
        assert outcome.outcome(word).wire_word == word


def test_the_report_says_so_too() -> None:
    weighed = conditions.weigh(request(), [ready(POVO.replace(b"<inzage>true<", b"<inzage>false<"))], Voorwaarden())
    assert weighed.rapport is not None
    assert not weighed.rapport.ok


def test_a_moment_has_a_zone() -> None:
    assert conditions._is_newer(WHEN, datetime.fromisoformat("2022-01-20T12:17:32+01:00"))
