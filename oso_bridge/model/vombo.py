"""From secondary to vocational education: promotion, examination, subjects, competences and work placements."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from oso_bridge.model.base import Deel, lijst, veld
from oso_bridge.model.codes import Code35, Code36
from oso_bridge.model.school import Instelling


class Bevordering(Deel):
    """Where the pupil was promoted to."""

    elementcode: str | None = veld("De elementcode van de opleiding: vier cijfers.")
    leerjaar: str | None = veld("Het leerjaar van die opleiding, als jaargroep geschreven.")


class Examenresultaat(Deel):
    """The outcome of the final examination."""

    soortdiploma: str | None = veld("Welk diploma de leerling haalde.")
    jaar: int | None = veld("Het jaar van het examen.")
    datumuitslag: date | None = veld("De dag van de uitslag.")
    uitslag: Code35 | None = veld("De uitslag: geslaagd, afgewezen of herexamen.")


class Werkstuk(Deel):
    """The final project."""

    titel: str | None = veld("De titel van het werkstuk.")
    beoordeling: str | None = veld("De beoordeling van het werkstuk.")


class Vakresultaat(Deel):
    """The result in one subject; in the OSO dossier only one of the assessments can be given."""

    vakcode: str | None = veld("De code van het vak.")
    vakleergebied: str | None = veld("Het vak of leergebied in woorden.")
    afgerond: bool | None = veld("Of het vak is afgerond.")
    datumafgerond: date | None = veld("De dag waarop het vak is afgerond.")
    examenvak: bool | None = veld("Of er in het vak examen wordt gedaan.")
    beoordeling: Code36 | None = veld("Het oordeel over een examenvak: voldoende of onvoldoende.")
    eindcijfer: int | None = veld("Het eindcijfer van het examen.")
    cijferce: Decimal | None = veld("Het cijfer voor het centraal examen.")
    eindcijferse: Decimal | None = veld("Het eindcijfer van het schoolexamen.")
    cijferse: list[Decimal] = lijst("Een cijfer voor een deel van het schoolexamen.")
    rapportcijfer: Decimal | None = veld("Het cijfer op het laatste rapport.")
    werkstuk: Werkstuk | None = veld("Het profiel- of sectorwerkstuk.")


class Competentie(Deel):
    """A competence and how far the pupil is with it."""

    referentie: str | None = veld("Waar de competentie beschreven staat.")
    categorie: str | None = veld("De categorie van de competentie.")
    beschrijving: str | None = veld("De competentie in woorden.")
    status: str | None = veld("Hoe ver de leerling is.")


class Stage(Deel):
    """A work placement."""

    begindatum: date | None = veld("De eerste dag van de stage.")
    einddatum: date | None = veld("De laatste dag van de stage.")
    soort: str | None = veld("Wat voor stage het was.")
    functierol: str | None = veld("De functie of rol van de leerling.")
    instelling: Instelling | None = veld("Het bedrijf of de organisatie.")
    beoordeling: str | None = veld("De beoordeling van de stage.")


class OverigVombo(Deel):
    """What else goes along to vocational education."""

    keuzevervolgopleiding: str | None = veld("De opleiding die de leerling koos.")
    beroepskeuzetest: bool | None = veld("Of er een beroepskeuzetest is.")
    portfolio: bool | None = veld("Of er een portfolio is.")
    pop: bool | None = veld("Of er een persoonlijk ontwikkelingsplan is.")
    motivatiebrief: bool | None = veld("Of er een motivatiebrief is.")
    lobdossier: bool | None = veld("Of er een dossier over loopbaanoriëntatie en -begeleiding is.")
