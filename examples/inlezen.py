"""Takes a dossier in: from XML to rows of your own tables, and its attachments to files.

Run ``python examples/inlezen.py examples/povo.xml``, or with a folder behind it to keep the attachments there. The
tables are made in memory and only counted: what is printed holds nothing of the pupil.
"""

from __future__ import annotations

import sqlite3
import sys
from datetime import date
from pathlib import Path

import oso_bridge as oso
from oso_bridge.model import Dossier, Leerling

TABELLEN = """
CREATE TABLE leerling (
    bsn TEXT, onderwijsnummer TEXT, roepnaam TEXT, voorvoegsel TEXT, achternaam TEXT, geboren TEXT, geslacht TEXT,
    straat TEXT, huisnummer TEXT, postcode TEXT, plaats TEXT, van_brin TEXT);
CREATE TABLE verzorger (
    voorletters TEXT, voorvoegsel TEXT, achternaam TEXT, relatie TEXT, gezag INTEGER, telefoon TEXT, email TEXT);
CREATE TABLE toets (code TEXT, naam TEXT, datum TEXT, jaargroep TEXT, vaardigheid TEXT, niveau TEXT);
CREATE TABLE schooljaar (schooljaar TEXT, jaargroep TEXT, begin TEXT, eind TEXT, brin TEXT);
CREATE TABLE bijlage (plaats TEXT, bestand TEXT, omschrijving TEXT);
"""

Rij = tuple[str | int | None, ...]


def main() -> None:
    """Read the dossier that is named, fill the tables, and tell how much went in."""
    if len(sys.argv) < 2:
        sys.exit("Noem een dossier: python examples/inlezen.py examples/povo.xml [map voor de bijlagen]")
    db = sqlite3.connect(":memory:")
    db.executescript(TABELLEN)
    document = oso.read(sys.argv[1])
    if not document.schema_ok:
        print("Let op: dit dossier volgt het schema niet; oso-bridge check zegt waar.")
    dossier = document.dossier()
    neem_op(db, dossier)
    if len(sys.argv) > 2:
        bewaar_bijlagen(db, dossier, Path(sys.argv[2]))
    for tabel in ("leerling", "verzorger", "toets", "schooljaar", "bijlage"):
        print(f"{tabel}: {db.execute(f'SELECT count(*) FROM {tabel}').fetchone()[0]}")  # noqa: S608
    for pad, rest in dossier.bewaard():
        print(f"Geen veld voor: {pad} ({rest.soort})")  # what to look at by hand


def neem_op(db: sqlite3.Connection, dossier: Dossier) -> None:
    """Put what a dossier says into the tables; what it does not say becomes NULL."""
    leerling = dossier.leerling or Leerling()
    voeg_toe(db, "leerling", [persoon(dossier, leerling)])
    voeg_toe(db, "verzorger", verzorgers(leerling))
    voeg_toe(db, "toets", toetsen(dossier))
    voeg_toe(db, "schooljaar", schooljaren(dossier))


def voeg_toe(db: sqlite3.Connection, tabel: str, rijen: list[Rij]) -> None:
    """Add rows to a table."""
    for rij in rijen:
        db.execute(f"INSERT INTO {tabel} VALUES ({', '.join('?' * len(rij))})", rij)  # noqa: S608


def dag(datum: date | None) -> str | None:
    """A day as the tables hold it."""
    return datum.isoformat() if datum else None


def persoon(dossier: Dossier, leerling: Leerling) -> Rij:
    """The row of the pupil; of the addresses the one of the municipal register, else the first."""
    adressen = sorted(leerling.adressen, key=lambda adres: adres.soort != "gba")
    adres = adressen[0] if adressen else None
    return (
        leerling.bsn,
        leerling.onderwijsnummer,
        leerling.roepnaam,
        leerling.voorvoegsel,
        leerling.achternaam,
        dag(leerling.geboortedatum),
        leerling.geslacht,  # a code: "1" is a girl or woman; leerling.geslacht.label gives the meaning
        adres.straat if adres else None,
        adres.nummer if adres else None,
        adres.postcode if adres else None,
        adres.plaats if adres else None,
        dossier.school.brincode if dossier.school else None,
    )


def verzorgers(leerling: Leerling) -> list[Rij]:
    """A row for each carer, with the first telephone number and the first mail address."""
    rijen: list[Rij] = []
    for verzorger in leerling.verzorgers:
        wegen = {str(weg.soort): weg.nummer for weg in reversed(verzorger.communicatie)}
        naam = (verzorger.voorletters, verzorger.voorvoegsel, verzorger.achternaam)
        relatie = verzorger.relatietotkind.label if verzorger.relatietotkind else None
        rijen.append((*naam, relatie, verzorger.wettigevertegenwoordiger, wegen.get("telefoon"), wegen.get("e-mail")))
    return rijen


def toetsen(dossier: Dossier) -> list[Rij]:
    """A row for each test, with the ability score and the first level that it was given."""
    rijen: list[Rij] = []
    for toets in dossier.rapport.toetsen:
        afname, resultaat = toets.afname, toets.resultaat
        score = resultaat.toetsscore.vaardigheidsscore if resultaat and resultaat.toetsscore else None
        niveaus = [item.waarde for item in resultaat.referentiescores] if resultaat else []
        wanneer = (dag(afname.datum), afname.jaargroep) if afname else (None, None)
        rijen.append(
            (toets.code, toets.naam, *wanneer, None if score is None else str(score), niveaus[0] if niveaus else None)
        )
    return rijen


def schooljaren(dossier: Dossier) -> list[Rij]:
    """A row for each school year."""
    return [
        (jaar.schooljaar, jaar.jaargroep, dag(jaar.begindatum), dag(jaar.einddatum), jaar.brincode)
        for jaar in dossier.rapport.schoolloopbaan
    ]


def bewaar_bijlagen(db: sqlite3.Connection, dossier: Dossier, map_: Path) -> None:
    """Save the attachments in a folder, with a row for each file; one that cannot be opened stops nothing."""
    for pad, bijlage in dossier.bijlagen():
        try:
            bestanden = bijlage.save(map_)
        except oso.DocumentError as fout:
            print(f"{pad}: {fout}")
            continue
        voeg_toe(db, "bijlage", [(pad, bestand.name, bijlage.omschrijving) for bestand in bestanden])


if __name__ == "__main__":
    main()
