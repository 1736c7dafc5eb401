"""A draft: out of the pupil data and the results that a school has already, and what is missing filled in by a person.

Run ``python examples/concept.py``, or ``python examples/concept.py out.xml`` to keep the dossier.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from bewaren import bewaar

import oso_bridge as oso
from oso_bridge.model import (
    Adres,
    Advies,
    Code2,
    Code4,
    Code13,
    Code19,
    Code37,
    Code41,
    Communicatie,
    Dossier,
    Inzage,
    Overstapadvies,
    Verzorger,
)

RELEASE = "oso/2019.1"
LEERLING = "L-0003"
HIER = Path(__file__).parent


def concept() -> oso.Draft:
    """The dossier as far as the files of the school know it."""
    administratie = oso.read(HIER / "edex-groep8.xml").administratie()
    resultaten = oso.read(HIER / "uwlr-groep8.xml").leerresultaten()
    return oso.draft(administratie, leerling=LEERLING, profiel="POVO", resultaten=resultaten)


def vul_school(dossier: Dossier) -> None:
    """What pupil data do not say of the school."""
    school = dossier.school
    assert school is not None
    school.naam = "Basisschool De Wilgenroos"
    school.aanleverpunt = "1"
    school.adressen = [thuis("Dorpsstraat", "1", "1000AA")]
    school.communicatie = [Communicatie(soort=Code4("telefoon"), nummer="0300000201")]


def thuis(straat: str, nummer: str, postcode: str) -> Adres:
    """An address to go to."""
    return Adres(soort=Code19("bezoek"), straat=straat, nummer=nummer, postcode=postcode, plaats="Voorbeeldstad")


def vul_leerling(dossier: Dossier) -> None:
    """What pupil data do not say of the pupil: the street, whose address must stay secret, the carers."""
    leerling = dossier.leerling
    assert leerling is not None
    # the draft has the postal code; the rest of that address comes from the file of the school
    adres = thuis("Kruipwilg", "8", leerling.adressen[0].postcode or "")
    leerling.adressen = [adres]
    leerling.adresgeheim = False
    leerling.verzorgersaansprakelijk = True
    leerling.verzorgers = [
        Verzorger(
            relatietotkind=Code41("2"),
            voorletters="A.",
            achternaam="Weegbree",
            wettigevertegenwoordiger=True,
            adressen=[adres],
            communicatie=[Communicatie(soort=Code4("telefoon"), nummer="0600000202")],
        )
    ]


def vul_rapport(dossier: Dossier) -> None:
    """What the teachers know: the advice, and in which year group the tests were taken."""
    dossier.rapport.advies = Overstapadvies(
        adviezen=[Advies(soort="definitief", niveau=Code2("60"))], contactnodig=False
    )
    for jaar in dossier.rapport.schoolloopbaan:
        jaar.begindatum, jaar.einddatum = date(2024, 8, 1), date(2025, 7, 31)
    for toets in dossier.rapport.toetsen:
        if toets.afname is not None:
            toets.afname.jaargroep = Code13("8")
    dossier.inzage = Inzage(voorlopigdossier=False, inzage=True, datum=date(2025, 3, 4), akkoord=Code37("Ja"))


def main() -> None:
    """Draft the dossier, see what it lacks and what stayed behind, complete it, write it and check it."""
    gemaakt = concept()
    for loss in gemaakt.left:
        print("Blijft achter:", loss.path)
    for finding in gemaakt.todo(release=RELEASE):
        print("Ontbreekt:", finding.rule, finding.path or "dossier", "-", finding.text("nl"))

    for vul in (vul_school, vul_leerling, vul_rapport):
        vul(gemaakt.dossier)
    assert not gemaakt.todo(release=RELEASE)
    xml = oso.write(gemaakt.dossier, release=RELEASE)
    report = oso.check(xml)
    assert report.ok
    assert not report.findings
    print(f"POVO: {len(xml)} bytes, zonder fouten of waarschuwingen.")
    bewaar(xml)


if __name__ == "__main__":
    main()
