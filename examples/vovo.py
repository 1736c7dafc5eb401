"""VOVO: a pupil goes from one secondary school to another, with marks and the consent of the parents.

Run ``python examples/vovo.py``, or ``python examples/vovo.py out.xml`` to keep the dossier.
"""

from __future__ import annotations

import sqlite3

import administratie
import omzetten
from bewaren import bewaar

import oso_bridge as oso
from oso_bridge.model import (
    Advies,
    Cijferlijst,
    Code2,
    Code37,
    Dossier,
    Inzage,
    OnderwijskundigRapport,
    Overstapadvies,
    Score,
    Vakcijfers,
    Verzuim,
)

RELEASE = "oso/2019.1"
LEERLING = "V1"


def maak(db: sqlite3.Connection) -> Dossier:
    """The dossier as far as the administration knows it."""
    school = omzetten.school(db, "01SS")
    adviezen = omzetten.rijen(db, "adviezen", LEERLING)
    verzuim = omzetten.rijen(db, "verzuim", LEERLING)[0]
    return Dossier.nieuw(
        "VOVO",
        levering=omzetten.levering("2019-07-08"),
        school=school,
        leerling=omzetten.leerling(db, LEERLING),
        rapport=OnderwijskundigRapport(
            schoolloopbaan=omzetten.schoolloopbaan(db, LEERLING, school),
            advies=Overstapadvies(
                adviezen=[Advies(soort=rij["moment"], niveau=Code2(rij["code"])) for rij in adviezen],
                contactnodig=False,
            ),
            # a secondary school counts hours, a primary school half-days
            verzuim=Verzuim(urengeoorloofd=verzuim["geoorloofd"], urenongeoorloofd=verzuim["ongeoorloofd"]),
            cijferlijsten=cijferlijsten(db),
        ),
    )


def cijferlijsten(db: sqlite3.Connection) -> list[Cijferlijst]:
    """One report card for each day on which marks were given; a mark is kept as the school writes it: 6,4."""
    per_dag: dict[str, list[sqlite3.Row]] = {}
    for rij in omzetten.rijen(db, "cijfers", LEERLING):
        per_dag.setdefault(rij["datum"], []).append(rij)
    return [
        Cijferlijst(
            vakken=[Vakcijfers(naam=rij["vak"], scores=[Score(waarde=rij["cijfer"])]) for rij in lijst],
            afnamedatum=omzetten.dag(datum),
            jaargroep=omzetten.jaargroep("VO", lijst[0]["leerjaar"]),
            periode=lijst[0]["periode"],
        )
        for datum, lijst in per_dag.items()
    ]


def inzage(db: sqlite3.Connection) -> Inzage:
    """The parents saw the dossier; between secondary schools they also have to consent to the transfer."""
    rij = omzetten.rijen(db, "inzages", LEERLING)[0]
    return Inzage(
        voorlopigdossier=False,
        inzage=True,
        datum=omzetten.dag(rij["datum"]),
        akkoord=Code37("Ja" if rij["akkoord"] else "Nee"),
        toestemming=Code37("Ja" if rij["toestemming"] else "Nee"),
    )


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
    print(f"VOVO: {len(xml)} bytes, zonder fouten of waarschuwingen.")
    bewaar(xml)


if __name__ == "__main__":
    main()
