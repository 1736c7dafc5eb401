"""From rows of the administration to parts of a dossier: what every profile needs, written once.

This is the work that a maker of school software has to do himself: to say what the own columns mean. A field takes
a text where a code or a date belongs and makes it one, so dates as ``2011-04-02`` and codes as ``"2"`` need no more.
"""

from __future__ import annotations

import sqlite3
from datetime import date

from oso_bridge.model import (
    Adres,
    Afname,
    Code4,
    Code5,
    Code11,
    Code13,
    Code14,
    Code19,
    Code22,
    Code41,
    Communicatie,
    Leerling,
    Levering,
    Referentiescore,
    School,
    Schoolloopbaan,
    Toets,
    Toetsresultaat,
    Toetsscore,
    Verzorger,
)

# Mind the first: 1 is a girl or woman, 2 a boy or man; in EDEXML it is the other way round.
GESLACHT = {"v": Code14("1"), "m": Code14("2")}
RELATIE = {"vader": Code41("1"), "moeder": Code41("2"), "voogd": Code41("3")}


def rijen(db: sqlite3.Connection, tabel: str, leerling: str) -> list[sqlite3.Row]:
    """The rows of a pupil in a table."""
    return db.execute(f"SELECT * FROM {tabel} WHERE leerling = ?", (leerling,)).fetchall()  # noqa: S608


def dag(tekst: str | None) -> date | None:
    """A day as the administration writes it."""
    return date.fromisoformat(tekst) if tekst else None


def jaargroep(school: str, leerjaar: int) -> Code13:
    """The year group: years of secondary school are numbered from 11."""
    return Code13(str(leerjaar + 10 if school == "VO" else leerjaar))


def adres(db: sqlite3.Connection, nummer: int, soort: str) -> Adres:
    """An address; ``soort`` is gba, bezoek or post."""
    rij = db.execute("SELECT * FROM adressen WHERE id = ?", (nummer,)).fetchone()
    return Adres(
        soort=Code19(soort),
        straat=rij["straat"],
        nummer=rij["huisnummer"],
        postcode=rij["postcode"],
        plaats=rij["plaats"],
    )


def bereikbaar(telefoon: str | None, email: str | None, aanduiding: str) -> list[Communicatie]:
    """The ways to reach somebody; ``aanduiding`` is werk, prive or overig."""
    wegen = (("telefoon", telefoon), ("e-mail", email))
    return [
        Communicatie(soort=Code4(soort), aanduiding=Code5(aanduiding), nummer=nummer)
        for soort, nummer in wegen
        if nummer
    ]


def levering(gemaakt: str) -> Levering:
    """Which software made the dossier, and when; the day may be left out, and is then that of writing."""
    return Levering(pakketnaam="Voorbeeldadministratie", pakketversie="1.0", datum=dag(gemaakt))


def school(db: sqlite3.Connection, brin: str) -> School:
    """The school that delivers."""
    rij = db.execute("SELECT * FROM scholen WHERE brin = ?", (brin,)).fetchone()
    return School(
        naam=rij["naam"],
        adressen=[adres(db, rij["adres"], "bezoek")],
        communicatie=bereikbaar(rij["telefoon"], rij["email"], "werk"),
        brincode=rij["brin"],
        vestigingscode=rij["vestiging"],
        aanleverpunt=rij["aanleverpunt"],
        soort=rij["soort"],
        naamdirecteur=rij["directeur"],
    )


def leerling(db: sqlite3.Connection, nummer: str) -> Leerling:
    """Who the pupil is; what not every profile may hold is left to the example of that profile."""
    rij = db.execute(
        "SELECT * FROM leerlingen JOIN plaatsingen ON leerling = nummer WHERE nummer = ?", (nummer,)
    ).fetchone()
    return Leerling(
        voornamen=rij["voornamen"].split(),
        voorvoegsel=rij["tussenvoegsel"],
        achternaam=rij["achternaam"],
        roepnaam=rij["roepnaam"],
        geboortedatum=dag(rij["geboren"]),
        geslacht=GESLACHT[rij["geslacht"]],
        adresgeheim=False,
        adressen=[adres(db, rij["adres"], "gba")],
        bsn=rij["bsn"],
        leerlingid=nummer,
        onderwijssinds=dag(rij["eerste_schooldag"]),
        startdatumhuidigonderwijs=dag(rij["dit_onderwijs_sinds"]),
        datuminschrijving=dag(rij["ingeschreven"]),
        datumuitschrijving=dag(rij["uitgeschreven"]),
        verzorgersaansprakelijk=True,
        verzorgers=[verzorger(db, rij) for rij in rijen(db, "verzorgers", nummer)],
    )


def verzorger(db: sqlite3.Connection, rij: sqlite3.Row) -> Verzorger:
    """A parent or another carer."""
    return Verzorger(
        voorletters=rij["voorletters"],
        voorvoegsel=rij["tussenvoegsel"],
        achternaam=rij["achternaam"],
        geslacht=GESLACHT[rij["geslacht"]],
        adresgeheim=False,
        adressen=[adres(db, rij["adres"], "gba")],
        communicatie=bereikbaar(rij["mobiel"], rij["email"], "prive"),
        relatietotkind=RELATIE[rij["relatie"]],
        wettigevertegenwoordiger=bool(rij["gezag"]),
    )


def schoolloopbaan(db: sqlite3.Connection, nummer: str, van: School) -> list[Schoolloopbaan]:
    """The school years of a pupil at this school."""
    return [
        Schoolloopbaan(
            schooljaar=rij["schooljaar"],
            groepscode=rij["groep"],
            jaargroep=jaargroep(van.soort or "", rij["leerjaar"]),
            begindatum=dag(rij["begin"]),
            einddatum=dag(rij["eind"]),
            brincode=van.brincode,
            vestigingscode=van.vestigingscode,
        )
        for rij in rijen(db, "inschrijvingen", nummer)
    ]


def toets(rij: sqlite3.Row, soort: str) -> Toets:
    """A test of the pupil monitoring system, with its level from I to V."""
    niveau = Referentiescore(soort=Code11("IV"), vergelijkingsgroep=Code22("Landelijk"), waarde=rij["niveau"])
    score = Toetsscore(aantalopgaven=rij["opgaven"], aantalgoed=rij["goed"], vaardigheidsscore=rij["vaardigheid"])
    return Toets(
        code=rij["code"],
        leergebied=rij["vakgebied"],
        naam=rij["naam"],
        afname=Afname(datum=dag(rij["datum"]), jaargroep=jaargroep(soort, rij["leerjaar"])),
        resultaat=Toetsresultaat(toetsscore=score, referentiescores=[niveau]),
    )
