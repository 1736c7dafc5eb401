"""VOSWV: a secondary school sends a dossier to the samenwerkingsverband, with a decision on learning support.

Run ``python examples/voswv.py``, or ``python examples/voswv.py out.xml`` to keep the dossier.
"""

from __future__ import annotations

import sqlite3

import administratie
import omzetten
from bewaren import bewaar

import oso_bridge as oso
from oso_bridge.model import Bijlage, Dossier, Lwoo, Ondersteuning, OnderwijskundigRapport, Verzuim

RELEASE = "oso/2019.1"
LEERLING = "V2"


def maak(db: sqlite3.Connection) -> Dossier:
    """The dossier as far as the administration knows it."""
    school = omzetten.school(db, "01SS")
    leerling = omzetten.leerling(db, LEERLING)
    leerling.bsn = None  # a samenwerkingsverband may not get it
    return Dossier.nieuw(
        "VOSWV",
        levering=omzetten.levering("2019-12-02"),
        school=school,
        leerling=leerling,
        rapport=OnderwijskundigRapport(
            schoolloopbaan=omzetten.schoolloopbaan(db, LEERLING, school),
            verzuim=verzuim(db),
        ),
    )


def verzuim(db: sqlite3.Connection) -> Verzuim:
    """Absence, in hours at a secondary school."""
    rij = omzetten.rijen(db, "verzuim", LEERLING)[0]
    return Verzuim(
        urengeoorloofd=rij["geoorloofd"],
        urenongeoorloofd=rij["ongeoorloofd"],
        meerdan25percent=False,
        frequentie=rij["keren"],
        contactleerplicht=True,
    )


def ondersteuning(db: sqlite3.Connection) -> Ondersteuning:
    """The support that the pupil gets."""
    besluiten = [rij for rij in omzetten.rijen(db, "besluiten", LEERLING) if rij["soort"] == "lwoo"]
    return Ondersteuning(medicijngebruik=False, lwoo=lwoo(besluiten[0]))


def lwoo(rij: sqlite3.Row) -> Lwoo:
    """A decision on learning support with its document; a school reads the file from its own archive."""
    return Lwoo(
        begindatum=omzetten.dag(rij["begin"]),
        einddatum=omzetten.dag(rij["eind"]),
        swvnummer=rij["swv"],
        beschikkingsnummer=rij["nummer"],
        bijlagen=[Bijlage.van(b"%PDF-1.4 fictief", naam=rij["bestand"], omschrijving="Beschikking")],
    )


def main() -> None:
    """Build the dossier, see what it lacks, complete it, write it and check it."""
    dossier = maak(administratie.openen())
    for finding in oso.todo(dossier, release=RELEASE):
        print("Ontbreekt:", finding.rule, finding.path or "dossier", "-", finding.text("nl"))

    # support is a category that this profile demands
    dossier.rapport.ondersteuning = ondersteuning(administratie.openen())
    assert not oso.todo(dossier, release=RELEASE)
    xml = oso.write(dossier, release=RELEASE)
    report = oso.check(xml)
    assert report.ok
    assert not report.findings
    print(f"VOSWV: {len(xml)} bytes, zonder fouten of waarschuwingen.")
    bewaar(xml)


if __name__ == "__main__":
    main()
