"""POSWV: a primary school sends a dossier to the samenwerkingsverband, with a statement of admission.

Run ``python examples/poswv.py``, or ``python examples/poswv.py out.xml`` to keep the dossier.
"""

from __future__ import annotations

import sqlite3

import administratie
import omzetten
from bewaren import bewaar

import oso_bridge as oso
from oso_bridge.model import Bijlage, Code23, Code31, Diagnose, Dossier, Ondersteuning, OnderwijskundigRapport, Tlv

RELEASE = "oso/2019.1"
LEERLING = "P3"


def maak(db: sqlite3.Connection) -> Dossier:
    """The dossier as far as the administration knows it."""
    school = omzetten.school(db, "00YY")
    leerling = omzetten.leerling(db, LEERLING)
    leerling.bsn = None  # a samenwerkingsverband may not get it
    return Dossier.nieuw(
        "POSWV",
        levering=omzetten.levering("2019-12-02"),
        school=school,
        leerling=leerling,
        rapport=OnderwijskundigRapport(
            schoolloopbaan=omzetten.schoolloopbaan(db, LEERLING, school),
            toetsen=[omzetten.toets(rij, "BO") for rij in omzetten.rijen(db, "toetsen", LEERLING)],
        ),
    )


def ondersteuning(db: sqlite3.Connection) -> Ondersteuning:
    """What the pupil needs, and the decision that the samenwerkingsverband took."""
    return Ondersteuning(
        onderwijsbehoeften=Bijlage.van(
            b"Lot heeft korte instructies nodig, en rust.", naam="toelichting.txt", omschrijving="Hulpvraag"
        ),
        diagnoses=[Diagnose(codes=[Code23("F81.2")], naam="Dyscalculie", doorwie="Orthopedagoog van de school")],
        medicijngebruik=False,
        tlv=[tlv(rij) for rij in omzetten.rijen(db, "besluiten", LEERLING) if rij["soort"] == "tlv"],
    )


def tlv(rij: sqlite3.Row) -> Tlv:
    """A statement of admission with its document; a school reads the file from its own archive."""
    return Tlv(
        begindatum=omzetten.dag(rij["begin"]),
        einddatum=omzetten.dag(rij["eind"]),
        swvnummer=rij["swv"],
        categorie=Code31(rij["categorie"]),
        beschikkingsnummer=rij["nummer"],
        bijlagen=[Bijlage.van(b"%PDF-1.4 fictief", naam=rij["bestand"], omschrijving="Toelaatbaarheidsverklaring")],
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
    print(f"POSWV: {len(xml)} bytes, zonder fouten of waarschuwingen.")
    bewaar(xml)


if __name__ == "__main__":
    main()
