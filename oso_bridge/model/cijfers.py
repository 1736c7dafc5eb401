"""Grade lists: per moment the subjects, and per subject the scores."""

from __future__ import annotations

from datetime import date

from oso_bridge.model.base import Deel, lijst, veld
from oso_bridge.model.codes import Code13


class Score(Deel):
    """A mark: a value, a qualification in words, or both."""

    waarde: str | None = veld("Het cijfer of de letter, precies zoals de school die gaf.")
    kwalificatie: str | None = veld("Het oordeel in woorden.")


class Onderdeelcijfer(Deel):
    """The mark for a part of a subject."""

    naam: str | None = veld("De naam van het onderdeel.")
    score: Score | None = veld("Het cijfer of oordeel voor het onderdeel.")
    afnamedatum: date | None = veld("De dag van de beoordeling.")
    jaargroep: Code13 | None = veld("De jaargroep waarin de beoordeling viel.")
    periode: str | None = veld("De periode van het schooljaar.")


class Vakcijfers(Deel):
    """The marks for one subject."""

    naam: str | None = veld("De naam van het vak.")
    onderdelen: list[Onderdeelcijfer] = lijst("Een onderdeel van het vak met zijn cijfer.")
    scores: list[Score] = lijst("Een cijfer of oordeel voor het vak als geheel.")


class Cijferlijst(Deel):
    """A report card: the marks of one moment."""

    vakken: list[Vakcijfers] = lijst("Een vak met zijn cijfers, in de volgorde van de lijst.")
    afnamedatum: date | None = veld("De dag waarop de lijst is opgemaakt.")
    jaargroep: Code13 | None = veld("De jaargroep van de leerling op dat moment.")
    periode: str | None = veld("De periode van het schooljaar.")
