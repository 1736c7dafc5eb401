"""Haal een dossier op bij een andere school, en leg het in de administratie van mijnlas.py.

Van de testschool van de simulator: python examples/las/ophalen.py 00YY 274957462
Van onszelf, in naam van een andere school: python examples/las/ophalen.py 00SS 274957462 --als 00TT
"""

from __future__ import annotations

import argparse
import sys

import mijnlas

import oso_bridge as oso
from oso_bridge.exchange import Adres, Doelsysteem
from oso_bridge.parcels import Transport
from oso_bridge.testing.exchange import NEPSLEUTELS

VERKEERSCENTRUM = "https://127.0.0.1:8444/oso"
AANLEVERPUNTEN = {"00SS": "0000000700000SS00001", "00TT": "0000000700000TT00001"}


def main() -> int:
    """Haal op, en toon elke stap; 0 als er een dossier kwam."""
    lezer = argparse.ArgumentParser(description="Haal een dossier op.")
    lezer.add_argument("bron", help="De BRIN van de school die het heeft.")
    lezer.add_argument("pgn", help="Het nummer van de (verzonnen) leerling.")
    lezer.add_argument("--als", default="00SS", choices=AANLEVERPUNTEN, help="De school die vraagt.")
    lezer.add_argument("--verkeerscentrum", default=VERKEERSCENTRUM)
    gegeven = lezer.parse_args()
    wij = oso.Identity("testpki/mijnlas-client.pem", roots="testpki/root.pem", crls="testpki/crls.pem")

    def lijn(url: str) -> Transport:
        return oso.transport("http", url=url, identity=wij, deadline=20)

    with lijn(gegeven.verkeerscentrum) as centrum:
        systeem = Doelsysteem(
            "2022",
            Adres(gegeven.als, AANLEVERPUNTEN[gegeven.als]),
            verkeerscentrum=centrum,
            lijn=lijn,
            sleutels=NEPSLEUTELS,  # nep, zoals die van de simulator; de echte zijn niet openbaar
        )
        gevonden = systeem.ophalen(mijnlas.Doel(), bron=Adres(gegeven.bron), pgn=gegeven.pgn, account="j.jansen")
    for stap in gevonden.stappen:
        print(stap)
    print(f"{gevonden.uitkomst.woord}: {gevonden.uitkomst.text('nl')}")
    return 0 if gevonden.uitkomst.ok else 1


if __name__ == "__main__":
    sys.exit(main())
