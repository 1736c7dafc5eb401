"""The school career: preschool and early education, and school year by school year what the pupil followed."""

from __future__ import annotations

from datetime import date

from oso_bridge.model.base import Deel, veld
from oso_bridge.model.codes import Code6, Code7, Code8, Code9, Code13


class Schoolloopbaan(Deel):
    """A school year, or part of one, in one group of one school."""

    schooljaar: str | None = veld("Het schooljaar, geschreven als jjjj-jjjj.")
    groepscode: str | None = veld("De code van de groep of klas in de administratie van de school.")
    groepsnaam: str | None = veld("De naam van de groep of klas.")
    jaargroep: Code13 | None = veld("De jaargroep: 1 tot en met 8 in het po, 11 tot en met 16 in het vo.")
    begindatum: date | None = veld("De eerste dag in deze groep.")
    einddatum: date | None = veld("De laatste dag in deze groep.")
    brincode: str | None = veld("De brincode van de school.")
    vestigingscode: str | None = veld("Het volgnummer van de vestiging: twee cijfers.")
    schoolsoort: str | None = veld("De soort van de school.")
    schooltype: str | None = veld("Het type van de school.")
    voelementcode: str | None = veld("De elementcode van de opleiding in het vo: vier cijfers.")
    voelementomschrijving: str | None = veld("De opleiding in het vo in woorden.")
    schoolsoortomschrijving: str | None = veld("De soort van de school in woorden.")


class Voorschools(Deel):
    """Education before primary school."""

    historie: Code7 | None = veld("Welke voorziening de leerling voor de basisschool bezocht.")
    programma: Code9 | None = veld("Het programma voor voorschoolse educatie dat de leerling volgde.")
    maanden: int | None = veld("Hoelang de leerling het programma volgde.", eenheid="maanden")
    toeleider: Code6 | None = veld("Wie de leerling naar de voorziening verwees.")
    deelname: Code8 | None = veld("Hoe de leerling deelnam.")
    aanwezigheid: int | None = veld("Hoeveel de leerling aanwezig was, als geheel getal.")


class Vroegschools(Deel):
    """A programme of early education in the first groups of primary school."""

    programma: Code9 | None = veld("Het programma voor vroegschoolse educatie dat de leerling volgde.")
    begindatum: date | None = veld("De dag waarop het programma begon.")
    einddatum: date | None = veld("De dag waarop het programma eindigde.")
