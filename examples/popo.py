"""POPO: a pupil goes from one primary school to another.

Run ``python examples/popo.py``, or ``python examples/popo.py out.xml`` to keep the dossier.
"""

from __future__ import annotations

import sqlite3

import administratie
import omzetten
from bewaren import bewaar

import oso_bridge as oso
from oso_bridge.model import Code37, Dossier, Inzage, OnderwijskundigRapport, Overstapadvies, Verzuim

RELEASE = "oso/2019.1"
LEERLING = "P1"


def maak(db: sqlite3.Connection) -> Dossier:
    """The dossier as far as the administration knows it."""
    school = omzetten.school(db, "00YY")
    return Dossier.nieuw(
        "POPO",
        levering=omzetten.levering("2019-10-14"),
        school=school,
        leerling=omzetten.leerling(db, LEERLING),
        rapport=OnderwijskundigRapport(
            schoolloopbaan=omzetten.schoolloopbaan(db, LEERLING, school),
            # between primary schools there is no advice on a level; what the next teacher should know goes here
            advies=Overstapadvies(argumentatie="Werkt graag zelfstandig.", contactnodig=False),
            toetsen=[omzetten.toets(rij, "BO") for rij in omzetten.rijen(db, "toetsen", LEERLING)],
            verzuim=verzuim(db),
        ),
    )


def verzuim(db: sqlite3.Connection) -> Verzuim:
    """Absence, in half-days at a primary school."""
    rij = omzetten.rijen(db, "verzuim", LEERLING)[0]
    return Verzuim(
        dagdelengeoorloofd=rij["geoorloofd"], dagdelenongeoorloofd=rij["ongeoorloofd"], frequentie=rij["keren"]
    )


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
    print(f"POPO: {len(xml)} bytes, zonder fouten of waarschuwingen.")
    bewaar(xml)


if __name__ == "__main__":
    main()
