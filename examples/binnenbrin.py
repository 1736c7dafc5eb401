"""BB: a pupil goes to another location of the same school (transfer within one BRIN).

Run ``python examples/binnenbrin.py``, or ``python examples/binnenbrin.py out.xml`` to keep the dossier.
"""

from __future__ import annotations

import sqlite3

import administratie
import omzetten
from bewaren import bewaar

import oso_bridge as oso
from oso_bridge.model import Bijlage, Dossier, OnderwijskundigRapport, Verzuim

RELEASE = "oso/2019.1"
LEERLING = "B1"


def maak(db: sqlite3.Connection) -> Dossier:
    """The dossier as far as the administration knows it; within one school parents need not inspect it."""
    school = omzetten.school(db, "00YY")
    verzuim = omzetten.rijen(db, "verzuim", LEERLING)[0]
    return Dossier.nieuw(
        "BB",
        levering=omzetten.levering("2019-11-04"),
        school=school,
        leerling=omzetten.leerling(db, LEERLING),
        rapport=OnderwijskundigRapport(
            schoolloopbaan=omzetten.schoolloopbaan(db, LEERLING, school),
            toetsen=[omzetten.toets(rij, "BO") for rij in omzetten.rijen(db, "toetsen", LEERLING)],
            verzuim=Verzuim(dagdelengeoorloofd=verzuim["geoorloofd"], frequentie=verzuim["keren"]),
        ),
    )


def brief() -> Bijlage:
    """A file that goes along: packed in a ZIP, whatever it was."""
    return Bijlage.van(
        b"Sem heeft een vast plekje bij het raam en begint graag met een boek.",
        naam="brief.txt",
        omschrijving="Brief aan de nieuwe leerkracht",
    )


def main() -> None:
    """Build the dossier, see what it lacks, complete it, write it and check it."""
    dossier = maak(administratie.openen())
    for finding in oso.todo(dossier, release=RELEASE):
        print("Ontbreekt:", finding.rule, finding.path or "dossier", "-", finding.text("nl"))

    dossier.rapport.bijlagen.append(brief())
    assert not oso.todo(dossier, release=RELEASE)
    xml = oso.write(dossier, release=RELEASE)
    report = oso.check(xml)
    assert report.ok
    assert not report.findings
    print(f"BB: {len(xml)} bytes, zonder fouten of waarschuwingen.")
    bewaar(xml)


if __name__ == "__main__":
    main()
