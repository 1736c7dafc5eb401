"""Results of tests as a learning or testing application brings them to an administration (UWLR), with the tests."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from oso_bridge.model.administratie import Schoolbestand
from oso_bridge.model.base import Basis, Deel, lijst, veld
from oso_bridge.model.toetsen import Toetsresultaat


class Term(Basis):
    """A text that may be a term of a vocabulary."""

    waarde: str | None = veld("De term zelf.")
    vocabulaire: str | None = veld("Het webadres dat de lijst aanwijst waar de term uit komt.")
    vocabulairelocatie: str | None = veld("Waar die lijst te vinden is.")


class Ingang(Term):
    """One step of the order in which an application shows its tests."""

    niveau: int | None = veld("Welke trede van de ordening het is, vanaf 1.")


class Normkleur(Deel):
    """The colour in which a norm is shown."""

    rood: int | None = veld("Het deel rood, van 0 tot en met 255.")
    groen: int | None = veld("Het deel groen, van 0 tot en met 255.")
    blauw: int | None = veld("Het deel blauw, van 0 tot en met 255.")
    transparantie: Decimal | None = veld("Hoe dekkend de kleur is: 1 is dekkend, 0 is doorzichtig.")


class Norm(Deel):
    """What a range of scores means."""

    term: str | None = veld("De waardering, zoals voldoende.")
    omschrijving: str | None = veld("De waardering met toelichting.")
    beginwaarde: int | None = veld("De laagste score waarvoor de norm geldt.")
    eindwaarde: int | None = veld("De hoogste score waarvoor de norm geldt.")
    kleur: Normkleur | None = veld("De kleur waarin de norm getoond wordt.")
    schoolcijfer_vanaf: Decimal | None = veld("Het laagste schoolcijfer dat erbij hoort.")
    schoolcijfer_totenmet: Decimal | None = veld("Het hoogste schoolcijfer dat erbij hoort.")


class Normering(Deel):
    """How scores of a test, or of a part of it, are valued."""

    vocabulaire: str | None = veld("Het webadres dat de lijst aanwijst waar de normen uit komen.")
    vocabulairelocatie: str | None = veld("Waar die lijst te vinden is.")
    categorie: Term | None = veld("De categorie van de toets.")
    niveau: Term | None = veld("Het niveau van de toets.")
    wegingsfactor: Decimal | None = veld("Hoe zwaar het resultaat meetelt.")
    normen: list[Norm] = lijst("Een norm met haar grenzen.")


class Onderdeeldefinitie(Deel):
    """A part of a test."""

    volgnummer: int | None = veld("Het hoeveelste onderdeel het is.")
    code: Term | None = veld("De code van het onderdeel.")
    naam: str | None = veld("De naam van het onderdeel.")
    normering: Normering | None = veld("Hoe een score voor het onderdeel gewaardeerd wordt.")


class Toetsdefinitie(Deel):
    """What a test is: its name, for which year, its parts and its norms."""

    code: Term | None = veld("De code van de toets, waar een resultaat naar verwijst.")
    versie: Term | None = veld("De versie van de toets.")
    naam: str | None = veld("De naam van de toets.")
    leerjaar: Term | None = veld("Het leerjaar waarvoor de toets is.")
    vakgebied: Term | None = veld("Het vakgebied van de toets.")
    normering: Normering | None = veld("Hoe een score gewaardeerd wordt.")
    hierarchie: list[Ingang] = lijst("Een trede van de plaats van de toets in het programma dat haar levert.")
    onderdelen: list[Onderdeeldefinitie] = lijst("Een onderdeel van de toets.")


class Anderresultaat(Deel):
    """A result in a form that two parties agreed upon; what their own type holds besides travels in ``extra``."""

    soort: str | None = veld("Het afgesproken type van het resultaat.")
    score: str | None = veld("De score, in de vorm die is afgesproken.")


class Resultaat(Deel):
    """What one pupil got for a test, or for a part of one: a score, a result in the terms of OSO, or another one."""

    sleutel: str | None = veld("De sleutel van het resultaat.")
    afnamedatum: date | None = veld("De dag waarop de toets is gemaakt.")
    toetscode: str | None = veld("De code van de toets.")
    versie: Term | None = veld("De versie van de toets.")
    toetsonderdeelcode: str | None = veld("De code van het onderdeel; zonder is het resultaat van de hele toets.")
    score: int | None = veld("De score, een heel getal.")
    osoresultaat: Toetsresultaat | None = veld("Het resultaat zoals een dossier het heeft.")
    anderresultaat: Anderresultaat | None = veld("Het resultaat in een vorm die partijen afspraken.")
    infourl: str | None = veld("Waar meer over het resultaat te vinden is.")


class Toetsafname(Deel):
    """The results of one pupil."""

    leerlingid: str | None = veld("De sleutel van de leerling in de administratie.")
    eckid: str | None = veld("Het ECK iD van de leerling.")
    resultaatverwerker: str | None = veld("De sleutel van de medewerker die de resultaten verwerkte.")
    resultaten: list[Resultaat] = lijst("Een resultaat van de leerling.")


class Leerresultaten(Schoolbestand):
    """Results of pupils of one school, with the definitions of the tests they are of.

    >>> resultaten = Leerresultaten(toetsen=[Toetsdefinitie(code=Term(waarde="REK-M5"), naam="Rekenen M5")])
    >>> resultaten.toets("REK-M5")
    Toetsdefinitie(2 velden)
    """

    model: Literal["Leerresultaten"] = Field(
        default="Leerresultaten", description="Waaraan JSON te zien is welk model het is."
    )
    afnames: list[Toetsafname] = lijst("De resultaten van een leerling.")
    toetsen: list[Toetsdefinitie] = lijst("De omschrijving van een toets.")

    def toets(self, code: str) -> Toetsdefinitie | None:
        """The definition of a test; None when there is none."""
        return next((toets for toets in self.toetsen if toets.code is not None and toets.code.waarde == code), None)
