"""Schools and other organisations: what they are called, where they are and how to reach them."""

from __future__ import annotations

from oso_bridge.model.base import Basis, Deel, lijst, veld
from oso_bridge.model.codes import Code4, Code5, Code18, Code19


class Land(Basis):
    """A country: a code and, where the sender gave one, its name."""

    code: str | None = veld("De code van het land, vier cijfers uit de landentabel van de basisregistratie.")
    omschrijving: str | None = veld("De naam van het land.")


class Adres(Deel):
    """An address of a pupil, another person, a school or another organisation."""

    soort: Code19 | None = veld("Waarvoor het adres dient.")
    straat: str | None = veld("De naam van de straat.")
    nummer: str | None = veld("Het huisnummer, zonder letter of toevoeging.")
    toevoeging: str | None = veld("De letter of toevoeging achter het huisnummer.")
    aanduiding: Code18 | None = veld("Hoe het huisnummer te lezen is, bijvoorbeeld tegenover dat nummer.")
    locatieomschrijving: str | None = veld("Waar het adres is, als straat en nummer dat niet zeggen.")
    postcode: str | None = veld("De postcode, met letters als het adres in Nederland is.")
    plaats: str | None = veld("De woonplaats of vestigingsplaats.")
    gemeente: str | None = veld("De gemeente waarin de plaats ligt.")
    land: Land | None = veld("Het land waarin het adres ligt.")


class Communicatie(Deel):
    """One way to reach a person or an organisation: a telephone number or an e-mail address."""

    soort: Code4 | None = veld("Het middel, zoals telefoon of e-mail.")
    aanduiding: Code5 | None = veld("In welke hoedanigheid: werk, privé of overig.")
    nummer: str | None = veld("Het telefoonnummer of het e-mailadres zelf.")
    geheim: bool | None = veld("Of het nummer geheim moet blijven.")
    noodnummer: bool | None = veld("Of het nummer bedoeld is voor noodgevallen.")


class Instelling(Deel):
    """An organisation that has to do with the pupil."""

    naam: str | None = veld("De naam van de organisatie.")
    adressen: list[Adres] = lijst("Een adres van de organisatie.")
    communicatie: list[Communicatie] = lijst("Een manier om de organisatie te bereiken.")


class School(Instelling):
    """A school: the one that delivers the dossier, or one where somebody works."""

    brincode: str | None = veld("De brincode: twee cijfers en twee letters.")
    vestigingscode: str | None = veld("Het volgnummer van de vestiging binnen de brincode: twee cijfers.")
    aanleverpunt: str | None = veld("Het aanleverpunt waarmee de school aan OSO meedoet.")
    soort: str | None = veld("De soort van de school, in woorden van de school.")
    type: str | None = veld("Het type van de school, in woorden van de school.")
    naamdirecteur: str | None = veld("De naam van de directeur.")
    website: str | None = veld("Het webadres van de school.")
