"""Een kleine administratie in SQLite achter `oso-bridge serve las`: een Bron, een Doel, en een dossier klaarzetten.

Klaarzetten: python examples/las/mijnlas.py examples/povo.xml --pgn 274957462 --voor 00TT
Een echte administratie bewaart dossiers versleuteld; SqliteBron en SqliteDoel van oso_bridge.exchange doen dat.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from oso_bridge.exchange import Aanvraag, Adres, Klaargezet, Melding, Ontvangst, Zoekvraag

BESTAND = os.environ.get("MIJNLAS", "mijnlas.db")
SCHOOL = "00SS"
TABELLEN = """
create table if not exists klaar (nummer integer primary key, pgn, soort, voor, verzameld, account, dossier);
create table if not exists aanvraag (nummer, van, sessie, moment, uitkomst);
create table if not exists ontvangen (bron, soort, goed, moment, account, dossier);
create table if not exists melding (afzender, koppelsleutel, inhoud, moment);
"""


def sql(opdracht: str, *waarden: object) -> list[tuple[Any, ...]]:
    """Voer een opdracht uit; elke aanroep heeft een eigen verbinding, want de server heeft vele threads."""
    with closing(sqlite3.connect(BESTAND)) as db, db:
        db.executescript(TABELLEN)
        return db.execute(opdracht, waarden).fetchall()


class Bron:
    """Beantwoordt vragen om dossiers."""

    def vind(self, vraag: Zoekvraag) -> Sequence[Klaargezet]:
        """Alles wat voor deze leerling klaarstaat, voor wie ook; of het weg mag, beoordeelt oso_bridge."""
        rijen = sql(
            "select nummer, dossier, voor, verzameld, account from klaar where pgn = ? and soort = ?",
            vraag.pgn,
            vraag.soort,
        )
        return [
            Klaargezet(
                nummer=str(nummer),
                dossier=dossier,
                soort=vraag.soort,
                bron=Adres(SCHOOL),
                doel=Adres(voor),
                verzameld=datetime.fromisoformat(verzameld),
                account=account,
            )
            for nummer, dossier, voor, verzameld, account in rijen
        ]

    def noteer(self, aanvraag: Aanvraag) -> None:
        """Bewaar elke vraag, om de vrager later te kunnen melden dat er een nieuwer dossier is."""
        van, moment = aanvraag.doel.brin, aanvraag.moment.isoformat()
        rij = (aanvraag.nummer, van, aanvraag.sessie_id, moment, aanvraag.uitkomst)
        sql("insert into aanvraag values (?, ?, ?, ?, ?)", *rij)

    def zie_account(self, nummer: str) -> str:
        """Wie het dossier vrijgaf."""
        return str(sql("select account from klaar where nummer = ?", nummer)[0][0])

    def teruggekoppeld(self, melding: Melding) -> None:
        """Bewaar de terugkoppeling van een samenwerkingsverband."""
        _bewaar(melding)


class Doel:
    """Ontvangt dossiers en meldingen."""

    def ontvangen(self, ontvangst: Ontvangst) -> None:
        """Bewaar het dossier; als dit terugkeert, moet het veilig zijn."""
        goed, moment = ontvangst.rapport.ok, ontvangst.moment.isoformat()
        rij = (ontvangst.bron.brin, ontvangst.soort, goed, moment, ontvangst.account, ontvangst.dossier)
        sql("insert into ontvangen values (?, ?, ?, ?, ?, ?)", *rij)

    def genotificeerd(self, melding: Melding) -> None:
        """Bewaar de melding dat er elders een dossier klaarstaat."""
        _bewaar(melding)


def _bewaar(melding: Melding) -> None:
    rij = (melding.afzender.brin, melding.koppelsleutel, melding.inhoud, melding.moment.isoformat())
    sql("insert into melding values (?, ?, ?, ?)", *rij)


def zet_klaar(dossier: bytes, *, pgn: str, voor: str, account: str) -> None:
    """Zet een dossier klaar voor een school."""
    rij = (pgn, "OV", voor, datetime.now(UTC).isoformat(), account, dossier)
    sql("insert into klaar (pgn, soort, voor, verzameld, account, dossier) values (?, ?, ?, ?, ?, ?)", *rij)


if __name__ == "__main__":
    lezer = argparse.ArgumentParser(description="Zet een dossier klaar.")
    lezer.add_argument("dossier", type=Path)
    lezer.add_argument("--pgn", required=True, help="Het nummer van de (verzonnen) leerling.")
    lezer.add_argument("--voor", required=True, help="De BRIN van de school die het mag ophalen.")
    gegeven = lezer.parse_args()
    zet_klaar(gegeven.dossier.read_bytes(), pgn=gegeven.pgn, voor=gegeven.voor, account="ib")
