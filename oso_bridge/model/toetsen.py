"""Tests: those of the pupil monitoring system and the end test of primary school."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from oso_bridge.model.base import Deel, lijst, veld
from oso_bridge.model.bijlage import Bijlage
from oso_bridge.model.codes import Code11, Code13, Code22, Code40, Code42, Code43, Code44, Code45, Code46, Code47
from oso_bridge.model.school import Instelling, School


class Afnemer(Deel):
    """Who administered a test; works at an organisation or at a school, not both."""

    naam: str | None = veld("De naam van de medewerker die de toets afnam.")
    functie: str | None = veld("De functie van de medewerker.")
    instelling: Instelling | None = veld("De organisatie waar de medewerker werkt, als dat geen school is.")
    school: School | None = veld("De school waar de medewerker werkt.")


class Afname(Deel):
    """When a test was taken, in which year group and by whom it was administered."""

    datum: date | None = veld("De dag waarop de toets is gemaakt.")
    jaargroep: Code13 | None = veld("De jaargroep van de leerling op die dag.")
    dl: int | None = veld("De didactische leeftijd: maanden onderwijs sinds het begin van groep 3.", eenheid="maanden")
    afgenomendoor: Afnemer | None = veld("Wie de toets afnam.")


class Betrouwbaarheidsinterval(Deel):
    """The bounds between which the true ability score lies."""

    laag: Decimal | None = veld("De ondergrens van de marge.")
    hoog: Decimal | None = veld("De bovengrens van de marge.")


class Toetsscore(Deel):
    """What was counted and measured in a test or a part of it."""

    aantalopgaven: int | None = veld("Het aantal opgaven van de toets of het onderdeel.", eenheid="opgaven")
    aantalgoed: int | None = veld("Het aantal goede antwoorden.", eenheid="opgaven")
    aantalfout: int | None = veld("Het aantal foute antwoorden.", eenheid="opgaven")
    aantalgelezen: int | None = veld("Het aantal dat de leerling las, bij een leestoets.")
    tijd: Decimal | None = veld("De gebruikte tijd, in de eenheid waarin deze toets de tijd meet.")
    vaardigheidsscore: Decimal | None = veld("De score op de vaardigheidsschaal.")
    vaardigheidsschaal: str | None = veld("De code van de schaal waarop de vaardigheidsscore staat.")
    betrouwbaarheidsinterval: Betrouwbaarheidsinterval | None = veld("De marge rond de vaardigheidsscore.")


class Referentiescore(Deel):
    """A score that compares the pupil with a group of others."""

    soort: Code11 | None = veld("Wat voor score het is.")
    vergelijkingsgroep: Code22 | None = veld("Met welke groep is vergeleken.")
    waarde: str | None = veld("De score, precies zoals de toets die gaf.")
    kwalificatie: str | None = veld("De score in woorden.")


class Toetsresultaat(Deel):
    """What a test, or a part of one, resulted in."""

    toetsscore: Toetsscore | None = veld("Wat er is geteld en gemeten.")
    referentiescores: list[Referentiescore] = lijst("Een score ten opzichte van anderen.")
    bijlagen: list[Bijlage] = lijst("Een bijlage over het resultaat.")


class Toetsonderdeel(Deel):
    """A part of a test with its own result."""

    code: str | None = veld("De code van het onderdeel.")
    naam: str | None = veld("De naam van het onderdeel.")
    resultaat: Toetsresultaat | None = veld("Het resultaat van het onderdeel.")


class Toets(Deel):
    """A test that the pupil took."""

    code: str | None = veld("De code van de toets.")
    leergebied: str | None = veld("Het leergebied dat de toets meet.")
    naam: str | None = veld("De naam van de toets.")
    versie: str | None = veld("De versie van de toets.")
    afname: Afname | None = veld("Wanneer en door wie de toets is afgenomen.")
    resultaat: Toetsresultaat | None = veld("Het resultaat van de hele toets.")
    onderdelen: list[Toetsonderdeel] = lijst("Een onderdeel van de toets.")
    opmerking: str | None = veld("Wat er over de toets op te merken is.")


class ToetsMetNiveau(Toets):
    """An end test written as an ordinary test, the way of 1.2.2."""

    niveau: Code40 | None = veld("Het niveau van de eindtoets.")


class Domeinresultaat(Deel):
    """The result for a domain within a part of an end test."""

    code: Code47 | None = veld("Het domein, zoals 8050 lezen en 8051 taalverzorging.")
    omschrijving: str | None = veld("Het domein in woorden.")
    referentieniveau: Code45 | None = veld("Het bereikte referentieniveau: 01 onder 1F, 02 1F, 03 1S, 04 2F.")


class Onderdeelresultaat(Deel):
    """The result for a part of an end test."""

    code: Code46 | None = veld("Het onderdeel: 8000 taal, 8001 rekenen.")
    omschrijving: str | None = veld("Het onderdeel in woorden.")
    referentieniveau: Code45 | None = veld("Het bereikte referentieniveau: 01 onder 1F, 02 1F, 03 1S, 04 2F.")
    domeinresultaten: list[Domeinresultaat] = lijst("Een domein binnen het onderdeel.")


class Eindtoetsresultaat(Deel):
    """What an end test resulted in."""

    soort: Code42 | None = veld("Welke eindtoets het is, zoals 0011 CET, 0012 Route 8, 0013 IEP.")
    niveau: Code43 | None = veld("Het niveau waarop de toets is afgenomen; de codes verschillen per release.")
    omschrijving: str | None = veld("De toets in woorden.")
    afnamedatum: date | None = veld("De dag waarop de toets is gemaakt.")
    ontheffing: Code44 | None = veld("Of de leerling volgens de wet niet hoefde mee te doen: J of N.")
    standaardscore: int | None = veld("De standaardscore, van 0 tot en met 1000.")
    advies: str | None = veld("Het advies dat uit de toets volgt.")
    onderdeelresultaten: list[Onderdeelresultaat] = lijst("Een onderdeel van de toets.")


class Eindtoets(Deel):
    """The test at the end of primary school; its successor, the doorstroomtoets, is another kind of it."""

    soort: Literal["eindtoets", "doorstroomtoets"] = Field(description="Welke van de twee toetsen het is.")
    deelgenomen: bool | None = veld("Of de leerling meedeed.")
    resultaat: Eindtoetsresultaat | None = veld("Het resultaat, vanaf 2016.1.")
    toets: ToetsMetNiveau | None = veld("De toets en het resultaat zoals 1.2.2 die opschreef.")
    advies: str | None = veld("Het advies dat uit de toets volgt, in 1.2.2.")
    ontheffing: bool | None = veld("Of de leerling niet hoefde mee te doen, in 1.2.2.")
    bijlagen: list[Bijlage] = lijst("Een bijlage over de toets.")
