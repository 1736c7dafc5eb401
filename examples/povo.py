"""POVO: a pupil goes from primary to secondary school, with an advice, a revised advice and an end test.

Run ``python examples/povo.py``, or ``python examples/povo.py out.xml`` to keep the dossier.
"""

from __future__ import annotations

import sqlite3

import administratie
import omzetten
from bewaren import bewaar

import oso_bridge as oso
from oso_bridge.model import (
    Advies,
    Code2,
    Code37,
    Code42,
    Code43,
    Code44,
    Dossier,
    Eindtoets,
    Eindtoetsresultaat,
    Inzage,
    OnderwijskundigRapport,
    Overstapadvies,
)

RELEASE = "oso/2019.1"
LEERLING = "P2"


def maak(db: sqlite3.Connection) -> Dossier:
    """The dossier as far as the administration knows it."""
    school = omzetten.school(db, "00YY")
    return Dossier.nieuw(
        "POVO",
        levering=omzetten.levering("2019-06-05"),
        school=school,
        leerling=omzetten.leerling(db, LEERLING),
        rapport=OnderwijskundigRapport(
            schoolloopbaan=omzetten.schoolloopbaan(db, LEERLING, school),
            advies=overstapadvies(db),
            toetsen=[omzetten.toets(rij, "BO") for rij in omzetten.rijen(db, "toetsen", LEERLING)],
            eindtoetsen=[eindtoets(rij) for rij in omzetten.rijen(db, "eindtoetsen", LEERLING)],
        ),
    )


def overstapadvies(db: sqlite3.Connection) -> Overstapadvies:
    """The final and the revised advice are items of one list; the standard's elements differ, the model's do not."""
    adviezen = [
        Advies(soort=rij["moment"], niveau=Code2(rij["code"]), motivatie=rij["toelichting"])
        for rij in omzetten.rijen(db, "adviezen", LEERLING)
    ]
    return Overstapadvies(
        adviezen=adviezen,
        contactnodig=True,
        contactpersoon="M. Veldhuis",
        contacttelefoon="0300000101",
        aandachtspunten="Leest veel; vraagt bij rekenen soms om een voorbeeld.",
    )


def eindtoets(rij: sqlite3.Row) -> Eindtoets:
    """The test at the end of primary school."""
    resultaat = Eindtoetsresultaat(
        soort=Code42(rij["soort"]),
        niveau=Code43(rij["niveau"]),
        omschrijving=rij["naam"],
        afnamedatum=omzetten.dag(rij["datum"]),
        ontheffing=Code44("N"),
        standaardscore=rij["score"],
        advies=rij["advies"],
    )
    return Eindtoets(soort="eindtoets", deelgenomen=True, resultaat=resultaat)


def inzage(db: sqlite3.Connection) -> Inzage:
    """The parents saw the dossier and said what they thought of it."""
    rij = omzetten.rijen(db, "inzages", LEERLING)[0]
    akkoord = Code37("Ja" if rij["akkoord"] else "Nee")
    return Inzage(voorlopigdossier=False, inzage=True, datum=omzetten.dag(rij["datum"]), akkoord=akkoord)


def main() -> None:
    """Build the dossier, see what it lacks, complete it, write it and check it."""
    dossier = maak(administratie.openen())
    for finding in oso.todo(dossier, release=RELEASE):
        print("Ontbreekt:", finding.rule, finding.path or "dossier", "-", finding.text("nl"))

    # what the parents think is known only after they saw the dossier
    dossier.inzage = inzage(administratie.openen())
    assert not oso.todo(dossier, release=RELEASE)
    xml = oso.write(dossier, release=RELEASE)
    report = oso.check(xml)
    assert report.ok
    assert not report.findings
    print(f"POVO: {len(xml)} bytes, zonder fouten of waarschuwingen.")
    bewaar(xml)


if __name__ == "__main__":
    main()
