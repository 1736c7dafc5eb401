"""People: the pupil with everything that says who he or she is, carers and doctors."""

from __future__ import annotations

from datetime import date

from oso_bridge.model.base import Basis, Deel, Maand, lijst, veld
from oso_bridge.model.codes import Code10, Code14, Code15, Code41
from oso_bridge.model.school import Adres, Communicatie, Instelling


class Nationaliteit(Basis):
    """A nationality: a code and, where the sender gave one, its name."""

    code: str | None = veld("De code van de nationaliteit, vier cijfers uit de tabel van de basisregistratie.")
    omschrijving: str | None = veld("De naam van de nationaliteit.")


class Persoon(Deel):
    """What every person in a dossier can have."""

    voornamen: list[str] = lijst("Een officiële voornaam; elke naam apart.")
    voorletters: str | None = veld("De eerste letters van de voornamen, met punten.")
    voorvoegsel: str | None = veld("Wat voor de achternaam staat, zoals van der.")
    achternaam: str | None = veld("De achternaam zonder voorvoegsel.")
    roepnaam: str | None = veld("De naam waarmee de persoon in het dagelijks leven wordt aangesproken.")
    geboortedatum: date | None = veld("De dag van geboorte.")
    geslacht: Code14 | None = veld("Het geslacht: 0 onbekend, 1 vrouw, 2 man.")
    adresgeheim: bool | None = veld("Of het adres niet verder verspreid mag worden.")
    adressen: list[Adres] = lijst("Een adres van de persoon.")
    communicatie: list[Communicatie] = lijst("Een manier om de persoon te bereiken.")


class Verzorger(Persoon):
    """A parent or another carer of the pupil."""

    relatietotkind: Code41 | None = veld("Wat de verzorger van de leerling is, zoals 1 vader, 2 moeder, 3 voogd.")
    overleden: bool | None = veld("Of de verzorger is overleden.")
    overlijdensdatum: date | None = veld("De dag van overlijden.")
    wettigevertegenwoordiger: bool | None = veld("Of de verzorger de leerling volgens de wet vertegenwoordigt.")
    banknummer: str | None = veld("Een bankrekeningnummer van voor het IBAN.")
    iban: str | None = veld("Het IBAN van de bankrekening.")


class Arts(Persoon):
    """A doctor who treats the pupil."""

    soort: str | None = veld('Wat voor arts het is; "huisarts" voor de huisarts van de leerling.')


class Gba(Deel):
    """Name and day of birth of the pupil as the population register has them."""

    voornamen: list[str] = lijst("Een voornaam volgens de basisregistratie; elke naam apart.")
    voorvoegsel: str | None = veld("Het voorvoegsel van de achternaam volgens de basisregistratie.")
    achternaam: str | None = veld("De achternaam volgens de basisregistratie.")
    geboortedatum: date | None = veld("De geboortedatum volgens de basisregistratie.")


class Leerling(Persoon):
    """The pupil: names, birth, addresses, numbers, enrolment, carers, liability and doctors.

    What the school reports on the education of the pupil is in ``Dossier.rapport``.
    """

    geboortemaand: Maand | None = veld(
        "Maand en jaar van geboorte, als 2012-03, waar de hele datum niet gedeeld mag worden."
    )
    postcode4: str | None = veld("De vier cijfers van de postcode, waar het adres niet gedeeld mag worden.")
    gba: Gba | None = veld("Naam en geboortedatum volgens de basisregistratie, als de school andere gebruikt.")
    adresbuitenland: list[str] = lijst("Een regel van het adres in het buitenland.")
    geboorteplaats: str | None = veld("De plaats van geboorte.")
    nationaliteiten: list[Nationaliteit] = lijst("Een nationaliteit van de leerling.")
    onderwijsnummer: str | None = veld("Het onderwijsnummer, voor een leerling zonder burgerservicenummer.")
    bsn: str | None = veld("Het burgerservicenummer van de leerling.")
    leerlingid: str | None = veld("Het nummer van de leerling in de administratie van de school die levert.")
    onderwijssinds: date | None = veld("Sinds wanneer de leerling in Nederland onderwijs volgt.")
    startdatumhuidigonderwijs: date | None = veld("Wanneer de leerling met het huidige soort onderwijs begon.")
    datuminschrijving: date | None = veld("De dag van inschrijving bij de school die levert.")
    datumuitschrijving: date | None = veld("De dag van uitschrijving bij de school die levert.")
    teruggeplaatstnaarbrin: str | None = veld("De brincode van de school waarnaar de leerling is teruggeplaatst.")
    leerlinggewicht: Code15 | None = veld("Het gewicht van de leerling voor de bekostiging van de basisschool.")
    nnca: Code10 | None = veld("Culturele achtergrond: 0 niet van toepassing, 1 Nederlands, 2 niet-Nederlands.")
    tehuis: bool | None = veld("Of de leerling in een tehuis woont.")
    artsen: list[Arts] = lijst("Een arts van de leerling.")
    verzorgersaansprakelijk: bool | None = veld("Of de verzorgers zelf aansprakelijk zijn.")
    aansprakelijkeinstelling: Instelling | None = veld(
        "De instelling die in plaats van de verzorgers aansprakelijk is."
    )
    verzorgers: list[Verzorger] = lijst("Een ouder of andere verzorger.")
